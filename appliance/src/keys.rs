//! Secrets that a box makes for itself at its first start.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hinamori_model::{IncidentId, SiteId, SiteKind, TownKey};
use hinamori_private_file as private_file;
use hinamori_profile::IncidentKey;
use hinamori_store_sqlite::FileKey;
use hinamori_sync::SealKey;
use hinamori_sync::town::{Incidents, Site};
use zeroize::Zeroizing;

const SEAL_KEY: &str = "seal-key";
const LOCAL_TOWN: &str = "local-town";
const LOCAL_INCIDENT_KEYS: &str = "local-incident-keys";
const FILE_KEY: &str = "keys-key";
/// Town key, site, three incidents.
const LOCAL_TOWN_BYTES: usize = 32 + 4 * 16;

/// What a box has of its own.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Seals its records; its public half names the box.
    pub(crate) seal: SealKey,
    /// The town of one box that it stands for until it joins a real one.
    pub(crate) local: LocalTown,
    /// Hides its key table. It lies in a file beside the table until the box has a security chip to keep it in: whoever takes
    /// the whole disk has both.
    pub(crate) table: FileKey,
}

/// Key, site and incidents made up by the box, so that it works before any server knows it. Its records
/// stay on the box: they are of no town's incident.
#[derive(Debug)]
pub(crate) struct LocalTown {
    pub(crate) key: TownKey,
    pub(crate) site: Site,
    pub(crate) incidents: Incidents,
    pub(crate) incident_keys: IncidentKeys,
}

/// The keys of incidents, under which people's keys are wrapped.
pub(crate) type IncidentKeys = Arc<BTreeMap<IncidentId, IncidentKey>>;

/// Loads the keys in `folder`, or makes them.
///
/// # Errors
/// The system's; a file of the wrong length is [`io::ErrorKind::InvalidData`] and stays as it is.
pub(crate) fn load_or_make(folder: &Path) -> io::Result<Keys> {
    private_file::private_folder(folder)?;
    let seal = seal_key(folder)?;
    let local: Zeroizing<[u8; LOCAL_TOWN_BYTES]> = secret(folder, LOCAL_TOWN)?;
    let incident_keys: Zeroizing<[u8; 3 * 32]> = secret(folder, LOCAL_INCIDENT_KEYS)?;
    let table: Zeroizing<[u8; 32]> = secret(folder, FILE_KEY)?;
    Ok(Keys { seal, local: LocalTown::from_bytes(&local, &incident_keys), table: FileKey::new(*table) })
}

/// The seal key in `folder`; made when it is missing.
///
/// # Errors
/// As [`load_or_make`].
pub(crate) fn seal_key(folder: &Path) -> io::Result<SealKey> {
    private_file::private_folder(folder)?;
    let seed: Zeroizing<[u8; 32]> = secret(folder, SEAL_KEY)?;
    Ok(SealKey::from_bytes(&seed))
}

fn secret<const LENGTH: usize>(folder: &Path, name: &str) -> io::Result<Zeroizing<[u8; LENGTH]>> {
    let maximum = u64::try_from(LENGTH).unwrap_or(u64::MAX);
    let mut bytes = Zeroizing::new([0; LENGTH]);
    if let Some(stored) = private_file::read(folder, name, maximum)?.map(Zeroizing::new) {
        let stored: &[u8; LENGTH] = stored
            .as_slice()
            .try_into()
            .map_err(|_length| io::Error::new(io::ErrorKind::InvalidData, format!("{name} is damaged")))?;
        *bytes = *stored;
    } else {
        getrandom::fill(bytes.as_mut_slice()).map_err(io::Error::other)?;
        private_file::replace(folder, name, bytes.as_slice())?;
    }
    Ok(bytes)
}

impl LocalTown {
    fn from_bytes(bytes: &[u8; LOCAL_TOWN_BYTES], incident_keys: &[u8; 3 * 32]) -> Self {
        let mut key = [0; 32];
        key.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let id = |number: usize| {
            let mut id = [0; 16];
            id.iter_mut().zip(bytes.iter().skip(32 + 16 * number)).for_each(|(to, from)| *to = *from);
            id
        };
        let incidents = Incidents {
            daily_life: IncidentId::from_bytes(id(1)),
            live: IncidentId::from_bytes(id(2)),
            drill: IncidentId::from_bytes(id(3)),
        };
        let (incident_keys, _nothing) = incident_keys.as_chunks();
        let named = [incidents.daily_life, incidents.live, incidents.drill].into_iter().zip(incident_keys);
        let named = named.map(|(incident, key)| (incident, IncidentKey::new(incident, *key)));
        Self {
            key: TownKey::new(key),
            site: Site {
                id: SiteId::from_bytes(id(0)),
                name: "避難所".to_owned(),
                kind: SiteKind::Shelter,
                catchment: Vec::new(),
                position: None,
                capacity: None,
            },
            incidents,
            incident_keys: Arc::new(named.collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_never_printed() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_make(folder.path()).unwrap();
        let again = load_or_make(folder.path()).unwrap();
        assert_eq!(first.seal.box_id(), again.seal.box_id());
        assert_eq!(first.local.incidents, again.local.incidents);
        assert_eq!(first.local.key.expose(), again.local.key.expose());
        let printed = format!("{:?} {:?} {:?}", first.seal, first.local.key, first.table);
        assert!(!printed.contains('['), "{printed}");
        std::fs::write(folder.path().join(SEAL_KEY), [1; 31]).unwrap();
        assert!(load_or_make(folder.path()).is_err(), "a damaged key is no reason to become another box");
    }
}
