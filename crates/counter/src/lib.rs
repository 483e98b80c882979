//! What a lane does with a tap, as pure state machines: shelter and watch. Verified tap or operator command
//! in, facts to record and a view out.
//!
//! The life of a tap: [`proof_of`] turns the verifiers' words into a proof, [`RecentTaps`] notices a card on two
//! readers, the caller gathers a [`Tap`], [`Lane::plan`] says what to record, the caller writes it, and
//! [`Lane::complete`] gives the answer. [`Opening`] holds which incident is open and whether the site receives
//! people; a lane does not ask it, because taps are taken in every state (law 1).
//!
//! **Invariant:** an answer that says "recorded" exists only after its facts are durable.
//! **Invariant:** what a hidden person did before changes no answer, no refusal and no number of facts.

mod attributes;
mod departure;
mod evidence;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod invariant;
mod lane;
mod opening;
mod plan;
mod recent;
mod shelter;
mod tap;
mod visit;
mod watch;

pub use evidence::{Evidence, proof_of};
pub use lane::{ANSWER_HOLD_MILLIS, Lane, PANEL_HOLD_MILLIS, SAME_TAP_MILLIS, UNDO_MILLIS};
pub use opening::{Opening, OpeningPlan};
pub use plan::{AttributesRead, Declared, DeclaredPerson, Input, Plan, Written};
pub use recent::RecentTaps;
pub use tap::{Housemate, KnownPerson, Tap, Visitor, WatchStanding};
