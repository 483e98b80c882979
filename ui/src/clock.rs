//! Times as people in Japan read them. Japan has one offset and no summer time.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use hinamori_model::UnixMillis;

/// Japan Standard Time.
const JAPAN: Offset = Offset::constant(9);

/// A wall-clock time as its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CivilTime(DateTime);

impl CivilTime {
    /// The civil time in Japan. A time that no calendar has is drawn as 1970.
    pub fn of(at: UnixMillis) -> Self {
        let stamp = i64::try_from(at.get()).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        Self(stamp.unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::fixed(JAPAN)).datetime())
    }

    /// `5:21`
    pub fn time(self) -> String {
        format!("{}:{:02}", self.0.hour(), self.0.minute())
    }

    /// The month, 1 to 12.
    pub fn month(self) -> i8 {
        self.0.month()
    }

    /// The day of the month.
    pub fn day(self) -> i8 {
        self.0.day()
    }

    /// The day of the week: 1 is Monday.
    pub fn weekday(self) -> i8 {
        self.0.weekday().to_monday_one_offset()
    }

    /// Which greeting fits.
    pub fn part_of_day(self) -> PartOfDay {
        match self.0.hour() {
            4..=10 => PartOfDay::Morning,
            11..=16 => PartOfDay::Day,
            _ => PartOfDay::Evening,
        }
    }

    /// Milliseconds since it was last this hour, to the second.
    pub fn since_hour(self, hour: u8) -> u64 {
        const DAY: u64 = 24 * 60 * 60;
        let parts = [(self.0.hour(), 3_600), (self.0.minute(), 60), (self.0.second(), 1)];
        let today: u64 =
            parts.iter().map(|(part, unit)| u64::try_from(*part).unwrap_or_default() * unit).sum();
        (today + DAY - u64::from(hour) * 3_600) % DAY * 1_000
    }

    /// How many days after the day of `other` this day is; negative when it is before.
    pub fn days_after(self, other: Self) -> i32 {
        self.0.date().since(other.0.date()).map_or(0, |span| span.get_days())
    }

    /// Whether two times are on the same day.
    pub fn same_day(self, other: Self) -> bool {
        self.0.date() == other.0.date()
    }
}

/// おはようございます, こんにちは, こんばんは
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartOfDay {
    /// 4:00 to 10:59
    Morning,
    /// 11:00 to 16:59
    Day,
    /// 17:00 to 3:59
    Evening,
}

/// Milliseconds until the minute on the wall changes.
pub fn until_next_minute(now: UnixMillis) -> u64 {
    60_000_u64.saturating_sub(now.get() % 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-10-12T05:21:30+09:00
    const MORNING: UnixMillis = UnixMillis::new(1_791_750_090_000);

    #[test]
    fn times_are_japanese_and_never_panic() {
        let time = CivilTime::of(MORNING);
        assert_eq!((time.time().as_str(), time.month(), time.day(), time.weekday()), ("5:21", 10, 12, 1));
        assert_eq!(time.part_of_day(), PartOfDay::Morning);
        assert_eq!(until_next_minute(MORNING), 30_000);
        assert_eq!(CivilTime::of(UnixMillis::new(u64::MAX)).time(), "9:00");
        assert_eq!(time.since_hour(4), (81 * 60 + 30) * 1_000);
        let later = CivilTime::of(MORNING.plus(20 * 60 * 60 * 1_000));
        assert_eq!((later.days_after(time), time.days_after(later), time.days_after(time)), (1, -1, 0));
    }
}
