//! An alert that waits for its officers. It is fixed: whoever wants another text drops it.

use hinamori_alert::{Envelope, Instruction, Instructions, KeyClass, MessageKind, ValidAlert};
use hinamori_model::{BoxId, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::alerts::officers::Officer;
use crate::hex;

/// How long a draft waits. Its time stands in it: what waited longer would begin with minutes that are gone.
const WAITS_MILLIS: u64 = 10 * 60_000;
/// What a trigger released waits longer for an officer on duty: the agency's warning stands, and somebody has to be woken.
const RELEASED_WAITS_MILLIS: u64 = 60 * 60_000;
/// A cancel by one officer: receivers refuse one that is older than two minutes.
const CANCEL_WAITS_MILLIS: u64 = 100_000;

/// A draft.
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) envelope: Envelope,
    pub(crate) digest: [u8; 32],
    pub(crate) bytes: Vec<u8>,
    pub(crate) valid: ValidAlert,
    pub(crate) instructions: Vec<Instruction>,
    /// What binds them, and where each stands in it.
    pub(crate) together: (Instructions, Vec<u32>),
    /// The content of one household, without names.
    pub(crate) sample: serde_json::Value,
    pub(crate) about: About,
    /// How many officers have to sign.
    pub(crate) needed: usize,
}

impl Draft {
    /// When it is dropped by itself.
    pub(crate) fn dropped_at(&self) -> UnixMillis {
        let alone = matches!(self.envelope.message, MessageKind::Cancel) && self.needed == 1;
        match &self.envelope.release {
            // It comes again after a restart, and gets no second hour.
            Some(_) => self.about.made.min(self.envelope.sent).plus(RELEASED_WAITS_MILLIS),
            None if alone => self.about.made.plus(CANCEL_WAITS_MILLIS),
            None => self.about.made.plus(WAITS_MILLIS),
        }
    }

    /// Its digest in hexadecimal.
    pub(crate) fn name(&self) -> String {
        hex::text(&self.digest)
    }

    pub(crate) fn is_over(&self, now: UnixMillis) -> bool {
        self.dropped_at() < now
    }

    pub(crate) fn has_signed(&self, officer: u32) -> bool {
        self.about.signed.iter().any(|signed| signed.officer == officer)
    }
}

/// What the desk shows of a message, and keeps of it. No person is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) is_exercise: bool,
    pub(crate) prepared: String,
    pub(crate) label: String,
    pub(crate) title: String,
    pub(crate) districts: Vec<String>,
    pub(crate) places: Vec<String>,
    pub(crate) reasons: Vec<Reason>,
    /// When the tsunami was expected.
    pub(crate) arrives: Option<UnixMillis>,
    /// The order before it once more, for those who have not arrived.
    pub(crate) again: bool,
    pub(crate) households: u32,
    pub(crate) people: u32,
    pub(crate) made: UnixMillis,
    /// The digest of the first message of its thread, in hexadecimal; nothing for the first one.
    pub(crate) thread: Option<String>,
    pub(crate) signed: Vec<Signed>,
    /// The box at which it was originated; nothing for the town hall's own.
    #[serde(default)]
    pub(crate) origin: Option<BoxId>,
    /// Of what was signed in advance: what released it.
    #[serde(default)]
    pub(crate) trigger: Option<Triggered>,
    /// When this server sent it, or took it from a box, by its own clock; nothing before that, and of what an earlier version sent.
    #[serde(default)]
    pub(crate) went_out: Option<UnixMillis>,
}

/// Which warning released something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Triggered {
    /// As JP-evac names it.
    pub(crate) kind: String,
    pub(crate) segment: u16,
    pub(crate) coast: String,
    /// SHA-256 of the agency's number of the event, in hexadecimal.
    pub(crate) event: String,
    /// Who signed it in advance.
    pub(crate) prepared_by: Vec<Signed>,
}

impl About {
    pub(crate) const fn class(&self) -> KeyClass {
        if self.is_exercise { KeyClass::Exercise } else { KeyClass::Live }
    }
}

/// Why a place is used of which nobody knows whether it is safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    pub(crate) place: String,
    pub(crate) reason: String,
}

/// What an officer did, and when, as the desk shows it: a signature where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    pub(crate) officer: u32,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) at: UnixMillis,
}

impl Signed {
    pub(crate) fn by(officer: &Officer, at: UnixMillis) -> Self {
        let Officer { id, name, title, .. } = officer.clone();
        Self { officer: id, name, title, at }
    }
}
