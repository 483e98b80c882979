//! What is written down of people, as far as the keys are here.
//!
//! A profile is the sum of its records in the open incident and in daily life. In a drill it is the drill's alone (law 8).
//! Each record is sealed under a key of its person in its incident; a key that was not heard of yet leaves its records
//! unread, which is said, and one that was destroyed leaves them so for ever.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hinamori_ipc::{HoldReason, Refusal};
use hinamori_model::{IncidentId, LaneId, Mode, PersonId, RecordId, UnixMillis};
use hinamori_profile::{
    Entry, IncidentKey, KeyId, NONCE, PersonKey, Profile, ProfilePatch, merge, sealed_by,
};
use hinamori_store_sqlite::{Kept, SealedProfile, StoreError};
use tracing::{error, warn};

use super::Core;
use crate::ledger::{ToSeal, Writing};

/// What is known of a person.
pub(super) struct KnownProfile {
    pub(super) profile: Profile,
    /// Something else is written down that cannot be read here: its key is missing or was destroyed, or its bytes are bent.
    pub(super) has_more: bool,
}

/// Keys that were opened for one answer.
type Opened = BTreeMap<(PersonId, KeyId), Option<PersonKey>>;

impl Core {
    /// What is written down of somebody, under whatever ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn profile(&self, person: PersonId) -> Result<KnownProfile, StoreError> {
        let (mut patches, mut has_more) = (Vec::new(), false);
        for incident in self.incidents_of_profiles() {
            let mut opened = Opened::new();
            for sealed in self.ledger.store(incident).sealed_profiles(incident, person)? {
                match self.open_profile(incident, &sealed, &mut opened)? {
                    Some(patch) => patches.push((sealed.at, sealed.record, patch)),
                    None => has_more = true,
                }
            }
        }
        Ok(KnownProfile { profile: merge(patches), has_more })
    }

    /// Whose records make a profile now.
    fn incidents_of_profiles(&self) -> BTreeSet<IncidentId> {
        let open = self.shown_incident();
        match self.opening.mode() {
            Mode::Drill => BTreeSet::from([open]),
            Mode::Live | Mode::DailyLife => BTreeSet::from([open, self.incident(Mode::DailyLife)]),
        }
    }

    fn open_profile(
        &self,
        incident: IncidentId,
        sealed: &SealedProfile,
        opened: &mut Opened,
    ) -> Result<Option<ProfilePatch>, StoreError> {
        let SealedProfile { record, person, .. } = *sealed;
        let Some(id) = sealed_by(&sealed.sealed) else { return Ok(None) };
        let key = match opened.entry((person, id)) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(self.person_key(incident, person, id)?)
            }
        };
        Ok(key.as_ref().and_then(|key| key.open(&sealed.sealed, person, record).ok()))
    }

    /// The key by which something was sealed that counts in `incident`, if it is here. It was sealed under the incident in whose
    /// documents it stands.
    fn person_key(
        &self,
        incident: IncidentId,
        person: PersonId,
        id: KeyId,
    ) -> Result<Option<PersonKey>, StoreError> {
        for under in self.counted_together(incident) {
            let Some(over) = self.town.incident_keys.get(&under) else { continue };
            let wrapped = self.person_keys.key(under, person, id)?;
            let found = wrapped.iter().find_map(|wrapped| over.unwrap(person, wrapped).ok());
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// What is to be written down of somebody in the open incident, with the key for it; [`Core::write_sealing`] writes it. A key that
    /// had to be made is on the disk when this returns, before anything stands under it.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] for entries that may not be written, of an incident that has no key here, or for a person whose profile was
    /// erased; [`Refusal::Disk`].
    pub(super) fn seal_profile(&mut self, person: PersonId, entries: Vec<Entry>) -> Result<Writing, Refusal> {
        let patch = ProfilePatch::new(entries).map_err(|problem| {
            warn!(error = &problem as &dyn std::error::Error, "what was to be written down was not taken");
            Refusal::NotNow
        })?;
        let key = self.key_for(person)?;
        Ok(Writing::Profile(ToSeal { person, patch, key: Arc::new(key) }))
    }

    /// The key under which something is written down of somebody in the open incident; made and on the disk, if there was none.
    ///
    /// # Errors
    /// As for [`Core::seal_profile`].
    pub(super) fn key_for(&mut self, person: PersonId) -> Result<PersonKey, Refusal> {
        let incident = self.open_incident();
        let keys = Arc::clone(&self.town.incident_keys);
        let over = keys.get(&incident).ok_or_else(|| {
            error!(%incident, "the town's package has no key for the incident");
            Refusal::NotNow
        })?;
        let held = self.person_keys.keys(incident, person).map_err(|problem| not_sealed(&problem))?;
        // The first one that opens: boxes come to use the same.
        let first = held.iter().find_map(|wrapped| over.unwrap(person, wrapped).ok());
        match first {
            Some(key) => Ok(key),
            None => self.make_key(over, incident, person),
        }
    }

    fn make_key(
        &mut self,
        over: &IncidentKey,
        incident: IncidentId,
        person: PersonId,
    ) -> Result<PersonKey, Refusal> {
        let (mut bytes, mut nonce) = (zeroize::Zeroizing::new([0; 32]), [0; NONCE]);
        let filled = getrandom::fill(bytes.as_mut_slice()).and_then(|()| getrandom::fill(&mut nonce));
        filled.map_err(|problem| not_sealed(&problem))?;
        let key = PersonKey::new(*bytes);
        let wrapped = over.wrap(person, &key, nonce).map_err(|problem| not_sealed(&problem))?;
        match self.person_keys.put(incident, person, wrapped) {
            Ok(Kept::New | Kept::AlreadyHeld) => Ok(key),
            Ok(Kept::Erased | Kept::TooMany) => Err(Refusal::NotNow),
            Err(problem) => {
                let reason = if matches!(problem, StoreError::Full) {
                    HoldReason::DiskFull
                } else {
                    HoldReason::DiskFailing
                };
                self.note_disk(Some(reason));
                Err(not_sealed(&problem))
            }
        }
    }

    /// Writes the records of one action, some of them sealed, and gives their ids.
    ///
    /// # Errors
    /// [`HoldReason`]; nothing was written.
    pub(super) fn write_sealing(
        &mut self,
        incident: IncidentId,
        lane: LaneId,
        writings: Vec<Writing>,
        now: UnixMillis,
    ) -> Result<Vec<RecordId>, HoldReason> {
        let written = self.ledger.write_sealing(self.place(incident, lane, now), writings, now);
        if written.is_ok() {
            self.note_own_change(incident);
        }
        written.map_err(|problem| problem.reason())
    }
}

fn not_sealed(problem: &(dyn std::error::Error + 'static)) -> Refusal {
    error!(error = problem, "there is no key to write something down with");
    Refusal::Disk
}
