//! Revocation lists (RFC 5280 §5, §6.3): verified once, then asked by serial number.

use std::cmp::Ordering;

use der::{Decode, Encode};
use hinamori_model::UnixMillis;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlDistributionPoints, CrlNumber, CrlReason};

use crate::authority::{Authority, check_validity};
use crate::certificate::{decode_extension, millis};
use crate::signature::{signed_bytes, verify};
use crate::{CardCertificate, Revocation, oid};

/// A partition of a town has some thousand entries; a national list in one piece is another crate's work.
const MAXIMUM: usize = 16 << 20;

/// Which certificates a list speaks for: the issuer's key and one distribution point name, both as DER. An
/// empty name means all that the issuer issued.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    issuer_key: Vec<u8>,
    point: Vec<u8>,
}

impl Scope {
    /// Everything by this issuer.
    pub(crate) fn whole(issuer: &Authority) -> Self {
        Self { issuer_key: key_of(issuer), point: Vec::new() }
    }
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
    /// The authority that signed it is not valid, now and when the list was made (§6.3.3 (f)).
    #[error("the authority that signed the list is not valid")]
    SignerNotValid,
    /// The same extension twice (§4.2, §5.2).
    #[error("the list has an extension twice")]
    DuplicateExtension,
    /// A critical extension that nobody here processes (§5.2).
    #[error("the list has a critical extension that is not known")]
    UnknownCriticalExtension,
    /// crlNumber is missing or malformed (§5.2.3).
    #[error("the list has no number")]
    NoNumber,
    /// An issuing distribution point that does not decode or is named relative to its issuer: nobody knows
    /// whom the list speaks for (§5.2.5).
    #[error("the list's distribution point is not understood")]
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
    /// A higher number than the list held, and an earlier thisUpdate: one of the two is false.
    #[error("the list has a higher number than the one held and is older")]
    OlderThanHeld,
    /// removeFromCRL, which only a delta list may say (§5.3.1).
    #[error("the list takes a certificate back, which only a delta list may")]
    TakesBack,
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
    pub(crate) fn verified(
        der: &[u8],
        authorities: &[Authority],
        now: UnixMillis,
    ) -> Result<(Vec<Scope>, Self), CrlRefused> {
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
        let this_update = millis(content.this_update);
        // A box whose clock stands in the past believes the authority's own time.
        check_validity(&signer.0, now.max(this_update)).map_err(|_ended| CrlRefused::SignerNotValid)?;
        if content.next_update.is_none() {
            return Err(CrlRefused::NoNextUpdate);
        }
        let extensions = content.crl_extensions.as_deref().unwrap_or_default();
        check_duplicates(extensions)?;
        check_critical(extensions)?;
        let number = number_of(extensions)?;
        let points = distribution_points(extensions)?;
        let mut entries = content
            .revoked_certificates
            .unwrap_or_default()
            .iter()
            .map(entry_of)
            .collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(|one, other| one.serial.cmp(&other.serial));
        let issuer_key = key_of(signer);
        let scopes =
            points.into_iter().map(|point| Scope { issuer_key: issuer_key.clone(), point }).collect();
        Ok((scopes, Self { number, this_update, entries }))
    }

    /// Number and time both go forward, or neither (§5.2.3). An older list is no error.
    pub(crate) fn check_follows(&self, held: &Self) -> Result<(), CrlRefused> {
        match self.number().cmp(&held.number()) {
            Ordering::Equal if self != held => Err(CrlRefused::SameNumber),
            Ordering::Greater if self.this_update < held.this_update => Err(CrlRefused::OlderThanHeld),
            Ordering::Less | Ordering::Equal | Ordering::Greater => Ok(()),
        }
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

fn check_duplicates(extensions: &[Extension]) -> Result<(), CrlRefused> {
    let mut rest = extensions;
    while let [first, others @ ..] = rest {
        if others.iter().any(|other| other.extn_id == first.extn_id) {
            return Err(CrlRefused::DuplicateExtension);
        }
        rest = others;
    }
    Ok(())
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

/// The names of the list's distribution point; the empty one where it has none.
fn distribution_points(extensions: &[Extension]) -> Result<Vec<Vec<u8>>, CrlRefused> {
    let point =
        match decode_extension::<IssuingDistributionPoint>(extensions, oid::ISSUING_DISTRIBUTION_POINT) {
            None => return Ok(vec![Vec::new()]),
            Some(Err(_malformed)) => return Err(CrlRefused::NoDistributionPoint),
            Some(Ok(point)) => point,
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
    if distribution_point.is_none() {
        return Ok(vec![Vec::new()]);
    }
    match names_of(distribution_point.as_ref()) {
        names if names.is_empty() => Err(CrlRefused::NoDistributionPoint),
        names => Ok(names),
    }
}

fn entry_of(revoked: &RevokedCert) -> Result<Entry, CrlRefused> {
    let extensions = revoked.crl_entry_extensions.as_deref().unwrap_or_default();
    if extensions.iter().any(|extension| extension.critical) {
        return Err(CrlRefused::UnknownCriticalExtension);
    }
    check_duplicates(extensions)?;
    let reason = match decode_extension::<CrlReason>(extensions, oid::REASON_CODE) {
        None => 0,
        Some(Ok(CrlReason::RemoveFromCRL)) => return Err(CrlRefused::TakesBack),
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
