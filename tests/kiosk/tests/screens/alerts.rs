//! What officers say on a kiosk: nothing of it takes a touch away or hides an answer.

use std::time::Duration;

use hinamori_ipc::{
    AlertDraft, AlertKind, AnswerId, ClockState, Command, LaneChange, LaneState, OfficerStanding, Party,
    Sound, Status, ToKiosk,
};
use hinamori_kiosk::theme::{ANSWER_HOLD, Look, STAY_HOLD};
use hinamori_kiosk_tests::lanes::{
    alert_desk, alert_draft, answer, check_point, drill, ended, hamada, in_half_past, official, ordinary_day,
    practised_tsunami, shelter, staffed, told, tsunami, welcome,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, PORTRAIT, Panel};

#[test]
fn an_order_stands_over_every_screen_and_takes_nothing_away() {
    for size in [LANDSCAPE, PORTRAIT] {
        let mut panel = Panel::showing(size, shelter());
        let before: Vec<String> = panel.targets().into_iter().map(|target| target.label).collect();
        let lane = told(shelter(), vec![tsunami()]);
        panel.hear(ToKiosk::Changes(vec![LaneChange::Alerts(lane.alerts)]));
        assert!(panel.says("大津波警報　避難指示"), "{:?}", panel.texts());
        assert!(panel.says("大きい 津波が 来ます。今すぐ にげて ください"));
        assert!(panel.texts().iter().any(|text| text.contains("あと 12分")));
        let with: Vec<String> = panel.targets().into_iter().map(|target| target.label).collect();
        assert_eq!(before, with);
        // The whole answer is there, and its touches go out.
        panel.answer(answer(1, welcome(Party::Household(hamada()))));
        assert!(panel.says("受け付けました") && panel.says("大津波警報　避難指示"));
        panel.touch("浜田 勇");
        panel.touch("2人で 完了");
        assert!(matches!(panel.sent()[..], [Command::ConfirmHousehold { .. }]));
        panel.hear(ToKiosk::Changes(vec![LaneChange::Alerts(None)]));
        assert!(!panel.says("大津波警報　避難指示"));
    }
}

#[test]
fn officers_read_before_they_sign_by_how_much_the_clock_is_wrong() {
    let lane = staffed(Some(official(OfficerStanding::Officer)));
    let status = |minutes| Status { clock: ClockState::Ahead { minutes }, ..lane.status };
    let mut panel = Panel::showing(LANDSCAPE, LaneState { status: status(12), ..lane.clone() });
    panel.touch("係の方へ");
    panel.touch("お知らせを 出す");
    panel.hear(ToKiosk::AlertDesk(Box::new(alert_desk())));
    let warns = |panel: &Panel, word: &str| panel.texts().iter().any(|text| text.contains(word));
    assert!(warns(&panel, "役場より 12分 すすんでいます"), "{:?}", panel.texts());
    panel.hear(ToKiosk::AlertDraft(Box::new(alert_draft(tsunami(), 0, 2))));
    assert!(warns(&panel, "役場より 12分 すすんでいます"), "{:?}", panel.texts());
    // What the town hall made has its time, and a clock that was set right is told at once.
    let of_the_hall = AlertDraft { is_the_town_halls: true, ..alert_draft(tsunami(), 0, 2) };
    panel.hear(ToKiosk::AlertDraft(Box::new(of_the_hall)));
    assert!(!warns(&panel, "すすんでいます"));
    panel.hear(ToKiosk::AlertDraft(Box::new(alert_draft(tsunami(), 0, 2))));
    assert!(warns(&panel, "すすんでいます"));
    panel.hear(ToKiosk::Changes(vec![LaneChange::Status(Status { clock: ClockState::Sure, ..lane.status })]));
    assert!(!warns(&panel, "すすんでいます"));
}

