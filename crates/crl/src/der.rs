//! The little of DER (X.690 §10) that a list is made of.

/// Why bytes are no list that is understood here. The party at fault is whoever handed them over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrlError {
    /// Not DER: a length that is not the shortest, a value that goes over its end, another tag than there may
    /// be, or bytes where none may be.
    #[error("the bytes are no revocation list in DER")]
    NotDer,
    /// Not version 2 (§5.1.2.1).
    #[error("the list is not of version 2")]
    NotVersion2,
    /// The two places that name the signature's algorithm differ (§5.1.1.2).
    #[error("the list names two signature algorithms")]
    TwoAlgorithms,
    /// A time that is none, or not in the form that its year asks for (§5.1.2.4).
    #[error("a time of the list is malformed")]
    Time,
    /// A serial number that is empty, not in its shortest form or longer than 20 bytes (§4.1.2.2). A negative one is
    /// none of these: it stands as zero.
    #[error("a serial number of the list is malformed")]
    Serial,
    /// An entry with a critical extension, as of an indirect list (§5.3).
    #[error("an entry of the list has a critical extension that is not known")]
    CriticalEntryExtension,
    /// An entry with the same extension twice.
    #[error("an entry of the list has an extension twice")]
    DuplicateEntryExtension,
    /// A reason that is none (§5.3.1).
    #[error("a reason of the list is malformed")]
    Reason,
    /// removeFromCRL in a complete list: only a delta list may say it (§5.3.1).
    #[error("the list takes a certificate back, which only a delta list may")]
    TakesBack,
}

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0A;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const EXPLICIT_0: u8 = 0xA0;

/// One value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// With tag and length.
    pub(crate) whole: &'a [u8],
}

/// Reads values one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    /// The next value.
    pub(crate) fn value(&mut self) -> Result<Value<'a>, CrlError> {
        let bytes = self.0;
        let (&tag, rest) = bytes.split_first().ok_or(CrlError::NotDer)?;
        let (length, rest) = length(rest).ok_or(CrlError::NotDer)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(CrlError::NotDer)?;
        let whole = bytes.get(..bytes.len() - rest.len()).ok_or(CrlError::NotDer)?;
        self.0 = rest;
        Ok(Value { tag, content, whole })
    }

    /// The next value, which has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Value<'a>, CrlError> {
        self.optional(tag)?.ok_or(CrlError::NotDer)
    }

    /// The next value if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Value<'a>>, CrlError> {
        if self.0.first() == Some(&tag) { self.value().map(Some) } else { Ok(None) }
    }

    /// There is nothing more.
    pub(crate) const fn end(self) -> Result<(), CrlError> {
        if self.0.is_empty() { Ok(()) } else { Err(CrlError::NotDer) }
    }
}

/// A definite length in its shortest form, up to four bytes (X.690 §10.1).
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let (digits, rest) =
        rest.split_at_checked(usize::from(first & 0x7F)).filter(|(digits, _)| digits.len() <= 4)?;
    let length = digits
        .iter()
        .try_fold(0_usize, |sum, digit| sum.checked_mul(256)?.checked_add(usize::from(*digit)))?;
    let is_shortest = digits.first().is_some_and(|digit| *digit != 0) && length >= 0x80;
    is_shortest.then_some((length, rest))
}

/// The bytes of a positive INTEGER without leading zeros; `None` when it is not in its shortest form.
pub(crate) fn positive(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, rest @ ..] if rest.first().is_some_and(|first| *first >= 0x80) => Some(rest),
        [0] => Some(&[]),
        [0x01..=0x7F, ..] => Some(content),
        _ => None,
    }
}

/// Whether an INTEGER in its shortest form is negative.
pub(crate) const fn is_negative(content: &[u8]) -> bool {
    match content {
        [0xFF, rest @ ..] => matches!(rest, [] | [0..=0x7F, ..]),
        [first, ..] => *first >= 0x80,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_one_form() {
        for good in [&[5][..], &[0x7F], &[0x81, 0x80], &[0x82, 1, 0], &[0x84, 1, 0, 0, 0]] {
            assert!(length(good).is_some(), "{good:02X?}");
        }
        let bad =
            [&[][..], &[0x80], &[0x81, 0x7F], &[0x82, 0, 0x80], &[0x85, 1, 0, 0, 0, 0], &[0xFF], &[0x82, 1]];
        for bad in bad {
            assert!(length(bad).is_none(), "{bad:02X?}");
        }
    }

    #[test]
    fn serial_numbers_have_one_form() {
        assert_eq!(positive(&[0x7F, 1]), Some(&[0x7F, 1][..]));
        assert_eq!(positive(&[0, 0x80]), Some(&[0x80][..]));
        assert_eq!(positive(&[0]), Some(&[][..]));
        for bad in [&[][..], &[0x80], &[0, 0x7F], &[0, 0], &[0xFF, 1]] {
            assert_eq!(positive(bad), None, "{bad:02X?}");
        }
        for negative in [&[0x80][..], &[0xFF], &[0xFF, 1], &[0x80, 0]] {
            assert!(is_negative(negative), "{negative:02X?}");
        }
        for none in [&[][..], &[0], &[0x7F], &[0, 0xFF], &[0xFF, 0x80]] {
            assert!(!is_negative(none), "{none:02X?}");
        }
    }
}
