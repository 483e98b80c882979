//! What all connections share, and how they hear of each other.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hinamori_model::SiteId;
use hinamori_net_tls::PeerBox;
use hinamori_record::ActorId;
use tokio::sync::{Mutex, broadcast, mpsc, watch};
use tokio::task::spawn_blocking;

use crate::alerts::{ForBoxes, FromBox};
use crate::archive::{Archive, Closed};
use crate::bundle::{self, BundleError, BundleTown};
use crate::clock::now;
use crate::contact::Contacts;
use crate::forks;
use crate::lists::Lists;
use crate::missing::Missing;
use crate::town::{NotAdmitted, Town, TownWatch};

/// News that a slow connection may be behind with before it simply looks at everything.
const NEWS: usize = 64;

/// The shared parts of a running server.
pub(crate) struct Hub {
    pub(crate) archive: Archive,
    pub(crate) town: TownWatch,
    pub(crate) contacts: Contacts,
    pub(crate) lists: Arc<Lists>,
    pub(crate) missing: Missing,
    /// How long a box may take nothing of what is sent to it.
    pub(crate) stalled_after: Duration,
    news: broadcast::Sender<News>,
    /// The serial of the key table's newest row.
    keys: watch::Sender<u64>,
    /// What every box is told of alerts.
    alerts: watch::Sender<Arc<ForBoxes>>,
    /// The latest heartbeat for the televisions behind boxes.
    beats: watch::Sender<Arc<[u8]>>,
    /// What boxes say of alerts.
    pub(crate) of_alerts: mpsc::Sender<FromBox>,
    /// Held while the town's files are read: an older state never replaces a newer one.
    reading: Mutex<()>,
    /// Held while a box is taken in.
    pub(crate) enrolling: Mutex<()>,
}

/// Something new is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    /// Of which site.
    pub(crate) site: SiteId,
    /// The connection that brought it.
    pub(crate) from: u64,
}

impl Hub {
    /// `of_alerts` takes what boxes say of alerts.
    pub(crate) fn new(
        archive: Archive,
        town: TownWatch,
        contacts: Contacts,
        lists: Lists,
        (stalled_after, of_alerts): (Duration, mpsc::Sender<FromBox>),
    ) -> Self {
        let news = broadcast::Sender::new(NEWS);
        let (reading, enrolling) = (Mutex::new(()), Mutex::new(()));
        let lists = Arc::new(lists);
        Self {
            archive,
            town,
            contacts,
            lists,
            missing: Missing::default(),
            stalled_after,
            news,
            keys: watch::Sender::new(0),
            alerts: watch::Sender::new(Arc::default()),
            beats: watch::Sender::new(Arc::from([])),
            of_alerts,
            reading,
            enrolling,
        }
    }

    /// Tells every connection.
    pub(crate) fn announce(&self, news: News) {
        // Nobody may be listening.
        drop(self.news.send(news));
    }

    /// Hears every announcement from now on.
    pub(crate) fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Tells when the key table has something new.
    pub(crate) fn key_changes(&self) -> watch::Receiver<u64> {
        self.keys.subscribe()
    }

    /// Tells every box of alerts from now on.
    pub(crate) fn tell_of_alerts(&self, alerts: ForBoxes) {
        self.alerts.send_replace(Arc::new(alerts));
    }

    /// Tells every box that the town hall is there.
    pub(crate) fn beat_for_boxes(&self, beat: Arc<[u8]>) {
        self.beats.send_replace(beat);
    }

    /// Heartbeats for boxes, from now on.
    pub(crate) fn beats(&self) -> watch::Receiver<Arc<[u8]>> {
        self.beats.subscribe()
    }

    /// What boxes are told of alerts, and when that changes.
    pub(crate) fn alerts(&self) -> watch::Receiver<Arc<ForBoxes>> {
        self.alerts.subscribe()
    }

    /// Looks whether the key table has something new: boxes bring keys, and the operator's commands erase people.
    pub(crate) async fn look_at_keys(&self) {
        match self.archive.ask(|stores| stores.keys.newest()).await {
            Ok(Ok(newest)) => {
                self.keys.send_if_modified(|known| std::mem::replace(known, newest) != newest);
            }
            Ok(Err(error)) => tracing::error!(%error, "the key table cannot be read"),
            Err(Closed) => {}
        }
    }

    /// Reads the town's files if they changed.
    pub(crate) async fn refresh(self: &Arc<Self>) {
        let _reading = self.reading.lock().await;
        let hub = Arc::clone(self);
        let Ok(Some(town)) = spawn_blocking(move || hub.town.read_anew()).await else { return };
        // Before any box hears of it: what a drill brings must never be taken for live.
        let says = town.says.clone();
        match self.archive.ask(move |stores| stores.follow(&says)).await {
            Ok(Ok(())) => self.town.replace(town),
            Ok(Err(error)) => tracing::error!(%error, "the town changed and could not be taken over"),
            Err(Closed) => {}
        }
    }

