//! What is on its way from the server: which lists are wanted, and the pieces of the one that comes now. They
//! lie in a sealed file, so that neither a broken connection nor a restart costs what has come.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use hinamori_crl::{Additions, Index, SharedBytes, apply};
use hinamori_crl_mmap::{Pieces, Shelf, Way, map_finished};
use hinamori_model::{ListId, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_sync::{ListContent, ListOffer, ListPiece, ListWanted};
use tracing::warn;

/// Bytes of what makes a list. A nation's in one piece is some dozen megabytes.
const LONGEST_PATCH: u64 = 256 << 20;
/// Bytes of a list that a patch may make.
const LONGEST_LIST: u64 = 2 << 30;
/// Lists that are wanted at once: one for each municipality, and some.
const MOST_WANTED: usize = 8_192;
/// A list that was refused is not asked for again so soon.
const REFUSED_FOR: Duration = Duration::from_secs(86_400);
/// An epoch is a time of the server: one that lies further ahead is none.
const FURTHEST_AHEAD: u64 = 86_400_000;
const SEEN: &str = "seen";

/// See the module.
pub(super) struct Underway {
    /// The town whose server is meant.
    root: [u8; 32],
    /// Everything up to this epoch was dealt with.
    seen: u64,
    /// Where `seen` goes when nothing is wanted any more.
    offered: u64,
    wanted: VecDeque<(ListOffer, Begin)>,
    /// The piece that was asked for.
    asked: Option<ListWanted>,
    /// One could not be taken: it is offered again at the next connection.
    has_failed: bool,
    refused: BTreeMap<ListContent, Instant>,
}

/// Where the way to a list begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// At the one that is held, if there is one.
    Held,
    /// At nothing, because the way from the held one did not lead there.
    Nothing,
}

/// What was asked for has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrived {
    /// There is more to ask for, or nothing any more.
    Going,
    /// All pieces of this list are here.
    Complete(ListWanted),
}

impl Underway {
    /// Of the server of the town with this root.
    pub(super) fn open(shelf: &Shelf, root: [u8; 32]) -> Self {
        let kept = private_file::read(&shelf.incoming(), SEEN, 40).ok().flatten().unwrap_or_default();
        let seen = kept.split_first_chunk::<32>().filter(|(of, _)| **of == root);
        let seen = seen.and_then(|(_, epoch)| epoch.try_into().ok()).map_or(0, u64::from_be_bytes);
        let (wanted, refused) = (VecDeque::new(), BTreeMap::new());
        Self { root, seen, offered: seen, wanted, asked: None, has_failed: false, refused }
    }

    /// The town that is meant.
    pub(super) const fn root(&self) -> &[u8; 32] {
        &self.root
    }

    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    /// Something that was dealt with is lost: the server has to say all again.
    pub(super) fn forget_seen(&mut self) {
        self.seen = 0;
    }

    /// Other authorities count now: what was refused may be taken.
    pub(super) fn forget_refused(&mut self) {
        self.refused.clear();
    }

    /// There is a new connection: the server says anew what it has.
    pub(super) fn begin_anew(&mut self) {
        self.wanted.clear();
        (self.asked, self.has_failed, self.offered) = (None, false, self.seen);
        self.refused.retain(|_, at| at.elapsed() < REFUSED_FOR);
    }

    /// The server has these; `held` is what the box has of a list.
    pub(super) fn offered(
        &mut self,
        offers: &[ListOffer],
        now: UnixMillis,
        held: impl Fn(ListId) -> Option<(ListContent, UnixMillis)>,
    ) {
        for offer in offers {
            if offer.epoch <= now.get().saturating_add(FURTHEST_AHEAD) {
                self.offered = self.offered.max(offer.epoch);
            }
            self.wanted.retain(|(other, _)| other.id != offer.id);
            // A later one came on a stick.
            let is_news = held(offer.id).is_none_or(|(content, this_update)| {
                content != offer.content && this_update <= offer.this_update
            });
            if !is_news {
                continue;
            }
            if self.wanted.len() < MOST_WANTED && !self.refused.contains_key(&offer.content) {
                self.wanted.push_back((*offer, Begin::Held));
            } else {
                // It was not dealt with: the next connection is to hear of it.
                self.has_failed = true;
            }
        }
        if let Some(asked) = self.asked
            && !self.wanted.iter().any(|(offer, _)| offer.content == asked.content)
        {
            self.asked = None;
        }
    }

    /// What to ask for now; `None` while an answer is awaited or nothing is wanted.
    pub(super) fn next(
        &mut self,
        shelf: &Shelf,
        held: impl Fn(ListId) -> Option<ListContent>,
    ) -> Option<ListWanted> {
        if self.asked.is_some() {
            return None;
        }
        let Some((offer, begin)) = self.wanted.front() else {
            self.all_dealt_with(shelf);
            return None;
        };
        let held = held(offer.id).filter(|_| *begin == Begin::Held);
        let mut wanted = ListWanted { id: offer.id, content: offer.content, held, offset: 0 };
        // Of one list at a time: pieces of lists that were replaced before they had come would fill the disk.
        if let Err(problem) = shelf.keep_pieces_of(Some(&way_of(&wanted))) {
            warn!(%problem, "pieces of other lists stay on the disk");
        }
        wanted.offset = pieces(shelf, &wanted).length().unwrap_or(0);
        self.asked = Some(wanted);
        self.asked
    }

