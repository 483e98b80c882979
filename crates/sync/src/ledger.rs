//! What a box hands over of a closed incident: sealed to the town's ledger key, and read by nobody else.
//!
//! The seal is HPKE (RFC 9180) in its base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and ChaCha20-Poly1305, for one
//! message: the encapsulated key (32 bytes), then the ciphertext. The incident is its `info`.

use std::fmt;

use curve25519_dalek::MontgomeryPoint;
use hinamori_model::IncidentId;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Bytes of one piece that is handed over, sealed.
pub const LONGEST_HAND_OVER: usize = (9 << 20) - 1_024;
const POINT: usize = 32;
const KEM: &[u8] = b"KEM\x00\x20";
const SUITE: &[u8] = b"HPKE\x00\x20\x00\x01\x00\x03";
const LABEL: &[u8] = b"hinamori ledger 1";

/// One piece of what a box hands over.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// Of which incident.
    pub incident: IncidentId,
    /// What [`LedgerKey::seal`] made.
    pub sealed: Vec<u8>,
}

/// SHA-256 of a piece: with it the server says that it has the piece durably.
pub type HandOverDigest = [u8; 32];

impl fmt::Debug for HandOver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HandOver({}, {} bytes)", self.incident, self.sealed.len())
    }
}

impl HandOver {
    /// By what its receipt is known.
    pub fn digest(&self) -> HandOverDigest {
        digest(&SHA256, &self.sealed).as_ref().first_chunk().copied().unwrap_or_default()
    }

    pub(crate) const fn is_bounded(&self) -> bool {
        self.sealed.len() <= LONGEST_HAND_OVER
    }
}

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The town has no ledger key, or one that everybody could open.
    #[error("the town's ledger key cannot be used")]
    BadKey,
    /// Too short, bent, or sealed to another key or for another incident.
    #[error("what was handed over does not open")]
    Refused,
}

/// The public half: in the town's package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerKey(pub [u8; POINT]);

/// The secret half: the town's. It cannot be printed.
pub struct LedgerSecret(Zeroizing<[u8; POINT]>);

impl fmt::Debug for LedgerSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LedgerSecret(hidden)")
    }
}

impl LedgerKey {
    /// Seals bytes of an incident. `ephemeral` is 32 random bytes that are used for nothing else.
    ///
    /// # Errors
    /// [`LedgerError::BadKey`].
    pub fn seal(
        &self,
        incident: IncidentId,
        content: &[u8],
        ephemeral: &Zeroizing<[u8; POINT]>,
    ) -> Result<Vec<u8>, LedgerError> {
        let point = MontgomeryPoint::mul_base_clamped(**ephemeral).to_bytes();
        let shared = agree(ephemeral, &self.0).ok_or(LedgerError::BadKey)?;
        let (key, nonce) = schedule(&shared, &point, &self.0, &info(incident)).ok_or(LedgerError::BadKey)?;
        let mut sealed = content.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)
            .map_err(|_too_long| LedgerError::BadKey)?;
        Ok([point.as_slice(), &sealed].concat())
    }
}

