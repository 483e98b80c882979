use super::*;
use hinamori_model::{
    Hlc, HouseholdId, IncidentId, PersonalText, RecordId, RegisteredKind, SiteKind, SupportReason,
    SupportReasons,
};
use hinamori_record::{Document, DocumentScope, Fact, PresenceEvent, Proof};
use hinamori_report::{Audience, Column};
use hinamori_store_sqlite::{FileKey, RegisteredHere, Store};

use hinamori_sync::town::{Incidents, Person, TownSecret};

use crate::own_shelter::Ruling;

const GYM: SiteId = SiteId::from_bytes([1; 16]);
const HALL: SiteId = SiteId::from_bytes([2; 16]);
const LIVE: IncidentId = IncidentId::from_bytes([0xd1; 16]);
/// 2026-03-11 15:00 in Japan.
const NOON: UnixMillis = UnixMillis::new(1_773_208_800_000);

fn id(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn at(hours: i64) -> UnixMillis {
    UnixMillis::new(NOON.get().saturating_add_signed(hours * 3_600_000))
}

/// A town with two sites and a store of its records.
struct Town {
    folder: tempfile::TempDir,
    package: Package,
    people: Vec<Person>,
    registered: BTreeMap<PersonId, RegisteredHere>,
    rulings: BTreeMap<SiteId, Ruling>,
    said: Vec<(SiteId, UnixMillis, Fact)>,
}

impl Town {
    fn new() -> Self {
        let site = |id, name: &str| hinamori_sync::town::Site {
            id,
            name: name.to_owned(),
            kind: SiteKind::Shelter,
            catchment: Vec::new(),
            position: Some((337_910_960, 1_346_400_350)),
            capacity: None,
        };
        let package = Package {
            version: 1,
            issued_at: NOON,
            name: "汐見町".to_owned(),
            key: TownSecret([1; 32]),
            sites: vec![site(GYM, "体育館"), site(HALL, "集会所")],
            incidents: Incidents {
                daily_life: IncidentId::from_bytes([0xd0; 16]),
                live: LIVE,
                drill: IncidentId::from_bytes([0xd2; 16]),
            },
            boxes: Vec::new(),
            denied: Vec::new(),
            cut_offs: Vec::new(),
            retentions: Vec::new(),
            forks: Vec::new(),
            anchors: Vec::new(),
            intermediates: Vec::new(),
            feed_key: [0; 32],
            receipt_key: [0; 32],
            list_grace_millis: 0,
            resets_time: false,
            roster: Vec::new(),
            staff: Vec::new(),
            incident_keys: Vec::new(),
            closed: Vec::new(),
            ledger_key: [0; 32],
            earlier: Vec::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            package,
            people: Vec::new(),
            registered: BTreeMap::new(),
            rulings: BTreeMap::new(),
            said: Vec::new(),
        }
    }

    fn person(&mut self, number: u8, change: impl FnOnce(&mut Person)) {
        let mut person = Person::named(id(number), PersonalText::new("浜田 花子"));
        change(&mut person);
        self.people.push(person);
    }

    fn says(&mut self, site: SiteId, hours: i64, number: u8, event: PresenceEvent) {
        self.said.push((site, at(hours), Fact::presence(id(number), event, Proof::DECLARED)));
    }

    fn counted(&self, from: i64, until: i64) -> Figures {
        let path = self.folder.path().join("records.sqlite");
        let mut store = Store::open(&path).unwrap();
        for (number, (site, at, fact)) in self.said.iter().enumerate() {
            let scope =
                DocumentScope { incident: LIVE, site: *site, period: hinamori_record::Period::of(*at) };
            let actor = hinamori_record::ActorId::from_bytes([u8::try_from(number).unwrap() + 1; 16]);
            let record = Record {
                id: RecordId::new(*at, number as u128),
                at: Hlc::from_packed(at.get() << 16),
                clock_unsure: false,
                lane: None,
                fact: fact.clone(),
            };
            let change =
                Document::new(scope, actor).unwrap().append(std::slice::from_ref(&record), *at).unwrap();
            store.commit_own(scope, &change, &[record], *at).unwrap();
        }
        drop(store);
        let stores =
            Stores::open(&crate::data::DataFolder::new(self.folder.path()), &FileKey::new([1; 32])).unwrap();
        let people = Townspeople::new(self.people.clone(), BTreeSet::new(), self.registered.clone());
        let period = Period { from: at(from), until: at(until) };
        let places = Places::read(&stores, &self.package, &self.rulings, LIVE).unwrap();
        let figures =
            figures_of(&stores, &self.package, &people, &places, Mode::Live, period, at(1)).unwrap();
        ["records.sqlite", "records.sqlite-wal", "records.sqlite-shm"].iter().for_each(|name| {
            drop(std::fs::remove_file(self.folder.path().join(name)));
        });
        figures
    }
}

fn of(figures: &Figures, site: SiteId) -> SiteFigures {
    figures.sites().iter().find(|(known, _)| known.id == site).map(|(_, counts)| counts.clone()).unwrap()
}

fn born(years: u16) -> Option<hinamori_model::BirthDate> {
    Some(CalendarDate::new(2026 - years, 1, 1).unwrap().into())
}

#[test]
fn each_person_is_counted_once_where_they_are_with_what_is_known_of_them() {
    let mut town = Town::new();
    let household = Some(HouseholdId::from_bytes([9; 16]));
    town.person(1, |person| {
        (person.household, person.birth, person.sex) = (household, born(80), RosterSex::Female);
        person.support = SupportReasons::NONE.with(SupportReason::CareLevelThreeToFive);
    });
    town.person(2, |person| {
        (person.household, person.birth, person.sex) = (household, born(4), RosterSex::Male)
    });
    town.person(3, |_| ());
    for number in [1, 2, 3, 4] {
        town.says(GYM, -20, number, PresenceEvent::Arrived);
    }
    town.says(HALL, -2, 2, PresenceEvent::Arrived);
    town.says(GYM, -2, 3, PresenceEvent::AtHome);
    town.registered.insert(id(4), RegisteredHere { kind: RegisteredKind::Visitor, household: None });
    town.said.push((GYM, at(-1), Fact::HeadCount { adults: 5, children: 2, infants: 0 }));
    let figures = town.counted(-12, 0);
    let (gym, hall) = (of(&figures, GYM), of(&figures, HALL));
    assert_eq!((gym.in_shelter, gym.at_home), (Total::shown(2), Total::shown(1)));
    assert_eq!(
        (gym.households, hall.households, figures.households()),
        (2, 1, 2),
        "one household at two sites"
    );
    assert_eq!((gym.ages, gym.sexes), ([0, 0, 0, 0, 0, 1], [1, 0, 0]));
    assert_eq!((gym.visitors, gym.head_count, gym.needs.iter().sum::<u32>()), (1, [5, 2, 0], 1));
    assert_eq!((hall.in_shelter, hall.arrived, hall.ages), (Total::shown(1), 1, [0, 1, 0, 0, 0, 0]));
    assert_eq!((gym.arrived, gym.left), (0, 2), "they came before the period, and two are gone");
    assert_eq!((gym.confirmed_within_12_hours, hall.confirmed_within_12_hours), (0, 1));
    assert_eq!((gym.by_night, gym.by_day), (Total::shown(4), Total::shown(4)));
}

#[test]
fn an_hour_that_is_over_is_counted_as_it_was() {
    let mut town = Town::new();
    town.says(GYM, -5, 1, PresenceEvent::Arrived);
    town.says(GYM, -1, 1, PresenceEvent::Left);
    town.says(GYM, -1, 2, PresenceEvent::Arrived);
    assert_eq!(of(&town.counted(-24, -3), GYM).in_shelter, Total::shown(1));
    let now = of(&town.counted(-24, 0), GYM);
    assert_eq!(
        (now.in_shelter, now.elsewhere, now.arrived, now.left),
        (Total::shown(1), Total::shown(1), 2, 1)
    );
}

#[test]
fn whom_a_roll_call_missed_is_unaccounted_and_seen_later_here_again() {
    let mut town = Town::new();
    town.says(GYM, -10, 1, PresenceEvent::Arrived);
    town.says(GYM, -10, 2, PresenceEvent::Arrived);
    town.says(GYM, -3, 2, PresenceEvent::Seen);
    town.said.push((GYM, at(-2), Fact::RollCall { since: at(-4) }));
    let gym = of(&town.counted(-24, 0), GYM);
    assert_eq!((gym.in_shelter, gym.unaccounted), (Total::shown(1), Total::shown(1)));
    let before = of(&town.counted(-24, -3), GYM);
    assert_eq!((before.in_shelter, before.unaccounted), (Total::shown(2), Total::shown(0)));
}

#[test]
fn a_clock_that_runs_ahead_hides_nobody() {
    let mut town = Town::new();
    town.says(GYM, 50, 1, PresenceEvent::Arrived);
    assert_eq!(of(&town.counted(-24, 1), GYM).in_shelter, Total::shown(1));
    assert_eq!(of(&town.counted(-24, 0), GYM).in_shelter, Total::shown(0));
}

#[test]
fn a_hidden_person_changes_no_byte_of_what_everybody_may_read() {
    let counted = |is_here: bool| {
        let mut town = Town::new();
        for number in 1..=9 {
            town.person(number, |person| (person.birth, person.sex) = (born(40), RosterSex::Male));
            town.says(GYM, -3, number, PresenceEvent::Arrived);
        }
        town.person(20, |person| (person.hidden, person.birth) = (true, born(30)));
        if is_here {
            town.says(GYM, -30, 20, PresenceEvent::Arrived);
        }
        town.counted(-24, 0)
    };
    let (without, with) = (counted(false), counted(true));
    let csv = |figures: &Figures| figures.sheet(Audience::Everybody).csv(hinamori_report::Hxl::Write);
    assert_eq!(csv(&with), csv(&without));
    assert_eq!(of(&with, GYM).in_shelter, Total { shown: 9, hidden_in_total: 1 });
    let sheet = with.sheet(Audience::Headquarters);
    let place = sheet.columns().iter().position(|column| *column == Column::InShelter).unwrap();
    assert_eq!(sheet.town()[place].count(), Some(10), "they eat too");
}

#[test]
fn a_shelter_that_people_opened_has_its_name_and_one_that_was_joined_counts_where_it_belongs() {
    const SHRINE: SiteId = SiteId::from_bytes([3; 16]);
    let mut town = Town::new();
    (1..=2).for_each(|number| town.person(number, |_| {}));
    town.said.push((SHRINE, at(-4), Fact::SelfOpened { name: "八幡さんの社務所".to_owned() }));
    town.says(SHRINE, -3, 1, PresenceEvent::Arrived);
    town.says(GYM, -2, 2, PresenceEvent::Arrived);
    let figures = town.counted(-6, 0);
    let names: Vec<&str> = figures.sites().iter().map(|(site, _)| site.name.as_str()).collect();
    assert_eq!(names, ["体育館", "集会所", "八幡さんの社務所"]);
    let here = |figures: &Figures, site| of(figures, site).in_shelter.shown;
    assert_eq!((here(&figures, SHRINE), here(&figures, GYM)), (1, 1));
    town.rulings.insert(SHRINE, Ruling::Joined(GYM));
    let figures = town.counted(-6, 0);
    assert_eq!(figures.sites().len(), 2);
    let gym = of(&figures, GYM);
    assert_eq!((gym.in_shelter.shown, gym.arrived, gym.left), (2, 2, 0));
    assert_eq!(gym.by_day.shown, 2);
}

#[test]
fn a_period_that_runs_backwards_or_into_the_future_is_refused() {
    let town = Town::new();
    let stores =
        Stores::open(&crate::data::DataFolder::new(town.folder.path()), &FileKey::new([1; 32])).unwrap();
    let people = Townspeople::new(Vec::new(), BTreeSet::new(), BTreeMap::new());
    let places = Places::read(&stores, &town.package, &town.rulings, LIVE).unwrap();
    for (from, until) in [(0, -1), (0, 2)] {
        let period = Period { from: at(from), until: at(until) };
        assert!(figures_of(&stores, &town.package, &people, &places, Mode::Live, period, at(1)).is_err());
    }
}
