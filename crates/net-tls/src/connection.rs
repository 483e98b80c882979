//! A box dials its server.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::frame::within;
use crate::socket::set_up;
use crate::{Identity, SERVER_NAME, SYNC_PROTOCOL, TlsError};

/// Seconds to a TCP connection: three lost SYN packets are survived.
const DIAL_WITHIN: Duration = Duration::from_secs(15);
/// Two round trips and 2 to 4 kB: on a link of 64 kbit/s with 30 % loss that may take ten seconds.
pub(crate) const HANDSHAKE_WITHIN: Duration = Duration::from_secs(30);

/// Opens the long-lived connection of an enrolled box. Whether the server takes the box shows at the first
/// read: in TLS 1.3 the client is through before its certificate was looked at (RFC 8446 §4.4.2).
///
/// # Errors
/// [`TlsError`].
pub async fn connect(identity: &Identity) -> Result<TlsStream<TcpStream>, TlsError> {
    dial(identity.address(), identity.config(), SYNC_PROTOCOL).await
}

pub(crate) async fn dial(
    address: &str,
    config: Arc<ClientConfig>,
    protocol: &[u8],
) -> Result<TlsStream<TcpStream>, TlsError> {
    let stream = within(DIAL_WITHIN, "a TCP connection", TcpStream::connect(address)).await?;
    set_up(&stream).map_err(TlsError::Unreachable)?;
    let name = ServerName::try_from(SERVER_NAME)
        .map_err(|invalid| TlsError::Configuration(rustls::Error::General(invalid.to_string())))?;
    let handshake = TlsConnector::from(config).connect(name, stream);
    let stream = within(HANDSHAKE_WITHIN, "the TLS handshake", handshake).await.map_err(as_handshake)?;
    if stream.get_ref().1.alpn_protocol() != Some(protocol) {
        return Err(TlsError::Misbehaved { what: "another protocol than was asked for" });
    }
    Ok(stream)
}

/// What rustls refused is the peer's fault, not the network's.
pub(crate) fn as_handshake(error: TlsError) -> TlsError {
    match error {
        TlsError::Unreachable(source)
            if source.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) =>
        {
            TlsError::Handshake(source)
        }
        other => other,
    }
}
