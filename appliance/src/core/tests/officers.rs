//! Two officers at a kiosk without a town hall: their keys open with their cards alone, what they sign is what they were shown, and what is
//! not as it must be goes nowhere.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hinamori_alert::{
    Beat, BeatKey, Device, DeviceKey, Envelope, KeyList, OfficerId, OfficerSignature, SealedKioskKey,
    Sequence, SequenceVerdict, Sequences, test_digest,
};
use hinamori_ipc::{
    AlertClass, AlertDesk, AlertDraft, AlertKind, AlertNotice, AlertRefusal, AlertThread, AlertWanted,
    Arrival, ClockState, OfficerStanding, SignInFault,
};
use hinamori_model::{Role, SiteKind, StaffId};
use hinamori_plan::SignedPlan;
use hinamori_sim::pcscd::in_namespace;
use hinamori_sim::presented::Fault;
use hinamori_sync::{
    AlertMessage, ApprovalAnswer, CarriedAlert, Grants, Held, KeyTest, KioskKeys, Session, Side, WaitingDraft,
};

use super::neighbours::{Wire, package_of};
use super::staff::{LEADER, digits};
use super::televisions::{DOOR, told};
use super::*;
use crate::core::alerts::{AlertsShown, Carrier};

const PLAN: &str = include_str!("../../../../packaging/demo-town/alerts.toml");
const SENDER: &str = "bousai@town.shiomi.example";
const PIN: &str = "1234";
const MINUTE: u64 = 60_000;
/// Hanako, Naoki and Kiyoko are staff; the first two are officers.
const STAFF: [(&str, u8); 3] = [("hanako", 0x11), ("naoki", 0x22), ("kiyoko", 0x33)];

fn plan_by(root: &RootKey, version: u64) -> AlertMessage {
    AlertMessage::Plan(SignedPlan::encode(version, PLAN, |domain, body| root.sign_alert_keys(domain, body)))
}

/// The root lists both keys of each, as this officer's.
fn list_of(version: u32, all: &[(&KioskKeys, u32)]) -> AlertMessage {
    let devices = all.iter().flat_map(|(keys, officer)| {
        [&keys.live, &keys.exercise].map(|bytes| {
            let key = SealedKioskKey::from_bytes(bytes).unwrap();
            let (class, officer) = (key.class(), OfficerId(*officer));
            Device { class, officer, until: UnixMillis::new(u64::MAX), key: key.public() }
        })
    });
    let fixed = (BeatKey::from_bytes(&[9; 32]).public(), [7; 32]);
    let list = KeyList::new(version, UnixMillis::new(7), fixed, SENDER, devices).unwrap();
    let bytes = list.encode(|domain, body| root().sign_alert_keys(domain, body));
    AlertMessage::Keys { version, bytes }
}

/// The town hall's clock says this.
fn beat(at: UnixMillis) -> AlertMessage {
    let latest = Sequence { epoch: 1, number: 0 };
    AlertMessage::Beat(BeatKey::from_bytes(&[9; 32]).beat(Beat { at, latest }))
}

fn order(class: AlertClass, message: &str) -> AlertWanted {
    order_for(class, message, &[])
}

fn order_for(class: AlertClass, message: &str, districts: &[&str]) -> AlertWanted {
    AlertWanted::Order {
        class,
        message: message.to_owned(),
        districts: districts.iter().map(|name| (*name).to_owned()).collect(),
        arrival: Arrival::Unknown,
        closed: Vec::new(),
    }
}

/// These districts beside those before.
fn update(thread: &AlertThread, message: &str, added: &[&str], arrival: Arrival) -> AlertWanted {
    AlertWanted::Update {
        thread: thread.id.clone(),
        message: message.to_owned(),
        added: Some(added.iter().map(|name| (*name).to_owned()).collect()),
        arrival,
        closed: Vec::new(),
    }
}

impl Bench {
    fn hear_for_officers(&mut self, message: AlertMessage) -> usize {
        let refused = self.core.take_alerts(Carrier::Server, vec![message], self.now);
        self.core.publish(self.now);
        refused
    }

    /// A box with staff and the town's plan, at a whole second: CAP knows no others.
    fn with_plan() -> Self {
        Self::planned(Self::without_town(), |_| ())
    }

    fn planned(mut bench: Self, change: impl FnOnce(&mut Package)) -> Self {
        bench.now = UnixMillis::new(bench.now.get() / 1_000 * 1_000);
        bench.package.staff =
            STAFF.map(|(card, id)| bench.grant(StaffId::from_bytes([id; 16]), Role::Leader, card)).into();
        change(&mut bench.package);
        let package = bench.package.clone();
        bench.take(&package);
        bench.open(Mode::Live);
        assert_eq!(bench.hear_for_officers(plan_by(&root(), 1)), 0);
        bench
    }

    fn make_keys(&mut self, card: &str) -> KioskKeys {
        self.sign_in(card, None);
        assert_eq!(self.ask_now(Command::MakeOfficerKeys { pin: digits(PIN) }), Ok(None));
        let told = self.hold_awaited(card, Fault::None);
        assert!(
            matches!(&told[..], [ToKiosk::OfficerKeysMade(words)] if words.iter().all(|word| !word.is_empty()))
        );
        self.core.officers.files.made().last().unwrap().clone()
    }

    /// The same with two officers whose keys the root lists; the first one is signed in.
    fn with_officers() -> (Self, [KioskKeys; 2]) {
        Self::with_plan().and_officers()
    }

    fn and_officers(self) -> (Self, [KioskKeys; 2]) {
        let mut bench = self;
        let keys = ["hanako", "naoki"].map(|card| bench.make_keys(card));
        bench.hear_for_officers(list_of(1, &[(&keys[0], 1), (&keys[1], 2)]));
        bench.hear_for_officers(AlertMessage::KioskKeys(keys.to_vec()));
        bench.sign_in("hanako", None);
        (bench, keys)
    }

    fn officer_standing(&self) -> OfficerStanding {
        self.lane().staff.as_ref().unwrap().officer
    }

    fn desk(&mut self) -> AlertDesk {
        match self.ask_now(Command::ShowAlertDesk) {
            Ok(Some(ToKiosk::AlertDesk(desk))) => *desk,
            other => panic!("{other:?}"),
        }
    }

    fn drafted(&mut self, wanted: AlertWanted) -> AlertDraft {
        match self.ask_now(Command::DraftAlert { wanted }) {
            Ok(Some(ToKiosk::AlertDraft(draft))) => *draft,
            other => panic!("{other:?}"),
        }
    }

    fn sign_with(&mut self, draft: &str, card: &str, pin: &str, fault: Fault) -> ToKiosk {
        let command = Command::SignAlert { draft: draft.to_owned(), pin: digits(pin) };
        if let Some(told) = self.ask_now(command).unwrap() {
            return told;
        }
        let told = self.hold_awaited(card, fault);
        assert_eq!(told.len(), 1, "{told:?}");
        told.into_iter().next().unwrap()
    }

