//! How people leave. The picture is recorded with its touch, so that who walks on without another one is not counted
//! inside a building that they left; where to, and who goes along, is a second touch and a second record, and the
//! later one counts.
//!
//! Every exit has a moment at which somebody asks after the person, or at which they are due back:
//!
//! | How | Where to | Recorded as | Due |
//! |---|---|---|---|
//! | 出かける | – | out | this evening at nine, or in three hours when it is late |
//! | 外泊 | any | overnight | tomorrow evening at six |
//! | 転所 | 別の避難所 | moved | tomorrow at noon: whether they arrived there |
//! | 退所 | 自宅 | at home (在宅), still of this site | in three days |
//! | 退所 | 車の中 | in a car (車中泊), still of this site | tomorrow at noon |
//! | 退所 | 親せき・知人の家, 病院・施設 | left | in seven days |
//! | 退所 | まだ決まっていない | left | tomorrow at noon |

use hinamori_ipc::{AnswerKind, Departure, LeaveAsk, Refusal};
use hinamori_model::{Destination, Leaving, PersonId, UnixMillis};
use hinamori_record::{Details, Fact, PresenceEvent, Proof};

use crate::visit::{Offer, Step};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;
/// Japan has one time zone and no summer time: UTC+9.
const JAPAN: u64 = 9 * HOUR;

/// The first moment after `now` at which it is this hour in Japan, `days` days later.
const fn at_hour(now: UnixMillis, days: u64, hour: u64) -> UnixMillis {
    let local = now.get().saturating_add(JAPAN);
    let midnight = local.saturating_sub(local % DAY);
    let moment = midnight.saturating_add(days.saturating_mul(DAY)).saturating_add(hour.saturating_mul(HOUR));
    UnixMillis::new(moment.saturating_sub(JAPAN))
}

/// When somebody is due back or asked after.
pub(crate) fn due(leaving: Leaving, destination: Option<Destination>, now: UnixMillis) -> UnixMillis {
    let noon = |days| at_hour(now, days, 12);
    match (leaving, destination) {
        (Leaving::Out, _) => at_hour(now, 0, 21).max(now.plus(3 * HOUR)),
        (Leaving::Overnight, _) => at_hour(now, 1, 18),
        (Leaving::Left, Some(Destination::Home)) => noon(3),
        (Leaving::Left, Some(Destination::Relatives | Destination::Hospital)) => noon(7),
        (Leaving::Moved | Leaving::Left, _) => noon(1),
    }
}

/// What is recorded. Whoever goes home or into their car stays ours.
const fn event(leaving: Leaving, destination: Option<Destination>) -> PresenceEvent {
    match (leaving, destination) {
        (Leaving::Out, _) => PresenceEvent::Out,
        (Leaving::Overnight, _) => PresenceEvent::Overnight,
        (Leaving::Moved, _) => PresenceEvent::Moved,
        (Leaving::Left, Some(Destination::Home)) => PresenceEvent::AtHome,
        (Leaving::Left, Some(Destination::Car)) => PresenceEvent::InCar,
        (Leaving::Left, _) => PresenceEvent::Left,
    }
}

/// What a picture says already.
const fn said_by(leaving: Leaving) -> Option<Destination> {
    match leaving {
        Leaving::Moved => Some(Destination::Shelter),
        Leaving::Out | Leaving::Overnight | Leaving::Left => None,
    }
}

fn fact(person: PersonId, proof: Proof, departure: &Departure) -> Fact {
    let Departure { leaving, destination, until, people: _ } = *departure;
    let details = Details { destination, until: Some(until), ..Details::NONE };
    Fact::Presence { person, event: event(leaving, destination), proof, details }
}

