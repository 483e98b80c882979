//! The one place that reads clocks.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use hinamori_ipc::ClockState;
use hinamori_model::UnixMillis;

/// systemd-timesyncd makes this file when a time server answered, and it is gone after a boot.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

/// What the wall clock says; 1970 when it stands before it.
pub(crate) fn wall() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Milliseconds by which the server's word alone moves the time.
const SERVER_ALONE: u64 = 7 * 86_400_000;

/// What says that it is so late at least, beside the wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TimeMarks {
    /// thisUpdate of the newest list: its authority signed it.
    pub(crate) authority: UnixMillis,
    /// When the town root issued the package.
    pub(crate) root: UnixMillis,
    /// The newest time that the server signed.
    pub(crate) server: UnixMillis,
    /// The root says that it was not later than this when it issued the package: what is further was wrong.
    pub(crate) reset: Option<UnixMillis>,
}

impl TimeMarks {
    /// It cannot be earlier than this, when the wall clock says `now`.
    pub(crate) fn not_before(&self, now: UnixMillis) -> UnixMillis {
        let believable = |time: UnixMillis| self.reset.map_or(time, |reset| time.min(reset));
        let firm = believable(self.authority).max(self.root);
        firm.max(believable(self.server).min(now.max(firm).plus(SERVER_ALONE)))
    }
}

/// Whether the wall clock can be trusted: a time server answered since boot, and it does not stand before
/// something that surely has happened.
pub(crate) fn state(now: UnixMillis, not_before: UnixMillis) -> ClockState {
    if now >= not_before && Path::new(SYNCHRONISED).exists() { ClockState::Sure } else { ClockState::Unsure }
}

/// A reading of another box after this cannot be: a day lies ahead of a clock that may be right; one that is
/// surely wrong is followed for a year after what has surely happened.
pub(crate) fn latest_believable(now: UnixMillis, not_before: UnixMillis) -> UnixMillis {
    const DAY: u64 = 86_400_000;
    if now >= not_before { now.plus(DAY) } else { not_before.plus(366 * DAY) }
}

/// An instant in nanoseconds of CLOCK_MONOTONIC, which every process of the machine shares.
pub(crate) fn monotonic_nanos(instant: Instant) -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = Duration::new(now.tv_sec.try_into().unwrap_or(0), now.tv_nsec.try_into().unwrap_or(0));
    let then = now.saturating_sub(instant.elapsed());
    u64::try_from(then.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn day(number: u64) -> UnixMillis {
        UnixMillis::new(number * 86_400_000)
    }

    #[test]
    fn authorities_and_the_root_move_the_time_and_the_server_alone_by_a_week() {
        let marks = TimeMarks { authority: day(100), root: day(90), ..TimeMarks::default() };
        assert_eq!(marks.not_before(day(0)), day(100));
        assert_eq!(TimeMarks { root: day(120), ..marks }.not_before(day(0)), day(120));
        assert_eq!(TimeMarks { server: day(103), ..marks }.not_before(day(0)), day(103));
        let far = TimeMarks { server: day(9_000), ..marks };
        assert_eq!(far.not_before(day(0)), day(107), "a week further than what is firm");
        assert_eq!(far.not_before(day(200)), day(207), "or than the clock");
    }

    #[test]
    fn the_root_takes_back_what_was_too_far() {
        let wrong = TimeMarks { authority: day(9_000), server: day(9_000), root: day(150), reset: None };
        assert_eq!(wrong.not_before(day(150)), day(9_000));
        assert_eq!(TimeMarks { reset: Some(day(150)), ..wrong }.not_before(day(150)), day(150));
    }
}
