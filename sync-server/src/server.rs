//! The listeners, and everything that runs behind them.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use hinamori_net_tls::{Acceptor, BrowserDoor, Enrolment, Incoming, Refusal, TlsError};
use hinamori_store_sqlite::StoreError;
use hinamori_television_http::{DoorLimits, Patience};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{interval, sleep, timeout};

use crate::alerts::{
    Board, FromBox, follow_people, follow_staff, local_desk_routes, push_to_stations, serve_televisions,
    station_routes, take_from_boxes, tell_boxes,
};
use crate::archive::{Archive, Stores};
use crate::browser::{BrowserError, BrowserListener, Officials, ShownDoor, keep_certificate, serve_over_tls};
use crate::clock::now;
use crate::close::finish_closings;
use crate::contact::Contacts;
use crate::data::{DataError, DataFolder};
use crate::doors::{Doors, Stranger};
use crate::enrol::{NotTaken, take_in};
use crate::hub::Hub;
use crate::inquiry_door;
use crate::lists::Lists;
use crate::map::{Maps, follow_maps};
use crate::pull::Puller;
use crate::session::{Ended, serve};
use crate::town::TownWatch;
use crate::web;
use crate::with_sources;

/// What boxes say of alerts and nobody has looked at yet; more of them wait.
const FROM_BOXES: usize = 16;
/// How often the files of the town are looked at: what the operator changes takes effect within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often last contacts are written down: it costs a durable commit.
const SAVE_EVERY: Duration = Duration::from_secs(30);
/// How often one of the revocation lists is read on the disk again, as on a box.
const SCRUB_EVERY: Duration = Duration::from_secs(600);
/// How long browsers may take to end.
const FAREWELL: Duration = Duration::from_secs(2);
/// Televisions that come at once after a blackout wait in the kernel until they are taken.
const BACKLOG: u32 = 4_096;
/// Open files beside the televisions' connections: boxes, browsers, databases, lists.
const OTHER_FILES: u64 = 4_096;

/// Where the server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// For boxes.
    pub boxes: SocketAddr,
    /// For browsers.
    pub web: SocketAddr,
    /// For inquiries, of this machine only; none where nobody asks.
    pub inquiries: Option<SocketAddr>,
    /// For officers at the alert desk, of this machine only. It is at the officials' listener too.
    pub desk: Option<SocketAddr>,
    /// For televisions: over TLS, or of this machine.
    pub televisions: Option<SocketAddr>,
    /// For broadcasters' stations: the same.
    pub stations: Option<SocketAddr>,
    /// For officials' browsers, over TLS.
    pub browsers: Option<SocketAddr>,
}

/// What strangers may use up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a handshake, and then an enrolment request, may take.
    pub patience: Duration,
    /// Connections that did not say yet who they are.
    pub strangers: usize,
    /// The same from one address; a mobile network hides many boxes behind one.
    pub strangers_from_one_address: usize,
    /// How long a box may take nothing of what is sent to it; a link with 30 % loss still moves some.
    pub stalled_after: Duration,
    /// Connections of browsers.
    pub browsers: usize,
    /// Connections of officials' browsers: each may have six. So many of them may be strangers' as of boxes.
    pub officials: usize,
    /// Connections of televisions.
    pub televisions: usize,
    /// Connections of broadcasters' stations.
    pub stations: usize,
    /// The same from one address. A cable operator may hide all of a town's behind one, and a proxy does.
    pub televisions_from_one_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            strangers: 1_024,
            strangers_from_one_address: 128,
            stalled_after: Duration::from_secs(120),
            browsers: 128,
            officials: 2_048,
            televisions: 20_000,
            stations: 1_000,
            televisions_from_one_address: 20_000,
        }
    }
}

