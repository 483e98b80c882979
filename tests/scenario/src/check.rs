//! What must be true of a town.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hinamori_model::{IncidentId, PersonId, RecordId, SiteId, UnixMillis};
use hinamori_profile::{IncidentKey, WrappedKey};
use hinamori_record::{
    ActorId, ChangeHash, DocumentScope, Fact, IncidentRulings, Period, Presence, PresenceState, Record,
    decode_change, presence_of,
};
use hinamori_store_sqlite::{HeadsLeft, SealedProfile, Store, confirmed_since};
use hinamori_sync::town::ClosedIncident;
use hinamori_sync::{CutOffs, EVERYWHERE, HandOver, HandOverContent, Retentions, Vectors, verify_seal};

use crate::erasing::{incident_key, ledger_key};
use crate::machine::{Machine, person};
use crate::world::{Acknowledged, DRILL, EVERY_INCIDENT, INCIDENTS, World, headquarters_site};

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
/// Records with their sites.
type Placed = Vec<(IncidentId, SiteId, Record)>;

/// What holds after every step.
pub(crate) fn after_step(world: &mut World) -> Held {
    acknowledged_is_held(world)?;
    let World { boxes, server, retentions, .. } = world;
    for machine in boxes.iter_mut().chain([server]) {
        vectors_grow(machine, retentions)?;
        if !machine.store().waits_for_the_disk().map_err(|error| error.to_string())? {
            return Err("the next record would be acknowledged before the disk has it".to_owned());
        }
    }
    what_nobody_signed_for_waits(world)?;
    nobody_has_what_is_not_theirs(world)
}

