//! What the tests of the kiosk share: a kiosk without a window ([`panel`]), what a daemon could tell it
//! ([`lanes`]), and every screen of it ([`gallery`]).
//!
//! `tests/screens.rs` touches it by label and compares a few pictures; `tests/window.rs` starts the real
//! programs, a real window among them. To look at every screen, in every light:
//! `HINAMORI_PICTURES=FOLDER cargo test -p hinamori-kiosk-tests --test screens gallery`; the README's picture
//! is what `--test window opening` then leaves there.

#![expect(clippy::panic, reason = "a step that fails ends its test")]

pub mod gallery;
pub mod lanes;
pub mod panel;
