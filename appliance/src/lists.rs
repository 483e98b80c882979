//! The keeper of revocation lists: a thread of its own, because a nation's list takes a second where a tap takes
//! milliseconds. It owns the shelf, asks the server for what is missing, checks what comes, and hands the core
//! what cards are checked against.

mod underway;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use hinamori_crl::{Additions, Index, ListKind, SharedBytes};
use hinamori_crl_mmap::{Alarm, NotTaken, Shelf};
use hinamori_model::{ListId, UnixMillis};
use hinamori_pki::Verifier;
use hinamori_sync::{ListMessage, open_report};
use tracing::{error, info, warn};

use crate::clock;
use crate::core::{Event, Inbox};
use underway::Underway;

/// Messages that wait for the keeper. A server that sends more than it was asked for is hung up on.
const TASKS: usize = 64;
/// How often the shelf is looked at: `hinamorictl crl import` may have put something there.
const LOOK: Duration = Duration::from_secs(1);
/// How often a list on the disk is read again.
const SCRUB: Duration = Duration::from_secs(600);
/// The one in use and the one before.
pub(crate) const GENERATIONS: usize = 2;
/// Of a list's entries so many may be reported at once; of a short one [`FEW`].
const MOST_REPORTED: u64 = 50;
const FEW: u64 = 100;

/// Under whose authority lists are taken.
pub(crate) struct Authorities {
    /// Pinned authorities; it holds no list.
    pub(crate) verifier: Verifier,
    /// Authorities under them (DER).
    pub(crate) intermediates: Vec<Vec<u8>>,
    /// The key under which the server reports.
    pub(crate) feed_key: [u8; 32],
}

/// What the keeper is told.
pub(crate) enum ListTask {
    /// The town changed.
    Town(Arc<Authorities>),
    /// There is a connection to the server.
    Up,
    /// There is none any more.
    Down,
    /// The server says this.
    Message(ListMessage),
}

/// What the keeper says.
#[derive(Debug)]
pub(crate) enum ListEvent {
    /// These lists are held now.
    Held(Vec<HeldList>),
    /// To the server.
    Say(ListMessage),
    /// The server signed that it is this late.
    ServerTime(UnixMillis),
}

/// A list as cards are checked against it.
#[derive(Debug, Clone)]
pub(crate) struct HeldList {
    /// The list.
    pub(crate) index: Index<SharedBytes>,
    /// A newer one was here and is gone.
    pub(crate) is_behind: bool,
    /// What the server reported since, and when.
    pub(crate) reported: Option<(UnixMillis, Arc<Additions>)>,
    /// Something was wrong since it was taken, and somebody has to look.
    pub(crate) is_contested: bool,
}

/// The way to the keeper.
#[derive(Debug, Clone)]
pub(crate) struct Keeper(SyncSender<ListTask>);

/// The keeper cannot follow.
pub(crate) struct TooMuch;

impl Keeper {
    /// Tells it something without waiting.
    pub(crate) fn tell(&self, task: ListTask) -> Result<(), TooMuch> {
        match self.0.try_send(task) {
            // The keeper ended: so does the daemon.
            Ok(()) | Err(TrySendError::Disconnected(_)) => Ok(()),
            Err(TrySendError::Full(_)) => Err(TooMuch),
        }
    }
}

/// The keeper before its thread begins.
pub(crate) struct Lists {
    shelf: Shelf,
    tasks: Receiver<ListTask>,
    authorities: Option<Arc<Authorities>>,
    held: Vec<HeldList>,
    stamp: Option<UnixMillis>,
    is_online: bool,
    underway: Underway,
    scrubbed: (Instant, usize),
}

