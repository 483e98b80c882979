//! What boxes say of alerts: believed as little as anybody, kept before it is told on, and told to every set.

use hinamori_alert::{
    CardSignature, DeviceKey, EVERYBODY, Envelope, Instructions, KeyClass, MessageKind, NewKioskKey,
    OfficerKey, Sequence, test_digest,
};
use hinamori_model::{BoxId, CardKey, StaffId, UnixMillis};
use hinamori_plan::{Wanted, compose};
use hinamori_store_sqlite::AnswerKind;
use hinamori_sync::{AlertMessage, CarriedAlert, KeyTest, KioskKeys, OriginatedAlert};
use serde_json::json;
use zeroize::Zeroizing;

use super::{Hall, LATE, landslide, tsunami};
use crate::alerts::deputies::Standing;
use crate::alerts::desk_state::state;
use crate::alerts::from_boxes::{FromBox, NotOriginated, take_from_boxes};
use crate::alerts::{add_officer, admit_device, officer_list};
use crate::clock::now;

const BOX: BoxId = BoxId::from_bytes([7; 16]);

/// An officer's keys as a box seals them: the seeds are `number` and `number` + 100.
fn made(number: u8) -> KioskKeys {
    let signature = CardSignature::new(Zeroizing::new(vec![number; 256]));
    let sealed = |class, seed| {
        let key = NewKioskKey::new(class, Zeroizing::new([seed; 32]), [number; 16]);
        key.seal(&signature).unwrap().to_bytes()
    };
    KioskKeys {
        staff: StaffId::from_bytes([number; 16]),
        card: CardKey::from_bytes([number; 16]),
        live: sealed(KeyClass::Live, number),
        exercise: sealed(KeyClass::Exercise, number + 100),
    }
}

/// What is asked for at a box.
struct Asked<'a> {
    message: &'a str,
    kind: MessageKind,
    is_exercise: bool,
    references: Vec<hinamori_alert::MessageId>,
    sent: UnixMillis,
    arrives: Option<UnixMillis>,
    signers: &'a [u8],
    /// None for all.
    districts: &'a [&'a str],
}

impl Default for Asked<'_> {
    fn default() -> Self {
        Self {
            message: "landslide-4",
            kind: MessageKind::Order,
            is_exercise: false,
            references: Vec::new(),
            sent: UnixMillis::new(now().get() / 1_000 * 1_000),
            arrives: None,
            signers: &[1, 2],
            districts: &[],
        }
    }
}

impl Hall {
    /// Two officers have keys at kiosks.
    fn with_kiosks() -> Self {
        let hall = Self::new();
        for number in [1, 2] {
            hall.let_in(number, u32::from(number));
        }
        hall
    }

    fn let_in(&self, number: u8, officer: u32) {
        let mut register = self.folder.officers().unwrap();
        assert!(register.wait(BOX, made(number), now()));
        assert!(!register.wait(BOX, made(number), now()), "said again");
        self.folder.lock().unwrap().save_officers(&register).unwrap();
        admit_device(&self.folder, &self.keys, (&words(number), Some(officer)), now()).unwrap();
        self.look();
    }

    /// As a box makes it.
    fn originated(&self, number: u64, asked: Asked<'_>) -> OriginatedAlert {
        let plan = self.board.inner().plan.clone().unwrap();
        let Asked { message, kind, is_exercise, references, sent, arrives, signers, districts } = asked;
        let is_for = |name: &str| districts.is_empty() || districts.contains(&name);
        let wanted = Wanted {
            prepared: plan.message(message).unwrap(),
            kind,
            is_exercise,
            districts: plan.districts.iter().filter(|district| is_for(&district.name)).collect(),
            arrives,
            references,
            identifier: format!("box-{number}"),
            sent,
            until: None,
            closed: Default::default(),
        };
        let composed = compose(&plan, &wanted, &[], || Ok::<_, std::convert::Infallible>([9; 16]));
        let Ok(Ok(composed)) = composed else { panic!("the plan breaks a rule") };
        let sequence = Sequence { epoch: Sequence::epoch_of_box(BOX.as_bytes()), number };
        let together = Instructions::of(&composed.instructions).unwrap();
        let mut envelope = Envelope::around(&composed.bytes, sequence, &together).unwrap();
        let digest = envelope.digest();
        let key = |number: &u8| OfficerKey::from_bytes(&[number + if is_exercise { 100 } else { 0 }; 32]);
        envelope.signatures = signers.iter().map(|number| key(number).sign(&digest)).collect();
        let carried = CarriedAlert { alert: composed.bytes, envelope: envelope.encode() };
        OriginatedAlert { carried, leaf: composed.instructions[0].encode() }
    }
}

