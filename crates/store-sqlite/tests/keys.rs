//! The key table on a real disk: what is erased is in no file any more, and never comes back.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use hinamori_model::{IncidentId, PersonId, PersonalText, RecordId, UnixMillis};
use hinamori_profile::{Entry, IncidentKey, KeyError, NONCE, PersonKey, ProfilePatch, TextField, WrappedKey};
use hinamori_store_sqlite::{Absorbed, FileKey, Kept, KeyRow, KeyTable, MOST_KEYS, StoreError};
use rusqlite::Connection;

const INCIDENT: IncidentId = IncidentId::from_bytes([0xA1; 16]);
const DRILL: IncidentId = IncidentId::from_bytes([0xD2; 16]);
const NOW: UnixMillis = UnixMillis::new(1_791_730_800_000);
const FILE: &str = "keys.sqlite";

fn file_key() -> FileKey {
    FileKey::new([0x5F; 32])
}

fn open(folder: &Path) -> KeyTable {
    KeyTable::open(&folder.join(FILE), &file_key()).unwrap()
}

/// Persons whose bytes are found again when they stand somewhere in clear.
fn person(number: u32) -> PersonId {
    let mut bytes = [0xE5; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    PersonId::from_bytes(bytes)
}

fn person_key(number: u32, version: u8) -> PersonKey {
    let mut bytes = [version; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    PersonKey::new(bytes)
}

fn wrapped(number: u32, version: u8) -> WrappedKey {
    let incident = IncidentKey::new(INCIDENT, [0x1C; 32]);
    incident.wrap(person(number), &person_key(number, version), [version; NONCE]).unwrap()
}

fn key(number: u32, version: u8) -> KeyRow {
    KeyRow::Key { incident: INCIDENT, person: person(number), wrapped: wrapped(number, version) }
}

fn person_erased(number: u32) -> KeyRow {
    KeyRow::PersonErased { incident: INCIDENT, person: person(number), at: NOW }
}

const fn incident_erased(incident: IncidentId) -> KeyRow {
    KeyRow::IncidentErased { incident, at: NOW }
}

fn put(table: &mut KeyTable, number: u32) -> Kept {
    table.put(INCIDENT, person(number), wrapped(number, 1)).unwrap()
}

/// Whether these bytes stand in any file of the folder.
fn is_on_disk(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|file| {
        let content = fs::read(file.unwrap().path()).unwrap();
        content.windows(bytes.len()).any(|part| part == bytes)
    })
}

/// What one row looks like in the file: its id, the keyed hash of the person, its sealed bytes. Equal rows look equal in every
/// table of one file key.
fn looks_of(row: &KeyRow) -> [Vec<u8>; 3] {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path());
    assert_eq!(table.absorb(std::slice::from_ref(row)).unwrap().new, 1);
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    connection
        .query_row("SELECT id, person, sealed FROM entry", [], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?])
        })
        .unwrap()
}

fn rows(table: &KeyTable) -> Vec<KeyRow> {
    table.since(0, usize::MAX).unwrap().into_iter().map(|(_, row)| row).collect()
}

#[test]
fn keys_are_kept_once_and_found_by_person_and_id() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path());
    assert_eq!([put(&mut table, 1), put(&mut table, 1)], [Kept::New, Kept::AlreadyHeld]);
    // Another box made a key for the same person.
    assert_eq!(table.put(INCIDENT, person(1), wrapped(1, 2)).unwrap(), Kept::New);
    assert_eq!(put(&mut table, 2), Kept::New);
    let check = |table: &KeyTable| {
        let mut both = [wrapped(1, 1), wrapped(1, 2)];
        both.sort_by_key(WrappedKey::key_id);
        assert_eq!(table.keys(INCIDENT, person(1)).unwrap(), both);
        let second = person_key(1, 2).id();
        assert_eq!(table.key(INCIDENT, person(1), second).unwrap(), [wrapped(1, 2)]);
        assert_eq!(table.key(INCIDENT, person(2), second).unwrap(), []);
        assert_eq!(table.keys(DRILL, person(1)).unwrap(), []);
        assert!(!table.is_erased(INCIDENT, person(1)).unwrap());
    };
    check(&table);
    drop(table);
    check(&open(folder.path()));
    let other = KeyTable::open(&folder.path().join(FILE), &FileKey::new([1; 32]));
    assert!(matches!(other, Err(StoreError::OtherFileKey)));
    check(&open(folder.path()));
}

