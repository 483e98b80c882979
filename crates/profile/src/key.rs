//! The keys under which profiles stand, and what is sealed with them: ChaCha20-Poly1305 (RFC 8439), which is fast on a
//! box without AES instructions too.
//!
//! | Sealed patch | Bytes |
//! |---|---|
//! | the key's id | 8 |
//! | nonce | 12 |
//! | length of the patch (2 bytes), the patch, zeros up to a multiple of 64, encrypted | 64 × n |
//! | tag | 16 |
//!
//! Associated data: a label, the person, the record. A wrapped key has the same form around 32 bytes, with the incident, the
//! person and the key's id as associated data. Two boxes that are cut off may make two keys for one person; the id says which
//! one opens what.

use std::fmt;

use hinamori_model::{IncidentId, PersonId, RecordId};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use zeroize::{Zeroize, Zeroizing};

use crate::patch::{BadPatch, LONGEST_PATCH, ProfilePatch};

/// Bytes of a nonce. The caller makes it at random and never uses it twice under one key.
pub const NONCE: usize = NONCE_LEN;
const KEY: usize = 32;
const KEY_ID: usize = 8;
const TAG: usize = 16;
const HEAD: usize = KEY_ID + NONCE;
/// Lengths of sealed patches go up in these steps, so that a length says little.
const STEP: usize = 64;
const LENGTH: usize = 2;
const LONGEST_SEALED: usize = HEAD + (LENGTH + LONGEST_PATCH).next_multiple_of(STEP) + TAG;
const PATCH_LABEL: &[u8] = b"hinamori profile patch 1";
const WRAP_LABEL: &[u8] = b"hinamori wrapped key 1";

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes cannot have been sealed by this program.
    #[error("the sealed bytes are malformed")]
    Malformed,
    /// Another key sealed them.
    #[error("the bytes were sealed by another key")]
    OtherKey,
    /// They were bent, or sealed for another person, record or incident.
    #[error("the sealed bytes do not open here")]
    Refused,
    /// They opened, and what stands in them is no patch.
    #[error("what was sealed is no patch")]
    Patch(#[from] BadPatch),
    /// The cipher refused to work.
    #[error("the bytes could not be sealed")]
    NotSealed,
}

/// Which key it is: the first bytes of the SHA-256 of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; KEY_ID]);

/// Which key sealed some bytes; `None` for bytes that are too short.
pub fn sealed_by(sealed: &[u8]) -> Option<KeyId> {
    sealed.first_chunk().copied().map(KeyId)
}

/// The key of one person in one incident. It cannot be printed and is wiped when it is dropped.
#[derive(Zeroize)]
#[zeroize(drop)]
pub struct PersonKey([u8; KEY]);

/// The key of one incident, under which the keys of its people are stored and sent.
pub struct IncidentKey {
    incident: IncidentId,
    key: Zeroizing<[u8; KEY]>,
}

/// A person's key under its incident's key. Without that it is of no use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrappedKey([u8; Self::LENGTH]);

impl IncidentKey {
    /// The secret bytes, for what else is hidden under the incident: bundles.
    pub fn expose(&self) -> &[u8; KEY] {
        &self.key
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PersonKey(hidden)")
    }
}

impl fmt::Debug for IncidentKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "IncidentKey({}, hidden)", self.incident)
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WrappedKey(hidden)")
    }
}

impl PersonKey {
    /// Takes 32 random bytes.
    pub const fn new(bytes: [u8; KEY]) -> Self {
        Self(bytes)
    }

    /// Which key it is.
    pub fn id(&self) -> KeyId {
        KeyId(digest(&SHA256, &self.0).as_ref().first_chunk().copied().unwrap_or_default())
    }

    /// What may stand in the record `record` about `person`.
    ///
    /// # Errors
    /// [`KeyError::NotSealed`]; [`KeyError::Patch`] for a patch over its length.
    pub fn seal(
        &self,
        patch: &ProfilePatch,
        person: PersonId,
        record: RecordId,
        nonce: [u8; NONCE],
    ) -> Result<Vec<u8>, KeyError> {
        let clear = Zeroizing::new(patch.to_bytes());
        let too_long = KeyError::Patch(BadPatch::TooLong { bytes: clear.len() });
        let length = u16::try_from(clear.len()).map_err(|_over_64_kib| too_long)?.to_be_bytes();
        let mut padded = Vec::with_capacity(LONGEST_SEALED);
        padded.extend_from_slice(&length);
        padded.extend_from_slice(&clear);
        padded.resize(padded.len().next_multiple_of(STEP), 0);
        seal(&self.0, &self.id(), nonce, &patch_place(person, record), padded)
    }

    /// The patch that was sealed for this person and record.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(&self, sealed: &[u8], person: PersonId, record: RecordId) -> Result<ProfilePatch, KeyError> {
        if sealed.len() > LONGEST_SEALED {
            return Err(KeyError::Malformed);
        }
        if sealed_by(sealed).ok_or(KeyError::Malformed)? != self.id() {
            return Err(KeyError::OtherKey);
        }
        let padded = open(&self.0, sealed, &patch_place(person, record))?;
        let (length, rest) = padded.split_first_chunk().ok_or(KeyError::Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (clear, filling) = rest.split_at_checked(length).ok_or(KeyError::Malformed)?;
        let is_short = LENGTH.saturating_add(length).next_multiple_of(STEP) == padded.len();
        if !is_short || filling.iter().any(|byte| *byte != 0) {
            return Err(KeyError::Malformed);
        }
        Ok(ProfilePatch::from_bytes(clear)?)
    }
}

