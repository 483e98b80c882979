//! Real readers over PC/SC: one thread that watches all of them, and one for each reader that talks to the
//! card on it.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use hinamori_card::{CardError, Transport};

/// The name under which PC/SC lists a reader.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReaderName(pub String);

/// What is done with each card that is laid on a reader. Runs on the reader's own thread while the card is
/// held exclusively; when the card is torn away it runs again from its beginning at the next presentation.
pub trait TapWork: Send + Sync + 'static {
    /// What comes of it.
    type Outcome: Send + 'static;

    /// Talks to the card.
    ///
    /// # Errors
    /// [`CardError`].
    fn run(&self, reader: &ReaderName, card: &mut dyn Transport) -> Result<Self::Outcome, CardError>;
}

/// What happened at the readers.
#[derive(Debug)]
pub enum ReaderEvent<O> {
    /// A reader is there and listens.
    Appeared(ReaderName),
    /// It was unplugged, or the service is gone.
    Gone(ReaderName),
    /// It does not answer any more; its card was unpowered.
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

/// The running threads; dropping it ends them.
#[derive(Debug)]
pub struct Readers {}

impl Readers {
    /// Starts to watch the readers whose name `accepts`. `events` is called from the threads and must not
    /// block for long.
    ///
    /// # Errors
    /// When the system gives no thread. A missing PC/SC service is no error: it is waited for.
    pub fn start<W: TapWork>(
        _accepts: Box<dyn Fn(&ReaderName) -> bool + Send + Sync>,
        _work: Arc<W>,
        _events: Arc<dyn Fn(ReaderEvent<W::Outcome>) + Send + Sync>,
    ) -> io::Result<Self> {
        todo!()
    }
}
