//! The leader's pages: who has not arrived, and the roll-call.

use std::time::Duration;

use hinamori_ipc::{AnswerKind, Command, LaneState, NotArrived, Screen, ToKiosk};
use hinamori_kiosk::theme::{ANSWER_HOLD, REFRESH};
use hinamori_kiosk_tests::lanes::{
    answer, incomplete_households, not_arrived, ordinary_day, person, shelter, stays, welcome,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, MORNING, Panel};
use hinamori_model::UnixMillis;

const HOUR: u64 = 3_600_000;

fn opened(page: &str) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, LaneState { later: 2, ..shelter() });
    panel.touch("係の方へ");
    assert_eq!(panel.sent(), []);
    panel.touch(page);
    panel
}

fn shows(district: Option<&str>, from: u32) -> Command {
    Command::ShowNotArrived { district: district.map(str::to_owned), from }
}

fn households() -> Panel {
    let mut panel = opened("未到着");
    panel.hear(ToKiosk::NotArrived(not_arrived()));
    panel.touch("浜町 まだ 13人 支援 2人");
    panel.hear(ToKiosk::NotArrived(incomplete_households()));
    drop(panel.sent());
    panel
}

#[test]
fn one_page_leads_to_the_leaders_lists_where_people_are_received() {
    for page in ["あとで確認", "未到着", "点呼", "窓口の設定"] {
        let mut panel = opened(page);
        panel.touch("もどる");
        assert!(panel.offers("点呼"), "back to the leader's page");
        panel.touch("もどる");
        assert!(panel.says("カードを かざしてください"));
    }
    let panel = Panel::showing(LANDSCAPE, ordinary_day());
    assert!(panel.offers("あとで確認") && !panel.offers("係の方へ"));
}

#[test]
fn districts_with_missing_people_who_need_support_come_first_and_numbers_are_fresh() {
    let mut panel = opened("未到着");
    assert_eq!(panel.sent(), [shows(None, 0)]);
    panel.hear(ToKiosk::NotArrived(not_arrived()));
    let places = panel.targets();
    let top = |label: &str| {
        places.iter().find(|target| target.label.starts_with(label)).map(|target| target.rect.top())
    };
    assert!(top("浜町 まだ 13人 支援 2人") < top("本町 まだ 1人 支援 1人"), "{places:?}");
    assert!(panel.says("来た 188人") && panel.says("まだ 82人"), "{:?}", panel.texts());
    panel.touch("次のページ");
    assert!(panel.offers("港町 まだ 16人"), "{:?}", panel.texts());
    assert!(!panel.says("浜田"), "no names before a district was touched");
    panel.wait(REFRESH - Duration::from_millis(1));
    assert_eq!(panel.sent(), []);
    panel.wait(Duration::from_millis(1));
    assert_eq!(panel.sent(), [shows(None, 0)]);
    panel.wait(REFRESH);
    assert_eq!(panel.sent(), [shows(None, 0)]);
}

#[test]
fn a_district_shows_its_incomplete_households_page_by_page() {
    let mut panel = households();
    assert!(panel.says("そろっていない世帯 14") && panel.offers("林 キヨ まだ 支援が必要"));
    assert!(panel.says("浜田 勇 来ました") && !panel.offers("浜田 勇 来ました"));
    assert!(panel.offers("長谷川 十和子 所在未確認 支援が必要"), "{:?}", panel.texts());
    panel.touch("次のページ");
    let [Command::ShowNotArrived { district: Some(district), from }] = &panel.sent()[..] else {
        panic!("one question")
    };
    assert!(district == "浜町" && (1..=5).contains(from), "{from}");
    let list = NotArrived { from: *from, ..incomplete_households() };
    panel.hear(ToKiosk::NotArrived(list));
    panel.wait(REFRESH);
    assert_eq!(panel.sent(), [shows(Some("浜町"), *from)], "the same page again");
    panel.touch("もどる");
    assert_eq!(panel.sent(), [shows(None, 0)]);
    assert!(panel.offers("浜町 まだ 13人 支援 2人") && !panel.says("林 キヨ"));
}

