//! An officer's key at kiosks: good at every box of the town, and in the clear only while the officer's card lies on a reader.
//!
//! The Ed25519 seed is sealed under what the card signs after its PIN. RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) gives the same signature over the
//! same bytes every time, so that the card itself is the key; a card that signs in another way is of no use here. What is sealed is no
//! secret and travels to all boxes.
//!
//! | Sealed key | Bytes |
//! |---|---|
//! | class | 1: 0 live, 1 exercise |
//! | salt, random | 16 |
//! | public key | 32 |
//! | seed, sealed, and its tag | 48 |
//!
//! The card signs SHA-256 (`"hinamori officer/key/v1"` ‖ class ‖ salt ‖ public key). The seed is under ChaCha20-Poly1305 (RFC 8439) with
//! HKDF-SHA256 (RFC 5869) of that signature, the salt as its salt; the nonce is zero, because a key seals once. What stands before the seed
//! is the additional data.
//!
//! A key that nobody used for a month is tested: it signs SHA-256 (`"hinamori officer/test/v1"` ‖ public key ‖ time (8)), which is no alert's
//! digest and sends nothing.

use std::fmt;

use hinamori_model::UnixMillis;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use crate::instruction::hash;
use crate::keys::{DeviceKey, KeyClass};
use crate::signature::OfficerKey;

/// Ahead of what the card signs: it is no challenge of a sign-in, and none of another program.
const DOMAIN: &[u8; 23] = b"hinamori officer/key/v1";
/// Ahead of what a key signs to show that it works.
const TEST: &[u8; 24] = b"hinamori officer/test/v1";
const SEED: usize = 32;
const TAG: usize = 16;

/// What a key signs to show at a time that it works.
pub fn test_digest(key: &[u8; 32], at: UnixMillis) -> [u8; 32] {
    hash(&[TEST, key, &at.get().to_be_bytes()])
}

/// What a card signed after its PIN. It opens the officer's key, and cannot be printed.
pub struct CardSignature(Zeroizing<Vec<u8>>);

impl CardSignature {
    /// Takes the signature's bytes.
    pub const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for CardSignature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CardSignature(hidden)")
    }
}

/// Why a key is not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KioskKeyError {
    /// Another card's, or somebody bent it.
    #[error("this card does not open the officer's key")]
    NotOpened,
    /// The cipher refused to work.
    #[error("the officer's key could not be sealed")]
    NotSealed,
}

/// A key that was made and waits to be sealed. It cannot be printed and is wiped when it is dropped.
pub struct NewKioskKey {
    open: SealedBy,
    seed: Zeroizing<[u8; SEED]>,
}

impl fmt::Debug for NewKioskKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("NewKioskKey(hidden)")
    }
}

impl NewKioskKey {
    /// Takes random bytes: the seed (RFC 8032 §5.1.5) and a salt.
    pub fn new(class: KeyClass, seed: Zeroizing<[u8; SEED]>, salt: [u8; 16]) -> Self {
        let public = public_of(&seed);
        Self { open: SealedBy { class, salt, public }, seed }
    }

    /// What the card is to sign.
    pub fn challenge(&self) -> [u8; 32] {
        self.open.challenge()
    }

    /// Seals it under what the card signed over [`NewKioskKey::challenge`].
    ///
    /// # Errors
    /// [`KioskKeyError::NotSealed`].
    pub fn seal(&self, signature: &CardSignature) -> Result<SealedKioskKey, KioskKeyError> {
        let mut sealed = self.seed.to_vec();
        let key = self.open.cipher(signature).ok_or(KioskKeyError::NotSealed)?;
        key.seal_in_place_append_tag(nonce(), Aad::from(self.open.to_bytes()), &mut sealed)
            .map_err(|_no_cipher| KioskKeyError::NotSealed)?;
        let sealed = sealed.try_into().map_err(|_other_length| KioskKeyError::NotSealed)?;
        Ok(SealedKioskKey { open: self.open, sealed })
    }
}

/// What stands in the clear before a sealed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SealedBy {
    class: KeyClass,
    salt: [u8; 16],
    public: [u8; 32],
}

impl SealedBy {
    fn to_bytes(self) -> Vec<u8> {
        [&[self.class.code()], self.salt.as_slice(), &self.public].concat()
    }

    fn challenge(self) -> [u8; 32] {
        hash(&[DOMAIN, &self.to_bytes()])
    }

    fn cipher(self, CardSignature(signature): &CardSignature) -> Option<LessSafeKey> {
        let secret = Salt::new(HKDF_SHA256, &self.salt).extract(signature);
        let mut bytes = Zeroizing::new([0; 32]);
        secret.expand(&[DOMAIN], CipherKey).ok()?.fill(bytes.as_mut_slice()).ok()?;
        UnboundKey::new(&CHACHA20_POLY1305, bytes.as_slice()).ok().map(LessSafeKey::new)
    }
}

struct CipherKey;

impl KeyType for CipherKey {
    fn len(&self) -> usize {
        CHACHA20_POLY1305.key_len()
    }
}

/// An officer's key as it travels. It opens with their card alone, and is somebody's only if the town root lists its public half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedKioskKey {
    open: SealedBy,
    sealed: [u8; SEED + TAG],
}

impl SealedKioskKey {
    /// Bytes of each.
    pub const LENGTH: usize = 1 + 16 + 32 + SEED + TAG;

