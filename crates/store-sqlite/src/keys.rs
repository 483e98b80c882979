//! The key table: under which keys the profiles of people stand, and which of them are destroyed.
//!
//! A key is only ever here in wrapped form, and is of no use without its incident's key. What is erased leaves a row that
//! says so; it wins over every key, also over one that comes back after months, on every box that hears of it.
//!
//! The life of an erasure: one transaction deletes the keys and writes the row that says so; then the file is written anew, since
//! pages from which SQLite moved rows away still show them, and the write-ahead log is cut to nothing. A process that dies in
//! between has erased, and [`KeyTable::open`] does the rest. What a flash disk keeps in cells that it no
//! longer shows is out of reach here; without file key and incident key it is noise.

use std::path::Path;

use hinamori_model::{IncidentId, PersonId, UnixMillis};
use hinamori_profile::{KeyId, WrappedKey};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::StoreError;
use crate::closing::{cut, note_uncut};
use crate::key_row::{Cover, FileKey, Found, KeyRow};
use crate::schema::Family;
use crate::store::{checkpoint, checkpoint_if_over, open_durable};

/// Keys of one person in one incident that are taken from others: each cut-off box may have made one. A peer that invents
/// more is not served; a box's own keys are always kept.
pub const MOST_KEYS: usize = 64;

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It stands in the table now.
    New,
    /// It stood there before.
    AlreadyHeld,
    /// The person or the incident is erased: the key was not taken, and nothing may be sealed with it.
    Erased,
    /// The person has [`MOST_KEYS`].
    TooMany,
}

/// What became of another box's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct Absorbed {
    /// Rows that were new here, keys and erasures.
    pub new: usize,
    /// Keys that are erased here: the other box has not heard of it.
    pub erased: usize,
    /// Keys that were over [`MOST_KEYS`].
    pub refused: usize,
}

/// The keys of people, in a file of its own. One thread owns it.
pub struct KeyTable {
    pub(crate) connection: Connection,
    pub(crate) cover: Cover,
}

impl KeyTable {
    /// Opens or makes the file at `path`, and finishes what an erasure left to do.
    ///
    /// # Errors
    /// [`StoreError::OtherFileKey`] for a file of another key, and any other; the file is left as it is.
    pub fn open(path: &Path, key: &FileKey) -> Result<Self, StoreError> {
        let connection = open_durable(path, &Family::Keys)?;
        let table = Self { connection, cover: Cover::new(key)? };
        table.check_mark()?;
        match table.finish_erasures() {
            // A full disk keeps nobody out. What is left to do is done once there is room: see `checkpoint_if_over`.
            Ok(()) | Err(StoreError::Full) => Ok(table),
            Err(problem) => Err(problem),
        }
    }

    fn check_mark(&self) -> Result<(), StoreError> {
        let mark = self.cover.mark();
        let held: Option<Found> = self
            .connection
            .query_row("SELECT value FROM setting WHERE name = 'mark'", [], |row| row.get(0))
            .optional()?;
        match held {
            Some(held) if held == mark => Ok(()),
            Some(_) => Err(StoreError::OtherFileKey),
            None => {
                self.connection.execute("INSERT INTO setting (name, value) VALUES ('mark', ?1)", [mark])?;
                Ok(())
            }
        }
    }

