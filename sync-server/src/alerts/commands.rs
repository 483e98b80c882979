//! What the operator does on the server itself.

use std::path::Path;

use hinamori_alert::{Envelope, KeyList, MessageKind};
use hinamori_model::{HouseholdId, UnixMillis};
use hinamori_store_sqlite::{AlertStore, Bound, StoreError};

use crate::alerts::draft::About;
use crate::alerts::households::Households;
use crate::data::{DataError, DataFolder, Keys};
use crate::roster;
use crate::signed_log::sha256;
use hinamori_plan::judge;
use hinamori_plan::{BadPlan, Plan, SignedPlan};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum AlertCommandError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The file cannot be read.
    #[error("{file} cannot be read")]
    File {
        /// Which.
        file: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The plan.
    #[error(transparent)]
    Plan(#[from] BadPlan),
    /// The file of alerts.
    #[error("the file of alerts cannot be used")]
    Store(#[from] StoreError),
    /// The operator.
    #[error("the town has no such household")]
    NoSuchHousehold,
    /// The operator, or the television was bound already.
    #[error("no television shows this code")]
    NoSuchCode,
}

/// Reads an alert plan in, after every message of it was judged. Gives back how many messages and districts it has.
///
/// # Errors
/// [`AlertCommandError`].
pub fn read_plan(
    folder: &DataFolder,
    file: &Path,
    now: UnixMillis,
) -> Result<(usize, usize), AlertCommandError> {
    let failed = |source| AlertCommandError::File { file: file.to_owned(), source };
    let text = std::fs::read_to_string(file).map_err(failed)?;
    let plan = Plan::parse(&text)?;
    judge(&plan)?;
    let keys = folder.keys()?;
    keeps_what_is_out(folder, &keys, &plan, now)?;
    let locked = folder.lock()?;
    locked.save_alert_plan(&text, &signed_anew(folder, &keys, &text, now)?)?;
    Ok((plan.messages.len(), plan.districts.len()))
}

/// The plan for boxes, under the root's signature: of a higher version than the one before.
fn signed_anew(folder: &DataFolder, keys: &Keys, text: &str, now: UnixMillis) -> Result<Vec<u8>, DataError> {
    let before = folder.signed_plan()?;
    let before = before.as_deref().and_then(SignedPlan::claimed).map_or(0, |(version, _)| version);
    let version = now.get().max(before.saturating_add(1));
    Ok(SignedPlan::encode(version, text, |domain, body| keys.town_root.sign_alert_keys(domain, body)))
}

/// Signs a plan for boxes that an earlier version of this program read in, or that somebody put there.
pub(crate) fn sign_plan_if_missing(
    folder: &DataFolder,
    keys: &Keys,
    now: UnixMillis,
) -> Result<(), DataError> {
    let Some(text) = folder.alert_plan_text()? else { return Ok(()) };
    let signed = folder.signed_plan()?;
    let is_its = signed.as_deref().and_then(SignedPlan::claimed).is_some_and(|(_, signed)| signed == text);
    if is_its {
        return Ok(());
    }
    let locked = folder.lock()?;
    locked.save_alert_plan(&text, &signed_anew(folder, keys, &text, now)?)
}

/// What is out can still be ended: the plan has its words, and its sender and desk are those of the list of keys.
fn keeps_what_is_out(
    folder: &DataFolder,
    keys: &Keys,
    plan: &Plan,
    now: UnixMillis,
) -> Result<(), AlertCommandError> {
    let wrong = |what: String| Err(BadPlan::Content(what).into());
    let list = folder.key_list()?.and_then(|bytes| KeyList::decode(&bytes, &keys.town_root.public()).ok());
    if let Some(list) = list.filter(|list| {
        list.sender != plan.sender || list.relying_party != sha256(plan.relying_party.as_bytes())
    }) {
        let sender = list.sender;
        return wrong(format!(
            "devices were let in for the sender {sender} and another desk: nobody could sign or take back any more"
        ));
    }
    for sent in AlertStore::open(&folder.alerts(), &keys.alerts, now)?.messages()? {
        let read = Envelope::decode(&sent.envelope).zip(serde_json::from_str::<About>(&sent.about).ok());
        let Some((envelope, about)) = read.filter(|(envelope, _)| envelope.expires > now) else { continue };
        if envelope.message == MessageKind::Order && plan.message(&about.prepared).is_none() {
            return wrong(format!("message {} is out and has to stay until it is over", about.prepared));
        }
    }
    Ok(())
}

/// Gives the television that shows `code` to a household.
///
/// # Errors
/// [`AlertCommandError`].
pub fn bind_television(
    folder: &DataFolder,
    keys: &Keys,
    code: &str,
    household: HouseholdId,
    now: UnixMillis,
) -> Result<(), AlertCommandError> {
    let (_, package) = folder.town(keys)?;
    let households = Households::of(roster::people_of(folder.path(), &package)?);
    if !households.has(household) {
        return Err(AlertCommandError::NoSuchHousehold);
    }
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let code: u32 = digits.parse().map_err(|_no_code| AlertCommandError::NoSuchCode)?;
    let store = AlertStore::open(&folder.alerts(), &keys.alerts, now)?;
    match store.bind(code, household)? {
        Bound::Now => Ok(()),
        Bound::NoSuchCode => Err(AlertCommandError::NoSuchCode),
    }
}
