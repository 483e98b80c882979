//! What the map's page asks.
#![expect(unused_qualifications, reason = "utoipa's macros name types a second time")]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use hinamori_alert::Polygon;
use hinamori_plan::Plan;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep_until};
use tower_http::services::ServeFile;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::contract::{DistrictHouseholds, MapBase, MapChange, MapMode, MapState, WhichMap};
use super::files::{index, path_of};
use super::look::degrees;
use super::picture::Since;
use crate::api::{Api, Asked, Problem};
use crate::browser::Official;
use crate::clock::now;
use crate::gzip::gzipped;

/// A page knows after so long that its line is cut.
const BEATS: Duration = Duration::from_secs(15);

/// The routes below `/api/v1`.
pub(crate) fn map_routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(state))
        .routes(routes!(changes))
        .routes(routes!(households))
        .routes(routes!(base))
        .routes(routes!(outlines))
        .routes(routes!(file))
}

fn not_yet() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "まだ 数えていません。すこし 待って ください")
}

/// The whole map of an incident.
#[utoipa::path(get, path = "/map/state", tag = "map", params(WhichMap), responses(
    (status = 200, description = "The map", body = MapState),
    Problem,
))]
async fn state(
    State(api): State<Arc<Api>>,
    official: Official,
    headers: HeaderMap,
    Asked(WhichMap { mode }): Asked<WhichMap>,
) -> Result<Response, Problem> {
    official.must_see_map()?;
    api.maps.of(mode).looked_at(now()).ok_or_else(not_yet)?;
    let text = {
        let picture = api.maps.of(mode).picture();
        let picture = picture.as_ref().ok_or_else(not_yet)?;
        serde_json::to_vec(picture.state()).unwrap_or_default()
    };
    Ok(json_answer(&headers, text))
}

/// From where a tablet goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct From {
    /// In earnest or a drill.
    mode: MapMode,
    /// The revision of the state, or of the latest change; the header `Last-Event-ID` counts before it.
    #[param(max_length = 64)]
    from: Option<String>,
}

/// Every change after a revision, as server-sent events.
///
/// `change` with a `MapChange` and its revision as id; `reset` where the map has to be fetched anew, and the stream ends; `beat` with the
/// time of the latest look every 15 seconds. The stream ends where nobody could look for half a minute.
#[utoipa::path(get, path = "/map/changes", tag = "map", params(From, ("Last-Event-ID" = Option<String>, Header, description = "The revision of the latest event")), responses(
    (status = 200, description = "Events, until somebody ends it", body = MapChange, content_type = "text/event-stream"),
    Problem,
))]
async fn changes(
    State(api): State<Arc<Api>>,
    official: Official,
    headers: HeaderMap,
    Asked(From { mode, from }): Asked<From>,
) -> Result<Response, Problem> {
    official.must_see_map()?;
    let latest = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let (news, ended) = (api.maps.of(mode).news(), api.ended.clone());
    let follower = Follower {
        ended,
        api,
        official,
        mode,
        revision: latest.or(from).unwrap_or_default(),
        news,
        beat_at: Instant::now(),
    };
    let events = stream::unfold(Some(follower), async |follower| {
        let mut follower = follower?;
        let (event, goes_on) = follower.next().await?;
        Some((Ok::<_, Infallible>(event), Some(follower).filter(|_| goes_on)))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// A tablet that looks.
struct Follower {
    api: Arc<Api>,
    official: Official,
    mode: MapMode,
    /// How far it was told.
    revision: String,
    news: watch::Receiver<u64>,
    ended: watch::Receiver<()>,
    beat_at: Instant,
}

impl Follower {
    /// What it is told next, and whether anything comes behind it. Nothing when the server ends.
    async fn next(&mut self) -> Option<(Bytes, bool)> {
        loop {
            self.news.borrow_and_update();
            if let Some(told) = self.behind() {
                return Some(told);
            }
            tokio::select! {
                changed = self.news.changed() => changed.ok()?,
                _ended = self.ended.changed() => return None,
                () = sleep_until(self.beat_at) => {
                    self.beat_at = Instant::now() + BEATS;
                    // Whoever was taken off the staff, has another role or signed out elsewhere is told nothing more.
                    self.official = self.official.again(&self.api)?;
                    self.official.must_see_map().ok()?;
                    // Where nobody could look for a while the line ends: what is old must not pass for now.
                    let at = self.api.maps.of(self.mode).looked_at(now())?;
                    return Some((format!("event: beat\ndata: {{\"at\":{}}}\n\n", at.get()).into(), true));
                }
            }
        }
    }

    /// What it was not told yet.
    fn behind(&mut self) -> Option<(Bytes, bool)> {
        let picture = self.api.maps.of(self.mode).picture();
        let picture = picture.as_ref()?;
        let since = picture.since(&self.revision);
        self.revision.clone_from(&picture.state().revision);
        match since {
            Since::Reset => Some((Bytes::from_static(b"event: reset\ndata: {}\n\n"), false)),
            Since::Changes(events) => match events.as_slice() {
                [] => None,
                [only] => Some((only.clone(), true)),
                several => Some((several.concat().into(), true)),
            },
        }
    }
}

/// The households of a district. Nobody is named.
#[utoipa::path(get, path = "/map/districts/{district}/households", tag = "map", params(
    ("district" = u16, Path, description = "Its number in the state"), WhichMap,
), responses(
    (status = 200, description = "All of them", body = DistrictHouseholds),
    Problem,
))]
async fn households(
    State(api): State<Arc<Api>>,
    official: Official,
    headers: HeaderMap,
    district: Result<Path<u16>, axum::extract::rejection::PathRejection>,
    Asked(WhichMap { mode }): Asked<WhichMap>,
) -> Result<Response, Problem> {
    official.must_see_map()?;
    let Path(district) = district.map_err(|_no_number| Problem::page(StatusCode::BAD_REQUEST))?;
    let text = {
        let picture = api.maps.of(mode).picture();
        let picture = picture.as_ref().ok_or_else(not_yet)?;
        let found =
            picture.households(district, official.may_see_support()).ok_or_else(Problem::not_there)?;
        serde_json::to_vec(&found).unwrap_or_default()
    };
    Ok(json_answer(&headers, text))
}