    fn signed(&mut self, draft: &str, card: &str) -> ToKiosk {
        self.sign_with(draft, card, PIN, Fault::None)
    }

    /// Both officers sign it.
    fn sent(&mut self, wanted: AlertWanted) -> AlertDraft {
        let draft = self.drafted(wanted);
        assert!(!is_sent(&self.signed(&draft.id, "hanako")));
        match self.signed(&draft.id, "naoki") {
            ToKiosk::AlertDraft(draft) if draft.is_sent() => *draft,
            other => panic!("{other:?}"),
        }
    }

    fn notices(&mut self) -> Vec<AlertNotice> {
        self.core.show_alerts(self.now);
        self.core.publish(self.now);
        self.lane().alerts.as_deref().cloned().unwrap_or_default().shown
    }

    fn shows(&mut self) -> Vec<(AlertClass, AlertKind)> {
        self.notices().iter().map(|notice| (notice.class, notice.kind)).collect()
    }

    /// The only thing that is out.
    fn thread(&mut self) -> AlertThread {
        let threads = self.desk().threads;
        assert_eq!(threads.len(), 1);
        threads[0].clone()
    }

    fn refused(&mut self, wanted: AlertWanted) -> AlertRefusal {
        why(&self.ask_now(Command::DraftAlert { wanted }).unwrap().unwrap())
    }

    /// So much later; whoever was signed in is not any more.
    fn go_on(&mut self, millis: u64) {
        self.now = self.now.plus(millis);
        self.sign_in("hanako", None);
    }

    /// An order of the town hall's own number, which both officers sign here.
    fn sent_by_the_hall(&mut self, wanted: AlertWanted) {
        let own = self.drafted(wanted);
        let (alert, mut envelope) = self.core.officers.own_bytes(&own.id).unwrap();
        self.ask_now(Command::DropAlert { draft: own.id }).unwrap();
        envelope.sequence = Sequence { epoch: 1, number: 1 };
        let draft = CarriedAlert { alert: alert.clone(), envelope: envelope.encode() };
        let until = self.now.plus(10 * MINUTE);
        let mut server = Server::of(self);
        drop(server.heard());
        server.say(
            self,
            &AlertMessage::Drafts(vec![WaitingDraft { id: "desk".to_owned(), draft, needed: 2, until }]),
        );
        let shown = self.desk().drafts[0].clone();
        for card in ["hanako", "naoki"] {
            self.ask_now(Command::SignAlert { draft: shown.id.clone(), pin: digits(PIN) }).unwrap();
            assert_eq!(self.hold_awaited(card, Fault::None), []);
            let [AlertMessage::Approval { draft, key, signature }] = &server.heard()[..] else { panic!() };
            envelope.signatures.push(OfficerSignature {
                key: DeviceKey::Kiosk(*key),
                assertion: None,
                signature: signature.as_slice().try_into().unwrap(),
            });
            let answer = ApprovalAnswer::Taken;
            server.say(self, &AlertMessage::Approved { draft: draft.clone(), answer });
        }
        server.say(self, &AlertMessage::Drafts(Vec::new()));
        server.say(self, &AlertMessage::Sent(CarriedAlert { alert, envelope: envelope.encode() }));
        self.core.handle(Event::Link(LinkEvent::Down), self.now);
    }
}

fn is_sent(told: &ToKiosk) -> bool {
    matches!(told, ToKiosk::AlertDraft(draft) if draft.is_sent())
}

fn why(told: &ToKiosk) -> AlertRefusal {
    match told {
        ToKiosk::AlertRefused(why) => *why,
        other => panic!("{other:?}"),
    }
}

fn fault(told: &ToKiosk) -> SignInFault {
    match told {
        ToKiosk::NotSignedIn(fault) => *fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_officer_makes_keys_with_their_card_and_may_use_them_when_the_root_lists_them() {
    let mut bench = Bench::with_plan();
    assert_eq!(bench.ask_now(Command::MakeOfficerKeys { pin: digits(PIN) }), Err(Refusal::SignIn));
    bench.sign_in("hanako", None);
    assert_eq!(bench.officer_standing(), OfficerStanding::WithoutKeys);
    // Somebody else's card is not given the PIN, and a wrong PIN or a card that goes makes nothing.
    let try_with = |bench: &mut Bench, card, pin, fault_of: Fault| {
        bench.ask_now(Command::MakeOfficerKeys { pin: digits(pin) }).unwrap();
        fault(&bench.hold_awaited(card, fault_of)[0])
    };
    assert_eq!(try_with(&mut bench, "naoki", PIN, Fault::None), SignInFault::OtherCard);
    let wrong = SignInFault::WrongPin { tries_left: Some(2) };
    assert_eq!(try_with(&mut bench, "hanako", "4321", Fault::None), wrong);
    for answered in [14, 18, 22, 24] {
        let torn = try_with(&mut bench, "hanako", PIN, Fault::TornAfter(answered));
        assert_eq!(torn, SignInFault::NotRead, "{answered}");
    }
    assert!(bench.core.officers.files.made().is_empty());
    let keys = bench.make_keys("hanako");
    assert_eq!((bench.officer_standing(), keys.staff), (OfficerStanding::Waits, LEADER));
    // They are a claim: sealed keys that the root does not list open nothing, whoever brings them.
    bench.hear_for_officers(AlertMessage::KioskKeys(vec![keys.clone()]));
    assert_eq!(bench.officer_standing(), OfficerStanding::Waits);
    assert_eq!(bench.ask_now(Command::ShowAlertDesk), Err(Refusal::SignIn));
    bench.hear_for_officers(list_of(1, &[(&keys, 1)]));
    assert_eq!(bench.officer_standing(), OfficerStanding::Officer);
    assert_eq!(bench.desk().live_officers, 1);
    // All of it is there after a restart.
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    bench.sign_in("hanako", None);
    assert_eq!(bench.officer_standing(), OfficerStanding::Officer);
    bench.core.tell_server_of_alerts();
    assert!(bench.core.officers.files.made().is_empty(), "they wait no longer");
    // A newer list without them.
    bench.hear_for_officers(list_of(2, &[]));
    assert_eq!(bench.officer_standing(), OfficerStanding::WithoutKeys);
}

#[test]
fn two_officers_say_what_the_town_prepared_and_it_counts_here_at_once_and_over_a_restart() {
    let (mut bench, _keys) = Bench::with_officers();
    let desk = bench.desk();
    let labels: Vec<&str> = desk.messages.iter().map(|message| message.label.as_str()).collect();
    assert_eq!(labels, ["大津波警報", "津波警報", "土砂災害 レベル4"]);
    assert_eq!((desk.live_officers, desk.threads.len(), desk.is_online), (2, 0, false));
    let draft = bench.drafted(order(AlertClass::Live, "tsunami-major"));
    assert_eq!((draft.signatures, draft.needed, draft.notice.class), (0, 2, AlertClass::Live));
    assert_eq!(draft.notice.title, "大津波警報　避難指示");
    assert_eq!(draft.notice.districts, desk.districts);
    assert!(!draft.places.is_empty() && !draft.instruction.is_empty());
    let first = bench.signed(&draft.id, "hanako");
    assert!(matches!(&first, ToKiosk::AlertDraft(draft) if draft.signatures == 1), "{first:?}");
    assert_eq!(bench.shows(), [], "one officer says nothing");
    assert_eq!(why(&bench.signed(&draft.id, "hanako")), AlertRefusal::SignedAlready);
    assert!(is_sent(&bench.signed(&draft.id, "naoki")));
    assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::Order)]);
    assert_eq!(why(&bench.signed(&draft.id, "naoki")), AlertRefusal::Gone);
    let [AlertMessage::Originated(sent)] = &bench.core.alerts.originated()[..] else { panic!("none") };
    // What was signed is what was shown: the draft's name is the beginning of the digest.
    let envelope = Envelope::decode(&sent.carried.envelope).unwrap();
    let digest: String = envelope.digest().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((digest, envelope.households), (draft.id, 1));
    let sent = sent.clone();
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::Order)]);
    assert_eq!(bench.core.alerts.originated(), [&AlertMessage::Originated(sent)]);
}

