//! Two officers, a board and a television, without a browser: what goes out is verified as a receiver verifies it.

mod box_televisions;
mod boxes;
mod broadcast;
mod from_boxes;
mod release;
mod staff;

use std::sync::Arc;

use hinamori_alert::{
    Assertion, Beat, DeviceKey, EVERYBODY, Envelope, Instruction, InstructionPath, KeyClass, KeyList,
    MessageKind, OfficerSignature,
};
use hinamori_model::{HouseholdId, PersonId, PersonalText, Sex, SupportReasons, UnixMillis};
use hinamori_paper::{EvacuationFigures, TimedStage};
use hinamori_store_sqlite::{Answer, AnswerKind, SentMessage, Task};
use hinamori_sync::town::Person;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::alerts::Register;
use crate::alerts::board::{Board, FilesRead, NotSent, Receiver, SILENT_MILLIS};
use crate::alerts::desk_door::draft_of;
use crate::alerts::desk_state::state;
use crate::alerts::draft::About;
use crate::alerts::households::Households;
use crate::alerts::missing::missing;
use crate::alerts::officers::{Officer, Passkey};
use crate::alerts::thread_report::thread_report;
use crate::alerts::{
    add_officer, admit_device, base64_url, invite_officer, of_base64, officer_list, read_plan, remove_officer,
};
use crate::clock::now;
use crate::data::{DataFolder, Keys};
use crate::hex;
use crate::signed_log::sha256;

const LATE: UnixMillis = UnixMillis::new(4_000_000_000_000);

/// A device with its two passkeys.
struct Device {
    keys: [EcdsaKeyPair; 2],
}

impl Device {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pair = |_| {
            let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap()
        };
        Self { keys: [0, 1].map(pair) }
    }

    fn passkeys(&self) -> (Passkey, Passkey) {
        let [live, exercise] = &self.keys;
        let passkey = |key: &EcdsaKeyPair| {
            let point: [u8; 65] = key.public_key().as_ref().try_into().unwrap();
            Passkey::new(&point[..20], &point)
        };
        (passkey(live), passkey(exercise))
    }

    fn sign(&self, class: usize, digest: &[u8; 32]) -> OfficerSignature {
        let client =
            json!({ "type": "webauthn.get", "challenge": base64_url(digest), "origin": "http://localhost" });
        let client = client.to_string().into_bytes();
        let authenticator = [sha256(b"localhost").as_slice(), &[5, 0, 0, 0, 1]].concat();
        let signed = [authenticator.as_slice(), &sha256(&client)].concat();
        let key = &self.keys[class];
        let signature = key.sign(&SystemRandom::new(), &signed).unwrap().as_ref().try_into().unwrap();
        let point = key.public_key().as_ref().try_into().unwrap();
        OfficerSignature {
            key: DeviceKey::Passkey(point),
            assertion: Some(Assertion { authenticator, client }),
            signature,
        }
    }
}

/// A town hall with two officers and three households: two in 浜町, one in 本町.
pub(super) struct Hall {
    folder: DataFolder,
    keys: Keys,
    pub(super) board: Arc<Board>,
    devices: [Device; 2],
    parent: tempfile::TempDir,
}

pub(super) fn household(number: u8) -> HouseholdId {
    HouseholdId::from_bytes([number; 16])
}

fn person(number: u8, district: &str) -> Person {
    Person {
        id: PersonId::from_bytes([number; 16]),
        household: Some(household(number)),
        district: district.to_owned(),
        group: "1班".to_owned(),
        name: PersonalText::new("浜田 花子"),
        kana: PersonalText::new(""),
        called_name: Some(PersonalText::new(format!("花子{number}さん"))),
        relation: PersonalText::new(""),
        birth: None,
        sex: Sex::Unknown,
        address: PersonalText::new(""),
        support: SupportReasons::from_bits(0),
        on_register: true,
        hidden: false,
        watch: false,
    }
}

/// Of one person each, those of the first with somebody who needs support.
fn households(support: &[u8], others: impl IntoIterator<Item = u8>) -> Arc<Households> {
    let needing = support
        .iter()
        .map(|number| Person { support: SupportReasons::from_bits(1), ..person(*number, "浜町") });
    Arc::new(Households::of(needing.chain(others.into_iter().map(|number| person(number, "浜町"))).collect()))
}

fn people() -> Arc<Households> {
    Arc::new(Households::of(vec![person(1, "浜町"), person(2, "浜町"), person(3, "本町")]))
}

impl Hall {
    pub(super) fn new() -> Self {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(&parent.path().join("server"));
        let keys = folder.initialise().unwrap();
        let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/demo-town/alerts.toml");
        read_plan(&folder, plan.as_ref(), now()).unwrap();
        let devices = [Device::new(), Device::new()];
        for (id, device) in (1..).zip(&devices) {
            add_officer(&folder, id, "田中", "課長", LATE).unwrap();
            let code = invite_officer(&folder, id, now()).unwrap();
            let mut register = folder.officers().unwrap();
            let words = register.join(&code, device.passkeys(), now()).unwrap();
            folder.lock().unwrap().save_officers(&register).unwrap();
            admit_device(&folder, &keys, (&words.hiragana().join("・"), None), now()).unwrap();
        }
        let board = Self::open(&folder, &keys);
        Self { folder, keys, board, devices, parent }
    }

    fn open(folder: &DataFolder, keys: &Keys) -> Arc<Board> {
        let (board, _thread) = Board::open(folder, keys).unwrap();
        board.inner().households = people();
        Arc::new(board)
    }

    fn officer(&self, id: u32) -> Officer {
        self.board.inner().register.officer(id).unwrap().clone()
    }