/// Why the server does not run, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The databases.
    #[error("the database {file} cannot be used")]
    Store {
        /// Which file, or the first of several.
        file: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// The operator, or another program on this machine.
    #[error("nothing can listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The operator: inquiries have no sign-in, and what the desk is told must not be read on the way.
    #[error(
        "inquiries and the desk of this machine are served without TLS, not on {address}: say 127.0.0.1 \
         (the desk is at --browsers too)"
    )]
    NotLocal {
        /// What was asked for.
        address: SocketAddr,
    },
    /// Alerts that were sent, or what was prepared.
    #[error("the alerts cannot be used: {0}")]
    Alerts(String),
    /// The operator: what browsers, televisions and stations are shown.
    #[error("nobody can be served over TLS")]
    Browsers(#[source] BrowserError),
    /// This machine.
    #[error("a listener cannot be used")]
    Listening(#[source] io::Error),
    /// This machine.
    #[error("a thread cannot be started")]
    Thread(#[source] io::Error),
    /// This program: the televisions' thread ended on its own.
    #[error("the thread of the televisions ended")]
    TelevisionsEnded,
    /// This program: the databases' thread ended on its own.
    #[error("the thread of the databases ended")]
    ArchiveEnded,
}

/// A listener, and what is shown there; nothing on this machine, where no TLS is spoken.
type OverTls<L> = (L, Option<Arc<BrowserDoor>>);

/// A server whose sockets are bound and whose databases are open.
pub struct Server {
    hub: Arc<Hub>,
    archive: JoinHandle<()>,
    acceptor: Arc<Acceptor>,
    boxes: TcpListener,
    web: TcpListener,
    inquiries: Option<TcpListener>,
    desk: Option<TcpListener>,
    televisions: Option<OverTls<std::net::TcpListener>>,
    stations: Option<OverTls<TcpListener>>,
    browsers: Option<Officials>,
    /// What is shown where TLS is spoken.
    shown: Option<ShownDoor>,
    board: Arc<Board>,
    /// What boxes say of alerts.
    said: tokio::sync::mpsc::Receiver<FromBox>,
    keeper: JoinHandle<()>,
    limits: Limits,
    _running: File,
}

impl Server {
    /// Opens everything.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn open(folder: DataFolder, addresses: Addresses, limits: Limits) -> Result<Self, RunError> {
        let Addresses { inquiries, desk, televisions, stations, .. } = addresses;
        let of_this_machine = [inquiries, desk].into_iter().flatten();
        if let Some(address) = of_this_machine.into_iter().find(|address| !inquiry_door::is_local(address)) {
            return Err(RunError::NotLocal { address });
        }
        let keys = folder.keys()?;
        let running = folder.lock_for_running()?;
        let acceptor = Acceptor::new(&keys.tls_root, &keys.server).map_err(DataError::Tls)?;
        let [file, _] = folder.databases();
        let not_usable = |source| RunError::Store { file: file.clone(), source };
        let mut stores = Stores::open(&folder, &keys.key_table).map_err(not_usable)?;
        let contacts = Contacts::from_saved(&stores.contacts().map_err(not_usable)?);
        let lists = Lists::open(folder.shelf()?).map_err(|source| folder.lists_failed(source))?;
        let opened = Board::open(&folder, &keys);
        let (board, keeper) = opened.map_err(|error| RunError::Alerts(with_sources(&error)))?;
        let town = TownWatch::open(folder, keys)?;
        let current = town.current();
        stores.follow(&current.says).map_err(not_usable)?;
        // What a closing that was cut off left.
        finish_closings(&mut stores, &current.closings).map_err(not_usable)?;
        let (boxes, web) = (listen(addresses.boxes).await?, listen(addresses.web).await?);
        let (inquiries, desk) = (listen_if(inquiries).await?, listen_if(desk).await?);
        let mut limits = limits;
        let (of_alerts, said) = tokio::sync::mpsc::channel(FROM_BOXES);
        let speaks_tls = addresses.browsers.is_some()
            || [televisions, stations].into_iter().flatten().any(|address| !inquiry_door::is_local(&address));
        let shown = speaks_tls.then(|| ShownDoor::open(&town, limits)).transpose();
        let shown = shown.map_err(RunError::Browsers)?;
        let door_at = |address: &SocketAddr| {
            shown.as_ref().filter(|_| !inquiry_door::is_local(address)).map(|shown| Arc::clone(&shown.door))
        };
        let televisions = match televisions {
            Some(address) => {
                limits.televisions = limits.televisions.min(places_for_televisions(limits.televisions));
                Some((listen_for_many(address)?, door_at(&address)))
            }
            None => None,
        };
        let stations = match stations {
            Some(address) => Some((listen(address).await?, door_at(&address))),
            None => None,
        };
        let browsers = match addresses.browsers.zip(shown.as_ref()) {
            Some((address, shown)) => {
                let opened = Officials::open(&town, listen(address).await?, shown);
                Some(opened.map_err(RunError::Browsers)?)
            }
            None => None,
        };
        let (archive, thread) = Archive::start(stores).map_err(RunError::Thread)?;
        Ok(Self {
            hub: Arc::new(Hub::new(archive, town, contacts, lists, (limits.stalled_after, of_alerts))),
            browsers,
            shown,
            said,
            archive: thread,
            acceptor: Arc::new(acceptor.with_patience(limits.patience)),
            boxes,
            web,
            inquiries,
            desk,
            televisions,
            stations,
            board: Arc::new(board),
            keeper,
            limits,
            _running: running,
        })
    }

    /// Where it listens: what was asked for, with the ports that the system chose for port 0.
    ///
    /// # Errors
    /// As the system reports.
    pub fn addresses(&self) -> io::Result<Addresses> {
        let stations = self.stations.as_ref().map(|(listener, _)| listener);
        let [inquiries, desk, stations] = [self.inquiries.as_ref(), self.desk.as_ref(), stations]
            .map(|listener| listener.map(TcpListener::local_addr).transpose());
        let televisions = self.televisions.as_ref().map(|(listener, _)| listener.local_addr()).transpose();
        let browsers = self.browsers.as_ref().map(Officials::address).transpose();
        Ok(Addresses {
            boxes: self.boxes.local_addr()?,
            web: self.web.local_addr()?,
            inquiries: inquiries?,
            desk: desk?,
            televisions: televisions?,
            stations: stations?,
            browsers: browsers?,
        })
    }

    /// Serves until `end` is there. Everything that was confirmed to a box is durable, so ending is quick.
    ///
    /// # Errors
    /// [`RunError::Thread`], [`RunError::ArchiveEnded`].
    pub async fn run(self, end: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self {
            hub,
            archive,
            acceptor,
            boxes,
            web,
            inquiries,
            desk,
            televisions,
            stations,
            browsers: officials,
            shown,
            board,
            said,
            keeper,
            limits,
            ..
        } = self;
        let running = self._running;
        let mut tasks = JoinSet::new();
        let maps = Arc::new(Maps::new()?);
        let (farewell, ended) = watch::channel(());
        let mut browsers = JoinSet::new();
        let here = [
            (Some(web), web::routes(Arc::clone(&hub))),
            (inquiries, inquiry_door::routes(Arc::clone(&hub))),
            (desk, local_desk_routes(Arc::clone(&hub), Arc::clone(&board))),
        ];
        for (listener, routes) in here.into_iter().filter_map(|(listener, routes)| Some((listener?, routes)))
        {
            serve_here(&mut browsers, web::Bounded::new(listener, limits.browsers), routes, ended.clone());
        }
        open_to_stations(&mut browsers, stations, &board, limits, &ended).map_err(RunError::Listening)?;
        if let Some(officials) = officials {
            officials
                .serve(&mut browsers, (&hub, &board, &maps), limits, ended)
                .map_err(RunError::Listening)?;
        }
        let televisions = open_to_televisions(televisions, &board, limits)?;
        begin_work(&mut tasks, (&hub, &board, &maps), said, shown);
        let (pulls, no_more) = mpsc::channel();
        let puller = Puller::new(hub.town.folder.path(), Arc::clone(&hub.lists), hub.town.changes());
        puller.start(no_more).map_err(RunError::Thread)?;
        let doors = Doors::new(limits.strangers, limits.strangers_from_one_address);
        tokio::pin!(end);
        let mut alive = interval(LOOK_EVERY);
        let outcome = loop {
            tokio::select! {
                () = &mut end => break Ok(()),
                accepted = boxes.accept() => match accepted {
                    Ok((stream, from)) => {
                        let (hub, acceptor) = (Arc::clone(&hub), Arc::clone(&acceptor));
                        let stranger = doors.approach(from.ip());
                        tasks.spawn(async move { meet(&hub, &acceptor, (stream, from), stranger).await });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a box's connection was not accepted");
                        sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(_done) = tasks.join_next() => {}
                _ = alive.tick() => {
                    if archive.is_finished() {
                        break Err(RunError::ArchiveEnded);
                    }
                    if televisions.as_ref().is_some_and(JoinHandle::is_finished) {
                        break Err(RunError::TelevisionsEnded);
                    }
                },
            }
        };
        drop::<mpsc::Sender<()>>(pulls);
        drop(boxes);
        tasks.shutdown().await;
        drop(farewell);
        // Whoever waits for news gets an answer now, and its connection ends.
        board.end();
        if timeout(FAREWELL, async { while browsers.join_next().await.is_some() {} }).await.is_err() {
            browsers.shutdown().await;
        }
        hub.save_contacts().await;
        drop(hub);
        drop(board);
        // The thread ends when its last job is done.
        join_threads([Some(archive), Some(keeper), televisions]).await;
        drop(running);
        outcome
    }
}

async fn join_threads(threads: [Option<JoinHandle<()>>; 3]) {
    let all = || threads.into_iter().flatten().map(JoinHandle::join).all(|ended| ended.is_ok());
    drop(spawn_blocking(all).await);
}

/// What goes on beside the connections.
fn begin_work(
    tasks: &mut JoinSet<()>,
    (hub, board, maps): (&Arc<Hub>, &Arc<Board>, &Arc<Maps>),
    said: tokio::sync::mpsc::Receiver<FromBox>,
    shown: Option<ShownDoor>,
) {
    if let Some(shown) = shown {
        tasks.spawn(keep_certificate(shown.door));
    }
    tasks.spawn(keep_up(Arc::clone(hub), Arc::clone(board)));
    tasks.spawn(follow_people(Arc::clone(hub), Arc::clone(board)));
    tasks.spawn(push_to_stations(Arc::clone(board)));
    tasks.spawn(tell_boxes(Arc::clone(hub), Arc::clone(board)));
    tasks.spawn(take_from_boxes(hub.town.folder.clone(), Arc::clone(board), said));
    tasks.spawn(follow_maps(Arc::clone(hub), Arc::clone(board), Arc::clone(maps)));
}

/// Serves these pages without TLS until `ended` says so.
fn serve_here(
    served: &mut JoinSet<()>,
    listener: web::Bounded,
    routes: axum::Router,
    mut ended: watch::Receiver<()>,
) {
    let farewell = async move { drop(ended.changed().await) };
    let serving = axum::serve(listener, routes).with_graceful_shutdown(farewell);
    served.spawn(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "a listener is not served any more");
        }
    });
}

