//! Televisions on this box's network: they are told what officers signed also when the town hall is gone, by the same door as at the town
//! hall (docs/tv.md §6, §7), and what they answer is kept until the town hall has it. The box signs nothing of it.
//!
//! The core says what there is; the door's thread reads it; a thread of its own waits for the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hinamori_alert::{EVERYBODY, LONGEST_VALIDITY_SECONDS, MessageKind, SignedAlert};
use hinamori_model::{BoxId, HouseholdId, TelevisionAnswer, UnixMillis};
use hinamori_store_sqlite::{FileKey, StoreError, TelevisionStore, ToldByMessage};
use hinamori_sync::{CarriedAnswer, CarriedTelevision, MOST_ANSWERS, MOST_STRANGERS};
use hinamori_television_http::{DoorLimits, Doorbell, Later, Patience, Teller, serve};
use http::StatusCode;
use mdns_sd::ServiceDaemon;
use ring::digest::{SHA256, digest};
use tracing::{error, info};

use crate::clock;
use crate::config::TelevisionConfig;
use crate::core::{Event, Inbox};
use crate::lan::announce;

/// The file, in the folder of the box's data.
const FILE: &str = "televisions.sqlite";
/// The service by which receivers find the door (RFC 6763 §7).
const SERVICE: &str = "_hinamori-tv._tcp.local.";
/// Televisions at a time: more than a shelter and its neighbours have, and fewer than a process may have files.
const LIMITS: (usize, usize) = (512, 64);
/// A heartbeat is written down so often: it only says when the town hall was heard last.
const KEEP_BEAT: Duration = Duration::from_secs(300);
/// How long the words of what is over are kept: a clock that can be trusted may be a day ahead (`clock::latest_believable`).
const FORGOTTEN_AFTER_MILLIS: u64 = 24 * 3_600_000;
/// Answers that share a commit at the most.
const TOGETHER: usize = 256;
/// How long saying by mDNS that the door is closed may take.
const GOODBYE: Duration = Duration::from_millis(500);
/// A television that nobody knows, and that did not ask for so long, makes room for another one: one that is there asks every 25 seconds.
const MAKES_ROOM: Duration = Duration::from_secs(180);

type Work = Box<dyn FnOnce(&mut TelevisionStore) -> Result<(), StoreError> + Send>;

/// What the disk is to do.
enum Job {
    Work(Work),
    /// Replied to once it is on the disk.
    Answer(CarriedAnswer, Later),
}

/// See the module.
pub(crate) struct Televisions {
    bell: Arc<Doorbell>,
    /// One for all: whenever there is something new, all of this network are told.
    revision: AtomicU64,
    /// In front of every revision: another one after a restart.
    boot: u32,
    disk: mpsc::Sender<Job>,
    core: OnceLock<Inbox>,
    /// Says where the door is, as long as there is one.
    announced: OnceLock<Option<ServiceDaemon>>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    root: Option<[u8; 32]>,
    /// Its version, and the list in base64.
    list: Option<(u32, String)>,
    /// It is not earlier than this.
    not_before: UnixMillis,
    beat: Option<HeardBeat>,
    messages: Vec<Message>,
    /// Messages of which the words are kept: those, and what is over by nobody's trusted clock.
    kept: BTreeSet<[u8; 32]>,
    told: ToldByMessage,
    known: BTreeMap<[u8; 32], CarriedTelevision>,
    /// Those that asked and that the town hall did not name as a household's, by their hashed tokens, and when they did last.
    strangers: BTreeMap<[u8; 32], Instant>,
    /// When, and whether the town hall has it.
    answers: BTreeMap<([u8; 32], HouseholdId, TelevisionAnswer), (UnixMillis, bool)>,
}

/// The town hall's latest heartbeat.
struct HeardBeat {
    bytes: Vec<u8>,
    /// By this machine's running time; `None` for one of before the last start, whose age nobody knows.
    heard: Option<Instant>,
    /// When it was written down.
    kept: Option<Instant>,
}

/// A message of which televisions are told.
struct Message {
    digest: [u8; 32],
    envelope: String,
    told_until: UnixMillis,
}

