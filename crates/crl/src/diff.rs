//! Finds out what makes a list out of an older one. That is the server's work: it takes some twenty bytes of memory
//! for each entry of both lists.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::Index;
use crate::additions::Additions;
use crate::bits::Bits;
use crate::inserted::write_rows;
use crate::patch::{Order, Run, VERSION, comparable, write_part, write_places};
use crate::rice::write_ascending;
use crate::row::{Frame, Row};

/// The patch that makes `new` out of `old` (or out of nothing: then it is all of `new` in little room) for whoever
/// has these additions, or some other ones if none are given. [`crate::apply`] is its inverse, unless what stands
/// around the entries is longer than it takes, or the list names one certificate many times over.
pub fn diff<B: AsRef<[u8]>>(
    old: Option<&Index<B>>,
    new: &Index<B>,
    additions: Option<&Additions>,
) -> Vec<u8> {
    let mut out = Bits::default();
    out.push(VERSION, 8);
    out.push(old.is_some().into(), 1);
    old.iter().for_each(|old| out.push_bytes(old.content()));
    let additions = additions.and_then(|additions| Some((additions.name(), additions.plain()?)));
    out.push(additions.is_some().into(), 1);
    additions.iter().for_each(|(name, _)| out.push_bytes(name));
    let frame = new.frame();
    let empty = Frame { head: &[], tail: &[], signature: &[], has_entries: false };
    let before = old.map_or(empty, Index::frame);
    write_part(before.head, frame.head, &mut out);
    write_part(before.tail, frame.tail, &mut out);
    write_part(before.signature, frame.signature, &mut out);
    out.push(frame.has_entries.into(), 1);
    out.push(new.entries_length(), u64::BITS);

    let Comparison { stays, removed } = old.map_or_else(Comparison::default, |old| Comparison::of(old, new));
    write_ascending(&removed, &mut out);
    let with_stays = || new.rows().zip(stays.iter().copied().chain(std::iter::repeat(false)));
    let (order, runs) = places(with_stays());
    write_places(order, &runs, &mut out);
    let inserted = || with_stays().filter(|(_, stays)| !stays).map(|(row, _)| row);
    write_rows(inserted, additions.map_or(&[], |(_, numbers)| numbers), &mut out);
    out.finish()
}

/// Whether new rows are where an order says.
struct InOrder<K> {
    is_not: bool,
    /// The row before stays.
    stayed: bool,
    /// Of the rows since the last new one, or since the last one that stays.
    greatest: Option<K>,
}

impl<K: Ord> InOrder<K> {
    const fn new() -> Self {
        Self { is_not: false, stayed: true, greatest: None }
    }

    /// The next row.
    fn note(&mut self, key: K, stays: bool) {
        let key = Some(key);
        if stays != self.stayed {
            // New rows are put before the first greater one that stays.
            self.is_not |= if stays { self.greatest >= key } else { self.greatest > key };
            self.greatest = None;
        }
        self.greatest = self.greatest.take().max(key);
        self.stayed = stays;
    }
}

/// Where the rows are that do not stay.
fn places<'a>(rows: impl Iterator<Item = (Row<'a>, bool)>) -> (Order, Vec<Run>) {
    let (mut by_serial, mut by_time) = (InOrder::new(), InOrder::new());
    let (mut runs, mut after, mut before): (Vec<Run>, _, _) = (Vec::new(), 0, true);
    for (row, stays) in rows {
        by_serial.note(comparable(&row), stays);
        by_time.note(row.at, stays);
        match runs.last_mut() {
            _ if stays => after += 1,
            Some(run) if !before => run.more += 1,
            _ => runs.push(Run { after: std::mem::take(&mut after), more: 0 }),
        }
        before = stays;
    }
    match (by_serial.is_not, by_time.is_not) {
        (false, _) => (Order::Serial, Vec::new()),
        (_, false) => (Order::Time, Vec::new()),
        _ => (Order::Said, runs),
    }
}

/// What two lists have in common.
#[derive(Default)]
struct Comparison {
    /// For each row of the newer one whether it is taken over.
    stays: Vec<bool>,
    /// Ranks of the older one's rows that are not.
    removed: Vec<u64>,
}

