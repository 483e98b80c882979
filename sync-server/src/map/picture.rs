//! A map as it was looked at last, and what changed since: pure, so that every tablet is told the same of the same.
//!
//! A revision is `numbering.number`: the run of the server with the roster by whose order households are numbered, and how many changes there
//! were. Whoever comes with another numbering, or with a number that is too old, has to fetch the map anew.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use axum::body::Bytes;
use hinamori_model::{HouseholdId, IncidentId, UnixMillis};
use hinamori_people::{Counts, Home, HomeFigures, Standing};

use super::contract::{
    AlertState, DistrictHouseholds, DistrictState, Figures, HouseholdCounts, HouseholdRow, HouseholdStanding,
    MapChange, MapMode, MapState, PeopleCounts, Position, SiteState, TelevisionStanding,
};
use super::homes::Positions;

/// Changes that are kept for tablets that were asleep: some minutes of a busy evening. Behind it the whole map is fewer bytes.
const MOST_CHANGES: usize = 4_096;
const PERIOD_MILLIS: u64 = 10 * 60_000;
/// Periods of the trend, before now.
const PERIODS: u64 = 6;

/// What was found when somebody looked.
pub(crate) struct Look {
    pub(crate) at: UnixMillis,
    pub(crate) town: String,
    /// Which, and what headquarters calls it.
    pub(crate) incident: (IncidentId, Option<String>),
    pub(crate) people: LookAtPeople,
    pub(crate) sites: Vec<SiteState>,
    pub(crate) alert: Option<AlertState>,
    /// Of households that the order in force is for.
    pub(crate) televisions: Arc<BTreeMap<HouseholdId, TelevisionStanding>>,
    /// Where households live.
    pub(crate) positions: Positions,
    /// A point in each district.
    pub(crate) centers: BTreeMap<String, Position>,
    pub(crate) visitors: u32,
}

/// Of the roster.
#[derive(Default)]
pub(crate) struct LookAtPeople {
    /// By number: a district's name, and by number those of its groups.
    pub(crate) names: Vec<(String, Vec<String>)>,
    /// By number: a district's people, and those of them who need support.
    pub(crate) districts: Vec<[Counts; 2]>,
    pub(crate) homes: Vec<HomeFigures>,
    /// People whom two sites claim.
    pub(crate) conflicts: u32,
}

/// What a look brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Nothing,
    Change,
    /// Households are numbered anew.
    Layout,
}

/// What a tablet is told that comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Since {
    /// Each as an event (WHATWG HTML §9.2.5 event stream): the same bytes for every tablet.
    Changes(Vec<Bytes>),
    /// It has to fetch the whole map.
    Reset,
}

/// A household as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    figures: HomeFigures,
    standing: HouseholdStanding,
    television: Option<TelevisionStanding>,
}

/// See the module.
pub(crate) struct Picture {
    run: u32,
    layout: u32,
    number: u64,
    incident: IncidentId,
    names: Vec<(String, Vec<String>)>,
    homes: Vec<Kept>,
    positions: Positions,
    state: MapState,
    changes: VecDeque<(u64, Bytes)>,
    /// By period: how many had arrived when it ended, as far as somebody looked.
    arrived: BTreeMap<u64, u32>,
}

impl Picture {
    /// The first look of a run.
    pub(crate) fn first(run: u32, mode: MapMode, look: Look) -> Self {
        let mut picture = Self {
            run,
            layout: 0,
            number: 0,
            incident: look.incident.0,
            names: Vec::new(),
            homes: Vec::new(),
            positions: Positions::default(),
            state: MapState {
                revision: String::new(),
                at: look.at,
                town: String::new(),
                mode,
                incident: None,
                figures: Figures::default(),
                districts: Vec::new(),
                sites: Vec::new(),
                alert: None,
            },
            changes: VecDeque::new(),
            arrived: BTreeMap::new(),
        };
        picture.begin(look);
        picture
    }

    /// The whole map.
    pub(crate) const fn state(&self) -> &MapState {
        &self.state
    }

