//! The town, and what may happen to it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Context as _;
use hinamori_model::{BoxId, Hlc, IncidentId, PersonId, RecordId, SiteId, UnixMillis};
use hinamori_record::{
    ActorId, Change, ChangeHash, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record,
};
use hinamori_store_sqlite::Durability;
use hinamori_sync::town::{ClosedIncident, Incidents, Package, RootKey, SignedPackage, TownSecret};
use hinamori_sync::{
    CutOff, EVERYWHERE, Effects, Fork, Grant, Grants, HandOver, HandOverDigest, Held, ReceiptKey, Retention,
    Retentions, SealKey, SealedBatch, Session, Side, Trusted, headquarters, verify,
};

use crate::carriers;
use crate::check::{self, Broken};
use crate::dice::Dice;
use crate::erasing::ledger_key;
use crate::line::{End, Line};
use crate::machine::{Machine, copy_folder, person};

/// How large a town is and how long its day.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Boxes, each at a site of its own.
    pub boxes: usize,
    /// Things that happen before it is healed.
    pub steps: usize,
    /// People of the town.
    pub people: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self { boxes: 4, steps: 160, people: 24 }
    }
}

/// What a town went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Actions that were acknowledged.
    pub acknowledged: usize,
    /// Of those, on disks that were taken away before anybody else had them.
    pub gone_with_a_disk: usize,
    /// Machines whose power failed.
    pub power_cuts: usize,
    /// Servers that came back with an old disk or an empty one.
    pub servers_lost: usize,
    /// Disks that were copied, and then two boxes ran on.
    pub clones: usize,
    /// Writers of whom the server found two histories.
    pub forks: usize,
    /// Connections that broke.
    pub broken_lines: usize,
    /// Boxes that met without the server.
    pub meetings: usize,
    /// Sticks that were read in.
    pub sticks: usize,
    /// Times at which the town said from which day on it keeps what was recorded.
    pub retentions: usize,
    /// Words of headquarters on incidents.
    pub rulings: usize,
    /// Incidents that the town closed.
    pub closings: usize,
    /// Pieces that boxes handed over.
    pub handed_over: usize,
    /// People of whom the town destroyed what was written down.
    pub erased: usize,
    /// Boxes that were in a drill and heard that another one had ended it.
    pub drills_ended: usize,
    /// Connections that the server took while it heard an older one of the same box, or a newer one.
    pub overlaps: usize,
    /// Nights that fell: another day is another document.
    pub nights: usize,
    /// Bytes that came to somebody.
    pub bytes: usize,
}

/// With which disk a machine goes on.
#[derive(Debug, Clone, Copy)]
enum Disk {
    /// Its own, as it was left.
    Own,
    /// Another one, or an older state of it.
    Older,
}

/// An action that was answered with "recorded".
#[derive(Debug, Clone, Copy)]
pub(crate) struct Acknowledged {
    pub(crate) scope: DocumentScope,
    pub(crate) actor: ActorId,
    pub(crate) sequence: u32,
    pub(crate) hash: ChangeHash,
    /// The box that said so, by its place.
    pub(crate) at: usize,
}

const ROOT: [u8; 32] = [9; 32];
const START: UnixMillis = UnixMillis::new(1_791_774_000_000);
const HOUR: u64 = 3_600_000;
/// Incidents: boxes opened the first two, and headquarters joins, splits and names them.
pub(crate) const INCIDENTS: [IncidentId; 3] =
    [IncidentId::from_bytes([1; 16]), IncidentId::from_bytes([4; 16]), IncidentId::from_bytes([5; 16])];
/// The drill. Headquarters says nothing of it.
pub(crate) const DRILL: IncidentId = IncidentId::from_bytes([6; 16]);
/// All.
pub(crate) const EVERY_INCIDENT: [IncidentId; 4] = {
    let [one, two, three] = INCIDENTS;
    [one, two, three, DRILL]
};
/// Incidents that boxes opened.
const OPENED: usize = 2;
/// A box has said again long before what counts of its old days.
const MOST_PORTIONS: usize = 200;
/// Under which name a box remembers the server's key table.
const SERVER: &str = "server";
/// Bytes that are on their way at most before a side waits.
const WINDOW: usize = 16_000;

/// See the module.
pub struct World {
    seed: u64,
    dice: Dice,
    plan: Plan,
    town: SignedPackage,
    pub(crate) grants: Grants,
    folder: tempfile::TempDir,
    folders: usize,
    pub(crate) boxes: Vec<Machine>,
    /// Where each box stands; a clone stands where the first one does.
    sites: Vec<SiteId>,
    pub(crate) server: Machine,
    lines: Vec<Line>,
    pub(crate) now: UnixMillis,
    steps: usize,
    pub(crate) acknowledged: Vec<Acknowledged>,
    written: Vec<RecordId>,
    /// Actors of which two machines wrote one history each.
    pub(crate) forked: BTreeSet<ActorId>,
    backup: Option<PathBuf>,
    sticks: Vec<Vec<u8>>,
    pub(crate) cut_offs: Vec<CutOff>,
    pub(crate) retentions: Retentions,
    /// What the town has closed.
    pub(crate) closed: Vec<ClosedIncident>,
    /// What stood in the ledger when it was closed.
    pub(crate) ledger: BTreeSet<ChangeHash>,
    /// What boxes owed then, and wrote in it since.
    pub(crate) owed: Vec<Acknowledged>,
    /// The pieces that came.
    pub(crate) handed: BTreeMap<HandOverDigest, HandOver>,
    /// Whom the town erased.
    pub(crate) erased: BTreeSet<(IncidentId, PersonId)>,
    /// When boxes ended the drill in earnest.
    pub(crate) drill_ends: Vec<UnixMillis>,
    /// All that was ever acknowledged.
    pub(crate) said: Vec<(IncidentId, SiteId, Record)>,
    /// Somebody goes on with an old disk: keys of people may be gone.
    pub(crate) has_older_disks: bool,
    /// Something acknowledged was on one disk only, and that is gone.
    pub(crate) has_lost: bool,
    /// What the town says of the forks that its server found.
    forks: Vec<Fork>,
    /// What the server ever signed for.
    confirmed: BTreeSet<(DocumentScope, ActorId, u32, ChangeHash)>,
    pub(crate) summary: Summary,
}

fn site(number: usize) -> SiteId {
    SiteId::from_bytes([u8::try_from(number).unwrap_or(u8::MAX).saturating_add(0x60); 16])
}

