//! Who is meant: finding people by the first letters of their name.
//!
//! - [`fold()`] makes one search key of a name in kana of any kind, romaji or kanji.
//! - [`NameIndex`] finds people for each key that is touched, in less than the time of a frame.
//!
//! **Invariant:** no name can be printed, and no text can stop the work: what is too long is cut, what is no name is
//! left out.

mod fold;
mod index;
mod kana;
mod order;
mod romaji;
mod variant;

pub use fold::{MOST_CHARACTERS, SearchKey, fold};
pub use index::{Entry, Hits, NameIndex};
