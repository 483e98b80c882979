//! Two officers, two classes of keys, one sequence: what is not signed as it must be is not believed.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use hinamori_alert::{
    BadOfficers, Envelope, EnvelopeError, Instruction, Instructions, KeyClass, OfficerId, OfficerKey,
    Officers, Sequence, SequenceVerdict, Sequences,
};
use hinamori_model::HouseholdId;

const ORDER: &str = include_str!("fixtures/tsunami.xml");
const MAYOR: OfficerId = OfficerId(1);
const CHIEF: OfficerId = OfficerId(2);

fn exercise() -> String {
    ORDER.replacen("Actual", "Exercise", 1).replacen("<incidents>", "<note>春の訓練</note><incidents>", 1)
}

fn live(number: u8) -> OfficerKey {
    OfficerKey::from_bytes(KeyClass::Live, &[number; 32])
}

fn drill(number: u8) -> OfficerKey {
    OfficerKey::from_bytes(KeyClass::Exercise, &[number; 32])
}

/// The mayor has two devices, the chief one, and each a key for exercises.
fn officers() -> Officers {
    Officers::pin([
        (KeyClass::Live, MAYOR, live(1).public()),
        (KeyClass::Live, MAYOR, live(2).public()),
        (KeyClass::Live, CHIEF, live(3).public()),
        (KeyClass::Exercise, MAYOR, drill(4).public()),
        (KeyClass::Exercise, CHIEF, drill(5).public()),
    ])
    .unwrap()
}

fn instructions() -> Vec<Instruction> {
    let told = |number: u8| Instruction {
        household: HouseholdId::from_bytes([number; 16]),
        salt: [number + 100; 16],
        content: format!("家{number}").into_bytes(),
    };
    (0..5).map(told).collect()
}

fn envelope_at(alert: &str, number: u64, keys: &[OfficerKey]) -> Envelope {
    let sequence = Sequence { epoch: 1, number };
    let together = Instructions::of(&instructions()).unwrap();
    let mut envelope = Envelope::around(alert.as_bytes(), sequence, &together).unwrap();
    keys.iter().for_each(|key| envelope.sign(key));
    envelope
}

fn envelope(alert: &str, keys: &[OfficerKey]) -> Envelope {
    envelope_at(alert, 7, keys)
}

fn refused(envelope: &Envelope, alert: &str) -> EnvelopeError {
    envelope.verify(alert.as_bytes(), &officers()).unwrap_err()
}

#[test]
fn two_officers_sign_an_actual_alert_and_each_household_finds_its_own_instruction() {
    let signed = envelope(ORDER, &[live(1), live(3)]).verify(ORDER.as_bytes(), &officers()).unwrap();
    let all = instructions();
    let together = Instructions::of(&all).unwrap();
    for own in &all {
        assert!(signed.has(own, &together.path(own).unwrap()));
        let other = Instruction { content: "家9".into(), ..own.clone() };
        assert!(!signed.has(&other, &together.path(own).unwrap()));
    }
    let drill = envelope(&exercise(), &[drill(5)]);
    assert!(drill.verify(exercise().as_bytes(), &officers()).is_ok());
}

#[test]
fn one_officer_is_one_however_often_they_sign() {
    let few = |officers| EnvelopeError::TooFewOfficers { officers, needed: 2 };
    assert_eq!(refused(&envelope(ORDER, &[]), ORDER), few(0));
    assert_eq!(refused(&envelope(ORDER, &[live(1)]), ORDER), few(1));
    assert_eq!(refused(&envelope(ORDER, &[live(1), live(1)]), ORDER), few(1));
    assert_eq!(refused(&envelope(ORDER, &[live(1), live(2)]), ORDER), few(1));
    let none = EnvelopeError::TooFewOfficers { officers: 0, needed: 1 };
    assert_eq!(refused(&envelope(&exercise(), &[]), &exercise()), none);
    let many: Vec<OfficerKey> = (0..9).map(|number| live(if number == 0 { 3 } else { 1 })).collect();
    assert_eq!(refused(&envelope(ORDER, &many), ORDER), few(2));
}

#[test]
fn a_key_of_exercises_is_good_for_exercises_only_and_the_reverse() {
    assert_eq!(refused(&envelope(ORDER, &[live(1), drill(5)]), ORDER), EnvelopeError::OtherClass);
    assert_eq!(refused(&envelope(ORDER, &[drill(4), drill(5)]), ORDER), EnvelopeError::OtherClass);
    assert_eq!(refused(&envelope(&exercise(), &[live(1)]), &exercise()), EnvelopeError::OtherClass);
    // Not by saying so either: what is signed begins with the class.
    let mut posing = envelope(ORDER, &[OfficerKey::from_bytes(KeyClass::Exercise, &[1; 32]), live(3)]);
    assert_eq!(refused(&posing, ORDER), EnvelopeError::WrongSignature);
    posing = envelope(&exercise(), &[drill(5)]);
    posing.class = KeyClass::Live;
    assert_eq!(refused(&posing, &exercise()), EnvelopeError::OtherAlert);
}

