//! A whole town on the loopback: the real program, real TLS, real files.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise"
)]

mod audit;
mod browsers;
mod bundle;
mod closing;
mod hall;
mod handed_out;
mod incidents;
mod lists;
mod own_shelter;
mod pull;
mod roster;
mod shelter;
mod trust;

use std::path::PathBuf;
use std::time::Duration;

use hall::{DRILL, Hall, LIVE, TestSite, now};
use hinamori_net_tls::{Refusal, TlsError};
use hinamori_store_sqlite::Store;
use serde_json::Value;
use shelter::TestBox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The figures of one site in one mode.
fn site<'c>(counts: &'c Value, mode: &str, name: &str) -> &'c Value {
    let incidents = counts["incidents"].as_array().unwrap();
    let incident = incidents.iter().find(|incident| incident["mode"] == mode).unwrap();
    incident["sites"].as_array().unwrap().iter().find(|site| site["name"] == name).unwrap()
}

const GYM: &str = "汐見小学校 体育館";

#[tokio::test]
async fn what_a_box_wrote_is_durable_and_counted_in_the_agreed_form() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let before = now();
    let mut line = gym.connect().await;
    line.arrives(1);
    line.arrives(2);
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    let counts = server.counts();
    let last = &site(&counts, "live", GYM)["last_contact"];
    assert!((before.get()..=now().get()).contains(&last.as_u64().unwrap()));
    let none = |id: TestSite, name: &str| {
        serde_json::json!({"id": id.id(), "name": name, "here": 0, "confirmed": 0, "unaccounted": 0, "passed": 0,
            "out": 0, "beside": 0, "visitors": 0, "unnamed": 0, "confirmed_unnamed": 0, "watched": 0,
            "last_contact": null, "own_shelter": false})
    };
    let sites = |here: u8| {
        let gym = serde_json::json!({"id": TestSite::Gym.id(), "name": GYM, "here": here,
            "confirmed": here, "unaccounted": 0, "passed": 0, "out": 0, "beside": 0, "visitors": 0, "unnamed": 0,
            "confirmed_unnamed": 0, "watched": 0, "last_contact": last, "own_shelter": false});
        [gym, none(TestSite::Gate, "城山登り口"), none(TestSite::Hall, "西浜集会所")]
    };
    // One of the two who came is on the roster; in daily life nobody is expected.
    let districts = |arrived: u8| {
        serde_json::json!([{"name": "", "people": 2, "arrived": arrived, "passed": 0, "told_elsewhere": 0,
            "not_seen": 2 - arrived, "support_not_seen": 0}])
    };
    let expected = serde_json::json!({"town": "汐見町", "records": 2, "changes": 2, "incidents": [
        {"mode": "live", "sites": sites(2), "districts": districts(1), "conflicts": 0},
        {"mode": "daily_life", "sites": sites(0), "districts": [], "conflicts": 0},
        {"mode": "drill", "sites": sites(0), "districts": districts(0), "conflicts": 0},
    ], "quarantined": 0, "assurances": {"declared": 2, "token_only": 0, "certificate_read": 0,
        "chip_proven": 0, "pin_proven": 0}});
    assert_eq!(counts, expected);
    let page = server.get("/");
    assert!(page.contains("ここに いる <b>2</b> 人") && page.contains("● つながっています"), "{page}");
    assert!(["浜田", "花子", "磯崎"].iter().all(|name| !page.contains(name)));
    assert!(server.get("/drill").contains("ここに いる <b>0</b> 人"));
    assert!(server.get("/style.css").contains("prefers-color-scheme"));
}

