//! 自主避難所: what the town decides about shelters that people opened themselves. Their records stay where they are, whatever is
//! decided.

use std::collections::BTreeMap;

use hinamori_model::{IncidentId, SiteId, SiteKind, UnixMillis};
use hinamori_store_sqlite::{SiteCounts, Store, StoreError};
use hinamori_sync::town::{Package, Site};
use serde::{Deserialize, Serialize};

use crate::archive::Stores;
use crate::data::{DataError, DataFolder, Keys};
use crate::enrol::name_boxes;

/// What was decided about one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// It is a site of the town from now on, with a name, and boxes can be enrolled there.
    Adopted(String),
    /// Its people count at another site.
    Joined(SiteId),
    /// It is over. While somebody is still written down there it is shown.
    Closed,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum NotRuled {
    /// The operator.
    #[error("no box has told of a shelter {0} that people opened themselves")]
    UnknownShelter(SiteId),
    /// The operator.
    #[error("a shelter cannot be joined to itself")]
    IntoItself,
    /// The operator.
    #[error("the shelter is a site of the town already: town.toml says what becomes of it")]
    AlreadyAdopted,
    /// Somebody else was faster.
    #[error("something else was decided about the shelter since")]
    DecidedSince,
    /// The records.
    #[error("the records cannot be read")]
    Store(#[from] StoreError),
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
}

/// What an operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The town takes it over, under the name that its people gave it.
    Adopt,
    /// Its people count at this site of the town.
    Join(SiteId),
    /// It is over.
    Close,
}

/// Decides about a shelter, whether or not the server runs.
///
/// # Errors
/// [`NotRuled`]; nothing has changed then.
pub fn rule_on_shelter(
    folder: &DataFolder,
    keys: &Keys,
    shelter: SiteId,
    wanted: Wanted,
    now: UnixMillis,
) -> Result<(), NotRuled> {
    rule_if(folder, keys, (shelter, wanted), |_package, _ruling| true, now)
}

/// The same, if what was decided before is what the official had before their eyes.
pub(crate) fn rule_if(
    folder: &DataFolder,
    keys: &Keys,
    (shelter, wanted): (SiteId, Wanted),
    as_seen: impl FnOnce(&Package, Option<&Ruling>) -> bool,
    now: UnixMillis,
) -> Result<(), NotRuled> {
    let locked = folder.lock()?;
    let (_, mut package) = folder.town(keys)?;
    let mut registry = folder.registry()?;
    if package.sites.iter().any(|site| site.id == shelter) {
        return Err(NotRuled::AlreadyAdopted);
    }
    if !as_seen(&package, registry.shelters.get(&shelter)) {
        return Err(NotRuled::DecidedSince);
    }
    let name = name_of(folder, &package, shelter)?.ok_or(NotRuled::UnknownShelter(shelter))?;
    let ruling = match wanted {
        Wanted::Adopt => Ruling::Adopted(name),
        Wanted::Join(into) if into == shelter => return Err(NotRuled::IntoItself),
        Wanted::Join(into) if !package.sites.iter().any(|site| site.id == into) => {
            return Err(DataError::unknown_site(into, &package).into());
        }
        Wanted::Join(into) => Ruling::Joined(into),
        Wanted::Close => Ruling::Closed,
    };
    registry.shelters.insert(shelter, ruling);
    // The register first: the next import brings an adopted site into the package too.
    locked.save_registry(&registry)?;
    if wanted == Wanted::Adopt {
        adopt(&mut package.sites, &registry.shelters);
        name_boxes(&mut package, keys, &registry, now);
        locked.save_package(keys, &package)?;
    }
    Ok(())
}

/// What people call a shelter that they opened in earnest: what was opened in a drill is over with it.
fn name_of(folder: &DataFolder, package: &Package, shelter: SiteId) -> Result<Option<String>, StoreError> {
    let [live, _drill] = folder.databases();
    if !live.exists() {
        return Ok(None);
    }
    let store = Store::open(&live)?;
    let shelters = store.own_shelters(store.rulings().joined_into(package.incidents.live))?;
    Ok(shelters.into_iter().find(|(id, _)| *id == shelter).map(|(_, name)| name))
}

