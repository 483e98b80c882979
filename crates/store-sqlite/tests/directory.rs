//! The directory as its two ends use it: one loads and unloads parts, the other reads meanwhile.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

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

#[test]
fn nothing_of_an_unloaded_part_is_left_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let (mut parts, directory) = opened(folder.path());
    let everybody = |district: &str, from: u8| {
        let people = (from..from + 100).map(|number| person(number, district, Some(number / 3)));
        part(people.collect(), (from..from + 100).map(card).collect())
    };
    let (stays, goes) = (everybody("浜町", 0), everybody("磯町", 102));
    for (head, content) in [&stays, &goes] {
        parts.load(&[(head, content.clone())], &key()).unwrap();
    }
    let holds = |name: &str| {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let mut bytes = files.map(|path| std::fs::read(path).unwrap());
        bytes.any(|bytes| bytes.windows(name.len()).any(|window| window == name.as_bytes()))
    };
    let of_those_who_go = || (102..202).filter(|number| holds(&format!("浜田{number}"))).count();
    assert_eq!(of_those_who_go(), 100);
    assert!(!parts.is_unwiped().unwrap());
    parts.unload(&[goes.0.digest]).unwrap();
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
    assert_eq!((of_those_who_go(), holds("磯町"), holds("浜町")), (0, false, true));
    assert_eq!(parts.people().unwrap(), 100);
    assert!(directory.person(id(7)).unwrap().is_some());
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
