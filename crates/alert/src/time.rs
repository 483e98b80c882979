//! Times as CAP writes them (§3.3.2): `2026-03-11T05:21:00+09:00`, whole seconds with a numeric offset.

use std::cmp::Ordering;
use std::fmt;

use hinamori_model::UnixMillis;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A time and the offset under which it is written. Two of them are equal when they are the same moment, whatever the
/// offsets: a relay may write a time in another one.
#[derive(Debug, Clone, Copy, Default)]
pub struct CapTime {
    /// Since 1970-01-01T00:00:00Z.
    seconds: i64,
    offset_minutes: i16,
    /// Written `+00:00`, which CAP does not want.
    is_plus_zero: bool,
}

impl CapTime {
    /// A moment as it is written in Japan. Milliseconds are dropped.
    pub fn in_japan(at: UnixMillis) -> Self {
        let seconds = i64::try_from(at.get() / 1_000).unwrap_or(i64::MAX);
        Self { seconds, offset_minutes: 9 * 60, is_plus_zero: false }
    }

    /// Takes exactly the pattern of the schema: no `Z`, no fractions, a day that the calendar has, an offset of at most
    /// 14 hours.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let bytes: &[u8; 25] = text.as_bytes().try_into().ok()?;
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', rest @ ..] = bytes else { return None };
        let [h1, h2, b':', n1, n2, b':', s1, s2, sign, oh1, oh2, b':', om1, om2] = rest else { return None };
        let pair = |tens: &u8, ones: &u8| {
            let [tens, ones] = [tens, ones].map(|digit| digit.wrapping_sub(b'0'));
            if tens < 10 && ones < 10 { i8::try_from(10 * tens + ones).ok() } else { None }
        };
        let year = i16::from(pair(y1, y2)?) * 100 + i16::from(pair(y3, y4)?);
        let (month, day) = (pair(m1, m2)?, pair(d1, d2)?);
        let (hour, minute, second) = (pair(h1, h2)?, pair(n1, n2)?, pair(s1, s2)?);
        // The end of a day is the beginning of the next one (XML Schema 2 §3.2.7.1).
        let is_end = (hour, minute, second) == (24, 0, 0);
        let (hour, later) = if is_end { (0, 86_400) } else { (hour, 0) };
        let local = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
        let (hours, minutes) = (i16::from(pair(oh1, oh2)?), i16::from(pair(om1, om2)?));
        let size = hours * 60 + minutes;
        if year == 0 || minutes > 59 || size > 14 * 60 {
            return None;
        }
        let offset_minutes = match sign {
            b'+' => size,
            b'-' => -size,
            _ => return None,
        };
        let offset = Offset::from_seconds(i32::from(offset_minutes) * 60).ok()?;
        let seconds = offset.to_timestamp(local).ok()?.as_second() + later;
        Timestamp::from_second(seconds).ok()?;
        Some(Self { seconds, offset_minutes, is_plus_zero: *sign == b'+' && size == 0 })
    }

    /// The moment; 1970 for anything before.
    pub fn at(self) -> UnixMillis {
        UnixMillis::new(u64::try_from(self.seconds).unwrap_or(0).saturating_mul(1_000))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) const fn seconds(self) -> i64 {
        self.seconds
    }

    /// Whether UTC is written `+00:00` instead of `-00:00` (§3.3.2).
    pub(crate) const fn is_plus_zero(self) -> bool {
        self.is_plus_zero
    }
}

impl PartialEq for CapTime {
    fn eq(&self, other: &Self) -> bool {
        self.seconds == other.seconds
    }
}

impl Eq for CapTime {}

impl PartialOrd for CapTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CapTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.seconds.cmp(&other.seconds)
    }
}

/// As it is written in the XML. A moment that no calendar has is written as 1970.
impl fmt::Display for CapTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = Offset::from_seconds(i32::from(self.offset_minutes) * 60).unwrap_or(Offset::UTC);
        let local = offset.to_datetime(Timestamp::from_second(self.seconds).unwrap_or(Timestamp::UNIX_EPOCH));
        let size = self.offset_minutes.unsigned_abs();
        let sign = if self.offset_minutes > 0 || self.is_plus_zero { '+' } else { '-' };
        write!(
            out,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second(),
            size / 60,
            size % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_was_read() {
        for (text, seconds) in [
            // As date(1) says: date -d 2026-03-11T05:21:00+09:00 +%s
            ("2026-03-11T05:21:00+09:00", 1_773_174_060),
            ("2026-03-10T20:21:00-00:00", 1_773_174_060),
            ("2026-03-10T20:21:00+00:00", 1_773_174_060),
            ("2024-02-29T23:59:59-03:30", 1_709_263_799),
            ("1969-12-31T23:59:59-00:00", -1),
        ] {
            let time = CapTime::read(text).unwrap();
            assert_eq!((time.to_string().as_str(), time.seconds()), (text, seconds));
        }
        let japan = CapTime::read("2026-03-11T05:21:00+09:00").unwrap();
        assert_eq!(japan, CapTime::read("2026-03-10T20:21:00-00:00").unwrap());
        let midnight = CapTime::read("2026-02-28T24:00:00+09:00").unwrap();
        assert_eq!(midnight.to_string(), "2026-03-01T00:00:00+09:00");
        assert_eq!(CapTime::in_japan(japan.at()).to_string(), japan.to_string());
    }

    #[test]
    fn what_the_schema_refuses_is_no_time() {
        for text in [
            "",
            "2026-03-11T05:21:00Z",
            "2026-03-11T05:21:00",
            "2026-03-11T05:21:00.5+09:00",
            "2026-03-11 05:21:00+09:00",
            "2026-02-29T05:21:00+09:00",
            "2026-03-11T24:00:01+09:00",
            "2026-03-11T25:00:00+09:00",
            "9999-12-31T24:00:00-00:00",
            "2026-03-11T05:21:60+09:00",
            "2026-03-11T05:21:00,09:00",
            "2026-03-11T05:21:00+14:01",
            "2026-03-11T05:21:00+09:60",
            "0000-03-11T05:21:00+09:00",
            "２026-03-11T05:21:00+09",
            "2026-03-11T05:21:00+0９",
            "+026-03-11T05:21:00+09:00",
        ] {
            assert_eq!(CapTime::read(text), None, "{text}");
        }
    }
}
