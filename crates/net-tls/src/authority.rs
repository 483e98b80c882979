//! The town's TLS root and what it issues. It is another key than the town root that signs packages: this
//! one is on the server all day, that one can be kept in a drawer.

use std::fmt;
use std::path::Path;

use hinamori_model::{BoxId, SpkiHash};
use rcgen::{CertificateParams, Issuer, KeyPair, PublicKeyData, SignatureAlgorithm};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use zeroize::Zeroizing;

use crate::TlsError;
use crate::certificate::{
    Facts, SigningRequest, box_params, broadcast_params, root_params, server_params, sha256,
};
use hinamori_private_file as private_file;

const ROOT_FILE: &str = "tls-root.pem";
const SERVER_FILE: &str = "server.pem";
const BROADCAST_FILE: &str = "broadcast.pem";
/// Bytes: a key and a certificate in PEM (RFC 7468) are under 2 kB.
const LONGEST_FILE: u64 = 16 << 10;

/// The root that every box pins: it issues the server's and the boxes' certificates.
pub struct TlsRoot {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// The server's key and certificate.
pub struct ServerCredential {
    pub(crate) certificate: CertificateDer<'static>,
    key: KeyPair,
}

impl TlsRoot {
    /// Opens the root in `folder`, or makes it on the first call.
    ///
    /// # Errors
    /// [`TlsError`]; a damaged file is left as it is.
    pub fn open_or_make(folder: &Path) -> Result<Self, TlsError> {
        let (key, certificate) = match load(folder, ROOT_FILE, "TLS root")? {
            Some(found) => found,
            None => make(folder, ROOT_FILE, &rcgen::PKCS_ED25519, |key| root_params().self_signed(key))?,
        };
        Ok(Self { certificate, issuer: Issuer::new(root_params(), key) })
    }

    /// The certificate (DER), for boxes to pin.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// SHA-256 of the certificate, as enrolment codes carry it.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.certificate)
    }

    /// Opens the server's credential in `folder`, or makes it on the first call.
    ///
    /// # Errors
    /// [`TlsError`]; a damaged file is left as it is.
    pub fn server_credential(&self, folder: &Path) -> Result<ServerCredential, TlsError> {
        let (key, certificate) = match load(folder, SERVER_FILE, "server key")? {
            Some(found) => found,
            None => make(folder, SERVER_FILE, &rcgen::PKCS_ED25519, |key| {
                server_params()?.signed_by(key, &self.issuer)
            })?,
        };
        Ok(ServerCredential { certificate, key })
    }

    /// Issues a box's certificate (DER).
    ///
    /// # Errors
    /// [`TlsError::Certificate`].
    pub fn issue_for_box(&self, request: &SigningRequest, id: BoxId) -> Result<Vec<u8>, TlsError> {
        self.issue(&box_params(id), request)
    }

    /// Issues anything: tests use it for what must be refused.
    pub(crate) fn issue(
        &self,
        params: &CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<Vec<u8>, TlsError> {
        let certificate = params.signed_by(key, &self.issuer).map_err(TlsError::Certificate)?;
        Ok(certificate.der().to_vec())
    }
}

impl fmt::Debug for TlsRoot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("TlsRoot(hidden)")
    }
}

impl ServerCredential {
    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

impl fmt::Debug for ServerCredential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ServerCredential(hidden)")
    }
}

/// With what the server signs what goes to broadcasters: their systems know ECDSA on P-256 and no Ed25519. No authority stands behind the
/// certificate: each station pins it.
pub struct BroadcastCredential {
    certificate: CertificateDer<'static>,
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl BroadcastCredential {
    /// Opens the credential in `folder`, or makes it on the first call.
    ///
    /// # Errors
    /// [`TlsError`]; a damaged file is left as it is.
    pub fn open_or_make(folder: &Path) -> Result<Self, TlsError> {
        let (key, certificate) = match load(folder, BROADCAST_FILE, "broadcast key")? {
            Some(found) => found,
            None => make(folder, BROADCAST_FILE, &rcgen::PKCS_ECDSA_P256_SHA256, |key| {
                broadcast_params().self_signed(key)
            })?,
        };
        let random = SystemRandom::new();
        let der = Zeroizing::new(key.serialize_der());
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &random);
        let key = key.map_err(|_other_algorithm| TlsError::Damaged { what: "broadcast key" })?;
        Ok(Self { certificate, key, random })
    }

    /// The certificate (DER), for stations to pin.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// SHA-256 of the certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        sha256(&self.certificate)
    }

    /// r ‖ s of ECDSA with SHA-256 over the message; `None` when the system gives no random bytes.
    pub fn sign(&self, message: &[u8]) -> Option<[u8; 64]> {
        self.key.sign(&self.random, message).ok()?.as_ref().try_into().ok()
    }
}

