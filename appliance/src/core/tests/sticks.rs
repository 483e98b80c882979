//! The button for sticks: two boxes, real folders, and the thread that works on them.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command as Program;

use hinamori_ipc::{Exchange, ExchangeReport, StickFault, StickState, SticksThere, WhyNotTaken};
use hinamori_model::AuditAction;
use hinamori_sim::pcscd::in_namespace;

use super::closing::NAME;
use super::neighbours::{HALL, boxes, package_of};
use super::staff::LEADER;
use super::*;
use crate::sticks::Sticks;

/// Where a box looks for sticks: its thread is worked by hand.
struct Port {
    sticks: Option<Sticks>,
    inbox: Inbox,
    events: Receiver<Event>,
}

impl Port {
    fn new(bench: &mut Bench, folder: &Path) -> Self {
        let (sticks, thread) = Sticks::new(folder.to_owned(), bench.core.own);
        bench.core.stick.attend(thread);
        let (inbox, events) = inbox();
        let mut port = Self { sticks: Some(sticks), inbox, events };
        port.step(bench, |_| {});
        port
    }

    /// What the thread does in a second, while the core works on. `meanwhile` looks on after everything that the core does.
    fn step(&mut self, bench: &mut Bench, mut meanwhile: impl FnMut(&mut Bench)) {
        let (mut sticks, inbox) = (self.sticks.take().unwrap(), self.inbox.clone());
        let thread = std::thread::spawn(move || {
            assert!(sticks.step_now(&inbox));
            sticks
        });
        loop {
            let is_last = thread.is_finished();
            match self.events.recv_timeout(Duration::from_millis(1)) {
                Ok(event) => bench.core.handle(event, bench.now),
                Err(_nothing) if is_last => break,
                Err(_nothing) => bench.core.while_nobody_waits(),
            }
            bench.core.publish(bench.now);
            meanwhile(bench);
        }
        self.sticks = Some(thread.join().unwrap());
    }

    /// One touch, to its end.
    fn exchange_while(&mut self, bench: &mut Bench, meanwhile: impl FnMut(&mut Bench)) -> ExchangeReport {
        self.step(bench, |_| {});
        assert_eq!(bench.touch_button(), Ok(()));
        self.step(bench, meanwhile);
        match bench.stick().exchange {
            Exchange::Over(report) => report,
            other => panic!("{other:?}"),
        }
    }

    fn exchange(&mut self, bench: &mut Bench) -> ExchangeReport {
        self.exchange_while(bench, |_| {})
    }
}

impl Bench {
    fn stick(&self) -> StickState {
        *self.lane().stick.clone().unwrap()
    }

    fn touch_button(&mut self) -> Result<(), Refusal> {
        self.ask_now(Command::ExchangeStick).map(|reply| assert_eq!(reply, None))
    }
}

