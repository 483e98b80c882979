//! What a holder's certificate must say for its purpose (RFC 5280 §4.2.1): one function a rule.

use der::asn1::ObjectIdentifier;
use x509_cert::certificate::Version;
use x509_cert::ext::pkix::{BasicConstraints, CertificatePolicies, ExtendedKeyUsage, KeyUsage, KeyUsages};

use crate::oid;
use crate::{CardCertificate, PathError};

/// What a certificate is to be good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// 利用者証明用
    JpkiAuthentication,
    /// 署名用
    JpkiSignature,
    /// HPKI authentication.
    HpkiAuthentication,
    /// HPKI signature.
    HpkiSignature,
}

/// Whether the national test hierarchies are believed where an anchor of theirs is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestHierarchies {
    /// Production.
    Refuse,
    /// Rehearsals with test cards.
    Accept,
}

/// Extensions that this crate processes or that cannot change a verdict; any other critical one refuses.
const PROCESSED: [ObjectIdentifier; 7] = [
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::KEY_USAGE,
    oid::BASIC_CONSTRAINTS,
    oid::CERTIFICATE_POLICIES,
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::EXTENDED_KEY_USAGE,
    oid::CRL_DISTRIBUTION_POINTS,
];

/// The form of any certificate in a path: version, extensions, algorithms.
pub(crate) fn check_form(certificate: &CardCertificate) -> Result<(), PathError> {
    check_version(certificate)?;
    check_algorithms(certificate)?;
    check_duplicates(certificate)?;
    check_critical(certificate)
}

/// §4.1.2.1: extensions are there, so it is version 3.
fn check_version(certificate: &CardCertificate) -> Result<(), PathError> {
    match certificate.inner().tbs_certificate().version() {
        Version::V3 => Ok(()),
        Version::V1 | Version::V2 => Err(PathError::Version),
    }
}

/// §4.1.1.2: the algorithm inside and outside the signature is the same.
fn check_algorithms(certificate: &CardCertificate) -> Result<(), PathError> {
    let inner = certificate.inner();
    if inner.signature_algorithm() == inner.tbs_certificate().signature() {
        Ok(())
    } else {
        Err(PathError::AlgorithmMismatch)
    }
}

/// §4.2: no extension twice.
fn check_duplicates(certificate: &CardCertificate) -> Result<(), PathError> {
    let mut kinds: Vec<_> = certificate.extensions().iter().map(|extension| extension.extn_id).collect();
    kinds.sort_unstable();
    if kinds.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
        return Err(PathError::DuplicateExtension);
    }
    Ok(())
}

/// §4.2: an unknown critical extension refuses.
fn check_critical(certificate: &CardCertificate) -> Result<(), PathError> {
    let unknown = certificate
        .extensions()
        .iter()
        .any(|extension| extension.critical && !PROCESSED.contains(&extension.extn_id));
    if unknown { Err(PathError::UnknownCriticalExtension) } else { Ok(()) }
}

/// Everything that the purpose asks of a holder's certificate.
pub(crate) fn check_purpose(
    certificate: &CardCertificate,
    purpose: Purpose,
    test: TestHierarchies,
) -> Result<(), PathError> {
    check_holder(certificate)?;
    check_key_usage(certificate, purpose)?;
    check_extended_key_usage(certificate, purpose)?;
    check_policy(certificate, purpose, test)
}

/// §4.2.1.9: a holder is no authority.
fn check_holder(certificate: &CardCertificate) -> Result<(), PathError> {
    match certificate.extension::<BasicConstraints>(oid::BASIC_CONSTRAINTS) {
        None => Ok(()),
        Some(Ok(constraints)) if !constraints.ca => Ok(()),
        Some(Ok(_)) => Err(PathError::IsAuthority),
        Some(Err(_malformed)) => Err(PathError::MalformedExtension),
    }
}

/// §4.2.1.3: exactly the usages of the profile, critical.
fn check_key_usage(certificate: &CardCertificate, purpose: Purpose) -> Result<(), PathError> {
    let wanted = match purpose {
        Purpose::JpkiAuthentication | Purpose::HpkiAuthentication => KeyUsages::DigitalSignature.into(),
        Purpose::JpkiSignature => KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
        Purpose::HpkiSignature => KeyUsages::NonRepudiation.into(),
    };
    let usage = match certificate.extension::<KeyUsage>(oid::KEY_USAGE) {
        None => return Err(PathError::KeyUsage),
        Some(Err(_malformed)) => return Err(PathError::MalformedExtension),
        Some(Ok(usage)) => usage,
    };
    if usage.0 == wanted && is_critical(certificate, oid::KEY_USAGE) {
        Ok(())
    } else {
        Err(PathError::KeyUsage)
    }
}

