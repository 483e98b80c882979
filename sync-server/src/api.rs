//! The HTTP API of the officials' pages, version 1, and its description (OpenAPI 3.1). The pages use nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, watch};
use utoipa::openapi::response::Response as Described;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::alerts::Board;
use crate::browser::{self, Browsers, COOKIE, Official};
use crate::hub::Hub;
use crate::inquiry_door::Inquiries;
use crate::map::{Maps, map_routes};

/// What the API's requests share.
pub(crate) struct Api {
    pub(crate) hub: Arc<Hub>,
    pub(crate) board: Arc<Board>,
    pub(crate) browsers: Browsers,
    pub(crate) maps: Arc<Maps>,
    pub(crate) inquiries: Arc<Inquiries>,
    /// Held while an official changes a site: what they saw is compared with what is, and nobody comes between.
    pub(crate) acting: Mutex<()>,
    /// Ends with the server: whoever waits for news waits no longer.
    pub(crate) ended: watch::Receiver<()>,
    /// Itself, as it is handed out.
    description: OnceLock<String>,
}

impl Api {
    pub(crate) fn new(
        (hub, board): (Arc<Hub>, Arc<Board>),
        browsers: Browsers,
        maps: Arc<Maps>,
        ended: watch::Receiver<()>,
    ) -> Self {
        let inquiries = Arc::new(Inquiries::new(Arc::clone(&hub)));
        let (acting, description) = (Mutex::new(()), OnceLock::new());
        Self { hub, board, browsers, maps, inquiries, acting, ended, description }
    }
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

    /// The role of whoever asks.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "この画面は あなたの 役割では 見られません")
    }

    pub(crate) fn signed_out() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "もう一度 入って ください")
    }

    /// Another page than ours, or another version of it.
    pub(crate) fn page(status: StatusCode) -> Self {
        Self::new(status, "この画面が 古いようです。読み込み直して ください")
    }

    pub(crate) fn too_often() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "いま たくさんの 人が 入ろうと しています。1分 待って ください",
        )
    }

    pub(crate) fn not_there() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ありません")
    }

    pub(crate) fn server() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "サーバーで 問題が 起きました。管理者に 伝えて ください")
    }
}

/// Every request may have one.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let described = ResponseBuilder::new().content("application/problem+json", content).build();
        ["4XX", "5XX"].map(|status| (status.to_owned(), RefOr::T(described.clone()))).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, [(header::CONTENT_TYPE, "application/problem+json")], Json(self)).into_response()
    }
}

/// What stands behind the `?` of an address.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Arc<Api>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let read = Query::from_request_parts(parts, api).await;
        read.map(|Query(asked)| Self(asked)).map_err(|_malformed| Problem::page(StatusCode::BAD_REQUEST))
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Hinamori: the officials' API", version = "1"),
    modifiers(&Session),
    components(schemas(Problem)),
    // Where nothing else is said.
    security(("session" = []))
)]
struct Document;

/// How a request says who asks.
struct Session;

impl Modify for Session {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        description.components.get_or_insert_default().add_security_scheme("session", cookie);
    }
}

/// The routes under `/api/v1`.
pub(crate) fn routes(api: Arc<Api>) -> Router {
    let all = browser::routes().merge(map_routes()).routes(routes!(description));
    let (router, description) =
        OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", all).split_for_parts();
    // Numbers and texts only: this does not fail.
    api.description.get_or_init(|| description.to_json().unwrap_or_default());
    router.method_not_allowed_fallback(async || Problem::page(StatusCode::METHOD_NOT_ALLOWED)).with_state(api)
}

/// This description (OpenAPI 3.1).
#[utoipa::path(get, path = "/openapi.json", tag = "description", responses(
    (status = 200, body = Object),
    Problem,
))]
async fn description(State(api): State<Arc<Api>>, _official: Official) -> Response {
    let description = api.description.get().cloned().unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], description).into_response()
}
