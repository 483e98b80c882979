//! A scanner of badges is a keyboard: what it types on idle goes to the daemon as one code.

use hinamori_ipc::Command;
use hinamori_kiosk_tests::lanes::{name, shelter};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_sim::pcscd::in_namespace;

use super::display::{Display, Sound, place_of};
use super::scripted::Scripted;

#[test]
fn a_scanned_badge_reaches_the_daemon_and_presses_no_button() {
    in_namespace("window::typed::a_scanned_badge_reaches_the_daemon_and_presses_no_button", || {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("kiosk.sock");
        let display = Display::start(folder.path());
        let _kiosk = display.open_kiosk(&socket, &Sound::Off);
        let mut daemon = Scripted::serve(&socket, &shelter());
        let mut idle = Panel::showing(LANDSCAPE, shelter());
        idle.event(hinamori_kiosk::Event::Sound(hinamori_kiosk::SoundOutput::Off));
        display.wait_until_it_shows("idle", &mut idle);
        display.type_text("HM1-0042-ABCD");
        assert_eq!(daemon.next_command(), Command::Badge { code: name("HM1-0042-ABCD") });
        display.wait_until_it_shows("idle still", &mut idle);

        // The same keyboard writes names where names are looked for.
        display.touch(place_of(&idle, "名前で さがす"));
        idle.touch("名前で さがす");
        display.wait_until_it_shows("the pad", &mut idle);
        display.type_text("ha");
        let mut asked = daemon.next_command();
        if asked == (Command::Search { query: name("h") }) {
            asked = daemon.next_command();
        }
        assert_eq!(asked, Command::Search { query: name("ha") });
    });
}
