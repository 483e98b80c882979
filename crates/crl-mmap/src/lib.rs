//! x
mod sealed;
pub use sealed::*;
