//! Boxes of one town that meet without a server: over a network, and by a stick.

use hinamori_model::{BoxId, SpkiHash};
use hinamori_record::{Presence, PresenceEvent, Proof};
use hinamori_sync::{BundleWriter, CutOff, Fork, Grants, Retention, Section, SectionOf, Session, Side};
use std::sync::mpsc::channel;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zeroize::Zeroizing;

use super::closing::{NAME, STRANGER};
use super::*;
use crate::core::bundle::{BundleError, BundleTask, Imported};
use crate::core::neighbours::{Dialler, NeighbourEvent};

pub(super) const HALL: SiteId = SiteId::from_bytes([8; 16]);
/// The TLS key that every box got at its first enrolment.
const FIRST_KEY: [u8; 32] = [1; 32];

/// Two boxes of one town, at sites of their own; the second one reads the first one's if it `reads`.
pub(super) fn boxes(reads: bool) -> (Bench, Bench) {
    let (mut gym, mut hall) = (Bench::without_town(), Bench::without_town());
    let package = package_of(&gym, &hall, reads);
    [&mut gym, &mut hall].into_iter().for_each(|bench| {
        bench.take(&package);
        bench.open(Mode::Live);
    });
    (gym, hall)
}

pub(super) fn package_of(gym: &Bench, hall: &Bench, reads: bool) -> Package {
    let mut package = gym.package.clone();
    let site = package.sites[0].clone();
    let grant = |bench: &Bench, site, reads| Grant {
        seal_key: bench.core.keys.seal.public(),
        tls_key: FIRST_KEY,
        site,
        reads,
    };
    let read = if reads { vec![site.id] } else { Vec::new() };
    package.boxes =
        vec![(gym.core.own, grant(gym, site.id, Vec::new())), (hall.core.own, grant(hall, HALL, read))];
    package.sites.push(Site { id: HALL, name: "公民館".to_owned(), ..site });
    package
}

/// What is on its way between two boxes.
pub(super) struct Wire([UnboundedReceiver<Vec<u8>>; 2]);

impl Wire {
    pub(super) fn new(one: &mut Bench, other: &mut Bench) -> Self {
        Self::between([one, other], [FIRST_KEY; 2])
    }

    /// Between boxes that show certificates for these TLS keys.
    fn between(boxes: [&mut Bench; 2], shown: [[u8; 32]; 2]) -> Self {
        let ids = [boxes[0].core.own, boxes[1].core.own];
        let peers = [(ids[1], shown[1]), (ids[0], shown[0])];
        let ends = boxes.into_iter().zip(peers).map(|(bench, (peer, key))| {
            let (out, sent) = unbounded_channel();
            let (key, dialler) = (SpkiHash(key), Dialler::SmallerId);
            let up = NeighbourEvent::Up { peer, key, line: 1, dialler, out };
            bench.core.handle(Event::Neighbour(up), bench.now);
            sent
        });
        Self(ends.collect::<Vec<_>>().try_into().unwrap())
    }

    /// Some rounds of talk.
    pub(super) fn talk(&mut self, one: &mut Bench, other: &mut Bench) {
        for _ in 0..12 {
            self.carry(one, other, 0);
            self.carry(other, one, 1);
        }
    }

    fn carry(&mut self, from: &mut Bench, to: &mut Bench, end: usize) {
        from.core.while_nobody_waits();
        let (own, peer) = (from.core.own, to.core.own);
        while let Ok(bytes) = self.0[end].try_recv() {
            let received = NeighbourEvent::Received { peer: own, line: 1, bytes };
            to.core.handle(Event::Neighbour(received), to.now);
        }
        from.core.handle(Event::Neighbour(NeighbourEvent::Drained { peer, line: 1 }), from.now);
    }
}

impl Bench {
    pub(super) fn seen(&self, person: PersonId) -> Option<Presence> {
        let incident = self.core.open_incident();
        self.core.ledger.store(incident).presence(incident, person).unwrap()
    }

    pub(super) fn export(&mut self) -> Vec<u8> {
        let (answer, answered) = channel();
        self.core.handle(Event::Bundle(BundleTask::Export(answer)), self.now);
        loop {
            if let Ok(outcome) = answered.try_recv() {
                return outcome.unwrap().bundle;
            }
            self.core.while_nobody_waits();
        }
    }

    pub(super) fn import_bundle(&mut self, bundle: &[u8]) -> Result<Imported, BundleError> {
        let (answer, answered) = channel();
        self.core.handle(Event::Bundle(BundleTask::Import(bundle.to_vec(), answer)), self.now);
        loop {
            if let Ok(outcome) = answered.try_recv() {
                return outcome;
            }
            self.core.while_nobody_waits();
        }
    }
}

