//! The keeper of the roster: a thread of its own, because a town takes seconds where a tap takes milliseconds. It has the
//! sealed parts of the whole town on the disk before the day without a network, and writes the directory: the site's
//! catchment in peace, everybody while an incident is open.
//!
//! **Invariant:** a person of the old roster stays until the whole of the new one that is wanted here is loaded.
//! **Invariant:** when nothing is open, no name from outside the catchment is left in the directory's files.

mod incoming;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use hinamori_model::TownKey;
use hinamori_store_sqlite::{ApplicationKeys, DirectoryParts, LoadedPart, StoreError};
use hinamori_sync::town::{self, Site};
use hinamori_sync::{PartDigest, PartHead, RosterMessage, open_part};
use tracing::{error, info, warn};

use crate::core::{Event, Inbox};
use crate::lists::CoreGone;
use incoming::{Arrived, Incoming};

/// Messages that wait for the keeper. A server that sends more than it was asked for is hung up on.
const TASKS: usize = 16;
/// How often the keeper looks whether there is something to ask or to do again.
const LOOK: Duration = Duration::from_secs(1);
/// The core is told of what changed no more often than this, until everything is done.
const SHOW: Duration = Duration::from_millis(500);
/// How often a part on the disk is read again.
const SCRUB: Duration = Duration::from_secs(10);
/// After the disk failed.
const DISK_AGAIN: Duration = Duration::from_secs(30);
/// Parts in one transaction: some 2,500 people and a tenth of a second.
const AT_ONCE: usize = 8;

/// What the town's package says of the roster.
pub(crate) struct TownRoster {
    /// The town's root.
    pub(crate) root: [u8; 32],
    /// Cards are hashed under it.
    pub(crate) key: TownKey,
    /// The parts of which the town consists.
    pub(crate) heads: Vec<PartHead>,
    /// Where this box stands: whom it knows in peace.
    pub(crate) site: Site,
}

/// How things are, as the core sees it.
#[derive(Clone)]
pub(crate) struct Situation {
    /// The town.
    pub(crate) town: Arc<TownRoster>,
    /// Whether an incident is open, live or drill.
    pub(crate) is_open: bool,
    /// Which connection to the server stands; `None` for none.
    pub(crate) line: Option<u64>,
}

impl PartialEq for Situation {
    fn eq(&self, other: &Self) -> bool {
        let Self { town, is_open, line } = self;
        Arc::ptr_eq(town, &other.town) && (*is_open, *line) == (other.is_open, other.line)
    }
}

/// What the keeper is told.
pub(crate) enum RosterTask {
    /// Something is another way than it was.
    Now(Situation),
    /// The server says this.
    Message(RosterMessage),
}

/// What the keeper says.
#[derive(Debug)]
pub(crate) enum RosterEvent {
    /// Other people are loaded, or more parts are here.
    Changed(Loaded),
    /// To the server.
    Say(RosterMessage),
}

/// What is loaded.
#[derive(Clone, Default)]
pub(crate) struct Loaded {
    /// Against what chips prove themselves: another map whenever other rows are loaded.
    pub(crate) application_keys: Arc<ApplicationKeys>,
    /// People in the directory.
    pub(crate) people: u64,
    /// Parts of the town that are not on this box.
    pub(crate) lacking: u64,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Loaded({} people, {} parts lacking)", self.people, self.lacking)
    }
}

/// The way to the keeper.
pub(crate) struct RosterKeeper(SyncSender<RosterTask>);

impl RosterKeeper {
    /// Tells it something without waiting; `false` when it has too much to do.
    pub(crate) fn tell(&self, task: RosterTask) -> bool {
        match self.0.try_send(task) {
            // The keeper ended: so does the daemon.
            Ok(()) | Err(TrySendError::Disconnected(_)) => true,
            Err(TrySendError::Full(_)) => false,
        }
    }
}

/// The keeper before its thread begins.
pub(crate) struct Roster {
    parts: DirectoryParts,
    incoming: Incoming,
    tasks: Receiver<RosterTask>,
    now: Option<Situation>,
    loaded: Loaded,
    /// Rows are others than the core was told.
    has_other_rows: bool,
    /// Parts came or went that the core was not told of.
    has_other_parts: bool,
    said: Option<Instant>,
    /// Parts that the town signed and this version cannot read.
    unreadable: BTreeSet<PartDigest>,
    /// After the disk failed nothing is done before then.
    rests_until: Option<Instant>,
    scrubbed: (Instant, usize),
}

