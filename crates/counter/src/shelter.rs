//! The shelter counter (避難所の受付), also at a check-point: who is here, who came along, who leaves.
//!
//! | lane | where the person is | recorded | answer |
//! |---|---|---|---|
//! | entrance | not here yet | arrived | welcome, with the household or a count beside it |
//! | entrance | here | seen | here, leaving may be chosen |
//! | entrance | out, away, moved or left | seen: here again | welcome: who came back along is the question, not who leaves |
//! | exit | anywhere | out, the mildest way to leave | here, another way of leaving may be chosen |
//! | check-point | anywhere | passed | welcome: nobody leaves a check-point |
//!
//! At a lane set to 出口 the lane itself says that people leave (design, law 10), so it is recorded with the tap:
//! who walks on without a touch is out and expected back, never counted inside a building that they left.
//!
//! **Hidden people** (秘匿, law 7). Whoever holds the card may be the one that the person hides from, and so
//! may every member of the household. Therefore:
//! - Their own tap gives the answer of a first arrival every time. What is recorded is true.
//! - The household beside it is shown with the others' true states, as at anybody's first arrival. To show all
//!   as not seen would tell a member who has just been received, at one glance, that this card is a special
//!   one. The others' states are no secret of this person; children who hide with them must be hidden too.
//! - On everybody's panel they are not seen yet. A touch on their tile is recorded as somebody's word, because
//!   what was answered with 完了 is never lost, and it counts in the number shown like any other tile. It is
//!   one fact whatever was known before, so that neither the number nor the time of writing tells
//!   anything. A false touch is a record of the weakest assurance for named roles to judge, and changes no tile.
//! - Leaving is offered to them only by a lane set to 出口, where everybody gets the same answer.

use std::collections::BTreeSet;

use hinamori_ipc::{AnswerKind, Member, MemberState, Party, Refusal};
use hinamori_model::{Direction, Leaving, PersonId, SiteKind, UnixMillis};
use hinamori_record::{Details, Fact, Presence, PresenceEvent, PresenceState, Proof};

use crate::departure;
use crate::plan::{Declared, DeclaredPerson};
use crate::tap::{Housemate, Tap};
use crate::visit::{Invited, Leaver, Offer, Step};

/// Where a lane of this counter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Entrance,
    Exit,
    CheckPoint,
}

impl Gate {
    /// A check-point has no way out: people only pass.
    pub(crate) const fn of(site: SiteKind, direction: Direction) -> Self {
        match (site, direction) {
            (SiteKind::CheckPoint, _) => Self::CheckPoint,
            (SiteKind::Shelter | SiteKind::EmergencySite | SiteKind::WatchSpot, Direction::Entrance) => {
                Self::Entrance
            }
            (SiteKind::Shelter | SiteKind::EmergencySite | SiteKind::WatchSpot, Direction::Exit) => {
                Self::Exit
            }
        }
    }

    /// Whether a panel shows somebody as received already.
    const fn has_received(self, presence: Option<&Presence>) -> bool {
        match (self, presence) {
            (_, None) => false,
            // Nobody saw whom somebody only told of.
            (Self::CheckPoint, Some(presence)) => !matches!(presence.state, PresenceState::ToldElsewhere),
            (Self::Entrance | Self::Exit, Some(presence)) => matches!(presence.state, PresenceState::Here),
        }
    }

    /// What is true of somebody who is at this gate now.
    const fn event(self, presence: Option<&Presence>) -> PresenceEvent {
        match (self, presence) {
            (Self::CheckPoint, _) => PresenceEvent::Passed,
            (Self::Exit, _) => PresenceEvent::Out,
            (Self::Entrance, None) => PresenceEvent::Arrived,
            (Self::Entrance, Some(presence)) => match presence.state {
                PresenceState::Passed | PresenceState::ToldElsewhere => PresenceEvent::Arrived,
                _ => PresenceEvent::Seen,
            },
        }
    }
}

/// A card was held to the lane.
pub(crate) fn tap(gate: Gate, tap: &Tap, now: UnixMillis) -> Step {
    let presence = tap.presence.as_ref();
    let until = (gate == Gate::Exit).then(|| departure::due(Leaving::Out, None, now));
    let facts = vec![Fact::Presence {
        person: tap.person,
        event: gate.event(presence),
        proof: tap.proof,
        details: Details { until, ..Details::NONE },
    }];
    let is_seen_again = gate.has_received(presence) && !tap.is_hidden();
    match gate {
        Gate::Exit => seen_here(tap, facts, Some(Leaving::Out)),
        Gate::Entrance if is_seen_again => seen_here(tap, facts, None),
        Gate::Entrance | Gate::CheckPoint => welcome(gate, tap, facts),
    }
}

