//! What the operator does on the server itself.

use std::path::Path;

use hinamori_model::{HouseholdId, UnixMillis};
use hinamori_store_sqlite::{AlertStore, Bound, StoreError};

use crate::alerts::compose::judge;
use crate::alerts::households::Households;
use crate::alerts::plan::{BadPlan, Plan};
use crate::data::{DataError, DataFolder, Keys};
use crate::roster;

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
pub fn read_plan(folder: &DataFolder, file: &Path) -> Result<(usize, usize), AlertCommandError> {
    let failed = |source| AlertCommandError::File { file: file.to_owned(), source };
    let text = std::fs::read_to_string(file).map_err(failed)?;
    let plan = Plan::parse(&text)?;
    judge(&plan)?;
    folder.lock()?.save_alert_plan(&text)?;
    Ok((plan.messages.len(), plan.districts.len()))
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
    match store.bind(code, household, now)? {
        Bound::Now => Ok(()),
        Bound::NoSuchCode => Err(AlertCommandError::NoSuchCode),
    }
}
