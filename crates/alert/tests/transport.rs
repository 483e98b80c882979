//! An alert on its way to broadcasters, judged by others' programs: xmllint with the schema of CAP 1.2, xmlsec1 and signxml.
#![expect(clippy::unwrap_used, reason = "test helpers fail by panicking")]

use std::process::Command;

use hinamori_alert::{
    Envelope, Instruction, Instructions, NotCanonical, OfficerKey, Report, Sequence, Transport, write,
};
use hinamori_model::HouseholdId;
use hinamori_sim::xml_peers::XmlPeers;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

fn canonical(fixture: &str) -> Vec<u8> {
    write(Report::of(fixture.as_bytes()).unwrap().into_valid().unwrap().alert())
}

fn order() -> Vec<u8> {
    canonical(include_str!("fixtures/tsunami.xml"))
}

fn envelope(alert: &[u8]) -> Envelope {
    let told =
        Instruction { household: HouseholdId::from_bytes([1; 16]), salt: [2; 16], content: b"{}".into() };
    let together = Instructions::of(&[told]).unwrap();
    let mut envelope = Envelope::around(alert, Sequence { epoch: 1, number: 1 }, &together).unwrap();
    let digest = envelope.digest();
    envelope.signatures = [1, 2].map(|number| OfficerKey::from_bytes(&[number; 32]).sign(&digest)).to_vec();
    envelope
}

/// A server's key, and what broadcasters were given of it.
struct Server {
    key: EcdsaKeyPair,
    certificate: String,
    peers: XmlPeers,
    _folder: tempfile::TempDir,
}

impl Server {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
            .args(["-subj", "/CN=a town", "-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(&folder)
            .output();
        assert!(made.unwrap().status.success());
        let der = Command::new("openssl")
            .args(["pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER"])
            .current_dir(&folder)
            .output();
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der.unwrap().stdout, &random);
        let certificate = std::fs::read_to_string(folder.path().join("certificate.pem")).unwrap();
        let peers = XmlPeers::new(folder.path()).unwrap();
        Self { key: key.unwrap(), certificate, peers, _folder: folder }
    }

    fn sign(&self, alert: &[u8]) -> Vec<u8> {
        let transport = Transport::of(alert, &envelope(alert)).unwrap();
        let signature = self.key.sign(&SystemRandom::new(), transport.to_sign()).unwrap();
        transport.signed(signature.as_ref().try_into().unwrap())
    }

    fn schema(&self, file: &[u8]) -> bool {
        self.peers.schema(file).unwrap()
    }

    fn xmlsec1(&self, file: &[u8]) -> bool {
        self.peers.xmlsec1(file, &self.certificate).unwrap()
    }

    fn signxml(&self, file: &[u8]) -> bool {
        self.peers.signxml(file, &self.certificate).unwrap()
    }
}

fn replaced(file: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(file).unwrap();
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn others_verify_it_and_refuse_one_changed_character() {
    let server = Server::new();
    let alert = order();
    let signed = server.sign(&alert);
    assert!(server.schema(&signed) && server.xmlsec1(&signed) && server.signxml(&signed));
    for changed in [
        replaced(&signed, "<urgency>Immediate", "<urgency>Expected"),
        replaced(&signed, "今すぐ", "もうすぐ"),
        replaced(&signed, "<DigestValue>", "<DigestValue>A"),
        replaced(&signed, "  <info>", "   <info>"),
    ] {
        assert!(!server.xmlsec1(&changed) && !server.signxml(&changed));
    }
    let other = Server::new();
    assert!(!other.xmlsec1(&signed) && !other.signxml(&signed), "another server's certificate");
    assert!(!server.schema(&replaced(&signed, "<urgency>Immediate", "<urgency>Now")), "the schema is asked");
}

#[test]
fn what_xml_escapes_stays_canonical() {
    let server = Server::new();
    let mut alert = Report::of(&order()).unwrap().into_valid().unwrap().alert().clone();
    for info in &mut alert.infos {
        info.web = Some("https://town.example/?a=1&b=2".to_owned());
        info.contact = Some("0884\r\n\t  &#xD; ]]> 𠮷\u{85}".to_owned());
        info.audience = Some(String::new());
    }
    let bytes = write(&alert);
    let report = Report::of(&bytes).unwrap();
    assert!(report.violations().is_empty(), "{:?}", report.violations());
    let signed = server.sign(&bytes);
    assert!(server.schema(&signed) && server.xmlsec1(&signed) && server.signxml(&signed));
}

#[test]
fn the_officers_bytes_and_their_envelope_come_out_again_and_the_judge_takes_the_file() {
    let server = Server::new();
    let alert = order();
    let signed = server.sign(&alert);
    assert!(Report::of(&signed).unwrap().violations().is_empty());
    assert_eq!(Transport::open(&signed), Some((alert.clone(), envelope(&alert))));
    assert_eq!(Transport::open(&alert), None, "without a signature");
    // Another alert in front of the signed one, and the signature somewhere else.
    for hostile in [
        replaced(&signed, "</Envelope></Object>", "</Envelope></Object><Object/>"),
        replaced(&signed, "urn:hinamori:alert:envelope:1\">", "urn:hinamori:alert:envelope:1\">!"),
        [signed.as_slice(), b" "].concat(),
        [signed.as_slice(), &signed].concat(),
    ] {
        let whole = Transport::open(&hostile);
        assert!(whole.is_none_or(|(bytes, _)| bytes != alert), "only what was written is read");
    }
    for length in (0..signed.len()).step_by(97) {
        assert_eq!(Transport::open(&signed[..length]), None);
    }
}

#[test]
fn only_the_one_form_of_an_alert_is_signed() {
    let alert = order();
    let own = envelope(&alert);
    assert!(Transport::of(&alert, &own).is_ok());
    for other in [
        replaced(&alert, "  <info>", "\n  <info>"),
        replaced(&alert, "encoding=\"UTF-8\"", "encoding='UTF-8'"),
        replaced(&alert, "<alert ", "<alert\n"),
        [b"\xef\xbb\xbf".as_slice(), &alert].concat(),
        alert[..alert.len() - 1].to_vec(),
        b"<alert/>".to_vec(),
    ] {
        assert_eq!(Transport::of(&other, &own).err(), Some(NotCanonical));
    }
}
