//! What a browser asks to get in, and to go.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, RequestExt};
use hinamori_model::{PersonalText, SiteId, StaffId, UnixMillis};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
    Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::limits::{Attempts, Refusals, StaffPaces, Uptime};
use super::listener::Visitor;
use super::log::{Did, Entry, Refusal};
use super::register::{BrowserRegister, BrowserSite, change_register};
use super::sessions::{LASTS, Questions, Sessions};
use super::{COOKIE, Official};
use crate::alerts::of_base64_url;
use crate::api::{Api, Problem};
use crate::clock::now;
use crate::data::{DataError, DataFolder, random};
use crate::hex;
use crate::hub::Hub;
use crate::signed_log::{LogError, sha256};
use crate::staff::role_name;
use crate::web::{is_own, is_own_json, is_without_tls};

/// Bytes of a request: a credential has a few thousand.
const LONGEST: usize = 64 << 10;

/// Who may come in, and who is in.
pub(crate) struct Browsers {
    webauthn: Webauthn,
    pub(super) uptime: Uptime,
    attempts: Mutex<Attempts>,
    refusals: Mutex<Refusals>,
    enrolments: Questions<Enrolling>,
    sign_ins: Questions<DiscoverableAuthentication>,
    sessions: Mutex<Sessions>,
    /// Who asked after somebody how often.
    pub(super) inquiries: Mutex<StaffPaces>,
    /// Who said something of sites how often.
    pub(super) acts: Mutex<StaffPaces>,
    register: Mutex<Option<(Fingerprint, Arc<BrowserRegister>)>>,
}

type Fingerprint = Option<[u64; 4]>;

/// Somebody makes a passkey by the invitation with this hash.
struct Enrolling {
    digest: [u8; 32],
    staff: StaffId,
    state: PasskeyRegistration,
}

impl Browsers {
    /// Nobody is signed in.
    ///
    /// # Errors
    /// [`WebauthnError`] for a name to which no passkey can be bound.
    pub(crate) fn new(site: &BrowserSite, town: &str) -> Result<Self, WebauthnError> {
        let origin: Url = site.origin().parse().map_err(|_no_url| WebauthnError::Configuration)?;
        Ok(Self {
            webauthn: WebauthnBuilder::new(&site.name, &origin)?.rp_name(town).build()?,
            uptime: Uptime::new(),
            attempts: Mutex::default(),
            refusals: Mutex::default(),
            enrolments: Questions::new(),
            sign_ins: Questions::new(),
            sessions: Mutex::default(),
            inquiries: Mutex::new(StaffPaces::of_inquiries()),
            acts: Mutex::new(StaffPaces::of_acts()),
            register: Mutex::default(),
        })
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether one more attempt from there is looked at.
    pub(super) fn admits(&self, visitor: &Visitor) -> bool {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.admit(visitor.address(), self.uptime.now())
    }

    /// Somebody signed in from there: strangers elsewhere take nothing from that network.
    pub(super) fn signed_in(&self, visitor: &Visitor) {
        visitor.is_signed_in();
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.signed_in(visitor.address(), self.uptime.now());
    }

    /// The register as it lies there now.
    fn register(&self, folder: &DataFolder) -> Result<Arc<BrowserRegister>, Problem> {
        let mut known = self.register.lock().unwrap_or_else(PoisonError::into_inner);
        let found = folder.browsers_fingerprint();
        if let Some((seen, register)) = known.as_ref()
            && *seen == found
        {
            return Ok(Arc::clone(register));
        }
        let register = Arc::new(folder.browsers().map_err(|error| failed(&error))?);
        *known = Some((found, Arc::clone(&register)));
        Ok(register)
    }

    /// Who has the session with this hash, as the town says now.
    pub(super) fn official(&self, hub: &Hub, session: [u8; 32]) -> Result<Official, Problem> {
        let (at, wall) = (self.uptime.now(), now());
        let open = self.sessions().touch(&session, at).ok_or_else(Problem::signed_out)?;
        let town = hub.town.current();
        let has_passkey = self.register(&hub.town.folder)?.has(open.passkey, open.staff);
        let Some(grant) = town.staff(open.staff, wall).filter(|_| has_passkey) else {
            self.sessions().close(&session);
            return Err(Problem::signed_out());
        };
        let left = u64::try_from(open.left(at).as_millis()).unwrap_or(u64::MAX);
        Ok(Official {
            id: grant.id,
            name: grant.name.clone(),
            role: grant.role,
            sites: grant.sites.clone(),
            until: wall.plus(left).min(grant.until),
            passkey: open.passkey,
            session,
        })
    }
}

pub(super) fn failed(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %crate::with_sources(error), "browsers cannot be served");
    Problem::server()
}

