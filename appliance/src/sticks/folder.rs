//! One stick as a folder that somebody else filled. Everything is looked up beside the folder that was opened, so that a stick
//! that is exchanged for another one, or a mount that is gone, is noticed and never written to.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use hinamori_model::{BoxId, UnixMillis};
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, fsync, openat, renameat, statat, syncfs, unlinkat,
};
use rustix::io::Errno;
use tracing::warn;

use crate::core::LONGEST_HERE;
use hinamori_ipc::StickFault;

/// How the name of a bundle ends, in any case.
const ENDING: &str = ".hinamori";
/// Entries of a folder that are looked at: a budget.
const MOST_ENTRIES: usize = 10_000;
/// Nobody but the daemon reads it while the stick is in this box. A stick's own file system may keep nothing of it.
const MODE: Mode = Mode::from_raw_mode(0o600);

/// A folder that stands for a stick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StickId {
    name: PathBuf,
    device: u64,
    number: u64,
}

impl StickId {
    fn new(name: PathBuf, stat: &Stat) -> Self {
        Self { name, device: stat.st_dev, number: stat.st_ino }
    }
}

/// What is under a name.
pub(super) enum Found {
    /// A file.
    Bytes(Vec<u8>),
    /// A link, a folder, a pipe.
    NoFile,
    /// Longer than boxes take.
    TooLong,
}

/// An open stick.
pub(super) struct StickFolder {
    id: StickId,
    folder: OwnedFd,
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// The sticks of a folder in the order of their names. One that cannot be looked at has none.
pub(super) fn sticks_in(folder: &Path) -> Vec<StickId> {
    let Ok(opened) = openat(CWD, folder, FOLDER, Mode::empty()) else { return Vec::new() };
    let Ok(names) = names_in(&opened) else { return Vec::new() };
    let mut sticks: Vec<_> = names
        .into_iter()
        .filter_map(|name| {
            let stat = statat(&opened, &name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            let is_folder = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
            is_folder.then(|| StickId::new(name, &stat))
        })
        .collect();
    sticks.sort_by(|one, other| one.name.cmp(&other.name));
    sticks
}

/// Names that do not begin with a full stop.
fn names_in(folder: &OwnedFd) -> io::Result<Vec<PathBuf>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)?.take(MOST_ENTRIES) {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if !name.starts_with(b".") {
            names.push(PathBuf::from(OsStr::from_bytes(name)));
        }
    }
    Ok(names)
}

/// How the names of a box's own bundles begin.
fn own_beginning(own: BoxId) -> String {
    format!("hinamori-{own}-")
}

fn is_own(name: &Path, own: BoxId) -> bool {
    name.as_os_str().as_bytes().starts_with(own_beginning(own).as_bytes())
}

fn is_bundle(name: &Path) -> bool {
    let name = name.as_os_str().as_bytes();
    let ending = name.len().checked_sub(ENDING.len()).and_then(|start| name.get(start..));
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING.as_bytes()))
}

/// A box's bundle of this moment: which box, and when in Japan by its clock.
fn name_of(own: BoxId, at: UnixMillis) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let at = i64::try_from(at.get()).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let at = at.unwrap_or_default().to_zoned(zone).strftime("%Y%m%d-%H%M%S");
    format!("{}{at}{ENDING}", own_beginning(own))
}

impl StickFolder {
    /// Opens a stick that was seen in `sticks`.
    ///
    /// # Errors
    /// The system's; `NotFound` too when another folder has its name now.
    pub(super) fn open(sticks: &Path, id: &StickId) -> io::Result<Self> {
        let folder = openat(CWD, sticks.join(&id.name), FOLDER, Mode::empty())?;
        let opened = StickId::new(id.name.clone(), &fstat(&folder)?);
        if opened != *id {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Self { id: opened, folder })
    }

    /// Whether the stick is still plugged in.
    pub(super) fn is_there(&self, sticks: &Path) -> bool {
        let found = statat(CWD, sticks.join(&self.id.name), AtFlags::SYMLINK_NOFOLLOW);
        found.is_ok_and(|stat| StickId::new(self.id.name.clone(), &stat) == self.id)
    }