#[tokio::test]
async fn records_reach_the_boxes_that_may_read_the_site_and_no_others() {
    let hall = Hall::new();
    let _server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let mut gate = TestBox::new(2, TestSite::Gate);
    let mut far = TestBox::new(3, TestSite::Hall);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gate.enrol(&hall.code(TestSite::Gate, &[TestSite::Gym])).await.unwrap();
    let package = far.enrol(&hall.code(TestSite::Hall, &[])).await.unwrap();
    assert_eq!((package.version, package.boxes.len(), package.roster[0].people), (4, 4, 3), "with the desk");

    let mut gym = gym.connect().await;
    gym.arrives(1);
    gym.until("the newest package", |gym| gym.town_version() == 4 && gym.unconfirmed() == 0).await;
    // What was there before it came, then what comes while it is on the line.
    let (mut gate, mut far) = (gate.connect().await, far.connect().await);
    gate.until("the first arrival", |gate| gate.received() == 1).await;
    gym.arrives(2);
    gym.until("the second confirmed", |gym| gym.unconfirmed() == 0).await;
    gate.until("the second arrival", |gate| gate.received() == 2).await;
    gate.arrives(3);
    gate.until("its own confirmed", |gate| gate.unconfirmed() == 0).await;

    // The gym does not read the gate, the hall reads nobody.
    far.arrives(4);
    far.until("its own confirmed", |far| far.unconfirmed() == 0).await;
    gym.arrives(5);
    gym.until("the third confirmed", |gym| gym.unconfirmed() == 0).await;
    assert_eq!((gym.received(), far.received()), (0, 0));
}

#[tokio::test]
async fn a_power_cut_and_a_clean_end_lose_nothing() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    (1..=20).for_each(|person| line.arrives(person));
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    server.kill();

    let server = hall.run();
    assert_eq!(site(&server.counts(), "live", GYM)["here"], 20);
    let mut line = gym.connect().await;
    line.arrives(21);
    line.until("taken up where it was", |line| line.unconfirmed() == 0).await;
    server.terminate();

    let server = hall.run();
    let counts = server.counts();
    assert_eq!((&counts["records"], &site(&counts, "live", GYM)["here"]), (&21.into(), &21.into()));
    assert!(site(&counts, "live", GYM)["last_contact"].is_u64(), "{counts}");
    let mut gate = TestBox::new(2, TestSite::Gate);
    gate.enrol(&hall.code(TestSite::Gate, &[TestSite::Gym])).await.unwrap();
    gate.connect().await.until("the whole history", |gate| gate.received() == 21).await;
    assert!(!hall.command(&["run", "--boxes", "127.0.0.1:0", "--web", "127.0.0.1:0"]).status.success());
}

#[tokio::test]
async fn what_does_not_hold_is_kept_aside_and_counted_and_the_box_goes_on() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    // Sealed by a box that never joined; for a site where the box does not stand; a bent signature.
    let foreign = TestBox::new(9, TestSite::Gym).write(LIVE, 1);
    let elsewhere = TestBox::new(1, TestSite::Gate).write(LIVE, 1);
    let mut bent = TestBox::new(1, TestSite::Gym).write(DRILL, 1);
    bent.seal.signature[5] ^= 1;
    let mut line = gym.connect().await;
    line.of.shelf.extend([foreign, elsewhere, bent]);
    line.arrives(1);
    line.until("the sound one confirmed", |line| line.is_confirmed(LIVE)).await;
    let counts = server.counts_until(|counts| counts["quarantined"] == 3);
    assert_eq!((&counts["records"], &site(&counts, "live", GYM)["here"]), (&1.into(), &1.into()));
    assert!(server.get("/").contains("信用できない 記録が 3件"));

    // Sent again at every connection, counted once.
    let mut line = gym.connect().await;
    line.arrives(2);
    line.until("the next one confirmed", |line| line.is_confirmed(LIVE)).await;
    assert_eq!(server.counts_until(|counts| counts["records"] == 2)["quarantined"], 3);
}

