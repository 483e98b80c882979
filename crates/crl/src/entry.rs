//! The entries of a list, walked one after the other.
//!
//! Nearly all entries of a nation's list have one shape (serial number, UTCTime, at most a reason), which is
//! recognised as a whole; whatever has another shape is walked value by value.

use std::fmt;

use crate::der::{
    BOOLEAN, CrlError, ENUMERATED, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, UTC_TIME, is_negative,
    positive,
};
use crate::row::{NONE_STATED, OTHER_FORM};
use crate::time::{clock_of, day_of_utc, seconds_of};

/// Bytes of a serial number (RFC 5280 §4.1.2.2).
pub(crate) const LONGEST_SERIAL: usize = 20;
/// The object identifier 2.5.29.21, reasonCode.
pub(crate) const REASON_CODE: [u8; 3] = [0x55, 0x1D, 0x15];
/// Extensions of one entry: RFC 5280 §5.3 knows three.
const MOST_EXTENSIONS: usize = 16;
/// removeFromCRL.
pub(crate) const TAKES_BACK: u8 = 8;

/// Bytes of an INTEGER of the longest serial number: a zero may stand before it.
const MOST_SERIAL_CONTENT: u8 = 21;
/// Bytes of a UTCTime and of the extensions that are a reason alone.
const TIME: usize = 15;
const REASON: usize = 14;
/// An entry's length without its serial number, when no reason is stated and when one is.
const SHORTEST: u8 = 2 + 15;
const LONGEST: u8 = 2 + 15 + 14;
/// The reason's extension up to the reason: its first eight bytes, and those from the seventh on.
const REASON_BEGINS: [u8; 8] = [0x30, 0x0C, 0x30, 0x0A, 0x06, 0x03, 0x55, 0x1D];
const REASON_ENDS: [u8; 7] = [0x55, 0x1D, 0x15, 0x04, 0x03, 0x0A, 0x01];

/// One revoked certificate. It cannot be printed: a serial number names a person.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The serial number, big-endian, without leading zeros; empty for zero.
    pub serial: &'a [u8],
    /// revocationDate: seconds since 1970 UTC.
    pub at: u64,
    /// CRLReason (§5.3.1); 0 when none is stated. 8 (removeFromCRL) only in a delta list.
    pub reason: u8,
    /// The reason as a row has it, or that the entry has another form.
    pub(crate) code: u8,
    /// The whole entry.
    pub(crate) der: &'a [u8],
}

impl fmt::Debug for Entry<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Entry(hidden)")
    }
}

/// Walks the entries; after an error there is nothing more.
#[derive(Clone)]
pub struct Entries<'a> {
    rest: &'a [u8],
    /// How a time of the day of the entry before begins, and that day: lists are written day by day.
    day: ([u8; 8], u64),
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Entries({} bytes left)", self.rest.len())
    }
}

impl<'a> Entries<'a> {
    pub(crate) const fn new(content: &'a [u8]) -> Self {
        Self { rest: content, day: (*b"\x17\x0D700101", 0) }
    }

