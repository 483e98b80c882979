//! People without a card in their hand: found, named, declared, missed, counted on paper.

use hinamori_ipc::{AnswerId, Found, Group, LeaderItem, NotArrived, Screen, Standing, Stay, StayState};
use hinamori_model::{Badge, Destination, Leaving, RegisteredKind, TownKey};

use super::*;

impl Bench {
    /// A live incident in which the whole demo town lives in one district and two groups.
    fn live_town() -> Self {
        let mut bench = Self::new();
        bench.open(Mode::Live);
        bench
    }

    fn ask(&mut self, command: Command) -> Result<Option<ToKiosk>, Refusal> {
        self.now = self.now.plus(10_000);
        let reply = self.core.command(LANE, command, self.now);
        self.core.publish(self.now);
        reply
    }

    fn find(&mut self, query: &str) -> Found {
        match self.ask(Command::Search { query: PersonalText::new(query) }) {
            Ok(Some(ToKiosk::Found(found))) => found,
            other => panic!("{other:?}"),
        }
    }

    fn stays(&mut self) -> Vec<Stay> {
        match self.ask(Command::ShowStays) {
            Ok(Some(ToKiosk::Stays(stays))) => stays,
            other => panic!("{other:?}"),
        }
    }

    fn not_arrived(&mut self) -> NotArrived {
        let command = Command::ShowNotArrived { district: Some(String::new()), from: 0 };
        match self.ask(command) {
            Ok(Some(ToKiosk::NotArrived(list))) => list,
            other => panic!("{other:?}"),
        }
    }

    fn later(&mut self) -> Vec<LeaderItem> {
        self.core.leader_list()
    }

    fn answer_id(&mut self) -> AnswerId {
        let Screen::Answer(answer) = self.lane().screen.clone() else { panic!("the screen is idle") };
        answer.id
    }

    fn key(&self) -> TownKey {
        TownKey::new(self.package.key.0)
    }

    fn standing(&mut self, card: &str) -> Option<Standing> {
        let person = self.person(card);
        let homes = self.not_arrived().households;
        homes.iter().flat_map(|home| &home.members).find(|member| member.person == person).map(|m| m.standing)
    }
}

#[test]
fn a_card_that_nobody_knew_gets_its_owner_and_keeps_what_was_recorded() {
    let mut bench = Bench::live_town();
    bench.tap("unknown");
    let [line] = bench.later().try_into().unwrap_or_else(|list| panic!("{list:?}"));
    let nameless = line.nameless.unwrap();
    let owner = bench.person("isamu");
    let found = bench.find("浜田 勇");
    assert!(found.people.iter().any(|person| person.person == owner && person.state == MemberState::NotSeen));
    let here = bench.lane().here;
    let list = bench.ask(Command::GiveName { nameless, person: owner }).unwrap();
    assert_eq!(list, Some(ToKiosk::LeaderList(Vec::new())));
    assert_eq!((bench.lane().here, bench.lane().later), (here, 0));
    let found = bench.find("浜田 勇");
    assert!(found.people.iter().any(|person| person.person == owner && person.state != MemberState::NotSeen));
    // His own card is not a first arrival any more, and the other one says his name.
    assert!(matches!(bench.tap("isamu"), AnswerKind::Here { name: Some(_) }));
    assert!(matches!(bench.tap("unknown"), AnswerKind::Here { name: Some(_) }));
    assert_eq!(bench.lane().here, here, "he is one person");
    // A wrong touch is refused and changes nothing.
    let nobody = PersonId::from_bytes([9; 16]);
    assert_eq!(bench.ask(Command::GiveName { nameless, person: nobody }), Err(Refusal::NotNow));
    assert_eq!(bench.ask(Command::GiveName { nameless: owner, person: owner }), Err(Refusal::NotNow));
    assert_eq!(
        bench.ask(Command::Register { nameless: nobody, kind: RegisteredKind::Visitor }),
        Err(Refusal::NotNow)
    );
}

#[test]
fn visitors_are_taken_off_the_list_without_a_name() {
    let mut bench = Bench::live_town();
    bench.tap("unknown");
    let nameless = bench.later()[0].nameless.unwrap();
    let list = bench.ask(Command::Register { nameless, kind: RegisteredKind::Visitor }).unwrap();
    assert_eq!(list, Some(ToKiosk::LeaderList(Vec::new())));
    let incident = bench.core.open_incident();
    let (store, site) = (bench.core.ledger.store(incident), bench.core.site());
    assert_eq!(store.counts(incident, site, bench.now).unwrap().here, 1);
    assert_eq!(store.visitors(incident, site, bench.now).unwrap(), 1);
}

