//! Who asks after somebody, over the clerk's page.

use hinamori_model::{Hlc, PersonId, RecordId, SiteId, SiteKind};
use hinamori_record::{ActorId, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record};
use hinamori_store_sqlite::Store;
use hinamori_sync::cut;
use hinamori_sync::town::{Directory, Person, Site};

use super::*;

pub(super) const CLERK: StaffId = StaffId::from_bytes([3; 16]);
const GYM: SiteId = SiteId::from_bytes([0xa1; 16]);
/// Arrived.
const HANAKO: PersonId = PersonId::from_bytes([1; 16]);
/// Arrived too, and hidden by the roster.
const TARO: PersonId = PersonId::from_bytes([2; 16]);
/// Arrived too, and hidden by a record of the field.
const SAKURA: PersonId = PersonId::from_bytes([3; 16]);
/// Did not come.
const TOME: PersonId = PersonId::from_bytes([4; 16]);

pub(super) fn clerks() -> Vec<StaffGrant> {
    let mut staff = staff();
    staff.push(grant(CLERK, "岬 一郎", Role::InquiryClerk));
    staff
}

fn person(id: PersonId, name: &str) -> Person {
    Person { district: "浜町".to_owned(), hidden: id == TARO, ..Person::named(id, PersonalText::new(name)) }
}

impl Hall {
    /// A town whose people partly came to its gym.
    pub(super) async fn with_people() -> Self {
        let hall = Self::new().await;
        let people = [(HANAKO, "浜田 花子"), (TARO, "浜田 太郎"), (SAKURA, "浜田 桜"), (TOME, "磯崎 トメ")];
        let people = people.map(|(id, name)| person(id, name)).to_vec();
        let parts = cut(&Directory { people, cards: Vec::new() }, &TownSecret([1; 32])).unwrap();
        hall.folder.lock().unwrap().save_parts(&parts).unwrap();
        let roster = parts.into_iter().map(|(head, _)| head).collect();
        let gym = Site {
            id: GYM,
            name: "体育館".to_owned(),
            kind: SiteKind::Shelter,
            catchment: Vec::new(),
            position: None,
            capacity: None,
        };
        let package = Package { roster, sites: vec![gym], ..package(2, clerks()) };
        hall.folder.lock().unwrap().save_package(&hall.keys, &package).unwrap();
        hall.api.hub.refresh().await;
        let came = |person| Fact::presence(person, PresenceEvent::Arrived, Proof::DECLARED);
        let mut facts: Vec<Fact> = [HANAKO, TARO, SAKURA].map(came).to_vec();
        facts.push(Fact::Hiding { person: SAKURA, hidden: true, staff: HAMADA, proof: Proof::DECLARED });
        hall.commit(1, facts);
        hall
    }

    /// Each by another device, numbered from `first` on.
    pub(super) fn commit(&self, first: u8, facts: Vec<Fact>) {
        let [live, _] = self.folder.databases();
        let (mut store, at) = (Store::open(&live).unwrap(), now());
        let incident = IncidentId::from_bytes([2; 16]);
        for (number, fact) in (first..).zip(facts) {
            let scope = DocumentScope { incident, site: GYM, period: Period::of(at) };
            let id = RecordId::new(at, number.into());
            let at_hlc = Hlc::from_packed(at.get() << 16);
            let record = Record { id, at: at_hlc, clock_unsure: false, lane: None, fact };
            let mut document = Document::new(scope, ActorId::from_bytes([number; 16])).unwrap();
            let change = document.append(std::slice::from_ref(&record), at).unwrap();
            store.commit_own(scope, &change, &[record], at).unwrap();
        }
    }

    async fn inquire(&self, cookie: Option<&str>, inquiry: &Value) -> Answer {
        self.ask("POST", "/api/v1/inquiries", cookie, Some(inquiry)).await
    }

    fn inquiries(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        let log = SignedLog::new(self.folder.path(), crate::inquiry::INQUIRIES, &self.keys.log);
        log.read(|line: Line<Value>| lines.push(line.entry)).unwrap();
        lines
    }
}

fn inquiry(relation: &str, name: &str) -> Value {
    json!({
        "mode": "live",
        "inquirer": {
            "name": "浜田 次郎", "address": "大阪府堺市1-2", "reason": "けがを して いないか 知りたい",
            "identity_document": "運転免許証", "relation": relation,
        },
        "sought": { "name": name, "address": "浜町", "birth": null, "sex": "unknown" },
    })
}