#[test]
fn an_exercise_says_so_and_no_drill_says_that_a_real_one_is_none() {
    let panel = Panel::showing(LANDSCAPE, told(ordinary_day(), vec![practised_tsunami()]));
    assert!(panel.says("訓練"), "{:?}", panel.texts());
    let panel = Panel::showing(LANDSCAPE, told(shelter(), vec![tsunami()]));
    assert!(!panel.says("訓練"));
    let panel = Panel::showing(LANDSCAPE, told(drill(), vec![practised_tsunami()]));
    assert!(panel.says("これは訓練です"));
    let panel = Panel::showing(LANDSCAPE, told(drill(), vec![tsunami()]));
    assert!(panel.says("訓練を やめてください") && !panel.says("本物の災害ではありません"));
}

#[test]
fn how_it_ended_is_said_in_place_of_the_order() {
    for (kind, word) in [(AlertKind::AllClear, "解除"), (AlertKind::Cancel, "取消")] {
        let panel = Panel::showing(LANDSCAPE, told(shelter(), vec![ended(kind)]));
        assert!(panel.texts().iter().any(|text| text.ends_with(word)), "{:?}", panel.texts());
        assert!(!panel.texts().iter().any(|text| text.contains("あと")));
    }
}

#[test]
fn at_a_check_point_nobody_is_asked_to_stop_and_a_card_still_counts() {
    let mut panel = Panel::showing(LANDSCAPE, check_point(12));
    assert!(panel.says("止まらず 上へ"), "{:?}", panel.texts());
    assert!(panel.says("あと 12分") && panel.says("カードは かざさなくても だいじょうぶです"));
    panel.answer(answer(1, welcome(Party::Household(hamada()))));
    assert_eq!(panel.played(), [(AnswerId(1), Sound::Welcome)]);
    assert!(panel.says("受け付けました") && panel.says("浜田 花子 さん") && panel.says("止まらず 上へ"));
    assert!(!panel.offers("浜田 勇"), "no question");
    panel.wait(ANSWER_HOLD);
    assert_eq!(panel.sent(), [Command::Dismiss { answer: AnswerId(1) }]);
    // A minute that has begun is not counted.
    panel.set_clock(in_half_past(6));
    assert!(panel.says("あと 6分"), "{:?}", panel.texts());
}

#[test]
fn staff_are_told_to_leave_and_lay_it_aside_for_a_minute_only() {
    let mut panel = Panel::showing(LANDSCAPE, check_point(6));
    assert!(!panel.says("係の人も 逃げて ください"));
    panel.touch("係の方へ");
    panel.set_clock(in_half_past(1));
    assert!(panel.says("係の人も 逃げて ください"), "over whatever was open: {:?}", panel.texts());
    assert_eq!(panel.targets().len(), 1);
    // A card counts there too.
    panel.answer(answer(1, welcome(Party::Nobody)));
    assert!(panel.says("受け付けました") && panel.says("係の人も 逃げて ください"));
    panel.touch("1分だけ あとにする");
    assert!(panel.says("止まらず 上へ") && !panel.says("係の人も 逃げて ください"));
    panel.wait(STAY_HOLD - Duration::from_secs(1));
    assert!(!panel.says("係の人も 逃げて ください"));
    panel.wait(Duration::from_secs(1));
    assert!(panel.says("係の人も 逃げて ください"));
    panel.set_clock(in_half_past(6));
    assert!(panel.says("すぐ 来ます"));
    // Until the officers end it.
    panel.hear(ToKiosk::Snapshot(Box::new(LaneState { alerts: None, ..check_point(6) })));
    assert!(!panel.says("係の人も 逃げて ください"));
}

#[test]
fn in_the_dark_no_alert_is_brighter_than_the_rest() {
    let mut panel = Panel::showing(LANDSCAPE, check_point(12));
    let day = panel.picture();
    panel.set(|state| state.look = Look::Night);
    assert!(day.difference(&panel.picture()) > 0.05);
}
