//! カードで 登録: the pad, the card, and whose it is.

use std::time::Duration;

use hinamori_ipc::{AnswerKind, AttributeFault, AttributeSecret, Command, LaneState, ToKiosk};
use hinamori_kiosk::theme::CARD_HOLD;
use hinamori_kiosk_tests::lanes::{answer, candidates, ordinary_day, person, shelter};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_model::PersonId;

fn opened() -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, LaneState { later: 1, ..shelter() });
    panel.touch("係の方へ");
    panel.touch("あとで確認");
    panel.hear(ToKiosk::LeaderList(Vec::new()));
    panel.touch("カードで 登録");
    drop(panel.sent());
    panel
}

fn typed(panel: &mut Panel, digits: &str) {
    for digit in digits.chars() {
        panel.touch(&digit.to_string());
    }
}

fn asked(count: usize) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(answer(1, candidates(count)));
    drop(panel.sent());
    panel
}

fn confirm(person: Option<PersonId>) -> Command {
    Command::ConfirmCandidate { answer: hinamori_ipc::AnswerId(1), person }
}

#[test]
fn a_pin_is_dots_and_goes_to_the_daemon_once_it_is_whole() {
    let mut panel = opened();
    panel.touch("暗証番号 4けた");
    typed(&mut panel, "124");
    assert!(!panel.offers("次へ"), "not whole yet");
    panel.touch("1字 消す");
    typed(&mut panel, "34");
    assert!(!panel.says("1234"), "{:?}", panel.texts());
    panel.touch("次へ");
    let [Command::ReadAttributes { secret: AttributeSecret::Pin(digits) }] = &panel.sent()[..] else {
        panic!("one command")
    };
    assert_eq!(digits.expose(), "1234");
    assert!(panel.says("カードを 置いてください"));
    panel.wait(CARD_HOLD - Duration::from_millis(1));
    assert!(panel.says("カードを 置いてください"));
    panel.wait(Duration::from_millis(1));
    assert!(panel.says("カードを かざしてください"), "the time of the secret is over");
}

#[test]
fn going_back_takes_the_secret_from_the_next_person_s_card() {
    let mut panel = opened();
    panel.touch("暗証番号 4けた");
    typed(&mut panel, "1234");
    panel.touch("次へ");
    drop(panel.sent());
    panel.touch("もどる");
    assert_eq!(panel.sent(), [Command::ShowLeaderList], "any other command takes it back");
}

#[test]
fn the_number_on_the_card_can_be_compared_with_it() {
    let mut panel = opened();
    panel.touch("照合番号B 14けた");
    typed(&mut panel, "35010120291234");
    assert!(panel.says("350101 2029 1234"), "{:?}", panel.texts());
    panel.touch("次へ");
    let sent = panel.sent();
    assert!(matches!(&sent[..], [Command::ReadAttributes { secret: AttributeSecret::CheckNumberB(_) }]));
}

#[test]
fn the_page_is_behind_the_leader_s_list_and_leads_back_to_it() {
    let mut panel = opened();
    panel.touch("暗証番号 4けた");
    typed(&mut panel, "1");
    panel.touch("もどる");
    assert!(panel.offers("照合番号B 14けた"), "first to the choice, without what was typed");
    panel.touch("もどる");
    assert_eq!(panel.sent(), [Command::ShowLeaderList]);
    let panel = Panel::showing(LANDSCAPE, ordinary_day());
    assert!(!panel.offers("カードで 登録"), "not from idle");
}

#[test]
fn one_touch_says_whose_card_it_is() {
    let mut panel = asked(1);
    for words in ["浜田 花子", "ハマダ ハナコ", "浜町 3班", "生年月日 同じ", "住所 ちがう"]
    {
        assert!(panel.says(words), "{words}: {:?}", panel.texts());
    }
    panel.touch("はい");
    assert_eq!(panel.sent(), [confirm(Some(person(1)))]);
    let mut panel = asked(1);
    panel.touch("いいえ");
    assert_eq!(panel.sent(), [confirm(None)]);
}

#[test]
fn namesakes_are_shown_one_after_the_other_and_somebody_else_is_searched() {
    let mut panel = asked(2);
    assert!(panel.says("浜町 3班") && !panel.says("港町 1班"));
    assert!(panel.says("カードの署名は 確かめていません。ご本人か 見てください。"), "{:?}", panel.texts());
    panel.touch("いいえ");
    assert_eq!(panel.sent(), []);
    assert!(panel.says("港町 1班") && panel.says("生年月日 分からない"));
    panel.touch("はい");
    assert_eq!(panel.sent(), [confirm(Some(person(2)))]);
    let mut panel = asked(2);
    panel.touch("ほかの人");
    assert_eq!(panel.state().people.search.nameless, Some(person(9)));
}

#[test]
fn nobody_fits_and_a_wrong_pin_ask_nothing_more() {
    let mut panel = asked(0);
    assert!(panel.says("名簿に 合う人が いません"));
    panel.touch("次の人へ");
    assert_eq!(panel.sent(), [confirm(None)]);
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    let wrong = AttributeFault::Wrong { tries_left: Some(2) };
    panel.answer(answer(1, AnswerKind::AttributesNotRead(wrong)));
    assert!(panel.texts().iter().any(|text| text.contains("あと 2回")), "{:?}", panel.texts());
    assert!(panel.texts().iter().any(|text| text.contains("受け付けは すみました")));
}