fn words(number: u8) -> String {
    hinamori_net_tls::ThreeWords::of_hash(&made(number).digest()).hiragana().join("・")
}

#[tokio::test]
async fn keys_that_a_box_brings_wait_for_the_administrator_who_says_whose_they_are() {
    let hall = Hall::new();
    let (to_server, said) = tokio::sync::mpsc::channel(4);
    let taking = tokio::spawn(take_from_boxes(hall.folder.clone(), hall.board.clone(), said));
    let (answer, _answers) = tokio::sync::mpsc::unbounded_channel();
    for message in [AlertMessage::KeysMade(made(1)), AlertMessage::KeysMade(made(1))] {
        let said = FromBox { id: BOX, site: None, message, answer: answer.clone() };
        assert!(to_server.send(said).await.is_ok());
    }
    drop(to_server);
    taking.await.unwrap();
    let list = officer_list(&hall.folder).unwrap();
    assert!(list.contains(&words(1)) && list.contains("waits to be let in as an officer"), "{list}");
    hall.look();
    assert!(hall.board.inner().register.kiosk_keys(now()).is_empty());
    let before = hall.board.inner().list.clone().unwrap().list.version;

    let admit = |words: &str, officer| admit_device(&hall.folder, &hall.keys, (words, officer), now());
    assert!(admit(&words(1), None).is_err(), "nobody's");
    assert!(admit(&words(1), Some(9)).is_err(), "no officer");
    assert!(admit(&words(2), Some(1)).is_err(), "other words");
    admit(&words(1), Some(1)).unwrap();
    hall.look();
    let inner = hall.board.inner();
    let list = inner.list.clone().unwrap().list;
    let own = OfficerKey::from_bytes(&[1; 32]).public();
    let listed = list.devices().find(|device| device.key == own).unwrap();
    assert_eq!((listed.officer.0, listed.class, list.version), (1, KeyClass::Live, before + 1));
    assert_eq!(inner.register.kiosk_keys(now()), [made(1)]);
    drop(inner);

    // The same person is no second officer, and whoever leaves takes their keys off the boxes.
    let mut register = hall.folder.officers().unwrap();
    let again = KioskKeys { staff: made(1).staff, ..made(3) };
    assert!(register.wait(BOX, again.clone(), now()));
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    let words = hinamori_net_tls::ThreeWords::of_hash(&again.digest()).hiragana().join(" ");
    assert!(admit(&words, Some(2)).is_err());
    admit(&words, Some(1)).unwrap();
    crate::alerts::remove_officer(&hall.folder, &hall.keys, 1, now()).unwrap();
    hall.look();
    assert!(hall.board.inner().register.kiosk_keys(now().plus(1)).is_empty());
}

