//! What the log says, as tables that answer questions.

use hinamori_model::{
    Assurance, BindingAssurance, Doubts, Hlc, IncidentId, LaneId, PersonId, RecordId, SiteId, UnixMillis,
};
use hinamori_record::{
    Building, DocumentScope, Fact, Period, Presence, PresenceEvent, PresenceState, Proof, Record,
    RevocationMark, WatchEvent, decode_change, presence_of,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::log::scope_of;
use crate::{Durability, Store, StoreError};

const PRESENCE: u8 = 0;
const WATCH: u8 = 1;
const HEAD_COUNT: u8 = 2;
const SITE_OPENED: u8 = 3;
const UNDO: u8 = 4;

/// How many people a site has, by name or by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SiteCounts {
    /// People with a record who are here.
    pub here: u32,
    /// People last seen passing here.
    pub passed: u32,
    /// People out or away for the night, still of this site.
    pub out: u32,
    /// People counted without a name.
    pub unnamed: u32,
    /// People seen by the watch counter in the period asked for.
    pub watched: u32,
}

/// One tap that a leader should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaterItem {
    /// The record.
    pub record: RecordId,
    /// When.
    pub at: UnixMillis,
    /// Who.
    pub person: PersonId,
    /// What to look at.
    pub doubts: Doubts,
}

/// Writes the records of one change into the projections.
pub(crate) fn project(
    transaction: &Transaction<'_>,
    document: i64,
    scope: DocumentScope,
    records: &[Record],
) -> Result<(), StoreError> {
    for record in records {
        insert_record(transaction, document, record)?;
        let person = match record.fact {
            Fact::Undo { of } => take_back(transaction, of)?,
            Fact::Presence { person, .. } => Some(person),
            Fact::Watch { .. } | Fact::HeadCount { .. } | Fact::SiteOpened { .. } => None,
        };
        if let Some(person) = person {
            fold_presence(transaction, scope.incident, person)?;
        }
    }
    Ok(())
}

fn insert_record(transaction: &Transaction<'_>, document: i64, record: &Record) -> Result<(), StoreError> {
    let Record { id, at, clock_unsure, lane, fact } = record;
    let proof = fact.proof();
    let (kind, event) = match fact {
        Fact::Presence { event, .. } => (PRESENCE, Some(event.code())),
        Fact::Watch { event, .. } => (WATCH, Some(event.code())),
        Fact::HeadCount { .. } => (HEAD_COUNT, None),
        Fact::SiteOpened { building, .. } => (SITE_OPENED, Some(building.code())),
        Fact::Undo { .. } => (UNDO, None),
    };
    let (adults, children, infants) = match fact {
        Fact::HeadCount { adults, children, infants } => (Some(adults), Some(children), Some(infants)),
        Fact::Presence { .. } | Fact::Watch { .. } | Fact::SiteOpened { .. } | Fact::Undo { .. } => {
            (None, None, None)
        }
    };
    let undo_of = if let Fact::Undo { of } = fact { Some(of.as_bytes()) } else { None };
    let (as_of, since) = match proof.map(|proof| proof.revocation) {
        Some(RevocationMark::NotRevoked { as_of }) => (Some(as_of.get()), None),
        Some(RevocationMark::Revoked { since }) => (None, Some(since.get())),
        Some(RevocationMark::NotChecked) | None => (None, None),
    };
    transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO record (id, document, at, clock_unsure, lane, kind, person, event,
                assurance, binding, doubts, not_revoked_as_of, revoked_since,
                adults, children, infants, undo_of, undone)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                EXISTS (SELECT 1 FROM record AS undo WHERE undo.undo_of = ?1))",
        )?
        .execute(rusqlite::params![
            id.as_bytes(),
            document,
            signed(*at),
            clock_unsure,
            lane.map(|lane| lane.0),
            kind,
            fact.person().as_ref().map(PersonId::as_bytes),
            event,
            proof.map(|proof| proof.assurance.code()),
            proof.map(|proof| proof.binding.code()),
            proof.map(|proof| proof.doubts.bits()),
            as_of,
            since,
            adults,
            children,
            infants,
            undo_of,
        ])?;
    Ok(())
}

