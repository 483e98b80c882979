//! What headquarters says of incidents: how they are called, which are one, which sites go on in another one, and whether a site is open.
//!
//! Each word is a record of the server's desk, under a seal key of its own, in documents of a site that is no place and that every box
//! reads. It comes into the log like a box's: as a bundle, which the running server reads in. Nothing is rewritten.

use std::fmt;

use hinamori_model::{Hlc, HlcClock, IncidentId, Mode, SiteId, UnixMillis};
use hinamori_private_file as private_file;
use hinamori_record::{
    ActorId, Document, DocumentError, DocumentScope, Fact, LONGEST_NAME, MOST_SPLIT_SITES, Period, Record,
    SiteWord,
};
use hinamori_store_sqlite::StoreError;
use hinamori_sync::town::Package;
use hinamori_sync::{
    BundleWriter, Grants, Held, NotABundle, SealError, SealedBatch, Section, SectionOf, Session, Side,
    headquarters, is_own_shelter,
};
use zeroize::Zeroizing;

use crate::bundle::{BundleError, Outcome, ReadIn, import_bundle};
use crate::data::{DataError, DataFolder, Keys, Locked, random};
use crate::enrol::name_boxes;
use crate::hall::{Hall, HallError};

/// The desk's last epoch (4 bytes) and clock reading (8), big-endian.
const CLOCK: &str = "desk-clock";
const CLOCK_BYTES: u64 = 12;

