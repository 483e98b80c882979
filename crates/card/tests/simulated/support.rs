//! The cards of these tests.

use hinamori_sim::ca::{Hierarchy, Holder, Issued, Key, KeyUse};
use hinamori_sim::direct::DirectCard;
use hinamori_sim::hpki::{self, Layout, Purpose};
use hinamori_sim::jpki::{Attributes, Credential, TextSecrets, Token, jpki_applet, text_applet};
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

pub(crate) const ATR: [u8; 13] =
    [0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F];

fn issued() -> (Hierarchy, Issued) {
    let authority = Hierarchy::jpki_auth(1);
    let card = authority.issue(&Holder::numbered(7));
    (authority, card)
}

/// A My Number card or phone, and its authentication certificate.
pub(crate) fn card(token: Token) -> (VirtualCard, Vec<u8>) {
    let (authority, issued) = issued();
    let attributes = Attributes {
        name: "浜田　花子".to_owned(),
        address: "汐見町".to_owned(),
        birth_date: "19600101".to_owned(),
        sex: '2',
    };
    let credential = Credential::authentication(&issued, authority.anchor_der(), Some("1234"));
    let text = text_applet(
        &attributes,
        TextSecrets::new(Some("1234"), "35010120291234"),
        &Key::named(1, "attributes"),
        Key::held(1, 7, KeyUse::TextApplet),
    );
    let applets = vec![jpki_applet(token, credential, None), text];
    (VirtualCard::new(&ATR, ContactlessId::Fixed(vec![1, 2, 3, 4]), applets), issued.certificate)
}

/// The PIN of the health professional's card.
pub(crate) const HEALTH_PIN: &str = "821345";

/// A health professional's card: its two applications have their files in different places.
pub(crate) fn health_card(layout: Layout) -> (VirtualCard, Issued) {
    let (for_authentication, for_signatures) = (Hierarchy::hpki_auth(1), Hierarchy::hpki_sign(1));
    let holder = Holder::numbered(9);
    let issued = for_authentication.issue(&holder);
    let (root, authority) = (for_authentication.anchor_der(), for_authentication.anchor_der());
    let applets = vec![
        hpki::applet(Purpose::Authentication, layout, &issued, root, authority, HEALTH_PIN),
        hpki::applet(Purpose::Signature, layout, &for_signatures.issue(&holder), root, authority, HEALTH_PIN),
    ];
    (VirtualCard::new(&ATR, ContactlessId::Fixed(vec![9, 2, 3, 4]), applets), issued)
}

/// Holds a card to a reader.
pub(crate) fn held(card: VirtualCard, fault: Fault) -> DirectCard {
    DirectCard(PresentedCard::new(card, fault, Timing::NONE))
}
