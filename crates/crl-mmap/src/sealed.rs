//! Files that are of no use to whoever carries the disk away: 64 KiB at a time under AES-256-GCM (NIST SP 800-38D), with
//! the key in a file of its own, until it comes from the box's security chip.
//!
//! A file is eight bytes that name the form, eight random ones, and the chunks, each with its tag. A chunk's nonce
//! is the random bytes and its number; its additional data say whether it is the last one. So a chunk that is
//! missing, moved or bent, or a file that ends early, is noticed.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use hinamori_crl::Sink;
use memmap2::Mmap;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use zeroize::Zeroizing;

const MAGIC: [u8; 8] = *b"HNSEAL\0\x01";
const PREFIX: usize = 8;
const CHUNK: usize = 64 << 10;
pub(crate) const TAG: usize = 16;
pub(crate) const NONCE: usize = 12;
/// Bytes of a full chunk with its tag.
const WHOLE: u64 = (CHUNK + TAG) as u64;
/// Bytes before the first chunk.
const HEADER: u64 = (MAGIC.len() + PREFIX) as u64;
/// A nation's list in one piece, twice over.
const LONGEST: u64 = 4 << 30;

/// The key of a box's sealed files. It cannot be printed.
pub struct AtRestKey(LessSafeKey);

impl fmt::Debug for AtRestKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AtRestKey(hidden)")
    }
}

impl AtRestKey {
    /// The key in `folder/name`, made when there is none.
    ///
    /// # Errors
    /// The system's; a file of another length is [`io::ErrorKind::InvalidData`].
    pub fn open_or_make(folder: &Path, name: &str) -> io::Result<Self> {
        hinamori_private_file::private_folder(folder)?;
        let stored = hinamori_private_file::read(folder, name, 32)?.map(Zeroizing::new);
        let bytes = match stored {
            Some(stored) => stored,
            None => {
                let mut fresh = Zeroizing::new(vec![0; 32]);
                getrandom::fill(&mut fresh).map_err(io::Error::other)?;
                hinamori_private_file::replace(folder, name, &fresh)?;
                fresh
            }
        };
        let key = UnboundKey::new(&AES_256_GCM, &bytes);
        Ok(Self(LessSafeKey::new(key.map_err(|_length| io::Error::from(io::ErrorKind::InvalidData))?)))
    }
}

impl AtRestKey {
    /// A piece that begins at `offset` of something: nonce, content, tag.
    pub(crate) fn seal_piece(&self, offset: u64, piece: &[u8]) -> io::Result<Vec<u8>> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(io::Error::other)?;
        let mut sealed = piece.to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(offset.to_be_bytes()),
                &mut sealed,
            )
            .map_err(|_too_long| io::Error::other("a piece cannot be sealed"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The piece that was sealed for `offset`.
    pub(crate) fn open_piece<'s>(&self, offset: u64, sealed: &'s mut [u8]) -> io::Result<&'s [u8]> {
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        let (nonce, content) = sealed.split_first_chunk_mut::<NONCE>().ok_or_else(bad)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place(nonce, Aad::from(offset.to_be_bytes()), content);
        Ok(opened.map_err(|_bent| bad())?)
    }
}

fn nonce(prefix: [u8; PREFIX], number: u32) -> Nonce {
    let mut nonce = [0; PREFIX + 4];
    let parts = prefix.into_iter().chain(number.to_be_bytes());
    nonce.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    Nonce::assume_unique_for_key(nonce)
}

fn additional(is_last: bool) -> Aad<[u8; 9]> {
    let mut data = [0; 9];
    data.iter_mut().zip(MAGIC).for_each(|(to, from)| *to = from);
    let [.., last] = &mut data;
    *last = u8::from(is_last);
    Aad::from(data)
}

/// Writes a sealed file.
pub(crate) struct SealedWriter<'k> {
    file: File,
    key: &'k AtRestKey,
    prefix: [u8; PREFIX],
    number: u32,
    chunk: Vec<u8>,
}

impl fmt::Debug for SealedWriter<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SealedWriter({} chunks)", self.number)
    }
}

impl<'k> SealedWriter<'k> {
    /// Writes into an empty file.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn new(file: File, key: &'k AtRestKey) -> io::Result<Self> {
        let chunk = Vec::with_capacity(CHUNK + TAG);
        let mut writer = Self { file, key, prefix: [0; PREFIX], number: 0, chunk };
        writer.begin()?;
        Ok(writer)
    }

    /// Another prefix for each beginning: a nonce must not be used for two contents.
    fn begin(&mut self) -> io::Result<()> {
        getrandom::fill(&mut self.prefix).map_err(io::Error::other)?;
        (self.number, self.chunk) = (0, std::mem::take(&mut self.chunk));
        self.chunk.clear();
        self.file.write_all(&MAGIC)?;
        self.file.write_all(&self.prefix)
    }

    fn seal(&mut self, is_last: bool) -> io::Result<()> {
        let nonce = nonce(self.prefix, self.number);
        self.key
            .0
            .seal_in_place_append_tag(nonce, additional(is_last), &mut self.chunk)
            .map_err(|_too_long| io::Error::other("a chunk cannot be sealed"))?;
        self.file.write_all(&self.chunk)?;
        self.chunk.clear();
        self.number = self.number.checked_add(1).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(())
    }

    /// Writes what is left and waits until the disk has all of it.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.seal(true)?;
        self.file.sync_all()
    }
}

