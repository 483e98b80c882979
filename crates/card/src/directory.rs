//! The directory files of a card that follows ISO/IEC 7816-15 (formerly PKCS#15): what objects there are, and
//! in which files. Cards of one kind lay their files out differently, so that nothing but these says where a
//! key, its PIN and its certificate are.
//!
//! An entry is `SEQUENCE { common attributes, class attributes, [0] subclass attributes OPTIONAL, [1] type
//! attributes }` (§8.2). Entries of a kind that is not known here are skipped; a known kind that is not built
//! as it should be is an error, because the next guess would be worse.

use crate::error::FileFault;
use crate::tlv::{Object, Tags, next_object};

const BOOLEAN: u16 = 0x01;
const INTEGER: u16 = 0x02;
const BIT_STRING: u16 = 0x03;
const OCTET_STRING: u16 = 0x04;
const ENUMERATED: u16 = 0x0A;
const UTF8_STRING: u16 = 0x0C;
const GENERALIZED_TIME: u16 = 0x18;
const SEQUENCE: u16 = 0x30;
const CONTEXT_0: u16 = 0xA0;
const CONTEXT_0_PRIMITIVE: u16 = 0x80;
const CONTEXT_1: u16 = 0xA1;
const CONTEXT_4: u16 = 0xA4;
const CONTEXT_8: u16 = 0xA8;

/// A file identifier that a directory names: the last two bytes of its path, because everything that is
/// used here lies directly in the selected application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NamedFile(pub(crate) u16);

/// Joins a key with its certificate and its PIN (§8.3, Identifier).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identifier(Vec<u8>);

/// EF.OD (§8.4): where the other directories are. Each is the first one of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ObjectDirectory {
    pub(crate) private_keys: Option<NamedFile>,
    pub(crate) certificates: Option<NamedFile>,
    pub(crate) credentials: Option<NamedFile>,
}

/// An entry of EF.PrKD (§8.6).
pub(crate) struct KeyEntry {
    pub(crate) id: Identifier,
    /// The PIN that opens it.
    pub(crate) credential: Option<Identifier>,
    pub(crate) file: NamedFile,
    pub(crate) kind: KeyKind,
}

/// What a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// RSA with a modulus of so many bits.
    Rsa { modulus_bits: u16 },
    /// On an elliptic curve.
    EllipticCurve,
}

/// An entry of EF.CD (§8.7).
pub(crate) struct CertificateEntry {
    pub(crate) id: Identifier,
    pub(crate) whose: Whose,
    pub(crate) file: NamedFile,
}

/// Whom a certificate is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Holder,
    Authority,
}

/// An entry of EF.AOD (§8.9).
pub(crate) struct CredentialEntry {
    pub(crate) id: Option<Identifier>,
    pub(crate) file: Option<NamedFile>,
    /// What VERIFY wants to hear in P2; 0 when the card does not say.
    pub(crate) reference: u8,
}

/// Reads EF.OD.
pub(crate) fn object_directory(content: &[u8]) -> Result<ObjectDirectory, FileFault> {
    let mut directory = ObjectDirectory::default();
    let mut rest = content;
    while let Some(entry) = next_object(&mut rest, Tags::OneByte)? {
        let place = match entry.tag {
            CONTEXT_0 => &mut directory.private_keys,
            CONTEXT_4 => &mut directory.certificates,
            CONTEXT_8 => &mut directory.credentials,
            _ => continue,
        };
        let mut choice = entry.value;
        // Objects may also stand in EF.OD itself; no card of this kind is known to do so.
        if let Some(path) = optional(&mut choice, SEQUENCE)? {
            place.get_or_insert(named_file(path)?);
        }
    }
    Ok(directory)
}

/// Reads EF.PrKD.
pub(crate) fn key_entries(content: &[u8]) -> Result<Vec<KeyEntry>, FileFault> {
    entries(content, |tag, entry| {
        let elliptic = match tag {
            SEQUENCE => false,
            CONTEXT_0 => true,
            _ => return Ok(None),
        };
        let Entry { common, mut class, mut of_type } = split_entry(entry)?;
        let id = Identifier(required(&mut class, OCTET_STRING)?.to_vec());
        let credential = credential_of(common)?;
        let file = named_file(required(&mut of_type, SEQUENCE)?)?;
        let kind = match elliptic {
            true => KeyKind::EllipticCurve,
            false => KeyKind::Rsa { modulus_bits: small_number(required(&mut of_type, INTEGER)?)? },
        };
        Ok(Some(KeyEntry { id, credential, file, kind }))
    })
}

