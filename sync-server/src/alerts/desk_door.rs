//! What the officers' page asks (docs/desk.md). Signing in, and everything that changes something, needs a passkey or the session that
//! one opened; nothing goes out without the officers' signatures over it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use hinamori_alert::{
    Alert, Assertion, DeviceKey, Envelope, Info, Instructions, KeyClass, MessageKind, OfficerSignature,
    ValidAlert,
};
use hinamori_model::UnixMillis;
use hinamori_paper::Press;
use hinamori_store_sqlite::Task;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::alerts::board::{Board, Inner, Message, NotSent};
use crate::alerts::desk_state::{
    class_name, draft as draft_value, outlines, state as state_value, task_id, who,
};
use crate::alerts::draft::{About, Draft, Reason};
use crate::alerts::missing::missing as missing_value;
use crate::alerts::officers::{Officer, Passkey, Register, change_register};
use crate::alerts::release_door::{make_release, sign_release, withdraw_release};
use crate::alerts::staff_door::routes as staff_routes;
use crate::alerts::thread_report::thread_report;
use crate::alerts::trigger_door;
use crate::alerts::tv_door::{file, page};
use crate::alerts::{base64_url, of_base64, of_base64_url};
use crate::browser::Visitor;
use crate::clock::now;
use crate::data::random;
use crate::hex;
use crate::hub::Hub;
use crate::paper::fonts;
use crate::signed_log::sha256;
use crate::web::{headers, is_own_json, token_of};
use hinamori_plan::{District, Plan, Prepared};
use hinamori_plan::{HouseholdToTell, Wanted, closed_in, compose, ways};

const WAITS: Duration = Duration::from_secs(25);
const LONGEST: usize = 64 << 10;
const SESSION_MILLIS: u64 = 12 * 3_600_000;
const QUESTION_MILLIS: u64 = 2 * 60_000;
/// Questions and sessions that are held; the oldest go first. A stranger can ask, and must not keep officers out.
const MOST_QUESTIONS: usize = 65_536;
const MOST_SESSIONS: usize = 256;
/// Drafts at a time: each has what every household is told.
const MOST_DRAFTS: usize = 16;
/// However many answers come in, a desk's state is made so often at the most.
const STATE_EVERY: Duration = Duration::from_millis(300);
const COOKIE: &str = "hinamori-desk";
/// Over TLS, and to this host alone (RFC 6265bis §4.1.3.2).
const COOKIE_OVER_TLS: &str = "__Host-hinamori-desk";
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// SubjectPublicKeyInfo of a point on P-256, up to the point (RFC 5480 §2).
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

pub(super) struct Door {
    pub(super) hub: Arc<Hub>,
    pub(super) board: Arc<Board>,
    is_over_tls: bool,
    /// Challenges that were given out.
    questions: Mutex<BTreeMap<[u8; 32], UnixMillis>>,
    /// By the hash of the cookie: who, and until when.
    sessions: Mutex<BTreeMap<[u8; 32], (u32, UnixMillis)>>,
}

/// Who signed in, in the answer's extensions: the listener of browsers writes it down before the cookie goes out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfficerSignedIn(pub(crate) u32);

/// What an officer is told instead.
pub(super) struct Told(pub(super) StatusCode, pub(super) String);

impl Told {
    pub(super) fn page() -> Self {
        Self(StatusCode::BAD_REQUEST, "この画面が 古いようです。読み込み直して ください".to_owned())
    }

    pub(super) fn change(sentence: impl Into<String>) -> Self {
        Self(StatusCode::UNPROCESSABLE_ENTITY, sentence.into())
    }

    pub(super) fn gone() -> Self {
        Self(StatusCode::NOT_FOUND, "もう ありません".to_owned())
    }

    pub(super) fn server() -> Self {
        Self(StatusCode::SERVICE_UNAVAILABLE, "サーバーに 保存できません。何も 送っていません".to_owned())
    }
}

impl From<NotSent> for Told {
    fn from(error: NotSent) -> Self {
        let status = match error {
            NotSent::Gone => StatusCode::NOT_FOUND,
            NotSent::SignedAlready | NotSent::Overtaken | NotSent::ComesAnew | NotSent::AsStrong => {
                StatusCode::CONFLICT
            }
            NotSent::BadSignature | NotSent::NeedsAnother => StatusCode::UNPROCESSABLE_ENTITY,
            NotSent::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        if let NotSent::NotKept(error) = &error {
            tracing::error!(%error, "an alert was not sent");
        }
        Self(status, error.to_string())
    }
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        said(self.0, &json!({ "error": self.1 }))
    }
}

pub(super) fn said(status: StatusCode, value: &Value) -> Response {
    (status, headers("application/json", POLICY), value.to_string()).into_response()
}

pub(super) fn fine(value: &Value) -> Response {
    said(StatusCode::OK, value)
}

