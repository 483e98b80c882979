//! What is in force: threads, cancels, duplicates, replays, and clocks that are wrong.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use hinamori_alert::{
    Alerts, BeatKey, CapTime, Device, EVERYBODY, Envelope, Instruction, InstructionPath, Instructions,
    KeyClass, KeyList, MessageId, Notice, OfficerId, OfficerKey, Report, Sequence, SignedAlert,
    SignedInstruction, SignedMessage, Taken, write,
};
use hinamori_model::UnixMillis;
use proptest::prelude::*;

const ORDER: &str = include_str!("fixtures/tsunami.xml");
const CANCEL: &str = include_str!("fixtures/cancel.xml");
const FLOOD: &str = include_str!("fixtures/flood.xml");
const FLOOD_CANCEL: &str = include_str!("fixtures/flood-cancel.xml");
const ALL_CLEAR: &str = include_str!("fixtures/all-clear.xml");
/// 2026-03-11T05:00:00+09:00
const MORNING: u64 = 1_773_172_800_000;
const MINUTE: u64 = 60_000;
const DAY: u64 = 24 * 60 * MINUTE;

fn minute(number: u64) -> UnixMillis {
    UnixMillis::new(MORNING + number * MINUTE)
}

/// Signs an alert as so many officers, with what one household is told.
fn enveloped(bytes: &[u8], officers: u8, told: &Instruction) -> (Envelope, KeyList, InstructionPath) {
    let class =
        if bytes.windows(8).any(|part| part == b"Exercise") { KeyClass::Exercise } else { KeyClass::Live };
    let keys: Vec<OfficerKey> = (1..=officers).map(|number| OfficerKey::from_bytes(&[number; 32])).collect();
    let devices = keys.iter().zip(1..).map(|(key, officer)| Device {
        class,
        officer: OfficerId(officer),
        until: UnixMillis::new(u64::MAX),
        key: key.public(),
    });
    let fixed = (BeatKey::from_bytes(&[9; 32]).public(), [0; 32]);
    let list = KeyList::new(1, UnixMillis::new(1), fixed, "bousai@town.shiomi.example", devices).unwrap();
    let tree = Instructions::of([told]).unwrap();
    let mut envelope = Envelope::around(bytes, Sequence { epoch: 1, number: 1 }, &tree).unwrap();
    let digest = envelope.digest();
    envelope.signatures = keys.iter().map(|key| key.sign(&digest)).collect();
    (envelope, list, tree.path(told).unwrap())
}

fn signed(bytes: &[u8], officers: u8) -> SignedAlert {
    let (envelope, list, _) = enveloped(bytes, officers, &told(bytes));
    envelope.verify(bytes, &list).unwrap()
}

/// What a household is told of an alert.
fn told(bytes: &[u8]) -> Instruction {
    let alert = Report::of(bytes).unwrap().into_valid().unwrap();
    Instruction { household: EVERYBODY, salt: [7; 16], content: Notice::default().content(&alert) }
}

/// The same, as its receiver has it.
fn signed_for_a_household(bytes: &[u8], officers: u8) -> SignedInstruction {
    let told = told(bytes);
    let (envelope, list, path) = enveloped(bytes, officers, &told);
    envelope.verify_told(&told, &path, &list).unwrap()
}

/// What a message says besides its text.
#[derive(Debug, Clone)]
struct Said {
    text: &'static str,
    /// It is the identifier too.
    at: u64,
    names: Vec<u64>,
    expires: u64,
}

impl Said {
    fn order(at: u64) -> Self {
        Self { text: ORDER, at, names: Vec::new(), expires: at + 60 }
    }

    fn update(at: u64, names: &[u64]) -> Self {
        Self { names: names.to_vec(), ..Self::order(at) }
    }

    fn all_clear(at: u64, names: &[u64]) -> Self {
        Self { text: ALL_CLEAR, ..Self::update(at, names) }
    }

    fn cancel(at: u64, names: &[u64]) -> Self {
        Self { text: CANCEL, ..Self::update(at, names) }
    }

    fn expiring(self, expires: u64) -> Self {
        Self { expires, ..self }
    }

    fn alert(&self) -> SignedAlert {
        self.bent(|_| {})
    }

    fn bent(&self, bend: impl Fn(&mut hinamori_alert::Alert)) -> SignedAlert {
        signed(&self.bytes(bend), 2)
    }

