//! Boxes and a server joined by nothing but byte vectors.
#![expect(clippy::unwrap_used, reason = "a test ends at a surprise")]

use std::collections::BTreeMap;

use hinamori_model::{BoxId, CardKey, Hlc, IncidentId, PersonId, RecordId, SiteId, StaffId, UnixMillis};
use hinamori_record::{
    ActorId, Change, ChangeHash, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record,
};
use hinamori_sync::town::{Incidents, Package, RootKey, SignedPackage, TownSecret};
use hinamori_sync::{
    AlertMessage, AlertsHeld, Battery, CarriedAlert, Condition, Effects, Grant, Grants, HandOver, Held,
    KeyMark, KeyRows, KeyTest, KioskKeys, LONGEST_ALERT, LONGEST_PIECE, MOST_ALERTS, OriginatedAlert,
    PeerMisbehaved, ReceiptKey, RosterMessage, SealKey, SealedBatch, Session, Side, Vectors,
};

const GYM: SiteId = SiteId::from_bytes([0x61; 16]);
const GATE: SiteId = SiteId::from_bytes([0x62; 16]);
const HALL: SiteId = SiteId::from_bytes([0x63; 16]);

fn scope(site: SiteId) -> DocumentScope {
    DocumentScope { incident: IncidentId::from_bytes([1; 16]), site, period: Period(20_738) }
}

fn key(number: u8) -> SealKey {
    SealKey::from_bytes(&[number; 32])
}

/// Box 1 at the gym, box 2 at the gate and reading the gym, box 3 at the hall reading nothing.
fn boxes() -> Vec<(BoxId, Grant)> {
    [(1, GYM, vec![]), (2, GATE, vec![GYM]), (3, HALL, vec![])]
        .into_iter()
        .map(|(number, site, reads)| {
            (key(number).box_id(), Grant { seal_key: key(number).public(), tls_key: [0; 32], site, reads })
        })
        .collect()
}

fn grants() -> Grants {
    Grants(boxes().into_iter().collect())
}

fn receipt() -> ReceiptKey {
    ReceiptKey::from_bytes(&[6; 32])
}

/// A session of a side that holds and waits for nothing.
fn session(side: Side, town: Option<SignedPackage>, grants: Grants) -> (Session, Vec<u8>) {
    Session::new(side, root().public(), town, grants, Held::NOTHING)
}

fn root() -> RootKey {
    RootKey::from_bytes(&[9; 32])
}

fn town(version: u64, boxes: Vec<(BoxId, Grant)>) -> SignedPackage {
    let id = |byte| IncidentId::from_bytes([byte; 16]);
    root()
        .sign(&Package {
            version,
            issued_at: UnixMillis::new(0),
            name: "汐見町".to_owned(),
            key: TownSecret([8; 32]),
            sites: Vec::new(),
            incidents: Incidents { daily_life: id(2), live: id(1), drill: id(3) },
            boxes,
            denied: Vec::new(),
            cut_offs: Vec::new(),
            retentions: Vec::new(),
            forks: Vec::new(),
            anchors: Vec::new(),
            intermediates: vec![vec![0x5a; 3_000]],
            feed_key: [8; 32],
            receipt_key: receipt().public(),
            list_grace_millis: 0,
            resets_time: false,
            roster: Vec::new(),
            staff: Vec::new(),
            incident_keys: Vec::new(),
            closed: Vec::new(),
            ledger_key: [0; 32],
            earlier: Vec::new(),
        })
        .unwrap()
}

/// What one end keeps: batches that follow each other.
#[derive(Default)]
struct Shelf(BTreeMap<(DocumentScope, ActorId), Vec<SealedBatch>>);

impl Shelf {
    fn keep(&mut self, batch: SealedBatch) {
        let run = self.0.entry((batch.seal.scope, batch.seal.actor)).or_default();
        if run.last().map_or(0, |last| last.seal.upto) + 1 == batch.seal.from {
            run.push(batch);
        }
    }

    fn vectors(&self) -> Vectors {
        let mut vectors = Vectors::new();
        for ((scope, actor), run) in &self.0 {
            vectors.entry(*scope).or_default().insert(*actor, run.last().unwrap().seal.upto);
        }
        vectors
    }

    /// The last change of an actor.
    fn last(&self, of: (DocumentScope, ActorId)) -> Option<(u32, ChangeHash)> {
        let last = self.0.get(&of)?.last()?.changes.last()?;
        Some((last.sequence, last.hash))
    }