    /// The names of what may be others' bundles, in their order.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn bundles(&self, own: BoxId) -> io::Result<Vec<PathBuf>> {
        let mut names = names_in(&self.folder)?;
        names.retain(|name| is_bundle(name) && !is_own(name, own));
        names.sort();
        Ok(names)
    }

    /// What is under a name. Nothing of a file is read that is longer than boxes take, or is none.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn read(&self, name: &Path) -> io::Result<Found> {
        // A pipe must not hold anybody.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.folder, name, flags, Mode::empty()) {
            Ok(file) => file,
            // A link, a socket.
            Err(Errno::LOOP | Errno::NXIO) => return Ok(Found::NoFile),
            Err(problem) => return Err(problem.into()),
        };
        let stat = fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Ok(Found::NoFile);
        }
        let longest = u64::try_from(LONGEST_HERE).unwrap_or(u64::MAX);
        if u64::try_from(stat.st_size).is_ok_and(|length| length > longest) {
            return Ok(Found::TooLong);
        }
        let mut bytes = Vec::new();
        File::from(file).take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
        // It may have grown since.
        Ok(if bytes.len() > LONGEST_HERE { Found::TooLong } else { Found::Bytes(bytes) })
    }

    /// Writes this box's bundle, durably and as a whole; what it wrote there before is gone afterwards.
    ///
    /// # Errors
    /// The system's; what it wrote before stays then.
    pub(super) fn write(&self, own: BoxId, at: UnixMillis, bundle: &[u8]) -> io::Result<()> {
        // No bundle's ending, so that nobody takes it for one.
        let temporary = format!("{}part", own_beginning(own));
        let name = name_of(own, at);
        // Of an exchange that was cut off.
        self.remove(Path::new(&temporary))?;
        let written = self.write_new(&temporary, bundle);
        if written.is_err() {
            // The room is somebody's. The first reason is the one to tell.
            let _removed: io::Result<()> = self.remove(Path::new(&temporary));
            return written;
        }
        renameat(&self.folder, &temporary, &self.folder, &name)?;
        fsync(&self.folder)?;
        self.remove_older(own, Path::new(&name));
        // Whatever the file system still holds back.
        Ok(syncfs(&self.folder)?)
    }

    fn write_new(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(openat(&self.folder, name, flags, MODE)?);
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Takes out what this box wrote before. What stays costs room and nothing else.
    fn remove_older(&self, own: BoxId, newest: &Path) {
        let names = names_in(&self.folder).unwrap_or_default();
        let older = |name: &&PathBuf| is_bundle(name) && is_own(name, own) && name.as_path() != newest;
        for name in names.iter().filter(older) {
            if let Err(error) = self.remove(name) {
                warn!(%error, "an older bundle of this box stays on the stick");
            }
        }
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        match unlinkat(&self.folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(problem) => Err(problem.into()),
        }
    }
}

/// Whose fault it is that a stick takes nothing.
pub(super) fn fault(problem: &io::Error) -> StickFault {
    match problem.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => StickFault::Full,
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => StickFault::ReadOnly,
        Some(Errno::NOENT | Errno::NODEV | Errno::NXIO) => StickFault::TakenOut,
        None if problem.kind() == io::ErrorKind::NotFound => StickFault::TakenOut,
        _ => StickFault::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: BoxId = BoxId::from_bytes([0xab; 16]);
    const NOW: UnixMillis = UnixMillis::new(1_791_750_060_000);

    #[test]
    fn a_name_says_which_box_and_when_and_what_ends_otherwise_is_no_bundle() {
        let name = name_of(OWN, NOW);
        assert_eq!(name, format!("hinamori-{}-20261012-052100.hinamori", "ab".repeat(16)));
        assert!(is_bundle(Path::new(&name)) && is_own(Path::new(&name), OWN));
        assert!(!is_own(Path::new(&name), BoxId::from_bytes([1; 16])));
        for (name, expected) in
            [("A.HINAMORI", true), ("hinamori", false), ("a.hinamori.txt", false), ("", false)]
        {
            assert_eq!(is_bundle(Path::new(name)), expected, "{name}");
        }
        assert_eq!(name_of(OWN, UnixMillis::new(u64::MAX)).len(), name.len(), "whatever the clock says");
    }

    #[test]
    fn every_fault_names_its_party() {
        for (errno, expected) in [
            (Errno::NOSPC, StickFault::Full),
            (Errno::ROFS, StickFault::ReadOnly),
            (Errno::NODEV, StickFault::TakenOut),
            (Errno::IO, StickFault::Broken),
        ] {
            assert_eq!(fault(&errno.into()), expected);
        }
    }
}
