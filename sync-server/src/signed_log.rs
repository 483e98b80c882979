//! Logs that can only grow: lines of JSON, each signed and each naming the one before it.
//!
//! ```text
//! {"signature":"128 hexadecimal digits","signed":{"log":"commands","number":2,"at":…,"previous":"64 digits","entry":{…}}}
//! ```
//!
//! Signed is [`DOMAIN`] and the exact bytes of the object behind `signed`, by the server's Ed25519 key (RFC 8032). `previous`
//! is the SHA-256 of the line before without its end; noughts for the first one. So no line can be changed, taken out, put
//! in or moved to another log by somebody without the key. Lines that are cut off at the end leave no trace in the file:
//! whoever must see that writes down the number and the digest of the last line ([`Head`]) somewhere else.
//!
//! Several processes may write: each holds the file's lock while it does. A line that a power cut left half was never
//! answered for, and the next writer takes it away.
//!
//! **Invariant:** [`SignedLog::append`] returns after the line is on the disk.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hinamori_model::UnixMillis;
use hinamori_private_file as private_file;
use ring::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::hex;
use crate::server_key::{SIGNATURE, ServerKey};

/// Ahead of the signed bytes, so that a line's signature can never pass for another kind of message.
const DOMAIN: &[u8] = b"hinamori signed-log/v1";
/// In the data folder.
const FOLDER: &str = "logs";
/// Bytes of one line: an entry is a few fields and never a list of people.
const LONGEST_LINE: usize = 64 << 10;
/// What stands around the signature and the signed object of a line.
const BEFORE: &[u8] = b"{\"signature\":\"";
const BETWEEN: &[u8] = b"\",\"signed\":";
const AFTER: &[u8] = b"}";
/// Hexadecimal digits of a signature.
const SIGNATURE_DIGITS: usize = SIGNATURE * 2;

/// Why a log cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The disk.
    #[error("{file} cannot be read or written")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Somebody changed the file, or the disk did.
    #[error(
        "line {number} of {file} is not as it was written: somebody changed the log, or the disk is damaged"
    )]
    Broken {
        /// Which file.
        file: PathBuf,
        /// The first line that does not fit, from 1; 0 for the last one, whatever its number.
        number: u64,
    },
    /// This program: an entry has too much in it.
    #[error("an entry is longer than {LONGEST_LINE} bytes")]
    TooLong,
}

/// The end of a log: how many lines it has, and the SHA-256 of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) lines: u64,
    pub(crate) digest: [u8; 32],
}

impl Head {
    const EMPTY: Self = Self { lines: 0, digest: [0; 32] };
}

impl std::fmt::Display for Head {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} lines, the last one {}", self.lines, hex::text(&self.digest))
    }
}

/// One line, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line<E> {
    log: String,
    /// From 1.
    pub(crate) number: u64,
    /// When it was written, by this machine's clock.
    pub(crate) at: UnixMillis,
    #[serde(serialize_with = "hex::serialize", deserialize_with = "hex::deserialize")]
    previous: [u8; 32],
    /// What it says.
    pub(crate) entry: E,
}

/// One log of the data folder.
pub(crate) struct SignedLog<'k> {
    folder: PathBuf,
    name: &'static str,
    key: &'k ServerKey,
}

impl<'k> SignedLog<'k> {
    /// The log with this name in `data`, the data folder. Nothing is read or made yet.
    pub(crate) fn new(data: &Path, name: &'static str, key: &'k ServerKey) -> Self {
        Self { folder: data.join(FOLDER), name, key }
    }

    fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    fn failed(&self, source: io::Error) -> LogError {
        LogError::File { file: self.file(), source }
    }

    fn broken(&self, number: u64) -> LogError {
        LogError::Broken { file: self.file(), number }
    }

