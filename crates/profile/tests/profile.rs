//! Patches as bytes, what many of them say together, and who can read them.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::collections::BTreeMap;

use hinamori_model::{
    BirthDate, CalendarDate, Circle, ConsentItem, Help, Hlc, HouseDamage, IncidentId, NeedKind, PersonId,
    PersonalText, ProxyPurpose, RecordId, Sex, StayForm, UnixMillis, YesNo,
};
use hinamori_profile::{
    BadPatch, BadText, Contact, Entry, Field, IncidentKey, KeyError, LONGEST_PATCH, NONCE, Need, PersonKey,
    ProfilePatch, Proxy, TextField, WrappedKey, merge, sealed_by,
};
use proptest::collection::vec;
use proptest::prelude::*;

const PERSON: PersonId = PersonId::from_bytes([1; 16]);
const RECORD: RecordId = RecordId::from_bytes([2; 16]);
const INCIDENT: IncidentId = IncidentId::from_bytes([3; 16]);

fn text(field: TextField, text: &str) -> Entry {
    Entry::Text(field, PersonalText::new(text))
}

fn note(text: &str) -> Option<PersonalText> {
    Some(PersonalText::new(text))
}

fn patch(entries: impl IntoIterator<Item = Entry>) -> ProfilePatch {
    ProfilePatch::new(entries).unwrap()
}

/// Somebody of whom everything was written.
fn everything() -> Vec<Entry> {
    let until = Some(UnixMillis::new(1_791_730_800_000));
    let need = |kind| Need::yes(kind);
    vec![
        Entry::Contact(
            500,
            Contact {
                name: PersonalText::new("浜田 健"),
                relation: note("長男"),
                reached_by: note("090-1234-5678"),
            },
        ),
        text(TextField::Name, "浜田 花子"),
        text(TextField::Kana, "はまだ はなこ"),
        text(TextField::CalledName, "花ちゃん"),
        text(TextField::Address, "山口県阿武郡阿武町奈古2636"),
        text(TextField::Phone, "08388-2-3110"),
        text(TextField::Relation, "妻"),
        text(TextField::Language, "ja"),
        Entry::BirthDate(CalendarDate::new(1935, 1, 2).map(BirthDate::from).unwrap()),
        Entry::Sex(Sex::Female),
        Entry::Stay(StayForm::Car, note("山口 500 あ 12-34")),
        Entry::HouseDamage(HouseDamage::FloodedAboveFloor),
        Entry::Need(Need { due_by: until, note: note("毎分2L"), ..need(NeedKind::Oxygen) }),
        Entry::Need(Need { degree: Some(5), ..need(NeedKind::Frail) }),
        Entry::Need(Need::no(NeedKind::AskedInjuryOrFever)),
        Entry::Need(Need { note: note("キウイ"), ..need(NeedKind::AllergyOther) }),
        Entry::Help(Help::Cooking, YesNo::Yes, None),
        Entry::Help(Help::Interpreter, YesNo::Yes, note("ポルトガル語")),
        Entry::Consent(ConsentItem::Place, Circle::LivingTogether, YesNo::Yes),
        Entry::Consent(ConsentItem::Place, Circle::Everybody, YesNo::No),
        Entry::Proxy(
            ProxyPurpose::Goods,
            Proxy { name: PersonalText::new("浜田 健"), person: Some(PERSON), until },
        ),
        Entry::Cleared(Field::Need(NeedKind::Wheelchair)),
    ]
}

#[test]
fn everything_comes_back_in_the_order_of_its_tags() {
    let mut entries = everything();
    let written = patch(entries.clone());
    let bytes = written.to_bytes();
    assert_eq!(ProfilePatch::from_bytes(&bytes), Ok(written.clone()));
    entries.sort_by_key(|entry| entry.field().tag());
    assert_eq!(written.entries(), entries);
    for end in 0..bytes.len() {
        let cut = ProfilePatch::from_bytes(&bytes[..end]);
        assert!(cut.is_err() || cut.is_ok_and(|cut| cut.entries().len() < entries.len()), "cut at {end}");
    }
    assert_eq!(format!("{written:?}"), "ProfilePatch(22 entries, hidden)");
}

