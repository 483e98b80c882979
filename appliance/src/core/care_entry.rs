//! What a screen says of a person, and how it stands in their profile.

use hinamori_ipc::CareEntry;
use hinamori_model::{BirthDate, CalendarDate, UnixMillis};
use hinamori_profile::{Contact, Entry, Need, Profile, Proxy, TextField};

const DAY: u64 = 86_400_000;
const JAPAN: u64 = 9 * 3_600_000;

/// How something that was written on a screen stands in a profile. A contact takes the place of the one with the same name, else
/// it gets the number `new_contact`.
pub(super) fn to_profile(entry: CareEntry, known: &Profile, new_contact: u16) -> Entry {
    match entry {
        CareEntry::Name(text) => Entry::Text(TextField::Name, text),
        CareEntry::Kana(text) => Entry::Text(TextField::Kana, text),
        CareEntry::Address(text) => Entry::Text(TextField::Address, text),
        CareEntry::Phone(text) => Entry::Text(TextField::Phone, text),
        CareEntry::Language(text) => Entry::Text(TextField::Language, text),
        CareEntry::Stay(form) => Entry::Stay(form, None),
        CareEntry::HouseDamage(damage) => Entry::HouseDamage(damage),
        CareEntry::Need { kind, answer, degree, due_by, note } => {
            Entry::Need(Need { kind, answer, degree, due_by, note })
        }
        CareEntry::Help { help, answer } => Entry::Help(help, answer, None),
        CareEntry::Consent { item, circle, answer } => Entry::Consent(item, circle, answer),
        CareEntry::Proxy { purpose, name, until } => {
            Entry::Proxy(purpose, Proxy { name, person: None, until })
        }
        CareEntry::Contact { name, relation, reached_by } => {
            let same = known.fields().find_map(|written| match &written.entry {
                Entry::Contact(key, contact) if contact.name == name => Some(*key),
                _ => None,
            });
            Entry::Contact(same.unwrap_or(new_contact), Contact { name, relation, reached_by })
        }
    }
}

/// How an entry of a profile is shown; `None` for what no screen shows as an entry.
pub(super) fn to_screen(entry: &Entry) -> Option<CareEntry> {
    Some(match entry.clone() {
        Entry::Text(TextField::Name, text) => CareEntry::Name(text),
        Entry::Text(TextField::Kana, text) => CareEntry::Kana(text),
        Entry::Text(TextField::Address, text) => CareEntry::Address(text),
        Entry::Text(TextField::Phone, text) => CareEntry::Phone(text),
        Entry::Text(TextField::Language, text) => CareEntry::Language(text),
        Entry::Stay(form, _note) => CareEntry::Stay(form),
        Entry::HouseDamage(damage) => CareEntry::HouseDamage(damage),
        Entry::Need(need) => shown_need(&need),
        Entry::Help(help, answer, _note) => CareEntry::Help { help, answer },
        Entry::Consent(item, circle, answer) => CareEntry::Consent { item, circle, answer },
        Entry::Proxy(purpose, Proxy { name, person: _, until }) => CareEntry::Proxy { purpose, name, until },
        Entry::Contact(_, Contact { name, relation, reached_by }) => {
            CareEntry::Contact { name, relation, reached_by }
        }
        Entry::Text(TextField::CalledName | TextField::Relation, _)
        | Entry::BirthDate(_)
        | Entry::Sex(_)
        | Entry::Cleared(_)
        | Entry::Newer(..) => return None,
    })
}

/// A need as a screen shows it.
pub(super) fn shown_need(need: &Need) -> CareEntry {
    let Need { kind, answer, degree, due_by, note } = need.clone();
    CareEntry::Need { kind, answer, degree, due_by, note }
}

/// Full years at a moment in Japan; `None` for a clock that is before every birth.
pub(super) fn age(birth: BirthDate, now: UnixMillis) -> Option<u16> {
    today(now).map(|today| birth.age_on(today))
}

