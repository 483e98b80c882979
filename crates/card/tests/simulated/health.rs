//! Health professionals' cards, of two makers that number their files differently.

use hinamori_card::{
    Access, CardContents, CardError, HealthKey, PinError, StaffOverride, TryRule, read_card,
    sign_as_health_professional,
};
use hinamori_sim::hpki::Layout;
use hinamori_sim::presented::Fault;

use crate::support::{HEALTH_PIN, Reader, health_card, held, refusing};

fn sign(reader: &mut Reader, key: HealthKey, pin: &str) -> Result<Vec<u8>, PinError> {
    let pin = pin.parse().unwrap();
    sign_as_health_professional(reader, key, &pin, TryRule::KeepTheLast, b"prescription")
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