/// §4.2.1.12: JPKI authentication names clientAuth; the other profiles carry none.
fn check_extended_key_usage(certificate: &CardCertificate, purpose: Purpose) -> Result<(), PathError> {
    let stated = match certificate.extension::<ExtendedKeyUsage>(oid::EXTENDED_KEY_USAGE) {
        Some(Err(_malformed)) => return Err(PathError::MalformedExtension),
        Some(Ok(stated)) => Some(stated.0),
        None => None,
    };
    let fits = match (purpose, stated) {
        (Purpose::JpkiAuthentication, Some(stated)) => stated.contains(&oid::CLIENT_AUTHENTICATION),
        (Purpose::JpkiAuthentication, None) => false,
        (Purpose::JpkiSignature | Purpose::HpkiAuthentication | Purpose::HpkiSignature, stated) => {
            stated.is_none()
        }
    };
    if fits { Ok(()) } else { Err(PathError::ExtendedKeyUsage) }
}

/// §4.2.1.4: the profile's policy, critical; a test policy is one of its own.
fn check_policy(
    certificate: &CardCertificate,
    purpose: Purpose,
    test: TestHierarchies,
) -> Result<(), PathError> {
    let policies = stated_policies(certificate)?;
    let (_production, rehearsal) = policies_of(purpose);
    if policies.contains(&rehearsal) && test == TestHierarchies::Refuse {
        return Err(PathError::TestHierarchy);
    }
    let fits = !accepted_policies(certificate, purpose, test)?.is_empty();
    if fits && is_critical(certificate, oid::CERTIFICATE_POLICIES) { Ok(()) } else { Err(PathError::Policy) }
}

/// The policies of the purpose that a holder's certificate states: those its path must allow.
pub(crate) fn accepted_policies(
    certificate: &CardCertificate,
    purpose: Purpose,
    test: TestHierarchies,
) -> Result<Vec<ObjectIdentifier>, PathError> {
    let (production, rehearsal) = policies_of(purpose);
    let mut stated = stated_policies(certificate)?;
    stated
        .retain(|policy| *policy == production || (*policy == rehearsal && test == TestHierarchies::Accept));
    Ok(stated)
}

/// §6.1.3 (d): an authority below the anchor states the holder's policy, or any. An auth authority of the
/// health professionals cannot issue for signature, nor for another hierarchy whose anchor is pinned too.
pub(crate) fn check_authority_policy(
    authority: &CardCertificate,
    accepted: &[ObjectIdentifier],
) -> Result<(), PathError> {
    let stated = stated_policies(authority)?;
    let allows = stated.contains(&oid::ANY_POLICY) || accepted.iter().any(|policy| stated.contains(policy));
    if allows { Ok(()) } else { Err(PathError::IssuerPolicy) }
}

/// Authorities allowed between holder and anchor. JPKI has none; HPKI has one, the rest is room, not need.
pub(crate) const fn most_intermediates(purpose: Purpose) -> usize {
    match purpose {
        Purpose::JpkiAuthentication | Purpose::JpkiSignature => 0,
        Purpose::HpkiAuthentication | Purpose::HpkiSignature => 3,
    }
}

fn stated_policies(certificate: &CardCertificate) -> Result<Vec<ObjectIdentifier>, PathError> {
    match certificate.extension::<CertificatePolicies>(oid::CERTIFICATE_POLICIES) {
        None => Ok(Vec::new()),
        Some(Err(_malformed)) => Err(PathError::MalformedExtension),
        Some(Ok(policies)) => Ok(policies.0.into_iter().map(|stated| stated.policy_identifier).collect()),
    }
}

/// The production and the test policy of a purpose.
const fn policies_of(purpose: Purpose) -> (ObjectIdentifier, ObjectIdentifier) {
    match purpose {
        Purpose::JpkiAuthentication => {
            (oid::JPKI_AUTHENTICATION_POLICY, oid::JPKI_AUTHENTICATION_TEST_POLICY)
        }
        Purpose::JpkiSignature => (oid::JPKI_SIGNATURE_POLICY, oid::JPKI_SIGNATURE_TEST_POLICY),
        Purpose::HpkiAuthentication => (oid::HPKI_AUTHENTICATION_POLICY, oid::HPKI_TEST_POLICY),
        Purpose::HpkiSignature => (oid::HPKI_SIGNATURE_POLICY, oid::HPKI_TEST_POLICY),
    }
}

fn is_critical(certificate: &CardCertificate, kind: ObjectIdentifier) -> bool {
    certificate.extensions().iter().any(|extension| extension.extn_id == kind && extension.critical)
}
