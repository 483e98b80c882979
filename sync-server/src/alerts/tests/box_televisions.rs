//! What a box may tell televisions on its network, and what they answered there.

use std::collections::BTreeSet;
use std::sync::Arc;

use hinamori_alert::{EVERYBODY, Instruction, InstructionPath};
use hinamori_model::{BoxId, SiteId, SiteKind, StaffId, TelevisionAnswer, UnixMillis};
use hinamori_store_sqlite::AnswerKind;
use hinamori_sync::town::Site;
use hinamori_sync::{
    AlertMessage, BindingOutcome, CarriedAnswer, CarriedBinding, CarriedTelevision, Grants, Held, Session,
    Side,
};
use serde_json::{Value, json};

use super::{Hall, household, landslide};
use crate::alerts::board::code_text;
use crate::alerts::desk_state::state;
use crate::alerts::{FromBox, ToldToBox, of_base64, take_from_boxes};
use crate::clock::now;
use crate::hex;
use crate::signed_log::sha256;

const BOX: BoxId = BoxId::from_bytes([7; 16]);

fn site(catchment: &[&str]) -> Site {
    let catchment = catchment.iter().map(|name| (*name).to_owned()).collect();
    let (id, name) = (SiteId::from_bytes([1; 16]), "体育館".to_owned());
    Site { id, name, kind: SiteKind::Shelter, catchment, position: None, capacity: None }
}

/// A connection to the box.
struct Line {
    server: Session,
    at_box: Session,
    told: ToldToBox,
}

impl Line {
    fn new(hall: &Hall) -> Self {
        let root = hall.keys.town_root.public();
        let begin = |side| Session::new(side, root, None, Grants::default(), Held::NOTHING);
        let ((mut server, hello), (mut at_box, own)) = (begin(Side::Server { peer: BOX }), begin(Side::Box));
        let (_looked, _too) = (server.received(&own).unwrap(), at_box.received(&hello).unwrap());
        let mut told = ToldToBox::default();
        assert!(told.ask() && !told.ask());
        Self { server, at_box, told }
    }

    fn hear(&mut self, hall: &Hall, site: &Site) -> Vec<AlertMessage> {
        let all = hall.board.for_boxes(now());
        let said = all.offer_televisions(&mut self.server, (BOX, site), &mut self.told);
        self.at_box.received(&said).unwrap().alerts
    }
}

fn televisions(heard: &[AlertMessage]) -> Option<&[CarriedTelevision]> {
    heard.iter().find_map(|message| match message {
        AlertMessage::Televisions(all) => Some(all.as_slice()),
        _ => None,
    })
}

#[tokio::test]
async fn a_box_is_told_of_its_catchment_and_of_everybody_and_once() {
    let hall = Hall::new();
    for of in [1, 3] {
        hall.television(of).await;
    }
    let thread = hall.send(landslide(&["浜町", "本町"])).await;
    let told = |heard: &[AlertMessage]| {
        let inner = hall.board.inner();
        let signed = &inner.thread(&thread)[0].signed;
        let mut households = BTreeSet::new();
        for message in heard {
            let AlertMessage::Told { message, instructions } = message else { continue };
            assert_eq!(*message, signed.digest());
            for told in instructions {
                let instruction = Instruction::decode(&told.leaf).unwrap();
                assert!(signed.has(&instruction, &InstructionPath::decode(&told.path).unwrap()));
                assert!(households.insert(instruction.household), "twice");
            }
        }
        households
    };
    for (catchment, own) in [
        (&["浜町"][..], vec![household(1)]),
        (&["本町"], vec![household(3)]),
        (&["港町"], Vec::new()),
        (&[], vec![household(1), household(3)]),
    ] {
        let (site, mut line) = (site(catchment), Line::new(&hall));
        let heard = line.hear(&hall, &site);
        let named: BTreeSet<_> =
            televisions(&heard).unwrap().iter().filter_map(|one| one.household).collect();
        assert_eq!(named, own.iter().copied().collect(), "{catchment:?}");
        assert_eq!(told(&heard), own.into_iter().chain([EVERYBODY]).collect(), "{catchment:?}");
        assert_eq!(line.hear(&hall, &site), [], "nothing new");
    }
    let mut without = Line { told: ToldToBox::default(), ..Line::new(&hall) };
    assert_eq!(without.hear(&hall, &site(&[])), [], "a box without a door");
    // Bound since: the box hears of it, and of what its household is told.
    let (site, mut line) = (site(&["浜町"]), Line::new(&hall));
    line.hear(&hall, &site);
    hall.television(2).await;
    let heard = line.hear(&hall, &site);
    assert_eq!((televisions(&heard).unwrap().len(), told(&heard)), (2, [household(2)].into()));
    // Taken off it, the box forgets its words; bound again, it hears them again.
    let token = |inner: &crate::alerts::board::Inner| {
        let of = inner.televisions.iter().find(|(_, set)| set.household() == Some(household(2)));
        *of.unwrap().0
    };
    let token = token(&hall.board.inner());
    assert!(hall.board.unbind(token).await.unwrap());
    line.hear(&hall, &site);
    hall.television(2).await;
    assert_eq!(told(&line.hear(&hall, &site)), [household(2)].into());
}

