//! The closed part of the log: runs of one actor's changes, packed as they travel. A change alone takes some 270 bytes of the file, in a run
//! some 50.
//!
//! A run begins where the one before it ends, and what is not packed yet follows the last one. Whoever reads changes reads both.

use hinamori_model::{IncidentId, UnixMillis};
use hinamori_record::{ActorId, Change, ChangeHash, DocumentScope, pack, unpack};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::log::scope_of;
use crate::{Durability, Store, StoreError, StoredChange};

/// Changes of a run: as many are unpacked for one of them.
const LONGEST_RUN: u32 = 256;
/// Bytes of changes in a run.
const LONGEST_RUN_BYTES: usize = 16 << 20;

struct Run {
    actor: ActorId,
    first: u32,
    before: Option<ChangeHash>,
    bytes: Vec<u8>,
    received: Vec<u8>,
}

impl Run {
    const COLUMNS: &str = "actor, first, before, bytes, received";

    fn of_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            actor: ActorId::from_bytes(row.get("actor")?),
            first: row.get("first")?,
            before: row.get::<_, Option<[u8; 32]>>("before")?.map(ChangeHash),
            bytes: row.get("bytes")?,
            received: row.get("received")?,
        })
    }

    fn changes(&self) -> Result<Vec<Change>, StoreError> {
        let before = self.before.unwrap_or(ChangeHash([0; 32]));
        unpack(&self.bytes, self.actor, self.first, before, LONGEST_RUN_BYTES)
            .ok_or(StoreError::ForeignValue { what: "run of changes" })
    }

    fn received(&self) -> Result<Vec<UnixMillis>, StoreError> {
        times_of(&self.received).ok_or(StoreError::ForeignValue { what: "time of a change" })
    }
}

/// Times as steps from one to the next.
fn steps_of(times: impl IntoIterator<Item = UnixMillis>) -> Vec<u8> {
    let mut last = 0_u64;
    let step = |time: UnixMillis| {
        let step = time.get().wrapping_sub(last).cast_signed();
        last = time.get();
        step
    };
    let steps: Vec<i64> = times.into_iter().map(step).collect();
    postcard::to_stdvec(&steps).unwrap_or_default()
}

fn times_of(steps: &[u8]) -> Option<Vec<UnixMillis>> {
    let steps: Vec<i64> = postcard::from_bytes(steps).ok()?;
    let mut last = 0_u64;
    let time = |step: i64| {
        last = last.wrapping_add(step.cast_unsigned());
        UnixMillis::new(last)
    };
    Some(steps.into_iter().map(time).collect())
}

/// The changes of an actor from one sequence to another, in order.
pub(crate) fn changes(
    connection: &Connection,
    document: i64,
    actor: ActorId,
    first: u32,
    last: u32,
) -> Result<Vec<Change>, StoreError> {
    let mut found = Vec::new();
    let mut runs = connection.prepare_cached(&format!(
        "SELECT {} FROM run WHERE document = ?1 AND actor = ?2 AND upto >= ?3 AND first <= ?4 ORDER BY upto",
        Run::COLUMNS
    ))?;
    for run in runs.query_map((document, actor.as_bytes(), first, last), Run::of_row)? {
        let changes = run?.changes()?.into_iter();
        found.extend(changes.filter(|change| (first..=last).contains(&change.sequence)));
    }
    let mut statement = connection.prepare_cached(
        "SELECT sequence, hash, bytes FROM change
         WHERE document = ?1 AND actor = ?2 AND sequence BETWEEN ?3 AND ?4 ORDER BY sequence",
    )?;
    let rows = statement.query_map((document, actor.as_bytes(), first, last), |row| {
        Ok(Change { actor, sequence: row.get(0)?, hash: ChangeHash(row.get(1)?), bytes: row.get(2)? })
    })?;
    for change in rows {
        found.push(change?);
    }
    Ok(found)
}

/// The hash of one change; `None` when it is not here.
pub(crate) fn hash_at(
    connection: &Connection,
    document: i64,
    actor: ActorId,
    sequence: u32,
) -> Result<Option<ChangeHash>, StoreError> {
    let hash = connection
        .prepare_cached("SELECT hash FROM change WHERE document = ?1 AND actor = ?2 AND sequence = ?3")?
        .query_row((document, actor.as_bytes(), sequence), |row| row.get(0))
        .optional()?;
    if let Some(hash) = hash {
        return Ok(Some(ChangeHash(hash)));
    }
    let packed = changes(connection, document, actor, sequence, sequence)?;
    Ok(packed.first().map(|change| change.hash))
}

/// The largest sequence of an actor in a document; 0 for none.
pub(crate) fn held(connection: &Connection, document: i64, actor: ActorId) -> Result<u32, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT max(
                coalesce((SELECT max(sequence) FROM change WHERE document = ?1 AND actor = ?2), 0),
                coalesce((SELECT max(upto) FROM run WHERE document = ?1 AND actor = ?2), 0))",
        )?
        .query_row((document, actor.as_bytes()), |row| row.get(0))?)
}

/// Shows every change of an incident, or of all of them, with the row of its document: document by document, each actor's in its order.
pub(crate) fn for_each<E: From<StoreError>>(
    connection: &Connection,
    of: Option<IncidentId>,
    mut show: impl FnMut(i64, StoredChange) -> Result<(), E>,
) -> Result<(), E> {
    for (document, scope) in documents(connection, of)? {
        for_each_of(connection, document, scope, |change| show(document, change))?;
    }
    Ok(())
}

