//! `hinamori-simcard serve`: people and scripts hold the tray's cards to readers.
//!
//! The [`Desk`] knows where every card lies; [`router`] is its page and JSON interface. A card lies on one
//! reader at a time, and a presentation ends even when nobody waits for it any more.

mod answer;
mod desk;
mod http;
mod tries;

pub use answer::{DeskError, Lies, PresentationId, ReaderName, ReaderNameError, Taken};
pub use desk::Desk;
pub use http::router;
pub use tries::{KeptTries, TriesError};
