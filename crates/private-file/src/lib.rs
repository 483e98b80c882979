//! Files that only their owner may read, replaced as a whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Makes `folder` (and what is missing above it) with mode 0700, or takes an existing one and closes it to
/// others.
///
/// # Errors
/// As the file system reports.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))
}

/// Writes `bytes` as `folder/name` with mode 0600, durably: after a power cut either the old or the new
/// content is there.
///
/// # Errors
/// As the file system reports; the old content stays then, and nothing beside it.
pub fn replace(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!(".{name}.new"));
    let replaced = replace_by(&temporary, folder, name, bytes);
    if replaced.is_err() {
        // On a full disk half a file would be in the way of whatever is tried next.
        drop(std::fs::remove_file(&temporary));
    }
    replaced
}

fn replace_by(temporary: &Path, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    // A left-over of a write that a power cut ended; it may have any mode.
    match std::fs::remove_file(temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(temporary, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// The content of `folder/name`, at most `maximum` bytes; `None` when there is no such file.
///
/// # Errors
/// As the file system reports; a longer file is [`io::ErrorKind::InvalidData`].
pub fn read(folder: &Path, name: &str, maximum: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(folder.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    let length = file.take(maximum.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(length).unwrap_or(u64::MAX) > maximum {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is longer than it can be"));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_are_private_and_replaced_as_a_whole() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        private_folder(&folder).unwrap();
        std::fs::write(folder.join(".key.new"), b"left by a power cut").unwrap();
        replace(&folder, "key", b"one").unwrap();
        replace(&folder, "key", b"two").unwrap();
        assert_eq!(read(&folder, "key", 3).unwrap().as_deref(), Some(b"two".as_slice()));
        assert_eq!((mode(&folder), mode(&folder.join("key"))), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_put_in_its_place_leaves_nothing_beside_it() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::create_dir(parent.path().join("key")).unwrap();
        assert!(replace(parent.path(), "key", b"one").is_err());
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_open_folder_is_closed_a_long_file_refused_a_missing_one_none() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::set_permissions(parent.path(), Permissions::from_mode(0o755)).unwrap();
        private_folder(parent.path()).unwrap();
        assert_eq!(mode(parent.path()), 0o700);
        replace(parent.path(), "key", b"four").unwrap();
        assert!(read(parent.path(), "key", 3).is_err());
        assert_eq!(read(parent.path(), "other", 3).unwrap(), None);
    }
}