/// What headquarters says of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IncidentWord {
    /// It is called so; an empty name takes the last one back.
    Named(String),
    /// It is one with this one; into itself, it stands by itself again.
    Joined(IncidentId),
    /// At these sites what was said since then is of this one; into itself, it is of the incident again.
    Split {
        /// Where.
        sites: Vec<SiteId>,
        /// From when, by the records' clocks.
        since: UnixMillis,
        /// The other incident.
        into: IncidentId,
    },
    /// Of a site of the town's, as a whole.
    Site(SiteId, SiteWord),
}

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub enum NotSaid {
    /// The operator.
    #[error("the town has no open incident {incident} to rule on; it has: {known}")]
    NoSuchIncident {
        /// What was asked for.
        incident: IncidentId,
        /// Live incidents and drills that are not closed.
        known: String,
    },
    /// The operator: law 8.
    #[error("{incident} and {into} are a drill and none: they are never mixed")]
    DrillAndLive {
        /// What was to be joined or split.
        incident: IncidentId,
        /// Into what.
        into: IncidentId,
    },
    /// The operator.
    #[error("a name has at most {LONGEST_NAME} bytes in one line")]
    NoName,
    /// The operator.
    #[error("1 to {MOST_SPLIT_SITES} sites are split off at once")]
    HowManySites,
    /// The operator.
    #[error("an incident is split from a moment on that is over")]
    InTheFuture,
    /// The data folder, or the operator named another site.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The bundle that carries it into the log.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// This program.
    #[error("the record cannot be made")]
    Document(#[from] DocumentError),
    /// This program.
    #[error("the record cannot be sealed")]
    Seal(#[from] SealError),
    /// This program.
    #[error("the log does not take what the desk says: see `hinamori-server quarantine`")]
    Refused,
}

impl From<NotABundle> for NotSaid {
    fn from(error: NotABundle) -> Self {
        Self::Bundle(error.into())
    }
}

/// Says something of an incident, whether or not the server runs. Boxes hear it as they hear records.
///
/// # Errors
/// [`NotSaid`].
pub fn say_of_incident(
    folder: &DataFolder,
    keys: &Keys,
    incident: IncidentId,
    word: IncidentWord,
    now: UnixMillis,
) -> Result<Outcome, NotSaid> {
    let bundle = word_in_bundle(folder, keys, incident, word, now)?;
    match import_bundle(folder, keys, &bundle, now)? {
        Outcome::ReadIn(read) => must_be_taken(&read).map(|()| Outcome::ReadIn(read)),
        Outcome::Handed => Ok(Outcome::Handed),
    }
}

/// A word that is read in is one new change, and nothing of it is refused.
pub(crate) const fn must_be_taken(read: &ReadIn) -> Result<(), NotSaid> {
    match read {
        ReadIn { new: 0, .. } | ReadIn { refused: 1.., .. } => Err(NotSaid::Refused),
        ReadIn { .. } => Ok(()),
    }
}

/// The desk's word as it comes into the log.
pub(crate) fn word_in_bundle(
    folder: &DataFolder,
    keys: &Keys,
    incident: IncidentId,
    word: IncidentWord,
    now: UnixMillis,
) -> Result<Vec<u8>, NotSaid> {
    let locked = folder.lock()?;
    let (_, mut package) = folder.town(keys)?;
    let fact = fact_of(&package, incident, word, now)?;
    let desk = &keys.desk;
    if !package.boxes.iter().any(|(id, _)| *id == desk.box_id()) {
        // A package of before: whoever has it would not believe the desk.
        name_boxes(&mut package, keys, &folder.registry()?, now);
        locked.save_package(keys, &package)?;
    }
    let (epoch, at) = next_reading(&locked, now)?;
    let scope =
        DocumentScope { incident, site: headquarters(&keys.town_root.public()), period: Period::of(now) };
    let mut document = Document::new(scope, ActorId::new(desk.box_id(), epoch))?;
    let ids = document.record_ids(&[now], fact.is_for_slips(), random)?;
    let record = |id| Record { id, at, clock_unsure: false, lane: None, fact: fact.clone() };
    let records: Vec<Record> = ids.into_iter().map(record).collect();
    let changes = vec![document.append(&records, now)?];
    let batch = SealedBatch { seal: desk.seal(scope, None, &changes)?, changes };
    bundle_of(keys, &package, batch, now)
}

fn bundle_of(
    keys: &Keys,
    package: &Package,
    batch: SealedBatch,
    now: UnixMillis,
) -> Result<Vec<u8>, NotSaid> {
    let incident = batch.seal.scope.incident;
    let (root, grants) = (keys.town_root.public(), Grants::from(package));
    let (mut session, mut said) = Session::to_nobody(Side::Box, root, None, grants, Held::NOTHING);
    said.extend(session.offer(vec![batch]));
    let key = package.incident_keys.iter().find(|(id, _)| *id == incident);
    let key = key.map(|(_, key)| Zeroizing::new(key.0)).ok_or_else(|| no_such(package, incident))?;
    let section = Section { of: SectionOf::Incident(incident), key, content: Zeroizing::new(said) };
    Ok(BundleWriter::Box(&keys.desk).write(&[section], random()?, now)?)
}

fn fact_of(
    package: &Package,
    incident: IncidentId,
    word: IncidentWord,
    now: UnixMillis,
) -> Result<Fact, NotSaid> {
    let kind = kind_of(package, incident)?;
    let may_go = |into: IncidentId| match kind_of(package, into)? {
        other if other == kind => Ok(into),
        _ => Err(NotSaid::DrillAndLive { incident, into }),
    };
    match word {
        IncidentWord::Named(name) => {
            let name = name.trim().to_owned();
            if name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
                return Err(NotSaid::NoName);
            }
            Ok(Fact::IncidentNamed { name })
        }
        IncidentWord::Joined(into) => Ok(Fact::IncidentJoined { into: may_go(into)? }),
        IncidentWord::Split { sites, since, into } => {
            if sites.is_empty() || sites.len() > MOST_SPLIT_SITES {
                return Err(NotSaid::HowManySites);
            }
            let is_known = |site: &SiteId| {
                package.sites.iter().any(|known| known.id == *site)
                    || package.boxes.iter().any(|(id, _)| is_own_shelter(*id, *site))
            };
            if let Some(unknown) = sites.iter().find(|site| !is_known(site)) {
                return Err(DataError::unknown_site(*unknown, package).into());
            }
            // A box shows what counts from now on: a splitting that lies ahead would hide people until then.
            if since > now {
                return Err(NotSaid::InTheFuture);
            }
            Ok(Fact::IncidentSplit { since, sites, into: may_go(into)? })
        }
        IncidentWord::Site(site, word) if package.sites.iter().any(|known| known.id == site) => {
            Ok(Fact::SiteRuled { site, word })
        }
        IncidentWord::Site(site, _) => Err(DataError::unknown_site(site, package).into()),
    }
}

/// Live or a drill. Daily life is never joined or split, and what is closed is over.
fn kind_of(package: &Package, incident: IncidentId) -> Result<Mode, NotSaid> {
    let mut kinds = [Mode::Live, Mode::Drill].into_iter();
    let found = kinds.find(|mode| package.incidents_of(*mode).contains(&incident));
    found.ok_or_else(|| no_such(package, incident))
}

fn no_such(package: &Package, incident: IncidentId) -> NotSaid {
    let known = [Mode::Live, Mode::Drill].map(|mode| package.incidents_of(mode));
    let known: Vec<String> = known.iter().flatten().map(IncidentId::to_string).collect();
    NotSaid::NoSuchIncident { incident, known: known.join(", ") }
}

/// An epoch and a clock reading that no earlier word had: of this clock, or one more than the last.
fn next_reading(locked: &Locked<'_>, now: UnixMillis) -> Result<(u32, Hlc), DataError> {
    let folder = locked.folder().keys_folder();
    let file = || folder.join(CLOCK);
    let failed = |source| DataError::File { file: file(), source };
    let kept = private_file::read(&folder, CLOCK, CLOCK_BYTES).map_err(failed)?;
    let (epoch, reading) = match kept {
        None => (0, Hlc::default()),
        Some(kept) => {
            let split = kept.split_first_chunk().and_then(|(epoch, reading)| {
                let reading = u64::from_be_bytes(reading.try_into().ok()?);
                Some((u32::from_be_bytes(*epoch), Hlc::from_packed(reading)))
            });
            split.ok_or_else(|| DataError::Damaged { file: file() })?
        }
    };
    let seconds = u32::try_from(now.get() / 1_000).unwrap_or(u32::MAX);
    let epoch = epoch.saturating_add(1).max(seconds);
    let at = HlcClock::continuing(reading).tick(now);
    let kept: Vec<u8> = epoch.to_be_bytes().into_iter().chain(at.packed().to_be_bytes()).collect();
    private_file::replace(&folder, CLOCK, &kept).map_err(failed)?;
    Ok((epoch, at))
}

/// An incident that is not closed, as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedIncident {
    /// Which.
    pub incident: IncidentId,
    /// Live or a drill.
    pub mode: Mode,
    /// Whether boxes open it now.
    pub stands_by: bool,
    /// What headquarters calls it.
    pub name: Option<String>,
    /// In which it counts; itself, where headquarters joined it into none.
    pub counts_in: IncidentId,
    /// People of whom anything is known that counts in it.
    pub people: usize,
}

