//! Two boxes of one town meet without a server: both show the certificate that the town's root gave them, whoever dials.

use std::sync::Arc;

use hinamori_model::{BoxId, SpkiHash};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsStream};

use crate::certificate::Facts;
use crate::connection::{HANDSHAKE_WITHIN, as_handshake, dial};
use crate::frame::within;
use crate::identity::Stored;
use crate::socket::set_up;
use crate::verifier::{TownBoxes, provider};
use crate::{Identity, NEIGHBOUR_PROTOCOL, TlsError};

/// A box at the other end of a connection. Its certificate is of this town; whether the town still wants it, and by this key, is for
/// the package to say.
pub struct Neighbour {
    /// The box that its certificate names.
    pub id: BoxId,
    /// Its TLS key: its grant says whether it is the box's newest.
    pub key: SpkiHash,
    /// The connection.
    pub stream: TlsStream<TcpStream>,
}

/// What a box needs to meet others.
#[derive(Clone)]
pub(crate) struct Meeting {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Meeting {
    pub(crate) fn new(stored: &Stored) -> Result<Self, TlsError> {
        let root = CertificateDer::from(stored.tls_root.clone());
        let boxes = Arc::new(TownBoxes::new(&root, provider()).map_err(TlsError::Configuration)?);
        let own = || vec![CertificateDer::from(stored.certificate.clone())];
        let key = || PrivateKeyDer::from(PrivatePkcs8KeyDer::from(stored.key.clone()));
        let mut client = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(TlsError::Configuration)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyBox(Arc::clone(&boxes))))
            .with_client_auth_cert(own(), key())
            .map_err(TlsError::Configuration)?;
        client.alpn_protocols = vec![NEIGHBOUR_PROTOCOL.to_vec()];
        client.resumption = rustls::client::Resumption::disabled();
        let mut server = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(TlsError::Configuration)?
            .with_client_cert_verifier(boxes)
            .with_single_cert(own(), key())
            .map_err(TlsError::Configuration)?;
        server.alpn_protocols = vec![NEIGHBOUR_PROTOCOL.to_vec()];
        // Both ends look at each other every time: on a network of their own a handshake costs nothing.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        Ok(Self { client: Arc::new(client), server: Arc::new(server) })
    }
}

impl Meeting {
    fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client)
    }

    fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}

impl Identity {
    /// Dials another box.
    ///
    /// # Errors
    /// [`TlsError`].
    pub async fn dial_neighbour(&self, address: &str) -> Result<Neighbour, TlsError> {
        let stream = dial(address, self.meeting().client(), NEIGHBOUR_PROTOCOL).await?;
        named(stream.into())
    }

    /// Takes a connection of another box.
    ///
    /// # Errors
    /// [`TlsError`].
    pub async fn accept_neighbour(&self, stream: TcpStream) -> Result<Neighbour, TlsError> {
        set_up(&stream).map_err(TlsError::Unreachable)?;
        let handshake = TlsAcceptor::from(self.meeting().server()).accept(stream);
        let stream = within(HANDSHAKE_WITHIN, "the TLS handshake", handshake).await.map_err(as_handshake)?;
        if stream.get_ref().1.alpn_protocol() != Some(NEIGHBOUR_PROTOCOL) {
            return Err(TlsError::Misbehaved { what: "no protocol of ours" });
        }
        named(stream.into())
    }
}

fn named(stream: TlsStream<TcpStream>) -> Result<Neighbour, TlsError> {
    let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
    let named = shown.and_then(Facts::of).and_then(|facts| Some((facts.box_id?, facts.key)));
    let (id, key) = named.ok_or(TlsError::Misbehaved { what: "no box certificate" })?;
    Ok(Neighbour { id, key, stream })
}

/// What a box believes that dials another one: any box that this town's root named. It proves no name of a host, and needs none.
#[derive(Debug)]
struct AnyBox(Arc<TownBoxes>);

impl ServerCertVerifier for AnyBox {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.0.check(end_entity).map(|_facts| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