fn open_to_stations(
    served: &mut JoinSet<()>,
    listener: Option<OverTls<TcpListener>>,
    board: &Arc<Board>,
    limits: Limits,
    ended: &watch::Receiver<()>,
) -> io::Result<()> {
    let Some((listener, door)) = listener else { return Ok(()) };
    let routes = station_routes(Arc::clone(board));
    if let Some(door) = door {
        let listener = BrowserListener::new(listener, door, limits, limits.stations)?;
        serve_over_tls(served, listener, routes, ended.clone());
    } else {
        serve_here(served, web::Bounded::new(listener, limits.stations), routes, ended.clone());
    }
    Ok(())
}

async fn listen(address: SocketAddr) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, source })
}

/// With room for many who come at once.
fn listen_for_many(address: SocketAddr) -> Result<std::net::TcpListener, RunError> {
    let listening = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listening().map_err(|source| RunError::Listen { address, source })
}

fn open_to_televisions(
    listener: Option<OverTls<std::net::TcpListener>>,
    board: &Arc<Board>,
    limits: Limits,
) -> Result<Option<JoinHandle<()>>, RunError> {
    let opened = listener.map(|(listener, door)| {
        serve_televisions((listener, door.as_deref()), Arc::clone(board), door_of(limits))
    });
    opened.transpose().map_err(RunError::Thread)
}

