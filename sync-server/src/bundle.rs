//! Bundles on a stick, at the town hall: what boxes wrote down is read in, and what the server would say to a box is written down.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;

use hinamori_model::{BoxId, IncidentId, SiteId, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_record::DocumentScope;
use hinamori_store_sqlite::{Budget, StoreError, keys_of_a_box};
use hinamori_sync::town::{Package, SignedPackage};
use hinamori_sync::{
    Bundle, BundleWriter, Effects, Grants, Held, NotABundle, ReadSection, Section, SectionOf, Session, Side,
    Vectors,
};
use zeroize::Zeroizing;

use crate::alerts::ForBoxes;
use crate::archive::{Durable, Stores};
use crate::data::{DataError, DataFolder, Keys, random};
use crate::hex;
use crate::profiles::keys_of;
use crate::town::Says;

/// Where a running server finds what the operator wants it to read in.
const INBOX: &str = "inbox";
/// Bytes that are heard at once.
const PIECE: usize = 1 << 20;

/// Why a bundle was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The records.
    #[error("the records cannot be read or written")]
    Store(#[from] StoreError),
    /// The stick.
    #[error(transparent)]
    NotABundle(#[from] NotABundle),
    /// The stick.
    #[error("the bundle was written by no box of this town, or by one that was shut out")]
    Stranger,
    /// The operator.
    #[error("box {0} is not of this town, or was shut out")]
    UnknownBox(BoxId),
    /// A file.
    #[error("{file} cannot be read or written")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

/// What came with a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadIn {
    /// Changes that were new.
    pub new: u64,
    /// Batches that were refused; they stand in the quarantine.
    pub refused: u64,
    /// Sections of incidents that are closed.
    pub closed: u64,
    /// Whether every section that opens was there to its end.
    pub is_whole: bool,
}

/// What has become of a bundle that was to be read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was read in.
    ReadIn(ReadIn),
    /// The server runs, and reads it in within a second; its log says what came.
    Handed,
}

/// What the town says, as far as bundles need it.
pub(crate) struct BundleTown {
    package: Package,
    signed: SignedPackage,
    root: [u8; 32],
}

impl BundleTown {
    pub(crate) fn read(folder: &DataFolder, keys: &Keys) -> Result<Self, DataError> {
        let (signed, package) = folder.town(keys)?;
        Ok(Self { package, signed, root: keys.town_root.public() })
    }

    fn key(&self, of: SectionOf) -> Option<Zeroizing<[u8; 32]>> {
        let key = match of {
            SectionOf::Town => Some(&self.package.key),
            SectionOf::Incident(wanted) => {
                let mut keys = self.package.incident_keys.iter();
                keys.find(|(incident, _)| *incident == wanted).map(|(_, key)| key)
            }
        };
        key.map(|key| Zeroizing::new(key.0))
    }

    fn admits(&self, id: BoxId) -> bool {
        self.package.boxes.iter().any(|(known, _)| *known == id) && !self.package.denied.contains(&id)
    }
}

/// Writes down what the server would say to a box: the package, keys, records that it may read, and receipts for its own.
///
/// # Errors
/// [`BundleError`].
pub fn export_bundle(
    folder: &DataFolder,
    keys: &Keys,
    to: BoxId,
    now: UnixMillis,
) -> Result<Vec<u8>, BundleError> {
    let town = BundleTown::read(folder, keys)?;
    if !town.admits(to) {
        return Err(BundleError::UnknownBox(to));
    }
    let stores = Stores::open(folder, &keys.key_table)?;
    let (side, grants) = (Side::Server { peer: to }, Grants::from(&town.package));
    let signed = Some(town.signed.clone());
    let (mut session, mut said) = Session::to_nobody(side, town.root, signed, grants.clone(), Held::NOTHING);
    said.extend(ForBoxes::on_the_disk(folder, keys, now)?.offer(&mut session, &mut Vec::new()));
    let section =
        |of, content: Vec<u8>| town.key(of).map(|key| Section { of, key, content: Zeroizing::new(content) });
    let mut sections: Vec<Section> = section(SectionOf::Town, said).into_iter().collect();
    for (incident, _) in &town.package.incident_keys {
        let said = say_all_of(&stores, keys, &town, &grants, *incident, to, now)?;
        sections.extend(section(SectionOf::Incident(*incident), said));
    }
    Ok(BundleWriter::Server(&keys.receipt).write(&sections, random()?, now)?)
}

fn say_all_of(
    stores: &Stores,
    keys: &Keys,
    town: &BundleTown,
    grants: &Grants,
    incident: IncidentId,
    to: BoxId,
    now: UnixMillis,
) -> Result<Vec<u8>, StoreError> {
    let store = stores.store_of(incident);
    let held = store.vectors().iter().filter(|(scope, _)| scope.incident == incident);
    let vectors: Vectors = held.map(|(scope, actors)| (*scope, actors.clone())).collect();
    let held = Held { vectors: &vectors, ..Held::NOTHING };
    let side = Side::Server { peer: to };
    let (mut session, mut said) = Session::to_nobody(side, town.root, None, grants.clone(), held);
    let mut place = stores.keys.place_after(None)?;
    while let Some(rows) = stores.keys.tell(&mut place, true, |row| row.incident() == incident)? {
        said.extend(session.tell_keys(rows));
    }
    let mut budget = Budget { batches: usize::MAX, bytes: usize::MAX };
    let offerable = session.offerable();
    let wanted = |scope: &DocumentScope| scope.incident == incident && offerable.includes(scope);
    let batches = store.batches_missing_at(session.peer(), wanted, &mut budget)?;
    said.extend(session.offer(batches));
    for Durable { scope, actor, upto, hash } in stores.durable_of(&vectors, to)? {
        said.extend(session.receipt(&keys.receipt.sign((scope, actor, upto), hash, now)));
    }
    Ok(said)
}

/// Reads a bundle of a box in, or hands it to the server that runs.
///
/// # Errors
/// [`BundleError`].
pub fn import_bundle(
    folder: &DataFolder,
    keys: &Keys,
    bytes: &[u8],
    now: UnixMillis,
) -> Result<Outcome, BundleError> {
    let town = BundleTown::read(folder, keys)?;
    match folder.lock_for_running() {
        Ok(_alone) => {
            let mut stores = Stores::open(folder, &keys.key_table)?;
            stores.follow(&Says::of(&town.package, &town.root))?;
            Ok(Outcome::ReadIn(take(&mut stores, &town, bytes, now)?.0))
        }
        Err(DataError::AlreadyRunning { .. }) => {
            // What is no bundle of a box is said at once.
            origin_of(&town, &Bundle::open(bytes)?)?;
            let inbox = folder.path().join(INBOX);
            let failed = |source| BundleError::File { file: inbox.clone(), source };
            private_file::private_folder(&inbox).map_err(failed)?;
            let name = hex::text(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref());
            private_file::replace(&inbox, &name, bytes).map_err(failed)?;
            Ok(Outcome::Handed)
        }
        Err(other) => Err(other.into()),
    }
}

/// The bundles that the operator handed over, the oldest first.
pub(crate) fn handed(folder: &DataFolder) -> io::Result<Vec<PathBuf>> {
    let files = match fs::read_dir(folder.path().join(INBOX)) {
        Ok(files) => files,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    let mut found = Vec::new();
    for file in files {
        let file = file?;
        found.push((file.metadata()?.modified()?, file.path()));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

fn origin_of(town: &BundleTown, bundle: &Bundle<'_>) -> Result<BoxId, BundleError> {
    let writer = town.package.boxes.iter().find(|(_, grant)| grant.seal_key == *bundle.from());
    let (id, _) = writer.filter(|(id, _)| town.admits(*id)).ok_or(BundleError::Stranger)?;
    Ok(*id)
}

/// Takes what a bundle says, and of which sites.
pub(crate) fn take(
    stores: &mut Stores,
    town: &BundleTown,
    bytes: &[u8],
    now: UnixMillis,
) -> Result<(ReadIn, BTreeSet<SiteId>), BundleError> {
    let bundle = Bundle::open(bytes)?;
    let peer = origin_of(town, &bundle)?;
    let (grants, over) = (Grants::from(&town.package), keys_of(&town.package));
    let mut report = ReadIn { is_whole: true, ..ReadIn::default() };
    let (before, mut sites) = (held_by(stores), BTreeSet::new());
    for (of, read) in bundle.sections(|of| town.key(of)) {
        let Some(ReadSection { content, is_whole }) = read else {
            report.closed = report.closed.saturating_add(1);
            continue;
        };
        report.is_whole &= is_whole;
        // What is of no incident is the town's package, which this server made.
        let SectionOf::Incident(_) = of else { continue };
        let (mut session, _) =
            Session::new(Side::Server { peer }, town.root, None, grants.clone(), Held::NOTHING);
        for piece in content.chunks(PIECE) {
            let Effects { mut store, quarantine, keys, .. } = match session.received(piece) {
                Ok(effects) => effects,
                Err(error) => {
                    tracing::warn!(%error, %peer, "a bundle cannot be followed");
                    report.is_whole = false;
                    break;
                }
            };
            let refused = u64::try_from(quarantine.len()).unwrap_or(u64::MAX);
            report.refused = report.refused.saturating_add(refused);
            stores.put_aside(&quarantine, now)?;
            for rows in keys {
                // How far its table is known is for connections: another section of it may be cut off.
                let _absorbed = stores.keys.absorb(&keys_of_a_box(&rows, &over))?;
            }
            // A closed incident is handed over by its box, and by nothing else.
            store.retain(|batch| {
                let of = batch.seal().scope.incident;
                !town.package.closed.iter().any(|closed| closed.incident == of)
            });
            sites.extend(store.iter().map(|batch| batch.seal().scope.site));
            stores.commit(store, now)?;
        }
    }
    report.new = held_by(stores).saturating_sub(before);
    Ok((report, sites))
}

fn held_by(stores: &Stores) -> u64 {
    let held = stores.all().into_iter().flat_map(|store| store.vectors().values());
    held.flat_map(|actors| actors.values()).map(|upto| u64::from(*upto)).sum()
}