impl Write for SealedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk is sealed only when more follows: the last one is sealed as the last.
        if self.chunk.len() == CHUNK && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK - self.chunk.len());
        self.chunk.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for SealedWriter<'_> {
    fn restart(&mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(0))?;
        self.file.set_len(0)?;
        self.begin()
    }
}

/// Reads a sealed file and hands its content on, chunk by chunk. What was handed on before an error is of
/// no use.
///
/// # Errors
/// The system's; [`io::ErrorKind::InvalidData`] when a byte is not as it was written.
pub(crate) fn unseal(
    file: &mut File,
    key: &AtRestKey,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let bad = || io::Error::from(io::ErrorKind::InvalidData);
    let (prefix, mut left) = begin(file)?;
    let mut chunk = vec![0; CHUNK + TAG];
    let mut number = 0_u32;
    loop {
        let size = left.min(WHOLE);
        let part = usize::try_from(size).ok().and_then(|size| chunk.get_mut(..size)).ok_or_else(bad)?;
        file.read_exact(part)?;
        left -= size;
        let content = key.0.open_in_place(nonce(prefix, number), additional(left == 0), part);
        take(content.map_err(|_bent| bad())?)?;
        if left == 0 {
            return Ok(());
        }
        number = number.checked_add(1).ok_or_else(bad)?;
    }
}

/// A sealed file of which parts are read.
#[derive(Debug)]
pub struct SealedReader<'k> {
    file: File,
    key: &'k AtRestKey,
    prefix: [u8; PREFIX],
    /// Bytes of all chunks with their tags.
    sealed: u64,
}

impl<'k> SealedReader<'k> {
    /// Reads a file's beginning.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidData`] for another kind of file.
    pub(crate) fn open(mut file: File, key: &'k AtRestKey) -> io::Result<Self> {
        let (prefix, sealed) = begin(&mut file)?;
        Ok(Self { file, key, prefix, sealed })
    }

    /// Bytes of the content.
    pub const fn length(&self) -> u64 {
        self.sealed.saturating_sub(self.sealed.div_ceil(WHOLE).saturating_mul(TAG as u64))
    }

    /// At most so many bytes of the content, from an offset on; fewer at its end.
    ///
    /// # Errors
    /// The system's; [`io::ErrorKind::InvalidData`] when a byte of the chunks that were read is not as it was written.
    pub fn read(&mut self, offset: u64, most: usize) -> io::Result<Vec<u8>> {
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        let mut out = Vec::new();
        let (mut number, inside) = (offset / CHUNK as u64, offset % CHUNK as u64);
        let mut skipped = usize::try_from(inside).map_err(|_never| bad())?;
        while out.len() < most && number.saturating_mul(WHOLE) < self.sealed {
            let begin = number.saturating_mul(WHOLE);
            let size = self.sealed.saturating_sub(begin).min(WHOLE);
            let mut chunk = vec![0; usize::try_from(size).map_err(|_never| bad())?];
            self.file.read_exact_at(&mut chunk, HEADER.saturating_add(begin))?;
            let is_last = begin.saturating_add(size) == self.sealed;
            let nonce = nonce(self.prefix, u32::try_from(number).map_err(|_too_long| bad())?);
            let content = self.key.0.open_in_place(nonce, additional(is_last), &mut chunk);
            let content = content.map_err(|_bent| bad())?;
            let wanted = content.get(skipped..).unwrap_or_default();
            out.extend_from_slice(wanted.get(..most.saturating_sub(out.len())).unwrap_or(wanted));
            skipped = 0;
            number = number.saturating_add(1);
        }
        Ok(out)
    }
}

/// Reads what stands before the chunks. Gives their prefix and their length.
fn begin(file: &mut File) -> io::Result<([u8; PREFIX], u64)> {
    let length = file.metadata()?.len();
    let (mut magic, mut prefix) = ([0; MAGIC.len()], [0; PREFIX]);
    file.read_exact(&mut magic)?;
    file.read_exact(&mut prefix)?;
    let chunks = length.checked_sub(HEADER).filter(|_| magic == MAGIC && length <= LONGEST);
    Ok((prefix, chunks.ok_or(io::ErrorKind::InvalidData)?))
}

