//! Prints how long a search, an update and a page take with 100,000 made-up people, and the memory that they need:
//! `cargo run --release -p hinamori-people --example figures`.

use std::alloc::System;
use std::time::{Duration, Instant};

use cap::Cap;
use hinamori_model::{HouseholdId, PersonId};
use hinamori_people::{Attributes, Entry, NameIndex, NotArrived, Page, Resident, Standing, View, propose};

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

const PEOPLE: u32 = 100_000;

/// Common and less common names: the first are many people's.
const FAMILIES: &[(&str, &str)] = &[
    ("佐藤", "サトウ"),
    ("鈴木", "スズキ"),
    ("高橋", "タカハシ"),
    ("田中", "タナカ"),
    ("伊藤", "イトウ"),
    ("渡邊", "ワタナベ"),
    ("山本", "ヤマモト"),
    ("中村", "ナカムラ"),
    ("小林", "コバヤシ"),
    ("加藤", "カトウ"),
    ("浜田", "ハマダ"),
    ("大野", "オオノ"),
    ("小野", "オノ"),
    ("阿武", "アンノ"),
    ("長谷川", "ハセガワ"),
];
const SYLLABLES: &[&str] = &[
    "ア", "イ", "ウ", "カ", "キ", "ク", "コ", "サ", "シ", "スケ", "タ", "ツ", "ト", "ナ", "ノ", "ハ", "ヒ",
    "フ", "マ", "ミ", "ヤ", "ヨウ", "ユウ", "リ", "ゲ", "ジ", "ダ", "ベ", "ン", "キョ",
];

/// A plain generator: the same town in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }

    fn syllables(&mut self, count: usize) -> String {
        (0..count).filter_map(|_| SYLLABLES.get(self.below(SYLLABLES.len()))).copied().collect()
    }

    fn person(&mut self, number: u32) -> Named {
        let given = self.syllables(2 + number as usize % 2);
        let (family, family_kana) = match FAMILIES.get(self.below(3 * FAMILIES.len())) {
            Some((family, kana)) => ((*family).to_owned(), (*kana).to_owned()),
            None => (format!("漢{}", self.below(900)), self.syllables(3)),
        };
        let name = format!("{family} 字{}", self.below(2_000));
        Named { person: person(number), name, kana: format!("{family_kana} {given}") }
    }
}

struct Named {
    person: PersonId,
    name: String,
    kana: String,
}

impl Named {
    fn entry(&self) -> Entry<'_> {
        Entry { person: self.person, name: &self.name, kana: &self.kana, called_name: None }
    }
}

fn person(number: u32) -> PersonId {
    PersonId::from_bytes(u128::from(number.reverse_bits()).to_be_bytes())
}

fn bytes_per_person(before: usize) -> usize {
    ALLOCATOR.allocated().saturating_sub(before) / PEOPLE as usize
}

/// Prints the median, the 99th of a hundred and the slowest.
fn show(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at =
        |part: usize| times.get((times.len() * part / 100).min(times.len() - 1)).copied().unwrap_or_default();
    println!("{what}: median {:?}, p99 {:?}, slowest {:?}, {} times", at(50), at(99), at(100), times.len());
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed()
}

fn names(draw: &mut Draw) {
    let people: Vec<Named> = (0..PEOPLE).map(|number| draw.person(number)).collect();
    let before = ALLOCATOR.allocated();
    let start = Instant::now();
    let mut index = NameIndex::build(people.iter().map(Named::entry));
    println!("names: built in {:?}, {} bytes a person", start.elapsed(), bytes_per_person(before));

    let attributes = |named: &Named| {
        let (name, address) =
            (named.name.clone(), format!("阿武町大字奈古{}番地の{}", named.name.len(), named.kana));
        (named.person, name, address)
    };
    let roster: Vec<(PersonId, String, String)> = people.iter().map(attributes).collect();
    let births = (0..36_500).cycle().map(|day| 19_200_101 + day / 365 * 10_000 + day % 12 * 100 + day % 28);
    let known = || {
        roster.iter().zip(births.clone()).map(|((person, name, address), birth)| {
            (*person, Attributes { name, address, birth: Some(birth), sex: Some(2) })
        })
    };
    let card =
        Attributes { name: "浜田 花子", address: "奈古1", birth: Some(19_520_505), sex: Some(2) };
    show("names: proposals from everybody", (0..20).map(|_| timed(|| propose(&card, known(), 9))).collect());

    let keystrokes = people.iter().step_by(97).flat_map(|named| {
        let ends = named.kana.char_indices().map(|(at, character)| at + character.len_utf8());
        ends.filter_map(|end| named.kana.get(..end))
    });
    show("names: kana keystroke", keystrokes.map(|typed| timed(|| index.search(typed, 9))).collect());
    for typed in ["s", "ア", "か", "字", "漢", "sat", "はた"] {
        let total = index.search(typed, 9).total;
        show(
            &format!("names: {typed} ({total} people)"),
            (0..100).map(|_| timed(|| index.search(typed, 9))).collect(),
        );
    }
    let added: Vec<Named> = (PEOPLE..PEOPLE + 300).map(|number| draw.person(number)).collect();
    show("names: insert", added.iter().map(|named| timed(|| index.insert(&named.entry()))).collect());
    show("names: remove", added.iter().map(|named| timed(|| index.remove(named.person))).collect());
    let alike = NameIndex::build((0..PEOPLE).map(|number| Entry {
        person: person(number),
        name: "浜田 花子",
        kana: "ハマダ ハナコ",
        called_name: None,
    }));
    show("names: everybody has one name", (0..100).map(|_| timed(|| alike.search("は", 9))).collect());
}

fn arrivals(draw: &mut Draw, districts: u16) {
    let residents: Vec<Resident> = (0..PEOPLE)
        .map(|number| Resident {
            person: person(number),
            household: Some(HouseholdId::from_bytes(u128::from(number / 3).to_be_bytes())),
            district: u16::try_from(number / 3 % u32::from(districts)).unwrap_or_default(),
            group: 0,
            support: u8::from(number % 29 == 0),
            hidden: number % 1_009 == 0,
        })
        .collect();
    let before = ALLOCATOR.allocated();
    let start = Instant::now();
    let mut list = NotArrived::build(residents.iter().copied());
    println!(
        "{districts} districts: built in {:?}, {} bytes a person",
        start.elapsed(),
        bytes_per_person(before)
    );
    let mut update = |_| {
        let person = person(u32::try_from(draw.below(PEOPLE as usize)).unwrap_or_default());
        timed(|| list.update(person, Standing::Arrived))
    };
    show("update", (0..50_000).map(&mut update).collect());
    let page = Page { offset: 0, limit: 20 };
    show(
        "page of a district",
        (0..100).map(|_| timed(|| list.incomplete_homes(View::Public, 0, page))).collect(),
    );
    show("all districts", (0..100).map(|_| timed(|| list.districts(View::Public))).collect());
}

fn main() {
    let mut draw = Draw(7);
    names(&mut draw);
    arrivals(&mut draw, 20);
    arrivals(&mut draw, 1);
}
