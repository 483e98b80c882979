//! The applications of a My Number card, as files.
//!
//! Application and file identifiers are public knowledge of open card software; the data objects of the text
//! applet follow the same public descriptions.

use ring::digest::{SHA256, digest};

use crate::ca::{Issued, Key, asn1};
use crate::file_system::{Access, Applet, ElementaryFile, FileId, KeyCommand, KeyFile, PinFile, PinLife};

/// 公的個人認証: certificates and keys.
pub const JPKI_APPLET: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];
/// 券面入力補助: the holder's attributes as text.
pub const TEXT_APPLET: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];
/// 共通カード: the card's own serial number and municipality.
pub const COMMON_APPLET: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x01, 0x00];

const SIGN_CERTIFICATE: FileId = 0x0001;
const SIGN_CA: FileId = 0x0002;
const TOKEN_INFO: FileId = 0x0006;
const AVAILABILITY: FileId = 0x0008;
const AUTH_CERTIFICATE: FileId = 0x000A;
const AUTH_CA: FileId = 0x000B;
const TERMINAL_CA_REFERENCE: FileId = 0x0016;
const AUTH_KEY: FileId = 0x0017;
const AUTH_PIN: FileId = 0x0018;
const SIGN_KEY: FileId = 0x001A;
const SIGN_PIN: FileId = 0x001B;

const MY_NUMBER: FileId = 0x0001;
const ATTRIBUTES: FileId = 0x0002;
const ATTRIBUTE_SIGNATURE: FileId = 0x0003;
const CARD_VERIFIABLE_CERTIFICATE: FileId = 0x0004;
const TEXT_BASIC: FileId = 0x0005;
const SIGNED_APPLET_KEY: FileId = 0x0007;
const TEXT_PIN: FileId = 0x0011;
const FACTORY_BLOCKED_PIN: FileId = 0x0012;
const CHECK_NUMBER_A: FileId = 0x0014;
const CHECK_NUMBER_B: FileId = 0x0015;
/// Not a file of real cards: the home of the text applet's own key.
const APPLET_KEY: FileId = 0x00FE;

/// Certificate files are longer than the certificate; the rest is FF.
const CERTIFICATE_FILE_SIZE: usize = 2_000;
const AUTH_PIN_TRIES: u8 = 3;
const SIGN_PASSWORD_TRIES: u8 = 5;
const TEXT_PIN_TRIES: u8 = 3;
const CHECK_NUMBER_TRIES: u8 = 10;

/// What holds the certificates: each says so in its token information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// The plastic card.
    Plastic,
    /// An Android phone: the certificate is readable after the PIN only.
    Android,
    /// An iPhone: the same.
    Iphone,
}

impl Token {
    const fn label(self) -> &'static str {
        match self {
            Self::Plastic => "JPKIAPICCTOKEN2",
            Self::Android => "JPKIAPGPSETOKEN",
            Self::Iphone => "JPKIAPIOSTOKEN",
        }
    }
}

/// A certificate with its authority's, its key and its PIN.
#[derive(Debug, Clone)]
pub struct Credential {
    /// DER, or whatever a broken card holds instead.
    pub certificate: Vec<u8>,
    /// The authority's certificate as the card carries it.
    pub authority: Vec<u8>,
    /// The private key.
    pub key: Key,
    /// PIN or password.
    pub pin: PinFile,
}

impl Credential {
    /// An authentication credential whose PIN has all its tries, or was never set.
    pub fn authentication(issued: &Issued, authority: &[u8], pin: Option<&str>) -> Self {
        Self::new(issued, authority, pin_file(pin, AUTH_PIN_TRIES))
    }

    /// A signing credential whose password has all its tries.
    pub fn signature(issued: &Issued, authority: &[u8], password: &str) -> Self {
        Self::new(issued, authority, pin_file(Some(password), SIGN_PASSWORD_TRIES))
    }

    fn new(issued: &Issued, authority: &[u8], pin: PinFile) -> Self {
        Self {
            certificate: issued.certificate.clone(),
            authority: authority.to_vec(),
            key: issued.key.clone(),
            pin,
        }
    }
}

fn pin_file(pin: Option<&str>, limit: u8) -> PinFile {
    pin.map_or_else(PinFile::never_set, |pin| PinFile::new(pin, limit))
}

