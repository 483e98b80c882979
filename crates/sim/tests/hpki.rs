//! A doctor's card, read as a client must read it: from one directory to the next, knowing no file but OD.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test support outside test functions")]

use hinamori_pki::{CardCertificate, Purpose, TestHierarchies, Verifier};
use hinamori_sim::ca::{Hierarchy, Holder, Issued, NOW, sha256_digest_info};
use hinamori_sim::hpki::{self, Layout};
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};

const PIN: &str = "1234";

struct Doctor {
    card: VirtualCard,
    hierarchy: Hierarchy,
    issued: Issued,
}

fn doctor(purpose: hpki::Purpose, layout: Layout) -> Doctor {
    let hierarchy = match purpose {
        hpki::Purpose::Authentication => Hierarchy::hpki_auth(1),
        hpki::Purpose::Signature => Hierarchy::hpki_sign(1),
    };
    let issued = hierarchy.issue(&Holder::numbered(3));
    let between = hierarchy.intermediates().next().unwrap();
    let applet = hpki::applet(purpose, layout, &issued, hierarchy.anchor_der(), between, PIN);
    let card = VirtualCard::new(&[0x3B], ContactlessId::None, vec![applet]).with_extended_length();
    Doctor { card, hierarchy, issued }
}

impl Doctor {
    /// Data and status word.
    fn send(&mut self, command: &[u8]) -> (Vec<u8>, u16) {
        let mut answer = self.card.transmit(command);
        let low = answer.pop().unwrap();
        let high = answer.pop().unwrap();
        (answer, u16::from_be_bytes([high, low]))
    }

    fn ok(&mut self, command: &[u8]) -> Vec<u8> {
        let (data, status) = self.send(command);
        assert_eq!(status, 0x9000, "{command:02x?}");
        data
    }

    fn read(&mut self, file: &[u8]) -> Vec<u8> {
        self.ok(&[&[0x00, 0xA4, 0x02, 0x0C, 0x02], file].concat());
        let mut content = Vec::new();
        loop {
            let [.., high, low] = content.len().to_be_bytes();
            match self.send(&[0x00, 0xB0, high, low, 0x00]) {
                (piece, 0x9000) => content.extend(piece),
                (_, 0x6B00) => return content,
                other => panic!("{other:02x?}"),
            }
        }
    }
}

