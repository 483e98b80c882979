//! What every box is told of alerts: the list of keys, and what was sent and may still matter, as it was signed. No household's
//! instruction is in it.

use std::sync::Arc;
use std::time::Duration;

use hinamori_alert::{Envelope, KeyList, LONGEST_VALIDITY_SECONDS};
use hinamori_model::UnixMillis;
use hinamori_store_sqlite::{AlertStore, SentMessage};
use hinamori_sync::{CarriedAlert, MOST_ALERTS, Session};

use crate::alerts::board::{Board, Message};
use crate::alerts::of_base64;
use crate::bundle::BundleError;
use crate::clock::now;
use crate::data::{DataFolder, Keys};
use crate::hub::Hub;

/// How often it is looked for what is over.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Default)]
pub(crate) struct ForBoxes {
    list: Option<(u32, Arc<[u8]>)>,
    alerts: Vec<CarriedAlert>,
}

impl ForBoxes {
    #[cfg(test)]
    pub(crate) fn of_alert(alert: CarriedAlert) -> Self {
        Self { list: None, alerts: vec![alert] }
    }

    /// The same without a server that runs, for a stick.
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
        let carried = |SentMessage { alert, envelope, .. }: SentMessage| {
            let is_of_the_week = Envelope::decode(&envelope)?.sent.plus(week) > now;
            is_of_the_week.then_some(CarriedAlert { alert, envelope })
        };
        let mut alerts: Vec<CarriedAlert> =
            store.messages()?.into_iter().filter_map(carried).rev().take(MOST_ALERTS).collect();
        alerts.reverse();
        Ok(Self { list, alerts })
    }

    /// The bytes of what the box at the other end lacks of it.
    pub(crate) fn offer(&self, session: &mut Session) -> Vec<u8> {
        let list = self.list.as_ref().map(|(version, bytes)| (*version, bytes.as_ref()));
        session.offer_alerts(list, &self.alerts)
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
        let carried = |message: &Arc<Message>| {
            let envelope = message.envelope()?.encode();
            Some(CarriedAlert { alert: message.alert.clone(), envelope })
        };
        let mut alerts: Vec<CarriedAlert> =
            inner.of_the_week(now).filter_map(carried).take(MOST_ALERTS).collect();
        alerts.reverse();
        ForBoxes { list, alerts }
    }
}

/// Tells the connections of boxes whenever something was sent.
pub(crate) async fn tell_boxes(hub: Arc<Hub>, board: Arc<Board>) {
    let mut changes = board.stations.subscribe();
    loop {
        hub.tell_of_alerts(board.for_boxes(now()));
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
