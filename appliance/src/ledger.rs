//! Where facts become durable: the open document, the box's clock and actor, and the stores. Live incidents
//! and daily life share one database, drills have their own (law 8).
//!
//! One action is one change is one commit. A commit that failed leaves nothing behind: the document, which
//! has the change already, is dropped and read anew.

use std::path::Path;

use hinamori_ipc::{ClockState, HoldReason};
use hinamori_model::{BoxId, HlcClock, IncidentId, LaneId, RecordId, SiteId, UnixMillis};
use hinamori_record::{ActorId, Document, DocumentError, DocumentScope, Fact, Period, Record};
use hinamori_store_sqlite::{Store, StoreError};
use tracing::error;

/// Both stores and what is needed to write.
pub(crate) struct Ledger {
    live: Book,
    drill: Book,
    drill_incident: IncidentId,
    clock: HlcClock,
}

/// One database with its open document.
struct Book {
    store: Store,
    actor: ActorId,
    open: Option<Document>,
}

/// Why facts were not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotWritten {
    #[error("the records could not be committed")]
    Store(#[from] StoreError),
    #[error("the document refuses the records")]
    Document(#[from] DocumentError),
    #[error("the system gives no random bytes")]
    NoRandomness(#[from] getrandom::Error),
}

impl NotWritten {
    /// What the screen says.
    pub(crate) const fn reason(&self) -> HoldReason {
        match self {
            Self::Store(StoreError::Full) => HoldReason::DiskFull,
            Self::Store(_) | Self::Document(_) | Self::NoRandomness(_) => HoldReason::DiskFailing,
        }
    }
}

/// Where and when something is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) incident: IncidentId,
    pub(crate) site: SiteId,
    pub(crate) lane: LaneId,
    pub(crate) clock: ClockState,
}

impl Book {
    fn open(path: &Path, writer: BoxId, now: UnixMillis) -> Result<Self, StoreError> {
        let mut store = Store::open(path)?;
        let actor = new_epoch(&mut store, writer, now)?;
        Ok(Self { store, actor, open: None })
    }

    /// The document of `scope`, to be appended to.
    fn document(&mut self, scope: DocumentScope) -> Result<&mut Document, NotWritten> {
        let document = match self.open.take() {
            Some(document) if document.scope() == scope => document,
            Some(_) | None => {
                let changes = self.store.document_changes(scope)?;
                let mut document = Document::new(scope, self.actor)?;
                document.apply(changes.iter().map(Vec::as_slice))?;
                document
            }
        };
        Ok(self.open.insert(document))
    }

    fn write(&mut self, scope: DocumentScope, records: &[Record], now: UnixMillis) -> Result<(), NotWritten> {
        let outcome = match self.document(scope).and_then(|document| Ok(document.append(records, now)?)) {
            Ok(change) => self.store.commit_own(scope, &change, records, now).map_err(NotWritten::from),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.open = None;
        }
        outcome
    }
}

/// A number that no earlier start used, even if the database was restored from a copy since: then the stored
/// number is old, and the clock is not.
fn new_epoch(store: &mut Store, writer: BoxId, now: UnixMillis) -> Result<ActorId, StoreError> {
    let seconds = u32::try_from(now.get() / 1_000).unwrap_or(u32::MAX);
    Ok(ActorId::new(writer, store.next_epoch(seconds)?))
}

impl Ledger {
    /// Opens or makes the databases in `folder`.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged database is left as it is.
    pub(crate) fn open(
        folder: &Path,
        writer: BoxId,
        drill_incident: IncidentId,
        now: UnixMillis,
    ) -> Result<Self, StoreError> {
        let live = Book::open(&folder.join("records.sqlite"), writer, now)?;
        let drill = Book::open(&folder.join("drill.sqlite"), writer, now)?;
        let clock = HlcClock::continuing(live.store.last_reading()?.max(drill.store.last_reading()?));
        Ok(Self { live, drill, drill_incident, clock })
    }

    /// The town changed: its drill has another id.
    pub(crate) const fn set_drill(&mut self, incident: IncidentId) {
        self.drill_incident = incident;
    }

    /// The store of an incident.
    pub(crate) fn store(&self, incident: IncidentId) -> &Store {
        if incident == self.drill_incident { &self.drill.store } else { &self.live.store }
    }

    /// The same, to write in.
    pub(crate) fn store_mut(&mut self, incident: IncidentId) -> &mut Store {
        if incident == self.drill_incident { &mut self.drill.store } else { &mut self.live.store }
    }

    /// The store that also keeps the box's settings.
    pub(crate) const fn main_store(&mut self) -> &mut Store {
        &mut self.live.store
    }

    /// Both.
    pub(crate) const fn stores(&self) -> [&Store; 2] {
        [&self.live.store, &self.drill.store]
    }

    /// Both, to write in.
    pub(crate) const fn stores_mut(&mut self) -> [&mut Store; 2] {
        [&mut self.live.store, &mut self.drill.store]
    }

    /// Writes the facts of one action durably and gives their ids, in order.
    ///
    /// # Errors
    /// [`NotWritten`]; nothing was written then.
    pub(crate) fn write(
        &mut self,
        place: Place,
        facts: &[Fact],
        now: UnixMillis,
    ) -> Result<Vec<RecordId>, NotWritten> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let mut records = Vec::with_capacity(facts.len());
        for fact in facts {
            let at = self.clock.tick(now);
            let mut random = [0; 16];
            getrandom::fill(&mut random)?;
            records.push(Record {
                id: RecordId::new(at.millis(), u128::from_be_bytes(random)),
                at,
                clock_unsure: place.clock == ClockState::Unsure,
                lane: Some(place.lane),
                fact: *fact,
            });
        }
        let scope = DocumentScope { incident: place.incident, site: place.site, period: Period::of(now) };
        let is_drill = place.incident == self.drill_incident;
        let book = if is_drill { &mut self.drill } else { &mut self.live };
        if let Err(problem) = book.write(scope, &records, now) {
            error!(error = &problem as &dyn std::error::Error, "an action was not written");
            return Err(problem);
        }
        Ok(records.iter().map(|record| record.id).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::PersonId;
    use hinamori_record::{PresenceEvent, Proof};

    const LIVE: IncidentId = IncidentId::from_bytes([1; 16]);
    const DRILL: IncidentId = IncidentId::from_bytes([2; 16]);
    const NOON: UnixMillis = UnixMillis::new(1_791_780_000_000);

    fn place(incident: IncidentId) -> Place {
        Place { incident, site: SiteId::from_bytes([3; 16]), lane: LaneId(1), clock: ClockState::Unsure }
    }

    fn arrival(number: u8) -> Fact {
        let person = PersonId::from_bytes([number; 16]);
        Fact::Presence { person, event: PresenceEvent::Arrived, proof: Proof::DECLARED }
    }

    fn open(folder: &Path) -> Ledger {
        Ledger::open(folder, BoxId::from_bytes([9; 16]), DRILL, NOON).unwrap()
    }

    #[test]
    fn a_drill_is_written_elsewhere_and_what_was_written_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = open(folder.path());
        assert_eq!(ledger.write(place(LIVE), &[arrival(1), arrival(2)], NOON).unwrap().len(), 2);
        assert_eq!(ledger.write(place(DRILL), &[arrival(3)], NOON).unwrap().len(), 1);
        drop(ledger);
        let mut ledger = open(folder.path());
        assert_eq!(ledger.write(place(LIVE), &[arrival(4)], NOON.plus(1)).unwrap().len(), 1);
        let counted = ledger.stores().map(|store| store.record_count().unwrap());
        assert_eq!(counted, [3, 1]);
        let epochs: std::collections::BTreeSet<_> =
            ledger.live.store.vectors().unwrap().into_values().flatten().map(|(actor, _)| actor).collect();
        assert_eq!(epochs.len(), 2, "every start writes under an actor of its own");
    }

    #[test]
    fn after_a_failed_commit_the_next_action_is_written_without_the_failed_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = open(folder.path());
        let _first = ledger.write(place(LIVE), &[arrival(1)], NOON).unwrap();
        let path = folder.path().join("records.sqlite");
        refuse(&path, "CREATE TRIGGER refuse BEFORE INSERT ON record BEGIN SELECT raise(ABORT, ''); END");
        assert!(ledger.write(place(LIVE), &[arrival(2)], NOON.plus(1)).is_err());
        refuse(&path, "DROP TRIGGER refuse");
        let _third = ledger.write(place(LIVE), &[arrival(3)], NOON.plus(2)).unwrap();
        assert_eq!(ledger.live.store.record_count().unwrap(), 2);
        let vectors = ledger.live.store.vectors().unwrap();
        assert_eq!(vectors.into_values().flatten().map(|(_, upto)| upto).collect::<Vec<_>>(), [2]);
    }

    /// Lets the database refuse records, or take them again.
    fn refuse(path: &Path, sql: &str) {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }
}
