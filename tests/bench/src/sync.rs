//! Fifty boxes that were alone meet the town's server; a peer that has forgotten everything; what one change costs beside many; the
//! largest town that was measured in the field, cut off for weeks. Beside it, in the same run, automerge's own sync protocol and the
//! JavaScript server of automerge-repo.
//!
//! Sessions, seals and databases are the product's own, in one process and on a disk of memory; processor time is that of this thread.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};
use automerge::sync::{State, SyncDoc};
use automerge::{Automerge, Change as AutomergeChange};
use hinamori_model::{Hlc, IncidentId, LaneId, PersonId, SiteId, UnixMillis};
use hinamori_record::{
    ActorId, Change, ChangeHash, Document, DocumentScope, Fact, LONGEST_RUN, Period, PresenceEvent, Proof,
    Record,
};
use hinamori_store_sqlite::{Budget, Durability, Store};
use hinamori_sync::{Effects, Grant, Grants, Held, ReceiptKey, SealKey, SealedBatch, Session, Side, Vectors};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use rustix::time::{ClockId, clock_gettime};

use crate::javascript::{self, Reader};
use crate::report::{Better, Report};

const SEED: u64 = 50;
pub(crate) const ROOT: [u8; 32] = [9; 32];
pub(crate) const START: UnixMillis = UnixMillis::new(1_791_774_000_000);
const DAY: u64 = 86_400_000;
const LIVE: IncidentId = IncidentId::from_bytes([1; 16]);
/// Changes under one seal, as a box makes them.
const RUN: usize = LONGEST_RUN as usize;
/// Bytes of what is sealed of a person when they arrive.
const PROFILE: usize = 128;

pub(crate) fn run(out: &Path, report: &mut Report) -> anyhow::Result<()> {
    let folder = PathBuf::from(format!("/dev/shm/hinamori-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = merge(&folder, &out.join("js"), report)
        .and_then(|()| lost_state(report))
        .and_then(|()| one_change(&folder, report))
        .and_then(|()| noto(&folder, report));
    std::fs::remove_dir_all(&folder).context("clear the memory")?;
    outcome.and_then(|()| crate::thin::run(&out.join("thin"), report))
}

/// Seconds of processor time of this thread.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of minutes")]
fn processor() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(ChaCha8Rng::seed_from_u64(SEED))
    }

    fn bytes<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}

/// One box and what it wrote without any link.
pub(crate) struct Writer {
    key: SealKey,
    scope: DocumentScope,
    pub(crate) document: Document,
    last: Option<ChangeHash>,
    pub(crate) batches: Vec<SealedBatch>,
}

fn site(number: usize) -> SiteId {
    let mut bytes = [0x60; 16];
    bytes.iter_mut().rev().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    SiteId::from_bytes(bytes)
}

pub(crate) fn seal_key(number: usize) -> SealKey {
    let mut seed = [3; 32];
    seed.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
    SealKey::from_bytes(&seed)
}

impl Writer {
    pub(crate) fn new(number: usize, at: UnixMillis) -> anyhow::Result<Self> {
        let key = seal_key(number);
        let scope = DocumentScope { incident: LIVE, site: site(number), period: Period::of(at) };
        let document = Document::new(scope, ActorId::new(key.box_id(), 1))?;
        Ok(Self { key, scope, document, last: None, batches: Vec::new() })
    }

    /// The next day is another document.
    fn turn_to(&mut self, at: UnixMillis) -> anyhow::Result<()> {
        self.scope.period = Period::of(at);
        self.document = Document::new(self.scope, ActorId::new(self.key.box_id(), 1))?;
        self.last = None;
        Ok(())
    }

