//! What the Meteorological Agency says of tsunamis: 津波警報・注意報・予報 (VTSE41), in the agency's XML (気象庁防災情報XML), read by the same reader as
//! alerts and with its budgets. The codes and names below are from memory of the agency's tables; docs/prepared-release.md says which of them
//! somebody still has to look up there.

use std::collections::BTreeSet;

use hinamori_model::UnixMillis;

use crate::evacuation::TsunamiKind;
use crate::release::CoastSegment;
use crate::time::CapTime;
use crate::xml::{AgencyPart, Namespace, Refusal, Source, Tag, Token};

/// How the title of the messages begins that warn, of which there is one for each format.
const TITLE: &str = "津波警報・注意報・予報";
const ITEM: &str = "Report/s:Body/s:Tsunami/s:Forecast/s:Item";
/// The agency has 66 segments.
const MOST_AREAS: usize = 200;
/// Characters of an event's number: fourteen digits, or some of them with spaces between.
const LONGEST_EVENT: usize = 256;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgencyStatus {
    /// 通常
    Normal,
    /// 訓練: nobody is warned by it.
    Exercise,
    /// 試験: nobody is warned by it.
    Test,
}

/// What a message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgencyInfo {
    /// 発表
    Issued,
    /// 訂正: of the message before it.
    Corrected,
    /// 取消: the message before it was a mistake.
    Withdrawn,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyMessage {
    /// How it is meant.
    pub status: AgencyStatus,
    /// What it does.
    pub info: AgencyInfo,
    /// The agency's number of the event.
    pub event: String,
    /// When the agency says it.
    pub reported: UnixMillis,
    /// What holds where, by segment; each once.
    pub areas: Vec<AgencyArea>,
    /// How many segments have a code of warning that is not known here. Somebody has to look.
    pub unknown: usize,
}

/// What holds for a segment of coast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgencyArea {
    /// Which one.
    pub segment: CoastSegment,
    /// The warning; `None` where there is none, or none any more.
    pub kind: Option<TsunamiKind>,
    /// When the first wave is expected, if the agency gives a time.
    pub arrives: Option<UnixMillis>,
}

