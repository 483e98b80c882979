//! The folder of lists: what is held, and how a new list gets there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hinamori_crl::{BuildError, Crl, CrlError, Index, SharedBytes, build};
use hinamori_model::{ListId, UnixMillis};
use hinamori_pki::{CrlRefused, Verifier};
use hinamori_private_file as private_file;
use serde::{Deserialize, Serialize};

use crate::mark::{Backwards, Mark};
use crate::sealed::{AtRestKey, SealedWriter, map_finished, mapped, unseal};

/// Bytes of a list: the nation's in one piece, many times over.
pub const LONGEST_LIST: u64 = 2 << 30;
/// Bytes of what is noted of a list.
const LONGEST_NOTE: u64 = 64 << 10;
/// Alarms that are kept of a list.
const ALARMS: usize = 8;
const KEY: &str = "lists-key";
const MARK: &str = "mark";
const NOTE: &str = "note";
const REPORTED: &str = "reported";
const INCOMING: &str = "incoming";
const INDEX: &str = "index";
const CHANGED: &str = "changed";

/// Why a list was not taken. What was held before is held.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The list: its bytes, its signature, or what it speaks for.
    #[error("the list was refused")]
    Refused(#[source] CrlRefused),
    /// Somebody plays back an old list, or one of two lists is false.
    #[error("the list does not follow the one that was taken before")]
    Backwards(#[source] Backwards),
    /// Longer than any list.
    #[error("the list is over {LONGEST_LIST} bytes")]
    TooLong,
    /// This machine's disk.
    #[error("the list cannot be read or kept")]
    Disk(#[from] io::Error),
}

impl From<CrlError> for NotTaken {
    fn from(error: CrlError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<CrlRefused> for NotTaken {
    fn from(error: CrlRefused) -> Self {
        Self::Refused(error)
    }
}

impl From<BuildError> for NotTaken {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Write(error) => Self::Disk(error),
            other => Self::Refused(other.into()),
        }
    }
}

/// A list was taken.
#[derive(Debug)]
pub struct Taken {
    /// Its index.
    pub index: Index<SharedBytes>,
    /// Whether this very list was held already.
    pub is_known: bool,
}

/// Something went wrong with a list, and somebody has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// When.
    pub at: UnixMillis,
    /// What.
    pub text: String,
    /// From where the list came.
    pub source: String,
    /// The list that was held then.
    #[serde(default)]
    content: Option<[u8; 32]>,
}

impl Alarm {
    /// Something that is wrong with what is held.
    pub const fn new(at: UnixMillis, text: String, source: String) -> Self {
        Self { at, text, source, content: None }
    }
}

/// What is noted of a list beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// From where it came.
    pub source: String,
    /// When it was taken.
    pub taken_at: UnixMillis,
    /// Grows from one list that is taken to the next, of all that are here.
    pub epoch: u64,
    /// Of which content this is noted; another one is here when a stop came in between.
    content: Option<[u8; 32]>,
    /// The last list that was refused in its place.
    pub refused: Option<Alarm>,
    /// The last alarms.
    pub alarms: Vec<Alarm>,
}

impl Note {
    /// Whether something was wrong since the list that is here was taken, and somebody has to look.
    pub fn is_contested(&self) -> bool {
        self.alarms.iter().any(|alarm| alarm.content == self.content)
    }
}

/// One list as it is held.
#[derive(Debug)]
pub struct Held {
    /// The newest one that can be read; `None` when none can.
    pub index: Option<Index<SharedBytes>>,
    /// A newer one was taken before and is gone: what this one does not name may be revoked all the same.
    pub is_behind: bool,
    /// How far the list has come, as far as anything says so.
    pub mark: Option<Mark>,
    /// Additions that the server reported and no authority confirmed yet, as they came.
    pub reported: Option<Vec<u8>>,
    /// What is noted of it.
    pub note: Note,
}

/// The folder. Several programs may open it: whoever changes it holds its lock.
pub struct Shelf {
    pub(crate) lists: PathBuf,
    marks: PathBuf,
    pub(crate) key: AtRestKey,
    generations: usize,
}

impl fmt::Debug for Shelf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Shelf({})", self.lists.display())
    }
}