/// The 公的個人認証 application.
pub fn jpki_applet(token: Token, auth: Credential, sign: Option<Credential>) -> Applet {
    let auth_certificate = filled(auth.certificate);
    let auth_certificate = match token {
        Token::Plastic => ElementaryFile::free(auth_certificate),
        Token::Android | Token::Iphone => ElementaryFile::guarded(auth_certificate, &[AUTH_PIN]),
    };
    // One byte each for the two certificates; which is which only shows when one is missing.
    let sign_availability = if sign.is_some() { 0x8F } else { 0x00 };
    let applet = Applet::new(&JPKI_APPLET)
        .with(TOKEN_INFO, ElementaryFile::free(token_info(token)))
        .with(AVAILABILITY, ElementaryFile::free(vec![0x8F, sign_availability, 0x00]))
        .with(AUTH_CERTIFICATE, auth_certificate)
        .with(AUTH_CA, ElementaryFile::free(filled(auth.authority)))
        .with(TERMINAL_CA_REFERENCE, ElementaryFile::free(vec![0; 16]))
        .with(AUTH_KEY, certificate_key(auth.key, AUTH_PIN))
        .with(AUTH_PIN, ElementaryFile::Pin(auth.pin));
    match sign {
        None => applet,
        Some(sign) => applet
            .with(SIGN_CERTIFICATE, ElementaryFile::guarded(filled(sign.certificate), &[SIGN_PIN]))
            .with(SIGN_CA, ElementaryFile::free(filled(sign.authority)))
            .with(SIGN_KEY, certificate_key(sign.key, SIGN_PIN))
            .with(SIGN_PIN, ElementaryFile::Pin(sign.pin)),
    }
}

fn certificate_key(key: Key, pin: FileId) -> ElementaryFile {
    ElementaryFile::Key(KeyFile {
        key,
        access: Access::After(vec![pin]),
        command: KeyCommand::JpkiSignature,
        pin_life: PinLife::WhileSelected,
    })
}

fn filled(mut content: Vec<u8>) -> Vec<u8> {
    content.resize(content.len().max(CERTIFICATE_FILE_SIZE), 0xFF);
    content
}

/// 160 bytes laid out as CK_TOKEN_INFO (PKCS#11 §3.2): label, manufacturer, model and serial number, padded
/// with spaces, then numbers that nobody reads.
fn token_info(token: Token) -> Vec<u8> {
    let padded = |text: &str, length: usize| -> Vec<u8> {
        text.bytes().chain(std::iter::repeat(b' ')).take(length).collect()
    };
    let mut info = [padded(token.label(), 32), padded("JPKI", 32), padded("", 16), padded("", 16)].concat();
    info.resize(160, 0);
    info
}

/// What the text application says about the holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Family name, U+3000, given name.
    pub name: String,
    /// The address as registered.
    pub address: String,
    /// YYYYMMDD.
    pub birth_date: String,
    /// 1 male, 2 female, 9 not known.
    pub sex: char,
}

impl Attributes {
    /// The file as stored: FF20 { DF21 offsets, DF22 name, DF23 address, DF24 birth date, DF25 sex }.
    pub fn file(&self) -> Vec<u8> {
        let mut sex = [0; 4];
        let fields = [
            object(0xDF22, self.name.as_bytes()),
            object(0xDF23, self.address.as_bytes()),
            object(0xDF24, self.birth_date.as_bytes()),
            object(0xDF25, self.sex.encode_utf8(&mut sex).as_bytes()),
        ];
        // Offsets count from the start of the file: tag and length of FF20 take 3 to 5 bytes, DF21 11.
        let body: usize = fields.iter().map(Vec::len).sum::<usize>() + OFFSETS_LENGTH;
        let mut at = object(0xFF20, &vec![0; body]).len() - body + OFFSETS_LENGTH;
        let mut offsets = Vec::new();
        for field in &fields {
            offsets.extend(u16::try_from(at).unwrap_or(u16::MAX).to_be_bytes());
            at += field.len();
        }
        object(0xFF20, &[object(0xDF21, &offsets), fields.concat()].concat())
    }
}

const OFFSETS_LENGTH: usize = 11;

/// A data object with a two-byte tag; lengths above 127 take one or two more bytes (ISO/IEC 8825-1 §8.1.3).
pub(crate) fn object(tag: u16, contents: &[u8]) -> Vec<u8> {
    let mut length_and_contents = asn1::value(0, contents);
    length_and_contents.remove(0);
    [tag.to_be_bytes().to_vec(), length_and_contents].concat()
}

