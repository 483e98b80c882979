//! What people need, by the cards of the demo town.

use hinamori_ipc::{AnswerId, CareEntry, CareList, CarePerson, Screen};
use hinamori_model::{
    ArrivalNeed, Destination, Direction, Leaving, LookupReason, NeedKind, StaffId, SupportReason,
    SupportReasons, Urgency, YesNo,
};

use super::*;

const HOUR: u64 = 3_600_000;

impl Bench {
    fn send(&mut self, command: Command) -> Result<Option<ToKiosk>, Refusal> {
        self.now = self.now.plus(100);
        let said = self.core.command(LANE, command, self.now);
        self.core.publish(self.now);
        said
    }

    fn shown_answer(&self) -> AnswerId {
        let Screen::Answer(answer) = &self.lane().screen else { panic!("the screen is idle") };
        answer.id
    }

    pub(super) fn care_list(&mut self) -> CareList {
        match self.send(Command::ShowCareList) {
            Ok(Some(ToKiosk::CareList(list))) => list,
            other => panic!("{other:?}"),
        }
    }

    fn care_person(&mut self, person: PersonId) -> CarePerson {
        match self.send(Command::ShowCarePerson { person, reason: LookupReason::Care }) {
            Ok(Some(ToKiosk::CarePerson(person))) => person,
            other => panic!("{other:?}"),
        }
    }

    fn tell(&mut self, needs: &[ArrivalNeed]) -> Result<Option<ToKiosk>, Refusal> {
        self.send(Command::TellNeeds { answer: self.shown_answer(), needs: needs.to_vec() })
    }

    fn supported(mut self, card: &str, reason: SupportReason) -> Self {
        let id = self.person(card);
        let person = self.everybody.people.iter_mut().find(|person| person.id == id).unwrap();
        person.support = SupportReasons::NONE.with(reason);
        let package = self.package.clone();
        self.take(&package);
        self
    }
}

fn need(kind: NeedKind, due_by: Option<UnixMillis>) -> CareEntry {
    CareEntry::Need { kind, answer: YesNo::Yes, degree: None, due_by, note: None }
}

#[test]
fn what_is_told_at_the_arrival_is_on_the_nurses_list_until_the_visit_is_taken_back() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.tap("hanako");
    let before = bench.answer();
    assert_eq!(bench.tell(&[]), Err(Refusal::NotNow));
    assert_eq!(bench.tell(&[ArrivalNeed::LifeSupport, ArrivalNeed::LifeSupport]), Ok(Some(ToKiosk::Done)));
    assert_eq!(bench.answer(), before, "the answer stays");
    let [item] = bench.care_list().items.try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!((item.person, item.needs), (bench.person("hanako"), vec![NeedKind::AskedLifeSupport]));
    assert_eq!(item.urgency, Urgency::NotDue(hinamori_model::Severity::Life));
    let answer = bench.shown_answer();
    bench.send(Command::Undo { answer }).unwrap();
    bench.tap("hanako");
    assert_eq!(bench.care_list().items, []);
    assert_eq!(
        bench.send(Command::TellNeeds { answer, needs: vec![ArrivalNeed::NotAlone] }),
        Err(Refusal::AnswerIsOver)
    );
}

#[test]
fn the_list_begins_with_what_is_due_and_the_roster_is_on_it() {
    let mut bench = Bench::without_town().supported("isamu", SupportReason::CareLevelThreeToFive);
    bench.open(Mode::Live);
    for card in ["isamu", "kiyoko", "hanako"] {
        bench.tap(card);
    }
    let (isamu, kiyoko) = (bench.person("isamu"), bench.person("kiyoko"));
    bench.tap("unknown");
    bench.tell(&[ArrivalNeed::NotAlone]).unwrap();
    let soon = Some(bench.now.plus(HOUR));
    bench.send(Command::WriteDown { person: kiyoko, entry: need(NeedKind::Medication, soon) }).unwrap();
    let list = bench.care_list();
    let people: Vec<_> = list.items.iter().map(|item| (item.person, item.name.is_some())).collect();
    let nameless = people.iter().find(|(_, named)| !named).unwrap().0;
    assert_eq!(people.len(), 3);
    assert_eq!(people[0], (kiyoko, true), "what is due comes first");
    assert!(people.contains(&(isamu, true)) && nameless.is_of_unknown_card());
    // Somebody asked, and it is not so.
    let no =
        CareEntry::Need { kind: NeedKind::Frail, answer: YesNo::No, degree: None, due_by: None, note: None };
    bench.send(Command::WriteDown { person: isamu, entry: no }).unwrap();
    assert!(!bench.care_list().items.iter().any(|item| item.person == isamu));
}