/// The content of a sealed file as memory that nobody can change any more.
///
/// It is mapped from memory and not from the disk: what lies there is sealed, and a file that somebody cuts
/// while it is mapped would end the program.
///
/// # Errors
/// As [`unseal`].
pub(crate) fn mapped(file: &mut File, key: &AtRestKey) -> io::Result<Mapped> {
    let mut memory = File::from(memfd_create("list", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    unseal(file, key, |content| memory.write_all(content))?;
    fcntl_add_seals(&memory, SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    map_unchanging(&memory).map(Mapped)
}

#[expect(unsafe_code, reason = "a mapping is sound when nothing can change what it maps")]
fn map_unchanging(memory: &File) -> io::Result<Mmap> {
    // SAFETY: the memory is sealed against writing and shrinking, so that no process can change what is mapped.
    unsafe { Mmap::map(memory) }
}

/// The bytes of a file in a shelf's own folder, which is finished: whoever wrote it does not change it any more.
///
/// # Errors
/// The system's.
#[expect(unsafe_code, reason = "a list is walked as one slice, and reading it into memory takes its size")]
pub fn map_finished(file: &File) -> io::Result<Mapped> {
    // SAFETY: the file lies in a folder of mode 0700 and was made by this program, which does not change it any more.
    unsafe { Mmap::map(file) }.map(Mapped)
}

/// Bytes that are mapped into memory.
#[derive(Debug)]
pub struct Mapped(Mmap);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(folder: &Path, key: &AtRestKey, content: &[u8]) -> Vec<u8> {
        let path = folder.join("sealed");
        let mut writer = SealedWriter::new(File::create(&path).unwrap(), key).unwrap();
        writer.write_all(b"forgotten").unwrap();
        writer.restart().unwrap();
        writer.write_all(content).unwrap();
        writer.finish().unwrap();
        std::fs::read(path).unwrap()
    }

    fn read(folder: &Path, key: &AtRestKey, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let path = folder.join("read");
        std::fs::write(&path, bytes).unwrap();
        mapped(&mut File::open(&path).unwrap(), key).map(|mapped| mapped.as_ref().to_vec())
    }

    #[test]
    fn parts_are_read_at_any_offset() {
        let folder = tempfile::tempdir().unwrap();
        let key = AtRestKey::open_or_make(folder.path(), "key").unwrap();
        for length in [0, 1, CHUNK, CHUNK + 1, 3 * CHUNK - 7] {
            let content: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
            written(folder.path(), &key, &content);
            let sealed = File::open(folder.path().join("sealed")).unwrap();
            let mut reader = SealedReader::open(sealed, &key).unwrap();
            assert_eq!(reader.length(), length as u64);
            for offset in [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 5, length, length + CHUNK] {
                for most in [0, 1, CHUNK + 2] {
                    let part = content.get(offset..).unwrap_or_default();
                    let expected = &part[..part.len().min(most)];
                    assert_eq!(
                        reader.read(offset as u64, most).unwrap(),
                        expected,
                        "{length} {offset} {most}"
                    );
                }
            }
        }
        let sealed = folder.path().join("sealed");
        let mut bytes = std::fs::read(&sealed).unwrap();
        bytes[HEADER as usize + CHUNK + 100] ^= 1;
        std::fs::write(&sealed, &bytes).unwrap();
        let mut reader = SealedReader::open(File::open(&sealed).unwrap(), &key).unwrap();
        assert!(reader.read(0, CHUNK).is_ok() && reader.read(0, CHUNK + 1).is_err());
    }

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let key = AtRestKey::open_or_make(folder.path(), "key").unwrap();
        for length in [1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK] {
            let content: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
            let sealed = written(folder.path(), &key, &content);
            assert_eq!(read(folder.path(), &key, &sealed).unwrap(), content);
        }
        let sealed = written(folder.path(), &key, b"serial numbers");
        assert!(!sealed.windows(6).any(|part| part == b"serial"), "readable on the disk");
        for length in 0..sealed.len() {
            assert!(read(folder.path(), &key, &sealed[..length]).is_err(), "cut at {length}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut bent = sealed.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(read(folder.path(), &key, &bent).is_err(), "bit {bit}");
        }
        let again = AtRestKey::open_or_make(folder.path(), "key").unwrap();
        assert_eq!(read(folder.path(), &again, &sealed).unwrap(), b"serial numbers");
        let other = AtRestKey::open_or_make(folder.path(), "other").unwrap();
        assert!(read(folder.path(), &other, &sealed).is_err(), "another box's key");
    }

    #[test]
    fn a_file_that_ends_after_a_whole_chunk_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let key = AtRestKey::open_or_make(folder.path(), "key").unwrap();
        let sealed = written(folder.path(), &key, &[7; 2 * CHUNK]);
        let cut = &sealed[..16 + CHUNK + TAG];
        assert!(read(folder.path(), &key, cut).is_err());
    }
}
