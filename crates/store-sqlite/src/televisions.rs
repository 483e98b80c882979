//! What a box keeps for televisions on its network: whose they are, what their households are told, what they answered, and the latest
//! heartbeat of the town hall.
//!
//! What households are told is sealed under the file's key: the names by which people want to be called are in it.

use std::collections::BTreeMap;
use std::path::Path;

use hinamori_model::{HouseholdId, TelevisionAnswer, UnixMillis};
use hinamori_sync::{CarriedAnswer, CarriedInstruction, CarriedTelevision};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::StoreError;
use crate::key_row::{Cover, FileKey};
use crate::schema::Family;
use crate::store::{checkpoint_if_over, open_durable};

const FOREIGN: StoreError = StoreError::ForeignValue { what: "row of televisions" };
const BEAT: &str = "beat";
const TOWN: &str = "town";
/// Bytes of the write-ahead log.
const LONG_LOG: u64 = 1 << 20;

/// What households, by the digest of the message's envelope, are told.
pub type ToldByMessage = BTreeMap<([u8; 32], HouseholdId), CarriedInstruction>;

/// The file.
pub struct TelevisionStore {
    connection: Connection,
    cover: Cover,
}

impl TelevisionStore {
    /// Opens or makes the file at `path`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path, key: &FileKey) -> Result<Self, StoreError> {
        Ok(Self { connection: open_durable(path, &Family::Televisions)?, cover: Cover::new(key)? })
    }

    /// From now on it is of the town with this root: of another one nothing stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn belong_to(&mut self, root: &[u8; 32]) -> Result<(), StoreError> {
        if self.setting(TOWN)?.as_deref() == Some(root) {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(
            "DELETE FROM television; DELETE FROM told; DELETE FROM answer; DELETE FROM setting;",
        )?;
        transaction.execute("INSERT INTO setting VALUES (?1, ?2)", (TOWN, root))?;
        Ok(transaction.commit()?)
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
        Ok(statement.query_row([name], |row| row.get(0)).optional()?)
    }

    /// The latest heartbeat that was kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn beat(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.setting(BEAT)
    }

    /// Keeps a heartbeat.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_beat(&self, beat: &[u8]) -> Result<(), StoreError> {
        self.connection.execute("INSERT OR REPLACE INTO setting VALUES (?1, ?2)", (BEAT, beat))?;
        Ok(())
    }

    /// Every television that the town hall named.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn televisions(&self) -> Result<Vec<CarriedTelevision>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT token, code, household FROM television")?;
        let read = |row: &Row<'_>| {
            let household: Option<[u8; 16]> = row.get(2)?;
            let household = household.map(HouseholdId::from_bytes);
            Ok(CarriedTelevision { token: row.get(0)?, code: row.get(1)?, household })
        };
        Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
    }

    /// Goes by what the town hall says: these, and no others. What households are told goes with the last of their televisions.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn set_televisions(&mut self, all: &[CarriedTelevision]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM television", [])?;
        {
            let mut statement =
                transaction.prepare_cached("INSERT OR REPLACE INTO television VALUES (?1, ?2, ?3)")?;
            for CarriedTelevision { token, code, household } in all {
                statement.execute((token, code, household.as_ref().map(HouseholdId::as_bytes)))?;
            }
        }
        transaction.execute(
            "DELETE FROM told WHERE household <> ?1 AND household NOT IN
                 (SELECT household FROM television WHERE household IS NOT NULL)",
            [hinamori_alert::EVERYBODY.as_bytes()],
        )?;
        Ok(transaction.commit()?)
    }

    /// What households, and everybody, are told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn told(&self) -> Result<ToldByMessage, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT message, household, instruction FROM told")?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?));
        let rows: Vec<([u8; 32], [u8; 16], _)> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        let opened = rows.into_iter().map(|(message, household, sealed)| {
            let household = HouseholdId::from_bytes(household);
            let bytes = self.cover.open_bytes(&self.cover.told(&message, household), &sealed)?;
            let (length, rest) = bytes.split_first_chunk::<4>().ok_or(FOREIGN)?;
            let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_too_long| FOREIGN)?;
            let (leaf, path) = rest.split_at_checked(length).ok_or(FOREIGN)?;
            Ok(((message, household), CarriedInstruction { leaf: leaf.to_vec(), path: path.to_vec() }))
        });
        opened.collect()
    }

    /// Keeps what a household is told of a message.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_told(&mut self, told: &ToldByMessage) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for ((message, household), CarriedInstruction { leaf, path }) in told {
            let length = u32::try_from(leaf.len()).map_err(|_too_long| FOREIGN)?.to_be_bytes();
            let bytes = [length.as_slice(), leaf, path].concat();
            let sealed = self.cover.seal_bytes(&self.cover.told(message, *household), bytes)?;
            transaction.execute(
                "INSERT OR REPLACE INTO told VALUES (?1, ?2, ?3)",
                (message, household.as_bytes(), sealed),
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// Forgets what was told of messages, and what was answered, that are not among these; never an answer that the town hall lacks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_all_but(&mut self, messages: &[[u8; 32]]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for (select, delete) in [
            ("SELECT DISTINCT message FROM told", "DELETE FROM told WHERE message = ?1"),
            (
                "SELECT DISTINCT message FROM answer WHERE is_taken",
                "DELETE FROM answer WHERE message = ?1 AND is_taken",
            ),
        ] {
            let known: Vec<[u8; 32]> = transaction
                .prepare_cached(select)?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for gone in known.iter().filter(|known| !messages.contains(known)) {
                transaction.execute(delete, [gone])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Keeps answers, all in one commit: durable when this returns. The first of its kind stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_answers(&mut self, answers: &[CarriedAnswer]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        {
            let mut statement =
                transaction.prepare_cached("INSERT OR IGNORE INTO answer VALUES (?1, ?2, ?3, ?4, FALSE)")?;
            for CarriedAnswer { message, household, answer, at } in answers {
                statement.execute((message, household.as_bytes(), *answer as u8, at.get()))?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// The town hall has these.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answers_taken(&mut self, answers: &[CarriedAnswer]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for CarriedAnswer { message, household, answer, at: _ } in answers {
            transaction.execute(
                "UPDATE answer SET is_taken = TRUE WHERE message = ?1 AND household = ?2 AND answer = ?3",
                (message, household.as_bytes(), *answer as u8),
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// Every answer, and whether the town hall has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answers(&self) -> Result<Vec<(CarriedAnswer, bool)>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT message, household, answer, at, is_taken FROM answer")?;
        let read = |row: &Row<'_>| {
            let household = HouseholdId::from_bytes(row.get(1)?);
            Ok((row.get(0)?, household, row.get::<_, u8>(2)?, row.get::<_, u64>(3)?, row.get(4)?))
        };
        let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        let answer = |(message, household, answer, at, is_taken)| {
            let of = |known: &TelevisionAnswer| *known as u8 == answer;
            let answer = TelevisionAnswer::ALL.into_iter().find(of).ok_or(FOREIGN)?;
            Ok((CarriedAnswer { message, household, answer, at: UnixMillis::new(at) }, is_taken))
        };
        rows.into_iter().map(answer).collect()
    }

    /// Moves a long log into the file; to be called while nobody waits. What fails is tried again the next time.
    pub fn tidy(&self) {
        checkpoint_if_over(&self.connection, LONG_LOG).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use hinamori_alert::EVERYBODY;

    use super::*;

    const TOWN_ROOT: [u8; 32] = [8; 32];

    fn open(file: &Path) -> TelevisionStore {
        let mut store = TelevisionStore::open(file, &FileKey::new([1; 32])).unwrap();
        store.belong_to(&TOWN_ROOT).unwrap();
        store
    }

    #[test]
    fn what_is_kept_for_televisions_is_there_after_a_restart_and_gone_with_the_town() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("televisions.sqlite");
        let home = HouseholdId::from_bytes([7; 16]);
        let told = |text: &str| CarriedInstruction { leaf: text.into(), path: vec![1, 2] };
        let all: ToldByMessage =
            [(([3; 32], home), told("花子さん")), (([3; 32], EVERYBODY), told("みなさん"))].into();
        let set = CarriedTelevision { token: [5; 32], code: None, household: Some(home) };
        let going = CarriedAnswer {
            message: [3; 32],
            household: home,
            answer: TelevisionAnswer::Going,
            at: UnixMillis::new(9),
        };
        let help = CarriedAnswer { answer: TelevisionAnswer::Help, ..going };
        let mut store = open(&file);
        store.set_beat(&[4; 84]).unwrap();
        store.set_televisions(&[set]).unwrap();
        store.add_told(&all).unwrap();
        store.add_answers(&[going, help, CarriedAnswer { at: UnixMillis::new(8), ..going }]).unwrap();
        store.answers_taken(&[going]).unwrap();
        drop(store);
        let bytes = [
            std::fs::read(&file).unwrap(),
            std::fs::read(file.with_extension("sqlite-wal")).unwrap_or_default(),
        ];
        let name = "花子さん".as_bytes();
        assert!(!bytes.concat().windows(name.len()).any(|part| part == name), "a name stands in clear");

        let mut store = open(&file);
        assert_eq!((store.beat().unwrap(), store.televisions().unwrap()), (Some(vec![4; 84]), vec![set]));
        assert_eq!(store.told().unwrap(), all);
        assert_eq!(store.answers().unwrap(), [(going, true), (help, false)]);
        store.forget_all_but(&[]).unwrap();
        assert_eq!(store.told().unwrap().len(), 0);
        assert_eq!(store.answers().unwrap(), [(help, false)], "what the town hall lacks stays");

        store.add_told(&all).unwrap();
        store.set_televisions(&[]).unwrap();
        assert_eq!(store.told().unwrap().into_keys().collect::<Vec<_>>(), [([3; 32], EVERYBODY)]);
        store.belong_to(&[9; 32]).unwrap();
        assert!(store.told().unwrap().is_empty() && store.answers().unwrap().is_empty());
        assert_eq!(store.beat().unwrap(), None);
    }
}