#[test]
fn somebody_is_told_to_be_elsewhere_after_one_more_question() {
    let mut panel = households();
    panel.touch("浜田 直樹 まだ");
    assert!(panel.says("浜田 直樹 さん") && panel.says("無事と 聞いたときだけ"));
    panel.touch("いいえ");
    panel.touch("浜田 直樹 まだ");
    assert_eq!(panel.sent(), []);
    panel.touch("はい");
    assert_eq!(panel.sent(), [Command::ToldElsewhere { people: vec![person(6)] }, shows(Some("浜町"), 0)]);
}

#[test]
fn a_reply_that_comes_too_late_leaves_no_names_behind() {
    let mut panel = households();
    panel.touch("もどる");
    panel.hear(ToKiosk::NotArrived(incomplete_households()));
    assert!(!panel.says("林 キヨ"));
    panel.touch("もどる");
    panel.touch("もどる");
    panel.hear(ToKiosk::NotArrived(incomplete_households()));
    panel.hear(ToKiosk::Stays(stays()));
    panel.hear(ToKiosk::LeaderList(Vec::new()));
    assert_eq!(panel.state().people, hinamori_kiosk::People::default());
    assert_eq!(panel.state().leader_list, None);
}

fn round() -> Panel {
    let mut panel = opened("点呼");
    assert_eq!(panel.sent(), [Command::ShowStays]);
    panel.hear(ToKiosk::Stays(stays()));
    panel
}

#[test]
fn a_round_is_ticked_sent_and_goes_on() {
    let mut panel = round();
    assert!(panel.offers("磯部 実 所在未確認 昨日 9:21 確認"), "{:?}", panel.texts());
    assert!(!panel.says("退所"), "nobody who was not found has left");
    panel.touch("大西 節子 昨日 16:21 確認");
    panel.touch("磯部 実 所在未確認 昨日 9:21 確認");
    assert!(!panel.offers("点呼を 終わる"), "ticks are sent first");
    panel.touch("次のページ");
    panel.touch("葛城 修 今日 2:31 確認");
    panel.touch("3人を 確認した");
    assert_eq!(panel.sent(), [Command::ConfirmStays { people: vec![person(1), person(2), person(13)] }]);
    panel.answer(answer(1, AnswerKind::Done { people: 3 }));
    panel.wait(ANSWER_HOLD);
    drop(panel.sent());
    panel.answer(Screen::Idle);
    assert_eq!(panel.sent(), [Command::ShowStays], "the round goes on");
    assert!(panel.says("点呼"));
}

#[test]
fn the_list_that_comes_back_begins_the_next_round() {
    let mut panel = round();
    panel.touch("大西 節子 昨日 16:21 確認");
    panel.touch("1人を 確認した");
    panel.hear(ToKiosk::Stays(stays()));
    assert!(panel.says("会った人を 押してください") && panel.offers("点呼を 終わる"), "{:?}", panel.texts());
    assert!(!panel.is_chosen("大西 節子 昨日 16:21 確認"));
}

#[test]
fn a_card_in_between_ends_the_round_on_the_screen() {
    let mut panel = round();
    panel.touch("大西 節子 昨日 16:21 確認");
    panel.touch("1人を 確認した");
    panel.answer(answer(1, AnswerKind::Done { people: 1 }));
    panel.answer(answer(2, welcome(hinamori_ipc::Party::Nobody)));
    panel.wait(ANSWER_HOLD);
    panel.answer(Screen::Idle);
    assert!(panel.says("カードを かざしてください"));
}

#[test]
fn the_roll_call_is_over_for_an_hour_that_was_chosen_and_says_for_how_many() {
    let mut panel = round();
    panel.touch("点呼を 終わる");
    assert!(
        panel.says("11人") && panel.says("所在未確認に なります。退所には なりません"),
        "{:?}",
        panel.texts()
    );
    panel.touch("3時間前から");
    assert!(panel.says("9人"), "{:?}", panel.texts());
    panel.touch("いいえ");
    panel.touch("点呼を 終わる");
    panel.touch("昨日 6:00 から");
    assert!(panel.says("0人"));
    panel.touch("3時間前から");
    panel.touch("はい");
    let since = UnixMillis::new(MORNING.get() - 3 * HOUR);
    assert_eq!(panel.sent(), [Command::CloseRollCall { since }, Command::ShowStays]);
    assert!(panel.says("点呼"), "the page stays");
}
