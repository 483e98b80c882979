//! Keys of people, their erasure, and the end of an incident, against the server's program.

use std::path::Path;

use hinamori_model::{IncidentId, PersonId, PersonalText};
use hinamori_profile::{Entry, IncidentKey, PersonKey, ProfilePatch, TextField, WrappedKey};
use hinamori_record::Fact;
use hinamori_sim::folder::everything_in;
use hinamori_store_sqlite::KeyRow;
use hinamori_sync::town::Package;
use hinamori_sync::{HandOver, HandOverContent, KeyMark, KeyRows, LedgerKey};
use zeroize::Zeroizing;

use crate::hall::{Hall, LIVE, TestSite};
use crate::shelter::TestBox;

const NAME: &str = "浜田 花子";
const STRANGER: PersonId = PersonId::from_bytes([0x77; 16]);

fn key() -> PersonKey {
    PersonKey::new([0x4b; 32])
}

fn incident_key(package: &Package) -> [u8; 32] {
    package.incident_keys.iter().find(|(incident, _)| *incident == LIVE).unwrap().1.0
}

fn wrapped(over: [u8; 32]) -> WrappedKey {
    IncidentKey::new(LIVE, over).wrap(STRANGER, &key(), [5; 12]).unwrap()
}

fn rows(over: [u8; 32]) -> KeyRows {
    let row = KeyRow::Key { incident: LIVE, person: STRANGER, wrapped: wrapped(over) };
    KeyRows::new([row.to_bytes()], KeyMark { table: [1; 16], serial: 1, row: [2; 16] }).unwrap()
}

/// Writes the stranger's name down.
fn note(of: &mut TestBox, incident: IncidentId) {
    let patch = ProfilePatch::new([Entry::Text(TextField::Name, PersonalText::new(NAME))]).unwrap();
    of.write_fact_of(incident, |record| Fact::Profile {
        person: STRANGER,
        sealed: key().seal(&patch, STRANGER, record, [6; 12]).unwrap(),
    });
}

fn is_on_disk(folder: &Path, bytes: &[u8]) -> bool {
    everything_in(folder).unwrap().into_iter().filter(|path| path.is_file()).any(|path| {
        let content = std::fs::read(path).unwrap();
        content.windows(bytes.len()).any(|part| part == bytes)
    })
}

