//! The path check: from a card's certificate to a pinned anchor.

use std::sync::Arc;

use der::asn1::ObjectIdentifier;
use hinamori_crl::{Additions, Crl, Index, SharedBytes};
use hinamori_model::UnixMillis;

use crate::authority::{Authority, check_validity};
use crate::certificate::sha256;
use crate::circle::Circle;
use crate::head::ListHead;
use crate::list::{Clock, Lists, MOST_IN_MEMORY, index_in_memory, points_of_certificate};
use crate::name::organizations;
use crate::profile::{
    accepted_policies, check_authority_policy, check_form, check_purpose, most_intermediates,
};
use crate::{
    Age, CardCertificate, CrlRefused, CrlTaken, PathError, Purpose, ReportRefused, Revocation,
    TestHierarchies, UnknownReason, VerifiedCertificate,
};

/// Candidates that a card may offer, used or not: a budget for signatures checked on its behalf.
const MOST_CANDIDATES: usize = 3;

/// A list counts for so many milliseconds after the next one should have come, unless the town says otherwise.
const GRACE: u64 = 72 * 3_600_000;

/// Pinned anchors and verified revocation lists.
#[derive(Clone)]
pub struct Verifier {
    test: TestHierarchies,
    circle: Circle,
    lists: Lists,
    grace: u64,
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
        Self { test, circle: Circle::new(), lists: Lists::new(), grace: GRACE }
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
        self.circle.pin(anchor);
        Ok(())
    }

    /// For how many milliseconds after its nextUpdate a list is stale and not yet too old. It comes from the
    /// town's signed package; without it 72 hours.
    pub const fn set_grace(&mut self, millis: u64) {
        self.grace = millis;
    }

    /// Takes authorities (DER, in any order) that may sign revocation lists or vouch for who does: those under
    /// a pinned anchor, and the link certificates between an authority's old and new keys. What no anchor
    /// vouches for at the time `now` is left out.
    pub fn know_authorities(&mut self, certificates: &[&[u8]], now: UnixMillis) {
        self.circle.extend(certificates, now);
    }

    /// Checks everything about a list but its entries and its signature, which cost time.
    ///
    /// `intermediates` (DER) may have signed it, beside the anchors and the known authorities.
    ///
    /// # Errors
    /// [`CrlRefused`].
    pub fn read_head(
        &self,
        list: &Crl<'_>,
        intermediates: &[&[u8]],
        now: UnixMillis,
    ) -> Result<ListHead, CrlRefused> {
        let mut circle = self.circle.clone();
        circle.extend(intermediates, now);
        ListHead::of(list, circle.members().iter().map(|member| &member.authority), now)
    }

    /// Takes the index of a list whose signature was checked: in this run, or before it was written to a file
    /// that only this program writes. A list that is older than the one held, or the same one, changes nothing.
    ///
    /// # Errors
    /// [`CrlRefused`]; the lists held stay as they are.
    pub fn hold(&mut self, index: Index<SharedBytes>) -> Result<CrlTaken, CrlRefused> {
        self.lists.hold(index)
    }

    /// Takes a revocation list after checking its signature by a pinned anchor, a known authority, or one of
    /// `intermediates` (DER) for which an anchor vouches; these are known from then on. A list that is older
    /// than the one held, or the same one, changes nothing.
    ///
    /// # Errors
    /// [`CrlRefused`]; the lists held stay as they are.
    pub fn add_crl(
        &mut self,
        der: &[u8],
        intermediates: &[&[u8]],
        now: UnixMillis,
    ) -> Result<CrlTaken, CrlRefused> {
        if der.len() > MOST_IN_MEMORY {
            return Err(CrlRefused::TooLong);
        }
        self.know_authorities(intermediates, now);
        let list = Crl::parse(der)?;
        let signed = self.read_head(&list, &[], now)?.check_signature(&list)?;
        self.hold(index_in_memory(&list, &signed)?)
    }

    /// A list of this issuer and scope, as [`Index::speaks_for`] names them, with this number was taken before, complete
    /// or delta. As long as none that is held came as far, what the held ones name is revoked, and what they do not
    /// name may be revoked since. Where none is held nobody knows whom the lost list spoke for, and it is as after
    /// [`Verifier::lose_all`].
    pub fn reached(&mut self, issuer: [u8; 32], scope: [u8; 32], number: &[u8]) {
        self.lists.reached((issuer, scope), number);
    }

    /// Whether a list that was taken before is lost, and none that is held came as far.
    pub fn is_behind(&self) -> bool {
        self.lists.is_behind()
    }

    /// Lists were here and none of them can be read: that no list is held is then no reason to take a card as one
    /// takes it in a town that never had any.
    pub const fn lose_all(&mut self) {
        self.lists.lose_all();
    }

    /// How old the oldest list in use is; `None` without any.
    pub fn oldest(&self, now: UnixMillis) -> Option<Age> {
        self.lists.ages(&Clock { now, grace: self.grace }).max()
    }

    /// Takes additions to a list that is held, as somebody reported them whom the town trusts for that and no
    /// authority confirmed: their certificates are [`Revocation::Reported`] until the list of their number, or
    /// a later one, is held. The caller checked who reported them.
    ///
    /// # Errors
    /// [`ReportRefused`].
    pub fn report(&mut self, additions: Arc<Additions>) -> Result<(), ReportRefused> {
        self.lists.report(additions)
    }

    /// Which of the `enrolled` certificates (their positions) are named by the list that is held and were not
    /// by an `older` one of the same authority and scope. It compares two lists and no dates, because an
    /// authority may write any revocation date into a new entry. Lists by another key of the authority are
    /// rows of their own and are asked for themselves.
    pub fn newly_revoked_since<'a>(
        &self,
        older: &Index<SharedBytes>,
        enrolled: impl Iterator<Item = &'a CardCertificate>,
    ) -> Vec<usize> {
        let (key, _) = older.speaks_for();
        let anchors: Vec<_> = self.circle.anchors().collect();
        let issued = |certificate: &CardCertificate| {
            self.circle.members().iter().map(|member| &member.authority).any(|authority| {
                let signs = sha256(&authority.key_der()) == *key
                    || anchors.iter().any(|anchor| {
                        let mut relatives = self.circle.relatives(authority, anchor).into_iter();
                        relatives.any(|relative| sha256(&relative.authority.key_der()) == *key)
                    });
                signs && authority.issued(certificate)
            })
        };
        let enrolled = (0..).zip(enrolled);
        enrolled
            .filter(|(_, certificate)| self.lists.is_new_since(older, certificate) && issued(certificate))
            .map(|(position, _)| position)
            .collect()
    }

    pub(crate) fn anchors(&self) -> impl Iterator<Item = &Authority> {
        self.circle.anchors()
    }

    /// The oldest thisUpdate of the lists in use; `None` without any.
    pub fn card_data_as_of(&self) -> Option<UnixMillis> {
        self.lists.times().min()
    }

    /// The newest thisUpdate of the lists in use: a time that an authority signed, so that it is not earlier
    /// now. `None` without any list.
    pub fn latest_list(&self) -> Option<UnixMillis> {
        self.lists.times().max()
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
        let Anchored { issuer, reported } = self.anchored_issuer(certificate, &search, 0)?;
        check_purpose(certificate, purpose, self.test)?;
        check_validity(certificate, now)?;
        let own = self.revocation(certificate, issuer, now);
        let whole = reported.map_or(own, |since| weightier(own, Revocation::Reported { since }));
        Ok(VerifiedCertificate::new(whole))
    }

    /// The issuer of `certificate`, from which a sound path leads to an anchor.
    fn anchored_issuer<'a>(
        &'a self,
        certificate: &CardCertificate,
        search: &Search<'a>,
        below: usize,
    ) -> Result<Anchored<'a>, PathError> {
        if below > search.most_intermediates {
            return Err(PathError::PathTooLong);
        }
        let mut cause = PathError::UntrustedIssuer;
        let mut note = |error: PathError| {
            if error.rank() >= cause.rank() {
                cause = error;
            }
        };
        for anchor in self.circle.anchors() {
            match anchor.check_issued(certificate, below, search.now) {
                Ok(()) => {
                    return Ok(Anchored { issuer: Issuer { authority: anchor, anchor }, reported: None });
                }
                Err(error) => note(error),
            }
        }
        for candidate in search.candidates {
            let anchored = candidate
                .check_issued(certificate, below, search.now)
                .and_then(|()| check_form(&candidate.0))
                .and_then(|()| search.check_policy(&candidate.0))
                .and_then(|()| self.anchored_issuer(&candidate.0, search, below + 1))
                .and_then(|above| self.check_not_revoked(candidate, above, search.now));
            match anchored {
                Ok(Anchored { issuer, reported }) => {
                    let issuer = Issuer { authority: candidate, ..issuer };
                    return Ok(Anchored { issuer, reported });
                }
                Err(error) => note(error),
            }
        }
        Err(cause)
    }

    /// An authority that a list names as revoked vouches for nobody; one that is reported to be so only with a
    /// doubt. Without data about it the path holds.
    fn check_not_revoked<'a>(
        &self,
        authority: &Authority,
        above: Anchored<'a>,
        now: UnixMillis,
    ) -> Result<Anchored<'a>, PathError> {
        match self.revocation(&authority.0, above.issuer, now) {
            Revocation::Revoked { .. } => Err(PathError::IssuerRevoked),
            Revocation::Reported { since } => Ok(Anchored { reported: Some(since), ..above }),
            Revocation::NotRevoked { .. } | Revocation::Unknown { .. } => Ok(above),
        }
    }

    fn revocation(&self, certificate: &CardCertificate, issuer: Issuer<'_>, now: UnixMillis) -> Revocation {
        self.revocation_by(certificate, issuer, now, Signer::Sound)
    }

    /// What the lists say; those by another key of the issuer's of which nobody knows whether it is revoked
    /// count as `unknown` says.
    pub(crate) fn revocation_by(
        &self,
        certificate: &CardCertificate,
        issuer: Issuer<'_>,
        now: UnixMillis,
        unknown: Signer,
    ) -> Revocation {
        let asking = Asking { clock: Clock { now, grace: self.grace }, unknown };
        self.revocation_within(certificate, issuer, &asking, MOST_SIGNERS)
    }

    /// What the lists say that the issuer signed, or another key of the same issuer. Such a key's certificate
    /// may be revoked itself, which another list says, and so on for `signers` steps.
    fn revocation_within(
        &self,
        certificate: &CardCertificate,
        issuer: Issuer<'_>,
        asking: &Asking,
        signers: usize,
    ) -> Revocation {
        if let Some(why) = self.lists.are_none() {
            return Revocation::Unknown { why };
        }
        let points = points_of_certificate(certificate);
        let serial = certificate.serial();
        let mut said = Vec::new();
        let own = sha256(&issuer.authority.key_der());
        said.extend(
            self.lists.speaking_for(certificate, own, &points).map(|held| held.status(serial, &asking.clock)),
        );
        for relative in self.circle.relatives(issuer.authority, issuer.anchor) {
            let key = sha256(&relative.authority.key_der());
            let statuses = self
                .lists
                .speaking_for(certificate, key, &points)
                .map(|held| held.status(serial, &asking.clock));
            let statuses: Vec<_> = statuses.collect();
            if statuses.is_empty() {
                continue;
            }
            let signer = match (self.circle.issuer_of(relative), signers.checked_sub(1)) {
                (None, _) => Signer::Sound,
                (Some(_), None) => Signer::Doubtful,
                (Some(above), Some(left)) => {
                    let above = Issuer { authority: above, ..issuer };
                    match self.revocation_within(&relative.authority.0, above, asking, left) {
                        Revocation::Revoked { .. } | Revocation::Reported { .. } => Signer::Doubtful,
                        Revocation::NotRevoked { age: Age::Fresh | Age::Stale, .. } => Signer::Sound,
                        Revocation::NotRevoked { age: Age::TooOld, .. } | Revocation::Unknown { .. } => {
                            asking.unknown
                        }
                    }
                }
            };
            // Whoever has a lost key may call a certificate fine by it, and gains nothing by the converse.
            let denies = |status: &Revocation| {
                matches!(status, Revocation::Revoked { .. } | Revocation::Reported { .. })
            };
            said.extend(statuses.into_iter().filter(|status| signer == Signer::Sound || denies(status)));
        }
        let why = match points.as_slice() {
            [] => UnknownReason::NoDistributionPoint,
            _ => UnknownReason::NoListForPartition,
        };
        said.into_iter().reduce(weightier).unwrap_or(Revocation::Unknown { why })
    }
}

