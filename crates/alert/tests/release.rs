//! Alerts that two officers signed in advance: a trigger releases exactly that, and nothing else.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use hinamori_alert::SignedMessage as _;
use hinamori_alert::{
    Alert, Alerts, BadKeyList, BeatKey, CapTime, CoastSegment, Device, Envelope, EnvelopeError, Instruction,
    Instructions, KeyClass, KeyList, LONGEST_RELEASE_MILLIS, MessageKind, NotReleased, NotSigned, OfficerId,
    OfficerKey, PREPARED_IDENTIFIER, PREPARED_SENT, Policy, PreparedRelease, ReleasePolicy, Released, Report,
    Sequence, SequenceVerdict, Sequences, SignedAlert, SignedInstruction, Taken, Trigger, TriggerKey,
    TsunamiKind, write,
};
use hinamori_model::{HouseholdId, UnixMillis};

const ORDER: &str = include_str!("fixtures/tsunami.xml");
const FLOOD: &str = include_str!("fixtures/flood.xml");
const SENDER: &str = "bousai@town.shiomi.example";
const HOUR: u64 = 3_600_000;
/// 2026-03-11T05:00:00+09:00
const MORNING: UnixMillis = UnixMillis::new(1_773_172_800_000);
const SEQUENCE: Sequence = Sequence { epoch: 5, number: 9 };

fn at(hours: i64) -> UnixMillis {
    UnixMillis::new(MORNING.get().saturating_add_signed(hours * 3_600_000))
}

fn key(number: u8) -> OfficerKey {
    OfficerKey::from_bytes(&[number; 32])
}

fn trigger_key() -> TriggerKey {
    TriggerKey::from_bytes(&[40; 32])
}

fn segment(number: u16) -> CoastSegment {
    CoastSegment::new(number).unwrap()
}

/// Keys 1 and 2 are the mayor's, 3 is the chief's, 4 the chief's for exercises, 5 was somebody's who left an hour before.
fn officers() -> KeyList {
    let device = |number, officer, class, until| Device {
        class,
        officer: OfficerId(officer),
        until,
        key: key(number).public(),
    };
    let for_ever = UnixMillis::new(u64::MAX);
    let devices = [
        device(1, 1, KeyClass::Live, for_ever),
        device(2, 1, KeyClass::Live, for_ever),
        device(3, 2, KeyClass::Live, for_ever),
        device(4, 2, KeyClass::Exercise, for_ever),
        device(5, 3, KeyClass::Live, at(-1)),
    ];
    let fixed = (BeatKey::from_bytes(&[9; 32]).public(), [7; 32]);
    KeyList::new(1, MORNING, fixed, SENDER, devices).unwrap()
}

fn policy(needs_officer: bool) -> Policy {
    let release = ReleasePolicy { trigger: trigger_key().public(), needs_officer };
    Policy { release: Some(release), ..Policy::default() }
}

/// A town in which the trigger alone releases.
fn town() -> KeyList {
    officers().with_policy(policy(false)).unwrap()
}

fn template_of(text: &str, bend: impl Fn(&mut Alert)) -> Vec<u8> {
    let mut alert = Report::of(text.as_bytes()).unwrap().alert().unwrap().clone();
    PREPARED_IDENTIFIER.clone_into(&mut alert.identifier);
    alert.sent = CapTime::in_japan(PREPARED_SENT);
    for info in &mut alert.infos {
        info.onset = None;
        info.expires = Some(CapTime::in_japan(UnixMillis::new(12 * HOUR)));
    }
    bend(&mut alert);
    write(&alert)
}

fn template() -> Vec<u8> {
    template_of(ORDER, |_| {})
}

fn content(number: u8, id: &str, tsunami: &str) -> String {
    format!(
        r#"{{"id":"{id}","references":[],"sent":0,"expires":43200000,"message":"Order","hazard":"Tsunami","tsunami":"{tsunami}","speech":"いえ{number}"}}"#
    )
}

