use std::time::Duration;

use hinamori_ipc::{
    Answer, AnswerId, AnswerKind, Banner, CardData, ClockState, Command, DiskState, HoldReason, LaneChange,
    LaneState, LinkState, Member, MemberState, Party, ReaderState, Refusal, Screen, SiteState, Sound, Status,
    ToKiosk, WatchAsk,
};
use hinamori_model::{CounterKind, Direction, LaneId, Mode, PersonId, PersonalText, UnixMillis};

use super::*;
use crate::theme::Look;
use crate::{MAXIMUM_COUNT, SoundOutput, Volume, Who};

mod officers;
mod people;
mod staff;

fn lane(screen: Screen) -> LaneState {
    LaneState {
        banner: Banner {
            mode: Mode::Live,
            incident: None,
            is_closed: false,
            site: "汐見小学校".into(),
            lane: LaneId(1),
        },
        status: Status {
            reader: ReaderState::Ready,
            link: LinkState::Online,
            disk: DiskState::Ok,
            clock: ClockState::Sure,
            card_data: CardData::None,
            unsent: 0,
            received: None,
        },
        counter: CounterKind::Shelter,
        direction: Direction::Entrance,
        site: SiteState::Closed,
        here: 0,
        confirmed: 0,
        later: 0,
        asks_sign_in: false,
        staff: None,
        stick: None,
        alerts: None,
        screen,
    }
}

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn household() -> AnswerKind {
    let member = |number, state| Member {
        person: person(number),
        name: PersonalText::new("浜田"),
        relation: PersonalText::new("子"),
        state,
    };
    let in_already = MemberState::AlreadyIn { at: UnixMillis::new(1) };
    let members =
        vec![member(1, MemberState::NotSeen), member(2, in_already), member(3, MemberState::NotSeen)];
    AnswerKind::Welcome { name: None, party: Party::Household(members) }
}

fn answer(id: u64, kind: AnswerKind) -> Screen {
    Screen::Answer(Answer {
        id: AnswerId(id),
        at: UnixMillis::new(0),
        kind,
        doubt: false,
        undo_until: None,
        lookups: 0,
        asks_needs: false,
    })
}

fn at(seconds: u64) -> Now {
    Now { wall: UnixMillis::new(seconds * 1_000), steady: Duration::from_secs(seconds) }
}

fn message(state: &mut State, message: ToKiosk, now: Now) -> Vec<Effect> {
    update(state, Event::Link(LinkEvent::Message(Box::new(message))), now)
}

fn change(state: &mut State, screen: Screen, now: Now) -> Vec<Effect> {
    message(state, ToKiosk::Changes(vec![LaneChange::Screen(screen)]), now)
}

fn following(screen: Screen) -> State {
    let mut state = State::default();
    assert_eq!(message(&mut state, ToKiosk::Snapshot(Box::new(lane(screen))), at(0)), []);
    assert_eq!(state.link, LinkStage::Following);
    state
}

#[test]
fn an_answer_and_the_count_beside_it_come_as_one() {
    let mut state = following(Screen::Idle);
    let changes = vec![LaneChange::Here(8), LaneChange::Screen(answer(7, household()))];
    let effects = message(&mut state, ToKiosk::Changes(changes), at(1));
    assert_eq!(effects, vec![Effect::Play(AnswerId(7), Sound::Welcome, Volume::Middle)]);
    assert_eq!(state.lane.as_ref().map(|lane| lane.here), Some(8));
}

