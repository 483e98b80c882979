//! 訓練中止・本番: whoever presses it ends the drill for every box of the town that hears of it.
//!
//! It is a record where all boxes write and read ([`EVERYWHERE`]). A box that hears of one which it did not know when its own drill began
//! goes over to what happens in earnest, as if it had been pressed here; nobody's arrival in the drill is carried over.

use hinamori_counter::Opening;
use hinamori_ipc::Refusal;
use hinamori_model::{IncidentId, LaneId, Mode, UnixMillis};
use hinamori_record::Fact;
use hinamori_store_sqlite::StoreError;
use hinamori_sync::EVERYWHERE;
use tracing::{error, warn};

use super::{Core, MODE, kept_mode};
use crate::ledger::{Ledger, Place};

/// Clocks of boxes may be wrong by so much, and a drill that ended longer before this one began was another one.
const CLOCKS_DIFFER_MILLIS: u64 = 12 * 3_600_000;

/// From when on the end of the open drill is listened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DrillWatch {
    /// What ended before was another drill.
    since: UnixMillis,
    /// So many ends since then were known already when this drill began.
    known: u32,
}

impl DrillWatch {
    /// A drill begins.
    pub(super) fn begin(ledger: &Ledger, now: UnixMillis) -> Self {
        let since = UnixMillis::new(now.get().saturating_sub(CLOCKS_DIFFER_MILLIS));
        // A drill that ends at once for an old reason is seen by whoever began it; one that never ends is not.
        Self { since, known: ends_since(ledger, since).unwrap_or(0) }
    }

    pub(super) fn to_bytes(self) -> Vec<u8> {
        let Self { since, known } = self;
        since.get().to_be_bytes().into_iter().chain(known.to_be_bytes()).collect()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (since, known) = bytes.split_first_chunk()?;
        let known = u32::from_be_bytes(known.try_into().ok()?);
        Some(Self { since: UnixMillis::new(u64::from_be_bytes(*since)), known })
    }
}

fn ends_since(ledger: &Ledger, since: UnixMillis) -> Result<u32, StoreError> {
    let [_, drills] = ledger.stores();
    drills.drill_ends(since)
}

impl Core {
    /// Says to every box of the town that the drill is over.
    ///
    /// # Errors
    /// [`Refusal::Disk`].
    pub(super) fn tell_of_drill_end(&mut self, lane: LaneId, now: UnixMillis) -> Result<(), Refusal> {
        let drill = self.open_incident();
        let place = Place { site: EVERYWHERE, ..self.place(drill, lane, now) };
        let written = self.ledger.write(place, &[Fact::DrillEnded], now).map_err(|problem| problem.reason());
        self.note_disk(written.as_ref().err().copied());
        written.map_err(|_reason_is_on_the_screen| Refusal::Disk)?;
        self.note_own_change(drill);
        Ok(())
    }

    /// Ends the open drill if another box ended it. Whether it did.
    pub(super) fn follow_drill_end(&mut self, now: UnixMillis) -> bool {
        let Some(watch) = self.drill_watch.filter(|_| self.opening.mode() == Mode::Drill) else {
            return false;
        };
        match ends_since(&self.ledger, watch.since) {
            Ok(ends) if ends > watch.known => {}
            Ok(_) => return false,
            Err(problem) => {
                error!(
                    error = &problem as &dyn std::error::Error,
                    "whether the drill goes on cannot be read"
                );
                return false;
            }
        }
        warn!("the drill was ended at another box: this is no drill");
        self.end_sessions(now);
        let incident = self.incident(Mode::Live);
        // On a disk that takes nothing it is read again from the record at the next start.
        if let Err(problem) = self.keep_open(Mode::Live, incident, None) {
            error!(error = &problem as &dyn std::error::Error, "that the drill is over is not kept");
        }
        self.enter(Opening::new(Mode::Live, self.building(Mode::Live)), incident, now);
        true
    }

    /// Keeps what is open for the next start.
    pub(super) fn keep_open(
        &mut self,
        mode: Mode,
        incident: IncidentId,
        watch: Option<DrillWatch>,
    ) -> Result<(), StoreError> {
        self.ledger.main_store().set_setting(MODE, &kept_mode(mode, incident, watch))?;
        self.drill_watch = watch;
        Ok(())
    }

    /// What headquarters calls the open incident.
    pub(super) fn incident_name(&self) -> Option<String> {
        let incident = self.shown_incident();
        let name = self.ledger.store(incident).rulings().name(incident);
        name.filter(|_| self.opening.mode() != Mode::DailyLife).map(str::to_owned)
    }
}
