//! What this crate needs from whoever holds the card.

use thiserror::Error;

use crate::{Command, Response, ResponseError};

/// A card that was laid on a reader and is held exclusively for as long as this value is borrowed.
pub trait Transport {
    /// Sends one command, exactly once, and waits for the reply. An implementation never repeats a
    /// command by itself: a repeated VERIFY costs the holder a try.
    ///
    /// # Errors
    /// When no reply came. Whether the card carried the command out is then unknown.
    fn transmit(&mut self, command: &Command) -> Result<Response, TransportError>;
}

/// Why no reply came. A status word that tells of a failure is a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TransportError {
    /// The card left the reader, or was reset, in the middle. The dialogue starts again or not at all.
    #[error("the card was taken away in the middle")]
    TornAway,
    /// The card does not answer in time.
    #[error("the card does not answer")]
    Mute,
    /// Another program holds the card.
    #[error("another program holds the card")]
    Busy,
    /// The reader, or the service between it and us, failed.
    #[error("the reader failed")]
    ReaderFault,
    /// Bytes came that are no reply.
    #[error("the reader sent something that is no reply")]
    MalformedReply(#[source] ResponseError),
}

impl From<ResponseError> for TransportError {
    fn from(error: ResponseError) -> Self {
        Self::MalformedReply(error)
    }
}
