use super::*;
use crate::departure::leave;
use crate::fixture::{HANAKO, ISAMU, NOON, READ, YO, at, hanako, hidden, person, presence, text, unknown};
use hinamori_model::{Assurance, BindingAssurance, Doubt};
use hinamori_record::PresenceState as State;

fn tap_at(gate: Gate, card: &Tap) -> Step {
    tap(gate, card, NOON)
}

const STATES: [Option<State>; 10] = [
    None,
    Some(State::Here),
    Some(State::Passed),
    Some(State::Out),
    Some(State::Overnight),
    Some(State::Moved),
    Some(State::Left),
    Some(State::AtHome),
    Some(State::InCar),
    Some(State::ToldElsewhere),
];

fn in_state(mut tap: Tap, state: Option<State>) -> Tap {
    tap.presence = state.map(presence);
    tap
}

fn event(step: &Step) -> PresenceEvent {
    match step.facts.as_slice() {
        [Fact::Presence { event, .. }] => *event,
        facts => panic!("{facts:?}"),
    }
}

#[test]
fn what_is_recorded_and_whether_leaving_is_offered_by_gate_and_state() {
    use PresenceEvent::{Arrived, Out, Passed, Seen};
    for state in STATES {
        let tapped = in_state(hanako(), state);
        let entrance = match state {
            None | Some(State::Passed | State::ToldElsewhere) => (Arrived, false),
            Some(State::Here) => (Seen, true),
            Some(_) => (Seen, false),
        };
        let table =
            [(Gate::Entrance, entrance), (Gate::Exit, (Out, true)), (Gate::CheckPoint, (Passed, false))];
        for (gate, expected) in table {
            let step = tap_at(gate, &tapped);
            let leaves = matches!(step.kind, AnswerKind::Here { .. });
            assert_eq!((event(&step), leaves), expected, "{gate:?} {state:?}");
            assert_eq!(matches!(step.offer, Offer::Leave { .. }), leaves);
            assert_eq!(step.facts.first().and_then(Fact::proof), Some(READ));
        }
    }
}

#[test]
fn a_check_point_has_no_exit() {
    for direction in [Direction::Entrance, Direction::Exit] {
        assert_eq!(Gate::of(SiteKind::CheckPoint, direction), Gate::CheckPoint);
    }
    assert_eq!(Gate::of(SiteKind::Shelter, Direction::Exit), Gate::Exit);
    assert_eq!(Gate::of(SiteKind::WatchSpot, Direction::Entrance), Gate::Entrance);
}

#[test]
fn an_unknown_card_is_accepted_with_a_count_and_later_simply_here() {
    let card = unknown(7, READ);
    let step = tap_at(Gate::Entrance, &card);
    assert_eq!(step.kind, AnswerKind::Welcome { name: None, party: Party::Count });
    assert_eq!(step.facts.first().and_then(Fact::person), Some(person(7)));
    let again = tap_at(Gate::Entrance, &at(card, State::Here));
    assert_eq!((event(&again), again.kind), (PresenceEvent::Seen, AnswerKind::Here { name: None }));
}

#[test]
fn below_a_certificate_read_there_is_a_called_name_or_none_and_no_household() {
    for (assurance, binding) in [
        (Assurance::TokenOnly, BindingAssurance::AttributesSigned),
        (Assurance::ChipProven, BindingAssurance::Declared),
    ] {
        let mut card = hanako();
        card.proof = Proof { assurance, binding, ..READ };
        let kind = tap_at(Gate::Entrance, &card).kind;
        let name = Some(text(HANAKO, "called"));
        assert_eq!(kind, AnswerKind::Welcome { name, party: Party::Nobody }, "{assurance:?} {binding:?}");
        card.known.as_mut().unwrap().called_name = None;
        let kind = tap_at(Gate::Entrance, &card).kind;
        assert_eq!(kind, AnswerKind::Welcome { name: None, party: Party::Nobody });
    }
}

