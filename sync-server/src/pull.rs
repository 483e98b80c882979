//! Revocation lists are fetched from where their authorities publish them: `lists.toml` in the data folder names the
//! distribution points, one thread goes round.
//!
//! ```toml
//! roots = "/etc/ssl/certs/ca-certificates.crt"   # for https: whom to believe (PEM); this one if nothing is said
//!
//! [[point]]
//! url = "http://crl.example/municipality.crl"
//! every_minutes = 60
//! ```
//!
//! Nothing that comes is believed for where it came from: it goes to a file and is taken like one that an operator brings.
//! How it went is kept in `list-points.json`, so that a restart asks nobody twice.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use hinamori_crl_mmap::{LONGEST_LIST, span};
use hinamori_model::{ListId, UnixMillis};
use hinamori_private_file as private_file;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use ureq::http::header::{
    self, CONTENT_RANGE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED, RANGE,
};
use ureq::http::{HeaderMap, Response, StatusCode, Uri};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

use crate::clock::now;
use crate::crl::{Authorities, said_of};
use crate::hex;
use crate::lists::Lists;
use crate::town::Town;

/// In the data folder: what the operator writes, and what is remembered of each point.
const POINTS: &str = "lists.toml";
const STATES: &str = "list-points.json";
/// Names of files of pieces begin so.
const PART: &str = "pull-";
const ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Bytes of either file, and of the roots.
const LONGEST: u64 = 4 << 20;
/// Points: one for each municipality of the country, and some.
const MOST_POINTS: usize = 4_096;
const LONGEST_URL: usize = 2_000;
const LONGEST_VALIDATOR: usize = 256;
/// How often `lists.toml` is looked at, and whether a point is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const EVERY_MINUTES: u32 = 60;
const MILLIS_PER_MINUTE: u64 = 60_000;
/// The first wait after a broken transfer; each further one is twice as long, up to the point's own time.
const FIRST_WAIT_MILLIS: u64 = 5_000;
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one try may take. What has come by then is gone on with.
const TRY: Duration = Duration::from_secs(3_600);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PointsToml {
    roots: Option<PathBuf>,
    #[serde(default)]
    point: Vec<Point>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Point {
    url: String,
    every_minutes: Option<u32>,
}

impl Point {
    fn every_millis(&self) -> u64 {
        u64::from(self.every_minutes.unwrap_or(EVERY_MINUTES).max(1)).saturating_mul(MILLIS_PER_MINUTE)
    }

    fn is_https(&self) -> bool {
        self.url.starts_with("https:")
    }

    fn check(&self) -> Result<(), String> {
        let Ok(url) = self.url.parse::<Uri>() else { return Err("is no address".to_owned()) };
        let authority = url.authority().map_or("", |authority| authority.as_str());
        match url.scheme_str() {
            Some("http" | "https") if self.url.len() > LONGEST_URL => Err("is too long".to_owned()),
            Some("http" | "https") if authority.contains('@') => Err("has a user's name".to_owned()),
            Some("http" | "https") if url.host().is_some_and(|host| !host.is_empty()) => Ok(()),
            _ => Err("is not of the form http://HOST/… or https://HOST/…".to_owned()),
        }
    }
}

/// The points and whom to believe for https.
#[derive(Debug, Default)]
struct Points {
    roots: Option<PathBuf>,
    points: Vec<Point>,
}

impl Points {
    fn of(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|_not_utf8| "is not UTF-8 text".to_owned())?;
        let PointsToml { roots, point } =
            toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if point.len() > MOST_POINTS {
            return Err(format!("has more than {MOST_POINTS} points"));
        }
        for (number, one) in point.iter().enumerate() {
            one.check().map_err(|reason| format!("point {}: url {reason}", number.saturating_add(1)))?;
        }
        Ok(Self { roots, points: point })
    }
}

/// What a server calls one version of a file (RFC 9110 §8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Validators {
    etag: Option<String>,
    last_modified: Option<String>,
}

impl Validators {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let value = headers.get(name)?.to_str().ok()?;
            (value.len() <= LONGEST_VALIDATOR).then(|| value.to_owned())
        };
        Self { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
    }

    /// The one by which a rest may be asked for (§13.1.5): a weak tag does not name bytes.
    fn exact(&self) -> Option<&String> {
        self.etag.as_ref().filter(|etag| !etag.starts_with("W/")).or(self.last_modified.as_ref())
    }
}

