//! カードで 登録: the number, the card, whose it is, and what can go wrong.

use hinamori_ipc::{AnswerKind, AttributeFault, LaneState};
use hinamori_kiosk::{Action, Digit, Event, Page, RegistrationKey, SecretKind};

use super::{Scene, answered, open_page, practised, scene, snapshot};
use crate::lanes;
use crate::panel::Panel;

pub(super) fn registering() -> Vec<Scene> {
    fn begun(panel: &mut Panel, lane: LaneState) {
        snapshot(panel, lane);
        open_page(panel, Page::Registration);
    }
    fn press(panel: &mut Panel, key: RegistrationKey) {
        panel.event(Event::Touched(Action::Registration(key)));
    }
    fn typed(panel: &mut Panel, lane: LaneState, kind: SecretKind, digits: &str) {
        begun(panel, lane);
        press(panel, RegistrationKey::Choose(kind));
        digits.chars().for_each(|digit| press(panel, RegistrationKey::Digit(Digit(digit))));
    }
    vec![
        scene("registration", |panel| begun(panel, lanes::shelter())),
        scene("registration-drill", |panel| begun(panel, lanes::drill())),
        scene("registration-pin", |panel| typed(panel, lanes::shelter(), SecretKind::Pin, "12")),
        scene("registration-number", |panel| {
            typed(panel, lanes::shelter(), SecretKind::CheckNumberB, "35010120291234");
        }),
        scene("registration-number-drill", |panel| {
            typed(panel, lanes::drill(), SecretKind::CheckNumberB, "35010");
        }),
        scene("registration-card", |panel| {
            typed(panel, lanes::shelter(), SecretKind::Pin, "1234");
            press(panel, RegistrationKey::Read);
        }),
        scene("registration-card-drill", |panel| {
            typed(panel, lanes::drill(), SecretKind::Pin, "1234");
            press(panel, RegistrationKey::Read);
        }),
        scene("candidate", |panel| answered(panel, lanes::candidates(1))),
        scene("candidate-of-two-drill", |panel| practised(panel, lanes::candidates(2))),
        scene("candidate-nobody", |panel| answered(panel, lanes::candidates(0))),
        scene("candidate-nobody-drill", |panel| practised(panel, lanes::candidates(0))),
        scene("attributes-wrong", |panel| not_read(panel, AttributeFault::Wrong { tries_left: Some(2) })),
        scene("attributes-wrong-drill", |panel| {
            let fault = AttributeFault::Wrong { tries_left: Some(2) };
            practised(panel, AnswerKind::AttributesNotRead(fault));
        }),
        scene("attributes-blocked", |panel| not_read(panel, AttributeFault::Blocked)),
        scene("attributes-last-try", |panel| not_read(panel, AttributeFault::LastTry)),
        scene("attributes-not-there", |panel| not_read(panel, AttributeFault::NotThere)),
        scene("attributes-not-read", |panel| not_read(panel, AttributeFault::NotRead)),
        scene("attributes-not-signed", |panel| not_read(panel, AttributeFault::NotSigned)),
    ]
}

fn not_read(panel: &mut Panel, fault: AttributeFault) {
    answered(panel, AnswerKind::AttributesNotRead(fault));
}