/// By which clock something is shown, and forgotten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShownTime {
    /// It is not earlier than this.
    pub(crate) not_before: UnixMillis,
    /// What is over at this time is not told of.
    pub(crate) now: UnixMillis,
    /// The same where the clock can be trusted: only then anything is forgotten.
    pub(crate) trusted: Option<UnixMillis>,
}

/// A television that asks, by its hashed token.
pub(crate) struct Asking([u8; 32]);

impl Televisions {
    /// Opens the file, and begins to wait for the disk.
    ///
    /// # Errors
    /// [`StoreError`], or the system's.
    pub(crate) fn open(data: &Path, key: &FileKey) -> Result<Arc<Self>, OpenError> {
        let store = TelevisionStore::open(&data.join(FILE), key)?;
        let mut boot = [0; 4];
        getrandom::fill(&mut boot).map_err(io::Error::other)?;
        let (disk, jobs) = mpsc::channel();
        let televisions = Arc::new(Self {
            bell: Arc::default(),
            revision: AtomicU64::new(0),
            boot: u32::from_be_bytes(boot),
            disk,
            core: OnceLock::new(),
            announced: OnceLock::new(),
            inner: Mutex::default(),
        });
        let weak = Arc::downgrade(&televisions);
        let thread = std::thread::Builder::new().name("television-answers".to_owned());
        thread.spawn(move || keep(store, &jobs, || weak.upgrade()))?;
        Ok(televisions)
    }

    /// Opens the door. Where the port cannot be used, the box goes on without it.
    pub(crate) fn listen(self: &Arc<Self>, wanted: &TelevisionConfig, own: BoxId, core: Inbox) {
        drop(self.core.set(core));
        let listen = wanted.listen;
        let opened = TcpListener::bind(listen).and_then(|listener| {
            listener.set_nonblocking(true)?;
            let (connections, from_one_address) = LIMITS;
            let limits = DoorLimits { connections, from_one_address, patience: Patience::default() };
            let address = listener.local_addr()?;
            serve((listener, None), Arc::clone(self), limits).map(|_thread| address)
        });
        match opened {
            Ok(address) => {
                info!(%address, "televisions on this network are told of alerts");
                if wanted.announce {
                    drop(self.announced.set(announce(SERVICE, own, address)));
                }
            }
            Err(error) => error!(%error, %listen, "televisions on this network are told nothing"),
        }
    }

