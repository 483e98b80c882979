//! 定時報告 over the officials' page.

use hinamori_model::PersonId;
use hinamori_record::{Fact, PresenceEvent, Proof};

use super::inquiries::{CLERK, clerks};
use super::*;

/// Another official.
const MISAKI: StaffId = StaffId::from_bytes([4; 16]);
const AUDITOR: StaffId = StaffId::from_bytes([5; 16]);

impl Hall {
    async fn with_two_officials() -> Self {
        let hall = Self::with_people().await;
        let mut staff = clerks();
        staff.push(grant(MISAKI, "岬 二郎", Role::Official));
        staff.push(grant(AUDITOR, "監査", Role::Auditor));
        let (_, package) = hall.folder.town(&hall.keys).unwrap();
        hall.folder
            .lock()
            .unwrap()
            .save_package(&hall.keys, &Package { version: 3, staff, ..package })
            .unwrap();
        hall.api.hub.refresh().await;
        hall
    }

    async fn fetched(&self, cookie: &str, path: &str) -> Answer {
        self.ask("GET", &format!("/api/v1/{path}"), Some(cookie), None).await
    }

    async fn act(&self, cookie: &str, path: &str, body: &Value) -> Answer {
        self.ask("POST", &format!("/api/v1/{path}"), Some(cookie), Some(body)).await
    }

    fn commands(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let log = SignedLog::new(self.folder.path(), crate::hall::COMMANDS, &self.keys.log);
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
        log.read(|line: Line<Value>| lines.push((text(&line.entry, "user"), text(&line.entry, "command"))))
            .unwrap();
        lines
    }
}

#[tokio::test]
async fn a_report_is_frozen_checked_by_one_and_released_by_another_and_every_step_is_written_down() {
    let hall = Hall::with_two_officials().await;
    let (hamada, misaki) = (hall.signed_in(HAMADA).await, hall.signed_in(MISAKI).await);
    let description = hall.fetched(&hamada, "openapi.json").await.json();
    let is_good = |method: &str, path: &str, answer: &Answer| {
        api::assert_fits(&description, &description["paths"][format!("/api/v1/{path}")][method], answer);
    };
    let listed = hall.fetched(&hamada, "reports/live").await;
    is_good("get", "reports/{mode}", &listed);
    assert_eq!(listed.json()["hours"], json!([]));
    assert!(listed.json()["next"]["columns"].as_array().unwrap().len() > 20);

    let frozen = hall.act(&hamada, "reports/live", &json!({})).await;
    is_good("post", "reports/{mode}", &frozen);
    let report = frozen.json();
    let hour = format!("reports/live/{}", report["until"]);
    let seen = json!({ "frozen_at": report["waiting"]["frozen_at"] });
    let other = json!({ "frozen_at": 1 });
    assert_eq!(
        hall.act(&misaki, &format!("{hour}/release"), &seen).await.problem(),
        409,
        "nobody checked it"
    );
    assert_eq!(hall.act(&hamada, &format!("{hour}/check"), &other).await.problem(), 409, "other figures");
    let checked = hall.act(&hamada, &format!("{hour}/check"), &seen).await;
    is_good("post", "reports/{mode}/{until}/check", &checked);
    assert_eq!(checked.json()["waiting"]["may_release"], false);
    assert_eq!(hall.act(&hamada, &format!("{hour}/release"), &seen).await.problem(), 409, "the same person");
    let shown = hall.fetched(&misaki, &hour).await;
    is_good("get", "reports/{mode}/{until}", &shown);
    assert_eq!(shown.json()["waiting"]["may_release"], true);
    assert_eq!(shown.json()["released"], Value::Null);
    assert_eq!(hall.fetched(&misaki, &format!("{hour}/files/csv")).await.problem(), 409);
    assert_eq!(hall.act(&misaki, &format!("{hour}/release"), &other).await.problem(), 409, "other figures");
    let released = hall.act(&misaki, &format!("{hour}/release"), &seen).await;
    is_good("post", "reports/{mode}/{until}/release", &released);
    let released = released.json();
    assert_eq!((&released["waiting"], &released["released"]["version"]), (&Value::Null, &json!(1)));
    assert_eq!(released["released"]["released_by"], "岬 二郎");
    assert_eq!(hall.act(&misaki, "reports/live", &json!({})).await.problem(), 409, "frozen again");
    assert_eq!(
        hall.act(&misaki, &format!("{hour}/correct"), &json!({})).await.problem(),
        409,
        "the same counts"
    );
    assert_eq!(hall.fetched(&misaki, "reports/drill").await.json()["hours"], json!([]), "a drill is apart");

    for (ending, begins) in [("csv", "\u{feff}"), ("geojson", "{"), ("pdf", "%PDF")] {
        let file = hall.fetched(&hamada, &format!("{hour}/files/{ending}")).await;
        assert_eq!(file.status, 200, "{ending}");
        let is_marked = ending != "csv" || !file.body.starts_with("\u{feff}".as_bytes());
        assert!(is_marked || file.body.starts_with(begins.as_bytes()), "{ending}");
        assert!(file.header("content-disposition").unwrap().contains("attachment"));
    }
    let (hamada, misaki) = (HAMADA.to_string(), MISAKI.to_string());
    let line = |who: &String, what: &str| (who.clone(), what.to_owned());
    let mut expected =
        vec![line(&hamada, "report freeze"), line(&hamada, "report check"), line(&misaki, "report release")];
    expected.extend((0..3).map(|_| line(&hamada, "report file")));
    assert_eq!(hall.commands(), expected);
}

