//! What officials do from the map: open and close sites, say how many they have places for, and rule on shelters that people opened
//! themselves (自主避難所).
//!
//! Nobody is turned away by any of it. Who did what stands in the signed log before it is done. Whoever decides says what they saw: where
//! somebody else was faster nothing happens, and they are told how it is now.

use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hinamori_model::{IncidentId, SiteId, SiteKind, StaffId};
use hinamori_record::SiteWord;
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Official;
use super::door::{failed, own_body};
use super::limits::Paced;
use super::listener::Visitor;
use crate::api::{Api, Problem};
use crate::bundle::{self, BundleTown};
use crate::clock::now;
use crate::hub::{Hub, News};
use crate::incident::{IncidentWord, NotSaid, must_be_taken, word_in_bundle};
use crate::map::{MapMode, RuledSite, SiteWordState};
use crate::own_shelter::{NotRuled, Ruling, Wanted, rule_if};
use crate::signed_log::{LogError, SignedLog};

/// The log's name.
pub(crate) const ACTS: &str = "acts";
/// Bytes of what the page sends.
const LONGEST: usize = 4 << 10;
/// People at one site: more is a slip of the finger.
const MOST_PLACES: u32 = 99_999;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(say_of_site)).routes(routes!(rule))
}

/// A line of the log.
#[derive(Debug, Serialize)]
struct Act {
    staff: StaffId,
    #[serde(flatten)]
    did: Did,
}

#[derive(Debug, Serialize)]
#[serde(tag = "did", rename_all = "snake_case")]
enum Did {
    SaidOfSite {
        mode: MapMode,
        incident: IncidentId,
        site: SiteId,
        standing: Option<RuledSite>,
        capacity: Option<u32>,
    },
    RuledOnShelter {
        site: SiteId,
        wanted: WantedOfShelter,
        into: Option<SiteId>,
    },
    /// What stands in that line could not be done.
    Failed {
        line: u64,
    },
}

/// Writes down what is to be done; it is on the disk when this returns. Gives the line's number.
async fn write(hub: &Arc<Hub>, staff: StaffId, did: Did) -> Result<u64, Problem> {
    let hub = Arc::clone(hub);
    let append = move || {
        let head = SignedLog::new(hub.town.folder.path(), ACTS, &hub.town.keys.log)
            .append(now(), Act { staff, did })?;
        Ok::<_, LogError>(head.lines)
    };
    let written = spawn_blocking(append).await.map_err(|_ended| Problem::server())?;
    written.map_err(|error| failed(&error))
}

/// Headquarters' word on a site. It replaces the one before as a whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SaidOfSite {
    /// In earnest or a drill: a word of one says nothing in the other.
    mode: MapMode,
    /// The id of the word that the official saw in force; `null` for none.
    seen: Option<String>,
    /// `null`: as its boxes say.
    standing: Option<RuledSite>,
    /// For how many people; `null`: as the town's package says.
    #[schema(minimum = 1, maximum = 99_999)]
    capacity: Option<u32>,
}

/// Somebody else said something since (RFC 9457, with a member of its own).
#[derive(Serialize, ToSchema)]
struct SaidSince {
    /// 409
    status: u16,
    /// A sentence for the official, in Japanese.
    title: &'static str,
    /// What is in force now.
    word: Option<SiteWordState>,
}

impl IntoResponse for SaidSince {
    fn into_response(self) -> Response {
        (StatusCode::CONFLICT, [(header::CONTENT_TYPE, "application/problem+json")], Json(self))
            .into_response()
    }
}