impl fmt::Display for ListedIncident {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { incident, mode, stands_by, name, counts_in, people } = self;
        let kind = if *mode == Mode::Drill { "drill" } else { "live " };
        let stands_by = if *stands_by { "stands by" } else { "earlier  " };
        write!(out, "{incident} {kind} {stands_by} {people} people")?;
        if let Some(name) = name {
            write!(out, " {name}")?;
        }
        if counts_in != incident {
            write!(out, ", counts in {counts_in}")?;
        }
        Ok(())
    }
}

/// The live incidents and drills that are not closed.
///
/// # Errors
/// [`HallError`].
pub fn list_incidents(folder: &DataFolder) -> Result<Vec<ListedIncident>, HallError> {
    let hall = Hall::open(folder)?;
    let stands_by = [hall.package.incidents.live, hall.package.incidents.drill];
    let mut listed = Vec::new();
    for mode in [Mode::Live, Mode::Drill] {
        for incident in hall.package.incidents_of(mode) {
            let people = people_in(&hall, incident)?;
            listed.push(ListedIncident {
                incident,
                mode,
                stands_by: stands_by.contains(&incident),
                name: hall.stores.name_of(incident),
                counts_in: hall.stores.shown(incident),
                people,
            });
        }
    }
    Ok(listed)
}

fn people_in(hall: &Hall, incident: IncidentId) -> Result<usize, StoreError> {
    let mut people = 0_usize;
    let show = |_person, _presence: &_| people = people.saturating_add(1);
    hall.stores.store_of(incident).for_each_presence(incident, show)?;
    Ok(people)
}
