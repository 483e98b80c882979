//! What a town prepared in quiet days (`alert-plan.toml`): the districts, where each goes for which hazard, and what is said. A plan of which
//! any message would break a rule is refused when it is read in, not at three in the morning.

use std::collections::BTreeSet;

use hinamori_alert::{CoastSegment, MessageKind, Order, Polygon, Ruby, TsunamiKind, WarningLevel, Word};
use hinamori_model::{Hazard, MunicipalityCode, SiteId};
use serde::Deserialize;

/// More districts or messages than any town has.
const MOST: usize = 1_000;
/// The longest an order holds, in hours (docs/jp-evac.md §3).
const LONGEST_HOURS: u8 = 7 * 24;

/// The plan.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The CAP sender.
    pub sender: String,
    /// JIS X 0402 with its check digit.
    municipality: String,
    /// The town's name.
    #[serde(deserialize_with = "ruby")]
    pub issuer: Ruby,
    /// The same in English.
    pub issuer_english: String,
    /// The relying party id of the officers' passkeys: the host name of the desk.
    pub relying_party: String,
    /// The agency's segments of coast on which it lies; none for a town that lies on no coast.
    #[serde(default, rename = "coast")]
    pub coasts: Vec<Coast>,
    /// Its districts.
    #[serde(rename = "district")]
    pub districts: Vec<District>,
    /// What may be said.
    #[serde(rename = "message")]
    pub messages: Vec<Prepared>,
}

/// A segment of coast (津波予報区).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coast {
    /// The agency's number of it.
    #[serde(deserialize_with = "segment")]
    pub segment: CoastSegment,
    /// As the agency calls it.
    pub name: String,
}

/// A district as the roster names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct District {
    /// As the roster has it.
    pub name: String,
    reading: String,
    /// In English.
    pub english: String,
    /// As CAP writes it: "lat,lon lat,lon …", the last the same as the first.
    polygon: Option<String>,
    /// Where to, for which hazards.
    #[serde(default)]
    pub go: Vec<Way>,
}

/// Where a district goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    #[serde(deserialize_with = "words")]
    hazards: Vec<Hazard>,
    /// The place.
    #[serde(deserialize_with = "ruby")]
    pub place: Ruby,
    /// In English.
    pub english: String,
    /// By which way; may be empty.
    #[serde(deserialize_with = "ruby")]
    pub road: Ruby,
    /// The way in English; may be empty.
    #[serde(default)]
    pub road_english: String,
    /// 海抜34m
    pub fact: Option<String>,
    /// Whether the place is safe for these hazards; nothing where nobody knows.
    pub safe: Option<bool>,
    /// The town's site there, if it is one.
    #[serde(default)]
    pub site: Option<SiteId>,
}

/// A message that was prepared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prepared {
    /// By which the desk asks for it.
    pub id: String,
    /// On the desk's button.
    pub label: String,
    /// Against what.
    #[serde(deserialize_with = "word")]
    pub hazard: Hazard,
    /// What the town orders.
    #[serde(deserialize_with = "word")]
    pub order: Order,
    /// Of a tsunami, which of the agency's warnings.
    #[serde(default, deserialize_with = "maybe_word")]
    pub tsunami: Option<TsunamiKind>,
    /// How long it holds.
    pub hours: u8,
    /// The one thing to do.
    #[serde(deserialize_with = "ruby")]
    pub act: Ruby,
    /// The same in English.
    pub act_english: String,
    /// Once a household answered.
    pub after: String,
    /// What everybody reads.
    pub texts: Texts,
    /// How it ends when the danger is over.
    pub all_clear: Ending,
    /// How it is taken back as a mistake.
    pub cancel: Ending,
}

/// What is said in three languages. ［行き先］ becomes the places.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// In Japanese.
    pub japanese: Text,
    /// In easy Japanese.
    pub simple: Text,
    /// In English.
    pub english: Text,
}

/// In one language.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// In Japanese it is made from the order.
    #[serde(default)]
    pub event: String,
    /// In a line.
    pub headline: String,
    /// What happens.
    pub description: String,
    /// What to do.
    pub instruction: String,
}

/// How it is ended: with what stands on televisions, in at most three lines: what happened, what to do now, what else.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// What televisions show.
    #[serde(deserialize_with = "rubies")]
    pub lines: Vec<Ruby>,
    /// What everybody reads.
    pub texts: Texts,
}

/// A plan that is not taken. The operator's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPlan {
    /// TOML, or a member that is missing, unknown or of another kind.
    #[error("the plan is not read: {0}")]
    Form(String),
    /// What the members say.
    #[error("the plan says what cannot be: {0}")]
    Content(String),
    /// A message would break rules.
    #[error("what {message} would say as {kind} breaks {rules}")]
    Breaks {
        /// Its id.
        message: String,
        /// Order, all-clear or cancel.
        kind: &'static str,
        /// Which rules, in words.
        rules: String,
    },
}

