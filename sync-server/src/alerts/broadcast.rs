//! What broadcasters' stations are given of the board: signed files, the feed, what is on the air, and counts where a station asked for
//! them. No person and no household is in any of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hinamori_alert::{
    CapTime, Entry, Envelope, Feed, LONGEST_VALIDITY_SECONDS, MessageKind, Sequence, Transport,
};
use hinamori_model::UnixMillis;
use hinamori_net_tls::BroadcastCredential;
use hinamori_store_sqlite::{AnswerKind, OnAir};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::alerts::base64;
use crate::alerts::board::{Board, Inner, Message};
use crate::alerts::keeper::NotKept;
use crate::alerts::stations::Station;
use crate::clock::now;
use crate::hex;

/// Messages that stations are told: a bad week has fewer. Exercises have places of their own: they take one officer, and must not push out
/// what took two.
const MOST_LIVE: usize = 90;
const MOST_EXERCISES: usize = 30;
/// An operator's two acts are so far apart at least.
const BETWEEN_ACTS: Duration = Duration::from_millis(200);
/// Counts are so old that nobody reads in them who came in just now, and rounded down to so many households.
const COUNTS_BEHIND_MILLIS: u64 = 5 * 60_000;
const COUNTS_STEP: usize = 50;

/// Signs files for stations, each once.
pub(crate) struct Broadcast {
    pub(crate) credential: Arc<BroadcastCredential>,
    files: Mutex<BTreeMap<[u8; 32], Arc<[u8]>>>,
}

impl Broadcast {
    pub(crate) fn new(credential: Arc<BroadcastCredential>) -> Self {
        Self { credential, files: Mutex::default() }
    }

    /// The signed file of a message; `None` when this machine cannot sign now.
    pub(crate) fn file(&self, message: &Message) -> Option<Arc<[u8]>> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = files.get(&message.digest) {
            return Some(Arc::clone(file));
        }
        let file: Arc<[u8]> = signed_file(&self.credential, &message.alert, &message.envelope()?)?.into();
        files.insert(message.digest, Arc::clone(&file));
        Some(file)
    }
}

/// The alert and the officers' envelope in one XML file, signed; `None` when this machine cannot sign now.
pub(crate) fn signed_file(
    credential: &BroadcastCredential,
    alert: &[u8],
    envelope: &Envelope,
) -> Option<Vec<u8>> {
    let transport = Transport::of(alert, envelope).ok()?;
    Some(transport.signed(&credential.sign(transport.to_sign())?))
}

/// What an overlay says of itself, for the operator's page.
#[derive(Debug, Clone)]
pub(crate) struct OverlaySays {
    /// The beginning of a message's digest; nothing when its picture is empty.
    pub(crate) shows: String,
    pub(crate) form: String,
    pub(crate) at: UnixMillis,
}

/// The beginning of a digest, by which a page says what it has.
fn short(digest: &[u8; 32]) -> String {
    hex::text(digest.get(..8).unwrap_or_default())
}

impl Inner {
    /// What stations and boxes are told, the newest first: of the last week, so that whoever was off hears how it ended.
    pub(crate) fn of_the_week(&self, now: UnixMillis) -> impl Iterator<Item = &Arc<Message>> {
        let week = LONGEST_VALIDITY_SECONDS.unsigned_abs() * 1_000;
        let mut places = [MOST_LIVE, MOST_EXERCISES];
        self.messages.iter().rev().filter(move |message| {
            let [live, exercises] = &mut places;
            let place = if message.about.is_exercise { exercises } else { live };
            let has_place = message.sent().plus(week) > now && *place > 0;
            *place = place.saturating_sub(usize::from(has_place));
            has_place
        })
    }

    /// Rounded figures of the thread of a message, as they were a while ago.
    fn counts(&self, digest: &[u8; 32], now: UnixMillis) -> Value {
        let Some(message) = self.messages.iter().find(|message| message.digest == *digest) else {
            return Value::Null;
        };
        let until = UnixMillis::new(now.get().saturating_sub(COUNTS_BEHIND_MILLIS) / 60_000 * 60_000);
        let thread = self.thread(&message.thread());
        let told = Self::told_by(&thread);
        let arrived = told.iter().filter(|household| {
            thread.iter().any(|message| {
                let known = self.answers.get(&(message.digest, **household));
                let at = known.and_then(|known| known.get(AnswerKind::Arrived as usize).copied()).flatten();
                at.is_some_and(|at| at <= until)
            })
        });
        let rounded = |count: usize| count / COUNTS_STEP * COUNTS_STEP;
        json!({ "message": hex::text(digest), "at": until, "step": COUNTS_STEP, "households": rounded(told.len()), "arrived": rounded(arrived.count()) })
    }
}

impl Board {
    /// Tells stations that something changed.
    pub(crate) fn tell_stations(&self) {
        self.stations.send_modify(|revision| *revision = revision.wrapping_add(1));
    }

