//! A certificate as parsed, strictly and otherwise unchecked.

use std::fmt;

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use hinamori_model::{SpkiHash, UnixMillis};
use ring::digest::{SHA256, digest};
use x509_cert::Certificate;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::BasicConstraints;
use x509_cert::time::Time;

use crate::name::is_same;
use crate::oid;

/// No certificate of a card is longer; the longest seen has 1,758 bytes.
const MAXIMUM: usize = 8_192;

/// A certificate read from a card and parsed, otherwise unchecked. Nothing of it can be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct CardCertificate {
    inner: Certificate,
    spki_hash: SpkiHash,
}

/// The bytes are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no X.509 certificate")]
pub struct MalformedCertificate;

impl CardCertificate {
    /// Parses DER strictly (X.690 §10): encoding it again must give the same bytes.
    ///
    /// # Errors
    /// [`MalformedCertificate`].
    pub fn parse(der: &[u8]) -> Result<Self, MalformedCertificate> {
        if der.len() > MAXIMUM {
            return Err(MalformedCertificate);
        }
        let inner = Certificate::from_der(der).map_err(|_malformed| MalformedCertificate)?;
        if inner.to_der().ok().as_deref() != Some(der) {
            return Err(MalformedCertificate);
        }
        let spki = inner.tbs_certificate().subject_public_key_info().to_der();
        let spki = spki.map_err(|_malformed| MalformedCertificate)?;
        Ok(Self { inner, spki_hash: SpkiHash(sha256(&spki)) })
    }

    /// What the rest of the system knows the card by (hashed again under the town key).
    pub const fn spki_hash(&self) -> SpkiHash {
        self.spki_hash
    }

    pub(crate) const fn inner(&self) -> &Certificate {
        &self.inner
    }

    /// §6.1: the issuer's name is the holder's own, as in an anchor or when an authority changes its key.
    pub(crate) fn is_self_issued(&self) -> bool {
        is_same(self.inner.tbs_certificate().issuer(), self.inner.tbs_certificate().subject())
    }

    /// §4.2.1.9: the certificate says that it is an authority's.
    pub(crate) fn is_authority(&self) -> bool {
        let stated = self.extension::<BasicConstraints>(oid::BASIC_CONSTRAINTS);
        matches!(stated, Some(Ok(constraints)) if constraints.ca)
    }

    pub(crate) fn serial(&self) -> &[u8] {
        self.inner.tbs_certificate().serial_number().as_bytes()
    }

    pub(crate) fn extensions(&self) -> &[Extension] {
        self.inner.tbs_certificate().extensions().map_or(&[], Vec::as_slice)
    }

    /// The decoded value of an extension; `None` when it is absent.
    pub(crate) fn extension<'a, T: Decode<'a>>(
        &'a self,
        kind: ObjectIdentifier,
    ) -> Option<Result<T, T::Error>> {
        decode_extension(self.extensions(), kind)
    }
}

pub(crate) fn decode_extension<'a, T: Decode<'a>>(
    extensions: &'a [Extension],
    kind: ObjectIdentifier,
) -> Option<Result<T, T::Error>> {
    let extension = extensions.iter().find(|extension| extension.extn_id == kind)?;
    Some(T::from_der(extension.extn_value.as_bytes()))
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

pub(crate) fn millis(time: Time) -> UnixMillis {
    UnixMillis::new(u64::try_from(time.to_unix_duration().as_millis()).unwrap_or(u64::MAX))
}

impl fmt::Debug for CardCertificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CardCertificate(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hinamori_sim::ca::{Hierarchy, Holder};

    #[test]
    fn the_hash_is_that_of_the_public_key_and_nothing_is_printed() {
        let issued = Hierarchy::jpki_auth(1).issue(&Holder::numbered(7));
        let parsed = CardCertificate::parse(&issued.certificate).unwrap();
        assert_eq!(parsed.spki_hash(), issued.spki_sha256());
        assert_eq!(format!("{parsed:?}"), "CardCertificate(hidden)");
    }

    #[test]
    fn cut_and_longer_bytes_are_no_certificate() {
        let der = Hierarchy::jpki_auth(1).issue(&Holder::numbered(7)).certificate;
        for length in 0..der.len() {
            assert_eq!(CardCertificate::parse(&der[..length]), Err(MalformedCertificate), "{length}");
        }
        assert_eq!(CardCertificate::parse(&[der.as_slice(), &[0xFF]].concat()), Err(MalformedCertificate));
    }
}
