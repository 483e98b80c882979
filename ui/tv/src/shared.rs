//! What the receiver's threads have together: what the household is told, the set as it is seen, the boxes that are near.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hinamori_private_file as private_file;
use tokio::sync::watch;
use tracing::error;

use crate::household::{Answer, Household};
use crate::television_set::Seen;

/// The file of what the household is told.
pub(crate) const TOLD: &str = "told.json";

/// A heartbeat alone is not worth a write every half a minute.
const KEEP_BEAT: Duration = Duration::from_secs(5 * 60);
/// Boxes that are remembered: whoever is on the network can make up more.
const MOST_BOXES: usize = 32;

/// A box that is asked when the town's server does not answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Near {
    /// Others than whoever installed the receiver named: they say themselves that they are one, and are asked after those.
    pub(crate) is_stranger: bool,
    /// `host:port`
    pub(crate) address: String,
}

/// See the module.
pub(crate) struct Shared {
    folder: PathBuf,
    began: Instant,
    household: Mutex<Household>,
    /// When it was written last.
    written: Mutex<Option<Instant>>,
    seen: Mutex<Seen>,
    boxes: Mutex<BTreeSet<Near>>,
    /// Counts up with everything that the page may be told.
    revision: watch::Sender<u64>,
    /// Rung for answers that are to be delivered.
    answers: Condvar,
    ring: Mutex<()>,
}

impl Shared {
    pub(crate) fn new(folder: PathBuf, household: Household, boxes: Vec<String>) -> Self {
        Self {
            folder,
            began: Instant::now(),
            household: Mutex::new(household),
            written: Mutex::default(),
            seen: Mutex::new(Seen::NOTHING),
            boxes: Mutex::new(
                boxes.into_iter().map(|address| Near { is_stranger: false, address }).collect(),
            ),
            revision: watch::Sender::new(1),
            answers: Condvar::new(),
            ring: Mutex::new(()),
        }
    }

    /// Milliseconds since the receiver began.
    pub(crate) fn running(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn household(&self) -> MutexGuard<'_, Household> {
        self.household.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known, keeps it, and tells the page. What the disk does not take goes on in memory: people are told all the same.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Household) -> T) -> T {
        let (changed, kept) = self.try_change(change);
        if let Err(problem) = kept {
            error!(error = &problem as &dyn std::error::Error, "what the household is told is not kept");
        }
        changed
    }

    /// The same; gives whether the disk took it.
    pub(crate) fn try_change<T>(&self, change: impl FnOnce(&mut Household) -> T) -> (T, std::io::Result<()>) {
        let mut household = self.household();
        let before = household.kept.without_beat();
        let changed = change(&mut household);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = written.is_none_or(|at| at.elapsed() >= KEEP_BEAT);
        let kept = if is_due || before != household.kept.without_beat() {
            *written = Some(Instant::now());
            let bytes = serde_json::to_vec(&household.kept).unwrap_or_default();
            private_file::replace(&self.folder, TOLD, &bytes)
        } else {
            Ok(())
        };
        drop((household, written));
        self.revision.send_modify(|revision| *revision = revision.wrapping_add(1));
        (changed, kept)
    }

    pub(crate) fn revision(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    pub(crate) fn seen(&self) -> Seen {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The set is seen so from now on.
    pub(crate) fn see(&self, seen: Seen) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        self.ring_for_answers();
    }

    /// Where boxes are: those of the settings, and those that said so on the network.
    pub(crate) fn boxes(&self) -> BTreeSet<Near> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add_box(&self, address: String) {
        let mut boxes = self.boxes.lock().unwrap_or_else(PoisonError::into_inner);
        if boxes.len() < MOST_BOXES {
            boxes.insert(Near { is_stranger: true, address });
        }
    }

    pub(crate) fn next_answer(&self) -> Option<Answer> {
        self.household().next_answer(self.seen().shows_us())
    }

    pub(crate) fn ring_for_answers(&self) {
        self.answers.notify_all();
    }

    /// Until somebody answers, and no longer than this.
    pub(crate) fn wait_for_answers(&self, most: Duration) {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.answers.wait_timeout(ring, most));
    }
}