    async fn draft(&self, wanted: Value) -> Result<String, String> {
        let sequence = self.board.keeper.ask(|store| store.next()).await.unwrap();
        let mut inner = self.board.inner();
        let wanted = serde_json::from_value(wanted).unwrap();
        let draft = draft_of(&inner, wanted, sequence, now()).map_err(|told| told.1)?;
        let id = draft.id.clone();
        inner.drafts.insert(id.clone(), draft);
        Ok(id)
    }

    /// A household gets somewhere, as records or a set of it say.
    fn note(&self, number: u8, kind: AnswerKind, after: u64) {
        let message = self.board.inner().messages.last().map(Arc::clone).unwrap();
        self.note_at(message.digest, household(number), kind, message.sent().plus(after));
    }

    fn missing(&self, thread: &str, page: usize) -> Value {
        let inner = self.board.inner();
        missing(&inner, &inner.thread(thread), page, now())
    }

    fn digest(&self, id: &str) -> [u8; 32] {
        self.board.inner().drafts.get(id).unwrap().digest
    }

    async fn sign(&self, id: &str, officer: u32, device: usize, class: usize) -> Result<bool, NotSent> {
        let signature = self.devices[device].sign(class, &self.digest(id));
        self.board.sign(id, &self.officer(officer), signature).await
    }

    /// Sends as two officers.
    pub(super) async fn send(&self, wanted: Value) -> String {
        let id = self.draft(wanted).await.unwrap();
        assert!(!self.sign(&id, 1, 0, 0).await.unwrap());
        assert!(self.sign(&id, 2, 1, 0).await.unwrap());
        self.board.inner().messages.last().unwrap().thread()
    }

    /// Sends as one officer, or as two where it takes two.
    async fn send_until_enough(&self, wanted: Value) {
        let id = self.draft(wanted).await.unwrap();
        if !self.sign(&id, 1, 0, 0).await.unwrap() {
            assert!(self.sign(&id, 2, 1, 0).await.unwrap());
        }
    }

    /// A set that nobody bound.
    async fn nobodys(&self) -> Arc<Receiver> {
        let (token, _code) = self.board.hello().await.unwrap().unwrap();
        self.board.receiver(&token).unwrap()
    }

    async fn television(&self, of: u8) -> Arc<Receiver> {
        let (token, code) = self.board.hello().await.unwrap().unwrap();
        let bound = self.board.keeper.ask(move |store| store.bind(code, household(of))).await.unwrap();
        assert_eq!(bound, hinamori_store_sqlite::Bound::Now);
        let televisions = self.board.keeper.ask(|store| store.televisions()).await.unwrap();
        self.board.take_televisions(&televisions);
        self.board.receiver(&token).unwrap()
    }

    /// What another process wrote is taken up.
    fn look(&self) {
        let (root, mut inner) = (self.keys.town_root.public(), self.board.inner());
        let read = FilesRead::of(&self.folder, &root, inner.seen).unwrap();
        inner.take_files(read.unwrap());
    }

    /// A household got somewhere.
    fn note_at(&self, digest: [u8; 32], household: HouseholdId, kind: AnswerKind, at: UnixMillis) {
        self.board.deliver(vec![Answer { digest, household, kind, at }]);
    }

    fn told(&self, receiver: &Receiver) -> Value {
        let (mut body, mut delivered) = (Vec::new(), Vec::new());
        self.board.tell(receiver, 0, &mut body, &mut delivered);
        self.board.deliver(delivered);
        serde_json::from_slice(&body).unwrap()
    }

    /// What a television believes of what it is told: the kind of each message with its content.
    fn believed(&self, told: &Value) -> Vec<(MessageKind, Value)> {
        let bytes = |value: &Value| of_base64(value.as_str().unwrap()).unwrap();
        let root = self.keys.town_root.public();
        assert_eq!(told["root"], hex::text(&root));
        let list = KeyList::decode(&bytes(&told["list"]), &root).unwrap();
        assert!(Beat::decode(&bytes(&told["beat"]), &list.beat).is_some());
        let one = |message: &Value| {
            let envelope = Envelope::decode(&bytes(&message["envelope"])).unwrap();
            // The town keeps the alert; a television has its hash.
            let inner = self.board.inner();
            let sent = inner.messages.iter().find(|sent| sent.digest == envelope.digest()).unwrap();
            let (leaf, path) = (bytes(&message["leaf"]), bytes(&message["path"]));
            let (salt, rest) = leaf.split_first_chunk::<16>().unwrap();
            let (of, content) = rest.split_first_chunk::<16>().unwrap();
            let own =
                Instruction { household: HouseholdId::from_bytes(*of), salt: *salt, content: content.into() };
            let (index, beside) = path.split_first_chunk::<4>().unwrap();
            let beside = beside.chunks_exact(32).map(|hash| hash.try_into().unwrap()).collect();
            assert!(sent.signed.has(&own, &InstructionPath { index: u32::from_be_bytes(*index), beside }));
            assert_eq!(told["household"].as_str().unwrap_or(&hex::text(EVERYBODY.as_bytes())), hex::text(of));
            assert_eq!(envelope.officers(&list).unwrap().len(), sent.signed.officers());
            (envelope.message, serde_json::from_slice(content).unwrap())
        };
        told["messages"].as_array().unwrap().iter().map(one).collect()
    }
}

pub(super) fn landslide(districts: &[&str]) -> Value {
    json!({ "class": "live", "kind": "Order", "message": "landslide-4", "districts": districts })
}

fn tsunami(districts: &[&str]) -> Value {
    json!({ "class": "live", "kind": "Order", "message": "tsunami-major", "districts": districts })
}

