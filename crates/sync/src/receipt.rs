//! Receipts: the server's word that it has changes durably.
//!
//! One is signed over the hash of the last change that it names, and through it over all changes of that actor before. The hash does not
//! travel: whoever wrote the changes knows it, and a server that holds another history under the same name signs another hash.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hinamori_model::UnixMillis;
use hinamori_record::{ActorId, ChangeHash, DocumentScope};

/// Ahead of the signed bytes.
const DOMAIN: &[u8; 19] = b"hinamori receipt/v1";

/// The server has all changes of an actor in a document up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The document.
    pub scope: DocumentScope,
    /// The writer.
    pub actor: ActorId,
    /// The last change.
    pub upto: u32,
    /// When they were durable, by the server's clock.
    pub at: UnixMillis,
    /// Ed25519 (RFC 8032 §5.1.6).
    pub signature: [u8; 64],
}

impl Receipt {
    /// Whether the town's server signed this for a change with this hash.
    pub fn is_for(&self, hash: ChangeHash, key: &[u8; 32]) -> bool {
        let signature = Signature::from_bytes(&self.signature);
        VerifyingKey::from_bytes(key)
            .is_ok_and(|key| key.verify_strict(&self.signed_bytes(hash), &signature).is_ok())
    }

    /// Domain (19 bytes), scope (36), actor (16), last sequence (4, big-endian), its hash (32), time (8, big-endian).
    fn signed_bytes(&self, hash: ChangeHash) -> Vec<u8> {
        let Self { scope, actor, upto, at, signature: _ } = self;
        [
            DOMAIN.as_slice(),
            &scope.to_bytes(),
            actor.as_bytes(),
            &upto.to_be_bytes(),
            &hash.0,
            &at.get().to_be_bytes(),
        ]
        .concat()
    }
}

/// The key with which a server signs receipts (Ed25519). It cannot be printed.
pub struct ReceiptKey(SigningKey);

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ReceiptKey(hidden)")
    }
}

impl ReceiptKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public half, which the town's package names.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// A signature over bytes that begin with a domain of their own.
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }

    /// Signs for the changes up to the one with this sequence and hash.
    pub fn sign(
        &self,
        (scope, actor, upto): (DocumentScope, ActorId, u32),
        hash: ChangeHash,
        at: UnixMillis,
    ) -> Receipt {
        let mut receipt = Receipt { scope, actor, upto, at, signature: [0; 64] };
        receipt.signature = self.0.sign(&receipt.signed_bytes(hash)).to_bytes();
        receipt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_model::{BoxId, IncidentId, SiteId};
    use hinamori_record::Period;

    #[test]
    fn a_receipt_is_for_one_history_by_one_server() {
        let (incident, site) = (IncidentId::from_bytes([1; 16]), SiteId::from_bytes([2; 16]));
        let scope = DocumentScope { incident, site, period: Period(20_738) };
        let actor = ActorId::new(BoxId::from_bytes([3; 16]), 1);
        let key = ReceiptKey::from_bytes(&[4; 32]);
        let (hash, other) = (ChangeHash([5; 32]), ChangeHash([6; 32]));
        let receipt = key.sign((scope, actor, 7), hash, UnixMillis::new(8));
        assert!(receipt.is_for(hash, &key.public()));
        assert!(!receipt.is_for(other, &key.public()));
        assert!(!receipt.is_for(hash, &ReceiptKey::from_bytes(&[9; 32]).public()));
        for bent in [
            Receipt { upto: 8, ..receipt },
            Receipt { at: UnixMillis::new(9), ..receipt },
            Receipt { actor: ActorId::new(BoxId::from_bytes([3; 16]), 2), ..receipt },
            Receipt { scope: DocumentScope { period: Period(1), ..scope }, ..receipt },
        ] {
            assert!(!bent.is_for(hash, &key.public()));
        }
        assert_eq!(format!("{key:?}"), "ReceiptKey(hidden)");
    }
}