#[test]
fn a_leader_declares_a_group_once_and_only_of_it() {
    let mut bench = Bench::live_town();
    let group = |bench: &mut Bench| {
        let command = Command::ShowGroup { district: String::new(), group: String::new() };
        match bench.ask(command) {
            Ok(Some(ToKiosk::Group(Group { members, .. }))) => members,
            other => panic!("{other:?}"),
        }
    };
    let members = group(&mut bench);
    assert!(members.len() > 20 && members.windows(2).all(|pair| pair[0].household <= pair[1].household + 1));
    let leader = bench.person("hanako");
    let present = vec![leader, bench.person("naoki"), bench.person("hidden")];
    assert_eq!(bench.ask(Command::DeclareGroup { leader, present }), Ok(None));
    assert!(matches!(bench.answer(), AnswerKind::Done { people: 3 }));
    let seen: Vec<_> = group(&mut bench)
        .into_iter()
        .filter(|member| member.state != MemberState::NotSeen)
        .map(|member| member.person)
        .collect();
    assert!(seen.contains(&leader) && seen.len() == 2, "a hidden person is for ever not seen");
    let records = bench.core.ledger.store(bench.core.open_incident()).record_count().unwrap();
    let again = vec![leader, bench.person("naoki")];
    assert_eq!(bench.ask(Command::DeclareGroup { leader, present: again }), Err(Refusal::NotNow));
    let stranger = vec![PersonId::from_bytes([9; 16])];
    assert_eq!(bench.ask(Command::DeclareGroup { leader, present: stranger }), Err(Refusal::NotNow));
    assert_eq!(bench.core.ledger.store(bench.core.open_incident()).record_count().unwrap(), records);
}

#[test]
fn who_has_not_arrived_is_right_after_every_touch_and_never_tells_of_hidden_people() {
    let mut bench = Bench::live_town();
    let missing = |bench: &mut Bench| bench.not_arrived().districts[0].not_seen;
    let all = missing(&mut bench);
    assert_eq!(bench.standing("hanako"), Some(Standing::NotSeen));
    bench.tap("hanako");
    assert_eq!((missing(&mut bench), bench.standing("hanako")), (all - 1, Some(Standing::Arrived)));
    bench.tap("hidden");
    assert_eq!(missing(&mut bench), all - 1);
    let naoki = bench.person("naoki");
    assert_eq!(bench.ask(Command::ToldElsewhere { people: vec![naoki] }), Ok(None));
    let list = bench.not_arrived();
    assert_eq!((list.districts[0].not_seen, list.districts[0].told_elsewhere), (all - 2, 1));
    assert_eq!(bench.ask(Command::CheckIn { people: vec![naoki] }), Ok(None));
    assert_eq!(bench.not_arrived().districts[0].told_elsewhere, 0, "somebody saw him now");
    // Taking it back brings the word back.
    let Screen::Answer(answer) = bench.lane().screen.clone() else { panic!() };
    bench.core.command(LANE, Command::Undo { answer: answer.id }, bench.now).unwrap();
    assert_eq!(bench.not_arrived().districts[0].told_elsewhere, 1);
    bench.core.command(LANE, Command::EndDrill { then: Mode::Live }, bench.now).unwrap_err();
}

#[test]
fn a_roll_call_is_closed_by_the_hour_and_knows_nothing_of_hidden_people() {
    let mut bench = Bench::live_town();
    let hidden = bench.person("hidden");
    // Also by their real id nobody learns whether they are here.
    let before = bench.ask(Command::ConfirmStays { people: vec![hidden] });
    for card in ["hanako", "hidden", "kiyoko"] {
        bench.tap(card);
    }
    assert_eq!(bench.ask(Command::ConfirmStays { people: vec![hidden] }), before);
    assert_eq!(bench.stays().len(), 2);
    let since = bench.now;
    // Somebody who is not here is passed over, and the round counts.
    let seen = vec![bench.person("hanako"), bench.person("naoki")];
    assert!(bench.ask(Command::ConfirmStays { people: seen }).is_ok());
    assert!(
        bench.ask(Command::CloseRollCall { since: bench.now.plus(86_400_000) }).is_err(),
        "in the future"
    );
    bench.ask(Command::CloseRollCall { since }).unwrap();
    let unaccounted = |bench: &mut Bench| {
        let stays = bench.stays();
        let missed = stays.iter().filter(|stay| stay.state == StayState::Unaccounted);
        missed.map(|stay| stay.person).collect::<Vec<_>>()
    };
    assert_eq!(unaccounted(&mut bench), [bench.person("kiyoko")]);
    let here = bench.lane().here;
    // Somebody who comes for the first time, somebody whom the roll-call missed, and somebody hidden move the number alike.
    for (number, card) in (1..).zip(["isamu", "kiyoko", "hidden"]) {
        bench.tap(card);
        assert_eq!(bench.lane().here, here + number, "{card}");
    }
    assert_eq!(unaccounted(&mut bench), []);
}

