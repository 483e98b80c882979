//! What was made out of lists and is asked for again and again: sealed, and no more of it than the disk has room for.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hinamori_model::ListId;
use hinamori_private_file as private_file;

use crate::sealed::{SealedReader, SealedWriter};
use crate::shelf::{Shelf, hex};

/// Files: some for each list of a nation in partitions.
const MOST: usize = 8_192;
/// Bytes of them: a nation's list from nothing takes about a hundred million.
const MOST_BYTES: u64 = 1 << 30;

/// What is kept of a list: the way to `content`, from another content or from nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The list.
    pub id: ListId,
    /// Where it leads.
    pub content: [u8; 32],
    /// Where it begins; `None` for nothing.
    pub from: Option<[u8; 32]>,
}

impl Way {
    pub(crate) fn file_name(&self) -> String {
        let from = self.from.as_ref().map_or_else(|| "nothing".to_owned(), |from| hex(from));
        format!("{}-{from}", self.beginning())
    }

    fn beginning(&self) -> String {
        format!("{}-{}", self.id, hex(&self.content))
    }
}

impl Shelf {
    /// What was kept; `None` when nothing is.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidData`] for a file that is not as it was written.
    pub fn kept(&self, way: &Way) -> io::Result<Option<SealedReader<'_>>> {
        match File::open(self.kept_folder().join(way.file_name())) {
            Ok(file) => SealedReader::open(file, &self.key).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps the parts one behind the other. What leads to another content of the list goes, and what was kept
    /// first when there is too much.
    ///
    /// # Errors
    /// The system's.
    pub fn keep(&self, way: &Way, parts: &[&[u8]]) -> io::Result<()> {
        let _lock = self.lock()?;
        let folder = self.kept_folder();
        private_file::private_folder(&folder)?;
        let (path, file) = self.temporary()?;
        let written = SealedWriter::new(file, &self.key).and_then(|mut writer| {
            parts.iter().try_for_each(|part| writer.write_all(part))?;
            writer.finish()
        });
        if let Err(error) = written {
            fs::remove_file(path)?;
            return Err(error);
        }
        fs::rename(path, folder.join(way.file_name()))?;
        make_room(&folder, way)
    }

    /// Forgets one that cannot be read.
    ///
    /// # Errors
    /// The system's.
    pub fn forget(&self, way: &Way) -> io::Result<()> {
        fs::remove_file(self.kept_folder().join(way.file_name()))
    }

    fn kept_folder(&self) -> PathBuf {
        self.lists.join("kept")
    }
}

fn make_room(folder: &Path, newest: &Way) -> io::Result<()> {
    let (of_list, good) = (format!("{}-", newest.id), newest.beginning());
    let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&of_list) && !name.starts_with(&good) {
            fs::remove_file(entry.path())?;
            continue;
        }
        let metadata = entry.metadata()?;
        files.push((metadata.modified()?, metadata.len(), entry.path()));
    }
    files.sort();
    let mut bytes: u64 = files.iter().map(|(_, length, _)| length).sum();
    let mut count = files.len();
    for (_, length, path) in files {
        // The newest one stays, however long it is.
        if count <= 1 || (count <= MOST && bytes <= MOST_BYTES) {
            break;
        }
        fs::remove_file(path)?;
        (count, bytes) = (count - 1, bytes.saturating_sub(length));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_until_the_list_changes() {
        let data = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(data.path(), 2).unwrap();
        let id = ListId::from_bytes([1; 16]);
        let whole = Way { id, content: [2; 32], from: None };
        let short = Way { from: Some([3; 32]), ..whole };
        let other = Way { id: ListId::from_bytes([4; 16]), ..whole };
        assert!(shelf.kept(&whole).unwrap().is_none());
        for way in [&whole, &short, &other] {
            shelf.keep(way, &[b"one ", b"and the other"]).unwrap();
        }
        let mut reader = shelf.kept(&short).unwrap().unwrap();
        assert_eq!((reader.length(), reader.read(4, 3).unwrap().as_slice()), (17, b"and".as_slice()));
        let newer = Way { content: [5; 32], ..whole };
        shelf.keep(&newer, &[b"next"]).unwrap();
        for (way, is_kept) in [(&whole, false), (&short, false), (&other, true), (&newer, true)] {
            assert_eq!(shelf.kept(way).unwrap().is_some(), is_kept);
        }
        shelf.forget(&newer).unwrap();
        assert!(shelf.kept(&newer).unwrap().is_none());
    }
}
