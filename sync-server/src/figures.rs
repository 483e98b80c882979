//! The figures of an incident at an hour, out of the records and the roster: each person once, at the site of their latest
//! certain record.
//!
//! An hour that is over is counted from what is known now: what came late is in it, what was taken back is not. A record whose
//! clock runs ahead counts as of now, so that it is in no past hour and hides nobody.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{CalendarDate, Mode, PersonId, RecordId, Sex as RosterSex, SiteId, UnixMillis};
use hinamori_profile::Profile;
use hinamori_record::{Presence, PresenceState, Record, presence_of};
use hinamori_report::{
    AgeBand, Figures, Need, Occasion, Period, Position, Secrecy, Site, SiteFigures, Total,
};
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::Package;

use crate::archive::Stores;
use crate::hall::{HallError, Together, Townspeople, shown_incident};
use crate::own_shelter::Places;
use crate::profiles::{Profiles, keys_of, needs_of};

pub(crate) const HOUR_MILLIS: u64 = 3_600_000;
/// Who was seen within so many hours counts as confirmed.
const CONFIRMED_HOURS: u64 = 12;
/// Japan is nine hours ahead of UTC and has no summer time.
const JAPAN_AHEAD_HOURS: u64 = 9;
/// The hours of the day at which people by day are counted.
const DAY: std::ops::RangeInclusive<u64> = 7..=19;
/// The hour at which who is here sleeps here.
const NIGHT: u64 = 3;

/// Shows everybody's presence records in the incident of a mode, under the id that counts.
pub(crate) fn for_each_history(
    stores: &Stores,
    package: &Package,
    mode: Mode,
    mut show: impl FnMut(PersonId, &[(SiteId, Record)]),
) -> Result<(), HallError> {
    let incident = shown_incident(stores, package.incidents, mode);
    let [live, drill] = stores.all();
    if mode != Mode::Drill {
        return Ok(live.for_each_history(incident, show)?);
    }
    // Links that were made in earnest count in a drill, and stand in the other file.
    let (mut histories, mut failed) = (BTreeMap::<PersonId, Vec<(SiteId, Record)>>::new(), None);
    drill.for_each_history(incident, |person, records| match live.canonical(person) {
        Ok(counts) => histories.entry(counts).or_default().extend_from_slice(records),
        Err(problem) => failed = Some(problem),
    })?;
    if let Some(problem) = failed {
        return Err(problem.into());
    }
    histories.iter().for_each(|(person, records)| show(*person, records));
    Ok(())
}

/// One person's records in their order, to be looked at as of any moment.
struct History {
    records: Vec<(SiteId, Record)>,
    now: UnixMillis,
}

impl History {
    fn new(records: &[(SiteId, Record)], now: UnixMillis) -> Self {
        let mut records = records.to_vec();
        records.sort_unstable_by_key(|(_, record)| (record.at, record.id));
        Self { records, now }
    }

    /// How many of the records were said by then.
    fn said(&self, moment: UnixMillis) -> usize {
        self.records.partition_point(|(_, record)| record.at.millis().min(self.now) <= moment)
    }

    fn after(&self, said: usize) -> Option<Presence> {
        presence_of(self.records.get(..said).unwrap_or_default())
    }

    fn at(&self, moment: UnixMillis) -> Option<Presence> {
        self.after(self.said(moment))
    }
}

/// A site while it is counted.
#[derive(Default)]
struct Tally {
    figures: SiteFigures,
    households: BTreeSet<Together>,
    by_hour: BTreeMap<UnixMillis, Total>,
}

fn add(count: &mut u32) {
    *count = count.saturating_add(1);
}

fn add_to(total: &mut Total, secrecy: Secrecy) {
    match secrecy {
        Secrecy::Open => add(&mut total.shown),
        Secrecy::Hidden => add(&mut total.hidden_in_total),
    }
}

/// The sites of which somebody is of: here, or only out for a while.
fn stays_at(presence: Option<&Presence>) -> Option<SiteId> {
    let Presence { site, state, .. } = presence?;
    matches!(state, PresenceState::Here | PresenceState::Out | PresenceState::Overnight).then_some(*site)
}

fn japan_hour(moment: UnixMillis) -> u64 {
    (moment.get() / HOUR_MILLIS).saturating_add(JAPAN_AHEAD_HOURS) % 24
}

fn japan_day(moment: UnixMillis) -> Option<CalendarDate> {
    let seconds = i64::try_from(moment.get() / 1_000).ok()?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let day = jiff::Timestamp::from_second(seconds).ok()?.to_zoned(zone).date();
    CalendarDate::new(
        u16::try_from(day.year()).ok()?,
        u8::try_from(day.month()).ok()?,
        u8::try_from(day.day()).ok()?,
    )
    .ok()
}

