//! When an answer came and when it was on the screen: the measurement behind "within one frame".

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use hinamori_ipc::AnswerId;
use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of `CLOCK_MONOTONIC`: comparable between the processes of one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonotonicNanos(pub u64);

/// Reads `CLOCK_MONOTONIC`.
pub fn monotonic_nanos() -> MonotonicNanos {
    let now = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
    MonotonicNanos(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

/// One JSON line an answer: `{"answer":7,"message_ns":…,"drawn_ns":…}`. `drawn_ns` is read when the swap of
/// the frame that drew it has returned.
#[derive(Debug)]
pub struct FrameLog {
    file: File,
    waiting: Option<(AnswerId, MonotonicNanos)>,
    painted: bool,
}

impl FrameLog {
    /// Appends to `path`.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, waiting: None, painted: false })
    }

    /// An answer came.
    pub const fn message(&mut self, answer: AnswerId, at: MonotonicNanos) {
        self.waiting = Some((answer, at));
        self.painted = false;
    }

    /// A frame was built. `true` asks for one more, whose beginning tells that this one is on the screen.
    #[must_use]
    pub const fn painted(&mut self) -> bool {
        self.painted = self.waiting.is_some();
        self.painted
    }

    /// A frame begins: the one before is on the screen.
    pub fn frame_begins(&mut self) {
        if !self.painted {
            return;
        }
        self.painted = false;
        let Some((answer, message)) = self.waiting.take() else { return };
        let MonotonicNanos(drawn) = monotonic_nanos();
        let line = format!("{{\"answer\":{},\"message_ns\":{},\"drawn_ns\":{drawn}}}\n", answer.0, message.0);
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            tracing::warn!(error = &error as &dyn std::error::Error, "the frame log takes no line");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_only_after_the_frame_that_drew_the_answer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frames.jsonl");
        let mut log = FrameLog::open(&path).unwrap();
        log.frame_begins();
        assert!(!log.painted());
        log.message(AnswerId(7), monotonic_nanos());
        log.frame_begins();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
        assert!(log.painted());
        log.frame_begins();
        log.frame_begins();
        let lines = std::fs::read_to_string(&path).unwrap();
        assert!(lines.starts_with("{\"answer\":7,\"message_ns\":") && lines.lines().count() == 1, "{lines}");
    }
}
