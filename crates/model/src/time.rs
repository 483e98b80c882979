//! Time values. Nobody here reads a clock: the shells do, and pass the reading in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long an answer that is ready waits, so that it leaves a whole number of `step`s after its question came: what it took to
/// find cannot be told from its time unless it is longer by a step (law 7). `since` is the time from the question to now.
pub fn rest_of_step(since: Duration, step: Duration) -> Duration {
    let over = since.as_nanos().checked_rem(step.as_nanos()).unwrap_or(0);
    let rest = if over == 0 { 0 } else { step.as_nanos().saturating_sub(over) };
    Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX))
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct UnixMillis(u64);

impl UnixMillis {
    /// Takes a count of milliseconds.
    pub const fn new(millis: u64) -> Self {
        Self(millis)
    }

    /// The count of milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Milliseconds from `earlier` to `self`; zero when `earlier` is later.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `self` moved forward by `millis`.
    pub const fn plus(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// A hybrid logical clock reading: 48 bits of milliseconds and a 16-bit counter, ordered.
///
/// Packed as one `u64`, so that it is stored and compared as one integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Hlc(u64);

impl Hlc {
    /// Takes the packed form.
    pub const fn from_packed(packed: u64) -> Self {
        Self(packed)
    }

    /// The packed form: milliseconds in the upper 48 bits.
    pub const fn packed(self) -> u64 {
        self.0
    }

    /// The wall-clock part.
    pub const fn millis(self) -> UnixMillis {
        UnixMillis(self.0 >> 16)
    }
}

/// Gives strictly increasing [`Hlc`] readings, whatever the wall clock does.
#[derive(Debug, Clone, Copy, Default)]
pub struct HlcClock {
    last: Hlc,
}

impl HlcClock {
    /// Continues after `last`, the highest reading that was ever stored.
    pub const fn continuing(last: Hlc) -> Self {
        Self { last }
    }

    /// The next reading, later than every one before it; it follows `now` unless the clock stepped back.
    pub fn tick(&mut self, now: UnixMillis) -> Hlc {
        let wall = Hlc(now.0 << 16);
        self.last = wall.max(Hlc(self.last.0.saturating_add(1)));
        self.last
    }

    /// Goes on after a reading of another box, so that whatever is written from now on is later than what is
    /// known here. A reading after `latest` is left alone: a box with a wrong clock would drag all others
    /// along, for good.
    pub fn observe(&mut self, other: Hlc, latest: UnixMillis) {
        if other.millis() <= latest {
            self.last = self.last.max(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_leaves_with_a_whole_step() {
        let micros = Duration::from_micros;
        let rest = |since| rest_of_step(micros(since), micros(4_000));
        assert_eq!([0, 1, 3_999, 4_000, 4_001].map(rest), [0, 3_999, 1, 0, 3_999].map(micros));
        assert_eq!(rest_of_step(micros(7), Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn readings_never_step_back_even_when_the_wall_clock_does() {
        let mut clock = HlcClock::default();
        let first = clock.tick(UnixMillis::new(5_000));
        let stepped_back = clock.tick(UnixMillis::new(1_000));
        let forward = clock.tick(UnixMillis::new(6_000));
        assert!(first < stepped_back && stepped_back < forward);
        assert_eq!(stepped_back.millis(), UnixMillis::new(5_000));
        assert_eq!(forward.millis(), UnixMillis::new(6_000));
    }

    #[test]
    fn a_reading_follows_what_other_boxes_wrote_but_not_into_a_future_that_cannot_be() {
        let (now, latest) = (UnixMillis::new(5_000), UnixMillis::new(8_000));
        let mut clock = HlcClock::default();
        let theirs = Hlc::from_packed(7_000 << 16);
        clock.observe(theirs, latest);
        assert!(clock.tick(now) > theirs);
        clock.observe(Hlc::from_packed(9_000 << 16), latest);
        assert_eq!(clock.tick(now).millis(), theirs.millis());
        clock.observe(Hlc::default(), latest);
        assert!(clock.tick(now) > theirs, "an old reading takes nothing back");
    }
}
