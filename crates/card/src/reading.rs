//! One presentation of a card: what it shows without any PIN.

use std::fmt;

use crate::application::WITHOUT_CERTIFICATE;
use crate::exchange::{run, select};
use crate::{
    Access, CardError, CertificateDer, Command, Expected, Header, StatusWord, Transport, hpki, jpki,
};

/// The longest identifiers are ISO/IEC 14443-3 triple size UIDs.
const CONTACTLESS_ID_MAXIMUM: usize = 10;

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
    /// A health professional's card (HPKI): the authentication certificate.
    HealthProfessional {
        /// The certificate.
        certificate: Access<CertificateDer>,
    },
    /// A My Number or resident register application without the JPKI one: no certificate to be had.
    WithoutCertificate,
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
pub fn read_card<T: Transport + ?Sized>(transport: &mut T) -> Result<CardReading, CardError> {
    let contents = read_contents(transport)?;
    let contactless = contactless_id(transport)?;
    Ok(CardReading { contents, contactless })
}

fn read_contents<T: Transport + ?Sized>(transport: &mut T) -> Result<CardContents, CardError> {
    if let Some(contents) = jpki::read(transport)? {
        return Ok(contents);
    }
    if let Some(contents) = hpki::read(transport)? {
        return Ok(contents);
    }
    for application in WITHOUT_CERTIFICATE {
        if select(transport, application)? == Access::Granted(()) {
            return Ok(CardContents::WithoutCertificate);
        }
    }
    Ok(CardContents::Unsupported)
}

/// What the reader learned from anti-collision (PC/SC part 3 §3.2.2.1.3): the reader answers, not the card;
/// many cannot, which is no error. Also of use when a card's content is not.
///
/// # Errors
/// [`CardError`] when no reply came.
pub fn contactless_id<T: Transport + ?Sized>(transport: &mut T) -> Result<Option<ContactlessId>, CardError> {
    let get_data = Command::short(Header::new(0xFF, 0xCA, 0, 0), &[], Expected::UpTo(256))?;
    let reply = run(transport, get_data)?;
    let fits = (4..=CONTACTLESS_ID_MAXIMUM).contains(&reply.data().len());
    Ok((reply.status() == StatusWord::Done && fits).then(|| ContactlessId::new(reply.data())))
}
