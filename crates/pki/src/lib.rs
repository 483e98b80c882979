//! Whether a card's certificate can be believed: path, purpose, revocation (RFC 5280), as verdicts that only
//! this crate can make. Pure: bytes and times in.

use hinamori_model::{Doubt, SpkiHash, UnixMillis};

/// A certificate read from a card and parsed, otherwise unchecked.
#[derive(Clone)]
pub struct CardCertificate {}

/// The bytes are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no X.509 certificate")]
pub struct MalformedCertificate;

impl CardCertificate {
    /// Parses DER, strictly.
    ///
    /// # Errors
    /// [`MalformedCertificate`].
    pub fn parse(_der: &[u8]) -> Result<Self, MalformedCertificate> {
        todo!()
    }

    /// What the rest of the system knows the card by (hashed again under the town key).
    pub fn spki_hash(&self) -> SpkiHash {
        todo!()
    }
}

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

/// Pinned anchors and verified revocation lists.
#[derive(Clone)]
pub struct Verifier {}

/// Why bytes cannot be pinned as an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnchorError {
    /// No certificate.
    #[error("the anchor is no X.509 certificate")]
    Malformed,
    /// Not a self-signed authority.
    #[error("the anchor is no self-signed certificate authority")]
    NoAuthority,
}

/// Why a revocation list was not taken. The old one stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CrlRefused {
    /// Not DER of a v2 list.
    #[error("the bytes are no version 2 revocation list")]
    Malformed,
}

/// A revocation list that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlTaken {
    /// Its thisUpdate.
    pub this_update: UnixMillis,
    /// Certificates listed.
    pub entries: usize,
}

impl Verifier {
    /// Believes nobody yet.
    pub fn new(_test: TestHierarchies) -> Self {
        todo!()
    }

    /// Pins a self-signed authority. It comes from the box's own image or the town's signed package, never
    /// from a card.
    ///
    /// # Errors
    /// [`AnchorError`].
    pub fn pin_anchor(&mut self, _der: &[u8]) -> Result<(), AnchorError> {
        todo!()
    }

    /// Takes a revocation list after checking its signature; an older or equal list of the same scope is no
    /// error and changes nothing.
    ///
    /// # Errors
    /// [`CrlRefused`].
    pub fn add_crl(&mut self, _der: &[u8], _now: UnixMillis) -> Result<CrlTaken, CrlRefused> {
        todo!()
    }

    /// The oldest thisUpdate of the lists in use; `None` without any.
    pub fn card_data_as_of(&self) -> Option<UnixMillis> {
        todo!()
    }

    /// Checks path, purpose and revocation. `intermediates` are candidates, DER; each is checked itself.
    ///
    /// # Errors
    /// [`PathError`], the most specific cause.
    pub fn check(
        &self,
        _certificate: &CardCertificate,
        _intermediates: &[&[u8]],
        _purpose: Purpose,
        _now: UnixMillis,
    ) -> Result<VerifiedCertificate, PathError> {
        todo!()
    }
}

/// Why a certificate does not pass (one variant a rule, RFC 5280 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// notAfter is over.
    #[error("the certificate ended at {not_after:?}, it is {time:?}")]
    Expired {
        /// When it was checked.
        time: UnixMillis,
        /// Its end.
        not_after: UnixMillis,
    },
}

impl PathError {
    /// The doubt that a record carries for it.
    pub fn doubt(&self) -> Doubt {
        todo!()
    }
}

/// Proof that a certificate passed the path check for its purpose, with what revocation data said.
#[derive(Debug, Clone)]
pub struct VerifiedCertificate {}

impl VerifiedCertificate {
    /// The revocation axis.
    pub fn revocation(&self) -> Revocation {
        todo!()
    }
}

/// What the revocation data said. "Not checked" is never "fine".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// Not on the list of this time.
    NotRevoked {
        /// thisUpdate of the list.
        as_of: UnixMillis,
    },
    /// Listed.
    Revoked {
        /// revocationDate.
        at: UnixMillis,
        /// reasonCode (RFC 5280 §5.3.1), 0 when absent.
        reason: u8,
    },
    /// Nothing that speaks for this certificate.
    Unknown {
        /// Why.
        why: UnknownReason,
    },
}

/// Why nothing could be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownReason {
    /// The box holds no list at all: the normal first year of a town.
    NoData,
    /// There are lists, but none of this issuer and partition.
    NoListForPartition,
    /// The certificate names no distribution point.
    NoDistributionPoint,
}

/// Proof that a chip answered the challenge with the key stored at registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChipAnswered(());

/// The answer does not come from the stored key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not by the stored key")]
pub struct ChipMismatch;

/// Checks an RSA PKCS#1 v1.5 (or ECDSA P-256/P-384, by SPKI) signature with SHA-256 over `challenge`.
///
/// # Errors
/// [`ChipMismatch`].
pub fn verify_chip_answer(
    _application_key: &[u8],
    _challenge: &[u8; 32],
    _signature: &[u8],
) -> Result<ChipAnswered, ChipMismatch> {
    todo!()
}
