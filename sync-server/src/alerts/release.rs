//! What officers sign in advance, and what a trigger makes of it: which releases stand, which one a warning of the agency means, and the
//! alert that goes out. Every receiver verifies the same again.

use std::sync::Arc;

use hinamori_alert::{
    Envelope, EnvelopeError, Instruction, Instructions, KeyList, MOST_REFERENCES, MessageKind, NotReleased,
    OfficerSignature, PreparedRelease, Released, Report, Sequence, Taken, Thread, Trigger, TsunamiKind,
};
use hinamori_model::UnixMillis;
use hinamori_store_sqlite::StoredRelease;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alerts::board::{Board, Inner, Message, NotSent};
use crate::alerts::draft::{About, Draft, Signed, Triggered};
use crate::alerts::officers::Officer;
use crate::clock::now;
use crate::hex;

/// How old the agency's word may be that releases something.
pub(crate) const LATEST_MILLIS: u64 = 60 * 60_000;
/// Another clock may be so far ahead.
pub(crate) const TOLERANCE_MILLIS: u64 = 2 * 60_000;
/// The trigger is heard of every thirty seconds.
pub(crate) const SILENT_MILLIS: u64 = 3 * 60_000;
/// What not enough officers signed within a day is forgotten.
const WAITS_MILLIS: u64 = 24 * 3_600_000;
/// Refusals of a day that are written down: nobody fills the disk with what is refused.
const MOST_UNSENT: usize = 256;

/// An order that officers sign in advance, whether enough of them did yet or not.
pub(crate) struct Standing {
    pub(crate) id: String,
    pub(crate) digest: [u8; 32],
    pub(crate) prepared: PreparedRelease,
    pub(crate) template: Vec<u8>,
    pub(crate) about: ReleaseAbout,
    pub(crate) instructions: Vec<Instruction>,
}

/// What the desk shows of it. No person is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReleaseAbout {
    pub(crate) about: About,
    /// As the agency calls the segment.
    pub(crate) coast: String,
    /// The content of one household, without names.
    pub(crate) sample: Value,
}

/// What a trigger released and an officer on duty dropped: for its event it is not released any more, nor is anything weaker.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DroppedRelease {
    pub(crate) trigger: Triggered,
    pub(crate) title: String,
    /// Who dropped it, and when.
    pub(crate) by: Signed,
}

/// What a trigger released and nobody was told of. It bars nothing: the agency's next message may release the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UnsentRelease {
    /// Of its envelope, in hexadecimal.
    pub(crate) digest: String,
    pub(crate) trigger: Triggered,
    /// Nothing where what was signed in advance is not here any more.
    pub(crate) title: String,
    pub(crate) why: Unsent,
    pub(crate) at: UnixMillis,
}

/// Why nobody was told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unsent {
    /// No officer on duty signed it in its hour.
    Lapsed,
    /// What was signed in advance was withdrawn.
    NotStanding,
    /// A clock, or it came too late.
    OtherTime,
    /// Its number was given to nobody.
    NoPlace,
    /// Something was sent before it. The trigger signs it anew.
    Overtaken,
    /// It does not hold.
    NotBelieved,
}

/// What the trigger reported of the agency's latest messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Heard {
    /// By the trigger's clock.
    pub(crate) at: UnixMillis,
    /// In earnest.
    pub(crate) message: Option<HeardMessage>,
    /// 訓練 and 試験, which release nothing and take no warning's place.
    pub(crate) drill: Option<HeardMessage>,
}

/// A report of the trigger, and when it came.
pub(crate) struct HeardAt {
    pub(crate) heard: Heard,
    /// By the server's clock.
    pub(crate) came: UnixMillis,
}

impl HeardAt {
    /// Whether the trigger was not heard of for so long that something is wrong with it.
    pub(crate) fn is_silent(&self, now: UnixMillis) -> bool {
        now.since(self.came) > SILENT_MILLIS
    }
}

