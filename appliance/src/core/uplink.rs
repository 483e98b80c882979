//! The town and its server, as the core sees them: packages come, records go and come.

use std::sync::Arc;

use hinamori_counter::Opening;
use hinamori_ipc::LinkState;
use hinamori_model::{BoxId, Mode, UnixMillis};
use hinamori_net_tls::Identity;
use hinamori_record::Change;
use hinamori_store_sqlite::{Durability, StoreError};
use hinamori_sync::town::{Package, SignedPackage};
use hinamori_sync::{Effects, Grants, Session, Side, Vectors, VerifiedBatch};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{error, info, warn};

use super::{Core, StartError, identity_folder};
use crate::link::LinkEvent;
use crate::town::{Town, TownError, store_package, stored_package};

/// Changes under one seal, and batches on the way at once: a tap waits for no more than this is worth.
const LONGEST_RUN: u32 = 64;
const BATCHES_AT_ONCE: usize = 16;
const LAST_CONTACT: &str = "last-contact";

/// See the module.
pub(super) struct Uplink {
    root: Option<[u8; 32]>,
    package: Option<SignedPackage>,
    grants: Grants,
    line: Option<Line>,
    last_contact: Option<UnixMillis>,
    /// Own changes may have no seal yet.
    unsealed: bool,
}

/// A connection that stands.
struct Line {
    session: Session,
    out: UnboundedSender<Vec<u8>>,
    /// Something was handed over and has not left yet.
    busy: bool,
    /// The server may lack something.
    look_up: bool,
}