#[tokio::test]
async fn hidden_not_held_and_not_arrived_are_one_sentence_to_a_clerk_and_each_stands_in_the_log() {
    let hall = Hall::with_people().await;
    let cookie = hall.signed_in(CLERK).await;
    let official = hall.signed_in(HAMADA).await;
    let description = hall.ask("GET", "/api/v1/openapi.json", Some(&cookie), None).await.json();
    let operation = &description["paths"]["/api/v1/inquiries"]["post"];
    let told = hall.inquire(Some(&cookie), &inquiry("family", "浜田 花子")).await;
    assert!(told.json()["sentence"].as_str().unwrap().contains("体育館"), "{told:?}");
    let held = hall.inquire(Some(&official), &inquiry("acquaintance", "はまだ花子")).await;
    assert_eq!(held.status, 200);
    let mut silent = Vec::new();
    for name in ["浜田 太郎", "浜田 桜", "磯崎 トメ", "山川 海子"] {
        for relation in ["family", "acquaintance"] {
            let answer = hall.inquire(Some(&cookie), &inquiry(relation, name)).await;
            api::assert_fits(&description, operation, &answer);
            let mut said = answer.json();
            assert_eq!(said["number"].take(), silent.len() + 3, "in the order of the log");
            // Nor do its headers tell them apart; the date is of the second, and the number's digits make the length.
            let head: Vec<String> = answer
                .head
                .into_iter()
                .filter(|line| !["date:", "content-length:"].iter().any(|name| line.starts_with(name)))
                .collect();
            silent.push((said, head));
        }
    }
    assert!(silent.iter().all(|one| *one == silent[0]), "{silent:?}");
    assert_eq!((silent[0].0["desk"].clone(), silent.len()), (json!(false), 8));
    api::assert_fits(&description, operation, &told);

    let log = hall.inquiries();
    assert_eq!(log.len(), 10);
    assert_eq!((&log[0]["user"], &log[0]["clerk"]), (&json!(CLERK.to_string()), &json!("岬 一郎")));
    assert_eq!((&log[1]["user"], &log[1]["clerk"]), (&json!(HAMADA.to_string()), &json!(HAMADA_NAME)));
    assert_eq!(log[0]["inquirer"], inquiry("family", "")["inquirer"]);
    let answers: Vec<&str> = log.iter().map(|line| line["answer"].as_str().unwrap()).collect();
    assert_eq!(answers[0], "told");
    assert!(answers[2..].iter().all(|answer| *answer == "none"), "{answers:?}");
    let text = serde_json::to_string(&log).unwrap();
    assert!(["花子", "太郎", "桜", "トメ", "海子"].iter().all(|name| !text.contains(name)), "{text}");
}

#[tokio::test]
async fn nobody_else_asks_and_what_is_no_inquiry_of_our_page_looks_nobody_up() {
    let hall = Hall::with_people().await;
    let good = inquiry("family", "浜田 花子");
    assert_eq!(hall.inquire(None, &good).await.problem(), 401);
    for (number, role) in (10_u8..).zip(Role::ALL) {
        let who = StaffId::from_bytes([number; 16]);
        let mut staff = clerks();
        staff.push(grant(who, "だれか", *role));
        hall.changes_staff(u64::from(number), staff).await;
        let cookie = hall.signed_in(who).await;
        let may = matches!(role, Role::InquiryClerk | Role::Official);
        assert_eq!(hall.inquire(Some(&cookie), &good).await.status, if may { 200 } else { 403 }, "{role:?}");
    }
    assert_eq!(hall.inquiries().len(), 2);

    let cookie = hall.signed_in(CLERK).await;
    let changed = |path: &str, value: Value| {
        let mut inquiry = good.clone();
        *inquiry.pointer_mut(path).unwrap() = value;
        inquiry
    };
    for (bad, status) in [
        (changed("/inquirer/name", json!(" ")), 422),
        (changed("/inquirer/identity_document", json!("")), 422),
        (changed("/sought/address", json!(null)), 422),
        (changed("/sought/birth", json!("1948-02-30")), 422),
        (changed("/inquirer/reason", json!("長".repeat(301))), 422),
        (changed("/inquirer/reason", json!("123456789018")), 422),
        (changed("/inquirer/relation", json!("friend")), 400),
        (changed("/sought/sex", json!("f")), 400),
        (changed("/mode", json!("daily_life")), 400),
        (changed("/sought", json!([])), 400),
        (changed("/inquirer/reason", json!("長".repeat(6_000))), 413),
        (json!([good.clone()]), 400),
        (
            json!({ "mode": "live", "clerk": "誰か", "inquirer": good["inquirer"], "sought": good["sought"] }),
            400,
        ),
    ] {
        let answer = hall.inquire(Some(&cookie), &bad).await;
        assert_eq!(answer.problem(), status, "{bad}");
        let said = String::from_utf8(answer.body).unwrap();
        assert!(!said.contains("浜田") && !said.contains("堺"), "{said}");
    }
    let text = good.to_string();
    for headers in [
        format!(
            "origin: https://elsewhere.example\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n"
        ),
        format!("origin: {ORIGIN}\r\ncookie: {cookie}\r\ncontent-type: text/plain\r\n"),
    ] {
        assert_eq!(hall.ask_with("POST", "/api/v1/inquiries", &headers, &text).await.problem(), 403);
    }
    assert_eq!(hall.inquiries().len(), 2, "nobody was looked up");
    assert_eq!(hall.last_logged()["why"], "page");
}

#[tokio::test]
async fn a_clerk_who_tries_out_a_register_is_stopped_and_written_down() {
    let hall = Hall::with_people().await;
    let mut tablet = hall.enrolled(CLERK).await;
    let mut cookie = hall.sign_in(&mut tablet).await.cookie();
    for _ in 0..12 {
        assert_eq!(hall.inquire(Some(&cookie), &inquiry("family", "浜田 太郎")).await.status, 200);
    }
    for _ in 0..3 {
        // Another session is no way around it, and nobody is told apart.
        cookie = hall.sign_in(&mut tablet).await.cookie();
        for name in ["浜田 花子", "山川 海子"] {
            assert_eq!(hall.inquire(Some(&cookie), &inquiry("family", name)).await.problem(), 429);
        }
    }
    let log = hall.inquiries();
    assert_eq!(log.len(), 13, "one line for all that were refused");
    let alarm = json!({ "alarm": "too_many", "user": CLERK.to_string(), "clerk": "岬 一郎" });
    assert_eq!(log[12], alarm);
    let official = hall.signed_in(HAMADA).await;
    assert_eq!(hall.inquire(Some(&official), &inquiry("family", "浜田 花子")).await.status, 200);
    hall.api.browsers.uptime.pass(Duration::from_secs(30));
    assert_eq!(hall.inquire(Some(&cookie), &inquiry("family", "浜田 花子")).await.status, 200);
}
