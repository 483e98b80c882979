//! What the roster's keeper says, and what it is told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hinamori_model::{Mode, PersonId, UnixMillis};
use hinamori_people::{RosterIndex, RosterPerson};
use hinamori_record::Fact;
use hinamori_store_sqlite::{ApplicationKeys, Directory, DirectoryParts, StoreError};
use hinamori_sync::RosterMessage;
use hinamori_sync::town::Person;
use tracing::{error, info, warn};

use super::{Core, Event, Inbox};
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
    /// Names and who has not arrived, while an incident is open.
    index: Option<RosterIndex>,
    indexing: Indexing,
    /// Where the directory lies; `None` when it is in memory.
    path: Option<PathBuf>,
    /// The way to the core for whoever makes an index on a thread of its own; `None` before the core runs.
    to_core: Option<Inbox>,
}

/// Whether an index is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Indexing {
    /// None is.
    Idle,
    /// One is.
    Running,
    /// One is, of people who were loaded before others were.
    Outdated,
}

impl People {
    fn nobody() -> Self {
        Self {
            keeper: None,
            way: None,
            told: None,
            loaded: Loaded::default(),
            index: None,
            indexing: Indexing::Idle,
            path: None,
            to_core: None,
        }
    }

    /// Names and who has not arrived, while an incident is open and they are ready.
    pub(super) const fn index(&self) -> Option<&RosterIndex> {
        self.index.as_ref()
    }

    /// The same, for whoever brings it up to date and puts it back.
    pub(super) const fn take_index(&mut self) -> Option<RosterIndex> {
        self.index.take()
    }

    /// Nothing is searched or counted until there is a new one.
    pub(super) fn drop_index(&mut self) {
        self.index = None;
    }

    pub(super) fn put_index(&mut self, index: RosterIndex) {
        self.index = Some(index);
    }

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
        Ok((directory, (keeper, way))) => Ok((
            directory,
            People { keeper: Some(keeper), way: Some(way), path: Some(path), ..People::nobody() },
        )),
        Err(problem) => {
            error!(error = &problem as &dyn std::error::Error, "the roster cannot be kept: nobody is known");
            let directory = Directory::open(Path::new(":memory:"))?;
            Ok((directory, People::nobody()))
        }
    }
}

