//! What headquarters rules on incidents: the same records count in another one, in whatever order everything comes.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{Hlc, IncidentId, PersonId, RecordId, SiteId, UnixMillis};
use hinamori_record::{
    ActorId, Document, DocumentScope, Fact, Period, Presence, PresenceEvent, PresenceState, Proof, Record,
    RuledStanding, SiteWord,
};
use hinamori_store_sqlite::{DrillWatch, Durability, Store};
use hinamori_sync::{
    CutOff, CutOffs, EVERYWHERE, Grant, Grants, SealKey, SealedBatch, VerifiedBatch, headquarters, verify,
};

const NOON: UnixMillis = UnixMillis::new(1_791_774_000_000);
const FIRST: IncidentId = IncidentId::from_bytes([1; 16]);
const SECOND: IncidentId = IncidentId::from_bytes([2; 16]);
const THIRD: IncidentId = IncidentId::from_bytes([3; 16]);
const GYM: SiteId = SiteId::from_bytes([0x61; 16]);
const HALL: SiteId = SiteId::from_bytes([0x62; 16]);
const GYM_BOX: u8 = 1;
const HALL_BOX: u8 = 2;
const DESK: u8 = 3;

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn desk_site() -> SiteId {
    headquarters(&[9; 32])
}

const fn minute(number: u64) -> UnixMillis {
    NOON.plus(number * 60_000)
}

fn grants() -> Grants {
    let grant = |of: u8, site| {
        let key = SealKey::from_bytes(&[of; 32]);
        (key.box_id(), Grant { seal_key: key.public(), tls_key: [0; 32], site, reads: Vec::new() })
    };
    Grants(BTreeMap::from([grant(GYM_BOX, GYM), grant(HALL_BOX, HALL), grant(DESK, desk_site())]))
}

/// One change of its own, said by a box at a minute of which there is only one.
fn said(by: u8, incident: IncidentId, site: SiteId, at: u64, facts: &[Fact]) -> VerifiedBatch {
    let key = SealKey::from_bytes(&[by; 32]);
    let now = minute(at);
    let scope = DocumentScope { incident, site, period: Period::of(now) };
    let mut document =
        Document::new(scope, ActorId::new(key.box_id(), u32::try_from(at).unwrap() + 1)).unwrap();
    let records: Vec<Record> = (0_u64..)
        .zip(facts)
        .map(|(place, fact)| Record {
            id: id_of(by, at, place),
            at: Hlc::from_packed((now.get() << 16) + place),
            clock_unsure: false,
            lane: None,
            fact: fact.clone(),
        })
        .collect();
    let changes = vec![document.append(&records, now).unwrap()];
    verify(SealedBatch { seal: key.seal(scope, None, &changes).unwrap(), changes }, &grants()).unwrap()
}

fn id_of(by: u8, at: u64, place: u64) -> RecordId {
    RecordId::new(minute(at), (u128::from(by) << 8) + u128::from(place))
}

fn seen(who: u8, event: PresenceEvent) -> Fact {
    Fact::presence(person(who), event, Proof::DECLARED)
}

fn arrived(who: u8) -> Fact {
    seen(who, PresenceEvent::Arrived)
}

fn rules(of: IncidentId, at: u64, fact: Fact) -> VerifiedBatch {
    said(DESK, of, desk_site(), at, &[fact])
}

fn joined(of: IncidentId, at: u64, into: IncidentId) -> VerifiedBatch {
    rules(of, at, Fact::IncidentJoined { into })
}

fn split(of: IncidentId, at: u64, since: u64, into: IncidentId) -> VerifiedBatch {
    rules(of, at, Fact::IncidentSplit { since: minute(since), sites: vec![HALL], into })
}

/// A store that hears these one after the other.
struct Town {
    store: Store,
    _folder: tempfile::TempDir,
}

type Everybody = Vec<(IncidentId, PersonId, Presence)>;

