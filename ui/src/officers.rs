//! How far officers are with what they say or sign here. Forgotten as one when the page is left: the daemon keeps the drafts.

use std::collections::BTreeSet;

use hinamori_ipc::{
    AlertClass, AlertDesk, AlertDraft, AlertKind, AlertRefusal, AlertThread, Arrival, PreparedChoice,
};

/// Everything that the pages of officers know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OfficerPages {
    /// What can be said, `None` until it arrives.
    pub desk: Option<AlertDesk>,
    /// How far they are.
    pub step: OfficerStep,
    /// Why nothing was signed.
    pub refusal: Option<AlertRefusal>,
    /// Keys were made: what is read out to the town hall.
    pub words: Option<[String; 3]>,
}

/// One step after the other; back leads to the one before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OfficerStep {
    /// Whether it is real, what waits, and what is out.
    #[default]
    Start,
    /// Which of the prepared messages.
    Message {
        /// Whether it is real.
        class: AlertClass,
        /// What it changes; nothing for something new.
        thread: Option<String>,
    },
    /// For whom.
    Districts(Saying),
    /// Which places cannot be used.
    Places(Saying),
    /// When the tsunami comes.
    Arrival(Saying),
    /// What becomes of something that is out.
    Thread(String),
    /// What is to be signed, or just went out.
    Draft(Box<AlertDraft>),
    /// The PIN of whoever signs it, and then their card.
    Sign(Box<AlertDraft>),
    /// ためし署名: the officer's PIN, and then their card.
    Test,
    /// The card opened its keys.
    Tested,
}

/// What is being put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saying {
    /// Whether it is real.
    pub class: AlertClass,
    /// What it changes; nothing for something new.
    pub thread: Option<String>,
    /// Which message.
    pub message: String,
    /// The places of districts that were left out, in the order of the desk.
    pub left_out: BTreeSet<usize>,
    /// Places that cannot be used now.
    pub closed: BTreeSet<String>,
}

impl Saying {
    /// What it changes.
    pub fn changes<'a>(&self, desk: &'a AlertDesk) -> Option<&'a AlertThread> {
        let id = self.thread.as_deref()?;
        desk.threads.iter().find(|thread| thread.id == id)
    }

    /// The message.
    pub fn choice<'a>(&self, desk: &'a AlertDesk) -> Option<&'a PreparedChoice> {
        desk.messages.iter().find(|known| known.id == self.message)
    }
}

impl OfficerStep {
    /// What is shown is of this class, once that was chosen.
    pub fn class(&self, desk: Option<&AlertDesk>) -> Option<AlertClass> {
        match self {
            Self::Start | Self::Test | Self::Tested => None,
            Self::Message { class, .. } => Some(*class),
            Self::Districts(saying) | Self::Places(saying) | Self::Arrival(saying) => Some(saying.class),
            Self::Thread(id) => {
                let mut threads = desk?.threads.iter();
                threads.find(|thread| thread.id == *id).map(|thread| thread.notice.class)
            }
            Self::Draft(draft) | Self::Sign(draft) => Some(draft.notice.class),
        }
    }
}

/// A touch on these pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OfficerTouch {
    /// Something new is to be said.
    Begin(AlertClass),
    /// This message.
    Choose(String),
    /// A district is left out, or not any more.
    ToggleDistrict(usize),
    /// Some places cannot be used.
    OpenPlaces,
    /// A place cannot be used, or can again.
    TogglePlace(String),
    /// It is made ready, or what is missing is asked.
    Ready,
    /// The tsunami comes then; it is made ready.
    Arrives(Arrival),
    /// Something that is out.
    OpenThread(String),
    /// It says something else from now on.
    Change,
    /// It says when the tsunami comes, and nothing else changes.
    ChangeArrival,
    /// It ends so.
    End(AlertKind),
    /// Something that waits.
    OpenDraft(String),
    /// Somebody signs it.
    Sign,
    /// Nobody signs it.
    Drop,
    /// Somebody tests their keys.
    Test,
}
