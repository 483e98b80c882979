//! The thread that has the set: wakes it, listens to what people do with it, gives it back.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hinamori_alert::KeyClass;
use hinamori_model::UnixMillis;
use hinamori_private_file as private_file;
use serde::{Deserialize, Serialize};
use tracing::{error, info};

use crate::bus::Bus;
use crate::shared::Shared;
use crate::television_set::{Act, Pace, Power, Seen, TelevisionSet};
use crate::voice::Voice;
use crate::wake::{Showing, Standing, Step};

/// The file of what was done with the set.
const SET: &str = "set.json";
const MOST_BYTES: u64 = 1 << 20;
const LISTENS: Duration = Duration::from_millis(250);
/// How often the set is looked at while something is shown.
const LOOKS: Duration = Duration::from_secs(10);
/// Until an adapter that is gone is looked for again.
const REOPENS: Duration = Duration::from_secs(10);
/// From 21:00 to 7:00 exercises are not read aloud, in hours of Japan, which has no summer time.
const DAY: std::ops::Range<u64> = 7..21;
const JAPAN_HOURS: u64 = 9;

/// What the household set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Exercises wake the set too.
    pub(crate) drills: bool,
    pub(crate) pace: Pace,
}

/// The file: what was done belongs to one start of the machine.
#[derive(Serialize, Deserialize)]
struct File {
    boot: String,
    standing: Standing,
}

/// See the module.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    voice: Arc<Voice>,
    settings: Settings,
    folder: PathBuf,
    boot: String,
    standing: Standing,
    /// The message that was read aloud last.
    spoken: Option<[u8; 32]>,
    looked: Option<Instant>,
    was_on: bool,
}

impl Keeper {
    /// With what was done since the machine began; `boot` names its start.
    pub(crate) fn new(
        shared: Arc<Shared>,
        voice: Arc<Voice>,
        settings: Settings,
        folder: &Path,
        boot: &str,
    ) -> Self {
        let read = private_file::read(folder, SET, MOST_BYTES).unwrap_or_default();
        let file = read.and_then(|bytes| serde_json::from_slice::<File>(&bytes).ok());
        let standing = file.filter(|file| file.boot == boot).map(|file| file.standing).unwrap_or_default();
        let (folder, boot) = (folder.to_owned(), boot.to_owned());
        Self { shared, voice, settings, folder, boot, standing, spoken: None, looked: None, was_on: false }
    }

    /// Has the set for as long as the receiver lives; `open` opens the adapter.
    pub(crate) fn run(mut self, open: impl Fn() -> io::Result<Box<dyn Bus>>) {
        let mut is_said = false;
        loop {
            let problem = match open() {
                Ok(bus) => {
                    is_said = false;
                    self.have(TelevisionSet::new(bus, self.settings.pace, self.standing.held().is_some()))
                }
                Err(problem) => problem,
            };
            self.shared.see(Seen::NOTHING);
            if !std::mem::replace(&mut is_said, true) {
                error!(error = &problem as &dyn std::error::Error, "no adapter for the set: it is not woken");
            }
            self.without_a_set();
        }
    }

    /// Until the adapter is gone.
    fn have(&mut self, mut set: TelevisionSet) -> io::Error {
        loop {
            if let Err(problem) = self.turn(&mut set) {
                return problem;
            }
        }
    }

    /// What is told is read aloud all the same, and the set is woken when there is an adapter.
    fn without_a_set(&mut self) {
        let until = Instant::now() + REOPENS;
        while Instant::now() < until {
            let new =
                self.showing().filter(|showing| self.standing.would_wake(showing, self.settings.drills));
            if let Some(showing) = new {
                self.speak(&showing);
            }
            std::thread::sleep(LISTENS);
        }
    }

    fn showing(&self) -> Option<Showing> {
        self.shared.household().showing(self.shared.running())
    }

    /// Once around. Nothing in it waits for more than the set may take.
    pub(crate) fn turn(&mut self, set: &mut TelevisionSet) -> io::Result<()> {
        let act = set.listen(LISTENS)?;
        let showing = self.showing();
        if let Some(act) = act {
            let step = self.standing.act(act, showing.as_ref());
            if act == Act::Took {
                info!("somebody took the set back");
                self.voice.stop();
                self.shared.see(set.look()?);
            }
            self.carry_out(set, step, showing.as_ref())?;
            self.keep();
        }
        let step = self.standing.step(showing.as_ref(), self.settings.drills, self.shared.running());
        self.carry_out(set, step, showing.as_ref())?;
        if showing.is_some() && self.looked.is_none_or(|at| at.elapsed() >= LOOKS) {
            self.look(set)?;
        }
        Ok(())
    }

    fn carry_out(
        &mut self,
        set: &mut TelevisionSet,
        step: Step,
        showing: Option<&Showing>,
    ) -> io::Result<()> {
        match (step, showing) {
            (Step::Nothing, _) | (Step::Wake | Step::Look, None) => return Ok(()),
            (Step::Wake, Some(showing)) => {
                let woken = self.wake(set, showing);
                if woken.is_err() {
                    self.standing.not_dealt_with(showing);
                }
                woken?;
            }
            (Step::Look, Some(showing)) => {
                self.look(set)?;
                if self.shared.seen().shows_us() == Some(true) {
                    self.speak(showing);
                }
            }
            (Step::GiveBack(before), _) => {
                self.voice.stop();
                set.give_back(before)?;
                self.shared.see(set.look()?);
            }
        }
        self.keep();
        Ok(())
    }

    fn wake(&mut self, set: &mut TelevisionSet, showing: &Showing) -> io::Result<()> {
        let before = match self.standing.held() {
            Some(before) => before,
            None => set.before()?,
        };
        self.standing.hold(showing, before);
        // On the disk before the set is on: whatever happens now, it is given back as it was.
        self.keep();
        let (power, volume) = set.wake()?;
        self.standing.note_volume(volume);
        self.was_on = power == Power::On;
        self.shared.see(Seen { power, is_ours: Some(true).filter(|_| self.was_on) });
        self.speak(showing);
        Ok(())
    }

    fn look(&mut self, set: &mut TelevisionSet) -> io::Result<()> {
        let seen = set.look()?;
        self.looked = Some(Instant::now());
        self.shared.see(seen);
        if std::mem::replace(&mut self.was_on, seen.power == Power::On) && seen.power.is_off() {
            // Some sets say nothing when they are switched off.
            let _nothing_to_do = self.standing.act(Act::Took, None);
            self.voice.stop();
            self.keep();
        }
        Ok(())
    }

    fn speak(&mut self, showing: &Showing) {
        let at = self.shared.household().now(self.shared.running());
        let is_quiet = showing.class == KeyClass::Exercise && at.is_some_and(is_night);
        if self.spoken.replace(showing.digest) != Some(showing.digest) && !is_quiet {
            self.voice.say(&showing.speech);
        }
    }

    fn keep(&self) {
        let file = File { boot: self.boot.clone(), standing: self.standing.clone() };
        let bytes = serde_json::to_vec(&file).unwrap_or_default();
        if let Err(problem) = private_file::replace(&self.folder, SET, &bytes) {
            error!(error = &problem as &dyn std::error::Error, "what was done with the set is not kept");
        }
    }
}

fn is_night(at: UnixMillis) -> bool {
    let hour = (at.get() / 3_600_000 + JAPAN_HOURS) % 24;
    !DAY.contains(&hour)
}
