//! The store on a real disk: what is committed stays, whatever happens, and says the same when rebuilt.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use hinamori_model::{
    Assurance, AuditAction, BindingAssurance, CardKey, Doubt, Hlc, IncidentId, LookupReason, PersonId,
    RecordId, RegisteredKind, Role, SiteId, StaffId, TownKey, UnixMillis,
};
use hinamori_record::{
    ActorId, Building, Document, DocumentScope, Fact, Period, PresenceEvent, PresenceState, Proof, Record,
    WatchEvent, has_consented, is_away,
};
use hinamori_store_sqlite::{
    Budget, CONFIRMED_MILLIS, Concerned, Durability, Refused, SiteCounts, Store, Unsealed, confirmed_since,
};
use hinamori_sync::{
    CutOff, CutOffs, Fork, Forks, Grant, Grants, Receipt, ReceiptKey, Retention, Retentions, SealKey,
    SealedBatch, Vectors, verify,
};

const INCIDENT: IncidentId = IncidentId::from_bytes([1; 16]);
const SITE: SiteId = SiteId::from_bytes([2; 16]);
const NOW: UnixMillis = UnixMillis::new(1_791_730_800_000);
const LATER: UnixMillis = UnixMillis::new(NOW.get() + 1_000_000);

fn scope() -> DocumentScope {
    DocumentScope { incident: INCIDENT, site: SITE, period: Period::of(NOW) }
}

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn unknown_card(number: u8) -> PersonId {
    TownKey::new([1; 32]).person_of_unknown_card(CardKey::from_bytes([number; 16]))
}

fn record(number: u64, fact: Fact) -> Record {
    let at = NOW.plus(number);
    let id = RecordId::new(at, u128::from(number));
    Record { id, at: Hlc::from_packed(at.get() << 16), clock_unsure: false, lane: None, fact }
}

fn presence(number: u64, who: u8, event: PresenceEvent) -> Record {
    record(number, Fact::presence(person(who), event, Proof::DECLARED))
}

#[test]
fn a_link_moves_everything_to_one_person_and_back_when_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    // 1, 8 and 9 are cards that nobody knew.
    let person = |number: u8| if number == 7 { person(7) } else { unknown_card(number) };
    let presence = |number, who, event| record(number, Fact::presence(person(who), event, Proof::DECLARED));
    let link = |number, from, to| {
        let binding = BindingAssurance::MatchedByStaff;
        record(number, Fact::Link { from: person(from), to: person(to), binding })
    };
    let unknown = Proof { doubts: Doubt::UnknownCard.into(), ..Proof::DECLARED };
    gym.write(&[record(1, Fact::presence(person(1), PresenceEvent::Arrived, unknown))]);
    gym.write(&[presence(2, 7, PresenceEvent::Passed), presence(3, 8, PresenceEvent::Arrived)]);
    assert_eq!(gym.store.later(INCIDENT, SITE, 9).unwrap().len(), 1);
    let state = |store: &Store, who| Some(store.presence(INCIDENT, person(who)).unwrap()?.state);
    let first = link(4, 1, 7);
    gym.write(std::slice::from_ref(&first));
    assert_eq!((state(&gym.store, 1), state(&gym.store, 7)), (None, Some(PresenceState::Here)));
    assert_eq!(gym.store.canonical(person(1)).unwrap(), person(7));
    assert_eq!(gym.store.later(INCIDENT, SITE, 9).unwrap().len(), 0, "it is known whose card that is");
    // Somebody corrects it: the later link counts, and the first person is where they were before.
    gym.write(&[link(5, 1, 8)]);
    assert_eq!(state(&gym.store, 7), Some(PresenceState::Passed));
    gym.write(&[link(6, 8, 9), presence(7, 1, PresenceEvent::Out)]);
    assert_eq!((state(&gym.store, 8), state(&gym.store, 9)), (None, Some(PresenceState::Out)));
    // A ring ends at its smallest id, from wherever it is entered.
    gym.write(&[link(8, 9, 1)]);
    let ends = [1, 8, 9].map(|who| gym.store.canonical(person(who)).unwrap());
    let smallest = [1, 8, 9].map(person).into_iter().min().unwrap();
    assert_eq!(ends, [smallest; 3]);
    let before = |store: &Store| {
        let mut all = Vec::new();
        store.for_each_presence(INCIDENT, |who, presence| all.push((who, *presence))).unwrap();
        all
    };
    let shown = before(&gym.store);
    assert_eq!(shown.len(), 2);
    gym.store.rebuild().unwrap();
    assert_eq!(before(&gym.store), shown);
    let undo = |number, of: &Record| record(number, Fact::Undo { of: of.id });
    gym.write(&[
        undo(9, &link(8, 9, 1)),
        undo(10, &link(6, 8, 9)),
        undo(11, &link(5, 1, 8)),
        undo(12, &first),
    ]);
    assert_eq!(
        (state(&gym.store, 1), state(&gym.store, 8)),
        (Some(PresenceState::Out), Some(PresenceState::Here))
    );
    assert_eq!(gym.store.later(INCIDENT, SITE, 9).unwrap().len(), 1);
}

#[test]
fn a_check_point_that_was_passed_stays_passed_whatever_a_shelter_says_and_goes_when_it_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut gate = Writer::open(&folder.path().join("store.db"), 1);
    let passings = |store: &Store, since| {
        let found = store.passings(INCIDENT, person(1), NOW.plus(since)).unwrap();
        found.into_iter().map(|at| at.since(NOW)).collect::<Vec<_>>()
    };
    let [early, late] = [2, 5].map(|number| presence(number, 1, PresenceEvent::Passed));
    gate.write(&[
        early.clone(),
        presence(3, 1, PresenceEvent::Arrived),
        presence(4, 2, PresenceEvent::Passed),
    ]);
    // The later one came first: another gate had no line.
    gate.write(std::slice::from_ref(&late));
    assert_eq!((passings(&gate.store, 0), passings(&gate.store, 3)), (vec![2, 5], vec![5]));
    // What a card did whose owner nobody knew is its owner's.
    let binding = BindingAssurance::MatchedByStaff;
    let link = record(7, Fact::Link { from: unknown_card(9), to: person(1), binding });
    gate.write(&[record(6, Fact::presence(unknown_card(9), PresenceEvent::Passed, Proof::DECLARED)), link]);
    gate.write(&[record(8, Fact::Undo { of: early.id })]);
    assert_eq!(passings(&gate.store, 0), [5, 6]);
    assert!(gate.store.passings(IncidentId::from_bytes([9; 16]), person(1), NOW).unwrap().is_empty());
}

