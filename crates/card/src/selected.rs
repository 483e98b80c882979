//! One application while it is selected: its own files, and no others.

use std::marker::PhantomData;

use zeroize::Zeroizing;

use crate::error::{CardFile, FileFault, Step};
use crate::exchange::{run, select};
use crate::tlv::{Extent, announced_length};
use crate::{
    Access, Application, CardError, Command, CommandError, Expected, Header, Response, StatusWord, Transport,
};

/// The longest file read. The longest known one is a certificate of 1,758 bytes; a next generation may
/// double it. Also far below the 32,767 bytes that READ BINARY can address.
pub(crate) const FILE_MAXIMUM: usize = 8_192;
/// The most READ BINARY commands for one file: 8,192 bytes in pieces of 256, and as many again for
/// cards that return shorter pieces.
const READ_MAXIMUM: usize = 64;
/// One READ BINARY of a short command.
const PIECE: usize = 256;

/// The files of an application that this program may touch. A file that is no value of the type cannot be
/// selected: [`Selected`] takes nothing else.
pub(crate) trait Files: Copy {
    /// The application, or the applications, that lay their files out like this.
    type Application: Copy + Into<Application>;

    /// The file identifier (ISO/IEC 7816-4 §7.3.1.2).
    fn id(self) -> u16;

    /// Its name in errors.
    fn name(self) -> CardFile;
}

/// An application that was selected, for as long as nobody else can send a command.
pub(crate) struct Selected<'t, T: ?Sized, F> {
    transport: &'t mut T,
    files: PhantomData<F>,
}

impl<'t, T: Transport + ?Sized, F: Files> Selected<'t, T, F> {
    /// Selects the application. `None` when the card does not have it.
    pub(crate) fn enter(
        transport: &'t mut T,
        application: F::Application,
    ) -> Result<Option<Self>, CardError> {
        let found = select(transport, application.into())?.granted();
        Ok(found.map(|()| Self { transport, files: PhantomData }))
    }

    /// Selects the application that there is no way around.
    pub(crate) fn require(transport: &'t mut T, application: F::Application) -> Result<Self, CardError> {
        Self::enter(transport, application)?
            .ok_or(CardError::NoApplication { application: application.into() })
    }

    /// Sends a command, once.
    pub(crate) fn run(&mut self, command: Result<Command, CommandError>) -> Result<Response, CardError> {
        run(self.transport, command?)
    }

    /// Selects a file.
    pub(crate) fn select(&mut self, file: F) -> Result<Access<()>, CardError> {
        let header = Header::new(0x00, 0xA4, 0x02, 0x0C);
        let reply = self.run(Command::short(header, &file.id().to_be_bytes(), Expected::Nothing))?;
        access(reply.status(), Step::Select(file.name()))
    }

    /// Selects and reads a file. What is longer than `extent` says is filler and dropped.
    pub(crate) fn read(&mut self, file: F, extent: Extent) -> Result<Access<Zeroizing<Vec<u8>>>, CardError> {
        match self.select(file)? {
            Access::Granted(()) => self.read_current_file(file.name(), extent),
            Access::PinNeeded => Ok(Access::PinNeeded),
            Access::Absent => Ok(Access::Absent),
        }
    }

    /// Selects a file of records and reads one, counted from 1 (READ RECORD, ISO/IEC 7816-4 §11.4.3).
    pub(crate) fn read_record(
        &mut self,
        file: F,
        number: u8,
    ) -> Result<Access<Zeroizing<Vec<u8>>>, CardError> {
        match self.select(file)? {
            Access::Granted(()) => {}
            Access::PinNeeded => return Ok(Access::PinNeeded),
            Access::Absent => return Ok(Access::Absent),
        }
        let header = Header::new(0x00, 0xB2, number, 0x04);
        let reply = self.run(Command::short(header, &[], Expected::UpTo(256)))?;
        match reply.status() {
            StatusWord::EndOfFile => Ok(Access::Granted(Zeroizing::new(reply.data().to_vec()))),
            StatusWord::RecordNotFound => Ok(Access::Absent),
            status => {
                Ok(access(status, Step::Read(file.name()))?.map(|()| Zeroizing::new(reply.data().to_vec())))
            }
        }
    }

    fn read_current_file(
        &mut self,
        file: CardFile,
        extent: Extent,
    ) -> Result<Access<Zeroizing<Vec<u8>>>, CardError> {
        let fault = |fault| CardError::File { file, fault };
        let mut content = Zeroizing::new(Vec::with_capacity(FILE_MAXIMUM + PIECE));
        let mut announced = None;
        let mut piece = PIECE;
        for _ in 0..READ_MAXIMUM {
            let asked = announced.map_or(piece, |total: usize| piece.min(total - content.len()));
            let reply = self.run(read_binary(content.len(), asked))?;
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

fn read_binary(offset: usize, length: usize) -> Result<Command, CommandError> {
    let [low, high, ..] = offset.to_le_bytes();
    let expected = Expected::UpTo(u32::try_from(length).unwrap_or(u32::MAX));
    Command::short(Header::new(0x00, 0xB0, high & 0x7F, low), &[], expected)
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