/// Says whether a site is open, and for how many people. For officials of the town, or of that site.
///
/// Every box hears of it, and takes everybody in all the same.
#[utoipa::path(post, path = "/sites/{site}/word", tag = "acts", request_body = SaidOfSite, params(
    ("site" = String, Path, description = "A shelter or an emergency site of the town's"),
), responses(
    (status = 200, description = "It is in force", body = SiteWordState),
    (status = 409, description = "Another word is in force than the official saw", body = SaidSince, content_type = "application/problem+json"),
    Problem,
))]
async fn say_of_site(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    Path(site): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let site: SiteId = site.parse().map_err(|_no_id| Problem::not_there())?;
    official.must_act_on(site)?;
    let staff = official.id;
    let SaidOfSite { mode, seen, standing, capacity } =
        own_body(&api, &visitor, Some(staff), request, LONGEST).await?;
    let town = api.hub.town.current();
    let of_town = town.sites.iter().find(|known| known.id == site).ok_or_else(Problem::not_there)?;
    if !matches!(of_town.kind, SiteKind::Shelter | SiteKind::EmergencySite) {
        return Err(unprocessable("ここは 避難所では ありません"));
    }
    if capacity.is_some_and(|capacity| !(1..=MOST_PLACES).contains(&capacity)) {
        return Err(unprocessable("定員は 1から 99999までの 数で 書いて ください"));
    }
    must_be_paced(&api, staff)?;
    let incident = match mode {
        MapMode::Live => town.incidents.live,
        MapMode::Drill => town.incidents.drill,
    };
    let act = Did::SaidOfSite { mode, incident, site, standing, capacity };
    let word = SiteWord { standing: standing.map(Into::into), capacity };
    // A page that goes away must not leave what is written down and what is in force apart.
    let said = tokio::spawn(say_as_seen(api, (staff, act), seen, (incident, site, word))).await;
    said.map_err(|_ended| Problem::server())?
}

async fn say_as_seen(
    api: Arc<Api>,
    (staff, act): (StaffId, Did),
    seen: Option<String>,
    (incident, site, word): (IncidentId, SiteId, SiteWord),
) -> Result<Response, Problem> {
    let _alone = api.acting.lock().await;
    let in_force = word_in_force(&api.hub, incident, site).await?;
    if in_force.as_ref().map(|word| &word.id) != seen.as_ref() {
        let title = "ほかの 人が 先に 変えました。いまの ようすを 見て、もう一度 決めて ください";
        return Ok(SaidSince { status: StatusCode::CONFLICT.as_u16(), title, word: in_force }.into_response());
    }
    let line = write(&api.hub, staff, act).await?;
    if let Err(error) = say(&api.hub, incident, site, word).await {
        write(&api.hub, staff, Did::Failed { line }).await?;
        return Err(failed(&error));
    }
    tracing::info!(%staff, %incident, %site, ?word, "headquarters said something of a site");
    let said = word_in_force(&api.hub, incident, site).await?.ok_or_else(Problem::server)?;
    Ok(Json(said).into_response())
}

async fn word_in_force(
    hub: &Arc<Hub>,
    incident: IncidentId,
    site: SiteId,
) -> Result<Option<SiteWordState>, Problem> {
    let found = hub.archive.ask(move |stores| {
        let shown = stores.shown(incident);
        let opened = stores.store_of(shown).opened(shown, site)?;
        let word = stores.word_on(incident, site);
        Ok(word.map(|word| SiteWordState::new(word, opened.map(|(_, at)| at))))
    });
    let found: Result<_, hinamori_store_sqlite::StoreError> =
        found.await.map_err(|_ended| Problem::server())?;
    found.map_err(|error| failed(&error))
}

/// Brings the word into the log, as `hinamori-server incident` does beside a running server.
async fn say(hub: &Arc<Hub>, incident: IncidentId, site: SiteId, word: SiteWord) -> Result<(), NotSaid> {
    let of_files = Arc::clone(hub);
    let made = spawn_blocking(move || -> Result<_, NotSaid> {
        let (folder, keys) = (&of_files.town.folder, &of_files.town.keys);
        let bundle = word_in_bundle(folder, keys, incident, IncidentWord::Site(site, word), now())?;
        Ok((BundleTown::read(folder, keys)?, bundle))
    });
    let (town, bundle) = made.await.map_err(|_ended| NotSaid::Refused)??;
    let taken = hub.archive.ask(move |stores| bundle::take(stores, &town, &bundle, now())).await;
    let (read, sites) = taken.map_err(|_closed| NotSaid::Refused)??;
    must_be_taken(&read)?;
    sites.into_iter().for_each(|site| hub.announce(News { site, from: 0 }));
    Ok(())
}

/// What an official wants of a shelter that people opened themselves.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WantedOfShelter {
    /// It is a site of the town from now on.
    Adopt,
    /// Its people count at another site.
    Join,
    /// It is over.
    Close,
}

/// A ruling on such a shelter, which is there in earnest alone.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RuledShelter {
    /// What.
    wanted: WantedOfShelter,
    /// The site of the town, where it is joined to one.
    #[schema(value_type = Option<String>)]
    into: Option<SiteId>,
    /// Whether the official saw it closed.
    seen_closed: bool,
}

