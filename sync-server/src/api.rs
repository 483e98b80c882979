//! The HTTP API of the officials' pages, version 1, and its description (OpenAPI 3.1). The pages use nothing else.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::OpenApi as Description;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::alerts::Board;
use crate::browser::Browsers;
use crate::hub::Hub;
use crate::map::{Maps, map_routes};

/// What the API's requests share.
pub(crate) struct Api {
    pub(crate) hub: Arc<Hub>,
    pub(crate) board: Arc<Board>,
    pub(crate) browsers: Browsers,
    pub(crate) maps: Arc<Maps>,
}

/// Why a request has no answer (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The HTTP status (RFC 9110 §15).
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A sentence for the official, in Japanese.
    title: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, title: &str) -> Self {
        Self { status: status.as_u16(), title: title.to_owned() }
    }

    /// The page: it asks for what there is not.
    pub(crate) fn page() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "この画面が 古いようです。読み込み直して ください")
    }

    pub(crate) fn gone() -> Self {
        Self::new(StatusCode::NOT_FOUND, "もう ありません")
    }

    /// The role of whoever asks.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "この画面は あなたの 役割では 見られません")
    }

    pub(crate) fn server() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "サーバーが 答えられません。すこし 待って ください")
    }

    pub(crate) fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "もう一度 入って ください")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [("content-type", "application/problem+json")], Json(self)).into_response()
    }
}

/// What stands behind the `?` of an address.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Api>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let read = Query::from_request_parts(parts, api).await;
        read.map(|Query(asked)| Self(asked)).map_err(|_malformed| Problem::page())
    }
}

#[derive(OpenApi)]
#[openapi(info(title = "Hinamori: the officials' API", version = "1"))]
struct Document;

/// The routes under `/api/v1`, and their description.
pub(crate) fn routes(api: Arc<Api>) -> (Router, Description) {
    OpenApiRouter::with_openapi(Document::openapi())
        .nest("/api/v1", map_routes())
        .with_state(api)
        .split_for_parts()
}
