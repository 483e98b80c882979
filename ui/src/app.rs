//! The window: feeds events into the one transition, carries out its effects, draws, and sleeps.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hinamori_ipc::{Screen, ToKiosk};
use hinamori_model::UnixMillis;

use crate::clock::until_next_minute;
use crate::frame_log::FrameLog;
use crate::link::{Link, Received};
use crate::sound::{Heard, Player};
use crate::{Catalogue, Effect, Event, LinkEvent, Notice, Now, State, ground, kiosk_ui, typed, update};

/// After the minute: a timer that ends a little early would draw the old minute once more.
const AFTER_THE_MINUTE: u64 = 20;

/// What the window is built from.
pub struct Parts {
    /// What is set on the command line.
    pub state: State,
    /// The way to the daemon.
    pub link: Link,
    /// The sound card; `None` when it is off.
    pub player: Option<(Player, Heard)>,
    /// The measurement, when somebody measures.
    pub frame_log: Option<FrameLog>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Parts")
    }
}

/// The kiosk as eframe runs it.
pub struct App {
    state: State,
    catalogue: Catalogue,
    link: Link,
    player: Option<(Player, Heard)>,
    frame_log: Option<FrameLog>,
    started: Instant,
}

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("App")
    }
}

impl App {
    /// A window that shows nothing but that it is connecting.
    pub fn new(parts: Parts) -> Self {
        let Parts { state, link, player, frame_log } = parts;
        Self { state, catalogue: Catalogue::default(), link, player, frame_log, started: Instant::now() }
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = UnixMillis::new(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
        Now { wall, steady: self.started.elapsed() }
    }

    fn take(&mut self, event: Event, now: Now) {
        for effect in update(&mut self.state, event, now) {
            match effect {
                Effect::Send(command) => {
                    if !self.link.send(command) {
                        self.state.notice = Some((Notice::NotSent, now.steady));
                    }
                }
                Effect::Play(_, sound, volume) => {
                    if let Some((player, _)) = &self.player {
                        player.play(sound, volume);
                    }
                }
            }
        }
    }

    /// Everything that happened since the last frame.
    fn drain(&mut self, now: Now) {
        while let Some(Received { at, event }) = self.link.next() {
            let before = self.state.last_answer;
            let is_change =
                matches!(&event, LinkEvent::Message(message) if matches!(**message, ToKiosk::Changes(_)));
            self.take(Event::Link(event), now);
            let answer = self.state.last_answer;
            if let (Some(log), Some(answer)) = (&mut self.frame_log, answer)
                && is_change
                && before != Some(answer)
            {
                log.message(answer, at);
            }
        }
        let heard = self.player.as_ref().and_then(|(_, heard)| heard.latest());
        if let Some(output) = heard {
            self.take(Event::Sound(output), now);
        }
        self.take(Event::Tick, now);
    }

    /// When the screen changes by itself: the minute, the seconds of 取り消す, the end of a panel or notice.
    fn wake_after(&self, now: Now) -> Duration {
        let minute = Duration::from_millis(until_next_minute(now.wall).saturating_add(AFTER_THE_MINUTE));
        let ends = [self.state.closes_at(), self.state.notice_ends_at(), self.state.refreshes_at()];
        let ends = ends.into_iter().flatten().map(|end| end.saturating_sub(now.steady));
        let ends = ends.chain(self.state.alert_changes_after(now));
        ends.chain(self.next_undo_second(now)).fold(minute, Duration::min)
    }

    fn next_undo_second(&self, now: Now) -> Option<Duration> {
        let Screen::Answer(answer) = &self.state.lane.as_ref()?.screen else { return None };
        let left = answer.undo_until?.since(now.wall);
        // To the next whole second that is left; none when it is over.
        (left > 0).then(|| Duration::from_millis((left - 1) % 1_000 + 1))
    }
}

impl eframe::App for App {
    fn logic(&mut self, _context: &egui::Context, _frame: &mut eframe::Frame) {
        if let Some(log) = &mut self.frame_log {
            log.frame_begins();
        }
        let now = self.now();
        self.drain(now);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let now = self.now();
        if let Some(action) = typed(ui.ctx()) {
            self.take(Event::Touched(action), now);
        }
        let touched = kiosk_ui(ui, &self.state, &self.catalogue, now);
        if let Some(action) = touched {
            self.take(Event::Touched(action), now);
            ui.ctx().request_repaint();
        }
        if self.frame_log.as_mut().is_some_and(FrameLog::painted) {
            ui.ctx().request_repaint();
        }
        ui.ctx().request_repaint_after(self.wake_after(now));
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        ground(&self.state).to_normalized_gamma_f32()
    }
}