#[test]
fn boxes_that_meet_hold_what_their_grants_name_and_can_read_it() {
    for reads in [true, false] {
        let (mut gym, mut hall) = boxes(reads);
        gym.tap("hanako");
        gym.receive_stranger();
        hall.tap("kiyoko");
        let mut wire = Wire::new(&mut gym, &mut hall);
        wire.talk(&mut gym, &mut hall);
        let hanako = gym.person("hanako");
        assert_eq!(hall.seen(hanako).is_some(), reads);
        assert_eq!(hall.stranger_s_name().0, reads.then(|| NAME.to_owned()), "its key came along");
        assert!(gym.seen(gym.person("kiyoko")).is_none(), "the gym may not read the hall");
        // What happens while they are together goes over too.
        gym.tap("naoki");
        wire.talk(&mut gym, &mut hall);
        assert_eq!(hall.seen(gym.person("naoki")).is_some(), reads);
        assert_eq!(gym.core.tally.unsent, 4, "only the town's server gives receipts");
    }
}

#[test]
fn a_newer_package_goes_from_box_to_box_and_ends_what_it_shuts_out() {
    let (mut gym, mut hall) = boxes(true);
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    let next = Package { version: 2, name: "新汐見町".to_owned(), ..package_of(&gym, &hall, true) };
    gym.take(&next);
    wire.talk(&mut gym, &mut hall);
    assert_eq!((hall.core.town.version, hall.core.town.name.as_str()), (2, "新汐見町"));

    // The hall was stolen: the gym lets it go, and does not take it back.
    gym.take(&Package { version: 3, denied: vec![hall.core.own], ..next });
    assert_eq!(gym.core.neighbours.len(), 0);
    let mut wire = Wire::new(&mut gym, &mut hall);
    gym.tap("hanako");
    wire.talk(&mut gym, &mut hall);
    assert!(hall.seen(gym.person("hanako")).is_none());
    let stranger = BoxId::from_bytes([1; 16]);
    assert!(!gym.core.is_neighbour(stranger) && !gym.core.is_neighbour(gym.core.own));
}

#[test]
fn a_copy_of_a_box_that_was_enrolled_again_is_let_go_and_not_let_in() {
    const SECOND_KEY: [u8; 32] = [2; 32];
    let (mut gym, mut hall) = boxes(true);
    let naoki = gym.person("naoki");
    // Before the gym knows of the new enrolment it goes by the old one.
    drop(Wire::between([&mut gym, &mut hall], [FIRST_KEY, SECOND_KEY]));
    assert_eq!((gym.core.neighbours.len(), hall.core.neighbours.len()), (0, 1));
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    assert_eq!(gym.core.neighbours.len(), 1);

    let mut next = Package { version: 2, ..package_of(&gym, &hall, true) };
    next.boxes.iter_mut().filter(|(id, _)| *id == hall.core.own).for_each(|(_, grant)| {
        grant.tls_key = SECOND_KEY;
    });
    gym.take(&next);
    assert_eq!(gym.core.neighbours.len(), 0, "whoever came by the old key is let go");
    let mut wire = Wire::new(&mut gym, &mut hall);
    gym.tap("naoki");
    wire.talk(&mut gym, &mut hall);
    assert!(gym.core.neighbours.len() == 0 && hall.seen(naoki).is_none(), "the copy hears nothing");

    hall.take(&next);
    let mut wire = Wire::between([&mut gym, &mut hall], [FIRST_KEY, SECOND_KEY]);
    wire.talk(&mut gym, &mut hall);
    assert!(hall.seen(naoki).is_some());
}

#[test]
fn what_a_stolen_box_wrote_after_the_town_stopped_trusting_it_says_nothing() {
    let (mut gym, mut hall) = boxes(true);
    gym.tap("hanako");
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    let incident = hall.core.open_incident();
    let until = hall.core.ledger.store(incident).received_of(gym.core.own, hall.now.plus(60_000)).unwrap();
    let trusted = until.into_iter().flat_map(|(scope, actors)| {
        actors.into_iter().map(move |(actor, upto)| hinamori_sync::Trusted::new(scope, actor, upto))
    });
    let cut_off = CutOff { of: gym.core.own, trusted: trusted.collect() };
    gym.tap("naoki");
    wire.talk(&mut gym, &mut hall);
    let (hanako, naoki) = (gym.person("hanako"), gym.person("naoki"));
    assert!(hall.seen(hanako).is_some() && hall.seen(naoki).is_some());
    let next = Package { version: 2, cut_offs: vec![cut_off], ..package_of(&gym, &hall, true) };
    hall.take(&next);
    assert!(hall.seen(hanako).is_some() && hall.seen(naoki).is_none());
    gym.take(&next);
    assert!(gym.seen(naoki).is_some(), "at the box itself everything counts: people stand there");
    hall.take(&Package { version: 3, cut_offs: Vec::new(), ..next });
    assert!(hall.seen(naoki).is_some(), "the town takes its word back");
}