/// A message of the agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeardMessage {
    /// `Normal`, `Exercise`, `Test`.
    pub(crate) status: String,
    /// `Issued`, `Corrected`, `Withdrawn`.
    pub(crate) info: String,
    /// SHA-256 of its number of the event, in hexadecimal.
    pub(crate) event: String,
    pub(crate) reported: UnixMillis,
    pub(crate) areas: Vec<HeardArea>,
    /// How many segments have a code that the trigger does not know.
    pub(crate) unknown: usize,
}

/// What holds for a segment of coast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeardArea {
    pub(crate) segment: u16,
    /// As JP-evac names it; nothing where there is no warning.
    pub(crate) kind: Option<String>,
    pub(crate) arrives: Option<UnixMillis>,
}

/// Messages of a thread, by identifier and time.
pub(crate) type References = Vec<(String, UnixMillis)>;

/// What a trigger is asked to release, with the place that was given to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) prepared: PreparedRelease,
    pub(crate) template: Vec<u8>,
    pub(crate) sequence: Sequence,
    pub(crate) references: References,
}

/// What became of a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Triggering {
    /// It is out.
    Sent,
    /// An officer on duty has to sign it first. It is lost with a restart: whoever triggered says it again until it is out.
    Waits,
}

/// Why a trigger releases nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTriggered {
    /// Whoever says it.
    #[error("it is no released alert")]
    NoRelease,
    /// It was withdrawn, or is none of this server's.
    #[error("nothing of the kind stands")]
    NotStanding,
    /// Whoever says it, or a clock.
    #[error("its time is not now")]
    OtherTime,
    /// Whoever says it.
    #[error("its place in the sequence was given to nobody")]
    NoPlace,
    /// It was released before, or something at least as strong is in force.
    #[error("it was released before")]
    Before,
    /// An officer on duty dropped it.
    #[error("an officer dropped it")]
    Dropped,
    /// The trigger's clock, or what was sent since: every receiver would pass it over.
    #[error("something later was sent: its time or its number is not the latest")]
    Overtaken,
    /// It does not hold.
    #[error(transparent)]
    NotBelieved(#[from] EnvelopeError),
    /// The disk, or what was sent since.
    #[error(transparent)]
    NotSent(#[from] NotSent),
}

/// As an officer is told who signs it.
impl From<NotTriggered> for NotSent {
    fn from(why: NotTriggered) -> Self {
        match why {
            NotTriggered::Before => Self::AsStrong,
            NotTriggered::Overtaken => Self::ComesAnew,
            _ => Self::Gone,
        }
    }
}

impl NotTriggered {
    /// What is written down of it; nothing where nobody has to do anything.
    const fn unsent(&self) -> Option<Unsent> {
        match self {
            Self::NoRelease | Self::NotBelieved(_) => Some(Unsent::NotBelieved),
            Self::NotStanding => Some(Unsent::NotStanding),
            Self::OtherTime => Some(Unsent::OtherTime),
            Self::NoPlace => Some(Unsent::NoPlace),
            Self::Overtaken => Some(Unsent::Overtaken),
            // Something as strong is out or waits; somebody decided it; or it is brought again.
            Self::Before | Self::Dropped | Self::NotSent(_) => None,
        }
    }
}

/// The strongest is the highest.
pub(crate) const fn strength(kind: TsunamiKind) -> u8 {
    match kind {
        TsunamiKind::MajorWarning => 3,
        TsunamiKind::Warning => 2,
        TsunamiKind::Advisory => 1,
    }
}

impl Standing {
    /// Puts one together; what officers sign names it.
    pub(crate) fn new(
        prepared: PreparedRelease,
        template: Vec<u8>,
        about: ReleaseAbout,
        instructions: Vec<Instruction>,
    ) -> Self {
        let digest = prepared.digest();
        let id = hex::text(digest.get(..8).unwrap_or_default());
        Self { id, digest, prepared, template, about, instructions }
    }

    fn stored(&self) -> StoredRelease {
        StoredRelease {
            digest: self.digest,
            prepared: self.prepared.encode(),
            template: self.template.clone(),
            about: serde_json::to_string(&self.about).unwrap_or_default(),
            instructions: self.instructions.clone(),
        }
    }

    /// Whether two officers signed it, and it is its time.
    pub(crate) fn stands(&self, list: &KeyList, now: UnixMillis) -> bool {
        self.prepared.stands_at(now) && self.prepared.verify(list).is_ok()
    }

    /// Whether nobody can use it any more: its time is over, not enough officers signed it in a day, or the town has declared it void.
    pub(crate) fn is_over(&self, list: Option<&KeyList>, now: UnixMillis) -> bool {
        let is_signed = self.about.about.signed.len() > 1;
        self.prepared.until < now
            || (!is_signed && self.about.about.made.plus(WAITS_MILLIS) < now)
            || list.is_some_and(|list| self.prepared.is_void(list))
    }

    fn is_for(&self, other: &Self) -> bool {
        (self.prepared.kind, self.prepared.segment) == (other.prepared.kind, other.prepared.segment)
    }

    fn triggered(&self, event: &[u8; 32]) -> Triggered {
        Triggered {
            kind: self.prepared.kind.text().to_owned(),
            segment: self.prepared.segment.number(),
            coast: self.about.coast.clone(),
            event: hex::text(event),
            prepared_by: self.about.about.signed.clone(),
        }
    }
}

impl UnsentRelease {
    /// Of a draft that waited for an officer on duty.
    fn of_draft(draft: &Draft, why: Unsent, at: UnixMillis) -> Option<Self> {
        let About { trigger, title, .. } = &draft.about;
        Some(Self { digest: draft.name(), trigger: trigger.clone()?, title: title.clone(), why, at })
    }
}

impl Inner {
    /// A release of the file.
    pub(crate) fn take_release(&mut self, stored: StoredRelease) {
        let StoredRelease { digest, prepared, template, about, instructions } = stored;
        let read = PreparedRelease::decode(&prepared).zip(serde_json::from_str(&about).ok());
        let read = read.map(|(prepared, about)| Standing::new(prepared, template, about, instructions));
        match read.filter(|standing| standing.digest == digest) {
            Some(standing) => drop(self.releases.insert(standing.id.clone(), Arc::new(standing))),
            None => tracing::error!("an order that was signed in advance cannot be read, and does not stand"),
        }
    }

    /// A release that was dropped, of the file.
    pub(crate) fn take_dropped(&mut self, about: &str) {
        match serde_json::from_str(about) {
            Ok(dropped) => self.dropped.push(dropped),
            Err(_malformed) => tracing::error!("a release that an officer dropped cannot be read"),
        }
    }

    /// The same of one of which nobody was told.
    pub(crate) fn take_unsent(&mut self, about: &str) {
        match serde_json::from_str(about) {
            Ok(unsent) => self.unsent.push(unsent),
            Err(_malformed) => tracing::error!("a release of which nobody was told cannot be read"),
        }
    }

    /// What was released for a segment, or waits for an officer, but for the draft with this digest: the alert's message with its kind.
    fn released_for<'a>(
        &'a self,
        segment: u16,
        but: Option<&'a [u8; 32]>,
    ) -> impl Iterator<Item = (&'a Triggered, Option<&'a Arc<Message>>)> {
        let sent = self.messages.iter().filter_map(|sent| Some((sent.about.trigger.as_ref()?, Some(sent))));
        let others = self.drafts.values().filter(move |draft| but != Some(&draft.digest));
        let waiting = others.filter_map(|draft| Some((draft.about.trigger.as_ref()?, None)));
        sent.chain(waiting).filter(move |(trigger, _)| trigger.segment == segment)
    }

    /// The thread that an upgrade belongs to: what was released for the segment and is still in force; nothing where none is. `Err` where
    /// this kind was released before for the event, something at least as strong is in force or waits, or an officer dropped it. `but` is the
    /// draft of which it is asked.
    fn thread_of(
        &self,
        (kind, segment): (TsunamiKind, u16),
        event: &str,
        but: Option<&[u8; 32]>,
        now: UnixMillis,
    ) -> Result<Option<Arc<Message>>, NotTriggered> {
        let is_as_strong =
            |other: &str| kind_of(other).is_some_and(|known| strength(known) >= strength(kind));
        let is_own = |trigger: &Triggered| {
            trigger.segment == segment && trigger.event == event && is_as_strong(&trigger.kind)
        };
        if self.dropped.iter().any(|dropped| is_own(&dropped.trigger)) {
            return Err(NotTriggered::Dropped);
        }
        let in_force = self.alerts.in_force(now);
        let mut thread = None;
        for (trigger, sent) in self.released_for(segment, but) {
            let is_same = trigger.event == event && trigger.kind == kind.text();
            let holds = sent.is_none_or(|sent| {
                let own = sent.signed.alert().alert().id();
                // How it ended is shown for a while and orders nothing: the next wave is not kept back by it.
                let orders =
                    |known: &&Thread<'_>| known.latest.alert().evacuation().message == MessageKind::Order;
                in_force.iter().filter(orders).any(|known| known.messages.contains(&own))
            });
            if is_same || (holds && is_as_strong(&trigger.kind)) {
                return Err(NotTriggered::Before);
            }
            if holds && let Some(sent) = sent {
                thread = Some(Arc::clone(sent));
            }
        }
        Ok(thread)
    }

    /// What the agency's message means here: releases that stand for it and were not released, with the messages of the thread that they go on.
    pub(crate) fn proposed(&self, said: &HeardMessage, now: UnixMillis) -> Vec<(Arc<Standing>, References)> {
        let Some(list) = self.list.as_ref().map(|listed| Arc::clone(&listed.list)) else { return Vec::new() };
        let is_meant = said.status == "Normal" && said.info != "Withdrawn";
        if !is_meant || now.since(said.reported) > LATEST_MILLIS {
            return Vec::new();
        }
        let warns = |standing: &Standing| {
            said.areas.iter().any(|area| {
                area.segment == standing.prepared.segment.number()
                    && area.kind.as_deref() == Some(standing.prepared.kind.text())
            })
        };
        let mut found: Vec<(Arc<Standing>, References)> = Vec::new();
        let standing = self.releases.values().filter(|one| warns(one) && one.stands(&list, now));
        for standing in standing {
            // The one that was made last stands for those before it.
            let is_newer = |(known, _): &(Arc<Standing>, _)| known.prepared.from < standing.prepared.from;
            if let Some(known) = found.iter_mut().find(|(known, _)| known.is_for(standing)) {
                if is_newer(known) {
                    known.0 = Arc::clone(standing);
                }
                continue;
            }
            let warning = (standing.prepared.kind, standing.prepared.segment.number());
            match self.thread_of(warning, &said.event, None, now) {
                Ok(thread) => found.push((Arc::clone(standing), self.references(thread.as_deref()))),
                Err(_not_now) => {}
            }
        }
        found
    }

    /// The thread that a released alert goes on, or begins. `Err` where it is not what would be proposed now: it would be passed over by
    /// receivers, or goes on as if nobody had sent anything since.
    fn goes_on(
        &self,
        envelope: &Envelope,
        trigger: &Trigger,
        now: UnixMillis,
    ) -> Result<Option<Arc<Message>>, NotTriggered> {
        let warning = (trigger.kind, trigger.segment.number());
        let own = envelope.digest();
        let first = self.thread_of(warning, &hex::text(&trigger.event), Some(&own), now)?;
        let thread = first.as_ref().map(|first| self.thread(&first.thread())).unwrap_or_default();
        let is_later = |sent: &Arc<Message>| sent.sent() >= envelope.sent;
        if self.references(first.as_deref()) != trigger.references || thread.iter().any(is_later) {
            return Err(NotTriggered::Overtaken);
        }
        Ok(first)
    }

    /// Takes a draft away that a trigger released and that cannot go out any more, and says why. One after the other, so that of two that
    /// are in each other's way one stays.
    fn take_overtaken(&mut self, now: UnixMillis) -> Option<(Draft, NotTriggered)> {
        let why = |draft: &Draft| {
            let released = draft.envelope.release.as_deref()?;
            if draft.is_over(now) {
                return Some(NotTriggered::OtherTime);
            }
            self.goes_on(&draft.envelope, &released.trigger, now).err()
        };
        let (id, why) = self.drafts.values().find_map(|draft| Some((draft.id.clone(), why(draft)?)))?;
        Some((self.drafts.remove(&id)?, why))
    }

    /// Whether somebody has to see that nobody was told of it: always where no officer signed it; otherwise as long as nothing as strong was
    /// released for the same warning.
    pub(crate) fn matters(
        &self,
        UnsentRelease { trigger, why, .. }: &UnsentRelease,
        now: UnixMillis,
    ) -> bool {
        let kind = kind_of(&trigger.kind);
        *why == Unsent::Lapsed
            || kind.is_some_and(|kind| {
                self.thread_of((kind, trigger.segment), &trigger.event, None, now).is_ok()
            })
    }

    /// A release of which nobody is told, as it is written down.
    fn unsent_of(&self, envelope: &Envelope, why: Unsent, at: UnixMillis) -> Option<UnsentRelease> {
        let Released { prepared, trigger } = envelope.release.as_deref()?;
        let (digest, own) = (hex::text(&envelope.digest()), prepared.digest());
        let unsent = |trigger, title| UnsentRelease { digest, trigger, title, why, at };
        if let Some(standing) = self.releases.values().find(|known| known.digest == own) {
            return Some(unsent(standing.triggered(&trigger.event), standing.about.about.title.clone()));
        }
        let coast = self.plan.as_deref().and_then(|plan| plan.coast(trigger.segment));
        let trigger = Triggered {
            kind: trigger.kind.text().to_owned(),
            segment: trigger.segment.number(),
            coast: coast.map(|coast| coast.name.clone()).unwrap_or_default(),
            event: hex::text(&trigger.event),
            prepared_by: Vec::new(),
        };
        Some(unsent(trigger, String::new()))
    }

    /// The latest messages of a thread, as a trigger names them.
    fn references(&self, of: Option<&Message>) -> References {
        let thread = of.map(|message| self.thread(&message.thread())).unwrap_or_default();
        let skipped = thread.len().saturating_sub(MOST_REFERENCES);
        let id = |message: &Arc<Message>| (message.alert().identifier.clone(), message.sent());
        thread.iter().skip(skipped).map(id).collect()
    }
}

