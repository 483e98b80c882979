//! The bench `tap`: two thousand taps through pcscd.
//!
//! *Own time* is everything but the card's and the reader's: from the card's last byte to the durable commit,
//! and to the answer's frame. Beside it stands one bare durable SQLite commit of the same run, and the disk's
//! own floor.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use hinamori_demo::child::wait_until;
use hinamori_sim::pcscd::reader_address;
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::vpcd::InsertedCard;
use serde::Deserialize;

use crate::floor::{BareCommits, sha256_gigabytes_a_second, write_floor_millis};
use crate::process::{SyncCounter, anonymous_mib, processor_percent};
use crate::report::{Better, Report};
use crate::statistics::percentile;
use crate::town::{READERS, Town};

/// Between two cards laid on: one tap is long over before the next begins.
const PACE: Duration = Duration::from_millis(130);
/// How many lie at once: each lies, and its reader is empty, for longer than the 0.4 s in which pcscd looks.
const LIES: usize = 4;
/// Taps under strace, which slows everything: they are counted, not timed.
const COUNTED: usize = 100;
const IDLE: Duration = Duration::from_secs(10);
const WRITES: usize = 500;

/// One line of the daemon's tap log.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Tap {
    lane: u8,
    began_ns: u64,
    last_byte_ns: u64,
    committed_ns: u64,
    answer: Option<u64>,
}

/// One line of the kiosk's frame log.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Frame {
    answer: u64,
    drawn_ns: u64,
}

pub(crate) fn run(folder: &Path, taps: usize, mut report: Report) -> anyhow::Result<Report> {
    let town = Town::start(folder)?;
    let daemon = town.of.process_id().context("the daemon runs")?;
    let mut bare = BareCommits::open(&folder.join("bare.sqlite"))?;
    let mut bare_millis = Vec::with_capacity(taps);
    // Lays cards, and between them measures the peer on the same disk in the same minute.
    lay_cards(&town, taps, |_| {
        bare_millis.push(bare.commit()?);
        Ok(())
    })?;
    let logged = logged_taps(&town, taps)?;
    report.add("taps", count(logged.len()), "", Better::Neither);
    let commit = |tap: &Tap| span_millis(tap.last_byte_ns, tap.committed_ns);
    add_commits(&mut report, &logged.iter().map(commit).collect::<Vec<_>>(), &bare_millis)?;
    let whole: Vec<f64> = logged.iter().map(|tap| span_millis(tap.began_ns, tap.committed_ns)).collect();
    report.add("whole_tap_p50_ms", percentile(&whole, 50).context("no taps")?, "ms", Better::Lower);
    report.add("whole_tap_p99_ms", percentile(&whole, 99).context("no taps")?, "ms", Better::Lower);
    let drawn = drawn_millis(&town, &logged)?;
    report.add("answers_drawn", count(drawn.len()), "", Better::Neither);
    report.add("answer_drawn_p50_ms", percentile(&drawn, 50).context("no frames")?, "ms", Better::Lower);
    report.add("answer_drawn_p99_ms", percentile(&drawn, 99).context("no frames")?, "ms", Better::Lower);
    report.add("daemon_rss_anon_mb", anonymous_mib(daemon)?, "MiB", Better::Lower);

    let counter = SyncCounter::attach(daemon, &folder.join("strace.log"))?;
    lay_cards(&town, COUNTED, |_| Ok(()))?;
    let more = logged_taps(&town, taps + COUNTED)?.len().saturating_sub(logged.len());
    let syncs = counter.finish()?;
    report.add("fsyncs_per_tap", count(syncs) / count(more), "", Better::Lower);

    // The last answer leaves the screen after a minute at most; then nothing moves.
    std::thread::sleep(Duration::from_secs(15));
    let kiosk = town.window.process_id();
    report.add("kiosk_idle_cpu_pct", processor_percent(kiosk, IDLE)?, "% of a core", Better::Lower);
    report.add("daemon_idle_cpu_pct", processor_percent(daemon, IDLE)?, "% of a core", Better::Lower);

    let writes = write_floor_millis(folder, WRITES)?;
    report.add("write_floor_p99_ms", percentile(&writes, 99).context("no writes")?, "ms", Better::Neither);
    report.add("sha256_gb_per_s", sha256_gigabytes_a_second(), "GB/s", Better::Neither);
    Ok(report)
}