#[test]
fn the_latest_word_hides_and_only_a_pin_lifts_it_under_whatever_id() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let staff = StaffId::from_bytes([5; 16]);
    let hiding = |number, who: PersonId, hidden, assurance| {
        let proof = Proof { assurance, ..Proof::DECLARED };
        record(number, Fact::Hiding { person: who, hidden, staff, proof })
    };
    let card = unknown_card(1);
    let hidden = |gym: &Writer| gym.store.hidden_by_records(&BTreeSet::new()).unwrap();
    gym.write(&[hiding(1, card, true, Assurance::Declared)]);
    assert_eq!(hidden(&gym).people, [card].into());
    // The card is person 7's: both ids are hidden, and 7 is the one that counts.
    let link = Fact::Link { from: card, to: person(7), binding: BindingAssurance::MatchedByStaff };
    gym.write(&[record(2, link)]);
    assert_eq!((hidden(&gym).people, hidden(&gym).ids), ([person(7)].into(), [card, person(7)].into()));
    gym.write(&[hiding(3, person(7), false, Assurance::ChipProven)]);
    assert_eq!(hidden(&gym).people, [person(7)].into(), "no PIN");
    gym.write(&[hiding(4, person(7), false, Assurance::PinProven)]);
    assert!(hidden(&gym).ids.is_empty());
    let others = [person(7)].into();
    assert_eq!(gym.store.hidden_by_records(&others).unwrap().ids, [card, person(7)].into());
}

#[test]
fn look_ups_are_found_by_their_person_and_alarms_by_their_site() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let audit = |number, action, person| {
        let (staff, role, reason) = (None, Role::Leader, Some(LookupReason::Round));
        record(number, Fact::Audit { staff, role, action, person, reason, people: 3 })
    };
    gym.write(&[
        audit(1, AuditAction::SawPerson, Some(person(7))),
        audit(2, AuditAction::Searched, Some(person(7))),
        audit(3, AuditAction::BulkReading, None),
        audit(4, AuditAction::OpenedWithoutStaff, None),
        audit(5, AuditAction::SawStays, None),
    ]);
    let looked = gym.store.lookups(person(7), 9).unwrap();
    let actions: Vec<AuditAction> = looked.iter().map(|looked| looked.action).collect();
    assert_eq!(actions, [AuditAction::Searched, AuditAction::SawPerson], "the latest first");
    assert_eq!(gym.store.lookups(person(7), 1).unwrap().len(), 1);
    let alarms = |site, since| gym.store.alarms(INCIDENT, site, since).unwrap();
    assert_eq!((alarms(SITE, NOW), alarms(SITE, NOW.plus(4))), (2, 1));
    assert_eq!(alarms(SiteId::from_bytes([9; 16]), NOW), 0);
    let mut all = Vec::new();
    gym.store.for_each_audit(NOW.plus(2), |audited| all.push((audited.people, audited.site))).unwrap();
    assert_eq!(all, [(3, SITE); 4]);
}

#[test]
fn whoever_a_roll_call_does_not_find_is_unaccounted_for_until_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let counts = |store: &Store| {
        let counts = store.counts(INCIDENT, SITE, LATER).unwrap();
        (counts.here, counts.unaccounted, counts.out, counts.beside)
    };
    gym.write(&[1, 2, 3, 4].map(|who| presence(u64::from(who), who, PresenceEvent::Arrived)));
    gym.write(&[presence(5, 3, PresenceEvent::Out), presence(6, 4, PresenceEvent::AtHome)]);
    assert_eq!(counts(&gym.store), (2, 0, 1, 1));
    gym.write(&[presence(100, 1, PresenceEvent::Seen)]);
    let roll_call = record(110, Fact::RollCall { since: NOW.plus(90) });
    gym.write(&[roll_call]);
    assert_eq!(gym.store.roll_call(INCIDENT, SITE, LATER).unwrap(), Some(NOW.plus(90)));
    assert_eq!(counts(&gym.store), (1, 1, 1, 1), "nobody left by it");
    gym.write(&[presence(120, 2, PresenceEvent::Seen)]);
    assert_eq!(counts(&gym.store), (2, 0, 1, 1));
    gym.write(&[record(130, Fact::RollCall { since: NOW.plus(125) })]);
    assert_eq!(counts(&gym.store), (0, 2, 1, 1));
    shares_add_up(&gym.store);
    gym.store.rebuild().unwrap();
    assert_eq!(counts(&gym.store), (0, 2, 1, 1));
}

#[test]
fn the_latest_roll_call_counts_and_one_of_the_future_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let roll_call = |number, since| record(number, Fact::RollCall { since: NOW.plus(since) });
    let since = |store: &Store| store.roll_call(INCIDENT, SITE, LATER).unwrap();
    gym.write(&[roll_call(100, 90)]);
    gym.write(&[roll_call(110, 20)]);
    assert_eq!(since(&gym.store), Some(NOW.plus(20)), "a leader corrects the hour");
    gym.write(&[roll_call(120, 5_000), record(2_000_000, Fact::RollCall { since: NOW.plus(1_999_999) })]);
    assert_eq!(since(&gym.store), Some(NOW.plus(20)), "nobody can have been seen by then");
}

#[test]
fn many_links_to_one_person_are_one_person() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let key = TownKey::new([1; 32]);
    for number in 0..200_u64 {
        let mut card = [0; 16];
        card[..8].copy_from_slice(&number.to_be_bytes());
        let from = key.person_of_unknown_card(CardKey::from_bytes(card));
        let binding = BindingAssurance::MatchedByStaff;
        let link = Fact::Link { from, to: person(7), binding };
        let arrived = Fact::presence(from, PresenceEvent::Arrived, Proof::DECLARED);
        gym.write(&[record(2 * number, arrived), record(2 * number + 1, link)]);
    }
    let counts = gym.store.counts(INCIDENT, SITE, LATER).unwrap();
    assert_eq!(counts.here, 1);
}

#[test]
fn heads_that_got_a_name_are_not_counted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let unnamed = |store: &Store| store.counts(INCIDENT, SITE, LATER).unwrap().unnamed;
    let heads = record(1, Fact::HeadCount { adults: 2, children: 1, infants: 0 });
    gym.write(&[heads.clone(), record(2, Fact::HeadCount { adults: 5, children: 0, infants: 0 })]);
    let named = record(3, Fact::Named { of: heads.id, adults: 1, children: 0, infants: 0 });
    gym.write(&[named, presence(4, 1, PresenceEvent::Arrived)]);
    assert_eq!(unnamed(&gym.store), 7);
    gym.write(&[record(5, Fact::Named { of: heads.id, adults: 9, children: 9, infants: 9 })]);
    assert_eq!(unnamed(&gym.store), 5, "one head count is never less than nobody");
    gym.write(&[record(6, Fact::Undo { of: heads.id })]);
    assert_eq!(unnamed(&gym.store), 5);
}

/// What everybody adds is what is counted, but for heads without a name.
fn shares_add_up(store: &Store) {
    let mut counts = store.counts(INCIDENT, SITE, LATER).unwrap();
    let mut visitors = store.visitors(INCIDENT, SITE, LATER).unwrap();
    let mut shown = Vec::new();
    store.for_each_presence(INCIDENT, |person, _| shown.push(person)).unwrap();
    for person in shown {
        let Some((site, share, is_visitor)) = store.share(INCIDENT, person, LATER).unwrap() else { continue };
        assert_eq!(site, SITE);
        counts.here -= share.here;
        counts.confirmed -= share.confirmed;
        counts.unaccounted -= share.unaccounted;
        counts.passed -= share.passed;
        counts.out -= share.out;
        counts.beside -= share.beside;
        visitors -= u32::from(is_visitor);
    }
    (counts.unnamed, counts.confirmed_unnamed) = (0, 0);
    assert_eq!((counts, visitors), (SiteCounts::default(), 0));
}