/// Why bytes are no such message. It says nothing of what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    /// No XML that is read here.
    #[error("the agency's message is not read: {0}")]
    Refused(#[from] Refusal),
    /// Another message of the agency, or none.
    #[error("it is no message of the agency about tsunami warnings")]
    OtherMessage,
    /// What has to be there once is missing, there twice, or says what it cannot.
    #[error("the agency's message has no {0} that can be used")]
    Wrong(&'static str),
}

#[derive(Default)]
struct Item {
    segment: Option<String>,
    kind: Option<String>,
    arrives: Option<String>,
}

#[derive(Default)]
struct Fields {
    title: Option<String>,
    status: Option<String>,
    info: Option<String>,
    event: Option<String>,
    reported: Option<String>,
    item: Item,
}

impl AgencyMessage {
    /// Reads a message. Elements that the agency may add are passed over.
    ///
    /// # Errors
    /// [`NotUnderstood`].
    pub fn read(bytes: &[u8]) -> Result<Self, NotUnderstood> {
        let mut source = Source::open(bytes)?;
        let (mut fields, mut items) = (Fields::default(), Vec::new());
        let (mut path, mut text) = (String::new(), String::new());
        loop {
            match source.next()? {
                Token::Open(tag) => {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    path.push_str(&label(&tag));
                    text.clear();
                    if path == ITEM {
                        fields.item = Item::default();
                    }
                }
                Token::Text(piece) => text.push_str(&piece),
                Token::Close => {
                    fields.take(&path, &text)?;
                    if path == ITEM {
                        items.push(std::mem::take(&mut fields.item));
                    }
                    path.truncate(path.rfind('/').unwrap_or_default());
                    text.clear();
                }
                Token::End => return fields.message(items),
            }
            if items.len() > MOST_AREAS {
                return Err(NotUnderstood::Wrong("Item"));
            }
        }
    }

    /// Whether it says of a segment that there is a warning in earnest, and which one, with when the first wave is expected.
    pub fn warns(&self, segment: CoastSegment) -> Option<(TsunamiKind, Option<UnixMillis>)> {
        let is_meant = self.status == AgencyStatus::Normal && self.info != AgencyInfo::Withdrawn;
        let area = self.areas.iter().find(|area| area.segment == segment).filter(|_| is_meant)?;
        Some((area.kind?, area.arrives))
    }
}

impl Fields {
    /// The text of an element that ended.
    fn take(&mut self, path: &str, text: &str) -> Result<(), NotUnderstood> {
        let (name, into) = match path.strip_prefix(ITEM).unwrap_or(path) {
            "Report/Control/Title" => ("Title", &mut self.title),
            "Report/Control/Status" => ("Status", &mut self.status),
            "Report/h:Head/h:InfoType" => ("InfoType", &mut self.info),
            "Report/h:Head/h:EventID" => ("EventID", &mut self.event),
            "Report/h:Head/h:ReportDateTime" => ("ReportDateTime", &mut self.reported),
            "/s:Area/s:Code" => ("Area", &mut self.item.segment),
            "/s:Category/s:Kind/s:Code" => ("Kind", &mut self.item.kind),
            "/s:FirstHeight/s:ArrivalTime" => ("ArrivalTime", &mut self.item.arrives),
            _ => return Ok(()),
        };
        match into.replace(text.trim().to_owned()) {
            None => Ok(()),
            Some(_twice) => Err(NotUnderstood::Wrong(name)),
        }
    }

    fn message(self, items: Vec<Item>) -> Result<AgencyMessage, NotUnderstood> {
        if !self.title.is_some_and(|title| title.starts_with(TITLE)) {
            return Err(NotUnderstood::OtherMessage);
        }
        let status = match self.status.as_deref() {
            Some("通常") => AgencyStatus::Normal,
            Some("訓練") => AgencyStatus::Exercise,
            Some("試験") => AgencyStatus::Test,
            _ => return Err(NotUnderstood::Wrong("Status")),
        };
        let info = match self.info.as_deref() {
            Some("発表") => AgencyInfo::Issued,
            Some("訂正") => AgencyInfo::Corrected,
            Some("取消") => AgencyInfo::Withdrawn,
            _ => return Err(NotUnderstood::Wrong("InfoType")),
        };
        let is_event = |event: &String| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || byte == b' ';
            (1..=LONGEST_EVENT).contains(&event.len()) && event.bytes().all(is_digit)
        };
        let event = self.event.filter(is_event).ok_or(NotUnderstood::Wrong("EventID"))?;
        let reported = time(self.reported.as_deref()).ok_or(NotUnderstood::Wrong("ReportDateTime"))?;
        let (mut areas, mut known, mut unknown) = (Vec::new(), BTreeSet::new(), 0_usize);
        for item in items {
            let number = item.segment.and_then(|code| code.parse().ok());
            let segment = number.and_then(CoastSegment::new).ok_or(NotUnderstood::Wrong("Area"))?;
            if !known.insert(segment) {
                return Err(NotUnderstood::Wrong("Area"));
            }
            let code = item.kind.ok_or(NotUnderstood::Wrong("Kind"))?;
            let arrives = match item.arrives {
                None => None,
                Some(text) => Some(time(Some(&text)).ok_or(NotUnderstood::Wrong("ArrivalTime"))?),
            };
            match kind_of(&code) {
                Some(kind) => areas.push(AgencyArea { segment, kind, arrives }),
                None => unknown = unknown.saturating_add(1),
            }
        }
        Ok(AgencyMessage { status, info, event, reported, areas, unknown })
    }
}

/// The warning of a code of the agency's table; `None` for a code that is not known here.
fn kind_of(code: &str) -> Option<Option<TsunamiKind>> {
    match code {
        // 大津波警報, and the same in the message that gives it first.
        "52" | "53" => Some(Some(TsunamiKind::MajorWarning)),
        "51" => Some(Some(TsunamiKind::Warning)),
        "62" => Some(Some(TsunamiKind::Advisory)),
        // 津波なし, 警報解除, 津波注意報解除, 津波予報（若干の海面変動）.
        "00" | "50" | "60" | "71" | "72" | "73" => Some(None),
        _ => None,
    }
}

fn time(text: Option<&str>) -> Option<UnixMillis> {
    CapTime::read(text?).map(CapTime::at)
}

/// An element's name with its namespace: what is nobody's we know is never on a path that is looked for.
fn label(tag: &Tag<'_>) -> String {
    match tag.namespace {
        Namespace::Agency(AgencyPart::Report) => tag.name.to_owned(),
        Namespace::Agency(AgencyPart::Head) => format!("h:{}", tag.name),
        Namespace::Agency(AgencyPart::Seismology) => format!("s:{}", tag.name),
        Namespace::Cap | Namespace::Signature | Namespace::Other => "?".to_owned(),
    }
}
