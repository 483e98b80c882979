use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::fold::fold;
use crate::kana::{is_kana, unvoiced};

type Person = (u8, String, String, Option<String>);

fn id(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn entry((number, name, kana, called_name): &Person) -> Entry<'_> {
    Entry { person: id(*number), name, kana, called_name: called_name.as_deref() }
}

fn town() -> NameIndex {
    let person = |number, name: &str, kana: &str| (number, name.to_owned(), kana.to_owned(), None);
    let mut people = vec![
        person(1, "浜田 花子", "ハマダ ハナコ"),
        person(2, "濵田 太郎", "ハマダ タロウ"),
        person(3, "浜 治", "ハマ オサム"),
        person(4, "佐藤 治", "サトウ オサム"),
        person(5, "濱 田平", "ハマ タヘイ"),
        person(6, "髙橋 浜", "タカハシ ハマ"),
        person(7, "番田 健", "バンダ ケン"),
    ];
    people.push((8, "森 一".to_owned(), "モリ ハジメ".to_owned(), Some("はまちゃん".to_owned())));
    NameIndex::build(people.iter().map(entry))
}

fn check(query: &str, people: &[u8]) {
    let hits = town().search(query, 100);
    let people: Vec<PersonId> = people.iter().map(|number| id(*number)).collect();
    assert_eq!(hits.people, people, "{query}");
    assert_eq!(hits.total as usize, people.len(), "{query}");
}

#[test]
fn whole_family_names_come_first_then_beginnings_then_given_and_called_names() {
    check("はま", &[3, 5, 2, 1, 6, 8]);
    check("ハマダ", &[2, 1, 5]);
    check("浜", &[3, 5, 2, 1, 6]);
}

#[test]
fn without_dakuten_comes_later() {
    check("はまた", &[5, 2, 1]);
    check("ばんだ", &[7]);
    check("ハンタ", &[7]);
}

#[test]
fn both_names_in_either_order_with_a_space_or_without() {
    for query in ["さとうおさむ", "さとう おさ", "SATO OSAMU", "satoosa", "OSAMU SATO", "佐藤治", "佐藤 治"]
    {
        check(query, &[4]);
    }
}

#[test]
fn half_a_syllable_finds_what_it_may_become() {
    check("hamad", &[2, 1, 5]);
    check("はまｄ", &[2, 1, 5]);
    check("ken", &[7]);
    check("shimoyama", &[]);
}

#[test]
fn what_stands_there_already_comes_before_what_it_may_become() {
    let kana = ["ケンジ", "ケナ", "ケン", "ケニヤ"];
    let people = (0..).zip(kana).map(|(number, kana)| (number, kana.to_owned(), kana.to_owned(), None));
    let people: Vec<Person> = people.collect();
    let hits = NameIndex::build(people.iter().map(entry)).search("ken", 9);
    assert_eq!(hits.people, [2, 1, 3, 0].map(id));
}

#[test]
fn who_typed_nothing_finds_nobody() {
    for query in ["", " ", "・", "ー", "！"] {
        check(query, &[]);
    }
}

#[test]
fn more_are_counted_than_shown() {
    let hits = town().search("は", 2);
    assert_eq!((hits.people, hits.total), (vec![id(3), id(5)], 7));
}

#[test]
fn an_index_cannot_be_printed() {
    assert_eq!(format!("{:?}", town()), "NameIndex(8 people, hidden)");
}

#[test]
fn a_removed_name_is_overwritten() {
    let mut index = town();
    let before = index.headings.text();
    assert!(before.contains("ハマダハナコ") && before.contains("浜田花子"));
    index.remove(id(1));
    let after = index.headings.text();
    assert!(!after.contains("ハナコ") && !after.contains("花子"));
    assert_eq!((index.len(), after.len() < before.len()), (7, true));
}

