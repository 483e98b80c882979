//! What two key tables tell each other, and how one knows how far the other has listened.
//!
//! A row is bytes here; whoever keeps tables knows what stands in it. No side remembers what it told: in its hello each says
//! how far it has absorbed the other's table, so that a side that was lost or brought back from a copy is told again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Bytes of rows in one message.
pub const LONGEST_ROWS: usize = 64 << 10;

/// A place in a key table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMark {
    /// The random id that was made with the file.
    pub table: [u8; 16],
    /// The serial of the last row.
    pub serial: u64,
    /// What tells that row after those before it: a file brought back from a copy uses serials again, for other rows or in another order.
    pub row: [u8; 16],
}

/// Rows of the sender's key table.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRows {
    /// Each row with its length, of one byte, before it.
    rows: Vec<u8>,
    /// Where they end in the sender's table: whoever has absorbed them says so in its next hello.
    pub upto: KeyMark,
}

impl fmt::Debug for KeyRows {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "KeyRows({} bytes, up to {})", self.rows.len(), self.upto.serial)
    }
}

impl KeyRows {
    /// Rows of at most 255 bytes each; `None` when there are more than [`LONGEST_ROWS`] or a longer one.
    pub fn new<R: AsRef<[u8]>>(rows: impl IntoIterator<Item = R>, upto: KeyMark) -> Option<Self> {
        let mut bytes = Vec::new();
        for row in rows {
            let row = row.as_ref();
            bytes.push(u8::try_from(row.len()).ok()?);
            bytes.extend_from_slice(row);
        }
        let rows = Self { rows: bytes, upto };
        rows.is_bounded().then_some(rows)
    }

    /// The rows, in their order; a last one that is cut off is left out.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.rows.as_slice();
        std::iter::from_fn(move || {
            let (length, after) = rest.split_first()?;
            let (row, after) = after.split_at_checked(usize::from(*length))?;
            rest = after;
            Some(row)
        })
    }

    /// Whether it is as short as a message may be.
    pub(crate) const fn is_bounded(&self) -> bool {
        self.rows.len() <= LONGEST_ROWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: KeyMark = KeyMark { table: [1; 16], serial: 7, row: [2; 16] };

    #[test]
    fn rows_come_out_as_they_went_in_and_nothing_of_them_is_printed() {
        let rows = KeyRows::new([[5; 101].as_slice(), &[], &[6; 25]], MARK).unwrap();
        assert_eq!(rows.rows().map(<[u8]>::len).collect::<Vec<_>>(), [101, 0, 25]);
        assert_eq!(format!("{rows:?}"), "KeyRows(129 bytes, up to 7)");
        let cut = KeyRows { rows: rows.rows[..120].to_vec(), upto: MARK };
        assert_eq!(cut.rows().count(), 2);
    }

    #[test]
    fn what_is_too_long_is_no_message() {
        assert!(KeyRows::new([[0; 256]], MARK).is_none());
        assert!(KeyRows::new(vec![[0; 255]; 256], MARK).is_some());
        assert!(KeyRows::new(vec![[0; 255]; 257], MARK).is_none());
    }
}
