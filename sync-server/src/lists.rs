//! The revocation lists of a running server: what boxes are told of them, and what makes one out of another.
//!
//! What makes a list is worked out once, one at a time on a thread of its own, and kept sealed beside the lists; a piece
//! of it is then one read. So a box that asks again, on another connection or after a restart, hears the same.
//!
//! What a box hears that asks for a piece of the way from the list that it holds (or from nothing) to the newest one:
//!
//! | Where | Answer |
//! |---|---|
//! | another content is the newest | an offer of that one |
//! | there is no such list, or the server does not have the list that the box holds any more | a piece with `total` 0: the box throws away what has come and asks for the whole list |
//! | at an offset before the end | the piece; the report before the first one |
//! | at the end: a box that stopped before it made the list | a piece without bytes, and the length of the way as `total`: it has everything |
//! | behind the end | the same; such a box has something else |
//! | the disk is full or fails for the moment | nothing yet: the server tries again until the box hangs up |

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hinamori_crl::{Additions, Index, ListKind, SharedBytes, diff};
use hinamori_crl_mmap::{SealedReader, Shelf, Way};
use hinamori_model::{ListId, UnixMillis};
use hinamori_pki::most_reported;
use hinamori_sync::{FeedKey, LONGEST_PIECE, ListMessage, ListOffer, ListPiece, ListWanted, MOST_OFFERS};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::clock::now;

/// Bytes of the length in front of what is kept.
const LENGTH: usize = 4;
/// The disk itself cannot read a file (Linux's number).
const EIO: i32 = 5;
/// How long a question waits that cannot be answered for the moment.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// The lists of a running server.
pub(crate) struct Lists {
    shelf: Shelf,
    looked: Mutex<Looked>,
    /// The newest ones that are whole, by epoch.
    newest: watch::Sender<Arc<Vec<Newest>>>,
    /// One way is worked out at a time: of a nation's list it takes some hundred megabytes.
    making: Arc<Semaphore>,
}

/// What the folder was when it was looked at.
struct Looked {
    stamp: Option<UnixMillis>,
    /// Whether it has to be looked at whatever the stamp says.
    is_due: bool,
}

/// The newest of a list, and what boxes are told of it.
#[derive(Clone)]
pub(crate) struct Newest {
    offer: ListOffer,
    /// Opened when it was whole: what is damaged on the disk since is mended from it.
    index: Index<SharedBytes>,
}

