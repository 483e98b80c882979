//! Looking for a name: to check somebody in, and to give a card its name. And badges, which are typed too.

use std::time::Duration;

use hinamori_ipc::{AnswerKind, Command, Found, LeaderItem, ToKiosk};
use hinamori_kiosk::theme::SCAN;
use hinamori_kiosk_tests::lanes::{answer, drill, found, hamadas, minutes_ago, name, person, shelter};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};
use hinamori_model::{Doubt, RegisteredKind};

fn asks(query: &str) -> Command {
    Command::Search { query: name(query) }
}

fn searching() -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("名前で さがす");
    assert_eq!(panel.sent(), []);
    panel
}

#[test]
fn every_touch_asks_anew_and_an_answer_to_an_older_one_is_dropped() {
    let mut panel = searching();
    for key in ["は", "ま", "た", "゛"] {
        panel.touch(key);
    }
    assert_eq!(panel.sent(), [asks("は"), asks("はま"), asks("はまた"), asks("はまだ")]);
    panel.hear(ToKiosk::Found(Found { query: name("はま"), ..hamadas() }));
    assert!(!panel.offers("浜田 花子"), "that was asked before");
    panel.hear(ToKiosk::Found(hamadas()));
    assert!(panel.offers("浜田 花子") && panel.offers("浜田 勇") && panel.offers("ほか 9人"));
    panel.touch("1字 消す");
    assert_eq!(panel.sent(), [asks("はま")]);
    assert!(!panel.offers("浜田 花子"), "nobody is offered for what is not typed");
}

#[test]
fn somebody_is_checked_in_after_one_more_look() {
    let mut panel = searching();
    panel.touch("は");
    panel.hear(ToKiosk::Found(Found { query: name("は"), ..hamadas() }));
    drop(panel.sent());
    panel.touch("ほか 9人");
    panel.touch("濱田 小百合");
    assert_eq!(panel.sent(), [], "nothing before はい");
    assert!(panel.says("濱田 小百合 さん") && panel.says("ハマダ サユリ") && panel.says("港町 1班"));
    panel.touch("いいえ");
    assert!(panel.offers("濱田 小百合"), "back to the candidates");
    panel.touch("濱田 小百合");
    panel.touch("はい");
    assert_eq!(panel.sent(), [Command::CheckIn { people: vec![person(4)] }]);
    assert!(panel.says("カードを かざしてください"));
    assert_eq!(panel.state().people, hinamori_kiosk::People::default(), "names are not kept");
}

#[test]
fn two_people_of_one_name_are_told_apart_by_their_group() {
    let mut panel = searching();
    panel.touch("も");
    let people =
        vec![found(1, "森 一", "モリ ハジメ", "浜町 3班"), found(2, "森 一", "モリ ハジメ", "山手 2班")];
    panel.hear(ToKiosk::Found(Found { query: name("も"), people, total: 2 }));
    assert!(panel.targets().iter().filter(|target| target.label.starts_with("森 一")).count() == 2);
    assert!(panel.offers("森 一 浜町 3班") && panel.offers("森 一 山手 2班"), "{:?}", panel.texts());
}

#[test]
fn a_keyboard_works_as_well_and_passes_on_what_was_typed() {
    let mut panel = searching();
    panel.type_text("hama");
    assert_eq!(panel.sent(), [asks("hama")], "one question for what came at once");
    panel.type_text("\u{8}\u{8}");
    assert_eq!(panel.sent(), [asks("ha")]);
    panel.type_text("\u{8}\u{8}浜田\n");
    assert_eq!(panel.sent(), [asks("浜田")]);
    panel.type_text("\u{8}\u{8}");
    assert_eq!(panel.sent(), [], "nothing typed, nothing asked");
    assert!(panel.says("名前の はじめを 押してください"));
}

