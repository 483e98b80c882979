//! A sorted set of numbers in little more than the bits that tell it from all other sets of its size
//! (Elias 1974, Fano 1971): of each number the lower bits as they are, the upper ones as a run of ones and zeros
//! in which a zero means "the next bucket". A directory of every 128th bucket leads into that run.

use std::ops::Range;

/// Buckets between two entries of the directory.
const STEP: u64 = 128;
/// So many lower bits can be read as one word from any bit on.
const MOST_LOW_BITS: u32 = 56;

/// What a set's arrays look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) count: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    low_bits: u32,
}

impl Shape {
    /// Of `count` numbers from `first` to `last`.
    pub(crate) fn new(count: u64, first: u64, last: u64) -> Self {
        let gap = last.saturating_sub(first).checked_div(count).and_then(u64::checked_ilog2);
        Self { count, first, last, low_bits: gap.unwrap_or(0).min(MOST_LOW_BITS) }
    }

    fn buckets(&self) -> u64 {
        (self.last.saturating_sub(self.first) >> self.low_bits).saturating_add(1)
    }

    fn words(bits: u64) -> usize {
        usize::try_from(bits.div_ceil(64)).unwrap_or(usize::MAX)
    }

    /// Words of the lower bits, of the upper ones, and entries of the directory. One word more is kept behind
    /// the lower bits, so that the last ones can be read like all others.
    fn lengths(&self) -> [usize; 3] {
        let low = Self::words(self.count.saturating_mul(self.low_bits.into())).saturating_add(1);
        let high = Self::words(self.count.saturating_add(self.buckets()));
        [low, high, usize::try_from(self.buckets().div_ceil(STEP)).unwrap_or(usize::MAX)]
    }

    /// Bytes of the three arrays.
    pub(crate) fn bytes(&self) -> [usize; 3] {
        let [low, high, directory] = self.lengths();
        [low.saturating_mul(8), high.saturating_mul(8), directory.saturating_mul(4)]
    }
}

/// Takes numbers in order. Every array grows at its end alone.
pub(crate) struct Writer {
    shape: Shape,
    arrays: [Vec<u8>; 3],
    rank: u64,
    /// The lower bits that make no whole word yet, and how many.
    low: u64,
    low_filled: u32,
    /// The last word of the upper bits.
    high: u64,
    high_at: u64,
    /// The first bucket that the directory does not have yet.
    next_in_directory: u64,
}

impl Writer {
    pub(crate) fn new(shape: Shape) -> Self {
        let arrays = shape.bytes().map(Vec::with_capacity);
        Self { shape, arrays, rank: 0, low: 0, low_filled: 0, high: 0, high_at: 0, next_in_directory: 0 }
    }

    /// The next number, not smaller than the one before.
    #[inline]
    pub(crate) fn push(&mut self, number: u64) {
        let offset = number.saturating_sub(self.shape.first);
        let bits = self.shape.low_bits;
        let (bucket, low) = (offset >> bits, offset & ((1 << bits) - 1));
        self.low |= low << self.low_filled;
        self.low_filled += bits;
        if self.low_filled >= 64 {
            self.low_filled -= 64;
            let [array, ..] = &mut self.arrays;
            array.extend_from_slice(&self.low.to_le_bytes());
            self.low = low >> (bits - self.low_filled);
        }
        while self.next_in_directory <= bucket {
            self.note_bucket();
        }
        let at = bucket + self.rank;
        while self.high_at < at / 64 {
            self.next_high();
        }
        self.high |= 1 << (at % 64);
        self.rank += 1;
    }

    fn next_high(&mut self) {
        let [_, array, _] = &mut self.arrays;
        array.extend_from_slice(&self.high.to_le_bytes());
        self.high = 0;
        self.high_at += 1;
    }

    /// A bucket begins after a zero for each bucket and a one for each number before it.
    fn note_bucket(&mut self) {
        let [.., array] = &mut self.arrays;
        let begin = u32::try_from(self.next_in_directory + self.rank).unwrap_or(u32::MAX);
        array.extend_from_slice(&begin.to_le_bytes());
        self.next_in_directory += STEP;
    }

    /// How many numbers came.
    pub(crate) const fn count(&self) -> u64 {
        self.rank
    }

    /// The three arrays: lower bits, upper bits, directory.
    pub(crate) fn finish(mut self) -> [Vec<u8>; 3] {
        let [low, ..] = &mut self.arrays;
        low.extend_from_slice(&self.low.to_le_bytes());
        self.next_high();
        while self.next_in_directory < self.shape.buckets() {
            self.note_bucket();
        }
        // What is missing are zeros.
        let Self { shape, mut arrays, .. } = self;
        for (array, length) in arrays.iter_mut().zip(shape.bytes()) {
            array.resize(length, 0);
        }
        arrays
    }
}

/// The set in its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) shape: Shape,
    pub(crate) low: &'a [u8],
    pub(crate) high: &'a [u8],
    pub(crate) directory: &'a [u8],
}