#[test]
fn the_file_shows_neither_people_nor_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path());
    (0..50).for_each(|number| assert_eq!(put(&mut table, number), Kept::New));
    table.erase_person(INCIDENT, person(7), NOW).unwrap();
    table.put(INCIDENT, person(99), wrapped(99, 1)).unwrap();
    let [id, ..] = looks_of(&key(9, 1));
    assert!(is_on_disk(folder.path(), &id), "what stands there is found");
    for bytes in [
        [0xE5; 8].as_slice(),
        &INCIDENT.as_bytes()[..8],
        &wrapped(9, 1).as_bytes()[..8],
        &wrapped(9, 1).as_bytes()[20..40],
        &[0x5F; 8],
        &NOW.get().to_be_bytes(),
    ] {
        assert!(!is_on_disk(folder.path(), bytes));
    }
}

#[test]
fn after_an_erasure_nothing_of_the_key_is_in_any_file_and_the_profile_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let name = "浜田 花子";
    let patch = ProfilePatch::new([Entry::Text(TextField::Name, PersonalText::new(name))]).unwrap();
    let record = RecordId::from_bytes([4; 16]);
    let sealed = person_key(5, 1).seal(&patch, person(5), record, [3; NONCE]).unwrap();
    // A document keeps what was sealed; its bytes stay.
    fs::write(folder.path().join("document"), &sealed).unwrap();
    let mut table = open(folder.path());
    (0..10).for_each(|number| assert_eq!(put(&mut table, number), Kept::New));
    let looks = looks_of(&key(5, 1));
    assert!(looks.iter().all(|bytes| is_on_disk(folder.path(), bytes)));
    table.erase_person(INCIDENT, person(5), NOW).unwrap();
    assert_eq!(table.keys(INCIDENT, person(5)).unwrap(), []);
    assert!(table.is_erased(INCIDENT, person(5)).unwrap() && !table.is_erased(INCIDENT, person(6)).unwrap());
    looks.iter().for_each(|bytes| assert!(!is_on_disk(folder.path(), bytes)));
    let key_itself = [[0, 0, 0, 5].as_slice(), &[1; 28]].concat();
    for bytes in [name.as_bytes(), wrapped(5, 1).as_bytes(), &key_itself] {
        assert!(!is_on_disk(folder.path(), bytes));
    }
    assert!(is_on_disk(folder.path(), &sealed));
    assert_eq!(person_key(5, 2).open(&sealed, person(5), record), Err(KeyError::OtherKey));
    assert_eq!(fs::metadata(folder.path().join("keys.sqlite-wal")).unwrap().len(), 0);
    assert_eq!([put(&mut table, 5), put(&mut table, 6)], [Kept::Erased, Kept::AlreadyHeld]);
    let absorbed = table.absorb(&[key(5, 2)]).unwrap();
    assert_eq!(absorbed, Absorbed { new: 0, erased: 1, refused: 0 });
}

#[test]
fn an_erased_incident_takes_everybody_and_the_list_of_the_erased_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path());
    (0..5).for_each(|number| assert_eq!(put(&mut table, number), Kept::New));
    table.put(DRILL, person(1), wrapped(1, 9)).unwrap();
    table.erase_person(INCIDENT, person(2), NOW).unwrap();
    let last = table.since(0, usize::MAX).unwrap().last().unwrap().0;
    table.erase_incident(INCIDENT, NOW.plus(1)).unwrap();
    table.erase_incident(INCIDENT, NOW.plus(2)).unwrap();
    let drill = KeyRow::Key { incident: DRILL, person: person(1), wrapped: wrapped(1, 9) };
    let erasure = KeyRow::IncidentErased { incident: INCIDENT, at: NOW.plus(1) };
    assert_eq!(rows(&table), [drill, erasure.clone()]);
    assert_eq!(table.since(last, 9).unwrap(), [(last + 1, erasure)], "serials never go back");
    assert_eq!(put(&mut table, 77), Kept::Erased);
    assert_eq!(
        table.absorb(&[person_erased(3), key(3, 1)]).unwrap(),
        Absorbed { erased: 1, ..Absorbed::default() }
    );
    for bytes in looks_of(&key(4, 1)) {
        assert!(!is_on_disk(folder.path(), &bytes));
    }
}