#[tokio::test]
async fn an_alert_goes_out_with_two_officers_signatures_and_not_before() {
    let hall = Hall::new();
    let (own, other) = (hall.television(1).await, hall.television(3).await);
    let before = own.revision();
    let id = hall.draft(landslide(&["浜町"])).await.unwrap();
    assert!(!hall.sign(&id, 1, 0, 0).await.unwrap());
    assert!(matches!(hall.sign(&id, 1, 0, 0).await, Err(NotSent::SignedAlready)));
    // Neither with the other's device, nor with a passkey of exercises, nor over something else.
    assert!(matches!(hall.sign(&id, 2, 0, 0).await, Err(NotSent::BadSignature)));
    assert!(matches!(hall.sign(&id, 2, 1, 1).await, Err(NotSent::BadSignature)));
    let over_other = hall.devices[1].sign(0, &[7; 32]);
    assert!(matches!(hall.board.sign(&id, &hall.officer(2), over_other).await, Err(NotSent::BadSignature)));
    assert!(hall.believed(&hall.told(&own)).is_empty() && own.revision() == before);
    assert!(hall.sign(&id, 2, 1, 0).await.unwrap());
    assert!(own.revision() > before, "nobody told the television");
    let told = hall.believed(&hall.told(&own));
    assert_eq!((told.len(), told[0].0, &told[0].1["names"]), (1, MessageKind::Order, &json!(["花子1さん"])));
    assert!(hall.believed(&hall.told(&other)).is_empty(), "another district hears nothing");
    assert!(matches!(
        hall.board.sign(&id, &hall.officer(2), hall.devices[1].sign(0, &[7; 32])).await,
        Err(NotSent::Gone)
    ));
}

#[tokio::test]
async fn one_officer_takes_a_mistake_back_and_never_a_tsunami() {
    let hall = Hall::new();
    let own = hall.television(1).await;
    let thread = hall.send(landslide(&["浜町"])).await;
    let cancel = |thread: &str| json!({ "kind": "Cancel", "thread": thread });
    let id = hall.draft(cancel(&thread)).await.unwrap();
    assert!(hall.sign(&id, 2, 1, 0).await.unwrap());
    let kinds: Vec<MessageKind> = hall.believed(&hall.told(&own)).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [MessageKind::Order, MessageKind::Cancel]);
    assert!(hall.board.inner().alerts.in_force(now()).is_empty());
    let tsunami = hall.send(tsunami(&["浜町"])).await;
    let id = hall.draft(cancel(&tsunami)).await.unwrap();
    assert!(!hall.sign(&id, 1, 0, 0).await.unwrap());
    assert!(hall.sign(&id, 2, 1, 0).await.unwrap());
    let all_clear = hall.draft(json!({ "kind": "AllClear", "thread": "nothing" })).await;
    assert!(all_clear.is_err(), "an all-clear of nothing");
}

#[tokio::test]
async fn what_ended_an_order_is_told_as_long_as_the_order_could_hold() {
    let hall = Hall::new();
    let thread = hall.send(landslide(&["浜町"])).await;
    let id = hall.draft(json!({ "kind": "Cancel", "thread": thread })).await.unwrap();
    assert!(hall.sign(&id, 2, 1, 0).await.unwrap());
    let inner = hall.board.inner();
    let [order, cancel] = inner.messages.as_slice() else { panic!("two messages") };
    let ends = order.signed.alert().expires();
    assert!(cancel.signed.alert().expires() < ends, "its page ends before");
    assert!(cancel.is_told(ends) && !order.is_told(ends), "a set that was off shows what was taken back");
}

#[tokio::test]
async fn an_update_says_what_was_chosen_and_leaves_no_district_out() {
    let hall = Hall::new();
    let thread = hall.send(landslide(&["浜町"])).await;
    let update = |message: &str, districts: &[&str]| json!({ "kind": "Order", "message": message, "districts": districts, "thread": thread });
    assert!(hall.draft(update("tsunami-major", &["浜町"])).await.is_err(), "another hazard");
    let refused = hall.draft(update("landslide-4", &["本町"])).await.unwrap_err();
    assert!(refused.contains("浜町"), "{refused}");
    // A cancel that was made before an update would end nothing of it.
    let cancel = hall.draft(json!({ "kind": "Cancel", "thread": thread })).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let wider = hall.draft(update("landslide-4", &["浜町", "本町"])).await.unwrap();
    assert!(!hall.sign(&wider, 1, 0, 0).await.unwrap() && hall.sign(&wider, 2, 1, 0).await.unwrap());
    assert!(matches!(hall.sign(&cancel, 1, 0, 0).await, Err(NotSent::Overtaken)));
}

#[tokio::test]
async fn a_plan_keeps_what_is_out() {
    let hall = Hall::new();
    hall.send(landslide(&["浜町"])).await;
    let whole = include_str!("../../../packaging/demo-town/alerts.toml");
    let file = hall.parent.path().join("plan.toml");
    let read = |text: String| {
        std::fs::write(&file, text).unwrap();
        read_plan(&hall.folder, &file, now())
    };
    read(whole.to_owned()).unwrap();
    assert!(read(whole.replace("landslide-4", "landslide-x")).is_err());
    assert!(read(whole.replace("bousai@", "other@")).is_err());
    assert!(read(whole.replace("\"localhost\"", "\"desk.example\"")).is_err());
}

#[tokio::test]
async fn nobody_is_sent_to_a_place_that_is_unsafe_or_unknown_without_a_reason() {
    let hall = Hall::new();
    let refused = hall.draft(tsunami(&["浜町", "港町"])).await.unwrap_err();
    assert!(refused.contains("港公民館") && refused.contains("危険"), "{refused}");
    let refused = hall.draft(tsunami(&["本町"])).await.unwrap_err();
    assert!(refused.contains("理由"), "{refused}");
    let mut with_reason = tsunami(&["本町"]);
    with_reason["reasons"] = json!({ "寺の 境内": "13:40 の見回りで 道は通れた" });
    let id = hall.draft(with_reason).await.unwrap();
    assert_eq!(hall.board.inner().drafts.get(&id).unwrap().about.reasons.len(), 1);
    assert!(hall.draft(tsunami(&["山町"])).await.is_err() && hall.draft(tsunami(&[])).await.is_err());
}

