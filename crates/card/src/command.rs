//! A command to a card or reader.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// The longest data field of a short command (ISO/IEC 7816-4 §5.1).
const SHORT_DATA_MAXIMUM: usize = 255;
/// The longest reply that a short command can ask for.
const SHORT_REPLY_MAXIMUM: u32 = 256;
/// The longest data field of an extended command.
const EXTENDED_DATA_MAXIMUM: usize = 65_535;
/// The longest reply that an extended command can ask for.
const EXTENDED_REPLY_MAXIMUM: u32 = 65_536;
/// Class bit "not the last command of a chain" (ISO/IEC 7816-4 §5.3.3).
const CHAINING: u8 = 0x10;

/// The four bytes in front of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Class.
    pub cla: u8,
    /// Instruction.
    pub ins: u8,
    /// First parameter.
    pub p1: u8,
    /// Second parameter.
    pub p2: u8,
}

impl Header {
    /// Joins the four bytes in their order on the wire.
    pub const fn new(cla: u8, ins: u8, p1: u8, p2: u8) -> Self {
        Self { cla, ins, p1, p2 }
    }
}

/// How long a reply the command asks for (Le).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No data: only the status word.
    Nothing,
    /// At most so many bytes; 1..=256 in a short command, 1..=65536 in an extended one.
    UpTo(u32),
}

/// Why a command cannot be built. The fault is this program's, or the data's that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CommandError {
    /// The data field does not fit.
    #[error("{length} data bytes do not fit a command of at most {maximum}")]
    DataTooLong {
        /// Bytes given.
        length: usize,
        /// Bytes that fit.
        maximum: usize,
    },
    /// The expected length cannot be written.
    #[error("a reply of {length} bytes cannot be asked for (1 to {maximum})")]
    ExpectedOutOfRange {
        /// Bytes asked for.
        length: u32,
        /// The most that can be asked for.
        maximum: u32,
    },
}

/// One command (C-APDU, ISO/IEC 7816-4 §5.1), always well formed.
///
/// It is no `Clone`: what was sent is not sent again by accident. Printing shows the header and the
/// length of the data, never the data; the memory is cleared on drop.
pub struct Command {
    header: Header,
    data_length: usize,
    bytes: Zeroizing<Vec<u8>>,
}

impl Command {
    /// Builds a short command.
    ///
    /// # Errors
    /// When the data or the expected length does not fit one byte.
    pub fn short(header: Header, data: &[u8], expected: Expected) -> Result<Self, CommandError> {
        check_lengths(data, expected, SHORT_DATA_MAXIMUM, SHORT_REPLY_MAXIMUM)?;
        let mut bytes = start(header, data.len());
        if !data.is_empty() {
            // The length was checked above: the low byte is the whole number.
            bytes.push(low_byte(data.len()));
            bytes.extend_from_slice(data);
        }
        if let Expected::UpTo(length) = expected {
            let [.., low] = length.to_be_bytes();
            bytes.push(low);
        }
        Ok(Self { header, data_length: data.len(), bytes })
    }

    /// Builds an extended command: lengths of three and two bytes.
    ///
    /// # Errors
    /// When the data or the expected length does not fit two bytes.
    pub fn extended(header: Header, data: &[u8], expected: Expected) -> Result<Self, CommandError> {
        check_lengths(data, expected, EXTENDED_DATA_MAXIMUM, EXTENDED_REPLY_MAXIMUM)?;
        let mut bytes = start(header, data.len());
        if !data.is_empty() || expected != Expected::Nothing {
            bytes.push(0);
        }
        if !data.is_empty() {
            bytes.push(low_byte(data.len() >> 8));
            bytes.push(low_byte(data.len()));
            bytes.extend_from_slice(data);
        }
        if let Expected::UpTo(length) = expected {
            let [_, _, high, low] = length.to_be_bytes();
            bytes.extend_from_slice(&[high, low]);
        }
        Ok(Self { header, data_length: data.len(), bytes })
    }

    /// Builds the chain of short commands that carries more than 255 bytes to a card without extended
    /// lengths (ISO/IEC 7816-4 §5.3.3). Only the last one asks for a reply.
    ///
    /// # Errors
    /// When the data exceeds what an extended command could carry, or the expected length is out of range.
    pub fn chain(header: Header, data: &[u8], expected: Expected) -> Result<Vec<Self>, CommandError> {
        check_lengths(data, expected, EXTENDED_DATA_MAXIMUM, SHORT_REPLY_MAXIMUM)?;
        let linked = Header { cla: header.cla | CHAINING, ..header };
        let last = data.len().saturating_sub(1) / SHORT_DATA_MAXIMUM;
        if data.is_empty() {
            return Ok(vec![Self::short(header, data, expected)?]);
        }
        data.chunks(SHORT_DATA_MAXIMUM)
            .enumerate()
            .map(|(position, part)| match position == last {
                true => Self::short(header, part, expected),
                false => Self::short(linked, part, Expected::Nothing),
            })
            .collect()
    }

