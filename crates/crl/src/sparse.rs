//! A sorted set of numbers in little more than the bits that tell it from all other sets of its size
//! (Elias 1974, Fano 1971): of each number the lower bits as they are, the upper ones as a run of ones and zeros
//! in which a zero means "the next bucket".
//!
//! Here 128 buckets make a group, whose run stands at its begin and whose lower bits stand at its end, the first
//! number's last: both are mostly on one line of the processor's cache, and a directory says where each group
//! begins and thereby where the one before ends.

use std::hint::black_box;
use std::ops::Range;

/// Buckets of a group.
const GROUP: u64 = 128;
/// So many lower bits can be read as one word from any bit on.
const MOST_LOW_BITS: u32 = 56;
/// Numbers of one bucket that are looked at one after the other.
const FEW: u64 = 8;

/// What a set's arrays look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) count: u64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    low_bits: u32,
}

impl Shape {
    /// Of at most `count` numbers from `first` to `last`.
    pub(crate) fn new(count: u64, first: u64, last: u64) -> Self {
        let gap = last.saturating_sub(first).checked_div(count).and_then(u64::checked_ilog2);
        Self { count, first, last, low_bits: gap.unwrap_or(0).min(MOST_LOW_BITS) }
    }

    fn groups(&self) -> u64 {
        ((self.last.saturating_sub(self.first) >> self.low_bits) / GROUP).saturating_add(1)
    }

    /// Bits of all groups.
    fn bits(&self) -> u64 {
        let numbers = self.count.saturating_mul(u64::from(self.low_bits) + 1);
        self.groups().saturating_mul(GROUP).saturating_add(numbers)
    }

    /// Bytes of the groups and of the directory. One word more is kept behind the groups, so that the last bits
    /// can be read like all others; the directory's last entry says where the last group ends.
    pub(crate) fn bytes(&self) -> [usize; 2] {
        let groups = (self.bits().div_ceil(64) + 1).saturating_mul(8);
        let directory = self.groups().saturating_add(1).saturating_mul(4);
        [groups, directory].map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX))
    }
}

/// Takes numbers in order. Both arrays grow at their ends alone.
pub(crate) struct Writer {
    shape: Shape,
    groups: Vec<u8>,
    directory: Vec<u8>,
    /// Bits that make no whole word yet, and how many.
    word: u64,
    filled: u32,
    /// The bucket that the run stands in.
    bucket: u64,
    /// Lower bits of the group that the bucket is in.
    low: Vec<u64>,
}

impl Writer {
    /// `None` for a set that is too large: the directory has four bytes for the place of a bit.
    pub(crate) fn new(shape: Shape) -> Option<Self> {
        u32::try_from(shape.bits()).ok()?;
        let [groups, directory] = shape.bytes().map(Vec::with_capacity);
        let mut new = Self { shape, groups, directory, word: 0, filled: 0, bucket: 0, low: Vec::new() };
        new.note_begin();
        Some(new)
    }

    /// The next number, not smaller than the one before.
    #[inline]
    pub(crate) fn push(&mut self, number: u64) {
        let offset = number.saturating_sub(self.shape.first);
        let bits = self.shape.low_bits;
        let bucket = offset >> bits;
        while bucket / GROUP > self.bucket / GROUP {
            self.end_group();
        }
        let zeros = self.put_zeros(bucket.saturating_sub(self.bucket));
        self.put(1 << zeros, zeros + 1);
        self.bucket = bucket;
        self.low.push(offset & ((1 << bits) - 1));
    }

    /// Puts so many zeros but a few, which it gives: they are put with what comes next.
    #[inline]
    fn put_zeros(&mut self, mut zeros: u64) -> u32 {
        while zeros > 62 {
            self.put(0, 62);
            zeros -= 62;
        }
        zeros as u32
    }

    /// The next `width` bits, at most 63.
    #[inline]
    fn put(&mut self, bits: u64, width: u32) {
        self.word |= bits << self.filled;
        self.filled += width;
        if self.filled >= 64 {
            self.filled -= 64;
            self.groups.extend_from_slice(&self.word.to_le_bytes());
            self.word = bits >> (width - self.filled);
        }
    }