#[test]
fn a_drill_takes_one_officer_and_its_key_signs_nothing_that_is_real() {
    let (mut bench, keys) = Bench::with_officers();
    let drill = bench.drafted(order(AlertClass::Exercise, "tsunami-major"));
    assert_eq!((drill.notice.class, drill.needed), (AlertClass::Exercise, 1));
    assert!(is_sent(&bench.signed(&drill.id, "naoki")));
    assert_eq!(bench.shows(), [(AlertClass::Exercise, AlertKind::Order)]);
    // Somebody brings the keys with the drill's in the place of the live one.
    let swapped = keys.map(|keys| KioskKeys { live: keys.exercise.clone(), ..keys });
    bench.hear_for_officers(AlertMessage::KioskKeys(swapped.to_vec()));
    let live = bench.drafted(order(AlertClass::Live, "tsunami-major"));
    assert_eq!(fault(&bench.signed(&live.id, "naoki")), SignInFault::NoOfficerKey);
}

#[test]
fn a_card_opens_its_own_key_and_no_other_and_its_tries_are_not_burnt() {
    let (mut bench, keys) = Bench::with_officers();
    let draft = bench.drafted(order(AlertClass::Live, "landslide-4"));
    let wrong = SignInFault::WrongPin { tries_left: Some(2) };
    assert_eq!(fault(&bench.sign_with(&draft.id, "hanako", "4321", Fault::None)), wrong);
    // Staff who is no officer, and a resident: their cards are not given the PIN, wrong as it is for both.
    for card in ["kiyoko", "isamu", "doctor", "phone", "suica-unknown"] {
        let told = bench.sign_with(&draft.id, card, "4321", Fault::None);
        assert_eq!(fault(&told), SignInFault::NoOfficerKey, "{card}");
    }
    for answered in [6, 10, 12] {
        let told = bench.sign_with(&draft.id, "hanako", PIN, Fault::TornAfter(answered));
        assert_eq!(fault(&told), SignInFault::NotRead, "{answered}");
    }
    assert_eq!(bench.desk().drafts[0].signatures, 0);
    // A box that is not honest brings the mayor's sealed key as Kiyoko's card's: her card does not open it.
    let kiyoko = bench.grant(StaffId::from_bytes([0x33; 16]), Role::Leader, "kiyoko").cards[0].card;
    let stolen = KioskKeys { staff: StaffId::from_bytes([0x33; 16]), card: kiyoko, ..keys[0].clone() };
    bench.hear_for_officers(AlertMessage::KioskKeys(vec![keys[0].clone(), keys[1].clone(), stolen]));
    assert_eq!(fault(&bench.signed(&draft.id, "kiyoko")), SignInFault::NoOfficerKey);
    assert!(!is_sent(&bench.signed(&draft.id, "naoki")));
    assert!(is_sent(&bench.signed(&draft.id, "hanako")));
}

#[test]
fn one_officer_with_two_cards_is_one() {
    let mut bench = Bench::with_plan();
    let keys = ["hanako", "naoki"].map(|card| bench.make_keys(card));
    bench.hear_for_officers(list_of(1, &[(&keys[0], 1), (&keys[1], 1)]));
    bench.hear_for_officers(AlertMessage::KioskKeys(keys.to_vec()));
    bench.sign_in("hanako", None);
    assert_eq!(bench.desk().live_officers, 1);
    let draft = bench.drafted(order(AlertClass::Live, "tsunami-major"));
    assert!(!is_sent(&bench.signed(&draft.id, "hanako")));
    assert_eq!(why(&bench.signed(&draft.id, "naoki")), AlertRefusal::SignedAlready);
    assert_eq!(bench.shows(), []);
}

#[test]
fn a_plan_that_the_root_did_not_sign_or_an_older_one_is_not_taken() {
    let mut bench = Bench::with_plan();
    assert_eq!(bench.hear_for_officers(plan_by(&RootKey::from_bytes(&[4; 32]), 9)), 1);
    let AlertMessage::Plan(mut bent) = plan_by(&root(), 9) else { panic!() };
    let at = bent.windows(6).position(|word| word == "高台".as_bytes()).unwrap_or(900);
    bent[at] ^= 1;
    assert_eq!(bench.hear_for_officers(AlertMessage::Plan(bent)), 1);
    let shorter = PLAN.replacen("土砂災害 レベル4", "土砂災害", 1);
    let other = |version, text: &str| {
        let sign = |domain, body: &[u8]| root().sign_alert_keys(domain, body);
        AlertMessage::Plan(SignedPlan::encode(version, text, sign))
    };
    let label = |bench: &Bench| bench.core.officers.files.plan().unwrap().messages[2].label.clone();
    assert_eq!(bench.hear_for_officers(other(1, &shorter)), 0, "no fault, and no news");
    assert_eq!(label(&bench), "土砂災害 レベル4");
    bench.hear_for_officers(other(2, &shorter));
    assert_eq!(label(&bench), "土砂災害");
    bench.hear_for_officers(plan_by(&root(), 1));
    assert_eq!(label(&bench), "土砂災害");
}

