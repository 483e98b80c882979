//! What was refused, for the town hall: to see it, to have it looked at again, to throw it away.

use std::fmt;
use std::str::FromStr;

use hinamori_model::UnixMillis;
use hinamori_record::{ActorId, DocumentScope};
use hinamori_store_sqlite::Quarantined;
use hinamori_sync::place_of_evidence;

use crate::archive::WhichFile;
use crate::audit::time_of;
use crate::data::DataFolder;
use crate::hall::{Hall, HallError};

/// One thing that was refused: `records-7`, or `drill-7` in the drill's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineId {
    file: WhichFile,
    number: i64,
}

impl fmt::Display for QuarantineId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = match self.file {
            WhichFile::Records => "records",
            WhichFile::Drill => "drill",
        };
        write!(out, "{file}-{}", self.number)
    }
}

/// The operator gave something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an entry of the quarantine such as records-7 is needed")]
pub struct NoQuarantineId;

impl FromStr for QuarantineId {
    type Err = NoQuarantineId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (file, number) = text.split_once('-').ok_or(NoQuarantineId)?;
        let file = match file {
            "records" => WhichFile::Records,
            "drill" => WhichFile::Drill,
            _ => return Err(NoQuarantineId),
        };
        Ok(Self { file, number: number.parse().map_err(|_no_number| NoQuarantineId)? })
    }
}

/// What an operator wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// To have it looked at again, by what the town says now. A running server does so within a second, another one when it starts.
    Release(QuarantineId),
    /// To throw it away.
    Discard(QuarantineId),
}

/// Something that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub id: QuarantineId,
    /// When it came.
    pub at: UnixMillis,
    /// Why it was refused.
    pub reason: String,
    /// Bytes.
    pub length: usize,
    /// Document, writer and first sequence, where it is a batch.
    pub place: Option<(DocumentScope, ActorId, u32)>,
    /// Whether it waits to be looked at again.
    pub released: bool,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, at, reason, length, place, released } = self;
        write!(out, "{id}  {}  {length} bytes: {reason}", time_of(*at))?;
        if let Some((DocumentScope { incident, site, period }, actor, from)) = place {
            let of = actor.first_box();
            write!(out, "; box {of}, site {site}, incident {incident}, day {}, from {from}", period.day())?;
        }
        if *released { out.write_str("; released") } else { Ok(()) }
    }
}

/// Everything that was refused, the oldest first.
///
/// # Errors
/// [`HallError`].
pub fn quarantined(folder: &DataFolder) -> Result<Vec<Refused>, HallError> {
    let (mut hall, mut all) = (Hall::open(folder)?, Vec::new());
    for file in WhichFile::ALL {
        hall.stores.file(file).for_each_quarantined(|entry| {
            let Quarantined { number, at, reason, bytes, released } = entry;
            let (id, place) = (QuarantineId { file, number }, place_of_evidence(&bytes));
            all.push(Refused { id, at, reason, length: bytes.len(), place, released });
        })?;
    }
    all.sort_by_key(|refused| refused.at);
    Ok(all)
}

/// Does what an operator wants. Whether there was such an entry.
///
/// # Errors
/// [`HallError`].
pub fn rule_on_quarantine(folder: &DataFolder, wanted: Wanted) -> Result<bool, HallError> {
    let mut hall = Hall::open(folder)?;
    Ok(match wanted {
        Wanted::Release(QuarantineId { file, number }) => hall.stores.file(file).release(number)?,
        Wanted::Discard(QuarantineId { file, number }) => hall.stores.file(file).discard(number)?,
    })
}
