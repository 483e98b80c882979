//! The last taps of all lanes of a box.

use std::collections::BTreeMap;

use hinamori_model::{CardKey, LaneId, UnixMillis};

/// A card cannot be walked from one reader to the next in less.
const TOO_SOON_MILLIS: u64 = 3_000;

/// Remembers which card was where: the same card on two readers at once is a doubt.
#[derive(Debug, Clone, Default)]
pub struct RecentTaps(BTreeMap<CardKey, (LaneId, UnixMillis)>);

impl RecentTaps {
    /// Notes a tap; says whether the same card was on another lane within the last seconds.
    pub fn note(&mut self, card: CardKey, lane: LaneId, now: UnixMillis) -> bool {
        // A tap that lies in the future was before the clock stepped back: nobody knows how long.
        self.0.retain(|_, (_, at)| now >= *at && now.since(*at) < TOO_SOON_MILLIS);
        self.0.insert(card, (lane, now)).is_some_and(|(other, _)| other != lane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_card_on_two_lanes_at_once_is_noticed() {
        let mut recent = RecentTaps::default();
        let card = CardKey::from_bytes([1; 16]);
        let at = UnixMillis::new;
        assert!(!recent.note(card, LaneId(1), at(10_000)));
        assert!(!recent.note(card, LaneId(1), at(10_500)));
        assert!(recent.note(card, LaneId(2), at(11_000)));
        assert!(!recent.note(card, LaneId(1), at(14_000)));
        assert!(!recent.note(CardKey::from_bytes([2; 16]), LaneId(2), at(14_001)));
        assert!(!recent.note(card, LaneId(2), at(9_000)), "the clock stepped back");
    }
}