    fn numbering(&self) -> u64 {
        (u64::from(self.run) << 32) | u64::from(self.layout)
    }

    fn revision(&self) -> String {
        format!("{:016x}.{:x}", self.numbering(), self.number)
    }

    /// What was told after a revision.
    pub(crate) fn since(&self, revision: &str) -> Since {
        let hexadecimal = |part: &str| u64::from_str_radix(part, 16).ok();
        let parts = revision.split_once('.');
        let parts = parts.and_then(|(numbering, number)| hexadecimal(numbering).zip(hexadecimal(number)));
        let own = parts.filter(|parts| parts.0 == self.numbering() && parts.1 <= self.number);
        let Some((_, number)) = own else { return Since::Reset };
        let first = self.changes.front().map_or(self.number.saturating_add(1), |(first, _)| *first);
        if number.saturating_add(1) < first {
            return Since::Reset;
        }
        let from = self.changes.partition_point(|(known, _)| *known <= number);
        Since::Changes(self.changes.range(from..).map(|(_, event)| event.clone()).collect())
    }

    /// Takes a later look.
    pub(crate) fn take(&mut self, look: Look) -> Taken {
        let key = |home: &HomeFigures| (home.district, home.home, home.group);
        let is_same = Arc::ptr_eq(&self.positions, &look.positions)
            && self.names == look.people.names
            && self.homes.len() == look.people.homes.len()
            && self
                .homes
                .iter()
                .zip(&look.people.homes)
                .all(|(known, home)| key(&known.figures) == key(home))
            && self.state.town == look.town
            && self.incident == look.incident.0
            && self.state.incident == look.incident.1;
        if !is_same {
            self.begin(look);
            return Taken::Layout;
        }
        let Look { at, sites, alert, .. } = &look;
        let (at, sites, alert) = (*at, sites.clone(), alert.clone());
        let (homes, districts, figures) = self.count(&look);
        let there: BTreeSet<&str> = sites.iter().map(|site| site.id.as_str()).collect();
        let known = self.state.sites.iter().map(|site| &site.id);
        let gone = known.filter(|known| !there.contains(known.as_str()));
        let changed_homes = (0_u32..).zip(self.homes.iter().zip(&homes));
        let households = changed_homes
            .filter(|(_, (before, now))| before.told() != now.told())
            .map(|(id, (_, now))| (id, now.standing, now.television));
        let change = MapChange {
            revision: String::new(),
            at,
            households: households.collect(),
            districts: differing(&self.state.districts, &districts),
            sites: differing(&self.state.sites, &sites),
            gone_sites: gone.cloned().collect(),
            figures: Some(figures.clone()).filter(|figures| *figures != self.state.figures),
            alert_changed: alert != self.state.alert,
            alert: alert.clone().filter(|_| alert != self.state.alert),
        };
        self.homes = homes;
        let state = &mut self.state;
        (state.at, state.districts, state.figures, state.sites, state.alert) =
            (at, districts, figures, sites, alert);
        if change.is_empty() {
            return Taken::Nothing;
        }
        self.number = self.number.saturating_add(1);
        self.state.revision = self.revision();
        let change = MapChange { revision: self.revision(), ..change };
        let text = serde_json::to_string(&change).unwrap_or_default();
        let event = format!("event: change\nid: {}\ndata: {text}\n\n", change.revision);
        self.changes.push_back((self.number, event.into()));
        if self.changes.len() > MOST_CHANGES {
            self.changes.pop_front();
        }
        Taken::Change
    }

    fn begin(&mut self, look: Look) {
        self.layout = self.layout.wrapping_add(1);
        if self.incident != look.incident.0 {
            // Who had arrived in another one has nothing to do with this one's trend.
            self.arrived.clear();
        }
        self.number = 0;
        self.changes.clear();
        let (homes, districts, figures) = self.count(&look);
        let Look { at, town, incident, people, sites, alert, positions, .. } = look;
        let (id, incident) = incident;
        (self.incident, self.names, self.positions) = (id, people.names, positions);
        self.homes = homes;
        let (mode, revision) = (self.state.mode, self.revision());
        self.state = MapState { revision, at, town, mode, incident, figures, districts, sites, alert };
    }

