//! 定時報告 on the officials' page: the figures of the last full hour are looked at, frozen, checked by one and released by another;
//! and the tables that officials download.
//!
//! The steps and the files are those of `hinamori-server report` and `counts`. Every step and every download is a line in the log of commands.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hinamori_model::{Mode, PersonalText, UnixMillis};
use hinamori_report::{
    Audience, Change, Column, Period, Release, ReportError, ScheduledReport, Sheet, difference,
};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Official;
use super::door::{failed, own_body};
use super::listener::Visitor;
use crate::api::{Api, Problem};
use crate::clock::now;
use crate::counts_file::{AskedFigures, SheetKind};
use crate::figures::HOUR_MILLIS;
use crate::hall::{Hall, HallError, WhichIncident, note};
use crate::map::MapMode;
use crate::report_file::{
    NotTheTurn, ReportStep, ReportedHour, WhichReport, report_step, reported_hour, reported_hours,
};

/// Hours of a report's period, as at the command line.
const PERIOD_HOURS: u32 = 24;
/// Hours in the list: four days.
const MOST_HOURS: usize = 96;
/// Bytes of a request.
const LONGEST: usize = 1_024;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list, freeze))
        .routes(routes!(hour))
        .routes(routes!(check))
        .routes(routes!(release))
        .routes(routes!(correct))
        .routes(routes!(file))
        .routes(routes!(export))
}

/// Every report of a mode, and what would be frozen now.
#[derive(Serialize, ToSchema)]
struct Reports {
    /// The latest one first.
    hours: Vec<HourLine>,
    /// The end of the last full hour.
    #[schema(value_type = u64)]
    next_until: UnixMillis,
    /// Its figures as they are known now; none where that hour has a report.
    next: Option<ReportSheet>,
}

/// An hour in one line.
#[derive(Serialize, ToSchema)]
struct HourLine {
    /// The end of its period, by which it is asked for.
    #[schema(value_type = u64)]
    until: UnixMillis,
    /// How many versions are released.
    versions: u32,
    /// What it waits for.
    waits: Option<WaitsFor>,
}

/// The next step of a report.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WaitsFor {
    Check,
    Release,
}

/// The report of an hour.
#[derive(Serialize, ToSchema)]
struct HourReport {
    /// The beginning of its period.
    #[schema(value_type = u64)]
    from: UnixMillis,
    /// Its end.
    #[schema(value_type = u64)]
    until: UnixMillis,
    /// What is frozen and not released.
    waiting: Option<Waiting>,
    /// The latest released version.
    released: Option<Released>,
}

/// What would be released.
#[derive(Serialize, ToSchema)]
struct Waiting {
    /// When it was frozen: whoever checks or releases says which figures they looked at.
    #[schema(value_type = u64)]
    frozen_at: UnixMillis,
    /// Who checked it.
    #[schema(value_type = Option<String>)]
    checked_by: Option<PersonalText>,
    /// Whether whoever asks may release it: somebody else checked it.
    may_release: bool,
    sheet: ReportSheet,
    /// What differs from the last released report; none where there is none.
    against: Option<Against>,
}

/// A comparison with a released report.
#[derive(Serialize, ToSchema)]
struct Against {
    #[schema(value_type = u64)]
    until: UnixMillis,
    version: u32,
    changes: Vec<CellChange>,
}

/// One count that differs.
#[derive(Serialize, ToSchema)]
struct CellChange {
    /// The site's name; none for the whole town.
    site: Option<String>,
    /// What is counted.
    column: String,
    before: Option<u32>,
    after: Option<u32>,
}

/// A released version.
#[derive(Serialize, ToSchema)]
struct Released {
    version: u32,
    #[schema(value_type = u64)]
    at: UnixMillis,
    #[schema(value_type = String)]
    checked_by: PersonalText,
    #[schema(value_type = String)]
    released_by: PersonalText,
    sheet: ReportSheet,
}

