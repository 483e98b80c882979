//! `hinamorictl alert verify`: a town's alerts as files, verified by the town's root alone, on any machine and without the town.

use std::fmt;
use std::path::{Path, PathBuf};

use hinamori_alert::{
    Alerts, Envelope, EnvelopeError, KeyList, SequenceVerdict, Sequences, SignedAlert, Status, Taken,
    Transport,
};

use crate::alert_check::read;

/// Why nothing can be verified. Whoever typed it.
#[derive(Debug, thiserror::Error)]
pub enum NoHistory {
    /// The root is none.
    #[error(
        "the town's root has 64 hexadecimal digits: ask the administrator, and by no means the one who gave you the files"
    )]
    BadRoot,
    /// The list of keys.
    #[error("the list of keys {file} cannot be read")]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A list of keys is another town's, or somebody changed it.
    #[error("the list of keys {0} is not signed by this root")]
    NotSigned(PathBuf),
    /// The folder is another one.
    #[error("there is no list of keys (*.keys) in {0}")]
    NoList(PathBuf),
}

/// What the officers' signatures say of files.
#[derive(Debug)]
pub struct AlertHistory {
    /// In the order in which they were named.
    files: Vec<(PathBuf, Verdict)>,
}

#[derive(Debug)]
enum Verdict {
    Verified {
        signed: Box<SignedAlert>,
        officers: Vec<u32>,
        /// Whether officers signed it in advance, and a trigger released it.
        is_released: bool,
        /// The version of the list of keys by which it holds.
        list: u32,
        taken: Taken,
        sequence: SequenceVerdict,
    },
    /// No file of a station, or cut short.
    NoEnvelope,
    NotBelieved(EnvelopeError),
    /// Officers of this list signed it, when a later one had taken its place long before.
    Replaced {
        /// Its version.
        list: u32,
        /// The later one's.
        by: u32,
    },
    Unreadable(std::io::Error),
}

impl AlertHistory {
    /// Verifies files as stations get them (docs/broadcast.md §1), and goes through them in their order. What the server exports is named in the
    /// order in which it was sent, which is not that of the times in it: a draft may be signed after one that was made later.
    ///
    /// `keys` is a list of keys, or a folder of lists: each file is held to the latest list by which it holds, for officers come and go, but to none
    /// that a later one of them had replaced two minutes before the file's alert was sent.
    ///
    /// # Errors
    /// [`NoHistory`].
    pub fn of(root: &str, keys: &Path, files: &[PathBuf]) -> Result<Self, NoHistory> {
        let root = bytes_of(root).ok_or(NoHistory::BadRoot)?;
        let lists = lists_of(keys, &root)?;
        let (mut alerts, mut sequences) = (Alerts::default(), Sequences::default());
        let judged = files.iter().map(|file| {
            let verdict = match open(file, &lists) {
                Ok(Opened { signed, officers, is_released, list }) => {
                    // As whoever was on the line took it.
                    let taken = alerts.take(signed.clone(), signed.alert().alert().sent.at(), None);
                    let sequence = sequences.note(&signed);
                    let signed = Box::new(signed);
                    Verdict::Verified { signed, officers, is_released, list, taken, sequence }
                }
                Err(verdict) => verdict,
            };
            (file.clone(), verdict)
        });
        Ok(Self { files: judged.collect() })
    }

    /// Whether every file was signed as it had to be, and receivers took it.
    pub fn is_fine(&self) -> bool {
        self.files.iter().all(|(_, verdict)| match verdict {
            Verdict::Verified { taken, sequence, .. } => {
                !matches!(taken, Taken::OtherContent | Taken::NeedsAnotherOfficer | Taken::Full)
                    && !matches!(sequence, SequenceVerdict::Forked | SequenceVerdict::Old)
            }
            Verdict::NoEnvelope
            | Verdict::NotBelieved(_)
            | Verdict::Replaced { .. }
            | Verdict::Unreadable(_) => false,
        })
    }
}

