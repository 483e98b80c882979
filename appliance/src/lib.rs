//! The box's daemon: composition root. Readers, lanes, records, the way to the town's server, and the
//! kiosks' socket.
//!
//! The path of one tap: `checks::CheckedTap` reads and checks the card on its reader's own thread;
//! `core::Core` gathers what the lane must know, plans, writes durably, completes, and tells the
//! lane's kiosks. The `link` carries bytes to the server and back; `core::uplink` decides what they mean.
//!
//! **Invariant:** an answer leaves after its record is on the disk, never before.
//! **Invariant:** no name, serial, identifier or key is ever logged.
//! **Invariant:** only the thread `sticks` touches a stick, and it sees no database.
//! **Invariant:** only the link and the way to other boxes (`lan`) touch a network, and neither sees a database.

pub mod alert_check;
pub mod alert_history;
mod alerts;
mod attributes;
pub mod card_data;
pub mod cert_check;
mod checks;
mod clock;
mod config;
pub mod control;
mod core;
mod daemon;
pub mod enrolment;
mod holder;
mod keys;
mod kiosk;
mod lan;
mod ledger;
mod link;
mod lists;
mod officers;
mod own_time;
mod power;
pub mod reader_test;
mod roster;
mod staff;
pub mod status;
mod sticks;
mod televisions;
#[cfg(test)]
mod test_town;
mod town;

pub use config::{Config, ConfigError, LaneConfig, NeighbourConfig, TestCards};
pub use core::{BundleError, Imported, StartError};
pub use daemon::run;