#[test]
fn where_the_pad_has_no_room_a_row_is_chosen_first() {
    for (size, lane) in [(PORTRAIT, shelter()), (LANDSCAPE, drill())] {
        let mut panel = Panel::showing(size, lane);
        panel.touch("名前で さがす");
        assert!(panel.offers("い") && !panel.offers("ひ"), "the first row is spread out");
        panel.touch("は行");
        panel.touch("ひ");
        panel.touch("゜");
        assert_eq!(panel.sent(), [asks("ひ"), asks("ぴ")]);
        panel.hear(ToKiosk::Found(Found { query: name("ぴ"), ..hamadas() }));
        assert!(panel.offers("浜田 花子") && panel.offers("濱田 小百合") && panel.offers("ほか 7人"));
    }
}

fn nameless() -> LeaderItem {
    LeaderItem { at: minutes_ago(3), name: None, doubts: vec![Doubt::UnknownCard], nameless: Some(person(9)) }
}

fn naming() -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.touch("係の方へ");
    panel.touch("あとで確認");
    let named = LeaderItem { name: Some(name("松浦 健太")), nameless: None, ..nameless() };
    panel.hear(ToKiosk::LeaderList(vec![nameless(), named]));
    panel.touch("名前を つける");
    assert_eq!(panel.sent(), [Command::ShowLeaderList]);
    panel
}

#[test]
fn a_card_gets_its_name_and_the_list_comes_afresh() {
    let mut panel = naming();
    panel.touch("は");
    panel.hear(ToKiosk::Found(Found { query: name("は"), ..hamadas() }));
    panel.touch("浜田 勇");
    assert!(panel.says("このカードは この方の ものですか"));
    drop(panel.sent());
    panel.touch("はい");
    let give = Command::GiveName { nameless: person(9), person: person(2) };
    assert_eq!(panel.sent(), [give, Command::ShowLeaderList]);
    assert!(panel.says("調べています"));
}

#[test]
fn somebody_who_is_on_no_roster_is_registered_as_one_of_two() {
    for (label, kind) in
        [("帰省者・来訪者", RegisteredKind::Visitor), ("町の人", RegisteredKind::ResidentNotListed)]
    {
        let mut panel = naming();
        panel.touch("名簿に ない人");
        panel.touch(label);
        assert_eq!(panel.sent(), [Command::Register { nameless: person(9), kind }, Command::ShowLeaderList]);
    }
    let mut panel = naming();
    panel.touch("もどる");
    assert_eq!(panel.sent(), [Command::ShowLeaderList], "back to the list");
}

#[test]
fn whoever_is_on_no_roster_is_counted() {
    let mut panel = searching();
    panel.touch("名簿に ない人");
    assert!(panel.offers("大人 1人 ふやす"));
}

#[test]
fn a_scanner_types_a_badge_on_idle_and_on_answers() {
    let badge = |code: &str| Command::Badge { code: name(code) };
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.type_text("HM1-0042-ABCD\n");
    assert_eq!(panel.sent(), [badge("HM1-0042-ABCD")]);
    panel.answer(answer(1, AnswerKind::AskStaff));
    panel.type_text("hm1:");
    panel.wait(SCAN / 2);
    panel.type_text("77\n");
    assert_eq!(panel.sent(), [badge("hm1:77")], "in any case, over several frames");
}

#[test]
fn other_typing_is_no_badge() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.type_text("HM2-0042\n");
    panel.type_text("\n");
    panel.type_text("HM1");
    panel.wait(SCAN + Duration::from_millis(1));
    panel.type_text("0042\n");
    panel.type_text("xHM1\n");
    panel.type_text(&format!("HM1{}\n", "9".repeat(100)));
    drop(panel.sent());
    panel.type_text("あHM1\n");
    assert_eq!(panel.sent(), []);
    panel.touch("人数だけ");
    panel.type_text("HM1-0042\n");
    assert_eq!(panel.sent(), [], "only where a card would be held");
    assert!(panel.says("＋を 押して 数えてください"));
}
