//! How the monitor's thread is told to look up or to end, though it waits inside PC/SC.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pcsc::Context;
use tracing::trace;

/// `SCardCancel` ends only a wait that has begun: one that comes a moment too early is lost, so it is
/// repeated until the thread says that it is done.
const CANCEL_AGAIN: Duration = Duration::from_millis(20);

/// Shared between the monitor's thread and those who wake it.
#[derive(Default)]
pub(crate) struct Control {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    done: bool,
    context: Option<Context>,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the thread is to end.
    pub(crate) fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// Lends the context in which the thread is going to wait.
    pub(crate) fn lend(&self, context: Context) {
        self.lock().context = Some(context);
    }

    /// Takes the context back before it is dropped.
    pub(crate) fn take_back(&self) {
        self.lock().context = None;
    }

    /// Lets the monitor look round soon.
    pub(crate) fn wake(&self) {
        cancel(self.lock().context.as_ref());
    }

    /// Sleeps, but not longer than until the stop.
    pub(crate) fn pause(&self, duration: Duration) {
        let state = self.lock();
        drop(self.changed.wait_timeout_while(state, duration, |state| !state.stopping));
    }

    /// Says that the thread will not wait any more.
    pub(crate) fn finish(&self) {
        let mut state = self.lock();
        state.done = true;
        state.context = None;
        self.changed.notify_all();
    }

    /// Tells the thread to end and waits until it is about to.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        self.changed.notify_all();
        while !state.done {
            cancel(state.context.as_ref());
            state = self.changed.wait_timeout(state, CANCEL_AGAIN).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn cancel(context: Option<&Context>) {
    // Cancelling a wait that just ended gives InvalidHandle; a dead service ends the wait by itself.
    if let Some(Err(error)) = context.map(Context::cancel) {
        trace!(%error, "nothing to cancel");
    }
}