impl LedgerSecret {
    /// Takes 32 random bytes.
    pub fn new(bytes: [u8; POINT]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The public half.
    pub fn public(&self) -> LedgerKey {
        LedgerKey(MontgomeryPoint::mul_base_clamped(*self.0).to_bytes())
    }

    /// What was sealed for this incident.
    ///
    /// # Errors
    /// [`LedgerError::Refused`].
    pub fn open(&self, incident: IncidentId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, LedgerError> {
        self.open_for(&info(incident), sealed).ok_or(LedgerError::Refused)
    }

    fn open_for(&self, info: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (point, content) = sealed.split_first_chunk::<POINT>()?;
        let shared = agree(&self.0, point)?;
        let (key, nonce) = schedule(&shared, point, &self.public().0, info)?;
        let mut content = Zeroizing::new(content.to_vec());
        let length = key.open_in_place(nonce, Aad::empty(), &mut content).ok()?.len();
        content.truncate(length);
        Some(content)
    }
}

fn info(incident: IncidentId) -> Vec<u8> {
    [LABEL, incident.as_bytes()].concat()
}

/// X25519 (RFC 7748 §5); `None` for a point that gives everybody the same secret (§6.1).
fn agree(secret: &Zeroizing<[u8; POINT]>, point: &[u8; POINT]) -> Option<Zeroizing<[u8; POINT]>> {
    let shared = Zeroizing::new(MontgomeryPoint(*point).mul_clamped(**secret).to_bytes());
    (*shared != [0; POINT]).then_some(shared)
}

/// So many bytes are asked for.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

/// LabeledExtract of RFC 9180 §4.
fn extract(suite: &[u8], salt: &[u8], label: &[u8], content: &[u8]) -> Prk {
    let content = Zeroizing::new([b"HPKE-v1", suite, label, content].concat());
    Salt::new(HKDF_SHA256, salt).extract(&content)
}

/// LabeledExpand of RFC 9180 §4, with everything in `info` joined.
fn expand<const LENGTH: usize>(
    secret: &Prk,
    suite: &[u8],
    label: &[u8],
    info: [&[u8]; 2],
) -> Option<Zeroizing<[u8; LENGTH]>> {
    let length = u16::try_from(LENGTH).ok()?.to_be_bytes();
    let info = [&length, b"HPKE-v1".as_slice(), suite, label, info[0], info[1]];
    let mut out = Zeroizing::new([0; LENGTH]);
    secret.expand(&info, Bytes(LENGTH)).ok()?.fill(out.as_mut_slice()).ok()?;
    Some(out)
}

/// The key and the nonce of the first message (RFC 9180 §4.1 and §5.1).
fn schedule(
    shared: &[u8; POINT],
    ephemeral: &[u8; POINT],
    receiver: &[u8; POINT],
    info: &[u8],
) -> Option<(LessSafeKey, Nonce)> {
    let secret = extract(KEM, &[], b"eae_prk", shared);
    let secret: Zeroizing<[u8; 32]> = expand(&secret, KEM, b"shared_secret", [ephemeral, receiver])?;
    // ring gives no bytes of what was extracted: HMAC-SHA-256 is the same by definition.
    let hashed = |label: &[u8], content: &[u8]| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[]);
        ring::hmac::sign(&key, &[b"HPKE-v1".as_slice(), SUITE, label, content].concat())
    };
    let (no_id, info) = (hashed(b"psk_id_hash", &[]), hashed(b"info_hash", info));
    let context = [&[0], no_id.as_ref(), info.as_ref()].concat();
    let secret = extract(SUITE, secret.as_slice(), b"secret", &[]);
    let key: Zeroizing<[u8; 32]> = expand(&secret, SUITE, b"key", [&context, &[]])?;
    let nonce: Zeroizing<[u8; NONCE_LEN]> = expand(&secret, SUITE, b"base_nonce", [&context, &[]])?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).ok()?;
    Some((LessSafeKey::new(key), Nonce::assume_unique_for_key(*nonce)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INCIDENT: IncidentId = IncidentId::from_bytes([1; 16]);

    fn bytes<const LENGTH: usize>(hex: &str) -> [u8; LENGTH] {
        let byte = |at: usize| u8::from_str_radix(hex.get(2 * at..2 * at + 2).unwrap(), 16).unwrap();
        std::array::from_fn(byte)
    }

    /// RFC 9180 A.2.1 and A.2.1.1, whose first message has associated data: it is opened under the same key and nonce.
    #[test]
    fn the_key_schedule_is_that_of_the_standard() {
        let ephemeral =
            Zeroizing::new(bytes("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"));
        let receiver =
            LedgerSecret::new(bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"));
        let point = MontgomeryPoint::mul_base_clamped(*ephemeral).to_bytes();
        assert_eq!(point, bytes("1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"));
        let public = receiver.public().0;
        assert_eq!(public, bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"));
        let info: [u8; 20] = bytes("4f6465206f6e2061204772656369616e2055726e");
        let shared = agree(&ephemeral, &public).unwrap();
        let (key, nonce) = schedule(&shared, &point, &public, &info).unwrap();
        assert_eq!(*nonce.as_ref(), bytes("5c4d98150661b848853b547f"));
        let of_the_standard = UnboundKey::new(
            &CHACHA20_POLY1305,
            &bytes::<32>("ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91"),
        );
        let mut sealed = b"Beauty is truth".to_vec();
        let nonce = |nonce: &Nonce| Nonce::assume_unique_for_key(*nonce.as_ref());
        let first = Nonce::assume_unique_for_key(bytes("5c4d98150661b848853b547f"));
        key.seal_in_place_append_tag(nonce(&first), Aad::from(b"Count-0"), &mut sealed).unwrap();
        let opened = LessSafeKey::new(of_the_standard.unwrap());
        assert_eq!(
            opened.open_in_place(first, Aad::from(b"Count-0"), &mut sealed).unwrap(),
            b"Beauty is truth"
        );
    }

    #[test]
    fn only_the_town_opens_it_and_only_for_its_incident() {
        let town = LedgerSecret::new([3; 32]);
        let ephemeral = Zeroizing::new([4; 32]);
        let sealed = town.public().seal(INCIDENT, b"content", &ephemeral).unwrap();
        assert_eq!(town.open(INCIDENT, &sealed).unwrap().as_slice(), b"content");
        assert_eq!(town.open(IncidentId::from_bytes([2; 16]), &sealed).err(), Some(LedgerError::Refused));
        assert!(LedgerSecret::new([5; 32]).open(INCIDENT, &sealed).is_err());
        for position in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[position] ^= 1;
            assert!(town.open(INCIDENT, &bent).is_err(), "{position}");
        }
        assert!(town.open(INCIDENT, &sealed[..31]).is_err());
        assert!(!format!("{town:?}").contains('3'));
    }

    #[test]
    fn a_key_that_everybody_could_open_is_refused() {
        let ephemeral = Zeroizing::new([4; 32]);
        assert_eq!(LedgerKey([0; 32]).seal(INCIDENT, b"x", &ephemeral), Err(LedgerError::BadKey));
    }
}
