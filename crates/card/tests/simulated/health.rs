//! Health professionals' cards, of two makers that number their files differently.

use hinamori_card::{Access, CardContents, CardError, read_card};
use hinamori_sim::hpki::Layout;
use hinamori_sim::presented::Fault;

use crate::support::{health_card, held};

#[test]
fn the_certificate_is_found_through_the_directories() {
    for layout in [Layout::Example, Layout::Other] {
        let (card, issued) = health_card(layout);
        let mut reader = held(card, Fault::None);
        let reading = read_card(&mut reader).unwrap();
        let CardContents::HealthProfessional { certificate: Access::Granted(certificate) } = reading.contents
        else {
            panic!("no certificate was read")
        };
        assert_eq!(certificate.as_bytes(), issued.certificate);
        assert_eq!(reader.0.log().secrets_presented(), 0);
    }
}

#[test]
fn a_card_torn_away_gives_no_half_a_reading() {
    let mut whole = held(health_card(Layout::Other).0, Fault::None);
    read_card(&mut whole).unwrap();
    let commands = u32::try_from(whole.0.log().len()).unwrap();
    for answered in 0..commands {
        for fault in [Fault::TornAfter(answered), Fault::MuteAfter(answered)] {
            let outcome = read_card(&mut held(health_card(Layout::Other).0, fault));
            assert!(matches!(outcome, Err(CardError::Transport(_))), "{fault:?}: {outcome:?}");
        }
    }
}