/// The server's.
fn receipt_key() -> ReceiptKey {
    ReceiptKey::from_bytes(&[7; 32])
}

/// The key of headquarters' desk.
fn desk() -> SealKey {
    SealKey::from_bytes(&[0xD5; 32])
}

/// Where headquarters writes.
pub(crate) fn headquarters_site() -> SiteId {
    headquarters(&root())
}

fn root() -> [u8; 32] {
    RootKey::from_bytes(&ROOT).public()
}

fn desk_grant() -> Grant {
    Grant { seal_key: desk().public(), tls_key: [0; 32], site: headquarters_site(), reads: Vec::new() }
}

fn seed_of(number: usize) -> [u8; 32] {
    [u8::try_from(number).unwrap_or(u8::MAX).saturating_add(1); 32]
}

impl World {
    /// A town that was just set up.
    ///
    /// # Errors
    /// The disk's.
    pub fn new(seed: u64, plan: Plan) -> anyhow::Result<Self> {
        let mut dice = Dice::new(seed);
        let sites: Vec<SiteId> = (0..plan.boxes).map(site).collect();
        let boxes: Vec<(BoxId, Grant)> = sites
            .iter()
            .enumerate()
            .map(|(number, own)| {
                let key = SealKey::from_bytes(&seed_of(number));
                let others = sites.iter().copied().filter(|of| of != own && dice.once_in(2));
                let reads = others.chain([headquarters_site()]).collect();
                (key.box_id(), Grant { seal_key: key.public(), tls_key: [0; 32], site: *own, reads })
            })
            .chain([(desk().box_id(), desk_grant())])
            .collect();
        let grants = Grants(boxes.iter().cloned().collect());
        let town =
            RootKey::from_bytes(&ROOT).sign(&package(1, boxes, Vec::new())).context("sign the package")?;
        let shared_memory = PathBuf::from("/dev/shm");
        let folder =
            if shared_memory.is_dir() { tempfile::tempdir_in(shared_memory)? } else { tempfile::tempdir()? };
        let root = root();
        let machine =
            |name: String, seed| Machine::start(folder.path().join(name), seed, (START, 0), (&town, &root));
        let machines: anyhow::Result<Vec<_>> =
            (0..plan.boxes).map(|number| machine(format!("box-{number}"), Some(seed_of(number)))).collect();
        let server = machine("server".to_owned(), None)?;
        Ok(Self {
            seed,
            dice,
            plan,
            town,
            grants,
            boxes: machines?,
            sites,
            server,
            folder,
            folders: 0,
            lines: Vec::new(),
            now: START,
            steps: 0,
            acknowledged: Vec::new(),
            written: Vec::new(),
            forked: BTreeSet::new(),
            backup: None,
            sticks: Vec::new(),
            cut_offs: Vec::new(),
            retentions: Retentions::default(),
            closed: Vec::new(),
            ledger: BTreeSet::new(),
            owed: Vec::new(),
            handed: BTreeMap::new(),
            erased: BTreeSet::new(),
            drill_ends: Vec::new(),
            said: Vec::new(),
            has_older_disks: false,
            has_lost: false,
            forks: Vec::new(),
            confirmed: BTreeSet::new(),
            summary: Summary::default(),
        })
    }

    fn broken(&self, what: impl Into<String>) -> anyhow::Error {
        Broken { seed: self.seed, step: self.steps, what: what.into() }.into()
    }

    /// One thing happens.
    ///
    /// # Errors
    /// [`Broken`] inside it, or the disk's.
    pub fn step(&mut self) -> anyhow::Result<()> {
        self.steps = self.steps.saturating_add(1);
        self.now = self.now.plus(1_000 + self.dice.number() % 60_000);
        let at = self.dice.below(self.boxes.len());
        let (in_drill, ended) = (self.boxes_in_drill(), self.drill_ends.len());
        match self.dice.below(242) {
            0..80 => self.deliver_something()?,
            80..130 => self.tap(at)?,
            130..150 => self.seal_and_look(at)?,
            150..170 => self.connect(at)?,
            170..178 => self.break_a_line(),
            178..182 => self.reboot(at)?,
            182..186 => self.power_cut(at)?,
            186..189 => self.server_fails()?,
            189..191 => self.step_clock(at),
            191 => self.clone_box(at)?,
            192 => self.restore_box(at)?,
            193..195 => self.back_up()?,
            195..200 => self.meet(at)?,
            200..204 => self.write_stick(at)?,
            204..209 => self.read_stick(at)?,
            209..212 => self.rule(at)?,
            212..216 => self.night_falls(),
            216..219 => self.keep()?,
            219..224 => self.say_again(at)?,
            224..228 => self.say_of_incidents()?,
            228..234 => self.begin_or_end_a_drill(at)?,
            234..236 => self.close()?,
            236..238 => self.erase_somebody()?,
            _ => self.tidy(at)?,
        }
        self.note_forks();
        // Whoever ended it at this step did not hear of it.
        let heard = in_drill.saturating_sub(self.boxes_in_drill());
        let heard = heard.saturating_sub(self.drill_ends.len().saturating_sub(ended));
        self.summary.drills_ended = self.summary.drills_ended.saturating_add(heard);
        check::after_step(self).map_err(|what| self.broken(what))
    }

    fn boxes_in_drill(&self) -> usize {
        self.boxes.iter().filter(|machine| machine.drill().is_some()).count()
    }

    /// Two machines that run under one name write two histories.
    fn note_forks(&mut self) {
        for (at, machine) in self.boxes.iter().enumerate() {
            let is_twin = |other: &Machine| other.actor() == machine.actor();
            if self.boxes.iter().skip(at.saturating_add(1)).any(is_twin) {
                self.forked.extend(machine.actor());
            }
        }
    }

    fn scope(&self, at: usize, now: UnixMillis) -> Option<DocumentScope> {
        let site = *self.sites.get(at)?;
        // A clone is in the incident of the box that it was copied from.
        let place = self.sites.iter().position(|of| *of == site)?;
        let is_drill = self.boxes.get(at)?.drill().is_some();
        let opened = *INCIDENTS.get(place % OPENED)?;
        let [.., next] = INCIDENTS;
        let is_closed = self.boxes.get(at)?.is_closed(opened);
        let incident = if is_drill {
            DRILL
        } else if is_closed {
            next
        } else {
            opened
        };
        Some(DocumentScope { incident, site, period: Period::of(now) })
    }

