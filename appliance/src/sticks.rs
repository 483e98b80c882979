//! Sticks: a thread of its own, because a stick may take seconds, or not answer at all. The system mounts each stick as a
//! folder of its own; the thread looks for them, and after a touch reads in what others wrote and writes what this box holds.
//! It sees no database: bundles come from the core and go to it.
//!
//! **Invariant:** nobody is told that a stick may be taken out before what was written is durable on it.
//! **Invariant:** a file that is not whole never has the name of one that is.

mod folder;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use hinamori_ipc::{
    Exchange, ExchangeReport, FileNotTaken, MOST_NAMED, StickFault, StickState, SticksThere, WhyNotTaken,
};
use hinamori_model::{BoxId, UnixMillis};
use hinamori_sync::NotABundle;
use tracing::{info, warn};

use crate::clock;
use crate::control::LONG;
use crate::core::{BundleError, BundleTask, Event, Exported, Imported, Inbox};
use folder::{Found, StickFolder, StickId, sticks_in};

/// How often the folder of sticks is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// Files of one stick that are read in: a large town has some hundred boxes.
const MOST_FILES: usize = 256;
/// Characters of a file's name that are shown.
const LONGEST_NAME: usize = 40;

/// The stick's files are to be read in, and this box's is to be written.
#[derive(Debug)]
pub(crate) struct Begin;

/// The thread before it begins.
pub(crate) struct Sticks {
    folder: PathBuf,
    own: BoxId,
    tasks: Receiver<Begin>,
    there: Vec<StickId>,
    state: StickState,
    /// What the core was told last.
    told: Option<StickState>,
}

/// The core is gone: so is the daemon.
struct CoreGone;

impl Sticks {
    /// Looks for sticks in `folder`, for a box; gives the way to the thread too.
    pub(crate) fn new(folder: PathBuf, own: BoxId) -> (Self, SyncSender<Begin>) {
        let (sender, tasks) = sync_channel(1);
        let state = StickState::default();
        (Self { folder, own, tasks, there: Vec::new(), state, told: None }, sender)
    }

    /// Works for as long as the process lives.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(mut self, core: Inbox) -> std::io::Result<()> {
        Builder::new().name("sticks".to_owned()).spawn(move || while self.step(&core, LOOK).is_ok() {})?;
        Ok(())
    }

    /// Looks once, and does what came to be done within this time.
    fn step(&mut self, core: &Inbox, within: Duration) -> Result<(), CoreGone> {
        self.look();
        self.tell(core)?;
        match self.tasks.recv_timeout(within) {
            Ok(Begin) => {
                // It may have been taken out, or joined by another one, while the touch was on its way.
                if let [stick] = self.there.as_slice() {
                    let report = self.exchange(&stick.clone(), core)?;
                    info!(?report, "a stick was exchanged with");
                    self.state.exchange = Exchange::Over(report);
                }
                // The core showed already that it began.
                self.told = None;
                self.look();
                self.tell(core)
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => Err(CoreGone),
        }
    }

    /// What is plugged in. How the last exchange ended stays to be read until there is another stick.
    fn look(&mut self) {
        let there = sticks_in(&self.folder);
        if there.iter().any(|stick| !self.there.contains(stick)) {
            self.state.exchange = Exchange::NotBegun;
        }
        self.state.there = match there.len() {
            0 => SticksThere::None,
            1 => SticksThere::One,
            _ => SticksThere::Several,
        };
        self.there = there;
    }

    fn tell(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        if self.told.as_ref() == Some(&self.state) {
            return Ok(());
        }
        self.told = Some(self.state.clone());
        core.send(Event::Stick(self.state.clone())).then_some(()).ok_or(CoreGone)
    }

    fn exchange(&mut self, stick: &StickId, core: &Inbox) -> Result<ExchangeReport, CoreGone> {
        let mut report = Report::default();
        let written = match StickFolder::open(&self.folder, stick) {
            Err(problem) => Err(folder::fault(&problem)),
            Ok(stick) => match self.exchange_with(&stick, &mut report, core)? {
                // Whatever the system says of a stick that is gone, this is why.
                _ if !stick.is_there(&self.folder) => Err(StickFault::TakenOut),
                written => written,
            },
        };
        Ok(report.ended(written, clock::wall()))
    }

    fn exchange_with(
        &mut self,
        stick: &StickFolder,
        report: &mut Report,
        core: &Inbox,
    ) -> Result<Result<u32, StickFault>, CoreGone> {
        let mut names = match stick.bundles(self.own) {
            Ok(names) => names,
            Err(problem) => return Ok(Err(folder::fault(&problem))),
        };
        report.not_named = names.len().saturating_sub(MOST_FILES);
        names.truncate(MOST_FILES);
        let files = short(names.len());
        for (file, name) in (1_u16..).zip(&names) {
            self.say(Exchange::Reading { file, files }, core)?;
            match take(stick, name, core)? {
                Ok(Imported { new, refused, is_whole, .. }) => {
                    report.new = report.new.saturating_add(new);
                    report.put_aside = report.put_aside.saturating_add(refused);
                    if is_whole {
                        report.taken = report.taken.saturating_add(1);
                    } else {
                        report.not_taken(name, WhyNotTaken::Half);
                    }
                }
                Err(NotTaken::File(why)) => report.not_taken(name, why),
                Err(NotTaken::NoTown) => return Ok(Err(StickFault::NoTown)),
            }
            if !stick.is_there(&self.folder) {
                return Ok(Err(StickFault::TakenOut));
            }
        }
        self.say(Exchange::Writing, core)?;
        let exported = core.ask(LONG, |answer| Event::Bundle(BundleTask::Export(answer))).ok_or(CoreGone)?;
        let Exported { bundle, changes } = match exported {
            Ok(exported) => exported,
            Err(BundleError::NoTown) => return Ok(Err(StickFault::NoTown)),
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, "no bundle for a stick");
                return Ok(Err(StickFault::OurFault));
            }
        };
        Ok(match stick.write(self.own, clock::wall(), &bundle) {
            Ok(()) => Ok(u32::try_from(changes).unwrap_or(u32::MAX)),
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, "a stick took no bundle");
                Err(folder::fault(&problem))
            }
        })
    }

    fn say(&mut self, exchange: Exchange, core: &Inbox) -> Result<(), CoreGone> {
        self.state.exchange = exchange;
        self.tell(core)
    }
}

