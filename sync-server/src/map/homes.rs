//! Where households live, as far as the town says it. It stays at the town hall: no box has a use for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hinamori_model::{HouseholdId, TownKey};
use hinamori_private_file as private_file;
use hinamori_roster::{GeoPosition, Homes, Problem};

use super::contract::Position;
use crate::data::{DataError, DataFolder, Keys};
use crate::hex;
use crate::import::{ImportError, read};

/// In the data folder: hexadecimal ids, and millionths of a degree north and east.
pub(crate) const HOMES: &str = "homes.json";
/// Bytes: a million households.
const LONGEST: u64 = 64 << 20;

/// Positions by household.
pub(crate) type Positions = Arc<BTreeMap<HouseholdId, Position>>;

/// Reads a list of homes in, in the place of the one before. How many there are, and what is wrong with the others.
///
/// # Errors
/// [`ImportError`]: nothing has changed then.
pub fn read_homes(
    folder: &DataFolder,
    keys: &Keys,
    file: &Path,
) -> Result<(usize, Vec<Problem>), ImportError> {
    let refused = |problem: Problem| ImportError::File { file: file.to_owned(), reason: problem.to_string() };
    let Homes { homes, problems } = Homes::read(&read(file)?).map_err(refused)?;
    let key = TownKey::new(keys.town_secret.0);
    let kept = homes.iter().map(|(number, position)| {
        let GeoPosition { latitude_microdegrees, longitude_microdegrees } = *position;
        let household = key.household_of_register(number.expose());
        (hex::text(household.as_bytes()), [latitude_microdegrees, longitude_microdegrees])
    });
    let kept: BTreeMap<String, [i32; 2]> = kept.collect();
    let bytes = serde_json::to_vec(&kept).unwrap_or_default();
    private_file::replace(folder.path(), HOMES, &bytes)
        .map_err(|source| DataError::File { file: folder.path().join(HOMES), source })?;
    Ok((kept.len(), problems))
}

/// Every position that was read in; none where nobody did, or the file is damaged.
pub(super) fn positions(folder: &DataFolder) -> std::io::Result<Positions> {
    let bytes = private_file::read(folder.path(), HOMES, LONGEST)?;
    let kept: BTreeMap<String, [i32; 2]> = match bytes.map(|bytes| serde_json::from_slice(&bytes)) {
        Some(Ok(kept)) => kept,
        Some(Err(_malformed)) => {
            tracing::error!("the list of homes is damaged: read it in again (`homes`)");
            BTreeMap::new()
        }
        None => BTreeMap::new(),
    };
    let position = |(household, [north, east]): (&String, &[i32; 2])| {
        let id = HouseholdId::from_bytes(hex::bytes(household)?.try_into().ok()?);
        Some((id, Position([*east, *north].map(|part| f64::from(part) / 1e6))))
    };
    Ok(Arc::new(kept.iter().filter_map(position).collect()))
}
