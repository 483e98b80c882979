//! What officers say, at a box: nothing counts that does not verify, what counts stays, and it goes from box to box without a server.

use hinamori_alert::{
    Alert, BeatKey, CapTime, Device, Envelope, Instructions, KeyClass, KeyList, MessageType, OfficerId,
    OfficerKey, Policy, Report, Sequence, Status, write,
};
use hinamori_ipc::{AlertClass, AlertKind, Danger, LaneAlerts};
use hinamori_model::SiteKind;
use hinamori_sync::{AlertMessage, CarriedAlert};

use super::neighbours::{Wire, boxes};
use super::*;
use crate::core::alerts::Carrier;

const ORDER: &str = include_str!("../../../../crates/alert/tests/fixtures/tsunami.xml");
const CANCEL: &str = include_str!("../../../../crates/alert/tests/fixtures/cancel.xml");
const FLOOD: &str = include_str!("../../../../crates/alert/tests/fixtures/flood.xml");
const FLOOD_CANCEL: &str = include_str!("../../../../crates/alert/tests/fixtures/flood-cancel.xml");
const MINUTE: u64 = 60_000;

pub(super) fn officer(number: u8) -> OfficerKey {
    OfficerKey::from_bytes(&[number; 32])
}

/// Officers 1 and 2 sign live alerts with keys 1 and 2, exercises with 3 and 4.
pub(super) fn keys_by(root: &RootKey, version: u32) -> AlertMessage {
    keys_with(root, version, Policy::default())
}

/// The same, with what the town decided.
fn keys_with(root: &RootKey, version: u32, policy: Policy) -> AlertMessage {
    let device = |number: u8| Device {
        class: if number < 3 { KeyClass::Live } else { KeyClass::Exercise },
        officer: OfficerId(u32::from(number % 2)),
        until: UnixMillis::new(u64::MAX),
        key: officer(number).public(),
    };
    let fixed = (BeatKey::from_bytes(&[9; 32]).public(), [7; 32]);
    let devices = (1..=4).map(device);
    let list =
        KeyList::new(version, UnixMillis::new(7), fixed, "bousai@town.shiomi.example", devices).unwrap();
    let list = list.with_policy(policy).unwrap();
    let bytes = list.encode(|domain, body| root.sign_alert_keys(domain, body));
    AlertMessage::Keys { version, bytes }
}

/// A message of a fixture as if it was sent at this time; it is over after three hours.
pub(super) fn said(fixture: &str, sent: UnixMillis, change: impl FnOnce(&mut Alert)) -> Vec<u8> {
    let mut alert = Report::of(fixture.as_bytes()).unwrap().alert().unwrap().clone();
    alert.sent = CapTime::in_japan(sent);
    for info in &mut alert.infos {
        info.expires = Some(CapTime::in_japan(sent.plus(180 * MINUTE)));
    }
    change(&mut alert);
    write(&alert)
}

fn carried(alert: Vec<u8>, number: u64, signers: &[u8]) -> CarriedAlert {
    let sequence = Sequence { epoch: 1, number };
    let mut envelope = Envelope::around(&alert, sequence, &Instructions::of(&[]).unwrap()).unwrap();
    let digest = envelope.digest();
    envelope.signatures.extend(signers.iter().map(|number| officer(*number).sign(&digest)));
    CarriedAlert { alert, envelope: envelope.encode() }
}

/// The tsunami's order, expected in twelve minutes.
fn order(sent: UnixMillis) -> CarriedAlert {
    let expect = |alert: &mut Alert| {
        alert.infos.iter_mut().for_each(|info| info.onset = Some(CapTime::in_japan(sent.plus(12 * MINUTE))));
    };
    carried(said(ORDER, sent, expect), 1, &[1, 2])
}

