//! A card on a virtual reader: the client side of the vpcd protocol.
//!
//! pcscd's vpcd driver listens on one port for each reader. Connecting means "card inserted", closing
//! "card removed". Both ways a frame is a big-endian u16 length and that many bytes; one byte from the
//! reader is a control: 00 power off, 01 power on, 02 reset, 04 what is your ATR. Only the last and
//! commands are answered.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::linux::net::TcpStreamExt as _;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::presented::{Answer, PresentedCard};
use crate::virtual_card::VirtualCard;

const POWER_OFF: u8 = 0x00;
const POWER_ON: u8 = 0x01;
const RESET: u8 = 0x02;
const ATR: u8 = 0x04;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A card that lies on a reader until it is taken off, torn off by its fault, or the reader goes away.
#[derive(Debug)]
pub struct InsertedCard {
    stream: TcpStream,
    thread: JoinHandle<VirtualCard>,
}

impl InsertedCard {
    /// Puts a card on the reader whose driver listens at `reader`.
    ///
    /// # Errors
    /// When nothing listens there, or the reader holds another card already.
    pub fn insert(reader: SocketAddr, card: PresentedCard) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&reader, CONNECT_TIMEOUT)?;
        stream.set_nodelay(true)?;
        let served = stream.try_clone()?;
        let thread = std::thread::Builder::new()
            .name(format!("card on {reader}"))
            .spawn(move || serve(&served, card))?;
        Ok(Self { stream, thread })
    }

    /// The card is no longer there: torn off by its fault, or the reader went away.
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// Takes the card off and gives it back; none when its thread died.
    pub fn remove(self) -> Option<VirtualCard> {
        // The peer may have closed first; the thread ends either way.
        drop(self.stream.shutdown(Shutdown::Both));
        self.thread.join().ok()
    }
}

/// Answers until the connection ends.
fn serve(stream: &TcpStream, mut card: PresentedCard) -> VirtualCard {
    while let Ok(frame) = receive(stream) {
        let answer = match *frame {
            [] | [POWER_ON] => continue,
            [POWER_OFF] => {
                card.unpower();
                continue;
            }
            [RESET] => {
                card.reset();
                continue;
            }
            [ATR] => Answer::Bytes(card.atr().to_vec()),
            [_] => continue,
            ref command => card.transmit(command),
        };
        match answer {
            Answer::Bytes(bytes) if send(stream, &bytes).is_ok() => {}
            Answer::Mute => {}
            Answer::Bytes(_) | Answer::Torn => break,
        }
    }
    // The clone that can end this thread stays open elsewhere: closing must not wait for it.
    drop(stream.shutdown(Shutdown::Both));
    card.into_card()
}

fn receive(stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    receive_exactly(stream, &mut length)?;
    let mut frame = vec![0; usize::from(u16::from_be_bytes(length))];
    receive_exactly(stream, &mut frame)?;
    Ok(frame)
}

/// The driver sends length and body apart. With its side waiting for our acknowledgement and ours delaying
/// it, every command would take 44 ms: acknowledge at once, and say so before every receive, because the
/// kernel forgets.
fn receive_exactly(mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<()> {
    stream.set_quickack(true)?;
    stream.read_exact(buffer)
}

fn send(mut stream: &TcpStream, body: &[u8]) -> io::Result<()> {
    let length = u16::try_from(body.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], body].concat())
}
