//! The town as this box knows it: from the signed package, or made up until there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use hinamori_model::{BoxId, IncidentId, Mode, SiteId, TownKey, UnixMillis};
use hinamori_pki::{TestHierarchies, Verifier};
use hinamori_private_file as private_file;
use hinamori_profile::IncidentKey;
use hinamori_sync::town::{Incidents, LONGEST_PACKAGE, Package, PackageError, SignedPackage, Site};
use tracing::warn;

use crate::checks::Checks;
use crate::clock::TimeMarks;
use crate::keys::{IncidentKeys, LocalTown};
use crate::lists::Authorities;
use crate::roster::TownRoster;
use crate::staff::Staff;

const PACKAGE: &str = "town.package";

/// What the core works with. People stand in the directory, a database of their own.
pub(crate) struct Town {
    /// Of the package; 0 for a town of one box.
    pub(crate) version: u64,
    /// What the town is called; "" for a town of one box.
    pub(crate) name: String,
    /// Where this box stands.
    pub(crate) site: Site,
    /// Where the town says that it stands: another site than [`Town::site`] while people have a shelter of their own.
    pub(crate) granted: Site,
    /// What the town's sites are called.
    pub(crate) site_names: BTreeMap<SiteId, String>,
    /// Daily life and what stands by.
    pub(crate) incidents: Incidents,
    /// The key under which cards are hashed.
    pub(crate) key: TownKey,
    /// What cards are checked against.
    pub(crate) checks: Arc<Checks>,
    /// Under whose authority lists are taken.
    pub(crate) authorities: Arc<Authorities>,
    /// In which parts the people come.
    pub(crate) roster: Arc<TownRoster>,
    /// Under which the keys of people are wrapped, of every incident that is not closed.
    pub(crate) incident_keys: IncidentKeys,
    /// Who may sign in here.
    pub(crate) staff: Staff,
    /// The server's key that signs receipts; zeros, under which nothing is signed, for a town of one box.
    pub(crate) receipt_key: [u8; 32],
    /// Boxes that are shut out.
    pub(crate) denied: BTreeSet<BoxId>,
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
    let longest = u64::try_from(LONGEST_PACKAGE).unwrap_or(u64::MAX);
    let Some(bytes) = private_file::read(folder, PACKAGE, longest).map_err(TownError::Disk)? else {
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
        let (key, site) = (local.key.clone(), local.site.clone());
        let roster = TownRoster { root: [0; 32], key, heads: Vec::new(), site };
        let checks = Checks {
            key: local.key.clone(),
            verifier: authorities.verifier.clone(),
            intermediates: Vec::new(),
            application_keys: Arc::default(),
            staff_keys: Arc::default(),
            staff_cards: Arc::default(),
            time: TimeMarks::default(),
            version: 0,
        };
        Self {
            version: 0,
            name: String::new(),
            site: local.site.clone(),
            granted: local.site.clone(),
            site_names: BTreeMap::from([(local.site.id, local.site.name.clone())]),
            incidents: local.incidents,
            key: local.key.clone(),
            checks: Arc::new(checks),
            authorities: Arc::new(authorities),
            roster: Arc::new(roster),
            incident_keys: Arc::clone(&local.incident_keys),
            staff: Staff::default(),
            receipt_key: [0; 32],
            denied: BTreeSet::new(),
        }
    }

    /// The town of a package. A box whose grant is gone keeps standing
    /// at `local`'s site, so that people are received there all the same.
    pub(crate) fn of_package(
        package: Package,
        root: [u8; 32],
        own: BoxId,
        local: &LocalTown,
        tests: TestHierarchies,
        now: UnixMillis,
    ) -> Self {
        let granted = package.boxes.iter().find(|(id, _)| *id == own).map(|(_, grant)| grant.site);
        let site = granted.and_then(|id| package.sites.iter().find(|site| site.id == id)).cloned();
        let site = site.unwrap_or_else(|| {
            warn!("the town's package names no site for this box");
            local.site.clone()
        });
        let key = TownKey::new(package.key.0);
        let authorities = authorities_of(&package, root, tests, now);
        let staff = Staff::at(package.staff.clone(), site.id);
        let checks = Arc::new(checks(&package, &key, &authorities, &staff));
        let incident_keys = package.incident_keys.iter();
        let incident_keys = incident_keys.map(|(id, key)| (*id, IncidentKey::new(*id, key.0))).collect();
        let roster = TownRoster { root, key: key.clone(), heads: package.roster, site: site.clone() };
        let site_names = package.sites.into_iter().map(|site| (site.id, site.name)).collect();
        Self {
            version: package.version,
            name: package.name,
            granted: site.clone(),
            site,
            site_names,
            incidents: package.incidents,
            checks,
            authorities: Arc::new(authorities),
            roster: Arc::new(roster),
            incident_keys: Arc::new(incident_keys),
            staff,
            receipt_key: package.receipt_key,
            denied: package.denied.into_iter().collect(),
            key,
        }
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

/// What cards are checked against, still without a list and without anybody's card.
fn checks(package: &Package, key: &TownKey, authorities: &Authorities, staff: &Staff) -> Checks {
    let reset = package.resets_time.then_some(package.issued_at);
    Checks {
        key: key.clone(),
        verifier: authorities.verifier.clone(),
        intermediates: package.intermediates.clone(),
        application_keys: Arc::default(),
        staff_keys: Arc::new(staff.application_keys()),
        staff_cards: Arc::new(staff.cards()),
        time: TimeMarks { root: package.issued_at, reset, ..TimeMarks::default() },
        version: package.version,
    }
}