#[tokio::test]
async fn whoever_reads_everybody_s_words_at_a_box_may_call_for_help_too() {
    let hall = Hall::new();
    hall.television(1).await;
    hall.send(landslide(&["本町"])).await;
    let digest = hall.board.inner().messages[0].digest;
    let (to_server, said) = tokio::sync::mpsc::channel(4);
    let taking = tokio::spawn(take_from_boxes(hall.folder.clone(), hall.board.clone(), said));
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let (household, at) = (household(1), now());
    let all = vec![CarriedAnswer { message: digest, household, answer: TelevisionAnswer::Help, at }];
    let message = AlertMessage::Answers(all.clone());
    let said = FromBox { id: BOX, site: Some(site(&["浜町"])), message, answer: answers };
    assert!(to_server.send(said).await.is_ok());
    assert_eq!(answered.recv().await, Some(AlertMessage::AnswersTaken(all)));
    drop(to_server);
    taking.await.unwrap();
    let officer = hall.officer(1);
    let state = state(&hall.board.inner(), &officer, "汐見町", "", now());
    assert_eq!(state["help"].as_array().unwrap().len(), 1, "{}", state["help"]);
}

#[tokio::test]
async fn a_call_for_help_at_a_box_is_a_task_at_the_desk_and_others_are_none_of_the_box_s() {
    let hall = Hall::new();
    for of in [1, 3] {
        hall.television(of).await;
    }
    hall.send(landslide(&["浜町", "本町"])).await;
    let (digest, sent) = {
        let inner = hall.board.inner();
        (inner.messages[0].digest, inner.messages[0].sent())
    };
    let answer = |of, answer, at| CarriedAnswer { message: digest, household: household(of), answer, at };
    let (to_server, said) = tokio::sync::mpsc::channel(4);
    let taking = tokio::spawn(take_from_boxes(hall.folder.clone(), hall.board.clone(), said));
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let all = vec![
        answer(1, TelevisionAnswer::Help, sent.plus(60_000).min(now())),
        answer(1, TelevisionAnswer::Going, UnixMillis::new(1)),
        answer(2, TelevisionAnswer::Help, now()),
        answer(3, TelevisionAnswer::Help, now()),
        CarriedAnswer { message: [0; 32], ..answer(1, TelevisionAnswer::Help, now()) },
    ];
    let message = AlertMessage::Answers(all.clone());
    let said = FromBox { id: BOX, site: Some(site(&["浜町"])), message, answer: answers };
    assert!(to_server.send(said).await.is_ok());
    assert_eq!(
        answered.recv().await,
        Some(AlertMessage::AnswersTaken(all[..2].to_vec())),
        "the box keeps the others"
    );
    drop(to_server);
    taking.await.unwrap();
    let kept = hall.board.keeper.ask(|store| store.answers()).await.unwrap();
    let kept: Vec<_> = kept.into_iter().map(|one| (one.household, one.kind)).collect();
    assert_eq!(
        kept,
        [(household(1), AnswerKind::Going), (household(1), AnswerKind::Help)],
        "no set of the second, and the third lives elsewhere"
    );
    assert!(hall.board.inner().answers[&(digest, household(1))].iter().flatten().all(|at| *at >= sent));
    let officer = hall.officer(1);
    let state = state(&hall.board.inner(), &officer, "汐見町", "", now());
    assert_eq!(state["help"].as_array().unwrap().len(), 1, "{}", state["help"]);
}

