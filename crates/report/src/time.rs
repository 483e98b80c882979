//! Times as they are written: `2026-03-11T05:21:00+09:00` for Japan, `2026-03-10T20:21:00Z` in UTC.

use hinamori_model::UnixMillis;
use jiff::Timestamp;
use jiff::tz::Offset;

/// Whole seconds. A time that no calendar has is written as 1970.
fn stamp(at: UnixMillis) -> Timestamp {
    let seconds = i64::try_from(at.get() / 1_000).unwrap_or(0);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The time in Japan, which has one offset and no summer time.
pub(crate) fn japan(at: UnixMillis) -> String {
    stamp(at).display_with_offset(Offset::constant(9)).to_string()
}

/// The time in UTC, `yyyy-mm-ddThh:mm:ssZ`, as PFIF wants it.
pub(crate) fn utc(at: UnixMillis) -> String {
    stamp(at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_seconds_with_their_offset() {
        let at = UnixMillis::new(1_773_174_060_789);
        assert_eq!(japan(at), "2026-03-11T05:21:00+09:00");
        assert_eq!(utc(at), "2026-03-10T20:21:00Z");
        assert_eq!(utc(UnixMillis::new(u64::MAX)), "1970-01-01T00:00:00Z");
    }
}
