//! What is in force: alerts joined into threads by their references.

use std::collections::BTreeMap;

use hinamori_model::UnixMillis;

use crate::alert::MessageId;
use crate::envelope::SignedAlert;
use crate::evacuation::MessageKind;
use crate::profile::LONGEST_VALIDITY_SECONDS;
use crate::word::Status;

/// How far a sender's clock may be ahead of ours, in milliseconds.
const TOLERANCE_MILLIS: u64 = 2 * 60 * 1_000;
/// The most messages that are held: a town in a bad week sends a hundred. Of cancels as many again, so that nothing that could be
/// said keeps a mistake on the screens.
const MOST_MESSAGES: usize = 512;
/// How long after the first message of its thread one officer's cancel counts, in milliseconds (design: a mistake is seen at once).
pub const ONE_OFFICER_MILLIS: u64 = 10 * 60 * 1_000;

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
    /// A cancel by one officer that takes two: it comes too late, a tsunami's order is in force, or somebody antedated it. It is not
    /// kept, so that the same one with another signature is taken.
    NeedsAnotherOfficer,
    /// There are more messages than can be held. It is not kept.
    Full,
}

/// The messages of one event, joined by their references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread<'a> {
    /// The one that counts.
    pub latest: &'a SignedAlert,
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
/// A live cancel by one officer counts in the first ten minutes of its thread only, and never against a tsunami's order.
#[derive(Debug, Clone, Default)]
pub struct Alerts {
    /// By id. What is over stays for a time: it still says that what came before it is over too.
    messages: BTreeMap<MessageId, SignedAlert>,
}

impl Alerts {
    /// Takes a message at the time `now`. `heard` is when the sender was heard before it came, if ever: a cancel by one officer that was
    /// sent long before that would have come then, and was antedated.
    #[must_use]
    pub fn take(&mut self, alert: SignedAlert, now: UnixMillis, heard: Option<UnixMillis>) -> Taken {
        let id = alert.alert().alert().id();
        match self.messages.get(&id) {
            Some(known) if known.alert() != alert.alert() => return Taken::OtherContent,
            // The same one, which more officers signed since, takes its place.
            Some(known) if known.officers() >= alert.officers() => return Taken::Duplicate,
            Some(_) | None => {}
        }
        if id.sent.at() > now.plus(TOLERANCE_MILLIS) {
            return Taken::FromTheFuture;
        }
        if is_forgotten(&id, now) {
            return Taken::Expired;
        }
        self.messages.retain(|id, _| !is_forgotten(id, now));
        let (is_over, is_cancel) = (is_over(&alert, now), is_cancel(&alert));
        let most = if is_cancel { MOST_MESSAGES.saturating_mul(2) } else { MOST_MESSAGES };
        // Exercises have places of their own: they need one officer, and must not keep out what takes two.
        let status = alert.alert().alert().status;
        if self.messages.values().filter(|known| known.alert().alert().status == status).count() >= most {
            return Taken::Full;
        }
        let is_by_one = is_cancel && is_by_one(&alert);
        if is_by_one && self.needs_another_officer(&id, now, heard) {
            return Taken::NeedsAnotherOfficer;
        }
        self.messages.insert(id.clone(), alert);
        let threads = self.threads();
        let own = threads.iter().find(|thread| thread.has(&id));
        let is_too_late =
            own.is_some_and(|thread| !thread.words.is_empty() && thread.too_late.contains(&&id));
        let ended = own.map_or(0, |thread| thread.words.iter().filter(|word| word.sent <= id.sent).count());
        if is_too_late {
            self.messages.remove(&id);
            return Taken::NeedsAnotherOfficer;
        }
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

    /// Puts a message back that counted when it came and was kept since. It is not judged again: nobody knows any more what was in force, and
    /// who had been heard, when it came.
    pub fn restore(&mut self, alert: SignedAlert, now: UnixMillis) {
        let id = alert.alert().alert().id();
        if !is_forgotten(&id, now) {
            self.messages.insert(id, alert);
        }
    }

    /// Whether a cancel by one officer takes two, whatever its thread is: an order about a tsunami that began before it is in force, or the
    /// sender was heard well after it was sent, and did not say it. A tsunami that came later does not bring back what was a mistake.
    fn needs_another_officer(&self, id: &MessageId, now: UnixMillis, heard: Option<UnixMillis>) -> bool {
        heard.is_some_and(|heard| heard > id.sent.at().plus(TOLERANCE_MILLIS))
            || self.in_force(now).iter().any(|thread| {
                let began = thread.messages.first().map(|first| first.sent);
                thread.latest.is_tsunami_order() && began.is_none_or(|began| began <= id.sent)
            })
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
        threads.sort_by_key(|thread| thread.latest.alert().alert().id());
        threads
    }

    /// Joins messages by their references. A message that is named and not here joins those that name it.
    fn threads(&self) -> Vec<Joined<'_>> {
        let mut sets = Sets::default();
        for (id, alert) in &self.messages {
            let alert = alert.alert().alert();
            let own = sets.number((alert.status, id));
            for earlier in &alert.references {
                let other = sets.number((alert.status, earlier));
                sets.join(own, other);
            }
        }
        let mut threads: BTreeMap<usize, Joined<'_>> = BTreeMap::new();
        for (id, alert) in &self.messages {
            let own = sets.number((alert.alert().alert().status, id));
            let joined = threads.entry(sets.root(own)).or_default();
            match (is_cancel(alert), is_by_one(alert)) {
                (false, _) => joined.words.push(id),
                (true, false) => joined.cancels.push(id),
                (true, true) => joined.too_late.push(id),
            }
            joined.has_tsunami |= alert.is_tsunami_order();
        }
        threads.into_values().map(Joined::settled).collect()
    }
}

fn is_cancel(alert: &SignedAlert) -> bool {
    alert.alert().evacuation().message == MessageKind::Cancel
}

/// Whether it is live and one officer signed it.
fn is_by_one(alert: &SignedAlert) -> bool {
    alert.alert().alert().status == Status::Actual && alert.officers() < 2
}

/// Whether no block of it holds any more.
fn is_over(alert: &SignedAlert, now: UnixMillis) -> bool {
    alert.alert().expires() <= now
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
    /// By one officer, and not in time; so are all by one officer until [`Joined::settled`].
    too_late: Vec<&'a MessageId>,
    /// Whether it ever was a tsunami's.
    has_tsunami: bool,
}

impl<'a> Joined<'a> {
    /// With one officer's cancels where they count, by what the thread says itself: it may have come after them.
    fn settled(mut self) -> Self {
        let first = self.words.iter().map(|word| word.sent.at()).min().unwrap_or_default();
        let counts =
            |cancel: &&MessageId| !self.has_tsunami && cancel.sent.at() <= first.plus(ONE_OFFICER_MILLIS);
        let (in_time, too_late) = std::mem::take(&mut self.too_late).into_iter().partition(counts);
        self.too_late = too_late;
        self.cancels.extend::<Vec<_>>(in_time);
        self
    }

    fn has(&self, id: &MessageId) -> bool {
        [&self.words, &self.cancels, &self.too_late].iter().any(|part| part.contains(&id))
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