/// The kind of JP-evac's name for it.
pub(crate) fn kind_of(name: &str) -> Option<TsunamiKind> {
    hinamori_alert::Word::of_text(name)
}

impl Board {
    /// Keeps a release that was just made.
    pub(crate) async fn put_release(&self, standing: Standing) -> Result<Arc<Standing>, NotSent> {
        let _acting = self.acting.lock().await;
        let stored = standing.stored();
        self.keeper.ask(move |store| store.put_release(&stored)).await?;
        let standing = Arc::new(standing);
        self.inner().releases.insert(standing.id.clone(), Arc::clone(&standing));
        self.changed();
        Ok(standing)
    }

    /// An officer's signature under a release, kept on the disk. Whether it stands now; those that it stands for are forgotten.
    pub(crate) async fn sign_release(
        &self,
        id: &str,
        officer: &Officer,
        signature: OfficerSignature,
    ) -> Result<bool, NotSent> {
        let _acting = self.acting.lock().await;
        let (signed, stands, before) = {
            let inner = self.inner();
            let list = inner.list.as_ref().map(|listed| Arc::clone(&listed.list));
            let list = list.ok_or(NotSent::BadSignature)?;
            let known = inner.releases.get(id).filter(|known| !known.is_over(Some(&list), now()));
            let known = known.ok_or(NotSent::Gone)?;
            if known.about.about.signed.iter().any(|signed| signed.officer == officer.id) {
                return Err(NotSent::SignedAlready);
            }
            let mut prepared = known.prepared.clone();
            prepared.signatures.push(signature);
            let officers = prepared.officers(&list).map_err(|_why| NotSent::BadSignature)?;
            // The device is of the officer who is signed in, not of somebody else who happens to be here.
            if officers.len() != prepared.signatures.len() || !officers.iter().any(|one| one.0 == officer.id)
            {
                return Err(NotSent::BadSignature);
            }
            let mut about = known.about.clone();
            about.about.signed.push(Signed::by(officer, now()));
            let signed = Standing::new(prepared, known.template.clone(), about, known.instructions.clone());
            let stands = signed.stands(&list, now());
            let is_before = |other: &&Arc<Standing>| stands && other.id != signed.id && other.is_for(&signed);
            let before: Vec<_> = inner
                .releases
                .values()
                .filter(is_before)
                .map(|other| (other.id.clone(), other.digest))
                .collect();
            (signed, stands, before)
        };
        let stored = signed.stored();
        let dropped: Vec<_> = before.iter().map(|(_, digest)| *digest).collect();
        let kept = self.keeper.ask(move |store| {
            store.put_release(&stored)?;
            dropped.iter().try_for_each(|digest| store.drop_release(digest))
        });
        kept.await?;
        let mut inner = self.inner();
        before.iter().for_each(|(id, _)| drop(inner.releases.remove(id)));
        inner.releases.insert(signed.id.clone(), Arc::new(signed));
        drop(inner);
        self.changed();
        Ok(stands)
    }

