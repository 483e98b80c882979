//! Numbers that grow old, heads that get names, people whom two sites claim, shelters that people open themselves.

use hinamori_ipc::{Conflict, HeadCount};
use hinamori_model::{Aspect, Assurance, Grade, Hlc, RecordId};
use hinamori_record::{ActorId, Document, DocumentScope, Period, PresenceEvent, Proof, Record};
use hinamori_sync::{SealKey, SealedBatch, own_shelter, verify};

use super::*;

const HOUR: u64 = 3_600_000;
const HALL: SiteId = SiteId::from_bytes([8; 16]);

impl Bench {
    fn wait(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        self.core.tick(self.now);
        self.core.publish(self.now);
    }

    fn numbers(&self) -> (u32, u32) {
        (self.lane().here, self.lane().confirmed)
    }

    fn head_counts(&mut self) -> Vec<HeadCount> {
        match self.core.command(LANE, Command::ShowHeadCounts, self.now) {
            Ok(Some(ToKiosk::HeadCounts(heads))) => heads,
            other => panic!("{other:?}"),
        }
    }

    fn conflicts(&mut self) -> Vec<Conflict> {
        match self.core.command(LANE, Command::ShowConflicts, self.now) {
            Ok(Some(ToKiosk::Conflicts(conflicts))) => conflicts,
            other => panic!("{other:?}"),
        }
    }

    /// The town's hall, which this box hears of, saw these people.
    fn seen_at_the_hall(&mut self, people: &[PersonId]) {
        let key = SealKey::from_bytes(&[42; 32]);
        let incident = self.core.open_incident();
        let scope = DocumentScope { incident, site: HALL, period: Period::of(self.now) };
        let mut document = Document::new(scope, ActorId::new(key.box_id(), 1)).unwrap();
        let proof = Proof { assurance: Assurance::ChipProven, ..Proof::DECLARED };
        let records: Vec<Record> = (1_u64..)
            .zip(people)
            .map(|(number, person)| Record {
                id: RecordId::new(self.now, number.into()),
                at: Hlc::from_packed(self.now.get() << 16),
                clock_unsure: false,
                lane: None,
                fact: Fact::presence(*person, PresenceEvent::Arrived, proof),
            })
            .collect();
        let changes = vec![document.append(&records, self.now).unwrap()];
        let batch = SealedBatch { seal: key.seal(scope, None, &changes).unwrap(), changes };
        let grant = Grant { seal_key: key.public(), tls_key: [0; 32], site: HALL, reads: Vec::new() };
        let grants = hinamori_sync::Grants([(key.box_id(), grant)].into());
        self.core.take_batches(vec![verify(batch, &grants).unwrap()], Durability::Relaxed, self.now).unwrap();
        self.core.reread(self.now);
        self.core.publish(self.now);
    }
}

#[test]
fn after_twelve_hours_nobody_is_confirmed_who_was_not_seen_again_also_nobody_hidden() {
    let grown_old = |card: &str| {
        let mut bench = Bench::new();
        bench.open(Mode::Live);
        let mut numbers = vec![bench.numbers()];
        bench.tap("kiyoko");
        bench.wait(6 * HOUR);
        for _ in 0..2 {
            bench.tap(card);
            numbers.push(bench.numbers());
        }
        bench.wait(7 * HOUR);
        numbers.push(bench.numbers());
        bench.tap("kiyoko");
        numbers.push(bench.numbers());
        bench.wait(6 * HOUR);
        numbers.push(bench.numbers());
        numbers
    };
    assert_eq!(grown_old("isamu"), [(0, 0), (2, 2), (2, 2), (2, 1), (2, 2), (2, 1)]);
    // At every tap one more comes, who is never seen again.
    assert_eq!(grown_old("hidden"), [(0, 0), (2, 2), (3, 3), (3, 2), (3, 3), (3, 1)]);
}

#[test]
fn heads_get_names_and_are_counted_once() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let count = Command::CountPeople { answer: None, adults: 3, children: 1, infants: 0 };
    bench.core.command(LANE, count, bench.now).unwrap();
    bench.core.publish(bench.now);
    assert_eq!(bench.numbers(), (4, 4));
    let [heads] = bench.head_counts().try_into().unwrap();
    assert_eq!((heads.adults, heads.children, heads.infants), (3, 1, 0));
    let name = |bench: &mut Bench, adults, children| {
        let command = Command::NameHeads { of: heads.record, adults, children, infants: 0 };
        let named = bench.core.command(LANE, command, bench.now);
        bench.core.publish(bench.now);
        named.map(|_list| bench.lane().here)
    };
    assert_eq!(name(&mut bench, 2, 0), Ok(2));
    assert_eq!(
        [name(&mut bench, 2, 0), name(&mut bench, 0, 0)],
        [Err(Refusal::NotNow), Err(Refusal::NotNow)]
    );
    assert_eq!(name(&mut bench, 1, 1), Ok(0));
    assert_eq!((bench.head_counts(), name(&mut bench, 1, 0)), (Vec::new(), Err(Refusal::NotNow)));
}

