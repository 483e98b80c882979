//! How far officers are with what they say or sign here. Forgotten as one when the page is left: the daemon keeps the drafts.

use std::collections::BTreeSet;

use hinamori_ipc::{AlertClass, AlertDesk, AlertDraft, AlertKind, AlertRefusal};

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
    Message(AlertClass),
    /// For whom: the places of districts that were left out.
    Districts {
        /// Whether it is real.
        class: AlertClass,
        /// Which message.
        message: String,
        /// In the order of the desk.
        left_out: BTreeSet<usize>,
    },
    /// How something that is out ends.
    Thread(String),
    /// What is to be signed, or just went out.
    Draft(Box<AlertDraft>),
    /// The PIN of whoever signs it, and then their card.
    Sign(Box<AlertDraft>),
}

impl OfficerStep {
    /// What is shown is of this class, once that was chosen.
    pub fn class(&self, desk: Option<&AlertDesk>) -> Option<AlertClass> {
        match self {
            Self::Start => None,
            Self::Message(class) | Self::Districts { class, .. } => Some(*class),
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
    /// It is made ready.
    Ready,
    /// Something that is out.
    OpenThread(String),
    /// It ends so.
    End(AlertKind),
    /// Something that waits.
    OpenDraft(String),
    /// Somebody signs it.
    Sign,
    /// Nobody signs it.
    Drop,
}
