//! Loading and unloading the parts of the roster.

use std::path::Path;
use std::time::Duration;

use hinamori_model::{CardKey, HouseholdId, PersonId, PersonalText, TokenKind, TownKey, UnixMillis};
use hinamori_sync::town::{self, Card, Person};
use hinamori_sync::{PartDigest, PartHead};
use rusqlite::{Connection, OptionalExtension, Transaction};

use super::ApplicationKeys;
use crate::StoreError;
use crate::schema::Family;
use crate::store::{checkpoint_if_over, open_durable};

/// For so long a checkpoint waits for whoever reads.
const PATIENCE: Duration = Duration::from_millis(500);
/// Pages in memory, in KiB and negative as SQLite wants it, while parts are loaded: the indexes of a town are written all over.
const CACHE: i64 = -(16 << 10);
/// Bytes of write-ahead log from which it is moved into the file between two parts.
const LONG_LOG: u64 = 32 << 20;

/// The one end that writes the directory. All of it can be had again: a power cut may take the last parts back, and leaves
/// the file whole.
pub struct DirectoryParts {
    connection: Connection,
}

/// A part whose people stand in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedPart {
    /// Its name.
    pub digest: PartDigest,
    /// The district of its households.
    pub district: String,
    /// Everybody still stands in it: nobody was moved by a part that was loaded later.
    pub is_whole: bool,
}

