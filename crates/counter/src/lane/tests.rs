use super::*;
use crate::fixture::{Desk, HANAKO, ISAMU, NOON, READ, YO, at, hanako, person, record, text, unknown};
use hinamori_ipc::{Party, WatchAsk, WatchMood};
use hinamori_model::{Doubts, Leaving};
use hinamori_record::{Fact, PresenceState, Proof};

fn undo_of(numbers: impl IntoIterator<Item = usize>) -> Vec<Fact> {
    numbers.into_iter().map(|number| Fact::Undo { of: record(number) }).collect()
}

fn again(reason: HoldReason) -> AnswerKind {
    AnswerKind::HoldAgain { reason }
}

#[test]
fn the_family_comes_by_one_card_and_is_taken_back_by_one_touch() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    let welcome = desk.answer().clone();
    assert_eq!((welcome.id, welcome.at, welcome.doubt), (AnswerId(1), NOON, false));
    assert_eq!(welcome.undo_until, Some(NOON.plus(UNDO_MILLIS)));
    desk.wait(10_000);
    let members = vec![person(ISAMU), person(YO)];
    desk.touch(Command::ConfirmHousehold { answer: welcome.id, members }).unwrap();
    let done = desk.answer().clone();
    assert_eq!((done.id, done.kind), (AnswerId(2), AnswerKind::Done { people: 3 }));
    assert_eq!(done.undo_until, Some(NOON.plus(10_000 + UNDO_MILLIS)));
    assert_eq!(desk.touch(Command::Undo { answer: welcome.id }), Err(Refusal::AnswerIsOver));
    assert_eq!(desk.touch(Command::Undo { answer: done.id }), Ok(undo_of(0..3)));
    assert_eq!(desk.kind(), &AnswerKind::Undone);
    assert_eq!(desk.touch(Command::Undo { answer: done.id }), Err(Refusal::AnswerIsOver));
    let undone = desk.answer().id;
    assert_eq!(desk.touch(Command::Undo { answer: undone }), Err(Refusal::AnswerIsOver));
    assert_eq!(desk.tap(&hanako()).len(), 1, "after taking back the same card counts at once");
}

#[test]
fn taking_back_outlives_the_screen_and_ends_with_its_time_or_the_next_card() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    let answer = desk.answer().id;
    desk.touch(Command::Dismiss { answer }).unwrap();
    assert_eq!(desk.lane.screen(), &Screen::Idle);
    desk.wait(UNDO_MILLIS);
    assert!(desk.lane.plan(Input::Command(Command::Undo { answer }), desk.now).is_ok());
    desk.wait(1);
    assert_eq!(desk.touch(Command::Undo { answer }), Err(Refusal::AnswerIsOver));

    desk.tap(&hanako());
    let answer = desk.answer().id;
    desk.tap(&unknown(7, READ));
    assert_eq!(desk.touch(Command::Undo { answer }), Err(Refusal::AnswerIsOver));
}

#[test]
fn the_same_card_within_seconds_is_one_tap() {
    let mut desk = Desk::shelter();
    assert_eq!(desk.tap(&hanako()).len(), 1);
    let welcome = desk.answer().clone();
    desk.wait(SAME_TAP_MILLIS - 1);
    assert_eq!(desk.tap(&at(hanako(), PresenceState::Here)), []);
    assert_eq!(desk.answer(), &welcome, "the answer stays");
    desk.wait(1);
    assert_eq!(desk.tap(&at(hanako(), PresenceState::Here)).len(), 1);
    assert!(matches!(desk.kind(), AnswerKind::Here { .. }));
}