impl Lists {
    /// Opens the shelf in a data folder.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(data: &Path) -> io::Result<(Self, Keeper)> {
        let shelf = Shelf::open(data, GENERATIONS)?;
        shelf.lock()?.tidy()?;
        let (sender, tasks) = sync_channel(TASKS);
        let underway = Underway::open(&shelf);
        let lists = Self {
            shelf,
            tasks,
            authorities: None,
            held: Vec::new(),
            stamp: None,
            is_online: false,
            underway,
            scrubbed: (Instant::now(), 0),
        };
        Ok((lists, Keeper(sender)))
    }

    /// Reads what lies on the shelf, of the town with these authorities.
    pub(crate) fn load(&mut self, authorities: Arc<Authorities>) -> Vec<HeldList> {
        self.authorities = Some(authorities);
        self.read_shelf();
        self.held.clone()
    }

    /// Works until the core is gone.
    pub(crate) fn start(mut self, core: Inbox) -> io::Result<()> {
        std::thread::Builder::new().name("lists".to_owned()).spawn(move || {
            loop {
                let done = match self.tasks.recv_timeout(LOOK) {
                    Ok(task) => self.handle(task, &core),
                    Err(RecvTimeoutError::Timeout) => self.look_around(&core),
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                if let Err(CoreGone) = done {
                    return;
                }
            }
        })?;
        Ok(())
    }

    fn handle(&mut self, task: ListTask, core: &Inbox) -> Result<(), CoreGone> {
        match task {
            ListTask::Town(authorities) => {
                self.authorities = Some(authorities);
                self.read_shelf();
                self.show(core)
            }
            ListTask::Up => {
                self.is_online = true;
                self.underway.begin_anew();
                say(core, ListMessage::Seen(self.underway.seen()))
            }
            ListTask::Down => {
                self.is_online = false;
                Ok(())
            }
            ListTask::Message(ListMessage::Offers(offers)) => {
                let held = |id| {
                    self.held.iter().find(|held| held.index.id() == id).map(|held| *held.index.content())
                };
                self.underway.offered(&offers, held);
                self.ask(core)
            }
            ListTask::Message(ListMessage::Reported { id, bytes }) => self.reported(id, &bytes, core),
            ListTask::Message(ListMessage::Piece(piece)) => {
                match self.underway.arrived(&self.shelf, &piece) {
                    Ok(Some(patch)) => self.assemble(&patch, core)?,
                    Ok(None) => {}
                    Err(problem) => {
                        warn!(error = &problem as &dyn std::error::Error, "a piece of a list was not kept");
                    }
                }
                self.ask(core)
            }
            // Not for a box.
            ListTask::Message(ListMessage::Seen(_) | ListMessage::Wanted(_)) => Ok(()),
        }
    }

    /// Asks for the next piece of what is wanted.
    fn ask(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        match self.underway.next(&self.shelf) {
            Some(wanted) if self.is_online => say(core, ListMessage::Wanted(wanted)),
            Some(_) | None => Ok(()),
        }
    }

    /// The patch is complete: makes the list out of it, and takes it like one from a stick.
    fn assemble(&mut self, patch: &underway::Complete, core: &Inbox) -> Result<(), CoreGone> {
        let Some(authorities) = self.authorities.clone() else { return Ok(()) };
        let now = clock::wall();
        match self.make_and_take(patch, &authorities, now) {
            Ok(()) => self.underway.done(&self.shelf, patch),
            Err(problem) => {
                error!(
                    error = &problem as &dyn std::error::Error,
                    "a list that the server sent was not taken"
                );
                self.underway.failed(&self.shelf, patch);
            }
        }
        self.read_shelf();
        self.show(core)
    }

    fn make_and_take(
        &self,
        patch: &underway::Complete,
        authorities: &Authorities,
        now: UnixMillis,
    ) -> Result<(), NotTaken> {
        let held = self.held.iter().find(|held| held.index.id() == patch.wanted.id);
        let held = held.filter(|_| patch.wanted.held.is_some());
        let reported = held.and_then(|held| held.reported.as_ref()).map(|(_, additions)| &**additions);
        let file = underway::make_list(&self.shelf, patch, held.map(|held| &held.index), reported)?;
        let intermediates: Vec<&[u8]> = authorities.intermediates.iter().map(Vec::as_slice).collect();
        let locked = self.shelf.lock()?;
        let taken = locked.take(&file, &authorities.verifier, &intermediates, "town hall", now)?;
        info!(list = %taken.index.id(), entries = taken.index.entries(), "a list of the server was taken");
        Ok(())
    }

    /// Additions on the server's own word.
    fn reported(&mut self, id: ListId, bytes: &[u8], core: &Inbox) -> Result<(), CoreGone> {
        let Some(authorities) = self.authorities.clone() else { return Ok(()) };
        let now = clock::wall();
        let refuse = |text: String| {
            warn!(list = %id, text, "what the server reports of a list is not believed");
            let alarm = Alarm { at: now, text, source: "town hall".to_owned() };
            let raised = self.shelf.lock().and_then(|locked| locked.alarm(id, alarm));
            if let Err(problem) = raised {
                error!(%problem, "an alarm about a list was not kept");
            }
        };
        let (time, additions) = match open_report(bytes, &authorities.feed_key) {
            Ok((time, additions)) => (time, Additions::from_bytes(additions)),
            Err(problem) => {
                refuse(problem.to_string());
                return Ok(());
            }
        };
        let Ok(additions) = additions else {
            refuse("the additions are malformed".to_owned());
            return Ok(());
        };
        if !core.send(Event::Lists(ListEvent::ServerTime(time))) {
            return Err(CoreGone);
        }
        let Some(held) = self.held.iter_mut().find(|held| held.index.id() == id) else { return Ok(()) };
        if !speaks_of(&additions, &held.index) {
            return Ok(());
        }
        if is_too_much(&additions, &held.index) {
            let (count, entries) = (additions.len(), held.index.entries());
            refuse(format!("{count} additions at once to a list of {entries}"));
            return Ok(());
        }
        if let Err(problem) = self.shelf.lock().and_then(|locked| locked.keep_reported(id, Some(bytes))) {
            error!(%problem, "additions to a list were not kept: they count until the next start");
        }
        held.reported = Some((time, Arc::new(additions)));
        self.show(core)
    }

    fn look_around(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        if self.shelf.stamp() != self.stamp {
            self.read_shelf();
            self.show(core)?;
        }
        let (last, number) = self.scrubbed;
        if last.elapsed() >= SCRUB
            && let Some(held) = self.held.get(number % self.held.len().max(1))
        {
            match self.shelf.scrub(&held.index) {
                Ok(false) => {}
                Ok(true) => warn!(list = %held.index.id(), "a list was damaged on the disk and written anew"),
                Err(problem) => error!(%problem, "a list on the disk can be neither read nor written"),
            }
            self.scrubbed = (Instant::now(), number.wrapping_add(1));
        }
        Ok(())
    }

    fn read_shelf(&mut self) {
        self.stamp = self.shelf.stamp();
        let held = match self.shelf.held() {
            Ok(held) => held,
            Err(problem) => return error!(%problem, "the lists on the disk cannot be read"),
        };
        let mut lists = Vec::new();
        for (id, held) in held {
            let Some(index) = held.index else {
                warn!(list = %id, "no generation of a list can be read: cards of its partition are unknown");
                continue;
            };
            let reported = held.reported.and_then(|bytes| self.still_reported(id, &index, &bytes));
            let is_contested = held.note.alarms.iter().any(|alarm| alarm.at > held.note.taken_at);
            lists.push(HeldList { index, is_behind: held.is_behind, reported, is_contested });
        }
        // A delta list goes on from a complete one.
        lists.sort_by_key(|held| held.index.kind() != ListKind::Complete);
        self.held = lists;
    }

    /// What was reported, unless the authority has spoken since.
    fn still_reported(
        &self,
        id: ListId,
        index: &Index<SharedBytes>,
        bytes: &[u8],
    ) -> Option<(UnixMillis, Arc<Additions>)> {
        let feed_key = self.authorities.as_ref()?.feed_key;
        let (time, additions) = open_report(bytes, &feed_key).ok()?;
        let additions = Additions::from_bytes(additions).ok()?;
        if speaks_of(&additions, index) {
            return Some((time, Arc::new(additions)));
        }
        // A list of the same or a higher number is here: what it lacks was never revoked by its authority.
        let missing = additions.missing_in(index);
        let now = clock::wall();
        let dropped = self.shelf.lock().and_then(|locked| {
            if missing > 0 {
                warn!(list = %id, missing, "the authority did not confirm what the server reported");
                let text = format!("{missing} reported additions were not confirmed by the authority");
                locked.alarm(id, Alarm { at: now, text, source: "town hall".to_owned() })?;
            }
            locked.keep_reported(id, None)
        });
        if let Err(problem) = dropped {
            error!(%problem, "reported additions were not dropped");
        }
        None
    }

    fn show(&self, core: &Inbox) -> Result<(), CoreGone> {
        if core.send(Event::Lists(ListEvent::Held(self.held.clone()))) { Ok(()) } else { Err(CoreGone) }
    }
}

/// The daemon ends.
struct CoreGone;

fn say(core: &Inbox, message: ListMessage) -> Result<(), CoreGone> {
    if core.send(Event::Lists(ListEvent::Say(message))) { Ok(()) } else { Err(CoreGone) }
}

/// Whether additions go on from this very list.
fn speaks_of(additions: &Additions, index: &Index<SharedBytes>) -> bool {
    let step = additions.step();
    (&step.issuer, &step.scope) == index.speaks_for() && step.old_content == *index.content()
}

/// A server that was taken over must not declare a nation's cards revoked.
fn is_too_much(additions: &Additions, index: &Index<SharedBytes>) -> bool {
    let most = (index.entries() / MOST_REPORTED).max(FEW);
    u64::try_from(additions.len()).unwrap_or(u64::MAX) > most
}

/// Gives a verifier the lists.
pub(crate) fn equip(verifier: &mut Verifier, lists: &[HeldList]) {
    for HeldList { index, is_behind, reported } in lists {
        if let Err(problem) = verifier.hold(index.clone()) {
            warn!(error = &problem as &dyn std::error::Error, list = %index.id(), "a list on the disk is not in use");
            continue;
        }
        todo!()
    }
}
