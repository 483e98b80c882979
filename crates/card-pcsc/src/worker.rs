//! One reader's thread: works on each card once, and reports in the order in which things happen.

use std::ffi::CString;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hinamori_card::CardError;
use pcsc::{Context, MAX_BUFFER_SIZE_EXTENDED, Scope};
use tracing::{debug, info, warn};

use crate::control::Control;
use crate::fault::Fault;
use crate::held::{Credential, HeldCard, Released, is_still_there};
use crate::pulse::{Finding, Pulse};
use crate::{EventSink, Limits, ReaderEvent, ReaderName, TapWork};

/// A work that failed with the card still there runs again so often.
const REPETITIONS: u32 = 2;
/// Before a work runs again: contactless cards need a moment in the field, and another program to let go.
const BREATH: Duration = Duration::from_millis(60);
/// PC/SC polls for cards about every 0.4 s: one that was torn off and laid back in between never left for it.
/// When a torn card is still said to be there after this long, it is.
const BELIEVED_AFTER: Duration = Duration::from_millis(700);
/// How often such a card is worked on again, should it not be there after all.
const BELIEVED_TIMES: u32 = 6;
/// How long a worker that was told to end may take before it is left to the driver that holds it.
const FAREWELL: Duration = Duration::from_millis(1_500);

/// PC/SC counts in the upper half of a 32-bit state.
const COUNT_MASK: u32 = 0xFFFF;

/// What lies on the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Empty,
    /// A card, by the reader's count of insertions and removals: another number is another presentation,
    /// but see [`Presence::is_news_after`].
    Card(u32),
}

impl Presence {
    /// Something else lies there than `before`.
    ///
    /// A card that was taken off and laid back was counted twice. One count more is the same card: pcscd says
    /// that a card is there a moment before it counts it (`EHStatusHandlerThread`, pcsc-lite 1.9.9), and
    /// whoever is woken by another reader in that moment sees the old count.
    fn is_news_after(self, before: Self) -> bool {
        match (before, self) {
            (Self::Card(before), Self::Card(now)) => now != before && now != (before + 1) & COUNT_MASK,
            (before, now) => before != now,
        }
    }
}

/// Why a worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// The reader or the service is gone, which is news.
    ReaderGone,
    /// Everything ends: nobody listens any more.
    Shutdown,
}

/// The monitor's end of a worker.
pub(crate) struct Worker<O> {
    shared: Arc<Shared<O>>,
    thread: JoinHandle<()>,
}

/// Shared by the worker's thread and the monitor's.
struct Shared<O> {
    reader: ReaderName,
    mailbox: Mutex<Mailbox>,
    changed: Condvar,
    pulse: Pulse,
    /// None once nothing more may be reported.
    sink: Mutex<Option<EventSink<O>>>,
}

#[derive(Debug)]
struct Mailbox {
    presence: Presence,
    stage: Stage,
}

/// How far the thread is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It waits for another presence.
    Waiting,
    /// It works on a card.
    Working,
    /// It was told to end.
    Ending,
    /// It has ended: as told, or because the work panicked.
    Ended,
}

