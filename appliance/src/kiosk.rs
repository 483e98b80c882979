//! The kiosks' socket: one reader thread and one writer thread for each connection. The core never waits for
//! a kiosk: one that does not take its messages is cut off and comes back to a fresh snapshot.
//!
//! What is sent leaves a whole number of [`STEP`]s after the kiosk's latest touch, so that no kiosk can tell by the time of an
//! answer what the daemon found (law 7). Nobody sees a few milliseconds.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use hinamori_ipc::{Command, FrameError, Frames, FromKiosk, PROTOCOL, ToKiosk, decode, encode};
use hinamori_model::{LaneId, rest_of_step};
use tracing::{debug, info, warn};

use crate::core::{Event, Inbox};

/// Messages that wait for a kiosk: some seconds of taps. A kiosk that is further behind is gone.
const OUTBOX: usize = 64;
/// A kiosk that takes no byte for this long is gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// A connection that does not say hello is not a kiosk.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
const READ_CHUNK: usize = 4 * 1024;
/// More than a touch takes beside its commit.
const STEP: Duration = Duration::from_millis(8);
/// More than a processor takes to wake up. It takes longer the longer it slept, some microseconds of it, and so tells how long the work
/// took: the last of each step is spent awake.
const WAKES_WITHIN: Duration = Duration::from_micros(500);

/// One connection, by a number that is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KioskId(u64);

#[cfg(test)]
impl KioskId {
    /// One that no connection has.
    pub(crate) const fn for_test() -> Self {
        Self(u64::MAX)
    }
}

/// What comes from a connection.
#[derive(Debug)]
pub(crate) enum KioskEvent {
    /// It said hello for a lane.
    Joined { kiosk: KioskId, lane: LaneId, out: Outbox },
    /// Somebody touched its screen.
    Command { kiosk: KioskId, command: Command },
    /// It is gone.
    Left { kiosk: KioskId },
}

/// The way to one kiosk.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: SyncSender<Vec<u8>>,
    stream: UnixStream,
}

/// The kiosk does not take its messages any more; its connection is closed.
#[derive(Debug)]
pub(crate) struct FellBehind;

impl Outbox {
    /// A kiosk for tests: the other end gives its frames.
    #[cfg(test)]
    pub(crate) fn for_test() -> (Self, Receiver<Vec<u8>>) {
        let (frames, out) = sync_channel(64);
        let (stream, _other) = UnixStream::pair().unwrap();
        (Self { frames, stream }, out)
    }

    /// Hands a message over. Never waits.
    ///
    /// # Errors
    /// [`FellBehind`].
    pub(crate) fn send(&self, message: &ToKiosk) -> Result<(), FellBehind> {
        let frame = encode(message).map_err(|error| {
            warn!(%error, "a message is too long for a kiosk");
            FellBehind
        });
        let handed = frame.and_then(|frame| self.frames.try_send(frame).map_err(|_full_or_gone| FellBehind));
        if handed.is_err() {
            close(&self.stream);
        }
        handed
    }
}

fn close(stream: &UnixStream) {
    // It may be gone already, which is what is wanted.
    stream.shutdown(Shutdown::Both).ok();
}

/// Opens the socket at `path`, replacing one that a killed daemon left. Anything else at `path` stays: a
/// mistake in the settings must not cost a file.
///
/// # Errors
/// The system's; [`io::ErrorKind::AlreadyExists`] when something else is there.
pub(crate) fn listen(path: &Path) -> io::Result<UnixListener> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path)?,
        Ok(_) => {
            let reason = format!("{} is there already, and is no socket", path.display());
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, reason));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let listener = UnixListener::bind(path)?;
    // The kiosk runs as another user of the same group.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(listener)
}