#[test]
fn every_doubt_is_a_mark_on_the_same_welcome() {
    let sound = tap_at(Gate::Entrance, &hanako());
    assert!(!hanako().shows_doubt());
    for doubt in Doubt::ALL.iter().copied() {
        let mut card = hanako();
        card.proof.doubts = doubt.into();
        assert!(card.shows_doubt(), "{doubt:?}");
        assert_eq!(tap_at(Gate::Entrance, &card).kind, sound.kind, "{doubt:?}");
    }
}

#[test]
fn a_panel_tells_who_is_in_and_lets_the_others_be_touched() {
    let mut card = hanako();
    let household = &mut card.known.as_mut().unwrap().household;
    household[0].presence = Some(presence(State::Here));
    household[1].presence = Some(presence(State::Out));
    let Step { kind: AnswerKind::Welcome { party: Party::Household(members), .. }, offer, .. } =
        tap_at(Gate::Entrance, &card)
    else {
        panic!("no household")
    };
    let arrived = presence(State::Here).arrived_at.unwrap();
    assert_eq!(members[0].state, MemberState::AlreadyIn { at: arrived });
    assert_eq!(members[1].state, MemberState::NotSeen);
    let Offer::Household(invited) = offer else { panic!("no offer") };
    assert_eq!(invited[0], Invited { person: person(ISAMU), event: None });
    assert_eq!(invited[1], Invited { person: person(YO), event: Some(PresenceEvent::Seen) });
}

#[test]
fn touched_members_are_somebodys_word_each_once_and_strangers_refuse_the_whole_touch() {
    let invited = [
        Invited { person: person(ISAMU), event: Some(PresenceEvent::Arrived) },
        Invited { person: person(YO), event: None },
    ];
    let step = confirm(&invited, &[person(ISAMU), person(ISAMU), person(YO)]).unwrap();
    let fact = Fact::presence(person(ISAMU), PresenceEvent::Arrived, Proof::DECLARED);
    assert_eq!((step.facts, step.kind), (vec![fact], AnswerKind::Done { people: 2 }));
    let alone = confirm(&invited, &[]).unwrap();
    assert_eq!((alone.facts, alone.kind), (Vec::new(), AnswerKind::Done { people: 1 }));
    assert_eq!(confirm(&invited, &[person(ISAMU), person(9)]), Err(Refusal::NotNow));
}

#[test]
fn heads_are_counted_beside_the_named_and_never_overflow() {
    let step = count(1, [1, 0, 1]);
    assert_eq!(step.facts, [Fact::HeadCount { adults: 1, children: 0, infants: 1 }]);
    assert_eq!(step.kind, AnswerKind::Done { people: 3 });
    assert_eq!(count(1, [0; 3]).facts, []);
    assert_eq!(count(1, [u16::MAX; 3]).kind, AnswerKind::Done { people: 3 * 65_535 + 1 });
    assert_eq!(nameless(Gate::Entrance).facts, [Fact::HeadCount { adults: 1, children: 0, infants: 0 }]);
    assert_eq!(nameless(Gate::Exit).facts, []);
}

#[test]
fn leaving_is_what_was_chosen_and_not_recorded_twice() {
    let offer = tap_at(Gate::Entrance, &at(hanako(), State::Here)).offer;
    for (leaving, expected) in [
        (Leaving::Out, PresenceEvent::Out),
        (Leaving::Overnight, PresenceEvent::Overnight),
        (Leaving::Moved, PresenceEvent::Moved),
        (Leaving::Left, PresenceEvent::Left),
    ] {
        let step = leave(&offer, leaving, NOON).unwrap();
        assert_eq!(event(&step), expected);
        let AnswerKind::Left { name, departure, .. } = step.kind else { panic!("{:?}", step.kind) };
        assert_eq!((name, departure.leaving), (Some(text(HANAKO, "name")), leaving));
    }
    let at_the_exit = tap_at(Gate::Exit, &hanako()).offer;
    assert_eq!(leave(&at_the_exit, Leaving::Out, NOON).unwrap().facts, []);
    assert_eq!(event(&leave(&at_the_exit, Leaving::Left, NOON).unwrap()), PresenceEvent::Left);
    assert_eq!(leave(&tap_at(Gate::Entrance, &hanako()).offer, Leaving::Out, NOON), Err(Refusal::NotNow));
}