/// What every place is called where records of an incident stand, and where its people count.
pub(crate) struct Places {
    names: BTreeMap<SiteId, String>,
    joined: BTreeMap<SiteId, SiteId>,
}

impl Places {
    pub(crate) fn read(
        stores: &Stores,
        package: &Package,
        rulings: &BTreeMap<SiteId, Ruling>,
        incident: IncidentId,
    ) -> Result<Self, StoreError> {
        let own = stores.store_of(incident).own_shelters(incident)?;
        // The town's word about a name is the last one.
        let of_town = package.sites.iter().map(|site| (site.id, site.name.clone()));
        let joined = rulings.iter().filter_map(|(id, ruling)| match ruling {
            Ruling::Joined(into) => Some((*id, *into)),
            Ruling::Adopted(_) | Ruling::Closed => None,
        });
        Ok(Self { names: own.into_iter().chain(of_town).collect(), joined: joined.collect() })
    }

    /// The site at which the people of a place count.
    pub(crate) fn counted_at(&self, place: SiteId) -> SiteId {
        self.joined.get(&place).copied().unwrap_or(place)
    }

    /// What a place is called; with its id where nobody said it.
    pub(crate) fn name(&self, place: SiteId) -> String {
        self.names.get(&place).cloned().unwrap_or_else(|| format!("登録のない拠点 {place}"))
    }
}

/// Adds the shelters that the town took over to its sites.
pub(crate) fn adopt(sites: &mut Vec<Site>, rulings: &BTreeMap<SiteId, Ruling>) {
    for (id, ruling) in rulings {
        if let Ruling::Adopted(name) = ruling
            && !sites.iter().any(|site| site.id == *id)
        {
            let (id, name) = (*id, name.clone());
            sites.push(Site {
                id,
                name,
                kind: SiteKind::Shelter,
                catchment: Vec::new(),
                position: None,
                capacity: None,
            });
        }
    }
}

/// The sum of two sites' numbers.
pub(crate) const fn together(one: SiteCounts, other: SiteCounts) -> SiteCounts {
    SiteCounts {
        here: one.here.saturating_add(other.here),
        confirmed: one.confirmed.saturating_add(other.confirmed),
        unaccounted: one.unaccounted.saturating_add(other.unaccounted),
        passed: one.passed.saturating_add(other.passed),
        out: one.out.saturating_add(other.out),
        beside: one.beside.saturating_add(other.beside),
        unnamed: one.unnamed.saturating_add(other.unnamed),
        confirmed_unnamed: one.confirmed_unnamed.saturating_add(other.confirmed_unnamed),
        watched: one.watched.saturating_add(other.watched),
    }
}

/// The numbers of a site without those of some of its people.
pub(crate) const fn less(whole: SiteCounts, part: SiteCounts) -> SiteCounts {
    SiteCounts {
        here: whole.here.saturating_sub(part.here),
        confirmed: whole.confirmed.saturating_sub(part.confirmed),
        unaccounted: whole.unaccounted.saturating_sub(part.unaccounted),
        passed: whole.passed.saturating_sub(part.passed),
        out: whole.out.saturating_sub(part.out),
        beside: whole.beside.saturating_sub(part.beside),
        unnamed: whole.unnamed.saturating_sub(part.unnamed),
        confirmed_unnamed: whole.confirmed_unnamed.saturating_sub(part.confirmed_unnamed),
        watched: whole.watched.saturating_sub(part.watched),
    }
}

/// Whether anybody is still written down at a site.
pub(crate) const fn has_people(counts: SiteCounts) -> bool {
    let SiteCounts { here, unaccounted, out, beside, unnamed, .. } = counts;
    here > 0 || unaccounted > 0 || out > 0 || beside > 0 || unnamed > 0
}
