//! An alert on its way to broadcasters: signed by the server (XML-DSig), with the officers' envelope in it.
//!
//! The server's signature says from where a file came, in a form that broadcasters' systems know. It makes no alert the town's: whoever
//! shows something goes by the envelope, which stands in the signature's `Object` and is verified like everywhere else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::envelope::Envelope;
use crate::instruction::hash;
use crate::report::Report;
use crate::write::write;
use crate::xml::{MOST_BYTES, SIGNATURE};

/// Where the alert ends.
const END: &str = "</alert>\n";
/// The namespace of the element that carries the envelope.
const ENVELOPE: &str = "urn:hinamori:alert:envelope:1";
/// The declaration and its line feed, which no canonical form has (Canonical XML 1.0 §1.1).
const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const HEAD: &str = "<Signature xmlns=\"";
const VALUE: [&str; 2] = ["<SignatureValue>", "</SignatureValue>"];
const OBJECT: [&str; 2] = ["<Object><Envelope xmlns=\"", "</Envelope></Object></Signature>"];

/// An alert that waits for the server's signature.
#[derive(Debug)]
pub struct Transport {
    /// The alert up to its end tag.
    alert: String,
    signed_info: String,
    envelope: String,
}

/// The alert is not in the one form of [`write()`], so that its canonical form is not its own bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the alert is not in the form in which it is written here")]
pub struct NotCanonical;

impl Transport {
    /// Prepares the alert of an envelope. Its bytes stay what the officers signed: the signature stands between its last byte and its end
    /// tag, and the enveloped-signature transform (XML Signature §6.6.4) takes exactly that out again.
    ///
    /// # Errors
    /// [`NotCanonical`] for bytes that [`write()`] did not write.
    pub fn of(alert: &[u8], envelope: &Envelope) -> Result<Self, NotCanonical> {
        let report = Report::of(alert).map_err(|_refused| NotCanonical)?;
        let valid = report.into_valid().map_err(|_broken| NotCanonical)?;
        let text = std::str::from_utf8(alert).map_err(|_no_text| NotCanonical)?;
        let canonical = alert.strip_prefix(DECLARATION).ok_or(NotCanonical)?;
        let canonical = canonical.strip_suffix(b"\n").ok_or(NotCanonical)?;
        let head = text.strip_suffix(END).ok_or(NotCanonical)?;
        if write(valid.alert()) != alert {
            return Err(NotCanonical);
        }
        let digest = STANDARD.encode(hash(&[canonical]));
        Ok(Self {
            alert: head.to_owned(),
            signed_info: signed_info(&digest),
            envelope: STANDARD.encode(envelope.encode()),
        })
    }

    /// What the server signs with ECDSA on P-256 and SHA-256: the canonical `SignedInfo` (XML Signature §3.1.2).
    pub const fn to_sign(&self) -> &[u8] {
        self.signed_info.as_bytes()
    }

    /// The whole file, with the signature r ‖ s (RFC 4050 §3.3, RFC 6931 §2.3.6).
    pub fn signed(&self, signature: &[u8; 64]) -> Vec<u8> {
        let Self { alert, signed_info, envelope } = self;
        let value = STANDARD.encode(signature);
        // Where it stands it has the namespace from its parent.
        let own = format!(" xmlns=\"{SIGNATURE}\"");
        let signed_info = signed_info.replacen(&own, "", 1);
        let [value_begins, value_ends] = VALUE;
        let [object_begins, object_ends] = OBJECT;
        let whole = [
            alert.as_str(),
            HEAD,
            SIGNATURE,
            "\">",
            &signed_info,
            value_begins,
            &value,
            value_ends,
            object_begins,
            ENVELOPE,
            "\">",
            envelope,
            object_ends,
            END,
        ];
        whole.concat().into_bytes()
    }

    /// Takes a file apart: the alert's bytes as the officers signed them, and their envelope. `None` for anything that
    /// [`Transport::signed`] did not write. Neither signature is verified here: [`Envelope::verify`] is what counts, and nothing that
    /// was moved or wrapped gets through it, since it is about every byte of the alert.
    pub fn open(file: &[u8]) -> Option<(Vec<u8>, Envelope)> {
        if file.len() > MOST_BYTES {
            return None;
        }
        let text = std::str::from_utf8(file).ok()?;
        let inner = text.strip_suffix(END)?.strip_suffix(OBJECT[1])?;
        let (alert, signature) = inner.rsplit_once(&[HEAD, SIGNATURE, "\">"].concat())?;
        let (_, envelope) = signature.rsplit_once(&[OBJECT[0], ENVELOPE, "\">"].concat())?;
        let envelope = Envelope::decode(&STANDARD.decode(envelope).ok()?)?;
        Some(([alert, END].concat().into_bytes(), envelope))
    }
}

/// In its canonical form (Exclusive XML Canonicalization 1.0): no empty tags, and the namespace said.
fn signed_info(digest: &str) -> String {
    const CANONICAL: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let algorithm = |name: &str, uri: &str| format!("<{name} Algorithm=\"{uri}\"></{name}>");
    [
        "<SignedInfo xmlns=\"",
        SIGNATURE,
        "\">",
        &algorithm("CanonicalizationMethod", CANONICAL),
        &algorithm("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        "<Reference URI=\"\"><Transforms>",
        &algorithm("Transform", "http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
        &algorithm("Transform", CANONICAL),
        "</Transforms>",
        &algorithm("DigestMethod", "http://www.w3.org/2001/04/xmlenc#sha256"),
        "<DigestValue>",
        digest,
        "</DigestValue></Reference></SignedInfo>",
    ]
    .concat()
}
