//! What comes in pieces over a thin link, perhaps for days: each piece is sealed by itself, so that a restart costs
//! nothing that has come and the disk shows nothing of it.
//!
//! A file is one piece behind the other: its length (4 bytes, big-endian), a nonce, the piece, the tag.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::kept::Way;
use crate::sealed::{NONCE, TAG};
use crate::shelf::Shelf;

const PART: &str = "part";
/// Bytes of a piece: a budget for reading them back.
const LONGEST: usize = 1 << 20;
/// What a piece takes beside itself, behind its length.
const AROUND: u64 = (NONCE + TAG) as u64;

/// The pieces of one thing.
#[derive(Debug)]
pub struct Pieces<'s> {
    shelf: &'s Shelf,
    path: PathBuf,
}

impl Shelf {
    /// The pieces of what leads this way.
    pub fn pieces(&self, way: &Way) -> Pieces<'_> {
        Pieces { shelf: self, path: self.incoming().join(format!("{}.{PART}", way.file_name())) }
    }

    /// Throws away all pieces but those of this way.
    ///
    /// # Errors
    /// The system's.
    pub fn keep_pieces_of(&self, way: Option<&Way>) -> io::Result<()> {
        let kept = way.map(|way| self.pieces(way).path);
        for entry in fs::read_dir(self.incoming())? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == PART) && Some(&path) != kept.as_ref() {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl Pieces<'_> {
    /// Bytes that are here; a piece that a stop cut in two does not count, and goes.
    ///
    /// # Errors
    /// The system's.
    pub fn length(&self) -> io::Result<u64> {
        let mut file = match OpenOptions::new().read(true).write(true).open(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            opened => opened?,
        };
        let whole = file.metadata()?.len();
        let (mut length, mut end) = (0_u64, 0_u64);
        while let Some(piece) = next_length(&mut file)? {
            let after = end.saturating_add(4).saturating_add(piece).saturating_add(AROUND);
            // No piece is empty: zeros are what a power cut leaves at a file's end.
            if after > whole || piece == 0 {
                break;
            }
            (length, end) = (length.saturating_add(piece), after);
            file.seek(SeekFrom::Start(end))?;
        }
        if end < whole {
            file.set_len(end)?;
        }
        Ok(length)
    }

    /// Adds the piece that begins at `offset`, behind the others.
    ///
    /// # Errors
    /// The system's; nothing of the piece is there then.
    pub fn append(&self, offset: u64, piece: &[u8]) -> io::Result<()> {
        let length = u32::try_from(piece.len()).map_err(|_too_long| ErrorKind::InvalidInput)?;
        let sealed = self.shelf.key.seal_piece(offset, piece)?;
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        let before = file.metadata()?.len();
        let written = file.write_all(&[&length.to_be_bytes()[..], &sealed].concat());
        if written.is_err() {
            file.set_len(before)?;
        }
        written
    }

    /// All of them together, in a file without a name.
    ///
    /// # Errors
    /// The system's; [`ErrorKind::InvalidData`] when a byte is not as it was written.
    pub fn together(&self) -> io::Result<File> {
        let (mut file, mut out) = (File::open(&self.path)?, self.shelf.nameless_file()?);
        let mut offset = 0_u64;
        while let Some(length) = next_length(&mut file)? {
            let size = usize::try_from(length.saturating_add(AROUND)).unwrap_or(usize::MAX);
            if size > LONGEST {
                return Err(ErrorKind::InvalidData.into());
            }
            let mut sealed = vec![0; size];
            file.read_exact(&mut sealed)?;
            out.write_all(self.shelf.key.open_piece(offset, &mut sealed)?)?;
            offset = offset.saturating_add(length);
        }
        Ok(out)
    }

    /// Throws them away.
    ///
    /// # Errors
    /// The system's.
    pub fn forget(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// The length of the piece at which a file stands; `None` at its end, or where less than a length is left.
fn next_length(file: &mut File) -> io::Result<Option<u64>> {
    let mut length = [0; 4];
    match file.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Some(u64::from(u32::from_be_bytes(length)))),
    }
}
