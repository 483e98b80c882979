//! The two bytes that end every reply.

use std::fmt;

/// A status word (ISO/IEC 7816-4 §5.6). Every value has a variant; [`StatusWord::Other`] keeps the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusWord {
    /// `9000`: done.
    Done,
    /// `61xx`: done, and xx more bytes wait for GET RESPONSE (0 = 256 or more).
    MoreData(u8),
    /// `6281`: part of the returned data may be corrupted.
    DataCorrupted,
    /// `6282`: the file ended before Le bytes were read.
    EndOfFile,
    /// `6300`: the verification failed; the card counts no tries here.
    VerificationFailed,
    /// `63Cx`: x tries are left. To a VERIFY with data, 0 means that this try blocked the reference.
    TriesLeft(u8),
    /// `6700`: wrong Lc or Le.
    WrongLength,
    /// `6881`: logical channel not supported.
    LogicalChannel,
    /// `6981`: the command does not fit the file's structure.
    WrongFileType,
    /// `6982`: the security status is not satisfied, usually a PIN is wanted.
    SecurityStatus,
    /// `6983`: the authentication method is blocked.
    AuthenticationBlocked,
    /// `6984`: the reference data is blocked or not usable.
    ReferenceBlocked,
    /// `6985`: conditions of use are not satisfied.
    ConditionsOfUse,
    /// `6986`: there is no current file.
    NoCurrentFile,
    /// `6A80`: wrong data field.
    WrongData,
    /// `6A81`: function not supported.
    FunctionUnsupported,
    /// `6A82`: no such file or application.
    FileNotFound,
    /// `6A83`: no such record.
    RecordNotFound,
    /// `6A86`: wrong P1 or P2.
    WrongParameters,
    /// `6A88`: referenced data not found.
    ReferenceNotFound,
    /// `6B00`: the offset is past the end of the file.
    OffsetPastEnd,
    /// `6Cxx`: wrong Le; xx is the right one (0 = 256). The command was not carried out.
    WrongExpectedLength(u8),
    /// `6D00`: unknown INS.
    InstructionUnsupported,
    /// `6E00`: unknown CLA.
    ClassUnsupported,
    /// `6F00`: no diagnosis. Some cards give it to the first command after power came.
    NoDiagnosis,
    /// Anything else.
    Other(u16),
}

impl From<u16> for StatusWord {
    fn from(word: u16) -> Self {
        let [_, low] = word.to_be_bytes();
        match word {
            0x9000 => Self::Done,
            0x6100..=0x61FF => Self::MoreData(low),
            0x6281 => Self::DataCorrupted,
            0x6282 => Self::EndOfFile,
            0x6300 => Self::VerificationFailed,
            0x63C0..=0x63CF => Self::TriesLeft(low & 0x0F),
            0x6700 => Self::WrongLength,
            0x6881 => Self::LogicalChannel,
            0x6981 => Self::WrongFileType,
            0x6982 => Self::SecurityStatus,
            0x6983 => Self::AuthenticationBlocked,
            0x6984 => Self::ReferenceBlocked,
            0x6985 => Self::ConditionsOfUse,
            0x6986 => Self::NoCurrentFile,
            0x6A80 => Self::WrongData,
            0x6A81 => Self::FunctionUnsupported,
            0x6A82 => Self::FileNotFound,
            0x6A83 => Self::RecordNotFound,
            0x6A86 => Self::WrongParameters,
            0x6A88 => Self::ReferenceNotFound,
            0x6B00 => Self::OffsetPastEnd,
            0x6C00..=0x6CFF => Self::WrongExpectedLength(low),
            0x6D00 => Self::InstructionUnsupported,
            0x6E00 => Self::ClassUnsupported,
            0x6F00 => Self::NoDiagnosis,
            other => Self::Other(other),
        }
    }
}

impl From<StatusWord> for u16 {
    fn from(status: StatusWord) -> Self {
        match status {
            StatusWord::Done => 0x9000,
            StatusWord::MoreData(low) => 0x6100 | Self::from(low),
            StatusWord::DataCorrupted => 0x6281,
            StatusWord::EndOfFile => 0x6282,
            StatusWord::VerificationFailed => 0x6300,
            StatusWord::TriesLeft(left) => 0x63C0 | Self::from(left & 0x0F),
            StatusWord::WrongLength => 0x6700,
            StatusWord::LogicalChannel => 0x6881,
            StatusWord::WrongFileType => 0x6981,
            StatusWord::SecurityStatus => 0x6982,
            StatusWord::AuthenticationBlocked => 0x6983,
            StatusWord::ReferenceBlocked => 0x6984,
            StatusWord::ConditionsOfUse => 0x6985,
            StatusWord::NoCurrentFile => 0x6986,
            StatusWord::WrongData => 0x6A80,
            StatusWord::FunctionUnsupported => 0x6A81,
            StatusWord::FileNotFound => 0x6A82,
            StatusWord::RecordNotFound => 0x6A83,
            StatusWord::WrongParameters => 0x6A86,
            StatusWord::ReferenceNotFound => 0x6A88,
            StatusWord::OffsetPastEnd => 0x6B00,
            StatusWord::WrongExpectedLength(low) => 0x6C00 | Self::from(low),
            StatusWord::InstructionUnsupported => 0x6D00,
            StatusWord::ClassUnsupported => 0x6E00,
            StatusWord::NoDiagnosis => 0x6F00,
            StatusWord::Other(other) => other,
        }
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04X}", u16::from(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_word_survives_the_round_trip() {
        for word in 0..=u16::MAX {
            assert_eq!(u16::from(StatusWord::from(word)), word);
        }
    }

    #[test]
    fn tries_are_data() {
        assert_eq!(StatusWord::from(0x63C2), StatusWord::TriesLeft(2));
        assert_eq!(StatusWord::TriesLeft(2).to_string(), "63C2");
    }
}