#[test]
fn a_mistake_is_taken_back_by_one_officer_in_time_and_never_a_tsunami() {
    let (mut bench, _keys) = Bench::with_officers();
    bench.sent(order(AlertClass::Live, "landslide-4"));
    bench.now = bench.now.plus(2 * MINUTE);
    bench.sign_in("hanako", None);
    let thread = bench.desk().threads[0].clone();
    assert_eq!(thread.alone_until, Some(thread.notice.sent.plus(10 * MINUTE)));
    let cancel = bench.drafted(AlertWanted::Cancel { thread: thread.id });
    assert_eq!((cancel.needed, cancel.notice.kind), (1, AlertKind::Cancel));
    assert!(is_sent(&bench.signed(&cancel.id, "hanako")));
    assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::Cancel)]);

    // Too late, and against a tsunami, it takes two; so does an all-clear at any time.
    for (message, after) in [("landslide-4", 11), ("tsunami-major", 1)] {
        let (mut bench, _keys) = Bench::with_officers();
        bench.sent(order(AlertClass::Live, message));
        bench.now = bench.now.plus(after * MINUTE);
        bench.sign_in("hanako", None);
        let thread = bench.desk().threads[0].clone();
        assert_eq!(thread.alone_until, None, "{message}");
        let cancel = bench.drafted(AlertWanted::Cancel { thread: thread.id.clone() });
        assert_eq!(cancel.needed, 2, "{message}");
        assert!(!is_sent(&bench.signed(&cancel.id, "hanako")));
        assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::Order)], "{message}");
        assert!(is_sent(&bench.signed(&cancel.id, "naoki")));
        assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::Cancel)], "{message}");
    }
    let (mut bench, _keys) = Bench::with_officers();
    bench.sent(order(AlertClass::Live, "landslide-4"));
    bench.now = bench.now.plus(MINUTE);
    let thread = bench.desk().threads[0].clone();
    let all_clear = bench.drafted(AlertWanted::AllClear { thread: thread.id });
    assert_eq!((all_clear.needed, all_clear.notice.kind), (2, AlertKind::AllClear));
    assert!(!is_sent(&bench.signed(&all_clear.id, "naoki")));
    assert!(is_sent(&bench.signed(&all_clear.id, "hanako")));
    assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::AllClear)]);
}

#[test]
fn a_tsunami_that_came_meanwhile_makes_a_cancel_take_two() {
    let (mut bench, _keys) = Bench::with_officers();
    bench.sent(order(AlertClass::Live, "landslide-4"));
    bench.now = bench.now.plus(MINUTE);
    let thread = bench.desk().threads[0].clone();
    let tsunami = bench.drafted(order(AlertClass::Live, "tsunami-major"));
    bench.now = bench.now.plus(1_000);
    let cancel = bench.drafted(AlertWanted::Cancel { thread: thread.id });
    assert_eq!(cancel.needed, 1);
    assert!(!is_sent(&bench.signed(&tsunami.id, "hanako")));
    assert!(is_sent(&bench.signed(&tsunami.id, "naoki")));
    assert_eq!(why(&bench.signed(&cancel.id, "hanako")), AlertRefusal::NeedsAnother);
    assert!(!is_sent(&bench.signed(&cancel.id, "hanako")));
    assert!(is_sent(&bench.signed(&cancel.id, "naoki")));
}

#[test]
fn no_number_is_given_twice_whatever_the_clock_says_and_when_the_power_fails() {
    let (mut bench, _keys) = Bench::with_officers();
    let number = |bench: &mut Bench| {
        let draft = bench.drafted(order(AlertClass::Exercise, "landslide-4"));
        bench.core.officers.own_sequence(&draft.id).unwrap()
    };
    let first = number(&mut bench);
    assert!(first.is_of_a_box() && first.number >= bench.now.get());
    let second = number(&mut bench);
    assert!(second.number > first.number);
    // The power fails with a number given out and nothing signed, and the clock has lost an hour.
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    bench.now = UnixMillis::new(bench.now.get() - 60 * MINUTE);
    bench.sign_in("hanako", None);
    let third = number(&mut bench);
    assert_eq!(third.epoch, second.epoch);
    assert!(third.number > second.number);
    assert!(bench.desk().drafts.iter().all(|draft| draft.signatures == 0), "drafts survive no restart");
    // A drawer that forgot: what is known to be sent still counts.
    let sent = bench.sent(order(AlertClass::Live, "landslide-4"));
    assert!(sent.is_sent());
    std::fs::remove_file(bench.core.config.data.join("alerts/number")).unwrap();
    assert!(number(&mut bench).number > third.number);
}

#[test]
fn a_draft_waits_ten_minutes_and_a_disk_that_takes_no_number_makes_none() {
    let (mut bench, _keys) = Bench::with_officers();
    let draft = bench.drafted(order(AlertClass::Live, "landslide-4"));
    assert!(!is_sent(&bench.signed(&draft.id, "hanako")));
    bench.now = bench.now.plus(11 * MINUTE);
    bench.sign_in("hanako", None);
    assert_eq!(why(&bench.signed(&draft.id, "naoki")), AlertRefusal::Gone);
    let other = bench.drafted(order(AlertClass::Live, "landslide-4"));
    let Ok(Some(ToKiosk::AlertDesk(desk))) = bench.ask_now(Command::DropAlert { draft: other.id }) else {
        panic!("no desk")
    };
    assert!(desk.drafts.is_empty());
    let folder = bench.core.config.data.join("alerts");
    std::fs::remove_file(folder.join("number")).unwrap();
    std::fs::create_dir(folder.join("number")).unwrap();
    let wanted = order(AlertClass::Live, "landslide-4");
    let told = bench.ask_now(Command::DraftAlert { wanted }).unwrap().unwrap();
    assert_eq!(why(&told), AlertRefusal::NotKept);
}

/// Two boxes of the town whose officers' cards open at both.
fn two_boxes() -> (Bench, Bench) {
    let (mut one, mut other) = (Bench::without_town(), Bench::without_town());
    one.now = UnixMillis::new(one.now.get() / 1_000 * 1_000);
    other.now = one.now;
    let mut package = package_of(&one, &other, true);
    package.staff =
        STAFF.map(|(card, id)| one.grant(StaffId::from_bytes([id; 16]), Role::Leader, card)).into();
    for bench in [&mut one, &mut other] {
        bench.take(&package);
        bench.open(Mode::Live);
    }
    one.hear_for_officers(plan_by(&root(), 1));
    let keys = ["hanako", "naoki"].map(|card| one.make_keys(card));
    one.hear_for_officers(list_of(1, &[(&keys[0], 1), (&keys[1], 2)]));
    one.hear_for_officers(AlertMessage::KioskKeys(keys.to_vec()));
    (one, other)
}

