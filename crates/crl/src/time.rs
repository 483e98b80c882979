//! The times of a list (RFC 5280 §5.1.2.4 to .6): UTCTime until 2049, GeneralizedTime from 2050 on, in
//! seconds and in UTC.

use crate::der::{CrlError, GENERALIZED_TIME, UTC_TIME, Value};

const DAY: u64 = 86_400;

/// Seconds since 1970-01-01T00:00:00Z.
pub(crate) fn seconds_of(value: Value<'_>) -> Result<u64, CrlError> {
    let read = match (value.tag, value.content) {
        (UTC_TIME, [rest @ .., b'Z']) => rest
            .split_first_chunk()
            .and_then(|(day, clock)| Some(day_of_utc(day)? + clock_of(clock.try_into().ok()?)?)),
        (GENERALIZED_TIME, [rest @ .., b'Z']) => rest.split_first_chunk::<4>().and_then(|(year, rest)| {
            let (month_and_day, clock) = rest.split_first_chunk::<4>()?;
            let [century, year] = pairs(year)?;
            let year = 100 * century + year;
            // An earlier year has the other form.
            let day = (year >= 2050).then(|| day_of(year, month_and_day)).flatten()?;
            Some(day + clock_of(clock.try_into().ok()?)?)
        }),
        _ => None,
    };
    read.ok_or(CrlError::Time)
}

/// The start of the day `YYMMDD` of a UTCTime: 1970 to 2049, for nothing was revoked before.
pub(crate) fn day_of_utc(digits: &[u8; 6]) -> Option<u64> {
    let (year, month_and_day) = digits.split_first_chunk::<2>()?;
    let [year] = pairs(year)?;
    let year = if year < 50 { 2000 + year } else { 1900 + year };
    day_of(year, month_and_day.try_into().ok()?)
}

fn day_of(year: u64, month_and_day: &[u8; 4]) -> Option<u64> {
    let [month, day] = pairs(month_and_day)?;
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if year < 1970 || day == 0 || day > length {
        return None;
    }
    // Days of the civil calendar with years that begin in March, so that the leap day is a year's last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    // Days from 0000-03-01 to 1970-01-01.
    days.checked_sub(719_468)?.checked_mul(DAY)
}

/// `YYMMDDHHMMSSZ` of a time until 2049.
pub(crate) fn utc_of(seconds: u32) -> [u8; 13] {
    let (days, clock) = (u64::from(seconds) / DAY, u64::from(seconds) % DAY);
    // The inverse of [`day_of`]: years of four centuries, all beginning in March.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + u64::from(month >= 10);
    let month = if month < 10 { month + 3 } else { month - 9 };
    let mut text = [b'Z'; 13];
    let parts = [year % 100, month, day, clock / 3_600, clock / 60 % 60, clock % 60];
    for (pair, part) in text.as_chunks_mut::<2>().0.iter_mut().zip(parts) {
        *pair = [b'0' + (part / 10) as u8, b'0' + (part % 10) as u8];
    }
    text
}

/// The seconds of a day at `HHMMSS`.
#[inline]
pub(crate) fn clock_of(digits: &[u8; 6]) -> Option<u64> {
    let [hours, minutes, seconds] = pairs(digits)?;
    (hours < 24 && minutes < 60 && seconds < 60).then_some(3_600 * hours + 60 * minutes + seconds)
}

/// Pairs of decimal digits.
#[inline]
fn pairs<const DIGITS: usize, const PAIRS: usize>(digits: &[u8; DIGITS]) -> Option<[u64; PAIRS]> {
    let mut values = [0; PAIRS];
    for (value, pair) in values.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [tens, ones] = pair.map(|digit| digit.wrapping_sub(b'0'));
        if tens > 9 || ones > 9 {
            return None;
        }
        *value = u64::from(10 * tens + ones);
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tag: u8, text: &str) -> Option<u64> {
        seconds_of(Value { tag, content: text.as_bytes(), whole: &[] }).ok()
    }

    #[test]
    fn a_time_is_written_as_it_was_read() {
        for day in 0..29_220_u32 {
            let at = day * 86_400 + day * 7 % 86_400;
            let text = utc_of(at);
            assert_eq!(seconds(UTC_TIME, std::str::from_utf8(&text).unwrap()), Some(at.into()), "{text:?}");
        }
    }

    #[test]
    fn times_are_read_in_the_form_of_their_year() {
        // As date(1) says: date -u -d 2026-11-26T08:40:15Z +%s
        assert_eq!(seconds(UTC_TIME, "261126084015Z"), Some(1_795_682_415));
        assert_eq!(seconds(UTC_TIME, "700101000000Z"), Some(0));
        assert_eq!(seconds(UTC_TIME, "240229235959Z"), Some(1_709_251_199));
        assert_eq!(seconds(GENERALIZED_TIME, "20500101000000Z"), Some(2_524_608_000));
        assert_eq!(seconds(UTC_TIME, "491231235959Z"), Some(2_524_607_999));
        let none = [
            "261126084015",
            "261126084015+",
            "2611260840Z",
            "261326084015Z",
            "260229084015Z",
            "26112608401AZ",
        ];
        for none in none {
            assert_eq!(seconds(UTC_TIME, none), None, "{none}");
        }
        for none in ["20491231235959Z", "20500101000000.5Z", "20500101240000Z", "690101000000Z"] {
            assert_eq!(seconds(GENERALIZED_TIME, none), None, "{none}");
        }
        assert_eq!(seconds(UTC_TIME, "690101000000Z"), None, "before anything could be revoked");
    }
}
