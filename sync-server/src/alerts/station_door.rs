//! What broadcasters' stations ask (docs/broadcast.md): the feed, signed files, the overlay and the operator's page. Everything but the
//! pages themselves needs the station's account, which can read and put on its own air, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hinamori_alert::CAP_MEDIA_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::alerts::board::Board;
use crate::alerts::broadcast::OverlaySays;
use crate::alerts::of_base64;
use crate::alerts::stations::Station;
use crate::alerts::tv_door::file;
use crate::browser::Visitor;
use crate::clock::now;
use crate::hex;
use crate::web::headers;

const WAITS: Duration = Duration::from_secs(25);
/// Bytes of an answer.
const LONGEST: usize = 1_024;
/// The overlay stands in the operator's page, and in programs that are no browser's page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

/// The routes.
pub(crate) fn routes(board: Arc<Board>) -> Router {
    let html = "text/html; charset=utf-8";
    let script = "text/javascript; charset=utf-8";
    let style = "text/css; charset=utf-8";
    macro_rules! page {
        ($kind:expr, $name:literal) => {
            get(async move || file($kind, POLICY, include_bytes!(concat!("../../web/dist/", $name))))
        };
    }
    Router::new()
        .route("/", get(async || Redirect::temporary("/station/")))
        .route("/station/", page!(html, "station.html"))
        .route("/station/station.js", page!(script, "station.js"))
        .route("/station/station.css", page!(style, "station.css"))
        .route("/overlay/", page!(html, "overlay.html"))
        .route("/overlay/overlay.js", page!(script, "overlay.js"))
        .route("/overlay/overlay.css", page!(style, "overlay.css"))
        .route("/station/api/wait", get(wait))
        .route("/station/api/air", post(air))
        .route("/feed/cap.atom", get(feed))
        .route("/feed/{name}", get(alert))
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(from_fn_with_state(Arc::clone(&board), know))
        .with_state(board)
}

/// Whoever shows an account is no stranger: strangers take no place from them any more.
async fn know(State(board): State<Arc<Board>>, request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(visitor)) = request.extensions().get::<ConnectInfo<Visitor>>()
        && reader(&board, request.headers()).is_ok()
    {
        visitor.is_signed_in();
    }
    next.run(request).await
}

/// Not let in.
enum Refused {
    /// Readers of feeds are asked for a password.
    Reader,
    /// A page of ours asks by itself, without the browser's own dialogue.
    Page,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = said(StatusCode::UNAUTHORIZED, &json!({}));
        let challenge = HeaderValue::from_static("Basic realm=\"hinamori\", charset=\"UTF-8\"");
        if matches!(self, Self::Reader) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

fn said(status: StatusCode, value: &Value) -> Response {
    (status, headers("application/json", POLICY), value.to_string()).into_response()
}

fn given(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// The account of a page of ours: the secret as a bearer (RFC 6750 §2.1), which no other site's page can send.
fn page(board: &Board, headers: &HeaderMap) -> Result<Station, Refused> {
    let secret = given(headers).and_then(|given| given.strip_prefix("Bearer "));
    secret.and_then(|secret| board.inner().stations.by_secret(secret).cloned()).ok_or(Refused::Page)
}

/// The same of a reader, which may also send it as the password of any user (RFC 7617): that is what readers of feeds can do.
fn reader(board: &Board, headers: &HeaderMap) -> Result<Station, Refused> {
    let basic = || {
        let pair = String::from_utf8(of_base64(given(headers)?.strip_prefix("Basic ")?)?).ok()?;
        Some(pair.split_once(':')?.1.to_owned())
    };
    let of_reader = || basic().and_then(|secret| board.inner().stations.by_secret(&secret).cloned());
    page(board, headers).ok().or_else(of_reader).ok_or(Refused::Reader)
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    list: u32,
    /// The messages that the page has, by the beginnings of their digests.
    #[serde(default)]
    has: String,
    /// What an overlay shows, and in which form; the operator's page says neither.
    shows: Option<String>,
    #[serde(default)]
    form: String,
}

async fn wait(
    State(board): State<Arc<Board>>,
    Query(Seen { seen, list, has, shows, form }): Query<Seen>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let station = page(&board, &headers)?;
    let mut changes = board.stations.subscribe();
    let text = |revision: u64| board.revision_text(revision);
    let is_word = |text: &str| text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if let Some(shows) = shows.filter(|shows| is_word(shows) && is_word(&form)) {
        board.overlay_says(station.id, OverlaySays { shows, form, at: now() });
    }
    if text(*changes.borrow_and_update()) == seen {
        drop(timeout(WAITS, changes.changed()).await);
    }
    // Whoever was taken off in the meantime hears nothing any more.
    let station = page(&board, &headers)?;
    let revision = text(*changes.borrow_and_update());
    Ok(said(StatusCode::OK, &board.tell_station(&station, (list, &has), &revision)))
}

#[derive(Deserialize)]
struct Take {
    message: Option<String>,
}

async fn air(State(board): State<Arc<Board>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let station = page(&board, &headers)?;
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let read = || {
        let Take { message } = serde_json::from_slice(&body).ok()?;
        message.map(|text| hex::bytes(&text)?.try_into().ok()).map_or(Some(None), |digest| digest.map(Some))
    };
    let Some(digest) = read().filter(|_| is_json) else {
        return Ok(said(StatusCode::BAD_REQUEST, &json!({})));
    };
    let taking = {
        let board = Arc::clone(&board);
        // A page that goes away must not leave the file and the air apart.
        tokio::spawn(async move { board.take_to_air(station.id, digest).await })
    };
    Ok(match taking.await {
        Ok(Ok(Some(at))) => {
            tracing::info!(
                station = station.id,
                is_on = digest.is_some(),
                "an operator changed what is on the air"
            );
            said(StatusCode::OK, &json!({ "at": at }))
        }
        Ok(Ok(None)) => said(StatusCode::NOT_FOUND, &json!({})),
        Ok(Err(error)) => {
            tracing::error!(%error, "what an operator did is not kept");
            said(StatusCode::SERVICE_UNAVAILABLE, &json!({}))
        }
        Err(_ended) => said(StatusCode::SERVICE_UNAVAILABLE, &json!({})),
    })
}

async fn feed(State(board): State<Arc<Board>>, headers: HeaderMap) -> Result<Response, Refused> {
    reader(&board, &headers)?;
    let (bytes, tag) = board.feed();
    // Compared weakly (RFC 9110 §13.1.2): a proxy that compresses makes it weak.
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag);
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (crate::web::headers("application/atom+xml", POLICY), bytes).into_response()
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}

async fn alert(
    State(board): State<Arc<Board>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    reader(&board, &headers)?;
    let found = name.strip_suffix(".xml").and_then(|digest| board.file(digest));
    Ok(match found {
        Some(file) => (crate::web::headers(CAP_MEDIA_TYPE, POLICY), file.to_vec()).into_response(),
        None => said(StatusCode::NOT_FOUND, &json!({})),
    })
}
