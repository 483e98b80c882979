//! What boxes handed over of closed incidents: one sealed file for each piece in `ledger/INCIDENT/`, named by its box and its
//! digest. Nothing of it enters a document again; [`open_ledger`] reads it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use hinamori_model::{BoxId, IncidentId, PersonId, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_profile::WrappedKey;
use hinamori_record::decode_change;
use hinamori_sync::{
    Grants, HandOver, HandOverContent, LONGEST_HAND_OVER, SealedBatch, VerifiedBatch, verify_seal,
};

use crate::close::CloseError;
use crate::data::{DataFolder, Keys};
use crate::ledger_line::{Opener, lines_of};
use crate::{hex, roster};

/// Bytes that one box may hand over of one incident: what a shelter writes in a year, many times over.
const MOST_OF_A_BOX: u64 = 256 << 20;
/// What a piece takes on the disk at least: many small ones fill it as well.
const LEAST_OF_A_PIECE: u64 = 256 << 10;
/// A key, and the tag of what is sealed: no piece is shorter.
const SHORTEST_PIECE: usize = 48;

fn folder_of(data: &Path, incident: IncidentId) -> PathBuf {
    data.join("ledger").join(incident.to_string())
}

/// Keeps a piece, durably; one that is there already is kept once.
///
/// # Errors
/// The system's; [`io::ErrorKind::QuotaExceeded`] for a box that hands over more than any does.
pub(crate) fn keep(data: &DataFolder, from: BoxId, piece: &HandOver) -> io::Result<()> {
    if piece.sealed.len() < SHORTEST_PIECE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let folder = folder_of(data.path(), piece.incident);
    private_file::private_folder(&folder)?;
    let name = format!("{from}-{}", hex::text(&piece.digest()));
    let of_box = from.to_string();
    let mut held = 0_u64;
    for file in fs::read_dir(&folder)? {
        let file = file?;
        if file.file_name() == name.as_str() {
            return Ok(());
        }
        if file.file_name().to_string_lossy().starts_with(&of_box) {
            held = held.saturating_add(file.metadata()?.len().max(LEAST_OF_A_PIECE));
        }
    }
    if held >= MOST_OF_A_BOX {
        return Err(io::ErrorKind::QuotaExceeded.into());
    }
    private_file::replace(&folder, &name, &piece.sealed)
}

/// Writes everything that boxes handed over of a closed incident as lines of JSON, like those of its ledger. Gives what could
/// not be read; batches whose seal does not hold are among it.
///
/// # Errors
/// [`CloseError`].
pub fn open_ledger(
    data: &DataFolder,
    keys: &Keys,
    incident: IncidentId,
    out: &mut impl Write,
) -> Result<Vec<String>, CloseError> {
    let (_, package) = data.town(keys)?;
    if !package.closed.iter().any(|closed| closed.incident == incident) {
        return Err(CloseError::NotClosed { incident });
    }
    let grants = Grants::from(&package);
    let people = roster::people_of(data.path(), &package)?;
    let mut opener = Opener::new(incident, None, &people, &package);
    let folder = folder_of(data.path(), incident);
    let failed = |source| CloseError::Ledger { file: folder.clone(), source };
    let mut problems = Vec::new();
    for name in names_in(&folder).map_err(failed)? {
        let longest = u64::try_from(LONGEST_HAND_OVER).unwrap_or(u64::MAX);
        let sealed = private_file::read(&folder, &name, longest).map_err(failed)?.unwrap_or_default();
        let opened = keys.ledger.open(incident, &sealed).ok();
        let opened = opened.and_then(|content| HandOverContent::from_bytes(&content, &grants));
        let Some((HandOverContent { key, people, batches }, unreadable)) = opened else {
            problems.push(format!("{name}: it does not open"));
            continue;
        };
        problems.extend(unreadable.into_iter().map(|problem| format!("{name}: {problem}")));
        opener.set_key(*key);
        let mut keys = BTreeMap::<PersonId, Vec<WrappedKey>>::new();
        for (person, wrapped) in people {
            keys.entry(person).or_default().extend(WrappedKey::from_bytes(&wrapped));
        }
        let came = came_at(&folder.join(&name)).map_err(failed)?;
        for batch in batches {
            let Some(batch) = verified(batch, incident, &grants) else {
                problems.push(format!("{name}: the seal of a batch does not hold"));
                continue;
            };
            for decoded in batch.changes().iter().filter_map(|change| decode_change(&change.bytes).ok()) {
                let of = |person| keys.get(&person).cloned().unwrap_or_default();
                for line in lines_of(&opener, batch.seal().scope, came, &decoded, of) {
                    writeln!(out, "{line}").map_err(failed)?;
                }
            }
        }
    }
    Ok(problems)
}

fn verified(batch: SealedBatch, incident: IncidentId, grants: &Grants) -> Option<VerifiedBatch> {
    verify_seal(batch, grants).ok().filter(|batch| batch.seal().scope.incident == incident)
}

/// The pieces, in an order that does not change; none where nothing was handed over.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let files = match fs::read_dir(folder) {
        Ok(files) => files,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(problem) => return Err(problem),
    };
    let names = files.map(|file| Ok(file?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<io::Result<_>>()?;
    names.sort_unstable();
    Ok(names)
}

/// When a piece was kept.
fn came_at(file: &Path) -> io::Result<UnixMillis> {
    let kept = fs::metadata(file)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(UnixMillis::new(u64::try_from(kept.as_millis()).unwrap_or(u64::MAX)))
}
