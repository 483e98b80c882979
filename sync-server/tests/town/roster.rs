//! The parts of the roster from a real server.

use hinamori_sync::{LONGEST_PIECE, PartHead, RosterMessage, open_part};

use crate::hall::{Hall, TestSite};
use crate::shelter::{Line, TestBox};

/// Fetches a part from `held` on, until so many bytes are here or the server has no more.
async fn fetch(line: &mut Line<'_>, head: &PartHead, mut held: Vec<u8>, enough: usize) -> Vec<u8> {
    line.until("the hello", Line::is_greeted).await;
    while held.len() < enough {
        let offset = u32::try_from(held.len()).unwrap();
        line.ask_for(head.digest, offset).await;
        line.until("a piece", |line| !line.roster.is_empty()).await;
        match line.roster.remove(0) {
            RosterMessage::Piece { digest, total, offset: from, bytes } => {
                assert_eq!((digest, total, from), (head.digest, head.length, offset));
                assert!(bytes.len() <= LONGEST_PIECE && !bytes.is_empty());
                held.extend(bytes);
            }
            RosterMessage::Wanted { .. } => panic!("a server asks for nothing"),
        }
    }
    held
}

/// Three hundred people more, so that their part takes some pieces.
fn grow(hall: &Hall) {
    hall.edit_town(|town| {
        let person = |number: u32| {
            let id = format!("{number:032x}");
            format!("[[person]]\nid = \"{id}\"\nname = \"浜辺 {}\"\ndistrict = \"浜町\"\n", "太郎".repeat(9))
        };
        town + &(1..=300).map(person).collect::<String>()
    });
}

#[tokio::test]
async fn a_part_is_fetched_across_connections_and_a_restart_of_the_server() {
    let hall = Hall::new();
    grow(&hall);
    hall.import();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let package = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let head = package.roster.iter().find(|head| head.district == "浜町").unwrap();
    let longest = usize::try_from(head.length).unwrap();
    assert!((head.people == 300) && longest > LONGEST_PIECE);
    let begun = fetch(&mut gym.connect().await, head, Vec::new(), 1).await;
    server.kill();

    let _server = hall.run();
    let mut line = gym.connect().await;
    line.arrives(1);
    let sealed = fetch(&mut line, head, begun, longest).await;
    assert_eq!(open_part(head, &sealed).unwrap().people.len(), 300);
    line.until("records go beside it", |line| line.unconfirmed() == 0).await;
    line.ask_for([9; 32], 0).await;
    line.until("an answer", |line| !line.roster.is_empty()).await;
    assert!(matches!(line.roster[0], RosterMessage::Piece { total: 0, .. }), "a part that no package names");
}

#[tokio::test]
async fn the_part_of_the_package_before_is_still_there_and_the_one_before_that_is_gone() {
    let hall = Hall::new();
    let _server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let package = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let head = package.roster[0].clone();
    hall.edit_town(|town| town.replace("relation = \"世帯主\"", "relation = \"本人\""));
    hall.import();
    let mut line = gym.connect().await;
    let whole = usize::try_from(head.length).unwrap();
    assert_eq!(fetch(&mut line, &head, Vec::new(), whole).await.len(), whole);
    hall.edit_town(|town| town.replace("relation = \"本人\"", "relation = \"妻\""));
    hall.import();
    line.ask_for(head.digest, 0).await;
    line.until("an answer", |line| !line.roster.is_empty()).await;
    assert!(matches!(line.roster[0], RosterMessage::Piece { total: 0, .. }));
}

#[tokio::test]
async fn a_roster_that_cannot_be_read_is_said_until_it_can() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let roster = hall.path().join("server/roster");
    let part = std::fs::read_dir(&roster).unwrap().next().unwrap().unwrap().path();
    let sound = std::fs::read(&part).unwrap();
    std::fs::write(&part, b"bent").unwrap();
    let districts = |mode: usize| server.counts()["incidents"][mode]["districts"].clone();
    let said = "名簿を 読み出せません";
    assert!(districts(0).is_null());
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("its record confirmed", |line| line.unconfirmed() == 0).await;
    let looked_again = server.counts_until(|counts| counts["records"] == 1);
    assert!(looked_again["incidents"][0]["districts"].is_null() && districts(2).is_null());
    assert_eq!(districts(1), serde_json::json!([]), "in daily life nobody is expected");
    assert!(server.get("/").contains(said) && server.get("/drill").contains(said));
    std::fs::write(&part, sound).unwrap();
    // A new package is a reason to look at once.
    TestBox::new(2, TestSite::Gym).enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    server.counts_until(|counts| counts["incidents"][0]["districts"][0]["people"] == 2);
    assert!(!server.get("/").contains(said));
}