/// A line for each file.
impl fmt::Display for AlertHistory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.iter().enumerate().try_for_each(|(number, (file, verdict))| {
            let line = if number == 0 { "" } else { "\n" };
            write!(out, "{line}{}: {verdict}", file.display())
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (signed, officers, (is_released, list), taken, sequence) = match self {
            Self::Verified { signed, officers, is_released, list, taken, sequence } => {
                (signed, officers, (is_released, list), taken, sequence)
            }
            Self::NoEnvelope => return out.write_str("NOT VERIFIED: it carries no officers' signatures"),
            Self::NotBelieved(error) => return write!(out, "NOT VERIFIED: {error}"),
            Self::Replaced { list, by } => {
                return write!(
                    out,
                    "NOT VERIFIED: list {by} had taken the place of its officers' list {list} before it was sent"
                );
            }
            Self::Unreadable(error) => return write!(out, "NOT VERIFIED: cannot be read: {error}"),
        };
        let alert = signed.alert().alert();
        let by: Vec<String> = officers.iter().map(ToString::to_string).collect();
        let kind = if alert.status == Status::Exercise { "exercise" } else { "actual" };
        let place = signed.sequence();
        write!(
            out,
            "{} {kind} {} {}-{} by officers {}{} (list {list}): ",
            alert.sent,
            signed.alert().evacuation().message.text(),
            place.epoch,
            place.number,
            by.join(", "),
            if *is_released { " in advance, released by the town's trigger" } else { "" }
        )?;
        out.write_str(match (taken, sequence) {
            (_, SequenceVerdict::Forked) => "REFUSED, another message has its number",
            (_, SequenceVerdict::Old) => "REFUSED, its number is out of all order",
            (Taken::OtherContent, _) => "REFUSED, another message has its name",
            (Taken::NeedsAnotherOfficer, _) => "REFUSED, it took another officer",
            (Taken::Full, _) => "REFUSED, there are too many",
            (Taken::InForce, _) => "it counted",
            (Taken::Cancels { .. } | Taken::CancelsUnknown, _) => "it took its thread back",
            (Taken::Duplicate, _) => "the same as before",
            (Taken::Superseded | Taken::Cancelled, _) => "a later one counted already",
            (Taken::FromTheFuture | Taken::Expired, _) => "it was over",
        })
    }
}

/// The lists of a file or a folder, the latest first.
fn lists_of(keys: &Path, root: &[u8; 32]) -> Result<Vec<KeyList>, NoHistory> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| NoHistory::Unreadable { file, source }
    };
    let files: Vec<PathBuf> = if keys.is_dir() {
        let entries = std::fs::read_dir(keys).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let is_list = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "keys");
        entries.map_err(failed(keys))?.iter().map(std::fs::DirEntry::path).filter(is_list).collect()
    } else {
        vec![keys.to_owned()]
    };
    let list = |file: &PathBuf| {
        let bytes = read(file).map_err(failed(file))?;
        KeyList::decode(&bytes, root).map_err(|_not_its_own| NoHistory::NotSigned(file.clone()))
    };
    let mut lists = files.iter().map(list).collect::<Result<Vec<_>, _>>()?;
    lists.sort_by_key(|list| std::cmp::Reverse((list.version, list.made)));
    if lists.is_empty() { Err(NoHistory::NoList(keys.to_owned())) } else { Ok(lists) }
}

/// What holds of a file.
struct Opened {
    signed: SignedAlert,
    officers: Vec<u32>,
    is_released: bool,
    list: u32,
}

fn open(file: &Path, lists: &[KeyList]) -> Result<Opened, Verdict> {
    let bytes = read(file).map_err(Verdict::Unreadable)?;
    let (alert, envelope): (Vec<u8>, Envelope) = Transport::open(&bytes).ok_or(Verdict::NoEnvelope)?;
    let mut refused = None;
    for list in lists {
        let later = lists.iter().find(|later| list.was_replaced_by(later, envelope.sent));
        match (envelope.verify(&alert, list), later) {
            (Ok(_), Some(later)) => {
                refused = Some(Verdict::Replaced { list: list.version, by: later.version })
            }
            (Ok(signed), None) => {
                let mut officers = envelope.officers(list).unwrap_or_default();
                let prepared = envelope.release.as_deref().map(|released| &released.prepared);
                officers.extend(prepared.and_then(|known| known.officers(list).ok()).unwrap_or_default());
                let officers = officers.into_iter().map(|officer| officer.0).collect();
                return Ok(Opened { signed, officers, is_released: prepared.is_some(), list: list.version });
            }
            // What the latest list says of it.
            (Err(error), _) => refused = refused.or(Some(Verdict::NotBelieved(error))),
        }
    }
    Err(refused.unwrap_or(Verdict::NoEnvelope))
}

