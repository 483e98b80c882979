//! The town's trigger (`hinamori-server alert trigger`): a process of its own, with a key of its own and none of the server's. It reads what the
//! Meteorological Agency says, tells the server, and signs what the server proposes for it, if two officers did and the agency does warn.
//!
//! It signs once for an event, a warning and a coast, and never a weaker warning after a stronger one: what ends an order is the officers'. Its
//! folder holds what it signed, before anybody is told, until the server has sent it. What the server refused is signed again once what it was
//! signed for is another: the list of keys, what the officers signed, or the agency's message. What something overtook on its way is signed
//! again at once, with the thread as it is then, some times.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use hinamori_alert::{
    AgencyInfo, AgencyMessage, AgencyStatus, CoastSegment, Envelope, EnvelopeError, KeyList, NotReleased,
    PreparedRelease, Released, Sequence, Trigger, TriggerKey, TsunamiKind,
};
use hinamori_model::UnixMillis;
use hinamori_private_file as private_file;
use serde::{Deserialize, Serialize};
use ureq::Agent;
use zeroize::Zeroizing;

use crate::alerts::release::{
    Heard, HeardArea, HeardMessage, LATEST_MILLIS, Proposal, TOLERANCE_MILLIS, strength,
};
use crate::alerts::{base64, of_base64};
use crate::clock;
use crate::data::{DataError, random};
use crate::hex;
use crate::pull::{tls_of, tls_of_file};
use crate::signed_log::sha256;

const KEY: &str = "trigger-key";
const MEMORY: &str = "memory";
/// Bytes of a message of the agency that are read, and of the server's answers: a template for each coast.
const LONGEST: u64 = 1 << 20;
const LONGEST_ANSWER: u64 = 8 << 20;
/// Files of a folder that are looked at.
const MOST_FILES: usize = 10_000;
/// How long one question may take in all.
const TRY: Duration = Duration::from_secs(10);
/// The server hears so often that the trigger lives.
const ALIVE_MILLIS: u64 = 30_000;
/// How often one thing is signed anew because something was sent before it: officers have sent so many updates meanwhile, or the server is not
/// honest.
const MOST_OVERTAKEN: u8 = 16;
/// What was signed so long ago holds nowhere any more.
const FORGOTTEN_MILLIS: u64 = 8 * 24 * 3_600_000;

/// Where the agency's messages come from.
#[derive(Debug, Clone)]
pub enum TriggerSource {
    /// Every file `*.xml` of a folder, into which somebody else puts them.
    Folder(PathBuf),
    /// What an address answers: the latest message.
    Url(String),
}

/// Why the trigger does not do its work. The operator's, where nothing else is said.
#[derive(Debug, thiserror::Error)]
pub enum TriggerError {
    /// Its folder.
    #[error("{file} cannot be read or written")]
    File {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It was made by something else, or somebody changed it.
    #[error(
        "{0} is damaged: bring it back from a copy, or make the key anew and have the town's policy name it"
    )]
    Damaged(PathBuf),
    /// There is no key yet.
    #[error("there is no key in {0}: run `hinamori-server alert trigger-key` first")]
    NoKey(PathBuf),
    /// This machine.
    #[error(transparent)]
    NoRandomness(#[from] DataError),
    /// The agency's address, or the line.
    #[error("the agency's messages cannot be fetched: {0}")]
    Agency(String),
    /// The server, or the line.
    #[error("the town's server cannot be asked: {0}")]
    Server(String),
    /// The server is another town's, or the root that was said is wrong.
    #[error("the server's list of keys is not signed by the town root that was said")]
    OtherTown,
}

/// What the trigger keeps.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    /// For which it signed.
    signed: Vec<SignedFor>,
    /// Envelopes that the server has not sent yet, in base64.
    pending: Vec<String>,
}

/// For what the trigger signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedFor {
    /// SHA-256 of the agency's number, in hexadecimal.
    event: String,
    /// As JP-evac names it.
    kind: String,
    segment: u16,
    at: UnixMillis,
    /// The hash of everything that it was signed for, in hexadecimal; empty where it is to be signed anew whatever that is.
    cause: String,
    /// The server will never send it.
    is_refused: bool,
    /// How often something was sent before it.
    #[serde(default)]
    overtaken: u8,
}

