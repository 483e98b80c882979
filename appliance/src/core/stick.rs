//! The button for sticks: who may touch it, and what kiosks see of it. The work is done by the thread of `crate::sticks`.

use std::sync::mpsc::SyncSender;

use hinamori_ipc::{Exchange, Refusal, StickState};
use hinamori_model::{AuditAction, LaneId, UnixMillis};

use super::audit::About;
use super::{Core, Inbox};
use crate::sticks::{Begin, Sticks};

/// What the core knows of sticks.
#[derive(Default)]
pub(super) struct Stick {
    /// What the thread said last.
    state: StickState,
    /// The way to the thread; `None` where no sticks are looked for.
    thread: Option<SyncSender<Begin>>,
}

impl Stick {
    /// The thread said this.
    pub(super) fn heard(&mut self, state: StickState) {
        self.state = state;
    }

    /// What kiosks show of it.
    pub(super) fn shown(&self) -> Option<Box<StickState>> {
        self.thread.as_ref().map(|_| Box::new(self.state.clone()))
    }
}

impl Core {
    /// Looks for sticks, if the installer wants it.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start_sticks(&mut self, to_core: Inbox) -> std::io::Result<()> {
        if let Some(folder) = self.config.sticks.clone() {
            let (sticks, thread) = Sticks::new(folder, self.own);
            self.stick.thread = Some(thread);
            sticks.start(to_core)?;
        }
        Ok(())
    }

    /// The stick's files are read in and this box's is written, once it is written down who wanted it.
    ///
    /// # Errors
    /// [`Refusal::NotNow`] without one stick to exchange with, [`Refusal::Disk`].
    pub(super) fn exchange_stick(&mut self, lane: LaneId, now: UnixMillis) -> Result<(), Refusal> {
        if self.stick.thread.is_none() || !self.stick.state.may_begin() {
            return Err(Refusal::NotNow);
        }
        if let Some(session) = self.desks.get(&lane).and_then(|desk| desk.at.session()) {
            let who = (session.staff, session.role);
            self.audit(lane, who, AuditAction::ExchangedStick, About::NOBODY, now)?;
        }
        let begun = self.stick.thread.as_ref().is_some_and(|thread| thread.try_send(Begin).is_ok());
        if !begun {
            return Err(Refusal::NotNow);
        }
        // At once, so that a second touch finds it begun.
        self.stick.state.exchange = Exchange::Reading { file: 0, files: 0 };
        Ok(())
    }
}

#[cfg(test)]
impl Stick {
    /// The way to a thread that a test plays.
    pub(super) fn attend(&mut self, thread: SyncSender<Begin>) {
        self.thread = Some(thread);
    }
}
