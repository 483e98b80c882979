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

/// An instant in nanoseconds of CLOCK_MONOTONIC, which every process of the machine shares.
pub(crate) fn monotonic_nanos(instant: Instant) -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = Duration::new(now.tv_sec.try_into().unwrap_or(0), now.tv_nsec.try_into().unwrap_or(0));
    let then = now.saturating_sub(instant.elapsed());
    u64::try_from(then.as_nanos()).unwrap_or(u64::MAX)
}
