//! Who looked at whom, as the boxes wrote it down, for whoever has to answer for it. Reading it is written down too, in a log
//! of the server's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hinamori_model::{AuditAction, LookupReason, PersonId, SiteId, StaffId, UnixMillis};
use hinamori_store_sqlite::{Audited, Budget, Looked, StoreError};
use hinamori_sync::town::Package;
use hinamori_sync::{Grants, Vectors, verify_seal};
use serde::{Deserialize, Serialize};

use crate::archive::Stores;
use crate::data::{DataError, DataFolder, Keys};
use crate::signed_log::{LogError, SignedLog};
use crate::staff::role_name;

/// The log's name.
const LOG: &str = "audit";
/// Batches that are checked at once: the rest stays on the disk meanwhile.
const AT_ONCE: Budget = Budget { batches: 500, bytes: 8 << 20 };

/// Why it cannot be said.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The databases.
    #[error("the records cannot be read")]
    Store(#[from] StoreError),
    /// The server's own log: without it nothing is shown.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Somebody changed what a box had sealed, or the disk did.
    #[error(
        "{bad} of {all} batches of records do not hold any more: somebody changed them, or the disk is damaged"
    )]
    Broken {
        /// Batches whose seal does not hold.
        bad: u64,
        /// Batches in all.
        all: u64,
    },
}

/// Which records are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AuditQuestion {
    /// Of one site.
    pub site: Option<SiteId>,
    /// About one person.
    pub person: Option<PersonId>,
    /// Since then.
    pub since: UnixMillis,
}

/// A line of the server's own log.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    did: String,
    site: Option<SiteId>,
    person: Option<PersonId>,
    since: UnixMillis,
    lines: u64,
}

/// The records as CSV (RFC 4180, UTF-8), the oldest first, drills after everything else. That they were asked for is on the
/// disk before they are given.
///
/// # Errors
/// [`AuditError`].
pub fn audit_list(
    folder: &DataFolder,
    keys: &Keys,
    question: &AuditQuestion,
    now: UnixMillis,
) -> Result<String, AuditError> {
    let (_, package) = folder.town(keys)?;
    let stores = Stores::open(folder, &keys.key_table)?;
    let names: BTreeMap<StaffId, &str> =
        package.staff.iter().map(|grant| (grant.id, grant.name.expose())).collect();
    let mut text =
        String::from("at,world,incident,site,site_name,action,staff,name,role,person,reason,people\r\n");
    let mut lines = 0_u64;
    for (world, store) in ["live", "drill"].into_iter().zip(stores.all()) {
        store.for_each_audit(question.since, |audited| {
            let is_wanted = question.site.is_none_or(|site| site == audited.site)
                && question.person.is_none_or(|person| audited.person == Some(person));
            if is_wanted {
                lines = lines.saturating_add(1);
                text.push_str(&row(world, &audited, &package, &names));
            }
        })?;
    }
    let AuditQuestion { site, person, since } = *question;
    let entry = Entry { did: "list".to_owned(), site, person, since, lines };
    SignedLog::new(folder.path(), LOG, &keys.log).append(now, entry)?;
    Ok(text)
}

/// Checks the seal of every batch of records that the server holds, and its own log from the first line.
///
/// # Errors
/// [`AuditError::Broken`] and [`LogError::Broken`] when something was changed.
pub fn audit_verify(folder: &DataFolder, keys: &Keys) -> Result<String, AuditError> {
    let (_, package) = folder.town(keys)?;
    let (grants, stores) = (Grants::from(&package), Stores::open(folder, &keys.key_table)?);
    let (mut all, mut bad) = (0_u64, 0_u64);
    for store in stores.all() {
        let mut seen = Vectors::new();
        loop {
            let mut budget = AT_ONCE;
            let batches = store.batches_missing_at(&seen, |_| true, &mut budget)?;
            if batches.is_empty() {
                break;
            }
            for batch in batches {
                let (scope, actor, upto) = (batch.seal.scope, batch.seal.actor, batch.seal.upto);
                let held = seen.entry(scope).or_default().entry(actor).or_insert(0);
                all = all.saturating_add(1);
                if verify_seal(batch, &grants).is_err() {
                    bad = bad.saturating_add(1);
                }
                // Also after a broken one, or the same would come again for ever.
                *held = upto.max(held.saturating_add(1));
            }
        }
    }
    let log = SignedLog::new(folder.path(), LOG, &keys.log);
    let head = log.read(|_line: crate::signed_log::Line<Entry>| {})?;
    if bad > 0 {
        return Err(AuditError::Broken { bad, all });
    }
    Ok(format!("{all} batches of records hold\nthe server's log: {head}\n"))
}

fn row(world: &str, audited: &Audited, package: &Package, names: &BTreeMap<StaffId, &str>) -> String {
    let Audited { incident, site, person, people, looked } = audited;
    let Looked { at, staff, role, action, reason } = looked;
    let site_name = package.sites.iter().find(|known| known.id == *site).map_or("", |known| &known.name);
    let name = staff.and_then(|staff| names.get(&staff).copied()).unwrap_or_default();
    let mut line = String::new();
    let staff = staff.map(|staff| staff.to_string()).unwrap_or_default();
    let person = person.map(|person| person.to_string()).unwrap_or_default();
    let reason = reason.map_or("", reason_name);
    // Writing to a string does not fail.
    write!(line, "{},{world},{incident},{site},{},", time_of(*at), quoted(site_name)).ok();
    write!(line, "{},{staff},{},{},", action_name(*action), quoted(name), role_name(*role)).ok();
    write!(line, "{person},{reason},{people}\r\n").ok();
    line
}

/// In quotes, and never as a formula of a spreadsheet.
fn quoted(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = text.replace('"', "\"\"");
    if is_formula { format!("\"'{text}\"") } else { format!("\"{text}\"") }
}

/// A time in Japan, as RFC 3339 writes it.
pub(crate) fn time_of(at: UnixMillis) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let at = i64::try_from(at.get()).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.map_or_else(String::new, |at| at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

const fn action_name(action: AuditAction) -> &'static str {
    match action {
        AuditAction::SignedIn => "signed_in",
        AuditAction::SignedOut => "signed_out",
        AuditAction::OpenedWithoutStaff => "opened_without_staff",
        AuditAction::Searched => "searched",
        AuditAction::SawLeaderList => "saw_leader_list",
        AuditAction::SawGroup => "saw_group",
        AuditAction::SawNotArrived => "saw_not_arrived",
        AuditAction::SawStays => "saw_stays",
        AuditAction::SawCareList => "saw_care_list",
        AuditAction::SawPerson => "saw_person",
        AuditAction::AnsweredInquiry => "answered_inquiry",
        AuditAction::Exported => "exported",
        AuditAction::BulkReading => "bulk_reading",
        AuditAction::SawAudit => "saw_audit",
        AuditAction::ExchangedStick => "exchanged_stick",
    }
}

const fn reason_name(reason: LookupReason) -> &'static str {
    match reason {
        LookupReason::Care => "care",
        LookupReason::Family => "family",
        LookupReason::Correction => "correction",
        LookupReason::Round => "round",
        LookupReason::Inquiry => "inquiry",
        LookupReason::Rescue => "rescue",
        LookupReason::Handover => "handover",
        LookupReason::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_formula_and_ends_no_field() {
        assert_eq!(quoted("森, \"花\""), "\"森, \"\"花\"\"\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(time_of(UnixMillis::new(0)), "1970-01-01T09:00:00+09:00");
    }
}
