//! What the town hall does about boxes that it does not trust any more, and about what was refused.

use std::time::Duration;

use hinamori_record::{Fact, PresenceEvent, Proof};

use crate::hall::{Hall, LIVE, TestSite, now};
use crate::shelter::TestBox;
use crate::{GYM, site};

fn rfc3339(at: hinamori_model::UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(i64::try_from(at.get()).unwrap()).unwrap().to_string()
}

#[tokio::test]
async fn a_stolen_box_counts_up_to_the_moment_that_the_town_trusts() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let mut gate = TestBox::new(2, TestSite::Gate);
    let id = gym.id().to_string();
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gate.enrol(&hall.code(TestSite::Gate, &[TestSite::Gym])).await.unwrap();
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("the first one", |line| line.unconfirmed() == 0).await;
    let until = now();
    tokio::time::sleep(Duration::from_millis(20)).await;
    line.arrives(2);
    line.until("the second one", |line| line.unconfirmed() == 0).await;
    let here = |people: u32| move |counts: &_| site(counts, "live", GYM)["here"] == people;
    server.counts_until(here(2));
    hall.must(&["deny", "--box", &id, "--trust-until", &rfc3339(until)]);
    let counts = server.counts_until(here(1));
    assert_eq!(
        (&counts["changes"], &counts["records"]),
        (&2.into(), &1.into()),
        "it is held, and says nothing"
    );
    // What it wrote is passed on all the same, with the town's word about it.
    let mut line = gate.connect().await;
    line.until("both changes", |line| line.received() == 2).await;
    assert!(!hall.command(&["rebuild"]).status.success(), "while the server runs");
    server.kill();
    assert_eq!(hall.must(&["rebuild"]), "1 records\n");
    let server = hall.run();
    server.counts_until(here(1));
    hall.must(&["admit", "--box", &id]);
    server.counts_until(here(2));
}

#[tokio::test]
async fn a_day_that_is_not_kept_stays_until_it_was_said_again_or_the_town_gives_it_up() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("the first one", |line| line.unconfirmed() == 0).await;
    let here = |people: u32| move |counts: &_| site(counts, "live", GYM)["here"] == people;
    server.counts_until(here(1));
    let day = |after: u64| {
        let at = rfc3339(now().plus(after * 86_400_000 + 9 * 3_600_000));
        at.chars().take(10).collect::<String>()
    };
    assert!(!hall.command(&["keep", "live", "--from", "yesterday"]).status.success());
    // This box never says anything again.
    hall.must(&["keep", "live", "--from", &day(1)]);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(server.counts_until(here(1))["changes"], 1);
    hall.must(&["keep", "live", "--from", &day(1), "--even-if-lost"]);
    let counts = server.counts_until(|counts| counts["changes"] == 0);
    assert_eq!(counts["records"], 0);
}

#[tokio::test]
async fn the_town_hall_shows_the_words_that_each_box_showed_when_it_joined() {
    let hall = Hall::new();
    let _server = hall.run();
    let (mut gym, mut gate) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Gate));
    let first = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gate.enrol(&hall.code(TestSite::Gate, &[])).await.unwrap();
    let before = gym.words;
    // Again, as after a theft: other words, and the package names another key.
    let again = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let key = |of: &hinamori_sync::town::Package| {
        of.boxes.iter().find(|(id, _)| *id == gym.id()).map(|(_, grant)| grant.tls_key)
    };
    assert!(gym.words != before && key(&first) != key(&again));
    hall.must(&["deny", "--box", &gate.id().to_string()]);
    let shown = hall.must(&["boxes"]);
    let line_of = |of: &TestBox| {
        let line = shown.lines().find(|line| line.starts_with(&of.id().to_string())).unwrap();
        assert!(line.ends_with(&of.words.unwrap().to_string()), "{shown}");
        line
    };
    assert!(line_of(&gym).contains("  admitted  汐見小学校 体育館  "), "{shown}");
    assert!(line_of(&gate).contains("  denied  "), "{shown}");
    assert!(shown.lines().last().unwrap().starts_with(&gym.id().to_string()), "the newest one is the last");
}

