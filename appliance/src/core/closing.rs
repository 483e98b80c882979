//! Incidents that the town has closed: what the server never confirmed is handed over, then everything of them is destroyed.
//!
//! The life of a closing. The town's signed package names the incident; nothing else does. While the keys of the package
//! before are still here, own changes that the server never confirmed are sealed to the town's ledger key and kept as
//! files, in pieces. Only then is the package in use, and the box goes to daily life if it stood in that incident. Each
//! piece goes to the server, before anything else does, and is deleted with its receipt. After the last receipt, or at once
//! when there was nothing to hand over, keys, changes and records of the incident are destroyed and the files cut. A box that
//! comes back after months does the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use hinamori_counter::Opening;
use hinamori_model::{IncidentId, Mode, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::ClosedIncident;
use hinamori_sync::{HandOver, HandOverDigest, LONGEST_HAND_OVER, LedgerError, LedgerKey};
use tracing::{error, info};

use super::Core;

const FOLDER: &str = "handover";
/// Bytes of changes in a piece.
const PIECE: usize = 2 << 20;

/// What is closed, and what of it still has to be handed over.
#[derive(Debug, Default)]
pub(super) struct Closing {
    closed: BTreeSet<IncidentId>,
    /// Those of which nothing is left, as far as this run has looked.
    wiped: BTreeSet<IncidentId>,
    /// Pieces without a receipt, by incident.
    pieces: BTreeMap<IncidentId, BTreeSet<HandOverDigest>>,
    /// The piece that is on the way.
    sent: Option<Sent>,
    /// How long everything else waits for its receipt.
    patience: Patience,
}

#[derive(Debug)]
struct Sent {
    connection: u64,
    piece: HandOverDigest,
    at: Instant,
}

#[derive(Debug)]
struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl Closing {
    /// Nothing waits for a receipt.
    #[cfg(test)]
    pub(super) fn lose_patience(&mut self) {
        self.patience = Patience(Duration::ZERO);
    }

    pub(super) fn is_closed(&self, incident: IncidentId) -> bool {
        self.closed.contains(&incident)
    }
}

/// Why nothing was sealed.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotClosed {
    #[error("the records cannot be read")]
    Store(#[from] StoreError),
    #[error("the pieces cannot be kept")]
    File(#[from] io::Error),
    #[error("the pieces cannot be sealed to the town")]
    Ledger(#[from] LedgerError),
    #[error("the system gives no random bytes")]
    NoRandomness(#[from] getrandom::Error),
}

impl NotClosed {
    /// Whether there is no room for it.
    pub(super) fn is_full_disk(&self) -> bool {
        match self {
            Self::Store(problem) => matches!(problem, StoreError::Full),
            Self::File(problem) => problem.kind() == io::ErrorKind::StorageFull,
            Self::Ledger(_) | Self::NoRandomness(_) => false,
        }
    }
}

impl Core {
    /// Seals what has to be handed over, while the keys are here.
    ///
    /// # Errors
    /// [`NotClosed`] while the keys are here: the package must not be used, or what was written down is lost. Where they are not,
    /// or the town has no usable key, it is said and tried again at the next start; nothing is destroyed meanwhile.
    pub(super) fn begin_closing(
        &mut self,
        closed: &[ClosedIncident],
        town: LedgerKey,
    ) -> Result<(), NotClosed> {
        for ClosedIncident { incident, .. } in closed {
            match self.seal_pieces(*incident, town) {
                Ok(pieces) if pieces.is_empty() => {}
                Ok(pieces) => {
                    info!(%incident, pieces = pieces.len(), "a closed incident is handed over");
                    self.closing.pieces.insert(*incident, pieces);
                }
                Err(problem)
                    if self.town.incident_keys.contains_key(incident)
                        && !matches!(problem, NotClosed::Ledger(_)) =>
                {
                    // The incident stays open, so nothing of it is handed over yet.
                    self.closing.pieces.clear();
                    return Err(problem);
                }
                Err(problem) => {
                    error!(error = &problem as &dyn std::error::Error, %incident, "nothing can be handed over");
                }
            }
        }
        Ok(())
    }

    /// From now on nothing of these is taken or written.
    pub(super) fn know_closed(&mut self, closed: &[ClosedIncident]) {
        self.closing.closed.extend(closed.iter().map(|closed| closed.incident));
    }

    fn folder_of(&self, incident: IncidentId) -> PathBuf {
        self.config.data.join(FOLDER).join(incident.to_string())
    }

    fn is_unconfirmed(&self, incident: IncidentId) -> Result<bool, StoreError> {
        Ok(self.ledger.store(incident).unconfirmed(|of| of == incident)? > 0)
    }

    /// Whether the server lacks anything of an incident. A folder without pieces had some, and every one got its receipt.
    fn has_to_be_handed_over(&self, incident: IncidentId) -> Result<bool, NotClosed> {
        if !self.is_unconfirmed(incident)? {
            return Ok(false);
        }
        let folder = self.folder_of(incident);
        Ok(!folder.exists() || !names_in(&folder)?.is_empty())
    }

    /// The pieces of an incident, on the disk.
    fn seal_pieces(
        &mut self,
        incident: IncidentId,
        town: LedgerKey,
    ) -> Result<BTreeSet<HandOverDigest>, NotClosed> {
        if !self.is_unconfirmed(incident)? {
            return Ok(BTreeSet::new());
        }
        let folder = self.folder_of(incident);
        // Sealed before a restart, when the keys were still here.
        if !self.town.incident_keys.contains_key(&incident) && folder.exists() {
            return Ok(names_in(&folder)?);
        }
        self.seal()?;
        let fresh = folder.with_extension("new");
        remove(&fresh)?;
        private_file::private_folder(&fresh)?;
        let mut pieces = BTreeSet::new();
        let own = self.town.incident_keys.get(&incident);
        for batches in self.ledger.store(incident).pieces_to_hand_over(incident, PIECE)? {
            let random = |secret: &mut [u8]| Ok::<_, NotClosed>(getrandom::fill(secret)?);
            let piece = self.person_keys.seal_piece(incident, batches, own, town, random)?;
            let digest = piece.digest();
            private_file::replace(&fresh, &hex(&digest), &piece.sealed)?;
            pieces.insert(digest);
        }
        remove(&folder)?;
        fs::rename(&fresh, &folder)?;
        fs::File::open(self.config.data.join(FOLDER))?.sync_all()?;
        Ok(pieces)
    }

    /// A box that stands in a closed incident goes to daily life.
    pub(super) fn leave_what_is_closed(&mut self, now: UnixMillis) {
        let is_over = self.open.is_some_and(|open| self.closing.is_closed(open));
        if is_over {
            info!("the incident that was open is closed");
            self.open = None;
            self.opening = Opening::new(Mode::DailyLife, None);
            self.keep_mode();
            self.roster.drop_index();
            self.renew_index(now);
        }
    }

    /// Destroys the closed incidents of which nothing has to be handed over.
    pub(super) fn wipe_what_is_handed_over(&mut self, now: UnixMillis) {
        for incident in self.closing.closed.difference(&self.closing.wiped).copied().collect::<Vec<_>>() {
            match self.has_to_be_handed_over(incident) {
                Ok(true) => {}
                Ok(false) => self.wipe(incident, now),
                Err(problem) => log_unwiped(&problem),
            }
        }
    }

    /// Destroys everything of an incident that is here.
    pub(super) fn wipe(&mut self, incident: IncidentId, now: UnixMillis) {
        // The keys first: without them the rest is noise already.
        let wiped =
            self.person_keys.erase_incident(incident, now).and_then(|()| self.ledger.forget(incident));
        match wiped {
            Ok(()) => {
                self.closing.wiped.insert(incident);
                self.closing.pieces.remove(&incident);
                self.erase_settled_bindings();
                if let Err(problem) = remove(&self.folder_of(incident)) {
                    log_unwiped(&problem);
                }
            }
            Err(problem) => log_unwiped(&problem),
        }
    }

    /// Sends the next piece, once on each connection. Gives whether everything else still waits for its receipt: not for ever, since
    /// a server that cannot keep a piece must not cost an open incident its arrivals.
    ///
    /// # Errors
    /// The system's, for a piece that cannot be read.
    pub(super) fn hand_over(&mut self) -> io::Result<bool> {
        let next =
            self.closing.pieces.iter().find_map(|(incident, pieces)| Some((*incident, *pieces.first()?)));
        let (Some((incident, piece)), Some(connection)) = (next, self.uplink.number()) else {
            return Ok(false);
        };
        if let Some(sent) = &self.closing.sent
            && (sent.connection, sent.piece) == (connection, piece)
        {
            return Ok(sent.at.elapsed() < self.closing.patience.0);
        }
        let longest = u64::try_from(LONGEST_HAND_OVER).unwrap_or(u64::MAX);
        let sealed = private_file::read(&self.folder_of(incident), &hex(&piece), longest)?;
        let sealed = sealed.ok_or(io::ErrorKind::NotFound)?;
        if let Some(line) = &mut self.uplink.line {
            let bytes = line.session.hand_over(HandOver { incident, sealed });
            line.send(bytes);
            self.closing.sent = Some(Sent { connection, piece, at: Instant::now() });
        }
        Ok(true)
    }

    /// The server has these pieces durably.
    pub(super) fn handed_over(&mut self, digests: &[HandOverDigest], now: UnixMillis) {
        for digest in digests {
            let of = self.closing.pieces.iter_mut().find(|(_, pieces)| pieces.contains(digest));
            let Some((incident, pieces)) = of else { continue };
            let incident = *incident;
            pieces.remove(digest);
            let is_done = pieces.is_empty();
            if let Err(problem) = fs::remove_file(self.folder_of(incident).join(hex(digest))) {
                log_unwiped(&problem);
            }
            if is_done {
                info!(%incident, "a closed incident is handed over and destroyed");
                self.wipe(incident, now);
                self.reread(now);
            }
        }
    }
}

fn log_unwiped(problem: &(dyn std::error::Error + 'static)) {
    error!(error = problem, "a closed incident is not destroyed yet");
}

fn hex(digest: &HandOverDigest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names_in(folder: &std::path::Path) -> io::Result<BTreeSet<HandOverDigest>> {
    let mut names = BTreeSet::new();
    for file in fs::read_dir(folder)? {
        let name = file?.file_name();
        let digits = name.to_str().unwrap_or_default().as_bytes();
        let (pairs, _odd) = digits.as_chunks::<2>();
        let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte).collect();
        names.extend(bytes.and_then(|bytes| HandOverDigest::try_from(bytes).ok()));
    }
    Ok(names)
}

fn remove(folder: &std::path::Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(problem) if problem.kind() != io::ErrorKind::NotFound => Err(problem),
        Ok(()) | Err(_) => Ok(()),
    }
}