impl Town {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("records.sqlite")).unwrap();
        Self { store, _folder: folder }
    }

    fn ready() -> Self {
        let mut town = Self::empty();
        town.hear_headquarters();
        town
    }

    fn hear_headquarters(&mut self) {
        let may = BTreeSet::from([FIRST, SECOND, THIRD]);
        self.store.hear_headquarters(desk_site(), &may).unwrap();
    }

    fn take(&mut self, batches: &[VerifiedBatch]) {
        for batch in batches {
            let took =
                self.store.commit_received(std::slice::from_ref(batch), NOON, Durability::Relaxed).unwrap();
            assert!(took.refused.is_empty());
        }
    }

    fn hearing(batches: &[VerifiedBatch]) -> Self {
        let mut town = Self::ready();
        town.take(batches);
        town
    }

    fn everybody(&self) -> Everybody {
        let mut all = Vec::new();
        for incident in [FIRST, SECOND, THIRD] {
            let show = |who, presence: &Presence| all.push((incident, who, *presence));
            self.store.for_each_presence(incident, show).unwrap();
        }
        all
    }

    fn here(&self, incident: IncidentId, site: SiteId) -> (u32, u32) {
        let counts = self.store.counts(incident, site, minute(30)).unwrap();
        (counts.here, counts.unnamed)
    }

    /// The same as what is made from the log alone.
    fn is_rebuilt_alike(&mut self) {
        let before = self.everybody();
        self.store.rebuild().unwrap();
        assert_eq!(self.everybody(), before);
    }
}

/// Two boxes opened what were two incidents; one person was at both.
fn two_incidents() -> Vec<VerifiedBatch> {
    let heads = Fact::HeadCount { adults: 3, children: 1, infants: 0 };
    let named = Fact::Named { of: id_of(HALL_BOX, 2, 1), adults: 1, children: 0, infants: 0 };
    vec![
        said(GYM_BOX, FIRST, GYM, 1, &[arrived(1), arrived(2)]),
        said(HALL_BOX, SECOND, HALL, 2, &[arrived(3), heads]),
        said(HALL_BOX, SECOND, HALL, 3, &[seen(1, PresenceEvent::Seen)]),
        said(HALL_BOX, SECOND, HALL, 8, &[named]),
        said(GYM_BOX, FIRST, GYM, 9, &[Fact::Undo { of: id_of(GYM_BOX, 1, 1) }]),
    ]
}

#[test]
fn two_incidents_that_are_joined_are_one_and_nobody_counts_twice() {
    let mut town = Town::hearing(&two_incidents());
    assert_eq!([town.here(FIRST, GYM), town.here(SECOND, HALL)], [(1, 0), (2, 3)]);
    town.take(&[joined(SECOND, 10, FIRST)]);
    assert_eq!(
        [town.here(FIRST, GYM), town.here(FIRST, HALL)],
        [(0, 0), (2, 3)],
        "person 1 went to the hall"
    );
    assert_eq!(town.here(SECOND, HALL), (0, 0));
    assert_eq!(town.store.rulings().joined_into(SECOND), FIRST);
    town.is_rebuilt_alike();
    // What comes afterwards counts there at once, and a later word takes it back.
    town.take(&[said(HALL_BOX, SECOND, HALL, 11, &[arrived(4)])]);
    assert_eq!(town.here(FIRST, HALL), (3, 3));
    town.take(&[joined(SECOND, 12, SECOND)]);
    assert_eq!([town.here(FIRST, GYM), town.here(SECOND, HALL)], [(1, 0), (3, 3)]);
    town.is_rebuilt_alike();
}