#[tokio::test]
async fn what_two_officers_originated_at_a_box_reaches_every_set_and_the_desk_and_stays() {
    let hall = Hall::with_kiosks();
    let (first, other) = (hall.television(1).await, hall.television(3).await);
    let number = now().get();
    let began = UnixMillis::new((now().get() - 60_000) / 1_000 * 1_000);
    let order = hall.originated(number, Asked { sent: began, ..Asked::default() });
    assert!(hall.board.take_originated(BOX, order.clone()).await.unwrap());
    assert!(!hall.board.take_originated(BOX, order.clone()).await.unwrap(), "said again");
    for set in [&first, &other] {
        let told = hall.told(set);
        let messages = told["messages"].as_array().unwrap();
        let leaf = crate::alerts::of_base64(messages[0]["leaf"].as_str().unwrap()).unwrap();
        assert_eq!((messages.len(), &leaf[16..32]), (1, EVERYBODY.as_bytes().as_slice()));
        let beat = crate::alerts::of_base64(told["beat"].as_str().unwrap()).unwrap();
        assert_eq!(beat[8] >> 7, 0, "beats are of the town hall's own numbers");
    }
    let thread = hall.board.inner().messages[0].thread();
    let officer = hall.officer(1);
    let shown = state(&hall.board.inner(), &officer, "汐見町", "", now());
    let shown = &shown["threads"][0];
    assert_eq!(shown["origin"], json!(BOX.to_string()));
    assert_eq!((&shown["in_force"], &shown["title"]), (&json!(true), &json!("警戒レベル4　避難指示")));
    assert_eq!(shown["stages"]["households"], 0, "everybody is no household");
    // Boxes get it with what everybody is told, and the server says that it has it.
    let told = hall.board.for_boxes(now());
    assert!(told.held().digests.contains(&order.carried.digest()));

    // The desk ends what a box began, for the households of its districts.
    let cancel = hall.draft(json!({ "kind": "AllClear", "thread": thread })).await.unwrap();
    assert!(!hall.sign(&cancel, 1, 0, 0).await.unwrap());
    assert!(hall.sign(&cancel, 2, 1, 0).await.unwrap());
    let again = Hall::open(&hall.folder, &hall.keys);
    let inner = again.inner();
    let kinds: Vec<_> = inner.messages.iter().map(|message| (message.kind(), message.about.origin)).collect();
    assert_eq!(kinds, [(MessageKind::Order, Some(BOX)), (MessageKind::AllClear, None)]);
    assert_eq!(inner.messages[1].thread(), thread);
}

#[tokio::test]
async fn whoever_heard_a_box_s_words_hears_how_it_ends_wherever_they_live() {
    let hall = Hall::with_kiosks();
    let elsewhere = hall.television(3).await;
    let told = |hall: &Hall| hall.told(&elsewhere)["messages"].as_array().unwrap().len();
    let order = hall.originated(now().get(), Asked { districts: &["浜町"], ..Asked::default() });
    assert!(hall.board.take_originated(BOX, order).await.unwrap());
    assert_eq!(told(&hall), 1);
    let (thread, before) = (hall.board.inner().messages[0].thread(), elsewhere.revision());
    hall.send(json!({ "kind": "AllClear", "thread": thread })).await;
    assert!(!hall.board.inner().messages[1].households().any(|own| own == super::household(3)));
    assert!(told(&hall) == 2 && elsewhere.revision() > before);
    let again = Hall::open(&hall.folder, &hall.keys);
    assert!(again.inner().messages[1].told_to(super::household(3)).is_some());
}

#[tokio::test]
async fn a_box_is_believed_nothing() {
    let hall = Hall::with_kiosks();
    let number = now().get();
    let ask = |asked: Asked<'_>| hall.originated(number, asked);
    let refused = async |originated: OriginatedAlert| {
        let error = hall.board.take_originated(BOX, originated).await.unwrap_err();
        assert!(hall.board.inner().messages.is_empty(), "{error}");
        error
    };
    let envelope = |error: NotOriginated| assert!(matches!(error, NotOriginated::Envelope(_)), "{error}");
    envelope(refused(ask(Asked { signers: &[1], ..Asked::default() })).await);
    envelope(refused(ask(Asked { signers: &[1, 1], ..Asked::default() })).await);
    envelope(refused(ask(Asked { signers: &[1, 101], ..Asked::default() })).await);
    envelope(refused(ask(Asked { signers: &[1, 9], ..Asked::default() })).await);
    let ahead = Asked { sent: now().plus(600_000), ..Asked::default() };
    assert!(matches!(refused(ask(ahead)).await, NotOriginated::DoesNotCount(_)));

    let good = ask(Asked::default());
    // Not what was signed, and somebody's own words.
    let mut bent = good.clone();
    bent.leaf[40] ^= 1;
    assert!(matches!(refused(bent).await, NotOriginated::OtherLeaf));
    let mut household = good.clone();
    household.leaf[16] ^= 1;
    assert!(matches!(refused(household).await, NotOriginated::Malformed));
    // A number of the town hall's own.
    let mut envelope = Envelope::decode(&good.carried.envelope).unwrap();
    envelope.sequence = Sequence { epoch: 1, number: 1 };
    let mut own = good.clone();
    own.carried.envelope = envelope.encode();
    assert!(matches!(refused(own).await, NotOriginated::NoBoxsNumber));

    // Two messages under one number: the first one counts.
    assert!(hall.board.take_originated(BOX, good).await.unwrap());
    let other = ask(Asked { message: "tsunami-major", ..Asked::default() });
    let error = hall.board.take_originated(BOX, other).await.unwrap_err();
    assert!(matches!(error, NotOriginated::Number(_)), "{error}");
    assert_eq!(hall.board.inner().messages.len(), 1);
}