    /// Takes a release away: one officer does, since nobody is warned by it.
    pub(crate) async fn withdraw_release(&self, id: &str) -> Result<(), NotSent> {
        let _acting = self.acting.lock().await;
        let digest = self.inner().releases.get(id).map(|known| known.digest).ok_or(NotSent::Gone)?;
        self.keeper.ask(move |store| store.drop_release(&digest)).await?;
        self.inner().releases.remove(id);
        self.changed();
        Ok(())
    }

    /// What the trigger heard; gives what it is asked to release for it, each with a place of its own, which it is given until it uses it:
    /// numbers that run ahead make old ones of what waits for its officers.
    pub(crate) async fn hear(&self, heard: Heard) -> Result<Vec<Proposal>, NotSent> {
        let _acting = self.acting.lock().await;
        self.drop_overtaken().await;
        let event = heard.message.as_ref().map(|said| said.event.clone()).unwrap_or_default();
        let wanted = {
            let (mut inner, came) = (self.inner(), now());
            let before = inner.heard.as_ref().map(|known| (&known.heard.message, &known.heard.drill));
            let is_news = before != Some((&heard.message, &heard.drill)) || inner.wrong_clock.is_some();
            let wanted = heard.message.as_ref().map(|said| inner.proposed(said, came)).unwrap_or_default();
            (inner.heard, inner.wrong_clock) = (Some(HeardAt { heard, came }), None);
            inner.places.retain(|(_, known), _| *known == event);
            drop(inner);
            if is_news {
                self.changed();
            }
            wanted
        };
        let mut proposals = Vec::with_capacity(wanted.len());
        for (standing, references) in wanted {
            let key = (standing.digest, event.clone());
            let known = self.inner().places.get(&key).copied();
            let sequence = match known {
                Some(known) => known,
                None => {
                    let fresh = self.keeper.ask(|store| store.next()).await?;
                    self.inner().places.insert(key, fresh);
                    fresh
                }
            };
            let (prepared, template) = (standing.prepared.clone(), standing.template.clone());
            proposals.push(Proposal { prepared, template, sequence, references });
        }
        Ok(proposals)
    }