#[tokio::test]
async fn a_drill_takes_one_officer_with_the_key_of_drills() {
    let hall = Hall::new();
    let own = hall.television(1).await;
    let mut drill = tsunami(&["浜町"]);
    drill["class"] = json!("exercise");
    let id = hall.draft(drill).await.unwrap();
    assert!(matches!(hall.sign(&id, 1, 0, 0).await, Err(NotSent::BadSignature)), "a live key");
    assert!(hall.sign(&id, 1, 0, 1).await.unwrap());
    assert_eq!(hall.believed(&hall.told(&own)).len(), 1);
}

#[tokio::test]
async fn answers_and_what_was_sent_are_there_after_a_restart() {
    let hall = Hall::new();
    let own = hall.television(1).await;
    hall.send(landslide(&["浜町"])).await;
    let digest = hall.board.inner().messages[0].digest;
    let at = hall.board.answer(&own, digest, AnswerKind::Help).await.unwrap().unwrap();
    assert_eq!(hall.board.answer(&own, digest, AnswerKind::Help).await.unwrap(), Some(at), "asked twice");
    assert_eq!(hall.board.answer(&own, [9; 32], AnswerKind::Help).await.unwrap(), None);
    let other = hall.television(3).await;
    assert_eq!(hall.board.answer(&other, digest, AnswerKind::Going).await.unwrap(), None, "not told to them");
    let latest = hall.board.keeper.ask(|store| store.latest()).await.unwrap();
    let again = Hall::open(&hall.folder, &hall.keys);
    assert_eq!(again.inner().messages.len(), 1);
    assert_eq!(
        again.inner().answers.get(&(digest, household(1))).unwrap()[AnswerKind::Help as usize],
        Some(at)
    );
    let next = again.keeper.ask(|store| store.next()).await.unwrap();
    assert!(next > latest, "a number comes again");
}

fn kinds(believed: &[(MessageKind, Value)]) -> Vec<MessageKind> {
    believed.iter().map(|(kind, _)| *kind).collect()
}

/// A message's time is a whole second, and an update is later than what it updates.
async fn a_second() {
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
}

#[tokio::test]
async fn said_again_it_is_for_those_who_are_missing_and_its_end_for_everybody() {
    for ending in ["Cancel", "AllClear"] {
        let hall = Hall::new();
        let (arrived, missing) = (hall.television(1).await, hall.television(2).await);
        let thread = hall.send(landslide(&["浜町"])).await;
        hall.note(1, AnswerKind::Arrived, 60_000);
        hall.note(2, AnswerKind::Going, 5_000);
        let (before, own) = (missing.revision(), arrived.revision());
        a_second().await;
        let again = || json!({ "kind": "Order", "thread": thread, "again": true });
        let id = hall.draft(again()).await.unwrap();
        {
            let inner = hall.board.inner();
            let draft = inner.drafts.get(&id).unwrap();
            assert_eq!((draft.needed, draft.about.households, draft.about.again), (2, 1, true));
            assert_eq!(draft.about.districts, ["浜町"], "the alert itself is for whom it was for");
            let areas = draft.valid.alert().infos.iter().map(|info| info.areas.len());
            assert!(areas.into_iter().all(|areas| areas == 1));
            let first = inner.messages.last().unwrap().signed.alert().expires();
            assert_eq!(draft.valid.expires(), first, "nobody who arrived is left with less");
        }
        assert!(!hall.sign(&id, 1, 0, 0).await.unwrap(), "one officer is none");
        assert!(hall.sign(&id, 2, 1, 0).await.unwrap());
        assert!(missing.revision() > before && arrived.revision() == own, "who was woken?");
        let told = |receiver: &Receiver| kinds(&hall.believed(&hall.told(receiver)));
        assert_eq!(told(&missing), [MessageKind::Order; 2]);
        assert_eq!(told(&arrived), [MessageKind::Order], "they keep what they were told");
        assert_eq!(hall.board.inner().thread(&thread).len(), 2);
        hall.note(2, AnswerKind::Arrived, 90_000);
        let refused = hall.draft(again()).await.unwrap_err();
        assert!(refused.contains("着いて"), "{refused}");
        a_second().await;
        hall.send_until_enough(json!({ "kind": ending, "thread": thread })).await;
        for receiver in [&arrived, &missing] {
            let last = told(receiver).pop().unwrap();
            assert_eq!(last.text(), ending, "a household hears nothing of how it ended");
        }
        assert!(hall.draft(again()).await.is_err(), "what is over is not said again");
    }
}

#[tokio::test]
async fn a_set_that_is_nobody_s_is_told_what_everybody_is_and_counts_nowhere() {
    for ending in ["Cancel", "AllClear"] {
        let hall = Hall::new();
        let (set, elsewhere) = (hall.nobodys().await, hall.television(3).await);
        let before = set.revision();
        let thread = hall.send(landslide(&["浜町"])).await;
        assert!(set.revision() > before, "nobody woke it");
        let told = hall.told(&set);
        let believed = hall.believed(&told);
        let [(MessageKind::Order, content)] = believed.as_slice() else {
            panic!("an order");
        };
        assert_eq!(content["names"], json!(["浜町の みなさん"]));
        assert!(told["code"].is_string() && told["household"].is_null(), "it still has to be bound");
        assert_eq!(told["answers"], json!({}));
        assert_eq!(hall.told(&elsewhere)["messages"], json!([]), "a household of another district");
        let digest = hall.board.inner().messages[0].digest;
        assert_eq!(hall.board.answer(&set, digest, AnswerKind::Help).await.unwrap(), None, "whose help?");
        {
            let inner = hall.board.inner();
            let [message] = inner.messages.as_slice() else { panic!("one message") };
            assert_eq!((message.about.households, message.about.people), (2, 2));
            assert_eq!((message.households().len(), inner.progress(&inner.thread(&thread)).len()), (2, 2));
            assert!(
                !message.households().any(|own| own == EVERYBODY)
                    && !inner.answers.keys().any(|(_, of)| *of == EVERYBODY)
            );
        }
        a_second().await;
        hall.send_until_enough(json!({ "kind": ending, "thread": thread })).await;
        assert_eq!(kinds(&hall.believed(&hall.told(&set))).pop().unwrap().text(), ending);
    }
}