    fn hash(&self, of: (DocumentScope, ActorId), sequence: u32) -> Option<ChangeHash> {
        let changes = self.0.get(&of)?.iter().flat_map(|batch| &batch.changes);
        changes.clone().find(|change| change.sequence == sequence).map(|change| change.hash)
    }

    fn missing_at(&self, peer: &Vectors) -> Vec<SealedBatch> {
        let lacks = |batch: &&SealedBatch| {
            let sent = peer.get(&batch.seal.scope).and_then(|actors| actors.get(&batch.seal.actor));
            batch.seal.from > sent.copied().unwrap_or(0)
        };
        self.0.values().flatten().filter(lacks).cloned().collect()
    }
}

struct End {
    session: Session,
    is_server: bool,
    shelf: Shelf,
    confirmed: BTreeMap<(DocumentScope, ActorId), u32>,
    quarantine: Vec<(String, Vec<u8>)>,
    town: Option<u64>,
}

impl End {
    fn new(side: Side, town: Option<SignedPackage>, grants: Grants, shelf: Shelf) -> (Self, Vec<u8>) {
        let (vectors, nothing) = (shelf.vectors(), Vectors::new());
        let waiting = if side == Side::Box { &vectors } else { &nothing };
        let held = Held { vectors: &vectors, waiting, ..Held::NOTHING };
        let (session, hello) = Session::new(side, root().public(), town, grants, held);
        let is_server = side != Side::Box;
        let (confirmed, quarantine) = (BTreeMap::new(), Vec::new());
        (Self { session, is_server, shelf, confirmed, quarantine, town: None }, hello)
    }

    fn hear(&mut self, bytes: &[u8]) -> Vec<u8> {
        let effects = self.session.received(bytes).unwrap();
        let Effects { mut send, store, receipts, waiting, quarantine, town, look_up, .. } = effects;
        let mut durable: Vec<_> = waiting
            .into_iter()
            .flat_map(|(scope, actors)| actors.into_keys().map(move |actor| (scope, actor)))
            .collect();
        for batch in store {
            durable.push((batch.seal().scope, batch.seal().actor));
            self.shelf.keep(batch.into_sealed());
        }
        durable.dedup();
        for of in durable.into_iter().filter(|_| self.is_server) {
            let Some((upto, hash)) = self.shelf.last(of) else { continue };
            let receipt = receipt().sign((of.0, of.1, upto), hash, UnixMillis::new(5));
            send.extend(self.session.receipt(&receipt));
        }
        for given in receipts {
            let of = (given.scope, given.actor);
            let hash = self.shelf.hash(of, given.upto).unwrap();
            assert!(given.is_for(hash, &receipt().public()));
            self.confirmed.insert(of, given.upto);
        }
        self.quarantine.extend(quarantine);
        self.town = town.map(|town| town.version()).or(self.town);
        if look_up {
            send.extend(self.look_up());
        }
        send
    }

    fn look_up(&mut self) -> Vec<u8> {
        let batches = self.shelf.missing_at(self.session.peer());
        self.session.offer(batches)
    }
}

/// Carries bytes until nobody has anything to say; the bytes that went each way.
fn talk(left: &mut End, right: &mut End, to_right: Vec<u8>, to_left: Vec<u8>, step: usize) -> (usize, usize) {
    let (mut to_right, mut to_left, mut sent) = (to_right, to_left, (0, 0));
    while !to_right.is_empty() || !to_left.is_empty() {
        sent = (sent.0 + to_right.len(), sent.1 + to_left.len());
        let (heard_right, heard_left) = (std::mem::take(&mut to_right), std::mem::take(&mut to_left));
        heard_right.chunks(step).for_each(|piece| to_left.extend(right.hear(piece)));
        heard_left.chunks(step).for_each(|piece| to_right.extend(left.hear(piece)));
    }
    sent
}

fn connect(number: u8, at_box: Shelf, at_server: Shelf, step: usize) -> (End, End, (usize, usize)) {
    let grants = Grants(boxes().into_iter().collect());
    let (mut left, to_right) = End::new(Side::Box, Some(town(1, boxes())), grants.clone(), at_box);
    let side = Side::Server { peer: key(number).box_id() };
    let (mut right, to_left) = End::new(side, Some(town(1, boxes())), grants, at_server);
    let sent = talk(&mut left, &mut right, to_right, to_left, step);
    (left, right, sent)
}

struct Writer {
    key: SealKey,
    document: Document,
    last: Option<ChangeHash>,
}

impl Writer {
    fn new(number: u8, site: SiteId) -> Self {
        let key = key(number);
        let document = Document::new(scope(site), ActorId::new(key.box_id(), 1)).unwrap();
        Self { key, document, last: None }
    }

