//! What a card was asked, without what was said.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use hinamori_card::StatusWord;

/// One exchange: the header, lengths and the status word. The type has no room for data bytes, so a PIN
/// cannot get into a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedCommand {
    /// CLA INS P1 P2.
    pub header: [u8; 4],
    /// Bytes of command data (Lc).
    pub data_length: usize,
    /// Bytes of answer before the status word.
    pub answer_length: usize,
    /// The status word; none when the card was torn away or stayed mute.
    pub status: Option<StatusWord>,
}

impl LoggedCommand {
    /// The instruction byte.
    pub fn instruction(&self) -> u8 {
        let [_, instruction, _, _] = self.header;
        instruction
    }

    /// A VERIFY that presents a secret, hence can cost a try. (Without data it only asks for the tries.)
    pub fn presents_a_secret(&self) -> bool {
        self.instruction() == 0x20 && self.data_length > 0
    }
}

impl fmt::Display for LoggedCommand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.header {
            write!(out, "{byte:02X} ")?;
        }
        write!(out, "Lc={} -> {} B ", self.data_length, self.answer_length)?;
        match self.status {
            Some(status) => write!(out, "{status}"),
            None => out.write_str("(no answer)"),
        }
    }
}

/// A shared log: the test keeps one handle, the card writes through another.
#[derive(Debug, Clone, Default)]
pub struct CommandLog(Arc<Mutex<Vec<LoggedCommand>>>);

impl CommandLog {
    pub(crate) fn push(&self, entry: LoggedCommand) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Everything logged so far, oldest first.
    pub fn entries(&self) -> Vec<LoggedCommand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many commands the card received.
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Nothing was sent yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many VERIFY commands presented a PIN, password or check number.
    pub fn secrets_presented(&self) -> usize {
        self.entries().iter().filter(|entry| entry.presents_a_secret()).count()
    }

    /// Forgets what was logged.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