    /// Writes and seals so many arrivals, each a change of its own, half a minute apart.
    pub(crate) fn write(
        &mut self,
        people: &[PersonId],
        event: PresenceEvent,
        begin: UnixMillis,
        profile: usize,
        dice: &mut Dice,
    ) -> anyhow::Result<()> {
        let mut changes = Vec::with_capacity(people.len());
        for (number, person) in (0_u64..).zip(people) {
            let at = begin.plus(number * 30_000 + u64::from(dice.0.next_u32() % 20_000));
            let fact = Fact::presence(*person, event, Proof::DECLARED);
            let mut facts = vec![fact];
            if profile > 0 {
                let mut sealed = vec![0; profile];
                dice.0.fill_bytes(&mut sealed);
                facts.push(Fact::Profile { person: *person, sealed });
            }
            // As a box does that seals so many at a time.
            if changes.len().is_multiple_of(RUN) {
                self.document.begin_ids_anew();
            }
            let ids = self.document.record_ids(&vec![at; facts.len()], false, || anyhow::Ok(dice.bytes()))?;
            let (reading, lane) = (Hlc::from_packed(at.get() << 16), Some(LaneId(1)));
            let named = ids.into_iter().zip(facts);
            let records: Vec<Record> =
                named.map(|(id, fact)| Record { id, at: reading, clock_unsure: false, lane, fact }).collect();
            changes.push(self.document.append(&records, at)?);
        }
        for run in changes.chunks(RUN) {
            self.seal(run.to_vec())?;
        }
        Ok(())
    }

    fn seal(&mut self, changes: Vec<Change>) -> anyhow::Result<()> {
        let before = std::mem::replace(&mut self.last, changes.last().map(|last| last.hash));
        let seal = self.key.seal(self.scope, before, &changes)?;
        self.batches.push(SealedBatch { seal, changes });
        Ok(())
    }

    pub(crate) fn vectors(&self) -> Vectors {
        let mut vectors = Vectors::new();
        for SealedBatch { seal, .. } in &self.batches {
            vectors.entry(seal.scope).or_default().insert(seal.actor, seal.upto);
        }
        vectors
    }
}

pub(crate) fn grants(boxes: usize, reader: Option<&SealKey>) -> Grants {
    let mut grants: BTreeMap<_, _> = (0..boxes)
        .map(|number| {
            let key = seal_key(number);
            (
                key.box_id(),
                Grant { seal_key: key.public(), tls_key: [0; 32], site: site(number), reads: Vec::new() },
            )
        })
        .collect();
    if let Some(key) = reader {
        let reads = (0..boxes).map(site).collect();
        grants.insert(
            key.box_id(),
            Grant { seal_key: key.public(), tls_key: [0; 32], site: site(boxes), reads },
        );
    }
    Grants(grants)
}

/// A server: its database, and what it has done.
struct Hall {
    store: Store,
    grants: Grants,
    key: ReceiptKey,
    /// Frame bytes above TLS, up and down.
    bytes: [usize; 2],
    seconds: f64,
}

impl Hall {
    fn new(file: &Path, grants: Grants) -> anyhow::Result<Self> {
        let key = ReceiptKey::from_bytes(&[7; 32]);
        let store = Store::open(file)?;
        // As the server does.
        store.keep_in_memory(64 << 10)?;
        Ok(Self { store, grants, key, bytes: [0; 2], seconds: 0.0 })
    }

    fn total(&self) -> f64 {
        self.bytes.iter().map(|bytes| number(*bytes)).sum()
    }

