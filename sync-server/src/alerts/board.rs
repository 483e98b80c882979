//! Everything that a running server knows of alerts: what was sent, which televisions ask, what they answered, what waits for officers.
//!
//! The life of a message: a draft gets its place in the sequence and its exact bytes; officers sign; with the last signature that it needs
//! it is verified as every receiver will verify it, kept on the disk, and only then given to televisions.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hinamori_alert::{
    Alert, Alerts, Beat, BeatKey, EVERYBODY, Envelope, Instruction, Instructions, KeyList,
    LONGEST_VALIDITY_SECONDS, MessageKind, ONE_OFFICER_MILLIS, OfficerSignature, Sequence, SequenceVerdict,
    Sequences, SignedAlert, SignedMessage as _, Taken,
};
use hinamori_model::{BoxId, HouseholdId, UnixMillis};
use hinamori_store_sqlite::{
    AlertStore, Answer, AnswerKind, OnAir, Push, SentMessage, StoreError, Task, Television,
};
use hinamori_sync::CarriedInstruction;
use hinamori_television_http::Doorbell;
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;

use crate::alerts::box_bindings::Tries;
use crate::alerts::box_televisions::Strangers;
use crate::alerts::broadcast::{Broadcast, OverlaySays};
use crate::alerts::commands::sign_plan_if_missing;
use crate::alerts::draft::{About, Draft, Signed};
use crate::alerts::households::Households;
use crate::alerts::keeper::{Keeper, NotKept};
use crate::alerts::leaf_text::LeafTexts;
use crate::alerts::officers::{Officer, Register};
use crate::alerts::people::names_of;
use crate::alerts::release::{DroppedRelease, HeardAt, Standing, UnsentRelease};
use crate::alerts::stations::Stations;
use crate::alerts::{base64, base64_onto, of_base64};
use crate::clock::now;
use crate::data::{DataError, DataFolder, Keys, random};
use crate::hex;
use crate::roster;
use crate::town::Town;
use hinamori_plan::Plan;

/// Televisions that were opened and never bound. Those of a day ago are forgotten when the server starts.
const MOST_UNBOUND: usize = 20_000;
const HELLOS: usize = 8;
const UNBOUND_MILLIS: u64 = 24 * 3_600_000;
/// A heartbeat that was made so long ago is still given out: one signature for all who ask together.
const BEAT_LASTS_MILLIS: u64 = 1_000;
/// A set that did not ask for so long cannot be reached (docs/tv.md §6).
pub(crate) const SILENT_MILLIS: u64 = 90_000;
/// How often a code is drawn anew because another television shows it.
pub(super) const DRAWS: u8 = 16;

/// The board.
pub(crate) struct Board {
    pub(crate) keeper: Keeper,
    beat: Arc<BeatKey>,
    root: [u8; 32],
    /// Counts up with everything that a desk shows.
    desk: watch::Sender<u64>,
    /// Counts up with everything that stations are told.
    pub(crate) stations: watch::Sender<u64>,
    pub(crate) broadcast: Broadcast,
    /// One operator's act after another: what is kept last is what is on the air.
    pub(crate) taking: tokio::sync::Mutex<()>,
    /// One act of officers or of the trigger after another: between what one of them saw and what is on the disk nobody else acts.
    pub(super) acting: tokio::sync::Mutex<()>,
    /// One change of whose a television is after another: what is kept last is what is known.
    pub(super) binding: tokio::sync::Mutex<()>,
    /// Calls the thread that holds the televisions' connections.
    pub(crate) doorbell: Arc<Doorbell>,
    /// The latest heartbeat, and the same ready to go out.
    beaten: Mutex<Option<(Beat, Arc<str>)>>,
    /// In front of every revision: another one after a restart.
    boot: u32,
    /// New televisions that are taken in at a time.
    hellos: Semaphore,
    inner: Mutex<Inner>,
}

#[derive(Default)]
pub(crate) struct Inner {
    pub(crate) seen: [Option<[u64; 4]>; 4],
    /// Households that no set reaches, when it was looked last.
    unreached: usize,
    pub(crate) plan: Option<Arc<Plan>>,
    /// The same as the root signed it.
    pub(super) signed_plan: Option<Arc<[u8]>>,
    pub(crate) register: Register,
    pub(crate) list: Option<Listed>,
    /// Of the package with this version.
    households_of: u64,
    pub(crate) households: Arc<Households>,
    pub(crate) messages: Vec<Arc<Message>>,
    pub(crate) alerts: Alerts,
    pub(crate) latest: Option<Sequence>,
    /// Numbers that came, so that two messages of a box with one number are not both taken.
    pub(super) sequences: Sequences,
    pub(super) televisions: BTreeMap<[u8; 32], Arc<Receiver>>,
    /// Televisions that asked at a box, and whose household it may not know.
    pub(super) strangers: BTreeMap<BoxId, Strangers>,
    /// How much each box tried to bind lately.
    pub(super) tries: BTreeMap<BoxId, Tries>,
    pub(crate) bound: BTreeMap<HouseholdId, Vec<Arc<Receiver>>>,
    pub(crate) answers: BTreeMap<([u8; 32], HouseholdId), [Option<UnixMillis>; AnswerKind::ALL.len()]>,
    pub(crate) tasks: BTreeMap<([u8; 32], HouseholdId), (u32, UnixMillis)>,
    pub(crate) drafts: BTreeMap<String, Draft>,
    /// What is signed in advance, or waits for it, by id.
    pub(crate) releases: BTreeMap<String, Arc<Standing>>,
    /// What was released and dropped by an officer on duty.
    pub(crate) dropped: Vec<DroppedRelease>,
    /// What was released and nobody was told of.
    pub(crate) unsent: Vec<UnsentRelease>,
    /// Orders that are not over and that nobody believes by the list of now, by digest: whoever starts now does not show them.
    pub(crate) unbelieved: BTreeSet<[u8; 32]>,
    /// The number that goes with what a trigger is asked to release, by release and event.
    pub(crate) places: BTreeMap<([u8; 32], String), Sequence>,
    /// What the town's trigger heard last.
    pub(crate) heard: Option<HeardAt>,
    /// What its clock said last when it was far from this one, and when that was here.
    pub(crate) wrong_clock: Option<(UnixMillis, UnixMillis)>,
    pub(crate) stations: Arc<Stations>,
    /// What each station's operator did last.
    pub(crate) air: BTreeMap<u32, OnAir>,
    /// How far each message is on its way to each station.
    pub(crate) pushes: BTreeMap<(u32, [u8; 32]), Push>,
    /// What each station's overlay said last.
    pub(crate) overlays: BTreeMap<u32, OverlaySays>,
    /// What is told of a household's people, signed, in base64.
    people: BTreeMap<HouseholdId, Box<str>>,
    /// The same before anybody of it is looked for: its names alone, for sets that were given to it at a box. The household's other sets are not
    /// told: whoever looks at one learns nothing of who was at a box.
    named: BTreeMap<HouseholdId, Box<str>>,
}

