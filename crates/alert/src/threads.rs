//! What is in force: alerts joined into threads by their references.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hinamori_model::UnixMillis;

use crate::envelope::SignedAlert;
use crate::evacuation::MessageKind;
use crate::keys::KeyClass;
use crate::profile::LONGEST_VALIDITY_SECONDS;
use crate::sequence::Sequence;

/// How far a sender's clock may be ahead of ours, in milliseconds.
const TOLERANCE_MILLIS: u64 = 2 * 60 * 1_000;
/// The most messages that are held: a town in a bad week sends a hundred. Of cancels as many again, so that nothing that could be
/// said keeps a mistake on the screens.
const MOST_MESSAGES: usize = 512;
/// How long after the first message of its thread one officer's cancel counts, in milliseconds (design: a mistake is seen at once).
pub const ONE_OFFICER_MILLIS: u64 = 10 * 60 * 1_000;

/// A message that as many officers signed as it needs: an alert, or what one household is told of it. What counts is decided for both
/// alike.
pub trait SignedMessage {
    /// By what messages name each other.
    type Id: Clone + Ord;

    /// Its own name.
    fn id(&self) -> Self::Id;
    /// The earlier messages that it speaks of.
    fn references(&self) -> &[Self::Id];
    /// Whose sequence it is in.
    fn sender(&self) -> &str;
    /// For what its signatures are good.
    fn class(&self) -> KeyClass;
    /// What it is for those who hear it.
    fn message(&self) -> MessageKind;
    /// Whether it warns of a tsunami.
    fn is_about_tsunami(&self) -> bool;
    /// When it was sent.
    fn sent(&self) -> UnixMillis;
    /// When it ends.
    fn expires(&self) -> UnixMillis;
    /// How many different officers signed it.
    fn officers(&self) -> usize;
    /// What they signed.
    fn digest(&self) -> [u8; 32];
    /// Its place among the sender's messages.
    fn sequence(&self) -> Sequence;
    /// Whether another one under its name says the same.
    fn is_same(&self, other: &Self) -> bool;

    /// Whether it is live, and an order about a tsunami: no officer takes it back alone.
    fn is_tsunami_order(&self) -> bool {
        self.class() == KeyClass::Live && self.is_about_tsunami() && self.message() == MessageKind::Order
    }
}

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
pub struct Thread<'a, M: SignedMessage = SignedAlert> {
    /// The one that counts.
    pub latest: &'a M,
    /// Every message of the thread that is known here, the earliest first: what a cancel has to name.
    pub messages: Vec<M::Id>,
    /// When the earliest was sent.
    began: UnixMillis,
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
#[derive(Debug, Clone)]
pub struct Alerts<M: SignedMessage = SignedAlert> {
    /// By id. What is over stays for a time: it still says that what came before it is over too.
    messages: BTreeMap<M::Id, M>,
}

impl<M: SignedMessage> Default for Alerts<M> {
    fn default() -> Self {
        Self { messages: BTreeMap::new() }
    }
}

impl<M: SignedMessage> Alerts<M> {
    /// Takes a message at the time `now`. `heard` is when the sender was heard before it came, if ever: a cancel by one officer that was
    /// sent long before that would have come then, and was antedated.
    #[must_use]
    pub fn take(&mut self, message: M, now: UnixMillis, heard: Option<UnixMillis>) -> Taken {
        let (id, sent) = (message.id(), message.sent());
        match self.messages.get(&id) {
            Some(known) if !known.is_same(&message) => return Taken::OtherContent,
            // The same one, which more officers signed since, takes its place.
            Some(known) if known.officers() >= message.officers() => return Taken::Duplicate,
            Some(_) | None => {}
        }
        if sent > now.plus(TOLERANCE_MILLIS) {
            return Taken::FromTheFuture;
        }
        if is_forgotten(&message, now) {
            return Taken::Expired;
        }
        self.messages.retain(|_, known| !is_forgotten(known, now));
        let (is_over, is_cancel) = (is_over(&message, now), is_cancel(&message));
        let most = if is_cancel { MOST_MESSAGES.saturating_mul(2) } else { MOST_MESSAGES };
        // Exercises have places of their own: they need one officer, and must not keep out what takes two.
        let class = message.class();
        if self.messages.values().filter(|known| known.class() == class).count() >= most {
            return Taken::Full;
        }
        let is_by_one = is_cancel && is_by_one(&message);
        if is_by_one && self.needs_another_officer(sent, now, heard) {
            return Taken::NeedsAnotherOfficer;
        }
        self.messages.insert(id.clone(), message);
        let threads = self.threads();
        let own = threads.iter().find(|thread| thread.has(&id));
        let is_too_late =
            own.is_some_and(|thread| !thread.words.is_empty() && is_among(&thread.too_late, &id));
        let ended = own.map_or(0, |thread| thread.words.iter().filter(|word| word.sent() <= sent).count());
        if is_too_late {
            self.messages.remove(&id);
            return Taken::NeedsAnotherOfficer;
        }
        if is_cancel {
            return if ended == 0 { Taken::CancelsUnknown } else { Taken::Cancels { messages: ended } };
        }
        match own.and_then(Joined::latest) {
            Some(latest) if latest.id() == id && is_over => Taken::Expired,
            Some(latest) if latest.id() == id => Taken::InForce,
            Some(_) => Taken::Superseded,
            None => Taken::Cancelled,
        }
    }

