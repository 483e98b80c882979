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
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Entries as a card may hold them, written byte by byte.
    const OBJECTS: &[u8] = &[
        0xA0, 6, 0x30, 4, 4, 2, 0x00, 0x14, // private keys in 0014
        0xA1, 6, 0x30, 4, 4, 2, 0x00, 0x10, // public keys: skipped
        0xA4, 8, 0x30, 6, 4, 4, 0x3F, 0x00, 0x00, 0x15, // certificates in 3F00/0015
        0xA8, 6, 0x30, 4, 4, 2, 0x00, 0x13, // PINs in 0013
        0xFF, 0xFF,
    ];
    const KEYS: &[u8] = &[
        0x30, 37, 0x30, 12, 0x0C, 3, b'k', b'e', b'y', 3, 2, 7, 0x80, 4, 1,
        0x21, // label, flags, PIN 21
        0x30, 7, 4, 1, 0x45, 3, 2, 5, 0x20, // identifier 45, usage
        0xA1, 12, 0x30, 10, 0x30, 4, 4, 2, 0x00, 0x17, 2, 2, 0x08, 0x00, // file 0017, 2048 bits
        0xA0, 22, 0x30, 3, 4, 1, 0x22, 0x30, 3, 4, 1, 0x46, // elliptic curve: PIN 22, identifier 46
        0xA1, 10, 0x30, 8, 0x30, 4, 4, 2, 0x00, 0x1D, 0x05, 0, // file 001D
        0x00, 0x00,
    ];
    const CERTIFICATES: &[u8] = &[
        0x30, 20, 0x30, 0, 0x30, 6, 4, 1, 0x44, 1, 1, 0xFF, // identifier 44, an authority
        0xA1, 8, 0x30, 6, 0x30, 4, 4, 2, 0x00, 0x19, // file 0019
        0x30, 19, 0x30, 0, 0x30, 3, 4, 1, 0x45, 0xA0, 0, // identifier 45, nothing of a subclass
        0xA1, 8, 0x30, 6, 0x30, 4, 4, 2, 0x00, 0x18, // file 0018
    ];
    const CREDENTIALS: &[u8] = &[
        0x30, 41, 0x30, 5, 0x0C, 3, b'p', b'i', b'n', 0x30, 3, 4, 1, 0x21, // label, identifier 21
        0xA1, 27, 0x30, 25, 3, 2, 4, 0x30, 0x0A, 1, 1, 2, 1, 4, 2, 1, 16, 2, 1,
        16, // flags, type, lengths
        0x80, 1, 0x88, 0x30, 4, 4, 2, 0x00, 0x02, // reference 88, file 0002
    ];

    #[test]
    fn the_directories_say_where_things_are() {
        let directory = object_directory(OBJECTS).unwrap();
        assert_eq!(directory.private_keys, Some(NamedFile(0x14)));
        assert_eq!(directory.certificates, Some(NamedFile(0x15)));
        assert_eq!(directory.credentials, Some(NamedFile(0x13)));

        let keys = key_entries(KEYS).unwrap();
        let kinds: Vec<_> = keys.iter().map(|key| (key.file, key.kind)).collect();
        let rsa = (NamedFile(0x17), KeyKind::Rsa { modulus_bits: 2048 });
        assert_eq!(kinds, [rsa, (NamedFile(0x1D), KeyKind::EllipticCurve)]);
        assert!(keys[0].id == Identifier(vec![0x45]) && keys[0].credential == Some(Identifier(vec![0x21])));

        let pins = credential_entries(CREDENTIALS).unwrap();
        assert_eq!((pins.len(), pins[0].reference, pins[0].file), (1, 0x88, Some(NamedFile(2))));
        assert!(pins[0].id == keys[0].credential);
    }

    #[test]
    fn an_authority_s_certificate_is_told_from_the_holder_s() {
        let found = certificate_entries(CERTIFICATES).unwrap();
        let found: Vec<_> = found.iter().map(|entry| (entry.whose, entry.file)).collect();
        assert_eq!(found, [(Whose::Authority, NamedFile(0x19)), (Whose::Holder, NamedFile(0x18))]);
    }

    #[test]
    fn what_is_not_a_whole_file_is_refused() {
        #[track_caller]
        fn check(path: &[u8]) {
            assert_eq!(named_file(path), Err(FileFault::Malformed));
        }
        check(&[]);
        check(&[4, 0]);
        check(&[4, 1, 0x80]);
        check(&[4, 3, 0x3F, 0x00, 0x18]);
        check(&[4, 2, 0x00, 0x18, 2, 1, 4]);
        assert_eq!(named_file(&[4, 2, 0x00, 0x18, 2, 1, 0]), Ok(NamedFile(0x18)));
    }

    fn read_all(content: &[u8]) -> usize {
        object_directory(content).map_or(0, |_| 1)
            + key_entries(content).map_or(0, |entries| entries.len())
            + certificate_entries(content).map_or(0, |entries| entries.len())
            + credential_entries(content).map_or(0, |entries| entries.len())
    }

    proptest! {
        #[test]
        fn no_bytes_stop_the_reader(content in proptest::collection::vec(any::<u8>(), 0..600)) {
            prop_assert!(read_all(&content) <= 1 + content.len());
        }

        #[test]
        fn no_bent_directory_stops_the_reader(
            which in 0_usize..4,
            cut in any::<prop::sample::Index>(),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut content = [OBJECTS, KEYS, CERTIFICATES, CREDENTIALS][which].to_vec();
            for (at, byte) in changes {
                let at = at.index(content.len());
                content[at] = byte;
            }
            content.truncate(cut.index(content.len() + 1));
            prop_assert!(read_all(&content) <= 1 + content.len());
        }
    }
}
