//! What headquarters ruled on incidents: how they are called, which are one, and what of one is another's. Nothing is rewritten by it: the
//! same records count in another incident.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{Hlc, IncidentId, SiteId, UnixMillis};

use crate::record::{Fact, Record, SiteWord};

/// The rulings in force. The order in which they came does not matter: of those about the same thing the one with the latest clock reading
/// counts, then the one with the larger id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IncidentRulings {
    names: BTreeMap<IncidentId, String>,
    joined: BTreeMap<IncidentId, IncidentId>,
    /// For each site of an incident, from when on what is said there is of which one.
    split: BTreeMap<(IncidentId, SiteId), BTreeMap<UnixMillis, IncidentId>>,
    /// By the incident in which the word counts.
    sites: BTreeMap<(IncidentId, SiteId), (SiteWord, Hlc)>,
}

impl IncidentRulings {
    /// What these records of the headquarters' documents, each with its document's incident, rule on the incidents in `may`. A ruling that
    /// names another one says nothing: so whoever gives only live incidents, or only drills, never has one count in the other.
    pub fn of<'r>(
        records: impl IntoIterator<Item = (IncidentId, &'r Record)>,
        may: &BTreeSet<IncidentId>,
    ) -> Self {
        let mut said: Vec<(IncidentId, &Record)> =
            records.into_iter().filter(|(incident, _)| may.contains(incident)).collect();
        said.sort_by_key(|(_, record)| (record.at, record.id));
        let mut rulings = Self::default();
        for (incident, record) in &said {
            let incident = *incident;
            match &record.fact {
                Fact::IncidentNamed { name } => drop(rulings.names.insert(incident, name.clone())),
                Fact::IncidentJoined { into } if may.contains(into) => {
                    rulings.joined.insert(incident, *into);
                }
                Fact::IncidentSplit { since, sites, into } if may.contains(into) => {
                    for site in sites {
                        rulings.split.entry((incident, *site)).or_default().insert(*since, *into);
                    }
                }
                _ => {}
            }
        }
        rulings.names.retain(|_, name| !name.is_empty());
        for (incident, record) in said {
            if let Fact::SiteRuled { site, word } = record.fact {
                let counts_in = rulings.counts_in(incident, site, record.at.millis());
                rulings.sites.insert((counts_in, site), (word, record.at));
            }
        }
        rulings
    }

    /// The incident in which a record counts that stands in `incident`'s documents of `site` and was said `at`. Rulings are followed to
    /// their end; a ring ends at its smallest id, from wherever it is entered.
    pub fn counts_in(&self, incident: IncidentId, site: SiteId, at: UnixMillis) -> IncidentId {
        self.end_of(incident, |of| self.split_off(of, site, at).or_else(|| self.joined.get(&of).copied()))
    }

    /// The incident in which all of an incident counts that was not split off it.
    pub fn joined_into(&self, incident: IncidentId) -> IncidentId {
        self.end_of(incident, |of| self.joined.get(&of).copied())
    }

    fn split_off(&self, incident: IncidentId, site: SiteId, at: UnixMillis) -> Option<IncidentId> {
        let (_, into) = self.split.get(&(incident, site))?.range(..=at).next_back()?;
        (*into != incident).then_some(*into)
    }

    fn end_of(&self, incident: IncidentId, next: impl Fn(IncidentId) -> Option<IncidentId>) -> IncidentId {
        let mut chain = vec![incident];
        let mut last = incident;
        while let Some(into) = next(last).filter(|into| *into != last) {
            if let Some(ring) = chain.iter().position(|seen| *seen == into) {
                return chain.iter().skip(ring).min().copied().unwrap_or(into);
            }
            chain.push(into);
            last = into;
        }
        last
    }

    /// Incidents of which something counts in `incident`, beside itself.
    pub fn counting_in(&self, incident: IncidentId) -> BTreeSet<IncidentId> {
        let joined = self.joined.keys().copied().filter(|of| self.joined_into(*of) == incident);
        let split = self.split.iter().flat_map(|((of, site), pieces)| {
            pieces.keys().filter(|since| self.counts_in(*of, *site, **since) == incident).map(|_| *of)
        });
        joined.chain(split).filter(|of| *of != incident).collect()
    }

