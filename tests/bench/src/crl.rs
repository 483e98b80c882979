//! The bench `crl`: a nation's revocation list is checked, indexed and asked.
//!
//! Two lists of the same length: short serial numbers out of a dense range, as the national authority seems to
//! give them out, and random ones of 20 bytes. Beside every figure stands its peer or floor of the same run:
//! SHA-256 of the same bytes, OpenSSL's own check, the rustls-webpki owned list, and the information that a set of
//! that size holds.

use std::collections::BTreeSet;
use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hinamori_crl::{Crl, Index, ListKind, Sink, Stated, build};
use hinamori_demo::child::output_of;
use memmap2::Mmap;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustix::time::{ClockId, clock_gettime};

use crate::crl_day;
use crate::process::anonymous_mib;
use crate::report::{Better, Report};

/// The dense range.
pub(crate) const RANGE: u64 = 100_000_000;
/// Where it begins, so that every number has four bytes.
pub(crate) const FIRST: u64 = 0x0200_0000;
/// Hashed serial numbers stand in a set of this many.
pub(crate) const HASHES: f64 = 1_099_511_627_776.0;
/// 2021-11-26T00:00:00Z and five years on.
pub(crate) const BEGIN: u64 = 1_637_884_800;
pub(crate) const YEARS: u64 = 5 * 365 * 86_400;
/// keyCompromise, affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn (RFC 5280 §5.3.1).
pub(crate) const REASONS: [u8; 5] = [1, 3, 4, 5, 9];
pub(crate) const SEED: u64 = 20_261_126;
/// A nation's list, and a smaller one.
const ENTRIES: usize = 5_000_000;
const FEWER: usize = 1_000_000;
const ROUNDS: usize = 3;
const LOOKUPS: usize = 200_000;

/// How serial numbers are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Serials {
    Sequential,
    Random,
}

/// A list's file, and its authority's key as PKCS #1.
const LIST: &str = "list.der";
const KEY: &str = "key.pkcs1";

/// One list in its file.
struct List {
    path: PathBuf,
    authority: PathBuf,
    /// Public key, PKCS #1.
    key: Vec<u8>,
    listed: Vec<Vec<u8>>,
    absent: Vec<Vec<u8>>,
}

/// Measures lists of so many entries, or of [`ENTRIES`] and of [`FEWER`].
pub(crate) fn run(folder: &Path, entries: Option<usize>, report: &mut Report) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let mut measured = Vec::new();
    let most = entries.unwrap_or(ENTRIES);
    let all = [
        (most, Serials::Sequential, &SEQUENTIAL),
        (most, Serials::Random, &RANDOM),
        (FEWER, Serials::Sequential, &FEWER_SEQUENTIAL),
        (FEWER, Serials::Random, &FEWER_RANDOM),
    ];
    let count = if entries.is_some() { 2 } else { all.len() };
    for (entries, serials, names) in all.into_iter().take(count) {
        let folder = folder.join(names.entries);
        std::fs::create_dir_all(&folder)?;
        let list = generate(&folder, serials, entries)?;
        let hit = measure(&folder, &list, serials, names, report)?;
        measured.push((list, names, hit));
        if entries == most {
            crl_day::run(&folder.join("day"), serials, entries, report)?;
        }
    }
    // Last, because the memory that it leaves behind would be taken again without being counted.
    for (list, names, hit) in measured {
        report.add(names.webpki, webpki_hit(&list)? / hit, "x our hit", Better::Neither);
    }
    Ok(std::fs::remove_dir_all(folder)?)
}

/// The measures of one kind of serial numbers.
struct Names {
    entries: &'static str,
    hash_ms: &'static str,
    cpu: &'static str,
    wall: &'static str,
    openssl: &'static str,
    anonymous: &'static str,
    bound: &'static str,
    set: &'static str,
    confirm: &'static str,
    rows: &'static str,
    hit: &'static str,
    detail: &'static str,
    miss: &'static str,
    webpki: &'static str,
}

