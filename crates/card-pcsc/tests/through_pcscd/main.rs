//! Readers through a real pcscd: cards laid on, torn off and mute, the service killed, readers many and few.
//!
//! Needs pcscd, vsmartcard-vpcd and opensc, each test in namespaces of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test support outside test functions"
)]

mod support;

use std::ffi::CString;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hinamori_card::{
    Access, CardContents, CardError, Command, Expected, Header, StatusWord, Transport, read_card,
};
use hinamori_card_pcsc::{Limits, ReaderEvent};
use hinamori_sim::pcscd::{Pcscd, in_namespace, reader_name};
use hinamori_sim::presented::Fault;
use hinamori_sim::timing::Timing;

use support::{Bench, Listener, PORT, Read, Seen, Work, card, lay, lay_slow};

const ONE: &[u16] = &[PORT];
const SECOND: u16 = PORT + 2;
const TWO: &[u16] = &[PORT, SECOND];
/// A short patience, for tests that wait for it to end.
const IMPATIENT: Limits = Limits { silence: Duration::from_millis(700), work: Duration::from_secs(5) };

#[test]
fn a_card_is_read_once_however_long_it_lies() {
    in_namespace("a_card_is_read_once_however_long_it_lies", || {
        let _bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Read, Limits::default());
        listener.expect(&[Seen::Appeared]);
        let before = Instant::now();
        let card = card();
        let log = card.log();
        let laid = lay(PORT, card, Fault::None);
        let ReaderEvent::Tap { reader, outcome, last_byte } = listener.next_event() else {
            panic!("not a tap")
        };
        assert_eq!(reader.0, reader_name(PORT));
        assert!(last_byte > before && last_byte <= Instant::now());
        let reading = outcome.unwrap();
        assert!(matches!(reading.contents, CardContents::MyNumber { certificate: Access::Granted(_), .. }));
        assert_eq!(reading.contactless.unwrap().as_bytes(), [1, 2, 3, 4]);
        let commands = log.len();
        listener.expect_nothing_more();
        assert_eq!(log.len(), commands, "a lying card is left alone");

        let again = laid.remove().unwrap();
        listener.expect(&[Seen::Removed]);
        let laid = lay(PORT, again, Fault::None);
        listener.expect(&[Seen::Read]);
        assert_eq!(log.len(), 2 * commands);
        laid.remove().unwrap();
        listener.expect(&[Seen::Removed]);
        listener.stop();
    });
}

#[test]
fn a_card_that_lies_there_at_the_start_is_read() {
    in_namespace("a_card_that_lies_there_at_the_start_is_read", || {
        let bench = Bench::with_readers(ONE);
        let _laid = lay(PORT, card(), Fault::None);
        bench.pcscd.as_ref().unwrap().wait_for_card(PORT).unwrap();
        let listener = Listener::start(ONE, Read, Limits::default());
        listener.expect(&[Seen::Appeared, Seen::Read]);
        listener.expect_nothing_more();
        listener.stop();
    });
}

#[test]
fn a_card_torn_off_at_any_command_gives_one_plain_answer() {
    in_namespace("a_card_torn_off_at_any_command_gives_one_plain_answer", || {
        let _bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Read, Limits::default());
        listener.expect(&[Seen::Appeared]);
        let mut held = card();
        let log = held.log();
        let laid = lay(PORT, held, Fault::None);
        listener.expect(&[Seen::Read]);
        let commands = u32::try_from(log.len()).unwrap();
        held = laid.remove().unwrap();
        listener.expect(&[Seen::Removed]);
        for answered in 0..commands {
            let laid = lay(PORT, held, Fault::TornAfter(answered));
            assert_eq!(listener.next(), Seen::Torn, "torn after {answered}");
            assert_eq!(listener.next(), Seen::Removed, "torn after {answered}");
            held = laid.remove().unwrap();
        }
        let _laid = lay(PORT, held, Fault::None);
        listener.expect(&[Seen::Read]);
    });
}

#[test]
fn a_garbled_reply_lets_the_whole_work_run_again() {
    in_namespace("a_garbled_reply_lets_the_whole_work_run_again", || {
        let _bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Read, Limits::default());
        listener.expect(&[Seen::Appeared]);
        let card = card();
        let log = card.log();
        let _laid = lay(PORT, card, Fault::OneByteAnswerTo(4));
        listener.expect(&[Seen::Read]);
        let selections = log.entries().iter().filter(|entry| entry.header == [0, 0xA4, 4, 0x0C]).count();
        assert_eq!(selections, 2, "from the beginning, and once");
        listener.expect_nothing_more();
    });
}

