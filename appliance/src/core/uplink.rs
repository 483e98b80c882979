//! The town and its server, as the core sees them: packages come, records go and come.

use hinamori_counter::Opening;
use hinamori_ipc::{ClockState, HoldReason, LinkState};
use hinamori_model::{BoxId, IncidentId, Mode, UnixMillis};
use hinamori_net_tls::Identity;
use hinamori_record::{Change, DocumentScope, LONGEST_RUN};
use hinamori_store_sqlite::{Budget, Durability, Place, StoreError, Unsealed};
use hinamori_sync::town::{Package, SignedPackage};
use hinamori_sync::{
    Condition, CutOffs, Effects, Forks, Grants, Held, LedgerKey, ListMessage, Receipt, Retentions,
    RosterMessage, SealedBatch, Session, Side, Vectors, VerifiedBatch, headquarters,
};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{error, info, warn};

use super::alerts::Carrier;
use super::closing::{Closing, NotClosed};
use super::{Core, identity_folder};
use crate::clock;
use crate::ledger::{Ledger, NotNamed};
use crate::link::LinkEvent;
use crate::lists::ListTask;
use crate::town::{Town, store_package, stored_package};

/// Batches on the way at once: a tap waits for no more than this is worth.
const BATCHES_AT_ONCE: usize = 16;
const LAST_CONTACT: &str = "last-contact";
/// How the box is is said so often at the most.
const CONDITION_MILLIS: u64 = 5_000;

/// See the module.
pub(super) struct Uplink {
    pub(super) root: Option<[u8; 32]>,
    pub(super) package: Option<SignedPackage>,
    pub(super) grants: Grants,
    pub(super) line: Option<Line>,
    /// Connections since the start.
    lines: u64,
    last_contact: Option<UnixMillis>,
    /// The contact before what came last.
    pub(super) heard_before: Option<UnixMillis>,
    /// When the server had the latest of this box's changes, by its clock.
    pub(super) received: Option<UnixMillis>,
    /// Own changes may have no seal yet.
    pub(super) unsealed: bool,
    /// What came over the connection was not written, because the disk is full.
    pub(super) missed: bool,
}

/// Why the box does not work with a package. The one before goes on as a whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotTaken {
    #[error("the town's incidents cannot be used")]
    Incidents(#[from] NotNamed),
    #[error("what has to be handed over of a closed incident cannot be kept")]
    Closing(#[from] NotClosed),
    #[error("the records cannot be read anew")]
    Records(#[source] StoreError),
}

impl NotTaken {
    fn is_full_disk(&self) -> bool {
        match self {
            Self::Incidents(problem) => matches!(problem, NotNamed::Store(StoreError::Full)),
            Self::Closing(problem) => problem.is_full_disk(),
            Self::Records(problem) => matches!(problem, StoreError::Full),
        }
    }
}

/// A connection that stands.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) session: Session,
    out: UnboundedSender<Vec<u8>>,
    /// Something was given to the link and has not left yet.
    pub(super) busy: bool,
    /// The server may lack something.
    pub(super) look_up: bool,
    hello: Hello,
    /// How far the server was told which keys this box made; `None` before the first time.
    pub(super) keys_told: Option<Place>,
    /// What the server was told of this box's condition, and when.
    condition_told: Option<(Condition, UnixMillis)>,
}

/// Whether the server has said hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hello {
    Awaited,
    Heard,
}

impl Line {
    pub(super) fn send(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            // A link that is gone says so by itself.
            self.busy |= self.out.send(bytes).is_ok();
        }
    }
}

impl Uplink {
    pub(super) const fn new() -> Self {
        Self {
            root: None,
            package: None,
            grants: Grants(std::collections::BTreeMap::new()),
            line: None,
            lines: 0,
            last_contact: None,
            heard_before: None,
            received: None,
            unsealed: true,
            missed: false,
        }
    }

    pub(super) const fn is_online(&self) -> bool {
        self.line.is_some()
    }

    /// Which connection it is on which the server has said hello.
    pub(super) fn number(&self) -> Option<u64> {
        self.line.as_ref().filter(|line| line.hello == Hello::Heard).map(|line| line.number)
    }

    pub(super) const fn state(&self, is_enrolled: bool) -> LinkState {
        match (is_enrolled, &self.line) {
            (false, _) => LinkState::NotEnrolled,
            (true, Some(_)) => LinkState::Online,
            (true, None) => LinkState::Offline { last_contact: self.last_contact },
        }
    }
}

