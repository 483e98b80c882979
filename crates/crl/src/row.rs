//! The entries as an index keeps them: in the list's order, and so that the list's exact bytes can be written
//! again.
//!
//! A row of the usual form is one byte (serial number's length times [`CODES`] plus the reason's code), the serial
//! number, and the difference of its time to the row's before as a zigzag varint. An entry of any other form is
//! [`OTHER_FORM`], its length as a varint, its DER, and the difference of times. Each block of rows begins
//! with a time in four bytes.

use std::fmt;
use std::io;

use crate::der::{ENUMERATED, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, UTC_TIME};
use crate::entry::{Entry, REASON_CODE, read_entry};
use crate::time::utc_of;

/// Rows that follow a time that stands whole, so that they can be read without those before. Only an index of long
/// serial numbers keeps where each block begins.
pub(crate) const BLOCK: u64 = 64;
/// Reasons are 0 to 10; 7 is none of them and stands for "none stated".
pub(crate) const CODES: u8 = 12;
/// No reason is stated.
pub(crate) const NONE_STATED: u8 = 7;
/// Greater than any length of a serial number times [`CODES`] plus a code.
pub(crate) const OTHER_FORM: u8 = 0xFF;
/// Bytes that a row of the usual form is written into: it has at most 26.
pub(crate) const ROOM: usize = 32;

/// One entry of an index's list. It cannot be printed: a serial number names a person.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row<'a> {
    /// The serial number, big-endian, without leading zeros; empty for zero.
    pub serial: &'a [u8],
    /// revocationDate: seconds since 1970 UTC.
    pub at: u32,
    /// How the entry is written.
    pub form: Form<'a>,
}

/// How an entry is written in DER.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form<'a> {
    /// Serial number, UTCTime, and at most a reason that is not critical.
    Usual {
        /// CRLReason (RFC 5280 §5.3.1).
        reason: Option<u8>,
    },
    /// Any other, as these bytes.
    Other {
        /// The whole entry in DER.
        der: &'a [u8],
        /// CRLReason; 0 when none is stated.
        reason: u8,
    },
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Row(hidden)")
    }
}

impl fmt::Debug for Form<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Form(hidden)")
    }
}

impl<'a> Row<'a> {
    /// CRLReason; 0 when none is stated.
    pub const fn reason(&self) -> u8 {
        match self.form {
            Form::Usual { reason: Some(reason) } | Form::Other { reason, .. } => reason,
            Form::Usual { reason: None } => 0,
        }
    }

    /// Bytes of [`Row::write_der`].
    pub fn der_length(&self) -> usize {
        match self.form {
            Form::Usual { reason } => 4 + self.integer_length() + 15 + if reason.is_some() { 14 } else { 0 },
            Form::Other { der, .. } => der.len(),
        }
    }

    /// Bytes of the serial number's INTEGER.
    fn integer_length(&self) -> usize {
        self.serial.len() + usize::from(self.serial.first().is_none_or(|first| *first >= 0x80))
    }

    /// The entry as it stood in the list.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_der(&self, out: &mut impl io::Write) -> io::Result<()> {
        let reason = match self.form {
            Form::Usual { reason } => reason,
            Form::Other { der, .. } => return out.write_all(der),
        };
        let byte = |length: usize| u8::try_from(length).unwrap_or(u8::MAX);
        let integer = self.integer_length();
        out.write_all(&[SEQUENCE, byte(self.der_length().saturating_sub(2)), INTEGER, byte(integer)])?;
        if integer > self.serial.len() {
            out.write_all(&[0])?;
        }
        out.write_all(self.serial)?;
        out.write_all(&[UTC_TIME, 13])?;
        out.write_all(&utc_of(self.at))?;
        let Some(reason) = reason else { return Ok(()) };
        let [first, second, third] = REASON_CODE;
        let extension = [OBJECT_IDENTIFIER, 3, first, second, third, OCTET_STRING, 3, ENUMERATED, 1, reason];
        out.write_all(&[SEQUENCE, 12, SEQUENCE, 10])?;
        out.write_all(&extension)
    }
}

/// Writes the row of an entry of the usual form to the begin of `out`, and whatever behind it; `before` is the time
/// of the row before. Gives its length; `None` for a serial number that is too long. `number` is its value if it has
/// at most eight bytes.
#[inline(always)]
pub(crate) fn write_usual(
    serial: &[u8],
    number: Option<u64>,
    code: u8,
    before: u32,
    at: u32,
    out: &mut [u8; ROOM],
) -> Option<usize> {
    let length = serial.len();
    let (head, rest) = out.split_first_mut()?;
    *head = u8::try_from(length).ok()?.checked_mul(CODES)?.checked_add(code)?;
    // Copies of a fixed length: a call for some bytes costs more than the bytes.
    if let Some(number) = number {
        // Zero has no bytes, and is shifted by nothing.
        *rest.first_chunk_mut()? = number.wrapping_shl(64 - 8 * length as u32).to_be_bytes();
    } else {
        *rest.first_chunk_mut()? = *serial.first_chunk::<8>()?;
        if let Some(sixteen) = serial.first_chunk::<16>() {
            *rest.first_chunk_mut()? = *sixteen;
        }
        *rest.get_mut(length - 8..)?.first_chunk_mut()? = *serial.last_chunk::<8>()?;
    }
    let (difference, bytes) = varint(zigzag(before, at));
    *rest.get_mut(length..)?.first_chunk_mut()? = difference;
    Some(1 + length + bytes)
}