impl Plan {
    /// Reads a plan. What it would say is still to be judged: see `compose`.
    pub fn parse(text: &str) -> Result<Self, BadPlan> {
        let plan: Self = toml::from_str(text).map_err(|error| BadPlan::Form(error.to_string()))?;
        let wrong = |what: String| Err(BadPlan::Content(what));
        if plan.districts.is_empty() || plan.messages.is_empty() {
            return wrong("it has no district, or no message".to_owned());
        }
        if plan.districts.len() > MOST || plan.messages.len() > MOST {
            return wrong(format!("it has more than {MOST} districts or messages"));
        }
        if plan.municipality.parse::<MunicipalityCode>().is_err() {
            return wrong(format!("{} is no code of a municipality", plan.municipality));
        }
        let segments: BTreeSet<_> = plan.coasts.iter().map(|coast| coast.segment).collect();
        if segments.len() != plan.coasts.len() {
            return wrong("a coast is there twice".to_owned());
        }
        let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for district in &plan.districts {
            if !names.insert(&district.name) {
                return wrong(format!("district {} is there twice", district.name));
            }
            if district.polygon.is_some() && district.polygon().is_none() {
                return wrong(format!("the polygon of {} is none", district.name));
            }
        }
        for message in &plan.messages {
            let Prepared { id, hazard, order, tsunami, hours, .. } = message;
            if !ids.insert(id) {
                return wrong(format!("message {id} is there twice"));
            }
            if *hours == 0 || *hours > LONGEST_HOURS {
                return wrong(format!(
                    "message {id} holds for {hours} hours; it may be 1 to {LONGEST_HOURS}"
                ));
            }
            if (*hazard == Hazard::Tsunami) != tsunami.is_some()
                || (tsunami.is_some() && *order != Order::EvacuationOrder)
            {
                return wrong(format!(
                    "message {id}: a tsunami, and only a tsunami, has a kind, and its order is EvacuationOrder"
                ));
            }
        }
        Ok(plan)
    }

    /// JIS X 0402, with its check digit.
    pub fn municipality(&self) -> &str {
        &self.municipality
    }

    /// The message of this id.
    pub fn message(&self, id: &str) -> Option<&Prepared> {
        self.messages.iter().find(|message| message.id == id)
    }

    /// The coast of this number.
    pub fn coast(&self, segment: CoastSegment) -> Option<&Coast> {
        self.coasts.iter().find(|coast| coast.segment == segment)
    }

    /// The district of this name.
    pub fn district(&self, name: &str) -> Option<&District> {
        self.districts.iter().find(|district| district.name == name)
    }
}

impl District {
    /// Its outline, if the plan has one.
    pub fn polygon(&self) -> Option<Polygon> {
        Polygon::of_text(self.polygon.as_deref()?)
    }

    /// How it is spoken.
    pub fn reading(&self) -> &str {
        &self.reading
    }

    /// Where it goes for a hazard: its first place that is not known to be unsafe, and is not among those that are closed now.
    pub fn way(&self, hazard: Hazard, closed: &BTreeSet<String>) -> Option<&Way> {
        let is_open = |way: &&Way| way.safe != Some(false) && !closed.contains(&way.place.plain());
        self.ways(hazard).find(is_open)
    }

    /// Every place that was prepared for a hazard, also those to which nobody may be sent.
    pub fn ways(&self, hazard: Hazard) -> impl Iterator<Item = &Way> {
        self.go.iter().filter(move |way| way.hazards.contains(&hazard))
    }
}

impl Way {
    /// For which hazards.
    pub fn hazards(&self) -> &[Hazard] {
        &self.hazards
    }

    /// As the desk's page says it.
    pub const fn standing(&self) -> &'static str {
        match self.safe {
            Some(true) => "suitable",
            Some(false) => "unsuitable",
            None => "unknown",
        }
    }
}

impl Prepared {
    /// The warning level, where the hazard has levels.
    pub const fn level(&self) -> Option<WarningLevel> {
        WarningLevel::of(self.hazard, self.order)
    }

    /// The same of how it ends: what it was, and 解除 or 取消.
    pub fn title_of(&self, kind: MessageKind) -> String {
        match kind {
            MessageKind::Order => self.title(),
            MessageKind::AllClear | MessageKind::Cancel => format!("{}　{}", self.title(), kind.japanese()),
        }
    }

    /// The head band: what it is, and what the town orders.
    pub fn title(&self) -> String {
        let order = self.order.japanese();
        match (self.tsunami, self.level()) {
            (Some(kind), _) => format!("{}　{order}", kind.japanese()),
            (None, Some(level)) => format!("警戒レベル{}　{order}", level.number()),
            (None, None) => order.to_owned(),
        }
    }
}

fn segment<'de, D: serde::Deserializer<'de>>(from: D) -> Result<CoastSegment, D::Error> {
    let number = u16::deserialize(from)?;
    CoastSegment::new(number).ok_or_else(|| {
        serde::de::Error::custom(format!("{number} is no segment of coast: it has three digits"))
    })
}

fn ruby<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Ruby, D::Error> {
    String::deserialize(from).map(|text| Ruby::read(&text))
}

fn rubies<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<Ruby>, D::Error> {
    let lines = Vec::<String>::deserialize(from)?;
    if lines.is_empty() || lines.len() > 3 {
        return Err(serde::de::Error::custom("one to three lines fit on a television"));
    }
    Ok(lines.iter().map(|line| Ruby::read(line)).collect())
}

fn word<'de, W: Word, D: serde::Deserializer<'de>>(from: D) -> Result<W, D::Error> {
    of_text(&String::deserialize(from)?)
}

fn words<'de, W: Word, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<W>, D::Error> {
    Vec::<String>::deserialize(from)?.iter().map(|text| of_text(text)).collect()
}

fn maybe_word<'de, W: Word, D: serde::Deserializer<'de>>(from: D) -> Result<Option<W>, D::Error> {
    Option::<String>::deserialize(from)?.map(|text| of_text(&text)).transpose()
}

fn of_text<W: Word, E: serde::de::Error>(text: &str) -> Result<W, E> {
    W::of_text(text).ok_or_else(|| E::custom(format!("{text} is no word of JP-evac")))
}
