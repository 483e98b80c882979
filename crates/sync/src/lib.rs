//! What boxes and the server prove to each other, without any I/O: seals over runs of changes, and the
//! town's signed package.
//!
//! The life of a change on its way: a box writes it ([`hinamori_record::Document::append`]), seals runs of
//! its changes ([`SealKey::seal`]), and sends them as a [`SealedBatch`]; whoever receives them checks
//! everything at once ([`verify`]) and only a [`VerifiedBatch`] can be stored.
//!
//! **Invariant:** a record that is not under the seal of the box that made it is believed by nobody.
//! **Invariant:** keys and the town's secret cannot be printed.

mod grant;
mod seal;
pub mod town;

use std::collections::BTreeMap;

use hinamori_record::{ActorId, DocumentScope};

pub use grant::{Grant, Grants};
pub use seal::{Seal, SealError, SealKey, SealedBatch, VerifiedBatch, possessor, verify};

/// What somebody holds: per document and actor the largest sequence of the gapless run from 1.
pub type Vectors = BTreeMap<DocumentScope, BTreeMap<ActorId, u32>>;
