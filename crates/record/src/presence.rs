//! Where a person is, folded from their records.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{Assurance, Hlc, RecordId, SiteId, UnixMillis};

use crate::record::{Details, Fact, PresenceEvent, Record, WatchEvent};

/// Where somebody is as far as the records at hand say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// The site of the latest record that counts.
    pub site: SiteId,
    /// The state there.
    pub state: PresenceState,
    /// The first arrival in this incident at that site.
    pub arrived_at: Option<UnixMillis>,
    /// When the person was last seen by anybody; of somebody whom nobody saw, when it was told.
    pub seen_at: Hlc,
    /// What the record that counts says beside the state.
    pub details: Details,
}

/// The state of a person. The number is stored in the projection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum PresenceState {
    /// In the shelter.
    Here = 0,
    /// Seen on the way.
    Passed = 1,
    /// 出かけている
    Out = 2,
    /// 外泊
    Overnight = 3,
    /// 転所した
    Moved = 4,
    /// 退所した
    Left = 5,
    /// 在宅
    AtHome = 6,
    /// 車中泊
    InCar = 7,
    /// Died.
    Deceased = 8,
    /// Said to be elsewhere.
    ToldElsewhere = 9,
}

impl PresenceState {
    /// Every state, in the order of its number.
    pub const ALL: [Self; 10] = [
        Self::Here,
        Self::Passed,
        Self::Out,
        Self::Overnight,
        Self::Moved,
        Self::Left,
        Self::AtHome,
        Self::InCar,
        Self::Deceased,
        Self::ToldElsewhere,
    ];

    /// Whether somebody still belongs to the site.
    pub const fn is_a_stay(self) -> bool {
        matches!(self, Self::Here | Self::Out | Self::Overnight | Self::AtHome | Self::InCar)
    }

    const fn after(event: PresenceEvent) -> Self {
        match event {
            PresenceEvent::Arrived | PresenceEvent::Seen => Self::Here,
            PresenceEvent::Passed => Self::Passed,
            PresenceEvent::Out => Self::Out,
            PresenceEvent::Overnight => Self::Overnight,
            PresenceEvent::Moved => Self::Moved,
            PresenceEvent::Left => Self::Left,
            PresenceEvent::AtHome => Self::AtHome,
            PresenceEvent::InCar => Self::InCar,
            PresenceEvent::Deceased => Self::Deceased,
            PresenceEvent::ToldElsewhere => Self::ToldElsewhere,
        }
    }
}

fn undone<'r>(records: impl Iterator<Item = &'r Record>) -> BTreeSet<RecordId> {
    records
        .filter_map(|record| match record.fact {
            Fact::Undo { of } => Some(of),
            _ => None,
        })
        .collect()
}

/// How much an event says: whatever a shelter recorded outweighs a passing at a check-point, and that what was only told.
const fn weight(event: PresenceEvent) -> u8 {
    match event {
        PresenceEvent::ToldElsewhere => 0,
        PresenceEvent::Passed => 1,
        _ => 2,
    }
}

/// One presence record that counts.
struct Seen {
    at: Hlc,
    id: RecordId,
    site: SiteId,
    event: PresenceEvent,
    assurance: Assurance,
    details: Details,
}

/// The presence records that count, in the order of their clocks: none that was taken back, and of those before a ruling
/// only those of its site. A ruling for a site whose shelter never saw the person says nothing.
fn seen_of(records: &[(SiteId, Record)]) -> Vec<Seen> {
    let undone = undone(records.iter().map(|(_, record)| record));
    let (mut seen, mut rulings) = (Vec::new(), Vec::new());
    for (site, record) in records.iter().filter(|(_, record)| !undone.contains(&record.id)) {
        let (at, id) = (record.at, record.id);
        match record.fact {
            Fact::Presence { event, proof, details, .. } => {
                let assurance = proof.assurance;
                seen.push(Seen { at, id, site: *site, event, assurance, details });
            }
            Fact::Settled { site, .. } => rulings.push((at, id, site)),
            _ => {}
        }
    }
    let knows = |site: &SiteId| seen.iter().any(|seen| seen.site == *site && weight(seen.event) == 2);
    let ruling = rulings.into_iter().filter(|(_, _, site)| knows(site)).max();
    if let Some((at, id, site)) = ruling {
        seen.retain(|seen| seen.site == site || (seen.at, seen.id) > (at, id));
    }
    seen.sort_unstable_by_key(|seen| (seen.at, seen.id));
    seen
}

