//! The one way into XML: a stream of elements and texts, with what no alert needs refused and everything counted.
//!
//! `quick-xml` cuts the bytes into tags; it is lenient by design, so what it lets pass is looked at here: characters,
//! names, attributes, what stands outside the root, a document that ends too early.

use std::borrow::Cow;

use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace as Uri, ResolveResult};
use quick_xml::reader::NsReader;

/// The namespace of CAP 1.2 (§3.4).
pub(crate) const CAP: &str = "urn:oasis:names:tc:emergency:cap:1.2";
/// That of XML signatures, one of which may end an alert (§3.3.4.1).
pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Those of the Japan Meteorological Agency's messages: the whole and its control part, its head, and a body about earthquakes and tsunamis.
const AGENCY: [(&str, AgencyPart); 3] = [
    ("http://xml.kishou.go.jp/jmaxml1/", AgencyPart::Report),
    ("http://xml.kishou.go.jp/jmaxml1/informationBasis1/", AgencyPart::Head),
    ("http://xml.kishou.go.jp/jmaxml1/body/seismology1/", AgencyPart::Seismology),
];
/// Its attributes belong to validators and may stand on any element (XML Schema 1 §2.6).
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The most bytes of an alert: a page of text in ten languages has 50 kB, and a picture may lie within.
pub const MOST_BYTES: usize = 1 << 20;
/// The most elements.
pub const MOST_ELEMENTS: usize = 5_000;
/// The deepest nesting: CAP needs 5, a signature with certificates 9.
pub const MOST_DEPTH: usize = 12;
/// The most attributes of an element.
const MOST_ATTRIBUTES: usize = 8;

/// Why bytes are not read as an alert at all. It says nothing of what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedFor {
    /// Over [`MOST_BYTES`].
    #[error("it has more than {MOST_BYTES} bytes")]
    TooManyBytes,
    /// Over [`MOST_ELEMENTS`].
    #[error("it has more than {MOST_ELEMENTS} elements")]
    TooManyElements,
    /// Over [`MOST_DEPTH`].
    #[error("its elements are nested over {MOST_DEPTH} deep")]
    TooDeep,
    /// Over [`MOST_TEXT_BYTES`](crate::MOST_TEXT_BYTES).
    #[error("a text has more than {} bytes", crate::MOST_TEXT_BYTES)]
    TextTooLong,
    /// Over [`MOST_POLYGON_POINTS`](crate::MOST_POLYGON_POINTS) or [`MOST_POINTS`](crate::MOST_POINTS).
    #[error("it has over {} points, or a polygon over {}", crate::MOST_POINTS, crate::MOST_POLYGON_POINTS)]
    TooManyPoints,
    /// Other bytes than UTF-8, or another encoding is declared.
    #[error("it is not UTF-8, or says that it is not")]
    NotUtf8,
    /// XML 1.0 §2.2.
    #[error("it has a character that XML does not have")]
    ForbiddenCharacter,
    /// Where entities and external references come from.
    #[error("it has a document type declaration")]
    DocumentType,
    /// XML 1.0 §2.6.
    #[error("it has a processing instruction")]
    ProcessingInstruction,
    /// Other than the five that XML itself has.
    #[error("it has an entity that XML itself does not have")]
    Entity,
    /// XML 1.0, or Namespaces in XML 1.0.
    #[error("it is no well-formed XML")]
    Malformed,
    /// The root is not `alert` in the namespace of CAP 1.2.
    #[error("it is no alert of CAP 1.2")]
    NotAnAlert,
    /// An element of CAP inside the signature, where a reader of another kind might look for the alert.
    #[error("it hides elements of CAP in its signature")]
    Wrapped,
}

/// Bytes that are not read as an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Refusal {
    /// The line, from 1, at which reading ended.
    pub line: u32,
    /// Why.
    pub reason: RefusedFor,
}

/// Whose an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Namespace {
    Cap,
    Signature,
    Agency(AgencyPart),
    Other,
}

/// A part of a message of the Meteorological Agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgencyPart {
    Report,
    Head,
    Seismology,
}

/// The next thing in the document. What is empty comes as an opening and a closing.
#[derive(Debug)]
pub(crate) enum Token<'a> {
    Open(Tag<'a>),
    /// Of any element.
    Text(Cow<'a, str>),
    Close,
    /// After the root's end.
    End,
}

/// An opening tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag<'a> {
    pub(crate) namespace: Namespace,
    /// Without its prefix.
    pub(crate) name: &'a str,
    /// Where its `<` is.
    pub(crate) at: usize,
    /// Whether it has an attribute that is no declaration of a namespace and not for validators.
    pub(crate) has_attributes: bool,
}

