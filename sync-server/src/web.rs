//! The web listener: the page, its style sheet, and the same counts as JSON. Nobody can change anything here.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
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
use crate::{hex, page, report_file, report_page};
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
    type Io = Limited<TcpStream, Minute>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await;
            match (place, self.listener.accept().await) {
                (Ok(place), Ok((stream, from))) => {
                    let lives = Box::pin(sleep(CONNECTION_LIVES));
                    return (Limited { stream, limit: Minute { lives, _place: place } }, from);
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

/// When a connection ends, whatever the other side does.
pub(crate) trait Limit: Unpin {
    /// Whether it is over.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()>;

    /// Something was written.
    fn written(&mut self) {}
}

/// A connection with an end.
pub(crate) struct Limited<S, L> {
    pub(crate) stream: S,
    pub(crate) limit: L,
}

/// A minute.
pub(crate) struct Minute {
    lives: Pin<Box<Sleep>>,
    _place: OwnedSemaphorePermit,
}

impl Limit for Minute {
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.lives.as_mut().poll(context)
    }
}

impl<S, L: Limit> Limited<S, L> {
    fn alive(&mut self, context: &mut Context<'_>) -> io::Result<&mut S> {
        match self.limit.poll_over(context) {
            Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
            Poll::Pending => Ok(&mut self.stream),
        }
    }
}

impl<S: AsyncRead + Unpin, L: Limit> AsyncRead for Limited<S, L> {
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

impl<S: AsyncWrite + Unpin, L: Limit> AsyncWrite for Limited<S, L> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = match self.alive(context) {
            Ok(stream) => Pin::new(stream).poll_write(context, bytes),
            Err(over) => Poll::Ready(Err(over)),
        };
        if matches!(outcome, Poll::Ready(Ok(1..))) {
            self.limit.written();
        }
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Whether a page of our own asks to change something: what it sends is JSON, and it is from here. Another site's page can do neither without
/// being asked first.
pub(crate) fn is_own_json(headers: &HeaderMap) -> bool {
    let is_json =
        text_of(headers, &header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    is_json && is_own(headers)
}

/// Whether a page of our own asks. The listener of this machine has no TLS, unless a proxy brings it.
pub(crate) fn is_own(headers: &HeaderMap) -> bool {
    let host = text_of(headers, &header::ORIGIN)
        .and_then(|origin| origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")));
    host.is_some() && host == text_of(headers, &header::HOST)
}

/// Whether a page says it came without TLS, which whoever is on the way can write. Where there is TLS it is nobody's.
pub(crate) fn is_without_tls(headers: &HeaderMap) -> bool {
    text_of(headers, &header::ORIGIN).is_some_and(|origin| origin.starts_with("http://"))
}

fn text_of<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The 32 bytes of a session's cookie.
pub(crate) fn token_of(headers: &HeaderMap, cookie: &str) -> Option<[u8; 32]> {
    let cookies = text_of(headers, &header::COOKIE)?;
    let own = cookies.split(';').find_map(|one| one.trim().strip_prefix(cookie)?.strip_prefix('='))?;
    hex::bytes(own)?.try_into().ok()
}
