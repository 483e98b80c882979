//! The screens of officers who say something.

use hinamori_ipc::{
    AlertClass, AlertDesk, AlertDraft, AlertKind, AlertRefusal, ClockState, LaneState, OfficerStanding,
    SignInFault, Status, ToKiosk,
};
use hinamori_kiosk::{Action, OfficerTouch, Page};

use super::staff::{dial, touch};
use super::{Scene, open_page, scene, snapshot};
use crate::lanes::{
    alert_desk, alert_draft, busy_alert_desk, changed_draft, drill, ended, landslide, official, ordinary_day,
    practised_draft, staffed, tsunami,
};
use crate::panel::Panel;

fn opened(panel: &mut Panel, desk: AlertDesk) {
    opened_by(panel, ClockState::Sure, desk);
}

/// At a box with such a clock.
fn opened_by(panel: &mut Panel, clock: ClockState, desk: AlertDesk) {
    let lane = staffed(Some(official(OfficerStanding::Officer)));
    snapshot(panel, LaneState { status: Status { clock, ..lane.status }, ..lane });
    open_page(panel, Page::Officers);
    panel.hear(ToKiosk::AlertDesk(Box::new(desk)));
}

fn press(panel: &mut Panel, press: OfficerTouch) {
    touch(panel, Action::Officer(press));
}

fn shown(panel: &mut Panel, draft: AlertDraft) {
    opened(panel, alert_desk());
    panel.hear(ToKiosk::AlertDraft(Box::new(draft)));
}

fn keys(panel: &mut Panel, standing: OfficerStanding) {
    snapshot(panel, staffed(Some(official(standing))));
    open_page(panel, Page::OfficerKeys);
}

pub(super) fn saying() -> Vec<Scene> {
    vec![
        scene("officer-leader", |panel| {
            snapshot(panel, staffed(Some(official(OfficerStanding::Officer))));
            open_page(panel, Page::Leader);
        }),
        scene("officer-settings", |panel| {
            let staff = Some(official(OfficerStanding::WithoutKeys));
            snapshot(panel, LaneState { asks_sign_in: true, staff, ..ordinary_day() });
            open_page(panel, Page::Settings);
        }),
        scene("officer-start", |panel| opened(panel, alert_desk())),
        scene("officer-start-loading", |panel| {
            snapshot(panel, staffed(Some(official(OfficerStanding::Officer))));
            open_page(panel, Page::Officers);
        }),
        scene("officer-start-busy", |panel| opened_by(panel, ClockState::Unsure, busy_alert_desk())),
        scene("officer-start-ahead", |panel| {
            opened_by(panel, ClockState::Ahead { minutes: 12 }, alert_desk());
        }),
        scene("officer-start-behind", |panel| {
            opened_by(panel, ClockState::Behind { minutes: 9_000 }, busy_alert_desk());
        }),
        scene("officer-start-drill", |panel| {
            let staff = Some(official(OfficerStanding::Officer));
            snapshot(panel, LaneState { asks_sign_in: true, staff, ..drill() });
            open_page(panel, Page::Officers);
            panel.hear(ToKiosk::AlertDesk(Box::new(busy_alert_desk())));
        }),
        scene("officer-start-refused", |panel| {
            opened(panel, alert_desk());
            panel.hear(ToKiosk::AlertRefused(AlertRefusal::Gone));
        }),
        scene("officer-messages", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Begin(AlertClass::Live));
        }),
        scene("officer-messages-exercise", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Begin(AlertClass::Exercise));
        }),
        scene("officer-districts", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Begin(AlertClass::Live));
            press(panel, OfficerTouch::Choose("message-0".to_owned()));
        }),
        scene("officer-districts-some", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Begin(AlertClass::Exercise));
            press(panel, OfficerTouch::Choose("message-3".to_owned()));
            press(panel, OfficerTouch::ToggleDistrict(1));
            press(panel, OfficerTouch::ToggleDistrict(4));
        }),
        scene("officer-places", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Begin(AlertClass::Live));
            press(panel, OfficerTouch::Choose("message-0".to_owned()));
            press(panel, OfficerTouch::OpenPlaces);
            press(panel, OfficerTouch::TogglePlace("寺の 境内".to_owned()));
        }),
        scene("officer-arrival", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Begin(AlertClass::Live));
            press(panel, OfficerTouch::Choose("message-0".to_owned()));
            press(panel, OfficerTouch::Ready);
        }),
        scene("officer-thread", |panel| {
            opened(panel, busy_alert_desk());
            press(panel, OfficerTouch::OpenThread("thread-2".to_owned()));
        }),
        scene("officer-thread-tsunami", |panel| {
            opened(panel, busy_alert_desk());
            press(panel, OfficerTouch::OpenThread("thread-1".to_owned()));
        }),
    ]
}

