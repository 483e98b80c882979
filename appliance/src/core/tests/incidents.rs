//! Incidents across boxes: a drill that ends everywhere, and what headquarters rules.

use hinamori_ipc::SiteState;
use hinamori_model::{Hlc, Leaving, RecordId};
use hinamori_record::{ActorId, Document, DocumentScope, Period, Record, RuledStanding, SiteWord};
use hinamori_sync::{Grants, SealKey, SealedBatch, headquarters, verify};

use super::closing::NAME;
use super::neighbours::{HALL, Wire, package_of};
use super::*;

/// The live incident that the town named after the gym had opened the one before.
const SECOND: IncidentId = IncidentId::from_bytes([9; 16]);

/// Two boxes of one town, neither of which reads the other's site; both have a drill open.
fn in_a_drill() -> (Bench, Bench) {
    let (mut gym, mut hall) = (Bench::without_town(), Bench::without_town());
    let package = package_of(&gym, &hall, false);
    [&mut gym, &mut hall].into_iter().for_each(|bench| {
        bench.take(&package);
        bench.open(Mode::Drill);
    });
    (gym, hall)
}

impl Bench {
    fn end_drill(&mut self) {
        self.core.command(LANE, Command::EndDrill { then: Mode::Live }, self.now).unwrap();
        self.core.publish(self.now);
    }

    fn mode(&self) -> Mode {
        self.lane().banner.mode
    }

    /// Headquarters rules on an incident.
    fn hear(&mut self, of: IncidentId, fact: Fact) {
        let desk = desk();
        self.now = self.now.plus(1_000);
        let scope = DocumentScope {
            incident: of,
            site: headquarters(&root().public()),
            period: Period::of(self.now),
        };
        let epoch = u32::try_from(self.now.get() / 1_000).unwrap();
        let mut document = Document::new(scope, ActorId::new(desk.box_id(), epoch)).unwrap();
        let (id, at) = (RecordId::new(self.now, 1), Hlc::from_packed(self.now.get() << 16));
        let record = Record { id, at, clock_unsure: false, lane: None, fact };
        let changes = vec![document.append(&[record], self.now).unwrap()];
        let seal = desk.seal(scope, None, &changes).unwrap();
        let grants = Grants::from(&self.package_with_desk());
        let batch = verify(SealedBatch { seal, changes }, &grants).unwrap();
        self.core.take_batches(vec![batch], Durability::Durable, self.now).unwrap();
        self.core.publish(self.now);
    }

    fn package_with_desk(&self) -> Package {
        with_desk(self.package.clone())
    }
}

fn desk() -> SealKey {
    SealKey::from_bytes(&[0xD5; 32])
}

fn with_desk(mut package: Package) -> Package {
    let site = headquarters(&root().public());
    let grant = Grant { seal_key: desk().public(), tls_key: [0; 32], site, reads: Vec::new() };
    package.boxes.push((desk().box_id(), grant));
    package.boxes.iter_mut().for_each(|(_, grant)| grant.reads.push(site));
    package
}

#[test]
fn a_site_that_headquarters_closed_says_so_and_takes_everybody_in() {
    let mut bench = Bench::without_town();
    let package = bench.package_with_desk();
    bench.take(&package);
    bench.open(Mode::Live);
    let (site, live) = (bench.core.town.site.id, bench.core.shown_incident());
    let word = |standing| Fact::SiteRuled { site, word: SiteWord { standing, capacity: None } };
    bench.hear(live, word(Some(RuledStanding::Open)));
    assert!(!bench.lane().banner.is_closed);
    bench.hear(live, word(Some(RuledStanding::Closed)));
    assert!(bench.lane().banner.is_closed);
    let before = bench.lane().here;
    bench.tap("hanako");
    assert_eq!(bench.lane().here, before + 1);
    bench.hear(live, word(None));
    assert!(!bench.lane().banner.is_closed);
}

