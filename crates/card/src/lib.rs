//! Speaks with a card: commands, replies, and the applications on it. Pure: a [`Transport`] carries the
//! bytes, so a reader, a simulator and a test run the same code.
//!
//! One tap: [`read_card`] finds the application by selecting it, never by the card's ATR, and reads what it
//! shows without a PIN; [`prove_chip`] lets the chip itself answer a challenge. Where a PIN is wanted,
//! [`pin_status()`] shows beforehand how many tries are left, and [`sign_with_pin`], [`read_attributes`],
//! [`read_signature_certificate`] and [`sign_as_health_professional`] each run one dialogue: counter, VERIFY,
//! work, and out of the application. What the bytes are worth is for the verifier to say; nothing here
//! checks a signature or knows the time.
//!
//! **Invariant:** no command is sent twice. A [`Command`] is used up by sending it, and after a VERIFY no
//! failure leads to another.
//! **Invariant:** no PIN is presented with one try left unless staff decided so ([`TryRule`]), and none to a
//! blocked one.
//! **Invariant:** the file with the My Number cannot be selected: an application's files are a list, and it
//! is not on it.
//! **Invariant:** data of commands and replies cannot be printed.
//! **Invariant:** a card that carries nothing known is an answer ([`CardContents::Unsupported`]), no error.

mod command;
mod response;
mod status;
mod transport;

pub use command::{Command, CommandError, Expected, Header};
pub use response::{Response, ResponseError};
pub use status::StatusWord;
pub use transport::{Transport, TransportError};

mod algorithm;
mod application;
mod bytes;
mod certificate;
mod common;
mod credential;
mod directory;
mod error;
mod exchange;
mod hpki;
mod jpki;
mod pin;
mod pin_status;
mod reading;
mod selected;
mod text;
mod tlv;

pub use algorithm::{ECDSA_P384_SHA384, RSA_SHA256, SigningAlgorithm};
pub use application::{
    Application, CARD_MANAGER, COMMON, HPKI_AUTHENTICATION, HPKI_SIGNATURE, JPKI, RESIDENT_REGISTER, SURFACE,
    TEXT,
};
pub use bytes::CardBytes;
pub use certificate::CertificateDer;
pub use common::{CardExpiry, CommonRecord, read_common_record};
pub use credential::{CheckNumberB, CredentialError, HealthPin, Password, Pin};
pub use error::{CardError, CardFile, FileFault, PinError, Step};
pub use exchange::Access;
pub use hpki::{HealthKey, sign_as_health_professional};
pub use jpki::{EachSigned, PinProof, read_signature_certificate, sign_each_with_pin, sign_with_pin};
pub use pin::{StaffOverride, Tries, TryRule};
pub use pin_status::{PinKind, PinStatus, pin_status};
pub use reading::{CardContents, CardReading, Challenge, ContactlessId, Device, contactless_id, read_card};
pub use text::{
    AttributeCredential, AttributeFiles, StatedAttributes, prove_chip, read_application_key, read_attributes,
};