#[tokio::test]
async fn a_box_of_which_two_histories_came_confirms_nobody_until_somebody_rules() {
    let hall = Hall::new();
    let server = hall.run();
    let (mut gym, mut gate) = (TestBox::new(1, TestSite::Gym), TestBox::new(2, TestSite::Gate));
    let (id, other) = (gym.id().to_string(), gate.id().to_string());
    let first = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap().version;
    let of_the_copy = [TestBox::new(1, TestSite::Gym).write(LIVE, 7)];
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("the first history", |line| line.unconfirmed() == 0).await;
    let counted = |here: u32, confirmed: u32| {
        move |counts: &serde_json::Value| {
            let gym = site(counts, "live", GYM);
            gym["here"] == here && gym["confirmed"] == confirmed
        }
    };
    server.counts_until(counted(1, 1));
    assert_eq!(hall.must(&["forks"]), "");
    // The page counts four times a second.
    let page_until = async |says: bool| {
        let began = std::time::Instant::now();
        while server.get("/").contains("汐見小学校 体育館 の 受付端末から 食い違う 記録") != says
        {
            assert!(began.elapsed() < Duration::from_secs(20), "{}", server.get("/"));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    line.force(&of_the_copy).await;
    server.counts_until(counted(1, 0));
    let shown = hall.must(&["forks"]);
    assert!(shown.starts_with(&format!("{id}  {GYM}  open  writer ")), "{shown}");
    assert!(shown.contains("change 1 of day"), "{shown}");
    // Other boxes hear of it, and whoever looks at the page.
    line.until("the town's word", |line| line.town_version() > first).await;
    let named = |package: &hinamori_sync::town::Package| -> Vec<bool> {
        package.forks.iter().map(|fork| fork.is_settled).collect()
    };
    let package = gate.enrol(&hall.code(TestSite::Gate, &[])).await.unwrap();
    assert_eq!(named(&package), vec![false]);
    page_until(true).await;

    assert!(!hall.command(&["forks", "--settle", &other]).status.success(), "no fork of that one is open");
    hall.must(&["forks", "--settle", &id]);
    server.counts_until(counted(1, 1));
    assert!(hall.must(&["forks"]).contains("  settled  "));
    let package = gate.enrol(&hall.code(TestSite::Gate, &[])).await.unwrap();
    assert_eq!(named(&package), vec![true]);
    page_until(false).await;
    // A copy that says the same once more says nothing new.
    line.force(&of_the_copy).await;
    line.arrives(2);
    line.until("the second one", |line| line.unconfirmed() == 0).await;
    server.counts_until(counted(2, 2));
}

#[tokio::test]
async fn what_was_refused_is_seen_looked_at_again_or_thrown_away() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let fact = Fact::presence(
        hinamori_model::PersonId::from_bytes([9; 16]),
        PresenceEvent::Arrived,
        Proof::DECLARED,
    );
    let elsewhere = gym.write_at(LIVE, TestSite::Gate.id(), |_| fact);
    gym.shelf.clear();
    let forked = [TestBox::new(1, TestSite::Gym).write(LIVE, 7)];
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("the first history", |line| line.unconfirmed() == 0).await;
    line.force(&[elsewhere]).await;
    line.force(&forked).await;
    server.counts_until(|counts| counts["quarantined"] == 2);
    let list = || hall.must(&["quarantine"]);
    let shown = list();
    let line_with =
        |text: &str| shown.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("{shown}"));
    let second = line_with("held with another hash");
    let number = |line: &str| line.split_once("  ").unwrap().0.to_owned();
    let (misplaced, fork) = (number(line_with("may not write for this site")), number(second));
    assert!(
        fork.starts_with("records-") && second.contains(gym.id().to_string().get(..24).unwrap()),
        "{second}"
    );

    // Looked at again it is refused again, as long as the town says the same.
    hall.must(&["quarantine", "--release", &misplaced]);
    let again = || list().lines().all(|line| !line.ends_with("; released"));
    let began = std::time::Instant::now();
    while !again() {
        assert!(began.elapsed() < Duration::from_secs(20), "{}", list());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(list().lines().count(), 2);
    // The box stands at the gate from now on.
    let mut moved = TestBox::new(1, TestSite::Gate);
    moved.enrol(&hall.code(TestSite::Gate, &[])).await.unwrap();
    hall.must(&["quarantine", "--release", &misplaced]);
    let counts = server.counts_until(|counts| counts["quarantined"] == 1);
    assert_eq!(counts["records"], 2);
    hall.must(&["quarantine", "--discard", &fork]);
    assert_eq!(list(), "");
    for wrong in [fork.as_str(), "records", "drill-x"] {
        assert!(!hall.command(&["quarantine", "--discard", wrong]).status.success(), "{wrong}");
    }
}
