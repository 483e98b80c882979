//! Opening a site in two touches, the building check, and drills that cannot be taken for real.

use hinamori_ipc::{
    BuildingAnswer, BuildingFinding, Command, LaneChange, LaneState, Party, SiteState, ToKiosk,
};
use hinamori_kiosk_tests::gallery::every_screen;
use hinamori_kiosk_tests::lanes::{answer, drill, ordinary_day, shelter, welcome};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};
use hinamori_model::Mode;

#[test]
fn two_touches_open_the_shelter_and_no_two_of_one_place() {
    for size in [LANDSCAPE, PORTRAIT] {
        let mut panel = Panel::showing(size, ordinary_day());
        let first = panel.targets().into_iter().find(|target| target.label == "避難所を 開く").unwrap();
        panel.touch("避難所を 開く");
        assert_eq!(panel.sent(), [], "one touch opens nothing");
        assert!(panel.says("避難所を 開きますか"));
        let second = panel.targets().into_iter().find(|target| target.label == "避難所を 開く").unwrap();
        assert!(!second.rect.intersects(first.rect), "a hasty second touch opens nothing: {second:?}");
        panel.touch("避難所を 開く");
        assert_eq!(panel.sent(), [Command::OpenIncident { mode: Mode::Live }]);
    }
}

#[test]
fn the_way_back_opens_nothing() {
    let mut panel = Panel::showing(LANDSCAPE, ordinary_day());
    panel.touch("避難所を 開く");
    panel.touch("もどる");
    assert!(panel.says("カードを かざしてください"));
    assert_eq!(panel.sent(), []);
}

fn awaiting() -> Panel {
    let mut panel = Panel::showing(LANDSCAPE, ordinary_day());
    let live = LaneState { site: SiteState::AwaitingBuildingCheck, ..shelter() };
    panel.hear(ToKiosk::Changes(vec![LaneChange::Banner(live.banner)]));
    panel.hear(ToKiosk::Changes(vec![LaneChange::Site(live.site)]));
    panel
}

#[test]
fn the_building_check_is_the_first_screen_of_an_open_incident() {
    let mut panel = awaiting();
    assert!(panel.says("建物は 安全ですか") && panel.says("だれが答えても かまいません"));
    panel.touch("どれも ない");
    let nothing = Command::AnswerBuilding { answer: BuildingAnswer::NothingSeen, findings: vec![] };
    assert_eq!(panel.sent(), [nothing]);
    panel.hear(ToKiosk::Changes(vec![LaneChange::Site(SiteState::Open(BuildingAnswer::NothingSeen))]));
    assert!(panel.says("カードを かざしてください"));
}

#[test]
fn what_was_seen_is_sent_and_nothing_seen_contradicts_it() {
    let mut panel = awaiting();
    panel.touch("火・ガスのにおい");
    panel.touch("大きな ひび");
    assert!(panel.is_chosen("大きな ひび"));
    assert!(!panel.offers("どれも ない") && panel.says("どれも ない"));
    panel.touch("ある・わからない");
    let findings = vec![BuildingFinding::Crack, BuildingFinding::FireOrGas];
    let answer = BuildingAnswer::SomethingOrUnsure;
    assert_eq!(panel.sent(), [Command::AnswerBuilding { answer, findings }]);
}

#[test]
fn a_building_in_doubt_sends_nobody_inside() {
    let site = SiteState::Open(BuildingAnswer::SomethingOrUnsure);
    let mut panel = Panel::showing(LANDSCAPE, LaneState { site, ..shelter() });
    assert!(panel.says("建物の外で 受け付けています"));
    panel.answer(answer(1, welcome(Party::Nobody)));
    assert!(panel.says("建物の外で お待ちください") && !panel.says("中へ"));
}

#[test]
fn every_screen_of_a_drill_says_so_and_no_other_does() {
    let mut panel = Panel::new(LANDSCAPE);
    for scene in every_screen() {
        panel.restart();
        (scene.lead)(&mut panel);
        let is_drill = panel.state().mode() == Some(Mode::Drill);
        // What officers say in earnest is not practised, whatever goes on here.
        let says_so = is_drill && !panel.state().has_live_alert();
        assert_eq!(panel.says("これは訓練です"), says_so, "{}", scene.name);
    }
}

#[test]
fn a_drill_begins_in_settings_and_ends_in_one_touch() {
    let mut panel = Panel::showing(LANDSCAPE, ordinary_day());
    assert!(!panel.offers("訓練を 始める"), "not beside the key of a real disaster");
    panel.touch("窓口の設定");
    panel.touch("訓練を 始める");
    assert_eq!(panel.sent(), []);
    assert!(panel.says("これは訓練です") && panel.says("訓練を 始めますか"));
    panel.touch("訓練を 始める");
    assert_eq!(panel.sent(), [Command::OpenIncident { mode: Mode::Drill }]);

    panel.hear(ToKiosk::Snapshot(Box::new(drill())));
    panel.touch("係の方へ");
    panel.touch("窓口の設定");
    panel.touch("訓練を 終わる");
    assert_eq!(panel.sent(), [Command::EndDrill { then: Mode::DailyLife }]);
}

#[test]
fn a_drill_that_was_ended_elsewhere_says_so_until_somebody_has_read_it_or_a_card_comes() {
    for size in [LANDSCAPE, PORTRAIT] {
        let mut panel = Panel::showing(size, drill());
        panel.touch("係の方へ");
        let live = LaneState { site: SiteState::AwaitingBuildingCheck, ..shelter() };
        let changes = vec![LaneChange::Banner(live.banner), LaneChange::Site(live.site)];
        panel.hear(ToKiosk::Changes(changes.clone()));
        assert!(panel.says("訓練は 中止・本番です") && panel.says("災害") && !panel.says("これは訓練です"));
        panel.touch("わかりました");
        assert!(panel.says("建物は 安全ですか"));
        assert_eq!(panel.sent(), []);
        panel.hear(ToKiosk::Snapshot(Box::new(drill())));
        panel.hear(ToKiosk::Changes(changes));
        panel.answer(answer(1, welcome(Party::Nobody)));
        assert!(!panel.says("訓練は 中止・本番です") && panel.says("受け付けました"));
    }
}

#[test]
fn a_real_disaster_ends_a_drill_in_one_press() {
    let mut panel = Panel::showing(LANDSCAPE, drill());
    panel.touch("訓練中止・本番");
    assert_eq!(panel.sent(), [Command::EndDrill { then: Mode::Live }]);
    panel.hear(ToKiosk::Changes(vec![LaneChange::Banner(shelter().banner)]));
    assert!(!panel.says("訓練") && panel.says("災害"), "whoever pressed it here is told nothing more");
}