macro_rules! names {
    ($suffix:literal) => {
        Names {
            entries: concat!("entries_", $suffix),
            hash_ms: concat!("sha256_ms_", $suffix),
            cpu: concat!("ingest_cpu_ratio_sha256_", $suffix),
            wall: concat!("ingest_wall_ratio_sha256_", $suffix),
            openssl: concat!("openssl_cpu_ratio_", $suffix),
            anonymous: concat!("ingest_anon_mb_", $suffix),
            bound: concat!("index_ratio_bound_", $suffix),
            set: concat!("set_bits_per_entry_", $suffix),
            confirm: concat!("confirm_bytes_per_entry_", $suffix),
            rows: concat!("rows_bytes_per_entry_", $suffix),
            hit: concat!("lookup_hit_ns_", $suffix),
            detail: concat!("lookup_detail_us_", $suffix),
            miss: concat!("lookup_miss_ns_", $suffix),
            webpki: concat!("webpki_hit_ratio_", $suffix),
        }
    };
}

const SEQUENTIAL: Names = names!("seq");
const RANDOM: Names = names!("rand");
const FEWER_SEQUENTIAL: Names = names!("1m_seq");
const FEWER_RANDOM: Names = names!("1m_rand");

fn measure(
    folder: &Path,
    list: &List,
    serials: Serials,
    names: &Names,
    report: &mut Report,
) -> anyhow::Result<f64> {
    let bytes = map(&list.path)?;
    let target = folder.join("index");
    let hash = (0..ROUNDS)
        .map(|_| {
            cpu_seconds(|| {
                black_box(digest(&SHA256, &bytes));
            })
        })
        .fold(f64::MAX, f64::min);
    report.add(names.hash_ms, hash * 1e3, "ms", Better::Neither);
    // First, in a process that has not held anything yet.
    let mut ingest_there = Command::new(std::env::current_exe()?);
    let most = output_of("the bench itself", ingest_there.arg("--ingest").arg(folder))?;
    report.add(names.anonymous, most.trim().parse()?, "MiB", Better::Lower);
    let (mut cpu, mut wall) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        // A box writes a new file each time.
        std::fs::remove_file(&target)?;
        let (began, mut indexed) = (Instant::now(), Ok(0));
        cpu = cpu.min(cpu_seconds(|| indexed = ingest(&bytes, &list.key, &target)));
        wall = wall.min(began.elapsed().as_secs_f64());
        indexed?;
    }
    report.add(names.cpu, cpu / hash, "x SHA-256", Better::Lower);
    report.add(names.wall, wall / hash, "x SHA-256", Better::Lower);
    report.add(names.openssl, openssl_seconds(list)? / cpu, "x our CPU", Better::Neither);

    let index = Index::open(map(&target)?)?;
    let count = index.entries();
    report.add(names.entries, count as f64, "", Better::Neither);
    let (sizes, count) = (index.sizes(), count as f64);
    let universe = if serials == Serials::Sequential { RANGE as f64 } else { HASHES };
    report.add(names.bound, sizes.set as f64 * 8.0 / log2_choose(universe, count), "x bound", Better::Lower);
    report.add(names.set, sizes.set as f64 * 8.0 / count, "bit", Better::Lower);
    report.add(names.confirm, sizes.confirm as f64 / count, "B", Better::Lower);
    report.add(names.rows, sizes.entries as f64 / count, "B", Better::Lower);

    ensure!(list.listed.iter().all(|serial| index.contains(serial)), "a listed serial number is not found");
    ensure!(!list.absent.iter().any(|serial| index.contains(serial)), "an absent serial number is found");
    let hit = nanoseconds(&list.listed, |serial| index.contains(serial));
    report.add(names.hit, hit, "ns", Better::Lower);
    report.add(names.miss, nanoseconds(&list.absent, |serial| index.contains(serial)), "ns", Better::Lower);
    let few = list.listed.get(..20).context("twenty serial numbers")?;
    report.add(
        names.detail,
        nanoseconds(few, |serial| index.find(serial).is_ok_and(|found| found.is_some())) / 1e3,
        "us",
        Better::Lower,
    );
    Ok(hit)
}

