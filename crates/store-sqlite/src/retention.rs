//! Days that the town does not keep any more: what has to be said again of them, and dropping the rest.

use std::collections::BTreeSet;
use std::sync::Arc;

use hinamori_model::{IncidentId, PersonId, RecordId, SiteId};
use hinamori_record::{DocumentScope, Fact, Period, Record, deciding, decode_change};
use hinamori_sync::{Retention, Retentions};
use rusqlite::{Connection, Transaction};

use crate::closing::{cut, delete_documents, note_uncut};
use crate::projection::{
    ASSESSED, AUDIT, By, HANDED_OVER, HEAD_COUNT, NAMED, PASS_ISSUED, PRESENCE, ROLL_CALL, SELF_OPENED,
    SETTLED, SITE_OPENED, UNDO, WATCH, ids_of, make_projections, presence_records,
};
use crate::run::for_each_of;
use crate::{Durability, Store, StoreError};

pub(crate) const RETENTIONS: &str = "retentions";
/// `document` is of an incident and a site, and of a day before the first one that is kept.
const IS_OLD: &str = "incident = ?1 AND site = ?2 AND (period & ?3) < ?4";

/// Days of one site in one incident that are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldDays {
    /// The incident.
    pub incident: IncidentId,
    /// The site.
    pub site: SiteId,
    /// What of them counts and stands in no later day, as far as was asked for: it has to be said again before they go.
    pub unsaid: Vec<Record>,
}

impl Store {
    /// From now on these days are kept. Others go with [`Store::drop_old_days`], and are offered only as long as something of them
    /// has to be said again: by a box of their site, which may lack them. Whether it is another word than the last one.
    ///
    /// # Errors
    /// [`StoreError`]; what was said before counts then.
    pub fn retain(&mut self, retentions: &Retentions) -> Result<bool, StoreError> {
        if *self.retentions == *retentions {
            return Ok(false);
        }
        self.set_setting(RETENTIONS, &retentions.to_bytes())?;
        self.retentions = Arc::new(retentions.clone());
        Ok(true)
    }