    /// One connection of a box that writes: everything is sealed, checked, stored and confirmed.
    fn visit(&mut self, writer: &Writer) -> anyhow::Result<()> {
        let vectors = writer.vectors();
        let held = Held { vectors: &vectors, waiting: &vectors, ..Held::NOTHING };
        let (mut of_box, box_hello) = Session::new(Side::Box, ROOT, None, self.grants.clone(), held);
        let began = processor();
        let held = Held { vectors: self.store.vectors(), ..Held::NOTHING };
        let side = Side::Server { peer: writer.key.box_id() };
        let (mut of_hall, mut down) = Session::new(side, ROOT, None, self.grants.clone(), held);
        drop(of_hall.received(&box_hello)?);
        self.seconds += processor() - began;
        let mut up = box_hello;
        let mut confirmed = BTreeMap::new();
        let mut heard = down.len();
        drop(of_box.received(&down)?);
        loop {
            let peer = of_box.peer();
            let lacks = |batch: &&SealedBatch| {
                let held = peer.get(&batch.seal.scope).and_then(|actors| actors.get(&batch.seal.actor));
                held.copied().unwrap_or(0) < batch.seal.from
            };
            let batches: Vec<_> = writer.batches.iter().filter(lacks).take(16).cloned().collect();
            if batches.is_empty() {
                break;
            }
            let sent = of_box.offer(batches);
            let began = processor();
            let Effects { store, quarantine, .. } = of_hall.received(&sent)?;
            ensure!(quarantine.is_empty(), "{quarantine:?}");
            let taken = self.store.commit_received(&store, START, Durability::Durable)?.taken;
            for (scope, actor) in taken {
                let upto = self.store.held(scope, actor);
                let hash = self.store.hash(scope, actor, upto)?.context("no change")?;
                down.extend(of_hall.receipt(&self.key.sign((scope, actor, upto), hash, START)));
            }
            self.seconds += processor() - began;
            up.extend(sent);
            let receipts = of_box.received(down.get(heard..).unwrap_or_default())?.receipts;
            heard = down.len();
            confirmed.extend(receipts.iter().map(|receipt| ((receipt.scope, receipt.actor), receipt.upto)));
        }
        for ((scope, actor), upto) in confirmed {
            ensure!(
                vectors.get(&scope).and_then(|actors| actors.get(&actor)) == Some(&upto),
                "not confirmed"
            );
        }
        let is_held = |(scope, actors): (&DocumentScope, &BTreeMap<ActorId, u32>)| {
            actors.iter().all(|(actor, upto)| self.store.held(*scope, *actor) == *upto)
        };
        ensure!(vectors.iter().all(is_held), "the server lacks some");
        let [sent, came] = &mut self.bytes;
        *sent += up.len();
        *came += down.len();
        Ok(())
    }
}

/// One connection of a box that reads everything.
struct Reading {
    of_box: Session,
    of_hall: Session,
    into: Store,
    /// Frame bytes above TLS, both ways.
    bytes: usize,
    /// Changes that came.
    new: u32,
    /// Processor time of the server.
    seconds: f64,
}

impl Reading {
    fn begin(hall: &Hall, key: &SealKey, file: &Path) -> anyhow::Result<Self> {
        let into = Store::open(file)?;
        let held = Held { vectors: into.vectors(), ..Held::NOTHING };
        let (mut of_box, up) = Session::new(Side::Box, ROOT, None, hall.grants.clone(), held);
        let began = processor();
        let held = Held { vectors: hall.store.vectors(), ..Held::NOTHING };
        let side = Side::Server { peer: key.box_id() };
        let (mut of_hall, down) = Session::new(side, ROOT, None, hall.grants.clone(), held);
        drop(of_hall.received(&up)?);
        let seconds = processor() - began;
        drop(of_box.received(&down)?);
        Ok(Self { of_box, of_hall, into, bytes: up.len() + down.len(), new: 0, seconds })
    }

