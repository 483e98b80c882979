//! The socket on which `hinamorictl` asks the running daemon: one question a connection, one line of JSON.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread::Builder;
use std::time::Duration;

use tracing::{debug, warn};

use crate::core::{Event, Inbox};
use crate::kiosk::listen;
use crate::status::Report;

/// For the whole exchange.
const WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a question.
const LONGEST: u64 = 64;
const STATUS: &str = "status\n";

/// Opens the socket, for the daemon's user alone.
///
/// # Errors
/// The system's.
pub(crate) fn open(path: &Path) -> io::Result<UnixListener> {
    let listener = listen(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers for as long as the process lives, one at a time.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn serve(listener: UnixListener, core: Inbox) -> io::Result<()> {
    Builder::new().name("control".to_owned()).spawn(move || {
        for stream in listener.incoming() {
            match stream.and_then(|stream| answer(&stream, &core)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => debug!("a question took too long"),
                Err(error) => warn!(%error, "a question was not answered"),
            }
        }
    })?;
    Ok(())
}

fn answer(mut stream: &UnixStream, core: &Inbox) -> io::Result<()> {
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    let mut question = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut question)?;
    if question != STATUS {
        return stream.write_all(b"{\"error\":\"unknown question\"}\n");
    }
    let (sender, receiver) = channel();
    let report = core.send(Event::Status(sender)).then(|| receiver.recv_timeout(WITHIN).ok()).flatten();
    let Some(report) = report else { return Err(io::ErrorKind::TimedOut.into()) };
    let mut line = serde_json::to_vec(&report)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// Asks the daemon behind `path` how it is.
///
/// # Errors
/// The system's: no socket, or nobody behind it, means that the daemon does not run.
pub fn ask(path: &Path) -> io::Result<Report> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    stream.write_all(STATUS.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(serde_json::from_str(&line)?)
}
