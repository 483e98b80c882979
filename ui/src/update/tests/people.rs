use hinamori_ipc::{Departure, Found, LeaveAsk, NotArrived};
use hinamori_model::Leaving;

use super::*;
use crate::theme::{GOODBYE_HOLD, PAGE_HOLD, PANEL_HOLD, REFRESH, ROUND_HOLD};
use crate::{Key, People, Question};

fn press(state: &mut State, letter: &str) -> Vec<Effect> {
    let key = Key::Letter(PersonalText::new(letter));
    update(state, Event::Touched(Action::Press(key)), at(1))
}

fn found(query: &str) -> ToKiosk {
    ToKiosk::Found(Found { query: PersonalText::new(query), people: Vec::new(), total: 0 })
}

fn open(state: &mut State, page: Page) -> Vec<Effect> {
    update(state, Event::Touched(Action::Open(page)), at(1))
}

#[test]
fn each_letter_is_one_question_and_only_its_own_answer_counts() {
    let mut state = following(Screen::Idle);
    assert_eq!(open(&mut state, Page::Search), []);
    let asks = |query: &str| vec![Effect::Send(Command::Search { query: PersonalText::new(query) })];
    assert_eq!(press(&mut state, "は"), asks("は"));
    assert_eq!(press(&mut state, "ま"), asks("はま"));
    assert_eq!(message(&mut state, found("は"), at(1)), []);
    assert_eq!(state.people.search.found, None);
    assert_eq!(message(&mut state, found("はま"), at(1)), []);
    assert!(state.people.search.found.is_some());
    assert_eq!(
        update(&mut state, Event::Touched(Action::Press(Key::Small)), at(1)),
        [],
        "ま has no small form"
    );
    for left in [asks("は"), Vec::new(), Vec::new()] {
        assert_eq!(update(&mut state, Event::Touched(Action::Press(Key::Delete)), at(1)), left);
    }
}

#[test]
fn lists_of_people_are_forgotten_with_their_page_and_not_taken_after_it() {
    let list = || NotArrived { districts: Vec::new(), of: None, households: Vec::new(), from: 0, total: 0 };
    for leave in [Event::Touched(Action::Return), Event::Tick, Event::Link(LinkEvent::Lost)] {
        let mut state = following(Screen::Idle);
        assert_eq!(open(&mut state, Page::NotArrived).len(), 1);
        assert_eq!(message(&mut state, ToKiosk::NotArrived(list()), at(1)), []);
        assert!(state.people.not_arrived.is_some());
        drop(update(&mut state, leave.clone(), at(100)));
        // A lost daemon tells everything again.
        drop(message(&mut state, ToKiosk::Snapshot(Box::new(lane(Screen::Idle))), at(100)));
        assert_eq!(message(&mut state, ToKiosk::NotArrived(list()), at(100)), []);
        assert_eq!(message(&mut state, found(""), at(100)), []);
        assert_eq!(message(&mut state, ToKiosk::Stays(Vec::new()), at(100)), []);
        assert_eq!(message(&mut state, ToKiosk::Districts(Vec::new()), at(100)), []);
        assert_eq!(message(&mut state, ToKiosk::LeaderList(Vec::new()), at(100)), []);
        assert_eq!((state.people.clone(), state.leader_list.clone()), (People::default(), None), "{leave:?}");
    }
}

#[test]
fn an_open_list_of_who_has_not_arrived_is_asked_for_again_until_it_closes() {
    let mut state = following(Screen::Idle);
    drop(open(&mut state, Page::NotArrived));
    let ask = [Effect::Send(Command::ShowNotArrived { district: None, from: 0 })];
    assert_eq!(update(&mut state, Event::Tick, at(5)), []);
    assert_eq!(update(&mut state, Event::Tick, at(6)), ask);
    assert_eq!(state.refreshes_at(), Some(Duration::from_secs(6) + REFRESH));
    assert_eq!(update(&mut state, Event::Tick, at(61)), [], "names are not left on a screen");
    assert_eq!((state.page, state.refreshes_at()), (Page::Lane, None));
}

#[test]
fn ticks_that_were_not_sent_stay_longer_than_a_page() {
    let mut state = following(Screen::Idle);
    drop(open(&mut state, Page::RollCall));
    assert_eq!(state.closes_at(), Some(Duration::from_secs(1) + PAGE_HOLD));
    drop(update(&mut state, Event::Touched(Action::ToggleMember(person(1))), at(2)));
    assert_eq!(state.closes_at(), Some(Duration::from_secs(2) + ROUND_HOLD));
}

