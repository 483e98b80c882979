//! Revocation lists (RFC 5280 §5, §6.3): verified once, then asked by serial number.

use der::{Decode, Encode};
use hinamori_model::UnixMillis;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlDistributionPoints, CrlNumber, CrlReason};

use crate::authority::Authority;
use crate::certificate::{decode_extension, millis};
use crate::signature::{signed_bytes, verify};
use crate::{CardCertificate, Revocation, oid};

/// A partition of a town has some thousand entries; a national list in one piece is another crate's work.
const MAXIMUM: usize = 16 << 20;

/// Which certificates a list speaks for: the issuer's key and one distribution point name, both as DER.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    issuer_key: Vec<u8>,
    point: Vec<u8>,
}

/// Why a revocation list was not taken. The list held before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrlRefused {
    /// Longer than this index takes.
    #[error("the list is over {MAXIMUM} bytes")]
    TooLong,
    /// Not DER of a version 2 list, or with bytes after it (§5.1).
    #[error("the bytes are no version 2 revocation list")]
    Malformed,
    /// No pinned authority that may sign lists signed it (§6.3.3 (f), (g)).
    #[error("no pinned authority signed the list")]
    WrongSigner,
    /// A critical extension that nobody here processes (§5.2).
    #[error("the list has a critical extension that is not known")]
    UnknownCriticalExtension,
    /// crlNumber is missing or malformed (§5.2.3).
    #[error("the list has no number")]
    NoNumber,
    /// No issuing distribution point with exactly one name: nobody knows whom it speaks for (§5.2.5).
    #[error("the list does not name its distribution point")]
    NoDistributionPoint,
    /// A delta list (§5.2.4): it does not stand alone.
    #[error("the list is a delta list")]
    Delta,
    /// Indirect, by reasons, or of other than users' certificates (§5.2.5).
    #[error("the list is of a kind that does not speak for users' certificates")]
    OtherKind,
    /// nextUpdate is missing (§5.1.2.5).
    #[error("the list does not say when the next one comes")]
    NoNextUpdate,
    /// The number of the list held, with other content: one of the two is false, somebody must look.
    #[error("the list has the number of the one held and says something else")]
    SameNumber,
}

/// A revocation list that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrlTaken {
    /// Its thisUpdate.
    pub this_update: UnixMillis,
    /// Certificates listed.
    pub entries: usize,
}

#[derive(Clone, PartialEq, Eq)]
struct Entry {
    serial: Vec<u8>,
    at: UnixMillis,
    reason: u8,
}

/// A verified list.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct List {
    number: Vec<u8>,
    this_update: UnixMillis,
    entries: Vec<Entry>,
}

impl List {
    /// Reads and verifies a list.
    pub(crate) fn verified(der: &[u8], authorities: &[Authority]) -> Result<(Scope, Self), CrlRefused> {
        if der.len() > MAXIMUM {
            return Err(CrlRefused::TooLong);
        }
        let list = CertificateList::<x509_cert::certificate::Rfc5280>::from_der(der)
            .map_err(|_malformed| CrlRefused::Malformed)?;
        if list.to_der().ok().as_deref() != Some(der)
            || list.signature_algorithm != list.tbs_cert_list.signature
        {
            return Err(CrlRefused::Malformed);
        }
        let signer = signer_of(&list, authorities)?;
        let content = list.tbs_cert_list;
        if content.next_update.is_none() {
            return Err(CrlRefused::NoNextUpdate);
        }
        let extensions = content.crl_extensions.as_deref().unwrap_or_default();
        check_critical(extensions)?;
        let number = number_of(extensions)?;
        let point = distribution_point(extensions)?;
        let mut entries = content
            .revoked_certificates
            .unwrap_or_default()
            .iter()
            .map(entry_of)
            .collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(|one, other| one.serial.cmp(&other.serial));
        let this_update = millis(content.this_update);
        Ok((Scope { issuer_key: key_of(signer), point }, Self { number, this_update, entries }))
    }

    /// crlNumber, comparable: length first, then bytes.
    pub(crate) fn number(&self) -> (usize, &[u8]) {
        (self.number.len(), &self.number)
    }

    pub(crate) const fn this_update(&self) -> UnixMillis {
        self.this_update
    }

