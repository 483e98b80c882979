//! The set and the receiver on one wire of real frames: every way from an order to a set that is given back.

use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use hinamori_sim::television_set::{Manner, Press, RECEIVER, RECORDER, TUNER, TelevisionSet as Sim};
use serde_json::Value;

use crate::bus::SocketBus;
use crate::household::{AnswerKind, From, Household, Kept};
use crate::keeper::{Keeper, Settings};
use crate::shared::Shared;
use crate::television_set::{Pace, Power, TelevisionSet};
use crate::test_town::{Said, Town};
use crate::voice::Voice;

const PACE: Pace = Pace {
    answer: Duration::from_millis(80),
    look: Duration::from_millis(20),
    attempt: Duration::from_millis(300),
    // Longer than a busy machine takes for what a test does in it.
    settle: Duration::from_secs(60),
};
const SOON: Duration = Duration::from_secs(5);

struct Bench {
    town: Town,
    messages: Vec<Value>,
    minute: u64,
    sim: Sim,
    shared: Arc<Shared>,
    keeper: Keeper,
    ours: TelevisionSet,
    folder: tempfile::TempDir,
    drills: bool,
}

impl Bench {
    fn new(manner: Manner, is_on: bool, input: u16) -> Self {
        Self::of(Sim::new(manner, is_on, input), false)
    }

    fn of(sim: Sim, drills: bool) -> Self {
        let town = Town::new(40);
        let folder = tempfile::tempdir().unwrap();
        let household = Household::new(town.root(), Kept::default(), 0);
        let shared = Arc::new(Shared::new(folder.path().to_owned(), household, Vec::new()));
        let ours = wire(&sim, false);
        let keeper = keeper(&shared, &folder, drills, "one start");
        Self { town, messages: Vec::new(), minute: 0, sim, shared, keeper, ours, folder, drills }
    }

    /// The receiver's program ends and begins; with another start of the machine where that is another one.
    fn again(&mut self, boot: &str, is_active: bool) {
        self.keeper = keeper(&self.shared, &self.folder, self.drills, boot);
        self.ours = wire(&self.sim, is_active);
    }

    fn hear(&mut self, said: &Said) {
        self.messages.push(self.town.message(said));
        self.at(self.minute + 1);
    }

    /// A heartbeat says that it is so late.
    fn at(&mut self, minute: u64) {
        self.minute = minute;
        let said = self.town.says(minute, &self.messages);
        let running = self.shared.running();
        self.shared.change(|household| household.take(said, From::Town, running)).unwrap();
    }

    fn turn(&mut self) {
        self.keeper.turn(&mut self.ours).unwrap();
    }

    /// Turns until the set shows this.
    fn comes_to(&mut self, is_on: bool, input: u16) -> bool {
        (0..12).any(|_| {
            self.turn();
            self.sim.comes_to(is_on, input, Duration::from_millis(50))
        })
    }

    fn stays(&mut self, is_on: bool, input: u16) -> bool {
        (0..4).for_each(|_| self.turn());
        self.sim.shows() == (is_on, input)
    }

    fn sent(&self, frame: &[u8]) -> usize {
        self.sim.heard().iter().filter(|heard| *heard == frame).count()
    }
}

fn keeper(shared: &Arc<Shared>, folder: &tempfile::TempDir, drills: bool, boot: &str) -> Keeper {
    let voice = Arc::new(Voice::new(None, folder.path()));
    Keeper::new(Arc::clone(shared), voice, Settings { drills, pace: PACE }, folder.path(), boot)
}

fn wire(sim: &Sim, is_active: bool) -> TelevisionSet {
    let (one, other) = UnixStream::pair().unwrap();
    let sim = sim.clone();
    std::thread::spawn(move || drop(sim.serve(other)));
    TelevisionSet::new(Box::new(SocketBus::new(one)), PACE, is_active)
}

const IMAGE_VIEW_ON: &[u8] = &[0x40, 0x04];
const ACTIVE_SOURCE: &[u8] = &[0x4F, 0x82, 0x10, 0x00];
const INACTIVE_SOURCE: &[u8] = &[0x40, 0x9D, 0x10, 0x00];
const STANDBY: &[u8] = &[0x40, 0x36];

#[test]
fn a_set_that_was_off_is_woken_for_an_order_and_sent_back_to_sleep() {
    let mut bench = Bench::new(Manner::GOOD, false, RECORDER);
    bench.at(0);
    assert!(bench.stays(false, RECORDER), "nothing was said");
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    assert_eq!(bench.shared.seen().shows_us(), Some(true));
    assert!(bench.sent(IMAGE_VIEW_ON) > 0 && bench.sent(ACTIVE_SOURCE) > 0);
    bench.hear(&Said::all_clear(2, &[1]));
    assert!(bench.stays(true, RECEIVER), "it says how it ended");
    bench.sim.press(Press::Ok);
    assert!(bench.comes_to(false, RECEIVER), "they have read it");
    assert_eq!(bench.sent(STANDBY), 1);
    assert!(bench.stays(false, RECEIVER), "and nothing wakes it for what it has said");
}

