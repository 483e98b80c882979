use super::*;
use hinamori_sim::ca::{Hierarchy, NOW};
use tempfile::TempDir;

const TOWN: &str = r#"
name = "汐見町"
incidents = { daily_life = "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0", live = "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1", drill = "d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2" }
[[site]]
id = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
name = "体育館"
kind = "shelter"
[[household]]
id = "01010101010101010101010101010101"
[[household.person]]
id = "02020202020202020202020202020202"
name = "浜田 花子"
relation = "世帯主"
called_name = "はなちゃん"
hidden = true
[[person]]
id = "03030303030303030303030303030303"
name = "磯崎 トメ"
watch = true
"#;
const CARDS: &str = r#"[
{"kind":"uid","identity":"01020304","person":"02020202020202020202020202020202",
 "binding":"matched_by_staff","application_key":null},
{"kind":"badge","identity":"0011223344556677","person":"03030303030303030303030303030303",
 "binding":"declared","application_key":"3059","stopped":"1970-01-01T09:00:07+09:00"}]"#;

/// The registers of a small town, to be bent.
struct Registers {
    folder: TempDir,
    server: DataFolder,
    keys: Keys,
    register: Option<RegisterFiles>,
}

impl Registers {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = DataFolder::new(&folder.path().join("server"));
        let keys = server.initialise().unwrap();
        let registers = Self { folder, server, keys, register: None };
        let authority = Hierarchy::jpki_auth(1);
        for part in ["anchors", "intermediates"] {
            std::fs::create_dir(registers.path(part)).unwrap();
        }
        registers.write("anchors/a.der", authority.anchor_der());
        for der in authority.intermediates() {
            registers.write("intermediates/i.der", der);
        }
        registers.write("anchors/notes.txt", b"no certificate and not read");
        registers.write("town.toml", TOWN.as_bytes());
        registers.write("cards.json", CARDS.as_bytes());
        registers
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    fn import(&self) -> Result<Imported, ImportError> {
        self.import_with(BoxTime::Stays)
    }

    fn import_with(&self, time: BoxTime) -> Result<Imported, ImportError> {
        let [town, cards] = ["town.toml", "cards.json"].map(|name| self.path(name));
        let [anchors, intermediates] = ["anchors", "intermediates"].map(|name| self.path(name));
        let register = self.register.clone();
        let files = TownFiles { town, cards, anchors, intermediates, register };
        import_town(&self.server, &self.keys, &files, time, NOW)
    }

    /// Everybody in the parts that a package names.
    fn everybody(&self, package: &Package) -> Directory {
        let mut everybody = Directory::default();
        for head in &package.roster {
            let file = self.server.path().join("roster").join(hex::text(&head.digest));
            let Directory { people, cards } =
                hinamori_sync::open_part(head, &std::fs::read(file).unwrap()).unwrap();
            everybody.people.extend(people);
            everybody.cards.extend(cards);
        }
        everybody.people.sort_by_key(|person| person.id);
        everybody.cards.sort_by_key(|card| card.person);
        everybody
    }

    /// What is said of a file that was bent.
    fn refusal(&self, name: &str, bytes: &[u8]) -> String {
        let sound = std::fs::read(self.path(name)).unwrap_or_default();
        self.write(name, bytes);
        let refused = self.import().expect_err(name).to_string();
        if sound.is_empty() {
            std::fs::remove_file(self.path(name)).unwrap()
        } else {
            self.write(name, &sound)
        }
        assert!(!["浜田", "花子", "磯崎"].iter().any(|personal| refused.contains(personal)), "{refused}");
        refused
    }
}

