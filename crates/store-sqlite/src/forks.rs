//! Boxes of which two histories are known: what they said counts, and confirms nobody.

use std::collections::BTreeSet;
use std::sync::Arc;

use hinamori_model::{IncidentId, PersonId, UnixMillis};
use hinamori_record::{ActorId, ChangeHash, DocumentScope};
use hinamori_sync::{Forks, MOST_FORKS_OF_A_BOX};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::log::{Refused, scope_of};
use crate::projection::{By, make_projections};
use crate::{Durability, Store, StoreError};

const FORKS: &str = "forks";

/// The proof of a fork: one key signed both hashes at this place. One history stands in the log, the other one in the quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundFork {
    /// Under whose name.
    pub writer: ActorId,
    /// In which document.
    pub scope: DocumentScope,
    /// At which place of the writer's sequence.
    pub sequence: u32,
    /// What stands there here.
    pub held: ChangeHash,
    /// What was sealed for the same place.
    pub received: ChangeHash,
    /// When the second history came.
    pub at: UnixMillis,
}

impl Store {
    /// The forks that were found here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn found_forks(&self) -> Result<Vec<FoundFork>, StoreError> {
        found(&self.connection)
    }

    /// All that is known of forks here: found, or named by the town.
    pub fn forks(&self) -> &Forks {
        &self.forks
    }

    /// From now on these forks are known beside those that were found here, and the town's word on each of them counts. Whether it
    /// changed of whom people are confirmed.
    ///
    /// # Errors
    /// [`StoreError`]; the old word counts then.
    pub fn rule_on_forks(&mut self, said: &Forks) -> Result<bool, StoreError> {
        let forks = with_found(said.clone(), &self.connection)?;
        if forks == *self.forks {
            return Ok(false);
        }
        let (before, cut_offs) = (Arc::clone(&self.forks), Arc::clone(&self.cut_offs));
        let headquarters = Arc::clone(&self.headquarters);
        let changed = self.with(Durability::Durable, |transaction| {
            // Together: a word that is kept and not carried out would count as carried out for ever.
            transaction.execute(
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)",
                (FORKS, said.to_bytes()),
            )?;
            let differs = before.differing(&forks).next().is_some();
            if differs {
                let by = By { cut_offs: &cut_offs, forks: &forks, headquarters: &headquarters };
                make_projections(transaction, by)?;
            }
            Ok(differs)
        })?;
        self.forks = Arc::new(forks);
        Ok(changed)
    }

    /// Whether the latest that is known of somebody in an incident was said by a forked box.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_unconfirmed(&self, incident: IncidentId, person: PersonId) -> Result<bool, StoreError> {
        if self.forks.is_empty() {
            return Ok(false);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT unconfirmed FROM presence WHERE incident = ?1 AND person = ?2")?;
        let found = statement.query_row((incident.as_bytes(), person.as_bytes()), |row| row.get(0));
        Ok(found.optional()?.unwrap_or(false))
    }

    /// The records of forked boxes about people in an incident.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forked_records(
        &self,
        incident: IncidentId,
    ) -> Result<BTreeSet<hinamori_model::RecordId>, StoreError> {
        if self.forks.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut statement = self.connection.prepare_cached(
            "SELECT record.id FROM record JOIN place ON place.id = record.place
             WHERE incident = ?1 AND kind IN (0, 15) AND forked = 1",
        )?;
        let rows = statement.query_map([incident.as_bytes()], |row| row.get(0))?;
        Ok(rows.map(|id| id.map(hinamori_model::RecordId::from_bytes)).collect::<Result<_, _>>()?)
    }
}

/// What [`Store::rule_on_forks`] kept, and what was found.
pub(crate) fn read(store: &Store) -> Result<Forks, StoreError> {
    // Unreadable only after a downgrade: the town says them again.
    let said = store.setting(FORKS)?.and_then(|bytes| Forks::from_bytes(&bytes)).unwrap_or_default();
    with_found(said, &store.connection)
}

fn with_found(said: Forks, connection: &Connection) -> Result<Forks, StoreError> {
    let mut forks = said;
    found(connection)?.iter().for_each(|fork| forks.note(fork.writer));
    Ok(forks)
}

fn found(connection: &Connection) -> Result<Vec<FoundFork>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT actor, incident, site, period, sequence, held, received, found_at FROM fork ORDER BY actor",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(FoundFork {
            writer: ActorId::from_bytes(row.get(0)?),
            scope: scope_of(row.get(1)?, row.get(2)?, row.get(3)?),
            sequence: row.get(4)?,
            held: ChangeHash(row.get(5)?),
            received: ChangeHash(row.get(6)?),
            at: UnixMillis::new(row.get(7)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps the proof in a refusal, if it is one: what is held has a seal too. Whether it was new.
pub(crate) fn note(
    transaction: &Transaction<'_>,
    (document, scope, writer): (i64, DocumentScope, ActorId),
    refused: &Refused,
    now: UnixMillis,
) -> Result<bool, StoreError> {
    let Refused::Fork { sequence, held, received } = refused else { return Ok(false) };
    let kept = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO fork (actor, incident, site, period, sequence, held, received, found_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
             WHERE EXISTS (SELECT 1 FROM seal
                 WHERE document = ?9 AND actor = ?1 AND first <= ?5 AND upto >= ?5)
               AND (SELECT count(*) FROM fork WHERE substr(actor, 1, 12) = substr(?1, 1, 12)) < ?10",
        )?
        .execute((
            writer.as_bytes(),
            scope.incident.as_bytes(),
            scope.site.as_bytes(),
            scope.period.0,
            sequence,
            held.0,
            received.0,
            now.get(),
            document,
            MOST_FORKS_OF_A_BOX,
        ))?;
    Ok(kept > 0)
}