#[test]
fn a_drill_that_one_box_ends_in_earnest_ends_at_every_box_that_hears_of_it() {
    let (mut gym, mut hall) = in_a_drill();
    gym.tap("hanako");
    hall.tap("kiyoko");
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    assert_eq!((gym.mode(), hall.mode()), (Mode::Drill, Mode::Drill));
    gym.end_drill();
    wire.talk(&mut gym, &mut hall);
    hall.core.publish(hall.now);
    for bench in [&gym, &hall] {
        assert_eq!((bench.mode(), bench.lane().site), (Mode::Live, SiteState::AwaitingBuildingCheck));
        assert_eq!(bench.core.open_incident(), bench.package.incidents.live);
        assert_eq!((bench.lane().here, bench.lane().later), (0, 0), "nobody's arrival is carried over");
    }
    assert!(hall.seen(hall.person("kiyoko")).is_none());
    assert!(matches!(hall.tap("kiyoko"), AnswerKind::Welcome { .. }), "received for the first time");
    let hall = hall.restart();
    assert_eq!(hall.core.opening.mode(), Mode::Live);
}

#[test]
fn the_end_of_one_drill_does_not_end_the_next_one() {
    let (mut gym, mut hall) = in_a_drill();
    let mut wire = Wire::new(&mut gym, &mut hall);
    gym.end_drill();
    wire.talk(&mut gym, &mut hall);
    // Also of a drill that began on the same day, and after a restart.
    for bench in [&mut gym, &mut hall] {
        bench.core.opening = Opening::new(Mode::DailyLife, None);
        bench.core.open = None;
        bench.open(Mode::Drill);
        assert_eq!(bench.mode(), Mode::Drill);
    }
    let package = package_of(&gym, &hall, false);
    let mut hall = hall.restart();
    hall.take(&package);
    assert_eq!(hall.core.opening.mode(), Mode::Drill);
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    assert_eq!(hall.core.opening.mode(), Mode::Drill);
    // The next one ends like the first.
    gym.end_drill();
    wire.talk(&mut gym, &mut hall);
    assert_eq!(hall.core.opening.mode(), Mode::Live);
}

#[test]
fn a_drill_that_is_over_as_planned_ends_at_its_own_box_only() {
    let (mut gym, mut hall) = in_a_drill();
    let mut wire = Wire::new(&mut gym, &mut hall);
    gym.core.command(LANE, Command::EndDrill { then: Mode::DailyLife }, gym.now).unwrap();
    wire.talk(&mut gym, &mut hall);
    assert_eq!((gym.core.opening.mode(), hall.core.opening.mode()), (Mode::DailyLife, Mode::Drill));
}

#[test]
fn what_ended_long_before_a_drill_began_was_another_one() {
    let (mut gym, mut hall) = in_a_drill();
    gym.end_drill();
    // The hall was away meanwhile, and its drill began a day later.
    hall.core.command(LANE, Command::EndDrill { then: Mode::DailyLife }, hall.now).unwrap();
    hall.now = hall.now.plus(86_400_000);
    hall.open(Mode::Drill);
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    assert_eq!(hall.core.opening.mode(), Mode::Drill);
}