    fn change(&mut self, number: u8) -> Change {
        let at = UnixMillis::new(1_791_730_800_000 + u64::from(number));
        let fact =
            Fact::presence(PersonId::from_bytes([number; 16]), PresenceEvent::Arrived, Proof::DECLARED);
        let (id, clock) = (RecordId::new(at, u128::from(number)), Hlc::from_packed(at.get() << 16));
        let record = Record { id, at: clock, clock_unsure: false, lane: None, fact };
        self.document.append(&[record], at).unwrap()
    }

    fn batch(&mut self, numbers: std::ops::Range<u8>) -> SealedBatch {
        let changes: Vec<Change> = numbers.map(|number| self.change(number)).collect();
        let before = std::mem::replace(&mut self.last, changes.last().map(|last| last.hash));
        SealedBatch { seal: self.key.seal(self.document.scope(), before, &changes).unwrap(), changes }
    }

    fn shelf(number: u8, site: SiteId) -> Shelf {
        let (mut writer, mut shelf) = (Self::new(number, site), Shelf::default());
        shelf.keep(writer.batch(0..2));
        shelf.keep(writer.batch(2..30));
        shelf
    }
}

#[test]
fn what_a_box_wrote_reaches_the_server_and_is_confirmed_however_the_bytes_are_cut() {
    for step in [1, 7, 1_095, 1 << 20] {
        let (left, right, _) = connect(1, Writer::shelf(1, GYM), Shelf::default(), step);
        assert_eq!(right.shelf.vectors(), left.shelf.vectors());
        let everything: Vec<u32> = left.confirmed.into_values().collect();
        assert_eq!(everything, [30]);
        assert!(left.quarantine.is_empty() && right.quarantine.is_empty());
    }
}

#[test]
fn a_broken_connection_is_taken_up_where_it_was() {
    // The server had stored everything, its answer was lost.
    let (left, right, (up, down)) = connect(1, Writer::shelf(1, GYM), Writer::shelf(1, GYM), 1 << 20);
    assert_eq!(left.confirmed.into_values().collect::<Vec<_>>(), [30]);
    assert!(up < 80 && down < 150, "{up} up, and {down} down with a receipt, although nothing is new");
    assert_eq!(right.shelf.0.len(), 1);

    // It had stored the first batch only.
    let mut first = Writer::shelf(1, GYM);
    first.0.values_mut().for_each(|run| run.truncate(1));
    let (left, right, _) = connect(1, Writer::shelf(1, GYM), first, 1 << 20);
    assert_eq!(right.shelf.vectors(), left.shelf.vectors());
    assert_eq!(left.confirmed.into_values().collect::<Vec<_>>(), [30]);
}

/// What box 1 wrote at the gym on each of these days, one batch a day.
fn days(days: std::ops::Range<u32>) -> Shelf {
    let mut shelf = Shelf::default();
    for day in days {
        let mut writer = Writer::new(1, GYM);
        let scope = DocumentScope { period: Period(day), ..scope(GYM) };
        writer.document = Document::new(scope, ActorId::new(key(1).box_id(), 1)).unwrap();
        shelf.keep(writer.batch(0..3));
    }
    shelf
}

#[test]
fn old_documents_are_one_line_when_both_hold_the_same_of_them() {
    let (left, right, (up, down)) = connect(1, days(100..160), days(100..160), 1 << 20);
    // Of two days, each with a receipt for the first time: all sixty wait.
    assert_eq!(left.confirmed.len(), 60);
    assert!(up < 60 * 60 && down < 60 * 110 + 200, "{up} up, {down} down");
    let quiet = |box_holds, server_holds| {
        let (mut left, to_right) = quiet_box(box_holds);
        let side = Side::Server { peer: key(1).box_id() };
        let grants = Grants(boxes().into_iter().collect());
        let (mut right, to_left) = End::new(side, Some(town(1, boxes())), grants, server_holds);
        let sent = talk(&mut left, &mut right, to_right, to_left, 1 << 20);
        assert_eq!(left.shelf.vectors(), right.shelf.vectors());
        sent
    };
    let (up, down) = quiet(days(100..160), days(100..160));
    assert!(up < 150 && down < 150, "{up} up, {down} down");
    // A day is missing here or there, an old one or the newest.
    for (box_holds, server_holds) in [
        (days(100..160), days(101..160)),
        (days(101..160), days(100..160)),
        (days(100..160), days(100..159)),
        (days(100..159), days(100..160)),
        (days(100..160), Shelf::default()),
        (Shelf::default(), days(100..160)),
        (days(100..101), days(158..160)),
    ] {
        quiet(box_holds, server_holds);
    }
    assert_eq!(right.shelf.0.len(), 60);
}

