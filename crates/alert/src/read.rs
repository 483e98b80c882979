//! From bytes to an [`Alert`], with every breach of the schema on the way (§3.4).

use std::borrow::Cow;

use crate::alert::{Alert, Area, Info, MessageId, Named, Resource};
use crate::decimal::Decimal;
use crate::geometry::{Circle, MOST_POLYGON_POINTS, NoPolygon, Polygon};
use crate::rule::{Rule, Violation};
use crate::schema::{self, Misplaced, Order};
use crate::time::CapTime;
use crate::word::Word;
use crate::xml::{Namespace, Refusal, RefusedFor, Source, Tag, Token};

/// The most bytes of a text, but for a file in base64.
pub const MOST_TEXT_BYTES: usize = 64 << 10;
/// The most points of all polygons together.
pub const MOST_POINTS: usize = 5 * MOST_POLYGON_POINTS;

/// Where an element of the schema was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    pub(crate) name: &'static str,
    /// 1 for the children of the root.
    pub(crate) depth: usize,
    /// Where its `<` is.
    pub(crate) at: usize,
}

/// What was read.
pub(crate) struct Read<'a> {
    pub(crate) source: Source<'a>,
    /// As far as the schema allowed.
    pub(crate) alert: Alert,
    pub(crate) violations: Vec<Violation>,
    pub(crate) marks: Vec<Mark>,
}

/// Reads the whole document.
pub(crate) fn read(bytes: &[u8]) -> Result<Read<'_>, Refusal> {
    let mut reader = Reader {
        source: Source::open(bytes)?,
        violations: Vec::new(),
        marks: Vec::new(),
        depth: 0,
        points: 0,
    };
    match reader.source.next()? {
        Token::Open(Tag { namespace: Namespace::Cap, name: "alert", has_attributes, at }) => {
            if has_attributes {
                reader.violate(Rule::UnknownAttribute, "alert", at);
            }
            reader.marks.push(Mark { name: "alert", depth: 0, at });
        }
        _ => return Err(reader.source.refusal(RefusedFor::NotAnAlert)),
    }
    let alert = reader.alert()?;
    // What stands behind the root is refused there.
    reader.source.next()?;
    let Reader { source, mut violations, marks, .. } = reader;
    violations.sort_unstable();
    Ok(Read { source, alert, violations, marks })
}

struct Reader<'a> {
    source: Source<'a>,
    violations: Vec<Violation>,
    marks: Vec<Mark>,
    depth: usize,
    points: usize,
}

impl<'a> Reader<'a> {
    fn violate(&mut self, rule: Rule, element: &'static str, at: usize) {
        let line = self.source.line_of(at);
        self.violations.push(Violation { line, element, rule });
    }

    /// What is wrong with the element that was read last.
    fn violate_last(&mut self, rule: Rule) {
        if let Some(Mark { name, at, .. }) = self.marks.last().copied() {
            self.violate(rule, name, at);
        }
    }

