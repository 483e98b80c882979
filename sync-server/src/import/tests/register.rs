//! The lists of residents and of those who need support.

use super::*;

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
            allow_unhiding: false,
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

/// Ten residents; whose digit is among `hidden` is so.
fn ten_residents(hidden: &str) -> String {
    let flag = |number: char| if hidden.contains(number) { "1" } else { "" };
    let row = |number| format!("000{number},森　{number}郎,浜町,{}\r\n", flag(number));
    "宛名番号,氏名,行政区,支援措置\r\n".to_owned() + &('0'..='9').map(row).collect::<String>()
}

#[test]
fn hidden_people_are_not_shown_because_an_export_changed() {
    let mut registers = Registers::with_register(ten_residents("2345").as_bytes());
    registers.register.as_mut().unwrap().support = None;
    let version = registers.import().unwrap().package.version;
    let refused = |registers: &Registers| {
        let refused = registers.import().map(drop).unwrap_err().to_string();
        assert!(refused.contains("--allow-unhiding") && !refused.contains('郎'), "{refused}");
        assert_eq!(registers.server.town(&registers.keys).unwrap().0.version(), version);
        refused
    };
    let list = |registers: &Registers, list: &str| registers.write("residents.csv", list.as_bytes());
    // No such column, or nobody, or most of them; also where the mapping says that it is not to be taken.
    let lost = ten_residents("2345").replace("支援措置", "備考");
    for changed in [lost.as_str(), &ten_residents(""), &ten_residents("2"), &ten_residents("2016789")] {
        list(&registers, changed);
        assert!(refused(&registers).contains("of the 4 hidden people"));
    }
    list(&registers, &ten_residents("2345"));
    registers.write("mapping.toml", b"[residents.columns]\nhidden = \"\"");
    registers.register.as_mut().unwrap().mapping = Some(registers.path("mapping.toml"));
    refused(&registers);
    registers.register.as_mut().unwrap().mapping = None;
    // Where the people before cannot be read, a list without the column could show any of them.
    let (_, package) = registers.server.town(&registers.keys).unwrap();
    let part = registers.server.path().join("roster").join(hex::text(&package.roster[0].digest));
    let sound = std::fs::read(&part).unwrap();
    std::fs::write(&part, b"bent").unwrap();
    registers.register.as_mut().unwrap().allow_removals = true;
    list(&registers, &lost);
    refused(&registers);
    std::fs::write(&part, sound).unwrap();
    registers.register.as_mut().unwrap().allow_removals = false;
    registers.register.as_mut().unwrap().allow_unhiding = true;
    let shown = registers.import().unwrap().package;
    assert!(registers.everybody(&shown).people.iter().all(|person| !person.on_register || !person.hidden));
}

#[test]
fn the_town_may_show_somebody_again_and_forget_who_moved_away() {
    let mut registers = Registers::with_register(ten_residents("2345").as_bytes());
    registers.register.as_mut().unwrap().support = None;
    registers.import().unwrap();
    let without = |list: String, gone: &str| {
        list.split_inclusive('\n').filter(|line| !line.starts_with(gone)).collect::<String>()
    };
    // Half of four; one of two; the last one; and who is not there needs no column.
    for list in [
        ten_residents("23"),
        ten_residents("3"),
        ten_residents(""),
        ten_residents("7"),
        without(ten_residents(""), "0007").replace(",支援措置", ",備考"),
    ] {
        registers.write("residents.csv", list.as_bytes());
        registers.import().unwrap();
    }
    registers.write("residents.csv", ten_residents("7").as_bytes());
    registers.import().unwrap();
    registers.write("residents.csv", ten_residents("7").replace("支援措置", "備考").as_bytes());
    assert!(registers.import().is_err(), "the column is lost, for one person too");
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
