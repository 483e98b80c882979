//! The directory as its two ends use it: one loads and unloads parts, the other reads meanwhile.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::path::Path;

use hinamori_model::{
    BindingAssurance, CardKey, HouseholdId, PersonId, PersonalText, TokenKind, TownKey, UnixMillis,
};
use hinamori_store_sqlite::{Directory, DirectoryParts, StoreError};
use hinamori_sync::town::{self, Card, Person, TownSecret};
use hinamori_sync::{PartHead, cut};

const SECRET: TownSecret = TownSecret([7; 32]);

fn key() -> TownKey {
    TownKey::new([7; 32])
}

fn id(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn person(number: u8, district: &str, household: Option<u8>) -> Person {
    Person {
        household: household.map(|household| HouseholdId::from_bytes([household; 16])),
        district: district.to_owned(),
        group: "二班".to_owned(),
        kana: PersonalText::new("ハマダ"),
        relation: PersonalText::new("妻"),
        ..Person::named(id(number), PersonalText::new(format!("浜田{number}")))
    }
}

fn card(of: u8) -> Card {
    Card {
        kind: TokenKind::Uid,
        identity: vec![of; 7],
        person: id(of),
        binding: BindingAssurance::MatchedByStaff,
        application_key: Some(vec![1, of]),
        stopped: None,
    }
}

fn card_key(of: u8) -> CardKey {
    key().card_key(TokenKind::Uid, &[of; 7])
}

/// The one part that these people make.
fn part(people: Vec<Person>, cards: Vec<Card>) -> (PartHead, town::Directory) {
    let town = town::Directory { people, cards };
    let mut parts = cut(&town, &SECRET).unwrap();
    assert_eq!(parts.len(), 1);
    (parts.remove(0).0, town)
}

fn opened(folder: &Path) -> (DirectoryParts, Directory) {
    let path = folder.join("directory.sqlite");
    let parts = DirectoryParts::open(&path).unwrap();
    (parts, Directory::open(&path).unwrap())
}

fn is_whole(parts: &DirectoryParts, head: &PartHead) -> bool {
    parts.loaded().unwrap().iter().any(|part| part.digest == head.digest && part.is_whole)
}

fn ids(people: &[Person]) -> Vec<PersonId> {
    people.iter().map(|person| person.id).collect()
}

#[test]
fn what_is_loaded_is_read_in_the_town_s_order() {
    let folder = tempfile::tempdir().unwrap();
    let (mut parts, directory) = opened(folder.path());
    let people = vec![
        person(2, "浜町", Some(8)),
        Person { watch: true, ..person(1, "浜町", Some(8)) },
        Person { hidden: true, ..person(3, "浜町", None) },
        Person { group: "一班".to_owned(), ..person(4, "浜町", None) },
    ];
    let stopped = Card { stopped: Some(UnixMillis::new(5)), application_key: None, ..card(3) };
    let (head, content) = part(people.clone(), vec![card(1), stopped]);
    parts.load(&[(&head, content.clone())], &key()).unwrap();

    let known = directory.card(card_key(1)).unwrap().unwrap();
    assert_eq!((known.person, known.binding, known.stopped), (id(1), BindingAssurance::MatchedByStaff, None));
    assert_eq!(directory.card(card_key(3)).unwrap().unwrap().stopped, Some(UnixMillis::new(5)));
    assert_eq!(directory.card(card_key(2)).unwrap(), None);
    let derived = key().person_of_unknown_card(card_key(3));
    assert_eq!(directory.owner_of_derived(derived).unwrap().map(|(owner, _)| owner), Some(id(3)));
    assert_eq!(directory.owner_of_derived(id(3)).unwrap(), None);
    assert_eq!(directory.person(id(4)).unwrap().as_ref(), people.last());
    assert_eq!(ids(&directory.household(HouseholdId::from_bytes([8; 16])).unwrap()), [id(2), id(1)]);
    assert_eq!(ids(&directory.watched().unwrap()), [id(1)]);
    assert_eq!(directory.hidden().unwrap(), [id(3)].into());
    assert_eq!([1, 3, 9].map(|who| directory.is_hidden(id(who)).unwrap()), [false, true, false]);
    assert_eq!(ids(&directory.group("浜町", "二班").unwrap()), [id(3), id(2), id(1)]);
    assert_eq!(ids(&directory.group("磯町", "二班").unwrap()), []);
    let districts: Vec<_> = directory.groups().unwrap().into_iter().map(|(district, ..)| district).collect();
    assert_eq!(districts.first().map(String::as_str), Some("浜町"));
    let mut everybody = Vec::new();
    directory.for_each_person(|person| everybody.push(person.id)).unwrap();
    assert_eq!(everybody, [1, 2, 3, 4].map(id));
    let keys = parts.application_keys().unwrap();
    assert_eq!(keys.into_iter().collect::<Vec<_>>(), [(card_key(1), [1, 1].into())]);
    assert_eq!(parts.people().unwrap(), 4);
    parts.load(&[(&head, content)], &key()).unwrap();
    assert_eq!((parts.people().unwrap(), parts.loaded().unwrap().len()), (4, 1), "twice is once");
}

#[test]
fn who_moves_between_parts_is_neither_lost_nor_there_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (mut parts, directory) = opened(folder.path());
    let (hama, hama_content) =
        part(vec![person(1, "浜町", None), person(2, "浜町", None)], vec![card(1), card(2)]);
    parts.load(&[(&hama, hama_content.clone())], &key()).unwrap();
    // One of the two moves and changes the card; nobody of 浜町 is left in its old part.
    let moved = Card { identity: vec![9; 7], ..card(1) };
    let (iso, iso_content) = part(vec![person(1, "磯町", None), person(3, "磯町", None)], vec![moved]);
    parts.load(&[(&iso, iso_content.clone())], &key()).unwrap();
    assert_eq!(directory.person(id(1)).unwrap().unwrap().district, "磯町");
    assert_eq!((parts.people().unwrap(), parts.loaded().unwrap().len()), (3, 2));
    let whole = |parts: &DirectoryParts| -> Vec<bool> {
        [&hama, &iso].iter().map(|head| is_whole(parts, head)).collect()
    };
    assert_eq!(whole(&parts), [false, true]);
    parts.load(&[(&hama, hama_content)], &key()).unwrap();
    assert_eq!(whole(&parts), [true, false], "the town changed its mind");
    parts.load(&[(&iso, iso_content)], &key()).unwrap();
    assert!(directory.card(card_key(1)).unwrap().is_some(), "the old card counts until its part goes");
    parts.unload(&[hama.digest]).unwrap();
    assert_eq!([1, 2, 3].map(|who| directory.person(id(who)).unwrap().is_some()), [true, false, true]);
    assert_eq!([1, 2, 9].map(|who| directory.card(card_key(who)).unwrap().is_some()), [false, false, true]);
    let loaded = parts.loaded().unwrap();
    assert_eq!(loaded.iter().map(|part| part.digest).collect::<Vec<_>>(), [iso.digest]);
    parts.unload(&[hama.digest]).unwrap();
    assert_eq!(parts.people().unwrap(), 2, "what is not loaded is not unloaded");
}

