//! Whom somebody's word at a box hides: for ever not seen yet from then on, like whom the town's list hides.

use hinamori_ipc::{Screen, SignInFault};
use hinamori_model::{Destination, Leaving};
use hinamori_sim::presented::Fault;

use super::staff::digits;
use super::*;

impl Bench {
    /// A live incident with the leader signed in by card and PIN.
    fn led() -> Self {
        let mut bench = Self::staffed();
        bench.lead();
        bench
    }

    fn lead(&mut self) {
        assert_eq!(self.sign_in("hanako", Some("1234")), []);
    }

    fn hide(&mut self, card: &str) {
        let person = self.person(card);
        assert_eq!(self.ask_now(Command::Hide { person }), Ok(Some(ToKiosk::Done)));
    }

    fn is_hidden(&self, card: &str) -> bool {
        self.core.directory.is_hidden(self.person(card)).unwrap()
    }

    fn lift(&mut self, card: &str, pin: &str) -> Vec<ToKiosk> {
        self.ask_now(Command::LiftHiding { pin: digits(pin) }).unwrap();
        self.hold_awaited(card, Fault::None)
    }
}

fn is_welcome(kind: &AnswerKind) -> bool {
    matches!(kind, AnswerKind::Welcome { .. })
}

#[test]
fn whoever_is_hidden_at_a_box_comes_for_the_first_time_for_ever() {
    let mut bench = Bench::led();
    let first = bench.tap("kiyoko");
    assert!(is_welcome(&first));
    assert!(matches!(bench.tap("kiyoko"), AnswerKind::Here { .. }));
    bench.hide("kiyoko");
    for _ in 0..3 {
        assert_eq!(bench.tap("kiyoko"), first);
    }
    // After a restart too.
    let mut bench = bench.restart();
    let package = bench.package.clone();
    bench.take(&package);
    assert!(bench.is_hidden("kiyoko"));
    assert_eq!(bench.tap("kiyoko"), first);
}

#[test]
fn only_their_own_card_with_its_pin_beside_a_leader_lifts_it_and_nobody_is_told_more() {
    let mut bench = Bench::led();
    bench.hide("isamu");
    let done = [ToKiosk::Done];
    // His son's card: the answer is the same, and nothing is lifted.
    assert_eq!(bench.lift("naoki", "1234"), done);
    assert!(bench.is_hidden("isamu"));
    let wrong = [ToKiosk::NotSignedIn(SignInFault::WrongPin { tries_left: Some(2) })];
    assert_eq!(bench.lift("isamu", "4321"), wrong);
    bench.lift("clone", "1234");
    assert!(bench.is_hidden("isamu"));
    let screen = bench.lane().screen.clone();
    assert_eq!(bench.lift("isamu", "1234"), done);
    assert_eq!((bench.is_hidden("isamu"), bench.lane().screen.clone()), (false, screen));
    assert_eq!(bench.lane().here, 0, "it was no arrival");
    // Without a leader, or without the leader's PIN, no card is waited for.
    bench.sign_in("hanako", None);
    let lift = || Command::LiftHiding { pin: digits("1234") };
    assert_eq!(bench.ask_now(lift()), Err(Refusal::Pin));
    bench.ask_now(Command::SignOut).unwrap();
    assert_eq!(bench.ask_now(lift()), Err(Refusal::SignIn));
    // What the town's list says is not lifted here.
    bench.lead();
    assert_eq!(bench.lift("hidden", "1234"), done);
    assert!(bench.is_hidden("hidden"));
}

#[test]
fn a_card_that_nobody_knows_can_be_hidden_and_so_is_whoever_it_turns_out_to_be() {
    let mut bench = Bench::led();
    let first = bench.tap("unknown");
    let nameless = bench.core.leader_list()[0].nameless.unwrap();
    bench.ask_now(Command::Hide { person: nameless }).unwrap();
    assert_eq!(bench.tap("unknown"), first, "never here");
    let kiyoko = bench.person("kiyoko");
    bench.ask_now(Command::GiveName { nameless, person: kiyoko }).unwrap();
    assert!(bench.is_hidden("kiyoko"));
    assert!(is_welcome(&bench.tap("unknown")) && is_welcome(&bench.tap("unknown")));
    let Ok(Some(ToKiosk::Stays(stays))) = bench.ask_now(Command::ShowStays) else { panic!() };
    assert!(stays.iter().all(|stay| stay.person != kiyoko && stay.person != nameless));
    let stranger = Command::Hide { person: PersonId::from_bytes([0x77; 16]) };
    assert_eq!(bench.ask_now(stranger), Err(Refusal::NotNow));
}

#[test]
fn hidden_in_earnest_is_hidden_in_a_drill_and_not_the_other_way_round() {
    let mut bench = Bench::staffed_where(|_| {});
    // Back to daily life by the way that a box has: a new bench that opens nothing.
    let package = bench.package.clone();
    bench = Bench::without_town();
    bench.package.staff = package.staff;
    let package = bench.package.clone();
    bench.take(&package);
    bench.lead();
    bench.hide("kiyoko");
    bench.open(Mode::Drill);
    assert!(is_welcome(&bench.tap("kiyoko")) && is_welcome(&bench.tap("kiyoko")));
    bench.lead();
    bench.hide("isamu");
    assert!(is_welcome(&bench.tap("isamu")) && is_welcome(&bench.tap("isamu")));
    bench.ask_now(Command::EndDrill { then: Mode::Live }).unwrap();
    assert!(bench.is_hidden("kiyoko") && !bench.is_hidden("isamu"));
}