#[test]
fn boxes_that_tell_each_other_hold_the_same_in_whatever_order() {
    let told = [
        key(1, 1),
        key(1, 2),
        key(2, 1),
        person_erased(2),
        key(3, 1),
        KeyRow::Key { incident: DRILL, person: person(1), wrapped: wrapped(1, 3) },
        incident_erased(DRILL),
    ];
    let held = |order: &[usize]| {
        let folder = tempfile::tempdir().unwrap();
        let mut table = open(folder.path());
        for place in order {
            let _absorbed = table.absorb(&told[*place..=*place]).unwrap();
        }
        let mut rows = rows(&table);
        rows.sort_by_key(|row| format!("{row:?} {:?}", looks(row)));
        rows
    };
    let expected = held(&[0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(expected.len(), 5);
    for order in [[6, 5, 4, 3, 2, 1, 0], [3, 0, 6, 2, 5, 1, 4], [1, 3, 3, 2, 5, 6, 0]] {
        let mut order = order.to_vec();
        order.push(4);
        assert_eq!(held(&order), expected, "{order:?}");
    }
    // One tells another in small portions.
    let [here, there] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (mut here, mut there) = (open(here.path()), open(there.path()));
    let _absorbed = here.absorb(&told).unwrap();
    let mut serial = 0;
    loop {
        let portion = here.since(serial, 2).unwrap();
        let Some((last, _)) = portion.last() else { break };
        assert!(*last > serial && portion.len() <= 2);
        serial = *last;
        let portion: Vec<_> = portion.into_iter().map(|(_, row)| row).collect();
        assert_eq!(there.absorb(&portion).unwrap().new, portion.len());
        assert_eq!(there.absorb(&portion).unwrap(), Absorbed::default(), "told twice");
    }
    assert_eq!(rows(&there), rows(&here));
}

/// Tells keys of one person apart, whose Debug is hidden.
fn looks(row: &KeyRow) -> Option<[u8; WrappedKey::LENGTH]> {
    match row {
        KeyRow::Key { wrapped, .. } => Some(*wrapped.as_bytes()),
        _ => None,
    }
}

#[test]
fn a_peer_that_invents_keys_does_not_fill_the_disk_nor_keep_ours_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path());
    let invented: Vec<_> = (0..200)
        .map(|number: u8| KeyRow::Key {
            incident: INCIDENT,
            person: person(1),
            wrapped: WrappedKey::from_bytes(&[number; WrappedKey::LENGTH]).unwrap(),
        })
        .collect();
    let absorbed = table.absorb(&invented).unwrap();
    assert_eq!(absorbed, Absorbed { new: MOST_KEYS, erased: 0, refused: 200 - MOST_KEYS });
    assert_eq!(put(&mut table, 1), Kept::New);
    assert_eq!(table.key(INCIDENT, person(1), person_key(1, 1).id()).unwrap(), [wrapped(1, 1)]);
}

#[test]
fn what_an_erasure_left_in_the_log_is_cut_at_the_next_opening() {
    let [first, second] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let mut table = open(first.path());
    (0..3).for_each(|number| assert_eq!(put(&mut table, number), Kept::New));
    let looks = looks_of(&key(1, 1));
    // The files as they lie there when the power goes between the commit and the cutting of the log.
    let connection = Connection::open(first.path().join(FILE)).unwrap();
    connection.pragma_update(None, "secure_delete", true).unwrap();
    connection.execute("DELETE FROM entry WHERE id = ?1", [&looks[0]]).unwrap();
    for file in fs::read_dir(first.path()).unwrap() {
        let path = file.unwrap().path();
        if !path.to_str().unwrap().ends_with("-shm") {
            fs::copy(&path, second.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    assert!(is_on_disk(second.path(), &looks[2]), "it stands in the log");
    let table = open(second.path());
    looks.iter().for_each(|bytes| assert!(!is_on_disk(second.path(), bytes)));
    assert_eq!(rows(&table), [key(0, 1), key(2, 1)]);
}

/// Where there are many, SQLite moves rows from page to page, and what it moved stands at its old place until something is written there.
#[test]
fn of_many_keys_no_trace_is_left_where_they_once_stood() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path());
    let keys: Vec<_> = (0..4_000).map(|number| key(number, 1)).collect();
    assert_eq!(table.absorb(&keys).unwrap().new, 4_000);
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    let mut statement = connection.prepare("SELECT id, person, sealed FROM entry").unwrap();
    let looks = |row: &rusqlite::Row<'_>| {
        Ok([row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, Vec<u8>>(2)?].concat())
    };
    let all: Vec<Vec<u8>> = statement.query_map([], looks).unwrap().map(Result::unwrap).collect();
    drop(statement);
    drop(connection);
    // Any eight bytes of it in a row.
    let traces: BTreeSet<&[u8]> = all.iter().flat_map(|looks| looks.chunks_exact(8)).collect();
    let erased: Vec<_> = (0..4_000).map(person_erased).collect();
    assert_eq!(table.absorb(&erased).unwrap().new, 4_000);
    for file in fs::read_dir(folder.path()).unwrap() {
        let content = fs::read(file.unwrap().path()).unwrap();
        let left = content.windows(8).filter(|part| traces.contains(part)).count();
        assert_eq!(left, 0, "pieces of erased keys");
    }
}

