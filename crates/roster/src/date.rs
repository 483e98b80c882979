//! Dates as towns write them.

use hinamori_model::CalendarDate;

use crate::fold::narrow_text;
use crate::problem::Reason;

type Day = (u16, u8, u8);

/// Names (in small letters), the year before the first, and first and last day. On the days of 1912 and 1926 both eras
/// are in use.
const ERAS: [([&str; 2], u16, Day, Day); 5] = [
    (["明治", "m"], 1867, (1868, 1, 25), (1912, 7, 30)),
    (["大正", "t"], 1911, (1912, 7, 30), (1926, 12, 25)),
    (["昭和", "s"], 1925, (1926, 12, 25), (1989, 1, 7)),
    (["平成", "h"], 1988, (1989, 1, 8), (2019, 4, 30)),
    (["令和", "r"], 2018, (2019, 5, 1), (9999, 12, 31)),
];

/// A date of an era or of the common calendar: in figures of any width, with 年月日 or `.`, `/`, `-` between, or as
/// eight digits (six behind an era). A time of day behind it does not count.
///
/// # Errors
/// [`Reason::DateUnreadable`], [`Reason::DateImpossible`], [`Reason::DateOutsideEra`], or [`Reason::DateUnknown`] where
/// the town says so: by 不詳, or month or day 00.
pub(crate) fn read_date(text: &str) -> Result<CalendarDate, Reason> {
    let text = narrow_text(text);
    if text.contains("不詳") || text.contains("不明") {
        return Err(Reason::DateUnknown);
    }
    let text = text.trim_start_matches("西暦").trim_start();
    let era = ERAS.iter().find_map(|era| {
        let rest = era.0.iter().find_map(|name| strip_name(text, name))?;
        Some((era, rest.trim_start().trim_start_matches('.')))
    });
    let (_, before, first, last) = match era {
        Some((era, _)) => *era,
        None => ([""; 2], 0, (1, 1, 1), (9999, 12, 31)),
    };
    let rest = era.map_or(text, |(_, rest)| rest);
    let (year, month, day) = numbers(rest, era.is_some()).ok_or(Reason::DateUnreadable)?;
    if month == 0 || day == 0 {
        return Err(Reason::DateUnknown);
    }
    let is_year = year > 0 && (era.is_some() || year >= 1000);
    let year = before.checked_add(year).filter(|_| is_year).ok_or(Reason::DateUnreadable)?;
    let date = CalendarDate::new(year, month, day).or(Err(Reason::DateImpossible))?;
    if (first..=last).contains(&(year, month, day)) { Ok(date) } else { Err(Reason::DateOutsideEra) }
}

/// What stands behind the name of an era, in large or small letters.
fn strip_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(rest)
}

/// Year, month and day as they are written.
fn numbers(text: &str, is_of_era: bool) -> Option<Day> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let year_digits = match (digits, is_of_era) {
        (8, false) => 4,
        (6, true) => 2,
        _ => return divided(text),
    };
    let (year, rest) = text.split_at_checked(year_digits)?;
    let (month, rest) = rest.split_at_checked(2)?;
    let (day, rest) = rest.split_at_checked(2)?;
    is_time_of_day(rest).then_some(())?;
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// With signs between.
fn divided(text: &str) -> Option<Day> {
    let (year, rest) = match text.strip_prefix('元') {
        Some(rest) => (1, rest),
        None => number(text)?,
    };
    let (month, rest) = number(divider(rest, '年')?)?;
    let (day, rest) = number(divider(rest, '月')?)?;
    is_time_of_day(rest.strip_prefix('日').unwrap_or(rest)).then_some(())?;
    Some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

/// Up to four digits, also with a space before them.
fn number(text: &str) -> Option<(u16, &str)> {
    let text = text.trim_start();
    let (digits, rest) = text.split_at_checked(text.bytes().take_while(u8::is_ascii_digit).count())?;
    (digits.len() <= 4).then(|| digits.parse().ok()).flatten().map(|number| (number, rest))
}

fn divider(text: &str, word: char) -> Option<&str> {
    text.trim_start().strip_prefix([word, '.', '/', '-'])
}

/// Nothing, or the 00:00:00 that databases and spreadsheets put behind a day.
fn is_time_of_day(text: &str) -> bool {
    text.chars().all(|one| one.is_ascii_digit() || matches!(one, ' ' | 'T' | ':' | '.'))
        && !text.starts_with(|one: char| one.is_ascii_digit() || one == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form_that_towns_use() {
        for (text, year, month, day) in [
            ("昭和25年3月4日", 1950, 3, 4),
            ("昭和２５年　３月　４日", 1950, 3, 4),
            ("S25.3.4", 1950, 3, 4),
            ("s25/03/04", 1950, 3, 4),
            ("Ｓ２５－３－４", 1950, 3, 4),
            ("S250304", 1950, 3, 4),
            ("S.25.3.4", 1950, 3, 4),
            ("平成元年1月8日", 1989, 1, 8),
            ("H元.1.8", 1989, 1, 8),
            ("令和元年5月1日", 2019, 5, 1),
            ("R6.2.29", 2024, 2, 29),
            ("明治45年7月30日", 1912, 7, 30),
            ("大正元年7月30日", 1912, 7, 30),
            ("T15.12.25", 1926, 12, 25),
            ("M33.1.1", 1900, 1, 1),
            ("19500304", 1950, 3, 4),
            ("1950-03-04", 1950, 3, 4),
            ("1950/3/4 0:00:00", 1950, 3, 4),
            ("1950-03-04T00:00:00", 1950, 3, 4),
            ("西暦1950年3月4日", 1950, 3, 4),
            ("１９５０．０３．０４", 1950, 3, 4),
        ] {
            assert_eq!(read_date(text), Ok(CalendarDate::new(year, month, day).unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_date_is_said() {
        for (text, reason) in [
            ("S64.1.8", Reason::DateOutsideEra),
            ("H31.5.1", Reason::DateOutsideEra),
            ("平成元年1月7日", Reason::DateOutsideEra),
            ("T1.7.29", Reason::DateOutsideEra),
            ("M45.7.31", Reason::DateOutsideEra),
            ("S25.2.29", Reason::DateImpossible),
            ("20230229", Reason::DateImpossible),
            ("1950-13-01", Reason::DateImpossible),
            ("昭和10年00月00日", Reason::DateUnknown),
            ("不詳", Reason::DateUnknown),
            ("19500300", Reason::DateUnknown),
            ("S0.1.1", Reason::DateUnreadable),
            ("昭和", Reason::DateUnreadable),
            ("50/3/4", Reason::DateUnreadable),
            ("25.3.4", Reason::DateUnreadable),
            ("195003041", Reason::DateUnreadable),
            ("S65535.1.1", Reason::DateUnreadable),
            ("1950-3-4-5", Reason::DateUnreadable),
            ("1950-3", Reason::DateUnreadable),
            ("18324", Reason::DateUnreadable),
            ("山田", Reason::DateUnreadable),
        ] {
            assert_eq!(read_date(text), Err(reason), "{text}");
        }
    }
}
