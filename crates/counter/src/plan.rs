//! What comes to a lane, what is written before anything is said, and what became of it.

use hinamori_ipc::{AnswerKind, AttributeFault, Candidates, Command, HoldReason};
use hinamori_model::{BindingAssurance, CardKey, CounterKind, Direction, Doubts, PersonId, RecordId};
use hinamori_record::{Fact, Presence};

use crate::tap::{Tap, Visitor};
use crate::visit::{Offer, Step};

/// What comes to a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A card was read and checked.
    Tap(Box<Tap>),
    /// A card answers, but nothing on it says who holds it (no known application, no stable identifier):
    /// a head is counted and staff are asked for. Every one counts: two such cards cannot be told apart.
    Nameless(Doubts),
    /// Nothing could be read: hold it again.
    NotRead(HoldReason),
    /// The attributes of the card that was just taken were to be read.
    Attributes(AttributesRead),
    /// Somebody says that these people are here, without a card of theirs.
    Declared(Declared),
    /// Somebody touched the screen. Commands about the incident, the site and lists are the caller's.
    Command(Command),
}

/// What came of reading the attributes of a card that nobody knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributesRead {
    /// Whom the card may belong to.
    Candidates {
        /// Who they are.
        candidates: Candidates,
        /// How well a link to one of them will be founded.
        binding: BindingAssurance,
    },
    /// They could not be read.
    NotRead(AttributeFault),
}

/// People of whom somebody says that they are here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declared {
    /// The named leader by whose word it is; `None` for whoever stands at the lane.
    pub by: Option<PersonId>,
    /// Who, and what is known of them.
    pub people: Vec<DeclaredPerson>,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredPerson {
    /// Who.
    pub person: PersonId,
    /// Where they are, if it is at this lane's site.
    pub presence: Option<Presence>,
    /// 秘匿
    pub hidden: bool,
}

/// What is to be written before anything is said. Nothing has changed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    pub(crate) facts: Vec<Fact>,
    pub(crate) by: By,
    pub(crate) then: Then,
}

/// Whether a failed write asks for the card again, or leaves the panel for another touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Card,
    Touch,
}

/// How the lane moves on once the facts are durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Then {
    /// A new visit.
    Begin {
        card: Option<CardKey>,
        visitor: Option<Visitor>,
        doubt: bool,
        kind: AnswerKind,
        offer: Offer,
    },
    /// The next answer of the visit.
    Continue {
        kind: AnswerKind,
        offer: Offer,
    },
    /// The same card once more: its answer stays, or is shown again.
    Repeat,
    /// Nothing could be read.
    HoldAgain(HoldReason),
    /// The visit was taken back.
    Undone,
    /// The screen is free; what the visit recorded can still be taken back.
    Dismiss,
    /// The visit ended without a record.
    End,
    Counter(CounterKind),
    Direction(Direction),
}

impl Plan {
    /// The facts to record as one action; none means that nothing needs the disk.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    pub(crate) const fn of(by: By, facts: Vec<Fact>, then: Then) -> Self {
        Self { facts, by, then }
    }

    pub(crate) const fn touch(then: Then) -> Self {
        Self::of(By::Touch, Vec::new(), then)
    }

    /// A visit of people without a card that can be told again.
    pub(crate) fn begin(by: By, doubt: bool, step: Step) -> Self {
        let Step { facts, kind, offer } = step;
        Self::of(by, facts, Then::Begin { card: None, visitor: None, doubt, kind, offer })
    }

    /// The visit of a card.
    pub(crate) fn begin_with(tap: &Tap, step: Step) -> Self {
        let Step { facts, kind, offer } = step;
        let (card, visitor, doubt) = (Some(tap.card), Some(tap.visitor()), tap.shows_doubt());
        Self::of(By::Card, facts, Then::Begin { card, visitor, doubt, kind, offer })
    }

    pub(crate) fn next(step: Step) -> Self {
        let Step { facts, kind, offer } = step;
        Self::of(By::Touch, facts, Then::Continue { kind, offer })
    }
}

/// What became of a plan's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// Durable, under these ids in the order of the facts. Ids for some of the facts only count as not
    /// written: nothing is answered that might be lost.
    Durable(Vec<RecordId>),
    /// Not written, and why. After a card the lane asks for it again; after a touch the screen stays as it
    /// is and the caller answers [`Refusal::Disk`](hinamori_ipc::Refusal::Disk).
    Failed(HoldReason),
}