fn add_commits(report: &mut Report, own: &[f64], bare: &[f64]) -> anyhow::Result<()> {
    let of = |samples, percent| percentile(samples, percent).context("no samples");
    for (measure, samples, percent, better) in [
        ("commit_p50_ms", own, 50, Better::Lower),
        ("commit_p99_ms", own, 99, Better::Lower),
        ("bare_commit_p50_ms", bare, 50, Better::Neither),
        ("bare_commit_p99_ms", bare, 99, Better::Neither),
    ] {
        report.add(measure, of(samples, percent)?, "ms", better);
    }
    report.add("commit_p99_ratio", of(own, 99)? / of(bare, 99)?, "x bare commit", Better::Lower);
    Ok(())
}

/// Lays `taps` cards on the readers in turn and takes each off a few steps later. `between` runs after each.
fn lay_cards(
    town: &Town,
    taps: usize,
    mut between: impl FnMut(usize) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut lying = std::collections::VecDeque::new();
    for number in 0..taps {
        let began = Instant::now();
        if lying.len() == LIES {
            drop(lying.pop_front().map(InsertedCard::remove));
        }
        let port = READERS.get(number % READERS.len()).context("eight readers")?;
        // A card comes to the same lane again after all others: never within the time of one tap.
        let turn = number / READERS.len() + number;
        let reader = reader_address(*port);
        let laid = wait_until("a free reader", Duration::from_secs(5), || {
            let card = PresentedCard::new(town.card(turn)?, Fault::None, Timing::NONE);
            Ok(Some(InsertedCard::insert(reader, card)?))
        })?;
        lying.push_back(laid);
        between(number)?;
        std::thread::sleep(PACE.saturating_sub(began.elapsed()));
    }
    std::thread::sleep(Duration::from_millis(800));
    lying.into_iter().for_each(|card| drop(card.remove()));
    std::thread::sleep(Duration::from_millis(800));
    Ok(())
}

/// The taps that the daemon noted; nearly all must be there, for what is missing is not measured.
fn logged_taps(town: &Town, laid: usize) -> anyhow::Result<Vec<Tap>> {
    let text = std::fs::read_to_string(&town.tap_log)?;
    let taps: Vec<Tap> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure!(taps.len() * 100 >= laid * 98, "only {} of {laid} taps were noted", taps.len());
    Ok(taps)
}

/// When the tap that was noted last began.
pub(crate) fn last_tap_began_ns(town: &Town) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(&town.tap_log)?;
    let tap: Tap = serde_json::from_str(text.lines().last().context("no tap was noted")?)?;
    Ok(tap.began_ns)
}

/// From the card's last byte to the frame, of the lane that has a window.
fn drawn_millis(town: &Town, taps: &[Tap]) -> anyhow::Result<Vec<f64>> {
    let text = std::fs::read_to_string(&town.frame_log)?;
    let frames: Vec<Frame> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let drawn: BTreeMap<u64, u64> = frames.iter().map(|frame| (frame.answer, frame.drawn_ns)).collect();
    let on_screen = taps.iter().filter(|tap| tap.lane == 1);
    let times = on_screen.filter_map(|tap| Some(span_millis(tap.last_byte_ns, *drawn.get(&tap.answer?)?)));
    Ok(times.collect())
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one tap and counts of taps are small")]
fn span_millis(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts of taps are small")]
fn count(number: usize) -> f64 {
    number as f64
}
