//! The applications of a health professional's card (HPKI), as files.
//!
//! Each is a cryptographic information application (ISO/IEC 7816-15): only its directory files say where
//! certificate, key and PIN are. Cards differ in that, so that there are two layouts here: a client that
//! takes the file identifiers of one for granted fails at the other. The certificates are free to read.
//!
//! What the directory objects look like in DER: ISO/IEC 7816-15 §8.3 (OD), §8.4 (PrKD), §8.7 (CD), §8.9
//! (AOD), under the tagging rules of its ASN.1 module, in which a tagged CHOICE or parameter is explicit.

use std::collections::BTreeMap;

use hinamori_card::StatusWord;

use crate::ca::{Issued, asn1};
use crate::file_system::{Access, Applet, ElementaryFile, FileId, KeyCommand, KeyFile, PinFile, PinLife};

/// The application for signatures (JAHIS 24-002).
pub const SIGNATURE_APPLET: [u8; 16] =
    [0xE8, 0x28, 0xBD, 0x08, 0x0F, 0xA0, 0x00, 0x00, 0x03, 0x91, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01];
/// The application for authentication (JAHIS 24-002).
pub const AUTHENTICATION_APPLET: [u8; 16] =
    [0xE8, 0x28, 0xBD, 0x08, 0x0F, 0xA0, 0x00, 0x00, 0x03, 0x91, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02];

/// EF.OD and EF.CIAInfo have the same identifiers on all cards (ISO/IEC 7816-15 §6.3).
const OBJECT_DIRECTORY: FileId = 0x5031;
const INFORMATION: FileId = 0x5032;
/// Ours: no public description says how many tries a card gives.
const PIN_TRIES: u8 = 5;
/// Directory files are longer than what they hold.
const DIRECTORY_SIZE: usize = 256;

/// What an application is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// One PIN serves until the application is left.
    Authentication,
    /// Each signature wants the PIN anew.
    Signature,
}

/// Where a card keeps its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Identifiers that are their short identifiers, as the guideline's example has them.
    Example,
    /// Others, as cards in the field have them.
    Other,
}

struct Places {
    pins: FileId,
    keys: FileId,
    certificates: FileId,
    pin: FileId,
    key: FileId,
    holder: FileId,
    root: FileId,
    authority: FileId,
}

impl Layout {
    const fn places(self) -> Places {
        match self {
            Self::Example => Places {
                pins: 0x0013,
                keys: 0x0014,
                certificates: 0x0015,
                pin: 0x0016,
                key: 0x0017,
                holder: 0x0018,
                root: 0x0019,
                authority: 0x001A,
            },
            Self::Other => Places {
                pins: 0x0004,
                keys: 0x0006,
                certificates: 0x0005,
                pin: 0x0002,
                key: 0x000C,
                holder: 0x0116,
                root: 0x0118,
                authority: 0x0117,
            },
        }
    }
}

/// An application with its key, its holder's certificate and those of the authorities above it.
pub fn applet(
    purpose: Purpose,
    layout: Layout,
    issued: &Issued,
    root: &[u8],
    authority: &[u8],
    pin: &str,
) -> Applet {
    let Places {
        pins,
        keys,
        certificates,
        pin: pin_file,
        key,
        holder,
        root: root_file,
        authority: authority_file,
    } = layout.places();
    let (aid, pin_life) = match purpose {
        Purpose::Authentication => (&AUTHENTICATION_APPLET, PinLife::WhileSelected),
        Purpose::Signature => (&SIGNATURE_APPLET, PinLife::OneSignature),
    };
    let object_directory = [directory(0, keys), directory(4, certificates), directory(8, pins)].concat();
    let certificate_directory = [
        certificate_object("HPKI End Entity Certificate", Role::Holder, holder),
        certificate_object("HPKI Root CA Certificate", Role::Authority(2), root_file),
        certificate_object("HPKI CA Certificate", Role::Authority(3), authority_file),
    ];
    let mut applet = Applet::new(aid)
        .with(INFORMATION, ElementaryFile::free(filled(information(purpose))))
        .with(OBJECT_DIRECTORY, ElementaryFile::free(filled(object_directory)))
        .with(pins, ElementaryFile::free(filled(pin_object(pin_file))))
        .with(keys, ElementaryFile::free(filled(key_object(purpose, key))))
        .with(certificates, ElementaryFile::free(filled(certificate_directory.concat())))
        .with(pin_file, ElementaryFile::Pin(PinFile::new(pin, PIN_TRIES)))
        .with(
            key,
            ElementaryFile::Key(KeyFile {
                key: issued.key.clone(),
                access: Access::After(vec![pin_file]),
                command: KeyCommand::Iso7816Signature,
                pin_life,
            }),
        )
        .with(holder, ElementaryFile::free(issued.certificate.clone()))
        .with(root_file, ElementaryFile::free(root.to_vec()))
        .with(authority_file, ElementaryFile::free(authority.to_vec()));
    applet.short_ids = BTreeMap::from([(0x11, OBJECT_DIRECTORY), (0x12, INFORMATION)]);
    applet.blocked_status = StatusWord::AuthenticationBlocked;
    applet
}

