//! The numbers beside every answer.
//!
//! **Hidden people** (law 7) move the numbers like somebody who comes for the first time, at every tap: whoever
//! holds their card must not learn from a number that they were here before. So their true presence is taken
//! out of it and their sightings are added. Officials see the true numbers. The same is read for everybody, so
//! that a hidden person's answer comes neither sooner nor later than another's. Who is hidden is read in the directory each
//! time: people are loaded and unloaded by another thread, and a set in memory would be older than what a tap finds.

use std::collections::BTreeMap;

use hinamori_model::{CounterKind, IncidentId, PersonId, SiteKind, UnixMillis};
use hinamori_record::{DocumentScope, Fact, Period, Presence, PresenceState};
use hinamori_store_sqlite::{Concerned, StoreError, confirmed_since};
use tracing::error;

use super::Core;

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// People at this site, as kiosks show it.
    pub(super) here: u32,
    /// Of those, people whom somebody saw within the last 12 hours, as kiosks show it.
    pub(super) confirmed: u32,
    /// People seen by the watch counter today, as kiosks show it.
    pub(super) watched: u32,
    /// Taps in the leader's list.
    pub(super) later: u32,
    /// Own changes that the server has not confirmed.
    pub(super) unsent: u32,
    hidden: BTreeMap<PersonId, Surplus>,
    /// When it was counted.
    as_of: Option<Moment>,
}

/// Numbers of another moment say nothing of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    /// The day of the watch.
    period: Period,
    /// Since when being seen confirms.
    confirmed_since: UnixMillis,
}

impl Moment {
    fn of(now: UnixMillis) -> Self {
        Self { period: Period::of(now), confirmed_since: confirmed_since(now) }
    }
}

/// What is added to the true numbers for a hidden person.
#[derive(Debug, Clone, Copy, Default)]
struct Surplus {
    here: i64,
    confirmed: i64,
    watched: i64,
}

impl Tally {
    /// Whether time alone has changed the numbers: a day is over, or somebody was not seen for too long. All numbers are then
    /// counted anew before anything else moves them, so that a hidden person's sighting grows old at the same moment as another's.
    pub(super) fn is_outdated(&self, now: UnixMillis) -> bool {
        self.as_of.is_some_and(|as_of| as_of != Moment::of(now))
    }
}

impl Core {
    /// Counts again what `facts`, just written in `incident`, may have changed.
    pub(super) fn count(&mut self, incident: IncidentId, facts: &[Fact], now: UnixMillis) {
        if facts.is_empty() {
            return;
        }
        if incident == self.open_incident() {
            let mut concerned = Concerned::default();
            facts.iter().for_each(|fact| concerned.add(fact));
            self.note_concerned(concerned, now);
        }
        // What moves records from one person to another, or takes a line off the leader's list.
        let needs_all = |fact: &Fact| {
            matches!(
                fact,
                Fact::Undo { .. }
                    | Fact::Link { .. }
                    | Fact::Registered { .. }
                    | Fact::RollCall { .. }
                    | Fact::Hiding { .. }
            )
        };
        if facts.iter().any(needs_all) || self.tally.is_outdated(now) {
            return self.recount(now);
        }
        // The leader's list is that of the open incident; the watch goes on in daily life meanwhile.
        let is_listed = incident == self.open_incident();
        let counted = self.surplus_after(facts, now).and_then(|hidden| {
            let is_doubtful = |fact: &&Fact| fact.proof().is_some_and(|proof| !proof.doubts.is_empty());
            let doubtful = u32::try_from(facts.iter().filter(is_doubtful).count()).unwrap_or(u32::MAX);
            let later = self.tally.later.saturating_add(if is_listed { doubtful } else { 0 });
            self.counted(Tally { hidden, later, ..self.tally.clone() }, now)
        });
        self.take(counted);
    }

    /// Counts everything again.
    pub(super) fn recount(&mut self, now: UnixMillis) {
        self.count_alarms(now);
        let counted = self.surplus_of_all(now).and_then(|hidden| {
            let later = self.later_count()?;
            self.counted(Tally { hidden, later, unsent: self.unsent()?, ..Tally::default() }, now)
        });
        self.take(counted);
    }

    /// Counts what the server has not confirmed.
    pub(super) fn count_unsent(&mut self) {
        let counted = self.unsent().map(|unsent| Tally { unsent, ..self.tally.clone() });
        self.take(counted);
    }

    fn take(&mut self, counted: Result<Tally, StoreError>) {
        match counted {
            Ok(tally) => self.tally = tally,
            // The answer is given all the same: its record is durable, only the number beside it is old.
            Err(problem) => error!(error = &problem as &dyn std::error::Error, "the counts cannot be read"),
        }
    }

    fn unsent(&self) -> Result<u32, StoreError> {
        self.ledger.stores().into_iter().try_fold(0_u32, |sum, store| {
            Ok(sum.saturating_add(store.unconfirmed(|incident| self.is_the_towns(incident))?))
        })
    }

