//! From an [`Alert`] to the one form of its bytes.

use std::fmt;

use crate::alert::{Alert, Area, Info, Named, Resource};
use crate::xml::{CAP, is_character};

/// Writes an alert: UTF-8, two spaces a level, the schema's order, numbers and times in one form. The same alert gives the same
/// bytes, and reading them gives the same alert. Behind the declaration they are their own canonical form (Canonical XML 1.0 §1.1). A character that XML does not have becomes U+FFFD.
///
/// It writes what it is given: whoever publishes the bytes asks a [`Report`](crate::Report) about them first.
pub fn write(alert: &Alert) -> Vec<u8> {
    let mut out = Writer::begin("alert", CAP);
    write_alert(&mut out, alert);
    out.end("alert")
}

/// Writes elements below each other.
pub(crate) struct Writer {
    text: String,
    level: usize,
}

impl Writer {
    /// Begins a document whose elements are all of one namespace.
    pub(crate) fn begin(root: &str, namespace: &str) -> Self {
        let mut text = String::with_capacity(4_096);
        text.extend(["<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<", root, " xmlns=\"", namespace, "\">\n"]);
        Self { text, level: 1 }
    }

    /// Ends it.
    pub(crate) fn end(mut self, root: &str) -> Vec<u8> {
        self.text.extend(["</", root, ">\n"]);
        self.text.into_bytes()
    }

    /// An element that has attributes only; their values have no quotation marks.
    pub(crate) fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.indent();
        self.text.extend(["<", name]);
        for (attribute, value) in attributes {
            self.text.extend([" ", attribute, "=\""]);
            self.escaped(value);
            self.text.push('"');
        }
        self.text.push_str("/>\n");
    }

    fn indent(&mut self) {
        for _ in 0..self.level {
            self.text.push_str("  ");
        }
    }

    pub(crate) fn leaf(&mut self, name: &str, value: &str) {
        self.indent();
        self.text.extend(["<", name, ">"]);
        self.escaped(value);
        self.text.extend(["</", name, ">\n"]);
    }

    pub(crate) fn value(&mut self, name: &str, value: impl fmt::Display) {
        self.leaf(name, &value.to_string());
    }

    fn texts<'t>(&mut self, texts: impl IntoIterator<Item = (&'static str, &'t Option<String>)>) {
        for (name, text) in texts {
            if let Some(text) = text {
                self.leaf(name, text);
            }
        }
    }

    fn values<T: fmt::Display>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        for value in values {
            self.value(name, value);
        }
    }

    pub(crate) fn group(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.indent();
        self.text.extend(["<", name, ">\n"]);
        self.level += 1;
        write(self);
        self.level -= 1;
        self.indent();
        self.text.extend(["</", name, ">\n"]);
    }

    /// A carriage return goes by its number, or a reader would make a line feed of it (XML 1.0 §2.11).
    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '\r' => self.text.push_str("&#xD;"),
                _ if is_character(character) => self.text.push(character),
                _ => self.text.push(char::REPLACEMENT_CHARACTER),
            }
        }
    }

    fn named(&mut self, name: &str, all: &[Named]) {
        for Named { name: value_name, value } in all {
            self.group(name, |out| {
                out.leaf("valueName", value_name);
                out.leaf("value", value);
            });
        }
    }
}

fn write_alert(out: &mut Writer, alert: &Alert) {
    let Alert {
        identifier,
        sender,
        sent,
        status,
        message_type,
        source,
        scope,
        restriction,
        addresses,
        codes,
        note,
        references,
        incidents,
        infos,
    } = alert;
    out.leaf("identifier", identifier);
    out.leaf("sender", sender);
    out.value("sent", sent);
    out.leaf("status", status.text());
    out.leaf("msgType", message_type.text());
    out.texts([("source", source)]);
    out.leaf("scope", scope.text());
    out.texts([("restriction", restriction), ("addresses", addresses)]);
    out.values("code", codes);
    out.texts([("note", note)]);
    if !references.is_empty() {
        let ids: Vec<String> = references.iter().map(ToString::to_string).collect();
        out.leaf("references", &ids.join(" "));
    }
    out.texts([("incidents", incidents)]);
    for info in infos {
        out.group("info", |out| write_info(out, info));
    }
}

fn write_info(out: &mut Writer, info: &Info) {
    let Info {
        language,
        categories,
        event,
        response_types,
        urgency,
        severity,
        certainty,
        audience,
        event_codes,
        effective,
        onset,
        expires,
        sender_name,
        headline,
        description,
        instruction,
        web,
        contact,
        parameters,
        resources,
        areas,
    } = info;
    out.texts([("language", language)]);
    out.values("category", categories.iter().map(|category| category.text()));
    out.leaf("event", event);
    out.values("responseType", response_types.iter().map(|response| response.text()));
    out.leaf("urgency", urgency.text());
    out.leaf("severity", severity.text());
    out.leaf("certainty", certainty.text());
    out.texts([("audience", audience)]);
    out.named("eventCode", event_codes);
    out.values("effective", effective);
    out.values("onset", onset);
    out.values("expires", expires);
    out.texts([
        ("senderName", sender_name),
        ("headline", headline),
        ("description", description),
        ("instruction", instruction),
        ("web", web),
        ("contact", contact),
    ]);
    out.named("parameter", parameters);
    for resource in resources {
        out.group("resource", |out| write_resource(out, resource));
    }
    for area in areas {
        out.group("area", |out| write_area(out, area));
    }
}

fn write_resource(out: &mut Writer, resource: &Resource) {
    let Resource { description, mime_type, size, uri, content, digest } = resource;
    out.leaf("resourceDesc", description);
    out.leaf("mimeType", mime_type);
    out.values("size", size);
    out.texts([("uri", uri), ("derefUri", content), ("digest", digest)]);
}

fn write_area(out: &mut Writer, area: &Area) {
    let Area { description, polygons, circles, geocodes, altitude, ceiling } = area;
    out.leaf("areaDesc", description);
    out.values("polygon", polygons);
    out.values("circle", circles);
    out.named("geocode", geocodes);
    out.values("altitude", altitude);
    out.values("ceiling", ceiling);
}