/// A box that waits for no receipt.
fn quiet_box(shelf: Shelf) -> (End, Vec<u8>) {
    let grants = Grants(boxes().into_iter().collect());
    let (mut end, _) = End::new(Side::Box, Some(town(1, boxes())), grants.clone(), shelf);
    let vectors = end.shelf.vectors();
    let held = Held { vectors: &vectors, ..Held::NOTHING };
    let (session, hello) = Session::new(Side::Box, root().public(), Some(town(1, boxes())), grants, held);
    end.session = session;
    (end, hello)
}

#[test]
fn nobody_asks_twice_or_answers_unasked() {
    let wants = |of: &mut End, hello: &[u8]| of.session.received(hello).unwrap().send;
    let side = Side::Server { peer: key(1).box_id() };
    let of_server =
        |holds| End::new(side, Some(town(1, boxes())), Grants(boxes().into_iter().collect()), holds);
    let (mut the_box, hello) = quiet_box(days(100..160));
    let (mut hall, hall_hello) = of_server(days(120..160));
    let question = wants(&mut hall, &hello);
    let offers =
        |day| hall.session.offerable().includes(&DocumentScope { period: Period(day), ..scope(GYM) });
    assert!(question.len() < 12 && !offers(100) && !offers(157) && offers(158), "what it has is asked first");
    drop(the_box.session.received(&hall_hello).unwrap());
    let answer = the_box.session.received(&question).unwrap().send;
    let is_refused = |outcome| matches!(outcome, Err(PeerMisbehaved::OutOfPlace { .. }));
    assert!(is_refused(the_box.session.received(&question).map(drop)), "a second question");
    assert!(hall.session.received(&answer).unwrap().look_up);
    assert!(is_refused(hall.session.received(&answer).map(drop)), "a second answer");
    let (mut same, _) = of_server(days(100..160));
    assert!(wants(&mut same, &hello).is_empty());
    assert!(is_refused(same.session.received(&answer).map(drop)), "an answer to no question");
}

#[test]
fn a_server_that_lost_its_disk_is_refilled_also_with_what_others_wrote() {
    let (left, _, _) = connect(2, Shelf::default(), Writer::shelf(1, GYM), 1 << 20);
    assert_eq!(left.shelf.0.len(), 1, "the gate reads the gym");
    let (_, right, _) = connect(2, left.shelf, Shelf::default(), 1 << 20);
    assert_eq!(right.shelf.vectors(), Writer::shelf(1, GYM).vectors());
}

#[test]
fn a_box_is_sent_and_told_of_nothing_that_its_grant_does_not_name() {
    let (left, right, (_, down)) = connect(3, Shelf::default(), Writer::shelf(1, GYM), 1 << 20);
    assert!(left.shelf.0.is_empty());
    assert!(down < 20, "{down} bytes: not even the vector is told");
    assert!(right.session.peer().is_empty());
    let (left, _, _) = connect(7, Shelf::default(), Writer::shelf(1, GYM), 1 << 20);
    assert!(left.shelf.0.is_empty(), "a box without any grant");
}

#[test]
fn what_does_not_hold_is_kept_aside_and_the_rest_goes_on() {
    let mut shelf = Writer::shelf(1, GYM);
    // Written for a site where the box does not stand.
    shelf.keep(Writer::new(1, HALL).batch(0..1));
    let mut bent = Writer::new(1, GYM);
    bent.document = Document::new(scope(GYM), ActorId::new(key(1).box_id(), 2)).unwrap();
    let mut bent = bent.batch(0..3);
    bent.seal.signature[5] ^= 1;
    shelf.keep(bent);
    let (_, right, _) = connect(1, shelf, Shelf::default(), 1 << 20);
    assert_eq!(right.shelf.vectors(), Writer::shelf(1, GYM).vectors());
    let mut reasons: Vec<&str> = right.quarantine.iter().map(|(reason, _)| reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["the box may not write for this site", "the seal's signature does not hold"]);
    assert!(right.quarantine.iter().all(|(_, bytes)| bytes.len() > 200));
}

