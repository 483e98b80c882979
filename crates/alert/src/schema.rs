//! The order and number of elements in the schema of CAP 1.2 (§3.4), as tables.

/// How often an element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occurs {
    Once,
    AtMostOnce,
    OnceOrMore,
    AnyNumber,
}

/// What may stand in an element, in this order.
pub(crate) type Children = &'static [Child];

/// One of them.
#[derive(Debug)]
pub(crate) struct Child {
    name: &'static str,
    occurs: Occurs,
}

const fn once(name: &'static str) -> Child {
    Child { name, occurs: Occurs::Once }
}

const fn at_most_once(name: &'static str) -> Child {
    Child { name, occurs: Occurs::AtMostOnce }
}

const fn once_or_more(name: &'static str) -> Child {
    Child { name, occurs: Occurs::OnceOrMore }
}

const fn any_number(name: &'static str) -> Child {
    Child { name, occurs: Occurs::AnyNumber }
}

pub(crate) const ALERT: Children = &[
    once("identifier"),
    once("sender"),
    once("sent"),
    once("status"),
    once("msgType"),
    at_most_once("source"),
    once("scope"),
    at_most_once("restriction"),
    at_most_once("addresses"),
    any_number("code"),
    at_most_once("note"),
    at_most_once("references"),
    at_most_once("incidents"),
    any_number("info"),
];

pub(crate) const INFO: Children = &[
    at_most_once("language"),
    once_or_more("category"),
    once("event"),
    any_number("responseType"),
    once("urgency"),
    once("severity"),
    once("certainty"),
    at_most_once("audience"),
    any_number("eventCode"),
    at_most_once("effective"),
    at_most_once("onset"),
    at_most_once("expires"),
    at_most_once("senderName"),
    at_most_once("headline"),
    at_most_once("description"),
    at_most_once("instruction"),
    at_most_once("web"),
    at_most_once("contact"),
    any_number("parameter"),
    any_number("resource"),
    any_number("area"),
];

pub(crate) const RESOURCE: Children = &[
    once("resourceDesc"),
    once("mimeType"),
    at_most_once("size"),
    at_most_once("uri"),
    at_most_once("derefUri"),
    at_most_once("digest"),
];

pub(crate) const AREA: Children = &[
    once("areaDesc"),
    any_number("polygon"),
    any_number("circle"),
    any_number("geocode"),
    at_most_once("altitude"),
    at_most_once("ceiling"),
];

pub(crate) const NAMED: Children = &[once("valueName"), once("value")];

/// An element that stands where it may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misplaced {
    /// The schema has no such element here.
    Unknown,
    /// Something that comes after it was there before it.
    Late(&'static str),
    /// It may stand once only.
    Again(&'static str),
}

/// Where in its children an element is while it is read.
#[derive(Debug)]
pub(crate) struct Order {
    children: Children,
    /// The child that was read last.
    at: usize,
    /// A bit for each child that was there.
    seen: u32,
}

impl Order {
    pub(crate) const fn of(children: Children) -> Self {
        Self { children, at: 0, seen: 0 }
    }

    /// Takes the next child.
    pub(crate) fn take(&mut self, name: &str) -> Result<&'static str, Misplaced> {
        // Mostly it is the last one again, or one of those behind it.
        let behind = self.children.iter().enumerate().skip(self.at).find(|(_, child)| child.name == name);
        let Some((at, child)) = behind else {
            let before = self.children.iter().enumerate().find(|(_, child)| child.name == name);
            let Some((at, child)) = before else { return Err(Misplaced::Unknown) };
            // It is there, if late: nobody need hear that it is missing too.
            self.seen |= 1 << at;
            return Err(Misplaced::Late(child.name));
        };
        let is_there = self.seen & (1 << at) != 0;
        self.seen |= 1 << at;
        self.at = at;
        if is_there && matches!(child.occurs, Occurs::Once | Occurs::AtMostOnce) {
            return Err(Misplaced::Again(child.name));
        }
        Ok(child.name)
    }

    /// Nothing may follow any more. Whether that is news.
    pub(crate) fn close(&mut self) -> bool {
        std::mem::replace(&mut self.at, self.children.len()) < self.children.len()
    }

    /// The children that had to be there and were not.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &'static str> {
        let missing = self.children.iter().enumerate().filter(|(at, child)| {
            self.seen & (1 << at) == 0 && matches!(child.occurs, Occurs::Once | Occurs::OnceOrMore)
        });
        missing.map(|(_, child)| child.name)
    }
}
