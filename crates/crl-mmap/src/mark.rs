//! How far a list has come: what is older is refused for ever, also after the list itself was lost.

use std::io;
use std::path::Path;

use hinamori_crl::Index;
use hinamori_model::UnixMillis;
use hinamori_private_file as private_file;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::shelf::hex;

/// Bytes of a mark's file.
const LONGEST: u64 = 4 << 10;

/// The highest number that was taken of a list, with its time and content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    issuer: [u8; 32],
    scope: [u8; 32],
    number: Vec<u8>,
    this_update: u64,
    content: [u8; 32],
}

/// Why a list is not taken after another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Backwards {
    /// Its number is below the highest one that was taken (RFC 5280 §5.2.3): an old list was played back.
    #[error("the list is older than one that was taken before")]
    Older,
    /// The number that was taken before, with other content: one of the two is false, somebody must look.
    #[error("the list has the number of one that was taken and says something else")]
    SameNumber,
    /// A higher number and an earlier time: one of the two is false.
    #[error("the list has a higher number than one that was taken and an earlier time")]
    EarlierTime,
}

impl Mark {
    /// The mark that an index makes.
    pub fn of<B: AsRef<[u8]>>(index: &Index<B>) -> Self {
        let ((_, number), (issuer, scope)) = (index.number(), index.speaks_for());
        Self {
            issuer: *issuer,
            scope: *scope,
            number: number.to_vec(),
            this_update: index.this_update().get(),
            content: *index.content(),
        }
    }

    /// The list's issuer and scope.
    pub const fn speaks_for(&self) -> (&[u8; 32], &[u8; 32]) {
        (&self.issuer, &self.scope)
    }

    /// crlNumber, big-endian without leading zeros.
    pub fn number(&self) -> &[u8] {
        &self.number
    }

    /// Names the list's content.
    pub(crate) const fn content(&self) -> &[u8; 32] {
        &self.content
    }

    /// thisUpdate.
    pub const fn this_update(&self) -> UnixMillis {
        UnixMillis::new(self.this_update)
    }

    /// What names the list among its generations, in the order of their numbers.
    pub(crate) fn name(&self) -> String {
        let content = self.content.get(..16).unwrap_or_default();
        format!("{:02x}{}-{}", self.number.len(), hex(&self.number), hex(content))
    }

    fn order(&self) -> (usize, &[u8], u64) {
        (self.number.len(), &self.number, self.this_update)
    }

    /// Whether this is behind `other`.
    pub fn is_behind(&self, other: &Self) -> bool {
        self.order() < other.order()
    }

    /// Whether a list with the mark `next` may follow; the same list may.
    ///
    /// # Errors
    /// [`Backwards`].
    pub fn check_follows(&self, next: &Self) -> Result<(), Backwards> {
        let number = |mark: &Self| (mark.number.len(), mark.number.clone());
        match number(next).cmp(&number(self)) {
            std::cmp::Ordering::Less => Err(Backwards::Older),
            std::cmp::Ordering::Equal if next.content != self.content => Err(Backwards::SameNumber),
            std::cmp::Ordering::Greater if next.this_update < self.this_update => Err(Backwards::EarlierTime),
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => Ok(()),
        }
    }

    /// The mark in a file; `None` when it is missing or not as it was written.
    pub(crate) fn read(folder: &Path, name: &str) -> Option<Self> {
        let bytes = private_file::read(folder, name, LONGEST).ok().flatten()?;
        let (hash, body) = bytes.split_first_chunk::<32>()?;
        (digest(&SHA256, body).as_ref() == hash).then(|| serde_json::from_slice(body).ok()).flatten()
    }

    /// Writes it, durably.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> io::Result<()> {
        let body = serde_json::to_vec(self).map_err(io::Error::other)?;
        private_file::replace(folder, name, &[digest(&SHA256, &body).as_ref(), &body].concat())
    }

    /// The one that is further.
    pub(crate) fn furthest(marks: impl IntoIterator<Item = Self>) -> Option<Self> {
        marks.into_iter().max_by(|one, other| one.order().cmp(&other.order()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn mark(number: Vec<u8>, this_update: u64, content: u8) -> Mark {
        Mark { issuer: [1; 32], scope: [2; 32], number, this_update, content: [content; 32] }
    }

    #[test]
    fn numbers_and_times_go_forward_together() {
        let held = mark(vec![1, 0], 500, 1);
        assert_eq!(held.check_follows(&mark(vec![1, 0], 500, 1)), Ok(()));
        assert_eq!(held.check_follows(&mark(vec![1, 1], 500, 2)), Ok(()));
        assert_eq!(held.check_follows(&mark(vec![0xFF], 900, 2)), Err(Backwards::Older), "255 is under 256");
        assert_eq!(held.check_follows(&mark(vec![1, 0], 500, 2)), Err(Backwards::SameNumber));
        assert_eq!(held.check_follows(&mark(vec![1, 1], 499, 2)), Err(Backwards::EarlierTime));
    }

    #[test]
    fn a_mark_is_read_as_written_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let written = mark(vec![7], 9, 3);
        written.write(folder.path(), "m").unwrap();
        assert_eq!(Mark::read(folder.path(), "m"), Some(written));
        let bytes = std::fs::read(folder.path().join("m")).unwrap();
        for place in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[place] ^= 1;
            std::fs::write(folder.path().join("m"), &bent).unwrap();
            assert_eq!(Mark::read(folder.path(), "m"), None, "{place}");
            std::fs::write(folder.path().join("m"), &bytes[..place]).unwrap();
            assert_eq!(Mark::read(folder.path(), "m"), None, "cut at {place}");
        }
    }
}
