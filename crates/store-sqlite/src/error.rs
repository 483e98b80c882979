//! What the disk may answer.

use rusqlite::ErrorCode;

/// Why the store could not do it. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// The file is damaged: it is kept as it is, somebody must look.
    #[error("the database file is damaged")]
    Damaged(#[source] rusqlite::Error),
    /// A newer program wrote the file.
    #[error("the database has schema {found}, this program knows {known}")]
    NewerSchema {
        /// Version in the file.
        found: u32,
        /// Version of this program.
        known: u32,
    },
    /// A stored value does not fit its type: the file was written by something else.
    #[error("a stored {what} has no form of ours")]
    ForeignValue {
        /// Which column.
        what: &'static str,
    },
    /// A change is not the next one of its actor: somebody else writes under this box's name, on a copy of its disk.
    #[error("change {sequence} of this box is not the next one: {held} are held")]
    NotNext {
        /// Its sequence.
        sequence: u32,
        /// The largest sequence held.
        held: u32,
    },
    /// The key table was written under another file key: it is kept as it is.
    #[error("the key table was written under another key")]
    OtherFileKey,
    /// Anything else that SQLite reports.
    #[error("the database could not be read or written")]
    Other(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error),
            _ => Self::Other(error),
        }
    }
}
