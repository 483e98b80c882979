//! What to issue: certificates and revocation lists as values that a test may bend before they are signed.

use der::asn1::ObjectIdentifier;
use hinamori_model::{SpkiHash, UnixMillis};

use super::asn1;
use super::extension::{Extension, RevokedEntry};
use super::key::{Key, KeyError};
use super::name::{Municipality, Name};

const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");

/// AlgorithmIdentifier of sha256WithRSAEncryption (RFC 4055 §5).
pub fn sha256_with_rsa() -> Vec<u8> {
    asn1::sequence(&[asn1::oid(&SHA256_WITH_RSA), asn1::value(0x05, &[])])
}

/// A fictional card holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Tells holders apart: serial number, subject and key follow from it. A renewed card is a new number.
    pub number: u32,
    /// Where the card was issued.
    pub municipality: Municipality,
    /// notBefore.
    pub not_before: UnixMillis,
    /// notAfter; a real one ends at 14:59:59Z on a birthday, five years later at most.
    pub not_after: UnixMillis,
    /// Name as the signature certificate has it, family name and given name with U+3000 between.
    pub name: String,
    /// Name in Latin letters, for a health professional's subject.
    pub latin_name: String,
    /// Birth date YYYYMMDD.
    pub birth_date: String,
    /// `1` male, `2` female, `9` not told.
    pub sex: char,
    /// Address as the signature certificate has it.
    pub address: String,
    /// A health professional's role (hcRole), such as `Medical Doctor`.
    pub health_role: String,
}

impl Holder {
    /// Holder `number` of the fictional town, with a card valid from 2024-10-01 to 2029-05-05T14:59:59Z.
    pub fn numbered(number: u32) -> Self {
        Self {
            number,
            municipality: Municipality::default(),
            not_before: UnixMillis::new(1_727_740_800_000),
            not_after: UnixMillis::new(1_872_687_599_000),
            name: "見本\u{3000}花子".to_owned(),
            latin_name: "MIHON HANAKO".to_owned(),
            birth_date: "19520505".to_owned(),
            sex: '2',
            address: "見本県日向町大字浜1番地".to_owned(),
            health_role: "Medical Doctor".to_owned(),
        }
    }

    /// The serial number of this holder's certificates: four bytes, dense, as a national authority's look.
    pub fn serial(&self) -> [u8; 4] {
        self.number.wrapping_add(0x0100_0000).to_be_bytes()
    }
}

/// A certificate to issue.
#[derive(Debug, Clone)]
pub struct CertificateSpec {
    /// serialNumber, big-endian.
    pub serial: Vec<u8>,
    /// Issuer name.
    pub issuer: Name,
    /// Subject name.
    pub subject: Name,
    /// notBefore.
    pub not_before: UnixMillis,
    /// notAfter.
    pub not_after: UnixMillis,
    /// The private key that the holder gets.
    pub key: Key,
    /// SubjectPublicKeyInfo; the public half of `key` unless a test wants another algorithm.
    pub spki: Vec<u8>,
    /// Extensions in order.
    pub extensions: Vec<Extension>,
    /// Who signs.
    pub signer: Key,
}

impl CertificateSpec {
    /// Without the extension of this kind.
    #[must_use]
    pub fn without(mut self, oid: &ObjectIdentifier) -> Self {
        self.extensions.retain(|extension| extension.oid != *oid);
        self
    }

    /// With `extension` in the place of the one of its kind, or at the end.
    #[must_use]
    pub fn with(mut self, extension: Extension) -> Self {
        replace(&mut self.extensions, extension);
        self
    }

    /// The certificate, signed by [`Self::signer`].
    pub fn issue(&self) -> Issued {
        self.issue_with(&sha256_with_rsa(), |tbs| self.signer.sign(tbs))
    }

