//! A certificate of anybody's, checked by the rules for cards but without their profiles (RFC 5280 §6): for
//! support, and for test suites that measure the rules.
//!
//! What the profiles forbid is allowed here: authorities as holders, longer paths, any purpose. What nobody
//! here processes stays refused: name constraints and what maps, requires or forbids policies, whether critical or
//! not; other critical extensions; indirect lists and lists by reasons. Nothing is fine of which the revocation is
//! not known, in the whole path.

use std::fmt;

use der::asn1::ObjectIdentifier;
use der::{DateTime, Document};
use hinamori_model::UnixMillis;

use crate::authority::{Authority, check_validity};
use crate::profile::{check_authority_policy, check_form};
use crate::verifier::{Issuer, Signer};
use crate::{
    Age, AnchorError, CardCertificate, CrlRefused, MalformedCertificate, PathError, Revocation,
    TestHierarchies, UnknownReason, Verifier, oid,
};

/// Extensions that limit a path further down and are not processed here.
const LIMITING: [ObjectIdentifier; 4] =
    [oid::NAME_CONSTRAINTS, oid::POLICY_MAPPINGS, oid::POLICY_CONSTRAINTS, oid::INHIBIT_ANY_POLICY];

/// Certificates that are tried as issuers before a search ends: a budget for signatures.
const MOST_TRIES: usize = 256;

/// What is to be checked, all in DER.
#[derive(Debug, Clone, Copy)]
pub struct PathQuestion<'a> {
    /// The certificate.
    pub certificate: &'a [u8],
    /// Who is trusted: self-signed authorities.
    pub anchors: &'a [&'a [u8]],
    /// Who may stand between, in any order.
    pub candidates: &'a [&'a [u8]],
    /// Revocation lists, in any order.
    pub lists: &'a [&'a [u8]],
    /// The policy that every certificate below the anchor must state, by its dotted numbers.
    pub policy: Option<&'a str>,
    /// When.
    pub time: UnixMillis,
}

/// The DER values in a file: the file itself, or what its PEM blocks hold.
pub fn der_values(file: &[u8]) -> Vec<Vec<u8>> {
    if file.first() == Some(&0x30) {
        return vec![file.to_vec()];
    }
    let text = String::from_utf8_lossy(file);
    let blocks = text.split("-----BEGIN ").skip(1);
    blocks
        .filter_map(|block| {
            let (body, end) = block.split_once("-----END ")?;
            let (label, _text) = end.split_once("-----")?;
            let block = format!("-----BEGIN {body}-----END {label}-----\n");
            let (_label, document) = Document::from_pem(&block).ok()?;
            Some(document.into_vec())
        })
        .collect()
}

/// A time in UTC as `2026-05-01T00:00:00Z`.
pub fn time_of(text: &str) -> Option<UnixMillis> {
    let since = text.parse::<DateTime>().ok()?.unix_duration();
    u64::try_from(since.as_millis()).ok().map(UnixMillis::new)
}

/// What the rules said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathReport {
    /// What is wrong with the path.
    pub problems: Vec<PathError>,
    /// What the lists say of each certificate from the checked one up to below the anchor; empty without a path.
    pub revocations: Vec<Revocation>,
    /// Anchors that were not pinned, by their position.
    pub anchors_refused: Vec<(usize, AnchorError)>,
    /// Lists that were not taken, by their position.
    pub lists_refused: Vec<(usize, CrlRefused)>,
}

impl PathReport {
    /// Whether the path holds and no certificate of it is revoked, by lists that are not too old.
    pub fn is_fine(&self) -> bool {
        self.problems.is_empty() && !self.revocations.is_empty() && self.revocations.iter().all(is_fine)
    }
}

const fn is_fine(revocation: &Revocation) -> bool {
    matches!(revocation, Revocation::NotRevoked { age: Age::Fresh | Age::Stale, .. })
}

