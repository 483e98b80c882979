//! Every screen of the kiosk, each led to as a daemon and a finger would.

use hinamori_ipc::{
    AnswerKind, Banner, BuildingAnswer, CardData, ClockState, Departure, DiskState, HoldReason, LaneChange,
    LaneState, LinkState, Party, ReaderState, Refusal, SiteState, Status, ToKiosk, WatchAsk,
};
use hinamori_kiosk::{Action, Event, LinkEvent, Page, SoundOutput, Step, Who};
use hinamori_model::{Destination, Direction, Leaving};

use crate::lanes::{self, answer, doubtful, welcome};
use crate::panel::Panel;

mod alerts;
mod care;
mod officers;
mod people;
mod registration;
mod staff;
mod stick;
mod televisions;

/// One screen.
#[derive(Debug, Clone, Copy)]
pub struct Scene {
    /// Names its picture.
    pub name: &'static str,
    /// Leads a kiosk that was just switched on to it.
    pub lead: fn(&mut Panel),
}

const fn scene(name: &'static str, lead: fn(&mut Panel)) -> Scene {
    Scene { name, lead }
}

/// All of them.
pub fn every_screen() -> Vec<Scene> {
    [
        waiting(),
        answers(),
        people::leaving(),
        opening(),
        watching(),
        pages(),
        people::searching(),
        people::groups(),
        people::leaders(),
        registration::registering(),
        staff::signing_in(),
        staff::passes(),
        staff::beside_answers(),
        care::caring(),
        care::site(),
        stick::carrying(),
        televisions::giving(),
        alerts::alerts(),
        alerts::passing(),
        officers::saying(),
        officers::changing(),
        officers::signing(),
        troubles(),
    ]
    .concat()
}

fn snapshot(panel: &mut Panel, lane: LaneState) {
    panel.hear(ToKiosk::Snapshot(Box::new(lane)));
}

fn open_page(panel: &mut Panel, page: Page) {
    panel.event(Event::Touched(Action::Open(page)));
}

/// An answer at the shelter.
fn answered(panel: &mut Panel, kind: AnswerKind) {
    snapshot(panel, lanes::shelter());
    panel.answer(answer(1, kind));
}

/// An answer in a drill.
fn practised(panel: &mut Panel, kind: AnswerKind) {
    snapshot(panel, lanes::drill());
    panel.answer(answer(1, kind));
}

fn waiting() -> Vec<Scene> {
    vec![
        scene("connecting", |_| {}),
        scene("idle-live", |panel| snapshot(panel, lanes::shelter())),
        scene("idle-live-later", |panel| snapshot(panel, LaneState { later: 12, ..lanes::shelter() })),
        scene("idle-live-closed", |panel| {
            let lane = lanes::shelter();
            snapshot(panel, LaneState { banner: Banner { is_closed: true, ..lane.banner }, ..lane });
        }),
        scene("idle-ordinary", |panel| snapshot(panel, lanes::ordinary_day())),
        scene("idle-watch", |panel| snapshot(panel, LaneState { later: 3, ..lanes::watch_spot() })),
        scene("idle-drill", |panel| snapshot(panel, LaneState { later: 3, ..lanes::drill() })),
        scene("idle-exit", |panel| {
            snapshot(panel, LaneState { direction: Direction::Exit, ..lanes::shelter() });
        }),
        scene("idle-outside", |panel| {
            let site = SiteState::Open(BuildingAnswer::SomethingOrUnsure);
            snapshot(panel, LaneState { site, ..lanes::shelter() });
        }),
    ]
}