/// The directory comes again out of the parts: one that cannot be read keeps nobody waiting.
fn open_parts(path: &Path) -> Result<std::io::Result<DirectoryParts>, StoreError> {
    let problem = match DirectoryParts::open(path) {
        Ok(parts) => return Ok(Ok(parts)),
        Err(problem @ StoreError::NewerSchema { .. }) => return Err(problem),
        Err(problem) => problem,
    };
    error!(error = &problem as &dyn std::error::Error, "the directory cannot be read and is made anew");
    for end in ["", "-wal", "-shm"] {
        // It may hold the names of a whole town, and nobody could wipe them any more.
        match std::fs::remove_file(format!("{}{end}", path.display())) {
            Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                warn!(%problem, "the damaged directory cannot be removed");
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(DirectoryParts::open(path).map_err(std::io::Error::other))
}

/// Cards that are joined to people in one change.
const MOST_JOINED: usize = 200;

/// The index of everybody whom the directory in a file holds.
fn read_index(directory: &Path, hidden_by_records: &BTreeSet<PersonId>) -> Result<RosterIndex, StoreError> {
    let directory = Directory::open(directory)?;
    let mut people = Vec::new();
    directory.for_each_person(|person| {
        let Person {
            id: person,
            household,
            name,
            kana,
            called_name,
            district,
            group,
            support,
            on_register,
            hidden,
            ..
        } = person;
        let hidden = hidden || hidden_by_records.contains(&person);
        let needs_support = !support.is_empty();
        let lives_here = on_register || household.is_some();
        people.push(RosterPerson {
            person,
            household,
            name,
            kana,
            called_name,
            district,
            group,
            lives_here,
            needs_support,
            hidden,
        });
    })?;
    Ok(RosterIndex::build(&people))
}

impl Core {
    /// Lets the roster's keeper work.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn start_roster(&mut self, to_core: Inbox) -> std::io::Result<()> {
        self.roster.to_core = Some(to_core.clone());
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
            self.join_known_cards(now);
            // Somebody else may be hidden.
            self.recount(now);
            self.renew_index(now);
        }
    }

    /// Makes the index of whoever is loaded anew, beside everything else; without an open incident there is none.
    pub(super) fn renew_index(&mut self, now: UnixMillis) {
        if self.opening.mode() == Mode::DailyLife {
            self.roster.index = None;
            return;
        }
        let Some(path) = self.roster.path.clone() else { return };
        let hidden = self.directory.hidden_by_records().clone();
        let Some(to_core) = self.roster.to_core.clone() else {
            let index = read_index(&path, &hidden);
            return self.take_index(index, &hidden, now);
        };
        if self.roster.indexing != Indexing::Idle {
            self.roster.indexing = Indexing::Outdated;
            return;
        }
        let begun = std::thread::Builder::new().name("roster-index".to_owned()).spawn(move || {
            // A core that is gone needs none.
            let _is_there: bool =
                to_core.send(Event::RosterIndex(Box::new((read_index(&path, &hidden), hidden))));
        });
        match begun {
            Ok(_thread) => self.roster.indexing = Indexing::Running,
            Err(problem) => error!(%problem, "the roster cannot be searched: no thread for its index"),
        }
    }

    /// An index is ready, in which these people were hidden by records.
    pub(super) fn take_index(
        &mut self,
        index: Result<RosterIndex, StoreError>,
        hidden: &BTreeSet<PersonId>,
        now: UnixMillis,
    ) {
        let is_outdated = self.roster.indexing == Indexing::Outdated;
        self.roster.indexing = Indexing::Idle;
        if self.opening.mode() == Mode::DailyLife {
            // The incident ended meanwhile.
            return;
        }
        match index {
            Ok(index) => {
                self.roster.index = Some(index);
                // Somebody may have been hidden while it was made.
                self.hide_in_index(hidden);
                self.note_all_standings(now);
            }
            Err(problem) => {
                self.roster.index = None;
                error!(error = &problem as &dyn std::error::Error, "the roster cannot be searched");
            }
        }
        if is_outdated {
            self.renew_index(now);
        }
    }

    /// A card that was taken like an unknown one, before its owner was loaded, gets its owner now.
    pub(super) fn join_known_cards(&mut self, now: UnixMillis) {
        // Before the lanes are there nothing can be written; it is tried again when they are.
        let Some(lane) = self.lane_ids().first().copied() else { return };
        loop {
            let facts = match self.known_since() {
                Ok(facts) if facts.is_empty() => return,
                Ok(facts) => facts,
                Err(problem) => {
                    return error!(
                        error = &problem as &dyn std::error::Error,
                        "cards cannot be joined to people"
                    );
                }
            };
            let incident = self.open_incident();
            // On a full disk they stay apart until people are loaded again; nobody is lost by it.
            if self.write(incident, lane, &facts, now).is_err() {
                return;
            }
            self.note_all_standings(now);
            info!(cards = facts.len(), "cards were joined to people who were loaded after their first tap");
        }
    }

    fn known_since(&self) -> Result<Vec<Fact>, StoreError> {
        let incident = self.shown_incident();
        let mut unknown = Vec::new();
        self.ledger.store(incident).for_each_presence(incident, |person, _| unknown.push(person))?;
        let mut facts = Vec::new();
        for from in unknown {
            if let Some((to, binding)) = self.directory.owner_of_derived(from)?
                && facts.len() < MOST_JOINED
            {
                facts.push(Fact::Link { from, to, binding });
            }
        }
        Ok(facts)
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
