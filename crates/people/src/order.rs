//! The headings of an index and the orders that they are searched in.

use std::cmp::Ordering;
use std::ops::Range;

use crate::fold::{BETWEEN, Folder};
use crate::kana::{is_kana, is_lengthened, unvoiced};

/// One way to find a person: two parts of a name in the arena, one behind the other.
#[derive(Clone, Copy)]
pub(crate) struct Heading {
    start: u32,
    pub(crate) person: u32,
    /// Characters of the family name, or of a name that is not divided. None for a called name.
    family: u8,
    /// Characters of the given name or the called name.
    given: u8,
}

impl Heading {
    fn erase(&self, arena: &mut [char]) {
        let start = usize::try_from(self.start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::from(self.family) + usize::from(self.given));
        arena.get_mut(start..end).into_iter().for_each(|name| name.fill('\0'));
    }
}

/// All headings, and the characters of their keys without anything between.
#[derive(Default)]
pub(crate) struct Headings {
    arena: Vec<char>,
    all: Vec<Heading>,
}

/// The two parts of a heading's key.
type Parts<'a> = (&'a [char], &'a [char]);

impl Headings {
    /// Adds a name as its key says it; nothing if the key is empty or there is no more room.
    pub(crate) fn add_name(&mut self, person: u32, key: &[char]) -> Option<u32> {
        let mut parts = key.splitn(2, |character| *character == BETWEEN);
        let (family, given) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        self.add(person, family, given)
    }

    /// Adds what a person is called: one word.
    pub(crate) fn add_called_name(&mut self, person: u32, key: &[char]) -> Option<u32> {
        self.add(person, &[], key)
    }

    fn add(&mut self, person: u32, family: &[char], given: &[char]) -> Option<u32> {
        let heading = Heading {
            start: u32::try_from(self.arena.len()).ok()?,
            person,
            family: u8::try_from(family.len()).ok()?,
            given: u8::try_from(given.len()).ok()?,
        };
        let place = u32::try_from(self.all.len()).ok()?;
        if family.is_empty() && given.is_empty() {
            return None;
        }
        self.arena.extend(family.iter().chain(given));
        self.all.push(heading);
        Some(place)
    }

    /// The heading at a place.
    pub(crate) fn get(&self, place: u32) -> Option<Heading> {
        usize::try_from(place).ok().and_then(|place| self.all.get(place)).copied()
    }

    fn parts(&self, place: u32) -> Parts<'_> {
        let parts = |heading: Heading| {
            let start = usize::try_from(heading.start).ok()?;
            let rest = self.arena.get(start..)?;
            let (family, rest) = rest.split_at_checked(heading.family.into())?;
            Some((family, rest.get(..heading.given.into())?))
        };
        self.get(place).and_then(parts).unwrap_or_default()
    }

    /// Overwrites the names of a person whom no order has any more.
    pub(crate) fn erase(&mut self, person: u32) {
        let Self { arena, all } = self;
        all.iter().filter(|heading| heading.person == person).for_each(|heading| heading.erase(arena));
    }

    /// Keeps the headings of some people and overwrites all others. Places change.
    pub(crate) fn keep(&mut self, is_kept: impl Fn(u32) -> bool) {
        let Self { arena, all } = self;
        all.retain(|heading| {
            let is_kept = is_kept(heading.person);
            if !is_kept {
                heading.erase(arena);
            }
            is_kept
        });
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.arena.iter().filter(|character| **character != '\0').collect()
    }

    /// Gives back what was reserved too much.
    pub(crate) fn shrink(&mut self) {
        self.arena.shrink_to_fit();
        self.all.shrink_to_fit();
    }
}

/// Whether dakuten count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dakuten {
    Counts,
    Ignored,
}

impl Dakuten {
    pub(crate) fn of(self, kana: char) -> char {
        match self {
            Self::Counts => kana,
            Self::Ignored => unvoiced(kana),
        }
    }
}

/// In which way the parts of a name follow each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Family,
    /// Family and given name without anything between.
    Joined,
    Given,
}

/// What somebody typed, as [`Folder`] reads it.
pub(crate) struct Wanted {
    first: Vec<char>,
    /// The second name, after a space.
    second: Option<Vec<char>>,
}

/// How much of a name must be typed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The whole first part, and nothing of another.
    WholePart,
    Beginning,
}

impl Wanted {
    /// All that `query` may be the beginning of; nothing when nothing is typed.
    pub(crate) fn read(query: &str) -> Vec<Self> {
        let mut folder = Folder::default();
        folder.read(query);
        let parts = |key: Vec<char>| {
            let mut parts = key.splitn(2, |character| *character == BETWEEN).map(<[char]>::to_vec);
            Some(Self { first: parts.next().filter(|first| !first.is_empty())?, second: parts.next() })
        };
        folder.begun().into_iter().filter_map(parts).collect()
    }

    /// Whether family and given name are typed apart.
    pub(crate) const fn is_divided(&self) -> bool {
        self.second.is_some()
    }

    /// The same, as it is compared with names.
    pub(crate) fn with(&self, dakuten: Dakuten) -> Self {
        let part = |part: &Vec<char>| part.iter().map(|kana| dakuten.of(*kana)).collect();
        Self { first: part(&self.first), second: self.second.as_ref().map(part) }
    }
}

/// Headings sorted in one way: places in [`Headings`].
pub(crate) struct Order {
    by: By,
    dakuten: Dakuten,
    places: Vec<u32>,
}