/// Everything that is looked up once.
struct Counter<'a> {
    people: &'a Townspeople,
    places: &'a Places,
    profiles: Profiles<'a>,
    mode: Mode,
    /// What could not be read of somebody.
    failed: Option<StoreError>,
    period: Period,
    now: UnixMillis,
    today: Option<CalendarDate>,
    /// The day hours of the 24 hours before the end, and the last night hour.
    hours: Vec<UnixMillis>,
    night: UnixMillis,
    roll_calls: BTreeMap<SiteId, UnixMillis>,
    sites: BTreeMap<SiteId, Tally>,
    households: BTreeSet<Together>,
    /// What forked boxes said: nobody is confirmed by it.
    forked: BTreeSet<RecordId>,
}

impl Counter<'_> {
    fn tally(&mut self, site: SiteId) -> &mut Tally {
        self.sites.entry(self.places.counted_at(site)).or_default()
    }

    fn count(&mut self, person: PersonId, records: &[(SiteId, Record)]) {
        let history = History::new(records, self.now);
        let secrecy = self.people.secrecy(person);
        if let Some(presence) = history.at(self.period.until) {
            let by_forked = |(_, record): &(SiteId, Record)| {
                record.at == presence.seen_at && self.forked.contains(&record.id)
            };
            let confirms = !records.iter().any(by_forked);
            self.count_at_end(person, &presence, secrecy, confirms);
        }
        self.count_hours(&history, secrecy);
        if secrecy == Secrecy::Open {
            self.count_moves(&history);
        }
    }

    fn count_at_end(&mut self, person: PersonId, presence: &Presence, secrecy: Secrecy, confirms: bool) {
        let seen_at = presence.seen_at.millis();
        let is_missed = self.roll_calls.get(&presence.site).is_some_and(|since| seen_at < *since);
        let figures = &mut self.tally(presence.site).figures;
        let total = match presence.state {
            PresenceState::Here if is_missed => &mut figures.unaccounted,
            PresenceState::Here => &mut figures.in_shelter,
            PresenceState::Passed => &mut figures.passed,
            PresenceState::AtHome => &mut figures.at_home,
            PresenceState::InCar => &mut figures.in_cars,
            PresenceState::Out
            | PresenceState::Overnight
            | PresenceState::Moved
            | PresenceState::Left
            | PresenceState::ToldElsewhere => &mut figures.elsewhere,
            // People tell of a death, and no table.
            PresenceState::Deceased => return,
        };
        add_to(total, secrecy);
        if presence.state == PresenceState::Here && !is_missed && secrecy == Secrecy::Open {
            self.describe(person, presence.site, seen_at, confirms);
        }
    }

    /// Of somebody in the shelter who is not hidden: what else is counted.
    fn describe(&mut self, person: PersonId, site: SiteId, seen_at: UnixMillis, confirms: bool) {
        let together = self.people.together(person);
        let is_visitor = self.people.is_visitor(person);
        let known = self.people.person(person);
        let age = known.and_then(|known| Some(known.birth?.age_on(self.today?)));
        let band = age.map(|years| AgeBand::of(u8::try_from(years).unwrap_or(u8::MAX)));
        let sex = known.map_or(RosterSex::Unknown, |known| known.sex);
        let support = known.map(|known| known.support).unwrap_or_default();
        let profile = self.profiles.of(self.mode, person).unwrap_or_else(|problem| {
            self.failed = Some(problem);
            Profile::default()
        });
        let (needs, until) = (needs_of(support, &profile), self.period.until);
        self.households.insert(together);
        let tally = self.tally(site);
        tally.households.insert(together);
        let figures = &mut tally.figures;
        let ages = AgeBand::ALL.into_iter().zip(&mut figures.ages);
        ages.filter(|(of, _)| Some(*of) == band).for_each(|(_, count)| add(count));
        let sexes =
            [RosterSex::Female, RosterSex::Male, RosterSex::Other].into_iter().zip(&mut figures.sexes);
        sexes.filter(|(of, _)| *of == sex).for_each(|(_, count)| add(count));
        let kinds = Need::ALL.into_iter().zip(&mut figures.needs);
        kinds.filter(|(of, _)| needs.contains(of)).for_each(|(_, count)| add(count));
        if is_visitor {
            add(&mut figures.visitors);
        }
        if confirms && until.since(seen_at) <= CONFIRMED_HOURS.saturating_mul(HOUR_MILLIS) {
            add(&mut figures.confirmed_within_12_hours);
        }
    }

    fn count_hours(&mut self, history: &History, secrecy: Secrecy) {
        let mut last: Option<(usize, Option<Presence>)> = None;
        let (hours, night) = (self.hours.clone(), self.night);
        for hour in hours.into_iter().chain([night]) {
            let said = history.said(hour);
            let presence = match last {
                Some((before, presence)) if before == said => presence,
                Some(_) | None => history.after(said),
            };
            last = Some((said, presence));
            let Some(Presence { site, state: PresenceState::Here, .. }) = presence else { continue };
            let tally = self.tally(site);
            if hour == night {
                add_to(&mut tally.figures.by_night, secrecy);
            } else {
                add_to(tally.by_hour.entry(hour).or_default(), secrecy);
            }
        }
    }

    /// Who came new and who is gone: of each site, whoever is of it at some moment and not at the beginning, or at some moment
    /// and not at the end.
    fn count_moves(&mut self, history: &History) {
        let Period { from, until } = self.period;
        let (first, last) = (history.said(from), history.said(until));
        let counted = |said: usize| Some(self.places.counted_at(stays_at(history.after(said).as_ref())?));
        let stays: Vec<Option<SiteId>> = (first..=last).map(counted).collect();
        let [begin, end] = [stays.first(), stays.last()].map(|stay| stay.copied().flatten());
        let sites: BTreeSet<SiteId> = stays.into_iter().flatten().collect();
        for site in sites {
            let figures = &mut self.tally(site).figures;
            if begin != Some(site) {
                add(&mut figures.arrived);
            }
            if end != Some(site) {
                add(&mut figures.left);
            }
        }
    }
}

