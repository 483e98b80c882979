//! The officers who may sign, by the devices that the town root lists for them, in two classes that never meet (law 8).

use std::collections::BTreeMap;
use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// For what a key is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyClass {
    /// Actual alerts, and nothing else.
    Live,
    /// Exercises, and nothing else.
    Exercise,
}

impl KeyClass {
    /// Ahead of the signed bytes: a signature of one class is none of the other, even if one key made both.
    pub(crate) const fn domain(self) -> &'static [u8; 24] {
        match self {
            Self::Live => b"hinamori alert/live  /v1",
            Self::Exercise => b"hinamori alert/drill /v1",
        }
    }
}

/// An officer, as the town numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OfficerId(pub u32);

/// The key of one of an officer's devices (Ed25519). It cannot be printed.
pub struct OfficerKey {
    class: KeyClass,
    key: SigningKey,
}

impl OfficerKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(class: KeyClass, seed: &[u8; 32]) -> Self {
        Self { class, key: SigningKey::from_bytes(seed) }
    }

    /// The public half, which the town root lists.
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    pub(crate) fn sign(&self, body: &[u8]) -> OfficerSignature {
        let bytes = [self.class.domain().as_slice(), body].concat();
        OfficerSignature { key: self.public(), signature: self.key.sign(&bytes).to_bytes() }
    }
}

impl fmt::Debug for OfficerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "OfficerKey({:?}, hidden)", self.class)
    }
}

/// A device's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficerSignature {
    /// The public half of the key.
    pub key: [u8; 32],
    /// Ed25519 (RFC 8032 §5.1.6).
    pub signature: [u8; 64],
}

/// A list of officers that cannot be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadOfficers {
    /// One key for two officers, for two classes, or listed again.
    #[error("a key is listed twice")]
    KeyTwice,
    /// Not a point of the curve, or of small order: everybody could sign for it.
    #[error("a key is none")]
    NoKey,
}

/// Whose keys a receiver believes. They come from the town root's list, never with an alert.
#[derive(Debug, Clone, Default)]
pub struct Officers(BTreeMap<[u8; 32], (KeyClass, OfficerId, VerifyingKey)>);

impl Officers {
    /// Pins them. An officer may have several devices, each with a key of its own for each class.
    ///
    /// # Errors
    /// [`BadOfficers`]
    pub fn pin(
        listed: impl IntoIterator<Item = (KeyClass, OfficerId, [u8; 32])>,
    ) -> Result<Self, BadOfficers> {
        let mut pinned = BTreeMap::new();
        for (class, officer, bytes) in listed {
            let key = VerifyingKey::from_bytes(&bytes).map_err(|_no_point| BadOfficers::NoKey)?;
            if key.is_weak() {
                return Err(BadOfficers::NoKey);
            }
            if pinned.insert(bytes, (class, officer, key)).is_some() {
                return Err(BadOfficers::KeyTwice);
            }
        }
        Ok(Self(pinned))
    }

    /// Who signed `body` in this class.
    pub(crate) fn signer(
        &self,
        class: KeyClass,
        body: &[u8],
        signed: &OfficerSignature,
    ) -> Result<OfficerId, NotSigned> {
        let (own_class, officer, key) = self.0.get(&signed.key).ok_or(NotSigned::UnknownKey)?;
        if *own_class != class {
            return Err(NotSigned::OtherClass);
        }
        let bytes = [class.domain().as_slice(), body].concat();
        let holds = key.verify_strict(&bytes, &Signature::from_bytes(&signed.signature)).is_ok();
        if holds { Ok(*officer) } else { Err(NotSigned::WrongSignature) }
    }
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotSigned {
    UnknownKey,
    OtherClass,
    WrongSignature,
}
