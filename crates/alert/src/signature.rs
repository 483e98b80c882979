//! An officer's signature: a kiosk's, or a passkey's assertion (WebAuthn Level 2 §7.2).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Deserialize;

use crate::instruction::hash;
use crate::keys::{DeviceKey, NotSigned};
use crate::wire::Reader;

/// The longest client data that is read, in bytes: a browser's has some two hundred.
const LONGEST_CLIENT_DATA: usize = 1_024;
/// The user was there, and the device looked who it is (WebAuthn Level 2 §6.1, flags UP and UV).
const PRESENT_AND_VERIFIED: u8 = 0b101;

/// What a passkey gave besides its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Authenticator data (§6.1): relying party, flags, counter.
    pub authenticator: Vec<u8>,
    /// Client data (§5.8.1), as the browser made it.
    pub client: Vec<u8>,
}

/// A device's signature over an envelope's digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfficerSignature {
    /// The key.
    pub key: DeviceKey,
    /// Of a passkey.
    pub assertion: Option<Assertion>,
    /// 64 bytes: Ed25519 (RFC 8032 §5.1.6) over the digest, or r ‖ s of ECDSA.
    pub signature: [u8; 64],
}

impl OfficerSignature {
    /// Whether it holds over the digest, at the desk of this relying party.
    ///
    /// # Errors
    /// [`NotSigned::Wrong`].
    pub fn verify(&self, digest: &[u8; 32], relying_party: &[u8; 32]) -> Result<(), NotSigned> {
        let holds = match (&self.key, &self.assertion) {
            (DeviceKey::Kiosk(key), None) => {
                let key = VerifyingKey::from_bytes(key).map_err(|_no_point| NotSigned::Wrong)?;
                key.verify_strict(digest, &Signature::from_bytes(&self.signature)).is_ok()
            }
            (DeviceKey::Passkey(key), Some(assertion)) => {
                assertion.is_about(digest, relying_party) && {
                    let client = hash(&[&assertion.client]);
                    let signed = [assertion.authenticator.as_slice(), &client].concat();
                    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
                    key.verify(&signed, &self.signature).is_ok()
                }
            }
            (DeviceKey::Kiosk(_), Some(_)) | (DeviceKey::Passkey(_), None) => false,
        };
        if holds { Ok(()) } else { Err(NotSigned::Wrong) }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.key.kind());
        out.extend_from_slice(self.key.bytes());
        if let Some(Assertion { authenticator, client }) = &self.assertion {
            out.push(u8::try_from(authenticator.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(authenticator);
            out.extend_from_slice(&u16::try_from(client.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend_from_slice(client);
        }
        out.extend_from_slice(&self.signature);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        let kind = from.u8()?;
        let key = DeviceKey::read(kind, from)?;
        let assertion = match key {
            DeviceKey::Kiosk(_) => None,
            DeviceKey::Passkey(_) => {
                let length = from.u8()?;
                let authenticator = from.slice(length.into())?.to_vec();
                let length = usize::from(u16::from_be_bytes(from.array()?));
                if length > LONGEST_CLIENT_DATA {
                    return None;
                }
                Some(Assertion { authenticator, client: from.slice(length)?.to_vec() })
            }
        };
        Some(Self { key, assertion, signature: from.array()? })
    }
}

impl Assertion {
    /// Whether this desk asked for it, over this digest, and the device looked who the user is.
    fn is_about(&self, digest: &[u8; 32], relying_party: &[u8; 32]) -> bool {
        /// The members that are looked at; one that is there twice is refused.
        #[derive(Deserialize)]
        struct ClientData<'a> {
            r#type: &'a str,
            challenge: &'a str,
        }
        let Some((party, rest)) = self.authenticator.split_first_chunk::<32>() else { return false };
        let Some([flags, _, _, _, _]) = rest.first_chunk::<5>() else { return false };
        let Ok(client) = serde_json::from_slice::<ClientData<'_>>(&self.client) else { return false };
        party == relying_party
            && flags & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED
            && self.authenticator.len() <= usize::from(u8::MAX)
            && self.client.len() <= LONGEST_CLIENT_DATA
            && client.r#type == "webauthn.get"
            && client.challenge == URL_SAFE_NO_PAD.encode(digest)
    }
}

/// The key of an officer's device at a kiosk (Ed25519). It cannot be printed.
pub struct OfficerKey(SigningKey);

impl OfficerKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half, which the town root lists.
    pub fn public(&self) -> DeviceKey {
        DeviceKey::Kiosk(self.0.verifying_key().to_bytes())
    }

    /// Signs an envelope's digest.
    pub fn sign(&self, digest: &[u8; 32]) -> OfficerSignature {
        let signature = self.0.sign(digest).to_bytes();
        OfficerSignature { key: self.public(), assertion: None, signature }
    }
}

impl fmt::Debug for OfficerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OfficerKey(hidden)")
    }
}
