//! Placeholder.

pub mod ca;
