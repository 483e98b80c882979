//! The officials' map: what it shows, looked at once for every tablet that looks.

mod contract;
mod door;
mod files;
mod homes;
mod look;
mod picture;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hinamori_model::UnixMillis;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

pub(crate) use self::contract::{MapMode, RuledSite, SiteWordState};
pub(crate) use self::door::map_routes;
pub use self::files::{BadMap, read_map};
pub use self::homes::read_homes;
use self::look::{Dirty, Known, look};
use self::picture::{Look, Picture, Taken};
use crate::alerts::Board;
use crate::counts::NotCounted;
use crate::data::random;
use crate::hub::Hub;

/// However much happens, the databases are looked at so often at the most.
const LOOKS: Duration = Duration::from_millis(250);
/// What nobody tells: a box that fell silent, somebody who was seen twelve hours ago, the time of an order that is over.
const LOOKS_ANYWAY: Duration = Duration::from_secs(10);
/// Everything is counted again so often: whoever was confirmed is not for ever.
const COUNTS_ALL: u32 = 30;

/// What was looked at longer ago is not told any more: a tablet shows by itself that it is old.
const OLD_MILLIS: u64 = 30_000;

/// Both maps: in earnest, and the drill's.
pub(crate) struct Maps {
    /// Another one in each run of the server.
    run: u32,
    live: Map,
    drill: Map,
}

/// One map.
pub(crate) struct Map {
    mode: MapMode,
    /// Held while somebody looks.
    looking: tokio::sync::Mutex<Known>,
    picture: Mutex<Option<Picture>>,
    /// Counts up with every change.
    news: watch::Sender<u64>,
}

impl Map {
    fn new(mode: MapMode) -> Self {
        let looking = tokio::sync::Mutex::default();
        Self { mode, looking, picture: Mutex::new(None), news: watch::Sender::new(0) }
    }

    /// When it was looked at last; nothing where that is too long ago to pass for now.
    fn looked_at(&self, now: UnixMillis) -> Option<UnixMillis> {
        let at = self.picture().as_ref()?.state().at;
        (now.since(at) <= OLD_MILLIS).then_some(at)
    }

    fn picture(&self) -> MutexGuard<'_, Option<Picture>> {
        self.picture.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of every change from now on.
    fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    async fn look(&self, run: u32, hub: &Hub, board: &Board, dirty: Dirty) -> Result<(), NotCounted> {
        let mut known = self.looking.lock().await;
        let found = look(hub, board, self.mode, &mut known, dirty).await?;
        if self.take(run, found) != Taken::Nothing {
            self.news.send_modify(|changes| *changes = changes.wrapping_add(1));
        }
        Ok(())
    }

    fn take(&self, run: u32, found: Look) -> Taken {
        let mut picture = self.picture();
        match picture.as_mut() {
            Some(picture) => picture.take(found),
            None => {
                *picture = Some(Picture::first(run, self.mode, found));
                Taken::Layout
            }
        }
    }
}

impl Maps {
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn new() -> Result<Self, crate::data::DataError> {
        let run = u32::from_be_bytes(random()?);
        Ok(Self { run, live: Map::new(MapMode::Live), drill: Map::new(MapMode::Drill) })
    }

    pub(crate) const fn of(&self, mode: MapMode) -> &Map {
        match mode {
            MapMode::Live => &self.live,
            MapMode::Drill => &self.drill,
        }
    }
}

/// Looks whenever something changed, as long as the server runs.
pub(crate) async fn follow_maps(hub: Arc<Hub>, board: Arc<Board>, maps: Arc<Maps>) {
    let (mut news, mut town) = (hub.news(), hub.town.changes());
    let (mut desk, mut alerts) = (board.desk_changes(), board.stations.subscribe());
    let mut turns = interval(LOOKS);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut anyway = interval(LOOKS_ANYWAY);
    anyway.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut dirty, mut looks) = (Dirty::All, 0_u32);
    loop {
        loop {
            match news.try_recv() {
                Ok(new) => dirty.add(new.site),
                Err(TryRecvError::Lagged(_)) => dirty = Dirty::All,
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let taken = std::mem::replace(&mut dirty, Dirty::nothing());
        for map in [&maps.live, &maps.drill] {
            if let Err(error) = map.look(maps.run, &hub, &board, taken.clone()).await {
                tracing::error!(error = &error as &dyn std::error::Error, "the map cannot be looked at");
                dirty = Dirty::All;
            }
        }
        turns.tick().await;
        tokio::select! {
            new = news.recv() => match new {
                Ok(new) => dirty.add(new.site),
                Err(RecvError::Lagged(_)) => dirty = Dirty::All,
                Err(RecvError::Closed) => return,
            },
            changed = town.changed() => match changed {
                Ok(()) => dirty = Dirty::All,
                Err(_ended) => return,
            },
            changed = desk.changed() => if changed.is_err() { return },
            changed = alerts.changed() => if changed.is_err() { return },
            _ = anyway.tick() => {
                looks = looks.wrapping_add(1);
                if looks.is_multiple_of(COUNTS_ALL) {
                    dirty = Dirty::All;
                }
            }
        }
    }
}