#[tokio::test]
async fn one_officer_takes_back_at_a_box_what_televisions_take_too() {
    let hall = Hall::with_kiosks();
    let number = now().get();
    let began = UnixMillis::new((now().get() - 240_000) / 1_000 * 1_000);
    let order = hall.originated(number, Asked { sent: began, ..Asked::default() });
    hall.board.take_originated(BOX, order).await.unwrap();
    let references = vec![hall.board.inner().messages[0].alert().id()];
    let cancel = |number, sent: UnixMillis, signers| {
        let kind = MessageKind::Cancel;
        let sent = UnixMillis::new(sent.get() / 1_000 * 1_000);
        hall.originated(
            number,
            Asked { kind, references: references.clone(), sent, signers, ..Asked::default() },
        )
    };
    // Sent a while ago: every set would have heard it then, and refuses it.
    let late = cancel(number + 1, UnixMillis::new(now().get() - 180_000), &[1]);
    let error = hall.board.take_originated(BOX, late).await.unwrap_err();
    assert!(matches!(error, NotOriginated::DoesNotCount(_)), "{error}");
    let fresh = cancel(number + 2, now(), &[1]);
    assert!(hall.board.take_originated(BOX, fresh).await.unwrap());
    assert!(hall.board.inner().alerts.in_force(now()).is_empty());
}

#[tokio::test]
async fn an_officer_approves_at_a_kiosk_what_the_desk_drafted() {
    let hall = Hall::with_kiosks();
    let id = hall.draft(landslide(&["浜町"])).await.unwrap();
    let waiting = |hall: &Hall| hall.board.for_boxes(now()).drafts().to_vec();
    let [draft] = &waiting(&hall)[..] else { panic!("one waits") };
    assert_eq!((draft.id.as_str(), draft.needed), (id.as_str(), 2));
    let digest = Envelope::decode(&draft.draft.envelope).unwrap().digest();
    let (to_server, said) = tokio::sync::mpsc::channel(4);
    let taking = tokio::spawn(take_from_boxes(hall.folder.clone(), hall.board.clone(), said));
    let (answer, mut answers) = tokio::sync::mpsc::unbounded_channel();
    let mut approve = async |seed: u8, digest: &[u8; 32]| {
        let signed = OfficerKey::from_bytes(&[seed; 32]).sign(digest);
        let DeviceKey::Kiosk(key) = signed.key else { panic!("no kiosk's") };
        let (draft, signature) = (id.clone(), signed.signature.to_vec());
        let message = AlertMessage::Approval { draft, key, signature };
        assert!(
            to_server.send(FromBox { id: BOX, site: None, message, answer: answer.clone() }).await.is_ok()
        );
        match answers.recv().await {
            Some(AlertMessage::Approved { answer, .. }) => answer,
            other => panic!("{other:?}"),
        }
    };
    use hinamori_sync::ApprovalAnswer::{Gone, NotSigned, Sent, SignedAlready, Taken};
    assert_eq!(approve(1, &[0; 32]).await, NotSigned, "other bytes");
    assert_eq!(approve(101, &digest).await, NotSigned, "a drill's key");
    assert_eq!(approve(9, &digest).await, NotSigned, "nobody's key");
    assert_eq!(approve(1, &digest).await, Taken);
    assert_eq!(approve(1, &digest).await, SignedAlready);
    // The second signature is a passkey's or a kiosk's.
    assert_eq!(approve(2, &digest).await, Sent);
    assert_eq!(approve(2, &digest).await, Gone);
    drop(to_server);
    taking.await.unwrap();
    assert!(waiting(&hall).is_empty());
    let inner = hall.board.inner();
    let signed: Vec<_> = inner.messages[0].about.signed.iter().map(|signed| signed.officer).collect();
    assert_eq!((signed, inner.messages[0].signed.officers()), (vec![1, 2], 2));
    let instruction =
        |household: u8| inner.messages[0].households().any(|own| own == super::household(household));
    assert!(instruction(1) && !instruction(3));
}