/// Two boxes that may read each other, each with somebody who came, and a folder with one stick.
fn two_boxes() -> (Bench, Bench, tempfile::TempDir, PathBuf) {
    let (mut gym, mut hall) = boxes(true);
    let mut package = Package { version: 2, ..package_of(&gym, &hall, true) };
    package.boxes[0].1.reads = vec![HALL];
    for bench in [&mut gym, &mut hall] {
        bench.take(&package);
    }
    gym.tap("hanako");
    gym.receive_stranger();
    hall.tap("kiyoko");
    let folder = tempfile::tempdir().unwrap();
    let stick = folder.path().join("sda1");
    fs::create_dir(&stick).unwrap();
    (gym, hall, folder, stick)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn one_touch_at_each_box_and_both_know_what_the_other_knows() {
    let (mut gym, mut hall, folder, stick) = two_boxes();
    let mut at_gym = Port::new(&mut gym, folder.path());
    let mut at_hall = Port::new(&mut hall, folder.path());
    assert_eq!(gym.stick(), StickState { there: SticksThere::One, exchange: Exchange::NotBegun });

    let first = at_gym.exchange(&mut gym);
    let written = first.written.unwrap();
    assert!(written >= 3 && first.taken == 0 && first.new == 0, "{first:?}");
    let second = at_hall.exchange(&mut hall);
    assert_eq!((second.taken, second.new, second.put_aside), (1, written, 0), "{second:?}");
    assert_eq!(second.not_taken, []);
    assert!(hall.seen(gym.person("hanako")).is_some());
    assert_eq!(hall.stranger_s_name().0.as_deref(), Some(NAME), "with the keys of what is written down");
    assert!(second.written.unwrap() > written, "what it heard goes on to the next box");
    let back = at_gym.exchange(&mut gym);
    assert!(back.taken == 1 && back.new > 0 && back.written == second.written, "{back:?}");
    assert!(gym.seen(gym.person("kiyoko")).is_some());

    // Again and again brings nothing new, and the stick does not fill.
    gym.tap("naoki");
    for _ in 0..2 {
        assert_eq!(at_gym.exchange(&mut gym).new, 0);
    }
    assert!(at_hall.exchange(&mut hall).new > 0);
    let left = names(&stick);
    for bench in [&gym, &hall] {
        let own = left.iter().filter(|name| name.starts_with(&format!("hinamori-{}-", bench.core.own)));
        assert_eq!(own.count(), 1, "{left:?}");
    }
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|name| name.ends_with(".hinamori")));
    for name in &left {
        let bytes = fs::read(stick.join(name)).unwrap();
        assert!(
            bytes.windows(NAME.len()).all(|part| part != NAME.as_bytes()),
            "nobody reads it off the stick"
        );
    }
}

