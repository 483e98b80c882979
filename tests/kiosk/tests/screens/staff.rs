//! Signing in by card, PIN and pass; what is behind it; and what lies beside an answer.

use std::time::Duration;

use hinamori_ipc::{AnswerId, Command, LaneChange, Party, SignInFault, SignedInBy, SlipKind, ToKiosk};
use hinamori_kiosk::theme::CARD_HOLD;
use hinamori_kiosk_tests::lanes::{
    asking, hamada, left, looked_at, lookups, name, pass, session, shelter, slip, staffed, welcome,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};
use hinamori_model::{ArrivalNeed, Leaving, Role};

const FIRST: AnswerId = AnswerId(1);

fn asked(page: &str) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, staffed(None));
    panel.touch("係の方へ");
    panel.touch(page);
    panel
}

fn typed(panel: &mut Panel, digits: &str) {
    digits.chars().for_each(|digit| panel.touch(&digit.to_string()));
}

fn signed_in(panel: &mut Panel, role: Role, by: SignedInBy) {
    panel.hear(ToKiosk::Changes(vec![LaneChange::Staff(Some(session(role, by)))]));
}

#[test]
fn a_list_with_names_asks_for_a_card_and_then_opens_by_itself() {
    let mut panel = asked("点呼");
    assert_eq!(panel.sent(), [Command::SignIn { pin: None }]);
    assert!(panel.says("職員の カードを かざしてください"));
    signed_in(&mut panel, Role::Leader, SignedInBy::Card);
    assert_eq!(panel.sent(), [Command::ShowStays]);
    assert!(panel.says("近藤 恵子 ・ 責任者"), "on the bar: {:?}", panel.texts());
    panel.touch("もどる");
    panel.touch("終わる");
    assert_eq!(panel.sent(), [Command::SignOut]);
}

#[test]
fn a_card_is_waited_for_no_longer_than_the_daemon_waits_and_back_takes_it_back() {
    let mut panel = asked("点呼");
    drop(panel.sent());
    panel.touch("もどる");
    assert_eq!(panel.sent(), [Command::ShowDistricts], "any other command takes it back");
    assert!(panel.offers("点呼"));
    let mut panel = asked("点呼");
    panel.wait(CARD_HOLD - Duration::from_secs(1));
    assert!(panel.says("職員の カードを かざしてください"));
    panel.wait(Duration::from_secs(1));
    assert!(panel.offers("係の方へ"), "{:?}", panel.texts());
}

#[test]
fn health_asks_for_the_pin_first_and_nobody_sees_it() {
    let mut panel = asked("看護");
    assert_eq!(panel.sent(), []);
    assert!(!panel.offers("職員が いない"), "nobody's PIN would help");
    typed(&mut panel, "4071");
    assert!(!panel.says("4071"));
    panel.touch("次へ");
    let [Command::SignIn { pin: Some(digits) }] = &panel.sent()[..] else { panic!("one command") };
    assert_eq!(digits.expose(), "4071");
    panel.hear(ToKiosk::NotSignedIn(SignInFault::WrongPin { tries_left: Some(2) }));
    assert!(panel.says("番号が ちがいます あと 2回"), "{:?}", panel.texts());
    panel.touch("もう一度");
    typed(&mut panel, "4072");
    panel.touch("次へ");
    drop(panel.sent());
    signed_in(&mut panel, Role::Nurse, SignedInBy::CardAndPin);
    assert_eq!(panel.sent(), [Command::ShowCareList]);
}

#[test]
fn a_pass_is_scanned_and_its_number_is_asked_where_a_pin_is() {
    let mut panel = Panel::showing(LANDSCAPE, staffed(None));
    panel.type_text("hs1-ABC\n");
    let with = |number| Command::SignInWithPass { code: name("hs1-ABC"), number };
    assert_eq!(panel.sent(), [with(None)]);
    signed_in(&mut panel, Role::Volunteer, SignedInBy::Pass);
    assert!(panel.says("係の方へ"));

    let mut panel = asked("看護");
    panel.type_text("hs1-ABC\n");
    assert_eq!(panel.sent(), []);
    assert!(panel.says("応援職員証の 番号 4けた"));
    typed(&mut panel, "1234");
    panel.touch("次へ");
    assert_eq!(panel.sent(), [with(Some(hinamori_kiosk_tests::lanes::digits("1234")))]);
}

#[test]
fn badges_and_slips_are_taken_like_cards_however_long_they_are() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    for begin in ["HM1", "HL1", "HT1"] {
        let code = format!("{begin}-{}", "A".repeat(400));
        panel.type_text(&format!("{code}\n"));
        assert_eq!(panel.sent(), [Command::Badge { code: name(&code) }]);
    }
    panel.type_text("XX1-AAAA\n");
    assert_eq!(panel.sent(), []);
}

