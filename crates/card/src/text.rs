//! 券面入力補助: the holder's four attributes as text, signed by the issuer of the card, and a key of the
//! application's own that needs no PIN.
//!
//! The same application keeps the 12-digit My Number in another file. [`TextFile`] has no value for it, and
//! nothing else can be selected here.

use std::fmt;

use zeroize::Zeroizing;

use crate::credential::Secret;
use crate::error::{CardFile, FileFault, Step};
use crate::pin::{PinPlace, with_pin};
use crate::selected::{Files, Selected};
use crate::tlv::{Extent, Tags, next_object};
use crate::{
    Access, Application, CardBytes, CardError, Challenge, CheckNumberB, Command, Expected, Header, Pin,
    PinError, RSA_SHA256, StatusWord, TEXT, Transport, TryRule,
};

/// The application that has these files.
#[derive(Clone, Copy)]
pub(crate) struct TextApplication;

impl From<TextApplication> for Application {
    fn from(_: TextApplication) -> Self {
        TEXT
    }
}

/// The files that may be touched.
#[derive(Clone, Copy)]
pub(crate) enum TextFile {
    Attributes,
    AttributeSignature,
    AttributeSigner,
    ApplicationKey,
    Pin,
    CheckNumberB,
}

impl Files for TextFile {
    type Application = TextApplication;

    fn id(self) -> u16 {
        match self {
            Self::Attributes => 0x0002,
            Self::AttributeSignature => 0x0003,
            Self::AttributeSigner => 0x0004,
            Self::ApplicationKey => 0x0007,
            Self::Pin => 0x0011,
            Self::CheckNumberB => 0x0015,
        }
    }

    fn name(self) -> CardFile {
        match self {
            Self::Attributes => CardFile::Attributes,
            Self::AttributeSignature => CardFile::AttributeSignature,
            Self::AttributeSigner => CardFile::AttributeSigner,
            Self::ApplicationKey => CardFile::ApplicationKey,
            Self::Pin | Self::CheckNumberB => CardFile::Credential,
        }
    }
}

/// What opens the attributes.
#[derive(Debug, Clone, Copy)]
pub enum AttributeCredential<'a> {
    /// The application's PIN.
    Pin(&'a Pin),
    /// 照合番号B, for holders who forgot the PIN or never had one.
    CheckNumberB(&'a CheckNumberB),
}

impl<'a> AttributeCredential<'a> {
    const fn file(self) -> TextFile {
        match self {
            Self::Pin(_) => TextFile::Pin,
            Self::CheckNumberB(_) => TextFile::CheckNumberB,
        }
    }

    const fn secret(self) -> &'a Secret {
        match self {
            Self::Pin(pin) => pin.secret(),
            Self::CheckNumberB(number) => number.secret(),
        }
    }
}

/// The attribute files as the card has them, for `hinamori_pki::verify_attributes`. Nothing of them can be
/// printed; the memory is cleared on drop.
pub struct AttributeFiles {
    attributes: Zeroizing<Vec<u8>>,
    signature: Option<Zeroizing<Vec<u8>>>,
    signer: Option<Zeroizing<Vec<u8>>>,
}

impl AttributeFiles {
    /// EF 0002: name, address, birth date and sex.
    pub fn attributes(&self) -> &[u8] {
        &self.attributes
    }

    /// EF 0003: digests and the issuer's signature; `None` when the card does not give it.
    pub fn signature(&self) -> Option<&[u8]> {
        self.signature.as_ref().map(|file| file.as_slice())
    }

    /// EF 0004: the certificate of the key that signed; `None` when the card does not give it.
    pub fn signer(&self) -> Option<&[u8]> {
        self.signer.as_ref().map(|file| file.as_slice())
    }

    /// The attributes as the card states them, with nothing checked: for a card whose signer is not known.
    ///
    /// # Errors
    /// [`FileFault`] when the file is not built as it should be.
    pub fn stated(&self) -> Result<StatedAttributes<'_>, FileFault> {
        let mut file = self.attributes.as_slice();
        let mut rest = object(&mut file, ATTRIBUTES)?;
        // Offsets, which the order of the objects makes needless.
        object(&mut rest, 0xDF21)?;
        Ok(StatedAttributes {
            name: text(object(&mut rest, 0xDF22)?)?,
            address: text(object(&mut rest, 0xDF23)?)?,
            birth_date: text(object(&mut rest, 0xDF24)?)?,
            sex: text(object(&mut rest, 0xDF25)?)?,
        })
    }
}

