//! A television's socket, with or without TLS. Neither waits.
//!
//! A television that waits for news keeps what rustls keeps of a connection; nothing of an answer stays once the socket took it.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::{ServerConfig, ServerConnection};

/// Bytes that are encrypted before the socket took those before them: one record (RFC 8446 §5.1).
const ENCRYPTED_AHEAD: usize = 16 << 10;
/// Times that the socket is read for nothing before others have their turn.
const READS_AT_ONCE: u32 = 16;
/// The same, until it is no television: of a record one that comes in pieces needs five.
const READS_FOR_NOTHING: u32 = 256;
/// Bytes of a handshake, of which a browser's has two thousand.
const LONGEST_HANDSHAKE: usize = 16 << 10;

pub(crate) struct Line {
    socket: TcpStream,
    tls: Option<Box<Tls>>,
}

struct Tls {
    connection: ServerConnection,
    /// Reads since something was said.
    for_nothing: u32,
    of_handshake: usize,
}

impl Line {
    /// # Errors
    /// What rustls finds wrong with the configuration.
    pub(crate) fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let tls = tls.map(|config| ServerConnection::new(Arc::clone(config))).transpose();
        let tls = tls.map_err(io::Error::other)?.map(|mut connection| {
            connection.set_buffer_limit(Some(ENCRYPTED_AHEAD));
            Box::new(Tls { connection, for_nothing: 0, of_handshake: 0 })
        });
        Ok(Self { socket, tls })
    }

    /// Reads what the television said; 0 once it hung up. Answers its handshake on the way.
    ///
    /// # Errors
    /// As the socket reports, `WouldBlock` among them; `InvalidData` for what is no TLS or says nothing for ever; `Interrupted` when others are to
    /// have their turn.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.read(space) };
        for _ in 0..READS_AT_ONCE {
            match tls.connection.reader().read(space) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Cut off, where a close_notify is due (RFC 8446 §6.1). A request says itself where it ends.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => {
                    tls.for_nothing = 0;
                    return read;
                }
            }
            let is_handshaking = tls.connection.is_handshaking();
            let fed = tls.connection.read_tls(&mut self.socket)?;
            let understood = tls.connection.process_new_packets();
            // Our part of the handshake, or the alert that says why it ends.
            let sent = send(&mut tls.connection, &mut self.socket);
            understood.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            sent?;
            // rustls counts empty records and changes of keys, and each of them begins the other's count anew.
            tls.for_nothing = tls.for_nothing.saturating_add(1);
            tls.of_handshake = tls.of_handshake.saturating_add(if is_handshaking { fed } else { 0 });
            if tls.for_nothing > READS_FOR_NOTHING || tls.of_handshake > LONGEST_HANDSHAKE {
                return Err(ErrorKind::InvalidData.into());
            }
        }
        Err(ErrorKind::Interrupted.into())
    }

    /// Whether there may be more to read after `read` bytes where `room` was free: a socket that gave less has no more now, a record may have
    /// others behind it.
    pub(crate) const fn may_have_more(&self, read: usize, room: usize) -> bool {
        read == room || self.tls.is_some()
    }

    /// Takes some of the bytes; they are on their way once [`Self::flush`] says so.
    ///
    /// # Errors
    /// As the socket reports, `WouldBlock` among them: nothing was taken then.
    pub(crate) fn write(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if !self.flush()? {
            return Err(ErrorKind::WouldBlock.into());
        }
        let Some(tls) = &mut self.tls else { return self.socket.write_vectored(parts) };
        let taken = tls.connection.writer().write_vectored(parts)?;
        send(&mut tls.connection, &mut self.socket)?;
        Ok(taken)
    }

    /// Sends on what the socket did not take before; whether that was all.
    ///
    /// # Errors
    /// As the socket reports.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        self.tls.as_mut().map_or(Ok(true), |tls| send(&mut tls.connection, &mut self.socket))
    }

    /// Says that nothing comes any more.
    ///
    /// # Errors
    /// As the socket reports.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.connection.send_close_notify();
            // What does not go out now is missed by nobody: every answer says its length.
            send(&mut tls.connection, &mut self.socket)?;
        }
        self.socket.shutdown(Shutdown::Write)
    }

    /// Takes bytes that nobody reads any more; 0 once the other side hung up.
    ///
    /// # Errors
    /// As the socket reports.
    pub(crate) fn discard(&mut self, space: &mut [u8]) -> io::Result<usize> {
        self.socket.read(space)
    }
}

fn send(tls: &mut ServerConnection, socket: &mut TcpStream) -> io::Result<bool> {
    while tls.wants_write() {
        match tls.write_tls(socket) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