#[test]
fn keys_made_at_one_box_open_at_another_and_two_boxes_may_speak_at_once() {
    let (mut one, mut other) = two_boxes();
    // Plan, list and sealed keys go from box to box.
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    for bench in [&mut one, &mut other] {
        bench.sign_in("hanako", None);
        assert_eq!(bench.officer_standing(), OfficerStanding::Officer);
    }
    // The network is gone, both speak in the same millisecond, and it comes back.
    let (tsunami, landslide) =
        (order(AlertClass::Live, "tsunami-major"), order(AlertClass::Live, "landslide-4"));
    one.sent(tsunami);
    other.sent(landslide);
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    for bench in [&mut one, &mut other] {
        assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::Order); 2]);
    }
    assert_eq!(one.core.alerts.originated().len(), 2, "with what everybody is told");
    assert_eq!(one.core.alerts_held(), other.core.alerts_held());
    // A third one, in whatever order they come, sees no fork.
    let list = one.core.alerts.list().unwrap().clone();
    let all = one.core.alerts.originated();
    for messages in [all.clone(), all.into_iter().rev().collect()] {
        let mut sequences = Sequences::default();
        for message in messages {
            let AlertMessage::Originated(sent) = message else { panic!() };
            let envelope = Envelope::decode(&sent.carried.envelope).unwrap();
            let signed = envelope.verify(&sent.carried.alert, &list).unwrap();
            assert_eq!(sequences.note(&signed), SequenceVerdict::New);
        }
    }
}

#[test]
fn what_a_neighbour_says_was_originated_is_verified_with_its_leaf() {
    let (mut bench, _keys) = Bench::with_officers();
    bench.sent(order(AlertClass::Live, "landslide-4"));
    let AlertMessage::Originated(sent) = bench.core.alerts.originated()[0].clone() else { panic!() };
    let (mut fresh, _) = Bench::with_officers();
    let list = bench.core.alerts.to_pass_on().0.map(|(_, bytes)| bytes.to_vec()).unwrap();
    fresh.core.alerts = BoxAlerts::new(fresh.folder.path());
    fresh.core.alerts.follow(root().public(), fresh.core.alert_time(fresh.now));
    fresh.hear_for_officers(AlertMessage::Keys { version: 1, bytes: list });
    let peer = bench.core.own;
    let mut hear = |message| {
        fresh.core.take_alerts(Carrier::Neighbour(peer), vec![message], fresh.now);
        fresh.shows()
    };
    let mut bent = sent.clone();
    bent.leaf[40] ^= 1;
    assert_eq!(hear(AlertMessage::Originated(bent)), []);
    let mut own_words = sent.clone();
    own_words.leaf[20] ^= 1;
    assert_eq!(hear(AlertMessage::Originated(own_words)), []);
    // Without its leaf it is told all the same, and the leaf may come later.
    let order = [(AlertClass::Live, AlertKind::Order)];
    assert_eq!(hear(AlertMessage::Sent(sent.carried.clone())), order);
    assert_eq!(hear(AlertMessage::Originated(sent)), order);
    assert_eq!(fresh.core.alerts.originated().len(), 1);
}

#[test]
fn a_box_whose_clock_is_ahead_is_believed_by_nobody_until_then_and_silences_nobody() {
    let (mut one, mut other) = two_boxes();
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    one.now = one.now.plus(60 * MINUTE);
    one.sign_in("hanako", None);
    one.sent(order(AlertClass::Live, "tsunami-major"));
    let messages: Vec<AlertMessage> = one.core.alerts.originated().into_iter().cloned().collect();
    other.sign_in("hanako", None);
    let time = other.core.alert_time(other.now);
    for message in &messages {
        let AlertMessage::Originated(sent) = message else { panic!() };
        // A receiver that knows the time takes nothing from the future.
        let strict = crate::alerts::AlertTime { latest: time.now, ..time };
        let taken = other.core.alerts.take_originated(sent.clone(), strict);
        assert!(matches!(taken, Err(crate::alerts::NotTaken::DoesNotCount(_))), "{taken:?}");
    }
    other.sent(order(AlertClass::Live, "landslide-4"));
    assert_eq!(other.shows(), [(AlertClass::Live, AlertKind::Order)]);
}

/// What the server hears of this box, and a way to answer.
struct Server {
    session: Session,
    sent: tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>,
}

impl Server {
    fn of(bench: &mut Bench) -> Self {
        let (out, sent) = tokio::sync::mpsc::unbounded_channel();
        let side = Side::Server { peer: bench.core.own };
        let (session, hello) = Session::new(side, root().public(), None, Grants::default(), Held::NOTHING);
        bench.core.handle(Event::Link(LinkEvent::Up { out }), bench.now);
        bench.core.handle(Event::Link(LinkEvent::Received(hello)), bench.now);
        Self { session, sent }
    }

    /// What the box said of alerts since.
    fn heard(&mut self) -> Vec<AlertMessage> {
        let mut heard = Vec::new();
        while let Ok(bytes) = self.sent.try_recv() {
            heard.extend(self.session.received(&bytes).unwrap().alerts);
        }
        heard
    }

    fn say(&mut self, bench: &mut Bench, message: &AlertMessage) {
        let bytes = self.session.offer_of_alerts([message]);
        bench.core.handle(Event::Link(LinkEvent::Received(bytes)), bench.now);
        bench.core.publish(bench.now);
    }
}

#[test]
fn the_server_hears_of_it_when_it_is_back_and_of_keys_until_the_root_lists_them() {
    let mut bench = Bench::with_plan();
    let keys = bench.make_keys("hanako");
    let mut server = Server::of(&mut bench);
    assert_eq!(server.heard(), [AlertMessage::KeysMade(keys.clone())]);
    bench.core.handle(Event::Link(LinkEvent::Down), bench.now);
    let other = bench.make_keys("naoki");
    bench.hear_for_officers(list_of(1, &[(&keys, 1), (&other, 2)]));
    bench.hear_for_officers(AlertMessage::KioskKeys(vec![keys, other]));
    bench.sign_in("hanako", None);
    bench.sent(order(AlertClass::Live, "tsunami-major"));
    let originated = bench.core.alerts.originated()[0].clone();
    let mut server = Server::of(&mut bench);
    assert_eq!(server.heard(), [originated]);
    // The next one at once, and nothing twice.
    bench.now = bench.now.plus(MINUTE);
    bench.sign_in("hanako", None);
    bench.sent(order(AlertClass::Live, "landslide-4"));
    assert_eq!(server.heard().len(), 1);
}

