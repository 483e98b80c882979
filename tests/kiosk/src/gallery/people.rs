//! The screens of people: leaving, looking for a name, groups, the leader's pages.

use hinamori_ipc::{Found, Group, LaneState, MemberState, ToKiosk};
use hinamori_kiosk::{Action, Event, Key, Page, Question};
use hinamori_model::{Destination, Leaving};

use super::{Scene, answered, gone, open_page, practised, scene, snapshot};
use crate::lanes;
use crate::panel::Panel;

pub(super) fn leaving() -> Vec<Scene> {
    vec![
        scene("leaving-alone", |panel| {
            answered(panel, lanes::left(Leaving::Left, lanes::leave_ask(true, 0)));
        }),
        scene("leaving-family", |panel| {
            answered(panel, lanes::left(Leaving::Left, lanes::leave_ask(true, 2)));
            panel.event(Event::Touched(Action::ToggleMember(lanes::person(2))));
        }),
        scene("leaving-large-family", |panel| {
            answered(panel, lanes::left(Leaving::Overnight, lanes::leave_ask(true, 7)));
        }),
        scene("leaving-family-drill", |panel| {
            practised(panel, lanes::left(Leaving::Left, lanes::leave_ask(true, 4)));
            panel.event(Event::Touched(Action::ToggleMember(lanes::person(1))));
        }),
        scene("leaving-out-together", |panel| {
            answered(panel, lanes::left(Leaving::Out, lanes::leave_ask(false, 2)));
            panel.event(Event::Touched(Action::ToggleMember(lanes::person(1))));
        }),
        scene("left-to-relatives", |panel| {
            answered(panel, gone(Leaving::Left, Destination::Relatives, 2));
        }),
        scene("left-to-car-drill", |panel| practised(panel, gone(Leaving::Left, Destination::Car, 1))),
    ]
}

pub(super) fn searching() -> Vec<Scene> {
    fn begun(panel: &mut Panel, lane: LaneState) {
        snapshot(panel, lane);
        open_page(panel, Page::Search);
    }
    fn type_name(panel: &mut Panel) {
        for key in ["は", "ま", "だ"] {
            panel.event(Event::Touched(Action::Press(Key::Letter(lanes::name(key)))));
        }
        panel.hear(ToKiosk::Found(lanes::hamadas()));
    }
    vec![
        scene("search", |panel| begun(panel, lanes::shelter())),
        scene("search-found", |panel| {
            begun(panel, lanes::shelter());
            type_name(panel);
        }),
        scene("search-nobody", |panel| {
            begun(panel, lanes::shelter());
            panel.event(Event::Touched(Action::Press(Key::Letter(lanes::name("ぬ")))));
            let query = lanes::name("ぬ");
            panel.hear(ToKiosk::Found(Found { query, people: Vec::new(), total: 0 }));
        }),
        scene("search-found-drill", |panel| {
            begun(panel, lanes::drill());
            type_name(panel);
            panel.event(Event::Touched(Action::ChooseRow(5)));
        }),
        scene("search-person", |panel| {
            begun(panel, lanes::shelter());
            type_name(panel);
            let person = lanes::found(1, "浜田 花子", "ハマダ ハナコ", "浜町 3班");
            panel.event(Event::Touched(Action::Ask(Question::Person(person))));
        }),
        scene("give-name-person-drill", |panel| {
            snapshot(panel, lanes::drill());
            panel.event(Event::Touched(Action::FindName(lanes::person(9))));
            type_name(panel);
            let person = lanes::found(2, "浜田 勇", "ハマダ イサム", "浜町 3班");
            panel.event(Event::Touched(Action::Ask(Question::Person(person))));
        }),
        scene("not-on-roster", |panel| {
            snapshot(panel, lanes::shelter());
            panel.event(Event::Touched(Action::FindName(lanes::person(9))));
            panel.event(Event::Touched(Action::Ask(Question::Kind)));
        }),
    ]
}