impl DirectoryParts {
    /// Opens or makes the file at `path`, and looks at every page of it: a town that is found damaged now
    /// can be had again, and one that is found damaged at a tap leaves somebody without a name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_durable(path, &Family::Directory)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", CACHE)?;
        // What is sorted or moved never lies in a file of its own.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.busy_timeout(PATIENCE)?;
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
            return Err(rusqlite::Error::SqliteFailure(corrupt, Some(found)).into());
        }
        Ok(Self { connection })
    }

    /// Of which town, by its root key, the file holds people from now on. People of another one are taken out at
    /// once. Gives whether there were any.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn belong_to(&mut self, root: &[u8; 32]) -> Result<bool, StoreError> {
        let transaction = self.connection.transaction()?;
        let of: Option<[u8; 32]> = transaction
            .query_row("SELECT value FROM setting WHERE name = 'root'", [], |row| row.get(0))
            .optional()?;
        if of.as_ref() == Some(root) {
            return Ok(false);
        }
        transaction.execute_batch("DELETE FROM person; DELETE FROM card; DELETE FROM part;")?;
        mark_unwiped(&transaction)?;
        transaction.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('root', ?1)", [root])?;
        transaction.commit()?;
        Ok(of.is_some())
    }

    /// What is loaded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn loaded(&self) -> Result<Vec<LoadedPart>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT digest, district, is_whole FROM part")?;
        let rows = statement.query_map([], |row| {
            Ok(LoadedPart { digest: row.get(0)?, district: row.get(1)?, is_whole: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many people are loaded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn people(&self) -> Result<u64, StoreError> {
        Ok(self.connection.query_row("SELECT count(*) FROM person", [], |row| row.get(0))?)
    }

    /// Loads the contents of some parts, in one transaction. Who stands in another part already, or whose card does,
    /// stands in these ones afterwards. A part that is loaded already has all its people again. Cards are hashed under
    /// `key`.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is loaded then.
    pub fn load(&mut self, parts: &[(&PartHead, town::Directory)], key: &TownKey) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let before = row_count(&transaction)?;
        let mut came = 0;
        for (head, content) in parts {
            let rows = content.people.len().saturating_add(content.cards.len());
            transaction
                .prepare_cached("INSERT OR REPLACE INTO part (digest, district, rows) VALUES (?1, ?2, ?3)")?
                .execute((head.digest, &head.district, rows))?;
            let part = transaction.last_insert_rowid();
            came = rows.saturating_add(came);
            for (position, person) in (0_u32..).zip(&content.people) {
                insert_person(&transaction, part, position, person)?;
            }
            for card in &content.cards {
                insert_card(&transaction, part, key, card)?;
            }
        }
        if row_count(&transaction)? != before.saturating_add(came) {
            note_losses(&transaction)?;
        }
        transaction.commit()?;
        self.checkpoint_if_over(LONG_LOG)
    }

    /// Unloads some parts, in one transaction: whoever still stands in them. Nothing of them can be read afterwards, once
    /// [`DirectoryParts::wipe`] was called.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is unloaded then.
    pub fn unload(&mut self, digests: &[PartDigest]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for digest in digests {
            for delete in [
                "DELETE FROM person WHERE part = (SELECT id FROM part WHERE digest = ?1)",
                "DELETE FROM card WHERE part = (SELECT id FROM part WHERE digest = ?1)",
                "DELETE FROM part WHERE digest = ?1",
            ] {
                transaction.prepare_cached(delete)?.execute([digest])?;
            }
        }
        mark_unwiped(&transaction)?;
        transaction.commit()?;
        self.checkpoint_if_over(LONG_LOG)
    }

    /// Whether something was unloaded and may still stand somewhere in the files, also from before a restart.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_unwiped(&self) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT count(*) FROM setting WHERE name = 'unwiped'")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// Writes the whole file anew and cuts the log: no page and no gap between two rows keeps what was unloaded.
    /// `false` when somebody read just then: call it again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn wipe(&mut self) -> Result<bool, StoreError> {
        self.connection.execute_batch("VACUUM; PRAGMA shrink_memory;")?;
        if !self.cut_log()? {
            return Ok(false);
        }
        self.connection.execute("DELETE FROM setting WHERE name = 'unwiped'", [])?;
        Ok(true)
    }

    /// Moves the write-ahead log into the file and cuts it to nothing. `false` when somebody read just then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cut_log(&self) -> Result<bool, StoreError> {
        let is_busy: bool =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(!is_busy)
    }

    /// Moves the write-ahead log into the file when it has grown over `log_bytes`, unless somebody reads just then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn checkpoint_if_over(&self, log_bytes: u64) -> Result<(), StoreError> {
        checkpoint_if_over(&self.connection, log_bytes)
    }

    /// The application keys of every card that is loaded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn application_keys(&self) -> Result<ApplicationKeys, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT key, application_key FROM card WHERE application_key IS NOT NULL")?;
        let rows = statement.query_map([], |row| {
            let key: Vec<u8> = row.get(1)?;
            Ok((CardKey::from_bytes(row.get(0)?), key.into_boxed_slice()))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn row_count(of: &Transaction<'_>) -> Result<usize, StoreError> {
    let mut statement =
        of.prepare_cached("SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM card)")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Says of every part that lost a row to another one that it is not whole any more.
fn note_losses(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE part SET is_whole = 0 WHERE is_whole = 1 AND rows !=
            (SELECT count(*) FROM person WHERE person.part = part.id)
            + (SELECT count(*) FROM card WHERE card.part = part.id)",
        [],
    )?;
    Ok(())
}

/// Said in the transaction that unloads: what a power cut leaves behind is wiped at the next start.
fn mark_unwiped(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    transaction.execute("INSERT OR REPLACE INTO setting (name, value) VALUES ('unwiped', x'01')", [])?;
    Ok(())
}

fn insert_person(to: &Transaction<'_>, part: i64, position: u32, person: &Person) -> Result<(), StoreError> {
    to.prepare_cached(
        "INSERT OR REPLACE INTO person (id, part, position, household, district, block, name, kana,
            called_name, relation, hidden, watch, birth, sex, address, support, on_register)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?
    .execute(rusqlite::params![
        person.id.as_bytes(),
        part,
        position,
        person.household.as_ref().map(HouseholdId::as_bytes),
        &person.district,
        &person.group,
        person.name.expose(),
        person.kana.expose(),
        person.called_name.as_ref().map(PersonalText::expose),
        person.relation.expose(),
        person.hidden,
        person.watch,
        person.birth.map(u32::from),
        person.sex.code(),
        person.address.expose(),
        person.support.bits(),
        person.on_register,
    ])?;
    Ok(())
}

fn insert_card(to: &Transaction<'_>, part: i64, key: &TownKey, card: &Card) -> Result<(), StoreError> {
    let (card_key, derived) = match <[u8; 16]>::try_from(card.identity.as_slice()) {
        // Nobody knows its key: its row is found by the id that the card gives.
        Ok(derived) if card.kind == TokenKind::FieldLink => {
            (key.card_key(card.kind, &derived), PersonId::from_bytes(derived))
        }
        Ok(_) | Err(_) => {
            let card_key = key.card_key(card.kind, &card.identity);
            (card_key, key.person_of_unknown_card(card_key))
        }
    };
    to.prepare_cached(
        "INSERT OR REPLACE INTO card (key, part, person, binding, application_key, stopped, derived)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        card_key.as_bytes(),
        part,
        card.person.as_bytes(),
        card.binding.code(),
        card.application_key.as_deref(),
        card.stopped.map(UnixMillis::get),
        derived.as_bytes(),
    ))?;
    Ok(())
}
