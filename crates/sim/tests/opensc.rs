//! Another implementation of the card's client judges the virtual card: OpenSC, through pcscd and vpcd.
//!
//! Needs pcscd, vsmartcard-vpcd, opensc and openssl.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "test support outside test functions")]

use std::process::Command;

use hinamori_sim::ca::{Hierarchy, Holder, Issued};
use hinamori_sim::jpki::{Credential, Token, jpki_applet};
use hinamori_sim::log::CommandLog;
use hinamori_sim::pcscd::{Pcscd, in_namespace, reader_address};
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::virtual_card::{ContactlessId, VirtualCard};
use hinamori_sim::vpcd::InsertedCard;
use tempfile::TempDir;

const PORT: u16 = 21_001;
const PKCS11_MODULE: &str = "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so";
const CONTACT_ATR: [u8; 9] = [0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14];
const CONTACTLESS_ATR: [u8; 13] =
    [0x3B, 0x88, 0x80, 0x01, 0x00, 0x00, 0x05, 0xE0, 0xB3, 0x81, 0xA1, 0x00, 0x7F];

/// A card on the reader of a pcscd of its own.
struct Bench {
    folder: TempDir,
    pcscd: Pcscd,
    issued: Issued,
    log: CommandLog,
    inserted: Option<InsertedCard>,
}

impl Bench {
    fn with_card(atr: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pcscd = Pcscd::start(folder.path(), &[PORT]).unwrap();
        let (auth, sign) = (Hierarchy::jpki_auth(1), Hierarchy::jpki_sign(1));
        let (issued, signing) = (auth.issue(&Holder::numbered(0)), sign.issue(&Holder::numbered(0)));
        let applet = jpki_applet(
            Token::Plastic,
            Credential::authentication(&issued, auth.anchor_der(), Some("1234")),
            Some(Credential::signature(&signing, sign.anchor_der(), "ABC123")),
        );
        let card = VirtualCard::new(atr, ContactlessId::None, vec![applet]);
        let log = card.log();
        let presented = PresentedCard::new(card, Fault::None, Timing::NONE);
        let inserted = InsertedCard::insert(reader_address(PORT), presented).unwrap();
        pcscd.wait_for_card(PORT).unwrap();
        Self { folder, pcscd, issued, log, inserted: Some(inserted) }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().expect(program);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{text}", output.status);
    text
}

#[test]
fn opensc_knows_the_card_by_its_applications() {
    in_namespace("opensc_knows_the_card_by_its_applications", || {
        let mut bench = Bench::with_card(&CONTACTLESS_ATR);
        assert!(run("opensc-tool", &["-a"]).contains("3b:88:80:01:00:00:05:e0:b3:81:a1:00:7f"));
        assert!(run("opensc-tool", &["-n"]).contains("jpki"));
        bench.inserted.take().unwrap().remove().unwrap();
        drop(bench);

        let _contact = Bench::with_card(&CONTACT_ATR);
        assert!(run("opensc-tool", &["-a"]).contains("3b:e0:00:ff:81:31:fe:45:14"));
        assert!(run("opensc-tool", &["-n"]).contains("jpki"));
    });
}

#[test]
fn opensc_lists_and_reads_what_the_card_holds() {
    in_namespace("opensc_lists_and_reads_what_the_card_holds", || {
        let bench = Bench::with_card(&CONTACTLESS_ATR);
        let list = run("pkcs15-tool", &["-D"]);
        let count = |what: &str| list.lines().filter(|line| line.starts_with(what)).count();
        assert!(list.contains("PKCS#15 Card [JPKI]"), "{list}");
        assert_eq!(
            (count("PIN ["), count("Private RSA Key ["), count("X.509 Certificate [")),
            (2, 2, 4),
            "{list}"
        );

        let (pem, der) = (bench.path("certificate.pem"), bench.path("certificate.der"));
        run("pkcs15-tool", &["--read-certificate", "01", "-o", &pem]);
        run("openssl", &["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
        assert_eq!(std::fs::read(der).unwrap(), bench.issued.certificate);
        assert_eq!(bench.log.secrets_presented(), 0);
    });
}

#[test]
fn opensc_signs_with_the_card_and_openssl_believes_it() {
    in_namespace("opensc_signs_with_the_card_and_openssl_believes_it", || {
        let bench = Bench::with_card(&CONTACTLESS_ATR);
        let (message, signature) = (bench.path("message"), bench.path("signature"));
        let (certificate, public_key) = (bench.path("certificate.der"), bench.path("public.pem"));
        std::fs::write(&message, "a message to sign").unwrap();
        std::fs::write(&certificate, &bench.issued.certificate).unwrap();
        let sign = ["--module", PKCS11_MODULE, "--login", "--pin", "1234", "--sign", "--id", "01"];
        let files = ["--mechanism", "SHA256-RSA-PKCS", "-i", &message, "-o", &signature];
        run("pkcs11-tool", &[&sign[..], &files].concat());
        run(
            "openssl",
            &["x509", "-in", &certificate, "-inform", "DER", "-noout", "-pubkey", "-out", &public_key],
        );
        let verify = ["dgst", "-sha256", "-verify", &public_key, "-signature", &signature, &message];
        assert!(run("openssl", &verify).contains("Verified OK"));
        assert_eq!(bench.log.secrets_presented(), 1);
        bench.pcscd.wait_for_card(PORT).unwrap();
    });
}