/// Everybody whose name stands anywhere in the folder's files, by the number in it.
fn named_in(folder: &Path) -> BTreeSet<u32> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    let number_of = |text: &[u8]| -> Option<u32> { std::str::from_utf8(text.get(6..11)?).ok()?.parse().ok() };
    let mut found = BTreeSet::new();
    for bytes in files {
        let begins = (0..bytes.len()).filter(|place| bytes[*place..].starts_with("浜田".as_bytes()));
        found.extend(begins.filter_map(|place| number_of(&bytes[place..])));
    }
    found
}

#[test]
fn nothing_of_an_unloaded_part_is_left_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let (mut parts, directory) = opened(folder.path());
    let of = |district: &str, numbers: std::ops::Range<u32>, called: u32| {
        let person = |number: u32| Person {
            id: PersonId::from_bytes(
                (u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)).to_be_bytes(),
            ),
            name: PersonalText::new(format!(
                "浜田{:05}{}",
                number + called,
                "郎".repeat(number as usize % 9)
            )),
            ..person(1, district, None)
        };
        part(numbers.map(person).collect(), Vec::new())
    };
    // By turns one that stays and one that goes; then the first people are called otherwise.
    let loaded: Vec<_> = (0..30)
        .map(|turn| of(if turn % 2 == 0 { "浜町" } else { "磯町" }, turn * 40..(turn + 1) * 40, 0))
        .collect();
    for (head, content) in &loaded {
        parts.load(&[(head, content.clone())], &key()).unwrap();
    }
    let (renamed, content) = of("浜町", 0..40, 50_000);
    parts.load(&[(&renamed, content)], &key()).unwrap();
    assert!(!parts.is_unwiped().unwrap());
    let named = named_in(folder.path());
    assert!((0..1_200).all(|number| named.contains(&number)));
    let goes = loaded.iter().enumerate().filter(|(turn, _)| *turn == 0 || turn % 2 == 1);
    let goes: Vec<_> = goes.map(|(_, (head, _))| head.digest).collect();
    goes.iter().for_each(|digest| parts.unload(&[*digest]).unwrap());
    assert!(parts.is_unwiped().unwrap());
    // Somebody reads just then.
    let mut tries = Vec::new();
    directory
        .for_each_person(|_| {
            if tries.is_empty() {
                tries.push(parts.cut_log().unwrap());
            }
        })
        .unwrap();
    assert_eq!(tries, [false]);
    assert!(parts.wipe().unwrap() && !parts.is_unwiped().unwrap());
    let stay = (0..1_200).filter(|number| *number >= 40 && number / 40 % 2 == 0);
    let stay: BTreeSet<u32> = stay.chain(50_000..50_040).collect();
    let left: Vec<u32> = named_in(folder.path()).difference(&stay).copied().collect();
    assert_eq!(left, [] as [u32; 0]);
    assert_eq!(parts.people().unwrap(), stay.len() as u64);
    let districts: BTreeSet<String> =
        directory.groups().unwrap().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(districts, BTreeSet::from(["浜町".to_owned()]));
}

