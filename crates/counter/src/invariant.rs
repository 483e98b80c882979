//! What holds whatever comes to a lane: two lanes get the same random inputs, one in a world with a past, the
//! other in a world where hidden people were never seen. Nobody before the screens can tell them apart.

use std::collections::BTreeSet;

use hinamori_ipc::{AnswerId, AnswerKind, Command, HoldReason, Screen, WatchAsk, WatchMood, encode};
use hinamori_model::{
    Assurance, CardKey, CounterKind, Destination, Direction, Doubt, Doubts, Leaving, PersonId, RecordId,
    SiteKind,
};
use hinamori_record::{Fact, Presence, PresenceState, Proof};
use proptest::prelude::*;

use crate::fixture::{Desk, READ, mate, person, presence, record, text, unknown};
use crate::{Declared, DeclaredPerson, Input, KnownPerson, Tap, WatchStanding, Written};

const STATES: [Option<PresenceState>; 8] = [
    None,
    Some(PresenceState::Here),
    Some(PresenceState::Passed),
    Some(PresenceState::Out),
    Some(PresenceState::Moved),
    Some(PresenceState::Left),
    Some(PresenceState::AtHome),
    Some(PresenceState::ToldElsewhere),
];

/// The family: two of the four are hidden.
const FAMILY: [u8; 4] = [1, 2, 3, 4];
const HIDDEN: [u8; 2] = [3, 4];

#[derive(Debug, Clone)]
enum Step {
    /// Card, the states of the family, what else hangs on the past.
    Tap(u8, [usize; 4], bool),
    /// The write that follows fails.
    TapOnFullDisk(u8, [usize; 4]),
    Nameless,
    NotRead,
    /// Somebody says who of the family is here.
    Declared([usize; 4], u8),
    /// A command, for the answer so many before the latest.
    Touch(u8, u64, u8),
    TouchOnFullDisk(u8, u8),
    Wait(u64),
    NewIncident,
}