/// Serves kiosks for as long as the process lives.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn serve(listener: UnixListener, core: Inbox) -> io::Result<()> {
    Builder::new().name("kiosks".to_owned()).spawn(move || {
        for (number, stream) in (0..).zip(listener.incoming()) {
            let joined = stream.and_then(|stream| attend(stream, KioskId(number), core.clone()));
            if let Err(error) = joined {
                warn!(%error, "a kiosk cannot be served");
                // Out of file descriptors, as a rule: no reason to spin.
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    })?;
    Ok(())
}

fn attend(stream: UnixStream, kiosk: KioskId, core: Inbox) -> io::Result<()> {
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    stream.set_read_timeout(Some(HELLO_WITHIN))?;
    Builder::new().name("kiosk-reader".to_owned()).spawn(move || {
        let ended = follow(&stream, kiosk, &core);
        close(&stream);
        debug!(error = &ended as &dyn std::error::Error, "a kiosk's connection ended");
        if !core.send(Event::Kiosk(KioskEvent::Left { kiosk })) {
            debug!("the daemon ended first");
        }
    })?;
    Ok(())
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("the socket failed")]
    Socket(#[from] io::Error),
    #[error("the kiosk sent something that is no message")]
    Frame(#[from] FrameError),
    #[error("the kiosk did not begin with a hello of protocol {PROTOCOL}")]
    NoHello,
    #[error("the kiosk closed the connection")]
    Closed,
    #[error("the daemon ends")]
    Ending,
}

fn follow(stream: &UnixStream, kiosk: KioskId, core: &Inbox) -> Ended {
    match follow_to_end(stream, kiosk, core) {
        Ok(never) => match never {},
        Err(ended) => ended,
    }
}

fn follow_to_end(
    mut stream: &UnixStream,
    kiosk: KioskId,
    core: &Inbox,
) -> Result<std::convert::Infallible, Ended> {
    let mut frames = Frames::default();
    let mut chunk = [0; READ_CHUNK];
    let touched = Arc::new(Mutex::new(Instant::now()));
    let mut joined = false;
    loop {
        let read = stream.read(&mut chunk)?;
        *touched.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        frames.feed(chunk.get(..read).filter(|bytes| !bytes.is_empty()).ok_or(Ended::Closed)?);
        while let Some(body) = frames.next_body()? {
            let event = match decode(&body)? {
                FromKiosk::Hello { protocol: PROTOCOL, lane } if !joined => {
                    joined = true;
                    stream.set_read_timeout(None)?;
                    KioskEvent::Joined { kiosk, lane, out: writer(stream, Arc::clone(&touched))? }
                }
                FromKiosk::Hello { .. } => {
                    stream.write_all(&encode(&ToKiosk::Hello { protocol: PROTOCOL })?)?;
                    return Err(Ended::NoHello);
                }
                FromKiosk::Command(command) if joined => KioskEvent::Command { kiosk, command },
                FromKiosk::Command(_) => return Err(Ended::NoHello),
            };
            if !core.send(Event::Kiosk(event)) {
                return Err(Ended::Ending);
            }
        }
    }
}

fn writer(stream: &UnixStream, touched: Arc<Mutex<Instant>>) -> io::Result<Outbox> {
    let (frames, queue) = sync_channel(OUTBOX);
    let ours = stream.try_clone()?;
    Builder::new().name("kiosk-writer".to_owned()).spawn(move || write(&queue, &ours, &touched))?;
    Ok(Outbox { frames, stream: stream.try_clone()? })
}

fn write(queue: &Receiver<Vec<u8>>, mut stream: &UnixStream, touched: &Mutex<Instant>) {
    while let Ok(mut frames) = queue.recv() {
        let touched = *touched.lock().unwrap_or_else(PoisonError::into_inner);
        let since = touched.elapsed();
        wait_until(touched + since + rest_of_step(since, STEP));
        // What belongs to it is ready by now.
        queue.try_iter().for_each(|frame| frames.extend(frame));
        if let Err(error) = stream.write_all(&frames) {
            info!(%error, "a kiosk takes no messages");
            break;
        }
    }
    close(stream);
}

fn wait_until(moment: Instant) {
    std::thread::sleep(moment.saturating_duration_since(Instant::now()).saturating_sub(WAKES_WITHIN));
    while Instant::now() < moment {
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_left_socket_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kiosk.sock");
        // A dropped listener leaves its socket, as a killed daemon does.
        drop(listen(&path).unwrap());
        let listener = listen(&path).unwrap();
        UnixStream::connect(&path).unwrap();
        drop(listener);

        let (file, link) = (folder.path().join("box.toml"), folder.path().join("link"));
        std::fs::write(&file, b"settings").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        for other in [&file, &link] {
            let refused = listen(other).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
            assert!(refused.to_string().contains(other.to_str().unwrap()), "{refused}");
        }
        assert_eq!(std::fs::read(&file).unwrap(), b"settings");
        assert!(link.is_symlink());
    }
}