    fn tap(&mut self, at: usize) -> anyhow::Result<()> {
        const EVENTS: [PresenceEvent; 5] = [
            PresenceEvent::Arrived,
            PresenceEvent::Seen,
            PresenceEvent::Out,
            PresenceEvent::Left,
            PresenceEvent::ToldElsewhere,
        ];
        let now = self.clock_of(at);
        let Some(scope) = self.scope(at, now) else { return Ok(()) };
        let mut facts = Vec::new();
        for _ in 0..=self.dice.below(3) {
            let who = person(self.dice.below(self.plan.people));
            let event = self.dice.one_of(&EVENTS).copied().unwrap_or(PresenceEvent::Seen);
            facts.push(Fact::presence(who, event, Proof::DECLARED));
        }
        if self.dice.once_in(5) {
            let count = |dice: &mut Dice| u16::try_from(dice.below(4)).unwrap_or(0);
            let [adults, children, infants] = [(); 3].map(|()| count(&mut self.dice));
            facts.push(Fact::HeadCount { adults, children, infants });
        }
        if self.dice.once_in(12) {
            facts.push(Fact::RollCall { since: UnixMillis::new(now.get() / HOUR * HOUR) });
        }
        if self.dice.once_in(6)
            && let Some(of) = self.dice.one_of(&self.written)
        {
            facts.push(Fact::Undo { of: *of });
        }
        let Some(machine) = self.boxes.get_mut(at) else { return Ok(()) };
        let who = self.dice.once_in(6).then(|| person(self.dice.below(self.plan.people)));
        let (scope, change, records) = machine.write(scope, (facts, who), now, &mut self.dice)?;
        self.written.extend(records.iter().map(|record| record.id));
        self.said.extend(records.into_iter().map(|record| (scope.incident, scope.site, record)));
        self.acknowledge(at, scope, &change);
        Ok(())
    }

    /// A drill begins everywhere where there is none, or ends at one box for everybody since something happened in earnest.
    fn begin_or_end_a_drill(&mut self, at: usize) -> anyhow::Result<()> {
        let now = self.clock_of(at);
        let machine = self.boxes.get_mut(at).context("no box")?;
        if machine.drill().is_none() {
            for machine in self.boxes.iter_mut().filter(|machine| machine.drill().is_none()) {
                machine.turn_to(Some(self.now), self.now.plus(machine.offset))?;
            }
            return Ok(());
        }
        let scope = DocumentScope { incident: DRILL, site: EVERYWHERE, period: Period::of(now) };
        let (scope, change, records) =
            machine.write(scope, (vec![Fact::DrillEnded], None), now, &mut self.dice)?;
        machine.turn_to(None, now)?;
        self.drill_ends.push(self.now);
        self.said.extend(records.into_iter().map(|record| (scope.incident, scope.site, record)));
        self.acknowledge(at, scope, &change);
        Ok(())
    }

    fn acknowledge(&mut self, at: usize, scope: DocumentScope, change: &Change) {
        let Change { actor, sequence, hash, .. } = *change;
        if self.closed.iter().any(|closed| closed.incident == scope.incident) {
            // It has not heard yet.
            self.owed.push(Acknowledged { scope, actor, sequence, hash, at });
        }
        self.acknowledged.push(Acknowledged { scope, actor, sequence, hash, at });
        self.summary.acknowledged = self.summary.acknowledged.saturating_add(1);
    }

    fn clock_of(&self, at: usize) -> UnixMillis {
        self.now.plus(self.boxes.get(at).map_or(0, |machine| machine.offset))
    }

    fn seal_and_look(&mut self, at: usize) -> anyhow::Result<()> {
        if let Some(machine) = self.boxes.get_mut(at) {
            machine.seal()?;
        }
        for line in self.lines.iter_mut().filter(|line| line.at == at) {
            *line.looks(End::Box) = true;
        }
        Ok(())
    }

    fn box_id(&self, at: usize) -> Option<BoxId> {
        self.boxes.get(at)?.id()
    }

    /// The box gives up what connection it has and makes another one. The server hears of it when the first bytes come.
    fn connect(&mut self, at: usize) -> anyhow::Result<()> {
        self.cut_lines_of(at);
        let root = root();
        let now = self.clock_of(at);
        let Some(machine) = self.boxes.get_mut(at) else { return Ok(()) };
        machine.seal()?;
        let (town, grants) = (Some(machine.town().clone()), self.grants.clone());
        let (waiting, keys) = (machine.store().waiting()?, machine.absorbed_of(SERVER)?);
        let held = Held { vectors: machine.store().vectors(), waiting: &waiting, keys, ..Held::NOTHING };
        let (session, hello) = Session::new(Side::Box, root, town, grants, held);
        let mut line = Line::new(at, session, &mut self.dice);
        line.send(End::Box, hello, now, &mut self.dice);
        self.lines.push(line);
        Ok(())
    }

    /// One connection a box: the one that comes last takes the place of any other, also of a clone's, and of one that was made later.
    fn accept(&mut self, which: usize) -> anyhow::Result<()> {
        let Some(peer) = self.lines.get(which).and_then(|line| self.box_id(line.at)) else { return Ok(()) };
        let ids: Vec<_> = self.lines.iter().map(|line| self.box_id(line.at)).collect();
        let others = self.lines.iter_mut().zip(ids).enumerate();
        for (_, (line, _)) in others.filter(|(place, (_, id))| *place != which && *id == Some(peer)) {
            if line.session(End::Server).is_some() {
                line.leave(End::Server);
                self.summary.overlaps = self.summary.overlaps.saturating_add(1);
            }
        }
        let root = root();
        let (town, grants) = (Some(self.town.clone()), self.grants.clone());
        let keys = self.server.absorbed_of(&peer.to_string())?;
        let held = Held { vectors: self.server.store().vectors(), keys, ..Held::NOTHING };
        let (session, hello) = Session::new(Side::Server { peer }, root, town, grants, held);
        let line = self.lines.get_mut(which).context("no line")?;
        line.accept(session);
        line.send(End::Server, hello, self.now, &mut self.dice);
        Ok(())
    }

    /// A link dies, and one end hears of it, or both, or none.
    fn break_a_line(&mut self) {
        let which = self.dice.below(self.lines.len());
        let Some(line) = self.lines.get_mut(which) else { return };
        for (to, end) in [(End::Server, End::Box), (End::Box, End::Server)] {
            line.cut(to, &mut self.dice);
            if self.dice.once_in(2) {
                line.leave(end);
            }
        }
        self.summary.broken_lines = self.summary.broken_lines.saturating_add(1);
    }