#[test]
fn a_newer_package_reaches_the_box_before_what_it_makes_believable() {
    let all = Grants(boxes().into_iter().collect());
    let only_gate: Vec<_> = boxes().into_iter().skip(1).take(1).collect();
    let grants = Grants(only_gate.iter().cloned().collect());
    let (mut left, to_right) = End::new(Side::Box, Some(town(1, only_gate)), grants, Shelf::default());
    let side = Side::Server { peer: key(2).box_id() };
    let (mut right, to_left) = End::new(side, Some(town(2, boxes())), all.clone(), Writer::shelf(1, GYM));
    talk(&mut left, &mut right, to_right, to_left, 50);
    assert_eq!((left.town, left.shelf.0.len(), left.quarantine.len()), (Some(2), 1, 0));

    // The register changes while both are connected; what is older comes to nothing.
    let push = right.session.town_changed(town(3, boxes()), all.clone());
    talk(&mut left, &mut right, Vec::new(), push, 50);
    assert_eq!(left.town, Some(3));
    assert!(right.session.town_changed(town(2, boxes()), all).is_empty());
}

#[test]
fn an_old_package_does_not_come_back() {
    let (_, hello) = session(Side::Box, None, Grants::default());
    let side = Side::Server { peer: key(2).box_id() };
    let (mut old, old_hello) = End::new(side, Some(town(3, boxes())), Grants::default(), Shelf::default());
    let replayed = [old_hello, old.hear(&hello)].concat();
    for (held, taken) in [(2, Some(3)), (3, None), (5, None)] {
        let held = Some(town(held, Vec::new()));
        let (mut left, _) = End::new(Side::Box, held, Grants::default(), Shelf::default());
        drop(left.hear(&replayed));
        assert_eq!((left.town, left.quarantine.len()), (taken, 0));
    }
}

#[test]
fn a_package_of_another_root_is_kept_aside() {
    let foreign = RootKey::from_bytes(&[4; 32]);
    let grants = Grants(boxes().into_iter().collect());
    let (_, package) = SignedPackage::open(town(5, boxes()).as_bytes(), &root().public()).unwrap();
    let signed = foreign.sign(&package).unwrap();
    let (mut left, to_right) = End::new(Side::Box, None, Grants::default(), Shelf::default());
    let side = Side::Server { peer: key(2).box_id() };
    let (mut right, to_left) = End::new(side, Some(signed), grants, Shelf::default());
    talk(&mut left, &mut right, to_right, to_left, 50);
    assert_eq!((left.town, left.quarantine.len()), (None, 1));
}

/// The bytes of a whole visit of box 1, as the server hears them.
fn visit() -> Vec<u8> {
    let (mut writer, mut shelf) = (Writer::new(1, GYM), Shelf::default());
    shelf.keep(writer.batch(0..1));
    shelf.keep(writer.batch(1..4));
    let (mut left, hello) = End::new(Side::Box, None, Grants::default(), shelf);
    let side = Side::Server { peer: key(1).box_id() };
    let (_, server_hello) = End::new(side, None, grants(), Shelf::default());
    [hello, left.hear(&server_hello)].concat()
}

fn server() -> Session {
    let side = Side::Server { peer: key(1).box_id() };
    session(side, None, grants()).0
}

#[test]
fn every_bent_byte_ends_the_connection_and_stores_nothing_false() {
    let bytes = visit();
    for position in 0..bytes.len() {
        let mut bent = bytes.clone();
        bent[position] ^= 1 << (position % 8);
        if let Ok(effects) = server().received(&bent) {
            // The length of a frame grew: it waits for what never comes.
            assert!(effects.store.len() < 2 && effects.quarantine.is_empty(), "{position}");
        }
    }
}

#[test]
fn what_is_out_of_place_ends_the_connection() {
    let bytes = visit();
    let (_, hello) = session(Side::Box, None, Grants::default());
    let out_of_place =
        |bytes: &[u8]| matches!(server().received(bytes), Err(PeerMisbehaved::OutOfPlace { .. }));
    assert!(server().received(&hello).is_ok());
    assert!(out_of_place(&[hello.clone(), hello.clone()].concat()), "two hellos");
    let (mut left, box_hello) = End::new(Side::Box, None, Grants::default(), Writer::shelf(1, GYM));
    drop(left.hear(&hello));
    assert!(out_of_place(&bytes[box_hello.len()..]), "a batch before hello");

    // What only a server says, from a box.
    let side = Side::Server { peer: key(2).box_id() };
    let grants = Grants(boxes().into_iter().collect());
    let (mut talks, _) = End::new(side, Some(town(1, boxes())), grants, Shelf::default());
    let package = talks.hear(&hello);
    assert!(package.len() > 3_000 && out_of_place(&[hello.clone(), package].concat()), "a package");
}

