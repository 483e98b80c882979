//! A plan on its way to boxes, under the town root's signature: what officers sign at a kiosk is made of it, and nobody between the town
//! hall and the box may put other words into it.
//!
//! | Bytes | |
//! |---|---|
//! | version | 8: counts up; a box takes only a higher one |
//! | plan | `alert-plan.toml`, UTF-8 |
//! | signature | 64: Ed25519(root, `"hinamori alert/plan /v1"` ‖ what stands before) |

use ed25519_dalek::{Signature, VerifyingKey};

use crate::plan::{BadPlan, Plan};

/// Ahead of the bytes where the town root signs them.
pub const PLAN_DOMAIN: &[u8; 23] = b"hinamori alert/plan /v1";

/// A plan that the town root signed, as it travels.
#[derive(Debug, Clone)]
pub struct SignedPlan {
    /// Counts up.
    pub version: u64,
    /// The plan. Its messages were judged by whoever signed it.
    pub plan: Plan,
}

/// Why a plan is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadSignedPlan {
    /// Cut off.
    #[error("the signed plan is malformed")]
    Malformed,
    /// The town root did not sign it.
    #[error("the town root did not sign the plan")]
    NotSigned,
    /// What the root signed. The operator's.
    #[error(transparent)]
    Plan(#[from] BadPlan),
}

impl SignedPlan {
    /// The bytes of a plan under the root's signature: `sign` gets [`PLAN_DOMAIN`] and the bytes behind it.
    pub fn encode(
        version: u64,
        text: &str,
        sign: impl FnOnce(&'static [u8; 23], &[u8]) -> [u8; 64],
    ) -> Vec<u8> {
        let body = [version.to_be_bytes().as_slice(), text.as_bytes()].concat();
        let signature = sign(PLAN_DOMAIN, &body);
        [body.as_slice(), &signature].concat()
    }

    /// Which version some bytes claim to be, and their text. Nothing is verified.
    pub fn claimed(bytes: &[u8]) -> Option<(u64, &str)> {
        let (body, _signature) = bytes.split_last_chunk::<64>()?;
        let (version, text) = body.split_first_chunk::<8>()?;
        Some((u64::from_be_bytes(*version), std::str::from_utf8(text).ok()?))
    }

    /// Reads a plan whose signature by the town `root` holds.
    ///
    /// # Errors
    /// [`BadSignedPlan`].
    pub fn decode(bytes: &[u8], root: &[u8; 32]) -> Result<Self, BadSignedPlan> {
        let (body, signature) = bytes.split_last_chunk::<64>().ok_or(BadSignedPlan::Malformed)?;
        let root = VerifyingKey::from_bytes(root).map_err(|_no_point| BadSignedPlan::NotSigned)?;
        let signed = [PLAN_DOMAIN.as_slice(), body].concat();
        if root.verify_strict(&signed, &Signature::from_bytes(signature)).is_err() {
            return Err(BadSignedPlan::NotSigned);
        }
        let (version, text) = Self::claimed(bytes).ok_or(BadSignedPlan::Malformed)?;
        Ok(Self { version, plan: Plan::parse(text)? })
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    const PLAN: &str = include_str!("../../../packaging/demo-town/alerts.toml");

    fn signed_by(key: u8, domain: Option<&'static [u8; 23]>) -> Vec<u8> {
        let key = SigningKey::from_bytes(&[key; 32]);
        SignedPlan::encode(7, PLAN, |own, body| {
            key.sign(&[domain.unwrap_or(own).as_slice(), body].concat()).to_bytes()
        })
    }

    #[test]
    fn a_plan_counts_as_the_root_signed_it_and_in_no_other_way() {
        let root = SigningKey::from_bytes(&[5; 32]).verifying_key().to_bytes();
        let bytes = signed_by(5, None);
        let read = SignedPlan::decode(&bytes, &root).unwrap();
        assert_eq!((read.version, read.plan.sender.as_str()), (7, "bousai@town.shiomi.example"));
        assert_eq!(SignedPlan::claimed(&bytes), Some((7, PLAN)));
        let refused = |bytes: &[u8]| SignedPlan::decode(bytes, &root).is_err();
        assert!(refused(&signed_by(6, None)), "another root");
        assert!(refused(&signed_by(5, Some(b"hinamori alert/keys /v1"))), "a list of keys is no plan");
        for at in [0, 7, 8, 900, bytes.len() - 65, bytes.len() - 1] {
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            assert!(refused(&bent), "{at}");
        }
        assert!(refused(&bytes[1..]) && refused(&bytes[..60]) && refused(b""));
    }
}