    fn deliver_something(&mut self) -> anyhow::Result<()> {
        self.lines.retain_mut(|line| !line.is_over());
        if self.lines.is_empty() {
            return Ok(());
        }
        let which = self.dice.below(self.lines.len());
        let to = if self.dice.once_in(2) { End::Box } else { End::Server };
        let most = if self.dice.once_in(3) { usize::MAX } else { 1 + self.dice.below(400) };
        self.deliver(which, to, most, self.now)
    }

    fn deliver(&mut self, which: usize, to: End, most: usize, until: UnixMillis) -> anyhow::Result<()> {
        // A clone and its original that notice it in the same second take the same new name, and notice it again.
        self.note_forks();
        let Some(line) = self.lines.get_mut(which) else { return Ok(()) };
        let (at, bytes) = (line.at, line.take(to, most, until));
        self.summary.bytes = self.summary.bytes.saturating_add(bytes.len());
        if to == End::Server && line.is_new() && !bytes.is_empty() {
            self.accept(which)?;
        }
        let Some(line) = self.lines.get_mut(which) else { return Ok(()) };
        let Some(session) = line.session(to) else {
            // Nobody is there.
            *line.looks(to) = false;
            return Ok(());
        };
        let effects = session.received(&bytes).context("an honest end was called dishonest")?;
        let now = self.clock_of(at);
        self.carry_out(which, to, effects, now)?;
        self.fill(which, to)
    }

    fn carry_out(&mut self, which: usize, to: End, effects: Effects, now: UnixMillis) -> anyhow::Result<()> {
        let Effects {
            store,
            quarantine,
            receipts,
            waiting,
            town,
            keys,
            hand_overs,
            handed_over,
            look_up,
            send,
            ..
        } = effects;
        if let Some((reason, _)) = quarantine.first() {
            return Err(self.broken(format!("an honest batch was refused: {reason}")));
        }
        let peer = self.lines.get(which).and_then(|line| self.box_id(line.at)).context("a line of no box")?;
        let Some(line) = self.lines.get_mut(which) else { return Ok(()) };
        let machine = match to {
            End::Box => self.boxes.get_mut(line.at).context("a line of no box")?,
            End::Server => &mut self.server,
        };
        line.send(to, send, self.now, &mut self.dice);
        if let Some(town) = town {
            machine.take_town(&town, &root(), &mut self.dice)?;
        }
        let peer = if to == End::Box { SERVER.to_owned() } else { peer.to_string() };
        for rows in keys {
            machine.take_keys(&peer, &rows)?;
        }
        for piece in hand_overs {
            if let Some(session) = line.session(to) {
                let bytes = session.handed_over(piece.digest());
                line.send(to, bytes, self.now, &mut self.dice);
            }
            self.handed.entry(piece.digest()).or_insert(piece);
        }
        for digest in handed_over {
            machine.handed_over(&digest)?;
        }
        for receipt in receipts {
            let holds = machine.store_mut().take_receipt(&receipt, &receipt_key().public())?;
            let (scope, actor, upto) = (receipt.scope, receipt.actor, receipt.upto);
            if holds {
                let freed = machine.store().hash(scope, actor, upto)?.map(|hash| (scope, actor, upto, hash));
                if !freed.is_some_and(|freed| self.confirmed.contains(&freed)) {
                    return Err(self.broken("a receipt freed what the server never had"));
                }
            }
            let is_of_a_fork = self.forked.contains(&receipt.actor);
            if !holds && !is_of_a_fork && machine.store().held(receipt.scope, receipt.actor) >= receipt.upto {
                return Err(self.broken("a receipt for another history"));
            }
        }
        let Some(line) = self.lines.get_mut(which) else { return Ok(()) };
        let machine = match to {
            End::Box => self.boxes.get_mut(line.at).context("a line of no box")?,
            End::Server => &mut self.server,
        };
        let asked = waiting
            .into_iter()
            .flat_map(|(scope, actors)| actors.into_iter().map(move |(actor, upto)| (scope, actor, upto)));
        let mut durable: Vec<(DocumentScope, ActorId, u32)> = asked.collect();
        if !store.is_empty() {
            // What a box hears of the server comes again after a power cut.
            let durability = if to == End::Box { Durability::Relaxed } else { Durability::Durable };
            let taken = machine.take(&store, durability, now)?.into_iter();
            durable.extend(taken.map(|(scope, actor)| (scope, actor, u32::MAX)));
        }
        for (scope, actor, most) in durable.into_iter().filter(|_| to == End::Server) {
            let upto = machine.store().held(scope, actor).min(most);
            if let Some(hash) = machine.store().hash(scope, actor, upto)? {
                self.confirmed.insert((scope, actor, upto, hash));
                machine.promise([(scope, actor)]);
                let receipt = receipt_key().sign((scope, actor, upto), hash, now);
                let bytes = line.session(to).map(|session| session.receipt(&receipt)).unwrap_or_default();
                line.send(to, bytes, self.now, &mut self.dice);
            }
        }
        if !store.is_empty() && to == End::Server {
            self.lines.iter_mut().for_each(|line| *line.looks(End::Server) = true);
        }
        if let Some(line) = self.lines.get_mut(which) {
            *line.looks(to) |= look_up;
        }
        Ok(())
    }