    /// The old days that are still here, by incident and site, each with at most `most` records of what has to be said again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn old_days(&self, most: usize) -> Result<Vec<OldDays>, StoreError> {
        let places: BTreeSet<(IncidentId, SiteId)> =
            self.old().map(|scope| (scope.incident, scope.site)).collect();
        let days = places.into_iter().map(|(incident, site)| {
            let Some(retention) = self.retentions.of(incident) else { return Ok(None) };
            let unsaid = self.unsaid(site, retention, most)?;
            Ok(Some(OldDays { incident, site, unsaid }))
        });
        Ok(days.collect::<Result<Vec<_>, StoreError>>()?.into_iter().flatten().collect())
    }

    /// Whether a document may be offered: it is of a day that is kept, or something of its day has to be said again.
    pub(crate) fn is_offered(&self, scope: &DocumentScope) -> bool {
        self.is_kept(scope) || self.unsaid.contains(&(scope.incident, scope.site))
    }

    /// Whether a document is of a day that is kept. What headquarters says of an incident holds for all of its days.
    fn is_kept(&self, scope: &DocumentScope) -> bool {
        self.retentions.keep(scope) || self.headquarters.writes(*scope)
    }

    fn old(&self) -> impl Iterator<Item = &DocumentScope> {
        self.held.keys().filter(|scope| !self.is_kept(scope))
    }

    /// Drops the old days of which everything that counts, or would if every box were believed, stands in a later one, and those that
    /// the town drops in any case. Whether
    /// any were. When this returns `Ok`, no file of the store holds any of them.
    ///
    /// # Errors
    /// [`StoreError`]; calling it again does what is left.
    pub fn drop_old_days(&mut self) -> Result<bool, StoreError> {
        let mut dropped = false;
        self.unsaid.clear();
        for OldDays { incident, site, unsaid } in self.old_days(1)? {
            let Some(retention) = self.retentions.of(incident) else { continue };
            let may_count_again = || self.holds_unbelieved(incident, site);
            if !retention.is_final && (!unsaid.is_empty() || may_count_again()) {
                self.unsaid.insert((incident, site));
                continue;
            }
            let (cut_offs, forks) = (Arc::clone(&self.cut_offs), Arc::clone(&self.forks));
            let (headquarters, loses) = (Arc::clone(&self.headquarters), !unsaid.is_empty());
            self.with(Durability::Durable, |transaction| {
                let documents = old_documents(transaction, site, retention)?;
                delete_documents(transaction, &documents)?;
                note_uncut(transaction)?;
                // Where nothing counts any more, nothing counts otherwise without it.
                let by = By { cut_offs: &cut_offs, forks: &forks, headquarters: &headquarters };
                if loses { make_projections(transaction, by) } else { Ok(()) }
            })?;
            let goes = |scope: &DocumentScope| {
                (scope.incident, scope.site) == (incident, site) && scope.period.day() < retention.first_day
            };
            self.held.retain(|scope, _| !goes(scope));
            self.loose.retain(|scope| !goes(scope));
            dropped = true;
        }
        cut(&self.connection)?;
        Ok(dropped)
    }

    /// Whether something of old days at a site is not believed now. The town may believe it again.
    fn holds_unbelieved(&self, incident: IncidentId, site: SiteId) -> bool {
        self.old().filter(|scope| (scope.incident, scope.site) == (incident, site)).any(|scope| {
            let actors = self.held.get(scope).into_iter().flatten();
            actors.into_iter().any(|(actor, upto)| !self.cut_offs.believe(*scope, *actor, *upto))
        })
    }

    /// The records of old days at a site that count and stand in no later one.
    fn unsaid(&self, site: SiteId, retention: Retention, most: usize) -> Result<Vec<Record>, StoreError> {
        let counting = self.counting(site, retention, most)?;
        let mut unsaid = Vec::new();
        if counting.is_empty() {
            return Ok(unsaid);
        }
        for document in old_documents(&self.connection, site, retention)? {
            // Its place is of no interest here.
            let scope = DocumentScope { incident: retention.incident, site, period: Period(0) };
            for_each_of(&self.connection, document, scope, |change| -> Result<(), StoreError> {
                let records = decode_change(&change.bytes).map(|change| change.records).unwrap_or_default();
                unsaid.extend(records.into_iter().filter(|record| counting.contains(&record.id)));
                Ok(())
            })?;
        }
        unsaid.sort_by_key(|record| record.id);
        unsaid.dedup_by_key(|record| record.id);
        unsaid.truncate(most);
        Ok(unsaid)
    }

    /// The ids of such records: `most` of them or more, if there are as many.
    fn counting(
        &self,
        site: SiteId,
        retention: Retention,
        most: usize,
    ) -> Result<BTreeSet<RecordId>, StoreError> {
        let mut ids = self.counting_alone(site, retention)?;
        if ids.len() < most {
            ids.extend(self.counting_heads(site, retention)?);
        }
        if ids.len() < most {
            self.add_counting_presence(site, retention, most, &mut ids)?;
        }
        Ok(ids)
    }

    /// Those that count whatever others say, and those that are the latest of their kind.
    fn counting_alone(&self, site: SiteId, retention: Retention) -> Result<BTreeSet<RecordId>, StoreError> {
        let begin = Period(retention.first_day).start();
        // A kind that is not known here counts, and so does taking back, also where that was taken back: it never was otherwise. Who looked at whom (AUDIT), and who handed a list over, is history.
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT record.id FROM record JOIN document ON document.id = record.document
             WHERE {IS_OLD} AND (undone = 0 OR kind = {UNDO}) AND (
                 kind NOT IN ({PRESENCE}, {WATCH}, {HEAD_COUNT}, {SITE_OPENED}, {NAMED}, {ROLL_CALL}, {AUDIT},
                     {PASS_ISSUED}, {SELF_OPENED}, {ASSESSED}, {SETTLED}, {HANDED_OVER})
                 OR (kind = {PASS_ISSUED} AND until >= ?5)
                 OR (kind IN ({SITE_OPENED}, {ROLL_CALL}, {SELF_OPENED}, {ASSESSED}) AND NOT EXISTS (
                     SELECT 1 FROM record AS later JOIN document AS stands ON stands.id = later.document
                     WHERE stands.incident = ?1 AND stands.site = ?2 AND later.kind = record.kind
                       AND later.undone = 0 AND (later.at, later.id) > (record.at, record.id)))
                 OR (kind = {WATCH} AND event IN (0, 1, 5) AND NOT EXISTS (
                     SELECT 1 FROM record AS later JOIN document AS stands ON stands.id = later.document
                     WHERE later.person = record.person AND stands.incident = ?1 AND later.kind = {WATCH}
                       AND later.undone = 0 AND (later.event IN (0, 1)) = (record.event IN (0, 1))
                       AND (later.at, later.id) > (record.at, record.id))))"
        ))?;
        let key = (
            retention.incident.as_bytes(),
            site.as_bytes(),
            Period::DAY_MASK,
            retention.first_day,
            begin.get(),
        );
        let rows = statement.query_map(key, |row| row.get(0).map(RecordId::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Heads who have no name yet, with the names that others of them got.
    fn counting_heads(&self, site: SiteId, retention: Retention) -> Result<Vec<RecordId>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT record.id FROM record JOIN document ON document.id = record.document
             WHERE {IS_OLD} AND undone = 0
               AND ((kind = {HEAD_COUNT} AND record.id = ?5) OR (kind = {NAMED} AND other = ?5))"
        ))?;
        let (mut ids, mut left_of) = (Vec::new(), Vec::new());
        for incident in self.counting_in(site, retention)? {
            left_of.extend(self.heads_left(incident, site)?);
        }
        for left in left_of {
            let key = (
                retention.incident.as_bytes(),
                site.as_bytes(),
                Period::DAY_MASK,
                retention.first_day,
                left.record.as_bytes(),
            );
            for id in statement.query_map(key, |row| row.get(0).map(RecordId::from_bytes))? {
                ids.push(id?);
            }
        }
        Ok(ids)
    }

    /// The incidents in which records of old days count.
    fn counting_in(&self, site: SiteId, retention: Retention) -> Result<Vec<IncidentId>, StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT DISTINCT place.incident FROM place JOIN record ON record.place = place.id
             WHERE record.document IN (SELECT id FROM document WHERE {IS_OLD})"
        ))?;
        let key = (retention.incident.as_bytes(), site.as_bytes(), Period::DAY_MASK, retention.first_day);
        let rows = statement.query_map(key, |row| row.get(0).map(IncidentId::from_bytes))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What says where people are.
    fn add_counting_presence(
        &self,
        site: SiteId,
        retention: Retention,
        most: usize,
        ids: &mut BTreeSet<RecordId>,
    ) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT record.id, person, (SELECT place.incident FROM place WHERE place.id = record.place) AS counts_in
             FROM record JOIN document ON document.id = record.document
             WHERE {IS_OLD} AND undone = 0 AND kind IN ({PRESENCE}, {SETTLED}) ORDER BY person, counts_in"
        ))?;
        let key = (retention.incident.as_bytes(), site.as_bytes(), Period::DAY_MASK, retention.first_day);
        let mut rows = statement.query(key)?;
        let (mut decided, mut of) = (BTreeSet::new(), None);
        while let Some(row) = rows.next()? {
            let (id, person) = (RecordId::from_bytes(row.get(0)?), PersonId::from_bytes(row.get(1)?));
            let counts_in = IncidentId::from_bytes(row.get(2)?);
            if of != Some((person, counts_in)) {
                if ids.len() >= most {
                    break;
                }
                of = Some((person, counts_in));
                let mut records = Vec::new();
                for id in ids_of(&self.connection, person)? {
                    records.extend(presence_records(&self.connection, counts_in, id)?);
                }
                decided = deciding(&records);
                // Not every box reads all sites: what decides at this one alone may decide there.
                records.retain(|(of, record)| *of == site || matches!(record.fact, Fact::Settled { .. }));
                decided.extend(deciding(&records));
            }
            if decided.contains(&id) {
                ids.insert(id);
            }
        }
        Ok(())
    }
}

fn old_documents(
    connection: &Connection,
    site: SiteId,
    retention: Retention,
) -> Result<Vec<i64>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT id FROM document WHERE {IS_OLD} ORDER BY id"))?;
    let key = (retention.incident.as_bytes(), site.as_bytes(), Period::DAY_MASK, retention.first_day);
    let rows = statement.query_map(key, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The same record came in a later day of its site: from now on it stands there, so that its first day can go.
pub(crate) fn stand_later(
    transaction: &Transaction<'_>,
    (document, place): (i64, i64),
    record: &Record,
    kind: u8,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "UPDATE record SET document = ?2, place = ?7 WHERE id = ?1 AND kind = ?3 AND at = ?4 AND person IS ?5
                 AND EXISTS (SELECT 1 FROM document AS now JOIN document AS before ON before.id = record.document
                     WHERE now.id = ?2 AND now.incident = before.incident AND now.site = before.site
                       AND (now.period & ?6) > (before.period & ?6))",
        )?
        .execute((
            record.id.as_bytes(),
            document,
            kind,
            i64::try_from(record.at.packed()).unwrap_or(i64::MAX),
            record.fact.person().as_ref().map(PersonId::as_bytes),
            Period::DAY_MASK,
            place,
        ))?;
    Ok(())
}
