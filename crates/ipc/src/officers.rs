//! Officers at a kiosk: what they can say, what waits for them, and what came of it. Their PINs come with [`crate::Command`] and nothing of
//! their keys ever does.

use hinamori_model::UnixMillis;
use serde::{Deserialize, Serialize};

use crate::{AlertClass, AlertNotice, Danger};

/// What whoever is signed in is to alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfficerStanding {
    /// Nobody's card signed them in, or the town prepared nothing.
    #[default]
    Nobody,
    /// They may make keys here.
    WithoutKeys,
    /// They made keys at this box, which wait for the town hall.
    Waits,
    /// The town root lists their keys.
    Officer,
}

/// What an officer can say at a kiosk now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AlertDesk {
    /// What the town prepared.
    pub messages: Vec<PreparedChoice>,
    /// Its districts, in the plan's order.
    pub districts: Vec<String>,
    /// What is out and can be ended.
    pub threads: Vec<AlertThread>,
    /// What waits for signatures, here and at the town hall.
    pub drafts: Vec<AlertDraft>,
    /// How many officers can sign here what is real.
    pub live_officers: u16,
    /// The time that an alert of now would carry.
    pub now: UnixMillis,
    /// The town hall hears this box.
    pub is_online: bool,
    /// When whoever is signed in tested their keys at this box last.
    pub tested: Option<UnixMillis>,
}

/// A message that the town prepared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedChoice {
    /// By which it is asked for.
    pub id: String,
    /// 大津波警報
    pub label: String,
    /// How it is coloured.
    pub danger: Danger,
    /// 大津波警報　避難指示
    pub title: String,
    /// The same in English.
    pub english: String,
    /// Where it could send people, of all districts.
    pub places: Vec<String>,
}

/// What is out, as one thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertThread {
    /// By which it is ended.
    pub id: String,
    /// Its latest word.
    pub notice: AlertNotice,
    /// Until when one officer alone takes it back as a mistake; two always do.
    pub alone_until: Option<UnixMillis>,
    /// Which prepared message it is.
    pub message: Option<String>,
    /// What it may be changed to: the prepared messages against the same danger.
    pub may_become: Vec<String>,
    /// All its districts: none of them is left out by a change.
    pub districts: Vec<String>,
    /// Places that officers closed for it: they stay so until somebody opens them.
    pub closed: Vec<String>,
}

/// What is to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertWanted {
    /// People are to leave.
    Order {
        /// Whether it is real.
        class: AlertClass,
        /// A [`PreparedChoice::id`].
        message: String,
        /// For whom; none for the whole town.
        districts: Vec<String>,
        /// When the tsunami comes.
        arrival: Arrival,
        /// Places that cannot be used now.
        closed: Vec<String>,
    },
    /// What is out says something else from now on, or holds for longer.
    Update {
        /// An [`AlertThread::id`].
        thread: String,
        /// A [`PreparedChoice::id`].
        message: String,
        /// Districts that are added to those before; `None` for the whole town.
        added: Option<Vec<String>>,
        /// When the tsunami comes.
        arrival: Arrival,
        /// Places that cannot be used now.
        closed: Vec<String>,
    },
    /// 解除: the danger is over.
    AllClear {
        /// An [`AlertThread::id`].
        thread: String,
    },
    /// 取消: it was a mistake.
    Cancel {
        /// An [`AlertThread::id`].
        thread: String,
    },
}

/// When a tsunami is expected, as somebody says it who has no time for a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// Nobody said.
    #[default]
    Unknown,
    /// As the message before it said.
    AsBefore,
    /// So many minutes after this is made ready.
    InMinutes(u8),
}

/// What waits for officers, in the very words that they sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertDraft {
    /// By which it is signed: the beginning of the digest of what is signed.
    pub id: String,
    /// What it says.
    pub notice: AlertNotice,
    /// What to do, in easy Japanese.
    pub instruction: String,
    /// The same in English.
    pub english_instruction: String,
    /// Where to.
    pub places: Vec<String>,
    /// Those of them of which the town does not know whether they are safe.
    pub unsure_places: Vec<String>,
    /// Districts that are warned without a place: none of theirs is safe, or can be used.
    pub without_place: Vec<String>,
    /// It changes something that is out.
    pub is_update: bool,
    /// Who signed here, as the town's list calls them.
    pub signed: Vec<String>,
    /// How many officers signed, anywhere.
    pub signatures: u8,
    /// How many have to.
    pub needed: u8,
    /// When it is dropped by itself.
    pub until: UnixMillis,
    /// It was made at the town hall's desk, and goes out from there.
    pub is_the_town_halls: bool,
}

impl AlertDraft {
    /// Whether it went out.
    pub const fn is_sent(&self) -> bool {
        self.signatures >= self.needed
    }
}

/// Why nothing was signed, or nothing went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertRefusal {
    /// It waited too long, or somebody dropped it.
    Gone,
    /// What was said since says otherwise.
    Overtaken,
    /// This officer signed already: another one has to.
    SignedAlready,
    /// One officer alone cannot take it back any more.
    NeedsAnother,
    /// The keys of this card are not for what is real, or their time is over.
    NotListed,
    /// The town prepared nothing for this, or what it prepared breaks a rule.
    NotPrepared,
    /// The town hall has to hear it, and does not.
    NoTownHall,
    /// The disk of this box.
    NotKept,
    /// The disk of the town hall.
    NotKeptThere,
    /// Nobody knows whether this box's clock is right, or it is wrong: a test would show a time that may be years away.
    ClockUnsure,
}
