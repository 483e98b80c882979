use hinamori_ipc::{SignInFault, SignedInBy, StaffSession};
use hinamori_model::Role;

use super::*;
use crate::{SignInStep, SignInTrouble};

fn session(role: Role, by: SignedInBy, until: u64) -> StaffSession {
    StaffSession {
        name: Some(PersonalText::new("近藤")),
        role,
        by,
        until: UnixMillis::new(until),
        alarms: 0,
        officer: hinamori_ipc::OfficerStanding::Nobody,
    }
}

/// A lane of a town that lists staff.
fn staffed(staff: Option<StaffSession>) -> State {
    let mut state = State::default();
    let lane = LaneState { asks_sign_in: true, staff, ..lane(Screen::Idle) };
    assert_eq!(message(&mut state, ToKiosk::Snapshot(Box::new(lane)), at(0)), []);
    state
}

fn open(state: &mut State, page: Page) -> Vec<Effect> {
    update(state, Event::Touched(Action::Open(page)), at(1))
}

fn sign(state: &mut State, staff: Option<StaffSession>) -> Vec<Effect> {
    message(state, ToKiosk::Changes(vec![LaneChange::Staff(staff)]), at(2))
}

const WAITS: [Effect; 1] = [Effect::Send(Command::SignIn { pin: None })];

#[test]
fn every_page_behind_a_right_opens_after_the_sign_in_and_only_then() {
    for page in Page::ALL.into_iter().filter(|page| page.right().is_some()) {
        let mut state = staffed(None);
        drop(open(&mut state, page));
        assert_eq!(state.page, Page::SignIn, "{page:?}");
        let is_for = |role: &&Role| page.right().is_some_and(|right| role.may(right));
        let role = *Role::ALL.iter().find(is_for).unwrap();
        state.staff.sign_in.step = SignInStep::Card;
        drop(sign(&mut state, Some(session(role, SignedInBy::CardAndPin, 9))));
        assert_eq!(state.page, page, "opens by itself");
        // The session is over: no name stays.
        drop(sign(&mut state, None));
        assert_eq!(state.page, Page::Lane, "{page:?}");
    }
}

#[test]
fn a_box_without_a_town_asks_nobody() {
    for page in Page::ALL {
        let mut state = following(Screen::Idle);
        drop(open(&mut state, page));
        let expected = if page.is_over_answer() { Page::Lane } else { page };
        assert_eq!(state.page, expected);
    }
}

#[test]
fn a_card_that_is_not_enough_leads_to_the_pin_and_one_that_may_not_is_told() {
    let mut state = staffed(Some(session(Role::Nurse, SignedInBy::Card, 9)));
    assert_eq!(open(&mut state, Page::Care), []);
    assert_eq!((state.page, state.staff.sign_in.step), (Page::SignIn, SignInStep::Digits));
    let mut state = staffed(Some(session(Role::Leader, SignedInBy::CardAndPin, 9)));
    drop(open(&mut state, Page::Care));
    assert_eq!(state.staff.sign_in.trouble, Some(SignInTrouble::NotAllowed));
}

#[test]
fn a_session_whose_end_moves_opens_nothing() {
    let mut state = staffed(Some(session(Role::Volunteer, SignedInBy::Card, 9)));
    assert_eq!(open(&mut state, Page::RollCall), WAITS);
    assert_eq!(sign(&mut state, Some(session(Role::Volunteer, SignedInBy::Card, 99))), []);
    assert_eq!(state.page, Page::SignIn);
    assert_eq!(
        sign(&mut state, Some(session(Role::Leader, SignedInBy::Card, 99))),
        [Effect::Send(Command::ShowStays)]
    );
    assert_eq!(state.page, Page::RollCall);
}

#[test]
fn what_the_daemon_refuses_opens_after_a_sign_in_too() {
    let mut state = following(Screen::Idle);
    assert_eq!(open(&mut state, Page::Conflicts), [Effect::Send(Command::ShowConflicts)]);
    assert_eq!(message(&mut state, ToKiosk::Refused(Refusal::Pin), at(2)), []);
    assert_eq!((state.page, state.notice), (Page::SignIn, None));
    state.staff.sign_in.step = SignInStep::Card;
    let signed = Some(session(Role::Leader, SignedInBy::CardAndPin, 9));
    assert_eq!(sign(&mut state, signed), [Effect::Send(Command::ShowConflicts)]);
}

#[test]
fn a_page_that_ends_an_answer_ends_it_before_the_card_of_staff_is_waited_for() {
    let mut state = staffed(None);
    drop(change(&mut state, answer(3, household()), at(1)));
    let effects = open(&mut state, Page::LeaderList);
    // Any other command after it would take the waiting back.
    let [Effect::Send(Command::Dismiss { .. }), last] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*last, WAITS[0]);
}

#[test]
fn a_fault_is_told_and_the_next_try_takes_a_touch() {
    let mut state = staffed(None);
    assert_eq!(open(&mut state, Page::RollCall), WAITS);
    assert_eq!(message(&mut state, ToKiosk::NotSignedIn(SignInFault::NotStaff), at(2)), []);
    assert_eq!(state.staff.sign_in.step, SignInStep::Again);
    let again = Event::Touched(Action::SignIn(crate::SignInKey::Again));
    assert_eq!(update(&mut state, again, at(3)), WAITS);
    assert_eq!(state.staff.sign_in.trouble, None);
}

#[test]
fn the_needs_that_were_touched_go_out_at_once_and_all_together() {
    let mut state = following(answer(1, household()));
    let toggle = |state: &mut State, need| update(state, Event::Touched(Action::ToggleNeed(need)), at(1));
    let tells = |needs: &[hinamori_model::ArrivalNeed]| {
        vec![Effect::Send(Command::TellNeeds { answer: AnswerId(1), needs: needs.to_vec() })]
    };
    let [life, injury, _] = hinamori_model::ArrivalNeed::ALL else { panic!("three questions") };
    assert_eq!(toggle(&mut state, *injury), tells(&[*injury]));
    assert_eq!(toggle(&mut state, *life), tells(&[*life, *injury]));
    assert_eq!(toggle(&mut state, *injury), tells(&[*life]));
}

#[test]
fn a_page_over_an_answer_leaves_it_as_it_was() {
    let mut state = following(answer(1, household()));
    drop(update(&mut state, Event::Touched(Action::ToggleMember(person(1))), at(1)));
    let effects = open(&mut state, Page::Lookups);
    assert_eq!(effects, [Effect::Send(Command::ShowLookups { answer: AnswerId(1) })], "it is not dismissed");
    drop(message(&mut state, ToKiosk::Lookups(Vec::new()), at(1)));
    drop(update(&mut state, Event::Touched(Action::Back), at(2)));
    assert_eq!((state.page, state.draft.members.len()), (Page::Lane, 1));
    assert_eq!(state.staff.lookups, None);
    drop(open(&mut state, Page::Lookups));
    drop(change(&mut state, Screen::Idle, at(3)));
    assert_eq!(state.page, Page::Lane, "it ends with its answer");
}
