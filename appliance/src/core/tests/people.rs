//! People without a card in their hand: found, named, declared, missed, counted on paper.

use hinamori_ipc::{Found, Group, LeaderItem, NotArrived, Screen, Standing, Stay, StayState};
use hinamori_model::{Badge, RegisteredKind, TownKey};

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
}

#[test]
fn visitors_are_taken_off_the_list_without_a_name() {
    let mut bench = Bench::live_town();
    bench.tap("unknown");
    let nameless = bench.later()[0].nameless.unwrap();
    let list = bench.ask(Command::Register { nameless, kind: RegisteredKind::Visitor }).unwrap();
    assert_eq!(list, Some(ToKiosk::LeaderList(Vec::new())));
    let incident = bench.core.open_incident();
    let counts = bench.core.ledger.store(incident);
    let counts = counts.counts(incident, bench.core.site(), hinamori_record::Period::of(bench.now)).unwrap();
    assert_eq!((counts.here, counts.visitors), (1, 1));
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
fn a_roll_call_is_closed_by_the_hour_and_hidden_people_stand_in_it_without_a_name() {
    let mut bench = Bench::live_town();
    for card in ["hanako", "hidden", "kiyoko"] {
        bench.tap(card);
    }
    let stays = bench.stays();
    assert_eq!(stays.len(), 3);
    let hidden = stays.iter().find(|stay| stay.name.is_none()).unwrap().person;
    assert_ne!(hidden, bench.person("hidden"));
    let since = bench.now;
    let seen = vec![bench.person("hanako"), hidden];
    assert!(bench.ask(Command::ConfirmStays { people: seen }).is_ok());
    assert!(
        bench.ask(Command::CloseRollCall { since: bench.now.plus(86_400_000) }).is_err(),
        "in the future"
    );
    let here = bench.lane().here;
    bench.ask(Command::CloseRollCall { since }).unwrap();
    let unaccounted = |bench: &mut Bench| {
        let stays = bench.stays();
        stays
            .iter()
            .filter(|stay| stay.state == StayState::Unaccounted)
            .map(|stay| stay.person)
            .collect::<Vec<_>>()
    };
    assert_eq!(unaccounted(&mut bench), [bench.person("kiyoko")]);
    assert_eq!(bench.lane().here, here - 1);
    bench.tap("kiyoko");
    assert_eq!((unaccounted(&mut bench), bench.lane().here), (Vec::new(), here));
    let stranger = vec![bench.person("naoki")];
    assert_eq!(
        bench.ask(Command::ConfirmStays { people: stranger }),
        Err(Refusal::NotNow),
        "nobody arrives by it"
    );
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
fn in_daily_life_nobody_can_be_searched() {
    let mut bench = Bench::new();
    assert_eq!(bench.find("浜田").total, 0);
    bench.open(Mode::Drill);
    assert!(bench.find("浜田").total > 1);
    bench.ask(Command::EndDrill { then: Mode::DailyLife }).unwrap();
    assert_eq!(bench.find("浜田").total, 0);
}
