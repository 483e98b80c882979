//! Officials open and close sites, over their page.

use hinamori_model::{Hlc, RecordId, SiteId, SiteKind};
use hinamori_record::{ActorId, Building, Document, DocumentScope, Fact, Period, Record};
use hinamori_store_sqlite::Store;
use hinamori_sync::town::Site;

use super::super::ACTS;
use super::*;

const GYM: SiteId = SiteId::from_bytes([0xa1; 16]);
const GATE: SiteId = SiteId::from_bytes([0xa2; 16]);
/// Opened by people themselves.
const BARN: SiteId = SiteId::from_bytes([0xa3; 16]);
/// An official who works at the gate alone, a leader, a nurse, a clerk and an auditor.
const OTHERS: [(StaffId, Role); 5] = [
    (StaffId::from_bytes([4; 16]), Role::Official),
    (StaffId::from_bytes([5; 16]), Role::Leader),
    (StaffId::from_bytes([6; 16]), Role::Nurse),
    (StaffId::from_bytes([7; 16]), Role::InquiryClerk),
    (StaffId::from_bytes([8; 16]), Role::Auditor),
];

impl Hall {
    /// A town with a gym and a gate.
    async fn with_sites() -> Self {
        let hall = Self::new().await;
        let site = |id, name: &str, kind, capacity| Site {
            id,
            name: name.to_owned(),
            kind,
            catchment: Vec::new(),
            position: None,
            capacity,
        };
        let sites = vec![
            site(GYM, "体育館", SiteKind::Shelter, Some(300)),
            site(GATE, "石段下", SiteKind::CheckPoint, None),
        ];
        let mut all = staff();
        all.extend(OTHERS.map(|(id, role)| grant(id, "森", role)));
        all.iter_mut().filter(|grant| grant.id == OTHERS[0].0).for_each(|grant| grant.sites = vec![GATE]);
        let incident_keys =
            [2, 3].map(|number| (IncidentId::from_bytes([number; 16]), TownSecret([number; 32]))).to_vec();
        let package = Package { sites, incident_keys, ..package(2, all) };
        hall.folder.lock().unwrap().save_package(&hall.keys, &package).unwrap();
        hall.api.hub.refresh().await;
        hall
    }

    /// A box writes something down in earnest, and a connection brought it.
    fn writes(&self, number: u8, site: SiteId, fact: Fact) {
        let [live, _] = self.folder.databases();
        let (mut store, at) = (Store::open(&live).unwrap(), now());
        let scope = DocumentScope { incident: IncidentId::from_bytes([2; 16]), site, period: Period::of(at) };
        let at_hlc = Hlc::from_packed((at.get() + 1_000) << 16);
        let id = RecordId::new(at, number.into());
        let record = Record { id, at: at_hlc, clock_unsure: false, lane: None, fact };
        let mut document = Document::new(scope, ActorId::from_bytes([number; 16])).unwrap();
        let change = document.append(std::slice::from_ref(&record), at).unwrap();
        store.commit_own(scope, &change, &[record], at).unwrap();
        self.api.hub.announce(crate::hub::News { site, from: 0 });
    }

    async fn say(&self, cookie: &str, site: SiteId, word: &Value) -> Answer {
        self.ask("POST", &format!("/api/v1/sites/{site}/word"), Some(cookie), Some(word)).await
    }

    async fn rule(&self, cookie: &str, site: SiteId, ruling: &Value) -> Answer {
        self.ask("POST", &format!("/api/v1/shelters/{site}/ruling"), Some(cookie), Some(ruling)).await
    }

    /// The map of a mode as soon as it is as somebody waits for.
    async fn map_until(&self, cookie: &str, mode: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..5_000 {
            let answer = self.ask("GET", &format!("/api/v1/map/state?mode={mode}"), Some(cookie), None).await;
            if answer.status == 200 && is_so(&answer.json()) {
                return answer.json();
            }
            tokio::task::yield_now().await;
        }
        panic!("the map never is so");
    }

