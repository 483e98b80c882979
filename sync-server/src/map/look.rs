//! Looks at everything that a map shows: people, sites, boxes and the order that is in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinamori_alert::{MessageKind, Polygon, Word as _};
use hinamori_model::{BoxId, Hlc, HouseholdId, IncidentId, PersonId, SiteId, SiteKind, UnixMillis};
use hinamori_plan::Plan;
use hinamori_record::{Building, RuledStanding, SiteWord};
use hinamori_store_sqlite::{SiteCounts, StoreError, Tallies};
use hinamori_sync::town::Site;
use tokio::task::spawn_blocking;

use super::contract::{
    AlertState, BoxState, MapMode, MapSiteKind, Position, SiteHazard, SiteStanding, SiteState, SiteWordState,
    TelevisionStanding,
};
use super::homes::{HOMES, Positions, positions};
use super::picture::{Look, LookAtPeople};
use crate::alerts::{Board, Inner, Message, Progress, Reach};
use crate::archive::Stores;
use crate::clock::now;
use crate::counts::NotCounted;
use crate::hall::shown_incident;
use crate::hub::Hub;
use crate::own_shelter::{Ruling, has_people, less, together};
use crate::town::Town;

/// What is counted of a site.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    counts: SiteCounts,
    visitors: u32,
    /// How its staff opened it, and when the last time.
    opened: Option<(Building, Hlc)>,
}

/// What was found and need not be looked for again before something changes.
#[derive(Default)]
pub(crate) struct Known {
    incident: Option<IncidentId>,
    sites: BTreeMap<SiteId, Counted>,
    /// By which it is seen that a site has to be counted again.
    tallies: Tallies,
    televisions: Arc<BTreeMap<HouseholdId, TelevisionStanding>>,
    /// At which count of the desk's changes, and under which order.
    televisions_at: Option<(u64, Option<String>)>,
    positions: Positions,
    /// How the file of positions looked when it was read.
    positions_of: Option<[u64; 4]>,
}

/// Which sites have to be counted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dirty {
    These(BTreeSet<SiteId>),
    All,
}

impl Dirty {
    pub(crate) fn nothing() -> Self {
        Self::These(BTreeSet::new())
    }

    pub(crate) fn add(&mut self, site: SiteId) {
        match self {
            Self::These(sites) => drop(sites.insert(site)),
            Self::All => {}
        }
    }

    fn has(&self, site: SiteId) -> bool {
        match self {
            Self::These(sites) => sites.contains(&site),
            Self::All => true,
        }
    }
}

/// Looks at everything of one mode as of now.
pub(crate) async fn look(
    hub: &Hub,
    board: &Board,
    mode: MapMode,
    known: &mut Known,
    dirty: Dirty,
) -> Result<Look, NotCounted> {
    let (town, at) = (hub.town.current(), now());
    let incidents = town.incidents;
    let own: Vec<SiteId> = town.sites.iter().map(|site| site.id).collect();
    let (was, of_words) = (known.incident, own.clone());
    let (sites, tallies) = (std::mem::take(&mut known.sites), std::mem::take(&mut known.tallies));
    let counted = hub.archive.ask(move |stores| {
        let [live, drill] =
            [MapMode::Live, MapMode::Drill].map(|mode| shown_incident(stores, incidents, mode.into()));
        let incident = match mode {
            MapMode::Live => live,
            MapMode::Drill => drill,
        };
        let dirty = if was == Some(incident) { dirty } else { Dirty::All };
        let counted = count_sites(stores, incident, (own, sites), (tallies, &dirty), at)?;
        let words: Words =
            of_words.into_iter().filter_map(|site| Some((site, stores.word_on(incident, site)?))).collect();
        Ok::<_, StoreError>((incident, [live, drill], (stores.name_of(incident), words), counted))
    });
    let (incident, both, (name, words), (sites, tallies, shelters)) = counted.await??;
    (known.incident, known.sites, known.tallies) = (Some(incident), sites, tallies);
    // Who cannot say who is missing does not say that nobody is.
    let mut standings = hub.missing.standings(hub, &town, both).await?.ok_or(NotCounted::NoRoster)?;
    let conflicts = standings.remove(&incident).unwrap_or_default().conflicts;
    let people = hub.missing.read(incident, |districts| LookAtPeople {
        names: districts.names().to_vec(),
        districts: districts.figures().map(|one| [one.people, one.needing_support]).collect(),
        homes: districts.homes().collect(),
        conflicts,
    });
    let (people, hidden) = people.await.ok_or(NotCounted::NoRoster)?;
    let mut shown = known.sites.clone();
    let left_out =
        hub.archive.ask(move |stores| leave_out(stores, incident, &hidden, &mut shown, at).map(|()| shown));
    let shown = left_out.await??;
    let folder = hub.town.folder.clone();
    let seen = folder.fingerprint_of(HOMES);
    if known.positions_of != seen {
        match spawn_blocking(move || positions(&folder)).await {
            Ok(Ok(positions)) => (known.positions, known.positions_of) = (positions, seen),
            Ok(Err(error)) => tracing::error!(%error, "the list of homes cannot be read"),
            Err(_ended) => {}
        }
    }
    let (alert, plan) = look_at_alerts(board, mode, known, at);
    let visitors = shown.values().fold(0, |sum: u32, site| sum.saturating_add(site.visitors));
    Ok(Look {
        at,
        town: town.name.clone(),
        incident: (incident, name),
        people,
        sites: site_states(hub, &town, plan.as_deref(), (shown, shelters), &words),
        alert,
        televisions: Arc::clone(&known.televisions),
        positions: Arc::clone(&known.positions),
        centers: plan.as_deref().map(centers).unwrap_or_default(),
        visitors,
    })
}

