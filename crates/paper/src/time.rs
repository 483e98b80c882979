//! Times as they are printed. Japan has one offset and no summer time.

use hinamori_model::UnixMillis;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// The civil time in Japan. A time that no calendar has is printed as 1970.
pub(crate) fn civil(at: UnixMillis) -> DateTime {
    let stamp = i64::try_from(at.get()).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
    stamp.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::fixed(Offset::constant(9))).datetime()
}

/// `2026年3月11日 5:21`
pub(crate) fn full(at: UnixMillis) -> String {
    let time = civil(at);
    format!("{}年{} {}", time.year(), day(time), clock(time))
}

/// `3月11日 5:21`
pub(crate) fn short(at: UnixMillis) -> String {
    let time = civil(at);
    format!("{} {}", day(time), clock(time))
}

fn day(time: DateTime) -> String {
    format!("{}月{}日", time.month(), time.day())
}

fn clock(time: DateTime) -> String {
    format!("{}:{:02}", time.hour(), time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_japan() {
        let at = UnixMillis::new(1_773_174_060_000);
        assert_eq!((full(at).as_str(), short(at).as_str()), ("2026年3月11日 5:21", "3月11日 5:21"));
        assert_eq!(full(UnixMillis::new(u64::MAX)), "1970年1月1日 9:00");
    }
}
