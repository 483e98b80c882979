//! The daemon's death and the kiosk's own: each comes back without the other's help.

use hinamori_ipc::{AnswerId, Command, LaneState, Party, ToKiosk};
use hinamori_kiosk_tests::lanes::{final_answer, hamada, shelter, welcome};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_sim::pcscd::in_namespace;

use super::display::{Display, place_of};
use super::programs::wait_for;
use super::scripted::Scripted;
use super::sounds::Recording;

#[test]
fn kiosk_and_daemon_survive_each_others_death() {
    in_namespace("window::link::kiosk_and_daemon_survive_each_others_death", || {
        let folder = tempfile::tempdir().expect("a folder");
        let (socket, recording) = (folder.path().join("kiosk.sock"), Recording::into(folder.path()));
        let display = Display::start(folder.path());
        let kiosk = display.open_kiosk(&socket, &recording.device());
        display.wait_until_it_shows("that it connects", &mut Panel::new(LANDSCAPE));
        let mut daemon = Scripted::serve(&socket, &shelter());
        daemon.commit(final_answer(1, welcome(Party::Household(hamada()))));
        let told = LaneState { screen: final_answer(1, welcome(Party::Household(hamada()))), ..shelter() };
        display.wait_until_it_shows("the family", &mut Panel::showing(LANDSCAPE, told.clone()));
        wait_for("the welcome's sound", || (!recording.heard().is_empty()).then_some(()));

        // The kiosk dies: the next one shows the same and says nothing.
        kiosk.kill();
        drop(daemon);
        let _kiosk = display.open_kiosk(&socket, &recording.device());
        let mut daemon = Scripted::serve(&socket, &told);
        let mut family = Panel::showing(LANDSCAPE, told);
        display.wait_until_it_shows("the family again", &mut family);
        assert!(recording.heard().is_empty(), "a snapshot is silent");
        for label in ["浜田 勇", "2人で 完了"] {
            display.touch(place_of(&family, label));
            if label == "浜田 勇" {
                family.touch(label);
                display.wait_until_it_shows("the chosen member", &mut family);
            }
        }
        let members = vec![hinamori_kiosk_tests::lanes::person(1)];
        assert_eq!(daemon.next_command(), Command::ConfirmHousehold { answer: AnswerId(1), members });

        // The daemon dies: the kiosk says so, keeps no name on the screen, and finds the next one.
        drop(daemon);
        family.event(hinamori_kiosk::Event::Link(hinamori_kiosk::LinkEvent::Lost));
        display.wait_until_it_shows("that it connects again", &mut family);
        let _daemon = Scripted::serve(&socket, &shelter());
        family.hear(ToKiosk::Snapshot(Box::new(shelter())));
        display.wait_until_it_shows("idle", &mut family);
        assert!(recording.heard().is_empty(), "a snapshot is silent");
    });
}
