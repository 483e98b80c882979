//! Revocation lists on their way from the town hall to a box.

use std::path::PathBuf;
use std::time::Duration;

use hinamori_crl::{Additions, Index, SharedBytes, apply};
use hinamori_crl_mmap::Shelf;
use hinamori_model::{ListId, UnixMillis};
use hinamori_pki::{TestHierarchies, Verifier};
use hinamori_sim::ca::Hierarchy;
use hinamori_sync::{LONGEST_PIECE, ListMessage, ListOffer, ListPiece, ListWanted, open_report};
use tempfile::TempDir;

use crate::hall::{Hall, TestSite, now, serial};
use crate::shelter::{Line, TestBox};

const LONGEST: u64 = 1 << 20;
/// Entries of a list that takes several pieces.
const MANY: u32 = 3_000;

/// The index of a list, as a box has it.
fn index_of(list: &[u8]) -> (TempDir, Index<SharedBytes>) {
    let folder = tempfile::tempdir().unwrap();
    let mut verifier = Verifier::new(TestHierarchies::Refuse);
    verifier.pin_anchor(Hierarchy::jpki_auth(1).anchor_der()).unwrap();
    let file = folder.path().join("list.crl");
    std::fs::write(&file, list).unwrap();
    let shelf = Shelf::open(folder.path(), 2).unwrap();
    let taken = shelf.import(&file, &verifier, &[], "test", now()).unwrap();
    (folder, taken.index)
}

fn offers(messages: &[ListMessage]) -> Vec<ListOffer> {
    let offers = |message: &ListMessage| match message {
        ListMessage::Offers(offers) => offers.clone(),
        _ => Vec::new(),
    };
    messages.iter().flat_map(offers).collect()
}

impl Line<'_> {
    /// Says up to which epoch it is, and waits for the offer of `content`.
    async fn offered(&mut self, epoch: u64, content: &Index<SharedBytes>) -> ListOffer {
        self.until("greeted", |line| line.is_greeted()).await;
        self.say(ListMessage::Seen { epoch, as_of: None }).await;
        self.until_offered(content).await
    }

    async fn until_offered(&mut self, list: &Index<SharedBytes>) -> ListOffer {
        let find = |messages: &[ListMessage]| {
            offers(messages).into_iter().find(|offer| offer.content == *list.content())
        };
        self.until("offered", |line| find(&line.lists).is_some()).await;
        let offer = find(&self.lists).unwrap();
        assert_eq!((offer.id, offer.this_update), (list.id(), list.this_update()));
        self.lists.clear();
        offer
    }

    /// What the server answers; the last message is the piece.
    async fn answer(&mut self, wanted: ListWanted) -> Vec<ListMessage> {
        self.lists.clear();
        self.say(ListMessage::Wanted(wanted)).await;
        let is_answered = |line: &Self| {
            let last = line.lists.last();
            matches!(last, Some(ListMessage::Piece(_) | ListMessage::Offers(_)))
        };
        self.until("an answer", is_answered).await;
        std::mem::take(&mut self.lists)
    }

    async fn piece(&mut self, wanted: ListWanted) -> ListPiece {
        match self.answer(wanted).await.pop() {
            Some(ListMessage::Piece(piece)) if piece.wanted == wanted => piece,
            other => panic!("{other:?}"),
        }
    }

    /// Goes on until all pieces are there. Gives what was reported before them.
    async fn fetch(&mut self, wanted: ListWanted, have: &mut Vec<u8>) -> Option<Vec<u8>> {
        let mut reported = None;
        loop {
            let wanted = ListWanted { offset: have.len() as u64, ..wanted };
            let mut answer = self.answer(wanted).await;
            let Some(ListMessage::Piece(piece)) = answer.pop() else { panic!("no piece") };
            assert!(!piece.bytes.is_empty() && piece.bytes.len() <= LONGEST_PIECE);
            have.extend(piece.bytes);
            assert!(have.len() as u64 <= piece.total);
            match answer.pop() {
                Some(ListMessage::Reported { id, bytes }) if id == wanted.id && wanted.offset == 0 => {
                    reported = Some(bytes);
                }
                None => {}
                other => panic!("{other:?}"),
            }
            if have.len() as u64 == piece.total {
                return reported;
            }
        }
    }
}

const fn whole(offer: &ListOffer) -> ListWanted {
    ListWanted { id: offer.id, content: offer.content, held: None, offset: 0 }
}

fn made(
    old: Option<&Index<SharedBytes>>,
    additions: Option<&Additions>,
    patch: &[u8],
) -> Result<Vec<u8>, hinamori_crl::PatchError> {
    let mut list = Vec::new();
    apply(old, additions, patch, LONGEST, &mut list).map(|()| list)
}