    /// Signed by one officer.
    fn by_one(&self) -> SignedAlert {
        signed(&self.bytes(|_| {}), 1)
    }

    fn bytes(&self, bend: impl Fn(&mut hinamori_alert::Alert)) -> Vec<u8> {
        let mut alert = Report::of(self.text.as_bytes()).unwrap().alert().unwrap().clone();
        let id = |at: u64| MessageId {
            sender: alert.sender.clone(),
            identifier: at.to_string(),
            sent: CapTime::in_japan(minute(at)),
        };
        alert.references = self.names.iter().map(|name| id(*name)).collect();
        (alert.identifier, alert.sent) = (self.at.to_string(), CapTime::in_japan(minute(self.at)));
        if self.text == ORDER && !self.names.is_empty() {
            alert.message_type = hinamori_alert::MessageType::Update;
        }
        for info in &mut alert.infos {
            info.expires = Some(CapTime::in_japan(minute(self.expires)));
        }
        bend(&mut alert);
        write(&alert)
    }
}

fn take(alerts: &mut Alerts, alert: SignedAlert, now: UnixMillis) -> Taken {
    alerts.take(alert, now, None)
}

fn in_force(alerts: &Alerts, now: u64) -> Vec<String> {
    alerts
        .in_force(minute(now))
        .iter()
        .map(|thread| thread.latest.alert().alert().identifier.clone())
        .collect()
}

fn cancelled(alerts: &Alerts, now: u64) -> Vec<String> {
    alerts
        .cancelled(minute(now))
        .iter()
        .map(|thread| thread.latest.alert().alert().identifier.clone())
        .collect()
}

/// Takes messages in this order, each at `now`.
fn taken(alerts: &mut Alerts, now: u64, messages: &[Said]) -> Vec<Taken> {
    messages.iter().map(|said| take(alerts, said.alert(), minute(now))).collect()
}

#[test]
fn what_is_shown_comes_in_the_order_of_danger() {
    let mut alerts = Alerts::default();
    let flood = |at: u64| {
        let of = Said { text: FLOOD, ..Said::order(at) };
        signed(&of.bytes(|_| {}), 2)
    };
    let drill = Said::order(8).bent(|alert| {
        alert.status = hinamori_alert::Status::Exercise;
        alert.note = Some("訓練".to_owned());
    });
    let _any = take(&mut alerts, drill, minute(9));
    let shown = |alerts: &Alerts| -> Vec<u64> {
        let shown = alerts.shown(minute(9));
        shown.iter().map(|thread| thread.latest.alert().alert().identifier.parse().unwrap()).collect()
    };
    assert_eq!(shown(&alerts), [8], "an exercise, as long as nothing is real");
    for alert in
        [Said::order(1).alert(), flood(2), flood(3), Said::order(4).alert(), Said::all_clear(5, &[4]).alert()]
    {
        let _any = take(&mut alerts, alert, minute(9));
    }
    assert_eq!(shown(&alerts), [1, 3, 2, 5], "a tsunami, the later flood, the earlier one, what ended");
}

#[test]
fn the_latest_word_of_a_thread_counts_in_whatever_order_words_come() {
    let mut alerts = Alerts::default();
    let messages = [Said::update(20, &[10]), Said::order(10), Said::order(12)];
    assert_eq!(taken(&mut alerts, 21, &messages), [Taken::InForce, Taken::Superseded, Taken::InForce]);
    assert_eq!(in_force(&alerts, 21), ["12", "20"]);
    let names: Vec<String> =
        alerts.in_force(minute(21))[1].messages.iter().map(|id| id.identifier.clone()).collect();
    assert_eq!(names, ["10", "20"]);
    // When its time is over, an earlier word does not come back.
    let mut alerts = Alerts::default();
    let messages = [Said::order(10).expiring(100), Said::update(20, &[10]).expiring(40)];
    assert_eq!(taken(&mut alerts, 21, &messages), [Taken::InForce, Taken::InForce]);
    assert_eq!((in_force(&alerts, 39), in_force(&alerts, 40)), (vec!["20".to_owned()], Vec::new()));
}