    /// The trigger signed a report by a clock that is far from this one: nothing is believed of it but that. While the trigger is heard of,
    /// it is somebody who plays an old report back.
    pub(crate) fn note_wrong_clock(&self, at: UnixMillis, came: UnixMillis) {
        let mut inner = self.inner();
        if inner.heard.as_ref().is_some_and(|known| !known.is_silent(came)) {
            return;
        }
        let is_news = inner.wrong_clock.replace((at, came)).is_none();
        drop(inner);
        if is_news {
            self.changed();
        }
    }

    /// A trigger: what it releases goes out, or waits for an officer on duty. The same one again is told what became of it.
    pub(crate) async fn trigger(&self, bytes: &[u8]) -> Result<Triggering, NotTriggered> {
        let envelope = Envelope::decode(bytes).ok_or(NotTriggered::NoRelease)?;
        // Nobody else has officers wait for it.
        let listed = self.inner().list.clone().ok_or(NotTriggered::NotStanding)?;
        let released = envelope.release.as_deref().ok_or(NotTriggered::NoRelease)?;
        if !released.is_triggered(&envelope, &listed.list) {
            return Err(EnvelopeError::NotReleased(NotReleased::BadTrigger).into());
        }
        let _acting = self.acting.lock().await;
        self.drop_overtaken().await;
        let outcome = self.release(&envelope).await;
        if let Some(why) = outcome.as_ref().err().and_then(NotTriggered::unsent) {
            let unsent = self.inner().unsent_of(&envelope, why, now());
            self.note_unsent(unsent).await;
        }
        // A weaker one that waits makes room for what waits now, or is out.
        self.drop_overtaken().await;
        outcome
    }

