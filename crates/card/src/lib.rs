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

mod application;
mod certificate;
mod common;
mod credential;
mod directory;
mod error;
mod exchange;
mod hpki;
mod jpki;
mod reading;
mod selected;
mod tlv;

pub use application::{
    Application, CARD_MANAGER, COMMON, HPKI_AUTHENTICATION, HPKI_SIGNATURE, JPKI, RESIDENT_REGISTER, SURFACE,
    TEXT,
};
pub use certificate::CertificateDer;
pub use common::{CardExpiry, CommonRecord, read_common_record};
pub use credential::CredentialError;
pub use error::{CardError, CardFile, FileFault, PinError, Step};
pub use exchange::Access;
pub use hpki::HealthKey;
pub use reading::{
    CardContents, CardReading, Challenge, ContactlessId, Device, contactless_id, prove_chip, read_card,
};
