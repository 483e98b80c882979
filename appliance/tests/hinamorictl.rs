//! `hinamorictl` as an installer types it: the real programs, and readers of a real pcscd.
//!
//! Needs pcscd, vsmartcard-vpcd and opensc; the tests with readers have namespaces of their own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support outside test functions"
)]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use hinamori_net_tls::EnrolmentCode;
use hinamori_sim::folder::everything_in;
use hinamori_sim::pcscd::{Pcscd, in_namespace, reader_address, reader_name};
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::tray::{Day, Tray, TrayFile};
use hinamori_sim::virtual_card::VirtualCard;
use hinamori_sim::vpcd::InsertedCard;
use tempfile::TempDir;

const PORT: u16 = 21_101;
/// Far longer than anything here takes, so that only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// pcscd looks every 0.4 s.
const SEEN_TO_LEAVE: Duration = Duration::from_millis(800);
/// nobody
const SERVICE_USER: u32 = 65_534;

/// A program with its output, line by line; it is killed with the value.
struct Program {
    process: Child,
    lines: Receiver<String>,
}

impl Program {
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // The test may have seen enough.
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)).ok();
        });
        Self { process, lines }
    }

    /// The next line that begins like this.
    #[track_caller]
    fn says(&self, beginning: &str) -> String {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.starts_with(beginning) => return line,
                Ok(line) => before.push(line),
                Err(_silent) => panic!("no {beginning:?} after {before:?}"),
            }
        }
    }

    /// What is left of its output, to a good end.
    fn rest(&mut self) -> Vec<String> {
        let rest = self.lines.iter().collect();
        assert!(self.process.wait().unwrap().success());
        rest
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The settings of a box.
struct TestBox {
    folder: TempDir,
}

impl TestBox {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        let reader = reader_name(PORT);
        let settings = format!(
            "data = \"{path}/data\"\nsocket = \"{path}/kiosk.sock\"\n[[lane]]\nlane = 1\nreader = \"{reader}\"\n"
        );
        std::fs::write(folder.path().join("box.toml"), settings).unwrap();
        Self { folder }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.arg("--config").arg(self.folder.path().join("box.toml"));
        command
    }

    fn control(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_hinamorictl"));
        command.args(arguments);
        command
    }

    /// A daemon that is ready.
    fn daemon(&self) -> Program {
        let daemon = Program::start(&mut self.program(env!("CARGO_BIN_EXE_hinamori-appliance")));
        daemon.says("ready");
        daemon
    }

    fn pcscd(&self) -> Pcscd {
        Pcscd::start(self.folder.path(), &[PORT]).unwrap()
    }
}

/// The demo town's cards.
fn tray() -> Tray {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/demo-town/tray.toml");
    Tray::make(TrayFile::read(&file).unwrap(), Day::today())
}

fn card(tray: &Tray, name: &str) -> VirtualCard {
    tray.card(name).expect(name).fresh()
}

fn lay(card: VirtualCard) -> InsertedCard {
    let presented = PresentedCard::new(card, Fault::None, Timing::NONE);
    InsertedCard::insert(reader_address(PORT), presented).unwrap()
}

#[test]
fn reader_test_names_readers_and_what_lies_on_them() {
    in_namespace("reader_test_names_readers_and_what_lies_on_them", || {
        let (tray, test_box) = (tray(), TestBox::new());
        let _pcscd = test_box.pcscd();
        let test = Program::start(&mut test_box.control(&["reader-test"]));
        let reader = reader_name(PORT);
        test.says(&format!("reader   {reader}"));
        for (name, kind) in [
            ("hanako", "My Number card, readable"),
            ("phone", "phone or card that wants a PIN"),
            ("doctor", "health professional's card"),
            ("suica", "unknown card with a number of its own"),
        ] {
            let laid = lay(card(&tray, name));
            let said = test.says("card     ");
            assert!(said.starts_with(&format!("card     {reader}: {kind}, read in ")), "{name}: {said}");
            drop(laid.remove());
            std::thread::sleep(SEEN_TO_LEAVE);
        }
    });
}