#[test]
fn the_same_message_by_another_way_is_a_duplicate_and_another_one_under_its_id_is_not() {
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, Said::order(10).alert(), minute(11)), Taken::InForce);
    assert_eq!(take(&mut alerts, Said::order(10).alert(), minute(12)), Taken::Duplicate);
    let other = Said::order(10).bent(|alert| alert.infos[2].headline = Some("Stay at home".to_owned()));
    assert_eq!(take(&mut alerts, other, minute(12)), Taken::OtherContent);
    // The same moment under another offset is the same message.
    let elsewhere = String::from_utf8(Said::order(10).bytes(|_| {})).unwrap();
    let elsewhere = elsewhere.replace("2026-03-11T05:10:00+09:00", "2026-03-10T20:10:00-00:00");
    let elsewhere = signed(elsewhere.as_bytes(), 2);
    assert_eq!(take(&mut alerts, elsewhere, minute(12)), Taken::Duplicate);
    assert_eq!(in_force(&alerts, 12), ["10"]);
}

#[test]
fn a_cancel_ends_its_own_thread_and_no_other() {
    let mut alerts = Alerts::default();
    let messages = [Said::order(10), Said::update(12, &[10]), Said::order(11), Said::cancel(15, &[10])];
    let expected = [Taken::InForce, Taken::InForce, Taken::InForce, Taken::Cancels { messages: 2 }];
    assert_eq!(taken(&mut alerts, 16, &messages), expected);
    assert_eq!(
        (in_force(&alerts, 16), cancelled(&alerts, 16)),
        (vec!["11".to_owned()], vec!["15".to_owned()])
    );
    // Its page ends; what it ended does not come back.
    assert_eq!((in_force(&alerts, 70), cancelled(&alerts, 75)), (vec!["11".to_owned()], Vec::new()));
    // An order that is given anew after it holds.
    assert_eq!(take(&mut alerts, Said::update(18, &[12]).alert(), minute(18)), Taken::InForce);
    assert_eq!(
        (in_force(&alerts, 18), cancelled(&alerts, 18)),
        (vec!["11".to_owned(), "18".to_owned()], Vec::new())
    );
    // One of the same thread that is older than it does not.
    assert_eq!(take(&mut alerts, Said::update(14, &[10]).alert(), minute(18)), Taken::Superseded);
}

#[test]
fn a_cancel_of_what_nobody_knows_is_kept_and_shown_to_nobody() {
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, Said::cancel(15, &[10]).alert(), minute(16)), Taken::CancelsUnknown);
    assert!(in_force(&alerts, 16).is_empty() && cancelled(&alerts, 16).is_empty());
    assert_eq!(take(&mut alerts, Said::order(10).alert(), minute(17)), Taken::Cancelled);
    assert!(in_force(&alerts, 17).is_empty());
    assert_eq!(cancelled(&alerts, 17), ["15"]);
    // Sent in the same second, the cancel counts.
    let mut alerts = Alerts::default();
    let messages = [Said::order(10), Said::cancel(10, &[10])];
    let cancel = messages[1].bent(|alert| alert.identifier = "0".to_owned());
    assert_eq!(take(&mut alerts, messages[0].alert(), minute(11)), Taken::InForce);
    assert_eq!(take(&mut alerts, cancel, minute(11)), Taken::Cancels { messages: 1 });
    assert!(in_force(&alerts, 11).is_empty());
}

#[test]
fn an_all_clear_is_a_word_of_its_thread_and_a_late_one_still_ends_the_order() {
    let mut alerts = Alerts::default();
    let messages = [Said::order(10).expiring(600), Said::all_clear(20, &[10]).expiring(30)];
    assert_eq!(taken(&mut alerts, 45, &messages), [Taken::InForce, Taken::Expired]);
    assert!(in_force(&alerts, 45).is_empty());
}

#[test]
fn an_alert_of_yesterday_or_from_the_future_is_not_in_force() {
    let mut alerts = Alerts::default();
    let yesterday = Said::order(10).alert();
    assert_eq!(take(&mut alerts, yesterday.clone(), minute(10).plus(DAY)), Taken::Expired);
    assert_eq!(take(&mut alerts, yesterday.clone(), minute(10).plus(DAY)), Taken::Duplicate);
    assert!(alerts.in_force(minute(10).plus(DAY)).is_empty());
    assert_eq!(take(&mut alerts, Said::order(20).alert(), minute(17)), Taken::FromTheFuture);
    assert_eq!(take(&mut alerts, Said::order(20).alert(), minute(18)), Taken::InForce);
    // After a week nothing is left of it, so that it cannot fill the memory either.
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, yesterday, minute(10).plus(7 * DAY)), Taken::Expired);
    assert_eq!(take(&mut alerts, Said::order(10).alert(), minute(10).plus(7 * DAY)), Taken::Expired);
}

