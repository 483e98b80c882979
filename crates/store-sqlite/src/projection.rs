//! What the log says, as tables that answer questions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinamori_model::{
    Assurance, BindingAssurance, Destination, Doubt, Doubts, Hlc, HouseholdId, IncidentId, LaneId,
    LookupReason, PersonId, RecordId, RegisteredKind, Role, SiteId, StaffId, UnixMillis,
};
use hinamori_record::{
    Building, Details, DocumentScope, Fact, Period, Presence, PresenceEvent, PresenceState, Proof, Record,
    RevocationMark, WatchEvent, decode_change, presence_of,
};
use hinamori_sync::{CutOffs, Forks};
use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use crate::headquarters::Headquarters;
use crate::log::scope_row;
use crate::retention::stand_later;
use crate::run::for_each;
use crate::{Durability, Store, StoreError, StoredChange};

pub(crate) const PRESENCE: u8 = 0;
pub(crate) const WATCH: u8 = 1;
pub(crate) const HEAD_COUNT: u8 = 2;
pub(crate) const SITE_OPENED: u8 = 3;
pub(crate) const UNDO: u8 = 4;
const LINK: u8 = 5;
const REGISTERED: u8 = 6;
pub(crate) const NAMED: u8 = 7;
pub(crate) const ROLL_CALL: u8 = 8;
pub(crate) const PROFILE: u8 = 9;
pub(crate) const AUDIT: u8 = 10;
pub(crate) const HIDING: u8 = 11;
pub(crate) const PASS_ISSUED: u8 = 12;
pub(crate) const SELF_OPENED: u8 = 13;
pub(crate) const ASSESSED: u8 = 14;
pub(crate) const SETTLED: u8 = 15;
pub(crate) const HANDED_OVER: u8 = 16;
pub(crate) const DRILL_ENDED: u8 = 17;
const INCIDENT_NAMED: u8 = 18;
const INCIDENT_JOINED: u8 = 19;
const INCIDENT_SPLIT: u8 = 20;
const SITE_RULED: u8 = 21;
/// One id is another one's, which is a third one's …: a longer chain ends where it is.
const LONGEST_CHAIN: usize = 16;

/// How many people a site has, by name or by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SiteCounts {
    /// People with a record who are here, as far as the last roll-call found them.
    pub here: u32,
    /// Of those, people whom somebody saw since [`confirmed_since`], as long as their latest record is of no forked box.
    pub confirmed: u32,
    /// 所在未確認: people of this site whom the last roll-call did not find.
    pub unaccounted: u32,
    /// People last seen passing here.
    pub passed: u32,
    /// People out or away for the night, still of this site.
    pub out: u32,
    /// 在宅・車中泊: people who live beside the site and are still of it.
    pub beside: u32,
    /// People counted without a name, less those who got a name since.
    pub unnamed: u32,
    /// Of those, people who were counted since [`confirmed_since`].
    pub confirmed_unnamed: u32,
    /// People seen by the watch counter in the period asked for.
    pub watched: u32,
}

/// By site: for each state its code, how many people are in it, and when the latest of them was seen ([`Store::tallies`]).
pub type Tallies = BTreeMap<SiteId, Vec<(u8, u32, i64)>>;

/// How long somebody who was seen counts as confirmed: 12 hours.
pub const CONFIRMED_MILLIS: u64 = 12 * 3_600_000;
/// Steps in which that goes on: whoever counts again with every step counts as if they counted at every moment.
const CONFIRMED_STEP: u64 = 600_000;

/// Whoever was seen since then is confirmed (在所確認) at `now`: 12 hours before, and up to ten minutes more.
pub const fn confirmed_since(now: UnixMillis) -> UnixMillis {
    let since = now.get().saturating_sub(CONFIRMED_MILLIS);
    UnixMillis::new(since.saturating_sub(since % CONFIRMED_STEP))
}

/// One tap that a leader should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaterItem {
    /// The record.
    pub record: RecordId,
    /// When.
    pub at: UnixMillis,
    /// Who.
    pub person: PersonId,
    /// What to look at.
    pub doubts: Doubts,
}

/// By whose word the changes of a log say what they say.
#[derive(Clone, Copy)]
pub(crate) struct By<'w> {
    pub(crate) cut_offs: &'w CutOffs,
    pub(crate) forks: &'w Forks,
    pub(crate) headquarters: &'w Headquarters,
}

/// Writes the records of one change into the projections, each in the incident where it counts; of a forked box they confirm nobody.
pub(crate) fn project(
    transaction: &Transaction<'_>,
    (document, scope): (i64, DocumentScope),
    records: &[Record],
    forked: bool,
    headquarters: &Headquarters,
) -> Result<(), StoreError> {
    for record in records.iter().filter(|record| headquarters.believes(scope.site, &record.fact)) {
        let incident = headquarters.counts_in(scope, record.at);
        let place = scope_row(transaction, "place", DocumentScope { incident, ..scope })?;
        if !insert_record(transaction, (document, place), record, forked)? {
            // It counts once, however often it is said.
            stand_later(transaction, (document, place), record, kind_of(&record.fact).0)?;
            if !forked && confirm(transaction, record.id)? {
                record.fact.person().map_or(Ok(()), |who| fold_presence(transaction, incident, who))?;
            }
            continue;
        }
        match record.fact {
            Fact::Undo { of } => match take_back(transaction, of)? {
                Some(TakenBack { kind: PRESENCE | SETTLED, person, counted_in, .. }) => {
                    fold_presence(transaction, counted_in, person)?;
                }
                Some(TakenBack { kind: LINK, person: from, other: Some(to), .. }) => {
                    fold_linked(transaction, from, to)?;
                }
                Some(_) | None => {}
            },
            Fact::Presence { person, event, details, .. } => {
                let (site, at) = (scope.site, record.at);
                match one_more(transaction, (incident, person), record.id)? {
                    Known::Nothing => {
                        keep_presence(
                            transaction,
                            incident,
                            person,
                            Presence::first(site, event, at, details),
                            forked,
                        )?;
                    }
                    Known::All(presence) if let Some(next) = presence.after(site, event, at, details) => {
                        // It is the latest.
                        keep_presence(transaction, incident, person, next, forked)?;
                    }
                    Known::All(_) | Known::Part => fold_presence(transaction, incident, person)?,
                }
            }
            Fact::Settled { person, .. } => fold_presence(transaction, incident, person)?,
            Fact::Link { from, to, .. } => fold_linked(transaction, from, to)?,
            _ => {}
        }
    }
    Ok(())
}