#[test]
fn whoever_was_not_seen_for_half_a_day_is_here_and_not_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    gym.write(&[
        presence(1, 1, PresenceEvent::Arrived),
        presence(2, 2, PresenceEvent::Arrived),
        presence(3, 3, PresenceEvent::AtHome),
        record(4, Fact::HeadCount { adults: 2, children: 0, infants: 0 }),
    ]);
    let counts = |store: &Store, now| {
        let counts = store.counts(INCIDENT, SITE, now).unwrap();
        (counts.here, counts.confirmed, counts.unnamed, counts.confirmed_unnamed)
    };
    assert_eq!(counts(&gym.store, LATER), (2, 2, 2, 2));
    let half_a_day = NOW.plus(CONFIRMED_MILLIS + 600_001);
    gym.write(&[presence(43_000_000, 2, PresenceEvent::Seen)]);
    assert_eq!(counts(&gym.store, half_a_day), (2, 1, 2, 0));
    // Time goes on in steps, which never take away what is younger than twelve hours.
    for later in [0, 1, 599_999, 600_000, 600_001] {
        let now = NOW.plus(CONFIRMED_MILLIS + later);
        let since = confirmed_since(now);
        assert!(now.since(since) >= CONFIRMED_MILLIS && now.since(since) < CONFIRMED_MILLIS + 600_000);
    }
}

#[test]
fn a_ruling_moves_a_person_and_ends_the_conflict_under_whatever_id_they_were_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let hall = SiteId::from_bytes([9; 16]);
    let certain = Proof { assurance: Assurance::ChipProven, ..Proof::DECLARED };
    let arrived = |number, who| record(number, Fact::presence(who, PresenceEvent::Arrived, certain));
    let (known, unknown) = (person(7), unknown_card(1));
    gym.write(&[arrived(1, known), arrived(2, person(8))]);
    // The hall's documents, as if they had come from there.
    let mut at_hall = Writer::open(&folder.path().join("hall.db"), 2);
    at_hall.document =
        Document::new(DocumentScope { site: hall, ..scope() }, ActorId::new(at_hall.key.box_id(), 1))
            .unwrap();
    let change = at_hall.document.append(&[arrived(5, unknown)], NOW).unwrap();
    let scope_of_hall = DocumentScope { site: hall, ..scope() };
    gym.store.commit_own(scope_of_hall, &change, &[arrived(5, unknown)], NOW).unwrap();
    assert_eq!(gym.store.at_several_sites(INCIDENT).unwrap(), []);
    let binding = BindingAssurance::MatchedByStaff;
    gym.write(&[record(6, Fact::Link { from: unknown, to: known, binding })]);
    let claims = vec![(hall, NOW.plus(5)), (SITE, NOW.plus(1))];
    assert_eq!(gym.store.at_several_sites(INCIDENT).unwrap(), [(known, claims)]);
    let where_to = |store: &Store| store.presence(INCIDENT, known).unwrap().unwrap().site;
    assert_eq!(where_to(&gym.store), hall);
    let settled = record(7, Fact::Settled { person: known, site: SITE, staff: None });
    gym.write(std::slice::from_ref(&settled));
    assert_eq!((where_to(&gym.store), gym.store.at_several_sites(INCIDENT).unwrap()), (SITE, Vec::new()));
    gym.store.rebuild().unwrap();
    assert_eq!(where_to(&gym.store), SITE);
    gym.write(&[record(8, Fact::Undo { of: settled.id })]);
    assert_eq!((where_to(&gym.store), gym.store.at_several_sites(INCIDENT).unwrap().len()), (hall, 1));
}

#[test]
fn visitors_are_counted_apart_and_are_no_longer_in_the_leader_s_list() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let unknown = Proof { doubts: Doubt::UnknownCard.into(), ..Proof::DECLARED };
    let person = unknown_card;
    let presence = |number, who, event| record(number, Fact::presence(person(who), event, Proof::DECLARED));
    let came = |who| record(who, Fact::presence(person(who as u8), PresenceEvent::Arrived, unknown));
    gym.write(&[came(1), came(2), came(3)]);
    let registered =
        |number, who, kind| record(number, Fact::Registered { person: person(who), kind, household: None });
    gym.write(&[
        registered(4, 1, RegisteredKind::Visitor),
        registered(5, 2, RegisteredKind::ResidentNotListed),
    ]);
    let counts = gym.store.counts(INCIDENT, SITE, LATER).unwrap();
    assert_eq!((counts.here, gym.store.visitors(INCIDENT, SITE, LATER).unwrap()), (3, 1));
    let open: Vec<_> = gym.store.later(INCIDENT, SITE, 9).unwrap().iter().map(|item| item.person).collect();
    assert_eq!(open, [person(3)]);
    assert_eq!([1, 2, 3].map(|who| gym.store.named_at(person(who)).unwrap().is_some()), [true, true, false]);
    assert_eq!([1, 2, 3].map(|who| gym.store.naming(person(who)).unwrap().is_some()), [true, true, false]);
    gym.write(&[presence(6, 1, PresenceEvent::Left)]);
    assert_eq!(gym.store.visitors(INCIDENT, SITE, LATER).unwrap(), 0);
}

/// A box that writes to a store.
struct Writer {
    key: SealKey,
    document: Document,
    store: Store,
}

impl Writer {
    fn open(path: &Path, number: u8) -> Self {
        let key = SealKey::from_bytes(&[number; 32]);
        let mut store = Store::open(path).unwrap();
        let actor = ActorId::new(key.box_id(), store.next_epoch(1).unwrap());
        let mut document = Document::new(scope(), actor).unwrap();
        let held = store.document_changes(scope()).unwrap();
        document.apply(held.iter().map(Vec::as_slice)).unwrap();
        Self { key, document, store }
    }

    fn write(&mut self, records: &[Record]) -> u32 {
        let change = self.document.append(records, NOW).unwrap();
        self.store.commit_own(scope(), &change, records, NOW).unwrap();
        change.sequence
    }

    fn seal(&mut self) {
        let id = self.key.box_id();
        for actor in self.store.unsealed_actors(|actor| actor.belongs_to(id)).unwrap() {
            for Unsealed { scope, before, changes } in self.store.unsealed(actor, 100).unwrap() {
                self.store.add_seals(&[self.key.seal(scope, before, &changes).unwrap()]).unwrap();
            }
        }
    }

    fn grants(&self) -> Grants {
        let grant = Grant { seal_key: self.key.public(), tls_key: [0; 32], site: SITE, reads: Vec::new() };
        Grants(BTreeMap::from([(self.key.box_id(), grant)]))
    }
}

fn lacking(store: &Store, peer: &Vectors) -> Vec<SealedBatch> {
    let mut budget = Budget { batches: 10, bytes: usize::MAX };
    store.batches_missing_at(peer, |_| true, &mut budget).unwrap()
}

#[test]
fn no_run_goes_over_a_multiple_of_its_length_wherever_the_last_seal_ended() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let upto = |gym: &mut Writer, held: u64| {
        let written = gym.store.record_count().unwrap();
        for number in written..held {
            gym.write(&[presence(number + 1, 1, PresenceEvent::Seen)]);
        }
        let actor = gym.store.unsealed_actors(|_| true).unwrap()[0];
        let runs = gym.store.unsealed(actor, 3).unwrap().into_iter();
        runs.map(|run| run.changes.len()).collect::<Vec<_>>()
    };
    assert_eq!(upto(&mut gym, 2), [2]);
    gym.seal();
    assert_eq!(upto(&mut gym, 8), [1, 3, 2]);
}

