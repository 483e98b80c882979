use std::collections::BTreeMap;

use hinamori_model::Mode;
use proptest::prelude::*;
use quick_xml::NsReader;
use quick_xml::events::Event;
use quick_xml::name::ResolveResult;

use super::*;
use crate::hidden::Secrecy;

/// The fields of PFIF 1.4 in its order.
const PERSON: &str = "person_record_id entry_date expiry_date author_name author_email author_phone source_name \
    source_date source_url full_name given_name family_name alternate_names description sex date_of_birth age home_street \
    home_neighborhood home_city home_state home_postal_code home_country photo_url profile_urls note";
const NOTE: &str = "note_record_id person_record_id linked_person_record_id entry_date author_name author_email \
    author_phone source_date author_made_contact status email_of_found_person phone_of_found_person \
    last_known_location text photo_url";

type Fields = BTreeMap<String, String>;

/// Reads a file strictly: the namespace, which element may be where, the order of fields, none twice but notes, every
/// mandatory one, the form of dates. Persons with their notes.
fn read(file: &[u8]) -> Vec<(Fields, Vec<Fields>)> {
    let mut reader = NsReader::from_reader(file);
    let (mut path, mut people) = (Vec::<String>::new(), Vec::<(Fields, Vec<Fields>)>::new());
    let (mut orders, mut text) = ([0_usize; 2], String::new());
    loop {
        let (namespace, event) = reader.read_resolved_event().unwrap();
        match event {
            Event::Start(start) => {
                let ResolveResult::Bound(namespace) = namespace else { panic!("no namespace") };
                assert_eq!(namespace.as_ref(), NAMESPACE.as_bytes());
                let name = String::from_utf8(start.local_name().as_ref().to_vec()).unwrap();
                match (path.len(), name.as_str()) {
                    (0, "pfif") => {}
                    (1, "person") => {
                        orders[0] = 0;
                        people.push(Default::default());
                    }
                    (2 | 3, _) => {
                        let is_note = path.len() == 3;
                        assert!(!is_note || path[2] == "note");
                        let order = if is_note { NOTE } else { PERSON };
                        let place = order.split(' ').position(|field| field == name).expect(&name) + 1;
                        let last = &mut orders[usize::from(is_note)];
                        assert!(place > *last || name == "note", "{name} stands too late");
                        *last = place;
                        if name == "note" {
                            orders[1] = 0;
                            people.last_mut().unwrap().1.push(Fields::new());
                        }
                    }
                    _ => panic!("{name} in {path:?}"),
                }
                path.push(name);
                text.clear();
            }
            Event::Text(piece) => text.push_str(&piece.decode().unwrap()),
            Event::GeneralRef(entity) => match entity.resolve_char_ref().unwrap() {
                Some(character) => text.push(character),
                None => {
                    text.push_str(quick_xml::escape::resolve_xml_entity(&entity.decode().unwrap()).unwrap())
                }
            },
            Event::End(_) => {
                let name = path.pop().unwrap();
                if path.len() >= 2 && name != "note" {
                    let (person, notes) = people.last_mut().unwrap();
                    let of = if path.len() == 3 { notes.last_mut().unwrap() } else { person };
                    assert!(of.insert(name, text.clone()).is_none());
                }
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("{other:?}"),
        }
    }
    for (person, notes) in &people {
        check_dates(person, &["entry_date", "expiry_date", "source_date"]);
        assert!(["person_record_id", "full_name"].iter().all(|field| person.contains_key(*field)));
        for note in notes {
            check_dates(note, &["entry_date", "source_date"]);
            assert!(["note_record_id", "author_name", "text"].iter().all(|field| note.contains_key(*field)));
            assert_eq!(note["person_record_id"], person["person_record_id"]);
        }
    }
    people
}

fn check_dates(fields: &Fields, dates: &[&str]) {
    for date in dates {
        let form: String = fields[*date]
            .chars()
            .map(|character| if character.is_ascii_digit() { '0' } else { character })
            .collect();
        assert_eq!(form, "0000-00-00T00:00:00Z");
    }
}

const NOW: UnixMillis = UnixMillis::new(1_773_174_060_000);

fn live() -> Live {
    Live::of(Mode::Live).unwrap()
}

fn home() -> Home {
    Home::new("pf.town.minami.example", "美波町").unwrap()
}

fn person_id(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn consent() -> Consent {
    Consent::recorded(person_id(1), UnixMillis::new(1_773_170_000_000), NOW.plus(86_400_000)).unwrap()
}

fn proof(person: u8) -> NotHidden {
    NotHidden::check(person_id(person), |_| Secrecy::Open).unwrap()
}

fn person(consent: Consent, name: &str, text: &str) -> ConsentedPerson {
    let details = Details {
        full_name: PersonalText::new(name),
        given_name: Some(PersonalText::new("花子")),
        family_name: None,
        alternate_names: ["はまだ はなこ", "HAMADA Hanako"].map(PersonalText::new).to_vec(),
        sex: Sex::Female,
        age: Some(71),
        home_city: Some(PersonalText::new("美波町")),
        home_state: Some("36".to_owned()),
        source_date: NOW,
    };
    let note = Note {
        number: PublicNumber([3; 16]),
        source_date: NOW,
        contact: Contact::Made,
        status: Status::BelievedAlive,
        last_known_location: None,
        text: PersonalText::new(text),
    };
    ConsentedPerson::new(consent, proof(1), PublicNumber([2; 16]), details, vec![note.clone(), note]).unwrap()
}

#[test]
fn a_person_is_written_with_what_pfif_asks_for_and_no_more() {
    let file = pfif(live(), &home(), NOW, &[person(consent(), "浜田 花子", "無事です")]).unwrap();
    let people = read(&file);
    let (fields, notes) = &people[0];
    let expected = [
        ("age", "71"),
        ("alternate_names", "はまだ はなこ\nHAMADA Hanako"),
        ("author_name", "美波町"),
        ("entry_date", "2026-03-10T20:21:00Z"),
        ("expiry_date", "2026-03-11T20:21:00Z"),
        ("full_name", "浜田 花子"),
        ("given_name", "花子"),
        ("home_city", "美波町"),
        ("home_country", "JP"),
        ("home_state", "36"),
        ("person_record_id", "pf.town.minami.example/person.02020202020202020202020202020202"),
        ("sex", "female"),
        ("source_date", "2026-03-10T20:21:00Z"),
        ("source_name", "美波町"),
    ];
    assert_eq!(*fields, expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into());
    assert_eq!((people.len(), notes.len()), (1, 2));
    assert_eq!(notes[0]["status"], "believed_alive");
    assert_eq!(notes[0]["author_made_contact"], "true");
    assert!(!String::from_utf8(file).unwrap().contains(&person_id(1).to_string()));
}

#[test]
fn every_status_has_its_word() {
    let all =
        [Status::InformationSought, Status::IsNoteAuthor, Status::BelievedAlive, Status::BelievedMissing];
    let words = ["information_sought", "is_note_author", "believed_alive", "believed_missing"];
    assert_eq!(all.map(Status::word), words);
}

#[test]
fn an_expired_or_withdrawn_record_keeps_its_id_and_dates_only() {
    let expired = person(consent(), "浜田 花子", "無事です");
    let withdrawn = person(consent().withdrawn(NOW), "浜田 花子", "無事です");
    for (person, now, ended) in
        [(expired, NOW.plus(86_400_000), "2026-03-11T20:21:00Z"), (withdrawn, NOW, "2026-03-10T20:21:00Z")]
    {
        let file = pfif(live(), &home(), now, &[person]).unwrap();
        let people = read(&file);
        let (fields, notes) = &people[0];
        assert!(notes.is_empty());
        assert_eq!(
            fields.keys().collect::<Vec<_>>(),
            ["entry_date", "expiry_date", "full_name", "person_record_id", "source_date"]
        );
        assert_eq!((fields["full_name"].as_str(), fields["expiry_date"].as_str()), ("", ended));
    }
}

#[test]
fn what_may_not_be_exported_cannot_be_made() {
    assert!(Live::of(Mode::Drill).is_none() && Live::of(Mode::DailyLife).is_none());
    assert!(NotHidden::check(person_id(1), |_| Secrecy::Hidden).is_none());
    let ConsentedPerson { number, details, notes, .. } = person(consent(), "x", "y");
    let other = ConsentedPerson::new(consent(), proof(2), number, details.clone(), vec![]);
    assert_eq!(other.unwrap_err(), PfifError::OtherPerson);
    let many = ConsentedPerson::new(consent(), proof(1), number, details, vec![notes[0].clone(); 101]);
    assert_eq!(many.unwrap_err(), PfifError::TooManyNotes { notes: 101 });
    let backwards = Consent::recorded(person_id(1), NOW, UnixMillis::new(0));
    assert_eq!(backwards.unwrap_err(), PfifError::ConsentBackwards);
    for domain in
        ["", "town", "-a.example", "a-.example", "a b.example", "a/b.example", "町.example", ".example"]
    {
        assert_eq!(Home::new(domain, "美波町").unwrap_err(), PfifError::BadHome, "{domain}");
    }
    assert_eq!(Home::new("a.example", "").unwrap_err(), PfifError::BadHome);
    let crowd = vec![person(consent(), "x", "y"); MOST_CONSENTED + 1];
    let refused = pfif(live(), &home(), NOW, &crowd);
    assert_eq!(refused.unwrap_err(), PfifError::TooManyPeople { people: MOST_CONSENTED + 1 });
}

#[test]
fn nothing_personal_is_printed() {
    let printed = format!("{:?}", person(consent(), "浜田 花子", "無事です"));
    assert!(!printed.contains("花子") && !printed.contains("無事"), "{printed}");
}

#[test]
fn a_long_field_is_cut() {
    let file = pfif(live(), &home(), NOW, &[person(consent(), &"長".repeat(5_000), "")]).unwrap();
    let name = read(&file)[0].0["full_name"].clone();
    assert_eq!(name.chars().count(), MOST_FIELD_CHARACTERS);
    assert!(name.ends_with('…'));
}

proptest! {
    #[test]
    fn another_reader_reads_every_text(name in "(?s).{0,30}", text in "(?s)[<>&\"'\r\n\t\u{0}-\u{20}\u{fffe}a-c\u{10ffff}]{0,30}") {
        let file = pfif(live(), &home(), NOW, &[person(consent(), &name, &text)]).unwrap();
        let people = read(&file);
        let can_be = |text: &str| text.chars().filter(|character| {
            matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
        }).collect::<String>();
        prop_assert_eq!(&people[0].0["full_name"], &can_be(&name));
        prop_assert_eq!(&people[0].1[0]["text"], &can_be(&text));
    }
}
