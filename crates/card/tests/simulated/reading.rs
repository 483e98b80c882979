//! What a card shows without a PIN.

use hinamori_card::{
    Access, CardContents, CardError, Challenge, Device, TransportError, prove_chip, read_card,
};
use hinamori_sim::ca::{Key, KeyUse};
use hinamori_sim::jpki::Token;
use hinamori_sim::presented::Fault;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

use crate::support::{ATR, card, held};

#[test]
fn a_plastic_card_shows_its_certificate_without_a_pin() {
    let (card, der) = card(Token::Plastic);
    let mut reader = held(card, Fault::None);
    let reading = read_card(&mut reader).unwrap();
    let CardContents::MyNumber { device: Device::Plastic, certificate: Access::Granted(certificate) } =
        reading.contents
    else {
        panic!("no certificate was read")
    };
    assert_eq!(certificate.as_bytes(), der);
    assert_eq!(reading.contactless.unwrap().as_bytes(), [1, 2, 3, 4]);
    assert_eq!(reader.log().secrets_presented(), 0);
    // Select, token information (select, read), certificate (select, reads of 256 bytes), identifier.
    assert_eq!(reader.log().len(), 5 + der.len().div_ceil(256));
}

#[test]
fn a_phone_wants_its_pin_first_and_nobody_gives_one() {
    for (token, device) in [(Token::Android, Device::Android), (Token::Iphone, Device::Iphone)] {
        let mut reader = held(card(token).0, Fault::None);
        let reading = read_card(&mut reader).unwrap();
        assert_eq!(reading.contents, CardContents::MyNumber { device, certificate: Access::PinNeeded });
        assert_eq!(reader.log().secrets_presented(), 0);
    }
}

#[test]
fn a_card_without_our_applications_is_an_answer() {
    let card = VirtualCard::new(&ATR, ContactlessId::Random { first: 8, length: 4 }, Vec::new());
    let reading = read_card(&mut held(card, Fault::None)).unwrap();
    assert_eq!(reading.contents, CardContents::Unsupported);
    assert!(reading.contactless.unwrap().is_random());
}

#[test]
fn torn_or_mute_at_any_command_is_named_and_never_half_a_reading() {
    let mut whole = held(card(Token::Plastic).0, Fault::None);
    read_card(&mut whole).unwrap();
    let commands = u32::try_from(whole.log().len()).unwrap();
    for answered in 0..commands {
        let torn = read_card(&mut held(card(Token::Plastic).0, Fault::TornAfter(answered)));
        assert_eq!(torn, Err(CardError::Transport(TransportError::TornAway)), "after {answered}");
        let mute = read_card(&mut held(card(Token::Plastic).0, Fault::MuteAfter(answered)));
        assert_eq!(mute, Err(CardError::Transport(TransportError::Mute)), "after {answered}");
        let short = read_card(&mut held(card(Token::Plastic).0, Fault::OneByteAnswerTo(answered + 1)));
        assert!(short.is_err(), "one byte to {}", answered + 1);
    }
}

#[test]
fn the_first_command_may_fail_after_power_came() {
    let reading = read_card(&mut held(card(Token::Plastic).0, Fault::FirstCommandFails)).unwrap();
    assert!(matches!(reading.contents, CardContents::MyNumber { certificate: Access::Granted(_), .. }));
}

#[test]
fn a_chip_signs_the_challenge_with_its_own_key() {
    let mut reader = held(card(Token::Plastic).0, Fault::None);
    let Access::Granted(signature) = prove_chip(&mut reader, &Challenge([7; 32])).unwrap() else {
        panic!("the chip did not sign")
    };
    assert_eq!(signature.to_vec(), Key::held(1, 7, KeyUse::TextApplet).sign(&[7; 32]));
    assert_eq!(reader.log().secrets_presented(), 0);
    let bare = VirtualCard::new(&ATR, ContactlessId::None, Vec::new());
    assert_eq!(prove_chip(&mut held(bare, Fault::None), &Challenge([7; 32])), Ok(Access::Absent));
}
