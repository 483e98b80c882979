//! What headquarters says of incidents, through a real server.

use serde_json::Value;

use super::{GYM, site};
use crate::hall::{DAILY_LIFE, DRILL, Hall, LIVE, TestSite};
use crate::shelter::TestBox;

const HALL: &str = "西浜集会所";
const NAME: &str = "令和8年 汐見地震";

fn here(counts: &Value) -> (u64, u64) {
    let at = |name| site(counts, "live", name)["here"].as_u64().unwrap();
    (at(GYM), at(HALL))
}

#[tokio::test]
async fn two_incidents_are_joined_named_and_split_by_records_that_every_box_hears() {
    let hall = Hall::new();
    let server = hall.run();
    let (mut gym, mut far) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Hall));
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    far.enrol(&hall.code(TestSite::Hall, &[])).await.unwrap();
    for person in [1, 2] {
        gym.write(LIVE, person);
    }
    gym.connect().await.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    // The town names another one, which the other box opens; person 2 went there.
    let second = hinamori_model::IncidentId::from_bytes([0xd9; 16]);
    hall.edit_town(|town| town.replace(&LIVE.to_string(), &second.to_string()));
    hall.import();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    far.write(second, 2);
    far.connect().await.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    server.counts_until(|counts| here(counts) == (0, 1));

    let ids = [LIVE, second, DRILL, DAILY_LIFE].map(|id| id.to_string());
    let [live, second, drill, daily_life] = ids.each_ref().map(String::as_str);
    let incident = |rest: &[&str]| hall.must(&[&["incident"], rest].concat());
    assert!(incident(&["join", live, second]).contains("running server"));
    // In one second: each word has a name of its own.
    incident(&["name", second, "別の名"]);
    incident(&["name", second, NAME]);
    let counts = server.counts_until(|counts| here(counts) == (1, 1));
    assert_eq!(counts["incidents"][0]["sites"].as_array().unwrap().len(), 3, "headquarters is no place");
    server.counts_until(|counts| counts["incidents"][0]["name"] == NAME);
    assert!(server.get("/").contains(NAME));
    let mut line = gym.connect().await;
    line.until("what headquarters said", |line| line.received() == 3).await;
    let listed = incident(&["list"]);
    assert!(listed.contains(&format!("{live} live  earlier   0 people, counts in {second}")), "{listed}");
    assert!(listed.contains(&format!("{second} live  stands by 2 people {NAME}")), "{listed}");

    let refused = |rest: &[&str], why: &str| {
        let said = hall.command(&[&["incident"], rest].concat());
        let error = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(!said.status.success() && error.contains(why), "{error}");
    };
    refused(&["join", live, drill], "never mixed");
    refused(&["join", daily_life, live], "no open incident");
    refused(&["name", live, &"長".repeat(41)], "120 bytes");
    let gym_site = TestSite::Gym.id().to_string();
    let split = |since, into| ["split", live, "--sites", gym_site.as_str(), "--since", since, "--into", into];
    refused(&split("2126-01-01T00:00:00+09:00", second), "a moment on that is over");
    server.terminate();

    // What is tied is not closed alone. Without a running server it is said at once.
    let ledger = hall.path().display().to_string();
    let closed = hall.command(&["close", "live", "--ledger", &ledger]);
    let error = String::from_utf8_lossy(&closed.stderr).into_owned();
    assert!(!closed.status.success() && error.contains(live) && error.contains("joined with"), "{error}");
    assert_eq!(incident(&["join", live, live]).trim(), "said");
    let server = hall.run();
    server.counts_until(|counts| here(counts) == (0, 1));
    server.terminate();
    incident(&split("2020-01-01T00:00:00+09:00", second));
    let server = hall.run();
    assert_eq!(here(&server.counts()), (1, 1));
    server.terminate();
    // The same from the log alone, which says it to whoever reads it.
    hall.must(&["rebuild"]);
    let folder = hall.path().join("export");
    hall.must(&["export", folder.to_str().unwrap()]);
    let lines = std::fs::read_to_string(folder.join("live/records.jsonl")).unwrap();
    let told = |kind: &str| lines.lines().filter(|line| line.contains(kind)).count();
    assert_eq!(["incident_joined", "incident_named", "incident_split"].map(told), [2, 2, 1]);
    let server = hall.run();
    assert_eq!((here(&server.counts()), &server.counts()["quarantined"]), ((1, 1), &0.into()));
}

#[tokio::test]
async fn no_box_stands_at_headquarters() {
    let hall = Hall::new();
    let package = {
        let _server = hall.run();
        let mut gym = TestBox::new(1, TestSite::Gym);
        gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap()
    };
    let places = |id: &hinamori_model::SiteId| package.sites.iter().any(|site| site.id == *id);
    let (_, desk) = package.boxes.iter().find(|(_, grant)| !places(&grant.site)).unwrap();
    let headquarters = desk.site;
    assert!(package.boxes.iter().all(|(_, grant)| grant.may_read(headquarters)));
    assert_eq!(package.boxes.iter().filter(|(_, grant)| grant.may_write(headquarters)).count(), 1);
    let id = headquarters.to_string();
    let refused = |arguments: &[&str]| assert!(!hall.command(arguments).status.success(), "{arguments:?}");
    refused(&["enrol-code", "--site", &id, "--address", "localhost:1"]);
    refused(&["shelter", "adopt", &id]);
    hall.edit_town(|town| town.replace(&TestSite::Gate.id().to_string(), &id));
    assert!(hall.import_refused().contains("no place"));
}