impl Comparison {
    fn of<B: AsRef<[u8]>>(old: &Index<B>, new: &Index<B>) -> Self {
        let hashes: Vec<u64> = old.rows().map(|row| hash(&row)).collect();
        let partners = partners(&hashes, new.rows().map(|row| hash(&row)));
        drop(hashes);
        let mut stays = longest_ascending(&partners);
        let mut removed = Vec::new();
        let mut old_rows = (0_u32..).zip(old.rows());
        for ((row, stays), partner) in
            new.rows().zip(&mut stays).zip(&partners).filter(|((_, stays), _)| **stays)
        {
            for (rank, old) in old_rows.by_ref() {
                // Two rows of one hash are rare, and not the same.
                *stays = rank == *partner && old == row;
                if !*stays {
                    removed.push(rank.into());
                }
                if rank == *partner {
                    break;
                }
            }
        }
        removed.extend(old_rows.map(|(rank, _)| u64::from(rank)));
        Self { stays, removed }
    }
}

/// No row: an index has fewer.
const NONE: u32 = u32::MAX;

fn hash(row: &Row<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.hash(&mut hasher);
    hasher.finish()
}

/// For each row of the newer list the rank of one with the same hash in the older one.
fn partners(old: &[u64], new: impl Iterator<Item = u64>) -> Vec<u32> {
    let hash_at = |rank: u32| old.get(usize::try_from(rank).unwrap_or(usize::MAX)).copied();
    let mut by_hash = Vec::new();
    let mut next = 0;
    new.map(|hash| {
        // Nearly always it is the row after the one before.
        if hash_at(next) != Some(hash) {
            if by_hash.is_empty() {
                by_hash = (0..u32::try_from(old.len()).unwrap_or(NONE)).collect();
                by_hash.sort_unstable_by_key(|rank| (hash_at(*rank), *rank));
            }
            let place = by_hash.partition_point(|rank| hash_at(*rank) < Some(hash));
            match by_hash.get(place).filter(|rank| hash_at(**rank) == Some(hash)) {
                Some(rank) => next = *rank,
                None => return NONE,
            }
        }
        next += 1;
        next - 1
    })
    .collect()
}

/// Which rows make the longest choice of them whose partners ascend (Schensted 1961).
fn longest_ascending(partners: &[u32]) -> Vec<bool> {
    let get = |of: &[u32], place: u32| usize::try_from(place).ok().and_then(|place| of.get(place)).copied();
    // The rows with which choices of each length end best, and for each row the one before it in its choice.
    let (mut ends, mut before) = (Vec::<u32>::new(), Vec::with_capacity(partners.len()));
    for (row, partner) in (0_u32..).zip(partners) {
        if *partner == NONE {
            before.push(NONE);
            continue;
        }
        let is_less = |end: &u32| get(partners, *end).is_some_and(|other| other < *partner);
        let length = if ends.last().is_none_or(is_less) { ends.len() } else { ends.partition_point(is_less) };
        before.push(length.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or(NONE));
        match ends.get_mut(length) {
            Some(end) => *end = row,
            None => ends.push(row),
        }
    }
    let mut chosen = vec![false; partners.len()];
    let mut row = ends.last().copied();
    while let Some(place) = row.filter(|row| *row != NONE) {
        if let Some(chosen) = usize::try_from(place).ok().and_then(|place| chosen.get_mut(place)) {
            *chosen = true;
        }
        row = get(&before, place);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_choice_ascends_and_no_other_is_longer(partners in prop::collection::vec(0_u32..12, 0..12)) {
            let partners: Vec<u32> =
                partners.into_iter().map(|partner| if partner == 0 { NONE } else { partner }).collect();
            let ascends = |rows: &[u32]| rows.is_sorted_by(|one, next| one < next) && !rows.contains(&NONE);
            let pick = |is_chosen: &dyn Fn(usize) -> bool| -> Vec<u32> {
                partners.iter().enumerate().filter(|(row, _)| is_chosen(*row)).map(|(_, one)| *one).collect()
            };
            let chosen = longest_ascending(&partners);
            let chosen = pick(&|row| chosen[row]);
            prop_assert!(ascends(&chosen));
            for mask in 0_usize..1 << partners.len() {
                let other = pick(&|row| mask >> row & 1 == 1);
                prop_assert!(other.len() <= chosen.len() || !ascends(&other));
            }
        }
    }
}