#[test]
fn a_town_is_read_whole_and_every_import_is_a_newer_package() {
    let registers = Registers::new();
    let Imported { package, people, cards, empty_districts, .. } = registers.import().unwrap();
    assert_eq!((package.version, people, cards, empty_districts.len()), (1, 2, 2, 0));
    let Directory { people, cards } = registers.everybody(&package);
    assert!(people[0].hidden && people[0].household.is_some() && people[1].watch);
    assert_eq!(cards[1].application_key.as_deref(), Some([0x30, 0x59].as_slice()));
    assert_eq!((cards[0].stopped, cards[1].stopped), (None, Some(UnixMillis::new(7_000))));
    assert!(!package.anchors.is_empty() && package.feed_key == registers.keys.list_feed.public());
    assert_eq!(registers.import().unwrap().package.version, 2);
    let (signed, stored) = registers.server.town(&registers.keys).unwrap();
    assert_eq!((signed.version(), stored.roster), (2, package.roster));
}

#[test]
fn people_stand_in_the_parts_of_their_districts() {
    let registers = Registers::new();
    let town = TOWN
        .replace("[[household]]\n", "[[household]]\ndistrict = \"浜町\"\ngroup = \"二班\"\n")
        .replace("watch = true", "watch = true\ndistrict = \"磯町\"\nkana = \"イソザキ トメ\"")
        .replace("kind = \"shelter\"", "kind = \"shelter\"\ncatchment = [\"浜町\", \"山手\"]");
    registers.write("town.toml", town.as_bytes());
    let Imported { package, empty_districts, .. } = registers.import().unwrap();
    assert_eq!(empty_districts, ["山手".to_owned()].into());
    assert_eq!(package.sites[0].catchment, ["浜町", "山手"]);
    let districts: Vec<&str> = package.roster.iter().map(|head| head.district.as_str()).collect();
    assert_eq!(districts, ["浜町", "磯町"]);
    let people = registers.everybody(&package).people;
    assert_eq!((people[0].district.as_str(), people[0].group.as_str()), ("浜町", "二班"));
    assert_eq!((people[1].district.as_str(), people[1].kana.expose()), ("磯町", "イソザキ トメ"));
}

#[test]
fn the_parts_of_two_imports_are_kept_and_the_same_people_write_none() {
    let registers = Registers::new();
    let parts = || std::fs::read_dir(registers.server.path().join("roster")).unwrap().count();
    registers.import().unwrap();
    assert_eq!(parts(), 1);
    registers.import().unwrap();
    assert_eq!(parts(), 1, "nothing changed");
    for (called, kept) in [("とめさん", 2), ("おとめさん", 2)] {
        let town = TOWN.replace("watch = true", &format!("watch = true\ncalled_name = \"{called}\""));
        registers.write("town.toml", town.as_bytes());
        registers.import().unwrap();
        assert_eq!(parts(), kept, "this one's, and the one's before");
    }
}

#[test]
fn grace_and_the_time_of_boxes_are_the_town_s_to_say() {
    let registers = Registers::new();
    let package = registers.import().unwrap().package;
    assert_eq!((package.list_grace_millis, package.resets_time), (72 * 3_600_000, false));
    registers
        .write("town.toml", TOWN.replacen("[[site]]", "[lists]\ngrace_hours = 240\n[[site]]", 1).as_bytes());
    let package = registers.import_with(BoxTime::Resets).unwrap().package;
    assert_eq!((package.list_grace_millis, package.resets_time), (240 * 3_600_000, true));
    assert!(!registers.import().unwrap().package.resets_time, "said once");
}

