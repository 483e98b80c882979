//! The sealed parts of the roster: one file each in the folder `roster`, under the hexadecimal digits of its digest. There
//! lie the parts of the newest package and of the one that the last import replaced, and no others.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::pin::Pin;

use hinamori_private_file as private_file;
use hinamori_sync::town::{Directory, Package, Person};
use hinamori_sync::{LONGEST_PART, LONGEST_PIECE, PartDigest, PartHead, RosterMessage, digest_of, open_part};
use tokio::task::spawn_blocking;

use crate::data::DataError;
use crate::hex;

const FOLDER: &str = "roster";

/// Where the parts of a data folder lie.
pub(crate) fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// Keeps parts, durably; those that are there already stay as they are.
///
/// # Errors
/// The system's.
pub(crate) fn keep(data: &Path, parts: &[(PartHead, Vec<u8>)]) -> io::Result<()> {
    let folder = folder(data);
    private_file::private_folder(&folder)?;
    let longest = u64::try_from(LONGEST_PART).unwrap_or(u64::MAX);
    for (head, sealed) in parts {
        let name = hex::text(&head.digest);
        // One that cannot be read is written anew.
        let held = private_file::read(&folder, &name, longest).ok().flatten();
        if held.is_none_or(|held| digest_of(&held) != head.digest) {
            private_file::replace(&folder, &name, sealed)?;
        }
    }
    Ok(())
}

/// Everybody in the parts that a package names.
///
/// # Errors
/// Those of [`directory_of`].
pub(crate) fn people_of(data: &Path, package: &Package) -> Result<Vec<Person>, DataError> {
    Ok(directory_of(data, package)?.people)
}

/// Everybody and every card in the parts that a package names.
///
/// # Errors
/// [`DataError::Damaged`] for a part that is lost or not what the package names: importing again brings it back.
pub(crate) fn directory_of(data: &Path, package: &Package) -> Result<Directory, DataError> {
    let mut directory = Directory::default();
    for head in &package.roster {
        let file = folder(data).join(hex::text(&head.digest));
        let sealed = fs::read(&file).map_err(|source| DataError::File { file: file.clone(), source })?;
        let part = open_part(head, &sealed).map_err(|_other_bytes| DataError::Damaged { file })?;
        directory.people.extend(part.people);
        directory.cards.extend(part.cards);
    }
    Ok(directory)
}