/// The figures of the incident of a mode for a period.
pub(crate) fn figures_of(
    stores: &Stores,
    package: &Package,
    people: &Townspeople,
    places: &Places,
    mode: Mode,
    period: Period,
    now: UnixMillis,
) -> Result<Figures, HallError> {
    let Period { from, until } = period;
    if until < from || until > now {
        return Err(HallError::Asked("the period ends before it begins, or in the future"));
    }
    let incident = shown_incident(stores, package.incidents, mode);
    let store = stores.store_of(incident);
    let last_hour = UnixMillis::new(until.get() / HOUR_MILLIS * HOUR_MILLIS);
    let back =
        |hours: u64| UnixMillis::new(last_hour.get().saturating_sub(hours.saturating_mul(HOUR_MILLIS)));
    let night = (0..24).map(back).find(|hour| japan_hour(*hour) == NIGHT).unwrap_or(last_hour);
    let hours = (0..24).rev().map(back).filter(|hour| DAY.contains(&japan_hour(*hour))).collect();
    let mut roll_calls = BTreeMap::new();
    for call in store.roll_calls(incident)? {
        if call.at.min(now) <= until {
            roll_calls.insert(call.site, call.since);
        }
    }
    let keys = keys_of(package);
    let mut counter = Counter {
        people,
        places,
        profiles: Profiles::new(stores, package.incidents, &keys),
        mode,
        failed: None,
        period,
        now,
        today: japan_day(until),
        hours,
        night,
        roll_calls,
        sites: package.sites.iter().map(|site| (site.id, Tally::default())).collect(),
        households: BTreeSet::new(),
        forked: store.forked_records(incident)?,
    };
    for_each_history(stores, package, mode, |person, records| counter.count(person, records))?;
    if let Some(problem) = counter.failed.take() {
        return Err(problem.into());
    }
    for heads in store.heads(incident, until)? {
        let counts = &mut counter.tally(heads.site).figures.head_count;
        counts.iter_mut().zip(heads.people).for_each(|(count, more)| *count = count.saturating_add(more));
    }
    let Counter { sites, households, .. } = counter;
    let sites: Result<Vec<_>, HallError> =
        sites.into_iter().map(|(id, tally)| Ok((site_of(package, places, id)?, finished(tally)))).collect();
    let name = stores.name_of(incident).unwrap_or_else(|| package.name.clone());
    let occasion = Occasion { mode, incident, name };
    let households = u32::try_from(households.len()).unwrap_or(u32::MAX);
    Ok(Figures::new(occasion, period, sites?, households)?)
}

/// The most at any hour, of those shown and of the hidden each for themselves: which hour it was must not depend on anybody
/// who is hidden.
fn finished(tally: Tally) -> SiteFigures {
    let Tally { mut figures, households, by_hour } = tally;
    let most = |of: fn(&Total) -> u32| by_hour.values().map(of).max().unwrap_or(0);
    figures.by_day =
        Total { shown: most(|total| total.shown), hidden_in_total: most(|total| total.hidden_in_total) };
    figures.households = u32::try_from(households.len()).unwrap_or(u32::MAX);
    figures
}

/// A site as reports have it. One that the town does not list stands there too, since people are there.
fn site_of(package: &Package, places: &Places, id: SiteId) -> Result<Site, HallError> {
    let position = package.sites.iter().find(|site| site.id == id).and_then(|site| site.position);
    let millionths = |ten_millionths: i32| ten_millionths / 10;
    let position =
        position.map(|(north, east)| Position::from_millionths(millionths(east), millionths(north)));
    Ok(Site { id, name: places.name(id), position: position.transpose()? })
}

#[cfg(test)]
mod tests;
