//! The listener of browsers: TLS, few strangers, and connections that live as long as something is written to them.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::serve::{IncomingStream, Listener};
use hinamori_net_tls::BrowserDoor;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::server::TlsStream;

use crate::api::Problem;
use crate::doors::{Doors, Stranger};
use crate::server::Limits;
use crate::web::{Limit, Limited};
use crate::with_sources;

/// A connection to which nothing could be written for so long ends: of a request that never ends, of nobody who reads, of nobody who asks.
/// Streams of events say something every fifteen seconds.
const UNWRITTEN: Duration = Duration::from_secs(75);
/// Browsers whose handshake is done and whose first request is not read yet.
const ARRIVED: usize = 64;

/// Whose connection it is.
#[derive(Clone)]
pub(crate) struct Visitor(Arc<Inner>);

struct Inner {
    from: IpAddr,
    is_known: AtomicBool,
    /// While it counts as a stranger's.
    stranger: Mutex<Option<Stranger>>,
}

impl Visitor {
    pub(super) fn new(from: IpAddr, stranger: Option<Stranger>) -> Self {
        Self(Arc::new(Inner { from, is_known: AtomicBool::new(false), stranger: Mutex::new(stranger) }))
    }

    /// From where.
    pub(crate) fn address(&self) -> IpAddr {
        self.0.from.to_canonical()
    }

    /// Somebody signed in asks: strangers take no place from them any more.
    pub(crate) fn is_signed_in(&self) {
        self.0.is_known.store(true, Ordering::Release);
        drop(self.0.stranger.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl std::fmt::Debug for Visitor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Visitor").field(&self.0.from).finish()
    }
}

impl Connected<IncomingStream<'_, BrowserListener>> for Visitor {
    fn connect_info(stream: IncomingStream<'_, BrowserListener>) -> Self {
        stream.remote_addr().clone()
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let known = parts.extensions.get::<ConnectInfo<Self>>();
        known.map(|ConnectInfo(visitor)| visitor.clone()).ok_or_else(Problem::server)
    }
}

/// Until nothing could be written for a while, or a stranger's place is needed.
pub(crate) struct WhileWritten {
    unwritten: Pin<Box<Sleep>>,
    visitor: Visitor,
    displaced: Option<oneshot::Receiver<()>>,
    _place: OwnedSemaphorePermit,
}

impl WhileWritten {
    pub(super) fn new(
        visitor: Visitor,
        displaced: Option<oneshot::Receiver<()>>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self { unwritten: Box::pin(sleep(UNWRITTEN)), visitor, displaced, _place: place }
    }
}

impl Limit for WhileWritten {
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(displaced) = &mut self.displaced
            && Pin::new(displaced).poll(context).is_ready()
        {
            if !self.visitor.0.is_known.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            self.displaced = None;
        }
        self.unwritten.as_mut().poll(context)
    }

    fn written(&mut self) {
        if let Some(until) = Instant::now().checked_add(UNWRITTEN) {
            self.unwritten.as_mut().reset(until);
        }
    }
}

type Connection = Limited<TlsStream<TcpStream>, WhileWritten>;

/// Handshakes run beside each other, and beside whoever has one behind them.
pub(crate) struct BrowserListener {
    address: SocketAddr,
    arrived: mpsc::Receiver<(Connection, Visitor)>,
    _accepting: JoinSet<()>,
}

impl BrowserListener {
    /// A listener with so many places, of which strangers take as many as `limits` says.
    pub(crate) fn new(
        listener: TcpListener,
        door: Arc<BrowserDoor>,
        limits: Limits,
        places: usize,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (arrives, arrived) = mpsc::channel(ARRIVED);
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, door, (limits, places), arrives));
        Ok(Self { address, arrived, _accepting: accepting })
    }
}

async fn accept(
    listener: TcpListener,
    door: Arc<BrowserDoor>,
    (limits, places): (Limits, usize),
    arrives: mpsc::Sender<(Connection, Visitor)>,
) {
    let places = Arc::new(Semaphore::new(places));
    // However few places there are, strangers have some of them only.
    let most = places.available_permits();
    let doors = Doors::new(limits.strangers.min(most / 2), limits.strangers_from_one_address.min(most / 8));
    let mut shaking = JoinSet::new();
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, from)| (stream, from, place))
        };
        tokio::select! {
            accepted = next => match accepted {
                Ok((stream, from, place)) => {
                    let (door, arrives) = (Arc::clone(&door), arrives.clone());
                    let (stranger, displaced) = doors.approach(from.ip());
                    shaking.spawn(async move {
                        if let Some(shaken) = shake(&door, stream, (from.ip(), stranger, displaced), place).await {
                            // The server ends.
                            drop(arrives.send(shaken).await);
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a browser's connection was not accepted");
                    sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_done) = shaking.join_next() => {}
        }
    }
}

async fn shake(
    door: &BrowserDoor,
    stream: TcpStream,
    (from, stranger, mut displaced): (IpAddr, Stranger, oneshot::Receiver<()>),
    place: OwnedSemaphorePermit,
) -> Option<(Connection, Visitor)> {
    let visitor = Visitor::new(from, Some(stranger));
    let shaken = tokio::select! {
        shaken = door.accept(stream) => shaken,
        _needed = &mut displaced => return None,
    };
    let stream = shaken
        .inspect_err(|error| tracing::debug!(%from, error = %with_sources(error), "a browser got nowhere"))
        .ok()?;
    let limit = WhileWritten::new(visitor.clone(), Some(displaced), place);
    Some((Limited { stream, limit }, visitor))
}

impl Listener for BrowserListener {
    type Io = Connection;
    type Addr = Visitor;

    async fn accept(&mut self) -> (Connection, Visitor) {
        match self.arrived.recv().await {
            Some(arrived) => arrived,
            // The server ends.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Visitor> {
        Ok(Visitor::new(self.address.ip(), None))
    }
}
