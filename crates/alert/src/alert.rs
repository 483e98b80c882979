//! An alert as a value: what CAP 1.2 lets one say (§3.2), field by field.

use std::cmp::Ordering;
use std::fmt;

use crate::decimal::Decimal;
use crate::geometry::{Circle, Polygon};
use crate::profile::DESTINATION;
use crate::time::CapTime;
use crate::word::{Category, Certainty, MessageType, ResponseType, Scope, Severity, Status, Urgency};

/// An alert (§3.2.1). It can break rules: only a [`Report`](crate::Report) says whether it does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alert {
    /// Unique among its sender's.
    pub identifier: String,
    /// Who sends it, globally unique: a domain name, or as an address of electronic mail.
    pub sender: String,
    /// When.
    pub sent: CapTime,
    /// How it is to be handled.
    pub status: Status,
    /// What it is.
    pub message_type: MessageType,
    /// The person or device it comes from.
    pub source: Option<String>,
    /// For whom it is.
    pub scope: Scope,
    /// Whom [`Scope::Restricted`] means.
    pub restriction: Option<String>,
    /// Whom [`Scope::Private`] means, separated by spaces; one that has spaces stands in quotation marks.
    pub addresses: Option<String>,
    /// Flags for special handling.
    pub codes: Vec<String>,
    /// What it is for: the exercise, or why something was refused.
    pub note: Option<String>,
    /// The earlier messages that it speaks of.
    pub references: Vec<MessageId>,
    /// The incidents that it belongs to, in the form of addresses.
    pub incidents: Option<String>,
    /// What it says, a block for each language.
    pub infos: Vec<Info>,
}

impl Alert {
    /// By what it is known (§3.2.1 references).
    pub fn id(&self) -> MessageId {
        MessageId { sender: self.sender.clone(), identifier: self.identifier.clone(), sent: self.sent }
    }

    /// The town's districts that it is for, as JP-evac names them (docs/jp-evac.md), in order.
    pub fn districts(&self) -> impl Iterator<Item = &str> {
        let areas = self.infos.first().into_iter().flat_map(|info| &info.areas);
        areas.flat_map(|area| named(&area.geocodes, "JP-evac:District"))
    }

    /// Where they are to go, in the language of its first block.
    pub fn destinations(&self) -> impl Iterator<Item = &str> {
        self.infos.first().into_iter().flat_map(|info| info.parameters(DESTINATION))
    }

    /// The block in this language; `ja` is not `ja-simple`.
    pub fn info_in(&self, language: &str) -> Option<&Info> {
        self.infos.iter().find(|info| info.language().eq_ignore_ascii_case(language))
    }
}

/// An extended message identifier (§3.2.1 references): two messages with the same one are the same message, by whatever
/// way they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageId {
    /// Whose message.
    pub sender: String,
    /// Its own identifier.
    pub identifier: String,
    /// When it was sent.
    pub sent: CapTime,
}

impl MessageId {
    /// Takes `sender,identifier,sent`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let (sender, identifier, sent) = (parts.next()?, parts.next()?, parts.next()?);
        let is_whole = parts.next().is_none() && !sender.is_empty() && !identifier.is_empty();
        let sent = CapTime::read(sent).filter(|_| is_whole)?;
        Some(Self { sender: sender.to_owned(), identifier: identifier.to_owned(), sent })
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{},{},{}", self.sender, self.identifier, self.sent)
    }
}

impl PartialOrd for MessageId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A sender's messages are in the order of their times.
impl Ord for MessageId {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.sender, self.sent, &self.identifier).cmp(&(&other.sender, other.sent, &other.identifier))
    }
}

/// What an alert says in one language (§3.2.2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Info {
    /// The language (RFC 3066); `en-US` where it is not said.
    pub language: Option<String>,
    /// The fields that the event belongs to: at least one.
    pub categories: Vec<Category>,
    /// What happens.
    pub event: String,
    /// What people should do.
    pub response_types: Vec<ResponseType>,
    /// How soon.
    pub urgency: Urgency,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub certainty: Certainty,
    /// For whom it is written.
    pub audience: Option<String>,
    /// The event in the words of some system.
    pub event_codes: Vec<Named>,
    /// From when on what is said holds.
    pub effective: Option<CapTime>,
    /// When the event is expected to begin.
    pub onset: Option<CapTime>,
    /// Until when what is said holds.
    pub expires: Option<CapTime>,
    /// The name of the sender for people.
    pub sender_name: Option<String>,
    /// A line that people read first.
    pub headline: Option<String>,
    /// What happens, for people.
    pub description: Option<String>,
    /// What to do, for people.
    pub instruction: Option<String>,
    /// Where more is said (an absolute URI).
    pub web: Option<String>,
    /// Whom to ask.
    pub contact: Option<String>,
    /// More, in the words of some system.
    pub parameters: Vec<Named>,
    /// Files that belong to it.
    pub resources: Vec<Resource>,
    /// Where it holds.
    pub areas: Vec<Area>,
}

impl Info {
    /// The language as a tag; CAP's own default where none is said (§3.2.2 language).
    pub fn language(&self) -> &str {
        self.language.as_deref().filter(|tag| !tag.is_empty()).unwrap_or("en-US")
    }

    /// The values of the parameters of this name, in order.
    pub fn parameters<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        named(&self.parameters, name)
    }
}

/// The values under a name, in order.
pub(crate) fn named<'a>(all: &'a [Named], name: &str) -> impl Iterator<Item = &'a str> {
    all.iter().filter(move |one| one.name == name).map(|one| one.value.as_str())
}

/// A value under a name of some system (§3.2.2 eventCode and parameter, §3.2.4 geocode).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Named {
    /// The system's name for it.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A file that belongs to an alert (§3.2.3).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resource {
    /// What it is, for people.
    pub description: String,
    /// Its media type (RFC 2046).
    pub mime_type: String,
    /// About how many bytes.
    pub size: Option<u64>,
    /// Where it is.
    pub uri: Option<String>,
    /// The file itself in base64.
    pub content: Option<String>,
    /// Its SHA-1.
    pub digest: Option<String>,
}

/// Where an alert holds (§3.2.4). Several shapes and codes of one area add up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Area {
    /// The place in words.
    pub description: String,
    /// Rings.
    pub polygons: Vec<Polygon>,
    /// Circles.
    pub circles: Vec<Circle>,
    /// Codes of places.
    pub geocodes: Vec<Named>,
    /// The height, or the lower end of a range of heights, in feet above sea level.
    pub altitude: Option<Decimal>,
    /// The upper end of that range, in feet above sea level.
    pub ceiling: Option<Decimal>,
}
