//! What must be true of a town.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{IncidentId, PersonId, SiteId};
use hinamori_record::{ChangeHash, Fact, IncidentRulings, Presence, Record, decode_change, presence_of};
use hinamori_store_sqlite::Store;
use hinamori_sync::{CutOffs, Vectors};

use crate::machine::Machine;
use crate::world::{INCIDENTS, World, headquarters_site};

/// Something does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The number of the town: the same one does it again.
    pub seed: u64,
    /// The step after which it was seen.
    pub step: usize,
    /// What does not hold.
    pub what: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, step, what } = self;
        write!(out, "seed {seed}, step {step}: {what}")
    }
}

impl std::error::Error for Broken {}

type Held = Result<(), String>;

/// What holds after every step.
pub(crate) fn after_step(world: &mut World) -> Held {
    acknowledged_is_held(world)?;
    let World { boxes, server, .. } = world;
    for machine in boxes.iter_mut().chain([server]) {
        vectors_grow(machine)?;
    }
    Ok(())
}

/// Whoever said "recorded" has it, or somebody has who got it from them.
fn acknowledged_is_held(world: &World) -> Held {
    for done in &world.acknowledged {
        let has = |machine: &Machine| machine.store().held(done.scope, done.actor) >= done.sequence;
        let writer = world.boxes.get(done.at);
        if !writer.is_some_and(has) && !has(&world.server) && !world.boxes.iter().any(has) {
            return Err(format!(
                "change {} of {:?} was acknowledged and is nowhere",
                done.sequence, done.actor
            ));
        }
    }
    Ok(())
}

fn vectors_grow(machine: &mut Machine) -> Held {
    let now = machine.store().vectors();
    for (scope, actors) in &machine.seen {
        for (actor, held) in actors {
            if now.get(scope).and_then(|actors| actors.get(actor)) < Some(held) {
                return Err(format!("the vector of {actor:?} went back from {held}"));
            }
        }
    }
    machine.seen = now.clone();
    Ok(())
}

/// What holds when every link works and everything was said.
pub(crate) fn at_the_end(world: &mut World) -> Held {
    acknowledged_is_held(world)?;
    acknowledged_is_at_the_server(world)?;
    converged(world, world.boxes.len())?;
    foreign_is_sealed(world)?;
    for machine in world.boxes.iter_mut().chain([&mut world.server]) {
        counts_once(machine.store(), &machine.believes(&world.cut_offs))?;
        rebuild_agrees(machine)?;
    }
    Ok(())
}

fn acknowledged_is_at_the_server(world: &World) -> Held {
    let held = hashes(world.server.store())?;
    match world
        .acknowledged
        .iter()
        .find(|done| !world.forked.contains(&done.actor) && !held.contains(&done.hash))
    {
        Some(done) => Err(format!(
            "change {} of {:?} was acknowledged, and the server lacks it",
            done.sequence, done.actor
        )),
        None => Ok(()),
    }
}

/// Every change of a store, by its hash.
fn hashes(store: &Store) -> Result<BTreeSet<ChangeHash>, String> {
    let mut found = BTreeSet::new();
    for scope in store.vectors().keys() {
        for bytes in store.document_changes(*scope).map_err(|error| error.to_string())? {
            found.insert(decode_change(&bytes).map_err(|error| error.to_string())?.change.hash);
        }
    }
    Ok(found)
}

/// The first boxes, which are connected, and the server hold the same of what each may read.
pub(crate) fn converged(world: &World, connected: usize) -> Held {
    let without_forks = |vectors: &Vectors, may_read: &dyn Fn(SiteId) -> bool| -> Vectors {
        let mut left = Vectors::new();
        for (scope, actors) in vectors.iter().filter(|(scope, _)| may_read(scope.site)) {
            for (actor, held) in actors.iter().filter(|(actor, _)| !world.forked.contains(*actor)) {
                left.entry(*scope).or_default().insert(*actor, *held);
            }
        }
        left
    };
    for (at, machine) in world.boxes.iter().enumerate().take(connected) {
        let may_read = |site| world.may_read(at, site);
        let (here, there) = (machine.store().vectors(), world.server.store().vectors());
        let (here, there) = (without_forks(here, &may_read), without_forks(there, &may_read));
        if here != there {
            return Err(format!("box {at} holds {here:?}, the server {there:?}"));
        }
        let waiting = machine.store().unconfirmed(|_| true).map_err(|error| error.to_string())?;
        let has_fork = machine.actor().is_some_and(|actor| world.forked.contains(&actor));
        if waiting > 0 && !has_fork && world.forked.is_empty() {
            return Err(format!("{waiting} changes of box {at} wait for ever"));
        }
    }
    Ok(())
}

