//! The list of persons needing support to evacuate (避難行動要支援者名簿, 災害対策基本法 49条の10).

use std::collections::BTreeMap;

use hinamori_model::{BirthDate, CalendarDate, PersonalText, SupportReason, SupportReasons};

use crate::field::{Field, SupportField};
use crate::fold::word;
use crate::mapping::{Flags, Mapping};
use crate::number::ResidentNumber;
use crate::person::{Reading, Refused, WhenUnclear};
use crate::problem::{Column, Problem, Problems, Reason, Severity};
use crate::table::{MyNumbers, read_table};

/// Whom an entry speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Supported {
    /// The one with this number in the list of residents.
    Number(ResidentNumber),
    /// Whoever has this name and birth date: the list has no numbers. Two residents may fit, or none.
    Described {
        /// With one full-width space between its parts.
        name: PersonalText,
        /// In full-width katakana.
        kana: Option<PersonalText>,
        /// The day of birth.
        birth: BirthDate,
    },
}

/// One person on the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportEntry {
    /// Unique in the file.
    pub person: Supported,
    /// Empty when the list does not say why.
    pub reasons: SupportReasons,
    /// The reason in the list's own words, and its remarks.
    pub note: Option<PersonalText>,
    /// Whether the supporters may have the entry in peace time. An unclear answer counts as no.
    pub shares: bool,
    /// 避難支援等実施者
    pub supporter_name: Option<PersonalText>,
    /// In half width.
    pub supporter_phone: Option<PersonalText>,
    /// Where the person is to be brought.
    pub refuge: Option<PersonalText>,
    /// What the person needs.
    pub needs: Option<PersonalText>,
}

/// What a list of persons needing support says.
#[derive(Debug)]
pub struct SupportList {
    /// In the order of the file.
    pub entries: Vec<SupportEntry>,
    /// In the order of the lines.
    pub problems: Vec<Problem>,
}

impl SupportList {
    /// Reads a list; `today` is the day in Japan.
    ///
    /// # Errors
    /// A problem that refuses the whole file.
    pub fn read(bytes: &[u8], mapping: &Mapping, today: CalendarDate) -> Result<Self, Problem> {
        let (mut problems, mut entries) = (Problems::default(), Vec::new());
        let mut line_of = BTreeMap::new();
        let settings = &mapping.support;
        let columns = read_table(bytes, settings, MyNumbers::Refuse, &mut problems, |row, problems| {
            let mut reading = Reading { row, problems };
            let Ok(entry) = read_entry(&mut reading, &settings.flags, today) else { return };
            let first_line = *line_of.entry(entry.person.clone()).or_insert(row.line);
            if first_line == row.line {
                entries.push(entry);
            } else {
                let reason = Reason::PersonTwice { first_line };
                reading.problems.add(row.line, None, Severity::Refused, reason);
            }
        })?;
        let is_described = columns.has(SupportField::Name) && columns.has(SupportField::Birth);
        if !columns.has(SupportField::Number) && !is_described {
            let number = Column::Named(SupportField::Number.label());
            return Err(Problem::of_file(1, Some(number), Reason::ColumnMissing));
        }
        Ok(Self { entries, problems: problems.finish() })
    }
}

fn read_entry(
    reading: &mut Reading<'_, '_, SupportField>,
    flags: &Flags,
    today: CalendarDate,
) -> Result<SupportEntry, Refused> {
    use SupportField as Is;
    Ok(SupportEntry {
        person: person(reading, today)?,
        reasons: reasons(reading, flags),
        note: note(reading.row.text(Is::Reason), reading.row.text(Is::Note)),
        shares: reading.flag(Is::Consent, flags, WhenUnclear::No),
        supporter_name: reading.name(Is::SupporterName),
        supporter_phone: reading.phone(Is::SupporterPhone),
        refuge: reading.words(Is::Refuge),
        needs: reading.words(Is::Needs),
    })
}

fn person(reading: &mut Reading<'_, '_, SupportField>, today: CalendarDate) -> Result<Supported, Refused> {
    if let Some(number) = reading.number(SupportField::Number)? {
        return Ok(Supported::Number(number));
    }
    let name = reading.name(SupportField::Name).ok_or(SupportField::Name);
    let name = name.map_err(|field| reading.refuse(field, Reason::ValueMissing))?;
    let birth = reading.birth(SupportField::Birth, today)?.ok_or(SupportField::Birth);
    let birth = birth.map_err(|field| reading.refuse(field, Reason::ValueMissing))?;
    Ok(Supported::Described { name, kana: reading.kana(SupportField::Kana), birth })
}