impl fmt::Debug for BroadcastCredential {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("BroadcastCredential(hidden)")
    }
}

pub(crate) type Pair = (KeyPair, CertificateDer<'static>);

pub(crate) fn load(folder: &Path, name: &str, what: &'static str) -> Result<Option<Pair>, TlsError> {
    let Some(text) = private_file::read(folder, name, LONGEST_FILE).map_err(TlsError::Storage)? else {
        return Ok(None);
    };
    let text = Zeroizing::new(text);
    let damaged = || TlsError::Damaged { what };
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|_no_key| damaged())?;
    let key = KeyPair::try_from(key.secret_der()).map_err(|_no_key| damaged())?;
    let certificate = CertificateDer::from_pem_slice(&text).map_err(|_no_certificate| damaged())?;
    let facts = Facts::of(&certificate).ok_or_else(damaged)?;
    if facts.key != SpkiHash(sha256(&key.subject_public_key_info())) {
        return Err(damaged());
    }
    Ok(Some((key, certificate)))
}

/// Key and certificate go into one file, so that no power cut leaves one without the other.
pub(crate) fn make(
    folder: &Path,
    name: &str,
    algorithm: &'static SignatureAlgorithm,
    sign: impl FnOnce(&KeyPair) -> Result<rcgen::Certificate, rcgen::Error>,
) -> Result<Pair, TlsError> {
    let key = KeyPair::generate_for(algorithm).map_err(TlsError::Certificate)?;
    let certificate = sign(&key).map_err(TlsError::Certificate)?;
    let text = Zeroizing::new([key.serialize_pem(), certificate.pem()].concat());
    private_file::private_folder(folder).map_err(TlsError::Storage)?;
    private_file::replace(folder, name, text.as_bytes()).map_err(TlsError::Storage)?;
    Ok((key, certificate.der().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use der::Decode;

    #[test]
    fn the_root_and_the_server_stay_the_same_once_made() {
        let folder = tempfile::tempdir().unwrap();
        let first = TlsRoot::open_or_make(folder.path()).unwrap();
        let server = first.server_credential(folder.path()).unwrap();
        let again = TlsRoot::open_or_make(folder.path()).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(again.server_credential(folder.path()).unwrap().certificate, server.certificate);
        assert_eq!(format!("{again:?} {server:?}"), "TlsRoot(hidden) ServerCredential(hidden)");
    }

    #[test]
    fn what_goes_to_broadcasters_is_signed_by_the_key_of_the_certificate_that_they_pin() {
        use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
        let folder = tempfile::tempdir().unwrap();
        let credential = BroadcastCredential::open_or_make(folder.path()).unwrap();
        let signature = BroadcastCredential::open_or_make(folder.path()).unwrap().sign(b"an alert").unwrap();
        let certificate = x509_cert::Certificate::from_der(credential.certificate()).unwrap();
        let key = certificate.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key);
        assert!(key.verify(b"an alert", &signature).is_ok() && key.verify(b"another", &signature).is_err());
        assert_eq!(format!("{credential:?}"), "BroadcastCredential(hidden)");
        TlsRoot::open_or_make(folder.path()).unwrap();
        std::fs::copy(folder.path().join(ROOT_FILE), folder.path().join(BROADCAST_FILE)).unwrap();
        assert!(matches!(BroadcastCredential::open_or_make(folder.path()), Err(TlsError::Damaged { .. })));
    }

    #[test]
    fn damaged_files_are_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        TlsRoot::open_or_make(folder.path()).unwrap();
        let whole = std::fs::read_to_string(folder.path().join(ROOT_FILE)).unwrap();
        let other = tempfile::tempdir().unwrap();
        TlsRoot::open_or_make(other.path()).unwrap();
        let foreign = std::fs::read_to_string(other.path().join(ROOT_FILE)).unwrap();
        let half = |text: &str, at: usize| {
            text.split_inclusive("-----END PRIVATE KEY-----\n").nth(at).map(str::to_owned)
        };
        let mixed = half(&whole, 0).unwrap() + &half(&foreign, 1).unwrap();
        for damaged in [String::new(), half(&whole, 0).unwrap(), mixed] {
            std::fs::write(folder.path().join(ROOT_FILE), &damaged).unwrap();
            assert!(matches!(TlsRoot::open_or_make(folder.path()), Err(TlsError::Damaged { .. })));
            assert_eq!(std::fs::read_to_string(folder.path().join(ROOT_FILE)).unwrap(), damaged);
        }
    }
}