/// How the rows of the server's key table look in the file.
fn rows_on_disk(folder: &Path) -> Vec<Vec<u8>> {
    let file = rusqlite::Connection::open(folder.join("keys.sqlite")).unwrap();
    let mut rows = file.prepare("SELECT sealed FROM entry").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn is_erasure(rows: &KeyRows) -> bool {
    let erased = |row: KeyRow| matches!(row, KeyRow::PersonErased { person: STRANGER, .. });
    rows.rows().filter_map(KeyRow::from_bytes).any(erased)
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_to_every_box_and_an_erased_person_s_are_nowhere() {
    let hall = Hall::new();
    let _server = hall.run();
    let data = hall.path().join("server");
    let (mut gym, mut gate) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Gate));
    let package = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gate.enrol(&hall.code(TestSite::Gate, &[])).await.unwrap();
    let over = incident_key(&package);
    note(&mut gym, LIVE);
    let mut line = gym.connect().await;
    line.until("greeted", |line| line.is_greeted()).await;
    line.tell_keys(rows(over)).await;
    // A key under no incident's key is not taken.
    line.tell_keys(rows([9; 32])).await;
    line.until("stored", |line| line.unconfirmed() == 0).await;
    let mut other = gate.connect().await;
    other.until("the key", |line| !line.keys.is_empty()).await;
    let heard: Vec<KeyRow> =
        other.keys.iter().flat_map(|rows| rows.rows().filter_map(KeyRow::from_bytes)).collect();
    assert_eq!(heard, [KeyRow::Key { incident: LIVE, person: STRANGER, wrapped: wrapped(over) }]);
    let on_disk = rows_on_disk(&data);
    assert!(on_disk.iter().all(|row| is_on_disk(&data, row)), "what stands there is found");

    // No box erases anybody.
    let erasing = KeyRow::PersonErased { incident: LIVE, person: STRANGER, at: crate::hall::now() };
    let mark = KeyMark { table: [1; 16], serial: 2, row: [3; 16] };
    line.tell_keys(KeyRows::new([erasing.to_bytes()], mark).unwrap()).await;
    line.arrives(9);
    line.until("everything before was heard", |line| line.unconfirmed() == 0).await;
    assert_eq!(rows_on_disk(&data).len(), 1);

    let person = STRANGER.to_string();
    let said = hall.must(&["erase-person", &person]);
    assert!(said.starts_with("1 keys"), "{said}");
    other.until("the erasure", |line| line.keys.iter().any(is_erasure)).await;
    assert!(on_disk.iter().all(|row| !is_on_disk(&data, row)));
    assert!(!is_on_disk(&data, NAME.as_bytes()));
    let wrong = hall.command(&["erase-person", &person, "--incident", &"ab".repeat(16)]);
    assert!(String::from_utf8(wrong.stderr).unwrap().contains("no open incident"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_incident_is_in_the_ledger_and_nowhere_else() {
    let hall = Hall::new();
    let data = hall.path().join("server");
    let server = hall.run();
    let (mut gym, mut gate) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Gate));
    let package = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gate.enrol(&hall.code(TestSite::Gate, &[])).await.unwrap();
    let over = incident_key(&package);
    note(&mut gym, LIVE);
    let mut line = gym.connect().await;
    line.until("greeted", |line| line.is_greeted()).await;
    line.tell_keys(rows(over)).await;
    line.until("stored", |line| line.unconfirmed() == 0).await;
    let on_disk = rows_on_disk(&data);

    let ledger = hall.path().join("ledger");
    std::fs::create_dir(&ledger).unwrap();
    let close = ["close", "live", "--ledger", ledger.to_str().unwrap()];
    let refused = hall.command(&close);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("stopped first"));
    assert!(is_on_disk(&data, STRANGER.as_bytes()), "nothing was changed");
    server.terminate();
    let said = hall.must(&close);
    assert!(said.contains("1 records in"), "{said}");
    let next = said.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let lines = std::fs::read_to_string(ledger.join(format!("{LIVE}.jsonl"))).unwrap();
    let written: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&written["person"], &written["profile"][0]["value"]),
        (&serde_json::json!(STRANGER.to_string()), &serde_json::json!(NAME))
    );
    for trace in on_disk.iter().map(Vec::as_slice).chain([STRANGER.as_bytes().as_slice(), &over]) {
        assert!(!is_on_disk(&data, trace), "{trace:02x?}");
    }

    // The box that was away brings the rest: sealed, and not as records.
    let _server = hall.run();
    note(&mut gate, LIVE);
    let batches = gate.shelf.clone();
    let mut line = gate.connect().await;
    line.until("the package", |line| line.town_version() >= package.version + 2).await;
    let own_key = Zeroizing::new([0x66; 32]);
    let people = vec![(STRANGER, wrapped(*own_key).as_bytes().to_vec())];
    let content = HandOverContent { key: own_key, people, batches }.to_bytes();
    let town = LedgerKey(package.ledger_key);
    let sealed = town.seal(LIVE, &content, &Zeroizing::new([3; 32])).unwrap();
    let piece = HandOver { incident: LIVE, sealed };
    line.hand_over(piece.clone()).await;
    line.until("the receipt", |line| line.handed_over.contains(&piece.digest())).await;
    assert_eq!(line.unconfirmed(), 1, "no record of a closed incident is stored");
    assert!(!is_on_disk(&data, STRANGER.as_bytes()));
    let opened = hall.must(&["ledger-open", "--incident", &LIVE.to_string()]);
    let opened: serde_json::Value = serde_json::from_str(opened.lines().next().unwrap()).unwrap();
    assert_eq!(opened["profile"][0]["value"], serde_json::json!(NAME));
    // What is open is handed over by nobody.
    let early = HandOver { incident: crate::hall::DAILY_LIFE, sealed: vec![1; 50] };
    line.hand_over(early.clone()).await;
    line.hand_over(piece).await;
    line.until("the second receipt", |line| line.handed_over.len() > 1).await;
    assert!(!line.handed_over.contains(&early.digest()));

    // town.toml names the closed incident still.
    let refused = hall.import_refused();
    assert!(refused.contains(&format!("write live = \"{next}\"")), "{refused}");
    hall.edit_town(|town| town.replace(&LIVE.to_string(), &next));
    hall.import();
}