fn told() -> Vec<Instruction> {
    let told = |number: u8| Instruction {
        household: HouseholdId::from_bytes([number; 16]),
        salt: [number + 100; 16],
        content: content(number, "prepared", "MajorWarning").into(),
    };
    (0..5).map(told).collect()
}

/// Signed by these, for thirty days from the morning on.
fn prepared_by(keys: &[u8]) -> PreparedRelease {
    let together = Instructions::of(&told()).unwrap();
    let bounds = (MORNING, at(30 * 24));
    let mut prepared = PreparedRelease::around(&template(), segment(580), bounds, &together).unwrap();
    sign_again(&mut prepared, keys);
    prepared
}

fn sign_again(prepared: &mut PreparedRelease, keys: &[u8]) {
    let digest = prepared.digest();
    prepared.signatures = keys.iter().map(|number| key(*number).sign(&digest)).collect();
}

fn trigger() -> Trigger {
    Trigger {
        kind: TsunamiKind::MajorWarning,
        segment: segment(580),
        event: [3; 32],
        arrives: Some(at(3)),
        references: Vec::new(),
        signature: [0; 64],
    }
}

fn release_of(prepared: PreparedRelease, trigger: Trigger, sent: UnixMillis) -> (Envelope, Vec<u8>) {
    let released = Released { prepared, trigger };
    let (mut envelope, alert) = Envelope::released(released, &template(), (SEQUENCE, sent)).unwrap();
    trigger_key().release(&mut envelope);
    (envelope, alert)
}

fn released() -> (Envelope, Vec<u8>) {
    release_of(prepared_by(&[1, 3]), trigger(), at(2))
}

fn why(envelope: &Envelope, alert: &[u8], keys: &KeyList) -> NotReleased {
    let why = match envelope.verify(alert, keys).unwrap_err() {
        EnvelopeError::NotReleased(why) => Ok(why),
        other => Err(other),
    };
    why.unwrap()
}

/// Changes what the trigger or the release says, and has the trigger sign it anew.
fn bent(bend: impl Fn(&mut Envelope)) -> Envelope {
    let (mut envelope, _) = released();
    bend(&mut envelope);
    trigger_key().release(&mut envelope);
    envelope
}

fn of(envelope: &mut Envelope) -> &mut Released {
    envelope.release.as_mut().unwrap()
}

/// What the receiver of one household believes, which has no alert.
fn heard(
    all: &[Instruction],
    envelope: Envelope,
    keys: &KeyList,
) -> Result<SignedInstruction, EnvelopeError> {
    let together = Instructions::of(all).unwrap();
    let own = all.get(2).unwrap();
    envelope.verify_told(own, &together.path(own).unwrap(), keys)
}

