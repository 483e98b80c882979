//! Which texts may be written of a person.

use hinamori_model::PersonalText;

/// Bytes of one text in UTF-8: two hundred characters of Japanese.
pub const LONGEST_TEXT: usize = 600;
/// Digits of a My Number.
const MY_NUMBER: usize = 12;

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

/// Whether twelve digits stand there together, or in fours as on the card, with the check digit of a My Number.
/// Other groups are postal codes, house numbers and telephones beside each other, and a plus sign begins a telephone number.
fn holds_my_number(text: &str) -> bool {
    let mut groups = Groups::default();
    text.chars().any(|character| groups.take(character)) || groups.is_my_number()
}

/// The digits in a row that were read last.
#[derive(Default)]
struct Groups {
    digits: Vec<u8>,
    /// How many digits stood before each separator.
    breaks: Vec<usize>,
    /// One separator was read, and no digit after it.
    is_open: bool,
    is_telephone: bool,
}

impl Groups {
    /// Takes the next character. Whether the digits that end with it are a My Number.
    fn take(&mut self, character: char) -> bool {
        if let Some(digit) = digit_of(character) {
            if std::mem::take(&mut self.is_open) {
                self.breaks.push(self.digits.len());
            }
            self.digits.push(digit);
            return false;
        }
        // Space, ideographic space, hyphens, minus, the long vowel mark.
        let separates =
            matches!(character, ' ' | '\u{3000}' | '-' | '\u{2010}' | '\u{2212}' | '\u{30FC}' | '\u{FF0D}');
        if separates && !self.is_open && !self.digits.is_empty() {
            self.is_open = true;
            return false;
        }
        let found = self.is_my_number();
        *self = Self { is_telephone: matches!(character, '+' | '\u{FF0B}'), ..Self::default() };
        found
    }

    fn is_my_number(&self) -> bool {
        let in_groups = self.breaks.is_empty() || self.breaks == [4, 8];
        self.digits.len() == MY_NUMBER && in_groups && !self.is_telephone && has_check_digit(&self.digits)
    }
}

/// The value of a digit, also of a full-width one.
fn digit_of(character: char) -> Option<u8> {
    let code = u32::from(character);
    let full_width = code.checked_sub(u32::from('\u{FF10}')).filter(|digit| *digit < 10);
    full_width.or_else(|| character.to_digit(10)).and_then(|digit| u8::try_from(digit).ok())
}

/// The last digit is 11 less the weighted sum of the others modulo 11, and 0 where that has two digits (総務省令第85号
/// of 2014, Art. 5).
fn has_check_digit(digits: &[u8]) -> bool {
    let Some((check, others)) = digits.split_last() else { return false };
    let weights = (2..=7_u32).chain(2..=6);
    let sum: u32 = others.iter().rev().zip(weights).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let wanted = match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    };
    u32::from(*check) == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_my_number_is_no_text_of_ours_however_it_is_written() {
        // 8 is the right check digit.
        for written in [
            "123456789018",
            "番号は 1234 5678 9018 です",
            "1234-5678-9018",
            "\u{FF11}\u{FF12}\u{FF13}\u{FF14}\u{FF15}\u{FF16}\u{FF17}\u{FF18}\u{FF19}\u{FF10}\u{FF11}\u{FF18}",
            "Tel 1 1; 1234\u{3000}5678\u{FF0D}9018",
        ] {
            assert_eq!(text_of(written.as_bytes()), Err(BadText::MyNumber), "{written}");
        }
        for other in [
            "123456789012",
            "1234567890189",
            "12345678901",
            "+123456789018",
            "〒123-4567 8901-8",
            "090-1234-5678",
            "1234 5678",
        ] {
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