#[tokio::test]
async fn whoever_asks_for_help_again_is_one_task_of_who_took_it() {
    let hall = Hall::new();
    let thread = hall.send(landslide(&["浜町"])).await;
    hall.note(1, AnswerKind::Help, 10_000);
    let (officer, at) = (2, now());
    let digest = hall.board.inner().messages[0].digest;
    let task = Task { digest, household: household(1), officer, at };
    assert!(hall.board.take_task(task).await.unwrap());
    a_second().await;
    hall.send(json!({ "kind": "Order", "thread": thread, "again": true })).await;
    hall.note(1, AnswerKind::Help, 20_000);
    hall.note(2, AnswerKind::Help, 30_000);
    let officer = hall.officer(1);
    let state = state(&hall.board.inner(), &officer, "汐見町", "", now());
    let tasks: Vec<_> = state["help"].as_array().unwrap().iter().map(|task| &task["owner"]["at"]).collect();
    assert_eq!(tasks, [&Value::Null, &json!(at)], "two households");
}

#[tokio::test]
async fn said_again_it_says_what_was_said() {
    let hall = Hall::new();
    let mut order = tsunami(&["本町"]);
    order["reasons"] = json!({ "寺の 境内": "13:40 の見回りで 道は通れた" });
    order["arrives"] = json!(now().plus(720_000));
    let thread = hall.send(order).await;
    a_second().await;
    let again = json!({ "kind": "Order", "thread": thread, "again": true, "message": "other", "districts": ["浜町"] });
    let id = hall.draft(again).await.unwrap();
    {
        let inner = hall.board.inner();
        let (draft, first) = (inner.drafts.get(&id).unwrap(), inner.messages.last().unwrap());
        let About { prepared, districts, places, reasons, arrives, title, .. } = &draft.about;
        let said = (prepared, districts, places, reasons, arrives, title);
        let about = &first.about;
        assert_eq!(
            said,
            (&about.prepared, &about.districts, &about.places, &about.reasons, &about.arrives, &about.title)
        );
        assert!(arrives.is_some());
    }
    assert!(
        hall.draft(json!({ "class": "live", "kind": "Order", "again": true })).await.is_err(),
        "of nothing"
    );
}

