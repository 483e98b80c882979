//! One box that no server knows, through the real pcscd and the real daemon: what bad cards, bad disks and
//! bad days do to it. Each test has namespaces of its own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test support outside test functions")]

use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::Duration;

use hinamori_demo::child::{Running, wait_until};
use hinamori_demo::kiosk::Kiosk;
use hinamori_ipc::{
    Answer, AnswerKind, Command, DiskState, HoldReason, Party, ReaderState, Refusal, Screen, SiteState,
};
use hinamori_model::{CounterKind, Doubt, LaneId, Mode};
use hinamori_sim::ca::{Hierarchy, Holder};
use hinamori_sim::jpki::{Credential, Token, jpki_applet};
use hinamori_sim::pcscd::{Pcscd, in_namespace, reader_address, reader_name};
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};
use hinamori_sim::vpcd::InsertedCard;

const PORTS: [u16; 2] = [22_000, 22_010];
const ATR: [u8; 14] = [0x3B, 0x88, 0x80, 0x01, 0, 0, 0, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0, 0x7F];
const SOON: Duration = Duration::from_secs(20);

/// A box of two lanes and its readers.
struct Rig {
    folder: tempfile::TempDir,
    pcscd: Option<Pcscd>,
    daemon: Option<Running>,
}

fn program(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().and_then(Path::parent).unwrap().join(name);
    assert!(program.exists(), "{} is missing: `make test` builds it first", program.display());
    program
}

impl Rig {
    fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap())
    }

    /// Settings and data lie in `folder`.
    fn in_folder(folder: tempfile::TempDir) -> Self {
        let path = folder.path().display();
        let lanes = [1, 2]
            .map(|lane| format!("[[lane]]\nlane = {lane}\nreader = \"{}\"\n", reader_name(PORTS[lane - 1])));
        let text = format!("data = \"{path}/data\"\nsocket = \"{path}/kiosk.sock\"\n{}", lanes.concat());
        std::fs::write(folder.path().join("box.toml"), text).unwrap();
        let pcscd = Some(Pcscd::start(folder.path(), &PORTS).unwrap());
        let mut rig = Self { folder, pcscd, daemon: None };
        rig.start();
        rig
    }

    fn start(&mut self) {
        let mut command = Process::new(program("hinamori-appliance"));
        command.arg("--config").arg(self.folder.path().join("box.toml"));
        let log = self.folder.path().join("daemon.log");
        self.daemon = Some(Running::start_ready("the daemon", &mut command, &log, "ready").unwrap());
    }

    fn kill(&mut self) {
        self.daemon.take().unwrap().kill().unwrap();
    }

    fn records(&self) -> u64 {
        let output = Process::new(program("hinamorictl"))
            .arg("--config")
            .arg(self.folder.path().join("box.toml"))
            .args(["status", "--json"])
            .output()
            .unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        status["records"].as_u64().unwrap()
    }

    /// A kiosk whose reader is ready.
    fn kiosk(&self, lane: u8) -> Kiosk {
        let mut kiosk = Kiosk::connect(&self.folder.path().join("kiosk.sock"), LaneId(lane)).unwrap();
        kiosk.until("a reader", |lane| lane.status.reader == ReaderState::Ready).unwrap();
        kiosk
    }
}

/// A card that no town registered.
fn card(holder: u32) -> VirtualCard {
    let authority = Hierarchy::jpki_auth(1);
    let issued = authority.issue(&Holder::numbered(holder));
    let credential = Credential::authentication(&issued, authority.anchor_der(), Some("1234"));
    let identifier = ContactlessId::Fixed(vec![1, 2, 3, u8::try_from(holder).unwrap()]);
    VirtualCard::new(&ATR, identifier, vec![jpki_applet(Token::Plastic, credential, None)])
}

/// Lays a card on a lane's reader, once pcscd has seen the last one leave.
fn lay(lane: u8, holder: u32, fault: Fault) -> InsertedCard {
    std::thread::sleep(Duration::from_millis(600));
    let reader = reader_address(PORTS[usize::from(lane) - 1]);
    wait_until("a free reader", SOON, || {
        Ok(Some(InsertedCard::insert(reader, PresentedCard::new(card(holder), fault, Timing::NONE))?))
    })
    .unwrap()
}