#[test]
fn a_drill_ends_nothing_live_and_the_reverse() {
    let exercise = |said: &Said| {
        said.bent(|alert| {
            alert.status = hinamori_alert::Status::Exercise;
            alert.note = Some("春の訓練".to_owned());
        })
    };
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, Said::order(10).alert(), minute(11)), Taken::InForce);
    let cancel = exercise(&Said::cancel(15, &[10]));
    assert_eq!(take(&mut alerts, cancel, minute(16)), Taken::CancelsUnknown);
    assert_eq!(take(&mut alerts, exercise(&Said::update(16, &[10])), minute(16)), Taken::InForce);
    assert_eq!(in_force(&alerts, 16), ["10", "16"]);
}

/// A flood's order, which one officer can take back.
fn flood(at: u64) -> Said {
    Said { text: FLOOD, ..Said::order(at) }
}

fn flood_cancel(at: u64, names: &[u64]) -> Said {
    Said { text: FLOOD_CANCEL, ..Said::update(at, names) }
}

#[test]
fn one_officer_takes_a_mistake_back_in_its_first_ten_minutes() {
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, flood(10).alert(), minute(10)), Taken::InForce);
    assert_eq!(
        take(&mut alerts, flood_cancel(20, &[10]).by_one(), minute(20)),
        Taken::Cancels { messages: 1 }
    );
    assert_eq!((in_force(&alerts, 20).len(), cancelled(&alerts, 20)), (0, vec!["20".to_owned()]));
    // Later it takes two; the first one's signature can stay.
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, flood(10).alert(), minute(10)), Taken::InForce);
    let late = flood_cancel(21, &[10]);
    assert_eq!(take(&mut alerts, late.by_one(), minute(21)), Taken::NeedsAnotherOfficer);
    assert_eq!((in_force(&alerts, 21), cancelled(&alerts, 21).len()), (vec!["10".to_owned()], 0));
    assert_eq!(take(&mut alerts, late.alert(), minute(21)), Taken::Cancels { messages: 1 });
    // An update does not give it new minutes, whatever the cancel names.
    let mut alerts = Alerts::default();
    let update = flood(18).bent(|alert| {
        alert.references = vec![MessageId {
            sender: alert.sender.clone(),
            identifier: "10".to_owned(),
            sent: CapTime::in_japan(minute(10)),
        }];
        alert.message_type = hinamori_alert::MessageType::Update;
    });
    assert_eq!(take(&mut alerts, flood(10).alert(), minute(10)), Taken::InForce);
    assert_eq!(take(&mut alerts, update, minute(18)), Taken::InForce);
    assert_eq!(take(&mut alerts, flood_cancel(22, &[18]).by_one(), minute(22)), Taken::NeedsAnotherOfficer);
    assert_eq!(in_force(&alerts, 22), ["18"]);
}

#[test]
fn one_officer_takes_nothing_back_while_a_tsunami_comes() {
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, Said::order(10).alert(), minute(10)), Taken::InForce);
    assert_eq!(take(&mut alerts, flood(11).alert(), minute(11)), Taken::InForce);
    for cancel in [Said::cancel(12, &[10]), flood_cancel(12, &[11])] {
        assert_eq!(take(&mut alerts, cancel.by_one(), minute(12)), Taken::NeedsAnotherOfficer);
        assert_eq!(in_force(&alerts, 12), ["10", "11"]);
    }
    assert_eq!(
        take(&mut alerts, Said::cancel(12, &[10]).alert(), minute(12)),
        Taken::Cancels { messages: 1 }
    );
    assert_eq!(
        take(&mut alerts, flood_cancel(13, &[11]).by_one(), minute(13)),
        Taken::Cancels { messages: 1 }
    );
    // A tsunami that comes later does not bring back what was a mistake, in whatever order a set hears of them.
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, flood(10).alert(), minute(20)), Taken::InForce);
    assert_eq!(take(&mut alerts, Said::order(15).alert(), minute(20)), Taken::InForce);
    assert_eq!(
        take(&mut alerts, flood_cancel(12, &[10]).by_one(), minute(20)),
        Taken::Cancels { messages: 1 }
    );
    // Nor when the order comes after its cancel.
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, Said::cancel(12, &[10]).by_one(), minute(12)), Taken::CancelsUnknown);
    assert_eq!(take(&mut alerts, Said::order(10).alert(), minute(12)), Taken::InForce);
    assert_eq!(in_force(&alerts, 12), ["10"]);
}

