//! What a box wrote of a person, after its seal was opened.

use hinamori_model::{
    Circle, ConsentItem, Hlc, NeedKind, PersonId, PersonalText, ProxyPurpose, RecordId, Sex, StayForm,
    UnixMillis, YesNo,
};
use hinamori_profile::{
    Contact, Entry, Field, Need, PersonKey, ProfilePatch, Proxy, TextField, merge, nurse_order,
};

const PERSON: PersonId = PersonId::from_bytes([1; 16]);
const RECORD: RecordId = RecordId::from_bytes([2; 16]);

pub(crate) fn run(bytes: &[u8]) {
    let key = PersonKey::new([3; 32]);
    assert!(key.open(bytes, PERSON, RECORD).is_err(), "nobody guesses a seal");
    let Ok(patch) = ProfilePatch::from_bytes(bytes) else { return };
    assert!(patch.to_bytes() == bytes, "a patch has two forms");
    let again = ProfilePatch::new(patch.entries().iter().rev().cloned());
    assert!(again.as_ref() == Ok(&patch), "a patch is another one when it is made of its entries");
    let sealed = key.seal(&patch, PERSON, RECORD, [4; hinamori_profile::NONCE]);
    let opened = sealed.and_then(|sealed| key.open(&sealed, PERSON, RECORD));
    assert!(opened.as_ref() == Ok(&patch), "a patch is another one when it was sealed");
    let profile = merge([(Hlc::default(), RECORD, patch.clone()), (Hlc::default(), RECORD, patch.clone())]);
    assert!(profile.fields().map(|written| &written.entry).eq(patch.entries()), "a profile is another one");
    let needs: Vec<_> = profile.needs().cloned().collect();
    assert!(nurse_order([(PERSON, needs.as_slice())], UnixMillis::new(0)).len() <= 1);
}

pub(crate) fn seeds() -> crate::Seeds {
    let text = |text: &str| PersonalText::new(text);
    let until = Some(UnixMillis::new(1_791_730_800_000));
    let oxygen =
        Need { degree: Some(2), due_by: until, note: Some(text("2L")), ..Need::yes(NeedKind::Oxygen) };
    let contact =
        Contact {
            name: text("浜田 健"), relation: Some(text("長男")), reached_by: Some(text("0838-8-1"))
        };
    let entries = [
        Entry::Text(TextField::Name, text("浜田 花子")),
        Entry::Sex(Sex::Female),
        Entry::Stay(StayForm::Car, Some(text("山口 500"))),
        Entry::Need(oxygen),
        Entry::Need(Need::no(NeedKind::AskedNotAlone)),
        Entry::Consent(ConsentItem::Place, Circle::Everybody, YesNo::No),
        Entry::Proxy(ProxyPurpose::Goods, Proxy { name: text("浜田 健"), person: Some(PERSON), until }),
        Entry::Contact(500, contact),
        Entry::Cleared(Field::HouseDamage),
    ];
    let full = ProfilePatch::new(entries).map(|patch| patch.to_bytes()).unwrap_or_default();
    // A sex with an unknown code, a need with an unknown bit, an unknown field.
    let newer = vec![1, 9, 1, 77, 0x8c, 5, 3, 0x81, 1, 2, 0xff, 0x7f, 2, 3, 4];
    vec![("seed-full", full), ("seed-newer", newer)]
}