#[test]
fn pieces_of_the_roster_go_one_way_and_questions_the_other() {
    let wanted = RosterMessage::Wanted { digest: [1; 32], offset: 7 };
    let piece =
        |length| RosterMessage::Piece { digest: [1; 32], total: u32::MAX, offset: 7, bytes: vec![1; length] };
    let (mut the_box, hello) = session(Side::Box, None, Grants::default());
    let mut hall = server();
    assert!(hall.tell_roster(piece(1)).is_empty(), "before the hello");
    drop(hall.received(&hello).unwrap());
    let side = Side::Server { peer: key(1).box_id() };
    let (_, server_hello) = End::new(side, None, grants(), Shelf::default());
    drop(the_box.received(&server_hello).unwrap());
    assert_eq!(
        hall.received(&the_box.tell_roster(wanted.clone())).unwrap().roster,
        std::slice::from_ref(&wanted)
    );
    let longest = piece(LONGEST_PIECE);
    assert_eq!(the_box.received(&hall.tell_roster(longest.clone())).unwrap().roster, [longest]);
    let is_refused = |outcome| matches!(outcome, Err(PeerMisbehaved::OutOfPlace { .. }));
    assert!(is_refused(the_box.received(&hall.tell_roster(piece(LONGEST_PIECE + 1))).map(drop)));
    assert!(is_refused(the_box.received(&hall.tell_roster(wanted)).map(drop)));
    assert!(is_refused(hall.received(&the_box.tell_roster(piece(1))).map(drop)));
}

#[test]
fn nothing_is_sent_before_the_peers_hello() {
    let batches = Writer::shelf(1, GYM).missing_at(&Vectors::new());
    assert!(server().offer(batches.clone()).is_empty());
    let (mut session, _) = session(Side::Box, None, Grants::default());
    assert!(session.offer(batches).is_empty());
}

/// A box and its server after both hellos.
fn greeted() -> (Session, Session) {
    let side = Side::Server { peer: boxes().into_iter().next().unwrap().0 };
    let (mut of_server, server_hello) = session(side, None, grants());
    let mark = KeyMark { table: [1; 16], serial: 9, row: [2; 16] };
    let (mut of_box, box_hello) = Session::new(
        Side::Box,
        root().public(),
        None,
        Grants(boxes().into_iter().collect()),
        Held { keys: Some(mark), ..Held::NOTHING },
    );
    assert_eq!(of_server.peer_keys(), None);
    drop((of_box.received(&server_hello).unwrap(), of_server.received(&box_hello).unwrap()));
    assert!(!of_box.awaits_town() && !of_server.awaits_town());
    assert_eq!((of_box.peer_keys(), of_server.peer_keys()), (Some(None), Some(Some(mark))));
    (of_box, of_server)
}

#[test]
fn how_a_box_is_is_said_to_the_server_alone() {
    let battery = Some(Battery { percent: 41, is_on_mains: false });
    let condition = Condition { unsent: 7, is_clock_sure: false, battery };
    let (silent, _) = session(Side::Box, None, Grants::default());
    assert!(silent.tell_condition(condition).is_empty(), "before the hello");
    let (mut of_box, mut of_server) = greeted();
    let said = of_box.tell_condition(condition);
    assert_eq!(of_server.received(&said).unwrap().condition, Some(condition));
    let is_refused = |outcome| matches!(outcome, Err(PeerMisbehaved::OutOfPlace { .. }));
    assert!(is_refused(of_box.received(&of_server.tell_condition(condition)).map(drop)));
}

#[test]
fn keys_go_both_ways_and_what_is_handed_over_only_one() {
    let (mut of_box, mut of_server) = greeted();
    let mark = KeyMark { table: [1; 16], serial: 10, row: [3; 16] };
    let rows = KeyRows::new([[7; 101]], mark).unwrap();
    let told = of_box.tell_keys(rows.clone());
    assert_eq!(of_server.received(&told).unwrap().keys, std::slice::from_ref(&rows));
    let told = of_server.tell_keys(rows.clone());
    assert_eq!(of_box.received(&told).unwrap().keys, [rows]);

    let piece = HandOver { incident: IncidentId::from_bytes([4; 16]), sealed: vec![5; 70] };
    let handed = of_box.hand_over(piece.clone());
    assert_eq!(of_server.received(&handed).unwrap().hand_overs, std::slice::from_ref(&piece));
    let receipt = of_server.handed_over(piece.digest());
    assert_eq!(of_box.received(&receipt).unwrap().handed_over, [piece.digest()]);
    assert!(matches!(of_box.received(&handed), Err(PeerMisbehaved::OutOfPlace { .. })));
    assert!(matches!(greeted().1.received(&receipt), Err(PeerMisbehaved::OutOfPlace { .. })));
}