    /// Takes away what a trigger released and cannot go out any more, and writes it down. Whoever acts calls it. Gives the drafts' ids.
    pub(crate) async fn drop_overtaken(&self) -> Vec<(String, NotTriggered)> {
        let mut all = Vec::new();
        loop {
            let at = now();
            let taken = self.inner().take_overtaken(at);
            let Some((draft, why)) = taken else { return all };
            tracing::warn!(%why, "what a trigger released waits no longer");
            let is_lapsed = draft.is_over(at) && draft.needed > 0;
            let unsent = if is_lapsed { Some(Unsent::Lapsed) } else { why.unsent() };
            self.note_unsent(unsent.and_then(|unsent| UnsentRelease::of_draft(&draft, unsent, at))).await;
            self.changed();
            all.push((draft.id, why));
        }
    }

    /// What every receiver would pass over or not believe goes away, where a trigger released it: with a signature under it, it would keep back
    /// for an hour what the trigger signs anew. What the officer is told.
    pub(crate) async fn overtaken(&self, id: &str) -> NotSent {
        let (draft, holds) = {
            let mut inner = self.inner();
            if inner.drafts.get(id).is_none_or(|draft| draft.envelope.release.is_none()) {
                return NotSent::Overtaken;
            }
            let list = inner.list.as_ref().map(|listed| Arc::clone(&listed.list));
            let Some(draft) = inner.drafts.remove(id) else { return NotSent::Gone };
            let holds = list.is_some_and(|list| draft.envelope.verify(&draft.bytes, &list).is_ok());
            (draft, holds)
        };
        let why = if holds { Unsent::Overtaken } else { Unsent::NotBelieved };
        self.note_unsent(UnsentRelease::of_draft(&draft, why, now())).await;
        self.changed();
        if holds { NotSent::ComesAnew } else { NotSent::Overtaken }
    }