    /// An incident, and those of which something counts in it.
    pub fn counted_together(&self, incident: IncidentId) -> BTreeSet<IncidentId> {
        let mut together = self.counting_in(incident);
        together.insert(incident);
        together
    }

    /// Other incidents in which something of `incident` counts, or of which something counts in it.
    pub fn tied_to(&self, incident: IncidentId) -> BTreeSet<IncidentId> {
        let split = self.split.iter().filter(|((of, _), _)| *of == incident);
        let into = split.flat_map(|((of, site), pieces)| {
            pieces.keys().map(|since| self.counts_in(*of, *site, *since)).collect::<Vec<_>>()
        });
        let mut tied = self.counting_in(incident);
        tied.extend(into.chain([self.joined_into(incident)]));
        tied.remove(&incident);
        tied
    }

    /// Headquarters' word on a site in an incident as it is shown, and when it was said.
    pub fn site(&self, incident: IncidentId, site: SiteId) -> Option<(SiteWord, Hlc)> {
        self.sites.get(&(incident, site)).copied()
    }

    /// Whether every record counts where it counts by `other`: names and words on sites move none.
    pub fn counts_alike(&self, other: &Self) -> bool {
        self.joined == other.joined && self.split == other.split
    }

    /// What headquarters calls an incident.
    pub fn name(&self, incident: IncidentId) -> Option<&str> {
        self.names.get(&incident).map(String::as_str)
    }
}