/// Whatever is at somebody who did not write it can be passed on with a seal, to its last change.
fn foreign_is_sealed(world: &World) -> Held {
    let sealed = |machine: &Machine| -> Result<Vectors, String> {
        let mut sealed = Vectors::new();
        loop {
            let batches = machine.missing_at(&sealed, |_| true).map_err(|error| error.to_string())?;
            if batches.is_empty() {
                return Ok(sealed);
            }
            for batch in batches {
                sealed.entry(batch.seal.scope).or_default().insert(batch.seal.actor, batch.seal.upto);
            }
        }
    };
    for machine in world.boxes.iter().chain([&world.server]) {
        if sealed(machine)? != *machine.store().vectors() {
            return Err("a change without a seal is visible".to_owned());
        }
    }
    Ok(())
}

/// All records of a store that count, each with its document's incident, read one by one out of their changes.
fn records(store: &Store, cut_offs: &CutOffs) -> Result<Vec<(IncidentId, SiteId, Record)>, String> {
    let mut records = Vec::new();
    for scope in store.vectors().keys() {
        for bytes in store.document_changes(*scope).map_err(|error| error.to_string())? {
            let decoded = decode_change(&bytes).map_err(|error| error.to_string())?;
            if !cut_offs.believe(*scope, decoded.change.actor, decoded.change.sequence) {
                continue;
            }
            let of = |record| (scope.incident, scope.site, record);
            records.extend(decoded.records.into_iter().map(of));
        }
    }
    Ok(records)
}

fn presences(store: &Store) -> Result<BTreeMap<(IncidentId, PersonId), Presence>, String> {
    let mut found = BTreeMap::new();
    for incident in INCIDENTS {
        let show = |person, presence: &Presence| {
            found.insert((incident, person), *presence);
        };
        store.for_each_presence(incident, show).map_err(|error| error.to_string())?;
    }
    Ok(found)
}

/// Each person is where their own records say, once in each incident in which headquarters has them count.
fn counts_once(store: &Store, cut_offs: &CutOffs) -> Held {
    let records = records(store, cut_offs)?;
    let of_desk = records.iter().filter(|(_, site, _)| *site == headquarters_site());
    let said = of_desk.map(|(incident, _, record)| (*incident, record));
    let rulings = IncidentRulings::of(said, &INCIDENTS.into());
    let undone = records.iter().filter(|(_, _, record)| matches!(record.fact, Fact::Undo { .. }));
    let undone: Vec<_> = undone.map(|(_, site, record)| (*site, record.clone())).collect();
    let mut own: BTreeMap<(IncidentId, PersonId), Vec<(SiteId, Record)>> = BTreeMap::new();
    for (incident, site, record) in &records {
        if let Some(person) = record.fact.person() {
            let counts_in = rulings.counts_in(*incident, *site, record.at.millis());
            own.entry((counts_in, person)).or_default().push((*site, record.clone()));
        }
    }
    let expected: BTreeMap<(IncidentId, PersonId), Presence> = own
        .into_iter()
        .filter_map(|(of, mut own)| {
            own.extend(undone.iter().cloned());
            Some((of, presence_of(&own)?))
        })
        .collect();
    if presences(store)? == expected { Ok(()) } else { Err("the projection counts otherwise".to_owned()) }
}

fn rebuild_agrees(machine: &mut Machine) -> Held {
    let before = presences(machine.store())?;
    machine.store_mut().rebuild().map_err(|error| error.to_string())?;
    if presences(machine.store())? == before { Ok(()) } else { Err("a rebuild says otherwise".to_owned()) }
}