/// The list of keys that is in force.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) list: Arc<KeyList>,
    /// In base64.
    pub(crate) text: Arc<str>,
}

impl Listed {
    /// As the root signed it.
    pub(super) fn bytes(&self) -> Option<Arc<[u8]>> {
        of_base64(&self.text).map(Arc::from)
    }
}

/// A message that was sent, with what each household gets of it, ready to go out.
pub(crate) struct Message {
    pub(crate) digest: [u8; 32],
    pub(crate) signed: SignedAlert,
    pub(crate) about: About,
    /// The exact bytes of the alert.
    pub(crate) alert: Vec<u8>,
    pub(crate) envelope: String,
    /// Until when televisions are told of it.
    told_until: UnixMillis,
    /// What a television's answer has of it first: the same for all.
    opening: String,
    tree: Instructions,
    instructions: Vec<Instruction>,
    texts: LeafTexts,
    /// Which of them is a household's, and where it stands in the tree.
    own: BTreeMap<HouseholdId, (usize, u32)>,
    /// The same of what everybody else is told, if there is something for them.
    everybody: Option<(usize, u32)>,
    /// Whether households without words of their own are told everybody's.
    is_for_all: bool,
    /// The digest in hexadecimal.
    name: String,
}

impl Message {
    /// Makes ready what can be done once. `together` are the instructions' tree, and each one's place in it.
    pub(super) fn new(
        signed: SignedAlert,
        about: About,
        bytes: Vec<u8>,
        envelope: &[u8],
        instructions: Vec<Instruction>,
        (tree, places): (Instructions, Vec<u32>),
    ) -> Self {
        let mut own: BTreeMap<_, _> =
            instructions.iter().map(|own| own.household).zip((0..).zip(places)).collect();
        let everybody = own.remove(&EVERYBODY);
        let alert = signed.alert();
        let sent = alert.alert().sent.at();
        let could_hold = match alert.evacuation().message {
            MessageKind::Order if alert.alert().references.is_empty() => UnixMillis::default(),
            // What changed or ended something is told as long as that may hold: a set that was off would otherwise show an order that
            // was taken back, or is over.
            _ => sent.plus(LONGEST_VALIDITY_SECONDS.unsigned_abs() * 1_000),
        };
        Self {
            digest: signed.digest(),
            about,
            told_until: alert.expires().max(could_hold),
            alert: bytes,
            opening: format!(r#"{{"envelope":"{}","leaf":""#, base64(envelope)),
            envelope: base64(envelope),
            tree,
            texts: LeafTexts::of(&instructions),
            instructions,
            own,
            everybody,
            is_for_all: signed.sequence().is_of_a_box(),
            name: hex::text(&signed.digest()),
            signed,
        }
    }

    /// Writes what a household gets of it (docs/tv.md §6) behind `into`.
    fn write(&self, (which, place): (usize, u32), into: &mut Vec<u8>) {
        into.extend_from_slice(self.opening.as_bytes());
        self.instructions.get(which).into_iter().for_each(|own| self.texts.write(own, into));
        into.extend_from_slice(br#"","path":""#);
        base64_onto(&self.tree.path_from(place).encode(), into);
        into.extend_from_slice(b"\"}");
    }

    /// What a household's television is told of it, and where that stands. What officers originated at a box has no other words than
    /// everybody's, and whoever heard them hears what follows.
    pub(super) fn told_to(&self, household: HouseholdId) -> Option<(usize, u32)> {
        self.own.get(&household).copied().or(self.everybody.filter(|_| self.is_for_all))
    }

    /// `after` is what its thread said before.
    fn following(mut self, after: &[Arc<Self>]) -> Self {
        self.is_for_all |= after.iter().any(|message| message.is_of_a_box());
        self
    }

    fn is_of_a_box(&self) -> bool {
        self.signed.sequence().is_of_a_box()
    }

    /// What everybody is told (docs/tv.md §3), if there is something for them.
    pub(super) fn leaf_of_everybody(&self) -> Option<Vec<u8>> {
        self.everybody.and_then(|(which, _)| self.instructions.get(which)).map(Instruction::encode)
    }

    /// What a household, or everybody, is told of it, with its way up.
    pub(super) fn instruction_of(&self, household: HouseholdId) -> Option<CarriedInstruction> {
        let own = if household == EVERYBODY { self.everybody } else { self.own.get(&household).copied() };
        let (which, place) = own?;
        let leaf = self.instructions.get(which)?.encode();
        Some(CarriedInstruction { leaf, path: self.tree.path_from(place).encode() })
    }

    pub(crate) fn households(&self) -> impl ExactSizeIterator<Item = HouseholdId> {
        self.own.keys().copied()
    }

    /// Whether televisions are still told.
    pub(crate) fn is_told(&self, now: UnixMillis) -> bool {
        self.told_until > now
    }

    pub(crate) fn kind(&self) -> MessageKind {
        self.signed.alert().evacuation().message
    }

    pub(crate) fn alert(&self) -> &Alert {
        self.signed.alert().alert()
    }

    pub(crate) fn sent(&self) -> UnixMillis {
        self.alert().sent.at()
    }

    /// Since when people could know of it: the clock that dated it may have been ahead, and who went at once went because of it.
    pub(crate) fn began(&self) -> UnixMillis {
        self.sent().min(self.about.went_out.unwrap_or_else(|| self.sent()))
    }

    /// With the officers' signatures.
    pub(crate) fn envelope(&self) -> Option<Envelope> {
        Envelope::decode(&of_base64(&self.envelope)?)
    }

    /// Whether whoever goes by this list believes it.
    fn holds_by(&self, list: &KeyList) -> bool {
        self.envelope().is_some_and(|envelope| envelope.verify(&self.alert, list).is_ok())
    }

    /// The thread that it belongs to: the digest of its first message.
    pub(crate) fn thread(&self) -> String {
        self.about.thread.clone().unwrap_or_else(|| hex::text(&self.digest))
    }
}

/// A television that asks.
pub(crate) struct Receiver {
    known: Mutex<Television>,
    revision: AtomicU64,
    /// When it asked last, in milliseconds; whoever is known from before the server began has as long as everybody.
    asked: AtomicU64,
    /// It says itself that its set is off, or shows something else.
    is_off: AtomicBool,
}

impl Receiver {
    fn new(television: Television) -> Self {
        let (asked, is_off) = (AtomicU64::new(now().get()), AtomicBool::new(false));
        Self { known: Mutex::new(television), revision: AtomicU64::new(0), asked, is_off }
    }

    fn known(&self) -> MutexGuard<'_, Television> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it shows until it is bound.
    pub(super) fn code(&self) -> u32 {
        self.known().code
    }

    pub(crate) fn household(&self) -> Option<HouseholdId> {
        self.known().household
    }

    /// The day on which it was given to its household, if that was at a box.
    pub(super) fn bound_day(&self) -> Option<UnixMillis> {
        self.known().bound_day
    }

    pub(crate) fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    /// It asks now; `is_off` where it says that nobody sees its set.
    pub(crate) fn asks(&self, at: UnixMillis, is_off: bool) {
        self.asked.store(at.get(), Ordering::Release);
        self.is_off.store(is_off, Ordering::Release);
    }

    /// Whether somebody sees what it is told. A set waits for 25 seconds at most until it asks again.
    pub(crate) fn is_reached(&self, at: UnixMillis) -> bool {
        let asked = UnixMillis::new(self.asked.load(Ordering::Acquire));
        !self.is_off.load(Ordering::Acquire) && at < asked.plus(SILENT_MILLIS)
    }

    /// When it asked last.
    pub(crate) fn asked(&self) -> UnixMillis {
        UnixMillis::new(self.asked.load(Ordering::Acquire))
    }
}

/// Why a draft was not signed, or not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    /// Somebody dropped it, or it waited too long.
    #[error("この下書きは もう ありません")]
    Gone,
    /// One person, one signature.
    #[error("あなたは もう 署名しています。別の人の署名が 必要です")]
    SignedAlready,
    /// The signature is none, or not by this officer's device of this class.
    #[error("署名が 確かめられません")]
    BadSignature,
    /// A cancel that takes another officer.
    #[error("1人では 取り消せません。もう1人の署名が 必要です")]
    NeedsAnother,
    /// What was sent since says otherwise.
    #[error("この知らせは もう 出せません。新しく 作ってください")]
    Overtaken,
    /// The same of what a trigger released.
    #[error(
        "先に ほかの お知らせが 出たので、これは 出せません。警報が つづくときは、新しい 下書きが すぐ 出ます"
    )]
    ComesAnew,
    /// Of what a trigger released.
    #[error("同じか もっと強い 警報の お知らせが もう あります。これは 出せません")]
    AsStrong,
    /// The disk, or the server ends.
    #[error("サーバーに 保存できません。何も 送っていません")]
    NotKept(#[from] NotKept),
}

