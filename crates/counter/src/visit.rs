//! One visit: what a tap recorded, what may still be touched beside its answer, and what can be taken back.
//!
//! A lane has at most one. The next card, the next head counted or another counter ends it; what it recorded
//! stays.

use hinamori_ipc::{AnswerId, AnswerKind, Departure, LeaveAsk, Member, Refusal};
use hinamori_model::{BindingAssurance, CardKey, Leaving, PersonId, PersonalText, RecordId, UnixMillis};
use hinamori_record::{Fact, PresenceEvent, Proof};

use crate::lane::SAME_TAP_MILLIS;
use crate::tap::Visitor;

/// What a counter wants recorded as one action, the answer after it, and what may be touched then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) facts: Vec<Fact>,
    pub(crate) kind: AnswerKind,
    pub(crate) offer: Offer,
}

/// What may be touched beside an answer, with what the touch needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Offer {
    Nothing,
    Household(Vec<Invited>),
    Count,
    Leave {
        leaver: Leaver,
        recorded: Option<Leaving>,
    },
    /// They left; where to and who goes along may still be said.
    LeavingTo {
        leaver: Leaver,
        departure: Departure,
        ask: LeaveAsk,
    },
    Consent {
        person: PersonId,
        proof: Proof,
        called_name: Option<PersonalText>,
    },
    Mood {
        person: PersonId,
        proof: Proof,
    },
    /// The card may belong to one of these.
    Candidates {
        card: PersonId,
        people: Vec<PersonId>,
        binding: BindingAssurance,
    },
}

/// Somebody who may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaver {
    pub(crate) person: PersonId,
    pub(crate) proof: Proof,
    pub(crate) name: Option<PersonalText>,
    /// Members of the household who are here.
    pub(crate) companions: Vec<Member>,
}

/// A member of the household as the panel shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Invited {
    pub(crate) person: PersonId,
    /// What a touch records; `None` for a tile that is shown as already in.
    pub(crate) event: Option<PresenceEvent>,
}

/// The visit of the last card, or of heads that were counted.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// `None` for people without a card that can be told again.
    pub(crate) card: Option<CardKey>,
    /// Whose card it was.
    pub(crate) visitor: Option<Visitor>,
    pub(crate) began_at: UnixMillis,
    /// Its latest answer, whether or not it is still on the screen.
    pub(crate) answer: AnswerId,
    pub(crate) kind: AnswerKind,
    pub(crate) offer: Offer,
    pub(crate) doubt: bool,
    pub(crate) records: Vec<RecordId>,
    /// Until when its records can be taken back; `None` while there are none.
    pub(crate) undo_until: Option<UnixMillis>,
}

impl Visit {
    /// When neither its card nor taking it back needs it any more.
    pub(crate) fn forget_at(&self) -> UnixMillis {
        let same_tap = self.began_at.plus(SAME_TAP_MILLIS);
        self.undo_until.map_or(same_tap, |until| same_tap.max(until.plus(1)))
    }

    /// Takes back everything that the visit recorded, and nothing else.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] when nothing was recorded, [`Refusal::AnswerIsOver`] when the time is over.
    pub(crate) fn undo(&self, now: UnixMillis) -> Result<Vec<Fact>, Refusal> {
        match self.undo_until {
            None => Err(Refusal::NotNow),
            Some(until) if now > until => Err(Refusal::AnswerIsOver),
            Some(_) => Ok(self.records.iter().map(|record| Fact::Undo { of: *record }).collect()),
        }
    }
}
