//! A DER writer of a few lines. It is no part of what it helps to test: the parsers under test come from
//! elsewhere, and it writes whatever a negative test asks for.

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;

/// One value: tag, minimal length (X.690 §10.1), contents.
pub fn value(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
    let mut out = vec![tag];
    if contents.len() < 0x80 {
        out.extend(if digits.is_empty() { vec![0] } else { digits });
    } else {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
        out.extend(digits);
    }
    out.extend(contents);
    out
}

/// SEQUENCE.
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    value(0x30, &parts.concat())
}

/// SET OF, in the order given.
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    value(0x31, &parts.concat())
}

/// A constructed context-specific value: `[number]`, EXPLICIT or an IMPLICIT SEQUENCE.
pub fn context(number: u8, contents: &[u8]) -> Vec<u8> {
    value(0xA0 | number, contents)
}

/// A primitive context-specific value: `[number] IMPLICIT`.
pub fn context_primitive(number: u8, contents: &[u8]) -> Vec<u8> {
    value(0x80 | number, contents)
}

/// OBJECT IDENTIFIER.
pub fn oid(identifier: &ObjectIdentifier) -> Vec<u8> {
    value(0x06, identifier.as_bytes())
}

/// UTF8String.
pub fn utf8(text: &str) -> Vec<u8> {
    value(0x0C, text.as_bytes())
}

/// INTEGER from big-endian bytes of a number that is not negative.
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|digit| *digit == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    value(0x02, &digits)
}

/// BOOLEAN TRUE.
pub fn boolean_true() -> Vec<u8> {
    value(0x01, &[0xFF])
}

/// OCTET STRING.
pub fn octets(contents: &[u8]) -> Vec<u8> {
    value(0x04, contents)
}

/// BIT STRING of whole bytes.
pub fn bits(contents: &[u8]) -> Vec<u8> {
    value(0x03, &[&[0], contents].concat())
}

/// BIT STRING of named bits (X.690 §11.2.2: no trailing zero bits).
pub fn named_bits(set_bits: &[u8]) -> Vec<u8> {
    let Some(last) = set_bits.iter().copied().max() else { return value(0x03, &[0]) };
    let mut bytes = vec![0_u8; usize::from(last / 8) + 1];
    for (position, byte) in bytes.iter_mut().enumerate() {
        for bit in set_bits.iter().filter(|bit| usize::from(**bit / 8) == position) {
            *byte |= 0x80 >> (bit % 8);
        }
    }
    value(0x03, &[vec![7 - last % 8], bytes].concat())
}

/// UTCTime through 2049 and GeneralizedTime from 2050 (RFC 5280 §4.1.2.5), in whole seconds.
pub fn time(at: UnixMillis) -> Vec<u8> {
    let since = std::time::Duration::from_secs(at.get() / 1000);
    let Ok(t) = der::DateTime::from_unix_duration(since) else { return value(0x18, b"99991231235959Z") };
    let rest = format!("{:02}{:02}{:02}{:02}{:02}Z", t.month(), t.day(), t.hour(), t.minutes(), t.seconds());
    if t.year() < 2050 {
        value(0x17, format!("{:02}{rest}", t.year() % 100).as_bytes())
    } else {
        value(0x18, format!("{:04}{rest}", t.year()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_integers_bits_and_times_are_minimal() {
        assert_eq!(octets(&[]), [0x04, 0]);
        assert_eq!(octets(&[1; 0x80])[..3], [0x04, 0x81, 0x80]);
        assert_eq!(octets(&[1; 0x100])[..4], [0x04, 0x82, 1, 0]);
        assert_eq!(integer(&[0, 0]), [0x02, 1, 0]);
        assert_eq!(integer(&[0, 0x80]), [0x02, 2, 0, 0x80]);
        assert_eq!(named_bits(&[5, 6]), [0x03, 2, 1, 0b0000_0110]);
        assert_eq!(named_bits(&[8]), [0x03, 3, 7, 0, 0x80]);
        assert_eq!(time(UnixMillis::new(0)), [&[0x17, 13][..], b"700101000000Z"].concat());
        assert_eq!(time(UnixMillis::new(2_524_608_000_000)), [&[0x18, 15][..], b"20500101000000Z"].concat());
    }
}
