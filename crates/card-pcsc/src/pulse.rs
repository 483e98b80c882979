//! Signs of life of one reader, kept by its worker and looked at by the monitor.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The last sign of life while a card is worked on.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<State>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// No card is worked on.
    #[default]
    Idle,
    /// The last sign of life.
    Working(Instant),
    /// Reported as stuck; the driver has not returned yet.
    Stuck,
}

/// What the monitor finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Nothing to watch.
    Quiet,
    /// A work runs; look again after so long.
    LookAgainAfter(Duration),
}

impl Pulse {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sign of life. One that comes after all silence was reported does not undo the report.
    pub(crate) fn beat(&self, now: Instant) {
        let mut state = self.lock();
        if *state != State::Stuck {
            *state = State::Working(now);
        }
    }

    /// Not reported as stuck.
    pub(crate) fn is_well(&self) -> bool {
        *self.lock() != State::Stuck
    }

    /// The work is over. `report` runs first if the reader had been reported as stuck.
    pub(crate) fn rest(&self, report: impl FnOnce()) {
        let mut state = self.lock();
        if std::mem::take(&mut *state) == State::Stuck {
            report();
        }
    }

    /// Calls `report` once when the silence has lasted too long. It runs under the lock, so that it cannot
    /// be overtaken by what the worker reports next.
    pub(crate) fn examine(&self, now: Instant, silence: Duration, report: impl FnOnce()) -> Finding {
        let mut state = self.lock();
        let State::Working(last) = *state else { return Finding::Quiet };
        let left = silence.saturating_sub(now.saturating_duration_since(last));
        if left.is_zero() {
            *state = State::Stuck;
            report();
            return Finding::Quiet;
        }
        Finding::LookAgainAfter(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENCE: Duration = Duration::from_secs(4);

    #[test]
    fn silence_is_reported_once_and_its_end_too() {
        let (pulse, start) = (Pulse::default(), Instant::now());
        let mut stuck = 0;
        assert_eq!(pulse.examine(start, SILENCE, || stuck += 1), Finding::Quiet);
        pulse.beat(start);
        let after = start + Duration::from_secs(3);
        let one_second = Finding::LookAgainAfter(Duration::from_secs(1));
        assert_eq!(pulse.examine(after, SILENCE, || stuck += 1), one_second);
        pulse.beat(after);
        let later = after + Duration::from_secs(3);
        assert_eq!(pulse.examine(later, SILENCE, || stuck += 1), one_second);
        assert_eq!(pulse.examine(after + SILENCE, SILENCE, || stuck += 1), Finding::Quiet);
        pulse.beat(after + SILENCE);
        assert_eq!(pulse.examine(after + SILENCE * 9, SILENCE, || stuck += 1), Finding::Quiet);
        assert_eq!(stuck, 1);
        let mut back = 0;
        pulse.rest(|| back += 1);
        pulse.rest(|| back += 1);
        assert_eq!(back, 1);
    }
}
