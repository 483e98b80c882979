//! Revocation lists on their way from the server, with the keeper worked by hand: what is reported counts at once, what is
//! proved counts for ever, and nothing goes back.

use std::collections::VecDeque;

use hinamori_crl::{Additions, Index, SharedBytes, diff};
use hinamori_crl_mmap::Way;
use hinamori_pki::most_reported;
use hinamori_sync::{LONGEST_PIECE, ListMessage, ListOffer, ListPiece, ListWanted};

use super::*;
use crate::lists::{ListEvent, ListTask, Lists};

/// A server that has some generations of the authentication authority's list.
struct Hall {
    lists: Vec<Index<SharedBytes>>,
    offered: usize,
}

/// The box, its keeper, and what goes between them.
struct Town {
    bench: Bench,
    lists: Lists,
    inbox: Inbox,
    events: Receiver<Event>,
    /// What the keeper said last of how far it is.
    seen: u64,
}

impl Hall {
    /// The tray's list, and later ones with these cards one by one.
    fn new(bench: &Bench, cards: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(folder.path(), 9).unwrap();
        let cards: Vec<_> = cards.iter().map(|card| card.parse().unwrap()).collect();
        let file = folder.path().join("list.crl");
        let lists = (0..=cards.len()).map(|later| {
            std::fs::write(&file, bench.tray.later_list(&cards[..later], 0).unwrap()).unwrap();
            let verifier = &bench.core.town.authorities.verifier;
            shelf.import(&file, verifier, &[], "a test", bench.now).unwrap().index
        });
        Self { lists: lists.collect(), offered: 0 }
    }

    fn offer(&mut self, generation: usize) -> ListMessage {
        self.offered = generation;
        let list = &self.lists[generation];
        let epoch = 100 + generation as u64;
        ListMessage::Offers(vec![ListOffer {
            id: list.id(),
            content: *list.content(),
            this_update: list.this_update(),
            epoch,
        }])
    }

    fn generation(&self, content: &[u8; 32]) -> Option<&Index<SharedBytes>> {
        self.lists.iter().find(|list| list.content() == content)
    }

    fn additions(&self, wanted: &ListWanted) -> Option<Additions> {
        let old = self.generation(wanted.held.as_ref()?)?;
        let additions = Additions::between(old, self.generation(&wanted.content)?);
        (additions.len() <= most_reported(old.entries())).then_some(additions)
    }

    /// What a server says to a box that wants something.
    fn answers(&self, wanted: ListWanted) -> Vec<ListMessage> {
        let new = self.generation(&wanted.content).unwrap();
        let old = wanted.held.map(|held| self.generation(&held).unwrap());
        let additions = self.additions(&wanted);
        let patch = diff(old, new, additions.as_ref());
        let from = usize::try_from(wanted.offset).unwrap();
        let bytes = patch[from..(from + LONGEST_PIECE.min(200)).min(patch.len())].to_vec();
        let mut said = Vec::new();
        if let Some(additions) = additions.filter(|_| from == 0) {
            let bytes = feed().sign(&additions.to_bytes(), new.this_update());
            said.push(ListMessage::Reported { id: new.id(), bytes });
        }
        said.push(ListMessage::Piece(ListPiece { wanted, total: patch.len() as u64, bytes }));
        said
    }
}

impl Town {
    fn new(mut bench: Bench) -> Self {
        let lists = bench.core.lists.take().unwrap();
        let (inbox, events) = inbox();
        let mut town = Self { bench, lists, inbox, events, seen: u64::MAX };
        assert_eq!(town.up(), 0);
        town
    }

    /// The daemon ends and begins again, without its server.
    fn restart(self) -> Self {
        let mut bench = self.bench.restart();
        let package = bench.package.clone();
        bench.take_with_parts(&root(), &package);
        Self::new(bench)
    }

    /// A connection stands. Gives up to where the keeper says that it has dealt with everything.
    fn up(&mut self) -> u64 {
        assert_eq!(self.tell(ListTask::Up), []);
        self.seen
    }

    /// Somebody changed the shelf.
    fn reread(&mut self) {
        let authorities = Arc::clone(&self.bench.core.town.authorities);
        assert_eq!(self.tell(ListTask::Town(authorities)), []);
    }

