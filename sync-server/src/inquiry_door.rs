//! Inquiries over HTTP, for the inquiry desk's program on this machine: `POST /inquiry` with an [`Inquiry`] as JSON, answered with
//! a [`Reply`](crate::inquiry::Reply).
//!
//! The listener is of this machine only, and so is whoever asks: a page of another origin that a browser here has open can neither send
//! JSON without asking first, which is never allowed, nor say that this machine is its own.
//!
//! An answer leaves a whole number of [`STEP`]s after its inquiry came, so that its time does not tell what was found (law 7).

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hinamori_model::{Mode, rest_of_step};
use hinamori_store_sqlite::StoreError;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::clock::now;
use crate::hall::{HallError, Townspeople};
use crate::hub::Hub;
use crate::inquiry::{Inquiry, LONGEST_INQUIRY, Looked, SoughtIndex, log, look_up, registered_index};
use crate::profiles::Profiles;

/// Who stands in the log for whoever asks here: the program says who its clerk is.
const USER: &str = "http";
/// More than an inquiry takes beside the disk.
const STEP: Duration = Duration::from_millis(2);
/// Whoever was registered is found that much later at the most.
const REGISTERED_FOR: Duration = Duration::from_secs(30);

/// Whether only this machine can reach an address.
pub(crate) const fn is_local(address: &SocketAddr) -> bool {
    address.ip().is_loopback()
}

/// Who answers inquiries, over whichever door.
pub(crate) struct Inquiries {
    hub: Arc<Hub>,
    /// Of the package with this version.
    index: Mutex<Option<(u64, Arc<SoughtIndex>)>>,
    /// Those who were registered in the field, as of some moment. The thread of the stores alone takes it.
    registered: std::sync::Mutex<BTreeMap<Mode, (Instant, Arc<SoughtIndex>)>>,
}

/// The routes of this machine's programs.
pub(crate) fn routes(hub: Arc<Hub>) -> Router {
    Router::new()
        .route("/inquiry", post(inquiry))
        .layer(DefaultBodyLimit::max(LONGEST_INQUIRY))
        .with_state(Arc::new(Inquiries::new(hub)))
}

#[derive(Serialize)]
struct Refused {
    error: String,
}

async fn inquiry(State(inquiries): State<Arc<Inquiries>>, headers: HeaderMap, body: Bytes) -> Response {
    let came = Instant::now();
    if !is_from_here(&headers) {
        return said(
            StatusCode::FORBIDDEN,
            &Refused { error: "only for programs of this machine".to_owned() },
        );
    }
    let inquiry = match Inquiry::read(&body) {
        Ok(inquiry) => inquiry,
        Err(bad) => return said(StatusCode::BAD_REQUEST, &Refused { error: bad.to_string() }),
    };
    let mode = Mode::from(inquiry.incident);
    match inquiries.answer(inquiry, USER.to_owned(), came).await {
        Ok((looked, _number)) => said(StatusCode::OK, &looked.reply(mode)),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "an inquiry was not answered");
            let error = "照会に 答えられません。サーバーの ログを 確かめてください。".to_owned();
            said(StatusCode::SERVICE_UNAVAILABLE, &Refused { error })
        }
    }
}