impl Lists {
    /// Reads all lists, after mending what a stop left half done.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(shelf: Shelf) -> io::Result<Self> {
        // The server starts also when what is left over cannot be thrown away.
        if let Err(problem) = shelf.tidy() {
            tracing::warn!(%problem, "what a stop left of lists stays for now");
        }
        let (looked, newest) = (Looked { stamp: None, is_due: true }, watch::Sender::new(Arc::default()));
        let making = Arc::new(Semaphore::new(1));
        let lists = Self { shelf, looked: Mutex::new(looked), newest, making };
        lists.look()?;
        Ok(lists)
    }

    /// The folder.
    pub(crate) const fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Tells when there are other lists.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Vec<Newest>>> {
        self.newest.subscribe()
    }

    /// Whether the newest one of a list that was ever taken is here, whole.
    pub(crate) fn has_newest(&self, id: ListId) -> bool {
        self.newest_of(id).is_some()
    }

    fn newest_of(&self, id: ListId) -> Option<Newest> {
        self.newest.borrow().iter().find(|newest| newest.offer.id == id).cloned()
    }

    /// Has the next look read what could not be read at the last one.
    pub(crate) fn look_again(&self) {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).is_due = true;
    }

    /// Takes over what another process, or another thread, put into the folder. Blocks.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn look(&self) -> io::Result<()> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        // Read first: what changes while the lists are read is looked at again.
        let stamp = self.shelf.stamp();
        if looked.stamp == stamp && !looked.is_due {
            return Ok(());
        }
        let before: BTreeMap<ListId, Newest> =
            self.newest.borrow().iter().map(|newest| (newest.offer.id, newest.clone())).collect();
        let mut newest = Vec::new();
        for id in self.shelf.ids()? {
            match before.get(&id).filter(|known| known.offer.epoch == self.shelf.note(id).epoch) {
                Some(known) => newest.push(known.clone()),
                None => match self.read(id) {
                    Ok(read) => newest.extend(read),
                    Err(problem) => tracing::error!(list = %id, %problem, "a list cannot be read"),
                },
            }
        }
        newest.sort_by_key(|newest| (newest.offer.epoch, newest.offer.id));
        *looked = Looked { stamp, is_due: false };
        self.newest.send_replace(Arc::new(newest));
        Ok(())
    }

    fn read(&self, id: ListId) -> io::Result<Option<Newest>> {
        let held = self.shelf.held_list(id)?;
        match held.index {
            Some(index) if !held.is_behind => {
                let (content, this_update) = (*index.content(), index.this_update());
                let offer = ListOffer { id, content, this_update, epoch: held.note.epoch };
                Ok(Some(Newest { offer, index }))
            }
            Some(_) | None => {
                tracing::error!(list = %id, "a list is damaged or lost and is offered to no box: import it again");
                Ok(None)
            }
        }
    }

    /// Reads one of the lists on the disk again, the next one at each turn, and mends it. Those that could not be read
    /// before are read at the next look. Blocks.
    pub(crate) fn scrub(&self, turn: usize) {
        self.look_again();
        let lists = Arc::clone(&self.newest.borrow());
        let Some(Newest { offer, index }) = turn.checked_rem(lists.len()).and_then(|place| lists.get(place))
        else {
            return;
        };
        match self.shelf.scrub(index) {
            Ok(false) => {}
            Ok(true) => tracing::warn!(list = %offer.id, "a list was damaged on the disk and written anew"),
            Err(error) => {
                tracing::error!(list = %offer.id, %error, "a list on the disk can be neither read nor written");
            }
        }
    }

    /// The next lists after an epoch, as many as one message takes.
    fn after(&self, epoch: u64) -> Vec<ListOffer> {
        let newest = self.newest.borrow();
        let from = newest.partition_point(|newest| newest.offer.epoch <= epoch);
        newest.iter().skip(from).take(MOST_OFFERS).map(|newest| newest.offer).collect()
    }

    /// What a box hears that wants a piece. It takes as long as the disk fails.
    async fn answer(self: Arc<Self>, feed: Arc<FeedKey>, wanted: ListWanted) -> Vec<ListMessage> {
        loop {
            if let Some(messages) = self.answer_now(&feed, wanted).await {
                return messages;
            }
            sleep(TRY_AGAIN).await;
        }
    }

    /// The answer; `None` when there is none for the moment.
    async fn answer_now(
        self: &Arc<Self>,
        feed: &Arc<FeedKey>,
        wanted: ListWanted,
    ) -> Option<Vec<ListMessage>> {
        let Some(newest) = self.newest_of(wanted.id) else { return Some(vec![nothing(wanted)]) };
        if newest.offer.content != wanted.content {
            return Some(vec![ListMessage::Offers(vec![newest.offer])]);
        }
        let (lists, keys) = (Arc::clone(self), Arc::clone(feed));
        let kept = spawn_blocking(move || lists.read_kept(&keys, wanted)).await;
        if let Ok(Some(messages)) = kept {
            return Some(messages);
        }
        let turn = Arc::clone(&self.making).acquire_owned().await.ok()?;
        let (lists, keys) = (Arc::clone(self), Arc::clone(feed));
        let made = spawn_blocking(move || {
            // Nobody else begins before this ends, also when the box is gone by then.
            let _turn = turn;
            lists.read_kept(&keys, wanted).or_else(|| match lists.make(&way(&wanted), &newest.index) {
                Ok(Made::Kept) => lists.read_kept(&keys, wanted),
                Ok(Made::NoWay) => Some(vec![nothing(wanted)]),
                Err(error) => {
                    let list = wanted.id;
                    tracing::error!(%list, %error, "what makes a list out of another one cannot be kept; a box waits for it");
                    None
                }
            })
        });
        made.await.ok().flatten()
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

    /// Works out the way to `new` and keeps it.
    fn make(&self, way: &Way, new: &Index<SharedBytes>) -> io::Result<Made> {
        let old = match way.from.map(|from| self.shelf.generation(way.id, &from)) {
            None => None,
            Some(Ok(old)) if way.from == Some(*old.content()) => Some(old),
            Some(Ok(_another)) => return Ok(Made::NoWay),
            Some(Err(error)) if is_lost(&error) => return Ok(Made::NoWay),
            Some(Err(error)) => return Err(error),
        };
        let additions = old.as_ref().and_then(|old| reported(old, new));
        let first = additions.as_ref().map(Additions::to_bytes).unwrap_or_default();
        let patch = diff(old.as_ref(), new, additions.as_ref());
        let length = u32::try_from(first.len()).map_err(|_too_long| io::ErrorKind::FileTooLarge)?;
        self.shelf.keep(way, &[&length.to_be_bytes(), &first, &patch])?;
        Ok(Made::Kept)
    }
}

/// What became of a way that was to be worked out.
enum Made {
    Kept,
    /// The list that it begins at is not here any more.
    NoWay,
}

/// Whether a generation is gone or damaged, and not just out of reach for the moment.
fn is_lost(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, NotFound, UnexpectedEof};
    matches!(error.kind(), NotFound | InvalidData | UnexpectedEof) || error.raw_os_error() == Some(EIO)
}

const fn way(wanted: &ListWanted) -> Way {
    Way { id: wanted.id, content: wanted.content, from: wanted.held }
}