#[test]
fn days_that_the_town_does_not_keep_go_at_every_box_and_nobody_with_them() {
    let (mut gym, mut hall) = boxes(true);
    gym.tap("hanako");
    gym.receive_stranger();
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    let (hanako, incident) = (gym.person("hanako"), gym.core.open_incident());
    let before = gym.seen(hanako);
    assert!(before.is_some());
    let first_day = Period::of(gym.now).day() + 1;
    let retention = Retention { incident, first_day, is_final: false };
    let next = Package { version: 2, retentions: vec![retention], ..package_of(&gym, &hall, true) };
    let holds_old = |bench: &mut Bench| {
        bench.core.old_days_at = None;
        bench.core.while_nobody_waits();
        let mut held = bench.core.ledger.store(incident).vectors().keys();
        held.any(|scope| scope.incident == incident && scope.period.day() < first_day)
    };
    hall.take(&next);
    assert!(holds_old(&mut hall), "nothing of it was said again here yet");
    gym.take(&next);
    assert!(!holds_old(&mut gym), "it said again what counts, and dropped the day");
    wire.talk(&mut gym, &mut hall);
    assert!(!holds_old(&mut hall));
    for bench in [&mut gym, &mut hall] {
        assert_eq!(bench.seen(hanako), before);
        assert_eq!(bench.stranger_s_name().0.as_deref(), Some(NAME), "nor what was written down of somebody");
        bench.core.ledger.store_mut(incident).rebuild().unwrap();
        assert_eq!(bench.seen(hanako), before);
    }
}

#[test]
fn a_box_that_the_town_calls_forked_confirms_nobody_but_at_itself_until_the_town_rules() {
    let (mut gym, mut hall) = boxes(true);
    gym.tap("hanako");
    let mut wire = Wire::new(&mut gym, &mut hall);
    wire.talk(&mut gym, &mut hall);
    let incident = gym.core.open_incident();
    let writers = gym.core.ledger.store(incident).vectors().values().flat_map(|actors| actors.keys());
    let writers: BTreeSet<_> = writers.copied().collect();
    let said = |is_settled| -> Vec<Fork> {
        writers.iter().map(|writer| Fork { writer: *writer.as_bytes(), is_settled }).collect()
    };
    let hanako = gym.person("hanako");
    let is_unconfirmed =
        |bench: &Bench| bench.core.ledger.store(incident).is_unconfirmed(incident, hanako).unwrap();
    let next = Package { version: 2, forks: said(false), ..package_of(&gym, &hall, true) };
    [&mut gym, &mut hall].into_iter().for_each(|bench| bench.take(&next));
    assert!(hall.seen(hanako).is_some() && is_unconfirmed(&hall) && !is_unconfirmed(&gym));
    assert_eq!(gym.core.tally.confirmed, 1, "people stand there");
    let name = next.sites[0].name.clone();
    assert!([&gym, &hall].iter().all(|bench| bench.core.report().forked == [name.clone()]));
    hall.take(&Package { version: 3, forks: said(true), ..next });
    assert!(!is_unconfirmed(&hall) && hall.core.report().forked.is_empty());
}