#[tokio::test]
async fn only_officials_act_auditors_read_and_an_export_has_no_small_number() {
    let hall = Hall::with_two_officials().await;
    let (clerk, auditor) = (hall.signed_in(CLERK).await, hall.signed_in(AUDITOR).await);
    for path in ["reports/live", "reports/live/0", "reports/live/0/files/csv", "exports/live/sites.csv"] {
        assert_eq!(hall.fetched(&clerk, path).await.problem(), 403, "{path}");
    }
    assert_eq!(hall.fetched(&auditor, "reports/live").await.status, 200);
    let seen = json!({ "frozen_at": 0 });
    for (path, body) in [
        ("reports/live", &json!({})),
        ("reports/live/0/check", &seen),
        ("reports/live/0/release", &seen),
        ("reports/live/0/correct", &json!({})),
    ] {
        for cookie in [&clerk, &auditor] {
            assert_eq!(hall.act(cookie, path, body).await.problem(), 403, "{path}");
        }
    }
    assert!(hall.commands().is_empty());
    for path in ["reports/daily_life", "reports/live/0", "reports/live/x", "exports/live/people.csv"] {
        assert_eq!(hall.fetched(&auditor, path).await.problem(), 404, "{path}");
    }
    let csv = String::from_utf8(hall.fetched(&auditor, "exports/live/sites.csv").await.body).unwrap();
    let gym = |csv: &str| csv.lines().find(|line| line.contains("体育館")).unwrap().to_owned();
    // One person is shown in the gym, and two are hidden there.
    assert!(gym(&csv).contains("体育館,,,5未満,"), "{csv}");
    let five = (0x51..0x56).map(|id| PersonId::from_bytes([id; 16]));
    let came = |person| Fact::presence(person, PresenceEvent::Arrived, Proof::DECLARED);
    hall.commit(0x51, five.map(came).collect());
    let csv = String::from_utf8(hall.fetched(&auditor, "exports/live/sites.csv").await.body).unwrap();
    assert!(
        gym(&csv).contains("体育館,,,6,"),
        "whoever is hidden is in no number that everybody may read: {csv}"
    );
    let geo = hall.fetched(&auditor, "exports/drill/sites.geojson").await;
    assert_eq!(geo.json()["type"], "FeatureCollection");
    assert!(geo.header("content-disposition").unwrap().contains("sites-drill.geojson"));
    let official = hall.signed_in(HAMADA).await;
    let headers = format!(
        "origin: https://elsewhere.example\r\ncookie: {official}\r\ncontent-type: application/json\r\n"
    );
    assert_eq!(hall.ask_with("POST", "/api/v1/reports/live", &headers, "{}").await.problem(), 403);
    assert_eq!(
        hall.fetched(&official, "reports/live").await.json()["hours"],
        json!([]),
        "nothing was frozen"
    );
}