/// What a key of this seed says of itself at a time.
fn test_of(seed: u8, at: UnixMillis) -> KeyTest {
    let key = OfficerKey::from_bytes(&[seed; 32]);
    let DeviceKey::Kiosk(public) = key.public() else { panic!("no kiosk's") };
    KeyTest { key: public, at, signature: key.sign(&test_digest(&public, at)).signature.to_vec() }
}

impl Hall {
    /// A box says this, and it is taken up.
    async fn hear(&self, message: AlertMessage) {
        let (to_server, said) = tokio::sync::mpsc::channel(4);
        let taking = tokio::spawn(take_from_boxes(self.folder.clone(), self.board.clone(), said));
        let (answer, _answers) = tokio::sync::mpsc::unbounded_channel();
        assert!(to_server.send(FromBox { id: BOX, site: None, message, answer }).await.is_ok());
        drop(to_server);
        taking.await.unwrap();
        let (root, mut inner) = (self.keys.town_root.public(), self.board.inner());
        let read = crate::alerts::board::FilesRead::of(&self.folder, &root, inner.seen).unwrap();
        read.into_iter().for_each(|read| inner.take_files(read));
    }

    /// Whether an officer can sign at a time, for what is real and for exercises.
    fn standings(&self, officer: u32, at: UnixMillis) -> [Standing; 2] {
        let officer = self.officer(officer);
        let inner = self.board.inner();
        let list = inner.list.as_ref().map(|listed| listed.list.as_ref());
        [KeyClass::Live, KeyClass::Exercise].map(|class| inner.register.standing(&officer, class, list, at))
    }
}

#[tokio::test]
async fn what_a_box_changes_of_the_town_hall_s_order_is_one_thread_for_sets_and_desk() {
    let hall = Hall::with_kiosks();
    let (own, other) = (hall.television(1).await, hall.television(3).await);
    let thread = hall.send(tsunami(&["浜町"])).await;
    assert_eq!(
        (
            hall.told(&own)["messages"].as_array().unwrap().len(),
            hall.told(&other)["messages"].as_array().unwrap().len()
        ),
        (1, 0)
    );
    let first = hall.board.inner().messages[0].alert().id();
    // Sent behind it: messages have whole seconds.
    let sent = first.sent.at().plus(1_000);
    let expected = sent.plus(15 * 60_000);
    let changed = Asked {
        message: "tsunami-major",
        references: vec![first],
        sent,
        arrives: Some(expected),
        ..Asked::default()
    };
    let changed = hall.originated(now().get(), changed);
    assert!(hall.board.take_originated(BOX, changed).await.unwrap());
    let told = hall.told(&own);
    let leaf = |number: usize| -> serde_json::Value {
        let leaf = crate::alerts::of_base64(told["messages"][number]["leaf"].as_str().unwrap()).unwrap();
        serde_json::from_slice(&leaf[32..]).unwrap()
    };
    assert_eq!(leaf(1)["arrives"], json!(expected));
    assert_eq!(leaf(1)["references"], json!([leaf(0)["id"]]));
    assert_eq!(hall.told(&other)["messages"].as_array().unwrap().len(), 1, "the new district hears it too");

    let officer = hall.officer(1);
    let shown = state(&hall.board.inner(), &officer, "汐見町", "", now())["threads"].clone();
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!((&shown[0]["id"], &shown[0]["arrives"]), (&json!(thread), &json!(expected)));
    assert_eq!(
        (&shown[0]["origin"], &shown[0]["districts"].as_array().unwrap().len()),
        (&json!(BOX.to_string()), &4)
    );
    // Whoever was told by the town hall answers what the box said since, and the desk counts it.
    hall.note(1, AnswerKind::Going, 30_000);
    let shown = state(&hall.board.inner(), &officer, "汐見町", "", now())["threads"][0]["stages"].clone();
    assert_eq!((&shown["households"], &shown["answered"]["count"]), (&json!(2), &json!(1)));
    // Once the town hall's own words are over, its people are still looked for.
    {
        let inner = hall.board.inner();
        let over = inner.messages[0].signed.alert().expires();
        let out = crate::alerts::people::out_at(&inner, over);
        assert_eq!(out.iter().map(|out| out.households.len()).collect::<Vec<_>>(), [2]);
    }
    // The desk goes on with what was said at the box: it warned 港町 without a place, and left out no district.
    let districts = ["浜町", "汐見", "本町", "港町"];
    let update =
        json!({ "kind": "Order", "message": "tsunami-major", "districts": districts, "thread": thread });
    hall.draft(update).await.unwrap();
    hall.draft(json!({ "kind": "Order", "thread": thread, "again": true })).await.unwrap();
    // And it is over for all of them at once.
    hall.send(json!({ "kind": "AllClear", "thread": thread })).await;
    assert!(hall.board.inner().alerts.in_force(now()).iter().all(|known| known.messages.len() == 3));
}