#[test]
fn a_household_s_receiver_believes_a_release_without_the_alert() {
    let (envelope, _) = released();
    let signed = heard(&told(), envelope.clone(), &town()).unwrap();
    assert_eq!((signed.id(), signed.sent(), signed.expires()), ("5-9".to_owned(), at(2), at(14)));
    assert_eq!((signed.officers(), signed.speech(), signed.is_tsunami_order()), (2, "いえ2", true));
    assert_eq!(signed.digest(), envelope.digest());

    let on_duty = officers().with_policy(policy(true)).unwrap();
    let refused = |envelope: Envelope, keys: &KeyList| heard(&told(), envelope, keys).unwrap_err();
    let not_released = |why| EnvelopeError::NotReleased(why);
    assert_eq!(refused(envelope.clone(), &on_duty), not_released(NotReleased::NeedsOfficer));
    assert_eq!(refused(envelope.clone(), &officers()), not_released(NotReleased::NoTrigger));
    let mut forged = envelope;
    of(&mut forged).trigger.signature = [1; 64];
    assert_eq!(refused(forged, &town()), not_released(NotReleased::BadTrigger));
    // A trigger's key makes neither an ending nor a longer order of it.
    let longer = bent(|envelope| envelope.expires = at(20));
    assert_eq!(refused(longer, &town()), EnvelopeError::OtherAlert);
    let ending = bent(|envelope| envelope.message = MessageKind::Cancel);
    assert_eq!(refused(ending, &town()), EnvelopeError::OtherAlert);
    let fewer = bent(|envelope| envelope.households = 4);
    assert!(matches!(refused(fewer, &town()), EnvelopeError::OtherAlert | EnvelopeError::NotReleased(_)));

    // What was written for an ordinary alert, or for another warning, is not what waited.
    for content in [content(2, "5-9", "MajorWarning"), content(2, "prepared", "Advisory")] {
        let mut all = told();
        all[2].content = content.into();
        let mut prepared = prepared_by(&[]);
        prepared.instructions = PreparedRelease::around(
            &template(),
            segment(580),
            (MORNING, at(1)),
            &Instructions::of(&all).unwrap(),
        )
        .unwrap()
        .instructions;
        sign_again(&mut prepared, &[1, 3]);
        let (envelope, _) = release_of(prepared, trigger(), at(2));
        assert_eq!(heard(&all, envelope, &town()).unwrap_err(), EnvelopeError::OtherAlert);
    }
}

#[test]
fn a_trigger_releases_exactly_what_two_officers_signed() {
    let (envelope, alert) = released();
    let signed = envelope.verify(&alert, &town()).unwrap();
    let said = signed.alert().alert();
    assert_eq!((said.identifier.as_str(), said.sent.at()), ("5-9", at(2)));
    assert!(said.infos.iter().all(|info| info.onset == Some(CapTime::in_japan(at(3)))));
    assert_eq!((signed.alert().expires(), signed.officers()), (at(14), 2));
    assert!(signed.is_tsunami_order());
    let together = Instructions::of(&told()).unwrap();
    for own in &told() {
        assert!(signed.has(own, &together.path(own).unwrap()));
    }
    let silent = Trigger { arrives: None, ..trigger() };
    let (envelope, alert) = release_of(prepared_by(&[1, 3]), silent, at(2));
    let signed = envelope.verify(&alert, &town()).unwrap();
    assert!(signed.alert().alert().infos.iter().all(|info| info.onset.is_none()));
    assert_eq!(envelope.signatures, [], "nobody was on duty");
}

#[test]
fn its_bytes_are_read_as_a_whole_or_not_at_all() {
    let references = vec![("5-8".to_owned(), at(1)), ("家".to_owned(), at(1))];
    let (mut envelope, _) = release_of(prepared_by(&[1, 3]), Trigger { references, ..trigger() }, at(2));
    envelope.signatures = vec![key(1).sign(&envelope.digest())];
    let bytes = envelope.encode();
    assert_eq!(Envelope::decode(&bytes), Some(envelope));
    for length in 0..bytes.len() {
        assert_eq!(Envelope::decode(&bytes[..length]), None, "{length}");
    }
    assert_eq!(Envelope::decode(&[bytes, vec![0]].concat()), None);
    let prepared = prepared_by(&[1, 3]);
    assert_eq!(PreparedRelease::decode(&prepared.encode()), Some(prepared));
}

#[test]
fn a_changed_byte_is_not_believed_wherever_it_is() {
    let (envelope, alert) = released();
    let bytes = envelope.encode();
    for place in 0..bytes.len() {
        let mut other = bytes.clone();
        other[place] ^= 1;
        let believed = Envelope::decode(&other).and_then(|other| other.verify(&alert, &town()).ok());
        assert_eq!(believed, None, "byte {place}");
    }
}