/// What is remembered of a point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    tried_at: UnixMillis,
    next_at: UnixMillis,
    /// When its list was last taken, or was the one that is held.
    heard_at: Option<UnixMillis>,
    failures: u32,
    problem: Option<String>,
    /// Of the list that was taken, and which one that was.
    validators: Validators,
    list: Option<ListId>,
    /// Of what lies in the file of pieces.
    part: Validators,
}

impl State {
    fn is_due(&self, point: &Point, now: UnixMillis) -> bool {
        // A clock that was set back must not silence a point for years.
        self.next_at <= now || self.next_at.since(now) > point.every_millis().saturating_mul(2)
    }
}

type States = BTreeMap<String, State>;

fn read_states(data: &Path) -> States {
    let bytes = private_file::read(data, STATES, LONGEST).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// Why a point gave no list.
enum Failed {
    /// The transfer: worth another try soon.
    Broke(String),
    /// The list: another try brings the same.
    Refused(String),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Broke(error.to_string())
    }
}

impl From<ureq::Error> for Failed {
    fn from(error: ureq::Error) -> Self {
        Self::Broke(error.to_string())
    }
}

/// Goes round the points.
pub(crate) struct Puller {
    data: PathBuf,
    lists: Arc<Lists>,
    town: watch::Receiver<Arc<Town>>,
    text: Option<Vec<u8>>,
    points: Points,
    states: States,
}

impl Puller {
    pub(crate) fn new(data: &Path, lists: Arc<Lists>, town: watch::Receiver<Arc<Town>>) -> Self {
        let (data, states) = (data.to_owned(), read_states(data));
        Self { data, lists, town, text: None, points: Points::default(), states }
    }

    /// Starts the thread. It ends when the other end of `end` is gone; a transfer that is under way is left to the end of
    /// the process.
    pub(crate) fn start(mut self, end: Receiver<()>) -> io::Result<()> {
        let work = move || {
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(LOOK_EVERY) {
                self.look();
                let due =
                    self.points.points.iter().find(|point| {
                        self.states.get(&point.url).is_none_or(|state| state.is_due(point, now()))
                    });
                if let Some(point) = due.cloned() {
                    self.pull(&point);
                }
            }
        };
        std::thread::Builder::new().name("pull".to_owned()).spawn(work).map(drop)
    }

    /// Reads the points anew when somebody wrote others.
    fn look(&mut self) {
        let text = private_file::read(&self.data, POINTS, LONGEST).unwrap_or_default();
        if self.text == text {
            return;
        }
        match Points::of(text.as_deref().unwrap_or_default()) {
            Ok(points) => {
                self.states.retain(|url, _| points.points.iter().any(|point| point.url == *url));
                tracing::info!(points = points.points.len(), "revocation lists are fetched");
                self.points = points;
                if let Err(error) = self.tidy() {
                    tracing::warn!(%error, "pieces of points that are gone stay on the disk");
                }
            }
            Err(reason) => tracing::error!(reason, "{POINTS} is wrong and not followed"),
        }
        self.text = text;
    }