/// Takes in the list of a folder once and prints the most anonymous memory in MiB that this took.
pub(crate) fn ingest_here(folder: &Path) -> anyhow::Result<()> {
    let (bytes, key) = (map(&folder.join(LIST))?, std::fs::read(folder.join(KEY))?);
    let before = anonymous_mib(std::process::id())?;
    let (taken, most) = with_peak(|| ingest(&bytes, &key, &folder.join("index")))?;
    taken?;
    println!("{:.3}", most - before);
    Ok(())
}

fn webpki_hit(list: &List) -> anyhow::Result<f64> {
    let bytes = map(&list.path)?;
    let owned =
        webpki::OwnedCertRevocationList::from_der(&bytes).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let owned = webpki::CertRevocationList::Owned(owned);
    Ok(nanoseconds(&list.listed, |serial| owned.find_serial(serial).is_ok_and(|found| found.is_some())))
}

/// The authority's signature on one thread, the strict walk and the index on another; nothing counts before
/// both are done.
fn ingest(bytes: &[u8], key: &[u8], target: &Path) -> anyhow::Result<u64> {
    let list = Crl::parse(bytes)?;
    let kind = ListKind::Complete;
    let stated = Stated { kind, issuer: [1; 32], scope: [2; 32], number: &[1], content: [3; 32] };
    let mut out = FileSink(BufWriter::new(File::create(target)?));
    let (signed, index) = std::thread::scope(|scope| {
        let signed = scope.spawn(|| {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(list.signed, list.signature)
        });
        let index = build(&list, kind, &mut out);
        (signed.join(), index)
    });
    ensure!(signed.is_ok_and(|signed| signed.is_ok()), "the signature does not hold");
    let entries = index?.name(&stated)?;
    out.0.flush()?;
    Ok(entries)
}

struct FileSink(BufWriter<File>);

impl Write for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for FileSink {
    fn restart(&mut self) -> io::Result<()> {
        self.0.seek(io::SeekFrom::Start(0))?;
        self.0.get_ref().set_len(0)
    }
}

#[expect(unsafe_code, reason = "nobody else writes to the bench's own files while they are mapped")]
fn map(path: &Path) -> anyhow::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the file is this bench's own, complete, and not changed before the map is dropped.
    Ok(unsafe { Mmap::map(&file) }?)
}

/// Processor time of all threads.
pub(crate) fn cpu_seconds(work: impl FnOnce()) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let before = now();
    work();
    now() - before
}

/// The result of `work`, and the most anonymous memory in MiB while it ran.
pub(crate) fn with_peak<T>(work: impl FnOnce() -> T) -> anyhow::Result<(T, f64)> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sampler = scope.spawn(|| {
            let mut most = 0.0_f64;
            while !done.load(Ordering::Relaxed) {
                most = most.max(anonymous_mib(std::process::id())?);
                std::thread::sleep(Duration::from_millis(3));
            }
            anyhow::Ok(most)
        });
        let value = work();
        done.store(true, Ordering::Relaxed);
        let most = sampler.join().map_err(|_panic| anyhow::anyhow!("the sampler failed"))?;
        Ok((value, most?))
    })
}

/// Processor time for one look, the best of some rounds. What is looked for lies in one piece, so that the time is
/// the look's.
fn nanoseconds(serials: &[Vec<u8>], look: impl Fn(&[u8]) -> bool) -> f64 {
    let length = serials.first().map_or(1, Vec::len);
    let looked_for = serials.concat();
    let round = |_| {
        cpu_seconds(|| {
            black_box(looked_for.chunks_exact(length).filter(|serial| look(serial)).count());
        })
    };
    (0..ROUNDS).map(round).fold(f64::MAX, f64::min) * 1e9 / serials.len() as f64
}