/// The routes.
pub(crate) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(begin_enrolment))
        .routes(routes!(finish_enrolment))
        .routes(routes!(begin_session))
        .routes(routes!(finish_session))
        .routes(routes!(session, leave))
        .merge(super::acts::routes())
        .merge(super::inquiries::routes())
        .merge(super::reports::routes())
}

/// What somebody asks who is not signed in: not too often, from our own page, in JSON.
struct Asked<T> {
    visitor: Visitor,
    body: T,
}

impl<T: DeserializeOwned> FromRequest<Arc<Api>> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, api: &Arc<Api>) -> Result<Self, Problem> {
        let visitor: Visitor = request.extract_parts().await?;
        if !api.browsers.admits(&visitor) {
            return Err(Problem::too_often());
        }
        let body = own_body(api, &visitor, None, request, LONGEST).await?;
        Ok(Self { visitor, body })
    }
}

/// What our own page sends, as JSON of so many bytes at the most.
pub(super) async fn own_body<T: DeserializeOwned>(
    api: &Arc<Api>,
    visitor: &Visitor,
    staff: Option<StaffId>,
    request: Request,
    longest: usize,
) -> Result<T, Problem> {
    if !is_own_json(request.headers()) || is_without_tls(request.headers()) {
        return Err(refuse(api, visitor, Refusal::Page, staff).await);
    }
    let body = to_bytes(request.into_body(), longest).await;
    let body = body.map_err(|_too_long| Problem::page(StatusCode::PAYLOAD_TOO_LARGE))?;
    // A list of values would be taken for an object with them.
    let object = Some(&body).filter(|body| body.trim_ascii_start().starts_with(b"{"));
    let read = object.and_then(|body| serde_json::from_slice(body).ok());
    read.ok_or_else(|| Problem::page(StatusCode::BAD_REQUEST))
}

impl Refusal {
    fn problem(self) -> Problem {
        let unprocessable = |sentence| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, sentence);
        match self {
            Self::Page => Problem::page(StatusCode::FORBIDDEN),
            Self::Code => unprocessable(
                "リンクが ちがうか、30分を 過ぎています。管理者に 新しい リンクを もらって ください",
            ),
            Self::Challenge => unprocessable("時間が 過ぎました。もう一度 はじめから して ください"),
            Self::Passkey => unprocessable("この パスキーは 登録されていません。管理者に 伝えて ください"),
            Self::Signature => unprocessable("パスキーを 確かめられません。もう一度 して ください"),
            Self::Staff => unprocessable("職員の 名簿に ありません。管理者に 伝えて ください"),
        }
    }
}

/// Writes a refusal down, and says it. Of an account only where its passkey or code is known.
async fn refuse(api: &Arc<Api>, visitor: &Visitor, why: Refusal, staff: Option<StaffId>) -> Problem {
    let browsers = &api.browsers;
    let unsaid = {
        let mut refusals = browsers.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.write(browsers.uptime.now())
    };
    if let Some(unsaid) = unsaid {
        let unsaid = Some(unsaid).filter(|unsaid| *unsaid > 0);
        let entry = Entry { staff, why: Some(why), unsaid, ..Entry::new(Did::Refused) };
        if let Err(problem) = write(api, visitor.address(), entry).await {
            return problem;
        }
    }
    tracing::warn!(from = %visitor.address(), ?why, "a browser was refused");
    why.problem()
}

/// Writes a line; it is on the disk when this returns.
pub(super) async fn write(api: &Arc<Api>, from: IpAddr, entry: Entry<'static>) -> Result<(), Problem> {
    let entry = Entry { from: Some(from), ..entry };
    let town = Arc::clone(&api.hub);
    let written = spawn_blocking(move || entry.write(&town.town.folder, &town.town.keys, now())).await;
    written.map_err(|_ended| Problem::server())?.map_err(|error| failed(&error))
}

/// Changes the register on the disk.
async fn change<T: Send + 'static>(
    api: &Arc<Api>,
    change: impl FnOnce(&mut BrowserRegister, &Hub) -> Result<T, NotChanged> + Send + 'static,
) -> Result<T, Problem> {
    let hub = Arc::clone(&api.hub);
    let changed =
        spawn_blocking(move || change_register(&hub.town.folder, |register| change(register, &hub)));
    changed.await.map_err(|_ended| Problem::server())?.map_err(|error| failed(&error))
}

#[derive(Debug, thiserror::Error)]
enum NotChanged {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Log(#[from] LogError),
}

#[derive(Deserialize, ToSchema)]
struct Code {
    /// What stands behind `#enrol=` in the administrator's link.
    code: String,
}

/// What `navigator.credentials` takes after `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` (WebAuthn Level 3 §5.1.8, §5.1.9).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Options {
    #[schema(value_type = Object)]
    public_key: Value,
}

