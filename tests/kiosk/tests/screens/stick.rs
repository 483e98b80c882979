//! USBメモリで 運ぶ: one touch, what it brought, and when the stick may be taken out.

use std::time::Duration;

use hinamori_ipc::{
    Command, Exchange, LaneChange, LaneState, Refusal, SignedInBy, StickFault, SticksThere, ToKiosk,
};
use hinamori_kiosk::theme::ROUND_HOLD;
use hinamori_kiosk_tests::lanes::{
    answer, carried, exchanged, files_not_taken, not_written, session, staffed, welcome,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_model::Role;

const TILE: &str = "USBメモリで 運ぶ";

/// The page, as a finger comes to it.
fn opened(there: SticksThere, exchange: Exchange) -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, carried(there, exchange));
    panel.touch("係の方へ");
    panel.touch(TILE);
    panel
}

fn hear(panel: &mut Panel, there: SticksThere, exchange: Exchange) {
    let stick = carried(there, exchange).stick;
    panel.hear(ToKiosk::Changes(vec![LaneChange::Stick(stick)]));
}

#[test]
fn one_touch_begins_and_the_page_says_when_it_may_be_taken_out() {
    let mut panel = opened(SticksThere::One, Exchange::NotBegun);
    assert_eq!(panel.sent(), [Command::ExchangeStick]);
    for exchange in
        [Exchange::Reading { file: 0, files: 0 }, Exchange::Reading { file: 2, files: 5 }, Exchange::Writing]
    {
        hear(&mut panel, SticksThere::One, exchange.clone());
        assert!(
            panel.says("まだ 抜かないで ください") && !panel.says("抜いて だいじょうぶです"),
            "{exchange:?}"
        );
        assert!(!panel.offers("もう一度 始める") && !panel.offers("始める"), "{exchange:?}");
    }
    // However long it takes, the page stays.
    panel.wait(ROUND_HOLD * 3);
    assert!(panel.says("書いています"));
    hear(&mut panel, SticksThere::One, Exchange::Over(exchanged()));
    assert!(panel.says("抜いて だいじょうぶです") && !panel.says("まだ 抜かないで"));
    assert!(panel.says("127件") && panel.says("1532件") && panel.says("3個"), "{:?}", panel.texts());
    hear(&mut panel, SticksThere::None, Exchange::Over(exchanged()));
    assert!(panel.says("終わりました") && panel.says("1532件"), "it stays to be read");
    assert!(!panel.offers("もう一度 始める"));
    panel.wait(ROUND_HOLD - Duration::from_secs(1));
    assert!(panel.says("1532件"));
    panel.wait(Duration::from_secs(1));
    assert!(panel.says("カードを かざしてください"));
    assert_eq!(panel.sent(), []);
}

#[test]
fn a_stick_that_comes_later_waits_for_a_touch() {
    let mut panel = opened(SticksThere::None, Exchange::NotBegun);
    assert_eq!(panel.sent(), []);
    assert!(panel.says("USBメモリを 差してください"));
    hear(&mut panel, SticksThere::Several, Exchange::NotBegun);
    assert!(panel.says("1本だけ 残して") && !panel.offers("始める"));
    hear(&mut panel, SticksThere::One, Exchange::NotBegun);
    assert_eq!(panel.sent(), [], "nothing begins by itself");
    panel.touch("始める");
    assert_eq!(panel.sent(), [Command::ExchangeStick]);
}

#[test]
fn what_is_over_is_shown_again_and_begins_again_after_a_touch() {
    let mut panel = opened(SticksThere::One, Exchange::Over(files_not_taken()));
    assert_eq!(panel.sent(), []);
    assert!(panel.says("全部は 読めなかった ファイル 21個") && panel.says("途中で 切れています"));
    panel.touch("もう一度 始める");
    assert_eq!(panel.sent(), [Command::ExchangeStick]);
}

#[test]
fn every_fault_says_what_to_do_and_that_nothing_is_lost() {
    for (fault, advice) in [
        (StickFault::Full, "別の USBメモリ"),
        (StickFault::ReadOnly, "横の スイッチ"),
        (StickFault::TakenOut, "もう一度 差して"),
        (StickFault::Broken, "別の USBメモリ"),
        (StickFault::NoTown, "町の担当"),
        (StickFault::OurFault, "もう一度 押して"),
    ] {
        let panel = opened(SticksThere::One, Exchange::Over(not_written(fault)));
        assert!(panel.says(advice) && panel.says("記録は この端末に のこっています"), "{:?}", panel.texts());
        assert!(panel.says("書いていません") && !panel.says("抜いて だいじょうぶです"));
        assert!(panel.says("127件"), "what it brought is here");
    }
}

#[test]
fn somebody_signs_in_first_and_then_it_begins_by_itself() {
    let lane = LaneState { staff: None, ..carried(SticksThere::One, Exchange::NotBegun) };
    let mut panel = Panel::showing(LANDSCAPE, lane);
    panel.touch("係の方へ");
    panel.touch(TILE);
    assert_eq!(panel.sent(), [Command::ExchangeStick]);
    panel.hear(ToKiosk::Refused(Refusal::SignIn));
    assert_eq!(panel.sent(), [Command::SignIn { pin: None }]);
    let leader = session(Role::Leader, SignedInBy::Card);
    panel.hear(ToKiosk::Changes(vec![LaneChange::Staff(Some(leader))]));
    assert_eq!(panel.sent(), [Command::ExchangeStick]);
    // The session ends while the stick is read: the page stays, there is no name on it.
    hear(&mut panel, SticksThere::One, Exchange::Writing);
    panel.hear(ToKiosk::Changes(vec![LaneChange::Staff(None)]));
    assert!(panel.says("まだ 抜かないで ください"));
    // Somebody's card comes first.
    panel.answer(answer(1, welcome(hinamori_ipc::Party::Nobody)));
    assert!(panel.says("受け付けました"));
}

#[test]
fn a_box_that_looks_for_no_sticks_offers_none() {
    let mut panel = Panel::showing(LANDSCAPE, staffed(None));
    panel.touch("係の方へ");
    assert!(!panel.offers(TILE));
}
