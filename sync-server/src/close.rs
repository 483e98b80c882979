//! Closing an incident, and erasing one person.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hinamori_model::{IncidentId, PersonId, TownKey, UnixMillis};
use hinamori_record::decode_change;
use hinamori_store_sqlite::{KeyTable, Store, StoreError};
use hinamori_sync::town::{ClosedIncident, Incidents, Package};

use crate::archive::Stores;
use crate::data::{DataError, DataFolder, Keys, random};
use crate::enrol::name_boxes;
use crate::field_links;
use crate::ledger_line::{Opener, lines_of};
use crate::roster;
use crate::town::Says;

/// Which of the town's incidents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandbyIncident {
    /// 平常時
    DailyLife,
    /// The live one.
    Live,
    /// The drill.
    Drill,
}

impl StandbyIncident {
    /// Its id.
    pub(crate) const fn of(self, incidents: Incidents) -> IncidentId {
        match self {
            Self::DailyLife => incidents.daily_life,
            Self::Live => incidents.live,
            Self::Drill => incidents.drill,
        }
    }
}

/// Why nothing was closed or erased.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    /// The data folder. A running server is among these: it has to be stopped first.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A database.
    #[error("the databases cannot be used")]
    Store(#[from] StoreError),
    /// The ledger's file.
    #[error("the ledger cannot be written to {file}")]
    Ledger {
        /// Which.
        file: PathBuf,
        /// What the system says; a file that is there already is never replaced.
        #[source]
        source: io::Error,
    },
    /// The operator.
    #[error("the town has no open incident {incident}; it has: {known}")]
    NoSuchIncident {
        /// What was asked for.
        incident: IncidentId,
        /// Those with a key.
        known: String,
    },
    /// The operator.
    #[error(
        "{cards} cards were given to people in the field and are in no package yet: bring the town in again (hinamori-server town), \
         then close"
    )]
    CardsOfTheField {
        /// How many.
        cards: usize,
    },
    /// The operator: what would be destroyed counts in another incident, or the other way round.
    #[error(
        "by headquarters' word incident {incident} was joined with or split from {others}: take that back first (hinamori-server \
         incident join {incident} {incident}, or the same with the other one), then close"
    )]
    Ruled {
        /// Which.
        incident: IncidentId,
        /// The others.
        others: String,
    },
    /// The operator.
    #[error("incident {incident} is not closed: what boxes hand over is read once it is")]
    NotClosed {
        /// Which.
        incident: IncidentId,
    },
}

/// What was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedReport {
    /// The incident.
    pub incident: IncidentId,
    /// The one that stands by in its place: town.toml has to name it before the next import.
    pub next: IncidentId,
    /// Records in the ledger.
    pub records: usize,
    /// Where they are.
    pub ledger: PathBuf,
}

/// Writes the ledger of an incident into `ledger`, closes the incident for every box, and destroys it here. The server
/// must not run: what a box brought in between would be in no ledger.
///
/// # Errors
/// [`CloseError`].
pub fn close_incident(
    folder: &DataFolder,
    keys: &Keys,
    which: StandbyIncident,
    ledger: &Path,
    now: UnixMillis,
) -> Result<ClosedReport, CloseError> {
    let _alone = folder.lock_for_running()?;
    let locked = folder.lock()?;
    let (_, mut package) = folder.town(keys)?;
    let mut stores = Stores::open(folder, &keys.key_table)?;
    stores.follow(&Says::of(&package, &keys.town_root.public()))?;
    let next = IncidentId::from_bytes(random()?);
    if which != StandbyIncident::Drill {
        let directory = roster::directory_of(folder.path(), &package)?;
        let lost = field_links::not_folded(folder, &directory, &TownKey::new(package.key.0))?;
        if lost > 0 {
            return Err(CloseError::CardsOfTheField { cards: lost });
        }
    }
    let named = match which {
        StandbyIncident::DailyLife => &mut package.incidents.daily_life,
        StandbyIncident::Live => &mut package.incidents.live,
        StandbyIncident::Drill => &mut package.incidents.drill,
    };
    let incident = std::mem::replace(named, next);
    let tied = stores.store_of(incident).rulings().tied_to(incident);
    if !tied.is_empty() {
        let others: Vec<String> = tied.iter().map(IncidentId::to_string).collect();
        return Err(CloseError::Ruled { incident, others: others.join(", ") });
    }
    let file = ledger.join(format!("{incident}.jsonl"));
    let records = write_ledger(folder, &package, &stores, incident, &file)?;
    // From here on the incident is closed, whatever happens: the server's next start does what is left.
    // The key of the next one first, and the old one's last: a stop in between leaves an incident open whose key is there.
    let all = locked.incident_keys(package.incidents, &package.closed)?;
    package.closed.push(ClosedIncident { incident, at: now });
    package.incident_keys = all.into_iter().filter(|(id, _)| *id != incident).collect();
    name_boxes(&mut package, keys, &folder.registry()?, now);
    locked.save_package(keys, &package)?;
    let _kept = locked.incident_keys(package.incidents, &package.closed)?;
    finish_closings(&mut stores, &package.closed)?;
    stores.remember_drill(package.incidents.drill)?;
    Ok(ClosedReport { incident, next, records, ledger: file })
}