/// Checks a certificate. Among several paths a fine one counts, else the one that came furthest.
///
/// # Errors
/// [`MalformedCertificate`] for the certificate itself.
pub fn check_path(question: &PathQuestion<'_>) -> Result<PathReport, MalformedCertificate> {
    let certificate = CardCertificate::parse(question.certificate)?;
    let now = question.time;
    let mut verifier = Verifier::new(TestHierarchies::Accept);
    let anchors = (0..).zip(question.anchors);
    let anchors_refused =
        anchors.filter_map(|(at, der)| Some((at, verifier.pin_anchor(der).err()?))).collect();
    verifier.know_authorities(question.candidates, now);
    let parsed = question.candidates.iter();
    let candidates: Vec<_> =
        parsed.filter_map(|der| CardCertificate::parse(der).ok().map(Authority)).collect();
    let lists_refused = take_lists(&mut verifier, question.lists, now);

    let mut problems = Vec::new();
    // A policy that is no object identifier is one that nobody states.
    let policy = question.policy.map(|policy| ObjectIdentifier::new(policy).ok());
    let mut search = Search { verifier: &verifier, candidates: &candidates, policy, now, tries: MOST_TRIES };
    problems.extend(check_limits(&certificate).err());
    problems.extend(check_form(&certificate).err());
    let path = search.best(&certificate, 0, &mut Vec::new());
    problems.extend(path.as_ref().err());
    problems.extend(check_validity(&certificate, now).err());
    problems.extend(search.check_policy(&certificate).err().map(|_issuer| PathError::Policy));
    let revocations = path.map_or_else(|_refused| Vec::new(), |path| path.revocations);
    Ok(PathReport { problems, revocations, anchors_refused, lists_refused })
}

/// §6.1.4 (a), (b), (g) to (j): whoever does not process a limit cannot say that a path keeps to it, and an authority
/// that forgot to make it critical meant it all the same.
fn check_limits(certificate: &CardCertificate) -> Result<(), PathError> {
    let limits = certificate.extensions().iter().any(|extension| LIMITING.contains(&extension.extn_id));
    if limits { Err(PathError::Limits) } else { Ok(()) }
}

/// Takes the lists, those that change another one last. Gives what was refused.
fn take_lists(verifier: &mut Verifier, lists: &[&[u8]], now: UnixMillis) -> Vec<(usize, CrlRefused)> {
    let mut refused: Vec<_> =
        (0..).zip(lists).filter_map(|(at, der)| Some((at, verifier.add_crl(der, &[], now).err()?))).collect();
    refused.retain_mut(|(at, why)| match (*why, lists.get(*at)) {
        (CrlRefused::Delta, Some(der)) => {
            verifier.add_crl(der, &[], now).map_err(|again| *why = again).is_err()
        }
        _ => true,
    });
    refused
}

/// A path from a certificate up to an anchor.
struct Path<'a> {
    anchor: &'a Authority,
    /// Of the certificate and of each authority below the anchor.
    revocations: Vec<Revocation>,
}

impl Path<'_> {
    fn is_fine(&self) -> bool {
        self.revocations.iter().all(is_fine)
    }
}

struct Search<'a> {
    verifier: &'a Verifier,
    candidates: &'a [Authority],
    policy: Option<Option<ObjectIdentifier>>,
    now: UnixMillis,
    tries: usize,
}

impl<'a> Search<'a> {
    /// §6.1.3 (d), without mappings: the policy asked for, or any.
    fn check_policy(&self, certificate: &CardCertificate) -> Result<(), PathError> {
        match &self.policy {
            None => Ok(()),
            Some(policy) => check_authority_policy(certificate, policy.as_slice()),
        }
    }