#[test]
fn only_a_change_with_a_new_answer_sounds() {
    let mut state = following(answer(7, AnswerKind::AskStaff));
    assert_eq!(change(&mut state, answer(7, AnswerKind::AskStaff), at(1)), []);
    let played = |id, sound| vec![Effect::Play(AnswerId(id), sound, Volume::Middle)];
    assert_eq!(change(&mut state, answer(8, household()), at(2)), played(8, Sound::Welcome));
    assert_eq!(change(&mut state, answer(9, AnswerKind::Here { name: None }), at(3)), played(9, Sound::Here));
    let again = AnswerKind::HoldAgain { reason: HoldReason::Mute };
    assert_eq!(change(&mut state, answer(10, again.clone()), at(4)), played(10, Sound::Again));
    // A reconnected daemon tells the same answer in its snapshot.
    assert_eq!(update(&mut state, Event::Link(LinkEvent::Lost), at(5)), []);
    assert_eq!(message(&mut state, ToKiosk::Snapshot(Box::new(lane(answer(10, again)))), at(6)), []);
}

#[test]
fn the_question_for_consent_does_not_sound_like_a_record() {
    let mut state = following(Screen::Idle);
    let greeting = |ask| AnswerKind::Greeting { called_name: None, ask };
    let asked = change(&mut state, answer(1, greeting(WatchAsk::Consent)), at(1));
    assert_eq!(asked, [Effect::Play(AnswerId(1), Sound::Ask, Volume::Middle)]);
    let recorded = change(&mut state, answer(2, greeting(WatchAsk::Mood)), at(1));
    assert_eq!(recorded, [Effect::Play(AnswerId(2), Sound::Welcome, Volume::Middle)]);
}

#[test]
fn night_and_the_off_switch_are_silent() {
    for silence in [
        |state: &mut State| state.look = Look::Night,
        |state: &mut State| state.volume = Volume::Silent,
        |state: &mut State| state.sound = SoundOutput::Off,
    ] {
        let mut state = following(Screen::Idle);
        silence(&mut state);
        assert_eq!(change(&mut state, answer(1, household()), at(1)), []);
        assert_eq!(state.last_answer, Some(AnswerId(1)));
    }
}

#[test]
fn members_are_chosen_and_unchosen_and_everybody_means_who_is_not_in_yet() {
    let mut state = following(answer(1, household()));
    let touch = |state: &mut State, action| assert_eq!(update(state, Event::Touched(action), at(1)), []);
    touch(&mut state, Action::ToggleMember(person(1)));
    touch(&mut state, Action::ToggleMember(person(1)));
    assert!(state.draft.members.is_empty());
    touch(&mut state, Action::ChooseAllMembers);
    assert_eq!(state.draft.members.iter().copied().collect::<Vec<_>>(), [person(1), person(3)]);
}

#[test]
fn counts_stay_between_nothing_and_the_maximum() {
    let mut state = following(Screen::Idle);
    let step = |state: &mut State, step| {
        drop(update(state, Event::Touched(Action::Count(Who::Adults, step)), at(1)))
    };
    step(&mut state, Step::Down);
    assert_eq!(state.draft.counted(), 0);
    for _ in 0..=MAXIMUM_COUNT {
        step(&mut state, Step::Up);
    }
    assert_eq!(state.draft.count(Who::Adults), MAXIMUM_COUNT);
}

#[test]
fn a_panel_closes_twelve_seconds_after_the_last_touch_and_a_plain_answer_after_two() {
    let mut state = following(answer(1, household()));
    assert_eq!(update(&mut state, Event::Tick, at(11)), []);
    assert_eq!(update(&mut state, Event::Touched(Action::ToggleMember(person(1))), at(11)), []);
    assert_eq!(update(&mut state, Event::Tick, at(22)), []);
    let dismissal = [Effect::Send(Command::Dismiss { answer: AnswerId(1) })];
    assert_eq!(update(&mut state, Event::Tick, at(23)), dismissal);
    assert_eq!(update(&mut state, Event::Tick, at(40)), [], "once is enough");

    let _sound = change(&mut state, answer(2, AnswerKind::Done { people: 3 }), at(50));
    assert_eq!(update(&mut state, Event::Tick, at(51)), []);
    assert_eq!(
        update(&mut state, Event::Tick, at(52)),
        [Effect::Send(Command::Dismiss { answer: AnswerId(2) })]
    );
}

