//! What the running server needs of the town's package and register, read anew when their files change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use hinamori_model::{BoxId, IncidentId, Mode, SiteId, StaffId, UnixMillis};
use hinamori_profile::IncidentKey;
use hinamori_record::ActorId;
use hinamori_sync::town::{ClosedIncident, Incidents, Package, SignedPackage, Site, StaffGrant};
use hinamori_sync::{CutOffs, Forks, Grant, Grants, Retentions, headquarters, is_own_shelter};
use tokio::sync::watch;

use crate::crl::Authorities;
use crate::data::{DataError, DataFolder, Fingerprint, Keys};
use crate::own_shelter::Ruling;
use crate::profiles::keys_of;
use crate::registry::{RegisteredBox, Registry, Standing};

/// The town as it is now. Of its people only staff are kept: nothing here has to know another one.
pub(crate) struct Town {
    pub(crate) name: String,
    pub(crate) sites: Vec<Site>,
    pub(crate) incidents: Incidents,
    pub(crate) signed: SignedPackage,
    pub(crate) grants: Grants,
    pub(crate) authorities: Authorities,
    /// Of every incident that is not closed.
    pub(crate) incident_keys: BTreeMap<IncidentId, IncidentKey>,
    pub(crate) closed: BTreeSet<IncidentId>,
    pub(crate) closings: Vec<ClosedIncident>,
    pub(crate) says: Says,
    staff: Vec<StaffGrant>,
    registry: Registry,
}

/// Why a box with a good certificate is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAdmitted {
    /// It never joined, or the register was brought back from an old copy.
    #[error("the box is not in the town's register: enrol it again")]
    Unknown,
    /// It was shut out.
    #[error("the box was shut out of the town")]
    Denied,
    /// It joined again since; somebody has a copy of its old key.
    #[error("the box shows a certificate from before it was enrolled anew")]
    OldKey,
}

impl Town {
    /// Looks whether a box may come in, or stay.
    pub(crate) fn admits(&self, id: BoxId, tls_key: &[u8; 32]) -> Result<&Grant, NotAdmitted> {
        let known = self.registry.boxes.get(&id).ok_or(NotAdmitted::Unknown)?;
        match known.standing {
            Standing::Denied => Err(NotAdmitted::Denied),
            Standing::Admitted if known.tls_key != *tls_key => Err(NotAdmitted::OldKey),
            Standing::Admitted => self.grants.0.get(&id).ok_or(NotAdmitted::Unknown),
        }
    }

    /// A member of staff whose time is not over.
    pub(crate) fn staff(&self, id: StaffId, now: UnixMillis) -> Option<&StaffGrant> {
        self.staff.iter().find(|grant| grant.id == id && grant.until >= now)
    }

    /// The boxes that stand at a site, also those that were shut out. A shelter that people opened themselves has the box that
    /// opened it.
    pub(crate) fn boxes_at(&self, at: SiteId) -> impl Iterator<Item = BoxId> {
        let stands =
            move |(id, known): &(&BoxId, &RegisteredBox)| known.place.site == at || is_own_shelter(**id, at);
        self.registry.boxes.iter().filter(stands).map(|(id, _)| *id)
    }

    /// Whether the register has a fork already.
    pub(crate) fn knows_fork(&self, writer: ActorId) -> bool {
        self.registry.forks.iter().any(|fork| fork.writer() == writer)
    }

    /// What the sites are called whose boxes the town has still to rule about.
    pub(crate) fn forked_sites(&self) -> impl Iterator<Item = &str> {
        let forked = self.registry.boxes.iter().filter(|(id, _)| self.says.forks.is_open(**id));
        let name = |site: SiteId| self.sites.iter().find(|known| known.id == site);
        forked.filter_map(move |(_, known)| name(known.place.site)).map(|site| site.name.as_str())
    }

    /// What was decided about shelters that people opened themselves.
    pub(crate) const fn shelters(&self) -> &BTreeMap<SiteId, Ruling> {
        &self.registry.shelters
    }
}

/// The files and what they said last.
pub(crate) struct TownWatch {
    pub(crate) folder: DataFolder,
    pub(crate) keys: Keys,
    seen: Mutex<Fingerprint>,
    current: watch::Sender<Arc<Town>>,
}

impl TownWatch {
    /// Reads them.
    pub(crate) fn open(folder: DataFolder, keys: Keys) -> Result<Self, DataError> {
        let seen = folder.fingerprint();
        let current = watch::Sender::new(Arc::new(read(&folder, &keys)?));
        Ok(Self { folder, keys, seen: Mutex::new(seen), current })
    }

    /// The town as it was read last.
    pub(crate) fn current(&self) -> Arc<Town> {
        Arc::clone(&self.current.borrow())
    }

    /// Tells when it changes.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Town>> {
        self.current.subscribe()
    }

    /// What the files say, if somebody replaced them since; blocks, a large package takes some hundred
    /// milliseconds. What cannot be read is reported once, and the town stays as it was.
    pub(crate) fn read_anew(&self) -> Option<Town> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.folder.fingerprint();
        if *seen == found {
            return None;
        }
        *seen = found;
        drop(seen);
        match read(&self.folder, &self.keys) {
            Ok(town) => Some(town),
            Err(error) => {
                tracing::error!(%error, "the town's files changed and cannot be read; the old ones hold");
                None
            }
        }
    }

    /// Goes by `town` from now on.
    pub(crate) fn replace(&self, town: Town) {
        let (version, boxes) = (town.signed.version(), town.registry.boxes.len());
        tracing::info!(version, boxes, "the town changed");
        self.current.send_replace(Arc::new(town));
    }
}

/// What a package says of records: which count, and where.
#[derive(Debug, Clone)]
pub(crate) struct Says {
    pub(crate) drill: IncidentId,
    pub(crate) cut_offs: CutOffs,
    pub(crate) retentions: Retentions,
    pub(crate) forks: Forks,
    /// Headquarters' site, and the live incidents and the drills on which it may rule.
    pub(crate) headquarters: SiteId,
    pub(crate) ruled_on: [BTreeSet<IncidentId>; 2],
}

impl Says {
    /// Of the town with this `root`.
    pub(crate) fn of(package: &Package, root: &[u8; 32]) -> Self {
        Self {
            drill: package.incidents.drill,
            cut_offs: CutOffs::new(&package.cut_offs, None),
            retentions: Retentions::new(&package.retentions),
            forks: Forks::new(&package.forks, None),
            headquarters: headquarters(root),
            ruled_on: [Mode::Live, Mode::Drill].map(|mode| package.incidents_of(mode)),
        }
    }
}

fn read(folder: &DataFolder, keys: &Keys) -> Result<Town, DataError> {
    let registry = folder.registry()?;
    let (signed, package) = folder.town(keys)?;
    let (grants, authorities) = (Grants::from(&package), Authorities::of(&package));
    let incident_keys = keys_of(&package);
    let closed = package.closed.iter().map(|closed| closed.incident).collect();
    let says = Says::of(&package, &keys.town_root.public());
    let Package { name, sites, incidents, closed: closings, staff, .. } = package;
    Ok(Town {
        name,
        sites,
        incidents,
        signed,
        grants,
        authorities,
        incident_keys,
        closed,
        closings,
        says,
        staff,
        registry,
    })
}
