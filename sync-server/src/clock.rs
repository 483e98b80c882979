//! The one place that reads the wall clock.

use std::time::SystemTime;

use hinamori_model::UnixMillis;

/// Now; 1970 when the clock stands before it.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis::new(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
