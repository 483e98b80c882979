//! The thread that watches all readers at once, and readers coming and going.
//!
//! No context is used again after one of its waits timed out. A timeout that coincides with an event leaves
//! pcsc-lite's client one answer behind the service: from then on it reports old states, without any error,
//! for as long as the context lives (measured with 1.9.9, where the service then logs "Can't remove client").

use std::collections::BTreeMap;
use std::ffi::CString;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pcsc::{Context, Error, PNP_NOTIFICATION, ReaderState, Scope, State};
use tracing::{debug, error, info, warn};

use crate::control::Control;
use crate::pulse::Finding;
use crate::worker::{Farewell, Presence, Worker};
use crate::{EventSink, Limits, ReaderFilter, ReaderName, TapWork};

/// Readers are listed anew so often, because a hot-plug event can be lost between two waits.
const TICK: Duration = Duration::from_secs(10);
/// The first pause when the service is not there; it doubles up to the second.
const FIRST_PAUSE: Duration = Duration::from_millis(125);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// A deadline that has almost come is not worth a wait of its own.
const SHORTEST_WAIT: Duration = Duration::from_millis(5);

/// The monitor before and while it runs.
pub(crate) struct Monitor<W: TapWork> {
    control: Arc<Control>,
    limits: Limits,
    accepts: ReaderFilter,
    work: Arc<W>,
    sink: EventSink<W::Outcome>,
    workers: BTreeMap<ReaderName, Worker<W::Outcome>>,
}

/// What PC/SC's list of readers and the workers have to be made to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Agrees,
    MayDiffer,
}

impl<W: TapWork> Monitor<W> {
    pub(crate) fn new(
        control: Arc<Control>,
        limits: Limits,
        accepts: ReaderFilter,
        work: Arc<W>,
        sink: EventSink<W::Outcome>,
    ) -> Self {
        Self { control, limits, accepts, work, sink, workers: BTreeMap::new() }
    }

    /// Runs until the control says stop.
    pub(crate) fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        while !self.control.is_stopping() {
            match Context::establish(Scope::System) {
                Ok(context) => {
                    info!("card service is there");
                    pause = FIRST_PAUSE;
                    let end = self.watch(context);
                    self.control.take_back();
                    if let Err(error) = end {
                        warn!(%error, "card service is gone");
                    }
                }
                Err(error) => debug!(%error, "no card service"),
            }
            if self.control.is_stopping() {
                break;
            }
            self.dismiss_all(Farewell::ReaderGone);
            self.control.pause(pause);
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        self.dismiss_all(Farewell::Shutdown);
        self.control.finish();
    }

    /// Watches until the stop, or the error that means that the service is gone.
    fn watch(&mut self, mut context: Context) -> Result<(), Error> {
        self.control.lend(context.clone());
        let mut states = vec![ReaderState::new(PNP_NOTIFICATION(), State::UNAWARE)];
        let mut list = List::MayDiffer;
        let mut listed = Instant::now();
        while !self.control.is_stopping() {
            if list == List::MayDiffer || listed.elapsed() >= TICK {
                self.follow(context.list_readers_owned()?, &mut states);
                listed = Instant::now();
            }
            list = List::Agrees;
            let wait = self.examine().min(TICK.saturating_sub(listed.elapsed())).max(SHORTEST_WAIT);
            match context.get_status_change(wait, &mut states) {
                Ok(()) => {}
                Err(Error::Timeout) => {
                    context = Context::establish(Scope::System)?;
                    self.control.lend(context.clone());
                    continue;
                }
                Err(Error::Cancelled | Error::UnknownReader) => {
                    list = List::MayDiffer;
                    continue;
                }
                Err(error) => return Err(error),
            }
            for state in &mut states {
                if state.event_state().contains(State::CHANGED) {
                    list = list.max_doubt(self.heed(state));
                }
                state.sync_current_state();
            }
        }
        Ok(())
    }

    /// Passes a change on to the reader's worker.
    fn heed(&self, state: &ReaderState) -> List {
        let event = state.event_state();
        let Some(worker) = self.workers.get(&reader_name(state.name())) else { return List::MayDiffer };
        if event.intersects(State::UNKNOWN | State::IGNORE) {
            return List::MayDiffer;
        }
        if event.contains(State::UNAVAILABLE) {
            // The reader is there and does not answer. Whatever lies on it afterwards was laid there anew: to
            // read a card twice is better than to miss one.
            worker.notice(Presence::Empty);
            return List::MayDiffer;
        }
        worker.notice(match event.contains(State::PRESENT) {
            true => Presence::Card(state.event_count()),
            false => Presence::Empty,
        });
        List::Agrees
    }

    /// Ends the workers of readers that are gone, starts those of readers that came.
    fn follow(&mut self, listed: Vec<CString>, states: &mut Vec<ReaderState>) {
        let listed: BTreeMap<ReaderName, CString> = listed
            .into_iter()
            .map(|name| (reader_name(&name), name))
            .filter(|(reader, _)| (self.accepts)(reader))
            .collect();
        let (kept, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = std::mem::take(&mut self.workers)
            .into_iter()
            .partition(|(reader, worker)| listed.contains_key(reader) && !worker.has_died());
        self.workers = kept;
        // A card whose work panicked is not given a second chance to do so.
        let known: BTreeMap<_, _> = gone
            .iter()
            .filter(|(_, worker)| worker.has_died())
            .map(|(reader, worker)| (reader.clone(), worker.presence()))
            .collect();
        dismiss(gone, Farewell::ReaderGone);
        states.retain(|state| {
            state.name() == PNP_NOTIFICATION() || self.workers.contains_key(&reader_name(state.name()))
        });
        for (reader, name) in listed {
            if self.workers.contains_key(&reader) {
                continue;
            }
            let (work, sink) = (Arc::clone(&self.work), Arc::clone(&self.sink));
            let control = Arc::clone(&self.control);
            let known = known.get(&reader).copied().unwrap_or(Presence::Empty);
            match Worker::start(reader.clone(), name.clone(), known, work, sink, self.limits, control) {
                Ok(worker) => {
                    self.workers.insert(reader, worker);
                    states.push(ReaderState::new(name, State::UNAWARE));
                }
                // Tried again with the next list.
                Err(error) => error!(%reader, %error, "no thread for the reader"),
            }
        }
    }

    /// Reports stuck readers; says how long to wait until the next may be.
    fn examine(&self) -> Duration {
        let now = Instant::now();
        let waits =
            self.workers.values().filter_map(|worker| match worker.examine(now, self.limits.silence) {
                Finding::Quiet => None,
                Finding::LookAgainAfter(wait) => Some(wait),
            });
        waits.min().unwrap_or(TICK)
    }

    fn dismiss_all(&mut self, farewell: Farewell) {
        dismiss(std::mem::take(&mut self.workers), farewell);
    }
}

impl List {
    /// In doubt if either is.
    fn max_doubt(self, other: Self) -> Self {
        if other == Self::MayDiffer { other } else { self }
    }
}

/// Tells all of them first, so that they end side by side.
fn dismiss<O: Send + 'static>(workers: BTreeMap<ReaderName, Worker<O>>, farewell: Farewell) {
    workers.values().for_each(|worker| worker.dismiss(farewell));
    workers.into_values().for_each(|worker| worker.join(farewell));
}

/// PC/SC's names are UTF-8 by convention only.
fn reader_name(name: &std::ffi::CStr) -> ReaderName {
    ReaderName(name.to_string_lossy().into_owned())
}