#[test]
fn an_officer_approves_what_the_town_hall_drafted_and_hears_what_became_of_it() {
    let (mut bench, _keys) = Bench::with_officers();
    // The same words as the box would make; the town hall's own number is on them.
    let own = bench.drafted(order(AlertClass::Live, "landslide-4"));
    let (alert, envelope) = bench.core.officers.own_bytes(&own.id).unwrap();
    bench.ask_now(Command::DropAlert { draft: own.id }).unwrap();
    let waiting = |envelope: &Envelope| WaitingDraft {
        id: "desk-1".to_owned(),
        draft: CarriedAlert { alert: alert.clone(), envelope: envelope.encode() },
        needed: 2,
        until: bench.now.plus(10 * MINUTE),
    };
    let mut of_the_hall = envelope;
    of_the_hall.sequence = Sequence { epoch: 1, number: 1 };
    let (draft, mut bent) = (waiting(&of_the_hall), waiting(&of_the_hall));
    bent.draft.alert = String::from_utf8(bent.draft.alert).unwrap().replacen("土砂", "土妙", 1).into_bytes();
    let mut server = Server::of(&mut bench);
    drop(server.heard());
    server.say(&mut bench, &AlertMessage::Drafts(vec![bent]));
    assert!(bench.desk().drafts.is_empty(), "other words than are signed are not shown");
    server.say(&mut bench, &AlertMessage::Drafts(vec![draft]));
    let shown = bench.desk().drafts[0].clone();
    assert!(shown.is_the_town_halls && shown.needed == 2 && shown.notice.title.contains("避難指示"));
    let command = Command::SignAlert { draft: shown.id, pin: digits(PIN) };
    assert_eq!(bench.ask_now(command.clone()), Ok(None));
    assert_eq!(bench.hold_awaited("naoki", Fault::None), [], "the town hall has to answer");
    let [AlertMessage::Approval { draft, key, signature }] = &server.heard()[..] else {
        panic!("no approval")
    };
    let signature = OfficerSignature {
        key: DeviceKey::Kiosk(*key),
        assertion: None,
        signature: signature.as_slice().try_into().unwrap(),
    };
    assert!(signature.verify(&of_the_hall.digest(), &[7; 32]).is_ok());
    let (lane, _) = bench.core.officers.approval(draft).unwrap();
    assert_eq!(lane, LANE);
    server.say(&mut bench, &AlertMessage::Approved { draft: draft.clone(), answer: ApprovalAnswer::Taken });
    assert!(bench.core.officers.approval(draft).is_none());
    // Without a line it goes nowhere, and what waits there is not known.
    bench.core.handle(Event::Link(LinkEvent::Down), bench.now);
    assert!(bench.desk().drafts.is_empty());
    assert_eq!(why(&bench.ask_now(command).unwrap().unwrap()), AlertRefusal::Gone);
}

#[test]
fn two_officers_change_an_order_and_everything_at_the_box_says_when_the_tsunami_comes() {
    let bench =
        Bench::planned(Bench::configured(DOOR), |package| package.sites[0].kind = SiteKind::CheckPoint);
    let (mut bench, _keys) = bench.and_officers();
    let (door, _events) = bench.open_door();
    let first = bench.sent(order_for(AlertClass::Live, "tsunami-warning", &["浜町"]));
    assert_eq!((first.is_update, first.notice.expected), (false, None));
    bench.go_on(2 * MINUTE);
    let thread = bench.thread();
    assert_eq!(
        (thread.message.as_deref(), &thread.districts[..]),
        (Some("tsunami-warning"), &["浜町".to_owned()][..])
    );
    assert_eq!(thread.may_become, ["tsunami-major", "tsunami-warning"]);

    // Another level, more districts, and the time in one go.
    let wanted = update(&thread, "tsunami-major", &["汐見"], Arrival::InMinutes(20));
    let draft = bench.drafted(wanted);
    let expected = Some(draft.notice.sent.plus(20 * MINUTE));
    assert_eq!((draft.needed, draft.is_update, draft.notice.expected), (2, true, expected));
    assert_eq!(draft.notice.districts, ["浜町", "汐見"], "nobody is left out");
    assert_eq!(draft.notice.title, "大津波警報　避難指示");
    assert!(!is_sent(&bench.signed(&draft.id, "naoki")));
    assert_eq!(bench.notices()[0].title, "津波警報　避難指示", "one officer changes nothing");
    assert!(is_sent(&bench.signed(&draft.id, "hanako")));
    let passage = |bench: &Bench| bench.lane().alerts.as_deref().unwrap().passage.unwrap();
    let shown = bench.notices();
    assert_eq!((shown.len(), shown[0].expected), (1, expected), "the box's own display");
    assert_eq!(passage(&bench).expected, expected, "the countdown");

    // A television of the box's network.
    let content = |number: usize| -> serde_json::Value {
        let told = told(door, &[0xbb; 32]);
        let leaf = STANDARD.decode(told["messages"][number]["leaf"].as_str().unwrap()).unwrap();
        serde_json::from_slice(&leaf[32..]).unwrap()
    };
    let (before, after) = (content(0), content(1));
    assert_eq!((&before["tsunami"], &after["tsunami"]), (&"Warning".into(), &"MajorWarning".into()));
    assert_eq!((before.get("arrives"), after["arrives"].as_u64()), (None, expected.map(UnixMillis::get)));
    assert_eq!(after["references"], serde_json::json!([before["id"]]), "of one thread");

    // The time stays where nobody says another one, and goes where nobody knows it any more.
    bench.go_on(MINUTE);
    let thread = bench.thread();
    assert_eq!(thread.notice.expected, expected);
    let again = bench.sent(update(&thread, "tsunami-major", &[], Arrival::AsBefore));
    assert_eq!((again.notice.expected, again.notice.districts.len()), (expected, 2));
    bench.go_on(MINUTE);
    let thread = bench.thread();
    let unknown = bench.sent(update(&thread, "tsunami-major", &[], Arrival::Unknown));
    assert_eq!((unknown.notice.expected, passage(&bench).expected), (None, None));
    bench.go_on(MINUTE);
    let whole = AlertWanted::Update {
        thread: bench.thread().id,
        message: "tsunami-major".to_owned(),
        added: None,
        arrival: Arrival::InMinutes(5),
        closed: Vec::new(),
    };
    assert_eq!(bench.drafted(whole).notice.districts, bench.desk().districts);
}

#[test]
fn what_the_town_hall_or_another_box_said_is_changed_as_one_thread_with_it() {
    let (mut bench, _keys) = Bench::with_officers();
    bench.sent_by_the_hall(order_for(AlertClass::Live, "landslide-4", &["浜町"]));
    let hall = bench.thread();
    bench.go_on(MINUTE);
    let changed = bench.sent(update(&hall, "landslide-4", &["本町"], Arrival::InMinutes(10)));
    assert_eq!(changed.notice.expected, None, "only a tsunami comes at a time");
    assert_eq!(bench.thread().notice.districts, ["浜町", "本町"]);

    let (mut one, mut other) = two_boxes();
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    one.sign_in("hanako", None);
    one.sent(order_for(AlertClass::Live, "tsunami-major", &["浜町"]));
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    other.go_on(MINUTE);
    one.go_on(MINUTE);
    let thread = other.thread();
    let changed = other.sent(update(&thread, "tsunami-major", &["汐見"], Arrival::InMinutes(15)));
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    for bench in [&mut one, &mut other] {
        assert_eq!(bench.thread().notice.expected, changed.notice.expected);
        assert_eq!(bench.notices().len(), 1);
    }
    // And all of it ends at once.
    one.go_on(MINUTE);
    let thread = one.thread();
    one.sent(AlertWanted::AllClear { thread: thread.id });
    assert_eq!(one.shows(), [(AlertClass::Live, AlertKind::AllClear)]);
}

