//! An authority: a certificate that may sign others, and how it is found.

use der::Encode;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, BasicConstraints, KeyUsage, SubjectKeyIdentifier};
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::certificate::millis;
use crate::name::is_same;
use crate::signature::verify;
use crate::{CardCertificate, PathError, oid};
use hinamori_model::UnixMillis;

/// A certificate in the role of an issuer.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Authority(pub(crate) CardCertificate);

impl Authority {
    pub(crate) fn name(&self) -> &Name {
        self.0.inner().tbs_certificate().subject()
    }

    pub(crate) fn key(&self) -> &SubjectPublicKeyInfoOwned {
        self.0.inner().tbs_certificate().subject_public_key_info()
    }

    /// SubjectPublicKeyInfo in DER: its hash names the key.
    pub(crate) fn key_der(&self) -> Vec<u8> {
        self.key().to_der().unwrap_or_default()
    }

    /// Whether this is the same issuer by name and key, whatever else the certificates say.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        self.key() == other.key() && is_same(self.name(), other.name())
    }

    /// subjectKeyIdentifier (RFC 5280 §4.2.1.2).
    pub(crate) fn key_identifier(&self) -> Option<Vec<u8>> {
        let identifier = self.0.extension::<SubjectKeyIdentifier>(oid::SUBJECT_KEY_IDENTIFIER)?.ok()?;
        Some(identifier.0.as_bytes().to_vec())
    }

    /// Whether it may be the issuer of something with this issuer name and key identifier: several
    /// generations share one name, so the identifier decides where it is stated (§4.2.1.1).
    pub(crate) fn may_have_issued(&self, issuer: &Name, identifier: Option<&[u8]>) -> bool {
        let same_key = match (identifier, self.key_identifier()) {
            (Some(stated), Some(own)) => stated == own,
            _ => true,
        };
        same_key && is_same(self.name(), issuer)
    }

    /// Whether it issued `certificate`, rightly or not: by name, key identifier and signature.
    pub(crate) fn issued(&self, certificate: &CardCertificate) -> bool {
        let stated = stated_issuer_key(certificate);
        let issuer = certificate.inner().tbs_certificate().issuer();
        self.may_have_issued(issuer, stated.as_deref()) && self.signed(certificate)
    }

    /// Whether it issued `certificate` and may have, with `below` authorities between the two and the holder
    /// (§6.1.3 (a)(1), (2), (4), §6.1.4 (k), (l), (n)).
    pub(crate) fn check_issued(
        &self,
        certificate: &CardCertificate,
        below: usize,
        now: UnixMillis,
    ) -> Result<(), PathError> {
        if !self.issued(certificate) {
            return Err(PathError::UntrustedIssuer);
        }
        self.check_may_issue(below)?;
        check_validity(&self.0, now)
    }

    /// Whether its key signed `certificate`.
    pub(crate) fn signed(&self, certificate: &CardCertificate) -> bool {
        let inner = certificate.inner();
        let Some(message) = certificate.signed_bytes() else { return false };
        let Some(signature) = inner.signature().as_bytes() else { return false };
        verify(self.key(), inner.signature_algorithm(), &message, signature).is_ok()
    }

    /// §6.1.4 (k), (l), (n): it may issue, with `below` authorities between it and the holder.
    pub(crate) fn check_may_issue(&self, below: usize) -> Result<(), PathError> {
        if !self.0.is_authority() {
            return Err(PathError::IssuerMayNotIssue);
        }
        if self.path_length().is_some_and(|most| below > most) {
            return Err(PathError::PathTooLong);
        }
        match self.0.extension::<KeyUsage>(oid::KEY_USAGE) {
            Some(Ok(usage)) if usage.key_cert_sign() => Ok(()),
            _ => Err(PathError::IssuerMayNotIssue),
        }
    }

    /// pathLenConstraint (§4.2.1.9).
    pub(crate) fn path_length(&self) -> Option<usize> {
        let constraints = self.0.extension::<BasicConstraints>(oid::BASIC_CONSTRAINTS)?.ok()?;
        constraints.path_len_constraint.map(usize::from)
    }

    /// §6.3.3 (f): it may sign revocation lists.
    pub(crate) fn may_sign_lists(&self) -> bool {
        matches!(self.0.extension::<KeyUsage>(oid::KEY_USAGE), Some(Ok(usage)) if usage.crl_sign())
    }
}

/// §6.1.3 (a)(2): the time lies within the validity, both ends included.
pub(crate) fn check_validity(certificate: &CardCertificate, time: UnixMillis) -> Result<(), PathError> {
    let validity = certificate.inner().tbs_certificate().validity();
    let (not_before, not_after) = (millis(validity.not_before), millis(validity.not_after));
    if time < not_before {
        return Err(PathError::NotYetValid { time, not_before });
    }
    // notAfter is a second that still counts whole.
    if time.since(not_after) >= 1_000 {
        return Err(PathError::Expired { time, not_after });
    }
    Ok(())
}

/// The issuer's key identifier that a certificate states.
pub(crate) fn stated_issuer_key(certificate: &CardCertificate) -> Option<Vec<u8>> {
    let stated = certificate.extension::<AuthorityKeyIdentifier>(oid::AUTHORITY_KEY_IDENTIFIER)?.ok()?;
    Some(stated.key_identifier?.as_bytes().to_vec())
}
