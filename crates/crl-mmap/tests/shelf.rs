//! Lists come onto the shelf, follow each other, and survive what disks and people do to them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "test helpers fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use hinamori_crl_mmap::{Alarm, Backwards, Held, NotTaken, Shelf, Taken, Way};
use hinamori_model::{ListId, UnixMillis};
use hinamori_pki::{CrlRefused, TestHierarchies, Verifier};
use hinamori_sim::ca::{CrlSpec, Hierarchy, HierarchySpec, Holder, NOW, Profile};
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
    shelf: Shelf,
    authority: Hierarchy,
    verifier: Verifier,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), 2).unwrap();
        let authority = Hierarchy::new(HierarchySpec::new(Profile::JpkiAuth, 1));
        let mut verifier = Verifier::new(TestHierarchies::Refuse);
        verifier.pin_anchor(authority.anchor_der()).unwrap();
        Self { folder, shelf, authority, verifier }
    }

    fn list(&self, number: u64) -> CrlSpec {
        let made = UnixMillis::new(NOW.get() + number * 1_000);
        self.authority.crl(&Holder::numbered(7).municipality, number, made)
    }

    fn import(&self, der: &[u8]) -> Result<Taken, NotTaken> {
        let file = self.folder.path().join("from the stick.crl");
        fs::write(&file, der).unwrap();
        self.shelf.import(&file, &self.verifier, &[], "a stick", NOW)
    }

    fn only(&self) -> (ListId, Held) {
        let mut held = self.shelf.held().unwrap();
        assert_eq!(held.len(), 1);
        held.pop_first().unwrap()
    }

    fn number(&self) -> Vec<u8> {
        self.only().1.index.unwrap().number().1.to_vec()
    }

    fn indexes(&self) -> Vec<PathBuf> {
        let folder = self.folder.path().join("lists").join(self.only().0.to_string());
        let mut files: Vec<_> = files_in(&folder);
        files.retain(|path| path.extension().is_some_and(|ending| ending == "index"));
        files.sort();
        files
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn backwards(taken: Result<Taken, NotTaken>) -> Backwards {
    match taken {
        Err(NotTaken::Backwards(backwards)) => backwards,
        other => panic!("{other:?}"),
    }
}

#[test]
fn lists_follow_each_other_and_never_go_back() {
    let bench = Bench::new();
    let serial = Holder::numbered(7).serial();
    let lists: Vec<_> = (1..=4).map(|number| bench.list(number).revoking(&serial, NOW, 4).issue()).collect();
    assert!(!bench.import(&lists[0]).unwrap().is_known);
    assert!(bench.import(&lists[0]).unwrap().is_known);
    let before = bench.shelf.stamp();
    std::thread::sleep(std::time::Duration::from_millis(5));
    let taken = bench.import(&lists[1]).unwrap();
    assert_ne!(bench.shelf.stamp(), before, "whoever looks now and then sees it");
    assert!(taken.index.contains(&serial));
    assert_eq!(bench.number(), [2]);
    for number in [2, 3] {
        bench.import(&lists[number]).unwrap();
    }
    assert_eq!(bench.indexes().len(), 2, "two generations");
    for old in &lists[..3] {
        assert_eq!(backwards(bench.import(old)), Backwards::Older);
    }
    assert!(bench.only().1.note.alarms.is_empty(), "an old stick is no alarm");
    let false_one = bench.list(4).issue();
    assert_eq!(backwards(bench.import(&false_one)), Backwards::SameNumber);
    let older = CrlSpec { this_update: NOW, ..bench.list(5) }.issue();
    assert_eq!(backwards(bench.import(&older)), Backwards::EarlierTime);
    let note = bench.only().1.note;
    assert_eq!((note.alarms.len(), note.source.as_str()), (2, "a stick"));
    assert_eq!(bench.number(), [4]);
    assert_eq!(files_in(&bench.folder.path().join("lists/incoming")).len(), 0, "nothing is left over");
}

#[test]
fn a_list_that_does_not_hold_changes_nothing_and_is_noted() {
    let bench = Bench::new();
    let good = bench.list(1).issue();
    bench.import(&good).unwrap();
    let other = Hierarchy::new(HierarchySpec::new(Profile::JpkiAuth, 2));
    let foreign = other.crl(&Holder::numbered(7).municipality, 9, NOW).issue();
    let longer = [good.as_slice(), &[0]].concat();
    for bad in [&foreign, &longer, &good[..good.len() - 1].to_vec(), &b"hello".to_vec(), &Vec::new()] {
        assert!(bench.import(bad).is_err());
        assert_eq!(bench.number(), [1]);
    }
    assert!(matches!(bench.import(&foreign), Err(NotTaken::Refused(CrlRefused::WrongSigner))));
    let Alarm { text, source, .. } = bench.shelf.refused().unwrap();
    assert_eq!(text, "the list was refused: no pinned authority signed the list");
    assert_eq!(source, "a stick");
}

#[test]
fn what_was_taken_once_is_remembered_when_the_list_is_lost() {
    let bench = Bench::new();
    let lists: Vec<_> = (1..=3).map(|number| bench.list(number).issue()).collect();
    lists.iter().for_each(|list| drop(bench.import(list).unwrap()));
    let id = bench.only().0.to_string();
    let [own, copy] =
        [format!("lists/{id}/mark"), format!("list-marks/{id}")].map(|name| bench.folder.path().join(name));
    // Somebody puts the older generation in the newer one's place.
    let newest = bench.indexes().pop().unwrap();
    fs::remove_file(&newest).unwrap();
    assert!(bench.only().1.is_behind);
    assert_eq!(bench.number(), [2]);
    for lost in [&own, &copy] {
        let kept = fs::read(lost).unwrap();
        fs::remove_file(lost).unwrap();
        assert!(bench.only().1.is_behind, "the other copy knows");
        assert_eq!(backwards(bench.import(&lists[1])), Backwards::Older);
        fs::write(lost, kept).unwrap();
    }
    bench.import(&lists[2]).unwrap();
    assert!(!bench.only().1.is_behind);
    // Without both copies the index itself is the third.
    fs::remove_file(own).unwrap();
    fs::remove_file(copy).unwrap();
    assert_eq!(backwards(bench.import(&lists[0])), Backwards::Older);
}

#[test]
fn damage_on_the_disk_is_seen_and_mended_from_what_is_in_use() {
    let bench = Bench::new();
    for number in [1, 2] {
        bench.import(&bench.list(number).issue()).unwrap();
    }
    let in_use = bench.only().1.index.unwrap();
    assert!(!bench.shelf.scrub(&in_use).unwrap());
    let newest = bench.indexes().pop().unwrap();
    let sound = fs::read(&newest).unwrap();
    for place in [0, 20, sound.len() / 2, sound.len() - 1] {
        let mut bent = sound.clone();
        bent[place] ^= 0x10;
        fs::write(&newest, bent).unwrap();
        let held = bench.only().1;
        assert!(held.is_behind && held.index.unwrap().number().1 == [1], "the generation before");
        assert!(bench.shelf.scrub(&in_use).unwrap());
        assert_eq!(bench.number(), [2]);
    }
    // A list that nobody can read any more is still one that there was.
    for file in bench.indexes() {
        fs::write(file, b"gone").unwrap();
    }
    assert!(bench.only().1.index.is_none());
}

#[test]
fn nothing_on_the_disk_can_be_read_without_the_key() {
    let bench = Bench::new();
    let serial = [0x5A; 8];
    bench.import(&bench.list(1).revoking(&serial, NOW, 1).issue()).unwrap();
    let id = bench.only().0;
    bench.shelf.lock().unwrap().keep_reported(id, Some(&serial)).unwrap();
    let folder = bench.folder.path().join("lists").join(id.to_string());
    for file in files_in(&folder) {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(8).any(|eight| eight == serial), "{}", file.display());
    }
    assert_eq!(bench.only().1.reported.as_deref(), Some(serial.as_slice()));
    bench.shelf.lock().unwrap().keep_reported(id, None).unwrap();
    bench.shelf.lock().unwrap().keep_reported(id, None).unwrap();
    assert_eq!(bench.only().1.reported, None);
    fs::write(bench.folder.path().join("lists-key"), [1; 32]).unwrap();
    let other = Shelf::open(bench.folder.path(), 2).unwrap();
    assert!(other.held().unwrap()[&id].index.is_none());
}