#[tokio::test]
async fn a_television_that_asks_at_a_box_gets_its_code_from_the_town_hall() {
    let hall = Hall::new();
    let (site, mut line) = (site(&["浜町"]), Line::new(&hall));
    hall.board.take_strangers(BOX, vec![[5; 32], [6; 32]]).await.unwrap();
    hall.board.take_strangers(BOX, vec![[5; 32]]).await.unwrap();
    let heard = line.hear(&hall, &site);
    let codes: Vec<_> = televisions(&heard).unwrap().iter().filter_map(|one| one.code).collect();
    assert!(codes.len() == 2 && codes[0] != codes[1]);
    for (code, of) in codes.into_iter().zip([1, 3]) {
        hall.board.keeper.ask(move |store| store.bind(code, household(of))).await.unwrap();
    }
    let all = hall.board.keeper.ask(|store| store.televisions()).await.unwrap();
    hall.board.take_televisions(&all);
    let heard = line.hear(&hall, &site);
    let of: Vec<_> = televisions(&heard).unwrap().iter().map(|one| (one.code, one.household)).collect();
    assert_eq!(of, [(None, Some(household(1))), (None, None)], "the other one is none of the box's");
    assert_eq!(hall.board.inner().strangers[&BOX].tokens().count(), 2);
}

#[tokio::test]
async fn whoever_fills_a_box_s_places_keeps_nobody_from_a_code_for_long() {
    let hall = Hall::new();
    let (site, mut line) = (site(&["浜町"]), Line::new(&hall));
    let (own_token, _code) = hall.board.hello().await.unwrap().unwrap();
    let own = sha256(&own_token);
    hall.board.take_strangers(BOX, vec![own, [1; 32]]).await.unwrap();
    hall.board.take_strangers(BOX, (10..=73).map(|number| [number; 32]).collect()).await.unwrap();
    let tokens = |heard: &[AlertMessage]| -> BTreeSet<[u8; 32]> {
        televisions(heard).unwrap().iter().map(|one| one.token).collect()
    };
    let heard = tokens(&line.hear(&hall, &site));
    assert_eq!(heard.len(), 64, "a box has no more of them");
    assert!(!heard.contains(&[1; 32]) && heard.contains(&[73; 32]));
    let is_known = |token: [u8; 32]| hall.board.inner().televisions.contains_key(&token);
    assert!(!is_known([1; 32]), "its code goes with it: the town has no more of them either");
    assert!(is_known(own), "but for one that the town hall knows by itself");
    // Who is still there is named again.
    hall.board.take_strangers(BOX, vec![[1; 32]]).await.unwrap();
    assert!(tokens(&line.hear(&hall, &site)).contains(&[1; 32]));
    let unbound = hall.board.keeper.ask(|store| store.televisions()).await.unwrap();
    assert_eq!(unbound.len(), 65);
}

/// What the box is told of what it wanted.
async fn settled(hall: &Hall, site: &Site, all: Vec<CarriedBinding>) -> Vec<BindingOutcome> {
    let settled = hall.board.take_bindings((BOX, site), all.clone()).await.unwrap();
    assert!(settled.iter().map(|(binding, _)| binding).eq(&all[..settled.len()]));
    settled.into_iter().map(|(_, outcome)| outcome).collect()
}

fn binding(code: u32, of: u8) -> CarriedBinding {
    CarriedBinding { code, household: household(of), staff: Some(StaffId::from_bytes([3; 16])), ago: 0 }
}