#[test]
fn a_set_that_was_on_goes_back_to_what_it_showed() {
    for (input, path) in [(RECORDER, Some([0x4F, 0x86, 0x20, 0x00])), (TUNER, None)] {
        let mut bench = Bench::new(Manner::GOOD, true, input);
        bench.hear(&Said::order(1));
        assert!(bench.comes_to(true, RECEIVER));
        bench.hear(&Said::cancel(2, &[1]));
        bench.turn();
        bench.sim.press(Press::Ok);
        assert!(bench.comes_to(true, input));
        assert_eq!(bench.sent(INACTIVE_SOURCE), 1);
        assert_eq!(bench.sent(STANDBY), 0, "it was on");
        assert!(path.is_none_or(|path| bench.sent(&path) == 1));
    }
}

#[test]
fn an_order_that_is_over_gives_the_set_back() {
    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    bench.at(60);
    assert!(bench.stays(true, RECEIVER), "it holds for an hour");
    bench.at(62);
    assert!(bench.comes_to(false, RECEIVER));
}

#[test]
fn a_set_without_cec_is_no_error_and_costs_no_more_than_its_silence() {
    let mut bench = Bench::new(Manner { answers: false, ..Manner::GOOD }, false, TUNER);
    let began = std::time::Instant::now();
    bench.hear(&Said::order(1));
    assert!(bench.stays(false, TUNER));
    assert!(began.elapsed() < SOON);
    assert_eq!(bench.shared.seen().power, Power::Unknown);
    assert!(bench.sent(IMAGE_VIEW_ON) >= 1, "it is told all the same: some sets hear and do not answer");
    assert_eq!(bench.shared.seen().shows_us(), None, "nobody knows");
}

#[test]
fn a_set_that_tells_no_address_is_woken_from_none() {
    let mut bench = Bench::new(Manner { tells_address: false, ..Manner::GOOD }, false, TUNER);
    bench.hear(&Said::order(1));
    bench.turn();
    assert!(bench.sent(&[0xF0, 0x04]) > 0);
    assert!(
        !bench.sim.heard().iter().any(|frame| frame.get(1) == Some(&0x82)),
        "nobody says where they are not"
    );
}

#[test]
fn a_set_that_does_not_obey_is_asked_five_times_and_left() {
    let mut bench = Bench::new(Manner { obeys: false, ..Manner::GOOD }, false, TUNER);
    bench.hear(&Said::order(1));
    let digest = digest_of(&bench);
    bench.turn();
    assert_eq!(bench.sent(IMAGE_VIEW_ON), 5);
    assert!(bench.stays(false, TUNER));
    assert_eq!(bench.sent(IMAGE_VIEW_ON), 5);
    // What stands on a set that is off is not shown to anybody; what somebody pressed goes all the same.
    bench.shared.change(|household| household.answer(&digest, AnswerKind::Shown)).unwrap();
    assert_eq!(bench.shared.next_answer(), None);
    bench.shared.change(|household| household.answer(&digest, AnswerKind::Going)).unwrap();
    assert_eq!(bench.shared.next_answer(), Some((digest.clone(), AnswerKind::Going)));
    bench.shared.change(|household| household.note_delivered(&(digest.clone(), AnswerKind::Going), 1));
    // Somebody switches it on, and to us.
    bench.sim.press(Press::Power);
    bench.sim.press(Press::Input(RECEIVER));
    bench.shared.see(bench.ours.look().unwrap());
    assert_eq!(bench.shared.next_answer(), Some((digest, AnswerKind::Shown)));
}

fn digest_of(bench: &Bench) -> String {
    let showing = bench.shared.household().showing(bench.shared.running()).unwrap();
    crate::hex::text(&showing.digest)
}

#[test]
fn a_slow_set_gets_the_time_that_it_takes() {
    let comes_on = Duration::from_millis(700);
    let mut bench = Bench::new(Manner { comes_on, ..Manner::GOOD }, false, TUNER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER), "what it was told while it came on it forgot");
    assert!((2..=4).contains(&bench.sent(IMAGE_VIEW_ON)));
}