/// Keys of one issuer whose certificates are asked for, one after the other, before a list counts.
const MOST_SIGNERS: usize = 3;

/// Whether a key's lists count when they do not name a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    Sound,
    Doubtful,
}

/// How lists are asked.
struct Asking {
    clock: Clock,
    unknown: Signer,
}

/// Who issued a certificate, and the anchor above.
#[derive(Clone, Copy)]
pub(crate) struct Issuer<'a> {
    pub(crate) authority: &'a Authority,
    pub(crate) anchor: &'a Authority,
}

/// An issuer from which a sound path leads to an anchor.
struct Anchored<'a> {
    issuer: Issuer<'a>,
    /// Since when an authority between the two is reported as revoked.
    reported: Option<UnixMillis>,
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

/// Of two lists that speak for a certificate: listed on either is revoked, however old that list is; after that,
/// what was reported to be so. A list that should speak and cannot be read leaves it open; else the fresher one
/// counts, and then the later one.
fn weightier(one: Revocation, other: Revocation) -> Revocation {
    match (one, other) {
        (Revocation::Revoked { .. }, _) => one,
        (_, Revocation::Revoked { .. }) => other,
        (Revocation::Reported { .. }, _) => one,
        (_, Revocation::Reported { .. }) => other,
        (Revocation::Unknown { .. }, _) => one,
        (_, Revocation::Unknown { .. }) => other,
        (
            Revocation::NotRevoked { as_of: first, age: first_age },
            Revocation::NotRevoked { as_of: second, age: second_age },
        ) => {
            if (first_age, second) <= (second_age, first) {
                one
            } else {
                other
            }
        }
    }
}

/// The national test hierarchy carries its mark in the issuer's name, which is read as it is compared with that of
/// an anchor: an anchor's name in other letters is still that anchor's.
fn names_test_hierarchy(certificate: &CardCertificate) -> bool {
    organizations(certificate.inner().tbs_certificate().issuer())
        .any(|organization| organization.starts_with(b"jpki-test"))
}
