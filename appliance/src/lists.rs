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
use hinamori_pki::{Verifier, most_reported};
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
/// Bytes of a report: 2 % of a list of twenty millions, and some. In memory it takes up to 64 times as much.
const LONGEST_REPORT: usize = 1 << 20;
/// The one in use and the one before.
pub(crate) const GENERATIONS: usize = 2;

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

impl HeldList {
    /// How many additions the server reported, if it did.
    pub(crate) fn reported_count(&self) -> Option<u64> {
        let (_, additions) = self.reported.as_ref()?;
        u64::try_from(additions.len()).ok()
    }
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
    /// The age that the server was told last.
    said: Option<UnixMillis>,
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
            said: None,
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

    pub(crate) fn handle(&mut self, task: ListTask, core: &Inbox) -> Result<(), CoreGone> {
        match task {
            ListTask::Town(authorities) => {
                self.authorities = Some(authorities);
                self.read_shelf();
                self.show(core)
            }
            ListTask::Up => {
                self.is_online = true;
                self.underway.begin_anew();
                self.say_seen(core)
            }
            ListTask::Down => {
                self.is_online = false;
                Ok(())
            }
            ListTask::Message(ListMessage::Offers(offers)) => {
                let held = |id| {
                    let held = self.held.iter().find(|held| held.index.id() == id)?;
                    Some((*held.index.content(), held.index.this_update()))
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
            ListTask::Message(ListMessage::Seen { .. } | ListMessage::Wanted(_)) => Ok(()),
        }
    }

    fn say_seen(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        self.said = self.held.iter().map(|held| held.index.this_update()).min();
        say(core, ListMessage::Seen { epoch: self.underway.seen(), as_of: self.said })
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
        match self.believed(id, bytes, &authorities.feed_key) {
            Ok(Believed { time, additions }) => {
                if !core.send(Event::Lists(ListEvent::ServerTime(time))) {
                    return Err(CoreGone);
                }
                let Some(additions) = additions else { return Ok(()) };
                if let Err(problem) =
                    self.shelf.lock().and_then(|locked| locked.keep_reported(id, Some(bytes)))
                {
                    error!(%problem, "additions to a list were not kept: they count until the next start");
                }
                let held = self.held.iter_mut().find(|held| held.index.id() == id);
                if let Some(held) = held {
                    held.reported = Some((time, Arc::new(additions)));
                }
            }
            Err(text) => {
                warn!(list = %id, text, "what the server reports of a list is not believed");
                self.alarm(id, text);
                self.read_shelf();
            }
        }
        self.show(core)
    }

    /// Whether a report is to be believed, and what it adds to the list that is held; else what is wrong with it.
    fn believed(&self, id: ListId, bytes: &[u8], feed_key: &[u8; 32]) -> Result<Believed, String> {
        if bytes.len() > LONGEST_REPORT {
            return Err(format!("{} bytes of additions at once", bytes.len()));
        }
        let (time, additions) = open_report(bytes, feed_key).map_err(|problem| problem.to_string())?;
        let additions = Additions::from_bytes(additions).map_err(|problem| problem.to_string())?;
        let held = self.held.iter().find(|held| held.index.id() == id);
        let Some(held) = held.filter(|held| speaks_of(&additions, &held.index)) else {
            return Ok(Believed { time, additions: None });
        };
        let (count, entries) = (additions.len(), held.index.entries());
        if count > most_reported(entries) {
            return Err(format!("{count} additions at once to a list of {entries}"));
        }
        let before = held.reported.as_ref().map_or(0, |(_, before)| before.missing_among(&additions));
        if before > 0 {
            return Err("a later report takes an earlier one back".to_owned());
        }
        Ok(Believed { time, additions: Some(additions) })
    }

    /// Notes that something is wrong with a list that is held; of any other there is nothing to be wrong with.
    fn alarm(&self, id: ListId, text: String) {
        if !self.shelf.has(id) {
            return;
        }
        let alarm = Alarm { at: clock::wall(), text, source: "town hall".to_owned() };
        if let Err(problem) = self.shelf.lock().and_then(|locked| locked.alarm(id, alarm)) {
            error!(%problem, "an alarm about a list was not kept");
        }
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
            let (reported, confirmed) =
                held.reported.map_or((None, Confirmed::Yes), |bytes| self.still_reported(id, &index, &bytes));
            let is_contested = confirmed == Confirmed::No
                || held.note.alarms.iter().any(|alarm| alarm.at >= held.note.taken_at);
            lists.push(HeldList { index, is_behind: held.is_behind, reported, is_contested });
        }
        // A delta list goes on from a complete one.
        lists.sort_by_key(|held| held.index.kind() != ListKind::Complete);
        self.held = lists;
    }

    /// What was reported, unless the authority has spoken since; and whether that confirms it.
    fn still_reported(
        &self,
        id: ListId,
        index: &Index<SharedBytes>,
        bytes: &[u8],
    ) -> (Option<(UnixMillis, Arc<Additions>)>, Confirmed) {
        let feed_key = self.authorities.as_ref().map(|authorities| authorities.feed_key);
        let opened = feed_key.and_then(|feed_key| open_report(bytes, &feed_key).ok());
        let read = opened.and_then(|(time, bytes)| Some((time, Additions::from_bytes(bytes).ok()?)));
        // Another town's, or of an older key.
        let Some((time, additions)) = read else { return (None, Confirmed::Yes) };
        if speaks_of(&additions, index) {
            return (Some((time, Arc::new(additions))), Confirmed::Yes);
        }
        // A list of the same or a higher number is here: what it lacks was never revoked by its authority.
        let missing = additions.missing_in(index);
        if missing > 0 {
            warn!(list = %id, missing, "the authority did not confirm what the server reported");
            self.alarm(id, format!("{missing} reported additions were not confirmed by the authority"));
        }
        if let Err(problem) = self.shelf.lock().and_then(|locked| locked.keep_reported(id, None)) {
            error!(%problem, "reported additions were not dropped");
        }
        (None, if missing > 0 { Confirmed::No } else { Confirmed::Yes })
    }

    /// Tells the core what is held, and the server how old it is.
    fn show(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        let as_of = self.held.iter().map(|held| held.index.this_update()).min();
        if self.is_online && self.said != as_of {
            self.say_seen(core)?;
        }
        if core.send(Event::Lists(ListEvent::Held(self.held.clone()))) { Ok(()) } else { Err(CoreGone) }
    }
}

/// A report whose signature holds.
struct Believed {
    /// The server's time.
    time: UnixMillis,
    /// What is new about the list that is held.
    additions: Option<Additions>,
}

/// Whether an authority's list names everything that was reported for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Confirmed {
    Yes,
    No,
}

