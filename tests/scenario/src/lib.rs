//! A town in one thread: boxes, a server, slow and dying links, boxes that meet, sticks, power cuts, wrong clocks, clones, restored copies, boxes
//! that are not believed any more, drills that end, people who are erased and an incident that is closed, in virtual time
//! and all from one number. The same number gives the same town, so whatever goes wrong can be looked at again.
//!
//! The parts are the real ones: [`Store`](hinamori_store_sqlite::Store) on real files,
//! [`KeyTable`](hinamori_store_sqlite::KeyTable), [`Session`](hinamori_sync::Session), seals and documents. Only what carries bytes and what
//! reads clocks is made up here, and what the town hall's people do: whoever brings an old copy of the server back brings the newest package, and
//! erases again.
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
//! | a drill that ended in earnest at one box ended at every box, and a restart forgets no drill | `check::no_drill_goes_on`, `World::restart_box` |
//! | of a closed incident everything acknowledged stood in the ledger or was handed over, and no file of any machine has any of it | `check::what_is_closed_is_in_the_ledger_alone` |
//! | no machine has a key of anybody who was erased, whatever old disk or old server came back | `check::nobody_erased_comes_back` |
//! | what was written down of anybody else opens at the town hall, and in what was handed over | `check::what_is_written_down_can_be_read` |
//! | the projection is what a rebuild makes of the log | `check::rebuild_agrees` |

mod carriers;
mod check;
mod dice;
mod erasing;
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