#[test]
fn a_mute_card_makes_its_reader_stuck_until_it_is_taken_off() {
    in_namespace("a_mute_card_makes_its_reader_stuck_until_it_is_taken_off", || {
        let _bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Read, IMPATIENT);
        listener.expect(&[Seen::Appeared]);
        let laid = lay(PORT, card(), Fault::MuteAfter(3));
        listener.expect(&[Seen::Stuck]);
        listener.expect_nothing_more();
        let held = laid.remove().unwrap();
        listener.expect(&[Seen::Appeared, Seen::Mute, Seen::Removed]);
        let _laid = lay(PORT, held, Fault::None);
        listener.expect(&[Seen::Read]);
    });
}

#[test]
fn a_stuck_reader_does_not_stop_the_other() {
    in_namespace("a_stuck_reader_does_not_stop_the_other", || {
        let _bench = Bench::with_readers(TWO);
        let listener = Listener::start(TWO, Read, IMPATIENT);
        listener.expect(&[Seen::Appeared, Seen::Appeared]);
        let _mute = lay(PORT, card(), Fault::MuteAfter(3));
        listener.expect(&[Seen::Stuck]);
        let other = lay(SECOND, card(), Fault::None);
        listener.expect(&[Seen::Read]);
        other.remove().unwrap();
        listener.expect(&[Seen::Removed]);
    });
}

#[test]
fn the_end_does_not_wait_for_a_stuck_reader() {
    in_namespace("the_end_does_not_wait_for_a_stuck_reader", || {
        let _bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Read, IMPATIENT);
        listener.expect(&[Seen::Appeared]);
        let _laid = lay(PORT, card(), Fault::MuteAfter(3));
        listener.expect(&[Seen::Stuck]);
        let started = Instant::now();
        listener.stop();
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    });
}

#[test]
fn a_card_that_never_finishes_is_given_up() {
    in_namespace("a_card_that_never_finishes_is_given_up", || {
        let _bench = Bench::with_readers(ONE);
        let endless = Work(|card: &mut dyn Transport| -> Result<(), CardError> {
            loop {
                card.transmit(&Command::short(Header::new(0xFF, 0xCA, 0, 0), &[], Expected::UpTo(256))?)?;
            }
        });
        let limits = Limits { silence: Duration::from_secs(9), work: Duration::from_millis(300) };
        let listener = Listener::start(ONE, endless, limits);
        listener.expect(&[Seen::Appeared]);
        let _laid = lay(PORT, card(), Fault::None);
        listener.expect(&[Seen::Mute]);
        listener.expect_nothing_more();
    });
}

/// VERIFY of the authentication PIN, which is right.
fn verify(card: &mut dyn Transport) -> Result<StatusWord, CardError> {
    for select in [hinamori_card::JPKI.aid(), &[0x00, 0x18]] {
        let p1 = if select.len() > 2 { 4 } else { 2 };
        card.transmit(&Command::short(Header::new(0, 0xA4, p1, 0x0C), select, Expected::Nothing)?)?;
    }
    let verify = Command::short(Header::new(0, 0x20, 0, 0x80), b"1234", Expected::Nothing)?;
    Ok(card.transmit(&verify)?.status())
}

#[test]
fn a_work_that_presented_a_pin_never_runs_again() {
    in_namespace("a_work_that_presented_a_pin_never_runs_again", || {
        let _bench = Bench::with_readers(ONE);
        let work = Work(|card: &mut dyn Transport| {
            verify(card)?;
            read_card(card)
        });
        let listener = Listener::start(ONE, work, Limits::default());
        listener.expect(&[Seen::Appeared]);
        let card = card();
        let log = card.log();
        let _laid = lay(PORT, card, Fault::OneByteAnswerTo(5));
        listener.expect(&[Seen::Failed]);
        listener.expect_nothing_more();
        assert_eq!(log.secrets_presented(), 1);
    });
}