/// The secrets of the text application.
#[derive(Debug, Clone)]
pub struct TextSecrets {
    /// Four digits; none on a card made for face authentication.
    pub pin: PinFile,
    /// 照合番号B: birth date, expiry and security code as printed on the card.
    pub check_number_b: PinFile,
}

impl TextSecrets {
    /// Secrets with all their tries.
    pub fn new(pin: Option<&str>, check_number_b: &str) -> Self {
        Self {
            pin: pin_file(pin, TEXT_PIN_TRIES),
            check_number_b: PinFile::new(check_number_b, CHECK_NUMBER_TRIES),
        }
    }
}

/// The 券面入力補助 application: attributes signed by `issuer`, and a key of its own that answers without PIN.
pub fn text_applet(attributes: &Attributes, secrets: TextSecrets, issuer: &Key, applet_key: Key) -> Applet {
    // A number whose check digit is wrong: nobody can have it, and no client may ask for it.
    let my_number = object(0xFF10, b"999999999999");
    let my_number = [my_number, vec![0xFF, 0xFF]].concat();
    let attribute_file = attributes.file();
    let number_hash = digest(&SHA256, &my_number);
    let attribute_hash = digest(&SHA256, signed_part(&attribute_file));
    let hashes = [object(0xDF31, number_hash.as_ref()), object(0xDF32, attribute_hash.as_ref())].concat();
    let signature = object(0xDF33, &issuer.sign(&hashes));
    let readers = [TEXT_PIN, CHECK_NUMBER_A, CHECK_NUMBER_B];
    let key_part = object(0xDF41, applet_key.spki());
    let signed_key = object(0xFF40, &[key_part.clone(), object(0xDF42, &issuer.sign(&key_part))].concat());
    Applet::new(&TEXT_APPLET)
        .with(MY_NUMBER, ElementaryFile::guarded(my_number, &[TEXT_PIN, CHECK_NUMBER_A]))
        .with(ATTRIBUTES, ElementaryFile::guarded(attribute_file, &[TEXT_PIN, CHECK_NUMBER_B]))
        .with(
            ATTRIBUTE_SIGNATURE,
            ElementaryFile::guarded(object(0xFF30, &[hashes, signature].concat()), &readers),
        )
        .with(
            CARD_VERIFIABLE_CERTIFICATE,
            ElementaryFile::guarded(card_verifiable_certificate(issuer), &readers),
        )
        .with(TEXT_BASIC, ElementaryFile::free(object(0xFF40, &[])))
        .with(SIGNED_APPLET_KEY, ElementaryFile::free(signed_key))
        .with(TEXT_PIN, ElementaryFile::Pin(secrets.pin))
        .with(FACTORY_BLOCKED_PIN, ElementaryFile::Pin(PinFile::never_set()))
        .with(CHECK_NUMBER_A, ElementaryFile::Pin(PinFile::new("999999999999", CHECK_NUMBER_TRIES)))
        .with(CHECK_NUMBER_B, ElementaryFile::Pin(secrets.check_number_b))
        .with(
            APPLET_KEY,
            ElementaryFile::Key(KeyFile {
                key: applet_key,
                access: Access::Free,
                command: KeyCommand::ChipProof,
                pin_life: PinLife::WhileSelected,
            }),
        )
}

/// The attribute file from the name on; what stands before is layout.
fn signed_part(attribute_file: &[u8]) -> &[u8] {
    let start = attribute_file.windows(2).position(|tag| tag == [0xDF, 0x22]);
    start.and_then(|start| attribute_file.get(start..)).unwrap_or_default()
}

/// A card-verifiable certificate with the issuer's key (7F21 { 5F4E { key } 5F37 signature }).
fn card_verifiable_certificate(issuer: &Key) -> Vec<u8> {
    let body = object(0x5F4E, issuer.spki());
    let signature = object(0x5F37, &issuer.sign(&body));
    object(0x7F21, &[body, signature].concat())
}

/// The 共通カード application: record 1 of file 0001 is free to read.
pub fn common_applet(serial: &str, municipality_code: &str, expiry: &str) -> Applet {
    let text = format!("{serial:0>15}{municipality_code:0>5}{expiry:0>8}");
    let record = [&[0x01, 0x1C], text.as_bytes()].concat();
    Applet::new(&COMMON_APPLET)
        .with(0x0001, ElementaryFile::Records(vec![record]))
        .with(0x001C, ElementaryFile::Pin(PinFile::never_set()))
}
