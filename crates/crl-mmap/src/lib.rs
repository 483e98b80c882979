//! Revocation lists on the disk of a box or a server: taken in after the authority's signature was checked, kept under
//! encryption in two generations or more, and never older than they were.
//!
//! [`Shelf::open`] opens the folder and [`Shelf::held`] what lies there; [`Shelf::import`] takes a list from a file:
//! hash and signature on one thread, strict walk and index on another, then the marks, then the new name.
//!
//! **Invariant:** nothing of a list is on the shelf before its signature held and its last byte was read.
//! **Invariant:** after a stop at any moment the shelf has the list from before or the new one, whole.
//! **Invariant:** a list that is older than the newest one that was ever taken here is refused; its mark is kept
//! twice, and a third time in the index itself.

mod kept;
mod mark;
mod pieces;
mod sealed;
mod shelf;
mod status;

pub use kept::Way;
pub use mark::{Backwards, Mark};
pub use pieces::Pieces;
pub use sealed::{AtRestKey, Mapped, SealedReader, map_finished};
pub use shelf::{Alarm, Held, LONGEST_LIST, Locked, NotTaken, Note, Shelf, Taken};
pub use status::{span, status};
