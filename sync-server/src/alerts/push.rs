//! Brings alerts to stations that asked for it, until each gave a receipt (docs/broadcast.md §2).
//!
//! One message at a time is on its way to a station, and no station waits for another. What was never tried goes first, so that a 取消 does
//! not stand behind an order that a station refuses.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use hinamori_alert::CAP_MEDIA_TYPE;
use hinamori_model::UnixMillis;
use hinamori_store_sqlite::Push;
use serde::Deserialize;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{MissedTickBehavior, interval};
use ureq::Agent;
use ureq::http::{Response, StatusCode};

use crate::alerts::base64;
use crate::alerts::board::{Board, Message};
use crate::alerts::broadcast::to_push;
use crate::alerts::stations::{PushTo, Station};
use crate::clock::now;
use crate::hex;
use crate::pull::{tls_of, tls_of_file};
use crate::signed_log::sha256;

/// How long one try may take in all.
const TRY: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The first wait after a failure, and the longest one. Each is twice the one before.
const FIRST_WAIT_MILLIS: u64 = 1_000;
const LONGEST_WAIT_MILLIS: u64 = 60_000;
/// Tries at a time, of all stations: each takes a thread, which others need too.
const MOST_TRIES: usize = 16;
/// Bytes of an answer that are read.
const LONGEST_ANSWER: u64 = 4_096;

/// Brings alerts to stations for ever.
pub(crate) async fn push_to_stations(board: Arc<Board>) {
    let mut changes = board.stations.subscribe();
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut busy: BTreeSet<u32> = BTreeSet::new();
    let mut tries = JoinSet::new();
    loop {
        for (station, message) in due(&board, &busy, now()) {
            if tries.len() < MOST_TRIES {
                busy.insert(station.id);
                tries.spawn(attempt(Arc::clone(&board), station, message));
            }
        }
        tokio::select! {
            _ = looks.tick() => {}
            changed = changes.changed() => if changed.is_err() { return },
            Some(done) = tries.join_next(), if !tries.is_empty() => {
                // Nothing in a try can panic but what is caught in it.
                let Ok((station, digest, outcome)) = done else { continue };
                busy.remove(&station);
                let before = board.inner().pushes.get(&(station, digest)).cloned();
                let push = noted(before.as_ref(), station, digest, outcome);
                let kept = push.clone();
                if let Err(error) = board.keeper.ask(move |store| store.note_push(&kept)).await {
                    tracing::error!(%error, "what became of a push is not kept");
                }
                board.inner().pushes.insert((station, digest), push);
                board.changed();
            }
        }
    }
}

/// What is due, for each station that is not busy.
fn due(board: &Board, busy: &BTreeSet<u32>, now: UnixMillis) -> Vec<(Station, Arc<Message>)> {
    let inner = board.inner();
    let wanted = to_push(&inner, now);
    let waits = inner.stations.stations.iter().filter(|station| station.push.is_some());
    let waits = waits.filter(|station| !busy.contains(&station.id));
    let first = |station: &Station| {
        let of = |message: &&Arc<Message>| inner.pushes.get(&(station.id, message.digest));
        let untried = wanted.iter().find(|message| of(message).is_none());
        let failed = wanted.iter().filter(|message| of(message).is_some_and(|push| is_due(push, now)));
        // One after the other: what is refused for ever keeps nothing else waiting.
        let again = failed.min_by_key(|message| of(message).map(|push| push.tried_at));
        untried.or(again).map(|message| (station.clone(), Arc::clone(message)))
    };
    waits.filter_map(first).collect()
}

fn is_due(push: &Push, now: UnixMillis) -> bool {
    let doubled =
        FIRST_WAIT_MILLIS.saturating_mul(1_u64.checked_shl(push.tries.saturating_sub(1)).unwrap_or(u64::MAX));
    // A clock that was set back silences nobody.
    let has_waited = now >= push.tried_at.plus(doubled.min(LONGEST_WAIT_MILLIS)) || now < push.tried_at;
    push.received_at.is_none() && has_waited
}

