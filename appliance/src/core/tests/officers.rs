//! Two officers at a kiosk without a town hall: their keys open with their cards alone, what they sign is what they were shown, and what is
//! not as it must be goes nowhere.

use hinamori_alert::{BeatKey, Device, KeyList, OfficerId, SealedKioskKey, SequenceVerdict, Sequences};
use hinamori_ipc::{
    AlertClass, AlertDesk, AlertDraft, AlertKind, AlertRefusal, AlertWanted, OfficerStanding, SignInFault,
};
use hinamori_model::{Role, StaffId};
use hinamori_plan::SignedPlan;
use hinamori_sim::presented::Fault;
use hinamori_sync::{
    AlertMessage, ApprovalAnswer, CarriedAlert, Grants, Held, KioskKeys, Session, Side, WaitingDraft,
};

use super::neighbours::{Wire, package_of};
use super::staff::{LEADER, digits};
use super::*;
use crate::core::alerts::Carrier;

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

fn order(class: AlertClass, message: &str) -> AlertWanted {
    AlertWanted::Order { class, message: message.to_owned(), districts: Vec::new() }
}

impl Bench {
    fn hear_for_officers(&mut self, message: AlertMessage) -> usize {
        let refused = self.core.take_alerts(Carrier::Server, vec![message], self.now);
        self.core.publish(self.now);
        refused
    }

    /// A box with staff and the town's plan, at a whole second: CAP knows no others.
    fn with_plan() -> Self {
        let mut bench = Self::without_town();
        bench.now = UnixMillis::new(bench.now.get() / 1_000 * 1_000);
        bench.package.staff =
            STAFF.map(|(card, id)| bench.grant(StaffId::from_bytes([id; 16]), Role::Leader, card)).into();
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
        let mut bench = Self::with_plan();
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

    fn shows(&mut self) -> Vec<(AlertClass, AlertKind)> {
        self.core.show_alerts(self.now);
        self.core.publish(self.now);
        let alerts = self.lane().alerts.as_deref().cloned().unwrap_or_default();
        alerts.shown.iter().map(|notice| (notice.class, notice.kind)).collect()
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
    let envelope = hinamori_alert::Envelope::decode(&sent.carried.envelope).unwrap();
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
            let envelope = hinamori_alert::Envelope::decode(&sent.carried.envelope).unwrap();
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
    let waiting = |envelope: &hinamori_alert::Envelope| WaitingDraft {
        id: "desk-1".to_owned(),
        draft: CarriedAlert { alert: alert.clone(), envelope: envelope.encode() },
        needed: 2,
        until: bench.now.plus(10 * MINUTE),
    };
    let mut of_the_hall = envelope;
    of_the_hall.sequence = hinamori_alert::Sequence { epoch: 1, number: 1 };
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
    let signature = hinamori_alert::OfficerSignature {
        key: hinamori_alert::DeviceKey::Kiosk(*key),
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
