//! Who of the roster has not arrived, by district and in numbers. Hidden people are not seen yet here too, whatever
//! they do; names are nowhere.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{IncidentId, PersonId, SiteId, UnixMillis};
use hinamori_people::{DistrictFigures, RosterIndex, RosterPerson, Standing};
use hinamori_record::Presence;
use hinamori_store_sqlite::{Concerned, Store, StoreError};
use hinamori_sync::town::Person;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::archive::{Closed, Stores};
use crate::clock::now;
use crate::hub::Hub;
use crate::roster;
use crate::town::Town;

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
pub(crate) struct Missing(Mutex<Option<Made>>);

struct Made {
    /// Of which package the people are.
    version: u64,
    by_incident: BTreeMap<IncidentId, RosterIndex>,
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
    /// The districts of these incidents, as of now. Without a roster there are none.
    ///
    /// # Errors
    /// [`NotKnown`].
    pub(crate) async fn districts(
        &self,
        hub: &Hub,
        town: &Town,
        incidents: [IncidentId; 2],
    ) -> Result<BTreeMap<IncidentId, Vec<DistrictCounts>>, NotKnown> {
        let mut made = self.0.lock().await;
        let version = town.signed.version();
        let held = made.take().filter(|held| held.version == version);
        let (held, is_new) = match held {
            Some(held) => (held, false),
            None => (Made { version, by_incident: read_roster(hub, incidents).await }, true),
        };
        let Made { version, mut by_incident } = held;
        let (by_incident, districts) = hub
            .archive
            .ask(move |stores| {
                let districts = look(stores, &mut by_incident, is_new);
                (by_incident, districts)
            })
            .await?;
        let districts = districts?;
        // After an error everything is read anew at the next look.
        *made = Some(Made { version, by_incident });
        Ok(districts)
    }
}

/// An index for each incident. A roster that cannot be read is nobody: importing again mends it.
async fn read_roster(hub: &Hub, incidents: [IncidentId; 2]) -> BTreeMap<IncidentId, RosterIndex> {
    let (folder, root) = (hub.town.folder.clone(), hub.town.keys.town_root.public());
    let read = spawn_blocking(move || {
        let package = folder.package_of(&root)?.map(|(_, package)| package);
        let people =
            package.map_or_else(|| Ok(Vec::new()), |package| roster::people_of(folder.path(), &package));
        let people: Vec<RosterPerson> = people?.into_iter().map(row).collect();
        Ok::<_, crate::data::DataError>(
            incidents.map(|incident| (incident, RosterIndex::build(&people))).into(),
        )
    });
    match read.await {
        Ok(Ok(by_incident)) => by_incident,
        Ok(Err(problem)) => {
            tracing::error!(
                error = &problem as &dyn std::error::Error,
                "the roster cannot be read: import it again"
            );
            BTreeMap::new()
        }
        Err(_ended) => BTreeMap::new(),
    }
}

fn row(person: Person) -> RosterPerson {
    let Person {
        id: person,
        household,
        name,
        kana,
        called_name,
        district,
        group,
        support,
        on_register,
        hidden,
        ..
    } = person;
    let needs_support = !support.is_empty();
    let lives_here = on_register || household.is_some();
    RosterPerson {
        person,
        household,
        name,
        kana,
        called_name,
        district,
        group,
        lives_here,
        needs_support,
        hidden,
    }
}

fn look(
    stores: &mut Stores,
    by_incident: &mut BTreeMap<IncidentId, RosterIndex>,
    is_new: bool,
) -> Result<BTreeMap<IncidentId, Vec<DistrictCounts>>, StoreError> {
    let mut districts = BTreeMap::new();
    for (incident, index) in by_incident {
        let concerned = stores.take_concerned(*incident);
        let concerned = if is_new { Concerned::Everybody } else { concerned };
        update(stores.store_of(*incident), *incident, index, concerned)?;
        districts.insert(*incident, index.districts().map(counts).collect());
    }
    Ok(districts)
}

fn update(
    store: &Store,
    incident: IncidentId,
    index: &mut RosterIndex,
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