/// Destroys what is left of closed incidents.
///
/// # Errors
/// [`StoreError`]; calling it again does what is left.
pub(crate) fn finish_closings(stores: &mut Stores, closed: &[ClosedIncident]) -> Result<(), StoreError> {
    for ClosedIncident { incident, at } in closed {
        stores.keys.erase_incident(*incident, *at)?;
        stores.forget(*incident)?;
    }
    Ok(())
}

/// Every record of an incident as a line of JSON, with what was written down of people opened.
fn write_ledger(
    folder: &DataFolder,
    package: &Package,
    stores: &Stores,
    incident: IncidentId,
    file: &Path,
) -> Result<usize, CloseError> {
    let failed = |source| CloseError::Ledger { file: file.to_owned(), source };
    let key = package.incident_keys.iter().find(|(id, _)| *id == incident).map(|(_, key)| key.0);
    let people = roster::people_of(folder.path(), package)?;
    let opener = Opener::new(incident, key, &people, package);
    let store = stores.store_of(incident);
    let mut records = 0_usize;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    let mut out = BufWriter::new(made);
    store.for_each_change(Some(incident), |change| -> Result<(), CloseError> {
        let Ok(decoded) = decode_change(&change.bytes) else { return Ok(()) };
        let wrapped = |person| stores.keys.keys(incident, person).unwrap_or_default();
        for line in lines_of(&opener, change.scope, change.received_at, &decoded, wrapped) {
            records = records.saturating_add(1);
            writeln!(out, "{line}").map_err(failed)?;
        }
        Ok(())
    })?;
    let finished = out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
    finished.and_then(|()| sync_folder(file)).map_err(failed)?;
    Ok(records)
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

/// Destroys the keys of a person, under all their ids, in these incidents; in every open one when none is named. A running
/// server tells the boxes at once. Gives how many keys were destroyed here.
///
/// # Errors
/// [`CloseError`].
pub fn erase_person(
    folder: &DataFolder,
    keys: &Keys,
    person: PersonId,
    incidents: &[IncidentId],
    now: UnixMillis,
) -> Result<usize, CloseError> {
    let (_, package) = folder.town(keys)?;
    let open: Vec<IncidentId> = package.incident_keys.iter().map(|(incident, _)| *incident).collect();
    if let Some(unknown) = incidents.iter().find(|incident| !open.contains(incident)) {
        let known: Vec<String> = open.iter().map(IncidentId::to_string).collect();
        return Err(CloseError::NoSuchIncident { incident: *unknown, known: known.join(", ") });
    }
    let mut ids = vec![person];
    for file in folder.databases() {
        ids.extend(Store::open(&file)?.ids_of(person)?);
    }
    // What somebody said while they hid stands under an id like that of an unknown card.
    let town = TownKey::new(package.key.0);
    let hidden: Vec<PersonId> = ids.iter().map(|id| town.shadow_of(*id)).collect();
    ids.extend(hidden);
    ids.sort_unstable();
    ids.dedup();
    let mut table = KeyTable::open(&folder.key_table(), &keys.key_table)?;
    let mut destroyed = 0_usize;
    for incident in if incidents.is_empty() { &open } else { incidents } {
        for id in &ids {
            destroyed = destroyed.saturating_add(table.keys(*incident, *id)?.len());
            table.erase_person(*incident, *id, now)?;
        }
    }
    Ok(destroyed)
}
