//! HPKI: the cards of doctors, nurses and pharmacists (JAHIS 24-002). Each of the two applications describes
//! itself by ISO/IEC 7816-15 directories; makers of cards number their files differently, so that only the
//! directories' own file (EF.OD, 5031 by §7.4 of that standard) is known beforehand.

use crate::directory::{
    CertificateEntry, CredentialEntry, KeyEntry, KeyKind, NamedFile, ObjectDirectory, Whose,
    certificate_entries, credential_entries, key_entries, object_directory,
};
use crate::error::{CardFile, FileFault, Step};
use crate::pin::{PinPlace, with_pin};
use crate::selected::{Files, Selected};
use crate::tlv::Extent;
use crate::{
    Application, CardBytes, CardContents, CardError, CertificateDer, Command, Expected, HPKI_AUTHENTICATION,
    HPKI_SIGNATURE, Header, HealthPin, PinError, RSA_SHA256, Response, StatusWord, Transport, TryRule,
};

/// The moduli that cards of this kind may have, in bits. The signed block is as long as the modulus.
const MODULUS_BITS: std::ops::RangeInclusive<u16> = 2_048..=4_096;

/// Which of a health professional's two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HealthKey {
    /// The one that proves who is here.
    Authentication,
    /// The one that signs documents: it wants its PIN again for every signature.
    Signature,
}

impl From<HealthKey> for Application {
    fn from(key: HealthKey) -> Self {
        match key {
            HealthKey::Authentication => HPKI_AUTHENTICATION,
            HealthKey::Signature => HPKI_SIGNATURE,
        }
    }
}

/// A file that the directories named.
#[derive(Clone, Copy)]
pub(crate) struct HealthFile {
    id: u16,
    name: CardFile,
}

const OBJECT_DIRECTORY: HealthFile = HealthFile { id: 0x5031, name: CardFile::ObjectDirectory };

impl Files for HealthFile {
    type Application = HealthKey;

    fn id(self) -> u16 {
        self.id
    }

    fn name(self) -> CardFile {
        self.name
    }
}

/// What the card shows without a PIN. `None` when it has no application for authentication.
pub(crate) fn read<T: Transport + ?Sized>(transport: &mut T) -> Result<Option<CardContents>, CardError> {
    let Some(mut selected) = Selected::enter(transport, HealthKey::Authentication)? else { return Ok(None) };
    let directory = read_object_directory(&mut selected)?;
    let key = read_key_entry(&mut selected, directory)?;
    let certificate = find_certificate(&mut selected, directory, &key)?;
    let certificate = selected.read(certificate, Extent::Sequence)?.map(|der| CertificateDer::new(&der));
    Ok(Some(CardContents::HealthProfessional { certificate }))
}

/// Signs `message` (RSA, PKCS#1 v1.5, SHA-256) after the professional's PIN. Key and PIN are found through
/// the directories before the PIN is presented.
///
/// # Errors
/// [`PinError`]. After any of them the PIN is not sent again.
pub fn sign_as_health_professional<T: Transport + ?Sized>(
    transport: &mut T,
    key: HealthKey,
    pin: &HealthPin,
    rule: TryRule,
    message: &[u8],
) -> Result<CardBytes, PinError> {
    with_pin(transport, key, pin.secret(), rule, find_pin_and_key, |opened, (key, block_length)| {
        let block = padded(&RSA_SHA256.to_sign(message), block_length);
        choose_key(opened, key)?;
        let reply = compute_signature(opened, &block)?;
        match reply.status() {
            StatusWord::Done => Ok(CardBytes::new(reply.data())),
            status => Err(CardError::Refused { step: Step::Sign, status }),
        }
    })
}

/// Where the PIN of the application's key is.
pub(crate) fn find_pin<T: Transport + ?Sized>(
    selected: &mut Selected<'_, T, HealthFile>,
) -> Result<PinPlace<HealthFile>, CardError> {
    let directory = read_object_directory(selected)?;
    let key = read_key_entry(selected, directory)?;
    find_pin_of(selected, directory, &key)
}

type PinAndKey = (PinPlace<HealthFile>, (NamedFile, usize));

fn find_pin_and_key<T: Transport + ?Sized>(
    selected: &mut Selected<'_, T, HealthFile>,
) -> Result<PinAndKey, CardError> {
    let directory = read_object_directory(selected)?;
    let key = read_key_entry(selected, directory)?;
    let block_length = match key.kind {
        KeyKind::Rsa { modulus_bits } if MODULUS_BITS.contains(&modulus_bits) && modulus_bits % 8 == 0 => {
            usize::from(modulus_bits / 8)
        }
        KeyKind::Rsa { .. } | KeyKind::EllipticCurve => {
            return Err(CardError::UnknownKey { file: CardFile::KeyDirectory });
        }
    };
    Ok((find_pin_of(selected, directory, &key)?, (key.file, block_length)))
}

