//! Real readers over PC/SC: one thread that watches all of them, and one for each reader that talks to the
//! card on it.
//!
//! It knows no application, certificate or person: what is done with a card is a [`TapWork`], what came of
//! it a [`ReaderEvent`]. It deliberately has no asynchronous runtime: PC/SC blocks, and one context serves
//! one thread at a time.
//!
//! The life of one tap: the monitor sees a reader change from empty to present and tells that reader's
//! worker; the worker connects exclusively, runs the work inside a transaction, disconnects, and reports
//! one [`ReaderEvent::Tap`]. Then it leaves the card alone, however long it lies there.
//!
//! * **Every insertion gives one `Tap`**, torn, mute or read. A torn card that comes back before PC/SC noticed
//!   that it was gone gives another one.
//! * **A command is sent once.** What fails is the whole work, which may run again from its beginning, but
//!   never after a PIN, password or check number was handed over.
//! * **After a credential the card loses power.** A reset would keep it open.
//! * **Idle costs nothing**: every thread waits in the kernel; the monitor looks round every ten seconds, in a
//!   new context, because a wait that timed out may leave the old one with stale states.
//! * PC/SC has no deadline for a command and no way to call one back. A silent reader is reported as stuck
//!   while its thread still waits, and reported again as listening when the driver gave up.

mod control;
mod fault;
mod held;
mod monitor;
mod pulse;
mod worker;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hinamori_card::{CardError, Transport};

use crate::control::Control;
use crate::monitor::Monitor;

/// The name under which PC/SC lists a reader.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderName(pub String);

impl fmt::Display for ReaderName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What is done with each card that is laid on a reader. Runs on the reader's own thread while the card is
/// held exclusively. When the card is torn away, or fails and is still there, the work runs again from its
/// beginning: it must not keep half of what it learned.
pub trait TapWork: Send + Sync + 'static {
    /// What comes of it.
    type Outcome: Send + 'static;

    /// Talks to the card.
    ///
    /// # Errors
    /// [`CardError`].
    fn run(&self, reader: &ReaderName, card: &mut dyn Transport) -> Result<Self::Outcome, CardError>;
}

/// What happened at the readers. For each reader, events come in the order in which things happened.
#[derive(Debug)]
pub enum ReaderEvent<O> {
    /// A reader is there and listens; also when a stuck one listens again.
    Appeared(ReaderName),
    /// It was unplugged, or the service is gone.
    Gone(ReaderName),
    /// It does not answer any more. As soon as it does, its card is unpowered and `Appeared` follows.
    Stuck(ReaderName),
    /// A card was worked on.
    Tap {
        /// Where.
        reader: ReaderName,
        /// What came of it.
        outcome: Result<O, CardError>,
        /// When the card's last byte had arrived.
        last_byte: Instant,
    },
    /// The card left the reader.
    Removed(ReaderName),
}

/// How long a card may take before its reader is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From one sign of life (a reply, or the start) to the next. The longest known command is a signature
    /// of 0.6 s.
    pub silence: Duration,
    /// For the whole work. A card that always answers, but never finishes, ends here.
    pub work: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { silence: Duration::from_secs(4), work: Duration::from_secs(15) }
    }
}

/// Where events go: called from all threads, one call at a time for each reader.
pub type EventSink<O> = Arc<dyn Fn(ReaderEvent<O>) + Send + Sync>;
/// Which readers are watched.
pub type ReaderFilter = Box<dyn Fn(&ReaderName) -> bool + Send + Sync>;

/// The running threads; dropping it ends them. No event comes after the drop.
pub struct Readers {
    control: Arc<Control>,
    monitor: Option<JoinHandle<()>>,
}

impl Readers {
    /// Starts to watch the readers whose name `accepts`. `events` is called from the threads and must not
    /// block for long, nor drop the `Readers`.
    ///
    /// # Errors
    /// When the system gives no thread. A missing PC/SC service is no error: it is waited for.
    pub fn start<W: TapWork>(
        accepts: ReaderFilter,
        work: Arc<W>,
        events: EventSink<W::Outcome>,
    ) -> io::Result<Self> {
        Self::start_within(Limits::default(), accepts, work, events)
    }

    /// As [`Self::start`], with limits of one's own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start_within<W: TapWork>(
        limits: Limits,
        accepts: ReaderFilter,
        work: Arc<W>,
        events: EventSink<W::Outcome>,
    ) -> io::Result<Self> {
        let control = Arc::new(Control::default());
        let monitor = Monitor::new(Arc::clone(&control), limits, accepts, work, events);
        let thread = std::thread::Builder::new().name("card-monitor".to_owned()).spawn(move || {
            monitor.run();
        })?;
        Ok(Self { control, monitor: Some(thread) })
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Readers")
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.control.stop();
        if let Some(monitor) = self.monitor.take() {
            // A monitor that panicked has nothing left to end.
            drop(monitor.join());
        }
    }
}