#[tokio::test]
async fn whoever_needs_support_and_was_not_heard_of_is_called_first() {
    let hall = Hall::new();
    hall.board.inner().households = households(&[4, 7], [1, 2, 5, 6, 8, 9]);
    let television = hall.television(2).await;
    let silent = hall.television(5).await;
    let thread = hall.send(landslide(&["浜町"])).await;
    drop(hall.told(&television));
    silent.asks(UnixMillis::new(now().get() - SILENT_MILLIS), false);
    hall.note(1, AnswerKind::Help, 20_000);
    hall.note(7, AnswerKind::Going, 5_000);
    hall.note(8, AnswerKind::Going, 4_000);
    hall.note(8, AnswerKind::CheckPoint, 50_000);
    hall.note(9, AnswerKind::Arrived, 60_000);
    let missing = hall.missing(&thread, 0);
    let rows: Vec<_> = missing["households"].as_array().unwrap().iter().collect();
    let said: Vec<_> = rows
        .iter()
        .map(|row| (row["standing"].as_str().unwrap(), row["support"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("without_set", true),
            ("help", false),
            ("not_answered", false),
            ("unreachable", false),
            ("without_set", false),
            ("going", true),
            ("check_point", false),
        ]
    );
    assert_eq!(
        (&missing["total"], &missing["pages"], &missing["standings"]["without_set"]),
        (&7.into(), &1.into(), &2.into())
    );
    assert_eq!(rows[1]["since"], json!(hall.board.inner().thread(&thread)[0].sent().plus(20_000)));
    assert!(!missing.to_string().contains("花子"), "somebody is named: {missing}");
}

#[tokio::test]
async fn whom_no_set_reaches_is_counted_apart_from_who_does_not_answer() {
    let hall = Hall::new();
    hall.board.inner().households = households(&[], [1, 2, 3]);
    let (first, second) = (hall.television(1).await, hall.television(1).await);
    let other = hall.television(2).await;
    let thread = hall.send(landslide(&["浜町"])).await;
    let standing = |name: &str| hall.missing(&thread, 0)["standings"][name].clone();
    let officer = hall.officer(1);
    let counted = || {
        let state = state(&hall.board.inner(), &officer, "", "", now());
        state["threads"][0]["stages"]["unreachable"].clone()
    };
    let long_ago = || UnixMillis::new(now().get() - SILENT_MILLIS);
    assert_eq!(
        (standing("unreachable"), standing("not_answered"), counted()),
        (0.into(), 2.into(), 0.into())
    );
    first.asks(long_ago(), false);
    assert_eq!(standing("unreachable"), 0, "its other set is there");
    second.asks(now(), true);
    assert_eq!((standing("unreachable"), counted()), (1.into(), 1.into()), "off, and the other one silent");
    other.asks(UnixMillis::new(now().get() - SILENT_MILLIS + 5_000), false);
    assert_eq!(standing("unreachable"), 1, "not yet silent for so long");
    // A desk hears of it, although nobody said anything.
    let mut desk = hall.board.desk_changes();
    desk.mark_unchanged();
    hall.board.look_who_is_reached();
    assert!(desk.has_changed().unwrap());
    desk.mark_unchanged();
    hall.board.look_who_is_reached();
    assert!(!desk.has_changed().unwrap(), "nothing is new");
    // Whoever saw it did not answer, wherever the set is now; whoever answered was reached.
    hall.note(1, AnswerKind::Shown, 1_000);
    assert_eq!(
        (standing("unreachable"), standing("not_answered"), counted()),
        (0.into(), 2.into(), 0.into())
    );
    other.asks(long_ago(), false);
    assert_eq!((standing("unreachable"), counted()), (1.into(), 1.into()));
    hall.note(2, AnswerKind::Going, 2_000);
    assert_eq!((standing("unreachable"), standing("going"), counted()), (0.into(), 1.into(), 0.into()));
}

#[tokio::test]
async fn a_long_list_of_the_missing_comes_page_by_page() {
    let hall = Hall::new();
    hall.board.inner().households = households(&[140], 1..=139);
    let thread = hall.send(landslide(&["浜町"])).await;
    let rows = |page| hall.missing(&thread, page)["households"].as_array().unwrap().len();
    assert_eq!([0, 1, 2, usize::MAX].map(rows), [100, 40, 0, 0]);
    let first = hall.missing(&thread, 0);
    assert_eq!(
        (&first["total"], &first["pages"], &first["households"][0]["support"]),
        (&140.into(), &2.into(), &true.into())
    );
}

#[tokio::test]
async fn a_report_is_beside_the_drill_before_of_the_same_hazard() {
    let hall = Hall::new();
    let drill = async |message: &str, arrived: u64| {
        let wanted =
            json!({ "class": "exercise", "kind": "Order", "message": message, "districts": ["浜町"] });
        let id = hall.draft(wanted).await.unwrap();
        assert!(hall.sign(&id, 1, 0, 1).await.unwrap());
        if arrived > 0 {
            hall.note(1, AnswerKind::Arrived, arrived);
        }
        a_second().await;
    };
    drill("landslide-4", 672_000).await;
    // Neither one of which there is nothing to say nor another hazard.
    drill("landslide-4", 0).await;
    drill("tsunami-major", 60_000).await;
    let thread = hall.send(landslide(&["浜町", "本町"])).await;
    hall.note(1, AnswerKind::Delivered, 2_000);
    hall.note(1, AnswerKind::Help, 9_000);
    hall.note(1, AnswerKind::Going, 30_000);
    hall.note(2, AnswerKind::CheckPoint, 300_000);
    hall.note(2, AnswerKind::Arrived, 500_000);
    hall.note(1, AnswerKind::Arrived, 700_000);
    let last = hall.board.inner().messages.last().map(Arc::clone).unwrap();
    let sent = last.sent();
    let before = UnixMillis::new(sent.get() - 60_000);
    hall.note_at(last.digest, household(3), AnswerKind::Arrived, before);
    let (mode, report) = thread_report(&hall.board.inner(), &thread).unwrap();
    assert_eq!((mode, report.sent, report.ended), (hinamori_paper::Mode::Live, sent, None));
    let EvacuationFigures { told, delivered, shown, acknowledged, check_point, arrived } = report.town;
    assert_eq!((told, delivered, shown), (3, 1, 0));
    let mean = |stage: TimedStage| (stage.households, stage.times.map(|times| times.mean));
    assert_eq!([acknowledged, check_point].map(mean), [(1, Some(9_000)), (1, Some(300_000))]);
    assert_eq!(mean(arrived), (3, Some(600_000)), "whoever was there before has no time");
    let (_, before) = report.before.unwrap();
    assert_eq!(mean(before.arrived), (1, Some(672_000)));
    let names: Vec<_> = report.districts.iter().map(|of| (of.name.as_str(), of.before)).collect();
    assert_eq!(names, [("浜町", Some(672_000)), ("本町", None)]);
    let [own, _, _] = report.households.as_slice() else { panic!("{:?}", report.households) };
    assert!(own.asked_for_help && own.group == "1班");
    assert!(!format!("{report:?}").contains("花子"));
    assert!(thread_report(&hall.board.inner(), "nothing").is_none());
}

#[tokio::test]
async fn whoever_goes_home_after_the_all_clear_did_not_flee() {
    let hall = Hall::new();
    let thread = hall.send(landslide(&["浜町"])).await;
    a_second().await;
    hall.send(json!({ "kind": "AllClear", "thread": thread })).await;
    hall.note(1, AnswerKind::CheckPoint, 60_000);
    hall.note(1, AnswerKind::Arrived, 70_000);
    let (_, report) = thread_report(&hall.board.inner(), &thread).unwrap();
    assert_eq!((report.town.check_point.households, report.town.arrived.households), (0, 0));
    assert!(report.ended.is_some());
}

#[test]
fn an_officer_s_device_joins_once_and_is_believed_when_it_is_let_in() {
    let parent = tempfile::tempdir().unwrap();
    let folder = DataFolder::new(&parent.path().join("server"));
    let keys = folder.initialise().unwrap();
    let plan = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/demo-town/alerts.toml");
    read_plan(&folder, plan.as_ref(), now()).unwrap();
    add_officer(&folder, 1, "田中", "課長", LATE).unwrap();
    assert!(add_officer(&folder, 1, "山口", "副町長", LATE).is_err());
    let code = invite_officer(&folder, 1, now()).unwrap();
    let mut register = folder.officers().unwrap();
    let device = Device::new();
    assert!(register.join("WRONG", device.passkeys(), now()).is_none());
    assert!(register.join(&code, device.passkeys(), now().plus(16 * 60_000)).is_none(), "too late");
    let words = register.join(&code.to_lowercase(), device.passkeys(), now()).unwrap();
    assert!(register.join(&code, Device::new().passkeys(), now()).is_none(), "a code is good once");
    folder.lock().unwrap().save_officers(&register).unwrap();
    assert!(folder.key_list().unwrap().is_none(), "nobody let it in yet");
    assert!(admit_device(&folder, &keys, ("ちがう・ことば・です", None), now()).is_err());
    admit_device(&folder, &keys, (&words.hiragana().join("・"), None), now()).unwrap();
    let list = KeyList::decode(&folder.key_list().unwrap().unwrap(), &keys.town_root.public()).unwrap();
    assert_eq!((list.version, list.devices().count()), (1, 2));
    assert!(officer_list(&folder).unwrap().contains("signs"));
    remove_officer(&folder, &keys, 1, now()).unwrap();
    let list = KeyList::decode(&folder.key_list().unwrap().unwrap(), &keys.town_root.public()).unwrap();
    // What they signed before stays signed; from now on they sign nothing.
    assert_eq!((list.version, list.devices().count()), (2, 2));
    assert_eq!(list.officers(KeyClass::Live, now().plus(1)), 0);
    assert!(invite_officer(&folder, 1, now().plus(1)).is_err());
    // Whoever guesses ends nobody's invitation.
    add_officer(&folder, 2, "山口", "副町長", LATE).unwrap();
    let code = invite_officer(&folder, 2, now()).unwrap();
    let register = folder.officers().unwrap();
    for _ in 0..6 {
        assert!(register.invited("GUESS", now()).is_none());
    }
    assert_eq!(register.invited(&code, now()), Some(2));
}

#[tokio::test]
async fn an_officer_counts_as_able_as_long_as_their_own_passkey_of_that_class_was_tried() {
    const DAY: u64 = 24 * 3_600_000;
    let hall = Hall::new();
    let mut register = hall.board.inner().register.clone();
    let later = |days: u64| now().plus(days * DAY);
    let able = |register: &Register, days| {
        let list = KeyList::decode(&hall.folder.key_list().unwrap().unwrap(), &hall.keys.town_root.public());
        let list = list.unwrap();
        [KeyClass::Live, KeyClass::Exercise].map(|class| register.able(class, Some(&list), later(days)))
    };
    assert_eq!(able(&register, 0), [2, 2], "who joined was there");
    assert_eq!(able(&register, 36), [0, 0]);
    assert_eq!(register.able(KeyClass::Live, None, now()), 0, "nobody is listed");
    let live = hex::bytes(&hall.devices[0].passkeys().0.credential).unwrap();
    assert!(register.prove(&live, later(30)) && !register.prove(&live, later(30)));
    assert!(!register.prove(&[7; 20], later(30)), "nobody's passkey");
    assert_eq!(able(&register, 36), [1, 0]);
    // A clock that was wrong once proves nothing for years, and a later true one mends it.
    assert!(register.prove(&live, later(4_000)));
    assert_eq!(able(&register, 36), [0, 0]);
    assert!(register.prove(&live, later(36)));
    assert_eq!(able(&register, 36), [1, 0]);
    remove_officer(&hall.folder, &hall.keys, 1, now()).unwrap();
    assert_eq!(able(&hall.folder.officers().unwrap(), 1), [1, 1]);
}

#[tokio::test]
async fn nobody_who_was_told_is_left_out_of_how_it_ends() {
    let hall = Hall::new();
    let order = hall.send(landslide(&["浜町"])).await;
    let update = json!({
        "class": "live", "kind": "Order", "message": "landslide-4", "districts": ["浜町", "本町"], "thread": order,
    });
    let update = hall.draft(update).await.unwrap();
    assert!(!hall.sign(&update, 1, 0, 0).await.unwrap());
    let cancel = hall.draft(json!({ "kind": "Cancel", "thread": order })).await.unwrap();
    assert!(hall.sign(&update, 2, 1, 0).await.unwrap());
    let own = hall.television(3).await;
    assert_eq!(hall.believed(&hall.told(&own)).len(), 1, "本町 was told since the cancel was made");
    assert!(matches!(hall.sign(&cancel, 1, 0, 0).await, Err(NotSent::Overtaken)));
    let cancel = hall.draft(json!({ "kind": "Cancel", "thread": order })).await.unwrap();
    assert!(hall.sign(&cancel, 1, 0, 0).await.unwrap());
    let kinds: Vec<_> = hall.believed(&hall.told(&own)).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [MessageKind::Order, MessageKind::Cancel]);
}

