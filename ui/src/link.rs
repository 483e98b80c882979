//! The way to the daemon: a reader thread that reconnects for ever and a writer thread with a bounded
//! queue. The frame never waits for either.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use hinamori_ipc::{Command, FrameError, Frames, FromKiosk, LaneChange, PROTOCOL, ToKiosk, decode, encode};
use hinamori_model::LaneId;

use crate::LinkEvent;
use crate::frame_log::{MonotonicNanos, monotonic_nanos};

/// Between two tries to connect.
pub const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// A daemon that takes no byte for this long is as good as gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);
/// Messages that wait for the next frame. A full inbox stops the reader, not the daemon.
const INBOX: usize = 256;
/// Touches that wait for the socket: more than a hand makes in [`WRITE_TIMEOUT`].
const OUTBOX: usize = 32;
const READ_CHUNK: usize = 16 * 1024;

/// Something from the reader thread and when it came.
#[derive(Debug)]
pub struct Received {
    /// When its last byte was read.
    pub at: MonotonicNanos,
    /// What it says.
    pub event: LinkEvent,
}

/// How soon the screen should show what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for it.
    Now,
    /// Numbers beside what is shown: together with those that follow, so that no answer has to wait for their
    /// picture.
    Soon,
}

impl Urgency {
    fn of(event: &LinkEvent) -> Self {
        let LinkEvent::Message(message) = event else { return Self::Now };
        let is_number = |change: &LaneChange| {
            matches!(
                change,
                LaneChange::Status(_) | LaneChange::Here(_) | LaneChange::Later(_) | LaneChange::Stick(_)
            )
        };
        match &**message {
            ToKiosk::Changes(changes) if changes.iter().all(is_number) => Self::Soon,
            _ => Self::Now,
        }
    }
}

/// Wakes the screen after a message.
pub type Wake = Arc<dyn Fn(Urgency) + Send + Sync>;

/// A connection that is kept up for ever. Dropping it ends both threads.
#[derive(Debug)]
pub struct Link {
    inbox: Receiver<Received>,
    outbox: Option<SyncSender<Command>>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    stream: Mutex<Option<UnixStream>>,
    ending: AtomicBool,
}

impl Link {
    /// Starts both threads for `lane` of the daemon behind `socket`.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(socket: PathBuf, lane: LaneId, wake: Wake) -> io::Result<Self> {
        let (to_screen, inbox) = sync_channel(INBOX);
        let (outbox, commands) = sync_channel(OUTBOX);
        let shared = Arc::new(Shared::default());
        let reader =
            Reader { socket, lane, to_screen: to_screen.clone(), wake: wake.clone(), shared: shared.clone() };
        let writer_shared = shared.clone();
        let threads = vec![
            Builder::new().name("link reader".into()).spawn(move || reader.run())?,
            Builder::new()
                .name("link writer".into())
                .spawn(move || write_commands(&commands, &writer_shared, &to_screen, &wake))?,
        ];
        Ok(Self { inbox, outbox: Some(outbox), shared, threads })
    }

    /// The next thing that came, if any. Never waits.
    pub fn next(&self) -> Option<Received> {
        self.inbox.try_recv().ok()
    }

    /// Hands a command over; `false` when it cannot be taken. Never waits.
    #[must_use]
    pub fn send(&self, command: Command) -> bool {
        let sent = self.outbox.as_ref().map(|outbox| outbox.try_send(command));
        match sent {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => false,
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Release);
        self.outbox = None;
        if let Some(stream) = self.shared.take_stream() {
            // It may be gone already, which is what is wanted.
            stream.shutdown(Shutdown::Both).ok();
        }
        // A reader that waits for room in the inbox goes on when the other end is gone.
        let (_, nowhere) = sync_channel(0);
        drop(std::mem::replace(&mut self.inbox, nowhere));
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            thread.join().ok();
        }
    }
}

impl Shared {
    fn stream(&self) -> std::sync::MutexGuard<'_, Option<UnixStream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_stream(&self) -> Option<UnixStream> {
        self.stream().take()
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }
}

