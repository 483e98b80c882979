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

/// Another clock may be so far from one that is right, in milliseconds: receivers take no alert that was sent later than this (docs/tv.md §5).
pub(crate) const CLOCKS_DIFFER_MILLIS: u64 = 2 * 60_000;

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

/// What the town hall's clock says, as it said so itself: its heartbeats are signed by the key that the root lists for them. It moves no time
/// of this box, and says whether the town hall will take what is dated here.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HallClock(Option<HallHeard>);

#[derive(Debug, Clone, Copy)]
struct HallHeard {
    line: u64,
    at: UnixMillis,
    heard: Instant,
    /// What was originated with a time up to this was said to the town hall when it could take it.
    said_upto: UnixMillis,
}

impl HallClock {
    /// A heartbeat came over the connection with this number. One that was on its way for longer than the one before says nothing.
    pub(crate) fn hear(&mut self, line: u64, at: UnixMillis, heard: Instant) {
        match &mut self.0 {
            Some(known) if known.line == line => {
                if known.now(heard) < at {
                    (known.at, known.heard) = (at, heard);
                }
            }
            other => {
                // What was offered before it came may have been too early by some seconds.
                let said_upto = UnixMillis::new(at.get().saturating_sub(CLOCKS_DIFFER_MILLIS / 2));
                let said_upto = said_upto.plus(CLOCKS_DIFFER_MILLIS);
                *other = Some(HallHeard { line, at, heard, said_upto });
            }
        }
    }

    /// What it says now, or a little later; `None` before it was heard.
    pub(crate) fn now(&self, instant: Instant) -> Option<UnixMillis> {
        self.0.as_ref().map(|known| known.now(instant))
    }

    /// Between which times, exclusive and inclusive, something has to be dated that the town hall takes now and refused before on the
    /// connection with this number. Each is said once.
    pub(crate) fn newly_taken(&mut self, line: u64, instant: Instant) -> Option<(UnixMillis, UnixMillis)> {
        let known = self.0.as_mut().filter(|known| known.line == line)?;
        let upto = known.now(instant).plus(CLOCKS_DIFFER_MILLIS);
        let from = known.said_upto;
        known.said_upto = from.max(upto);
        (from < upto).then_some((from, upto))
    }

    /// What is to be said of a clock that stands at `now` and whose doubt without the town hall is `alone`.
    pub(crate) fn judge(&self, now: UnixMillis, alone: ClockState, instant: Instant) -> ClockState {
        let Some(hall) = self.now(instant) else { return alone };
        let minutes = |millis: u64| u32::try_from(millis.saturating_add(30_000) / 60_000).unwrap_or(u32::MAX);
        if now > hall.plus(CLOCKS_DIFFER_MILLIS) {
            ClockState::Ahead { minutes: minutes(now.since(hall)) }
        } else if now.plus(CLOCKS_DIFFER_MILLIS) < hall {
            ClockState::Behind { minutes: minutes(hall.since(now)) }
        } else {
            ClockState::Sure
        }
    }
}

impl HallHeard {
    fn now(&self, instant: Instant) -> UnixMillis {
        let since = instant.saturating_duration_since(self.heard).as_millis();
        self.at.plus(u64::try_from(since).unwrap_or(u64::MAX))
    }
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
    fn the_town_hall_s_clock_goes_on_by_itself_and_says_what_is_wrong_with_this_one() {
        let (began, minute) = (Instant::now(), 60_000);
        let at = |minutes: u64| UnixMillis::new(1_000_000_000 + minutes * minute);
        let after = |minutes: u64| began + Duration::from_millis(minutes * minute);
        let mut hall = HallClock::default();
        assert_eq!(hall.judge(at(0), ClockState::Unsure, began), ClockState::Unsure);
        hall.hear(1, at(0), began);
        assert_eq!(hall.judge(at(2), ClockState::Unsure, began), ClockState::Sure);
        assert_eq!(hall.judge(at(12), ClockState::Sure, began), ClockState::Ahead { minutes: 12 });
        assert_eq!(hall.judge(at(12), ClockState::Sure, after(11)), ClockState::Sure);
        assert_eq!(hall.judge(at(12), ClockState::Sure, after(15)), ClockState::Behind { minutes: 3 });
        // One that was long on its way.
        hall.hear(1, at(4), after(5));
        assert_eq!(hall.now(after(5)), Some(at(5)));
        hall.hear(1, at(7), after(5));
        assert_eq!(hall.now(after(6)), Some(at(8)));
        // The town hall's own clock was set back: on a new line it says so.
        hall.hear(2, at(1), after(6));
        assert_eq!(hall.now(after(6)), Some(at(1)));
    }

    #[test]
    fn what_was_dated_too_late_is_taken_once_its_time_has_come() {
        let (began, minute) = (Instant::now(), 60_000);
        let at = |minutes: u64| UnixMillis::new(1_000_000_000 + minutes * minute);
        let after = |minutes: u64| began + Duration::from_millis(minutes * minute);
        let mut hall = HallClock::default();
        assert_eq!(hall.newly_taken(1, began), None);
        hall.hear(1, at(0), began);
        // Said already, but perhaps a moment too early.
        assert_eq!(hall.newly_taken(1, began), Some((at(1), at(2))));
        assert_eq!(hall.newly_taken(1, began), None, "once");
        assert_eq!(hall.newly_taken(2, after(9)), None, "on another line everything was said");
        assert_eq!(hall.newly_taken(1, after(10)), Some((at(2), at(12))));
    }

    #[test]
    fn the_root_takes_back_what_was_too_far() {
        let wrong = TimeMarks { authority: day(9_000), server: day(9_000), root: day(150), reset: None };
        assert_eq!(wrong.not_before(day(150)), day(9_000));
        assert_eq!(TimeMarks { reset: Some(day(150)), ..wrong }.not_before(day(150)), day(150));
    }
}
