//! What must be true of a town.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{PersonId, RecordId, SiteId};
use hinamori_record::{ChangeHash, Fact, Presence, Record, decode_change, presence_of};
use hinamori_store_sqlite::{HeadsLeft, Store};
use hinamori_sync::{CutOffs, Vectors};

use crate::machine::Machine;
use crate::world::{LIVE, World};

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
        if !machine.store().waits_for_the_disk().map_err(|error| error.to_string())? {
            return Err("the next record would be acknowledged before the disk has it".to_owned());
        }
    }
    nobody_has_what_is_not_theirs(world)
}

/// No box holds a document that its grant does not name.
fn nobody_has_what_is_not_theirs(world: &World) -> Held {
    for (at, machine) in world.boxes.iter().enumerate() {
        if let Some(scope) = machine.store().vectors().keys().find(|scope| !world.may_read(at, scope.site)) {
            return Err(format!("box {at} holds {scope:?} and may not read it"));
        }
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

/// Whatever is at somebody who did not write it can be passed on with a seal, to its last change, and follows what it says that it follows.
fn foreign_is_sealed(world: &World) -> Held {
    let sealed = |machine: &Machine| -> Result<Vectors, String> {
        let mut sealed = Vectors::new();
        loop {
            let batches = machine.missing_at(&sealed, |_| true).map_err(|error| error.to_string())?;
            if batches.is_empty() {
                return Ok(sealed);
            }
            for batch in batches {
                let (scope, actor, last) =
                    (batch.seal.scope, batch.seal.actor, batch.seal.from.saturating_sub(1));
                let at_hand = machine.store().hash(scope, actor, last).map_err(|error| error.to_string())?;
                if at_hand != batch.seal.before {
                    return Err(format!(
                        "change {last} of {actor:?} is not what the box wrote before the next one"
                    ));
                }
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

/// All records of a store that count, read one by one out of their changes.
fn records(store: &Store, cut_offs: &CutOffs) -> Result<Vec<(SiteId, Record)>, String> {
    let mut records = Vec::new();
    for scope in store.vectors().keys() {
        for bytes in store.document_changes(*scope).map_err(|error| error.to_string())? {
            let decoded = decode_change(&bytes).map_err(|error| error.to_string())?;
            if !cut_offs.believe(*scope, decoded.change.actor, decoded.change.sequence) {
                continue;
            }
            records.extend(decoded.records.into_iter().map(|record| (scope.site, record)));
        }
    }
    Ok(records)
}

fn presences(store: &Store) -> Result<BTreeMap<PersonId, Presence>, String> {
    let mut found = BTreeMap::new();
    store
        .for_each_presence(LIVE, |person, presence| {
            found.insert(person, *presence);
        })
        .map_err(|error| error.to_string())?;
    Ok(found)
}

/// Each person is where their own records say, once.
fn counts_once(store: &Store, cut_offs: &CutOffs) -> Held {
    let records = records(store, cut_offs)?;
    let people: BTreeSet<PersonId> = records.iter().filter_map(|(_, record)| record.fact.person()).collect();
    let expected: BTreeMap<PersonId, Presence> = people
        .into_iter()
        .filter_map(|person| {
            let concerns = |fact: &Fact| fact.person() == Some(person) || matches!(fact, Fact::Undo { .. });
            let own: Vec<_> = records.iter().filter(|(_, record)| concerns(&record.fact)).cloned().collect();
            Some((person, presence_of(&own)?))
        })
        .collect();
    if presences(store)? != expected {
        return Err("the projection counts otherwise".to_owned());
    }
    let undone: BTreeSet<RecordId> = records
        .iter()
        .filter_map(|(_, record)| if let Fact::Undo { of } = record.fact { Some(of) } else { None })
        .collect();
    let mut heads: BTreeMap<SiteId, u32> = BTreeMap::new();
    for (site, record) in records.iter().filter(|(_, record)| !undone.contains(&record.id)) {
        if let Fact::HeadCount { adults, children, infants } = record.fact {
            let counted = u32::from(adults) + u32::from(children) + u32::from(infants);
            *heads.entry(*site).or_default() += counted;
        }
    }
    heads.retain(|_, counted| *counted > 0);
    if nameless(store)? == heads { Ok(()) } else { Err("the heads are counted otherwise".to_owned()) }
}

/// How many people without a name are at each site.
fn nameless(store: &Store) -> Result<BTreeMap<SiteId, u32>, String> {
    let mut heads: BTreeMap<SiteId, u32> = BTreeMap::new();
    for site in store.vectors().keys().map(|scope| scope.site).collect::<BTreeSet<_>>() {
        let left = store.heads_left(LIVE, site).map_err(|error| error.to_string())?;
        if !left.is_empty() {
            heads.insert(site, left.iter().map(HeadsLeft::people).sum());
        }
    }
    Ok(heads)
}

fn rebuild_agrees(machine: &mut Machine) -> Held {
    let says = |store: &Store| -> Result<_, String> {
        let roll_calls = store.roll_calls(LIVE).map_err(|error| error.to_string())?;
        Ok((presences(store)?, nameless(store)?, roll_calls))
    };
    let before = says(machine.store())?;
    machine.store_mut().rebuild().map_err(|error| error.to_string())?;
    if says(machine.store())? == before { Ok(()) } else { Err("a rebuild says otherwise".to_owned()) }
}