/// At one box after each step: what it acknowledged and no server ever signed for is in its outbox.
fn what_nobody_signed_for_waits(world: &World) -> Held {
    let at = world.steps() % world.boxes.len().max(1);
    let Some(machine) = world.boxes.get(at).filter(|_| !world.has_older_disks) else { return Ok(()) };
    let waiting = machine.store().waiting().map_err(|error| error.to_string())?;
    let waits = |done: &Acknowledged| {
        let upto = waiting.get(&done.scope).and_then(|actors| actors.get(&done.actor));
        upto.is_some_and(|upto| *upto >= done.sequence)
    };
    let own = world.acknowledged.iter().filter(|done| done.at == at && world.keeps(&done.scope));
    let mut open = own.filter(|done| !world.forked.contains(&done.actor) && !waits(done));
    match open.find(|done| !world.was_signed_for(done)) {
        Some(done) => Err(format!("{done:?} waits for no receipt, and no server ever signed for it")),
        None => Ok(()),
    }
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
    for done in world.acknowledged.iter().filter(|done| world.keeps(&done.scope)) {
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

/// But of days that are not kept.
fn vectors_grow(machine: &mut Machine, retentions: &Retentions) -> Held {
    let now = machine.store().vectors();
    let is_open = |scope: &DocumentScope| !machine.is_closed(scope.incident);
    for (scope, actors) in machine.seen.iter().filter(|(scope, _)| retentions.keep(scope) && is_open(scope)) {
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
    old_days_are_gone(world)?;
    foreign_is_sealed(world)?;
    nobody_is_forgotten(world)?;
    no_drill_goes_on(world)?;
    what_is_closed_is_in_the_ledger_alone(world)?;
    nobody_erased_comes_back(world)?;
    what_is_written_down_can_be_read(world)?;
    for machine in world.boxes.iter_mut().chain([&mut world.server]) {
        counts_once(machine.store(), &machine.believes(&world.cut_offs))?;
        whoever_is_here_is_counted(machine.store(), world.now)?;
        nobody_is_accused(machine.store(), &world.forked)?;
        rebuild_agrees(machine)?;
    }
    Ok(())
}

/// Everything that was acknowledged in a closed incident stood in the ledger or was handed over, in pieces that the town can open; and no
/// machine has any of it left, in whatever file.
fn what_is_closed_is_in_the_ledger_alone(world: &World) -> Held {
    let Some(ClosedIncident { incident, .. }) = world.closed.first().copied() else { return Ok(()) };
    let mut known = world.ledger.clone();
    for piece in world.handed.values() {
        known.extend(hashes_in(world, piece)?);
    }
    // Of days that are not kept it was said again, and of a forked box nobody takes the other history.
    let is_known = |owed: &Acknowledged| {
        known.contains(&owed.hash) || (world.summary.servers_lost > 0 && world.was_signed_for(owed))
    };
    let mut owed = world.owed.iter().filter(|owed| world.retentions.keep(&owed.scope));
    let is_lost = |owed: &&Acknowledged| !is_known(owed) && !world.forked.contains(&owed.actor);
    if let Some(lost) = owed.find(is_lost) {
        return Err(format!("{lost:?} was neither in the ledger nor handed over"));
    }
    for (at, machine) in world.boxes.iter().chain([&world.server]).enumerate() {
        let text = |error: hinamori_store_sqlite::StoreError| error.to_string();
        if machine.store().holds(incident).map_err(text)? {
            return Err(format!("machine {at} holds a closed incident"));
        }
        if let Some(file) = file_with(machine.folder(), &known).map_err(|error| error.to_string())? {
            return Err(format!("machine {at} has something of a closed incident in {}", file.display()));
        }
    }
    Ok(())
}

/// What stands in a piece, under seals that hold; what was written down of people opens with the keys in it.
fn hashes_in(world: &World, piece: &HandOver) -> Result<BTreeSet<ChangeHash>, String> {
    let content = ledger_key().open(piece.incident, &piece.sealed).map_err(|error| error.to_string())?;
    let (content, problems) =
        HandOverContent::from_bytes(&content, &world.grants).ok_or("a piece that cannot be read")?;
    if let Some(problem) = problems.first() {
        return Err(format!("a batch that was handed over cannot be read: {problem}"));
    }
    let HandOverContent { key, people, batches } = content;
    let over = IncidentKey::new(piece.incident, *key);
    let opens = |person: PersonId, record, sealed: &[u8]| {
        people.iter().filter(|(of, _)| *of == person).any(|(_, wrapped)| {
            let key = WrappedKey::from_bytes(wrapped).and_then(|wrapped| over.unwrap(person, &wrapped).ok());
            key.is_some_and(|key| key.open(sealed, person, record).is_ok())
        })
    };
    let mut found = BTreeSet::new();
    for batch in batches {
        let batch = verify_seal(batch, &world.grants).map_err(|error| error.to_string())?;
        for change in batch.changes() {
            let decoded = decode_change(&change.bytes).map_err(|error| error.to_string())?;
            for Record { id, fact, .. } in decoded.records {
                if let Fact::Profile { person, sealed } = fact
                    && !world.erased.contains(&(piece.incident, person))
                    // A key goes with its disk; boxes that meet here bring records back, and no keys.
                    && !world.has_older_disks
                    && !opens(person, id, &sealed)
                {
                    return Err(format!("what was handed over of {person} opens with no key"));
                }
            }
            found.insert(change.hash);
        }
    }
    Ok(found)
}

/// The first file in a folder, at whatever depth, in which one of these stands.
fn file_with(folder: &Path, hashes: &BTreeSet<ChangeHash>) -> std::io::Result<Option<PathBuf>> {
    let begins: BTreeSet<[u8; 8]> = hashes.iter().filter_map(|hash| hash.0.first_chunk().copied()).collect();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            if let Some(found) = file_with(&entry.path(), hashes)? {
                return Ok(Some(found));
            }
        } else if std::fs::read(entry.path())?.array_windows::<8>().any(|bytes| begins.contains(bytes)) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

/// The keys of whoever was erased are at no machine, also where an old disk or an old server brought them back.
fn nobody_erased_comes_back(world: &World) -> Held {
    let of_closed = world.closed.iter().map(|closed| closed.incident);
    let of_closed = of_closed.flat_map(|incident| (0..world.people()).map(move |of| (incident, person(of))));
    let erased: BTreeSet<_> = world.erased.iter().copied().chain(of_closed).collect();
    for (at, machine) in world.boxes.iter().chain([&world.server]).enumerate() {
        for (incident, who) in &erased {
            let keys = machine.keys().keys(*incident, *who).map_err(|error| error.to_string())?;
            let is_erased = machine.keys().is_erased(*incident, *who).map_err(|error| error.to_string())?;
            if !keys.is_empty() || !is_erased {
                return Err(format!("machine {at} has not erased {who} in {incident}: {} keys", keys.len()));
            }
        }
    }
    Ok(())
}

/// What was written down of anybody else can be read at the town hall.
fn what_is_written_down_can_be_read(world: &World) -> Held {
    if world.has_older_disks || world.has_lost {
        return Ok(());
    }
    let text = |error: hinamori_store_sqlite::StoreError| error.to_string();
    let (store, keys) = (world.server.store(), world.server.keys());
    let erased: BTreeSet<PersonId> = world.erased.iter().map(|(_, who)| *who).collect();
    for who in (0..world.people()).map(person).filter(|who| !erased.contains(who)) {
        let mut opening = Vec::new();
        for incident in EVERY_INCIDENT {
            let wrapped = keys.keys(incident, who).map_err(text)?;
            opening.extend(wrapped.iter().filter_map(|key| incident_key(incident).unwrap(who, key).ok()));
        }
        for incident in EVERY_INCIDENT {
            // By headquarters' word it may count in another incident than the one under whose key it stands.
            for SealedProfile { record, sealed, .. } in store.sealed_profiles(incident, who).map_err(text)? {
                if !opening.iter().any(|key| key.open(&sealed, who, record).is_ok()) {
                    return Err(format!(
                        "what was written down of {who} opens with none of {} keys",
                        opening.len()
                    ));
                }
            }
        }
    }
    Ok(())
}

/// A drill that was ended at any box after it began here has ended here, unless that day is not kept, or who said so is not believed.
fn no_drill_goes_on(world: &World) -> Held {
    if !world.forked.is_empty() || world.has_lost || !world.cut_offs.is_empty() {
        return Ok(());
    }
    let is_kept = |end: &&UnixMillis| {
        world.retentions.keep(&DocumentScope { incident: DRILL, site: EVERYWHERE, period: Period::of(**end) })
    };
    for (at, machine) in world.boxes.iter().enumerate() {
        let Some(since) = machine.drill() else { continue };
        if let Some(end) = world.drill_ends.iter().filter(is_kept).find(|end| **end >= since) {
            return Err(format!("box {at} is in a drill since {since:?}, which was ended at {end:?}"));
        }
    }
    Ok(())
}

fn acknowledged_is_at_the_server(world: &World) -> Held {
    let held = hashes(world.server.store(), None)?;
    match world
        .acknowledged
        .iter()
        .filter(|done| world.keeps(&done.scope))
        .find(|done| !world.forked.contains(&done.actor) && !held.contains(&done.hash))
    {
        Some(done) => Err(format!(
            "change {} of {:?} was acknowledged, and the server lacks it",
            done.sequence, done.actor
        )),
        None => Ok(()),
    }
}

/// But what two histories under one name said: the other one is refused, and what counts of it is said again by nobody. Nor does
/// anybody believe a box that is cut off when it says again what it was believed before.
fn old_days_are_gone(world: &World) -> Held {
    if !world.forked.is_empty() || !world.cut_offs.is_empty() {
        return Ok(());
    }
    let taken_back = taken_back(&world.said);
    let is_nobodys = |record: &Record| record.fact.person().is_none() && taken_back.contains(&record.id);
    let of_nobody = world.said.iter().filter(|(.., record)| is_nobodys(record));
    let changed_sites: BTreeSet<SiteId> = of_nobody.map(|(_, site, _)| *site).collect();
    let changed = people_taken_back(world);
    for (at, machine) in world.boxes.iter().chain([&world.server]).enumerate() {
        for days in machine.store().old_days(usize::MAX).map_err(|error| error.to_string())? {
            // Who took it back may stand where the box of the site reads nothing.
            let is_plain = |record: &&Record| match record.fact.person() {
                Some(who) => !changed.contains(&who),
                // Whoever does not hear that a roll-call was taken back does not say the one before it again.
                None => !changed_sites.contains(&days.site),
            };
            if days.unsaid.is_empty() || days.unsaid.iter().any(|record| is_plain(&record)) {
                return Err(format!("machine {at} holds days that are not kept: {days:?}"));
            }
        }
    }
    Ok(())
}

/// What was taken back.
fn taken_back(records: &Placed) -> BTreeSet<RecordId> {
    let undo = |(.., record): &(IncidentId, SiteId, Record)| {
        if let Fact::Undo { of } = record.fact { Some(of) } else { None }
    };
    records.iter().filter_map(undo).collect()
}

/// Everybody of whom something was taken back.
fn people_taken_back(world: &World) -> BTreeSet<PersonId> {
    let taken_back = taken_back(&world.said);
    let of_these = world.said.iter().filter(|(.., record)| taken_back.contains(&record.id));
    of_these.filter_map(|(.., record)| record.fact.person()).collect()
}

/// Everybody of whom nothing was taken back is at the server where all that was ever acknowledged says, whatever days were dropped.
fn nobody_is_forgotten(world: &World) -> Held {
    if !world.forked.is_empty() || world.has_lost || !world.cut_offs.is_empty() {
        return Ok(());
    }
    let changed = people_taken_back(world);
    // In towns in which headquarters said something, what it said later of days that were dropped changes what counted.
    if world.summary.rulings > 0 {
        return Ok(());
    }
    let now = presences(world.server.store())?;
    let is_open = |(incident, ..): &&(IncidentId, SiteId, Record)| !world.server.is_closed(*incident);
    let said: Placed = world.said.iter().filter(is_open).cloned().collect();
    let mut everybody = fold(&said).into_iter();
    match everybody.find(|(of, should)| !changed.contains(&of.1) && now.get(of) != Some(should)) {
        Some((of, should)) => {
            let is = now.get(&of);
            Err(format!("{of:?} is elsewhere than everything says: {is:?}, and should be {should:?}"))
        }
        None => Ok(()),
    }
}

/// What headquarters says in these records.
fn rulings_in(records: &Placed) -> IncidentRulings {
    let of_desk = records.iter().filter(|(_, site, _)| *site == headquarters_site());
    IncidentRulings::of(of_desk.map(|(incident, _, record)| (*incident, record)), &INCIDENTS.into())
}

/// Where everybody is by these records, whatever they are read from.
fn fold(records: &Placed) -> Presences {
    let rulings = rulings_in(records);
    let undone = records.iter().filter(|(.., record)| matches!(record.fact, Fact::Undo { .. }));
    let undone: Vec<_> = undone.map(|(_, site, record)| (*site, record.clone())).collect();
    let mut own: BTreeMap<(IncidentId, PersonId), Vec<(SiteId, Record)>> = BTreeMap::new();
    for (incident, site, record) in records {
        if let Some(person) = record.fact.person() {
            let counts_in = rulings.counts_in(*incident, *site, record.at.millis());
            own.entry((counts_in, person)).or_default().push((*site, record.clone()));
        }
    }
    let presence = |(of, mut own): (_, Vec<_>)| {
        own.extend(undone.iter().cloned());
        Some((of, presence_of(&own)?))
    };
    own.into_iter().filter_map(presence).collect()
}

/// Every change of a store, of one incident or of all, by its hash.
pub(crate) fn hashes(store: &Store, of: Option<IncidentId>) -> Result<BTreeSet<ChangeHash>, String> {
    let mut found = BTreeSet::new();
    let is_asked = |scope: &&DocumentScope| of.is_none_or(|of| scope.incident == of);
    for scope in store.vectors().keys().filter(is_asked) {
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
        let is_shared = |scope: &DocumentScope| may_read(scope.site) && world.keeps(scope);
        for (scope, actors) in vectors.iter().filter(|(scope, _)| is_shared(scope)) {
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
        let waiting = machine.store().waiting().map_err(|error| error.to_string())?;
        let waiting = waiting.keys().filter(|scope| world.keeps(scope)).count();
        let has_fork = machine.actor().is_some_and(|actor| world.forked.contains(&actor));
        if waiting > 0 && !has_fork && world.forked.is_empty() {
            return Err(format!("{waiting} documents of box {at} wait for ever"));
        }
    }
    Ok(())
}

/// Whatever is at somebody who did not write it can be passed on with a seal, to its last change, and follows what it says that it follows.
fn foreign_is_sealed(world: &World) -> Held {
    let sealed = |machine: &Machine| -> Result<Vectors, String> {
        // Old days are not offered to everybody.
        let old = machine.store().vectors().iter().filter(|(scope, _)| !world.keeps(scope));
        let mut sealed: Vectors = old.map(|(scope, actors)| (*scope, actors.clone())).collect();
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

/// All records of a store that count, each with its document's incident, read one by one out of their changes; and which of them are of
/// forked boxes.
fn records(store: &Store, cut_offs: &CutOffs) -> Result<(Placed, BTreeSet<RecordId>), String> {
    let (mut records, mut forked) = (Vec::new(), BTreeSet::new());
    for scope in store.vectors().keys() {
        for bytes in store.document_changes(*scope).map_err(|error| error.to_string())? {
            let decoded = decode_change(&bytes).map_err(|error| error.to_string())?;
            if !cut_offs.believe(*scope, decoded.change.actor, decoded.change.sequence) {
                continue;
            }
            if store.forks().is_forked(decoded.change.actor) {
                forked.extend(decoded.records.iter().map(|record| record.id));
            }
            let of = |record| (scope.incident, scope.site, record);
            records.extend(decoded.records.into_iter().map(of));
        }
    }
    Ok((records, forked))
}

/// Where everybody is, in each incident.
pub(crate) type Presences = BTreeMap<(IncidentId, PersonId), Presence>;

pub(crate) fn presences(store: &Store) -> Result<Presences, String> {
    let mut found = BTreeMap::new();
    for incident in EVERY_INCIDENT {
        let show = |person, presence: &Presence| {
            found.insert((incident, person), *presence);
        };
        store.for_each_presence(incident, show).map_err(|error| error.to_string())?;
    }
    Ok(found)
}

/// Each person is where their own records say, once in each incident in which headquarters has them count, whoever wrote them; and is
/// confirmed unless the latest of them is a forked box's.
fn counts_once(store: &Store, cut_offs: &CutOffs) -> Held {
    let (records, forked) = records(store, cut_offs)?;
    let expected = fold(&records);
    let counted = presences(store)?;
    let mut everybody = expected.keys().chain(counted.keys());
    if let Some(who) = everybody.find(|who| counted.get(who) != expected.get(who)) {
        let (is, should) = (counted.get(who), expected.get(who));
        return Err(format!("the projection counts otherwise: {who:?} is {is:?}, and should be {should:?}"));
    }
    let rulings = rulings_in(&records);
    for ((incident, person), presence) in expected {
        let shows = |record: &Record| {
            matches!(record.fact, Fact::Presence { person: of, .. } if of == person)
                && record.at == presence.seen_at
        };
        // What an honest box says again is confirmed, whoever said it first.
        let by_forked = records.iter().any(|(of, site, record)| {
            shows(record)
                && forked.contains(&record.id)
                && rulings.counts_in(*of, *site, record.at.millis()) == incident
        });
        if is_unconfirmed(store, (incident, person))? != by_forked {
            return Err(format!("{person} is confirmed by a forked box, or not by an honest one"));
        }
    }
    let heads = heads_in(&records, &rulings);
    let counted = nameless(store)?;
    if counted == heads { Ok(()) } else { Err(format!("the heads are {counted:?} and should be {heads:?}")) }
}

/// How many people without a name are at each site, in each incident.
type Heads = BTreeMap<(IncidentId, SiteId), u32>;

/// The same, by the records themselves. Whoever says a record again says it under the same id.
fn heads_in(records: &Placed, rulings: &IncidentRulings) -> Heads {
    let undone = taken_back(records);
    let mut seen = BTreeSet::new();
    let mut heads = Heads::new();
    for (incident, site, record) in records.iter().filter(|(.., record)| !undone.contains(&record.id)) {
        if let Fact::HeadCount { adults, children, infants } = record.fact
            && seen.insert(record.id)
        {
            let counted = u32::from(adults) + u32::from(children) + u32::from(infants);
            let counts_in = rulings.counts_in(*incident, *site, record.at.millis());
            *heads.entry((counts_in, *site)).or_default() += counted;
        }
    }
    heads.retain(|_, counted| *counted > 0);
    heads
}

fn nameless(store: &Store) -> Result<Heads, String> {
    let sites: BTreeSet<SiteId> = store.vectors().keys().map(|scope| scope.site).collect();
    let mut heads = Heads::new();
    for (incident, site) in EVERY_INCIDENT.iter().flat_map(|of| sites.iter().map(|site| (*of, *site))) {
        let left = store.heads_left(incident, site).map_err(|error| error.to_string())?;
        if !left.is_empty() {
            heads.insert((incident, site), left.iter().map(HeadsLeft::people).sum());
        }
    }
    Ok(heads)
}

fn is_unconfirmed(store: &Store, (incident, person): (IncidentId, PersonId)) -> Result<bool, String> {
    store.is_unconfirmed(incident, person).map_err(|error| error.to_string())
}

/// A fork hides nobody: each site's number is everybody who is here and was seen since the latest roll-call, and those confirmed are
/// among them.
fn whoever_is_here_is_counted(store: &Store, now: UnixMillis) -> Held {
    let everybody = presences(store)?;
    let sites: BTreeSet<SiteId> = store.vectors().keys().map(|scope| scope.site).collect();
    for (incident, site) in EVERY_INCIDENT.iter().flat_map(|of| sites.iter().map(|site| (*of, *site))) {
        let counts = store.counts(incident, site, now).map_err(|error| error.to_string())?;
        let roll_call = store.roll_call(incident, site, now).map_err(|error| error.to_string())?;
        let since = roll_call.unwrap_or_default();
        let (mut here, mut confirmed, mut unaccounted) = (0, 0, 0);
        for (of, presence) in everybody.iter().filter(|((of, _), _)| *of == incident) {
            if presence.site == site && presence.state == PresenceState::Here {
                if presence.seen_at.millis() < since {
                    unaccounted += 1;
                    continue;
                }
                here += 1;
                let is_fresh = presence.seen_at.millis() >= confirmed_since(now);
                confirmed += u32::from(is_fresh && !is_unconfirmed(store, *of)?);
            }
        }
        if (counts.here, counts.confirmed, counts.unaccounted) != (here, confirmed, unaccounted) {
            return Err(format!(
                "{here} are here, {confirmed} confirmed, {unaccounted} not seen, and counted are {counts:?}"
            ));
        }
    }
    Ok(())
}

/// Whoever only took another name has no fork.
fn nobody_is_accused(store: &Store, forked: &BTreeSet<ActorId>) -> Held {
    let found = store.found_forks().map_err(|error| error.to_string())?;
    match found.iter().find(|found| !forked.contains(&found.writer)) {
        Some(found) => Err(format!("{:?} is said to be forked, and is not", found.writer)),
        None => Ok(()),
    }
}

fn rebuild_agrees(machine: &mut Machine) -> Held {
    let all = |machine: &Machine| -> Result<_, String> {
        let store = machine.store();
        let (known, mut unconfirmed, mut roll_calls) = (presences(store)?, BTreeSet::new(), Vec::new());
        for of in known.keys() {
            if is_unconfirmed(store, *of)? {
                unconfirmed.insert(*of);
            }
        }
        for incident in EVERY_INCIDENT {
            roll_calls.push(store.roll_calls(incident).map_err(|error| error.to_string())?);
        }
        Ok((known, unconfirmed, nameless(store)?, roll_calls))
    };
    let before = all(machine)?;
    machine.store_mut().rebuild().map_err(|error| error.to_string())?;
    if all(machine)? == before { Ok(()) } else { Err("a rebuild says otherwise".to_owned()) }
}
