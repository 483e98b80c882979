//! What the town hall gets out: figures, reports, lists, exports, answers. 浜田 太郎 is hidden, and came.

use std::process::Output;

use hinamori_model::{BindingAssurance, CardKey, IncidentId, NeedKind, PersonId, PersonalText, TownKey};
use hinamori_profile::{Entry, IncidentKey, Need, PersonKey, ProfilePatch};
use hinamori_record::Fact;
use hinamori_store_sqlite::KeyRow;
use hinamori_sync::town::Package;
use hinamori_sync::{KeyMark, KeyRows};

use crate::hall::{DRILL, Hall, LIVE, Running, TestSite, now};
use crate::shelter::TestBox;

/// The three of the roster and a stranger.
const HANAKO: u8 = 1;
const TARO_HIDDEN: u8 = 2;
const TOME: u8 = 3;
const STRANGER: u8 = 9;

/// A town whose household lives in a district, and who of it arrived in an incident.
async fn town_with(incident: IncidentId, people: &[u8]) -> (Hall, Running) {
    let hall = Hall::new();
    hall.edit_town(|town| town.replacen("[[household]]", "[[household]]\ndistrict = \"浜町\"", 1));
    hall.import();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    people.iter().for_each(|person| drop(gym.write(incident, *person)));
    let mut line = gym.connect().await;
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    drop(line);
    (hall, server)
}

fn refused(hall: &Hall, arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = hall.command(arguments);
    assert!(!status.success(), "{arguments:?}");
    String::from_utf8(stderr).unwrap()
}

fn read(hall: &Hall, name: &str) -> String {
    String::from_utf8(std::fs::read(hall.path().join(name)).unwrap()).unwrap()
}

fn cell<'t>(csv: &'t str, header: &str, row: &str) -> &'t str {
    let mut lines = csv.trim_start_matches('\u{feff}').lines();
    let place = lines.next().unwrap().split(',').position(|found| found == header).unwrap();
    let line = lines.find(|line| line.split(',').any(|cell| cell == row)).unwrap();
    line.split(',').nth(place).unwrap()
}

#[tokio::test]
async fn figures_and_lists_hold_who_came_and_nothing_public_holds_who_is_hidden() {
    let (hall, server) = town_with(LIVE, &[HANAKO, TARO_HIDDEN, TOME, STRANGER]).await;
    let file = |name: &str| hall.path().join(name).to_str().unwrap().to_owned();
    let [csv, public, geo] = ["counts.csv", "public.csv", "counts.geojson"].map(&file);
    hall.must(&["counts", "--csv", &csv, "--geojson", &geo]);
    hall.must(&["counts", "--csv", &public, "--public"]);
    let counts = read(&hall, "counts.csv");
    assert_eq!((cell(&counts, "避難所内", "計"), cell(&counts, "世帯数", "計")), ("4", "3"), "{counts}");
    assert!(!read(&hall, "public.csv").contains('4') || !read(&hall, "public.csv").contains(",4,"));
    assert!(serde_json::from_str::<serde_json::Value>(&read(&hall, "counts.geojson")).is_ok());
    assert!(refused(&hall, &["counts"]).contains("--csv"));

    let list = file("list.csv");
    assert_eq!(hall.must(&["evacuees", "--csv", &list]), "3 people\n");
    let list = read(&hall, "list.csv");
    assert!(
        list.contains("浜田 花子") && list.contains("磯崎 トメ") && list.contains("名前 未登録"),
        "{list}"
    );
    assert!(!list.contains("太郎"), "{list}");

    let folder = file("export");
    assert_eq!(hall.must(&["export", &folder]), "4 records, 1 documents\n");
    let records = read(&hall, "export/live/records.jsonl");
    let lines: Vec<serde_json::Value> =
        records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().all(|line| line["kind"] == "presence" && line["incident"] == LIVE.to_string()));
    let document =
        std::fs::read_dir(hall.path().join("export/live/documents")).unwrap().next().unwrap().unwrap();
    assert_eq!(std::fs::read(document.path()).unwrap()[..4], [0x85, 0x6f, 0x4a, 0x83], "Automerge's mark");
    assert!(refused(&hall, &["export", &folder]).contains("not empty"));

    // Who was shown names is known, and whoever bends it is found out.
    let log = hall.must(&["log", "commands"]);
    assert!(log.contains("\"evacuees\"") && log.contains("\"export\"") && !log.contains("浜田"), "{log}");
    let path = hall.path().join("server/logs/commands.log");
    let bent = std::fs::read_to_string(&path).unwrap().replace("\"people\":3", "\"people\":2");
    std::fs::write(&path, bent).unwrap();
    assert!(refused(&hall, &["log", "commands"]).contains("not as it was written"));
    server.terminate();
}