#[test]
fn who_lives_beside_the_site_is_found_there_and_not_moved_inside() {
    let mut bench = Bench::live_town();
    bench.tap("hanako");
    bench.tap("hanako");
    let leave = Command::Leave { answer: bench.answer_id(), leaving: Leaving::Left };
    bench.ask(leave).unwrap();
    let to_car = Command::LeavingTo {
        answer: bench.answer_id(),
        destination: Some(Destination::Car),
        companions: Vec::new(),
    };
    bench.ask(to_car).unwrap();
    let here = bench.lane().here;
    let people = vec![bench.person("hanako")];
    bench.ask(Command::ConfirmStays { people }).unwrap();
    let stays = bench.stays();
    assert_eq!((stays[0].state, bench.lane().here), (StayState::Beside, here));
    assert!(stays[0].seen_at >= UnixMillis::new(bench.now.get() - 20_000));
}

#[test]
fn a_name_given_to_a_hidden_person_s_line_looks_like_any_other() {
    let seen = |card: &str| {
        let mut bench = Bench::live_town();
        // An expired card of somebody hidden stands in the list like one that nobody knows.
        let far =
            Package { version: 2, issued_at: bench.now.plus(20 * 365 * 86_400_000), ..bench.package.clone() };
        bench.take(&far);
        bench.tap(card);
        let nameless = bench.later()[0].nameless.unwrap();
        let owner = bench.person("isamu");
        let list = bench.ask(Command::GiveName { nameless, person: owner }).unwrap();
        let found = bench.find("浜田 勇");
        let found = found.people.iter().find(|person| person.person == owner).unwrap().state;
        (list, found != MemberState::NotSeen, bench.lane().here, bench.lane().later)
    };
    assert_eq!(seen("hidden"), seen("unknown"));
}

#[test]
fn a_badge_is_one_person_whether_it_is_scanned_or_typed() {
    let mut bench = Bench::live_town();
    let key = bench.key();
    let badge = Badge { series: 3, number: 17, letter: 1 };
    let code = |text: String| Command::Badge { code: PersonalText::new(text) };
    assert_eq!(bench.ask(code(badge.typed_code(&key))), Ok(None));
    assert!(matches!(bench.answer(), AnswerKind::Welcome { name: None, party: Party::Count }));
    let here = bench.lane().here;
    assert_eq!(bench.ask(code(badge.code(&key))), Ok(None));
    assert!(matches!(bench.answer(), AnswerKind::Here { .. }));
    assert_eq!(bench.lane().here, here);
    let foreign = badge.code(&TownKey::new([1; 32]));
    assert_eq!(bench.ask(code(foreign)), Ok(None));
    let answer = bench.answer();
    assert!(matches!(answer, AnswerKind::HoldAgain { reason: HoldReason::ForeignBadge }), "{answer:?}");
}

#[test]
fn whoever_tapped_before_their_card_was_known_is_joined_to_it() {
    let mut bench = Bench::without_town();
    // The town as it was before its cards were registered.
    let cards = std::mem::take(&mut bench.everybody.cards);
    let before = bench.package.clone();
    bench.take(&before);
    bench.open(Mode::Live);
    assert!(matches!(bench.tap("hanako"), AnswerKind::Welcome { name: None, .. }));
    bench.everybody.cards = cards;
    let here = bench.lane().here;
    bench.take(&Package { version: 2, ..before });
    assert!(matches!(bench.tap("hanako"), AnswerKind::Here { name: Some(_) }));
    assert_eq!(bench.lane().here, here, "she is one person");
}

#[test]
fn a_box_that_starts_with_everybody_loaded_joins_what_was_tapped_before() {
    let mut bench = Bench::without_town();
    let cards = std::mem::take(&mut bench.everybody.cards);
    let before = bench.package.clone();
    bench.take(&before);
    bench.open(Mode::Live);
    bench.tap("hanako");
    bench.everybody.cards = cards;
    let incident = bench.core.open_incident();
    let package = Package { version: 2, ..before };
    let known_before_the_lanes = {
        let desks = std::mem::take(&mut bench.core.desks);
        bench.take(&package);
        bench.core.desks = desks;
        bench.core.ledger.store(incident).presence(incident, bench.person("hanako")).unwrap()
    };
    assert_eq!(known_before_the_lanes, None, "nothing can be written without a lane");
    bench.core.join_known_cards(bench.now);
    let joined = bench.core.ledger.store(incident).presence(incident, bench.person("hanako")).unwrap();
    assert_eq!(joined.map(|presence| presence.state), Some(PresenceState::Here));
}

#[test]
fn in_daily_life_nobody_can_be_searched() {
    let mut bench = Bench::new();
    assert_eq!(bench.find("浜田").total, 0);
    bench.open(Mode::Drill);
    assert!(bench.find("浜田").total > 1);
    bench.ask(Command::EndDrill { then: Mode::DailyLife }).unwrap();
    assert_eq!(bench.find("浜田").total, 0);
}