/// Marks the record as taken back; the person whose presence changes by it, if any.
fn take_back(transaction: &Transaction<'_>, of: RecordId) -> Result<Option<PersonId>, StoreError> {
    transaction.prepare_cached("UPDATE record SET undone = 1 WHERE id = ?1")?.execute([of.as_bytes()])?;
    let person = transaction
        .prepare_cached("SELECT person FROM record WHERE id = ?1 AND kind = ?2")?
        .query_row((of.as_bytes(), PRESENCE), |row| row.get::<_, Option<[u8; 16]>>(0))
        .optional()?;
    Ok(person.flatten().map(PersonId::from_bytes))
}

fn fold_presence(
    transaction: &Transaction<'_>,
    incident: IncidentId,
    person: PersonId,
) -> Result<(), StoreError> {
    let records = records_of(transaction, incident, person, PRESENCE)?;
    let Some(Presence { site, state, arrived_at, seen_at }) = presence_of(&records) else {
        transaction
            .prepare_cached("DELETE FROM presence WHERE incident = ?1 AND person = ?2")?
            .execute((incident.as_bytes(), person.as_bytes()))?;
        return Ok(());
    };
    transaction.prepare_cached("INSERT OR REPLACE INTO presence VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?.execute(
        (
            incident.as_bytes(),
            person.as_bytes(),
            site.as_bytes(),
            state as u8,
            arrived_at.map(UnixMillis::get),
            signed(seen_at),
        ),
    )?;
    Ok(())
}

/// SQLite integers are signed; a clock reading's 48 + 16 bits keep their order below 2^63.
fn signed(at: Hlc) -> i64 {
    i64::try_from(at.packed()).unwrap_or(i64::MAX)
}

fn hlc_of(stored: i64) -> Hlc {
    Hlc::from_packed(u64::try_from(stored).unwrap_or(0))
}

fn records_of(
    connection: &Connection,
    incident: IncidentId,
    person: PersonId,
    kind: u8,
) -> Result<Vec<(SiteId, Record)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT record.*, site FROM record JOIN document ON document.id = record.document
         WHERE person = ?1 AND incident = ?2 AND kind = ?3 AND undone = 0",
    )?;
    let mut rows = statement.query((person.as_bytes(), incident.as_bytes(), kind))?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push((SiteId::from_bytes(row.get("site")?), record_of_row(row)?));
    }
    Ok(records)
}

fn record_of_row(row: &Row<'_>) -> Result<Record, StoreError> {
    let foreign = |what| move || StoreError::ForeignValue { what };
    let code = |name| row.get::<_, Option<u64>>(name);
    let person = row.get::<_, Option<[u8; 16]>>("person")?.map(PersonId::from_bytes);
    let kind: u8 = row.get("kind")?;
    let fact = match kind {
        PRESENCE => Fact::Presence {
            person: person.ok_or_else(foreign("person"))?,
            event: code("event")?.and_then(PresenceEvent::from_code).ok_or_else(foreign("event"))?,
            proof: proof_of_row(row)?,
        },
        WATCH => Fact::Watch {
            person: person.ok_or_else(foreign("person"))?,
            event: code("event")?.and_then(WatchEvent::from_code).ok_or_else(foreign("event"))?,
            proof: proof_of_row(row)?,
        },
        HEAD_COUNT => Fact::HeadCount {
            adults: row.get("adults")?,
            children: row.get("children")?,
            infants: row.get("infants")?,
        },
        SITE_OPENED => Fact::SiteOpened {
            building: code("event")?.and_then(Building::from_code).ok_or_else(foreign("building"))?,
            findings: 0,
        },
        _ => Fact::Undo { of: RecordId::from_bytes(row.get("undo_of")?) },
    };
    Ok(Record {
        id: RecordId::from_bytes(row.get("id")?),
        at: hlc_of(row.get("at")?),
        clock_unsure: row.get("clock_unsure")?,
        lane: row.get::<_, Option<u8>>("lane")?.map(LaneId),
        fact,
    })
}

fn proof_of_row(row: &Row<'_>) -> Result<Proof, StoreError> {
    let code = |name| row.get::<_, Option<u64>>(name);
    let revocation = match (code("revoked_since")?, code("not_revoked_as_of")?) {
        (Some(since), _) => RevocationMark::Revoked { since: UnixMillis::new(since) },
        (None, Some(as_of)) => RevocationMark::NotRevoked { as_of: UnixMillis::new(as_of) },
        (None, None) => RevocationMark::NotChecked,
    };
    Ok(Proof {
        assurance: code("assurance")?
            .and_then(Assurance::from_code)
            .ok_or(StoreError::ForeignValue { what: "assurance" })?,
        binding: code("binding")?
            .and_then(BindingAssurance::from_code)
            .ok_or(StoreError::ForeignValue { what: "binding" })?,
        doubts: Doubts::from_bits(row.get::<_, Option<u32>>("doubts")?.unwrap_or(0)),
        revocation,
    })
}

