//! Who may sign: the order of deputies, and its change by two officers.

use super::*;
use crate::alerts::deputies::Standing;
use crate::alerts::desk_state::outlines;
use crate::alerts::staff_table;

const DAY: u64 = 24 * 3_600_000;

fn ago(days: u64) -> UnixMillis {
    UnixMillis::new(now().get() - days * DAY)
}

#[tokio::test]
async fn deputies_stand_in_their_order_each_with_a_reason_why_they_cannot_sign() {
    let hall = Hall::new();
    let mut register = hall.folder.officers().unwrap();
    add_officer(&hall.folder, 3, "石井", "係長", LATE).unwrap();
    let mut joined = hall.folder.officers().unwrap().officers.pop().unwrap();
    joined.telephone = Some(PersonalText::new("090-1234-5678"));
    // Called before the two others.
    register.officers.insert(0, joined);
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    hall.look();
    let list = hall.board.inner().list.clone().unwrap().list;
    let standing = |register: &Register, id, at| {
        register.standing(register.officer(id).unwrap(), KeyClass::Live, Some(&list), at)
    };
    let all = |register: &Register, at| [3, 1, 2].map(|id| standing(register, id, at));
    use Standing::{Able, NoDevice, NotListed, NotYet, OldProof, Over};
    assert_eq!(all(&register, now()), [NoDevice, Able, Able]);
    assert_eq!(all(&register, now().plus(36 * DAY)), [NoDevice, OldProof, OldProof]);
    assert_eq!(register.standing(&register.officers[1], KeyClass::Live, None, now()), NotListed);
    let mut other = register.clone();
    other.officers[1].from = now().plus(DAY);
    other.officers[2].until = ago(1);
    assert_eq!(all(&other, now()), [NoDevice, NotYet, Over]);
    assert_eq!(other.able(KeyClass::Live, Some(&list), now()), 0);
    // Whoever left is at the end for a while, and then gone.
    other.officers[0].until = ago(2);
    let names = |at| other.deputies(at).iter().map(|officer| officer.id).collect::<Vec<_>>();
    assert_eq!(names(now()), [1, 3, 2]);
    assert_eq!(names(now().plus(40 * DAY)), [1]);
    let officer = hall.officer(1);
    let state = state(&hall.board.inner(), &officer, "", "", now());
    let said = state["signers"].as_array().unwrap();
    assert_eq!(said.iter().map(|one| one["id"].as_u64().unwrap()).collect::<Vec<_>>(), [3, 1, 2]);
    assert_eq!(said[0]["telephone"], "090-1234-5678");
    assert_eq!(said[1]["standing"], json!({ "live": "able", "exercise": "able" }));
    let table = staff_table(&hall.folder, &hall.keys, now()).unwrap();
    assert!(table.contains("1  3  -  ") && table.contains("no_device  yes"), "{table}");
    assert!(!table.contains("1234") && !format!("{register:?}").contains("1234"), "a number is in no log");
}

#[tokio::test]
async fn the_desk_s_map_has_the_outlines_of_the_plan() {
    let plan = Hall::new().board.inner().plan.clone().unwrap();
    let outlines = outlines(&plan);
    assert_eq!(outlines.keys().copied().collect::<Vec<_>>(), ["汐見", "浜町"]);
    assert!(outlines["浜町"].starts_with("33.7402,134.6071 33.7402,134.6128 "), "{outlines:?}");
}