fn noted(before: Option<&Push>, station: u32, digest: [u8; 32], outcome: Result<(), String>) -> Push {
    let at = now();
    let tries = before.map_or(0, |push| push.tries).saturating_add(1);
    match &outcome {
        Ok(()) => tracing::info!(station, tries, "a station has an alert"),
        Err(problem) => tracing::warn!(station, tries, problem, "an alert did not reach a station"),
    }
    let received_at = outcome.is_ok().then_some(at);
    Push { station, digest, tries, tried_at: at, received_at, problem: outcome.err().unwrap_or_default() }
}

async fn attempt(
    board: Arc<Board>,
    station: Station,
    message: Arc<Message>,
) -> (u32, [u8; 32], Result<(), String>) {
    let (id, digest) = (station.id, message.digest);
    let tried = spawn_blocking(move || match &station.push {
        Some(to) => post(&board, to, &message),
        None => Err("the station has no address any more".to_owned()),
    });
    (id, digest, tried.await.unwrap_or_else(|_ended| Err("the server ends".to_owned())))
}

/// Posts the signed file, and asks for the receipt.
fn post(board: &Board, to: &PushTo, message: &Message) -> Result<(), String> {
    let file = board.broadcast.file(message).ok_or("this machine cannot sign")?;
    let digest = hex::text(&message.digest);
    let content_digest = format!("sha-256=:{}:", base64(&sha256(&file)));
    let key = hex::text(&board.broadcast.credential.fingerprint());
    let parameters = format!(
        "(\"@method\" \"@target-uri\" \"content-type\" \"content-digest\" \"hinamori-message\")\
         ;created={};keyid=\"{key}\";alg=\"ecdsa-p256-sha256\"",
        now().get() / 1_000
    );
    let url = &to.url;
    // RFC 9421 §2.5.
    let base = format!(
        "\"@method\": POST\n\"@target-uri\": {url}\n\"content-type\": {CAP_MEDIA_TYPE}\n\
         \"content-digest\": {content_digest}\n\"hinamori-message\": {digest}\n\"@signature-params\": {parameters}"
    );
    let signature = board.broadcast.credential.sign(base.as_bytes()).ok_or("this machine cannot sign")?;
    let sent = agent(to)?
        .post(url)
        .header("Content-Type", CAP_MEDIA_TYPE)
        .header("Content-Digest", &content_digest)
        .header("Hinamori-Message", &digest)
        .header("Signature-Input", &format!("hinamori={parameters}"))
        .header("Signature", &format!("hinamori=:{}:", base64(&signature)))
        .send(&file[..]);
    receipt(sent.map_err(|error| error.to_string())?, &digest)
}

#[derive(Deserialize)]
struct Receipt {
    received: String,
}

/// Only the message's own name is a receipt: a hotel's sign-in page answers 200 to everything.
fn receipt(mut response: Response<ureq::Body>, digest: &str) -> Result<(), String> {
    let status = response.status();
    if !matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED) {
        return Err(format!("the station answered {status}"));
    }
    let mut answer = Vec::new();
    let read = response.body_mut().as_reader().take(LONGEST_ANSWER).read_to_end(&mut answer);
    read.map_err(|error| error.to_string())?;
    let receipt: Option<Receipt> = serde_json::from_slice(&answer).ok();
    match receipt {
        Some(Receipt { received }) if received == digest => Ok(()),
        Some(_) | None => Err("the station answered, but with no receipt for this message".to_owned()),
    }
}

fn agent(to: &PushTo) -> Result<Agent, String> {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        // An alert goes where the administrator said, and nowhere else.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("hinamori-server/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(TRY));
    if to.url.starts_with("https:") {
        config = config.tls_config(match &to.roots {
            Some(pem) => tls_of(pem.as_bytes()).ok_or("the station's certificate cannot be read")?,
            None => tls_of_file(None)?,
        });
    }
    Ok(config.build().into())
}