impl Line {
    fn send(&mut self, bytes: Vec<u8>) {
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
            last_contact: None,
            unsealed: true,
        }
    }

    pub(super) const fn is_online(&self) -> bool {
        self.line.is_some()
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
    /// Takes the town that the box has joined, if it has.
    pub(super) fn open_town(&mut self, now: UnixMillis) -> Result<(), StartError> {
        let kept = self.ledger.main_store().setting(LAST_CONTACT)?;
        let kept = kept.and_then(|bytes| bytes.as_slice().try_into().ok()).map(u64::from_be_bytes);
        self.uplink.last_contact = kept.map(UnixMillis::new);
        if let Some(identity) = Identity::load(&identity_folder(&self.config))? {
            self.join(identity.town_root(), now)?;
        }
        Ok(())
    }

    fn join(&mut self, root: [u8; 32], now: UnixMillis) -> Result<(), TownError> {
        self.uplink.root = Some(root);
        match stored_package(&self.config.data, &root)? {
            Some((signed, package)) => self.take_package(signed, package, now),
            None => warn!("the box has joined a town, but has no package of it yet"),
        }
        Ok(())
    }

    /// From now on the box works with this package.
    pub(super) fn take_package(&mut self, signed: SignedPackage, package: Package, now: UnixMillis) {
        self.uplink.grants = Grants::from(&package);
        let (own, local) = (self.own, &self.keys.local);
        let (town, directory) = Town::of_package(package, own, local, self.tests, now);
        let replaced = match self.directory.version() {
            Ok(version) if version == town.version => Ok(()),
            Ok(_) | Err(_) => self.directory.replace(town.version, &town.key, &directory),
        };
        if let Err(problem) = replaced {
            // The old directory under the new key would know nobody: the old town goes on as a whole.
            error!(error = &problem as &dyn std::error::Error, "the town's directory was not written");
            return;
        }
        info!(version = town.version, "the town's package is in use");
        let is_elsewhere = town.site.id != self.town.site.id;
        let is_other_town = town.incidents != self.town.incidents;
        self.checks.replace(Arc::clone(&town.checks));
        self.ledger.set_drill(town.incidents.drill);
        self.town = town;
        self.uplink.package = Some(signed);
        for desk in self.desks.values_mut() {
            if is_elsewhere {
                desk.move_to(self.town.site.kind);
            } else if is_other_town {
                desk.lane.incident_changed();
            }
        }
        self.reread(now);
    }

    /// Reads what the records say of the open incident, and counts.
    pub(super) fn reread(&mut self, now: UnixMillis) {
        let mode = self.opening.mode();
        let building = if mode == Mode::DailyLife { None } else { self.building(mode) };
        self.opening = Opening::new(mode, building);
        self.recount(now);
    }

    /// Something came from the link.
    pub(super) fn link_event(&mut self, event: LinkEvent, now: UnixMillis) {
        match event {
            LinkEvent::Enrolled { town_root } if self.uplink.root != Some(town_root) => {
                if let Err(problem) = self.join(town_root, now) {
                    error!(error = &problem as &dyn std::error::Error, "the town cannot be used");
                }
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
        let own = match self.town_vectors() {
            Ok(own) => own,
            Err(problem) => {
                error!(error = &problem as &dyn std::error::Error, "the records cannot be read");
                return;
            }
        };
        let (package, grants) = (self.uplink.package.clone(), self.uplink.grants.clone());
        let (session, hello) = Session::new(Side::Box, root, package, grants, &own);
        let mut line = Line { session, out, busy: false, look_up: false };
        line.send(hello);
        self.uplink.line = Some(line);
    }

    /// What this box holds of its town's incidents; a made-up town's records stay here.
    fn town_vectors(&self) -> Result<Vectors, StoreError> {
        let mut all = Vectors::new();
        for store in self.ledger.stores() {
            all.extend(store.vectors()?.into_iter().filter(|(scope, _)| self.town.knows(scope.incident)));
        }
        Ok(all)
    }

    fn hang_up(&mut self) {
        self.uplink.line = None;
        let Some(last) = self.uplink.last_contact else { return };
        let kept = self.ledger.main_store().set_setting(LAST_CONTACT, &last.get().to_be_bytes());
        if let Err(problem) = kept {
            warn!(error = &problem as &dyn std::error::Error, "the last contact is not kept");
        }
    }

    fn received(&mut self, bytes: &[u8], now: UnixMillis) {
        let Some(line) = &mut self.uplink.line else { return };
        match line.session.received(bytes) {
            Ok(effects) => {
                self.uplink.last_contact = Some(now);
                self.carry_out(effects, now);
            }
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, "the server cannot be followed");
                self.hang_up();
            }
        }
    }

    fn carry_out(&mut self, effects: Effects, now: UnixMillis) {
        let Effects { store, quarantine, confirmed, town, look_up, send } = effects;
        if let Some(line) = &mut self.uplink.line {
            line.look_up |= look_up;
            line.send(send);
        }
        for (reason, bytes) in quarantine {
            warn!(reason, "something from the server was refused and put aside");
            if let Err(problem) = self.ledger.main_store().quarantine(&reason, &bytes, now) {
                error!(error = &problem as &dyn std::error::Error, "what was refused could not be kept");
            }
        }
        if !store.is_empty() {
            if let Err(problem) = self.take_batches(store, now) {
                error!(error = &problem as &dyn std::error::Error, "other boxes' records were not written");
                // Connecting anew asks for them again.
                return self.hang_up();
            }
            self.reread(now);
        }
        if !confirmed.is_empty() {
            for (scope, actor, upto) in confirmed {
                if let Err(problem) = self.ledger.store_mut(scope.incident).confirm(scope, actor, upto) {
                    error!(error = &problem as &dyn std::error::Error, "a confirmation was not written");
                }
            }
            self.count_unsent();
        }
        if let Some(signed) = town {
            self.take_new_package(&signed, now);
        }
    }

    fn take_batches(&mut self, batches: Vec<VerifiedBatch>, now: UnixMillis) -> Result<(), StoreError> {
        let drill = self.town.incident(Mode::Drill);
        let (drills, others): (Vec<_>, Vec<_>) =
            batches.into_iter().partition(|batch| batch.seal().scope.incident == drill);
        for batches in [others, drills] {
            let Some(first) = batches.first() else { continue };
            let incident = first.seal().scope.incident;
            // The server has them: after a power cut they come again.
            let ingested =
                self.ledger.store_mut(incident).commit_received(&batches, now, Durability::Relaxed)?;
            for refused in ingested.refused {
                warn!(error = &refused as &dyn std::error::Error, "a batch of another box was not taken");
            }
        }
        let own = self.town_vectors()?;
        if let Some(line) = &mut self.uplink.line {
            let answer = line.session.stored(&own);
            line.send(answer);
        }
        Ok(())
    }

    fn take_new_package(&mut self, signed: &SignedPackage, now: UnixMillis) {
        let Some(root) = self.uplink.root else { return };
        let stored = store_package(&self.config.data, signed)
            .and_then(|()| SignedPackage::open(signed.as_bytes(), &root).map_err(TownError::Package));
        match stored {
            Ok((signed, package)) => self.take_package(signed, package, now),
            Err(problem) => error!(error = &problem as &dyn std::error::Error, "a new package was not kept"),
        }
    }

    /// Own changes exist that have no seal.
    pub(super) const fn note_unsealed(&mut self) {
        self.uplink.unsealed = true;
    }

    /// When nobody waits: seals what was written, and offers it to the server.
    pub(super) fn seal_and_offer(&mut self) {
        if self.uplink.line.is_none() {
            return;
        }
        let sealed = if self.uplink.unsealed { self.seal() } else { Ok(()) };
        let offered = sealed.and_then(|()| self.offer());
        if let Err(problem) = offered {
            error!(error = &problem as &dyn std::error::Error, "records cannot be sealed or offered");
        }
    }

    fn seal(&mut self) -> Result<(), StoreError> {
        let own: BoxId = self.own;
        let key = &self.keys.seal;
        for store in self.ledger.stores_mut() {
            let mut seals = Vec::new();
            for actor in store.unsealed_actors(|actor| actor.belongs_to(own))? {
                for (scope, changes) in store.unsealed(actor, LONGEST_RUN)? {
                    match key.seal(scope, &changes) {
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
        if let Some(line) = &mut self.uplink.line {
            line.look_up = true;
        }
        Ok(())
    }

    fn offer(&mut self) -> Result<(), StoreError> {
        let Some(line) = &mut self.uplink.line else { return Ok(()) };
        if line.busy || !line.look_up {
            return Ok(());
        }
        let mut at_peer = line.session.peer().clone();
        let mut found = Vec::new();
        for store in self.ledger.stores() {
            // What is of no town counts as sent.
            let kept_here =
                store.vectors()?.into_iter().filter(|(scope, _)| !self.town.knows(scope.incident));
            at_peer.extend(kept_here);
            found.extend(store.batches_missing_at(&at_peer, BATCHES_AT_ONCE)?);
        }
        line.look_up = !found.is_empty();
        let bytes = line.session.offer(found);
        line.send(bytes);
        Ok(())
    }
}

fn log_unsealable(problem: &hinamori_sync::SealError, changes: &[Change]) {
    error!(
        error = problem as &dyn std::error::Error,
        changes = changes.len(),
        "own changes cannot be sealed"
    );
}
