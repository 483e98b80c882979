//! The times of a list (RFC 5280 §5.1.2.4 to .6): UTCTime until 2049, GeneralizedTime from 2050 on, in
//! seconds and in UTC.

use crate::der::{CrlError, GENERALIZED_TIME, UTC_TIME, Value};

const DAY: u64 = 86_400;

/// Seconds since 1970-01-01T00:00:00Z.
pub(crate) fn seconds_of(value: Value<'_>) -> Result<u64, CrlError> {
    let read = match (value.tag, value.content) {
        (UTC_TIME, content) if content.len() == 13 => {
            let day = content.first_chunk().and_then(day_of_utc);
            day.zip(content.last_chunk().and_then(clock_of))
        }
        (GENERALIZED_TIME, content) if content.len() == 15 => {
            let day = content.first_chunk::<8>().and_then(|[y1, y2, y3, y4, month_and_day @ ..]| {
                let [century, year] = pairs(&[*y1, *y2, *y3, *y4])?;
                let year = 100 * century + year;
                // An earlier year has the other form.
                if year < 2050 { None } else { day_of(year, month_and_day) }
            });
            day.zip(content.last_chunk().and_then(clock_of))
        }
        _ => None,
    };
    let read = read.map(|(day, clock)| day + clock);
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

/// The seconds of a day at `?HHMMSSZ`. All six digits are worked on in one word.
#[inline(always)]
pub(crate) fn clock_of(text: &[u8; 8]) -> Option<u64> {
    const BEFORE: u64 = 0xFF;
    // Zeros, and the letter at the end.
    let values = (u64::from_le_bytes(*text) | BEFORE) ^ 0x5A30_3030_3030_30FF;
    if values >> 56 != 0 {
        return None;
    }
    let values = values >> 8;
    // What is no digit has a bit in its upper half, or gets one by adding six.
    if (values | (values + 0x0606_0606_0606)) & 0xF0F0_F0F0_F0F0 != 0 {
        return None;
    }
    // Ten times the first of each pair and the second, in every second byte.
    let pairs = (values * 10 + (values >> 8)) & 0x00FF_00FF_00FF;
    // 24 hours, 60 minutes and 60 seconds would reach the highest bit.
    if (pairs + 0x0044_0044_0068) & 0x0080_0080_0080 != 0 {
        return None;
    }
    Some(3_600 * (pairs & 0xFF) + 60 * (pairs >> 16 & 0xFF) + (pairs >> 32))
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