/// What headquarters said of sites, and when.
type Words = BTreeMap<SiteId, (SiteWord, Hlc)>;
type Shelters = Vec<(SiteId, String)>;

/// The figures of all sites, of which only those are counted again that have to be.
fn count_sites(
    stores: &Stores,
    incident: IncidentId,
    (own, mut known): (Vec<SiteId>, BTreeMap<SiteId, Counted>),
    (before, dirty): (Tallies, &Dirty),
    at: UnixMillis,
) -> Result<(BTreeMap<SiteId, Counted>, Tallies, Shelters), StoreError> {
    let store = stores.store_of(incident);
    // Who came to a site left another one, which nobody named.
    let tallies = store.tallies(incident)?;
    let differs = |site: &SiteId| before.get(site) != tallies.get(site);
    let shelters = store.own_shelters(incident)?;
    let all: BTreeSet<SiteId> = own.iter().copied().chain(shelters.iter().map(|(id, _)| *id)).collect();
    known.retain(|site, _| all.contains(site));
    for site in all {
        if dirty.has(site) || differs(&site) || !known.contains_key(&site) {
            let counts = store.counts(incident, site, at)?;
            let (visitors, opened) = (store.visitors(incident, site, at)?, store.opened(incident, site)?);
            known.insert(site, Counted { counts, visitors, opened });
        }
    }
    let shelters = shelters.into_iter().filter(|(id, _)| !own.contains(id)).collect();
    Ok((known, tallies, shelters))
}

/// Takes hidden people out of the numbers of sites: one more at a site, and nobody anywhere else, would say where they are (law 7).
fn leave_out(
    stores: &Stores,
    incident: IncidentId,
    hidden: &BTreeSet<PersonId>,
    counted: &mut BTreeMap<SiteId, Counted>,
    at: UnixMillis,
) -> Result<(), StoreError> {
    let store = stores.store_of(incident);
    let people: Result<BTreeSet<PersonId>, StoreError> =
        hidden.iter().map(|person| store.canonical(*person)).collect();
    for person in people? {
        let Some((site, share, is_visitor)) = store.share(incident, person, at)? else { continue };
        if let Some(of) = counted.get_mut(&site) {
            of.counts = less(of.counts, share);
            of.visitors = of.visitors.saturating_sub(is_visitor.into());
        }
    }
    Ok(())
}

fn site_states(
    hub: &Hub,
    town: &Town,
    plan: Option<&Plan>,
    (mut counted, shelters): (BTreeMap<SiteId, Counted>, Shelters),
    words: &Words,
) -> Vec<SiteState> {
    let mut of_people = Vec::new();
    for (id, name) in shelters {
        let own = counted.get(&id).copied().unwrap_or_default();
        match town.shelters().get(&id) {
            Some(Ruling::Joined(into)) if town.sites.iter().any(|site| site.id == *into) => {
                if let Some(into) = counted.get_mut(into) {
                    into.counts = together(into.counts, own.counts);
                }
            }
            Some(Ruling::Closed) if !has_people(own.counts) => {}
            // Also one whose people count at a site that the town has no longer: they are somewhere.
            ruling @ (Some(_) | None) => {
                let site = Site {
                    id,
                    name,
                    kind: SiteKind::Shelter,
                    catchment: Vec::new(),
                    position: None,
                    capacity: None,
                };
                of_people.push((site, own, ruling == Some(&Ruling::Closed)));
            }
        }
    }
    let state = |site: &Site, counted: Counted, (own_shelter, is_closed): (bool, bool)| {
        let boxes = town.boxes_at(site.id).map(|id| box_state(hub, id));
        let word = words.get(&site.id).copied();
        site_state(site, counted, (own_shelter, is_closed, word), boxes.collect(), plan)
    };
    let of_town = town.sites.iter().map(|site| {
        let counted = counted.get(&site.id).copied().unwrap_or_default();
        state(site, counted, (false, false))
    });
    let of_people =
        of_people.iter().map(|(site, counted, is_closed)| state(site, *counted, (true, *is_closed)));
    of_town.chain(of_people).collect()
}

