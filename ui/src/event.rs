//! What can happen to a kiosk.

use std::time::Duration;

use hinamori_ipc::ToKiosk;
use hinamori_model::UnixMillis;

use crate::Action;

/// The reading of both clocks at an event. Panels are timed by the steady one: a wall clock that is put
/// right must not close a panel, nor keep it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// What the banner shows and the daemon stamps.
    pub wall: UnixMillis,
    /// Since the kiosk started.
    pub steady: Duration,
}

/// Everything that wakes the kiosk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The socket to the daemon.
    Link(LinkEvent),
    /// Somebody touched something.
    Touched(Action),
    /// Time passed.
    Tick,
    /// The sound card was found, or not.
    Sound(SoundOutput),
}

/// What the reader thread saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkEvent {
    /// The daemon said this.
    Message(Box<ToKiosk>),
    /// The connection ended, or none was made.
    Lost,
    /// The daemon speaks another version of the contract.
    OtherVersion,
    /// A command could not be handed over.
    NotSent,
}

/// Whether sounds can be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SoundOutput {
    /// Nothing is known yet.
    #[default]
    Starting,
    /// A device is open.
    Ready,
    /// No device: the kiosk goes on without sound.
    Missing,
    /// Silent on purpose.
    Off,
}

/// How loud the sounds are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Volume {
    /// No sound.
    Silent,
    /// A small room.
    Low,
    /// A room with people.
    #[default]
    Middle,
    /// A hall.
    High,
}

impl Volume {
    /// From silent to loud.
    pub const ALL: [Self; 4] = [Self::Silent, Self::Low, Self::Middle, Self::High];
}
