//! XML 1.0 as far as one export needs it: elements with a prefix, and text.

/// An XML document that grows by elements. Names are our own; text comes from anybody.
pub(crate) struct XmlFile {
    text: String,
    open: Vec<&'static str>,
}

impl XmlFile {
    pub(crate) fn new() -> Self {
        Self { text: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned(), open: Vec::new() }
    }

    /// Opens an element, with an attribute if it needs one.
    pub(crate) fn open(&mut self, name: &'static str, attribute: Option<[&str; 2]>) {
        self.indent();
        self.text.extend(["<", name]);
        if let Some([name, value]) = attribute {
            self.text.extend([" ", name, "=\"", &escaped(value), "\""]);
        }
        self.text.push_str(">\n");
        self.open.push(name);
    }

    /// An element of text.
    pub(crate) fn element(&mut self, name: &str, text: &str) {
        self.indent();
        self.text.extend(["<", name, ">", &escaped(text), "</", name, ">\n"]);
    }

    /// Closes the element that was opened last.
    pub(crate) fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.indent();
            self.text.extend(["</", name, ">\n"]);
        }
    }

    pub(crate) fn into_bytes(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        self.text.into_bytes()
    }

    fn indent(&mut self) {
        self.text.extend(self.open.iter().map(|_| "  "));
    }
}

/// Text without what XML 1.0 cannot have at all (§2.2), and with entities for what it reads as markup. A carriage return
/// is written by number, or a reader would make a line feed of it (§2.11).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => escaped.push(character),
        }
    }
    escaped
}