    /// What a station is told (docs/broadcast.md §3).
    pub(crate) fn tell_station(
        &self,
        station: &Station,
        (list_version, has): (u32, &str),
        revision: &str,
    ) -> Value {
        let inner = self.inner();
        // Whoever waited for the others says what time it is now.
        let at = now();
        let beat = self.beat(at, inner.latest.unwrap_or(Sequence { epoch: 0, number: 0 }));
        let list = inner.list.as_ref().filter(|listed| listed.list.version != list_version);
        let message =
            |message: &Arc<Message>| json!({ "envelope": message.envelope, "alert": base64(&message.alert) });
        let known: BTreeSet<&str> = has.split(',').collect();
        let is_new = |message: &&Arc<Message>| !known.contains(short(&message.digest).as_str());
        let overlay = inner.overlays.get(&station.id);
        let air = inner.air.get(&station.id);
        let on_air = air.and_then(|air| air.digest);
        json!({
            "revision": revision,
            "root": hex::text(self.root()),
            "station": { "name": station.name, "counts": station.counts },
            "list": list.map(|listed| listed.text.as_ref()),
            "beat": beat.as_ref(),
            "messages": inner.of_the_week(at).filter(is_new).map(message).collect::<Vec<_>>(),
            "air": air.map(|air| json!({ "message": air.digest.map(|digest| hex::text(&digest)), "at": air.at })),
            "overlay": overlay.map(|says| json!({ "shows": says.shows, "form": says.form, "at": says.at })),
            "counts": on_air.filter(|_| station.counts).map(|digest| inner.counts(&digest, at)),
        })
    }

    /// An operator puts a message on the air, or takes off what is there. `None` when there is no such message.
    pub(crate) async fn take_to_air(
        &self,
        station: u32,
        digest: Option<[u8; 32]>,
    ) -> Result<Option<UnixMillis>, NotKept> {
        let _turn = self.taking.lock().await;
        let at = now();
        let before = self.inner().air.get(&station).copied();
        if let Some(before) = before.filter(|before| before.digest == digest && digest.is_none()) {
            return Ok(Some(before.at));
        }
        if let Some(digest) = digest
            && !self.inner().of_the_week(at).any(|message| message.digest == digest)
        {
            return Ok(None);
        }
        let air = OnAir { station, digest, at };
        self.keeper.ask(move |store| store.note_air(&air)).await?;
        self.inner().air.insert(station, air);
        self.tell_stations();
        sleep(BETWEEN_ACTS).await;
        Ok(Some(at))
    }

    /// What a station's overlay says that it shows.
    pub(crate) fn overlay_says(&self, station: u32, says: OverlaySays) {
        let before = self.inner().overlays.insert(station, says.clone());
        if before.is_none_or(|before| (before.shows, before.form) != (says.shows, says.form)) {
            self.tell_stations();
        }
    }

    /// The feed, with the tag of its content.
    pub(crate) fn feed(&self) -> (Vec<u8>, String) {
        let inner = self.inner();
        let messages: Vec<Arc<Message>> = inner.of_the_week(now()).map(Arc::clone).collect();
        let issuer = inner.plan.as_ref().map(|plan| plan.issuer.plain()).unwrap_or_default();
        drop(inner);
        let entry = |message| Entry { id: name(message), file: file_name(message), alert: message.alert() };
        let updated = messages.first().map(|message| message.sent()).unwrap_or_default();
        let feed = Feed {
            id: &format!("urn:hinamori:feed:{}", hex::text(self.root())),
            title: &format!("{issuer} 避難の お知らせ"),
            author: &issuer,
            updated: CapTime::in_japan(updated),
            entries: messages.iter().map(|message| entry(message)).collect(),
        };
        let bytes = feed.write();
        let tag = format!("\"{}\"", hex::text(&crate::signed_log::sha256(&bytes)));
        (bytes, tag)
    }

    /// The file of the message with this digest in hexadecimal.
    pub(crate) fn file(&self, digest: &str) -> Option<Arc<[u8]>> {
        let found = {
            let inner = self.inner();
            let is_it = |message: &&Arc<Message>| hex::text(&message.digest) == digest;
            inner.of_the_week(now()).find(is_it).map(Arc::clone)
        };
        let found = found?;
        self.broadcast.file(&found)
    }
}

fn name(message: &Message) -> String {
    format!("urn:hinamori:alert:{}", hex::text(&message.digest))
}

fn file_name(message: &Message) -> String {
    format!("{}.xml", hex::text(&message.digest))
}

/// Of each thread what was said last, and nothing that is over: what a station that was not told yet is told. An order that was changed
/// or ended since would only come late to whoever goes by what came last.
pub(crate) fn to_push(inner: &Inner, now: UnixMillis) -> Vec<Arc<Message>> {
    let mut latest: BTreeMap<String, Arc<Message>> = BTreeMap::new();
    for message in &inner.messages {
        latest.insert(message.thread(), Arc::clone(message));
    }
    let mut all: Vec<_> = latest.into_values().filter(|message| message.is_told(now)).collect();
    // An ending before an order, since it takes something off the air.
    all.sort_by_key(|message| (message.kind() == MessageKind::Order, message.signed.sequence()));
    all
}