#[test]
fn a_morning_is_counted_and_survives_a_restart_and_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut gym = Writer::open(&path, 1);
    let arrived = presence(1, 1, PresenceEvent::Arrived);
    gym.write(&[
        arrived.clone(),
        presence(2, 2, PresenceEvent::Arrived),
        presence(3, 3, PresenceEvent::Arrived),
    ]);
    gym.write(&[presence(4, 2, PresenceEvent::Out)]);
    gym.write(&[record(5, Fact::Undo { of: presence(3, 3, PresenceEvent::Arrived).id })]);
    gym.write(&[record(6, Fact::HeadCount { adults: 2, children: 1, infants: 0 })]);
    let seen = Fact::Watch { person: person(9), event: WatchEvent::Seen, proof: Proof::DECLARED };
    gym.write(&[record(7, seen.clone())]);
    gym.write(&[record(8, Fact::SiteOpened { building: Building::NothingSeen, findings: 0 })]);
    let proof = Proof {
        assurance: Assurance::ChipProven,
        binding: BindingAssurance::AttributesSigned,
        doubts: Doubt::Expired.into(),
        ..Proof::DECLARED
    };
    let event = PresenceEvent::Passed;
    gym.write(&[record(9, Fact::presence(person(4), event, proof))]);

    let check = |store: &Store| {
        let counts = store.counts(INCIDENT, SITE, LATER).unwrap();
        assert_eq!((counts.here, counts.out, counts.passed, counts.unnamed, counts.watched), (1, 1, 1, 3, 1));
        let first = store.presence(INCIDENT, person(1)).unwrap().unwrap();
        assert_eq!((first.state, first.arrived_at), (PresenceState::Here, Some(arrived.at.millis())));
        assert_eq!(store.presence(INCIDENT, person(3)).unwrap(), None);
        assert_eq!(store.building(INCIDENT, SITE).unwrap(), Some(Building::NothingSeen));
        let later = store.later(INCIDENT, SITE, 10).unwrap();
        assert_eq!(later.iter().map(|item| item.person).collect::<Vec<_>>(), [person(4)]);
        assert_eq!(store.later(INCIDENT, SITE, 9).unwrap().len(), 1);
        assert_eq!(store.record_count().unwrap(), 9);
        assert_eq!(store.unconfirmed(|_| true).unwrap(), 7);
        assert_eq!(store.unconfirmed(|incident| incident != INCIDENT).unwrap(), 0);
    };
    check(&gym.store);
    drop(gym);
    let mut gym = Writer::open(&path, 1);
    check(&gym.store);
    gym.store.rebuild().unwrap();
    check(&gym.store);
    let last = record(9, seen.clone()).at;
    assert_eq!(gym.store.last_reading(NOW.plus(1_000_000)).unwrap(), last);
    assert!(gym.store.last_reading(record(8, seen).at.millis()).unwrap() < last);
}

#[test]
fn sealed_changes_reach_another_store_once_and_leave_the_outbox() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("gym.db"), 1);
    let mut hall = Store::open(&folder.path().join("hall.db")).unwrap();
    for number in 1..=5 {
        gym.write(&[presence(number, u8::try_from(number).unwrap(), PresenceEvent::Arrived)]);
    }
    assert!(lacking(&gym.store, &Vectors::new()).is_empty(), "nothing goes unsealed");
    gym.seal();
    let batches = lacking(&gym.store, hall.vectors());
    let verified: Vec<_> = batches.into_iter().map(|batch| verify(batch, &gym.grants()).unwrap()).collect();
    for expected in [5, 0] {
        let ingested = hall.commit_received(&verified, NOW, Durability::Durable).unwrap();
        assert_eq!((ingested.new, ingested.refused.len()), (expected, 0));
        let latest = if expected > 0 { presence(5, 5, PresenceEvent::Arrived).at } else { Hlc::default() };
        assert_eq!(ingested.latest, latest);
    }
    assert_eq!(hall.vectors(), gym.store.vectors());
    let again = Store::open(&folder.path().join("gym.db")).unwrap();
    assert_eq!(again.vectors(), gym.store.vectors(), "what is kept in memory is what the log says");
    assert_eq!(hall.counts(INCIDENT, SITE, LATER).unwrap().here, 5);
    assert!(lacking(&gym.store, hall.vectors()).is_empty());
    assert_eq!(&gym.store.waiting().unwrap(), hall.vectors());
    let server = ReceiptKey::from_bytes(&[6; 32]);
    let (actor, _) = hall.vectors()[&scope()].first_key_value().unwrap();
    let hash = |upto| hall.hash(scope(), *actor, upto).unwrap().unwrap();
    let signed = |upto| server.sign((scope(), *actor, upto), hash(upto), NOW);
    let another_history = server.sign((scope(), *actor, 5), hash(4), NOW);
    let elsewhere = Receipt { scope: DocumentScope { period: Period(1), ..scope() }, ..signed(5) };
    for (given, holds, left) in [
        (elsewhere, false, 5),
        (another_history, false, 5),
        (Receipt { upto: 4, ..signed(5) }, false, 5),
        (signed(3), true, 2),
        (signed(5), true, 0),
        (signed(3), true, 0),
    ] {
        assert_eq!(gym.store.take_receipt(&given, &server.public()).unwrap(), holds);
        assert_eq!(gym.store.unconfirmed(|_| true).unwrap(), left);
    }
    assert_eq!(gym.store.latest_receipt(|_| true).unwrap(), Some(NOW));
    assert!(gym.store.waiting().unwrap().is_empty());
}

#[test]
fn an_old_day_of_a_box_that_is_cut_off_stays_until_the_town_s_last_word() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Store::open(&folder.path().join("gym.db")).unwrap();
    let (today, first) = (scope().period, Period(scope().period.0 - 3));
    say(&mut gym, 1, first, &[presence(1, 1, PresenceEvent::Arrived)]);
    let before = looks(&gym);
    let keep =
        |is_final| Retentions::new(&[Retention { incident: INCIDENT, first_day: today.day(), is_final }]);
    assert!(gym.retain(&keep(false)).unwrap());
    let of = SealKey::from_bytes(&[1; 32]).box_id();
    let cut_off = CutOffs::new(&[CutOff { of, trusted: Vec::new() }], None);
    assert!(gym.cut_off(&cut_off).unwrap());
    assert_ne!(looks(&gym), before);
    assert!(!gym.drop_old_days().unwrap(), "the town may believe the box again");
    assert!(gym.cut_off(&CutOffs::default()).unwrap());
    assert_eq!(looks(&gym), before);
    assert!(gym.cut_off(&cut_off).unwrap() && gym.retain(&keep(true)).unwrap());
    assert!(gym.drop_old_days().unwrap());
}

