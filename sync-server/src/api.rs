//! The HTTP API of the officials' pages, version 1, and its description (OpenAPI 3.1). The pages use nothing else.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::Serialize;
use utoipa::openapi::OpenApi as Description;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::alerts::Board;
use crate::hub::Hub;

/// What the API's requests share.
pub(crate) struct Api {
    pub(crate) hub: Arc<Hub>,
    pub(crate) board: Arc<Board>,
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

#[derive(OpenApi)]
#[openapi(info(title = "Hinamori: the officials' API", version = "1"))]
struct Document;

/// The routes under `/api/v1`, and their description.
pub(crate) fn routes(api: Arc<Api>) -> (Router, Description) {
    OpenApiRouter::with_openapi(Document::openapi()).with_state(api).split_for_parts()
}
