//! TLS between boxes and the server: keys, certificates, enrolment, connections.
//!
//! Two ALPN protocols on one listener: `hinamori-sync/1` with mutual authentication (TLS 1.3, Ed25519
//! certificates under the town's TLS root), and `hinamori-enrol/1` for a box that has no certificate yet and
//! shows a one-time code instead.

use std::path::Path;

use hinamori_model::BoxId;
use tokio::net::TcpStream;

/// What an operator types or scans at a new box: where the server is, what it must prove, and a one-time
/// token. Textual form: `hinamori-enrol:HOST:PORT:ROOT:TLSROOT:TOKEN` in lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode {
    /// `host:port` of the server.
    pub address: String,
    /// The town root's Ed25519 public key, which town packages are signed with.
    pub town_root: [u8; 32],
    /// SHA-256 of the TLS root's certificate.
    pub tls_root: [u8; 32],
    /// 80 random bits; one use, 15 minutes, five tries.
    pub token: [u8; 10],
}

impl std::str::FromStr for EnrolmentCode {
    type Err = NoEnrolmentCode;

    fn from_str(_text: &str) -> Result<Self, Self::Err> {
        todo!()
    }
}

impl std::fmt::Display for EnrolmentCode {
    fn fmt(&self, _out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}

/// The text is no enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an enrolment code of Hinamori")]
pub struct NoEnrolmentCode;

/// A box's TLS key, certificate and what it trusts, in a folder of its own (0700, files 0600).
pub struct Identity {}

impl Identity {
    /// Loads what [`enrol`] stored; `None` when the box was never enrolled.
    ///
    /// # Errors
    /// [`TlsError`] when the files are damaged.
    pub fn load(_folder: &Path) -> Result<Option<Self>, TlsError> {
        todo!()
    }

    /// `host:port` of the server.
    pub fn address(&self) -> &str {
        todo!()
    }

    /// The town root that packages must be signed with.
    pub fn town_root(&self) -> [u8; 32] {
        todo!()
    }
}

/// Joins the box to a town: makes a TLS key, sends a signing request with the token, checks the server
/// against the code, stores what came back in `folder`, and returns the town package's bytes.
///
/// # Errors
/// [`TlsError`]; nothing is stored then.
pub async fn enrol(
    _folder: &Path,
    _code: &EnrolmentCode,
    _seal_key: [u8; 32],
    _box_id: BoxId,
) -> Result<Vec<u8>, TlsError> {
    todo!()
}

/// Opens the long-lived connection of an enrolled box.
///
/// # Errors
/// [`TlsError`].
pub async fn connect(_identity: &Identity) -> Result<tokio_rustls::client::TlsStream<TcpStream>, TlsError> {
    todo!()
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The network or the disk.
    #[error("the connection or a file failed")]
    Io(#[from] std::io::Error),
}