#[test]
fn a_stick_brings_the_same_once_in_any_order_and_as_far_as_it_goes() {
    let (mut gym, mut hall) = boxes(true);
    gym.tap("hanako");
    gym.receive_stranger();
    let early = gym.export();
    gym.tap("naoki");
    let late = gym.export();
    for secret in [STRANGER.as_bytes().as_slice(), NAME.as_bytes(), gym.person("hanako").as_bytes()] {
        assert!(late.windows(secret.len()).all(|bytes| bytes != secret), "nobody reads it off the stick");
    }
    let first = hall.import_bundle(&late).unwrap();
    assert_eq!((first.new, first.refused, first.closed, first.is_whole), (4, 0, 0, true));
    assert_eq!(hall.stranger_s_name().0.as_deref(), Some(NAME));
    for again in [&early, &late] {
        assert_eq!(hall.import_bundle(again).unwrap(), Imported { new: 0, ..first });
    }
    assert!(hall.seen(gym.person("naoki")).is_some());

    let (mut other, _) = boxes(true);
    let cut = late.get(..late.len() - 40).unwrap();
    assert!(matches!(other.import_bundle(cut), Err(BundleError::Stranger)), "of another town's boxes");
    let (_, mut hall) = boxes(true);
    let package = package_of(&gym, &hall, true);
    hall.take(&Package { version: 2, ..package });
    let half = hall.import_bundle(cut).unwrap();
    assert!(!half.is_whole && half.refused == 0);
    assert_eq!(hall.import_bundle(&late).unwrap().new + half.new, 4);
    for wrong in [&b"no bundle"[..], &late[..60], &[]] {
        assert!(matches!(hall.import_bundle(wrong), Err(BundleError::NotABundle(_))));
    }
}

#[test]
fn a_stick_of_the_server_brings_its_package_its_receipts_and_records() {
    let (mut gym, hall) = boxes(true);
    gym.tap("hanako");
    gym.core.seal().unwrap();
    let live = gym.core.open_incident();
    let (vectors, next) = (
        gym.core.ledger.store(live).vectors().clone(),
        Package { version: 2, ..package_of(&gym, &hall, true) },
    );
    let (side, root_key) = (Side::Server { peer: gym.core.own }, root().public());
    let grants = Grants::from(&next);
    let signed = root().sign(&next).unwrap();
    let (_, town) =
        Session::to_nobody(side, root_key, Some(signed), grants.clone(), hinamori_sync::Held::NOTHING);
    let (mut session, mut said) =
        Session::to_nobody(side, root_key, None, grants, hinamori_sync::Held::NOTHING);
    for (scope, actors) in vectors {
        for (actor, upto) in actors {
            let hash = gym.core.ledger.store(live).hash(scope, actor, upto).unwrap().unwrap();
            said.extend(session.receipt(&receipt().sign((scope, actor, upto), hash, gym.now)));
        }
    }
    let section = |of, key: [u8; 32], content| Section {
        of,
        key: Zeroizing::new(key),
        content: Zeroizing::new(content),
    };
    let incident_key = next.incident_keys.iter().find(|(id, _)| *id == live).unwrap().1.0;
    let sections =
        [section(SectionOf::Town, next.key.0, town), section(SectionOf::Incident(live), incident_key, said)];
    let bundle = |key| BundleWriter::Server(key).write(&sections, [3; 32], gym.now).unwrap();
    let (honest, forged) = (bundle(&receipt()), bundle(&ReceiptKey::from_bytes(&[1; 32])));
    assert!(matches!(gym.import_bundle(&forged), Err(BundleError::Stranger)));
    assert!(gym.core.tally.unsent > 0);
    assert!(gym.import_bundle(&honest).unwrap().is_whole);
    assert_eq!((gym.core.tally.unsent, gym.core.town.version), (0, 2));
}

/// How many bytes travel of what two people did; between them this happened.
fn packed(event: PresenceEvent, between: impl FnOnce(&mut Core)) -> usize {
    let (mut gym, _) = boxes(true);
    let live = gym.core.open_incident();
    let place = gym.core.place(live, LANE, gym.now);
    let of = |number: u8| Fact::presence(PersonId::from_bytes([number; 16]), event, Proof::DECLARED);
    let _first = gym.core.ledger.write(place, &[of(1)], gym.now).unwrap();
    between(&mut gym.core);
    let _second = gym.core.ledger.write(place, &[of(2)], gym.now).unwrap();
    let store = gym.core.ledger.store(live);
    let (scope, _) = store.vectors().first_key_value().unwrap();
    let changes = store.document_changes(*scope).unwrap();
    let changes = changes.iter().map(|bytes| hinamori_record::decode_change(bytes).unwrap().change);
    hinamori_record::pack(&changes.collect::<Vec<_>>(), hinamori_record::ChangeHash([0; 32])).len()
}

#[test]
fn an_id_follows_from_an_earlier_one_until_that_is_sealed_or_goes_on_a_slip() {
    let in_one_run = packed(PresenceEvent::Arrived, |_core| {});
    let in_two = packed(PresenceEvent::Arrived, |core| core.seal().unwrap());
    let on_slips = packed(PresenceEvent::Left, |_core| {});
    assert!(in_one_run + 8 <= in_two.min(on_slips), "{in_one_run}, {in_two} and {on_slips} bytes");
}
