//! What a television says of a message.

use serde::{Deserialize, Serialize};

/// What a television says of a message that it was told (docs/tv.md §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TelevisionAnswer {
    /// It is on the screen.
    Shown,
    /// 避難します
    Going,
    /// 助けが必要
    Help,
}

impl TelevisionAnswer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Shown, Self::Going, Self::Help];

    /// As a television writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Going => "going",
            Self::Help => "help",
        }
    }
}
