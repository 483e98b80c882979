//! The cards of these tests, and readers that record or refuse.

use hinamori_card::{Access, CertificateDer, Challenge, Command, Response, Transport, TransportError};
use hinamori_card::{CardContents, read_card};
use hinamori_sim::ca::{Hierarchy, Holder, Issued, Key, KeyUse};
use hinamori_sim::direct::DirectCard;
use hinamori_sim::hpki::{self, Layout, Purpose};
use hinamori_sim::jpki::{
    Attributes, Credential, TextSecrets, Token, common_applet, jpki_applet, text_applet,
};
use hinamori_sim::log::CommandLog;
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

pub(crate) const ATR: [u8; 13] =
    [0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F];
pub(crate) const CHALLENGE: Challenge = Challenge([7; 32]);
pub(crate) const PIN: &str = "1234";
pub(crate) const ATTRIBUTE_PIN: &str = "8642";
pub(crate) const PASSWORD: &str = "UMI2KAZE";
pub(crate) const CHECK_NUMBER_B: &str = "35010120291234";
/// The PIN of the health professional's card.
pub(crate) const HEALTH_PIN: &str = "821345";

/// A My Number card's authentication certificate and key.
pub(crate) fn issued() -> Issued {
    Hierarchy::jpki_auth(1).issue(&Holder::numbered(7))
}

/// Its signature certificate and key.
pub(crate) fn issued_for_signatures() -> Issued {
    Hierarchy::jpki_sign(1).issue(&Holder::numbered(7))
}

/// The key that signed the attributes.
pub(crate) fn attribute_issuer() -> Key {
    Key::named(1, "attributes")
}

/// A My Number card or phone with all its applications, and its authentication certificate.
pub(crate) fn card(token: Token) -> (VirtualCard, Vec<u8>) {
    let issued = issued();
    let sign =
        Credential::signature(&issued_for_signatures(), Hierarchy::jpki_sign(1).anchor_der(), PASSWORD);
    (my_number(token, &issued, Some(PIN), Some(sign)), issued.certificate)
}

/// A plastic card with this authentication certificate, whatever is in it.
pub(crate) fn plastic_with(issued: &Issued) -> VirtualCard {
    my_number(Token::Plastic, issued, Some(PIN), None)
}

/// A card made for face authentication: no PIN was ever set, and there is no signature certificate.
pub(crate) fn face_authentication_card() -> VirtualCard {
    my_number(Token::Plastic, &issued(), None, None)
}

fn my_number(token: Token, issued: &Issued, pin: Option<&str>, sign: Option<Credential>) -> VirtualCard {
    let attributes = Attributes {
        name: "浜田　花子".to_owned(),
        address: "汐見町".to_owned(),
        birth_date: "19600101".to_owned(),
        sex: '2',
    };
    let credential = Credential::authentication(issued, Hierarchy::jpki_auth(1).anchor_der(), pin);
    let text = text_applet(
        &attributes,
        TextSecrets::new(pin.map(|_| ATTRIBUTE_PIN), CHECK_NUMBER_B),
        &attribute_issuer(),
        Key::held(1, 7, KeyUse::TextApplet),
    );
    let common = common_applet("123456789012345", "13201", "20290101");
    let applets = vec![jpki_applet(token, credential, sign), text, common];
    VirtualCard::new(&ATR, ContactlessId::Fixed(vec![1, 2, 3, 4]), applets)
}

/// A health professional's card: its two applications have their files in different places.
pub(crate) fn health_card(layout: Layout) -> (VirtualCard, Issued, Issued) {
    let (for_authentication, for_signatures) = (Hierarchy::hpki_auth(1), Hierarchy::hpki_sign(1));
    let holder = Holder::numbered(9);
    let (authentication, signature) = (for_authentication.issue(&holder), for_signatures.issue(&holder));
    let (root, authority) = (for_authentication.anchor_der(), for_authentication.anchor_der());
    let applet =
        |purpose, issued: &Issued| hpki::applet(purpose, layout, issued, root, authority, HEALTH_PIN);
    let applets =
        vec![applet(Purpose::Authentication, &authentication), applet(Purpose::Signature, &signature)];
    let card = VirtualCard::new(&ATR, ContactlessId::Fixed(vec![9, 2, 3, 4]), applets);
    (card.with_extended_length(), authentication, signature)
}

/// A card held to a reader that remembers what it was told and may refuse commands by itself.
pub(crate) struct Reader {
    pub(crate) card: DirectCard,
    pub(crate) sent: Vec<Vec<u8>>,
    refuse: fn(&[u8]) -> Option<u16>,
}

impl Reader {
    pub(crate) fn log(&self) -> CommandLog {
        self.card.0.log()
    }

    /// The status word of a command of one's own.
    pub(crate) fn status_of(&mut self, command: &[u8]) -> u16 {
        let hinamori_sim::presented::Answer::Bytes(answer) = self.card.0.transmit(command) else { return 0 };
        let [.., high, low] = answer.as_slice() else { return 0 };
        u16::from_be_bytes([*high, *low])
    }

    /// Takes the card off and holds it again, with another fault.
    pub(crate) fn again(self, fault: Fault) -> Self {
        held(self.card.0.into_card(), fault)
    }
}

impl Transport for Reader {
    fn transmit(&mut self, command: &Command) -> Result<Response, TransportError> {
        self.sent.push(command.expose_bytes().to_vec());
        match (self.refuse)(command.expose_bytes()) {
            Some(status) => Ok(Response::from_bytes(&status.to_be_bytes())?),
            None => self.card.transmit(command),
        }
    }
}

/// Holds a card to a reader.
pub(crate) fn held(card: VirtualCard, fault: Fault) -> Reader {
    refusing(card, fault, |_| None)
}

/// Holds a card to a reader that answers some commands itself with a status word.
pub(crate) fn refusing(card: VirtualCard, fault: Fault, refuse: fn(&[u8]) -> Option<u16>) -> Reader {
    Reader { card: DirectCard(PresentedCard::new(card, fault, Timing::NONE)), sent: Vec::new(), refuse }
}

/// The certificate that a card shows without a PIN, or that it wants one.
pub(crate) fn shown_certificate(reader: &mut Reader) -> Access<CertificateDer> {
    match read_card(reader).unwrap().contents {
        CardContents::MyNumber { certificate, .. } | CardContents::HealthProfessional { certificate } => {
            certificate
        }
        CardContents::WithoutCertificate | CardContents::Unsupported => Access::Absent,
    }
}

/// Whether the card signs with this key file although nobody presents a PIN now.
pub(crate) fn is_open(reader: &mut Reader) -> bool {
    let select = [&[0x00, 0xA4, 0x04, 0x0C, 0x0A], hinamori_card::JPKI.aid()].concat();
    assert_eq!(reader.status_of(&select), 0x9000);
    assert_eq!(reader.status_of(&[0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, 0x17]), 0x9000);
    reader.status_of(&[0x80, 0x2A, 0x00, 0x80, 0x01, 0x30, 0x00]) != 0x6982
}