/// Writes down what these people need, each under a key of their own, and tells the server the keys.
async fn write_needs(gym: &mut TestBox, package: &Package, people: &[(u8, Need)]) {
    let over = package.incident_keys.iter().find(|(incident, _)| *incident == LIVE).unwrap().1.0;
    let mut rows = Vec::new();
    for (number, need) in people {
        let (person, key) = (PersonId::from_bytes([*number; 16]), PersonKey::new([*number; 32]));
        let patch = ProfilePatch::new([Entry::Need(need.clone())]).unwrap();
        gym.write_fact_of(LIVE, |record| Fact::Profile {
            person,
            sealed: key.seal(&patch, person, record, [6; 12]).unwrap(),
        });
        let wrapped = IncidentKey::new(LIVE, over).wrap(person, &key, [5; 12]).unwrap();
        rows.push(KeyRow::Key { incident: LIVE, person, wrapped }.to_bytes());
    }
    let mut line = gym.connect().await;
    line.until("greeted", |line| line.is_greeted()).await;
    line.tell_keys(KeyRows::new(rows, KeyMark { table: [1; 16], serial: 1, row: [2; 16] }).unwrap()).await;
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
}

#[tokio::test]
async fn the_nurses_list_of_the_town_begins_with_what_is_due_and_holds_nobody_hidden() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let package = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    [HANAKO, TARO_HIDDEN, TOME, STRANGER].iter().for_each(|person| drop(gym.write(LIVE, *person)));
    let due_by = Some(now().plus(2 * 3_600_000));
    let note = Some(PersonalText::new("毎分2L"));
    let needs = [
        (HANAKO, Need::yes(NeedKind::InjuredNow)),
        (TARO_HIDDEN, Need::yes(NeedKind::Dialysis)),
        (TOME, Need { due_by, note, ..Need::yes(NeedKind::Oxygen) }),
        (STRANGER, Need::no(NeedKind::AskedLifeSupport)),
    ];
    write_needs(&mut gym, &package, &needs).await;
    let path = hall.path().join("care.csv");
    let file = path.to_str().unwrap();
    assert_eq!(hall.must(&["care", "--csv", file]), "2 people\n");
    let list = read(&hall, "care.csv");
    let rows: Vec<&str> = list.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{list}");
    assert!(
        rows[0].contains("磯崎 トメ") && rows[0].contains("酸素") && rows[0].contains("毎分2L"),
        "{list}"
    );
    assert!(rows[1].contains("浜田 花子") && rows[1].contains("けが"), "{list}");
    assert!(!list.contains("太郎") && !list.contains("透析"), "{list}");
    assert_eq!(hall.must(&["care", "--csv", file, "--mode", "drill"]), "0 people\n");
    let log = hall.must(&["log", "commands"]);
    assert!(log.contains("\"care\"") && !log.contains("トメ"), "{log}");
    server.terminate();
}

