//! Whether the drill that a box is in was ended in earnest (訓練中止・本番), at whatever box.

use std::collections::BTreeSet;

use hinamori_model::{RecordId, UnixMillis};
use hinamori_sync::EVERYWHERE;

use crate::projection::{DRILL_ENDED, begin_of};
use crate::{Store, StoreError};

/// Clocks of boxes may be wrong by so much, and a drill that ended longer before this one began was another one.
const CLOCKS_DIFFER_MILLIS: u64 = 12 * 3_600_000;
/// Ends that are remembered: one more ends the drill at once, and whoever began it sees that.
const MOST_KNOWN: usize = 1_000;

/// From when on the end of a drill is listened for. An end is told from others by its record: how many there are may also fall, when days
/// are dropped or a box is not believed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillWatch {
    /// What ended before was another drill.
    since: UnixMillis,
    /// These ends since then were known already when this drill began.
    known: BTreeSet<RecordId>,
}

impl DrillWatch {
    /// A drill begins.
    pub fn begin(drills: &Store, now: UnixMillis) -> Self {
        let since = UnixMillis::new(now.get().saturating_sub(CLOCKS_DIFFER_MILLIS));
        // A drill that ends at once for an old reason is seen by whoever began it; one that never ends is not.
        let known = drills.drill_ends(since).unwrap_or_default();
        Self { since, known: known.into_iter().take(MOST_KNOWN).collect() }
    }

    /// Whether it ended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_over(&self, drills: &Store) -> Result<bool, StoreError> {
        Ok(!drills.drill_ends(self.since)?.is_subset(&self.known))
    }

    /// The bytes that are kept: the time, big-endian, then the ids.
    pub fn to_bytes(&self) -> Vec<u8> {
        let ids = self.known.iter().flat_map(|id| *id.as_bytes());
        self.since.get().to_be_bytes().into_iter().chain(ids).collect()
    }

    /// What [`DrillWatch::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (since, known) = bytes.split_first_chunk()?;
        let (known, []) = known.as_chunks::<16>() else { return None };
        let known = known.iter().map(|id| RecordId::from_bytes(*id)).collect();
        Some(Self { since: UnixMillis::new(u64::from_be_bytes(*since)), known })
    }
}

impl Store {
    /// By which records boxes of the town ended a drill in earnest since then, by their clocks.
    fn drill_ends(&self, since: UnixMillis) -> Result<BTreeSet<RecordId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.id FROM record JOIN place ON place.id = record.place
             WHERE site = ?1 AND kind = ?2 AND at >= ?3",
        )?;
        let of = (EVERYWHERE.as_bytes(), DRILL_ENDED, begin_of(since));
        let ends = statement.query_map(of, |row| Ok(RecordId::from_bytes(row.get(0)?)))?;
        Ok(ends.collect::<Result<_, _>>()?)
    }
}