/// What takes the message `of` back that was sent `first`.
fn cancel(fixture: &str, of: &str, first: UnixMillis, sent: UnixMillis) -> Vec<u8> {
    said(fixture, sent, |alert| {
        for earlier in &mut alert.references {
            earlier.sent = CapTime::in_japan(first);
            earlier.identifier = of.to_owned();
        }
    })
}

fn exercise(sent: UnixMillis, signers: &[u8]) -> CarriedAlert {
    let practise = |alert: &mut Alert| {
        alert.status = Status::Exercise;
        alert.note = Some("春の訓練".to_owned());
        alert.identifier = "shiomi-drill".to_owned();
        assert_eq!(alert.message_type, MessageType::Alert);
    };
    carried(said(ORDER, sent, practise), 2, signers)
}

impl Bench {
    /// A box of the town that has its list of keys. CAP knows seconds only.
    fn with_keys() -> Self {
        let mut bench = Self::new();
        bench.now = UnixMillis::new(bench.now.get() / 1_000 * 1_000);
        assert_eq!(bench.hear_of(keys_by(&root(), 3)), 0);
        bench
    }

    /// The server says it; gives how much of it was refused.
    pub(super) fn hear_of(&mut self, message: AlertMessage) -> usize {
        let refused = self.core.take_alerts(Carrier::Server, vec![message], self.now);
        self.core.publish(self.now);
        refused
    }

    fn sees(&mut self) -> Option<LaneAlerts> {
        self.core.show_alerts(self.now);
        self.core.publish(self.now);
        self.lane().alerts.as_deref().cloned()
    }

    fn kinds(&mut self) -> Vec<(AlertClass, AlertKind)> {
        let seen = self.sees().unwrap_or_default();
        seen.shown.iter().map(|notice| (notice.class, notice.kind)).collect()
    }
}

#[test]
fn an_order_comes_in_the_officers_words_and_stays_over_a_restart() {
    let mut bench = Bench::with_keys();
    let now = bench.now;
    assert_eq!(bench.hear_of(AlertMessage::Sent(order(now))), 0);
    let seen = bench.sees().unwrap();
    let [notice] = &seen.shown[..] else { panic!("{seen:?}") };
    assert_eq!(
        (notice.class, notice.kind, notice.danger),
        (AlertClass::Live, AlertKind::Order, Danger::MajorTsunami)
    );
    assert_eq!(notice.title, "大津波警報　避難指示");
    assert!(!notice.easy.is_empty() && notice.english.is_ascii(), "{notice:?}");
    assert_eq!((notice.sent, notice.expected), (now, Some(now.plus(12 * MINUTE))));
    assert_eq!(seen.passage, None, "a shelter is where people stop");

    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    assert_eq!(bench.sees(), Some(seen));
    // It is told to nobody twice.
    assert_eq!(bench.core.alerts.held().digests, [order(now).digest()].into());
    bench.now = now.plus(181 * MINUTE);
    assert_eq!(bench.sees(), None, "it is over");
}

#[test]
fn what_does_not_verify_is_not_shown_by_whoever_brought_it() {
    let mut bench = Bench::with_keys();
    let now = bench.now;
    let whole = order(now);
    let by = |signers: &[u8]| carried(said(ORDER, now, |_| {}), 1, signers);
    let mut other_text = whole.clone();
    other_text.alert = String::from_utf8(other_text.alert).unwrap().replace("高台", "海岸").into_bytes();
    let mut bent = whole.clone();
    *bent.envelope.last_mut().unwrap() ^= 1;
    let no_envelope = CarriedAlert { envelope: vec![1, 2, 3], ..whole.clone() };
    let forged = [
        by(&[]),
        by(&[1]),
        by(&[1, 1]),
        by(&[1, 3]),
        by(&[8, 9]),
        exercise(now, &[1]),
        other_text,
        bent,
        no_envelope,
    ];
    for (number, one) in forged.into_iter().enumerate() {
        assert_eq!(bench.hear_of(AlertMessage::Sent(one)), 1, "number {number}");
        assert_eq!(bench.sees(), None, "number {number}");
    }
    // A list that another town's root signed brings nobody's keys.
    assert_eq!(bench.hear_of(keys_by(&RootKey::from_bytes(&[4; 32]), 9)), 1);
    assert_eq!(bench.core.alerts.held().list, 3);
    assert_eq!(bench.hear_of(AlertMessage::Sent(whole)), 0);
    // Another one under its number: somebody signed twice.
    let fork = carried(said(FLOOD, now, |_| {}), 1, &[1, 2]);
    assert_eq!(bench.hear_of(AlertMessage::Sent(fork)), 1);
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Order)]);
}