    /// The best path from `certificate`. `below` counts the authorities between it and the checked one that are
    /// not self-issued (§6.1.4 (l)); `used` are those authorities.
    fn best(
        &mut self,
        certificate: &CardCertificate,
        below: usize,
        used: &mut Vec<&'a Authority>,
    ) -> Result<Path<'a>, PathError> {
        let mut best: Result<Path<'a>, PathError> = Err(PathError::UntrustedIssuer);
        let (verifier, candidates) = (self.verifier, self.candidates);
        let anchors = verifier.anchors().map(|anchor| (anchor, true));
        for (issuer, is_anchor) in anchors.chain(candidates.iter().map(|candidate| (candidate, false))) {
            if used.contains(&issuer) || issuer.0 == *certificate {
                continue;
            }
            let Some(tries) = self.tries.checked_sub(1) else { return best };
            self.tries = tries;
            let above = issuer.check_issued(certificate, below, self.now).and_then(|()| {
                if is_anchor {
                    return Ok(Path { anchor: issuer, revocations: Vec::new() });
                }
                check_limits(&issuer.0)?;
                check_form(&issuer.0)?;
                self.check_policy(&issuer.0).map_err(|_stated| PathError::IssuerPolicy)?;
                used.push(issuer);
                let counted = usize::from(!issuer.0.is_self_issued());
                let above = self.best(&issuer.0, below + counted, used);
                used.pop();
                above
            });
            let path = above.map(|mut path| {
                let by = Issuer { authority: issuer, anchor: path.anchor };
                let said = verifier.revocation_by(certificate, by, self.now, Signer::Doubtful);
                path.revocations.insert(0, said);
                path
            });
            best = match (best, path) {
                (_, Ok(path)) if path.is_fine() => return Ok(path),
                (Err(_), Ok(path)) => Ok(path),
                (Err(first), Err(second)) if second.rank() >= first.rank() => Err(second),
                (best, _) => best,
            };
        }
        best
    }
}

impl fmt::Display for PathReport {
    /// One line: the verdict, and every rule that spoke.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.is_fine() { "fine" } else { "not fine" })?;
        for problem in &self.problems {
            write!(out, "; path: {}", Problem(problem))?;
        }
        if let Some(authorities) = self.revocations.len().checked_sub(1) {
            write!(out, "; path: leads to an anchor, authorities between: {authorities}")?;
        }
        for (position, revocation) in self.revocations.iter().enumerate() {
            match position {
                0 => out.write_str("; certificate: ")?,
                above => write!(out, "; authority {above}: ")?,
            }
            write!(out, "{}", Said(revocation))?;
        }
        for (position, refused) in &self.anchors_refused {
            write!(out, "; anchor {}: {refused}", position + 1)?;
        }
        for (position, refused) in &self.lists_refused {
            write!(out, "; list {}: {refused}", position + 1)?;
        }
        Ok(())
    }
}

/// A time for people, in UTC.
struct At(UnixMillis);

impl fmt::Display for At {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::from_unix_duration(std::time::Duration::from_millis(self.0.get())) {
            Ok(time) => time.fmt(out),
            Err(_beyond) => out.write_str("the end of all times"),
        }
    }
}

struct Problem<'a>(&'a PathError);

impl fmt::Display for Problem<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            PathError::Expired { not_after, .. } => write!(out, "the validity ended at {}", At(*not_after)),
            PathError::NotYetValid { not_before, .. } => {
                write!(out, "the validity begins at {}", At(*not_before))
            }
            other => other.fmt(out),
        }
    }
}

struct Said<'a>(&'a Revocation);

impl fmt::Display for Said<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Revocation::NotRevoked { as_of, age } => {
                let age = match age {
                    Age::Fresh => "fresh",
                    Age::Stale => "stale",
                    Age::TooOld => "too old",
                };
                write!(out, "not revoked as of {} ({age})", At(*as_of))
            }
            Revocation::Revoked { at, reason } => write!(out, "revoked at {}, reason {reason}", At(*at)),
            Revocation::Reported { since } => write!(out, "reported as revoked, as of {}", At(*since)),
            Revocation::Unknown { why } => out.write_str(match why {
                UnknownReason::NoData => "revocation unknown, without any list",
                UnknownReason::NoListForPartition => "revocation unknown, no list speaks for it",
                UnknownReason::ListBehind => "revocation unknown, the newest list is lost",
                UnknownReason::NoDistributionPoint => {
                    "revocation unknown, no list speaks for it and it names no distribution point"
                }
            }),
        }
    }
}