fn bytes_of(text: &str) -> Option<[u8; 32]> {
    let digits = text.trim().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits
        .iter()
        .all(u8::is_ascii_hexdigit)
        .then_some(())
        .and_then(|()| digits.chunks(2).map(pair).collect());
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use hinamori_alert::{
        BeatKey, Device, Instructions, KeyClass, OfficerId, OfficerKey, Report, Sequence, write,
    };
    use hinamori_model::UnixMillis;
    use hinamori_sync::town::RootKey;

    use super::*;

    const ORDER: &[u8] = include_bytes!("../../crates/alert/tests/fixtures/tsunami.xml");

    /// The list of this version, by which these officers sign.
    fn list(root: &RootKey, version: u32, officers: &[u8]) -> Vec<u8> {
        list_made(root, (version, UnixMillis::new(7)), officers)
    }

    fn list_made(root: &RootKey, (version, made): (u32, UnixMillis), officers: &[u8]) -> Vec<u8> {
        let device = |number: &u8| Device {
            class: KeyClass::Live,
            officer: OfficerId(u32::from(*number)),
            until: UnixMillis::new(u64::MAX),
            key: OfficerKey::from_bytes(&[*number; 32]).public(),
        };
        let fixed = (BeatKey::from_bytes(&[9; 32]).public(), [7; 32]);
        let devices = officers.iter().map(device);
        let list = KeyList::new(version, made, fixed, "bousai@town.shiomi.example", devices);
        list.unwrap().encode(|domain, body| root.sign_alert_keys(domain, body))
    }

    #[test]
    fn what_was_signed_by_whoever_is_gone_holds_by_the_list_of_its_day_and_by_no_other_town_s() {
        let folder = tempfile::tempdir().unwrap();
        let [root, other] = [1, 2].map(|seed| RootKey::from_bytes(&[seed; 32]));
        let hex: String = root.public().iter().map(|byte| format!("{byte:02x}")).collect();
        let keys = folder.path().join("keys");
        std::fs::create_dir(&keys).unwrap();
        let alert = write(Report::of(ORDER).unwrap().alert().unwrap());
        let sequence = Sequence { epoch: 1, number: 1 };
        let mut envelope = Envelope::around(&alert, sequence, &Instructions::of(&[]).unwrap()).unwrap();
        let digest = envelope.digest();
        envelope.signatures = [1, 2].map(|number| OfficerKey::from_bytes(&[number; 32]).sign(&digest)).into();
        let file = folder.path().join("alert.xml");
        std::fs::write(&file, Transport::of(&alert, &envelope).unwrap().signed(&[0; 64])).unwrap();
        let history = || AlertHistory::of(&hex, &keys, std::slice::from_ref(&file));
        assert!(matches!(history(), Err(NoHistory::NoList(_))));
        let sent = envelope.sent;
        let just_before = UnixMillis::new(sent.get() - 119_000);
        std::fs::write(keys.join("2.keys"), list_made(&root, (2, just_before), &[3, 4])).unwrap();
        assert!(!history().unwrap().is_fine(), "by officers who came later");
        std::fs::write(keys.join("1.keys"), list(&root, 1, &[1, 2])).unwrap();
        assert!(history().unwrap().is_fine());
        assert!(history().unwrap().to_string().contains("by officers 1, 2 (list 1)"));
        // Whoever has the keys of officers who had left long before.
        let long_before = UnixMillis::new(sent.get() - 120_000);
        std::fs::write(keys.join("3.keys"), list_made(&root, (3, long_before), &[3, 4])).unwrap();
        assert!(!history().unwrap().is_fine());
        assert!(
            history().unwrap().to_string().contains("list 3 had taken the place"),
            "{}",
            history().unwrap()
        );
        // What officers of then signed who are still there holds by the later list.
        std::fs::write(keys.join("4.keys"), list_made(&root, (4, long_before), &[1, 2])).unwrap();
        assert!(history().unwrap().to_string().contains("(list 4)"));
        std::fs::write(keys.join("0.keys"), list(&other, 3, &[1, 2])).unwrap();
        assert!(matches!(history(), Err(NoHistory::NotSigned(_))));
    }
}