/// The document, read as a stream.
pub(crate) struct Source<'a> {
    text: &'a str,
    reader: NsReader<&'a [u8]>,
    depth: usize,
    elements: usize,
    /// Where the last token began.
    at: usize,
}

impl<'a> Source<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let refuse = |reason| Err(Refusal { line: 1, reason });
        if bytes.len() > MOST_BYTES {
            return refuse(RefusedFor::TooManyBytes);
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return refuse(RefusedFor::NotUtf8) };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if has_forbidden_character(text.as_bytes()) {
            return refuse(RefusedFor::ForbiddenCharacter);
        }
        let mut reader = NsReader::from_str(text);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        reader.resolver_mut().set_max_declarations_per_element(MOST_ATTRIBUTES);
        Ok(Self { text, reader, depth: 0, elements: 0, at: 0 })
    }

    /// Reading ends here.
    pub(crate) fn refusal(&self, reason: RefusedFor) -> Refusal {
        Refusal { line: self.line_of(self.at), reason }
    }

    /// The line of a place, from 1.
    pub(crate) fn line_of(&self, at: usize) -> u32 {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let breaks = before.iter().filter(|byte| **byte == b'\n').count();
        u32::try_from(breaks).unwrap_or(u32::MAX).saturating_add(1)
    }

    pub(crate) fn next(&mut self) -> Result<Token<'a>, Refusal> {
        loop {
            self.at = self.position();
            let (namespace, event) = match self.reader.read_resolved_event() {
                Ok((resolved, event)) => (namespace_of(&resolved), event),
                Err(_malformed) => return Err(self.refusal(RefusedFor::Malformed)),
            };
            match event {
                Event::Start(tag) => return self.opened(namespace, &tag).map(Token::Open),
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(Token::Close);
                }
                Event::Text(_) => {
                    let text = self.slice(self.at, self.position());
                    if self.depth > 0 {
                        return self.content(text).map(Token::Text);
                    }
                    if !text.bytes().all(|byte| byte.is_ascii_whitespace()) {
                        return Err(self.refusal(RefusedFor::Malformed));
                    }
                }
                Event::CData(_) | Event::GeneralRef(_) if self.depth == 0 => {
                    return Err(self.refusal(RefusedFor::Malformed));
                }
                Event::CData(_) => {
                    let whole = self.slice(self.at, self.position());
                    let text = whole.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>"));
                    return Ok(Token::Text(lines_of(text.unwrap_or_default())));
                }
                Event::GeneralRef(reference) => {
                    let character =
                        character_of(&reference).ok_or_else(|| self.refusal(RefusedFor::Entity))?;
                    return Ok(Token::Text(Cow::Owned(character.to_string())));
                }
                Event::Comment(_) => {}
                Event::Decl(_) if self.at == 0 => self.declared()?,
                Event::Decl(_) => return Err(self.refusal(RefusedFor::Malformed)),
                Event::PI(_) => return Err(self.refusal(RefusedFor::ProcessingInstruction)),
                Event::DocType(_) => return Err(self.refusal(RefusedFor::DocumentType)),
                Event::Eof if self.depth == 0 && self.elements > 0 => return Ok(Token::End),
                // What is empty comes as a start and an end.
                Event::Eof | Event::Empty(_) => return Err(self.refusal(RefusedFor::Malformed)),
            }
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn opened(&mut self, namespace: Option<Namespace>, tag: &BytesStart<'a>) -> Result<Tag<'a>, Refusal> {
        // A second root is none.
        if self.depth == 0 && self.elements > 0 {
            return Err(self.refusal(RefusedFor::Malformed));
        }
        self.elements += 1;
        self.depth += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(self.refusal(RefusedFor::TooManyElements));
        }
        if self.depth > MOST_DEPTH {
            return Err(self.refusal(RefusedFor::TooDeep));
        }
        let start = self.at + 1;
        let whole = self.slice(start, start + tag.name().as_ref().len());
        let name = whole.split_once(':').map_or(whole, |(_, local)| local);
        let Some(namespace) = namespace.filter(|_| is_name(whole)) else {
            return Err(self.refusal(RefusedFor::Malformed));
        };
        let has_attributes = !tag.attributes_raw().is_empty() && self.has_attributes(tag)?;
        Ok(Tag { namespace, name, at: self.at, has_attributes })
    }

    fn has_attributes(&self, tag: &BytesStart<'a>) -> Result<bool, Refusal> {
        let malformed = || self.refusal(RefusedFor::Malformed);
        let mut has_attributes = false;
        for (number, attribute) in tag.attributes().enumerate() {
            let attribute = attribute.ok().filter(|_| number < MOST_ATTRIBUTES).ok_or_else(malformed)?;
            let name = std::str::from_utf8(attribute.key.into_inner()).unwrap_or_default();
            let value = std::str::from_utf8(&attribute.value).unwrap_or("<");
            if !is_name(name) || value.contains('<') || has_unknown_reference(value) {
                return Err(malformed());
            }
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (resolved, _) = self.reader.resolver().resolve_attribute(attribute.key);
            match resolved {
                ResolveResult::Bound(Uri(uri)) if uri == SCHEMA_INSTANCE.as_bytes() => {}
                ResolveResult::Bound(_) | ResolveResult::Unbound => has_attributes = true,
                ResolveResult::Unknown(_) => return Err(malformed()),
            }
        }
        Ok(has_attributes)
    }

    /// Character data as an application is given it (XML 1.0 §2.4, §2.11).
    fn content(&self, text: &'a str) -> Result<Cow<'a, str>, Refusal> {
        if text.contains("]]>") {
            return Err(self.refusal(RefusedFor::Malformed));
        }
        Ok(lines_of(text))
    }

    /// Looks at the XML declaration (XML 1.0 §2.8): `version`, then perhaps `encoding`, then perhaps `standalone`.
    fn declared(&self) -> Result<(), Refusal> {
        let whole = self.slice(0, self.position());
        let inner = whole.strip_prefix("<?").and_then(|text| text.strip_suffix("?>")).unwrap_or_default();
        let mut expected = ["version", "encoding", "standalone"].iter();
        let mut has_version = false;
        for attribute in Attributes::new(inner, 3) {
            let malformed = || self.refusal(RefusedFor::Malformed);
            let attribute = attribute.map_err(|_no_attribute| malformed())?;
            let name = attribute.key.into_inner();
            if !expected.any(|expected| expected.as_bytes() == name) {
                return Err(malformed());
            }
            match name {
                b"version" if *attribute.value == *b"1.0" => has_version = true,
                b"encoding" if !attribute.value.eq_ignore_ascii_case(b"UTF-8") => {
                    return Err(self.refusal(RefusedFor::NotUtf8));
                }
                b"encoding" => {}
                b"standalone" if *attribute.value == *b"yes" || *attribute.value == *b"no" => {}
                _ => return Err(malformed()),
            }
        }
        if has_version { Ok(()) } else { Err(self.refusal(RefusedFor::Malformed)) }
    }
}