/// Throws away every part that none of these heads names.
///
/// # Errors
/// The system's.
pub(crate) fn tidy<'h>(data: &Path, named: impl Iterator<Item = &'h PartHead>) -> io::Result<()> {
    let named: BTreeSet<String> = named.map(|head| hex::text(&head.digest)).collect();
    for entry in fs::read_dir(folder(data))? {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(|name| named.contains(name)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A piece of a part. No more of what a box says reaches the file system than the digits of 32 bytes.
fn read_piece(data: &Path, digest: PartDigest, offset: u32) -> io::Result<RosterMessage> {
    let mut file = match File::open(folder(data).join(hex::text(&digest))) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(nothing(digest, offset)),
        Err(error) => return Err(error),
    };
    let total = u32::try_from(file.metadata()?.len()).map_err(|_too_long| io::ErrorKind::InvalidData)?;
    file.seek(SeekFrom::Start(offset.into()))?;
    let mut bytes = Vec::new();
    file.take(u64::try_from(LONGEST_PIECE).unwrap_or(0)).read_to_end(&mut bytes)?;
    Ok(RosterMessage::Piece { digest, total, offset, bytes })
}

const fn nothing(digest: PartDigest, offset: u32) -> RosterMessage {
    RosterMessage::Piece { digest, total: 0, offset, bytes: Vec::new() }
}

type Answer = Pin<Box<dyn Future<Output = RosterMessage> + Send>>;

/// What one box waits for: the last thing that it asked, one at a time.
#[derive(Default)]
pub(crate) struct BoxRoster {
    wanted: Option<(PartDigest, u32)>,
    answer: Option<Answer>,
    ready: Option<RosterMessage>,
}

impl BoxRoster {
    /// The box says this.
    pub(crate) fn heard(&mut self, message: RosterMessage) {
        match message {
            RosterMessage::Wanted { digest, offset } => self.wanted = Some((digest, offset)),
            // Only a server says it: the session lets none through.
            RosterMessage::Piece { .. } => {}
        }
    }

    /// Begins to answer, when nothing is being answered.
    pub(crate) fn begin(&mut self, data: &Path) {
        if self.answer.is_none() && self.ready.is_none() {
            let Some((digest, offset)) = self.wanted.take() else { return };
            self.answer = Some(Box::pin(answer(data.to_owned(), digest, offset)));
        }
    }

    /// Whether [`BoxRoster::answered`] will end.
    pub(crate) const fn is_answering(&self) -> bool {
        self.answer.is_some()
    }

    /// Waits for the answer.
    pub(crate) async fn answered(&mut self) {
        if let Some(answer) = &mut self.answer {
            self.ready = Some(answer.await);
            self.answer = None;
        }
    }

    /// What goes to the box when nothing more urgent does.
    pub(crate) fn next(&mut self) -> Option<RosterMessage> {
        self.ready.take()
    }
}

async fn answer(data: PathBuf, digest: PartDigest, offset: u32) -> RosterMessage {
    match spawn_blocking(move || read_piece(&data, digest, offset)).await {
        Ok(Ok(piece)) => piece,
        Ok(Err(error)) => {
            // The box asks again after a while.
            tracing::error!(%error, "a part of the roster cannot be read: import the town again");
            nothing(digest, offset)
        }
        Err(_ended) => nothing(digest, offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::{PersonId, PersonalText};

    fn head(sealed: &[u8]) -> PartHead {
        let town = Directory {
            people: vec![Person::named(PersonId::from_bytes([1; 16]), PersonalText::new("浜田 花子"))],
            cards: Vec::new(),
        };
        let secret = hinamori_sync::town::TownSecret([1; 32]);
        let (head, _) = hinamori_sync::cut(&town, &secret).unwrap().remove(0);
        PartHead { digest: digest_of(sealed), length: u32::try_from(sealed.len()).unwrap(), ..head }
    }

    fn piece(data: &Path, digest: PartDigest, offset: u32) -> (u32, Vec<u8>) {
        match read_piece(data, digest, offset).unwrap() {
            RosterMessage::Piece { total, bytes, .. } => (total, bytes),
            RosterMessage::Wanted { .. } => panic!("no piece"),
        }
    }

    #[test]
    fn parts_are_kept_mended_given_out_in_pieces_and_thrown_away() {
        let data = tempfile::tempdir().unwrap();
        let (one, other) = (vec![1; LONGEST_PIECE + 5], vec![2; 9]);
        let parts = [(head(&one), one.clone()), (head(&other), other.clone())];
        keep(data.path(), &parts).unwrap();
        let file = folder(data.path()).join(hex::text(&parts[0].0.digest));
        let before = fs::metadata(&file).unwrap().modified().unwrap();
        keep(data.path(), &parts).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), before, "written once");
        fs::write(&file, b"bent").unwrap();
        keep(data.path(), &parts).unwrap();

        let (digest, total) = (parts[0].0.digest, parts[0].0.length);
        assert_eq!(piece(data.path(), digest, 0), (total, one[..LONGEST_PIECE].to_vec()));
        assert_eq!(piece(data.path(), digest, total - 5), (total, vec![1; 5]));
        assert_eq!(piece(data.path(), digest, total), (total, Vec::new()));
        assert_eq!(piece(data.path(), digest, u32::MAX), (total, Vec::new()));
        assert_eq!(piece(data.path(), [9; 32], 0), (0, Vec::new()), "never there");
        tidy(data.path(), [&parts[1].0].into_iter()).unwrap();
        assert_eq!(piece(data.path(), digest, 0), (0, Vec::new()));
        assert_eq!(piece(data.path(), parts[1].0.digest, 0).1, other);
    }

    #[tokio::test]
    async fn a_box_is_answered_once_and_its_last_question_only() {
        let data = tempfile::tempdir().unwrap();
        let part = vec![1; 9];
        keep(data.path(), &[(head(&part), part.clone())]).unwrap();
        let mut roster = BoxRoster::default();
        roster.begin(data.path());
        assert!(!roster.is_answering(), "nothing was asked");
        roster.heard(RosterMessage::Wanted { digest: [9; 32], offset: 0 });
        roster.heard(RosterMessage::Wanted { digest: digest_of(&part), offset: 3 });
        roster.begin(data.path());
        roster.answered().await;
        let expected =
            RosterMessage::Piece { digest: digest_of(&part), total: 9, offset: 3, bytes: vec![1; 6] };
        assert_eq!((roster.next(), roster.next()), (Some(expected), None));
    }
}
