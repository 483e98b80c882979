//! Who of the roster has not arrived, by district and in numbers, and how many people two sites claim. Hidden people are not seen
//! yet here too, whatever they do; names are nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hinamori_model::{IncidentId, PersonId, SiteId, UnixMillis};
use hinamori_people::{DistrictFigures, DistrictResident, Districts, Standing};
use hinamori_record::Presence;
use hinamori_store_sqlite::{Concerned, Store, StoreError};
use hinamori_sync::town::Person;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::archive::{Closed, Stores};
use crate::clock::now;
use crate::hub::Hub;
use crate::roster;
use crate::town::Town;

/// A roster that cannot be read is not read more often than so.
const TRIED_EVERY: Duration = Duration::from_secs(10);

/// One district in numbers of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct DistrictCounts {
    pub(crate) name: String,
    /// On the roster.
    pub(crate) people: u32,
    /// Received at a shelter, or known to be at home or in a car.
    pub(crate) arrived: u32,
    /// Seen at a check-point.
    pub(crate) passed: u32,
    /// Said to be elsewhere.
    pub(crate) told_elsewhere: u32,
    /// 未到着
    pub(crate) not_seen: u32,
    /// Of those, people on the list of those who need support.
    pub(crate) support_not_seen: u32,
}

/// What is kept between two looks.
#[derive(Default)]
pub(crate) struct Missing(Mutex<Held>);

#[derive(Default)]
enum Held {
    #[default]
    Nothing,
    /// Of the package with this version, with whom records hid.
    Districts(u64, ByIncident, Hidden),
    Failed(Failed),
}

/// What is known of everybody, and who of the roster is hidden.
#[derive(Default)]
struct ByIncident {
    of: BTreeMap<IncidentId, Known>,
    hidden: BTreeSet<PersonId>,
}

impl ByIncident {
    /// Whether it is about these: headquarters may have joined one of them since.
    fn is_of(&self, incidents: [IncidentId; 2]) -> bool {
        incidents.iter().all(|incident| self.of.contains_key(incident))
    }
}

/// What is known in one incident.
struct Known {
    districts: Districts,
    /// Whom two sites claim, also hidden people.
    claimed: BTreeSet<PersonId>,
}

/// What is told of one incident.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Standings {
    /// Who has not arrived.
    pub(crate) districts: Vec<DistrictCounts>,
    /// People whom two sites claim. Hidden people are nowhere, so they are not at two sites either.
    pub(crate) conflicts: u32,
}

/// Whom records hide, in each incident.
type Hidden = BTreeMap<IncidentId, BTreeSet<PersonId>>;

/// The roster could not be read.
struct Failed {
    /// Of which package.
    version: u64,
    at: Instant,
}