#[test]
fn a_refused_dismissal_is_nobodys_concern_and_another_refusal_is_shown_for_a_while() {
    let mut state = following(answer(1, AnswerKind::Undone));
    assert_eq!(
        update(&mut state, Event::Tick, at(2)),
        [Effect::Send(Command::Dismiss { answer: AnswerId(1) })]
    );
    assert_eq!(message(&mut state, ToKiosk::Refused(Refusal::AnswerIsOver), at(2)), []);
    assert_eq!(change(&mut state, Screen::Idle, at(2)), []);
    assert_eq!(state.notice, None);
    assert_eq!(message(&mut state, ToKiosk::Refused(Refusal::NotNow), at(3)), []);
    assert_eq!(state.notice, Some((Notice::Refused(Refusal::NotNow), Duration::from_secs(3))));
    assert_eq!(update(&mut state, Event::Tick, at(9)), []);
    assert_eq!(state.notice, None);
}

#[test]
fn a_new_card_takes_over_whatever_is_open() {
    for page in Page::ALL {
        let mut state = following(Screen::Idle);
        drop(update(&mut state, Event::Touched(Action::Open(page)), at(1)));
        drop(update(&mut state, Event::Touched(Action::Count(Who::Infants, Step::Up)), at(1)));
        assert_eq!(change(&mut state, answer(1, household()), at(2)).len(), 1, "{page:?}");
        assert_eq!((state.page, state.draft.counted()), (Page::Lane, 0), "{page:?}");
    }
}

#[test]
fn lists_are_asked_for_afresh_and_forgotten_with_their_page() {
    let mut state = following(Screen::Idle);
    let asked = update(&mut state, Event::Touched(Action::Open(Page::WatchList)), at(1));
    assert_eq!(asked, [Effect::Send(Command::ShowWatchList)]);
    assert_eq!(message(&mut state, ToKiosk::WatchList(vec![PersonalText::new("源さん")]), at(1)), []);
    assert!(state.watch_list.is_some());
    assert_eq!(update(&mut state, Event::Touched(Action::Return), at(2)), []);
    assert_eq!(state.watch_list, None);
}

#[test]
fn a_page_ends_the_answer_it_was_opened_from() {
    let mut state = following(answer(4, AnswerKind::HoldAgain { reason: HoldReason::TornAway }));
    let effects = update(&mut state, Event::Touched(Action::Open(Page::HeadCount)), at(1));
    assert_eq!(effects, [Effect::Send(Command::Dismiss { answer: AnswerId(4) })]);
    assert_eq!(change(&mut state, Screen::Idle, at(1)), []);
    assert_eq!(state.page, Page::HeadCount, "the end of that answer leaves the page open");
}

#[test]
fn two_touches_open_the_live_incident_and_the_screen_of_a_drill_is_worn_before_it_begins() {
    let mut state = following(Screen::Idle);
    assert_eq!(update(&mut state, Event::Touched(Action::Open(Page::OpenDrill)), at(1)), []);
    assert_eq!(state.mode(), Some(Mode::Drill));
    assert_eq!(update(&mut state, Event::Touched(Action::Open(Page::OpenLive)), at(1)), []);
    assert_eq!(state.mode(), Some(Mode::Live));
    let command = Command::OpenIncident { mode: Mode::Live };
    let effects = update(&mut state, Event::Touched(Action::SendAndReturn(command.clone())), at(2));
    assert_eq!((effects, state.page), (vec![Effect::Send(command)], Page::Lane));
}

#[test]
fn the_language_of_one_visitor_is_not_kept_for_the_next() {
    let mut state = following(Screen::Idle);
    drop(update(&mut state, Event::Touched(Action::SwitchLanguage), at(1)));
    assert_eq!(state.language, Language::English);
    assert_eq!(change(&mut state, answer(1, household()), at(2)).len(), 1);
    assert_eq!(state.language, Language::English, "the visitor's own answer");
    assert_eq!(change(&mut state, Screen::Idle, at(3)), []);
    assert_eq!(state.language, Language::Japanese);
}