/// An honest box said what a forked one had said. Whether that was so.
fn confirm(transaction: &Transaction<'_>, record: RecordId) -> Result<bool, StoreError> {
    let confirmed = transaction
        .prepare_cached("UPDATE record SET forked = 0 WHERE id = ?1 AND forked = 1")?
        .execute([record.as_bytes()])?;
    Ok(confirmed > 0)
}

/// Whether it was not here yet.
fn insert_record(
    transaction: &Transaction<'_>,
    (document, place): (i64, i64),
    record: &Record,
    forked: bool,
) -> Result<bool, StoreError> {
    let Record { id, at, clock_unsure, lane, fact } = record;
    let proof = fact.proof();
    let (kind, event) = kind_of(fact);
    let of_staff = OfStaff::of(fact);
    let (adults, children, infants) = match fact {
        Fact::HeadCount { adults, children, infants } | Fact::Named { adults, children, infants, .. } => {
            (Some(adults), Some(children), Some(infants))
        }
        _ => (None, None, None),
    };
    let details = if let Fact::Presence { details, .. } = fact { *details } else { Details::NONE };
    let other = match fact {
        Fact::Presence { details, .. } => details.declared_by.as_ref().map(PersonId::as_bytes),
        Fact::Link { to, .. } => Some(to.as_bytes()),
        Fact::Registered { household, .. } => household.as_ref().map(HouseholdId::as_bytes),
        Fact::Named { of, .. } => Some(of.as_bytes()),
        Fact::PassIssued { pass: to, .. } | Fact::HandedOver { to, .. } => Some(to.as_bytes()),
        _ => None,
    };
    let until = match fact {
        Fact::RollCall { since } => Some(*since),
        Fact::PassIssued { until, .. } => Some(*until),
        _ => details.until,
    };
    let to_site = match fact {
        Fact::Settled { site, .. } => Some(site),
        _ => details.to.as_ref(),
    };
    let binding = match fact {
        Fact::Link { binding, .. } => Some(*binding),
        _ => proof.map(|proof| proof.binding),
    };
    let undo_of = if let Fact::Undo { of } = fact { Some(of.as_bytes()) } else { None };
    let (as_of, since) = match proof.map(|proof| proof.revocation) {
        Some(RevocationMark::NotRevoked { as_of }) => (Some(as_of.get()), None),
        Some(RevocationMark::Revoked { since }) => (None, Some(since.get())),
        Some(RevocationMark::NotChecked) | None => (None, None),
    };
    let inserted = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO record (id, place, at, clock_unsure, lane, kind, person, event,
                assurance, binding, doubts, not_revoked_as_of, revoked_since,
                adults, children, infants, undo_of, other, destination, to_site, until, staff, role, reason,
                people, content, forked, document, undone)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28,
                ?6 NOT IN (10, 11, 12, 16, 17) AND EXISTS (SELECT 1 FROM record AS undo WHERE undo.undo_of = ?1))",
        )?
        .execute(rusqlite::params![
            id.as_bytes(),
            place,
            signed(*at),
            clock_unsure,
            lane.map(|lane| lane.0),
            kind,
            fact.person().as_ref().map(PersonId::as_bytes),
            event,
            proof.map(|proof| proof.assurance.code()),
            binding.map(BindingAssurance::code),
            proof.map(|proof| proof.doubts.bits()),
            as_of,
            since,
            adults,
            children,
            infants,
            undo_of,
            other,
            details.destination.map(Destination::code),
            to_site.map(SiteId::as_bytes),
            until.map(UnixMillis::get),
            of_staff.staff.as_ref().map(StaffId::as_bytes),
            of_staff.role.map(Role::code),
            of_staff.reason.map(LookupReason::code),
            of_staff.people,
            of_staff.content,
            forked,
            document,
        ])?;
    Ok(inserted > 0)
}

/// The code of what a record says, and the code inside it.
const fn kind_of(fact: &Fact) -> (u8, Option<u8>) {
    match fact {
        Fact::Presence { event, .. } => (PRESENCE, Some(event.code())),
        Fact::Watch { event, .. } => (WATCH, Some(event.code())),
        Fact::HeadCount { .. } => (HEAD_COUNT, None),
        Fact::SiteOpened { building, .. } => (SITE_OPENED, Some(building.code())),
        Fact::Undo { .. } => (UNDO, None),
        Fact::Link { .. } => (LINK, None),
        Fact::Registered { kind, .. } => (REGISTERED, Some(kind.code())),
        Fact::Named { .. } => (NAMED, None),
        Fact::RollCall { .. } => (ROLL_CALL, None),
        Fact::Profile { .. } => (PROFILE, None),
        Fact::Audit { action, .. } => (AUDIT, Some(action.code())),
        Fact::Hiding { hidden, .. } => (HIDING, Some(*hidden as u8)),
        Fact::PassIssued { .. } => (PASS_ISSUED, None),
        Fact::SelfOpened { .. } => (SELF_OPENED, None),
        Fact::Assessed { .. } => (ASSESSED, None),
        Fact::Settled { .. } => (SETTLED, None),
        Fact::HandedOver { .. } => (HANDED_OVER, None),
        Fact::DrillEnded => (DRILL_ENDED, None),
        // What these rule is read from the log: see `headquarters.rs`.
        Fact::IncidentNamed { .. } => (INCIDENT_NAMED, None),
        Fact::IncidentJoined { .. } => (INCIDENT_JOINED, None),
        Fact::IncidentSplit { .. } => (INCIDENT_SPLIT, None),
        Fact::SiteRuled { .. } => (SITE_RULED, None),
    }
}

