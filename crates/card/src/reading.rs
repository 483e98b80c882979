//! One presentation of a card: what it shows without any PIN.

use std::fmt;

use crate::{Access, CardError, CertificateDer, Transport};

/// What one presentation showed without any PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardReading {
    /// The application found, and what it gave.
    pub contents: CardContents,
    /// What the reader learned from anti-collision, if it tells.
    pub contactless: Option<ContactlessId>,
}

/// The application found on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CardContents {
    /// 公的個人認証: the authentication certificate.
    MyNumber {
        /// What holds it.
        device: Device,
        /// The certificate; phones want the PIN first.
        certificate: Access<CertificateDer>,
    },
    /// HPKI, by its authentication certificate.
    HealthProfessional {
        /// The certificate.
        certificate: Access<CertificateDer>,
        /// Certificates between it and a root, as the card carries them: material, never trust.
        intermediates: Vec<CertificateDer>,
    },
    /// None of the applications known here; the contactless identifier may still be registered.
    Unsupported,
}

/// What holds the certificates, by its own token information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The plastic card.
    Plastic,
    /// An Android phone.
    Android,
    /// An iPhone.
    Iphone,
    /// It says something new.
    Unknown,
}

/// A UID or FeliCa IDm: convenient, clonable, no proof. Cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactlessId(Vec<u8>);

impl ContactlessId {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes, for hashing them under the town key.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A phone's random identifier (four bytes beginning with 08, ISO/IEC 14443-3 §6.5.4): another one next
    /// time, so that nothing may be bound to it.
    pub fn is_random(&self) -> bool {
        matches!(*self.0, [0x08, _, _, _])
    }
}

impl fmt::Debug for ContactlessId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ContactlessId({} bytes)", self.0.len())
    }
}

/// 32 random bytes that a chip is to sign, drawn anew for every tap.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Challenge(pub [u8; 32]);

impl fmt::Debug for Challenge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Challenge")
    }
}

/// Reads what the card shows without any PIN. A card without a known application is an answer, no error.
///
/// # Errors
/// [`CardError`]; nothing of the reading may be used then.
pub fn read_card<T: Transport + ?Sized>(_transport: &mut T) -> Result<CardReading, CardError> {
    todo!()
}

/// Lets the text application's own key sign the challenge (PKCS#1 v1.5 over its SHA-256), which needs no
/// PIN and which only the chip itself can do.
///
/// # Errors
/// [`CardError`].
pub fn prove_chip<T: Transport + ?Sized>(
    _transport: &mut T,
    _challenge: &Challenge,
) -> Result<Access<Vec<u8>>, CardError> {
    todo!()
}
