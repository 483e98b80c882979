//! Keys that travel, persons who are erased, incidents that are closed: what is left on the disk.

use hinamori_model::{CardKey, RecordId};
use hinamori_profile::{Entry, IncidentKey, TextField, WrappedKey, merge};
use hinamori_record::{DecodedChange, Fact, PresenceEvent, Proof, decode_change};
use hinamori_store_sqlite::{FileKey, KeyRow, KeyTable};
use hinamori_sync::town::{ClosedIncident, SignedPackage};
use hinamori_sync::{
    Effects, Grants, HandOver, HandOverContent, Held, LedgerSecret, Session, Side, VerifiedBatch,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::profile::is_on_disk;
use super::*;

pub(super) const NAME: &str = "墨染 絹代";
/// Somebody who stands on no roster, so that nothing but records names them.
pub(super) const STRANGER: PersonId = PersonId::from_bytes([0x77; 16]);
const NEXT: IncidentId = IncidentId::from_bytes([0x22; 16]);
const TABLE: [u8; 32] = [8; 32];

fn ledger() -> LedgerSecret {
    LedgerSecret::new([0x1e; 32])
}

/// The server at the other end of a line, with a key table of its own.
struct Hall {
    session: Session,
    sent: UnboundedReceiver<Vec<u8>>,
    keys: KeyTable,
    _folder: tempfile::TempDir,
    /// What came, in its order.
    heard: Vec<&'static str>,
    stored: Vec<VerifiedBatch>,
    pieces: Vec<HandOver>,
}

impl Hall {
    /// The box connects to a server that holds this package.
    fn connect(bench: &mut Bench, package: &Package) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyTable::open(&folder.path().join("keys.sqlite"), &FileKey::new(TABLE)).unwrap();
        let (out, sent) = unbounded_channel();
        let now = bench.now;
        bench.core.handle(Event::Link(LinkEvent::Down), now);
        bench.core.handle(Event::Link(LinkEvent::Up { out }), now);
        let signed = root().sign(package).unwrap();
        let (signed, package) = SignedPackage::open(signed.as_bytes(), &root().public()).unwrap();
        let side = Side::Server { peer: bench.core.own };
        let (session, hello) =
            Session::new(side, root().public(), Some(signed), Grants::from(&package), Held::NOTHING);
        bench.core.handle(Event::Link(LinkEvent::Received(hello)), now);
        Self {
            session,
            sent,
            keys,
            _folder: folder,
            heard: Vec::new(),
            stored: Vec::new(),
            pieces: Vec::new(),
        }
    }

    /// Both say what they have to say, for some rounds; pieces get their receipts only if `receipts`.
    fn talk(&mut self, bench: &mut Bench, receipts: bool) {
        for _ in 0..8 {
            bench.core.while_nobody_waits();
            let mut to_box = Vec::new();
            while let Ok(bytes) = self.sent.try_recv() {
                let Effects { keys, store, hand_overs, send, .. } = self.session.received(&bytes).unwrap();
                to_box.extend(send);
                for rows in keys {
                    self.heard.push("keys");
                    let known: Vec<KeyRow> = rows.rows().filter_map(KeyRow::from_bytes).collect();
                    let _absorbed = self.keys.absorb_of("box", &known, rows.upto).unwrap();
                }
                for batch in store {
                    self.heard.push("records");
                    self.stored.push(batch);
                }
                for piece in hand_overs {
                    self.heard.push("piece");
                    if receipts {
                        to_box.extend(self.session.handed_over(piece.digest()));
                    }
                    self.pieces.push(piece);
                }
            }
            bench.core.handle(Event::Link(LinkEvent::Received(to_box)), bench.now);
            bench.core.handle(Event::Link(LinkEvent::Drained), bench.now);
        }
    }
}

fn changes_of(batches: impl Iterator<Item = Vec<hinamori_record::Change>>) -> Vec<DecodedChange> {
    batches.flatten().map(|change| decode_change(&change.bytes).unwrap()).collect()
}

