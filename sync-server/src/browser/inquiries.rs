//! Inquiries on the clerk's page (安否情報の照会): the one sentence that may be said, and its line in the signed log.
//!
//! Until whom an inquiry means is looked up, nothing depends on who is held or hidden; from then on its time is the one of
//! [`Inquiries::answer`](crate::inquiry_door::Inquiries::answer), and beside the sentence an answer says nothing of anybody.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use hinamori_model::{Mode, PersonalText};
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
use crate::clock::now;
use crate::hall::WhichIncident;
use crate::inquiry::{BadInquiry, Inquirer, Inquiry, LONGEST_INQUIRY, Reply, Sought, log_alarm};
use crate::map::MapMode;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(inquire))
}

/// Somebody asks after somebody. Who answers them, the session says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskedAfter {
    /// In earnest or a drill.
    mode: MapMode,
    /// Who asks.
    inquirer: Inquirer,
    /// After whom.
    sought: Sought,
}

/// What was answered.
#[derive(Serialize, ToSchema)]
struct InquiryAnswer {
    /// What may be said, and nothing else.
    #[schema(value_type = String)]
    sentence: PersonalText,
    /// Whether a person of the desk has to speak with the inquirer.
    desk: bool,
    /// The number of the line in the log of inquiries.
    number: u64,
}

/// Answers somebody who asks after somebody, after it was written down. For inquiry clerks and officials.
///
/// "Hidden", "not held", "not matched" and "did not come" are one sentence, after the same work.
#[utoipa::path(post, path = "/inquiries", tag = "inquiries", request_body = AskedAfter, responses(
    (status = 200, description = "It stands in the log", body = InquiryAnswer),
    Problem,
))]
async fn inquire(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    request: Request,
) -> Result<Json<InquiryAnswer>, Problem> {
    official.must_answer_inquiries()?;
    let Official { id, name: clerk, .. } = official;
    let AskedAfter { mode, inquirer, sought } =
        own_body(&api, &visitor, Some(id), request, LONGEST_INQUIRY).await?;
    let incident = match mode {
        MapMode::Live => WhichIncident::Live,
        MapMode::Drill => WhichIncident::Drill,
    };
    let inquiry = Inquiry { incident, clerk, inquirer, sought };
    inquiry.check().map_err(problem_of)?;
    let (user, paced) = (id.to_string(), {
        let mut paces = api.browsers.inquiries.lock().unwrap_or_else(PoisonError::into_inner);
        paces.ask(id, api.browsers.uptime.now())
    });
    if paced != Paced::Answered {
        if paced == Paced::Alarm {
            tracing::warn!(staff = %id, "somebody of the staff asks after more people than a clerk can type");
            let (hub, clerk) = (Arc::clone(&api.hub), inquiry.clerk);
            let alarm = move || log_alarm(&hub.town.folder, &hub.town.keys, &clerk, &user, now());
            let written = spawn_blocking(alarm).await.map_err(|_ended| Problem::server())?;
            written.map_err(|error| failed(&error))?;
        }
        return Err(too_many());
    }
    // From here on its time counts.
    let (inquiries, came) = (Arc::clone(&api.inquiries), Instant::now());
    let (looked, number) = inquiries.answer(inquiry, user, came).await.map_err(|error| failed(&error))?;
    let Reply { answer: sentence, desk } = looked.reply(Mode::from(incident));
    Ok(Json(InquiryAnswer { sentence, desk, number }))
}

fn too_many() -> Problem {
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "短い 時間に たくさん 聞きすぎました。記録に 残しました。1分 待って、もう一度 押して ください",
    )
}

/// It quotes nothing.
fn problem_of(bad: BadInquiry) -> Problem {
    let sentence = match bad {
        BadInquiry::Form => return Problem::page(StatusCode::UNPROCESSABLE_ENTITY),
        BadInquiry::Missing(_) => "書いて いない ところが あります",
        BadInquiry::TooLong(_) => "長すぎる ところが あります。300文字までに して ください",
        BadInquiry::MyNumber(_) => "マイナンバーの ような 12けたの 数字が あります。消して ください",
        BadInquiry::BirthDate => "生年月日が 正しく ありません",
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, sentence)
}