#[test]
fn after_a_pin_the_card_loses_power() {
    in_namespace("after_a_pin_the_card_loses_power", || {
        let _bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Work(verify), Limits::default());
        listener.expect(&[Seen::Appeared]);
        let _laid = lay(PORT, card(), Fault::None);
        let ReaderEvent::Tap { outcome: Ok(StatusWord::Done), .. } = listener.next_event() else {
            panic!("the PIN was not taken")
        };
        // Another program finds the card as if it had just been laid on.
        let context = pcsc::Context::establish(pcsc::Scope::System).unwrap();
        let reader = CString::new(reader_name(PORT)).unwrap();
        let other = context.connect(&reader, pcsc::ShareMode::Shared, pcsc::Protocols::ANY).unwrap();
        let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
        let mut send = |command: &[u8]| other.transmit(command, &mut buffer).unwrap().to_vec();
        let select = [&[0x00, 0xA4, 0x04, 0x0C, 0x0A], hinamori_card::JPKI.aid()].concat();
        assert_eq!(send(&select), [0x90, 0x00]);
        assert_eq!(send(&[0x80, 0x2A, 0x00, 0x97, 0x01, 0x30, 0x00]), [0x69, 0x82]);
    });
}

#[test]
fn a_killed_service_is_waited_for() {
    in_namespace("a_killed_service_is_waited_for", || {
        let mut bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Read, Limits::default());
        listener.expect(&[Seen::Appeared]);
        for _ in 0..2 {
            let laid = lay(PORT, card(), Fault::None);
            listener.expect(&[Seen::Read]);
            bench.pcscd.take().unwrap().kill().unwrap();
            listener.expect(&[Seen::Gone]);
            laid.remove().unwrap();
            listener.expect_nothing_more();
            bench.pcscd = Some(Pcscd::start(bench.folder.path(), ONE).unwrap());
            listener.expect(&[Seen::Appeared]);
        }
        listener.stop();
    });
}

#[test]
fn a_service_killed_in_the_middle_of_a_tap_costs_that_tap_only() {
    in_namespace("a_service_killed_in_the_middle_of_a_tap_costs_that_tap_only", || {
        let mut bench = Bench::with_readers(ONE);
        let listener = Listener::start(ONE, Read, Limits::default());
        listener.expect(&[Seen::Appeared]);
        let slow = Timing { per_command: Duration::from_millis(200), ..Timing::NONE };
        let held = card();
        let log = held.log();
        let laid = lay_slow(PORT, held, Fault::None, slow);
        while log.len() < 3 {
            std::thread::sleep(Duration::from_millis(10));
        }
        bench.pcscd.take().unwrap().kill().unwrap();
        listener.expect(&[Seen::Failed, Seen::Gone]);
        let held = laid.remove().unwrap();
        bench.pcscd = Some(Pcscd::start(bench.folder.path(), ONE).unwrap());
        listener.expect(&[Seen::Appeared]);
        let _laid = lay(PORT, held, Fault::None);
        listener.expect(&[Seen::Read]);
    });
}

#[test]
fn readers_may_come_before_the_service() {
    in_namespace("readers_may_come_before_the_service", || {
        let listener = Listener::start(ONE, Read, Limits::default());
        listener.expect_nothing_more();
        let _bench = Bench::with_readers(ONE);
        listener.expect(&[Seen::Appeared]);
        let _laid = lay(PORT, card(), Fault::None);
        listener.expect(&[Seen::Read]);
    });
}

#[test]
fn two_readers_do_not_wait_for_each_other() {
    in_namespace("two_readers_do_not_wait_for_each_other", || {
        let _bench = Bench::with_readers(TWO);
        let listener = Listener::start(TWO, Read, Limits::default());
        listener.expect(&[Seen::Appeared, Seen::Appeared]);
        let slow = Timing { per_command: Duration::from_millis(300), ..Timing::NONE };
        let held = card();
        let log = held.log();
        let _slow = lay_slow(PORT, held, Fault::None, slow);
        while log.is_empty() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let quick = lay(SECOND, card(), Fault::None);
        let first = listener.next_event();
        let ReaderEvent::Tap { reader, outcome: Ok(_), .. } = first else { panic!("not a tap") };
        assert_eq!(reader.0, reader_name(SECOND));
        quick.remove().unwrap();
        assert_eq!(listener.next_at(SECOND), Seen::Removed);
        assert_eq!(listener.next_at(PORT), Seen::Read);
    });
}