#[test]
fn a_changed_byte_is_not_believed_wherever_it_is() {
    let whole = || envelope(ORDER, &[live(1), live(3)]);
    let space = ORDER.replacen("  <status>", "   <status>", 1);
    assert_eq!(refused(&whole(), &space), EnvelopeError::OtherAlert);
    let elsewhere = ORDER.replace("汐見小学校へ歩いて", "汐見漁港へ歩いて");
    assert_eq!(refused(&whole(), &elsewhere), EnvelopeError::OtherAlert);
    let check = |bend: &dyn Fn(&mut Envelope), error: EnvelopeError| {
        let mut bent = whole();
        bend(&mut bent);
        assert_eq!(refused(&bent, ORDER), error);
    };
    check(&|envelope| envelope.alert[0] ^= 1, EnvelopeError::OtherAlert);
    check(&|envelope| envelope.expires = envelope.expires.plus(1), EnvelopeError::OtherAlert);
    check(&|envelope| envelope.sender.push('x'), EnvelopeError::OtherAlert);
    check(&|envelope| envelope.sequence.number += 1, EnvelopeError::WrongSignature);
    check(&|envelope| envelope.sequence.epoch += 1, EnvelopeError::WrongSignature);
    check(&|envelope| envelope.households -= 1, EnvelopeError::WrongSignature);
    check(&|envelope| envelope.instructions[31] ^= 1, EnvelopeError::WrongSignature);
    check(&|envelope| envelope.signatures[1].signature[9] ^= 1, EnvelopeError::WrongSignature);
    check(&|envelope| envelope.signatures[1].key = live(9).public(), EnvelopeError::UnknownKey);
    // One good pair does not carry a signature that nobody made.
    let mut more = whole();
    more.sign(&live(9));
    assert_eq!(refused(&more, ORDER), EnvelopeError::UnknownKey);
}

#[test]
fn only_an_alert_for_people_that_breaks_no_rule_gets_an_envelope() {
    let together = Instructions::of(&[]).unwrap();
    let around = |text: &str| {
        Envelope::around(text.as_bytes(), Sequence { epoch: 0, number: 0 }, &together)
            .map(|envelope| envelope.households)
    };
    assert_eq!(around(ORDER), Ok(0));
    assert_eq!(around(&ORDER.replacen("Actual", "Test", 1)), Err(EnvelopeError::NotForPeople));
    assert!(matches!(around(&ORDER.replacen("Actual", "Draft", 1)), Err(EnvelopeError::Broken(_))));
    assert!(matches!(around("<!DOCTYPE a>"), Err(EnvelopeError::Refused(_))));
}

#[test]
fn an_old_number_and_a_number_used_twice_are_not_shown() {
    let signed = |number: u64, alert: &str| {
        envelope_at(alert, number, &[live(1), live(3)]).verify(alert.as_bytes(), &officers()).unwrap()
    };
    let mut sequences = Sequences::default();
    let other = ORDER.replacen("shiomi-0001", "shiomi-0009", 1);
    let taken = [
        (100, ORDER, SequenceVerdict::New),
        (100, ORDER, SequenceVerdict::Known),
        (100, other.as_str(), SequenceVerdict::Forked),
        // Two messages of one minute may overtake each other.
        (99, ORDER, SequenceVerdict::New),
        (99, other.as_str(), SequenceVerdict::Forked),
        (36, ORDER, SequenceVerdict::Old),
        (37, ORDER, SequenceVerdict::New),
        (101, ORDER, SequenceVerdict::New),
        (37, ORDER, SequenceVerdict::Old),
        (u64::MAX, ORDER, SequenceVerdict::New),
        (101, ORDER, SequenceVerdict::Old),
    ];
    for (number, alert, verdict) in taken {
        assert_eq!(sequences.note(&signed(number, alert)), verdict, "{number}");
    }
    let in_epoch = |epoch: u32| {
        let mut envelope = envelope(ORDER, &[]);
        envelope.sequence.epoch = epoch;
        [live(1), live(3)].iter().for_each(|key| envelope.sign(key));
        envelope.verify(ORDER.as_bytes(), &officers()).unwrap()
    };
    assert_eq!(sequences.note(&in_epoch(2)), SequenceVerdict::New);
    assert_eq!(sequences.note(&in_epoch(1)), SequenceVerdict::Old);
}

#[test]
fn a_key_is_one_officer_s_and_of_one_class() {
    let key = live(1).public();
    for (class, officer) in [(KeyClass::Live, CHIEF), (KeyClass::Exercise, MAYOR)] {
        let listed = Officers::pin([(KeyClass::Live, MAYOR, key), (class, officer, key)]);
        assert_eq!(listed.unwrap_err(), BadOfficers::KeyTwice);
    }
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(Officers::pin([(KeyClass::Live, MAYOR, identity)]).unwrap_err(), BadOfficers::NoKey);
    assert_eq!(format!("{:?}", live(1)), "OfficerKey(Live, hidden)");
}