#[test]
fn one_tap_that_lost_its_screen_is_shown_again() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    let welcome = desk.answer().clone();
    desk.wait(1_000);
    desk.try_input(Input::NotRead(HoldReason::TornAway)).unwrap();
    assert_eq!(desk.kind(), &again(HoldReason::TornAway), "a slow hand is read twice");
    let command = Command::ConfirmHousehold { answer: welcome.id, members: Vec::new() };
    assert_eq!(desk.touch(command), Err(Refusal::AnswerIsOver));
    let covering = desk.answer().id;
    assert_eq!(desk.touch(Command::Undo { answer: covering }), Err(Refusal::AnswerIsOver));
    let command = Command::ConfirmHousehold { answer: covering, members: Vec::new() };
    assert_eq!(desk.touch(command), Err(Refusal::NotNow));
    assert_eq!(desk.tap(&at(hanako(), PresenceState::Here)), []);
    assert_eq!(desk.kind(), &welcome.kind);
    let answer = desk.answer().id;
    assert_eq!((answer, desk.answer().undo_until), (AnswerId(3), welcome.undo_until));
    let command = Command::ConfirmHousehold { answer, members: vec![person(YO)] };
    assert_eq!(desk.touch(command).unwrap().len(), 1);
}

#[test]
fn another_card_between_two_taps_makes_them_two() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    desk.tap(&unknown(7, READ));
    assert_eq!(desk.tap(&at(hanako(), PresenceState::Here)).len(), 1);
    desk.now = UnixMillis::new(NOON.get() - 3_600_000);
    assert_eq!(desk.tap(&at(hanako(), PresenceState::Here)).len(), 1, "the clock stepped back");
}

#[test]
fn a_hundred_unregistered_cards_in_a_row_need_no_touch() {
    let mut desk = Desk::shelter();
    for number in 100..200 {
        let mut card = unknown(number, READ);
        card.proof.doubts = hinamori_model::Doubt::UnknownCard.into();
        assert_eq!(desk.tap(&card).len(), 1);
        assert_eq!(desk.kind(), &AnswerKind::Welcome { name: None, party: Party::Count });
        assert!(desk.answer().doubt);
        desk.wait(700);
    }
    let people: std::collections::BTreeSet<_> = desk.written.iter().map(Fact::person).collect();
    assert_eq!((people.len(), desk.answer().id), (100, AnswerId(100)));
}

#[test]
fn nothing_is_said_or_remembered_when_the_disk_took_nothing() {
    for failed in [Written::Failed(HoldReason::DiskFull), Written::Durable(Vec::new())] {
        let reason = match failed {
            Written::Failed(reason) => reason,
            Written::Durable(_) => HoldReason::DiskFailing,
        };
        let mut desk = Desk::shelter();
        let plan = desk.lane.plan(Input::Tap(Box::new(hanako())), desk.now).unwrap();
        desk.lane.complete(plan, failed.clone(), desk.now);
        assert_eq!((desk.kind(), desk.answer().undo_until), (&again(reason), None));
        assert_eq!(desk.tap(&hanako()).len(), 1, "the same card at once");
        let welcome = desk.answer().clone();
        let members = vec![person(YO)];
        let command = Command::ConfirmHousehold { answer: welcome.id, members };
        let plan = desk.lane.plan(Input::Command(command.clone()), desk.now).unwrap();
        desk.lane.complete(plan, failed, desk.now);
        assert_eq!(desk.answer(), &welcome, "a touch that was not written may be repeated");
        assert_eq!(desk.touch(command).unwrap().len(), 1);
    }
}

#[test]
fn heads_are_counted_with_and_without_a_card() {
    let mut desk = Desk::shelter();
    desk.tap(&unknown(7, READ));
    let answer = Some(desk.answer().id);
    let count = |answer, adults| Command::CountPeople { answer, adults, children: 0, infants: 1 };
    desk.touch(count(answer, 1)).unwrap();
    assert_eq!(desk.kind(), &AnswerKind::Done { people: 3 });
    let done = desk.answer().id;
    assert_eq!(desk.touch(Command::Undo { answer: done }), Ok(undo_of(0..2)));

    desk.touch(count(None, 2)).unwrap();
    assert_eq!(desk.kind(), &AnswerKind::Done { people: 3 });
    let done = desk.answer().id;
    assert_eq!(desk.touch(Command::Undo { answer: done }), Ok(undo_of([4])));
    let nobody = Command::CountPeople { answer: None, adults: 0, children: 0, infants: 0 };
    assert_eq!(desk.touch(nobody), Err(Refusal::NotNow));
    assert_eq!(Desk::watch().touch(count(None, 1)), Err(Refusal::NotNow));
}

