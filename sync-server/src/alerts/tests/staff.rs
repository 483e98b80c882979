//! Who may sign: the order of deputies, and its change by two officers.

use super::*;
use crate::alerts::base64;
use crate::alerts::deputies::Standing;
use crate::alerts::desk_door::Asserted;
use crate::alerts::desk_state::outlines;
use crate::alerts::staff_change::{BadChange, NotApproved, Wanted};
use crate::alerts::staff_files::{
    STAFF, StaffError, admit_newcomer, change_staff, drop_change, invite_newcomer, list_if_due, prepare, sign,
};
use crate::alerts::staff_table;
use crate::signed_log::{Line, SignedLog};

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

/// A day of the table, so many days from now.
fn row(id: Option<u32>, name: &str, days: (u64, u64)) -> Value {
    let from = if days.0 == 0 { 0 } else { now().get() + days.0 * DAY };
    json!({ "id": id, "name": name, "title": "課長", "from": from, "until": now().get() + days.1 * DAY })
}

fn wanted(day: u64, officers: &[Value]) -> Wanted {
    serde_json::from_value(json!({ "day": now().get() + day * DAY, "officers": officers })).unwrap()
}

/// ECDSA's r ‖ s as a browser gives it (RFC 3279 §2.2.3).
fn der(fixed: &[u8; 64]) -> Vec<u8> {
    let integer = |half: &[u8]| {
        let rest: Vec<u8> = half.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if rest[0] & 0x80 == 0 { vec![] } else { vec![0] };
        [vec![2, u8::try_from(sign.len() + rest.len()).unwrap()], sign, rest].concat()
    };
    let content = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
    [vec![0x30, u8::try_from(content.len()).unwrap()], content].concat()
}

/// What a page sends of a passkey's signature.
fn asserted(device: &Device, class: usize, digest: &[u8; 32]) -> Asserted {
    let signed = device.sign(class, digest);
    let assertion = signed.assertion.unwrap();
    let passkeys: [Passkey; 2] = device.passkeys().into();
    let credential = base64_url(&hex::bytes(&passkeys[class].credential).unwrap());
    serde_json::from_value(json!({
        "credential": credential, "authenticator": base64(&assertion.authenticator),
        "client": base64(&assertion.client), "signature": base64(&der(&signed.signature)),
    }))
    .unwrap()
}

impl Hall {
    fn register(&self) -> Register {
        self.folder.officers().unwrap()
    }

    fn listed(&self) -> KeyList {
        KeyList::decode(&self.folder.key_list().unwrap().unwrap(), &self.keys.town_root.public()).unwrap()
    }

    /// An officer signs the change that waits, by a passkey of a class.
    fn approve(&self, id: &str, officer: u32, (device, class): (usize, usize)) -> Result<bool, String> {
        let pending = self.register().pending;
        let digest = pending.map_or([0; 32], |pending| pending.change.digest());
        let signed = asserted(&self.devices[device], class, &digest);
        sign(&self.folder, &self.keys, (id, officer), signed, now()).map_err(|error| error.to_string())
    }

    fn change(&self, wanted: &Wanted) -> Result<(), String> {
        let id = prepare(&self.folder, wanted, now()).map_err(|error| error.to_string())?;
        assert!(!self.approve(&id, 1, (0, 0))?);
        assert!(self.approve(&id, 2, (1, 0))?);
        self.look();
        Ok(())
    }

    fn log(&self) -> Vec<Value> {
        let mut lines = Vec::new();
        let log = SignedLog::new(self.folder.path(), STAFF, &self.keys.log);
        log.read(|line: Line<Value>| lines.push(line.entry)).unwrap();
        lines
    }

    /// Enrols somebody's device with a code.
    fn join(&self, code: &str, device: &Device) -> String {
        let mut register = self.register();
        register.join(code, device.passkeys(), now()).unwrap();
        self.folder.lock().unwrap().save_officers(&register).unwrap();
        hex::text(&register.devices.last().unwrap().digest())
    }
}

