//! The town's own numbers of people and households.

use hinamori_model::PersonalText;

use crate::fold::narrow_text;

/// The most characters of a number; towns have up to 15.
const LONGEST: usize = 32;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(PersonalText);

        impl $name {
            /// The number as text in half width, with its leading zeros.
            pub fn expose(&self) -> &str {
                self.0.expose()
            }

            /// Takes 1 to 32 letters, digits and hyphens of any width.
            pub(crate) fn read(text: &str) -> Option<Self> {
                read(text).map(Self)
            }
        }
    };
}

number! {
    /// The number of a person (宛名番号) in the town's systems. It is text: leading zeros count. Never printed.
    ResidentNumber
}
number! {
    /// The number of a household (世帯番号). It is text: leading zeros count. Never printed.
    HouseholdNumber
}

fn read(text: &str) -> Option<PersonalText> {
    let text = narrow_text(text);
    let is_number = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_number && !text.is_empty() && text.len() <= LONGEST).then(|| PersonalText::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_zeros_and_cannot_be_printed() {
        let number = ResidentNumber::read(" ０００１２３A ").unwrap();
        assert_eq!(number.expose(), "000123A");
        assert_eq!(format!("{number:?}"), "ResidentNumber(PersonalText(hidden))");
    }

    #[test]
    fn what_a_spreadsheet_rewrote_is_no_number() {
        for text in ["", "1.23457E+11", "12 34", "一二", &"1".repeat(LONGEST + 1)] {
            assert_eq!(HouseholdNumber::read(text), None, "{text}");
        }
    }
}