    /// Writes one line; it is on the disk when this returns. What may not happen without a trace comes after it.
    ///
    /// # Errors
    /// [`LogError`]; [`LogError::Broken`] when the last line does not fit, so that nobody goes on behind it.
    pub(crate) fn append<E: Serialize>(&self, at: UnixMillis, entry: E) -> Result<Head, LogError> {
        let failed = |source| self.failed(source);
        let is_new = !self.file().exists();
        private_file::private_folder(&self.folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).append(true).create(true).mode(0o600).open(self.file()).map_err(failed)?;
        file.lock().map_err(failed)?;
        let head = self.end_of(&mut file)?;
        let number = head.lines.saturating_add(1);
        let line = Line { log: self.name.to_owned(), number, at, previous: head.digest, entry };
        let signed = serde_json::to_vec(&line).map_err(|source| failed(source.into()))?;
        let signature = self.key.sign(DOMAIN, &signed);
        let mut bytes = [BEFORE, hex::text(&signature).as_bytes(), BETWEEN, &signed, AFTER].concat();
        if bytes.len() >= LONGEST_LINE {
            return Err(LogError::TooLong);
        }
        let head = Head { lines: number, digest: sha256(&bytes) };
        bytes.push(b'\n');
        file.write_all(&bytes).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        if is_new {
            File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        }
        Ok(head)
    }

    /// The end of the file, after what a power cut left of a line is gone.
    fn end_of(&self, file: &mut File) -> Result<Head, LogError> {
        let failed = |source| self.failed(source);
        let length = file.metadata().map_err(failed)?.len();
        // Two lines: the last whole one, and a rest.
        let window = u64::try_from(LONGEST_LINE.saturating_mul(2)).unwrap_or(u64::MAX);
        let from = length.saturating_sub(window);
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        let mut tail = Vec::new();
        Read::by_ref(file).take(window).read_to_end(&mut tail).map_err(failed)?;
        let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else {
            // Nothing, or the rest of a first line.
            return if from == 0 {
                self.cut(file, 0, length).map(|()| Head::EMPTY)
            } else {
                Err(self.broken(0))
            };
        };
        let whole = tail.get(..end).unwrap_or_default();
        let last = whole.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let line: Line<serde_json::Value> = self.open_line(last).ok_or_else(|| self.broken(0))?;
        let kept = from.saturating_add(u64::try_from(end).unwrap_or(u64::MAX)).saturating_add(1);
        self.cut(file, kept, length)?;
        Ok(Head { lines: line.number, digest: sha256(last) })
    }

    fn cut(&self, file: &File, kept: u64, length: u64) -> Result<(), LogError> {
        if kept < length {
            tracing::warn!(log = self.name, "a line that was not finished is taken away");
            file.set_len(kept).map_err(|source| self.failed(source))?;
        }
        Ok(())
    }

    /// A line whose signature holds and which is of this log.
    fn open_line<E: DeserializeOwned>(&self, bytes: &[u8]) -> Option<Line<E>> {
        let rest = bytes.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
        let (signature, rest) = rest.split_at_checked(SIGNATURE_DIGITS)?;
        let signed = rest.strip_prefix(BETWEEN)?;
        let signature = hex::bytes(std::str::from_utf8(signature).ok()?)?;
        if !self.key.signed(DOMAIN, signed, &signature) {
            return None;
        }
        let line: Line<E> = serde_json::from_slice(signed).ok()?;
        (line.log == self.name).then_some(line)
    }

    /// Reads every line from the first one, each after it was checked. A log that nobody wrote to is empty; what a power cut
    /// left of a last line is no line.
    ///
    /// # Errors
    /// [`LogError`]; with [`LogError::Broken`] the lines before it were read.
    pub(crate) fn read<E: DeserializeOwned>(&self, mut each: impl FnMut(Line<E>)) -> Result<Head, LogError> {
        let failed = |source| self.failed(source);
        let file = match File::open(self.file()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Head::EMPTY),
            Err(error) => return Err(failed(error)),
        };
        let (mut reader, mut head) = (BufReader::new(file), Head::EMPTY);
        loop {
            let number = head.lines.saturating_add(1);
            let mut bytes = Vec::new();
            let most = u64::try_from(LONGEST_LINE).unwrap_or(u64::MAX);
            Read::by_ref(&mut reader).take(most).read_until(b'\n', &mut bytes).map_err(failed)?;
            if bytes.pop_if(|last| *last == b'\n').is_none() {
                return if bytes.len() < LONGEST_LINE { Ok(head) } else { Err(self.broken(number)) };
            }
            let line: Line<E> = self.open_line(&bytes).ok_or_else(|| self.broken(number))?;
            if line.number != number || line.previous != head.digest {
                return Err(self.broken(number));
            }
            head = Head { lines: number, digest: sha256(&bytes) };
            each(line);
        }
    }
}