impl Order {
    pub(crate) fn new(by: By, dakuten: Dakuten) -> Self {
        Self { by, dakuten, places: Vec::new() }
    }

    pub(crate) const fn by(&self) -> By {
        self.by
    }

    pub(crate) const fn dakuten(&self) -> Dakuten {
        self.dakuten
    }

    /// Sorts all of `headings`.
    pub(crate) fn build(&mut self, headings: &Headings) {
        let all = u32::try_from(headings.all.len()).unwrap_or(u32::MAX);
        let mut places: Vec<u32> = (0..all).filter(|place| self.takes(headings, *place)).collect();
        places.shrink_to_fit();
        places.sort_unstable_by(|x, y| self.compare(headings, *x, *y));
        self.places = places;
    }

    /// Adds one heading at its place: some comparisons, and one move of up to the whole list.
    pub(crate) fn insert(&mut self, headings: &Headings, place: u32) {
        if self.takes(headings, place) {
            let at = self.places.partition_point(|other| self.compare(headings, *other, place).is_lt());
            self.places.insert(at, place);
        }
    }

    /// Takes out all of one person.
    pub(crate) fn remove(&mut self, headings: &Headings, person: u32) {
        self.places.retain(|place| headings.get(*place).is_some_and(|heading| heading.person != person));
    }

    /// Whether a heading belongs here.
    fn takes(&self, headings: &Headings, place: u32) -> bool {
        let (family, given) = headings.parts(place);
        let has_parts = match self.by {
            By::Family => !family.is_empty(),
            By::Joined => !family.is_empty() && !given.is_empty(),
            By::Given => !given.is_empty(),
        };
        let has_kana = || family.iter().chain(given).any(|character| is_kana(*character));
        has_parts && (self.dakuten == Dakuten::Counts || has_kana())
    }

    /// By the key without dakuten where they do not count, then with them, then by the order of adding.
    fn compare(&self, headings: &Headings, x: u32, y: u32) -> Ordering {
        let (x_parts, y_parts) = (headings.parts(x), headings.parts(y));
        let with = |dakuten| self.compare_parts(x_parts, y_parts, dakuten);
        with(self.dakuten).then_with(|| with(Dakuten::Counts)).then(x.cmp(&y))
    }

    fn compare_parts(&self, x: Parts<'_>, y: Parts<'_>, dakuten: Dakuten) -> Ordering {
        let of = |part: &[char], other: &[char]| {
            let [part, other] = [part, other].map(|part| part.iter().map(|kana| dakuten.of(*kana)));
            part.cmp(other)
        };
        match self.by {
            By::Family => of(x.0, y.0).then_with(|| of(x.1, y.1)),
            By::Joined => joined(x, dakuten).cmp(joined(y, dakuten)),
            By::Given => of(x.1, y.1).then_with(|| of(x.0, y.0)),
        }
    }

    /// The headings that any of `wanted` finds, in this order. One may come several times.
    pub(crate) fn find(
        &self,
        headings: &Headings,
        wanted: &[Wanted],
        extent: Extent,
    ) -> impl Iterator<Item = u32> {
        let mut found: Vec<Range<usize>> =
            wanted.iter().map(|wanted| self.range(headings, wanted, extent)).collect();
        found.sort_unstable_by_key(|range| range.start);
        found.into_iter().flat_map(|range| self.places.get(range).unwrap_or_default()).copied()
    }

    fn range(&self, headings: &Headings, wanted: &Wanted, extent: Extent) -> Range<usize> {
        let beside = |place: &u32| self.compare_wanted(headings.parts(*place), wanted, extent);
        let start = self.places.partition_point(|place| beside(place).is_lt());
        let rest = self.places.get(start..).unwrap_or_default();
        start..start + rest.partition_point(|place| beside(place).is_eq())
    }

    fn compare_wanted(&self, (family, given): Parts<'_>, wanted: &Wanted, extent: Extent) -> Ordering {
        let beginning = |part: &[char], typed: &Vec<char>| {
            part.iter().take(typed.len()).map(|kana| self.dakuten.of(*kana)).cmp(typed.iter().copied())
        };
        let whole = |part: &[char], typed: &Vec<char>| {
            part.iter().map(|kana| self.dakuten.of(*kana)).cmp(typed.iter().copied())
        };
        let (first, second) = match self.by {
            By::Family => (family, given),
            By::Given => (given, family),
            By::Joined => {
                let typed = &wanted.first;
                return joined((family, given), self.dakuten).take(typed.len()).cmp(typed.iter().copied());
            }
        };
        match (&wanted.second, extent) {
            (Some(typed), _) => whole(first, &wanted.first).then_with(|| beginning(second, typed)),
            (None, Extent::WholePart) => whole(first, &wanted.first),
            (None, Extent::Beginning) => beginning(first, &wanted.first),
        }
    }
}

/// A family and a given name as they are folded when nothing stands between: サトウ オサム is typed サトウオサム, where
/// the key has one オ only.
fn joined((family, given): Parts<'_>, dakuten: Dakuten) -> impl Iterator<Item = char> {
    let last = family.last().copied();
    let is_swallowed = move |kana: &&char| last.is_some_and(|last| is_lengthened(last, **kana));
    family.iter().chain(given.iter().skip_while(is_swallowed)).map(move |kana| dakuten.of(*kana))
}
