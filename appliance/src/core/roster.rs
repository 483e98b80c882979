//! What the roster's keeper says, and what it is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinamori_model::{Mode, UnixMillis};
use hinamori_store_sqlite::{ApplicationKeys, Directory, DirectoryParts, StoreError};
use hinamori_sync::RosterMessage;
use tracing::{error, warn};

use super::{Core, Inbox};
use crate::roster::{Loaded, Roster, RosterEvent, RosterKeeper, RosterTask, Situation};

/// The roster's keeper, as the core has it.
pub(super) struct People {
    /// The keeper until its thread begins.
    keeper: Option<Roster>,
    /// The way to it; without a folder for the roster there is none.
    way: Option<RosterKeeper>,
    /// What it was told last.
    told: Option<Situation>,
    /// What it said last.
    loaded: Loaded,
}

impl People {
    pub(super) const fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    pub(super) fn application_keys(&self) -> Arc<ApplicationKeys> {
        Arc::clone(&self.loaded.application_keys)
    }
}

/// The directory's two ends. Where it cannot be had nobody is known, and people are received all the same.
///
/// # Errors
/// [`StoreError::NewerSchema`], and when not even memory takes a directory.
pub(super) fn open(data: &Path) -> Result<(Directory, People), StoreError> {
    let path = data.join("directory.sqlite");
    let opened = open_parts(&path)?.and_then(|parts| {
        let directory = Directory::open(&path).map_err(std::io::Error::other)?;
        Roster::open(data, parts).map(|keeper| (directory, keeper))
    });
    match opened {
        Ok((directory, (keeper, way))) => {
            let (keeper, way) = (Some(keeper), Some(way));
            Ok((directory, People { keeper, way, told: None, loaded: Loaded::default() }))
        }
        Err(problem) => {
            error!(error = &problem as &dyn std::error::Error, "the roster cannot be kept: nobody is known");
            let directory = Directory::open(Path::new(":memory:"))?;
            Ok((directory, People { keeper: None, way: None, told: None, loaded: Loaded::default() }))
        }
    }
}

/// The directory comes again out of the parts: one that cannot be read keeps nobody waiting, and stays for whoever wants
/// to know how that came.
fn open_parts(path: &Path) -> Result<std::io::Result<DirectoryParts>, StoreError> {
    let problem = match DirectoryParts::open(path) {
        Ok(parts) => return Ok(Ok(parts)),
        Err(problem @ StoreError::NewerSchema { .. }) => return Err(problem),
        Err(problem) => problem,
    };
    error!(error = &problem as &dyn std::error::Error, "the directory cannot be read and is made anew");
    for end in ["", "-wal", "-shm"] {
        let name = |of: &str| PathBuf::from(format!("{}{of}{end}", path.display()));
        match std::fs::rename(name(""), name(".damaged")) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                warn!(%problem, "the damaged directory cannot be moved away");
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(DirectoryParts::open(path).map_err(std::io::Error::other))
}

impl Core {
    /// Lets the roster's keeper work.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start_roster(&mut self, to_core: Inbox) -> std::io::Result<()> {
        self.roster.keeper.take().map_or(Ok(()), |keeper| keeper.start(to_core))
    }

    /// Tells the keeper how things are, when they are another way than it was told.
    pub(super) fn tell_roster(&mut self, now: UnixMillis) {
        // A made-up town has no people, and those of the real one stay for when its package comes again.
        if !self.town.is_enrolled() {
            return;
        }
        let situation = Situation {
            town: Arc::clone(&self.town.roster),
            is_open: self.opening.mode() != Mode::DailyLife,
            line: self.uplink.number(),
        };
        if self.roster.told.as_ref() == Some(&situation) {
            return;
        }
        if let Some(keeper) = &mut self.roster.keeper {
            let loaded = keeper.load(situation.clone());
            self.roster.told = Some(situation);
            self.take_people(loaded, now);
        } else if let Some(way) = &self.roster.way
            && way.tell(RosterTask::Now(situation.clone()))
        {
            self.roster.told = Some(situation);
        }
    }

    pub(super) fn roster_event(&mut self, event: RosterEvent, now: UnixMillis) {
        match event {
            RosterEvent::Changed(loaded) => self.take_people(loaded, now),
            RosterEvent::Say(message) => self.ask_server_for_people(message),
        }
    }

    fn take_people(&mut self, loaded: Loaded, now: UnixMillis) {
        let has_same_rows = Arc::ptr_eq(&self.roster.loaded.application_keys, &loaded.application_keys);
        self.roster.loaded = loaded;
        if !has_same_rows {
            self.renew_checks();
            // Somebody else may be hidden.
            self.recount(now);
        }
    }

    /// What the server said of the roster.
    pub(super) fn roster_heard(&mut self, messages: Vec<RosterMessage>) {
        for message in messages {
            let is_told = self.roster.way.as_ref().is_none_or(|way| way.tell(RosterTask::Message(message)));
            if !is_told {
                error!("the server sends more of the roster than it was asked for");
                return self.hang_up();
            }
        }
    }
}
