//! How long a card takes.

use std::time::Duration;

/// Delays that a virtual card adds to its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timing {
    /// For every command.
    pub per_command: Duration,
    /// More for a command that made a signature.
    pub per_signature: Duration,
}

impl Timing {
    /// No delay: for tests of correctness.
    pub const NONE: Self = Self { per_command: Duration::ZERO, per_signature: Duration::ZERO };
    /// About what a contactless card with a 2048-bit key takes: for the demo and tests of waiting.
    pub const LIFELIKE: Self =
        Self { per_command: Duration::from_millis(25), per_signature: Duration::from_millis(400) };
}
