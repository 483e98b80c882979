//! Days of the calendar, and the one on which somebody was born.

use std::fmt;

use serde::{Deserialize, Serialize};

/// No such day is in the calendar, or its year is not from 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the calendar has no such day")]
pub struct BadDate;

/// A day of the Gregorian calendar, in years 1 to 9999. Packed as year × 512 + month × 32 + day, so that days compare
/// and are stored as one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct CalendarDate(u32);

impl CalendarDate {
    /// The day `day` (from 1) of the month `month` (from 1).
    ///
    /// # Errors
    /// [`BadDate`].
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, BadDate> {
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => 0,
        };
        if year == 0 || year > 9999 || day == 0 || day > last {
            return Err(BadDate);
        }
        Ok(Self((year as u32) << 9 | (month as u32) << 5 | day as u32))
    }

    /// The year.
    pub const fn year(self) -> u16 {
        (self.0 >> 9) as u16
    }

    /// The month, from 1.
    pub const fn month(self) -> u8 {
        (self.0 >> 5 & 15) as u8
    }

    /// The day of the month, from 1.
    pub const fn day(self) -> u8 {
        (self.0 & 31) as u8
    }
}

impl TryFrom<u32> for CalendarDate {
    type Error = BadDate;

    fn try_from(packed: u32) -> Result<Self, BadDate> {
        let year = u16::try_from(packed >> 9).or(Err(BadDate))?;
        Self::new(year, (packed >> 5 & 15) as u8, (packed & 31) as u8)
    }
}

impl From<CalendarDate> for u32 {
    fn from(date: CalendarDate) -> Self {
        date.0
    }
}

/// The day on which somebody was born: never printed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BirthDate(CalendarDate);

impl BirthDate {
    /// The day itself, for a screen or a form.
    pub const fn expose(self) -> CalendarDate {
        self.0
    }

    /// Full years on the day `today`; 0 before the birth. Somebody born on 29 February becomes older on 1 March in
    /// other years.
    pub fn age_on(self, today: CalendarDate) -> u16 {
        let (born, today) = (self.0.0, today.0);
        let is_before_birthday = today & 0x1FF < born & 0x1FF;
        let years = (today >> 9).saturating_sub(born >> 9).saturating_sub(u32::from(is_before_birthday));
        u16::try_from(years).unwrap_or(u16::MAX)
    }
}

impl From<CalendarDate> for BirthDate {
    fn from(date: CalendarDate) -> Self {
        Self(date)
    }
}

impl TryFrom<u32> for BirthDate {
    type Error = BadDate;

    fn try_from(packed: u32) -> Result<Self, BadDate> {
        CalendarDate::try_from(packed).map(Self)
    }
}

impl From<BirthDate> for u32 {
    fn from(date: BirthDate) -> Self {
        date.0.0
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BirthDate(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: u16, month: u8, day: u8) -> CalendarDate {
        CalendarDate::new(year, month, day).unwrap()
    }

    #[test]
    fn only_days_of_the_calendar_are_taken_and_they_come_back() {
        for (year, month, day) in [(1, 1, 1), (2000, 2, 29), (2024, 2, 29), (2023, 12, 31), (9999, 12, 31)] {
            let date = CalendarDate::new(year, month, day).unwrap();
            assert_eq!((date.year(), date.month(), date.day()), (year, month, day));
            assert_eq!(BirthDate::try_from(u32::from(BirthDate::from(date))), Ok(BirthDate::from(date)));
        }
        let none = [(0, 1, 1), (1900, 2, 29), (2023, 2, 29), (2023, 4, 31), (2023, 13, 1), (2023, 0, 1)];
        for (year, month, day) in none.into_iter().chain([(2023, 1, 0), (2023, 1, 32), (10_000, 1, 1)]) {
            assert_eq!(CalendarDate::new(year, month, day), Err(BadDate), "{year}-{month}-{day}");
        }
        assert_eq!(CalendarDate::try_from(u32::MAX), Err(BadDate));
        assert!(day(1989, 1, 7) < day(1989, 1, 8) && day(1988, 12, 31) < day(1989, 1, 1));
    }

    #[test]
    fn nobody_is_older_before_the_birthday() {
        let born = BirthDate::from(day(1940, 2, 29));
        assert_eq!(born.age_on(day(2023, 2, 28)), 82);
        assert_eq!(born.age_on(day(2023, 3, 1)), 83);
        assert_eq!(born.age_on(day(2024, 2, 29)), 84);
        assert_eq!(born.age_on(day(1940, 2, 28)), 0);
        assert_eq!(born.age_on(day(1930, 5, 1)), 0);
    }

    #[test]
    fn a_birth_date_cannot_be_printed() {
        assert_eq!(format!("{:?}", BirthDate::from(day(1940, 2, 29))), "BirthDate(hidden)");
    }
}
