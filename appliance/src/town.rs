//! The town as this box knows it: from the signed package, or made up until there is one.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hinamori_model::{BoxId, IncidentId, Mode, PersonId, TownKey, UnixMillis};
use hinamori_pki::{TestHierarchies, Verifier};
use hinamori_private_file as private_file;
use hinamori_sync::town::{Directory, Incidents, Package, PackageError, SignedPackage, Site};
use tracing::warn;

use crate::checks::Checks;
use crate::clock::TimeMarks;
use crate::keys::LocalTown;
use crate::lists::Authorities;

const PACKAGE: &str = "town.package";
/// Bytes: a package is at most 64 MiB.
const LONGEST_PACKAGE: u64 = 65 << 20;

/// What the core works with. The directory's people stand in their own database.
pub(crate) struct Town {
    /// Of the package; 0 for a town of one box.
    pub(crate) version: u64,
    /// Where this box stands.
    pub(crate) site: Site,
    /// Daily life and what stands by.
    pub(crate) incidents: Incidents,
    /// The key under which cards are hashed.
    pub(crate) key: TownKey,
    /// 秘匿: people who appear on no screen.
    pub(crate) hidden: BTreeSet<PersonId>,
    /// What cards are checked against.
    pub(crate) checks: Arc<Checks>,
    /// Under whose authority lists are taken.
    pub(crate) authorities: Arc<Authorities>,
}

/// Why a town package was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TownError {
    /// It is not this town's, or of a form that is not known here.
    #[error("the town's package was refused")]
    Package(#[source] PackageError),
    /// The disk.
    #[error("the town's package could not be kept or read")]
    Disk(#[source] io::Error),
}

/// The package in `folder` whose signature by `root` holds; `None` when there is none.
///
/// # Errors
/// [`TownError`]; the file stays as it is.
pub(crate) fn stored_package(
    folder: &Path,
    root: &[u8; 32],
) -> Result<Option<(SignedPackage, Package)>, TownError> {
    let Some(bytes) = private_file::read(folder, PACKAGE, LONGEST_PACKAGE).map_err(TownError::Disk)? else {
        return Ok(None);
    };
    SignedPackage::open(&bytes, root).map(Some).map_err(TownError::Package)
}

/// Keeps a package for the next start.
///
/// # Errors
/// [`TownError::Disk`].
pub(crate) fn store_package(folder: &Path, package: &SignedPackage) -> Result<(), TownError> {
    private_file::replace(folder, PACKAGE, package.as_bytes()).map_err(TownError::Disk)
}

impl Town {
    /// The town of a box that was never enrolled.
    pub(crate) fn local(local: &LocalTown, tests: TestHierarchies) -> Self {
        let authorities = Authorities {
            verifier: Verifier::new(tests),
            intermediates: Vec::new(),
            feed_key: [0; 32],
            root: [0; 32],
        };
        let checks = Checks {
            key: local.key.clone(),
            verifier: authorities.verifier.clone(),
            intermediates: Vec::new(),
            application_keys: Arc::default(),
            stopped: Arc::default(),
            time: TimeMarks::default(),
            version: 0,
        };
        Self {
            version: 0,
            site: local.site.clone(),
            incidents: local.incidents,
            key: local.key.clone(),
            hidden: BTreeSet::new(),
            checks: Arc::new(checks),
            authorities: Arc::new(authorities),
        }
    }

    /// The town of a package, and its directory for the database. A box whose grant is gone keeps standing
    /// at `local`'s site, so that people are received there all the same.
    pub(crate) fn of_package(
        package: Package,
        root: [u8; 32],
        own: BoxId,
        local: &LocalTown,
        tests: TestHierarchies,
        now: UnixMillis,
    ) -> (Self, Directory) {
        let granted = package.boxes.iter().find(|(id, _)| *id == own).map(|(_, grant)| grant.site);
        let site = granted.and_then(|id| package.sites.iter().find(|site| site.id == id)).cloned();
        let site = site.unwrap_or_else(|| {
            warn!("the town's package names no site for this box");
            local.site.clone()
        });
        let key = TownKey::new(package.key.0);
        let people = &package.directory.people;
        let authorities = authorities_of(&package, root, tests, now);
        let town = Self {
            version: package.version,
            site,
            incidents: package.incidents,
            hidden: people.iter().filter(|person| person.hidden).map(|person| person.id).collect(),
            checks: Arc::new(checks(&package, &key, &authorities)),
            authorities: Arc::new(authorities),
            key,
        };
        (town, package.directory)
    }

    /// The incident of a mode.
    pub(crate) const fn incident(&self, mode: Mode) -> IncidentId {
        match mode {
            Mode::DailyLife => self.incidents.daily_life,
            Mode::Live => self.incidents.live,
            Mode::Drill => self.incidents.drill,
        }
    }

    /// Whether there is a town behind this box.
    pub(crate) const fn is_enrolled(&self) -> bool {
        self.version > 0
    }

    /// 秘匿
    pub(crate) fn is_hidden(&self, person: PersonId) -> bool {
        self.hidden.contains(&person)
    }
}

/// The authorities of a package. What is refused is said; the rest counts.
pub(crate) fn authorities_of(
    package: &Package,
    root: [u8; 32],
    tests: TestHierarchies,
    now: UnixMillis,
) -> Authorities {
    let mut verifier = Verifier::new(tests);
    for anchor in &package.anchors {
        if let Err(error) = verifier.pin_anchor(anchor) {
            warn!(%error, "an anchor of the town's package was not pinned");
        }
    }
    let intermediates: Vec<&[u8]> = package.intermediates.iter().map(Vec::as_slice).collect();
    verifier.know_authorities(&intermediates, now.max(package.issued_at));
    verifier.set_grace(package.list_grace_millis);
    let intermediates = package.intermediates.clone();
    Authorities { verifier, intermediates, feed_key: package.feed_key, root }
}

/// What cards are checked against, still without a list.
fn checks(package: &Package, key: &TownKey, authorities: &Authorities) -> Checks {
    let cards = || package.directory.cards.iter().map(|card| (key.card_key(card.kind, &card.identity), card));
    let keys =
        cards().filter_map(|(key, card)| Some((key, card.application_key.clone()?.into_boxed_slice())));
    let stopped = cards().filter(|(_, card)| card.stopped.is_some()).map(|(key, _)| key);
    let reset = package.resets_time.then_some(package.issued_at);
    Checks {
        key: key.clone(),
        verifier: authorities.verifier.clone(),
        intermediates: package.intermediates.clone(),
        application_keys: Arc::new(keys.collect()),
        stopped: Arc::new(stopped.collect()),
        time: TimeMarks { root: package.issued_at, reset, ..TimeMarks::default() },
        version: package.version,
    }
}