#[test]
fn pin_status_tells_the_tries_left_and_costs_none() {
    in_namespace("pin_status_tells_the_tries_left_and_costs_none", || {
        let (tray, test_box) = (tray(), TestBox::new());
        let _pcscd = test_box.pcscd();
        let hanako = [
            "authentication PIN: 2 tries left",
            "signature password: 4 tries left",
            "attribute PIN: 2 tries left",
            "check number B: 9 tries left",
        ];
        let blocked = [&["authentication PIN: blocked, or never set"], &hanako[1..]].concat();
        for (name, told) in [("hanako", hanako.to_vec()), ("blocked", blocked), ("suica", Vec::new())] {
            let mut before = card(&tray, name);
            // One wrong try was made with each.
            let tries = before.pin_tries().into_iter().map(|(pin, left)| (pin, left.saturating_sub(1)));
            before.restore_pin_tries(&tries.collect());
            let tries = before.pin_tries();
            let log = before.log();
            let mut status = Program::start(&mut test_box.control(&["pin-status"]));
            status.says(&format!("reader   {}", reader_name(PORT)));
            let laid = lay(before);
            status.says("card     ");
            let rest = status.rest();
            assert_eq!(rest.iter().map(|line| line.trim_start()).collect::<Vec<_>>(), told, "{name}");
            assert_eq!(log.secrets_presented(), 0, "{name}");
            let after = laid.remove().expect("the card");
            assert_eq!(after.pin_tries(), tries, "{name}");
            std::thread::sleep(SEEN_TO_LEAVE);
        }
    });
}

#[test]
fn cards_are_left_to_a_daemon_that_runs() {
    let test_box = TestBox::new();
    let daemon = test_box.daemon();
    for command in ["reader-test", "pin-status"] {
        let refused = test_box.control(&[command, "--seconds", "0"]).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("stop it first"), "{command}: {said}");
        assert!(refused.stdout.is_empty(), "{command}");
    }
    // Killed, it leaves its socket; that holds no card.
    drop(daemon);
    assert!(test_box.data().join("control.sock").exists());
    for command in ["reader-test", "pin-status"] {
        assert!(test_box.control(&[command, "--seconds", "0"]).status().unwrap().success(), "{command}");
    }
}

#[test]
fn whoever_types_the_commands_the_files_stay_the_daemon_s_user_s() {
    let test_box = TestBox::new();
    std::fs::create_dir(test_box.data()).unwrap();
    // Only root can give a folder away; for another user its own has to stay its own.
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if is_root {
        for path in everything_in(test_box.folder.path()).unwrap() {
            chown(path, Some(SERVICE_USER), Some(SERVICE_USER)).unwrap();
        }
    }
    let owner = |path: &Path| {
        let found = std::fs::metadata(path).unwrap();
        (found.uid(), found.gid())
    };
    let expected = owner(&test_box.data());

    // Nobody is there, but the box has made its key by then.
    let code = EnrolmentCode {
        address: "127.0.0.1:1".to_owned(),
        town_root: [1; 32],
        tls_root: [2; 32],
        token: [3; 10],
    };
    assert!(!test_box.control(&["enrol", &code.to_string()]).output().unwrap().status.success());
    assert_eq!(owner(&test_box.data().join("seal-key")), expected);

    let daemon = test_box.daemon();
    for path in everything_in(&test_box.data()).unwrap() {
        assert_eq!(owner(&path), expected, "{}", path.display());
    }
    if is_root {
        let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.process.id())).unwrap();
        for line in [
            "Uid:\t65534\t65534\t65534\t65534",
            "Gid:\t65534\t65534\t65534\t65534",
            "Groups:\t65534 ",
            "CapEff:\t0000000000000000",
        ] {
            assert!(status.lines().any(|found| found == line), "{line:?} is not in\n{status}");
        }
    }
}
