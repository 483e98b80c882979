//! What can go wrong between a command and its meaning.

use thiserror::Error;

use crate::{Application, CommandError, CredentialError, StatusWord, TransportError};

/// Why a card could not be read or used. The variants name the party at fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CardError {
    /// No reply came: the card was taken away, is mute, or the reader failed.
    #[error("no reply from the card")]
    Transport(#[from] TransportError),
    /// The card refused a step.
    #[error("the card refused to {step} (status {status})")]
    Refused {
        /// What was asked.
        step: Step,
        /// What it said.
        status: StatusWord,
    },
    /// The card does not carry the application that this needs.
    #[error("the card has no {application} application")]
    NoApplication {
        /// What was looked for.
        application: Application,
    },
    /// A file of the card is not what it should be.
    #[error("the card's {file}: {fault}")]
    File {
        /// The file.
        file: CardFile,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// The key is of a kind that is not known here: the card is newer than this program.
    #[error("the key of the card's {file} is of an unknown kind")]
    UnknownKey {
        /// The certificate or directory that says so.
        file: CardFile,
    },
    /// This program tried to build a command that cannot be.
    #[error("a command could not be built")]
    Command(#[from] CommandError),
}

/// Why a PIN did not open the card. Tries left are data for the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PinError {
    /// The PIN is wrong, and so many tries are left.
    #[error("wrong PIN, {tries_left} tries left")]
    Wrong {
        /// Tries left, at least one.
        tries_left: u8,
    },
    /// The PIN is wrong and the card does not say how often that may happen.
    #[error("wrong PIN, the card does not count tries")]
    WrongUncounted,
    /// The PIN is blocked, now or since earlier, or was never set: a card for face authentication says the
    /// same.
    #[error("the PIN is blocked")]
    Blocked,
    /// Only one try is left and nobody of the staff has said that it may be used. Nothing was sent.
    #[error("only one try is left")]
    LastTry,
    /// The card does not say how many tries are left and nobody of the staff has said to go on. Nothing
    /// was sent.
    #[error("the card does not say how many tries are left")]
    TriesUnknown,
    /// The text given is no PIN of this kind. Nothing was sent.
    #[error("not a PIN of this kind")]
    Credential(#[from] CredentialError),
    /// Something else went wrong. After a PIN was sent it is not sent again.
    #[error("the card could not be used")]
    Card(#[from] CardError),
}

impl From<TransportError> for PinError {
    fn from(error: TransportError) -> Self {
        Self::Card(error.into())
    }
}

impl From<CommandError> for PinError {
    fn from(error: CommandError) -> Self {
        Self::Card(error.into())
    }
}

/// One step of a dialogue, for errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Selecting a file.
    Select(CardFile),
    /// Reading a file.
    Read(CardFile),
    /// Asking how many tries are left.
    CountTries,
    /// Presenting a PIN.
    Verify,
    /// Choosing the key.
    ChooseKey,
    /// Signing.
    Sign,
}

impl std::fmt::Display for Step {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Select(file) => write!(out, "select the {file}"),
            Self::Read(file) => write!(out, "read the {file}"),
            Self::CountTries => out.write_str("tell the tries left"),
            Self::Verify => out.write_str("check the PIN"),
            Self::ChooseKey => out.write_str("choose the key"),
            Self::Sign => out.write_str("sign"),
        }
    }
}

/// A file of a card, for errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardFile {
    /// The certificate for authentication.
    AuthenticationCertificate,
    /// The certificate for signatures.
    SignatureCertificate,
    /// What kind of device carries the certificates.
    TokenInformation,
    /// Which certificates there are.
    CertificateAvailability,
    /// A PIN or password.
    Credential,
    /// A private key.
    Key,
    /// Name, address, birth date and sex.
    Attributes,
    /// The issuer's signature over the attributes.
    AttributeSignature,
    /// The certificate of the key that signed the attributes.
    AttributeSigner,
    /// The application's own public key.
    ApplicationKey,
    /// Serial number, municipality and expiry.
    CommonRecord,
    /// The list of directories (ISO/IEC 7816-15 EF.OD).
    ObjectDirectory,
    /// The directory of certificates (EF.CD).
    CertificateDirectory,
    /// The directory of private keys (EF.PrKD).
    KeyDirectory,
    /// The directory of PINs (EF.AOD).
    CredentialDirectory,
}

impl std::fmt::Display for CardFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::AuthenticationCertificate => "authentication certificate",
            Self::SignatureCertificate => "signature certificate",
            Self::TokenInformation => "token information",
            Self::CertificateAvailability => "certificate availability",
            Self::Credential => "PIN",
            Self::Key => "key",
            Self::Attributes => "attributes",
            Self::AttributeSignature => "signature over the attributes",
            Self::AttributeSigner => "certificate of the attributes' signer",
            Self::ApplicationKey => "application's public key",
            Self::CommonRecord => "common record",
            Self::ObjectDirectory => "object directory",
            Self::CertificateDirectory => "certificate directory",
            Self::KeyDirectory => "key directory",
            Self::CredentialDirectory => "PIN directory",
        })
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FileFault {
    /// There is nothing in it but filler.
    #[error("empty")]
    Empty,
    /// It does not begin or is not built as it should be.
    #[error("malformed")]
    Malformed,
    /// It does not name what is looked for.
    #[error("lacks the entry that is needed")]
    NoEntry,
    /// It says that it is longer than it is.
    #[error("announces {announced} bytes and has {found}")]
    Truncated {
        /// Bytes by its own header.
        announced: usize,
        /// Bytes there.
        found: usize,
    },
    /// It says, or turns out, to be longer than anything of its kind.
    #[error("longer than {maximum} bytes")]
    TooLong {
        /// The budget.
        maximum: usize,
    },
    /// Reading it took too many commands.
    #[error("not read after {maximum} commands")]
    TooSlow {
        /// The budget.
        maximum: usize,
    },
    /// The card sent more than was asked for.
    #[error("{asked} bytes were asked for and {sent} came")]
    TooMuchSent {
        /// Bytes asked for.
        asked: usize,
        /// Bytes that came.
        sent: usize,
    },
}
