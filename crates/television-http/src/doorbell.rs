//! How whoever tells televisions calls the thread that holds the televisions' connections: it sleeps until one of them, or the other side, has something.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;

/// The bell. Whoever rings it waits for nobody, and ringing it often wakes the thread once.
#[derive(Debug, Default)]
pub struct Doorbell {
    is_called: AtomicBool,
    has_news: AtomicBool,
    is_over: AtomicBool,
    /// None where no televisions are served.
    waker: OnceLock<Waker>,
}

impl Doorbell {
    /// From now on it wakes this thread.
    pub fn connect(&self, waker: Waker) {
        // One server has one door.
        drop(self.waker.set(waker));
    }

    /// Something is there for the thread that is no news for televisions.
    pub fn call(&self) {
        if !self.is_called.swap(true, Ordering::AcqRel)
            && let Some(Err(error)) = self.waker.get().map(Waker::wake)
        {
            tracing::error!(%error, "the televisions' thread cannot be woken");
        }
    }

    /// Some televisions have another revision now.
    pub fn ring(&self) {
        self.has_news.store(true, Ordering::Release);
        self.call();
    }

    /// The server ends.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.ring();
    }

    /// The thread looks from here on: what is rung later wakes it again. Whether there is news.
    pub fn answer(&self) -> bool {
        self.is_called.store(false, Ordering::Release);
        self.has_news.swap(false, Ordering::AcqRel)
    }

    /// Whether the server ends.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}
