//! Every dialogue with a card that answers whatever it likes. The input is its answers, each behind its length
//! in two bytes; the first byte says which dialogue.

use hinamori_card::{
    AttributeCredential, AttributeFiles, Challenge, Command, HealthKey, Response, StaffOverride, Transport,
    TransportError, TryRule, pin_status, prove_chip, read_application_key, read_attributes, read_card,
    read_common_record, sign_as_health_professional,
};
use hinamori_sim::ca::{Hierarchy, Holder, Key, KeyUse};
use hinamori_sim::direct::DirectCard;
use hinamori_sim::hpki::{self, Layout, Purpose};
use hinamori_sim::jpki::{
    Attributes, Credential, TextSecrets, Token, common_applet, jpki_applet, text_applet,
};
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

const CHECK_NUMBER_B: &str = "35010120291234";
const HEALTH_PIN: &str = "821345";

pub(crate) fn run(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    speak(*which, &mut Babbler { rest, presented: 0 });
}

/// The first ones without, the others with a secret.
fn speak<T: Presenting>(which: u8, card: &mut T) {
    let spend = || TryRule::SpendTheLast(StaffOverride::decided_by_staff());
    match which {
        0 => drop(read_card(card)),
        1 => drop(pin_status(card)),
        2 => drop(prove_chip(card, &Challenge([7; 32]))),
        3 => drop(read_application_key(card)),
        4 => drop(read_common_record(card)),
        5 => {
            let Ok(number) = CHECK_NUMBER_B.parse() else { panic!("a check number is refused") };
            let files = read_attributes(card, AttributeCredential::CheckNumberB(&number), spend());
            let _stated = files.as_ref().map(AttributeFiles::stated);
        }
        _ => {
            let Ok(pin) = HEALTH_PIN.parse() else { panic!("a PIN is refused") };
            drop(sign_as_health_professional(card, HealthKey::Signature, &pin, spend(), b"prescription"));
        }
    }
    assert!(card.presented() <= usize::from(which >= 5), "a secret was presented too often");
}

trait Presenting: Transport {
    /// How often a secret was.
    fn presented(&self) -> usize;
}

struct Babbler<'a> {
    rest: &'a [u8],
    presented: usize,
}

impl Transport for Babbler<'_> {
    fn transmit(&mut self, command: &Command) -> Result<Response, TransportError> {
        self.presented += usize::from(command.presents_credential());
        let answer = self
            .rest
            .split_first_chunk()
            .and_then(|(length, rest)| rest.split_at_checked(usize::from(u16::from_be_bytes(*length))));
        let (answer, rest) = answer.ok_or(TransportError::TornAway)?;
        self.rest = rest;
        Ok(Response::from_bytes(answer)?)
    }
}

impl Presenting for Babbler<'_> {
    fn presented(&self) -> usize {
        self.presented
    }
}

/// Writes down what a card answers.
struct Scribe {
    card: DirectCard,
    input: Vec<u8>,
    presented: usize,
}

impl Transport for Scribe {
    fn transmit(&mut self, command: &Command) -> Result<Response, TransportError> {
        self.presented += usize::from(command.presents_credential());
        let reply = self.card.transmit(command)?;
        let answer = [reply.data(), &u16::from(reply.status()).to_be_bytes()].concat();
        self.input.extend(u16::try_from(answer.len()).unwrap_or(0).to_be_bytes());
        self.input.extend(answer);
        Ok(reply)
    }
}

impl Presenting for Scribe {
    fn presented(&self) -> usize {
        self.presented
    }
}

fn my_number_card() -> VirtualCard {
    let authority = Hierarchy::jpki_auth(1);
    let attributes = Attributes {
        name: "浜田　花子".to_owned(),
        address: "汐見町".to_owned(),
        birth_date: "19600101".to_owned(),
        sex: '2',
    };
    let issued = authority.issue(&Holder::numbered(7));
    let credential = Credential::authentication(&issued, authority.anchor_der(), Some("1234"));
    let secrets = TextSecrets::new(Some("8642"), CHECK_NUMBER_B);
    let key = Key::held(1, 7, KeyUse::TextApplet);
    let applets = vec![
        jpki_applet(Token::Plastic, credential, None),
        text_applet(&attributes, secrets, &Key::named(1, "attributes"), key),
        common_applet("123456789012345", "13201", "20290101"),
    ];
    VirtualCard::new(&[0x3B, 0x80, 0x80, 0x01, 0x01], ContactlessId::Fixed(vec![1, 2, 3, 4]), applets)
}

fn health_card() -> VirtualCard {
    let applet = |authority: &Hierarchy, purpose| {
        let (root, issued) = (authority.anchor_der(), authority.issue(&Holder::numbered(9)));
        hpki::applet(purpose, Layout::Other, &issued, root, root, HEALTH_PIN)
    };
    let applets = vec![
        applet(&Hierarchy::hpki_auth(1), Purpose::Authentication),
        applet(&Hierarchy::hpki_sign(1), Purpose::Signature),
    ];
    let id = ContactlessId::Fixed(vec![9, 2, 3, 4]);
    VirtualCard::new(&[0x3B, 0x80, 0x80, 0x01, 0x01], id, applets).with_extended_length()
}

pub(crate) fn seeds() -> crate::Seeds {
    let dialogues = [
        ("seed-read", 0, my_number_card()),
        ("seed-tries", 1, my_number_card()),
        ("seed-chip", 2, my_number_card()),
        ("seed-key", 3, my_number_card()),
        ("seed-common", 4, my_number_card()),
        ("seed-attributes", 5, my_number_card()),
        ("seed-health", 0, health_card()),
        ("seed-sign", 6, health_card()),
    ];
    let heard = |(name, which, card)| {
        let card = DirectCard(PresentedCard::new(card, Fault::None, Timing::default()));
        let mut scribe = Scribe { card, input: vec![which], presented: 0 };
        speak(which, &mut scribe);
        (name, scribe.input)
    };
    dialogues.into_iter().map(heard).collect()
}
