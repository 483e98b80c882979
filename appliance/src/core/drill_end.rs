//! 訓練中止・本番: whoever presses it ends the drill for every box of the town that hears of it.
//!
//! It is a record where all boxes write and read ([`EVERYWHERE`]). A box that hears of one which it did not know when its own drill began
//! goes over to what happens in earnest, as if it had been pressed here; nobody's arrival in the drill is carried over.

use hinamori_counter::Opening;
use hinamori_ipc::Refusal;
use hinamori_model::{IncidentId, LaneId, Mode, UnixMillis};
use hinamori_record::{Fact, RuledStanding};
use hinamori_store_sqlite::{DrillWatch, StoreError};
use hinamori_sync::EVERYWHERE;
use tracing::{error, warn};

use super::{Core, MODE, kept_mode};
use crate::ledger::{Ledger, Place};

/// A drill begins.
pub(super) fn watch(ledger: &Ledger, now: UnixMillis) -> DrillWatch {
    let [_, drills] = ledger.stores();
    DrillWatch::begin(drills, now)
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
        let watch = self.drill_watch.as_ref().filter(|_| self.opening.mode() == Mode::Drill);
        let Some(watch) = watch else { return false };
        let [_, drills] = self.ledger.stores();
        match watch.is_over(drills) {
            Ok(true) => {}
            Ok(false) => return false,
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
        self.ledger.main_store().set_setting(MODE, &kept_mode(mode, incident, watch.as_ref()))?;
        self.drill_watch = watch;
        Ok(())
    }

    /// What headquarters calls the open incident.
    pub(super) fn incident_name(&self) -> Option<String> {
        let incident = self.shown_incident();
        let name = self.ledger.store(incident).rulings().name(incident);
        name.filter(|_| self.opening.mode() != Mode::DailyLife).map(str::to_owned)
    }

    /// Whether headquarters closed this site in the incident that is open. Nobody is turned away by it: it is said, and that is all.
    pub(super) fn is_closed_by_headquarters(&self) -> bool {
        let incident = self.shown_incident();
        let word = self.ledger.store(incident).rulings().site(incident, self.site());
        word.is_some_and(|(word, _)| word.standing == Some(RuledStanding::Closed))
            && self.opening.mode() != Mode::DailyLife
    }
}