impl SignedFor {
    fn is_of(&self, event: &[u8; 32], (kind, segment): (TsunamiKind, CoastSegment)) -> bool {
        (self.event.as_str(), self.kind.as_str(), self.segment)
            == (hex::text(event).as_str(), kind.text(), segment.number())
    }

    /// What the server said of it once and for all.
    fn refused(&mut self, is_overtaken: bool) {
        self.is_refused = true;
        if is_overtaken && self.overtaken < MOST_OVERTAKEN {
            self.overtaken = self.overtaken.saturating_add(1);
            self.cause.clear();
        }
    }
}

/// The trigger.
pub struct TriggerStation {
    server: String,
    root: [u8; 32],
    source: TriggerSource,
    folder: PathBuf,
    agent: Agent,
    key: TriggerKey,
    memory: Memory,
    /// The agency's latest word in earnest.
    latest: Option<AgencyMessage>,
    /// Its latest 訓練 or 試験, which the desk shows. A warning that was not told yet does not wait behind it.
    drill: Option<AgencyMessage>,
    /// Files that were read: name, length, time of change.
    read: BTreeSet<SeenFile>,
    /// The same of files that are from the future.
    early: BTreeSet<SeenFile>,
    told: Option<UnixMillis>,
}

/// Name, length, time of change.
type SeenFile = (PathBuf, u64, u64);

#[derive(Deserialize)]
struct Answer {
    list: String,
    proposals: Vec<Proposed>,
}

#[derive(Deserialize)]
struct Proposed {
    prepared: String,
    template: String,
    epoch: u32,
    number: u64,
    references: Vec<(String, UnixMillis)>,
}

impl Proposed {
    fn read(&self) -> Option<Proposal> {
        Some(Proposal {
            prepared: PreparedRelease::decode(&of_base64(&self.prepared)?)?,
            template: of_base64(&self.template)?,
            sequence: Sequence { epoch: self.epoch, number: self.number },
            references: self.references.clone(),
        })
    }
}

#[derive(Deserialize)]
struct Became {
    state: String,
}

/// Makes the trigger's key in a folder of its own, unless it is there; gives its public half, which the town's policy names.
///
/// # Errors
/// [`TriggerError`].
pub fn new_trigger_key(folder: &Path) -> Result<String, TriggerError> {
    private_file::private_folder(folder).map_err(|source| failed(folder, source))?;
    if !folder.join(KEY).exists() {
        let fresh = Zeroizing::new(random::<32>()?);
        private_file::replace(folder, KEY, fresh.as_slice()).map_err(|source| failed(folder, source))?;
    }
    Ok(hex::text(&key_of(folder)?.public()))
}

fn failed(file: &Path, source: std::io::Error) -> TriggerError {
    TriggerError::File { file: file.to_owned(), source }
}

fn key_of(folder: &Path) -> Result<TriggerKey, TriggerError> {
    let read = private_file::read(folder, KEY, 32).map_err(|source| failed(&folder.join(KEY), source))?;
    let read = Zeroizing::new(read.ok_or_else(|| TriggerError::NoKey(folder.to_owned()))?);
    let seed: &[u8; 32] =
        read.as_slice().try_into().map_err(|_length| TriggerError::Damaged(folder.join(KEY)))?;
    Ok(TriggerKey::from_bytes(seed))
}

