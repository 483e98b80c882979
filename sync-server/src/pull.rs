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
//! How it went is kept in `list-points.json`, so that a restart asks nobody twice. What is there of a list whose transfer
//! broke is kept beside the lists when its server lets a rest be asked for, of all points together no more than one list's
//! length.
//!
//! The points are asked one after another, the one first whose time came first. A `lists.toml` that cannot be read or
//! followed changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use hinamori_crl_mmap::{LONGEST_LIST, span};
use hinamori_model::{ListId, UnixMillis};
use hinamori_private_file as private_file;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use ureq::http::header::{
    self, ACCEPT_RANGES, CONTENT_RANGE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, RANGE,
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
/// Bytes of all files of pieces together, while none of them grows.
const MOST_PARTS: u64 = LONGEST_LIST;
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
/// The first wait after a broken transfer; each further one is twice as long, up to the point's own time, and none is
/// shorter than the try was: a point that hangs takes half of the time at most.
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

    /// Since when it is due, of a point that is. One that waits because of a clock that was set back waits longest of
    /// all, or those whose times are sound would always be before it.
    fn due_since(&self, now: UnixMillis) -> UnixMillis {
        if self.next_at <= now { self.next_at } else { UnixMillis::default() }
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
    /// Why `lists.toml` cannot be read: said once.
    unreadable: Option<String>,
    points: Points,
    states: States,
}

impl Puller {
    pub(crate) fn new(data: &Path, lists: Arc<Lists>, town: watch::Receiver<Arc<Town>>) -> Self {
        let (data, states) = (data.to_owned(), read_states(data));
        Self { data, lists, town, text: None, unreadable: None, points: Points::default(), states }
    }

    /// Starts the thread. It ends when the other end of `end` is gone; a transfer that is under way is left to the end of
    /// the process.
    pub(crate) fn start(mut self, end: Receiver<()>) -> io::Result<()> {
        let work = move || {
            while let Err(RecvTimeoutError::Timeout) = end.recv_timeout(LOOK_EVERY) {
                self.look();
                if let Some(point) = due(&self.points.points, &self.states, now()).cloned() {
                    self.pull(&point);
                }
            }
        };
        std::thread::Builder::new().name("pull".to_owned()).spawn(work).map(drop)
    }

    /// Reads the points anew when somebody wrote others. A file that is gone names none; one that cannot be read or
    /// followed changes nothing.
    fn look(&mut self) {
        let text = match private_file::read(&self.data, POINTS, LONGEST) {
            Ok(text) => text,
            Err(error) => {
                let reason = Some(error.to_string());
                if self.unreadable != reason {
                    tracing::error!(%error, "{POINTS} cannot be read and is not followed");
                    self.unreadable = reason;
                }
                return;
            }
        };
        self.unreadable = None;
        if self.text == text {
            return;
        }
        match Points::of(text.as_deref().unwrap_or_default()) {
            Ok(points) => {
                self.states.retain(|url, _| points.points.iter().any(|point| point.url == *url));
                tracing::info!(points = points.points.len(), "revocation lists are fetched");
                self.points = points;
                self.tidy();
            }
            Err(reason) => tracing::error!(reason, "{POINTS} is wrong and not followed"),
        }
        self.text = text;
    }

    /// Throws away pieces that nobody can go on from, and the oldest of too many.
    fn tidy(&self) {
        let of_use = self.states.iter().filter(|(_, state)| state.part.exact().is_some());
        let of_use: BTreeSet<String> = of_use.map(|(url, _)| part_name(url)).collect();
        if let Err(error) = tidy_parts(&self.lists.shelf().incoming(), &of_use, MOST_PARTS) {
            tracing::warn!(%error, "pieces of lists that are of no use stay on the disk");
        }
    }

    fn pull(&mut self, point: &Point) {
        let mut state = self.states.remove(&point.url).unwrap_or_default();
        state.tried_at = now();
        let began = Instant::now();
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
                let soon = wait_after(state.failures, began.elapsed()).min(every);
                if matches!(outcome, Err(Failed::Broke(_))) { soon } else { every }
            }
        };
        state.next_at = now().plus(around(wait));
        self.states.insert(point.url.clone(), state);
        self.save();
        if outcome.is_err() {
            self.tidy();
        }
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
        // A list that is damaged or behind must come again, whatever its server thinks that is known here.
        let held = state.list.is_some_and(|list| self.lists.has_newest(list));
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
        let is_whole = response.status() == StatusCode::OK;
        let from = if is_whole { 0 } else { have };
        // A server that gives no rest of the very version, or says that it gives none: nothing can be gone on from.
        let gives_no_rest = is_rest && validators.exact() == state.part.exact() || refuses_ranges(&response);
        let part = if is_whole && gives_no_rest { Validators::default() } else { validators.clone() };
        if state.part != part {
            // Before the file: after a stop its bytes are never taken for another version's.
            state.part = part;
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
        if taken.as_ref().is_ok_and(|taken| !self.lists.has_newest(taken.index.id())) {
            // When it was damaged before, nothing else tells that it is whole again.
            self.lists.look_again();
        }
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
        tls_of_file(self.points.roots.as_deref()).map_err(Failed::Broke)
    }
}

