//! Days that the town does not keep any more: the box says again what counts of those of its own site, and drops each day as soon as
//! nothing of it has to be said again.

use std::time::{Duration, Instant};

use hinamori_model::UnixMillis;
use hinamori_record::{Fact, Record};
use hinamori_store_sqlite::{OldDays, StoreError};
use tracing::{error, info};

use super::Core;
use crate::ledger::NotWritten;

/// Looking reads everybody who was at the site.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Records that are said again at once, and bytes of them: far less than a change may have.
const PORTION: usize = 200;
const PORTION_BYTES: usize = 32 << 10;

/// Why old days stay for now.
#[derive(Debug, thiserror::Error)]
enum NotLeft {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] NotWritten),
}

impl Core {
    /// When nobody waits, once a minute.
    pub(super) fn leave_old_days(&mut self, now: UnixMillis) {
        if self.old_days_at.is_some_and(|at| at.elapsed() < LOOK_AGAIN) {
            return;
        }
        self.old_days_at = Some(Instant::now());
        if let Err(problem) = self.say_again(now).and_then(|()| self.drop_old_days()) {
            error!(
                error = &problem as &dyn std::error::Error,
                "days that are not kept any more stay for now"
            );
        }
    }

    fn say_again(&mut self, now: UnixMillis) -> Result<(), NotLeft> {
        let mut old = Vec::new();
        for store in self.ledger.stores() {
            old.extend(store.old_days(PORTION)?);
        }
        let grant = self.uplink.grants.0.get(&self.own).cloned();
        for OldDays { incident, site, unsaid } in old {
            let is_own = grant.as_ref().is_some_and(|grant| grant.may_write(site));
            if is_own && self.ledger.say_again(incident, site, portion_of(unsaid), now)? {
                self.note_own_change(incident);
            }
        }
        Ok(())
    }

    fn drop_old_days(&mut self) -> Result<(), NotLeft> {
        for store in self.ledger.stores_mut() {
            if store.drop_old_days()? {
                info!("days that the town does not keep any more were dropped");
            }
        }
        Ok(())
    }
}

/// As many of them as fit into one change.
fn portion_of(mut records: Vec<Record>) -> Vec<Record> {
    let mut bytes = 0_usize;
    let fitting = records.iter().take_while(|record| {
        let sealed = if let Fact::Profile { sealed, .. } = &record.fact { sealed.len() } else { 0 };
        let before = bytes;
        bytes = bytes.saturating_add(sealed).saturating_add(120);
        before == 0 || bytes <= PORTION_BYTES
    });
    let fitting = fitting.count();
    records.truncate(fitting);
    records
}
