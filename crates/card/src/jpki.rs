//! 公的個人認証: the certificates and keys of a My Number card, and of the phones that stand in for one.

use crate::error::{CardFile, Step};
use crate::pin::{PinPlace, with_pin};
use crate::selected::{Files, Selected};
use crate::tlv::Extent;
use crate::{
    Access, Application, CardBytes, CardContents, CardError, CertificateDer, Challenge, Command, Device,
    Expected, Header, JPKI, Password, Pin, PinError, SigningAlgorithm, StatusWord, Transport, TryRule,
};

/// What the card gave after its PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinProof {
    /// The authentication certificate.
    pub certificate: CertificateDer,
    /// The signature over the challenge by that certificate's key.
    pub signature: CardBytes,
}

/// What the card gave for several challenges after its PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EachSigned {
    /// The authentication certificate.
    pub certificate: CertificateDer,
    /// One for each challenge, in their order.
    pub signatures: Vec<CardBytes>,
}

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
    AuthenticationKey,
    AuthenticationPin,
    SignatureCertificate,
    SignaturePassword,
}

impl Files for JpkiFile {
    type Application = JpkiApplication;

    fn id(self) -> u16 {
        match self {
            Self::TokenInformation => 0x0006,
            Self::AuthenticationCertificate => 0x000A,
            Self::AuthenticationKey => 0x0017,
            Self::AuthenticationPin => 0x0018,
            Self::SignatureCertificate => 0x0001,
            Self::SignaturePassword => 0x001B,
        }
    }

    fn name(self) -> CardFile {
        match self {
            Self::TokenInformation => CardFile::TokenInformation,
            Self::AuthenticationCertificate => CardFile::AuthenticationCertificate,
            Self::AuthenticationKey => CardFile::Key,
            Self::AuthenticationPin | Self::SignaturePassword => CardFile::Credential,
            Self::SignatureCertificate => CardFile::SignatureCertificate,
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

/// Lets the authentication key sign the challenge after the holder's PIN: the proof that the holder is here.
/// `certificate` is what [`read_card`](crate::read_card) gave; phones show theirs only now.
///
/// # Errors
/// [`PinError`]. After any of them the PIN is not sent again; whoever wants another try asks the holder.
pub fn sign_with_pin<T: Transport + ?Sized>(
    transport: &mut T,
    pin: &Pin,
    rule: TryRule,
    challenge: &Challenge,
    certificate: Access<CertificateDer>,
) -> Result<PinProof, PinError> {
    let signed = sign_each_with_pin(transport, pin, rule, std::slice::from_ref(challenge), certificate)?;
    let EachSigned { certificate, signatures } = signed;
    let signature = signatures.into_iter().next().unwrap_or_else(|| CardBytes::new(&[]));
    Ok(PinProof { certificate, signature })
}

/// The same for several challenges, one after the other, after the PIN was presented once.
///
/// # Errors
/// [`PinError`], as [`sign_with_pin`]; then nothing of what was signed is given back.
pub fn sign_each_with_pin<T: Transport + ?Sized>(
    transport: &mut T,
    pin: &Pin,
    rule: TryRule,
    challenges: &[Challenge],
    certificate: Access<CertificateDer>,
) -> Result<EachSigned, PinError> {
    let known = certificate.granted();
    if let Some(certificate) = &known {
        // Before the PIN: a key that cannot be used is not worth a try.
        algorithm_of(certificate)?;
    }
    let place = PinPlace::of_file(JpkiFile::AuthenticationPin);
    let find = |_: &mut Selected<'_, T, JpkiFile>| Ok((place, ()));
    with_pin(transport, JpkiApplication, pin.secret(), rule, find, |opened, ()| {
        let file = JpkiFile::AuthenticationCertificate;
        let certificate = match known {
            Some(certificate) => certificate,
            None => read_certificate(opened, file)?.require(Step::Read(file.name()))?,
        };
        let algorithm = algorithm_of(&certificate)?;
        let sign_one = |challenge: &Challenge| {
            sign(opened, JpkiFile::AuthenticationKey, &algorithm.to_sign(&challenge.0))
        };
        let signatures = challenges.iter().map(sign_one).collect::<Result<_, _>>()?;
        Ok(EachSigned { certificate, signatures })
    })
}

/// Reads the signature certificate, which names the holder, after its password.
///
/// # Errors
/// [`PinError`], as [`sign_with_pin`].
pub fn read_signature_certificate<T: Transport + ?Sized>(
    transport: &mut T,
    password: &Password,
    rule: TryRule,
) -> Result<CertificateDer, PinError> {
    let place = PinPlace::of_file(JpkiFile::SignaturePassword);
    let find = |_: &mut Selected<'_, T, JpkiFile>| Ok((place, ()));
    with_pin(transport, JpkiApplication, password.secret(), rule, find, |opened, ()| {
        let file = JpkiFile::SignatureCertificate;
        read_certificate(opened, file)?.require(Step::Read(file.name()))
    })
}

fn algorithm_of(certificate: &CertificateDer) -> Result<SigningAlgorithm, CardError> {
    SigningAlgorithm::of_certificate(certificate)
        .ok_or(CardError::UnknownKey { file: CardFile::AuthenticationCertificate })
}

/// COMPUTE DIGITAL SIGNATURE with the selected key. With P1 = 00 the card only pads, which all cards can.
fn sign<T: Transport + ?Sized>(
    opened: &mut Selected<'_, T, JpkiFile>,
    key: JpkiFile,
    to_sign: &[u8],
) -> Result<CardBytes, CardError> {
    opened.select(key)?.require(Step::Select(key.name()))?;
    let header = Header::new(0x80, 0x2A, 0x00, 0x80);
    let reply = opened.run(Command::short(header, to_sign, Expected::UpTo(256)))?;
    match reply.status() {
        StatusWord::Done => Ok(CardBytes::new(reply.data())),
        status => Err(CardError::Refused { step: Step::Sign, status }),
    }
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