fn answers() -> Vec<Scene> {
    vec![
        scene("welcome-household", |panel| {
            answered(panel, welcome(Party::Household(lanes::hamada())));
            for person in [1, 2] {
                panel.event(Event::Touched(Action::ToggleMember(lanes::person(person))));
            }
        }),
        scene("welcome-household-drill", |panel| {
            practised(panel, welcome(Party::Household(lanes::hamada())));
            panel.event(Event::Touched(Action::ToggleMember(lanes::person(2))));
        }),
        scene("welcome-large-household", |panel| {
            answered(panel, welcome(Party::Household(lanes::large_household())));
        }),
        scene("welcome-large-household-drill", |panel| {
            practised(panel, welcome(Party::Household(lanes::large_household())));
            panel.event(Event::Touched(Action::Turn(Step::Up)));
        }),
        scene("welcome-pair", |panel| {
            answered(panel, welcome(Party::Household(vec![lanes::member(1, "磯部 実", "夫")])));
        }),
        scene("welcome-alone", |panel| answered(panel, welcome(Party::Nobody))),
        scene("welcome-alone-drill", |panel| practised(panel, welcome(Party::Nobody))),
        scene("welcome-doubt", |panel| {
            snapshot(panel, lanes::shelter());
            panel.answer(doubtful(answer(1, welcome(Party::Nobody))));
        }),
        scene("welcome-unknown", |panel| {
            snapshot(panel, lanes::shelter());
            panel.answer(doubtful(answer(1, lanes::unknown_card())));
            for who in [Who::Adults, Who::Infants] {
                panel.event(Event::Touched(Action::Count(who, Step::Up)));
            }
        }),
        scene("welcome-unknown-drill", |panel| practised(panel, lanes::unknown_card())),
        scene("welcome-outside", |panel| {
            let site = SiteState::Open(BuildingAnswer::SomethingOrUnsure);
            snapshot(panel, LaneState { site, ..lanes::shelter() });
            panel.answer(answer(1, welcome(Party::Nobody)));
        }),
        scene("here", |panel| answered(panel, here())),
        scene("here-drill", |panel| practised(panel, here())),
        scene("here-exit", |panel| {
            snapshot(panel, LaneState { direction: Direction::Exit, ..lanes::shelter() });
            panel.answer(answer(1, here()));
        }),
        scene("left-out", |panel| answered(panel, left(Leaving::Out))),
        scene("left-overnight", |panel| answered(panel, left(Leaving::Overnight))),
        scene("left-moved", |panel| answered(panel, left(Leaving::Moved))),
        scene("left-left-drill", |panel| practised(panel, left(Leaving::Left))),
        scene("done", |panel| answered(panel, AnswerKind::Done { people: 3 })),
        scene("done-drill", |panel| practised(panel, AnswerKind::Done { people: 3 })),
        scene("undone", |panel| answered(panel, AnswerKind::Undone)),
        scene("ask-staff", |panel| answered(panel, AnswerKind::AskStaff)),
        scene("ask-staff-drill", |panel| practised(panel, AnswerKind::AskStaff)),
        scene("again-torn", |panel| answered(panel, again(HoldReason::TornAway))),
        scene("again-mute-drill", |panel| practised(panel, again(HoldReason::Mute))),
        scene("again-disk-full", |panel| answered(panel, again(HoldReason::DiskFull))),
        scene("again-disk-failing", |panel| answered(panel, again(HoldReason::DiskFailing))),
    ]
}

fn here() -> AnswerKind {
    AnswerKind::Here { name: Some(lanes::name("浜田 花子")) }
}

fn left(leaving: Leaving) -> AnswerKind {
    lanes::left(leaving, None)
}

/// The goodbye after everything was said.
fn gone(leaving: Leaving, destination: Destination, people: u32) -> AnswerKind {
    match lanes::left(leaving, None) {
        AnswerKind::Left { name, departure, ask } => {
            let departure = Departure { destination: Some(destination), people, ..departure };
            AnswerKind::Left { name, departure, ask }
        }
        other => other,
    }
}

const fn again(reason: HoldReason) -> AnswerKind {
    AnswerKind::HoldAgain { reason }
}

fn opening() -> Vec<Scene> {
    vec![
        scene("open-live", |panel| {
            snapshot(panel, lanes::ordinary_day());
            open_page(panel, Page::OpenLive);
        }),
        scene("open-drill", |panel| {
            snapshot(panel, lanes::ordinary_day());
            open_page(panel, Page::OpenDrill);
        }),
        scene("drill-ended", |panel| {
            snapshot(panel, lanes::drill());
            let live = LaneState { site: SiteState::AwaitingBuildingCheck, ..lanes::shelter() };
            panel.hear(ToKiosk::Changes(vec![LaneChange::Banner(live.banner), LaneChange::Site(live.site)]));
        }),
        scene("building", |panel| {
            snapshot(panel, LaneState { site: SiteState::AwaitingBuildingCheck, ..lanes::shelter() });
        }),
        scene("building-marked", |panel| {
            snapshot(panel, LaneState { site: SiteState::AwaitingBuildingCheck, ..lanes::shelter() });
            let crack = hinamori_ipc::BuildingFinding::Crack;
            panel.event(Event::Touched(Action::ToggleFinding(crack)));
        }),
        scene("building-drill", |panel| {
            snapshot(panel, LaneState { site: SiteState::AwaitingBuildingCheck, ..lanes::drill() });
        }),
    ]
}

fn watching() -> Vec<Scene> {
    vec![
        scene("greeting-consent", |panel| greeted(panel, WatchAsk::Consent)),
        scene("greeting-mood", |panel| greeted(panel, WatchAsk::Mood)),
        scene("greeting-only", |panel| greeted(panel, WatchAsk::Nothing)),
        scene("watch-done", |panel| {
            snapshot(panel, lanes::watch_spot());
            panel.answer(answer(1, AnswerKind::Done { people: 1 }));
        }),
        scene("watch-again", |panel| {
            snapshot(panel, lanes::watch_spot());
            panel.answer(answer(1, again(HoldReason::Mute)));
        }),
        scene("watch-list", |panel| {
            snapshot(panel, lanes::watch_spot());
            open_page(panel, Page::WatchList);
            let names = ["源さん", "きよこさん", "トヨさん", "松浦さん", "みさきちゃん"];
            panel.hear(ToKiosk::WatchList(names.map(lanes::name).into()));
        }),
        scene("watch-list-empty", |panel| {
            snapshot(panel, lanes::watch_spot());
            open_page(panel, Page::WatchList);
            panel.hear(ToKiosk::WatchList(Vec::new()));
        }),
    ]
}

