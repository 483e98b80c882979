//! The main job by hand, with every real program: two touches and the building check open the site of a box
//! that a town's server enrolled, a card is held, a member is touched.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use hinamori_ipc::{
    BuildingAnswer, Frames, FromKiosk, LaneState, PROTOCOL, Screen, SiteState, ToKiosk, decode, encode,
};
use hinamori_kiosk_tests::panel::{LANDSCAPE, Panel};
use hinamori_model::LaneId;
use hinamori_sim::pcscd::{Pcscd, in_namespace, reader_name};
use serde_json::Value;

use super::display::{Display, Sound, place_of};
use super::programs::{Running, output_of, program, wait_for};

const READER: u16 = 21_000;
const TRAY: &str = "127.0.0.1:21100";
const BOXES: &str = "127.0.0.1:21200";
const WEB: &str = "127.0.0.1:21201";

/// A town with one box.
#[derive(Debug)]
struct Town {
    folder: PathBuf,
    _server: Running,
    _tray: Running,
    _daemon: Running,
    _pcscd: Pcscd,
}

impl Town {
    fn start(folder: &Path) -> Self {
        let demo = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/demo-town"));
        let (issued, data) = (folder.join("issued"), folder.join("server"));
        let pcscd = Pcscd::start(&folder.join("pcscd"), &[READER]).expect("pcscd");
        let simcard = || Command::new(program("hinamori-simcard"));
        let server = || Command::new(program("hinamori-server"));
        output_of(simcard().args(["issue", "--tray"]).arg(demo.join("tray.toml")).arg("--out").arg(&issued));
        output_of(server().args(["init", "--data"]).arg(&data));
        let mut import = server();
        import.args(["town", "--data"]).arg(&data).arg("--town").arg(demo.join("town.toml"));
        import.arg("--cards").arg(issued.join("cards.json"));
        for part in ["anchors", "intermediates"] {
            import.arg(format!("--{part}")).arg(issued.join(part));
        }
        output_of(&mut import);
        let mut run = server();
        run.args(["run", "--boxes", BOXES, "--web", WEB, "--data"]).arg(&data);
        let running_server = Running::start_ready("server", &mut run, folder, "listening");
        let mut serve = simcard();
        serve.args(["serve", "--listen", TRAY, "--delays", "none", "--reader"]);
        serve.arg(format!("gym={READER}")).arg("--tray").arg(demo.join("tray.toml"));
        let tray = Running::start_ready("tray", &mut serve, folder, "listening");

        let site = first_site(&demo.join("town.toml"));
        let mut code = server();
        code.args(["enrol-code", "--site", &site, "--address", BOXES, "--data"]).arg(&data);
        let code = String::from_utf8(output_of(&mut code)).expect("a code");
        std::fs::write(folder.join("box.toml"), configuration(folder)).expect("the configuration");
        let mut daemon = Command::new(program("hinamori-appliance"));
        daemon.arg("--config").arg(folder.join("box.toml"));
        let daemon = Running::start_ready("daemon", &mut daemon, folder, "ready");
        let town = Self {
            folder: folder.to_owned(),
            _server: running_server,
            _tray: tray,
            _daemon: daemon,
            _pcscd: pcscd,
        };
        town.control(&["enrol", code.trim()]);
        wait_for("the box at its server", || (town.status()["online"] == Value::Bool(true)).then_some(()));
        town
    }

    fn control(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new(program("hinamorictl"));
        output_of(command.arg("--config").arg(self.folder.join("box.toml")).args(arguments))
    }

    fn status(&self) -> Value {
        serde_json::from_slice(&self.control(&["status", "--json"])).expect("the status")
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("kiosk.sock")
    }

    /// The lane as the daemon tells it to whoever connects.
    fn lane(&self) -> LaneState {
        let mut stream = UnixStream::connect(self.socket()).expect("the daemon's socket");
        let hello = FromKiosk::Hello { protocol: PROTOCOL, lane: LaneId(1) };
        stream.write_all(&encode(&hello).expect("a frame")).expect("the daemon reads");
        let (mut frames, mut bytes) = (Frames::default(), [0; 4_096]);
        loop {
            while let Some(body) = frames.next_body().expect("frames") {
                if let ToKiosk::Snapshot(lane) = decode(&body).expect("a message") {
                    return *lane;
                }
            }
            let length = stream.read(&mut bytes).expect("the daemon speaks");
            assert!(length > 0, "the daemon hung up");
            frames.feed(bytes.get(..length).unwrap_or_default());
        }
    }

