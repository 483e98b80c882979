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
        standing: crate::registry::Standing::Admitted,
    };
    let locked = registers.server.lock().unwrap();
    let mut registry = registers.server.registry().unwrap();
    registry.boxes.insert(hinamori_model::BoxId::from_bytes([7; 16]), known);
    locked.save_registry(&registry).unwrap();
    drop(locked);
    let moved = TOWN.replace("a1a1a1a1", "a2a2a2a2");
    assert!(registers.refusal("town.toml", moved.as_bytes()).contains("which is gone"));
    assert_eq!(registers.import().unwrap().package.boxes.len(), 1);
}

const RESIDENTS: &str = "宛名番号,世帯番号,氏名,氏名カナ,生年月日,性別,続柄,住所,行政区,班,支援措置\r\n\
0001,01,森　ハル,モリ　ハル,S21.3.1,女,世帯主,浜町1番地,浜町,3班,\r\n\
0002,01,森　一,モリ　ハジメ,昭和20年1月8日,男,夫,浜町1番地,浜町,3班,1\r\n\
0003,02,岡　蓮,オカ　レン,R02.02.30,男,世帯主,港町2番地,港町,1班,\r\n";
const SUPPORT: &str = "宛名番号,氏名,支援を必要とする理由\r\n0001,森　ハル,要介護4\r\n0009,林　キヨ,難病\r\n";

impl Registers {
    fn with_register(residents: &[u8]) -> Self {
        let mut registers = Self::new();
        registers.write("residents.csv", residents);
        registers.write("support.csv", SUPPORT.as_bytes());
        registers.register = Some(RegisterFiles {
            residents: registers.path("residents.csv"),
            support: Some(registers.path("support.csv")),
            mapping: None,
            allow_removals: false,
        });
        registers
    }
}

#[test]
fn the_register_comes_beside_town_toml_and_what_is_wrong_is_told_by_line() {
    let registers = Registers::with_register(RESIDENTS.as_bytes());
    let imported = registers.import().unwrap();
    assert_eq!(
        (imported.people, imported.register.refused(), imported.register.support_unmatched),
        (4, 1, 1)
    );
    let told: Vec<String> = imported.register.problems.iter().map(|(_, told)| told.to_string()).collect();
    assert!(told.iter().any(|told| told.contains('4') && told.contains("生年月日")), "{told:?}");
    assert!(!told.iter().any(|told| told.contains("岡") || told.contains("蓮")), "{told:?}");
    let everybody = registers.everybody(&imported.package);
    let find = |name: &str| everybody.people.iter().find(|person| person.name.expose() == name).unwrap();
    let (haru, hajime) = (find("森　ハル"), find("森　一"));
    assert!(haru.household.is_some() && haru.household == hajime.household);
    assert!(haru.on_register && !haru.support.is_empty() && !haru.hidden);
    assert!(hajime.hidden && hajime.support.is_empty(), "hidden before the first tap");
    assert_eq!((hajime.district.as_str(), hajime.group.as_str()), ("浜町", "3班"));
    assert!(!find("浜田 花子").on_register);
    // The same files again are another version and the same parts.
    let again = registers.import().unwrap().package;
    assert_eq!((again.version, again.roster), (2, imported.package.roster));
}

#[test]
fn one_changed_line_changes_one_part_and_people_keep_their_ids() {
    let registers = Registers::with_register(RESIDENTS.as_bytes());
    let before = registers.import().unwrap().package;
    registers.write("residents.csv", RESIDENTS.replace("R02.02.30", "R02.02.28").as_bytes());
    let after = registers.import().unwrap().package;
    let new = after.roster.iter().filter(|head| !before.roster.contains(head)).count();
    assert_eq!((before.roster.len(), after.roster.len(), new), (2, 3, 1), "only the district 港町");
    let ids = |package: &Package| {
        let mut ids: Vec<_> = registers.everybody(package).people.iter().map(|person| person.id).collect();
        ids.sort();
        ids
    };
    let (before, after) = (ids(&before), ids(&after));
    assert!(before.iter().all(|id| after.contains(id)));
}

#[test]
fn a_file_that_cannot_be_trusted_changes_nothing() {
    let registers = Registers::with_register(RESIDENTS.as_bytes());
    let before = registers.import().unwrap().package;
    for wrong in [
        RESIDENTS.replace("宛名番号", "個人番号").into_bytes(),
        format!("{RESIDENTS}0004,01,\"森").into_bytes(),
        vec![0xff, 0xfe, 0x42, 0x30],
    ] {
        registers.write("residents.csv", &wrong);
        assert!(matches!(registers.import(), Err(ImportError::File { .. })));
    }
    let (signed, _) = registers.server.town(&registers.keys).unwrap();
    assert_eq!(signed.version(), before.version);
}