#[test]
fn the_order_in_which_records_and_rulings_come_does_not_matter() {
    let mut all = two_incidents();
    all.extend([
        joined(SECOND, 10, FIRST),
        split(FIRST, 11, 5, THIRD),
        said(HALL_BOX, SECOND, HALL, 6, &[arrived(5), arrived(6)]),
        said(HALL_BOX, FIRST, HALL, 7, &[Fact::Undo { of: id_of(HALL_BOX, 6, 1) }]),
    ]);
    let expected = Town::hearing(&all).everybody();
    let people: Vec<_> = expected.iter().map(|(of, who, _)| (*of, *who)).collect();
    assert_eq!(people, [(FIRST, person(1)), (FIRST, person(3)), (THIRD, person(5))]);
    let mut state = 0x9E37_79B9_u64;
    for _ in 0..60 {
        for place in (1..all.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            all.swap(place, usize::try_from(state >> 33).unwrap() % (place + 1));
        }
        let mut town = Town::hearing(&all);
        assert_eq!(town.everybody(), expected);
        town.is_rebuilt_alike();
    }
    // Also where the town's package comes last.
    let mut late = Town::empty();
    late.take(&all);
    assert_ne!(late.everybody(), expected);
    late.hear_headquarters();
    assert_eq!(late.everybody(), expected);
}

#[test]
fn a_split_moves_what_was_said_there_since_then_and_what_was_taken_back_of_it() {
    let mut town = Town::hearing(&two_incidents());
    town.take(&[split(SECOND, 10, 3, THIRD)]);
    assert_eq!([town.here(SECOND, HALL), town.here(THIRD, HALL)], [(1, 3), (1, 0)], "names reach back");
    let heads = town.store.heads(SECOND, minute(30)).unwrap();
    assert_eq!(heads.iter().map(|heads| heads.people).collect::<Vec<_>>(), [[2, 1, 0]]);
    // Taken back after the split, of before it.
    town.take(&[said(HALL_BOX, SECOND, HALL, 12, &[Fact::Undo { of: id_of(HALL_BOX, 2, 0) }])]);
    assert_eq!(town.here(SECOND, HALL), (0, 3));
    town.is_rebuilt_alike();
}

#[test]
fn only_headquarters_rules_and_only_in_its_own_documents() {
    let into_first = Fact::IncidentJoined { into: FIRST };
    let mut town = Town::hearing(&two_incidents());
    let before = town.everybody();
    town.take(&[said(HALL_BOX, SECOND, HALL, 10, std::slice::from_ref(&into_first))]);
    town.take(&[said(HALL_BOX, SECOND, EVERYWHERE, 11, &[into_first, arrived(9)])]);
    // Nor does it say who is where, or take anything back.
    let of = id_of(GYM_BOX, 1, 0);
    town.take(&[said(DESK, FIRST, desk_site(), 12, &[arrived(8), Fact::Undo { of }])]);
    assert_eq!(town.everybody(), before);
    let desk = Grants(grants().0.into_iter().filter(|(_, grant)| grant.site != desk_site()).collect());
    let forged = joined(SECOND, 13, FIRST).into_sealed();
    assert!(verify(forged, &desk).is_err(), "a box is not the desk");
}

#[test]
fn an_incident_that_is_forgotten_takes_its_records_out_of_the_one_that_it_was_joined_into() {
    let mut town = Town::hearing(&two_incidents());
    town.take(&[joined(SECOND, 10, FIRST)]);
    town.store.forget(SECOND).unwrap();
    assert_eq!([town.here(FIRST, GYM), town.here(FIRST, HALL)], [(1, 0), (0, 0)]);
    assert_eq!(town.store.rulings().joined_into(SECOND), SECOND);
    town.is_rebuilt_alike();
}