    /// The keeper is told something; gives what it says to the server.
    fn tell(&mut self, task: ListTask) -> Vec<ListMessage> {
        assert!(self.lists.handle(task, &self.inbox).is_ok());
        let mut said = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Lists(ListEvent::Say(ListMessage::Seen { epoch, .. })) => self.seen = epoch,
                Event::Lists(ListEvent::Say(message)) => said.push(message),
                other => self.bench.core.handle(other, self.bench.now),
            }
        }
        said
    }

    /// Talks with the server until nobody has anything to say; `stop` may end it in front of a message to the box.
    fn talk(&mut self, hall: &Hall, first: ListMessage, stop: impl Fn(&ListMessage) -> bool) -> usize {
        let mut to_box = VecDeque::from([first]);
        let mut heard = 0;
        while let Some(message) = to_box.pop_front() {
            if stop(&message) {
                break;
            }
            heard += 1;
            for said in self.tell(ListTask::Message(message)) {
                let ListMessage::Wanted(wanted) = said else { panic!("{said:?}") };
                to_box.extend(hall.answers(wanted));
            }
        }
        heard
    }

    /// The doubts about a card's revocation.
    fn doubts(&mut self, card: &str) -> Vec<Doubt> {
        let reading = self.bench.read(card);
        let proof = hinamori_counter::proof_of(&evidence(&reading), None);
        let all = [Doubt::Revoked, Doubt::ReportedRevoked, Doubt::RevocationUnknown];
        all.into_iter().filter(|doubt| proof.doubts.has(*doubt)).collect()
    }

    fn card_data(&self) -> hinamori_ipc::CardData {
        self.bench.core.card_data(self.bench.now)
    }
}

fn evidence(reading: &Reading) -> hinamori_counter::Evidence<'_> {
    let Found::Certificate { verdict, chip } = &reading.evidence else { panic!("no certificate") };
    let verdict = verdict.as_ref().map_err(|error| *error);
    hinamori_counter::Evidence::Certificate { verdict, chip: *chip }
}

fn never(_: &ListMessage) -> bool {
    false
}

const fn is_piece(message: &ListMessage) -> bool {
    matches!(message, ListMessage::Piece(_))
}

#[test]
fn one_more_entry_counts_as_soon_as_it_is_reported_and_then_on_the_authority_s_word() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu", "naoki"]);
    assert_eq!(town.doubts("isamu"), []);
    let offer = hall.offer(1);
    town.talk(&hall, offer, is_piece);
    assert_eq!(town.doubts("isamu"), [Doubt::ReportedRevoked], "before a byte of the proof came");
    assert_eq!(town.doubts("naoki"), []);
    // The connection broke; the next one begins where this one ended.
    assert_eq!(town.tell(ListTask::Down), []);
    assert_eq!(town.up(), 0);
    let offer = hall.offer(1);
    assert!(town.talk(&hall, offer, never) > 3, "several pieces");
    assert_eq!(town.doubts("isamu"), [Doubt::Revoked]);
    let offer = hall.offer(2);
    town.talk(&hall, offer, never);
    assert_eq!((town.doubts("isamu"), town.doubts("naoki")), (vec![Doubt::Revoked], vec![Doubt::Revoked]));
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::AsOf(_)));
    assert_eq!(town.up(), 102, "what was dealt with is not offered again");
}

#[test]
fn pieces_are_not_asked_for_twice() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    let offer = hall.offer(1);
    let [ListMessage::Wanted(first)] = town.tell(ListTask::Message(offer))[..] else { panic!() };
    let piece = hall.answers(first).pop().unwrap();
    let [ListMessage::Wanted(second)] = town.tell(ListTask::Message(piece.clone()))[..] else { panic!() };
    assert_eq!(second.offset, 200);
    assert_eq!(town.tell(ListTask::Message(piece)), [], "a piece that was not asked for");
    town.tell(ListTask::Down);
    town.tell(ListTask::Up);
    let offer = hall.offer(1);
    assert_eq!(town.tell(ListTask::Message(offer)), [ListMessage::Wanted(second)]);
}

#[test]
fn what_is_reported_survives_a_restart_without_a_server() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    let offer = hall.offer(1);
    town.talk(&hall, offer, is_piece);
    let mut town = town.restart();
    assert_eq!(town.doubts("isamu"), [Doubt::ReportedRevoked]);
}

#[test]
fn a_server_that_goes_back_changes_nothing() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu", "naoki"]);
    let offer = hall.offer(2);
    town.talk(&hall, offer, never);
    for generation in [0, 1] {
        let offer = hall.offer(generation);
        town.talk(&hall, offer, never);
        assert_eq!(town.doubts("isamu"), [Doubt::Revoked]);
        assert_eq!(town.doubts("naoki"), [Doubt::Revoked]);
    }
    // An old report does not take the place of anything either.
    let wanted = ListWanted {
        id: hall.lists[0].id(),
        content: *hall.lists[1].content(),
        held: Some(*hall.lists[0].content()),
        offset: 0,
    };
    let report = hall.answers(wanted).remove(0);
    town.tell(ListTask::Message(report));
    assert_eq!(town.doubts("naoki"), [Doubt::Revoked]);
}