#[test]
fn a_cancel_ends_an_order_and_one_officer_s_never_a_tsunami_s() {
    let mut bench = Bench::with_keys();
    let now = bench.now;
    let flood = carried(said(FLOOD, now, |_| {}), 1, &[1, 2]);
    bench.hear_of(AlertMessage::Sent(flood));
    let taken_back = carried(cancel(FLOOD_CANCEL, "shiomi-0101", now, now.plus(MINUTE)), 2, &[1]);
    assert_eq!(bench.hear_of(AlertMessage::Sent(taken_back)), 0);
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Cancel)]);

    let mut bench = Bench::with_keys();
    let now = bench.now;
    bench.hear_of(AlertMessage::Sent(order(now)));
    let taken_back = cancel(CANCEL, "shiomi-0001", now, now.plus(MINUTE));
    bench.hear_of(AlertMessage::Sent(carried(taken_back.clone(), 2, &[1])));
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Order)], "one officer");
    bench.hear_of(AlertMessage::Sent(carried(taken_back, 2, &[1, 2])));
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Cancel)]);
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Cancel)], "nothing comes back");
}

#[test]
fn what_one_officer_took_back_stays_so_over_a_restart_though_a_tsunami_s_order_was_made_before() {
    let mut bench = Bench::with_keys();
    let now = bench.now;
    bench.hear_of(AlertMessage::Sent(carried(said(FLOOD, now, |_| {}), 1, &[1, 2])));
    let taken_back = cancel(FLOOD_CANCEL, "shiomi-0101", now, now.plus(MINUTE));
    assert_eq!(bench.hear_of(AlertMessage::Sent(carried(taken_back, 3, &[1]))), 0);
    // Its draft is older than the cancel, and it was signed after it.
    let tsunami = carried(said(ORDER, now.plus(MINUTE / 2), |_| {}), 2, &[1, 2]);
    assert_eq!(bench.hear_of(AlertMessage::Sent(tsunami)), 0);
    let kinds = bench.kinds();
    assert_eq!(kinds.iter().filter(|(_, kind)| *kind == AlertKind::Order).count(), 1, "{kinds:?}");
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    assert_eq!(bench.kinds(), kinds);
}

#[test]
fn an_exercise_is_one_and_ends_with_the_first_live_word() {
    let mut bench = Bench::with_keys();
    let now = bench.now;
    bench.hear_of(AlertMessage::Sent(exercise(now, &[3])));
    assert_eq!(bench.kinds(), [(AlertClass::Exercise, AlertKind::Order)]);
    bench.hear_of(AlertMessage::Sent(order(now)));
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Order)]);
}

#[test]
fn a_check_point_lets_people_pass_and_says_when_staff_leave() {
    let mut bench = Bench::with_keys();
    let mut package = bench.package.clone();
    package.version += 1;
    package.sites[0].kind = SiteKind::CheckPoint;
    bench.take(&package);
    let now = bench.now;
    bench.hear_of(AlertMessage::Sent(exercise(now, &[3])));
    assert_eq!(bench.sees().unwrap().passage, None, "an exercise changes no way");
    bench.hear_of(AlertMessage::Sent(order(now)));
    let passage = bench.sees().unwrap().passage.unwrap();
    assert_eq!(passage.expected, Some(now.plus(12 * MINUTE)));
    assert_eq!(passage.staff_leave, Some(now.plus(7 * MINUTE)));
    let policy = Policy { staff_leave_minutes: 9, ..Policy::default() };
    assert_eq!(bench.hear_of(keys_with(&root(), 9, policy)), 0);
    let passage = bench.sees().unwrap().passage.unwrap();
    assert_eq!(passage.staff_leave, Some(now.plus(3 * MINUTE)), "as the town decided");
    // A clock that stands before what was signed would promise minutes that nobody has.
    bench.now = UnixMillis::new(now.get() - 60 * MINUTE);
    let passage = bench.sees().unwrap().passage.unwrap();
    assert_eq!((passage.expected, passage.staff_leave), (None, None));
}

