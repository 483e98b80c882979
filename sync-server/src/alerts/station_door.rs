//! What broadcasters' stations ask (docs/broadcast.md): the feed, signed files, the overlay and the operator's page. Everything but the
//! pages themselves needs the station's account, which can read and put on its own air, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hinamori_alert::CAP_MEDIA_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::alerts::board::Board;
use crate::alerts::of_base64;
use crate::alerts::stations::Station;
use crate::alerts::tv_door::file;
use crate::hex;
use crate::web::headers;

const WAITS: Duration = Duration::from_secs(25);
/// A wrong secret is answered no sooner: whoever tries them out has no use of many connections.
const WRONG: Duration = Duration::from_millis(300);
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
        .with_state(board)
}

/// Not let in.
struct Refused;

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = said(StatusCode::UNAUTHORIZED, &json!({}));
        let challenge = HeaderValue::from_static("Basic realm=\"hinamori\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        response
    }
}

fn said(status: StatusCode, value: &Value) -> Response {
    (status, headers("application/json", POLICY), value.to_string()).into_response()
}

/// The account: the secret as a bearer (RFC 6750 §2.1), or as the password of any user (RFC 7617), which is what readers of feeds can do.
async fn station(board: &Board, headers: &HeaderMap) -> Result<Station, Refused> {
    let given = || {
        let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        if let Some(secret) = given.strip_prefix("Bearer ") {
            return Some(secret.to_owned());
        }
        let pair = String::from_utf8(of_base64(given.strip_prefix("Basic ")?)?).ok()?;
        Some(pair.split_once(':')?.1.to_owned())
    };
    let found = given().and_then(|secret| board.inner().stations.by_secret(&secret).cloned());
    match found {
        Some(station) => Ok(station),
        None => {
            sleep(WRONG).await;
            Err(Refused)
        }
    }
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    list: u32,
}

async fn wait(
    State(board): State<Arc<Board>>,
    Query(Seen { seen, list }): Query<Seen>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    station(&board, &headers).await?;
    let mut changes = board.stations.subscribe();
    let text = |revision: u64| board.revision_text(revision);
    if text(*changes.borrow_and_update()) == seen {
        drop(timeout(WAITS, changes.changed()).await);
    }
    // Whoever was taken off in the meantime hears nothing any more.
    let station = station(&board, &headers).await?;
    let revision = text(*changes.borrow_and_update());
    Ok(said(StatusCode::OK, &board.tell_station(&station, list, &revision)))
}

#[derive(Deserialize)]
struct Take {
    message: Option<String>,
}

async fn air(State(board): State<Arc<Board>>, headers: HeaderMap, body: Bytes) -> Result<Response, Refused> {
    let station = station(&board, &headers).await?;
    let read = || {
        let Take { message } = serde_json::from_slice(&body).ok()?;
        message.map(|text| hex::bytes(&text)?.try_into().ok()).map_or(Some(None), |digest| digest.map(Some))
    };
    let Some(digest) = read() else { return Ok(said(StatusCode::BAD_REQUEST, &json!({}))) };
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
    station(&board, &headers).await?;
    let (bytes, tag) = board.feed();
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
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
    station(&board, &headers).await?;
    let found = name.strip_suffix(".xml").and_then(|digest| board.file(digest));
    Ok(match found {
        Some(file) => (crate::web::headers(CAP_MEDIA_TYPE, POLICY), file.to_vec()).into_response(),
        None => said(StatusCode::NOT_FOUND, &json!({})),
    })
}
