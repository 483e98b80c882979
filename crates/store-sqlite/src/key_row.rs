//! What the key table says, and how it stands in a file that says nothing to whoever reads it without the file's key.
//!
//! Rows are found by keyed hashes (HMAC-SHA-256) and sealed with ChaCha20-Poly1305 (RFC 8439). The nonce is a keyed hash
//! of what is sealed, so that no nonce meets two contents, and nothing random is needed.

use std::collections::BTreeMap;
use std::fmt;

use hinamori_model::{HouseholdId, IncidentId, PersonId, UnixMillis};
use hinamori_profile::{IncidentKey, WrappedKey};
use hinamori_sync::KeyRows;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use crate::StoreError;

const FOREIGN: StoreError = StoreError::ForeignValue { what: "row of the key table" };
const KEY: u8 = 0;
const PERSON_ERASED: u8 = 1;
const INCIDENT_ERASED: u8 = 2;

/// The key of one key table: 32 bytes from the box's security chip, else from a file that only the daemon may read. It
/// cannot be printed.
pub struct FileKey(Zeroizing<[u8; 32]>);

impl fmt::Debug for FileKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("FileKey(hidden)")
    }
}

impl FileKey {
    /// Takes 32 secret bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A key for one purpose.
    fn derived(&self, purpose: &[u8]) -> hmac::Tag {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.0.as_slice()), purpose)
    }
}

/// What one box tells another about keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRow {
    /// A key of a person. Two boxes that were cut off may both have made one.
    Key {
        /// In which incident.
        incident: IncidentId,
        /// Whose.
        person: PersonId,
        /// Under the incident's key.
        wrapped: WrappedKey,
    },
    /// All keys of this person in this incident are destroyed, also those that are not known yet.
    PersonErased {
        /// In which incident.
        incident: IncidentId,
        /// Whose.
        person: PersonId,
        /// When somebody decided so.
        at: UnixMillis,
    },
    /// All keys of this incident are destroyed, also those that are not known yet.
    IncidentErased {
        /// Which.
        incident: IncidentId,
        /// When somebody decided so.
        at: UnixMillis,
    },
}

/// What the rows of a box may say to anybody else: keys that open under their incident's. Nobody erases by a row of a box.
pub fn keys_of_a_box(rows: &KeyRows, over: &BTreeMap<IncidentId, IncidentKey>) -> Vec<KeyRow> {
    let holds = |row: &KeyRow| match row {
        KeyRow::Key { incident, person, wrapped } => {
            over.get(incident).is_some_and(|key| key.unwrap(*person, wrapped).is_ok())
        }
        KeyRow::PersonErased { .. } | KeyRow::IncidentErased { .. } => false,
    };
    rows.rows().filter_map(KeyRow::from_bytes).filter(holds).collect()
}

impl KeyRow {
    /// In which incident.
    pub const fn incident(&self) -> IncidentId {
        match self {
            Self::Key { incident, .. }
            | Self::PersonErased { incident, .. }
            | Self::IncidentErased { incident, .. } => *incident,
        }
    }

    /// The bytes that travel: at most 101.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Key { incident, person, wrapped } => {
                [&[KEY], incident.as_bytes().as_slice(), person.as_bytes(), wrapped.as_bytes()].concat()
            }
            Self::PersonErased { incident, person, at } => {
                let at = at.get().to_be_bytes();
                [&[PERSON_ERASED], incident.as_bytes().as_slice(), person.as_bytes(), &at].concat()
            }
            Self::IncidentErased { incident, at } => {
                [&[INCIDENT_ERASED], incident.as_bytes().as_slice(), &at.get().to_be_bytes()].concat()
            }
        }
    }

    /// Reads what [`KeyRow::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (incident, rest) = rest.split_first_chunk()?;
        let incident = IncidentId::from_bytes(*incident);
        let time = |bytes: &[u8]| Some(UnixMillis::new(u64::from_be_bytes(bytes.try_into().ok()?)));
        if *kind == INCIDENT_ERASED {
            return Some(Self::IncidentErased { incident, at: time(rest)? });
        }
        let (person, rest) = rest.split_first_chunk()?;
        let person = PersonId::from_bytes(*person);
        match *kind {
            KEY => Some(Self::Key { incident, person, wrapped: WrappedKey::from_bytes(rest)? }),
            PERSON_ERASED => Some(Self::PersonErased { incident, person, at: time(rest)? }),
            _ => None,
        }
    }
}

/// A keyed hash by which something is found.
pub(crate) type Found = [u8; 16];

/// Hides what stands in a key table.
pub(crate) struct Cover {
    find: hmac::Key,
    nonce: hmac::Key,
    seal: LessSafeKey,
}