#[tokio::test]
async fn two_officers_change_the_staff_and_a_future_day_comes_by_itself() {
    let hall = Hall::new();
    let before = hall.register();
    let rows = [row(None, "新田", (2, 400)), row(Some(2), "田中", (0, 400)), row(Some(1), "田中", (0, 2))];
    // Two are called the same: whoever signs could not tell them apart.
    assert_eq!(hall.change(&wanted(2, &rows)).unwrap_err(), BadChange::Alike(3).to_string());
    let rows = [
        row(None, "新田", (2, 400)),
        json!({ "id": 2, "name": "田中", "title": "係長", "from": 0, "until": now().get() + 400 * DAY, "telephone": "090-1234-5678" }),
        row(Some(1), "田中", (0, 2)),
    ];
    let id = prepare(&hall.folder, &wanted(2, &rows), now()).unwrap();
    assert!(matches!(prepare(&hall.folder, &wanted(2, &rows), now()), Err(StaffError::OneWaits)));
    // A page alone, the wrong class, somebody else's passkey and one officer twice change nothing.
    let refused = NotApproved::BadSignature.to_string();
    assert_eq!(hall.approve(&id, 1, (0, 1)).unwrap_err(), refused, "an exercise's passkey");
    assert_eq!(hall.approve(&id, 1, (1, 0)).unwrap_err(), refused, "another one's passkey");
    assert!(!hall.approve(&id, 1, (0, 0)).unwrap());
    assert_eq!(hall.approve(&id, 1, (0, 0)).unwrap_err(), NotApproved::SignedAlready.to_string());
    assert_eq!(hall.register().officers, before.officers, "one signature changes nothing");
    assert!(hall.log().is_empty());
    hall.look();
    let officer = hall.officer(1);
    let said = state(&hall.board.inner(), &officer, "", "", now())["staff"].clone();
    let pending = &said["pending"];
    assert_eq!((pending["mine"].as_bool(), pending["signed"].as_array().unwrap().len()), (Some(true), 1));
    assert!(pending["lines"].to_string().contains("新田さん（課長）が 加わります"), "{pending}");
    assert!(
        pending["effect"].as_str().unwrap().ends_with("2人 → 2人（新しい人が 端末を 登録すると 3人）"),
        "{pending}"
    );
    assert!(!pending["few"].as_array().unwrap().is_empty(), "two are fewer than three");
    assert!(hall.approve(&id, 2, (1, 0)).unwrap());

    let register = hall.register();
    let newcomer = register.officer(3).unwrap();
    assert_eq!((newcomer.name.as_str(), &newcomer.approved[..]), ("新田", &[1, 2][..]));
    let order = |at| register.staff(at).iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(order(now()), [1, 2, 3], "until that day everybody keeps their place");
    assert_eq!(order(now().plus(2 * DAY + 1)), [3, 2], "and then the order of the change");
    let end = hall.listed().devices().find(|device| device.officer.0 == 1).unwrap().until;
    assert_eq!(Some(end), register.officer(1).map(|one| one.until), "the root signed the end");
    let log = hall.log();
    assert_eq!((&log[0]["did"], &log[0]["by"]), (&json!("changed"), &json!([1, 2])));
    assert!(!log[0].to_string().contains("1234"), "no telephone number in the log: {}", log[0]);

    // The first device: whoever saw the code does not compare the words.
    let newcomer = Device::new();
    let (folder, keys) = (&hall.folder, &hall.keys);
    assert!(
        matches!(invite_newcomer(folder, keys, (2, 1), now()), Err(StaffError::NotYours)),
        "has a device"
    );
    let code = invite_newcomer(folder, keys, (3, 1), now()).unwrap();
    let device = hall.join(&code, &newcomer);
    let digest: [u8; 32] = hex::bytes(&device).unwrap().try_into().unwrap();
    let own = asserted(&hall.devices[0], 0, &digest);
    assert!(matches!(admit_newcomer(folder, keys, (&device, 1), &own, now()), Err(StaffError::SawTheCode)));
    assert!(admit_newcomer(folder, keys, (&device, 2), &own, now()).is_err(), "by another one's passkey");
    let other = asserted(&hall.devices[1], 0, &[7; 32]);
    assert!(admit_newcomer(folder, keys, (&device, 2), &other, now()).is_err(), "over something else");
    let other = asserted(&hall.devices[1], 0, &digest);
    admit_newcomer(folder, keys, (&device, 2), &other, now()).unwrap();
    let listed = |list: &KeyList| list.devices().filter(|device| device.officer.0 == 3).count();
    assert_eq!(listed(&hall.listed()), 0, "their first day is to come");
    assert!(!list_if_due(folder, keys, now()).unwrap());
    assert!(list_if_due(folder, keys, now().plus(3 * DAY)).unwrap());
    assert_eq!(listed(&hall.listed()), 2);
    // A clock that goes back takes nobody off, also where another list is made.
    assert!(!list_if_due(folder, keys, now()).unwrap());
    remove_officer(folder, keys, 1, now()).unwrap();
    assert_eq!(listed(&hall.listed()), 2);
}