    /// The header.
    pub const fn header(&self) -> Header {
        self.header
    }

    /// Whether the command hands a PIN or password to the card: VERIFY, CHANGE or RESET REFERENCE DATA
    /// with data. After it the security status may be open and the card should lose power.
    pub const fn presents_credential(&self) -> bool {
        matches!(self.header.ins, 0x20 | 0x21 | 0x24 | 0x2C) && self.data_length > 0
    }

    /// The bytes for the wire, secrets included. Only transports call this; nothing may print it.
    pub fn expose_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Header { cla, ins, p1, p2 } = self.header;
        write!(out, "{cla:02X} {ins:02X} {p1:02X} {p2:02X} Lc={}", self.data_length)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Command({self})")
    }
}

const fn check_lengths(
    data: &[u8],
    expected: Expected,
    data_maximum: usize,
    reply_maximum: u32,
) -> Result<(), CommandError> {
    if data.len() > data_maximum {
        return Err(CommandError::DataTooLong { length: data.len(), maximum: data_maximum });
    }
    match expected {
        Expected::UpTo(length) if length == 0 || length > reply_maximum => {
            Err(CommandError::ExpectedOutOfRange { length, maximum: reply_maximum })
        }
        Expected::UpTo(_) | Expected::Nothing => Ok(()),
    }
}

/// Room for everything at once: a growing buffer would leave copies of a PIN behind.
fn start(header: Header, data_length: usize) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4 + 3 + data_length + 2));
    bytes.extend_from_slice(&[header.cla, header.ins, header.p1, header.p2]);
    bytes
}

const fn low_byte(number: usize) -> u8 {
    let [low, ..] = number.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: Header = Header::new(0x00, 0xB0, 0x01, 0x02);

    #[track_caller]
    fn check(command: Result<Command, CommandError>, expected: &[u8]) {
        assert_eq!(command.unwrap().expose_bytes(), expected);
    }

    #[test]
    fn short_cases() {
        check(Command::short(HEADER, &[], Expected::Nothing), &[0, 0xB0, 1, 2]);
        check(Command::short(HEADER, &[], Expected::UpTo(256)), &[0, 0xB0, 1, 2, 0]);
        check(Command::short(HEADER, &[7, 8], Expected::Nothing), &[0, 0xB0, 1, 2, 2, 7, 8]);
        check(Command::short(HEADER, &[7, 8], Expected::UpTo(5)), &[0, 0xB0, 1, 2, 2, 7, 8, 5]);
    }

    #[test]
    fn extended_cases() {
        check(Command::extended(HEADER, &[], Expected::Nothing), &[0, 0xB0, 1, 2]);
        check(Command::extended(HEADER, &[], Expected::UpTo(65_536)), &[0, 0xB0, 1, 2, 0, 0, 0]);
        check(Command::extended(HEADER, &[7], Expected::Nothing), &[0, 0xB0, 1, 2, 0, 0, 1, 7]);
        check(Command::extended(HEADER, &[7], Expected::UpTo(258)), &[0, 0xB0, 1, 2, 0, 0, 1, 7, 1, 2]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (data, expected) in [(256, Expected::Nothing), (0, Expected::UpTo(0)), (0, Expected::UpTo(257))] {
            assert!(Command::short(HEADER, &vec![0; data], expected).is_err());
        }
        for (data, expected) in [(65_536, Expected::Nothing), (0, Expected::UpTo(65_537))] {
            assert!(Command::extended(HEADER, &vec![0; data], expected).is_err());
        }
        assert!(Command::short(HEADER, &[0; 255], Expected::UpTo(256)).is_ok());
        assert!(Command::extended(HEADER, &[0; 65_535], Expected::UpTo(65_536)).is_ok());
    }

    #[test]
    fn a_chain_marks_all_but_the_last() {
        let chain = Command::chain(HEADER, &[9; 256], Expected::UpTo(256)).unwrap();
        assert_eq!(chain.len(), 2);
        assert_eq!(chain[0].expose_bytes()[..5], [0x10, 0xB0, 1, 2, 255]);
        assert_eq!(chain[1].expose_bytes(), [0, 0xB0, 1, 2, 1, 9, 0]);
        assert_eq!(Command::chain(HEADER, &[9; 255], Expected::Nothing).unwrap().len(), 1);
        assert_eq!(Command::chain(HEADER, &[], Expected::Nothing).unwrap().len(), 1);
    }

    #[test]
    fn printing_shows_no_data() {
        let verify =
            Command::short(Header::new(0, 0x20, 0, 0x80), b"4821", Expected::Nothing).expect("well formed");
        assert_eq!(format!("{verify}"), "00 20 00 80 Lc=4");
        assert_eq!(format!("{verify:?} {verify:#?}"), "Command(00 20 00 80 Lc=4) Command(00 20 00 80 Lc=4)");
        assert!(verify.presents_credential());
        let query = Command::short(Header::new(0, 0x20, 0, 0x80), &[], Expected::Nothing).unwrap();
        assert!(!query.presents_credential(), "asking for the tries left opens nothing");
    }
}
