//! What an enrolled box has: one file, replaced as a whole.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::neighbour::Meeting;
use crate::verifier::{PinnedRoot, TownServer, provider};
use crate::{ENROL_PROTOCOL, SYNC_PROTOCOL, TlsError};
use hinamori_private_file as private_file;

const FILE: &str = "identity";
/// Bytes: two certificates, a key and an address are under 2 kB.
const LONGEST_FILE: u64 = 16 << 10;

/// The form on the disk (postcard, after one byte of version).
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Stored {
    pub(crate) address: String,
    pub(crate) town_root: [u8; 32],
    pub(crate) tls_root: Vec<u8>,
    pub(crate) certificate: Vec<u8>,
    /// PKCS#8 (RFC 5958).
    pub(crate) key: Vec<u8>,
}

const FORM: u8 = 1;

/// A box's TLS key, certificate and what it trusts, in a folder of its own (0700, file 0600). Keep one for as
/// long as its [`IdentityStamp`] stays: it holds the session tickets that make the next handshake short.
pub struct Identity {
    address: String,
    town_root: [u8; 32],
    config: Arc<ClientConfig>,
    meeting: Meeting,
}

/// Which file an identity came from: inode, length and time of change. A renewed identity has another stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdentityStamp([u64; 4]);

impl IdentityStamp {
    /// The stamp of the identity in `folder`; `None` while none is there, or none can be seen.
    pub fn of(folder: &Path) -> Option<Self> {
        Self::of_file(&folder.join(FILE))
    }

    pub(crate) fn of_file(file: &Path) -> Option<Self> {
        let file = std::fs::metadata(file).ok()?;
        // An inode alone comes back: the file before the last one leaves its number to the next.
        let (seconds, nanoseconds) = (file.mtime().cast_unsigned(), file.mtime_nsec().cast_unsigned());
        Some(Self([file.ino(), file.len(), seconds, nanoseconds]))
    }
}

impl Identity {
    /// Loads what [`crate::enrol`] stored; `None` when the box was never enrolled.
    ///
    /// # Errors
    /// [`TlsError`] when the file is damaged or cannot be read.
    pub fn load(folder: &Path) -> Result<Option<Self>, TlsError> {
        let Some(mut bytes) = private_file::read(folder, FILE, LONGEST_FILE).map_err(TlsError::Storage)?
        else {
            return Ok(None);
        };
        let stored = match bytes.split_first() {
            Some((&FORM, body)) => postcard::from_bytes::<Stored>(body).ok(),
            Some(_) | None => None,
        };
        bytes.zeroize();
        let stored = stored.ok_or(TlsError::Damaged { what: "TLS identity" })?;
        let (config, meeting) = (sync_config(&stored)?, Meeting::new(&stored)?);
        Ok(Some(Self { address: stored.address.clone(), town_root: stored.town_root, config, meeting }))
    }

    /// `host:port` of the server.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The town root that packages must be signed with.
    pub const fn town_root(&self) -> [u8; 32] {
        self.town_root
    }

    pub(crate) const fn meeting(&self) -> &Meeting {
        &self.meeting
    }

    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Identity(hidden)")
    }
}

/// Stores an identity, durably and as a whole.
pub(crate) fn store(folder: &Path, stored: &Stored) -> Result<(), TlsError> {
    let mut bytes = vec![FORM];
    let body =
        postcard::to_stdvec(stored).map_err(|_never| TlsError::Unencodable { what: "the identity" })?;
    let body = zeroize::Zeroizing::new(body);
    bytes.extend_from_slice(&body);
    private_file::private_folder(folder).map_err(TlsError::Storage)?;
    let written = private_file::replace(folder, FILE, &bytes).map_err(TlsError::Storage);
    bytes.zeroize();
    written
}

fn sync_config(stored: &Stored) -> Result<Arc<ClientConfig>, TlsError> {
    let root = PinnedRoot::Certificate(CertificateDer::from(stored.tls_root.clone()));
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(stored.key.clone()));
    let mut config = builder(root)?
        .with_client_auth_cert(vec![CertificateDer::from(stored.certificate.clone())], key)
        .map_err(TlsError::Configuration)?;
    config.alpn_protocols = vec![SYNC_PROTOCOL.to_vec()];
    Ok(Arc::new(config))
}

/// The configuration of a box that has nothing but its enrolment code.
pub(crate) fn enrol_config(fingerprint: [u8; 32]) -> Result<Arc<ClientConfig>, TlsError> {
    let mut config = builder(PinnedRoot::Fingerprint(fingerprint))?.with_no_client_auth();
    config.alpn_protocols = vec![ENROL_PROTOCOL.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

fn builder(
    root: PinnedRoot,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, TlsError> {
    let provider = provider();
    let verifier = Arc::new(TownServer::new(root, Arc::clone(&provider)));
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Configuration)?
        .dangerous()
        .with_custom_certificate_verifier(verifier))
}