/// A SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    const AT: UnixMillis = UnixMillis::new(1_773_174_060_000);

    fn key() -> ServerKey {
        ServerKey::from_bytes(&[7; 32])
    }

    fn read(log: &SignedLog<'_>) -> Result<(Vec<String>, Head), LogError> {
        let mut said = Vec::new();
        let head = log.read(|line: Line<String>| said.push(line.entry))?;
        Ok((said, head))
    }

    #[test]
    fn what_was_written_is_read_in_order_and_names_its_end() {
        let (data, key) = (tempfile::tempdir().unwrap(), key());
        let log = SignedLog::new(data.path(), "commands", &key);
        assert_eq!(read(&log).unwrap(), (Vec::new(), Head::EMPTY));
        let heads: Vec<Head> = ["一", "二", "三"].map(|said| log.append(AT, said).unwrap()).to_vec();
        let (said, head) = read(&log).unwrap();
        assert_eq!((said.join(""), head), ("一二三".to_owned(), heads[2]));
        assert_eq!(heads.iter().map(|head| head.lines).collect::<Vec<_>>(), [1, 2, 3]);
        let mode = std::fs::metadata(log.file()).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }

    #[test]
    fn no_line_can_be_bent_taken_out_moved_or_put_elsewhere() {
        let (data, key) = (tempfile::tempdir().unwrap(), key());
        let log = SignedLog::new(data.path(), "commands", &key);
        for number in 0..4 {
            log.append(AT, format!("entry {number}")).unwrap();
        }
        let whole = std::fs::read(log.file()).unwrap();
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let broken_at = |bytes: Vec<u8>| {
            std::fs::write(log.file(), bytes).unwrap();
            match read(&log) {
                Err(LogError::Broken { number, .. }) => number,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(broken_at([lines[0], lines[2], lines[3]].concat()), 2, "taken out");
        assert_eq!(broken_at([lines[1], lines[2], lines[3]].concat()), 1, "the first one taken out");
        assert_eq!(broken_at([lines[0], lines[2], lines[1], lines[3]].concat()), 2, "moved");
        assert_eq!(broken_at([lines[0], lines[1], lines[1]].concat()), 3, "twice");
        for position in (0..whole.len()).step_by(7).filter(|at| whole[*at] != b'\n') {
            let mut bent = whole.clone();
            bent[position] ^= 1;
            std::fs::write(log.file(), bent).unwrap();
            assert!(read(&log).is_err(), "{position}");
        }
        // The same line under another name is none of that log.
        std::fs::write(log.file(), &whole).unwrap();
        let other = SignedLog::new(data.path(), "inquiries", &key);
        std::fs::copy(log.file(), other.file()).unwrap();
        assert!(matches!(read(&other), Err(LogError::Broken { number: 1, .. })));
        assert!(matches!(other.append(AT, "more"), Err(LogError::Broken { .. })), "nobody goes on behind it");
        let foreign = ServerKey::from_bytes(&[8; 32]);
        assert!(read(&SignedLog::new(data.path(), "commands", &foreign)).is_err());
    }

    #[test]
    fn half_a_line_is_taken_away_and_the_log_goes_on() {
        let (data, key) = (tempfile::tempdir().unwrap(), key());
        let log = SignedLog::new(data.path(), "commands", &key);
        log.append(AT, "whole").unwrap();
        let whole = std::fs::read(log.file()).unwrap();
        for kept in [0, 1, 20, whole.len() - 1] {
            std::fs::write(log.file(), [whole.as_slice(), &whole[..kept]].concat()).unwrap();
            assert_eq!(read(&log).unwrap().0, ["whole"]);
            assert_eq!(log.append(AT, "more").unwrap().lines, 2);
            assert_eq!(read(&log).unwrap().0, ["whole", "more"]);
        }
        std::fs::write(log.file(), &whole[..9]).unwrap();
        assert_eq!(log.append(AT, "first").unwrap().lines, 1);
    }

    #[test]
    fn writers_wait_for_each_other_and_no_entry_is_too_long() {
        let (data, key) = (tempfile::tempdir().unwrap(), key());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let log = SignedLog::new(data.path(), "commands", &key);
                    (0..5).for_each(|_| assert!(log.append(AT, "line").unwrap().lines > 0));
                });
            }
        });
        let log = SignedLog::new(data.path(), "commands", &key);
        assert_eq!(read(&log).unwrap().1.lines, 20);
        assert!(matches!(log.append(AT, "長".repeat(LONGEST_LINE)), Err(LogError::TooLong)));
        assert_eq!(format!("{key:?}"), "ServerKey(hidden)");
    }
}