#[test]
fn a_bent_row_is_said_and_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let mut table = open(folder.path());
    (0..2).for_each(|number| assert_eq!(put(&mut table, number), Kept::New));
    let [first, second] = [0, 1].map(|number| looks_of(&key(number, 1)));
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    let mut bent = second[2].clone();
    bent[20] ^= 1;
    // Another row's bytes, bytes that were changed, and no bytes.
    for wrong in [first[2].clone(), bent, Vec::new()] {
        connection.execute("UPDATE entry SET sealed = ?1 WHERE id = ?2", (&wrong, &second[0])).unwrap();
        let read = table.keys(INCIDENT, person(1));
        assert!(matches!(read, Err(StoreError::ForeignValue { .. })), "{read:?}");
        assert!(table.since(0, 9).is_err());
    }
    assert_eq!(table.keys(INCIDENT, person(0)).unwrap().len(), 1);
    table.erase_person(INCIDENT, person(1), NOW).unwrap();
    assert_eq!(rows(&table), [key(0, 1), person_erased(1)]);
}

const CHILD: &str = "HINAMORI_KEYS_TEST_CHILD";
/// Times the writer is killed.
const KILLS: u32 = 12;

/// Puts two keys and erases the first, for ever, and says what is done.
fn put_and_erase(folder: &Path) {
    let mut table = open(folder);
    let first = u32::try_from(table.since(0, usize::MAX).unwrap().len()).unwrap() * 1_000;
    for number in (first..).step_by(2) {
        put(&mut table, number);
        put(&mut table, number + 1);
        println!("put {number}");
        table.erase_person(INCIDENT, person(number), NOW).unwrap();
        println!("erased {number}");
    }
}

#[test]
fn an_erasure_that_is_killed_is_undone_or_finished_and_one_that_was_said_is_finished() {
    if let Ok(folder) = std::env::var(CHILD) {
        put_and_erase(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    for kill in 1..=KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "an_erasure_that_is_killed_is_undone_or_finished_and_one_that_was_said_is_finished",
                "--nocapture",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with("put") || line.starts_with("erased"));
        let mut said = vec![lines.next().unwrap()];
        std::thread::sleep(std::time::Duration::from_millis(u64::from(kill * 7 % 31)));
        child.kill().unwrap();
        said.extend(lines);
        child.wait().unwrap();
        let table = open(folder.path());
        for line in said {
            let (what, number) = line.split_once(' ').unwrap();
            let number: u32 = number.parse().unwrap();
            let is_erased = table.is_erased(INCIDENT, person(number)).unwrap();
            let keys = table.keys(INCIDENT, person(number)).unwrap();
            assert_eq!(keys.is_empty(), is_erased, "person {number}");
            assert!(is_erased || what == "put", "it was said that person {number} is erased");
            assert_eq!(table.keys(INCIDENT, person(number + 1)).unwrap(), [wrapped(number + 1, 1)]);
            if is_erased {
                let looks = looks_of(&key(number, 1));
                looks.iter().for_each(|bytes| assert!(!is_on_disk(folder.path(), bytes), "person {number}"));
            }
        }
    }
}