/// Where a person belongs in an answer, by a look at every heading: the rank, and within it what the headings are
/// sorted by, with dakuten in the second place. Nothing for who is not found.
fn place((_, name, kana, called_name): &Person, query: &str) -> Option<(u32, String, String)> {
    let query = fold(query);
    let names = [kana, name].map(|text| (fold(text).expose().to_owned(), text));
    let called = called_name.iter().map(|called| (format!(" {}", fold(called).expose()), called));
    let headings: Vec<(String, &String)> = names.into_iter().chain(called).collect();
    let both = headings.iter().flat_map(|(key, text)| [(key, text, false), (key, text, true)]);
    let of_heading = |(key, text, is_weak): (&String, &&String, bool)| {
        let of = |text: &str| if is_weak { text.chars().map(unvoiced).collect() } else { text.to_owned() };
        let rank = if is_weak { 10 } else { 0 };
        let query = of(query.expose());
        let (family, given) = key.split_once(' ').unwrap_or((key, ""));
        let straight = format!("{family} {given}");
        let turned = format!("{given} {family}");
        let undivided: String = text.chars().filter(|character| *character != ' ').collect();
        let joined = fold(&undivided).expose().to_owned();
        let begins = |reading: &str| !query.is_empty() && of(reading).trim_end().starts_with(&query);
        let (rank, reading) = match () {
            () if is_weak && !key.chars().any(is_kana) => return None,
            () if !family.is_empty() && of(family) == query => (rank, straight),
            () if !family.is_empty() && begins(&straight) => (rank + 1, straight),
            () if !family.is_empty() && begins(&joined) => (rank + 2, joined),
            () if !given.is_empty() && begins(&turned) => (rank + 3, turned),
            () => return None,
        };
        Some((rank, of(&reading), reading))
    };
    both.filter_map(of_heading).min()
}

fn person() -> impl Strategy<Value = Person> {
    let part = || "[ハバマオウトド浜]{1,3}";
    let names = (part(), part(), part(), part(), any::<bool>(), proptest::option::of("[ハマト]{1,2}"));
    (0u8..30, names).prop_map(|(number, (family, given, family_kana, given_kana, is_divided, called))| {
        let between = if is_divided { " " } else { "" };
        (number, format!("{family}{between}{given}"), format!("{family_kana}{between}{given_kana}"), called)
    })
}

proptest! {
    #[test]
    fn a_search_finds_what_a_look_at_everybody_finds(
        entries in proptest::collection::vec(person(), 0..25),
        added in proptest::collection::vec(person(), 0..6),
        removed in proptest::collection::vec(0u8..30, 0..6),
        query in "[ハバマオウトド浜]{0,3} ?[ハマオ]{0,2}",
    ) {
        let mut people = BTreeMap::new();
        let mut index = NameIndex::build(entries.iter().map(entry));
        people.extend(entries.iter().map(|person| (person.0, person.clone())));
        for number in removed {
            index.remove(id(number));
            people.remove(&number);
        }
        for person in &added {
            index.insert(&entry(person));
            people.insert(person.0, person.clone());
        }
        prop_assert_eq!(index.len(), people.len());
        let wanted = people.values().filter(|person| place(person, &query).is_some()).map(|person| id(person.0));
        let hits = index.search(&query, usize::MAX);
        prop_assert_eq!(hits.total as usize, hits.people.len());
        let found: BTreeSet<PersonId> = hits.people.iter().copied().collect();
        prop_assert_eq!(hits.people.len(), found.len());
        prop_assert_eq!(found, wanted.collect::<BTreeSet<_>>());
        let places: Vec<_> =
            hits.people.iter().map(|person| place(&people[&person.as_bytes()[0]], &query)).collect();
        prop_assert!(places.is_sorted(), "{:?}", places);
        let best = index.search(&query, 2);
        prop_assert_eq!((&best.people[..], best.total), (&hits.people[..hits.people.len().min(2)], hits.total));
    }

    #[test]
    fn no_text_is_too_strange(name in ".{0,30}", kana in ".{0,30}", query in ".{0,30}") {
        let person = (1, name, kana, Some(query.clone()));
        let mut index = NameIndex::build([entry(&person)]);
        // A called name is one word, whatever is in it.
        let query = fold(&query).expose().replace(' ', "");
        let found = !query.is_empty();
        prop_assert_eq!(index.search(&query, 5).total, u32::from(found));
        index.insert(&entry(&person));
        index.remove(id(1));
        prop_assert_eq!(index.search(&query, 5), Hits::default());
    }
}