    /// Offers a portion of what the other end lacks, if there is room on the way.
    fn fill(&mut self, which: usize, from: End) -> anyhow::Result<()> {
        let Some(line) = self.lines.get_mut(which) else { return Ok(()) };
        if !*line.looks(from) || line.coming(from.other()) > WINDOW {
            return Ok(());
        }
        let machine = match from {
            End::Box => self.boxes.get(line.at).context("a line of no box")?,
            End::Server => &self.server,
        };
        // What is closed goes first, then keys, then records.
        if from == End::Box
            && let Some(piece) = machine.next_piece()?
            && *line.piece() != Some(piece.digest())
            && let Some(session) = line.session(from).filter(|session| session.peer_keys().is_some())
        {
            let (digest, bytes) = (piece.digest(), session.hand_over(piece));
            *line.piece() = Some(digest);
            line.send(from, bytes, self.now, &mut self.dice);
            return Ok(());
        }
        let mut told = *line.keys_told(from);
        let Some(session) = line.session(from) else { return Ok(()) };
        if let Some(absorbed) = session.peer_keys()
            && let Some(rows) = machine.tell_keys(&mut told, absorbed)?
        {
            let bytes = session.tell_keys(rows);
            *line.keys_told(from) = told;
            line.send(from, bytes, self.now, &mut self.dice);
            return Ok(());
        }
        *line.keys_told(from) = told;
        let Some(session) = line.session(from) else { return Ok(()) };
        let offerable = session.offerable();
        let batches = machine.missing_at(session.peer(), |scope| offerable.includes(scope))?;
        let has_more = !batches.is_empty();
        let eldest = batches.last().map(|batch| batch.seal.scope.period.day());
        let bytes = session.offer(batches);
        if let Some(eldest) = eldest {
            let is_newer = |scope: &DocumentScope| offerable.includes(scope) && scope.period.day() > eldest;
            if !machine.missing_at(session.peer(), is_newer)?.is_empty() {
                return Err(self.broken("history went before what is newer"));
            }
        }
        *line.looks(from) = has_more;
        line.send(from, bytes, self.now, &mut self.dice);
        Ok(())
    }

    fn cut_lines_of(&mut self, at: usize) {
        self.lines.iter_mut().filter(|line| line.at == at).for_each(|line| line.leave(End::Box));
    }

    fn fresh_folder(&mut self) -> PathBuf {
        self.folders = self.folders.saturating_add(1);
        self.folder.path().join(format!("disk-{}", self.folders))
    }

    /// Goes on with another disk. The old one is thrown away.
    fn restart_box(&mut self, at: usize, disk: PathBuf, whose: Disk) -> anyhow::Result<()> {
        self.cut_lines_of(at);
        let now = self.clock_of(at);
        let Some(machine) = self.boxes.get_mut(at) else { return Ok(()) };
        let old = machine.folder().to_owned();
        let started =
            Machine::start(disk.clone(), machine.seed(), (now, machine.offset), (&self.town, &root()))?;
        let before = std::mem::replace(machine, started);
        let is_kept = !matches!(whose, Disk::Own) || machine.keeps_what_it_promised(&before);
        let is_in_drill = !matches!(whose, Disk::Own) || machine.drill() == before.drill();
        self.note_old_days_gone(&before)?;
        drop(before);
        if !is_kept {
            return Err(self.broken(format!("box {at} lost what it was not to lose")));
        }
        if !is_in_drill {
            return Err(self.broken(format!("box {at} forgot whether it is in a drill")));
        }
        if old != disk {
            std::fs::remove_dir_all(old)?;
        }
        Ok(())
    }

    fn reboot(&mut self, at: usize) -> anyhow::Result<()> {
        let disk = self.fresh_folder();
        self.boxes.get(at).context("no box")?.copy(&disk)?;
        self.restart_box(at, disk, Disk::Own)
    }

    fn power_cut(&mut self, at: usize) -> anyhow::Result<()> {
        let disk = self.fresh_folder();
        self.boxes.get(at).context("no box")?.fail(&disk, &mut self.dice)?;
        self.summary.power_cuts = self.summary.power_cuts.saturating_add(1);
        self.restart_box(at, disk, Disk::Own)?;
        // What it promised is here. What it heard of the server may have been the last copy, if the writer's disk and the server's went
        // before it was written: three disks in one minute.
        self.forget_what_is_gone();
        Ok(())
    }

    fn server_fails(&mut self) -> anyhow::Result<()> {
        let disk = self.fresh_folder();
        let mut whose = Disk::Older;
        match (self.dice.below(3), &self.backup) {
            (0, _) => {
                whose = Disk::Own;
                self.server.fail(&disk, &mut self.dice)?;
                self.summary.power_cuts = self.summary.power_cuts.saturating_add(1);
            }
            (1, Some(backup)) => {
                copy_folder(backup, &disk)?;
                self.summary.servers_lost = self.summary.servers_lost.saturating_add(1);
            }
            _ => self.summary.servers_lost = self.summary.servers_lost.saturating_add(1),
        }
        self.lines.iter_mut().for_each(|line| line.leave(End::Server));
        let old = self.server.folder().to_owned();
        let started = Machine::start(disk, None, (self.now, 0), (&self.town, &root()))?;
        let before = std::mem::replace(&mut self.server, started);
        let is_kept = !matches!(whose, Disk::Own) || self.server.keeps_what_it_promised(&before);
        self.note_old_days_gone(&before)?;
        drop(before);
        if !is_kept {
            return Err(self.broken("the server lost what it signed for"));
        }
        // Whoever brings an old copy back brings the newest package, and erases again whom the copy has not heard of.
        self.server.take_town(&self.town, &root(), &mut self.dice)?;
        for (incident, who) in &self.erased {
            self.server.erase(*incident, *who, self.now)?;
        }
        std::fs::remove_dir_all(old)?;
        self.forget_what_is_gone();
        Ok(())
    }

    fn back_up(&mut self) -> anyhow::Result<()> {
        let disk = self.fresh_folder();
        self.server.copy(&disk)?;
        self.backup = Some(disk);
        Ok(())
    }

    /// Two boxes are on one network until it breaks.
    fn meet(&mut self, at: usize) -> anyhow::Result<()> {
        let other = self.dice.below(self.boxes.len());
        if self.box_id(at) == self.box_id(other) {
            return Ok(());
        }
        let most = if self.dice.once_in(2) { usize::MAX } else { self.dice.below(6_000) };
        let (now, root) = ([at, other].map(|at| self.clock_of(at)), root());
        let machines = self.boxes.get_disjoint_mut([at, other]).context("two boxes")?;
        match carriers::meet(machines, root, &self.grants, now, most)? {
            Ok(bytes) => self.summary.bytes = self.summary.bytes.saturating_add(bytes),
            Err(what) => return Err(self.broken(what)),
        }
        self.summary.meetings = self.summary.meetings.saturating_add(1);
        self.lines.iter_mut().for_each(|line| *line.looks(End::Box) = true);
        Ok(())
    }

    fn write_stick(&mut self, at: usize) -> anyhow::Result<()> {
        let (now, root) = (self.clock_of(at), root());
        let machine = self.boxes.get_mut(at).context("no box")?;
        let mut stick = carriers::write_stick(machine, root, &self.grants, now, &mut self.dice)?;
        if self.dice.once_in(3) {
            // Somebody pulled it out too early.
            stick.truncate(self.dice.below(stick.len()));
        }
        self.sticks.push(stick);
        Ok(())
    }