#[test]
fn whoever_is_declared_to_be_here_is_recorded_once_by_the_leader_s_word() {
    let leader = Some(person(HANAKO));
    let someone = |who, state: Option<State>, hidden| DeclaredPerson {
        person: person(who),
        presence: state.map(presence),
        hidden,
    };
    let people = vec![
        someone(ISAMU, None, false),
        someone(YO, Some(State::Here), false),
        someone(4, Some(State::Out), false),
        someone(5, Some(State::Here), true),
    ];
    let step = declared(Gate::Entrance, &Declared { by: leader, people });
    let said: Vec<_> = step
        .facts
        .iter()
        .map(|fact| match fact {
            Fact::Presence { person, event, proof: Proof::DECLARED, details } => {
                assert_eq!(details.declared_by, leader);
                (*person, *event)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [(ISAMU, PresenceEvent::Arrived), (4, PresenceEvent::Seen), (5, PresenceEvent::Seen)];
    assert_eq!(said, expected.map(|(who, event)| (person(who), event)), "Yo is here already");
    assert_eq!(step.kind, AnswerKind::Done { people: 3 });
    // Also at a lane set to 出口 it is an arrival.
    let one = Declared { by: leader, people: vec![someone(ISAMU, None, false)] };
    assert_eq!(event(&declared(Gate::Exit, &one)), PresenceEvent::Arrived);
    // At a check-point whoever was only told of is still to be seen.
    let told = Declared { by: leader, people: vec![someone(ISAMU, Some(State::ToldElsewhere), false)] };
    assert_eq!(event(&declared(Gate::CheckPoint, &told)), PresenceEvent::Passed);
}

#[test]
fn whoever_goes_out_by_the_exit_is_due_back() {
    let step = tap_at(Gate::Exit, &at(hanako(), State::Here));
    let [Fact::Presence { details, .. }] = step.facts.as_slice() else { panic!("{:?}", step.facts) };
    assert!(details.until.is_some_and(|until| until > NOON));
}

#[test]
fn a_hidden_person_arrives_for_the_first_time_for_ever_and_the_record_is_true() {
    for gate in [Gate::Entrance, Gate::Exit, Gate::CheckPoint] {
        let first = tap_at(gate, &hidden(hanako()));
        for state in STATES {
            let later = tap_at(gate, &in_state(hidden(hanako()), state));
            assert_eq!(later.kind, first.kind, "{gate:?} {state:?}");
            assert_eq!(later.facts.len(), first.facts.len());
            assert_eq!(event(&later), event(&tap_at(gate, &in_state(hanako(), state))));
        }
        assert_eq!(first.kind, tap_at(gate, &hanako()).kind, "{gate:?}: like anybody's");
    }
    let seen = at(hidden(hanako()), State::Here);
    assert_eq!(leave(&tap_at(Gate::Entrance, &seen).offer, Leaving::Left, NOON), Err(Refusal::NotNow));
}

#[test]
fn a_hidden_member_is_never_in_and_a_touch_tells_nothing() {
    for state in STATES {
        let mut card = hanako();
        let yo = &mut card.known.as_mut().unwrap().household[1];
        yo.hidden = true;
        yo.presence = state.map(presence);
        let step = tap_at(Gate::Entrance, &card);
        assert_eq!(step.kind, tap_at(Gate::Entrance, &hanako()).kind, "{state:?}");
        let Offer::Household(invited) = step.offer else { panic!("no offer") };
        let done = confirm(&invited, &[person(ISAMU), person(YO)]).unwrap();
        assert_eq!((done.facts.len(), done.kind), (2, AnswerKind::Done { people: 3 }), "{state:?}");
    }
}

#[test]
fn a_card_on_two_readers_marks_everybody_but_the_hidden() {
    let mut card = hanako();
    card.proof.doubts = Doubt::TwoReaders.into();
    assert!(card.shows_doubt());
    let mut card = hidden(card);
    assert!(!card.shows_doubt());
    card.proof.doubts = card.proof.doubts.with(Doubt::Expired);
    assert!(card.shows_doubt());
}
