//! The revocation lists of a running server: what boxes are told of them, and what makes one out of another.
//!
//! What makes a list is worked out once, one at a time on a thread of its own, and kept sealed beside the lists; a piece
//! of it is then one read. So a box that asks again, on another connection or after a restart, hears the same.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hinamori_crl::{Additions, Index, ListKind, SharedBytes, diff};
use hinamori_crl_mmap::{SealedReader, Shelf, Way};
use hinamori_model::{ListId, UnixMillis};
use hinamori_pki::most_reported;
use hinamori_sync::{FeedKey, LONGEST_PIECE, ListMessage, ListOffer, ListPiece, ListWanted, MOST_OFFERS};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use crate::clock::now;

/// Bytes of the length in front of what is kept.
const LENGTH: usize = 4;

/// The lists of a running server.
pub(crate) struct Lists {
    shelf: Shelf,
    seen: Mutex<Option<UnixMillis>>,
    /// By epoch.
    offers: watch::Sender<Arc<Vec<ListOffer>>>,
    /// One way is worked out at a time: of a nation's list it takes some hundred megabytes.
    making: Arc<Semaphore>,
}

impl Lists {
    /// Reads all lists, after mending what a stop left half done.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(shelf: Shelf) -> io::Result<Self> {
        shelf.lock()?.tidy()?;
        let (seen, offers) = (Mutex::new(None), watch::Sender::new(Arc::default()));
        let lists = Self { shelf, seen, offers, making: Arc::new(Semaphore::new(1)) };
        lists.look()?;
        Ok(lists)
    }

    /// The folder.
    pub(crate) const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Tells when there are other lists.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Vec<ListOffer>>> {
        self.offers.subscribe()
    }

    /// Takes over what another process, or another thread, put into the folder. Blocks.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn look(&self) -> io::Result<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Read first: what changes while the lists are read is looked at again.
        let stamp = self.shelf.stamp();
        if *seen == stamp {
            return Ok(());
        }
        let before: BTreeMap<ListId, ListOffer> =
            self.offers.borrow().iter().map(|offer| (offer.id, *offer)).collect();
        let mut offers = Vec::new();
        for id in self.shelf.ids()? {
            match before.get(&id).filter(|offer| offer.epoch == self.shelf.note(id).epoch) {
                Some(known) => offers.push(*known),
                None => offers.extend(self.offer_of(id)?),
            }
        }
        offers.sort_by_key(|offer| (offer.epoch, offer.id));
        *seen = stamp;
        self.offers.send_replace(Arc::new(offers));
        Ok(())
    }

    fn offer_of(&self, id: ListId) -> io::Result<Option<ListOffer>> {
        let held = self.shelf.held_list(id)?;
        match held.index {
            Some(index) if !held.is_behind => {
                let (content, this_update) = (*index.content(), index.this_update());
                Ok(Some(ListOffer { id, content, this_update, epoch: held.note.epoch }))
            }
            Some(_) | None => {
                tracing::error!(list = %id, "a list is damaged or lost and is offered to no box: import it again");
                Ok(None)
            }
        }
    }

    /// The next lists after an epoch, as many as one message takes.
    fn after(&self, epoch: u64) -> Vec<ListOffer> {
        let offers = self.offers.borrow();
        let from = offers.partition_point(|offer| offer.epoch <= epoch);
        offers.iter().skip(from).take(MOST_OFFERS).copied().collect()
    }

    /// What a box hears that wants a piece.
    async fn answer(self: Arc<Self>, keys: Arc<FeedKey>, wanted: ListWanted) -> Vec<ListMessage> {
        let newest = self.offers.borrow().iter().find(|offer| offer.id == wanted.id).copied();
        match newest {
            None => return vec![nothing(wanted)],
            Some(newest) if newest.content != wanted.content => {
                return vec![ListMessage::Offers(vec![newest])];
            }
            Some(_) => {}
        }
        let (lists, feed) = (Arc::clone(&self), Arc::clone(&keys));
        let kept = spawn_blocking(move || lists.read_kept(&feed, wanted)).await;
        if let Ok(Some(messages)) = kept {
            return messages;
        }
        let Ok(turn) = Arc::clone(&self.making).acquire_owned().await else { return vec![nothing(wanted)] };
        let made = spawn_blocking(move || {
            // Nobody else begins before this ends, also when the box is gone by then.
            let _turn = turn;
            self.read_kept(&keys, wanted).or_else(|| {
                let made = self.make(&way(&wanted));
                if let Err(error) = &made {
                    let list = wanted.id;
                    tracing::warn!(%list, %error, "what makes a list out of another one cannot be worked out");
                }
                made.ok().and_then(|()| self.read_kept(&keys, wanted))
            })
        });
        made.await.ok().flatten().unwrap_or_else(|| vec![nothing(wanted)])
    }

    /// The answer out of what is kept; what is damaged is forgotten, so that it is made anew.
    fn read_kept(&self, feed: &FeedKey, wanted: ListWanted) -> Option<Vec<ListMessage>> {
        let way = way(&wanted);
        match self
            .shelf
            .kept(&way)
            .and_then(|kept| kept.map(|kept| answer_of(kept, feed, wanted)).transpose())
        {
            Ok(messages) => messages,
            Err(error) => {
                tracing::error!(list = %wanted.id, %error, "what makes a list is damaged on the disk");
                if let Err(error) = self.shelf.forget(&way) {
                    tracing::error!(list = %wanted.id, %error, "what is damaged stays");
                }
                None
            }
        }
    }

    fn make(&self, way: &Way) -> io::Result<()> {
        let generation = |content: &[u8; 32]| -> io::Result<Index<SharedBytes>> {
            let index = self.shelf.generation(way.id, content)?;
            if index.content() == content { Ok(index) } else { Err(io::ErrorKind::NotFound.into()) }
        };
        let new = generation(&way.content)?;
        let old = way.from.as_ref().map(generation).transpose()?;
        let additions = old.as_ref().and_then(|old| reported(old, &new));
        let first = additions.as_ref().map(Additions::to_bytes).unwrap_or_default();
        let patch = diff(old.as_ref(), &new, additions.as_ref());
        let length = u32::try_from(first.len()).map_err(|_too_long| io::ErrorKind::FileTooLarge)?;
        self.shelf.keep(way, &[&length.to_be_bytes(), &first, &patch])
    }
}