#[test]
fn an_alarm_goes_before_a_morning_s_arrivals_and_both_before_yesterday() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("gym.db"), 1);
    let today = scope().period;
    say(&mut gym.store, 7, Period(today.day() - 1), &[presence(1, 1, PresenceEvent::Seen)]);
    for number in 2..20 {
        gym.write(&[presence(number, 2, PresenceEvent::Seen)]);
    }
    // An incident that comes after the other one by its number.
    let daily_life = IncidentId::from_bytes([0xff; 16]);
    let alarm = DocumentScope { incident: daily_life, ..scope() };
    let mut document = Document::new(alarm, ActorId::new(gym.key.box_id(), 9)).unwrap();
    let records = [presence(20, 3, PresenceEvent::Seen)];
    let change = document.append(&records, NOW).unwrap();
    gym.store.commit_own(alarm, &change, &records, NOW).unwrap();
    gym.seal();
    let order: Vec<_> = lacking(&gym.store, &Vectors::new()).iter().map(|batch| batch.seal.scope).collect();
    assert_eq!(order, [alarm, scope(), DocumentScope { period: Period(today.day() - 1), ..scope() }]);
}

#[test]
fn a_gap_and_a_fork_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let gym = Writer::open(&folder.path().join("gym.db"), 1);
    let mut hall = Store::open(&folder.path().join("hall.db")).unwrap();
    let grants = gym.grants();
    let key = SealKey::from_bytes(&[1; 32]);
    let actor = ActorId::new(key.box_id(), 1);
    let run = |who: u8| {
        let mut document = Document::new(scope(), actor).unwrap();
        (1..=3)
            .map(|number| document.append(&[presence(number, who, PresenceEvent::Seen)], NOW).unwrap())
            .collect::<Vec<_>>()
    };
    let sealed = |before: Option<&hinamori_record::Change>, changes: &[hinamori_record::Change]| {
        let seal = key.seal(scope(), before.map(|before| before.hash), changes).unwrap();
        verify(SealedBatch { seal, changes: changes.to_vec() }, &grants).unwrap()
    };
    let (one, other) = (run(1), run(2));
    let mut take = |batch| hall.commit_received(&[batch], NOW, Durability::Durable).unwrap();
    assert_eq!(take(sealed(Some(&one[0]), &one[1..])).refused, [Refused::Gap { held: 0, begins: 2 }]);
    assert_eq!(take(sealed(None, &one[..2])).new, 2);
    let fork = take(sealed(None, &other)).refused;
    assert!(matches!(fork.as_slice(), [Refused::Fork { sequence: 1, .. }]), "{fork:?}");
    // The end of the other history fits behind ours by its number, and by nothing else.
    let fork = take(sealed(Some(&other[1]), &other[2..])).refused;
    assert!(matches!(fork.as_slice(), [Refused::Fork { sequence: 2, .. }]), "{fork:?}");
    assert_eq!(take(sealed(Some(&one[1]), &one[2..])).new, 1);
    assert_eq!(hall.record_count().unwrap(), 3);
    assert_eq!(gym.store.record_count().unwrap(), 0);
    for bytes in [[1, 2, 3], [1, 2, 4], [1, 2, 3]] {
        hall.quarantine("fork", &bytes, NOW).unwrap();
    }
    let totals = hall.totals().unwrap();
    assert_eq!((totals.changes, totals.records, totals.quarantined), (3, 3, 5));
    assert_eq!(totals.assurances.values().sum::<u64>(), 3);
}

#[test]
fn what_a_forked_box_said_counts_and_confirms_nobody_until_the_town_rules() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hall.db");
    let mut hall = Store::open(&path).unwrap();
    let (gym, gate) = (SealKey::from_bytes(&[1; 32]), SealKey::from_bytes(&[2; 32]));
    let grant = |key: &SealKey| {
        let grant = Grant { seal_key: key.public(), tls_key: [0; 32], site: SITE, reads: Vec::new() };
        (key.box_id(), grant)
    };
    let grants = Grants([&gym, &gate].map(grant).into());
    let sealed = |key: &SealKey, epoch: u32, records: &[Record]| {
        let mut document = Document::new(scope(), ActorId::new(key.box_id(), epoch)).unwrap();
        let changes: Vec<_> = records
            .iter()
            .map(|record| document.append(std::slice::from_ref(record), NOW).unwrap())
            .collect();
        let seal = key.seal(scope(), None, &changes).unwrap();
        verify(SealedBatch { seal, changes }, &grants).unwrap()
    };
    let confirmed = |store: &Store| {
        let counts = store.counts(INCIDENT, SITE, LATER).unwrap();
        assert_eq!((counts.here, counts.unnamed), (3, 2), "nobody becomes invisible");
        shares_add_up(store);
        (counts.confirmed, counts.confirmed_unnamed)
    };
    let arrived = |number, who| presence(number, who, PresenceEvent::Arrived);
    let heads = record(4, Fact::HeadCount { adults: 2, children: 0, infants: 0 });
    let first = [arrived(1, 1), arrived(2, 2), heads];
    let take = |store: &mut Store, batch| store.commit_received(&[batch], NOW, Durability::Durable).unwrap();
    let _ingested = take(&mut hall, sealed(&gym, 1, &first));
    let _ingested = take(&mut hall, sealed(&gate, 1, &[arrived(3, 3)]));
    assert_eq!(confirmed(&hall), (3, 2));
    // Another name of the same box is no fork, whoever runs it.
    let _ingested = take(&mut hall, sealed(&gym, 9, &[presence(5, 2, PresenceEvent::Seen)]));
    assert!(hall.found_forks().unwrap().is_empty() && confirmed(&hall) == (3, 2));

    let ingested = take(&mut hall, sealed(&gym, 1, &[arrived(6, 9)]));
    assert_eq!((ingested.refused.len(), ingested.concerned), (1, Concerned::Everybody));
    let [found] = hall.found_forks().unwrap().try_into().unwrap();
    assert_eq!((found.writer, found.sequence), (ActorId::new(gym.box_id(), 1), 1));
    assert_eq!(confirmed(&hall), (1, 0), "whom the gate received");
    let unconfirmed = |store: &Store| {
        (1..=3).filter(|who| store.is_unconfirmed(INCIDENT, person(*who)).unwrap()).collect::<Vec<u8>>()
    };
    assert_eq!(unconfirmed(&hall), [1, 2]);
    assert_eq!(hall.forked_records(INCIDENT).unwrap().len(), 3);
    assert_eq!(hall.confirmed_sightings(INCIDENT, SITE, person(2), UnixMillis::default()).unwrap(), 0);
    // All that it says afterwards, too; and an honest box confirms whom it sees.
    let _ingested = take(&mut hall, sealed(&gym, 10, &[presence(7, 3, PresenceEvent::Seen)]));
    assert_eq!((confirmed(&hall), unconfirmed(&hall)), ((0, 0), vec![1, 2, 3]));
    let _ingested = take(&mut hall, sealed(&gate, 2, &[presence(8, 1, PresenceEvent::Seen)]));
    let check = |store: &Store| assert_eq!((confirmed(store), unconfirmed(store)), ((1, 0), vec![2, 3]));
    check(&hall);
    drop(hall);
    let mut hall = Store::open(&path).unwrap();
    check(&hall);
    hall.rebuild().unwrap();
    check(&hall);
    assert!(hall.cut_off(&CutOffs::new(&[CutOff { of: gate.box_id(), trusted: Vec::new() }], None)).unwrap());
    assert!(hall.cut_off(&CutOffs::default()).unwrap());
    check(&hall);

    let ruled = |is_settled, but| Forks::new(&[Fork { writer: *found.writer.as_bytes(), is_settled }], but);
    assert!(!hall.rule_on_forks(&ruled(false, None)).unwrap(), "it knew that");
    assert!(hall.rule_on_forks(&ruled(true, None)).unwrap());
    assert_eq!((confirmed(&hall), unconfirmed(&hall)), ((3, 2), vec![]));
    drop(hall);
    let mut hall = Store::open(&path).unwrap();
    assert_eq!(confirmed(&hall), (3, 2), "the ruling is kept");
    // The clone says it again: that is ruled. Under a new name it is another fork.
    let _ingested = take(&mut hall, sealed(&gym, 1, &[arrived(6, 9)]));
    assert_eq!(confirmed(&hall), (3, 2));
    let _ingested = take(&mut hall, sealed(&gym, 9, &[arrived(11, 9)]));
    assert_eq!((hall.found_forks().unwrap().len(), confirmed(&hall)), (2, (1, 0)));
    // What an honest box says again is confirmed, heads without a name like people.
    let _ingested = take(&mut hall, sealed(&gate, 4, &first[2..]));
    assert_eq!(confirmed(&hall), (1, 2));
    hall.rebuild().unwrap();
    assert_eq!(confirmed(&hall), (1, 2));
    // At itself a box confirms.
    assert!(hall.rule_on_forks(&ruled(true, Some(gym.box_id()))).unwrap());
    assert_eq!(confirmed(&hall), (3, 2));
}