#[test]
fn every_list_that_is_taken_has_a_later_epoch_whatever_the_clock_says() {
    let bench = Bench::new();
    let epoch = || bench.only().1.note.epoch;
    bench.import(&bench.list(1).issue()).unwrap();
    let first = epoch();
    assert_eq!(first, NOW.get());
    bench.import(&bench.list(1).issue()).unwrap();
    assert_eq!(epoch(), first, "the same one");
    bench.import(&bench.list(2).issue()).unwrap();
    assert!(epoch() > first, "the clock stands still");
    let second = epoch();
    assert!(bench.import(&bench.list(1).issue()).is_err());
    assert_eq!(epoch(), second, "a refused one");
    fs::remove_file(bench.folder.path().join("lists/changed")).unwrap();
    bench.import(&bench.list(3).issue()).unwrap();
    assert!(epoch() > second);
    // A stop before the note was written.
    let third = epoch();
    let note = bench.folder.path().join("lists").join(bench.only().0.to_string()).join("note");
    let kept = fs::read(&note).unwrap();
    bench.import(&bench.list(4).issue()).unwrap();
    fs::write(note, kept).unwrap();
    bench.shelf.tidy().unwrap();
    assert!(epoch() > third + 1);
    let mended = epoch();
    bench.shelf.tidy().unwrap();
    assert_eq!(epoch(), mended);
}