    /// The certificate with another signature algorithm (a DER AlgorithmIdentifier) and signer.
    pub fn issue_with(&self, algorithm: &[u8], sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Issued {
        let tbs = asn1::sequence(&[
            asn1::context(0, &asn1::integer(&[2])),
            asn1::integer(&self.serial),
            algorithm.to_vec(),
            self.issuer.der(),
            asn1::sequence(&[asn1::time(self.not_before), asn1::time(self.not_after)]),
            self.subject.der(),
            self.spki.clone(),
            extensions(3, &self.extensions),
        ]);
        let signature = sign(&tbs);
        let certificate = asn1::sequence(&[tbs, algorithm.to_vec(), asn1::bits(&signature)]);
        Issued { certificate, serial: self.serial.clone(), key: self.key.clone() }
    }
}

/// A certificate and its private key: what a virtual card holds.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The DER certificate.
    pub certificate: Vec<u8>,
    /// Its serial number, for a revocation list.
    pub serial: Vec<u8>,
    /// Its private key.
    pub key: Key,
}

impl Issued {
    /// PKCS#1 v1.5 over the DigestInfo as given, as a card signs with P1 = 00.
    ///
    /// # Errors
    /// [`KeyError::TooLong`] above 245 bytes.
    pub fn sign_digest_info(&self, digest_info: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.key.sign_digest_info(digest_info)
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    pub fn spki_sha256(&self) -> SpkiHash {
        self.key.spki_sha256()
    }
}

/// A certificate revocation list to issue.
#[derive(Debug, Clone)]
pub struct CrlSpec {
    /// The version field; `None` leaves it out, which makes a v1 list.
    pub version: Option<u8>,
    /// Issuer name.
    pub issuer: Name,
    /// thisUpdate.
    pub this_update: UnixMillis,
    /// nextUpdate.
    pub next_update: Option<UnixMillis>,
    /// revokedCertificates in order.
    pub revoked: Vec<RevokedEntry>,
    /// crlExtensions in order.
    pub extensions: Vec<Extension>,
    /// Who signs.
    pub signer: Key,
}

impl CrlSpec {
    /// With this certificate revoked.
    #[must_use]
    pub fn revoking(mut self, serial: &[u8], at: UnixMillis, reason: u8) -> Self {
        self.revoked.push(RevokedEntry::new(serial, at, reason));
        self
    }

    /// Without the extension of this kind.
    #[must_use]
    pub fn without(mut self, oid: &ObjectIdentifier) -> Self {
        self.extensions.retain(|extension| extension.oid != *oid);
        self
    }

    /// With `extension` in the place of the one of its kind, or at the end.
    #[must_use]
    pub fn with(mut self, extension: Extension) -> Self {
        replace(&mut self.extensions, extension);
        self
    }

    /// The signed list.
    pub fn issue(&self) -> Vec<u8> {
        let revoked = match self.revoked.as_slice() {
            [] => Vec::new(),
            some => asn1::sequence(&some.iter().map(RevokedEntry::der).collect::<Vec<_>>()),
        };
        let tbs = asn1::sequence(&[
            self.version.map_or_else(Vec::new, |version| asn1::integer(&[version])),
            sha256_with_rsa(),
            self.issuer.der(),
            asn1::time(self.this_update),
            self.next_update.map_or_else(Vec::new, asn1::time),
            revoked,
            extensions(0, &self.extensions),
        ]);
        let signature = self.signer.sign(&tbs);
        asn1::sequence(&[tbs, sha256_with_rsa(), asn1::bits(&signature)])
    }
}

fn replace(extensions: &mut Vec<Extension>, extension: Extension) {
    match extensions.iter_mut().find(|present| present.oid == extension.oid) {
        Some(present) => *present = extension,
        None => extensions.push(extension),
    }
}

/// Extensions under their context tag; absent when there are none (the SEQUENCE must not be empty).
fn extensions(tag: u8, list: &[Extension]) -> Vec<u8> {
    match list {
        [] => Vec::new(),
        some => asn1::context(tag, &asn1::sequence(&some.iter().map(Extension::der).collect::<Vec<_>>())),
    }
}