#[test]
fn nameless_cards_are_heads_each() {
    let mut desk = Desk::shelter();
    for _ in 0..2 {
        assert_eq!(desk.try_input(Input::Nameless(Doubts::NONE)).unwrap().len(), 1);
        assert_eq!((desk.kind(), desk.answer().doubt), (&AnswerKind::AskStaff, true));
    }
    let answer = desk.answer().id;
    assert_eq!(desk.touch(Command::Undo { answer }), Ok(undo_of([1])));
    assert_eq!(Desk::watch().try_input(Input::Nameless(Doubts::NONE)), Ok(Vec::new()));
}

#[test]
fn leaving_follows_a_tap_or_an_exit_lane() {
    let mut desk = Desk::shelter();
    desk.tap(&at(hanako(), PresenceState::Here));
    let here = desk.answer().id;
    desk.touch(Command::Leave { answer: here, leaving: Leaving::Moved }).unwrap();
    let AnswerKind::Left { name, departure, .. } = desk.kind() else { panic!("{:?}", desk.kind()) };
    assert_eq!((name, departure.leaving), (&Some(text(HANAKO, "name")), Leaving::Moved));
    let left = desk.answer().id;
    let leave = |answer| Command::Leave { answer, leaving: Leaving::Left };
    assert_eq!(desk.touch(leave(here)), Err(Refusal::AnswerIsOver));
    assert_eq!(desk.touch(leave(left)), Err(Refusal::NotNow));
    assert_eq!(desk.touch(Command::Undo { answer: left }), Ok(undo_of(0..2)));

    desk.touch(Command::SetDirection(Direction::Exit)).unwrap();
    assert_eq!(desk.lane.direction(), Direction::Exit);
    assert_eq!(desk.tap(&hanako()).len(), 1);
    let answer = desk.answer().id;
    assert_eq!(desk.touch(leave(answer)).unwrap().len(), 1);
}

#[test]
fn the_lane_changes_its_work_and_forgets_the_panel() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    let answer = desk.answer().id;
    assert_eq!(desk.touch(Command::SwitchCounter(CounterKind::Watch)), Ok(Vec::new()));
    assert_eq!((desk.lane.counter(), desk.lane.screen()), (CounterKind::Watch, &Screen::Idle));
    assert_eq!(desk.touch(Command::Undo { answer }), Err(Refusal::AnswerIsOver));
    desk.tap(&hanako());
    assert!(matches!(desk.kind(), AnswerKind::Greeting { .. }), "another counter, another tap");

    let mut gate = Desk::new(SiteKind::CheckPoint, CounterKind::Shelter, Direction::Entrance);
    assert_eq!(gate.touch(Command::SetDirection(Direction::Exit)), Err(Refusal::NotNow));
}

#[test]
fn another_incident_ends_what_a_drill_left_on_the_screen() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    let answer = desk.answer().id;
    desk.lane.incident_changed();
    assert_eq!(desk.lane.screen(), &Screen::Idle);
    for command in [
        Command::ConfirmHousehold { answer, members: vec![person(YO)] },
        Command::Undo { answer },
        Command::Dismiss { answer },
    ] {
        assert_eq!(desk.touch(command), Err(Refusal::AnswerIsOver));
    }
    assert_eq!(desk.tap(&hanako()).len(), 1, "they arrive anew");
}

