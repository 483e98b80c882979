//! Bytes of which some are likelier than others (Huffman 1952), in the canonical form: how long each byte's word is
//! says which word it is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::bits::{BitReader, Bits};

/// Bits of a word.
const LONGEST_WORD: u8 = 15;
/// What all words of a code must have used up: a word of no bits is everything.
const EVERYTHING: u32 = 1 << LONGEST_WORD;

/// How often each byte is to be written.
pub(crate) type Counts = [u64; 256];

/// Which word stands for which byte.
pub(crate) struct PrefixCode {
    /// Length and byte, in order; nothing at all is there when nothing is to be written.
    words: Vec<(u8, u8)>,
    /// Bytes with a word of each length.
    counts: [u16; LONGEST_WORD as usize + 1],
    /// Word and length of each byte.
    of_byte: [(u64, u8); 256],
}

impl PrefixCode {
    /// The code that writes these bytes in the fewest bits.
    pub(crate) fn new(counts: &Counts) -> Self {
        let mut weights = *counts;
        loop {
            let lengths = lengths(&weights);
            if lengths.iter().all(|length| *length <= LONGEST_WORD) {
                let used = (0_u8..=u8::MAX).zip(lengths).zip(weights).filter(|(_, weight)| *weight > 0);
                let mut words: Vec<_> = used.map(|((byte, length), _)| (length, byte)).collect();
                words.sort_unstable();
                return Self::of(words);
            }
            // What is rare becomes less so, until no word is too long.
            weights.iter_mut().for_each(|weight| *weight = weight.div_ceil(2));
        }
    }

    fn of(words: Vec<(u8, u8)>) -> Self {
        let (mut counts, mut of_byte) = ([0; LONGEST_WORD as usize + 1], [(0, 0); 256]);
        let (mut word, mut before) = (0_u64, 0);
        for &(length, byte) in &words {
            if let Some(count) = counts.get_mut(usize::from(length)) {
                *count += 1;
            }
            word <<= length - before;
            if let Some(of_byte) = of_byte.get_mut(usize::from(byte)) {
                *of_byte = (word, length);
            }
            (word, before) = (word + 1, length);
        }
        Self { words, counts, of_byte }
    }

    /// Writes the code itself.
    pub(crate) fn write_table(&self, out: &mut Bits) {
        out.push(u64::try_from(self.words.len()).unwrap_or(u64::MAX), 9);
        for (length, byte) in &self.words {
            out.push(u64::from(*length), 4);
            out.push(u64::from(*byte), 8);
        }
    }

    /// Reads a code, in which every row of bits has a meaning.
    pub(crate) fn read_table(reader: &mut BitReader<'_>) -> Option<Self> {
        let count = reader.take(9)?;
        let (mut words, mut used, mut seen) = (Vec::new(), 0_u32, [false; 256]);
        for _ in 0..count {
            let length = u8::try_from(reader.take(4)?).ok()?;
            let byte = u8::try_from(reader.take(8)?).ok()?;
            let seen = seen.get_mut(usize::from(byte))?;
            if std::mem::replace(seen, true) || words.last().is_some_and(|last| *last > (length, byte)) {
                return None;
            }
            words.push((length, byte));
            used = used.checked_add(EVERYTHING >> length)?;
        }
        (used == if words.is_empty() { 0 } else { EVERYTHING }).then(|| Self::of(words))
    }

    #[inline]
    pub(crate) fn write(&self, byte: u8, out: &mut Bits) {
        let (word, length) = self.of_byte.get(usize::from(byte)).copied().unwrap_or_default();
        out.push(word, length.into());
    }

    #[inline]
    pub(crate) fn read(&self, reader: &mut BitReader<'_>) -> Option<u8> {
        // The first word of a length, and which of all words it is.
        let (mut word, mut first, mut rank) = (0, 0, 0);
        for (length, &count) in self.counts.iter().enumerate() {
            if length > 0 {
                word = word << 1 | usize::from(reader.bit()?);
                first <<= 1;
            }
            let count = usize::from(count);
            if word < first + count {
                return self.words.get(rank + word - first).map(|(_, byte)| *byte);
            }
            (first, rank) = (first + count, rank + count);
        }
        None
    }
}