/// What only records of staff say, and the bytes of whatever has some.
#[derive(Default)]
struct OfStaff {
    staff: Option<StaffId>,
    role: Option<Role>,
    reason: Option<LookupReason>,
    people: Option<u16>,
    content: Option<Vec<u8>>,
}

impl OfStaff {
    fn of(fact: &Fact) -> Self {
        match fact {
            Fact::Profile { sealed, .. } => Self { content: Some(sealed.clone()), ..Self::default() },
            Fact::Audit { staff, role, reason, people, .. } => Self {
                staff: *staff,
                role: Some(*role),
                reason: *reason,
                people: Some(*people),
                ..Self::default()
            },
            Fact::Hiding { staff, .. } => Self { staff: Some(*staff), ..Self::default() },
            Fact::PassIssued { role, staff, .. } => {
                Self { staff: Some(*staff), role: Some(*role), ..Self::default() }
            }
            Fact::SelfOpened { name } => Self { content: Some(name.as_bytes().to_vec()), ..Self::default() },
            Fact::Assessed { grades, staff } => {
                let grades = grades.iter().map(|grade| grade.code()).collect();
                Self { staff: *staff, content: Some(grades), ..Self::default() }
            }
            Fact::Settled { staff, .. } => Self { staff: *staff, ..Self::default() },
            Fact::HandedOver { from, people, digest, .. } => Self {
                staff: Some(*from),
                people: Some(*people),
                content: Some(digest.to_vec()),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

/// What a record said that was taken back.
struct TakenBack {
    kind: u8,
    person: PersonId,
    other: Option<PersonId>,
    counted_in: IncidentId,
}

/// Marks the record as taken back; what it said, if it is about somebody.
fn take_back(transaction: &Transaction<'_>, of: RecordId) -> Result<Option<TakenBack>, StoreError> {
    // Who is hidden, who looked at whom, who has a pass and that a drill ended is not taken back by a word of any box.
    transaction
        .prepare_cached("UPDATE record SET undone = 1 WHERE id = ?1 AND kind NOT IN (10, 11, 12, 16, 17)")?
        .execute([of.as_bytes()])?;
    let found = transaction
        .prepare_cached(
            "SELECT kind, person, other, incident FROM record JOIN place ON place.id = record.place
             WHERE record.id = ?1 AND person IS NOT NULL",
        )?
        .query_row([of.as_bytes()], |row| {
            let other: Option<[u8; 16]> = row.get(2)?;
            Ok(TakenBack {
                kind: row.get(0)?,
                person: PersonId::from_bytes(row.get(1)?),
                other: other.map(PersonId::from_bytes),
                counted_in: IncidentId::from_bytes(row.get(3)?),
            })
        })
        .optional()?;
    Ok(found)
}

/// Who an id stands for: the end of its chain of links, of which the latest counts at every step. A chain that
/// bites its tail ends at the smallest id of the ring, from wherever it is entered.
pub(crate) fn canonical(connection: &Connection, person: PersonId) -> Result<PersonId, StoreError> {
    let mut latest = connection.prepare_cached(
        "SELECT other FROM record WHERE kind = 5 AND person = ?1 AND undone = 0
         ORDER BY at DESC, id DESC LIMIT 1",
    )?;
    let mut chain = vec![person];
    while let Some(last) = chain.last().filter(|_| chain.len() <= LONGEST_CHAIN) {
        let next = latest.query_row([last.as_bytes()], |row| row.get(0)).optional()?;
        let Some(next) = next.map(PersonId::from_bytes) else { return Ok(*last) };
        if let Some(ring) = chain.iter().position(|seen| *seen == next) {
            return Ok(chain.iter().skip(ring).min().copied().unwrap_or(person));
        }
        chain.push(next);
    }
    Ok(chain.last().copied().unwrap_or(person))
}

/// Every id that stands for the same person as `person` does, with the one that counts first.
pub(crate) fn ids_of(connection: &Connection, person: PersonId) -> Result<Vec<PersonId>, StoreError> {
    let counts = canonical(connection, person)?;
    let mut linked = connection
        .prepare_cached("SELECT DISTINCT person FROM record WHERE kind = 5 AND other = ?1 AND undone = 0")?;
    let (mut ids, mut looked, mut known) = (vec![counts], 0, BTreeSet::from([counts]));
    while let Some(to) = ids.get(looked).copied() {
        looked = looked.saturating_add(1);
        let mut rows = linked.query([to.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let from = PersonId::from_bytes(row.get(0)?);
            if known.insert(from) && canonical(connection, from)? == counts {
                ids.push(from);
            }
        }
    }
    Ok(ids)
}

/// A link from one id to another came or went: folds everybody anew whom it may concern. Beside these two that is whom `from`
/// stands for now, and whom it would stand for without its latest link.
fn fold_linked(transaction: &Transaction<'_>, from: PersonId, to: PersonId) -> Result<(), StoreError> {
    let mut latest = transaction.prepare_cached(
        "SELECT other FROM record WHERE kind = 5 AND person = ?1 AND undone = 0
         ORDER BY at DESC, id DESC LIMIT 2",
    )?;
    let rows = latest.query_map([from.as_bytes()], |row| row.get(0).map(PersonId::from_bytes))?;
    let concerned: Result<Vec<PersonId>, _> = rows.collect();
    let (mut everybody, mut counting) = (BTreeSet::new(), BTreeSet::new());
    for person in concerned?.into_iter().chain([from, to]) {
        everybody.insert(person);
        if counting.insert(canonical(transaction, person)?) {
            everybody.extend(ids_of(transaction, person)?);
        }
    }
    let mut incidents = transaction.prepare_cached(
        "SELECT DISTINCT incident FROM record JOIN place ON place.id = record.place
         WHERE person = ?1 AND kind = 0",
    )?;
    let mut where_seen = BTreeSet::new();
    for person in &everybody {
        let mut rows = incidents.query([person.as_bytes()])?;
        while let Some(row) = rows.next()? {
            where_seen.insert(IncidentId::from_bytes(row.get(0)?));
        }
    }
    for incident in where_seen {
        // Also those without a record of their own: they may have stood for others.
        everybody.iter().try_for_each(|person| forget_presence(transaction, incident, *person))?;
        counting.iter().try_for_each(|person| fold_presence(transaction, incident, *person))?;
    }
    Ok(())
}

fn forget_presence(
    transaction: &Transaction<'_>,
    incident: IncidentId,
    person: PersonId,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached("DELETE FROM presence WHERE incident = ?1 AND person = ?2")?
        .execute((incident.as_bytes(), person.as_bytes()))?;
    Ok(())
}

/// What the presence of somebody says before one more record of them.
enum Known {
    /// This is their first one.
    Nothing,
    /// All that is known of them.
    All(Presence),
    /// There is more to look at: other ids, a ruling, or the record was taken back before it came.
    Part,
}

/// Whether a record can be taken into account by itself: nobody linked the person to others or ruled about them, and nobody took it back.
fn one_more(
    transaction: &Transaction<'_>,
    (incident, person): (IncidentId, PersonId),
    record: RecordId,
) -> Result<Known, StoreError> {
    let is_more: bool = transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM record WHERE person = ?1 AND kind = 5)
                 OR EXISTS (SELECT 1 FROM record WHERE other = ?1 AND kind = 5)
                 OR EXISTS (SELECT 1 FROM record WHERE person = ?1 AND kind = 15)
                 OR EXISTS (SELECT 1 FROM record WHERE undo_of = ?2)",
        )?
        .query_row((person.as_bytes(), record.as_bytes()), |row| row.get(0))?;
    if is_more {
        return Ok(Known::Part);
    }
    Ok(presence_row(transaction, incident, person)?.map_or(Known::Nothing, Known::All))
}

fn presence_row(
    connection: &Connection,
    incident: IncidentId,
    person: PersonId,
) -> Result<Option<Presence>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {PRESENCE_COLUMNS} FROM presence WHERE incident = ?1 AND person = ?2"
    ))?;
    let mut rows = statement.query((incident.as_bytes(), person.as_bytes()))?;
    rows.next()?.map(presence_of_row).transpose()
}