#[test]
fn one_officer_s_cancel_cannot_be_antedated() {
    let mut alerts = Alerts::default();
    assert_eq!(take(&mut alerts, flood(10).alert(), minute(10)), Taken::InForce);
    let antedated = || flood_cancel(15, &[10]).by_one();
    assert_eq!(alerts.take(antedated(), minute(90), Some(minute(89))), Taken::NeedsAnotherOfficer);
    // Whoever was cut off hears it late and takes it.
    assert_eq!(alerts.take(antedated(), minute(60), Some(minute(17))), Taken::Cancels { messages: 1 });
}

#[test]
fn there_is_an_end_to_what_is_held() {
    let mut alerts = Alerts::default();
    let order = Said::order(10);
    let numbered = |number: usize| order.bent(|alert| alert.identifier = format!("n{number}"));
    let results: Vec<Taken> =
        (0..514).map(|number| take(&mut alerts, numbered(number), minute(11))).collect();
    assert_eq!(results.iter().filter(|taken| **taken == Taken::Full).count(), 2);
    let later = Said::order(11 * 24 * 60).alert();
    assert_eq!(take(&mut alerts, later, minute(11 * 24 * 60)), Taken::InForce);
}

fn messages() -> impl Strategy<Value = Vec<Said>> {
    let names = prop::collection::btree_set(0..8_u64, 1..3);
    let said = (0..8_u64, names, 0..4_u8, 20..90_u64).prop_filter_map("earlier ones only", |parts| {
        let (at, names, kind, expires) = parts;
        let names: Vec<u64> = names.into_iter().filter(|name| *name < at).collect();
        let said = match kind {
            _ if names.is_empty() => Said::order(at),
            0 => Said::order(at),
            1 => Said::cancel(at, &names),
            2 => Said::all_clear(at, &names),
            _ => Said::update(at, &names),
        };
        Some(said.expiring(expires))
    });
    prop::collection::vec(said, 1..8).prop_map(|mut all| {
        all.sort_by_key(|said| said.at);
        all.dedup_by_key(|said| said.at);
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_order_of_coming_does_not_matter(all in messages(), order in Just(()).prop_perturb(|(), mut rng| rng.next_u64())) {
        let (mut alerts, mut others) = (Alerts::default(), Alerts::default());
        let mut shuffled = all.clone();
        shuffled.sort_by_key(|said| (said.at + 1).wrapping_mul(order | 1) % 1_009);
        for said in &all {
            let _any = take(&mut alerts, said.alert(), minute(9));
        }
        for said in shuffled.iter().chain(&all) {
            let _any = take(&mut others, said.alert(), minute(9));
        }
        for now in [9, 30, 60, 90] {
            prop_assert_eq!(alerts.in_force(minute(now)), others.in_force(minute(now)));
            prop_assert_eq!(alerts.cancelled(minute(now)), others.cancelled(minute(now)));
        }
        for thread in alerts.in_force(minute(9)) {
            let latest = thread.latest.alert().alert();
            prop_assert!(latest.message_type != hinamori_alert::MessageType::Cancel);
            prop_assert!(latest.infos[0].expires.unwrap().at() > minute(9));
        }
    }

    #[test]
    fn a_household_s_receiver_decides_as_whoever_has_the_alerts(all in messages(), by_one in any::<u16>()) {
        let (mut alerts, mut told) = (Alerts::default(), Alerts::default());
        for (at, said) in (0_u16..).zip(&all) {
            let is_cancel = said.text == CANCEL;
            let officers = if is_cancel && by_one >> (at % 16) & 1 == 1 { 1 } else { 2 };
            let bytes = said.bytes(|_| {});
            let one = alerts.take(signed(&bytes, officers), minute(9), None);
            prop_assert_eq!(one, told.take(signed_for_a_household(&bytes, officers), minute(9), None));
        }
        for now in [9, 30, 60, 90] {
            let (one, other) = (alerts.shown(minute(now)), told.shown(minute(now)));
            prop_assert_eq!(one.len(), other.len());
            for (one, other) in one.iter().zip(&other) {
                prop_assert_eq!(one.latest.digest(), other.latest.digest());
            }
        }
    }
}
