use hinamori_model::PersonId;
use hinamori_people::{DistrictResident, Districts};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::map::contract::{MapSiteKind, SiteStanding};

thread_local! {
    static NOWHERE: Positions = Positions::default();
}
const DISTRICTS: [&str; 2] = ["浜町", "本町"];

fn person(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

fn household(number: u8) -> HouseholdId {
    HouseholdId::from_bytes([number; 16])
}

/// Twelve people in six households of two districts. The last one is hidden.
fn town() -> Districts {
    Districts::build((0..12_u8).map(|number| DistrictResident {
        person: person(number),
        household: Some(household(number / 2)),
        district: DISTRICTS[usize::from(number / 6)],
        group: "1班",
        needs_support: number == 0,
        hidden: number == 11,
    }))
}

fn site(number: u8, here: u32) -> SiteState {
    SiteState {
        id: format!("{number}"),
        name: "<script>".to_owned(),
        kind: MapSiteKind::Shelter,
        position: None,
        standing: SiteStanding::Open,
        own_shelter: false,
        here,
        confirmed: 0,
        unnamed: 0,
        outside: false,
        unaccounted: 0,
        out: 0,
        capacity: None,
        word: None,
        boxes: Vec::new(),
        hazards: Vec::new(),
    }
}

fn look(at: u64, districts: &Districts, sites: Vec<SiteState>) -> Look {
    Look {
        at: UnixMillis::new(at),
        town: "汐見町".to_owned(),
        incident: (IncidentId::from_bytes([9; 16]), None),
        people: LookAtPeople {
            names: districts.names().to_vec(),
            districts: districts.figures().map(|one| [one.people, one.needing_support]).collect(),
            homes: districts.homes().collect(),
            conflicts: 0,
        },
        sites,
        alert: None,
        televisions: Arc::default(),
        positions: NOWHERE.with(Arc::clone),
        centers: BTreeMap::new(),
        visitors: 0,
    }
}

fn event(bytes: &Bytes) -> Value {
    let text = std::str::from_utf8(bytes).unwrap();
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(data).unwrap()
}

/// What a tablet has, brought up to date as docs/browsers.md says.
struct Tablet {
    state: Value,
    households: BTreeMap<u64, Value>,
}

impl Tablet {
    fn new(picture: &Picture) -> Self {
        let state = serde_json::to_value(picture.state()).unwrap();
        let mut tablet = Self { state, households: BTreeMap::new() };
        tablet.households = households(picture);
        tablet
    }

    fn revision(&self) -> &str {
        self.state["revision"].as_str().unwrap()
    }

    fn apply(&mut self, change: &Value) {
        for field in ["revision", "at", "figures"] {
            if let Some(value) = change.get(field) {
                self.state[field] = value.clone();
            }
        }
        if change.get("alert_changed").is_some() {
            self.state["alert"] = change.get("alert").cloned().unwrap_or_default();
        }
        for list in ["districts", "sites"] {
            for new in change.get(list).and_then(Value::as_array).into_iter().flatten() {
                let all = self.state[list].as_array_mut().unwrap();
                match all.iter_mut().find(|one| one["id"] == new["id"]) {
                    Some(known) => *known = new.clone(),
                    None => all.push(new.clone()),
                }
            }
        }
        for gone in change.get("gone_sites").and_then(Value::as_array).into_iter().flatten() {
            self.state["sites"].as_array_mut().unwrap().retain(|site| site["id"] != *gone);
        }
        for changed in change.get("households").and_then(Value::as_array).into_iter().flatten() {
            self.households.insert(changed[0].as_u64().unwrap(), changed[1].clone());
        }
    }
}

fn households(picture: &Picture) -> BTreeMap<u64, Value> {
    let of = |district| picture.households(district, true).unwrap().households;
    let all = [0, 1].into_iter().flat_map(of);
    all.map(|row| (row.id.into(), serde_json::to_value(row.standing).unwrap())).collect()
}

proptest! {
    #[test]
    fn a_tablet_that_goes_on_from_any_revision_has_the_whole_map(
        updates in prop::collection::vec((0_u8..12, 0_usize..8, prop::collection::vec(0_u32..3, 0..4)), 1..24),
        sleeps in 0_usize..24,
    ) {
        let mut districts = town();
        let mut picture = Picture::first(7, MapMode::Live, look(0, &districts, Vec::new()));
        let mut tablet = Tablet::new(&picture);
        for (turn, (number, standing, sites)) in updates.iter().enumerate() {
            districts.update(person(*number), Standing::ALL[*standing]);
            let sites = (0..).zip(sites).map(|(id, here)| site(id, *here)).collect();
            picture.take(look(turn as u64 * 100_000, &districts, sites));
            if turn < sleeps {
                continue;
            }
            let Since::Changes(changes) = picture.since(tablet.revision()) else {
                return Err(TestCaseError::fail("it was told to fetch the map anew"));
            };
            changes.iter().for_each(|change| tablet.apply(&event(change)));
            let mut now = serde_json::to_value(picture.state()).unwrap();
            // A look that brought nothing new is told to nobody.
            now["at"] = tablet.state["at"].clone();
            let by_id = |state: &mut Value| {
                state["sites"].as_array_mut().unwrap().sort_by_key(|site| site["id"].to_string());
            };
            by_id(&mut now);
            by_id(&mut tablet.state);
            prop_assert_eq!(&tablet.state, &now);
            prop_assert_eq!(&tablet.households, &households(&picture));
        }
    }

    #[test]
    fn a_revision_that_is_made_up_is_answered_with_the_whole_map(revision in ".{0,40}") {
        let picture = Picture::first(7, MapMode::Live, look(0, &town(), Vec::new()));
        let is_own = revision == picture.state().revision;
        prop_assert_eq!(picture.since(&revision) == Since::Reset, !is_own);
    }
}

#[test]
fn households_stand_by_their_people_and_then_by_what_got_to_them() {
    let mut districts = town();
    for (number, standing) in [
        (0, Standing::Arrived),
        (1, Standing::AtHome),
        (2, Standing::Arrived),
        (4, Standing::PassedCheckPoint),
        (6, Standing::ToldElsewhere),
        (7, Standing::ToldElsewhere),
        (8, Standing::Unaccounted),
        (11, Standing::Arrived),
    ] {
        districts.update(person(number), standing);
    }
    let mut seen = look(0, &districts, Vec::new());
    let told = [(4, TelevisionStanding::WithoutSet), (5, TelevisionStanding::Unreachable)];
    seen.televisions = Arc::new(told.map(|(number, television)| (household(number), television)).into());
    let picture = Picture::first(7, MapMode::Live, seen);
    let standings: Vec<Value> = households(&picture).into_values().collect();
    // Of the last household one arrived who is hidden: nobody is told so.
    let expected = json!(["arrived", "partly", "passed", "told_elsewhere", "not_arrived", "unknown"]);
    assert_eq!(Value::Array(standings), expected);
    let figures = &picture.state().figures;
    assert_eq!(
        figures.households,
        HouseholdCounts { arrived: 1, partly: 1, passed: 1, told_elsewhere: 1, not_arrived: 1, unknown: 1 }
    );
    assert_eq!((figures.people.all, figures.people.arrived, figures.people.support_not_arrived), (12, 3, 0));
}

#[test]
fn support_is_for_roles_that_may_know_of_it_and_for_who_has_not_arrived() {
    let mut districts = town();
    let mut picture = Picture::first(7, MapMode::Live, look(0, &districts, Vec::new()));
    let support = |picture: &Picture, may| {
        let rows = picture.households(0, may).unwrap().households;
        rows.iter().filter(|row| row.support).count()
    };
    assert_eq!((support(&picture, true), support(&picture, false)), (1, 0));
    districts.update(person(0), Standing::Arrived);
    picture.take(look(1, &districts, Vec::new()));
    assert_eq!(support(&picture, true), 0);
    assert!(picture.households(2, true).is_none());
}

#[test]
fn who_slept_too_long_or_knows_another_roster_fetches_the_whole_map() {
    let mut districts = town();
    let mut picture = Picture::first(7, MapMode::Live, look(0, &districts, Vec::new()));
    let asleep = picture.state().revision.clone();
    for turn in 0..=MOST_CHANGES as u64 {
        let site = site(0, u32::try_from(turn).unwrap());
        assert_eq!(picture.take(look(0, &districts, vec![site])), Taken::Change);
        let expected = if turn < MOST_CHANGES as u64 { turn + 1 } else { 0 };
        match picture.since(&asleep) {
            Since::Changes(changes) => assert_eq!(changes.len() as u64, expected),
            Since::Reset => assert_eq!(expected, 0),
        }
    }
    let last = picture.state().revision.clone();
    assert_eq!(picture.since(&last), Since::Changes(Vec::new()));
    let same = look(5, &districts, picture.state().sites.clone());
    assert_eq!(picture.take(same), Taken::Nothing);
    districts = Districts::build([DistrictResident {
        person: person(0),
        household: None,
        district: "浜町",
        group: "",
        needs_support: false,
        hidden: false,
    }]);
    assert_eq!(picture.take(look(6, &districts, Vec::new())), Taken::Layout);
    assert_eq!(picture.since(&last), Since::Reset);
    assert_eq!(picture.since(&picture.state().revision), Since::Changes(Vec::new()));
}

#[test]
fn the_trend_goes_on_over_periods_in_which_nothing_changed() {
    let mut districts = town();
    let mut picture = Picture::first(7, MapMode::Live, look(0, &districts, Vec::new()));
    let trend = |picture: &Picture| picture.state().figures.arrived_by_ten_minutes.clone();
    assert_eq!(trend(&picture), [None, None, None, None, None, None, Some(0)]);
    districts.update(person(0), Standing::Arrived);
    picture.take(look(PERIOD_MILLIS - 1, &districts, Vec::new()));
    districts.update(person(1), Standing::Arrived);
    picture.take(look(PERIOD_MILLIS * 3, &districts, Vec::new()));
    assert_eq!(trend(&picture), [None, None, None, Some(1), Some(1), Some(1), Some(2)]);
    picture.take(look(PERIOD_MILLIS * 9, &districts, Vec::new()));
    assert_eq!(trend(&picture), [Some(2); 7]);
    let other = (IncidentId::from_bytes([8; 16]), None);
    let taken = picture.take(Look { incident: other, ..look(PERIOD_MILLIS * 9, &town(), Vec::new()) });
    assert_eq!(taken, Taken::Layout, "another incident, though nobody named either");
    assert_eq!(trend(&picture), [None, None, None, None, None, None, Some(0)]);
}
