//! What is asked of the box, not shown by itself. The leader's lists: あとで確認, where hidden people stand
//! like somebody whose card nobody knows, and who is expected at the watch counter today, where they do not
//! stand at all.

use std::collections::BTreeMap;

use hinamori_ipc::LeaderItem;
use hinamori_model::{CounterKind, Doubt, Doubts, PersonId, PersonalText, SiteId, UnixMillis};
use hinamori_record::{Period, is_away};
use hinamori_store_sqlite::{LaterItem, StoreError};
use hinamori_sync::town::Person;
use tracing::error;

use super::Core;
use crate::lists::HeldList;
use crate::status::{OwnTime, Report};

/// Lines of a list: a frame to a kiosk has its bound, and nobody reads more.
const MOST_LINES: u32 = 500;

fn line(
    at: UnixMillis,
    name: Option<PersonalText>,
    doubts: Doubts,
    nameless: Option<PersonId>,
) -> LeaderItem {
    LeaderItem { at, name, doubts: doubts.iter().collect(), nameless }
}

impl Core {
    /// あとで確認, newest first.
    pub(super) fn leader_list(&self) -> Vec<LeaderItem> {
        self.doubtful_taps().unwrap_or_else(|problem| {
            error!(error = &problem as &dyn std::error::Error, "the leader's list cannot be read");
            Vec::new()
        })
    }

    fn doubtful_taps(&self) -> Result<Vec<LeaderItem>, StoreError> {
        let incident = self.shown_incident();
        let taps = self.ledger.store(incident).later(incident, self.site(), MOST_LINES)?;
        let mut items = Vec::new();
        for tap in &taps {
            let LaterItem { at, person, doubts, record: _ } = *tap;
            let known = self.directory.person(person)?;
            items.extend(match known {
                Some(Person { hidden: false, name, .. }) => Some(line(at, Some(name), doubts, None)),
                // Hidden people stand there like a card that nobody knows, and go when somebody named that.
                Some(_) => {
                    let shadow = self.shadow_of(person);
                    let named = self.ledger.store(incident).named_at(shadow)?;
                    let is_open = named.is_none_or(|named| named < at);
                    is_open.then(|| line(at, None, doubts.with(Doubt::UnknownCard), Some(shadow)))
                }
                None => Some(line(at, None, doubts, Some(person))),
            });
        }
        Ok(items)
    }

    /// How many lines the list has.
    pub(super) fn later_count(&self) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.doubtful_taps()?.len()).unwrap_or(u32::MAX))
    }

    /// The id under which a hidden person stands in the leader's list: that of a card that nobody knows. Naming it
    /// writes down the arrival of whoever was named, as for any unknown card; the hidden person stays as they were.
    pub(super) fn shadow_of(&self, hidden: PersonId) -> PersonId {
        self.town.key.shadow_of(hidden)
    }

    /// Who is expected today and was not seen, by called name.
    pub(super) fn watch_list(&self, now: UnixMillis) -> Vec<PersonalText> {
        self.expected_and_not_seen(now).unwrap_or_else(|problem| {
            error!(error = &problem as &dyn std::error::Error, "the watch list cannot be read");
            Vec::new()
        })
    }

    fn expected_and_not_seen(&self, now: UnixMillis) -> Result<Vec<PersonalText>, StoreError> {
        let mut names = Vec::new();
        for Person { id, name, called_name, hidden, .. } in self.directory.watched()? {
            if !hidden && self.is_missing_today(id, now)? {
                names.push(called_name.unwrap_or(name));
            }
        }
        Ok(names)
    }

    fn is_missing_today(&self, person: PersonId, now: UnixMillis) -> Result<bool, StoreError> {
        let incident = self.counts_as(self.incident_of(CounterKind::Watch));
        let store = self.ledger.store(incident);
        Ok(!store.was_watched(incident, person, Period::of(now))?
            && !is_away(&store.latest_watch(incident, person)?))
    }
}

impl Core {
    /// Where boxes stand of which two histories are known.
    fn forked_sites(&self) -> Vec<String> {
        let is_open = |id| self.ledger.stores().iter().any(|store| store.forks().is_open(id));
        let forked = self.uplink.grants.0.iter().filter(|(id, _)| is_open(**id));
        let name =
            |site: SiteId| self.town.site_names.get(&site).cloned().unwrap_or_else(|| site.to_string());
        forked.map(|(_, grant)| name(grant.site)).collect()
    }

    /// What the box says of itself.
    pub(super) fn report(&self) -> Report {
        let mut report = Report {
            box_id: self.own.to_string(),
            enrolled: self.town.is_enrolled(),
            site: self.site().to_string(),
            mode: self.opening.mode(),
            records: 0,
            unsent: self.tally.unsent,
            online: self.uplink.is_online(),
            forked: self.forked_sites(),
            assurances: BTreeMap::new(),
            own_time_ms: OwnTime {
                p50: self.own_times.percentile_millis(50),
                p99: self.own_times.percentile_millis(99),
            },
            taps: self.taps,
            people: self.roster.loaded().people,
            roster_lacking: self.roster.loaded().lacking,
            card_data_as_of: self.town.checks.verifier.card_data_as_of(),
            lists: u64::try_from(self.held.lists.len()).unwrap_or(u64::MAX),
            listed: self.held.lists.iter().map(|held| held.index.entries()).sum(),
            reported: self.held.lists.iter().filter_map(HeldList::reported_count).sum(),
        };
        for store in self.ledger.stores() {
            match store.totals() {
                Ok(totals) => {
                    report.records = report.records.saturating_add(totals.records);
                    for (assurance, count) in totals.assurances {
                        let sum = report.assurances.entry(assurance).or_default();
                        *sum = sum.saturating_add(count);
                    }
                }
                Err(problem) => {
                    error!(error = &problem as &dyn std::error::Error, "the records cannot be counted");
                }
            }
        }
        report
    }
}
