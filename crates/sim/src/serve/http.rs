//! The tray's page and its JSON interface.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::answer::{DeskError, Lies, PresentationId, Taken};
use super::desk::Desk;
use crate::presented::Fault;
use crate::tray::{CardEntry, CardName, Kind, Oddity};

const PAGE: &str = include_str!("page.html");
/// A request names a card, a reader and a fault.
const LONGEST_REQUEST: usize = 4_096;
/// As long as a hand holds a card where it says nothing else.
const USUAL_HOLD_MS: u64 = 1_500;
const LONGEST_HOLD_MS: u64 = 60_000;
/// How often a hold looks whether its card was torn away.
const LOOK: Duration = Duration::from_millis(10);

/// Everything that is served.
pub fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/cards.json", get(cards))
        .route("/log", get(log))
        .route("/hold", post(hold))
        .route("/lay", post(lay))
        .route("/take", post(take))
        .layer(DefaultBodyLimit::max(LONGEST_REQUEST))
        .with_state(desk)
}

/// What goes wrong during the presentation, as requests say it: `{"torn_after":3}`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FaultRequest {
    TornAfter(u32),
    MuteAfter(u32),
    OneByteAnswerTo(u32),
    ShortAnswerTo(u32),
    FirstCommandFails,
}

impl From<FaultRequest> for Fault {
    fn from(request: FaultRequest) -> Self {
        match request {
            FaultRequest::TornAfter(answered) => Self::TornAfter(answered),
            FaultRequest::MuteAfter(answered) => Self::MuteAfter(answered),
            FaultRequest::OneByteAnswerTo(number) => Self::OneByteAnswerTo(number),
            FaultRequest::ShortAnswerTo(number) => Self::ShortAnswerTo(number),
            FaultRequest::FirstCommandFails => Self::FirstCommandFails,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayRequest {
    card: String,
    reader: String,
    #[serde(default)]
    fault: Option<FaultRequest>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldRequest {
    card: String,
    reader: String,
    #[serde(default)]
    fault: Option<FaultRequest>,
    #[serde(default)]
    hold_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TakeRequest {
    reader: String,
}

#[derive(Debug, Deserialize)]
struct LogQuery {
    card: String,
}

#[derive(Debug, Serialize)]
struct CardsAnswer<'a> {
    cards: Vec<CardAnswer<'a>>,
    readers: Vec<Lies>,
}

#[derive(Debug, Serialize)]
struct CardAnswer<'a> {
    name: &'a CardName,
    title: &'a str,
    note: &'a str,
    kind: Kind,
    oddity: Option<Oddity>,
    copy: bool,
    group: Option<&'a str>,
    registered: bool,
}

/// A refusal in one sentence.
#[derive(Debug)]
enum Refusal {
    Desk(DeskError),
    Request(JsonRejection),
    Stopped,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Desk(error @ (DeskError::NoCard(_) | DeskError::NoReader(_))) => {
                (StatusCode::NOT_FOUND, format!("{error}\n")).into_response()
            }
            Self::Desk(error) => (StatusCode::CONFLICT, format!("{error}\n")).into_response(),
            Self::Request(rejection) => rejection.into_response(),
            Self::Stopped => {
                (StatusCode::SERVICE_UNAVAILABLE, "the tray is being put away\n").into_response()
            }
        }
    }
}

impl From<DeskError> for Refusal {
    fn from(error: DeskError) -> Self {
        Self::Desk(error)
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self::Request(rejection)
    }
}

async fn cards(State(desk): State<Arc<Desk>>) -> Response {
    let cards = desk.cards().iter().map(CardAnswer::from).collect();
    Json(CardsAnswer { cards, readers: desk.lies() }).into_response()
}

impl<'a> From<&'a CardEntry> for CardAnswer<'a> {
    fn from(entry: &'a CardEntry) -> Self {
        let CardEntry { name, title, note, kind, oddity, copy_of, group, person, .. } = entry;
        Self {
            name,
            title,
            note,
            kind: *kind,
            oddity: *oddity,
            copy: copy_of.is_some(),
            group: group.as_deref(),
            registered: person.is_some(),
        }
    }
}

async fn log(
    State(desk): State<Arc<Desk>>,
    Query(LogQuery { card }): Query<LogQuery>,
) -> Result<String, Refusal> {
    Ok(desk.log(&card)?.iter().map(|entry| format!("{entry}\n")).collect())
}

async fn lay(
    State(desk): State<Arc<Desk>>,
    request: Result<Json<LayRequest>, JsonRejection>,
) -> Result<StatusCode, Refusal> {
    let Json(LayRequest { card, reader, fault }) = request?;
    lay_on(&desk, card, reader, fault).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn take(
    State(desk): State<Arc<Desk>>,
    request: Result<Json<TakeRequest>, JsonRejection>,
) -> Result<Json<Taken>, Refusal> {
    let Json(TakeRequest { reader }) = request?;
    blocking(move || desk.take(&reader, None)).await.map(Json)
}

/// A hold is a task of its own: when nobody waits for its answer any more the card is taken off all the same.
async fn hold(
    State(desk): State<Arc<Desk>>,
    request: Result<Json<HoldRequest>, JsonRejection>,
) -> Result<Json<Taken>, Refusal> {
    let Json(request) = request?;
    tokio::spawn(hold_on(desk, request)).await.map_err(|_ended| Refusal::Stopped)?.map(Json)
}

async fn hold_on(desk: Arc<Desk>, request: HoldRequest) -> Result<Taken, Refusal> {
    let HoldRequest { card, reader, fault, hold_ms } = request;
    let hold = Duration::from_millis(hold_ms.unwrap_or(USUAL_HOLD_MS).min(LONGEST_HOLD_MS));
    let presentation = lay_on(&desk, card.clone(), reader.clone(), fault).await?;
    let until = Instant::now() + hold;
    while !desk.has_ended(&reader, presentation) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
    blocking(move || desk.take(&reader, Some((&card, presentation)))).await
}

async fn lay_on(
    desk: &Arc<Desk>,
    card: String,
    reader: String,
    fault: Option<FaultRequest>,
) -> Result<PresentationId, Refusal> {
    let desk = Arc::clone(desk);
    blocking(move || desk.lay(&card, &reader, fault.map(Fault::from))).await
}

async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, DeskError> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(act).await {
        Ok(outcome) => outcome.map_err(Refusal::Desk),
        Err(_ended) => Err(Refusal::Stopped),
    }
}