/// The routes on the listener of this machine, where the trigger asks too.
pub(crate) fn local_routes(hub: Arc<Hub>, board: Arc<Board>) -> Router {
    let trigger = trigger_door::routes(Arc::clone(&board));
    desk(hub, board, false).route("/", get(async || Redirect::temporary("/desk/"))).merge(trigger)
}

/// The routes on the listener of browsers, which has TLS. An answer that signs somebody in says it by an [`OfficerSignedIn`].
pub(crate) fn routes(hub: Arc<Hub>, board: Arc<Board>) -> Router {
    desk(hub, board, true)
}

fn desk(hub: Arc<Hub>, board: Arc<Board>, is_over_tls: bool) -> Router {
    let (questions, sessions) = (Mutex::default(), Mutex::default());
    let door = Arc::new(Door { hub, board, is_over_tls, questions, sessions });
    page()
        .route(
            "/desk/",
            get(async || {
                file("text/html; charset=utf-8", POLICY, include_bytes!("../../web/desk/dist/desk.html"))
            }),
        )
        .route(
            "/desk/desk.js",
            get(async || {
                file("text/javascript; charset=utf-8", POLICY, include_bytes!("../../web/desk/dist/desk.js"))
            }),
        )
        .route(
            "/desk/desk.css",
            get(async || {
                file("text/css; charset=utf-8", POLICY, include_bytes!("../../web/desk/dist/desk.css"))
            }),
        )
        .route("/desk/api/enrol", post(enrol))
        .route("/desk/api/enrol/device", post(enrol_device))
        .route("/desk/api/door/question", post(question))
        .route("/desk/api/door", post(sign_in))
        .route("/desk/api/test", post(test))
        .route("/desk/api/leave", post(leave))
        .route("/desk/api/state", get(state))
        .route("/desk/api/map", get(map))
        .route("/desk/api/drafts", post(make_draft))
        .route("/desk/api/drafts/{id}/sign", post(sign))
        .route("/desk/api/drafts/{id}/drop", post(drop_draft))
        .route("/desk/api/releases", post(make_release))
        .route("/desk/api/releases/{id}/sign", post(sign_release))
        .route("/desk/api/releases/{id}/withdraw", post(withdraw_release))
        .route("/desk/api/help/{id}/take", post(take_help))
        .route("/desk/api/televisions/{id}/unbind", post(unbind))
        .route("/desk/api/threads/{id}/missing", get(missing))
        .route("/desk/api/threads/{id}/report.pdf", get(report))
        .merge(staff_routes())
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(from_fn_with_state(Arc::clone(&door), known_from_the_session))
        .with_state(door)
}

/// On the listener of browsers, strangers take no place from an officer whose session holds.
async fn known_from_the_session(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(visitor)) = request.extensions().get::<ConnectInfo<Visitor>>()
        && door.officer(request.headers()).is_ok()
    {
        visitor.is_signed_in();
    }
    next.run(request).await
}

/// What a page of our own sends.
pub(super) fn read<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Told> {
    if !is_own_json(headers) {
        return Err(Told::page());
    }
    serde_json::from_slice(body).map_err(|_malformed| Told::page())
}

impl Door {
    const fn cookie_name(&self) -> &'static str {
        if self.is_over_tls { COOKIE_OVER_TLS } else { COOKIE }
    }

    /// An answer that sets the session's cookie.
    fn with_cookie(&self, headers: &HeaderMap, token: &str, lasts_millis: u64) -> Response {
        // The page of this machine has no TLS, unless a proxy brings it.
        let is_secure = self.is_over_tls
            || headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https:"));
        let secure = if is_secure { " Secure;" } else { "" };
        let path = if self.is_over_tls { "/" } else { "/desk/" };
        let (name, lasts) = (self.cookie_name(), lasts_millis / 1_000);
        let cookie =
            format!("{name}={token};{secure} HttpOnly; SameSite=Strict; Path={path}; Max-Age={lasts}");
        let mut response = fine(&json!({}));
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        response
    }

    pub(super) fn officer(&self, headers: &HeaderMap) -> Result<Officer, Told> {
        let signed_out = || Told(StatusCode::UNAUTHORIZED, "もう一度 入って ください".to_owned());
        let token = token_of(headers, self.cookie_name()).ok_or_else(signed_out)?;
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let (officer, until) = sessions.get(&sha256(&token)).copied().ok_or_else(signed_out)?;
        drop(sessions);
        let inner = self.board.inner();
        // Whoever was taken off the register since is out at once.
        let officer =
            inner.register.officer(officer).filter(|officer| officer.is_in_office(now()) && until >= now());
        officer.cloned().ok_or_else(signed_out)
    }
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

