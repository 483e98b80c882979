//! What is written down of people: sealed, merged, unread without its key.

use hinamori_model::Sex;
use hinamori_profile::{Entry, Field, TextField};
use hinamori_record::{PresenceEvent, Proof};

use super::*;

const NAME: &str = "浜田 花子";

fn name(text: &str) -> Entry {
    Entry::Text(TextField::Name, PersonalText::new(text))
}

impl Bench {
    /// Writes something down in the open incident.
    fn note(&mut self, person: PersonId, entries: Vec<Entry>) -> hinamori_model::RecordId {
        self.now = self.now.plus(1_000);
        let writing = self.core.seal_profile(person, entries).unwrap();
        let incident = self.core.open_incident();
        self.core.write_sealing(incident, LANE, vec![writing], self.now).unwrap()[0]
    }

    fn known_name(&self, person: PersonId) -> (Option<String>, bool) {
        let known = self.core.profile(person).unwrap();
        (known.profile.text(TextField::Name).map(|text| text.expose().to_owned()), known.has_more)
    }
}

/// Whether these bytes stand in any file under the folder.
pub(super) fn is_on_disk(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        if path.is_dir() {
            return is_on_disk(&path, bytes);
        }
        std::fs::read(path).is_ok_and(|content| content.windows(bytes.len()).any(|part| part == bytes))
    })
}

#[test]
fn what_is_written_down_is_sealed_on_the_disk_and_read_again_after_a_restart() {
    let mut bench = Bench::without_town();
    let person = PersonId::from_bytes([0x77; 16]);
    bench.note(person, vec![name(NAME), Entry::Sex(Sex::Female)]);
    assert_eq!(bench.known_name(person), (Some(NAME.to_owned()), false));
    assert!(is_on_disk(bench.folder.path(), person.as_bytes()), "what stands there is found");
    assert!(!is_on_disk(bench.folder.path(), NAME.as_bytes()));
    let bench = bench.restart();
    assert_eq!(bench.known_name(person), (Some(NAME.to_owned()), false));
}

#[test]
fn one_person_has_one_key_and_the_latest_word_counts_until_it_is_taken_back() {
    let mut bench = Bench::new();
    let person = bench.person("hanako");
    bench.note(person, vec![name("浜田")]);
    bench.open(Mode::Live);
    assert_eq!(bench.known_name(person).0.as_deref(), Some("浜田"), "daily life is known in an incident");
    bench.note(person, vec![name("前")]);
    let last = bench.note(person, vec![name(NAME)]);
    let live = bench.core.open_incident();
    assert_eq!(bench.core.person_keys.keys(live, person).unwrap().len(), 1);
    assert_eq!(bench.known_name(person).0.as_deref(), Some(NAME));
    bench.core.write(live, LANE, &[Fact::Undo { of: last }], bench.now.plus(1)).unwrap();
    assert_eq!(bench.known_name(person), (Some("前".to_owned()), false));
}

#[test]
fn whatever_id_it_was_written_under_it_is_the_person_s() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let person = bench.person("hanako");
    let unknown = bench.core.town.key.person_of_unknown_card(hinamori_model::CardKey::from_bytes([3; 16]));
    bench.note(unknown, vec![name(NAME)]);
    assert_eq!(bench.known_name(person), (None, false));
    let binding = hinamori_model::BindingAssurance::MatchedByStaff;
    let link = Fact::Link { from: unknown, to: person, binding };
    let live = bench.core.open_incident();
    bench.core.write(live, LANE, &[link], bench.now.plus(1)).unwrap();
    assert_eq!(bench.known_name(person), (Some(NAME.to_owned()), false));
}

#[test]
fn a_drill_knows_nothing_of_earnest_and_earnest_nothing_of_a_drill() {
    let mut bench = Bench::new();
    let person = bench.person("hanako");
    bench.note(person, vec![name(NAME)]);
    bench.open(Mode::Drill);
    assert_eq!(bench.known_name(person), (None, false));
    bench.note(person, vec![name("訓練")]);
    bench.core.command(LANE, Command::EndDrill { then: Mode::Live }, bench.now).unwrap();
    assert_eq!(bench.known_name(person), (Some(NAME.to_owned()), false));
}

#[test]
fn without_its_key_a_record_is_said_to_be_there_and_nothing_more_is_written() {
    let mut bench = Bench::new();
    bench.open(Mode::Live);
    let person = bench.person("hanako");
    bench.note(person, vec![name(NAME)]);
    let live = bench.core.open_incident();
    bench.core.person_keys.erase_person(live, person, bench.now).unwrap();
    assert_eq!(bench.known_name(person), (None, true));
    let refused = bench.core.seal_profile(person, vec![name(NAME)]);
    assert!(matches!(refused, Err(Refusal::NotNow)));
    let arrival = Fact::presence(person, PresenceEvent::Arrived, Proof::DECLARED);
    assert!(bench.core.write(live, LANE, &[arrival], bench.now.plus(1)).is_ok(), "received all the same");
    assert!(bench.core.profile(person).unwrap().profile.entry(Field::Sex).is_none());
}

#[test]
fn a_my_number_is_not_written_down() {
    let mut bench = Bench::new();
    let person = bench.person("hanako");
    let refused = bench.core.seal_profile(person, vec![name("123456789018")]);
    assert!(matches!(refused, Err(Refusal::NotNow)));
    assert!(bench.core.seal_profile(person, Vec::new()).is_err());
}