impl<O> Shared<O> {
    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, event: ReaderEvent<O>) {
        if let Some(sink) = self.sink.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            sink(event);
        }
    }

    /// Waits until something else than `known` lies on the reader, or until it is to be believed that `known`
    /// still does. None when the worker is to end.
    fn next_presence(&self, known: Presence, torn: Torn) -> Option<Presence> {
        let mut mailbox = self.mailbox();
        if mailbox.stage == Stage::Working {
            mailbox.stage = Stage::Waiting;
        }
        let unchanged = |mailbox: &mut Mailbox| mailbox.presence == known && mailbox.stage == Stage::Waiting;
        mailbox = match torn {
            Torn::No => self.changed.wait_while(mailbox, unchanged).unwrap_or_else(PoisonError::into_inner),
            Torn::AndThere { times: _ } => {
                self.changed
                    .wait_timeout_while(mailbox, BELIEVED_AFTER, unchanged)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        if mailbox.stage != Stage::Waiting {
            return None;
        }
        mailbox.stage = Stage::Working;
        Some(mailbox.presence)
    }

    fn is_ending(&self) -> bool {
        self.mailbox().stage == Stage::Ending
    }

    /// Waits a moment, unless the worker is to end.
    fn breathe(&self) {
        let working = |mailbox: &mut Mailbox| mailbox.stage == Stage::Working;
        drop(self.changed.wait_timeout_while(self.mailbox(), BREATH, working));
    }
}

impl<O: Send + 'static> Worker<O> {
    /// Starts the thread of `reader`, whose first event is `Appeared`. What lies there as `known` is left
    /// alone.
    pub(crate) fn start<W: TapWork<Outcome = O>>(
        reader: ReaderName,
        name: CString,
        known: Presence,
        work: Arc<W>,
        sink: EventSink<O>,
        limits: Limits,
        control: Arc<Control>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            reader,
            mailbox: Mutex::new(Mailbox { presence: known, stage: Stage::Waiting }),
            changed: Condvar::new(),
            pulse: Pulse::default(),
            sink: Mutex::new(Some(sink)),
        });
        let ours = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("card-reader".to_owned()).spawn(move || {
            let _told = TellEnd { shared: Arc::clone(&ours), control };
            let buffer = vec![0; MAX_BUFFER_SIZE_EXTENDED];
            Desk { shared: ours, name, work, limits, context: None, buffer }.serve(known);
        })?;
        Ok(Self { shared, thread })
    }

    /// What lies on the reader now.
    pub(crate) fn notice(&self, presence: Presence) {
        let mut mailbox = self.shared.mailbox();
        if !presence.is_news_after(mailbox.presence) {
            return;
        }
        mailbox.presence = presence;
        match (presence, mailbox.stage) {
            // Counts from now on, so that the monitor knows without being told that a work begins.
            (Presence::Card(_), _) => self.shared.pulse.beat(Instant::now()),
            (Presence::Empty, Stage::Waiting) => self.shared.pulse.rest(|| {}),
            (Presence::Empty, _) => {}
        }
        self.shared.changed.notify_all();
    }

    /// Reports the reader as stuck when it is; says when to look again.
    pub(crate) fn examine(&self, now: Instant, silence: Duration) -> Finding {
        self.shared.pulse.examine(now, silence, || {
            warn!(reader = %self.shared.reader, "the reader does not answer");
            self.shared.report(ReaderEvent::Stuck(self.shared.reader.clone()));
        })
    }

    /// The thread has ended though nobody told it to: the work panicked.
    pub(crate) fn has_died(&self) -> bool {
        self.shared.mailbox().stage == Stage::Ended
    }

    /// What lay on the reader when it was last noticed.
    pub(crate) fn presence(&self) -> Presence {
        self.shared.mailbox().presence
    }

    /// Tells the thread to end.
    pub(crate) fn dismiss(&self, farewell: Farewell) {
        if farewell == Farewell::Shutdown {
            drop(self.take_sink());
        }
        let mut mailbox = self.shared.mailbox();
        if mailbox.stage != Stage::Ended {
            mailbox.stage = Stage::Ending;
        }
        self.shared.changed.notify_all();
    }

    /// Waits for the end of a thread that was told. One that the driver still holds is left behind, unheard;
    /// it ends when the driver lets it.
    pub(crate) fn join(self, farewell: Farewell) {
        let (mailbox, waited) = self
            .shared
            .changed
            .wait_timeout_while(self.shared.mailbox(), FAREWELL, |mailbox| mailbox.stage != Stage::Ended)
            .unwrap_or_else(PoisonError::into_inner);
        drop(mailbox);
        if waited.timed_out() {
            warn!(reader = %self.shared.reader, "the driver holds on to a command; its thread is left to it");
        }
        if let (Some(sink), Farewell::ReaderGone) = (self.take_sink(), farewell) {
            sink(ReaderEvent::Gone(self.shared.reader.clone()));
        }
        if !waited.timed_out() {
            // A panic was printed where it happened.
            drop(self.thread.join());
        }
    }

    /// When this returns, the thread reports nothing, and never will again.
    fn take_sink(&self) -> Option<EventSink<O>> {
        self.shared.sink.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Tells the monitor that the thread is over, even when the work panics.
struct TellEnd<O> {
    shared: Arc<Shared<O>>,
    control: Arc<Control>,
}

impl<O> Drop for TellEnd<O> {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut self.shared.mailbox().stage, Stage::Ended);
        self.shared.changed.notify_all();
        if before != Stage::Ending {
            self.control.wake();
        }
    }
}

/// The worker's own side.
struct Desk<W: TapWork> {
    shared: Arc<Shared<W::Outcome>>,
    name: CString,
    work: Arc<W>,
    limits: Limits,
    context: Option<Context>,
    buffer: Vec<u8>,
}

/// How one attempt ended.
struct Attempt<O> {
    outcome: Result<O, CardError>,
    released: Released,
}

impl<O> Attempt<O> {
    /// The card left in the middle, and was given no secret: the work may be done on it later.
    fn is_torn(&self) -> bool {
        self.outcome.is_err()
            && self.released.credential == Credential::Withheld
            && matches!(self.released.fault, Some(Fault::Removed | Fault::Disturbed))
    }
}

/// Whether the last card was torn off, and how often more it is believed when PC/SC says that it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Torn {
    No,
    AndThere { times: u32 },
}

impl Torn {
    fn after<O>(attempt: &Attempt<O>, times: u32) -> Self {
        if times > 0 && attempt.is_torn() { Self::AndThere { times } } else { Self::No }
    }
}

impl<W: TapWork> Desk<W> {
    fn serve(mut self, mut known: Presence) {
        let reader = self.shared.reader.clone();
        info!(%reader, "reader is there");
        self.shared.report(ReaderEvent::Appeared(reader.clone()));
        let mut torn = Torn::No;
        while let Some(presence) = self.shared.next_presence(known, torn) {
            torn = match (known, presence, torn) {
                (before, now, Torn::AndThere { times }) if before == now => self.tap_again(times),
                (before, now, _) => {
                    if let Presence::Card(_) = before {
                        self.shared.report(ReaderEvent::Removed(reader.clone()));
                    }
                    match now {
                        Presence::Card(_) => self.tap(),
                        Presence::Empty => Torn::No,
                    }
                }
            };
            known = presence;
        }
    }

