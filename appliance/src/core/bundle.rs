//! Bundles on a stick: the box writes down all that it could say to the server or to another box, and listens to what they wrote.
//!
//! A bundle is said and heard piece by piece when nobody waits, so that no tap waits for a long one.

use std::collections::VecDeque;
use std::sync::mpsc::Sender;

use hinamori_model::{BoxId, IncidentId, UnixMillis};
use hinamori_record::DocumentScope;
use hinamori_store_sqlite::{Budget, Durability, KeyRow, Place, StoreError, keys_of_a_box};
use hinamori_sync::{
    Bundle, BundleWriter, Effects, Grants, Held, NotABundle, ReadSection, Section, SectionOf, Session, Side,
    Vectors,
};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};
use zeroize::Zeroizing;

use super::Core;
use super::alerts::Carrier;
use super::key_exchange::may_be_told;
use crate::clock;

/// Bytes of a bundle that a box takes or gives: it is in memory as a whole, sealed and opened.
pub(crate) const LONGEST_HERE: usize = 48 << 20;
/// Bytes of a bundle that are heard at once.
const PIECE: usize = 32 << 10;
/// As much is said at once.
const SAID_AT_ONCE: Budget = Budget { batches: 16, bytes: PIECE };

/// What somebody at the box wants.
#[derive(Debug)]
pub(crate) enum BundleTask {
    /// Write everything down.
    Export(Sender<Result<Exported, BundleError>>),
    /// Hear what somebody wrote down.
    Import(Vec<u8>, Sender<Result<Imported, BundleError>>),
}

/// A bundle that this box wrote.
#[derive(Debug)]
pub(crate) struct Exported {
    /// The file.
    pub(crate) bundle: Vec<u8>,
    /// Changes in it.
    pub(crate) changes: u64,
}