#[tokio::test]
async fn an_officer_with_a_key_at_kiosks_alone_can_sign_as_long_as_it_was_tested() {
    const DAY: u64 = 24 * 3_600_000;
    let hall = Hall::new();
    add_officer(&hall.folder, 3, "石井", "係長", LATE).unwrap();
    let able = |hall: &Hall, at| {
        let inner = hall.board.inner();
        let list = inner.list.as_ref().map(|listed| listed.list.as_ref());
        inner.register.able(KeyClass::Live, list, at)
    };
    hall.look();
    assert_eq!((able(&hall, now()), hall.standings(3, now())), (2, [Standing::NoDevice; 2]));
    hall.let_in(3, 3);
    assert_eq!(
        (able(&hall, now()), hall.standings(3, now())),
        (3, [Standing::Able; 2]),
        "they made it a moment ago"
    );
    // 36 days later nobody knows whether it still works.
    let later = now().plus(36 * DAY);
    assert_eq!((able(&hall, later), hall.standings(3, later)), (0, [Standing::OldProof; 2]));

    let proved = |hall: &Hall| {
        let officer = hall.officer(1);
        let shown = state(&hall.board.inner(), &officer, "", "", now())["signers"][2].clone();
        (shown["kiosk"]["live"].as_u64().unwrap(), shown["kiosk"]["exercise"].as_u64().unwrap())
    };
    let mut register = hall.folder.officers().unwrap();
    let old = now().get() - 50 * DAY;
    register.set_back_kiosks(UnixMillis::new(old));
    hall.folder.lock().unwrap().save_officers(&register).unwrap();
    hall.look();
    assert_eq!((proved(&hall), able(&hall, now())), ((old, old), 2));
    // Somebody else's, nobody's, bent, of a day to come, and what counts no more prove nothing.
    let at = UnixMillis::new(now().get() - DAY);
    let mut bent = test_of(3, at);
    bent.at = at.plus(1);
    let mut swapped = test_of(3, at);
    swapped.key = test_of(103, at).key;
    let forged = [
        test_of(9, at),
        bent,
        swapped,
        test_of(3, now().plus(DAY)),
        KeyTest { signature: vec![1], ..test_of(3, at) },
    ];
    hall.hear(AlertMessage::KeyTests(forged.to_vec())).await;
    assert_eq!(proved(&hall), (old, old));
    hall.hear(AlertMessage::KeyTests(vec![test_of(3, UnixMillis::new(old + 3 * DAY))])).await;
    assert_eq!((proved(&hall), able(&hall, now())), ((old + 3 * DAY, old), 2), "with its date");
    // The drill's key proves itself, and the live one too.
    hall.hear(AlertMessage::KeyTests(vec![test_of(103, at)])).await;
    assert_eq!(hall.standings(3, now()), [Standing::OldProof, Standing::Able]);
    hall.hear(AlertMessage::KeyTests(vec![test_of(3, at), test_of(103, at)])).await;
    assert_eq!((proved(&hall), able(&hall, now())), ((at.get(), at.get()), 3));
    // An older one said again takes nothing back.
    hall.hear(AlertMessage::KeyTests(vec![test_of(3, UnixMillis::new(old + DAY))])).await;
    assert_eq!(proved(&hall), (at.get(), at.get()));
    // What is signed in earnest shows it as well.
    hall.let_in(2, 2);
    let order = hall.originated(now().get(), Asked { signers: &[2, 3], ..Asked::default() });
    hall.hear(AlertMessage::Originated(order)).await;
    assert_eq!(hall.board.inner().messages.len(), 1);
    assert!(proved(&hall).0 > at.get() + DAY / 2);
}
