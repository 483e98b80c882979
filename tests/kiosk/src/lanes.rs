//! What the daemon of a fictional school could tell its kiosk.

use hinamori_ipc::{
    Answer, AnswerId, AnswerKind, Banner, BuildingAnswer, CardData, ClockState, DiskState, LaneState,
    LeaderItem, LinkState, Member, MemberState, Party, ReaderState, Screen, SiteState, Status,
};
use hinamori_model::{CounterKind, Direction, Doubt, LaneId, Mode, PersonId, PersonalText, UnixMillis};

use crate::panel::MORNING;

mod alerts;
mod care;
mod officers;
mod people;
mod stick;

pub use alerts::{check_point, ended, in_half_past, landslide, practised_tsunami, told, tsunami};
pub use care::{
    asking, assessment, care_list, care_person, conflicts, digits, head_counts, in_minutes, looked_at,
    lookups, pass, session, slip, staffed, televisions,
};
pub use officers::{alert_desk, alert_draft, busy_alert_desk, changed_draft, official, practised_draft};
pub use people::{
    candidates, districts, found, group, hamadas, incomplete_households, large_group, leave_ask, left,
    not_arrived, stays,
};
pub use stick::{carried, exchanged, files_not_taken, not_written};

/// Milliseconds.
const MINUTE: u64 = 60_000;

/// So many minutes before the kiosk was switched on.
pub const fn minutes_ago(minutes: u64) -> UnixMillis {
    UnixMillis::new(MORNING.get() - minutes * MINUTE)
}

/// A shelter that receives people, without a link.
pub fn shelter() -> LaneState {
    LaneState {
        banner: Banner {
            mode: Mode::Live,
            incident: Some("地震・津波".to_owned()),
            is_closed: false,
            site: "汐見小学校 体育館".to_owned(),
            lane: LaneId(1),
        },
        status: Status {
            reader: ReaderState::Ready,
            link: LinkState::Offline { last_contact: Some(minutes_ago(23)) },
            disk: DiskState::Ok,
            clock: ClockState::Sure,
            card_data: CardData::AsOf(minutes_ago(3 * 24 * 60)),
            unsent: 26,
            received: Some(minutes_ago(24)),
        },
        counter: CounterKind::Shelter,
        direction: Direction::Entrance,
        site: SiteState::Open(BuildingAnswer::NothingSeen),
        here: 143,
        confirmed: 143,
        later: 0,
        asks_sign_in: false,
        staff: None,
        stick: None,
        alerts: None,
        screen: Screen::Idle,
    }
}

/// The same school on an ordinary day.
pub fn ordinary_day() -> LaneState {
    let lane = shelter();
    let status = Status { link: LinkState::Online, unsent: 0, ..lane.status };
    let banner = Banner { mode: Mode::DailyLife, incident: None, ..lane.banner };
    LaneState { banner, status, site: SiteState::Closed, here: 0, ..lane }
}

/// A community centre that says good morning.
pub fn watch_spot() -> LaneState {
    let lane = ordinary_day();
    let banner = Banner { site: "港公民館".to_owned(), ..lane.banner };
    LaneState { banner, counter: CounterKind::Watch, here: 7, ..lane }
}

/// The school in a drill.
pub fn drill() -> LaneState {
    let lane = shelter();
    LaneState {
        banner: Banner { mode: Mode::Drill, incident: None, ..lane.banner },
        here: 12,
        confirmed: 12,
        ..lane
    }
}

/// A name.
pub fn name(text: &str) -> PersonalText {
    PersonalText::new(text)
}

/// A member of a household, not seen yet. The number makes the person.
pub fn member(number: u8, called: &str, relation: &str) -> Member {
    Member {
        person: person(number),
        name: name(called),
        relation: name(relation),
        state: MemberState::NotSeen,
    }
}

/// The person of a member's number.
pub const fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

/// The family of 浜田 花子; her grandson came before.
pub fn hamada() -> Vec<Member> {
    let grandson = MemberState::AlreadyIn { at: minutes_ago(19) };
    vec![
        member(1, "浜田 勇", "夫"),
        member(2, "浜田 陽", "孫"),
        member(3, "浜田 直樹", "長男"),
        member(4, "浜田 美咲", "長男の妻"),
        Member { state: grandson, ..member(5, "浜田 健", "孫") },
    ]
}

/// Three generations under one roof: more than one screen holds.
pub fn large_household() -> Vec<Member> {
    let names = ["一郎", "二郎", "三郎", "四郎", "五郎", "六郎", "七海", "八重", "久子", "十和子", "小百合"];
    (1_u8..)
        .zip(names)
        .map(|(number, called)| member(number, &format!("長谷川 {called}"), "同居人"))
        .collect()
}

/// An answer that was just given; what it recorded can be taken back for half a minute.
pub fn answer(id: u64, kind: AnswerKind) -> Screen {
    let records = !matches!(kind, AnswerKind::HoldAgain { .. } | AnswerKind::Undone);
    let undo_until = records.then(|| MORNING.plus(MINUTE / 2));
    Screen::Answer(Answer {
        id: AnswerId(id),
        at: MORNING,
        kind,
        doubt: false,
        undo_until,
        lookups: 0,
        asks_needs: false,
    })
}

/// The same when it cannot be taken back any more: it looks alike at any time.
pub fn final_answer(id: u64, kind: AnswerKind) -> Screen {
    match answer(id, kind) {
        Screen::Answer(answer) => Screen::Answer(Answer { undo_until: None, ..answer }),
        Screen::Idle => Screen::Idle,
    }
}

/// The same with the small mark.
pub fn doubtful(screen: Screen) -> Screen {
    match screen {
        Screen::Answer(answer) => Screen::Answer(Answer { doubt: true, ..answer }),
        Screen::Idle => Screen::Idle,
    }
}

/// 受け付けました for 浜田 花子.
pub fn welcome(party: Party) -> AnswerKind {
    AnswerKind::Welcome { name: Some(name("浜田 花子")), party }
}

/// 受け付けました for a card that nobody knows yet.
pub const fn unknown_card() -> AnswerKind {
    AnswerKind::Welcome { name: None, party: Party::Count }
}

/// One line for each thing that can be doubted.
pub fn doubts() -> Vec<LeaderItem> {
    let one_each = (0_u8..).zip(Doubt::ALL.iter().copied()).map(|(position, doubt)| LeaderItem {
        at: minutes_ago(u64::from(position) * 7),
        name: (position % 3 != 0).then(|| name("松浦 健太")),
        doubts: vec![doubt],
        nameless: (position % 3 == 0).then_some(PersonId::from_bytes([position + 50; 16])),
    });
    one_each.collect()
}