    /// Writes a release down of which nobody is told: once, however often it is brought.
    async fn note_unsent(&self, unsent: Option<UnsentRelease>) {
        let Some(unsent) = unsent else { return };
        {
            let inner = self.inner();
            let is_of_today = |known: &&UnsentRelease| unsent.at.since(known.at) < WAITS_MILLIS;
            if inner.unsent.iter().any(|known| known.digest == unsent.digest)
                || (unsent.why != Unsent::Lapsed
                    && inner.unsent.iter().filter(is_of_today).count() >= MOST_UNSENT)
            {
                return;
            }
        }
        let (digest, about) = (unsent.digest.clone(), serde_json::to_string(&unsent).unwrap_or_default());
        if let Err(error) = self.keeper.ask(move |store| store.note_unsent(&digest, &about)).await {
            tracing::error!(%error, "that nobody was told of a release is not written down");
        }
        self.inner().unsent.push(unsent);
        self.changed();
    }

    async fn release(&self, envelope: &Envelope) -> Result<Triggering, NotTriggered> {
        let latest = self.keeper.ask(|store| store.latest()).await.map_err(NotSent::from)?;
        let digest = envelope.digest();
        let draft = {
            let mut inner = self.inner();
            if inner.messages.iter().any(|sent| sent.digest == digest) {
                return Ok(Triggering::Sent);
            }
            // What only the disk refused is tried again.
            inner.drafts.retain(|_, draft| draft.digest != digest || draft.needed > 0);
            if inner.drafts.values().any(|draft| draft.digest == digest) {
                return Ok(Triggering::Waits);
            }
            let name = hex::text(&digest);
            match inner.unsent.iter().find(|known| known.digest == name).map(|known| known.why) {
                Some(Unsent::Lapsed) => return Err(NotTriggered::OtherTime),
                Some(Unsent::Overtaken) => return Err(NotTriggered::Overtaken),
                Some(_) | None => {}
            }
            // Whatever becomes of it, another one has another number.
            inner.places.retain(|_, place| *place != envelope.sequence);
            let list = inner.list.as_ref().map(|listed| Arc::clone(&listed.list));
            let list = list.ok_or(NotTriggered::NotStanding)?;
            let (mut draft, needs_officer) = inner.released(envelope, &list, latest)?;
            if needs_officer {
                draft.needed = 1;
                inner.drafts.insert(draft.id.clone(), draft);
                drop(inner);
                self.changed();
                tracing::warn!("a trigger's release waits for an officer on duty");
                return Ok(Triggering::Waits);
            }
            draft
        };
        let (signed, listed) = {
            let inner = self.inner();
            let listed = inner.list.clone().ok_or(NotTriggered::NotStanding)?;
            let signed = draft.envelope.verify(&draft.bytes, &listed.list)?;
            if !matches!(inner.as_received(&signed, now(), None), Ok((Taken::InForce, _))) {
                return Err(NotTriggered::Overtaken);
            }
            (signed, listed)
        };
        self.send(draft, signed, &listed).await?;
        Ok(Triggering::Sent)
    }
}