    /// The next child of `parent`, or `None` at its end. What has no place is named and passed over.
    fn child(
        &mut self,
        parent: (&'static str, usize),
        order: &mut Order,
    ) -> Result<Option<&'static str>, Refusal> {
        loop {
            let tag = match self.source.next()? {
                Token::Open(tag) => tag,
                Token::Text(text) => {
                    if !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
                        self.violate(Rule::TextBetween, parent.0, parent.1);
                    }
                    continue;
                }
                Token::Close | Token::End => {
                    for name in order.missing() {
                        self.violate(Rule::Missing, name, parent.1);
                    }
                    return Ok(None);
                }
            };
            if tag.namespace == Namespace::Signature && tag.name == "Signature" && parent.0 == "alert" {
                self.signature(tag.at, order)?;
                continue;
            }
            let placed = match tag.namespace {
                Namespace::Cap => order.take(tag.name),
                Namespace::Signature | Namespace::Agency(_) | Namespace::Other => Err(Misplaced::Unknown),
            };
            let (rule, element) = match placed {
                Ok(name) => {
                    self.marks.push(Mark { name, depth: self.depth + 1, at: tag.at });
                    if tag.has_attributes {
                        self.violate(Rule::UnknownAttribute, name, tag.at);
                    }
                    return Ok(Some(name));
                }
                Err(Misplaced::Unknown) => (Rule::UnknownElement, parent.0),
                Err(Misplaced::Late(name)) => (Rule::Late, name),
                Err(Misplaced::Again(name)) => (Rule::Again, name),
            };
            self.violate(rule, element, tag.at);
            self.pass_over(|_| Ok(()))?;
        }
    }

    /// Everything up to the end of the element that was opened last.
    fn pass_over(&mut self, look: impl Fn(&Tag<'a>) -> Result<(), RefusedFor>) -> Result<(), Refusal> {
        let mut open = 1_usize;
        while open > 0 {
            match self.source.next()? {
                Token::Open(tag) => {
                    look(&tag).map_err(|reason| self.source.refusal(reason))?;
                    open += 1;
                }
                Token::Text(_) => {}
                Token::Close => open -= 1,
                Token::End => return Ok(()),
            }
        }
        Ok(())
    }

    /// The signature of the alert's transport is for others to verify; it may end the alert, once.
    fn signature(&mut self, at: usize, order: &mut Order) -> Result<(), Refusal> {
        if !order.close() {
            self.violate(Rule::SecondSignature, "Signature", at);
        }
        self.pass_over(|tag| match tag.namespace {
            Namespace::Cap => Err(RefusedFor::Wrapped),
            Namespace::Signature | Namespace::Agency(_) | Namespace::Other => Ok(()),
        })
    }

    /// The text of the element that was opened last.
    fn text(&mut self) -> Result<Cow<'a, str>, Refusal> {
        self.text_up_to(MOST_TEXT_BYTES)
    }

    fn text_up_to(&mut self, most: usize) -> Result<Cow<'a, str>, Refusal> {
        let mut whole = Cow::Borrowed("");
        loop {
            match self.source.next()? {
                Token::Text(part) if whole.is_empty() => whole = part,
                Token::Text(part) => whole.to_mut().push_str(&part),
                Token::Close | Token::End => return Ok(whole),
                Token::Open(_) => {
                    self.violate_last(Rule::UnknownElement);
                    self.pass_over(|_| Ok(()))?;
                }
            }
            if whole.len() > most {
                return Err(self.source.refusal(RefusedFor::TextTooLong));
            }
        }
    }

    fn string(&mut self) -> Result<String, Refusal> {
        self.text().map(Cow::into_owned)
    }

    /// A value of which white space around it is no part (XML Schema 2 §4.3.6).
    fn value<T>(&mut self, read: impl Fn(&str) -> Option<T>, rule: Rule) -> Result<Option<T>, Refusal> {
        let text = self.text()?;
        let value = read(text.trim_matches([' ', '\t', '\n', '\r']));
        if value.is_none() {
            self.violate_last(rule);
        }
        Ok(value)
    }

    /// A code value: white space around it is a part of it.
    fn word<T: Word + Default>(&mut self) -> Result<T, Refusal> {
        let word = T::of_text(&self.text()?);
        if word.is_none() {
            self.violate_last(Rule::CodeValue);
        }
        Ok(word.unwrap_or_default())
    }

    fn time(&mut self) -> Result<Option<CapTime>, Refusal> {
        self.value(CapTime::read, Rule::Time)
    }

    fn decimal(&mut self) -> Result<Option<Decimal>, Refusal> {
        self.value(Decimal::read, Rule::Number)
    }

    /// Where the element that was opened last is, for its own children.
    fn parent(&self) -> (&'static str, usize) {
        self.marks.last().map_or(("alert", 0), |mark| (mark.name, mark.at))
    }

    fn alert(&mut self) -> Result<Alert, Refusal> {
        let (parent, mut order, mut alert) = (self.parent(), Order::of(schema::ALERT), Alert::default());
        while let Some(name) = self.child(parent, &mut order)? {
            match name {
                "identifier" => alert.identifier = self.string()?,
                "sender" => alert.sender = self.string()?,
                "sent" => alert.sent = self.time()?.unwrap_or_default(),
                "status" => alert.status = self.word()?,
                "msgType" => alert.message_type = self.word()?,
                "source" => alert.source = Some(self.string()?),
                "scope" => alert.scope = self.word()?,
                "restriction" => alert.restriction = Some(self.string()?),
                "addresses" => alert.addresses = Some(self.string()?),
                "code" => alert.codes.push(self.string()?),
                "note" => alert.note = Some(self.string()?),
                "references" => alert.references = self.references()?,
                "incidents" => alert.incidents = Some(self.string()?),
                _ => alert.infos.push(self.inner(Self::info)?),
            }
        }
        Ok(alert)
    }

    /// An element with children of its own.
    fn inner<T>(&mut self, read: impl Fn(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn references(&mut self) -> Result<Vec<MessageId>, Refusal> {
        let text = self.text()?;
        let ids: Option<Vec<_>> = text.split_ascii_whitespace().map(MessageId::read).collect();
        if ids.is_none() {
            self.violate_last(Rule::Reference);
        }
        Ok(ids.unwrap_or_default())
    }

    fn info(&mut self) -> Result<Info, Refusal> {
        let (parent, mut order, mut info) = (self.parent(), Order::of(schema::INFO), Info::default());
        while let Some(name) = self.child(parent, &mut order)? {
            match name {
                "language" => info.language = self.value(language_tag, Rule::LanguageTag)?,
                "category" => info.categories.push(self.word()?),
                "event" => info.event = self.string()?,
                "responseType" => info.response_types.push(self.word()?),
                "urgency" => info.urgency = self.word()?,
                "severity" => info.severity = self.word()?,
                "certainty" => info.certainty = self.word()?,
                "audience" => info.audience = Some(self.string()?),
                "eventCode" => info.event_codes.push(self.inner(Self::named)?),
                "effective" => info.effective = self.time()?,
                "onset" => info.onset = self.time()?,
                "expires" => info.expires = self.time()?,
                "senderName" => info.sender_name = Some(self.string()?),
                "headline" => info.headline = Some(self.string()?),
                "description" => info.description = Some(self.string()?),
                "instruction" => info.instruction = Some(self.string()?),
                "web" => info.web = Some(self.string()?),
                "contact" => info.contact = Some(self.string()?),
                "parameter" => info.parameters.push(self.inner(Self::named)?),
                "resource" => info.resources.push(self.inner(Self::resource)?),
                _ => info.areas.push(self.inner(Self::area)?),
            }
        }
        Ok(info)
    }

    fn named(&mut self) -> Result<Named, Refusal> {
        let (parent, mut order, mut named) = (self.parent(), Order::of(schema::NAMED), Named::default());
        while let Some(name) = self.child(parent, &mut order)? {
            match name {
                "valueName" => named.name = self.string()?,
                _ => named.value = self.string()?,
            }
        }
        Ok(named)
    }

    fn resource(&mut self) -> Result<Resource, Refusal> {
        let (parent, mut order) = (self.parent(), Order::of(schema::RESOURCE));
        let mut resource = Resource::default();
        while let Some(name) = self.child(parent, &mut order)? {
            match name {
                "resourceDesc" => resource.description = self.string()?,
                "mimeType" => resource.mime_type = self.string()?,
                "size" => resource.size = self.value(|text| text.parse().ok(), Rule::Number)?,
                "uri" => resource.uri = Some(self.string()?),
                // As long as the whole alert may be.
                "derefUri" => resource.content = Some(self.text_up_to(usize::MAX)?.into_owned()),
                _ => resource.digest = Some(self.string()?),
            }
        }
        Ok(resource)
    }

    fn area(&mut self) -> Result<Area, Refusal> {
        let (parent, mut order, mut area) = (self.parent(), Order::of(schema::AREA), Area::default());
        while let Some(name) = self.child(parent, &mut order)? {
            match name {
                "areaDesc" => area.description = self.string()?,
                "polygon" => area.polygons.push(self.polygon()?),
                "circle" => {
                    area.circles.push(self.value(Circle::read, Rule::Circle)?.unwrap_or_default());
                }
                "geocode" => area.geocodes.push(self.inner(Self::named)?),
                "altitude" => area.altitude = self.decimal()?,
                _ => area.ceiling = self.decimal()?,
            }
        }
        Ok(area)
    }

    fn polygon(&mut self) -> Result<Polygon, Refusal> {
        let polygon = match Polygon::read(&self.text()?) {
            Ok(polygon) => polygon,
            Err(NoPolygon::TooManyPoints) => return Err(self.source.refusal(RefusedFor::TooManyPoints)),
            Err(NoPolygon::Unreadable) => {
                self.violate_last(Rule::Polygon);
                Polygon::default()
            }
        };
        self.points += polygon.0.len();
        if self.points > MOST_POINTS {
            return Err(self.source.refusal(RefusedFor::TooManyPoints));
        }
        Ok(polygon)
    }
}

/// `xs:language`: parts of one to eight letters, from the second one on also digits. Nothing at all means CAP's default.
fn language_tag(text: &str) -> Option<String> {
    let is_tag = text.split('-').enumerate().all(|(number, part)| {
        (1..=8).contains(&part.len())
            && part.bytes().all(|byte| byte.is_ascii_alphabetic() || (number > 0 && byte.is_ascii_digit()))
    });
    (is_tag || text.is_empty()).then(|| text.to_owned())
}
