//! A machine with a disk: a box or the server. What a power cut leaves of the disk is what was durable, and of the rest as
//! much as happened to be written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use hinamori_model::{BoxId, Hlc, HlcClock, IncidentId, LaneId, PersonId, SiteId, UnixMillis};
use hinamori_record::{ActorId, Change, Document, DocumentScope, Fact, Period, Record};
use hinamori_store_sqlite::{Budget, DrillWatch, Durability, KeyTable, OldDays, Store, StoreError, Unsealed};
use hinamori_sync::town::{ClosedIncident, SignedPackage};
use hinamori_sync::{CutOff, CutOffs, Fork, Forks, SealKey, SealedBatch, Vectors, VerifiedBatch};

use crate::check::Presences;
use crate::dice::Dice;
use crate::erasing::{self, open_keys};
use crate::world::{INCIDENTS, headquarters_site};

/// No clock of a box is later than this.
const LAST_BELIEVABLE: UnixMillis = UnixMillis::new(4_102_444_800_000);
/// A portion: small, so that most towns need several.
const PORTION: Budget = Budget { batches: 3, bytes: 4_000 };
/// Changes of a document: few, so that most towns have days of several.
const LONGEST_DOCUMENT: u32 = 5;
/// Records that are said again at once.
const AGAIN: usize = 4;
/// Changes under one seal.
const LONGEST_RUN: u32 = 7;

/// The setting that keeps a box's drill.
const DRILL_SINCE: &str = "drill-since";

/// See the module.
pub(crate) struct Machine {
    folder: PathBuf,
    pub(crate) store: Store,
    pub(crate) keys: KeyTable,
    /// The town's newest word that it heard, and what that closes.
    pub(crate) town: SignedPackage,
    pub(crate) closed: Vec<ClosedIncident>,
    clock: HlcClock,
    /// `None` at the server, which writes nothing.
    writer: Option<Writer>,
    /// Length of the write-ahead log after the last durable commit.
    durable: u64,
    /// How far its clock is ahead of the town's, in milliseconds.
    pub(crate) offset: u64,
    /// What it held when it was looked at last.
    pub(crate) seen: Vectors,
    /// A box that is in a drill: since when by the town's time, and how it listens for the end.
    drill: Option<(UnixMillis, DrillWatch)>,
    /// What its disk must show after a power cut: somebody was told that it is here, or nobody may bring it again.
    promised: Vectors,
}

struct Writer {
    seed: [u8; 32],
    key: SealKey,
    id: BoxId,
    actor: ActorId,
    documents: Vec<Document>,
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("records.sqlite-wal")
}

fn stored_drill(store: &Store) -> anyhow::Result<Option<(UnixMillis, DrillWatch)>> {
    let kept = store.setting(DRILL_SINCE)?.unwrap_or_default();
    let Some((since, watch)) = kept.split_first_chunk() else { return Ok(None) };
    let watch = DrillWatch::from_bytes(watch).context("what a box listens for in a drill is not kept")?;
    Ok(Some((UnixMillis::new(u64::from_be_bytes(*since)), watch)))
}

/// Without what SQLite makes anew.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &to)?;
        } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

fn own_of(writer: Option<&Writer>) -> Option<BoxId> {
    writer.map(|writer| writer.id)
}

