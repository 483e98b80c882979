//! The PIN is presented once or not at all, and nothing stays open.

use hinamori_card::{
    Access, CardError, CardFile, CertificateDer, Challenge, PinError, SigningAlgorithm, StaffOverride, Step,
    TransportError, TryRule, read_signature_certificate, sign_each_with_pin, sign_with_pin,
};
use hinamori_sim::ca::Issued;
use hinamori_sim::jpki::Token;
use hinamori_sim::presented::Fault;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

use crate::support::{
    ATR, CHALLENGE, PASSWORD, PIN, Reader, card, face_authentication_card, held, is_open, issued,
    issued_for_signatures, plastic_with, refusing, shown_certificate,
};

const AUTHENTICATION_PIN: &str = "D392F000260100000001/0018";
const SIGNATURE_PASSWORD: &str = "D392F000260100000001/001B";

fn sign(
    reader: &mut Reader,
    pin: &str,
    rule: TryRule,
    certificate: Access<CertificateDer>,
) -> Result<Vec<u8>, PinError> {
    let pin = pin.parse().unwrap();
    sign_with_pin(reader, &pin, rule, &CHALLENGE, certificate).map(|proof| proof.signature.to_vec())
}

fn keep(reader: &mut Reader, pin: &str) -> Result<Vec<u8>, PinError> {
    sign(reader, pin, TryRule::KeepTheLast, Access::PinNeeded)
}

fn spend(reader: &mut Reader, pin: &str) -> Result<Vec<u8>, PinError> {
    let rule = TryRule::SpendTheLast(StaffOverride::decided_by_staff());
    sign(reader, pin, rule, Access::PinNeeded)
}

fn plastic() -> Reader {
    held(card(Token::Plastic).0, Fault::None)
}

fn tries_left(reader: Reader, pin: &str) -> u8 {
    reader.card.0.into_card().pin_tries()[pin]
}

#[test]
fn the_right_pin_signs_the_challenge_with_one_verify() {
    let mut reader = plastic();
    let certificate = shown_certificate(&mut reader);
    let before = reader.log().len();
    let signature = sign(&mut reader, PIN, TryRule::KeepTheLast, certificate).unwrap();
    assert_eq!(signature, issued().key.sign(&CHALLENGE.0));
    // Select, PIN file, counter, VERIFY, key file, signature, card manager.
    assert_eq!((reader.log().secrets_presented(), reader.log().len() - before), (1, 7));
    assert!(!is_open(&mut reader), "the application was left");
}

#[test]
fn several_challenges_are_signed_after_one_verify_and_the_same_one_gives_the_same_bytes() {
    let mut reader = plastic();
    let certificate = shown_certificate(&mut reader);
    let rule = TryRule::KeepTheLast;
    let all = [CHALLENGE, Challenge([8; 32]), CHALLENGE];
    let signed = sign_each_with_pin(&mut reader, &PIN.parse().unwrap(), rule, &all, certificate).unwrap();
    let expected = all.each_ref().map(|challenge| issued().key.sign(&challenge.0));
    assert_eq!(signed.signatures.iter().map(|one| one.to_vec()).collect::<Vec<_>>(), expected);
    assert_eq!(expected[0], expected[2]);
    assert_eq!(reader.log().secrets_presented(), 1);
    assert!(SigningAlgorithm::of_certificate(&signed.certificate).unwrap().is_deterministic());
    assert!(!hinamori_card::ECDSA_P384_SHA384.is_deterministic());
    assert!(!is_open(&mut reader), "the application was left");
}

#[test]
fn a_phone_shows_its_certificate_after_the_pin() {
    for token in [Token::Android, Token::Iphone] {
        let (card, der) = card(token);
        let mut reader = held(card, Fault::None);
        assert_eq!(shown_certificate(&mut reader), Access::PinNeeded);
        let pin = PIN.parse().unwrap();
        let proof =
            sign_with_pin(&mut reader, &pin, TryRule::KeepTheLast, &CHALLENGE, Access::PinNeeded).unwrap();
        assert_eq!(proof.certificate.as_bytes(), der);
        assert_eq!(proof.signature.to_vec(), issued().key.sign(&CHALLENGE.0));
        assert_eq!(reader.log().secrets_presented(), 1);
        assert_eq!(shown_certificate(&mut reader), Access::PinNeeded, "the application was left");
    }
}