impl TriggerStation {
    /// Opens the trigger whose key lies in `folder`. `server` is its address up to the path, `root` the town's, `roots` the only certificates
    /// (PEM) that either side may have.
    ///
    /// # Errors
    /// [`TriggerError`].
    pub fn open(
        folder: &Path,
        server: &str,
        root: [u8; 32],
        source: TriggerSource,
        roots: Option<&str>,
    ) -> Result<Self, TriggerError> {
        let file = folder.join(MEMORY);
        let read = private_file::read(folder, MEMORY, LONGEST).map_err(|source| failed(&file, source))?;
        let memory = read.map(|bytes| serde_json::from_slice(&bytes)).transpose();
        let memory = memory.map_err(|_malformed| TriggerError::Damaged(file))?.unwrap_or_default();
        let tls = match roots {
            Some(pem) => tls_of(pem.as_bytes()).ok_or("the certificates cannot be read".to_owned()),
            None => tls_of_file(None),
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("hinamori-trigger/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.map_err(TriggerError::Server)?)
            .timeout_global(Some(TRY))
            .build();
        Ok(Self {
            server: server.trim_end_matches('/').to_owned(),
            root,
            source,
            folder: folder.to_owned(),
            agent: agent.into(),
            key: key_of(folder)?,
            memory,
            latest: None,
            drill: None,
            read: BTreeSet::new(),
            early: BTreeSet::new(),
            told: None,
        })
    }

    /// Looks once: what the agency says, what of it is to be signed, and whether the server has sent what was signed.
    ///
    /// # Errors
    /// [`TriggerError`]; whoever calls again goes on where it was.
    pub fn round(&mut self, now: UnixMillis) -> Result<(), TriggerError> {
        let before = (self.latest.clone(), self.drill.clone());
        // What was signed does not wait for the agency's next message.
        let looked = self.look();
        // What the server does not take now keeps nothing else from being told.
        let delivered = self.deliver(now);
        let is_due = self.told.is_none_or(|told| now.since(told) >= ALIVE_MILLIS || told > now);
        if (&self.latest, &self.drill) != (&before.0, &before.1) || is_due {
            self.tell(now)?;
            self.deliver(now)?;
        }
        delivered.and(looked)
    }

    /// Reads what is new; of all messages the one that the agency reported last is its word.
    fn look(&mut self) -> Result<(), TriggerError> {
        match self.source.clone() {
            TriggerSource::Url(url) => {
                let bytes = self.get(&url).map_err(TriggerError::Agency)?;
                if !self.take(&bytes, &url) {
                    tracing::error!(from = url, "a message of the agency is from the future, and waits");
                }
                Ok(())
            }
            TriggerSource::Folder(folder) => self.look_into(&folder, read_file),
        }
    }

    /// A file that cannot be read keeps no other one back, and is tried again at the next look, as is one that was changed since.
    fn look_into(
        &mut self,
        folder: &Path,
        read: impl Fn(&Path) -> std::io::Result<Vec<u8>>,
    ) -> Result<(), TriggerError> {
        let mut trouble = None;
        let found = files_of(folder, MOST_FILES).map_err(|source| failed(folder, source))?;
        self.read.retain(|file| found.contains(file));
        self.early.retain(|file| found.contains(file));
        for file in found.into_iter().filter(|(_, length, _)| *length <= LONGEST) {
            if self.read.contains(&file) {
                continue;
            }
            let (path, ..) = &file;
            match read(path) {
                Ok(bytes) => {
                    let from = path.display().to_string();
                    if self.take(&bytes, &from) {
                        self.read.insert(file);
                    } else if self.early.insert(file) {
                        tracing::error!(from, "a message of the agency is from the future, and waits");
                    }
                }
                Err(source) => trouble = Some(failed(path, source)),
            }
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Whether that was all: what is from the future would keep every true one back until then, and counts as soon as the clock is there. It may
    /// be this machine's that is behind.
    fn take(&mut self, bytes: &[u8], from: &str) -> bool {
        match AgencyMessage::read(bytes) {
            Ok(message) if message.reported > clock::now().plus(TOLERANCE_MILLIS) => return false,
            Ok(message) => {
                if message.unknown > 0 {
                    tracing::error!(
                        from,
                        unknown = message.unknown,
                        "the agency uses codes of warnings that are not known here"
                    );
                }
                let word = match message.status {
                    AgencyStatus::Normal => &mut self.latest,
                    AgencyStatus::Exercise | AgencyStatus::Test => &mut self.drill,
                };
                if word.as_ref().is_none_or(|known| known.reported <= message.reported) {
                    *word = Some(message);
                }
            }
            Err(error) => tracing::warn!(%error, from, "a message is passed over"),
        }
        true
    }

    /// Tells the server, and signs what it proposes.
    fn tell(&mut self, now: UnixMillis) -> Result<(), TriggerError> {
        let word = |message: &Option<AgencyMessage>| message.as_ref().map(heard_of);
        let heard = Heard { at: now, message: word(&self.latest), drill: word(&self.drill) };
        let json = serde_json::to_vec(&heard).unwrap_or_default();
        let answer = self.post("/trigger/heard", &self.key.report(json));
        let answer = answer.map_err(|refused| TriggerError::Server(refused.to_string()))?;
        let Answer { list, proposals } =
            serde_json::from_slice(&answer).map_err(|error| TriggerError::Server(error.to_string()))?;
        let bytes = of_base64(&list).ok_or(TriggerError::OtherTown)?;
        let list = KeyList::decode(&bytes, &self.root).map_err(|_not_its_own| TriggerError::OtherTown)?;
        let list = (list, sha256(&bytes));
        self.told = Some(now);
        for proposal in proposals.iter().filter_map(Proposed::read) {
            let Some(message) = self.latest.clone() else { break };
            match self.sign(proposal, &message, &list, now) {
                Ok(envelope) => {
                    self.memory.pending.push(base64(&envelope.encode()));
                    // On the disk before anybody is told: nothing is signed a second time for it.
                    self.keep()?;
                    tracing::warn!(number = envelope.sequence.number, "a prepared alert is released");
                }
                Err(why) => tracing::error!(%why, "what the server proposes is not signed"),
            }
        }
        Ok(())
    }

    /// Signs a proposal, if two officers did, and the agency warns of that for that coast, now, and for the first time.
    fn sign(
        &mut self,
        proposal: Proposal,
        message: &AgencyMessage,
        (list, list_hash): &(KeyList, [u8; 32]),
        now: UnixMillis,
    ) -> Result<Envelope, NotNow> {
        let Proposal { prepared, template, sequence, references } = proposal;
        let (kind, arrives) = message.warns(prepared.segment).ok_or(NotNow::NoWarning)?;
        if kind != prepared.kind {
            return Err(NotNow::NoWarning);
        }
        if now.since(message.reported) > LATEST_MILLIS || message.reported > now.plus(TOLERANCE_MILLIS) {
            return Err(NotNow::OtherTime);
        }
        let (event, segment) = (sha256(message.event.as_bytes()), prepared.segment);
        let reported = message.reported.get().to_be_bytes();
        let cause = sha256(&[list_hash.as_slice(), &prepared.digest(), &reported].concat());
        let is_same = |known: &&SignedFor| known.is_of(&event, (kind, segment));
        let own = SignedFor {
            event: hex::text(&event),
            kind: kind.text().to_owned(),
            segment: segment.number(),
            at: now,
            cause: hex::text(&cause),
            is_refused: false,
            overtaken: self.memory.signed.iter().find(is_same).map_or(0, |known| known.overtaken),
        };
        let keeps_back = |known: &SignedFor| {
            let as_strong = crate::alerts::release::kind_of(&known.kind).map_or(u8::MAX, strength);
            (&known.event, known.segment) == (&own.event, own.segment)
                && as_strong >= strength(prepared.kind)
                && (!known.is_refused || known.cause == own.cause)
        };
        if self.memory.signed.iter().any(keeps_back) {
            return Err(NotNow::Before);
        }
        // An alert that ends before the wave comes breaks a rule; without the time it still goes out.
        let ends = now.plus(u64::from(prepared.hours).saturating_mul(3_600_000));
        let arrives = arrives.filter(|arrives| *arrives < ends);
        // Whole seconds, as alerts have them. What is not later than the thread that it goes on counts nowhere, and another clock may be ahead.
        let after = references.iter().map(|(_, sent)| sent.plus(1_000)).max().unwrap_or_default();
        let sent = UnixMillis::new(now.max(after).get() / 1_000 * 1_000);
        if sent > now.plus(TOLERANCE_MILLIS) {
            return Err(NotNow::OtherTime);
        }
        let trigger = Trigger { kind, segment, event, arrives, references, signature: [0; 64] };
        let released = Released { prepared, trigger };
        let (mut envelope, alert) = Envelope::released(released, &template, (sequence, sent))?;
        self.key.release(&mut envelope);
        match envelope.verify(&alert, list) {
            Ok(_) | Err(EnvelopeError::NotReleased(NotReleased::NeedsOfficer)) => {}
            Err(error) => return Err(error.into()),
        }
        self.memory.signed.retain(|known| now.since(known.at) < FORGOTTEN_MILLIS && !is_same(&known));
        self.memory.signed.push(own);
        Ok(envelope)
    }

    /// Brings what was signed until the server has sent it, or says that it never will.
    fn deliver(&mut self, now: UnixMillis) -> Result<(), TriggerError> {
        let mut left = Vec::new();
        let mut trouble = None;
        for text in self.memory.pending.clone() {
            let Some(bytes) = of_base64(&text) else { continue };
            let envelope = Envelope::decode(&bytes).filter(|envelope| envelope.expires > now);
            let Some(released) = envelope.and_then(|envelope| envelope.release) else {
                tracing::error!("what was released is over, and the server never sent it");
                continue;
            };
            match self.post("/trigger/release", &bytes) {
                Ok(answer) => {
                    let became = serde_json::from_slice::<Became>(&answer).map(|became| became.state);
                    match became.as_deref() {
                        Ok("sent") => tracing::warn!("the server has sent what was released"),
                        Ok("dropped") => tracing::warn!("an officer dropped what was released"),
                        Ok("overtaken") => {
                            tracing::warn!("something was sent before what was released");
                            self.refused(&released.trigger, true);
                            // The server proposes it anew, if it still stands.
                            self.told = None;
                        }
                        _ => left.push(text),
                    }
                }
                Err(Refused::For(why)) => {
                    tracing::error!(why, "the server refuses what was released");
                    self.refused(&released.trigger, false);
                }
                Err(why @ Refused::Line(_)) => {
                    trouble = Some(TriggerError::Server(why.to_string()));
                    left.push(text);
                }
            }
        }
        if left != self.memory.pending {
            self.memory.pending = left;
            self.keep()?;
        }
        trouble.map_or(Ok(()), Err)
    }

    fn refused(&mut self, trigger: &Trigger, is_overtaken: bool) {
        let of = (trigger.kind, trigger.segment);
        let own = self.memory.signed.iter_mut().find(|known| known.is_of(&trigger.event, of));
        own.into_iter().for_each(|own| own.refused(is_overtaken));
    }

    fn keep(&self) -> Result<(), TriggerError> {
        let bytes = serde_json::to_vec(&self.memory).unwrap_or_default();
        private_file::replace(&self.folder, MEMORY, &bytes)
            .map_err(|source| failed(&self.folder.join(MEMORY), source))
    }

    fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        let response = self.agent.get(url).call().map_err(|error| error.to_string())?;
        let status = response.status();
        if !status.is_success() {
            return Err(format!("{url} answers {status}"));
        }
        body_of(response, LONGEST)
    }

    fn post(&self, path: &str, body: &[u8]) -> Result<Vec<u8>, Refused> {
        let url = format!("{}{path}", self.server);
        let response = self.agent.post(&url).send(body).map_err(|error| Refused::Line(error.to_string()))?;
        let status = response.status();
        let answer = body_of(response, LONGEST_ANSWER).map_err(Refused::Line)?;
        match status.as_u16() {
            200 => Ok(answer),
            409 => Err(Refused::For(String::from_utf8_lossy(&answer).into_owned())),
            _ => Err(Refused::Line(format!("{url} answers {status}"))),
        }
    }
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
enum Refused {
    /// It will never have one.
    #[error("{0}")]
    For(String),
    /// The line, or the server for now.
    #[error("{0}")]
    Line(String),
}

/// Why a proposal is not signed. The server's, where nothing else is said.
#[derive(Debug, thiserror::Error)]
enum NotNow {
    #[error("the agency does not warn of that there")]
    NoWarning,
    /// A clock, or the agency's message is old.
    #[error("the agency said it at another time than now")]
    OtherTime,
    #[error("it was signed before for this event, or something stronger was")]
    Before,
    #[error(transparent)]
    NotBelieved(#[from] EnvelopeError),
}

fn body_of(mut response: ureq::http::Response<ureq::Body>, longest: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = response.body_mut().as_reader().take(longest).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// The messages of a folder, in the order of their names; of more than `most` those that were changed last.
fn files_of(folder: &Path, most: usize) -> std::io::Result<BTreeSet<SeenFile>> {
    let mut found: BTreeMap<(u64, PathBuf), u64> = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        // Before it is read: what is changed meanwhile is read again.
        let Ok(about) = entry.metadata() else { continue };
        let changed = about.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let changed = u64::try_from(changed.unwrap_or_default().as_nanos()).unwrap_or_default();
        if about.is_file() {
            found.insert((changed, path), about.len());
        }
        if found.len() > most {
            found.pop_first();
        }
    }
    Ok(found.into_iter().map(|((changed, path), length)| (path, length, changed)).collect())
}

/// It may have grown since somebody looked.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn heard_of(message: &AgencyMessage) -> HeardMessage {
    HeardMessage {
        status: match message.status {
            AgencyStatus::Normal => "Normal",
            AgencyStatus::Exercise => "Exercise",
            AgencyStatus::Test => "Test",
        }
        .to_owned(),
        info: match message.info {
            AgencyInfo::Issued => "Issued",
            AgencyInfo::Corrected => "Corrected",
            AgencyInfo::Withdrawn => "Withdrawn",
        }
        .to_owned(),
        event: hex::text(&sha256(message.event.as_bytes())),
        reported: message.reported,
        areas: message
            .areas
            .iter()
            .map(|area| HeardArea {
                segment: area.segment.number(),
                kind: area.kind.map(|kind| kind.text().to_owned()),
                arrives: area.arrives,
            })
            .collect(),
        unknown: message.unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use hinamori_sim::TsunamiMessage;

    use super::*;

    fn station(parent: &Path) -> TriggerStation {
        let (folder, messages) = (parent.join("trigger"), parent.join("agency"));
        new_trigger_key(&folder).unwrap();
        std::fs::create_dir(&messages).unwrap();
        let source = TriggerSource::Folder(messages);
        TriggerStation::open(&folder, "http://127.0.0.1:9", [0; 32], source, None).unwrap()
    }

    fn message(event: &'static str, minute: u32) -> String {
        let reported = format!("2026-03-11T05:{minute:02}:00+09:00");
        let areas = vec![(580, "53", String::new())];
        TsunamiMessage { status: "通常", info: "発表", event, reported, areas }.xml()
    }

    #[test]
    fn a_file_that_cannot_be_read_keeps_no_other_back_and_is_read_as_soon_as_it_can() {
        let parent = tempfile::tempdir().unwrap();
        let (mut station, folder) = (station(parent.path()), parent.path().join("agency"));
        std::fs::write(folder.join("a.xml"), message("1", 30)).unwrap();
        std::fs::write(folder.join("b.xml"), message("2", 20)).unwrap();
        let refuses = |path: &Path| match path.ends_with("a.xml") {
            true => Err(ErrorKind::PermissionDenied.into()),
            false => read_file(path),
        };
        let event = |station: &TriggerStation| station.latest.as_ref().map(|message| message.event.clone());
        for _ in 0..2 {
            assert!(matches!(station.look_into(&folder, refuses), Err(TriggerError::File { .. })));
            assert_eq!(event(&station).as_deref(), Some("2"), "the other file");
        }
        station.look_into(&folder, read_file).unwrap();
        assert_eq!(event(&station).as_deref(), Some("1"), "reported later");
        station.look_into(&folder, |_| panic!("what was read is read again")).unwrap();
    }

    #[test]
    fn a_message_that_came_while_the_clock_was_behind_counts_as_soon_as_it_is_right() {
        let parent = tempfile::tempdir().unwrap();
        let (mut station, folder) = (station(parent.path()), parent.path().join("agency"));
        // As it is where the machine comes back after a power cut and its clock is behind.
        let reported = clock::now().plus(TOLERANCE_MILLIS + 1_500);
        let text = jiff::Timestamp::from_millisecond(i64::try_from(reported.get()).unwrap()).unwrap();
        let reported = text.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        let areas = vec![(580, "53", String::new())];
        let xml = TsunamiMessage { status: "通常", info: "発表", event: "1", reported, areas }.xml();
        std::fs::write(folder.join("a.xml"), xml).unwrap();
        station.look().unwrap();
        assert_eq!(station.latest, None);
        std::thread::sleep(Duration::from_millis(1_600));
        station.look().unwrap();
        assert!(station.latest.is_some());
    }

    #[test]
    fn of_more_files_than_are_looked_at_the_latest_are() {
        let folder = tempfile::tempdir().unwrap();
        for (number, name) in ["c.xml", "a.xml", "b.txt", "b.xml"].into_iter().enumerate() {
            let file = std::fs::File::create(folder.path().join(name)).unwrap();
            let at = UNIX_EPOCH + Duration::from_secs(u64::try_from(number).unwrap());
            file.set_modified(at).unwrap();
        }
        let found = files_of(folder.path(), 2).unwrap();
        let names: Vec<_> =
            found.iter().map(|(path, ..)| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.xml", "b.xml"]);
    }

    #[test]
    fn a_file_that_was_still_being_written_is_read_again() {
        let parent = tempfile::tempdir().unwrap();
        let (mut station, folder) = (station(parent.path()), parent.path().join("agency"));
        let whole = message("1", 30);
        std::fs::write(folder.join("a.xml"), &whole.as_bytes()[..whole.len() / 2]).unwrap();
        station.look().unwrap();
        assert_eq!(station.latest, None, "half of a message");
        std::fs::write(folder.join("a.xml"), &whole).unwrap();
        station.look().unwrap();
        assert!(station.latest.is_some());
    }
}
