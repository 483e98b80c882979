//! Whether a card's certificate can be believed: path, purpose and revocation (RFC 5280), as verdicts that
//! only this crate can make. Pure: bytes and times in, no clock, no file, no network.
//!
//! General-purpose path builders do not fit the national cards: their certificatePolicies are critical, their
//! distribution points are directory names, and three generations of authorities share one name. So each rule
//! is a function of its own here ([`profile`](Purpose), path, list), with the clause it stands for. The same
//! functions judge anybody's certificates without a profile ([`check_path`]), and so test suites can measure them.
//!
//! **Invariant:** trust comes from pinned anchors only, never from a card.
//! **Invariant:** a serial number never leaves this crate; outside, a card is the hash of its public key.
//! **Invariant:** "not checked" is a value of its own ([`Revocation::Unknown`]) and never "fine".

mod attributes;
mod authority;
mod certificate;
mod chip;
mod circle;
mod general;
mod head;
mod health_role;
mod list;
mod name;
mod oid;
mod profile;
mod shown;
mod signature;
mod verdict;
mod verifier;

pub use attributes::{AttributeError, AttributeIssuers, VerifiedAttributes, verify_attributes};
pub use certificate::{CardCertificate, MalformedCertificate};
pub use chip::{ChipAnswered, ChipMismatch, HolderSigned, verify_chip_answer, verify_holder_answer};
pub use general::{PathQuestion, PathReport, check_path, der_values, time_of};
pub use head::{ListHead, SignedHead};
pub use list::{CrlRefused, CrlTaken, ReportRefused, most_reported};
pub use profile::{Purpose, TestHierarchies};
pub use shown::ShownList;
pub use verdict::{Age, PathError, Revocation, UnknownReason, VerifiedCertificate};
pub use verifier::{AnchorError, Verifier};
