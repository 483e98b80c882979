//! Whole dialogues with simulated cards, judged by what the card was asked.

mod health;
mod reading;
mod support;
