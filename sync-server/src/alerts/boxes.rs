//! What boxes are told of alerts, and what they tell: the list of keys, and what was sent and may still matter, as it was signed; what
//! officers need at a kiosk; what was originated there. No household's instruction is in it.

use std::sync::Arc;
use std::time::Duration;

use hinamori_alert::{EVERYBODY, Envelope, Instruction, KeyList, LONGEST_VALIDITY_SECONDS};
use hinamori_model::{BoxId, UnixMillis};
use hinamori_store_sqlite::{AlertStore, SentMessage};
use hinamori_sync::town::Site;
use hinamori_sync::{
    AlertMessage, AlertsHeld, CarriedAlert, KioskKeys, MOST_ALERTS, MOST_DRAFTS, OriginatedAlert, Session,
    WaitingDraft,
};

use crate::alerts::board::{Board, Inner, Message};
use crate::alerts::box_televisions::{ForTelevisions, ToldToBox};
use crate::alerts::draft::Draft;
use crate::alerts::of_base64;
use crate::bundle::BundleError;
use crate::clock::now;
use crate::data::{DataFolder, Keys};
use crate::hub::Hub;

/// How often it is looked for what is over.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How often boxes hear a heartbeat: for the televisions behind them, and to compare their clocks.
const BEAT_EVERY: Duration = Duration::from_secs(20);

/// See the module.
#[derive(Default)]
pub(crate) struct ForBoxes {
    list: Option<(u32, Arc<[u8]>)>,
    /// Alerts, the plan, and officers' sealed keys: what is known by its digest.
    messages: Vec<AlertMessage>,
    drafts: Vec<WaitingDraft>,
    televisions: ForTelevisions,
}

impl ForBoxes {
    #[cfg(test)]
    pub(crate) fn of_alert(alert: CarriedAlert) -> Self {
        Self { messages: vec![AlertMessage::Sent(alert)], ..Self::default() }
    }

    #[cfg(test)]
    pub(crate) fn drafts(&self) -> &[WaitingDraft] {
        &self.drafts
    }

    /// What a stick may bring, without a server that runs: neither drafts nor what households are told.
    ///
    /// # Errors
    /// [`BundleError`].
    pub(crate) fn on_the_disk(
        folder: &DataFolder,
        keys: &Keys,
        now: UnixMillis,
    ) -> Result<Self, BundleError> {
        let bytes = folder.key_list()?;
        let list = bytes.and_then(|bytes| {
            let list = KeyList::decode(&bytes, &keys.town_root.public()).ok()?;
            Some((list.version, bytes.into()))
        });
        let store = AlertStore::open(&folder.alerts(), &keys.alerts, now)?;
        let week = LONGEST_VALIDITY_SECONDS.unsigned_abs().saturating_mul(1_000);
        let told = |SentMessage { alert, envelope, instructions, .. }: SentMessage| {
            let read = Envelope::decode(&envelope).filter(|read| read.sent.plus(week) > now)?;
            let own = instructions.iter().find(|own| own.household == EVERYBODY);
            let leaf = own.filter(|_| read.sequence.is_of_a_box()).map(Instruction::encode);
            Some(said(CarriedAlert { alert, envelope }, leaf))
        };
        let sent = store.messages()?.into_iter().filter_map(told);
        let kiosk_keys = folder.officers()?.kiosk_keys(now);
        let messages = messages_of(sent.rev().take(MOST_ALERTS).collect(), folder.signed_plan()?, kiosk_keys);
        Ok(Self { list, messages, ..Self::default() })
    }

    /// The bytes of what the box at the other end lacks of it. `told` is what it was told of drafts.
    pub(crate) fn offer(&self, session: &mut Session, told: &mut Vec<WaitingDraft>) -> Vec<u8> {
        let list = self.list.as_ref().map(|(version, bytes)| (*version, bytes.as_ref()));
        let mut send = session.offer_alerts(list, []);
        send.extend(session.offer_of_alerts(&self.messages));
        if *told != self.drafts {
            let said = session.offer_of_alerts([&AlertMessage::Drafts(self.drafts.clone())]);
            // Before the box's hello nothing is said.
            if !said.is_empty() {
                told.clone_from(&self.drafts);
            }
            send.extend(said);
        }
        send
    }

    /// The bytes of what the box at a site lacks of what televisions are told.
    pub(crate) fn offer_televisions(
        &self,
        session: &mut Session,
        at: (BoxId, &Site),
        told: &mut ToldToBox,
    ) -> Vec<u8> {
        self.televisions.offer(session, at, told)
    }