#[tokio::test]
async fn an_order_that_waits_for_its_day_is_kept_by_whoever_changes_something_else() {
    let hall = Hall::new();
    let mut register = hall.register();
    register.officers[1].name = "山口".to_owned();
    register.changes += 1;
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    let of = |id: u32, title: &str| {
        let name = if id == 1 { "田中" } else { "山口" };
        json!({ "id": id, "name": name, "title": title, "until": LATE })
    };
    let order = |days: u64| {
        let register = hall.register();
        register.staff(now().plus(days * DAY)).iter().map(|one| one.id).collect::<Vec<_>>()
    };
    hall.change(&wanted(30, &[of(2, "課長"), of(1, "課長")])).unwrap();
    assert_eq!((order(0), order(31)), (vec![1, 2], vec![2, 1]));
    // A title, today and on a day before: in the order that holds then.
    hall.change(&wanted(0, &[of(1, "主任"), of(2, "課長")])).unwrap();
    hall.change(&wanted(10, &[of(1, "課長"), of(2, "課長")])).unwrap();
    assert_eq!((order(0), order(31)), (vec![1, 2], vec![2, 1]), "given up by nobody who touched no order");
    // Somebody who joins comes last in both, and on the day itself the table is in that day's order.
    let joins = json!({ "id": null, "name": "新田", "title": "主事", "until": LATE });
    hall.change(&wanted(30, &[of(2, "課長"), of(1, "課長"), joins])).unwrap();
    assert_eq!((order(0), order(31)), (vec![1, 2, 3], vec![2, 1, 3]));
    let new = json!({ "id": 3, "name": "新田", "title": "主事", "until": LATE });
    let officer = hall.officer(1);
    let said = |hall: &Hall| state(&hall.board.inner(), &officer, "", "", now())["staff"].clone();
    assert_eq!(said(&hall)["next_order"]["officers"], json!([2, 1, 3]));
    // Another order at once leaves the later one as it is.
    hall.change(&wanted(0, &[new.clone(), of(1, "課長"), of(2, "課長")])).unwrap();
    assert_eq!((order(0), order(31)), (vec![3, 1, 2], vec![2, 1, 3]));
    // One of another day to come takes its place, and whoever signs reads that.
    let rows = [of(1, "課長"), of(2, "課長"), new];
    let id = prepare(&hall.folder, &wanted(5, &rows), now()).unwrap();
    assert!(!hall.approve(&id, 1, (0, 0)).unwrap());
    hall.look();
    let lines = said(&hall)["pending"]["lines"].to_string();
    assert!(lines.contains("からの 呼ぶ 順は なくなります"), "{lines}");
    assert!(hall.approve(&id, 2, (1, 0)).unwrap());
    assert_eq!((order(0), order(6), order(31)), (vec![3, 1, 2], vec![1, 2, 3], vec![1, 2, 3]));
}