/// Holds a card until its lane answers, and takes it off.
fn tap(kiosk: &mut Kiosk, lane: u8, holder: u32, fault: Fault) -> Answer {
    let last = kiosk.last_answer().unwrap();
    let laid = lay(lane, holder, fault);
    let answer = kiosk.answer_after(last).unwrap();
    drop(laid.remove());
    answer
}

#[test]
fn a_box_that_no_server_knows_receives_people() {
    in_namespace("a_box_that_no_server_knows_receives_people", || {
        let rig = Rig::new();
        let mut kiosk = rig.kiosk(1);
        let answer = tap(&mut kiosk, 1, 1, Fault::None);
        assert!(
            matches!(answer.kind, AnswerKind::Welcome { name: None, party: Party::Count }),
            "{:?}",
            answer.kind
        );
        assert_eq!((kiosk.lane().unwrap().here, rig.records()), (1, 1));
        let torn = tap(&mut kiosk, 1, 2, Fault::TornAfter(4));
        assert_eq!(torn.kind, AnswerKind::HoldAgain { reason: HoldReason::TornAway });
        assert_eq!(rig.records(), 1, "a torn card leaves nothing");
        let again = tap(&mut kiosk, 1, 2, Fault::None);
        assert!(matches!(again.kind, AnswerKind::Welcome { .. }), "{:?}", again.kind);
    });
}

#[test]
fn one_card_on_two_readers_at_once_is_a_doubt_and_both_are_received() {
    in_namespace("one_card_on_two_readers_at_once_is_a_doubt_and_both_are_received", || {
        let rig = Rig::new();
        let (mut first, mut second) = (rig.kiosk(1), rig.kiosk(2));
        let last = [first.last_answer().unwrap(), second.last_answer().unwrap()];
        let laid = [lay(1, 1, Fault::None), lay(2, 1, Fault::None)];
        first.answer_after(last[0]).unwrap();
        second.answer_after(last[1]).unwrap();
        drop(laid.map(InsertedCard::remove));
        let list = first.leader_list().unwrap();
        let noticed = list.iter().filter(|item| item.doubts.contains(&Doubt::TwoReaders)).count();
        assert_eq!((list.len(), noticed), (2, 1), "{list:?}");
    });
}

#[test]
fn a_full_disk_is_said_and_nothing_is_lost_or_thanked_for() {
    in_namespace("a_full_disk_is_said_and_nothing_is_lost_or_thanked_for", || {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Process::new("mount")
            .args(["-t", "tmpfs", "-o", "size=3m", "tmpfs"])
            .arg(folder.path())
            .status()
            .unwrap();
        assert!(mounted.success());
        let mut rig = Rig::in_folder(folder);
        let mut kiosk = rig.kiosk(1);
        tap(&mut kiosk, 1, 1, Fault::None);
        let filler = rig.folder.path().join("filler");
        let filled = Process::new("dd")
            .args(["if=/dev/zero", "bs=4k", "status=none"])
            .arg(format!("of={}", filler.display()))
            .status()
            .unwrap();
        assert!(!filled.success(), "dd stops when the disk is full");
        // What is allocated already may take a few records more.
        let refused = (2..40).find_map(|holder| {
            let answer = tap(&mut kiosk, 1, holder, Fault::None);
            matches!(answer.kind, AnswerKind::HoldAgain { .. }).then_some((holder, answer.kind))
        });
        let (holder, kind) = refused.expect("the disk is full at last");
        assert_eq!(kind, AnswerKind::HoldAgain { reason: HoldReason::DiskFull });
        assert_eq!(kiosk.lane().unwrap().status.disk, DiskState::Full);
        assert_eq!(kiosk.lane().unwrap().here, holder - 1);
        let touched = Command::CountPeople { answer: None, adults: 1, children: 0, infants: 0 };
        assert_eq!(kiosk.refusal_of(touched).unwrap(), Refusal::Disk);
        rig.kill();
        // pcscd takes up to 0.4 s to notice that the last card left: a new daemon would still see it.
        std::thread::sleep(Duration::from_millis(600));
        rig.start();
        let mut kiosk = rig.kiosk(1);
        assert_eq!(kiosk.lane().unwrap().here, holder - 1, "a full disk is no reason not to begin");
        let answer = tap(&mut kiosk, 1, holder, Fault::None);
        assert_eq!(answer.kind, AnswerKind::HoldAgain { reason: HoldReason::DiskFull });
        std::fs::remove_file(&filler).unwrap();
        let answer = tap(&mut kiosk, 1, holder, Fault::None);
        assert!(matches!(answer.kind, AnswerKind::Welcome { .. }), "{:?}", answer.kind);
        assert_eq!(kiosk.lane().unwrap().status.disk, DiskState::Ok);
        rig.kill();
        rig.start();
        assert_eq!(rig.kiosk(1).lane().unwrap().here, holder);
    });
}

