//! Households' televisions that are given to them at the counter.

use hinamori_ipc::{SignInFault, ToKiosk};
use hinamori_kiosk::{Action, Dial, Page};

use super::care::led;
use super::staff::{dial, touch};
use super::{Scene, open_page, scene, snapshot};
use crate::lanes;
use crate::panel::Panel;

pub(super) fn giving() -> Vec<Scene> {
    fn televisions() -> ToKiosk {
        ToKiosk::Televisions(lanes::televisions())
    }
    fn typed(panel: &mut Panel, code: &str) {
        led(panel, false, Page::Televisions, televisions());
        touch(panel, Action::TypeTelevision);
        dial(panel, code);
    }
    vec![
        scene("televisions", |panel| led(panel, false, Page::Televisions, televisions())),
        scene("televisions-none", |panel| {
            led(panel, false, Page::Televisions, ToKiosk::Televisions(Vec::new()));
        }),
        scene("television-code", |panel| typed(panel, "4821735")),
        scene("television-card", |panel| {
            typed(panel, "48217350");
            touch(panel, Action::Dial(Dial::Done));
        }),
        scene("television-fault", |panel| {
            typed(panel, "48217350");
            touch(panel, Action::Dial(Dial::Done));
            panel.hear(ToKiosk::NotSignedIn(SignInFault::NoHousehold));
        }),
        scene("television-not-checked", |panel| {
            typed(panel, "48217350");
            touch(panel, Action::Dial(Dial::Done));
            panel.hear(ToKiosk::NotSignedIn(SignInFault::NotChecked));
        }),
        scene("television-sure", |panel| {
            typed(panel, "48217350");
            touch(panel, Action::Dial(Dial::Done));
            panel.hear(ToKiosk::TelevisionOf { code: 48_217_350, name: lanes::name("浜田 花子") });
        }),
        scene("settings-daily-televisions", |panel| {
            snapshot(panel, lanes::ordinary_day());
            open_page(panel, Page::Settings);
        }),
    ]
}
