//! The steps before any file: sending, follow-up replies, selecting and leaving an application.

use zeroize::Zeroizing;

use crate::application::{LEAVING, Selection};
use crate::error::Step;
use crate::{Application, CardError, Command, Expected, Header, Response, StatusWord, Transport};

/// The most GET RESPONSE commands for one reply: 65,536 bytes in pieces of 256.
const FOLLOW_UP_MAXIMUM: usize = 256;

/// Whether something on the card may be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access<T> {
    /// Here it is.
    Granted(T),
    /// The card wants its PIN first.
    PinNeeded,
    /// The card does not have it.
    Absent,
}

impl<T> Access<T> {
    /// Changes what was granted.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Access<U> {
        match self {
            Self::Granted(value) => Access::Granted(change(value)),
            Self::PinNeeded => Access::PinNeeded,
            Self::Absent => Access::Absent,
        }
    }

    /// What was granted, if it was.
    pub(crate) fn granted(self) -> Option<T> {
        match self {
            Self::Granted(value) => Some(value),
            Self::PinNeeded | Self::Absent => None,
        }
    }

    /// What was granted, where there is no other way on.
    pub(crate) fn require(self, step: Step) -> Result<T, CardError> {
        match self {
            Self::Granted(value) => Ok(value),
            Self::PinNeeded => Err(CardError::Refused { step, status: StatusWord::SecurityStatus }),
            Self::Absent => Err(CardError::Refused { step, status: StatusWord::FileNotFound }),
        }
    }
}

/// Sends a command, by value so that it cannot be sent twice, and collects a reply in several pieces
/// (`61xx`, ISO/IEC 7816-4 §5.3.4).
pub(crate) fn run<T: Transport + ?Sized>(transport: &mut T, command: Command) -> Result<Response, CardError> {
    let first = transport.transmit(&command)?;
    let StatusWord::MoreData(mut left) = first.status() else { return Ok(first) };
    let class = command.header().cla & 0x03;
    let mut data = Zeroizing::new(first.data().to_vec());
    for _ in 0..FOLLOW_UP_MAXIMUM {
        let expected = if left == 0 { Expected::UpTo(256) } else { Expected::UpTo(left.into()) };
        let more = transport.transmit(&Command::short(Header::new(class, 0xC0, 0, 0), &[], expected)?)?;
        data.extend_from_slice(more.data());
        match more.status() {
            StatusWord::MoreData(rest) => left = rest,
            status => return Ok(Response::from_parts(data, status)),
        }
    }
    Ok(Response::from_parts(data, StatusWord::MoreData(left)))
}

/// Selects an application. Any refusal means that the card does not have it: cards of the world refuse
/// in many ways. The first command after power came may answer `6F00`, so that one is asked again.
pub(crate) fn select<T: Transport + ?Sized>(
    transport: &mut T,
    application: Application,
) -> Result<Access<()>, CardError> {
    for _ in 0..2 {
        let (p2, expected) = match application.selection() {
            Selection::Silent => (0x0C, Expected::Nothing),
            Selection::WithControlInformation => (0x00, Expected::UpTo(256)),
        };
        let command = Command::short(Header::new(0x00, 0xA4, 0x04, p2), application.aid(), expected)?;
        match run(transport, command)?.status() {
            StatusWord::Done => return Ok(Access::Granted(())),
            StatusWord::NoDiagnosis => {}
            _ => break,
        }
    }
    Ok(Access::Absent)
}

/// Leaves `current` by selecting another application, which drops its security status: on a My Number card
/// a PIN once given outlives even a reset. There is nothing to report: a card that does not answer is gone or
/// ends here, one that carries nothing else to select keeps its status, and for both whoever carries the
/// commands cuts the power.
pub(crate) fn leave<T: Transport + ?Sized>(transport: &mut T, current: Application) {
    for application in LEAVING {
        if application != current && select(transport, application) != Ok(Access::Absent) {
            return;
        }
    }
}