#[tokio::test]
async fn a_household_that_the_town_s_list_lost_hears_how_it_ends_and_keeps_its_call_for_help() {
    let hall = Hall::new();
    let own = hall.television(1).await;
    let order = hall.send(landslide(&["浜町"])).await;
    let digest = hall.board.inner().messages[0].digest;
    hall.board.answer(&own, digest, AnswerKind::Help).await.unwrap().unwrap();
    hall.board.inner().households = Arc::new(Households::of(vec![person(2, "浜町")]));
    let officer = hall.officer(1);
    let state = state(&hall.board.inner(), &officer, "", "", now());
    assert_eq!(state["help"].as_array().unwrap().len(), 1, "{}", state["help"]);
    let clear = hall.draft(json!({ "kind": "AllClear", "thread": order })).await.unwrap();
    assert!(!hall.sign(&clear, 1, 0, 0).await.unwrap());
    assert!(hall.sign(&clear, 2, 1, 0).await.unwrap());
    let last = hall.believed(&hall.told(&own)).pop().unwrap();
    assert_eq!((last.0, &last.1["names"]), (MessageKind::AllClear, &json!([])));
}

#[tokio::test]
async fn what_is_known_is_no_news() {
    let hall = Hall::new();
    hall.send(landslide(&["浜町"])).await;
    let digest = hall.board.inner().messages[0].digest;
    let sent = hall.board.inner().messages[0].sent();
    let mut changes = hall.board.desk_changes();
    changes.borrow_and_update();
    hall.note_at(digest, household(1), AnswerKind::CheckPoint, sent.plus(9));
    assert!(changes.has_changed().unwrap());
    changes.borrow_and_update();
    hall.note_at(digest, household(1), AnswerKind::CheckPoint, sent.plus(9));
    hall.note_at(digest, household(1), AnswerKind::CheckPoint, sent.plus(90));
    assert!(!changes.has_changed().unwrap(), "whoever looks for news would wake itself for ever");
    // A box that had no line says later what was before.
    hall.note_at(digest, household(1), AnswerKind::CheckPoint, sent.plus(5));
    let known = hall.board.inner().answers[&(digest, household(1))];
    assert_eq!(known[AnswerKind::CheckPoint as usize], Some(sent.plus(5)));
}