fn json_answer(headers: &HeaderMap, text: Vec<u8>) -> Response {
    gzipped(headers, "application/json", text)
}

/// What the map is drawn from.
#[utoipa::path(get, path = "/map/base", tag = "map", responses(
    (status = 200, description = "The files", body = MapBase),
    Problem,
))]
async fn base(State(api): State<Arc<Api>>, official: Official) -> Result<axum::Json<MapBase>, Problem> {
    official.must_see_map()?;
    let folder = api.hub.town.folder.clone();
    let index = spawn_blocking(move || index(&folder)).await.map_err(|_ended| Problem::server())?;
    let index = index.map_err(|error| {
        tracing::error!(%error, "the map's files cannot be read");
        Problem::server()
    })?;
    Ok(axum::Json(MapBase {
        bounds: index.bounds,
        base: index.base.as_ref().map(super::files::KeptFile::told),
        hazards: index.hazards.iter().map(super::files::KeptFile::told).collect(),
        outlines: "/api/v1/map/outlines".to_owned(),
    }))
}

/// The outlines of districts: GeoJSON (RFC 7946), `name` in each feature's properties.
#[utoipa::path(get, path = "/map/outlines", tag = "map", responses(
    (status = 200, description = "Those that the plan has", body = Value, content_type = "application/geo+json"),
    Problem,
))]
async fn outlines(
    State(api): State<Arc<Api>>,
    official: Official,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    official.must_see_map()?;
    let plan = api.board.inner().plan.clone();
    let text = plan.as_deref().map(outlines_of).unwrap_or_else(|| outlines_value(&[])).to_string();
    Ok(gzipped(&headers, "application/geo+json", text.into_bytes()))
}

fn outlines_of(plan: &Plan) -> Value {
    let ring = |ring: Polygon| -> Vec<[f64; 2]> {
        let point = |point: &hinamori_alert::Point| {
            [point.longitude, point.latitude].map(|part| degrees(part.billionths()))
        };
        ring.0.iter().map(point).collect()
    };
    let feature = |district: &hinamori_plan::District| {
        let ring = ring(district.polygon()?);
        Some(json!({
            "type": "Feature", "properties": { "name": district.name },
            "geometry": { "type": "Polygon", "coordinates": [ring] },
        }))
    };
    outlines_value(&plan.districts.iter().filter_map(feature).collect::<Vec<_>>())
}

fn outlines_value(features: &[Value]) -> Value {
    json!({ "type": "FeatureCollection", "features": features })
}

/// A file of the map, as a whole or by ranges of bytes (RFC 9110 §14).
#[utoipa::path(get, path = "/map/files/{name}", tag = "map", params(
    ("name" = String, Path, description = "As the base names it"),
), responses(
    (status = 200, description = "The file", content_type = "application/octet-stream"),
    (status = 206, description = "A part of it", content_type = "application/octet-stream"),
    (status = 304, description = "It is as it was"),
    (status = 416, description = "It has no such part"),
    Problem,
))]
async fn file(
    State(api): State<Arc<Api>>,
    official: Official,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    official.must_see_map()?;
    let folder = api.hub.town.folder.clone();
    let path = spawn_blocking(move || path_of(&folder, &index(&folder).ok()?, &name));
    let path = path.await.map_err(|_ended| Problem::server())?.ok_or_else(Problem::not_there)?;
    let mut serves = ServeFile::new(path).precompressed_gzip();
    let served = serves.try_call(request).await.map_err(|error| {
        tracing::error!(%error, "a file of the map cannot be read");
        Problem::server()
    })?;
    let mut response = served.map(Body::new);
    // Its name is made of its content, and nobody else may keep it.
    let cache = HeaderValue::from_static("private, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, cache);
    Ok(response)
}