/// The values one after the other: tag, contents. Filler ends them.
fn values(mut der: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let [tag @ 0x01..=0xFF, rest @ ..] = der {
        let (length, rest) = match rest {
            [length @ 0..=0x7F, rest @ ..] => (usize::from(*length), rest),
            [0x81, length, rest @ ..] => (usize::from(*length), rest),
            [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => panic!("a length of {rest:02x?}"),
        };
        let (value, rest) = rest.split_at(length);
        found.push((*tag, value));
        der = rest;
    }
    found
}

/// The contents of the first value with this tag.
fn first(der: &[u8], tag: u8) -> &[u8] {
    values(der).into_iter().find(|(found, _)| *found == tag).unwrap_or_else(|| panic!("no {tag:02x}")).1
}

/// The file that a directory object's type attributes name: [1] { SEQUENCE { value Path { OCTET STRING } } }.
fn named_file(object: &[u8]) -> Vec<u8> {
    first(first(first(first(object, 0xA1), 0x30), 0x30), 0x04).to_vec()
}

/// The files of certificate, key and PIN, and how VERIFY names the PIN.
struct Found {
    certificate: Vec<u8>,
    key: Vec<u8>,
    pin_reference: u8,
}

fn find(doctor: &mut Doctor, aid: &[u8; 16]) -> Found {
    let template = doctor.ok(&[&[0x00, 0xA4, 0x04, 0x00, 0x10], &aid[..], &[0x00]].concat());
    assert_eq!(first(first(&template, 0x6F), 0x84), aid);
    let directory = doctor.ok(&[0x00, 0xB0, 0x80 | 0x11, 0x00, 0x00]);
    let file = |kind| first(first(first(&directory, kind), 0x30), 0x04).to_vec();
    let (keys, certificates, pins) = (file(0xA0), file(0xA4), file(0xA8));

    let keys = doctor.read(&keys);
    let key = first(&keys, 0x30);
    let attributes = values(key);
    let key_id = first(attributes.get(1).unwrap().1, 0x04);
    let pin_id = first(attributes.first().unwrap().1, 0x04);

    let certificates = doctor.read(&certificates);
    let of_key = values(&certificates).into_iter().map(|(_, object)| object).find(|object| {
        let class = values(object).get(1).unwrap().1;
        first(class, 0x04) == key_id && values(class).iter().all(|(tag, _)| *tag != 0x01)
    });
    assert_eq!(values(&certificates).len(), 3);

    let pins = doctor.read(&pins);
    let pin = first(&pins, 0x30);
    assert_eq!(first(values(pin).get(1).unwrap().1, 0x04), pin_id);
    let password = first(first(pin, 0xA1), 0x30);
    Found {
        certificate: named_file(of_key.unwrap()),
        key: named_file(key),
        pin_reference: *first(password, 0x80).last().unwrap(),
    }
}

#[test]
fn the_directories_lead_to_a_certificate_that_verifies() {
    for (purpose, checked, aid) in [
        (hpki::Purpose::Authentication, Purpose::HpkiAuthentication, &hpki::AUTHENTICATION_APPLET),
        (hpki::Purpose::Signature, Purpose::HpkiSignature, &hpki::SIGNATURE_APPLET),
    ] {
        let mut places = Vec::new();
        for layout in [Layout::Example, Layout::Other] {
            let mut doctor = doctor(purpose, layout);
            let found = find(&mut doctor, aid);
            let der = doctor.read(&found.certificate);
            assert_eq!(der, doctor.issued.certificate);
            let certificate = CardCertificate::parse(&der).unwrap();
            let mut verifier = Verifier::new(TestHierarchies::Refuse);
            verifier.pin_anchor(doctor.hierarchy.anchor_der()).unwrap();
            let between: Vec<&[u8]> = doctor.hierarchy.intermediates().collect();
            assert!(verifier.check(&certificate, &between, checked, NOW).is_ok());
            assert_eq!(doctor.card.log().secrets_presented(), 0);
            places.push(found.certificate);
        }
        assert_ne!(places.first(), places.last());
    }
}

/// 00 01 FF.. 00 DigestInfo, as the host pads for these cards.
fn padded(digest_info: &[u8]) -> Vec<u8> {
    [&[0x00, 0x01], &vec![0xFF; 253 - digest_info.len()][..], &[0x00], digest_info].concat()
}

#[test]
fn a_signature_wants_the_pin_each_time_and_authentication_once() {
    for (purpose, aid, second) in [
        (hpki::Purpose::Authentication, &hpki::AUTHENTICATION_APPLET, 0x9000),
        (hpki::Purpose::Signature, &hpki::SIGNATURE_APPLET, 0x6982),
    ] {
        let mut doctor = doctor(purpose, Layout::Other);
        let found = find(&mut doctor, aid);
        doctor.ok(&[&[0x00, 0x22, 0x41, 0xB6, 0x04, 0x84, 0x02], &found.key[..]].concat());
        let sign =
            [&[0x00, 0x2A, 0x9E, 0x9A, 0x00, 0x01, 0x00], &padded(&sha256_digest_info(b"text"))[..], &[0, 0]]
                .concat();
        assert_eq!(doctor.send(&sign).1, 0x6982, "without the PIN");
        doctor.ok(&[&[0x00, 0x20, 0x00, found.pin_reference, 0x04], PIN.as_bytes()].concat());
        assert_eq!(doctor.ok(&sign), doctor.issued.key.sign(b"text"));
        assert_eq!(doctor.send(&sign).1, second);
    }
}

#[test]
fn a_blocked_pin_says_so_in_the_words_of_these_cards() {
    let mut doctor = doctor(hpki::Purpose::Authentication, Layout::Example);
    let found = find(&mut doctor, &hpki::AUTHENTICATION_APPLET);
    let wrong = [&[0x00, 0x20, 0x00, found.pin_reference, 0x04], &b"9999"[..]].concat();
    let mut status = 0;
    for _ in 0..5 {
        status = doctor.send(&wrong).1;
    }
    assert_eq!((status, doctor.send(&wrong).1), (0x63C0, 0x6983));
}