#[test]
fn an_operator_reads_what_is_held_and_what_was_refused() {
    let bench = Bench::new();
    let later = UnixMillis::new(NOW.get() + 3 * 86_400_000);
    assert!(hinamori_crl_mmap::status(&bench.shelf, later).unwrap().starts_with("No list is held"));
    let serial = Holder::numbered(7).serial();
    bench.import(&bench.list(300).revoking(&serial, NOW, 4).issue()).unwrap();
    assert!(bench.import(&bench.list(299).issue()).is_err());
    assert!(bench.import(&bench.list(300).issue()).is_err());
    assert!(bench.import(b"hello").is_err());
    let text = hinamori_crl_mmap::status(&bench.shelf, later).unwrap();
    for part in [
        "O=JPKI",
        "PARTITION",
        "CRL Distribution Points",
        " 1        300     2 d",
        "a stick",
        "ALARM 3 d ago, from a stick: the list does not follow the one that was taken before: the list has the number",
        "last refused: 3 d ago, from a stick: the list was refused",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_list_whose_marks_were_never_written_is_its_own_mark() {
    let bench = Bench::new();
    bench.import(&bench.list(1).issue()).unwrap();
    let id = bench.only().0.to_string();
    let marks = ["lists/".to_owned() + &id + "/mark", "list-marks/".to_owned() + &id];
    let marks = marks.map(|name| bench.folder.path().join(name));
    let old: Vec<_> = marks.iter().map(|mark| fs::read(mark).unwrap()).collect();
    bench.import(&bench.list(2).issue()).unwrap();
    for (mark, old) in marks.iter().zip(&old) {
        fs::write(mark, old).unwrap();
    }
    let other = bench.list(2).revoking(&[5], NOW, 1).issue();
    assert_eq!(backwards(bench.import(&other)), Backwards::SameNumber);
    bench.shelf.tidy().unwrap();
    for (mark, old) in marks.iter().zip(old) {
        assert_ne!(fs::read(mark).unwrap(), old, "the marks are brought up");
    }
}

#[test]
fn an_alarm_is_about_the_list_that_was_held_then() {
    let bench = Bench::new();
    bench.import(&bench.list(1).issue()).unwrap();
    let id = bench.only().0;
    // A clock that stands in the past says nothing about the order of things.
    let alarm = Alarm::new(UnixMillis::default(), "something is wrong".to_owned(), "a test".to_owned());
    bench.shelf.lock().unwrap().alarm(id, alarm).unwrap();
    assert!(bench.only().1.note.is_contested());
    bench.import(&bench.list(2).issue()).unwrap();
    assert!(!bench.only().1.note.is_contested(), "another list is held now");
}

#[test]
fn only_a_file_is_imported_and_nothing_waits_for_it() {
    let bench = Bench::new();
    let pipe = bench.folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    // A pipe is opened only when somebody writes to it.
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::OpenOptions::new().write(true).open(pipe).unwrap()
    });
    let refused = bench.shelf.import(&pipe, &bench.verifier, &[], "a stick", NOW);
    assert!(matches!(refused, Err(NotTaken::Disk(_))));
    drop(writer.join());
    assert!(bench.shelf.import(bench.folder.path(), &bench.verifier, &[], "a stick", NOW).is_err());
}

#[test]
fn pieces_come_together_again_and_nothing_of_them_is_readable() {
    let bench = Bench::new();
    let way = |content| Way { id: ListId::from_bytes([1; 16]), content: [content; 32], from: None };
    let pieces = bench.shelf.pieces(&way(1));
    assert_eq!(pieces.length().unwrap(), 0);
    let parts: [&[u8]; 3] = [b"serial numbers", b"and more", b"serial numbers"];
    let mut offset = 0;
    for part in parts {
        pieces.append(offset, part).unwrap();
        offset += part.len() as u64;
        assert_eq!(pieces.length().unwrap(), offset);
    }
    let path = files_in(&bench.shelf.incoming()).pop().unwrap();
    let sound = fs::read(&path).unwrap();
    assert!(!sound.windows(6).any(|six| six == b"serial"));
    let mut together = String::new();
    let read = |into: &mut String| {
        use std::io::{Read as _, Seek as _};
        let mut file = bench.shelf.pieces(&way(1)).together()?;
        file.rewind()?;
        into.clear();
        file.read_to_string(into)
    };
    read(&mut together).unwrap();
    assert_eq!(together.as_bytes(), parts.concat());
    // A piece that was cut in two goes; the others stay.
    fs::write(&path, &sound[..sound.len() - 3]).unwrap();
    assert_eq!(pieces.length().unwrap(), (parts[0].len() + parts[1].len()) as u64);
    pieces.append(22, parts[2]).unwrap();
    read(&mut together).unwrap();
    assert_eq!(together.as_bytes(), parts.concat());
    // Bent, or in another place.
    for place in [10, 20, sound.len() - 1] {
        let mut bent = sound.clone();
        bent[place] ^= 1;
        fs::write(&path, bent).unwrap();
        assert!(read(&mut together).is_err(), "{place}");
    }
    bench.shelf.pieces(&way(2)).append(0, b"other").unwrap();
    bench.shelf.keep_pieces_of(Some(&way(2))).unwrap();
    assert_eq!((pieces.length().unwrap(), bench.shelf.pieces(&way(2)).length().unwrap()), (0, 5));
    bench.shelf.pieces(&way(2)).forget().unwrap();
    bench.shelf.pieces(&way(2)).forget().unwrap();
}