#[test]
fn a_wrong_pin_costs_one_try_and_the_last_is_kept() {
    let mut reader = plastic();
    assert_eq!(keep(&mut reader, "9999"), Err(PinError::Wrong { tries_left: 2 }));
    assert_eq!(keep(&mut reader, "9999"), Err(PinError::Wrong { tries_left: 1 }));
    for pin in ["9999", PIN] {
        assert_eq!(keep(&mut reader, pin), Err(PinError::LastTry));
    }
    assert_eq!(reader.log().secrets_presented(), 2, "none with one try left");
    assert!(spend(&mut reader, PIN).is_ok(), "staff may decide to use it");
    assert_eq!(reader.log().secrets_presented(), 3);
    assert_eq!(tries_left(reader, AUTHENTICATION_PIN), 3);
}

#[test]
fn a_blocked_pin_is_never_tried() {
    let mut reader = plastic();
    for wrong in 1..=3 {
        assert_eq!(reader.log().secrets_presented() + 1, wrong);
        let outcome = spend(&mut reader, "9999");
        match wrong {
            3 => assert_eq!(outcome, Err(PinError::Blocked)),
            _ => assert!(matches!(outcome, Err(PinError::Wrong { .. }))),
        }
    }
    assert_eq!(keep(&mut reader, PIN), Err(PinError::Blocked));
    assert_eq!(spend(&mut reader, PIN), Err(PinError::Blocked));
    assert_eq!(reader.log().secrets_presented(), 3);
}

#[test]
fn a_card_for_face_authentication_is_not_asked_for_what_was_never_set() {
    let mut reader = held(face_authentication_card(), Fault::None);
    assert!(matches!(shown_certificate(&mut reader), Access::Granted(_)));
    assert_eq!(keep(&mut reader, PIN), Err(PinError::Blocked));
    assert_eq!(spend(&mut reader, PIN), Err(PinError::Blocked));
    let password = PASSWORD.parse().unwrap();
    let outcome = read_signature_certificate(&mut reader, &password, TryRule::KeepTheLast);
    assert!(matches!(outcome, Err(PinError::Card(CardError::Refused { .. }))), "{outcome:?}");
    assert_eq!(reader.log().secrets_presented(), 0);
}

#[test]
fn the_signature_certificate_comes_after_its_password() {
    let mut reader = plastic();
    for typed in [PASSWORD, "umi2kaze"] {
        let password = typed.parse().unwrap();
        let der = read_signature_certificate(&mut reader, &password, TryRule::KeepTheLast).unwrap();
        assert_eq!(der.as_bytes(), issued_for_signatures().certificate);
    }
    assert_eq!(reader.log().secrets_presented(), 2);
    let wrong = "YAMA2KAZE".parse().unwrap();
    let outcome = read_signature_certificate(&mut reader, &wrong, TryRule::KeepTheLast);
    assert_eq!(outcome, Err(PinError::Wrong { tries_left: 4 }));
    assert_eq!(tries_left(reader, SIGNATURE_PASSWORD), 4);
}

#[test]
fn a_card_torn_away_at_any_command_is_not_tried_again() {
    let commands = {
        let mut whole = plastic();
        keep(&mut whole, PIN).unwrap();
        u32::try_from(whole.log().len()).unwrap()
    };
    for answered in 0..commands {
        for (pin, at_least) in [(PIN, 3), ("9999", 2)] {
            let mut reader = held(card(Token::Plastic).0, Fault::TornAfter(answered));
            let outcome = keep(&mut reader, pin);
            let log = reader.log();
            if answered + 1 < commands && pin == PIN {
                let torn = PinError::Card(CardError::Transport(TransportError::TornAway));
                assert_eq!(outcome, Err(torn), "after {answered}");
            }
            assert!(log.secrets_presented() <= 1, "after {answered}");
            let mut again = reader.again(Fault::None);
            assert!(!is_open(&mut again), "after {answered}");
            assert!(tries_left(again, AUTHENTICATION_PIN) >= at_least, "after {answered}");
        }
    }
}

