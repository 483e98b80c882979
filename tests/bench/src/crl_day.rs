//! The bench `crl`, second part: a day of a nation's list on its way to a box, through the real shelf. The list of the day
//! before is taken from a file; then come ten thousand entries more and ten thousand fewer, first as what the
//! server reports, then as the patch that the authority's signature proves.

use std::collections::BTreeSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use hinamori_crl::{Additions, Index, SharedBytes, apply, diff};
use hinamori_crl_mmap::{Shelf, Taken};
use hinamori_model::UnixMillis;
use hinamori_pki::{TestHierarchies, Verifier};
use hinamori_sim::ca::{CrlSpec, Hierarchy, HierarchySpec, Holder, Profile, RevokedEntry};
use hinamori_sync::FeedKey;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use ring::digest::{SHA256, digest};

use crate::crl::{
    BEGIN, FIRST, HASHES, RANGE, REASONS, SEED, Serials, YEARS, cpu_seconds, log2_choose, random_serial,
    with_peak,
};
use crate::process::anonymous_mib;
use crate::report::{Better, Report};

/// Entries that come, and that go, in a day.
const DAILY: usize = 10_000;
const DAY: u64 = 86_400;

struct Names {
    cpu: &'static str,
    wall: &'static str,
    anonymous: &'static str,
    first_bytes: &'static str,
    first: &'static str,
    full: &'static str,
    snapshot: &'static str,
    apply: &'static str,
    day: &'static str,
}

macro_rules! names {
    ($suffix:literal) => {
        Names {
            cpu: concat!("shelf_cpu_ratio_sha256_", $suffix),
            wall: concat!("shelf_wall_ratio_sha256_", $suffix),
            anonymous: concat!("shelf_anon_mb_", $suffix),
            first_bytes: concat!("delta_first_bytes_", $suffix),
            first: concat!("delta_first_ratio_bound_", $suffix),
            full: concat!("delta_full_bytes_", $suffix),
            snapshot: concat!("snapshot_bits_per_entry_", $suffix),
            apply: concat!("delta_apply_ratio_sha256_", $suffix),
            day: concat!("delta_take_wall_ratio_sha256_", $suffix),
        }
    };
}

/// Measures one kind of serial numbers.
pub(crate) fn run(
    folder: &Path,
    serials: Serials,
    entries: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let names = match serials {
        Serials::Sequential => names!("seq"),
        Serials::Random => names!("rand"),
    };
    std::fs::create_dir_all(folder)?;
    let authority = Hierarchy::new(HierarchySpec::new(Profile::JpkiAuth, 1));
    let [yesterday, today] = two_days(&authority, serials, entries)?.map(|list| list.issue());
    let (first, second) = (folder.join("yesterday.crl"), folder.join("today.crl"));
    std::fs::write(&first, &yesterday)?;
    std::fs::write(&second, &today)?;
    let hash = |_| {
        cpu_seconds(|| {
            black_box(digest(&SHA256, &today));
        })
    };
    let hash = (0..3).map(hash).fold(f64::MAX, f64::min);
    drop((yesterday, today));

    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(authority.anchor_der())?;
    let shelf = Shelf::open(&folder.join("box"), 2)?;
    let take = |path: &Path| -> anyhow::Result<Taken> {
        let now = UnixMillis::new((BEGIN + YEARS) * 1_000);
        Ok(shelf.lock()?.take(&File::open(path)?, &verifier, &[], "bench", now)?)
    };
    let mut taken = None;
    let began = Instant::now();
    let before = anonymous_mib(std::process::id())?;
    let (used, most) = with_peak(|| cpu_seconds(|| taken = Some(take(&first))))?;
    report.add(names.cpu, used / hash, "x SHA-256", Better::Lower);
    report.add(names.wall, began.elapsed().as_secs_f64() / hash, "x SHA-256", Better::Lower);
    report.add(names.anonymous, most - before, "MiB", Better::Lower);
    let old = taken.context("a list")??.index;
    // The server's shelf.
    let hall = Shelf::open(&folder.join("hall"), 2)?;
    let now = UnixMillis::new((BEGIN + YEARS) * 1_000);
    let new = hall.lock()?.take(&File::open(&second)?, &verifier, &[], "bench", now)?.index;

    let additions = Additions::between(&old, &new);
    ensure!(additions.len() == DAILY, "{} additions", additions.len());
    let packet = FeedKey::from_bytes(&[1; 32]).sign(&additions.to_bytes(), now);
    let universe = if serials == Serials::Sequential { RANGE as f64 } else { HASHES };
    let bound = log2_choose(universe, DAILY as f64) / 8.0;
    report.add(names.first_bytes, packet.len() as f64, "B", Better::Lower);
    report.add(names.first, packet.len() as f64 / bound, "x bound", Better::Lower);
    let patch = diff(Some(&old), &new, Some(&additions));
    report.add(names.full, (packet.len() + patch.len()) as f64, "B", Better::Lower);
    let snapshot = diff(None::<&Index<SharedBytes>>, &new, None);
    let bits = snapshot.len() as f64 * 8.0 / new.entries() as f64;
    report.add(names.snapshot, bits, "bit", Better::Lower);

    let mut file = shelf.nameless_file()?;
    let mut applied = Ok(());
    let made = cpu_seconds(|| {
        applied = apply(Some(&old), Some(&additions), &patch, 2 << 30, &mut file);
    });
    applied?;
    report.add(names.apply, made / hash, "x SHA-256", Better::Lower);
    ensure!(same_bytes(&file, &second)?, "the patch makes other bytes than the authority's");
    let began = Instant::now();
    let taken = shelf.lock()?.take(&file, &verifier, &[], "bench", now)?;
    report.add(names.day, began.elapsed().as_secs_f64() / hash, "x SHA-256", Better::Lower);
    ensure!(taken.index.content() == new.content() && !taken.is_known, "the box has another list");
    ensure!(additions.missing_in(&taken.index) == 0, "a reported entry is not confirmed");
    Ok(std::fs::remove_dir_all(folder)?)
}