    /// A stick, also an old one and one that was read in before, at a box or at the town hall.
    fn read_stick(&mut self, at: usize) -> anyhow::Result<()> {
        let Some(stick) = self.dice.one_of(&self.sticks).cloned() else { return Ok(()) };
        let (mut now, root) = (self.clock_of(at), root());
        let machine = if self.dice.once_in(2) {
            now = self.now;
            &mut self.server
        } else {
            self.boxes.get_mut(at).context("no box")?
        };
        if let Err(what) = carriers::read_stick(machine, &stick, root, &self.grants, now)? {
            return Err(self.broken(what));
        }
        self.summary.sticks = self.summary.sticks.saturating_add(1);
        self.lines.iter_mut().for_each(|line| {
            *line.looks(End::Box) = true;
            *line.looks(End::Server) = true;
        });
        Ok(())
    }

    /// The town closes the incident of every second box: its server stands still, writes the ledger, and says it in a new package.
    fn close(&mut self) -> anyhow::Result<()> {
        // What headquarters ruled on may not be closed, and of what has two histories nobody owes anything.
        if !self.seed.is_multiple_of(2) || !self.closed.is_empty() || !self.forked.is_empty() {
            return Ok(());
        }
        let [_, incident, _] = INCIDENTS;
        self.lines.iter_mut().for_each(|line| line.leave(End::Server));
        self.ledger = check::hashes(self.server.store(), Some(incident)).map_err(anyhow::Error::msg)?;
        for (at, machine) in self.boxes.iter_mut().enumerate() {
            machine.seal()?;
            let owed = machine.store().unconfirmed_batches(incident)?;
            for SealedBatch { seal, changes } in &owed {
                let scope = seal.scope;
                self.owed.extend(changes.iter().map(|change| {
                    let Change { actor, sequence, hash, .. } = *change;
                    Acknowledged { scope, actor, sequence, hash, at }
                }));
            }
        }
        self.closed = vec![ClosedIncident { incident, at: self.now }];
        let boxes = self.grants.0.iter().map(|(id, grant)| (*id, grant.clone())).collect();
        let town = RootKey::from_bytes(&ROOT).sign(&package(2, boxes, self.closed.clone()));
        self.town = town.context("sign the package")?;
        self.server.take_town(&self.town, &root(), &mut self.dice)?;
        self.summary.closings = self.summary.closings.saturating_add(1);
        Ok(())
    }

    /// The town destroys what was written down of somebody in an incident.
    fn erase_somebody(&mut self) -> anyhow::Result<()> {
        let incident = *self.dice.one_of(&EVERY_INCIDENT).context("no incident")?;
        let who = person(self.dice.below(self.plan.people));
        if self.server.is_closed(incident) {
            return Ok(());
        }
        self.server.erase(incident, who, self.now)?;
        self.erased.insert((incident, who));
        self.lines.iter_mut().for_each(|line| *line.looks(End::Server) = true);
        self.summary.erased = self.summary.erased.saturating_add(1);
        Ok(())
    }

    /// Whether any server, also one that is gone, ever signed for it.
    pub(crate) fn was_signed_for(&self, done: &Acknowledged) -> bool {
        let Acknowledged { scope, actor, sequence, .. } = *done;
        let from = (scope, actor, sequence, ChangeHash([0; 32]));
        self.confirmed.range(from..).next().is_some_and(|(of, writer, ..)| (*of, *writer) == (scope, actor))
    }

    /// Things that happened so far.
    pub(crate) const fn steps(&self) -> usize {
        self.steps
    }

    /// Whether a document is of a day that is kept, and of no closed incident.
    pub(crate) fn keeps(&self, scope: &DocumentScope) -> bool {
        self.retentions.keep(scope) && !self.closed.iter().any(|closed| closed.incident == scope.incident)
    }

    /// Headquarters joins, splits or names an incident, at the server.
    fn say_of_incidents(&mut self) -> anyhow::Result<()> {
        if self.seed.is_multiple_of(2) {
            // Headquarters says nothing in every second town: what it says later of days that were dropped changes what counted.
            return Ok(());
        }
        let mut any = || self.dice.one_of(&INCIDENTS).copied().context("no incident");
        let (incident, into) = (any()?, any()?);
        let fact = match self.dice.below(5) {
            0 => Fact::IncidentNamed { name: format!("{} 番目", self.steps) },
            1 | 2 => Fact::IncidentJoined { into },
            _ => {
                let sites = self.sites.iter().copied().filter(|_| self.dice.once_in(2)).collect();
                let since = UnixMillis::new(self.now.get().saturating_sub(self.dice.number() % (2 * HOUR)));
                Fact::IncidentSplit { since, sites, into }
            }
        };
        let key = desk();
        let scope = DocumentScope { incident, site: headquarters_site(), period: Period::of(self.now) };
        let actor = ActorId::new(key.box_id(), u32::try_from(self.steps)?);
        let mut document = Document::new(scope, actor)?;
        let ids = document.record_ids(&[self.now], false, || anyhow::Ok(self.dice.bytes()))?;
        let at = Hlc::from_packed(self.now.get() << 16);
        let record = |id| Record { id, at, clock_unsure: false, lane: None, fact: fact.clone() };
        let records: Vec<Record> = ids.into_iter().map(record).collect();
        let changes = vec![document.append(&records, self.now)?];
        let batch = SealedBatch { seal: key.seal(scope, None, &changes)?, changes };
        let _taken = self.server.take(&[verify(batch, &self.grants)?], Durability::Durable, self.now)?;
        self.lines.iter_mut().for_each(|line| *line.looks(End::Server) = true);
        self.summary.rulings = self.summary.rulings.saturating_add(1);
        Ok(())
    }

    /// The town says anew how much of one box is believed; every machine hears of it when it does.
    fn rule(&mut self, at: usize) -> anyhow::Result<()> {
        let Some(of) = self.box_id(at) else { return Ok(()) };
        let mut trusted = Vec::new();
        for (scope, actors) in self.server.store().received_of(of, self.now)? {
            for (actor, upto) in actors {
                let upto = upto.saturating_sub(u32::try_from(self.dice.below(5)).unwrap_or(0));
                trusted.push(Trusted::new(scope, actor, upto));
            }
        }
        self.cut_offs = if self.dice.once_in(3) { Vec::new() } else { vec![CutOff { of, trusted }] };
        self.rule_on_forks()?;
        self.tell_of_cut_offs()
    }

