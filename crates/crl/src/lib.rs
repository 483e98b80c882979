//! Revocation lists (RFC 5280 §5) as bytes, from one town's thousand entries to a nation's millions.
//!
//! [`Crl::parse`] walks a list's DER strictly and points into it; [`Crl::entries`] walks what it revokes, some
//! nanoseconds an entry. [`build()`] writes an [`Index`] of it, which is asked by serial number: it is a
//! handful of flat arrays, so that it can be kept in a file and mapped.
//!
//! [`Additions`] are what a newer list has that an older one does not have, ready to be signed and sent. [`diff()`]
//! makes a patch, out of which and the older list [`apply()`] writes the newer one's exact bytes.
//!
//! Nothing here checks a signature or decides what a list speaks for: that is `hinamori-pki`, which uses
//! nothing of a list before its signature holds.
//!
//! **Invariant:** an index answers for exactly the serial numbers that the list's bytes name, and opens only
//! when every byte of it is as it was written.

mod additions;
mod bits;
mod build;
mod column;
mod crl;
mod der;
mod diff;
mod entry;
mod footer;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod index;
mod inserted;
mod keys;
mod patch;
mod pool;
mod prefix;
mod rice;
mod row;
mod sparse;
mod time;

pub use additions::{Additions, BadAdditions, Standing, Step};
pub use build::{BuildError, ListKind, MOST_ROWS, Sink, Stated, Unnamed, build};
pub use crl::Crl;
pub use der::CrlError;
pub use diff::diff;
pub use entry::{Entries, Entry};
pub use index::{BadIndex, Index, Listed, SharedBytes, Sizes};
pub use patch::{PatchError, apply};
pub use row::{Form, Frame, Row, Rows};