/// What `openssl crl -verify` takes, as the shell's `times` says.
fn openssl_seconds(list: &List) -> anyhow::Result<f64> {
    let (list, authority) = (list.path.display(), list.authority.display());
    let script =
        format!("openssl crl -inform DER -in {list} -noout -verify -CAfile {authority} >&2 && times");
    let output = Command::new("sh").args(["-c", &script]).output().context("run openssl")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() && said.contains("verify OK"), "openssl refuses the list: {said}");
    let times = String::from_utf8_lossy(&output.stdout);
    let children = times.lines().nth(1).context("times of children")?;
    children.split_whitespace().try_fold(0.0, |sum, time| {
        let (minutes, seconds) = time.trim_end_matches('s').split_once('m').context("minutes and seconds")?;
        Ok(sum + 60.0 * minutes.parse::<f64>()? + seconds.parse::<f64>()?)
    })
}

/// Bits that tell a set of `chosen` out of `universe` from all others: lg of the binomial coefficient.
pub(crate) fn log2_choose(universe: f64, chosen: f64) -> f64 {
    // Stirling's series of ln Γ(n + 1); all three numbers are large.
    let ln_factorial =
        |n: f64| n * n.ln() - n + 0.5 * (2.0 * std::f64::consts::PI * n).ln() + 1.0 / (12.0 * n);
    (ln_factorial(universe) - ln_factorial(chosen) - ln_factorial(universe - chosen)) / std::f64::consts::LN_2
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_be_bytes();
    let zeros = length.iter().take_while(|byte| **byte == 0).count().min(7);
    let length = length.get(zeros..).unwrap_or_default();
    let long = if content.len() < 0x80 { Vec::new() } else { vec![0x80 | length.len() as u8] };
    [&[tag][..], &long, length, content].concat()
}

fn push_entry(out: &mut Vec<u8>, serial: &[u8], at: u64, reason: u8) {
    let zero: &[u8] = if serial.first().is_some_and(|first| *first >= 0x80) { &[0] } else { &[] };
    let length = zero.len() + serial.len();
    out.extend([0x30, (length + 2 + 15 + 14) as u8, 0x02, length as u8]);
    out.extend(zero.iter().chain(serial));
    out.extend([0x17, 0x0D]);
    out.extend(utc_time(at).as_bytes());
    out.extend([0x30, 0x0C, 0x30, 0x0A, 0x06, 0x03, 0x55, 0x1D, 0x15, 0x04, 0x03, 0x0A, 0x01, reason]);
}

/// `YYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5.1).
fn utc_time(seconds: u64) -> String {
    // Howard Hinnant's civil calendar, with years that begin in March.
    let (days, clock) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + days / 146_097 * 400 + u64::from(month < 3);
    let (year, hour, minute, second) = (year % 100, clock / 3_600, clock / 60 % 60, clock % 60);
    format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z")
}

