//! What stands at the end of an index, and in which order its arrays lie before it.

use ring::digest::{SHA256, digest};

use crate::keys::HashKey;
use crate::sparse::Shape;

const MAGIC: [u8; 8] = *b"HNCRL\0\0\x01";
/// Bytes of a crlNumber (RFC 5280 §5.2.3).
pub(crate) const LONGEST_NUMBER: usize = 20;
/// Bytes.
pub(crate) const LENGTH: usize = 8 * 16 + 32 * 6 + 24;

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
    /// Bytes of the rows, of their offsets, and of the rows' numbers by rank.
    pub(crate) lengths: [u64; 3],
    pub(crate) key: HashKey,
    pub(crate) issuer: [u8; 32],
    pub(crate) scope: [u8; 32],
    /// Names the list's content.
    pub(crate) content: [u8; 32],
    /// SHA-256 of everything before the footer.
    pub(crate) body: [u8; 32],
    pub(crate) number: Vec<u8>,
}

impl Footer {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(MAGIC);
        let Shape { count, first, last, .. } = self.shape;
        let kind = u64::from(self.kind == Kind::Hashed);
        let numbers = [kind, self.rows, count, first, last, self.this_update, self.next_update];
        // Five words are kept for what a later version adds.
        for word in numbers.into_iter().chain(self.lengths).chain([0; 5]) {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend(self.key.0.iter().flat_map(|word| word.to_le_bytes()));
        for hash in [self.issuer, self.scope, self.content, self.body] {
            bytes.extend(hash);
        }
        let mut number = [0; 24];
        let length = self.number.len().min(LONGEST_NUMBER);
        number.iter_mut().zip([length as u8].iter().chain(&self.number)).for_each(|(to, from)| *to = *from);
        bytes.extend(number);
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
        let kind = match word()? {
            0 => Kind::Plain,
            1 => Kind::Hashed,
            _ => return None,
        };
        let rows = word()?;
        let shape = Shape::new(word()?, word()?, word()?);
        let (this_update, next_update) = (word()?, word()?);
        let lengths = [word()?, word()?, word()?];
        for _ in 0..5 {
            word()?;
        }
        let key = HashKey([word()?, word()?, word()?, word()?]);
        let mut hash = || {
            let (hash, after) = rest.split_first_chunk::<32>()?;
            rest = after;
            Some(*hash)
        };
        let (issuer, scope, content, body) = (hash()?, hash()?, hash()?, hash()?);
        let (length, number) = rest.split_first()?;
        let number = number.get(..usize::from(*length))?.to_vec();
        Some(Self {
            kind,
            rows,
            shape,
            this_update,
            next_update,
            lengths,
            key,
            issuer,
            scope,
            content,
            body,
            number,
        })
    }
}