/// Trusts the roots of a file (PEM), or those of the system.
pub(crate) fn tls_of_file(file: Option<&Path>) -> Result<TlsConfig, String> {
    let file = file.unwrap_or(Path::new(ROOTS));
    let unusable = |reason: String| format!("{}: {reason}", file.display());
    let mut pem = Vec::new();
    let read = File::open(file).and_then(|file| file.take(LONGEST).read_to_end(&mut pem));
    read.map_err(|error| unusable(error.to_string()))?;
    tls_of(&pem).ok_or_else(|| unusable("has no certificate (PEM)".to_owned()))
}

/// Trusts these roots (PEM) and no others; `None` when there is none.
pub(crate) fn tls_of(pem: &[u8]) -> Option<TlsConfig> {
    let certificate = |item| match item {
        Ok(PemItem::Certificate(root)) => Some(root),
        Ok(_) | Err(_) => None,
    };
    let roots: Vec<Certificate<'static>> = parse_pem(pem).filter_map(certificate).collect();
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    (!roots.is_empty()).then(|| {
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(provider())
            .build()
    })
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

/// Whether a server says that it gives no parts of a file (RFC 9110 §14.3).
fn refuses_ranges(response: &Response<Body>) -> bool {
    response.headers().get(ACCEPT_RANGES).is_some_and(|unit| unit.as_bytes() == b"none")
}

/// Removes the files of pieces but those `of_use`, then the oldest until all are no more than `most` bytes.
fn tidy_parts(folder: &Path, of_use: &BTreeSet<String>, most: u64) -> io::Result<()> {
    let mut parts: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| name.starts_with(PART)) else { continue };
        if of_use.contains(name) {
            let metadata = entry.metadata()?;
            parts.push((metadata.modified()?, metadata.len(), entry.path()));
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    parts.sort();
    let mut bytes = parts.iter().fold(0_u64, |sum, (_, length, _)| sum.saturating_add(*length));
    for (_, length, path) in parts {
        if bytes <= most {
            break;
        }
        fs::remove_file(path)?;
        bytes = bytes.saturating_sub(length);
    }
    Ok(())
}

/// The point that is due and whose time came first; of several the first in the file.
fn due<'p>(points: &'p [Point], states: &States, now: UnixMillis) -> Option<&'p Point> {
    let since = |point: &Point| match states.get(&point.url) {
        None => Some(UnixMillis::default()),
        Some(state) => state.is_due(point, now).then(|| state.due_since(now)),
    };
    let due = points.iter().filter_map(|point| Some((since(point)?, point)));
    due.min_by_key(|(since, _)| *since).map(|(_, point)| point)
}

