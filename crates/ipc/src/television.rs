//! テレビを つなぐ: a household's television is given to it at a counter, with a card of somebody of the household.

use hinamori_model::UnixMillis;
use serde::{Deserialize, Serialize};

/// A television that was given to a household here. Whose it is stands nowhere on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TelevisionBinding {
    /// The eight digits that it shows.
    pub code: u32,
    /// When.
    pub at: UnixMillis,
    /// How far it is.
    pub standing: BindingStanding,
}

/// How far it is. The town hall decides, since it has the codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BindingStanding {
    /// It is on this box's disk, and the town hall has not answered yet.
    Waiting,
    /// The set is the household's.
    Bound,
    /// No set shows this code, or it is another household's by now.
    NoSuchCode,
    /// The town does not give the household's sets out here.
    NotHere,
}
