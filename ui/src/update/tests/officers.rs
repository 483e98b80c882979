//! Officers put something together in few touches, and what they ask for is what they chose.

use hinamori_ipc::{
    AlertClass, AlertDesk, AlertKind, AlertNotice, AlertThread, AlertWanted, Arrival, Danger, PreparedChoice,
};

use super::*;
use crate::{OfficerStep, OfficerTouch};

fn choice(id: &str, danger: Danger) -> PreparedChoice {
    PreparedChoice {
        id: id.to_owned(),
        label: id.to_owned(),
        danger,
        title: String::new(),
        english: String::new(),
        places: vec!["坂の 上".to_owned(), "寺".to_owned()],
    }
}

/// A tsunami's order is out for the first of three districts.
fn desk() -> AlertDesk {
    let notice = AlertNotice {
        class: AlertClass::Live,
        kind: AlertKind::Order,
        danger: Danger::Tsunami,
        title: String::new(),
        english_title: String::new(),
        easy: String::new(),
        english: String::new(),
        districts: vec!["浜町".to_owned()],
        sent: UnixMillis::new(1),
        expected: None,
    };
    let thread = |id: &str, may_become: &[&str]| AlertThread {
        id: id.to_owned(),
        notice: notice.clone(),
        alone_until: None,
        message: Some(may_become[0].to_owned()),
        may_become: may_become.iter().map(|id| (*id).to_owned()).collect(),
        districts: notice.districts.clone(),
        closed: if id == "wave" { vec!["高台".to_owned()] } else { Vec::new() },
    };
    AlertDesk {
        messages: vec![
            choice("major", Danger::MajorTsunami),
            choice("warning", Danger::Tsunami),
            choice("landslide", Danger::LevelFour),
        ],
        districts: ["浜町", "汐見", "本町"].map(str::to_owned).into(),
        threads: vec![thread("wave", &["warning", "major"]), thread("slide", &["landslide"])],
        ..AlertDesk::default()
    }
}

fn opened() -> State {
    let mut state = following(Screen::Idle);
    drop(update(&mut state, Event::Touched(Action::Open(Page::Officers)), at(1)));
    drop(message(&mut state, ToKiosk::AlertDesk(Box::new(desk())), at(1)));
    state
}

fn press(state: &mut State, touch: OfficerTouch) -> Vec<Effect> {
    update(state, Event::Touched(Action::Officer(touch)), at(2))
}

/// What is asked for with the last of these touches; the others ask for nothing.
fn wanted(touches: impl IntoIterator<Item = OfficerTouch>) -> AlertWanted {
    let mut state = opened();
    let mut asked: Vec<Effect> = Vec::new();
    for touch in touches {
        assert_eq!(asked, []);
        asked = press(&mut state, touch);
    }
    match &asked[..] {
        [Effect::Send(Command::DraftAlert { wanted })] => wanted.clone(),
        other => panic!("{other:?}"),
    }
}

fn choose(id: &str) -> OfficerTouch {
    OfficerTouch::Choose(id.to_owned())
}

fn open(id: &str) -> OfficerTouch {
    OfficerTouch::OpenThread(id.to_owned())
}

#[test]
fn something_new_is_for_the_whole_town_and_a_tsunami_s_time_is_asked_in_one_touch() {
    let begin = || OfficerTouch::Begin(AlertClass::Live);
    let order = |message: &str, districts: &[&str], arrival, closed: &[&str]| AlertWanted::Order {
        class: AlertClass::Live,
        message: message.to_owned(),
        districts: districts.iter().map(|name| (*name).to_owned()).collect(),
        arrival,
        closed: closed.iter().map(|name| (*name).to_owned()).collect(),
    };
    let slide = wanted([begin(), choose("landslide"), OfficerTouch::Ready]);
    assert_eq!(slide, order("landslide", &[], Arrival::Unknown, &[]));
    let arrives = OfficerTouch::Arrives(Arrival::InMinutes(10));
    let wave = wanted([begin(), choose("major"), OfficerTouch::Ready, arrives.clone()]);
    assert_eq!(wave, order("major", &[], Arrival::InMinutes(10), &[]));
    let some = wanted([
        begin(),
        choose("major"),
        OfficerTouch::ToggleDistrict(2),
        OfficerTouch::OpenPlaces,
        OfficerTouch::TogglePlace("寺".to_owned()),
        OfficerTouch::Ready,
        OfficerTouch::Ready,
        arrives,
    ]);
    assert_eq!(some, order("major", &["浜町", "汐見"], Arrival::InMinutes(10), &["寺"]));
}

#[test]
fn a_change_is_of_what_is_open_keeps_its_districts_and_takes_few_touches() {
    let update = |thread: &str, message: &str, added: Option<&[&str]>, arrival| AlertWanted::Update {
        thread: thread.to_owned(),
        message: message.to_owned(),
        added: added.map(|all| all.iter().map(|name| (*name).to_owned()).collect()),
        arrival,
        // What was closed before stays so.
        closed: if thread == "wave" { vec!["高台".to_owned()] } else { Vec::new() },
    };
    // The time alone: three touches, and nothing else changes.
    let time =
        wanted([open("wave"), OfficerTouch::ChangeArrival, OfficerTouch::Arrives(Arrival::InMinutes(20))]);
    assert_eq!(time, update("wave", "warning", Some(&["浜町"]), Arrival::InMinutes(20)));
    // Another level, one district more; the one before cannot be left out.
    let level = wanted([
        open("wave"),
        OfficerTouch::Change,
        choose("major"),
        OfficerTouch::ToggleDistrict(0),
        OfficerTouch::ToggleDistrict(1),
        OfficerTouch::Ready,
        OfficerTouch::Arrives(Arrival::AsBefore),
    ]);
    assert_eq!(level, update("wave", "major", Some(&["浜町", "汐見"]), Arrival::AsBefore));
    // Where there is one message only, nobody chooses it; all districts are the whole town.
    let slide = wanted([
        open("slide"),
        OfficerTouch::Change,
        OfficerTouch::ToggleDistrict(1),
        OfficerTouch::ToggleDistrict(2),
        OfficerTouch::Ready,
    ]);
    assert_eq!(slide, update("slide", "landslide", None, Arrival::Unknown));
}

#[test]
fn back_leads_to_what_was_open_and_a_test_to_the_beginning() {
    let mut state = opened();
    let step = |state: &State| state.officers.step.clone();
    for touch in [open("wave"), OfficerTouch::Change, choose("major"), OfficerTouch::Ready] {
        assert_eq!(press(&mut state, touch), []);
    }
    assert!(matches!(step(&state), OfficerStep::Arrival(_)));
    drop(update(&mut state, Event::Touched(Action::Back), at(3)));
    assert_eq!(step(&state), OfficerStep::Thread("wave".to_owned()));
    drop(update(&mut state, Event::Touched(Action::Back), at(3)));
    assert_eq!(step(&state), OfficerStep::Start);

    assert_eq!(press(&mut state, OfficerTouch::Test), []);
    for digit in '1'..='4' {
        drop(update(
            &mut state,
            Event::Touched(Action::Dial(crate::Dial::Digit(crate::Digit(digit)))),
            at(4),
        ));
    }
    let asked = update(&mut state, Event::Touched(Action::Dial(crate::Dial::Done)), at(4));
    assert!(matches!(&asked[..], [Effect::Send(Command::TestOfficerKeys { .. })]), "{asked:?}");
    drop(message(&mut state, ToKiosk::OfficerKeysTested, at(5)));
    assert_eq!(step(&state), OfficerStep::Tested);
}