impl Inquiries {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub, index: Mutex::new(None), registered: Default::default() }
    }

    async fn index(&self) -> Result<Arc<SoughtIndex>, HallError> {
        let version = self.hub.town.current().signed.version();
        let mut held = self.index.lock().await;
        if let Some((_, index)) = held.as_ref().filter(|(of, _)| *of == version) {
            return Ok(Arc::clone(index));
        }
        let hub = Arc::clone(&self.hub);
        let made = spawn_blocking(move || -> Result<_, HallError> {
            let (signed, package) = hub.town.folder.town(&hub.town.keys)?;
            let people = crate::roster::people_of(hub.town.folder.path(), &package)?;
            // Who is hidden by a record is looked up with each inquiry.
            let people = Townspeople::new(people, Default::default(), Default::default());
            let index = SoughtIndex::build(people.shown(), &hub.town.keys.town_secret);
            Ok((signed.version(), Arc::new(index)))
        });
        let (of, index) = made.await.map_err(|_ended| ENDS)??;
        *held = Some((of, Arc::clone(&index)));
        Ok(index)
    }

    fn registered(&self, profiles: &Profiles<'_>, mode: Mode) -> Result<Arc<SoughtIndex>, StoreError> {
        let mut held = self.registered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, index)) = held.get(&mode).filter(|(made, _)| made.elapsed() < REGISTERED_FOR) {
            return Ok(Arc::clone(index));
        }
        let index = Arc::new(registered_index(profiles, mode, &self.hub.town.keys.town_secret)?);
        held.insert(mode, (Instant::now(), Arc::clone(&index)));
        Ok(index)
    }

    /// What an inquiry of `user` that `came` then is answered, and the number of its line in the log. It returns a whole number of
    /// [`STEP`]s after it came.
    pub(crate) async fn answer(
        self: Arc<Self>,
        inquiry: Inquiry,
        user: String,
        came: Instant,
    ) -> Result<(Looked, u64), HallError> {
        let at = now();
        let (index, town) = (self.index().await?, self.hub.town.current());
        let hub = Arc::clone(&self.hub);
        let asked = move |stores: &mut crate::archive::Stores| {
            let profiles = Profiles::new(stores, town.incidents, &town.incident_keys);
            let registered = self.registered(&profiles, inquiry.incident.into());
            let looked = registered
                .and_then(|registered| look_up(&profiles, &index, &registered, &town.sites, &inquiry, at));
            (looked, inquiry)
        };
        let (looked, inquiry) = hub.archive.ask(asked).await.map_err(|_closed| ENDS)?;
        let looked = looked?;
        // On the disk before anybody is told anything.
        let logged = spawn_blocking(move || {
            let logged = log(&hub.town.folder, &hub.town.keys, &inquiry, &looked, &user, at);
            std::thread::sleep(rest_of_step(came.elapsed(), STEP));
            logged.map(|number| (looked, number))
        });
        Ok(logged.await.map_err(|_ended| ENDS)??)
    }
}

const ENDS: HallError = HallError::Asked("the server ends");

/// A program of this machine says so in `Host`; a page of elsewhere whose name points here has another one, and no page can send
/// this type of content to another origin.
fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let host = text(header::HOST).unwrap_or_default();
    let is_address = host.parse::<SocketAddr>().is_ok_and(|address| is_local(&address))
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let is_name = host.split(':').next() == Some("localhost");
    let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let is_json = content_type.split(';').next().is_some_and(|kind| kind.trim() == "application/json");
    (is_address || is_name) && is_json
}

fn said(status: StatusCode, what: &impl Serialize) -> Response {
    let fixed = |text| HeaderValue::from_static(text);
    let headers = [
        (header::CONTENT_TYPE, fixed("application/json")),
        (header::CACHE_CONTROL, fixed("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
    ];
    (status, headers, serde_json::to_vec(what).unwrap_or_default()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_program_of_this_machine_that_sends_json_is_heard() {
        let from = |host: &'static str, kind: &'static str| {
            let pairs = [(header::HOST, host), (header::CONTENT_TYPE, kind)];
            is_from_here(
                &pairs.map(|(name, text)| (name, HeaderValue::from_static(text))).into_iter().collect(),
            )
        };
        let json = "application/json";
        assert!(from("127.0.0.1:8080", json) && from("[::1]:8080", json) && from("localhost:80", json));
        assert!(from("127.0.0.1", "application/json; charset=utf-8"));
        for (host, kind) in [
            ("town.example:8080", json),
            ("192.0.2.1:8080", json),
            ("localhost.example:80", json),
            ("127.0.0.1:8080", "text/plain"),
            ("127.0.0.1:8080", ""),
        ] {
            assert!(!from(host, kind), "{host} {kind}");
        }
        assert!(is_local(&"127.0.0.1:1".parse().unwrap()) && !is_local(&"0.0.0.0:1".parse().unwrap()));
    }
}
