//! What a lane does with a tap, as pure state machines: shelter and watch. Verified tap or operator command
//! in, facts to record and a view out.
//!
//! The caller plans, writes, then completes: [`Lane::plan`] changes nothing; the facts of the [`Plan`] are
//! written durably; only then [`Lane::complete`] moves the lane on and gives the answer to show. When the
//! write failed the lane says so and nothing was recorded.

use hinamori_ipc::{Command, HoldReason, Refusal, Screen};
use hinamori_model::{
    BindingAssurance, CardKey, CounterKind, Direction, Doubts, LaneId, PersonId, PersonalText, RecordId,
    SiteKind, UnixMillis,
};
use hinamori_pki::{ChipAnswered, ChipMismatch, PathError, VerifiedCertificate};
use hinamori_record::{Fact, Presence, Proof};

/// On what a tap rests, as the verifiers said it.
pub enum Evidence<'a> {
    /// A certificate was read; the chip was asked to prove itself when a key for it is stored.
    Certificate {
        /// The path check.
        verdict: Result<&'a VerifiedCertificate, PathError>,
        /// The chip's answer, if it was asked.
        chip: Option<Result<ChipAnswered, ChipMismatch>>,
    },
    /// Bytes that are no certificate stood in its place; the contactless identifier is what is left.
    UnreadableCertificate,
    /// A phone that wants its PIN first; the contactless identifier, if stable, is what is left.
    PinNeeded,
    /// Only a contactless identifier of a card without a known application.
    ContactlessOnly,
}

/// What a record will carry for this evidence. A renewed or unknown card gives `binding` `Declared`.
pub fn proof_of(_evidence: &Evidence<'_>, _binding: Option<BindingAssurance>) -> Proof {
    todo!()
}

/// A tap with everything that the lane needs to know, gathered by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    /// The card.
    pub card: CardKey,
    /// Whose, derived from the card when nobody is bound to it.
    pub person: PersonId,
    /// What the directory says; `None` for an unknown card.
    pub known: Option<KnownPerson>,
    /// Where the person is in the open incident.
    pub presence: Option<Presence>,
    /// The watch counter's standing of the person.
    pub watch: WatchStanding,
    /// What the record will carry.
    pub proof: Proof,
}

/// A person of the directory, with the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPerson {
    /// The name.
    pub name: PersonalText,
    /// 呼び名
    pub called_name: Option<PersonalText>,
    /// 秘匿
    pub hidden: bool,
    /// The other members.
    pub household: Vec<Housemate>,
}

/// One other member of the household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Housemate {
    /// Who.
    pub person: PersonId,
    /// The name.
    pub name: PersonalText,
    /// 続柄
    pub relation: PersonalText,
    /// 秘匿: shown as never seen, always.
    pub hidden: bool,
    /// Where they are.
    pub presence: Option<Presence>,
}

/// What the watch records say of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatchStanding {
    /// The latest of consent given and withdrawn.
    pub consented: bool,
    /// Whether they were seen today.
    pub seen_today: bool,
}

/// What comes to a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A card was read and checked.
    Tap(Box<Tap>),
    /// A card answers, but nothing on it says who holds it (no known application, no stable identifier):
    /// a head is counted and staff are asked for.
    Nameless(Doubts),
    /// Nothing could be read: hold it again.
    NotRead(HoldReason),
    /// Somebody touched the screen. Commands about the incident, the site and lists are the caller's.
    Command(Command),
}

/// What is to be written before anything is said. Nothing has changed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    facts: Vec<Fact>,
}

impl Plan {
    /// The facts to record as one action; none means that nothing needs the disk.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }
}

/// What became of a plan's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// Durable, under these ids in the order of the facts.
    Durable(Vec<RecordId>),
    /// Not written, and why.
    Failed(HoldReason),
}

/// One lane: what it does, and the answer on its screen.
#[derive(Debug, Clone)]
pub struct Lane {}

impl Lane {
    /// An idle lane.
    pub fn new(_lane: LaneId, _site: SiteKind, _counter: CounterKind, _direction: Direction) -> Self {
        todo!()
    }

    /// What `input` asks for.
    ///
    /// # Errors
    /// [`Refusal`] when a command does not fit the lane's state.
    pub fn plan(&self, _input: Input, _now: UnixMillis) -> Result<Plan, Refusal> {
        todo!()
    }

    /// Moves on after the facts were written, or not.
    pub fn complete(&mut self, _plan: Plan, _written: Written, _now: UnixMillis) {
        todo!()
    }

    /// Time passed: answers that are over leave the screen. Returns when to call again, if at all.
    pub fn tick(&mut self, _now: UnixMillis) -> Option<UnixMillis> {
        todo!()
    }

    /// What fills the screen.
    pub fn screen(&self) -> &Screen {
        todo!()
    }

    /// 業務
    pub fn counter(&self) -> CounterKind {
        todo!()
    }

    /// 入口・出口
    pub fn direction(&self) -> Direction {
        todo!()
    }
}

/// The last taps of all lanes of a box: the same card on two readers at once is a doubt.
#[derive(Debug, Clone, Default)]
pub struct RecentTaps {}

impl RecentTaps {
    /// Notes a tap; says whether the same card was on another lane within the last seconds.
    pub fn note(&mut self, _card: CardKey, _lane: LaneId, _now: UnixMillis) -> bool {
        todo!()
    }
}
