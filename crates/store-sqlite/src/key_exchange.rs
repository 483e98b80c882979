//! Two key tables that tell each other what is new.

use hinamori_sync::{KeyMark, KeyRows};
use rusqlite::OptionalExtension;

use crate::keys::absorb;
use crate::{Absorbed, KeyRow, KeyTable, StoreError};

/// Rows in one message: a person's key takes 102 bytes in it.
const ROWS: u32 = 512;
/// Bytes of a mark as a setting.
const MARK: usize = 16 + 8 + 16;

/// How far a peer was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    serial: u64,
    /// Up to here everything is told, also what came from peers: this one knows nothing of the table.
    everything_to: u64,
}

/// To whom a table tells what.
impl KeyTable {
    /// The random id that was made with the file.
    fn table(&self) -> Result<[u8; 16], StoreError> {
        self.connection
            .execute("INSERT OR IGNORE INTO setting (name, value) VALUES ('table', randomblob(16))", [])?;
        Ok(self
            .connection
            .query_row("SELECT value FROM setting WHERE name = 'table'", [], |row| row.get(0))?)
    }

    /// The serial of the newest row; 0 for an empty table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest(&self) -> Result<u64, StoreError> {
        let mut newest = self.connection.prepare_cached("SELECT coalesce(max(serial), 0) FROM entry")?;
        Ok(newest.query_row([], |row| row.get(0))?)
    }

    /// Where to go on with a peer that has absorbed this table up to `mark`: at the beginning for one that has not, and for one
    /// that absorbed rows which are not these, or came after others, because this file was brought back from a copy.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn place_after(&self, mark: Option<KeyMark>) -> Result<Place, StoreError> {
        let beginning = Place { serial: 0, everything_to: self.newest()? };
        let Some(KeyMark { table, serial, row }) = mark else { return Ok(beginning) };
        let held: Option<[u8; 16]> = self
            .connection
            .query_row("SELECT mark FROM entry WHERE serial = ?1", [signed(serial)], |row| row.get(0))
            .optional()?;
        let is_ours = table == self.table()? && held == Some(row);
        Ok(if is_ours { Place { serial, everything_to: 0 } } else { beginning })
    }

    /// What the peer at `place` is told next, and moves the place on. A box says `of_peers_too = false`: its server told it
    /// those rows. `may` says which rows the peer may have. `None` when nothing is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tell(
        &self,
        place: &mut Place,
        of_peers_too: bool,
        may: impl Fn(&KeyRow) -> bool,
    ) -> Result<Option<KeyRows>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT serial, id, sealed, mark FROM entry
             WHERE serial > ?1 AND (own OR ?2 OR serial <= ?3) ORDER BY serial LIMIT ?4",
        )?;
        let mut found =
            statement.query((signed(place.serial), of_peers_too, signed(place.everything_to), ROWS))?;
        let (mut rows, mut upto) = (Vec::new(), None);
        while let Some(row) = found.next()? {
            let (serial, id): (u64, [u8; 16]) = (row.get(0)?, row.get(1)?);
            let known = self.cover.open(&id, &row.get::<_, Vec<u8>>(2)?)?;
            if may(&known) {
                rows.push(known.to_bytes());
            }
            upto = Some((serial, row.get(3)?));
        }
        let Some((serial, row)) = upto else {
            // What peers told need not be looked through again.
            place.serial = place.serial.max(self.newest()?);
            return Ok(None);
        };
        place.serial = serial;
        let mark = KeyMark { table: self.table()?, serial, row };
        Ok(KeyRows::new(rows, mark))
    }

    /// How far the table of the peer with this name was absorbed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn absorbed_of(&self, peer: &str) -> Result<Option<KeyMark>, StoreError> {
        let stored: Option<Vec<u8>> = self
            .connection
            .prepare_cached("SELECT value FROM setting WHERE name = ?1")?
            .query_row([setting(peer)], |row| row.get(0))
            .optional()?;
        Ok(stored.as_deref().and_then(mark_of))
    }

    /// [`KeyTable::absorb`], and remembers how far this peer's table was absorbed.
    ///
    /// # Errors
    /// As [`KeyTable::absorb`].
    pub fn absorb_of(&mut self, peer: &str, rows: &[KeyRow], upto: KeyMark) -> Result<Absorbed, StoreError> {
        let transaction = self.connection.transaction()?;
        let absorbed = absorb(&transaction, &self.cover, rows)?;
        let KeyMark { table, serial, row } = upto;
        let mark = [table.as_slice(), &serial.to_be_bytes(), &row].concat();
        transaction
            .prepare_cached("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)")?
            .execute((setting(peer), mark))?;
        transaction.commit()?;
        self.after_absorbing(rows)?;
        Ok(absorbed)
    }
}

fn setting(peer: &str) -> String {
    format!("absorbed of {peer}")
}

fn mark_of(bytes: &[u8]) -> Option<KeyMark> {
    let bytes: &[u8; MARK] = bytes.try_into().ok()?;
    let (table, rest) = bytes.split_first_chunk()?;
    let (serial, row) = rest.split_first_chunk()?;
    Some(KeyMark { table: *table, serial: u64::from_be_bytes(*serial), row: row.try_into().ok()? })
}

/// SQLite's integers are signed; a peer may name any number.
fn signed(serial: u64) -> i64 {
    i64::try_from(serial).unwrap_or(i64::MAX)
}
