//! A small test authority: the same seed gives the same bytes.
//!
//! It issues certificates in the profiles of the My Number card (JPKI) and of the health professionals'
//! card (HPKI), and revocation lists in one partition per municipality. All authorities are fictional; a
//! box believes them only where their anchor is pinned. Everything that goes into a certificate or list is
//! a plain value first ([`CertificateSpec`], [`CrlSpec`]), so that a negative test bends exactly one thing.
//!
//! ```
//! use hinamori_sim::ca::{Hierarchy, Holder, NOW};
//!
//! let authority = Hierarchy::jpki_auth(1);
//! let holder = Holder::numbered(7);
//! let card = authority.issue(&holder);
//! let list = authority.crl(&holder.municipality, 1, NOW).revoking(&card.serial, NOW, 1).issue();
//! assert!(card.certificate.len() > 1000 && !list.is_empty());
//! ```

pub mod asn1;
mod extension;
mod hierarchy;
mod key;
mod name;
mod prime;
mod spec;

pub use extension::{DistributionPointName, Extension, RevokedEntry, id};
pub use hierarchy::{Hierarchy, HierarchySpec, Profile, Realm};
pub use key::{Key, KeyError, KeyUse, sha256_digest_info};
pub use name::{Municipality, Name};
pub use spec::{CertificateSpec, CrlSpec, Holder, Issued, sha256_with_rsa};

/// 2026-05-01T00:00:00Z: a moment at which everything issued by default is valid.
pub const NOW: hinamori_model::UnixMillis = hinamori_model::UnixMillis::new(1_777_593_600_000);