#[tokio::test]
async fn a_list_comes_whole_and_the_next_one_is_reported_before_it_is_proven() {
    let hall = Hall::new();
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let package = gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    line.until("greeted", |line| line.is_greeted()).await;
    line.say(ListMessage::Seen { epoch: 0, as_of: None }).await;

    let [first, second] = [Hall::list(1, MANY), Hall::list(2, MANY + 1)];
    let [(_kept, old), (_also, new)] = [&first, &second].map(|list| index_of(list));
    assert!(hall.import_list(&first).ends_with("taken, 3000 entries\n"));
    let offer = line.until_offered(&old).await;
    let mut patch = Vec::new();
    assert_eq!(line.fetch(whole(&offer), &mut patch).await, None, "nothing to add to");
    assert!(patch.len() > 2 * LONGEST_PIECE);
    assert!(made(None, None, &patch).unwrap() == first, "the very bytes");

    assert!(hall.import_list(&first).ends_with("held already\n"));
    hall.import_list(&second);
    let before = now();
    let next = line.until_offered(&new).await;
    assert!(next.epoch > offer.epoch);
    let wanted = ListWanted { held: Some(offer.content), ..whole(&next) };
    let mut patch = Vec::new();
    let reported = line.fetch(wanted, &mut patch).await.unwrap();
    let (time, additions) = open_report(&reported, &package.feed_key).unwrap();
    assert!((before..=now()).contains(&time));
    let additions = Additions::from_bytes(additions).unwrap();
    assert!(additions.len() == 1 && additions.contains(&serial(MANY)) && !additions.contains(&serial(0)));
    assert_eq!((additions.step().old_content, additions.missing_in(&new)), (offer.content, 0));
    assert!(patch.len() < 1_000, "{}", patch.len());
    assert!(made(Some(&old), Some(&additions), &patch).unwrap() == second, "the very bytes");

    // Too many at once are proven without having been reported.
    let third = Hall::list(3, MANY + 200);
    let (_this, newest) = index_of(&third);
    hall.import_list(&third);
    let last = line.until_offered(&newest).await;
    let mut patch = Vec::new();
    let wanted = ListWanted { held: Some(offer.content), ..whole(&last) };
    assert_eq!(line.fetch(wanted, &mut patch).await, None);
    assert!(made(Some(&old), None, &patch).unwrap() == third);

    // Whoever comes later is told of what is new to it, and of nothing else.
    let mut line = gym.connect().await;
    assert_eq!(line.offered(next.epoch, &newest).await, last);
    let mut line = gym.connect().await;
    line.until("greeted", |line| line.is_greeted()).await;
    assert!(server.get("/").contains("カード確認データ：なし"));
    line.say(ListMessage::Seen {
        epoch: last.epoch,
        as_of: Some(UnixMillis::new(now().get() - 3 * 86_400_000)),
    })
    .await;
    line.piece(whole(&last)).await;
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.get("/").contains("カード確認データ：3日前"));
    assert!(offers(&line.lists).is_empty());
}