fn filled(mut content: Vec<u8>) -> Vec<u8> {
    content.resize(content.len().max(DIRECTORY_SIZE), 0x00);
    content
}

/// CIAInfo: version 2, label, and that the card has nothing of its own for hashing or passwords.
fn information(purpose: Purpose) -> Vec<u8> {
    let label: &[u8] = match purpose {
        Purpose::Authentication => b"HPKI Authentication",
        Purpose::Signature => b"HPKI Signature",
    };
    asn1::sequence(&[asn1::integer(&[1]), asn1::context_primitive(0, label), asn1::named_bits(&[])])
}

/// One line of OD: objects of a kind are in a file. 0 private keys, 4 certificates, 8 authentication objects.
fn directory(kind: u8, file: FileId) -> Vec<u8> {
    asn1::context(kind, &path(file))
}

fn path(file: FileId) -> Vec<u8> {
    asn1::sequence(&[asn1::octets(&file.to_be_bytes())])
}

/// Identifier that joins a key to its certificate.
const KEY_PAIR: [u8; 1] = [1];
/// Identifier that joins a key to its PIN.
const PIN: [u8; 1] = [1];

enum Role {
    Holder,
    Authority(u8),
}

/// A CertificateObject { CommonObjectAttributes, CommonCertificateAttributes, \[1\] { value } }.
fn certificate_object(label: &str, role: Role, file: FileId) -> Vec<u8> {
    let class = match role {
        Role::Holder => asn1::sequence(&[asn1::octets(&KEY_PAIR)]),
        Role::Authority(identifier) => asn1::sequence(&[asn1::octets(&[identifier]), asn1::boolean_true()]),
    };
    let kind = asn1::context(1, &asn1::sequence(&[path(file)]));
    asn1::sequence(&[asn1::sequence(&[asn1::utf8(label)]), class, kind])
}

/// A PrivateKeyObject { CommonObjectAttributes, CommonKeyAttributes, \[1\] { value, modulusLength } }.
fn key_object(purpose: Purpose, file: FileId) -> Vec<u8> {
    let (label, usage, consent) = match purpose {
        // usage bit 2 sign, 9 nonRepudiation; userConsent 1: the PIN before each use.
        Purpose::Authentication => ("HPKI Authentication Key", 2, Vec::new()),
        Purpose::Signature => ("HPKI Signature Key", 9, asn1::integer(&[1])),
    };
    let private = asn1::named_bits(&[0]);
    let object = asn1::sequence(&[asn1::utf8(label), private, asn1::octets(&PIN), consent]);
    let class = asn1::sequence(&[asn1::octets(&KEY_PAIR), asn1::named_bits(&[usage])]);
    let kind = asn1::context(1, &asn1::sequence(&[path(file), asn1::integer(&[8, 0])]));
    asn1::sequence(&[object, class, kind])
}

/// An AuthenticationObject { CommonObjectAttributes, { authId }, \[1\] PasswordAttributes }: 4 to 16 ASCII
/// characters, presented with VERIFY after the file was selected (P2 = 80) or by its short identifier.
fn pin_object(file: FileId) -> Vec<u8> {
    let [.., low] = file.to_be_bytes();
    let ascii_numeric = asn1::value(0x0A, &[1]);
    let reference = asn1::context_primitive(0, &[0x00, 0x80 | low]);
    // pwdFlags: 1 local, 4 initialized.
    let password = asn1::sequence(&[
        asn1::named_bits(&[1, 4]),
        ascii_numeric,
        asn1::integer(&[4]),
        asn1::integer(&[16]),
        asn1::integer(&[16]),
        reference,
        path(file),
    ]);
    let object = asn1::sequence(&[asn1::utf8("HPKI PIN"), asn1::named_bits(&[0, 1])]);
    let class = asn1::sequence(&[asn1::octets(&PIN)]);
    asn1::sequence(&[object, class, asn1::context(1, &password)])
}
