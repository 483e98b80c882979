//! By which number a serial number stands in the index.

use ring::digest::{Context, SHA256};

use crate::entry::LONGEST_SERIAL;

/// Bits of a hashed serial number.
pub(crate) const HASH_BITS: u32 = 40;

/// The key of the hash under which long serial numbers are indexed. It comes from the list's signature, which
/// nobody knows who chooses serial numbers before the list is made: they cannot be made to fall together. A hit
/// is confirmed by the serial number itself, so that the answer never depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HashKey(pub(crate) [u64; 4]);

impl std::fmt::Debug for HashKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("HashKey(hidden)")
    }
}

impl HashKey {
    /// The key of the list with this signature.
    pub(crate) fn of(signature: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(b"hinamori crl index/v1");
        context.update(signature);
        let mut words = [0; 4];
        for (word, eight) in words.iter_mut().zip(context.finish().as_ref().as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*eight);
        }
        Self(words)
    }

    /// The upper bits of a multilinear hash over the serial number's three words (after Carter and Wegman 1979),
    /// folded. How rare collisions are decides how long a lookup takes, and never what it says.
    #[inline]
    pub(crate) fn hash(&self, serial: &[u8]) -> u64 {
        let [seed, keys @ ..] = self.0;
        let sum = words(serial).into_iter().zip(keys).fold(u128::from(seed), |sum, (word, key)| {
            sum.wrapping_add(u128::from(word).wrapping_mul(u128::from(key | 1)))
        });
        // Folded, so that every bit of every word reaches the upper half of one word.
        let folded = u64::try_from(sum >> 64).unwrap_or(u64::MAX)
            ^ u64::try_from(sum & u128::from(u64::MAX)).unwrap_or(0);
        folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)
    }
}

/// The value of a serial number in three words, the highest first. Halves that overlap are read, and no bytes
/// copied.
#[inline]
fn words(serial: &[u8]) -> [u64; 3] {
    let serial = serial.get(..LONGEST_SERIAL).unwrap_or(serial);
    let (Some(first), Some((rest, last))) = (serial.first_chunk(), serial.split_last_chunk()) else {
        return [0, 0, value(serial).unwrap_or(0)];
    };
    let [first, last] = [first, last].map(|eight| u64::from_be_bytes(*eight));
    let first = |bytes: usize| first.checked_shr(64 - 8 * bytes as u32).unwrap_or(0);
    match rest.split_last_chunk() {
        Some((rest, middle)) => [first(rest.len()), u64::from_be_bytes(*middle), last],
        None => [0, first(rest.len()), last],
    }
}

/// The value of a serial number of at most eight bytes.
#[inline]
pub(crate) fn value(serial: &[u8]) -> Option<u64> {
    match (serial.first_chunk(), serial.last_chunk()) {
        // Two halves that may overlap: no loop over the bytes.
        (Some(first), Some(last)) if serial.len() <= 8 => {
            let [first, last] = [first, last].map(|four| u64::from(u32::from_be_bytes(*four)));
            Some(first << (8 * serial.len() - 32) | last)
        }
        (Some(_), _) => None,
        _ => Some(serial.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_s_words_are_its_value() {
        let serial: Vec<u8> = (1..=20).collect();
        for length in 0..=20 {
            let serial = serial.get(..length).unwrap_or_default();
            let mut padded = [0; 24];
            padded.iter_mut().rev().zip(serial.iter().rev()).for_each(|(to, from)| *to = *from);
            let expected: Vec<u64> =
                padded.as_chunks().0.iter().map(|eight| u64::from_be_bytes(*eight)).collect();
            assert_eq!(words(serial).as_slice(), expected, "{length} bytes");
            assert_eq!(value(serial), (length <= 8).then(|| words(serial)[2]), "{length} bytes");
        }
    }
}