#[tokio::test]
async fn a_television_is_given_away_at_a_box_to_its_own_households_and_taken_back_at_the_desk() {
    let hall = Hall::new();
    let site = site(&["浜町"]);
    let (token, code) = hall.board.hello().await.unwrap().unwrap();
    let set = hall.board.receiver(&token).unwrap();
    let at_home = hall.television(1).await;
    let at_home_before = hall.told(&at_home);
    let old = CarriedBinding { ago: 3_600_000, ..binding(code, 1) };
    let wanted = vec![binding(code, 3), binding(code, 9), binding(11_111_111, 1), old];
    assert_eq!(
        settled(&hall, &site, wanted).await,
        [
            BindingOutcome::NotItsHousehold,
            BindingOutcome::NotItsHousehold,
            BindingOutcome::NoSuchCode,
            BindingOutcome::NoSuchCode
        ],
        "elsewhere, nobody, no set, and a code that was read before this set showed it"
    );
    assert_eq!((set.household(), hall.board.inner().bound_at_boxes()["total"].clone()), (None, 0.into()));
    let (to_server, said) = tokio::sync::mpsc::channel(4);
    let taking = tokio::spawn(take_from_boxes(hall.folder.clone(), hall.board.clone(), said));
    let (answers, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let (before, own) = (set.revision(), binding(code, 1));
    let message = AlertMessage::Bindings(vec![own]);
    let said = FromBox { id: BOX, site: Some(site.clone()), message, answer: answers };
    assert!(to_server.send(said).await.is_ok());
    let settled_so = AlertMessage::BindingsSettled(vec![(own, BindingOutcome::Bound)]);
    assert_eq!(answered.recv().await, Some(settled_so));
    drop(to_server);
    taking.await.unwrap();
    assert!(set.revision() > before && set.household() == Some(household(1)));
    // Said again after a power cut it is the same, and another household does not get it.
    let again = settled(&hall, &site, vec![own, binding(code, 2)]).await;
    assert_eq!(again, [BindingOutcome::Bound, BindingOutcome::NoSuchCode]);
    // The set says whose it is at once.
    let told = hall.told(&set);
    assert_eq!(
        (&told["household"], &told["code"]),
        (&hex::text(household(1).as_bytes()).into(), &Value::Null)
    );
    let people = of_base64(told["people"].as_str().unwrap()).unwrap();
    let people: Value = serde_json::from_slice(&people[..people.len() - 64]).unwrap();
    assert_eq!(people["people"], json!([{ "name": "花子1さん", "arrived": null, "place": null }]));
    // Another set of the household shows nothing of it: whoever looks at it does not learn that somebody was at a box.
    let without_beat = |mut told: Value| {
        told["beat"].take();
        told
    };
    assert_eq!(without_beat(hall.told(&at_home)), without_beat(at_home_before));
    // The desk sees nobody's name, and neither where they were nor when.
    let shown = hall.board.inner().bound_at_boxes();
    let (total, one) = (shown["total"].clone(), shown["latest"][0].as_object().unwrap().clone());
    assert_eq!(
        (total, one.keys().map(String::as_str).collect::<Vec<_>>()),
        (1.into(), vec!["day", "district", "group", "id", "people"])
    );
    let day = one["day"].as_u64().unwrap();
    assert!((day + 9 * 3_600_000).is_multiple_of(86_400_000) && day <= now().get());
    assert_eq!((&shown["latest"][0]["district"], &shown["latest"][0]["people"]), (&"浜町".into(), &1.into()));
    assert!(!shown.to_string().contains("花子"), "{shown}");

    // A restart knows it too.
    let reopened = Hall::open(&hall.folder, &hall.keys);
    assert_eq!(reopened.inner().bound_at_boxes()["total"], 1);
    drop(reopened);

    let id: [u8; 32] = sha256(&token);
    assert!(hall.board.unbind(id).await.unwrap() && !hall.board.unbind(id).await.unwrap());
    let told = hall.told(&set);
    assert_eq!(told["household"], Value::Null);
    assert_ne!(told["code"], code_text(code), "the one before was good once");
    assert_eq!(hall.board.inner().bound[&household(1)].len(), 1, "the one at home");
    assert_eq!(settled(&hall, &site, vec![binding(code, 1)]).await, [BindingOutcome::NoSuchCode]);
    assert_eq!(hall.board.inner().bound_at_boxes()["total"], 0);
}

#[tokio::test]
async fn a_box_guesses_no_codes() {
    let hall = Hall::new();
    let site = site(&[]);
    let guesses: Vec<_> = (0..64).map(|number| binding(20_000_000 + number, 1)).collect();
    assert_eq!(settled(&hall, &site, guesses.clone()).await.len(), 64);
    let (_token, code) = hall.board.hello().await.unwrap().unwrap();
    assert_eq!(settled(&hall, &site, vec![binding(code, 1)]).await, [], "for an hour");
    let other = hall.board.take_bindings((BoxId::from_bytes([8; 16]), &site), vec![binding(code, 1)]).await;
    assert_eq!(other.unwrap().len(), 1, "others go on");
    // Before the town's people are read nothing is said of anybody.
    hall.board.inner().households = Arc::default();
    let third = hall.board.take_bindings((BoxId::from_bytes([9; 16]), &site), vec![binding(code, 1)]).await;
    assert_eq!(third.unwrap(), []);
}