#[test]
fn what_a_newer_version_wrote_is_kept_and_said() {
    // A sex with an unknown code; a house damage with something after it; a need with an unknown bit; a
    // need of an unknown kind; an unknown field.
    let need = Field::Need(NeedKind::Oxygen).tag();
    assert_eq!((need & 0x7f, need >> 7), (0x0c, 5));
    let bytes = [
        &[1_u8, 9, 1, 77, 11, 2, 1, 0][..],
        &[0x8c, 5, 3, 0x81, 1, 2],
        &[0xcc, 0x3f, 1, 1],
        &[0xff, 0x7f, 2, 3, 4],
    ];
    let read = ProfilePatch::from_bytes(&bytes.concat()).unwrap();
    assert_eq!(read.to_bytes(), bytes.concat());
    let profile = merge([(Hlc::default(), RECORD, read)]);
    let newer: Vec<_> = profile.newer().collect();
    assert_eq!(newer[..3], [Field::Sex, Field::HouseDamage, Field::Need(NeedKind::Oxygen)]);
    assert!(newer[3..].iter().all(|field| matches!(field, Field::Newer(_))), "{newer:?}");
    assert_eq!((newer.len(), profile.needs().count()), (5, 0));
}

#[test]
fn other_bytes_are_refused_and_say_why() {
    let name = |value: &str| [&[1, 1, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
    let refused = |bytes: &[u8]| ProfilePatch::from_bytes(bytes).unwrap_err();
    let of_text = |problem| BadPatch::Text { field: Field::Text(TextField::Name), problem };
    assert_eq!(refused(&[]), BadPatch::Malformed);
    assert_eq!(refused(&[2, 1, 0]), BadPatch::OtherForm { form: 2 });
    assert_eq!(refused(&[1]), BadPatch::Empty);
    assert_eq!(refused(&[1, 9, 1, 1, 1, 1, b'a']), BadPatch::Malformed, "the tags go down");
    assert_eq!(refused(&[1, 9, 1, 1, 9, 1, 2]), BadPatch::Twice { field: Field::Sex });
    assert_eq!(refused(&[1, 0x89, 0, 1, 1]), BadPatch::Malformed, "a tag in a longer form");
    assert_eq!(refused(&[1, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]), BadPatch::Malformed, "a tag over 32 bits");
    assert_eq!(refused(&[1, 1, 200, b'a']), BadPatch::Malformed);
    assert_eq!(refused(&name("123456789018")), of_text(BadText::MyNumber));
    assert_eq!(refused(&name("a\u{7}")), of_text(BadText::ControlCharacter));
    assert_eq!(refused(&[1; LONGEST_PATCH + 1]), BadPatch::TooLong { bytes: LONGEST_PATCH + 1 });
    let note = Entry::Stay(StayForm::Car, note("1234 5678 9018"));
    let problem = BadText::MyNumber;
    assert_eq!(ProfilePatch::new([note]), Err(BadPatch::Text { field: Field::Stay, problem }));
    let twice = [text(TextField::Name, "a"), Entry::Cleared(Field::Text(TextField::Name))];
    assert_eq!(ProfilePatch::new(twice), Err(BadPatch::Twice { field: Field::Text(TextField::Name) }));
    let long = TextField::ALL.map(|field| text(field, &"長".repeat(200)));
    assert!(matches!(ProfilePatch::new(long), Err(BadPatch::TooLong { bytes: 4_200.. })));
    assert_eq!(ProfilePatch::new([]), Err(BadPatch::Empty));
    let printed = format!("{:?} {}", refused(&name("浜田\n")), refused(&name("浜田\n")));
    assert!(!printed.contains("浜田"), "{printed}");
}

#[test]
fn two_cut_off_boxes_write_different_fields_and_the_latest_word_on_each_counts() {
    let at = |number| (Hlc::from_packed(number), RecordId::from_bytes([100 - number as u8; 16]));
    let gym = [
        (at(10), patch([text(TextField::Name, "浜田 花子"), text(TextField::Phone, "0838-1")])),
        (at(30), patch([Entry::Need(Need::yes(NeedKind::Oxygen))])),
    ];
    let hall = [
        (at(20), patch([text(TextField::Phone, "0838-2"), Entry::Need(Need::no(NeedKind::Oxygen))])),
        (at(25), patch([Entry::Cleared(Field::Text(TextField::Phone)), Entry::Sex(Sex::Female)])),
    ];
    let all = gym.into_iter().chain(hall).map(|((at, record), patch)| (at, record, patch));
    let profile = merge(all);
    assert_eq!(profile.text(TextField::Name).unwrap().expose(), "浜田 花子");
    assert_eq!(profile.text(TextField::Phone), None, "cleared by the latest word");
    assert_eq!(profile.fields().count(), 4);
    assert_eq!(profile.needs().map(|need| need.answer).collect::<Vec<_>>(), [YesNo::Yes]);
    assert_eq!(profile.entry(Field::Sex), Some(&Entry::Sex(Sex::Female)));
    assert_eq!(format!("{profile:?}"), "Profile(4 fields, hidden)");
}

#[test]
fn a_sealed_patch_opens_for_its_person_and_record_with_its_key_only() {
    let key = PersonKey::new([7; 32]);
    let written = patch(everything());
    let sealed = key.seal(&written, PERSON, RECORD, [9; NONCE]).unwrap();
    assert_eq!(key.open(&sealed, PERSON, RECORD), Ok(written.clone()));
    assert_eq!(sealed_by(&sealed), Some(key.id()));
    let other = PersonId::from_bytes([4; 16]);
    assert_eq!(key.open(&sealed, other, RECORD), Err(KeyError::Refused));
    assert_eq!(key.open(&sealed, PERSON, RecordId::from_bytes([1; 16])), Err(KeyError::Refused));
    assert_eq!(PersonKey::new([8; 32]).open(&sealed, PERSON, RECORD), Err(KeyError::OtherKey));
    for place in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[place] ^= 1;
        assert!(key.open(&bent, PERSON, RECORD).is_err(), "bent at {place}");
        assert!(key.open(&sealed[..place], PERSON, RECORD).is_err(), "cut at {place}");
    }
    assert_eq!(key.open(&[0; 3_000], PERSON, RECORD), Err(KeyError::Malformed));
    let name = "浜田 花子".as_bytes();
    assert!(written.to_bytes().windows(name.len()).any(|part| part == name));
    assert!(!sealed.windows(name.len()).any(|part| part == name));
    assert_eq!(format!("{key:?}"), "PersonKey(hidden)");
}

#[test]
fn lengths_of_sealed_patches_go_up_in_steps_and_the_longest_patch_can_be_sealed() {
    let key = PersonKey::new([7; 32]);
    let length = |value: usize| {
        let written = patch([text(TextField::Name, &"a".repeat(value))]);
        key.seal(&written, PERSON, RECORD, [9; NONCE]).unwrap().len()
    };
    assert_eq!([1, 59, 60, 123, 124].map(length), [100, 100, 164, 164, 228]);
    let full = (0..4).map(|number| {
        let name = PersonalText::new("a".repeat(if number == 3 { 221 } else { 600 }));
        Entry::Contact(number, Contact { name, relation: None, reached_by: None })
    });
    let full = patch(full);
    assert_eq!(full.to_bytes().len(), LONGEST_PATCH);
    let sealed = key.seal(&full, PERSON, RECORD, [9; NONCE]).unwrap();
    assert_eq!(key.open(&sealed, PERSON, RECORD), Ok(full));
}

#[test]
fn a_wrapped_key_opens_for_its_person_in_its_incident_only() {
    let key = PersonKey::new([7; 32]);
    let incident = IncidentKey::new(INCIDENT, [5; 32]);
    let wrapped = incident.wrap(PERSON, &key, [6; NONCE]).unwrap();
    assert_eq!(incident.unwrap(PERSON, &wrapped).unwrap().id(), key.id());
    assert_eq!(wrapped.key_id(), key.id());
    assert!(!wrapped.as_bytes().windows(8).any(|part| part == [7; 8]));
    let refused = |incident: &IncidentKey, person, wrapped: &WrappedKey| {
        assert!(matches!(incident.unwrap(person, wrapped), Err(KeyError::Refused)));
    };
    refused(&incident, PersonId::from_bytes([2; 16]), &wrapped);
    refused(&IncidentKey::new(IncidentId::from_bytes([9; 16]), [5; 32]), PERSON, &wrapped);
    refused(&IncidentKey::new(INCIDENT, [4; 32]), PERSON, &wrapped);
    for place in 0..WrappedKey::LENGTH {
        let mut bent = *wrapped.as_bytes();
        bent[place] ^= 1;
        refused(&incident, PERSON, &WrappedKey::from_bytes(&bent).unwrap());
    }
    assert_eq!(WrappedKey::from_bytes(&[0; 67]), None);
    let shown = format!("{incident:?} {wrapped:?}");
    assert_eq!(shown, format!("IncidentKey({INCIDENT}, hidden) WrappedKey(hidden)"));
}

/// What the seal costs; printed with `cargo test -p hinamori-profile -- --nocapture`.
#[test]
fn a_usual_patch_is_small() {
    let usual = patch([
        text(TextField::Name, "浜田 花子"),
        text(TextField::Kana, "はまだ はなこ"),
        Entry::Need(Need { due_by: Some(UnixMillis::new(1_791_730_800_000)), ..Need::yes(NeedKind::Oxygen) }),
        Entry::Need(Need { degree: Some(5), ..Need::yes(NeedKind::Frail) }),
        Entry::Need(Need::yes(NeedKind::AllergyEgg)),
    ]);
    let clear = usual.to_bytes().len();
    let sealed = PersonKey::new([7; 32]).seal(&usual, PERSON, RECORD, [9; NONCE]).unwrap().len();
    println!("name, kana and three needs: {clear} bytes in clear, {sealed} sealed");
    assert!(clear <= 64 && sealed <= 164);
}

fn any_text() -> impl Strategy<Value = PersonalText> {
    "[ぁ-んa-z]{1,12}".prop_map(PersonalText::new)
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let any_need = (
        proptest::sample::select(NeedKind::ALL),
        proptest::sample::select(YesNo::ALL),
        proptest::option::of(any::<u8>()),
        proptest::option::of(any::<u64>().prop_map(UnixMillis::new)),
        proptest::option::of(any_text()),
    );
    prop_oneof![
        (proptest::sample::select(&TextField::ALL[..]), any_text())
            .prop_map(|(field, text)| Entry::Text(field, text)),
        any_need.prop_map(|(kind, answer, degree, due_by, note)| {
            Entry::Need(Need { kind, answer, degree, due_by, note })
        }),
        (0..3_u16, any_text(), proptest::option::of(any_text())).prop_map(|(key, name, relation)| {
            Entry::Contact(key, Contact { name, relation, reached_by: None })
        }),
        proptest::sample::select(Sex::ALL).prop_map(Entry::Sex),
        proptest::sample::select(&TextField::ALL[..]).prop_map(|field| Entry::Cleared(Field::Text(field))),
    ]
}

fn any_patch() -> impl Strategy<Value = ProfilePatch> {
    vec(any_entry(), 1..6).prop_map(|entries| {
        let one_each: BTreeMap<_, _> =
            entries.into_iter().map(|entry| (entry.field().tag(), entry)).collect();
        patch(one_each.into_values())
    })
}

proptest! {
    #[test]
    fn patches_merge_to_the_same_in_any_order_and_however_often(
        // Few clocks and records, so that ties are usual.
        patches in vec((0..4_u64, 0..3_u8, any_patch()), 0..12),
        order in any::<proptest::sample::Index>(),
    ) {
        let patches: Vec<_> = patches
            .into_iter()
            .map(|(at, record, patch)| (Hlc::from_packed(at), RecordId::from_bytes([record; 16]), patch))
            .collect();
        let once = merge(patches.clone());
        let mut other = patches.clone();
        other.reverse();
        if !other.is_empty() {
            let by = order.index(other.len());
            other.rotate_left(by);
        }
        other.extend(patches);
        prop_assert_eq!(merge(other), once);
    }

    #[test]
    fn patches_come_back(written in any_patch()) {
        prop_assert_eq!(ProfilePatch::from_bytes(&written.to_bytes()), Ok(written));
    }

    #[test]
    fn whatever_bytes_come_they_are_refused_or_have_one_form(mut bytes in vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        if let Ok(read) = ProfilePatch::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
        }
    }

    #[test]
    fn a_bent_patch_is_refused_or_has_one_form(
        written in any_patch(),
        bends in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = written.to_bytes();
        for (place, byte) in bends {
            let length = bytes.len();
            bytes[place.index(length)] = byte;
        }
        if let Ok(read) = ProfilePatch::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
            prop_assert_eq!(ProfilePatch::new(read.entries().iter().cloned()), Ok(read));
        }
    }
}