#[test]
fn asking_for_a_room_is_a_line_for_the_leader_and_changes_nothing_on_the_lane() {
    for card in ["kiyoko", "hidden"] {
        for direction in [hinamori_model::Direction::Entrance, hinamori_model::Direction::Exit] {
            let mut bench = Bench::led();
            bench.tap(card);
            bench.ask_now(Command::SetDirection(direction)).unwrap();
            bench.tap(card);
            let Screen::Answer(answer) = bench.lane().screen.clone() else { panic!() };
            let before = bench.lane().clone();
            bench.ask_now(Command::AskForRoom { answer: answer.id }).unwrap();
            let after = bench.lane().clone();
            assert_eq!((before.screen, before.here), (after.screen, after.here), "{card} {direction:?}");
            assert_eq!(after.later, before.later + 1);
            let list = bench.core.leader_list();
            assert!(list[0].doubts.contains(&Doubt::AsksForRoom));
            assert_eq!(list[0].name.is_some(), card == "kiyoko");
            bench.core.recount(bench.now);
            bench.core.publish(bench.now);
            assert_eq!(bench.lane().here, after.here, "{card} {direction:?}");
        }
    }
}

/// Numbers without end, the same for every seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// One touch or tap, the same at both boxes; everything that a kiosk gets to see of it.
fn play(bench: &mut Bench, what: u64, dice: u64) -> String {
    const CARDS: [&str; 5] = ["isamu", "naoki", "misaki", "kiyoko", "unknown"];
    let card = CARDS[usize::try_from(dice).unwrap() % CARDS.len()];
    let person = bench.person(if card == "unknown" { "isamu" } else { card });
    let answer = match &bench.lane().screen {
        Screen::Answer(answer) => answer.id,
        Screen::Idle => hinamori_ipc::AnswerId(0),
    };
    let name = || bench.core.directory.person(person).unwrap().unwrap().name;
    let command = match what {
        0..=4 => {
            bench.tap(card);
            return shown(bench);
        }
        5 => Command::Search { query: name() },
        6 => Command::CheckIn { people: vec![person] },
        7 => Command::ShowStays,
        8 => Command::ShowLeaderList,
        9 => Command::ShowNotArrived { district: Some(String::new()), from: 0 },
        10 => Command::Leave { answer, leaving: Leaving::Out },
        11 => Command::LeavingTo { answer, destination: Some(Destination::Home), companions: Vec::new() },
        12 => Command::ConfirmHousehold { answer, members: vec![person] },
        13 => Command::AskForRoom { answer },
        14 => Command::ShowLookups { answer },
        15 => Command::ToldElsewhere { people: vec![person] },
        _ => Command::Undo { answer },
    };
    bench.now = bench.now.plus(700);
    let reply = bench.core.command(LANE, command, bench.now);
    bench.core.publish(bench.now);
    let reply = reply.map(|reply| reply.map(|reply| serde_json::to_string(&reply).unwrap()));
    format!("{reply:?} {}", shown(bench))
}

/// The lane as its kiosk has it. How much is unsent differs by the record that hid somebody.
fn shown(bench: &Bench) -> String {
    let mut lane = bench.lane().clone();
    lane.status.unsent = 0;
    serde_json::to_string(&lane).unwrap()
}

#[test]
fn who_is_hidden_by_a_record_looks_like_who_is_hidden_by_the_list() {
    let mut hidden_taps = 0;
    for seed in 0..6 {
        let mut dice = Dice(seed);
        let alone = || Bench::staffed_where(|package| package.staff.truncate(1));
        let (mut by_list, mut by_record) = (alone(), alone());
        by_record.now = by_list.now;
        by_record.lead();
        by_list.lead();
        for _ in 0..dice.below(12) {
            let (what, which) = (dice.below(17), dice.below(5));
            assert_eq!(play(&mut by_list, what, which), play(&mut by_record, what, which));
        }
        let isamu = by_list.person("isamu");
        by_list.everybody.people.iter_mut().find(|person| person.id == isamu).unwrap().hidden = true;
        for bench in [&mut by_list, &mut by_record] {
            let package = Package { version: 2, ..bench.package.clone() };
            bench.take(&package);
        }
        // Whoever worked there is signed in still, or again.
        by_record.lead();
        by_list.lead();
        by_record.hide("isamu");
        for step in 0..40 {
            let (what, which) = (dice.below(17), dice.below(5));
            hidden_taps += u32::from(what < 5 && which == 0);
            let (one, other) = (play(&mut by_list, what, which), play(&mut by_record, what, which));
            assert_eq!(one, other, "seed {seed}, step {step}: {what} {which}");
        }
    }
    assert!(hidden_taps > 6, "{hidden_taps}");
}