#[test]
fn a_box_whose_clock_is_behind_changes_and_ends_what_it_heard() {
    let (mut one, mut other) = two_boxes();
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    one.go_on(5 * MINUTE);
    one.sign_in("hanako", None);
    one.sent(order_for(AlertClass::Live, "tsunami-major", &["浜町"]));
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    other.sign_in("hanako", None);
    let thread = other.thread();
    other.sent(update(&thread, "tsunami-major", &["汐見"], Arrival::InMinutes(15)));
    assert_eq!(other.thread().notice.districts, ["浜町", "汐見"]);
    let thread = other.thread();
    other.sent(AlertWanted::AllClear { thread: thread.id });
    assert_eq!(other.shows(), [(AlertClass::Live, AlertKind::AllClear)]);
}

#[test]
fn what_cannot_be_changed_so_is_refused() {
    let (mut bench, _keys) = Bench::with_officers();
    bench.sent(order_for(AlertClass::Live, "tsunami-warning", &["浜町"]));
    bench.go_on(MINUTE);
    let thread = bench.thread();
    let change = |message: &str| update(&thread, message, &[], Arrival::Unknown);
    assert_eq!(bench.refused(change("landslide-4")), AlertRefusal::NotPrepared, "another danger");
    assert_eq!(bench.refused(change("nothing")), AlertRefusal::NotPrepared);
    let none = AlertThread { id: "0".to_owned(), ..thread.clone() };
    assert_eq!(bench.refused(update(&none, "tsunami-major", &[], Arrival::Unknown)), AlertRefusal::Gone);
    // Two who change the same word: the second one has to look at it again.
    let (one, other) = (bench.drafted(change("tsunami-major")), bench.drafted(change("tsunami-warning")));
    assert!(!is_sent(&bench.signed(&one.id, "hanako")) && !is_sent(&bench.signed(&other.id, "hanako")));
    assert!(is_sent(&bench.signed(&other.id, "naoki")));
    let told = bench.signed(&one.id, "naoki");
    assert!(is_sent(&told) || why(&told) == AlertRefusal::Overtaken);
    bench.go_on(MINUTE);
    assert_eq!(bench.refused(change("tsunami-major")), AlertRefusal::Gone, "it says something else by now");
    let thread = bench.thread();
    bench.sent(AlertWanted::AllClear { thread: thread.id });
    bench.go_on(MINUTE);
    let ended = bench.thread();
    assert_eq!(
        bench.refused(update(&ended, "tsunami-major", &[], Arrival::Unknown)),
        AlertRefusal::Overtaken
    );
    // One officer changes a drill, and it stays one.
    let (mut bench, _keys) = Bench::with_officers();
    let drill = bench.drafted(order(AlertClass::Exercise, "tsunami-warning"));
    assert!(is_sent(&bench.signed(&drill.id, "naoki")));
    bench.go_on(MINUTE);
    let thread = bench.thread();
    let changed = bench.drafted(update(&thread, "tsunami-major", &[], Arrival::InMinutes(30)));
    assert_eq!((changed.needed, changed.notice.class), (1, AlertClass::Exercise));
}

#[test]
fn nobody_is_sent_to_a_place_that_is_unsafe_or_closed() {
    let (mut bench, _keys) = Bench::with_officers();
    let draft = bench.drafted(order(AlertClass::Live, "tsunami-major"));
    assert_eq!(draft.places, ["潮見坂の 上", "寺の 境内"]);
    assert_eq!(
        (&draft.unsure_places[..], &draft.without_place[..]),
        (&["寺の 境内".to_owned()][..], &["港町".to_owned()][..])
    );
    assert!(draft.notice.districts.contains(&"港町".to_owned()), "it is warned all the same");
    let (alert, _) = bench.core.officers.own_bytes(&draft.id).unwrap();
    assert!(!String::from_utf8(alert).unwrap().contains("港公民館"));
    let closed = AlertWanted::Order {
        class: AlertClass::Live,
        message: "tsunami-major".to_owned(),
        districts: Vec::new(),
        arrival: Arrival::Unknown,
        closed: vec!["潮見坂の 上".to_owned()],
    };
    let draft = bench.drafted(closed);
    assert_eq!((&draft.places[..], draft.without_place.len()), (&["寺の 境内".to_owned()][..], 3));
    let flood = bench.drafted(order(AlertClass::Live, "landslide-4"));
    assert!(flood.places.contains(&"港公民館".to_owned()) && flood.without_place.is_empty());
}

#[test]
fn an_officer_tests_their_keys_and_the_town_hall_hears_of_it() {
    let (mut bench, keys) = Bench::with_officers();
    bench.hear_for_officers(beat(bench.now));
    assert_eq!(bench.desk().tested, None);
    let try_with = |bench: &mut Bench, card, pin| {
        assert_eq!(bench.ask_now(Command::TestOfficerKeys { pin: digits(pin) }), Ok(None));
        bench.hold_awaited(card, Fault::None)
    };
    let wrong = SignInFault::WrongPin { tries_left: Some(2) };
    assert_eq!(fault(&try_with(&mut bench, "hanako", "4321")[0]), wrong);
    assert_eq!(fault(&try_with(&mut bench, "kiyoko", PIN)[0]), SignInFault::NoOfficerKey);
    assert!(bench.core.officers.files.tests().is_empty());
    assert_eq!(try_with(&mut bench, "hanako", PIN), [ToKiosk::OfficerKeysTested]);
    let now = bench.core.alert_time(bench.now).now;
    assert_eq!(bench.desk().tested, Some(now));
    assert_eq!(bench.shows(), [], "nothing is sent");
    // After a power cut, and on each connection.
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    let mut server = Server::of(&mut bench);
    let [AlertMessage::KeyTests(tests)] = &server.heard()[..] else { panic!("none") };
    let public = |bytes: &[u8]| SealedKioskKey::from_bytes(bytes).unwrap().public();
    let own = [public(&keys[0].live), public(&keys[0].exercise)];
    assert_eq!(tests.iter().map(|test| DeviceKey::Kiosk(test.key)).collect::<Vec<_>>(), own);
    for KeyTest { key, at, signature } in tests {
        assert_eq!(*at, now);
        let signature = signature.as_slice().try_into().unwrap();
        let signed = OfficerSignature { key: DeviceKey::Kiosk(*key), assertion: None, signature };
        assert!(signed.verify(&test_digest(key, *at), &[0; 32]).is_ok());
    }
    // Again, a month later: the latest one of each key.
    bench.now = bench.now.plus(30 * 24 * 60 * MINUTE);
    let now_there = beat(bench.now);
    server.say(&mut bench, &now_there);
    bench.sign_in("hanako", None);
    try_with(&mut bench, "hanako", PIN);
    assert_eq!(bench.core.officers.files.tests().len(), 2);
    assert_eq!(bench.desk().tested, Some(bench.now));
    // A disk that does not take it: nobody is told that it counts.
    let file = bench.core.config.data.join("alerts/officers-tests");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(why(&try_with(&mut bench, "naoki", PIN)[0]), AlertRefusal::NotKept);
}

