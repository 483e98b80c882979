//! The sealed parts on the disk, and those on their way: `roster/DIGEST` is whole, `roster/DIGEST.part` is what has come
//! of one. What a stop or a broken connection leaves of a part is gone on with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hinamori_private_file as private_file;
use hinamori_sync::{LONGEST_PART, PartDigest, PartHead, RosterMessage, digest_of};
use tracing::{error, warn};

const FOLDER: &str = "roster";
const UNFINISHED: &str = "part";
/// A part that the server does not have, or has wrong, is not asked for again so soon.
const LONG_WAIT: Duration = Duration::from_secs(3_600);
/// Nothing is asked for while the disk takes nothing.
const DISK_AGAIN: Duration = Duration::from_secs(30);

/// See the module.
pub(super) struct Incoming {
    folder: PathBuf,
    /// Parts that are here.
    here: BTreeSet<PartDigest>,
    pending: Option<Pending>,
    /// Parts that are not asked for before then.
    waits: BTreeMap<PartDigest, Instant>,
    paused_until: Option<Instant>,
}

/// What became of a piece.
pub(super) enum Arrived {
    /// Nobody asked for it, or not any more.
    Unasked,
    /// It was kept, and this is the next question.
    More(RosterMessage),
    /// Nothing more is asked of its part for now.
    Ended {
        /// The part is here.
        is_whole: bool,
    },
}

/// The question that was asked last.
struct Pending {
    digest: PartDigest,
    length: u32,
    offset: u32,
    /// All of it came since the keeper began: nobody but the server can have made it wrong.
    is_fresh: bool,
}

