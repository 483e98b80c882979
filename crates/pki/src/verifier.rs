//! The path check: from a card's certificate to a pinned anchor.

use std::collections::BTreeMap;

use hinamori_model::UnixMillis;

use crate::authority::{Authority, check_validity, stated_issuer_key};
use crate::list::{List, Scope, scope_of_certificate};
use crate::profile::{check_form, check_purpose};
use crate::{
    CardCertificate, CrlRefused, CrlTaken, PathError, Purpose, Revocation, TestHierarchies, UnknownReason,
    VerifiedCertificate,
};

/// Authorities between a holder and an anchor. HPKI has one; the rest is room, not need.
const MOST_INTERMEDIATES: usize = 3;

/// Pinned anchors and verified revocation lists.
#[derive(Clone)]
pub struct Verifier {
    test: TestHierarchies,
    anchors: Vec<Authority>,
    lists: BTreeMap<Scope, List>,
}

/// Why bytes cannot be pinned as an anchor. The party at fault is whoever put it into the town's package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// No certificate.
    #[error("the anchor is no X.509 certificate")]
    Malformed,
    /// Not a self-signed authority.
    #[error("the anchor is no self-signed certificate authority")]
    NoAuthority,
}

impl Verifier {
    /// Believes nobody yet.
    pub const fn new(test: TestHierarchies) -> Self {
        Self { test, anchors: Vec::new(), lists: BTreeMap::new() }
    }

    /// Pins a self-signed authority. It comes from the box's own image or the town's signed package, never
    /// from a card. Pinning it twice changes nothing.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn pin_anchor(&mut self, der: &[u8]) -> Result<(), AnchorError> {
        let certificate = CardCertificate::parse(der).map_err(|_malformed| AnchorError::Malformed)?;
        let anchor = Authority(certificate);
        let self_signed =
            anchor.0.inner().tbs_certificate().issuer() == anchor.name() && anchor.signed(&anchor.0);
        if !self_signed || anchor.check_may_issue(0).is_err() {
            return Err(AnchorError::NoAuthority);
        }
        if !self.anchors.contains(&anchor) {
            self.anchors.push(anchor);
        }
        Ok(())
    }

    /// Takes a revocation list after checking its signature by a pinned anchor, or by one of
    /// `intermediates` (DER) that an anchor signed. A list that is older than the one held, or the same one,
    /// changes nothing.
    ///
    /// # Errors
    /// [`CrlRefused`]; the lists held stay as they are.
    pub fn add_crl(
        &mut self,
        der: &[u8],
        intermediates: &[&[u8]],
        now: UnixMillis,
    ) -> Result<CrlTaken, CrlRefused> {
        let mut authorities = self.anchors.clone();
        for der in intermediates {
            let Ok(certificate) = CardCertificate::parse(der) else { continue };
            let anchored =
                self.anchors.iter().any(|anchor| self.issued(anchor, &certificate, 0, now).is_ok());
            if anchored && check_form(&certificate).is_ok() {
                authorities.push(Authority(certificate));
            }
        }
        let (scope, list) = List::verified(der, &authorities)?;
        let taken = CrlTaken { this_update: list.this_update(), entries: list.entries() };
        match self.lists.get(&scope) {
            Some(held) if held.number() > list.number() => {}
            Some(held) if held.number() == list.number() && *held != list => {
                return Err(CrlRefused::SameNumber);
            }
            _ => drop(self.lists.insert(scope, list)),
        }
        Ok(taken)
    }

    /// The oldest thisUpdate of the lists in use; `None` without any.
    pub fn card_data_as_of(&self) -> Option<UnixMillis> {
        self.lists.values().map(List::this_update).min()
    }

    /// Checks path, purpose and revocation. `intermediates` are candidates, DER; each is checked itself.
    ///
    /// # Errors
    /// [`PathError`], of the path that came furthest.
    pub fn check(
        &self,
        certificate: &CardCertificate,
        intermediates: &[&[u8]],
        purpose: Purpose,
        now: UnixMillis,
    ) -> Result<VerifiedCertificate, PathError> {
        check_form(certificate)?;
        if self.test == TestHierarchies::Refuse && names_test_hierarchy(certificate) {
            return Err(PathError::TestHierarchy);
        }
        let candidates: Vec<_> = intermediates
            .iter()
            .take(MOST_INTERMEDIATES)
            .filter_map(|der| CardCertificate::parse(der).ok().map(Authority))
            .collect();
        let issuer = self.anchored_issuer(certificate, &candidates, 0, now)?;
        check_purpose(certificate, purpose, self.test)?;
        check_validity(certificate, now)?;
        Ok(VerifiedCertificate::new(self.revocation(certificate, issuer)))
    }

    /// The issuer of `certificate`, from which a sound path leads to an anchor.
    fn anchored_issuer<'a>(
        &'a self,
        certificate: &CardCertificate,
        candidates: &'a [Authority],
        below: usize,
        now: UnixMillis,
    ) -> Result<&'a Authority, PathError> {
        if below > MOST_INTERMEDIATES {
            return Err(PathError::PathTooLong);
        }
        let mut cause = PathError::UntrustedIssuer;
        let mut note = |error: PathError| {
            if error.rank() >= cause.rank() {
                cause = error;
            }
        };
        for anchor in &self.anchors {
            match self.issued(anchor, certificate, below, now) {
                Ok(()) => return Ok(anchor),
                Err(error) => note(error),
            }
        }
        for candidate in candidates {
            let anchored = self
                .issued(candidate, certificate, below, now)
                .and_then(|()| check_form(&candidate.0))
                .and_then(|()| self.anchored_issuer(&candidate.0, candidates, below + 1, now));
            match anchored {
                Ok(_) => return Ok(candidate),
                Err(error) => note(error),
            }
        }
        Err(cause)
    }

    /// Whether `authority` issued `certificate`, and may have.
    fn issued(
        &self,
        authority: &Authority,
        certificate: &CardCertificate,
        below: usize,
        now: UnixMillis,
    ) -> Result<(), PathError> {
        let stated = stated_issuer_key(certificate);
        let issuer = certificate.inner().tbs_certificate().issuer();
        if !authority.may_have_issued(issuer, stated.as_deref()) || !authority.signed(certificate) {
            return Err(PathError::UntrustedIssuer);
        }
        authority.check_may_issue(below)?;
        check_validity(&authority.0, now)
    }

    fn revocation(&self, certificate: &CardCertificate, issuer: &Authority) -> Revocation {
        if self.lists.is_empty() {
            return Revocation::Unknown { why: UnknownReason::NoData };
        }
        let scopes = scope_of_certificate(certificate, issuer);
        if scopes.is_empty() {
            return Revocation::Unknown { why: UnknownReason::NoDistributionPoint };
        }
        let list = scopes.iter().find_map(|scope| self.lists.get(scope));
        list.map_or(Revocation::Unknown { why: UnknownReason::NoListForPartition }, |list| {
            list.status(certificate.serial())
        })
    }
}

/// The national test hierarchy carries its mark in the issuer's name.
fn names_test_hierarchy(certificate: &CardCertificate) -> bool {
    certificate.inner().tbs_certificate().issuer().to_string().contains("O=JPKI-TEST")
}
