//! Where facts become durable: the open document, the box's clock and actor, and the stores. Live incidents
//! and daily life share one database, drills have their own (law 8).
//!
//! One action is one change is one commit. A commit that failed leaves nothing behind: the document, which
//! has the change already, is dropped and read anew.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hinamori_ipc::{ClockState, HoldReason};
use hinamori_model::{
    BoxId, Hlc, HlcClock, IncidentId, LaneId, Mode, PersonId, RecordId, SiteId, UnixMillis,
};
use hinamori_profile::{KeyError, NONCE, PersonKey, ProfilePatch};
use hinamori_record::{
    ActorId, Document, DocumentError, DocumentScope, Fact, LONGEST_DOCUMENT, Period, Record,
};
use hinamori_store_sqlite::{Store, StoreError};
use hinamori_sync::VerifiedBatch;
use hinamori_sync::town::Incidents;
use tracing::{error, warn};

/// Open documents of a database: lanes of two counters write in two incidents, and a day ends.
const OPEN_DOCUMENTS: usize = 3;
/// 2100-01-01: a reading after it is a fault, and the clock does not go on from there.
const LAST_BELIEVABLE: UnixMillis = UnixMillis::new(4_102_444_800_000);
/// The setting that keeps [`Ledger::named`].
const NAMED: &str = "incidents";
const NAMED_BYTES: usize = 32 + 16 + 1;

/// Both stores and what is needed to write.
pub(crate) struct Ledger {
    live: Book,
    drill: Book,
    /// Every incident that a town of this box ever named: what was recorded in it is still the town's, and a
    /// drill stays a drill, when the town's package names other ones.
    named: BTreeMap<IncidentId, Named>,
    clock: HlcClock,
}

/// What an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Named {
    /// The town, by its root; `None` for the made-up town of a box that joined none.
    root: Option<[u8; 32]>,
    is_drill: bool,
}

/// One database with its open documents, the one used last at the end.
struct Book {
    store: Store,
    writer: BoxId,
    /// `None` while a full disk does not take the number of this start.
    actor: Option<ActorId>,
    open: Vec<Document>,
    /// Changes of one document.
    longest: u32,
}