#[test]
fn a_list_that_lacks_many_people_is_taken_only_when_the_operator_says_so() {
    let town = hinamori_sim::townsfolk::registers(200, 3).residents;
    let mut registers = Registers::with_register(town.as_bytes());
    assert_eq!(registers.import().unwrap().people, 202);
    let cut: String = town.split_inclusive('\n').take(150).collect();
    registers.write("residents.csv", cut.as_bytes());
    let refused = registers.import().map(drop).unwrap_err().to_string();
    assert!(refused.contains("--allow-removals") && refused.contains("51 of the 200"), "{refused}");
    registers.register.as_mut().unwrap().allow_removals = true;
    assert_eq!(registers.import().unwrap().people, 151);
}

/// Without a list of residents.
fn import_without_residents(registers: &mut Registers) -> Result<Imported, ImportError> {
    let register = registers.register.take();
    let imported = registers.import();
    registers.register = register;
    imported
}

#[test]
fn whoever_is_on_the_list_stays_when_no_list_is_given() {
    let mut registers = Registers::with_register(RESIDENTS.as_bytes());
    let card = r#"[{"kind":"uid","identity":"01020304","resident":"0001","binding":"matched_by_staff","application_key":null}]"#;
    registers.write("cards.json", card.as_bytes());
    let before = registers.import().unwrap().package;
    let town = TOWN.replace("[[household]]\n", "[[site]]\nid = \"a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2\"\nname = \"集会所\"\nkind = \"shelter\"\n[[household]]\n");
    registers.write("town.toml", town.as_bytes());
    let Imported { package, people, register, .. } = import_without_residents(&mut registers).unwrap();
    assert_eq!((package.sites.len(), people, register.kept), (2, 4, 2));
    assert_eq!(package.roster, before.roster, "everybody, their hidden flags and their cards");
    // Who is only in town.toml is there as long as it says so.
    let one = town.split("[[person]]\nid = \"0303").next().unwrap();
    registers.write("town.toml", one.as_bytes());
    assert_eq!(import_without_residents(&mut registers).unwrap().people, 3);
    registers.write("cards.json", card.replace("0001", "0008").as_bytes());
    let refused = import_without_residents(&mut registers).unwrap_err().to_string();
    assert!(refused.contains("whom neither"), "{refused}");
}

#[test]
fn a_lost_part_is_never_taken_for_an_empty_list() {
    let mut registers = Registers::with_register(RESIDENTS.as_bytes());
    let package = registers.import().unwrap().package;
    let name = hex::text(&package.roster[0].digest);
    let file = registers.server.path().join("roster").join(&name);
    let damage: [fn(&Path); 2] =
        [|file| std::fs::remove_file(file).unwrap(), |file| std::fs::write(file, b"bent").unwrap()];
    for damage in damage {
        damage(&file);
        let refusals = [
            (import_without_residents(&mut registers).unwrap_err(), "--residents"),
            (registers.import().unwrap_err(), "--allow-removals"),
        ];
        for (refused, way_out) in refusals {
            let said = crate::with_sources(&refused);
            assert!(said.contains(&name) && said.contains(way_out), "{said}");
        }
        assert_eq!(registers.server.town(&registers.keys).unwrap().0.version(), package.version);
    }
    registers.register.as_mut().unwrap().allow_removals = true;
    assert_eq!(registers.import().unwrap().package.roster, package.roster);
    assert_eq!(registers.everybody(&package).people.len(), 4, "the parts are back");
    // A town that has no list gives one of nobody.
    std::fs::write(&file, b"bent").unwrap();
    registers.write("residents.csv", "宛名番号,氏名\r\n".as_bytes());
    registers.write("support.csv", "宛名番号,氏名\r\n".as_bytes());
    assert_eq!(registers.import().unwrap().people, 2);
}

#[test]
fn a_card_belongs_to_a_person_of_the_register_by_number() {
    let registers = Registers::with_register(RESIDENTS.as_bytes());
    let card = |whose: &str| {
        format!(
            r#"[{{"kind":"uid","identity":"01020304",{whose}"binding":"matched_by_staff","application_key":null}}]"#
        )
    };
    registers.write("cards.json", card(r#""resident":"0001","#).as_bytes());
    let package = registers.import().unwrap().package;
    let everybody = registers.everybody(&package);
    let owner = everybody.people.iter().find(|person| person.id == everybody.cards[0].person).unwrap();
    assert_eq!(owner.name.expose(), "森　ハル");
    for wrong in
        ["", r#""resident":"0008","#, r#""resident":"0001","person":"03030303030303030303030303030303","#]
    {
        registers.write("cards.json", card(wrong).as_bytes());
        assert!(registers.import().is_err(), "{wrong}");
    }
}