#[test]
fn one_officer_twice_an_exercise_s_key_or_a_stranger_prepares_nothing() {
    let refused = |keys: &[u8]| {
        let (envelope, alert) = release_of(prepared_by(keys), trigger(), at(2));
        envelope.verify(&alert, &town()).unwrap_err()
    };
    let few = |officers| EnvelopeError::TooFewOfficers { officers, needed: 2 };
    assert_eq!(refused(&[]), few(0));
    assert_eq!(refused(&[1]), few(1));
    assert_eq!(refused(&[1, 1]), few(1));
    assert_eq!(refused(&[1, 2]), few(1), "two devices of one person");
    assert_eq!(refused(&[1, 4]), EnvelopeError::NotSigned(NotSigned::OtherClass));
    assert_eq!(refused(&[1, 5]), EnvelopeError::NotSigned(NotSigned::KeyOver), "gone when it was made");
    assert_eq!(refused(&[1, 9]), EnvelopeError::NotSigned(NotSigned::UnknownKey));
    assert_eq!(refused(&[1, 1, 1, 1, 1, 1, 1, 1, 3]), few(1), "more than are looked at");
}

#[test]
fn whoever_leaves_later_did_sign_it() {
    let mut left: Vec<Device> = officers().devices().collect();
    left.iter_mut().filter(|device| device.officer == OfficerId(2)).for_each(|device| device.until = MORNING);
    let fixed = (BeatKey::from_bytes(&[9; 32]).public(), [7; 32]);
    let town = KeyList::new(2, MORNING, fixed, SENDER, left).unwrap().with_policy(policy(false)).unwrap();
    let (envelope, alert) = released();
    assert!(envelope.verify(&alert, &town).is_ok());
}

#[test]
fn another_coast_another_warning_and_another_time_release_nothing() {
    let (_, alert) = released();
    let refused = |trigger: Trigger| {
        let (envelope, alert) = release_of(prepared_by(&[1, 3]), trigger, at(2));
        why(&envelope, &alert, &town())
    };
    assert_eq!(refused(Trigger { segment: segment(590), ..trigger() }), NotReleased::OtherTrigger);
    assert_eq!(refused(Trigger { kind: TsunamiKind::Warning, ..trigger() }), NotReleased::OtherTrigger);
    let sent = |hours| {
        let (envelope, alert) =
            release_of(prepared_by(&[1, 3]), Trigger { arrives: None, ..trigger() }, at(hours));
        envelope.verify(&alert, &town()).map(|_| ())
    };
    let over = Err(EnvelopeError::NotReleased(NotReleased::OtherTime));
    assert_eq!([sent(-1), sent(30 * 24 + 1)], [over.clone(), over]);
    assert_eq!([sent(0), sent(30 * 24)], [Ok(()), Ok(())], "both ends belong to it");
    // Both say another kind, and the alert still says what it says.
    let lower = bent(|envelope| {
        of(envelope).prepared.kind = TsunamiKind::Advisory;
        of(envelope).trigger.kind = TsunamiKind::Advisory;
        sign_again(&mut of(envelope).prepared, &[1, 3]);
    });
    assert_eq!(why(&lower, &alert, &town()), NotReleased::OtherContent);
    let too_long = bent(|envelope| {
        of(envelope).prepared.until = MORNING.plus(LONGEST_RELEASE_MILLIS + 1);
        sign_again(&mut of(envelope).prepared, &[1, 3]);
    });
    assert_eq!(why(&too_long, &alert, &town()), NotReleased::OtherTime);
    let together = Instructions::of(&told()).unwrap();
    let bounds = (MORNING, MORNING.plus(LONGEST_RELEASE_MILLIS + 1));
    let made = PreparedRelease::around(&template(), segment(580), bounds, &together).unwrap_err();
    assert_eq!(made, EnvelopeError::NotReleased(NotReleased::OtherTime));
}