/// What is written down of the stranger in these changes, under this key.
fn name_in(changes: &[DecodedChange], over: &IncidentKey, wrapped: &[WrappedKey]) -> Option<String> {
    let mut patches = Vec::new();
    for record in changes.iter().flat_map(|change| &change.records) {
        if let Fact::Profile { person, sealed } = &record.fact {
            let keys = wrapped.iter().filter_map(|wrapped| over.unwrap(*person, wrapped).ok());
            patches.extend(
                keys.filter_map(|key| {
                    Some((record.at, record.id, key.open(sealed, *person, record.id).ok()?))
                }),
            );
        }
    }
    merge(patches).text(TextField::Name).map(|name| name.expose().to_owned())
}

impl Bench {
    fn granted(&self) -> Package {
        let mut package = self.package.clone();
        package.boxes[0].1.seal_key = self.core.keys.seal.public();
        package.ledger_key = ledger().public().0;
        package
    }

    /// The stranger arrives and is written down.
    pub(super) fn receive_stranger(&mut self) -> RecordId {
        let incident = self.core.open_incident();
        let arrival = Fact::presence(STRANGER, PresenceEvent::Arrived, Proof::DECLARED);
        self.now = self.now.plus(1_000);
        self.core.write(incident, LANE, &[arrival], self.now).unwrap();
        let name = Entry::Text(TextField::Name, PersonalText::new(NAME));
        let writing = self.core.seal_profile(STRANGER, vec![name]).unwrap();
        self.core.write_sealing(incident, LANE, vec![writing], self.now).unwrap()[0]
    }

    pub(super) fn stranger_s_name(&self) -> (Option<String>, bool) {
        let known = self.core.profile(STRANGER).unwrap();
        (known.profile.text(TextField::Name).map(|name| name.expose().to_owned()), known.has_more)
    }