fn keep_presence(
    transaction: &Transaction<'_>,
    incident: IncidentId,
    person: PersonId,
    presence: Presence,
    unconfirmed: bool,
) -> Result<(), StoreError> {
    let Presence { site, state, arrived_at, seen_at, details } = presence;
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO presence VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute((
            incident.as_bytes(),
            person.as_bytes(),
            site.as_bytes(),
            state as u8,
            arrived_at.map(UnixMillis::get),
            signed(seen_at),
            details.declared_by.as_ref().map(PersonId::as_bytes),
            details.destination.map(Destination::code),
            details.to.as_ref().map(SiteId::as_bytes),
            details.until.map(UnixMillis::get),
            unconfirmed,
        ))?;
    Ok(())
}

pub(crate) fn fold_presence(
    transaction: &Transaction<'_>,
    incident: IncidentId,
    person: PersonId,
) -> Result<(), StoreError> {
    let ids = ids_of(transaction, person)?;
    let mut records = Vec::new();
    for id in &ids {
        records.extend(presence_records(transaction, incident, *id)?);
    }
    let person = ids.first().copied().unwrap_or(person);
    match presence_of(&records) {
        Some(presence) => {
            let mut unconfirmed = false;
            for id in &ids {
                unconfirmed |= was_shown_by_forked(transaction, incident, *id, presence.seen_at)?;
            }
            keep_presence(transaction, incident, person, presence, unconfirmed)
        }
        None => forget_presence(transaction, incident, person),
    }
}

/// Whether what was said of an id at a moment was said by a forked box.
fn was_shown_by_forked(
    transaction: &Transaction<'_>,
    incident: IncidentId,
    person: PersonId,
    at: Hlc,
) -> Result<bool, StoreError> {
    Ok(transaction
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM record JOIN place ON place.id = record.place
             WHERE person = ?1 AND incident = ?2 AND at = ?3 AND kind IN (0, 15) AND undone = 0 AND forked = 1)",
        )?
        .query_row((person.as_bytes(), incident.as_bytes(), signed(at)), |row| row.get(0))?)
}

/// The columns of a presence.
const PRESENCE_COLUMNS: &str = "site, state, arrived_at, seen_at, declared_by, destination, to_site, until";

fn presence_of_row(row: &Row<'_>) -> Result<Presence, StoreError> {
    let state: u8 = row.get("state")?;
    let state = PresenceState::ALL
        .into_iter()
        .find(|known| *known as u8 == state)
        .ok_or(StoreError::ForeignValue { what: "presence state" })?;
    Ok(Presence {
        site: SiteId::from_bytes(row.get("site")?),
        state,
        arrived_at: row.get::<_, Option<u64>>("arrived_at")?.map(UnixMillis::new),
        seen_at: hlc_of(row.get("seen_at")?),
        details: details_of_row(row, "declared_by")?,
    })
}

