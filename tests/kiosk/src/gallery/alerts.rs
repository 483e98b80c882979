//! Screens while officers say something.

use hinamori_ipc::{AlertKind, AnswerKind, HoldReason, LaneAlerts, Party, Passage};
use hinamori_kiosk::{Action, Event, Page};

use super::{Scene, again, open_page, scene, snapshot};
use crate::lanes::{self, answer, welcome};
use crate::panel::Panel;

pub(super) fn alerts() -> Vec<Scene> {
    vec![
        scene("alert-idle", |panel| snapshot(panel, lanes::told(lanes::shelter(), vec![lanes::tsunami()]))),
        scene("alert-several", |panel| {
            let said = vec![lanes::landslide(), lanes::ended(AlertKind::Cancel), lanes::landslide()];
            snapshot(panel, lanes::told(lanes::ordinary_day(), said));
        }),
        scene("alert-exercise", |panel| {
            snapshot(panel, lanes::told(lanes::ordinary_day(), vec![lanes::practised_tsunami()]));
        }),
        scene("alert-exercise-drill", |panel| {
            snapshot(panel, lanes::told(lanes::drill(), vec![lanes::practised_tsunami()]));
        }),
        scene("alert-live-in-drill", |panel| {
            snapshot(panel, lanes::told(lanes::drill(), vec![lanes::tsunami()]));
        }),
        scene("alert-all-clear", |panel| ended(panel, AlertKind::AllClear)),
        scene("alert-cancel", |panel| ended(panel, AlertKind::Cancel)),
        scene("alert-answer", |panel| {
            snapshot(panel, lanes::told(lanes::shelter(), vec![lanes::tsunami()]));
            panel.answer(answer(1, welcome(Party::Household(lanes::hamada()))));
        }),
        scene("alert-page", |panel| {
            snapshot(panel, lanes::told(lanes::shelter(), vec![lanes::landslide()]));
            open_page(panel, Page::Leader);
        }),
    ]
}

fn ended(panel: &mut Panel, kind: AlertKind) {
    snapshot(panel, lanes::told(lanes::shelter(), vec![lanes::ended(kind)]));
}

pub(super) fn passing() -> Vec<Scene> {
    vec![
        scene("passage", |panel| snapshot(panel, lanes::check_point(12))),
        scene("passage-without-time", |panel| {
            let mut lane = lanes::check_point(12);
            if let Some(alerts) = &mut lane.alerts {
                let passage = Some(Passage { expected: None, staff_leave: None });
                **alerts = LaneAlerts { passage, ..(**alerts).clone() };
            }
            snapshot(panel, lane);
        }),
        scene("passage-drill", |panel| {
            let alerts = lanes::check_point(12).alerts;
            snapshot(panel, hinamori_ipc::LaneState { alerts, ..lanes::drill() });
        }),
        scene("passage-answer", |panel| passed(panel, welcome(Party::Household(lanes::hamada())))),
        scene("passage-unknown", |panel| passed(panel, lanes::unknown_card())),
        scene("passage-again", |panel| passed(panel, again(HoldReason::TornAway))),
        scene("passage-page", |panel| {
            snapshot(panel, lanes::check_point(12));
            open_page(panel, Page::Leader);
        }),
        scene("leave", |panel| snapshot(panel, lanes::check_point(4))),
        scene("leave-now", |panel| snapshot(panel, lanes::check_point(0))),
        scene("leave-answer", |panel| {
            snapshot(panel, lanes::check_point(3));
            panel.answer(answer(1, welcome(Party::Nobody)));
        }),
        scene("leave-aside", |panel| {
            snapshot(panel, lanes::check_point(4));
            panel.event(Event::Touched(Action::StayAMinute));
        }),
    ]
}

fn passed(panel: &mut Panel, kind: AnswerKind) {
    snapshot(panel, lanes::check_point(12));
    panel.answer(answer(1, kind));
}