    /// How the rows of the key table look in the file.
    fn rows_on_disk(&self) -> Vec<Vec<u8>> {
        let file = rusqlite::Connection::open(self.core.config.data.join("keys.sqlite")).unwrap();
        let mut rows = file.prepare("SELECT sealed FROM entry").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn data(&self) -> PathBuf {
        self.core.config.data.clone()
    }
}

/// The package after the live incident was closed.
pub(super) fn closed(package: &Package, now: UnixMillis) -> Package {
    let incident = package.incidents.live;
    let mut next = package.clone();
    next.version += 1;
    next.incidents.live = NEXT;
    next.incident_keys.retain(|(id, _)| *id != incident);
    next.incident_keys.push((NEXT, TownSecret([0x55; 32])));
    next.closed.push(ClosedIncident { incident, at: now });
    next
}

#[test]
fn keys_reach_the_server_before_the_records_that_stand_under_them() {
    let mut bench = Bench::without_town();
    let package = bench.granted();
    // The key of the town that the box made up stays here.
    bench.receive_stranger();
    bench.take(&package);
    bench.open(Mode::Live);
    bench.receive_stranger();
    let mut hall = Hall::connect(&mut bench, &package);
    hall.talk(&mut bench, true);
    assert_eq!(hall.heard.first(), Some(&"keys"), "{:?}", hall.heard);
    let incident = package.incidents.live;
    let over = IncidentKey::new(incident, package.incident_keys[1].1.0);
    let wrapped = hall.keys.keys(incident, STRANGER).unwrap();
    let changes = changes_of(hall.stored.iter().map(|batch| batch.changes().to_vec()));
    assert_eq!(name_in(&changes, &over, &wrapped).as_deref(), Some(NAME));
    assert_eq!(hall.keys.newest().unwrap(), 1, "only what is of this town");
    // Nothing is told twice on one line, and a server that has heard it all is told nothing on the next.
    let told = hall.heard.iter().filter(|heard| **heard == "keys").count();
    assert_eq!(told, 1);
}

#[test]
fn a_person_whom_the_town_erases_is_erased_here_and_no_file_has_the_key() {
    let mut bench = Bench::without_town();
    let package = bench.granted();
    bench.take(&package);
    bench.open(Mode::Live);
    bench.receive_stranger();
    let rows = bench.rows_on_disk();
    assert!(rows.iter().all(|row| is_on_disk(&bench.data(), row)), "what stands there is found");
    let mut hall = Hall::connect(&mut bench, &package);
    hall.talk(&mut bench, true);
    let incident = package.incidents.live;
    hall.keys.erase_person(incident, STRANGER, bench.now).unwrap();
    let mut place = hall.keys.place_after(None).unwrap();
    let told = hall.keys.tell(&mut place, true, |_| true).unwrap().unwrap();
    let bytes = hall.session.tell_keys(told);
    bench.core.handle(Event::Link(LinkEvent::Received(bytes)), bench.now);
    assert_eq!(bench.stranger_s_name(), (None, true));
    assert!(rows.iter().all(|row| !is_on_disk(&bench.data(), row)));
    assert!(!is_on_disk(&bench.data(), NAME.as_bytes()));
    let name = Entry::Text(TextField::Name, PersonalText::new(NAME));
    assert!(matches!(bench.core.seal_profile(STRANGER, vec![name]), Err(Refusal::NotNow)));
}

#[test]
fn no_peer_s_row_erases_an_incident() {
    let mut bench = Bench::without_town();
    let package = bench.granted();
    bench.take(&package);
    bench.open(Mode::Live);
    bench.receive_stranger();
    let mut hall = Hall::connect(&mut bench, &package);
    hall.talk(&mut bench, true);
    hall.keys.erase_incident(package.incidents.live, bench.now).unwrap();
    let mut place = hall.keys.place_after(None).unwrap();
    let told = hall.keys.tell(&mut place, true, |_| true).unwrap().unwrap();
    let bytes = hall.session.tell_keys(told);
    bench.core.handle(Event::Link(LinkEvent::Received(bytes)), bench.now);
    assert_eq!(bench.stranger_s_name(), (Some(NAME.to_owned()), false));
}

/// What was handed over, as the town reads it.
fn opened(pieces: &[HandOver], grants: &Grants) -> (Vec<DecodedChange>, Option<String>) {
    let (mut changes, mut name) = (Vec::new(), None);
    for piece in pieces {
        let content = ledger().open(piece.incident, &piece.sealed).unwrap();
        let (HandOverContent { key, people, batches }, unreadable) =
            HandOverContent::from_bytes(&content, grants).unwrap();
        assert!(unreadable.is_empty(), "{unreadable:?}");
        let over = IncidentKey::new(piece.incident, *key);
        let wrapped: Vec<WrappedKey> =
            people.iter().filter_map(|(_, wrapped)| WrappedKey::from_bytes(wrapped)).collect();
        let of_piece = changes_of(batches.into_iter().map(|batch| batch.changes));
        name = name.or(name_in(&of_piece, &over, &wrapped));
        changes.extend(of_piece);
    }
    (changes, name)
}

#[test]
fn a_box_that_comes_back_after_the_closing_hands_over_and_then_holds_nothing() {
    let mut bench = Bench::without_town();
    let package = bench.granted();
    bench.take(&package);
    let unknown = bench.core.town.key.person_of_unknown_card(CardKey::from_bytes([3; 16]));
    bench.open(Mode::Drill);
    let drill = Fact::presence(unknown, PresenceEvent::Arrived, Proof::DECLARED);
    bench.core.write(package.incidents.drill, LANE, &[drill], bench.now).unwrap();
    bench.core.command(LANE, Command::EndDrill { then: Mode::Live }, bench.now).unwrap();
    bench.receive_stranger();
    let rows = bench.rows_on_disk();
    let next = closed(&package, bench.now);

    // The package comes, and the line breaks before any receipt.
    let mut hall = Hall::connect(&mut bench, &next);
    hall.talk(&mut bench, false);
    assert_eq!(hall.heard, ["piece"], "nothing else leaves before");
    // A server that never answers holds up no open incident.
    bench.core.closing.lose_patience();
    hall.talk(&mut bench, false);
    // Of the drill: what was recorded in it, and that it ended.
    assert_eq!(hall.heard, ["piece", "keys", "records", "records"]);
    assert!(hall.stored.iter().all(|batch| batch.seal().scope.incident != package.incidents.live));
    assert!(hall.keys.keys(package.incidents.live, STRANGER).unwrap().is_empty());
    assert_eq!((bench.core.opening.mode(), bench.core.open), (Mode::DailyLife, None));
    assert!(bench.core.ledger.store(package.incidents.live).holds(package.incidents.live).unwrap());

    // After a restart it is the same, though the package in use has no key of the incident any more.
    let mut bench = bench.restart();
    bench.take(&next);
    let mut hall = Hall::connect(&mut bench, &next);
    hall.talk(&mut bench, true);
    let (changes, name) = opened(&hall.pieces, &Grants::from(&package));
    assert_eq!((changes.len(), name.as_deref()), (2, Some(NAME)));
    assert_eq!(hall.heard.first(), Some(&"piece"));
    assert!(hall.heard.contains(&"records"), "then the rest goes on: {:?}", hall.heard);
    assert!(hall.stored.iter().all(|batch| batch.seal().scope.incident != package.incidents.live));

    let live = package.incidents.live;
    assert!(!bench.core.ledger.store(live).holds(live).unwrap());
    for trace in rows.iter().map(Vec::as_slice).chain([STRANGER.as_bytes().as_slice(), NAME.as_bytes()]) {
        assert!(!is_on_disk(&bench.data(), trace), "{trace:02x?}");
    }
    assert!(is_on_disk(&bench.data(), unknown.as_bytes()), "the drill stays: it is another incident");
    assert!(!bench.data().join("handover").join(live.to_string()).exists());
    assert_eq!(bench.core.incident(Mode::Live), NEXT);
}

#[test]
fn what_was_confirmed_is_not_handed_over_and_goes_at_once() {
    let mut bench = Bench::without_town();
    let package = bench.granted();
    bench.take(&package);
    bench.open(Mode::Live);
    bench.receive_stranger();
    let live = package.incidents.live;
    bench.core.seal().unwrap();
    let store = bench.core.ledger.store_mut(live);
    let held = store.vectors().clone();
    for (scope, actors) in held {
        for (actor, upto) in actors {
            let hash = store.hash(scope, actor, upto).unwrap().unwrap();
            let given = receipt().sign((scope, actor, upto), hash, bench.now);
            assert!(store.take_receipt(&given, &receipt().public()).unwrap());
        }
    }
    bench.take(&closed(&package, bench.now));
    assert!(!bench.core.ledger.store(live).holds(live).unwrap());
    assert!(!is_on_disk(&bench.data(), STRANGER.as_bytes()));
    assert_eq!(bench.core.opening.mode(), Mode::DailyLife);
}

#[test]
fn without_a_ledger_key_nothing_is_destroyed_that_the_server_has_not() {
    let mut bench = Bench::without_town();
    let package = Package { ledger_key: [0; 32], ..bench.granted() };
    bench.take(&package);
    bench.open(Mode::Live);
    bench.receive_stranger();
    bench.take(&closed(&package, bench.now));
    let live = package.incidents.live;
    assert!(bench.core.ledger.store(live).holds(live).unwrap());
    assert!(is_on_disk(&bench.data(), STRANGER.as_bytes()));
}

#[test]
fn a_power_cut_after_the_last_receipt_leaves_nothing_behind() {
    let mut bench = Bench::without_town();
    let package = bench.granted();
    bench.take(&package);
    bench.open(Mode::Live);
    bench.receive_stranger();
    let next = closed(&package, bench.now);
    bench.take(&next);
    // The server has it all, and the power went before anything was destroyed.
    let live = package.incidents.live;
    let folder = bench.data().join("handover").join(live.to_string());
    for piece in std::fs::read_dir(&folder).unwrap() {
        std::fs::remove_file(piece.unwrap().path()).unwrap();
    }
    let mut bench = bench.restart();
    bench.take(&next);
    assert!(!bench.core.ledger.store(live).holds(live).unwrap());
    assert!(!is_on_disk(&bench.data(), STRANGER.as_bytes()));
    assert!(!folder.exists());
}

#[test]
fn no_town_closes_another_town_s_incident() {
    let mut bench = Bench::without_town();
    let package = bench.granted();
    bench.take(&package);
    bench.open(Mode::Live);
    bench.receive_stranger();
    let live = package.incidents.live;
    let id = |byte| IncidentId::from_bytes([byte; 16]);
    let mut other = closed(&package, bench.now);
    other.incidents = Incidents { daily_life: id(0x31), live: id(0x32), drill: id(0x33) };
    bench.take_from(&RootKey::from_bytes(&[0x15; 32]), &other);
    assert!(bench.core.ledger.store(live).holds(live).unwrap());
}