#[test]
fn other_readers_are_left_alone() {
    in_namespace("other_readers_are_left_alone", || {
        let _bench = Bench::with_readers(TWO);
        let listener = Listener::start(&[SECOND], Read, Limits::default());
        let ReaderEvent::Appeared(reader) = listener.next_event() else { panic!("no reader") };
        assert_eq!(reader.0, reader_name(SECOND));
        let stranger = card();
        let log = stranger.log();
        let _stranger = lay(PORT, stranger, Fault::None);
        listener.expect_nothing_more();
        assert!(log.is_empty());
        let _ours = lay(SECOND, card(), Fault::None);
        listener.expect(&[Seen::Read]);
    });
}

#[test]
fn a_work_that_panics_takes_its_reader_down_for_a_moment_only() {
    in_namespace("a_work_that_panics_takes_its_reader_down_for_a_moment_only", || {
        let _bench = Bench::with_readers(ONE);
        let runs = AtomicU32::new(0);
        let work = Work(move |card: &mut dyn Transport| {
            assert!(runs.fetch_add(1, Ordering::Relaxed) > 0, "on purpose");
            read_card(card)
        });
        let listener = Listener::start(ONE, work, Limits::default());
        listener.expect(&[Seen::Appeared]);
        let laid = lay(PORT, card(), Fault::None);
        listener.expect(&[Seen::Gone, Seen::Appeared]);
        listener.expect_nothing_more();
        let held = laid.remove().unwrap();
        listener.expect(&[Seen::Removed]);
        let _laid = lay(PORT, held, Fault::None);
        listener.expect(&[Seen::Read]);
    });
}

const EIGHT: &[u16] = &[PORT, PORT + 2, PORT + 4, PORT + 6, PORT + 8, PORT + 10, PORT + 12, PORT + 14];

fn entries(folder: &str) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn two_hundred_taps_leave_no_thread_and_no_handle_behind() {
    in_namespace("two_hundred_taps_leave_no_thread_and_no_handle_behind", || {
        let _bench = Bench::with_readers(EIGHT);
        let before = (entries("/proc/self/task"), entries("/proc/self/fd"));
        let listener = Listener::start(EIGHT, Read, Limits::default());
        listener.count(EIGHT.len());
        let running = entries("/proc/self/task");
        assert_eq!(running, before.0 + 1 + EIGHT.len(), "one monitor, one worker for each reader");
        let mut cards: Vec<_> = EIGHT.iter().map(|_| card()).collect();
        for round in 0..25 {
            let laid: Vec<_> =
                EIGHT.iter().zip(cards.drain(..)).map(|(port, card)| lay(*port, card, Fault::None)).collect();
            let taps = listener.count(EIGHT.len());
            assert!(taps.keys().all(|(_, seen)| *seen == Seen::Read), "round {round}: {taps:?}");
            assert_eq!(taps.len(), EIGHT.len(), "round {round}: {taps:?}");
            cards.extend(laid.into_iter().map(|laid| laid.remove().unwrap()));
            let removals = listener.count(EIGHT.len());
            assert!(removals.keys().all(|(_, seen)| *seen == Seen::Removed), "round {round}: {removals:?}");
        }
        assert_eq!(entries("/proc/self/task"), running);
        listener.stop();
        assert_eq!((entries("/proc/self/task"), entries("/proc/self/fd")), before);
    });
}

#[test]
fn idle_readers_use_no_processor_time() {
    in_namespace("idle_readers_use_no_processor_time", || {
        let _bench = Bench::with_readers(TWO);
        let listener = Listener::start(TWO, Read, Limits::default());
        listener.expect(&[Seen::Appeared, Seen::Appeared]);
        let _lying = lay(PORT, card(), Fault::None);
        listener.expect(&[Seen::Read]);
        listener.expect_nothing_more();
        let switches = |()| {
            let mut sum = 0;
            for task in std::fs::read_dir("/proc/self/task").unwrap() {
                let path = task.unwrap().path();
                let name = std::fs::read_to_string(path.join("comm")).unwrap();
                if !name.starts_with("card-") {
                    continue;
                }
                let status = std::fs::read_to_string(path.join("status")).unwrap();
                let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap();
                sum += line.split_whitespace().last().unwrap().parse::<u64>().unwrap();
            }
            sum
        };
        let before = switches(());
        std::thread::sleep(Duration::from_secs(3));
        let woken = switches(()) - before;
        // The monitor may be at its ten-second look, which is a few exchanges with the service.
        assert!(woken <= 12, "{woken} wake-ups in three seconds");
    });
}
