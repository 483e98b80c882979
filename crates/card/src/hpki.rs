//! HPKI: the cards of doctors, nurses and pharmacists (JAHIS 24-002). Each of the two applications describes
//! itself by ISO/IEC 7816-15 directories; makers of cards number their files differently, so that only the
//! directories' own file (EF.OD, 5031 by §7.4 of that standard) is known beforehand.

use crate::directory::{
    CertificateEntry, KeyEntry, NamedFile, ObjectDirectory, Whose, certificate_entries, key_entries,
    object_directory,
};
use crate::error::{CardFile, FileFault, Step};
use crate::selected::{Files, Selected};
use crate::tlv::Extent;
use crate::{
    Access, Application, CardContents, CardError, CertificateDer, HPKI_AUTHENTICATION, HPKI_SIGNATURE,
    Transport,
};

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