    /// What the server has, for a hello: a box tells it only what it lacks.
    pub(crate) fn held(&self) -> AlertsHeld {
        let list = self.list.as_ref().map_or(0, |(version, _)| *version);
        AlertsHeld { list, digests: self.messages.iter().filter_map(AlertMessage::digest).collect() }
    }
}

impl Board {
    /// What boxes are told now: every word of the last week, the earliest first, for a thread begins with its first one. An update that is
    /// over still says that the order before it is.
    pub(crate) fn for_boxes(&self, now: UnixMillis) -> ForBoxes {
        let inner = self.inner();
        let list = inner
            .list
            .as_ref()
            .and_then(|listed| Some((listed.list.version, of_base64(&listed.text)?.into())));
        let told = |message: &Arc<Message>| {
            let carried =
                CarriedAlert { alert: message.alert.clone(), envelope: message.envelope()?.encode() };
            let leaf = message.leaf_of_everybody().filter(|_| message.signed.sequence().is_of_a_box());
            Some(said(carried, leaf))
        };
        let latest_first = inner.of_the_week(now).filter_map(told).take(MOST_ALERTS).collect();
        let plan = inner.signed_plan.as_ref().map(|plan| plan.to_vec());
        let messages = messages_of(latest_first, plan, inner.register.kiosk_keys(now));
        let told = inner.of_the_week(now).filter(|message| message.is_told(now)).map(Arc::clone).collect();
        let televisions = ForTelevisions::of(&inner, told);
        ForBoxes { list, messages, drafts: inner.waiting_drafts(now), televisions }
    }
}

/// What a box originated goes on with what everybody is told: no other box has the households' words.
fn said(carried: CarriedAlert, leaf: Option<Vec<u8>>) -> AlertMessage {
    match leaf {
        Some(leaf) => AlertMessage::Originated(OriginatedAlert { carried, leaf }),
        None => AlertMessage::Sent(carried),
    }
}

/// The earliest first, for a thread begins with its first message; then what officers need at a kiosk.
fn messages_of(
    latest_first: Vec<AlertMessage>,
    plan: Option<Vec<u8>>,
    kiosk_keys: Vec<KioskKeys>,
) -> Vec<AlertMessage> {
    let plan = plan.map(AlertMessage::Plan);
    let keys = (!kiosk_keys.is_empty()).then_some(AlertMessage::KioskKeys(kiosk_keys));
    latest_first.into_iter().rev().chain(plan).chain(keys).collect()
}

impl Inner {
    /// What waits for officers, as boxes are told.
    fn waiting_drafts(&self, now: UnixMillis) -> Vec<WaitingDraft> {
        let waiting = |draft: &Draft| WaitingDraft {
            id: draft.id.clone(),
            draft: CarriedAlert { alert: draft.bytes.clone(), envelope: draft.envelope.encode() },
            needed: u8::try_from(draft.needed).unwrap_or(u8::MAX),
            until: draft.dropped_at(),
        };
        self.drafts.values().filter(|draft| !draft.is_over(now)).take(MOST_DRAFTS).map(waiting).collect()
    }

    /// Changes with every draft and every signature under one.
    fn drafts_mark(&self) -> Vec<(String, usize, usize)> {
        let mark = |draft: &Draft| (draft.id.clone(), draft.envelope.signatures.len(), draft.needed);
        self.drafts.values().map(mark).collect()
    }
}

/// Tells the connections of boxes whenever something was sent, and that the town hall is there.
pub(crate) async fn tell_boxes(hub: Arc<Hub>, board: Arc<Board>) {
    tokio::join!(tell_news(&hub, &board), beat(&hub, &board));
}

async fn tell_news(hub: &Hub, board: &Board) {
    let (mut changes, mut desks) = (board.stations.subscribe(), board.desk_changes());
    loop {
        let mark = board.inner().drafts_mark();
        hub.tell_of_alerts(board.for_boxes(now()));
        let look = tokio::time::sleep(LOOK_EVERY);
        tokio::pin!(look);
        loop {
            tokio::select! {
                changed = changes.changed() => if changed.is_ok() { break } else { return },
                changed = desks.changed() => if changed.is_err() { return },
                () = &mut look => break,
            }
            // A desk hears of every television; a box of drafts alone.
            if board.inner().drafts_mark() != mark {
                break;
            }
        }
    }
}

async fn beat(hub: &Hub, board: &Board) {
    loop {
        if let Some(beat) = board.beat_for_boxes() {
            hub.beat_for_boxes(beat);
        }
        tokio::time::sleep(BEAT_EVERY).await;
    }
}