/// Why there is no bundle, or it was not heard.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The box.
    #[error("this box has not joined a town: enrol it first")]
    NoTown,
    /// The stick.
    #[error(transparent)]
    NotABundle(#[from] NotABundle),
    /// The stick.
    #[error("the bundle was written by nobody of this town, or by a box that was shut out")]
    Stranger,
    /// Somebody reads another one in.
    #[error("another bundle is being read in or written")]
    Busy,
    /// The disk.
    #[error("the records cannot be read or written")]
    Store(#[from] StoreError),
    /// This machine.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// What came with a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Imported {
    /// Changes that were new here.
    pub new: u64,
    /// Batches that were refused; they stand in the quarantine.
    pub refused: u64,
    /// Sections of incidents whose key this box does not have: closed ones, or newer than its package.
    pub closed: u64,
    /// Whether every section that opens was there to its end.
    pub is_whole: bool,
}

/// Who wrote a bundle.
#[derive(Debug, Clone, Copy)]
enum Origin {
    Server,
    Box(BoxId),
}

/// A bundle that is being said.
pub(super) struct Export {
    root: [u8; 32],
    /// Of which nothing is said yet.
    left: VecDeque<IncidentId>,
    saying: Option<Saying>,
    said: Vec<(IncidentId, Zeroizing<Vec<u8>>)>,
    changes: u64,
    answer: Sender<Result<Exported, BundleError>>,
}

/// An incident of which something is said.
struct Saying {
    incident: IncidentId,
    session: Session,
    /// How far the keys are told; `None` when all are.
    keys: Option<Place>,
    said: Zeroizing<Vec<u8>>,
}

/// A bundle that is being heard.
pub(super) struct Import {
    origin: Origin,
    sections: VecDeque<Zeroizing<Vec<u8>>>,
    session: Option<Session>,
    heard: usize,
    held_before: u64,
    report: Imported,
    answer: Sender<Result<Imported, BundleError>>,
}

impl Core {
    pub(super) fn bundle_task(&mut self, task: BundleTask) {
        // Whoever asked may have given up.
        match task {
            BundleTask::Export(answer) => match self.begin_export(answer.clone()) {
                Ok(export) => self.export = Some(export),
                Err(problem) => drop(answer.send(Err(problem))),
            },
            BundleTask::Import(bytes, answer) => match self.open_bundle(&bytes, answer.clone()) {
                Ok(import) => self.import = Some(import),
                Err(problem) => drop(answer.send(Err(problem))),
            },
        }
    }

    /// Whether a bundle is being said or heard: the next piece comes as soon as nobody waits.
    pub(super) const fn has_bundle_underway(&self) -> bool {
        self.import.is_some() || self.export.is_some()
    }

    fn begin_export(&mut self, answer: Sender<Result<Exported, BundleError>>) -> Result<Export, BundleError> {
        if self.export.is_some() {
            return Err(BundleError::Busy);
        }
        let root = self.uplink.root.ok_or(BundleError::NoTown)?;
        self.seal()?;
        let left = self.town.incident_keys.keys().copied().collect();
        Ok(Export { root, left, saying: None, said: Vec::new(), changes: 0, answer })
    }

    /// When nobody waits: says the next piece of a bundle.
    pub(super) fn say_bundle(&mut self) {
        let Some(mut export) = self.export.take() else { return };
        match self.say_piece(&mut export) {
            Ok(true) => self.export = Some(export),
            Ok(false) => {
                let Export { said, changes, answer, .. } = export;
                let written = self.write_bundle(said).map(|bundle| Exported { bundle, changes });
                drop(answer.send(written));
            }
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, "a bundle was not written");
                drop(export.answer.send(Err(problem.into())));
            }
        }
    }

    /// Whether there is more.
    fn say_piece(&self, export: &mut Export) -> Result<bool, StoreError> {
        let Some(saying) = &mut export.saying else {
            let Some(incident) = export.left.pop_front() else { return Ok(false) };
            export.saying = Some(self.begin_saying(export.root, incident)?);
            return Ok(true);
        };
        let incident = saying.incident;
        if let Some(place) = &mut saying.keys {
            match self.person_keys.tell(place, true, |row| row.incident() == incident)? {
                Some(rows) => saying.said.extend(saying.session.tell_keys(rows)),
                None => saying.keys = None,
            }
            return Ok(true);
        }
        let of_incident = |scope: &DocumentScope| scope.incident == incident;
        let mut budget = SAID_AT_ONCE;
        let store = self.ledger.store(incident);
        let batches = store.batches_missing_at(saying.session.peer(), of_incident, &mut budget)?;
        let said = saying.session.offer(batches);
        if said.is_empty() {
            let told = saying.session.peer().values().flat_map(|actors| actors.values());
            let changes: u64 = told.map(|upto| u64::from(*upto)).sum();
            export.changes = export.changes.saturating_add(changes);
            if let Some(Saying { said, .. }) = export.saying.take() {
                export.said.push((incident, said));
            }
        } else {
            saying.said.extend(said);
        }
        Ok(true)
    }

    /// What this box would say of an incident to a peer that holds nothing, from the beginning.
    fn begin_saying(&self, root: [u8; 32], incident: IncidentId) -> Result<Saying, StoreError> {
        let held = self.ledger.store(incident).vectors().iter();
        let vectors: Vectors = held
            .filter(|(scope, _)| scope.incident == incident)
            .map(|(scope, actors)| (*scope, actors.clone()))
            .collect();
        let held = Held { vectors: &vectors, ..Held::NOTHING };
        let grants = self.uplink.grants.clone();
        let (session, said) = Session::to_nobody(Side::Box, root, None, grants, held);
        let keys = Some(self.person_keys.place_after(None)?);
        Ok(Saying { incident, session, keys, said: Zeroizing::new(said) })
    }

    /// The file, of what was said of each incident. One that was closed meanwhile has no key any more and is left out.
    fn write_bundle(&self, said: Vec<(IncidentId, Zeroizing<Vec<u8>>)>) -> Result<Vec<u8>, BundleError> {
        let root = self.uplink.root.ok_or(BundleError::NoTown)?;
        let package = self.uplink.package.clone().ok_or(BundleError::NoTown)?;
        // Only another box takes a package of a box.
        let side = Side::Neighbour { peer: self.own };
        let (mut session, mut town) =
            Session::to_nobody(side, root, Some(package), Grants::default(), Held::NOTHING);
        let (list, alerts) = self.alerts.to_pass_on();
        town.extend(session.offer_alerts(list, []));
        town.extend(session.offer_of_alerts(alerts.into_iter().chain(&self.officers.files.to_pass_on())));
        // Behind the alerts of which it is.
        town.extend(session.offer_of_alerts(&self.told_for_neighbours()));
        let mut sections =
            vec![Section { of: SectionOf::Town, key: self.town_bundle_key(), content: Zeroizing::new(town) }];
        for (incident, content) in said {
            let Some(key) = self.incident_bundle_key(incident) else { continue };
            sections.push(Section { of: SectionOf::Incident(incident), key, content });
        }
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|_reason| BundleError::NoRandomness)?;
        Ok(BundleWriter::Box(&self.keys.seal).write(&sections, salt, clock::wall())?)
    }

    fn town_bundle_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*self.town.key.expose())
    }

    fn incident_bundle_key(&self, incident: IncidentId) -> Option<Zeroizing<[u8; 32]>> {
        self.town.incident_keys.get(&incident).map(|key| Zeroizing::new(*key.expose()))
    }

    fn open_bundle(
        &self,
        bytes: &[u8],
        answer: Sender<Result<Imported, BundleError>>,
    ) -> Result<Import, BundleError> {
        if self.import.is_some() {
            return Err(BundleError::Busy);
        }
        if self.uplink.root.is_none() {
            return Err(BundleError::NoTown);
        }
        let bundle = Bundle::open(bytes)?;
        let origin = self.origin_of(bundle.from()).ok_or(BundleError::Stranger)?;
        let key = |of| match of {
            SectionOf::Town => Some(self.town_bundle_key()),
            SectionOf::Incident(incident) => self.incident_bundle_key(incident),
        };
        let mut report = Imported { is_whole: true, ..Imported::default() };
        let mut sections = VecDeque::new();
        for (_, read) in bundle.sections(key) {
            match read {
                Some(ReadSection { content, is_whole }) => {
                    report.is_whole &= is_whole;
                    sections.push_back(content);
                }
                None => report.closed = report.closed.saturating_add(1),
            }
        }
        let held_before = self.changes_held();
        Ok(Import { origin, sections, session: None, heard: 0, held_before, report, answer })
    }

    /// A box of this town, this one too, or its server.
    fn origin_of(&self, from: &[u8; 32]) -> Option<Origin> {
        if *from == self.town.receipt_key {
            return Some(Origin::Server);
        }
        let granted = self.uplink.grants.0.iter().find(|(_, grant)| grant.seal_key == *from);
        granted.filter(|(id, _)| !self.town.denied.contains(id)).map(|(id, _)| Origin::Box(*id))
    }

    fn changes_held(&self) -> u64 {
        let held = self.ledger.stores().into_iter().flat_map(|store| store.vectors().values());
        held.flat_map(|actors| actors.values()).map(|upto| u64::from(*upto)).sum()
    }

    /// When nobody waits: hears the next piece of a bundle.
    pub(super) fn hear_bundle(&mut self, now: UnixMillis) {
        let Some(mut import) = self.import.take() else { return };
        match self.hear_piece(&mut import, now) {
            Ok(true) => self.import = Some(import),
            Ok(false) => {
                let new = self.changes_held().saturating_sub(import.held_before);
                let report = Imported { new, ..import.report };
                info!(?report, "a bundle was read in");
                drop(import.answer.send(Ok(report)));
            }
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, "a bundle was not read in to its end");
                drop(import.answer.send(Err(problem.into())));
            }
        }
    }

    /// Whether there is more.
    fn hear_piece(&mut self, import: &mut Import, now: UnixMillis) -> Result<bool, StoreError> {
        let Some(root) = self.uplink.root else { return Ok(false) };
        let Some(section) = import.sections.front() else { return Ok(false) };
        let session = import.session.get_or_insert_with(|| {
            let side = match import.origin {
                Origin::Server => Side::Box,
                Origin::Box(peer) => Side::Neighbour { peer },
            };
            let (package, grants) = (self.uplink.package.clone(), self.uplink.grants.clone());
            Session::new(side, root, package, grants, Held::NOTHING).0
        });
        let end = import.heard.saturating_add(PIECE).min(section.len());
        let piece = section.get(import.heard..end).unwrap_or_default();
        let outcome = session.received(piece);
        import.heard = end;
        let is_over = end >= section.len() || outcome.is_err();
        match outcome {
            Ok(effects) => {
                let refused = u64::try_from(effects.quarantine.len()).unwrap_or(u64::MAX);
                import.report.refused = import.report.refused.saturating_add(refused);
                self.take_of_bundle(import.origin, effects, now)?;
            }
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, "a bundle cannot be followed");
                import.report.is_whole = false;
            }
        }
        if is_over {
            import.sections.pop_front();
            (import.session, import.heard) = (None, 0);
        }
        Ok(!import.sections.is_empty())
    }

    fn take_of_bundle(
        &mut self,
        origin: Origin,
        effects: Effects,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let Effects { mut store, quarantine, town, keys, receipts, alerts, .. } = effects;
        if let Some(signed) = town {
            self.take_new_package(&signed, now);
        }
        let carrier = match origin {
            Origin::Server => Carrier::Server,
            Origin::Box(id) => Carrier::Neighbour(id),
        };
        // What does not hold is nobody's but its writer's: it is logged, and the rest counts.
        let _refused = self.take_alerts(carrier, alerts, now);
        for (reason, bytes) in quarantine {
            self.put_aside(&reason, &bytes, now);
        }
        match origin {
            // How far a table is known is for connections: another section of it may be cut off.
            Origin::Server => {
                for rows in &keys {
                    let told: Vec<KeyRow> =
                        rows.rows().filter_map(KeyRow::from_bytes).filter(may_be_told).collect();
                    let _absorbed = self.person_keys.absorb(&told)?;
                    self.note_erased(&told);
                }
                self.take_receipts(&receipts);
            }
            Origin::Box(_) => {
                for rows in &keys {
                    let _absorbed =
                        self.person_keys.absorb(&keys_of_a_box(rows, &self.town.incident_keys))?;
                }
            }
        }
        // A stick may carry what this box's grant does not name.
        let grant = self.uplink.grants.0.get(&self.own);
        store.retain(|batch| grant.is_some_and(|grant| grant.may_read(batch.seal().scope.site)));
        let durability = match origin {
            Origin::Server => Durability::Relaxed,
            // The server may lack them, and the disk of whoever wrote them may be gone tomorrow.
            Origin::Box(_) => Durability::Durable,
        };
        self.take_batches(store, durability, now)
    }
}
