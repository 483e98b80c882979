//! A kiosk without its daemon, and with it again.

use hinamori_ipc::{AnswerKind, LaneState, Party, Refusal, ToKiosk};
use hinamori_kiosk::theme::NOTICE_HOLD;
use hinamori_kiosk::{Event, LinkEvent};
use hinamori_kiosk_tests::lanes::{answer, hamada, shelter, welcome};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};

#[test]
fn nothing_is_claimed_before_the_daemon_speaks() {
    let panel = Panel::new(LANDSCAPE);
    assert!(panel.says("本体に 再接続中") && panel.says("受付は 紙で つづけられます"));
    assert_eq!(panel.targets(), []);
    assert!(!panel.says("災害") && !panel.says("平常時"));
}

#[test]
fn a_lost_daemon_is_said_and_its_snapshot_is_silent() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(answer(1, welcome(Party::Household(hamada()))));
    assert_eq!(panel.played().len(), 1);
    for ending in
        [Event::Link(LinkEvent::Lost), Event::Link(LinkEvent::Message(Box::new(ToKiosk::Terminating)))]
    {
        panel.event(ending);
        assert!(panel.says("本体に 再接続中") && panel.says("終わった受付は 消えません"));
        assert_eq!(panel.targets(), [], "nothing that could not be sent");
        assert!(!panel.says("浜田"), "no name stays");
        let lane = LaneState { screen: answer(7, welcome(Party::Household(hamada()))), ..shelter() };
        panel.hear(ToKiosk::Snapshot(Box::new(lane)));
        assert!(panel.says("受け付けました") && panel.offers("浜田 勇"));
        assert_eq!(panel.played(), []);
    }
}

#[test]
fn a_daemon_of_another_version_is_said() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.event(Event::Link(LinkEvent::OtherVersion));
    assert!(panel.says("更新の とちゅうです"));
    assert_eq!(panel.targets(), []);
}

#[test]
fn a_refusal_is_told_for_a_while_with_what_to_do() {
    for (refusal, say) in [
        (Refusal::AnswerIsOver, "もう一度 カードを かざしてください"),
        (Refusal::NotNow, "いまは できません"),
        (Refusal::Disk, "紙に 書いてください"),
    ] {
        let mut panel = Panel::showing(LANDSCAPE, shelter());
        panel.hear(ToKiosk::Refused(refusal));
        assert!(panel.says(say), "{:?}", panel.texts());
        panel.wait(NOTICE_HOLD);
        assert!(!panel.says(say));
    }
}

#[test]
fn a_touch_that_did_not_arrive_is_told_and_the_answer_stays() {
    let mut panel = Panel::showing(LANDSCAPE, shelter());
    panel.answer(answer(1, AnswerKind::Here { name: None }));
    panel.event(Event::Link(LinkEvent::NotSent));
    assert!(panel.says("届きませんでした") && panel.offers("出かける"));
}