#[test]
fn a_box_knows_that_a_newer_package_is_on_its_way() {
    let side = Side::Server { peer: boxes()[0].0 };
    let signed = Some(town(7, boxes()));
    let (mut of_server, server_hello) = session(side, signed, Grants(boxes().into_iter().collect()));
    let (mut of_box, box_hello) = session(Side::Box, None, Grants::default());
    drop(of_box.received(&server_hello).unwrap());
    assert!(of_box.awaits_town());
    let package = of_server.received(&box_hello).unwrap().send;
    drop(of_box.received(&package).unwrap());
    assert!(!of_box.awaits_town());
}

fn carried(number: u8) -> CarriedAlert {
    CarriedAlert { alert: vec![number; 300], envelope: vec![number; 90] }
}

#[test]
fn alerts_go_to_whoever_lacks_them_once_and_from_box_to_box_without_a_server() {
    let peer = key(2).box_id();
    let (mut server, server_hello) = session(Side::Server { peer: key(1).box_id() }, None, grants());
    let known = AlertsHeld { list: 3, digests: [carried(1).digest()].into() };
    let held = Held { alerts: &known, ..Held::NOTHING };
    let (mut one, one_hello) = Session::new(Side::Box, root().public(), None, grants(), held);
    assert!(server.offer_alerts(Some((4, b"list")), [&carried(2)]).is_empty(), "nothing before its hello");
    let _looked = server.received(&one_hello).unwrap();
    let _looked = one.received(&server_hello).unwrap();
    let sent = server.offer_alerts(Some((4, b"list")), [&carried(1), &carried(2)]);
    let heard = one.received(&sent).unwrap().alerts;
    let list = AlertMessage::Keys { version: 4, bytes: b"list".to_vec() };
    assert_eq!(heard, [list.clone(), AlertMessage::Sent(carried(2))]);
    assert!(server.offer_alerts(Some((4, b"list")), [&carried(1), &carried(2)]).is_empty(), "once");

    // The same two to a neighbour, which gives nothing of it back.
    let (mut here, here_hello) = session(Side::Neighbour { peer }, None, grants());
    let (mut there, there_hello) = session(Side::Neighbour { peer: key(1).box_id() }, None, grants());
    let _looked = here.received(&there_hello).unwrap();
    let _looked = there.received(&here_hello).unwrap();
    let sent = here.offer_alerts(Some((4, b"list")), [&carried(2)]);
    assert_eq!(there.received(&sent).unwrap().alerts, [list, AlertMessage::Sent(carried(2))]);
    assert!(there.offer_alerts(Some((4, b"list")), [&carried(2)]).is_empty());
    assert!(!there.offer_alerts(Some((5, b"newer")), [&carried(2)]).is_empty());
}

