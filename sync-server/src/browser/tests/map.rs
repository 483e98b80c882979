//! The map, as a tablet asks for it.

use hinamori_model::{SiteId, SiteKind};
use hinamori_sync::town::Site;

use super::*;
const GYM: SiteId = SiteId::from_bytes([0xa1; 16]);

impl Hall {
    async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.ask("GET", &format!("/api/v1/map/{path}"), Some(cookie), None).await
    }

    /// The state, as soon as it is counted.
    async fn state(&self, cookie: &str) -> Value {
        loop {
            let answer = self.get("state?mode=live", cookie).await;
            match answer.status {
                503 => tokio::task::yield_now().await,
                _ => return answer.json(),
            }
        }
    }

    /// A connection that hears changes after a revision.
    pub(super) async fn follow(&self, cookie: &str, revision: &str) -> Events {
        let mut connection = self.connect().await;
        let request = format!(
            "GET /api/v1/map/changes?mode=live&from={revision} HTTP/1.1\r\nhost: {NAME}\r\ncookie: {cookie}\r\n\r\n"
        );
        connection.0.write_all(request.as_bytes()).await.unwrap();
        connection.0.flush().await.unwrap();
        let mut events = Events(connection);
        assert_eq!(events.line().await.as_deref(), Some("HTTP/1.1 200 OK"));
        while events.line().await.is_some_and(|line| !line.is_empty()) {}
        events
    }

    /// The town signs a package with a gym.
    async fn opens_gym(&self, version: u64, capacity: u32) {
        let name = "体育館".to_owned();
        let site = Site {
            id: GYM,
            name,
            kind: SiteKind::Shelter,
            catchment: Vec::new(),
            position: Some((337_911_000, 1_346_400_000)),
            capacity: Some(capacity),
        };
        let package = Package { sites: vec![site], ..package(version, staff()) };
        self.folder.lock().unwrap().save_package(&self.keys, &package).unwrap();
        self.api.hub.refresh().await;
    }
}

/// A stream of events (WHATWG HTML §9.2.6).
pub(super) struct Events(Connection);

impl Events {
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.0.read_line(&mut line).await.unwrap_or_default();
        (read > 0).then(|| line.trim_end().to_owned())
    }

    /// The next event of a kind, with its id; nothing when the stream ends.
    pub(super) async fn next(&mut self, kind: &str) -> Option<(String, Value)> {
        let mut id = String::new();
        let mut is_its = false;
        loop {
            let line = self.line().await?;
            if let Some(event) = line.strip_prefix("event: ") {
                is_its = event == kind;
            } else if let Some(known) = line.strip_prefix("id: ") {
                id = known.to_owned();
            } else if let Some(data) = line.strip_prefix("data: ").filter(|_| is_its) {
                return Some((id, serde_json::from_str(data).unwrap()));
            }
        }
    }
}

#[tokio::test]
async fn a_tablet_has_the_map_and_hears_what_changes_and_goes_on_where_it_was() {
    let hall = Hall::new().await;
    let cookie = hall.signed_in(HAMADA).await;
    let description = hall.ask("GET", "/api/v1/openapi.json", Some(&cookie), None).await.json();
    let state = hall.state(&cookie).await;
    let schema = |name: &str| {
        let mut whole = description["components"]["schemas"][name].clone();
        whole["components"] = description["components"].clone();
        jsonschema::validator_for(&whole).unwrap()
    };
    schema("MapState").validate(&state).unwrap();
    assert_eq!((&state["town"], &state["mode"]), (&json!("汐見町"), &json!("live")));
    let mut events = hall.follow(&cookie, state["revision"].as_str().unwrap()).await;
    hall.opens_gym(2, 300).await;
    let (id, change) = events.next("change").await.unwrap();
    schema("MapChange").validate(&change).unwrap();
    assert_eq!(change["revision"], id.as_str());
    let site = &change["sites"][0];
    assert_eq!((&site["capacity"], &site["standing"]), (&json!(300), &json!("unknown")));
    assert_eq!(site["position"], json!([134.64, 33.7911]));
    // Cut off, and back.
    drop(events);
    hall.opens_gym(3, 200).await;
    let mut events = hall.follow(&cookie, &id).await;
    let (_, change) = events.next("change").await.unwrap();
    assert_eq!(change["sites"][0]["capacity"], 200);
    // Another run of the server has other revisions.
    assert!(hall.follow(&cookie, "0.0").await.next("reset").await.is_some());
    let again = hall.state(&cookie).await;
    assert_eq!(again["sites"].as_array().unwrap().len(), 1);
    schema("MapState").validate(&again).unwrap();
}