/// The daemon ends.
pub(crate) struct CoreGone;

fn say(core: &Inbox, message: ListMessage) -> Result<(), CoreGone> {
    if core.send(Event::Lists(ListEvent::Say(message))) { Ok(()) } else { Err(CoreGone) }
}

/// Whether additions go on from this very list.
fn speaks_of(additions: &Additions, index: &Index<SharedBytes>) -> bool {
    let step = additions.step();
    (&step.issuer, &step.scope) == index.speaks_for() && step.old_content == *index.content()
}

/// Gives a verifier the lists.
pub(crate) fn equip(verifier: &mut Verifier, lists: &[HeldList]) {
    for HeldList { index, is_behind, reported, is_contested: _ } in lists {
        let held =
            if *is_behind { verifier.hold_behind(index.clone()) } else { verifier.hold(index.clone()) };
        let reported = reported.as_ref().map(|(_, additions)| Arc::clone(additions));
        let reported = held.map(|_taken| reported.map_or(Ok(()), |additions| verifier.report(additions)));
        match reported {
            Ok(Ok(())) => {}
            Ok(Err(problem)) => {
                warn!(error = &problem as &dyn std::error::Error, list = %index.id(), "additions are not in use");
            }
            Err(problem) => {
                warn!(error = &problem as &dyn std::error::Error, list = %index.id(), "a list is not in use");
            }
        }
    }
}
