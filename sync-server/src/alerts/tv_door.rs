//! What televisions ask (docs/tv.md §6), and the page that asks. Nobody can learn of another household here: the token is the
//! television's own, and what it gets is its household's.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hinamori_store_sqlite::AnswerKind;
use serde::Deserialize;
use tokio::time::timeout;

use crate::alerts::board::{Board, Receiver, code_text};
use crate::hex;
use crate::web::headers;

/// A television's browser gives up a request after half a minute.
const WAITS: Duration = Duration::from_secs(25);
/// Bytes of an answer.
const LONGEST: usize = 1_024;
/// Nothing is fetched from elsewhere, and nobody frames it but the desk of the same server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; media-src data:; frame-ancestors 'self'";

/// The routes.
pub(crate) fn routes(board: Arc<Board>) -> Router {
    page()
        .route("/", get(async || Redirect::temporary("/tv/")))
        .route("/tv/hello", post(hello))
        .route("/tv/wait", get(wait))
        .route("/tv/answer", post(answer))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(board)
}

/// The page alone: the desk shows it as a preview.
pub(crate) fn page<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(
            "/tv/",
            get(async || file("text/html; charset=utf-8", POLICY, include_bytes!("../../web/dist/tv.html"))),
        )
        .route(
            "/tv/tv.js",
            get(async || {
                file("text/javascript; charset=utf-8", POLICY, include_bytes!("../../web/dist/tv.js"))
            }),
        )
        .route(
            "/tv/tv.css",
            get(async || file("text/css; charset=utf-8", POLICY, include_bytes!("../../web/dist/tv.css"))),
        )
}

/// A file of a page.
pub(crate) fn file(content_type: &'static str, policy: &'static str, bytes: &'static [u8]) -> Response {
    (headers(content_type, policy), bytes).into_response()
}

fn json(status: StatusCode, text: String) -> Response {
    (status, headers("application/json", POLICY), text).into_response()
}

fn failed(status: StatusCode) -> Response {
    json(status, "{}".to_owned())
}

async fn hello(State(board): State<Arc<Board>>) -> Response {
    match board.hello().await {
        Ok(Some((token, code))) => {
            let (token, code) = (hex::text(&token), code_text(code));
            json(StatusCode::OK, format!(r#"{{"token":"{token}","code":"{code}"}}"#))
        }
        Ok(None) => failed(StatusCode::TOO_MANY_REQUESTS),
        Err(error) => {
            tracing::error!(%error, "a television was not taken in");
            failed(StatusCode::SERVICE_UNAVAILABLE)
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
) -> Response {
    let Some(receiver) = receiver(&board, &headers) else { return failed(StatusCode::UNAUTHORIZED) };
    // Before the revision is read: what changes in between is not missed.
    let changed = receiver.changed.notified();
    if board.revision_text(receiver.revision()) == seen {
        // It is told again at the end of its patience, with a new heartbeat.
        drop(timeout(WAITS, changed).await);
    }
    json(StatusCode::OK, board.tell(&receiver, list))
}

fn receiver(board: &Board, headers: &HeaderMap) -> Option<Arc<Receiver>> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    board.receiver(&hex::bytes(given.strip_prefix("Bearer ")?)?)
}

#[derive(Deserialize)]
struct Answered<'a> {
    message: &'a str,
    answer: &'a str,
}

async fn answer(State(board): State<Arc<Board>>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(receiver) = receiver(&board, &headers) else { return failed(StatusCode::UNAUTHORIZED) };
    let read = || {
        let Answered { message, answer } = serde_json::from_slice(&body).ok()?;
        let kind = match answer {
            "shown" => AnswerKind::Shown,
            "going" => AnswerKind::Going,
            "help" => AnswerKind::Help,
            _ => return None,
        };
        Some((hex::bytes(message)?.try_into().ok()?, kind))
    };
    let Some((digest, kind)) = read() else { return failed(StatusCode::BAD_REQUEST) };
    match board.answer(&receiver, digest, kind).await {
        Ok(Some(at)) => json(StatusCode::OK, format!(r#"{{"at":{}}}"#, at.get())),
        Ok(None) => failed(StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::error!(%error, "a television's answer is not kept");
            failed(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}
