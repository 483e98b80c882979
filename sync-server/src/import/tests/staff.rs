//! `[[staff]]` of town.toml.

use hinamori_model::Role;

use super::*;
use crate::staff_list;

/// Somebody of the town with a card whose certificate is known.
const CARD: &str = r#"[{"kind":"certificate","identity":"0707070707070707070707070707070707070707070707070707070707070707",
 "person":"03030303030303030303030303030303","binding":"attributes_signed","application_key":"3059"},
 {"kind":"uid","identity":"01020304","person":"02020202020202020202020202020202",
 "binding":"matched_by_staff","application_key":null}]"#;
const STAFF: &str = r#"
[[staff]]
id = "50505050505050505050505050505050"
name = "大森 守"
role = "leader"
person = "03030303030303030303030303030303"
sites = ["a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"]
until = "2099-03-31"
"#;

fn with_staff(staff: &str) -> Registers {
    let registers = Registers::new();
    registers.write("cards.json", CARD.as_bytes());
    registers.write("town.toml", format!("{TOWN}{staff}").as_bytes());
    registers
}

#[test]
fn staff_come_with_the_cards_of_the_person_or_of_a_certificate() {
    let registers = with_staff(STAFF);
    let Imported { package, staff_over, .. } = registers.import().unwrap();
    let [grant] = package.staff.as_slice() else { panic!("{:?}", package.staff) };
    let key = TownKey::new(registers.keys.town_secret.0);
    assert_eq!((grant.role, grant.sites.len(), staff_over.len()), (Role::Leader, 1, 0));
    assert_eq!(grant.cards[0].card, key.card_key(TokenKind::Certificate, &[7; 32]));
    assert_eq!(grant.cards[0].application_key.as_deref(), Some([0x30, 0x59].as_slice()));
    // The last millisecond of the day in Japan.
    assert_eq!(grant.until.get() % 86_400_000, 54_000_000 - 1);
    let listed = staff_list(&registers.server, &registers.keys).unwrap();
    assert!(listed.contains("leader  2099-03-31  1 cards  体育館  大森 守"), "{listed}");

    let certificate = STAFF.replace("person = \"03030303030303030303030303030303\"", "card = [\"c.der\"]");
    let registers = with_staff(&certificate);
    registers.write("c.der", Hierarchy::jpki_auth(1).anchor_der());
    let Imported { package, .. } = registers.import().unwrap();
    assert_eq!(package.staff[0].cards[0].application_key, None, "its PIN is needed");
}

#[test]
fn whose_time_is_over_is_left_out_and_named() {
    let registers = with_staff(&STAFF.replace("2099", "1999"));
    let Imported { package, staff_over, .. } = registers.import().unwrap();
    assert_eq!((package.staff.len(), staff_over.len()), (0, 1));
}

#[test]
fn an_entry_that_could_never_sign_in_is_a_named_error() {
    let registers = with_staff(STAFF);
    let bent = [
        ("03030303030303030303030303030303", "02020202020202020202020202020202", "never sign in"),
        ("2099-03-31", "soon", "no date"),
        ("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "b1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "does not have"),
        ("大森 守", " ", "no name"),
        ("leader", "king", "line"),
        ("person = ", "persons = ", "line"),
    ];
    for (from, to, reason) in bent {
        let refused = registers.refusal("town.toml", format!("{TOWN}{}", STAFF.replace(from, to)).as_bytes());
        assert!(refused.contains(reason), "{from}: {refused}");
    }
    let twice = format!("{TOWN}{STAFF}{STAFF}");
    assert!(registers.refusal("town.toml", twice.as_bytes()).contains("is there twice"));
    let other = STAFF.replace("50505050", "60505050");
    let shared = format!("{TOWN}{STAFF}{other}");
    assert!(registers.refusal("town.toml", shared.as_bytes()).contains("another one's"));
}