/// The day in Japan (UTC+9, no summer time), by the proleptic Gregorian calendar.
fn today(now: UnixMillis) -> Option<CalendarDate> {
    // Days since 1 March of the year 0, in eras of 400 years (146,097 days).
    let days = now.get().saturating_add(JAPAN).checked_div(DAY)?.checked_add(719_468)?;
    let (era, day) = (days / 146_097, days % 146_097);
    let of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * of_era + of_era / 4 - of_era / 100);
    let march_based = (5 * of_year + 2) / 153;
    let date = of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    let year = era * 400 + of_era + u64::from(month <= 2);
    let (year, month, date) = (year.try_into().ok()?, month.try_into().ok()?, date.try_into().ok()?);
    CalendarDate::new(year, month, date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::{
        Circle, ConsentItem, Help, Hlc, HouseDamage, NeedKind, PersonalText, ProxyPurpose, RecordId,
        StayForm, YesNo,
    };
    use hinamori_profile::{ProfilePatch, merge};

    fn text(text: &str) -> PersonalText {
        PersonalText::new(text)
    }

    fn profile(entries: Vec<Entry>) -> Profile {
        merge([(Hlc::default(), RecordId::from_bytes([1; 16]), ProfilePatch::new(entries).unwrap())])
    }

    #[test]
    fn everything_that_a_screen_says_comes_back_as_it_was() {
        let until = Some(UnixMillis::new(1_791_730_800_000));
        let said = [
            CareEntry::Name(text("浜田 花子")),
            CareEntry::Kana(text("ハマダ ハナコ")),
            CareEntry::Address(text("浜町1")),
            CareEntry::Phone(text("0838-8-1")),
            CareEntry::Language(text("pt-BR")),
            CareEntry::Stay(StayForm::Car),
            CareEntry::HouseDamage(HouseDamage::Half),
            CareEntry::Need {
                kind: NeedKind::Oxygen,
                answer: YesNo::Yes,
                degree: Some(2),
                due_by: until,
                note: Some(text("毎分2L")),
            },
            CareEntry::Help { help: Help::Cooking, answer: YesNo::Yes },
            CareEntry::Consent { item: ConsentItem::Place, circle: Circle::Police, answer: YesNo::No },
            CareEntry::Proxy { purpose: ProxyPurpose::Goods, name: text("健"), until },
            CareEntry::Contact { name: text("健"), relation: Some(text("長男")), reached_by: None },
        ];
        let nothing = Profile::default();
        let entries: Vec<Entry> = said.iter().cloned().map(|entry| to_profile(entry, &nothing, 7)).collect();
        for (entry, said) in entries.iter().zip(&said) {
            assert!(to_screen(entry).as_ref() == Some(said));
        }
        // Also as it stands in a record.
        let shown: Vec<CareEntry> =
            profile(entries).fields().filter_map(|written| to_screen(&written.entry)).collect();
        assert_eq!(shown.len(), said.len());
        assert!(said.iter().all(|entry| shown.contains(entry)));
    }

    #[test]
    fn a_contact_with_the_same_name_is_the_same_one() {
        let contact = |name: &str| CareEntry::Contact { name: text(name), relation: None, reached_by: None };
        let known = profile(vec![to_profile(contact("健"), &Profile::default(), 7)]);
        let number = |name| match to_profile(contact(name), &known, 9) {
            Entry::Contact(key, _) => key,
            _ => 0,
        };
        assert_eq!([number("健"), number("恵子")], [7, 9]);
    }

    #[test]
    fn days_are_those_of_japan() {
        for (seconds, day) in [
            (0, (1970, 1, 1)),
            (1_709_132_400, (2024, 2, 29)),
            (1_709_218_799, (2024, 2, 29)),
            (1_709_218_800, (2024, 3, 1)),
            (1_798_729_200, (2027, 1, 1)),
            (951_836_400, (2000, 3, 1)),
        ] {
            let (year, month, date) = day;
            let expected = CalendarDate::new(year, month, date).unwrap();
            assert_eq!(today(UnixMillis::new(seconds * 1_000)), Some(expected), "{seconds}");
        }
        let born = BirthDate::from(CalendarDate::new(1950, 3, 1).unwrap());
        assert_eq!(age(born, UnixMillis::new(1_709_218_799_000)), Some(73));
        assert_eq!(age(born, UnixMillis::new(1_709_218_800_000)), Some(74));
    }
}