#[test]
fn a_wrong_town_is_refused_with_its_place_and_without_anybodys_name() {
    let registers = Registers::new();
    for (from, to, reason) in [
        ("name = \"汐見町\"", "name = \" \"", "the town has no name"),
        ("kind = \"shelter\"", "kind = \"tent\"", "line 7"),
        ("hidden = true", "hidden = \"はい\"", "line 15"),
        ("watch = true", "wacht = true", "line 1"),
        ("d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1", "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0", "two incidents"),
        ("03030303030303030303030303030303", "02020202020202020202020202020202", "is there twice"),
        ("03030303030303030303030303030303", "756b0303030303030303030303030303", "only unknown cards"),
        ("name = \"磯崎 トメ\"", "name = \"\"", "has no name"),
        ("name = \"体育館\"", "name = \"\"", "has no name"),
        ("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "a1", "line 5"),
    ] {
        assert!(TOWN.contains(from), "{from}");
        let refused = registers.refusal("town.toml", TOWN.replacen(from, to, 1).as_bytes());
        assert!(refused.contains("town.toml") && refused.contains(reason), "{reason}: {refused}");
    }
    assert!(registers.refusal("town.toml", &[0xff, 0xfe]).contains("not UTF-8"));
    assert_eq!(registers.import().unwrap().package.version, 1, "nothing was stored before");
}

#[test]
fn wrong_cards_are_refused() {
    let registers = Registers::new();
    for (from, to, reason) in [
        ("01020304", "0102030g", "no hexadecimal"),
        ("01020304", "0102", "a length that this kind"),
        ("\"uid\"", "\"certificate\"", "a length that this kind"),
        ("02020202020202020202020202020202", "09090909090909090909090909090909", "whom neither"),
        ("\"3059\"", "\"\"", "application_key"),
        ("07+09:00", "07", "stopped"),
        ("1970-01-01T", "1969-01-01T", "stopped"),
        ("matched_by_staff", "guessed", "line"),
    ] {
        let refused = registers.refusal("cards.json", CARDS.replacen(from, to, 1).as_bytes());
        assert!(refused.contains("cards.json") && refused.contains(reason), "{reason}: {refused}");
    }
    let twice =
        CARDS.replace("\"badge\",\"identity\":\"0011223344556677\"", "\"uid\",\"identity\":\"01020304\"");
    assert!(registers.refusal("cards.json", twice.as_bytes()).contains("is there twice"));
}

#[test]
fn authorities_that_a_box_would_refuse_are_refused_here() {
    let registers = Registers::new();
    for name in ["anchors/b.der", "intermediates/b.der"] {
        let refused = registers.refusal(name, b"garbage");
        assert!(refused.contains(name), "{refused}");
    }
    std::fs::remove_dir_all(registers.path("anchors")).unwrap();
    assert!(registers.import().is_err());
}

#[test]
fn a_site_where_a_box_stands_cannot_go() {
    let registers = Registers::new();
    registers.import().unwrap();
    let place = crate::registry::Place { site: SiteId::from_bytes([0xa1; 16]), reads: Vec::new() };
    let known = crate::registry::RegisteredBox {
        place,
        seal_key: [1; 32],
        tls_key: [2; 32],
        enrolled_at: NOW,
        words: serde_json::from_str("[1, 2, 3]").unwrap(),
        standing: crate::registry::Standing::Admitted,
        trusted: None,
    };
    let locked = registers.server.lock().unwrap();
    let mut registry = registers.server.registry().unwrap();
    registry.boxes.insert(hinamori_model::BoxId::from_bytes([7; 16]), known);
    locked.save_registry(&registry).unwrap();
    drop(locked);
    let moved = TOWN.replace("a1a1a1a1", "a2a2a2a2");
    assert!(registers.refusal("town.toml", moved.as_bytes()).contains("which is gone"));
    assert_eq!(registers.import().unwrap().package.boxes.len(), 2, "with headquarters' desk");
}

#[test]
fn an_incident_that_was_named_before_stays_what_it_was() {
    let registers = Registers::new();
    let first = registers.import().unwrap().package;
    assert!(first.earlier.is_empty());
    registers.write("town.toml", TOWN.replace("d1d1", "e1e1").as_bytes());
    let next = registers.import().unwrap().package;
    assert_eq!(next.earlier, [(first.incidents.live, Mode::Live)]);
    assert_eq!(next.incidents_of(Mode::Live), [first.incidents.live, next.incidents.live].into());
    let as_a_drill = TOWN.replace("d1d1", "e1e1").replace("d2d2", "d1d1");
    assert!(registers.refusal("town.toml", as_a_drill.as_bytes()).contains("of another kind before"));
    // Named again it stands by, and the one between is an earlier one.
    registers.write("town.toml", TOWN.as_bytes());
    assert_eq!(registers.import().unwrap().package.earlier, [(next.incidents.live, Mode::Live)]);
}

mod register;
mod staff;
