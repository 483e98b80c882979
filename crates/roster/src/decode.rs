//! From a file's bytes to its text.

use std::borrow::Cow;

use encoding_rs::SHIFT_JIS;
use serde::Deserialize;

use crate::problem::{Problem, Reason};

/// The most bytes of a file: 200,000 rows of 300 bytes, and some more.
const MOST_BYTES: usize = 64 << 20;
const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];

/// How a file's characters are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// With or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Microsoft's Shift_JIS (Windows-31J), with the vendor's and the town's own characters.
    Cp932,
}

/// A file's text, and what must be true of the file as a whole.
///
/// # Errors
/// [`Reason::FileTooLong`], [`Reason::Utf16`] or [`Reason::NotText`].
pub(crate) fn text_of(bytes: &[u8], forced: Option<Encoding>) -> Result<Cow<'_, str>, Problem> {
    if bytes.len() > MOST_BYTES {
        return Err(Problem::of_file(0, None, Reason::FileTooLong));
    }
    if is_utf16(bytes) {
        return Err(Problem::of_file(0, None, Reason::Utf16));
    }
    let (bytes, forced) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => (rest, Some(Encoding::Utf8)),
        None => (bytes, forced),
    };
    match forced {
        Some(Encoding::Utf8) => utf8(bytes).map_err(broken_after),
        Some(Encoding::Cp932) => cp932(bytes).map_err(|valid| broken_after(&valid)),
        None => match utf8(bytes) {
            Ok(text) => Ok(text),
            // Most broken UTF-8 is some CP932 too. No CP932 file begins with characters that are Japanese as UTF-8.
            Err(valid) if is_japanese(valid) => Err(broken_after(valid)),
            Err(_) => cp932(bytes).map_err(|valid| broken_after(&valid)),
        },
    }
}

/// Whether the first character beyond ASCII is a Japanese one.
fn is_japanese(text: &str) -> bool {
    text.chars().find(|one| !one.is_ascii()).is_some_and(|first| first >= '\u{3000}')
}

/// With a byte order mark, or recognised by the zero bytes of its header's separators.
fn is_utf16(bytes: &[u8]) -> bool {
    let start = bytes.get(..bytes.len().min(400)).unwrap_or_default();
    start.starts_with(&[0xFF, 0xFE]) || start.starts_with(&[0xFE, 0xFF]) || start.contains(&0)
}

/// The text, or as much of it as is valid.
fn utf8(bytes: &[u8]) -> Result<Cow<'_, str>, &str> {
    str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        str::from_utf8(valid).unwrap_or_default()
    })
}

/// The text, or as much of it as is valid.
fn cp932(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(|| {
        let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
        let length = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
        let mut valid = String::with_capacity(length);
        let _malformed = decoder.decode_to_string_without_replacement(bytes, &mut valid, true);
        valid
    })
}

/// Says where a text breaks off.
fn broken_after(valid: &str) -> Problem {
    let line = line_breaks(valid.as_bytes()).saturating_add(1);
    let last = valid.rsplit(['\n', '\r']).next().unwrap_or_default();
    let character = u32::try_from(last.chars().count()).unwrap_or(u32::MAX).saturating_add(1);
    Problem::of_file(line, None, Reason::NotText { character })
}

/// How many lines end here: by LF, CR LF or CR.
pub(crate) fn line_breaks(bytes: &[u8]) -> u32 {
    let following = bytes.iter().skip(1).chain([&0]);
    let ends =
        bytes.iter().zip(following).filter(|&(&byte, &next)| byte == b'\n' || byte == b'\r' && next != b'\n');
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shift_jis(text: &str) -> Vec<u8> {
        let (bytes, _, has_replaced) = SHIFT_JIS.encode(text);
        assert!(!has_replaced, "{text} has no form in CP932");
        bytes.into_owned()
    }

    fn reason(bytes: &[u8], forced: Option<Encoding>) -> (u32, Reason) {
        let problem = text_of(bytes, forced).unwrap_err();
        (problem.line, problem.reason)
    }

    #[test]
    fn the_encoding_is_found() {
        let text = "氏名,髙橋 ①ﾀｶﾊｼ\r\n表,～";
        for bytes in [text.as_bytes().to_vec(), [BYTE_ORDER_MARK, text.as_bytes()].concat(), shift_jis(text)]
        {
            assert_eq!(text_of(&bytes, None).unwrap(), text);
        }
        assert_eq!(text_of(&shift_jis(text), Some(Encoding::Cp932)).unwrap(), text);
    }

    #[test]
    fn what_breaks_is_named_by_line_and_character() {
        let mut bytes = shift_jis("氏名\r\n山田\r\n中");
        bytes.extend([0xFF, b'\n']);
        assert_eq!(reason(&bytes, None), (3, Reason::NotText { character: 2 }));
        let mut bytes = "氏名\n山田\n中村".as_bytes().to_vec();
        bytes.pop();
        assert_eq!(reason(&bytes, None), (3, Reason::NotText { character: 2 }));
        assert_eq!(reason(&shift_jis("a\n名"), Some(Encoding::Utf8)), (2, Reason::NotText { character: 1 }));
        // Cut in the middle of a character.
        let cut = shift_jis("氏名\n山田");
        assert_eq!(reason(&cut[..cut.len() - 1], None), (2, Reason::NotText { character: 2 }));
    }

    #[test]
    fn utf16_is_named() {
        let text = "氏名,番号";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(reason(&little, None), (0, Reason::Utf16));
        assert_eq!(reason(&big, None), (0, Reason::Utf16));
    }

    #[test]
    fn lines_end_by_any_of_three() {
        assert_eq!(line_breaks(b"a\nb\r\nc\rd"), 3);
        assert_eq!(line_breaks(b"\r\n\r\n\r"), 3);
        assert_eq!(line_breaks(b""), 0);
    }

    #[test]
    fn a_file_over_the_budget_is_not_looked_at() {
        assert_eq!(reason(&vec![b'a'; MOST_BYTES + 1], None), (0, Reason::FileTooLong));
    }
}