/// Headquarters' table. Hidden people are in its totals and in none of its small counts.
#[derive(Serialize, ToSchema)]
struct ReportSheet {
    columns: Vec<String>,
    sites: Vec<SheetRow>,
    town: Vec<Option<u32>>,
}

/// A site's row.
#[derive(Serialize, ToSchema)]
struct SheetRow {
    name: String,
    counts: Vec<Option<u32>>,
}

/// Which figures somebody looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// As the report says it.
    #[schema(value_type = u64)]
    frozen_at: UnixMillis,
}

/// A file's form.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FileName {
    Csv,
    Geojson,
    Pdf,
}

/// Which table of the sites as they are now.
#[derive(Clone, Copy, Deserialize, ToSchema)]
enum ExportName {
    #[serde(rename = "sites.csv")]
    Csv,
    #[serde(rename = "sites.geojson")]
    GeoJson,
}

impl ReportSheet {
    fn of(sheet: &Sheet) -> Self {
        let counts = |cells: &[hinamori_report::Cell]| cells.iter().map(|cell| cell.count()).collect();
        let row =
            |row: &hinamori_report::Row| SheetRow { name: row.site.name.clone(), counts: counts(&row.cells) };
        Self {
            columns: sheet.columns().iter().map(|column| column.header().to_owned()).collect(),
            sites: sheet.rows().iter().map(row).collect(),
            town: counts(sheet.town()),
        }
    }
}

impl Against {
    fn of(last: &ScheduledReport, sheet: &Sheet) -> Self {
        let before = last.sheet(Audience::Headquarters);
        let name = |id| {
            let rows = sheet.rows().iter().chain(before.rows());
            rows.map(|row| &row.site).find(|site| Some(site.id) == id).map(|site| site.name.clone())
        };
        let change = |Change { site, column, before, after }| CellChange {
            site: name(site),
            column: Column::header(column).to_owned(),
            before,
            after,
        };
        let changes = difference(&before, sheet).into_iter().map(change).collect();
        Self { until: before.period().until, version: last.version(), changes }
    }
}

impl HourReport {
    fn of((hour, earlier): (ReportedHour, Option<ScheduledReport>), reader: &PersonalText) -> Self {
        let ReportedHour { period: Period { from, until }, released, waiting } = hour;
        let last = released.last().or(earlier.as_ref());
        let waiting = waiting.map(|waiting| {
            let sheet = waiting.figures.sheet(Audience::Headquarters);
            Waiting {
                frozen_at: waiting.frozen_at,
                may_release: waiting.checked_by.as_ref().is_some_and(|checked_by| checked_by != reader),
                checked_by: waiting.checked_by,
                against: last.map(|last| Against::of(last, &sheet)),
                sheet: ReportSheet::of(&sheet),
            }
        });
        let released = released.last().map(|report| {
            let Release { checked_by, released_by, at } = report.released().clone();
            let sheet = ReportSheet::of(&report.sheet(Audience::Headquarters));
            Released { version: report.version(), at, checked_by, released_by, sheet }
        });
        Self { from, until, waiting, released }
    }
}

/// It quotes nothing.
fn problem_of(error: &HallError) -> Problem {
    let sentence = match error {
        HallError::Step(NotTheTurn::NoReport) => return Problem::not_there(),
        HallError::Step(NotTheTurn::Released) => {
            "この 時間の 報告は もう 出ています。直すときは「直す」を 押して ください"
        }
        HallError::Step(NotTheTurn::NothingWaits) => "止めた 数が ありません。先に 数を 止めて ください",
        HallError::Step(NotTheTurn::OtherFigures) => {
            "ほかの 人が 数を 止め直しました。もう一度 見て ください"
        }
        HallError::Step(NotTheTurn::Unchecked) => "まだ だれも 確かめて いません",
        HallError::Step(NotTheTurn::SamePerson) => "確かめた 人は 出せません。ほかの 職員が 出して ください",
        HallError::Step(NotTheTurn::NothingReleased) => "この 時間の 報告は まだ 出ていません",
        HallError::Report(ReportError::NothingChanged { .. }) => {
            "出した 報告と 同じ 数です。直す ところが ありません"
        }
        HallError::Report(ReportError::OtherReport) => "災害の 名前が 変わったので、この 報告は 直せません",
        _ => return failed(error),
    };
    Problem::new(StatusCode::CONFLICT, sentence)
}