impl Board {
    /// Reads everything.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(crate) fn open(
        folder: &DataFolder,
        keys: &Keys,
    ) -> Result<(Self, std::thread::JoinHandle<()>), OpenError> {
        let store = AlertStore::open(&folder.alerts(), &keys.alerts, now())?;
        store.forget_unbound(UnixMillis::new(now().get().saturating_sub(UNBOUND_MILLIS)))?;
        let mut inner = Inner { latest: Some(store.latest()?), ..Inner::default() };
        let root = keys.town_root.public();
        sign_plan_if_missing(folder, keys, now())?;
        FilesRead::of(folder, &root, inner.seen)?.into_iter().for_each(|read| inner.take_files(read));
        for television in store.televisions()? {
            inner.add_receiver(&television);
        }
        for Answer { digest, household, kind, at } in store.answers()? {
            inner.note(digest, household, kind, at);
        }
        for Task { digest, household, officer, at } in store.tasks()? {
            inner.tasks.insert((digest, household), (officer, at));
        }
        if let Some(list) = inner.list.as_ref().and_then(Listed::bytes) {
            store.keep_key_list(&list)?;
        }
        inner.take_all_sent(&store, &root)?;
        for stored in store.releases()? {
            inner.take_release(stored);
        }
        store.dropped()?.iter().for_each(|about| inner.take_dropped(about));
        store.unsent()?.iter().for_each(|about| inner.take_unsent(about));
        inner.pushes = store.pushes()?.into_iter().map(|push| ((push.station, push.digest), push)).collect();
        inner.air = store.on_air()?.into_iter().map(|air| (air.station, air)).collect();
        let (keeper, thread) = Keeper::start(store)?;
        let boot = u32::from_be_bytes(random()?);
        let board = Self {
            keeper,
            beat: Arc::clone(&keys.beat),
            root,
            desk: watch::Sender::new(0),
            stations: watch::Sender::new(0),
            broadcast: Broadcast::new(Arc::clone(&keys.broadcast)),
            taking: tokio::sync::Mutex::new(()),
            acting: tokio::sync::Mutex::new(()),
            binding: tokio::sync::Mutex::new(()),
            boot,
            doorbell: Arc::default(),
            beaten: Mutex::default(),
            hellos: Semaphore::new(HELLOS),
            inner: Mutex::new(inner),
        };
        Ok((board, thread))
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server ends: whoever waits waits no longer, and what was to be kept is kept.
    pub(crate) fn end(&self) {
        self.doorbell.end();
        self.changed();
        self.tell_stations();
        self.keeper.end();
    }

    /// These have something new to be told.
    pub(super) fn wake(&self, woken: &[Arc<Receiver>]) {
        for receiver in woken {
            receiver.revision.fetch_add(1, Ordering::Release);
        }
        if !woken.is_empty() {
            self.doorbell.ring();
        }
    }

    /// Tells desks that something changed.
    pub(crate) fn changed(&self) {
        self.desk.send_modify(|revision| *revision = revision.wrapping_add(1));
    }

    pub(crate) fn desk_changes(&self) -> watch::Receiver<u64> {
        self.desk.subscribe()
    }

    pub(crate) fn revision_text(&self, revision: u64) -> String {
        format!("{:x}-{revision:x}", self.boot)
    }

    pub(crate) fn root(&self) -> &[u8; 32] {
        &self.root
    }

    /// A heartbeat of at most a second ago that knows of `latest`, in base64.
    pub(crate) fn beat(&self, at: UnixMillis, latest: Sequence) -> Arc<str> {
        let mut beaten = self.beaten.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good =
            |beat: &Beat| beat.latest == latest && beat.at <= at && at.since(beat.at) < BEAT_LASTS_MILLIS;
        if let Some((_, text)) = beaten.as_ref().filter(|(beat, _)| is_good(beat)) {
            return Arc::clone(text);
        }
        let beat = Beat { at, latest };
        let text: Arc<str> = base64(&self.beat.beat(beat)).into();
        *beaten = Some((beat, Arc::clone(&text)));
        text
    }

    /// Looks at what other processes of this machine changed: plan, officers, keys, bound televisions, the town's people.
    pub(crate) async fn look(self: &Arc<Self>, folder: &DataFolder, keys_root: [u8; 32], town: &Arc<Town>) {
        let (board, folder) = (Arc::clone(self), folder.clone());
        let version = town.signed.version();
        let looked = spawn_blocking(move || {
            let before = board.inner().seen;
            let read = FilesRead::of(&folder, &keys_root, before)?;
            let mut is_new = read.is_some();
            let mut inner = board.inner();
            read.into_iter().for_each(|read| inner.take_files(read));
            let is_other_town = inner.households_of != version;
            drop(inner);
            if is_other_town {
                let package = folder.package_of(&keys_root)?.map(|(_, package)| package);
                let people = package
                    .map_or_else(|| Ok(Vec::new()), |package| roster::people_of(folder.path(), &package))?;
                let households = Arc::new(Households::of(people));
                let mut inner = board.inner();
                (inner.households, inner.households_of) = (households, version);
                is_new = true;
            }
            Ok::<_, DataError>(is_new)
        });
        match looked.await {
            Ok(Ok(true)) => {
                self.keep_list().await;
                self.changed();
                self.tell_stations();
            }
            Ok(Ok(false)) | Err(_) => {}
            Ok(Err(error)) => tracing::error!(%error, "what the town prepared for alerts cannot be read"),
        }
        {
            let _alone = self.binding.lock().await;
            match self.keeper.ask(|store| store.televisions_if_changed()).await {
                Ok(televisions) => self.take_televisions(&televisions.unwrap_or_default()),
                Err(error) => tracing::error!(%error, "televisions cannot be read"),
            }
        }
        self.look_who_is_reached();
        self.look_at_drafts().await;
    }

    /// What waited too long goes away.
    pub(super) async fn look_at_drafts(&self) {
        let _acting = self.acting.lock().await;
        // First: it leaves a trace.
        self.drop_overtaken().await;
        let is_over = |draft: &Draft| draft.is_over(now());
        if self.inner().drafts.values().any(is_over) {
            self.inner().drafts.retain(|_, draft| !is_over(draft));
            self.changed();
        }
    }

    /// Whoever judges what was sent has to know until when a list was in force, also where nothing was sent by the next one.
    async fn keep_list(&self) {
        let Some(list) = self.inner().list.as_ref().and_then(Listed::bytes) else { return };
        if let Err(error) = self.keeper.ask(move |store| store.keep_key_list(&list)).await {
            // The next start tries again.
            tracing::error!(%error, "the list of keys is not kept");
        }
    }

    /// A set that falls silent says nothing of it.
    pub(crate) fn look_who_is_reached(&self) {
        let (at, mut inner) = (now(), self.inner());
        let is_silent = |sets: &&Vec<Arc<Receiver>>| !sets.iter().any(|set| set.is_reached(at));
        let unreached = inner.bound.values().filter(is_silent).count();
        if std::mem::replace(&mut inner.unreached, unreached) != unreached {
            drop(inner);
            self.changed();
        }
    }

    /// Goes by what the file says of televisions: which were bound since, or taken off their household.
    pub(crate) fn take_televisions(&self, televisions: &[Television]) {
        let mut inner = self.inner();
        let woken: Vec<_> =
            televisions.iter().filter_map(|television| inner.add_receiver(television)).collect();
        let at_boxes = woken.iter().filter(|set| set.bound_day().is_some());
        for household in at_boxes.filter_map(|set| set.household()).collect::<BTreeSet<_>>() {
            let names = self.beat.people(names_of(&inner.households, household));
            inner.named.insert(household, base64(&names).into());
        }
        drop(inner);
        self.wake(&woken);
        if !woken.is_empty() {
            self.changed();
            // Boxes hear of it too.
            self.tell_stations();
        }
    }

    /// A new television: its secret, and the code that it shows. Nothing when too many stand unbound.
    pub(crate) async fn hello(&self) -> Result<Option<([u8; 32], u32)>, NotKept> {
        // Strangers wait for each other, and not alerts for strangers.
        let Ok(_place) = self.hellos.acquire().await else { return Ok(None) };
        let Ok(token) = random::<32>() else { return Ok(None) };
        let hashed = crate::signed_log::sha256(&token);
        let Some(code) = self.free_code(hashed).await? else { return Ok(None) };
        self.inner().add_receiver(&Television { token: hashed, code, household: None, bound_day: None });
        Ok(Some((token, code)))
    }

    /// A code for a new television with this hash of its secret, which is kept with it. Nothing when too many stand unbound.
    pub(super) async fn free_code(&self, hashed: [u8; 32]) -> Result<Option<u32>, NotKept> {
        let unbound = self.inner().televisions.values().filter(|known| known.household().is_none()).count();
        if unbound >= MOST_UNBOUND {
            return Ok(None);
        }
        for _ in 0..DRAWS {
            let Some(code) = draw_code() else { return Ok(None) };
            if self.keeper.ask(move |store| store.add_television(&hashed, code, now())).await? {
                return Ok(Some(code));
            }
        }
        Ok(None)
    }

    /// The television with this secret.
    pub(crate) fn receiver(&self, token: &[u8]) -> Option<Arc<Receiver>> {
        self.inner().televisions.get(&crate::signed_log::sha256(token)).map(Arc::clone)
    }

    /// Writes what a television gets now (docs/tv.md §6) behind `into`, and what it is given for the first time behind `delivered`.
    pub(crate) fn tell(
        &self,
        receiver: &Receiver,
        list_version: u32,
        into: &mut Vec<u8>,
        delivered: &mut Vec<Answer>,
    ) {
        // Memory takes everything.
        let put =
            |into: &mut Vec<u8>, text: std::fmt::Arguments<'_>| into.write_fmt(text).unwrap_or_default();
        // Before everything else is read: what changes in between is told once more.
        put(into, format_args!(r#"{{"revision":"{:x}-{:x}","root":"#, self.boot, receiver.revision()));
        put(into, format_args!(r#""{}","code":"#, hex::text(&self.root)));
        let household = receiver.household();
        match household {
            None => put(into, format_args!(r#""{}","household":null,"#, code_text(receiver.code()))),
            Some(id) => put(into, format_args!(r#"null,"household":"{}","#, hex::text(id.as_bytes()))),
        }
        let inner = self.inner();
        // Whoever waited for the others says what time it is now.
        let at = now();
        match inner.list.as_ref().filter(|listed| listed.list.version != list_version) {
            Some(listed) => put(into, format_args!(r#""list":"{}","#, listed.text)),
            None => put(into, format_args!(r#""list":null,"#)),
        }
        let latest = inner.latest.unwrap_or(Sequence { epoch: 0, number: 0 });
        put(into, format_args!(r#""beat":"{}","people":"#, self.beat(at, latest)));
        let people = household.and_then(|household| inner.people_for(receiver, household));
        match people {
            Some(signed) => put(into, format_args!(r#""{signed}","messages":["#)),
            None => put(into, format_args!(r#"null,"messages":["#)),
        }
        let own = |message| {
            let message: &Arc<Message> = message;
            let place = household.map_or(message.everybody, |household| message.told_to(household));
            Some((message, place.filter(|_| message.is_told(at))?))
        };
        let told: Vec<_> = inner.messages.iter().filter_map(own).collect();
        for (number, (message, place)) in told.iter().enumerate() {
            into.extend_from_slice(comma(number).as_bytes());
            message.write(*place, into);
        }
        put(into, format_args!(r#"],"answers":{{"#));
        // A set that is nobody's answers nothing.
        let answered = told.iter().filter_map(|(message, _)| Some((message, (message.digest, household?))));
        for (number, (message, (digest, household))) in answered.enumerate() {
            let known = inner.answers.get(&(digest, household)).copied().unwrap_or_default();
            if known.first().is_some_and(Option::is_none) {
                delivered.push(Answer { digest, household, kind: AnswerKind::Delivered, at });
            }
            put(into, format_args!("{}\"{}\":{}", comma(number), message.name, answers_text(known)));
        }
        put(into, format_args!("}}}}"));
    }

    /// Notes what televisions were given, and where households got to.
    pub(crate) fn deliver(&self, mut delivered: Vec<Answer>) {
        if delivered.is_empty() {
            return;
        }
        // As the file has them: neighbours lie on one page.
        delivered.sort_unstable_by_key(|answer| (answer.digest, answer.household));
        let mut inner = self.inner();
        delivered
            .retain(|Answer { digest, household, kind, at }| inner.note(*digest, *household, *kind, *at));
        drop(inner);
        // What was known already is no news: whoever looks for news would find its own for ever.
        if !delivered.is_empty() {
            self.keeper.note(delivered);
            self.changed();
        }
    }

    /// A television's answer about a message that is its household's. Durable when this returns.
    pub(crate) async fn answer(
        &self,
        receiver: &Receiver,
        digest: [u8; 32],
        kind: AnswerKind,
    ) -> Result<Option<UnixMillis>, NotKept> {
        let Some(household) = receiver.household() else { return Ok(None) };
        let at = now();
        let known = {
            let inner = self.inner();
            let is_its =
                |message: &&Arc<Message>| message.digest == digest && message.told_to(household).is_some();
            if inner.messages.iter().find(is_its).is_none() {
                return Ok(None);
            }
            let known = inner.answers.get(&(digest, household));
            known.and_then(|known| known.get(kind as usize).copied()).flatten()
        };
        if known.is_some() {
            return Ok(known);
        }
        self.keeper.answer(Answer { digest, household, kind, at }).await?;
        let mut inner = self.inner();
        inner.note(digest, household, kind, at);
        let woken = inner.bound.get(&household).cloned().unwrap_or_default();
        drop(inner);
        // Another set of the household shows it too.
        if kind != AnswerKind::Shown {
            self.wake(&woken);
        }
        self.changed();
        Ok(Some(at))
    }

    /// What is told of a household's people from now on.
    pub(crate) fn tell_people(&self, household: HouseholdId, json: Vec<u8>) {
        let signed = base64(&self.beat.people(json)).into();
        let mut inner = self.inner();
        inner.people.insert(household, signed);
        let woken = inner.bound.get(&household).cloned().unwrap_or_default();
        drop(inner);
        self.wake(&woken);
    }

    /// An officer looks after a household; `false` when another one does.
    pub(crate) async fn take_task(&self, task: Task) -> Result<bool, NotKept> {
        let Task { digest, household, officer, at } = task;
        let is_taken = self.keeper.ask(move |store| store.take_task(&task)).await?;
        if is_taken {
            self.inner().tasks.insert((digest, household), (officer, at));
            self.changed();
        }
        Ok(is_taken)
    }

    /// An officer's signature under a draft. Whether it went out with it.
    pub(crate) async fn sign(
        &self,
        id: &str,
        officer: &Officer,
        signature: OfficerSignature,
    ) -> Result<bool, NotSent> {
        let _acting = self.acting.lock().await;
        if let Some((_, why)) = self.drop_overtaken().await.into_iter().find(|(taken, _)| taken == id) {
            return Err(why.into());
        }
        let ready = self.sign_draft(id, officer, signature);
        let ready = match ready {
            Err(NotSent::Overtaken) => return Err(self.overtaken(id).await),
            ready => ready?,
        };
        let Some((draft, signed, listed)) = ready else { return Ok(false) };
        self.send(draft, signed, &listed).await?;
        Ok(true)
    }

    /// Puts the signature under the draft; gives it, taken out, where it was the last one that it needs.
    fn sign_draft(
        &self,
        id: &str,
        officer: &Officer,
        signature: OfficerSignature,
    ) -> Result<Option<(Draft, SignedAlert, Listed)>, NotSent> {
        let mut inner = self.inner();
        let listed = inner.list.clone().ok_or(NotSent::BadSignature)?;
        let thread = inner.drafts.get(id).and_then(|draft| draft.about.thread.clone());
        let told = thread.map(|thread| Inner::told_by(&inner.thread(&thread))).unwrap_or_default();
        let draft = inner.drafts.get_mut(id).ok_or(NotSent::Gone)?;
        if draft.is_over(now()) {
            inner.drafts.remove(id);
            return Err(NotSent::Gone);
        }
        if draft.has_signed(officer.id) {
            return Err(NotSent::SignedAlready);
        }
        let mut with = draft.envelope.clone();
        with.signatures.push(signature);
        let officers = with.officers(&listed.list).map_err(|_why| NotSent::BadSignature)?;
        // The device is of the officer who is signed in, not of somebody else who happens to be here.
        if officers.len() != with.signatures.len() || !officers.iter().any(|known| known.0 == officer.id) {
            return Err(NotSent::BadSignature);
        }
        draft.envelope = with;
        draft.about.signed.push(Signed::by(officer, now()));
        if officers.len() < draft.needed {
            self.changed();
            return Ok(None);
        }
        let verified = draft.envelope.verify(&draft.bytes, &listed.list);
        // Of the officers' signatures each was looked at: it is what was signed in advance, or the town's policy.
        let is_released = draft.envelope.release.is_some();
        let refused = || if is_released { NotSent::Overtaken } else { NotSent::BadSignature };
        let signed = verified.map_err(|_why| refused())?;
        let is_for_all = is_for_all(&told, draft);
        let (taken, alerts) =
            inner.as_received(&signed, now(), None).map_err(|_old_or_forked| NotSent::Overtaken)?;
        let is_still_in_force = || {
            let own = signed.alert().alert().id();
            alerts.in_force(now()).iter().any(|thread| thread.messages.contains(&own))
        };
        match taken {
            // Whoever was told since the draft was made would never hear how it ends.
            Taken::InForce | Taken::Cancels { .. } if !is_for_all => return Err(NotSent::Overtaken),
            Taken::InForce => {}
            // What was sent since the cancel was made would go on, and nobody would look after it.
            Taken::Cancels { .. } if !is_still_in_force() => {}
            Taken::NeedsAnotherOfficer => {
                inner.drafts.get_mut(id).into_iter().for_each(|draft| draft.needed = 2);
                self.changed();
                return Err(NotSent::NeedsAnother);
            }
            _ => return Err(NotSent::Overtaken),
        }
        let draft = inner.drafts.remove(id).ok_or(NotSent::Gone)?;
        Ok(Some((draft, signed, listed)))
    }

    /// Takes a draft away. What a trigger released does not come back for its event, also after a restart.
    pub(crate) async fn drop_draft(&self, id: &str, officer: &Officer) -> Result<(), NotSent> {
        let _acting = self.acting.lock().await;
        let draft = self.inner().drafts.remove(id).ok_or(NotSent::Gone)?;
        if let Some(trigger) = draft.about.trigger.clone() {
            let (title, by) = (draft.about.title.clone(), Signed::by(officer, now()));
            let dropped = DroppedRelease { trigger, title, by };
            let about = serde_json::to_string(&dropped).unwrap_or_default();
            let digest = draft.digest;
            if let Err(error) = self.keeper.ask(move |store| store.note_dropped(&digest, &about)).await {
                self.inner().drafts.insert(draft.id.clone(), draft);
                return Err(error.into());
            }
            self.inner().dropped.push(dropped);
        }
        self.changed();
        Ok(())
    }

    /// Keeps it with the list by which it was judged, then gives it to televisions. A draft that the disk refuses comes back.
    pub(super) async fn send(
        &self,
        mut draft: Draft,
        signed: SignedAlert,
        listed: &Listed,
    ) -> Result<(), NotSent> {
        draft.about.went_out = Some(now());
        let sent = SentMessage {
            sequence: signed.sequence(),
            digest: draft.digest,
            alert: std::mem::take(&mut draft.bytes),
            envelope: draft.envelope.encode(),
            about: serde_json::to_string(&draft.about).unwrap_or_default(),
            instructions: std::mem::take(&mut draft.instructions),
            judged_by: listed.bytes(),
        };
        let kept = self.keeper.ask(move |store| {
            let kept = store.add(&sent);
            Ok((sent, kept))
        });
        let (sent, kept) = kept.await?;
        let SentMessage { alert, envelope, instructions, .. } = sent;
        if let Err(error) = kept {
            // Whoever signed last can sign again.
            (draft.bytes, draft.instructions) = (alert, instructions);
            if draft.envelope.signatures.pop().is_some() {
                draft.about.signed.pop();
            }
            self.inner().drafts.insert(draft.id.clone(), draft);
            self.changed();
            return Err(NotKept::Store(error).into());
        }
        let thread = draft.about.thread.as_deref().map(|id| self.inner().thread(id)).unwrap_or_default();
        let message = Message::new(signed, draft.about, alert, &envelope, instructions, draft.together);
        self.publish(Arc::new(message.following(&thread)));
        Ok(())
    }

    /// Gives a message that is on the disk to everybody whom it is for.
    pub(super) fn publish(&self, message: Arc<Message>) {
        tracing::info!(
            number = message.signed.sequence().number,
            households = message.about.households,
            "an alert was sent"
        );
        let mut inner = self.inner();
        inner.take_message(Arc::clone(&message));
        let nobodys = || inner.televisions.values().filter(|receiver| receiver.household().is_none());
        let of_households =
            || message.households().filter_map(|household| inner.bound.get(&household)).flatten();
        let woken: Vec<Arc<Receiver>> = if message.is_for_all {
            inner.televisions.values().map(Arc::clone).collect()
        } else {
            of_households().chain(nobodys()).map(Arc::clone).collect()
        };
        drop(inner);
        self.wake(&woken);
        self.changed();
        self.tell_stations();
    }
}

/// Why alerts cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// This machine.
    #[error(transparent)]
    Thread(#[from] std::io::Error),
}

/// What other processes of this machine change.
pub(crate) struct FilesRead {
    seen: [Option<[u64; 4]>; 4],
    plan: Option<Arc<Plan>>,
    signed_plan: Option<Arc<[u8]>>,
    register: Register,
    list: Option<Listed>,
    stations: Option<Arc<Stations>>,
}

impl FilesRead {
    /// Reads it, unless it is as it was. Nothing is locked meanwhile: a disk that hangs holds no television up.
    pub(crate) fn of(
        folder: &DataFolder,
        root: &[u8; 32],
        before: [Option<[u64; 4]>; 4],
    ) -> Result<Option<Self>, DataError> {
        // First, so that what is changed meanwhile is read again.
        let seen = folder.alert_fingerprint();
        if seen == before {
            return Ok(None);
        }
        let list = folder.key_list()?.and_then(|bytes| Some((KeyList::decode(&bytes, root).ok()?, bytes)));
        let stations = folder.stations().map(Arc::new).inspect_err(|error| {
            tracing::error!(%error, "broadcasters' stations cannot be read, and stay as they were");
        });
        Ok(Some(Self {
            seen,
            plan: folder.alert_plan()?.map(Arc::new),
            signed_plan: folder.signed_plan()?.map(Arc::from),
            register: folder.officers()?,
            list: list.map(|(list, bytes)| Listed { list: Arc::new(list), text: base64(&bytes).into() }),
            stations: stations.ok(),
        }))
    }
}

impl Inner {
    /// Takes what was read.
    pub(crate) fn take_files(&mut self, read: FilesRead) {
        let FilesRead { seen, plan, signed_plan, register, list, stations } = read;
        (self.plan, self.register, self.seen) = (plan, register, seen);
        self.signed_plan = signed_plan;
        self.list = list;
        self.unbelieved.clear();
        let messages: Vec<_> = self.messages.iter().map(Arc::clone).collect();
        messages.iter().for_each(|message| self.look_whether_believed(message));
        // Whoever damaged the stations' file has no broadcasters, and everybody else their alerts.
        self.stations = stations.unwrap_or_else(|| Arc::clone(&self.stations));
    }

    /// What a set of a household is told of its people.
    fn people_for(&self, receiver: &Receiver, household: HouseholdId) -> Option<&str> {
        let names = || self.named.get(&household).filter(|_| receiver.bound_day().is_some());
        self.people.get(&household).or_else(names).map(Box::as_ref)
    }

    /// Takes a television up; gives it back when it is another household's since, or nobody's.
    pub(super) fn add_receiver(&mut self, television: &Television) -> Option<Arc<Receiver>> {
        let nobodys = || Television { household: None, bound_day: None, ..television.clone() };
        let receiver =
            self.televisions.entry(television.token).or_insert_with(|| Arc::new(Receiver::new(nobodys())));
        let before = std::mem::replace(&mut *receiver.known(), television.clone());
        if before.household == television.household {
            return None;
        }
        let receiver = Arc::clone(receiver);
        if let Some(before) = before.household {
            let sets = self.bound.entry(before).or_default();
            sets.retain(|set| !Arc::ptr_eq(set, &receiver));
            if sets.is_empty() {
                self.bound.remove(&before);
            }
        }
        if let Some(household) = television.household {
            self.bound.entry(household).or_default().push(Arc::clone(&receiver));
        }
        Some(receiver)
    }

    /// What every receiver will make of a message (docs/tv.md §5): its number first, then its thread, with everything that is known then. `Err`
    /// where the number is old, or another message's.
    pub(crate) fn as_received(
        &self,
        signed: &SignedAlert,
        now: UnixMillis,
        heard: Option<UnixMillis>,
    ) -> Result<(Taken, Alerts), SequenceVerdict> {
        match self.sequences.clone().note(signed) {
            SequenceVerdict::New | SequenceVerdict::Known => {}
            refused @ (SequenceVerdict::Old | SequenceVerdict::Forked) => return Err(refused),
        }
        let mut alerts = self.alerts.clone();
        let taken = alerts.take(signed.clone(), now, heard);
        Ok((taken, alerts))
    }

    /// Whether it was the first of its kind.
    pub(super) fn note(
        &mut self,
        digest: [u8; 32],
        household: HouseholdId,
        kind: AnswerKind,
        at: UnixMillis,
    ) -> bool {
        let known = self.answers.entry((digest, household)).or_default();
        match known.get_mut(kind as usize) {
            Some(first @ None) => {
                *first = Some(at);
                true
            }
            // A box without a line says later what happened before.
            Some(Some(first)) if kind.is_on_the_way() && at < *first => {
                *first = at;
                true
            }
            Some(Some(_)) | None => false,
        }
    }

    /// Everything of the file that was sent.
    pub(super) fn take_all_sent(&mut self, store: &AlertStore, root: &[u8; 32]) -> Result<(), StoreError> {
        let read = |bytes: Arc<[u8]>| KeyList::decode(&bytes, root).ok().map(|list| (bytes, Arc::new(list)));
        let lists: BTreeMap<Arc<[u8]>, Arc<KeyList>> =
            store.key_lists()?.into_values().filter_map(read).collect();
        for sent in store.messages()? {
            let of_now = || self.list.as_ref().map(|listed| Arc::clone(&listed.list));
            let sent_at = Envelope::decode(&sent.envelope).map(|envelope| envelope.sent).unwrap_or_default();
            let is_replaced =
                |list: &&Arc<KeyList>| lists.values().any(|later| list.was_replaced_by(later, sent_at));
            let of_then = sent.judged_by.as_ref().and_then(|bytes| lists.get(bytes));
            // One that was damaged, or replaced before, hides nothing that holds by the list of now.
            let list = of_then.filter(|list| !is_replaced(list)).map(Arc::clone).or_else(of_now);
            self.take_sent(sent, list.as_deref());
        }
        Ok(())
    }

    /// Notes an order that is not over, where it does not hold by the list of now.
    fn look_whether_believed(&mut self, message: &Message) {
        let is_order = message.kind() == MessageKind::Order && message.signed.alert().expires() > now();
        let list = self.list.as_ref().map(|listed| Arc::clone(&listed.list));
        if is_order && !list.is_some_and(|list| message.holds_by(&list)) {
            self.unbelieved.insert(message.digest);
        }
    }

    /// Orders in force that hold by the list of now and not by this one: whoever starts with it would not show them.
    pub(super) fn lost_by(&self, list: &KeyList, now: UnixMillis) -> Vec<&Arc<Message>> {
        let in_force = self.alerts.in_force(now);
        let is_lost = |message: &&Arc<Message>| {
            message.kind() == MessageKind::Order
                && in_force.iter().any(|thread| thread.latest.digest() == message.digest)
                && !self.unbelieved.contains(&message.digest)
                && !message.holds_by(list)
        };
        self.messages.iter().filter(is_lost).collect()
    }

    /// A message of the file, judged again by the list by which it was judged when it was taken: whoever was told still has it on their
    /// set, whatever the town decided since, and officers have to see it to end it. The town root signed that list, so that whoever writes
    /// into the file alone brings nothing in; and whoever has old keys of officers who left brings nothing in that was sent after a later list
    /// was made, as far as one is known. What is not believed stays where it is, for whoever audits it.
    fn take_sent(&mut self, sent: SentMessage, list: Option<&KeyList>) {
        let SentMessage { alert, envelope, about, instructions, sequence, digest, judged_by: _ } = sent;
        let read = Envelope::decode(&envelope).zip(serde_json::from_str::<About>(&about).ok());
        if instructions.is_empty() {
            tracing::error!(
                number = sequence.number,
                "what households were told cannot be read: sets are told no more of it"
            );
        }
        // What households were told is sealed for this digest.
        let read = read.filter(|(read, _)| read.digest() == digest);
        let signed = read.zip(list).map(|((read, about), list)| (read.verify(&alert, list), about));
        match signed {
            Some((Ok(signed), about)) => {
                // It counted when it was sent, whatever was sent since under an earlier number.
                self.alerts.restore(signed.clone(), now());
                let together = Instructions::with_places(&instructions);
                let thread = about.thread.as_deref().map(|id| self.thread(id)).unwrap_or_default();
                let message = together.map(|together| {
                    Message::new(signed, about, alert, &envelope, instructions, together).following(&thread)
                });
                message.into_iter().for_each(|message| self.keep_message(Arc::new(message)));
            }
            Some((Err(_), _)) | None => {
                tracing::error!(number = sequence.number, "an alert that was sent is not believed any more")
            }
        }
    }

    fn take_message(&mut self, message: Arc<Message>) {
        let taken = self.alerts.take(message.signed.clone(), now(), None);
        tracing::debug!(?taken, "an alert");
        self.keep_message(message);
    }

    fn keep_message(&mut self, message: Arc<Message>) {
        let latest = message.signed.sequence();
        // Heartbeats say how far the town hall's own numbers are.
        if !latest.is_of_a_box() {
            self.latest = Some(self.latest.map_or(latest, |known| known.max(latest)));
        }
        // What came back from the disk, or was numbered here, is no fork.
        let _numbered = self.sequences.note(&message.signed);
        self.look_whether_believed(&message);
        self.messages.push(message);
    }

    /// The messages of a thread, the earliest first.
    pub(crate) fn thread(&self, id: &str) -> Vec<Arc<Message>> {
        self.messages.iter().filter(|message| message.thread() == id).map(Arc::clone).collect()
    }

    /// Until when one officer may take a thread back, or why none may.
    pub(crate) fn alone_until(
        &self,
        thread: &[Arc<Message>],
        now: UnixMillis,
    ) -> Result<UnixMillis, &'static str> {
        let first = thread.iter().map(|message| message.sent()).min().unwrap_or_default();
        let until = first.plus(ONE_OFFICER_MILLIS);
        if self.alerts.in_force(now).iter().any(|known| known.latest.is_tsunami_order())
            || thread.iter().any(|message| message.signed.is_tsunami_order())
        {
            return Err("tsunami");
        }
        if until < now { Err("late") } else { Ok(until) }
    }

    /// Households to which a thread ever spoke.
    pub(crate) fn told_by(thread: &[Arc<Message>]) -> BTreeSet<HouseholdId> {
        thread.iter().flat_map(|message| message.households().collect::<Vec<_>>()).collect()
    }
}

/// Whether a draft that ends something speaks to everybody whom its thread spoke to, also to those who were told since it was made. An order
/// speaks to whom it is for.
fn is_for_all(told: &BTreeSet<HouseholdId>, draft: &Draft) -> bool {
    let own = || draft.instructions.iter().map(|own| own.household).collect();
    draft.envelope.message == MessageKind::Order || told.is_subset(&own())
}

/// A code of eight digits.
pub(super) fn draw_code() -> Option<u32> {
    Some(u32::from_be_bytes(random::<4>().ok()?) % 90_000_000 + 10_000_000)
}

/// As televisions show it: 4821 7350.
pub(crate) fn code_text(code: u32) -> String {
    format!("{:04} {:04}", code / 10_000, code % 10_000)
}

const fn comma(number: usize) -> &'static str {
    if number == 0 { "" } else { "," }
}

/// What a television is told of its household's answers: never how far anybody got on the way, which it hears of those who arrived.
fn answers_text([_, shown, going, help, _, _]: [Option<UnixMillis>; AnswerKind::ALL.len()]) -> String {
    let known = [("shown", shown), ("going", going), ("help", help)];
    let mut text = String::from("{");
    for (name, at) in known.into_iter().filter_map(|(name, at)| Some((name, at?.get()))) {
        let comma = if text.len() > 1 { "," } else { "" };
        text.push_str(&format!("{comma}\"{name}\":{at}"));
    }
    text.push('}');
    text
}
