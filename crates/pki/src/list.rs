//! Revocation lists (RFC 5280 §5, §6.3): verified once, then asked by serial number.

use std::cmp::Ordering;

use der::{Decode, Encode};
use hinamori_crl::{BadIndex, BuildError, Crl, CrlError, Index, ListKind, Stated, build};
use hinamori_model::UnixMillis;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName};
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlDistributionPoints, CrlNumber};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::authority::{Authority, check_validity};
use crate::certificate::{decode_extension, sha256};
use crate::signature::verify;
use crate::{CardCertificate, Revocation, UnknownReason, oid};

/// A partition of a town has some thousand entries. A nation's list in one piece does not come in a package.
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

impl From<CrlError> for CrlRefused {
    fn from(error: CrlError) -> Self {
        match error {
            CrlError::CriticalEntryExtension => Self::UnknownCriticalExtension,
            CrlError::DuplicateEntryExtension => Self::DuplicateExtension,
            CrlError::TakesBack => Self::TakesBack,
            CrlError::NotDer
            | CrlError::NotVersion2
            | CrlError::TwoAlgorithms
            | CrlError::Time
            | CrlError::Serial
            | CrlError::Reason => Self::Malformed,
        }
    }
}

impl From<BuildError> for CrlRefused {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::List(error) => error.into(),
            BuildError::Number => Self::NoNumber,
            BuildError::TooMany => Self::TooLong,
            // Memory takes everything that is written.
            BuildError::Date | BuildError::Write(_) => Self::Malformed,
        }
    }
}

/// A verified list.
#[derive(Clone)]
pub(crate) struct List(Index<Vec<u8>>);

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
        let list = Crl::parse(der)?;
        let extensions = list.extensions.map_or_else(|| Ok(Vec::new()), exactly::<Vec<Extension>>)?;
        let signer = signer_of(&list, &extensions, authorities)?;
        // A box whose clock stands in the past believes the authority's own time.
        check_validity(&signer.0, now.max(list.this_update)).map_err(|_ended| CrlRefused::SignerNotValid)?;
        if list.next_update.is_none() {
            return Err(CrlRefused::NoNextUpdate);
        }
        check_duplicates(&extensions)?;
        check_critical(&extensions)?;
        let number = number_of(&extensions)?;
        let points = distribution_points(&extensions)?;
        let issuer_key = key_of(signer);
        let kind = ListKind::Complete;
        let stated = Stated {
            kind,
            issuer: sha256(&issuer_key),
            scope: sha256(&points.concat()),
            number: &number,
            content: sha256(list.signed),
        };
        let mut bytes = Vec::new();
        build(&list, kind, &mut bytes)?.name(&stated)?;
        let index = Index::open(bytes).map_err(|_damaged| CrlRefused::Malformed)?;
        let scopes =
            points.into_iter().map(|point| Scope { issuer_key: issuer_key.clone(), point }).collect();
        Ok((scopes, Self(index)))
    }

    /// Number and time both go forward, or neither (§5.2.3). An older list is no error.
    pub(crate) fn check_follows(&self, held: &Self) -> Result<(), CrlRefused> {
        match self.number().cmp(&held.number()) {
            Ordering::Equal if self.0.content() != held.0.content() => Err(CrlRefused::SameNumber),
            Ordering::Greater if self.this_update() < held.this_update() => Err(CrlRefused::OlderThanHeld),
            Ordering::Less | Ordering::Equal | Ordering::Greater => Ok(()),
        }
    }

    /// crlNumber, comparable: length first, then bytes.
    pub(crate) fn number(&self) -> (usize, &[u8]) {
        self.0.number()
    }

    pub(crate) const fn this_update(&self) -> UnixMillis {
        self.0.this_update()
    }

    pub(crate) fn entries(&self) -> usize {
        usize::try_from(self.0.entries()).unwrap_or(usize::MAX)
    }

    pub(crate) fn status(&self, serial: &[u8]) -> Revocation {
        // A list's serial numbers are positive: it says nothing of one that is not.
        let found = if serial.first().is_some_and(|first| *first >= 0x80) {
            Err(BadIndex)
        } else {
            self.0.find(serial)
        };
        match found {
            Ok(Some(listed)) => Revocation::Revoked { at: listed.at, reason: listed.reason },
            Ok(None) => Revocation::NotRevoked { as_of: self.this_update() },
            Err(BadIndex) => Revocation::Unknown { why: UnknownReason::NoListForPartition },
        }
    }
}

/// Decodes what is encoded in exactly one way (X.690 §10).
fn exactly<'a, T: Decode<'a> + Encode>(der: &'a [u8]) -> Result<T, CrlRefused> {
    let value = T::from_der(der).map_err(|_malformed| CrlRefused::Malformed)?;
    if value.to_der().ok().as_deref() == Some(der) { Ok(value) } else { Err(CrlRefused::Malformed) }
}

fn signer_of<'a>(
    list: &Crl<'_>,
    extensions: &[Extension],
    authorities: &'a [Authority],
) -> Result<&'a Authority, CrlRefused> {
    let stated = decode_extension::<AuthorityKeyIdentifier>(extensions, oid::AUTHORITY_KEY_IDENTIFIER);
    let stated = stated.and_then(Result::ok).and_then(|stated| stated.key_identifier);
    let issuer = exactly::<Name>(list.issuer)?;
    let algorithm = exactly::<AlgorithmIdentifierOwned>(list.algorithm)?;
    authorities
        .iter()
        .filter(|authority| {
            authority.may_have_issued(&issuer, stated.as_ref().map(|stated| stated.as_bytes()))
        })
        .find(|authority| {
            authority.may_sign_lists()
                && verify(authority.key(), &algorithm, list.signed, list.signature).is_ok()
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
