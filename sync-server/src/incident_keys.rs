//! The keys of incidents: `keys/incident-keys`, made at random for every incident that the town names, kept until it is closed.

use std::collections::BTreeMap;

use hinamori_model::IncidentId;
use hinamori_private_file as private_file;
use hinamori_sync::town::{ClosedIncident, Incidents, TownSecret};
use zeroize::Zeroizing;

use crate::data::{DataError, Locked, random};

const FILE: &str = "incident-keys";
/// Id and key.
const ENTRY: usize = 16 + 32;
/// Bytes of the file: some thousand incidents.
const LONGEST: u64 = 1 << 18;

impl Locked<'_> {
    /// The keys of all incidents that are not closed, with those of `incidents` among them. Keys of closed ones are destroyed.
    ///
    /// # Errors
    /// [`DataError`].
    pub(crate) fn incident_keys(
        &self,
        incidents: Incidents,
        closed: &[ClosedIncident],
    ) -> Result<Vec<(IncidentId, TownSecret)>, DataError> {
        let folder = self.folder().keys_folder();
        let file = folder.join(FILE);
        let failed = |source| DataError::File { file: file.clone(), source };
        let held =
            Zeroizing::new(private_file::read(&folder, FILE, LONGEST).map_err(failed)?.unwrap_or_default());
        let (entries, rest) = held.as_chunks::<ENTRY>();
        if !rest.is_empty() {
            return Err(DataError::Damaged { file });
        }
        let mut keys = BTreeMap::new();
        for entry in entries {
            let (id, key) =
                entry.split_first_chunk().ok_or_else(|| DataError::Damaged { file: file.clone() })?;
            let key = key.try_into().map_err(|_length| DataError::Damaged { file: file.clone() })?;
            keys.insert(IncidentId::from_bytes(*id), TownSecret(key));
        }
        keys.retain(|incident, _| !closed.iter().any(|closed| closed.incident == *incident));
        let Incidents { daily_life, live, drill } = incidents;
        for incident in [daily_life, live, drill] {
            if let std::collections::btree_map::Entry::Vacant(free) = keys.entry(incident) {
                free.insert(TownSecret(random()?));
            }
        }
        let bytes = keys.iter().flat_map(|(id, key)| id.as_bytes().iter().chain(&key.0)).copied();
        let bytes: Zeroizing<Vec<u8>> = Zeroizing::new(bytes.collect());
        if *bytes != *held {
            private_file::replace(&folder, FILE, &bytes).map_err(failed)?;
        }
        Ok(keys.into_iter().collect())
    }
}