#[test]
fn without_staff_takes_two_touches_and_says_that_somebody_will_ask() {
    let mut panel = asked("点呼");
    drop(panel.sent());
    panel.touch("職員が いない");
    assert!(panel.says("記録に のこります") && panel.says("あとで 町の人が わけを うかがいます"));
    assert_eq!(panel.sent(), []);
    panel.touch("はい");
    assert_eq!(panel.sent(), [Command::OpenWithoutStaff]);
    signed_in(&mut panel, Role::Leader, SignedInBy::Nobody);
    assert_eq!(panel.sent(), [Command::ShowStays]);
    assert!(panel.says("職員なし ・ 責任者"));
}

#[test]
fn a_pass_is_issued_for_some_days_and_shown_once() {
    let mut panel = Panel::showing(LANDSCAPE, staffed(Some(session(Role::Leader, SignedInBy::CardAndPin))));
    panel.touch("係の方へ");
    panel.touch("応援職員証");
    assert!(!panel.offers("応援職員証を 出す"), "first for whom");
    panel.touch("看護師・医師");
    panel.touch("3日");
    panel.touch("応援職員証を 出す");
    assert_eq!(panel.sent(), [Command::IssuePass { role: Role::Nurse, days: 3 }]);
    panel.hear(ToKiosk::Pass(pass()));
    assert!(panel.says("4 0 7 1") && panel.says("写真を 撮るか 書き写してください"), "{:?}", panel.texts());
    panel.touch("もどる");
    assert_eq!(panel.state().staff.pass, None);
}

#[test]
fn the_questions_of_an_arrival_stand_beside_the_household_and_need_no_touch() {
    for size in [LANDSCAPE, PORTRAIT] {
        let mut panel = Panel::showing(size, shelter());
        panel.answer(asking(1, welcome(Party::Household(hamada())), 0));
        panel.touch("けが・熱");
        let needs = vec![ArrivalNeed::InjuryOrFever];
        assert_eq!(panel.sent(), [Command::TellNeeds { answer: FIRST, needs }]);
        assert!(panel.is_chosen("けが・熱"));
        let before = panel.picture();
        panel.touch("別室で 相談");
        assert_eq!(panel.sent(), [Command::AskForRoom { answer: FIRST }]);
        assert!(panel.picture().difference(&before) < 0.001, "nothing on the screen changes");
        panel.touch("浜田 勇");
        panel.touch("2人で 完了");
    }
}

#[test]
fn who_looked_is_shown_to_whoever_holds_the_card() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    let here = || hinamori_ipc::AnswerKind::Here { name: Some(name("浜田 花子")) };
    panel.answer(looked_at(1, here(), 0));
    assert!(!panel.says("見た職員"));
    panel.answer(looked_at(2, here(), 2));
    panel.touch("見た職員 2回");
    assert_eq!(panel.sent(), [Command::ShowLookups { answer: AnswerId(2) }]);
    panel.hear(ToKiosk::Lookups(lookups()));
    assert!(panel.says("近藤 恵子 ・ 看護師・医師") && panel.says("手当て・介護"), "{:?}", panel.texts());
    panel.touch("もどる");
    assert!(panel.says("確認しました"), "the answer is still there");
}

#[test]
fn whoever_leaves_may_give_a_number_and_takes_a_slip_along() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(hinamori_kiosk_tests::lanes::answer(1, left(Leaving::Left, None)));
    panel.touch("電話番号");
    panel.touch("番号は なし");
    assert_eq!(panel.sent(), [], "nobody has to");
    panel.touch("電話番号");
    typed(&mut panel, "08055501234");
    panel.touch("完了");
    assert_eq!(panel.sent(), [Command::LeavePhone { answer: FIRST, phone: name("08055501234") }]);
    assert!(panel.says("うかがいました") || panel.offers("電話番号"));
    panel.touch("控えを 見せる");
    assert_eq!(panel.sent(), [Command::ShowSlip { answer: FIRST }]);
    panel.hear(ToKiosk::Slip(slip(SlipKind::Leaving)));
    assert!(panel.says("写真に 撮ってください"));
    panel.touch("もどる");
    assert_eq!(panel.state().site.slip, None);

    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(hinamori_kiosk_tests::lanes::answer(1, left(Leaving::Moved, None)));
    panel.touch("転所票を 見せる");
    panel.hear(ToKiosk::Slip(slip(SlipKind::Transfer)));
    assert!(panel.says("次の 避難所の 窓口で"), "{:?}", panel.texts());
}