impl Core {
    /// Takes the town that the box has joined, if it has. Whatever is wrong with it, people are received: at
    /// worst by the town that the box makes up, and the server brings the real one again.
    pub(super) fn open_town(&mut self, now: UnixMillis) {
        let kept = self.ledger.main_store().setting(LAST_CONTACT).unwrap_or_else(|problem| {
            warn!(error = &problem as &dyn std::error::Error, "the last contact cannot be read");
            None
        });
        let kept = kept.and_then(|bytes| bytes.as_slice().try_into().ok()).map(u64::from_be_bytes);
        self.uplink.last_contact = kept.map(UnixMillis::new);
        self.uplink.received = self.latest_receipt();
        match Identity::load(&identity_folder(&self.config)) {
            Ok(Some(identity)) => self.join(identity.town_root(), now),
            Ok(None) => {}
            Err(problem) => {
                error!(error = &problem as &dyn std::error::Error, "the box's identity cannot be used");
            }
        }
    }

    fn join(&mut self, root: [u8; 32], now: UnixMillis) {
        if self.uplink.root.is_some_and(|before| before != root) {
            // Another town's version says nothing here, and its boxes may write nothing.
            self.uplink.package = None;
            self.uplink.grants = Grants::default();
            self.neighbours.hang_up();
        }
        self.uplink.root = Some(root);
        self.follow_alerts_of(root, now);
        let taken = match stored_package(&self.config.data, &root) {
            Ok(Some((signed, package))) => self.take_package(root, signed, package, now),
            Ok(None) => return warn!("the box has joined a town, but has no package of it yet"),
            Err(problem) => {
                return error!(
                    error = &problem as &dyn std::error::Error,
                    "the town's package cannot be used"
                );
            }
        };
        if let Err(problem) = taken {
            error!(error = &problem as &dyn std::error::Error, "the town's package is not in use");
            // What is unsent is another town's question now.
            self.recount(now);
        }
    }