    #[cold]
    fn end_group(&mut self) {
        let next = (self.bucket / GROUP + 1) * GROUP;
        let zeros = self.put_zeros(next - self.bucket);
        self.put(0, zeros);
        let mut low = std::mem::take(&mut self.low);
        low.drain(..).rev().for_each(|low| self.put(low, self.shape.low_bits));
        self.low = low;
        self.bucket = next;
        self.note_begin();
    }

    fn note_begin(&mut self) {
        let begin = self.groups.len() as u64 * 8 + u64::from(self.filled);
        self.directory.extend_from_slice(&u32::try_from(begin).unwrap_or(u32::MAX).to_le_bytes());
    }

    /// The groups and their directory.
    pub(crate) fn finish(mut self) -> [Vec<u8>; 2] {
        while self.bucket / GROUP < self.shape.groups() {
            self.end_group();
        }
        self.groups.extend_from_slice(&self.word.to_le_bytes());
        let Self { shape, mut groups, directory, .. } = self;
        let [length, _] = shape.bytes();
        groups.resize(length, 0);
        [groups, directory]
    }
}

/// The set in its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) shape: Shape,
    pub(crate) groups: &'a [u8],
    pub(crate) directory: &'a [u8],
}

/// Where a number stands.
struct Found {
    group: u64,
    /// The bit with which the group begins.
    begin: u64,
    /// Its places among the group's numbers.
    places: Range<u64>,
}