    fn acts(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        let log = SignedLog::new(self.folder.path(), ACTS, &self.keys.log);
        log.read(|line: Line<Value>| lines.push(line.entry)).unwrap();
        lines
    }
}

fn word(seen: Option<&str>, standing: Option<&str>, capacity: Option<u32>) -> Value {
    json!({ "mode": "live", "seen": seen, "standing": standing, "capacity": capacity })
}

fn site(state: &Value, id: SiteId) -> Value {
    let sites = state["sites"].as_array().unwrap().iter();
    sites.clone().find(|site| site["id"] == id.to_string()).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_site_is_closed_and_every_tablet_hears_it_and_who_was_slower_is_told() {
    let hall = Hall::with_sites().await;
    let cookie = hall.signed_in(HAMADA).await;
    let description = hall.ask("GET", "/api/v1/openapi.json", Some(&cookie), None).await.json();
    let operation = &description["paths"]["/api/v1/sites/{site}/word"]["post"];
    let before = hall.map_until(&cookie, "live", |state| !site(state, GYM).is_null()).await;
    assert_eq!(
        (&site(&before, GYM)["standing"], &site(&before, GYM)["word"]),
        (&json!("unknown"), &Value::Null)
    );
    let mut events = hall.follow(&cookie, before["revision"].as_str().unwrap()).await;
    let said = hall.say(&cookie, GYM, &word(None, Some("closed"), Some(40))).await;
    api::assert_fits(&description, operation, &said);
    let (_, change) = events.next("change").await.unwrap();
    let gym = site(&change, GYM);
    assert_eq!((&gym["standing"], &gym["capacity"]), (&json!("closed"), &json!(40)));
    assert_eq!(gym["word"], said.json());
    // Another official saw none.
    let slower = hall.say(&cookie, GYM, &word(None, Some("open"), None)).await;
    assert_eq!(slower.status, 409);
    assert_eq!(slower.json()["word"], said.json());
    assert!(slower.json()["title"].as_str().unwrap().contains("先に"));
    // Who opens it there since may not have heard.
    hall.writes(9, GYM, Fact::SiteOpened { building: Building::NothingSeen, findings: 0 });
    let opened =
        hall.map_until(&cookie, "live", |state| site(state, GYM)["word"]["opened_since"] == true).await;
    assert_eq!(site(&opened, GYM)["standing"], "closed");
    let seen = said.json()["id"].as_str().unwrap().to_owned();
    // As its boxes say, and of two at once one is told.
    let both = [Some("full"), None].map(|standing| word(Some(&seen), standing, None));
    let answers = tokio::join!(hall.say(&cookie, GYM, &both[0]), hall.say(&cookie, GYM, &both[1]));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let acts = hall.acts();
    assert_eq!(acts.len(), 2, "{acts:?}");
    assert_eq!(
        acts[0],
        json!({
            "staff": HAMADA, "did": "said_of_site", "mode": "live", "incident": "02".repeat(16), "site": GYM,
            "standing": "closed", "capacity": 40,
        })
    );
    let [live, drill] = hall.folder.databases().map(|file| Store::open(&file).unwrap());
    let of = |store: &Store, number| store.rulings().site(IncidentId::from_bytes([number; 16]), GYM);
    assert!(of(&live, 2).is_some() && of(&drill, 3).is_none() && of(&live, 3).is_none());
}

#[tokio::test]
async fn a_word_of_a_drill_says_nothing_in_earnest() {
    let hall = Hall::with_sites().await;
    let cookie = hall.signed_in(HAMADA).await;
    let closed = json!({ "mode": "drill", "seen": null, "standing": "closed", "capacity": null });
    assert_eq!(hall.say(&cookie, GYM, &closed).await.status, 200);
    hall.map_until(&cookie, "drill", |state| site(state, GYM)["standing"] == "closed").await;
    assert_eq!(
        hall.say(&cookie, GYM, &word(None, None, Some(7))).await.status,
        200,
        "none was said in earnest"
    );
    let live = hall.map_until(&cookie, "live", |state| site(state, GYM)["capacity"] == 7).await;
    assert_eq!(site(&live, GYM)["standing"], "unknown");
    let drill = hall.map_until(&cookie, "drill", |_| true).await;
    assert_eq!(
        (&site(&drill, GYM)["standing"], &site(&drill, GYM)["capacity"]),
        (&json!("closed"), &json!(300))
    );
}

#[tokio::test]
async fn who_may_not_and_what_makes_no_sense_changes_nothing() {
    let hall = Hall::with_sites().await;
    let closed = word(None, Some("closed"), None);
    let ruling = json!({ "wanted": "close", "into": null, "seen_closed": false });
    for staff in [MORI].into_iter().chain(OTHERS.map(|(id, _)| id)) {
        let cookie = hall.signed_in(staff).await;
        assert_eq!(hall.say(&cookie, GYM, &closed).await.problem(), 403);
        assert_eq!(hall.rule(&cookie, BARN, &ruling).await.problem(), 403);
    }
    let cookie = hall.signed_in(HAMADA).await;
    for (site, word, status) in [
        (GATE, closed.clone(), 422),
        (BARN, closed.clone(), 404),
        (GYM, word(None, None, Some(0)), 422),
        (GYM, word(None, None, Some(100_000)), 422),
        (GYM, word(None, Some("burnt"), None), 400),
        (GYM, word(Some("1"), Some("closed"), None), 409),
    ] {
        assert_eq!(hall.say(&cookie, site, &word).await.status, status, "{word}");
    }
    let elsewhere =
        format!("origin: https://evil.example\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n");
    let path = format!("/api/v1/sites/{GYM}/word");
    assert_eq!(hall.ask_with("POST", &path, &elsewhere, &closed.to_string()).await.problem(), 403);
    assert_eq!(hall.rule(&cookie, BARN, &ruling).await.problem(), 404);
    let acts = hall.acts();
    assert!(acts.iter().all(|act| act["did"] != "said_of_site"), "{acts:?}");
    assert_eq!(acts.last().unwrap()["did"], "failed");
    let state = hall.map_until(&cookie, "live", |_| true).await;
    assert_eq!(site(&state, GYM)["word"], Value::Null);
}

#[tokio::test]
async fn a_shelter_that_people_opened_is_ruled_on_while_the_server_runs() {
    let hall = Hall::with_sites().await;
    let cookie = hall.signed_in(HAMADA).await;
    hall.writes(9, BARN, Fact::SelfOpened { name: "西の納屋".to_owned() });
    let state = hall.map_until(&cookie, "live", |state| !site(state, BARN).is_null()).await;
    assert_eq!(
        (&site(&state, BARN)["own_shelter"], &site(&state, BARN)["standing"]),
        (&json!(true), &json!("open"))
    );
    let ruling = |wanted: &str, into: Option<SiteId>, seen_closed| json!({ "wanted": wanted, "into": into, "seen_closed": seen_closed });
    assert_eq!(
        hall.rule(&cookie, BARN, &ruling("adopt", None, true)).await.problem(),
        409,
        "nobody closed it"
    );
    assert_eq!(hall.rule(&cookie, BARN, &ruling("join", Some(BARN), false)).await.problem(), 422);
    assert_eq!(
        hall.rule(&cookie, BARN, &ruling("join", Some(SiteId::from_bytes([9; 16])), false)).await.problem(),
        422
    );
    assert_eq!(hall.rule(&cookie, BARN, &ruling("join", None, false)).await.problem(), 422);
    // Of two at once one is told.
    let (adopt, close) = (ruling("adopt", None, false), ruling("close", None, false));
    let answers = tokio::join!(hall.rule(&cookie, BARN, &adopt), hall.rule(&cookie, BARN, &close));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    if answers.0.status == 200 {
        let state = hall.map_until(&cookie, "live", |state| site(state, BARN)["own_shelter"] == false).await;
        assert_eq!(site(&state, BARN)["name"], "西の納屋");
    } else {
        hall.map_until(&cookie, "live", |state| site(state, BARN).is_null()).await;
    }
}
