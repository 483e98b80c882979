//! Signatures, by the algorithm that the key itself names: the next cards bring P-384.

use std::borrow::Cow;

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode, Reader, SliceReader};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    UnparsedPublicKey, VerificationAlgorithm,
};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::oid;

/// The order of the group of P-256 (SEC 2 §2.4.2).
const ORDER_OF_P256: [u8; 32] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, //
    0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
];
/// The order of the group of P-384 (SEC 2 §2.5.1).
const ORDER_OF_P384: [u8; 48] = [
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, //
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xC7, 0x63, 0x4D, 0x81, 0xF4, 0x37, 0x2D, 0xDF, //
    0x58, 0x1A, 0x0D, 0xB2, 0x48, 0xB0, 0xA7, 0x7A, 0xEC, 0xEC, 0x19, 0x6A, 0xCC, 0xC5, 0x29, 0x73,
];

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

/// A signature that holds, in a form that nobody but the key's holder can change. To each ECDSA signature (r, s) there
/// is another one of the same bytes, (r, n - s), which anybody can write: both become r and the smaller of the two. Any
/// other signature stays as it is.
pub(crate) fn only_form<'a>(spki: &SubjectPublicKeyInfoOwned, signature: &'a [u8]) -> Cow<'a, [u8]> {
    let form = match (spki.algorithm.oid, curve_of(spki)) {
        (oid::EC_PUBLIC_KEY, Some(oid::SECP256R1)) => only_form_within(&ORDER_OF_P256, signature),
        (oid::EC_PUBLIC_KEY, Some(oid::SECP384R1)) => only_form_within(&ORDER_OF_P384, signature),
        _ => None,
    };
    form.map_or(Cow::Borrowed(signature), Cow::Owned)
}

/// Both numbers at the order's length.
fn only_form_within<const N: usize>(order: &[u8; N], signature: &[u8]) -> Option<Vec<u8>> {
    let (first, second): (UintRef<'_>, UintRef<'_>) = SliceReader::new(signature)
        .ok()?
        .sequence(|inside| Ok::<_, der::Error>((UintRef::decode(inside)?, UintRef::decode(inside)?)))
        .ok()?;
    let padded = |number: UintRef<'_>| {
        let mut padded = [0; N];
        let place = N.checked_sub(number.as_bytes().len())?;
        padded.get_mut(place..)?.copy_from_slice(number.as_bytes());
        Some(padded)
    };
    let (first, second) = (padded(first)?, padded(second)?);
    let other = difference(order, &second);
    Some([first, second.min(other)].concat())
}

/// `one` - `other`, both big-endian, modulo 256ᴺ.
fn difference<const N: usize>(one: &[u8; N], other: &[u8; N]) -> [u8; N] {
    let (mut difference, mut borrows) = ([0; N], false);
    for (digit, (one, other)) in difference.iter_mut().zip(one.iter().zip(other)).rev() {
        let (without, first) = one.overflowing_sub(*other);
        let (without, second) = without.overflowing_sub(u8::from(borrows));
        (*digit, borrows) = (without, first || second);
    }
    difference
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

#[cfg(test)]
mod tests {
    use super::*;
    use der::{Encode, asn1::Any};
    use ring::rand::SystemRandom;
    use ring::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        KeyPair,
    };
    use x509_cert::spki::AlgorithmIdentifier;

    fn signed(
        algorithm: &'static EcdsaSigningAlgorithm,
        curve: ObjectIdentifier,
    ) -> (SubjectPublicKeyInfoOwned, [Vec<u8>; 2]) {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap();
        let parameters = Some(Any::from(curve));
        let spki = SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifier { oid: oid::EC_PUBLIC_KEY, parameters },
            subject_public_key: der::asn1::BitString::from_bytes(key.public_key().as_ref()).unwrap(),
        };
        let sign = |message: &[u8]| key.sign(&random, message).unwrap().as_ref().to_vec();
        (spki, [sign(b"a list"), sign(b"another")])
    }

    /// The other signature of the same bytes.
    fn turned<const N: usize>(order: &[u8; N], signature: &[u8]) -> Vec<u8> {
        let mut reader = SliceReader::new(signature).unwrap();
        let (first, second): (UintRef<'_>, UintRef<'_>) = reader
            .sequence(|inside| Ok::<_, der::Error>((UintRef::decode(inside)?, UintRef::decode(inside)?)))
            .unwrap();
        let mut padded = [0; N];
        padded[N - second.as_bytes().len()..].copy_from_slice(second.as_bytes());
        let other = difference(order, &padded);
        let numbers = [first.to_der().unwrap(), UintRef::new(&other).unwrap().to_der().unwrap()].concat();
        [&[0x30, u8::try_from(numbers.len()).unwrap()][..], &numbers].concat()
    }

    fn check<const N: usize>(
        algorithm: &'static EcdsaSigningAlgorithm,
        curve: ObjectIdentifier,
        hash: ObjectIdentifier,
        order: &[u8; N],
    ) {
        let (spki, [signature, of_another]) = signed(algorithm, curve);
        let turned = turned(order, &signature);
        assert_ne!(turned, signature);
        for form in [&signature, &turned] {
            assert_eq!(verify_as(&spki, hash, b"a list", form), Ok(()), "both hold");
        }
        assert_eq!(only_form(&spki, &turned), only_form(&spki, &signature));
        assert_ne!(only_form(&spki, &of_another), only_form(&spki, &signature));
        // What holds for no bytes stays what it is.
        for noise in [&[][..], &[0x30], &[0x30, 3, 2, 1, 1], &[0xFF; 200]] {
            assert_eq!(only_form(&spki, noise), noise);
        }
    }

    #[test]
    fn the_two_signatures_of_a_curve_are_one() {
        for _ in 0..20 {
            let [p256, p384] = [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P384_SHA384_ASN1_SIGNING];
            check(p256, oid::SECP256R1, oid::ECDSA_WITH_SHA256, &ORDER_OF_P256);
            check(p384, oid::SECP384R1, oid::ECDSA_WITH_SHA384, &ORDER_OF_P384);
        }
    }
}
