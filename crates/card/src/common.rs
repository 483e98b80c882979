//! 共通カード: what a My Number card says about itself, without a PIN.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{CardFile, FileFault};
use crate::selected::{Files, Selected};
use crate::{Access, Application, COMMON, CardError, Transport};

const SERIAL_DIGITS: usize = 15;
const MUNICIPALITY_DIGITS: usize = 5;

#[derive(Clone, Copy)]
struct CommonApplication;

impl From<CommonApplication> for Application {
    fn from(_: CommonApplication) -> Self {
        COMMON
    }
}

#[derive(Clone, Copy)]
enum CommonFile {
    Record,
}

impl Files for CommonFile {
    type Application = CommonApplication;

    fn id(self) -> u16 {
        match self {
            Self::Record => 0x0001,
        }
    }

    fn name(self) -> CardFile {
        match self {
            Self::Record => CardFile::CommonRecord,
        }
    }
}

/// Serial number, municipality and expiry of the card itself. Cannot be printed; cleared on drop.
pub struct CommonRecord {
    serial: Zeroizing<String>,
    municipality: Zeroizing<String>,
    expiry: CardExpiry,
}

/// The last day on which a card is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardExpiry {
    /// Year of the Gregorian calendar.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl CommonRecord {
    /// The card's serial number, 15 digits. It names a person as surely as a number can: only a hash of it
    /// may be kept.
    pub fn expose_serial(&self) -> &str {
        &self.serial
    }

    /// The code of the municipality that issued the card, 5 digits.
    pub fn municipality(&self) -> &str {
        &self.municipality
    }

    /// The last day.
    pub const fn expiry(&self) -> CardExpiry {
        self.expiry
    }

    /// `01 1C`, then 15, 5 and 8 digits.
    fn from_record(record: &[u8]) -> Result<Self, FileFault> {
        let fields = match record {
            [0x01, 0x1C, fields @ ..] => fields,
            [] => return Err(FileFault::Empty),
            _ => return Err(FileFault::Malformed),
        };
        let (serial, rest) = digits(fields, SERIAL_DIGITS)?;
        let (municipality, rest) = digits(rest, MUNICIPALITY_DIGITS)?;
        let (year, rest) = digits(rest, 4)?;
        let (month, rest) = digits(rest, 2)?;
        let (day, rest) = digits(rest, 2)?;
        let expiry = CardExpiry { year: number(year)?, month: number(month)?, day: number(day)? };
        let is_date = (1..=12).contains(&expiry.month) && (1..=31).contains(&expiry.day);
        if !is_date || !rest.iter().all(|byte| matches!(byte, 0x00 | 0xFF)) {
            return Err(FileFault::Malformed);
        }
        let owned = |text: &str| Zeroizing::new(text.to_owned());
        Ok(Self { serial: owned(serial), municipality: owned(municipality), expiry })
    }
}

impl fmt::Debug for CommonRecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CommonRecord(hidden)")
    }
}

/// Reads the card's own record.
///
/// # Errors
/// [`CardError`].
pub fn read_common_record<T: Transport + ?Sized>(
    transport: &mut T,
) -> Result<Access<CommonRecord>, CardError> {
    let Some(mut selected) = Selected::enter(transport, CommonApplication)? else {
        return Ok(Access::Absent);
    };
    let file = CommonFile::Record;
    match selected.read_record(file, 1)? {
        Access::Granted(record) => CommonRecord::from_record(&record)
            .map(Access::Granted)
            .map_err(|fault| CardError::File { file: file.name(), fault }),
        Access::PinNeeded => Ok(Access::PinNeeded),
        Access::Absent => Ok(Access::Absent),
    }
}

/// Splits so many ASCII digits off.
fn digits(input: &[u8], count: usize) -> Result<(&str, &[u8]), FileFault> {
    let (digits, rest) =
        input.split_at_checked(count).ok_or(FileFault::Truncated { announced: count, found: input.len() })?;
    match std::str::from_utf8(digits) {
        Ok(text) if digits.iter().all(u8::is_ascii_digit) => Ok((text, rest)),
        Ok(_) | Err(_) => Err(FileFault::Malformed),
    }
}

fn number<N: std::str::FromStr>(digits: &str) -> Result<N, FileFault> {
    digits.parse().map_err(|_out_of_range| FileFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RECORD: &[u8] = b"\x01\x1C1234567890123451320120290101";

    #[test]
    fn a_record_is_read_and_not_printed() {
        let record = CommonRecord::from_record(RECORD).unwrap();
        assert_eq!((record.expose_serial(), record.municipality()), ("123456789012345", "13201"));
        assert_eq!(record.expiry(), CardExpiry { year: 2029, month: 1, day: 1 });
        assert_eq!(format!("{record:?}"), "CommonRecord(hidden)");
    }

    #[test]
    fn other_records_are_refused() {
        #[track_caller]
        fn check(record: &[u8], fault: FileFault) {
            assert_eq!(CommonRecord::from_record(record).unwrap_err(), fault);
        }
        let bent = |at: usize, byte: u8| {
            let mut record = RECORD.to_vec();
            record[at] = byte;
            record
        };
        check(&[], FileFault::Empty);
        check(&RECORD[..29], FileFault::Truncated { announced: 2, found: 1 });
        check(&bent(0, 2), FileFault::Malformed);
        check(&bent(5, b'x'), FileFault::Malformed);
        check(&bent(26, b'9'), FileFault::Malformed);
        check(&[RECORD, b"1"].concat(), FileFault::Malformed);
        assert!(CommonRecord::from_record(&[RECORD, &[0xFF; 3]].concat()).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(rest in proptest::collection::vec(any::<u8>(), 0..40)) {
            let record = [&[0x01, 0x1C], rest.as_slice()].concat();
            prop_assert!(CommonRecord::from_record(&record).is_err() || rest.len() >= 28);
        }
    }
}