impl Failed {
    /// Whether reading may go well by now, or enough time has passed to see.
    fn is_over(&self, version: u64, now: Instant) -> bool {
        version != self.version || now.duration_since(self.at) >= TRIED_EVERY
    }
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKnown {
    /// The disk.
    #[error("the records cannot be read")]
    Store(#[from] StoreError),
    /// The server ends.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl Missing {
    /// How things stand in these incidents, as of now. Before the first import there are none. Nothing when the roster
    /// cannot be read: it is tried again after a while, and with every new package.
    ///
    /// # Errors
    /// [`NotKnown`].
    pub(crate) async fn standings(
        &self,
        hub: &Hub,
        town: &Town,
        incidents: [IncidentId; 2],
    ) -> Result<Option<BTreeMap<IncidentId, Standings>>, NotKnown> {
        let mut held = self.0.lock().await;
        let version = town.signed.version();
        let hidden = hub.archive.ask(move |stores| hidden_by_records(stores, incidents)).await??;
        let (mut by_incident, is_new) = match std::mem::take(&mut *held) {
            // Whoever is not hidden any more may still be by the town's list: then all of it is read anew.
            Held::Districts(of, by_incident, before)
                if of == version && is_within(&before, &hidden) && by_incident.is_of(incidents) =>
            {
                (by_incident, false)
            }
            Held::Failed(failed) if !failed.is_over(version, Instant::now()) => {
                *held = Held::Failed(failed);
                return Ok(None);
            }
            Held::Nothing | Held::Districts(..) | Held::Failed(_) => {
                let Some(by_incident) = read_roster(hub, incidents).await else {
                    *held = Held::Failed(Failed { version, at: Instant::now() });
                    return Ok(None);
                };
                (by_incident, true)
            }
        };
        let now_hidden = hidden.clone();
        let (by_incident, standings) = hub
            .archive
            .ask(move |stores| {
                for (incident, known) in &mut by_incident.of {
                    let hidden = now_hidden.get(incident).into_iter().flatten();
                    hidden.for_each(|person| known.districts.hide(*person, true));
                }
                let standings = look(stores, &mut by_incident, &now_hidden, is_new);
                (by_incident, standings)
            })
            .await?;
        let standings = standings?;
        // After an error everything is read anew at the next look.
        *held = Held::Districts(version, by_incident, hidden);
        Ok(Some(standings))
    }

    /// What `read` finds in the districts of an incident, as [`Missing::standings`] left them, and who is hidden in it; nothing where it
    /// could not read them.
    pub(crate) async fn read<T>(
        &self,
        incident: IncidentId,
        read: impl FnOnce(&Districts) -> T,
    ) -> Option<(T, BTreeSet<PersonId>)> {
        match &*self.0.lock().await {
            Held::Districts(_, by_incident, by_records) => {
                let known = by_incident.of.get(&incident)?;
                let by_records = by_records.get(&incident).into_iter().flatten();
                let hidden = by_incident.hidden.iter().chain(by_records).copied().collect();
                Some((read(&known.districts), hidden))
            }
            Held::Nothing | Held::Failed(_) => None,
        }
    }
}

/// The districts for each incident; nothing when the roster cannot be read.
async fn read_roster(hub: &Hub, incidents: [IncidentId; 2]) -> Option<ByIncident> {
    let (folder, root) = (hub.town.folder.clone(), hub.town.keys.town_root.public());
    let read = spawn_blocking(move || {
        let package = folder.package_of(&root)?.map(|(_, package)| package);
        let people =
            package.map_or_else(|| Ok(Vec::new()), |package| roster::people_of(folder.path(), &package))?;
        let districts = || Districts::build(people.iter().filter_map(resident));
        let known = |incident| (incident, Known { districts: districts(), claimed: BTreeSet::new() });
        let hidden = people.iter().filter(|person| person.hidden).map(|person| person.id).collect();
        Ok::<_, crate::data::DataError>(ByIncident { of: incidents.map(known).into(), hidden })
    });
    match read.await {
        Ok(Ok(known)) => Some(known),
        Ok(Err(problem)) => {
            tracing::error!(
                error = &problem as &dyn std::error::Error,
                "the roster cannot be read: import it again"
            );
            None
        }
        Err(_ended) => None,
    }
}

/// Whoever is hidden in earnest is hidden in a drill too; what is said in a drill holds there.
pub(crate) fn hidden_by_records(
    stores: &mut Stores,
    incidents: impl IntoIterator<Item = IncidentId>,
) -> Result<Hidden, StoreError> {
    let [earnest, _] = stores.all();
    let in_earnest = earnest.hidden_by_records(&BTreeSet::new())?.ids;
    let of = |incident| {
        let mut hidden = stores.store_of(incident).hidden_by_records(&in_earnest)?.ids;
        hidden.extend(&in_earnest);
        Ok((incident, hidden))
    };
    incidents.into_iter().map(of).collect()
}

/// Whether nobody was seen again since `before`.
fn is_within(before: &Hidden, now: &Hidden) -> bool {
    before.iter().all(|(incident, people)| now.get(incident).is_some_and(|now| people.is_subset(now)))
}

/// Whom somebody looks for: not the town's staff, who may live elsewhere.
fn resident(person: &Person) -> Option<DistrictResident<'_>> {
    (person.on_register || person.household.is_some()).then(|| DistrictResident {
        person: person.id,
        household: person.household,
        district: &person.district,
        group: &person.group,
        needs_support: !person.support.is_empty(),
        hidden: person.hidden,
    })
}

fn look(
    stores: &mut Stores,
    by_incident: &mut ByIncident,
    by_records: &Hidden,
    is_new: bool,
) -> Result<BTreeMap<IncidentId, Standings>, StoreError> {
    let mut standings = BTreeMap::new();
    let ByIncident { of, hidden } = by_incident;
    for (incident, known) in of {
        let concerned = stores.take_concerned(*incident);
        let concerned = if is_new { Concerned::Everybody } else { concerned };
        let store = stores.store_of(*incident);
        claim(store, *incident, &mut known.claimed, &concerned)?;
        update(store, *incident, &mut known.districts, concerned)?;
        let by_records = by_records.get(incident);
        let is_hidden = |person: &PersonId| {
            hidden.contains(person) || by_records.is_some_and(|hidden| hidden.contains(person))
        };
        let conflicts = known.claimed.iter().filter(|person| !is_hidden(person)).count();
        standings.insert(
            *incident,
            Standings {
                districts: known.districts.figures().map(counts).collect(),
                conflicts: u32::try_from(conflicts).unwrap_or(u32::MAX),
            },
        );
    }
    Ok(standings)
}

/// Brings up to date whom two sites claim.
fn claim(
    store: &Store,
    incident: IncidentId,
    claimed: &mut BTreeSet<PersonId>,
    concerned: &Concerned,
) -> Result<(), StoreError> {
    match concerned {
        Concerned::People(people) => {
            for person in people {
                let person = store.canonical(*person)?;
                if store.claims_on(incident, person)?.is_empty() {
                    claimed.remove(&person);
                } else {
                    claimed.insert(person);
                }
            }
        }
        Concerned::Everybody => {
            let all = store.at_several_sites(incident)?;
            *claimed = all.into_iter().map(|(person, _)| person).collect();
        }
    }
    Ok(())
}

fn update(
    store: &Store,
    incident: IncidentId,
    index: &mut Districts,
    concerned: Concerned,
) -> Result<(), StoreError> {
    let mut roll_calls: BTreeMap<SiteId, UnixMillis> = BTreeMap::new();
    let mut standing = |presence: &Presence| -> Result<Standing, StoreError> {
        let since = match roll_calls.get(&presence.site) {
            Some(since) => *since,
            None => {
                let since = store.roll_call(incident, presence.site, now())?.unwrap_or_default();
                *roll_calls.entry(presence.site).or_insert(since)
            }
        };
        Ok(Standing::of(presence, presence.seen_at.millis() < since))
    };
    match concerned {
        Concerned::People(people) => {
            let people: Result<BTreeSet<PersonId>, _> =
                people.into_iter().map(|person| store.canonical(person)).collect();
            for person in people? {
                let presence = store.presence(incident, person)?;
                let found = presence.as_ref().map(&mut standing).transpose()?;
                index.update(person, found.unwrap_or(Standing::NotSeen));
            }
        }
        Concerned::Everybody => {
            let (mut standings, mut failed) = (BTreeMap::new(), None);
            store.for_each_presence(incident, |person, presence| match standing(presence) {
                Ok(found) => {
                    standings.insert(person, found);
                }
                Err(problem) => failed = Some(problem),
            })?;
            if let Some(problem) = failed {
                return Err(problem);
            }
            index.update_all(&standings);
        }
    }
    Ok(())
}

fn counts(figures: DistrictFigures<'_>) -> DistrictCounts {
    let DistrictFigures { name, people, needing_support } = figures;
    DistrictCounts {
        name: name.to_owned(),
        people: people.all(),
        arrived: people.settled(),
        passed: people.of(Standing::PassedCheckPoint),
        told_elsewhere: people.of(Standing::ToldElsewhere),
        not_seen: people.not_arrived(),
        support_not_seen: needing_support.not_arrived(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roster_that_cannot_be_read_is_tried_after_a_while_and_with_a_new_package() {
        let at = Instant::now();
        let failed = Failed { version: 7, at };
        assert!(!failed.is_over(7, at) && !failed.is_over(7, at + TRIED_EVERY / 2));
        assert!(failed.is_over(7, at + TRIED_EVERY) && failed.is_over(8, at));
    }
}