/// Bits of each byte's word: none for a byte that alone is there.
fn lengths(weights: &Counts) -> [u8; 256] {
    let mut lengths = [0_u8; 256];
    let used = (0_u8..=u8::MAX).zip(weights).filter(|(_, weight)| **weight > 0);
    let mut heap: BinaryHeap<_> = used.map(|(byte, weight)| Reverse((*weight, vec![byte]))).collect();
    while let (Some(Reverse((first, mut bytes))), Some(Reverse((second, others)))) = (heap.pop(), heap.pop())
    {
        bytes.extend(others);
        for byte in &bytes {
            if let Some(length) = lengths.get_mut(usize::from(*byte)) {
                *length = length.saturating_add(1);
            }
        }
        heap.push(Reverse((first.saturating_add(second), bytes)));
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn coded(counts: &Counts, bytes: &[u8]) -> Vec<u8> {
        let code = PrefixCode::new(counts);
        let mut bits = Bits::default();
        code.write_table(&mut bits);
        bytes.iter().for_each(|byte| code.write(*byte, &mut bits));
        bits.finish()
    }

    fn counted(bytes: &[u8]) -> Counts {
        let mut counts = [0; 256];
        bytes.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
        counts
    }

    fn check(counts: &Counts, bytes: &[u8]) -> usize {
        let coded = coded(counts, bytes);
        let mut reader = BitReader::new(&coded);
        let code = PrefixCode::read_table(&mut reader).unwrap();
        for byte in bytes {
            assert_eq!(code.read(&mut reader), Some(*byte));
        }
        reader.end().unwrap();
        coded.len()
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(prop_oneof![0_u8..5, any::<u8>()], 0..500)) {
            check(&counted(&bytes), &bytes);
        }

        #[test]
        fn a_table_of_noise_is_refused_or_reads(noise in prop::collection::vec(any::<u8>(), 0..80)) {
            for noise in [&noise[..], &[&[0][..], &noise].concat()] {
                let mut reader = BitReader::new(noise);
                if let Some(code) = PrefixCode::read_table(&mut reader) {
                    let _ignored = code.read(&mut reader);
                }
            }
        }
    }

    #[test]
    fn words_are_as_long_as_they_must_be() {
        assert_eq!(check(&counted(&[]), &[]), 2, "the table alone");
        assert_eq!(check(&counted(&[7; 1_000]), &[7; 1_000]), 3, "a byte that is always there takes no bits");
        let five: Vec<u8> = (0..10_000).map(|number| (number % 5) as u8).collect();
        assert_eq!(check(&counted(&five), &five), 3_000 + 9, "2.4 bits each");
    }

    #[test]
    fn no_word_is_too_long() {
        let (mut counts, mut two) = ([0; 256], (1_u64, 1_u64));
        for count in counts.iter_mut().take(60) {
            *count = two.0;
            two = (two.1, two.0 + two.1);
        }
        let bytes: Vec<u8> = (0..60).collect();
        check(&counts, &bytes);
        assert!(lengths(&counts).iter().any(|length| *length > LONGEST_WORD), "it would be otherwise");
    }

    #[test]
    fn a_code_with_holes_or_twice_the_same_byte_is_refused() {
        let table = |words: &[(u8, u8)]| {
            let mut bits = Bits::default();
            PrefixCode { words: words.to_vec(), counts: [0; 16], of_byte: [(0, 0); 256] }
                .write_table(&mut bits);
            bits.finish()
        };
        let reads = |words: &[(u8, u8)]| PrefixCode::read_table(&mut BitReader::new(&table(words))).is_some();
        assert!(reads(&[]) && reads(&[(0, 9)]) && reads(&[(1, 3), (2, 1), (2, 2)]));
        for bad in [&[(1, 3)][..], &[(0, 1), (0, 2)], &[(1, 3), (1, 3)], &[(1, 3), (1, 2)], &[(2, 1), (1, 2)]]
        {
            assert!(!reads(bad), "{bad:?}");
        }
    }
}