impl Options {
    /// Of what the library asks for.
    fn of(asked: &impl Serialize) -> Result<Self, Problem> {
        let mut asked = serde_json::to_value(asked).map_err(|error| failed(&error))?;
        let public_key = asked.get_mut("publicKey").map(Value::take).ok_or_else(Problem::server)?;
        Ok(Self { public_key })
    }
}

/// Done.
#[derive(Deserialize, Serialize, ToSchema)]
struct Nothing {}

/// Begins to make a passkey.
#[utoipa::path(post, path = "/enrolment/begin", tag = "sign-in", security(()), request_body = Code, responses(
    (status = 200, body = Options),
    Problem,
))]
async fn begin_enrolment(
    State(api): State<Arc<Api>>,
    Asked { visitor, body: Code { code } }: Asked<Code>,
) -> Result<Json<Options>, Problem> {
    // Without the folder's lock: strangers who had to wait for it would fill the threads that everybody's work needs.
    let register = api.browsers.register(&api.hub.town.folder)?;
    let Some((staff, digest)) = register.invited(&code, now()) else {
        return Err(refuse(&api, &visitor, Refusal::Code, None).await);
    };
    let known = register.credentials(staff);
    let name = api.hub.town.current().staff(staff, now()).map(|grant| grant.name.clone());
    let Some(name) = name else { return Err(refuse(&api, &visitor, Refusal::Staff, Some(staff)).await) };
    let (user, name) = (Uuid::from_bytes(*staff.as_bytes()), name.expose());
    let browsers = &api.browsers;
    let begun = browsers.webauthn.start_passkey_registration(user, name, name, Some(known));
    let (asked, state) = begun.map_err(|error| failed(&error))?;
    let mut options = Options::of(&asked)?;
    // Found by its name without a list of passkeys, which would say to strangers who works here (WebAuthn Level 3 §5.4.4).
    if let Some(Value::Object(wanted)) = options.public_key.get_mut("authenticatorSelection") {
        wanted.insert("residentKey".to_owned(), json!("required"));
        wanted.insert("requireResidentKey".to_owned(), json!(true));
    }
    let enrolling = Enrolling { digest, staff, state };
    browsers.enrolments.ask(asked.public_key.challenge, enrolling, browsers.uptime.now());
    Ok(Json(options))
}

/// Takes the passkey that was made: what `PublicKeyCredential.toJSON()` gives (WebAuthn Level 3 §5.1.7). It signs nobody in yet.
#[utoipa::path(post, path = "/enrolment/finish", tag = "sign-in", security(()), request_body = Object, responses(
    (status = 200, body = Nothing),
    Problem,
))]
async fn finish_enrolment(
    State(api): State<Arc<Api>>,
    Asked { visitor, body: made }: Asked<RegisterPublicKeyCredential>,
) -> Result<Json<Nothing>, Problem> {
    let browsers = &api.browsers;
    let asked = challenge_of(&made.response.client_data_json)
        .and_then(|challenge| browsers.enrolments.answered(&challenge, browsers.uptime.now()));
    let Some(Enrolling { digest, staff, state }) = asked else {
        return Err(refuse(&api, &visitor, Refusal::Challenge, None).await);
    };
    let passkey = match browsers.webauthn.finish_passkey_registration(&made, &state) {
        Ok(passkey) => passkey,
        Err(error) => {
            tracing::debug!(%error, "a passkey was not made");
            return Err(refuse(&api, &visitor, Refusal::Signature, Some(staff)).await);
        }
    };
    if api.hub.town.current().staff(staff, now()).is_none() {
        return Err(refuse(&api, &visitor, Refusal::Staff, Some(staff)).await);
    }
    let from = Some(visitor.address());
    let joined = change(&api, move |register, hub| {
        let at = now();
        let Some(number) = register.join(&digest, passkey, at) else { return Ok(false) };
        let entry = Entry { staff: Some(staff), passkey: Some(number), from, ..Entry::new(Did::Enrolled) };
        entry.write(&hub.town.folder, &hub.town.keys, at)?;
        Ok(true)
    });
    if !joined.await? {
        return Err(refuse(&api, &visitor, Refusal::Code, Some(staff)).await);
    }
    tracing::info!(%staff, "somebody of the staff made a passkey");
    Ok(Json(Nothing {}))
}

/// Begins to sign in: any passkey of this server may answer.
#[utoipa::path(post, path = "/session/begin", tag = "sign-in", security(()), request_body = Nothing, responses(
    (status = 200, body = Options),
    Problem,
))]
async fn begin_session(
    State(api): State<Arc<Api>>,
    Asked { body: Nothing {}, .. }: Asked<Nothing>,
) -> Result<Json<Options>, Problem> {
    let browsers = &api.browsers;
    let (asked, state) =
        browsers.webauthn.start_discoverable_authentication().map_err(|error| failed(&error))?;
    let options = Options::of(&asked)?;
    browsers.sign_ins.ask(asked.public_key.challenge, state, browsers.uptime.now());
    Ok(Json(options))
}