pub(super) fn groups() -> Vec<Scene> {
    fn chosen(panel: &mut Panel, lane: LaneState, group: Group) {
        snapshot(panel, lane);
        open_page(panel, Page::Group);
        panel.hear(ToKiosk::Districts(lanes::districts()));
        panel.event(Event::Touched(Action::ChooseDistrict("浜町".to_owned())));
        panel.event(Event::Touched(Action::ChooseGroup("3班".to_owned())));
        panel.hear(ToKiosk::Group(group));
    }
    fn ticked(panel: &mut Panel, lane: LaneState, group: Group) {
        chosen(panel, lane, group);
        panel.event(Event::Touched(Action::ChooseLeader(lanes::person(5))));
        for number in [1, 2, 6, 7, 9, 10, 12, 13, 14, 15, 16, 18, 19, 22, 23, 24, 25, 26] {
            panel.event(Event::Touched(Action::ToggleMember(lanes::person(number))));
        }
    }
    fn some_came() -> Group {
        let mut group = lanes::group();
        for member in group.members.iter_mut().filter(|member| member.person == lanes::person(11)) {
            member.state = MemberState::AlreadyIn { at: lanes::minutes_ago(19) };
        }
        group
    }
    vec![
        scene("districts", |panel| {
            snapshot(panel, lanes::shelter());
            open_page(panel, Page::Group);
            panel.hear(ToKiosk::Districts(lanes::districts()));
        }),
        scene("groups", |panel| {
            snapshot(panel, lanes::shelter());
            open_page(panel, Page::Group);
            panel.hear(ToKiosk::Districts(lanes::districts()));
            panel.event(Event::Touched(Action::ChooseDistrict("浜町".to_owned())));
        }),
        scene("group-leader", |panel| chosen(panel, lanes::shelter(), lanes::group())),
        scene("group", |panel| ticked(panel, lanes::shelter(), some_came())),
        scene("group-drill", |panel| ticked(panel, lanes::drill(), some_came())),
        scene("group-large", |panel| ticked(panel, lanes::shelter(), lanes::large_group(31))),
        scene("group-pages", |panel| ticked(panel, lanes::shelter(), lanes::large_group(60))),
    ]
}

pub(super) fn leaders() -> Vec<Scene> {
    fn standing(panel: &mut Panel, lane: LaneState) {
        snapshot(panel, lane);
        open_page(panel, Page::NotArrived);
        panel.hear(ToKiosk::NotArrived(lanes::not_arrived()));
    }
    fn households(panel: &mut Panel, lane: LaneState) {
        standing(panel, lane);
        panel.event(Event::Touched(Action::ShowHouseholds("浜町".to_owned(), 0)));
        panel.hear(ToKiosk::NotArrived(lanes::incomplete_households()));
    }
    fn round(panel: &mut Panel, lane: LaneState) {
        snapshot(panel, lane);
        open_page(panel, Page::RollCall);
        panel.hear(ToKiosk::Stays(lanes::stays()));
    }
    vec![
        scene("leader", |panel| {
            snapshot(panel, LaneState { later: 12, ..lanes::shelter() });
            open_page(panel, Page::Leader);
        }),
        scene("leader-drill", |panel| {
            snapshot(panel, lanes::drill());
            open_page(panel, Page::Leader);
        }),
        scene("not-arrived", |panel| standing(panel, lanes::shelter())),
        scene("not-arrived-drill", |panel| standing(panel, lanes::drill())),
        scene("households", |panel| households(panel, lanes::shelter())),
        scene("households-drill", |panel| households(panel, lanes::drill())),
        scene("told-elsewhere", |panel| {
            households(panel, lanes::shelter());
            let (person, name) = (lanes::person(6), lanes::name("浜田 直樹"));
            panel.event(Event::Touched(Action::Ask(Question::Elsewhere { person, name })));
        }),
        scene("roll-call", |panel| round(panel, lanes::shelter())),
        scene("roll-call-ticked", |panel| {
            round(panel, lanes::shelter());
            for number in [1, 2, 8] {
                panel.event(Event::Touched(Action::ToggleMember(lanes::person(number))));
            }
        }),
        scene("roll-call-drill", |panel| round(panel, lanes::drill())),
        scene("roll-call-over", |panel| {
            round(panel, lanes::shelter());
            panel.event(Event::Touched(Action::Ask(Question::RollCallOver)));
        }),
        scene("roll-call-over-drill", |panel| {
            round(panel, lanes::drill());
            panel.event(Event::Touched(Action::Ask(Question::RollCallOver)));
        }),
    ]
}