    /// Puts a message back that counted when it came and was kept since. It is not judged again: nobody knows any more what was in force, and
    /// who had been heard, when it came.
    pub fn restore(&mut self, message: M, now: UnixMillis) {
        if !is_forgotten(&message, now) {
            self.messages.insert(message.id(), message);
        }
    }

    /// Whether a cancel by one officer takes two, whatever its thread is: an order about a tsunami that began before it is in force, or the
    /// sender was heard well after it was sent, and did not say it. A tsunami that came later does not bring back what was a mistake.
    fn needs_another_officer(&self, sent: UnixMillis, now: UnixMillis, heard: Option<UnixMillis>) -> bool {
        let holds_back = |thread: &Thread<'_, M>| thread.latest.is_tsunami_order() && thread.began <= sent;
        heard.is_some_and(|heard| heard > sent.plus(TOLERANCE_MILLIS))
            || self.in_force(now).iter().any(holds_back)
    }

    /// The threads of which something is in force at the time `now`, in the order of their latest words. There is never a
    /// cancel among them.
    pub fn in_force(&self, now: UnixMillis) -> Vec<Thread<'_, M>> {
        self.threads_by(now, Joined::latest)
    }

    /// The threads that were cancelled, as long as their cancels are to be shown: what happened, and what to do now. A
    /// cancel of messages that nobody here knows is not shown.
    pub fn cancelled(&self, now: UnixMillis) -> Vec<Thread<'_, M>> {
        self.threads_by(now, |joined| match joined.latest() {
            None if !joined.words.is_empty() => joined.cancel(),
            Some(_) | None => None,
        })
    }

    /// What people are shown at the time `now`, what comes first before the rest (docs/tv.md §5): no exercise as long as anything live is;
    /// orders before what ends one, a tsunami first among them, then what was sent last.
    pub fn shown(&self, now: UnixMillis) -> Vec<Thread<'_, M>> {
        let mut all = self.in_force(now);
        all.extend(self.cancelled(now));
        if all.iter().any(|thread| thread.latest.class() == KeyClass::Live) {
            all.retain(|thread| thread.latest.class() == KeyClass::Live);
        }
        all.sort_by_key(|Thread { latest, .. }| {
            (latest.message() != MessageKind::Order, !latest.is_about_tsunami(), Reverse(latest.sent()))
        });
        all
    }

    fn threads_by<'a>(
        &'a self,
        now: UnixMillis,
        choose: impl Fn(&Joined<'a, M>) -> Option<&'a M>,
    ) -> Vec<Thread<'a, M>> {
        let threads = self.threads().into_iter().filter_map(|joined| {
            let latest = choose(&joined).filter(|latest| !is_over(*latest, now))?;
            let mut messages: Vec<_> = joined.words.into_iter().chain(joined.cancels).map(place).collect();
            messages.sort();
            let began = messages.first().map(|(sent, _)| *sent).unwrap_or_default();
            Some(Thread { latest, messages: messages.into_iter().map(|(_, id)| id).collect(), began })
        });
        let mut threads: Vec<_> = threads.collect();
        threads.sort_by_key(|thread| place(thread.latest));
        threads
    }

    /// Joins messages by their references. A message that is named and not here joins those that name it.
    fn threads(&self) -> Vec<Joined<'_, M>> {
        let mut sets = Sets::default();
        for (id, message) in &self.messages {
            let own = sets.number((message.class(), id));
            for earlier in message.references() {
                let other = sets.number((message.class(), earlier));
                sets.join(own, other);
            }
        }
        let mut threads: BTreeMap<usize, Joined<'_, M>> = BTreeMap::new();
        for (id, message) in &self.messages {
            let own = sets.number((message.class(), id));
            let joined = threads.entry(sets.root(own)).or_default();
            match (is_cancel(message), is_by_one(message)) {
                (false, _) => joined.words.push(message),
                (true, false) => joined.cancels.push(message),
                (true, true) => joined.too_late.push(message),
            }
            joined.has_tsunami |= message.is_tsunami_order();
        }
        threads.into_values().map(Joined::settled).collect()
    }
}

