//! What whoever leaves takes along, and what a box does when somebody comes with it.

use hinamori_ipc::{Screen, Slip, SlipKind};
use hinamori_model::{ArrivalNeed, Assurance, Direction, Leaving, NeedKind};
use hinamori_sync::{SealKey, TransferSlip};

use super::*;

impl Bench {
    /// They leave by a lane set to 出口, and take their slip along.
    pub(super) fn leaves(&mut self, card: &str, leaving: Leaving, needs: &[ArrivalNeed]) -> Slip {
        self.command(Command::SetDirection(Direction::Entrance));
        self.tap(card);
        if !needs.is_empty() {
            let needs = needs.to_vec();
            let answer = self.on_screen();
            self.command(Command::TellNeeds { answer, needs });
        }
        self.command(Command::SetDirection(Direction::Exit));
        self.tap(card);
        let answer = self.on_screen();
        self.command(Command::Leave { answer, leaving });
        let answer = self.on_screen();
        let said = self.core.command(LANE, Command::ShowSlip { answer }, self.now);
        self.command(Command::SetDirection(Direction::Entrance));
        match said {
            Ok(Some(ToKiosk::Slip(slip))) => slip,
            other => panic!("{other:?}"),
        }
    }

    fn command(&mut self, command: Command) {
        self.core.command(LANE, command, self.now).unwrap();
        self.core.publish(self.now);
    }

    fn on_screen(&self) -> hinamori_ipc::AnswerId {
        let Screen::Answer(answer) = &self.lane().screen else { panic!("the screen is idle") };
        answer.id
    }

    pub(super) fn scan(&mut self, code: &PersonalText) -> AnswerKind {
        self.now = self.now.plus(10_000);
        self.command(Command::Badge { code: code.clone() });
        self.answer()
    }

    fn presence(&self, person: PersonId) -> Option<PresenceState> {
        let incident = self.core.open_incident();
        let presence = self.core.ledger.store(incident).presence(incident, person).unwrap();
        presence.map(|presence| presence.state)
    }
}

fn is_refused(answer: &AnswerKind) -> bool {
    matches!(answer, AnswerKind::HoldAgain { reason: HoldReason::ForeignBadge })
}

/// The same code with another character at a place.
fn bend(code: &str, at: usize) -> String {
    let bent = |(place, character): (usize, char)| match (place == at, character) {
        (true, '7') => '8',
        (true, _) => '7',
        (false, character) => character,
    };
    code.chars().enumerate().map(bent).collect()
}

fn live() -> Bench {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench
}

#[test]
fn whoever_comes_back_with_the_slip_is_here_again() {
    let mut bench = live();
    let slip = bench.leaves("hanako", Leaving::Overnight, &[]);
    assert!(slip.kind == SlipKind::Leaving && slip.until > bench.now);
    let hanako = bench.person("hanako");
    assert_eq!(bench.presence(hanako), Some(PresenceState::Overnight));
    assert!(matches!(bench.scan(&slip.code), AnswerKind::Welcome { .. }), "back again");
    assert_eq!(bench.presence(hanako), Some(PresenceState::Here));
    assert!(matches!(bench.scan(&slip.code), AnswerKind::Here { .. }));
    let report = bench.core.report();
    assert_eq!(report.assurances[&Assurance::TokenOnly], 2, "a slip proves no more than a badge");
    // A bent one, and another town's.
    let bent = bend(slip.code.expose(), 10);
    assert!(is_refused(&bench.scan(&PersonalText::new(bent))));
    bench.core.town.key = hinamori_model::TownKey::new([1; 32]);
    assert!(is_refused(&bench.scan(&slip.code)));
}

#[test]
fn a_drills_slip_lets_nobody_in_when_it_is_no_drill() {
    let mut drill = Bench::new();
    drill.open(Mode::Drill);
    let slip = drill.leaves("hanako", Leaving::Out, &[]);
    assert!(matches!(drill.scan(&slip.code), AnswerKind::Welcome { .. }));
    let mut real = live();
    assert!(is_refused(&real.scan(&slip.code)));
    assert_eq!(real.lane().here, 0);
}

#[test]
fn a_slip_whose_leaving_was_not_heard_of_is_somebody_without_a_name() {
    let slip = live().leaves("hanako", Leaving::Out, &[]);
    let mut other = live();
    assert!(matches!(other.scan(&slip.code), AnswerKind::Welcome { name: None, .. }));
    assert_eq!((other.lane().here, other.lane().later), (1, 1));
}

#[test]
fn a_transfer_slip_of_this_town_brings_its_person_by_somebodys_word() {
    let mut gym = live();
    let slip = gym.leaves("hanako", Leaving::Moved, &[ArrivalNeed::NotAlone]);
    assert_eq!(slip.kind, SlipKind::Transfer);
    let read = TransferSlip::read(slip.code.expose()).unwrap().slip;
    assert_eq!((read.town.as_str(), read.household > 1), ("汐見町", true));
    assert_eq!((read.needs, read.person), (vec![NeedKind::AskedNotAlone], gym.person("hanako")));
    let mut hall = live();
    let key = gym.core.keys.seal.public();
    let grant = Grant { seal_key: key, tls_key: [0; 32], site: gym.core.site(), reads: Vec::new() };
    let mut package = Package { version: 2, ..hall.package.clone() };
    package.boxes.push((gym.core.own, grant));
    hall.take(&package);
    let hanako = hall.person("hanako");
    hall.scan(&slip.code);
    assert_eq!(hall.presence(hanako), Some(PresenceState::Here));
    hall.scan(&slip.code);
    assert_eq!(hall.lane().here, 1, "one person");
    assert_eq!(hall.core.report().assurances[&Assurance::Declared], 2);
    let [item] = hall.care_list().items.try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!((item.person, item.needs), (hanako, vec![NeedKind::AskedNotAlone]));
    let records = |hall: &Bench| hall.core.ledger.store(hall.core.open_incident()).record_count().unwrap();
    let before = records(&hall);
    hall.scan(&slip.code);
    assert_eq!(records(&hall), before + 1, "what is known is not written again");
}

