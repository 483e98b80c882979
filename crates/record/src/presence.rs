//! Where a person is, folded from their records.

use std::collections::BTreeSet;

use hinamori_model::{Hlc, RecordId, SiteId, UnixMillis};

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

/// Folds the presence records of one person in one incident, each with its site, and the undo records
/// that may name them. The order of the input does not matter: the latest clock reading wins, then the
/// larger id; a record that was taken back counts nowhere.
///
/// A passing at a check-point never overrides a shelter: who was received and walks past a gate again is
/// still received. What was only told overrides nothing that was seen.
pub fn presence_of(records: &[(SiteId, Record)]) -> Option<Presence> {
    let undone = undone(records.iter().map(|(_, record)| record));
    let mut events = records
        .iter()
        .filter(|(_, record)| !undone.contains(&record.id))
        .filter_map(|(site, record)| match record.fact {
            Fact::Presence { event, details, .. } => Some((record.at, record.id, *site, event, details)),
            _ => None,
        })
        .collect::<Vec<_>>();
    events.sort_unstable_by_key(|(at, id, ..)| (*at, *id));
    let (_, _, site, event, details) = *events.iter().max_by_key(|(.., event, _)| weight(*event))?;
    let arrived = |(_, _, at_site, event, _): &&(Hlc, RecordId, SiteId, PresenceEvent, Details)| {
        *at_site == site && PresenceState::after(*event) == PresenceState::Here
    };
    let seen = events.iter().rfind(|(.., event, _)| *event != PresenceEvent::ToldElsewhere);
    Some(Presence {
        site,
        state: PresenceState::after(event),
        arrived_at: events.iter().find(arrived).map(|(at, ..)| at.millis()),
        seen_at: seen.or(events.last()).map(|(at, ..)| *at)?,
        details,
    })
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