/// What is there, on lines of its own.
fn note(reason: &str, remarks: &str) -> Option<PersonalText> {
    let parts: Vec<&str> = [reason, remarks].into_iter().filter(|part| !part.is_empty()).collect();
    crate::person::some(parts.join("\n"))
}

/// Every reason that a column or the words name. What fits none of them is [`SupportReason::Other`].
fn reasons(reading: &mut Reading<'_, '_, SupportField>, flags: &Flags) -> SupportReasons {
    use SupportReason as Why;
    let mut reasons = reasons_of(&word(reading.row.text(SupportField::Reason)));
    for (field, reason, is_it) in [
        (SupportField::CareLevel, Why::CareLevelThreeToFive, is_care as fn(&str) -> bool),
        (SupportField::PhysicalHandbook, Why::PhysicalHandbookOneOrTwo, is_first_or_second),
        (SupportField::IntellectualHandbook, Why::IntellectualHandbookA, is_grade_a),
        (SupportField::MentalHandbook, Why::MentalHandbookAlone, is_something),
        (SupportField::IntractableDisease, Why::IntractableDisease, is_something),
        (SupportField::ElderlyAlone, Why::ElderlyAlone, is_something),
    ] {
        let text = reading.row.text(field);
        if is_it(&word(text)) && flags.read(text) != Some(false) {
            reasons = reasons.with(reason);
        } else if flags.read(text) != Some(false) {
            reasons = reasons.with(Why::Other);
        }
    }
    reasons
}

/// The reasons in a sentence such as 要介護3・身体障害者手帳1級.
fn reasons_of(text: &str) -> SupportReasons {
    use SupportReason as Why;
    let behind = |key: &str| text.split_once(key).map(|(_, rest)| rest);
    let has = |keys: &[&str]| keys.iter().any(|key| text.contains(key));
    let found = [
        (Why::CareLevelThreeToFive, behind("要介護").is_some_and(is_care)),
        (Why::PhysicalHandbookOneOrTwo, behind("身体").is_some_and(is_first_or_second)),
        (Why::IntellectualHandbookA, behind("療育").is_some_and(is_grade_a)),
        (Why::MentalHandbookAlone, has(&["精神"])),
        (Why::IntractableDisease, has(&["難病"])),
        (
            Why::ElderlyAlone,
            has(&["高齢者のみ", "高齢者世帯", "独居", "一人暮らし", "ひとり暮らし", "単身高齢"]),
        ),
    ];
    let set = |set: SupportReasons, (reason, is_it): (Why, bool)| if is_it { set.with(reason) } else { set };
    let reasons = found.into_iter().fold(SupportReasons::NONE, set);
    if reasons.is_empty() && !text.is_empty() { reasons.with(Why::Other) } else { reasons }
}

/// The first figure is a care level from 3 to 5: 3, 要介護3, 介護度4.
fn is_care(text: &str) -> bool {
    let is_support_level = text.contains("要支援");
    !is_support_level && first_digit(text).is_some_and(|level| ('3'..='5').contains(&level))
}

fn is_first_or_second(text: &str) -> bool {
    first_digit(text).is_some_and(|grade| grade == '1' || grade == '2')
}

/// A, A1, マルA.
fn is_grade_a(text: &str) -> bool {
    text.chars()
        .find(|one| matches!(one, 'a' | 'b' | 'ⓐ' | 'ⓑ' | '重'))
        .is_some_and(|grade| !matches!(grade, 'b' | 'ⓑ'))
}

const fn is_something(text: &str) -> bool {
    !text.is_empty()
}

fn first_digit(text: &str) -> Option<char> {
    text.chars().find_map(|one| match one {
        'Ⅰ' | 'ⅰ' | '一' => Some('1'),
        'Ⅱ' | 'ⅱ' | '二' => Some('2'),
        digit => digit.is_ascii_digit().then_some(digit),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use SupportReason::{
        CareLevelThreeToFive, ElderlyAlone, IntellectualHandbookA, IntractableDisease, MentalHandbookAlone,
        Other, PhysicalHandbookOneOrTwo,
    };

    #[test]
    fn reasons_are_found_in_words() {
        for (text, expected) in [
            ("要介護３・身体障害者手帳２級", &[CareLevelThreeToFive, PhysicalHandbookOneOrTwo][..]),
            ("要介護2", &[Other]),
            ("療育手帳（Ａ）", &[IntellectualHandbookA]),
            ("療育手帳B", &[Other]),
            ("精神障害、難病", &[MentalHandbookAlone, IntractableDisease]),
            ("独居", &[ElderlyAlone]),
            ("町長が認めた者", &[Other]),
            ("", &[]),
        ] {
            assert_eq!(reasons_of(&word(text)).iter().collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
