//! When each box was heard last, how old its card data was then, and which ones are on the line.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use hinamori_model::{BoxId, UnixMillis};
use hinamori_sync::Condition;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

/// Last contacts and open connections, of all boxes.
#[derive(Default)]
pub(crate) struct Contacts {
    inner: Mutex<Inner>,
}

/// What is written down.
#[derive(Default, Serialize, Deserialize)]
struct Saved {
    heard: BTreeMap<BoxId, UnixMillis>,
    /// thisUpdate of a box's oldest revocation list; `None` for a box that has none.
    card_data: BTreeMap<BoxId, Option<UnixMillis>>,
    /// How each box said it is.
    #[serde(default)]
    conditions: BTreeMap<BoxId, Condition>,
}

#[derive(Default)]
struct Inner {
    saved: Saved,
    /// Whether `saved` has something that was not written down.
    unsaved: bool,
    lines: BTreeMap<BoxId, Line>,
    opened: u64,
}

struct Line {
    number: u64,
    /// Dropped when a newer connection of the same box takes over.
    _displaced: oneshot::Sender<()>,
}

/// An open connection of a box, for as long as the value lives.
pub(crate) struct OnLine<'c> {
    contacts: &'c Contacts,
    id: BoxId,
    number: u64,
}

impl Contacts {
    /// Goes on from what [`Contacts::unsaved`] gave; what cannot be read counts as nothing.
    pub(crate) fn from_saved(saved: &[u8]) -> Self {
        let saved = serde_json::from_slice(saved).unwrap_or_default();
        Self { inner: Mutex::new(Inner { saved, ..Inner::default() }) }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A box came in. The receiver ends when a newer connection of the same box takes this one's place: a box
    /// has one connection, so the older one is dead even if nobody noticed yet.
    pub(crate) fn opened(&self, id: BoxId) -> (OnLine<'_>, oneshot::Receiver<()>) {
        let (keep, displaced) = oneshot::channel();
        let mut inner = self.inner();
        inner.opened = inner.opened.saturating_add(1);
        let number = inner.opened;
        inner.lines.insert(id, Line { number, _displaced: keep });
        (OnLine { contacts: self, id, number }, displaced)
    }

    /// Bytes came from a box.
    pub(crate) fn heard(&self, id: BoxId, now: UnixMillis) {
        let mut inner = self.inner();
        inner.saved.heard.insert(id, now);
        inner.unsaved = true;
    }

    /// A box says how old its oldest revocation list is; `None` without any.
    pub(crate) fn told_of_card_data(&self, id: BoxId, as_of: Option<UnixMillis>) {
        let mut inner = self.inner();
        inner.saved.card_data.insert(id, as_of);
        inner.unsaved = true;
    }

    /// A box says how it is.
    pub(crate) fn told_of_condition(&self, id: BoxId, condition: Condition) {
        let mut inner = self.inner();
        inner.saved.conditions.insert(id, condition);
        inner.unsaved = true;
    }

    /// How a box is, as it said last; `None` when it never did.
    pub(crate) fn condition(&self, id: BoxId) -> Option<Condition> {
        self.inner().saved.conditions.get(&id).copied()
    }

    /// What [`Contacts::told_of_card_data`] was told last; `None` when nothing.
    pub(crate) fn card_data(&self, id: BoxId) -> Option<Option<UnixMillis>> {
        self.inner().saved.card_data.get(&id).copied()
    }

    /// When a box was heard last; `None` when never.
    pub(crate) fn last(&self, id: BoxId) -> Option<UnixMillis> {
        self.inner().saved.heard.get(&id).copied()
    }

    /// Whether a box is on the line.
    pub(crate) fn is_on_line(&self, id: BoxId) -> bool {
        self.inner().lines.contains_key(&id)
    }

    /// What has to be written down; `None` when nothing changed.
    pub(crate) fn unsaved(&self) -> Option<Vec<u8>> {
        let mut inner = self.inner();
        if !std::mem::take(&mut inner.unsaved) {
            return None;
        }
        serde_json::to_vec(&inner.saved).ok()
    }
}

impl OnLine<'_> {
    /// Names the connection within this run of the server.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }
}

impl Drop for OnLine<'_> {
    fn drop(&mut self) {
        let mut inner = self.contacts.inner();
        if inner.lines.get(&self.id).is_some_and(|line| line.number == self.number) {
            inner.lines.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: BoxId = BoxId::from_bytes([1; 16]);

    #[test]
    fn a_newer_connection_takes_the_older_ones_place() {
        let contacts = Contacts::default();
        let (older, mut ended) = contacts.opened(BOX);
        assert!(contacts.is_on_line(BOX) && ended.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        let (newer, _stays) = contacts.opened(BOX);
        assert_eq!(ended.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_ne!(older.number(), newer.number());
        drop(older);
        assert!(contacts.is_on_line(BOX));
        drop(newer);
        assert!(!contacts.is_on_line(BOX));
    }

    #[test]
    fn contacts_survive_a_restart() {
        let contacts = Contacts::default();
        assert_eq!((contacts.last(BOX), contacts.unsaved()), (None, None));
        contacts.heard(BOX, UnixMillis::new(7));
        assert_eq!(contacts.card_data(BOX), None);
        contacts.told_of_card_data(BOX, Some(UnixMillis::new(5)));
        let condition = Condition { unsent: 3, is_clock_sure: false, battery: None };
        contacts.told_of_condition(BOX, condition);
        let saved = contacts.unsaved().unwrap();
        assert_eq!(contacts.unsaved(), None);
        let again = Contacts::from_saved(&saved);
        assert_eq!(again.last(BOX), Some(UnixMillis::new(7)));
        assert_eq!(again.card_data(BOX), Some(Some(UnixMillis::new(5))));
        assert_eq!(again.condition(BOX), Some(condition));
        assert_eq!(Contacts::from_saved(b"{").last(BOX), None);
    }
}