#[tokio::test]
async fn a_report_is_checked_by_one_released_by_another_and_corrected_as_a_new_version() {
    let (hall, server) = town_with(DRILL, &[HANAKO, TARO_HIDDEN]).await;
    let file = |name: &str| hall.path().join(name).to_str().unwrap().to_owned();
    assert!(server.get("/drill/report").contains("まだ 発表は ありません"));
    assert!(refused(&hall, &["report", "check", "--by", "岬 一郎", "--mode", "drill"]).contains("freeze"));
    hall.must(&["report", "freeze", "--mode", "drill"]);
    assert!(refused(&hall, &["report", "release", "--by", "岬 一郎", "--mode", "drill"]).contains("checked"));
    hall.must(&["report", "check", "--by", "岬 一郎", "--mode", "drill"]);
    assert!(refused(&hall, &["report", "release", "--by", "岬 一郎", "--mode", "drill"]).contains("too"));
    let said = hall.must(&["report", "release", "--by", "浜田 次郎", "--mode", "drill"]);
    assert!(said.starts_with("released ") && said.ends_with("version 1\n"), "{said}");
    // The hour was over before anybody came: nothing has changed in it.
    assert!(refused(&hall, &["report", "correct", "--mode", "drill"]).contains("nothing differs"));
    assert!(refused(&hall, &["report", "freeze", "--mode", "drill"]).contains("correct it"));
    let (csv, signed) = (file("report.csv"), file("report.signed"));
    let key = hall.must(&["report", "show", "--mode", "drill", "--csv", &csv, "--signed", &signed]);
    assert_eq!(key.trim().len(), "key ".len() + 64);
    let sheet = read(&hall, "report.csv");
    assert!(sheet.contains("訓練") && sheet.contains("岬 一郎") && sheet.contains("浜田 次郎"), "{sheet}");
    assert!(std::fs::read(hall.path().join("report.signed")).unwrap().len() > 64);
    assert!(hall.must(&["report", "list", "--mode", "drill"]).contains("1 released"));
    assert_eq!(hall.must(&["report", "list"]), "\n", "a drill's report is none of the live ones");
    let page = server.get("/drill/report");
    assert!(
        page.contains("第1版") && page.contains("これは 訓練の 報告です") && !page.contains("岬"),
        "{page}"
    );
    assert!(server.get("/report").contains("まだ 発表は ありません"));
    server.terminate();
}

fn inquiry(relation: &str, name: &str) -> String {
    serde_json::json!({
        "clerk": "岬 一郎",
        "inquirer": {
            "name": "浜田 次郎", "address": "大阪府堺市1-2", "reason": "安否", "identity_document": "運転免許証",
            "relation": relation,
        },
        "sought": { "name": name, "address": "浜町" },
    })
    .to_string()
}

#[tokio::test]
async fn hidden_not_held_and_not_arrived_are_one_answer_and_the_log_names_nobody_sought() {
    let (hall, server) = town_with(LIVE, &[HANAKO, TARO_HIDDEN]).await;
    let (status, told) = hall.ask(&inquiry("family", "浜田 花子"), "application/json");
    assert_eq!(status, 200);
    assert!(told.contains("居場所:汐見小学校 体育館"), "{told}");
    let (_, held) = hall.ask(&inquiry("acquaintance", "浜田花子"), "application/json");
    assert!(held.contains("情報があります") && !held.contains("体育館"), "{held}");
    let (status, hidden) = hall.ask(&inquiry("family", "浜田 太郎"), "application/json");
    let not_held = hall.ask(&inquiry("family", "山川 海子"), "application/json");
    assert_eq!((status, &hidden), (200, &not_held.1));
    assert!(hidden.contains("お伝えできる情報はありません"));
    // 磯崎 トメ lives in no district and did not come.
    assert_eq!(hall.ask(&inquiry("family", "磯崎 トメ"), "application/json").1, hidden);
    assert_eq!(hall.ask(&inquiry("family", "浜田 花子"), "text/plain").0, 403);
    assert_eq!(hall.ask("{}", "application/json").0, 400);

    let asked = hall.path().join("inquiry.json");
    std::fs::write(&asked, inquiry("family", "浜田 太郎")).unwrap();
    let said = hall.must(&["inquire", "--file", asked.to_str().unwrap()]);
    assert!(hidden.contains(said.trim()), "{said}");
    let log = hall.must(&["log", "inquiries"]);
    assert_eq!(log.lines().count(), 6, "{log}");
    assert!(log.contains("浜田 次郎") && log.contains("運転免許証"), "{log}");
    assert!(["花子", "太郎", "海子", "トメ"].iter().all(|name| !log.contains(name)), "{log}");
    assert!(["花子", "太郎", "海子", "トメ", "次郎"].iter().all(|name| !hall.log().contains(name)));
    server.terminate();

    let refused =
        hall.command(&["run", "--boxes", hall.boxes(), "--web", hall.web(), "--inquiries", "0.0.0.0:0"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("127.0.0.1"));
}

#[tokio::test]
async fn a_card_that_was_given_to_somebody_in_the_field_is_theirs_from_the_next_package_on() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let unknown = |number| TownKey::new([1; 32]).person_of_unknown_card(CardKey::from_bytes([number; 16]));
    let binding = BindingAssurance::MatchedByStaff;
    let (hanako, visitor) = (PersonId::from_bytes([HANAKO; 16]), unknown(8));
    for (incident, from, to) in
        [(LIVE, unknown(1), hanako), (LIVE, unknown(2), visitor), (DRILL, unknown(3), hanako)]
    {
        gym.write_fact(incident, Fact::Link { from, to, binding });
    }
    let mut line = gym.connect().await;
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    drop(line);
    let folded = |hall: &Hall| {
        let [town, cards, anchors, intermediates] = ["town.toml", "cards.json", "anchors", "intermediates"]
            .map(|name| hall.path().join(name).to_str().unwrap().to_owned());
        let arguments = [
            "town",
            "--town",
            &town,
            "--cards",
            &cards,
            "--anchors",
            &anchors,
            "--intermediates",
            &intermediates,
        ];
        let Output { status, stderr, .. } = hall.command(&arguments);
        assert!(status.success());
        String::from_utf8(stderr).unwrap()
    };
    // What is in no package yet would be lost with the incident's records.
    server.terminate();
    let ledger = hall.path().join("ledger");
    std::fs::create_dir(&ledger).unwrap();
    let close = ["close", "live", "--ledger", ledger.to_str().unwrap()];
    let problem = refused(&hall, &close);
    assert!(problem.contains("1 cards were given to people in the field"), "{problem}");
    let said = folded(&hall);
    assert!(said.contains("1 cards were given to people in the field"), "{said}");
    std::fs::remove_dir_all(&ledger).unwrap();
    std::fs::create_dir(&ledger).unwrap();
    let closed = hall.must(&close);
    let next = closed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    hall.edit_town(|town| town.replace(&LIVE.to_string(), &next));
    let said = folded(&hall);
    assert!(said.contains("1 cards were given to people in the field"), "still theirs: {said}");
    // Taken back in the incident that is open: no longer theirs.
    let server = hall.run();
    let next = next.parse().unwrap();
    gym.write_fact(next, Fact::Link { from: unknown(1), to: unknown(1), binding });
    let mut line = gym.connect().await;
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    drop(line);
    server.terminate();
    let said = folded(&hall);
    assert!(!said.contains("in the field"), "{said}");
}