    /// Throws away the pieces of points that are gone.
    fn tidy(&self) -> io::Result<()> {
        let names: Vec<String> = self.points.points.iter().map(|point| part_name(&point.url)).collect();
        for entry in fs::read_dir(self.lists.shelf().incoming())? {
            let entry = entry?;
            let is_gone = entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(PART) && !names.iter().any(|known| known == name));
            if is_gone {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    fn pull(&mut self, point: &Point) {
        let mut state = self.states.remove(&point.url).unwrap_or_default();
        state.tried_at = now();
        let outcome = self.fetch(point, &mut state);
        let every = point.every_millis();
        let wait = match &outcome {
            Ok(said) => {
                tracing::info!(url = point.url, said, "a revocation list was fetched");
                (state.failures, state.problem, state.heard_at) = (0, None, Some(now()));
                every
            }
            Err(Failed::Broke(reason) | Failed::Refused(reason)) => {
                tracing::warn!(url = point.url, reason, "a revocation list was not fetched");
                (state.failures, state.problem) = (state.failures.saturating_add(1), Some(reason.clone()));
                let doubled = 1_u64.checked_shl(state.failures.saturating_sub(1)).unwrap_or(u64::MAX);
                let soon = FIRST_WAIT_MILLIS.saturating_mul(doubled).min(every);
                if matches!(outcome, Err(Failed::Broke(_))) { soon } else { every }
            }
        };
        state.next_at = now().plus(around(wait));
        self.states.insert(point.url.clone(), state);
        self.save();
    }

    fn save(&self) {
        let saved = serde_json::to_vec(&self.states).map_err(io::Error::other);
        if let Err(error) = saved.and_then(|bytes| private_file::replace(&self.data, STATES, &bytes)) {
            tracing::error!(%error, "{STATES} cannot be written");
        }
    }

    /// Asks a point, and takes the list that comes. Gives in words what became of it.
    fn fetch(&mut self, point: &Point, state: &mut State) -> Result<String, Failed> {
        let path = self.lists.shelf().incoming().join(part_name(&point.url));
        let have = fs::metadata(&path).map_or(0, |part| part.len());
        let mut request = self.agent(point)?.get(&point.url);
        let rest_of = state.part.exact().filter(|_| have > 0);
        let held = state.list.is_some_and(|list| self.lists.shelf().has(list));
        if let Some(exact) = rest_of {
            request = request.header(RANGE, format!("bytes={have}-")).header(IF_RANGE, exact);
        } else if held {
            for (name, value) in [
                (IF_NONE_MATCH, &state.validators.etag),
                (IF_MODIFIED_SINCE, &state.validators.last_modified),
            ] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        let response = request.header(header::ACCEPT, "application/pkix-crl, */*").call()?;
        let is_rest = rest_of.is_some();
        let validators = match response.status() {
            StatusCode::NOT_MODIFIED if held && !is_rest => return Ok("as it was".to_owned()),
            StatusCode::OK => Validators::of(response.headers()),
            StatusCode::PARTIAL_CONTENT if is_rest && begins_at(&response, have) => state.part.clone(),
            other => {
                if is_rest && matches!(other, StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT)
                {
                    forget(&path)?;
                }
                return Err(Failed::Broke(format!("the server answered {other}")));
            }
        };
        let from = if response.status() == StatusCode::OK { 0 } else { have };
        if state.part != validators {
            // Before the file: after a stop its bytes are never taken for another version's.
            state.part = validators.clone();
            self.states.insert(point.url.clone(), state.clone());
            self.save();
        }
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        file.set_len(from)?;
        let received = receive(response, &file, from);
        if received.is_ok() || state.part.exact().is_none() || matches!(received, Err(Failed::Refused(_))) {
            // Its content lives until the file is closed.
            forget(&path)?;
            state.part = Validators::default();
        }
        received?;
        let said = self.take(point, state, &file)?;
        state.validators = validators;
        Ok(said)
    }

    fn take(&self, point: &Point, state: &mut State, file: &File) -> Result<String, Failed> {
        let town = Arc::clone(&self.town.borrow());
        let Authorities { verifier, .. } = &town.authorities;
        let locked = self.lists.shelf().lock()?;
        let taken = locked.take(file, verifier, &town.authorities.intermediates(), &point.url, now());
        drop(locked);
        // A list that is refused now may be taken when the town pins other authorities: it is fetched again.
        state.validators = Validators::default();
        state.list = taken.as_ref().ok().map(|taken| taken.index.id());
        said_of(taken).map_err(Failed::Refused)
    }

    fn agent(&self, point: &Point) -> Result<Agent, Failed> {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // An address that has moved is for the operator to write down.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("hinamori-server/", env!("CARGO_PKG_VERSION")))
            .timeout_global(Some(TRY))
            .timeout_resolve(Some(SILENCE))
            .timeout_connect(Some(SILENCE))
            .timeout_recv_response(Some(SILENCE))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE));
        if point.is_https() {
            config = config.tls_config(self.tls()?);
        }
        Ok(config.build().into())
    }

    fn tls(&self) -> Result<TlsConfig, Failed> {
        let file = self.points.roots.as_deref().unwrap_or(Path::new(ROOTS));
        let unusable = |reason: String| Failed::Broke(format!("{}: {reason}", file.display()));
        let mut pem = Vec::new();
        let read = File::open(file).and_then(|file| file.take(LONGEST).read_to_end(&mut pem));
        read.map_err(|error| unusable(error.to_string()))?;
        let roots: Vec<Certificate<'static>> = parse_pem(&pem)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(root)) => Some(root),
                Ok(_) | Err(_) => None,
            })
            .collect();
        if roots.is_empty() {
            return Err(unusable("has no certificate (PEM)".to_owned()));
        }
        Ok(TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build())
    }
}

/// The file in which the pieces of a point's list gather.
fn part_name(url: &str) -> String {
    let name = digest(&SHA256, url.as_bytes());
    format!("{PART}{}", hex::text(name.as_ref().get(..16).unwrap_or_default()))
}

fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether a rest begins where it was asked for (RFC 9110 §14.4).
fn begins_at(response: &Response<Body>, have: u64) -> bool {
    let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {have}-")))
}

/// Writes what comes behind the first `have` bytes of a file.
fn receive(response: Response<Body>, mut file: &File, have: u64) -> Result<(), Failed> {
    let too_long = || Failed::Refused(format!("the list is over {LONGEST_LIST} bytes"));
    let announced = response.body().content_length();
    if announced.is_some_and(|length| length.saturating_add(have) > LONGEST_LIST) {
        return Err(too_long());
    }
    let most = LONGEST_LIST.saturating_sub(have);
    file.seek(SeekFrom::Start(have))?;
    let came = io::copy(&mut response.into_body().into_reader().take(most.saturating_add(1)), &mut file)?;
    if came > most {
        return Err(too_long());
    }
    match announced {
        Some(length) if came < length => Err(Failed::Broke("the transfer was cut off".to_owned())),
        _ => Ok(()),
    }
}

/// A quarter more or less, so that a thousand towns that lost the same link do not come back in one second.
fn around(millis: u64) -> u64 {
    let mut random = [0; 2];
    // Without randomness it is three quarters.
    let share = getrandom::fill(&mut random).map_or(0, |()| u64::from(u16::from_le_bytes(random)));
    let half = millis / 2;
    (millis - millis / 4).saturating_add(half.saturating_mul(share) / u64::from(u16::MAX))
}

/// A text about the points, as the running server left them.
pub(crate) fn status(data: &Path, now: UnixMillis) -> String {
    let text = match private_file::read(data, POINTS, LONGEST) {
        Ok(None) => return String::new(),
        Ok(Some(text)) => text,
        Err(error) => return format!("{POINTS}: {error}\n"),
    };
    let points = match Points::of(&text) {
        Ok(points) => points.points,
        Err(reason) => return format!("{POINTS} is wrong and not followed: {reason}\n"),
    };
    let states = read_states(data);
    let lines = points.iter().map(|point| {
        let state = states.get(&point.url).cloned().unwrap_or_default();
        let ago = |at: UnixMillis| format!("{} ago", span(now.since(at)));
        let heard =
            state.heard_at.map_or_else(|| "never fetched".to_owned(), |at| format!("fetched {}", ago(at)));
        let problem = state.problem.map(|problem| {
            format!("; failed {} times, last {}: {problem}", state.failures, ago(state.tried_at))
        });
        format!("{}: {heard}{}\n", point.url, problem.unwrap_or_default())
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_http_and_https_with_a_host_are_points() {
        let of = |url: &str| Points::of(format!("[[point]]\nurl = \"{url}\"\n").as_bytes());
        for good in ["http://a/", "https://a.example:8443/x?y=z", "http://[::1]/l.crl", "http://192.0.2.1/"] {
            assert_eq!(of(good).unwrap().points[0].every_millis(), 3_600_000, "{good}");
        }
        for bad in [
            "file:///etc/passwd",
            "ldap://a/",
            "http:///x",
            "http://",
            "a/b",
            "",
            "http://a b/",
            "http://u:p@a/",
        ] {
            assert!(of(bad).is_err(), "{bad}");
        }
        assert!(of(&format!("http://a/{}", "x".repeat(LONGEST_URL))).is_err());
        assert!(Points::of(b"[[point]]\nurl = \"http://a/\"\nevry = 3\n").is_err());
        assert!(Points::of(b"").unwrap().points.is_empty());
    }

    #[test]
    fn waits_vary_by_a_quarter_and_a_clock_that_was_set_back_silences_nobody() {
        for _ in 0..100 {
            assert!((750..=1_250).contains(&around(1_000)));
        }
        let point = Points::of(b"[[point]]\nurl = \"http://a/\"\n").unwrap().points.remove(0);
        let state = State { next_at: UnixMillis::new(50_000_000), ..State::default() };
        assert!(state.is_due(&point, UnixMillis::new(50_000_000)));
        assert!(!state.is_due(&point, UnixMillis::new(49_000_000)));
        assert!(state.is_due(&point, UnixMillis::new(1_000)));
    }

    #[test]
    fn a_rest_is_asked_for_by_what_names_bytes_only() {
        let weak = Validators { etag: Some("W/\"1\"".to_owned()), last_modified: None };
        assert_eq!(weak.exact(), None);
        let both = Validators { last_modified: Some("yesterday".to_owned()), ..weak };
        assert_eq!(both.exact().map(String::as_str), Some("yesterday"));
    }
}