fn file_of(folder: &Path, digest: &PartDigest) -> PathBuf {
    folder.join(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

fn unfinished(folder: &Path, digest: &PartDigest) -> PathBuf {
    file_of(folder, digest).with_extension(UNFINISHED)
}

fn length_of(file: &Path) -> Option<u64> {
    fs::metadata(file).ok().map(|found| found.len())
}

impl Incoming {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        private_file::private_folder(&folder)?;
        let (here, waits) = (BTreeSet::new(), BTreeMap::new());
        Ok(Self { folder, here, pending: None, waits, paused_until: None })
    }

    /// From now on the town consists of these parts; what belongs to none of them is thrown away.
    pub(super) fn consist_of(&mut self, heads: &[PartHead]) {
        (self.pending, self.waits) = (None, BTreeMap::new());
        let named: BTreeSet<PathBuf> = heads
            .iter()
            .flat_map(|head| [file_of(&self.folder, &head.digest), unfinished(&self.folder, &head.digest)])
            .collect();
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()).filter(|path| !named.contains(path)) {
            if let Err(problem) = fs::remove_file(path) {
                warn!(%problem, "a part of an older roster stays on the disk");
            }
        }
        let is_here =
            |head: &&PartHead| length_of(&file_of(&self.folder, &head.digest)) == Some(head.length.into());
        self.here = heads.iter().filter(is_here).map(|head| head.digest).collect();
    }

    /// Whether a part is here.
    pub(super) fn has(&self, digest: &PartDigest) -> bool {
        self.here.contains(digest)
    }

    /// The bytes of a part that is here. One that is not what its name says is thrown away and comes again.
    pub(super) fn read(&mut self, digest: &PartDigest) -> Option<Vec<u8>> {
        let file = file_of(&self.folder, digest);
        match fs::read(&file) {
            Ok(sealed) if digest_of(&sealed) == *digest => return Some(sealed),
            Ok(_) => error!("a part of the roster is damaged on the disk and comes again"),
            Err(problem) => error!(%problem, "a part of the roster cannot be read and comes again"),
        }
        self.here.remove(digest);
        if let Err(problem) = fs::remove_file(file) {
            warn!(%problem, "a damaged part stays on the disk");
        }
        None
    }

    /// Reads one of the parts again, another one at each turn: whether it is still what its name says.
    pub(super) fn is_whole(&mut self, turn: usize) -> bool {
        let next = turn.checked_rem(self.here.len()).and_then(|place| self.here.iter().nth(place).copied());
        next.is_none_or(|digest| self.read(&digest).is_some())
    }

    /// Another connection: what was asked on the last one is not answered any more.
    pub(super) fn forget_question(&mut self) {
        self.pending = None;
    }

    /// What to ask the server next, when no question is open: for the first of `heads` that is not here.
    pub(super) fn next<'h>(&mut self, heads: impl Iterator<Item = &'h PartHead>) -> Option<RosterMessage> {
        let now = Instant::now();
        if self.pending.is_some() || self.paused_until.is_some_and(|until| now < until) {
            return None;
        }
        for head in heads {
            let waits = self.waits.get(&head.digest).is_some_and(|until| now < *until);
            if waits || self.has(&head.digest) {
                continue;
            }
            let held = length_of(&unfinished(&self.folder, &head.digest)).unwrap_or(0);
            let (digest, length) = (head.digest, head.length);
            let offset = u32::try_from(held).unwrap_or(u32::MAX);
            let pending = Pending { digest, length, offset, is_fresh: offset == 0 };
            if offset < length {
                self.pending = Some(pending);
                return Some(RosterMessage::Wanted { digest, offset });
            }
            // A stop came between the last piece and the whole part.
            if let Err(problem) = self.finish(&pending) {
                self.pause(&problem);
                return None;
            }
        }
        None
    }

    /// Something about a part came.
    pub(super) fn arrived(&mut self, message: &RosterMessage) -> Arrived {
        let RosterMessage::Piece { digest, total, offset, bytes } = message else { return Arrived::Unasked };
        let is_asked = |asked: &mut Pending| (asked.digest, asked.offset) == (*digest, *offset);
        let Some(mut asked) = self.pending.take_if(is_asked) else { return Arrived::Unasked };
        let end = u32::try_from(bytes.len()).ok().and_then(|length| offset.checked_add(length));
        let Some(end) = end.filter(|end| *total == asked.length && end > offset && end <= total) else {
            warn!("the server does not have a part of the roster that the town's package names");
            self.waits.insert(*digest, wait(LONG_WAIT));
            return Arrived::Ended { is_whole: false };
        };
        asked.offset = end;
        let kept = self.append(digest, bytes);
        if kept.is_ok() && end < asked.length {
            self.pending = Some(asked);
            return Arrived::More(RosterMessage::Wanted { digest: *digest, offset: end });
        }
        let is_whole = kept.and_then(|()| self.finish(&asked)).unwrap_or_else(|problem| {
            self.pause(&problem);
            false
        });
        Arrived::Ended { is_whole }
    }

    fn append(&self, digest: &PartDigest, bytes: &[u8]) -> io::Result<()> {
        let path = unfinished(&self.folder, digest);
        OpenOptions::new().append(true).create(true).mode(0o600).open(path)?.write_all(bytes)
    }

    /// All bytes are here: whether they are the part.
    fn finish(&mut self, asked: &Pending) -> io::Result<bool> {
        let path = unfinished(&self.folder, &asked.digest);
        let longest = u64::try_from(LONGEST_PART).unwrap_or(u64::MAX);
        let is_long = length_of(&path).is_some_and(|length| length > longest);
        let is_right = !is_long && digest_of(&fs::read(&path)?) == asked.digest;
        if is_right {
            File::open(&path)?.sync_all()?;
            fs::rename(&path, file_of(&self.folder, &asked.digest))?;
            File::open(&self.folder)?.sync_all()?;
            self.here.insert(asked.digest);
            return Ok(true);
        }
        fs::remove_file(&path)?;
        if asked.is_fresh {
            error!("the server sent a part of the roster that is not the one that the town's package names");
            self.waits.insert(asked.digest, wait(LONG_WAIT));
        } else {
            warn!("what a stop left of a part of the roster was of no use: it comes anew");
        }
        Ok(false)
    }

    fn pause(&mut self, problem: &io::Error) {
        error!(%problem, "a piece of the roster was not kept");
        self.pending = None;
        self.paused_until = Some(wait(DISK_AGAIN));
    }
}

fn wait(long: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(long).unwrap_or(now)
}
