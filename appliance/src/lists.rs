//! The keeper of revocation lists: a thread of its own, because a nation's list takes a second where a tap takes
//! milliseconds. It owns the shelf, asks the server for what is missing, checks what comes, and hands the core
//! what cards are checked against.

mod underway;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use hinamori_crl::{Additions, Index, ListKind, SharedBytes, Standing};
use hinamori_crl_mmap::{Alarm, Held, Locked, Mark, NotTaken, Shelf};
use hinamori_model::{ListId, UnixMillis};
use hinamori_pki::{Verifier, most_reported};
use hinamori_sync::{ListMessage, ListWanted, open_report};
use tracing::{error, info, warn};

use crate::clock;
use crate::core::{Event, Inbox};
use underway::{Arrived, Underway};

/// Messages that wait for the keeper. A server that sends more than it was asked for is hung up on.
const TASKS: usize = 16;
/// How often the shelf is looked at: `hinamorictl crl import` may have put something there.
const LOOK: Duration = Duration::from_secs(1);
/// Many lists that come one behind the other are shown to the core no more often than this.
const SHOW: Duration = Duration::from_secs(2);
/// How often a list on the disk is read again.
const SCRUB: Duration = Duration::from_secs(600);
/// Alarms that are kept in mind: a budget.
const MOST_RAISED: usize = 1_000;
/// Milliseconds that a list may lie ahead of what is known of the time, when somebody reports it.
const FURTHEST_AHEAD: u64 = 31 * 86_400_000;
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
    /// The town's root.
    pub(crate) root: [u8; 32],
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
    Held(Shown),
    /// To the server.
    Say(ListMessage),
    /// The server signed that it is this late.
    ServerTime(UnixMillis),
}

/// What cards are checked against.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    /// The lists.
    pub(crate) lists: Vec<HeldList>,
    /// How far lists came of which the newest cannot be read any more, as their marks say.
    pub(crate) reached: Vec<Mark>,
    /// A list was here, and nobody knows which, or the disk says nothing.
    pub(crate) is_unreadable: bool,
}

impl Shown {
    /// Whether somebody has to look.
    pub(crate) fn is_contested(&self) -> bool {
        self.is_unreadable || self.lists.iter().any(|held| held.is_contested)
    }
}

/// A list as cards are checked against it.
#[derive(Debug, Clone)]
pub(crate) struct HeldList {
    /// The list.
    pub(crate) index: Index<SharedBytes>,
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
    /// Nobody is there to be told anything.
    pub(crate) fn of_nobody() -> Self {
        Self(sync_channel(0).0)
    }

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
    shown: Shown,
    /// When the core heard last of what is held, and whether there is something new since.
    said_to_core: (Instant, bool),
    stamp: Option<UnixMillis>,
    is_online: bool,
    /// The age that the server was told last.
    said: Option<UnixMillis>,
    underway: Underway,
    scrubbed: (Instant, usize),
    /// Alarms that were raised about what is held: the same one twice says nothing new.
    raised: BTreeSet<(ListId, [u8; 32], String)>,
    /// For what was lost the server was asked to say all again.
    asked_again_for: Vec<Mark>,
    /// When the shelf was looked at, once the thread runs.
    looked: Option<Instant>,
}