    fn count(&mut self, look: &Look) -> (Vec<Kept>, Vec<DistrictState>, Figures) {
        let homes: Vec<Kept> = look.people.homes.iter().map(|home| Kept::of(home, look)).collect();
        let mut households = vec![HouseholdCounts::default(); look.people.names.len()];
        for home in &homes {
            if let Some(counts) = households.get_mut(usize::from(home.figures.district)) {
                counts.add(home.standing);
            }
        }
        let districts = look.people.names.iter().zip(&look.people.districts).zip(households).zip(0_u16..);
        let districts = districts.map(|((((name, _), counts), households), id)| DistrictState {
            id,
            name: name.clone(),
            center: look.centers.get(name).copied(),
            people: PeopleCounts::of(counts),
            households,
        });
        let districts: Vec<_> = districts.collect();
        let people = districts.iter().fold(PeopleCounts::default(), |sum, one| sum.with(&one.people));
        let households =
            districts.iter().fold(HouseholdCounts::default(), |sum, one| sum.with(&one.households));
        let figures = Figures {
            people,
            households,
            visitors: look.visitors,
            unnamed: look.sites.iter().fold(0, |sum, site| sum.saturating_add(site.unnamed)),
            arrived_by_ten_minutes: self.trend(look.at, people.arrived),
            conflicts: look.people.conflicts,
        };
        (homes, districts, figures)
    }

    fn trend(&mut self, at: UnixMillis, arrived: u32) -> Vec<Option<u32>> {
        let now = at.get() / PERIOD_MILLIS;
        self.arrived.insert(now, arrived);
        // Who looked in no period since says that nothing changed: every change is looked at.
        let known = |period: u64| self.arrived.range(..=period).next_back().map(|(_, arrived)| *arrived);
        let trend = (0..=PERIODS).rev().map(|before| known(now.checked_sub(before)?)).collect();
        // The latest of those before the trend stays: it holds until the next one.
        let oldest =
            self.arrived.range(..=now.saturating_sub(PERIODS)).next_back().map(|(period, _)| *period);
        oldest.into_iter().for_each(|oldest| self.arrived = self.arrived.split_off(&oldest));
        trend
    }

    /// The households of a district, for a role that may know who needs support, or one that may not; nothing for a district that is not there.
    pub(crate) fn households(&self, district: u16, may_see_support: bool) -> Option<DistrictHouseholds> {
        let (_, groups) = self.names.get(usize::from(district))?;
        let own = (0_u32..).zip(&self.homes).filter(|(_, home)| home.figures.district == district);
        let row = |(id, Kept { figures, standing, television }): (u32, &Kept)| HouseholdRow {
            id,
            group: groups.get(usize::from(figures.group)).cloned().unwrap_or_default(),
            people: figures.people.all(),
            standing: *standing,
            support: may_see_support && figures.support > 0,
            television: *television,
            position: match figures.home {
                Home::Household(household) => self.positions.get(&household).copied(),
                Home::Alone(_) => None,
            },
        };
        Some(DistrictHouseholds { revision: self.revision(), district, households: own.map(row).collect() })
    }
}

/// What is new or another one now.
fn differing<T: PartialEq + Clone + Named>(before: &[T], now: &[T]) -> Vec<T> {
    let known: BTreeMap<_, _> = before.iter().map(|one| (one.id(), one)).collect();
    now.iter().filter(|one| known.get(&one.id()) != Some(one)).cloned().collect()
}

/// What can be told apart.
trait Named {
    type Id<'a>: Ord
    where
        Self: 'a;
    fn id(&self) -> Self::Id<'_>;
}

impl Named for DistrictState {
    type Id<'a> = u16;
    fn id(&self) -> u16 {
        self.id
    }
}

impl Named for SiteState {
    type Id<'a> = &'a str;
    fn id(&self) -> &str {
        &self.id
    }
}

