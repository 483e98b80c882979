//! What the log says of a site beside its numbers: heads without a name, how it is equipped, what people call a shelter that
//! they opened themselves, and who is claimed by more than one.

use std::collections::BTreeSet;

use hinamori_model::{Aspect, Grade, IncidentId, PersonId, RecordId, SiteId, StaffId, UnixMillis};
use hinamori_record::claims_on;
use rusqlite::OptionalExtension;

use crate::projection::{
    ASSESSED, HANDED_OVER, HEAD_COUNT, NAMED, PRESENCE, SELF_OPENED, canonical, hlc_of, ids_of,
    presence_records,
};
use crate::{Store, StoreError};

/// A person with the sites that claim them.
pub type Claimed = (PersonId, Vec<(SiteId, UnixMillis)>);

/// A count of people without names, less those of it who got a name since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadsLeft {
    /// The record that counted them.
    pub record: RecordId,
    /// When.
    pub at: UnixMillis,
    /// Adults who have no name yet.
    pub adults: u16,
    /// Children.
    pub children: u16,
    /// Infants.
    pub infants: u16,
    /// Whether a forked box counted them: nobody confirms them.
    pub forked: bool,
}

impl HeadsLeft {
    /// All of them.
    pub fn people(&self) -> u32 {
        u32::from(self.adults)
            .saturating_add(u32::from(self.children))
            .saturating_add(u32::from(self.infants))
    }
}