#[test]
fn a_full_quarantine_keeps_samples() {
    let folder = tempfile::tempdir().unwrap();
    let mut hall = Store::open(&folder.path().join("hall.db")).unwrap();
    for number in 0..9 {
        hall.quarantine("bent", &vec![number; 9 << 20], NOW).unwrap();
    }
    assert_eq!(hall.totals().unwrap().quarantined, 9);
    assert_eq!(hall.quarantined_bytes().unwrap(), ((7 * 9) << 20) + 2 * 1_024);
}

#[test]
fn a_watch_is_told_by_its_latest_words_and_by_the_day_of_its_document() {
    let folder = tempfile::tempdir().unwrap();
    let mut hall = Writer::open(&folder.path().join("hall.db"), 1);
    let watch =
        |number, event| record(number, Fact::Watch { person: person(1), event, proof: Proof::DECLARED });
    hall.write(&[watch(1, WatchEvent::ConsentGiven), watch(2, WatchEvent::Seen), watch(3, WatchEvent::Seen)]);
    hall.write(&[watch(4, WatchEvent::Away), watch(5, WatchEvent::ConsentWithdrawn)]);
    let latest = hall.store.latest_watch(INCIDENT, person(1)).unwrap();
    assert_eq!(latest.len(), 4, "one of each event");
    assert!(is_away(&latest) && !has_consented(&latest));
    hall.write(&[record(6, Fact::Undo { of: watch(5, WatchEvent::ConsentWithdrawn).id })]);
    assert!(has_consented(&hall.store.latest_watch(INCIDENT, person(1)).unwrap()));
    assert!(hall.store.latest_watch(INCIDENT, person(2)).unwrap().is_empty());
    assert_eq!(hall.store.watch_sightings(scope(), person(1)).unwrap(), 2);
    let period = scope().period;
    assert!(hall.store.was_watched(INCIDENT, person(1), period).unwrap());
    assert!(!hall.store.was_watched(INCIDENT, person(1), Period(period.0 + 1)).unwrap());
    // The day's other documents are of that day, too.
    let second = period.next().unwrap();
    assert!(hall.store.was_watched(INCIDENT, person(1), second).unwrap());
    let scope = DocumentScope { period: second, ..scope() };
    assert_eq!(hall.store.watch_sightings(scope, person(1)).unwrap(), 2);
}

#[test]
fn a_packed_day_says_what_it_said_goes_on_and_takes_no_other_history() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gym.db");
    let mut gym = Writer::open(&path, 1);
    for number in 0..300_u16 {
        let who = u8::try_from(number % 200).unwrap();
        gym.write(&[presence(number.into(), who, PresenceEvent::Seen)]);
    }
    gym.seal();
    gym.write(&[presence(400, 1, PresenceEvent::Left)]);
    let of = gym.key.box_id();
    let looks = |store: &Store| {
        let (scope, actor) =
            store.vectors().iter().map(|(scope, of)| (*scope, *of.keys().next().unwrap())).next().unwrap();
        let hashes: Vec<_> = [1, 7, 256, 257, 300, 301, 302]
            .map(|sequence| store.hash(scope, actor, sequence).unwrap())
            .to_vec();
        (
            store.document_changes(scope).unwrap(),
            hashes,
            lacking(store, &Vectors::new()),
            store.vectors().clone(),
            (store.totals().unwrap(), store.counts(INCIDENT, SITE, LATER).unwrap()),
            (store.received_of(of, NOW).unwrap(), store.received_of(of, UnixMillis::new(1)).unwrap()),
        )
    };
    let before = looks(&gym.store);
    let today = scope().period.day();
    assert!(!gym.store.pack_closed(today).unwrap(), "the day is not over");
    let mut rounds = 0;
    let mut store = Store::open(&path).unwrap();
    while store.pack_closed(today + 1).unwrap() {
        rounds += 1;
    }
    assert_eq!(rounds, 2, "256 changes and 44; the last one has no seal");
    assert_eq!(looks(&store), before);
    store.rebuild().unwrap();
    assert_eq!(looks(&store), before);
    drop(store);
    let rows = |sql: &str| -> i64 {
        rusqlite::Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(rows("SELECT count(*) FROM change"), 1);
    let packed = rows("SELECT sum(length(bytes) + length(received)) FROM run");
    assert!(packed < 300 * 60, "{packed} bytes");

    // It goes on from there, and what comes late follows it.
    let mut gym = Writer { store: Store::open(&path).unwrap(), ..gym };
    assert_eq!(looks(&gym.store), before);
    gym.write(&[presence(401, 2, PresenceEvent::Left)]);
    gym.seal();
    assert!(gym.store.pack_closed(today + 1).unwrap());
    let all = lacking(&gym.store, &Vectors::new());
    assert_eq!(all.iter().map(|batch| batch.changes.len()).sum::<usize>(), 302);
    let verified: Vec<_> = all.into_iter().map(|batch| verify(batch, &gym.grants()).unwrap()).collect();
    let mut hall = Store::open(&folder.path().join("hall.db")).unwrap();
    assert_eq!(hall.commit_received(&verified, LATER, Durability::Durable).unwrap().new, 302);
    while hall.pack_closed(today + 1).unwrap() {}
    let again = hall.commit_received(&verified, LATER, Durability::Durable).unwrap();
    assert_eq!((again.new, again.refused), (0, vec![]));

    // Another history under the same names.
    let mut copy = Writer::open(&folder.path().join("copy.db"), 1);
    copy.write(&[presence(900, 9, PresenceEvent::Arrived)]);
    copy.seal();
    let other = verify(lacking(&copy.store, &Vectors::new()).remove(0), &gym.grants()).unwrap();
    let refused = hall.commit_received(&[other], LATER, Durability::Durable).unwrap().refused;
    assert!(matches!(refused[..], [Refused::Fork { sequence: 1, .. }]), "{refused:?}");
}