/// Folds the presence records of one person in one incident, each with its site, with the undo records that may name them
/// and the rulings about where the person is. The order of the input does not matter: the latest clock reading wins, then the
/// larger id; a record that was taken back counts nowhere.
///
/// A passing at a check-point never overrides a shelter: who was received and walks past a gate again is
/// still received. What was only told overrides nothing that was seen.
pub fn presence_of(records: &[(SiteId, Record)]) -> Option<Presence> {
    presence_in(&seen_of(records))
}

impl Presence {
    /// What one presence record says of somebody of whom nothing else is known.
    pub fn first(site: SiteId, event: PresenceEvent, at: Hlc, details: Details) -> Self {
        let state = PresenceState::after(event);
        let arrived_at = (state == PresenceState::Here).then_some(at.millis());
        Self { site, state, arrived_at, seen_at: at, details }
    }

    /// The same after one more record, where that is all that the fold would look at: it is the latest one, of the same site, and says no
    /// less than the one that counts. `None` where everything has to be folded anew. Nobody may have ruled about the person.
    #[must_use]
    pub fn after(&self, site: SiteId, event: PresenceEvent, at: Hlc, details: Details) -> Option<Self> {
        let known = match self.state {
            PresenceState::ToldElsewhere => 0,
            PresenceState::Passed => 1,
            _ => 2,
        };
        let is_all = site == self.site && at > self.seen_at && weight(event) >= known && known > 0;
        let next = Self::first(site, event, at, details);
        is_all.then(|| Self { arrived_at: self.arrived_at.or(next.arrived_at), ..next })
    }
}

fn presence_in(events: &[Seen]) -> Option<Presence> {
    let Deciding { latest, arrived, seen } = deciding_in(events)?;
    Some(Presence {
        site: latest.site,
        state: PresenceState::after(latest.event),
        arrived_at: arrived.map(|arrived| arrived.at.millis()),
        seen_at: seen.at,
        details: latest.details,
    })
}

/// The events from which a presence follows.
struct Deciding<'e> {
    latest: &'e Seen,
    arrived: Option<&'e Seen>,
    seen: &'e Seen,
}

fn deciding_in(events: &[Seen]) -> Option<Deciding<'_>> {
    let latest = events.iter().max_by_key(|seen| weight(seen.event))?;
    let arrives =
        |seen: &&Seen| seen.site == latest.site && PresenceState::after(seen.event) == PresenceState::Here;
    let seen = events.iter().rfind(|seen| seen.event != PresenceEvent::ToldElsewhere).or(events.last())?;
    Some(Deciding { latest, arrived: events.iter().find(arrives), seen })
}

/// The records from which [`presence_of`] follows: it says the same of these alone, and of these with any others that it was
/// given.
pub fn deciding(records: &[(SiteId, Record)]) -> BTreeSet<RecordId> {
    let events = seen_of(records);
    let undone = undone(records.iter().map(|(_, record)| record));
    let mut ids = BTreeSet::new();
    if let Some(Deciding { latest, arrived, seen }) = deciding_in(&events) {
        ids.extend([latest.id, seen.id]);
        ids.extend(arrived.map(|arrived| arrived.id));
    }
    for (_, record) in records {
        match record.fact {
            Fact::Undo { .. } => drop(ids.insert(record.id)),
            // With the shelter's word that makes a ruling count. Few people have one.
            Fact::Settled { site: ruled, .. } if !undone.contains(&record.id) => {
                ids.insert(record.id);
                let knows = |(site, record): &&(SiteId, Record)| {
                    *site == ruled
                        && matches!(record.fact, Fact::Presence { event, .. } if weight(event) == 2)
                        && !undone.contains(&record.id)
                };
                ids.extend(records.iter().find(knows).map(|(_, record)| record.id));
            }
            _ => {}
        }
    }
    ids
}

/// Within how long two sightings at two sites contradict each other, when nothing between them says that the person left.
pub const CONFLICT_MILLIS: u64 = 12 * 3_600_000;