fn step() -> impl Strategy<Value = Step> {
    let states = || [0..STATES.len(), 0..STATES.len(), 0..STATES.len(), 0..STATES.len()];
    prop_oneof![
        6 => (1_u8..8, states(), any::<bool>()).prop_map(|(card, states, past)| Step::Tap(card, states, past)),
        1 => (1_u8..8, states()).prop_map(|(card, states)| Step::TapOnFullDisk(card, states)),
        1 => Just(Step::Nameless),
        1 => Just(Step::NotRead),
        1 => (states(), any::<u8>()).prop_map(|(states, who)| Step::Declared(states, who)),
        8 => (0_u8..16, 0_u64..2, any::<u8>()).prop_map(|(what, back, data)| Step::Touch(what, back, data)),
        1 => (0_u8..8, any::<u8>()).prop_map(|(what, data)| Step::TouchOnFullDisk(what, data)),
        3 => prop_oneof![0_u64..3_000, Just(6_000), Just(31_000)].prop_map(Step::Wait),
        1 => Just(Step::NewIncident),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum World {
    WithPast,
    HiddenNeverSeen,
}

/// Cards 1 to 4 are the family's, 5 is card 1's person by an expired card, 6 and 7 are unknown.
fn card(number: u8, states: [usize; 4], past: bool, world: World) -> Tap {
    let holder = if number == 5 { 1 } else { number };
    let state = |member: u8| known_state(member, states, world);
    let mut tap = unknown(holder, READ);
    tap.card = CardKey::from_bytes([number; 16]);
    let is_secret = HIDDEN.contains(&holder) && world == World::HiddenNeverSeen;
    tap.watch = WatchStanding { consented: past && !is_secret };
    if past && !is_secret {
        tap.proof.doubts = Doubt::TwoReaders.into();
    }
    if number == 5 {
        tap.proof = Proof { assurance: Assurance::TokenOnly, doubts: Doubt::Expired.into(), ..READ };
    }
    if !FAMILY.contains(&holder) {
        return tap;
    }
    let household = FAMILY.into_iter().filter(|member| *member != holder).map(|member| {
        let mut mate = mate(member);
        (mate.hidden, mate.presence) = (HIDDEN.contains(&member), state(member));
        mate
    });
    tap.presence = state(holder);
    tap.hidden = HIDDEN.contains(&holder);
    tap.known = Some(KnownPerson {
        name: text(holder, "name"),
        called_name: Some(text(holder, "called")),
        household: household.collect(),
    });
    tap
}

fn command(what: u8, answer: AnswerId, data: u8) -> Command {
    let count = |answer| Command::CountPeople {
        answer,
        adults: u16::from(data % 3),
        children: 0,
        infants: u16::from(data % 2),
    };
    let members = (1..=8_u8).filter(|member| data & (1 << (member - 1)) != 0 && member % 7 != 0);
    let leaving = Leaving::from_code(u64::from(data % 4)).unwrap();
    match what {
        0..=2 => Command::ConfirmHousehold {
            answer,
            members: members.filter(|member| data.is_multiple_of(5) || *member < 5).map(person).collect(),
        },
        3 => count(Some(answer)),
        4 => count(None),
        5 | 6 => Command::Undo { answer },
        7 => Command::Leave { answer, leaving },
        8 => Command::Dismiss { answer },
        9 => Command::SwitchCounter(if data < 64 { CounterKind::Watch } else { CounterKind::Shelter }),
        10 => Command::SetDirection(if data < 64 { Direction::Exit } else { Direction::Entrance }),
        11 | 12 => Command::WatchConsent { answer, agreed: data < 128 },
        13 => Command::WatchMood {
            answer,
            mood: [WatchMood::Fine, WatchMood::Talk, WatchMood::Away][usize::from(data % 3)],
        },
        14 => Command::LeavingTo {
            answer,
            destination: Destination::from_code(u64::from(data % 7)),
            companions: members.filter(|member| *member < 5).map(person).collect(),
        },
        _ => Command::ShowLeaderList,
    }
}

/// Where somebody of the family is, as this world has it.
fn known_state(member: u8, states: [usize; 4], world: World) -> Option<Presence> {
    let secret = HIDDEN.contains(&member) && world == World::HiddenNeverSeen;
    let index = usize::from(member).checked_sub(1).filter(|_| !secret);
    index.and_then(|index| STATES[states[index]]).map(presence)
}

/// A lane, its disk, and what may be said about whom.
struct Twin {
    desk: Desk,
    world: World,
    /// The last card, and how many records there were when it came.
    visitor: Option<CardKey>,
    since: usize,
    /// Everybody in the last tap.
    named: BTreeSet<PersonId>,
    taken_back: BTreeSet<RecordId>,
}

impl Twin {
    fn new(site: SiteKind, counter: CounterKind, direction: Direction, world: World) -> Self {
        let desk = Desk::new(site, counter, direction);
        let (named, taken_back) = (BTreeSet::new(), BTreeSet::new());
        Self { desk, world, visitor: None, since: 0, named, taken_back }
    }

    fn input(&self, step: &Step) -> Option<Input> {
        let latest = self.desk.last_answer();
        Some(match step {
            Step::Tap(number, states, past) => {
                Input::Tap(Box::new(card(*number, *states, *past, self.world)))
            }
            Step::TapOnFullDisk(number, states) => {
                Input::Tap(Box::new(card(*number, *states, false, self.world)))
            }
            Step::Declared(states, who) => {
                let touched = FAMILY.into_iter().filter(|member| who & (1 << member) != 0);
                let people = touched.map(|member| DeclaredPerson {
                    person: person(member),
                    presence: known_state(member, *states, self.world),
                    hidden: HIDDEN.contains(&member),
                });
                Input::Declared(Declared { by: None, people: people.collect() })
            }
            Step::Nameless => Input::Nameless(Doubts::NONE),
            Step::NotRead => Input::NotRead(HoldReason::TornAway),
            Step::Touch(what, back, data) => {
                Input::Command(command(*what, AnswerId(latest.0.saturating_sub(*back)), *data))
            }
            Step::TouchOnFullDisk(what, data) => Input::Command(command(*what, latest, *data)),
            Step::Wait(_) | Step::NewIncident => return None,
        })
    }

    /// Plays one step; gives everything that anybody outside could notice.
    fn play(&mut self, step: &Step) -> Vec<u8> {
        let mut noticed = Vec::new();
        match (self.input(step), step) {
            (Some(input), _) => {
                let disk_is_full = matches!(step, Step::TapOnFullDisk(..) | Step::TouchOnFullDisk(..));
                noticed.extend(self.give(input, disk_is_full));
            }
            (None, Step::Wait(millis)) => self.desk.wait(*millis),
            (None, _) => self.desk.lane.incident_changed(),
        }
        self.desk.lane.tick(self.desk.now);
        let due = self.desk.lane.due();
        assert!(due.is_none_or(|due| due > self.desk.now), "a wake-up that is over");
        noticed.extend(encode(self.desk.lane.screen()).unwrap());
        noticed
    }

    fn give(&mut self, input: Input, disk_is_full: bool) -> Vec<u8> {
        let before = (self.desk.last_answer(), self.desk.lane.screen().clone());
        let plan = match self.desk.lane.plan(input.clone(), self.desk.now) {
            Ok(plan) => plan,
            Err(refusal) => {
                assert_eq!(&before.1, self.desk.lane.screen());
                return encode(&refusal).unwrap();
            }
        };
        let last = (self.visitor, self.since, self.named.clone());
        self.note_visitor(&input);
        let facts = plan.facts().to_vec();
        facts.iter().for_each(|fact| self.check(fact));
        if disk_is_full && !facts.is_empty() {
            let is_touch = matches!(input, Input::Command(_) | Input::Declared(_));
            self.desk.lane.complete(plan, Written::Failed(HoldReason::DiskFull), self.desk.now);
            if is_touch {
                assert_eq!(&before.1, self.desk.lane.screen());
            } else {
                assert!(matches!(self.desk.kind(), AnswerKind::HoldAgain { .. }));
            }
            // Nothing is remembered of what was not written.
            (self.visitor, self.since, self.named) = last;
            self.check_screen(before.0);
            return vec![u8::try_from(facts.len()).unwrap()];
        }
        let records = (0..facts.len()).map(|offset| record(self.desk.written.len() + offset)).collect();
        self.desk.written.extend(facts.iter().cloned());
        self.taken_back.extend(facts.iter().filter_map(|fact| match fact {
            Fact::Undo { of } => Some(*of),
            _ => None,
        }));
        self.desk.lane.complete(plan, Written::Durable(records), self.desk.now);
        self.check_screen(before.0);
        vec![u8::try_from(facts.len()).unwrap()]
    }

    fn note_visitor(&mut self, input: &Input) {
        match input {
            Input::Tap(tap) => {
                if self.visitor != Some(tap.card) {
                    (self.visitor, self.since) = (Some(tap.card), self.desk.written.len());
                }
                let known = tap.known.iter().flat_map(|known| &known.household);
                self.named = known.map(|mate| mate.person).chain([tap.person]).collect();
            }
            Input::Nameless(_) | Input::Command(Command::CountPeople { answer: None, .. }) => {
                (self.visitor, self.since) = (None, self.desk.written.len());
                self.named.clear();
            }
            Input::Declared(declared) => {
                (self.visitor, self.since) = (None, self.desk.written.len());
                self.named = declared.people.iter().map(|declared| declared.person).collect();
            }
            Input::NotRead(_) | Input::Attributes(_) | Input::Command(_) => {}
        }
    }

    fn check(&self, fact: &Fact) {
        if let Some(person) = fact.person() {
            assert!(self.named.contains(&person), "a fact about somebody who was not in the input");
        }
        if let Fact::Undo { of } = fact {
            let own = (self.since..self.desk.written.len()).any(|number| record(number) == *of);
            assert!(own, "somebody else's record is taken back");
            assert!(!self.taken_back.contains(of), "a record is taken back twice");
        }
    }

    fn check_screen(&mut self, before: AnswerId) {
        let Screen::Answer(answer) = self.desk.lane.screen().clone() else { return };
        assert!(answer.id >= before);
        self.desk.answers.push(answer.id);
        let says_recorded = match answer.kind {
            AnswerKind::Welcome { .. }
            | AnswerKind::Here { .. }
            | AnswerKind::Left { .. }
            | AnswerKind::Done { .. }
            | AnswerKind::Candidates(_)
            | AnswerKind::AttributesNotRead(_) => true,
            AnswerKind::Greeting { ask, .. } => ask != WatchAsk::Consent,
            AnswerKind::AskStaff | AnswerKind::Undone | AnswerKind::HoldAgain { .. } => false,
        };
        if says_recorded && answer.undo_until.is_some_and(|until| self.desk.now <= until) {
            let undo = Input::Command(Command::Undo { answer: answer.id });
            let plan = self.desk.lane.plan(undo, self.desk.now).expect("what was recorded can be taken back");
            assert!(!plan.facts().is_empty(), "an answer without its facts");
            plan.facts().iter().for_each(|fact| self.check(fact));
        }
        assert!(!says_recorded || answer.undo_until.is_some(), "an answer without its facts");
    }
}

fn lanes() -> impl Strategy<Value = (SiteKind, CounterKind, Direction)> {
    (0_u64..3, 0_u64..4, 0_u64..3).prop_map(|(site, counter, direction)| {
        let counter = if counter == 3 { CounterKind::Watch } else { CounterKind::Shelter };
        let direction = if direction == 2 { Direction::Exit } else { Direction::Entrance };
        (SiteKind::from_code(site).unwrap(), counter, direction)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn invariant_the_past_of_hidden_people_shows_nowhere((site, counter, direction) in lanes(), steps in prop::collection::vec(step(), 1..40)) {
        let mut past = Twin::new(site, counter, direction, World::WithPast);
        let mut never = Twin::new(site, counter, direction, World::HiddenNeverSeen);
        for (number, step) in steps.iter().enumerate() {
            prop_assert_eq!(past.play(step), never.play(step), "at step {}: {:?}", number, step);
        }
    }

    #[test]
    fn invariant_no_answer_without_its_facts_and_nobody_elses_record_is_touched((site, counter, direction) in lanes(), steps in prop::collection::vec(step(), 1..60)) {
        let mut twin = Twin::new(site, counter, direction, World::WithPast);
        for step in &steps {
            let _noticed = twin.play(step);
        }
    }
}