impl Cover {
    pub(crate) fn new(key: &FileKey) -> Result<Self, StoreError> {
        let hashing = |purpose| hmac::Key::new(hmac::HMAC_SHA256, key.derived(purpose).as_ref());
        let seal = UnboundKey::new(&CHACHA20_POLY1305, key.derived(b"seal").as_ref());
        let seal = LessSafeKey::new(seal.map_err(|_other_length| FOREIGN)?);
        Ok(Self { find: hashing(b"find"), nonce: hashing(b"nonce"), seal })
    }

    /// A label that no other has as its beginning, then parts of fixed length.
    fn found(&self, label: &[u8], parts: [&[u8]; 3]) -> Found {
        let mut hash = hmac::Context::with_key(&self.find);
        hash.update(label);
        parts.iter().for_each(|part| hash.update(part));
        hash.sign().as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// By what a file of this key is known.
    pub(crate) fn mark(&self) -> Found {
        self.found(b"mark", [&[], &[], &[]])
    }

    pub(crate) fn message(&self, digest: &[u8; 32]) -> Found {
        self.found(b"alert", [digest, &[], &[]])
    }

    pub(crate) fn told(&self, message: &[u8; 32], household: HouseholdId) -> Found {
        self.found(b"told", [message, household.as_bytes(), &[]])
    }

    /// What tells a row from the same one after other rows.
    pub(crate) fn row_mark(&self, before: &Found, id: &Found) -> Found {
        self.found(b"row", [before, id, &[]])
    }

    pub(crate) fn incident(&self, incident: IncidentId) -> Found {
        self.found(b"incident", [incident.as_bytes(), &[], &[]])
    }

    pub(crate) fn person(&self, incident: IncidentId, person: PersonId) -> Found {
        self.found(b"person", [incident.as_bytes(), person.as_bytes(), &[]])
    }

    pub(crate) fn erased_person(&self, incident: IncidentId, person: PersonId) -> Found {
        self.found(b"erased person", [incident.as_bytes(), person.as_bytes(), &[]])
    }

    pub(crate) fn erased_incident(&self, incident: IncidentId) -> Found {
        self.found(b"erased incident", [incident.as_bytes(), &[], &[]])
    }

    /// The id of a row: what it is found by, but for the time of an erasure.
    pub(crate) fn id(&self, row: &KeyRow) -> Found {
        match row {
            KeyRow::Key { incident, person, wrapped } => {
                self.found(b"key", [incident.as_bytes(), person.as_bytes(), wrapped.as_bytes()])
            }
            KeyRow::PersonErased { incident, person, at: _ } => self.erased_person(*incident, *person),
            KeyRow::IncidentErased { incident, at: _ } => self.erased_incident(*incident),
        }
    }

    /// Nonce, row, tag, for the row with this id.
    pub(crate) fn seal(&self, id: &Found, row: &KeyRow) -> Result<Vec<u8>, StoreError> {
        self.seal_bytes(id, row.to_bytes())
    }

    /// The same of any bytes; `id` is what they are found by.
    pub(crate) fn seal_bytes(&self, id: &Found, mut content: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let mut hash = hmac::Context::with_key(&self.nonce);
        hash.update(id);
        hash.update(&content);
        let nonce: [u8; NONCE_LEN] = hash.sign().as_ref().first_chunk().copied().unwrap_or_default();
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(id), &mut content)
            .map_err(|_too_long| FOREIGN)?;
        Ok([nonce.as_slice(), &content].concat())
    }

    pub(crate) fn open(&self, id: &Found, sealed: &[u8]) -> Result<KeyRow, StoreError> {
        KeyRow::from_bytes(&self.open_bytes(id, sealed)?).ok_or(FOREIGN)
    }

    pub(crate) fn open_bytes(&self, id: &Found, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (nonce, content) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(FOREIGN)?;
        let mut content = content.to_vec();
        let opened = self
            .seal
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(id), &mut content)
            .map_err(|_bent| FOREIGN)?;
        Ok(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_nonce_meets_two_contents() {
        let cover = Cover::new(&FileKey::new([1; 32])).unwrap();
        let incident = IncidentId::from_bytes([2; 16]);
        // One id, two contents: a file that was restored from a copy, and the same erasure decided again.
        let rows = [1, 2].map(|at| KeyRow::IncidentErased { incident, at: UnixMillis::new(at) });
        let id = cover.id(&rows[0]);
        assert_eq!(id, cover.id(&rows[1]));
        let sealed = rows.clone().map(|row| cover.seal(&id, &row).unwrap());
        assert_ne!(sealed[0][..NONCE_LEN], sealed[1][..NONCE_LEN]);
        assert_eq!(rows, sealed.map(|sealed| cover.open(&id, &sealed).unwrap()));
        assert_eq!(format!("{:?}", FileKey::new([1; 32])), "FileKey(hidden)");
    }
}
