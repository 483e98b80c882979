//! What the town's trigger asks (docs/prepared-release.md §3): what it heard, and what it releases. Both are believed by the trigger's
//! signature alone, whoever brings them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use hinamori_alert::reported;
use serde_json::json;

use crate::alerts::base64;
use crate::alerts::board::Board;
use crate::alerts::release::{Heard, NotTriggered, Proposal, TOLERANCE_MILLIS, Triggering};
use crate::clock::now;
use crate::hex;

const LONGEST: usize = 64 << 10;

/// The routes.
pub(crate) fn routes(board: Arc<Board>) -> Router {
    Router::new()
        .route("/trigger/heard", post(heard))
        .route("/trigger/release", post(release))
        .layer(DefaultBodyLimit::max(LONGEST))
        .with_state(board)
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}

async fn heard(State(board): State<Arc<Board>>, body: Bytes) -> Response {
    let listed = board.inner().list.clone();
    let Some(listed) = listed else {
        return refused(StatusCode::CONFLICT, "the town lists no officers yet");
    };
    let Some(policy) = listed.list.policy().release else {
        return refused(StatusCode::CONFLICT, "the town's policy names no trigger");
    };
    let said = reported(&body, &policy.trigger).and_then(|said| serde_json::from_slice::<Heard>(said).ok());
    let Some(heard) = said else {
        return refused(StatusCode::UNAUTHORIZED, "the town's policy names another trigger");
    };
    let at = now();
    // What somebody recorded and plays back makes nobody think that the trigger lives.
    if at.since(heard.at) > TOLERANCE_MILLIS || heard.at > at.plus(TOLERANCE_MILLIS) {
        board.note_wrong_clock(heard.at, at);
        let (apart, way) = match at.since(heard.at) {
            0 => (heard.at.since(at), "ahead of"),
            behind => (behind, "behind"),
        };
        let why = format!("the trigger's clock is {} s {way} the server's", apart / 1_000);
        tracing::error!(why, "what the trigger heard is not believed");
        return refused(StatusCode::CONFLICT, &why);
    }
    match board.hear(heard).await {
        Ok(proposals) => {
            let proposal = |Proposal { prepared, template, sequence, references }: &Proposal| {
                json!({
                    "prepared": base64(&prepared.encode()), "template": base64(template),
                    "epoch": sequence.epoch, "number": sequence.number, "references": references,
                })
            };
            let proposals: Vec<_> = proposals.iter().map(proposal).collect();
            let root = hex::text(board.root());
            Json(json!({ "root": root, "list": listed.text.as_ref(), "proposals": proposals }))
                .into_response()
        }
        Err(error) => {
            tracing::error!(%error, "what the trigger heard is not answered");
            refused(StatusCode::SERVICE_UNAVAILABLE, "the server's disk")
        }
    }
}

async fn release(State(board): State<Arc<Board>>, body: Bytes) -> Response {
    // Who hangs up must not leave it half done.
    let triggering = tokio::spawn(async move { board.trigger(&body).await });
    match triggering.await {
        Ok(Ok(outcome)) => {
            let state = match outcome {
                Triggering::Sent => "sent",
                Triggering::Waits => "waits",
            };
            Json(json!({ "state": state })).into_response()
        }
        Ok(Err(NotTriggered::Dropped)) => Json(json!({ "state": "dropped" })).into_response(),
        // It is proposed anew, if it still stands: the next one knows of what came before it.
        Ok(Err(NotTriggered::Overtaken)) => Json(json!({ "state": "overtaken" })).into_response(),
        Ok(Err(NotTriggered::NotSent(error))) => {
            tracing::error!(%error, "what a trigger released is not out");
            refused(StatusCode::SERVICE_UNAVAILABLE, "the server's disk")
        }
        Ok(Err(why)) => {
            tracing::warn!(%why, "a trigger is refused");
            refused(StatusCode::CONFLICT, &why.to_string())
        }
        Err(_ended) => refused(StatusCode::SERVICE_UNAVAILABLE, "the server ends"),
    }
}
