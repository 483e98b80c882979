//! Counting tries without spending any.

use hinamori_card::{PinKind, Tries, pin_status};
use hinamori_sim::hpki::Layout;
use hinamori_sim::jpki::Token;
use hinamori_sim::presented::Fault;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

use crate::support::{ATR, card, face_authentication_card, health_card, held};

#[track_caller]
fn check(card: VirtualCard, expected: &[(PinKind, Tries)]) {
    let before = card.pin_tries();
    let mut reader = held(card, Fault::None);
    let found: Vec<_> =
        pin_status(&mut reader).unwrap().into_iter().map(|status| (status.kind, status.tries)).collect();
    assert_eq!(found, expected);
    assert_eq!(reader.log().secrets_presented(), 0);
    assert_eq!(reader.card.0.into_card().pin_tries(), before);
}

#[test]
fn every_pin_of_a_card_is_counted() {
    check(
        card(Token::Plastic).0,
        &[
            (PinKind::Authentication, Tries::Left(3)),
            (PinKind::Signature, Tries::Left(5)),
            (PinKind::Attributes, Tries::Left(3)),
            (PinKind::CheckNumberB, Tries::Left(10)),
        ],
    );
    check(
        face_authentication_card(),
        &[
            (PinKind::Authentication, Tries::Blocked),
            (PinKind::Attributes, Tries::Blocked),
            (PinKind::CheckNumberB, Tries::Left(10)),
        ],
    );
    for layout in [Layout::Example, Layout::Other] {
        check(
            health_card(layout).0,
            &[(PinKind::HealthAuthentication, Tries::Left(5)), (PinKind::HealthSignature, Tries::Left(5))],
        );
    }
    check(VirtualCard::new(&ATR, ContactlessId::None, Vec::new()), &[]);
}