fn greeted(panel: &mut Panel, ask: WatchAsk) {
    snapshot(panel, lanes::watch_spot());
    panel.answer(answer(1, AnswerKind::Greeting { called_name: Some(lanes::name("源さん")), ask }));
}

fn pages() -> Vec<Scene> {
    vec![
        scene("head-count", |panel| {
            snapshot(panel, lanes::shelter());
            open_page(panel, Page::HeadCount);
        }),
        scene("head-count-drill", |panel| {
            snapshot(panel, lanes::drill());
            open_page(panel, Page::HeadCount);
            for _ in 0..12 {
                panel.event(Event::Touched(Action::Count(Who::Adults, Step::Up)));
            }
        }),
        scene("leader-list", |panel| {
            snapshot(panel, LaneState { later: 13, ..lanes::shelter() });
            open_page(panel, Page::LeaderList);
            panel.hear(ToKiosk::LeaderList(lanes::doubts()));
        }),
        scene("leader-list-2", |panel| {
            snapshot(panel, LaneState { later: 13, ..lanes::drill() });
            open_page(panel, Page::LeaderList);
            panel.hear(ToKiosk::LeaderList(lanes::doubts()));
            panel.event(Event::Touched(Action::Turn(Step::Up)));
        }),
        scene("leader-list-empty", |panel| {
            snapshot(panel, lanes::shelter());
            open_page(panel, Page::LeaderList);
            panel.hear(ToKiosk::LeaderList(Vec::new()));
        }),
        scene("leader-list-loading", |panel| {
            snapshot(panel, lanes::shelter());
            open_page(panel, Page::LeaderList);
        }),
        scene("settings-ordinary", |panel| {
            snapshot(panel, lanes::ordinary_day());
            open_page(panel, Page::Settings);
        }),
        scene("settings-drill", |panel| {
            snapshot(panel, lanes::drill());
            open_page(panel, Page::Settings);
        }),
        scene("settings-live", |panel| {
            snapshot(panel, lanes::shelter());
            open_page(panel, Page::Settings);
        }),
        scene("health", |panel| {
            snapshot(panel, lanes::shelter());
            open_page(panel, Page::Health);
        }),
        scene("health-troubles", |panel| {
            snapshot(panel, troubled());
            panel.event(Event::Sound(SoundOutput::Missing));
            open_page(panel, Page::Health);
        }),
        scene("health-clock-ahead", |panel| {
            let status = Status { clock: ClockState::Ahead { minutes: 180 }, ..lanes::shelter().status };
            snapshot(panel, LaneState { status, ..lanes::shelter() });
            open_page(panel, Page::Health);
        }),
        scene("health-drill", |panel| {
            let status = Status { clock: ClockState::Unsure, ..lanes::drill().status };
            snapshot(panel, LaneState { status, ..lanes::drill() });
            open_page(panel, Page::Health);
        }),
    ]
}

/// Everything is amiss at once.
fn troubled() -> LaneState {
    let status = Status {
        reader: ReaderState::Stuck,
        link: LinkState::NotEnrolled,
        disk: DiskState::Full,
        clock: ClockState::Unsure,
        card_data: CardData::TooOld(lanes::minutes_ago(60 * 24 * 60)),
        unsent: 1_204,
        received: None,
    };
    LaneState { status, ..lanes::shelter() }
}

fn troubles() -> Vec<Scene> {
    vec![
        scene("other-version", |panel| panel.event(Event::Link(LinkEvent::OtherVersion))),
        scene("lost", |panel| {
            snapshot(panel, lanes::shelter());
            panel.event(Event::Link(LinkEvent::Lost));
        }),
        scene("lost-drill", |panel| {
            snapshot(panel, lanes::drill());
            panel.event(Event::Link(LinkEvent::Lost));
        }),
        scene("no-reader", |panel| {
            let status = Status { reader: ReaderState::Missing, ..lanes::shelter().status };
            snapshot(panel, LaneState { status, ..lanes::shelter() });
        }),
        scene("no-reader-watch", |panel| {
            let status = Status { reader: ReaderState::Missing, ..lanes::watch_spot().status };
            snapshot(panel, LaneState { status, ..lanes::watch_spot() });
        }),
        scene("no-record", |panel| snapshot(panel, troubled())),
        scene("refused-over", |panel| refused(panel, Refusal::AnswerIsOver)),
        scene("refused-not-now", |panel| refused(panel, Refusal::NotNow)),
        scene("refused-disk", |panel| refused(panel, Refusal::Disk)),
        scene("not-sent", |panel| {
            answered(panel, here());
            panel.event(Event::Link(LinkEvent::NotSent));
        }),
    ]
}

fn refused(panel: &mut Panel, refusal: Refusal) {
    snapshot(panel, lanes::shelter());
    panel.hear(ToKiosk::Refused(refusal));
}