impl Inner {
    /// The alert that a trigger releases, filled in from what is kept here, and whether it waits for an officer.
    fn released(
        &self,
        envelope: &Envelope,
        list: &KeyList,
        latest: Sequence,
    ) -> Result<(Draft, bool), NotTriggered> {
        let Released { prepared, trigger } = envelope.release.as_deref().ok_or(NotTriggered::NoRelease)?;
        let digest = prepared.digest();
        let standing = self.releases.values().find(|known| known.digest == digest);
        let standing = standing.ok_or(NotTriggered::NotStanding)?;
        let at = now();
        if envelope.sent > at.plus(TOLERANCE_MILLIS) || at.since(envelope.sent) > LATEST_MILLIS {
            return Err(NotTriggered::OtherTime);
        }
        let is_taken = |sent: &Arc<Message>| sent.signed.sequence() == envelope.sequence;
        if envelope.sequence.epoch != latest.epoch
            || envelope.sequence.number > latest.number
            || self.messages.iter().any(is_taken)
        {
            return Err(NotTriggered::NoPlace);
        }
        let thread = self.goes_on(envelope, trigger, at)?;
        let released = Released { prepared: standing.prepared.clone(), trigger: trigger.clone() };
        let place = (envelope.sequence, envelope.sent);
        let (filled, bytes) = Envelope::released(released, &standing.template, place)?;
        let needs_officer = match filled.verify(&bytes, list) {
            Ok(_) => false,
            Err(EnvelopeError::NotReleased(NotReleased::NeedsOfficer)) => true,
            Err(error) => return Err(error.into()),
        };
        if filled.message != MessageKind::Order || filled.digest() != envelope.digest() {
            return Err(NotTriggered::NoRelease);
        }
        let report = Report::of(&bytes).map_err(EnvelopeError::Refused)?;
        let valid = report.into_valid().map_err(EnvelopeError::Broken)?;
        let ReleaseAbout { about, mut sample, .. } = standing.about.clone();
        // As a television fills it in.
        if let Value::Object(said) = &mut sample {
            let times = [
                ("sent", Some(filled.sent)),
                ("expires", Some(filled.expires)),
                ("arrives", trigger.arrives),
            ];
            said.extend(times.map(|(name, at)| (name.to_owned(), serde_json::json!(at))));
        }
        let digest = filled.digest();
        let about = About {
            arrives: trigger.arrives,
            made: at,
            signed: Vec::new(),
            thread: thread.map(|first| first.thread()),
            trigger: Some(standing.triggered(&trigger.event)),
            ..about
        };
        let draft = Draft {
            id: hex::text(digest.get(..8).unwrap_or_default()),
            envelope: filled,
            digest,
            bytes,
            valid,
            together: Instructions::with_places(&standing.instructions).ok_or(NotTriggered::NotStanding)?,
            instructions: standing.instructions.clone(),
            sample,
            about,
            needed: 0,
        };
        Ok((draft, needs_officer))
    }
}