#[test]
fn what_the_authority_does_not_confirm_is_dropped_and_somebody_is_told() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    // The server says that somebody else was revoked on the way to the same list.
    let other = Hall::new(&town.bench, &["naoki"]);
    let wanted = ListWanted {
        id: other.lists[0].id(),
        content: *other.lists[1].content(),
        held: Some(*other.lists[0].content()),
        offset: 0,
    };
    let report = other.answers(wanted).remove(0);
    town.tell(ListTask::Message(report));
    assert_eq!(town.doubts("naoki"), [Doubt::ReportedRevoked]);
    let offer = hall.offer(1);
    town.talk(&hall, offer, never);
    assert_eq!((town.doubts("naoki"), town.doubts("isamu")), (vec![], vec![Doubt::Revoked]));
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::Contested(_)));
}

#[test]
fn nobody_but_the_feed_key_reports() {
    let mut town = Town::new(Bench::new());
    let hall = Hall::new(&town.bench, &["isamu"]);
    let additions = Additions::between(&hall.lists[0], &hall.lists[1]).to_bytes();
    let id = hall.lists[0].id();
    let now = town.bench.now;
    let foreign = FeedKey::from_bytes(&[7; 32]).sign(&additions, now);
    let garbage = feed().sign(b"no additions", now);
    for bytes in [foreign, garbage, additions] {
        town.tell(ListTask::Message(ListMessage::Reported { id, bytes }));
        assert_eq!(town.doubts("isamu"), []);
        assert!(matches!(town.card_data(), hinamori_ipc::CardData::Contested(_)), "and somebody is told");
    }
}

#[test]
fn bent_pieces_make_no_list_and_the_whole_one_is_asked_for() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    let offer = hall.offer(1);
    let mut to_box = VecDeque::from([offer]);
    let mut whole = 0;
    while let Some(message) = to_box.pop_front() {
        for said in town.tell(ListTask::Message(message)) {
            let ListMessage::Wanted(wanted) = said else { panic!("{said:?}") };
            whole += usize::from(wanted.held.is_none() && wanted.offset == 0);
            let answers = hall.answers(wanted).into_iter().filter(is_piece);
            to_box.extend(answers.map(|mut answer| {
                if let ListMessage::Piece(piece) = &mut answer
                    && piece.wanted.held.is_some()
                    && piece.wanted.offset == 0
                {
                    piece.bytes[100] ^= 1;
                }
                answer
            }));
        }
    }
    assert_eq!(whole, 1);
    assert_eq!(town.doubts("isamu"), [Doubt::Revoked]);
}

#[test]
fn a_clock_ten_years_off_turns_no_revoked_card_into_a_fine_one() {
    const TEN_YEARS: u64 = 10 * 365 * 86_400_000;
    let bench = Bench::new();
    let card = bench.tray.card("revoked").unwrap();
    let mut held = DirectCard(PresentedCard::new(card.fresh(), card.fault(), Timing::NONE));
    let contents = hinamori_card::read_card(&mut held).unwrap().contents;
    let hinamori_card::CardContents::MyNumber { certificate, .. } = contents else { panic!() };
    let hinamori_card::Access::Granted(der) = certificate else { panic!() };
    let certificate = hinamori_pki::CardCertificate::parse(der.as_bytes()).unwrap();
    let verifier = &bench.core.town.checks.verifier;
    let purpose = hinamori_pki::Purpose::JpkiAuthentication;
    for now in [bench.now, UnixMillis::new(bench.now.get() - TEN_YEARS), bench.now.plus(TEN_YEARS)] {
        match verifier.check(&certificate, &[], purpose, now) {
            Ok(verified) => {
                assert!(matches!(verified.revocation(), hinamori_pki::Revocation::Revoked { .. }), "{now:?}");
            }
            Err(error) => {
                use hinamori_pki::PathError::{Expired, NotYetValid};
                assert!(matches!(error, Expired { .. } | NotYetValid { .. }), "{error:?}");
            }
        }
    }
}

