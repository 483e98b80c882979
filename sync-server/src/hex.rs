//! Bytes as hexadecimal text in JSON.

use serde::{Deserialize, Deserializer, Serializer, de};

/// The text of `bytes`, lower case. Every television that asks is told some.
pub(crate) fn text(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]));
    text
}

/// The bytes of `text`; `None` when it is no hexadecimal.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let value = |digit: &u8| char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let mut bytes = Vec::with_capacity(pairs.len());
    for [high, low] in pairs {
        bytes.push((value(high)? << 4) | value(low)?);
    }
    rest.is_empty().then_some(bytes)
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
