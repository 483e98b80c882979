//! What officers could say.

use hinamori_ipc::{AlertClass, AlertKind, AlertNotice, Danger, LaneAlerts, LaneState, Passage};
use hinamori_model::UnixMillis;

use super::{MINUTE, minutes_ago, shelter};
use crate::panel::MORNING;

/// So many minutes and half a one after the kiosk was switched on.
pub const fn in_half_past(minutes: u64) -> UnixMillis {
    UnixMillis::new(MORNING.get() + minutes * MINUTE + MINUTE / 2)
}

/// The order of a large tsunami that is expected in twelve and a half minutes.
pub fn tsunami() -> AlertNotice {
    AlertNotice {
        class: AlertClass::Live,
        kind: AlertKind::Order,
        danger: Danger::MajorTsunami,
        title: "大津波警報　避難指示".to_owned(),
        english_title: "Evacuation order".to_owned(),
        easy: "大きい 津波が 来ます。今すぐ にげて ください".to_owned(),
        english: "Major tsunami warning: evacuate to high ground now".to_owned(),
        districts: ["浜町", "汐見", "本町"].map(str::to_owned).into(),
        sent: minutes_ago(2),
        expected: Some(in_half_past(12)),
    }
}

/// The same as an exercise.
pub fn practised_tsunami() -> AlertNotice {
    AlertNotice { class: AlertClass::Exercise, ..tsunami() }
}

/// The order of a landslide.
pub fn landslide() -> AlertNotice {
    AlertNotice {
        danger: Danger::LevelFour,
        title: "土砂災害　警戒レベル4　避難指示".to_owned(),
        easy: "山が くずれます。あぶない ところから にげて ください".to_owned(),
        english: "Landslide level 4: leave dangerous places now".to_owned(),
        expected: None,
        ..tsunami()
    }
}

/// How it ended.
pub fn ended(kind: AlertKind) -> AlertNotice {
    let (word, easy, english_title, english) = match kind {
        AlertKind::AllClear => {
            ("解除", "もう にげなくて いいです", "All clear", "The evacuation order is lifted")
        }
        AlertKind::Order | AlertKind::Cancel => (
            "取消",
            "さっきの お知らせは まちがいでした",
            "Evacuation order withdrawn",
            "The evacuation order was a mistake",
        ),
    };
    AlertNotice {
        kind,
        title: format!("大津波警報　避難指示　{word}"),
        easy: easy.to_owned(),
        english_title: english_title.to_owned(),
        english: english.to_owned(),
        expected: None,
        ..tsunami()
    }
}

/// A lane that is told this, the most urgent first.
pub fn told(lane: LaneState, shown: Vec<AlertNotice>) -> LaneState {
    LaneState { alerts: Some(Box::new(LaneAlerts { shown, more: 0, passage: None })), ..lane }
}

/// A check-point below the hill: the tsunami is expected so many minutes and half a one from now, and staff leave five before.
pub fn check_point(minutes: u64) -> LaneState {
    let expected = Some(in_half_past(minutes));
    let staff_leave = expected.map(|at| UnixMillis::new(at.get() - 5 * MINUTE));
    let mut lane = shelter();
    lane.banner.site = "潮見坂の 下".to_owned();
    let shown = vec![AlertNotice { expected, ..tsunami() }];
    let passage = Some(Passage { expected, staff_leave });
    LaneState { alerts: Some(Box::new(LaneAlerts { shown, more: 0, passage })), ..lane }
}
