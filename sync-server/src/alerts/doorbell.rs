//! How the board calls the thread that holds the televisions' connections: it sleeps until one of them, or the board, has something.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;

/// The bell. Whoever rings it waits for nobody, and ringing it often wakes the thread once.
#[derive(Debug, Default)]
pub(crate) struct Doorbell {
    is_called: AtomicBool,
    has_news: AtomicBool,
    is_over: AtomicBool,
    /// None where no televisions are served.
    waker: OnceLock<Waker>,
}

impl Doorbell {
    /// From now on it wakes this thread.
    pub(crate) fn connect(&self, waker: Waker) {
        // One server has one door.
        drop(self.waker.set(waker));
    }

    /// Something is there for the thread that is no news for televisions.
    pub(crate) fn call(&self) {
        if !self.is_called.swap(true, Ordering::AcqRel)
            && let Some(Err(error)) = self.waker.get().map(Waker::wake)
        {
            tracing::error!(%error, "the televisions' thread cannot be woken");
        }
    }

    /// Some televisions have another revision now.
    pub(crate) fn ring(&self) {
        self.has_news.store(true, Ordering::Release);
        self.call();
    }

    /// The server ends.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.ring();
    }

    /// The thread looks from here on: what is rung later wakes it again. Whether there is news.
    pub(crate) fn answer(&self) -> bool {
        self.is_called.store(false, Ordering::Release);
        self.has_news.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}
