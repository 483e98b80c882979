//! What happened, as records, and how they stand in Automerge documents.
//!
//! A [`Document`] is one incident × site × period ([`DocumentScope`]): a root map from the ULID of a
//! record to a small map of scalars. One operator action is one change. Records never change: taking one
//! back is another record ([`Fact::Undo`]), so a change can be decoded without opening its document
//! ([`decode_change`]), which is what a server does all day.
//!
//! It knows no disk and no names: documents carry a [`PersonId`](hinamori_model::PersonId) only.
//!
//! The life of a record: a counter says what happened, [`Document::record_ids`] names it, [`Document::append`] turns the [`Record`]s into one
//! [`Change`], the store keeps the change and folds the records into [`Presence`].
//!
//! **Invariant:** two boxes that create the document of one scope get the same first bytes.
//! **Invariant:** unknown fields and codes of a newer version are kept and skipped, never an error.

mod change;
mod document;
mod fields;
mod incident;
mod outline;
mod pack;
mod presence;
mod record;
mod record_ids;
mod scope;

pub use change::{Change, ChangeError, DecodedChange, MAXIMUM_CHANGE, decode_change};
pub use document::{Document, DocumentError};
pub use incident::{IncidentRulings, is_incident_ruling};
pub use pack::{pack, unpack};
pub use presence::{
    CONFLICT_MILLIS, Presence, PresenceState, claims_on, deciding, has_consented, is_away, presence_of,
};
pub use record::{
    Building, Details, Fact, LONGEST_NAME, LONGEST_SEALED, MOST_SPLIT_SITES, PresenceEvent, Proof, Record,
    RevocationMark, RuledStanding, SiteWord, WatchEvent,
};
pub use record_ids::{IdRandom, LONGEST_RUN};
pub use scope::{ActorId, ChangeHash, DocumentScope, LONGEST_DOCUMENT, Period};