#[tokio::test]
async fn a_draft_whose_number_every_receiver_takes_for_an_old_one_is_not_sent() {
    let hall = Hall::new();
    let early = hall.draft(landslide(&["浜町"])).await.unwrap();
    for _ in 0..70 {
        hall.board.keeper.ask(|store| store.next()).await.unwrap();
    }
    hall.send(landslide(&["本町"])).await;
    assert!(!hall.sign(&early, 1, 0, 0).await.unwrap());
    assert!(matches!(hall.sign(&early, 2, 1, 0).await, Err(NotSent::Overtaken)));
    assert_eq!(hall.board.inner().messages.len(), 1);
}

#[tokio::test]
async fn a_list_that_was_replaced_before_judges_nothing_that_was_sent_since() {
    let hall = Hall::new();
    hall.send(landslide(&["浜町"])).await;
    let sent = hall.board.inner().messages[0].sent();
    let list = hall.board.inner().list.clone().unwrap().list;
    let nobodys = |version: u32, before_sent: u64| {
        let made = UnixMillis::new(sent.get() - before_sent);
        let fixed = (list.beat, list.relying_party);
        let list = KeyList::new(list.version + version, made, fixed, &list.sender, []).unwrap();
        list.encode(|domain, body| hall.keys.town_root.sign_alert_keys(domain, body))
    };
    let read_back = |list: &[u8]| {
        hall.folder.save_key_list(list).unwrap();
        Hall::open(&hall.folder, &hall.keys).inner().messages.len()
    };
    assert_eq!(read_back(&nobodys(1, 119_000)), 1, "the officers may not have heard of it");
    // One by which nothing was sent, and which was in force for a moment.
    hall.folder.save_key_list(&nobodys(2, 120_000)).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let town = crate::session::tests::hub_of(elsewhere.path(), &[]).town.current();
    hall.board.look(&hall.folder, hall.keys.town_root.public(), &town).await;
    assert_eq!(read_back(&nobodys(3, 0)), 0, "with old keys, after their officers had left");
    let kept = hall.board.keeper.ask(|store| store.key_lists()).await.unwrap();
    assert_eq!(kept.len(), 4);
}

#[tokio::test]
async fn what_was_sent_is_read_back_as_it_was_judged_and_nothing_else_is() {
    let hall = Hall::new();
    let thread = hall.send(landslide(&["浜町"])).await;
    // A list that was damaged hides nothing that holds by the list of now.
    let damage = |bytes: &[u8]| {
        let file = rusqlite::Connection::open(hall.folder.alerts()).unwrap();
        assert_eq!(file.execute("UPDATE key_list SET list = ?1", [bytes]).unwrap(), 1);
    };
    let whole = hall.folder.key_list().unwrap().unwrap();
    damage(&whole[..whole.len() - 1]);
    assert_eq!(Hall::open(&hall.folder, &hall.keys).inner().messages.len(), 1, "a damaged list");
    damage(&whole);
    let list = hall.board.inner().list.clone().unwrap().list;
    let fixed = (list.beat, list.relying_party);
    let nobodys = KeyList::new(list.version + 1, now(), fixed, &list.sender, []).unwrap();
    let nobodys = nobodys.encode(|domain, body| hall.keys.town_root.sign_alert_keys(domain, body));
    hall.folder.save_key_list(&nobodys).unwrap();
    let again = Hall::open(&hall.folder, &hall.keys);
    assert_eq!(again.inner().list.as_ref().unwrap().list.devices().count(), 0);
    assert_eq!(again.inner().messages.len(), 1, "by officers who are gone");
    assert_eq!(again.inner().messages[0].thread(), thread);
    assert_eq!(again.inner().alerts.in_force(now()).len(), 1);
    // Somebody writes into the file: under another root, under no list, and as another row.
    let sent = hall.board.keeper.ask(|store| store.messages()).await.unwrap().remove(0);
    assert_eq!(
        KeyList::decode(sent.judged_by.as_deref().unwrap(), &hall.keys.town_root.public()).unwrap(),
        *list
    );
    let other = DataFolder::new(&hall.parent.path().join("other")).initialise().unwrap();
    let forged = list.encode(|domain, body| other.town_root.sign_alert_keys(domain, body));
    let bends: [&dyn Fn(&mut SentMessage); 3] =
        [&|sent| sent.judged_by = Some(forged.clone().into()), &|sent| sent.judged_by = None, &|sent| {
            sent.digest = [9; 32]
        }];
    for (number, bend) in bends.into_iter().enumerate() {
        let mut bent = sent.clone();
        bend(&mut bent);
        let file = rusqlite::Connection::open(hall.folder.alerts()).unwrap();
        file.execute("DELETE FROM message", []).unwrap();
        hall.board.keeper.ask(move |store| store.add(&bent)).await.unwrap();
        let again = Hall::open(&hall.folder, &hall.keys);
        assert!(again.inner().messages.is_empty(), "{number}");
    }
}