    /// The town keeps nothing of the days before yesterday, or before today.
    fn keep(&mut self) -> anyhow::Result<()> {
        let first_day =
            Period::of(self.now).day().saturating_sub(u32::try_from(self.dice.below(2)).unwrap_or(0));
        let [one, ..] = INCIDENTS;
        if self.retentions.of(one).is_none_or(|known| known.first_day < first_day) {
            let all = EVERY_INCIDENT.map(|incident| Retention { incident, first_day, is_final: false });
            self.retentions = Retentions::new(&all);
            self.summary.retentions = self.summary.retentions.saturating_add(1);
        }
        self.tell_of_retentions()
    }

    fn tell_of_retentions(&mut self) -> anyhow::Result<()> {
        let Self { boxes, server, retentions, .. } = self;
        for machine in boxes.iter_mut().chain([server]) {
            let _is_new = machine.store_mut().retain(retentions)?;
        }
        Ok(())
    }

    /// The server's package names what it found; somebody may have ruled already, and may take that back.
    fn rule_on_forks(&mut self) -> anyhow::Result<()> {
        for found in self.server.store().found_forks()? {
            let is_settled = self.dice.once_in(2);
            match self.forks.iter_mut().find(|fork| fork.writer() == found.writer) {
                Some(fork) => fork.is_settled = is_settled,
                None => self.forks.push(Fork { writer: *found.writer.as_bytes(), is_settled }),
            }
        }
        Ok(())
    }

    /// A box says again what counts of old days, and somebody drops what nobody needs any more.
    fn say_again(&mut self, at: usize) -> anyhow::Result<()> {
        self.tell_of_retentions()?;
        let (now, Some(grant)) = (self.clock_of(at), self.grant(at).cloned()) else { return Ok(()) };
        let Some(machine) = self.boxes.get_mut(at) else { return Ok(()) };
        for (scope, change) in machine.say_again(|site| grant.may_write(site), now)? {
            self.acknowledge(at, scope, &change);
        }
        let is_servers_turn = self.dice.once_in(3);
        let machine = if is_servers_turn { Some(&mut self.server) } else { self.boxes.get_mut(at) };
        let machine = machine.context("no box")?;
        let has_changed = machine.drop_old_days(check::presences)?;
        if has_changed { Err(self.broken("somebody went with an old day")) } else { Ok(()) }
    }

    /// Machines that were copied, restored or lost their disk hear of it again.
    fn tell_of_cut_offs(&mut self) -> anyhow::Result<()> {
        let Self { boxes, server, cut_offs, forks, .. } = self;
        for machine in boxes.iter_mut().chain([server]) {
            let heard = machine.believes(cut_offs);
            let _rebuilt = machine.store_mut().cut_off(&heard)?;
            let heard = machine.hears_of(forks);
            let _marked = machine.store_mut().rule_on_forks(&heard)?;
            machine.follow_drill_end()?;
        }
        Ok(())
    }

    /// It is half a day to one and a half days later.
    fn night_falls(&mut self) {
        self.now = self.now.plus(12 * HOUR + self.dice.number() % (24 * HOUR));
        self.summary.nights = self.summary.nights.saturating_add(1);
    }

    /// Up to two hours ahead or back to the town's time.
    fn step_clock(&mut self, at: usize) {
        let offset = self.dice.number() % (2 * HOUR);
        if let Some(machine) = self.boxes.get_mut(at) {
            machine.offset = offset;
        }
    }

    /// Somebody copies a box's disk and both run on from the same second: each writes a history of its own under one name.
    fn clone_box(&mut self, at: usize) -> anyhow::Result<()> {
        if self.boxes.len() > self.plan.boxes {
            return Ok(());
        }
        let (disk, copy) = (self.fresh_folder(), self.fresh_folder());
        let machine = self.boxes.get(at).context("no box")?;
        machine.copy(&disk)?;
        machine.copy(&copy)?;
        let (seed, offset) = (machine.seed(), machine.offset);
        self.restart_box(at, disk, Disk::Own)?;
        let clone = Machine::start(copy, seed, (self.now.plus(offset), offset), (&self.town, &root()))?;
        self.boxes.push(clone);
        self.sites.extend(self.sites.get(at).copied());
        self.summary.clones = self.summary.clones.saturating_add(1);
        Ok(())
    }

    /// Somebody puts an old copy of a box's disk back: what only it held is gone with the newer disk.
    fn restore_box(&mut self, at: usize) -> anyhow::Result<()> {
        let disk = self.fresh_folder();
        self.boxes.get(at).context("no box")?.copy(&disk)?;
        for _ in 0..self.dice.below(4) {
            self.tap(at)?;
        }
        // Whatever it tells the server before, the server has.
        if self.dice.once_in(2) {
            self.connect(at)?;
            self.exchange()?;
        }
        self.now = self.now.plus(2_000);
        self.restart_box(at, disk, Disk::Older)?;
        // What it had sealed to be handed over is gone with the newer disk; the older one may seal the same again.
        self.owed.retain(|owed| owed.at != at);
        self.has_older_disks = true;
        self.forget_what_is_gone();
        Ok(())
    }

    fn tidy(&mut self, at: usize) -> anyhow::Result<()> {
        if self.dice.once_in(3) {
            return self.server.tidy();
        }
        self.boxes.get_mut(at).context("no box")?.tidy()
    }

    /// What was on a disk that is no more, and nowhere else, nobody can bring back.
    fn forget_what_is_gone(&mut self) {
        let before = self.acknowledged.len();
        let (boxes, server, retentions) = (&self.boxes, &self.server, &self.retentions);
        let closed = &self.closed;
        self.acknowledged.retain(|done| {
            let has = |machine: &Machine| machine.store().held(done.scope, done.actor) >= done.sequence;
            !retentions.keep(&done.scope)
                || closed.iter().any(|closed| closed.incident == done.scope.incident)
                || has(server)
                || boxes.iter().any(has)
        });
        // Who has it now answers for it.
        let gone = before.saturating_sub(self.acknowledged.len());
        self.has_lost |= gone > 0;
        self.summary.gone_with_a_disk = self.summary.gone_with_a_disk.saturating_add(gone);
    }