#[tokio::test]
async fn who_is_taken_off_the_staff_or_is_a_volunteer_from_now_on_is_told_nothing_more() {
    for (staff, status) in [
        (vec![grant(MORI, "森", Role::Volunteer)], 401),
        (vec![grant(HAMADA, HAMADA_NAME, Role::Volunteer)], 403),
    ] {
        let hall = Hall::new().await;
        let cookie = hall.signed_in(HAMADA).await;
        let state = hall.state(&cookie).await;
        let mut events = hall.follow(&cookie, state["revision"].as_str().unwrap()).await;
        assert!(events.next("beat").await.is_some(), "it lives");
        hall.changes_staff(2, staff).await;
        tokio::time::pause();
        let mut beats = 0;
        while events.next("beat").await.is_some() {
            beats += 1;
            assert!(beats < 8, "it is told for ever");
        }
        tokio::time::resume();
        assert_eq!(hall.get("state?mode=live", &cookie).await.problem(), status);
    }
}

#[tokio::test]
async fn a_volunteer_and_a_page_that_asks_wrongly_see_no_map() {
    let hall = Hall::new().await;
    let [official, volunteer] = [hall.signed_in(HAMADA).await, hall.signed_in(MORI).await];
    let paths = [
        "state?mode=live",
        "changes?mode=live",
        "districts/0/households?mode=live",
        "base",
        "outlines",
        "files/a.geojson",
    ];
    for path in paths {
        assert_eq!(hall.get(path, &volunteer).await.problem(), 403, "{path}");
    }
    hall.state(&official).await;
    for (path, status) in [
        ("state", 400),
        ("state?mode=daily", 400),
        ("state?mode=live&more=1", 400),
        ("changes?mode=live&mode=drill", 400),
        ("districts/x/households?mode=live", 400),
        ("districts/70000/households?mode=live", 400),
        ("districts/7/households?mode=live", 404),
        ("files/..%2Fkeys%2Ftown-root", 404),
        ("files/map.json", 404),
    ] {
        assert_eq!(hall.get(path, &official).await.problem(), status, "{path}");
    }
}

#[tokio::test]
async fn a_file_of_the_map_comes_whole_or_by_ranges() {
    let hall = Hall::new().await;
    let cookie = hall.signed_in(HAMADA).await;
    let none = json!({ "bounds": null, "base": null, "hazards": [], "outlines": "/api/v1/map/outlines" });
    assert_eq!(hall.get("base", &cookie).await.json(), none);
    let place = hall.folder.path().parent().unwrap();
    let text = "bounds = [134.0, 33.0, 135.0, 34.0]\n[base]\nfile = \"a.geojson\"\nname = \"地図\"\ncredit = \"県\"\n";
    std::fs::write(place.join("map.toml"), text).unwrap();
    std::fs::write(place.join("a.geojson"), r#"{"type":"FeatureCollection","features":[]}"#).unwrap();
    read_map(&hall.folder, &place.join("map.toml")).unwrap();
    let base = hall.get("base", &cookie).await.json();
    let url = base["base"]["url"].as_str().unwrap();
    assert_eq!((&base["base"]["format"], &base["base"]["credit"]), (&json!("geojson"), &json!("県")));
    let whole = hall.ask("GET", url, Some(&cookie), None).await;
    assert_eq!((whole.status, whole.json()["type"].clone()), (200, json!("FeatureCollection")));
    let part = hall.ask_with("GET", url, &format!("cookie: {cookie}\r\nrange: bytes=2-5\r\n"), "").await;
    assert_eq!((part.status, part.body.as_slice()), (206, &whole.body[2..6]));
    assert_eq!(hall.ask("GET", url, None, None).await.problem(), 401);
}