#[tokio::test]
async fn two_histories_of_one_actor_are_not_mixed() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("the first history", |line| line.is_confirmed(LIVE)).await;
    // A clone of the disk goes on from the beginning under the same key.
    line.of.shelf.clear();
    let mut twin = TestBox::new(1, TestSite::Gym);
    let forked = [twin.write(LIVE, 7)];
    line.force(&forked).await;
    let counts = server.counts_until(|counts| counts["quarantined"] == 1);
    assert_eq!((&counts["records"], &site(&counts, "live", GYM)["here"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn silent_stalled_and_garbage_peers_disturb_nobody() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let mut rude = TestBox::new(2, TestSite::Gate);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    rude.enrol(&hall.code(TestSite::Gate, &[TestSite::Gym])).await.unwrap();

    let mut silent = Vec::new();
    for number in 0..200 {
        let mut stranger = TcpStream::connect(hall.boxes()).await.unwrap();
        if number % 2 == 0 {
            // May be sent away already: too many stand at the door.
            drop(stranger.write_all(&[0x16, 3, 1, 2, 0, 1]).await);
        }
        silent.push(stranger);
    }
    for garbage in [b"GET / HTTP/1.1\r\n\r\n".as_slice(), &[0x42; 4_000]] {
        let mut stranger = TcpStream::connect(hall.boxes()).await.unwrap();
        drop(stranger.write_all(garbage).await);
    }
    // An enrolled box that sends no frame, one whose frame never ends.
    let mut garbage = rude.dial().await;
    garbage.write_all(&[0xff; 300]).await.unwrap();
    let mut rest = Vec::new();
    drop(tokio::time::timeout(Duration::from_secs(10), garbage.read_to_end(&mut rest)).await.unwrap());
    let mut endless = rude.dial().await;
    endless.write_all(&[0, 0xc0, 0x08]).await.unwrap();
    // Browsers that never ask.
    let mut browsers = Vec::new();
    for _ in 0..20 {
        let mut browser = TcpStream::connect(hall.web()).await.unwrap();
        browser.write_all(b"GET / HT").await.unwrap();
        browsers.push(browser);
    }

    let mut line = gym.connect().await;
    for person in 1..=30 {
        line.arrives(person);
        line.until("every arrival confirmed", |line| line.unconfirmed() == 0).await;
    }
    assert_eq!(server.counts_until(|counts| counts["records"] == 30)["quarantined"], 0);
    drop((silent, endless, browsers));
    rude.connect().await.until("the stalled box may come again", |gate| gate.received() == 30).await;
}

#[tokio::test]
async fn a_code_is_good_once_for_one_box_and_a_quarter_of_an_hour() {
    let hall = Hall::new();
    let _server = hall.run();
    let code = hall.code(TestSite::Gym, &[]);
    TestBox::new(1, TestSite::Gym).enrol(&code).await.unwrap();
    let refused = |outcome: Result<_, TlsError>| match outcome {
        Err(TlsError::Refused(refusal)) => refusal,
        other => panic!("{:?}", other.err()),
    };
    let again = TestBox::new(2, TestSite::Gym).enrol(&code).await;
    assert_eq!(refused(again.map(drop)), Refusal::Used);

    let late = hall.code(TestSite::Gate, &[]);
    hall.edit_registry(|registry| {
        for code in registry["codes"].as_array_mut().unwrap() {
            code["issued_at"] = (now().get() - 16 * 60_000).into();
        }
    });
    let outcome = TestBox::new(3, TestSite::Gate).enrol(&late).await;
    assert_eq!(refused(outcome.map(drop)), Refusal::Expired);

    let mut mistyped = hall.code(TestSite::Gate, &[]);
    mistyped.token[9] ^= 1;
    for expected in [Refusal::UnknownCode; 5].into_iter().chain([Refusal::TriedTooOften]) {
        let outcome = TestBox::new(4, TestSite::Gate).enrol(&mistyped).await;
        assert_eq!(refused(outcome.map(drop)), expected);
    }
    let unknown = hall.command(&["enrol-code", "--site", &"9".repeat(32), "--address", "a:1"]);
    assert!(!unknown.status.success() && String::from_utf8_lossy(&unknown.stderr).contains(GYM));
    assert!(!hall.log().contains(&code.to_string()));
}

#[tokio::test]
async fn a_drill_stands_in_its_own_file_and_on_its_own_page() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    line.of.write(DRILL, 1);
    line.of.write(DRILL, 2);
    line.of.write(LIVE, 3);
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    let counts = server.counts();
    assert_eq!(
        (&site(&counts, "drill", GYM)["here"], &site(&counts, "live", GYM)["here"]),
        (&2.into(), &1.into())
    );
    assert!(server.get("/drill").contains("ここに いる <b>2</b> 人"));
    server.terminate();
    let held = |name| Store::open(&hall.path().join("server").join(name)).unwrap().record_count().unwrap();
    assert_eq!((held("records.sqlite"), held("drill.sqlite")), (1, 2));

    // The town names another drill: what comes late of the old one still goes where drills go.
    hall.edit_town(|town| town.replace(&DRILL.to_string(), &"9".repeat(32)));
    hall.import();
    let server = hall.run();
    let mut line = gym.connect().await;
    line.of.write(DRILL, 4);
    line.until("the late one confirmed", |line| line.unconfirmed() == 0).await;
    assert_eq!(site(&server.counts(), "drill", GYM)["here"], 0);
    server.terminate();
    assert_eq!((held("records.sqlite"), held("drill.sqlite")), (1, 3));
}

#[tokio::test]
async fn what_the_operator_changes_takes_effect_on_open_connections() {
    let hall = Hall::new();
    let _server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let id = gym.id().to_string();
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("confirmed", |line| line.unconfirmed() == 0 && line.town_version() == 2).await;
    hall.import();
    line.until("the next package", |line| line.town_version() == 3).await;
    hall.must(&["deny", "--box", &id]);
    line.until("sent away", |line| line.ended.is_some()).await;
    gym.connect().await.until("kept out", |line| line.ended.is_some()).await;
    hall.must(&["admit", "--box", &id]);
    let mut line = gym.connect().await;
    line.arrives(2);
    line.until("let in again", |line| line.unconfirmed() == 0).await;
    assert!(!hall.command(&["deny", "--box", &"9".repeat(32)]).status.success());
}

#[tokio::test]
async fn whoever_types_the_commands_the_files_stay_the_service_user_s() {
    let hall = Hall::new();
    let user = hall.owned_by_a_service_user();
    hall.must(&["init"]);
    hall.import();
    hall.import_list(&Hall::list(1, 1));
    let code = hall.code(TestSite::Gym, &[]);
    let _server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&code).await.unwrap();
    hall.must(&["deny", "--box", &gym.id().to_string()]);
    assert_eq!(hall.not_owned_by(user), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_box_that_joins_again_leaves_its_old_certificate_worthless() {
    let hall = Hall::new();
    let _server = hall.run();
    let (mut old, mut fresh) = (TestBox::new(1, TestSite::Gym), TestBox::new(1, TestSite::Gym));
    old.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    fresh.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    old.connect().await.until("kept out", |line| line.ended.is_some()).await;
    let mut line = fresh.connect().await;
    line.arrives(1);
    line.until("let in", |line| line.unconfirmed() == 0).await;
    // Of two connections of one box the newer is the living one.
    let _newer = line.of.dial().await;
    line.until("displaced", |line| line.ended.is_some()).await;
}

#[test]
fn every_bundle_of_paper_has_numbers_of_its_own() {
    let hall = Hall::new();
    let site = TestSite::Gym.id().to_string();
    let file = |name: &str| hall.path().join(name).display().to_string();
    let print = |out: &str, paper: &[&str]| {
        let data = file("server");
        let mut arguments = vec!["paper", "--data", &data, "--out", out];
        arguments.extend(paper);
        hall.run_with(&arguments)
    };
    let mut numbers = std::collections::BTreeSet::new();
    for (name, flags) in [("one.pdf", &[][..]), ("two.pdf", &["--drill"])] {
        let out = file(name);
        assert!(print(&out, &[flags, &["cards", "--site", &site, "--count", "3"]].concat()).status.success());
        let read = std::process::Command::new("pdftotext").args(["-layout", &out, "-"]).output().unwrap();
        let text = String::from_utf8(read.stdout).unwrap();
        assert_eq!(text.contains("訓練"), !flags.is_empty(), "{text}");
        let badges = text.split_whitespace().filter(|word| word.matches('-').count() == 3);
        numbers.extend(badges.map(str::to_owned));
    }
    assert_eq!(numbers.len(), 2 * 3 * 6, "{numbers:?}");
    assert!(numbers.iter().any(|number| number.starts_with("1-3-F-")));
    assert!(numbers.iter().any(|number| number.starts_with("2-1-A-")));
    assert!(print(&file("three.pdf"), &["instructions"]).status.success());
    for wrong in [&["cards", "--site", &site, "--count", "0"][..], &["groups", "--district", "山手"]] {
        let refused = print(&file("no.pdf"), wrong);
        assert!(!refused.status.success() && !refused.stderr.is_empty());
    }
    assert!(!hall.path().join("no.pdf").exists());
}