fn is_cancel(message: &impl SignedMessage) -> bool {
    message.message() == MessageKind::Cancel
}

/// Whether it is live and one officer signed it.
fn is_by_one(message: &impl SignedMessage) -> bool {
    message.class() == KeyClass::Live && message.officers() < 2
}

/// Whether nothing of it holds any more.
fn is_over(message: &impl SignedMessage, now: UnixMillis) -> bool {
    message.expires() <= now
}

/// Whether it was sent so long ago that it holds no more, and neither does anything that it could end.
fn is_forgotten(message: &impl SignedMessage, now: UnixMillis) -> bool {
    let longest = u64::try_from(LONGEST_VALIDITY_SECONDS).unwrap_or(u64::MAX).saturating_mul(1_000);
    message.sent().plus(longest) <= now
}

/// Where it stands among a sender's messages.
fn place<M: SignedMessage>(message: &M) -> (UnixMillis, M::Id) {
    (message.sent(), message.id())
}

fn is_among<M: SignedMessage>(messages: &[&M], id: &M::Id) -> bool {
    messages.iter().any(|message| message.id() == *id)
}

/// A thread, whether it is in force or not.
struct Joined<'a, M> {
    /// Orders and all-clears.
    words: Vec<&'a M>,
    cancels: Vec<&'a M>,
    /// By one officer, and not in time; so are all by one officer until [`Joined::settled`].
    too_late: Vec<&'a M>,
    /// Whether it ever was a tsunami's.
    has_tsunami: bool,
}

impl<M> Default for Joined<'_, M> {
    fn default() -> Self {
        Self { words: Vec::new(), cancels: Vec::new(), too_late: Vec::new(), has_tsunami: false }
    }
}

impl<'a, M: SignedMessage> Joined<'a, M> {
    /// With one officer's cancels where they count, by what the thread says itself: it may have come after them.
    fn settled(mut self) -> Self {
        let first = self.words.iter().map(|word| word.sent()).min().unwrap_or_default();
        let counts = |cancel: &&M| !self.has_tsunami && cancel.sent() <= first.plus(ONE_OFFICER_MILLIS);
        let (in_time, too_late) = std::mem::take(&mut self.too_late).into_iter().partition(counts);
        self.too_late = too_late;
        self.cancels.extend::<Vec<_>>(in_time);
        self
    }

    fn has(&self, id: &M::Id) -> bool {
        [&self.words, &self.cancels, &self.too_late].iter().any(|part| is_among(part, id))
    }

    fn cancel(&self) -> Option<&'a M> {
        self.cancels.iter().copied().max_by_key(|cancel| place(*cancel))
    }

    /// The latest word, unless it was cancelled.
    fn latest(&self) -> Option<&'a M> {
        let latest = self.words.iter().copied().max_by_key(|word| place(*word))?;
        // Sent in the same second, the cancel counts.
        self.cancel().is_none_or(|cancel| latest.sent() > cancel.sent()).then_some(latest)
    }
}

/// Disjoint sets of messages.
struct Sets<'a, I> {
    numbers: BTreeMap<(KeyClass, &'a I), usize>,
    parents: Vec<usize>,
}

impl<I: Ord> Default for Sets<'_, I> {
    fn default() -> Self {
        Self { numbers: BTreeMap::new(), parents: Vec::new() }
    }
}

impl<'a, I: Ord> Sets<'a, I> {
    fn number(&mut self, key: (KeyClass, &'a I)) -> usize {
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
