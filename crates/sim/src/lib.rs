//! Fake cards, readers and authorities: what tests and the demo hold to a box instead of people's cards.
//!
//! Nothing here is part of a product package, and nothing here is secret. The same types and bytes serve a
//! pure test and a real PC/SC stack:
//!
//! * a [`virtual_card::VirtualCard`] answers commands as a card does, counts PIN tries and logs headers and
//!   status words, never data;
//! * a [`presented::PresentedCard`] is that card in a reader's field, slow, torn away or mute on demand;
//! * [`vpcd`] lays it on a virtual reader of a real pcscd, which [`pcscd`] starts in a namespace of its own;
//! * [`ca`] issues what is on the cards;
//! * a [`tray`] is a whole town's cards with their registration, and [`serve`] lets people and scripts hold them
//!   to readers (`hinamori-simcard`).
//!
//! A [`TsunamiMessage`] is what the Meteorological Agency would send.
//!
//! One tap: the test builds a card, inserts it, the box under test sees a reader with a card and sends
//! commands, each passes through [`presented::PresentedCard::transmit`] to the card and into its log; the
//! test removes the card and reads the log ("VERIFY was sent exactly once").

mod agency;
mod apdu;
pub mod ca;
pub mod direct;
pub mod file_system;
pub mod folder;
pub mod hpki;
pub mod jpki;
pub mod log;
pub mod pcscd;
pub mod presented;
pub mod serve;
pub mod timing;
pub mod townsfolk;
pub mod tray;
pub mod virtual_card;
pub mod vpcd;
pub mod xml_peers;

pub use agency::TsunamiMessage;