/// Why a town's incidents were not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotNamed {
    #[error("the incidents could not be kept")]
    Store(#[from] StoreError),
    #[error("incident {0} was named by another town, or was a drill and is none, or the other way round")]
    Otherwise(IncidentId),
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
    #[error("what was written down of somebody could not be sealed")]
    NotSealed(#[from] KeyError),
}

impl NotWritten {
    /// What the screen says.
    pub(crate) const fn reason(&self) -> HoldReason {
        match self {
            Self::Store(StoreError::Full) => HoldReason::DiskFull,
            Self::Store(_) | Self::Document(_) | Self::NoRandomness(_) | Self::NotSealed(_) => {
                HoldReason::DiskFailing
            }
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

/// One record to be written.
#[derive(Debug, Clone)]
pub(crate) enum Writing {
    /// As it is.
    Fact(Fact),
    /// Sealed on the way: the record's id is part of what is sealed.
    Profile(ToSeal),
}

/// What is written down of a person, and the key under which it is sealed.
#[derive(Debug, Clone)]
pub(crate) struct ToSeal {
    pub(crate) person: PersonId,
    pub(crate) patch: ProfilePatch,
    pub(crate) key: Arc<PersonKey>,
}

impl Writing {
    fn for_record(self, record: RecordId) -> Result<Fact, NotWritten> {
        match self {
            Self::Fact(fact) => Ok(fact),
            Self::Profile(ToSeal { person, patch, key }) => {
                let mut nonce = [0; NONCE];
                getrandom::fill(&mut nonce)?;
                Ok(Fact::Profile { person, sealed: key.seal(&patch, person, record, nonce)? })
            }
        }
    }
}

impl From<Fact> for Writing {
    fn from(fact: Fact) -> Self {
        Self::Fact(fact)
    }
}

impl Book {
    fn open(path: &Path, writer: BoxId, now: UnixMillis) -> Result<Self, StoreError> {
        let mut book = Self {
            store: Store::open(path)?,
            writer,
            actor: None,
            open: Vec::new(),
            longest: LONGEST_DOCUMENT,
        };
        match book.actor(now) {
            Ok(_) => {}
            // People are received all the same, and told that it is not written down.
            Err(StoreError::Full) => warn!("the disk is full"),
            Err(problem) => return Err(problem),
        }
        Ok(book)
    }

    /// A number that no earlier start used, even if the database was restored from a copy since: then the
    /// stored number is old, and the clock is not.
    fn actor(&mut self, now: UnixMillis) -> Result<ActorId, StoreError> {
        if let Some(actor) = self.actor {
            return Ok(actor);
        }
        let seconds = u32::try_from(now.get() / 1_000).unwrap_or(u32::MAX);
        let actor = ActorId::new(self.writer, self.store.next_epoch(seconds)?);
        Ok(*self.actor.insert(actor))
    }

    /// The document of `scope`, to be appended to.
    fn document(&mut self, scope: DocumentScope, now: UnixMillis) -> Result<&mut Document, NotWritten> {
        let document = match self.open.iter().position(|document| document.scope() == scope) {
            Some(at) => self.open.remove(at),
            None => {
                let changes = self.store.document_changes(scope)?;
                let mut document = Document::new(scope, self.actor(now)?)?;
                document.apply(changes.iter().map(Vec::as_slice))?;
                if self.open.len() == OPEN_DOCUMENTS {
                    self.open.remove(0);
                }
                document
            }
        };
        Ok(self.open.push_mut(document))
    }

    /// Names the records of an action in the document that takes it.
    fn record_ids(
        &mut self,
        scope: DocumentScope,
        times: &[UnixMillis],
        is_for_slips: bool,
        now: UnixMillis,
    ) -> Result<Vec<RecordId>, NotWritten> {
        let scope = self.store.with_room(scope, self.longest);
        let random = || {
            let mut random = [0; 10];
            getrandom::fill(&mut random).map(|()| random)
        };
        Ok(self.document(scope, now)?.record_ids(times, is_for_slips, random)?)
    }

    fn write(&mut self, scope: DocumentScope, records: &[Record], now: UnixMillis) -> Result<(), NotWritten> {
        let scope = self.store.with_room(scope, self.longest);
        match self.append(scope, records, now) {
            Err(NotWritten::Store(StoreError::NotNext { .. })) => {
                self.take_another_name();
                self.append(scope, records, now)
            }
            outcome => outcome,
        }
    }

    /// Somebody else writes under this box's name, on a copy of its disk: two histories under one name would be a fork, and
    /// the server would put one of them aside.
    fn take_another_name(&mut self) {
        warn!("another box writes under this one's name: its disk was copied");
        self.actor = None;
        self.open.clear();
    }

    fn append(
        &mut self,
        scope: DocumentScope,
        records: &[Record],
        now: UnixMillis,
    ) -> Result<(), NotWritten> {
        let appended = self.document(scope, now).and_then(|document| Ok(document.append(records, now)?));
        let outcome = match appended {
            Ok(change) => self.store.commit_own(scope, &change, records, now).map_err(NotWritten::from),
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            self.open.retain(|document| document.scope() != scope);
        }
        outcome
    }
}

impl Named {
    fn to_bytes(self, incident: IncidentId) -> Vec<u8> {
        let root = self.root.unwrap_or_default();
        root.iter().chain(incident.as_bytes()).copied().chain([u8::from(self.is_drill)]).collect()
    }

    fn from_bytes(bytes: &[u8]) -> Option<(IncidentId, Self)> {
        let (root, rest) = bytes.split_first_chunk::<32>()?;
        let (incident, rest) = rest.split_first_chunk::<16>()?;
        let root = (*root != [0; 32]).then_some(*root);
        Some((IncidentId::from_bytes(*incident), Self { root, is_drill: rest == [1] }))
    }
}

impl Ledger {
    /// Opens or makes the databases in `folder`.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged database is left as it is.
    pub(crate) fn open(folder: &Path, writer: BoxId, now: UnixMillis) -> Result<Self, StoreError> {
        let live = Book::open(&folder.join("records.sqlite"), writer, now)?;
        let drill = Book::open(&folder.join("drill.sqlite"), writer, now)?;
        let last = |book: &Book| book.store.last_reading(LAST_BELIEVABLE);
        let clock = HlcClock::continuing(last(&live)?.max(last(&drill)?));
        let named = live.store.setting(NAMED)?.unwrap_or_default();
        let named = named.chunks_exact(NAMED_BYTES).filter_map(Named::from_bytes).collect();
        Ok(Self { live, drill, named, clock })
    }

    /// From now on these incidents are known, for ever: of the town with this `root`, or of no town; `earlier` are those that it named before.
    ///
    /// # Errors
    /// [`NotNamed`]; a town's incidents are not known then. Those of no town are, until the next start.
    pub(crate) fn name(
        &mut self,
        root: Option<[u8; 32]>,
        incidents: &Incidents,
        earlier: &[(IncidentId, Mode)],
    ) -> Result<(), NotNamed> {
        let Incidents { daily_life, live, drill } = *incidents;
        let mut named = self.named.clone();
        let stands_by = [(daily_life, Mode::DailyLife), (live, Mode::Live), (drill, Mode::Drill)];
        for (incident, mode) in stands_by.into_iter().chain(earlier.iter().copied()) {
            let is_drill = mode == Mode::Drill;
            let this = Named { root, is_drill };
            if *named.entry(incident).or_insert(this) != this {
                return Err(NotNamed::Otherwise(incident));
            }
        }
        if named.len() > self.named.len() {
            let bytes: Vec<u8> = named.iter().flat_map(|(incident, this)| this.to_bytes(*incident)).collect();
            let kept = self.live.store.set_setting(NAMED, &bytes);
            // The made-up town's stand in another file too: a drill is one also while the disk is full (law 8).
            if kept.is_ok() || root.is_none() {
                self.named = named;
            }
            kept?;
        }
        Ok(())
    }

    /// Whether the town with this `root` ever named the incident: its records are the town's, and its server
    /// may be offered them.
    pub(crate) fn is_of(&self, root: &[u8; 32], incident: IncidentId) -> bool {
        self.named.get(&incident).is_some_and(|named| named.root.as_ref() == Some(root))
    }

    /// Whether the incident is of the town that a box makes up.
    pub(crate) fn is_of_no_town(&self, incident: IncidentId) -> bool {
        self.named.get(&incident).is_some_and(|named| named.root.is_none())
    }

    /// Whether the incident is a drill (law 8).
    pub(crate) fn is_drill(&self, incident: IncidentId) -> bool {
        self.named.get(&incident).is_some_and(|named| named.is_drill)
    }

    /// Goes on after the reading of another box, but not after `latest`.
    pub(crate) fn observe(&mut self, reading: Hlc, latest: UnixMillis) {
        self.clock.observe(reading, latest);
    }

    /// Batches came of which `new` changes were not held. Those of this box's own name and start are somebody else's.
    pub(crate) fn note_received(&mut self, batches: &[VerifiedBatch], new: u32) {
        for book in [&mut self.live, &mut self.drill] {
            let is_own = |batch: &VerifiedBatch| Some(batch.seal().actor) == book.actor;
            if new > 0 && batches.iter().any(is_own) {
                book.take_another_name();
            }
        }
    }

    /// The store of an incident.
    pub(crate) fn store(&self, incident: IncidentId) -> &Store {
        if self.is_drill(incident) { &self.drill.store } else { &self.live.store }
    }

    /// The same, to write in.
    pub(crate) fn store_mut(&mut self, incident: IncidentId) -> &mut Store {
        if self.is_drill(incident) { &mut self.drill.store } else { &mut self.live.store }
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

    /// Writes records durably that stand in older days of the site already, as they are, into today's document. Whether there was
    /// anything that does not stand there, too.
    ///
    /// # Errors
    /// [`NotWritten`]; nothing was written then.
    pub(crate) fn say_again(
        &mut self,
        incident: IncidentId,
        site: SiteId,
        mut records: Vec<Record>,
        now: UnixMillis,
    ) -> Result<bool, NotWritten> {
        let scope = DocumentScope { incident, site, period: Period::of(now) };
        let book = if self.is_drill(incident) { &mut self.drill } else { &mut self.live };
        let scope = book.store.with_room(scope, book.longest);
        let document = book.document(scope, now)?;
        records.retain(|record| !document.holds(record.id));
        if records.is_empty() {
            return Ok(false);
        }
        book.write(scope, &records, now)?;
        Ok(true)
    }

    /// Destroys everything of an incident that is here.
    ///
    /// # Errors
    /// [`StoreError`]; calling it again does what is left.
    pub(crate) fn forget(&mut self, incident: IncidentId) -> Result<(), StoreError> {
        // Both: what is put aside lies in one of them, whatever it is of.
        for book in [&mut self.live, &mut self.drill] {
            book.open.retain(|document| document.scope().incident != incident);
            book.store.forget(incident)?;
        }
        Ok(())
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
        self.write_sealing(place, facts.iter().cloned().map(Writing::Fact).collect(), now)
    }

    /// The same for an action that also writes something down of people, which is sealed here.
    ///
    /// # Errors
    /// [`NotWritten`]; nothing was written then.
    pub(crate) fn write_sealing(
        &mut self,
        place: Place,
        writings: Vec<Writing>,
        now: UnixMillis,
    ) -> Result<Vec<RecordId>, NotWritten> {
        if writings.is_empty() {
            return Ok(Vec::new());
        }
        let written = self.write_action(place, writings, now);
        if let Err(problem) = &written {
            error!(error = problem as &dyn std::error::Error, "an action was not written");
        }
        written
    }

    fn write_action(
        &mut self,
        place: Place,
        writings: Vec<Writing>,
        now: UnixMillis,
    ) -> Result<Vec<RecordId>, NotWritten> {
        let scope = DocumentScope { incident: place.incident, site: place.site, period: Period::of(now) };
        let readings: Vec<Hlc> = writings.iter().map(|_| self.clock.tick(now)).collect();
        let times: Vec<UnixMillis> = readings.iter().map(|at| at.millis()).collect();
        let is_for_slips = |of: &Writing| matches!(of, Writing::Fact(fact) if fact.is_for_slips());
        let is_for_slips = writings.iter().any(is_for_slips);
        let book = if self.is_drill(place.incident) { &mut self.drill } else { &mut self.live };
        let ids = book.record_ids(scope, &times, is_for_slips, now)?;
        let mut records = Vec::with_capacity(writings.len());
        for ((writing, at), id) in writings.into_iter().zip(readings).zip(&ids) {
            records.push(Record {
                id: *id,
                at,
                clock_unsure: place.clock == ClockState::Unsure,
                lane: Some(place.lane),
                fact: writing.for_record(*id)?,
            });
        }
        book.write(scope, &records, now)?;
        Ok(ids)
    }

    /// What was written so far is about to be sealed, and others will see it: no later id follows from it.
    pub(crate) fn begin_ids_anew(&mut self) {
        for book in [&mut self.live, &mut self.drill] {
            book.open.iter_mut().for_each(Document::begin_ids_anew);
        }
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
        Fact::presence(person, PresenceEvent::Arrived, Proof::DECLARED)
    }

    const TOWN: Incidents =
        Incidents { daily_life: IncidentId::from_bytes([4; 16]), live: LIVE, drill: DRILL };
    const ROOT: [u8; 32] = [7; 32];

    fn open(folder: &Path) -> Ledger {
        let mut ledger = Ledger::open(folder, BoxId::from_bytes([9; 16]), NOON).unwrap();
        ledger.name(Some(ROOT), &TOWN, &[]).unwrap();
        ledger
    }

    #[test]
    fn an_incident_is_what_it_was_named_first_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let next = Incidents {
            live: IncidentId::from_bytes([5; 16]),
            drill: IncidentId::from_bytes([6; 16]),
            ..TOWN
        };
        let mut ledger = open(folder.path());
        ledger.name(Some(ROOT), &next, &[]).unwrap();
        let swapped = Incidents { live: DRILL, drill: LIVE, ..TOWN };
        assert!(
            matches!(ledger.name(Some(ROOT), &swapped, &[]), Err(NotNamed::Otherwise(id)) if id == DRILL)
        );
        assert!(ledger.name(Some([8; 32]), &TOWN, &[]).is_err(), "another town's");
        drop(ledger);
        let ledger = Ledger::open(folder.path(), BoxId::from_bytes([9; 16]), NOON).unwrap();
        let known = [TOWN.daily_life, LIVE, DRILL, next.live, next.drill];
        assert_eq!(known.map(|incident| ledger.is_of(&ROOT, incident)), [true; 5]);
        assert_eq!(known.map(|incident| ledger.is_drill(incident)), [false, false, true, false, true]);
        assert!(!ledger.is_of(&[8; 32], LIVE) && !ledger.is_of_no_town(LIVE));
    }

    #[test]
    fn two_counters_write_in_turn_without_reading_their_days_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = open(folder.path());
        for number in 0..5 {
            let incident = [LIVE, TOWN.daily_life][usize::from(number % 2)];
            let _records =
                ledger.write(place(incident), &[arrival(number)], NOON.plus(number.into())).unwrap();
        }
        assert_eq!(ledger.live.open.len(), 2);
        for day in 1..9 {
            let _records = ledger.write(place(LIVE), &[arrival(9)], NOON.plus(day * 86_400_000)).unwrap();
        }
        assert_eq!(ledger.live.open.len(), OPEN_DOCUMENTS);
    }

    #[test]
    fn a_long_day_goes_on_in_its_next_document_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        for start in 0..3 {
            let mut ledger = open(folder.path());
            ledger.live.longest = 3;
            for number in 0..4 {
                let now = NOON.plus(start * 10 + number);
                let _records = ledger.write(place(LIVE), &[arrival(1)], now).unwrap();
            }
        }
        let ledger = open(folder.path());
        let changes =
            ledger.live.store.vectors().iter().map(|(scope, actors)| {
                (scope.period.day(), scope.period.part(), actors.values().sum::<u32>())
            });
        let day = Period::of(NOON).day();
        assert_eq!(changes.collect::<Vec<_>>(), [0, 1, 2, 3].map(|part| (day, part, 3)));
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
            ledger.live.store.vectors().values().flatten().map(|(actor, _)| *actor).collect();
        assert_eq!(epochs.len(), 2, "every start writes under an actor of its own");
    }

    #[test]
    fn two_boxes_on_copies_of_one_disk_do_not_go_on_under_one_name() {
        use hinamori_sync::{Grant, Grants, SealKey, SealedBatch, verify};
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = SealKey::from_bytes(&[7; 32]);
        // Both start in the same second, so both have the same name.
        let [mut original, mut copy] = [&one, &two].map(|folder| {
            let mut ledger = Ledger::open(folder.path(), key.box_id(), NOON).unwrap();
            ledger.name(Some(ROOT), &TOWN, &[]).unwrap();
            ledger
        });
        let name = original.live.actor.unwrap();
        assert_eq!(copy.live.actor, Some(name));
        let _records = original.write(place(LIVE), &[arrival(1)], NOON).unwrap();
        let run = original.live.store.unsealed(name, 10).unwrap().remove(0);
        let hinamori_store_sqlite::Unsealed { scope, before, changes } = run;
        let seal = key.seal(scope, before, &changes).unwrap();
        let grant = Grant { seal_key: key.public(), tls_key: [0; 32], site: scope.site, reads: Vec::new() };
        let batch = verify(SealedBatch { seal, changes }, &Grants([(key.box_id(), grant)].into())).unwrap();
        let ingested = copy.live.store.commit_received(
            std::slice::from_ref(&batch),
            NOON,
            hinamori_store_sqlite::Durability::Durable,
        );
        copy.note_received(&[batch], ingested.unwrap().new);
        let _records = copy.write(place(LIVE), &[arrival(2)], NOON.plus(1)).unwrap();
        assert!(copy.live.actor.is_some_and(|other| other != name), "it writes under another name");
        let held = &copy.live.store.vectors()[&scope];
        assert_eq!(held.values().copied().collect::<Vec<_>>(), [1, 1]);
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
        let vectors = ledger.live.store.vectors();
        assert_eq!(vectors.values().flatten().map(|(_, upto)| *upto).collect::<Vec<_>>(), [2]);
    }

    /// Lets the database refuse records, or take them again.
    fn refuse(path: &Path, sql: &str) {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    }
}