#[test]
fn another_town_s_people_are_taken_out_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut parts, directory) = opened(folder.path());
    assert!(!parts.belong_to(&[1; 32]).unwrap());
    let (head, content) = part(vec![person(1, "", None)], vec![card(1)]);
    parts.load(&[(&head, content)], &key()).unwrap();
    assert!(!parts.belong_to(&[1; 32]).unwrap());
    assert!(directory.person(id(1)).unwrap().is_some());
    assert!(parts.belong_to(&[2; 32]).unwrap());
    assert!(directory.person(id(1)).unwrap().is_none() && directory.card(card_key(1)).unwrap().is_none());
    assert!(parts.loaded().unwrap().is_empty());
}

#[test]
fn a_directory_with_a_damaged_page_is_known_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("directory.sqlite");
    let (head, content) = part((0..200).map(|number| person(number, "", None)).collect(), Vec::new());
    let mut parts = DirectoryParts::open(&path).unwrap();
    parts.load(&[(&head, content)], &key()).unwrap();
    assert!(parts.cut_log().unwrap());
    drop(parts);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 4_096;
    bytes[last..].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(DirectoryParts::open(&path), Err(StoreError::Damaged(_))));
}

#[test]
fn a_card_that_was_given_in_the_field_is_found_by_the_id_that_it_gives() {
    let folder = tempfile::tempdir().unwrap();
    let (mut parts, directory) = opened(folder.path());
    let unknown = key().person_of_unknown_card(card_key(9));
    let linked = Card { kind: TokenKind::FieldLink, identity: unknown.as_bytes().to_vec(), ..card(1) };
    let (head, town) = part(vec![person(1, "浜町", None)], vec![card(1), linked]);
    parts.load(&[(&head, town)], &key()).unwrap();
    let owner = |card| directory.card_of_derived(key().person_of_unknown_card(card)).unwrap();
    assert_eq!(owner(card_key(9)).map(|known| known.person), Some(id(1)));
    assert_eq!(owner(card_key(1)), directory.card(card_key(1)).unwrap());
    assert_eq!(owner(card_key(8)), None);
    assert_eq!(directory.card(card_key(9)).unwrap(), None, "nobody knows its key");
}
