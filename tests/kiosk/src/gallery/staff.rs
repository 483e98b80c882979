//! The screens of staff: signing in, passes, who looked.

use hinamori_ipc::{LaneState, Party, SignInFault, SignedInBy, StaffSession, ToKiosk};
use hinamori_kiosk::{Action, Dial, Digit, Event, Page, Question, SignInKey};
use hinamori_model::{Leaving, Role};

use super::{Scene, answered, here, left, open_page, practised, scene, snapshot};
use crate::lanes::{self, asking, session, staffed, welcome};
use crate::panel::Panel;

pub(super) fn touch(panel: &mut Panel, action: Action) {
    panel.event(Event::Touched(action));
}

pub(super) fn dial(panel: &mut Panel, digits: &str) {
    digits.chars().for_each(|digit| touch(panel, Action::Dial(Dial::Digit(Digit(digit)))));
}

fn nurse() -> StaffSession {
    session(Role::Nurse, SignedInBy::CardAndPin)
}

fn drilled(lane: LaneState) -> LaneState {
    LaneState { banner: lanes::drill().banner, ..lane }
}

pub(super) fn signing_in() -> Vec<Scene> {
    fn asked(panel: &mut Panel, page: Page) {
        snapshot(panel, staffed(None));
        open_page(panel, page);
    }
    fn fault(panel: &mut Panel, fault: SignInFault) {
        asked(panel, Page::RollCall);
        panel.hear(ToKiosk::NotSignedIn(fault));
    }
    vec![
        scene("sign-in", |panel| asked(panel, Page::RollCall)),
        scene("sign-in-drill", |panel| {
            snapshot(panel, drilled(staffed(None)));
            open_page(panel, Page::Settings);
        }),
        scene("sign-in-pin", |panel| {
            asked(panel, Page::Care);
            dial(panel, "12");
        }),
        scene("sign-in-pin-drill", |panel| {
            snapshot(panel, drilled(staffed(None)));
            open_page(panel, Page::Care);
        }),
        scene("sign-in-pass-number", |panel| {
            asked(panel, Page::Care);
            panel.type_text("HS1-0123\n");
        }),
        scene("sign-in-pass", |panel| {
            snapshot(panel, staffed(None));
            panel.type_text("HS1-0123\n");
        }),
        scene("sign-in-not-staff", |panel| fault(panel, SignInFault::NotStaff)),
        scene("sign-in-wrong-pin", |panel| fault(panel, SignInFault::WrongPin { tries_left: Some(2) })),
        scene("sign-in-blocked", |panel| fault(panel, SignInFault::Blocked)),
        scene("sign-in-not-allowed", |panel| {
            snapshot(panel, staffed(Some(session(Role::Volunteer, SignedInBy::Card))));
            open_page(panel, Page::RollCall);
        }),
        scene("sign-in-care-not-allowed", |panel| {
            snapshot(panel, staffed(Some(session(Role::Leader, SignedInBy::CardAndPin))));
            open_page(panel, Page::Care);
        }),
        scene("sign-in-with-pin", |panel| {
            asked(panel, Page::RollCall);
            touch(panel, Action::SignIn(SignInKey::TypePin));
        }),
        scene("without-staff", |panel| {
            asked(panel, Page::RollCall);
            touch(panel, Action::Ask(Question::WithoutStaff));
        }),
        scene("without-staff-drill", |panel| {
            snapshot(panel, drilled(staffed(None)));
            open_page(panel, Page::RollCall);
            touch(panel, Action::Ask(Question::WithoutStaff));
        }),
        scene("idle-signed-in", |panel| snapshot(panel, staffed(Some(nurse())))),
        scene("leader-not-signed-in", |panel| asked(panel, Page::Leader)),
        scene("leader-signed-in", |panel| {
            let leader = session(Role::Leader, SignedInBy::CardAndPin);
            snapshot(panel, staffed(Some(StaffSession { alarms: 2, ..leader })));
            open_page(panel, Page::Leader);
        }),
        scene("leader-nobody-drill", |panel| {
            let nobody = StaffSession { alarms: 3, ..session(Role::Leader, SignedInBy::Nobody) };
            snapshot(panel, drilled(staffed(Some(nobody))));
            open_page(panel, Page::Leader);
        }),
    ]
}

