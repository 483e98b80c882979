//! What the page and `/counts.json` say: numbers and sites, never a person.

use std::collections::BTreeMap;

use hinamori_model::{Assurance, IncidentId, Mode, SiteId, SiteKind, UnixMillis};
use hinamori_record::Building;
use hinamori_store_sqlite::{SiteCounts, StoreError, Totals};
use hinamori_sync::town::{Incidents, Site};
use serde::Serialize;

use crate::archive::{Closed, Stores};
use crate::clock::now;
use crate::hub::Hub;
use crate::missing::{DistrictCounts, NotKnown, Standings};
use crate::own_shelter::{Ruling, has_people, together};
use crate::town::Town;

const ASSURANCES: [Assurance; 5] = [
    Assurance::Declared,
    Assurance::TokenOnly,
    Assurance::CertificateRead,
    Assurance::ChipProven,
    Assurance::PinProven,
];

/// Everything that is counted, in the form of `/counts.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    pub(crate) town: String,
    pub(crate) records: u64,
    pub(crate) changes: u64,
    pub(crate) incidents: Vec<IncidentCounts>,
    pub(crate) quarantined: u64,
    pub(crate) assurances: BTreeMap<Assurance, u64>,
    /// Sites of boxes of which two histories are known and nobody ruled yet.
    #[serde(skip)]
    pub(crate) forked: Vec<String>,
    /// When it was counted.
    #[serde(skip)]
    pub(crate) at: UnixMillis,
}

/// One incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct IncidentCounts {
    pub(crate) mode: Mode,
    /// What headquarters calls it; left out where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) sites: Vec<SiteFigures>,
    /// Who has not arrived, by district; none in daily life, where nobody is expected. Nothing when the roster cannot be
    /// read.
    pub(crate) districts: Option<Vec<DistrictCounts>>,
    /// How often a box reported bulk reading, or pages that were opened without staff.
    #[serde(skip)]
    pub(crate) alarms: u32,
    /// People whom two sites claim, and of whom nobody has said yet which one is right. Hidden people are not among them.
    pub(crate) conflicts: Option<u32>,
}

/// One site in one incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SiteFigures {
    pub(crate) id: SiteId,
    pub(crate) name: String,
    pub(crate) here: u32,
    /// Of those here: seen by anybody within 12 hours
    pub(crate) confirmed: u32,
    pub(crate) passed: u32,
    /// 所在未確認
    pub(crate) unaccounted: u32,
    /// 在宅・車中泊
    pub(crate) beside: u32,
    /// Of those here: 帰省者・来訪者
    pub(crate) visitors: u32,
    pub(crate) out: u32,
    pub(crate) unnamed: u32,
    /// Of those without a name: counted within 12 hours
    pub(crate) confirmed_unnamed: u32,
    pub(crate) watched: u32,
    pub(crate) last_contact: Option<UnixMillis>,
    /// 自主避難所: people opened it themselves.
    pub(crate) own_shelter: bool,
    /// Its town has decided that it is over, and somebody is still written down there.
    #[serde(skip)]
    pub(crate) is_closed: bool,
    #[serde(skip)]
    pub(crate) kind: SiteKind,
    #[serde(skip)]
    pub(crate) building: Option<Building>,
    #[serde(skip)]
    pub(crate) line: SiteLine,
    /// thisUpdate of the oldest revocation list of its boxes, `Some(None)` when one has no list at all; `None` when no
    /// box said anything yet.
    #[serde(skip)]
    pub(crate) card_data: Option<Option<UnixMillis>>,
}

/// Whether a site's boxes are on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SiteLine {
    /// At least one is.
    Open,
    /// None is.
    Cut,
    /// No box stands there.
    NoBox,
}

