//! Orders that officers sign in advance: in the file of alerts, so that neither a signature nor what households will be told is lost in
//! the ninety days.

use hinamori_alert::Instruction;

use crate::alerts::{from_bytes, to_bytes};
use crate::{AlertStore, StoreError};

/// One of them, whether enough officers signed it yet or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRelease {
    /// What its officers sign.
    pub digest: [u8; 32],
    /// Its bytes with their signatures.
    pub prepared: Vec<u8>,
    /// The exact bytes of the alert that waits for its trigger.
    pub template: Vec<u8>,
    /// What the desk shows of it; no person is in it.
    pub about: String,
    /// What each household will be told.
    pub instructions: Vec<Instruction>,
}

impl AlertStore {
    /// Keeps a release, with whoever signed it until now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn put_release(&self, release: &StoredRelease) -> Result<(), StoreError> {
        let StoredRelease { digest, prepared, template, about, instructions } = release;
        let sealed = self.cover.seal_bytes(&self.cover.message(digest), to_bytes(instructions))?;
        self.connection.execute(
            "INSERT OR REPLACE INTO prepared_release VALUES (?1, ?2, ?3, ?4, ?5)",
            (digest, prepared, template, about, sealed),
        )?;
        Ok(())
    }

    /// Forgets a release that was withdrawn, or that another one stands for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_release(&self, digest: &[u8; 32]) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM prepared_release WHERE digest = ?1", [digest])?;
        Ok(())
    }

    /// Notes that an officer on duty dropped what a trigger released: which envelope, and what the desk shows of it. It is never forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_dropped(&self, digest: &[u8; 32], about: &str) -> Result<(), StoreError> {
        self.connection.execute("INSERT OR IGNORE INTO dropped_release VALUES (?1, ?2)", (digest, about))?;
        Ok(())
    }

    /// What the desk shows of everything that was dropped, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn dropped(&self) -> Result<Vec<String>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT about FROM dropped_release ORDER BY rowid")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Notes that nobody was told of what a trigger released: which envelope, in hexadecimal, and what the desk shows of it. It is never
    /// forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_unsent(&self, digest: &str, about: &str) -> Result<(), StoreError> {
        self.connection.execute("INSERT OR IGNORE INTO unsent_release VALUES (?1, ?2)", (digest, about))?;
        Ok(())
    }

    /// What the desk shows of all of them, the earliest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsent(&self) -> Result<Vec<String>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT about FROM unsent_release ORDER BY rowid")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Every release.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn releases(&self) -> Result<Vec<StoredRelease>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT digest, prepared, template, about, instructions FROM prepared_release ORDER BY rowid",
        )?;
        let read = |row: &rusqlite::Row<'_>| {
            let release = StoredRelease {
                digest: row.get(0)?,
                prepared: row.get(1)?,
                template: row.get(2)?,
                about: row.get(3)?,
                instructions: Vec::new(),
            };
            Ok((release, row.get::<_, Vec<u8>>(4)?))
        };
        let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        let opened = rows.into_iter().map(|(release, sealed)| {
            let bytes = self.cover.open_bytes(&self.cover.message(&release.digest), &sealed)?;
            // Nobody can be told by one of a form of another version: it is not there, and is signed anew.
            Ok(from_bytes(&bytes).map(|instructions| StoredRelease { instructions, ..release }))
        });
        opened.filter_map(Result::transpose).collect()
    }
}

#[cfg(test)]
mod tests {
    use hinamori_model::{HouseholdId, UnixMillis};

    use super::*;
    use crate::FileKey;

    #[test]
    fn a_release_is_there_after_a_restart_with_its_latest_signature_and_without_a_name_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alerts.sqlite");
        let open = || AlertStore::open(&file, &FileKey::new([1; 32]), UnixMillis::new(1)).unwrap();
        let told = Instruction {
            household: HouseholdId::from_bytes([3; 16]),
            salt: [4; 16],
            content: b"Hanako-san, run".into(),
        };
        let release = |digest, prepared: &[u8]| StoredRelease {
            digest: [digest; 32],
            prepared: prepared.to_vec(),
            template: b"<alert/>".to_vec(),
            about: "{}".to_owned(),
            instructions: vec![told.clone()],
        };
        let store = open();
        store.put_release(&release(1, b"one officer")).unwrap();
        store.put_release(&release(2, b"")).unwrap();
        store.put_release(&release(1, b"two officers")).unwrap();
        drop(store);
        let store = open();
        let mut known = store.releases().unwrap();
        known.sort_by_key(|release| release.digest);
        assert_eq!(known, [release(1, b"two officers"), release(2, b"")]);
        store.drop_release(&[1; 32]).unwrap();
        assert_eq!(store.releases().unwrap(), [release(2, b"")]);
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(6).any(|part| part == b"Hanako"));
        }
    }
}