/// Works on the data folder, away from the threads that answer.
async fn working<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HallError> + Send + 'static,
) -> Result<T, Problem> {
    let worked = spawn_blocking(work).await.map_err(|_ended| Problem::server())?;
    worked.map_err(|error| problem_of(&error))
}

const fn incident_of(mode: MapMode) -> WhichIncident {
    match mode {
        MapMode::Live => WhichIncident::Live,
        MapMode::Drill => WhichIncident::Drill,
    }
}

type At<T> = Result<Path<T>, PathRejection>;

fn at<T>(path: At<T>) -> Result<T, Problem> {
    path.map(|Path(place)| place).map_err(|_nowhere| Problem::not_there())
}

/// The end of the hour that is over.
const fn last_full_hour(now: UnixMillis) -> UnixMillis {
    UnixMillis::new(now.get() / HOUR_MILLIS * HOUR_MILLIS)
}

/// What somebody who may make reports wants changed: of which report, and how.
async fn asked<P, B: DeserializeOwned>(
    api: &Arc<Api>,
    visitor: &Visitor,
    official: &Official,
    path: At<P>,
    request: Request,
) -> Result<(P, B), Problem> {
    official.must_make_reports()?;
    let place = at(path)?;
    Ok((place, own_body(api, visitor, Some(official.id), request, LONGEST).await?))
}

/// The reports of a mode, and the figures of the last full hour as they would be frozen now. For officials and auditors.
#[utoipa::path(get, path = "/reports/{mode}", tag = "reports", params(("mode" = MapMode, Path, description = "In earnest or a drill")), responses(
    (status = 200, description = "All of the last days", body = Reports),
    Problem,
))]
async fn list(
    State(api): State<Arc<Api>>,
    official: Official,
    path: At<MapMode>,
) -> Result<Json<Reports>, Problem> {
    official.must_read_reports()?;
    let mode = at(path)?;
    let folder = api.hub.town.folder.clone();
    let listed = working(move || {
        let (hall, now) = (Hall::open(&folder)?, now());
        let next_until = last_full_hour(now);
        let hours = reported_hours(&folder, &hall.keys, mode.into(), MOST_HOURS)?;
        let next = if hours.iter().any(|hour| hour.period.until == next_until) {
            None
        } else {
            let asked =
                AskedFigures { incident: incident_of(mode), until: Some(next_until), hours: PERIOD_HOURS };
            let figures = hall.figures(mode.into(), asked.period(now), now)?;
            Some(ReportSheet::of(&figures.sheet(Audience::Headquarters)))
        };
        let line = |hour: &ReportedHour| HourLine {
            until: hour.period.until,
            versions: u32::try_from(hour.released.len()).unwrap_or(u32::MAX),
            waits: hour.waiting.as_ref().map(|waiting| match waiting.checked_by {
                None => WaitsFor::Check,
                Some(_) => WaitsFor::Release,
            }),
        };
        Ok(Reports { hours: hours.iter().map(line).collect(), next_until, next })
    });
    Ok(Json(listed.await?))
}

/// The report of an hour. For officials and auditors.
#[utoipa::path(get, path = "/reports/{mode}/{until}", tag = "reports", params(
    ("mode" = MapMode, Path, description = "In earnest or a drill"), ("until" = u64, Path, description = "The end of its period"),
), responses(
    (status = 200, description = "As it was frozen and released", body = HourReport),
    Problem,
))]
async fn hour(
    State(api): State<Arc<Api>>,
    official: Official,
    path: At<(MapMode, u64)>,
) -> Result<Json<HourReport>, Problem> {
    official.must_read_reports()?;
    let (mode, until) = at(path)?;
    shown(&api, &official, mode, UnixMillis::new(until)).await
}

