//! What was refused: kept for somebody to look at, to release, or to throw away.

use hinamori_model::UnixMillis;
use rusqlite::{Connection, OptionalExtension};

use crate::{Store, StoreError};

/// Bytes of what was refused and is kept whole.
const QUARANTINE: u64 = 64 << 20;
/// What is kept of each one after that, while there are not too many.
const SAMPLE: usize = 1 << 10;
const MOST_SAMPLES: u64 = 10_000;

pub(crate) fn put_aside(
    connection: &Connection,
    reason: &str,
    bytes: &[u8],
    now: UnixMillis,
) -> Result<(), StoreError> {
    let (entries, held): (u64, u64) = connection
        .prepare_cached("SELECT count(*), coalesce(sum(length(bytes)), 0) FROM quarantine")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if entries >= MOST_SAMPLES {
        return Ok(());
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let fits = held.saturating_add(length) <= QUARANTINE;
    let kept = if fits { bytes } else { bytes.get(..SAMPLE).unwrap_or(bytes) };
    connection
        .prepare_cached(
            "INSERT INTO quarantine (received_at, reason, bytes) SELECT ?1, ?2, ?3
             WHERE NOT EXISTS (SELECT 1 FROM quarantine WHERE bytes = ?3)",
        )?
        .execute((now.get(), reason, kept))?;
    Ok(())
}

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its number in this store.
    pub number: i64,
    /// When it came.
    pub at: UnixMillis,
    /// Why it was refused.
    pub reason: String,
    /// What it was; only its beginning, where there was no room for more.
    pub bytes: Vec<u8>,
    /// Whether an operator wants it to be looked at again.
    pub released: bool,
}

impl Store {
    /// Keeps bytes that were refused, for somebody to look at. The same bytes are kept once, and when there
    /// is no room only their beginning: a peer that sends nonsense does not fill the disk.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn quarantine(&mut self, reason: &str, bytes: &[u8], now: UnixMillis) -> Result<(), StoreError> {
        put_aside(&self.connection, reason, bytes, now)
    }

    /// Shows everything that was refused, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn for_each_quarantined(&self, mut show: impl FnMut(Quarantined)) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT id, received_at, reason, bytes, released FROM quarantine ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            show(Quarantined {
                number: row.get(0)?,
                at: UnixMillis::new(row.get(1)?),
                reason: row.get(2)?,
                bytes: row.get(3)?,
                released: row.get(4)?,
            });
        }
        Ok(())
    }

    /// Marks something that was refused: whoever runs the store looks at it again. Whether there is such a thing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn release(&mut self, number: i64) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("UPDATE quarantine SET released = 1 WHERE id = ?1")?;
        Ok(statement.execute([number])? > 0)
    }

    /// Throws something away that was refused. Whether there was such a thing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn discard(&mut self, number: i64) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?;
        Ok(statement.execute([number])? > 0)
    }

    /// The next thing that an operator released.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_released(&self) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, bytes FROM quarantine WHERE released = 1 ORDER BY id LIMIT 1")?;
        Ok(statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    /// What was released was refused again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn refuse_again(&mut self, number: i64, reason: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE quarantine SET released = 0, reason = ?2 WHERE id = ?1")?
            .execute((number, reason))?;
        Ok(())
    }
}
