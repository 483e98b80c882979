//! Health professionals' cards, of two makers that number their files differently.

use hinamori_card::{
    Access, CARD_MANAGER, CardContents, CardError, HPKI_AUTHENTICATION, HealthKey, PinError, StaffOverride,
    TryRule, read_card, sign_as_health_professional,
};
use hinamori_sim::hpki::Layout;
use hinamori_sim::presented::Fault;

use crate::support::{HEALTH_PIN, Reader, health_card, held, refusing};

fn sign(reader: &mut Reader, key: HealthKey, pin: &str) -> Result<Vec<u8>, PinError> {
    let pin = pin.parse().unwrap();
    let signed = sign_as_health_professional(reader, key, &pin, TryRule::KeepTheLast, b"prescription");
    signed.map(|signature| signature.to_vec())
}

/// Whether the key signs although nobody presents a PIN now.
fn is_open(reader: &mut Reader) -> bool {
    let select = [&[0x00, 0xA4, 0x04, 0x0C, 0x10], HPKI_AUTHENTICATION.aid()].concat();
    assert_eq!(reader.status_of(&select), 0x9000);
    assert_eq!(reader.status_of(&[0x00, 0x22, 0x41, 0xB6, 0x04, 0x81, 0x02, 0x00, 0x17]), 0x9000);
    let digest_info = [[0x00, 0x01].as_slice(), &[0xFF; 252], &[0x00, 0x30]].concat();
    let sign = [&[0x00, 0x2A, 0x9E, 0x9A, 0x00, 0x01, 0x00], digest_info.as_slice(), &[0x00, 0x00]].concat();
    reader.status_of(&sign) != 0x6982
}

#[test]
fn the_certificate_is_found_through_the_directories() {
    for layout in [Layout::Example, Layout::Other] {
        let (card, issued, _) = health_card(layout);
        let mut reader = held(card, Fault::None);
        let reading = read_card(&mut reader).unwrap();
        let CardContents::HealthProfessional { certificate: Access::Granted(certificate) } = reading.contents
        else {
            panic!("no certificate was read")
        };
        assert_eq!(certificate.as_bytes(), issued.certificate);
        assert_eq!(reader.log().secrets_presented(), 0);
    }
}

#[test]
fn both_keys_sign_after_one_verify_each() {
    for layout in [Layout::Example, Layout::Other] {
        let (card, authentication, signature) = health_card(layout);
        let mut reader = held(card, Fault::None);
        for (presented, (key, issued)) in
            [(HealthKey::Authentication, &authentication), (HealthKey::Signature, &signature)]
                .into_iter()
                .enumerate()
        {
            let signed = sign(&mut reader, key, HEALTH_PIN).unwrap();
            assert_eq!(signed, issued.key.sign(b"prescription"), "{key:?}");
            assert_eq!(reader.log().secrets_presented(), presented + 1);
        }
    }
}

#[test]
fn a_card_without_extended_lengths_gets_a_chain() {
    // 00 after the header announces three bytes of length.
    let short_only: fn(&[u8]) -> Option<u16> =
        |command| (command.len() > 6 && command[4] == 0).then_some(0x6700);
    let (card, _, signature) = health_card(Layout::Other);
    let mut reader = refusing(card, Fault::None, short_only);
    let signed = sign(&mut reader, HealthKey::Signature, HEALTH_PIN).unwrap();
    assert_eq!(signed, signature.key.sign(b"prescription"));
    assert_eq!(reader.log().secrets_presented(), 1);
}

#[test]
fn a_key_may_want_to_be_named_as_a_reference() {
    let by_reference: fn(&[u8]) -> Option<u16> =
        |command| (command[1] == 0x22 && command[5] == 0x81).then_some(0x6A80);
    let (card, _, signature) = health_card(Layout::Example);
    let mut reader = refusing(card, Fault::None, by_reference);
    assert_eq!(sign(&mut reader, HealthKey::Signature, HEALTH_PIN), Ok(signature.key.sign(b"prescription")));
}

#[test]
fn the_last_try_is_kept_and_a_blocked_pin_not_tried() {
    let mut reader = held(health_card(Layout::Other).0, Fault::None);
    for tries_left in (1..5).rev() {
        let outcome = sign(&mut reader, HealthKey::Authentication, "999999");
        assert_eq!(outcome, Err(PinError::Wrong { tries_left }));
    }
    assert_eq!(sign(&mut reader, HealthKey::Authentication, HEALTH_PIN), Err(PinError::LastTry));
    assert_eq!(reader.log().secrets_presented(), 4);
    let (pin, rule) = ("999999".parse().unwrap(), TryRule::SpendTheLast(StaffOverride::decided_by_staff()));
    let outcome = sign_as_health_professional(&mut reader, HealthKey::Authentication, &pin, rule, b"");
    assert_eq!(outcome, Err(PinError::Blocked));
    assert_eq!(sign(&mut reader, HealthKey::Authentication, HEALTH_PIN), Err(PinError::Blocked));
    assert_eq!(reader.log().secrets_presented(), 5);
}

#[test]
fn a_card_torn_away_gives_no_half_a_reading() {
    let mut whole = held(health_card(Layout::Other).0, Fault::None);
    read_card(&mut whole).unwrap();
    let commands = u32::try_from(whole.log().len()).unwrap();
    for answered in 0..commands {
        for fault in [Fault::TornAfter(answered), Fault::MuteAfter(answered)] {
            let outcome = read_card(&mut held(health_card(Layout::Other).0, fault));
            assert!(matches!(outcome, Err(CardError::Transport(_))), "{fault:?}: {outcome:?}");
        }
    }
}

#[test]
fn torn_away_while_signing_no_further_try_is_spent() {
    let mut whole = held(health_card(Layout::Example).0, Fault::None);
    sign(&mut whole, HealthKey::Authentication, HEALTH_PIN).unwrap();
    for answered in 0..u32::try_from(whole.log().len()).unwrap() {
        let (card, ..) = health_card(Layout::Example);
        let before = card.pin_tries();
        let mut reader = held(card, Fault::TornAfter(answered));
        drop(sign(&mut reader, HealthKey::Authentication, HEALTH_PIN));
        assert!(reader.log().secrets_presented() <= 1, "after {answered}");
        assert_eq!(reader.card.0.into_card().pin_tries(), before, "after {answered}");
    }
}

#[test]
fn the_application_is_left_through_the_other_one_where_the_card_manager_is_refused() {
    let no_manager: fn(&[u8]) -> Option<u16> =
        |command| command.ends_with(CARD_MANAGER.aid()).then_some(0x6A82);
    let commands = {
        let mut whole = held(health_card(Layout::Example).0, Fault::None);
        sign(&mut whole, HealthKey::Authentication, HEALTH_PIN).unwrap();
        u32::try_from(whole.log().len()).unwrap()
    };
    for number in 1..commands {
        let mut reader = refusing(health_card(Layout::Example).0, Fault::OneByteAnswerTo(number), no_manager);
        drop(sign(&mut reader, HealthKey::Authentication, HEALTH_PIN));
        assert!(!is_open(&mut reader), "spoilt answer to {number}");
        assert!(reader.log().secrets_presented() <= 1);
    }
}