#[test]
fn what_is_no_bundle_is_named_and_left_alone() {
    let (mut gym, mut hall, folder, stick) = two_boxes();
    let whole = hall.export();
    let (mut stranger, _) = boxes(true);
    for (name, bytes) in [
        ("a-whole.HINAMORI", whole.as_slice()),
        ("b-half.hinamori", &whole[..whole.len() - 40]),
        ("c-head.hinamori", &whole[..60]),
        ("d-garbage.hinamori", b"hinamori bundle1 and nothing of one"),
        ("e-empty.hinamori", b""),
        ("f-stranger\u{202e}.hinamori", stranger.export().as_slice()),
        (".hidden.hinamori", b"a Macintosh leaves these"),
        ("notes.txt", b"somebody's"),
    ] {
        fs::write(stick.join(name), bytes).unwrap();
    }
    symlink(gym.core.config.data.join("seal-key"), stick.join("g-link.hinamori")).unwrap();
    fs::create_dir(stick.join("h-folder.hinamori")).unwrap();
    let pipe = stick.join("i-pipe.hinamori");
    assert!(Program::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::File::create(stick.join("j-long.hinamori")).unwrap().set_len(LONGEST_HERE as u64 + 1).unwrap();
    // Of an exchange that a power cut ended.
    let part = format!("hinamori-{}-part", gym.core.own);
    fs::write(stick.join(&part), b"half").unwrap();
    let before = names(&stick);

    let report = Port::new(&mut gym, folder.path()).exchange(&mut gym);
    assert_eq!(report.taken, 1, "{report:?}");
    let not_taken: Vec<_> = report.not_taken.iter().map(|file| (file.name.as_str(), file.why)).collect();
    assert_eq!(
        not_taken,
        [
            ("b-half.hinamori", WhyNotTaken::Half),
            ("c-head.hinamori", WhyNotTaken::NoBundle),
            ("d-garbage.hinamori", WhyNotTaken::NoBundle),
            ("e-empty.hinamori", WhyNotTaken::NoBundle),
            ("f-stranger?.hinamori", WhyNotTaken::Stranger),
            ("g-link.hinamori", WhyNotTaken::NoFile),
            ("h-folder.hinamori", WhyNotTaken::NoFile),
            ("i-pipe.hinamori", WhyNotTaken::NoFile),
        ]
    );
    assert_eq!(report.not_named, 1, "the long one is counted");
    assert!(report.written.is_ok() && gym.seen(gym.person("kiyoko")).is_some());
    let after = names(&stick);
    let kept = before.iter().filter(|name| **name != part);
    assert!(kept.clone().all(|name| after.contains(name)), "{after:?}");
    assert_eq!(after.len(), kept.count() + 1, "its own, and nothing half: {after:?}");
}

#[test]
fn a_stick_with_far_too_many_files_ends() {
    let (mut gym, mut hall, folder, stick) = two_boxes();
    for number in 0..300 {
        fs::write(stick.join(format!("{number:03}.hinamori")), b"no bundle").unwrap();
    }
    fs::write(stick.join("last.hinamori"), hall.export()).unwrap();
    let report = Port::new(&mut gym, folder.path()).exchange(&mut gym);
    assert_eq!(
        (report.taken, report.not_taken.len(), report.not_named),
        (0, 8, 293),
        "the last is beyond them"
    );
    assert!(report.written.is_ok());
}

#[test]
fn a_stick_that_is_pulled_in_the_middle_is_told_and_costs_nothing() {
    for at in [Exchange::Reading { file: 1, files: 1 }, Exchange::Writing] {
        let (mut gym, mut hall, folder, stick) = two_boxes();
        fs::write(stick.join("hall.hinamori"), hall.export()).unwrap();
        let mut port = Port::new(&mut gym, folder.path());
        let elsewhere = folder.path().with_extension("pulled");
        let report = port.exchange_while(&mut gym, |bench| {
            if bench.stick().exchange == at && stick.exists() {
                fs::rename(&stick, &elsewhere).unwrap();
            }
        });
        assert_eq!(report.written, Err(StickFault::TakenOut), "{at:?}");
        assert_eq!(gym.stick().there, SticksThere::None);
        assert!(matches!(gym.stick().exchange, Exchange::Over(_)), "it stays to be read");
        assert_eq!(gym.seen(gym.person("kiyoko")).is_some(), report.new > 0);

        // The same stick comes back: everything is begun anew.
        fs::rename(&elsewhere, &stick).unwrap();
        port.step(&mut gym, |_| {});
        assert_eq!(gym.stick(), StickState { there: SticksThere::One, exchange: Exchange::NotBegun });
        assert!(port.exchange(&mut gym).written.is_ok());
        assert!(gym.seen(gym.person("kiyoko")).is_some());
    }
}

#[test]
fn the_queue_goes_on_while_a_stick_is_read_and_written() {
    let (mut gym, mut hall, folder, stick) = two_boxes();
    fs::write(stick.join("hall.hinamori"), hall.export()).unwrap();
    let mut cards = ["naoki", "isamu"].into_iter();
    let (mut during_import, mut during_export, mut pieces) = (None, None, [0, 0]);
    let report = Port::new(&mut gym, folder.path()).exchange_while(&mut gym, |bench| {
        let [heard, said] = &mut pieces;
        let (taken, pieces) = match (bench.core.import.is_some(), bench.core.export.is_some()) {
            (true, _) => (&mut during_import, heard),
            (_, true) => (&mut during_export, said),
            _ => return,
        };
        *pieces += 1;
        if taken.is_none() {
            *taken = Some(bench.tap(cards.next().unwrap()));
            assert!(bench.stick().is_underway());
        }
    });
    for answer in [during_import, during_export] {
        assert!(matches!(answer, Some(AnswerKind::Welcome { .. })), "{answer:?}");
    }
    assert!(pieces.iter().all(|pieces| *pieces > 2), "a card may come between any two: {pieces:?}");
    assert!(report.written.is_ok() && report.taken == 1);
    assert!(gym.seen(gym.person("naoki")).is_some() && gym.seen(gym.person("isamu")).is_some());
}

#[test]
fn the_button_does_nothing_without_one_stick_twice_or_without_a_town() {
    let (mut gym, _, folder, stick) = two_boxes();
    let mut port = Port::new(&mut gym, folder.path());
    let other = folder.path().join("sdb1");
    fs::create_dir(&other).unwrap();
    port.step(&mut gym, |_| {});
    assert_eq!((gym.stick().there, gym.touch_button()), (SticksThere::Several, Err(Refusal::NotNow)));
    fs::remove_dir(&other).unwrap();
    // What is no folder of its own is no stick.
    symlink(gym.folder.path(), &other).unwrap();
    fs::write(folder.path().join("sdc1"), b"").unwrap();
    fs::create_dir(folder.path().join(".sdd1")).unwrap();
    port.step(&mut gym, |_| {});
    assert_eq!((gym.stick().there, gym.touch_button()), (SticksThere::One, Ok(())));
    assert_eq!(gym.touch_button(), Err(Refusal::NotNow), "it is under way");
    fs::remove_dir(&stick).unwrap();
    port.step(&mut gym, |_| {});
    assert_eq!(gym.stick(), StickState::default(), "it was gone before it began");
    assert_eq!(gym.touch_button(), Err(Refusal::NotNow));

    let mut alone = Bench::without_town();
    assert_eq!((alone.core.publish(alone.now), alone.lane().stick.clone()), ((), None));
    assert_eq!(alone.touch_button(), Err(Refusal::NotNow), "this box looks for none");
    fs::create_dir(&stick).unwrap();
    fs::write(stick.join("a.hinamori"), b"").unwrap();
    let report = Port::new(&mut alone, folder.path()).exchange(&mut alone);
    assert_eq!(report.written, Err(StickFault::NoTown));
    assert_eq!(names(&stick), ["a.hinamori"]);
}

#[test]
fn somebody_of_the_staff_touches_it_and_that_is_written_down_first() {
    let mut bench = Bench::staffed();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sda1")).unwrap();
    let mut port = Port::new(&mut bench, folder.path());
    assert_eq!(bench.touch_button(), Err(Refusal::SignIn));
    assert_eq!(bench.sign_in("hanako", None), []);
    assert!(bench.audited().iter().all(|line| line.1 != AuditAction::ExchangedStick));
    assert!(port.exchange(&mut bench).written.is_ok());
    let written = bench.audited().into_iter().filter(|line| line.1 == AuditAction::ExchangedStick);
    assert_eq!(written.collect::<Vec<_>>(), [(Some(LEADER), AuditAction::ExchangedStick, None, None, 0)]);
}

#[test]
fn a_full_or_locked_stick_says_so_and_keeps_what_it_had() {
    in_namespace("core::tests::sticks::a_full_or_locked_stick_says_so_and_keeps_what_it_had", || {
        // Only here may something be mounted.
        let folder = Path::new("/run/pcscd/sticks");
        let stick = folder.join("sda1");
        fs::create_dir_all(&stick).unwrap();
        let mount = |options: &str| {
            let mounted =
                Program::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&stick).status();
            assert!(mounted.unwrap().success());
        };
        mount("size=1m");
        let (mut gym, mut hall, _, _) = two_boxes();
        let mut port = Port::new(&mut gym, folder);
        assert!(port.exchange(&mut gym).written.is_ok());
        let had = names(&stick);
        fs::write(stick.join("hall.hinamori"), hall.export()).unwrap();

        // Somebody's films.
        let filled = fs::write(stick.join("film"), vec![0; 2 << 20]);
        assert_eq!(filled.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        gym.tap("naoki");
        let full = port.exchange(&mut gym);
        assert_eq!((full.written, full.taken), (Err(StickFault::Full), 1), "what it brought is taken");
        assert!(had.iter().all(|name| names(&stick).contains(name)), "{:?}", names(&stick));
        assert_eq!(names(&stick).len(), had.len() + 2, "nothing half is left");

        fs::remove_file(stick.join("film")).unwrap();
        mount("remount,ro");
        let locked = port.exchange(&mut gym);
        assert_eq!(locked.written, Err(StickFault::ReadOnly));
        assert_eq!(locked.taken, 1);
        mount("remount,rw");
        assert!(port.exchange(&mut gym).written.is_ok());
        assert!(
            names(&stick)
                .iter()
                .all(|name| name == "hall.hinamori" || name.contains(&gym.core.own.to_string()))
        );
    });
}