impl Kept {
    /// What a tablet hears of at once: how it stands, and what it answered. That a set shows an order is read with the district.
    fn told(&self) -> (HouseholdStanding, Option<TelevisionStanding>) {
        let answered = |television: &TelevisionStanding| {
            matches!(television, TelevisionStanding::Help | TelevisionStanding::Going)
        };
        (self.standing, self.television.filter(answered))
    }

    fn of(home: &HomeFigures, look: &Look) -> Self {
        let television = match home.home {
            Home::Household(household) => look.televisions.get(&household).copied(),
            Home::Alone(_) => None,
        };
        Self { figures: *home, standing: standing(home.people, television), television }
    }
}

/// How a household stands by its people and, where none of them was seen, by what got to its televisions under the order in force.
fn standing(people: Counts, television: Option<TelevisionStanding>) -> HouseholdStanding {
    if people.settled() == people.all() {
        HouseholdStanding::Arrived
    } else if people.settled() > 0 {
        HouseholdStanding::Partly
    } else if people.of(Standing::PassedCheckPoint) > 0 {
        HouseholdStanding::Passed
    } else if people.of(Standing::ToldElsewhere) == people.all() {
        HouseholdStanding::ToldElsewhere
    } else if people.of(Standing::Unaccounted) > 0 {
        HouseholdStanding::NotArrived
    } else {
        match television {
            Some(TelevisionStanding::Unreachable | TelevisionStanding::WithoutSet) => {
                HouseholdStanding::Unknown
            }
            Some(
                TelevisionStanding::Help
                | TelevisionStanding::Going
                | TelevisionStanding::Shown
                | TelevisionStanding::Told,
            )
            | None => HouseholdStanding::NotArrived,
        }
    }
}

impl PeopleCounts {
    fn of([people, needing_support]: &[Counts; 2]) -> Self {
        Self {
            all: people.all(),
            arrived: people.settled(),
            passed: people.of(Standing::PassedCheckPoint),
            told_elsewhere: people.of(Standing::ToldElsewhere),
            not_arrived: people.not_arrived(),
            support_not_arrived: needing_support.not_arrived(),
        }
    }

    const fn with(&self, other: &Self) -> Self {
        Self {
            all: self.all.saturating_add(other.all),
            arrived: self.arrived.saturating_add(other.arrived),
            passed: self.passed.saturating_add(other.passed),
            told_elsewhere: self.told_elsewhere.saturating_add(other.told_elsewhere),
            not_arrived: self.not_arrived.saturating_add(other.not_arrived),
            support_not_arrived: self.support_not_arrived.saturating_add(other.support_not_arrived),
        }
    }
}

impl HouseholdCounts {
    const fn add(&mut self, standing: HouseholdStanding) {
        let count = match standing {
            HouseholdStanding::Arrived => &mut self.arrived,
            HouseholdStanding::Partly => &mut self.partly,
            HouseholdStanding::Passed => &mut self.passed,
            HouseholdStanding::ToldElsewhere => &mut self.told_elsewhere,
            HouseholdStanding::NotArrived => &mut self.not_arrived,
            HouseholdStanding::Unknown => &mut self.unknown,
        };
        *count = count.saturating_add(1);
    }

    const fn with(&self, other: &Self) -> Self {
        Self {
            arrived: self.arrived.saturating_add(other.arrived),
            partly: self.partly.saturating_add(other.partly),
            passed: self.passed.saturating_add(other.passed),
            told_elsewhere: self.told_elsewhere.saturating_add(other.told_elsewhere),
            not_arrived: self.not_arrived.saturating_add(other.not_arrived),
            unknown: self.unknown.saturating_add(other.unknown),
        }
    }
}

impl MapChange {
    fn is_empty(&self) -> bool {
        self.figures.is_none()
            && self.districts.is_empty()
            && self.sites.is_empty()
            && self.gone_sites.is_empty()
            && self.households.is_empty()
            && !self.alert_changed
    }
}

#[cfg(test)]
mod tests;