impl Shelf {
    /// The lists in a data folder, of each so many generations.
    ///
    /// # Errors
    /// The system's.
    pub fn open(data: &Path, generations: usize) -> io::Result<Self> {
        let (lists, marks) = (data.join("lists"), data.join("list-marks"));
        private_file::private_folder(&lists.join(INCOMING))?;
        private_file::private_folder(&lists)?;
        private_file::private_folder(&marks)?;
        let key = AtRestKey::open_or_make(data, KEY)?;
        Ok(Self { lists, marks, key, generations: generations.max(2) })
    }

    /// Waits for every other process that changes something here.
    ///
    /// # Errors
    /// The system's.
    pub fn lock(&self) -> io::Result<Locked<'_>> {
        let file = self.lock_file()?;
        file.lock()?;
        Ok(Locked { shelf: self, _lock: file })
    }

    /// Changes whenever a list does, and is never again what it was: for whoever looks now and then.
    pub fn stamp(&self) -> Option<UnixMillis> {
        let bytes = private_file::read(&self.lists, CHANGED, 8).ok().flatten()?;
        Some(UnixMillis::new(u64::from_be_bytes(bytes.as_slice().try_into().ok()?)))
    }

    /// What the stamp will be after the next change.
    fn next_stamp(&self, now: UnixMillis) -> UnixMillis {
        let of_lists = || self.ids().unwrap_or_default().into_iter().map(|id| self.note(id).epoch).max();
        let last = self.stamp().map(UnixMillis::get).or_else(of_lists).unwrap_or(0);
        now.max(UnixMillis::new(last.saturating_add(1)))
    }

    /// Everything that is held. A list that cannot be read any more is there without its index.
    ///
    /// # Errors
    /// The system's, for the folder itself.
    pub fn held(&self) -> io::Result<BTreeMap<ListId, Held>> {
        self.ids()?.into_iter().map(|id| Ok((id, self.held_list(id)?))).collect()
    }

    /// The lists that were ever taken here.
    ///
    /// # Errors
    /// The system's.
    pub fn ids(&self) -> io::Result<Vec<ListId>> {
        let mut ids = BTreeSet::new();
        // A list whose folder is gone has its other mark.
        for folder in [&self.lists, &self.marks] {
            for entry in fs::read_dir(folder)? {
                ids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<ListId>().ok()));
            }
        }
        Ok(ids.into_iter().collect())
    }

    /// One of the lists.
    ///
    /// # Errors
    /// The system's.
    pub fn held_list(&self, id: ListId) -> io::Result<Held> {
        self.held_list_knowing(id, None)
    }

    /// The same, when `known` was opened before and may still be the newest: then it is not read again.
    ///
    /// # Errors
    /// The system's.
    pub fn held_list_knowing(&self, id: ListId, known: Option<&Index<SharedBytes>>) -> io::Result<Held> {
        let folder = self.folder(id);
        let newest = self.index_files(id)?.pop();
        let known = known.filter(|known| newest == Some(folder.join(file_name(known))));
        let index = match known {
            Some(known) => Some(known.clone()),
            None => self.newest(id)?,
        };
        let own = index.as_ref().map(Mark::of);
        let furthest = self.mark(id, own.clone());
        let is_behind = match (&own, &furthest) {
            (Some(own), Some(furthest)) => own.is_behind(furthest),
            _ => false,
        };
        let reported = match File::open(folder.join(REPORTED)) {
            Ok(mut file) => {
                let mut bytes = Vec::new();
                let read = unseal(&mut file, &self.key, |chunk| {
                    bytes.extend_from_slice(chunk);
                    Ok(())
                });
                read.is_ok().then_some(bytes)
            }
            Err(_missing) => None,
        };
        Ok(Held { index, is_behind, mark: furthest, reported, note: self.note(id) })
    }

    /// The newest generation that can be read.
    fn newest(&self, id: ListId) -> io::Result<Option<Index<SharedBytes>>> {
        let files = self.index_files(id)?;
        let mut readable = files.iter().rev().filter_map(|path| self.read_index(path).ok());
        Ok(readable.find(|index| index.id() == id))
    }

    /// The generations, the oldest first.
    fn index_files(&self, id: ListId) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        let entries = match fs::read_dir(self.folder(id)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == INDEX) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    fn read_index(&self, path: &Path) -> io::Result<Index<SharedBytes>> {
        let bytes = mapped(&mut File::open(path)?, &self.key)?;
        Index::open(SharedBytes::new(bytes))
            .map_err(|damaged| io::Error::new(io::ErrorKind::InvalidData, damaged))
    }

    /// The generation with this content, if it is still here.
    ///
    /// # Errors
    /// The system's.
    pub fn generation(&self, id: ListId, content: &[u8; 32]) -> io::Result<Index<SharedBytes>> {
        let ending = format!("-{}.{INDEX}", hex(content.get(..16).unwrap_or_default()));
        let files = self.index_files(id)?;
        let found = files.iter().find(|path| path.to_str().is_some_and(|name| name.ends_with(&ending)));
        self.read_index(found.ok_or(io::ErrorKind::NotFound)?)
    }

    /// Bytes of all generations of a list on the disk.
    pub(crate) fn bytes_of(&self, id: ListId) -> io::Result<u64> {
        self.index_files(id)?.iter().map(|file| Ok(fs::metadata(file)?.len())).sum()
    }

    /// Whether there was ever such a list here.
    pub fn has(&self, id: ListId) -> bool {
        self.folder(id).is_dir()
    }

    fn folder(&self, id: ListId) -> PathBuf {
        self.lists.join(id.to_string())
    }

    /// Where files that are not lists yet are put together; it is emptied by nobody but their writers.
    pub fn incoming(&self) -> PathBuf {
        self.lists.join(INCOMING)
    }

    /// How far the list has come, as far as either copy or the newest index knows.
    fn mark(&self, id: ListId, of_index: Option<Mark>) -> Option<Mark> {
        Mark::furthest(self.marks_of(id).into_iter().chain([of_index]).flatten())
    }

    fn marks_of(&self, id: ListId) -> [Option<Mark>; 2] {
        [Mark::read(&self.folder(id), MARK), Mark::read(&self.marks, &id.to_string())]
    }

    /// What is noted of a list.
    pub fn note(&self, id: ListId) -> Note {
        let bytes = private_file::read(&self.folder(id), NOTE, LONGEST_NOTE).ok().flatten();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// The last list that was refused and belongs to none that is held.
    pub fn refused(&self) -> Option<Alarm> {
        let bytes = private_file::read(&self.lists, NOTE, LONGEST_NOTE).ok().flatten()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Reads a list's newest file on the disk again. One that is not as it was written any more is written anew from
    /// `index`, which was opened when it still was. Gives whether that was needed.
    ///
    /// # Errors
    /// The system's.
    pub fn scrub(&self, index: &Index<SharedBytes>) -> io::Result<bool> {
        let (id, content) = (index.id(), index.content());
        if self.generation(id, content).is_ok() {
            return Ok(false);
        }
        let _lock = self.lock()?;
        self.replace_sealed(id, &file_name(index), index.as_bytes())?;
        Ok(true)
    }

    /// Writes a sealed file of a list as a whole, or not at all.
    fn replace_sealed(&self, id: ListId, name: &str, bytes: &[u8]) -> io::Result<()> {
        let (path, file) = self.temporary()?;
        let written = SealedWriter::new(file, &self.key).and_then(|mut writer| {
            writer.write_all(bytes)?;
            writer.finish()?;
            fs::rename(&path, self.folder(id).join(name))?;
            File::open(self.folder(id))?.sync_all()
        });
        if written.is_err() {
            remove_if_there(&path)?;
        }
        written
    }

    /// Takes the list in a file that may lie anywhere and be anybody's: it is copied first, before anybody has to
    /// wait, so that what is checked is what is kept.
    ///
    /// # Errors
    /// [`NotTaken`]; a refusal is noted.
    pub fn import(
        &self,
        file: &Path,
        verifier: &Verifier,
        intermediates: &[&[u8]],
        source: &str,
        now: UnixMillis,
    ) -> Result<Taken, NotTaken> {
        let list = File::open(file)?;
        if !list.metadata()?.is_file() {
            return Err(NotTaken::Disk(io::Error::new(io::ErrorKind::InvalidInput, "no file")));
        }
        let mut copy = self.nameless_file()?;
        // One byte more than a list may have, so that a longer one is noticed.
        io::copy(&mut list.take(LONGEST_LIST + 1), &mut copy)?;
        self.lock()?.take(&copy, verifier, intermediates, source, now)
    }

    /// Throws away what a stop left half done, and writes the marks and notes that it kept from being written. Nobody is
    /// kept waiting at a start: when somebody has the lock, the next start does it.
    ///
    /// # Errors
    /// The system's.
    pub fn tidy(&self) -> io::Result<()> {
        self.try_lock()?.map_or(Ok(()), |locked| locked.tidy())
    }

    /// The lock, if nobody has it.
    ///
    /// # Errors
    /// The system's.
    pub fn try_lock(&self) -> io::Result<Option<Locked<'_>>> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Locked { shelf: self, _lock: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn lock_file(&self) -> io::Result<File> {
        let path = self.lists.join("lock");
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
    }

    /// A file that is gone when it is closed.
    ///
    /// # Errors
    /// The system's.
    pub fn nameless_file(&self) -> io::Result<File> {
        let (path, file) = self.temporary()?;
        fs::remove_file(path)?;
        Ok(file)
    }

    /// A file of its own among what comes in.
    pub(crate) fn temporary(&self) -> io::Result<(PathBuf, File)> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = self.incoming().join(format!("{:016x}.new", u64::from_le_bytes(random)));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok((path, file))
    }
}

