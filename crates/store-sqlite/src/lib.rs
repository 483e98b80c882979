//! SQLite as the place where records become durable, on a box and on the server alike.
//!
//! Five kinds of file. A [`Store`] holds sealed changes, the records read out of them, and the presence
//! folded from those; live incidents and daily life share one file, drills have their own. A
//! [`Directory`] holds the town's people, households and cards, outside every incident, as far as their parts are
//! loaded ([`DirectoryParts`]). A [`KeyTable`] holds the keys under which profiles stand in those changes: who erases a
//! key has erased the profile. An [`AlertStore`] holds what a town sent, to which televisions, and what they answered;
//! a [`TelevisionStore`] what a box keeps for televisions on its network.
//!
//! The life of a record: [`Store::commit_own`] writes the change, its records, the refreshed presence and
//! the outbox entry in one transaction and returns after the disk has it. Only then may anybody say "done".
//!
//! **Invariant:** projections (`record`, `presence`) say nothing that the changes do not; they can be
//! thrown away and rebuilt ([`Store::rebuild`]).
//! **Invariant:** a failed write is always a returned error and leaves the file as it was.
//! **Invariant:** a key that was erased is in no file of the table's any more, and never comes back.
//! **Invariant:** (document, actor) sequences are gapless, so the largest number is the version vector.

mod alerts;
mod closing;
mod directory;
mod drill_watch;
mod error;
mod figures;
mod forks;
mod hand_over;
mod headquarters;
mod key_exchange;
mod key_row;
mod keys;
mod log;
mod profiles;
mod projection;
mod quarantine;
mod releases;
mod retention;
mod run;
mod schema;
mod site;
mod staff;
mod stations;
mod store;
mod televisions;
mod totals;

pub use alerts::{AlertStore, Answer, AnswerKind, Bound, SentMessage, Task, Television};
pub use directory::{ApplicationKeys, Directory, DirectoryParts, KnownCard, LoadedPart};
pub use drill_watch::DrillWatch;
pub use error::StoreError;
pub use figures::{Heads, HeldRollCall, RegisteredHere, StoredChange};
pub use forks::FoundFork;
pub use key_exchange::Place;
pub use key_row::{FileKey, KeyRow, keys_of_a_box};
pub use keys::{Absorbed, Kept, KeyTable, MOST_KEYS};
pub use log::{Budget, Concerned, Durability, Ingested, Refused, Unsealed};
pub use profiles::SealedProfile;
pub use projection::{CONFIRMED_MILLIS, LaterItem, SiteCounts, Tallies, confirmed_since};
pub use quarantine::Quarantined;
pub use releases::StoredRelease;
pub use retention::OldDays;
pub use site::{Claimed, HeadsLeft};
pub use staff::{Audited, HiddenHere, Looked};
pub use stations::{OnAir, Push};
pub use store::Store;
pub use televisions::{TelevisionStore, ToldByMessage};
pub use totals::Totals;