#[test]
fn a_morning_at_the_watch_counter() {
    let mut desk = Desk::watch();
    assert_eq!(desk.tap(&hanako()), []);
    let asked = desk.answer().clone();
    assert_eq!(asked.undo_until, None);
    assert_eq!(desk.touch(Command::Undo { answer: asked.id }), Err(Refusal::NotNow));
    assert_eq!(desk.touch(Command::WatchConsent { answer: asked.id, agreed: false }), Ok(Vec::new()));
    assert_eq!(desk.lane.screen(), &Screen::Idle);

    desk.tap(&hanako());
    let answer = desk.answer().id;
    desk.touch(Command::WatchConsent { answer, agreed: true }).unwrap();
    assert!(matches!(desk.kind(), AnswerKind::Greeting { ask: WatchAsk::Mood, .. }));
    let answer = desk.answer().id;
    assert_eq!(
        desk.touch(Command::WatchConsent { answer, agreed: false }),
        Err(Refusal::NotNow),
        "not asked any more"
    );
    desk.touch(Command::WatchMood { answer, mood: WatchMood::Away }).unwrap();
    let answer = desk.answer().id;
    assert_eq!(desk.touch(Command::Undo { answer }), Ok(undo_of(0..3)));
}

#[test]
fn commands_of_the_box_are_not_the_lanes() {
    for command in [
        Command::OpenIncident { mode: hinamori_model::Mode::Live },
        Command::EndDrill { then: hinamori_model::Mode::Live },
        Command::ShowLeaderList,
        Command::ShowWatchList,
    ] {
        assert_eq!(Desk::shelter().touch(command), Err(Refusal::NotNow));
    }
}

fn due(desk: &mut Desk, now: UnixMillis) -> Option<UnixMillis> {
    desk.lane.tick(now);
    desk.lane.due()
}

#[test]
fn a_lane_at_another_site_goes_on_numbering_its_answers() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    let before = desk.answer().id;
    desk.lane.move_to(SiteKind::CheckPoint);
    assert_eq!(desk.lane.screen(), &Screen::Idle);
    desk.tap(&hanako());
    assert!(desk.answer().id > before);
}

#[test]
fn what_asks_nothing_leaves_after_two_seconds_and_what_asks_waits_for_the_kiosk() {
    let mut desk = Desk::shelter();
    // At a check-point not even the three questions are asked.
    desk.lane.move_to(SiteKind::CheckPoint);
    assert_eq!(due(&mut desk, NOON), None);
    let mut alone = hanako();
    alone.known.as_mut().unwrap().household.clear();
    desk.tap(&alone);
    assert_eq!(due(&mut desk, NOON), Some(NOON.plus(ANSWER_HOLD_MILLIS)));
    desk.wait(ANSWER_HOLD_MILLIS - 1);
    assert_eq!(desk.kind(), &AnswerKind::Welcome { name: Some(text(HANAKO, "name")), party: Party::Nobody });
    desk.now = desk.now.plus(1);
    let now = desk.now;
    assert_eq!(due(&mut desk, now), Some(NOON.plus(UNDO_MILLIS + 1)), "then it is forgotten");
    assert_eq!(desk.lane.screen(), &Screen::Idle);
    assert_eq!(due(&mut desk, NOON.plus(UNDO_MILLIS + 1)), None);

    desk.lane.move_to(SiteKind::Shelter);
    desk.tap(&alone);
    desk.wait(PANEL_HOLD_MILLIS);
    assert!(desk.answer().asks_needs && desk.answer().asks(), "somebody may still say what they need");
    desk.tap(&hanako());
    desk.wait(PANEL_HOLD_MILLIS + 20_000);
    assert!(matches!(desk.kind(), AnswerKind::Welcome { .. }), "somebody may still be choosing");
    desk.now = UnixMillis::new(1_000);
    let now = desk.now;
    assert_eq!(due(&mut desk, now), Some(now.plus(60_000)), "the clock stepped back");
    desk.wait(60_000);
    assert_eq!(desk.lane.screen(), &Screen::Idle);
}

#[test]
fn a_declared_member_carries_no_proof_of_the_card() {
    let mut desk = Desk::shelter();
    desk.tap(&hanako());
    let answer = desk.answer().id;
    desk.touch(Command::ConfirmHousehold { answer, members: vec![person(YO)] }).unwrap();
    assert_eq!(desk.written.iter().map(Fact::proof).collect::<Vec<_>>(), [Some(READ), Some(Proof::DECLARED)]);
}
