//! Every word on the screens, by meaningful keys (Project Fluent).

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};

use crate::Language;

const JAPANESE: &str = include_str!("../locales/ja/kiosk.ftl");
const ENGLISH: &str = include_str!("../locales/en/kiosk.ftl");

/// The words of one language.
pub struct Texts {
    bundle: FluentBundle<FluentResource>,
}

/// The words of all languages, read once at the start.
pub struct Catalogue {
    japanese: Texts,
    english: Texts,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Catalogue")
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { japanese: Texts::parse(JAPANESE), english: Texts::parse(ENGLISH) }
    }
}

impl Catalogue {
    /// The words of `language`.
    pub const fn of(&self, language: Language) -> &Texts {
        match language {
            Language::Japanese => &self.japanese,
            Language::English => &self.english,
        }
    }
}

impl Texts {
    fn parse(source: &str) -> Self {
        // Errors in a catalogue are found by the tests below; at run time the readable part is used.
        let resource =
            FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, _errors)| partial);
        let mut bundle = FluentBundle::default();
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// The text of `key`.
    pub fn get(&self, key: &str) -> String {
        self.format(key, None)
    }

    /// The text of `key` with its parameters.
    pub fn with<const N: usize>(&self, key: &str, parameters: [(&'static str, Value<'_>); N]) -> String {
        let arguments: FluentArgs<'_> =
            parameters.into_iter().map(|(name, value)| (name, value.into_fluent())).collect();
        self.format(key, Some(&arguments))
    }

    /// A missing key shows itself: a test makes sure that none is.
    fn format(&self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        self.bundle.format_pattern(pattern, arguments, &mut Vec::new()).into_owned()
    }
}

/// A parameter of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// A name or another text.
    Text(&'a str),
}

impl<'a> Value<'a> {
    fn into_fluent(self) -> FluentValue<'a> {
        match self {
            // As text: no locale puts separators into counts of people.
            Self::Number(number) => FluentValue::from(number.to_string()),
            Self::Text(text) => FluentValue::from(text),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Number(u64::from(number))
    }
}

#[cfg(test)]
mod tests;
