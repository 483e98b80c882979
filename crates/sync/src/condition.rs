//! How a box is, as it says itself: for whoever looks after the boxes. Nothing else goes by it.

use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Changes of its own that the server has not confirmed.
    pub unsent: u32,
    /// Whether it heard a time that it can trust since it was switched on.
    pub is_clock_sure: bool,
    /// Its battery; `None` where it has none, or nobody can tell.
    pub battery: Option<Battery>,
}

/// A battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Battery {
    /// 0 to 100; more counts as 100.
    pub percent: u8,
    /// Whether it is not being emptied.
    pub is_on_mains: bool,
}