/// The lists of two days: in the order of dates, those that go anywhere among them, those that come at the end.
fn two_days(authority: &Hierarchy, serials: Serials, entries: usize) -> anyhow::Result<[CrlSpec; 2]> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let mut given = BTreeSet::new();
    let mut entry = |random: &mut ChaCha8Rng, at: u64| -> anyhow::Result<RevokedEntry> {
        let serial = loop {
            let serial = match serials {
                Serials::Sequential => {
                    u32::try_from(FIRST + random.next_u64() % RANGE)?.to_be_bytes().to_vec()
                }
                Serials::Random => random_serial(random),
            };
            if given.insert(serial.clone()) {
                break serial;
            }
        };
        let reason = REASONS.get(usize::try_from(random.next_u32() % 5)?).copied().unwrap_or(1);
        Ok(RevokedEntry::new(&serial, UnixMillis::new(at * 1_000), reason))
    };
    let held = (0..entries).map(|number| entry(&mut random, BEGIN + YEARS * number as u64 / entries as u64));
    let held = held.collect::<anyhow::Result<Vec<_>>>()?;
    let mut times: Vec<u64> = (0..DAILY).map(|_| BEGIN + YEARS + random.next_u64() % DAY).collect();
    times.sort_unstable();
    let come = times.into_iter().map(|at| entry(&mut random, at)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut gone = BTreeSet::new();
    while gone.len() < DAILY.min(entries) {
        gone.insert(usize::try_from(random.next_u64() % entries as u64)?);
    }
    let stays = (0_usize..).zip(&held).filter(|(place, _)| !gone.contains(place)).map(|(_, entry)| entry);
    let later = stays.cloned().chain(come).collect();
    let list = |number: u64, at: u64, revoked| {
        let at = UnixMillis::new(at * 1_000);
        CrlSpec { revoked, ..authority.crl(&Holder::numbered(7).municipality, number, at) }
    };
    Ok([list(1, BEGIN + YEARS, held), list(2, BEGIN + YEARS + DAY, later)])
}

fn same_bytes(mut file: &File, path: &Path) -> anyhow::Result<bool> {
    let mut made = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut made)?;
    Ok(made == std::fs::read(path)?)
}