impl fmt::Debug for AttributeFiles {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AttributeFiles(hidden)")
    }
}

/// Attributes that nobody checked. Cannot be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StatedAttributes<'a> {
    /// Family name, U+3000, given name.
    pub name: &'a str,
    /// The address as registered.
    pub address: &'a str,
    /// YYYYMMDD.
    pub birth_date: &'a str,
    /// `1` male, `2` female, `9` not told, other values as the card has them.
    pub sex: &'a str,
}

impl fmt::Debug for StatedAttributes<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("StatedAttributes(hidden)")
    }
}

/// Reads the four attributes and what proves them.
///
/// # Errors
/// [`PinError`]. After any of them nothing is presented again; whoever wants another try asks the holder.
pub fn read_attributes<T: Transport + ?Sized>(
    transport: &mut T,
    credential: AttributeCredential<'_>,
    rule: TryRule,
) -> Result<AttributeFiles, PinError> {
    let find = |_: &mut Selected<'_, T, TextFile>| Ok((PinPlace::of_file(credential.file()), ()));
    with_pin(transport, TextApplication, credential.secret(), rule, find, |opened, ()| {
        let file = TextFile::Attributes;
        let attributes = opened.read(file, Extent::Object(ATTRIBUTES))?.require(Step::Read(file.name()))?;
        let signature = opened.read(TextFile::AttributeSignature, Extent::Object(SIGNATURE))?.granted();
        let signer = opened.read(TextFile::AttributeSigner, Extent::Object(SIGNER))?.granted();
        Ok(AttributeFiles { attributes, signature, signer })
    })
}

/// Reads the file with the application's own public key (EF 0007), which registration keeps: a later
/// [`prove_chip`] is checked against it. Needs no PIN.
///
/// # Errors
/// [`CardError`].
pub fn read_application_key<T: Transport + ?Sized>(
    transport: &mut T,
) -> Result<Access<CardBytes>, CardError> {
    let Some(mut selected) = Selected::enter(transport, TextApplication)? else { return Ok(Access::Absent) };
    Ok(selected.read(TextFile::ApplicationKey, Extent::ToEnd)?.map(|file| CardBytes::new(&file)))
}

/// Lets the text application's own key sign the challenge (PKCS#1 v1.5 over its SHA-256), which needs no
/// PIN and which only the chip itself can do.
///
/// # Errors
/// [`CardError`].
pub fn prove_chip<T: Transport + ?Sized>(
    transport: &mut T,
    challenge: &Challenge,
) -> Result<Access<CardBytes>, CardError> {
    let selected: Option<Selected<'_, T, TextFile>> = Selected::enter(transport, TextApplication)?;
    let Some(mut selected) = selected else { return Ok(Access::Absent) };
    let to_sign = RSA_SHA256.to_sign(&challenge.0);
    let header = Header::new(0x80, 0x2A, 0x00, 0x00);
    let reply = selected.run(Command::short(header, &to_sign, Expected::UpTo(256)))?;
    match reply.status() {
        StatusWord::Done => Ok(Access::Granted(CardBytes::new(reply.data()))),
        // Cards without this key refuse in several ways; it is an answer, and the certificate still counts.
        StatusWord::SecurityStatus => Ok(Access::PinNeeded),
        StatusWord::FileNotFound
        | StatusWord::InstructionUnsupported
        | StatusWord::ReferenceNotFound
        | StatusWord::WrongParameters => Ok(Access::Absent),
        status => Err(CardError::Refused { step: Step::Sign, status }),
    }
}

/// The tags of the three attribute files.
const ATTRIBUTES: u16 = 0xFF20;
const SIGNATURE: u16 = 0xFF30;
const SIGNER: u16 = 0x7F21;

/// Takes the next object, which has this tag, off `input`.
fn object<'a>(input: &mut &'a [u8], tag: u16) -> Result<&'a [u8], FileFault> {
    match next_object(input, Tags::TwoBytes)? {
        Some(object) if object.tag == tag => Ok(object.value),
        Some(_) | None => Err(FileFault::Malformed),
    }
}

fn text(value: &[u8]) -> Result<&str, FileFault> {
    std::str::from_utf8(value).map_err(|_not_utf8| FileFault::Malformed)
}