fn documents(
    connection: &Connection,
    of: Option<IncidentId>,
) -> Result<Vec<(i64, DocumentScope)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, incident, site, period FROM document WHERE ?1 IS NULL OR incident = ?1 ORDER BY id",
    )?;
    let rows = statement.query_map([of.as_ref().map(IncidentId::as_bytes)], |row| {
        Ok((row.get(0)?, scope_of(row.get(1)?, row.get(2)?, row.get(3)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The same for one document.
pub(crate) fn for_each_of<E: From<StoreError>>(
    connection: &Connection,
    document: i64,
    scope: DocumentScope,
    mut show: impl FnMut(StoredChange) -> Result<(), E>,
) -> Result<(), E> {
    let failed = |error: rusqlite::Error| E::from(StoreError::from(error));
    let mut runs = connection
        .prepare_cached(&format!("SELECT {} FROM run WHERE document = ?1 ORDER BY actor, upto", Run::COLUMNS))
        .map_err(failed)?;
    for run in runs.query_map([document], Run::of_row).map_err(failed)? {
        let run = run.map_err(failed)?;
        for (change, received_at) in run.changes()?.into_iter().zip(run.received()?) {
            let Change { actor, sequence, bytes, .. } = change;
            show(StoredChange { scope, actor, sequence, received_at, bytes })?;
        }
    }
    let mut rest = connection
        .prepare_cached(
            "SELECT actor, sequence, received_at, bytes FROM change WHERE document = ?1
             ORDER BY actor, sequence",
        )
        .map_err(failed)?;
    let stored = |row: &Row<'_>| {
        Ok(StoredChange {
            scope,
            actor: ActorId::from_bytes(row.get(0)?),
            sequence: row.get(1)?,
            received_at: UnixMillis::new(row.get(2)?),
            bytes: row.get(3)?,
        })
    };
    for change in rest.query_map([document], stored).map_err(failed)? {
        show(change.map_err(failed)?)?;
    }
    Ok(())
}

impl Store {
    /// Packs changes of one document of a day before `day`, as many as take a few milliseconds, if they are sealed; whether there was
    /// something to pack. For idle moments.
    ///
    /// # Errors
    /// [`StoreError`]; everything stays as it was.
    pub fn pack_closed(&mut self, day: u32) -> Result<bool, StoreError> {
        let Some(scope) = self.loose.iter().find(|scope| scope.period.day() < day).copied() else {
            return Ok(false);
        };
        let packed = match self.document(scope)? {
            Some(document) => self.pack_some(document),
            None => Ok(false),
        };
        if !matches!(packed, Ok(true)) {
            // What has no seal yet is named again when it gets one; what cannot be packed stays as it is.
            self.loose.remove(&scope);
        }
        packed
    }

    fn pack_some(&mut self, document: i64) -> Result<bool, StoreError> {
        let Some(loose) = loose_run(&self.connection, document)? else { return Ok(false) };
        let (actor, first, upto) = (loose.actor, loose.first, loose.upto);
        let before = hash_at(&self.connection, document, actor, first.saturating_sub(1))?;
        let changes = changes(&self.connection, document, actor, first, upto)?;
        let received = {
            let mut statement = self.connection.prepare_cached(
                "SELECT received_at FROM change
                 WHERE document = ?1 AND actor = ?2 AND sequence BETWEEN ?3 AND ?4 ORDER BY sequence",
            )?;
            let rows = statement.query_map((document, actor.as_bytes(), first, upto), |row| {
                Ok(UnixMillis::new(row.get(0)?))
            })?;
            steps_of(rows.collect::<Result<Vec<_>, _>>()?)
        };
        let bytes = pack(&changes, before.unwrap_or(ChangeHash([0; 32])));
        let run = Run { actor, first, before, bytes, received };
        // Nothing goes before what stays was read back.
        if run.changes()? != changes || run.received()?.len() != changes.len() {
            return Err(StoreError::ForeignValue { what: "change that cannot be packed" });
        }
        self.with(Durability::Relaxed, |transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO run (document, actor, upto, first, before, bytes, received)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute((
                    document,
                    actor.as_bytes(),
                    upto,
                    first,
                    run.before.map(|before| before.0),
                    &run.bytes,
                    &run.received,
                ))?;
            transaction
                .prepare_cached(
                    "DELETE FROM change WHERE document = ?1 AND actor = ?2 AND sequence BETWEEN ?3 AND ?4",
                )?
                .execute((document, actor.as_bytes(), first, upto))?;
            Ok(true)
        })
    }
}

struct Loose {
    actor: ActorId,
    first: u32,
    upto: u32,
}

/// The first changes of a document that are sealed and not packed.
fn loose_run(connection: &Connection, document: i64) -> Result<Option<Loose>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT actor, min(sequence), coalesce((SELECT max(upto) FROM seal
             WHERE seal.document = change.document AND seal.actor = change.actor), 0) AS sealed
         FROM change WHERE document = ?1 GROUP BY actor HAVING min(sequence) <= sealed LIMIT 1",
    )?;
    let found = statement.query_row([document], |row| {
        let (first, sealed): (u32, u32) = (row.get(1)?, row.get(2)?);
        let upto = sealed.min(first.saturating_add(LONGEST_RUN).saturating_sub(1));
        Ok(Loose { actor: ActorId::from_bytes(row.get(0)?), first, upto })
    });
    Ok(found.optional()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_were_written_in_whatever_order() {
        let times = [5, 1_791_730_800_000, 1_791_730_800_000, 3, u64::MAX, 0].map(UnixMillis::new);
        assert_eq!(times_of(&steps_of(times)), Some(times.to_vec()));
        assert!(steps_of([times[1]; 100]).len() < 120, "a batch that came at once is small");
        assert_eq!(times_of(&[255]), None);
    }
}
