//! Two key tables that tell each other: nothing twice, everything again to one that was lost or brought back.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::fs;
use std::path::Path;

use hinamori_model::{IncidentId, PersonId, UnixMillis};
use hinamori_profile::{IncidentKey, NONCE, PersonKey};
use hinamori_store_sqlite::{FileKey, KeyRow, KeyTable, Place};
use hinamori_sync::{KeyMark, KeyRows};

const INCIDENT: IncidentId = IncidentId::from_bytes([0xA1; 16]);
const NOW: UnixMillis = UnixMillis::new(1_791_730_800_000);

fn open(folder: &Path, name: &str) -> KeyTable {
    KeyTable::open(&folder.join(name), &FileKey::new([0x5F; 32])).unwrap()
}

fn person(number: u16) -> PersonId {
    let mut bytes = [0xE5; 16];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    PersonId::from_bytes(bytes)
}

fn put(table: &mut KeyTable, number: u16) {
    let mut key = [1; 32];
    key[..2].copy_from_slice(&number.to_be_bytes());
    let over = IncidentKey::new(INCIDENT, [2; 32]);
    let wrapped = over.wrap(person(number), &PersonKey::new(key), [3; NONCE]).unwrap();
    table.put(INCIDENT, person(number), wrapped).unwrap();
}

fn known(rows: &KeyRows) -> Vec<KeyRow> {
    rows.rows().map(|row| KeyRow::from_bytes(row).unwrap()).collect()
}

/// Everything that `from` tells whoever is at `place`, absorbed by `to` under the name of the teller; how many rows.
fn tell_all(from: &KeyTable, place: &mut Place, of_peers_too: bool, to: &mut KeyTable, name: &str) -> usize {
    let mut told = 0;
    while let Some(rows) = from.tell(place, of_peers_too, |_| true).unwrap() {
        told += known(&rows).len();
        let _absorbed = to.absorb_of(name, &known(&rows), rows.upto).unwrap();
    }
    told
}

/// One meeting of a box and its server; how many rows went to the server and to the box.
fn meet(at_box: &mut KeyTable, server: &mut KeyTable) -> (usize, usize) {
    let mut place = at_box.place_after(server.absorbed_of("box").unwrap()).unwrap();
    let to_server = tell_all(at_box, &mut place, false, server, "box");
    let mut place = server.place_after(at_box.absorbed_of("server").unwrap()).unwrap();
    (to_server, tell_all(server, &mut place, true, at_box, "server"))
}

#[test]
fn what_is_new_is_told_once_and_what_the_peer_told_is_not_told_back() {
    let folder = tempfile::tempdir().unwrap();
    let [mut at_box, mut server] = ["box", "server"].map(|name| open(folder.path(), name));
    (0..1_100).for_each(|number| put(&mut at_box, number));
    put(&mut server, 5_000);
    // The server's own, and what it just heard: it does not know from whom its rows are.
    assert_eq!(meet(&mut at_box, &mut server), (1_100, 1_101));
    assert_eq!(meet(&mut at_box, &mut server), (0, 0));
    put(&mut server, 5_001);
    put(&mut at_box, 6_000);
    assert_eq!(meet(&mut at_box, &mut server), (1, 2));
    drop((at_box, server));
    let [mut at_box, mut server] = ["box", "server"].map(|name| open(folder.path(), name));
    assert_eq!(meet(&mut at_box, &mut server), (0, 0), "remembered");
    assert_eq!(server.keys(INCIDENT, person(1_099)).unwrap(), at_box.keys(INCIDENT, person(1_099)).unwrap());
    assert_eq!(at_box.keys(INCIDENT, person(5_001)).unwrap().len(), 1);
}

#[test]
fn a_server_that_lost_its_table_hears_everything_again_also_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let [mut at_box, mut lost] = ["box", "lost"].map(|name| open(folder.path(), name));
    put(&mut at_box, 1);
    put(&mut lost, 2);
    assert_eq!(meet(&mut at_box, &mut lost), (1, 2));
    let mut fresh = open(folder.path(), "fresh");
    assert_eq!(meet(&mut at_box, &mut fresh).0, 2);
    assert_eq!(fresh.keys(INCIDENT, person(2)).unwrap().len(), 1);
}

#[test]
fn a_table_that_was_brought_back_from_a_copy_tells_anew_what_it_wrote_since() {
    let folder = tempfile::tempdir().unwrap();
    let [mut at_box, mut server] = ["box", "server"].map(|name| open(folder.path(), name));
    put(&mut at_box, 1);
    assert_eq!(meet(&mut at_box, &mut server), (1, 1));
    drop(at_box);
    fs::copy(folder.path().join("box"), folder.path().join("copy")).unwrap();
    let mut at_box = open(folder.path(), "box");
    put(&mut at_box, 2);
    meet(&mut at_box, &mut server);
    let mut copy = open(folder.path(), "copy");
    put(&mut copy, 3);
    // The same table and serial, another row.
    meet(&mut copy, &mut server);
    assert_eq!(server.keys(INCIDENT, person(3)).unwrap().len(), 1);
    assert_eq!(copy.keys(INCIDENT, person(2)).unwrap().len(), 1, "and gets back what it lost");
}

#[test]
fn a_copy_that_writes_the_same_row_after_another_one_tells_both() {
    let folder = tempfile::tempdir().unwrap();
    let [mut at_box, mut server] = ["box", "server"].map(|name| open(folder.path(), name));
    put(&mut at_box, 1);
    meet(&mut at_box, &mut server);
    drop(server);
    fs::copy(folder.path().join("server"), folder.path().join("copy")).unwrap();
    let mut server = open(folder.path(), "server");
    let mut copy = open(folder.path(), "copy");
    for (table, first) in [(&mut server, 4), (&mut copy, 3)] {
        table.erase_person(INCIDENT, person(first), NOW).unwrap();
        table.erase_person(INCIDENT, person(2), NOW).unwrap();
    }
    meet(&mut at_box, &mut server);
    meet(&mut at_box, &mut copy);
    assert!(at_box.is_erased(INCIDENT, person(3)).unwrap());
}

#[test]
fn an_erasure_reaches_the_peer_and_the_key_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let [mut at_box, mut server] = ["box", "server"].map(|name| open(folder.path(), name));
    put(&mut at_box, 1);
    put(&mut at_box, 2);
    meet(&mut at_box, &mut server);
    server.erase_person(INCIDENT, person(1), NOW).unwrap();
    server.erase_person(INCIDENT, person(2), NOW).unwrap();
    meet(&mut at_box, &mut server);
    assert!(at_box.is_erased(INCIDENT, person(1)).unwrap());
    assert_eq!(at_box.keys(INCIDENT, person(2)).unwrap(), []);
    let late = KeyMark { table: [9; 16], serial: u64::MAX, row: [0; 16] };
    assert_eq!(at_box.place_after(Some(late)).unwrap(), at_box.place_after(None).unwrap());
    put(&mut at_box, 1);
    assert_eq!(at_box.keys(INCIDENT, person(1)).unwrap(), []);
}

#[test]
fn who_may_not_have_a_row_is_not_told_it_and_does_not_ask_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path(), "box");
    put(&mut table, 1);
    let mut place = table.place_after(None).unwrap();
    let told = table.tell(&mut place, false, |_| false).unwrap().unwrap();
    assert_eq!(told.rows().count(), 0);
    let after = table.place_after(Some(told.upto)).unwrap();
    assert!(table.tell(&mut after.clone(), false, |_| true).unwrap().is_none());
}