struct Reader {
    socket: PathBuf,
    lane: LaneId,
    to_screen: SyncSender<Received>,
    wake: Wake,
    shared: Arc<Shared>,
}

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("the socket to the daemon failed")]
    Socket(#[from] io::Error),
    #[error("the daemon sent something that is no message")]
    Frame(#[from] FrameError),
    #[error("the daemon speaks version {theirs} of the contract, this kiosk {PROTOCOL}")]
    OtherVersion { theirs: u16 },
    #[error("the daemon closed the connection")]
    Closed,
    #[error("the kiosk ends")]
    Ending,
}

impl Reader {
    fn run(self) {
        let mut ending = None;
        while !self.shared.is_ending() {
            let Err(error) = self.follow(&mut ending);
            drop(self.shared.take_stream());
            let event = match error {
                LinkError::Ending => return,
                LinkError::OtherVersion { .. } => LinkEvent::OtherVersion,
                LinkError::Socket(_) | LinkError::Frame(_) | LinkError::Closed => LinkEvent::Lost,
            };
            tracing::debug!(error = &error as &dyn std::error::Error, "the daemon is not reachable");
            // Told once: a kiosk without its daemon sleeps, it does not draw every try.
            if ending.as_ref() != Some(&event) {
                if self.tell(event.clone()).is_err() {
                    return;
                }
                ending = Some(event);
            }
            std::thread::park_timeout(RECONNECT_AFTER);
        }
    }

    /// One connection from hello to its end. `ending` is what the screen was told last when that was no
    /// message.
    fn follow(&self, ending: &mut Option<LinkEvent>) -> Result<std::convert::Infallible, LinkError> {
        let mut stream = connect(&self.socket)?;
        stream.write_all(&encode(&FromKiosk::Hello { protocol: PROTOCOL, lane: self.lane })?)?;
        *self.shared.stream() = Some(stream.try_clone()?);
        // Checked after the stream is in its place: an end before it would not be seen on the stream.
        if self.shared.is_ending() {
            return Err(LinkError::Ending);
        }
        let mut frames = Frames::default();
        let mut chunk = vec![0; READ_CHUNK];
        let mut greeted = false;
        loop {
            let read = stream.read(&mut chunk)?;
            frames.feed(chunk.get(..read).filter(|bytes| !bytes.is_empty()).ok_or(LinkError::Closed)?);
            while let Some(body) = frames.next_body()? {
                let message: ToKiosk = decode(&body)?;
                match message {
                    ToKiosk::Hello { protocol } if protocol == PROTOCOL => greeted = true,
                    ToKiosk::Hello { protocol } => return Err(LinkError::OtherVersion { theirs: protocol }),
                    _ if !greeted => return Err(LinkError::OtherVersion { theirs: 0 }),
                    message => {
                        *ending = None;
                        self.tell(LinkEvent::Message(Box::new(message)))?;
                    }
                }
            }
        }
    }

    fn tell(&self, event: LinkEvent) -> Result<(), LinkError> {
        let urgency = Urgency::of(&event);
        let received = Received { at: monotonic_nanos(), event };
        self.to_screen.send(received).map_err(|_screen_is_gone| LinkError::Ending)?;
        (self.wake)(urgency);
        Ok(())
    }
}

fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    Ok(stream)
}

fn write_commands(
    commands: &Receiver<Command>,
    shared: &Shared,
    to_screen: &SyncSender<Received>,
    wake: &Wake,
) {
    while let Ok(command) = commands.recv() {
        // Cloned, so that a slow write does not hold the lock that the end of the kiosk needs.
        let stream = shared.stream().as_ref().map(UnixStream::try_clone);
        let written = match stream {
            Some(Ok(mut stream)) => encode(&FromKiosk::Command(command))
                .map_err(LinkError::from)
                .and_then(|frame| Ok(stream.write_all(&frame)?)),
            Some(Err(error)) => Err(error.into()),
            None => Err(LinkError::Closed),
        };
        let Err(error) = written else { continue };
        tracing::warn!(error = &error as &dyn std::error::Error, "a touch did not reach the daemon");
        // A write that stopped in the middle of a frame cannot be continued: the reader connects anew.
        if let Some(stream) = shared.take_stream() {
            stream.shutdown(Shutdown::Both).ok();
        }
        if to_screen.send(Received { at: monotonic_nanos(), event: LinkEvent::NotSent }).is_err() {
            return;
        }
        wake(Urgency::Now);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc::channel;

    use hinamori_ipc::Screen;

    use super::*;

    #[test]
    fn a_daemon_that_is_away_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("kiosk.sock");
        let (woken, wakes) = channel();
        let link =
            Link::start(socket.clone(), LaneId(1), Arc::new(move |urgency| woken.send(urgency).unwrap()));
        let link = link.unwrap();
        assert_eq!(wakes.recv().unwrap(), Urgency::Now);
        assert_eq!(link.next().map(|received| received.event), Some(LinkEvent::Lost));
        // Two connections that end at once: the tries in between were several.
        for _ in 0..2 {
            let listener = UnixListener::bind(&socket).unwrap();
            drop(listener.accept().unwrap());
            std::fs::remove_file(&socket).unwrap();
        }
        assert!(wakes.try_recv().is_err() && link.next().is_none());

        let listener = UnixListener::bind(&socket).unwrap();
        let (mut daemon, _) = listener.accept().unwrap();
        let (here, screen) = (LaneChange::Here(8), LaneChange::Screen(Screen::Idle));
        let number = ToKiosk::Changes(vec![here.clone()]);
        let answer = ToKiosk::Changes(vec![here, screen]);
        for message in [ToKiosk::Hello { protocol: PROTOCOL }, number.clone(), answer.clone()] {
            daemon.write_all(&encode(&message).unwrap()).unwrap();
        }
        assert_eq!(wakes.recv().unwrap(), Urgency::Soon, "a number alone");
        assert_eq!(wakes.recv().unwrap(), Urgency::Now);
        drop(daemon);
        assert_eq!(wakes.recv().unwrap(), Urgency::Now);
        let told: Vec<_> = std::iter::from_fn(|| link.next()).map(|received| received.event).collect();
        let message = |message| LinkEvent::Message(Box::new(message));
        assert_eq!(told, [message(number), message(answer), LinkEvent::Lost]);
    }
}