#[test]
fn nothing_but_the_trigger_s_own_words_is_filled_in() {
    let bend_alert = |bend: &dyn Fn(&mut Alert)| {
        let (mut envelope, alert) = released();
        let mut other = Report::of(&alert).unwrap().alert().unwrap().clone();
        bend(&mut other);
        let other = write(&other);
        let valid = Report::of(&other).unwrap().into_valid().unwrap();
        // The trigger lies about everything that it can.
        envelope.sent = valid.alert().sent.at();
        envelope.expires = valid.expires();
        envelope.alert = ring::digest::digest(&ring::digest::SHA256, &other).as_ref().try_into().unwrap();
        trigger_key().release(&mut envelope);
        why(&envelope, &other, &town())
    };
    let first = |alert: &mut Alert, bend: &dyn Fn(&mut hinamori_alert::Info)| {
        alert.infos.iter_mut().for_each(bend);
    };
    type Bend<'a> = &'a dyn Fn(&mut Alert);
    let bends: [(&str, Bend<'_>); 7] = [
        ("text", &|alert| alert.infos[0].instruction = Some("家にいてください。".to_owned())),
        ("identifier", &|alert| alert.identifier = "5-10".to_owned()),
        ("longer", &|alert| {
            first(alert, &|info| info.expires = Some(CapTime::in_japan(at(15))));
        }),
        ("arrival", &|alert| first(alert, &|info| info.onset = Some(CapTime::in_japan(at(4))))),
        ("no arrival", &|alert| first(alert, &|info| info.onset = None)),
        ("place", &|alert| alert.infos.iter_mut().for_each(|info| info.areas[0].polygons.clear())),
        ("note", &|alert| alert.note = Some("…".to_owned())),
    ];
    for (name, bend) in bends {
        assert_eq!(bend_alert(bend), NotReleased::OtherContent, "{name}");
    }
    let (envelope, alert) = released();
    // The same alert in other bytes.
    let spaced = String::from_utf8(alert.clone()).unwrap().replacen("\n", "\n\n", 2);
    let mut other = envelope;
    other.alert = ring::digest::digest(&ring::digest::SHA256, spaced.as_bytes()).as_ref().try_into().unwrap();
    trigger_key().release(&mut other);
    assert_eq!(why(&other, spaced.as_bytes(), &town()), NotReleased::OtherContent);
    for other in [
        bent(|envelope| envelope.households += 1),
        bent(|envelope| envelope.instructions = [1; 32]),
        bent(|envelope| envelope.sequence.number += 1),
        bent(|envelope| of(envelope).trigger.references = vec![("5-1".to_owned(), at(1))]),
    ] {
        assert_eq!(why(&other, &alert, &town()), NotReleased::OtherContent);
    }
    let other = template_of(ORDER, |alert| alert.incidents = None);
    let released = Released { prepared: prepared_by(&[1, 3]), trigger: trigger() };
    let refused = Envelope::released(released, &other, (SEQUENCE, at(2))).unwrap_err();
    assert_eq!(refused, EnvelopeError::NotReleased(NotReleased::OtherContent));
}

#[test]
fn only_a_tsunami_s_order_in_earnest_waits_for_a_trigger() {
    let together = Instructions::of(&[]).unwrap();
    let refused = |template: &[u8]| {
        let bounds = (MORNING, at(1));
        PreparedRelease::around(template, segment(580), bounds, &together).unwrap_err()
    };
    let not = EnvelopeError::NotReleased(NotReleased::NotPreparable);
    assert_eq!(refused(&template_of(FLOOD, |_| {})), not, "no tsunami");
    let drill = template_of(ORDER, |alert| {
        alert.status = hinamori_alert::Status::Exercise;
        alert.note = Some("訓練".to_owned());
    });
    assert_eq!(refused(&drill), not);
    assert_eq!(refused(&template_of(ORDER, |alert| alert.identifier = "1-1".to_owned())), not);
    assert_eq!(refused(&template_of(ORDER, |alert| alert.sent = CapTime::in_japan(at(0)))).to_string(), {
        // It would have ended before it was sent.
        let broken = template_of(ORDER, |alert| alert.sent = CapTime::in_japan(at(0)));
        let violations = Report::of(&broken).unwrap().into_valid().unwrap_err();
        format!("the alert breaks {} rules", violations.len())
    });
    assert_eq!(refused(ORDER.as_bytes()), not, "of a certain morning");
}

#[test]
fn the_town_s_trigger_and_no_other_key_releases() {
    let (envelope, alert) = released();
    assert_eq!(why(&envelope, &alert, &officers()), NotReleased::NoTrigger);
    let mut by_another = envelope.clone();
    TriggerKey::from_bytes(&[41; 32]).release(&mut by_another);
    assert_eq!(why(&by_another, &alert, &town()), NotReleased::BadTrigger);
    let mut by_an_officer = envelope.clone();
    of(&mut by_an_officer).trigger.signature = key(1).sign(&envelope.digest()).signature;
    assert_eq!(why(&by_an_officer, &alert, &town()), NotReleased::BadTrigger);
    let mut unsigned = envelope.clone();
    of(&mut unsigned).trigger.signature = [0; 64];
    assert_eq!(why(&unsigned, &alert, &town()), NotReleased::BadTrigger);
    // The trigger's key is no officer's: neither under a release, nor under an alert of today, nor on duty.
    let as_officer = OfficerKey::from_bytes(&[40; 32]);
    let stranger = EnvelopeError::NotSigned(NotSigned::UnknownKey);
    let mut own = prepared_by(&[1]);
    own.signatures.push(as_officer.sign(&own.digest()));
    let (own, own_alert) = release_of(own, trigger(), at(2));
    assert_eq!(own.verify(&own_alert, &town()).unwrap_err(), stranger);
    let nobody = Instructions::of(&[]).unwrap();
    let mut ordinary = Envelope::around(ORDER.as_bytes(), SEQUENCE, &nobody).unwrap();
    let digest = ordinary.digest();
    ordinary.signatures = vec![key(1).sign(&digest), as_officer.sign(&digest)];
    assert_eq!(ordinary.verify(ORDER.as_bytes(), &town()).unwrap_err(), stranger);
    let mut on_duty = envelope.clone();
    on_duty.signatures = vec![as_officer.sign(&envelope.digest())];
    assert_eq!(on_duty.verify(&alert, &town()).unwrap_err(), stranger);
}

#[test]
fn what_was_signed_in_advance_is_no_signature_of_today() {
    let (envelope, alert) = released();
    let prepared = of(&mut envelope.clone()).prepared.clone();
    let today = Envelope { release: None, signatures: prepared.signatures, ..envelope.clone() };
    let wrong = EnvelopeError::NotSigned(NotSigned::Wrong);
    assert_eq!(today.verify(&alert, &town()).unwrap_err(), wrong);
    let by_trigger = Envelope { release: None, ..envelope };
    let few = EnvelopeError::TooFewOfficers { officers: 0, needed: 2 };
    assert_eq!(by_trigger.verify(&alert, &town()).unwrap_err(), few);
}

#[test]
fn an_officer_on_duty_signs_where_the_policy_says_so() {
    let keys = officers().with_policy(policy(true)).unwrap();
    let (mut envelope, alert) = released();
    assert_eq!(why(&envelope, &alert, &keys), NotReleased::NeedsOfficer);
    let digest = envelope.digest();
    let mut with = |number: u8| {
        envelope.signatures = vec![key(number).sign(&digest)];
        envelope.verify(&alert, &keys).map(|signed| signed.officers())
    };
    assert_eq!(with(1), Ok(2), "one of those who signed in advance");
    let refused = [with(4), with(5), with(9)].map(Result::unwrap_err);
    let not = |why| EnvelopeError::NotSigned(why);
    assert_eq!(refused, [not(NotSigned::OtherClass), not(NotSigned::KeyOver), not(NotSigned::UnknownKey)]);
    // A signature for another release is none for this one.
    let prepared = of(&mut envelope).prepared.digest();
    envelope.signatures = vec![key(1).sign(&prepared)];
    assert_eq!(envelope.verify(&alert, &keys).unwrap_err(), not(NotSigned::Wrong));
}

#[test]
fn a_list_of_keys_has_its_policy_and_a_trigger_is_nothing_else() {
    let root = ed25519_dalek::SigningKey::from_bytes(&[50; 32]);
    let sign = |domain: &'static [u8; 23], body: &[u8]| {
        ed25519_dalek::Signer::sign(&root, &[domain.as_slice(), body].concat()).to_bytes()
    };
    for policy in [
        Policy::default(),
        Policy { staff_leave_minutes: 12, ..Policy::default() },
        policy(false),
        policy(true),
    ] {
        let list = officers().with_policy(policy).unwrap();
        let read = KeyList::decode(&list.encode(sign), &root.verifying_key().to_bytes()).unwrap();
        assert_eq!((read.policy(), &read), (policy, &list));
    }
    let with = |trigger| {
        let release = Some(ReleasePolicy { trigger, needs_officer: false });
        officers().with_policy(Policy { release, ..Policy::default() }).unwrap_err()
    };
    assert_eq!(with(BeatKey::from_bytes(&[9; 32]).public()), BadKeyList::KeyTwice);
    assert_eq!(with(TriggerKey::from_bytes(&[1; 32]).public()), BadKeyList::KeyTwice, "the mayor's kiosk");
    assert_eq!(with([0; 32]), BadKeyList::NoKey);
    for staff_leave_minutes in [0, 61] {
        let none = officers().with_policy(Policy { staff_leave_minutes, ..Policy::default() });
        assert_eq!(none.unwrap_err(), BadKeyList::Malformed);
    }
}

