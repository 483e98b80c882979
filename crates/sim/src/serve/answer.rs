//! What the desk is asked about and what it answers.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::tray::CardName;

/// A reader's name in the tray: what stands before `=` in `--reader`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReaderName(String);

/// No name of a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reader's name has 1 to 32 letters, digits and hyphens")]
pub struct ReaderNameError;

impl FromStr for ReaderName {
    type Err = ReaderNameError;

    fn from_str(text: &str) -> Result<Self, ReaderNameError> {
        let fits = (1..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(ReaderNameError) }
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Which presentation, of all since the start: so that the end of one cannot take off the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresentationId(pub(super) u64);

/// What a presentation came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Commands that the card received.
    pub commands: usize,
    /// It was gone before it was taken off: torn away, or the reader went away.
    pub torn: bool,
    /// VERIFY commands that presented a secret.
    pub secrets_presented: usize,
}

/// A reader with what lies on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lies {
    /// The reader.
    pub reader: ReaderName,
    /// The card.
    pub card: Option<CardName>,
}

/// Why nothing was done. The words are for the person at the tray.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No such card.
    #[error("there is no card {0} in the tray")]
    NoCard(String),
    /// No such reader.
    #[error("there is no reader {0}")]
    NoReader(String),
    /// The card lies on a reader.
    #[error("card {card} lies on reader {reader}; take it off first")]
    CardInUse {
        /// The card.
        card: CardName,
        /// Where it lies.
        reader: ReaderName,
    },
    /// Another card lies there.
    #[error("card {card} lies on reader {reader}; only one can")]
    ReaderInUse {
        /// The reader.
        reader: ReaderName,
        /// What lies there.
        card: CardName,
    },
    /// No card lies there.
    #[error("no card lies on reader {0}")]
    ReaderEmpty(ReaderName),
    /// The presentation ended by somebody else's hand.
    #[error("somebody else took card {0} off")]
    TakenByAnother(CardName),
    /// The reader's driver does not answer.
    #[error("reader {reader} is not there; does pcscd run?")]
    ReaderGone {
        /// The reader.
        reader: ReaderName,
        /// The system's answer.
        source: std::io::Error,
    },
}
