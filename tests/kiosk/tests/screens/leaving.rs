//! The second step of leaving: where to, and who goes along.

use std::time::Duration;

use hinamori_ipc::{AnswerId, AnswerKind, Command, Departure};
use hinamori_kiosk::theme::{GOODBYE_HOLD, PANEL_HOLD};
use hinamori_kiosk_tests::lanes::{answer, leave_ask, left, person, shelter};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};
use hinamori_model::{Destination, Leaving};

const FIRST: AnswerId = AnswerId(1);

fn leaving(kind: AnswerKind) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(answer(1, kind));
    panel
}

fn sends(destination: Option<Destination>, companions: &[u8]) -> Command {
    let companions = companions.iter().map(|number| person(*number)).collect();
    Command::LeavingTo { answer: FIRST, destination, companions }
}

#[test]
fn one_touch_says_where_to() {
    let pictures = [
        ("自宅", Destination::Home),
        ("親せき・知人の家", Destination::Relatives),
        ("別の避難所", Destination::Shelter),
        ("車の中", Destination::Car),
        ("病院・施設", Destination::Hospital),
        ("まだ 決まっていない", Destination::Undecided),
    ];
    for (label, destination) in pictures {
        let mut panel = leaving(left(Leaving::Left, leave_ask(true, 0)));
        assert!(panel.says("退所を 記録しました"), "it is recorded already");
        panel.touch(label);
        assert_eq!(panel.sent(), [sends(Some(destination), &[])]);
    }
}

#[test]
fn who_goes_along_is_touched_first_and_the_place_sends() {
    for size in [LANDSCAPE, PORTRAIT] {
        let mut panel = Panel::showing(size, shelter());
        panel.answer(answer(1, left(Leaving::Left, leave_ask(true, 3))));
        panel.touch("浜田 勇");
        panel.touch("浜田 直樹");
        panel.touch("浜田 勇");
        assert!(panel.is_chosen("浜田 直樹") && !panel.is_chosen("浜田 勇"));
        assert_eq!(panel.sent(), []);
        panel.touch("親せき・知人の家");
        assert_eq!(panel.sent(), [sends(Some(Destination::Relatives), &[3])]);
    }
}

#[test]
fn a_large_family_leaves_in_two_touches() {
    let mut panel = leaving(left(Leaving::Overnight, leave_ask(true, 7)));
    panel.touch("ほかの人");
    assert!(panel.offers("浜田 健") && !panel.offers("浜田 勇"));
    panel.touch("全員");
    panel.touch("車の中");
    assert_eq!(panel.sent(), [sends(Some(Destination::Car), &[1, 2, 3, 4, 5, 6, 7])]);
}

#[test]
fn without_a_place_to_choose_one_button_sends() {
    let mut panel = leaving(left(Leaving::Out, leave_ask(false, 2)));
    assert!(!panel.offers("自宅") && panel.offers("1人で 出発"));
    panel.touch("浜田 勇");
    panel.touch("2人で 出発");
    assert_eq!(panel.sent(), [sends(None, &[1])]);
}

#[test]
fn doing_nothing_is_safe_and_ends_by_itself() {
    let mut panel = leaving(left(Leaving::Left, leave_ask(true, 2)));
    panel.wait(PANEL_HOLD - Duration::from_secs(1));
    panel.touch("浜田 勇");
    panel.wait(PANEL_HOLD - Duration::from_secs(1));
    assert_eq!(panel.sent(), [], "twelve seconds after the last touch");
    panel.wait(Duration::from_secs(1));
    assert_eq!(panel.sent(), [Command::Dismiss { answer: FIRST }]);
}

#[test]
fn what_was_recorded_can_be_taken_back() {
    let mut panel = leaving(left(Leaving::Left, leave_ask(true, 2)));
    panel.touch("取り消す");
    assert_eq!(panel.sent(), [Command::Undo { answer: FIRST }]);
}

fn goodbye(leaving: Leaving, destination: Option<Destination>, people: u32) -> AnswerKind {
    match left(leaving, None) {
        AnswerKind::Left { name, departure, ask } => {
            AnswerKind::Left { name, departure: Departure { destination, people, ..departure }, ask }
        }
        other => other,
    }
}

#[test]
fn the_goodbye_says_where_to_how_many_and_until_when() {
    let panel = leaving(goodbye(Leaving::Out, None, 2));
    assert!(panel.says("いってらっしゃい") && panel.says("浜田 花子 さん ・ 2人"), "{:?}", panel.texts());
    assert!(panel.says("今日 21:00 までに もどる") && panel.says("外出を 記録しました"));

    let mut panel = leaving(goodbye(Leaving::Left, Some(Destination::Relatives), 1));
    assert!(
        panel.says("親せき・知人の家へ") && panel.says("明日 12:00ごろ 連絡します"),
        "{:?}",
        panel.texts()
    );
    assert!(!panel.says("1人"));
    panel.wait(GOODBYE_HOLD);
    assert_eq!(panel.sent(), [], "a telephone number and a slip can still be touched");
    panel.wait(PANEL_HOLD - GOODBYE_HOLD);
    assert_eq!(panel.sent(), [Command::Dismiss { answer: FIRST }]);

    let mut panel = leaving(goodbye(Leaving::Out, None, 1));
    panel.wait(GOODBYE_HOLD);
    assert_eq!(panel.sent(), [Command::Dismiss { answer: FIRST }], "who is back today needs neither");
    // 12 s at most for the panel, then the goodbye; the next card may come at any time.
    assert!(PANEL_HOLD + GOODBYE_HOLD <= Duration::from_secs(15));
}