    /// An entry of the usual shape: `30 n 02 n serial 17 0D YYMMDDHHMMSSZ`, and nothing or
    /// `30 0C 30 0A 06 03 55 1D 15 04 03 0A 01 reason`. `None` for any other, which says nothing yet.
    ///
    /// It is compared eight bytes at a time: this is where a nation's list spends its time.
    #[inline(always)]
    fn usual(&mut self) -> Option<Entry<'a>> {
        let whole = self.rest;
        let (&[0x30, length, 0x02, serial_length @ 0..=MOST_SERIAL_CONTENT], rest) =
            whole.split_first_chunk()?
        else {
            return None;
        };
        let (serial, rest) = rest.split_at_checked(usize::from(serial_length))?;
        let (time, mut rest) = rest.split_first_chunk::<TIME>()?;
        let code = match length.checked_sub(serial_length)? {
            SHORTEST => NONE_STATED,
            LONGEST => {
                let (extension, next) = rest.split_first_chunk::<REASON>()?;
                rest = next;
                let (begin, [end @ .., reason]) =
                    (extension.first_chunk::<8>()?, extension.last_chunk::<8>()?);
                if *begin != REASON_BEGINS || *end != REASON_ENDS {
                    return None;
                }
                checked_reason(*reason).ok()?
            }
            _ => return None,
        };
        let serial = positive(serial).filter(|serial| serial.len() <= LONGEST_SERIAL)?;
        let day = time.first_chunk()?;
        if *day != self.day.0 {
            let [UTC_TIME, 13, digits @ ..] = day else { return None };
            self.day = (*day, day_of_utc(digits)?);
        }
        let at = self.day.1 + clock_of(time.last_chunk()?)?;
        self.rest = rest;
        let reason = if code == NONE_STATED { 0 } else { code };
        let der = whole.get(..usize::from(length) + 2)?;
        Some(Entry { serial, at, reason, code, der })
    }

    fn any(&mut self) -> Result<Entry<'a>, CrlError> {
        let mut rest = Reader(self.rest);
        let entry = rest.expect(SEQUENCE)?;
        let mut fields = Reader(entry.content);
        let serial = fields.expect(crate::der::INTEGER)?.content;
        // A negative number stands as zero, which is no certificate's either: authorities of old wrote some
        // (§4.1.2.2), and whoever is asked about a negative one must not look it up.
        let negative = is_negative(serial) && serial.len() <= LONGEST_SERIAL;
        let serial = if negative { Some(&[][..]) } else { positive(serial) };
        let serial = serial.filter(|serial| serial.len() <= LONGEST_SERIAL);
        let serial = serial.ok_or(CrlError::Serial)?;
        let at = seconds_of(fields.value()?)?;
        let extensions = fields.optional(SEQUENCE)?;
        fields.end()?;
        let reason = extensions.map_or(Ok(0), |extensions| reason_of(extensions.content))?;
        self.rest = rest.0;
        Ok(Entry { serial, at, reason, code: OTHER_FORM, der: entry.whole })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, CrlError>;

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(entry) = self.usual() {
            return Some(Ok(entry));
        }
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.any();
        if entry.is_err() {
            self.rest = &[];
        }
        Some(entry)
    }
}

/// One entry that is exactly `der`, whatever its form.
pub(crate) fn read_entry(der: &[u8]) -> Result<Entry<'_>, CrlError> {
    let mut entries = Entries::new(der);
    let entry = entries.any()?;
    if entries.rest.is_empty() { Ok(entry) } else { Err(CrlError::NotDer) }
}

/// Without branches: which reason comes next cannot be guessed.
#[inline]
const fn checked_reason(reason: u8) -> Result<u8, CrlError> {
    // 7 is not used.
    const REASONS: u16 = 0b111_0111_1111;
    let is_one = reason < 16 && REASONS >> (reason % 16) & 1 == 1;
    if is_one { Ok(reason) } else { Err(CrlError::Reason) }
}

/// Whole subidentifiers in their shortest form (X.690 §8.19.2).
fn is_object_identifier(content: &[u8]) -> bool {
    let mut is_begin = true;
    for byte in content {
        if is_begin && *byte == 0x80 {
            return false;
        }
        is_begin = *byte < 0x80;
    }
    is_begin && !content.is_empty()
}

/// The reason among an entry's extensions (§5.3). Others are not known here and may be there unless critical.
fn reason_of(content: &[u8]) -> Result<u8, CrlError> {
    let mut extensions = Reader(content);
    let mut reason = 0;
    let mut before = Vec::new();
    while !extensions.0.is_empty() {
        let mut parts = Reader(extensions.expect(SEQUENCE)?.content);
        let kind = parts.expect(OBJECT_IDENTIFIER)?.content;
        if before.len() == MOST_EXTENSIONS || !is_object_identifier(kind) {
            return Err(CrlError::NotDer);
        }
        let critical = parts.optional(BOOLEAN)?;
        let value = parts.expect(OCTET_STRING)?.content;
        parts.end()?;
        match critical {
            None => {}
            // FALSE is the default and not encoded (X.690 §11.5).
            Some(critical) if critical.content == [0xFF] => return Err(CrlError::CriticalEntryExtension),
            Some(_) => return Err(CrlError::NotDer),
        }
        if before.contains(&kind) {
            return Err(CrlError::DuplicateEntryExtension);
        }
        before.push(kind);
        if kind == REASON_CODE.as_slice() {
            let mut inside = Reader(value);
            let stated = inside.expect(ENUMERATED)?;
            inside.end()?;
            let &[code] = stated.content else { return Err(CrlError::Reason) };
            reason = checked_reason(code)?;
        }
    }
    Ok(reason)
}