/// The PIN that the key names, or the only one there is.
fn find_pin_of<T: Transport + ?Sized>(
    selected: &mut Selected<'_, T, HealthFile>,
    directory: ObjectDirectory,
    key: &KeyEntry,
) -> Result<PinPlace<HealthFile>, CardError> {
    let file = named(directory.credentials, CardFile::CredentialDirectory)?;
    let pins = read_directory(selected, file, credential_entries)?;
    let found = match pins.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|pin| pin.id.is_some() && pin.id == key.credential),
    };
    let CredentialEntry { id: _, file: place, reference } = found.ok_or_else(|| no_entry(file.name))?;
    let place = place.map(|NamedFile(id)| HealthFile { id, name: CardFile::Credential });
    Ok(PinPlace { file: place, reference: *reference })
}

/// The block that the key's bare RSA operation takes (EMSA-PKCS1-v1_5, RFC 8017 §9.2).
fn padded(to_sign: &[u8], block_length: usize) -> Vec<u8> {
    let filler = block_length.saturating_sub(to_sign.len() + 3);
    [&[0x00, 0x01], vec![0xFF; filler].as_slice(), &[0x00], to_sign].concat()
}

/// MANAGE SECURITY ENVIRONMENT, SET the digital signature template (ISO/IEC 7816-4 §11.5.11): the key by its
/// file (81), or as a private key's reference (84), as makers of cards prefer. Costs nothing.
fn choose_key<T: Transport + ?Sized>(
    opened: &mut Selected<'_, T, HealthFile>,
    NamedFile(key): NamedFile,
) -> Result<(), CardError> {
    let [high, low] = key.to_be_bytes();
    let mut status = StatusWord::ReferenceNotFound;
    for reference in [0x81, 0x84] {
        let template = [reference, 2, high, low];
        let choose = Command::short(Header::new(0x00, 0x22, 0x41, 0xB6), &template, Expected::Nothing);
        status = opened.run(choose)?.status();
        if status == StatusWord::Done {
            return Ok(());
        }
    }
    Err(CardError::Refused { step: Step::ChooseKey, status })
}

/// PERFORM SECURITY OPERATION, COMPUTE DIGITAL SIGNATURE (ISO/IEC 7816-8 §11.8): by one command of extended
/// length, or by a chain of short ones where the card says that it knows no such length.
fn compute_signature<T: Transport + ?Sized>(
    opened: &mut Selected<'_, T, HealthFile>,
    block: &[u8],
) -> Result<Response, CardError> {
    let header = Header::new(0x00, 0x2A, 0x9E, 0x9A);
    let reply = opened.run(Command::extended(header, block, Expected::UpTo(65_536)))?;
    if reply.status() != StatusWord::WrongLength {
        return Ok(reply);
    }
    let mut last = reply;
    for command in Command::chain(header, block, Expected::UpTo(256))? {
        last = opened.run(Ok(command))?;
        if !matches!(last.status(), StatusWord::Done | StatusWord::MoreData(_)) {
            break;
        }
    }
    Ok(last)
}

fn read_object_directory<T: Transport + ?Sized>(
    selected: &mut Selected<'_, T, HealthFile>,
) -> Result<ObjectDirectory, CardError> {
    read_directory(selected, OBJECT_DIRECTORY, object_directory)
}

/// The key of the application: the first of its directory. No card of this kind has two.
fn read_key_entry<T: Transport + ?Sized>(
    selected: &mut Selected<'_, T, HealthFile>,
    directory: ObjectDirectory,
) -> Result<KeyEntry, CardError> {
    let file = named(directory.private_keys, CardFile::KeyDirectory)?;
    read_directory(selected, file, key_entries)?.into_iter().next().ok_or_else(|| no_entry(file.name))
}

/// The holder's certificate for `key`. Some cards' identifiers do not agree; then the only certificate of
/// the holder is the one.
fn find_certificate<T: Transport + ?Sized>(
    selected: &mut Selected<'_, T, HealthFile>,
    directory: ObjectDirectory,
    key: &KeyEntry,
) -> Result<HealthFile, CardError> {
    let file = named(directory.certificates, CardFile::CertificateDirectory)?;
    let mut holders = read_directory(selected, file, certificate_entries)?;
    holders.retain(|entry| entry.whose == Whose::Holder);
    let found = match holders.as_slice() {
        [only] => Some(only),
        several => several.iter().find(|entry| entry.id == key.id),
    };
    let CertificateEntry { file: NamedFile(id), .. } = found.ok_or_else(|| no_entry(file.name))?;
    let name = CardFile::AuthenticationCertificate;
    Ok(HealthFile { id: *id, name })
}

fn read_directory<T: Transport + ?Sized, D>(
    selected: &mut Selected<'_, T, HealthFile>,
    file: HealthFile,
    parse: impl FnOnce(&[u8]) -> Result<D, FileFault>,
) -> Result<D, CardError> {
    let content = selected.read(file, Extent::ToEnd)?.require(Step::Read(file.name))?;
    parse(&content).map_err(|fault| CardError::File { file: file.name, fault })
}

fn named(file: Option<NamedFile>, name: CardFile) -> Result<HealthFile, CardError> {
    let NamedFile(id) = file.ok_or_else(|| no_entry(OBJECT_DIRECTORY.name))?;
    Ok(HealthFile { id, name })
}

const fn no_entry(file: CardFile) -> CardError {
    CardError::File { file, fault: FileFault::NoEntry }
}