fn details_of_row(row: &Row<'_>, declared_by: &str) -> Result<Details, StoreError> {
    Ok(Details {
        declared_by: row.get::<_, Option<[u8; 16]>>(declared_by)?.map(PersonId::from_bytes),
        destination: row.get::<_, Option<u64>>("destination")?.and_then(Destination::from_code),
        to: row.get::<_, Option<[u8; 16]>>("to_site")?.map(SiteId::from_bytes),
        until: row.get::<_, Option<u64>>("until")?.map(UnixMillis::new),
    })
}

/// SQLite integers are signed; a clock reading's 48 + 16 bits keep their order below 2^63.
fn signed(at: Hlc) -> i64 {
    i64::try_from(at.packed()).unwrap_or(i64::MAX)
}

pub(crate) fn hlc_of(stored: i64) -> Hlc {
    Hlc::from_packed(u64::try_from(stored).unwrap_or(0))
}

/// What says where an id is: its presence records, and the rulings about it.
pub(crate) fn presence_records(
    connection: &Connection,
    incident: IncidentId,
    person: PersonId,
) -> Result<Vec<(SiteId, Record)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT record.*, site FROM record JOIN place ON place.id = record.place
         WHERE person = ?1 AND incident = ?2 AND kind IN (?3, ?4) AND undone = 0",
    )?;
    let mut rows = statement.query((person.as_bytes(), incident.as_bytes(), PRESENCE, SETTLED))?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push((SiteId::from_bytes(row.get("site")?), record_of_row(row)?));
    }
    Ok(records)
}

pub(crate) fn record_of_row(row: &Row<'_>) -> Result<Record, StoreError> {
    let foreign = |what| move || StoreError::ForeignValue { what };
    let code = |name| row.get::<_, Option<u64>>(name);
    let person = row.get::<_, Option<[u8; 16]>>("person")?.map(PersonId::from_bytes);
    let kind: u8 = row.get("kind")?;
    let fact = match kind {
        PRESENCE => Fact::Presence {
            person: person.ok_or_else(foreign("person"))?,
            event: code("event")?.and_then(PresenceEvent::from_code).ok_or_else(foreign("event"))?,
            proof: proof_of_row(row)?,
            details: details_of_row(row, "other")?,
        },
        WATCH => Fact::Watch {
            person: person.ok_or_else(foreign("person"))?,
            event: code("event")?.and_then(WatchEvent::from_code).ok_or_else(foreign("event"))?,
            proof: proof_of_row(row)?,
        },
        HEAD_COUNT => Fact::HeadCount {
            adults: row.get("adults")?,
            children: row.get("children")?,
            infants: row.get("infants")?,
        },
        SITE_OPENED => Fact::SiteOpened {
            building: code("event")?.and_then(Building::from_code).ok_or_else(foreign("building"))?,
            findings: 0,
        },
        LINK => Fact::Link {
            from: person.ok_or_else(foreign("person"))?,
            to: PersonId::from_bytes(row.get("other")?),
            binding: code("binding")?
                .and_then(BindingAssurance::from_code)
                .ok_or_else(foreign("binding assurance"))?,
        },
        REGISTERED => Fact::Registered {
            person: person.ok_or_else(foreign("person"))?,
            kind: code("event")?.and_then(RegisteredKind::from_code).ok_or_else(foreign("kind"))?,
            household: row.get::<_, Option<[u8; 16]>>("other")?.map(HouseholdId::from_bytes),
        },
        NAMED => Fact::Named {
            of: RecordId::from_bytes(row.get("other")?),
            adults: row.get("adults")?,
            children: row.get("children")?,
            infants: row.get("infants")?,
        },
        ROLL_CALL => Fact::RollCall { since: UnixMillis::new(row.get("until")?) },
        SETTLED => Fact::Settled {
            person: person.ok_or_else(foreign("person"))?,
            site: SiteId::from_bytes(row.get("to_site")?),
            staff: row.get::<_, Option<[u8; 16]>>("staff")?.map(StaffId::from_bytes),
        },
        _ => Fact::Undo { of: RecordId::from_bytes(row.get("undo_of")?) },
    };
    Ok(Record {
        id: RecordId::from_bytes(row.get("id")?),
        at: hlc_of(row.get("at")?),
        clock_unsure: row.get("clock_unsure")?,
        lane: row.get::<_, Option<u8>>("lane")?.map(LaneId),
        fact,
    })
}

fn proof_of_row(row: &Row<'_>) -> Result<Proof, StoreError> {
    let code = |name| row.get::<_, Option<u64>>(name);
    let revocation = match (code("revoked_since")?, code("not_revoked_as_of")?) {
        (Some(since), _) => RevocationMark::Revoked { since: UnixMillis::new(since) },
        (None, Some(as_of)) => RevocationMark::NotRevoked { as_of: UnixMillis::new(as_of) },
        (None, None) => RevocationMark::NotChecked,
    };
    Ok(Proof {
        assurance: code("assurance")?
            .and_then(Assurance::from_code)
            .ok_or(StoreError::ForeignValue { what: "assurance" })?,
        binding: code("binding")?
            .and_then(BindingAssurance::from_code)
            .ok_or(StoreError::ForeignValue { what: "binding" })?,
        doubts: Doubts::from_bits(row.get::<_, Option<u32>>("doubts")?.unwrap_or(0)),
        revocation,
    })
}

/// A tap that a leader should still look at. Whoever said afterwards whose card it was, or that its holder is on no roster, did;
/// and that nobody knew the card is settled by it for ever.
const IS_OPEN: &str = "doubts > 0 AND undone = 0 AND NOT EXISTS (SELECT 1 FROM record AS said
    WHERE said.person = record.person AND said.kind IN (5, 6) AND said.undone = 0
      AND (said.at >= record.at OR record.doubts = 1))";

