//! What is stored on a card: applications, elementary files, and who may use them.

use std::collections::BTreeMap;

use crate::ca::Key;
use hinamori_card::StatusWord;

/// An elementary file by its 16-bit identifier.
pub type FileId = u16;

/// Who may read a file or use a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Free,
    /// Whoever presented one of these PIN files' secrets since the application was selected.
    After(Vec<FileId>),
}

/// How a key answers the command that uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyCommand {
    /// `80 2A 00 80|sfi`: the selected or named key pads and signs (the My Number card's certificate keys).
    JpkiSignature,
    /// `80 2A 00 00`: the application's own key pads and signs, without any credential (its chip proof).
    ChipProof,
    /// `00 22 41 B6` chooses the key, `00 2A 9E 9A` signs a block that the host padded (HPKI).
    Iso7816Signature,
}

/// How long one presentation of the PIN serves a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinLife {
    /// Until another application is selected or the card loses power.
    WhileSelected,
    /// For one signature (keys for non-repudiation).
    OneSignature,
}

/// A private key in a file.
#[derive(Debug, Clone)]
pub struct KeyFile {
    pub(crate) key: Key,
    pub(crate) access: Access,
    pub(crate) command: KeyCommand,
    pub(crate) pin_life: PinLife,
}

/// A PIN, password or check number with its counter. The secret is not printed.
#[derive(Clone)]
pub struct PinFile {
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) limit: u8,
    pub(crate) left: u8,
}

impl PinFile {
    /// A secret with `limit` tries, all of them left.
    pub fn new(secret: &str, limit: u8) -> Self {
        Self { secret: Some(secret.as_bytes().to_vec()), limit, left: limit }
    }

    /// A file whose secret was never set: every query says 63C0, every try 6984.
    pub fn never_set() -> Self {
        Self { secret: None, limit: 0, left: 0 }
    }

    /// Takes all tries away, as too many wrong ones would have.
    #[must_use]
    pub fn blocked(self) -> Self {
        Self { left: 0, ..self }
    }

    /// Presents `candidate`; a right one gives all tries back, a wrong one takes one.
    pub(crate) fn present(&mut self, candidate: &[u8], blocked: StatusWord) -> StatusWord {
        if self.left == 0 {
            return blocked;
        }
        if self.secret.as_deref() == Some(candidate) {
            self.left = self.limit;
            return StatusWord::Done;
        }
        self.left -= 1;
        StatusWord::TriesLeft(self.left)
    }
}

impl std::fmt::Debug for PinFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "PinFile(hidden, {} of {} tries)", self.left, self.limit)
    }
}

/// One elementary file.
#[derive(Debug, Clone)]
pub enum ElementaryFile {
    /// Bytes, read by offset.
    Transparent {
        /// All bytes, filler included.
        content: Vec<u8>,
        /// Who may read.
        access: Access,
    },
    /// Numbered records, from 1.
    Records(Vec<Vec<u8>>),
    /// A PIN, password or check number.
    Pin(PinFile),
    /// A private key.
    Key(KeyFile),
}

impl ElementaryFile {
    /// A file that everybody may read.
    pub fn free(content: Vec<u8>) -> Self {
        Self::Transparent { content, access: Access::Free }
    }

    /// A file that can be read after one of `pins` was presented.
    pub fn guarded(content: Vec<u8>, pins: &[FileId]) -> Self {
        Self::Transparent { content, access: Access::After(pins.to_vec()) }
    }
}

/// An application (applet) of the card.
#[derive(Debug, Clone)]
pub struct Applet {
    /// The application identifier.
    pub aid: Vec<u8>,
    /// Elementary files.
    pub files: BTreeMap<FileId, ElementaryFile>,
    /// Short identifiers that differ from the low five bits of the file identifier.
    pub short_ids: BTreeMap<u8, FileId>,
    /// What a try at a blocked PIN is told.
    pub blocked_status: StatusWord,
}

impl Applet {
    /// An application without files.
    pub fn new(aid: &[u8]) -> Self {
        Self {
            aid: aid.to_vec(),
            files: BTreeMap::new(),
            short_ids: BTreeMap::new(),
            blocked_status: StatusWord::ReferenceBlocked,
        }
    }

    /// Adds or replaces a file.
    #[must_use]
    pub fn with(mut self, id: FileId, file: ElementaryFile) -> Self {
        self.files.insert(id, file);
        self
    }

    /// The file that a short identifier of 1..30 means.
    pub(crate) fn file_of_short_id(&self, short_id: u8) -> Option<FileId> {
        let same = FileId::from(short_id);
        self.short_ids.get(&short_id).copied().or_else(|| self.files.contains_key(&same).then_some(same))
    }

    pub(crate) fn key_for(&self, command: KeyCommand) -> Option<&KeyFile> {
        self.files.values().find_map(|file| match file {
            ElementaryFile::Key(key) if key.command == command => Some(key),
            _ => None,
        })
    }
}