/// Names are in the order of the lists' numbers.
fn file_name(index: &Index<SharedBytes>) -> String {
    format!("{}.{INDEX}", Mark::of(index).name())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The shelf while nobody else changes it.
#[derive(Debug)]
pub struct Locked<'s> {
    shelf: &'s Shelf,
    _lock: File,
}

impl Locked<'_> {
    fn write_mark(&self, id: ListId, mark: &Mark) -> io::Result<()> {
        mark.write(&self.shelf.folder(id), MARK)?;
        mark.write(&self.shelf.marks, &id.to_string())
    }

    fn tidy(&self) -> io::Result<()> {
        for id in self.shelf.ids()? {
            let Some(furthest) = self.furthest(id)? else { continue };
            if self.shelf.has(id)
                && self.shelf.marks_of(id) != [Some(furthest.clone()), Some(furthest.clone())]
            {
                self.write_mark(id, &furthest)?;
            }
            let note = self.shelf.note(id);
            if note.content != Some(*furthest.content())
                && let Some(newest) = self.shelf.newest(id)?.filter(|newest| Mark::of(newest) == furthest)
            {
                self.write_note_of_new(note, &newest, UnixMillis::default())?;
            }
        }
        for entry in fs::read_dir(self.shelf.incoming())? {
            let path = entry?.path();
            if path.extension().is_some_and(|found| found == "new") {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Takes the list in a file that nobody else can write to.
    ///
    /// # Errors
    /// [`NotTaken`]; a refusal is noted.
    pub fn take(
        &self,
        list: &File,
        verifier: &Verifier,
        intermediates: &[&[u8]],
        source: &str,
        now: UnixMillis,
    ) -> Result<Taken, NotTaken> {
        let taken = self.ingest(list, verifier, intermediates, source, now);
        if let Err(problem @ (NotTaken::Refused(_) | NotTaken::TooLong)) = &taken {
            let alarm = Alarm::new(now, chain(problem), source.to_owned());
            let bytes = serde_json::to_vec(&alarm).map_err(io::Error::other)?;
            private_file::replace(&self.shelf.lists, NOTE, &bytes)?;
        }
        taken
    }

    fn ingest(
        &self,
        list: &File,
        verifier: &Verifier,
        intermediates: &[&[u8]],
        source: &str,
        now: UnixMillis,
    ) -> Result<Taken, NotTaken> {
        if list.metadata()?.len() > LONGEST_LIST {
            return Err(NotTaken::TooLong);
        }
        let bytes = map_finished(list)?;
        let crl = Crl::parse(bytes.as_ref())?;
        let head = verifier.read_head(&crl, intermediates, now)?;
        let (path, file) = self.shelf.temporary()?;
        let written = std::thread::scope(|scope| {
            // The authority's signature on one thread, the strict walk on this one; nothing counts before both.
            let signature = scope.spawn(|| head.check_signature(&crl));
            let mut writer = SealedWriter::new(file, &self.shelf.key)?;
            let unnamed = build(&crl, head.kind(), &mut writer);
            let signed =
                signature.join().map_err(|_panic| io::Error::other("the check of a signature failed"))??;
            unnamed?.name(&signed.stated())?;
            writer.finish()?;
            Ok::<_, NotTaken>(())
        });
        let taken = written.and_then(|()| self.publish(&path, source, now));
        if taken.is_err() {
            // It may have its new name already.
            remove_if_there(&path)?;
        }
        taken
    }

    /// Gives a finished index its place: first the name, then the marks. After a stop in between the index itself
    /// is the mark, and [`Shelf::tidy`] writes the others.
    fn publish(&self, path: &Path, source: &str, now: UnixMillis) -> Result<Taken, NotTaken> {
        let index = self.shelf.read_index(path)?;
        let (id, mark) = (index.id(), Mark::of(&index));
        let folder = self.shelf.folder(id);
        private_file::private_folder(&folder)?;
        let mut note = self.shelf.note(id);
        let furthest = self.furthest(id)?;
        if let Some(Err(backwards)) = furthest.as_ref().map(|furthest| furthest.check_follows(&mark)) {
            let refused = NotTaken::Backwards(backwards);
            let mut alarm = Alarm::new(now, chain(&refused), source.to_owned());
            alarm.content = note.content;
            note.refused = Some(alarm.clone());
            // An old file that somebody imports again is no alarm.
            if backwards != Backwards::Older {
                note.alarms.push(alarm);
            }
            self.write_note(id, note)?;
            return Err(refused);
        }
        let place = folder.join(file_name(&index));
        let is_known = place.exists();
        fs::rename(path, &place)?;
        File::open(&folder)?.sync_all()?;
        File::open(&self.shelf.lists)?.sync_all()?;
        self.write_mark(id, &mark)?;
        if note.content != Some(*index.content()) {
            (note.source, note.taken_at) = (source.to_owned(), now);
            self.write_note_of_new(note, &index, now)?;
        } else {
            // It may have been unreadable: whoever looks now and then is to look.
            self.write_note(id, note)?;
        }
        self.drop_old(id)?;
        Ok(Taken { index, is_known })
    }

    /// How far the list has come. Marks that a stop kept from being written are behind the newest file's name.
    fn furthest(&self, id: ListId) -> io::Result<Option<Mark>> {
        let known = self.shelf.mark(id, None);
        let newest = self.shelf.index_files(id)?.pop();
        let newest = newest.as_deref().and_then(Path::file_stem).and_then(|name| name.to_str());
        let is_ahead =
            newest.is_some_and(|newest| known.as_ref().is_none_or(|known| *newest > *known.name()));
        if !is_ahead {
            return Ok(known);
        }
        let newest = self.shelf.newest(id)?.as_ref().map(Mark::of);
        Ok(Mark::furthest(known.into_iter().chain(newest)))
    }

    fn drop_old(&self, id: ListId) -> io::Result<()> {
        let files = self.shelf.index_files(id)?;
        let too_many = files.len().saturating_sub(self.shelf.generations);
        files.iter().take(too_many).try_for_each(fs::remove_file)
    }

    fn write_note(&self, id: ListId, note: Note) -> io::Result<()> {
        // The stamp says when a list came: an alarm moves it no further than it has to.
        self.write_note_at(id, note, self.shelf.next_stamp(UnixMillis::default()))
    }

    /// The note of a list that is new here.
    fn write_note_of_new(
        &self,
        mut note: Note,
        index: &Index<SharedBytes>,
        now: UnixMillis,
    ) -> io::Result<()> {
        let stamp = self.shelf.next_stamp(now);
        (note.epoch, note.content) = (stamp.get(), Some(*index.content()));
        self.write_note_at(index.id(), note, stamp)
    }

    fn write_note_at(&self, id: ListId, mut note: Note, stamp: UnixMillis) -> io::Result<()> {
        note.alarms.drain(..note.alarms.len().saturating_sub(ALARMS));
        let bytes = serde_json::to_vec(&note).map_err(io::Error::other)?;
        private_file::replace(&self.shelf.folder(id), NOTE, &bytes)?;
        private_file::replace(&self.shelf.lists, CHANGED, &stamp.get().to_be_bytes())
    }

    /// Raises an alarm about a list that is here.
    ///
    /// # Errors
    /// The system's.
    pub fn alarm(&self, id: ListId, mut alarm: Alarm) -> io::Result<()> {
        let mut note = self.shelf.note(id);
        alarm.content = note.content;
        note.alarms.push(alarm);
        self.write_note(id, note)
    }

    /// Keeps what the server reported, sealed, until the authority confirms it; `None` forgets it.
    ///
    /// # Errors
    /// The system's.
    pub fn keep_reported(&self, id: ListId, reported: Option<&[u8]>) -> io::Result<()> {
        match reported {
            Some(reported) => self.shelf.replace_sealed(id, REPORTED, reported),
            None => remove_if_there(&self.shelf.folder(id).join(REPORTED)),
        }
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