impl View<'_> {
    /// Where a number stands in the order, as often as it is there; empty when it is not.
    pub(crate) fn ranks(&self, number: u64) -> Range<u64> {
        let Shape { count, first, last, .. } = self.shape;
        if count == 0 || number < first || number > last {
            return 0..0;
        }
        let bits = self.shape.low_bits;
        let (bucket, low) = ((number - first) >> bits, (number - first) & ((1 << bits) - 1));
        let begins = self.begin_of(bucket);
        let ends = self.next_zero(begins);
        let ranks = begins.saturating_sub(bucket)..ends.saturating_sub(bucket);
        let from = self.partition(ranks.clone(), |other| other < low);
        if from == ranks.end || self.low_at(from) != low {
            return 0..0;
        }
        from..self.partition(from..ranks.end, |other| other == low)
    }

    /// The first rank whose lower bits are not `before` any more.
    fn partition(&self, ranks: Range<u64>, before: impl Fn(u64) -> bool) -> u64 {
        let Range { mut start, mut end } = ranks;
        while start < end {
            let middle = start + (end - start) / 2;
            if before(self.low_at(middle)) { start = middle + 1 } else { end = middle }
        }
        start
    }

    fn low_at(&self, rank: u64) -> u64 {
        let bits = self.shape.low_bits;
        let bit = rank.saturating_mul(bits.into());
        let byte = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let word =
            self.low.get(byte..).and_then(<[u8]>::first_chunk).map_or(0, |eight| u64::from_le_bytes(*eight));
        (word >> (bit % 8)) & ((1 << bits) - 1)
    }

    fn high_word(&self, word: u64) -> Option<u64> {
        let byte = usize::try_from(word).ok()?.checked_mul(8)?;
        self.high.get(byte..)?.first_chunk().map(|eight| u64::from_le_bytes(*eight))
    }

    /// The bit with which a bucket begins.
    fn begin_of(&self, bucket: u64) -> u64 {
        let entry = usize::try_from(bucket / STEP).unwrap_or(usize::MAX).saturating_mul(4);
        let known = self
            .directory
            .get(entry..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |four| u32::from_le_bytes(*four));
        let known = u64::from(known);
        let Some(mut wanted) = u32::try_from(bucket % STEP).ok().and_then(|left| left.checked_sub(1)) else {
            return known;
        };
        let mut number = known / 64;
        let mut mask = u64::MAX << (known % 64);
        while let Some(word) = self.high_word(number) {
            let zeros = !word & mask;
            let count = zeros.count_ones();
            if wanted < count {
                return number * 64 + u64::from(select(zeros, wanted)) + 1;
            }
            wanted -= count;
            number += 1;
            mask = u64::MAX;
        }
        number * 64
    }

    /// The first zero from `bit` on.
    fn next_zero(&self, bit: u64) -> u64 {
        let mut number = bit / 64;
        let mut mask = u64::MAX << (bit % 64);
        while let Some(word) = self.high_word(number) {
            let zeros = !word & mask;
            if zeros != 0 {
                return number * 64 + u64::from(zeros.trailing_zeros());
            }
            number += 1;
            mask = u64::MAX;
        }
        number * 64
    }
}

/// The place of the one that has `before` ones under it.
fn select(word: u64, before: u32) -> u32 {
    let (mut word, mut before, mut at) = (word, before, 0);
    for width in [32, 16, 8, 4, 2, 1] {
        let lower = word & ((1 << width) - 1);
        let ones = lower.count_ones();
        if before < ones {
            word = lower;
        } else {
            before -= ones;
            word >>= width;
            at += width;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(numbers: &[u64], others: &[u64]) {
        let end = |number: Option<&u64>| number.copied().unwrap_or(0);
        let shape = Shape::new(numbers.len() as u64, end(numbers.first()), end(numbers.last()));
        let mut writer = Writer::new(shape);
        numbers.iter().for_each(|number| writer.push(*number));
        let arrays = writer.finish();
        assert_eq!(arrays.each_ref().map(Vec::len), shape.bytes());
        let [low, high, directory] = &arrays;
        let view = View { shape, low, high, directory };
        for number in numbers.iter().chain(others) {
            let from = numbers.partition_point(|other| other < number);
            let to = numbers.partition_point(|other| other <= number);
            let expected = if from == to { 0..0 } else { from..to };
            let found = view.ranks(*number);
            assert_eq!(found.start as usize..found.end as usize, expected, "{number} of {numbers:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_has_its_rank_and_no_other_has_one(
            mut numbers in prop::collection::vec(prop_oneof![0_u64..50, 0_u64..100_000, any::<u64>()], 0..600),
            others in prop::collection::vec(prop_oneof![0_u64..50, 0_u64..100_000, any::<u64>()], 0..100),
        ) {
            numbers.sort_unstable();
            check(&numbers, &others);
        }
    }

    #[test]
    fn long_and_crowded_sets_are_found_too() {
        let even: Vec<u64> = (0..40_000).map(|number| number * 23).collect();
        check(&even, &[1, 22, 24, 919_978]);
        let crowded: Vec<u64> = (0..5_000).chain([u64::MAX]).collect();
        check(&crowded, &[5_000, u64::MAX - 1]);
    }

    #[test]
    fn select_finds_each_one() {
        for word in [1, 0b1011, u64::MAX, 1 << 63, 0xAAAA_5555_0F0F_F0F0] {
            let ones = (0..64).filter(|bit| word >> bit & 1 == 1);
            for (before, bit) in (0..).zip(ones) {
                assert_eq!(select(word, before), bit, "{word:X}");
            }
        }
    }
}
