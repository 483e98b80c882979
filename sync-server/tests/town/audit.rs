//! Who looked at whom: from a box's record to the town hall's list, whose reading is written down too.

use hinamori_model::{AuditAction, LookupReason, PersonId, Role, StaffId};
use hinamori_record::Fact;

use crate::hall::{Hall, LIVE, TestSite};
use crate::shelter::TestBox;

const LOOKED_AT: PersonId = PersonId::from_bytes([2; 16]);

fn audit(action: AuditAction, person: Option<PersonId>) -> Fact {
    Fact::Audit {
        staff: Some(StaffId::from_bytes([9; 16])),
        role: Role::Leader,
        action,
        person,
        reason: Some(LookupReason::Round),
        people: 1,
    }
}

#[tokio::test]
async fn look_ups_are_listed_reading_them_is_written_down_and_a_changed_record_is_found() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    gym.write_fact(LIVE, audit(AuditAction::SawPerson, Some(LOOKED_AT)));
    gym.write_fact(LIVE, audit(AuditAction::BulkReading, None));
    gym.write_fact(
        LIVE,
        Fact::Hiding {
            person: PersonId::from_bytes([1; 16]),
            hidden: true,
            staff: StaffId::from_bytes([9; 16]),
            proof: hinamori_record::Proof::DECLARED,
        },
    );
    let mut line = gym.connect().await;
    line.arrives(1);
    line.arrives(2);
    line.until("everything confirmed", |line| line.unconfirmed() == 0).await;
    let page = server.get("/");
    assert!(page.contains("閲覧が 1件 あります") && !server.get("/drill").contains("閲覧が"), "{page}");
    // Persons 1 and 2 are here; the first is hidden, by a box's record alone.
    let districts = server.counts()["incidents"][0]["districts"][0].clone();
    assert_eq!((&districts["arrived"], &districts["not_seen"]), (&0.into(), &2.into()), "{districts}");
    server.kill();

    let data = hall.path().join("server");
    let all = hall.must(&["audit"]);
    assert!(all.contains(",saw_person,09090909") && all.contains(",bulk_reading,"), "{all}");
    let of_person = hall.must(&["audit", "--person", &LOOKED_AT.to_string()]);
    assert_eq!(of_person.lines().count(), 2, "{of_person}");
    let later = hall.must(&["audit", "--since", "2099-01-01T00:00:00Z"]);
    assert_eq!(later.lines().count(), 1, "{later}");
    let sound = hall.must(&["audit", "--verify"]);
    assert!(sound.contains("batches of records hold") && sound.contains("3 lines"), "{sound}");

    // Somebody edits the server's log.
    let log = data.join("logs/audit.log");
    let sound = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, sound.replacen("\"lines\":2", "\"lines\":1", 1)).unwrap();
    let told = hall.command(&["audit", "--verify"]);
    assert!(!told.status.success());
    std::fs::write(&log, &sound).unwrap();

    // Somebody edits a record of a box.
    let file = rusqlite::Connection::open(data.join("records.sqlite")).unwrap();
    let (sequence, mut bytes): (u32, Vec<u8>) = file
        .query_row("SELECT sequence, bytes FROM change ORDER BY sequence LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    file.execute("UPDATE change SET bytes = ?1 WHERE sequence = ?2", (bytes, sequence)).unwrap();
    drop(file);
    let told = hall.command(&["audit", "--verify"]);
    assert!(!told.status.success());
}
