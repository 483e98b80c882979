//! Who of a household has arrived, for its own televisions and for the desk's last stage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hinamori_alert::KeyClass;
use hinamori_model::{HouseholdId, IncidentId, Mode, PersonId, SiteId, UnixMillis};
use hinamori_record::{Presence, PresenceState};
use hinamori_store_sqlite::StoreError;
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::alerts::board::{Board, Message};
use crate::alerts::households::Households;
use crate::archive::Stores;
use crate::clock::now;
use crate::hex;
use crate::hub::Hub;

/// At the most so often, however many people arrive.
const LOOKS: Duration = Duration::from_millis(250);

/// What one television is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Told {
    household: String,
    people: Vec<ToldPerson>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ToldPerson {
    name: String,
    arrived: Option<UnixMillis>,
    place: Option<String>,
}

/// Looks whenever records came, as long as the server runs.
pub(crate) async fn follow_people(hub: Arc<Hub>, board: Arc<Board>) {
    let mut news = hub.news();
    let mut turns = interval(LOOKS);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut desk = board.desk_changes();
    let mut told = BTreeMap::new();
    loop {
        turns.tick().await;
        look(&hub, &board, &mut told).await;
        // A message that was sent, a television that was bound, or records.
        tokio::select! {
            _lagged_or_not = news.recv() => {}
            changed = desk.changed() => if changed.is_err() { return },
        }
    }
}

/// What each household was told last, under its latest message: a television takes no list that is older than that.
type LastTold = BTreeMap<HouseholdId, (UnixMillis, Told)>;

async fn look(hub: &Hub, board: &Board, told: &mut LastTold) {
    let (households, wanted) = {
        let inner = board.inner();
        let at = now();
        let is_on = |message: &&Arc<Message>| message.signed.alert().expires() > at;
        let messages: Vec<_> = inner.messages.iter().filter(is_on).map(Arc::clone).collect();
        (Arc::clone(&inner.households), messages)
    };
    if wanted.is_empty() {
        return;
    }
    let town = hub.town.current();
    let names: BTreeMap<SiteId, String> =
        town.sites.iter().map(|site| (site.id, site.name.clone())).collect();
    let incidents = town.incidents;
    // A household is looked for in earnest as long as anything live is out, and a drill's arrivals count for drills alone.
    let mut classes: BTreeMap<HouseholdId, KeyClass> = BTreeMap::new();
    let mut latest: BTreeMap<HouseholdId, UnixMillis> = BTreeMap::new();
    let (drills, live): (Vec<_>, Vec<_>) =
        wanted.iter().partition(|message| message.about.class() == KeyClass::Exercise);
    for message in drills.into_iter().chain(live) {
        classes.extend(message.households().map(|household| (household, message.about.class())));
        latest.extend(
            message.households().map(|household| (household, message.signed.alert().alert().sent.at())),
        );
    }
    let of_class = classes.clone();
    let asked = Arc::clone(&households);
    let found = hub.archive.ask(move |stores| {
        let incident = |class| match class {
            KeyClass::Live => crate::hall::shown_incident(stores, incidents, Mode::Live),
            KeyClass::Exercise => crate::hall::shown_incident(stores, incidents, Mode::Drill),
        };
        let by_class = [KeyClass::Live, KeyClass::Exercise].map(|class| (class, incident(class)));
        let by_class = BTreeMap::from(by_class);
        arrivals(stores, &asked, &classes, &by_class)
    });
    let arrivals = match found.await {
        Ok(Ok(arrivals)) => arrivals,
        Ok(Err(error)) => return tracing::error!(%error, "arrivals cannot be read"),
        Err(_closed) => return,
    };
    for (household, Arrivals { seen, hidden }) in arrivals {
        let person = |member: &crate::alerts::households::Member| {
            let seen = seen.get(&member.id);
            ToldPerson {
                name: member.name().to_owned(),
                arrived: seen.map(|(at, _)| *at),
                place: seen.and_then(|(_, site)| names.get(site).cloned()),
            }
        };
        let members = households.members(household);
        let now_told =
            Told { household: hex::text(household.as_bytes()), people: members.iter().map(person).collect() };
        let now_told = (latest.get(&household).copied().unwrap_or_default(), now_told);
        let is_known = told.get(&household) == Some(&now_told);
        // Nobody's set is woken to hear that nobody arrived.
        let is_worth = !seen.is_empty() || told.contains_key(&household);
        if !is_known && is_worth {
            board.tell_people(household, signed_json(&now_told.1));
            told.insert(household, now_told);
        }
        let is_hidden =
            |member: &&crate::alerts::households::Member| member.is_hidden || hidden.contains(&member.id);
        let mut others = members.iter().filter(|member| !is_hidden(member)).peekable();
        if others.peek().is_some() && others.all(|member| seen.contains_key(&member.id)) {
            let last = seen.values().map(|(at, _)| *at).max().unwrap_or_default();
            let class = of_class.get(&household);
            let is_its =
                |message: &&Arc<Message>| message.is_for(household) && class == Some(&message.about.class());
            for message in wanted.iter().filter(is_its) {
                board.arrived(message.digest, household, last);
            }
        }
    }
}

/// With the time at which it is so.
fn signed_json(told: &Told) -> Vec<u8> {
    #[derive(Serialize)]
    struct At<'a> {
        at: UnixMillis,
        #[serde(flatten)]
        told: &'a Told,
    }
    serde_json::to_vec(&At { at: now(), told }).unwrap_or_default()
}

/// Of one household: who was received where and when, and whom records hide.
#[derive(Default)]
struct Arrivals {
    seen: BTreeMap<PersonId, (UnixMillis, SiteId)>,
    hidden: BTreeSet<PersonId>,
}

/// Who of each household was received somewhere. Hidden people never were (law 7).
fn arrivals(
    stores: &mut Stores,
    households: &Households,
    classes: &BTreeMap<HouseholdId, KeyClass>,
    by_class: &BTreeMap<KeyClass, IncidentId>,
) -> Result<BTreeMap<HouseholdId, Arrivals>, StoreError> {
    let mut all = BTreeMap::new();
    let [earnest, _] = stores.all();
    let in_earnest = earnest.hidden_by_records(&BTreeSet::new())?.ids;
    for (household, class) in classes {
        let Some(incident) = by_class.get(class) else { continue };
        let store = stores.store_of(*incident);
        let mut of = Arrivals::default();
        for member in households.members(*household) {
            if in_earnest.contains(&member.id) {
                of.hidden.insert(member.id);
            }
            if member.is_hidden || of.hidden.contains(&member.id) {
                continue;
            }
            let person = store.canonical(member.id)?;
            if let Some(presence) = store.presence(*incident, person)?.filter(is_received) {
                of.seen.insert(
                    member.id,
                    (presence.arrived_at.unwrap_or(presence.seen_at.millis()), presence.site),
                );
            }
        }
        all.insert(*household, of);
    }
    Ok(all)
}

/// Whether somebody of this state was received, and is well.
const fn is_received(presence: &Presence) -> bool {
    matches!(
        presence.state,
        PresenceState::Here | PresenceState::Out | PresenceState::Overnight | PresenceState::Moved
    )
}
