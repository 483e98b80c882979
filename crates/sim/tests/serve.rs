//! The program itself: `hinamori-simcard serve` over a real pcscd, judged by OpenSC.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test support outside test functions"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use hinamori_sim::pcscd::{Pcscd, in_namespace, reader_name};
use serde_json::{Value, json};
use ureq::Agent;

const GYM: u16 = 21_000;
const GATE: u16 = 21_010;
const LISTEN: &str = "127.0.0.1:21100";
const TRAY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/demo-town/tray.toml");

/// A running tray; ends with the value.
struct Tray {
    process: Child,
    agent: Agent,
}

impl Tray {
    fn start(state: &Path) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_hinamori-simcard"))
            .args(["serve", "--tray", TRAY, "--listen", LISTEN, "--delays", "none", "--state"])
            .arg(state)
            .args(["--reader", &format!("gym={GYM}"), "--reader", &format!("gate={GATE}")])
            .stdout(Stdio::piped())
            .spawn()
            .expect("hinamori-simcard");
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "listening\n");
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        Self { process, agent }
    }

    /// Status and body.
    fn post(&self, action: &str, body: &Value) -> (u16, String) {
        let mut response = self.agent.post(format!("http://{LISTEN}/{action}")).send_json(body).unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    /// What a presentation came to.
    fn taken(&self, action: &str, body: &Value) -> Value {
        let (status, answer) = self.post(action, body);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    fn get(&self, what: &str) -> String {
        self.agent.get(format!("http://{LISTEN}/{what}")).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// The card on a reader as `/cards.json` tells.
    fn on(&self, reader: &str) -> Value {
        let answer: Value = serde_json::from_str(&self.get("cards.json")).unwrap();
        let readers = answer["readers"].as_array().unwrap();
        readers.iter().find(|at| at["reader"] == reader).unwrap()["card"].clone()
    }

    fn end(mut self) {
        let stop = format!("kill -TERM {}", self.process.id());
        assert!(Command::new("sh").args(["-c", &stop]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Tray {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// `opensc-tool` at the school's reader.
fn opensc(arguments: &[&str]) -> String {
    let reader = reader_name(GYM);
    let out = Command::new("opensc-tool").args(["-r", &reader]).args(arguments).output().unwrap();
    String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned()
}

/// One story for all: the keys of a tray take seconds to make.
#[test]
fn a_tray_serves_a_real_pcscd() {
    in_namespace("a_tray_serves_a_real_pcscd", || {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let tray = Tray::start(&state);
        without_pcscd_a_card_stays_in_the_tray(&tray);
        let pcscd = Pcscd::start(folder.path(), &[GYM, GATE]).unwrap();
        a_card_of_the_tray_is_a_card_to_opensc(&tray, &pcscd);
        a_hold_ends_by_itself(&tray);
        present_a_wrong_pin(&tray, &pcscd, "SW1=0x63, SW2=0xC2");
        // The end takes the card off.
        tray.end();

        let tray = Tray::start(&state);
        present_a_wrong_pin(&tray, &pcscd, "SW1=0x63, SW2=0xC1");
        assert_eq!(tray.taken("take", &json!({"reader": "gym"}))["secrets_presented"], json!(1));
        tray.end();
    });
}

fn without_pcscd_a_card_stays_in_the_tray(tray: &Tray) {
    for _ in 0..2 {
        let (status, sentence) = tray.post("lay", &json!({"card": "hanako", "reader": "gym"}));
        assert_eq!(status, 409);
        assert!(sentence.contains("pcscd"), "{sentence}");
    }
    assert_eq!(tray.on("gym"), Value::Null);
}

fn a_card_of_the_tray_is_a_card_to_opensc(tray: &Tray, pcscd: &Pcscd) {
    let lay = |card: &str, reader: &str| tray.post("lay", &json!({"card": card, "reader": reader}));
    assert_eq!(lay("hanako", "gym").0, 204);
    pcscd.wait_for_card(GYM).unwrap();
    let answer = opensc(&["-n"]);
    assert!(answer.contains("jpki"), "{answer}");

    for (card, reader, status) in
        [("hanako", "gate", 409), ("clone", "gym", 409), ("nobody", "gate", 404), ("clone", "attic", 404)]
    {
        let (refused, sentence) = lay(card, reader);
        assert_eq!((refused, sentence.lines().count()), (status, 1), "{card} at {reader}: {sentence}");
    }
    // Only a copy of it can lie on the other reader meanwhile.
    assert_eq!(lay("clone", "gate").0, 204);
    assert_eq!((tray.on("gym"), tray.on("gate")), (json!("hanako"), json!("clone")));

    let taken = tray.taken("take", &json!({"reader": "gym"}));
    let commands = usize::try_from(taken["commands"].as_u64().unwrap()).unwrap();
    assert!(commands > 5, "{taken}");
    assert_eq!((&taken["torn"], &taken["secrets_presented"]), (&json!(false), &json!(0)));
    assert_eq!(tray.post("take", &json!({"reader": "gym"})).0, 409);
    let log = tray.get("log?card=hanako");
    assert_eq!(log.lines().count(), commands);
    assert!(log.contains("00 A4 04 0C Lc=10 -> 0 B 9000"), "{log}");
    assert!(tray.get("").contains("カードの盆"));
}

fn a_hold_ends_by_itself(tray: &Tray) {
    let hold = |fault: Value, hold_ms: u64| json!({"card": "naoki", "reader": "gym", "hold_ms": hold_ms, "fault": fault});
    assert_eq!(tray.taken("hold", &hold(Value::Null, 50))["torn"], json!(false));

    // Whoever asked goes away at once.
    let body = hold(Value::Null, 800).to_string();
    let mut caller = TcpStream::connect(LISTEN).unwrap();
    let head = "POST /hold HTTP/1.1\r\nHost: tray\r\nContent-Type: application/json\r\n";
    write!(caller, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    until("the card on the reader", || tray.on("gym") == json!("naoki"));
    drop(caller);
    until("the card off the reader", || tray.on("gym") == Value::Null);

    // Another hand takes the card off; the hold notices and says so.
    std::thread::scope(|scope| {
        let held = scope.spawn(|| tray.post("hold", &hold(Value::Null, 20_000)));
        until("the card on the reader", || tray.on("gym") == json!("naoki"));
        tray.taken("take", &json!({"reader": "gym"}));
        assert_eq!(held.join().unwrap().0, 409);
    });

    // OpenSC's first command tears the card off, long before the hold would end. At first the list of
    // readers may still speak of the card before.
    std::thread::scope(|scope| {
        let held = scope.spawn(|| tray.taken("hold", &hold(json!({"torn_after": 0}), 20_000)));
        until("a torn card", || {
            opensc(&["-n"]);
            held.is_finished()
        });
        let torn = held.join().unwrap();
        assert_eq!((&torn["torn"], &torn["commands"]), (&json!(true), &json!(1)));
    });
}

fn present_a_wrong_pin(tray: &Tray, pcscd: &Pcscd, told: &str) {
    tray.post("lay", &json!({"card": "isamu", "reader": "gym"}));
    pcscd.wait_for_card(GYM).unwrap();
    let select = ["-s", "00A4040C0AD392F000260100000001", "-s", "00A4020C020018"];
    let mut answer = String::new();
    // A card that pcscd has not noticed yet fails at the first command already.
    until("an answer to VERIFY", || {
        answer = opensc(&[&select[..], &["-s", "002000800439393939"]].concat());
        answer.contains("SW1=0x63")
    });
    assert!(answer.contains(told), "{answer}");
    assert!(!tray.get("log?card=isamu").contains("39"));
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "never {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