    /// Whether nothing is wanted any more.
    pub(super) fn is_done(&self) -> bool {
        self.wanted.is_empty()
    }

    fn all_dealt_with(&mut self, shelf: &Shelf) {
        if self.has_failed || self.offered == self.seen {
            return;
        }
        self.seen = self.offered;
        let kept = [self.root.as_slice(), &self.seen.to_be_bytes()].concat();
        let kept = private_file::replace(&shelf.incoming(), SEEN, &kept);
        if let Err(problem) = kept.and_then(|()| shelf.keep_pieces_of(None)) {
            warn!(%problem, "the box will be told of all lists again");
        }
    }

    /// A piece came.
    ///
    /// # Errors
    /// The system's: the list waits for the next connection.
    pub(super) fn arrived(&mut self, shelf: &Shelf, piece: &ListPiece) -> io::Result<Arrived> {
        // What was not asked for, or is asked for no more.
        if self.asked != Some(piece.wanted) {
            return Ok(Arrived::Going);
        }
        self.asked = None;
        let length = u64::try_from(piece.bytes.len()).unwrap_or(u64::MAX);
        let end = piece.wanted.offset.saturating_add(length);
        // After a stop everything may be here already.
        let is_all = end == piece.total && end > 0;
        if piece.total > LONGEST_PATCH || end > piece.total || (piece.bytes.is_empty() && !is_all) {
            self.go_without(shelf, &piece.wanted);
            return Ok(Arrived::Going);
        }
        if !piece.bytes.is_empty() {
            let kept = pieces(shelf, &piece.wanted).append(piece.wanted.offset, &piece.bytes);
            if let Err(problem) = kept {
                self.postpone();
                return Err(problem);
            }
        }
        Ok(if is_all { Arrived::Complete(piece.wanted) } else { Arrived::Going })
    }

    /// The list was taken.
    pub(super) fn done(&mut self, shelf: &Shelf, wanted: &ListWanted) {
        forget(shelf, wanted);
        self.wanted.retain(|(offer, _)| offer.content != wanted.content);
    }

    /// This machine could not take it: all waits for the next connection, with the pieces that are here.
    pub(super) fn postpone(&mut self) {
        self.has_failed = true;
        self.wanted.clear();
    }

    /// Asks for the whole list where the way from the held one does not lead to it, and gives up on a whole one.
    pub(super) fn go_without(&mut self, shelf: &Shelf, wanted: &ListWanted) {
        forget(shelf, wanted);
        let of_this = self.wanted.iter().position(|(offer, _)| offer.content == wanted.content);
        let Some((offer, _)) = of_this.and_then(|place| self.wanted.remove(place)) else { return };
        if wanted.held.is_some() {
            self.wanted.push_front((offer, Begin::Nothing));
        } else {
            self.give_up(wanted);
        }
    }

    /// The list can never be taken: it is not asked for again for a day.
    pub(super) fn give_up(&mut self, wanted: &ListWanted) {
        self.has_failed = true;
        self.wanted.retain(|(offer, _)| offer.content != wanted.content);
        if self.refused.len() < MOST_WANTED {
            self.refused.insert(wanted.content, Instant::now());
        }
    }
}

fn forget(shelf: &Shelf, wanted: &ListWanted) {
    if let Err(problem) = pieces(shelf, wanted).forget() {
        warn!(%problem, "pieces of a list stay on the disk");
    }
}

fn pieces<'s>(shelf: &'s Shelf, wanted: &ListWanted) -> Pieces<'s> {
    shelf.pieces(&way_of(wanted))
}

const fn way_of(wanted: &ListWanted) -> Way {
    Way { id: wanted.id, content: wanted.content, from: wanted.held }
}

/// The list that the pieces make out of `old`, in a file without a name.
///
/// # Errors
/// The system's, also when the pieces are not as they were written: they are gone then.
/// [`io::ErrorKind::InvalidData`] for pieces that make no list.
pub(super) fn make_list(
    shelf: &Shelf,
    wanted: &ListWanted,
    old: Option<&Index<SharedBytes>>,
    reported: Option<&Additions>,
) -> io::Result<File> {
    let together = pieces(shelf, wanted).together().map_err(|problem| {
        forget(shelf, wanted);
        io::Error::other(problem)
    })?;
    let patch = map_finished(&together)?;
    let mut file = shelf.nameless_file()?;
    apply(old, reported, patch.as_ref(), LONGEST_LIST, &mut file).map_err(|problem| match problem {
        hinamori_crl::PatchError::Write(problem) => problem,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    })?;
    Ok(file)
}