#[tokio::test]
async fn a_change_counts_once_as_it_was_signed_and_after_the_table_that_it_knew() {
    let hall = Hall::new();
    let rows = |days| {
        wanted(
            0,
            &[
                row(Some(2), "田中", (0, days)),
                json!({ "id": 1, "name": "田中", "title": "主任", "until": LATE }),
            ],
        )
    };
    // It was bent between the signatures, as by somebody who has the file.
    let id = prepare(&hall.folder, &rows(300), now()).unwrap();
    assert!(!hall.approve(&id, 1, (0, 0)).unwrap());
    let mut register = hall.register();
    let pending = register.pending.as_mut().unwrap();
    pending.change.officers[0].until = now().plus(900 * DAY);
    let bent = pending.change.id();
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    assert_eq!(hall.approve(&id, 2, (1, 0)).unwrap_err(), NotApproved::Gone.to_string());
    assert_eq!(hall.approve(&bent, 2, (1, 0)).unwrap_err(), NotApproved::BadSignature.to_string());
    drop_change(&hall.folder, &hall.keys, (&bent, 2), now()).unwrap();
    // Taken up again after another one, even one that led back to the same table.
    let id = prepare(&hall.folder, &rows(300), now()).unwrap();
    assert!(!hall.approve(&id, 1, (0, 0)).unwrap());
    let old = hall.register().pending;
    assert!(hall.approve(&id, 2, (1, 0)).unwrap());
    let mut register = hall.register();
    register.pending.clone_from(&old);
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    assert_eq!(hall.approve(&id, 2, (1, 0)).unwrap_err(), NotApproved::Overtaken.to_string());
    // It waits two weeks.
    let mut register = hall.register();
    register.pending = None;
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    let id = prepare(&hall.folder, &rows(200), now()).unwrap();
    let pending = hall.register().pending.unwrap();
    let signed = asserted(&hall.devices[0], 0, &pending.change.digest());
    let late = now().plus(15 * DAY);
    assert!(sign(&hall.folder, &hall.keys, (&id, 1), signed, late).is_err());
}

#[tokio::test]
async fn whoever_lost_their_device_is_out_at_once_and_stays_out() {
    let hall = Hall::new();
    add_officer(&hall.folder, 3, "石井", "係長", LATE).unwrap();
    let code = invite_officer(&hall.folder, 3, now()).unwrap();
    let lost = Device::new();
    hall.join(&code, &lost);
    let words = hall.register().devices.last().unwrap().words().join("・");
    admit_device(&hall.folder, &hall.keys, (&words, None), now()).unwrap();
    let out = |id: u32| {
        let until = |one: u32| if one == id { json!(0) } else { json!(LATE) };
        let of = |one: u32, name: &str, title: &str| json!({ "id": one, "name": name, "title": title, "until": until(one) });
        wanted(0, &[of(1, "田中", "課長"), of(2, "田中", "課長"), of(3, "石井", "係長")])
    };
    let alike = hall.change(&out(3)).unwrap_err();
    assert_eq!(alike, BadChange::Alike(2).to_string());
    let mut register = hall.register();
    register.officers[1].title = "係長".to_owned();
    register.changes += 1;
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    let mut gone = out(3);
    gone.officers[1].title = "係長".to_owned();
    hall.change(&gone).unwrap();
    let register = hall.register();
    let former = register.officer(3).unwrap();
    assert!(former.gone && !former.is_in_office(UnixMillis::new(0)), "no clock brings them back");
    assert!(
        hall.listed().devices().filter(|device| device.officer.0 == 3).all(|device| device.until < now())
    );
    // The last two cannot become one.
    let mut alone = out(2);
    alone.officers.truncate(2);
    alone.officers[1].title = "係長".to_owned();
    let refused = prepare(&hall.folder, &alone, now()).unwrap_err();
    assert!(refused.to_string().contains("2人より 少なく"), "{refused}");
}