    /// Has the next package name boxes of which two histories came.
    pub(crate) async fn look_at_forks(self: &Arc<Self>) {
        let found = match self.archive.ask(|stores| stores.found_forks()).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return tracing::error!(%error, "the proofs of forks cannot be read"),
            Err(Closed) => return,
        };
        let town = self.town.current();
        let new: Vec<ActorId> =
            found.iter().map(|fork| fork.writer).filter(|writer| !town.knows_fork(*writer)).collect();
        if new.is_empty() {
            return;
        }
        let hub = Arc::clone(self);
        let published =
            spawn_blocking(move || forks::publish(&hub.town.folder, &hub.town.keys, &new, now())).await;
        match published {
            Ok(Ok(())) => {
                tracing::warn!(
                    "of a box two histories are known: it confirms nobody until somebody rules (`forks`)"
                );
                self.refresh().await;
            }
            Ok(Err(error)) => tracing::error!(%error, "the package does not name the fork that was found"),
            Err(_stopped) => {}
        }
    }

    /// Looks again at what an operator released from the quarantine.
    pub(crate) async fn look_at_released(&self) {
        let town = self.town.current();
        match self.archive.ask(move |stores| stores.look_at_released(&town.grants, now())).await {
            Ok(Ok(sites)) => sites.into_iter().for_each(|site| self.announce(News { site, from: 0 })),
            Ok(Err(error)) => tracing::error!(%error, "what was released cannot be looked at"),
            Err(Closed) => {}
        }
    }

    /// Reads in what the operator brought on sticks.
    pub(crate) async fn look_at_bundles(self: &Arc<Self>) {
        let hub = Arc::clone(self);
        let found = spawn_blocking(move || -> Result<_, BundleError> {
            let failed = |source| BundleError::File { file: hub.town.folder.path().to_owned(), source };
            let files = bundle::handed(&hub.town.folder).map_err(failed)?;
            if files.is_empty() {
                return Ok(Vec::new());
            }
            let mut bundles = Vec::new();
            for file in files {
                bundles.push((BundleTown::read(&hub.town.folder, &hub.town.keys)?, file));
            }
            Ok(bundles)
        });
        let bundles = match found.await {
            Ok(Ok(bundles)) => bundles,
            Ok(Err(error)) => return tracing::error!(%error, "what came on sticks cannot be looked at"),
            Err(_stopped) => return,
        };
        for (town, file) in bundles {
            self.read_in(town, file).await;
        }
    }

    async fn read_in(&self, town: BundleTown, file: PathBuf) {
        let path = file.clone();
        let Ok(Ok(bytes)) = spawn_blocking(move || std::fs::read(path)).await else {
            return tracing::error!(?file, "a bundle cannot be read");
        };
        match self.archive.ask(move |stores| bundle::take(stores, &town, &bytes, now())).await {
            Ok(Ok((report, sites))) => {
                tracing::info!(?file, ?report, "a bundle was read in");
                sites.into_iter().for_each(|site| self.announce(News { site, from: 0 }));
                self.look_at_keys().await;
            }
            Ok(Err(error)) => tracing::error!(%error, ?file, "a bundle was not read in"),
            Err(Closed) => return,
        }
        // Also what was refused: the stick has it.
        if let Err(error) = std::fs::remove_file(&file) {
            tracing::error!(%error, ?file, "a bundle that was read in is left");
        }
    }

    /// Takes over revocation lists that came since.
    pub(crate) async fn look_at_lists(&self) {
        let lists = Arc::clone(&self.lists);
        if let Ok(Err(error)) = spawn_blocking(move || lists.look()).await {
            tracing::error!(%error, "the revocation lists changed and cannot be read; the old ones are offered");
        }
    }

    /// Reads the next of the lists on the disk again, and mends it.
    pub(crate) async fn scrub_a_list(&self, turn: usize) {
        let lists = Arc::clone(&self.lists);
        if let Err(error) = spawn_blocking(move || lists.scrub(turn)).await {
            tracing::error!(%error, "a revocation list was not read again");
        }
    }

    /// The town that lets `peer` in. A box may be faster than the clock that looks for changed files, so
    /// nobody is refused before they were looked at.
    pub(crate) async fn admitting(self: &Arc<Self>, peer: &PeerBox) -> Result<Arc<Town>, NotAdmitted> {
        let town = self.town.current();
        if town.admits(peer.id, &peer.key.0).is_ok() {
            return Ok(town);
        }
        self.refresh().await;
        let town = self.town.current();
        town.admits(peer.id, &peer.key.0)?;
        Ok(town)
    }

    /// Writes down when boxes were heard last.
    pub(crate) async fn save_contacts(&self) {
        let Some(contacts) = self.contacts.unsaved() else { return };
        let saved = self.archive.ask(move |stores| stores.save_contacts(&contacts)).await;
        if let Ok(Err(error)) = saved {
            tracing::error!(%error, "the last contacts of boxes were not stored");
        }
    }
}
