//! What was sealed of people, as it stands in their records.

use hinamori_model::{Hlc, IncidentId, PersonId, RecordId, SiteId};

use crate::projection::{PROFILE, hlc_of, ids_of};
use crate::{Store, StoreError};

/// One record of a person's profile: noise to whoever has not the person's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedProfile {
    /// The record.
    pub record: RecordId,
    /// When it was written.
    pub at: Hlc,
    /// Where.
    pub site: SiteId,
    /// The id that it was sealed for: the person's, or one that was linked to it.
    pub person: PersonId,
    /// The sealed bytes.
    pub sealed: Vec<u8>,
}

impl Store {
    /// What was sealed of a person in an incident under any of their ids, and not taken back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sealed_profiles(
        &self,
        incident: IncidentId,
        person: PersonId,
    ) -> Result<Vec<SealedProfile>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.id, at, site, content FROM record JOIN place ON place.id = record.place
             WHERE person = ?1 AND incident = ?2 AND kind = ?3 AND undone = 0 AND content IS NOT NULL",
        )?;
        let mut found = Vec::new();
        for id in ids_of(&self.connection, person)? {
            let mut rows = statement.query((id.as_bytes(), incident.as_bytes(), PROFILE))?;
            while let Some(row) = rows.next()? {
                found.push(SealedProfile {
                    record: RecordId::from_bytes(row.get(0)?),
                    at: hlc_of(row.get(1)?),
                    site: SiteId::from_bytes(row.get(2)?),
                    person: id,
                    sealed: row.get(3)?,
                });
            }
        }
        Ok(found)
    }

    /// Everybody of whom something was sealed in an incident, under the id that counts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn people_with_profiles(&self, incident: IncidentId) -> Result<Vec<PersonId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT person FROM record JOIN place ON place.id = record.place
             WHERE incident = ?1 AND kind = ?2 AND undone = 0",
        )?;
        let mut rows = statement.query((incident.as_bytes(), PROFILE))?;
        let mut people = std::collections::BTreeSet::new();
        while let Some(row) = rows.next()? {
            people.insert(self.canonical(PersonId::from_bytes(row.get(0)?))?);
        }
        Ok(people.into_iter().collect())
    }

    /// Every id that stands for the same person, with the one that counts first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ids_of(&self, person: PersonId) -> Result<Vec<PersonId>, StoreError> {
        ids_of(&self.connection, person)
    }
}
