//! Boxes of which two histories are known: somebody has a copy of their key and disk, and nobody can tell which of the two was at the
//! shelter.
//!
//! Whoever holds one history refuses the other one, and sees by it that one key signed both. From then on all that the box said counts as
//! before and as nobody's confirmation, until the town rules. Like [`crate::CutOffs`] this is a filter on the projection, never on the log.
//! No proof travels: every store finds it where the histories meet, and the town's package says it to all others.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::BoxId;
use hinamori_record::ActorId;
use serde::{Deserialize, Serialize};

/// Writers that a package names: a copied box forks one at each start, until it takes another name.
pub const MOST_FORKS: usize = 20_000;
/// Writers of one box of which a store keeps proof: one is enough, and a box that goes on does not fill a disk.
pub const MOST_FORKS_OF_A_BOX: usize = 64;

/// A writer under whose name two histories were signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fork {
    /// The writer (see [`ActorId`]).
    pub writer: [u8; 16],
    /// Whether the town said that what is held of its box counts fully. A later fork of the box has another writer.
    pub is_settled: bool,
}

impl Fork {
    /// The writer.
    pub const fn writer(&self) -> ActorId {
        ActorId::from_bytes(self.writer)
    }
}

/// All forks that somebody knows of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forks {
    settled: BTreeMap<ActorId, bool>,
    /// Who has a writer that is not settled, by the first bytes that a writer has of its box.
    open: BTreeSet<BoxId>,
    /// A box believes itself: people stand there.
    but: Option<BoxId>,
}

impl Forks {
    /// Those that a package names, as they count at the box `but`, or at a server.
    pub fn new(said: &[Fork], but: Option<BoxId>) -> Self {
        let mut forks = Self { but, ..Self::default() };
        said.iter().for_each(|fork| forks.add(fork.writer(), fork.is_settled));
        forks
    }

    fn add(&mut self, writer: ActorId, is_settled: bool) {
        if !*self.settled.entry(writer).or_insert(is_settled) {
            self.open.insert(writer.first_box());
        }
    }

    /// Adds one that was found here; what the town said of it goes before.
    pub fn note(&mut self, writer: ActorId) {
        self.add(writer, false);
    }

    /// Whether what a writer says is nobody's confirmation.
    pub fn is_forked(&self, writer: ActorId) -> bool {
        self.open.contains(&writer.first_box()) && !self.but.is_some_and(|but| writer.belongs_to(but))
    }

    /// Whether the town has still to rule about a box.
    pub fn is_open(&self, of: BoxId) -> bool {
        self.open.contains(&ActorId::new(of, 0).first_box())
    }

    /// Whether nobody's word is affected.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Of whom the one says otherwise than the other, by the first bytes that a writer has of its box.
    pub fn differing<'f>(&'f self, other: &'f Self) -> impl Iterator<Item = BoxId> + 'f {
        let both = self.open.union(&other.open).copied();
        let counts = |forks: &Self, of| forks.is_forked(ActorId::new(of, 0));
        both.filter(move |of| counts(self, *of) != counts(other, *of))
    }

    /// The bytes to keep.
    pub fn to_bytes(&self) -> Vec<u8> {
        let fork = |(writer, is_settled): (&ActorId, &bool)| Fork {
            writer: *writer.as_bytes(),
            is_settled: *is_settled,
        };
        let all: Vec<Fork> = self.settled.iter().map(fork).collect();
        postcard::to_stdvec(&(all, self.but)).unwrap_or_default()
    }

    /// What [`Forks::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (all, but): (Vec<Fork>, Option<BoxId>) = postcard::from_bytes(bytes).ok()?;
        Some(Self::new(&all, but))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_forked_while_one_of_its_writers_is_not_settled_and_never_at_itself() {
        let [copied, other] = [5, 6].map(|number| BoxId::from_bytes([number; 16]));
        let (first, later) = (ActorId::new(copied, 7), ActorId::new(copied, 8));
        let fork = |writer: ActorId, is_settled| Fork { writer: *writer.as_bytes(), is_settled };
        let open = Forks::new(&[fork(first, false)], None);
        assert!(open.is_forked(first) && open.is_forked(later) && open.is_open(copied));
        assert!(!open.is_forked(ActorId::new(other, 7)) && !open.is_open(other));
        let mut settled = Forks::new(&[fork(first, true)], None);
        assert!(!settled.is_forked(first) && settled.is_empty());
        settled.note(first);
        assert!(!settled.is_forked(first), "what was found here is what the town ruled about");
        settled.note(later);
        assert!(settled.is_forked(first), "a fork after the ruling");
        let at_itself = Forks::new(&[fork(first, false)], Some(copied));
        assert!(!at_itself.is_forked(first) && at_itself.is_open(copied), "it is shown there");
        assert_eq!(open.differing(&at_itself).collect::<Vec<_>>(), vec![first.first_box()]);
        assert_eq!(open.differing(&settled).count(), 0);
        for forks in [open, settled, at_itself, Forks::default()] {
            assert_eq!(Forks::from_bytes(&forks.to_bytes()), Some(forks));
        }
    }
}
