//! The web listener: the page, its style sheet, and the same counts as JSON. Nobody can change anything here.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::Listener;
use hinamori_model::Mode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, Sleep, sleep};

use crate::counts::{Counts, NotCounted, count};
use crate::hall::HallError;
use crate::hub::Hub;
use crate::{page, report_file, report_page};
pub(crate) use hinamori_television_http::headers;

/// However many look at the page, the databases are counted at most four times a second.
const COUNTED_EVERY: Duration = Duration::from_millis(250);
/// A browser comes back when its connection is closed; somebody who sends a byte a minute does not stay.
const CONNECTION_LIVES: Duration = Duration::from_secs(60);

/// The page's world.
pub(crate) struct Pages {
    hub: Arc<Hub>,
    counted: Mutex<Option<(Instant, Arc<Counts>)>>,
    reading_report: Mutex<()>,
}

impl Pages {
    async fn counts(&self) -> Result<Arc<Counts>, NotCounted> {
        let mut counted = self.counted.lock().await;
        if let Some((at, counts)) = counted.as_ref()
            && at.elapsed() < COUNTED_EVERY
        {
            return Ok(Arc::clone(counts));
        }
        let counts = Arc::new(count(&self.hub).await?);
        *counted = Some((Instant::now(), Arc::clone(&counts)));
        Ok(counts)
    }
}

/// The routes.
pub(crate) fn routes(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/", get(live))
        .route("/drill", get(drill))
        .route("/report", get(report_live))
        .route("/drill/report", get(report_drill))
        .route("/counts.json", get(json))
        .route("/style.css", get(style))
        .with_state(Arc::new(Pages { hub, counted: Mutex::new(None), reading_report: Mutex::new(()) }))
}

async fn live(State(pages): State<Arc<Pages>>) -> Response {
    answer("text/html; charset=utf-8", pages.counts().await.map(|counts| page::live(&counts)))
}

async fn drill(State(pages): State<Arc<Pages>>) -> Response {
    answer("text/html; charset=utf-8", pages.counts().await.map(|counts| page::drill(&counts)))
}

async fn json(State(pages): State<Arc<Pages>>) -> Response {
    let counts = pages.counts().await;
    answer("application/json", counts.map(|counts| serde_json::to_string(&*counts).unwrap_or_default()))
}

async fn style() -> Response {
    answer("text/css; charset=utf-8", Ok::<_, NotCounted>(page::STYLE.to_owned()))
}

async fn report_live(State(pages): State<Arc<Pages>>) -> Response {
    report(&pages, Mode::Live).await
}

async fn report_drill(State(pages): State<Arc<Pages>>) -> Response {
    report(&pages, Mode::Drill).await
}

/// The latest released report, as everybody may read it.
async fn report(pages: &Pages, mode: Mode) -> Response {
    // One at a time, whoever asks: a report of many versions is read and checked as a whole.
    let turn = pages.reading_report.lock().await;
    let hub = Arc::clone(&pages.hub);
    let read = spawn_blocking(move || {
        let report = report_file::latest(&hub.town.folder, &hub.town.keys, mode);
        report.map(|report| report_page::of(&hub.town.current().name, mode, report.as_ref()))
    });
    let read = read.await.map_err(|_ended| HallError::Asked("the server ends")).and_then(|read| read);
    drop(turn);
    answer("text/html; charset=utf-8", read)
}

fn answer<E: std::error::Error + 'static>(
    content_type: &'static str,
    content: Result<String, E>,
) -> Response {
    let (status, content_type, content) = match content {
        Ok(content) => (StatusCode::OK, content_type, content),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a page cannot be made");
            (StatusCode::SERVICE_UNAVAILABLE, "text/html; charset=utf-8", page::trouble())
        }
    };
    let policy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'";
    (status, headers(content_type, policy), content).into_response()
}

/// A listener whose connections are few and short.
pub(crate) struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Bounded {
    pub(crate) fn new(listener: TcpListener, connections: usize) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(connections)) }
    }
}

impl Listener for Bounded {
    type Io = ShortLived;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (ShortLived, SocketAddr) {
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await;
            match (place, self.listener.accept().await) {
                (Ok(place), Ok((stream, from))) => {
                    let lives = Box::pin(sleep(CONNECTION_LIVES));
                    return (ShortLived { stream, lives, _place: place }, from);
                }
                (Ok(_) | Err(_), Err(error)) => {
                    tracing::warn!(%error, "a browser's connection was not accepted");
                    sleep(Duration::from_millis(100)).await;
                }
                (Err(_closed), Ok(_)) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends after a minute, whatever the other side does.
pub(crate) struct ShortLived {
    stream: TcpStream,
    lives: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl ShortLived {
    fn alive(&mut self, context: &mut Context<'_>) -> io::Result<&mut TcpStream> {
        match self.lives.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(&mut self.stream),
        }
    }
}

impl AsyncRead for ShortLived {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.alive(context) {
            Ok(stream) => Pin::new(stream).poll_read(context, buffer),
            Err(over) => Poll::Ready(Err(over)),
        }
    }
}

impl AsyncWrite for ShortLived {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.alive(context) {
            Ok(stream) => Pin::new(stream).poll_write(context, bytes),
            Err(over) => Poll::Ready(Err(over)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