#[test]
fn a_test_under_a_clock_that_may_be_wrong_is_not_made_and_one_of_another_time_goes() {
    let (mut bench, _keys) = Bench::with_officers();
    let ask = Command::TestOfficerKeys { pin: digits(PIN) };
    let refused = Ok(Some(ToKiosk::AlertRefused(AlertRefusal::ClockUnsure)));
    assert_eq!(bench.lane().status.clock, ClockState::Unsure);
    assert_eq!(bench.ask_now(ask.clone()), refused, "no time server, no town hall");
    let hall = UnixMillis::new(bench.now.get() - 12 * MINUTE);
    let mut server = Server::of(&mut bench);
    drop(server.heard());
    server.say(&mut bench, &beat(hall));
    assert_eq!(bench.lane().status.clock, ClockState::Ahead { minutes: 12 });
    assert_eq!(bench.ask_now(ask.clone()), refused);
    let later = beat(bench.now.plus(5 * MINUTE));
    server.say(&mut bench, &later);
    assert!(matches!(bench.lane().status.clock, ClockState::Behind { minutes: 5 }));
    assert_eq!(bench.ask_now(ask.clone()), refused);
    bench.now = bench.now.plus(5 * MINUTE);
    bench.sign_in("hanako", None);
    assert_eq!(bench.ask_now(ask), Ok(None));
    assert_eq!(bench.hold_awaited("hanako", Fault::None), [ToKiosk::OfficerKeysTested]);
    let tested = bench.core.officers.files.tests().len();
    assert_eq!(tested, 2);
    // The clock that was trusted was days ahead, as the next line says: the test counts neither now nor then.
    bench.core.handle(Event::Link(LinkEvent::Down), bench.now);
    let mut server = Server::of(&mut bench);
    drop(server.heard());
    let days_ago = beat(UnixMillis::new(bench.now.get() - 5 * 24 * 60 * MINUTE));
    server.say(&mut bench, &days_ago);
    assert!(bench.core.officers.files.tests().is_empty());
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    assert!(bench.core.officers.files.tests().is_empty());
}

#[test]
fn what_a_clock_ahead_dated_too_late_is_said_to_the_town_hall_again_when_it_can_take_it() {
    let (mut bench, _keys) = Bench::with_officers();
    let hall = UnixMillis::new(bench.now.get() - 12 * MINUTE);
    let mut server = Server::of(&mut bench);
    drop(server.heard());
    server.say(&mut bench, &beat(hall));
    let heard_at = |bench: &mut Bench, server: &mut Server, minutes| {
        server.say(bench, &beat(hall.plus(minutes * MINUTE)));
        // A second has gone since it was looked last.
        bench.core.alerts_shown = AlertsShown::default();
        bench.core.tick(bench.now);
        server.heard()
    };
    drop(heard_at(&mut bench, &mut server, 0));
    bench.sent(order(AlertClass::Live, "tsunami-major"));
    let said = server.heard();
    assert!(matches!(said[..], [AlertMessage::Originated(_)]), "at once, and refused there");
    assert_eq!(heard_at(&mut bench, &mut server, 9), []);
    assert_eq!(heard_at(&mut bench, &mut server, 11), said);
    assert_eq!(heard_at(&mut bench, &mut server, 13), [], "once");
}

#[test]
fn an_exercise_s_number_takes_no_number_away_from_what_is_real() {
    let (mut bench, _keys) = Bench::with_officers();
    // One officer alone, at a box whose clock is an hour ahead.
    bench.go_on(60 * MINUTE);
    let ahead = bench.now;
    let drill = bench.drafted(order(AlertClass::Exercise, "landslide-4"));
    assert!(is_sent(&bench.signed(&drill.id, "naoki")));
    bench.now = UnixMillis::new(ahead.get() - 60 * MINUTE);
    bench.sign_in("hanako", None);
    std::fs::remove_file(bench.core.config.data.join("alerts/number")).unwrap();
    let live = bench.drafted(order(AlertClass::Live, "landslide-4"));
    let number = bench.core.officers.own_sequence(&live.id).unwrap().number;
    assert!(number < ahead.get(), "{number} would make everything before it old");
}

#[test]
fn what_the_disk_refuses_did_not_go_out_and_nothing_of_it_stays() {
    in_namespace(
        "core::tests::officers::what_the_disk_refuses_did_not_go_out_and_nothing_of_it_stays",
        || {
            let (mut bench, _keys) = Bench::with_officers();
            let draft = bench.drafted(order(AlertClass::Live, "tsunami-major"));
            assert!(!is_sent(&bench.signed(&draft.id, "hanako")));
            // From now on the alerts lie on a disk that takes what everybody is told, and not the alert behind it.
            let folder = bench.core.config.data.join("alerts");
            let run = |program: &str, options: &[&str]| {
                let ended = std::process::Command::new(program).args(options).arg(&folder).status();
                assert!(ended.unwrap().success());
            };
            run("mount", &["-t", "tmpfs", "-o", "size=12k", "tmpfs"]);
            assert_eq!(why(&bench.signed(&draft.id, "naoki")), AlertRefusal::NotKept);
            assert_eq!(bench.shows(), []);
            assert!(bench.core.alerts.originated().is_empty() && bench.core.alerts.held().digests.is_empty());
            assert_eq!(
                std::fs::read_dir(&folder).unwrap().count(),
                0,
                "half of it would count after a power cut"
            );
            // Nothing that was acknowledged is lost: the first signature is there still.
            assert_eq!((bench.desk().drafts[0].signatures, bench.desk().threads.len()), (1, 0));
            assert_eq!(why(&bench.signed(&draft.id, "naoki")), AlertRefusal::NotKept, "again and again");
            run("umount", &[]);
            assert!(is_sent(&bench.signed(&draft.id, "naoki")));
            let package = bench.package.clone();
            let mut bench = bench.restart();
            bench.take(&package);
            assert_eq!(bench.shows(), [(AlertClass::Live, AlertKind::Order)]);
        },
    );
}