    /// From now on the box works with this package of the town with this root.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub(super) fn take_package(
        &mut self,
        root: [u8; 32],
        signed: SignedPackage,
        package: Package,
        now: UnixMillis,
    ) -> Result<(), NotTaken> {
        let grants = Grants::from(&package);
        let (own, local) = (self.own, &self.keys.local);
        let (mut closed, ledger_key) = (package.closed.clone(), LedgerKey(package.ledger_key));
        let cut_offs = CutOffs::new(&package.cut_offs, Some(own));
        let retentions = Retentions::new(&package.retentions);
        let forks = Forks::new(&package.forks, Some(own));
        let (earlier, ruled) =
            (package.earlier.clone(), [Mode::Live, Mode::Drill].map(|mode| package.incidents_of(mode)));
        let town = Town::of_package(package, root, own, local, self.tests, now);
        self.ledger.name(Some(root), &town.incidents, &earlier)?;
        // No town closes another one's.
        closed.retain(|closed| self.ledger.is_of(&root, closed.incident));
        // With the keys of the package before: afterwards nobody can read what was written down.
        self.begin_closing(&closed, ledger_key)?;
        self.know_closed(&closed);
        for store in self.ledger.stores_mut() {
            if store.retain(&retentions).map_err(NotTaken::Records)? {
                self.old_days_at = None;
            }
            if store.cut_off(&cut_offs).map_err(NotTaken::Records)? {
                warn!("the town says that boxes are not believed any more; the records were read anew");
            }
            if store.rule_on_forks(&forks).map_err(NotTaken::Records)? {
                warn!("the town says of other boxes than before that two histories of theirs are known");
            }
        }
        for (store, incidents) in self.ledger.stores_mut().into_iter().zip(&ruled) {
            store.hear_headquarters(headquarters(&root), incidents).map_err(NotTaken::Records)?;
        }
        info!(version = town.version, "the town's package is in use");
        let incidents = self.incidents_in_use();
        let stood_at = self.site();
        self.town = town;
        self.authorities_changed();
        self.uplink.root = Some(root);
        self.follow_alerts_of(root, now);
        self.uplink.grants = grants;
        self.uplink.package = Some(signed);
        self.stay_in_this_town(&root);
        self.stand_where_it_stood();
        let is_elsewhere = stood_at != self.site();
        self.leave_what_is_closed(now);
        self.wipe_what_is_handed_over(now);
        // Who is known depends on what is open.
        self.tell_roster(now);
        let is_another = incidents != self.incidents_in_use();
        if is_elsewhere || is_another {
            self.end_sessions(now);
        }
        for desk in self.desks.values_mut() {
            if is_elsewhere {
                desk.lane.move_to(self.town.site.kind);
            } else if is_another {
                desk.lane.incident_changed();
            }
        }
        self.tell_neighbours_of_town();
        self.reread(now);
        Ok(())
    }

    /// Whether this is the key of a box of this town.
    pub(super) fn knows_seal_key(&self, of: BoxId, key: &[u8; 32]) -> bool {
        self.uplink.grants.0.get(&of).is_some_and(|grant| grant.seal_key == *key)
    }

    fn incidents_in_use(&self) -> [IncidentId; 2] {
        [self.open_incident(), self.incident(Mode::DailyLife)]
    }

    /// An incident that is open stays open in its own town only. A box that joins its first town goes on
    /// there; one that was carried to another town has nothing open.
    fn stay_in_this_town(&mut self, root: &[u8; 32]) {
        let Some(open) = self.open.filter(|open| !self.ledger.is_of(root, *open)) else { return };
        let mode = if self.ledger.is_of_no_town(open) { self.opening.mode() } else { Mode::DailyLife };
        info!(?mode, "what was open belongs to no incident of this town");
        self.open = (mode != Mode::DailyLife).then_some(self.town.incident(mode));
        self.opening = Opening::new(mode, None);
        self.keep_mode();
    }

    /// Reads what the records say of the open incident, and counts.
    pub(super) fn reread(&mut self, now: UnixMillis) {
        let mode = self.opening.mode();
        let building = if mode == Mode::DailyLife { None } else { self.building(mode) };
        self.opening = Opening::new(mode, building);
        if self.follow_drill_end(now) {
            return;
        }
        self.renew_hidden(now);
        self.recount(now);
    }

    /// Something came from the link.
    pub(super) fn link_event(&mut self, event: LinkEvent, now: UnixMillis) {
        match event {
            LinkEvent::Enrolled { town_root } if self.uplink.root != Some(town_root) => {
                self.join(town_root, now);
            }
            LinkEvent::Enrolled { .. } => {}
            LinkEvent::Up { out } => self.line_up(out),
            LinkEvent::Received(bytes) => self.received(&bytes, now),
            LinkEvent::Drained => {
                if let Some(line) = &mut self.uplink.line {
                    line.busy = false;
                }
            }
            LinkEvent::Down => self.hang_up(),
        }
    }

    fn line_up(&mut self, out: UnboundedSender<Vec<u8>>) {
        let Some(root) = self.uplink.root else { return };
        let (own, waiting) = (self.town_vectors(&root), self.waiting_for_receipts(&root));
        let (package, grants) = (self.uplink.package.clone(), self.uplink.grants.clone());
        let keys = self.absorbed_of_server();
        let alerts = self.alerts_held();
        let held = Held { vectors: &own, waiting: &waiting, keys, alerts: &alerts };
        let (session, hello) = Session::new(Side::Box, root, package, grants, held);
        self.uplink.lines = self.uplink.lines.saturating_add(1);
        let number = self.uplink.lines;
        // What could not be destroyed before may be now.
        self.wipe_what_is_handed_over(clock::wall());
        let mut line = Line {
            number,
            session,
            out,
            busy: false,
            look_up: false,
            hello: Hello::Awaited,
            keys_told: None,
            condition_told: None,
        };
        line.send(hello);
        self.uplink.line = Some(line);
    }

    /// What this box holds of its town's incidents; a made-up town's records stay here.
    pub(super) fn town_vectors(&self, root: &[u8; 32]) -> Vectors {
        let held = self.ledger.stores().into_iter().flat_map(|store| store.vectors());
        let of_town = held.filter(|(scope, _)| self.ledger.is_of(root, scope.incident));
        of_town.map(|(scope, actors)| (*scope, actors.clone())).collect()
    }

    fn latest_receipt(&self) -> Option<UnixMillis> {
        let own = self.own;
        let latest = self.ledger.stores().map(|store| store.latest_receipt(|actor| actor.belongs_to(own)));
        let known = latest.into_iter().map(|found| {
            found.unwrap_or_else(|problem| {
                warn!(error = &problem as &dyn std::error::Error, "the receipts cannot be read");
                None
            })
        });
        known.max().flatten()
    }

    /// What this box wrote of its town's incidents and has no receipt for.
    fn waiting_for_receipts(&self, root: &[u8; 32]) -> Vectors {
        let mut waiting = Vectors::new();
        for store in self.ledger.stores() {
            match store.waiting() {
                Ok(of_store) => waiting.extend(of_store),
                Err(problem) => {
                    error!(
                        error = &problem as &dyn std::error::Error,
                        "what waits for a receipt cannot be read"
                    );
                }
            }
        }
        waiting.retain(|scope, _| self.ledger.is_of(root, scope.incident));
        waiting
    }

    pub(super) fn hang_up(&mut self) {
        if let Some(televisions) = self.televisions() {
            televisions.keep_beat();
        }
        self.officers_without_town_hall();
        if self.uplink.line.take().is_some_and(|line| line.hello == Hello::Heard) {
            // A keeper that has too much to do is told when it asks again.
            self.keeper.tell(ListTask::Down).ok();
        }
        self.uplink.missed = false;
        let Some(last) = self.uplink.last_contact else { return };
        let kept = self.ledger.main_store().set_setting(LAST_CONTACT, &last.get().to_be_bytes());
        if let Err(problem) = kept {
            warn!(error = &problem as &dyn std::error::Error, "the last contact is not kept");
        }
    }

    /// Says how the box is, if there is a connection and it changed; each tap does, so it is not said at once.
    pub(super) fn tell_condition(&mut self, now: UnixMillis) {
        let is_clock_sure = clock::state(now, self.town.checks.time.not_before(now)) == ClockState::Sure;
        let condition = Condition { unsent: self.tally.unsent, is_clock_sure, battery: self.battery };
        let Some(line) = &mut self.uplink.line else { return };
        let is_told = |(told, at): (Condition, UnixMillis)| {
            told == condition || now.since(at) < CONDITION_MILLIS && at <= now
        };
        if line.hello == Hello::Heard && !line.condition_told.is_some_and(is_told) {
            line.condition_told = Some((condition, now));
            let bytes = line.session.tell_condition(condition);
            line.send(bytes);
        }
    }

    /// Says something about lists, if there is a connection.
    pub(super) fn tell_server(&mut self, message: ListMessage) {
        if let Some(line) = &mut self.uplink.line {
            let bytes = line.session.tell(message);
            line.send(bytes);
        }
    }

    /// Asks for a piece of the roster, if there is a connection.
    pub(super) fn ask_server_for_people(&mut self, message: RosterMessage) {
        if let Some(line) = &mut self.uplink.line {
            let bytes = line.session.tell_roster(message);
            line.send(bytes);
        }
    }

    fn received(&mut self, bytes: &[u8], now: UnixMillis) {
        let Some(line) = &mut self.uplink.line else { return };
        match line.session.received(bytes) {
            Ok(effects) => {
                self.uplink.heard_before = self.uplink.last_contact.replace(now);
                self.carry_out(effects, now);
            }
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, "the server cannot be followed");
                self.hang_up();
            }
        }
    }

    fn carry_out(&mut self, effects: Effects, now: UnixMillis) {
        let Effects {
            store,
            quarantine,
            receipts,
            waiting: _,
            town,
            lists,
            roster,
            keys,
            alerts,
            hand_overs: _,
            handed_over,
            look_up,
            send,
            condition: _,
        } = effects;
        if let Some(line) = &mut self.uplink.line {
            line.look_up |= look_up;
            line.send(send);
            if look_up && line.hello == Hello::Awaited {
                line.hello = Hello::Heard;
                self.tell_keeper(ListTask::Up);
            }
        }
        // Alerts need no package, and wait for nothing.
        self.take_alerts(Carrier::Server, alerts, now);
        if look_up {
            self.tell_server_of_alerts();
        }
        // First the town: the records that come with it may be of incidents that only it names.
        if let Some(signed) = town {
            self.take_new_package(&signed, now);
        }
        for (reason, bytes) in quarantine {
            self.put_aside(&reason, &bytes, now);
        }
        self.keys_heard(keys);
        self.handed_over(&handed_over, now);
        if !store.is_empty() {
            // The server has them: after a power cut they come again.
            match self.take_batches(store, Durability::Relaxed, now) {
                Ok(()) => {}
                // The connection stays for what this box has to send.
                Err(StoreError::Full) => {
                    self.note_disk(Some(HoldReason::DiskFull));
                    self.uplink.missed = true;
                }
                Err(problem) => {
                    error!(
                        error = &problem as &dyn std::error::Error,
                        "other boxes' records were not written"
                    );
                    // Connecting anew asks for them again.
                    return self.hang_up();
                }
            }
        }
        self.lists_heard(lists);
        self.roster_heard(roster);
        self.take_receipts(&receipts);
    }

    pub(super) fn take_receipts(&mut self, receipts: &[Receipt]) {
        for receipt in receipts {
            let store = self.ledger.store_mut(receipt.scope.incident);
            match store.take_receipt(receipt, &self.town.receipt_key) {
                Ok(true) if receipt.actor.belongs_to(self.own) => {
                    self.uplink.received = self.uplink.received.max(Some(receipt.at));
                }
                Ok(true) => {}
                // It comes again as long as they wait.
                Ok(false) => {
                    warn!(scope = ?receipt.scope, upto = receipt.upto, "a receipt is for no change of this box")
                }
                Err(problem) => {
                    error!(error = &problem as &dyn std::error::Error, "a receipt was not written")
                }
            }
        }
        if !receipts.is_empty() {
            self.count_unsent();
        }
    }

    /// The disk takes things again: connecting anew asks for what was not written.
    pub(super) fn ask_for_missed(&mut self) {
        if self.uplink.missed {
            self.hang_up();
        }
    }

    pub(super) fn put_aside(&mut self, reason: &str, bytes: &[u8], now: UnixMillis) {
        warn!(reason, "something was refused and put aside");
        if let Err(problem) = self.ledger.main_store().quarantine(reason, bytes, now) {
            error!(error = &problem as &dyn std::error::Error, "what was refused could not be kept");
        }
    }

    pub(super) fn take_batches(
        &mut self,
        batches: Vec<VerifiedBatch>,
        durability: Durability,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let Some(root) = self.uplink.root else { return Ok(()) };
        if batches.is_empty() {
            return Ok(());
        }
        let incident = |batch: &VerifiedBatch| batch.seal().scope.incident;
        // What is closed is over: the server that sends it has not heard of it.
        let batches = batches.into_iter().filter(|batch| !self.closing.is_closed(incident(batch)));
        let (known, unknown): (Vec<_>, Vec<_>) =
            batches.partition(|batch| self.ledger.is_of(&root, incident(batch)));
        for batch in unknown {
            self.put_aside("an incident that the town never named", &batch.to_evidence(), now);
        }
        let (drills, others): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|batch| self.ledger.is_drill(incident(batch)));
        for batches in [others, drills] {
            let Some(first) = batches.first() else { continue };
            let store = self.ledger.store_mut(incident(first));
            let ingested = store.commit_received(&batches, now, durability)?;
            self.ledger.note_received(&batches, ingested.new);
            let latest = clock::latest_believable(now, self.town.checks.time.not_before(now));
            self.ledger.observe(ingested.latest, latest);
            self.note_concerned(ingested.concerned, now);
            self.renew_hidden(now);
            for refused in ingested.refused {
                warn!(error = &refused as &dyn std::error::Error, "a batch of another box was not taken");
            }
        }
        // Whoever it came from has it, and everybody else may lack it.
        self.neighbours.look_up();
        if let Some(line) = &mut self.uplink.line {
            line.look_up = true;
        }
        self.reread(now);
        Ok(())
    }

    /// Works with a package, and keeps it: in this order, so that one that cannot be used does not take the
    /// place of the one that is. The connection stays either way, for what this box has to send.
    pub(super) fn take_new_package(&mut self, signed: &SignedPackage, now: UnixMillis) {
        let Some(root) = self.uplink.root else { return };
        let opened = SignedPackage::open(signed.as_bytes(), &root);
        let Ok((signed, package)) = opened else { return error!("a new package cannot be read again") };
        match self.take_package(root, signed.clone(), package, now) {
            Ok(()) => {}
            Err(problem) => {
                error!(error = &problem as &dyn std::error::Error, "a new package is not in use");
                if problem.is_full_disk() {
                    self.note_disk(Some(HoldReason::DiskFull));
                    self.uplink.missed = true;
                }
                return;
            }
        }
        // Without it the next start begins with the package before, and the server brings this one again.
        if let Err(problem) = store_package(&self.config.data, &signed) {
            error!(error = &problem as &dyn std::error::Error, "a new package was not kept");
        }
    }

    /// An own change was written: it has no seal, and the server does not have it.
    pub(super) fn note_own_change(&mut self, incident: IncidentId) {
        self.uplink.unsealed = true;
        if self.is_the_towns(incident) {
            self.tally.unsent = self.tally.unsent.saturating_add(1);
        }
    }

    /// Whether the server may be offered an incident's records.
    pub(super) fn is_the_towns(&self, incident: IncidentId) -> bool {
        self.uplink.root.is_some_and(|root| self.ledger.is_of(&root, incident))
    }

    /// When nobody waits: seals what was written, and offers it to the server.
    pub(super) fn seal_and_offer(&mut self) {
        if self.uplink.line.is_none() && self.neighbours.len() == 0 {
            return;
        }
        if self.uplink.unsealed
            && let Err(problem) = self.seal()
        {
            // What has its seal already goes all the same: a full disk is a reason to be quick.
            error!(error = &problem as &dyn std::error::Error, "records cannot be sealed");
        }
        self.offer_to_neighbours();
        if self.uplink.line.as_ref().is_some_and(|line| line.session.awaits_town()) {
            return;
        }
        match self.hand_over() {
            // A closed incident goes before anything else of this connection.
            Ok(true) => return,
            Ok(false) => {}
            Err(problem) => error!(error = &problem as &dyn std::error::Error, "nothing can be handed over"),
        }
        match self.tell_keys() {
            Ok(true) => return,
            Ok(false) => {}
            Err(problem) => error!(error = &problem as &dyn std::error::Error, "keys cannot be told"),
        }
        if let Err(problem) = self.offer() {
            error!(error = &problem as &dyn std::error::Error, "records cannot be offered");
        }
    }

    pub(super) fn seal(&mut self) -> Result<(), StoreError> {
        let own: BoxId = self.own;
        let key = &self.keys.seal;
        self.ledger.begin_ids_anew();
        for store in self.ledger.stores_mut() {
            let mut seals = Vec::new();
            for actor in store.unsealed_actors(|actor| actor.belongs_to(own))? {
                for Unsealed { scope, before, changes } in store.unsealed(actor, LONGEST_RUN)? {
                    match key.seal(scope, before, &changes) {
                        Ok(seal) => seals.push(seal),
                        Err(problem) => log_unsealable(&problem, &changes),
                    }
                }
            }
            if !seals.is_empty() {
                store.add_seals(&seals)?;
            }
        }
        self.uplink.unsealed = false;
        self.neighbours.look_up();
        if let Some(line) = &mut self.uplink.line {
            line.look_up = true;
        }
        Ok(())
    }

    fn offer(&mut self) -> Result<(), StoreError> {
        let Uplink { root: Some(root), line: Some(line), .. } = &mut self.uplink else { return Ok(()) };
        if line.busy || !line.look_up {
            return Ok(());
        }
        let (ledger, closing): (&Ledger, &Closing) = (&self.ledger, &self.closing);
        let offerable = line.session.offerable();
        // What is of no town stays here, and what is closed goes only as pieces.
        let wanted = |scope: &DocumentScope| {
            ledger.is_of(root, scope.incident)
                && !closing.is_closed(scope.incident)
                && offerable.includes(scope)
        };
        let found = portion_for(ledger, line.session.peer(), wanted)?;
        line.look_up = !found.is_empty();
        let bytes = line.session.offer(found);
        line.send(bytes);
        Ok(())
    }
}

/// What a peer lacks of the wanted documents, as much of it as goes at once.
pub(super) fn portion_for(
    ledger: &Ledger,
    peer: &Vectors,
    wanted: impl Fn(&DocumentScope) -> bool,
) -> Result<Vec<SealedBatch>, StoreError> {
    let mut budget = Budget { batches: BATCHES_AT_ONCE, bytes: usize::MAX };
    let mut found = Vec::new();
    for store in ledger.stores() {
        found.extend(store.batches_missing_at(peer, &wanted, &mut budget)?);
    }
    Ok(found)
}

fn log_unsealable(problem: &hinamori_sync::SealError, changes: &[Change]) {
    error!(
        error = problem as &dyn std::error::Error,
        changes = changes.len(),
        "own changes cannot be sealed"
    );
}
