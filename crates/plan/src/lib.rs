//! What a town prepared in quiet days, and the alerts that are made of it: a plan, districts and households in; the exact bytes that
//! officers sign, and what each household is told, out. The town's desk and a box without the town hall make the same alert of it.
//!
//! [`Plan::parse`] reads a plan, [`judge`] makes every message of it once, and [`compose()`] the one that is wanted. To boxes it travels as a
//! [`SignedPlan`].
//!
//! **Invariant:** what [`compose()`] gives breaks no rule of CAP 1.2 or JP-evac; nobody is named in what everybody reads.

mod compose;
mod plan;
mod signed;

pub use compose::{Composed, HouseholdToTell, Wanted, closed_in, compose, judge, prepared_of, ways};
pub use plan::{BadPlan, Coast, District, Ending, Plan, Prepared, Text, Texts, Way};
pub use signed::{BadSignedPlan, PLAN_DOMAIN, SignedPlan};
