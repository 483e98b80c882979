//! What is on its way from the server: which lists are wanted, and the pieces of the one that comes now. They
//! lie in a file, so that neither a broken connection nor a restart costs what has come.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use hinamori_crl::{Additions, Index, SharedBytes, apply};
use hinamori_crl_mmap::{Mapped, Shelf, map_finished};
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
const SEEN: &str = "seen";

/// See the module.
pub(super) struct Underway {
    /// Everything up to this epoch was dealt with.
    seen: u64,
    /// Where `seen` goes when nothing is wanted any more.
    offered: u64,
    wanted: VecDeque<(ListOffer, Option<ListContent>)>,
    /// The piece that was asked for.
    asked: Option<ListWanted>,
    /// One could not be taken: it is offered again at the next connection.
    has_failed: bool,
}

/// All pieces of one list are here.
pub(super) struct Complete {
    pub(super) wanted: ListWanted,
    pub(super) bytes: Mapped,
}

impl Underway {
    pub(super) fn open(shelf: &Shelf) -> Self {
        let seen = private_file::read(&shelf.incoming(), SEEN, 8).ok().flatten();
        let seen = seen.and_then(|bytes| bytes.as_slice().try_into().ok()).map_or(0, u64::from_be_bytes);
        Self { seen, offered: seen, wanted: VecDeque::new(), asked: None, has_failed: false }
    }

    pub(super) const fn seen(&self) -> u64 {
        self.seen
    }

    /// There is a new connection: the server says anew what it has.
    pub(super) fn begin_anew(&mut self) {
        self.wanted.clear();
        (self.asked, self.has_failed, self.offered) = (None, false, self.seen);
    }

    /// The server has these; `held` is what the box has of a list.
    pub(super) fn offered(
        &mut self,
        offers: &[ListOffer],
        held: impl Fn(ListId) -> Option<(ListContent, UnixMillis)>,
    ) {
        for offer in offers {
            self.offered = self.offered.max(offer.epoch);
            let held = held(offer.id);
            self.wanted.retain(|(other, _)| other.id != offer.id);
            // A later one came on a stick.
            let is_wanted = held.is_none_or(|(content, this_update)| {
                content != offer.content && this_update <= offer.this_update
            });
            if is_wanted && self.wanted.len() < MOST_WANTED {
                self.wanted.push_back((*offer, held.map(|(content, _)| content)));
            }
        }
        if let Some(asked) = self.asked
            && !self.wanted.iter().any(|(offer, _)| offer.content == asked.content)
        {
            self.asked = None;
        }
    }

    /// What to ask for now; `None` while an answer is awaited or nothing is wanted.
    pub(super) fn next(&mut self, shelf: &Shelf) -> Option<ListWanted> {
        if self.asked.is_some() {
            return None;
        }
        let Some((offer, held)) = self.wanted.front() else {
            self.all_dealt_with(shelf);
            return None;
        };
        let mut wanted = ListWanted { id: offer.id, content: offer.content, held: *held, offset: 0 };
        wanted.offset = fs::metadata(part(shelf, &wanted)).map_or(0, |part| part.len());
        self.asked = Some(wanted);
        self.asked
    }

    fn all_dealt_with(&mut self, shelf: &Shelf) {
        if self.has_failed || self.offered == self.seen {
            return;
        }
        self.seen = self.offered;
        if let Err(problem) = private_file::replace(&shelf.incoming(), SEEN, &self.seen.to_be_bytes()) {
            warn!(%problem, "the box will be told of all lists again");
        }
        // What is left of lists that were replaced before they had come.
        let left = fs::read_dir(shelf.incoming()).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in left.filter(|path| path.extension().is_some_and(|ending| ending == "part")) {
            if let Err(problem) = fs::remove_file(path) {
                warn!(%problem, "pieces of an old list stay on the disk");
            }
        }
    }

    /// A piece came. Gives all of them together when it was the last one.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn arrived(&mut self, shelf: &Shelf, piece: &ListPiece) -> io::Result<Option<Complete>> {
        // What was not asked for, or is asked for no more.
        if self.asked != Some(piece.wanted) {
            return Ok(None);
        }
        self.asked = None;
        let length = u64::try_from(piece.bytes.len()).unwrap_or(u64::MAX);
        let end = piece.wanted.offset.saturating_add(length);
        if piece.bytes.is_empty() || piece.total > LONGEST_PATCH || end > piece.total {
            self.go_without(shelf, &piece.wanted);
            return Ok(None);
        }
        let path = part(shelf, &piece.wanted);
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        // Whole pieces only, also after a full disk.
        if let Err(problem) = file.write_all(&piece.bytes) {
            file.set_len(piece.wanted.offset)?;
            return Err(problem);
        }
        if end < piece.total {
            return Ok(None);
        }
        drop(file);
        Ok(Some(Complete { wanted: piece.wanted, bytes: map_finished(&File::open(path)?)? }))
    }

    /// The list was taken.
    pub(super) fn done(&mut self, shelf: &Shelf, complete: &Complete) {
        self.forget(shelf, &complete.wanted);
        self.wanted.retain(|(offer, _)| offer.content != complete.wanted.content);
    }

    /// The pieces made no list that could be taken.
    pub(super) fn failed(&mut self, shelf: &Shelf, complete: &Complete) {
        self.go_without(shelf, &complete.wanted);
    }

    /// Asks for the whole list where the way from the held one does not lead to it, and gives up on a whole one.
    fn go_without(&mut self, shelf: &Shelf, wanted: &ListWanted) {
        self.forget(shelf, wanted);
        let Some((offer, held)) = self.wanted.pop_front() else { return };
        if offer.content != wanted.content {
            self.wanted.push_front((offer, held));
        } else if held.is_some() {
            self.wanted.push_front((offer, None));
        } else {
            self.has_failed = true;
        }
    }

    fn forget(&self, shelf: &Shelf, wanted: &ListWanted) {
        match fs::remove_file(part(shelf, wanted)) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => {
                warn!(%problem, "pieces of a list stay on the disk");
            }
            Ok(()) | Err(_) => {}
        }
    }
}

fn part(shelf: &Shelf, wanted: &ListWanted) -> PathBuf {
    let hex = |content: &ListContent| -> String {
        content.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    };
    let from = wanted.held.as_ref().map_or_else(|| "whole".to_owned(), hex);
    shelf.incoming().join(format!("{}-{from}.part", hex(&wanted.content)))
}

/// The list that a patch makes out of `old`, in a file without a name.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidData`] for a patch that makes none.
pub(super) fn make_list(
    shelf: &Shelf,
    complete: &Complete,
    old: Option<&Index<SharedBytes>>,
    reported: Option<&Additions>,
) -> io::Result<File> {
    let mut file = shelf.nameless_file()?;
    apply(old, reported, complete.bytes.as_ref(), LONGEST_LIST, &mut file)
        .map_err(|problem| io::Error::new(io::ErrorKind::InvalidData, problem))?;
    Ok(file)
}
