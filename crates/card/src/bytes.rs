//! What a card gave, where nothing more is known of it than that it is bytes.

use std::fmt;
use std::ops::Deref;

/// A signature, or a file that others read. It may tell cards apart, so that printing shows the length only.
#[derive(Clone, PartialEq, Eq)]
pub struct CardBytes(Vec<u8>);

impl CardBytes {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Deref for CardBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CardBytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CardBytes({} bytes)", self.0.len())
    }
}