pub(super) fn passes() -> Vec<Scene> {
    fn begun(panel: &mut Panel, lane: LaneState) {
        snapshot(panel, lane);
        open_page(panel, Page::Passes);
    }
    fn leader() -> LaneState {
        staffed(Some(session(Role::Leader, SignedInBy::CardAndPin)))
    }
    vec![
        scene("pass-choose", |panel| {
            begun(panel, leader());
            touch(panel, Action::ChooseRole(Role::Nurse));
            touch(panel, Action::ChooseDays(3));
        }),
        scene("pass-choose-drill", |panel| begun(panel, drilled(leader()))),
        scene("pass", |panel| {
            begun(panel, leader());
            panel.hear(ToKiosk::Pass(lanes::pass()));
        }),
        scene("pass-drill", |panel| {
            begun(panel, drilled(leader()));
            panel.hear(ToKiosk::Pass(lanes::pass()));
        }),
    ]
}

/// The small tiles of an answer, and what lies over one.
pub(super) fn beside_answers() -> Vec<Scene> {
    fn asks(panel: &mut Panel, lane: LaneState, party: Party, lookups: u32) {
        snapshot(panel, lane);
        panel.answer(asking(1, welcome(party), lookups));
        touch(panel, Action::ToggleNeed(hinamori_model::ArrivalNeed::InjuryOrFever));
    }
    fn household() -> Party {
        Party::Household(lanes::hamada())
    }
    fn over(panel: &mut Panel, page: Page, message: Option<ToKiosk>) {
        open_page(panel, page);
        if let Some(message) = message {
            panel.hear(message);
        }
    }
    vec![
        scene("needs-household", |panel| asks(panel, lanes::shelter(), household(), 0)),
        scene("needs-household-drill", |panel| asks(panel, lanes::drill(), household(), 0)),
        scene("needs-household-looked", |panel| asks(panel, lanes::shelter(), household(), 2)),
        scene("needs-household-looked-drill", |panel| asks(panel, lanes::drill(), household(), 12)),
        scene("needs-alone", |panel| asks(panel, lanes::shelter(), Party::Nobody, 0)),
        scene("needs-alone-looked-drill", |panel| asks(panel, lanes::drill(), Party::Nobody, 2)),
        scene("needs-count", |panel| asks(panel, lanes::shelter(), Party::Count, 0)),
        scene("needs-count-drill", |panel| asks(panel, lanes::drill(), Party::Count, 0)),
        scene("here-looked", |panel| {
            snapshot(panel, lanes::shelter());
            panel.answer(lanes::looked_at(1, here(), 2));
        }),
        scene("here-looked-drill", |panel| {
            snapshot(panel, lanes::drill());
            panel.answer(lanes::looked_at(1, here(), 2));
        }),
        scene("lookups", |panel| {
            answered(panel, here());
            over(panel, Page::Lookups, Some(ToKiosk::Lookups(lanes::lookups())));
        }),
        scene("lookups-drill", |panel| {
            practised(panel, here());
            over(panel, Page::Lookups, Some(ToKiosk::Lookups(lanes::lookups())));
        }),
        scene("phone", |panel| {
            answered(panel, left(Leaving::Left));
            over(panel, Page::Phone, None);
            dial(panel, "08055501234");
        }),
        scene("phone-drill", |panel| {
            practised(panel, left(Leaving::Left));
            over(panel, Page::Phone, None);
        }),
        scene("phone-given", |panel| {
            answered(panel, left(Leaving::Left));
            over(panel, Page::Phone, None);
            dial(panel, "08055501234");
            touch(panel, Action::Dial(Dial::Done));
        }),
        scene("slip", |panel| {
            answered(panel, left(Leaving::Left));
            over(panel, Page::Slip, Some(ToKiosk::Slip(lanes::slip(hinamori_ipc::SlipKind::Leaving))));
        }),
        scene("slip-transfer", |panel| {
            answered(panel, left(Leaving::Moved));
            over(panel, Page::Slip, Some(ToKiosk::Slip(lanes::slip(hinamori_ipc::SlipKind::Transfer))));
        }),
        scene("slip-transfer-drill", |panel| {
            practised(panel, left(Leaving::Moved));
            over(panel, Page::Slip, Some(ToKiosk::Slip(lanes::slip(hinamori_ipc::SlipKind::Transfer))));
        }),
        scene("done-notice", |panel| {
            snapshot(panel, lanes::shelter());
            panel.hear(ToKiosk::Done);
        }),
    ]
}
