//! Whole dialogues with simulated cards, judged by what the card was asked.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "support functions of tests may stop at what they did not expect"
)]

mod attributes;
mod health;
mod hostile;
mod pin;
mod reading;
mod status;
mod support;