/// Whether a fact is headquarters' word on an incident.
pub const fn is_incident_ruling(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::IncidentNamed { .. }
            | Fact::IncidentJoined { .. }
            | Fact::IncidentSplit { .. }
            | Fact::SiteRuled { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RuledStanding;
    use hinamori_model::{Hlc, RecordId};

    const NOON: u64 = 1_791_780_000_000;

    const fn incident(number: u8) -> IncidentId {
        IncidentId::from_bytes([number; 16])
    }

    const fn site(number: u8) -> SiteId {
        SiteId::from_bytes([number; 16])
    }

    const fn minute(number: u64) -> UnixMillis {
        UnixMillis::new(NOON + number * 60_000)
    }

    fn said(at: u64, of: u8, fact: Fact) -> (IncidentId, Record) {
        let at = minute(at);
        let id = RecordId::new(at, u128::from(of));
        let at = Hlc::from_packed(at.get() << 16);
        (incident(of), Record { id, at, clock_unsure: false, lane: None, fact })
    }

    fn join(at: u64, of: u8, into: u8) -> (IncidentId, Record) {
        said(at, of, Fact::IncidentJoined { into: incident(into) })
    }

    fn split(at: u64, of: u8, since: u64, into: u8) -> (IncidentId, Record) {
        let sites = vec![site(7), site(8)];
        said(at, of, Fact::IncidentSplit { since: minute(since), sites, into: incident(into) })
    }

    fn rulings(records: &[(IncidentId, Record)]) -> IncidentRulings {
        let may = (1..=5).map(incident).collect();
        let of = |records: Vec<&(IncidentId, Record)>| {
            IncidentRulings::of(records.into_iter().map(|(of, record)| (*of, record)), &may)
        };
        let forwards = of(records.iter().collect());
        assert_eq!(forwards, of(records.iter().rev().collect()), "their order does not matter");
        forwards
    }

    fn counts(rulings: &IncidentRulings, of: u8, at_site: u8, at: u64) -> IncidentId {
        rulings.counts_in(incident(of), site(at_site), minute(at))
    }

    #[test]
    fn joins_are_followed_to_their_end_and_the_latest_counts() {
        let ruled = rulings(&[join(1, 1, 2), join(2, 2, 3)]);
        assert_eq!([1, 2, 3, 4].map(|of| counts(&ruled, of, 7, 0)), [3, 3, 3, 4].map(incident));
        assert_eq!(ruled.counting_in(incident(3)), BTreeSet::from([incident(1), incident(2)]));
        assert_eq!(ruled.counting_in(incident(2)), BTreeSet::new());
        let taken_back = rulings(&[join(1, 1, 2), join(2, 2, 3), join(3, 1, 1)]);
        assert_eq!([1, 2].map(|of| counts(&taken_back, of, 7, 0)), [1, 3].map(incident));
    }

    #[test]
    fn a_ring_ends_at_its_smallest_id_from_wherever_it_is_entered() {
        let ruled = rulings(&[join(1, 3, 2), join(2, 2, 4), join(3, 4, 3), join(4, 5, 4)]);
        assert_eq!([2, 3, 4, 5].map(|of| counts(&ruled, of, 7, 0)), [2; 4].map(incident));
    }

    #[test]
    fn a_split_takes_what_was_said_at_its_sites_since_then() {
        let ruled = rulings(&[split(9, 1, 5, 2)]);
        assert_eq!([4, 5, 6].map(|at| counts(&ruled, 1, 7, at)), [1, 2, 2].map(incident));
        assert_eq!(counts(&ruled, 1, 9, 6), incident(1), "at no other site");
        assert_eq!(ruled.joined_into(incident(1)), incident(1));
        assert_eq!(ruled.counting_in(incident(2)), BTreeSet::from([incident(1)]));
        let tied = [1, 2, 3].map(|of| ruled.tied_to(incident(of)));
        assert_eq!(tied, [BTreeSet::from([incident(2)]), BTreeSet::from([incident(1)]), BTreeSet::new()]);
        // What is joined into it is split with it, and what is split off goes on by its own rulings.
        let more = rulings(&[split(9, 1, 5, 2), join(1, 3, 1), join(2, 2, 4)]);
        assert_eq!([4, 6].map(|at| counts(&more, 3, 7, at)), [1, 4].map(incident));
        // From a later moment on it is as before.
        let back = rulings(&[split(9, 1, 5, 2), split(10, 1, 8, 1)]);
        assert_eq!([4, 6, 8].map(|at| counts(&back, 1, 8, at)), [1, 2, 1].map(incident));
    }

    #[test]
    fn what_names_an_incident_that_may_not_be_ruled_on_says_nothing() {
        let ruled = rulings(&[join(1, 1, 6), join(2, 6, 2), split(3, 1, 0, 6)]);
        assert_eq!(ruled, IncidentRulings::default());
        assert_eq!(counts(&ruled, 6, 7, 1), incident(6));
    }

    #[test]
    fn of_a_site_the_latest_word_counts_in_the_incident_in_which_it_was_said() {
        let word = |standing, capacity| SiteWord { standing, capacity };
        let rule = |at, of, word| said(at, of, Fact::SiteRuled { site: site(7), word });
        let (open, closed) =
            (word(Some(RuledStanding::Open), Some(40)), word(Some(RuledStanding::Closed), None));
        let of = |records: &[(IncidentId, Record)], number| {
            rulings(records).site(incident(number), site(7)).map(|(word, _)| word)
        };
        let both = [rule(1, 1, open), rule(2, 1, closed)];
        assert_eq!([1, 2].map(|number| of(&both, number)), [Some(closed), None]);
        // With its incident it is another one's; what was said before a splitting stays.
        let joined = [&both[..], &[join(3, 1, 2)]].concat();
        assert_eq!([1, 2].map(|number| of(&joined, number)), [None, Some(closed)]);
        let (first, second) = (rule(4, 1, open), rule(6, 1, closed));
        let parted = [first, second, split(9, 1, 5, 2)];
        assert_eq!([1, 2].map(|number| of(&parted, number)), [Some(open), Some(closed)]);
        assert!(rulings(&both).counts_alike(&IncidentRulings::default()));
        assert!(!rulings(&joined).counts_alike(&rulings(&both)));
        assert_eq!(of(&[rule(1, 6, open)], 6), None, "of an incident that may not be ruled on");
    }

    #[test]
    fn the_latest_name_counts_and_an_empty_one_is_none() {
        let named = |at, of, name: &str| said(at, of, Fact::IncidentNamed { name: name.to_owned() });
        let ruled =
            rulings(&[named(1, 1, "一番"), named(3, 1, "津波"), named(2, 2, "大雨"), named(4, 2, "")]);
        assert_eq!((ruled.name(incident(1)), ruled.name(incident(2))), (Some("津波"), None));
    }
}