#[test]
fn a_card_that_was_reported_lost_is_received_with_a_mark() {
    let mut bench = Bench::new();
    let stopped = bench.person("isamu");
    let package = Package { version: 2, ..bench.package.clone() };
    for card in bench.everybody.cards.iter_mut().filter(|card| card.person == stopped) {
        card.stopped = Some(bench.now);
    }
    bench.take(&package);
    assert!(matches!(bench.tap("isamu"), AnswerKind::Welcome { name: Some(_), .. }));
    let list = bench.core.leader_list();
    assert!(list.iter().any(|item| item.doubts.contains(&Doubt::Stopped)), "{list:?}");
}

#[test]
fn a_list_from_a_stick_in_between_takes_no_report_away() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu", "naoki"]);
    let offer = hall.offer(2);
    town.talk(&hall, offer, is_piece);
    assert_eq!(town.doubts("naoki"), [Doubt::ReportedRevoked]);
    // Somebody brings the list before the newest one, which names one of the two.
    let between = town.bench.tray.later_list(&["isamu".parse().unwrap()], 0).unwrap();
    let file = town.bench.folder.path().join("stick.crl");
    std::fs::write(&file, between).unwrap();
    let shelf = Shelf::open(&town.bench.core.config.data, 2).unwrap();
    shelf.import(&file, &town.bench.core.town.authorities.verifier, &[], "a stick", town.bench.now).unwrap();
    town.reread();
    assert_eq!(town.doubts("isamu"), [Doubt::Revoked]);
    assert_eq!(town.doubts("naoki"), [Doubt::ReportedRevoked], "no authority has spoken about it");
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::AsOf(_)), "{:?}", town.card_data());
    // The server goes on from what is held now, and repeats no more than that.
    town.tell(ListTask::Down);
    town.up();
    let offer = hall.offer(2);
    town.talk(&hall, offer, never);
    assert_eq!(town.doubts("naoki"), [Doubt::Revoked]);
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::AsOf(_)), "{:?}", town.card_data());
}

#[test]
fn a_report_that_leads_nowhere_takes_nothing_away() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    let offer = hall.offer(1);
    town.talk(&hall, offer, is_piece);
    let (id, old) = (hall.lists[0].id(), &hall.lists[0]);
    // To the list that is held already, and one that forgets what was said before.
    let nowhere = Additions::between(old, old).to_bytes();
    let other = Hall::new(&town.bench, &["naoki"]);
    let forgetful = Additions::between(old, &other.lists[1]).to_bytes();
    for additions in [nowhere, forgetful] {
        let bytes = feed().sign(&additions, town.bench.now);
        town.tell(ListTask::Message(ListMessage::Reported { id, bytes }));
        assert_eq!(town.doubts("isamu"), [Doubt::ReportedRevoked]);
    }
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::Contested(_)));
}

#[test]
fn a_stop_after_the_last_piece_costs_nothing() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    let mut to_box = VecDeque::from([hall.offer(1)]);
    let last = loop {
        let message = to_box.pop_front().unwrap();
        if let ListMessage::Piece(piece) = &message
            && piece.wanted.offset + piece.bytes.len() as u64 == piece.total
        {
            break piece.clone();
        }
        for said in town.tell(ListTask::Message(message)) {
            let ListMessage::Wanted(wanted) = said else { panic!("{said:?}") };
            to_box.extend(hall.answers(wanted));
        }
    };
    // The last piece was written, and then the power went.
    let shelf = Shelf::open(&town.bench.core.config.data, 2).unwrap();
    let way = Way { id: last.wanted.id, content: last.wanted.content, from: last.wanted.held };
    shelf.pieces(&way).append(last.wanted.offset, &last.bytes).unwrap();
    town.tell(ListTask::Down);
    town.up();
    let offer = hall.offer(1);
    let asked = town.tell(ListTask::Message(offer));
    let wanted = ListWanted { offset: last.total, ..last.wanted };
    assert_eq!(asked, [ListMessage::Wanted(wanted)]);
    let nothing_more = ListPiece { wanted, total: last.total, bytes: Vec::new() };
    town.tell(ListTask::Message(ListMessage::Piece(nothing_more)));
    assert_eq!(town.doubts("isamu"), [Doubt::Revoked]);
}

fn files_named(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
}

#[test]
fn a_list_that_is_lost_makes_its_cards_unknown_and_is_asked_for_again() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    let offer = hall.offer(1);
    town.talk(&hall, offer, never);
    assert_eq!(town.up(), 101);
    let lists = town.bench.core.config.data.join("lists");
    for list in std::fs::read_dir(&lists).unwrap() {
        let list = list.unwrap().path();
        if list.is_dir() {
            files_named(&list, "index").iter().for_each(|file| std::fs::write(file, b"gone").unwrap());
        }
    }
    let mut town = town.restart();
    for card in ["isamu", "revoked", "naoki"] {
        assert_eq!(town.doubts(card), [Doubt::RevocationUnknown], "{card}: this is not the first year");
    }
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::Contested(_)));
    let offer = hall.offer(1);
    town.talk(&hall, offer, never);
    assert_eq!(town.doubts("isamu"), [Doubt::Revoked]);
}