    /// The server sends what the reader lacks.
    fn go_on(&mut self, hall: &Hall) -> anyhow::Result<()> {
        loop {
            let began = processor();
            let mut budget = Budget { batches: 256, bytes: 1 << 20 };
            let offerable = self.of_hall.offerable();
            let wanted = |scope: &DocumentScope| offerable.includes(scope);
            let batches = hall.store.batches_missing_at(self.of_hall.peer(), wanted, &mut budget)?;
            let is_last = batches.is_empty();
            let sent = if is_last { Vec::new() } else { self.of_hall.offer(batches) };
            self.seconds += processor() - began;
            if is_last {
                return Ok(());
            }
            let store = self.of_box.received(&sent)?.store;
            self.new += self.into.commit_received(&store, START, Durability::Relaxed)?.new;
            self.bytes += sent.len();
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures of a bench")]
pub(crate) const fn number(of: usize) -> f64 {
    of as f64
}

pub(crate) fn people(count: usize, dice: &mut Dice) -> Vec<PersonId> {
    (0..count).map(|_| PersonId::from_bytes(dice.bytes())).collect()
}

/// Boxes of the merge.
const BOXES: usize = 50;
/// Arrivals at each.
const EACH: usize = 200;

/// 50 boxes, each with 200 arrivals that nobody has.
fn merge(folder: &Path, javascript: &Path, report: &mut Report) -> anyhow::Result<()> {
    let mut dice = Dice::new();
    let writers = |profile, dice: &mut Dice| -> anyhow::Result<Vec<Writer>> {
        (0..BOXES)
            .map(|number| {
                let mut writer = Writer::new(number, START)?;
                let people = people(EACH, dice);
                writer.write(&people, PresenceEvent::Arrived, START, profile, dice)?;
                Ok(writer)
            })
            .collect()
    };
    let plain = writers(0, &mut dice)?;
    let reader = seal_key(BOXES);
    let mut hall = Hall::new(&folder.join("merge"), grants(BOXES, Some(&reader)))?;
    plain.iter().try_for_each(|writer| hall.visit(writer))?;
    ensure!(hall.store.record_count()? == u64::try_from(BOXES * EACH)?, "records are missing");
    report.add("merge50_bytes", hall.total(), "B", Better::Lower);
    report.add("merge50_up_bytes", number(hall.bytes[0]), "B", Better::Lower);
    report.add("merge50_cpu_ms", hall.seconds * 1e3, "ms", Better::Lower);
    let mut late = Reading::begin(&hall, &reader, &folder.join("merge-late"))?;
    late.go_on(&hall)?;
    ensure!(usize::try_from(late.new)? == BOXES * EACH, "the reader lacks some");
    report.add("merge50_reader_bytes", number(late.bytes), "B", Better::Lower);
    let late = Read { bytes: hall.total() + number(late.bytes), seconds: hall.seconds + late.seconds };
    beside_javascript(folder, javascript, &plain, &late, report)?;
    let sealed = writers(PROFILE, &mut dice)?;
    let mut other = Hall::new(&folder.join("merge-profiles"), grants(BOXES, None))?;
    sealed.iter().try_for_each(|writer| other.visit(writer))?;
    report.add("merge50_profiles_bytes", other.total(), "B", Better::Lower);

    let (bytes, seconds) = automerge_merge(&plain)?;
    report.add("merge50_automerge_bytes", bytes, "B", Better::Neither);
    report.add("merge50_automerge_cpu_ms", seconds * 1e3, "ms", Better::Neither);
    report.add("merge50_automerge_bytes_ratio", bytes / hall.total(), "x fewer", Better::Higher);
    report.add("merge50_cpu_ratio_automerge", seconds / hall.seconds, "x less", Better::Higher);

    let mut one = Writer::new(0, START)?;
    let people = people(100, &mut dice);
    one.write(&people, PresenceEvent::Arrived, START, 0, &mut dice)?;
    let changes: Vec<Change> = one.batches.drain(..).flat_map(|batch| batch.changes).collect();
    one.last = None;
    one.seal(changes)?;
    let (mut session, _) = Session::to_nobody(Side::Box, ROOT, None, grants(1, None), Held::NOTHING);
    report.add("batch100_bytes", number(session.offer(one.batches).len()), "B", Better::Lower);
    Ok(())
}

/// What the merge cost with a reader: frame bytes of boxes and reader both ways, and processor time of the server.
struct Read {
    bytes: f64,
    seconds: f64,
}

/// Boxes and one reader, at our server and at the JavaScript one, with the same documents. Once the reader is connected before the first
/// box, as a box of the town's is, and once it comes when all have left.
///
/// Bytes are those above TLS here and above WebSocket there. Processor time is that of sessions, seals and database here, without sockets and
/// TLS, and that of the whole process there, whose sockets carry no TLS. Both write to a disk of memory; ours has committed before it
/// answers, the other writes a tenth of a second later, and its time counts until it has.
fn beside_javascript(
    folder: &Path,
    installed: &Path,
    writers: &[Writer],
    late: &Read,
    report: &mut Report,
) -> anyhow::Result<()> {
    /// Bytes both ways a change of the JavaScript server with 50 documents and a watching reader, as measured elsewhere: 650,993 up and
    /// 3,230,606 down, for 17,900 changes of the same 10,000 records.
    const KNOWN_BYTES_A_CHANGE: f64 = 3_881_599.0 / 17_900.0;
    let reader = seal_key(BOXES);
    let mut hall = Hall::new(&folder.join("merge-watched"), grants(BOXES, Some(&reader)))?;
    let mut watching = Reading::begin(&hall, &reader, &folder.join("merge-watching"))?;
    for writer in writers {
        hall.visit(writer)?;
        watching.go_on(&hall)?;
    }
    ensure!(usize::try_from(watching.new)? == BOXES * EACH, "the watching reader lacks some");
    let ours =
        Read { bytes: hall.total() + number(watching.bytes), seconds: hall.seconds + watching.seconds };
    report.add("merge50_watched_bytes", ours.bytes, "B", Better::Lower);
    report.add("merge50_watched_cpu_ms", ours.seconds * 1e3, "ms", Better::Lower);

    let theirs = javascript::merge(installed, &folder.join("js-watching"), writers, Reader::Watching)?;
    let [up, down] = theirs.bytes.map(number);
    report.add("merge50_js_up_bytes", up, "B", Better::Neither);
    report.add("merge50_js_down_bytes", down, "B", Better::Neither);
    report.add("merge50_js_messages", number(theirs.messages), "", Better::Neither);
    report.add("merge50_js_cpu_ms", theirs.processor_seconds * 1e3, "ms", Better::Neither);
    report.add("merge50_js_memory_mib", theirs.memory_mib, "MiB", Better::Neither);
    let a_change = (up + down) / number(BOXES * EACH);
    report.add_peer("merge50_js_bytes_of_known", a_change, KNOWN_BYTES_A_CHANGE);
    report.add("merge50_js_bytes_ratio", (up + down) / ours.bytes, "x fewer", Better::Higher);
    report.add("merge50_cpu_ratio_js", theirs.processor_seconds / ours.seconds, "x less", Better::Higher);

    let theirs = javascript::merge(installed, &folder.join("js-late"), writers, Reader::Late)?;
    let [up, down] = theirs.bytes.map(number);
    report.add("merge50_js_late_bytes", up + down, "B", Better::Neither);
    report.add("merge50_js_late_bytes_ratio", (up + down) / late.bytes, "x fewer", Better::Higher);
    report.add(
        "merge50_late_cpu_ratio_js",
        theirs.processor_seconds / late.seconds,
        "x less",
        Better::Higher,
    );
    Ok(())
}

/// The same changes in one document, by automerge's own protocol: each peer in turn, until it and the server agree. Bytes both ways, and
/// the server's processor time.
fn automerge_merge(writers: &[Writer]) -> anyhow::Result<(f64, f64)> {
    let (mut hall, mut bytes, mut seconds) = (Automerge::new(), 0, 0.0);
    for writer in writers {
        let mut peer = automerge_of(writer.batches.iter().flat_map(|batch| &batch.changes))?;
        let (mut here, mut there) = (State::new(), State::new());
        loop {
            let up = peer.generate_sync_message(&mut there);
            let began = processor();
            if let Some(message) = &up {
                bytes += message.clone().encode().len();
                hall.receive_sync_message(&mut here, message.clone())?;
            }
            let down = hall.generate_sync_message(&mut here);
            seconds += processor() - began;
            if let Some(message) = &down {
                bytes += message.clone().encode().len();
                peer.receive_sync_message(&mut there, message.clone())?;
            }
            if up.is_none() && down.is_none() {
                break;
            }
        }
    }
    Ok((number(bytes), seconds))
}

fn automerge_of<'c>(changes: impl Iterator<Item = &'c Change>) -> anyhow::Result<Automerge> {
    let mut document = Automerge::new();
    let schema = Document::new(
        DocumentScope { incident: LIVE, site: site(0), period: Period(0) },
        ActorId::from_bytes([1; 16]),
    )?;
    document.load_incremental(&schema.save())?;
    let changes: Result<Vec<_>, _> =
        changes.map(|change| AutomergeChange::try_from(change.bytes.as_slice())).collect();
    document.apply_changes(changes?)?;
    Ok(document)
}

/// Both hold 90,000 changes and remember nothing of each other; the box has one more.
fn lost_state(report: &mut Report) -> anyhow::Result<()> {
    const DAYS: u64 = 23;
    const CHANGES: u32 = 90_000;
    let mut dice = Dice::new();
    let last_day = START.plus(DAYS * DAY);
    let mut writer = Writer::new(0, last_day)?;
    let two = people(2, &mut dice);
    writer.write(&two, PresenceEvent::Arrived, last_day, 0, &mut dice)?;
    let changes: Vec<Change> = writer.batches.drain(..).flat_map(|batch| batch.changes).collect();
    let [first, second] = changes.as_slice() else { anyhow::bail!("two changes") };
    writer.last = Some(first.hash);
    writer.seal(vec![second.clone()])?;
    let mut both = Vectors::new();
    for day in 0..DAYS {
        let scope = DocumentScope { period: Period::of(START.plus(day * DAY)), ..writer.scope };
        let each = CHANGES / u32::try_from(DAYS)? / 2;
        let actors = [2, 3].map(|epoch| (ActorId::new(writer.key.box_id(), epoch), each));
        both.insert(scope, actors.into());
    }
    both.entry(writer.scope).or_default().insert(first.actor, 1);
    let mut own = both.clone();
    own.entry(writer.scope).or_default().insert(first.actor, 2);
    let waiting: Vectors = [(writer.scope, [(first.actor, 2)].into())].into();
    let held = Held { vectors: &own, waiting: &waiting, ..Held::NOTHING };
    let (mut of_box, box_hello) = Session::new(Side::Box, ROOT, None, grants(1, None), held);
    let held = Held { vectors: &both, ..Held::NOTHING };
    let side = Side::Server { peer: writer.key.box_id() };
    let (mut of_hall, hall_hello) = Session::new(side, ROOT, None, grants(1, None), held);
    drop((of_box.received(&hall_hello)?, of_hall.received(&box_hello)?));
    let batch = of_box.offer(writer.batches.clone());
    let stored = of_hall.received(&batch)?.store;
    ensure!(stored.len() == 1, "the record did not come with the first answer");
    let key = ReceiptKey::from_bytes(&[7; 32]);
    let receipt = of_hall.receipt(&key.sign((writer.scope, first.actor, 2), second.hash, START));
    ensure!(of_box.received(&receipt)?.receipts.len() == 1, "no receipt");
    let parts = [&box_hello, &hall_hello, &batch, &receipt].map(Vec::len);
    report.add("lost_state_bytes", number(parts.iter().sum()), "B", Better::Lower);
    report.add("lost_state_round_trips", 1.0, "", Better::Lower);
    Ok(())
}

/// What the server pays for a change when it holds 50,000 records: session, seal and database, without the disk.
fn one_change(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    const RECORDS: usize = 50_000;
    const SAMPLES: usize = 20;
    let mut dice = Dice::new();
    let mut hall = Hall::new(&folder.join("change"), grants(1, None))?;
    let mut writer = Writer::new(0, START)?;
    let mut all = Vec::with_capacity(RECORDS);
    let cost = |hall: &mut Hall, writer: &mut Writer, each: usize, dice: &mut Dice, all: &mut Vec<Change>| {
        let people = people(each, dice);
        writer.batches.clear();
        let begin = START.plus(u64::try_from(all.len())? * 1_000);
        let run = RUN.max(each);
        writer.write(&people, PresenceEvent::Arrived, begin, 0, dice)?;
        let changes: Vec<Change> = writer.batches.drain(..).flat_map(|batch| batch.changes).collect();
        all.extend(changes.iter().cloned());
        // One batch, however long.
        writer.last =
            all.len().checked_sub(changes.len() + 1).and_then(|place| all.get(place)).map(|c| c.hash);
        ensure!(changes.len() <= run, "one batch");
        writer.seal(changes)?;
        let held = Held { vectors: hall.store.vectors(), ..Held::NOTHING };
        let side = Side::Server { peer: writer.key.box_id() };
        let (mut of_hall, _) = Session::new(side, ROOT, None, hall.grants.clone(), held);
        let (mut of_box, said) =
            Session::to_nobody(Side::Box, ROOT, None, hall.grants.clone(), Held::NOTHING);
        drop(of_hall.received(&said)?);
        let sent = of_box.offer(std::mem::take(&mut writer.batches));
        let began = processor();
        let Effects { store, quarantine, .. } = of_hall.received(&sent)?;
        let checked = processor() - began;
        ensure!(quarantine.is_empty(), "{quarantine:?}");
        let taken = hall.store.commit_received(&store, START, Durability::Relaxed)?;
        let seconds = processor() - began;
        ensure!(usize::try_from(taken.new)? == each, "{taken:?}");
        anyhow::Ok([seconds, checked])
    };
    while all.len() < RECORDS {
        cost(&mut hall, &mut writer, 500, &mut dice, &mut all)?;
    }
    for (measure, part, each) in [
        ("change_cost_us_50k", "change_checked_us", 100),
        ("change_cost_single_us_50k", "change_checked_single_us", 1),
    ] {
        let mut sum = [0.0; 2];
        for _ in 0..SAMPLES {
            let took = cost(&mut hall, &mut writer, each, &mut dice, &mut all)?;
            sum.iter_mut().zip(took).for_each(|(sum, took)| *sum += took);
        }
        let [all_of_it, checked] = sum.map(|seconds| seconds * 1e6 / number(SAMPLES * each));
        report.add(measure, all_of_it, "us", Better::Lower);
        report.add(part, checked, "us", Better::Lower);
    }
    let (known, more) = all.split_at(RECORDS);
    let mut document = automerge_of(known.iter())?;
    let mut seconds = 0.0;
    for change in more.iter().take(SAMPLES) {
        let change = AutomergeChange::try_from(change.bytes.as_slice())?;
        let began = processor();
        document.apply_changes([change])?;
        seconds += processor() - began;
    }
    report.add("automerge_apply_us_50k", seconds * 1e6 / number(SAMPLES), "us", Better::Neither);
    Ok(())
}

/// 109 boxes, 34,173 people and 37 days: the first night everybody arrives, and every day a tenth of them is seen again; each box is cut
/// off on two days of three. One box has no link for all 37 days and then catches up.
fn noto(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    const BOXES: usize = 109;
    const PEOPLE: usize = 34_173;
    const DAYS: u64 = 37;
    let mut dice = Dice::new();
    let mut hall = Hall::new(&folder.join("noto"), grants(BOXES, None))?;
    let each = PEOPLE.div_ceil(BOXES);
    let mut boxes = Vec::with_capacity(BOXES);
    for place in 0..BOXES {
        let people = people(each.min(PEOPLE - (place * each).min(PEOPLE)), &mut dice);
        boxes.push((Writer::new(place, START)?, people));
    }
    let (mut connections, mut written) = (0_usize, 0_usize);
    let began = Instant::now();
    for day in 0..DAYS {
        let morning = START.plus(day * DAY);
        let event = if day == 0 { PresenceEvent::Arrived } else { PresenceEvent::Seen };
        for (place, (writer, people)) in boxes.iter_mut().enumerate() {
            if day > 0 {
                writer.turn_to(morning)?;
            }
            let seen = if day == 0 {
                people.as_slice()
            } else {
                people.chunks(people.len().div_ceil(10)).nth(usize::try_from(day % 10)?).unwrap_or_default()
            };
            writer.write(seen, event, morning, 0, &mut dice)?;
            written += seen.len();
            let has_link = (u64::try_from(place)? + day).is_multiple_of(3);
            if place > 0 && has_link {
                hall.visit(writer)?;
                connections += 1;
            }
        }
    }
    for (writer, _) in boxes.iter().skip(1) {
        hall.visit(writer)?;
        connections += 1;
    }
    let before = hall.total();
    let late = boxes.first().context("no box")?;
    hall.visit(&late.0)?;
    let catch_up = hall.total() - before;
    ensure!(hall.store.record_count()? == u64::try_from(written)?, "not converged");
    report.add("noto_records", number(written), "", Better::Neither);
    report.add("noto_bytes_per_record", hall.total() / number(written), "B", Better::Lower);
    report.add("noto_connections", number(connections + 1), "", Better::Neither);
    report.add("noto_catchup_mb", catch_up / 1e6, "MB", Better::Lower);
    report.add("noto_catchup_s", catch_up * 8.0 / 1e6, "s at 1 Mbit/s", Better::Lower);
    report.add("noto_server_cpu_s", hall.seconds, "s", Better::Lower);
    report.add("noto_wall_s", began.elapsed().as_secs_f64(), "s", Better::Neither);
    report.add("noto_memory_mib", crate::process::anonymous_mib(std::process::id())?, "MiB", Better::Lower);
    Ok(())
}
