//! Which texts may be written of a person.

use hinamori_model::{PersonalText, holds_my_number};

/// Bytes of one text in UTF-8: two hundred characters of Japanese.
pub const LONGEST_TEXT: usize = 600;

/// Why a text was not taken. It never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// There is none where one must be.
    #[error("the text is empty")]
    Empty,
    /// Over [`LONGEST_TEXT`].
    #[error("the text has {bytes} bytes")]
    TooLong {
        /// In UTF-8.
        bytes: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// A line end, another control character, or one that turns the direction of what follows.
    #[error("the text holds a control character")]
    ControlCharacter,
    /// Twelve digits that are a My Number (マイナンバー): it is never stored.
    #[error("the text holds a My Number")]
    MyNumber,
}

/// The text of some bytes.
pub(crate) fn text_of(bytes: &[u8]) -> Result<PersonalText, BadText> {
    if bytes.is_empty() {
        return Err(BadText::Empty);
    }
    if bytes.len() > LONGEST_TEXT {
        return Err(BadText::TooLong { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|_where_it_ends| BadText::NotUtf8)?;
    if text.chars().any(|character| character.is_control() || turns_direction(character)) {
        return Err(BadText::ControlCharacter);
    }
    if holds_my_number(text) {
        return Err(BadText::MyNumber);
    }
    Ok(PersonalText::new(text))
}

/// The text of some bytes, if there are any.
pub(crate) fn optional_text_of(bytes: &[u8]) -> Result<Option<PersonalText>, BadText> {
    if bytes.is_empty() { Ok(None) } else { text_of(bytes).map(Some) }
}

/// The embeddings, overrides and isolates of Unicode's bidirectional algorithm: with them a text can look like another.
const fn turns_direction(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_my_number_is_no_text_of_ours() {
        for written in ["123456789018", "番号は 1234 5678 9018 です"] {
            assert_eq!(text_of(written.as_bytes()), Err(BadText::MyNumber), "{written}");
        }
        for other in ["123456789012", "+123456789018", "〒123-4567 阿武町 8901-8", "090-1234-5678"] {
            assert!(text_of(other.as_bytes()).is_ok(), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_shown_as_one_line_is_refused() {
        assert_eq!(text_of(b""), Err(BadText::Empty));
        assert_eq!(optional_text_of(b""), Ok(None));
        assert_eq!(text_of(b"\xe3\x81"), Err(BadText::NotUtf8));
        for wrong in ["a\nb", "a\0", "\u{202E}a", "\u{85}"] {
            assert_eq!(text_of(wrong.as_bytes()), Err(BadText::ControlCharacter));
        }
        assert!(text_of(&[b'a'; LONGEST_TEXT]).is_ok());
        assert_eq!(text_of(&[b'a'; LONGEST_TEXT + 1]), Err(BadText::TooLong { bytes: LONGEST_TEXT + 1 }));
    }
}
