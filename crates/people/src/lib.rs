//! Who is meant: finding people by the first letters of their name, and proposing who a card may belong to.
//!
//! - [`fold()`] makes one search key of a name in kana of any kind, romaji or kanji.
//! - [`NameIndex`] finds people for each key that is touched, in less than the time of a frame.
//! - [`propose`] compares what a card says with the roster. Staff decide, never this crate: people are not merged by
//!   likeness.
//!
//! **Invariant:** no name can be printed, and no text can stop the work: what is too long is cut, what is no name is
//! left out.

mod address;
mod fold;
mod index;
mod kana;
mod matching;
mod order;
mod romaji;
mod variant;

pub use fold::{MOST_CHARACTERS, SearchKey, fold};
pub use index::{Entry, Hits, NameIndex};
pub use matching::{Agreement, Attributes, Candidate, Compared, propose};