#[test]
fn a_daemon_killed_at_any_moment_keeps_what_it_thanked_for() {
    in_namespace("a_daemon_killed_at_any_moment_keeps_what_it_thanked_for", || {
        let mut rig = Rig::new();
        let mut thanked = 0;
        for (round, delay) in (1..).zip([0, 300, 450, 520, 600, 700]) {
            let mut kiosk = rig.kiosk(1);
            assert!(kiosk.lane().unwrap().here >= thanked, "round {round}");
            let laid = lay(1, round, Fault::None);
            std::thread::sleep(Duration::from_millis(delay));
            let seen = kiosk.lane().unwrap();
            if matches!(&seen.screen, Screen::Answer(answer) if matches!(answer.kind, AnswerKind::Welcome { .. }))
            {
                thanked = seen.here;
            }
            rig.kill();
            drop(laid.remove());
            rig.start();
        }
        assert!(rig.kiosk(1).lane().unwrap().here >= thanked && thanked > 0, "{thanked}");
    });
}

#[test]
fn a_killed_pcscd_is_said_and_taps_go_on_with_the_next_one() {
    in_namespace("a_killed_pcscd_is_said_and_taps_go_on_with_the_next_one", || {
        let mut rig = Rig::new();
        let mut kiosk = rig.kiosk(1);
        rig.pcscd.take().unwrap().kill().unwrap();
        kiosk.until("no reader", |lane| lane.status.reader == ReaderState::Missing).unwrap();
        rig.pcscd = Some(Pcscd::start(rig.folder.path(), &PORTS).unwrap());
        kiosk.until("a reader", |lane| lane.status.reader == ReaderState::Ready).unwrap();
        let answer = tap(&mut kiosk, 1, 1, Fault::None);
        assert!(matches!(answer.kind, AnswerKind::Welcome { .. }), "{:?}", answer.kind);
    });
}

#[test]
fn a_drill_is_another_world_and_a_lane_and_its_incident_survive_a_restart() {
    in_namespace("a_drill_is_another_world_and_a_lane_and_its_incident_survive_a_restart", || {
        let mut rig = Rig::new();
        let mut kiosk = rig.kiosk(1);
        kiosk.send(Command::OpenIncident { mode: Mode::Drill }).unwrap();
        kiosk.until("the drill", |lane| lane.banner.mode == Mode::Drill).unwrap();
        tap(&mut kiosk, 1, 1, Fault::None);
        assert_eq!(kiosk.lane().unwrap().here, 1);
        kiosk.send(Command::EndDrill { then: Mode::Live }).unwrap();
        kiosk.until("the live incident", |lane| lane.banner.mode == Mode::Live).unwrap();
        let lane = kiosk.lane().unwrap();
        assert_eq!(
            (lane.here, lane.site, &lane.screen),
            (0, SiteState::AwaitingBuildingCheck, &Screen::Idle)
        );
        kiosk.send(Command::SwitchCounter(CounterKind::Watch)).unwrap();
        kiosk.until("the watch counter", |lane| lane.counter == CounterKind::Watch).unwrap();
        rig.kill();
        rig.start();
        let mut kiosk = rig.kiosk(1);
        let lane = kiosk.lane().unwrap();
        assert_eq!((lane.banner.mode, lane.counter), (Mode::Live, CounterKind::Watch));
    });
}
