//! The line to the town's server, and to boxes on the same network when it does not answer (docs/tv.md §6). What comes over it is believed
//! nowhere but in [`Household`](crate::household::Household).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use tracing::{debug, error, warn};
use ureq::Agent;
use ureq::http::{Method, StatusCode};
use ureq::tls::TlsConfig;

use crate::hex;
use crate::household::{Answer, Answered, From};
use crate::shared::{Near, Shared};

/// The other end answers after 25 seconds at most.
const TIMEOUT: Duration = Duration::from_secs(35);
/// A box is asked without waiting for news: whoever says to be one holds the town's server up no longer.
const NEAR_TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(3);
/// More than any answer has.
const MOST_BYTES: u64 = 16 << 20;
const LONGEST_PAUSE: u32 = 30_000;
/// How often boxes are asked while the town's server does not answer, in milliseconds.
const BOXES_EVERY: u32 = 4_000;
/// Boxes that are asked in turn: more than are near a house.
const MOST_BOXES: usize = 8;

/// Whoever does not answer as docs/tv.md says.
#[derive(Debug, thiserror::Error)]
enum LineError {
    /// No way there, or nobody.
    #[error("it does not answer")]
    NoAnswer(#[from] ureq::Error),
    /// It does not know the receiver.
    #[error("it does not know this receiver")]
    Unknown,
    /// Something else than an answer.
    #[error("it answers {0}")]
    Status(StatusCode),
    /// Not this town's.
    #[error(transparent)]
    OtherTown(#[from] crate::household::OtherTown),
}

/// What asks.
pub(crate) struct Line {
    agent: Agent,
    /// For boxes.
    near: Agent,
    shared: Arc<Shared>,
    /// As `http://HOST:PORT`.
    town: String,
    /// By what boxes know the receiver that said on the network that they are there. Anybody may: what everybody is told needs no secret, and
    /// the town's goes to the town and to boxes of the settings alone.
    nobody: String,
}

#[derive(Deserialize)]
struct Hello {
    token: String,
}

#[derive(Deserialize)]
struct Got {
    at: Option<u64>,
    kept: Option<u64>,
}

impl Line {
    /// The town's server at an address without a scheme, over TLS where it is said whom to believe there. `nobody` is random: no set's token.
    pub(crate) fn new(
        (town, tls): (&str, Option<&TlsConfig>),
        nobody: [u8; 32],
        shared: Arc<Shared>,
    ) -> Self {
        let [agent, near] = [TIMEOUT, NEAR_TIMEOUT].map(|timeout| {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(concat!("hinamori-tv/", env!("CARGO_PKG_VERSION")))
                .timeout_connect(Some(CONNECT))
                .timeout_global(Some(timeout))
                .tls_config(tls.cloned().unwrap_or_default());
            config.build().into()
        });
        let town = format!("{}://{town}", if tls.is_some() { "https" } else { "http" });
        Self { agent, near, shared, town, nobody: hex::text(&nobody) }
    }

    /// Asks for as long as the receiver lives.
    pub(crate) fn follow(self) {
        let (mut seen, mut failures) = (String::new(), 0_u32);
        loop {
            let began = Instant::now();
            match self.ask_town(&seen) {
                Ok(revision) => {
                    // A server that does not wait would otherwise be asked without end.
                    let is_hasty = revision == seen && began.elapsed() < Duration::from_secs(1);
                    (seen, failures) = (revision, u32::from(is_hasty));
                }
                Err(problem) => {
                    (seen, failures) = (String::new(), failures.saturating_add(1));
                    let error = &problem as &dyn std::error::Error;
                    match problem {
                        LineError::OtherTown(_) => {
                            error!(error, town = %self.town, "the town's server is not believed")
                        }
                        // Once: it is asked again for as long as it takes.
                        _ if failures == 1 => {
                            warn!(error, town = self.town, "the town's server does not answer")
                        }
                        _ => debug!(error, "the town's server"),
                    }
                    let is_told = self.ask_boxes();
                    if is_told {
                        failures = failures.min(1);
                    }
                }
            }
            if failures > 0 {
                self.rest(pause(failures));
            }
        }
    }

    /// A pause; meanwhile boxes may have news.
    fn rest(&self, mut pause: u32) {
        while pause > 0 {
            let part = pause.min(BOXES_EVERY);
            std::thread::sleep(Duration::from_millis(part.into()));
            pause -= part;
            if pause > 0 {
                self.ask_boxes();
            }
        }
    }

    fn ask_town(&self, seen: &str) -> Result<String, LineError> {
        let Some(token) = self.shared.household().kept.token.clone() else {
            let hello = self.hello(&self.town)?;
            self.shared.change(|household| household.kept.token = Some(hello));
            return Ok(String::new());
        };
        match self.wait(&self.town, &token, seen) {
            Err(LineError::Unknown) => {
                self.shared.change(|household| household.kept.token = None);
                Err(LineError::Unknown)
            }
            answered => self.take(answered?, From::Town),
        }
    }

    /// Asks each box once, without waiting for news; whether one had an answer.
    fn ask_boxes(&self) -> bool {
        let mut is_told = false;
        for near in self.shared.boxes().into_iter().take(MOST_BOXES) {
            let from = if near.is_stranger { From::Stranger } else { From::Box };
            let answered = self.wait(&origin_of(&near), &self.token_for(&near), "");
            match answered.and_then(|answered| self.take(answered, from)) {
                Ok(_) => is_told = true,
                Err(problem) => debug!(error = &problem as &dyn std::error::Error, near.address, "a box"),
            }
        }
        is_told
    }

    fn token_for(&self, near: &Near) -> String {
        let of_the_town = self.shared.household().kept.token.clone().filter(|_| !near.is_stranger);
        of_the_town.unwrap_or_else(|| self.nobody.clone())
    }

    fn hello(&self, origin: &str) -> Result<String, LineError> {
        let said: Hello = self.ask(Method::POST, origin, "hello", None, None)?;
        match hex::bytes(&said.token) {
            Some(token) if token.len() == 32 => Ok(hex::text(&token)),
            Some(_) | None => Err(LineError::Status(StatusCode::OK)),
        }
    }

    fn wait(&self, origin: &str, token: &str, seen: &str) -> Result<Answered, LineError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let seen = if seen.bytes().all(is_plain) { seen } else { "" };
        let list = self.shared.household().list_version();
        let set = match self.shared.seen().shows_us() {
            Some(true) => "&set=on",
            Some(false) => "&set=off",
            None => "",
        };
        self.ask(Method::GET, origin, &format!("wait?seen={seen}&list={list}{set}"), Some(token), None)
    }

    fn take(&self, answered: Answered, from: From) -> Result<String, LineError> {
        let revision = answered.revision.clone();
        let running = self.shared.running();
        self.shared.change(|household| household.take(answered, from, running))?;
        Ok(revision)
    }

    /// Delivers answers for as long as the receiver lives: to the town's server, or to a box that keeps them for it.
    pub(crate) fn deliver(self) {
        let mut failures = 0_u32;
        loop {
            let next = self.shared.next_answer();
            let Some(answer) = next else {
                self.shared.wait_for_answers(Duration::from_secs(1));
                continue;
            };
            if self.deliver_one(&answer) {
                failures = 0;
            } else {
                failures = failures.saturating_add(1);
                // A call for help does not wait for the pause of a receipt.
                self.shared.wait_for_answers(Duration::from_millis(pause(failures).into()));
            }
        }
    }

    /// Whether the town's server has it.
    fn deliver_one(&self, answer: &Answer) -> bool {
        let token = self.shared.household().kept.token.clone();
        if let Some(token) = token {
            match self.post(&self.town, &token, answer) {
                Ok(Got { at: Some(at), .. }) => {
                    self.shared.change(|household| household.note_delivered(answer, at));
                    return true;
                }
                Ok(Got { .. }) => warn!("the town's server has an answer and does not say when"),
                Err(problem) => {
                    debug!(
                        error = &problem as &dyn std::error::Error,
                        "an answer waits for the town's server"
                    );
                }
            }
        }
        let shows_us = self.shared.seen().shows_us();
        let lacking = self.shared.household().for_boxes(shows_us);
        lacking.iter().for_each(|answer| self.leave_at_box(answer));
        false
    }

    /// Whoever is only near takes no answer: it says what a household does.
    fn leave_at_box(&self, answer: &Answer) {
        for near in self.shared.boxes().into_iter().filter(|near| !near.is_stranger) {
            if let Ok(Got { at, kept }) = self.post(&origin_of(&near), &self.token_for(&near), answer)
                && let Some(at) = kept.or(at)
            {
                self.shared.change(|household| household.note_at_box(answer, at));
                return;
            }
        }
    }

    fn post(&self, origin: &str, token: &str, (digest, kind): &Answer) -> Result<Got, LineError> {
        let body = json!({ "message": digest, "answer": kind.name() }).to_string();
        self.ask(Method::POST, origin, "answer", Some(token), Some(body))
    }

    fn ask<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        origin: &str,
        path: &str,
        token: Option<&str>,
        body: Option<String>,
    ) -> Result<T, LineError> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{origin}/tv/{path}"));
        if let Some(token) = token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("Content-Type", "application/json");
        }
        let request = request.body(body.unwrap_or_default()).map_err(ureq::Error::Http)?;
        let agent = if origin == self.town { &self.agent } else { &self.near };
        let mut response = agent.run(request)?;
        match response.status() {
            StatusCode::OK => Ok(response.body_mut().with_config().limit(MOST_BYTES).read_json()?),
            StatusCode::UNAUTHORIZED => Err(LineError::Unknown),
            other => Err(LineError::Status(other)),
        }
    }
}

/// A box speaks no TLS: what it tells everybody is no secret, and the household's network is trusted with the rest.
fn origin_of(near: &Near) -> String {
    format!("http://{}", near.address)
}

/// Longer after each failure, and by chance up to half as long again, in milliseconds: a town must not come back in one moment.
fn pause(failures: u32) -> u32 {
    let pause = 1_000_u32.saturating_mul(1 << failures.saturating_sub(1).min(5)).min(LONGEST_PAUSE);
    let mut chance = [0; 2];
    // Without chance it is the shortest.
    if getrandom::fill(&mut chance).is_err() {
        return pause;
    }
    pause + pause / 2 * u32::from(u16::from_be_bytes(chance)) / (u32::from(u16::MAX) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_a_minute_and_half_as_long_again() {
        for (failures, least) in [(1, 1_000), (2, 2_000), (5, 16_000), (6, 30_000), (u32::MAX, 30_000)] {
            for _ in 0..50 {
                let pause = pause(failures);
                assert!((least..=least * 3 / 2).contains(&pause), "{failures}: {pause}");
            }
        }
    }
}
