//! The televisions' door: as much of HTTP/1.1 as docs/tv.md §6 takes, over TLS where the shell says how, and the page that asks. One thread
//! holds every connection; one that waits for news is a socket and a line in a table. What televisions are told is its [`Teller`]'s: the
//! town hall's server, or a box.
//!
//! **Invariant:** the thread waits for no socket and no disk, and no request costs more memory than one may have bytes.
//!
//! **Invariant:** what two readers could take for different requests is refused, and ends the connection.

mod answer;
mod connections;
mod doorbell;
mod line;
mod request;

use std::sync::Arc;

use hinamori_model::TelevisionAnswer;

pub use answer::{PAGE, POLICY, PageFile, headers};
pub use connections::{DoorLimits, Later, Patience, serve};
pub use doorbell::Doorbell;

/// Who tells televisions. All of it is called by the door's thread, and none of it may wait.
pub trait Teller: Send + Sync + 'static {
    /// A television that asks.
    type Television: Send + Sync + 'static;
    /// That a television was given something.
    type Delivery: Send;

    /// The bell by which the door is called.
    fn doorbell(&self) -> &Arc<Doorbell>;

    /// The television with this token; `None` for one that has to say hello.
    fn television(&self, token: &[u8; 32]) -> Option<Arc<Self::Television>>;

    /// It asks, and says with it whether its set is off or shows something else. Only the town hall goes by it.
    fn asks(&self, _television: &Self::Television, _is_off: bool) {}

    /// Another number whenever it has something else to be told.
    fn revision(&self, television: &Self::Television) -> u64;

    /// A revision as the television is told it.
    fn revision_text(&self, revision: u64) -> String;

    /// Whether it is a household's: it keeps its place when strangers take all others.
    fn is_bound(&self, television: &Self::Television) -> bool;

    /// Writes what a television gets now behind `into`, and what it is given for the first time behind `delivered`. `list` is the version of
    /// the list of keys that it has.
    fn tell(
        &self,
        television: &Self::Television,
        list: u32,
        into: &mut Vec<u8>,
        delivered: &mut Vec<Self::Delivery>,
    );

    /// These are on their way to their televisions.
    fn deliver(&self, delivered: Vec<Self::Delivery>);

    /// Takes a new television in.
    fn hello(&self, reply: Later);

    /// Keeps what a television says of the message with this digest, and replies once it is on the disk.
    fn answer(
        &self,
        television: &Arc<Self::Television>,
        digest: [u8; 32],
        answer: TelevisionAnswer,
        reply: Later,
    );
}
