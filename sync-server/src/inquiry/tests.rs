use super::*;
use hinamori_sync::town::{Person, TownSecret};

fn person(number: u8, name: &str, kana: &str, address: &str, birth: (u16, u8, u8)) -> Person {
    let (year, month, day) = birth;
    Person {
        kana: PersonalText::new(kana),
        address: PersonalText::new(address),
        birth: Some(CalendarDate::new(year, month, day).unwrap().into()),
        sex: Sex::Female,
        ..Person::named(PersonId::from_bytes([number; 16]), PersonalText::new(name))
    }
}

fn town() -> Vec<Person> {
    vec![
        person(1, "浜田 花子", "ハマダ ハナコ", "徳島県汐見町浜103番地", (1948, 3, 11)),
        person(2, "浜田 花子", "ハマダ ハナコ", "徳島県汐見町西浜5", (1990, 1, 2)),
        person(3, "磯崎 トメ", "イソザキ トメ", "汐見町浜7", (1940, 5, 6)),
        person(4, "磯崎 トメ", "イソザキ トメ", "汐見町奥8", (1940, 5, 6)),
    ]
}

fn visitors() -> Vec<Person> {
    vec![
        person(11, "堺 進", "サカイ ススム", "", (1970, 2, 3)),
        person(12, "浜田 花子", "", "", (1990, 1, 2)),
        Person { birth: None, ..person(13, "", "ハマダ ハナコ", "大阪府堺市1-2", (1990, 1, 2)) },
    ]
}

fn sought(name: &str, address: &str, birth: &str) -> Sought {
    let text = |text: &str| (!text.is_empty()).then(|| PersonalText::new(text));
    Sought { name: PersonalText::new(name), address: text(address), birth: text(birth), sex: None }
}

fn found(sought: &Sought) -> Option<u8> {
    let of = |people: &[Person]| SoughtIndex::build(people, &TownSecret([1; 32]));
    of(&town()).find(&of(&visitors()), sought).map(|person| person.as_bytes()[0])
}

#[test]
fn a_name_with_a_birth_date_or_an_address_is_one_person() {
    assert_eq!(found(&sought("浜田花子", "", "1948-03-11")), Some(1));
    assert_eq!(found(&sought("はまだ　はなこ", "", "1990-1-2")), Some(2));
    assert_eq!(found(&sought("堺 進", "", "1970-02-03")), Some(11), "on no roster");
    assert_eq!(found(&sought("浜田 花子", "", "1990-01-02")), None, "one of the roster and a visitor");
    assert_eq!(found(&sought("はまだ はなこ", "大阪府堺市1-2", "")), Some(13), "by the reading alone");
    assert_eq!(found(&sought("浜田 花子", "汐見町浜１０３", "")), Some(1), "without the prefecture");
    assert_eq!(
        found(&sought("磯崎トメ", "徳島県汐見町浜7番地", "")),
        Some(3),
        "with a prefecture that the roster leaves out"
    );
    assert_eq!(found(&sought("磯崎トメ", "", "1940-05-06")), None, "two people");
    assert_eq!(found(&sought("磯崎トメ", "汐見町奥8", "")), Some(4));
}

#[test]
fn a_part_of_a_name_another_day_or_another_place_is_nobody() {
    for (name, address, birth) in [
        ("浜田", "", "1948-03-11"),
        ("浜田 花", "", "1948-03-11"),
        ("浜田 花子", "", "1948-03-12"),
        ("浜田 花子", "高知県岬町浜103", ""),
        ("浜田 花子", "汐見町", ""),
        ("山川 海", "汐見町浜103", "1948-03-11"),
    ] {
        assert_eq!(found(&sought(name, address, birth)), None, "{address}{birth}");
    }
    let man = Sought { sex: Some(Sex::Male), ..sought("浜田 花子", "", "1948-03-11") };
    assert_eq!(found(&man), None);
}

const GOOD: &str = r#"{"clerk":"岬 一郎","inquirer":{"name":"浜田 次郎","address":"大阪府堺市1-2","reason":"安否を知りたい",
    "identity_document":"運転免許証","relation":"relative"},"sought":{"name":"浜田 花子","birth":"1948-03-11"}}"#;

#[test]
fn an_inquiry_that_lacks_something_or_carries_a_my_number_is_refused_without_a_quote() {
    assert!(Inquiry::read(GOOD.as_bytes()).is_ok());
    let refused = |from: &str, to: &str| Inquiry::read(GOOD.replace(from, to).as_bytes()).unwrap_err();
    assert_eq!(refused("運転免許証", ""), BadInquiry::Missing("the identity document"));
    assert_eq!(
        refused(r#","birth":"1948-03-11""#, ""),
        BadInquiry::Missing("the birth date or the address of the person asked after")
    );
    assert_eq!(refused("1948-03-11", "1948-02-30"), BadInquiry::BirthDate);
    assert_eq!(refused("relative", "friend"), BadInquiry::Form);
    assert_eq!(refused("安否を知りたい", &"長".repeat(LONGEST_FIELD + 1)), BadInquiry::TooLong("the reason"));
    assert_eq!(
        refused("運転免許証", "個人番号カード 123456789018"),
        BadInquiry::MyNumber("the identity document")
    );
    assert_eq!(Inquiry::read(&vec![b' '; LONGEST_INQUIRY + 1]).unwrap_err(), BadInquiry::Form);
    let printed = format!("{:?}", Inquiry::read(GOOD.as_bytes()).unwrap());
    assert!(!printed.contains("浜田") && !printed.contains("堺"), "{printed}");
}

#[test]
fn the_log_s_name_for_somebody_is_the_same_for_the_same_question_and_tells_nothing() {
    let index = SoughtIndex::build(&town(), &TownSecret([1; 32]));
    let one = index.pseudonym(&sought("浜田 花子", "", "1948-03-11"));
    assert_eq!(one, index.pseudonym(&sought("浜田花子", "", "1948-03-11")));
    assert_ne!(one, index.pseudonym(&sought("浜田 花子", "", "1948-03-12")));
    let other_town = SoughtIndex::build(&town(), &TownSecret([2; 32]));
    assert_ne!(one, other_town.pseudonym(&sought("浜田 花子", "", "1948-03-11")));
}
