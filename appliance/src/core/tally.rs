//! The numbers beside every answer.
//!
//! **Hidden people** (law 7) move the number of people here like somebody who comes for the first time, at
//! every tap: whoever holds their card must not learn from the number that they were here before. So their
//! true presence is taken out of the number and their sightings are added. Officials see the true number.

use hinamori_model::{CounterKind, PersonId, SiteKind, UnixMillis};
use hinamori_record::{Fact, Period, PresenceState};
use hinamori_store_sqlite::StoreError;
use tracing::error;

use super::Core;

/// Doubtful taps that are looked at to count them without hidden people.
const MOST_LATER: u32 = 2_000;

/// See the module.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    /// People at this site, as kiosks show it.
    pub(super) here: u32,
    /// People seen by the watch counter today.
    pub(super) watched: u32,
    /// Taps in the leader's list.
    pub(super) later: u32,
    /// Own changes that the server has not confirmed.
    pub(super) unsent: u32,
    /// What is added to the true number of people here, for the hidden.
    hidden: i64,
    period: Option<Period>,
}

impl Tally {
    /// Counts of a day that is over say nothing of this one.
    pub(super) fn is_of_another_day(&self, now: UnixMillis) -> bool {
        self.period.is_some_and(|period| period != Period::of(now))
    }
}

impl Core {
    /// Counts again what `facts`, just written, may have changed.
    pub(super) fn count(&mut self, facts: &[Fact], now: UnixMillis) {
        if facts.is_empty() {
            return;
        }
        let about_hidden = |fact: &Fact| fact.person().is_some_and(|person| self.town.is_hidden(person));
        let undone = facts.iter().any(|fact| matches!(fact, Fact::Undo { .. }));
        let doubtful = |fact: &Fact| fact.proof().is_some_and(|proof| !proof.doubts.is_empty());
        let hidden = undone || facts.iter().any(about_hidden);
        let counted = self.counted(now, hidden, undone);
        let added = facts.iter().filter(|fact| doubtful(fact) && !about_hidden(fact)).count();
        let added = if undone { 0 } else { u32::try_from(added).unwrap_or(u32::MAX) };
        let shown = |tally: Tally| Tally { later: tally.later.saturating_add(added), ..tally };
        let counted = counted.map(shown);
        self.take(counted);
    }

    /// Counts everything again.
    pub(super) fn recount(&mut self, now: UnixMillis) {
        let counted = self.counted(now, true, true);
        self.take(counted);
    }

    /// Counts what the server has not confirmed.
    pub(super) fn count_unsent(&mut self) {
        let counted = self.unsent().map(|unsent| Tally { unsent, ..self.tally });
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
        if !self.town.is_enrolled() {
            return Ok(0);
        }
        self.ledger
            .stores()
            .into_iter()
            .try_fold(0_u32, |sum, store| Ok(sum.saturating_add(store.unconfirmed()?)))
    }

    #[expect(clippy::fn_params_excessive_bools, reason = "two independent parts that may be left out")]
    fn counted(&self, now: UnixMillis, hidden: bool, later: bool) -> Result<Tally, StoreError> {
        let (site, period) = (self.site(), Period::of(now));
        let incident = self.open_incident();
        let store = self.ledger.store(incident);
        let counts = store.counts(incident, site, period)?;
        let watch = self.incident_of(CounterKind::Watch);
        let watched = self.ledger.store(watch).counts(watch, site, period)?.watched;
        let hidden = if hidden { self.hidden_surplus()? } else { self.tally.hidden };
        let passed = if self.town.site.kind == SiteKind::CheckPoint { counts.passed } else { 0 };
        let here = i64::from(counts.here) + i64::from(passed) + i64::from(counts.unnamed) + hidden;
        let later = match (later, self.town.hidden.is_empty()) {
            (false, _) => self.tally.later,
            (true, true) => store.later_count(incident, site)?,
            (true, false) => {
                let doubtful = store.later(incident, site, MOST_LATER)?;
                let shown = doubtful.iter().filter(|item| !self.town.is_hidden(item.person)).count();
                u32::try_from(shown).unwrap_or(u32::MAX)
            }
        };
        Ok(Tally {
            here: u32::try_from(here.max(0)).unwrap_or(u32::MAX),
            watched,
            later,
            unsent: self.unsent()?,
            hidden,
            period: Some(period),
        })
    }

    /// Their sightings at this site, less their true presence.
    fn hidden_surplus(&self) -> Result<i64, StoreError> {
        let mut surplus = 0;
        for person in &self.town.hidden {
            surplus += i64::from(self.sightings(*person)?) - i64::from(self.is_counted(*person)?);
        }
        Ok(surplus)
    }

    fn sightings(&self, person: PersonId) -> Result<u32, StoreError> {
        let incident = self.open_incident();
        self.ledger.store(incident).sightings(incident, self.site(), person)
    }

    fn is_counted(&self, person: PersonId) -> Result<bool, StoreError> {
        let incident = self.open_incident();
        let presence = self.ledger.store(incident).presence(incident, person)?;
        let counts = |state| match state {
            PresenceState::Here => true,
            PresenceState::Passed => self.town.site.kind == SiteKind::CheckPoint,
            _ => false,
        };
        Ok(presence.is_some_and(|presence| presence.site == self.site() && counts(presence.state)))
    }
}
