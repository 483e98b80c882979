//! Numbers in order of which one after the other is taken away, and how many are before each (Fenwick 1994).

/// What is left of some numbers.
pub(crate) struct Pool<'a> {
    numbers: &'a [u64],
    left: usize,
    /// At place `i`, counted from 1: how many are left of the numbers up to there, as many of them as `i`'s lowest
    /// bit says.
    tree: Vec<u32>,
}

impl<'a> Pool<'a> {
    /// All of them, in order and each once.
    pub(crate) fn new(numbers: &'a [u64]) -> Self {
        let tree = (0..=numbers.len()).map(|place| u32::try_from(lowest_bit(place)).unwrap_or(u32::MAX));
        Self { numbers, left: numbers.len(), tree: tree.collect() }
    }

    /// The greatest rank that is left; `None` when none is.
    pub(crate) fn last_rank(&self) -> Option<u64> {
        u64::try_from(self.left.checked_sub(1)?).ok()
    }

    /// Takes the number away before which so many are left.
    pub(crate) fn take_rank(&mut self, rank: u64) -> Option<u64> {
        let mut before = usize::try_from(rank).ok().filter(|rank| *rank < self.left)?;
        let (mut place, mut step) = (0, self.numbers.len().checked_add(1)?.next_power_of_two());
        while step > 0 {
            let count = self.tree.get(place + step).and_then(|count| usize::try_from(*count).ok());
            if let Some(rest) = count.and_then(|count| before.checked_sub(count)) {
                (before, place) = (rest, place + step);
            }
            step /= 2;
        }
        self.take(place);
        self.numbers.get(place).copied()
    }

    /// Takes a number away, if it is left, and says how many are before it.
    pub(crate) fn take_number(&mut self, number: u64) -> Option<u64> {
        let place = self.numbers.binary_search(&number).ok()?;
        let (before, through) = (self.before(place), self.before(place + 1));
        (before < through).then(|| self.take(place))?;
        Some(before)
    }

    /// Numbers left before a place.
    fn before(&self, mut place: usize) -> u64 {
        let mut sum = 0;
        while place > 0 {
            sum += self.tree.get(place).copied().map_or(0, u64::from);
            place -= lowest_bit(place);
        }
        sum
    }

    fn take(&mut self, place: usize) {
        self.left = self.left.saturating_sub(1);
        let mut place = place + 1;
        while let Some(count) = self.tree.get_mut(place) {
            *count = count.saturating_sub(1);
            place += lowest_bit(place);
        }
    }
}

const fn lowest_bit(place: usize) -> usize {
    place & place.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_list_of_which_things_are_taken(
            numbers in prop::collection::btree_set(0_u64..300, 0..100),
            takes in prop::collection::vec((any::<bool>(), 0_u64..300), 0..250),
        ) {
            let numbers: Vec<u64> = numbers.into_iter().collect();
            let (mut pool, mut list) = (Pool::new(&numbers), numbers.clone());
            for (by_rank, number) in takes {
                prop_assert_eq!(pool.last_rank(), (list.len() as u64).checked_sub(1));
                if by_rank {
                    let rank = number / 3;
                    let expected = (rank < list.len() as u64).then(|| list.remove(rank as usize));
                    prop_assert_eq!(pool.take_rank(rank), expected);
                } else {
                    let rank = list.iter().position(|other| *other == number);
                    prop_assert_eq!(pool.take_number(number), rank.map(|rank| rank as u64));
                    rank.map(|rank| list.remove(rank));
                }
            }
        }
    }
}