#[test]
fn a_box_whose_lists_cannot_be_opened_receives_people_all_the_same() {
    let bench = Bench::without_town();
    let data = bench.core.config.data.clone();
    std::fs::remove_dir_all(data.join("lists")).unwrap();
    std::fs::write(data.join("lists"), b"not a folder").unwrap();
    let mut bench = bench.restart();
    let package = bench.package.clone();
    bench.take_with_parts(&root(), &package);
    bench.core.publish(bench.now);
    assert!(matches!(bench.tap("isamu"), AnswerKind::Welcome { name: Some(_), .. }));
    let doubts = hinamori_counter::proof_of(&evidence(&bench.read("revoked")), None).doubts;
    assert!(doubts.has(Doubt::RevocationUnknown));
    assert!(matches!(bench.core.card_data(bench.now), hinamori_ipc::CardData::Contested(_)));
}

#[test]
fn a_list_that_the_disk_does_not_give_any_more_counts_as_it_is_in_memory() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu"]);
    let offer = hall.offer(1);
    town.talk(&hall, offer, never);
    let folder = town.bench.core.config.data.join("lists").join(hall.lists[0].id().to_string());
    std::fs::rename(&folder, town.bench.folder.path().join("moved")).unwrap();
    std::fs::write(&folder, b"not a folder").unwrap();
    town.reread();
    assert_eq!((town.doubts("isamu"), town.doubts("naoki")), (vec![Doubt::Revoked], vec![]));
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::Contested(_)), "somebody has to look");
}

#[test]
fn the_very_list_that_was_lost_counts_again_when_somebody_brings_it() {
    let town = Town::new(Bench::new());
    let lists = town.bench.core.config.data.join("lists");
    let id = Hall::new(&town.bench, &[]).lists[0].id();
    for file in files_named(&lists.join(id.to_string()), "index") {
        std::fs::write(file, b"gone").unwrap();
    }
    let mut town = town.restart();
    assert_eq!(town.doubts("revoked"), [Doubt::RevocationUnknown]);
    let shelf = Shelf::open(&town.bench.core.config.data, 2).unwrap();
    let before = shelf.stamp();
    let file = town.bench.folder.path().join("stick.crl");
    std::fs::write(&file, town.bench.tray.later_list(&[], 0).unwrap()).unwrap();
    shelf.import(&file, &town.bench.core.town.authorities.verifier, &[], "a stick", town.bench.now).unwrap();
    assert_ne!(shelf.stamp(), before, "the keeper looks only when the stamp is another one");
    town.reread();
    assert_eq!(town.doubts("revoked"), [Doubt::Revoked]);
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::AsOf(_)));
}

#[test]
fn a_report_ends_with_any_younger_list_whatever_number_it_claims() {
    let mut town = Town::new(Bench::new());
    let mut hall = Hall::new(&town.bench, &["isamu", "naoki"]);
    let id = hall.lists[0].id();
    // The number of the newer list stands behind form, issuer, scope, content and the older number.
    let at = 1 + 32 * 3 + 1 + hall.lists[0].number().0 + 1;
    let mut claims = Additions::between(&hall.lists[0], &hall.lists[2]).to_bytes();
    claims[at] = 0x7F;
    let (time, now) = (at + hall.lists[2].number().0, town.bench.now);
    let report = |bytes: &[u8]| ListMessage::Reported { id, bytes: feed().sign(bytes, now) };
    town.tell(ListTask::Message(report(&claims)));
    assert_eq!(town.doubts("naoki"), [Doubt::ReportedRevoked]);
    let offer = hall.offer(2);
    town.talk(&hall, offer, never);
    assert_eq!(town.doubts("naoki"), [Doubt::Revoked]);
    assert_eq!(town.bench.core.held.lists.iter().filter(|held| held.reported.is_some()).count(), 0);
    // One of a day that never comes is not believed.
    let mut never_comes = Additions::between(&hall.lists[2], &hall.lists[2]).to_bytes();
    never_comes[at] = 0x7F;
    never_comes[time] = 0x10;
    town.tell(ListTask::Message(report(&never_comes)));
    assert!(matches!(town.card_data(), hinamori_ipc::CardData::Contested(_)));
}