#[test]
fn a_set_that_goes_to_its_recorder_as_it_comes_on_is_told_once_more_and_a_person_never() {
    let comes_on = Duration::from_millis(100);
    let manner = Manner { comes_on, remembers_recorder: Some(comes_on), ..Manner::GOOD };
    let mut bench = Bench::new(manner, false, TUNER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    std::thread::sleep(comes_on);
    // It is there by now, or was and is back.
    let _at_the_recorder = bench.sim.shows();
    assert!(bench.comes_to(true, RECEIVER), "it went to the recorder by itself");
    bench.sim.press(Press::Input(TUNER));
    assert!(bench.stays(true, TUNER), "somebody wants to see the news, a moment later");
}

#[test]
fn what_a_person_takes_back_is_theirs_until_something_new_is_said() {
    let mut bench = Bench::new(Manner::GOOD, true, RECORDER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    bench.sim.press(Press::Input(TUNER));
    let before = bench.sent(ACTIVE_SOURCE);
    assert!(bench.stays(true, TUNER));
    assert_eq!(bench.sent(ACTIVE_SOURCE), before, "nobody fights with a person");
    assert_eq!(bench.shared.seen().shows_us(), Some(false));
    bench.hear(&Said::update(2, &[1]));
    assert!(bench.comes_to(true, RECEIVER), "the town says something new");
    bench.sim.press(Press::Power);
    assert!(bench.stays(false, RECEIVER));
    bench.at(90);
    assert!(bench.stays(false, RECEIVER), "what ends by itself wakes nobody");
    assert_eq!(bench.sent(STANDBY), 0, "and what is theirs is not given back");
}

#[test]
fn an_exercise_wakes_the_set_only_where_the_household_wants_it() {
    let exercise = Said::order(1).exercise();
    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    bench.hear(&exercise);
    assert!(bench.stays(false, TUNER));
    bench.hear(&Said::all_clear(2, &[1]).exercise());
    assert!(bench.stays(false, TUNER), "nor does its end");
    bench.hear(&Said::order(3));
    assert!(bench.comes_to(true, RECEIVER), "what is real does");

    let mut bench = Bench::of(Sim::new(Manner::GOOD, false, TUNER), true);
    bench.hear(&exercise);
    assert!(bench.comes_to(true, RECEIVER));
}

#[test]
fn an_end_wakes_the_set_only_if_the_order_did() {
    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    bench.sim.press(Press::Power);
    assert!(bench.stays(false, RECEIVER));
    bench.hear(&Said::all_clear(2, &[1]));
    assert!(bench.comes_to(true, RECEIVER), "whoever was woken hears how it ended");

    // It was off the line while the order stood.
    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    let order = bench.town.message(&Said::order(1));
    bench.messages.push(order);
    bench.hear(&Said::all_clear(2, &[1]));
    assert!(bench.stays(false, TUNER));
}

#[test]
fn the_program_s_own_restart_wakes_nobody_and_forgets_nothing() {
    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    let woken = bench.sent(IMAGE_VIEW_ON);
    bench.again("one start", true);
    assert!(bench.stays(true, RECEIVER));
    assert_eq!(bench.sent(IMAGE_VIEW_ON), woken);
    bench.at(90);
    assert!(bench.comes_to(false, RECEIVER), "it knows how the set was before");

    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    bench.sim.press(Press::Power);
    assert!(bench.stays(false, RECEIVER));
    bench.again("one start", false);
    assert!(bench.stays(false, RECEIVER), "a person took it back");
    bench.again("after a power cut", false);
    assert!(bench.comes_to(true, RECEIVER), "nobody has said anything since");
}

#[test]
fn an_order_is_heard_and_afterwards_it_is_as_quiet_as_before() {
    let mut bench = Bench::new(Manner::GOOD, true, TUNER);
    bench.sim.set_sound(12, true);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    bench.turn();
    assert_eq!(bench.sim.sounds(), (30, false));
    bench.at(90);
    assert!(bench.comes_to(true, TUNER));
    assert_eq!(bench.sim.sounds(), (12, true));

    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    bench.turn();
    assert_eq!(bench.sim.sounds(), (30, false));
    bench.at(90);
    assert!(bench.comes_to(false, RECEIVER));
    assert_eq!(bench.sim.sounds(), (12, false), "one that was off says only when it is on how loud it was");

    let mut bench = Bench::new(Manner::GOOD, true, TUNER);
    bench.sim.set_sound(55, false);
    bench.hear(&Said::order(1));
    assert!(bench.comes_to(true, RECEIVER));
    assert_eq!(bench.sim.sounds(), (55, false), "it was loud enough");
}

#[test]
fn a_message_that_nobody_signed_wakes_nothing() {
    let mut bench = Bench::new(Manner::GOOD, false, TUNER);
    bench.hear(&Said::order(1).by_one());
    assert!(bench.stays(false, TUNER));
    let mut forged = bench.town.message(&Said::order(2));
    forged["envelope"] = forged["envelope"].as_str().unwrap().replace('A', "B").into();
    bench.messages = vec![forged];
    bench.at(3);
    assert!(bench.stays(false, TUNER));
    assert_eq!(bench.sent(IMAGE_VIEW_ON), 0);
}
