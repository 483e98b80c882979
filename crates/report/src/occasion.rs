//! For what and until when something is reported. Whoever reports says whether it is a drill.

use hinamori_model::{IncidentId, Mode, UnixMillis};

/// The incident of a report. There is no report without one, and none without its mode: every output writes
/// [`Occasion::mark`] in each of its rows, so that a row that is copied elsewhere keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// Daily life, live or a drill.
    pub mode: Mode,
    /// Which incident.
    pub incident: IncidentId,
    /// What headquarters call it. It names nobody.
    pub name: String,
}

impl Occasion {
    /// The word that stands in every row.
    pub const fn mark(&self) -> &'static str {
        mark(self.mode)
    }
}

/// The word for a mode: 平常時, 災害 or 訓練.
pub const fn mark(mode: Mode) -> &'static str {
    match mode {
        Mode::DailyLife => "平常時",
        Mode::Live => "災害",
        Mode::Drill => "訓練",
    }
}

/// The word for a mode that programs read: `daily_life`, `live` or `drill`.
pub(crate) const fn word(mode: Mode) -> &'static str {
    match mode {
        Mode::DailyLife => "daily_life",
        Mode::Live => "live",
        Mode::Drill => "drill",
    }
}

/// Proof that an incident is live, for what a drill never makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live(());

impl Live {
    /// The proof; `None` in a drill and in daily life.
    pub const fn of(mode: Mode) -> Option<Self> {
        match mode {
            Mode::Live => Some(Self(())),
            Mode::DailyLife | Mode::Drill => None,
        }
    }
}

/// From when until when. What is new or gone is of this time, everything else is as it was at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// The beginning.
    pub from: UnixMillis,
    /// The end: the hour of the report.
    pub until: UnixMillis,
}
