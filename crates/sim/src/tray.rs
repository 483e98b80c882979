//! A tray of virtual cards: a fictional town's registration and its authorities, from one file and a seed.
//!
//! `tray.toml` ([`TrayFile`]) says who holds which card and what is odd about it. A [`Tray`] is those
//! cards made ([`TrayCard::fresh`] puts one on the table), with what the town registered of them
//! ([`Tray::registrations`]) and what the authorities published ([`Authorities`]). [`Tray::write_to`] writes the
//! last two as the files that a town's server imports.
//!
//! Keys, numbers and identifiers follow from the seed alone, so that a registration stays good; validity
//! and revocation lists also follow from the [`Day`].

mod authorities;
mod card;
mod file;
mod issue;

pub use authorities::{Authorities, Day, Published};
pub use card::TrayCard;
pub use file::{CardEntry, CardName, CardNameError, HolderEntry, Kind, Oddity, TrayError, TrayFile};
pub use issue::{IssueError, Registration, Tray};
