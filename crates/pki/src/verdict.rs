//! What a check says.

use hinamori_model::{Doubt, UnixMillis};

/// Proof that a certificate passed the path check for its purpose, with what revocation data said. Only
/// [`Verifier::check`](crate::Verifier::check) makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedCertificate {
    revocation: Revocation,
}

impl VerifiedCertificate {
    pub(crate) const fn new(revocation: Revocation) -> Self {
        Self { revocation }
    }

    /// The revocation axis.
    pub const fn revocation(&self) -> Revocation {
        self.revocation
    }
}

/// What the revocation data said. "Not checked" is never "fine".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Not on the list of this time.
    NotRevoked {
        /// thisUpdate of the list.
        as_of: UnixMillis,
        /// How old the list is at the time of the check.
        age: Age,
    },
    /// Listed; however old the list is.
    Revoked {
        /// revocationDate.
        at: UnixMillis,
        /// reasonCode (RFC 5280 §5.3.1), 0 when absent.
        reason: u8,
    },
    /// Somebody whom the town trusts for that reported that a newer list names it, and no authority confirmed
    /// it yet.
    Reported {
        /// thisUpdate of that newer list.
        since: UnixMillis,
    },
    /// Nothing that speaks for this certificate.
    Unknown {
        /// Why.
        why: UnknownReason,
    },
}

/// How old a list is that does not name a certificate. One that names it counts for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// The next list need not be there yet (nextUpdate, RFC 5280 §5.1.2.5).
    Fresh,
    /// The next list should be there, and the grace of [`Verifier::set_grace`](crate::Verifier::set_grace) is
    /// not over: what a place without a link has for some days.
    Stale,
    /// The grace is over.
    TooOld,
}

/// Why nothing could be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownReason {
    /// The box holds no list at all and never lost one: the normal first year of a town.
    NoData,
    /// There are lists, or there were some that nobody can read, but none of this issuer and partition.
    NoListForPartition,
    /// The newest list of its partition was lost, and an older one does not name it.
    ListBehind,
    /// The certificate names no distribution point.
    NoDistributionPoint,
}

/// Why a certificate does not pass: one variant a rule. A search over several issuers reports the cause of
/// the path that came furthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No pinned authority, nor one under it, signed the certificate (RFC 5280 §6.1.3 (a)(1), (a)(4)).
    #[error("no pinned authority signed the certificate")]
    UntrustedIssuer,
    /// The outer and inner signature algorithms differ (§4.1.1.2).
    #[error("the certificate states two signature algorithms")]
    AlgorithmMismatch,
    /// From the national test hierarchy, in production.
    #[error("the certificate is from a test hierarchy")]
    TestHierarchy,
    /// Not version 3 (§4.1.2.1).
    #[error("the certificate is not of version 3")]
    Version,
    /// A critical extension that nobody here processes (§4.2).
    #[error("the certificate has a critical extension that is not known")]
    UnknownCriticalExtension,
    /// Limits of names or policies, which nobody here processes, critical or not (§4.2.1.5, §4.2.1.10, §4.2.1.11,
    /// §4.2.1.14): only of [`check_path`](crate::check_path).
    #[error("a certificate limits names or policies of the path, which is not processed")]
    Limits,
    /// The same extension twice (§4.2).
    #[error("the certificate has an extension twice")]
    DuplicateExtension,
    /// An extension that does not decode.
    #[error("an extension of the certificate is malformed")]
    MalformedExtension,
    /// keyUsage is missing, not critical or not that of the purpose (§4.2.1.3).
    #[error("the key usage is not that of the purpose")]
    KeyUsage,
    /// extKeyUsage is missing or not that of the purpose (§4.2.1.12).
    #[error("the extended key usage is not that of the purpose")]
    ExtendedKeyUsage,
    /// certificatePolicies are missing, not critical or not those of the purpose (§4.2.1.4).
    #[error("the certificate policy is not that of the purpose")]
    Policy,
    /// An authority in the path does not state the certificate's policy (§6.1.3 (d)): it may be sound and
    /// still was never meant to issue for this purpose.
    #[error("an authority in the path does not issue under the policy of the purpose")]
    IssuerPolicy,
    /// An authority's certificate where a holder's is wanted (§4.2.1.9).
    #[error("the certificate is an authority's")]
    IsAuthority,
    /// The issuer may not issue: basicConstraints or keyCertSign (§6.1.4 (k), (n)).
    #[error("the issuer may not issue certificates")]
    IssuerMayNotIssue,
    /// A list names an authority between holder and anchor as revoked (§6.1.3 (a)(3)).
    #[error("an authority in the path is revoked")]
    IssuerRevoked,
    /// More authorities in the path than allowed (§6.1.4 (l), or the budget).
    #[error("the path is too long")]
    PathTooLong,
    /// notAfter of the certificate or of an authority is over (§6.1.3 (a)(2)).
    #[error("the validity ended at {not_after:?}, the time is {time:?}")]
    Expired {
        /// When it was checked.
        time: UnixMillis,
        /// The end.
        not_after: UnixMillis,
    },
    /// notBefore is not reached: often the clock is wrong (§6.1.3 (a)(2)).
    #[error("the validity begins at {not_before:?}, the time is {time:?}")]
    NotYetValid {
        /// When it was checked.
        time: UnixMillis,
        /// The beginning.
        not_before: UnixMillis,
    },
}

impl PathError {
    /// The doubt that a record carries for it.
    pub const fn doubt(&self) -> Doubt {
        match self {
            Self::UntrustedIssuer
            | Self::IssuerMayNotIssue
            | Self::IssuerPolicy
            | Self::IssuerRevoked
            | Self::PathTooLong => Doubt::UntrustedIssuer,
            Self::TestHierarchy => Doubt::TestHierarchy,
            Self::Expired { .. } => Doubt::Expired,
            Self::NotYetValid { .. } => Doubt::NotYetValid,
            Self::AlgorithmMismatch | Self::Version | Self::DuplicateExtension | Self::MalformedExtension => {
                Doubt::UnreadableCertificate
            }
            Self::UnknownCriticalExtension
            | Self::Limits
            | Self::KeyUsage
            | Self::ExtendedKeyUsage
            | Self::Policy
            | Self::IsAuthority => Doubt::WrongPurpose,
        }
    }

    /// How far the check came: a search reports the cause with the highest rank.
    pub(crate) const fn rank(&self) -> u8 {
        match self {
            Self::UntrustedIssuer => 0,
            Self::IssuerMayNotIssue | Self::PathTooLong => 1,
            Self::Expired { .. } | Self::NotYetValid { .. } | Self::IssuerRevoked => 3,
            _ => 2,
        }
    }
}