#[tokio::test]
async fn a_broken_connection_and_a_restart_cost_one_piece() {
    let hall = Hall::new();
    let list = Hall::list(1, MANY);
    let (_kept, index) = index_of(&list);
    hall.import_list(&list);
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    let offer = line.offered(0, &index).await;
    let begin = line.piece(whole(&offer)).await;
    assert_eq!(begin.bytes.len(), LONGEST_PIECE);
    server.kill();

    let kept = |hall: &Hall| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(hall.path().join("server/lists/kept")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    for damage in ["none", "gone", "bent"] {
        for file in kept(&hall) {
            match damage {
                "gone" => std::fs::remove_file(file).unwrap(),
                "bent" => {
                    let mut bytes = std::fs::read(&file).unwrap();
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    std::fs::write(file, bytes).unwrap();
                }
                _ => {}
            }
        }
        let server = hall.run();
        let mut line = gym.connect().await;
        assert_eq!(line.offered(0, &index).await, offer, "{damage}");
        let mut patch = begin.bytes.clone();
        line.fetch(whole(&offer), &mut patch).await;
        assert!(made(None, None, &patch).unwrap() == list, "{damage}");
        server.kill();
    }
    assert_eq!(kept(&hall).len(), 1);
    let on_disk = std::fs::read(&kept(&hall)[0]).unwrap();
    assert!(!on_disk.windows(8).any(|eight| eight == &serial(0)[..8]), "sealed");
}

#[tokio::test]
async fn what_the_server_does_not_have_it_says_so() {
    let hall = Hall::new();
    let lists = [1, 2].map(|number| Hall::list(number, 2));
    let [(_one, old), (_two, new)] = [&lists[0], &lists[1]].map(|list| index_of(list));
    lists.iter().for_each(|list| drop(hall.import_list(list)));
    let _server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    let mut line = gym.connect().await;
    let offer = line.offered(0, &new).await;
    let good = whole(&offer);
    let total = line.piece(good).await.total;
    assert!(total > 0);
    for wrong in [
        ListWanted { held: Some([7; 32]), ..good },
        ListWanted { held: Some([7; 32]), offset: 5, ..good },
        ListWanted { id: ListId::from_bytes([7; 16]), ..good },
    ] {
        let piece = line.piece(wrong).await;
        assert_eq!((piece.total, piece.bytes.len()), (0, 0), "{wrong:?}");
    }
    for offset in [total, u64::MAX] {
        let piece = line.piece(ListWanted { offset, ..good }).await;
        assert_eq!((piece.total, piece.bytes.len()), (total, 0));
    }
    for other in [*old.content(), [7; 32]] {
        let answer = line.answer(ListWanted { content: other, ..good }).await;
        assert_eq!(answer, [ListMessage::Offers(vec![offer])]);
    }
}

#[tokio::test]
async fn a_flood_of_questions_costs_the_others_and_the_server_nothing() {
    let hall = Hall::new();
    let list = Hall::list(1, MANY);
    let (_kept, index) = index_of(&list);
    hall.import_list(&list);
    let server = hall.run();
    let mut gym = TestBox::new(1, TestSite::Gym);
    let mut rude = TestBox::new(2, TestSite::Gate);
    gym.enrol(&hall.code(TestSite::Gym, &[])).await.unwrap();
    rude.enrol(&hall.code(TestSite::Gate, &[TestSite::Gym])).await.unwrap();
    let mut flood = rude.connect().await;
    let offer = flood.offered(0, &index).await;
    for number in 0..20_000_u64 {
        flood.say(ListMessage::Wanted(ListWanted { offset: number % 7, ..whole(&offer) })).await;
        if number % 100 == 0 {
            flood.say(ListMessage::Seen { epoch: 0, as_of: Some(UnixMillis::new(number)) }).await;
        }
    }
    let mut line = gym.connect().await;
    line.arrives(1);
    line.until("confirmed beside the flood", |line| line.unconfirmed() == 0).await;
    // Its own records are not behind the answers either, of which there are few.
    flood.arrives(2);
    flood.until("its own", |flood| flood.unconfirmed() == 0 && flood.received() == 1).await;
    let pieces = flood.lists.iter().filter(|message| matches!(message, ListMessage::Piece(_))).count();
    assert!(pieces < 10_000, "{pieces}");
    let last = ListWanted { offset: 7, ..whole(&offer) };
    flood.say(ListMessage::Wanted(last)).await;
    let is_last =
        |message: &ListMessage| matches!(message, ListMessage::Piece(piece) if piece.wanted == last);
    flood.until("the last answer", |flood| flood.lists.iter().any(is_last)).await;
    assert!(server.most_memory() < 200 << 20, "{}", server.most_memory());
}

#[tokio::test]
async fn an_operator_sees_what_is_held_and_why_a_file_was_not_taken() {
    let hall = Hall::new();
    assert!(hall.must(&["crl", "status"]).starts_with("No list is held"));
    hall.import_list(&Hall::list(7, 3));
    let bad = hall.path().join("bad.crl");
    std::fs::write(&bad, b"garbage").unwrap();
    let good = hall.path().join("good.crl");
    std::fs::write(&good, Hall::list(8, 4)).unwrap();
    let missing = hall.path().join("missing.crl");
    let files = [&bad, &good, &missing].map(|file| file.to_str().unwrap());
    let outcome = hall.command(&["crl", "import", files[0], files[1], files[2]]);
    let (said, wrong) = (String::from_utf8_lossy(&outcome.stdout), String::from_utf8_lossy(&outcome.stderr));
    assert!(!outcome.status.success() && wrong.contains("2 of 3 lists were not taken"), "{wrong}");
    assert!(wrong.contains("bad.crl: the list was refused: ") && wrong.contains("missing.crl: "), "{wrong}");
    assert_eq!(said, format!("{}: taken, 4 entries\n", files[1]));
    let status = hall.must(&["crl", "status"]);
    for part in [
        "O=JPKI",
        " 4        8 ",
        "good.crl",
        "last refused: 0 min ago, from ",
        "bad.crl: the list was refused",
    ] {
        assert!(status.contains(part), "{part}: {status}");
    }
}
