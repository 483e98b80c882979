//! The screens of care and of the site.

use hinamori_ipc::{CareList, LaneState, SignInFault, SignedInBy, ToKiosk};
use hinamori_kiosk::{Action, CareKey, CareStep, Dial, Event, Key, Page, Question, Step, Who};
use hinamori_model::{Circle, LookupReason, NeedKind, ProxyPurpose, Role, SiteId};

use super::staff::dial;
use super::{Scene, open_page, scene, snapshot};
use crate::lanes::{self, session, staffed};
use crate::panel::Panel;

fn touch(panel: &mut Panel, action: Action) {
    panel.event(Event::Touched(action));
}

fn care(panel: &mut Panel, key: CareKey) {
    touch(panel, Action::Care(key));
}

fn nurse() -> LaneState {
    staffed(Some(session(Role::Nurse, SignedInBy::CardAndPin)))
}

fn drilled() -> LaneState {
    LaneState { banner: lanes::drill().banner, ..nurse() }
}

fn listed(panel: &mut Panel, lane: LaneState) {
    snapshot(panel, lane);
    open_page(panel, Page::Care);
    panel.hear(ToKiosk::CareList(lanes::care_list()));
}

fn chosen(panel: &mut Panel, lane: LaneState) {
    listed(panel, lane);
    care(panel, CareKey::Choose(lanes::person(1), Some(lanes::name("林 キヨ"))));
}

fn opened(panel: &mut Panel, lane: LaneState) {
    chosen(panel, lane);
    care(panel, CareKey::Why(LookupReason::Care));
    panel.hear(ToKiosk::CarePerson(lanes::care_person()));
}

fn writing(panel: &mut Panel, step: CareStep) {
    opened(panel, nurse());
    care(panel, CareKey::Begin(step));
}

pub(super) fn caring() -> Vec<Scene> {
    vec![
        scene("care", |panel| listed(panel, nurse())),
        scene("care-drill", |panel| listed(panel, drilled())),
        scene("care-nobody", |panel| {
            snapshot(panel, nurse());
            open_page(panel, Page::Care);
            panel.hear(ToKiosk::CareList(CareList { items: Vec::new(), handed_over: None }));
        }),
        scene("care-search", |panel| {
            snapshot(panel, nurse());
            open_page(panel, Page::CareSearch);
            let person = lanes::found(1, "浜田 花子", "ハマダ ハナコ", "浜町 3班");
            touch(panel, Action::Ask(Question::Person(person)));
        }),
        scene("care-why", |panel| chosen(panel, nurse())),
        scene("care-why-drill", |panel| chosen(panel, drilled())),
        scene("care-person", |panel| opened(panel, nurse())),
        scene("care-person-drill", |panel| opened(panel, drilled())),
        scene("care-needs", |panel| writing(panel, CareStep::Needs)),
        scene("care-needs-drill", |panel| {
            opened(panel, drilled());
            care(panel, CareKey::Begin(CareStep::Needs));
            touch(panel, Action::Turn(Step::Up));
        }),
        scene("care-need", |panel| {
            opened(panel, nurse());
            care(panel, CareKey::Need(NeedKind::Oxygen));
            care(panel, CareKey::Later(60));
        }),
        scene("care-need-degree-drill", |panel| {
            opened(panel, drilled());
            care(panel, CareKey::Need(NeedKind::Frail));
        }),
        scene("care-stay", |panel| writing(panel, CareStep::Stay)),
        scene("care-help", |panel| writing(panel, CareStep::Helps)),
        scene("care-circles", |panel| writing(panel, CareStep::Circles)),
        scene("care-consents", |panel| writing(panel, CareStep::Consents(Circle::RelativesOrWorkplace))),
        scene("care-proxy", |panel| writing(panel, CareStep::Purposes)),
        scene("care-proxy-name", |panel| {
            writing(panel, CareStep::ProxyName(ProxyPurpose::Goods));
            for key in ["は", "や", "し"] {
                touch(panel, Action::Press(Key::Letter(lanes::name(key))));
            }
        }),
        scene("care-proxy-name-drill", |panel| {
            opened(panel, drilled());
            care(panel, CareKey::Begin(CareStep::ProxyName(ProxyPurpose::Goods)));
        }),
        scene("care-proxy-until", |panel| writing(panel, CareStep::ProxyUntil(ProxyPurpose::Goods))),
        scene("care-contact-phone", |panel| {
            writing(panel, CareStep::ContactPhone);
            dial(panel, "0805550");
        }),
        scene("hand-over", |panel| {
            snapshot(panel, nurse());
            open_page(panel, Page::HandOver);
            dial(panel, "123");
        }),
        scene("hand-over-card-drill", |panel| {
            snapshot(panel, drilled());
            open_page(panel, Page::HandOver);
            dial(panel, "1234");
            touch(panel, Action::Dial(Dial::Done));
        }),
    ]
}