/// Reads EF.CD.
pub(crate) fn certificate_entries(content: &[u8]) -> Result<Vec<CertificateEntry>, FileFault> {
    entries(content, |tag, entry| {
        if tag != SEQUENCE {
            return Ok(None);
        }
        let Entry { common: _, mut class, mut of_type } = split_entry(entry)?;
        let id = Identifier(required(&mut class, OCTET_STRING)?.to_vec());
        let whose = match optional(&mut class, BOOLEAN)? {
            None | Some([0]) => Whose::Holder,
            Some(_) => Whose::Authority,
        };
        let file = named_file(required(&mut of_type, SEQUENCE)?)?;
        Ok(Some(CertificateEntry { id, whose, file }))
    })
}

/// Reads EF.AOD.
pub(crate) fn credential_entries(content: &[u8]) -> Result<Vec<CredentialEntry>, FileFault> {
    entries(content, |tag, entry| {
        if tag != SEQUENCE {
            return Ok(None);
        }
        let Entry { common: _, mut class, mut of_type } = split_entry(entry)?;
        let id = optional(&mut class, OCTET_STRING)?.map(|id| Identifier(id.to_vec()));
        // Flags, type, shortest and stored length.
        for tag in [BIT_STRING, ENUMERATED, INTEGER, INTEGER] {
            required(&mut of_type, tag)?;
        }
        optional(&mut of_type, INTEGER)?;
        let reference = match optional(&mut of_type, CONTEXT_0_PRIMITIVE)? {
            None => 0,
            Some(reference) => low_byte(reference)?,
        };
        optional(&mut of_type, OCTET_STRING)?;
        optional(&mut of_type, GENERALIZED_TIME)?;
        let file = optional(&mut of_type, SEQUENCE)?.map(named_file).transpose()?;
        Ok(Some(CredentialEntry { id, file, reference }))
    })
}

/// The parts of an entry.
struct Entry<'a> {
    common: &'a [u8],
    class: &'a [u8],
    of_type: &'a [u8],
}

fn entries<E>(
    content: &[u8],
    read: impl Fn(u16, &[u8]) -> Result<Option<E>, FileFault>,
) -> Result<Vec<E>, FileFault> {
    let (mut rest, mut found) = (content, Vec::new());
    while let Some(Object { tag, value }) = next_object(&mut rest, Tags::OneByte)? {
        found.extend(read(tag, value)?);
    }
    Ok(found)
}

fn split_entry(mut entry: &[u8]) -> Result<Entry<'_>, FileFault> {
    let common = required(&mut entry, SEQUENCE)?;
    let class = required(&mut entry, SEQUENCE)?;
    optional(&mut entry, CONTEXT_0)?;
    let mut of_type = required(&mut entry, CONTEXT_1)?;
    Ok(Entry { common, class, of_type: required(&mut of_type, SEQUENCE)? })
}

/// The PIN that the common attributes name (§8.3: label, flags, authId).
fn credential_of(mut common: &[u8]) -> Result<Option<Identifier>, FileFault> {
    optional(&mut common, UTF8_STRING)?;
    optional(&mut common, BIT_STRING)?;
    Ok(optional(&mut common, OCTET_STRING)?.map(|id| Identifier(id.to_vec())))
}

/// The file of a Path (§8.2.5). A part of a file, or a short identifier, is not understood here.
fn named_file(mut path: &[u8]) -> Result<NamedFile, FileFault> {
    let id = required(&mut path, OCTET_STRING)?;
    let index = optional(&mut path, INTEGER)?;
    match id {
        [.., high, low] if id.len() % 2 == 0 && index.unwrap_or(&[0]) == [0] => {
            Ok(NamedFile(u16::from_be_bytes([*high, *low])))
        }
        _ => Err(FileFault::Malformed),
    }
}

/// An INTEGER of at most two bytes and a sign.
fn small_number(digits: &[u8]) -> Result<u16, FileFault> {
    match *digits {
        [low @ 0x00..=0x7F] => Ok(low.into()),
        [high @ 0x00..=0x7F, low] | [0, high, low] => Ok(u16::from_be_bytes([high, low])),
        _ => Err(FileFault::Malformed),
    }
}

/// An INTEGER that is meant as a byte; cards write 88 without the leading 00 too.
fn low_byte(digits: &[u8]) -> Result<u8, FileFault> {
    match *digits {
        [byte] | [0, byte] => Ok(byte),
        _ => Err(FileFault::Malformed),
    }
}

/// Takes the next object, which has this tag, off `input`.
fn required<'a>(input: &mut &'a [u8], tag: u16) -> Result<&'a [u8], FileFault> {
    optional(input, tag)?.ok_or(FileFault::Malformed)
}

/// Takes the next object off `input` if it has this tag.
fn optional<'a>(input: &mut &'a [u8], tag: u16) -> Result<Option<&'a [u8]>, FileFault> {
    let mut rest = *input;
    match next_object(&mut rest, Tags::OneByte)? {
        Some(object) if object.tag == tag => {
            *input = rest;
            Ok(Some(object.value))
        }
        Some(_) | None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
