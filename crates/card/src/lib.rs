//! Speaks with a card: commands, replies, and the applications on it. Pure: a [`Transport`] carries
//! the bytes, so a reader, a simulator and a test run the same code.

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
pub use certificate::CertificateDer;
pub use common::{CardExpiry, CommonRecord, read_common_record};
pub use credential::{CheckNumberB, CredentialError, HealthPin, Password, Pin};
pub use error::{CardError, CardFile, FileFault, PinError, Step};
pub use exchange::Access;
pub use hpki::{HealthKey, sign_as_health_professional};
pub use jpki::{PinProof, read_signature_certificate, sign_with_pin};
pub use pin::{StaffOverride, Tries, TryRule};
pub use pin_status::{PinKind, PinStatus, pin_status};
pub use reading::{CardContents, CardReading, Challenge, ContactlessId, Device, contactless_id, read_card};
pub use text::{
    AttributeCredential, AttributeFiles, StatedAttributes, prove_chip, read_application_key, read_attributes,
};