    /// Works on a card that was just laid on, and says what came of it.
    fn tap(&mut self) -> Torn {
        let attempt = self.attempts();
        let torn = Torn::after(&attempt, BELIEVED_TIMES);
        self.report_tap(attempt);
        torn
    }

    /// Works on a card that was torn off and is back, as it seems. Whoever holds it has heard that it was
    /// torn off; if it is not there, there is nothing to add.
    fn tap_again(&mut self, times: u32) -> Torn {
        let attempt = self.attempts();
        match Torn::after(&attempt, times.saturating_sub(1)) {
            torn if attempt.is_torn() => torn,
            torn => {
                self.report_tap(attempt);
                torn
            }
        }
    }

    fn attempts(&mut self) -> Attempt<W::Outcome> {
        let started = Instant::now();
        self.shared.pulse.beat(started);
        let mut repetition = 0;
        loop {
            let attempt = self.attempt(started);
            if repetition == REPETITIONS || !self.is_worth_repeating(&attempt) {
                return attempt;
            }
            repetition += 1;
            debug!(reader = %self.shared.reader, repetition, "the work on the card runs again");
            self.shared.breathe();
        }
    }

    fn report_tap(&self, Attempt { outcome, released }: Attempt<W::Outcome>) {
        // When the service dies under a command, that looks like a disturbed card at first.
        let outcome = match released.fault {
            Some(Fault::Disturbed) if self.shared.is_ending() => {
                Err(Fault::Service.as_transport_error().into())
            }
            _ => outcome,
        };
        let reader = self.shared.reader.clone();
        self.shared.pulse.rest(|| {
            info!(%reader, "the reader answers again");
            self.shared.report(ReaderEvent::Appeared(reader.clone()));
        });
        self.shared.report(ReaderEvent::Tap { reader, outcome, last_byte: released.last_byte });
    }

    /// The card is still there, was given no secret, and the trouble may have passed.
    fn is_worth_repeating(&self, attempt: &Attempt<W::Outcome>) -> bool {
        let Some(fault) = attempt.released.fault else { return false };
        attempt.outcome.is_err()
            && attempt.released.credential == Credential::Withheld
            && fault.can_pass()
            && !self.shared.is_ending()
            && self.shared.pulse.is_well()
    }

    fn attempt(&mut self, started: Instant) -> Attempt<W::Outcome> {
        let failed = |fault: Fault| Attempt {
            outcome: Err(fault.as_transport_error().into()),
            released: Released {
                last_byte: Instant::now(),
                credential: Credential::Withheld,
                fault: Some(fault),
            },
        };
        let context = match &self.context {
            Some(context) => context.clone(),
            None => match Context::establish(Scope::System) {
                Ok(context) => self.context.insert(context).clone(),
                Err(error) => return failed(error.into()),
            },
        };
        let deadline = started + self.limits.work;
        let pulse = &self.shared.pulse;
        let held = HeldCard::connect(&context, &self.name, pulse, &mut self.buffer, deadline);
        let attempt = match held {
            Ok(card) => {
                let (outcome, released) = card.work(|card| self.work.run(&self.shared.reader, card));
                let outcome = match (outcome, released.fault) {
                    (Some(outcome), _) => outcome,
                    (None, Some(fault)) => Err(fault.as_transport_error().into()),
                    (None, None) => Err(Fault::Reader.as_transport_error().into()),
                };
                match released.fault {
                    Some(_) if !pulse.is_well() => failed(Fault::Silent),
                    _ => Attempt { outcome, released },
                }
            }
            // A card that was just torn away looks as if it did not start, until its removal is noticed.
            Err(Fault::Disturbed | Fault::Silent) if !is_still_there(&self.name) => failed(Fault::Removed),
            Err(fault) => failed(fault),
        };
        if matches!(attempt.released.fault, Some(Fault::Service | Fault::Reader)) || !pulse.is_well() {
            self.context = None;
        }
        attempt
    }
}

#[cfg(test)]
mod tests {
    use super::Presence::{Card, Empty};

    #[test]
    fn a_card_that_is_counted_late_is_the_same_card() {
        assert!(Card(4).is_news_after(Empty));
        assert!(!Card(5).is_news_after(Card(4)));
        assert!(!Card(4).is_news_after(Card(4)));
        assert!(!Card(0).is_news_after(Card(0xFFFF)));
    }

    #[test]
    fn a_card_that_left_and_came_unseen_is_another_one() {
        assert!(Card(6).is_news_after(Card(4)));
        assert!(Card(1).is_news_after(Card(0xFFFF)));
        assert!(Empty.is_news_after(Card(4)));
        assert!(!Empty.is_news_after(Empty));
    }
}