    /// Keeps a key that this box made, durably.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put(
        &mut self,
        incident: IncidentId,
        person: PersonId,
        wrapped: WrappedKey,
    ) -> Result<Kept, StoreError> {
        let transaction = self.connection.transaction()?;
        let kept = keep(&transaction, &self.cover, incident, person, wrapped, &Source::Here)?;
        transaction.commit()?;
        Ok(kept)
    }

    /// The keys of this person in this incident, by their ids. A box that seals takes the first one that its incident's key
    /// opens, so that boxes come to use the same one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keys(&self, incident: IncidentId, person: PersonId) -> Result<Vec<WrappedKey>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT id, sealed FROM entry WHERE person = ?1")?;
        let mut rows = statement.query([self.cover.person(incident, person)])?;
        let mut keys = Vec::new();
        while let Some(row) = rows.next()? {
            if let KeyRow::Key { wrapped, .. } = self.cover.open(&row.get(0)?, &row.get::<_, Vec<u8>>(1)?)? {
                keys.push(wrapped);
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }

    /// Those of them that claim to be the key `id`, which stands before everything that was sealed with it. More than one when
    /// somebody wrapped it again, or lied: the incident's key tells.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn key(
        &self,
        incident: IncidentId,
        person: PersonId,
        id: KeyId,
    ) -> Result<Vec<WrappedKey>, StoreError> {
        let mut keys = self.keys(incident, person)?;
        keys.retain(|wrapped| wrapped.key_id() == id);
        Ok(keys)
    }

    /// Whether this person's keys of this incident are destroyed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_erased(&self, incident: IncidentId, person: PersonId) -> Result<bool, StoreError> {
        is_erased(&self.connection, &self.cover, incident, Some(person))
    }

    /// Destroys the person's keys of this incident. When this returns `Ok`, they are in no file of the table any more.
    ///
    /// # Errors
    /// [`StoreError`]. The erasure may be decided all the same: [`KeyTable::is_erased`] tells, and
    /// [`KeyTable::finish_erasures`] does what is left.
    pub fn erase_person(
        &mut self,
        incident: IncidentId,
        person: PersonId,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        self.erase(&KeyRow::PersonErased { incident, person, at })
    }

    /// Destroys the keys of everybody in this incident, and the list of who was erased from it.
    ///
    /// # Errors
    /// As [`KeyTable::erase_person`].
    pub fn erase_incident(&mut self, incident: IncidentId, at: UnixMillis) -> Result<(), StoreError> {
        self.erase(&KeyRow::IncidentErased { incident, at })
    }

    fn erase(&mut self, row: &KeyRow) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let _is_new = erase(&transaction, &self.cover, row, &Source::Here)?;
        transaction.commit()?;
        self.finish_erasures()
    }

    /// Takes erased keys out of the file's pages and its write-ahead log, where they may still stand. For whoever got an error from
    /// an erasure.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finish_erasures(&self) -> Result<(), StoreError> {
        cut(&self.connection)?;
        checkpoint(&self.connection)
    }

    /// What was written here after `serial` (0 for everything), at most `limit` rows with their serials. Whoever tells another
    /// box remembers the last one. Serials are this file's: another file of the same box begins again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn since(&self, serial: u64, limit: usize) -> Result<Vec<(u64, KeyRow)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT serial, id, sealed FROM entry WHERE serial > ?1 ORDER BY serial LIMIT ?2",
        )?;
        let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let mut rows = statement.query([bound(serial), bound(limit)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, self.cover.open(&row.get(1)?, &row.get::<_, Vec<u8>>(2)?)?));
        }
        Ok(found)
    }

    /// Takes what another box wrote, durably, in whatever order it comes. Who may tell this box about whom is decided before.
    ///
    /// # Errors
    /// [`StoreError`]; as [`KeyTable::erase_person`] when there are erasures among the rows.
    pub fn absorb(&mut self, rows: &[KeyRow]) -> Result<Absorbed, StoreError> {
        let transaction = self.connection.transaction()?;
        let absorbed = absorb(&transaction, &self.cover, rows)?;
        transaction.commit()?;
        self.after_absorbing(rows)?;
        Ok(absorbed)
    }

    /// Also when an erasure is told again: the first time may not have come to its end.
    pub(crate) fn after_absorbing(&self, rows: &[KeyRow]) -> Result<(), StoreError> {
        let erases = |row: &KeyRow| !matches!(row, KeyRow::Key { .. });
        if rows.iter().any(erases) { self.finish_erasures() } else { Ok(()) }
    }

    /// Finishes erasures, and moves the write-ahead log into the file when it has grown over `log_bytes`, for idle moments.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint_if_over(&self, log_bytes: u64) -> Result<(), StoreError> {
        cut(&self.connection)?;
        checkpoint_if_over(&self.connection, log_bytes)
    }
}

/// Where a row comes from.
enum Source {
    /// This box made it.
    Here,
    /// A peer told it.
    Peer,
}

impl Source {
    /// Keys of a person up to which one more is taken.
    const fn most_keys(&self) -> usize {
        match self {
            Self::Here => usize::MAX,
            Self::Peer => MOST_KEYS,
        }
    }
}