#[test]
fn who_was_seen_at_two_sites_is_shown_and_settled_and_nobody_hidden_ever() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let (hanako, hidden) = (bench.person("hanako"), bench.person("hidden"));
    bench.tap("hanako");
    bench.tap("hidden");
    bench.wait(HOUR);
    bench.seen_at_the_hall(&[hanako, hidden]);
    let [conflict] = bench.conflicts().try_into().unwrap_or_else(|all| panic!("{all:?}"));
    assert_eq!((conflict.person, conflict.places.len()), (hanako, 2));
    assert_eq!((conflict.places[0].site, conflict.places[1].name.as_str()), (HALL, "汐見小学校 体育館"));
    let here = bench.lane().here;
    let settle = |bench: &mut Bench, person, site| {
        let settled = bench.core.command(LANE, Command::Settle { person, site }, bench.now);
        bench.core.publish(bench.now);
        settled
    };
    let site = bench.core.site();
    let nobody = PersonId::from_bytes([9; 16]);
    assert_eq!(settle(&mut bench, hidden, site), settle(&mut bench, nobody, site), "as of somebody unknown");
    assert_eq!(settle(&mut bench, hanako, SiteId::from_bytes([5; 16])), Err(Refusal::NotNow));
    assert_eq!(settle(&mut bench, hanako, site), Ok(Some(ToKiosk::Conflicts(Vec::new()))));
    assert_eq!(bench.lane().here, here + 1, "she is here after all");
    assert!(matches!(bench.tap("hanako"), AnswerKind::Here { .. }));
}

#[test]
fn how_the_site_is_equipped_is_as_somebody_saw_it_last() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let ask = |bench: &mut Bench, command| match bench.core.command(LANE, command, bench.now) {
        Ok(Some(ToKiosk::Assessment(assessment))) => assessment,
        other => panic!("{other:?}"),
    };
    assert_eq!(ask(&mut bench, Command::ShowAssessment).at, None);
    let mut grades = [Grade::Good; Aspect::ALL.len()];
    ask(&mut bench, Command::Assess { grades });
    bench.wait(HOUR);
    grades[2] = Grade::Urgent;
    let said = ask(&mut bench, Command::Assess { grades });
    assert_eq!((said.grades, said.at.map(|at| bench.now.since(at) < HOUR)), (grades, Some(true)));
    assert_eq!(ask(&mut bench, Command::ShowAssessment), said);
}

#[test]
fn people_open_a_shelter_of_their_own_and_the_box_stands_there_until_it_goes_back() {
    let mut bench = Bench::new();
    let granted = bench.core.site();
    let open = |bench: &mut Bench, name: &str| {
        let command = Command::OpenOwnShelter { name: name.to_owned() };
        let opened = bench.core.command(LANE, command, bench.now).map(|_nothing| ());
        bench.core.publish(bench.now);
        opened
    };
    assert_eq!(open(&mut bench, "浜町の集会所"), Err(Refusal::NotNow), "in daily life");
    bench.open(Mode::Live);
    bench.tap("hanako");
    assert_eq!(open(&mut bench, &"長".repeat(41)), Err(Refusal::NotNow));
    assert_eq!(open(&mut bench, ""), Err(Refusal::NotNow), "it stands where the town put it");
    assert_eq!(open(&mut bench, " 浜町の集会所 "), Ok(()));
    let own = own_shelter(bench.core.own, 0);
    assert_eq!((bench.core.site(), bench.lane().banner.site.as_str()), (own, "浜町の集会所"));
    assert_eq!(bench.lane().here, 0);
    assert_eq!(bench.lane().site, hinamori_ipc::SiteState::AwaitingBuildingCheck);
    bench.tap("isamu");
    // A newer package does not move it, and neither does a restart.
    let next = Package { version: 2, ..bench.package.clone() };
    bench.take(&next);
    assert_eq!((bench.core.site(), bench.lane().here), (own, 1));
    let mut bench = bench.restart();
    bench.take(&next);
    assert_eq!((bench.core.site(), bench.lane().here), (own, 1));
    let incident = bench.core.open_incident();
    let named = bench.core.ledger.store(incident).own_shelters(incident).unwrap();
    assert_eq!(named, [(own, "浜町の集会所".to_owned())]);
    assert_eq!(open(&mut bench, ""), Ok(()));
    assert_eq!((bench.core.site(), bench.lane().here), (granted, 1));
    assert_eq!(open(&mut bench, "浜町の集会所"), Ok(()));
    assert_eq!((bench.core.site(), bench.lane().here), (own, 1), "the same one again");
    bench.core.command(LANE, Command::OpenOwnShelter { name: "別の家".to_owned() }, bench.now).unwrap();
    assert_eq!(bench.core.site(), own_shelter(bench.core.own, 1));
}

#[test]
fn a_shelter_of_a_drill_is_none_in_earnest() {
    let mut bench = Bench::new();
    let granted = bench.core.site();
    bench.open(Mode::Drill);
    let command = Command::OpenOwnShelter { name: "浜町の集会所".to_owned() };
    bench.core.command(LANE, command, bench.now).unwrap();
    assert_ne!(bench.core.site(), granted);
    bench.core.command(LANE, Command::EndDrill { then: Mode::Live }, bench.now).unwrap();
    assert_eq!(bench.core.site(), granted);
    let incident = bench.core.open_incident();
    assert_eq!(bench.core.ledger.store(incident).own_shelters(incident).unwrap(), []);
}
