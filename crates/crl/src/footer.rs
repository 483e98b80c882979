//! What stands at the end of an index, and in which order its arrays lie before it.

use ring::digest::{SHA256, digest};

use crate::keys::HashKey;
use crate::sparse::Shape;

const MAGIC: [u8; 8] = *b"HNCRL\0\0\x03";
/// Bytes of a crlNumber (RFC 5280 §5.2.3).
pub(crate) const LONGEST_NUMBER: usize = 20;
/// Bytes.
pub(crate) const LENGTH: usize = 8 * 16 + 32 * 6 + 24 * 2;
/// Where [`Footer::body`] stands in the footer.
#[cfg(feature = "fuzzing")]
pub(crate) const BODY_AT: usize = 8 * 16 + 32 * 4;

/// Bits of the first word: serial numbers are hashed, the list is a delta list, it has entries.
const HASHED: u64 = 1;
const DELTA: u64 = 2;
const HAS_ENTRIES: u64 = 4;

/// How serial numbers stand in the sparse set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// As themselves: all have at most eight bytes.
    Plain,
    /// Hashed, with the row of each.
    Hashed,
}

/// Everything about an index that is not an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Footer {
    pub(crate) kind: Kind,
    /// Entries of the list.
    pub(crate) rows: u64,
    pub(crate) shape: Shape,
    pub(crate) this_update: u64,
    pub(crate) next_update: u64,
    /// Bytes of the rows, of their blocks' places, and of the rows' places by rank.
    pub(crate) lengths: [u64; 3],
    /// Bytes of the three parts of the list's frame.
    pub(crate) frame: [u64; 3],
    pub(crate) has_entries: bool,
    /// Bytes of the list's entries in DER.
    pub(crate) entries_length: u64,
    pub(crate) key: HashKey,
    pub(crate) issuer: [u8; 32],
    pub(crate) scope: [u8; 32],
    /// Names the list's content.
    pub(crate) content: [u8; 32],
    /// SHA-256 of everything before the footer.
    pub(crate) body: [u8; 32],
    pub(crate) number: Vec<u8>,
    /// Number of the list that a delta list goes on from.
    pub(crate) base: Option<Vec<u8>>,
}

impl Footer {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(MAGIC);
        let Shape { count, first, last, .. } = self.shape;
        let bit = |is_set: bool, bit: u64| if is_set { bit } else { 0 };
        let kind = bit(self.kind == Kind::Hashed, HASHED)
            | bit(self.base.is_some(), DELTA)
            | bit(self.has_entries, HAS_ENTRIES);
        let numbers = [kind, self.rows, count, first, last, self.this_update, self.next_update];
        // One word is kept for what a later version adds.
        let lengths = self.lengths.into_iter().chain(self.frame).chain([self.entries_length, 0]);
        for word in numbers.into_iter().chain(lengths) {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(self.key.0.iter().flat_map(|word| word.to_le_bytes()));
        for hash in [self.issuer, self.scope, self.content, self.body] {
            bytes.extend(hash);
        }
        for number in [self.number.as_slice(), self.base.as_deref().unwrap_or_default()] {
            let mut padded = [0; 24];
            let length = number.len().min(LONGEST_NUMBER);
            padded.iter_mut().zip([length as u8].iter().chain(number)).for_each(|(to, from)| *to = *from);
            bytes.extend(padded);
        }
        bytes.extend(digest(&SHA256, &bytes).as_ref());
        bytes
    }

    /// `None` for anything but what [`Footer::to_bytes`] gave.
    pub(crate) fn from_bytes(bytes: &[u8; LENGTH]) -> Option<Self> {
        let (before, hash) = bytes.split_last_chunk::<32>()?;
        if digest(&SHA256, before).as_ref() != hash {
            return None;
        }
        let mut rest = before.strip_prefix(&MAGIC)?;
        let mut word = || {
            let (eight, after) = rest.split_first_chunk::<8>()?;
            rest = after;
            Some(u64::from_le_bytes(*eight))
        };
        let bits = word()?;
        if bits > HASHED | DELTA | HAS_ENTRIES {
            return None;
        }
        let kind = if bits & HASHED != 0 { Kind::Hashed } else { Kind::Plain };
        let rows = word()?;
        let shape = Shape::new(word()?, word()?, word()?);
        let (this_update, next_update) = (word()?, word()?);
        let lengths = [word()?, word()?, word()?];
        let frame = [word()?, word()?, word()?];
        let entries_length = word()?;
        word()?;
        let key = HashKey([word()?, word()?, word()?, word()?]);
        let mut hash = || {
            let (hash, after) = rest.split_first_chunk::<32>()?;
            rest = after;
            Some(*hash)
        };
        let (issuer, scope, content, body) = (hash()?, hash()?, hash()?, hash()?);
        let number = |padded: &[u8; 24]| {
            let (length, number) = padded.split_first()?;
            Some(number.get(..usize::from(*length))?.to_vec())
        };
        let (own, base) = rest.split_first_chunk()?;
        let base = number(base.first_chunk()?)?;
        let (number, base) = (number(own)?, (bits & DELTA != 0).then_some(base));
        Some(Self {
            kind,
            rows,
            shape,
            this_update,
            next_update,
            lengths,
            frame,
            has_entries: bits & HAS_ENTRIES != 0,
            entries_length,
            key,
            issuer,
            scope,
            content,
            body,
            number,
            base,
        })
    }
}