    /// The numbers that are read every time; the rest is as in `known`.
    fn counted(&self, known: Tally, now: UnixMillis) -> Result<Tally, StoreError> {
        let site = self.site();
        let incident = self.shown_incident();
        let counts = self.ledger.store(incident).counts(incident, site, now)?;
        let watch = self.counts_as(self.incident_of(CounterKind::Watch));
        let watched = self.ledger.store(watch).counts(watch, site, now)?.watched;
        let passed = if self.town.site.kind == SiteKind::CheckPoint { counts.passed } else { 0 };
        let surplus = |of: fn(&Surplus) -> i64| known.hidden.values().map(of).sum::<i64>();
        let here = i64::from(counts.here) + i64::from(passed) + i64::from(counts.unnamed);
        // Nobody stays at a check-point: whoever passed was seen.
        let confirmed = i64::from(counts.confirmed) + i64::from(passed) + i64::from(counts.confirmed_unnamed);
        let shown = |number: i64| u32::try_from(number.max(0)).unwrap_or(u32::MAX);
        Ok(Tally {
            here: shown(here + surplus(|surplus| surplus.here)),
            confirmed: shown(confirmed + surplus(|surplus| surplus.confirmed)),
            watched: shown(i64::from(watched) + surplus(|surplus| surplus.watched)),
            as_of: Some(Moment::of(now)),
            ..known
        })
    }

    /// What the map says after facts were written about these people.
    fn surplus_after(
        &self,
        facts: &[Fact],
        now: UnixMillis,
    ) -> Result<BTreeMap<PersonId, Surplus>, StoreError> {
        let mut hidden = self.tally.hidden.clone();
        for person in facts.iter().filter_map(Fact::person) {
            let surplus = self.surplus(person, now)?;
            if self.directory.is_hidden(person)? {
                hidden.insert(person, surplus);
            }
        }
        Ok(hidden)
    }

    fn surplus_of_all(&self, now: UnixMillis) -> Result<BTreeMap<PersonId, Surplus>, StoreError> {
        let hidden = self.directory.hidden()?;
        hidden.into_iter().map(|person| Ok((person, self.surplus(person, now)?))).collect()
    }

    /// A person's sightings at this site, less their true presence.
    fn surplus(&self, person: PersonId, now: UnixMillis) -> Result<Surplus, StoreError> {
        let (site, period) = (self.site(), Period::of(now));
        let incident = self.shown_incident();
        let store = self.ledger.store(incident);
        // Nobody stays at a check-point: there nothing grows old.
        let fresh_since = match self.town.site.kind {
            SiteKind::CheckPoint => UnixMillis::default(),
            SiteKind::Shelter | SiteKind::WatchSpot | SiteKind::EmergencySite => confirmed_since(now),
        };
        let sightings = store.sightings(incident, site, person, UnixMillis::default())?;
        // A forked box confirms nobody, hidden or not. Whoever passed a check-point was seen there all the same.
        let confirms = self.town.site.kind != SiteKind::CheckPoint;
        let fresh = match confirms {
            true => store.confirmed_sightings(incident, site, person, fresh_since)?,
            false => store.sightings(incident, site, person, fresh_since)?,
        };
        let is_confirmed = !(confirms && store.is_unconfirmed(incident, person)?);
        // Whoever was named in their place is counted themselves.
        let named = store.named_at(self.shadow_of(person))?;
        let incident = self.counts_as(self.incident_of(CounterKind::Watch));
        let watch = DocumentScope { incident, site, period };
        let watched = self.ledger.store(watch.incident).watch_sightings(watch, person)?;
        let counted = self.counted_since(person, now)?;
        let is_fresh = |at: UnixMillis| at >= fresh_since;
        Ok(Surplus {
            here: i64::from(sightings) - i64::from(counted.is_some()) - i64::from(named.is_some()),
            confirmed: i64::from(fresh)
                - i64::from(is_confirmed && counted.is_some_and(is_fresh))
                - i64::from(named.is_some_and(is_fresh)),
            watched: i64::from(watched) - i64::from(watched.min(1)),
        })
    }

    /// When somebody who is in the true number was seen last; `None` for whoever is not in it.
    fn counted_since(&self, person: PersonId, now: UnixMillis) -> Result<Option<UnixMillis>, StoreError> {
        let incident = self.shown_incident();
        let presence = self.ledger.store(incident).presence(incident, person)?;
        let since = self.ledger.store(incident).roll_call(incident, self.site(), now)?.unwrap_or_default();
        let counts = |presence: &Presence| match presence.state {
            // The number leaves out whom the last roll-call did not find.
            PresenceState::Here => presence.seen_at.millis() >= since,
            PresenceState::Passed => self.town.site.kind == SiteKind::CheckPoint,
            _ => false,
        };
        let counted = presence.filter(|presence| presence.site == self.site() && counts(presence));
        Ok(counted.map(|presence| presence.seen_at.millis()))
    }
}
