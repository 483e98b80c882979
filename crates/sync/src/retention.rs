//! How long the town keeps what is recorded in an incident that stays open: daily life, or a disaster of months.
//!
//! Days before the first one that is kept are dropped by everybody, alone, without the incident. What still counts of them is said again
//! first, in a document of today, by a box of their site: the same records under the same ids, so that nobody counts twice. Whoever holds
//! such a day drops it as soon as all that counts of it stands in a later one.

use std::collections::BTreeMap;

use hinamori_model::IncidentId;
use hinamori_record::DocumentScope;
use serde::{Deserialize, Serialize};

/// Incidents of which a package may say what is kept.
pub(crate) const MOST_RETENTIONS: usize = 64;

/// What is kept of one incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The incident.
    pub incident: IncidentId,
    /// The first day that is kept (`Period::day` of `hinamori-record`).
    pub first_day: u32,
    /// Earlier days go also where no box said again what counts of them: the box of their site is lost.
    pub is_final: bool,
}

/// What is kept of all incidents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retentions(BTreeMap<IncidentId, Retention>);

impl Retentions {
    /// Those that a package names.
    pub fn new(named: &[Retention]) -> Self {
        Self(named.iter().map(|retention| (retention.incident, *retention)).collect())
    }

    /// Whether a document is of a day that is kept.
    pub fn keep(&self, scope: &DocumentScope) -> bool {
        self.0.get(&scope.incident).is_none_or(|retention| scope.period.day() >= retention.first_day)
    }

    /// What is kept of an incident; `None` when everything is.
    pub fn of(&self, incident: IncidentId) -> Option<Retention> {
        self.0.get(&incident).copied()
    }

    /// Whether everything is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes to keep.
    pub fn to_bytes(&self) -> Vec<u8> {
        let all: Vec<Retention> = self.0.values().copied().collect();
        postcard::to_stdvec(&all).unwrap_or_default()
    }

    /// What [`Retentions::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes::<Vec<Retention>>(bytes).ok().map(|all| Self::new(&all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::SiteId;
    use hinamori_record::Period;

    #[test]
    fn days_before_the_first_one_of_their_incident_are_not_kept() {
        let (daily, live) = (IncidentId::from_bytes([1; 16]), IncidentId::from_bytes([2; 16]));
        let retention = Retention { incident: daily, first_day: 20_738, is_final: false };
        let kept = Retentions::new(&[retention]);
        let second = Period(20_737).next().unwrap();
        let scope = |incident, period| DocumentScope { incident, site: SiteId::from_bytes([3; 16]), period };
        for (incident, period, keeps) in [
            (daily, Period(20_737), false),
            (daily, second, false),
            (daily, Period(20_738), true),
            (live, Period(1), true),
        ] {
            assert_eq!(kept.keep(&scope(incident, period)), keeps, "{incident} {period:?}");
        }
        assert_eq!(Retentions::from_bytes(&kept.to_bytes()), Some(kept));
    }
}