impl View<'_> {
    /// Whether a number is there.
    #[inline]
    pub(crate) fn contains(&self, number: u64) -> bool {
        self.find(number).is_some()
    }

    /// Where a number stands in the order, as often as it is there; empty when it is not.
    #[inline]
    pub(crate) fn ranks(&self, number: u64) -> Range<u64> {
        let Some(Found { group, begin, places }) = self.find(number) else { return 0..0 };
        // Each number before has a one and its lower bits, each group its zeros.
        let before = begin.saturating_sub(group * GROUP) / (u64::from(self.shape.low_bits) + 1);
        before + places.start..before + places.end
    }

    #[inline]
    fn find(&self, number: u64) -> Option<Found> {
        let Shape { count, first, last, low_bits: bits } = self.shape;
        if count == 0 || number < first || number > last {
            return None;
        }
        let offset = number - first;
        let (bucket, low) = (offset >> bits, offset & ((1 << bits) - 1));
        let group = bucket / GROUP;
        let entry = usize::try_from(group).ok()?;
        let begin = u64::from(word_at(self.directory, entry)?);
        let end = u64::from(word_at(self.directory, entry + 1)?);
        // Asked for already now, so that both of the group's ends come from memory at once.
        black_box(self.bits_at(end.saturating_sub(u64::from(bits))));
        let bucket = bucket % GROUP;
        let run = begin..end;
        let from = if bucket == 0 { begin } else { self.zero(&run, bucket - 1)? + 1 };
        let to = self.next_zero(from);
        let places = from.checked_sub(begin + bucket)?..to.checked_sub(begin + bucket)?;
        // The lower bits of the number at a place of the group, from its end.
        let low_at = |place: u64| self.bits_at(end.saturating_sub((place + 1) * u64::from(bits)));
        let from = partition(places.clone(), |place| low_at(place) < low);
        if from >= places.end || low_at(from) != low {
            return None;
        }
        let to = partition(from + 1..places.end, |place| low_at(place) == low);
        Some(Found { group, begin, places: from..to })
    }

    /// As many bits as lower bits are.
    #[inline]
    fn bits_at(&self, bit: u64) -> u64 {
        let byte = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        let word = self.groups.get(byte..).and_then(<[u8]>::first_chunk);
        let word = word.map_or(0, |eight| u64::from_le_bytes(*eight));
        (word >> (bit % 8)) & ((1 << self.shape.low_bits) - 1)
    }

    #[inline]
    fn word(&self, number: u64) -> Option<u64> {
        let word = self.groups.as_chunks::<8>().0.get(usize::try_from(number).ok()?)?;
        Some(u64::from_le_bytes(*word))
    }

    /// The zero of a run that has so many before it.
    #[inline]
    fn zero(&self, run: &Range<u64>, before: u64) -> Option<u64> {
        let (mut number, mut before) = (run.start / 64, before);
        let mut mask = u64::MAX << (run.start % 64);
        while number * 64 < run.end {
            let zeros = !self.word(number)? & mask;
            let sums = running_sums(ones_of_bytes(zeros));
            let count = sums >> 56;
            if before < count {
                return Some(number * 64 + select(zeros, sums, before));
            }
            before -= count;
            number += 1;
            mask = u64::MAX;
        }
        None
    }

    /// The first zero from `bit` on.
    #[inline]
    fn next_zero(&self, bit: u64) -> u64 {
        let mut number = bit / 64;
        let mut mask = u64::MAX << (bit % 64);
        while let Some(word) = self.word(number) {
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

/// The first place that is not `before` any more. Of a few it is the quickest to ask each.
#[inline]
fn partition(places: Range<u64>, before: impl Fn(u64) -> bool) -> u64 {
    let Range { mut start, mut end } = places;
    while end.saturating_sub(start) > FEW {
        let middle = start + (end - start) / 2;
        if before(middle) { start = middle + 1 } else { end = middle }
    }
    while start < end && before(start) {
        start += 1;
    }
    start
}

/// A word of four bytes.
#[inline]
pub(crate) fn word_at(words: &[u8], number: usize) -> Option<u32> {
    words.as_chunks::<4>().0.get(number).map(|word| u32::from_le_bytes(*word))
}

/// A one in each byte, and the highest bit of each.
const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// How many ones each byte has.
#[inline]
const fn ones_of_bytes(word: u64) -> u64 {
    let pairs = word - (word >> 1 & 0x5555_5555_5555_5555);
    let fours = (pairs & 0x3333_3333_3333_3333) + (pairs >> 2 & 0x3333_3333_3333_3333);
    (fours + (fours >> 4)) & 0x0F0F_0F0F_0F0F_0F0F
}

/// Of each byte the sum of all up to it, in one multiplication.
#[inline]
const fn running_sums(bytes: u64) -> u64 {
    bytes.wrapping_mul(ONES)
}

/// How many of eight growing sums are at most `most`; all are under 128.
#[inline]
const fn at_most(sums: u64, most: u64) -> u64 {
    running_sums(((((most * ONES) | TOPS) - sums) & TOPS) >> 7) >> 56
}

/// The place of the one that has `before` ones under it; `sums` are the running sums of the word's bytes. There is
/// no branch in it, for which one is asked for cannot be guessed (after Vigna 2008, "broadword").
#[inline]
const fn select(word: u64, sums: u64, before: u64) -> u64 {
    let byte = 8 * at_most(sums, before);
    let before = before - (sums << 8 >> byte & 0xFF);
    // The byte's bits, each in a byte of its own.
    let bits = ((word >> byte & 0xFF) * ONES) & 0x8040_2010_0804_0201;
    let bits = ((bits + 0x7F7F_7F7F_7F7F_7F7F) | bits) >> 7 & ONES;
    byte + at_most(running_sums(bits), before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(numbers: &[u64], others: &[u64]) {
        let end = |number: Option<&u64>| number.copied().unwrap_or(0);
        let shape = Shape::new(numbers.len() as u64, end(numbers.first()), end(numbers.last()));
        let mut writer = Writer::new(shape).unwrap();
        numbers.iter().for_each(|number| writer.push(*number));
        let arrays = writer.finish();
        assert_eq!(arrays.each_ref().map(Vec::len), shape.bytes());
        let [groups, directory] = &arrays;
        let view = View { shape, groups, directory };
        for number in numbers.iter().chain(others) {
            let from = numbers.partition_point(|other| other < number);
            let to = numbers.partition_point(|other| other <= number);
            let expected = if from == to { 0..0 } else { from..to };
            let found = view.ranks(*number);
            assert_eq!(found.start as usize..found.end as usize, expected, "{number} of {numbers:?}");
            assert_eq!(view.contains(*number), from != to, "{number} of {numbers:?}");
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
                let sums = running_sums(ones_of_bytes(word));
                assert_eq!(select(word, sums, before), bit, "{word:X}");
            }
        }
    }
}