#[test]
fn a_box_tells_a_server_what_was_originated_and_signed_there_and_no_other_alert() {
    let peer = key(1).box_id();
    let originated = |number| {
        AlertMessage::Originated(OriginatedAlert { carried: carried(number), leaf: vec![number; 60] })
    };
    let known = AlertsHeld { list: 0, digests: [carried(1).digest()].into() };
    let held = Held { alerts: &known, ..Held::NOTHING };
    let side = Side::Server { peer };
    let (mut server, server_hello) = Session::new(side, root().public(), None, grants(), held);
    let (mut here, box_hello) = session(Side::Box, None, grants());
    let _looked = server.received(&box_hello).unwrap();
    let _looked = here.received(&server_hello).unwrap();
    let keys = KioskKeys {
        staff: StaffId::from_bytes([1; 16]),
        card: CardKey::from_bytes([2; 16]),
        live: vec![3; 97],
        exercise: vec![4; 97],
    };
    let made = AlertMessage::KeysMade(keys.clone());
    let approval = AlertMessage::Approval { draft: "ab".to_owned(), key: [1; 32], signature: vec![2; 64] };
    let sent = here.offer_of_alerts([&originated(1), &originated(2), &made, &approval]);
    assert_eq!(server.received(&sent).unwrap().alerts, [originated(2), made.clone(), approval.clone()]);
    assert!(here.offer_of_alerts([&originated(2)]).is_empty(), "once");
    assert!(server.offer_of_alerts([&originated(2)]).is_empty(), "it came from there");

    // What only the server says, and what boxes say to each other.
    let plan = AlertMessage::Plan(vec![1; 90]);
    let sealed = AlertMessage::KioskKeys(vec![keys]);
    let drafts = AlertMessage::Drafts(Vec::new());
    let to_boxes = [plan.clone(), sealed.clone(), drafts.clone(), originated(3)];
    let sent = server.offer_of_alerts(&to_boxes);
    assert_eq!(here.received(&sent).unwrap().alerts, to_boxes);
    let sent = server.offer_of_alerts(&to_boxes);
    assert_eq!(
        here.received(&sent).unwrap().alerts,
        std::slice::from_ref(&drafts),
        "drafts are said every time"
    );
    let refused = |side: Side, other: Side, message: &AlertMessage| {
        let (mut one, one_hello) = session(side, None, grants());
        let (mut two, two_hello) = session(other, None, grants());
        let _looked = one.received(&two_hello).unwrap();
        let _looked = two.received(&one_hello).unwrap();
        let said = two.offer_of_alerts([message]);
        matches!(one.received(&said), Err(PeerMisbehaved::OutOfPlace { .. }))
    };
    let neighbour = Side::Neighbour { peer };
    let (beat, televisions) = (AlertMessage::Beat(vec![1; 84]), AlertMessage::Televisions(Vec::new()));
    let taken = AlertMessage::AnswersTaken(Vec::new());
    let told = AlertMessage::Told { message: [1; 32], instructions: Vec::new() };
    let (bindings, settled) = (AlertMessage::Bindings(Vec::new()), AlertMessage::BindingsSettled(Vec::new()));
    for message in [&plan, &sealed, &drafts, &beat, &televisions, &taken, &told, &settled] {
        assert!(refused(side, Side::Box, message), "no box tells a server {message:?}");
    }
    let (strangers, answers) = (AlertMessage::Strangers(Vec::new()), AlertMessage::Answers(Vec::new()));
    let test = |length| KeyTest { key: [1; 32], at: UnixMillis::new(7), signature: vec![2; length] };
    let tests = AlertMessage::KeyTests(vec![test(64); 2]);
    for all in [vec![test(64); 65], vec![test(65)]] {
        assert!(
            refused(side, Side::Box, &AlertMessage::KeyTests(all)),
            "nobody has so many, or so long ones"
        );
    }
    for message in [&strangers, &answers, &bindings, &tests] {
        assert!(refused(Side::Box, side, message) && !refused(side, Side::Box, message), "{message:?}");
    }
    assert!(refused(Side::Box, side, &AlertMessage::Beat(vec![1; 85])), "no heartbeat is so long");
    assert!(!refused(neighbour, neighbour, &told), "what everybody is told goes on");
    for message in [
        &made,
        &approval,
        &drafts,
        &beat,
        &televisions,
        &taken,
        &strangers,
        &answers,
        &bindings,
        &settled,
        &tests,
    ] {
        assert!(refused(neighbour, neighbour, message), "no box tells a box {message:?}");
    }
    for message in [&plan, &sealed, &originated(4)] {
        assert!(!refused(neighbour, neighbour, message), "{message:?}");
    }
    assert!(refused(Side::Box, side, &made));
}

#[test]
fn a_box_tells_a_server_no_alert_of_the_town_hall_s_and_nobody_more_than_fits() {
    let greeted = |side: Side, other: Side| {
        let (mut one, one_hello) = session(side, None, grants());
        let (mut two, two_hello) = session(other, None, grants());
        let _looked = one.received(&two_hello).unwrap();
        let _looked = two.received(&one_hello).unwrap();
        (one, two)
    };
    let (at_box, at_server) = (Side::Box, Side::Server { peer: key(1).box_id() });
    let (mut one, mut server) = greeted(at_box, at_server);
    let sent = one.offer_alerts(None, [&carried(1)]);
    assert!(matches!(server.received(&sent), Err(PeerMisbehaved::OutOfPlace { .. })));
    let (mut one, mut server) = greeted(at_box, at_server);
    let long = CarriedAlert { alert: vec![0; LONGEST_ALERT + 1], envelope: Vec::new() };
    let sent = server.offer_alerts(None, [&long]);
    assert!(matches!(one.received(&sent), Err(PeerMisbehaved::OutOfPlace { .. })));

    let digests = (0..=MOST_ALERTS + 2).map(carried_digest).collect();
    let many = AlertsHeld { list: 0, digests };
    let held = Held { alerts: &many, ..Held::NOTHING };
    let (_, hello) = Session::new(Side::Box, root().public(), None, grants(), held);
    let (mut server, _) = session(at_server, None, grants());
    assert!(matches!(server.received(&hello), Err(PeerMisbehaved::OutOfPlace { .. })));
}

fn carried_digest(number: usize) -> [u8; 32] {
    CarriedAlert { alert: number.to_be_bytes().to_vec(), envelope: Vec::new() }.digest()
}
