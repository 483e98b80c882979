//! What is in force: alerts joined into threads by their references.

use std::collections::BTreeMap;

use hinamori_model::UnixMillis;

use crate::alert::MessageId;
use crate::evacuation::MessageKind;
use crate::profile::LONGEST_VALIDITY_SECONDS;
use crate::report::ValidAlert;
use crate::word::Status;

/// How far a sender's clock may be ahead of ours, in milliseconds.
const TOLERANCE_MILLIS: u64 = 2 * 60 * 1_000;
/// The most messages that are held: a town in a bad week sends a hundred.
const MOST_MESSAGES: usize = 512;

/// What became of a message that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is the latest word of its thread.
    InForce,
    /// The very same message was here before, by this or by another way.
    Duplicate,
    /// Its thread has a later word already, which came first.
    Superseded,
    /// Its thread was cancelled already, by a later message that came first.
    Cancelled,
    /// A cancel that ended its thread: so many messages of it are out of force.
    Cancels {
        /// How many of them are known here.
        messages: usize,
    },
    /// A cancel of messages that nobody here knows. It is kept, and will end them when they come.
    CancelsUnknown,
    /// Another message under an id that is taken. One of them is forged, or the sender broke the standard.
    OtherContent,
    /// Sent over two minutes from now. One of the clocks is wrong. It is not kept.
    FromTheFuture,
    /// Its time is over: yesterday's alert, by whatever way it comes again.
    Expired,
    /// There are more messages than can be held. It is not kept.
    Full,
}

/// The messages of one event, joined by their references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread<'a> {
    /// The one that counts.
    pub latest: &'a ValidAlert,
    /// Every message of the thread that is known here, the earliest first: what a cancel has to name.
    pub messages: Vec<MessageId>,
}

/// The alerts that are known, and which of them are in force at a time.
///
/// The order in which messages come does not matter, nor how often. Of a thread only the latest word counts, by the time at
/// which it was sent: when that is over, an earlier one does not come back. A cancel ends what was sent before it in the
/// threads that it names, and in no other: an order that is given anew after it, in the same thread, holds.
///
/// Exercises and live alerts are threads of their own even where they name each other.
///
/// It asks nobody who wrote a message: whoever takes messages from outside has their [`Envelope`](crate::Envelope) verified first.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    /// By id. What is over stays for a time: it still says that what came before it is over too.
    messages: BTreeMap<MessageId, ValidAlert>,
}

impl Alerts {
    /// Takes a message at the time `now`.
    #[must_use]
    pub fn take(&mut self, alert: ValidAlert, now: UnixMillis) -> Taken {
        let id = alert.alert().id();
        match self.messages.get(&id) {
            Some(known) if *known == alert => return Taken::Duplicate,
            Some(_) => return Taken::OtherContent,
            None => {}
        }
        if id.sent.at() > now.plus(TOLERANCE_MILLIS) {
            return Taken::FromTheFuture;
        }
        if is_forgotten(&id, now) {
            return Taken::Expired;
        }
        self.messages.retain(|id, _| !is_forgotten(id, now));
        if self.messages.len() >= MOST_MESSAGES {
            return Taken::Full;
        }
        let (is_over, is_cancel) = (is_over(&alert, now), is_cancel(&alert));
        self.messages.insert(id.clone(), alert);
        let threads = self.threads();
        let own = threads.iter().find(|thread| thread.has(&id));
        let ended = own.map_or(0, |thread| thread.words.iter().filter(|word| word.sent <= id.sent).count());
        if is_cancel {
            return if ended == 0 { Taken::CancelsUnknown } else { Taken::Cancels { messages: ended } };
        }
        match own.and_then(Joined::latest) {
            Some(latest) if *latest == id && is_over => Taken::Expired,
            Some(latest) if *latest == id => Taken::InForce,
            Some(_) => Taken::Superseded,
            None => Taken::Cancelled,
        }
    }

