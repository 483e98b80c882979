//! Whether the chip itself is here: its own key answered a fresh challenge.

use der::Encode as _;

use crate::CardCertificate;
use crate::signature::verify_with_key;

/// Proof that a chip answered the challenge with the key stored at registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipAnswered(());

/// The answer does not come from the stored key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not by the stored key")]
pub struct ChipMismatch;

/// Checks a signature over `challenge` by `application_key` (DER SubjectPublicKeyInfo): RSA PKCS#1 v1.5 with
/// SHA-256, ECDSA P-256 with SHA-256 or P-384 with SHA-384, by the key.
///
/// # Errors
/// [`ChipMismatch`]: a copy of the certificate on another chip, or a key stored wrongly.
pub fn verify_chip_answer(
    application_key: &[u8],
    challenge: &[u8; 32],
    signature: &[u8],
) -> Result<ChipAnswered, ChipMismatch> {
    match verify_with_key(application_key, challenge, signature) {
        Ok(()) => Ok(ChipAnswered(())),
        Err(_does_not_hold) => Err(ChipMismatch),
    }
}

/// Proof that the authentication key of a certificate signed the challenge, which it does after its holder's PIN only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HolderSigned(());

/// Checks a signature over `challenge` by the certificate's own key, algorithms as in [`verify_chip_answer`]. Whether the
/// certificate can be believed is another question ([`Verifier::check`](crate::Verifier::check)).
///
/// # Errors
/// [`ChipMismatch`].
pub fn verify_holder_answer(
    certificate: &CardCertificate,
    challenge: &[u8; 32],
    signature: &[u8],
) -> Result<HolderSigned, ChipMismatch> {
    let key = certificate.inner().tbs_certificate().subject_public_key_info().to_der();
    let held = key.map(|key| verify_with_key(&key, challenge, signature));
    if matches!(held, Ok(Ok(()))) { Ok(HolderSigned(())) } else { Err(ChipMismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_sim::ca::{Key, KeyUse};

    #[test]
    fn only_the_stored_key_and_this_challenge_count() {
        let key = Key::held(1, 7, KeyUse::TextApplet);
        let answer = key.sign(&[5; 32]);
        assert!(verify_chip_answer(key.spki(), &[5; 32], &answer).is_ok());
        assert_eq!(verify_chip_answer(key.spki(), &[6; 32], &answer), Err(ChipMismatch));
        let other = Key::held(1, 8, KeyUse::TextApplet);
        assert_eq!(verify_chip_answer(other.spki(), &[5; 32], &answer), Err(ChipMismatch));
        assert_eq!(verify_chip_answer(&[], &[5; 32], &answer), Err(ChipMismatch));
        assert_eq!(verify_chip_answer(key.spki(), &[5; 32], &[]), Err(ChipMismatch));
    }
}