#[test]
fn rulings_are_known_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.sqlite");
    let mut store = Store::open(&path).unwrap();
    store.hear_headquarters(desk_site(), &BTreeSet::from([FIRST, SECOND])).unwrap();
    let name = Fact::IncidentNamed { name: "汐見地震".to_owned() };
    let batches = [joined(SECOND, 10, FIRST), rules(FIRST, 11, name)];
    store.commit_received(&batches, NOON, Durability::Durable).map(drop).unwrap();
    drop(store);
    let mut store = Store::open(&path).unwrap();
    assert_eq!((store.rulings().joined_into(SECOND), store.rulings().name(FIRST)), (FIRST, Some("汐見地震")));
    let came = [said(HALL_BOX, SECOND, HALL, 12, &[arrived(1)])];
    store.commit_received(&came, NOON, Durability::Durable).map(drop).unwrap();
    assert_eq!(store.presence(FIRST, person(1)).unwrap().unwrap().state, PresenceState::Here);
}

#[test]
fn a_word_on_a_site_is_kept_and_nobody_else_says_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("records.sqlite");
    let mut store = Store::open(&path).unwrap();
    store.hear_headquarters(desk_site(), &BTreeSet::from([FIRST])).unwrap();
    let word = |standing, capacity| Fact::SiteRuled { site: GYM, word: SiteWord { standing, capacity } };
    let closed = word(Some(RuledStanding::Closed), Some(40));
    // Whoever else writes one has the later clock.
    let batches = [
        said(GYM_BOX, FIRST, GYM, 1, &[arrived(1)]),
        rules(FIRST, 10, closed),
        said(HALL_BOX, FIRST, HALL, 12, &[word(Some(RuledStanding::Open), None)]),
        rules(SECOND, 13, word(None, None)),
    ];
    let took = store.commit_received(&batches, NOON, Durability::Durable).unwrap();
    assert!(took.refused.is_empty());
    drop(store);
    let mut store = Store::open(&path).unwrap();
    let expected = SiteWord { standing: Some(RuledStanding::Closed), capacity: Some(40) };
    assert_eq!(store.rulings().site(FIRST, GYM).map(|(word, _)| word), Some(expected));
    assert_eq!(store.rulings().site(SECOND, GYM), None, "a drill, for whoever hears the live ones");
    // Whoever comes to a site that is closed is there.
    let came = [said(GYM_BOX, FIRST, GYM, 14, &[arrived(2)])];
    store.commit_received(&came, NOON, Durability::Durable).map(drop).unwrap();
    assert_eq!(store.counts(FIRST, GYM, minute(30)).unwrap().here, 2);
}

#[test]
fn a_drill_ends_by_an_end_that_is_new_where_everybody_hears_it_and_by_nothing_else() {
    let mut town = Town::ready();
    let watch = |town: &Town| DrillWatch::begin(&town.store, minute(100));
    let at_first = watch(&town);
    town.take(&[
        said(GYM_BOX, FIRST, GYM, 1, &[Fact::DrillEnded]),
        said(HALL_BOX, FIRST, EVERYWHERE, 2, &[arrived(1)]),
    ]);
    assert!(!at_first.is_over(&town.store).unwrap());
    town.take(&[said(GYM_BOX, FIRST, EVERYWHERE, 3, &[Fact::DrillEnded])]);
    assert!(at_first.is_over(&town.store).unwrap());
    let later = watch(&town);
    assert_eq!(DrillWatch::from_bytes(&later.to_bytes()), Some(later.clone()));
    assert!(!later.is_over(&town.store).unwrap(), "another drill ended");
    town.take(&[said(HALL_BOX, FIRST, EVERYWHERE, 4, &[Fact::Undo { of: id_of(GYM_BOX, 3, 0) }])]);
    assert!(!later.is_over(&town.store).unwrap());
    // That box is not believed any more: there are not more ends than before, and one of them is new.
    let cut_off = CutOff { of: SealKey::from_bytes(&[GYM_BOX; 32]).box_id(), trusted: Vec::new() };
    town.store.cut_off(&CutOffs::new(&[cut_off], None)).map(drop).unwrap();
    assert!(!later.is_over(&town.store).unwrap());
    town.take(&[said(HALL_BOX, FIRST, EVERYWHERE, 5, &[Fact::DrillEnded])]);
    assert!(later.is_over(&town.store).unwrap());
}