async fn shown(
    api: &Arc<Api>,
    official: &Official,
    mode: MapMode,
    until: UnixMillis,
) -> Result<Json<HourReport>, Problem> {
    let town = Arc::clone(&api.hub);
    let found = working(move || reported_hour(&town.town.folder, &town.town.keys, mode.into(), until));
    Ok(Json(HourReport::of(found.await?, &official.name)))
}

async fn step(
    api: &Arc<Api>,
    official: &Official,
    (mode, until): (MapMode, UnixMillis),
    step: ReportStep,
) -> Result<Json<HourReport>, Problem> {
    let (folder, user) = (api.hub.town.folder.clone(), official.id.to_string());
    let which = WhichReport { incident: incident_of(mode), until: Some(until) };
    working(move || report_step(&folder, which, step, &user, now())).await?;
    shown(api, official, mode, until).await
}

/// Freezes the figures of the last full hour, as they are known now. For officials.
#[utoipa::path(post, path = "/reports/{mode}", tag = "reports", params(("mode" = MapMode, Path, description = "In earnest or a drill")), request_body = Object, responses(
    (status = 200, description = "It waits to be checked", body = HourReport),
    Problem,
))]
async fn freeze(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    path: At<MapMode>,
    request: Request,
) -> Result<Json<HourReport>, Problem> {
    let (mode, IgnoredAny) = asked(&api, &visitor, &official, path, request).await?;
    let until = last_full_hour(now());
    step(&api, &official, (mode, until), ReportStep::Freeze { hours: PERIOD_HOURS }).await
}

/// Says that the frozen figures are right. For officials.
#[utoipa::path(post, path = "/reports/{mode}/{until}/check", tag = "reports", params(
    ("mode" = MapMode, Path, description = "In earnest or a drill"), ("until" = u64, Path, description = "The end of its period"),
), request_body = Seen, responses(
    (status = 200, description = "It waits to be released by somebody else", body = HourReport),
    Problem,
))]
async fn check(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    path: At<(MapMode, u64)>,
    request: Request,
) -> Result<Json<HourReport>, Problem> {
    let ((mode, until), Seen { frozen_at }) = asked(&api, &visitor, &official, path, request).await?;
    let by = official.name.clone();
    step(&api, &official, (mode, UnixMillis::new(until)), ReportStep::Check { by, seen: Some(frozen_at) })
        .await
}

/// Releases what somebody else checked. For officials.
#[utoipa::path(post, path = "/reports/{mode}/{until}/release", tag = "reports", params(
    ("mode" = MapMode, Path, description = "In earnest or a drill"), ("until" = u64, Path, description = "The end of its period"),
), request_body = Seen, responses(
    (status = 200, description = "Everybody may read it", body = HourReport),
    Problem,
))]
async fn release(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    path: At<(MapMode, u64)>,
    request: Request,
) -> Result<Json<HourReport>, Problem> {
    let ((mode, until), Seen { frozen_at }) = asked(&api, &visitor, &official, path, request).await?;
    let by = official.name.clone();
    step(&api, &official, (mode, UnixMillis::new(until)), ReportStep::Release { by, seen: Some(frozen_at) })
        .await
}

/// Freezes the figures of a released hour anew, to be checked and released as its next version. For officials.
#[utoipa::path(post, path = "/reports/{mode}/{until}/correct", tag = "reports", params(
    ("mode" = MapMode, Path, description = "In earnest or a drill"), ("until" = u64, Path, description = "The end of its period"),
), request_body = Object, responses(
    (status = 200, description = "It waits to be checked", body = HourReport),
    Problem,
))]
async fn correct(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    path: At<(MapMode, u64)>,
    request: Request,
) -> Result<Json<HourReport>, Problem> {
    let ((mode, until), IgnoredAny) = asked(&api, &visitor, &official, path, request).await?;
    step(&api, &official, (mode, UnixMillis::new(until)), ReportStep::Correct).await
}

