//! The whole of Hinamori on one machine: a town's server, two boxes with virtual readers and kiosks, and a
//! tray of virtual cards. Every part is the real program, started as an installed machine would start it.
//!
//! What it needs to start programs and to be a kiosk without a screen also serves the end-to-end tests.

mod alerts;
mod browser;
mod care;
mod carriers;
pub mod child;
pub mod daemon;
pub mod display;
pub mod kiosk;
mod map;
mod people;
mod receiver;
pub mod script;
pub mod summary;
pub mod town_hall;
pub mod tray;
pub mod trigger;
pub mod world;
