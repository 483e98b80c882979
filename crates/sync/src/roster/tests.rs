use super::*;
use hinamori_model::{BindingAssurance, HouseholdId, PersonalText, TokenKind};
use proptest::prelude::*;

const SECRET: TownSecret = TownSecret([7; 32]);

/// Somebody of a district, without a household.
pub(crate) fn person(number: u32, district: &str) -> Person {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    Person {
        district: district.to_owned(),
        group: "二班".to_owned(),
        kana: PersonalText::new("ハマダ ハナコ"),
        ..Person::named(PersonId::from_bytes(id), PersonalText::new("浜田 花子"))
    }
}

fn card(of: &Person) -> Card {
    Card {
        kind: TokenKind::Uid,
        identity: of.id.as_bytes()[..8].to_vec(),
        person: of.id,
        binding: BindingAssurance::MatchedByStaff,
        application_key: Some(vec![4; 20]),
        stopped: None,
    }
}

/// So many people in two districts, three to a household, each with a card.
fn town(people: u32) -> Directory {
    let household = |number: u32| HouseholdId::from_bytes(u128::from(number / 3).to_be_bytes());
    let district = |number: u32| if (number / 3).is_multiple_of(5) { "磯町" } else { "浜町" };
    let people: Vec<Person> = (0..people)
        .map(|number| Person { household: Some(household(number)), ..person(number, district(number)) })
        .collect();
    let cards = people.iter().map(card).collect();
    Directory { people, cards }
}

fn opened(parts: &[(PartHead, Vec<u8>)]) -> Vec<Directory> {
    parts.iter().map(|(head, sealed)| open_part(head, sealed).unwrap()).collect()
}

#[test]
fn everybody_is_in_one_part_with_the_household_and_the_cards() {
    let town = town(4_000);
    let parts = cut(&town, &SECRET).unwrap();
    assert_eq!(parts.len(), 2 + 8, "800 people, and 3,200");
    let mut seen = BTreeSet::new();
    let mut households = BTreeSet::new();
    for ((head, sealed), content) in parts.iter().zip(opened(&parts)) {
        assert!(content.people.iter().all(|person| person.district == head.district));
        assert!((200..=600).contains(&head.people), "{}", head.people);
        assert_eq!((content.cards.len(), sealed.len()), (content.people.len(), head.length as usize));
        assert!(content.people.iter().all(|person| seen.insert(person.id)));
        let here: BTreeSet<_> = content.people.iter().map(|person| person.household).collect();
        assert!(here.into_iter().all(|household| households.insert(household)), "a household is cut");
    }
    assert_eq!(seen.len(), 4_000);
    assert!(!parts.iter().any(|(_, sealed)| sealed.windows(6).any(|bytes| bytes == "浜田".as_bytes())));
}

#[test]
fn the_same_people_give_the_same_bytes_and_one_change_changes_one_part() {
    let town = town(3_000);
    let parts = cut(&town, &SECRET).unwrap();
    let mut reordered = town.clone();
    reordered.cards.reverse();
    // Households in another order; their members stay as they were.
    reordered.people.sort_by_key(|person| std::cmp::Reverse(person.household));
    assert_eq!(cut(&reordered, &SECRET).unwrap(), parts);
    let mut changed = town.clone();
    changed.people[77].hidden = true;
    let others = cut(&changed, &SECRET).unwrap();
    let different = parts.iter().zip(&others).filter(|(one, other)| one.0.digest != other.0.digest);
    assert_eq!((different.count(), others.len()), (1, parts.len()));
    let elsewhere = cut(&town, &TownSecret([8; 32])).unwrap();
    assert!(parts.iter().zip(&elsewhere).all(|(one, other)| one.0.key != other.0.key && one.1 != other.1));
}

#[test]
fn bent_cut_and_foreign_bytes_are_no_part() {
    let parts = cut(&town(4), &SECRET).unwrap();
    let (head, sealed) = &parts[0];
    for place in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[place] ^= 1;
        assert_eq!(open_part(head, &bent), Err(NotThePart::OtherBytes), "{place}");
        assert_eq!(open_part(head, &sealed[..place]), Err(NotThePart::OtherBytes), "cut at {place}");
        // Also when a package named the bent bytes.
        let named = PartHead { digest: digest_of(&bent), ..head.clone() };
        assert_eq!(open_part(&named, &bent), Err(NotThePart::Unreadable), "{place}");
    }
    assert_eq!(open_part(&parts[1].0, sealed), Err(NotThePart::OtherBytes));
    let more = PartHead { people: head.people + 1, ..head.clone() };
    assert_eq!(open_part(&more, sealed), Err(NotThePart::Unreadable));
    for content in [
        Directory { people: vec![person(1, ""), person(1, "")], cards: Vec::new() },
        Directory { people: vec![person(1, "")], cards: vec![card(&person(2, ""))] },
    ] {
        let (head, sealed) = seal("", &content, &SECRET).unwrap();
        assert_eq!(
            open_part(&head, &sealed),
            Err(NotThePart::Unreadable),
            "nobody may be there twice or missing"
        );
    }
}

#[test]
fn registers_that_make_no_parts_are_refused() {
    let nobody = Directory { people: Vec::new(), cards: vec![card(&person(1, ""))] };
    assert_eq!(cut(&nobody, &SECRET), Err(NotCut::CardOfNobody));
    let twice = Directory { people: vec![person(1, "浜町"), person(1, "磯町")], cards: Vec::new() };
    assert_eq!(cut(&twice, &SECRET), Err(NotCut::Twice));
    let long = Person { name: PersonalText::new("あ".repeat(LONGEST_PART / 3)), ..person(1, "") };
    let alone = Directory { people: vec![long], cards: Vec::new() };
    assert_eq!(cut(&alone, &SECRET), Err(NotCut::HouseholdTooLong));
    let wordy = |number| Person { name: PersonalText::new("あ".repeat(20_000)), ..person(number, "") };
    let wordy = Directory { people: (0..200).map(wordy).collect(), cards: Vec::new() };
    assert!(cut(&wordy, &SECRET).unwrap().len() > 1, "long texts give more parts");
    let many = (0..=u32::try_from(MOST_PARTS).unwrap()).map(|number| person(number, &number.to_string()));
    assert_eq!(cut(&Directory { people: many.collect(), cards: Vec::new() }, &SECRET), Err(NotCut::TooMany));
    assert_eq!(cut(&Directory::default(), &SECRET), Ok(Vec::new()));
}

proptest! {
    #[test]
    fn no_bytes_under_a_good_key_stop_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let key = key_of(&bytes, &SECRET);
        let mut sealed = bytes;
        cipher(&key).unwrap().seal_in_place_append_tag(nonce(), aead::Aad::empty(), &mut sealed).unwrap();
        let length = u32::try_from(sealed.len()).unwrap();
        let head = PartHead { district: String::new(), digest: digest_of(&sealed), length, people: 1, key };
        prop_assert!(open_part(&head, &sealed).is_err());
    }
}
