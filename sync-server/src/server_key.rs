//! Ed25519 keys of the server (RFC 8032) for what stays in its data folder: lines of logs, reports. A key signs one kind of
//! message, and what it signs begins with the name of that kind.

use ed25519_dalek::{Signature, Signer, SigningKey};

/// Bytes of a signature.
pub(crate) const SIGNATURE: usize = 64;

/// One key. It cannot be printed.
pub(crate) struct ServerKey(SigningKey);

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("ServerKey(hidden)")
    }
}

impl ServerKey {
    /// Takes the 32 secret bytes (RFC 8032 §5.1.5).
    pub(crate) fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Signs a message of this kind.
    pub(crate) fn sign(&self, domain: &[u8], message: &[u8]) -> [u8; SIGNATURE] {
        self.0.sign(&[domain, message].concat()).to_bytes()
    }

    /// Whether this key signed the message.
    pub(crate) fn signed(&self, domain: &[u8], message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = Signature::from_slice(signature) else { return false };
        self.0.verifying_key().verify_strict(&[domain, message].concat(), &signature).is_ok()
    }

    /// The public half, for whoever checks what left this machine.
    pub(crate) fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
}