fn box_state(hub: &Hub, id: BoxId) -> BoxState {
    let condition = hub.contacts.condition(id);
    let battery = condition.and_then(|condition| condition.battery);
    let on_line = hub.contacts.is_on_line(id);
    BoxState {
        id: id.to_string(),
        on_line,
        // Every box is heard every few seconds: as long as its line stands, a minute is exact enough.
        last_contact: hub.contacts.last(id).map(|at| if on_line { minute_of(at) } else { at }),
        card_data: hub.contacts.card_data(id).flatten(),
        unsent: condition.map(|condition| condition.unsent),
        clock_sure: condition.map(|condition| condition.is_clock_sure),
        battery: battery.map(|battery| battery.percent.min(100)),
        on_mains: battery.map(|battery| battery.is_on_mains),
    }
}

const fn minute_of(at: UnixMillis) -> UnixMillis {
    UnixMillis::new(at.get() / 60_000 * 60_000)
}

fn site_state(
    site: &Site,
    Counted { counts, opened, .. }: Counted,
    (own_shelter, is_closed, word): (bool, bool, Option<(SiteWord, Hlc)>),
    boxes: Vec<BoxState>,
    plan: Option<&Plan>,
) -> SiteState {
    let kind = match site.kind {
        SiteKind::Shelter => MapSiteKind::Shelter,
        SiteKind::CheckPoint => MapSiteKind::CheckPoint,
        SiteKind::WatchSpot => MapSiteKind::WatchSpot,
        SiteKind::EmergencySite => MapSiteKind::EmergencySite,
    };
    let here = match site.kind {
        SiteKind::CheckPoint => counts.passed,
        SiteKind::Shelter | SiteKind::WatchSpot | SiteKind::EmergencySite => {
            counts.here.saturating_add(counts.unnamed)
        }
    };
    let said = word.map(|(word, _)| word).unwrap_or_default();
    let capacity = said.capacity.or(site.capacity);
    // What headquarters said holds until it says something else: who opened the site since may not have heard of it. Open it is for as many
    // as it has places for.
    let standing = match said.standing {
        Some(RuledStanding::Closed) => SiteStanding::Closed,
        Some(RuledStanding::Full) => SiteStanding::Full,
        Some(RuledStanding::Open) | None if is_closed => SiteStanding::Closed,
        Some(RuledStanding::Open) | None if capacity.is_some_and(|capacity| here >= capacity) => {
            SiteStanding::Full
        }
        Some(RuledStanding::Open) => SiteStanding::Open,
        None if opened.is_some() || own_shelter || here > 0 => SiteStanding::Open,
        None => SiteStanding::Unknown,
    };
    SiteState {
        id: site.id.to_string(),
        name: site.name.clone(),
        kind,
        position: site
            .position
            .map(|(north, east)| Position([east, north].map(|part| f64::from(part) / 1e7))),
        standing,
        own_shelter,
        here,
        confirmed: counts.confirmed.saturating_add(counts.confirmed_unnamed),
        unnamed: counts.unnamed,
        outside: opened.is_some_and(|(building, _)| building == Building::SomethingOrUnsure),
        unaccounted: counts.unaccounted,
        out: counts.out,
        capacity,
        word: word.map(|word| SiteWordState::new(word, opened.map(|(_, at)| at))),
        boxes,
        hazards: plan.map(|plan| hazards_of(plan, site.id)).unwrap_or_default(),
    }
}