impl Lists {
    /// Opens the shelf in a data folder.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(data: &Path) -> io::Result<(Self, Keeper)> {
        let shelf = Shelf::open(data, GENERATIONS)?;
        if let Err(problem) = shelf.tidy() {
            warn!(%problem, "what a stop left of lists stays for now");
        }
        let (sender, tasks) = sync_channel(TASKS);
        let underway = Underway::open(&shelf, [0; 32]);
        let lists = Self {
            shelf,
            tasks,
            authorities: None,
            shown: Shown::default(),
            said_to_core: (Instant::now(), false),
            stamp: None,
            is_online: false,
            said: None,
            underway,
            scrubbed: (Instant::now(), 0),
            raised: BTreeSet::new(),
            asked_again_for: Vec::new(),
            looked: None,
        };
        Ok((lists, Keeper(sender)))
    }

    /// Reads what lies on the shelf, of the town with these authorities.
    pub(crate) fn load(&mut self, authorities: Arc<Authorities>) -> Shown {
        self.belong_to(authorities);
        self.read_shelf();
        self.shown.clone()
    }

    fn belong_to(&mut self, authorities: Arc<Authorities>) {
        if *self.underway.root() != authorities.root {
            self.underway = Underway::open(&self.shelf, authorities.root);
        }
        self.underway.forget_refused();
        if self.authorities.as_ref().is_some_and(|before| before.feed_key != authorities.feed_key) {
            // Nobody vouches for what another key reported.
            self.shown.lists.iter_mut().for_each(|held| held.reported = None);
        }
        self.authorities = Some(authorities);
    }

    /// Works until the core is gone.
    pub(crate) fn start(mut self, core: Inbox) -> io::Result<()> {
        std::thread::Builder::new().name("lists".to_owned()).spawn(move || {
            self.looked = Some(Instant::now());
            loop {
                let done = match self.tasks.recv_timeout(LOOK) {
                    Ok(task) => self.handle(task, &core),
                    Err(RecvTimeoutError::Timeout) => Ok(()),
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                // Also while one piece follows the other.
                let is_due = self.looked.is_none_or(|looked| looked.elapsed() >= LOOK);
                let done = done.and_then(|()| if is_due { self.look_around(&core) } else { Ok(()) });
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
                self.belong_to(authorities);
                self.read_shelf();
                self.show(core)
            }
            ListTask::Up => {
                self.is_online = true;
                // What was lost was dealt with once, and has to be said once more.
                if self.asked_again_for != self.shown.reached {
                    self.asked_again_for.clone_from(&self.shown.reached);
                    self.underway.forget_seen();
                }
                self.underway.begin_anew();
                self.say_seen(core)
            }
            ListTask::Down => {
                self.is_online = false;
                Ok(())
            }
            ListTask::Message(ListMessage::Offers(offers)) => {
                let lists = &self.shown.lists;
                let held = |id| {
                    let held = lists.iter().find(|held| held.index.id() == id)?;
                    Some((*held.index.content(), held.index.this_update()))
                };
                self.underway.offered(&offers, clock::wall(), held);
                self.ask(core)
            }
            ListTask::Message(ListMessage::Reported { id, bytes }) => self.reported(id, &bytes, core),
            ListTask::Message(ListMessage::Piece(piece)) => {
                match self.underway.arrived(&self.shelf, &piece) {
                    Ok(Arrived::Complete(wanted)) => self.assemble(&wanted, core)?,
                    Ok(Arrived::Going) => {}
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
        self.said = self.as_of();
        say(core, ListMessage::Seen { epoch: self.underway.seen(), as_of: self.said })
    }

    fn as_of(&self) -> Option<UnixMillis> {
        self.shown.lists.iter().map(|held| held.index.this_update()).min()
    }

    /// Asks for the next piece of what is wanted.
    fn ask(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        if !self.is_online {
            return Ok(());
        }
        let lists = &self.shown.lists;
        let held = |id| lists.iter().find(|held| held.index.id() == id).map(|held| *held.index.content());
        match self.underway.next(&self.shelf, held) {
            Some(wanted) => say(core, ListMessage::Wanted(wanted)),
            None if self.underway.is_done() && self.said_to_core.1 => self.show(core),
            None => Ok(()),
        }
    }

    /// All pieces are here: makes the list out of them, and takes it like one from a stick.
    fn assemble(&mut self, wanted: &ListWanted, core: &Inbox) -> Result<(), CoreGone> {
        let Some(authorities) = self.authorities.clone() else { return Ok(()) };
        let now = clock::wall();
        match self.make_and_take(wanted, &authorities, now) {
            Ok(()) => self.underway.done(&self.shelf, wanted),
            Err(problem) => {
                error!(
                    error = &problem as &dyn std::error::Error,
                    "a list that the server sent was not taken"
                );
                match problem {
                    NotTaken::Disk(problem) if problem.kind() != io::ErrorKind::InvalidData => {
                        self.underway.postpone();
                    }
                    // Whole or not, its bytes are the same.
                    NotTaken::Backwards(_) => self.underway.give_up(wanted),
                    NotTaken::Disk(_) | NotTaken::Refused(_) | NotTaken::TooLong => {
                        self.underway.go_without(&self.shelf, wanted);
                    }
                }
            }
        }
        self.read_shelf();
        // A nation in partitions comes one behind the other: the core is not to work on each.
        self.said_to_core.1 = true;
        if self.said_to_core.0.elapsed() < SHOW { Ok(()) } else { self.show(core) }
    }

    fn make_and_take(
        &self,
        wanted: &ListWanted,
        authorities: &Authorities,
        now: UnixMillis,
    ) -> Result<(), NotTaken> {
        let held = self.shown.lists.iter().find(|held| held.index.id() == wanted.id);
        let held = held.filter(|_| wanted.held.is_some());
        let reported = held.and_then(|held| held.reported.as_ref()).map(|(_, additions)| &**additions);
        let file = underway::make_list(&self.shelf, wanted, held.map(|held| &held.index), reported)?;
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
                let held = self.shown.lists.iter_mut().find(|held| held.index.id() == id);
                if let Some(held) = held {
                    held.reported = Some((time, Arc::new(additions)));
                }
                self.show(core)
            }
            Err(text) => {
                warn!(list = %id, text, "what the server reports of a list is not believed");
                let held = self.shown.lists.iter().find(|held| held.index.id() == id);
                let content = held.map(|held| *held.index.content());
                if content.is_some_and(|content| self.alarm(id, &content, text)) {
                    self.read_shelf();
                    self.show(core)?;
                }
                Ok(())
            }
        }
    }

    /// Whether a report is to be believed, and what it adds to the list that is held; else what is wrong with it.
    fn believed(&self, id: ListId, bytes: &[u8], feed_key: &[u8; 32]) -> Result<Believed, String> {
        let (time, additions) = open_report(bytes, feed_key).map_err(|problem| problem.to_string())?;
        let additions = Additions::from_bytes(additions).map_err(|problem| problem.to_string())?;
        // Of a list that is not held nothing can be added to; one that has come further needs no report.
        let held = self.shown.lists.iter().find(|held| held.index.id() == id);
        let of_complete = held.filter(|held| held.index.kind() == ListKind::Complete);
        let open = of_complete.filter(|held| additions.standing(&held.index) == Standing::Open);
        let Some(held) = open else { return Ok(Believed { time, additions: None }) };
        // As far as the clock is right, or the list that is held: a report of a day that never comes would never end.
        let now = clock::wall().max(held.index.this_update());
        if additions.step().this_update.since(now) > FURTHEST_AHEAD {
            return Err("additions of a list that is to come".to_owned());
        }
        let (count, entries) = (additions.len(), held.index.entries());
        if count > most_reported(entries) {
            return Err(format!("{count} additions at once to a list of {entries}"));
        }
        // What the list names by now need not be reported again.
        if let Some((_, before)) = &held.reported
            && before.taken_back(&additions, &held.index) > 0
        {
            return Err("a later report takes an earlier one back".to_owned());
        }
        Ok(Believed { time, additions: Some(additions) })
    }

    /// Notes that something is wrong with a list that is held, once: of any other there is nothing to be wrong
    /// with. Gives whether it was new.
    fn alarm(&mut self, id: ListId, content: &[u8; 32], text: String) -> bool {
        let alarm = (id, *content, text);
        if !self.shelf.has(id) || self.raised.contains(&alarm) || self.raised.len() >= MOST_RAISED {
            return false;
        }
        let said = Alarm::new(clock::wall(), alarm.2.clone(), "town hall".to_owned());
        let raised = self.locked().and_then(|locked| locked.map(|locked| locked.alarm(id, said)).transpose());
        match raised {
            Ok(Some(())) => self.raised.insert(alarm),
            Ok(None) => false,
            Err(problem) => {
                error!(%problem, "an alarm about a list was not kept");
                false
            }
        }
    }

    /// The shelf for a change. Before the thread runs nobody waits for whoever has it: a box has to start.
    fn locked(&self) -> io::Result<Option<Locked<'_>>> {
        if self.looked.is_some() { self.shelf.lock().map(Some) } else { self.shelf.try_lock() }
    }

    fn look_around(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        self.looked = Some(Instant::now());
        let has_changed = self.shelf.stamp() != self.stamp || self.shown.is_unreadable;
        if has_changed {
            self.read_shelf();
        }
        if has_changed || self.said_to_core.1 {
            self.show(core)?;
        }
        let (last, number) = self.scrubbed;
        if last.elapsed() >= SCRUB
            && let Some(held) = self.shown.lists.get(number % self.shown.lists.len().max(1))
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

    /// Reads the shelf. A list that is held already is not read again, and stays when the disk says nothing.
    fn read_shelf(&mut self) {
        self.stamp = self.shelf.stamp();
        let before = std::mem::take(&mut self.shown.lists);
        let mut shown = Shown::default();
        let ids = self.shelf.ids().unwrap_or_else(|problem| {
            error!(%problem, "the folder of lists cannot be read");
            shown.is_unreadable = true;
            before.iter().map(|held| held.index.id()).collect()
        });
        for id in ids {
            let known = before.iter().find(|held| held.index.id() == id);
            match self.shelf.held_list_knowing(id, known.map(|held| &held.index)) {
                Ok(held) => self.show_list(id, held, known, &mut shown),
                Err(problem) => {
                    error!(list = %id, %problem, "a list on the disk cannot be read");
                    shown.is_unreadable = true;
                    shown.lists.extend(known.cloned());
                }
            }
        }
        // A delta list goes on from a complete one.
        shown.lists.sort_by_key(|held| held.index.kind() != ListKind::Complete);
        self.shown = shown;
    }

    fn show_list(&mut self, id: ListId, held: Held, known: Option<&HeldList>, shown: &mut Shown) {
        if held.is_behind || held.index.is_none() {
            // A folder without anything in it has no mark: a stop came before the first list of its kind.
            shown.reached.extend(held.mark);
        }
        let Some(index) = held.index else { return };
        let is_contested = held.note.is_contested();
        let (reported, confirmed) =
            held.reported.map_or((None, Confirmed::Yes), |bytes| self.still_reported(id, &index, &bytes));
        // What a full disk did not take counts all the same.
        let in_memory = known.and_then(|known| known.reported.clone());
        let in_memory = in_memory.filter(|(_, additions)| additions.standing(&index) == Standing::Open);
        let reported = match (reported, in_memory) {
            (Some(kept), Some(newer)) if newer.0 > kept.0 => Some(newer),
            (kept, in_memory) => kept.or(in_memory),
        };
        let is_contested = is_contested || confirmed == Confirmed::No;
        shown.lists.push(HeldList { index, reported, is_contested });
    }

    /// What was reported, unless the authority has spoken since; and whether that confirms it.
    fn still_reported(
        &mut self,
        id: ListId,
        index: &Index<SharedBytes>,
        bytes: &[u8],
    ) -> (Option<(UnixMillis, Arc<Additions>)>, Confirmed) {
        let feed_key = self.authorities.as_ref().map(|authorities| authorities.feed_key);
        let opened = feed_key.and_then(|feed_key| open_report(bytes, &feed_key).ok());
        let read = opened.and_then(|(time, bytes)| Some((time, Additions::from_bytes(bytes).ok()?)));
        // Another town's, or of an older key.
        let Some((time, additions)) = read else { return (None, Confirmed::Yes) };
        let missing = match additions.standing(index) {
            Standing::Open => return (Some((time, Arc::new(additions))), Confirmed::Yes),
            // A list of the same or a higher number is here: what it lacks was never revoked by its authority.
            Standing::Over { missing } => missing,
            Standing::Foreign => 0,
        };
        if missing > 0 {
            warn!(list = %id, missing, "the authority did not confirm what the server reported");
            let text = format!("{missing} reported additions were not confirmed by the authority");
            self.alarm(id, index.content(), text);
        }
        let dropped =
            self.locked().and_then(|locked| locked.map_or(Ok(()), |locked| locked.keep_reported(id, None)));
        if let Err(problem) = dropped {
            error!(%problem, "reported additions were not dropped");
        }
        (None, if missing > 0 { Confirmed::No } else { Confirmed::Yes })
    }

    /// Tells the core what is held, and the server how old it is.
    fn show(&mut self, core: &Inbox) -> Result<(), CoreGone> {
        if self.is_online && self.said != self.as_of() {
            self.say_seen(core)?;
        }
        self.said_to_core = (Instant::now(), false);
        if core.send(Event::Lists(ListEvent::Held(self.shown.clone()))) { Ok(()) } else { Err(CoreGone) }
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

/// Gives a verifier the lists, and says how far those came that are lost.
pub(crate) fn equip(verifier: &mut Verifier, shown: &Shown) {
    for HeldList { index, reported, is_contested: _ } in &shown.lists {
        let held = verifier.hold(index.clone());
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
    for mark in &shown.reached {
        let (issuer, scope) = mark.speaks_for();
        verifier.reached(*issuer, *scope, mark.number());
    }
    if shown.is_unreadable {
        verifier.lose_all();
    }
}
