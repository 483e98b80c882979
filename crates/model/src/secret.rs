//! Text that names somebody.

use serde::{Deserialize, Serialize};

/// A name, reading or relation: shown on a screen, never in a log. `Debug` is redacted and there is no
/// `Display`; the one way to the text is [`PersonalText::expose`], which is easy to search for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonalText(String);

impl PersonalText {
    /// Takes the text as it is to be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for drawing it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PersonalText {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PersonalText(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_text_cannot_be_printed() {
        assert_eq!(format!("{:?}", PersonalText::new("浜田 花子")), "PersonalText(hidden)");
    }
}
