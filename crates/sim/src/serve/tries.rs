//! PIN counters that outlive the process, as those of real cards outlive a power cut.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::tray::CardName;

/// Tries left of the PINs of one card, as [`crate::virtual_card::VirtualCard::pin_tries`] names them.
type Tries = BTreeMap<String, u8>;

/// The counters of all cards, in a file if there is a folder for it.
#[derive(Debug, Default)]
pub struct KeptTries {
    cards: BTreeMap<CardName, Tries>,
    file: Option<PathBuf>,
}

/// Why counters are not kept.
#[derive(Debug, thiserror::Error)]
pub enum TriesError {
    /// The folder or file cannot be used.
    #[error("cannot keep PIN counters in {file}")]
    File {
        /// Which.
        file: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The file is damaged; without it all cards are new again.
    #[error("{file} holds no PIN counters; delete it to begin anew")]
    Damaged {
        /// Which.
        file: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
}

impl KeptTries {
    /// The counters kept in `folder`, which is made when it is not there.
    ///
    /// # Errors
    /// [`TriesError`].
    pub fn open(folder: &Path) -> Result<Self, TriesError> {
        let file = folder.join("pin-tries.json");
        let failed = |source| TriesError::File { file: file.clone(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let cards = match std::fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|source| TriesError::Damaged { file: file.clone(), source })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { cards, file: Some(file) })
    }

    /// The counters of a card, if it was ever used.
    pub fn of(&self, card: &CardName) -> Option<&Tries> {
        self.cards.get(card)
    }

    /// Keeps what a presentation left.
    ///
    /// # Errors
    /// [`TriesError`]; the counters hold for as long as this value lives.
    pub fn keep(&mut self, card: &CardName, tries: Tries) -> Result<(), TriesError> {
        if self.cards.get(card) == Some(&tries) {
            return Ok(());
        }
        self.cards.insert(card.clone(), tries);
        let Some(file) = &self.file else { return Ok(()) };
        let failed = |source| TriesError::File { file: file.clone(), source };
        let text = serde_json::to_vec_pretty(&self.cards)
            .map_err(|source| TriesError::Damaged { file: file.clone(), source })?;
        // A half-written file would make all cards unusable at the next start.
        let beside = file.with_extension("new");
        std::fs::write(&beside, text).map_err(failed)?;
        std::fs::rename(&beside, file).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_come_back_and_a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let card: CardName = "hanako".parse().unwrap();
        let tries = Tries::from([("AID/0018".to_owned(), 2)]);
        let mut kept = KeptTries::open(folder.path()).unwrap();
        assert_eq!(kept.of(&card), None);
        kept.keep(&card, tries.clone()).unwrap();
        assert_eq!(KeptTries::open(folder.path()).unwrap().of(&card), Some(&tries));
        std::fs::write(folder.path().join("pin-tries.json"), "{").unwrap();
        assert!(matches!(KeptTries::open(folder.path()), Err(TriesError::Damaged { .. })));
    }
}
