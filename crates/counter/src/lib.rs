//! What a lane does with a tap, as pure functions and state machines. So far: what a tap proves, a tap with
//! what the directory says of it, the same card on two lanes, and the opening of a site. The shelter and
//! watch lanes themselves are still to come.

mod evidence;
mod opening;
mod recent;
mod tap;

pub use evidence::{Evidence, proof_of};
pub use opening::{Opening, OpeningPlan};
pub use recent::RecentTaps;
pub use tap::{Housemate, KnownPerson, Tap, WatchStanding};
