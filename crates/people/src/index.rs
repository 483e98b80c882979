//! Who is meant by the first letters of a name.

use std::fmt;

use hinamori_model::PersonId;

use crate::fold::{BETWEEN, Folder};
use crate::order::{By, Dakuten, Extent, Headings, Order, Wanted};

/// A person as the index learns of them. No `Debug`: these are names.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Whose names these are.
    pub person: PersonId,
    /// Family and given name as the register writes them, with a space between.
    pub name: &'a str,
    /// The same in kana.
    pub kana: &'a str,
    /// What the person chose to be called, in any script; found as one word, without its spaces.
    pub called_name: Option<&'a str>,
}

/// Who a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// The best ones, best first: no more than asked for.
    pub people: Vec<PersonId>,
    /// How many there are in all, those of `people` among them.
    pub total: u32,
}

/// Names in memory, sorted in the ways in which somebody may begin to type them. For 100,000 people it takes some
/// 14 MB, and an answer takes a part of a millisecond.
///
/// Everybody in it is found by anybody who may ask it. Hidden people are left out by who builds it, except in an
/// index for named roles.
pub struct NameIndex {
    /// By number; who was removed keeps theirs.
    people: Vec<PersonId>,
    /// Numbers of those who are in, by id.
    by_id: Vec<u32>,
    headings: Headings,
    /// The best first.
    orders: [Order; 6],
}

impl fmt::Debug for NameIndex {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "NameIndex({} people, hidden)", self.by_id.len())
    }
}

impl NameIndex {
    /// Sorts everybody. Of two entries with one id, the later counts. This takes a second or so for 100,000 people:
    /// not for a thread that somebody waits for.
    pub fn build<'a>(entries: impl IntoIterator<Item = Entry<'a>>) -> Self {
        let order = |dakuten| move |by| Order::new(by, dakuten);
        let [family, joined, given] = [By::Family, By::Joined, By::Given].map(order(Dakuten::Counts));
        let [weak_family, weak_joined, weak_given] =
            [By::Family, By::Joined, By::Given].map(order(Dakuten::Ignored));
        let mut index = Self {
            people: Vec::new(),
            by_id: Vec::new(),
            headings: Headings::default(),
            orders: [family, joined, given, weak_family, weak_joined, weak_given],
        };
        for entry in entries {
            index.read(&entry);
        }
        index.people.shrink_to_fit();
        index.sort_people();
        index.headings.shrink();
        index.orders.iter_mut().for_each(|order| order.build(&index.headings));
        index
    }

    /// How many people are in.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nobody is in.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Adds one person, in place of what was known of them. Meant for the few hundred whom a box registers itself:
    /// each takes about a millisecond at 100,000, and space that only a new index gives back.
    pub fn insert(&mut self, entry: &Entry<'_>) {
        self.remove(entry.person);
        let (number, places) = self.read(entry);
        for order in &mut self.orders {
            places.iter().flatten().for_each(|place| order.insert(&self.headings, *place));
        }
        if let Err(at) = self.search_person(entry.person) {
            self.by_id.insert(at, number);
        }
    }

    /// Takes a person out and overwrites their names. Nothing happens if they are not in.
    pub fn remove(&mut self, person: PersonId) {
        if let Ok(at) = self.search_person(person) {
            let number = self.by_id.remove(at);
            self.orders.iter_mut().for_each(|order| order.remove(&self.headings, number));
            self.headings.erase(number);
        }
    }

    /// Who may be meant by what is typed so far, the `limit` best of them: whole family names first, then beginnings
    /// of a family name, of family and given name without a space, and of a given or called name; then all these
    /// once more without dakuten. Within these in kana order. Who typed nothing finds nobody.
    pub fn search(&self, query: &str, limit: usize) -> Hits {
        let typed = Wanted::read(query);
        let mut found = Found::new(self.people.len(), limit);
        for dakuten in [Dakuten::Counts, Dakuten::Ignored] {
            let wanted: Vec<Wanted> = typed.iter().map(|wanted| wanted.with(dakuten)).collect();
            let is_divided = wanted.iter().any(Wanted::is_divided);
            for order in self.orders.iter().filter(|order| order.dakuten() == dakuten) {
                if order.by() == By::Family && !is_divided {
                    // The first is what is typed as it stands.
                    let whole = wanted.get(..1).unwrap_or_default();
                    found.add(self, order.find(&self.headings, whole, Extent::WholePart));
                }
                if order.by() != By::Joined || !is_divided {
                    found.add(self, order.find(&self.headings, &wanted, Extent::Beginning));
                }
            }
        }
        found.hits
    }

    /// Takes up a person's names, sorted nowhere yet.
    fn read(&mut self, entry: &Entry<'_>) -> (u32, [Option<u32>; 3]) {
        let number = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        self.people.push(entry.person);
        let key = |text: &str| {
            let mut folder = Folder::default();
            folder.read(text);
            folder.finished()
        };
        let (kana, name) = (key(entry.kana), key(entry.name));
        let together = |text| key(text).into_iter().filter(|character| *character != BETWEEN).collect();
        let called_name: String = entry.called_name.map(together).unwrap_or_default();
        let places = [
            self.headings.add_name(number, &kana),
            // Who is written in kana needs no second heading.
            if name == kana { None } else { self.headings.add_name(number, &name) },
            self.headings.add_called_name(number, &key(&called_name)),
        ];
        (number, places)
    }

    /// Sorts people by id, and forgets all but the last of one id.
    fn sort_people(&mut self) {
        let count = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        let mut numbers: Vec<u32> = (0..count).collect();
        numbers.sort_unstable_by_key(|number| (self.person(*number), *number));
        let of_one = numbers.chunk_by(|number, next| self.person(*number) == self.person(*next));
        let last: Vec<u32> = of_one.filter_map(<[u32]>::last).copied().collect();
        let mut kept = last.clone();
        kept.sort_unstable();
        self.headings.keep(|number| kept.binary_search(&number).is_ok());
        self.by_id = last;
    }

    fn person(&self, number: u32) -> Option<PersonId> {
        usize::try_from(number).ok().and_then(|number| self.people.get(number)).copied()
    }

    fn search_person(&self, person: PersonId) -> Result<usize, usize> {
        self.by_id.binary_search_by_key(&Some(person), |number| self.person(*number))
    }
}

/// What a search has found so far.
struct Found {
    hits: Hits,
    limit: usize,
    /// A bit for each number of a person.
    seen: Vec<u64>,
}

impl Found {
    fn new(people: usize, limit: usize) -> Self {
        Self { hits: Hits::default(), limit, seen: vec![0; people.div_ceil(64)] }
    }

    fn add(&mut self, index: &NameIndex, places: impl Iterator<Item = u32>) {
        let number = |place| index.headings.get(place).map(|heading| heading.person);
        for number in places.filter_map(number) {
            let word = usize::try_from(number / 64).ok().and_then(|word| self.seen.get_mut(word));
            let bit = 1 << (number % 64);
            if let Some(word) = word.filter(|word| **word & bit == 0) {
                *word |= bit;
                self.hits.total = self.hits.total.saturating_add(1);
                if self.hits.people.len() < self.limit {
                    self.hits.people.extend(index.person(number));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
