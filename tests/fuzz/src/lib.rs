//! What a fuzzer feeds: every parser of bytes that come from a card, a peer, a file or a kiosk, one target each.
//! `tests/fuzz.sh` builds it with libFuzzer and runs it; `cargo test` replays the committed inputs without.
//!
//! A new target is a module with `run` and `seeds`, named here and in [`TARGETS`], and its seeds, written by
//! `cargo run -p hinamori-fuzz --bin hinamori-fuzz-seeds`. An input that once broke something is copied into
//! the corpus beside the seeds, under a name that says what it broke.
#![expect(clippy::panic, reason = "a target ends at a surprise")]

use std::alloc::System;
use std::backtrace::Backtrace;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use cap::Cap;

mod agency_message;
mod alert_wire;
mod alert_xml;
mod card_certificate;
mod card_dialogues;
mod crl_additions;
mod crl_delta;
mod crl_index_opener;
mod crl_index_round_trip;
mod crl_walker;
mod kiosk_frames;
mod lists;
mod peer_session;
mod profile_patch;
mod record_change;
mod roster_csv;
mod town_package;
mod transfer_slip;

/// Live memory of everything that is not libFuzzer's own: no input of some kilobytes may ask for more.
const LITTLE: usize = 16 << 20;
/// Automerge sets aside what a change announces, up to 1 GB, before it looks whether it is there: only memory that is
/// used counts then, and that is libFuzzer's to watch.
const ANNOUNCED: usize = 4 << 30;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// Inputs and the names of their files.
pub type Seeds = Vec<(&'static str, Vec<u8>)>;

/// One parser and what must hold for it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As in its module, its corpus and the command line of `tests/fuzz.sh`.
    pub name: &'static str,
    /// Takes any bytes; panics when what must hold does not.
    pub run: fn(&[u8]),
    /// Bytes of memory.
    pub memory: usize,
    /// Small inputs with names, the same ones each time: from where the fuzzer begins.
    pub seeds: fn() -> Seeds,
}

macro_rules! target {
    ($name:ident, $memory:expr) => {
        Target { name: stringify!($name), run: $name::run, memory: $memory, seeds: $name::seeds }
    };
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target!(agency_message, LITTLE),
    target!(alert_wire, LITTLE),
    target!(alert_xml, LITTLE),
    target!(card_certificate, LITTLE),
    target!(card_dialogues, LITTLE),
    target!(crl_additions, LITTLE),
    target!(crl_delta, LITTLE),
    target!(crl_index_opener, LITTLE),
    target!(crl_index_round_trip, LITTLE),
    target!(crl_walker, LITTLE),
    target!(kiosk_frames, LITTLE),
    target!(peer_session, ANNOUNCED),
    target!(profile_patch, LITTLE),
    target!(record_change, ANNOUNCED),
    target!(roster_csv, LITTLE),
    target!(town_package, LITTLE),
    target!(transfer_slip, LITTLE),
];

/// The committed inputs, in a folder for each target.
pub fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// A target's seeds, and the files in which they are committed.
pub fn seeds_of(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = corpus().join(target.name);
    (target.seeds)().into_iter().map(|(name, bytes)| (folder.join(name), bytes)).collect()
}

/// The target of this name for [`feed`], from now on with its memory. `planted` is not a parser but a fault, for
/// trying whether faults are found.
///
/// # Panics
/// When there is no such target.
pub fn begin(name: &str) -> fn(&[u8]) {
    let (run, memory) = match TARGETS.iter().find(|target| target.name == name) {
        Some(target) => (target.run, target.memory),
        None if name == "planted" => (planted as fn(&[u8]), LITTLE),
        None => panic!("there is no target {name}"),
    };
    assert!(ALLOCATOR.set_limit(memory).is_ok(), "more memory is in use than a target may have");
    // libFuzzer's own hook ends the process even where a parser answers for the panic of a library.
    std::panic::set_hook(Box::new(|panic| {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((panic.to_string(), Backtrace::force_capture()));
    }));
    run
}

/// What the last panic said, and where.
static LAST: Mutex<Option<(String, Backtrace)>> = Mutex::new(None);

/// Gives a target one input, and ends the process when it panics.
pub fn feed(run: fn(&[u8]), bytes: &[u8]) {
    if std::panic::catch_unwind(|| run(bytes)).is_err() {
        // The names of the functions take more than a target may have.
        let _is_more = ALLOCATOR.set_limit(usize::MAX);
        if let Some((said, place)) = &*LAST.lock().unwrap_or_else(PoisonError::into_inner) {
            eprintln!("{said}\n{place}");
        }
        std::process::abort();
    }
}

/// Four bytes that nobody finds by chance, but by what the instrumentation tells about comparisons.
fn planted(bytes: &[u8]) {
    let number = bytes.first_chunk().map_or(0, |four| u32::from_be_bytes(*four));
    assert!(number != 0x6869_6E61, "the planted fault");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn committed_seeds_are_those_that_the_program_writes() {
        let folders = fs::read_dir(corpus()).unwrap();
        let names: BTreeSet<_> =
            folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
        assert_eq!(names, TARGETS.iter().map(|target| target.name.to_owned()).collect());
        for target in TARGETS {
            let mut seeds: BTreeSet<_> = seeds_of(target).into_iter().collect();
            for file in fs::read_dir(corpus().join(target.name)).unwrap() {
                let path = file.unwrap().path();
                if path.file_name().unwrap().to_str().unwrap().starts_with("seed-") {
                    let bytes = fs::read(&path).unwrap();
                    assert!(
                        seeds.remove(&(path.clone(), bytes)),
                        "hinamori-fuzz-seeds writes {} otherwise",
                        path.display()
                    );
                }
            }
            assert!(
                seeds.is_empty(),
                "missing: {:?}",
                seeds.iter().map(|(path, _)| path).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn every_target_takes_its_committed_inputs() {
        let mut all = 0;
        for target in TARGETS {
            for file in fs::read_dir(corpus().join(target.name)).unwrap() {
                let bytes = fs::read(file.unwrap().path()).unwrap();
                all += bytes.len();
                (target.run)(&bytes);
            }
            (target.run)(&[]);
        }
        assert!(all < 300_000, "the corpus is over 300 kB");
    }
}
