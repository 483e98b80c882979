//! A town in one thread: boxes, a server, thin links, boxes that meet, sticks, power cuts, wrong clocks, clones, restored copies and boxes that
//! are not believed any more, in virtual time
//! and all from one number. The same number gives the same town, so whatever goes wrong can be looked at again.
//!
//! The parts are the real ones: [`Store`](hinamori_store_sqlite::Store) on real files,
//! [`Session`](hinamori_sync::Session), seals and documents. Only what carries bytes and what reads clocks is made up here.
//!
//! After every step ([`World::step`]) and at the end ([`World::heal`]) hold:
//!
//! | what | where |
//! |---|---|
//! | nothing acknowledged is lost: a record is on the disk of whoever wrote it, however its power failed | `check::acknowledged_is_held` |
//! | version vectors never go back, but where a disk was taken away or its last relaxed writes were cut off | `check::vectors_grow` |
//! | a power cut takes nothing away that was written here, signed for, or brought by a neighbour or a stick | `Machine::keeps_what_it_promised` |
//! | a store that is asked between two calls waits for the disk | `check::after_step` |
//! | no box holds what its grant does not name | `check::nobody_has_what_is_not_theirs` |
//! | a receipt frees what the server had, and nothing else | `World::carry_out` |
//! | what is newer goes before what is history | `World::fill` |
//! | nothing without a seal is at anybody but its writer, and each run follows the one that its writer wrote before | `check::foreign_is_sealed` |
//! | healed: everybody holds what they may read, and no outbox waits | `check::converged` |
//! | nobody counts twice: the projection says what the believed records say, read one by one | `check::counts_once` |
//! | the projection is what a rebuild makes of the log | `check::rebuild_agrees` |

mod carriers;
mod check;
mod dice;
mod line;
mod machine;
mod world;

pub use check::Broken;
pub use world::{Plan, Summary, World};

/// Runs one town from its number.
///
/// # Errors
/// What does not hold, and at which step; or what the disk says.
pub fn run(seed: u64, plan: Plan) -> anyhow::Result<Summary> {
    let mut world = World::new(seed, plan)?;
    for _ in 0..plan.steps {
        world.step()?;
    }
    world.heal()
}