    /// The same of days that are not kept, of which nobody knows any more what was acknowledged: whether a disk that is gone had the
    /// last copy of something that had to be said again.
    fn note_old_days_gone(&mut self, before: &Machine) -> anyhow::Result<()> {
        let unsaid = before.store().old_days(1)?;
        let unsaid: BTreeSet<_> = unsaid
            .iter()
            .filter(|days| !days.unsaid.is_empty())
            .map(|days| (days.incident, days.site))
            .collect();
        let old = before.store().vectors().iter().filter(|(scope, _)| {
            !self.retentions.keep(scope) && unsaid.contains(&(scope.incident, scope.site))
        });
        self.has_lost |= old.flat_map(|(scope, actors)| actors.iter().map(move |of| (*scope, of))).any(
            |(scope, (actor, upto))| {
                let has = |machine: &Machine| machine.store().held(scope, *actor) >= *upto;
                !has(&self.server) && !self.boxes.iter().any(has)
            },
        );
        Ok(())
    }

    /// Every link works again: what has to be true at the end.
    ///
    /// # Errors
    /// [`Broken`] inside it, or the disk's.
    pub fn heal(mut self) -> anyhow::Result<Summary> {
        for _ in 0..2 {
            // A clone and its original share one connection: each has its turn.
            for at in 0..self.boxes.len() {
                self.connect(at)?;
                self.exchange()?;
            }
        }
        for at in 0..self.plan.boxes {
            self.connect(at)?;
            self.exchange()?;
        }
        // What is written now goes to everybody over the connections that stand.
        for at in 0..self.plan.boxes {
            self.tap(at)?;
            self.seal_and_look(at)?;
            self.exchange()?;
        }
        check::converged(&self, self.plan.boxes).map_err(|what| self.broken(what))?;
        for at in 0..self.boxes.len() {
            self.connect(at)?;
            self.exchange()?;
        }
        self.tell_of_cut_offs()?;
        self.leave_old_days()?;
        check::at_the_end(&mut self).map_err(|what| self.broken(what))?;
        self.summary.handed_over = self.handed.len();
        self.summary.forks = self.server.store().found_forks()?.len();
        Ok(self.summary)
    }

    /// Everybody says again what counts of old days, hears it, and drops them. Who lacks what has to be said again hears of it first.
    fn leave_old_days(&mut self) -> anyhow::Result<()> {
        self.tell_of_retentions()?;
        for _ in 0..4 {
            self.drop_old_days()?;
            // A clone and its original share one connection: each has its turn.
            for at in 0..self.boxes.len() {
                let mut portions = 0;
                while self.boxes.get(at).is_some_and(|machine| self.has_to_say_again(at, machine)) {
                    portions += 1;
                    if portions > MOST_PORTIONS {
                        return Err(self.broken(format!("box {at} says the same again and again")));
                    }
                    let before = self.acknowledged.len();
                    self.say_again(at)?;
                    // Another box said it, and is not believed: it stands there, and does not count.
                    if self.acknowledged.len() == before {
                        break;
                    }
                }
                self.connect(at)?;
                self.exchange()?;
            }
        }
        self.hear_the_last_words()?;
        self.drop_old_days()
    }

    /// Whoever has no connection shares it with a clone, or with the box that it was copied from, and lacks what that one said over it
    /// in the last round. It may say much then: of two histories under one name the other one, with what counts of it, travels only
    /// after the first one was dropped. Connections that stand have carried everything already, so they are not made anew.
    fn hear_the_last_words(&mut self) -> anyhow::Result<()> {
        let is_connected = |at: &usize| self.lines.iter().any(|line| line.at == *at);
        let others: Vec<usize> = (0..self.boxes.len()).filter(|at| !is_connected(at)).collect();
        for at in others {
            self.connect(at)?;
            self.exchange()?;
        }
        Ok(())
    }

    fn drop_old_days(&mut self) -> anyhow::Result<()> {
        let mut has_changed = false;
        for machine in self.boxes.iter_mut().chain([&mut self.server]) {
            has_changed |= machine.drop_old_days(check::presences)?;
        }
        if has_changed { Err(self.broken("somebody went with an old day")) } else { Ok(()) }
    }

    fn has_to_say_again(&self, at: usize, machine: &Machine) -> bool {
        let may_write = |site| self.grant(at).is_some_and(|grant| grant.may_write(site));
        let days = machine.store().old_days(1).unwrap_or_default();
        days.iter().any(|days| may_write(days.site) && !days.unsaid.is_empty())
    }

    /// Until nobody has anything to say, however long it takes.
    fn exchange(&mut self) -> anyhow::Result<()> {
        loop {
            let mut said = false;
            self.lines.retain_mut(|line| !line.is_over());
            for which in 0..self.lines.len() {
                for to in [End::Box, End::Server] {
                    let Some(line) = self.lines.get_mut(which) else { continue };
                    said |= line.coming(to) > 0 || *line.looks(to);
                    self.deliver(which, to, usize::MAX, UnixMillis::new(u64::MAX))?;
                }
            }
            if !said {
                return Ok(());
            }
        }
    }

    /// How many people there are.
    pub(crate) const fn people(&self) -> usize {
        self.plan.people
    }

    fn grant(&self, at: usize) -> Option<&Grant> {
        self.box_id(at).and_then(|id| self.grants.0.get(&id))
    }

    /// What a box may be sent.
    pub(crate) fn may_read(&self, at: usize, of: SiteId) -> bool {
        self.grant(at).is_some_and(|grant| grant.may_read(of))
    }
}

fn package(version: u64, boxes: Vec<(BoxId, Grant)>, closed: Vec<ClosedIncident>) -> Package {
    let id = |byte| IncidentId::from_bytes([byte; 16]);
    Package {
        version,
        issued_at: START,
        name: "汐見町".to_owned(),
        key: TownSecret([8; 32]),
        sites: Vec::new(),
        incidents: Incidents { daily_life: id(2), live: id(1), drill: id(3) },
        boxes,
        denied: Vec::new(),
        cut_offs: Vec::new(),
        retentions: Vec::new(),
        forks: Vec::new(),
        anchors: Vec::new(),
        intermediates: Vec::new(),
        feed_key: [8; 32],
        receipt_key: receipt_key().public(),
        list_grace_millis: 0,
        resets_time: false,
        roster: Vec::new(),
        staff: Vec::new(),
        incident_keys: Vec::new(),
        closed,
        ledger_key: ledger_key().public().0,
        earlier: Vec::new(),
    }
}
