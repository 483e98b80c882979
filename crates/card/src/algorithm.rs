//! How keys sign, as data: the next generation of cards brings elliptic curves by another row.

use std::fmt;

use ring::digest::{Algorithm, SHA256, SHA384, digest};

use crate::CertificateDer;
use crate::tlv::{Object, Tags, next_object};

/// What a card's key is given to sign, by the kind of key.
#[derive(Clone, Copy)]
pub struct SigningAlgorithm {
    name: &'static str,
    /// Contents of the OBJECT IDENTIFIER of the key, and of its curve where the kind has one.
    key: &'static [u8],
    curve: Option<&'static [u8]>,
    hash: &'static Algorithm,
    /// DER in front of the hash.
    prefix: &'static [u8],
}

/// RSA with PKCS#1 v1.5 padding over DigestInfo with SHA-256 (RFC 8017 §9.2): all cards of today. The prefix
/// is DigestInfo up to the 32 bytes of the hash (note 1 there).
pub const RSA_SHA256: SigningAlgorithm = SigningAlgorithm {
    name: "RSA with SHA-256",
    key: &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01],
    curve: None,
    hash: &SHA256,
    prefix: &[
        0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
        0x04, 0x20,
    ],
};
/// ECDSA on P-384 over a bare SHA-384: announced for the next generation of the My Number card.
pub const ECDSA_P384_SHA384: SigningAlgorithm = SigningAlgorithm {
    name: "ECDSA P-384 with SHA-384",
    key: &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01],
    curve: Some(&[0x2B, 0x81, 0x04, 0x00, 0x22]),
    hash: &SHA384,
    prefix: &[],
};

const KNOWN: [SigningAlgorithm; 2] = [RSA_SHA256, ECDSA_P384_SHA384];

const INTEGER: u16 = 0x02;
const OBJECT_IDENTIFIER: u16 = 0x06;
const SEQUENCE: u16 = 0x30;
const VERSION: u16 = 0xA0;

impl SigningAlgorithm {
    /// The algorithm of a certificate's key, by its SubjectPublicKeyInfo (RFC 5280 §4.1). `None` for a kind
    /// that is not known here, and for bytes that are no certificate.
    pub fn of_certificate(certificate: &CertificateDer) -> Option<Self> {
        let mut whole = certificate.as_bytes();
        let mut certificate = take(&mut whole, SEQUENCE)?;
        let mut to_be_signed = take(&mut certificate, SEQUENCE)?;
        // Version, serial number; then signature algorithm, issuer, validity and subject.
        if let Some(Object { tag: VERSION, .. }) = peek(to_be_signed) {
            take(&mut to_be_signed, VERSION)?;
        }
        take(&mut to_be_signed, INTEGER)?;
        for _ in 0..4 {
            take(&mut to_be_signed, SEQUENCE)?;
        }
        let mut key_information = take(&mut to_be_signed, SEQUENCE)?;
        let mut identifier = take(&mut key_information, SEQUENCE)?;
        let key = take(&mut identifier, OBJECT_IDENTIFIER)?;
        let curve = take(&mut identifier, OBJECT_IDENTIFIER);
        KNOWN.into_iter().find(|known| known.key == key && known.curve == curve)
    }

    /// Whether the same bytes are signed the same way every time: RSASSA-PKCS1-v1_5 draws nothing at random (RFC 8017 §8.2.1), ECDSA may.
    pub fn is_deterministic(&self) -> bool {
        self.key == RSA_SHA256.key
    }

    /// The bytes that the card signs for `message`.
    pub(crate) fn to_sign(self, message: &[u8]) -> Vec<u8> {
        [self.prefix, digest(self.hash, message).as_ref()].concat()
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl fmt::Debug for SigningAlgorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningAlgorithm({self})")
    }
}

fn peek(mut input: &[u8]) -> Option<Object<'_>> {
    next_object(&mut input, Tags::OneByte).ok().flatten()
}

fn take<'a>(input: &mut &'a [u8], tag: u16) -> Option<&'a [u8]> {
    let object = next_object(input, Tags::OneByte).ok().flatten()?;
    (object.tag == tag).then_some(object.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A certificate that is nothing but the way to this AlgorithmIdentifier.
    fn certificate(algorithm: &[u8]) -> CertificateDer {
        let sequence =
            |content: &[u8]| -> Vec<u8> { [&[0x30, u8::try_from(content.len()).unwrap()], content].concat() };
        let key = sequence(&sequence(algorithm));
        let before = [0xA0, 3, 2, 1, 2, 2, 1, 7, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0];
        CertificateDer::new(&sequence(&sequence(&[&before, key.as_slice()].concat())))
    }

    #[track_caller]
    fn check(algorithm: &[u8], name: Option<&str>) {
        let found = SigningAlgorithm::of_certificate(&certificate(algorithm));
        assert_eq!(found.map(|found| found.to_string()).as_deref(), name);
    }

    #[test]
    fn the_key_itself_says_how_it_signs() {
        let (rsa, ecdsa) = ([&[6, 9], RSA_SHA256.key].concat(), [&[6, 7], ECDSA_P384_SHA384.key].concat());
        check(&[&rsa[..], &[5, 0]].concat(), Some("RSA with SHA-256"));
        check(
            &[&ecdsa[..], &[6, 5, 0x2B, 0x81, 0x04, 0x00, 0x22]].concat(),
            Some("ECDSA P-384 with SHA-384"),
        );
        check(&[&ecdsa[..], &[6, 5, 0x2B, 0x81, 0x04, 0x00, 0x23]].concat(), None);
        check(&ecdsa, None);
        check(&[6, 1, 0x2A], None);
        assert_eq!(RSA_SHA256.to_sign(b"").len(), 19 + 32);
        assert_eq!(ECDSA_P384_SHA384.to_sign(b"").len(), 48);
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(content in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(SigningAlgorithm::of_certificate(&CertificateDer::new(&content)).is_none());
        }
    }
}