#[test]
fn what_is_written_down_is_read_again_and_a_my_number_is_not_written() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.tap("hanako");
    let person = bench.person("hanako");
    assert_eq!(bench.care_person(person).entries, []);
    let note = |text: &str| CareEntry::Need {
        kind: NeedKind::Oxygen,
        answer: YesNo::Yes,
        degree: Some(2),
        due_by: None,
        note: Some(PersonalText::new(text)),
    };
    bench.send(Command::WriteDown { person, entry: note("毎分2L") }).unwrap();
    let said = bench.care_person(person);
    assert_eq!((said.entries, said.has_more), (vec![note("毎分2L")], false));
    let refused = bench.send(Command::WriteDown { person, entry: note("123456789018") });
    assert_eq!(refused, Err(Refusal::NotNow));
    assert_eq!(bench.care_person(person).entries.len(), 1);
    let nobody = PersonId::from_bytes([9; 16]);
    assert_eq!(bench.send(Command::WriteDown { person: nobody, entry: note("x") }), Err(Refusal::NotNow));
}

#[test]
fn nothing_that_a_hidden_person_told_is_shown_of_them() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let hidden = bench.person("hidden");
    let never_seen = bench.care_person(hidden);
    bench.tap("hidden");
    let records = |bench: &Bench| bench.core.ledger.store(bench.core.open_incident()).record_count().unwrap();
    let before = records(&bench);
    assert_eq!(bench.tell(&[ArrivalNeed::LifeSupport]), Ok(Some(ToKiosk::Done)));
    assert_eq!(records(&bench), before + 1, "written down like anybody's");
    assert_eq!((bench.care_list().items, bench.care_person(hidden)), (Vec::new(), never_seen));
    let shadow = bench.core.shadow_of(hidden);
    let kept = bench.core.profile(shadow).unwrap().profile;
    assert_eq!(kept.needs().map(|need| need.kind).collect::<Vec<_>>(), [NeedKind::AskedLifeSupport]);
    // What staff write of them they read again, as of anybody who has not come.
    let entry = need(NeedKind::Insulin, None);
    bench.send(Command::WriteDown { person: hidden, entry: entry.clone() }).unwrap();
    assert_eq!(bench.care_person(hidden).entries, [entry]);
    assert_eq!(bench.care_list().items, []);
}

#[test]
fn a_key_is_made_before_anything_is_told_when_nobody_waits() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    for card in ["hanako", "hidden"] {
        bench.tap(card);
        let person = bench.person(card);
        let sealed_for = if card == "hidden" { bench.core.shadow_of(person) } else { person };
        let incident = bench.core.open_incident();
        let keys = |bench: &Bench| bench.core.person_keys.keys(incident, sealed_for).unwrap().len();
        assert_eq!(keys(&bench), 0);
        bench.core.while_nobody_waits();
        assert_eq!(keys(&bench), 1, "{card}");
        bench.tell(&[ArrivalNeed::NotAlone]).unwrap();
        assert_eq!(keys(&bench), 1, "{card}");
    }
}

#[test]
fn whoever_leaves_can_leave_a_telephone_number() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.tap("hanako");
    let phone = |bench: &Bench, number: &str| Command::LeavePhone {
        answer: bench.shown_answer(),
        phone: PersonalText::new(number),
    };
    let too_early = phone(&bench, "090-1234-5678");
    assert_eq!(bench.send(too_early), Err(Refusal::NotNow), "she is not leaving");
    bench.send(Command::SetDirection(Direction::Exit)).unwrap();
    bench.tap("hanako");
    bench.touch(|answer| Command::Leave { answer, leaving: Leaving::Left });
    bench.touch(|answer| Command::LeavingTo {
        answer,
        destination: Some(Destination::Relatives),
        companions: Vec::new(),
    });
    for wrong in ["", "12345", "でんわ", "123456789018", "0901234567890123456"] {
        let wrong = phone(&bench, wrong);
        assert_eq!(bench.send(wrong), Err(Refusal::NotNow));
    }
    let right = phone(&bench, "090-1234-5678");
    assert_eq!(bench.send(right), Ok(Some(ToKiosk::Done)));
    let entries = bench.care_person(bench.person("hanako")).entries;
    assert_eq!(entries, [CareEntry::Phone(PersonalText::new("090-1234-5678"))]);
}

#[test]
fn a_list_is_handed_over_as_both_teams_saw_it() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    bench.tap("hanako");
    bench.tell(&[ArrivalNeed::InjuryOrFever]).unwrap();
    assert_eq!(bench.care_list().handed_over, None);
    let (from, to) = (StaffId::from_bytes([1; 16]), StaffId::from_bytes([2; 16]));
    bench.core.hand_list_over(LANE, from, to, bench.now).unwrap();
    let list = bench.care_list();
    assert!(list.handed_over.is_some_and(|(_, at)| bench.now.since(at) < 1_000));
    let incident = bench.core.open_incident();
    let store = bench.core.ledger.store(incident);
    assert_eq!(store.handed_over(incident, bench.core.site()).unwrap().unwrap().0, to);
}
