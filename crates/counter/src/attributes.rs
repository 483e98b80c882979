//! カードで登録: whose card it is, as its own attributes propose and somebody who sees the person confirms.
//!
//! **Hidden people** (law 7) are proposed and linked like everybody, and the answer after it is the same.

use hinamori_ipc::{AnswerKind, Candidates, Refusal};
use hinamori_model::PersonId;
use hinamori_record::Fact;

use crate::plan::AttributesRead;
use crate::visit::{Offer, Step};

/// The attributes of the visit's card were to be read. Its tap is recorded already.
pub(crate) fn read(read: AttributesRead) -> Step {
    let (kind, offer) = match read {
        AttributesRead::Candidates { candidates, binding } => {
            let Candidates { nameless: card, ref people, signed: _ } = candidates;
            let people = people.iter().map(|candidate| candidate.found.person).collect();
            (AnswerKind::Candidates(candidates), Offer::Candidates { card, people, binding })
        }
        AttributesRead::NotRead(fault) => (AnswerKind::AttributesNotRead(fault), Offer::Nothing),
    };
    Step { facts: Vec::new(), kind, offer }
}

/// It is this person's card.
///
/// # Errors
/// [`Refusal::NotNow`] when the answer did not propose them.
pub(crate) fn confirm(offer: &Offer, person: PersonId) -> Result<Step, Refusal> {
    match offer {
        Offer::Candidates { card, people, binding } if people.contains(&person) => Ok(Step {
            facts: vec![Fact::Link { from: *card, to: person, binding: *binding }],
            kind: AnswerKind::Done { people: 1 },
            offer: Offer::Nothing,
        }),
        _ => Err(Refusal::NotNow),
    }
}

#[cfg(test)]
mod tests {
    use hinamori_ipc::{
        Agreement, AttributeFault, Candidate, Command, Compared, FoundPerson, MemberState, Screen,
    };
    use hinamori_model::{BindingAssurance, PersonalText};

    use super::*;
    use crate::fixture::{Desk, HANAKO, ISAMU, READ, YO, person, unknown};
    use crate::plan::Input;

    const CARD: u8 = 90;

    fn proposed(numbers: &[u8]) -> Input {
        let candidate = |number: &u8| Candidate {
            found: FoundPerson {
                person: person(*number),
                name: PersonalText::new("浜田 花子"),
                kana: PersonalText::new(""),
                group: String::new(),
                state: MemberState::NotSeen,
            },
            agreement: Agreement {
                name: Compared::Agrees,
                birth: Compared::Agrees,
                sex: Compared::NotKnown,
                address: Compared::Differs,
            },
        };
        let people = numbers.iter().map(candidate).collect();
        let candidates = Candidates { nameless: person(CARD), people, signed: true };
        Input::Attributes(AttributesRead::Candidates {
            candidates,
            binding: BindingAssurance::AttributesSigned,
        })
    }

    #[test]
    fn only_who_was_proposed_is_linked_once_and_taken_back_with_the_tap() {
        let mut desk = Desk::shelter();
        desk.tap(&unknown(1, READ));
        assert_eq!(desk.try_input(proposed(&[HANAKO, ISAMU])), Ok(Vec::new()), "nothing is written yet");
        let answer = desk.answer().id;
        let confirm = |number| Command::ConfirmCandidate { answer, person: Some(person(number)) };
        assert_eq!(desk.touch(confirm(YO)), Err(Refusal::NotNow));
        let binding = BindingAssurance::AttributesSigned;
        let link = Fact::Link { from: person(CARD), to: person(ISAMU), binding };
        assert_eq!(desk.touch(confirm(ISAMU)), Ok(vec![link]));
        assert_eq!(desk.kind(), &AnswerKind::Done { people: 1 });
        assert_eq!(desk.touch(confirm(ISAMU)), Err(Refusal::AnswerIsOver));
        let answer = desk.answer().id;
        assert_eq!(desk.touch(Command::Undo { answer }).map(|facts| facts.len()), Ok(2));
    }

    #[test]
    fn none_of_them_frees_the_screen_and_attributes_need_a_tap() {
        let mut desk = Desk::shelter();
        let not_read = || Input::Attributes(AttributesRead::NotRead(AttributeFault::Blocked));
        assert_eq!(desk.try_input(not_read()), Err(Refusal::NotNow));
        desk.tap(&unknown(1, READ));
        desk.try_input(proposed(&[HANAKO])).unwrap();
        let none = |answer| Command::ConfirmCandidate { answer, person: None };
        assert_eq!(desk.touch(none(desk.answer().id)), Ok(Vec::new()));
        assert_eq!(desk.lane.screen(), &Screen::Idle);
        desk.try_input(not_read()).unwrap();
        assert_eq!(desk.touch(none(desk.answer().id)), Err(Refusal::NotNow), "it asks nothing");
    }
}
