//! 公的個人認証: the certificates and keys of a My Number card, and of the phones that stand in for one.

use crate::error::CardFile;
use crate::selected::{Files, Selected};
use crate::tlv::Extent;
use crate::{Access, Application, CardContents, CardError, CertificateDer, Device, JPKI, Transport};

/// The application that has these files.
#[derive(Clone, Copy)]
pub(crate) struct JpkiApplication;

impl From<JpkiApplication> for Application {
    fn from(_: JpkiApplication) -> Self {
        JPKI
    }
}

/// The files that are used here.
#[derive(Clone, Copy)]
pub(crate) enum JpkiFile {
    /// CK_TOKEN_INFO: its label says what holds the certificates.
    TokenInformation,
    AuthenticationCertificate,
}

impl Files for JpkiFile {
    type Application = JpkiApplication;

    fn id(self) -> u16 {
        match self {
            Self::TokenInformation => 0x0006,
            Self::AuthenticationCertificate => 0x000A,
        }
    }

    fn name(self) -> CardFile {
        match self {
            Self::TokenInformation => CardFile::TokenInformation,
            Self::AuthenticationCertificate => CardFile::AuthenticationCertificate,
        }
    }
}

/// What the application shows without a PIN. `None` when the card does not have it.
pub(crate) fn read<T: Transport + ?Sized>(transport: &mut T) -> Result<Option<CardContents>, CardError> {
    let Some(mut selected) = Selected::enter(transport, JpkiApplication)? else { return Ok(None) };
    let device = read_device(&mut selected)?;
    let certificate = read_certificate(&mut selected, JpkiFile::AuthenticationCertificate)?;
    Ok(Some(CardContents::MyNumber { device, certificate }))
}

fn read_certificate<T: Transport + ?Sized>(
    selected: &mut Selected<'_, T, JpkiFile>,
    file: JpkiFile,
) -> Result<Access<CertificateDer>, CardError> {
    Ok(selected.read(file, Extent::Sequence)?.map(|der| CertificateDer::new(&der)))
}

fn read_device<T: Transport + ?Sized>(selected: &mut Selected<'_, T, JpkiFile>) -> Result<Device, CardError> {
    let Some(information) = selected.read(JpkiFile::TokenInformation, Extent::ToEnd)?.granted() else {
        return Ok(Device::Unknown);
    };
    let label = information.get(..32).unwrap_or(&information);
    let end = label.iter().position(|byte| matches!(byte, 0 | b' ')).unwrap_or(label.len());
    Ok(match label.get(..end) {
        Some(b"JPKIAPICCTOKEN" | b"JPKIAPICCTOKEN2") => Device::Plastic,
        Some(b"JPKIAPGPSETOKEN") => Device::Android,
        Some(b"JPKIAPIOSTOKEN") => Device::Iphone,
        _ => Device::Unknown,
    })
}