#[test]
fn another_towns_slip_makes_one_visitor_with_a_name() {
    let slip = live().leaves("hanako", Leaving::Moved, &[ArrivalNeed::LifeSupport]);
    let mut abroad = live();
    let AnswerKind::Welcome { name: Some(shown), .. } = abroad.scan(&slip.code) else { panic!() };
    assert!(shown.expose().ends_with("（汐見町）"), "the town's name is shown");
    assert!(matches!(abroad.scan(&slip.code), AnswerKind::Here { .. }));
    assert_eq!(abroad.lane().here, 1);
    let incident = abroad.core.open_incident();
    let (store, site) = (abroad.core.ledger.store(incident), abroad.core.site());
    assert_eq!(store.visitors(incident, site, abroad.now).unwrap(), 1);
    let [item] = abroad.care_list().items.try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!(item.needs, [NeedKind::AskedLifeSupport]);
    let read = TransferSlip::read(slip.code.expose()).unwrap().slip;
    assert_eq!(item.name, Some(read.name));
    assert_eq!(abroad.core.naming(item.person), Some(hinamori_model::BindingAssurance::MatchedByStaff));
}

#[test]
fn a_bent_slip_and_one_of_a_drill_count_for_nobody() {
    let mut bench = live();
    let slip = bench.leaves("hanako", Leaving::Moved, &[]);
    for at in [0, 3, 100, 600, hinamori_sync::SLIP_LENGTH - 1] {
        let bent = bend(slip.code.expose(), at);
        assert!(is_refused(&bench.scan(&PersonalText::new(bent))), "{at}");
    }
    let mut drill = Bench::new();
    drill.open(Mode::Drill);
    assert!(is_refused(&drill.scan(&slip.code)), "in earnest");
    let exercise = drill.leaves("hanako", Leaving::Moved, &[]);
    assert!(is_refused(&live().scan(&exercise.code)), "a drill's");
}

#[test]
fn a_hidden_person_s_slips_look_like_any_resident_s_who_came_for_the_first_time() {
    let mut bench = live();
    let slips = ["hidden", "kiyoko"]
        .map(|card| (bench.person(card), bench.leaves(card, Leaving::Moved, &[ArrivalNeed::NotAlone])));
    assert_eq!(slips[0].1.code.expose().len(), slips[1].1.code.expose().len());
    for (person, slip) in &slips {
        let slip = TransferSlip::read(slip.code.expose()).unwrap().slip;
        let known = bench.core.directory.person(*person).unwrap().unwrap();
        // Whoever holds the card was shown the name: a slip without it would be the only one.
        assert_eq!((&slip.name, &slip.kana, slip.birth), (&known.name, &known.kana, known.birth));
        assert!(!slip.person.is_of_unknown_card());
        assert_eq!((slip.person == *person, slip.needs.len()), (!known.hidden, 1));
    }
    let slips = slips.map(|(_, slip)| slip);
    let person = bench.person("hidden");
    let first = bench.tap("hidden");
    let again = bench.scan(&slips[0].code);
    assert_eq!(bench.scan(&slips[0].code), again, "for ever the first time");
    assert!(matches!((first, again), (AnswerKind::Welcome { .. }, AnswerKind::Welcome { .. })));
    assert_eq!(bench.presence(person), Some(PresenceState::Here), "what is recorded is true");
    let out = bench.leaves("hidden", Leaving::Out, &[]);
    let back = bench.scan(&out.code);
    assert_eq!(bench.scan(&out.code), back);
    assert!(matches!(back, AnswerKind::Welcome { .. }));
}

#[test]
fn only_whoever_leaves_gets_a_slip() {
    let mut bench = live();
    bench.tap("hanako");
    let answer = bench.on_screen();
    assert_eq!(bench.core.command(LANE, Command::ShowSlip { answer }, bench.now), Err(Refusal::NotNow));
    let forged = TransferSlip {
        is_drill: false,
        at: bench.now,
        record: hinamori_model::RecordId::from_bytes([1; 16]),
        person: bench.person("isamu"),
        birth: None,
        household: 1,
        needs: Vec::new(),
        town: "汐見町".to_owned(),
        site: String::new(),
        name: PersonalText::new("浜田 勇"),
        kana: PersonalText::new(""),
    };
    // A key that nobody knows makes a visitor from somewhere, and nobody of this town arrive.
    bench.scan(&forged.seal(&SealKey::from_bytes(&[77; 32])));
    assert_eq!(bench.presence(bench.person("isamu")), None);
}