#[test]
fn whatever_answer_is_spoilt_the_pin_is_sent_once_and_the_application_left() {
    let mut whole = plastic();
    keep(&mut whole, PIN).unwrap();
    let commands = u32::try_from(whole.log().len()).unwrap();
    for number in 1..=commands {
        for fault in [Fault::OneByteAnswerTo(number), Fault::ShortAnswerTo(number)] {
            let mut reader = held(card(Token::Plastic).0, fault);
            drop(keep(&mut reader, PIN));
            assert!(reader.log().secrets_presented() <= 1, "{fault:?}");
            // The card still has power: only leaving the application closed it.
            assert!(!is_open(&mut reader), "{fault:?}");
        }
    }
}

#[test]
fn where_the_card_manager_is_refused_another_application_is_selected() {
    let no_manager: fn(&[u8]) -> Option<u16> =
        |command| command.ends_with(hinamori_card::CARD_MANAGER.aid()).then_some(0x6A82);
    let mut reader = refusing(card(Token::Plastic).0, Fault::None, no_manager);
    assert!(keep(&mut reader, PIN).is_ok());
    assert!(!is_open(&mut reader));
}

#[test]
fn answers_to_verify_that_are_none_of_the_usual_do_not_repeat_it() {
    #[track_caller]
    fn check(refuse: fn(&[u8]) -> Option<u16>, rule: TryRule, error: PinError) {
        let mut reader = refusing(card(Token::Plastic).0, Fault::None, refuse);
        assert_eq!(sign(&mut reader, PIN, rule, Access::PinNeeded), Err(error));
        let verifies = reader.sent.iter().filter(|sent| sent[1] == 0x20 && sent.len() > 5).count();
        assert!(verifies <= 1);
    }
    fn verify(command: &[u8], status: u16) -> Option<u16> {
        (command[1] == 0x20 && command.len() > 4).then_some(status)
    }
    fn refused(step: Step, status: u16) -> PinError {
        PinError::Card(CardError::Refused { step, status: status.into() })
    }
    let keep = || TryRule::KeepTheLast;
    check(|command| verify(command, 0x6300), keep(), PinError::WrongUncounted);
    check(|command| verify(command, 0x63C0), keep(), PinError::Blocked);
    check(|command| verify(command, 0x6983), keep(), PinError::Blocked);
    check(|command| verify(command, 0x6F00), keep(), refused(Step::Verify, 0x6F00));
    check(|command| verify(command, 0x6C04), keep(), refused(Step::Verify, 0x6C04));
    check(|command| (command == [0, 0x20, 0, 0x80]).then_some(0x9000), keep(), PinError::TriesUnknown);
    check(|command| (command == [0, 0x20, 0, 0x80]).then_some(0x6984), keep(), PinError::Blocked);
    let unanswerable = refused(Step::CountTries, 0x6D00);
    check(|command| (command == [0, 0x20, 0, 0x80]).then_some(0x6D00), keep(), unanswerable);
}

#[test]
fn a_key_of_an_unknown_kind_costs_no_try() {
    let mut reader = plastic();
    let mut bytes = issued().certificate;
    // The last byte of rsaEncryption.
    let algorithm = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
    let at = bytes.windows(9).position(|window| window == algorithm).unwrap();
    bytes[at + 8] = 0x7F;
    let bent = Issued { certificate: bytes, ..issued() };
    let mut unknown = held(plastic_with(&bent), Fault::None);
    let certificate = shown_certificate(&mut unknown);
    let outcome = sign(&mut reader, PIN, TryRule::KeepTheLast, certificate);
    let file = CardFile::AuthenticationCertificate;
    assert_eq!(outcome, Err(PinError::Card(CardError::UnknownKey { file })));
    assert!(reader.log().is_empty());
}

#[test]
fn a_card_without_the_application_is_named() {
    let bare = VirtualCard::new(&ATR, ContactlessId::None, Vec::new());
    let outcome = keep(&mut held(bare, Fault::None), PIN);
    let application = hinamori_card::JPKI;
    assert_eq!(outcome, Err(PinError::Card(CardError::NoApplication { application })));
}
