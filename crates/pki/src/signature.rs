//! Signatures, by the algorithm that the key itself names: the next cards bring P-384.

use der::Decode;
use der::asn1::ObjectIdentifier;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    UnparsedPublicKey, VerificationAlgorithm,
};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::oid;

/// The signature does not hold, or its algorithm does not fit the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DoesNotHold;

/// Checks a signature over `message` by the key of `spki` with the stated algorithm.
pub(crate) fn verify(
    spki: &SubjectPublicKeyInfoOwned,
    stated: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> Result<(), DoesNotHold> {
    verify_as(spki, stated.oid, message, signature)
}

/// Checks a signature by the key of a DER SubjectPublicKeyInfo with the key's usual hash.
pub(crate) fn verify_with_key(spki: &[u8], message: &[u8], signature: &[u8]) -> Result<(), DoesNotHold> {
    let spki = SubjectPublicKeyInfoOwned::from_der(spki).map_err(|_malformed| DoesNotHold)?;
    let stated = match (spki.algorithm.oid, curve_of(&spki)) {
        (oid::RSA_ENCRYPTION, _) => oid::SHA256_WITH_RSA,
        (oid::EC_PUBLIC_KEY, Some(oid::SECP384R1)) => oid::ECDSA_WITH_SHA384,
        _ => oid::ECDSA_WITH_SHA256,
    };
    verify_as(&spki, stated, message, signature)
}

fn verify_as(
    spki: &SubjectPublicKeyInfoOwned,
    stated: ObjectIdentifier,
    message: &[u8],
    signature: &[u8],
) -> Result<(), DoesNotHold> {
    let algorithm = algorithm(spki.algorithm.oid, curve_of(spki), stated).ok_or(DoesNotHold)?;
    let key = spki.subject_public_key.as_bytes().ok_or(DoesNotHold)?;
    UnparsedPublicKey::new(algorithm, key)
        .verify(message, signature)
        .map_err(|_no_reason_is_given| DoesNotHold)
}

fn curve_of(spki: &SubjectPublicKeyInfoOwned) -> Option<ObjectIdentifier> {
    spki.algorithm.parameters.as_ref()?.decode_as().ok()
}

fn algorithm(
    key: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
    stated: ObjectIdentifier,
) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (key, curve, stated) {
        (oid::RSA_ENCRYPTION, _, oid::SHA256_WITH_RSA) => &RSA_PKCS1_2048_8192_SHA256,
        (oid::RSA_ENCRYPTION, _, oid::SHA384_WITH_RSA) => &RSA_PKCS1_2048_8192_SHA384,
        (oid::EC_PUBLIC_KEY, Some(oid::SECP256R1), oid::ECDSA_WITH_SHA256) => &ECDSA_P256_SHA256_ASN1,
        (oid::EC_PUBLIC_KEY, Some(oid::SECP384R1), oid::ECDSA_WITH_SHA384) => &ECDSA_P384_SHA384_ASN1,
        _ => return None,
    })
}
