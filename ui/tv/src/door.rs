//! What the page on the receiver's own screen asks (docs/tv.md §6): the page itself, which is part of this program, and what the household
//! is told, with the root of the installation. No server can give another page.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::hex;
use crate::household::{Answer, AnswerKind};
use crate::shared::Shared;
use crate::voice::Voice;

const WAITS: Duration = Duration::from_secs(25);
/// How long an answer is waited for until somebody has it; the page asks again.
const DELIVERED_WITHIN: Duration = Duration::from_secs(20);
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; media-src data:; frame-ancestors 'none'";

/// The door's world.
pub(crate) struct Door {
    shared: Arc<Shared>,
    voice: Arc<Voice>,
    /// The page's secret: another one at each start.
    token: String,
}

impl Door {
    pub(crate) fn new(shared: Arc<Shared>, voice: Arc<Voice>, token: [u8; 32]) -> Self {
        Self { shared, voice, token: hex::text(&token) }
    }

    fn is_page(&self, headers: &HeaderMap) -> bool {
        let said = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        said.and_then(|said| said.strip_prefix("Bearer ")) == Some(&self.token)
    }
}

/// Answers the page until the program ends.
///
/// # Errors
/// As the network says.
pub(crate) async fn serve(door: Door, listener: TcpListener) -> std::io::Result<()> {
    let port = listener.local_addr()?.port();
    axum::serve(listener, routes(door, port)).await
}

fn routes(door: Door, port: u16) -> Router {
    let hosts = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{port}"));
    // A name that somebody else's page points here is none of ours.
    let is_ours = move |request: Request, next: Next| {
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        let is_known = host.is_some_and(|host| hosts.iter().any(|known| known == host));
        async move { if is_known { next.run(request).await } else { StatusCode::FORBIDDEN.into_response() } }
    };
    Router::new()
        .route("/", get(async || Redirect::temporary("/tv/")))
        .route(
            "/tv/",
            get(async || file("text/html", include_bytes!("../../../sync-server/web/dist/tv.html"))),
        )
        .route(
            "/tv/tv.js",
            get(async || file("text/javascript", include_bytes!("../../../sync-server/web/dist/tv.js"))),
        )
        .route(
            "/tv/tv.css",
            get(async || file("text/css", include_bytes!("../../../sync-server/web/dist/tv.css"))),
        )
        .route("/tv/hello", post(hello))
        .route("/tv/wait", get(wait))
        .route("/tv/answer", post(answer))
        .with_state(Arc::new(door))
        .layer(axum::middleware::from_fn(is_ours))
}

fn file(kind: &str, bytes: &'static [u8]) -> Response {
    let headers = [
        (header::CONTENT_TYPE, format!("{kind}; charset=utf-8")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, bytes).into_response()
}

async fn hello(State(door): State<Arc<Door>>) -> Response {
    Json(json!({ "token": door.token, "code": null })).into_response()
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    list: u32,
}

async fn wait(State(door): State<Arc<Door>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    if !door.is_page(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let mut revision = door.shared.revision();
    // Another one at each start, as the token is.
    let text = |revision: u64| format!("{:.8}-{revision:x}", door.token);
    let is_known = text(*revision.borrow_and_update()) == asked.seen;
    if is_known && let Ok(Ok(())) = timeout(WAITS, revision.changed()).await {
        revision.mark_unchanged();
    }
    let now = text(*revision.borrow());
    let running = door.shared.running();
    Json(door.shared.household().page(&now, asked.list, running)).into_response()
}

#[derive(Deserialize)]
struct Answered {
    message: String,
    answer: String,
}

/// Nobody is told that the town hall has an answer before it does.
fn who_has(shared: &Shared, answer: &Answer) -> Option<Value> {
    let household = shared.household();
    let at = household.delivered(answer).map(|at| json!({ "at": at }));
    at.or_else(|| household.at_box(answer).map(|kept| json!({ "kept": kept })))
}

async fn answer(State(door): State<Arc<Door>>, headers: HeaderMap, body: Json<Answered>) -> Response {
    if !door.is_page(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Json(Answered { message, answer }) = body;
    let Some(kind) = AnswerKind::of(&answer) else { return StatusCode::BAD_REQUEST.into_response() };
    if kind != AnswerKind::Shown {
        // Somebody is there and has heard it.
        door.voice.stop();
    }
    let mut revision = door.shared.revision();
    let (is_new, kept) = door.shared.try_change(|household| household.answer(&message, kind));
    if is_new.is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    if let Err(problem) = kept {
        tracing::error!(error = &problem as &dyn std::error::Error, "an answer of the household is not kept");
    }
    door.shared.ring_for_answers();
    let answer = (message, kind);
    let delivered = async {
        loop {
            revision.borrow_and_update();
            if let Some(said) = who_has(&door.shared, &answer) {
                return said;
            }
            if revision.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    match timeout(DELIVERED_WITHIN, delivered).await {
        Ok(said) => Json(said).into_response(),
        Err(_not_yet) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}