    /// For what it is.
    pub const fn class(&self) -> KeyClass {
        self.open.class
    }

    /// The public half, as the town root lists it.
    pub const fn public(&self) -> DeviceKey {
        DeviceKey::Kiosk(self.open.public)
    }

    /// What the card is to sign, so that the key opens.
    pub fn challenge(&self) -> [u8; 32] {
        self.open.challenge()
    }

    /// Opens it by what the card signed over [`SealedKioskKey::challenge`].
    ///
    /// # Errors
    /// [`KioskKeyError::NotOpened`]: another card's signature, or the bytes were bent.
    pub fn open(&self, signature: &CardSignature) -> Result<OfficerKey, KioskKeyError> {
        let key = self.open.cipher(signature).ok_or(KioskKeyError::NotOpened)?;
        let mut bytes = Zeroizing::new(self.sealed.to_vec());
        let opened = key.open_in_place(nonce(), Aad::from(self.open.to_bytes()), &mut bytes);
        let opened = opened.map_err(|_refused| KioskKeyError::NotOpened)?;
        let seed: Zeroizing<[u8; SEED]> =
            Zeroizing::new((&*opened).try_into().map_err(|_other_length| KioskKeyError::NotOpened)?);
        // Whoever sealed it may have written another public key beside it.
        if public_of(&seed) != self.open.public {
            return Err(KioskKeyError::NotOpened);
        }
        Ok(OfficerKey::from_bytes(&seed))
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.open.to_bytes().as_slice(), &self.sealed].concat()
    }

    /// Reads its bytes; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = crate::wire::Reader(bytes);
        let class = KeyClass::of_code(from.u8()?)?;
        let (salt, public, sealed) = (from.array()?, from.array()?, from.array()?);
        from.is_at_end().then_some(Self { open: SealedBy { class, salt, public }, sealed })
    }
}

fn public_of(seed: &[u8; SEED]) -> [u8; 32] {
    match OfficerKey::from_bytes(seed).public() {
        DeviceKey::Kiosk(public) => public,
        DeviceKey::Passkey(_) => [0; 32],
    }
}

fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(class: KeyClass) -> NewKioskKey {
        NewKioskKey::new(class, Zeroizing::new([7; 32]), [3; 16])
    }

    fn signature(byte: u8) -> CardSignature {
        CardSignature::new(Zeroizing::new(vec![byte; 256]))
    }

    #[test]
    fn a_card_opens_its_own_key_at_every_box_and_no_other_one() {
        let made = made(KeyClass::Live);
        let sealed = made.seal(&signature(1)).unwrap();
        let travelled = SealedKioskKey::from_bytes(&sealed.to_bytes()).unwrap();
        assert_eq!((travelled, travelled.challenge()), (sealed, made.challenge()));
        let opened = travelled.open(&signature(1)).unwrap();
        assert_eq!(opened.public(), OfficerKey::from_bytes(&[7; 32]).public());
        assert!(opened.sign(&[5; 32]).verify(&[5; 32], &[0; 32]).is_ok());
        assert_eq!(travelled.open(&signature(2)).unwrap_err(), KioskKeyError::NotOpened);
        assert_eq!(format!("{:?} {:?}", signature(1), made), "CardSignature(hidden) NewKioskKey(hidden)");
    }

    #[test]
    fn no_byte_of_a_sealed_key_can_be_another() {
        let bytes = made(KeyClass::Live).seal(&signature(1)).unwrap().to_bytes();
        assert_eq!(bytes.len(), SealedKioskKey::LENGTH);
        for at in 0..bytes.len() {
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            // The class is bound too: a drill's key is never a live one.
            let opens = SealedKioskKey::from_bytes(&bent).map(|bent| bent.open(&signature(1)).is_ok());
            assert_ne!(opens, Some(true), "{at}");
            assert_eq!(SealedKioskKey::from_bytes(&bytes[..at]), None);
        }
        assert_eq!(SealedKioskKey::from_bytes(&[bytes, vec![0]].concat()), None);
    }

    #[test]
    fn what_the_card_signs_is_of_this_key_alone() {
        let other = NewKioskKey::new(KeyClass::Live, Zeroizing::new([8; 32]), [3; 16]);
        let salted = NewKioskKey::new(KeyClass::Live, Zeroizing::new([7; 32]), [4; 16]);
        let all = [made(KeyClass::Live), made(KeyClass::Exercise), other, salted].map(|key| key.challenge());
        assert_eq!(all.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn a_test_is_of_one_key_at_one_time_and_of_no_alert() {
        let at = UnixMillis::new(1_800_000_000_000);
        let all = [test_digest(&[1; 32], at), test_digest(&[2; 32], at), test_digest(&[1; 32], at.plus(1))];
        assert_eq!(all.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
        for class in [KeyClass::Live, KeyClass::Exercise] {
            assert!(
                !class.domain().starts_with(TEST.as_slice()) && !TEST.starts_with(class.domain().as_slice())
            );
        }
    }

    #[test]
    fn a_public_key_that_is_not_the_seed_s_opens_nothing() {
        // Whoever seals may write any public key: one that the root lists for somebody else, say.
        let mut made = made(KeyClass::Live);
        made.open.public = public_of(&[9; 32]);
        let sealed = made.seal(&signature(1)).unwrap();
        assert_eq!(sealed.open(&signature(1)).unwrap_err(), KioskKeyError::NotOpened);
    }
}
