//! Numbers written bit by bit, the highest bit first.

/// Takes bits.
#[derive(Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet, fewer than eight between calls.
    pending: u128,
    width: u32,
}

impl Bits {
    /// Appends the lowest `width` bits of a number, 64 at most.
    #[inline]
    pub(crate) fn push(&mut self, number: u64, width: u32) {
        let width = width.min(64);
        self.pending = self.pending << width | u128::from(number) & ((1 << width) - 1);
        self.width += width;
        while self.width >= 8 {
            self.width -= 8;
            self.bytes.push((self.pending >> self.width & 0xFF) as u8);
        }
        self.pending &= (1 << self.width) - 1;
    }

    /// Appends bytes, wherever in a byte they begin.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.push(u64::from(*byte), 8));
    }

    /// Appends a number from 0 to `span` in as many bits as `span` has, or in one bit less: the lowest numbers
    /// take the words that would be left over (truncated binary).
    #[inline]
    pub(crate) fn push_within(&mut self, number: u64, span: u64) {
        let (width, short) = within(span);
        if number < short {
            self.push(number, width - 1);
        } else {
            self.push(number.saturating_add(short), width);
        }
    }

    /// The bytes, filled up with zeros.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.push(0, (8 - self.width) % 8);
        self.bytes
    }
}

/// Bits of `span`, and how many of the numbers up to it do with one bit less.
const fn within(span: u64) -> (u32, u64) {
    let width = u64::BITS - span.leading_zeros();
    let words = if width == 0 { 0 } else { u64::MAX >> (u64::BITS - width) };
    (width, words - span)
}

/// Bits that so many numbers from 0 to `span` take if all of them are equally likely.
pub(crate) fn bits_within(count: u64, span: u64) -> u128 {
    let (width, short) = within(span);
    let saved = u128::from(count) * u128::from(short) / (u128::from(span) + 1);
    u128::from(count) * u128::from(width) - saved
}

/// Reads what [`Bits`] wrote. `None` everywhere means that the bytes are not such.
#[derive(Clone)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bit.
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Bits that are left.
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len().saturating_mul(8).saturating_sub(self.at)
    }

    /// A number of so many bits, 64 at most.
    #[inline]
    pub(crate) fn take(&mut self, width: u32) -> Option<u64> {
        let end = self.at.checked_add(usize::try_from(width.min(64)).ok()?)?;
        let bytes = self.bytes.get(self.at / 8..end.div_ceil(8))?;
        let word = bytes.iter().fold(0_u128, |word, byte| word << 8 | u128::from(*byte));
        let behind = end.div_ceil(8) * 8 - end;
        self.at = end;
        Some((word >> behind & ((1 << width.min(64)) - 1)) as u64)
    }

    #[inline]
    pub(crate) fn bit(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// So many bytes, wherever in a byte they begin.
    pub(crate) fn take_bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        if self.left() / 8 < count {
            return None;
        }
        (0..count).map(|_| self.take(8).and_then(|byte| u8::try_from(byte).ok())).collect()
    }

    /// As many bytes as the array has.
    pub(crate) fn take_array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take_bytes(N)?.try_into().ok()
    }

    /// A number from 0 to `span`.
    #[inline]
    pub(crate) fn take_within(&mut self, span: u64) -> Option<u64> {
        let (width, short) = within(span);
        let Some(width) = width.checked_sub(1) else { return Some(0) };
        let number = self.take(width)?;
        if number < short {
            return Some(number);
        }
        (number << 1 | u64::from(self.bit()?)).checked_sub(short)
    }

    /// There is nothing more than the zeros that fill the last byte.
    pub(crate) fn end(mut self) -> Option<()> {
        let left = u32::try_from(self.left()).ok().filter(|left| *left < 8)?;
        (self.take(left)? == 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(
            numbers in prop::collection::vec((any::<u64>(), 0_u32..=64, any::<u64>(), 0_u32..64), 0..40),
        ) {
            let cut = |number: u64, width: u32| number & ((1_u128 << width) - 1) as u64;
            let mut bits = Bits::default();
            for (number, width, span, shift) in &numbers {
                bits.push(*number, *width);
                bits.push_within(number % (span >> shift).saturating_add(1), span >> shift);
            }
            let bytes = bits.finish();
            let mut reader = BitReader::new(&bytes);
            for (number, width, span, shift) in &numbers {
                prop_assert_eq!(reader.take(*width), Some(cut(*number, *width)));
                let within = number % (span >> shift).saturating_add(1);
                prop_assert_eq!(reader.take_within(span >> shift), Some(within));
            }
            prop_assert_eq!(reader.end(), Some(()));
        }
    }

    #[test]
    fn every_number_up_to_a_span_has_a_word_of_its_own() {
        for span in 0..70 {
            let (mut words, mut used) = (std::collections::BTreeSet::new(), 0_u128);
            for number in 0..=span {
                let mut bits = Bits::default();
                bits.push_within(number, span);
                used += bits.bytes.len() as u128 * 8 + u128::from(bits.width);
                bits.push(1, 1);
                assert!(words.insert(bits.finish()), "{number} of {span}");
            }
            assert_eq!(used, bits_within(span + 1, span), "{span}");
        }
        let mut bits = Bits::default();
        bits.push_within(u64::MAX, u64::MAX);
        assert_eq!(BitReader::new(&bits.finish()).take_within(u64::MAX), Some(u64::MAX));
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        let mut reader = BitReader::new(&[0xA5, 0x80]);
        assert_eq!(reader.take(17), None);
        assert_eq!((reader.take(9), reader.left()), (Some(0x14B), 7));
        assert_eq!(reader.clone().end(), Some(()));
        assert_eq!((reader.take_bytes(1), reader.take(8)), (None, None));
        assert!(BitReader::new(&[1]).end().is_none(), "a byte too many");
        let mut bent = BitReader::new(&[0x81]);
        assert_eq!((bent.bit(), bent.end()), (Some(true), None), "the filling is not zeros");
    }
}