/// The text of a page, as a reader of PDF sees it.
fn text_of(hall: &Hall, name: &str) -> String {
    let mut read = std::process::Command::new("pdftotext");
    let Output { status, stdout, .. } = read.arg(hall.path().join(name)).arg("-").output().unwrap();
    assert!(status.success());
    String::from_utf8(stdout).unwrap()
}

#[tokio::test]
async fn paper_names_nobody_who_is_hidden_and_a_drill_says_so_on_it() {
    let (hall, server) = town_with(DRILL, &[HANAKO, TARO_HIDDEN]).await;
    let (data, site) = (hall.path().join("server"), TestSite::Gym.id().to_string());
    let paper = |out: &str, of: &[&str]| {
        let begin = ["paper", "--data", data.to_str().unwrap(), "--out", out, "--drill"];
        assert!(hall.run_with(&[&begin, of].concat()).status.success(), "{of:?}");
        text_of(&hall, out)
    };
    let groups = paper("groups.pdf", &["groups", "--district", "浜町"]);
    assert!(groups.contains("浜田 花子") && !groups.contains("太郎") && groups.contains("訓練"), "{groups}");
    let badges = paper("badges.pdf", &["badges", "--site", &site, "--count", "11"]);
    let cards = paper("cards.pdf", &["cards", "--site", &site, "--count", "2"]);
    assert!(
        badges.contains("1-11-A-") && cards.contains("2-2-A-"),
        "each bundle is a series of its own: {badges}"
    );
    let list = hall.path().join("list.pdf");
    hall.must(&["evacuees", "--mode", "drill", "--site", &site, "--pdf", list.to_str().unwrap()]);
    let list = text_of(&hall, "list.pdf");
    assert!(list.contains("浜田 花子") && !list.contains("太郎") && list.contains("訓練"), "{list}");
    let counts = hall.path().join("counts.pdf");
    hall.must(&["counts", "--mode", "drill", "--pdf", counts.to_str().unwrap()]);
    assert!(text_of(&hall, "counts.pdf").contains("訓練"));
    assert!(hall.must(&["log", "commands"]).contains("paper groups"));
    server.terminate();
}