const fn way(wanted: &ListWanted) -> Way {
    Way { id: wanted.id, content: wanted.content, from: wanted.held }
}

/// The server cannot answer.
const fn nothing(wanted: ListWanted) -> ListMessage {
    ListMessage::Piece(ListPiece { wanted, total: 0, bytes: Vec::new() })
}

/// What may be told at once, on this server's own word: no more than boxes believe, and of complete lists only, because a
/// list of changes also names who is on it no more.
fn reported(old: &Index<SharedBytes>, new: &Index<SharedBytes>) -> Option<Additions> {
    if [old, new].into_iter().any(|list| list.kind() != ListKind::Complete) {
        return None;
    }
    let additions = Additions::between(old, new);
    (additions.len() <= most_reported(old.entries())).then_some(additions)
}

fn answer_of(mut kept: SealedReader<'_>, feed: &FeedKey, wanted: ListWanted) -> io::Result<Vec<ListMessage>> {
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let length = kept.read(0, LENGTH)?.try_into().map(u32::from_be_bytes).map_err(|_short| bad())?;
    let begin = u64::from(length).saturating_add(LENGTH as u64);
    let total = kept.length().checked_sub(begin).ok_or_else(bad)?;
    let mut messages = Vec::new();
    if wanted.offset == 0 && length > 0 {
        let additions = kept.read(LENGTH as u64, usize::try_from(length).map_err(|_never| bad())?)?;
        messages.push(ListMessage::Reported { id: wanted.id, bytes: feed.sign(&additions, now()) });
    }
    let bytes = kept.read(begin.saturating_add(wanted.offset), LONGEST_PIECE)?;
    messages.push(ListMessage::Piece(ListPiece { wanted, total, bytes }));
    Ok(messages)
}

type Answer = Pin<Box<dyn Future<Output = Vec<ListMessage>> + Send>>;

/// What one box was told, and what it waits for. A box that asks much is answered one thing at a time, its last question
/// only.
#[derive(Default)]
pub(crate) struct BoxLists {
    /// The epoch up to which it was told; `None` until it said where it stands.
    told: Option<u64>,
    wanted: Option<ListWanted>,
    answer: Option<Answer>,
    ready: VecDeque<ListMessage>,
}

impl BoxLists {
    /// The box says this.
    pub(crate) fn heard(&mut self, message: ListMessage) {
        match message {
            // It says so again while it works through what it was told on this connection.
            ListMessage::Seen { epoch, as_of: _ } => self.told = self.told.max(Some(epoch)),
            ListMessage::Wanted(wanted) => self.wanted = Some(wanted),
            // Only a server says it: the session lets none through.
            ListMessage::Offers(_) | ListMessage::Reported { .. } | ListMessage::Piece(_) => {}
        }
    }

    /// Begins to answer, when nothing is being answered.
    pub(crate) fn begin(&mut self, lists: &Arc<Lists>, feed: &Arc<FeedKey>) {
        if self.answer.is_none() && self.ready.is_empty() {
            let answer = |wanted| -> Answer { Box::pin(Arc::clone(lists).answer(Arc::clone(feed), wanted)) };
            self.answer = self.wanted.take().map(answer);
        }
    }

    /// Whether [`BoxLists::answered`] will end.
    pub(crate) const fn is_answering(&self) -> bool {
        self.answer.is_some()
    }

    /// Waits for the answer that is being worked out.
    pub(crate) async fn answered(&mut self) {
        if let Some(answer) = &mut self.answer {
            self.ready.extend(answer.await);
            self.answer = None;
        }
    }

    /// What goes to the box when nothing more urgent does.
    pub(crate) fn next(&mut self, lists: &Lists) -> Option<ListMessage> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        let offers = lists.after(self.told?);
        self.told = Some(offers.last()?.epoch);
        Some(ListMessage::Offers(offers))
    }
}
