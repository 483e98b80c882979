//! `hinamori-simcard serve`: people and scripts hold the tray's cards to readers.
//!
//! The [`Desk`] knows where every card lies; [`router`] is its page and JSON interface. A card lies on one
//! reader at a time, and a presentation ends even when nobody waits for it any more.

mod desk;
mod http;
mod tries;

pub use desk::{Desk, DeskError, Lies, PresentationId, ReaderName, ReaderNameError, Taken};
pub use http::router;
pub use tries::{KeptTries, TriesError};