/// The row of an entry of any other form: what stands before its DER and behind it.
pub(crate) fn around_other(der: &[u8], before: u32, at: u32) -> [Vec<u8>; 2] {
    let cut = |(bytes, length): ([u8; 8], usize)| bytes.into_iter().take(length);
    let length = varint(u64::try_from(der.len()).unwrap_or(u64::MAX));
    let head = std::iter::once(OTHER_FORM).chain(cut(length)).collect();
    [head, cut(varint(zigzag(before, at))).collect()]
}

#[inline]
fn zigzag(before: u32, at: u32) -> u64 {
    let difference = i64::from(at) - i64::from(before);
    (difference << 1 ^ difference >> 63).cast_unsigned()
}

/// LEB128 of a value of at most 35 bits, and how many bytes it has. Values of two bytes are as frequent as those
/// of one, in no order: no branch between them.
#[inline]
fn varint(value: u64) -> ([u8; 8], usize) {
    if value < 1 << 14 {
        let is_long = value >= 0x80;
        let bytes = value & 0x7F | u64::from(is_long) << 7 | value >> 7 << 8;
        return (bytes.to_le_bytes(), 1 + usize::from(is_long));
    }
    let (mut bytes, mut left, mut length) = (0, value, 0);
    while left >= 0x80 && length < 4 {
        bytes |= (left & 0x7F | 0x80) << (8 * length);
        left >>= 7;
        length += 1;
    }
    bytes |= left << (8 * length);
    (bytes.to_le_bytes(), 1 + length)
}

/// Reads rows from a block's begin on. It ends early where the bytes are no rows.
#[derive(Clone)]
pub struct Rows<'a> {
    rest: &'a [u8],
    left: u64,
    in_block: u64,
    at: u32,
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Rows({} left)", self.left)
    }
}

impl<'a> Rows<'a> {
    /// At most `left` rows from a block's begin on.
    pub(crate) const fn new(rest: &'a [u8], left: u64) -> Self {
        Self { rest, left, in_block: 0, at: 0 }
    }

    #[inline]
    fn varint(&mut self) -> Option<u64> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u64::from(byte & 0x7F).checked_shl(shift)?;
            shift += 7;
            if byte < 0x80 {
                return Some(value);
            }
        }
    }

    /// A row up to its time.
    #[inline]
    fn begin(&mut self) -> Option<(&'a [u8], Form<'a>)> {
        let (&head, rest) = self.rest.split_first()?;
        self.rest = rest;
        if head == OTHER_FORM {
            return self.begin_other();
        }
        let (serial, rest) = self.rest.split_at_checked(usize::from(head / CODES))?;
        self.rest = rest;
        let code = head % CODES;
        Some((serial, Form::Usual { reason: (code != NONE_STATED).then_some(code) }))
    }

    #[cold]
    fn begin_other(&mut self) -> Option<(&'a [u8], Form<'a>)> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (der, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let Entry { serial, reason, .. } = read_entry(der).ok()?;
        Some((serial, Form::Other { der, reason }))
    }
}

/// The serial number of the row that `row` begins with.
#[inline]
pub(crate) fn serial_of(row: &[u8]) -> Option<&[u8]> {
    Rows::new(row, 1).begin().map(|(serial, _)| serial)
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    #[inline]
    fn next(&mut self) -> Option<Row<'a>> {
        self.left = self.left.checked_sub(1)?;
        if self.in_block.is_multiple_of(BLOCK) {
            let (at, rest) = self.rest.split_first_chunk()?;
            (self.at, self.rest) = (u32::from_le_bytes(*at), rest);
        }
        self.in_block += 1;
        let (serial, form) = self.begin()?;
        let zigzag = self.varint()?;
        let difference = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
        self.at = u32::try_from(i64::from(self.at).checked_add(difference)?).ok()?;
        Some(Row { serial, at: self.at, form })
    }
}

/// What stands around a list's entries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// tbsCertList's content up to nextUpdate.
    pub head: &'a [u8],
    /// tbsCertList's content after revokedCertificates.
    pub tail: &'a [u8],
    /// signatureAlgorithm and signatureValue.
    pub signature: &'a [u8],
    /// Whether revokedCertificates stands there: without entries it may and should not.
    pub has_entries: bool,
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Frame({} bytes)", self.head.len() + self.tail.len() + self.signature.len())
    }
}

impl Frame<'_> {
    /// What stands before the entries, when these take so many bytes.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_begin(&self, entries: u64, out: &mut impl io::Write) -> io::Result<()> {
        let size = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let header = |content: u64| header(SEQUENCE, content);
        let revoked = if self.has_entries { header(entries) } else { Vec::new() };
        let signed = [size(self.head), size(&revoked), entries, size(self.tail)];
        let signed = header(signed.into_iter().fold(0, u64::saturating_add));
        let inside = [size(self.head), size(&revoked), entries, size(self.tail), size(self.signature)];
        let whole = inside.into_iter().fold(size(&signed), u64::saturating_add);
        out.write_all(&header(whole))?;
        out.write_all(&signed)?;
        out.write_all(self.head)?;
        out.write_all(&revoked)
    }

    /// What stands after the entries.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_end(&self, out: &mut impl io::Write) -> io::Result<()> {
        out.write_all(self.tail)?;
        out.write_all(self.signature)
    }
}

/// Tag and length in its shortest form (X.690 §10.1).
fn header(tag: u8, length: u64) -> Vec<u8> {
    if length < 0x80 {
        return vec![tag, length as u8];
    }
    let bytes = length.to_be_bytes();
    let digits: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    let count = u8::try_from(digits.len()).unwrap_or(0);
    [&[tag, 0x80 | count][..], &digits].concat()
}
