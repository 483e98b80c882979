//! A stick: what of the town's records was read in from one, and what was written to it.

use hinamori_model::UnixMillis;
use serde::{Deserialize, Serialize};

/// Files that a report names; more are counted only.
pub const MOST_NAMED: usize = 8;

/// How it stands with sticks at a box that looks for them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StickState {
    /// What is plugged in.
    pub there: SticksThere,
    /// How far the exchange is, or how the last one ended. It begins anew with another stick.
    pub exchange: Exchange,
}

impl StickState {
    /// Whether an exchange may begin now: one stick is there, and none is under way.
    pub const fn may_begin(&self) -> bool {
        matches!(self.there, SticksThere::One) && !self.is_underway()
    }

    /// Whether the stick must not be taken out now.
    pub const fn is_underway(&self) -> bool {
        matches!(self.exchange, Exchange::Reading { .. } | Exchange::Writing)
    }
}

/// How many sticks are plugged in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SticksThere {
    /// None.
    #[default]
    None,
    /// One.
    One,
    /// More: nobody could say which one may be taken out.
    Several,
}

/// One touch: all files are read in, then this box's own is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchange {
    /// Nothing was done with this stick yet.
    #[default]
    NotBegun,
    /// Files are read in.
    Reading {
        /// Which, from 1; 0 before the first.
        file: u16,
        /// Of how many.
        files: u16,
    },
    /// This box's file is written.
    Writing,
    /// It is over, and the stick may be taken out.
    Over(ExchangeReport),
}

/// How an exchange ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExchangeReport {
    /// When.
    pub at: UnixMillis,
    /// Files that were read in to their end.
    pub taken: u16,
    /// Records that were new here.
    pub new: u32,
    /// Portions of records that could not be believed and were put aside.
    pub put_aside: u32,
    /// Files that were not read in to their end, at most [`MOST_NAMED`].
    pub not_taken: Vec<FileNotTaken>,
    /// How many more there are of them.
    pub not_named: u16,
    /// Records that the stick has from this box now, durably; or why it has none of this exchange.
    pub written: Result<u32, StickFault>,
}

/// A file that was not read in to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNotTaken {
    /// Its name: at most 40 letters, digits and plain signs; others are question marks.
    pub name: String,
    /// Why.
    pub why: WhyNotTaken,
}

/// Why a file was not read in to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNotTaken {
    /// A link, a folder or something else that is no file.
    NoFile,
    /// Larger than boxes take.
    TooLong,
    /// The stick does not give it.
    Unreadable,
    /// It is no bundle, or was damaged in its head.
    NoBundle,
    /// It was written by nobody of this town, or by a box that the town shut out.
    Stranger,
    /// It is cut off or damaged: what could be read was taken.
    Half,
    /// This box could not take it.
    OurFault,
}

/// Why the stick does not have this box's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StickFault {
    /// No room is left on the stick.
    Full,
    /// The stick takes no files.
    ReadOnly,
    /// The stick was taken out before the end.
    TakenOut,
    /// The stick fails.
    Broken,
    /// This box has not joined a town.
    NoTown,
    /// This box could not write its records down.
    OurFault,
}
