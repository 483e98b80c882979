//! When the set is woken, and when it is given back. Nothing here knows a clock, a wire or a file.

use std::collections::BTreeSet;

use hinamori_alert::{KeyClass, MessageKind};
use serde::{Deserialize, Serialize};

use crate::television_set::{Act, Before, Volume};

/// How long an ending stays on a set that was woken for its order, in milliseconds, unless somebody says OK before.
const ENDING_STAYS: u64 = 5 * 60_000;
/// What was shown and is remembered: more than a town says in a week.
const MOST_REMEMBERED: usize = 1_024;

/// What counts for the household now.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Showing {
    pub(crate) digest: [u8; 32],
    pub(crate) class: KeyClass,
    pub(crate) message: MessageKind,
    /// The messages of its thread.
    pub(crate) thread: Vec<String>,
    pub(crate) speech: String,
    /// It is what everybody is told, and not the household.
    pub(crate) is_for_everybody: bool,
}

impl std::fmt::Debug for Showing {
    // What is said to the household has its names in it.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Showing({:?}, {:?})", self.class, self.message)
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Nothing,
    /// Wake the set for a new message.
    Wake,
    /// There is a new message for which it is not woken: is it seen?
    Look,
    /// Give the set back as it was.
    GiveBack(Before),
}

/// What was done with the set. It is kept over a restart, so that the receiver's own does not wake a set that a person took back; not over a
/// power cut, after which nobody has said anything.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Messages that were dealt with.
    dealt: BTreeSet<[u8; 32]>,
    /// Messages of the threads for which the set was woken.
    woken: BTreeSet<String>,
    /// The set is ours; how it was before.
    held: Option<Before>,
    /// When the ending that it shows began, by the running time.
    #[serde(skip)]
    ending: Option<([u8; 32], u64)>,
}

impl Standing {
    /// What is to be done now. `drills`: whether the household wants to be woken for exercises too.
    pub(crate) fn step(&mut self, showing: Option<&Showing>, drills: bool, running: u64) -> Step {
        let Some(showing) = showing else { return self.let_go() };
        if self.dealt.len() >= MOST_REMEMBERED {
            self.dealt.clear();
        }
        if self.dealt.insert(showing.digest) {
            self.ending = None;
            return match self.wakes(showing, drills) {
                true => Step::Wake,
                // That for which it was woken is no longer what counts.
                false if self.held.is_some() => self.let_go(),
                false => Step::Look,
            };
        }
        if showing.message == MessageKind::Order || self.held.is_none() {
            return Step::Nothing;
        }
        let (_, began) = *self.ending.get_or_insert((showing.digest, running));
        if running.saturating_sub(began) >= ENDING_STAYS { self.let_go() } else { Step::Nothing }
    }

    fn wakes(&self, showing: &Showing, drills: bool) -> bool {
        match (showing.message, showing.class) {
            (MessageKind::Order, KeyClass::Live) => true,
            (MessageKind::Order, KeyClass::Exercise) => drills,
            // Whoever was not woken for it need not hear at night how it ended.
            (MessageKind::AllClear | MessageKind::Cancel, _) => {
                showing.thread.iter().any(|id| self.woken.contains(id))
            }
        }
    }

    /// Whether a message is new for which the set is to be woken.
    pub(crate) fn would_wake(&self, showing: &Showing, drills: bool) -> bool {
        !self.dealt.contains(&showing.digest) && self.wakes(showing, drills)
    }

    /// The adapter was gone before the set was woken: it is tried again.
    pub(crate) fn not_dealt_with(&mut self, showing: &Showing) {
        self.dealt.remove(&showing.digest);
    }

    /// How the set was before we had it, if we have it.
    pub(crate) const fn held(&self) -> Option<Before> {
        self.held
    }

    /// The set is woken for this from now on, and was so before.
    pub(crate) fn hold(&mut self, showing: &Showing, before: Before) {
        if self.woken.len() >= MOST_REMEMBERED {
            self.woken.clear();
        }
        self.woken.extend(showing.thread.iter().cloned());
        self.held.get_or_insert(before);
    }

    /// How loud the set was.
    pub(crate) fn note_volume(&mut self, volume: Option<Volume>) {
        self.held = self.held.map(|before| before.with_volume(volume));
    }

    /// What somebody did at the set.
    pub(crate) fn act(&mut self, act: Act, showing: Option<&Showing>) -> Step {
        match act {
            // It is theirs as it is; only a new message takes it again.
            Act::Took => {
                self.held = None;
                Step::Nothing
            }
            // They have read how it ended. Under an order OK is an answer, and the order stays.
            Act::Select if showing.is_some_and(|showing| showing.message != MessageKind::Order) => {
                self.let_go()
            }
            Act::Select => Step::Nothing,
        }
    }

    fn let_go(&mut self) -> Step {
        self.ending = None;
        self.held.take().map_or(Step::Nothing, Step::GiveBack)
    }
}