/// A page of the leader's, with what the daemon says of it.
pub(super) fn led(panel: &mut Panel, drill: bool, page: Page, message: ToKiosk) {
    let lane = staffed(Some(session(Role::Leader, SignedInBy::CardAndPin)));
    let lane = if drill { LaneState { banner: lanes::drill().banner, ..lane } } else { lane };
    snapshot(panel, lane);
    open_page(panel, page);
    panel.hear(message);
}

pub(super) fn site() -> Vec<Scene> {
    fn counts() -> ToKiosk {
        ToKiosk::HeadCounts(lanes::head_counts())
    }
    fn one_of_them(panel: &mut Panel) {
        if let Some(heads) = lanes::head_counts().first() {
            touch(panel, Action::ChooseHeads(heads.record));
        }
        touch(panel, Action::Count(Who::Adults, Step::Up));
    }
    vec![
        scene("heads", |panel| led(panel, false, Page::HeadCounts, counts())),
        scene("heads-none", |panel| led(panel, false, Page::HeadCounts, ToKiosk::HeadCounts(Vec::new()))),
        scene("heads-one", |panel| {
            led(panel, false, Page::HeadCounts, counts());
            one_of_them(panel);
        }),
        scene("heads-one-drill", |panel| {
            led(panel, true, Page::HeadCounts, counts());
            one_of_them(panel);
        }),
        scene("conflicts", |panel| {
            led(panel, false, Page::Conflicts, ToKiosk::Conflicts(lanes::conflicts()))
        }),
        scene("conflicts-drill", |panel| {
            led(panel, true, Page::Conflicts, ToKiosk::Conflicts(lanes::conflicts()));
        }),
        scene("conflicts-none", |panel| led(panel, false, Page::Conflicts, ToKiosk::Conflicts(Vec::new()))),
        scene("conflicts-sure", |panel| {
            led(panel, false, Page::Conflicts, ToKiosk::Conflicts(lanes::conflicts()));
            let (site, place) = (SiteId::from_bytes([1; 16]), "汐見小学校 体育館".to_owned());
            let name = Some(lanes::name("浜田 直樹"));
            touch(panel, Action::Ask(Question::Settle { person: lanes::person(1), name, site, place }));
        }),
        scene("assessment", |panel| {
            led(panel, false, Page::Assessment, ToKiosk::Assessment(lanes::assessment()));
        }),
        scene("assessment-drill", |panel| {
            led(panel, true, Page::Assessment, ToKiosk::Assessment(lanes::assessment()));
        }),
        scene("own-shelter", |panel| {
            led(panel, false, Page::OwnShelter, ToKiosk::Districts(lanes::districts()));
        }),
        scene("own-shelter-sure-drill", |panel| {
            led(panel, true, Page::OwnShelter, ToKiosk::Districts(lanes::districts()));
            touch(panel, Action::ChooseName("浜町 自主避難所".to_owned()));
        }),
        scene("hiding", |panel| led(panel, false, Page::Hiding, ToKiosk::Hello { protocol: 0 })),
        scene("hiding-drill", |panel| led(panel, true, Page::Hiding, ToKiosk::Hello { protocol: 0 })),
        scene("hide-sure", |panel| {
            led(panel, false, Page::HidingSearch, ToKiosk::Hello { protocol: 0 });
            let person = lanes::found(1, "浜田 花子", "ハマダ ハナコ", "浜町 3班");
            touch(panel, Action::Ask(Question::Person(person)));
        }),
        scene("hiding-search", |panel| led(panel, false, Page::HidingSearch, ToKiosk::Hello { protocol: 0 })),
        scene("lift", |panel| led(panel, false, Page::LiftHiding, ToKiosk::Hello { protocol: 0 })),
        scene("lift-wrong-drill", |panel| {
            led(panel, true, Page::LiftHiding, ToKiosk::Hello { protocol: 0 });
            dial(panel, "1234");
            touch(panel, Action::Dial(Dial::Done));
            panel.hear(ToKiosk::NotSignedIn(SignInFault::WrongPin { tries_left: Some(1) }));
        }),
    ]
}