fn seen_here(tap: &Tap, facts: Vec<Fact>, recorded: Option<Leaving>) -> Step {
    let name = tap.shown_name();
    let is_here = |member: &Member| matches!(member.state, MemberState::AlreadyIn { .. });
    let companions = tap.shown_household().iter().map(|mate| member(Gate::Entrance, mate).0).filter(is_here);
    let leaver =
        Leaver { person: tap.person, proof: tap.proof, name: name.clone(), companions: companions.collect() };
    Step { facts, kind: AnswerKind::Here { name }, offer: Offer::Leave { leaver, recorded } }
}

/// Somebody says that these people are here, also at a lane set to 出口: nobody says it of whoever leaves. Who is here already is left out, but for hidden people: what is
/// recorded of them is the same whatever was before.
pub(crate) fn declared(gate: Gate, declared: &Declared) -> Step {
    let Declared { by, people } = declared;
    let gate = if gate == Gate::Exit { Gate::Entrance } else { gate };
    let is_new = |person: &&DeclaredPerson| person.hidden || !gate.has_received(person.presence.as_ref());
    let details = Details { declared_by: *by, ..Details::NONE };
    let facts: Vec<Fact> = people
        .iter()
        .filter(is_new)
        .map(|DeclaredPerson { person, presence, .. }| Fact::Presence {
            person: *person,
            event: gate.event(presence.as_ref()),
            proof: Proof::DECLARED,
            details,
        })
        .collect();
    let counted = u32::try_from(facts.len()).unwrap_or(u32::MAX);
    Step { facts, kind: AnswerKind::Done { people: counted }, offer: Offer::Nothing }
}

fn welcome(gate: Gate, tap: &Tap, facts: Vec<Fact>) -> Step {
    let household = tap.shown_household();
    let (party, offer) = if tap.known.is_none() {
        (Party::Count, Offer::Count)
    } else if household.is_empty() {
        (Party::Nobody, Offer::Nothing)
    } else {
        let (members, invited) = household.iter().map(|mate| member(gate, mate)).unzip();
        (Party::Household(members), Offer::Household(invited))
    };
    Step { facts, kind: AnswerKind::Welcome { name: tap.shown_name(), party }, offer }
}

/// A member's tile and what a touch on it records.
fn member(gate: Gate, mate: &Housemate) -> (Member, Invited) {
    let presence = mate.presence.as_ref();
    let state = match presence {
        Some(presence) if gate.has_received(Some(presence)) && !mate.hidden => {
            MemberState::AlreadyIn { at: presence.arrived_at.unwrap_or(presence.seen_at.millis()) }
        }
        Some(_) | None => MemberState::NotSeen,
    };
    let event = match state {
        MemberState::NotSeen => Some(gate.event(presence)),
        MemberState::AlreadyIn { .. } => None,
    };
    let Housemate { person, name, relation, .. } = mate;
    let tile = Member { person: *person, name: name.clone(), relation: relation.clone(), state };
    (tile, Invited { person: *person, event })
}

/// These members came too.
///
/// # Errors
/// [`Refusal::NotNow`] for anybody who is not on the panel: nothing of the touch counts then.
pub(crate) fn confirm(invited: &[Invited], members: &[PersonId]) -> Result<Step, Refusal> {
    let mut facts = Vec::new();
    for person in members.iter().collect::<BTreeSet<_>>() {
        let found = invited.iter().find(|invited| invited.person == *person).ok_or(Refusal::NotNow)?;
        let fact = |event| Fact::presence(*person, event, Proof::DECLARED);
        facts.extend(found.event.map(fact));
    }
    let came_along = u32::try_from(facts.len()).unwrap_or(u32::MAX);
    Ok(Step { kind: AnswerKind::Done { people: came_along.saturating_add(1) }, facts, offer: Offer::Nothing })
}

/// This many people without a name, beside `named` people of the same visit.
pub(crate) fn count(named: u32, [adults, children, infants]: [u16; 3]) -> Step {
    let counted = u32::from(adults) + u32::from(children) + u32::from(infants);
    let facts = if counted == 0 { Vec::new() } else { vec![Fact::HeadCount { adults, children, infants }] };
    Step { facts, kind: AnswerKind::Done { people: counted.saturating_add(named) }, offer: Offer::Nothing }
}

/// A card answers, but nothing on it says who holds it: the head counts, staff find the name. Who leaves was
/// counted when they came.
pub(crate) fn nameless(gate: Gate) -> Step {
    let facts = match gate {
        Gate::Entrance | Gate::CheckPoint => {
            vec![Fact::HeadCount { adults: 1, children: 0, infants: 0 }]
        }
        Gate::Exit => Vec::new(),
    };
    Step { facts, kind: AnswerKind::AskStaff, offer: Offer::Nothing }
}

#[cfg(test)]
mod tests;