/// The packed clock reading with which a moment begins.
pub(crate) fn begin_of(moment: UnixMillis) -> i64 {
    i64::try_from(moment.get().saturating_mul(1 << 16)).unwrap_or(i64::MAX)
}

impl Store {
    /// Where a person is in an incident; `None` when nobody saw them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn presence(&self, incident: IncidentId, person: PersonId) -> Result<Option<Presence>, StoreError> {
        presence_row(&self.connection, incident, person)
    }

    /// Shows everybody of an incident of whom anything is known, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn for_each_presence(
        &self,
        incident: IncidentId,
        mut show: impl FnMut(PersonId, &Presence),
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT person, {PRESENCE_COLUMNS} FROM presence WHERE incident = ?1 ORDER BY person"
        ))?;
        let mut rows = statement.query([incident.as_bytes()])?;
        while let Some(row) = rows.next()? {
            show(PersonId::from_bytes(row.get("person")?), &presence_of_row(row)?);
        }
        Ok(())
    }

    /// Who an id stands for: itself, or whom it was linked to.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn canonical(&self, person: PersonId) -> Result<PersonId, StoreError> {
        canonical(&self.connection, person)
    }

    /// The hour of the latest roll-call of a site in an incident; `None` before the first. One that says more than was over
    /// when it was said, or `now`, is none: nobody can have been seen in the future.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roll_call(
        &self,
        incident: IncidentId,
        site: SiteId,
        now: UnixMillis,
    ) -> Result<Option<UnixMillis>, StoreError> {
        let since: Option<u64> = self
            .connection
            .prepare_cached(
                "SELECT until FROM record JOIN place ON place.id = record.place
                 WHERE incident = ?1 AND site = ?2 AND kind = ?3 AND undone = 0
                   AND until <= (at >> 16) AND until <= ?4
                 ORDER BY at DESC, record.id DESC LIMIT 1",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), ROLL_CALL, now.get()), |row| row.get(0))
            .optional()?;
        Ok(since.map(UnixMillis::new))
    }

    /// The latest watch record of each event about a person in an incident, of those that were not taken
    /// back: all that says whether they agreed and whether they are away, however long the history is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest_watch(&self, incident: IncidentId, person: PersonId) -> Result<Vec<Record>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.* FROM record JOIN place ON place.id = record.place
             WHERE person = ?1 AND event = ?2 AND incident = ?3 AND kind = 1 AND undone = 0
             ORDER BY at DESC, record.id DESC LIMIT 1",
        )?;
        let mut latest = Vec::new();
        for id in ids_of(&self.connection, person)? {
            for event in WatchEvent::ALL {
                let mut rows = statement.query((id.as_bytes(), event.code(), incident.as_bytes()))?;
                if let Some(row) = rows.next()? {
                    latest.push(record_of_row(row)?);
                }
            }
        }
        Ok(latest)
    }

    /// How often a person was seen by the watch counter of a site on the day of a period.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn watch_sightings(&self, scope: DocumentScope, person: PersonId) -> Result<u32, StoreError> {
        let DocumentScope { incident, site, period } = scope;
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM record JOIN place ON place.id = record.place
                 WHERE person = ?4 AND incident = ?1 AND site = ?2 AND period & ?5 = ?3
                   AND kind = 1 AND undone = 0 AND event = 2",
            )?
            .query_row(
                (incident.as_bytes(), site.as_bytes(), period.day(), person.as_bytes(), Period::DAY_MASK),
                |row| row.get(0),
            )?)
    }

    /// Whether a person was seen by any watch counter on the day of a period. The document's day counts, which is the
    /// day of the box that saw them, and not the record's clock.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn was_watched(
        &self,
        incident: IncidentId,
        person: PersonId,
        period: Period,
    ) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM record JOIN place ON place.id = record.place
             WHERE person = ?3 AND incident = ?1 AND period & ?4 = ?2
               AND kind = 1 AND undone = 0 AND event IN (2, 3, 4))",
        )?;
        for id in ids_of(&self.connection, person)? {
            let key = (incident.as_bytes(), period.day(), id.as_bytes(), Period::DAY_MASK);
            if statement.query_row(key, |row| row.get(0))? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The counts of a site in an incident, as of `now`; watch counts of that day.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn counts(
        &self,
        incident: IncidentId,
        site: SiteId,
        now: UnixMillis,
    ) -> Result<SiteCounts, StoreError> {
        let period = Period::of(now);
        let key = (incident.as_bytes(), site.as_bytes());
        let mut counts = SiteCounts::default();
        let since = begin_of(self.roll_call(incident, site, now)?.unwrap_or_default());
        let confirmed = begin_of(confirmed_since(now));
        let mut statement = self.connection.prepare_cached(
            "SELECT state, count(*), sum(seen_at < ?3), sum(seen_at >= max(?3, ?4)) FROM presence
             WHERE incident = ?1 AND site = ?2 GROUP BY state",
        )?;
        let mut rows = statement.query((key.0, key.1, since, confirmed))?;
        while let Some(row) = rows.next()? {
            let (state, people): (u8, u32) = (row.get(0)?, row.get(1)?);
            match state {
                0 => {
                    counts.unaccounted = row.get(2)?;
                    counts.here = people.saturating_sub(counts.unaccounted);
                    counts.confirmed = row.get(3)?;
                }
                1 => counts.passed = people,
                2 | 3 => counts.out = counts.out.saturating_add(people),
                6 | 7 => counts.beside = counts.beside.saturating_add(people),
                _ => {}
            }
        }
        if !self.forks.is_empty() {
            let unconfirmed: u32 = self
                .connection
                .prepare_cached(
                    "SELECT count(*) FROM presence WHERE incident = ?1 AND site = ?2 AND state = 0
                       AND seen_at >= max(?3, ?4) AND unconfirmed = 1",
                )?
                .query_row((key.0, key.1, since, confirmed), |row| row.get(0))?;
            counts.confirmed = counts.confirmed.saturating_sub(unconfirmed);
        }
        for left in self.heads_left(incident, site)? {
            let people = left.people();
            counts.unnamed = counts.unnamed.saturating_add(people);
            if left.at >= confirmed_since(now) && !left.forked {
                counts.confirmed_unnamed = counts.confirmed_unnamed.saturating_add(people);
            }
        }
        counts.watched = self
            .connection
            .prepare_cached(
                "SELECT count(DISTINCT person) FROM record JOIN place ON place.id = record.place
                 WHERE incident = ?1 AND site = ?2 AND period & ?5 = ?3 AND kind = ?4 AND undone = 0
                   AND event IN (2, 3, 4)",
            )?
            .query_row((key.0, key.1, period.day(), WATCH, Period::DAY_MASK), |row| row.get(0))?;
        Ok(counts)
    }

    /// What one person adds to the counts of their site ([`Store::counts`]), and whether to its visitors ([`Store::visitors`]); nothing of whom
    /// no site counts. The watch and heads without a name are in no share.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn share(
        &self,
        incident: IncidentId,
        person: PersonId,
        now: UnixMillis,
    ) -> Result<Option<(SiteId, SiteCounts, bool)>, StoreError> {
        let person = self.canonical(person)?;
        let Some(Presence { site, state, seen_at, .. }) = self.presence(incident, person)? else {
            return Ok(None);
        };
        let (seen, since) = (seen_at.millis(), self.roll_call(incident, site, now)?.unwrap_or_default());
        let mut counts = SiteCounts::default();
        match state {
            PresenceState::Here if seen < since => counts.unaccounted = 1,
            PresenceState::Here => {
                counts.here = 1;
                let is_confirmed = seen >= confirmed_since(now) && !self.is_unconfirmed(incident, person)?;
                counts.confirmed = is_confirmed.into();
            }
            PresenceState::Passed => counts.passed = 1,
            PresenceState::Out | PresenceState::Overnight => counts.out = 1,
            PresenceState::AtHome | PresenceState::InCar => counts.beside = 1,
            PresenceState::Moved
            | PresenceState::Left
            | PresenceState::Deceased
            | PresenceState::ToldElsewhere => return Ok(None),
        }
        let is_visitor = || -> Result<bool, StoreError> {
            let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE person = ?1 AND kind = ?2 AND event = 0 AND undone = 0)";
            let key = (person.as_bytes(), REGISTERED);
            Ok(self.connection.prepare_cached(sql)?.query_row(key, |row| row.get(0))?)
        };
        let is_visitor = counts.here == 1 && is_visitor()?;
        Ok(Some((site, counts, is_visitor)))
    }

    /// What changes with every record of somebody's presence at a site: for each site and state how many they are and when the latest of
    /// them was seen. For whoever counts a site again only when it changed: who arrives elsewhere leaves the site where they were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tallies(&self, incident: IncidentId) -> Result<Tallies, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT site, state, count(*), max(seen_at) FROM presence WHERE incident = ?1 GROUP BY site, state",
        )?;
        let mut rows = statement.query([incident.as_bytes()])?;
        let mut tallies = Tallies::new();
        while let Some(row) = rows.next()? {
            let site = SiteId::from_bytes(row.get(0)?);
            tallies.entry(site).or_default().push((row.get(1)?, row.get(2)?, row.get(3)?));
        }
        Ok(tallies)
    }

    /// How many of those here at a site are on no roster because they only visit (帰省者・来訪者).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn visitors(&self, incident: IncidentId, site: SiteId, now: UnixMillis) -> Result<u32, StoreError> {
        let since = begin_of(self.roll_call(incident, site, now)?.unwrap_or_default());
        Ok(self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM presence
                 WHERE incident = ?1 AND site = ?2 AND state = 0 AND seen_at >= ?3 AND EXISTS (
                     SELECT 1 FROM record
                     WHERE record.person = presence.person AND kind = ?4 AND event = 0 AND undone = 0)",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), since, REGISTERED), |row| row.get(0))?)
    }

    /// The latest answer to 建物は安全ですか of a site in an incident; `None` while it was not given.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn building(&self, incident: IncidentId, site: SiteId) -> Result<Option<Building>, StoreError> {
        Ok(self.opened(incident, site)?.map(|(building, _)| building))
    }

    /// The same, and when the site was opened last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn opened(&self, incident: IncidentId, site: SiteId) -> Result<Option<(Building, Hlc)>, StoreError> {
        let found: Option<(u64, i64)> = self
            .connection
            .prepare_cached(
                "SELECT event, at FROM record JOIN place ON place.id = record.place
                 WHERE incident = ?1 AND site = ?2 AND kind = ?3 AND undone = 0 ORDER BY at DESC LIMIT 1",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), SITE_OPENED), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        Ok(found.and_then(|(code, at)| Some((Building::from_code(code)?, hlc_of(at)))))
    }

    /// The taps of a site in an incident that carry a doubt, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn later(
        &self,
        incident: IncidentId,
        site: SiteId,
        limit: u32,
    ) -> Result<Vec<LaterItem>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT record.id, at, person, doubts FROM record
                 JOIN place ON place.id = record.place
                 WHERE incident = ?1 AND site = ?2 AND {IS_OPEN} ORDER BY at DESC LIMIT ?3"
        ))?;
        let rows = statement.query_map((incident.as_bytes(), site.as_bytes(), limit), |row| {
            Ok(LaterItem {
                record: RecordId::from_bytes(row.get(0)?),
                at: hlc_of(row.get(1)?).millis(),
                person: PersonId::from_bytes(row.get(2)?),
                doubts: Doubts::from_bits(row.get(3)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// When somebody last said who an id is: by a link, or by an entry for somebody who is on no roster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn named_at(&self, person: PersonId) -> Result<Option<UnixMillis>, StoreError> {
        let at: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(at) FROM record WHERE person = ?1 AND kind IN (5, 6) AND undone = 0")?
            .query_row([person.as_bytes()], |row| row.get(0))?;
        Ok(at.map(|at| hlc_of(at).millis()))
    }

    /// How it was established who an id is: by the latest link, or by an entry for somebody who is on no roster, which
    /// staff made. `None` when nobody said it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn naming(&self, person: PersonId) -> Result<Option<BindingAssurance>, StoreError> {
        let latest: Option<Option<u8>> = self
            .connection
            .prepare_cached(
                "SELECT binding FROM record WHERE person = ?1 AND kind IN (5, 6) AND undone = 0
                 ORDER BY at DESC, id DESC LIMIT 1",
            )?
            .query_row([person.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(latest.map(|code| {
            let binding = code.and_then(|code| BindingAssurance::from_code(code.into()));
            binding.unwrap_or(BindingAssurance::MatchedByStaff)
        }))
    }

    /// How often a person was seen at a site in an incident since then: came, was seen again, or passed. What a card did before
    /// anybody knew whose it is counts once. Asking for a room is no sighting of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sightings(
        &self,
        incident: IncidentId,
        site: SiteId,
        person: PersonId,
        since: UnixMillis,
    ) -> Result<u32, StoreError> {
        self.sightings_by(incident, site, person, since, true)
    }

    /// The same without what forked boxes saw.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn confirmed_sightings(
        &self,
        incident: IncidentId,
        site: SiteId,
        person: PersonId,
        since: UnixMillis,
    ) -> Result<u32, StoreError> {
        self.sightings_by(incident, site, person, since, false)
    }

    fn sightings_by(
        &self,
        incident: IncidentId,
        site: SiteId,
        person: PersonId,
        since: UnixMillis,
        also_forked: bool,
    ) -> Result<u32, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) FROM record JOIN place ON place.id = record.place
             WHERE person = ?3 AND incident = ?1 AND site = ?2 AND kind = ?4 AND undone = 0
               AND event IN (0, 1, 2) AND at >= ?5 AND doubts & ?6 = 0 AND forked <= ?7",
        )?;
        let asks = Doubts::from(Doubt::AsksForRoom).bits();
        let since = begin_of(since);
        let mut sightings = 0_u32;
        for id in ids_of(&self.connection, person)? {
            let found: u32 = statement.query_row(
                (incident.as_bytes(), site.as_bytes(), id.as_bytes(), PRESENCE, since, asks, also_forked),
                |row| row.get(0),
            )?;
            sightings = sightings.saturating_add(if id == person { found } else { found.min(1) });
        }
        Ok(sightings)
    }

    /// When somebody passed check-points in an incident since then, the earliest first, under whatever ids they were seen. A shelter
    /// that received them afterwards takes nothing of it back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn passings(
        &self,
        incident: IncidentId,
        person: PersonId,
        since: UnixMillis,
    ) -> Result<Vec<UnixMillis>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at FROM record JOIN place ON place.id = record.place
             WHERE person = ?1 AND incident = ?2 AND kind = ?3 AND event = ?4 AND undone = 0 AND at >= ?5",
        )?;
        let (passed, since) = (PresenceEvent::Passed.code(), begin_of(since));
        let mut passings = Vec::new();
        for id in ids_of(&self.connection, person)? {
            let found = statement
                .query_map((id.as_bytes(), incident.as_bytes(), PRESENCE, passed, since), |row| row.get(0))?;
            for at in found {
                passings.push(hlc_of(at?).millis());
            }
        }
        passings.sort_unstable();
        Ok(passings)
    }

    /// All records, whatever they say.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record_count(&self) -> Result<u64, StoreError> {
        Ok(self.connection.prepare_cached("SELECT count(*) FROM record")?.query_row([], |row| row.get(0))?)
    }

    /// The highest clock reading of all records up to `latest`, after which the clock must go on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_reading(&self, latest: UnixMillis) -> Result<Hlc, StoreError> {
        let bound = begin_of(latest);
        let sql = "SELECT max(at) FROM record WHERE at <= ?1";
        let last: Option<i64> = self.connection.query_row(sql, [bound], |row| row.get(0))?;
        Ok(last.map_or(Hlc::default(), hlc_of))
    }

    /// Throws the projections away and makes them again from the changes.
    ///
    /// # Errors
    /// [`StoreError`]; the old projections stay then.
    pub fn rebuild(&mut self) -> Result<(), StoreError> {
        let (cut_offs, forks) = (Arc::clone(&self.cut_offs), Arc::clone(&self.forks));
        let headquarters = Arc::clone(&self.headquarters);
        self.with(Durability::Durable, |transaction| {
            let by = By { cut_offs: &cut_offs, forks: &forks, headquarters: &headquarters };
            make_projections(transaction, by)
        })
    }
}

/// Makes the projections of what is believed, from nothing.
pub(crate) fn make_projections(transaction: &Transaction<'_>, by: By<'_>) -> Result<(), StoreError> {
    let By { cut_offs, forks, headquarters } = by;
    transaction.execute_batch("DELETE FROM record; DELETE FROM presence; DELETE FROM place;")?;
    for_each(transaction, None, |document, change| {
        let StoredChange { scope, actor, sequence, bytes, .. } = change;
        if cut_offs.believe(scope, actor, sequence)
            && let Ok(decoded) = decode_change(&bytes)
        {
            let forked = forks.is_forked(actor);
            project(transaction, (document, scope), &decoded.records, forked, headquarters)?;
        }
        Ok(())
    })
}