/// Milliseconds to wait after so many failures in a row, the last of which took so long.
fn wait_after(failures: u32, took: Duration) -> u64 {
    let doubled = 1_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(u64::MAX);
    let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    FIRST_WAIT_MILLIS.saturating_mul(doubled).max(took)
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
    use std::io::Write;

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
    fn the_point_whose_time_came_first_is_asked_first_however_often_another_fails() {
        let text = b"[[point]]\nurl = \"http://a/\"\n[[point]]\nurl = \"http://b/\"\n[[point]]\nurl = \"http://c/\"\n";
        let points = Points::of(text).unwrap().points;
        let at = |millis| State { next_at: UnixMillis::new(millis), ..State::default() };
        let states = |times: [Option<u64>; 3]| -> States {
            let states = points.iter().zip(times);
            states.filter_map(|(point, time)| Some((point.url.clone(), at(time?)))).collect()
        };
        let first = |times, now| {
            let states = states(times);
            due(&points, &states, UnixMillis::new(now)).map(|point| point.url.clone())
        };
        for (times, expected) in [
            ([Some(90), Some(50), Some(70)], Some("http://b/")),
            ([Some(90), Some(101), Some(70)], Some("http://c/")),
            ([Some(101), Some(102), Some(103)], None),
            ([Some(50), Some(50), None], Some("http://c/")),
            ([None, None, None], Some("http://a/")),
            // A clock that was set back.
            ([Some(50), Some(50_000_000), Some(70)], Some("http://b/")),
        ] {
            assert_eq!(first(times, 100).as_deref(), expected, "{times:?}");
        }
        // The first one hangs for a minute at each try: all the others have their turn in between.
        let (mut now, mut asked) = (UnixMillis::new(1_000_000), Vec::new());
        let mut states = states([Some(0), Some(0), Some(0)]);
        for _ in 0..3 {
            let point = due(&points, &states, now).unwrap();
            let wait = if point.url == "http://a/" {
                now = now.plus(60_000);
                wait_after(1, Duration::from_secs(60))
            } else {
                point.every_millis()
            };
            asked.push(point.url.clone());
            states.get_mut(&point.url).unwrap().next_at = now.plus(wait);
            now = now.plus(1_000_000);
        }
        assert_eq!(asked, ["http://a/", "http://b/", "http://c/"]);
    }

    #[test]
    fn who_fails_waits_longer_each_time_and_no_shorter_than_it_took() {
        assert_eq!([1, 2, 3].map(|failures| wait_after(failures, Duration::ZERO)), [5_000, 10_000, 20_000]);
        assert_eq!(wait_after(1, Duration::from_secs(60)), 60_000);
        assert_eq!(wait_after(u32::MAX, Duration::ZERO), u64::MAX);
    }

    #[test]
    fn pieces_that_nobody_goes_on_from_and_the_oldest_of_too_many_go() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, length: usize, age: u64| {
            let file = File::create(folder.path().join(name)).unwrap();
            (&file).write_all(&vec![7; length]).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 - age)).unwrap();
        };
        let left = || -> BTreeSet<String> {
            let entries = fs::read_dir(folder.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        let set =
            |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
        for (name, length, age) in
            [("pull-a", 40, 3), ("pull-b", 40, 9), ("pull-c", 20, 1), ("pull-x", 1, 1), ("0.new", 900, 99)]
        {
            write(name, length, age);
        }
        let of_use = set(&["pull-a", "pull-b", "pull-c"]);
        tidy_parts(folder.path(), &of_use, 100).unwrap();
        assert_eq!(left(), set(&["pull-a", "pull-b", "pull-c", "0.new"]), "the bound is not reached");
        tidy_parts(folder.path(), &of_use, 99).unwrap();
        assert_eq!(left(), set(&["pull-a", "pull-c", "0.new"]), "the oldest");
        tidy_parts(folder.path(), &of_use, 19).unwrap();
        assert_eq!(left(), set(&["0.new"]), "what is not a piece stays");
    }

    #[test]
    fn a_rest_is_asked_for_by_what_names_bytes_only() {
        let weak = Validators { etag: Some("W/\"1\"".to_owned()), last_modified: None };
        assert_eq!(weak.exact(), None);
        let both = Validators { last_modified: Some("yesterday".to_owned()), ..weak };
        assert_eq!(both.exact().map(String::as_str), Some("yesterday"));
    }
}