#[test]
fn a_round_goes_on_after_its_answer_but_not_after_another_card() {
    let confirm = || Command::ConfirmStays { people: vec![person(1)] };
    for (kind, page) in [(None, Page::RollCall), (Some(household()), Page::Lane)] {
        let mut state = following(Screen::Idle);
        drop(open(&mut state, Page::RollCall));
        let send = Action::SendThen(confirm(), Page::RollCall);
        assert_eq!(update(&mut state, Event::Touched(send), at(1)), [Effect::Send(confirm())]);
        drop(change(&mut state, answer(1, AnswerKind::Done { people: 1 }), at(2)));
        assert_eq!(state.page, Page::Lane, "the answer fills the screen");
        if let Some(kind) = kind {
            drop(change(&mut state, answer(2, kind), at(3)));
        }
        drop(change(&mut state, Screen::Idle, at(4)));
        assert_eq!((state.page, state.resume), (page, None));
    }
}

#[test]
fn ticks_go_when_the_list_comes_back_and_stay_when_they_were_refused() {
    for (reply, ticked) in [(ToKiosk::Stays(Vec::new()), false), (ToKiosk::Refused(Refusal::Disk), true)] {
        let mut state = following(Screen::Idle);
        drop(open(&mut state, Page::RollCall));
        drop(message(&mut state, ToKiosk::Stays(Vec::new()), at(1)));
        drop(update(&mut state, Event::Touched(Action::ToggleMember(person(1))), at(1)));
        let send = Action::SendThen(Command::ConfirmStays { people: vec![person(1)] }, Page::RollCall);
        drop(update(&mut state, Event::Touched(send), at(1)));
        drop(message(&mut state, reply, at(2)));
        assert_eq!((state.page, state.draft.members.contains(&person(1))), (Page::RollCall, ticked));
        assert_eq!(state.resume, None);
    }
}

#[test]
fn a_round_that_was_refused_opens_no_page_later() {
    let mut state = following(Screen::Idle);
    drop(open(&mut state, Page::RollCall));
    let send = Action::SendThen(Command::ConfirmStays { people: vec![person(1)] }, Page::RollCall);
    drop(update(&mut state, Event::Touched(send), at(1)));
    drop(message(&mut state, ToKiosk::Refused(Refusal::Disk), at(2)));
    drop(update(&mut state, Event::Touched(Action::Return), at(3)));
    drop(change(&mut state, answer(1, AnswerKind::Done { people: 4 }), at(4)));
    drop(change(&mut state, Screen::Idle, at(6)));
    assert_eq!(state.page, Page::Lane);
}

#[test]
fn a_question_is_left_by_one_step_back_and_what_is_sent_leaves_it() {
    let mut state = following(Screen::Idle);
    drop(open(&mut state, Page::RollCall));
    let ask =
        |state: &mut State| drop(update(state, Event::Touched(Action::Ask(Question::RollCallOver)), at(1)));
    ask(&mut state);
    assert_eq!(update(&mut state, Event::Touched(Action::Back), at(1)), []);
    assert_eq!((state.page, &state.people.question), (Page::RollCall, &None));
    ask(&mut state);
    let close = Command::CloseRollCall { since: UnixMillis::new(5) };
    let effects = update(&mut state, Event::Touched(Action::SendAndRefresh(close.clone())), at(1));
    assert_eq!(effects, [Effect::Send(close), Effect::Send(Command::ShowStays)]);
    assert_eq!((state.page, &state.people.question), (Page::RollCall, &None));
}

#[test]
fn everybody_who_may_go_along_is_chosen_though_they_are_here() {
    let here = MemberState::AlreadyIn { at: UnixMillis::new(1) };
    let member = |number| Member {
        person: person(number),
        name: PersonalText::new("浜田"),
        relation: PersonalText::new("子"),
        state: here,
    };
    let departure =
        Departure { leaving: Leaving::Left, destination: None, until: UnixMillis::new(0), people: 1 };
    let ask = LeaveAsk { destination: true, companions: vec![member(1), member(2)] };
    let left = |ask| AnswerKind::Left { name: None, departure, ask };
    let mut state = following(answer(1, left(Some(ask))));
    drop(update(&mut state, Event::Touched(Action::ChooseAllMembers), at(1)));
    assert_eq!(state.draft.members.iter().copied().collect::<Vec<_>>(), [person(1), person(2)]);
    drop(change(&mut state, answer(2, left(None)), at(2)));
    assert_eq!(state.closes_at(), Some(Duration::from_secs(2) + PANEL_HOLD), "a slip can be touched");
    let departure = Departure { leaving: Leaving::Out, ..departure };
    drop(change(&mut state, answer(3, AnswerKind::Left { name: None, departure, ask: None }), at(2)));
    assert_eq!(state.closes_at(), Some(Duration::from_secs(2) + GOODBYE_HOLD));
}
