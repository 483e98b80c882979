//! Opening a store, its settings, and its upkeep.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use hinamori_model::{IncidentId, SiteId};
use hinamori_record::DocumentScope;
use hinamori_sync::{CutOffs, Forks, Retentions, Vectors};
use rusqlite::{Connection, OptionalExtension};

use crate::headquarters::Headquarters;
use crate::projection::{By, make_projections};
use crate::retention::RETENTIONS;
use crate::schema::{Family, migrate};
use crate::{Durability, StoreError, forks};

const CUT_OFFS: &str = "cut-offs";

/// The log and its projections in one SQLite file. One thread owns it.
pub struct Store {
    pub(crate) connection: Connection,
    /// What the log holds, so that nobody reads the whole log for it.
    pub(crate) held: Vectors,
    /// Documents with changes that may not be packed yet.
    pub(crate) loose: BTreeSet<DocumentScope>,
    /// What is held and not believed.
    pub(crate) cut_offs: Arc<CutOffs>,
    /// What is not kept any more.
    pub(crate) retentions: Arc<Retentions>,
    /// Where something of days that are not kept has to be said again, as of the last look.
    pub(crate) unsaid: BTreeSet<(IncidentId, SiteId)>,
    /// What is held and confirms nobody.
    pub(crate) forks: Arc<Forks>,
    /// By whose word records count in another incident than their document's.
    pub(crate) headquarters: Arc<Headquarters>,
}

/// Opens a file with the durability that the laws ask for.
pub(crate) fn open_durable(path: &Path, family: &Family) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    // FULL: a commit returns after the write-ahead log is on the disk. Checkpoints are done by hand while
    // nobody waits, so that a tap costs one fsync.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "secure_delete", true)?;
    // 2 MiB of pages in memory: a box serves a thousand people, not a town.
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.set_prepared_statement_cache_capacity(48);
    migrate(&mut connection, family)?;
    Ok(connection)
}

/// The log is cut to nothing: one that keeps its length would look too long at every idle moment from then
/// on.
pub(crate) fn checkpoint_if_over(connection: &Connection, log_bytes: u64) -> Result<(), StoreError> {
    let Some(path) = connection.path() else { return Ok(()) };
    let length = std::fs::metadata(format!("{path}-wal")).map_or(0, |log| log.len());
    if length > log_bytes {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))?;
    }
    Ok(())
}

/// Moves the write-ahead log into the database file and cuts it to nothing, or says that it could not.
pub(crate) fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(busy, None).into());
    }
    Ok(())
}

impl Store {
    /// Opens or makes the file at `path`.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged file is left as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_durable(path, &Family::Store)?;
        let held = Self::read_held(&connection)?;
        let loose = held.keys().copied().collect();
        let mut store = Self {
            connection,
            held,
            loose,
            cut_offs: Arc::default(),
            retentions: Arc::default(),
            unsaid: BTreeSet::new(),
            forks: Arc::default(),
            headquarters: Arc::default(),
        };
        let retentions = store.setting(RETENTIONS)?;
        store.retentions =
            Arc::new(retentions.and_then(|bytes| Retentions::from_bytes(&bytes)).unwrap_or_default());
        let cut_offs = store.setting(CUT_OFFS)?;
        // Unreadable only after a downgrade: the town says them again.
        store.cut_offs = Arc::new(cut_offs.and_then(|bytes| CutOffs::from_bytes(&bytes)).unwrap_or_default());
        store.forks = Arc::new(forks::read(&store)?);
        store.read_headquarters()?;
        Ok(store)
    }

    /// From now on these changes say nothing; where it is another word than the last one, the projections are made anew. Whether it
    /// was.
    ///
    /// # Errors
    /// [`StoreError`]; the old word counts then.
    pub fn cut_off(&mut self, cut_offs: &CutOffs) -> Result<bool, StoreError> {
        if *self.cut_offs == *cut_offs {
            return Ok(false);
        }
        let (forks, before) = (Arc::clone(&self.forks), Arc::clone(&self.headquarters));
        let headquarters = self.with(Durability::Durable, |transaction| {
            // Together: a word that is kept and not carried out would count as carried out for ever.
            transaction.execute(
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)",
                (CUT_OFFS, cut_offs.to_bytes()),
            )?;
            let headquarters = before.renewed(transaction, cut_offs)?;
            make_projections(transaction, By { cut_offs, forks: &forks, headquarters: &headquarters })?;
            Ok(headquarters)
        })?;
        self.headquarters = Arc::new(headquarters);
        self.cut_offs = Arc::new(cut_offs.clone());
        Ok(true)
    }

    /// Keeps so many KiB of pages in memory: a server has the records of a town, and people are all over them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_in_memory(&self, kibibytes: u32) -> Result<(), StoreError> {
        Ok(self.connection.pragma_update(None, "cache_size", -i64::from(kibibytes))?)
    }

    /// A setting of this box.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Changes a setting, durably.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
            .execute((name, value))?;
        Ok(())
    }

    /// Raises and returns the epoch of the box, to `at_least` or more: called once at every start, before
    /// anything is appended.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next_epoch(&mut self, at_least: u32) -> Result<u32, StoreError> {
        let last = self.setting("epoch")?.unwrap_or_default();
        let last = <[u8; 4]>::try_from(last.as_slice()).map_or(0, u32::from_be_bytes);
        let next = last.saturating_add(1).max(at_least);
        self.set_setting("epoch", &next.to_be_bytes())?;
        Ok(next)
    }

    /// Whether a commit waits for the disk, as it always does between two calls: what is relaxed is so for one transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waits_for_the_disk(&self) -> Result<bool, StoreError> {
        /// `PRAGMA synchronous = FULL`.
        const FULL: i64 = 2;
        let synchronous: i64 = self.connection.pragma_query_value(None, "synchronous", |row| row.get(0))?;
        Ok(synchronous >= FULL)
    }

    /// Moves the write-ahead log into the database file when it has grown over `log_bytes`. For idle
    /// moments: it costs two fsyncs or more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint_if_over(&self, log_bytes: u64) -> Result<(), StoreError> {
        checkpoint_if_over(&self.connection, log_bytes)
    }
}
