//! The wire to the set: the kernel's adapter for CEC, or a socket that speaks the same frames.
//!
//! The kernel's interface (linux/cec.h) and not the program `cec-ctl`: what a person does at the set comes as frames at any time, and the
//! text that such a program prints of them is made for people. It is four calls, and the bytes of a frame go in and come out as they are.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::cec::{ALL, Frame, PhysicalAddress};

/// Who we are on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Own {
    /// [`ALL`] where the set told no physical address (no EDID, as some do while they are off): then it can only be woken.
    pub(crate) logical: u8,
    pub(crate) physical: Option<PhysicalAddress>,
}

/// See the module. Nothing here waits longer than it is told to, or than the kernel lets a frame take.
pub(crate) trait Bus: Send {
    /// Who we are now: a set may tell its addresses only once it is on.
    fn own(&mut self) -> io::Result<Own>;
    /// Sends; gives whether somebody took it.
    fn send(&mut self, frame: &Frame) -> io::Result<bool>;
    /// The next frame, if one comes within this time.
    fn receive(&mut self, within: Duration) -> io::Result<Option<Frame>>;
}

/// Frames over a socket, each as a kind, a length and so many bytes.
pub(crate) struct SocketBus {
    stream: UnixStream,
    unread: Vec<u8>,
    frames: VecDeque<Frame>,
    own: Own,
}

const FRAME: u8 = 0;
/// One byte: whether the frame that we sent was taken.
const TAKEN: u8 = 1;
/// Three bytes: our logical and our physical address.
const OWN: u8 = 2;
/// How long the other end may take to say so.
const TAKEN_WITHIN: Duration = Duration::from_secs(2);

impl SocketBus {
    pub(crate) fn new(stream: UnixStream) -> Self {
        let own = Own { logical: ALL, physical: None };
        Self { stream, unread: Vec::new(), frames: VecDeque::new(), own }
    }

    /// Reads one part, and keeps what it says; gives what it says of a frame that we sent.
    fn hear(&mut self, within: Duration) -> io::Result<Option<bool>> {
        let until = Instant::now() + within;
        loop {
            if let Some((kind, bytes)) = self.take_part() {
                match (kind, bytes.as_slice()) {
                    (FRAME, bytes) => self.frames.extend(Frame::of(bytes)),
                    (TAKEN, [taken]) => return Ok(Some(*taken == 1)),
                    (OWN, [logical, high, low]) => {
                        let physical = PhysicalAddress(u16::from_be_bytes([*high, *low]));
                        let physical = Some(physical).filter(|known| known.0 != 0xFFFF);
                        self.own = Own { logical: *logical, physical };
                    }
                    _ => return Err(io::Error::new(ErrorKind::InvalidData, "not a part of a bus")),
                }
                return Ok(None);
            }
            // A timeout of zero would be none.
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            self.stream.set_read_timeout(Some(left))?;
            let mut bytes = [0; 64];
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.unread.extend(bytes.iter().take(length)),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn take_part(&mut self) -> Option<(u8, Vec<u8>)> {
        let (kind, rest) = self.unread.split_first()?;
        let (length, rest) = rest.split_first()?;
        let (kind, bytes) = (*kind, rest.get(..usize::from(*length))?.to_vec());
        self.unread.drain(..bytes.len() + 2);
        Some((kind, bytes))
    }
}

impl Bus for SocketBus {
    fn own(&mut self) -> io::Result<Own> {
        if self.own.physical.is_none() {
            let _no_frame_of_ours = self.hear(Duration::from_millis(50))?;
        }
        Ok(self.own)
    }

    fn send(&mut self, frame: &Frame) -> io::Result<bool> {
        let length = u8::try_from(frame.bytes().len()).unwrap_or_default();
        self.stream.write_all(&[&[FRAME, length], frame.bytes()].concat())?;
        let until = Instant::now() + TAKEN_WITHIN;
        while Instant::now() < until {
            if let Some(taken) = self.hear(until.saturating_duration_since(Instant::now()))? {
                return Ok(taken);
            }
        }
        Ok(false)
    }

    fn receive(&mut self, within: Duration) -> io::Result<Option<Frame>> {
        if self.frames.is_empty() {
            let _none_was_sent = self.hear(within)?;
        }
        Ok(self.frames.pop_front())
    }
}
