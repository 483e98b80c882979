//! Parts on their way, with bytes from a server that may be any.

use super::incoming::{Arrived, Incoming};
use hinamori_model::{PersonId, PersonalText};
use hinamori_sync::town::{Directory, Person, TownSecret};
use hinamori_sync::{LONGEST_PIECE, PartHead, RosterMessage, cut};

/// A part that takes three pieces.
fn part() -> (PartHead, Vec<u8>) {
    let person = |number: u8| {
        Person::named(PersonId::from_bytes([number; 16]), PersonalText::new("浜田 花子".repeat(20)))
    };
    let town = Directory { people: (0..120).map(person).collect(), cards: Vec::new() };
    let part = cut(&town, &TownSecret([1; 32])).unwrap().remove(0);
    assert_eq!(part.1.len().div_ceil(LONGEST_PIECE), 3);
    part
}

fn opened(data: &tempfile::TempDir, head: &PartHead) -> Incoming {
    let mut incoming = Incoming::open(data.path()).unwrap();
    incoming.consist_of(std::slice::from_ref(head));
    incoming
}

fn offset_of(message: Option<&RosterMessage>) -> Option<usize> {
    match message? {
        RosterMessage::Wanted { offset, .. } => Some(*offset as usize),
        RosterMessage::Piece { .. } => None,
    }
}

fn piece(head: &PartHead, sealed: &[u8], offset: usize) -> RosterMessage {
    let bytes = sealed[offset..].iter().copied().take(LONGEST_PIECE).collect();
    RosterMessage::Piece {
        digest: head.digest,
        total: head.length,
        offset: u32::try_from(offset).unwrap(),
        bytes,
    }
}

/// Answers out of `sealed` until nothing more is asked; gives whether the part is here, and how often was asked.
fn fetch(incoming: &mut Incoming, head: &PartHead, sealed: &[u8]) -> (bool, usize) {
    let mut asked = 0;
    let mut question = incoming.next([head].into_iter());
    while let Some(offset) = offset_of(question.as_ref()) {
        asked += 1;
        assert!(asked < 20, "a tight loop");
        question = match incoming.arrived(&piece(head, sealed, offset)) {
            Arrived::More(question) => Some(question),
            Arrived::Ended { .. } => incoming.next([head].into_iter()),
            Arrived::Unasked => panic!("it was asked"),
        };
    }
    (incoming.has(&head.digest), asked)
}

#[test]
fn a_part_comes_piece_by_piece_and_is_gone_on_with_after_a_stop() {
    let (data, (head, sealed)) = (tempfile::tempdir().unwrap(), part());
    let mut incoming = opened(&data, &head);
    assert_eq!(offset_of(incoming.next([&head].into_iter()).as_ref()), Some(0));
    assert!(incoming.next([&head].into_iter()).is_none(), "one question at a time");
    assert!(matches!(incoming.arrived(&piece(&head, &sealed, 9)), Arrived::Unasked));
    assert!(matches!(incoming.arrived(&piece(&head, &sealed, 0)), Arrived::More(_)));
    assert!(matches!(incoming.arrived(&piece(&head, &sealed, 0)), Arrived::Unasked), "twice");
    let mut incoming = opened(&data, &head);
    assert_eq!(fetch(&mut incoming, &head, &sealed), (true, 2));
    assert_eq!(incoming.read(&head.digest), Some(sealed));
    assert!(opened(&data, &head).has(&head.digest));
}

#[test]
fn a_stop_between_the_last_piece_and_the_whole_part_costs_nothing() {
    let (data, (head, sealed)) = (tempfile::tempdir().unwrap(), part());
    let mut incoming = opened(&data, &head);
    assert_eq!(fetch(&mut incoming, &head, &sealed), (true, 3));
    let whole = std::fs::read_dir(data.path().join("roster")).unwrap().next().unwrap().unwrap().path();
    std::fs::rename(&whole, whole.with_extension("part")).unwrap();
    assert_eq!(fetch(&mut opened(&data, &head), &head, &sealed), (true, 0));
}

#[test]
fn a_wrong_part_is_thrown_away_and_not_asked_for_again_and_again() {
    let (data, (head, sealed)) = (tempfile::tempdir().unwrap(), part());
    let mut bent = sealed.clone();
    bent[20] ^= 1;
    let mut incoming = opened(&data, &head);
    assert_eq!(fetch(&mut incoming, &head, &bent), (false, 3));
    incoming.forget_question();
    assert!(incoming.next([&head].into_iter()).is_none(), "nor on another connection");
    assert_eq!(std::fs::read_dir(data.path().join("roster")).unwrap().count(), 0);
    // Another package: the town may have mended it.
    incoming.consist_of(std::slice::from_ref(&head));
    assert_eq!(fetch(&mut incoming, &head, &sealed), (true, 3));
}

#[test]
fn what_a_power_cut_bent_comes_anew_at_once() {
    let (data, (head, sealed)) = (tempfile::tempdir().unwrap(), part());
    let mut incoming = opened(&data, &head);
    drop(incoming.next([&head].into_iter()));
    drop(incoming.arrived(&piece(&head, &sealed, 0)));
    let file = std::fs::read_dir(data.path().join("roster")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(&file, vec![0; LONGEST_PIECE]).unwrap();
    assert_eq!(fetch(&mut opened(&data, &head), &head, &sealed), (true, 2 + 3));
}

#[test]
fn pieces_that_do_not_fit_end_the_part_for_now() {
    let (head, sealed) = part();
    let good = |offset| match piece(&head, &sealed, offset) {
        RosterMessage::Piece { digest, total, offset, bytes } => (digest, total, offset, bytes),
        RosterMessage::Wanted { .. } => panic!("no piece"),
    };
    let (digest, total, offset, bytes) = good(0);
    let too_much = vec![1; total as usize + 1];
    for (total, bytes) in [
        (0, Vec::new()),
        (total, Vec::new()),
        (total - 1, bytes.clone()),
        (u32::MAX, bytes),
        (total, too_much),
    ] {
        let data = tempfile::tempdir().unwrap();
        let mut incoming = opened(&data, &head);
        drop(incoming.next([&head].into_iter()));
        let bent = RosterMessage::Piece { digest, total, offset, bytes };
        assert!(matches!(incoming.arrived(&bent), Arrived::Ended { is_whole: false }));
        assert!(incoming.next([&head].into_iter()).is_none());
    }
}

#[test]
fn a_part_that_is_damaged_on_the_disk_comes_again_and_one_of_an_older_roster_goes() {
    let (data, (head, sealed)) = (tempfile::tempdir().unwrap(), part());
    let mut incoming = opened(&data, &head);
    assert_eq!(fetch(&mut incoming, &head, &sealed), (true, 3));
    assert!(incoming.is_whole(0));
    let file = std::fs::read_dir(data.path().join("roster")).unwrap().next().unwrap().unwrap().path();
    let mut bent = sealed.clone();
    bent[7] ^= 1;
    std::fs::write(&file, bent).unwrap();
    assert!(!incoming.is_whole(1) && !incoming.has(&head.digest));
    assert_eq!(fetch(&mut incoming, &head, &sealed), (true, 3));
    incoming.consist_of(&[]);
    assert_eq!(std::fs::read_dir(data.path().join("roster")).unwrap().count(), 0);
}