    pub(crate) const fn entries(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn status(&self, serial: &[u8]) -> Revocation {
        match self.entries.binary_search_by(|entry| entry.serial.as_slice().cmp(serial)) {
            Ok(found) => self.entries.get(found).map_or(
                Revocation::NotRevoked { as_of: self.this_update },
                |Entry { at, reason, .. }| Revocation::Revoked { at: *at, reason: *reason },
            ),
            Err(_absent) => Revocation::NotRevoked { as_of: self.this_update },
        }
    }
}

fn signer_of<'a>(list: &CertificateList, authorities: &'a [Authority]) -> Result<&'a Authority, CrlRefused> {
    let content = &list.tbs_cert_list;
    let extensions = content.crl_extensions.as_deref().unwrap_or_default();
    let stated = decode_extension::<AuthorityKeyIdentifier>(extensions, oid::AUTHORITY_KEY_IDENTIFIER);
    let stated = stated.and_then(Result::ok).and_then(|stated| stated.key_identifier);
    let message = signed_bytes(content).map_err(|_malformed| CrlRefused::Malformed)?;
    let signature = list.signature.as_bytes().ok_or(CrlRefused::Malformed)?;
    authorities
        .iter()
        .filter(|authority| {
            authority.may_have_issued(&content.issuer, stated.as_ref().map(|stated| stated.as_bytes()))
        })
        .find(|authority| {
            authority.may_sign_lists()
                && verify(authority.key(), &list.signature_algorithm, &message, signature).is_ok()
        })
        .ok_or(CrlRefused::WrongSigner)
}

fn check_critical(extensions: &[Extension]) -> Result<(), CrlRefused> {
    let has = |kind| extensions.iter().any(|extension| extension.extn_id == kind);
    if has(oid::DELTA_CRL_INDICATOR) {
        return Err(CrlRefused::Delta);
    }
    let unknown = extensions
        .iter()
        .any(|extension| extension.critical && extension.extn_id != oid::ISSUING_DISTRIBUTION_POINT);
    if unknown { Err(CrlRefused::UnknownCriticalExtension) } else { Ok(()) }
}

fn number_of(extensions: &[Extension]) -> Result<Vec<u8>, CrlRefused> {
    match decode_extension::<CrlNumber>(extensions, oid::CRL_NUMBER) {
        Some(Ok(number)) => Ok(number.0.as_bytes().to_vec()),
        Some(Err(_)) | None => Err(CrlRefused::NoNumber),
    }
}

fn distribution_point(extensions: &[Extension]) -> Result<Vec<u8>, CrlRefused> {
    let Some(Ok(point)) =
        decode_extension::<IssuingDistributionPoint>(extensions, oid::ISSUING_DISTRIBUTION_POINT)
    else {
        return Err(CrlRefused::NoDistributionPoint);
    };
    let IssuingDistributionPoint {
        distribution_point,
        only_contains_user_certs: _,
        only_contains_ca_certs,
        only_some_reasons,
        indirect_crl,
        only_contains_attribute_certs,
    } = point;
    if only_contains_ca_certs || only_contains_attribute_certs || indirect_crl || only_some_reasons.is_some()
    {
        return Err(CrlRefused::OtherKind);
    }
    match names_of(distribution_point.as_ref()).as_slice() {
        [name] => Ok(name.clone()),
        _ => Err(CrlRefused::NoDistributionPoint),
    }
}

fn entry_of(revoked: &RevokedCert) -> Result<Entry, CrlRefused> {
    let extensions = revoked.crl_entry_extensions.as_deref().unwrap_or_default();
    if extensions.iter().any(|extension| extension.critical) {
        return Err(CrlRefused::UnknownCriticalExtension);
    }
    let reason = match decode_extension::<CrlReason>(extensions, oid::REASON_CODE) {
        None => 0,
        Some(Ok(reason)) => reason as u8,
        Some(Err(_malformed)) => return Err(CrlRefused::Malformed),
    };
    let serial = revoked.serial_number.as_bytes().to_vec();
    Ok(Entry { serial, at: millis(revoked.revocation_date), reason })
}

fn names_of(point: Option<&DistributionPointName>) -> Vec<Vec<u8>> {
    match point {
        Some(DistributionPointName::FullName(names)) => {
            names.iter().filter_map(|name: &GeneralName| name.to_der().ok()).collect()
        }
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) | None => Vec::new(),
    }
}

fn key_of(authority: &Authority) -> Vec<u8> {
    authority.key().to_der().unwrap_or_default()
}

/// The scopes whose list would speak for a certificate (§6.3.3 (b)).
pub(crate) fn scope_of_certificate(certificate: &CardCertificate, issuer: &Authority) -> Vec<Scope> {
    let Some(Ok(points)) = certificate.extension::<CrlDistributionPoints>(oid::CRL_DISTRIBUTION_POINTS)
    else {
        return Vec::new();
    };
    points
        .0
        .iter()
        .filter(|point| point.reasons.is_none() && point.crl_issuer.is_none())
        .flat_map(|point| names_of(point.distribution_point.as_ref()))
        .map(|point| Scope { issuer_key: key_of(issuer), point })
        .collect()
}
