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
        let mut padded = [0; 24];
        let begins = padded.len().saturating_sub(serial.len().min(LONGEST_SERIAL));
        if let Some(end) = padded.get_mut(begins..) {
            end.copy_from_slice(serial.get(..serial.len().min(LONGEST_SERIAL)).unwrap_or_default());
        }
        let [seed, keys @ ..] = self.0;
        let words = padded.as_chunks::<8>().0.iter().map(|eight| u64::from_be_bytes(*eight));
        let sum = words.zip(keys).fold(u128::from(seed), |sum, (word, key)| {
            sum.wrapping_add(u128::from(word).wrapping_mul(u128::from(key | 1)))
        });
        // Folded, so that every bit of every word reaches the upper half of one word.
        let folded = u64::try_from(sum >> 64).unwrap_or(u64::MAX)
            ^ u64::try_from(sum & u128::from(u64::MAX)).unwrap_or(0);
        folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - HASH_BITS)
    }
}

/// The value of a serial number of at most eight bytes.
#[inline]
pub(crate) fn value(serial: &[u8]) -> Option<u64> {
    (serial.len() <= 8).then(|| number_of(serial))
}

/// The value of a serial number's last eight bytes.
#[inline]
pub(crate) fn number_of(serial: &[u8]) -> u64 {
    serial.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
