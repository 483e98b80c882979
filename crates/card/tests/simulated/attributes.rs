//! The attributes by PIN or 照合番号B, the common record, and the file that is never touched.

use hinamori_card::{
    Access, AttributeCredential, AttributeFiles, CardExpiry, PinError, TEXT, TryRule, pin_status, prove_chip,
    read_application_key, read_attributes, read_common_record,
};
use hinamori_pki::{AttributeIssuers, verify_attributes};
use hinamori_sim::jpki::Token;
use hinamori_sim::presented::Fault;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

use crate::support::{
    ATR, ATTRIBUTE_PIN, CHALLENGE, CHECK_NUMBER_B, Reader, attribute_issuer, card, face_authentication_card,
    held, shown_certificate,
};

fn by_pin(reader: &mut Reader, pin: &str) -> Result<AttributeFiles, PinError> {
    let pin = pin.parse().unwrap();
    read_attributes(reader, AttributeCredential::Pin(&pin), TryRule::KeepTheLast)
}

fn by_number(reader: &mut Reader, number: &str) -> Result<AttributeFiles, PinError> {
    let number = number.parse().unwrap();
    read_attributes(reader, AttributeCredential::CheckNumberB(&number), TryRule::KeepTheLast)
}

#[track_caller]
fn check(files: &AttributeFiles) {
    let stated = files.stated().unwrap();
    assert_eq!((stated.name, stated.address), ("浜田　花子", "汐見町"));
    assert_eq!((stated.birth_date, stated.sex), ("19600101", "2"));
    let mut issuers = AttributeIssuers::default();
    issuers.pin(attribute_issuer().spki());
    let (signature, signer) = (files.signature().unwrap(), files.signer().unwrap());
    let verified = verify_attributes(files.attributes(), signature, signer, &issuers).unwrap();
    assert_eq!(verified.name().expose(), "浜田　花子");
    assert_eq!(format!("{files:?} {stated:?}"), "AttributeFiles(hidden) StatedAttributes(hidden)");
}

#[test]
fn pin_and_check_number_open_the_signed_attributes() {
    let mut reader = held(card(Token::Plastic).0, Fault::None);
    check(&by_pin(&mut reader, ATTRIBUTE_PIN).unwrap());
    assert_eq!(reader.log().secrets_presented(), 1);
    check(&by_number(&mut reader, CHECK_NUMBER_B).unwrap());
    assert_eq!(reader.log().secrets_presented(), 2);
    assert_eq!(by_pin(&mut reader, "1234").unwrap_err(), PinError::Wrong { tries_left: 2 });
    assert_eq!(by_number(&mut reader, "11111111111111").unwrap_err(), PinError::Wrong { tries_left: 9 });
}

#[test]
fn the_printed_number_serves_a_card_without_a_pin() {
    let mut reader = held(face_authentication_card(), Fault::None);
    assert_eq!(by_pin(&mut reader, ATTRIBUTE_PIN).unwrap_err(), PinError::Blocked);
    assert_eq!(reader.log().secrets_presented(), 0);
    check(&by_number(&mut reader, CHECK_NUMBER_B).unwrap());
}

#[test]
fn torn_away_at_any_command_nothing_stays_open() {
    let mut whole = held(card(Token::Plastic).0, Fault::None);
    by_number(&mut whole, CHECK_NUMBER_B).unwrap();
    for answered in 0..u32::try_from(whole.log().len()).unwrap() {
        for fault in [Fault::TornAfter(answered), Fault::OneByteAnswerTo(answered + 1)] {
            let mut reader = held(card(Token::Plastic).0, fault);
            drop(by_number(&mut reader, CHECK_NUMBER_B));
            assert!(reader.log().secrets_presented() <= 1, "{fault:?}");
            let mut again = match fault {
                Fault::OneByteAnswerTo(_) => reader,
                _ => reader.again(Fault::None),
            };
            let select = [&[0x00, 0xA4, 0x04, 0x0C, 0x0A], TEXT.aid()].concat();
            assert_eq!(again.status_of(&select), 0x9000);
            assert_eq!(again.status_of(&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x02]), 0x9000);
            assert_eq!(again.status_of(&[0x00, 0xB0, 0x00, 0x00, 0x00]), 0x6982, "{fault:?}");
        }
    }
}

#[test]
fn the_common_record_needs_no_pin() {
    let mut reader = held(card(Token::Plastic).0, Fault::None);
    let Access::Granted(record) = read_common_record(&mut reader).unwrap() else { panic!("no record") };
    assert_eq!((record.expose_serial(), record.municipality()), ("123456789012345", "13201"));
    assert_eq!(record.expiry(), CardExpiry { year: 2029, month: 1, day: 1 });
    assert_eq!(reader.log().len(), 3);
    let bare = VirtualCard::new(&ATR, ContactlessId::None, Vec::new());
    assert!(matches!(read_common_record(&mut held(bare, Fault::None)), Ok(Access::Absent)));
}

/// Follows the commands through the applications: which files were selected in the text application?
#[test]
fn the_my_number_file_is_never_selected() {
    let mut reader = held(card(Token::Plastic).0, Fault::None);
    shown_certificate(&mut reader);
    prove_chip(&mut reader, &CHALLENGE).unwrap();
    read_application_key(&mut reader).unwrap();
    by_pin(&mut reader, ATTRIBUTE_PIN).unwrap();
    by_number(&mut reader, CHECK_NUMBER_B).unwrap();
    read_common_record(&mut reader).unwrap();
    pin_status(&mut reader).unwrap();
    let mut in_text = false;
    let mut selected = Vec::new();
    for command in &reader.sent {
        match command.as_slice() {
            [0x00, 0xA4, 0x04, ..] => in_text = command.ends_with(TEXT.aid()),
            [0x00, 0xA4, 0x02, 0x0C, 0x02, high, low] if in_text => {
                selected.push(u16::from_be_bytes([*high, *low]));
            }
            // Neither by path nor by short identifier.
            [_, 0xA4, ..] => assert!(!in_text, "{command:02X?}"),
            [_, 0xB0, offset, ..] => assert!(!in_text || *offset < 0x80, "{command:02X?}"),
            [_, ins, ..] => assert!(!in_text || matches!(ins, 0x20 | 0x2A), "{command:02X?}"),
            [] | [_] => panic!("no command"),
        }
    }
    selected.sort_unstable();
    selected.dedup();
    assert_eq!(selected, [2, 3, 4, 7, 0x11, 0x15]);
}
