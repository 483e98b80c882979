//! The path check: from a card's certificate to a pinned anchor.

use std::collections::BTreeMap;
use std::sync::Arc;

use der::asn1::ObjectIdentifier;
use hinamori_model::UnixMillis;

use crate::authority::{Authority, check_validity, stated_issuer_key};
use crate::list::{List, Scope, scope_of_certificate};
use crate::profile::{
    accepted_policies, check_authority_policy, check_form, check_purpose, most_intermediates,
};
use crate::{
    CardCertificate, CrlRefused, CrlTaken, PathError, Purpose, Revocation, TestHierarchies, UnknownReason,
    VerifiedCertificate,
};

/// Candidates that a card may offer, used or not: a budget for signatures checked on its behalf.
const MOST_CANDIDATES: usize = 3;

/// Pinned anchors and verified revocation lists.
#[derive(Clone)]
pub struct Verifier {
    test: TestHierarchies,
    anchors: Vec<Authority>,
    lists: BTreeMap<Scope, Arc<List>>,
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
    /// Of a form that cannot be processed, such as an unknown critical extension.
    #[error("the anchor's certificate cannot be processed")]
    Form(#[from] PathError),
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
        check_form(&certificate)?;
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
        let (scopes, list) = List::verified(der, &authorities, now)?;
        let taken = CrlTaken { this_update: list.this_update(), entries: list.entries() };
        for held in scopes.iter().filter_map(|scope| self.lists.get(scope)) {
            list.check_follows(held)?;
        }
        let list = Arc::new(list);
        for scope in scopes {
            if self.lists.get(&scope).is_none_or(|held| held.number() < list.number()) {
                self.lists.insert(scope, Arc::clone(&list));
            }
        }
        Ok(taken)
    }

    /// The oldest thisUpdate of the lists in use; `None` without any.
    pub fn card_data_as_of(&self) -> Option<UnixMillis> {
        self.lists.values().map(|list| list.this_update()).min()
    }

    /// The newest thisUpdate of the lists in use: a time that an authority signed, so that it is not earlier
    /// now. `None` without any list.
    pub fn latest_list(&self) -> Option<UnixMillis> {
        self.lists.values().map(|list| list.this_update()).max()
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
            .take(MOST_CANDIDATES)
            .filter_map(|der| CardCertificate::parse(der).ok().map(Authority))
            .collect();
        let search = Search {
            candidates: &candidates,
            policies: &accepted_policies(certificate, purpose, self.test)?,
            most_intermediates: most_intermediates(purpose),
            now,
        };
        let issuer = self.anchored_issuer(certificate, &search, 0)?;
        check_purpose(certificate, purpose, self.test)?;
        check_validity(certificate, now)?;
        Ok(VerifiedCertificate::new(self.revocation(certificate, issuer)))
    }

    /// The issuer of `certificate`, from which a sound path leads to an anchor.
    fn anchored_issuer<'a>(
        &'a self,
        certificate: &CardCertificate,
        search: &Search<'a>,
        below: usize,
    ) -> Result<&'a Authority, PathError> {
        if below > search.most_intermediates {
            return Err(PathError::PathTooLong);
        }
        let mut cause = PathError::UntrustedIssuer;
        let mut note = |error: PathError| {
            if error.rank() >= cause.rank() {
                cause = error;
            }
        };
        for anchor in &self.anchors {
            match self.issued(anchor, certificate, below, search.now) {
                Ok(()) => return Ok(anchor),
                Err(error) => note(error),
            }
        }
        for candidate in search.candidates {
            let anchored = self
                .issued(candidate, certificate, below, search.now)
                .and_then(|()| check_form(&candidate.0))
                .and_then(|()| search.check_policy(&candidate.0))
                .and_then(|()| self.anchored_issuer(&candidate.0, search, below + 1));
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
        let points = scope_of_certificate(certificate, issuer);
        let why = match points.as_slice() {
            [] => UnknownReason::NoDistributionPoint,
            _ => UnknownReason::NoListForPartition,
        };
        let whole = Scope::whole(issuer);
        let lists = points.iter().chain([&whole]).filter_map(|scope| self.lists.get(scope));
        lists
            .map(|list| list.status(certificate.serial()))
            .reduce(weightier)
            .unwrap_or(Revocation::Unknown { why })
    }
}

/// What one search for a path needs to know.
struct Search<'a> {
    candidates: &'a [Authority],
    policies: &'a [ObjectIdentifier],
    most_intermediates: usize,
    now: UnixMillis,
}

impl Search<'_> {
    /// A holder without the purpose's policy is refused for that itself, once somebody vouches for it.
    fn check_policy(&self, authority: &CardCertificate) -> Result<(), PathError> {
        if self.policies.is_empty() { Ok(()) } else { check_authority_policy(authority, self.policies) }
    }
}

/// Of two lists that speak for a certificate: listed on either is revoked, however old that list is; else
/// the later one counts.
fn weightier(one: Revocation, other: Revocation) -> Revocation {
    match (one, other) {
        (Revocation::Revoked { .. }, _) => one,
        (_, Revocation::Revoked { .. }) => other,
        (Revocation::NotRevoked { as_of: first }, Revocation::NotRevoked { as_of: second })
            if first >= second =>
        {
            one
        }
        _ => other,
    }
}

/// The national test hierarchy carries its mark in the issuer's name.
fn names_test_hierarchy(certificate: &CardCertificate) -> bool {
    certificate.inner().tbs_certificate().issuer().to_string().contains("O=JPKI-TEST")
}