/// Why nothing could be counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCounted {
    /// The disk.
    #[error("the databases cannot be read")]
    Store(#[from] StoreError),
    /// The server ends.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Who has not arrived.
    #[error(transparent)]
    Missing(#[from] NotKnown),
    /// The data folder: nobody can say who is missing.
    #[error("the roster cannot be read: import it again")]
    NoRoster,
}

/// Counts everything as of now.
pub(crate) async fn count(hub: &Hub) -> Result<Counts, NotCounted> {
    let (town, at) = (hub.town.current(), now());
    let Incidents { daily_life, live, drill } = town.incidents;
    let sites: Vec<SiteId> = town.sites.iter().map(|site| site.id).collect();
    // By headquarters' word an incident may count in another one.
    let [live, drill] = hub.archive.ask(move |stores| [live, drill].map(|of| stores.shown(of))).await?;
    let asked = move |stores: &mut Stores| -> Result<_, StoreError> {
        let names = [live, daily_life, drill].map(|of| stores.name_of(of));
        let of = |incident| figures(stores, incident, &sites, at);
        let alarms = |incident| alarms(stores, incident, &sites);
        let alarms = [alarms(live)?, alarms(daily_life)?, alarms(drill)?];
        Ok(([of(live)?, of(daily_life)?, of(drill)?], names, alarms, totals(stores)?))
    };
    let (figures, names, alarms, totals) = hub.archive.ask(asked).await??;
    let mut standings = hub.missing.standings(hub, &town, [live, drill]).await?;
    let modes = [(Mode::Live, live), (Mode::DailyLife, daily_life), (Mode::Drill, drill)];
    let incidents = modes.into_iter().zip(figures).zip(names).zip(alarms);
    let incidents = incidents.map(|((((mode, incident), figures), name), alarms)| {
        let (districts, conflicts) = match (mode, &mut standings) {
            (Mode::DailyLife, _) => (Some(Vec::new()), Some(0)),
            (Mode::Live | Mode::Drill, None) => (None, None),
            (Mode::Live | Mode::Drill, Some(standings)) => {
                let Standings { districts, conflicts } = standings.remove(&incident).unwrap_or_default();
                (Some(districts), Some(conflicts))
            }
        };
        IncidentCounts { mode, name, sites: site_rows(hub, &town, figures), districts, alarms, conflicts }
    });
    let Totals { changes, records, assurances, quarantined } = totals;
    let assurances = ASSURANCES.map(|kind| (kind, assurances.get(&kind).copied().unwrap_or(0))).into();
    let incidents = incidents.collect();
    let forked = town.forked_sites().map(str::to_owned).collect();
    Ok(Counts { town: town.name.clone(), records, changes, incidents, quarantined, assurances, forked, at })
}

/// The rows of an incident: the town's sites, then the shelters that people opened themselves.
fn site_rows(hub: &Hub, town: &Town, figures: Figures) -> Vec<SiteFigures> {
    let Figures { mut of_sites, of_shelters } = figures;
    let mut shelters = Vec::new();
    for (id, name, figure) in of_shelters {
        let ruling = town.shelters().get(&id);
        let joined = match ruling {
            Some(Ruling::Joined(into)) => town.sites.iter().position(|site| site.id == *into),
            Some(Ruling::Adopted(_) | Ruling::Closed) | None => None,
        };
        let is_closed = ruling == Some(&Ruling::Closed);
        if let Some(into) = joined.and_then(|place| of_sites.get_mut(place)) {
            into.counts = together(into.counts, figure.counts);
            into.visitors = into.visitors.saturating_add(figure.visitors);
        } else if !is_closed || has_people(figure.counts) {
            let site = Site {
                id,
                name,
                kind: SiteKind::Shelter,
                catchment: Vec::new(),
                position: None,
                capacity: None,
            };
            shelters.push(SiteFigures { own_shelter: true, is_closed, ..row(hub, town, &site, figure) });
        }
    }
    let sites = town.sites.iter().zip(of_sites).map(|(site, figure)| row(hub, town, site, figure));
    sites.chain(shelters).collect()
}

fn row(hub: &Hub, town: &Town, site: &Site, figure: Figure) -> SiteFigures {
    let Figure { counts, visitors, building } = figure;
    let boxes = || town.boxes_at(site.id);
    let last_contact = boxes().filter_map(|id| hub.contacts.last(id)).max();
    let line = if boxes().next().is_none() {
        SiteLine::NoBox
    } else if boxes().any(|id| hub.contacts.is_on_line(id)) {
        SiteLine::Open
    } else {
        SiteLine::Cut
    };
    let card_data = boxes().filter_map(|id| hub.contacts.card_data(id)).min();
    SiteFigures { card_data, visitors, ..SiteFigures::new(site, counts, building, last_contact, line) }
}

/// What is counted of one site.
struct Figure {
    counts: SiteCounts,
    visitors: u32,
    building: Option<Building>,
}

/// Of one incident.
struct Figures {
    of_sites: Vec<Figure>,
    /// Shelters that are no sites of the town, with what they are called.
    of_shelters: Vec<(SiteId, String, Figure)>,
}

fn figures(
    stores: &Stores,
    incident: IncidentId,
    sites: &[SiteId],
    at: UnixMillis,
) -> Result<Figures, StoreError> {
    let store = stores.store_of(incident);
    let figure = |site: SiteId| -> Result<Figure, StoreError> {
        Ok(Figure {
            counts: store.counts(incident, site, at)?,
            visitors: store.visitors(incident, site, at)?,
            building: store.building(incident, site)?,
        })
    };
    let of_sites = sites.iter().map(|site| figure(*site)).collect::<Result<_, _>>()?;
    let shelters = store.own_shelters(incident)?.into_iter().filter(|(id, _)| !sites.contains(id));
    let of_shelters =
        shelters.map(|(id, name)| Ok((id, name, figure(id)?))).collect::<Result<_, StoreError>>()?;
    Ok(Figures { of_sites, of_shelters })
}

/// Alarms of the audit at all sites.
fn alarms(stores: &Stores, incident: IncidentId, sites: &[SiteId]) -> Result<u32, StoreError> {
    let store = stores.store_of(incident);
    sites.iter().try_fold(0_u32, |sum, site| {
        Ok(sum.saturating_add(store.alarms(incident, *site, UnixMillis::new(0))?))
    })
}

fn totals(stores: &Stores) -> Result<Totals, StoreError> {
    let mut sum = Totals::default();
    for store in stores.all() {
        let Totals { changes, records, assurances, quarantined } = store.totals()?;
        sum.changes = sum.changes.saturating_add(changes);
        sum.records = sum.records.saturating_add(records);
        sum.quarantined = sum.quarantined.saturating_add(quarantined);
        for (kind, number) in assurances {
            let counted = sum.assurances.entry(kind).or_default();
            *counted = counted.saturating_add(number);
        }
    }
    Ok(sum)
}

impl SiteFigures {
    fn new(
        site: &Site,
        counts: SiteCounts,
        building: Option<Building>,
        last_contact: Option<UnixMillis>,
        line: SiteLine,
    ) -> Self {
        let Site { id, name, kind, .. } = site.clone();
        let SiteCounts {
            here,
            confirmed,
            unaccounted,
            passed,
            out,
            beside,
            unnamed,
            confirmed_unnamed,
            watched,
        } = counts;
        Self {
            id,
            name,
            here,
            confirmed,
            unaccounted,
            passed,
            out,
            beside,
            visitors: 0,
            unnamed,
            confirmed_unnamed,
            watched,
            last_contact,
            own_shelter: false,
            is_closed: false,
            kind,
            building,
            line,
            card_data: None,
        }
    }
}
