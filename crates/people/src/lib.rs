//! Who is meant: finding people by the first letters of their name, proposing who a card may belong to, and the list
//! of who has not arrived.
//!
//! - [`fold()`] makes one search key of a name in kana of any kind, romaji or kanji.
//! - [`NameIndex`] finds people for each key that is touched, in less than the time of a frame.
//! - [`propose`] compares what a card says with the roster. Staff decide, never this crate: people are not merged by
//!   likeness.
//! - [`NotArrived`] counts who has arrived, by district and household, with every tap.
//! - [`Districts`] is that list by the names of districts and groups, and holds nobody's name.
//! - [`RosterIndex`] holds it and the names for a whole roster.
//!
//! It knows no box, no screen and no record: names and standings come in, ids and counts go out. All is in memory, for
//! as long as an incident is open.
//!
//! **Invariant:** nothing that [`NotArrived`] says in [`View::Public`] depends on what a hidden person did.
//!
//! **Invariant:** no name can be printed, and no text can stop the work: what is too long is cut, what is no name is
//! left out.

mod address;
mod districts;
mod fold;
mod index;
mod kana;
mod matching;
mod not_arrived;
mod order;
mod romaji;
mod roster_index;
mod standing;
mod variant;

pub use address::address_forms;
pub use districts::{DistrictFigures, DistrictResident, Districts};
pub use fold::{MOST_CHARACTERS, SearchKey, fold};
pub use index::{Entry, Hits, NameIndex};
pub use matching::{Agreement, Attributes, Candidate, Compared, propose};
pub use not_arrived::{District, Home, HomeFigures, Housemate, IncompleteHomes, NotArrived, Page, Resident};
pub use roster_index::{RosterIndex, RosterPerson};
pub use standing::{Counts, Standing, View};
