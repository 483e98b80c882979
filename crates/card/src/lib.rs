//! Speaks with a card: commands, replies, and the applications on it. Pure: a [`Transport`] carries
//! the bytes, so a reader, a simulator and a test run the same code.

mod command;
mod response;
mod status;
mod transport;

pub use command::{Command, CommandError, Expected, Header};
pub use response::{Response, ResponseError};
pub use status::StatusWord;
pub use transport::{Transport, TransportError};