/// Whether UTF-8 has a control character, U+FFFE or U+FFFF. It looks at all bytes without a branch, many at once.
fn has_forbidden_character(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r');
    let controls = bytes.iter().fold(false, |found, byte| found | is_control(*byte));
    let triples = bytes.iter().zip(bytes.iter().skip(1)).zip(bytes.iter().skip(2));
    let is_no_character = |a: u8, b: u8, c: u8| (a == 0xef) & (b == 0xbf) & (c >= 0xbe);
    controls | triples.fold(false, |found, ((a, b), c)| found | is_no_character(*a, *b, *c))
}

/// `None` for a prefix that was never declared.
fn namespace_of(resolved: &ResolveResult<'_>) -> Option<Namespace> {
    match resolved {
        ResolveResult::Bound(Uri(uri)) if *uri == CAP.as_bytes() => Some(Namespace::Cap),
        ResolveResult::Bound(Uri(uri)) if *uri == SIGNATURE.as_bytes() => Some(Namespace::Signature),
        ResolveResult::Bound(Uri(uri)) => {
            let part = AGENCY.iter().find(|(own, _)| own.as_bytes() == *uri).map(|(_, part)| *part);
            Some(part.map_or(Namespace::Other, Namespace::Agency))
        }
        ResolveResult::Unbound => Some(Namespace::Other),
        ResolveResult::Unknown(_) => None,
    }
}

/// A name of XML 1.0 §2.3 as far as ASCII decides it.
fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii();
    let is_inside = |byte: u8| is_letter(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let is_part = |part: &str| part.bytes().next().is_some_and(is_letter) && part.bytes().all(is_inside);
    match name.split_once(':') {
        Some((prefix, local)) => is_part(prefix) && is_part(local),
        None => is_part(name),
    }
}

fn has_unknown_reference(value: &str) -> bool {
    value.split('&').skip(1).any(|after| {
        let name = after.split_once(';').map_or("", |(name, _)| name);
        character_of(&BytesRef::new(name)).is_none()
    })
}

/// One of the five entities, or a character by its number, if XML has it.
fn character_of(reference: &BytesRef<'_>) -> Option<char> {
    let name: &[u8] = reference;
    match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"apos" => Some('\''),
        b"quot" => Some('"'),
        _ => reference.resolve_char_ref().ok().flatten().filter(|character| is_character(*character)),
    }
}

/// XML 1.0 §2.2.
pub(crate) const fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Every end of a line becomes a line feed (XML 1.0 §2.11).
fn lines_of(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}