#[test]
fn a_box_whose_clock_lost_an_hour_shows_what_two_officers_signed() {
    let mut bench = Bench::with_keys();
    assert_eq!(bench.hear_of(AlertMessage::Sent(order(bench.now.plus(60 * MINUTE)))), 0);
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Order)]);
}

#[test]
fn boxes_pass_it_on_without_a_server_and_the_hand_that_passes_is_believed_nothing() {
    let (mut one, mut other) = boxes(true);
    one.now = UnixMillis::new(one.now.get() / 1_000 * 1_000);
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    one.hear_of(keys_by(&root(), 3));
    one.hear_of(AlertMessage::Sent(order(one.now)));
    wire.talk(&mut one, &mut other);
    assert_eq!(other.kinds(), [(AlertClass::Live, AlertKind::Order)]);
    // Who comes later hears it at the hello.
    let mut wire = Wire::new(&mut one, &mut other);
    wire.talk(&mut one, &mut other);
    assert_eq!(other.core.alerts.held(), one.core.alerts.held());

    let peer = one.core.own;
    let forged = carried(said(FLOOD, one.now, |_| {}), 5, &[8, 9]);
    let refused = other.core.take_alerts(Carrier::Neighbour(peer), vec![AlertMessage::Sent(forged)], one.now);
    assert_eq!((refused, other.kinds().len()), (1, 1));
}

#[test]
fn a_stick_brings_them_to_a_box_on_no_network() {
    let (mut one, mut other) = boxes(true);
    one.now = UnixMillis::new(one.now.get() / 1_000 * 1_000);
    other.now = one.now;
    one.hear_of(keys_by(&root(), 3));
    one.hear_of(AlertMessage::Sent(order(one.now)));
    let stick = one.export();
    for _ in 0..2 {
        other.import_bundle(&stick).unwrap();
        assert_eq!(other.core.alerts.held(), one.core.alerts.held());
    }
    assert_eq!(other.kinds(), [(AlertClass::Live, AlertKind::Order)]);
}

#[test]
fn damaged_files_stop_no_box_and_are_not_believed() {
    let mut bench = Bench::with_keys();
    let now = bench.now;
    bench.hear_of(AlertMessage::Sent(order(now)));
    let folder = bench.core.config.data.join("alerts");
    let name = |carried: &CarriedAlert| -> String {
        carried.digest().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let forged = carried(said(FLOOD, now, |_| {}), 5, &[8, 9]);
    std::fs::write(folder.join(name(&forged)), forged.to_bytes()).unwrap();
    std::fs::write(folder.join("0".repeat(64)), b"nothing").unwrap();
    let file = folder.join(name(&order(now)));
    let package = bench.package.clone();
    let mut bench = bench.restart();
    bench.take(&package);
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Order)]);
    // The same one comes again, and the file is whole.
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.join("keys"), b"no keys").unwrap();
    let mut bench = bench.restart();
    bench.take(&package);
    assert_eq!(bench.sees(), None);
    bench.hear_of(keys_by(&root(), 3));
    bench.hear_of(AlertMessage::Sent(order(now)));
    assert_eq!(std::fs::read(&file).unwrap(), whole);
    assert_eq!(bench.kinds(), [(AlertClass::Live, AlertKind::Order)]);
}
