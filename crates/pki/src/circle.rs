//! The authorities that are vouched for, and which of them are one issuer under several keys.
//!
//! Who signs a revocation list need not be the key that signed the certificate: an authority changes its key,
//! or keeps one key for certificates and another for lists. RFC 5280 §6.3.3 (f) asks for the same name under
//! the same anchor. One name is not enough here, since several generations of national authorities share one:
//! they are one issuer only where a certificate says so that one of them signed for the other.

use hinamori_model::UnixMillis;

use crate::CardCertificate;
use crate::authority::{Authority, check_validity};
use crate::certificate::sha256;
use crate::name::normal;
use crate::profile::check_form;

/// Authorities that one verifier knows: a budget for what a package or a stick brings.
const MOST_MEMBERS: usize = 64;
/// Authorities below an anchor that states no bound.
const MOST_BELOW: usize = 16;

/// Which issuer an authority is: authorities of one family speak for each other's certificates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Family {
    /// The anchor's key, or that of another anchor with which a link certificate joins it.
    root: [u8; 32],
    /// The names on the way down from the anchor. A self-issued certificate adds none.
    place: [u8; 32],
}

/// The place of an anchor.
const TOP: [u8; 32] = [0; 32];

/// An authority with a sound path to an anchor.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) authority: Authority,
    family: Family,
    /// Who vouches for it; `None` for an anchor.
    issuer: Option<usize>,
    /// Authorities that may stand below it.
    room: usize,
}

/// Anchors and whom they vouch for.
#[derive(Clone, Default)]
pub(crate) struct Circle(Vec<Member>);

impl Circle {
    /// No members yet.
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.0
    }

    pub(crate) fn anchors(&self) -> impl Iterator<Item = &Authority> {
        self.0.iter().filter(|member| member.issuer.is_none()).map(|member| &member.authority)
    }

    /// Takes an anchor, which the caller checked.
    pub(crate) fn pin(&mut self, anchor: Authority) {
        if self.anchors().any(|pinned| *pinned == anchor) {
            return;
        }
        let family = Family { root: sha256(&anchor.key_der()), place: TOP };
        let room = anchor.path_length().unwrap_or(MOST_BELOW);
        self.0.push(Member { authority: anchor, family, issuer: None, room });
        self.join();
    }

    /// Takes those of `certificates` (DER, in any order) for which a member vouches.
    pub(crate) fn extend(&mut self, certificates: &[&[u8]], now: UnixMillis) {
        let parsed = certificates.iter().take(MOST_MEMBERS);
        let mut left: Vec<_> =
            parsed.filter_map(|der| CardCertificate::parse(der).ok().map(Authority)).collect();
        loop {
            let before = left.len();
            left.retain(|candidate| {
                let known = self.0.iter().any(|member| member.authority == *candidate);
                !known && !self.take(candidate, now)
            });
            if left.len() == before {
                return;
            }
        }
    }

    /// Whether a member vouches for `candidate`, which then is one too.
    fn take(&mut self, candidate: &Authority, now: UnixMillis) -> bool {
        if self.0.len() >= MOST_MEMBERS {
            return false;
        }
        let vouching = (0..).zip(&self.0);
        let member = vouching.filter_map(|(place, member)| member.vouches_for(candidate, place, now)).next();
        let taken = member.is_some();
        self.0.extend(member);
        self.join();
        taken
    }

    /// A self-issued certificate that an anchor signed for another anchor's name and key makes one issuer of both.
    fn join(&mut self) {
        let joined = |link: &Member, anchor: &Member| {
            link.issuer.is_some()
                && anchor.issuer.is_none()
                && link.family.place == TOP
                && link.family.root != anchor.family.root
                && link.authority.is_same_as(&anchor.authority)
        };
        while let Some((to, from)) = self.0.iter().find_map(|link| {
            let anchor = self.0.iter().find(|anchor| joined(link, anchor))?;
            Some((link.family.root, anchor.family.root))
        }) {
            for member in self.0.iter_mut().filter(|member| member.family.root == from) {
                member.family.root = to;
            }
        }
    }

    /// Who may have signed lists about what `issuer` issued, by a path from `anchor`: the family, without
    /// those that hold the issuer's own key.
    pub(crate) fn relatives(&self, issuer: &Authority, anchor: &Authority) -> Vec<&Member> {
        let root = self.0.iter().find(|member| member.authority == *anchor).map(|member| member.family.root);
        let families: Vec<Family> = self
            .0
            .iter()
            .filter(|member| Some(member.family.root) == root && member.authority.is_same_as(issuer))
            .map(|member| member.family)
            .collect();
        self.0
            .iter()
            .filter(|member| families.contains(&member.family) && member.authority.key() != issuer.key())
            .collect()
    }

    /// Who vouches for a member; `None` for an anchor.
    pub(crate) fn issuer_of(&self, member: &Member) -> Option<&Authority> {
        Some(&self.0.get(member.issuer?)?.authority)
    }
}

impl Member {
    /// §6.1.3 (a), §6.1.4: the signature, validity, form and the right to issue certificates or to sign lists.
    /// `place` is where this member stands.
    fn vouches_for(&self, candidate: &Authority, place: usize, now: UnixMillis) -> Option<Self> {
        let certificate = &candidate.0;
        let issued = self.authority.check_issued(certificate, 0, now).is_ok()
            && check_form(certificate).is_ok()
            && check_validity(certificate, now).is_ok();
        let issues = candidate.check_may_issue(0).is_ok();
        if !issued || !(issues || candidate.may_sign_lists()) {
            return None;
        }
        let self_issued = certificate.is_self_issued();
        // Whoever only signs lists stands at the end of a path and takes no room (§6.1.4 (l)).
        let below = if self_issued || !issues { Some(self.room) } else { self.room.checked_sub(1) }?;
        let own = [self.family.place.as_slice(), &normal(candidate.name())].concat();
        Some(Self {
            authority: candidate.clone(),
            family: Family {
                root: self.family.root,
                place: if self_issued { self.family.place } else { sha256(&own) },
            },
            issuer: Some(place),
            room: candidate.path_length().map_or(below, |most| most.min(below)),
        })
    }
}
