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

pub(crate) struct Line {
    socket: TcpStream,
    tls: Option<Box<ServerConnection>>,
}

impl Line {
    /// # Errors
    /// What rustls finds wrong with the configuration.
    pub(crate) fn new(socket: TcpStream, tls: Option<&Arc<ServerConfig>>) -> io::Result<Self> {
        let tls = tls.map(|config| ServerConnection::new(Arc::clone(config))).transpose();
        let mut tls = tls.map_err(io::Error::other)?.map(Box::new);
        if let Some(tls) = &mut tls {
            tls.set_buffer_limit(Some(ENCRYPTED_AHEAD));
        }
        Ok(Self { socket, tls })
    }

    /// Reads what the television said; 0 once it hung up. Answers its handshake on the way.
    ///
    /// # Errors
    /// As the socket reports, `WouldBlock` among them; `InvalidData` for what is no TLS.
    pub(crate) fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &mut self.tls else { return self.socket.read(space) };
        // rustls ends it when a peer says nothing in many records.
        loop {
            match tls.reader().read(space) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Cut off, where a close_notify is due (RFC 8446 §6.1). A request says itself where it ends.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            tls.read_tls(&mut self.socket)?;
            let understood = tls.process_new_packets();
            // Our part of the handshake, or the alert that says why it ends.
            let sent = send(tls, &mut self.socket);
            understood.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            sent?;
        }
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
        let taken = tls.writer().write_vectored(parts)?;
        send(tls, &mut self.socket)?;
        Ok(taken)
    }

    /// Sends on what the socket did not take before; whether that was all.
    ///
    /// # Errors
    /// As the socket reports.
    pub(crate) fn flush(&mut self) -> io::Result<bool> {
        self.tls.as_mut().map_or(Ok(true), |tls| send(tls, &mut self.socket))
    }

    /// Says that nothing comes any more.
    ///
    /// # Errors
    /// As the socket reports.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            // What does not go out now is missed by nobody: every answer says its length.
            send(tls, &mut self.socket)?;
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
