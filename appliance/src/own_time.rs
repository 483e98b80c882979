//! How long the box itself takes for a tap: from the card's last byte to the durable commit.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use hinamori_ipc::AnswerId;
use hinamori_model::LaneId;

use crate::clock::monotonic_nanos;

/// Taps remembered: more than a shelter takes in a morning.
const REMEMBERED: usize = 4_096;

/// The own times of the latest taps.
#[derive(Debug, Default)]
pub(crate) struct OwnTimes {
    micros: VecDeque<u32>,
}

impl OwnTimes {
    pub(crate) fn note(&mut self, own_time: Duration) {
        if self.micros.len() == REMEMBERED {
            self.micros.pop_front();
        }
        self.micros.push_back(u32::try_from(own_time.as_micros()).unwrap_or(u32::MAX));
    }

    /// The time in milliseconds within which `percent` of the taps were done; `None` before the first.
    pub(crate) fn percentile_millis(&self, percent: usize) -> Option<f64> {
        let mut sorted = self.micros.iter().copied().collect::<Vec<_>>();
        sorted.sort_unstable();
        let last = sorted.len().checked_sub(1)?;
        let rank = sorted.len().saturating_mul(percent).div_ceil(100).saturating_sub(1).min(last);
        sorted.get(rank).map(|micros| f64::from(*micros) / 1000.0)
    }
}

/// The moments of one tap.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoggedTap {
    /// Where.
    pub(crate) lane: LaneId,
    /// The work on the card began.
    pub(crate) began: Instant,
    /// The card's last byte was here.
    pub(crate) last_byte: Instant,
    /// The record was durable.
    pub(crate) committed: Instant,
    /// The answer after it; `None` when the lane had none.
    pub(crate) answer: Option<AnswerId>,
}

/// One line a tap for a bench, in nanoseconds of CLOCK_MONOTONIC: another process puts its own beside it.
pub(crate) struct TapLog {
    out: BufWriter<File>,
}

impl TapLog {
    /// Begins a new file.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { out: BufWriter::new(File::create(path)?) })
    }

    /// Notes one tap.
    pub(crate) fn note(&mut self, tap: LoggedTap) {
        let LoggedTap { lane, began, last_byte, committed, answer } = tap;
        let line = serde_json::json!({
            "lane": lane,
            "began_ns": monotonic_nanos(began),
            "last_byte_ns": monotonic_nanos(last_byte),
            "committed_ns": monotonic_nanos(committed),
            "answer": answer,
        });
        if writeln!(self.out, "{line}").is_err() {
            tracing::warn!("the tap log cannot be written");
        }
    }

    /// Hands what was noted to the file: for idle moments.
    pub(crate) fn flush(&mut self) {
        if self.out.flush().is_err() {
            tracing::warn!("the tap log cannot be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_latest_taps() {
        let mut times = OwnTimes::default();
        assert_eq!(times.percentile_millis(50), None);
        (1..=100).for_each(|millis| times.note(Duration::from_millis(millis)));
        assert_eq!((times.percentile_millis(50), times.percentile_millis(99)), (Some(50.0), Some(99.0)));
        (0..REMEMBERED).for_each(|_tap| times.note(Duration::from_millis(7)));
        assert_eq!((times.percentile_millis(1), times.percentile_millis(100)), (Some(7.0), Some(7.0)));
    }

    #[test]
    fn the_log_has_one_line_a_tap() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taps");
        let mut log = TapLog::create(&path).unwrap();
        let last_byte = Instant::now();
        std::thread::sleep(Duration::from_millis(3));
        let committed = Instant::now();
        let answer = Some(AnswerId(4));
        log.note(LoggedTap { lane: LaneId(1), began: last_byte, last_byte, committed, answer });
        log.flush();
        let line: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let nanos = |name: &str| line[name].as_u64().unwrap();
        assert_eq!(line["answer"], 4);
        assert!(nanos("committed_ns") >= nanos("last_byte_ns") + 2_900_000);
        assert!(nanos("committed_ns") <= monotonic_nanos(Instant::now()));
    }
}
