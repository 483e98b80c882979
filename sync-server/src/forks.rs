//! Boxes of which two histories are known: the town's package says so, and somebody at the town hall rules.

use std::fmt::Write as _;

use hinamori_model::{BoxId, UnixMillis};
use hinamori_record::ActorId;
use hinamori_store_sqlite::FoundFork;

use crate::archive::Stores;
use crate::data::{DataError, DataFolder, Keys, Locked};
use crate::enrol::{DenyError, name_boxes};
use crate::hex;
use crate::registry::Registry;
use crate::staff::{day_of, site_name};

/// Has the next package name writers of whom two histories were found here.
pub(crate) fn publish(
    folder: &DataFolder,
    keys: &Keys,
    found: &[ActorId],
    now: UnixMillis,
) -> Result<(), DataError> {
    let locked = folder.lock()?;
    let mut registry = folder.registry()?;
    let new = found.iter().filter(|writer| registry.note_fork(**writer)).count();
    if new > 0 { save(&locked, folder, keys, &registry, now) } else { Ok(()) }
}

/// The package first: after a power cut between the two the register is behind, and the fork is found again.
fn save(
    locked: &Locked<'_>,
    folder: &DataFolder,
    keys: &Keys,
    registry: &Registry,
    now: UnixMillis,
) -> Result<(), DataError> {
    let (_, mut package) = folder.town(keys)?;
    name_boxes(&mut package, keys, registry, now);
    locked.save_package(keys, &package)?;
    locked.save_registry(registry)
}

/// The proofs, one a line: box, site, whether it is ruled, the writer, and where which two changes stand. One of the two histories is in
/// the records, the other one in the quarantine.
///
/// # Errors
/// [`DenyError`].
pub fn fork_list(folder: &DataFolder, keys: &Keys) -> Result<String, DenyError> {
    let (found, mut registry) = (found(folder, keys)?, folder.registry()?);
    let (_, package) = folder.town(keys)?;
    let mut text = String::new();
    note(&mut registry, &found);
    for fork in &registry.forks {
        let writer = fork.writer();
        let known = registry.boxes.iter().find(|(id, _)| writer.belongs_to(**id));
        let (id, site) = known.map_or_else(
            || (writer.first_box(), "not in the register any more".to_owned()),
            |(id, known)| (*id, site_name(&package, known.place.site)),
        );
        let standing = if fork.is_settled { "settled" } else { "open" };
        let proof = found.iter().find(|found| found.writer == writer).map_or_else(String::new, |found| {
            let (held, received) = (hex::text(&found.held.0), hex::text(&found.received.0));
            let (sequence, of, day) = (found.sequence, found.scope.period.day(), day_of(found.at));
            format!("  {day}: change {sequence} of day {of} is {held} and {received}")
        });
        let writer = hex::text(writer.as_bytes());
        // Writing to a string does not fail.
        writeln!(text, "{id}  {site}  {standing}  writer {writer}{proof}").ok();
    }
    Ok(text)
}

fn found(folder: &DataFolder, keys: &Keys) -> Result<Vec<FoundFork>, DenyError> {
    Ok(Stores::open(folder, &keys.key_table)?.found_forks()?)
}

/// What the server has not taken up yet, or found while it did not run.
fn note(registry: &mut Registry, found: &[FoundFork]) {
    for fork in found {
        let _new = registry.note_fork(fork.writer);
    }
}

/// Somebody at the town hall looked: what is held of the box counts fully from now on, here and, by the next package, everywhere. A fork
/// that is found later is another one. How many of its forks were open.
///
/// # Errors
/// [`DenyError`].
pub fn settle_forks(
    folder: &DataFolder,
    keys: &Keys,
    of: BoxId,
    now: UnixMillis,
) -> Result<usize, DenyError> {
    let found = found(folder, keys)?;
    let locked = folder.lock()?;
    let mut registry = folder.registry()?;
    if !registry.boxes.contains_key(&of) {
        return Err(DataError::UnknownBox { id: of }.into());
    }
    note(&mut registry, &found);
    let open = registry.forks.iter_mut().filter(|fork| fork.writer().belongs_to(of) && !fork.is_settled);
    let settled = open.map(|fork| fork.is_settled = true).count();
    if settled > 0 {
        save(&locked, folder, keys, &registry, now)?;
    }
    Ok(settled)
}