/// The sites that claim one person, with when each saw them last, the latest first; empty when there is no conflict.
///
/// A site claims whom it saw there by more than somebody's word, and who did not leave it before they were seen elsewhere.
/// Whoever has left meanwhile is claimed by nobody.
pub fn claims_on(records: &[(SiteId, Record)]) -> Vec<(SiteId, UnixMillis)> {
    let events = seen_of(records);
    let stays = |state| {
        use PresenceState::{AtHome, Here, InCar, Out, Overnight};
        matches!(state, Here | Out | Overnight | AtHome | InCar)
    };
    if !presence_in(&events).is_some_and(|presence| stays(presence.state)) {
        return Vec::new();
    }
    let is_here = |event| PresenceState::after(event) == PresenceState::Here;
    let mut last: BTreeMap<SiteId, &Seen> = BTreeMap::new();
    for seen in &events {
        if is_here(seen.event) && seen.assurance > Assurance::Declared {
            last.insert(seen.site, seen);
        } else if weight(seen.event) == 2 && !is_here(seen.event) {
            // Whoever says at a site that they leave it is not claimed by it until they come again.
            last.remove(&seen.site);
        }
    }
    let Some(latest) = last.values().map(|seen| seen.at.millis()).max() else { return Vec::new() };
    last.retain(|_, seen| latest.since(seen.at.millis()) <= CONFLICT_MILLIS);
    let mut claims: Vec<_> = last.into_values().collect();
    if claims.len() < 2 {
        return Vec::new();
    }
    claims.sort_unstable_by_key(|seen| std::cmp::Reverse((seen.at, seen.id)));
    claims.into_iter().map(|seen| (seen.site, seen.at.millis())).collect()
}

/// The latest of the watch records that `matters`, of those that were not taken back.
fn latest_watch(records: &[Record], matters: impl Fn(WatchEvent) -> bool) -> Option<WatchEvent> {
    let undone = undone(records.iter());
    let events =
        records.iter().filter(|record| !undone.contains(&record.id)).filter_map(|record| match record.fact {
            Fact::Watch { event, .. } if matters(event) => Some((record.at, record.id, event)),
            _ => None,
        });
    events.max_by_key(|(at, id, _)| (*at, *id)).map(|(.., event)| event)
}

/// Whether the watch records of one person say that they agree to be watched over: the latest word counts.
pub fn has_consented(records: &[Record]) -> bool {
    let words = |event| matches!(event, WatchEvent::ConsentGiven | WatchEvent::ConsentWithdrawn);
    latest_watch(records, words) == Some(WatchEvent::ConsentGiven)
}

