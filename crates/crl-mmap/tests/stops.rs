//! A power cut at every write of an update: the program is killed in front of each system call that changes something, and
//! the shelf must then have the old list or the new one, and take the new one.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use hinamori_crl_mmap::{Backwards, NotTaken, Shelf};
use hinamori_model::UnixMillis;
use hinamori_pki::{TestHierarchies, Verifier};
use hinamori_sim::ca::{Hierarchy, HierarchySpec, Holder, NOW, Profile};

/// Set in the child: the folder to work in.
const CHILD: &str = "HINAMORI_STOPS_FOLDER";
/// What changes something on a disk. Each is counted by itself.
const CALLS: [&str; 12] = [
    "openat",
    "write",
    "copy_file_range",
    "sendfile",
    "rename",
    "fsync",
    "unlink",
    "mkdir",
    "chmod",
    "ftruncate",
    "fchmod",
    "lseek",
];
/// More calls of one kind than an update makes.
const MOST: usize = 400;

fn main() {
    match std::env::var_os(CHILD) {
        Some(folder) => import(Path::new(&folder), "second").map(drop).unwrap(),
        None => {
            every_stop_leaves_the_old_list_or_the_new_one();
            println!("test every_stop_leaves_the_old_list_or_the_new_one ... ok");
        }
    }
}

fn shelf(folder: &Path) -> Shelf {
    Shelf::open(&folder.join("data"), 2).unwrap()
}

/// What a program does that starts and finds a list.
fn import(folder: &Path, list: &str) -> Result<Vec<u8>, NotTaken> {
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(&fs::read(folder.join("anchor")).unwrap()).unwrap();
    let shelf = shelf(folder);
    shelf.tidy()?;
    let taken = shelf.import(&folder.join(list), &verifier, &[], "a stick", NOW)?;
    Ok(taken.index.number().1.to_vec())
}

fn child(folder: &Path, strace: &[&str]) -> std::process::Output {
    let own = std::env::current_exe().unwrap();
    Command::new("strace").args(strace).arg(own).env(CHILD, folder).output().unwrap()
}

fn every_stop_leaves_the_old_list_or_the_new_one() {
    let base = tempfile::tempdir().unwrap();
    let authority = Hierarchy::new(HierarchySpec::new(Profile::JpkiAuth, 1));
    let list = |number: u64| {
        let made = UnixMillis::new(NOW.get() + number);
        authority.crl(&Holder::numbered(7).municipality, number, made).revoking(&[7; 4], NOW, 1).issue()
    };
    fs::write(base.path().join("anchor"), authority.anchor_der()).unwrap();
    fs::write(base.path().join("first"), list(1)).unwrap();
    fs::write(base.path().join("second"), list(2)).unwrap();
    import(base.path(), "first").unwrap();

    let mut seen = BTreeSet::new();
    let mut stops = 0;
    for call in CALLS {
        let mut survived = false;
        for number in 1..MOST {
            let folder = tempfile::tempdir().unwrap();
            let copied = Command::new("cp").arg("-a").arg(base.path().join(".")).arg(folder.path()).status();
            assert!(copied.unwrap().success());
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let ended = child(folder.path(), &["-qq", "-f", "-e", &format!("trace={call}"), "-e", &inject]);
            survived = ended.status.success();
            seen.insert(state_of(folder.path(), &format!("{call} {number}")));
            if survived {
                break;
            }
            stops += 1;
        }
        assert!(survived, "an update makes more than {MOST} calls of {call}");
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 2], "stops before and after the new list counts");
    assert!(stops > 30, "only {stops} stops");
    new_names_are_given_to_what_is_on_the_disk(base.path());
}

/// The number of the list that counts, after everything about it was tried.
fn state_of(folder: &Path, stop: &str) -> u8 {
    let number = || {
        let held = shelf(folder).held().unwrap().pop_first().expect(stop).1;
        assert!(!held.is_behind, "{stop}");
        held.index.expect(stop).number().1.to_vec()
    };
    let found = number();
    assert!(found == [1] || found == [2], "{stop}: {found:?}");
    let older = import(folder, "first");
    match found.as_slice() {
        [1] => assert_eq!(older.unwrap(), [1], "{stop}"),
        _ => assert!(matches!(older, Err(NotTaken::Backwards(Backwards::Older))), "{stop}"),
    }
    assert_eq!(import(folder, "second").unwrap(), [2], "{stop}");
    assert_eq!(number(), [2], "{stop}");
    let incoming = fs::read_dir(shelf(folder).incoming()).unwrap().count();
    assert_eq!(incoming, 0, "{stop}: something is left over");
    found.first().copied().unwrap()
}

/// A kill loses nothing that was written; a power cut does. So whatever gets a new name was synchronised before.
fn new_names_are_given_to_what_is_on_the_disk(base: &Path) {
    let log = child(base, &["-qq", "-f", "-y", "-e", "trace=fsync,rename"]);
    assert!(log.status.success());
    let log = String::from_utf8(log.stderr).unwrap();
    let mut synchronised = BTreeSet::new();
    let mut renamed = 0;
    for line in log.lines() {
        if let Some((_, rest)) = line.split_once("fsync(")
            && let Some((_, path)) = rest.split_once('<')
        {
            synchronised.insert(path.split('>').next().unwrap().to_owned());
        }
        if let Some((_, rest)) = line.split_once("rename(\"") {
            let from = rest.split('"').next().unwrap();
            assert!(synchronised.contains(from), "{line}");
            renamed += 1;
        }
    }
    assert!(renamed >= 4, "index, two marks, note: {log}");
}