/// For which hazards the plan names the site. Unsafe in one district's eyes is unsafe.
fn hazards_of(plan: &Plan, site: SiteId) -> Vec<SiteHazard> {
    let mut found: BTreeMap<&'static str, Option<bool>> = BTreeMap::new();
    let ways = plan.districts.iter().flat_map(|district| &district.go).filter(|way| way.site == Some(site));
    for way in ways {
        for hazard in way.hazards() {
            let known = found.entry(hazard.name()).or_insert(way.safe);
            *known = match (*known, way.safe) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (None, _) | (_, None) => None,
                (Some(true), Some(true)) => Some(true),
            };
        }
    }
    let hazard = |(hazard, is_safe): (&str, Option<bool>)| SiteHazard { hazard: spelled(hazard), is_safe };
    found.into_iter().map(hazard).collect()
}

/// A word of CAP's profile as the map's contract spells words: `MajorWarning` is `major_warning`.
fn spelled(word: &str) -> String {
    let mut text = String::with_capacity(word.len().saturating_add(1));
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// A point in each district that has an outline: the middle of its ring, which is inside of what is no crescent.
fn centers(plan: &Plan) -> BTreeMap<String, Position> {
    let center = |ring: &Polygon| {
        let (mut east, mut north, mut count) = (0_i128, 0_i128, 0_i128);
        // The last point repeats the first.
        for point in ring.0.iter().skip(1) {
            east = east.saturating_add(point.longitude.billionths().into());
            north = north.saturating_add(point.latitude.billionths().into());
            count = count.saturating_add(1);
        }
        let degrees = |sum: i128| Some(degrees(i64::try_from(sum.checked_div(count)?).ok()?));
        Some(Position([degrees(east)?, degrees(north)?]))
    };
    let of =
        |district: &hinamori_plan::District| Some((district.name.clone(), center(&district.polygon()?)?));
    plan.districts.iter().filter_map(of).collect()
}

/// Degrees of billionths of a degree.
#[expect(clippy::cast_precision_loss, reason = "a degree of a map needs seven digits behind the point")]
pub(super) fn degrees(billionths: i64) -> f64 {
    billionths as f64 / 1e9
}

/// The order in force that was changed last, and the plan. What got to each household's televisions under it is known afterwards.
fn look_at_alerts(
    board: &Board,
    mode: MapMode,
    known: &mut Known,
    at: UnixMillis,
) -> (Option<AlertState>, Option<Arc<Plan>>) {
    let changes = *board.desk_changes().borrow();
    let inner = board.inner();
    let plan = inner.plan.clone();
    let order = order_in_force(&inner, mode, at);
    // What households answered is looked at again when something did change: it takes time with their number.
    let thread = order.as_ref().map(|(_, thread)| thread.as_slice()).unwrap_or_default();
    let of = (changes, thread.first().map(|message| message.thread()));
    if known.televisions_at.as_ref() != Some(&of) {
        let all = inner.progress(thread).into_iter();
        known.televisions = Arc::new(all.map(|one| (one.household, of_progress(&one))).collect());
        known.televisions_at = Some(of);
    }
    drop(inner);
    (order.map(|(alert, _)| alert), plan)
}

fn order_in_force(inner: &Inner, mode: MapMode, at: UnixMillis) -> Option<(AlertState, Vec<Arc<Message>>)> {
    let is_drill = mode == MapMode::Drill;
    let latest = inner
        .alerts
        .in_force(at)
        .into_iter()
        .filter_map(|thread| {
            let digest = thread.latest.digest();
            inner.messages.iter().find(|message| message.digest == digest)
        })
        .filter(|message| message.about.is_exercise == is_drill && message.kind() == MessageKind::Order)
        .max_by_key(|message| message.sent())?;
    let thread = inner.thread(&latest.thread());
    let of = latest.signed.alert();
    let alert = AlertState {
        is_exercise: is_drill,
        title: latest.about.title.clone(),
        hazard: spelled(of.evacuation().hazard.name()),
        tsunami: of.evacuation().tsunami.map(|kind| spelled(kind.text())),
        sent: thread.iter().map(|message| message.sent()).min().unwrap_or_default(),
        expires: of.expires(),
        districts: latest.about.districts.clone(),
        arrives: latest.about.arrives,
    };
    Some((alert, thread))
}

const fn of_progress(progress: &Progress) -> TelevisionStanding {
    if progress.help.is_some() {
        TelevisionStanding::Help
    } else if progress.going.is_some() {
        TelevisionStanding::Going
    } else if progress.shown.is_some() {
        TelevisionStanding::Shown
    } else {
        match progress.reach {
            Reach::Reached => TelevisionStanding::Told,
            Reach::Unreachable(_) => TelevisionStanding::Unreachable,
            Reach::WithoutSet => TelevisionStanding::WithoutSet,
        }
    }
}

#[cfg(test)]
mod tests;