/// Signs in: takes what `PublicKeyCredential.toJSON()` gives, and sets the session's cookie.
#[utoipa::path(post, path = "/session/finish", tag = "sign-in", security(()), request_body = Object, responses(
    (status = 200, body = Nothing),
    Problem,
))]
async fn finish_session(
    State(api): State<Arc<Api>>,
    Asked { visitor, body: answer }: Asked<PublicKeyCredential>,
) -> Result<Response, Problem> {
    let browsers = &api.browsers;
    let asked = challenge_of(&answer.response.client_data_json)
        .and_then(|challenge| browsers.sign_ins.answered(&challenge, browsers.uptime.now()));
    let Some(asked) = asked else { return Err(refuse(&api, &visitor, Refusal::Challenge, None).await) };
    let register = browsers.register(&api.hub.town.folder)?;
    let user = answer.get_user_unique_id();
    let known = register
        .by_credential(answer.get_credential_id())
        .filter(|known| user == Some(known.staff.as_bytes().as_slice()));
    let Some(known) = known else { return Err(refuse(&api, &visitor, Refusal::Passkey, None).await) };
    let (staff, number) = (known.staff, known.number);
    let result = match browsers.webauthn.finish_discoverable_authentication_v2(&answer, asked, &known.passkey)
    {
        Ok(result) => result,
        Err(error) => {
            tracing::debug!(%error, "a passkey does not open");
            return Err(refuse(&api, &visitor, Refusal::Signature, Some(staff)).await);
        }
    };
    if api.hub.town.current().staff(staff, now()).is_none() {
        return Err(refuse(&api, &visitor, Refusal::Staff, Some(staff)).await);
    }
    if result.needs_update() {
        change(&api, move |register, _hub| {
            register.used(&result);
            Ok(())
        })
        .await?;
    }
    let token: [u8; 32] = random().map_err(|error| failed(&error))?;
    let entry = Entry { staff: Some(staff), passkey: Some(number), ..Entry::new(Did::SignedIn) };
    write(&api, visitor.address(), entry).await?;
    browsers.sessions().open(sha256(&token), staff, number, browsers.uptime.now());
    browsers.signed_in(&visitor);
    tracing::info!(%staff, "somebody of the staff signed in");
    Ok(with_cookie(&hex::text(&token), LASTS))
}

/// Who is signed in here.
#[derive(Serialize, ToSchema)]
struct SignedIn {
    #[schema(value_type = String)]
    name: PersonalText,
    /// As `town.toml` writes it.
    role: &'static str,
    /// Where they work; none for every site.
    #[schema(value_type = Vec<String>)]
    sites: Vec<SiteId>,
    /// When the session ends at the latest, in milliseconds since 1970. It ends after 30 idle minutes too.
    #[schema(value_type = u64)]
    until: UnixMillis,
    town: String,
}

/// Says who is signed in.
#[utoipa::path(get, path = "/session", tag = "sign-in", responses(
    (status = 200, body = SignedIn),
    Problem,
))]
async fn session(State(api): State<Arc<Api>>, official: Official) -> Json<SignedIn> {
    let Official { name, role, sites, until, .. } = official;
    Json(SignedIn { name, role: role_name(role), sites, until, town: api.hub.town.current().name.clone() })
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "sign-in", responses(
    (status = 200, body = Nothing),
    Problem,
))]
async fn leave(
    State(api): State<Arc<Api>>,
    visitor: Visitor,
    official: Official,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Official { id, passkey, session, .. } = official;
    if !is_own(&headers) || is_without_tls(&headers) {
        return Err(refuse(&api, &visitor, Refusal::Page, Some(id)).await);
    }
    // Out whatever the disk says of it.
    api.browsers.sessions().close(&session);
    let entry = Entry { staff: Some(id), passkey: Some(passkey), ..Entry::new(Did::SignedOut) };
    write(&api, visitor.address(), entry).await?;
    Ok(with_cookie("", Duration::ZERO))
}

fn with_cookie(token: &str, lasts: Duration) -> Response {
    let lasts = lasts.as_secs();
    let cookie = format!("{COOKIE}={token}; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age={lasts}");
    let mut response = Json(Nothing {}).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The challenge that a browser says it answers (WebAuthn Level 3 §5.8.1). Whether it does, the signature says.
fn challenge_of(client_data: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct ClientData {
        challenge: String,
    }
    let ClientData { challenge } = serde_json::from_slice(client_data).ok()?;
    of_base64_url(&challenge)
}
