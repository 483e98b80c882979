//! Shelters that people opened themselves, and people whom two sites claim.

use hinamori_model::{Assurance, PersonId, SiteId};
use hinamori_record::{Fact, PresenceEvent, Proof};
use hinamori_sync::own_shelter;
use serde_json::Value;

use super::{GYM, site};
use crate::hall::{Hall, LIVE, Running, TestSite};
use crate::shelter::TestBox;

const HOUSE: &str = "浜町の集会所";

fn arrived(person: u8) -> Fact {
    let proof = Proof { assurance: Assurance::ChipProven, ..Proof::DECLARED };
    Fact::presence(PersonId::from_bytes([person; 16]), PresenceEvent::Arrived, proof)
}

fn opened() -> Fact {
    Fact::SelfOpened { name: HOUSE.to_owned() }
}

/// Whether the live incident has a row for the house.
fn has_house(counts: &Value) -> bool {
    let sites = counts["incidents"][0]["sites"].as_array().unwrap();
    sites.iter().any(|site| site["name"] == HOUSE)
}

fn of_house(counts: &Value) -> (u64, bool) {
    let house = site(counts, "live", HOUSE);
    (house["here"].as_u64().unwrap(), house["own_shelter"].as_bool().unwrap())
}

fn here(server: &Running, name: &str, expected: u64) {
    server.counts_until(|counts| site(counts, "live", name)["here"] == expected);
}

#[tokio::test]
async fn a_shelter_of_people_s_own_is_counted_joined_closed_and_adopted() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let own = own_shelter(gym.id(), 0);
    gym.write(LIVE, 1);
    for fact in [opened(), arrived(4), arrived(5)] {
        gym.write_at(LIVE, own, |_| fact);
    }
    let mut line = gym.connect().await;
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    assert_eq!(of_house(&server.counts()), (2, true));
    let page = server.get("/");
    assert!(page.contains(&format!("{HOUSE}<small>自主避難所")) && page.contains("● つながっています"));
    let shelter = |rest: &[&str]| {
        let arguments = [&["shelter"], rest].concat();
        hall.command(&arguments).status.success()
    };
    let (id, gym_id) = (own.to_string(), TestSite::Gym.id().to_string());
    // Nobody opened that one, no such site, and one that is the town's.
    let nobodys = SiteId::from_bytes([9; 16]).to_string();
    assert!(!shelter(&["adopt", &nobodys]) && !shelter(&["join", &id, "--into", &nobodys]));
    assert!(!shelter(&["close", &gym_id]) && !shelter(&["join", &id, "--into", &id]));
    assert!(shelter(&["join", &id, "--into", &gym_id]));
    here(&server, GYM, 3);
    assert!(!has_house(&server.counts()));
    assert!(shelter(&["close", &id]));
    here(&server, GYM, 1);
    assert_eq!(of_house(&server.counts()), (2, true), "somebody is still written down there");
    assert!(server.get("/").contains("自主避難所・閉鎖"));
    assert!(shelter(&["adopt", &id]));
    server.counts_until(|counts| of_house(counts) == (2, false));
    assert!(!shelter(&["close", &id]), "the town's own");
    line.until("the next package", |line| line.town_version() >= 3).await;
    // The next import keeps it, and a box can be enrolled there.
    let said = hall.import();
    assert!(said.contains(": 4 sites, "), "{said}");
    hall.must(&["enrol-code", "--site", &id, "--address", "localhost:1"]);
    assert_eq!(of_house(&server.counts()), (2, false));
}

#[tokio::test]
async fn nobody_writes_for_another_box_s_shelter() {
    let hall = Hall::new();
    let server = hall.run();
    let (mut gym, mut gate) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Gate));
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gate.enrol(&hall.code(TestSite::Gate, &[])).await.unwrap();
    let stolen = gate.write_at(LIVE, own_shelter(gym.id(), 0), |_| opened());
    gate.shelf.clear();
    let mut line = gate.connect().await;
    line.until("the hello", |line| line.is_greeted()).await;
    line.force(&[stolen]).await;
    server.counts_until(|counts| counts["quarantined"] == 1);
    assert!(!has_house(&server.counts()));
}

#[tokio::test]
async fn people_at_two_sites_are_counted_until_it_is_settled_and_nobody_hidden_is() {
    let hall = Hall::new();
    let server = hall.run();
    let (mut gym, mut hall_box) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Hall));
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    hall_box.enrol(&hall.code(TestSite::Hall, &[])).await.unwrap();
    // The register hides 2.
    let hidden = 2;
    for person in [1, 4, hidden] {
        gym.write_at(LIVE, TestSite::Gym.id(), |_| arrived(person));
    }
    // The hall's clock is later, whatever the machine's resolution.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    for person in [4, hidden] {
        hall_box.write_at(LIVE, TestSite::Hall.id(), |_| arrived(person));
    }
    for shelter in [&mut gym, &mut hall_box] {
        shelter.connect().await.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    }
    assert_eq!(server.counts()["incidents"][0]["conflicts"], 1);
    assert!(server.get("/").contains("1人が 2か所の 拠点で") && !server.get("/drill").contains("2か所"));
    let person = PersonId::from_bytes([4; 16]);
    let settled = Fact::Settled { person, site: TestSite::Gym.id(), staff: None };
    gym.write_at(LIVE, TestSite::Gym.id(), |_| settled);
    gym.connect().await.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    let counts = server.counts_until(|counts| counts["incidents"][0]["conflicts"] == 0);
    assert_eq!(site(&counts, "live", GYM)["here"], 2);
}