#[test]
fn two_incidents_that_headquarters_joins_are_one_at_a_box() {
    let (mut gym, mut hall) = (Bench::without_town(), Bench::without_town());
    let mut first = with_desk(package_of(&gym, &hall, true));
    // The gym reads the hall too.
    first.boxes[0].1.reads.push(HALL);
    let incidents = Incidents { live: SECOND, ..first.incidents };
    let mut second = Package { version: 2, incidents, ..first.clone() };
    second.incident_keys.push((SECOND, TownSecret([0x49; 32])));
    second.earlier.push((first.incidents.live, Mode::Live));
    gym.take(&first);
    gym.open(Mode::Live);
    hall.take(&second);
    hall.open(Mode::Live);
    gym.take(&second);
    assert_ne!(gym.core.open_incident(), hall.core.open_incident());
    gym.tap("hanako");
    gym.receive_stranger();
    let slip = gym.leaves("naoki", Leaving::Out, &[]);
    hall.tap("hanako");
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    assert!(hall.seen(gym.person("naoki")).is_none());
    let (live, here) = (gym.core.open_incident(), |bench: &Bench| bench.lane().here);
    assert_eq!((here(&gym), here(&hall)), (2, 1));
    // Both hear it; which of the two ids is left does not matter to them.
    for bench in [&mut gym, &mut hall] {
        bench.hear(live, Fact::IncidentJoined { into: SECOND });
        bench.hear(SECOND, Fact::IncidentNamed { name: "令和8年 汐見地震".to_owned() });
    }
    assert_eq!((here(&gym), here(&hall)), (1, 1), "hanako is at the hall, and nobody counts twice");
    for bench in [&gym, &hall] {
        assert_eq!(bench.core.shown_incident(), SECOND);
        assert_eq!(bench.lane().banner.incident.as_deref(), Some("令和8年 汐見地震"));
        assert_eq!(bench.stranger_s_name(), (Some(NAME.to_owned()), false), "under the gym's key");
    }
    assert_eq!(gym.core.open_incident(), live, "what it writes stands where it stood");
    hall.scan(&slip.code);
    let naoki = hall.seen(hall.person("naoki")).unwrap();
    assert_eq!((naoki.state, naoki.site), (PresenceState::Here, HALL), "the gym's slip");
    gym.tap("hanako");
    assert_eq!(here(&gym), 2);
    // Rulings are known again after a restart, and one of before is taken back by a later one.
    let mut gym = gym.restart();
    gym.take(&second);
    assert_eq!(gym.core.shown_incident(), SECOND);
    gym.hear(live, Fact::IncidentJoined { into: live });
    assert_eq!((gym.core.shown_incident(), gym.lane().banner.incident.clone()), (live, None));
}

#[test]
fn no_drill_is_joined_with_what_is_real_and_daily_life_with_nothing() {
    let mut bench = Bench::without_town();
    bench.take(&bench.package_with_desk());
    let Incidents { daily_life, live, drill } = bench.package.incidents;
    bench.open(Mode::Live);
    bench.tap("hanako");
    for (of, into) in [(live, drill), (drill, live), (live, daily_life), (daily_life, live)] {
        bench.hear(of, Fact::IncidentJoined { into });
        let (since, sites) = (UnixMillis::default(), vec![bench.core.site()]);
        bench.hear(of, Fact::IncidentSplit { since, sites, into });
    }
    assert_eq!((bench.core.shown_incident(), bench.lane().here), (live, 1));
    for incident in [daily_life, live, drill] {
        assert_eq!(bench.core.counts_as(incident), incident);
    }
}

#[test]
fn a_site_that_is_split_off_goes_on_in_another_incident() {
    let mut bench = Bench::without_town();
    let mut package = bench.package_with_desk();
    package.earlier.push((package.incidents.live, Mode::Live));
    package.incidents.live = SECOND;
    package.version = 2;
    bench.take(&bench.package_with_desk());
    bench.open(Mode::Live);
    bench.take(&package);
    bench.tap("hanako");
    let (live, since) = (bench.core.open_incident(), bench.now.plus(500));
    bench.hear(live, Fact::IncidentSplit { since, sites: vec![bench.core.site()], into: SECOND });
    assert_eq!((bench.core.shown_incident(), bench.lane().here), (SECOND, 0));
    bench.tap("naoki");
    assert_eq!(bench.lane().here, 1);
    let store = bench.core.ledger.store(live);
    assert!(store.presence(live, bench.person("hanako")).unwrap().is_some());
    assert!(store.presence(live, bench.person("naoki")).unwrap().is_none());
}
