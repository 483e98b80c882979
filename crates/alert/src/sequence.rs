//! The numbers of a sender's messages, by which an old one is not taken for a new one, also where no clock is right (docs/tv.md §2, §5).

use std::collections::BTreeMap;

use crate::instruction::{Hash, hash};
use crate::keys::KeyClass;
use crate::threads::SignedMessage;

/// How many of a sender's latest messages may still come out of order. What is further back is old.
const WINDOW: u64 = 64;
/// The most boxes of which the numbers are remembered, of each kind of message.
const MOST_BOXES: usize = 64;
/// Set in the epoch of a box.
const OF_A_BOX: u32 = 1 << 31;

/// A place in a sender's sequence. Whoever gives numbers out never uses one twice and never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sequence {
    /// The town hall's counts up when its machine was lost, so that its numbers may begin anew. With its highest bit set it names a box
    /// that gives numbers of its own.
    pub epoch: u32,
    /// Counts up with every message of the epoch.
    pub number: u64,
}

impl Sequence {
    /// The epoch of a box: two of them may each alert without knowing of the other. `id` are the bytes of its id.
    pub fn epoch_of_box(id: &[u8]) -> u32 {
        let [first, second, third, fourth, ..] = hash(&[b"hinamori alert/box  /v1", id]);
        u32::from_be_bytes([first, second, third, fourth]) | OF_A_BOX
    }

    /// Whether a box gave it out, and not the town hall.
    pub const fn is_of_a_box(self) -> bool {
        self.epoch & OF_A_BOX != 0
    }
}

/// Whose numbers are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Counted {
    sender: String,
    class: KeyClass,
    /// Whether one officer signed.
    is_alone: bool,
    /// The epoch of the box; `None` for the town hall, whatever its epoch.
    of_box: Option<u32>,
}

/// Which messages of each sender came, so that an old one is not taken for a new one, also where no clock is right.
///
/// What two officers signed, what one did, and exercises are counted apart: with a number out of all order, one officer could otherwise have
/// everything refused that two sign after it. So is what each box originated: none of them knows of the others' numbers.
#[derive(Debug, Clone, Default)]
pub struct Sequences {
    all: BTreeMap<Counted, Latest>,
    /// Messages that were noted.
    noted: u64,
}

/// Of one sender in its latest epoch.
#[derive(Debug, Clone, Default)]
struct Latest {
    epoch: u32,
    highest: u64,
    /// Those that came, the latest [`WINDOW`], with what was signed.
    came: BTreeMap<u64, Hash>,
    /// When it was heard last, in messages.
    heard: u64,
}

/// What a place in a sequence says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SequenceVerdict {
    /// It was not here before.
    New,
    /// The very same envelope was here before.
    Known,
    /// Of an earlier epoch, or so far back that nobody remembers. It is not shown.
    Old,
    /// Another message under the same number: the sender signed twice. It is not shown, and somebody should know.
    Forked,
}

impl Sequences {
    /// Notes a message.
    #[must_use]
    pub fn note(&mut self, signed: &impl SignedMessage) -> SequenceVerdict {
        let Sequence { epoch, number } = signed.sequence();
        let (sender, class) = (signed.sender(), signed.class());
        let of_box = signed.sequence().is_of_a_box().then_some(epoch);
        let counted = Counted { sender: sender.to_owned(), class, is_alone: signed.officers() < 2, of_box };
        self.noted = self.noted.saturating_add(1);
        let latest = self.all.entry(counted.clone()).or_default();
        latest.heard = self.noted;
        let verdict = latest.note(epoch, number, signed.digest(), of_box.is_some());
        self.forget_boxes(&counted);
        verdict
    }

    /// Where there are too many boxes, the one that was heard longest ago goes; the town hall never does.
    fn forget_boxes(&mut self, like: &Counted) {
        let is_like = |known: &Counted| Counted { of_box: like.of_box, ..known.clone() } == *like;
        let boxes = self.all.iter().filter(|(known, _)| known.of_box.is_some() && is_like(known));
        if boxes.clone().count() > MOST_BOXES
            && let Some(oldest) = boxes.min_by_key(|(_, latest)| latest.heard).map(|(known, _)| known.clone())
        {
            self.all.remove(&oldest);
        }
    }
}

impl Latest {
    fn note(&mut self, epoch: u32, number: u64, digest: Hash, is_of_a_box: bool) -> SequenceVerdict {
        if epoch > self.epoch {
            *self = Self { epoch, heard: self.heard, ..Self::default() };
        }
        if epoch < self.epoch || self.is_far_back(number, is_of_a_box) {
            return SequenceVerdict::Old;
        }
        match self.came.get(&number) {
            Some(known) if *known == digest => return SequenceVerdict::Known,
            Some(_) => return SequenceVerdict::Forked,
            None => {}
        }
        self.highest = self.highest.max(number);
        self.came.insert(number, digest);
        while self.came.first_key_value().is_some_and(|(first, _)| self.is_forgotten(*first, is_of_a_box)) {
            self.came.pop_first();
        }
        SequenceVerdict::New
    }

    /// The town hall counts by one. A box counts in milliseconds, so that its messages are counted and not what lies between them.
    fn is_far_back(&self, number: u64, is_of_a_box: bool) -> bool {
        let is_full = u64::try_from(self.came.len()).unwrap_or(u64::MAX) >= WINDOW;
        match self.came.first_key_value() {
            Some((first, _)) if is_of_a_box => is_full && number < *first,
            _ => number.saturating_add(WINDOW) <= self.highest,
        }
    }

    fn is_forgotten(&self, number: u64, is_of_a_box: bool) -> bool {
        let are_too_many = u64::try_from(self.came.len()).unwrap_or(u64::MAX) > WINDOW;
        if is_of_a_box { are_too_many } else { number.saturating_add(WINDOW) <= self.highest }
    }
}