/// しばらく留守: whether the watch records of one person say that nobody expects them until they come again.
pub fn is_away(records: &[Record]) -> bool {
    let words = |event| !matches!(event, WatchEvent::ConsentGiven | WatchEvent::ConsentWithdrawn);
    latest_watch(records, words) == Some(WatchEvent::Away)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Proof;
    use hinamori_model::PersonId;
    use proptest::prelude::*;

    const GYM: SiteId = SiteId::from_bytes([1; 16]);
    const GATE: SiteId = SiteId::from_bytes([2; 16]);

    fn event(minute: u64, event: PresenceEvent) -> Record {
        let person = PersonId::from_bytes([1; 16]);
        with_fact(minute, Fact::presence(person, event, Proof::DECLARED))
    }

    fn with_fact(minute: u64, fact: Fact) -> Record {
        let at = UnixMillis::new(minute * 60_000);
        let id = RecordId::new(at, u128::from(minute));
        Record { id, at: Hlc::from_packed(at.get() << 16), clock_unsure: false, lane: None, fact }
    }

    fn state(records: &[(SiteId, Record)]) -> Option<(SiteId, PresenceState)> {
        presence_of(records).map(|presence| (presence.site, presence.state))
    }

    #[test]
    fn the_latest_event_counts_and_a_tap_after_leaving_means_here_again() {
        use PresenceEvent::{Arrived, Out, Seen};
        let mut day = vec![(GYM, event(1, Arrived)), (GYM, event(3, Out))];
        assert_eq!(state(&day), Some((GYM, PresenceState::Out)));
        day.push((GYM, event(4, Seen)));
        assert_eq!(state(&day), Some((GYM, PresenceState::Here)));
        assert_eq!(presence_of(&day).unwrap().arrived_at, Some(UnixMillis::new(60_000)));
    }

    #[test]
    fn a_check_point_counts_until_a_shelter_does() {
        let passed = (GATE, event(1, PresenceEvent::Passed));
        assert_eq!(state(std::slice::from_ref(&passed)), Some((GATE, PresenceState::Passed)));
        let arrived = (GYM, event(2, PresenceEvent::Arrived));
        let again = (GATE, event(3, PresenceEvent::Passed));
        assert_eq!(state(&[passed, arrived, again]), Some((GYM, PresenceState::Here)));
    }

    proptest! {
        #[test]
        fn one_more_record_says_what_the_fold_says(
            codes in prop::collection::vec((0_u64..11, 0_u64..60), 1..10), code in 0_u64..11, minute in 0_u64..70,
        ) {
            let site = |code: u64| if code.is_multiple_of(3) { GATE } else { GYM };
            let record = |index: usize, code: u64, minute| {
                let record = event(minute, PresenceEvent::from_code(code).unwrap());
                (site(minute), Record { id: RecordId::new(record.at.millis(), index as u128), ..record })
            };
            let mut records: Vec<_> =
                codes.iter().enumerate().map(|(index, (code, minute))| record(index, *code, *minute)).collect();
            let known = presence_of(&records).unwrap();
            let (at_site, next) = record(99, code, minute);
            let Fact::Presence { event, details, .. } = next.fact else { panic!() };
            let quick = known.after(at_site, event, next.at, details);
            prop_assert_eq!(presence_of(&[(at_site, next.clone())]), Some(Presence::first(at_site, event, next.at, details)));
            records.push((at_site, next));
            if let Some(quick) = quick {
                prop_assert_eq!(Some(quick), presence_of(&records));
            }
        }
    }

    proptest! {
        #[test]
        fn what_decides_decides_alone_and_with_any_of_the_others(
            codes in prop::collection::vec((0_u64..14, 0_u64..40, any::<bool>()), 1..14),
        ) {
            let sites = [GYM, GATE, SiteId::from_bytes([3; 16])];
            let mut records: Vec<(SiteId, Record)> = Vec::new();
            for (index, (code, minute, _)) in codes.iter().enumerate() {
                let site = |number: u64| sites[usize::try_from(number % 3).unwrap()];
                let record = match PresenceEvent::from_code(*code) {
                    Some(what) => event(*minute, what),
                    None if *code == 13 => ruling(*minute, site(minute / 3)),
                    None => {
                        let of = records.get(usize::try_from(*minute).unwrap() % (index + 1));
                        with_fact(*minute, Fact::Undo { of: of.map_or(RecordId::new(UnixMillis::new(0), 0), |(_, of)| of.id) })
                    }
                };
                let id = RecordId::new(record.at.millis(), index as u128);
                records.push((site(*minute), Record { id, ..record }));
            }
            let decides = deciding(&records);
            let kept = |keep_more: bool| -> Vec<(SiteId, Record)> {
                let more = |index: usize| keep_more && codes[index].2;
                let kept = records.iter().enumerate().filter(|(index, (_, of))| decides.contains(&of.id) || more(*index));
                kept.map(|(_, record)| record.clone()).collect()
            };
            prop_assert_eq!(presence_of(&kept(false)), presence_of(&records));
            prop_assert_eq!(presence_of(&kept(true)), presence_of(&records));
            let sighted = decides.iter().filter(|id| records.iter().any(|(_, of)| of.id == **id && matches!(of.fact, Fact::Presence { .. })));
            let rulings = records.iter().filter(|(_, of)| matches!(of.fact, Fact::Settled { .. })).count();
            prop_assert!(sighted.count() <= 3 + rulings);
        }
    }

    #[test]
    fn what_was_told_counts_until_somebody_saw_the_person() {
        let told = (GYM, event(5, PresenceEvent::ToldElsewhere));
        let presence = presence_of(std::slice::from_ref(&told)).unwrap();
        assert_eq!((presence.state, presence.seen_at), (PresenceState::ToldElsewhere, told.1.at));
        let passed = (GATE, event(1, PresenceEvent::Passed));
        let presence = presence_of(&[told, passed.clone()]).unwrap();
        assert_eq!((presence.site, presence.state), (GATE, PresenceState::Passed));
        assert_eq!(presence.seen_at, passed.1.at, "nobody saw them when it was told");
    }

    #[test]
    fn what_was_taken_back_never_was() {
        let arrived = event(1, PresenceEvent::Arrived);
        let undo = with_fact(2, Fact::Undo { of: arrived.id });
        assert_eq!(presence_of(&[(GYM, arrived), (GYM, undo)]), None);
        assert_eq!(presence_of(&[]), None);
    }

    fn certain(minute: u64, what: PresenceEvent) -> Record {
        let record = event(minute, what);
        let Fact::Presence { person, event, details, .. } = record.fact else { panic!() };
        let proof = Proof { assurance: Assurance::ChipProven, ..Proof::DECLARED };
        Record { fact: Fact::Presence { person, event, proof, details }, ..record }
    }

    fn ruling(minute: u64, site: SiteId) -> Record {
        with_fact(minute, Fact::Settled { person: PersonId::from_bytes([1; 16]), site, staff: None })
    }

    #[test]
    fn a_ruling_says_where_somebody_is_until_they_are_seen_again() {
        const HALL: SiteId = SiteId::from_bytes([3; 16]);
        use PresenceEvent::{Arrived, Seen};
        let mut day = vec![(GYM, certain(1, Arrived)), (HALL, certain(5, Arrived))];
        let at = |minute: u64| UnixMillis::new(minute * 60_000);
        assert_eq!(claims_on(&day), [(HALL, at(5)), (GYM, at(1))]);
        assert_eq!(state(&day), Some((HALL, PresenceState::Here)));
        day.push((HALL, ruling(6, GYM)));
        assert_eq!((state(&day), claims_on(&day)), (Some((GYM, PresenceState::Here)), Vec::new()));
        assert_eq!(presence_of(&day).unwrap().seen_at.millis(), at(1), "the other sighting was wrong");
        day.push((HALL, ruling(7, SiteId::from_bytes([9; 16]))));
        assert_eq!(state(&day), Some((GYM, PresenceState::Here)), "nobody saw them there");
        day.push((HALL, certain(8, Seen)));
        assert_eq!(state(&day), Some((HALL, PresenceState::Here)));
        assert_eq!(claims_on(&day), [(HALL, at(8)), (GYM, at(1))], "a new one");
        let undo = with_fact(9, Fact::Undo { of: day[2].1.id });
        assert_eq!(state(&day[..3]), Some((GYM, PresenceState::Here)));
        assert_eq!(state(&[&day[..3], &[(HALL, undo)]].concat()), Some((HALL, PresenceState::Here)));
    }

    #[test]
    fn whoever_left_or_is_only_told_of_or_was_seen_long_ago_is_no_conflict() {
        const HALL: SiteId = SiteId::from_bytes([3; 16]);
        use PresenceEvent::{Arrived, Left, Moved, Passed};
        let hours = |hours: u64| hours * 60;
        for quiet in [
            vec![(GYM, certain(1, Arrived)), (GYM, certain(3, Moved)), (HALL, certain(5, Arrived))],
            vec![(GYM, certain(1, Arrived)), (HALL, event(5, Arrived))],
            vec![(GYM, event(1, Arrived)), (HALL, certain(5, Arrived))],
            vec![(GYM, certain(1, Arrived)), (GATE, certain(5, Passed))],
            vec![(GYM, certain(0, Arrived)), (HALL, certain(hours(12) + 1, Arrived))],
            vec![(GYM, certain(1, Arrived)), (HALL, certain(5, Arrived)), (HALL, certain(6, Left))],
            vec![(GYM, certain(1, Arrived)), (GYM, certain(5, Arrived))],
        ] {
            assert_eq!(claims_on(&quiet), [], "{quiet:?}");
        }
        let late = [(GYM, certain(0, Arrived)), (HALL, certain(hours(12), Arrived))];
        assert_eq!(claims_on(&late).len(), 2);
    }

    proptest! {
        #[test]
        fn any_order_gives_the_same_presence(codes in prop::collection::vec((0_u64..11, 0_u64..5), 1..12), seed in any::<u64>()) {
            let records = codes.iter().enumerate().map(|(index, (code, minute))| {
                let record = event(*minute, PresenceEvent::from_code(*code).unwrap());
                let id = RecordId::new(record.at.millis(), index as u128);
                (if code % 2 == 0 { GYM } else { GATE }, Record { id, ..record })
            }).collect::<Vec<_>>();
            let mut shuffled = records.clone();
            shuffled.sort_by_key(|(_, record)| u64::from(record.id.as_bytes()[15]).wrapping_mul(seed | 1));
            prop_assert_eq!(presence_of(&records), presence_of(&shuffled));
        }
    }
}