impl IncidentKey {
    /// Takes the 32 secret bytes of an incident.
    pub fn new(incident: IncidentId, bytes: [u8; KEY]) -> Self {
        Self { incident, key: Zeroizing::new(bytes) }
    }

    /// The form in which a person's key is stored and sent.
    ///
    /// # Errors
    /// [`KeyError::NotSealed`].
    pub fn wrap(
        &self,
        person: PersonId,
        key: &PersonKey,
        nonce: [u8; NONCE],
    ) -> Result<WrappedKey, KeyError> {
        let place = self.place(person, key.id());
        let wrapped = seal(&self.key, &key.id(), nonce, &place, key.0.to_vec())?;
        WrappedKey::from_bytes(&wrapped).ok_or(KeyError::NotSealed)
    }

    /// The key that was wrapped for this person.
    ///
    /// # Errors
    /// [`KeyError::Refused`].
    pub fn unwrap(&self, person: PersonId, wrapped: &WrappedKey) -> Result<PersonKey, KeyError> {
        let clear = open(&self.key, &wrapped.0, &self.place(person, wrapped.key_id()))?;
        let key = PersonKey(clear.as_slice().try_into().map_err(|_other_length| KeyError::Malformed)?);
        if key.id() == wrapped.key_id() { Ok(key) } else { Err(KeyError::Refused) }
    }

    fn place(&self, person: PersonId, key: KeyId) -> Vec<u8> {
        [WRAP_LABEL, self.incident.as_bytes(), person.as_bytes(), &key.0].concat()
    }
}

impl WrappedKey {
    /// Bytes of each.
    pub const LENGTH: usize = HEAD + KEY + TAG;

    /// Takes the bytes as they were stored or sent; `None` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes to store and send.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Which key it claims to be: [`IncidentKey::unwrap`] checks it.
    pub fn key_id(&self) -> KeyId {
        sealed_by(&self.0).unwrap_or(KeyId([0; KEY_ID]))
    }
}

fn patch_place(person: PersonId, record: RecordId) -> Vec<u8> {
    [PATCH_LABEL, person.as_bytes(), record.as_bytes()].concat()
}

fn cipher(key: &[u8; KEY]) -> Result<LessSafeKey, KeyError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_other_length| KeyError::NotSealed)?;
    Ok(LessSafeKey::new(key))
}

/// Key id, nonce, `content` encrypted in its place, tag.
fn seal(
    key: &[u8; KEY],
    id: &KeyId,
    nonce: [u8; NONCE],
    place: &[u8],
    content: Vec<u8>,
) -> Result<Vec<u8>, KeyError> {
    let mut content = Zeroizing::new(content);
    let tag = cipher(key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut content)
        .map_err(|_too_long| KeyError::NotSealed)?;
    Ok([id.0.as_slice(), &nonce, &content, tag.as_ref()].concat())
}

fn open(key: &[u8; KEY], sealed: &[u8], place: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let rest = sealed.get(KEY_ID..).ok_or(KeyError::Malformed)?;
    let (nonce, content) = rest.split_first_chunk::<NONCE>().ok_or(KeyError::Malformed)?;
    let mut content = Zeroizing::new(content.to_vec());
    let length = cipher(key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut content)
        .map_err(|_bent| KeyError::Refused)?
        .len();
    content.truncate(length);
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Entry;
    use hinamori_model::Sex;

    const PERSON: PersonId = PersonId::from_bytes([1; 16]);
    const RECORD: RecordId = RecordId::from_bytes([2; 16]);

    #[test]
    fn what_has_the_key_and_is_filled_otherwise_is_malformed() {
        let key = PersonKey::new([7; 32]);
        let clear = ProfilePatch::new([Entry::Sex(Sex::Female)]).unwrap().to_bytes();
        let opened = |length: u16, filling: &[u8]| {
            let padded = [length.to_be_bytes().as_slice(), &clear, filling].concat();
            let sealed = seal(&key.0, &key.id(), [0; NONCE], &patch_place(PERSON, RECORD), padded).unwrap();
            key.open(&sealed, PERSON, RECORD)
        };
        let length = u16::try_from(clear.len()).unwrap();
        let filling = [0; 64 - 6];
        assert!(opened(length, &filling).is_ok());
        for (length, filling) in [
            (length, [&filling[1..], &[1]].concat()),
            (length, filling[1..].to_vec()),
            (length, [filling.as_slice(), &[0; 64]].concat()),
            (100, filling.to_vec()),
        ] {
            assert_eq!(opened(length, &filling), Err(KeyError::Malformed));
        }
        assert_eq!(opened(0, &[0; 64 - 6]), Err(KeyError::Malformed));
    }

    #[test]
    fn a_wrapped_key_that_claims_to_be_another_one_is_refused() {
        let incident = IncidentKey::new(IncidentId::from_bytes([3; 16]), [5; 32]);
        let claimed = PersonKey::new([8; 32]).id();
        let place = incident.place(PERSON, claimed);
        let wrapped = seal(&incident.key, &claimed, [0; NONCE], &place, vec![7; KEY]).unwrap();
        let wrapped = WrappedKey::from_bytes(&wrapped).unwrap();
        assert!(matches!(incident.unwrap(PERSON, &wrapped), Err(KeyError::Refused)));
    }
}
