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
