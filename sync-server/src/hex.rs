//! Bytes as hexadecimal text in JSON.

use serde::{Deserialize, Deserializer, Serializer, de};

/// The text of `bytes`, lower case.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of `text`; `None` when it is no hexadecimal.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    digits
        .chunks_exact(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect()
}

/// For `#[serde(serialize_with)]`.
pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(&text(bytes))
}

/// For `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
    let given = String::deserialize(from)?;
    let read = bytes(&given).and_then(|read| read.try_into().ok());
    read.ok_or_else(|| de::Error::custom("expected 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_trip_and_other_text_is_refused() {
        assert_eq!(bytes(&text(&[0, 0xab, 0xff])), Some(vec![0, 0xab, 0xff]));
        for refused in ["0", "0g", "+1", "あい"] {
            assert_eq!(bytes(refused), None, "{refused}");
        }
    }
}
