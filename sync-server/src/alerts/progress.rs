//! How far each household of a thread is: told, delivered, shown, acknowledged, at a check-point, arrived.

use std::sync::Arc;

use hinamori_alert::MessageKind;
use hinamori_model::{HouseholdId, UnixMillis};
use hinamori_paper::Spread;
use hinamori_store_sqlite::AnswerKind;

use crate::alerts::board::{Inner, Message};
use crate::clock::now;

/// Of every stage the first time that anything of the thread got there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    pub(crate) household: HouseholdId,
    /// When the first message that is for it went out: its times count from here.
    pub(crate) told: UnixMillis,
    pub(crate) delivered: Option<UnixMillis>,
    pub(crate) shown: Option<UnixMillis>,
    pub(crate) going: Option<UnixMillis>,
    pub(crate) help: Option<UnixMillis>,
    pub(crate) check_point: Option<UnixMillis>,
    pub(crate) arrived: Option<UnixMillis>,
    pub(crate) reach: Reach,
}

/// Whether the latest message that is for a household got to anybody in front of a set of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nobody bound one.
    WithoutSet,
    /// No set of it has shown the message, and none can be reached: off, no power, cut off. Since when.
    Unreachable(UnixMillis),
    /// A set has shown it, or is there.
    Reached,
}

impl Progress {
    /// When it answered, whatever it was.
    pub(crate) fn acknowledged(&self) -> Option<UnixMillis> {
        self.going.into_iter().chain(self.help).min()
    }

    /// How long after it was told; nothing for what was so before.
    pub(crate) fn after(&self, at: Option<UnixMillis>) -> Option<u64> {
        at.filter(|at| *at >= self.told).map(|at| at.since(self.told))
    }
}

impl Inner {
    /// Every household to which a thread ever spoke.
    pub(crate) fn progress(&self, thread: &[Arc<Message>]) -> Vec<Progress> {
        let (ended, at) = (ended(thread), now());
        let told = Self::told_by(thread);
        told.into_iter().filter_map(|household| self.progress_of(thread, (ended, at), household)).collect()
    }

    fn progress_of(
        &self,
        thread: &[Arc<Message>],
        (ended, at): (Option<UnixMillis>, UnixMillis),
        household: HouseholdId,
    ) -> Option<Progress> {
        let mut first: [Option<UnixMillis>; AnswerKind::ALL.len()] = Default::default();
        let (mut told, mut is_shown): (Option<UnixMillis>, bool) = (None, false);
        // What a box said since is for everybody, and is answered by whom the town hall told before.
        for message in thread.iter().filter(|message| message.told_to(household).is_some()) {
            let began = message.began();
            told = Some(told.map_or(began, |known| known.min(began)));
            let known = self.answers.get(&(message.digest, household)).copied().unwrap_or_default();
            // The latest one is the last.
            is_shown = known.get(AnswerKind::Shown as usize).is_some_and(Option::is_some);
            for (first, at) in first.iter_mut().zip(known) {
                *first = (*first).into_iter().chain(at).min();
            }
        }
        let [delivered, shown, going, help, check_point, arrived] = first;
        // Whoever goes home past a check-point when all is over does not flee.
        let in_time = |at: &UnixMillis| ended.is_none_or(|ended| *at <= ended);
        let reach = match self.bound.get(&household) {
            _ if is_shown => Reach::Reached,
            None => Reach::WithoutSet,
            Some(sets) if sets.iter().any(|set| set.is_reached(at)) => Reach::Reached,
            Some(sets) => Reach::Unreachable(sets.iter().map(|set| set.asked()).max().unwrap_or_default()),
        };
        let (check_point, arrived) = (check_point.filter(in_time), arrived.filter(in_time));
        Some(Progress { household, told: told?, delivered, shown, going, help, check_point, arrived, reach })
    }
}

/// When a thread ended; nothing while its latest word is an order.
pub(crate) fn ended(thread: &[Arc<Message>]) -> Option<UnixMillis> {
    let ending = thread.iter().rev().take_while(|message| message.kind() != MessageKind::Order);
    ending.last().map(|message| message.sent())
}

/// Mean, median and 95th percentile of times in milliseconds; nothing of none. The median of an even number of times is the mean of
/// the two in the middle. The percentile is by nearest rank: the smallest of the times that 95 % of them do not exceed.
pub(crate) fn spread(mut times: Vec<u64>) -> Option<Spread> {
    times.sort_unstable();
    let count = times.len();
    let sum: u128 = times.iter().copied().map(u128::from).sum();
    let mean = sum.checked_div(u128::try_from(count).ok()?)?;
    let middle = [count.saturating_sub(1) / 2, count / 2].map(|place| times.get(place).copied());
    let [Some(lower), Some(upper)] = middle else { return None };
    let rank = count.saturating_mul(95).div_ceil(100);
    Some(Spread {
        mean: u64::try_from(mean).ok()?,
        median: lower.midpoint(upper),
        p95: times.get(rank.saturating_sub(1)).copied()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_95th_percentile_is_a_time_that_was_measured() {
        let of =
            |times: &[u64]| spread(times.to_vec()).map(|Spread { mean, median, p95 }| [mean, median, p95]);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7]), Some([7; 3]));
        assert_eq!(of(&[10, 1]), Some([5, 5, 10]));
        assert_eq!(of(&[9, 1, 2]), Some([4, 2, 9]));
        // Of 20 the 19th, of 21 the 20th.
        let up_to = |last| (1..=last).rev().collect::<Vec<u64>>();
        assert_eq!(of(&up_to(20)), Some([10, 10, 19]));
        assert_eq!(of(&up_to(21)), Some([11, 11, 20]));
        assert_eq!(of(&up_to(100)), Some([50, 50, 95]));
        assert_eq!(of(&[u64::MAX, u64::MAX]), Some([u64::MAX; 3]));
    }
}
