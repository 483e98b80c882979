//! PINs, passwords and check numbers.

use thiserror::Error;

/// Why a text is no PIN of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CredentialError {
    /// Too short or too long.
    #[error("{length} characters, but {minimum} to {maximum} are needed")]
    Length {
        /// Characters given.
        length: usize,
        /// At least.
        minimum: usize,
        /// At most.
        maximum: usize,
    },
    /// A character that this kind does not have.
    #[error("a character that is not allowed here")]
    Character,
}
