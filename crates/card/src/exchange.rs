//! The steps that all applications share: select, read, follow-up replies.

use zeroize::Zeroizing;

use crate::application::Selection;
use crate::error::{CardFile, FileFault, Step};
use crate::tlv::{Extent, announced_length};
use crate::{Application, CardError, Command, Expected, Header, Response, StatusWord, Transport};

/// The longest file read. The longest known one is a certificate of 1,758 bytes; a next generation may
/// double it. Also far below the 32,767 bytes that READ BINARY can address.
pub(crate) const FILE_MAXIMUM: usize = 8_192;
/// The most READ BINARY commands for one file: 8,192 bytes in pieces of 256, and as many again for
/// cards that return shorter pieces.
const READ_MAXIMUM: usize = 64;
/// One READ BINARY of a short command.
const PIECE: usize = 256;
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
}

/// A file identifier (ISO/IEC 7816-4 §7.3.1.2). Each application keeps its own list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId(pub(crate) u16);

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

/// Selects a file of the current application.
pub(crate) fn select_file<T: Transport + ?Sized>(
    transport: &mut T,
    id: FileId,
    file: CardFile,
) -> Result<Access<()>, CardError> {
    let header = Header::new(0x00, 0xA4, 0x02, 0x0C);
    let reply = run(transport, Command::short(header, &id.0.to_be_bytes(), Expected::Nothing)?)?;
    access(reply.status(), Step::Select(file))
}

/// Selects and reads a file. What is longer than `extent` says is filler and dropped.
pub(crate) fn read_file<T: Transport + ?Sized>(
    transport: &mut T,
    id: FileId,
    file: CardFile,
    extent: Extent,
) -> Result<Access<Zeroizing<Vec<u8>>>, CardError> {
    match select_file(transport, id, file)? {
        Access::Granted(()) => read_current_file(transport, file, extent),
        Access::PinNeeded => Ok(Access::PinNeeded),
        Access::Absent => Ok(Access::Absent),
    }
}

fn read_current_file<T: Transport + ?Sized>(
    transport: &mut T,
    file: CardFile,
    extent: Extent,
) -> Result<Access<Zeroizing<Vec<u8>>>, CardError> {
    let fault = |fault| CardError::File { file, fault };
    let mut content = Zeroizing::new(Vec::with_capacity(FILE_MAXIMUM + PIECE));
    let mut announced = None;
    let mut piece = PIECE;
    for _ in 0..READ_MAXIMUM {
        let asked = announced.map_or(piece, |total: usize| piece.min(total - content.len()));
        let reply = run(transport, read_binary(content.len(), asked)?)?;
        let status = reply.status();
        match status {
            StatusWord::Done | StatusWord::EndOfFile => {}
            StatusWord::WrongExpectedLength(length) if length != 0 && usize::from(length) < asked => {
                piece = length.into();
                continue;
            }
            StatusWord::OffsetPastEnd => return finish(content, announced).map_err(fault),
            _ if content.is_empty() => match access(status, Step::Read(file))? {
                Access::Granted(()) => return Err(fault(FileFault::Malformed)),
                Access::PinNeeded => return Ok(Access::PinNeeded),
                Access::Absent => return Ok(Access::Absent),
            },
            _ => return Err(CardError::Refused { step: Step::Read(file), status }),
        }
        let sent = reply.data().len();
        if sent > asked {
            return Err(fault(FileFault::TooMuchSent { asked, sent }));
        }
        content.extend_from_slice(reply.data());
        if announced.is_none() {
            announced = announced_length(&content, extent).map_err(fault)?;
        }
        let done = announced.is_some_and(|total| content.len() >= total);
        let over = sent == 0 || status == StatusWord::EndOfFile || (announced.is_none() && sent < asked);
        if done || over {
            return finish(content, announced).map_err(fault);
        }
        if content.len() > FILE_MAXIMUM {
            return Err(fault(FileFault::TooLong { maximum: FILE_MAXIMUM }));
        }
    }
    Err(fault(FileFault::TooSlow { maximum: READ_MAXIMUM }))
}

/// Cuts the filler, or says what is missing.
fn finish(
    mut content: Zeroizing<Vec<u8>>,
    announced: Option<usize>,
) -> Result<Access<Zeroizing<Vec<u8>>>, FileFault> {
    match announced {
        _ if content.is_empty() => Err(FileFault::Empty),
        Some(announced) if content.len() < announced => {
            Err(FileFault::Truncated { announced, found: content.len() })
        }
        Some(announced) => {
            content.truncate(announced);
            Ok(Access::Granted(content))
        }
        None => Ok(Access::Granted(content)),
    }
}

fn read_binary(offset: usize, length: usize) -> Result<Command, CardError> {
    let [low, high, ..] = offset.to_le_bytes();
    let expected = Expected::UpTo(u32::try_from(length).unwrap_or(u32::MAX));
    Ok(Command::short(Header::new(0x00, 0xB0, high & 0x7F, low), &[], expected)?)
}

/// Reads a status word as an answer to "may I": refusals of other kinds are errors.
fn access(status: StatusWord, step: Step) -> Result<Access<()>, CardError> {
    match status {
        StatusWord::Done => Ok(Access::Granted(())),
        StatusWord::SecurityStatus => Ok(Access::PinNeeded),
        StatusWord::FileNotFound => Ok(Access::Absent),
        status => Err(CardError::Refused { step, status }),
    }
}