#[test]
fn a_used_trigger_is_a_message_like_any_other_and_is_used_once() {
    let take = |alerts: &mut Alerts, signed: &SignedAlert, hours| {
        alerts.take(signed.clone(), at(hours), Some(at(hours)))
    };
    let (envelope, alert) = released();
    let first = envelope.verify(&alert, &town()).unwrap();
    let (mut alerts, mut sequences) = (Alerts::default(), Sequences::default());
    assert_eq!(sequences.note(&first), SequenceVerdict::New);
    assert_eq!(take(&mut alerts, &first, 2), Taken::InForce);
    assert_eq!(sequences.note(&first), SequenceVerdict::Known);
    assert_eq!(take(&mut alerts, &first, 3), Taken::Duplicate);
    // With an officer's signature as well it is still the same message.
    let mut signed_again = envelope.clone();
    signed_again.signatures = vec![key(1).sign(&envelope.digest())];
    let signed_again = signed_again.verify(&alert, &town()).unwrap();
    assert_eq!(take(&mut alerts, &signed_again, 3), Taken::Duplicate);
    // The agency raises it: an update of the same thread.
    let references = vec![("5-9".to_owned(), at(2))];
    let sequence = Sequence { number: 10, ..SEQUENCE };
    let raised = Trigger { references, arrives: Some(at(4)), ..trigger() };
    let released = Released { prepared: prepared_by(&[1, 3]), trigger: raised };
    let (mut update, update_alert) = Envelope::released(released, &template(), (sequence, at(3))).unwrap();
    trigger_key().release(&mut update);
    let update = update.verify(&update_alert, &town()).unwrap();
    assert_eq!(take(&mut alerts, &update, 3), Taken::InForce);
    assert_eq!(alerts.in_force(at(3)).len(), 1, "one thread");
    assert_eq!(take(&mut alerts, &first, 3), Taken::Duplicate);
    // Played back when it is over, at a set that never heard it.
    let mut later = Alerts::default();
    assert_eq!(take(&mut later, &first, 14), Taken::Expired);
}