/// There is no such way.
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

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_pki::{TestHierarchies, Verifier};
    use hinamori_sim::ca::{Hierarchy, Holder, NOW};
    use std::fs;
    use std::path::{Path, PathBuf};
    use tokio::time::timeout;

    /// Puts a list with so many entries on the shelf.
    fn import(shelf: &Shelf, data: &Path, number: u64, entries: u8) -> Index<SharedBytes> {
        let mut verifier = Verifier::new(TestHierarchies::Refuse);
        verifier.pin_anchor(Hierarchy::jpki_auth(1).anchor_der()).unwrap();
        let made = NOW.plus(number * 1_000);
        let spec = Hierarchy::jpki_auth(1).crl(&Holder::numbered(1).municipality, number, made);
        let list = (0..entries).fold(spec, |spec, entry| spec.revoking(&[1, entry], NOW, 1)).issue();
        let file = data.join("list.crl");
        fs::write(&file, list).unwrap();
        shelf.import(&file, &verifier, &[], "test", made).unwrap().index
    }

    fn opened(data: &Path) -> Arc<Lists> {
        Arc::new(Lists::open(Shelf::open(data, 8).unwrap()).unwrap())
    }

    /// The generations of the one list, the oldest first.
    fn files(data: &Path, id: ListId) -> Vec<PathBuf> {
        let entries = fs::read_dir(data.join("lists").join(id.to_string())).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|ending| ending == "index")).collect();
        files.sort();
        files
    }

    fn bend(file: &Path) {
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(file, bytes).unwrap();
    }

    #[test]
    fn a_list_that_is_damaged_on_the_disk_is_mended_or_offered_to_nobody() {
        let data = tempfile::tempdir().unwrap();
        let index = import(&Shelf::open(data.path(), 8).unwrap(), data.path(), 1, 3);
        let lists = opened(data.path());
        let (id, shelf) = (index.id(), lists.shelf());
        lists.scrub(0);
        for turn in [1, usize::MAX] {
            bend(&files(data.path(), id)[0]);
            assert!(shelf.generation(id, index.content()).is_err());
            lists.scrub(turn);
            assert_eq!(shelf.generation(id, index.content()).unwrap().as_bytes(), index.as_bytes());
        }
        bend(&files(data.path(), id)[0]);
        let lists = opened(data.path());
        assert!(!lists.has_newest(id) && lists.after(0).is_empty());
        lists.scrub(0);
        // Nothing says that it came again; it is found by and by.
        import(lists.shelf(), data.path(), 1, 3);
        lists.look().unwrap();
        assert!(lists.has_newest(id) && lists.after(0).len() == 1);
        import(lists.shelf(), data.path(), 2, 4);
        fs::remove_file(&files(data.path(), id)[1]).unwrap();
        assert!(!opened(data.path()).has_newest(id), "behind");
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_disk_fails_a_box_hears_nothing_and_where_no_way_leads_it_hears_so() {
        let data = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(data.path(), 8).unwrap();
        let [old, new] = [3, 4].map(|entries| import(&shelf, data.path(), entries.into(), entries));
        let (lists, keys) = (opened(data.path()), Arc::new(FeedKey::from_bytes(&[7; 32])));
        let wanted =
            ListWanted { id: new.id(), content: *new.content(), held: Some(*old.content()), offset: 0 };
        let total = |messages: Vec<ListMessage>| match messages.last() {
            Some(ListMessage::Piece(piece)) => piece.total,
            other => panic!("{other:?}"),
        };
        // Nothing can be kept.
        let kept = data.path().join("lists/kept");
        fs::write(&kept, b"no folder").unwrap();
        for held in [wanted.held, None] {
            let answer = Arc::clone(&lists).answer(Arc::clone(&keys), ListWanted { held, ..wanted });
            tokio::pin!(answer);
            assert!(timeout(10 * TRY_AGAIN, &mut answer).await.is_err());
            fs::remove_file(&kept).unwrap();
            assert!(total(answer.await) > 0);
            fs::remove_dir_all(&kept).unwrap();
            fs::write(&kept, b"no folder").unwrap();
        }
        fs::remove_file(&kept).unwrap();
        // The list that the box holds is damaged, then gone.
        let file = files(data.path(), old.id()).remove(0);
        bend(&file);
        for place in ["damaged", "gone"] {
            let answer = Arc::clone(&lists).answer(Arc::clone(&keys), wanted);
            assert_eq!(timeout(TRY_AGAIN, answer).await.map(total), Ok(0), "{place}");
            drop(fs::remove_file(&file));
        }
        // The newest one is what was read, whatever becomes of its file.
        bend(&files(data.path(), new.id())[0]);
        assert!(total(lists.answer(keys, ListWanted { held: None, ..wanted }).await) > 0);
    }
}