impl Roster {
    /// The keeper of a data folder, of whose directory it has the writing end.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(data: &Path, parts: DirectoryParts) -> io::Result<(Self, RosterKeeper)> {
        let incoming = Incoming::open(data)?;
        let (sender, tasks) = sync_channel(TASKS);
        let roster = Self {
            parts,
            incoming,
            tasks,
            now: None,
            loaded: Loaded::default(),
            has_other_rows: true,
            has_other_parts: true,
            said: None,
            unreadable: BTreeSet::new(),
            rests_until: None,
            scrubbed: (Instant::now(), 0),
        };
        Ok((roster, RosterKeeper(sender)))
    }

    /// Does at once everything that can be done, before the thread begins.
    pub(crate) fn load(&mut self, now: Situation) -> Loaded {
        self.go_by(now);
        while self.work() {}
        self.count();
        self.loaded.clone()
    }

    /// Works until the core is gone.
    pub(crate) fn start(mut self, core: Inbox) -> io::Result<()> {
        std::thread::Builder::new().name("roster".to_owned()).spawn(move || {
            let mut is_busy = true;
            loop {
                let task = match is_busy {
                    // Between two transactions.
                    true => self.tasks.try_recv().map_err(|error| error == TryRecvError::Disconnected),
                    false => {
                        let task = self.tasks.recv_timeout(LOOK);
                        task.map_err(|error| error == RecvTimeoutError::Disconnected)
                    }
                };
                let done = match task {
                    Ok(task) => self.handle(task, &core),
                    Err(true) => return,
                    Err(false) => self.ask(&core),
                };
                is_busy = self.work();
                if let Err(CoreGone) = done.and_then(|()| self.show(is_busy, &core)) {
                    return;
                }
                if !is_busy {
                    self.scrub();
                }
            }
        })?;
        Ok(())
    }

    /// Takes one task. [`Roster::work`] does what there is to do after it.
    pub(crate) fn handle(&mut self, task: RosterTask, core: &Inbox) -> Result<(), CoreGone> {
        match task {
            RosterTask::Now(now) => {
                self.go_by(now);
                self.ask(core)
            }
            RosterTask::Message(message) => match self.incoming.arrived(&message) {
                Arrived::Unasked => Ok(()),
                Arrived::More(question) => say(core, RosterEvent::Say(question)),
                Arrived::Ended { is_whole } => {
                    self.has_other_parts |= is_whole;
                    self.ask(core)
                }
            },
        }
    }

    fn go_by(&mut self, now: Situation) {
        let before = self.now.replace(now.clone());
        if before.as_ref().is_none_or(|before| before.line != now.line) {
            self.incoming.forget_question();
        }
        if before.is_none_or(|before| !Arc::ptr_eq(&before.town, &now.town)) {
            self.incoming.consist_of(&now.town.heads);
            self.unreadable.clear();
            self.rests_until = None;
            match self.parts.belong_to(&now.town.root) {
                Ok(false) => {}
                Ok(true) => warn!("the people of another town were taken out"),
                Err(problem) => self.rest(&problem),
            }
            (self.has_other_rows, self.has_other_parts) = (true, true);
        }
    }

    /// Asks for a part that is lacking: first of the catchment.
    fn ask(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        let Some(Situation { town, line: Some(_), .. }) = &self.now else { return Ok(()) };
        let (near, far): (Vec<&PartHead>, Vec<&PartHead>) =
            town.heads.iter().partition(|head| town.site.is_for(&head.district));
        match self.incoming.next(near.into_iter().chain(far)) {
            Some(question) => say(core, RosterEvent::Say(question)),
            None => Ok(()),
        }
    }

    /// Does one thing with the directory; `false` when there is nothing to do.
    pub(crate) fn work(&mut self) -> bool {
        if self.rests_until.is_some_and(|until| Instant::now() < until) {
            return false;
        }
        self.rests_until = None;
        let Some(now) = self.now.clone() else { return false };
        self.step(&now).unwrap_or_else(|problem| {
            self.rest(&problem);
            false
        })
    }

    fn rest(&mut self, problem: &StoreError) {
        error!(error = problem as &dyn std::error::Error, "the directory was not changed");
        let now = Instant::now();
        self.rests_until = now.checked_add(DISK_AGAIN);
    }

    fn step(&mut self, now: &Situation) -> Result<bool, StoreError> {
        let Situation { town, is_open, line: _ } = now;
        let is_for = |district: &str| *is_open || town.site.is_for(district);
        let loaded = self.parts.loaded()?;
        let whole: BTreeSet<PartDigest> =
            loaded.iter().filter(|part| part.is_whole).map(|part| part.digest).collect();
        let named: BTreeSet<PartDigest> = town.heads.iter().map(|head| head.digest).collect();
        let comes: Vec<&PartHead> = town
            .heads
            .iter()
            .filter(|head| is_for(&head.district) && !whole.contains(&head.digest))
            .collect();
        // People move from part to part: an old one goes only when all that is wanted of the new ones is here.
        let stays =
            |part: &LoadedPart| is_for(&part.district) && (named.contains(&part.digest) || !comes.is_empty());
        let goes: Vec<PartDigest> =
            loaded.iter().filter(|part| !stays(part)).map(|part| part.digest).take(AT_ONCE).collect();
        if !goes.is_empty() {
            self.parts.unload(&goes)?;
            self.has_other_rows = true;
            return Ok(true);
        }
        let opened: Vec<(&PartHead, town::Directory)> =
            comes.into_iter().filter_map(|head| self.opened(head)).take(AT_ONCE).collect();
        if !opened.is_empty() {
            self.parts.load(&opened, &town.key)?;
            self.has_other_rows = true;
            return Ok(true);
        }
        // While something is open that would only take time.
        if !is_open && self.parts.is_unwiped()? && self.parts.wipe()? {
            info!("the directory is written anew: nothing is left in it of what was unloaded");
        }
        self.parts.checkpoint_if_over(0)?;
        Ok(false)
    }

    /// The content of a part, if it is here.
    fn opened<'h>(&mut self, head: &'h PartHead) -> Option<(&'h PartHead, town::Directory)> {
        if !self.incoming.has(&head.digest) || self.unreadable.contains(&head.digest) {
            return None;
        }
        let Some(sealed) = self.incoming.read(&head.digest) else {
            self.has_other_parts = true;
            return None;
        };
        match open_part(head, &sealed) {
            Ok(content) => Some((head, content)),
            Err(problem) => {
                error!(error = &problem as &dyn std::error::Error, "a part of the roster is not in use");
                self.unreadable.insert(head.digest);
                None
            }
        }
    }

    /// Tells the core what changed, when it is time to.
    pub(crate) fn show(&mut self, is_busy: bool, core: &Inbox) -> Result<(), CoreGone> {
        let is_early = is_busy && self.said.is_some_and(|said| said.elapsed() < SHOW);
        if is_early || !(self.has_other_rows || self.has_other_parts) {
            return Ok(());
        }
        self.count();
        self.said = Some(Instant::now());
        say(core, RosterEvent::Changed(self.loaded.clone()))
    }

    fn count(&mut self) {
        if std::mem::take(&mut self.has_other_rows) {
            let counted = self.parts.application_keys().and_then(|keys| Ok((keys, self.parts.people()?)));
            match counted {
                Ok((keys, people)) => {
                    (self.loaded.application_keys, self.loaded.people) = (Arc::new(keys), people);
                }
                Err(problem) => {
                    error!(error = &problem as &dyn std::error::Error, "the directory cannot be read");
                }
            }
        }
        self.has_other_parts = false;
        let heads = self.now.iter().flat_map(|now| &now.town.heads);
        let lacking = heads.filter(|head| !self.incoming.has(&head.digest)).count();
        self.loaded.lacking = u64::try_from(lacking).unwrap_or(u64::MAX);
    }

    /// Finds out in time what the disk does not give any more.
    fn scrub(&mut self) {
        let (at, turn) = self.scrubbed;
        if at.elapsed() >= SCRUB {
            self.has_other_parts |= !self.incoming.is_whole(turn);
            self.scrubbed = (Instant::now(), turn.wrapping_add(1));
        }
    }
}

fn say(core: &Inbox, event: RosterEvent) -> Result<(), CoreGone> {
    if core.send(Event::Roster(event)) { Ok(()) } else { Err(CoreGone) }
}

#[cfg(test)]
mod tests;