/// The person leaves in this way.
///
/// # Errors
/// [`Refusal::NotNow`] when the answer offers no leaving.
pub(crate) fn leave(offer: &Offer, leaving: Leaving, now: UnixMillis) -> Result<Step, Refusal> {
    let Offer::Leave { leaver, recorded } = offer else { return Err(Refusal::NotNow) };
    let destination = said_by(leaving);
    let departure = Departure { leaving, destination, until: due(leaving, destination, now), people: 1 };
    let asks_where = match leaving {
        Leaving::Overnight | Leaving::Left => true,
        Leaving::Out | Leaving::Moved => false,
    };
    let ask = LeaveAsk { destination: asks_where, companions: leaver.companions.clone() };
    let is_asked = asks_where || !ask.companions.is_empty();
    let is_recorded = *recorded == Some(leaving);
    Ok(Step {
        facts: if is_recorded { Vec::new() } else { vec![fact(leaver.person, leaver.proof, &departure)] },
        kind: AnswerKind::Left { name: leaver.name.clone(), departure, ask: is_asked.then(|| ask.clone()) },
        offer: if is_asked {
            Offer::LeavingTo { leaver: leaver.clone(), departure, ask }
        } else {
            Offer::Nothing
        },
    })
}

/// Where they go, and who of the household goes along.
///
/// # Errors
/// [`Refusal::NotNow`] when the answer did not ask, or for somebody who was not offered: nothing of the touch counts then.
pub(crate) fn leaving_to(
    offer: &Offer,
    destination: Option<Destination>,
    companions: &[PersonId],
    now: UnixMillis,
) -> Result<Step, Refusal> {
    let Offer::LeavingTo { leaver, departure, ask } = offer else { return Err(Refusal::NotNow) };
    let mut along: Vec<PersonId> = companions.to_vec();
    along.sort_unstable();
    along.dedup();
    let is_offered = |person: &PersonId| ask.companions.iter().any(|member| member.person == *person);
    if !along.iter().all(is_offered) || (destination.is_some() && !ask.destination) {
        return Err(Refusal::NotNow);
    }
    let destination = destination.or(departure.destination);
    let people = u32::try_from(along.len()).unwrap_or(u32::MAX).saturating_add(1);
    let until = due(departure.leaving, destination, now);
    let departure = Departure { destination, until, people, ..*departure };
    let own = ask.destination.then(|| fact(leaver.person, leaver.proof, &departure));
    let others = along.iter().map(|person| fact(*person, Proof::DECLARED, &departure));
    Ok(Step {
        facts: own.into_iter().chain(others).collect(),
        kind: AnswerKind::Left { name: leaver.name.clone(), departure, ask: None },
        offer: Offer::Nothing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Desk, HANAKO, ISAMU, NOON, READ, YO, at, hanako, hidden, person, presence};
    use hinamori_ipc::Command;
    use hinamori_record::PresenceState;

    /// Hanako is here, Isamu too, and Yo is not.
    fn family_of_two() -> crate::Tap {
        let mut tap = at(hanako(), PresenceState::Here);
        tap.known.as_mut().unwrap().household[0].presence = Some(presence(PresenceState::Here));
        tap
    }

    fn leave(desk: &mut Desk, leaving: Leaving) -> Vec<Fact> {
        let answer = desk.answer().id;
        desk.touch(Command::Leave { answer, leaving }).unwrap()
    }

    fn to(desk: &mut Desk, goes: Option<Destination>, along: &[u8]) -> Result<Vec<Fact>, Refusal> {
        let companions = along.iter().map(|who| person(*who)).collect();
        let answer = desk.answer().id;
        desk.touch(Command::LeavingTo { answer, destination: goes, companions })
    }

    fn said(fact: &Fact) -> (PersonId, PresenceEvent, Proof, Details) {
        let Fact::Presence { person, event, proof, details } = fact else { panic!("{fact:?}") };
        (*person, *event, *proof, *details)
    }

    #[test]
    fn every_picture_is_recorded_at_once_and_has_a_moment_to_ask_after() {
        for leaving in [Leaving::Out, Leaving::Overnight, Leaving::Moved, Leaving::Left] {
            let mut desk = Desk::shelter();
            desk.tap(&at(hanako(), PresenceState::Here));
            let facts = leave(&mut desk, leaving);
            let [fact] = facts.as_slice() else { panic!("{facts:?}") };
            let (who, _, proof, details) = said(fact);
            assert_eq!((who, proof), (person(HANAKO), READ));
            let until = details.until.unwrap();
            assert!(until > NOON.plus(HOUR) && until < NOON.plus(8 * DAY), "{leaving:?}");
        }
    }

    #[test]
    fn the_second_touch_says_where_to_and_takes_along_who_was_touched() {
        let cases = [
            (Destination::Home, PresenceEvent::AtHome),
            (Destination::Car, PresenceEvent::InCar),
            (Destination::Hospital, PresenceEvent::Left),
            (Destination::Undecided, PresenceEvent::Left),
        ];
        for (goes, event) in cases {
            let mut desk = Desk::shelter();
            desk.tap(&family_of_two());
            leave(&mut desk, Leaving::Left);
            let AnswerKind::Left { ask: Some(ask), .. } = desk.kind() else { panic!("{:?}", desk.kind()) };
            let offered: Vec<_> = ask.companions.iter().map(|member| member.person).collect();
            assert_eq!((ask.destination, offered), (true, vec![person(ISAMU)]), "Yo is not here");
            assert_eq!(to(&mut desk, Some(goes), &[YO]), Err(Refusal::NotNow));
            let facts = to(&mut desk, Some(goes), &[ISAMU, ISAMU]).unwrap();
            let [own, other] = facts.as_slice() else { panic!("{facts:?}") };
            for (fact, who, proof) in [(own, HANAKO, READ), (other, ISAMU, Proof::DECLARED)] {
                let (found, what, proved, details) = said(fact);
                assert_eq!((found, what, proved), (person(who), event, proof));
                assert_eq!(details.destination, Some(goes));
            }
            let AnswerKind::Left { departure, ask: None, .. } = desk.kind() else { panic!() };
            assert_eq!(departure.people, 2);
            // All of it can be taken back with one touch.
            let answer = desk.answer().id;
            assert_eq!(desk.touch(Command::Undo { answer }).unwrap().len(), 4);
        }
    }

    #[test]
    fn nothing_is_asked_of_one_person_who_goes_out() {
        let mut desk = Desk::shelter();
        desk.tap(&at(hanako(), PresenceState::Here));
        leave(&mut desk, Leaving::Out);
        assert!(matches!(desk.kind(), AnswerKind::Left { ask: None, .. }));
        assert_eq!(to(&mut desk, Some(Destination::Home), &[]), Err(Refusal::NotNow));
    }

    #[test]
    fn a_hidden_member_is_never_among_those_who_could_go_along() {
        let mut tap = family_of_two();
        tap.known.as_mut().unwrap().household[0].hidden = true;
        let mut desk = Desk::shelter();
        desk.tap(&tap);
        leave(&mut desk, Leaving::Out);
        assert!(matches!(desk.kind(), AnswerKind::Left { ask: None, .. }), "{:?}", desk.kind());
        // And a hidden person's own card never gets so far at an entrance.
        desk.wait(60_000);
        desk.tap(&hidden(family_of_two()));
        let answer = desk.answer().id;
        let refused = desk.touch(Command::Leave { answer, leaving: Leaving::Out });
        assert_eq!(refused, Err(Refusal::NotNow));
    }

    #[test]
    fn hours_are_those_of_japan() {
        // 2026-10-12 12:00 in Japan.
        assert_eq!(at_hour(NOON, 0, 12), NOON);
        assert_eq!(due(Leaving::Out, None, NOON), NOON.plus(9 * HOUR));
        let late = NOON.plus(8 * HOUR);
        assert_eq!(due(Leaving::Out, None, late), late.plus(3 * HOUR));
        assert_eq!(due(Leaving::Left, Some(Destination::Home), late), NOON.plus(3 * DAY));
    }
}