    /// Waits until the lane is as wanted.
    fn wait_for_lane(&self, what: &str, wanted: impl Fn(&LaneState) -> bool) -> LaneState {
        wait_for(what, || Some(self.lane()).filter(|lane| wanted(lane)))
    }
}

fn configuration(folder: &Path) -> String {
    let mut lane = toml::Table::new();
    lane.insert("lane".into(), 1.into());
    lane.insert("reader".into(), reader_name(READER).into());
    let mut configuration = toml::Table::new();
    for (key, name) in [("data", "data"), ("socket", "kiosk.sock")] {
        configuration.insert(key.into(), folder.join(name).to_str().expect("a plain path").into());
    }
    configuration.insert("lane".into(), vec![lane].into());
    configuration.to_string()
}

fn first_site(town: &Path) -> String {
    let town: toml::Table = std::fs::read_to_string(town).expect("the town").parse().expect("its file");
    town["site"][0]["id"].as_str().expect("an id").to_owned()
}

/// Holds a card to the reader until it was read.
fn hold(card: &str) {
    let body = format!(r#"{{"card":"{card}","reader":"gym","hold_ms":1000}}"#);
    let mut tray = TcpStream::connect(TRAY).expect("the tray");
    let head = "POST /hold HTTP/1.1\r\nHost: tray\r\nContent-Type: application/json\r\nConnection: close";
    write!(tray, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).expect("the tray reads");
    let mut answer = String::new();
    tray.read_to_string(&mut answer).expect("the tray answers");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_site_is_opened_and_a_family_received_by_hand() {
    in_namespace("window::opening::a_site_is_opened_and_a_family_received_by_hand", || {
        let folder = tempfile::tempdir().expect("a folder");
        let town = Town::start(folder.path());
        let display = Display::start(folder.path());
        let _kiosk = display.open_kiosk(&town.socket(), &Sound::Off);
        // What the window has to show, and where its buttons are, the library says for the daemon's lane.
        let mut panel = Panel::new(LANDSCAPE);
        let touch = |panel: &mut Panel, label: &str| {
            display.wait_until_it_shows(label, panel);
            display.touch(place_of(panel, label));
            panel.touch(label);
        };
        panel.event(hinamori_kiosk::Event::Sound(hinamori_kiosk::SoundOutput::Off));
        panel.hear(ToKiosk::Snapshot(Box::new(town.wait_for_lane("the box's reader", |lane| {
            lane.status.reader == hinamori_ipc::ReaderState::Ready
        }))));
        assert_eq!(town.status()["mode"], "daily_life");

        touch(&mut panel, "避難所を 開く");
        assert_eq!(town.status()["mode"], "daily_life", "one touch opens nothing");
        touch(&mut panel, "避難所を 開く");
        let lane =
            town.wait_for_lane("the building check", |lane| lane.site == SiteState::AwaitingBuildingCheck);
        assert_eq!(town.status()["mode"], "live");

        panel.hear(ToKiosk::Snapshot(Box::new(lane)));
        touch(&mut panel, "どれも ない");
        let lane = town
            .wait_for_lane("an open site", |lane| lane.site == SiteState::Open(BuildingAnswer::NothingSeen));
        panel.hear(ToKiosk::Snapshot(Box::new(lane)));
        display.wait_until_it_shows("the reception", &mut panel);

        hold("hanako");
        let lane = town.wait_for_lane("a welcome", |lane| matches!(lane.screen, Screen::Answer(_)));
        assert_eq!(lane.here, 1);
        if let Screen::Answer(answer) = &lane.screen {
            panel.set_clock(answer.at);
        }
        panel.hear(ToKiosk::Snapshot(Box::new(lane)));
        touch(&mut panel, "浜田 勇");
        if let Some(folder) = std::env::var_os("HINAMORI_PICTURES") {
            display.wait_until_it_shows("the chosen member", &mut panel);
            display.save_picture(&Path::new(&folder).join("window-welcome.png"));
        }
        touch(&mut panel, "2人で 完了");
        town.wait_for_lane("two people", |lane| lane.here == 2);
    });
}