    /// The threads of which something is in force at the time `now`, in the order of their latest words. There is never a
    /// cancel among them.
    pub fn in_force(&self, now: UnixMillis) -> Vec<Thread<'_>> {
        self.threads_by(now, Joined::latest)
    }

    /// The threads that were cancelled, as long as their cancels are to be shown: what happened, and what to do now. A
    /// cancel of messages that nobody here knows is not shown.
    pub fn cancelled(&self, now: UnixMillis) -> Vec<Thread<'_>> {
        self.threads_by(now, |joined| match joined.latest() {
            None if !joined.words.is_empty() => joined.cancel(),
            Some(_) | None => None,
        })
    }

    fn threads_by<'a>(
        &'a self,
        now: UnixMillis,
        choose: impl Fn(&Joined<'a>) -> Option<&'a MessageId>,
    ) -> Vec<Thread<'a>> {
        let threads = self.threads().into_iter().filter_map(|joined| {
            let latest = self.messages.get(choose(&joined)?).filter(|latest| !is_over(latest, now))?;
            let mut messages: Vec<_> = joined.words.into_iter().chain(joined.cancels).cloned().collect();
            messages.sort();
            Some(Thread { latest, messages })
        });
        let mut threads: Vec<_> = threads.collect();
        threads.sort_by_key(|thread| thread.latest.alert().id());
        threads
    }

    /// Joins messages by their references. A message that is named and not here joins those that name it.
    fn threads(&self) -> Vec<Joined<'_>> {
        let mut sets = Sets::default();
        for (id, alert) in &self.messages {
            let own = sets.number((alert.alert().status, id));
            for earlier in &alert.alert().references {
                let other = sets.number((alert.alert().status, earlier));
                sets.join(own, other);
            }
        }
        let mut threads: BTreeMap<usize, Joined<'_>> = BTreeMap::new();
        for (id, alert) in &self.messages {
            let own = sets.number((alert.alert().status, id));
            let joined = threads.entry(sets.root(own)).or_default();
            let part = if is_cancel(alert) { &mut joined.cancels } else { &mut joined.words };
            part.push(id);
        }
        threads.into_values().collect()
    }
}

fn is_cancel(alert: &ValidAlert) -> bool {
    alert.evacuation().message == MessageKind::Cancel
}

/// Whether no block of it holds any more.
fn is_over(alert: &ValidAlert, now: UnixMillis) -> bool {
    alert.alert().infos.iter().all(|info| info.expires.is_none_or(|expires| expires.at() <= now))
}

/// Whether it was sent so long ago that it holds no more, and neither does anything that it could end.
fn is_forgotten(id: &MessageId, now: UnixMillis) -> bool {
    let longest = u64::try_from(LONGEST_VALIDITY_SECONDS).unwrap_or(u64::MAX).saturating_mul(1_000);
    id.sent.at().plus(longest) <= now
}

/// A thread, whether it is in force or not.
#[derive(Default)]
struct Joined<'a> {
    /// Orders and all-clears.
    words: Vec<&'a MessageId>,
    cancels: Vec<&'a MessageId>,
}

impl<'a> Joined<'a> {
    fn has(&self, id: &MessageId) -> bool {
        self.words.contains(&id) || self.cancels.contains(&id)
    }

    fn cancel(&self) -> Option<&'a MessageId> {
        self.cancels.iter().copied().max()
    }

    /// The latest word, unless it was cancelled.
    fn latest(&self) -> Option<&'a MessageId> {
        let latest = self.words.iter().copied().max()?;
        // Sent in the same second, the cancel counts.
        self.cancel().is_none_or(|cancel| latest.sent > cancel.sent).then_some(latest)
    }
}

/// Disjoint sets of messages.
#[derive(Default)]
struct Sets<'a> {
    numbers: BTreeMap<(Status, &'a MessageId), usize>,
    parents: Vec<usize>,
}

impl<'a> Sets<'a> {
    fn number(&mut self, key: (Status, &'a MessageId)) -> usize {
        let next = self.parents.len();
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.parents.push(next);
        }
        number
    }

    fn root(&mut self, of: usize) -> usize {
        let mut at = of;
        while let Some(parent) = self.parents.get(at).copied().filter(|parent| *parent != at) {
            // Halves the way for whoever asks next.
            let grandparent = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(own) = self.parents.get_mut(at) {
                *own = grandparent;
            }
            at = grandparent;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        if let Some(parent) = self.parents.get_mut(one) {
            *parent = other;
        }
    }
}
