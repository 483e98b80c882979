//! The server's half: who came in by a TCP connection.

use std::sync::Arc;
use std::time::Duration;

use hinamori_model::{BoxId, SpkiHash};
use rustls::ServerConfig;
use rustls::server::{Acceptor as HelloReader, NoServerSessionStorage, ServerSessionMemoryCache};
use rustls_pki_types::CertificateDer;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::Facts;
use crate::connection::{HANDSHAKE_WITHIN, as_handshake};
use crate::enrolment::{ANSWER_WITHIN, Answer, Committed, LONGEST_REQUEST, NONCE};
use crate::frame::{read_frame, within, write_frame};
use crate::socket::set_up;
use crate::verifier::{TownBoxes, provider};
use crate::words::{Nonce, Nonces, nonce};
use crate::{
    ENROL_PROTOCOL, EnrolmentRequest, Granted, Refusal, SYNC_PROTOCOL, ServerCredential, TlsError, TlsRoot,
};

/// Sessions that can be taken up again with a short handshake: more than a town has boxes.
const SESSIONS: usize = 1_024;

/// Takes TCP connections and says who came. It decides nothing by grants: a box that is named here may be on
/// the deny list, and one whose session is resumed was looked at when the session began. The caller asks
/// the town every time.
pub struct Acceptor {
    sync: Arc<ServerConfig>,
    enrol: Arc<ServerConfig>,
    patience: Duration,
}

/// Who came.
pub enum Incoming {
    /// A box with a certificate under the town's root.
    Box(PeerBox),
    /// Somebody with an enrolment code.
    Enrolment(Enrolment),
}

/// A box with a certificate under the town's root, and the connection to it.
pub struct PeerBox {
    /// The box that its certificate names.
    pub id: BoxId,
    /// Its TLS key: the town's register says whether it is the box's current one.
    pub key: SpkiHash,
    /// The connection.
    pub stream: TlsStream<TcpStream>,
}

impl Acceptor {
    /// An acceptor that shows `server`'s certificate.
    ///
    /// # Errors
    /// [`TlsError::Configuration`].
    pub fn new(root: &TlsRoot, server: &ServerCredential) -> Result<Self, TlsError> {
        let root_certificate = CertificateDer::from(root.certificate().to_vec());
        let boxes = TownBoxes::new(&root_certificate, provider()).map_err(TlsError::Configuration)?;
        let mut sync = builder()?
            .with_client_cert_verifier(Arc::new(boxes))
            .with_single_cert(vec![server.certificate.clone()], server.private_key())
            .map_err(TlsError::Configuration)?;
        sync.alpn_protocols = vec![SYNC_PROTOCOL.to_vec()];
        sync.session_storage = ServerSessionMemoryCache::new(SESSIONS);
        // A new box knows the root by its hash only, so here the root is sent along.
        let mut enrol = builder()?
            .with_no_client_auth()
            .with_single_cert(vec![server.certificate.clone(), root_certificate], server.private_key())
            .map_err(TlsError::Configuration)?;
        enrol.alpn_protocols = vec![ENROL_PROTOCOL.to_vec()];
        enrol.session_storage = Arc::new(NoServerSessionStorage {});
        enrol.send_tls13_tickets = 0;
        Ok(Self { sync: Arc::new(sync), enrol: Arc::new(enrol), patience: HANDSHAKE_WITHIN })
    }

    /// The same, waiting this long for a handshake and again for an enrolment request (usually half a
    /// minute).
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Shakes hands, and for an enrolment reads the request too. A peer that says nothing is
    /// dropped.
    ///
    /// # Errors
    /// [`TlsError`]: the connection is closed.
    pub async fn accept(&self, stream: TcpStream) -> Result<Incoming, TlsError> {
        set_up(&stream).map_err(TlsError::Unreachable)?;
        let shake = async {
            let hello = LazyConfigAcceptor::new(HelloReader::default(), stream).await?;
            let enrols = hello
                .client_hello()
                .alpn()
                .is_some_and(|mut offered| offered.any(|protocol| protocol == ENROL_PROTOCOL));
            let config = if enrols { &self.enrol } else { &self.sync };
            hello.into_stream(Arc::clone(config)).await
        };
        let shaken = within(self.patience, "the TLS handshake", shake).await;
        let stream = shaken.map_err(as_handshake)?;
        match stream.get_ref().1.alpn_protocol() {
            Some(ENROL_PROTOCOL) => Enrolment::read(stream, self.patience).await.map(Incoming::Enrolment),
            Some(SYNC_PROTOCOL) => {
                let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                let named = shown.and_then(Facts::of).and_then(|facts| Some((facts.box_id?, facts.key)));
                let (id, key) = named.ok_or(TlsError::Misbehaved { what: "no box certificate" })?;
                Ok(Incoming::Box(PeerBox { id, key, stream }))
            }
            Some(_) | None => Err(TlsError::Misbehaved { what: "no protocol of ours" }),
        }
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, TlsError> {
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Configuration)
}

/// Somebody who wants to join, and waits for one answer.
pub struct Enrolment {
    request: EnrolmentRequest,
    stream: TlsStream<TcpStream>,
}

impl Enrolment {
    async fn read(mut stream: TlsStream<TcpStream>, patience: Duration) -> Result<Self, TlsError> {
        let bytes = within(patience, "an enrolment request", read_frame(&mut stream, LONGEST_REQUEST));
        let request = bytes.await?.and_then(|bytes| Committed::verified(&bytes));
        let foreign = TlsError::Misbehaved { what: "an enrolment request that does not hold" };
        let Some(request) = request else { return Err(foreign) };
        // Only now, when the box has committed itself.
        let of_server = nonce()?;
        within(patience, "a number to leave", write_frame(&mut stream, &of_server)).await?;
        let of_box = within(patience, "the box's number", read_frame(&mut stream, NONCE)).await?;
        let of_box = of_box.and_then(|bytes| Nonce::try_from(bytes).ok());
        let request = of_box.and_then(|of_box| request.told(Nonces { of_box, of_server }));
        Ok(Self { request: request.ok_or(foreign)?, stream })
    }

    /// What is asked for.
    pub const fn request(&self) -> &EnrolmentRequest {
        &self.request
    }

    /// Takes the box in.
    ///
    /// # Errors
    /// [`TlsError`]: the box may or may not have got the answer.
    pub async fn grant(self, granted: Granted) -> Result<(), TlsError> {
        self.answer(&Answer::Granted(granted)).await
    }

    /// Sends it away.
    ///
    /// # Errors
    /// [`TlsError`].
    pub async fn refuse(self, why: Refusal) -> Result<(), TlsError> {
        self.answer(&Answer::Refused(why)).await
    }

    async fn answer(mut self, answer: &Answer) -> Result<(), TlsError> {
        let bytes =
            postcard::to_stdvec(answer).map_err(|_never| TlsError::Unencodable { what: "the answer" })?;
        within(ANSWER_WITHIN, "the answer to leave", write_frame(&mut self.stream, &bytes)).await?;
        // Until the box closes: a reset now could overtake the answer's last bytes.
        let farewell = async {
            self.stream.shutdown().await?;
            read_frame(&mut self.stream, 0).await
        };
        drop(timeout(Duration::from_secs(5), farewell).await);
        Ok(())
    }
}