async fn enrol(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Result<Response, Told> {
    let Code { code } = read(&headers, &body)?;
    let officer = invited(&door, code).await?;
    let plan = door.board.inner().plan.clone().ok_or_else(no_plan)?;
    let user =
        |class: &str| base64_url(&sha256(format!("hinamori officer {} {class}", officer.id).as_bytes()));
    let challenge: [u8; 32] = random().map_err(|_no_randomness| Told::server())?;
    Ok(fine(&json!({
        "officer": who(&officer), "town": door.hub.town.current().name, "party": plan.relying_party,
        "challenge": base64_url(&challenge), "users": { "live": user("live"), "exercise": user("exercise") },
    })))
}

/// Whom a code invites, without the folder's lock: strangers who had to wait for it would fill the threads that everybody's work needs.
async fn invited(door: &Door, code: String) -> Result<Officer, Told> {
    let folder = door.hub.town.folder.clone();
    let read = spawn_blocking(move || folder.officers()).await.map_err(|_ended| Told::server())?;
    let register = read.map_err(|error| {
        tracing::error!(%error, "the officers' file cannot be read");
        Told::server()
    })?;
    let officer = register.invited(&code, now()).and_then(|id| register.officer(id));
    officer.cloned().ok_or_else(wrong_code)
}

fn wrong_code() -> Told {
    Told::change("番号が ちがうか、15分を 過ぎています。管理者に 新しい番号を もらって ください")
}

pub(super) fn no_plan() -> Told {
    Told::change("まだ 知らせの 準備が 読み込まれていません。管理者に 伝えて ください")
}

/// Changes the officers' file under its lock, and reads it anew.
async fn with_register<T: Send + 'static>(
    door: &Arc<Door>,
    change: impl FnOnce(&mut Register) -> T + Send + 'static,
) -> Result<T, Told> {
    let folder = door.hub.town.folder.clone();
    let changed = spawn_blocking(move || change_register(&folder, change));
    let changed = changed.await.map_err(|_ended| Told::server())?;
    changed.map_err(|error| {
        tracing::error!(%error, "the officers' file cannot be changed");
        Told::server()
    })
}

#[derive(Deserialize)]
struct NewDevice {
    code: String,
    live: NewPasskey,
    exercise: NewPasskey,
}

#[derive(Deserialize)]
struct NewPasskey {
    credential: String,
    key: String,
}

impl NewPasskey {
    fn read(&self) -> Option<Passkey> {
        let credential = of_base64_url(&self.credential).filter(|id| (1..=1_023).contains(&id.len()))?;
        let key = of_base64(&self.key)?;
        let point: [u8; 65] = key.strip_prefix(&P256)?.try_into().ok()?;
        Some(Passkey::new(&credential, &point))
    }
}