impl Store {
    /// Where a person is in an incident; `None` when nobody saw them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn presence(&self, incident: IncidentId, person: PersonId) -> Result<Option<Presence>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT site, state, arrived_at, seen_at FROM presence WHERE incident = ?1 AND person = ?2",
        )?;
        let row = statement
            .query_row((incident.as_bytes(), person.as_bytes()), |row| {
                Ok((row.get(0)?, row.get::<_, u8>(1)?, row.get::<_, Option<u64>>(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((site, state, arrived_at, seen_at)) = row else { return Ok(None) };
        let state = [
            PresenceState::Here,
            PresenceState::Passed,
            PresenceState::Out,
            PresenceState::Overnight,
            PresenceState::Moved,
            PresenceState::Left,
        ]
        .into_iter()
        .find(|known| *known as u8 == state)
        .ok_or(StoreError::ForeignValue { what: "presence state" })?;
        Ok(Some(Presence {
            site: SiteId::from_bytes(site),
            state,
            arrived_at: arrived_at.map(UnixMillis::new),
            seen_at: hlc_of(seen_at),
        }))
    }

    /// The latest watch record of each event about a person in an incident, of those that were not taken
    /// back: all that says whether they agreed and whether they are away, however long the history is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest_watch(&self, incident: IncidentId, person: PersonId) -> Result<Vec<Record>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.* FROM record JOIN document ON document.id = record.document
             WHERE person = ?1 AND event = ?2 AND incident = ?3 AND kind = 1 AND undone = 0
             ORDER BY at DESC, record.id DESC LIMIT 1",
        )?;
        let mut latest = Vec::new();
        for event in WatchEvent::ALL {
            let mut rows = statement.query((person.as_bytes(), event.code(), incident.as_bytes()))?;
            if let Some(row) = rows.next()? {
                latest.push(record_of_row(row)?);
            }
        }
        Ok(latest)
    }

    /// How often a person was seen by the watch counter of a site in a period.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watch_sightings(&self, scope: DocumentScope, person: PersonId) -> Result<u32, StoreError> {
        let DocumentScope { incident, site, period } = scope;
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM record JOIN document ON document.id = record.document
                 WHERE person = ?4 AND incident = ?1 AND site = ?2 AND period = ?3
                   AND kind = 1 AND undone = 0 AND event = 2",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), period.0, person.as_bytes()), |row| {
                row.get(0)
            })?)
    }

    /// Whether a person was seen by any watch counter in a period. The document's day counts, which is the
    /// day of the box that saw them, and not the record's clock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn was_watched(
        &self,
        incident: IncidentId,
        person: PersonId,
        period: Period,
    ) -> Result<bool, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM record JOIN document ON document.id = record.document
                 WHERE person = ?3 AND incident = ?1 AND period = ?2
                   AND kind = 1 AND undone = 0 AND event IN (2, 3, 4))",
            )?
            .query_row((incident.as_bytes(), period.0, person.as_bytes()), |row| row.get(0))?)
    }

    /// The counts of a site in an incident; watch counts of `period`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counts(
        &self,
        incident: IncidentId,
        site: SiteId,
        period: Period,
    ) -> Result<SiteCounts, StoreError> {
        let key = (incident.as_bytes(), site.as_bytes());
        let mut counts = SiteCounts::default();
        let mut statement = self.connection.prepare_cached(
            "SELECT state, count(*) FROM presence WHERE incident = ?1 AND site = ?2 GROUP BY state",
        )?;
        let mut rows = statement.query(key)?;
        while let Some(row) = rows.next()? {
            let (state, people): (u8, u32) = (row.get(0)?, row.get(1)?);
            match state {
                0 => counts.here = people,
                1 => counts.passed = people,
                2 | 3 => counts.out = counts.out.saturating_add(people),
                _ => {}
            }
        }
        counts.unnamed = self
            .connection
            .prepare_cached(
                "SELECT coalesce(sum(adults + children + infants), 0) FROM record
                 JOIN document ON document.id = record.document
                 WHERE incident = ?1 AND site = ?2 AND kind = ?3 AND undone = 0",
            )?
            .query_row((key.0, key.1, HEAD_COUNT), |row| row.get(0))?;
        counts.watched = self
            .connection
            .prepare_cached(
                "SELECT count(DISTINCT person) FROM record JOIN document ON document.id = record.document
                 WHERE incident = ?1 AND site = ?2 AND period = ?3 AND kind = ?4 AND undone = 0
                   AND event IN (2, 3, 4)",
            )?
            .query_row((key.0, key.1, period.0, WATCH), |row| row.get(0))?;
        Ok(counts)
    }

    /// The latest answer to 建物は安全ですか of a site in an incident; `None` while it was not given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn building(&self, incident: IncidentId, site: SiteId) -> Result<Option<Building>, StoreError> {
        let code: Option<u64> = self
            .connection
            .prepare_cached(
                "SELECT event FROM record JOIN document ON document.id = record.document
                 WHERE incident = ?1 AND site = ?2 AND kind = ?3 AND undone = 0 ORDER BY at DESC LIMIT 1",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), SITE_OPENED), |row| row.get(0))
            .optional()?;
        Ok(code.and_then(Building::from_code))
    }

    /// The taps of a site in an incident that carry a doubt, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn later(
        &self,
        incident: IncidentId,
        site: SiteId,
        limit: u32,
    ) -> Result<Vec<LaterItem>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.id, at, person, doubts FROM record
             JOIN document ON document.id = record.document
             WHERE incident = ?1 AND site = ?2 AND doubts > 0 AND undone = 0 ORDER BY at DESC LIMIT ?3",
        )?;
        let rows = statement.query_map((incident.as_bytes(), site.as_bytes(), limit), |row| {
            Ok(LaterItem {
                record: RecordId::from_bytes(row.get(0)?),
                at: hlc_of(row.get(1)?).millis(),
                person: PersonId::from_bytes(row.get(2)?),
                doubts: Doubts::from_bits(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many taps of a site in an incident carry a doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn later_count(&self, incident: IncidentId, site: SiteId) -> Result<u32, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM record JOIN document ON document.id = record.document
                 WHERE incident = ?1 AND site = ?2 AND doubts > 0 AND undone = 0",
            )?
            .query_row((incident.as_bytes(), site.as_bytes()), |row| row.get(0))?)
    }

    /// How often a person was seen at a site in an incident: came, was seen again, or passed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sightings(&self, incident: IncidentId, site: SiteId, person: PersonId) -> Result<u32, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM record JOIN document ON document.id = record.document
                 WHERE person = ?3 AND incident = ?1 AND site = ?2 AND kind = ?4 AND undone = 0
                   AND event IN (0, 1, 2)",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), person.as_bytes(), PRESENCE), |row| {
                row.get(0)
            })?)
    }

    /// All records, whatever they say.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_count(&self) -> Result<u64, StoreError> {
        Ok(self.connection.prepare_cached("SELECT count(*) FROM record")?.query_row([], |row| row.get(0))?)
    }

    /// The highest clock reading of all records up to `latest`, after which the clock must go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_reading(&self, latest: UnixMillis) -> Result<Hlc, StoreError> {
        let bound = i64::try_from(latest.get().saturating_mul(1 << 16)).unwrap_or(i64::MAX);
        let sql = "SELECT max(at) FROM record WHERE at <= ?1";
        let last: Option<i64> = self.connection.query_row(sql, [bound], |row| row.get(0))?;
        Ok(last.map_or(Hlc::default(), hlc_of))
    }

    /// Throws the projections away and makes them again from the changes.
    ///
    /// # Errors
    /// [`StoreError`]; the old projections stay then.
    pub fn rebuild(&mut self) -> Result<(), StoreError> {
        self.with(Durability::Durable, |transaction| {
            transaction.execute_batch("DELETE FROM record; DELETE FROM presence;")?;
            let mut statement = transaction.prepare(
                "SELECT document.id, incident, site, period, bytes FROM change
                 JOIN document ON document.id = change.document",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let scope = scope_of(row.get(1)?, row.get(2)?, row.get(3)?);
                let bytes: Vec<u8> = row.get(4)?;
                if let Ok(decoded) = decode_change(&bytes) {
                    project(transaction, row.get(0)?, scope, &decoded.records)?;
                }
            }
            Ok(())
        })
    }
}
