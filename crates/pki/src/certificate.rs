//! A certificate as parsed, strictly and otherwise unchecked.

use std::fmt;

use der::asn1::{Any, AnyRef, ObjectIdentifier};
use der::{Decode, Encode, Reader, SliceReader, Tag, Tagged};
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
    /// What was signed, where that is not `inner` encoded again.
    signed: Option<Vec<u8>>,
    spki_hash: SpkiHash,
}

/// The bytes are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no X.509 certificate")]
pub struct MalformedCertificate;

impl CardCertificate {
    /// Parses DER strictly (X.690 §10): encoding it again must give the same bytes. A GeneralizedTime before 2050
    /// is read all the same, as the standard asks of whoever reads.
    ///
    /// # Errors
    /// [`MalformedCertificate`].
    pub fn parse(der: &[u8]) -> Result<Self, MalformedCertificate> {
        if der.len() > MAXIMUM {
            return Err(MalformedCertificate);
        }
        let exactly = |der: &[u8]| {
            let inner = Certificate::from_der(der).ok()?;
            (inner.to_der().ok().as_deref() == Some(der)).then_some(inner)
        };
        let (inner, signed) = match exactly(der) {
            Some(inner) => (inner, None),
            None => {
                let (usual, signed) = with_usual_times(der).ok_or(MalformedCertificate)?;
                (exactly(&usual).ok_or(MalformedCertificate)?, Some(signed))
            }
        };
        let spki = inner.tbs_certificate().subject_public_key_info().to_der();
        let spki = spki.map_err(|_malformed| MalformedCertificate)?;
        Ok(Self { inner, signed, spki_hash: SpkiHash(sha256(&spki)) })
    }

    /// What the rest of the system knows the card by (hashed again under the town key).
    pub const fn spki_hash(&self) -> SpkiHash {
        self.spki_hash
    }

    pub(crate) const fn inner(&self) -> &Certificate {
        &self.inner
    }

    /// tbsCertificate as it was signed.
    pub(crate) fn signed_bytes(&self) -> Option<Vec<u8>> {
        self.signed.clone().or_else(|| self.inner.tbs_certificate().to_der().ok())
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

/// A certificate with its times in the form that the parser knows: UTCTime until 2049 (RFC 5280 §4.1.2.5), and
/// nothing before 1970. With it, its tbsCertificate as it was.
fn with_usual_times(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut outer = inside(der)?;
    let signed = outer.tlv_bytes().ok()?;
    let mut fields = inside(signed)?;
    let mut usual = Vec::new();
    // Version, serial number, algorithm and issuer.
    for _ in 0..4 {
        usual.extend(fields.tlv_bytes().ok()?);
    }
    let mut validity = inside(fields.tlv_bytes().ok()?)?;
    let mut times = Vec::new();
    while !validity.is_finished() {
        times.extend(usual_time(validity.tlv_bytes().ok()?));
    }
    usual.extend(sequence(times)?);
    usual.extend(rest(fields)?);
    let whole = [sequence(usual)?, rest(outer)?].concat();
    Some((sequence(whole)?, signed.to_vec()))
}

/// A DER time in the usual form.
fn usual_time(time: &[u8]) -> Vec<u8> {
    const EARLIEST: &[u8] = b"\x17\x0D700101000000Z";
    match *time {
        [0x17, 0x0D, b'5' | b'6', ..] => EARLIEST.to_vec(),
        [0x18, 0x0F, b'1', b'9', b'7'..=b'9', ..] | [0x18, 0x0F, b'2', b'0', b'0'..=b'4', ..] => {
            let year_of_two_digits = time.iter().skip(4).copied();
            [0x17, 0x0D].into_iter().chain(year_of_two_digits).collect()
        }
        [0x18, 0x0F, b'1', b'9', ..] => EARLIEST.to_vec(),
        _ => time.to_vec(),
    }
}

/// What is in a SEQUENCE. Its tag must be that: it is outside what is signed for the outermost one.
fn inside(value: &[u8]) -> Option<SliceReader<'_>> {
    let value = AnyRef::from_der(value).ok().filter(|value| value.tag() == Tag::Sequence)?;
    SliceReader::new(value.value()).ok()
}

fn rest(mut reader: SliceReader<'_>) -> Option<Vec<u8>> {
    let length = reader.remaining_len();
    Some(reader.read_slice(length).ok()?.to_vec())
}

fn sequence(contents: Vec<u8>) -> Option<Vec<u8>> {
    Any::new(Tag::Sequence, contents).ok()?.to_der().ok()
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
    fn times_of_an_unusual_form_are_read_and_what_was_signed_stays() {
        let sound = Hierarchy::jpki_auth(1).issue(&Holder::numbered(7)).certificate;
        let begins = sound.windows(2).position(|bytes| bytes == [0x17, 0x0D]).unwrap();
        let with = |year: &[u8; 2]| {
            let mut der = sound.clone();
            der[begins + 2..begins + 4].copy_from_slice(year);
            der
        };
        let old = with(b"50");
        let parsed = CardCertificate::parse(&old).unwrap();
        assert_eq!(millis(parsed.inner().tbs_certificate().validity().not_before).get(), 0);
        assert!(old.windows(60).any(|bytes| parsed.signed_bytes().unwrap().starts_with(bytes)));
        assert_ne!(parsed.signed_bytes(), CardCertificate::parse(&sound).unwrap().signed_bytes());
        for tag in [0x31, 0x10, 0xA0] {
            let mut bent = old.clone();
            bent[0] = tag;
            assert_eq!(CardCertificate::parse(&bent), Err(MalformedCertificate), "{tag:02X}");
        }
        assert_eq!(usual_time(b"\x18\x0F20020101120100Z"), b"\x17\x0D020101120100Z");
        assert_eq!(usual_time(b"\x18\x0F19690101120100Z"), b"\x17\x0D700101000000Z");
        assert_eq!(usual_time(b"\x18\x0F20500101120100Z"), b"\x18\x0F20500101120100Z");
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