async fn enrol_device(
    State(door): State<Arc<Door>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let NewDevice { code, live, exercise } = read(&headers, &body)?;
    let passkeys = live.read().zip(exercise.read()).ok_or_else(Told::page)?;
    invited(&door, code.clone()).await?;
    let words = with_register(&door, move |register| register.join(&code, passkeys, now())).await?;
    let words = words.ok_or_else(wrong_code)?;
    tracing::info!(%words, "an officer's device waits to be let in");
    Ok(fine(&json!({ "words": words.hiragana() })))
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

async fn question(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Result<Response, Told> {
    let Nothing {} = read(&headers, &body)?;
    let plan = door.board.inner().plan.clone().ok_or_else(no_plan)?;
    let challenge: [u8; 32] = random().map_err(|_no_randomness| Told::server())?;
    let mut questions = door.questions.lock().unwrap_or_else(PoisonError::into_inner);
    let at = now();
    questions.retain(|_, asked| at.since(*asked) <= QUESTION_MILLIS);
    if questions.len() >= MOST_QUESTIONS {
        let oldest = questions.iter().min_by_key(|(_, asked)| **asked).map(|(challenge, _)| *challenge);
        oldest.map(|oldest| questions.remove(&oldest));
    }
    questions.insert(challenge, at);
    Ok(fine(&json!({ "party": plan.relying_party, "challenge": base64_url(&challenge) })))
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asserted {
    #[serde(default, skip_serializing)]
    challenge: String,
    pub(super) credential: String,
    authenticator: String,
    client: String,
    signature: String,
}

impl Asserted {
    /// The signature, if the device is this officer's and of this class. What it is of, whoever takes it looks.
    pub(super) fn signature_of(
        &self,
        register: &Register,
        (officer, of_class): (u32, KeyClass),
    ) -> Result<OfficerSignature, Told> {
        let credential = of_base64_url(&self.credential).ok_or_else(Told::page)?;
        let (owner, class, key) = register.by_credential(&credential).ok_or(NotSent::BadSignature)?;
        let is_theirs = owner.id == officer && class == of_class;
        let signature = is_theirs.then(|| self.read(key)).flatten();
        Ok(signature.ok_or(NotSent::BadSignature)?)
    }

    /// The signature, with the key of the device that the register names.
    pub(crate) fn read(&self, key: DeviceKey) -> Option<OfficerSignature> {
        let assertion =
            Assertion { authenticator: of_base64(&self.authenticator)?, client: of_base64(&self.client)? };
        let signature = fixed_signature(&of_base64(&self.signature)?)?;
        Some(OfficerSignature { key, assertion: Some(assertion), signature })
    }
}

/// r ‖ s of an ECDSA signature in DER (RFC 3279 §2.2.3).
fn fixed_signature(der: &[u8]) -> Option<[u8; 64]> {
    fn integer<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
        let [0x02, length, rest @ ..] = *from else { return None };
        let (value, behind) = rest.split_at_checked((*length).into())?;
        *from = behind;
        let value = value.strip_prefix(&[0]).unwrap_or(value);
        (value.len() <= 32).then_some(value)
    }
    let [0x30, length, content @ ..] = der else { return None };
    if usize::from(*length) != content.len() {
        return None;
    }
    let mut content = content;
    let (r, s) = (integer(&mut content)?, integer(&mut content)?);
    let padding =
        |value: &[u8]| std::iter::repeat_n(0, 32_usize.saturating_sub(value.len())).collect::<Vec<u8>>();
    let fixed = [padding(r).as_slice(), r, &padding(s), s].concat();
    content.is_empty().then(|| fixed.try_into().ok()).flatten()
}

/// Whose passkey signed a challenge that was given out here, and is listed: the officer, and for what it is.
fn proved(door: &Door, asserted: &Asserted) -> Result<(Officer, KeyClass), Told> {
    let refused = || Told::change("この 端末は 登録されていません。管理者に 伝えて ください");
    let challenge: [u8; 32] =
        of_base64_url(&asserted.challenge).and_then(|bytes| bytes.try_into().ok()).ok_or_else(Told::page)?;
    let asked = door.questions.lock().unwrap_or_else(PoisonError::into_inner).remove(&challenge);
    if asked.is_none_or(|asked| now().since(asked) > QUESTION_MILLIS) {
        return Err(Told::page());
    }
    let (officer, class, signature, list) = {
        let inner = door.board.inner();
        let credential = of_base64_url(&asserted.credential).ok_or_else(Told::page)?;
        let (officer, class, key) = inner.register.by_credential(&credential).ok_or_else(refused)?;
        let list = inner.list.as_ref().map(|listed| Arc::clone(&listed.list)).ok_or_else(refused)?;
        (officer.clone(), class, asserted.read(key).ok_or_else(Told::page)?, list)
    };
    if !officer.is_in_office(now()) || signature.verify(&challenge, &list.relying_party).is_err() {
        return Err(refused());
    }
    Ok((officer, class))
}

/// Writes down that a passkey works. Who signed need not wait for it, and what cannot be written down is only proved again.
pub(super) fn note_proof(door: &Arc<Door>, credential: &str) {
    let Some(credential) = of_base64_url(credential) else { return };
    let door = Arc::clone(door);
    tokio::spawn(async move {
        let noted = with_register(&door, move |register| register.prove(&credential, now())).await;
        if let Err(Told(_, why)) = noted {
            tracing::warn!(why, "that a passkey works was not written down");
        }
    });
}

/// An officer's test signature: that the device in their hand can sign, once a month.
async fn test(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let asserted: Asserted = read(&headers, &body)?;
    let (owner, class) = proved(&door, &asserted)?;
    if owner.id != officer.id {
        return Err(Told::change("別の人の パスキーです。自分の パスキーで 試して ください"));
    }
    let credential = of_base64_url(&asserted.credential).ok_or_else(Told::page)?;
    with_register(&door, move |register| register.prove(&credential, now())).await?;
    tracing::info!(officer = officer.id, ?class, "a passkey was tested");
    Ok(fine(&json!({ "class": class_name(class == KeyClass::Exercise) })))
}

async fn sign_in(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Result<Response, Told> {
    let asserted: Asserted = read(&headers, &body)?;
    let (officer, _) = proved(&door, &asserted)?;
    note_proof(&door, &asserted.credential);
    let token: [u8; 32] = random().map_err(|_no_randomness| Told::server())?;
    let mut sessions = door.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let at = now();
    sessions.retain(|_, (_, until)| *until >= at);
    if sessions.len() >= MOST_SESSIONS {
        let oldest = sessions.iter().min_by_key(|(_, (_, until))| *until).map(|(token, _)| *token);
        oldest.map(|oldest| sessions.remove(&oldest));
    }
    sessions.insert(sha256(&token), (officer.id, at.plus(SESSION_MILLIS)));
    drop(sessions);
    tracing::info!(officer = officer.id, "an officer signed in at the desk");
    let mut response = door.with_cookie(&headers, &hex::text(&token), SESSION_MILLIS);
    response.extensions_mut().insert(OfficerSignedIn(officer.id));
    Ok(response)
}

async fn leave(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> Result<Response, Told> {
    let Nothing {} = read(&headers, &body)?;
    if let Some(token) = token_of(&headers, door.cookie_name()) {
        door.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&sha256(&token));
    }
    Ok(door.with_cookie(&headers, "", 0))
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    seen: String,
}

async fn state(
    State(door): State<Arc<Door>>,
    Query(Seen { seen }): Query<Seen>,
    headers: HeaderMap,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let mut changes = door.board.desk_changes();
    let text = |revision: u64| door.board.revision_text(revision);
    if text(*changes.borrow_and_update()) == seen {
        drop(timeout(WAITS, changes.changed()).await);
        sleep(STATE_EVERY).await;
    }
    // Whoever was shown out in the meantime hears so.
    let officer = door.officer(&headers).map(|again| Officer { id: officer.id, ..again })?;
    let revision = text(*changes.borrow_and_update());
    let town = door.hub.town.current();
    let value = {
        let inner = door.board.inner();
        let mut value = state_value(&inner, &officer, &town.name, &revision, now());
        if let Some(state) = value.as_object_mut() {
            state.insert("bindings".to_owned(), inner.bound_at_boxes());
        }
        value
    };
    Ok(fine(&value))
}

/// The map of districts. It changes with the plan only.
async fn map(State(door): State<Arc<Door>>, headers: HeaderMap) -> Result<Response, Told> {
    let _officer = door.officer(&headers)?;
    let plan = door.board.inner().plan.clone().ok_or_else(no_plan)?;
    Ok(fine(&json!({ "outlines": outlines(&plan) })))
}

#[derive(Deserialize)]
pub(super) struct DraftWanted {
    #[serde(default)]
    class: String,
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    districts: Vec<String>,
    #[serde(default)]
    reasons: BTreeMap<String, String>,
    arrives: Option<UnixMillis>,
    thread: Option<String>,
    /// What the thread says, once more, to the households that are missing.
    #[serde(default)]
    again: bool,
}

async fn make_draft(
    State(door): State<Arc<Door>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let wanted: DraftWanted = read(&headers, &body)?;
    let sequence = door.board.keeper.ask(|store| store.next()).await.map_err(|error| {
        tracing::error!(%error, "no place in the sequence");
        Told::server()
    })?;
    let board = Arc::clone(&door.board);
    let made = spawn_blocking(move || {
        let mut inner = board.inner();
        if inner.drafts.len() >= MOST_DRAFTS {
            return Err(Told::change(
                "署名を 待っている 下書きが 多すぎます。使わないものを 捨てて ください",
            ));
        }
        let draft = draft_of(&inner, wanted, sequence, now())?;
        let value = draft_value(&inner, &draft, &officer);
        inner.drafts.insert(draft.id.clone(), draft);
        drop(inner);
        board.changed();
        Ok::<_, Told>(value)
    });
    Ok(fine(&made.await.map_err(|_ended| Told::server())??))
}

/// What is asked for, as it would be sent.
pub(super) fn draft_of(
    inner: &Inner,
    wanted: DraftWanted,
    sequence: hinamori_alert::Sequence,
    now: UnixMillis,
) -> Result<Draft, Told> {
    let plan = inner.plan.as_deref().ok_or_else(no_plan)?;
    let thread: Vec<Arc<Message>> = wanted.thread.as_deref().map(|id| inner.thread(id)).unwrap_or_default();
    if wanted.thread.is_some() && thread.is_empty() {
        return Err(Told::gone());
    }
    let (wanted, until) = match wanted.again {
        true => again(inner, &thread, now)?,
        false => (wanted, None),
    };
    let kind = match wanted.kind.as_str() {
        "Order" => MessageKind::Order,
        "AllClear" => MessageKind::AllClear,
        "Cancel" => MessageKind::Cancel,
        _ => return Err(Told::page()),
    };
    let first = thread.first();
    let is_exercise = first.map_or(wanted.class == "exercise", |first| first.about.is_exercise);
    let (prepared, names, districts) = chosen(plan, &wanted, kind, thread.last().map(Arc::as_ref))?;
    let ending = kind != MessageKind::Order;
    let references = thread.iter().map(|message| message.signed.alert().alert().id()).collect();
    // Later than what it changes or ends, which a box may have dated by a clock that is a little ahead. CAP knows seconds.
    let latest = thread.iter().map(|message| message.sent()).max();
    let least = latest.map_or(0, |latest| latest.get().saturating_add(1_000));
    let sent = UnixMillis::new(now.get().max(least) / 1_000 * 1_000);
    let identifier = format!("{}-{}", sequence.epoch, sequence.number);
    let request = Wanted {
        prepared,
        kind,
        is_exercise,
        districts,
        arrives: wanted.arrives,
        references,
        identifier,
        sent,
        until,
        // What officers closed at a box stays closed.
        closed: thread.last().map(|latest| closed_in(plan, &latest.signed)).unwrap_or_default(),
    };
    let before = thread.last().map(|latest| &latest.about);
    let reasons = if ending { Vec::new() } else { reasons(&request, &wanted.reasons, before)? };
    let households = listeners(inner, &thread, &names, (wanted.again, ending))?;
    // One call for a town's salts: a call for each takes longer than the words of a household.
    let mut drawn = vec![[0; 16]; households.len().saturating_add(1)];
    getrandom::fill(drawn.as_flattened_mut()).map_err(|_no_randomness| Told::server())?;
    let mut salts = drawn.into_iter();
    let composed = compose(plan, &request, &households, || salts.next().ok_or_else(Told::server))?;
    let composed = composed.map_err(|bad| Told::change(format!("この知らせは 規則に 合いません: {bad}")))?;
    if wanted.again && !says_the_same(&composed.valid, thread.last()) {
        return Err(Told::change(
            "準備が そのあと 変わりました。「内容を 変えて 送る（更新）」を 使って ください",
        ));
    }
    let together =
        Instructions::with_places(&composed.instructions).ok_or_else(|| Told::change("世帯が 多すぎます"))?;
    let envelope = Envelope::around(&composed.bytes, sequence, &together.0)
        .map_err(|error| Told::change(format!("この知らせは 規則に 合いません: {error}")))?;
    let alone = is_exercise || (kind == MessageKind::Cancel && inner.alone_until(&thread, now).is_ok());
    let places = places_of(&request);
    let people =
        households.iter().map(|household: &HouseholdToTell| household.people).fold(0, u32::saturating_add);
    let digest = envelope.digest();
    Ok(Draft {
        id: hex::text(digest.get(..8).unwrap_or_default()),
        digest,
        needed: if alone { 1 } else { 2 },
        about: About {
            is_exercise,
            prepared: prepared.id.clone(),
            label: prepared.label.clone(),
            title: prepared.title_of(kind),
            districts: names,
            places,
            reasons,
            arrives: wanted.arrives,
            again: wanted.again,
            households: u32::try_from(households.len()).unwrap_or(u32::MAX),
            people,
            made: now,
            thread: first.map(|first| first.thread()),
            signed: Vec::new(),
            origin: None,
            trigger: None,
            went_out: None,
        },
        envelope,
        sample: serde_json::from_slice(&composed.sample).unwrap_or_default(),
        bytes: composed.bytes,
        valid: composed.valid,
        instructions: composed.instructions,
        together,
    })
}

/// What a thread says now, to be said again as it was: with its places, the reasons for them, the time of the wave, and until when. Whoever
/// has arrived keeps what they were told, and must not be left with less than those who are told again.
fn again(
    inner: &Inner,
    thread: &[Arc<Message>],
    now: UnixMillis,
) -> Result<(DraftWanted, Option<UnixMillis>), Told> {
    let over = || Told::change("この お知らせは もう 出ていません。もう一度は 送れません");
    let latest = thread.last().filter(|latest| latest.kind() == MessageKind::Order).ok_or_else(over)?;
    let is_in_force = inner.alerts.in_force(now).iter().any(|known| known.latest.digest() == latest.digest);
    if !is_in_force {
        return Err(over());
    }
    let About { prepared, districts, reasons, arrives, .. } = latest.about.clone();
    let wanted = DraftWanted {
        class: String::new(),
        kind: MessageKind::Order.text().to_owned(),
        message: prepared,
        districts,
        reasons: reasons.into_iter().map(|Reason { place, reason }| (place, reason)).collect(),
        arrives,
        thread: Some(latest.thread()),
        again: true,
    };
    Ok((wanted, Some(latest.signed.alert().expires())))
}

/// Where a message sends people, once each.
pub(super) fn places_of(wanted: &Wanted<'_>) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for way in ways(wanted).values() {
        if !places.contains(&way.place.plain()) {
            places.push(way.place.plain());
        }
    }
    places
}

/// Whether an order said again would send people where the first one did, in its words.
fn says_the_same(valid: &ValidAlert, latest: Option<&Arc<Message>>) -> bool {
    let words = |alert: &Alert| -> Vec<_> {
        let of = |info: &Info| {
            (
                info.headline.clone(),
                info.description.clone(),
                info.instruction.clone(),
                info.parameters.clone(),
            )
        };
        alert.infos.iter().map(of).collect()
    };
    latest.is_some_and(|latest| words(latest.alert()) == words(valid.alert()))
}

/// Whom a message is for: everybody of its districts, and whoever the thread ever spoke to: they hear how it ends, or that it is about
/// others now. Said again, it is for those of them who have not arrived.
fn listeners(
    inner: &Inner,
    thread: &[Arc<Message>],
    districts: &[String],
    (again, ending): (bool, bool),
) -> Result<Vec<HouseholdToTell>, Told> {
    let mut households = inner.households.in_districts(districts);
    let told = Inner::told_by(thread);
    let known: BTreeSet<_> = households.iter().map(|household| household.id).collect();
    let others: Vec<_> = told.into_iter().filter(|id| !known.contains(id)).collect();
    households.extend(inner.households.these(others.iter().copied()));
    if ending {
        // Whoever the town's list has lost since still has the order on their set.
        let lost = others.iter().filter(|id| !inner.households.has(**id));
        households.extend(lost.map(|id| HouseholdToTell::unknown(*id)));
    }
    if again {
        let all = inner.progress(thread);
        let arrived: BTreeSet<_> =
            all.iter().filter(|one| one.arrived.is_some()).map(|one| one.household).collect();
        households.retain(|household| !arrived.contains(&household.id));
        if households.is_empty() {
            return Err(Told::change("どの 世帯も 着いています。もう一度 送る 相手が いません"));
        }
    }
    Ok(households)
}

/// Which prepared message, and for which districts. An ending is of what is out.
fn chosen<'p>(
    plan: &'p Plan,
    wanted: &DraftWanted,
    kind: MessageKind,
    latest: Option<&Message>,
) -> Result<(&'p Prepared, Vec<String>, Vec<&'p District>), Told> {
    let (id, names) = match (kind, latest) {
        (MessageKind::Order, _) => (wanted.message.clone(), wanted.districts.clone()),
        (MessageKind::AllClear | MessageKind::Cancel, Some(latest)) => {
            (latest.about.prepared.clone(), latest.about.districts.clone())
        }
        (MessageKind::AllClear | MessageKind::Cancel, None) => return Err(Told::page()),
    };
    let prepared = plan.message(&id).ok_or_else(|| match kind {
        MessageKind::Order => Told::page(),
        _ => Told::change("この知らせは 準備から 消えています。管理者に 準備を 戻して もらって ください"),
    })?;
    if kind == MessageKind::Order
        && let Some(latest) = latest
    {
        if latest.signed.alert().evacuation().hazard != prepared.hazard {
            return Err(Told::page());
        }
        // Whoever is left out would hear an order that is not theirs any more.
        if let Some(left) = latest.about.districts.iter().find(|known| !names.contains(known)) {
            return Err(Told::change(format!("{left}を 外せません。更新は 前の地区を すべて 入れます")));
        }
    }
    // How something ends is said also where the plan has lost a district since.
    let districts: Option<Vec<_>> = match kind {
        MessageKind::Order => names.iter().map(|name| plan.district(name)).collect(),
        _ => Some(names.iter().filter_map(|name| plan.district(name)).collect()),
    };
    let districts =
        districts.filter(|all| !all.is_empty()).ok_or_else(|| Told::change("地区を 選んで ください"))?;
    Ok((prepared, names, districts))
}

/// Nobody is sent to a place that is unsafe, nor without a reason to one of which nobody knows. What `before` said at a box may go on as it is: a
/// district without a place, and a place that two officers chose there without a keyboard.
pub(super) fn reasons(
    wanted: &Wanted<'_>,
    given: &BTreeMap<String, String>,
    before: Option<&About>,
) -> Result<Vec<Reason>, Told> {
    let of_a_box = before.filter(|before| before.origin.is_some());
    let ways = ways(wanted);
    let mut reasons: Vec<Reason> = Vec::new();
    for district in &wanted.districts {
        let Some(way) = ways.get(district.name.as_str()) else {
            // A district without a place for this hazard is warned all the same.
            let Some(unsafe_way) = district.ways(wanted.prepared.hazard).next() else { continue };
            if of_a_box.is_some_and(|before| before.districts.contains(&district.name)) {
                continue;
            }
            return Err(Told::change(format!(
                "{}は この災害では 危険な 場所です。{}を 外して ください",
                unsafe_way.place.plain(),
                district.name
            )));
        };
        let place = way.place.plain();
        match way.safe {
            Some(true) => {}
            None if of_a_box.is_some_and(|before| before.places.contains(&place))
                && !given.contains_key(&place) => {}
            Some(false) | None => {
                let reason =
                    given.get(&place).map(|reason| reason.trim()).filter(|reason| !reason.is_empty());
                let reason = reason.filter(|reason| reason.chars().count() <= 200);
                let reason = reason.ok_or_else(|| {
                    Told::change(format!(
                        "{place}は 安全か 分かりません。使う 理由を 200字までで 書いて ください"
                    ))
                })?;
                if !reasons.iter().any(|known| known.place == place) {
                    reasons.push(Reason { place, reason: reason.to_owned() });
                }
            }
        }
    }
    Ok(reasons)
}

async fn sign(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let asserted: Asserted = read(&headers, &body)?;
    let signature = {
        let inner = door.board.inner();
        let class = inner.drafts.get(&id).ok_or(NotSent::Gone)?.about.class();
        asserted.signature_of(&inner.register, (officer.id, class))?
    };
    // A browser that goes away must not leave it half done: kept on the disk, and told to nobody.
    let board = Arc::clone(&door.board);
    let signing = tokio::spawn(async move { board.sign(&id, &officer, signature).await });
    let is_sent = signing.await.map_err(|_ended| Told::server())??;
    note_proof(&door, &asserted.credential);
    Ok(fine(&json!({ "sent": is_sent })))
}

#[derive(Deserialize)]
struct Dropped {
    reason: String,
}

async fn drop_draft(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let Dropped { reason } = read(&headers, &body)?;
    let (board, number) = (Arc::clone(&door.board), officer.id);
    let dropping = tokio::spawn(async move { board.drop_draft(&id, &officer).await });
    dropping.await.map_err(|_ended| Told::server())??;
    let length = reason.chars().count();
    tracing::info!(officer = number, length, "a draft was dropped");
    Ok(fine(&json!({})))
}

async fn take_help(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let Nothing {} = read(&headers, &body)?;
    let found = {
        let inner = door.board.inner();
        let found = inner.answers.keys().find(|(digest, household)| task_id(digest, *household) == id);
        *found.ok_or_else(Told::gone)?
    };
    let (digest, household) = found;
    let task = Task { digest, household, officer: officer.id, at: now() };
    let board = Arc::clone(&door.board);
    let taking = tokio::spawn(async move { board.take_task(task).await });
    let is_taken = taking.await.map_err(|_ended| Told::server())?.map_err(|error| {
        tracing::error!(%error, "a task is not kept");
        Told::server()
    })?;
    if !is_taken {
        return Err(Told(StatusCode::CONFLICT, "ほかの人が もう 引き受けています".to_owned()));
    }
    Ok(fine(&json!({})))
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    page: usize,
}

async fn missing(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    Query(Page { page }): Query<Page>,
    headers: HeaderMap,
) -> Result<Response, Told> {
    let _officer = door.officer(&headers)?;
    let board = Arc::clone(&door.board);
    let found = spawn_blocking(move || {
        let inner = board.inner();
        let thread = inner.thread(&id);
        (!thread.is_empty()).then(|| missing_value(&inner, &thread, page, now()))
    });
    let found = found.await.map_err(|_ended| Told::server())?.ok_or_else(Told::gone)?;
    Ok(fine(&found))
}

/// A television was given to the wrong household at a box.
async fn unbind(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let Nothing {} = read(&headers, &body)?;
    let token = hex::bytes(&id).and_then(|bytes| bytes.try_into().ok()).ok_or_else(Told::gone)?;
    let board = Arc::clone(&door.board);
    let unbinding = tokio::spawn(async move { board.unbind(token).await });
    let is_unbound = unbinding.await.map_err(|_ended| Told::server())?.map_err(|error| {
        tracing::error!(%error, "a television is not taken off its household");
        Told::server()
    })?;
    if !is_unbound {
        return Err(Told::gone());
    }
    tracing::info!(officer = officer.id, "a television was taken off its household");
    Ok(fine(&json!({})))
}

/// The report of a thread as a file. No name is in it.
async fn report(
    State(door): State<Arc<Door>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Told> {
    let officer = door.officer(&headers)?;
    let (board, town) = (Arc::clone(&door.board), door.hub.town.current());
    let made = spawn_blocking(move || {
        let (mode, report) = thread_report(&board.inner(), &id).ok_or_else(Told::gone)?;
        let printed = fonts().and_then(|fonts| {
            let press = Press { fonts: &fonts, mode, town: &town.name, printed_at: now() };
            Ok(press.evacuation_report(&report)?)
        });
        printed.map_err(|error| {
            tracing::error!(%error, "a report is not printed");
            Told(
                StatusCode::SERVICE_UNAVAILABLE,
                "サーバーで 報告を 作れません。管理者に 伝えて ください".to_owned(),
            )
        })
    });
    let bytes = made.await.map_err(|_ended| Told::server())??;
    tracing::info!(officer = officer.id, bytes = bytes.len(), "a report of an alert was made");
    let as_file =
        [(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"report.pdf\""))];
    Ok((crate::web::headers("application/pdf", POLICY), as_file, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_in_der_becomes_two_numbers_of_thirty_two_bytes() {
        let short = [0x30, 7, 2, 1, 5, 2, 2, 0, 0x80];
        let fixed = fixed_signature(&short).unwrap();
        assert_eq!((fixed[31], fixed[63]), (5, 0x80));
        assert!(fixed[..31].iter().chain(&fixed[32..63]).all(|byte| *byte == 0));
        for length in 0..short.len() {
            assert_eq!(fixed_signature(&short[..length]), None);
        }
        assert_eq!(fixed_signature(&[short.as_slice(), &[0]].concat()), None);
        let long: Vec<u8> = [[0x30, 70, 2, 34].as_slice(), &[0, 1], &[7; 32], &[2, 32], &[7; 32]].concat();
        assert_eq!(fixed_signature(&long), None);
    }
}
