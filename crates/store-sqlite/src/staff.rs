//! What the records say of staff and of those whom they hid.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{
    Assurance, AuditAction, IncidentId, LookupReason, PersonId, Role, SiteId, StaffId, UnixMillis,
};
use rusqlite::{OptionalExtension as _, Row};

use crate::projection::{AUDIT, HIDING, begin_of, canonical, hlc_of, ids_of};
use crate::{Store, StoreError};

/// Somebody looked at a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Looked {
    /// When.
    pub at: UnixMillis,
    /// Who; `None` when nobody was signed in.
    pub staff: Option<StaffId>,
    /// As what.
    pub role: Role,
    /// What they did.
    pub action: AuditAction,
    /// Why.
    pub reason: Option<LookupReason>,
}

/// One audit record, with where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audited {
    /// In which incident.
    pub incident: IncidentId,
    /// At which site.
    pub site: SiteId,
    /// About whom, if it was one person.
    pub person: Option<PersonId>,
    /// How many people were shown.
    pub people: u16,
    /// Who, when, what and why. An action that a newer version wrote is shown as the look at a person.
    pub looked: Looked,
}

/// Whom records hide (秘匿).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HiddenHere {
    /// Every id that stands for one of them.
    pub ids: BTreeSet<PersonId>,
    /// The ids that count.
    pub people: BTreeSet<PersonId>,
}

/// Time, staff, role, action and reason, in this order.
fn looked_of_row(row: &Row<'_>) -> Result<Looked, StoreError> {
    let code = |column| row.get::<_, Option<u64>>(column);
    // What a newer version wrote is counted as a look all the same.
    Ok(Looked {
        at: hlc_of(row.get(0)?).millis(),
        staff: row.get::<_, Option<[u8; 16]>>(1)?.map(StaffId::from_bytes),
        role: code(2)?.and_then(Role::from_code).unwrap_or(Role::Volunteer),
        action: code(3)?.and_then(AuditAction::from_code).unwrap_or(AuditAction::SawPerson),
        reason: code(4)?.and_then(LookupReason::from_code),
    })
}

impl Store {
    /// Whom the records of all incidents of this store hide, together with `others`, who are hidden by another store. The
    /// latest word about a person counts, whatever their id was then; a word that lifts it counts only with the proof of
    /// the person's own PIN.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hidden_by_records(&self, others: &BTreeSet<PersonId>) -> Result<HiddenHere, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT person, event, assurance FROM record WHERE kind = ?1 AND undone = 0 ORDER BY at, id",
        )?;
        let mut rows = statement.query([HIDING])?;
        let mut hidden = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let person = canonical(&self.connection, PersonId::from_bytes(row.get(0)?))?;
            let (is_hidden, assurance): (bool, Option<u64>) = (row.get(1)?, row.get(2)?);
            let is_own = assurance.and_then(Assurance::from_code) == Some(Assurance::PinProven);
            if is_hidden || is_own {
                hidden.insert(person, is_hidden);
            }
        }
        let mut here = HiddenHere::default();
        let by_records = hidden.into_iter().filter(|(_, is_hidden)| *is_hidden).map(|(person, _)| person);
        for person in by_records.chain(others.iter().copied()) {
            here.people.insert(canonical(&self.connection, person)?);
            here.ids.extend(ids_of(&self.connection, person)?);
        }
        Ok(here)
    }

    /// The same of this store alone, under the ids that count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hidden_people(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        Ok(self.hidden_by_records(&BTreeSet::new())?.people)
    }

    /// Who looked at a person, under whatever id, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lookups(&self, person: PersonId, limit: u32) -> Result<Vec<Looked>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at, staff, role, event, reason FROM record WHERE kind = 10 AND person = ?1
             ORDER BY at DESC LIMIT ?2",
        )?;
        let mut looked = Vec::new();
        for id in ids_of(&self.connection, person)? {
            let mut rows = statement.query((id.as_bytes(), limit))?;
            while let Some(row) = rows.next()? {
                looked.push(looked_of_row(row)?);
            }
        }
        looked.sort_by_key(|looked| std::cmp::Reverse(looked.at));
        looked.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(looked)
    }

    /// Shows every audit record since then, of all incidents of this store, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn for_each_audit(&self, since: UnixMillis, mut show: impl FnMut(Audited)) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at, staff, role, event, reason, person, people, incident, site
             FROM record JOIN place ON place.id = record.place
             WHERE kind = ?1 AND kind BETWEEN 10 AND 16 AND at >= ?2 ORDER BY at, record.id",
        )?;
        let mut rows = statement.query((AUDIT, begin_of(since)))?;
        while let Some(row) = rows.next()? {
            show(Audited {
                incident: IncidentId::from_bytes(row.get(7)?),
                site: SiteId::from_bytes(row.get(8)?),
                person: row.get::<_, Option<[u8; 16]>>(5)?.map(PersonId::from_bytes),
                people: row.get::<_, Option<u16>>(6)?.unwrap_or(0),
                looked: looked_of_row(row)?,
            });
        }
        Ok(())
    }

    /// How often since then a site of an incident reported bulk reading, or pages that were opened without staff.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn alarms(&self, incident: IncidentId, site: SiteId, since: UnixMillis) -> Result<u32, StoreError> {
        let [bulk, nobody] = [AuditAction::BulkReading, AuditAction::OpenedWithoutStaff];
        let counted = self
            .connection
            .prepare_cached(
                "SELECT count(*) FROM record JOIN place ON place.id = record.place
                 WHERE kind = ?1 AND kind BETWEEN 10 AND 16 AND at >= ?2 AND incident = ?3 AND site = ?4
                   AND event IN (?5, ?6)",
            )?
            .query_row(
                (AUDIT, begin_of(since), incident.as_bytes(), site.as_bytes(), bulk.code(), nobody.code()),
                |row| row.get(0),
            )
            .optional()?;
        Ok(counted.unwrap_or(0))
    }
}