/// Why a file was not taken at all.
enum NotTaken {
    File(WhyNotTaken),
    /// None will be.
    NoTown,
}

/// Has the core hear one file.
fn take(stick: &StickFolder, name: &Path, core: &Inbox) -> Result<Result<Imported, NotTaken>, CoreGone> {
    let bytes = match stick.read(name) {
        Ok(Found::Bytes(bytes)) => bytes,
        Ok(Found::NoFile) => return Ok(Err(NotTaken::File(WhyNotTaken::NoFile))),
        Ok(Found::TooLong) => return Ok(Err(NotTaken::File(WhyNotTaken::TooLong))),
        Err(problem) => {
            warn!(error = &problem as &dyn std::error::Error, "a file of a stick cannot be read");
            return Ok(Err(NotTaken::File(WhyNotTaken::Unreadable)));
        }
    };
    let imported =
        core.ask(LONG, |answer| Event::Bundle(BundleTask::Import(bytes, answer))).ok_or(CoreGone)?;
    Ok(imported.map_err(|problem| match problem {
        BundleError::NoTown => NotTaken::NoTown,
        BundleError::NotABundle(NotABundle::TooLong) => NotTaken::File(WhyNotTaken::TooLong),
        BundleError::NotABundle(_) => NotTaken::File(WhyNotTaken::NoBundle),
        BundleError::Stranger => NotTaken::File(WhyNotTaken::Stranger),
        BundleError::Busy | BundleError::Store(_) | BundleError::NoRandomness => {
            NotTaken::File(WhyNotTaken::OurFault)
        }
    }))
}

/// A report that is being made.
#[derive(Default)]
struct Report {
    taken: u16,
    new: u64,
    put_aside: u64,
    not_taken: Vec<FileNotTaken>,
    not_named: usize,
}

impl Report {
    fn not_taken(&mut self, name: &Path, why: WhyNotTaken) {
        if self.not_taken.len() < MOST_NAMED {
            self.not_taken.push(FileNotTaken { name: shown_name(name), why });
        } else {
            self.not_named = self.not_named.saturating_add(1);
        }
    }

    fn ended(self, written: Result<u32, StickFault>, at: UnixMillis) -> ExchangeReport {
        let Self { taken, new, put_aside, not_taken, not_named } = self;
        let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        ExchangeReport {
            at,
            taken,
            new: count(new),
            put_aside: count(put_aside),
            not_taken,
            not_named: short(not_named),
            written,
        }
    }
}

fn short(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// A name that somebody gave a file, as it may stand on a screen: short, and nothing in it turns or hides letters.
fn shown_name(name: &Path) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || " -_.()".contains(letter);
    let name = name.to_string_lossy();
    let mut shown: String = name.chars().take(LONGEST_NAME).collect();
    if name.chars().nth(LONGEST_NAME).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown.chars().map(|letter| if plain(letter) || letter == '…' { letter } else { '?' }).collect()
}

#[cfg(test)]
impl Sticks {
    /// What the thread does each second, without waiting. `false` when the core is gone.
    pub(crate) fn step_now(&mut self, core: &Inbox) -> bool {
        self.step(core, Duration::ZERO).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_on_a_screen_is_short_and_plain() {
        assert_eq!(shown_name(Path::new("汐見小学校 1.hinamori")), "汐見小学校 1.hinamori");
        assert_eq!(shown_name(Path::new("a\u{202e}b\n<c>.hinamori")), "a?b??c?.hinamori");
        let long = "名".repeat(300);
        assert_eq!(shown_name(Path::new(&long)), format!("{}…", "名".repeat(LONGEST_NAME - 1)));
    }
}