/// Says records on a day, under a name that nobody else has.
fn say(store: &mut Store, epoch: u32, period: Period, records: &[Record]) {
    let scope = DocumentScope { period, ..scope() };
    let actor = ActorId::new(SealKey::from_bytes(&[1; 32]).box_id(), epoch);
    let mut document = Document::new(scope, actor).unwrap();
    let change = document.append(records, NOW).unwrap();
    store.commit_own(scope, &change, records, NOW).unwrap();
    let changes = [change];
    store.add_seals(&[SealKey::from_bytes(&[1; 32]).seal(scope, None, &changes).unwrap()]).unwrap();
}

/// The records of a day: those that count, and those that something later or nothing is left of.
fn an_old_day() -> (Vec<Record>, Vec<Record>) {
    let watch = |number, who, event| {
        record(number, Fact::Watch { person: person(who), event, proof: Proof::DECLARED })
    };
    let heads = |number, adults| record(number, Fact::HeadCount { adults, children: 0, infants: 0 });
    let named = |number, of, adults| {
        record(number, Fact::Named { of: heads(of, 0).id, adults, children: 0, infants: 0 })
    };
    let staff = StaffId::from_bytes([5; 16]);
    let link = Fact::Link { from: unknown_card(1), to: person(1), binding: BindingAssurance::MatchedByStaff };
    use PresenceEvent::{Arrived, Left, Seen};
    let counts = vec![
        presence(1, 1, Arrived),
        presence(4, 1, Seen),
        presence(6, 2, Left),
        record(10, link),
        watch(20, 9, WatchEvent::ConsentGiven),
        watch(23, 8, WatchEvent::Away),
        heads(30, 5),
        named(31, 30, 2),
        record(41, Fact::SiteOpened { building: Building::NothingSeen, findings: 3 }),
        record(42, Fact::Hiding { person: person(7), hidden: true, staff, proof: Proof::DECLARED }),
        record(43, Fact::Undo { of: presence(5, 5, Seen).id }),
    ];
    let does_not = vec![
        presence(2, 1, Seen),
        presence(3, 1, Seen),
        presence(5, 5, Seen),
        presence(7, 3, Left),
        watch(21, 9, WatchEvent::Seen),
        watch(22, 7, WatchEvent::Away),
        watch(24, 7, WatchEvent::Seen),
        heads(32, 4),
        named(33, 32, 4),
        record(40, Fact::SiteOpened { building: Building::SomethingOrUnsure, findings: 0 }),
    ];
    (counts, does_not)
}

/// All that is told of people and of the site.
fn looks(store: &Store) -> impl PartialEq + std::fmt::Debug + Clone + use<> {
    let mut people = BTreeMap::new();
    let show = |who, presence: &hinamori_record::Presence| {
        people.insert(who, *presence);
    };
    store.for_each_presence(INCIDENT, show).unwrap();
    (
        people,
        store.counts(INCIDENT, SITE, LATER).unwrap(),
        store.heads_left(INCIDENT, SITE).unwrap(),
        store.building(INCIDENT, SITE).unwrap(),
        store.canonical(unknown_card(1)).unwrap(),
        [7, 8, 9].map(|who| {
            let latest = store.latest_watch(INCIDENT, person(who)).unwrap();
            (has_consented(&latest), is_away(&latest))
        }),
        store.hidden_people().unwrap(),
    )
}

#[test]
fn a_day_that_is_not_kept_goes_once_what_counts_of_it_was_said_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gym.db");
    let mut gym = Store::open(&path).unwrap();
    let (today, first) = (scope().period, Period(scope().period.0 - 3));
    let (counts, does_not) = an_old_day();
    say(&mut gym, 1, first, &[counts.clone(), does_not].concat());
    say(&mut gym, 2, Period(first.0 + 1), &[presence(8, 4, Arrived)]);
    use PresenceEvent::{Arrived, Left, Seen};
    // Person 3 is seen today, and was not seen arriving by anybody.
    say(&mut gym, 3, today, &[presence(50, 3, Left), presence(51, 6, Arrived)]);
    let before = looks(&gym);
    let retention = |is_final| {
        let retention = Retention { incident: INCIDENT, first_day: today.day(), is_final };
        Retentions::new(&[retention])
    };
    let everything = lacking(&gym, &Vectors::new());
    assert!(gym.retain(&retention(false)).unwrap() && !gym.retain(&retention(false)).unwrap());
    assert!(lacking(&gym, &Vectors::new()).iter().all(|batch| batch.seal.scope.period == today));
    assert!(!gym.drop_old_days().unwrap(), "nobody said again what counts");
    assert_eq!(lacking(&gym, &Vectors::new()).len(), 3, "a box of the site may lack it");
    let unsaid = gym.old_days(100).unwrap().remove(0).unsaid;
    let ids = |records: &[Record]| records.iter().map(|record| record.id).collect::<BTreeSet<_>>();
    let expected: BTreeSet<_> = ids(&counts).into_iter().chain([presence(8, 4, Arrived).id]).collect();
    assert_eq!(ids(&unsaid), expected);
    assert_eq!(gym.old_days(3).unwrap()[0].unsaid.len(), 3);
    for (epoch, portion) in unsaid.chunks(5).enumerate() {
        say(&mut gym, 10 + u32::try_from(epoch).unwrap(), today, portion);
    }
    assert_eq!(looks(&gym), before, "it counts once");
    gym.rebuild().unwrap();
    assert_eq!(looks(&gym), before);
    assert_eq!(gym.old_days(1).unwrap()[0].unsaid, []);
    // Whoever has both already, and whoever hears of the later days alone, comes to the same.
    let (all, mut late) =
        (lacking(&gym, &Vectors::new()), Store::open(&folder.path().join("late.db")).unwrap());
    let key = SealKey::from_bytes(&[1; 32]);
    let grant = Grant { seal_key: key.public(), tls_key: [0; 32], site: SITE, reads: Vec::new() };
    let grants = Grants(BTreeMap::from([(key.box_id(), grant)]));
    let verified = |batches: Vec<SealedBatch>| -> Vec<_> {
        batches.into_iter().map(|batch| verify(batch, &grants).unwrap()).collect()
    };
    let later = all.into_iter().filter(|batch| batch.seal.scope.period == today).collect();
    let _new = late.commit_received(&verified(later), NOW, Durability::Durable).unwrap();
    assert_eq!(looks(&late), before);

    assert!(gym.drop_old_days().unwrap());
    assert!(!gym.drop_old_days().unwrap());
    assert_eq!(looks(&gym), before);
    gym.rebuild().unwrap();
    assert_eq!(looks(&gym), before);
    let gone = presence(2, 1, Seen).id;
    let is_there = |of: &Path| {
        let bytes = std::fs::read(of).unwrap_or_default();
        bytes.windows(16).any(|window| window == gone.as_bytes())
            || bytes.windows(26).any(|window| window == gone.ulid_text().as_bytes())
    };
    assert!(!is_there(&path) && !is_there(&folder.path().join("gym.db-wal")), "no file holds it");
    // Whoever has not dropped it brings it back for a moment: nothing of it counts, and nobody is offered it.
    assert_eq!(gym.commit_received(&verified(everything), NOW, Durability::Durable).unwrap().new, 2);
    assert_eq!((looks(&gym), lacking(&gym, gym.vectors())), (before.clone(), vec![]));
    assert!(lacking(&gym, &Vectors::new()).iter().all(|batch| batch.seal.scope.period == today));
    assert!(gym.drop_old_days().unwrap());
    assert_eq!(looks(&gym), before);
    let lost = DocumentScope { period: Period(3), ..scope() };
    assert_eq!(gym.with_room(lost, 4_000).period, today, "a clock of 1970 hides nothing");

    // A box that is lost says nothing again.
    say(&mut late, 20, first, &[presence(60, 11, Arrived)]);
    assert!(late.retain(&retention(false)).unwrap());
    assert!(!late.drop_old_days().unwrap());
    assert!(late.retain(&retention(true)).unwrap());
    assert!(late.drop_old_days().unwrap());
    assert_eq!(looks(&late), before, "the town drops it all the same");
}