pub(crate) fn absorb(
    transaction: &Transaction<'_>,
    cover: &Cover,
    rows: &[KeyRow],
) -> Result<Absorbed, StoreError> {
    let mut absorbed = Absorbed::default();
    for row in rows {
        match *row {
            KeyRow::Key { incident, person, wrapped } => {
                match keep(transaction, cover, incident, person, wrapped, &Source::Peer)? {
                    Kept::New => absorbed.new = absorbed.new.saturating_add(1),
                    Kept::AlreadyHeld => {}
                    Kept::Erased => absorbed.erased = absorbed.erased.saturating_add(1),
                    Kept::TooMany => absorbed.refused = absorbed.refused.saturating_add(1),
                }
            }
            KeyRow::PersonErased { .. } | KeyRow::IncidentErased { .. } => {
                let is_new = erase(transaction, cover, row, &Source::Peer)?;
                absorbed.new = absorbed.new.saturating_add(usize::from(is_new));
            }
        }
    }
    Ok(absorbed)
}

/// Adds a key to a person who has not too many.
fn keep(
    transaction: &Transaction<'_>,
    cover: &Cover,
    incident: IncidentId,
    person: PersonId,
    wrapped: WrappedKey,
    source: &Source,
) -> Result<Kept, StoreError> {
    if is_erased(transaction, cover, incident, Some(person))? {
        return Ok(Kept::Erased);
    }
    let row = KeyRow::Key { incident, person, wrapped };
    if has(transaction, &cover.id(&row))? {
        return Ok(Kept::AlreadyHeld);
    }
    let owner = cover.person(incident, person);
    let held: usize = transaction
        .prepare_cached("SELECT count(*) FROM entry WHERE person = ?1")?
        .query_row([owner], |row| row.get(0))?;
    if held >= source.most_keys() {
        return Ok(Kept::TooMany);
    }
    insert(transaction, cover, Some(owner), &row, source)?;
    Ok(Kept::New)
}

/// Deletes what an erasure is about and writes it down. Whether it was new.
fn erase(
    transaction: &Transaction<'_>,
    cover: &Cover,
    row: &KeyRow,
    source: &Source,
) -> Result<bool, StoreError> {
    let (incident, person) = match *row {
        KeyRow::Key { .. } => return Ok(false),
        KeyRow::PersonErased { incident, person, at: _ } => (incident, Some(person)),
        KeyRow::IncidentErased { incident, at: _ } => (incident, None),
    };
    if is_erased(transaction, cover, incident, person)? {
        return Ok(false);
    }
    note_uncut(transaction)?;
    // Written before anything is deleted: the serial goes on from the highest that there ever was.
    insert(transaction, cover, None, row, source)?;
    match person {
        Some(person) => transaction
            .prepare_cached("DELETE FROM entry WHERE person = ?1")?
            .execute([cover.person(incident, person)])?,
        None => transaction
            .prepare_cached("DELETE FROM entry WHERE incident = ?1 AND id <> ?2")?
            .execute([cover.incident(incident), cover.id(row)])?,
    };
    Ok(true)
}

fn insert(
    transaction: &Transaction<'_>,
    cover: &Cover,
    person: Option<Found>,
    row: &KeyRow,
    source: &Source,
) -> Result<(), StoreError> {
    let id = cover.id(row);
    let is_own = matches!(source, Source::Here);
    let last = transaction
        .prepare_cached("SELECT mark FROM entry ORDER BY serial DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let mark = cover.row_mark(&last.unwrap_or_default(), &id);
    transaction
        .prepare_cached(
            "INSERT INTO entry (serial, id, incident, person, sealed, own, mark)
             VALUES ((SELECT coalesce(max(serial), 0) + 1 FROM entry), ?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((id, cover.incident(row.incident()), person, cover.seal(&id, row)?, is_own, mark))?;
    Ok(())
}

/// Whether the incident is erased, or the person in it.
fn is_erased(
    connection: &Connection,
    cover: &Cover,
    incident: IncidentId,
    person: Option<PersonId>,
) -> Result<bool, StoreError> {
    if has(connection, &cover.erased_incident(incident))? {
        return Ok(true);
    }
    person.map_or(Ok(false), |person| has(connection, &cover.erased_person(incident, person)))
}

fn has(connection: &Connection, id: &Found) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM entry WHERE id = ?1")?.exists([id])?)
}