fn generate(folder: &Path, serials: Serials, entries: usize) -> anyhow::Result<List> {
    let (key, authority) = (folder.join("key.der"), folder.join("authority.pem"));
    let mut make = Command::new("openssl");
    make.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/C=JP/O=Bench"]);
    make.args(["-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout"]).arg(folder.join("key.pem"));
    output_of("openssl req", make.arg("-out").arg(&authority))?;
    let mut convert = Command::new("openssl");
    convert.args(["pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in"]).arg(folder.join("key.pem"));
    output_of("openssl pkcs8", convert.arg("-out").arg(&key))?;
    let pair = RsaKeyPair::from_pkcs8(&std::fs::read(&key)?).map_err(|error| anyhow::anyhow!("{error}"))?;

    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let (mut content, mut listed) = (Vec::new(), Vec::new());
    let mut given = vec![0_u64; usize::try_from(RANGE / 64)? + 1];
    let mut times: Vec<u64> = (0..entries).map(|_| BEGIN + random.next_u64() % YEARS).collect();
    times.sort_unstable();
    for (number, at) in times.into_iter().enumerate() {
        let serial = match serials {
            Serials::Sequential => loop {
                let offset = random.next_u64() % RANGE;
                let word = given.get_mut(usize::try_from(offset / 64)?).context("the dense range")?;
                if *word & 1 << (offset % 64) == 0 {
                    *word |= 1 << (offset % 64);
                    break u32::try_from(FIRST + offset)?.to_be_bytes().to_vec();
                }
            },
            Serials::Random => random_serial(&mut random),
        };
        let reason = REASONS.get(usize::try_from(random.next_u32() % 5)?).copied().unwrap_or(1);
        push_entry(&mut content, &serial, at, reason);
        if number % (entries / LOOKUPS).max(1) == 0 {
            listed.push(serial);
        }
    }
    // In no order of the list or of the index.
    let order: BTreeSet<_> =
        listed.into_iter().map(|serial| (digest(&SHA256, &serial).as_ref().to_vec(), serial)).collect();
    let listed = order.into_iter().map(|(_, serial)| serial).collect();
    let mut absent = Vec::new();
    while absent.len() < LOOKUPS {
        match serials {
            Serials::Sequential => {
                let offset = random.next_u64() % RANGE;
                if given.get(usize::try_from(offset / 64)?).is_some_and(|word| word & 1 << (offset % 64) == 0)
                {
                    absent.push(u32::try_from(FIRST + offset)?.to_be_bytes().to_vec());
                }
            }
            Serials::Random => absent.push(random_serial(&mut random)),
        }
    }
    let path = folder.join(LIST);
    write_list(&path, &pair, &content)?;
    let key = pair.public().as_ref().to_vec();
    std::fs::write(folder.join(KEY), &key)?;
    Ok(List { path, authority, key, listed, absent })
}

pub(crate) fn random_serial(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut serial = vec![0; 20];
    random.fill_bytes(&mut serial);
    if let Some(first) = serial.first_mut() {
        // Positive, and always of 20 bytes.
        *first = *first & 0x3F | 0x40;
    }
    serial
}

fn write_list(path: &Path, pair: &RsaKeyPair, entries: &[u8]) -> anyhow::Result<()> {
    // sha256WithRSAEncryption with NULL; /C=JP/O=Bench.
    let algorithm =
        der(0x30, &[&der(6, &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11])[..], &[5, 0]].concat());
    let attribute = |kind: u8, tag: u8, text: &str| {
        der(0x31, &der(0x30, &[&[6, 3, 0x55, 4, kind][..], &der(tag, text.as_bytes())].concat()))
    };
    let issuer = der(0x30, &[attribute(6, 0x13, "JP"), attribute(10, 0x0C, "Bench")].concat());
    let time = |at| der(0x17, utc_time(at).as_bytes());
    let number = der(0x30, &[&[6, 3, 0x55, 0x1D, 0x14][..], &der(4, &[2, 1, 1])].concat());
    let extensions = der(0xA0, &der(0x30, &number));
    let (now, next) = (time(BEGIN + YEARS), time(BEGIN + YEARS + 30 * 86_400));
    let signed = der(
        0x30,
        &[&[2, 1, 1][..], &algorithm, &issuer, &now, &next, &der(0x30, entries), &extensions].concat(),
    );
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &signed, &mut signature)
        .map_err(|_no_reason_is_given| anyhow::anyhow!("the list cannot be signed"))?;
    let list = der(0x30, &[signed, algorithm, der(3, &[&[0][..], &signature].concat())].concat());
    Ok(std::fs::write(path, list)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_date() {
        assert_eq!(utc_time(1_795_682_415), "261126084015Z");
        assert_eq!(utc_time(1_709_251_199), "240229235959Z");
    }

    #[test]
    fn a_set_s_information_is_that_of_small_cases() {
        // C(100, 50) has 29 digits: 1.0089e29.
        assert!((log2_choose(100.0, 50.0) - 96.35).abs() < 0.01);
    }
}