fn door_of(limits: Limits) -> DoorLimits {
    DoorLimits {
        connections: limits.televisions,
        from_one_address: limits.televisions_from_one_address,
        patience: Patience::default(),
    }
}

/// How many of `wanted` connections this process may open, after it asked for as many.
fn places_for_televisions(wanted: usize) -> usize {
    let all = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < all) {
        let current = Some(limit.maximum.map_or(all, |most| most.min(all)));
        // A sandbox may forbid it: then it stays as it is.
        if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current, ..limit }) {
            tracing::debug!(%error, "the number of open files stays as it is");
        }
    }
    let Some(current) = getrlimit(Resource::Nofile).current else { return wanted };
    let places = usize::try_from(current.saturating_sub(OTHER_FILES)).unwrap_or(wanted).min(wanted);
    if places < wanted {
        tracing::warn!(places, wanted, "LimitNOFILE leaves fewer places for televisions");
    }
    places
}

async fn listen_if(address: Option<SocketAddr>) -> Result<Option<TcpListener>, RunError> {
    match address {
        Some(address) => Ok(Some(listen(address).await?)),
        None => Ok(None),
    }
}

/// Follows what the operator changes, writes down last contacts and looks after the lists.
async fn keep_up(hub: Arc<Hub>, board: Arc<Board>) {
    let (mut looks, mut saves) = (interval(LOOK_EVERY), interval(SAVE_EVERY));
    let (mut scrubs, mut turn) = (interval(SCRUB_EVERY), 0_usize);
    loop {
        tokio::select! {
            _ = looks.tick() => {
                hub.refresh().await;
                hub.look_at_lists().await;
                hub.look_at_keys().await;
                hub.look_at_released().await;
                hub.look_at_bundles().await;
                hub.look_at_forks().await;
                board.look(&hub.town.folder, *board.root(), &hub.town.current()).await;
            }
            _ = saves.tick() => {
                hub.save_contacts().await;
                follow_staff(&hub, &board).await;
            }
            _ = scrubs.tick() => {
                hub.scrub_a_list(turn).await;
                turn = turn.wrapping_add(1);
            }
        }
    }
}