impl Store {
    /// The counts of people without names of a site in an incident that are not named to their end, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heads_left(&self, incident: IncidentId, site: SiteId) -> Result<Vec<HeadsLeft>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.id, record.at, record.adults, record.children, record.infants,
                 coalesce(sum(named.adults), 0), coalesce(sum(named.children), 0),
                 coalesce(sum(named.infants), 0), record.forked
             FROM record JOIN place ON place.id = record.place
             LEFT JOIN (record AS named JOIN place AS stands ON stands.id = named.place
                 AND stands.site = ?2)
                 ON named.other = record.id AND named.kind = ?4 AND named.undone = 0
             WHERE place.incident = ?1 AND place.site = ?2 AND record.kind = ?3 AND record.undone = 0
             GROUP BY record.id ORDER BY record.at DESC, record.id DESC",
        )?;
        let mut rows = statement.query((incident.as_bytes(), site.as_bytes(), HEAD_COUNT, NAMED))?;
        let mut heads = Vec::new();
        while let Some(row) = rows.next()? {
            // Others may have named some at the same time.
            let left = |counted: usize, named: usize| -> Result<u16, rusqlite::Error> {
                let (counted, named): (i64, i64) = (row.get(counted)?, row.get(named)?);
                Ok(u16::try_from(counted.saturating_sub(named).max(0)).unwrap_or(u16::MAX))
            };
            let heads_left = HeadsLeft {
                record: RecordId::from_bytes(row.get(0)?),
                at: hlc_of(row.get(1)?).millis(),
                adults: left(2, 5)?,
                children: left(3, 6)?,
                infants: left(4, 7)?,
                forked: row.get(8)?,
            };
            if heads_left.people() > 0 {
                heads.push(heads_left);
            }
        }
        Ok(heads)
    }

    /// How a site was found to be equipped in an incident, and when somebody looked last, but not after `now`: a clock that was
    /// wrong does not hide for ever what is found afterwards. `None` when nobody looked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn assessment(
        &self,
        incident: IncidentId,
        site: SiteId,
        now: UnixMillis,
    ) -> Result<Option<(UnixMillis, [Grade; Aspect::ALL.len()])>, StoreError> {
        let found: Option<(i64, Vec<u8>)> = self
            .connection
            .prepare_cached(
                "SELECT at, content FROM record JOIN place ON place.id = record.place
                 WHERE incident = ?1 AND site = ?2 AND kind = ?3 AND undone = 0 AND (at >> 16) <= ?4
                 ORDER BY at DESC, record.id DESC LIMIT 1",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), ASSESSED, now.get()), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((at, content)) = found else { return Ok(None) };
        let foreign = StoreError::ForeignValue { what: "grades" };
        let grades: Option<Vec<Grade>> =
            content.iter().map(|code| Grade::from_code(u64::from(*code))).collect();
        let grades = grades.and_then(|grades| grades.try_into().ok()).ok_or(foreign)?;
        Ok(Some((hlc_of(at).millis(), grades)))
    }

    /// Whom a presence record is about that was not taken back; `None` also for one that did not come here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn person_of_record(&self, record: RecordId) -> Result<Option<PersonId>, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT person FROM record WHERE id = ?1 AND kind = ?2 AND undone = 0")?
            .query_row((record.as_bytes(), PRESENCE), |row| row.get(0))
            .optional()?;
        Ok(found.map(PersonId::from_bytes))
    }

    /// To whom and when a site's list of those who need care was handed over last in an incident.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn handed_over(
        &self,
        incident: IncidentId,
        site: SiteId,
    ) -> Result<Option<(StaffId, UnixMillis)>, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT other, at FROM record JOIN place ON place.id = record.place
                 WHERE incident = ?1 AND site = ?2 AND kind = ?3 AND undone = 0
                 ORDER BY at DESC, record.id DESC LIMIT 1",
            )?
            .query_row((incident.as_bytes(), site.as_bytes(), HANDED_OVER), |row| {
                Ok((StaffId::from_bytes(row.get(0)?), hlc_of(row.get(1)?).millis()))
            })
            .optional()?;
        Ok(found)
    }

    /// The sites that claim a person in an incident, under whatever ids they were seen, with when each saw them last, the latest
    /// first; empty when there is no conflict. See [`claims_on`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claims_on(
        &self,
        incident: IncidentId,
        person: PersonId,
    ) -> Result<Vec<(SiteId, UnixMillis)>, StoreError> {
        let mut records = Vec::new();
        for id in ids_of(&self.connection, person)? {
            records.extend(presence_records(&self.connection, incident, id)?);
        }
        Ok(claims_on(&records))
    }

    /// Everybody in an incident whom several sites claim, in the order of their ids. It reads who was seen where of everybody: for
    /// a touch, not for a tap.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn at_several_sites(&self, incident: IncidentId) -> Result<Vec<Claimed>, StoreError> {
        // Whoever has several ids may have been seen under each of them at one site only.
        let mut statement = self.connection.prepare_cached(
            "SELECT person FROM record JOIN place ON place.id = record.place
             WHERE incident = ?1 AND kind = ?2 AND undone = 0 AND event IN (0, 1)
             GROUP BY person
             HAVING count(DISTINCT site) > 1 OR EXISTS (SELECT 1 FROM record AS link
                 WHERE link.kind = 5 AND link.undone = 0 AND link.person = record.person)",
        )?;
        let mut rows = statement.query((incident.as_bytes(), PRESENCE))?;
        let mut people = BTreeSet::new();
        while let Some(row) = rows.next()? {
            people.insert(canonical(&self.connection, PersonId::from_bytes(row.get(0)?))?);
        }
        let mut claimed = Vec::new();
        for person in people {
            let sites = self.claims_on(incident, person)?;
            if !sites.is_empty() {
                claimed.push((person, sites));
            }
        }
        Ok(claimed)
    }

    /// The shelters that people opened themselves (自主避難所) in an incident, with what each is called by its latest record, in
    /// the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn own_shelters(&self, incident: IncidentId) -> Result<Vec<(SiteId, String)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT site, content FROM record JOIN place ON place.id = record.place
             WHERE incident = ?1 AND kind = ?2 AND undone = 0 ORDER BY site, at, record.id",
        )?;
        let mut rows = statement.query((incident.as_bytes(), SELF_OPENED))?;
        let mut shelters: Vec<(SiteId, String)> = Vec::new();
        while let Some(row) = rows.next()? {
            let site = SiteId::from_bytes(row.get(0)?);
            let name = String::from_utf8(row.get(1)?)
                .map_err(|_no_text| StoreError::ForeignValue { what: "name of a site" })?;
            match shelters.last_mut().filter(|(last, _)| *last == site) {
                Some(last) => last.1 = name,
                None => shelters.push((site, name)),
            }
        }
        Ok(shelters)
    }
}