pub(super) fn changing() -> Vec<Scene> {
    vec![
        scene("officer-change-messages", |panel| {
            opened(panel, busy_alert_desk());
            press(panel, OfficerTouch::OpenThread("thread-1".to_owned()));
            press(panel, OfficerTouch::Change);
        }),
        scene("officer-change-districts", |panel| {
            opened(panel, busy_alert_desk());
            press(panel, OfficerTouch::OpenThread("thread-1".to_owned()));
            press(panel, OfficerTouch::Change);
            press(panel, OfficerTouch::Choose("message-0".to_owned()));
            press(panel, OfficerTouch::ToggleDistrict(6));
        }),
        scene("officer-change-arrival", |panel| {
            opened(panel, busy_alert_desk());
            press(panel, OfficerTouch::OpenThread("thread-1".to_owned()));
            press(panel, OfficerTouch::ChangeArrival);
        }),
        scene("officer-test-pin", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Test);
            dial(panel, "12");
        }),
        scene("officer-tested", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Test);
            panel.hear(ToKiosk::OfficerKeysTested);
        }),
        scene("officer-test-clock", |panel| {
            opened_by(panel, ClockState::Unsure, alert_desk());
            press(panel, OfficerTouch::Test);
            panel.hear(ToKiosk::AlertRefused(AlertRefusal::ClockUnsure));
        }),
        scene("officer-test-not-kept", |panel| {
            opened(panel, alert_desk());
            press(panel, OfficerTouch::Test);
            panel.hear(ToKiosk::AlertRefused(AlertRefusal::NotKept));
        }),
    ]
}

pub(super) fn signing() -> Vec<Scene> {
    vec![
        scene("officer-draft", |panel| shown(panel, alert_draft(tsunami(), 0, 2))),
        scene("officer-draft-ahead", |panel| {
            opened_by(panel, ClockState::Ahead { minutes: 12 }, alert_desk());
            panel.hear(ToKiosk::AlertDraft(Box::new(alert_draft(tsunami(), 1, 2))));
        }),
        scene("officer-draft-second", |panel| shown(panel, alert_draft(landslide(), 1, 2))),
        scene("officer-draft-refused", |panel| {
            shown(panel, alert_draft(landslide(), 1, 2));
            panel.hear(ToKiosk::AlertRefused(AlertRefusal::SignedAlready));
        }),
        scene("officer-draft-change", |panel| shown(panel, changed_draft())),
        scene("officer-draft-not-kept", |panel| {
            shown(panel, alert_draft(tsunami(), 1, 2));
            panel.hear(ToKiosk::AlertRefused(AlertRefusal::NotKept));
        }),
        scene("officer-draft-exercise", |panel| shown(panel, practised_draft())),
        scene("officer-draft-cancel", |panel| shown(panel, alert_draft(ended(AlertKind::Cancel), 0, 1))),
        scene("officer-draft-hall", |panel| {
            opened(panel, busy_alert_desk());
            press(panel, OfficerTouch::OpenDraft("hall".to_owned()));
        }),
        scene("officer-pin", |panel| {
            shown(panel, alert_draft(tsunami(), 1, 2));
            press(panel, OfficerTouch::Sign);
            dial(panel, "12");
        }),
        scene("officer-pin-no-key", |panel| {
            shown(panel, alert_draft(tsunami(), 1, 2));
            press(panel, OfficerTouch::Sign);
            panel.hear(ToKiosk::NotSignedIn(SignInFault::NoOfficerKey));
        }),
        scene("officer-pin-exercise", |panel| {
            shown(panel, practised_draft());
            press(panel, OfficerTouch::Sign);
        }),
        scene("officer-card", |panel| {
            shown(panel, alert_draft(tsunami(), 0, 2));
            press(panel, OfficerTouch::Sign);
            dial(panel, "1234");
            touch(panel, Action::Dial(hinamori_kiosk::Dial::Done));
        }),
        scene("officer-sent", |panel| shown(panel, alert_draft(tsunami(), 2, 2))),
        scene("officer-sent-exercise", |panel| {
            shown(panel, AlertDraft { signatures: 1, ..practised_draft() });
        }),
        scene("officer-keys", |panel| keys(panel, OfficerStanding::WithoutKeys)),
        scene("officer-keys-wait", |panel| keys(panel, OfficerStanding::Waits)),
        scene("officer-keys-unsuitable", |panel| {
            keys(panel, OfficerStanding::WithoutKeys);
            panel.hear(ToKiosk::NotSignedIn(SignInFault::Unsuitable));
        }),
        scene("officer-keys-words", |panel| {
            keys(panel, OfficerStanding::WithoutKeys);
            panel.hear(ToKiosk::OfficerKeysMade(["さくら", "みかん", "うさぎ"].map(str::to_owned)));
        }),
    ]
}