/// Waits until somebody said who they are, or their place is needed.
async fn meet(
    hub: &Arc<Hub>,
    acceptor: &Acceptor,
    (stream, from): (TcpStream, SocketAddr),
    (stranger, displaced): (Stranger, oneshot::Receiver<()>),
) {
    let incoming = tokio::select! {
        incoming = acceptor.accept(stream) => incoming,
        _needed = displaced => return tracing::debug!(%from, "somebody said nothing"),
    };
    drop(stranger);
    welcome(hub, incoming).await;
}

async fn welcome(hub: &Arc<Hub>, incoming: Result<Incoming, TlsError>) {
    match incoming {
        Ok(Incoming::Box(peer)) => {
            let id = peer.id;
            tracing::info!(%id, "a box came in");
            report(id, &serve(hub, peer).await);
        }
        Ok(Incoming::Enrolment(enrolment)) => enrol(hub, enrolment).await,
        Err(error) => tracing::debug!(error = %with_sources(&error), "somebody got nowhere"),
    }
}

/// An operator wants to know of everything but hanging up.
fn report(id: hinamori_model::BoxId, ended: &Ended) {
    match ended {
        Ended::HungUp | Ended::Broke(_) | Ended::Displaced | Ended::Closed(_) => {
            tracing::info!(%id, reason = %ended, "a box went away");
        }
        Ended::NotAdmitted(_) | Ended::Misbehaved(_) | Ended::RefusedTooOften | Ended::Stalled => {
            tracing::warn!(%id, reason = %ended, "a box was sent away");
        }
        Ended::Store(_) => {
            tracing::error!(%id, reason = %with_sources(ended), "a box's records were not stored")
        }
    }
}

async fn enrol(hub: &Arc<Hub>, enrolment: Enrolment) {
    // One after another: whoever tries out codes keeps one thread busy and no more.
    let turn = hub.enrolling.lock().await;
    let looked = Arc::clone(hub);
    let taken = spawn_blocking(move || {
        let taken = take_in(&looked.town.folder, &looked.town.keys, enrolment.request(), now());
        (enrolment, taken)
    });
    let Ok((enrolment, taken)) = taken.await else { return };
    let id = enrolment.request().box_id;
    // Before the box hears of it: its first connection may come at once.
    hub.refresh().await;
    drop(turn);
    let answered: Result<(), TlsError> = match taken {
        Ok((granted, words)) => {
            tracing::info!(%id, %words, "a box joined the town; whoever set it up sees the same words at it");
            enrolment.grant(granted).await
        }
        Err(NotTaken::Refused(refusal)) => {
            tracing::warn!(%id, %refusal, "a box was not taken in");
            enrolment.refuse(refusal).await
        }
        Err(NotTaken::Fault(error)) => {
            tracing::error!(%id, error = %with_sources(&error), "a box could not be taken in");
            enrolment.refuse(Refusal::ServerFault).await
        }
    };
    if let Err(error) = answered {
        tracing::warn!(%id, error = %with_sources(&error), "the answer to an enrolment may not have arrived");
    }
}
