//! Who of a household has arrived, for its own televisions, and how far households are on the way, for the desk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use hinamori_alert::KeyClass;
use hinamori_model::{HouseholdId, IncidentId, Mode, PersonId, SiteId, UnixMillis};
use hinamori_record::{Presence, PresenceState};
use hinamori_store_sqlite::{Answer, AnswerKind, StoreError};
use serde::Serialize;
use tokio::time::{MissedTickBehavior, interval};

use crate::alerts::board::{Board, Inner, Message};
use crate::alerts::households::{Households, Member};
use crate::archive::Stores;
use crate::clock::now;
use crate::hex;
use crate::hub::Hub;
use crate::missing::hidden_by_records;

/// At the most so often, however many people arrive.
const LOOKS: Duration = Duration::from_millis(250);
/// After the databases could not be read.
const AGAIN: Duration = Duration::from_secs(1);

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
    let mut changes = board.stations.subscribe();
    let mut told = BTreeMap::new();
    loop {
        turns.tick().await;
        look_until_it_could(&hub, &board, &mut told).await;
        // Records, a message that was sent, or a television that was bound. What televisions answer says nothing of where anybody is.
        tokio::select! {
            _lagged_or_not = news.recv() => {}
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

/// Looks again and again: nobody else would ask for what a look that failed did not see.
async fn look_until_it_could(hub: &Hub, board: &Board, told: &mut LastTold) {
    while !look(hub, board, told).await {
        tokio::time::sleep(AGAIN).await;
    }
}

/// What each household was told last, under its latest message, and of what time that was.
type LastTold = BTreeMap<HouseholdId, (UnixMillis, Told, UnixMillis)>;

/// Whether it could look.
async fn look(hub: &Hub, board: &Board, told: &mut LastTold) -> bool {
    let (households, out) = {
        let inner = board.inner();
        (Arc::clone(&inner.households), out_at(&inner, now()))
    };
    if out.is_empty() {
        return true;
    }
    let town = hub.town.current();
    let names: BTreeMap<SiteId, String> =
        town.sites.iter().map(|site| (site.id, site.name.clone())).collect();
    let incidents = town.incidents;
    // A household is looked for in earnest as long as anything live is out, and a drill's arrivals count for drills alone.
    let mut classes: BTreeMap<HouseholdId, KeyClass> = BTreeMap::new();
    let mut latest: BTreeMap<HouseholdId, UnixMillis> = BTreeMap::new();
    let (drills, live): (Vec<_>, Vec<_>) =
        out.iter().partition(|out| out.message.about.class() == KeyClass::Exercise);
    for out in drills.into_iter().chain(live) {
        classes.extend(out.households.iter().map(|household| (*household, out.message.about.class())));
        latest.extend(out.households.iter().map(|household| (*household, out.message.sent())));
    }
    let of_class = classes.clone();
    let since = out.iter().map(|out| out.began).min().unwrap_or_default();
    let asked = Arc::clone(&households);
    let found = hub.archive.ask(move |stores| {
        let incident = |class| match class {
            KeyClass::Live => crate::hall::shown_incident(stores, incidents, Mode::Live),
            KeyClass::Exercise => crate::hall::shown_incident(stores, incidents, Mode::Drill),
        };
        let by_class = [KeyClass::Live, KeyClass::Exercise].map(|class| (class, incident(class)));
        let by_class = BTreeMap::from(by_class);
        arrivals(stores, &asked, &classes, &by_class, since)
    });
    let arrivals = match found.await {
        Ok(Ok(arrivals)) => arrivals,
        Ok(Err(error)) => {
            tracing::error!(%error, "arrivals cannot be read");
            return false;
        }
        Err(_closed) => return true,
    };
    let mut on_the_way = Vec::new();
    for (household, found) in arrivals {
        let seen = &found.seen;
        // Nobody's set is woken to hear that nobody arrived.
        if !seen.is_empty() || told.contains_key(&household) {
            let person = |member: &Member| {
                let seen = seen.get(&member.id);
                ToldPerson {
                    name: member.name().to_owned(),
                    arrived: seen.map(|seen| seen.at),
                    place: seen.and_then(|seen| names.get(&seen.site).cloned()),
                }
            };
            let people = households.members(household).iter().map(person).collect();
            let now_told = Told { household: hex::text(household.as_bytes()), people };
            let latest = latest.get(&household).copied().unwrap_or_default();
            let before = told.get(&household);
            if before.is_none_or(|(under, said, _)| (*under, said) != (latest, &now_told)) {
                let at = time_of_list(now(), latest, before.map(|(.., at)| *at));
                board.tell_people(household, signed_json(&now_told, at));
                told.insert(household, (latest, now_told, at));
            }
        }
        let members = households.members(household);
        let class = of_class.get(&household);
        let is_its = |out: &&Out| out.is_for(household) && class == Some(&out.message.about.class());
        for Out { message, began, .. } in out.iter().filter(is_its) {
            let digest = message.digest;
            let answer = |(kind, at)| Answer { digest, household, kind, at };
            on_the_way.extend(found.stages(members, *began).into_iter().map(answer));
        }
    }
    board.deliver(on_the_way);
    true
}

/// What a household is told of its people whose television was just given to it at a box: their names, so that a wrong one is seen at once, and
/// nothing of where anybody is.
pub(super) fn names_of(households: &Households, household: HouseholdId) -> Vec<u8> {
    let person = |member: &Member| ToldPerson { name: member.name().to_owned(), arrived: None, place: None };
    let people = households.members(household).iter().map(person).collect();
    signed_json(&Told { household: hex::text(household.as_bytes()), people }, now())
}

/// What a list of a household's people says of its time. A television takes none that is older than the message on it, which a clock that is
/// ahead may have dated, and of two the later one.
fn time_of_list(now: UnixMillis, latest: UnixMillis, before: Option<UnixMillis>) -> UnixMillis {
    now.max(latest).max(before.map(|before| before.plus(1)).unwrap_or_default())
}

/// A message that is out.
pub(super) struct Out {
    message: Arc<Message>,
    /// When its thread began: what somebody did before has nothing to do with it.
    pub(super) began: UnixMillis,
    /// Whose people are looked for. What was said at a box is for those to whom its thread spoke before.
    pub(super) households: BTreeSet<HouseholdId>,
}

impl Out {
    fn is_for(&self, household: HouseholdId) -> bool {
        self.households.contains(&household)
    }
}

pub(super) fn out_at(inner: &Inner, at: UnixMillis) -> Vec<Out> {
    let is_on = |message: &&Arc<Message>| message.signed.alert().expires() > at;
    let with_its = |message: &Arc<Message>| {
        let thread = inner.thread(&message.thread());
        let households = match message.about.origin {
            Some(_) => Inner::told_by(&thread),
            None => message.households().collect(),
        };
        let began = thread.iter().map(|message| message.began()).min().unwrap_or_default();
        Out { message: Arc::clone(message), began, households }
    };
    inner.messages.iter().filter(is_on).map(with_its).collect()
}

/// With the time at which it is so.
fn signed_json(told: &Told, at: UnixMillis) -> Vec<u8> {
    #[derive(Serialize)]
    struct At<'a> {
        at: UnixMillis,
        #[serde(flatten)]
        told: &'a Told,
    }
    serde_json::to_vec(&At { at, told }).unwrap_or_default()
}

/// Of one household: who was received where and when, when any of them passed a check-point, and whom records hide.
#[derive(Default)]
struct Arrivals {
    seen: BTreeMap<PersonId, Seen>,
    passings: BTreeSet<UnixMillis>,
    hidden: BTreeSet<PersonId>,
}

/// Where somebody was received.
struct Seen {
    at: UnixMillis,
    site: SiteId,
    /// They are there now, and not out for a while or taken on to somewhere else.
    is_there: bool,
}

impl Arrivals {
    /// How far the household is with a thread that began then. Its hidden people are not looked for, and one that has nobody else never
    /// gets anywhere.
    fn stages(&self, members: &[Member], began: UnixMillis) -> Vec<(AnswerKind, UnixMillis)> {
        let is_hidden = |member: &&Member| member.is_hidden || self.hidden.contains(&member.id);
        let mut others = members.iter().filter(|member| !is_hidden(member)).peekable();
        // Whoever went out of a shelter yesterday is nowhere safe from what comes today.
        let is_in =
            |member: &Member| self.seen.get(&member.id).is_some_and(|seen| seen.is_there || seen.at >= began);
        let has_arrived = others.peek().is_some() && others.all(is_in);
        let last = self.seen.values().map(|seen| seen.at).max().filter(|_| has_arrived);
        let passed = self.passings.range(began..).next().copied();
        let stages = [(AnswerKind::CheckPoint, passed), (AnswerKind::Arrived, last)];
        stages.into_iter().filter_map(|(kind, at)| Some((kind, at?))).collect()
    }
}

/// Who of each household was received somewhere, or passed a check-point since then. Hidden people never did (law 7).
fn arrivals(
    stores: &mut Stores,
    households: &Households,
    classes: &BTreeMap<HouseholdId, KeyClass>,
    by_class: &BTreeMap<KeyClass, IncidentId>,
    since: UnixMillis,
) -> Result<BTreeMap<HouseholdId, Arrivals>, StoreError> {
    let mut all = BTreeMap::new();
    let hidden = hidden_by_records(stores, by_class.values().copied())?;
    // Read once: of most people of a town nothing is known, and asking for each would take longer than telling all televisions.
    let mut known = BTreeMap::new();
    for incident in by_class.values() {
        let store = stores.store_of(*incident);
        let mut presences: BTreeMap<PersonId, Presence> = BTreeMap::new();
        store.for_each_presence(*incident, |person, presence| presences.extend([(person, *presence)]))?;
        known.insert(*incident, (presences, store.linked()?));
    }
    for (household, class) in classes {
        let Some(incident) = by_class.get(class) else { continue };
        let Some((presences, linked)) = known.get(incident) else { continue };
        let store = stores.store_of(*incident);
        let mut of = Arrivals::default();
        for member in households.members(*household) {
            if hidden.get(incident).is_some_and(|hidden| hidden.contains(&member.id)) {
                of.hidden.insert(member.id);
            }
            if member.is_hidden || of.hidden.contains(&member.id) {
                continue;
            }
            let person = linked.get(&member.id).copied().unwrap_or(member.id);
            let Some(presence) = presences.get(&person) else { continue };
            of.passings.extend(store.passings(*incident, person, since)?);
            if is_received(presence) {
                let at = presence.arrived_at.unwrap_or(presence.seen_at.millis());
                let is_there = presence.state == PresenceState::Here;
                of.seen.insert(member.id, Seen { at, site: presence.site, is_there });
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

#[cfg(test)]
pub(crate) mod tests {
    use hinamori_model::{Assurance, Hlc, PersonalText, RecordId, StaffId};
    use hinamori_record::{ActorId, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record};
    use hinamori_store_sqlite::{FileKey, Store};
    use hinamori_sync::town::Person;

    use super::*;
    use crate::alerts::tests::{Hall, landslide};
    use crate::data::DataFolder;
    use crate::session::tests::hub_of;

    const LIVE: IncidentId = IncidentId::from_bytes([0xd1; 16]);
    const DRILL: IncidentId = IncidentId::from_bytes([0xd2; 16]);
    const GATE: SiteId = SiteId::from_bytes([1; 16]);
    const GYM: SiteId = SiteId::from_bytes([2; 16]);
    const SENT: UnixMillis = UnixMillis::new(1_773_208_800_000);
    const HOME: HouseholdId = HouseholdId::from_bytes([7; 16]);

    fn id(number: u8) -> PersonId {
        PersonId::from_bytes([number; 16])
    }

    /// Two people at home; the second one is hidden by the town's list where it says so.
    fn home(is_hidden: bool) -> Households {
        let person = |number, hidden| Person {
            household: Some(HOME),
            hidden,
            ..Person::named(id(number), PersonalText::new("浜田 花子"))
        };
        Households::of(vec![person(1, false), person(2, is_hidden)])
    }

    fn came(number: u8, event: PresenceEvent) -> Fact {
        Fact::presence(id(number), event, Proof::DECLARED)
    }

    /// By a writer of this number.
    pub(crate) fn write_down(
        store: &mut Store,
        incident: IncidentId,
        (number, at, site, fact): (u8, UnixMillis, SiteId, &Fact),
    ) {
        let scope = DocumentScope { incident, site, period: Period::of(at) };
        let record = Record {
            id: RecordId::new(at, number.into()),
            at: Hlc::from_packed(at.get() << 16),
            clock_unsure: false,
            lane: None,
            fact: fact.clone(),
        };
        let mut document = Document::new(scope, ActorId::from_bytes([number; 16])).unwrap();
        let change = document.append(std::slice::from_ref(&record), at).unwrap();
        store.commit_own(scope, &change, &[record], at).unwrap();
    }

    /// How far the household is when that was recorded, so many seconds after the alert.
    fn stages(
        households: &Households,
        class: KeyClass,
        said: &[(i64, SiteId, Fact)],
    ) -> Vec<(AnswerKind, i64)> {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::new(folder.path());
        let [live, drill] = data.databases();
        let (file, incident) = if class == KeyClass::Live { (live, LIVE) } else { (drill, DRILL) };
        let mut store = Store::open(&file).unwrap();
        for (number, (seconds, site, fact)) in (1_u8..).zip(said) {
            let at = UnixMillis::new(SENT.get().saturating_add_signed(seconds * 1_000));
            write_down(&mut store, incident, (number, at, *site, fact));
        }
        drop(store);
        let mut stores = Stores::open(&data, &FileKey::new([1; 32])).unwrap();
        stores.remember_drill(DRILL).unwrap();
        let classes = BTreeMap::from([(HOME, class)]);
        let by_class = BTreeMap::from([(KeyClass::Live, LIVE), (KeyClass::Exercise, DRILL)]);
        let found = arrivals(&mut stores, households, &classes, &by_class, SENT).unwrap();
        let stages = found[&HOME].stages(households.members(HOME), SENT);
        let after = |at: UnixMillis| i64::try_from(at.get()).unwrap() - i64::try_from(SENT.get()).unwrap();
        stages.into_iter().map(|(kind, at)| (kind, after(at) / 1_000)).collect()
    }

    #[tokio::test]
    async fn whoever_arrived_is_told_also_where_the_first_look_failed() {
        let (hall, folder) = (Hall::new(), tempfile::tempdir().unwrap());
        let hub = hub_of(folder.path(), &[]);
        hall.send(landslide(&["浜町"])).await;
        let (digest, sent) = {
            let inner = hall.board.inner();
            (inner.messages[0].digest, inner.messages[0].sent())
        };
        let [live, _drill] = hub.town.folder.databases();
        write_down(
            &mut Store::open(&live).unwrap(),
            LIVE,
            (1, sent.plus(1_000), GYM, &came(1, PresenceEvent::Arrived)),
        );
        let file = rusqlite::Connection::open(&live).unwrap();
        file.execute_batch("ALTER TABLE presence RENAME TO gone").unwrap();
        let mend = move |_: &mut Stores| file.execute_batch("ALTER TABLE gone RENAME TO presence").unwrap();
        // The archive does one after the other: a look that fails, the mending, and whatever is asked a second later.
        tokio::time::pause();
        let mut told = LastTold::new();
        let (_looked, mended) =
            tokio::join!(look_until_it_could(&hub, &hall.board, &mut told), hub.archive.ask(mend));
        mended.unwrap();
        let home = HouseholdId::from_bytes([1; 16]);
        let answers = hall.board.inner().answers.get(&(digest, home)).copied().unwrap_or_default();
        assert_eq!(answers[AnswerKind::Arrived as usize], Some(sent.plus(1_000)));
    }

    #[test]
    fn a_television_takes_each_list_of_people_also_under_a_message_that_is_dated_ahead() {
        let (now, ahead) = (SENT, SENT.plus(90_000));
        let first = time_of_list(now, ahead, None);
        assert!(first >= ahead, "not older than the message");
        let second = time_of_list(now.plus(1_000), ahead, Some(first));
        assert!(second > first, "later than the one before");
        assert_eq!(time_of_list(now, UnixMillis::default(), Some(SENT)), SENT.plus(1));
        assert_eq!(time_of_list(now, UnixMillis::default(), None), now);
    }

    #[test]
    fn the_first_of_a_household_at_a_check_point_counts_also_where_they_have_arrived_since() {
        use AnswerKind::{Arrived, CheckPoint};
        let all = home(false);
        let of = |said: &[(i64, SiteId, Fact)]| stages(&all, KeyClass::Live, said);
        let passed = |seconds, who| (seconds, GATE, came(who, PresenceEvent::Passed));
        let arrived = |seconds, who| (seconds, GYM, came(who, PresenceEvent::Arrived));
        assert_eq!(of(&[]), []);
        assert_eq!(of(&[passed(200, 2), passed(100, 1), passed(300, 1)]), [(CheckPoint, 100)]);
        assert_eq!(of(&[passed(100, 1), arrived(400, 1)]), [(CheckPoint, 100)], "one of two is at home");
        assert_eq!(
            of(&[passed(100, 1), arrived(400, 1), arrived(500, 2)]),
            [(CheckPoint, 100), (Arrived, 500)]
        );
        assert_eq!(of(&[passed(-5, 1)]), [], "a walk before the alert");
        assert_eq!(of(&[arrived(50, 1), arrived(60, 2)]), [(Arrived, 60)]);
    }

    #[test]
    fn what_a_hidden_person_does_moves_their_household_nowhere() {
        let hide = Fact::Hiding {
            person: id(2),
            hidden: true,
            staff: StaffId::from_bytes([5; 16]),
            proof: Proof { assurance: Assurance::Declared, ..Proof::DECLARED },
        };
        let events = [PresenceEvent::Passed, PresenceEvent::Arrived, PresenceEvent::Left];
        let others = [
            Vec::new(),
            vec![(90, GATE, came(1, PresenceEvent::Passed))],
            vec![(95, GYM, came(1, PresenceEvent::Arrived))],
        ];
        // By the town's list, or by a record; what is said in a drill holds there.
        let hidings = [(home(true), None), (home(false), Some((-60, GYM, hide)))];
        for class in [KeyClass::Live, KeyClass::Exercise] {
            for (all, hiding) in &hidings {
                for other in &others {
                    let with = |own: &[(i64, SiteId, Fact)]| {
                        let said: Vec<_> = hiding.iter().chain(other).chain(own).cloned().collect();
                        stages(all, class, &said)
                    };
                    let without = with(&[]);
                    for event in events {
                        for site in [GATE, GYM] {
                            assert_eq!(with(&[(40, site, came(2, event))]), without, "{event:?} {class:?}");
                        }
                    }
                }
            }
        }
        // A household of hidden people alone is on its way for ever.
        let alone =
            Person { household: Some(HOME), hidden: true, ..Person::named(id(2), PersonalText::new("")) };
        let alone = Households::of(vec![alone]);
        assert_eq!(stages(&alone, KeyClass::Live, &[(40, GYM, came(2, PresenceEvent::Arrived))]), []);
    }
}