#[derive(Serialize, ToSchema)]
struct Ruled {}

/// Rules on a shelter that people opened themselves. For officials of the whole town. Its records stay where they are.
#[utoipa::path(post, path = "/shelters/{site}/ruling", tag = "acts", request_body = RuledShelter, params(
    ("site" = String, Path, description = "The shelter"),
), responses(
    (status = 200, description = "It is in force", body = Ruled),
    Problem,
))]
async fn rule(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    Path(site): Path<String>,
    request: Request,
) -> Result<Json<Ruled>, Problem> {
    let site: SiteId = site.parse().map_err(|_no_id| Problem::not_there())?;
    official.must_act_on(site)?;
    let staff = official.id;
    let RuledShelter { wanted, into, seen_closed } =
        own_body(&api, &visitor, Some(staff), request, LONGEST).await?;
    let ruling = match (wanted, into) {
        (WantedOfShelter::Adopt, None) => Wanted::Adopt,
        (WantedOfShelter::Join, Some(into)) => Wanted::Join(into),
        (WantedOfShelter::Close, None) => Wanted::Close,
        _ => return Err(Problem::page(StatusCode::UNPROCESSABLE_ENTITY)),
    };
    must_be_paced(&api, staff)?;
    let act = Did::RuledOnShelter { site, wanted, into };
    // As above.
    let ruled = tokio::spawn(rule_as_seen(api, (staff, act), (site, ruling), seen_closed)).await;
    ruled.map_err(|_ended| Problem::server())?
}

async fn rule_as_seen(
    api: Arc<Api>,
    (staff, act): (StaffId, Did),
    (site, ruling): (SiteId, Wanted),
    seen_closed: bool,
) -> Result<Json<Ruled>, Problem> {
    let _alone = api.acting.lock().await;
    let line = write(&api.hub, staff, act).await?;
    let hub = Arc::clone(&api.hub);
    let ruled = spawn_blocking(move || {
        let as_seen = |package: &hinamori_sync::town::Package, before: Option<&Ruling>| match before {
            None => !seen_closed,
            Some(Ruling::Closed) => seen_closed,
            // Of one that is joined a map shows nothing, unless the other site is gone.
            Some(Ruling::Joined(into)) => {
                !seen_closed && !package.sites.iter().any(|known| known.id == *into)
            }
            // Of an adoption that broke off the package does not know yet.
            Some(Ruling::Adopted(_)) => !seen_closed && ruling == Wanted::Adopt,
        };
        rule_if(&hub.town.folder, &hub.town.keys, (site, ruling), as_seen, now())
    });
    let ruled = ruled.await.map_err(|_ended| Problem::server())?;
    api.hub.refresh().await;
    if let Err(error) = ruled {
        write(&api.hub, staff, Did::Failed { line }).await?;
        return Err(problem_of(&error));
    }
    tracing::info!(%staff, %site, ?ruling, "headquarters ruled on a shelter that people opened themselves");
    Ok(Json(Ruled {}))
}

fn problem_of(error: &NotRuled) -> Problem {
    match error {
        NotRuled::DecidedSince | NotRuled::AlreadyAdopted => Problem::new(
            StatusCode::CONFLICT,
            "ほかの 人が 先に 決めました。いまの ようすを 見て、もう一度 決めて ください",
        ),
        NotRuled::UnknownShelter(_) => Problem::not_there(),
        NotRuled::IntoItself | NotRuled::Data(crate::data::DataError::UnknownSite { .. }) => {
            unprocessable("合わせる 先の 拠点が ありません")
        }
        NotRuled::Store(_) | NotRuled::Data(_) => failed(error),
    }
}

fn must_be_paced(api: &Api, staff: StaffId) -> Result<(), Problem> {
    let mut paces = api.browsers.acts.lock().unwrap_or_else(PoisonError::into_inner);
    match paces.ask(staff, api.browsers.uptime.now()) {
        Paced::Answered => Ok(()),
        Paced::Alarm | Paced::TooMany => Err(Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "短い 時間に たくさん 変えすぎました。すこし 待って、もう一度 押して ください",
        )),
    }
}

fn unprocessable(sentence: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, sentence)
}