    /// The daemon ends.
    pub(crate) fn end(&self) {
        self.bell.end();
        if let Some(Some(mdns)) = self.announced.get() {
            // Whoever listens need not wait until what was said is too old. Where it cannot be said, they do.
            drop(mdns.shutdown().map(|said| said.recv_timeout(GOODBYE)));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All have something new to be told.
    fn ring(&self) {
        self.revision.fetch_add(1, Ordering::Release);
        self.bell.ring();
    }

    fn on_disk(&self, work: impl FnOnce(&mut TelevisionStore) -> Result<(), StoreError> + Send + 'static) {
        // The thread ends with the last of these.
        drop(self.disk.send(Job::Work(Box::new(work))));
    }

    /// There is something for the town hall.
    fn call_core(&self) {
        if let Some(core) = self.core.get() {
            core.nudge(Event::Televisions);
        }
    }

    /// From now on they are those of the town with this root, with what the disk has of it.
    pub(crate) fn follow(self: &Arc<Self>, root: [u8; 32]) {
        {
            let mut inner = self.inner();
            if inner.root == Some(root) {
                return;
            }
            *inner = Inner { root: Some(root), ..Inner::default() };
        }
        let weak = Arc::downgrade(self);
        self.on_disk(move |store| {
            store.belong_to(&root)?;
            let answers = store.answers()?;
            let Some(own) = weak.upgrade() else { return Ok(()) };
            {
                let mut inner = own.inner();
                if inner.root != Some(root) {
                    return Ok(());
                }
                // First, and whatever else can be read: somebody may have called for help.
                for (answer, is_taken) in answers {
                    inner.answers.entry(key_of(&answer)).or_insert((answer.at, is_taken));
                }
            }
            own.call_core();
            let (beat, known, told) = (store.beat()?, store.televisions()?, store.told()?);
            let mut inner = own.inner();
            if inner.root != Some(root) {
                return Ok(());
            }
            // What was heard meanwhile is newer.
            if inner.beat.is_none() {
                inner.beat = beat.map(|bytes| HeardBeat { bytes, heard: None, kept: None });
            }
            if inner.known.is_empty() {
                inner.known = known.into_iter().map(|one| (one.token, one)).collect();
            }
            for (key, instruction) in told {
                inner.told.entry(key).or_insert(instruction);
            }
            drop(inner);
            own.ring();
            own.call_core();
            Ok(())
        });
    }

    /// What there is of alerts. Called again and again: who waits is told only of what is new.
    pub(crate) fn show<'a>(
        &self,
        list: Option<(u32, &[u8])>,
        alerts: impl Iterator<Item = (&'a SignedAlert, &'a [u8])>,
        time: ShownTime,
    ) {
        let ShownTime { not_before, now, trusted } = time;
        let mut inner = self.inner();
        inner.not_before = not_before;
        let all: Vec<_> = alerts.collect();
        // A clock that is ahead for a moment hides what is out as long as it is: what it would forget would come again with the town hall only.
        let is_over = |signed: &SignedAlert| {
            trusted.is_some_and(|trusted| told_until(signed).plus(FORGOTTEN_AFTER_MILLIS) <= trusted)
        };
        let kept: BTreeSet<[u8; 32]> =
            all.iter().filter(|(signed, _)| !is_over(signed)).map(|(signed, _)| signed.digest()).collect();
        let alerts: Vec<_> = all.into_iter().filter(|(signed, _)| told_until(signed) > now).collect();
        let version = list.map(|(version, _)| version);
        let is_same = inner.list.as_ref().map(|(version, _)| *version) == version
            && inner.kept == kept
            && inner.messages.iter().map(|one| one.digest).eq(alerts.iter().map(|(one, _)| one.digest()));
        if is_same {
            return;
        }
        inner.list = list.map(|(version, bytes)| (version, STANDARD.encode(bytes)));
        let message = |(signed, envelope): (&SignedAlert, &[u8])| Message {
            digest: signed.digest(),
            envelope: STANDARD.encode(envelope),
            told_until: told_until(signed),
        };
        inner.messages = alerts.into_iter().map(message).collect();
        inner.told.retain(|(message, _), _| kept.contains(message));
        inner.answers.retain(|(message, _, _), (_, is_taken)| !*is_taken || kept.contains(message));
        let digests: Vec<[u8; 32]> = kept.iter().copied().collect();
        inner.kept = kept;
        drop(inner);
        self.on_disk(move |store| store.forget_all_but(&digests));
        self.ring();
    }

    /// The town hall's heartbeat, whose signature holds.
    pub(crate) fn take_beat(&self, bytes: Vec<u8>) {
        let mut inner = self.inner();
        let kept = inner.beat.as_ref().and_then(|beat| beat.kept);
        let is_due = kept.is_none_or(|kept| kept.elapsed() >= KEEP_BEAT);
        let (now, written) = (Some(Instant::now()), bytes.clone());
        inner.beat = Some(HeardBeat { bytes, heard: now, kept: if is_due { now } else { kept } });
        drop(inner);
        if is_due {
            self.on_disk(move |store| store.set_beat(&written));
        }
    }

    /// The town hall is gone: how late it was heard is written down.
    pub(crate) fn keep_beat(&self) {
        let heard =
            self.inner().beat.as_ref().filter(|beat| beat.heard.is_some()).map(|beat| beat.bytes.clone());
        if let Some(bytes) = heard {
            self.on_disk(move |store| store.set_beat(&bytes));
        }
    }

    /// What households are told of messages; each was verified.
    pub(crate) fn take_told(&self, told: ToldByMessage) {
        let mut inner = self.inner();
        let new: ToldByMessage = told.into_iter().filter(|(key, _)| !inner.told.contains_key(key)).collect();
        if new.is_empty() {
            return;
        }
        inner.told.extend(new.clone());
        drop(inner);
        self.on_disk(move |store| store.add_told(&new));
        self.ring();
    }

    /// What everybody is told of the messages that are told of, to pass on.
    pub(crate) fn of_everybody(&self) -> ToldByMessage {
        let inner = self.inner();
        let is_everybodys = |(key, _): &(&([u8; 32], HouseholdId), _)| key.1 == EVERYBODY;
        inner.told.iter().filter(is_everybodys).map(|(key, told)| (*key, told.clone())).collect()
    }

    /// Which televisions the town hall names: these, and no others.
    pub(crate) fn take_televisions(&self, all: Vec<CarriedTelevision>) {
        let mut inner = self.inner();
        inner.known = all.iter().map(|one| (one.token, *one)).collect();
        // Whose it is is settled, here or elsewhere: it needs no code.
        let needs_code = |one: &CarriedTelevision| one.code.is_some();
        let Inner { known, strangers, .. } = &mut *inner;
        strangers.retain(|token, _| known.get(token).is_none_or(needs_code));
        let households: BTreeSet<_> = all.iter().filter_map(|one| one.household).collect();
        inner.told.retain(|(_, household), _| *household == EVERYBODY || households.contains(household));
        drop(inner);
        self.on_disk(move |store| store.set_televisions(&all));
        self.ring();
    }

    /// The town hall has these.
    pub(crate) fn answers_taken(&self, answers: Vec<CarriedAnswer>) {
        let mut inner = self.inner();
        for answer in &answers {
            inner.answers.entry(key_of(answer)).and_modify(|(_, is_taken)| *is_taken = true);
        }
        drop(inner);
        self.on_disk(move |store| store.answers_taken(&answers));
        self.ring();
    }

    /// Answers that the town hall lacks, as many as go at once; calls for help first.
    pub(crate) fn waiting(&self) -> Vec<CarriedAnswer> {
        let inner = self.inner();
        let lacking = inner.answers.iter().filter(|(_, (_, is_taken))| !is_taken);
        let mut all: Vec<CarriedAnswer> = lacking
            .map(|((message, household, answer), (at, _))| CarriedAnswer {
                message: *message,
                household: *household,
                answer: *answer,
                at: *at,
            })
            .collect();
        all.sort_by_key(|one| (std::cmp::Reverse(one.answer), one.at));
        all.truncate(MOST_ANSWERS);
        all
    }

    /// As if everybody had asked that much longer ago.
    #[cfg(test)]
    pub(crate) fn grow_old(&self, by: Duration) {
        for asked in self.inner().strangers.values_mut() {
            *asked = asked.checked_sub(by).unwrap();
        }
    }

    /// Televisions that the town hall did not name yet.
    pub(crate) fn strangers(&self) -> Vec<[u8; 32]> {
        let inner = self.inner();
        inner.strangers.keys().filter(|token| !inner.known.contains_key(*token)).copied().collect()
    }

    /// Takes what is on the disk now.
    fn answered(&self, answers: &[CarriedAnswer]) {
        let mut inner = self.inner();
        for answer in answers {
            inner.answers.entry(key_of(answer)).or_insert((answer.at, false));
        }
        drop(inner);
        self.ring();
        self.call_core();
    }
}

/// Why the file of televisions cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The file.
    #[error("the file of televisions cannot be opened")]
    Store(#[from] StoreError),
    /// This machine.
    #[error("the thread for televisions' answers cannot begin")]
    Thread(#[from] io::Error),
}

const fn key_of(answer: &CarriedAnswer) -> ([u8; 32], HouseholdId, TelevisionAnswer) {
    (answer.message, answer.household, answer.answer)
}

/// As the town hall has it: what changed or ended something is told as long as that may hold.
fn told_until(signed: &SignedAlert) -> UnixMillis {
    let alert = signed.alert().alert();
    let longest = alert.sent.at().plus(LONGEST_VALIDITY_SECONDS.unsigned_abs().saturating_mul(1_000));
    let is_first = signed.alert().evacuation().message == MessageKind::Order && alert.references.is_empty();
    if is_first { signed.alert().expires() } else { signed.alert().expires().max(longest) }
}

/// The thread that waits for the disk, as long as there is anybody to work for.
fn keep(mut store: TelevisionStore, jobs: &mpsc::Receiver<Job>, own: impl Fn() -> Option<Arc<Televisions>>) {
    let mut next = jobs.recv().ok();
    while let Some(job) = next.take() {
        match job {
            Job::Work(work) => {
                if let Err(error) = work(&mut store) {
                    error!(
                        error = &error as &dyn std::error::Error,
                        "the file of televisions cannot be used"
                    );
                }
            }
            Job::Answer(answer, reply) => {
                let mut together = vec![(answer, reply)];
                while together.len() < TOGETHER {
                    match jobs.try_recv() {
                        Ok(Job::Answer(answer, reply)) => together.push((answer, reply)),
                        Ok(work) => {
                            next = Some(work);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                keep_answers(&mut store, together, &own);
            }
        }
        next = next.or_else(|| jobs.try_recv().ok()).or_else(|| {
            // Nobody waits.
            store.tidy();
            jobs.recv().ok()
        });
    }
}

fn keep_answers(
    store: &mut TelevisionStore,
    together: Vec<(CarriedAnswer, Later)>,
    own: impl Fn() -> Option<Arc<Televisions>>,
) {
    let answers: Vec<CarriedAnswer> = together.iter().map(|(answer, _)| *answer).collect();
    match store.add_answers(&answers) {
        Ok(()) => {
            if let Some(own) = own() {
                own.answered(&answers);
            }
            for (answer, reply) in together {
                reply.say(StatusCode::OK, format!(r#"{{"kept":{}}}"#, answer.at.get()));
            }
        }
        // Whoever waits hears that it failed, and says it again.
        Err(error) => {
            error!(error = &error as &dyn std::error::Error, "answers of televisions are not kept");
        }
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap_or([0; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As televisions show it: 4821 7350.
fn code_text(code: u32) -> String {
    format!("{:04} {:04}", code / 10_000, code % 10_000)
}

fn json(text: Option<String>) -> String {
    text.map_or_else(|| "null".to_owned(), |text| format!("\"{text}\""))
}

impl Inner {
    /// A television asks now. Whether it is a new one that the town hall has to hear of.
    fn meet(&mut self, token: [u8; 32], now: Instant) -> bool {
        if let Some(asked) = self.strangers.get_mut(&token) {
            *asked = now;
            return false;
        }
        if self.known.contains_key(&token) {
            return false;
        }
        if self.strangers.len() >= MOST_STRANGERS {
            let quiet = self.strangers.iter().min_by_key(|(_, asked)| **asked);
            let quiet = quiet.filter(|(_, asked)| now.saturating_duration_since(**asked) >= MAKES_ROOM);
            let Some(quiet) = quiet.map(|(token, _)| *token) else { return false };
            self.strangers.remove(&quiet);
        }
        self.strangers.insert(token, now);
        true
    }

    /// Whose it is, as far as the box may know.
    fn household(&self, television: &Asking) -> Option<HouseholdId> {
        self.known.get(&television.0).and_then(|known| known.household)
    }

    /// What a household is told of a message: its own words, and everybody's where they did not come. A box does not know who lives outside of
    /// the message's districts; everybody's words say whose they are.
    fn told_to(&self, message: &[u8; 32], household: Option<HouseholdId>) -> Option<String> {
        let own = household.and_then(|household| self.told.get(&(*message, household)));
        let told = own.or_else(|| self.told.get(&(*message, EVERYBODY)))?;
        let (leaf, path) = (STANDARD.encode(&told.leaf), STANDARD.encode(&told.path));
        Some(format!(r#""leaf":"{leaf}","path":"{path}""#))
    }

    /// What was answered of the messages that are told of, and the town hall has, or does not.
    fn answered(&self, household: HouseholdId, is_taken: bool) -> String {
        let of = |message: &Message| {
            let one = |answer: TelevisionAnswer| {
                let (at, taken) = self.answers.get(&(message.digest, household, answer))?;
                (*taken == is_taken).then(|| format!("\"{}\":{}", answer.name(), at.get()))
            };
            let all: Vec<String> = TelevisionAnswer::ALL.into_iter().filter_map(one).collect();
            (!all.is_empty()).then(|| format!("\"{}\":{{{}}}", hex(&message.digest), all.join(",")))
        };
        let all: Vec<String> = self.messages.iter().filter_map(of).collect();
        format!("{{{}}}", all.join(","))
    }
}

impl Teller for Televisions {
    type Television = Asking;
    type Delivery = ();

    fn doorbell(&self) -> &Arc<Doorbell> {
        &self.bell
    }

    /// Whoever has a token is told what everybody is: it is no secret. Whoever has one that the town hall named is told its household's.
    fn television(&self, token: &[u8; 32]) -> Option<Arc<Asking>> {
        let hashed = sha256(token);
        let mut inner = self.inner();
        let is_new = inner.meet(hashed, Instant::now());
        drop(inner);
        if is_new {
            self.call_core();
        }
        Some(Arc::new(Asking(hashed)))
    }

    fn revision(&self, _television: &Asking) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn revision_text(&self, revision: u64) -> String {
        format!("{:x}-{revision:x}", self.boot)
    }

    fn is_bound(&self, television: &Asking) -> bool {
        self.inner().household(television).is_some()
    }

    fn tell(&self, television: &Asking, list_version: u32, into: &mut Vec<u8>, _delivered: &mut Vec<()>) {
        // Before everything else is read: what changes in between is told once more.
        let revision = self.revision_text(self.revision.load(Ordering::Acquire));
        let inner = self.inner();
        let wall = clock::wall();
        let now = wall.max(inner.not_before);
        let known = inner.known.get(&television.0);
        let household = known.and_then(|known| known.household);
        let code = json(known.and_then(|known| known.code).map(code_text));
        let root = json(inner.root.map(|root| hex(&root)));
        let list = inner.list.as_ref().filter(|(version, _)| *version != list_version);
        let list = json(list.map(|(_, text)| text.clone()));
        let beat = json(inner.beat.as_ref().map(|beat| STANDARD.encode(&beat.bytes)));
        let heard = inner.beat.as_ref().and_then(|beat| beat.heard);
        let ago = heard.map_or_else(|| "null".to_owned(), |heard| heard.elapsed().as_millis().to_string());
        let latest = clock::latest_believable(wall, inner.not_before).get();
        let message = |message: &Message| {
            let told = inner.told_to(&message.digest, household).filter(|_| message.told_until > now)?;
            Some(format!(r#"{{"envelope":"{}",{told}}}"#, message.envelope))
        };
        let messages: Vec<String> = inner.messages.iter().filter_map(message).collect();
        let answered = |is_taken| {
            household.map_or_else(|| "{}".to_owned(), |household| inner.answered(household, is_taken))
        };
        let (answers, kept) = (answered(true), answered(false));
        let household = json(household.map(|household| hex(household.as_bytes())));
        let messages = messages.join(",");
        // Memory takes everything.
        into.write_fmt(format_args!(
            r#"{{"revision":"{revision}","root":{root},"code":{code},"household":{household},"list":{list},"beat":{beat},"people":null,"messages":[{messages}],"answers":{answers},"kept":{kept},"box":{{"ago":{ago},"latest":{latest}}}}}"#
        ))
        .unwrap_or_default();
    }

    fn deliver(&self, _delivered: Vec<()>) {}

    /// The town hall gives the code, once it hears of it.
    fn hello(&self, reply: Later) {
        let mut token = [0; 32];
        match getrandom::fill(&mut token) {
            Ok(()) => reply.say(StatusCode::OK, format!(r#"{{"token":"{}","code":null}}"#, hex(&token))),
            Err(error) => error!(%error, "a television was not taken in"),
        }
    }

    fn answer(&self, television: &Arc<Asking>, message: [u8; 32], answer: TelevisionAnswer, reply: Later) {
        let inner = self.inner();
        let is_told = |household: &HouseholdId| {
            inner.messages.iter().any(|known| known.digest == message)
                && inner.told_to(&message, Some(*household)).is_some()
        };
        let Some(household) = inner.household(television).filter(is_told) else {
            return reply.say(StatusCode::NOT_FOUND, "{}".to_owned());
        };
        match inner.answers.get(&(message, household, answer)) {
            Some((at, true)) => reply.say(StatusCode::OK, format!(r#"{{"at":{}}}"#, at.get())),
            Some((at, false)) => reply.say(StatusCode::OK, format!(r#"{{"kept":{}}}"#, at.get())),
            None => {
                let at = clock::wall().max(inner.not_before);
                // Dropped with the thread gone, the reply says that it failed.
                drop(self.disk.send(Job::Answer(CarriedAnswer { message, household, answer, at }, reply)));
            }
        }
    }
}