impl Machine {
    /// Starts on the disk in `folder`. A box has the `seed` of its seal key.
    pub(crate) fn start(
        folder: PathBuf,
        seed: Option<[u8; 32]>,
        (now, offset): (UnixMillis, u64),
        (town, root): (&SignedPackage, &[u8; 32]),
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let keys = open_keys(&folder)?;
        let mut store = Store::open(&folder.join("records.sqlite"))?;
        // As with the town's package, which every start begins with.
        let _differs = store.hear_headquarters(headquarters_site(), &INCIDENTS.into())?;
        let clock = HlcClock::continuing(store.last_reading(LAST_BELIEVABLE)?);
        let seconds = u32::try_from(now.get() / 1_000).unwrap_or(u32::MAX);
        let writer = seed.map(|seed| {
            let key = SealKey::from_bytes(&seed);
            let actor = ActorId::new(key.box_id(), store.next_epoch(seconds)?);
            let id = key.box_id();
            anyhow::Ok(Writer { seed, key, id, actor, documents: Vec::new() })
        });
        let writer = writer.transpose()?;
        // A box that was never told of a fork knows all the same that it believes itself.
        if *store.forks() == Forks::default() {
            let _changed = store.rule_on_forks(&Forks::new(&[], own_of(writer.as_ref())))?;
        }
        let (seen, drill) = (store.vectors().clone(), stored_drill(&store)?);
        let promised = Vectors::new();
        let mut machine = Self {
            folder,
            store,
            keys,
            town: town.clone(),
            closed: Vec::new(),
            clock,
            writer,
            durable: 0,
            offset,
            seen,
            drill,
            promised,
        };
        machine.note_durable();
        machine.begin_with(town, root)?;
        machine.follow_drill_end()?;
        Ok(machine)
    }

    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) const fn store_mut(&mut self) -> &mut Store {
        &mut self.store
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// `None` for the server.
    pub(crate) fn id(&self) -> Option<BoxId> {
        own_of(self.writer.as_ref())
    }

    pub(crate) fn seed(&self) -> Option<[u8; 32]> {
        self.writer.as_ref().map(|writer| writer.seed)
    }

    pub(crate) fn note_durable(&mut self) {
        self.durable = std::fs::metadata(log_of(&self.folder)).map_or(0, |log| log.len());
    }

    /// Writes one action durably: after `Ok` it may be acknowledged. In which of its day's documents it stands.
    pub(crate) fn write(
        &mut self,
        scope: DocumentScope,
        (mut facts, written_down_of): (Vec<Fact>, Option<PersonId>),
        now: UnixMillis,
        dice: &mut Dice,
    ) -> anyhow::Result<(DocumentScope, Change, Vec<Record>)> {
        let key = match written_down_of {
            Some(person) => self.person_key(scope.incident, person, dice)?.map(|key| (person, key)),
            None => None,
        };
        // Sealed once the record has its id.
        facts.extend(key.iter().map(|(person, _)| Fact::Profile { person: *person, sealed: Vec::new() }));
        let scope = self.store.with_room(scope, LONGEST_DOCUMENT);
        let readings: Vec<Hlc> = facts.iter().map(|_| self.clock.tick(now)).collect();
        let times: Vec<UnixMillis> = readings.iter().map(|at| at.millis()).collect();
        let is_for_slips = facts.iter().any(Fact::is_for_slips);
        let ids = self.document(scope)?.record_ids(&times, is_for_slips, || anyhow::Ok(dice.bytes()))?;
        let mut records = Vec::with_capacity(facts.len());
        for ((id, at), mut fact) in ids.into_iter().zip(readings).zip(facts) {
            if let (Fact::Profile { person, sealed }, Some((_, key))) = (&mut fact, &key) {
                *sealed = erasing::sealed(key, *person, id, dice)?;
            }
            records.push(Record { id, at, clock_unsure: false, lane: Some(LaneId(1)), fact });
        }
        let (scope, change) = self.say(scope, &records, now)?;
        Ok((scope, change, records))
    }

    fn say(
        &mut self,
        scope: DocumentScope,
        records: &[Record],
        now: UnixMillis,
    ) -> anyhow::Result<(DocumentScope, Change)> {
        let scope = self.store.with_room(scope, LONGEST_DOCUMENT);
        let change = match self.append(scope, records, now) {
            Err(error) if matches!(error.downcast_ref(), Some(StoreError::NotNext { .. })) => {
                self.take_another_name(now)?;
                self.append(scope, records, now)?
            }
            outcome => outcome?,
        };
        Ok((scope, change))
    }

    /// Says again what counts of days that are not kept, a portion of it, as a box does where it writes. Gives what is to be acknowledged.
    pub(crate) fn say_again(
        &mut self,
        may_write: impl Fn(SiteId) -> bool,
        now: UnixMillis,
    ) -> anyhow::Result<Vec<(DocumentScope, Change)>> {
        let mut said = Vec::new();
        for OldDays { incident, site, mut unsaid } in self.store.old_days(AGAIN)? {
            if self.is_closed(incident) || !may_write(site) {
                continue;
            }
            let scope = DocumentScope { incident, site, period: Period::of(now) };
            let document = self.document(self.store.with_room(scope, LONGEST_DOCUMENT))?;
            unsaid.retain(|record| !document.holds(record.id));
            if !unsaid.is_empty() {
                said.push(self.say(scope, &unsaid, now)?);
            }
        }
        Ok(said)
    }

    /// Drops the days that are not kept and not needed any more. Whether what is left of the log says otherwise of anybody.
    pub(crate) fn drop_old_days(
        &mut self,
        people: impl Fn(&Store) -> Result<Presences, String>,
    ) -> anyhow::Result<bool> {
        let before = people(&self.store).map_err(anyhow::Error::msg)?;
        if self.store.drop_old_days()? {
            // The projection alone would say what it said before.
            self.store.rebuild()?;
        }
        self.note_durable();
        Ok(people(&self.store).map_err(anyhow::Error::msg)? != before)
    }

    /// Its disk was copied, and the copy writes under the same name: as the ledger of a box does.
    fn take_another_name(&mut self, now: UnixMillis) -> anyhow::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let seconds = u32::try_from(now.get() / 1_000).unwrap_or(u32::MAX);
        writer.actor = ActorId::new(writer.id, self.store.next_epoch(seconds)?);
        writer.documents.clear();
        Ok(())
    }

    fn append(
        &mut self,
        scope: DocumentScope,
        records: &[Record],
        now: UnixMillis,
    ) -> anyhow::Result<Change> {
        let change = self.document(scope)?.append(records, now)?;
        self.store.commit_own(scope, &change, records, now)?;
        self.note_durable();
        self.promise([(scope, change.actor)]);
        Ok(change)
    }

    /// The document, to be appended to.
    fn document(&mut self, scope: DocumentScope) -> anyhow::Result<&mut Document> {
        let writer = self.writer.as_mut().context("a server writes no records")?;
        let place = match writer.documents.iter().position(|document| document.scope() == scope) {
            Some(place) => place,
            None => {
                let mut document = Document::new(scope, writer.actor)?;
                document.apply(self.store.document_changes(scope)?.iter().map(Vec::as_slice))?;
                writer.documents.push(document);
                writer.documents.len().saturating_sub(1)
            }
        };
        writer.documents.get_mut(place).context("no document")
    }

    /// Since when it is in a drill.
    pub(crate) fn drill(&self) -> Option<UnixMillis> {
        self.drill.as_ref().map(|(since, _)| *since)
    }

    /// A drill begins here, or it happens in earnest.
    pub(crate) fn turn_to(&mut self, drill_since: Option<UnixMillis>, now: UnixMillis) -> anyhow::Result<()> {
        self.drill = drill_since.map(|since| (since, DrillWatch::begin(&self.store, now)));
        let kept = self.drill.as_ref().map(|(since, watch)| {
            since.get().to_be_bytes().into_iter().chain(watch.to_bytes()).collect::<Vec<u8>>()
        });
        self.store.set_setting(DRILL_SINCE, &kept.unwrap_or_default())?;
        self.note_durable();
        Ok(())
    }

    /// As a box does when records came, when it believes other ones, and when it starts.
    pub(crate) fn follow_drill_end(&mut self) -> anyhow::Result<()> {
        let Some((_, watch)) = &self.drill else { return Ok(()) };
        if watch.is_over(&self.store)? { self.turn_to(None, UnixMillis::default()) } else { Ok(()) }
    }

    /// Seals what has no seal.
    pub(crate) fn seal(&mut self) -> anyhow::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.documents.iter_mut().for_each(Document::begin_ids_anew);
        let own = writer.id;
        let mut seals = Vec::new();
        for actor in self.store.unsealed_actors(|actor| actor.belongs_to(own))? {
            for Unsealed { scope, before, changes } in self.store.unsealed(actor, LONGEST_RUN)? {
                seals.push(writer.key.seal(scope, before, &changes)?);
            }
        }
        Ok(self.store.add_seals(&seals)?)
    }

    /// Stores what came; the clock goes on after it.
    pub(crate) fn take(
        &mut self,
        batches: &[VerifiedBatch],
        durability: Durability,
        now: UnixMillis,
    ) -> anyhow::Result<BTreeSet<(DocumentScope, ActorId)>> {
        // What is closed is over: whoever sends it has not heard of it.
        let open = batches.iter().filter(|batch| !self.is_closed(batch.seal().scope.incident));
        let batches: &[VerifiedBatch] = &open.cloned().collect::<Vec<_>>();
        let ingested = self.store.commit_received(batches, now, durability)?;
        let own = self.actor();
        if ingested.new > 0 && batches.iter().any(|batch| Some(batch.seal().actor) == own) {
            self.take_another_name(now)?;
        }
        self.clock.observe(ingested.latest, now.plus(24 * 3_600_000));
        if durability == Durability::Durable {
            self.note_durable();
        }
        self.follow_drill_end()?;
        Ok(ingested.taken)
    }

    /// A portion of what a peer lacks.
    pub(crate) fn missing_at(
        &self,
        peer: &Vectors,
        wanted: impl Fn(&DocumentScope) -> bool,
    ) -> anyhow::Result<Vec<SealedBatch>> {
        let mut budget = PORTION;
        let is_open = |scope: &DocumentScope| !self.is_closed(scope.incident) && wanted(scope);
        Ok(self.store.batches_missing_at(peer, is_open, &mut budget)?)
    }

    /// Packs the first changes and moves the log into the database, as an idle machine does. Whatever has a seal may be of a day that
    /// is over by this machine's clock.
    pub(crate) fn tidy(&mut self) -> anyhow::Result<()> {
        let _packed = self.store.pack_closed(u32::MAX)?;
        self.store.checkpoint_if_over(0)?;
        self.note_durable();
        Ok(())
    }

    /// From now on no power cut may take away what is here of these.
    pub(crate) fn promise(&mut self, of: impl IntoIterator<Item = (DocumentScope, ActorId)>) {
        for (scope, actor) in of {
            let held = self.store.held(scope, actor);
            self.promised.entry(scope).or_default().insert(actor, held);
        }
    }

    /// After a power cut: whether everything is here that another run of it promised, which stays promised.
    pub(crate) fn keeps_what_it_promised(&mut self, before: &Self) -> bool {
        self.promised.clone_from(&before.promised);
        // What is closed goes with the last receipt, which may have come just before. Nor the days that were dropped since, of which some may
        // have come again.
        let closed = &self.closed;
        let is_open = |of: IncidentId| !closed.iter().any(|closed| closed.incident == of);
        self.promised.retain(|scope, _| is_open(scope.incident));
        for (scope, actors) in &mut self.promised {
            actors.iter_mut().for_each(|(actor, upto)| *upto = before.store.held(*scope, *actor).min(*upto));
        }
        let is_here = |(scope, actors): (&DocumentScope, &BTreeMap<ActorId, u32>)| {
            actors.iter().all(|(actor, upto)| self.store.held(*scope, *actor) >= *upto)
        };
        self.promised.iter().all(is_here)
    }

    /// What the disk shows after the power failed now, in the folder `to`: everything durable, and of what was written since
    /// as many bytes as the dice say.
    pub(crate) fn fail(&self, to: &Path, dice: &mut Dice) -> anyhow::Result<()> {
        // Keys and pieces are never written relaxed.
        copy_folder(&self.folder, to)?;
        let log = std::fs::read(log_of(&self.folder)).unwrap_or_default();
        let durable = usize::try_from(self.durable).unwrap_or(usize::MAX).min(log.len());
        let kept = durable.saturating_add(dice.below(log.len().saturating_sub(durable).saturating_add(1)));
        std::fs::write(log_of(to), log.get(..kept).unwrap_or_default())?;
        Ok(())
    }

    /// A copy of the disk as it is, for a clone or a restore.
    pub(crate) fn copy(&self, to: &Path) -> anyhow::Result<()> {
        copy_folder(&self.folder, to)
    }

    /// Documents of closed incidents are not written in any more.
    pub(crate) fn close_documents(&mut self) {
        let closed = &self.closed;
        let is_open = |of: IncidentId| !closed.iter().any(|closed| closed.incident == of);
        if let Some(writer) = &mut self.writer {
            writer.documents.retain(|document| is_open(document.scope().incident));
        }
    }

    /// The town's word, as it counts at this machine: a box believes itself.
    pub(crate) fn believes(&self, cut_offs: &[CutOff]) -> CutOffs {
        CutOffs::new(cut_offs, own_of(self.writer.as_ref()))
    }

    /// The same of forks.
    pub(crate) fn hears_of(&self, forks: &[Fork]) -> Forks {
        Forks::new(forks, own_of(self.writer.as_ref()))
    }

    pub(crate) const fn actor(&self) -> Option<ActorId> {
        match &self.writer {
            Some(writer) => Some(writer.actor),
            None => None,
        }
    }
}

/// Somebody of this town.
pub(crate) fn person(number: usize) -> PersonId {
    let mut bytes = [7; 16];
    bytes.iter_mut().rev().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    PersonId::from_bytes(bytes)
}
