//! What the lists' keeper says, and what it is told.

use std::sync::Arc;

use hinamori_crl_mmap::Mark;
use hinamori_ipc::CardData;
use hinamori_model::UnixMillis;
use hinamori_pki::Age;
use hinamori_sync::ListMessage;
use tracing::{error, warn};

use super::Core;
use crate::lists::{ListEvent, ListTask, TooMuch};

pub(super) const SERVER_TIME: &str = "server-time";
/// Milliseconds: the server's time is written down when it moved so far.
const WORTH_KEEPING: u64 = 3_600_000;

impl Core {
    pub(super) fn list_event(&mut self, event: ListEvent) {
        match event {
            ListEvent::Held(held) => {
                self.held = held;
                self.renew_checks();
            }
            ListEvent::Say(message) => self.tell_server(message),
            ListEvent::ServerTime(time) if time > self.server_time => {
                let is_news = time.since(self.server_time) >= WORTH_KEEPING;
                self.server_time = time;
                if is_news {
                    self.keep_server_time(time);
                    self.renew_checks();
                }
            }
            ListEvent::ServerTime(_) => {}
        }
    }

    /// What the kiosk says of the lists.
    pub(super) fn card_data(&self, now: UnixMillis) -> CardData {
        let checks = &self.town.checks;
        let lost = self.held.reached.iter().map(Mark::this_update);
        let Some(at) = checks.verifier.card_data_as_of().into_iter().chain(lost).min() else {
            return if self.held.is_unreadable {
                CardData::Contested(UnixMillis::default())
            } else {
                CardData::None
            };
        };
        if self.held.is_contested() || checks.verifier.is_behind() {
            CardData::Contested(at)
        } else if checks.verifier.oldest(now.max(checks.time.not_before(now))) == Some(Age::TooOld) {
            CardData::TooOld(at)
        } else {
            CardData::AsOf(at)
        }
    }

    fn keep_server_time(&mut self, time: UnixMillis) {
        if let Err(problem) = self.ledger.main_store().set_setting(SERVER_TIME, &time.get().to_be_bytes()) {
            warn!(error = &problem as &dyn std::error::Error, "the server's time is not kept");
        }
    }

    /// From the next card on these lists and the keys of these people count.
    pub(super) fn renew_checks(&mut self) {
        let keys = self.roster.application_keys();
        let checks = self.town.checks.renewed(&self.town.authorities, &self.held, self.server_time, keys);
        self.town.checks = Arc::new(checks);
        self.checks.replace(Arc::clone(&self.town.checks));
    }

    /// Another town or another package: who may sign lists may have changed.
    pub(super) fn authorities_changed(&mut self) {
        let authorities = Arc::clone(&self.town.authorities);
        match &mut self.lists {
            Some(lists) => self.held = lists.load(authorities),
            None => self.tell_town(),
        }
        self.renew_checks();
    }

    /// The keeper goes by another town's authorities and feed key until it hears of this one.
    pub(super) fn tell_town(&mut self) {
        let told = self.keeper.tell(ListTask::Town(Arc::clone(&self.town.authorities)));
        self.town_untold = told.is_err();
    }

    pub(super) fn tell_keeper(&mut self, task: ListTask) {
        if let Err(TooMuch) = self.keeper.tell(task) {
            error!("the server sends more of lists than it was asked for");
            self.hang_up();
        }
    }

    /// What the server said of lists.
    pub(super) fn lists_heard(&mut self, messages: Vec<ListMessage>) {
        for message in messages {
            self.tell_keeper(ListTask::Message(message));
        }
    }
}