/// The latest released version of an hour, as headquarters has it. For officials and auditors.
#[utoipa::path(get, path = "/reports/{mode}/{until}/files/{file}", tag = "reports", params(
    ("mode" = MapMode, Path, description = "In earnest or a drill"), ("until" = u64, Path, description = "The end of its period"),
    ("file" = FileName, Path, description = "Its form"),
), responses(
    (status = 200, description = "The file", content_type = "application/octet-stream"),
    Problem,
))]
async fn file(
    State(api): State<Arc<Api>>,
    official: Official,
    path: At<(MapMode, u64, FileName)>,
) -> Result<Response, Problem> {
    official.must_read_reports()?;
    let (mode, until, file) = at(path)?;
    let kind = match file {
        FileName::Csv => SheetKind::Csv,
        FileName::Geojson => SheetKind::GeoJson,
        FileName::Pdf => SheetKind::Pdf,
    };
    let (hub, user) = (Arc::clone(&api.hub), official.id.to_string());
    let made = working(move || {
        let (folder, keys, now) = (&hub.town.folder, &hub.town.keys, now());
        let (hour, _) = reported_hour(folder, keys, mode.into(), UnixMillis::new(until))?;
        let report = hour.released.last().ok_or(NotTheTurn::NothingReleased)?;
        note(folder, keys, (user.as_str(), "report file", mode.into(), 0), now)?;
        kind.bytes(&hub.town.current().name, &report.sheet(Audience::Headquarters), mode.into(), now)
    });
    Ok(downloaded(kind, mode, "report", made.await?))
}

/// The sites with their counts as they are now: what everybody may read, without small numbers and hidden people. For officials and
/// auditors.
#[utoipa::path(get, path = "/exports/{mode}/{file}", tag = "reports", params(
    ("mode" = MapMode, Path, description = "In earnest or a drill"), ("file" = ExportName, Path, description = "Which table"),
), responses(
    (status = 200, description = "The file", content_type = "application/octet-stream"),
    Problem,
))]
async fn export(
    State(api): State<Arc<Api>>,
    official: Official,
    path: At<(MapMode, ExportName)>,
) -> Result<Response, Problem> {
    official.must_read_reports()?;
    let (mode, file) = at(path)?;
    let kind = match file {
        ExportName::Csv => SheetKind::Csv,
        ExportName::GeoJson => SheetKind::GeoJson,
    };
    let (folder, user) = (api.hub.town.folder.clone(), official.id.to_string());
    let made = working(move || {
        let (hall, now) = (Hall::open(&folder)?, now());
        let asked = AskedFigures { incident: incident_of(mode), until: None, hours: PERIOD_HOURS };
        let figures = hall.figures(mode.into(), asked.period(now), now)?;
        hall.note(&user, "export sites", mode.into(), 0, now)?;
        kind.bytes(&hall.package.name, &figures.sheet(Audience::Everybody), mode.into(), now)
    });
    Ok(downloaded(kind, mode, "sites", made.await?))
}

/// A drill's file says so in its name.
fn downloaded(kind: SheetKind, mode: MapMode, name: &str, bytes: Vec<u8>) -> Response {
    let (media, ending) = match kind {
        SheetKind::Csv => ("text/csv; charset=utf-8", "csv"),
        SheetKind::GeoJson => ("application/geo+json", "geojson"),
        SheetKind::Pdf => ("application/pdf", "pdf"),
    };
    let mode = if Mode::from(mode) == Mode::Drill { "-drill" } else { "" };
    let named = HeaderValue::try_from(format!("attachment; filename=\"{name}{mode}.{ending}\""));
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(media))], bytes).into_response();
    if let Ok(named) = named {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, named);
    }
    response
}