const CHILD: &str = "HINAMORI_STORE_TEST_CHILD";
/// Times the writer is killed.
const KILLS: u32 = 12;

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    if let Ok(path) = std::env::var(CHILD) {
        let mut gym = Writer::open(Path::new(&path), 1);
        for number in 1.. {
            let sequence = gym.write(&[presence(number, 1, PresenceEvent::Seen)]);
            println!("acknowledged {sequence}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut acknowledged = 0_u64;
    for kill in 1..=KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "what_was_acknowledged_survives_a_kill_at_any_moment", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut lines = lines.filter(|line| line.starts_with("acknowledged"));
        assert!(lines.next().is_some(), "the writer wrote nothing");
        acknowledged += 1;
        std::thread::sleep(std::time::Duration::from_millis(u64::from(kill * 7 % 31)));
        child.kill().unwrap();
        acknowledged += u64::try_from(lines.count()).unwrap();
        child.wait().unwrap();
        let store = Store::open(&path).unwrap();
        let held: u64 =
            store.vectors().values().flat_map(BTreeMap::values).map(|upto| u64::from(*upto)).sum();
        assert!(held >= acknowledged, "{acknowledged} were acknowledged, {held} are there");
        // The next round begins from what is there: the last write may have been durable and not yet said.
        acknowledged = held;
    }
}

#[test]
fn a_log_that_was_moved_into_the_database_is_short_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.sqlite");
    let mut store = Store::open(&path).unwrap();
    let log = folder.path().join("records.sqlite-wal");
    store.set_setting("long", &[7; 100_000]).unwrap();
    store.checkpoint_if_over(1 << 20).unwrap();
    assert!(std::fs::metadata(&log).unwrap().len() > 100_000, "short enough to stay");
    store.checkpoint_if_over(50_000).unwrap();
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
    assert_eq!(store.setting("long").unwrap().unwrap().len(), 100_000);
}

#[test]
fn the_town_hall_sees_each_person_once_with_all_that_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut gym = Writer::open(&folder.path().join("store.db"), 1);
    let link = |number, from, to| {
        record(number, Fact::Link { from, to, binding: BindingAssurance::AttributesSigned })
    };
    let came = |number, who| record(number, Fact::presence(who, PresenceEvent::Arrived, Proof::DECLARED));
    gym.write(&[presence(1, 7, PresenceEvent::Passed), came(2, unknown_card(1)), came(3, unknown_card(2))]);
    let taken_back = presence(4, 8, PresenceEvent::Arrived);
    gym.write(&[taken_back.clone(), record(5, Fact::Undo { of: taken_back.id })]);
    let undone = link(6, unknown_card(2), person(7));
    gym.write(&[link(7, unknown_card(1), person(7)), undone.clone()]);
    gym.write(&[record(8, Fact::Undo { of: undone.id })]);
    let mut histories = BTreeMap::new();
    let mut note = |who, count| assert_eq!(histories.insert(who, count), None, "shown once");
    gym.store.for_each_history(INCIDENT, |who, records| note(who, records.len())).unwrap();
    assert_eq!(histories, BTreeMap::from([(person(7), 2), (unknown_card(2), 1)]));
    gym.write(&[record(9, Fact::Settled { person: person(7), site: SITE, staff: None })]);
    let mut rulings = 0;
    let is_ruling = |(_, record): &&(SiteId, Record)| matches!(record.fact, Fact::Settled { .. });
    gym.store.for_each_history(INCIDENT, |_, of| rulings += of.iter().filter(is_ruling).count()).unwrap();
    assert_eq!(rulings, 1);
    let links = gym.store.field_links().unwrap();
    assert_eq!(links, [(unknown_card(1), person(7), BindingAssurance::AttributesSigned)]);

    let counted = record(10, Fact::HeadCount { adults: 5, children: 1, infants: 0 });
    let named =
        |number, adults| record(number, Fact::Named { of: counted.id, adults, children: 3, infants: 0 });
    gym.write(&[counted.clone(), named(20, 2)]);
    let heads = |millis| {
        let heads = gym.store.heads(INCIDENT, NOW.plus(millis)).unwrap();
        heads.into_iter().map(|heads| heads.people).collect::<Vec<_>>()
    };
    assert_eq!((heads(9), heads(10), heads(20)), (vec![], vec![[5, 1, 0]], vec![[3, 0, 0]]));
    gym.write(&[record(30, Fact::RollCall { since: NOW }), record(31, Fact::RollCall { since: LATER })]);
    let calls = gym.store.roll_calls(INCIDENT).unwrap();
    assert_eq!(calls.iter().map(|call| (call.at, call.since)).collect::<Vec<_>>(), [(NOW.plus(30), NOW)]);

    let hiding = |number, who, hidden| {
        let staff = StaffId::from_bytes([5; 16]);
        // Lifting needs the person's own PIN.
        let assurance = if number == 43 { Assurance::PinProven } else { Assurance::Declared };
        let proof = Proof { assurance, ..Proof::DECLARED };
        record(number, Fact::Hiding { person: who, hidden, staff, proof })
    };
    gym.write(&[
        hiding(40, unknown_card(1), true),
        hiding(41, person(9), true),
        hiding(42, person(9), false),
    ]);
    let hidden = |store: &Store| store.hidden_people().unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(hidden(&gym.store), [person(7), person(9)]);
    gym.write(&[hiding(43, person(9), false)]);
    assert_eq!(hidden(&gym.store), [person(7)]);
    let visitor = |number, household| {
        record(number, Fact::Registered { person: person(6), kind: RegisteredKind::Visitor, household })
    };
    gym.write(&[visitor(50, None), visitor(51, Some(hinamori_model::HouseholdId::from_bytes([3; 16])))]);
    assert!(gym.store.registered().unwrap()[&person(6)].household.is_some(), "the latest entry counts");
    let mut sequences = Vec::new();
    let collect = |change: hinamori_store_sqlite::StoredChange| {
        sequences.push((change.scope, change.sequence));
        Ok::<_, hinamori_store_sqlite::StoreError>(())
    };
    gym.store.for_each_change(None, collect).unwrap();
    let expected: Vec<_> =
        (1..=sequences.len()).map(|place| (scope(), u32::try_from(place).unwrap())).collect();
    assert_eq!(sequences, expected);
}