#[tokio::test]
async fn a_table_that_hides_something_is_not_taken() {
    let hall = Hall::new();
    let mut register = hall.register();
    register.officers[1].name = "山口".to_owned();
    let stays = |id: u32, name: &str| json!({ "id": id, "name": name, "title": "課長", "until": LATE });
    let judged = |rows: &[Value]| register.change_of(&wanted(0, rows), now());
    let with = |row: Value| judged(&[stays(1, "田中"), stays(2, "山口"), row]);
    for name in ["", " 新田", "新\u{0}田", "新\n田", "\u{202e}田新", "新\u{200b}田", &"長".repeat(41)]
    {
        assert_eq!(with(row(None, name, (0, 9))), Err(BadChange::BadText(3)), "{name:?}");
    }
    for telephone in ["090 1234", "内線12", "-1", "+", "123456789012345678901"] {
        let mut row = row(None, "新田", (0, 9));
        row["telephone"] = json!(telephone);
        assert_eq!(with(row), Err(BadChange::BadTelephone(3)), "{telephone}");
    }
    assert_eq!(with(row(None, "新田", (9, 3))), Err(BadChange::BadDays(3)));
    assert_eq!(
        with(json!({ "id": null, "name": "新田", "title": "主事", "until": 5 })),
        Err(BadChange::BadDays(3))
    );
    assert_eq!(with(stays(1, "田中")), Err(BadChange::NotThisPerson(3)), "there twice");
    assert_eq!(with(stays(9, "新田")), Err(BadChange::NotThisPerson(3)), "nobody has this number");
    assert_eq!(
        judged(&[stays(1, "山田"), stays(2, "山口")]),
        Err(BadChange::NotThisPerson(1)),
        "another name"
    );
    assert_eq!(judged(&[stays(1, "田中")]), Err(BadChange::LeftOut("山口".to_owned())));
    assert_eq!(judged(&[stays(1, "田中"), stays(2, "山口")]), Err(BadChange::Nothing));
    let many: Vec<Value> = (0..101).map(|number| row(None, &format!("新田{number}"), (0, 9))).collect();
    assert_eq!(judged(&many), Err(BadChange::TooMany));
    let turned = [stays(2, "山口"), stays(1, "田中")];
    assert!(judged(&turned).is_ok(), "another order is a change");
    assert_eq!(register.change_of(&wanted(400, &turned), now()), Err(BadChange::TooFarAhead));
}

#[tokio::test]
async fn the_administrator_s_file_is_judged_as_a_change_of_officers_is() {
    let hall = Hall::new();
    let file = hall.parent.path().join("staff.toml");
    let mut register = hall.register();
    register.officers[1].name = "山口".to_owned();
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    let line = |rest: &str| format!("[[officer]]\ntitle = \"課長\"\nuntil = \"2090-03-31\"\n{rest}\n");
    let write = |lines: &[&str]| {
        let lines: String = lines.iter().map(|rest| line(rest)).collect();
        std::fs::write(&file, format!("day = \"2026-04-01\"\n{lines}")).unwrap();
        change_staff(&hall.folder, &hall.keys, &file, "kanri", now())
    };
    assert!(matches!(write(&["id = 1\nname = \"田中\""]), Err(StaffError::Bad(BadChange::LeftOut(_)))));
    let said = write(&[
        "name = \"新田\"\ntelephone = \"0884-00-0000\"",
        "id = 1\nname = \"田中\"",
        "id = 2\nname = \"山口\"",
    ]);
    assert!(said.unwrap().contains("呼ぶ 順：1 新田、2 田中、3 山口"));
    assert_eq!(
        (hall.log()[0]["user"].as_str(), hall.log()[0]["by"].as_array().unwrap().len()),
        (Some("kanri"), 0)
    );
    let table = staff_table(&hall.folder, &hall.keys, now()).unwrap();
    assert!(table.contains("1  3  -  2090-03-31  -  -  no_device  yes  課長  新田"), "{table}");
}
