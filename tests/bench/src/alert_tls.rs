//! What TLS adds to a television: the memory of one that waits, and the server's work for a handshake, against rustls alone.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

use crate::process::{anonymous_mib, processor_seconds};

/// Under what name the server is known.
pub(crate) const NAME: &str = "localhost";
/// Each a handshake of its own; as many again take what is taken once.
const CONNECTIONS: u32 = 2_000;
/// For the server to put away what a handshake needed.
const SETTLES: Duration = Duration::from_millis(400);

/// What was measured.
pub(crate) struct Measured {
    /// Anonymous memory of the server for each that waits, in kB.
    pub(crate) idle_kb: f64,
    /// Processor time of the server for connection, handshake and first answer, in microseconds each.
    pub(crate) coming_us: f64,
    /// The same of those who come back with a ticket.
    pub(crate) returning_us: f64,
    /// Processor time that rustls alone takes for a handshake of that kind, in microseconds.
    pub(crate) handshake_us: f64,
}

/// Measures the running server at `address`, with the credential of `folder`. Every television asks with the token, and waits.
pub(crate) fn measure(
    (address, process): (SocketAddr, u32),
    folder: &Path,
    tokens: &[String],
) -> anyhow::Result<Measured> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("town-authority.crt"))?)?;
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.resumption = Resumption::disabled();
    let fresh = Arc::new(config.clone());
    let come = |number: u32, config: &Arc<ClientConfig>| {
        let token = tokens.get(usize::try_from(number)? % tokens.len().max(1)).context("a television")?;
        Waiting::new(address, config, token)
    };
    let come_all = || (0..CONNECTIONS).map(|number| come(number, &fresh)).collect::<anyhow::Result<Vec<_>>>();
    // The first ones take what is taken once.
    let mut first = come_all()?;
    std::thread::sleep(SETTLES);
    let (memory, used) = (anonymous_mib(process)?, processor_seconds(process)?);
    let mut waiting = come_all()?;
    std::thread::sleep(SETTLES);
    let idle_kb = (anonymous_mib(process)? - memory) * 1_024.0 / f64::from(CONNECTIONS);
    let coming_us = (processor_seconds(process)? - used) * 1e6 / f64::from(CONNECTIONS);
    ensure!(
        first.iter_mut().chain(&mut waiting).all(|one| one.kind == Some(HandshakeKind::Full)),
        "a handshake was cut short"
    );
    drop((first, waiting));

    // One ticket for each; a television has its own.
    let own: Vec<Arc<ClientConfig>> = (0..CONNECTIONS)
        .map(|_| {
            let mut own = config.clone();
            own.resumption = Resumption::in_memory_sessions(1);
            Arc::new(own)
        })
        .collect();
    let come_back =
        || (0..).zip(&own).map(|(number, own)| come(number, own)).collect::<anyhow::Result<Vec<_>>>();
    drop(come_back()?);
    std::thread::sleep(SETTLES);
    let used = processor_seconds(process)?;
    let back = come_back()?;
    std::thread::sleep(SETTLES);
    let returning_us = (processor_seconds(process)? - used) * 1e6 / f64::from(CONNECTIONS);
    ensure!(back.iter().all(|one| one.kind == Some(HandshakeKind::Resumed)), "nobody took a ticket");
    Ok(Measured { idle_kb, coming_us, returning_us, handshake_us: rustls_alone(folder, &fresh)? })
}

/// A television that was told what there is.
struct Waiting {
    _stream: StreamOwned<ClientConnection, TcpStream>,
    kind: Option<HandshakeKind>,
}

impl Waiting {
    fn new(address: SocketAddr, config: &Arc<ClientConfig>, token: &str) -> anyhow::Result<Self> {
        let client = ClientConnection::new(Arc::clone(config), ServerName::try_from(NAME)?)?;
        let mut stream = StreamOwned::new(client, TcpStream::connect(address)?);
        let asking = |seen: &str| {
            format!(
                "GET /tv/wait?seen={seen}&list=0 HTTP/1.1\r\nHost: {NAME}\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
        };
        stream.write_all(asking("").as_bytes())?;
        let mut heard = Vec::new();
        let body = loop {
            let mut more = [0; 16_384];
            let read = stream.read(&mut more)?;
            ensure!(read > 0, "the server hung up");
            heard.extend_from_slice(more.get(..read).unwrap_or_default());
            if let Some(body) = body_of(&heard)? {
                break body;
            }
        };
        let told: serde_json::Value = serde_json::from_slice(&body)?;
        let revision = told.get("revision").and_then(|text| text.as_str()).context("a revision")?;
        stream.write_all(asking(revision).as_bytes())?;
        let kind = stream.conn.handshake_kind();
        Ok(Self { _stream: stream, kind })
    }
}

/// The body of an answer, once it is whole.
fn body_of(heard: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(end) = heard.windows(4).position(|part| part == b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = heard.split_at(end + 4);
    let head = std::str::from_utf8(head)?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).context("a length")?;
    Ok(Some(body.to_vec()).filter(|body| Some(body.len()) == length.parse().ok()))
}

/// The server's half of handshakes under the same certificate, in memory.
fn rustls_alone(folder: &Path, client: &Arc<ClientConfig>) -> anyhow::Result<f64> {
    let chain =
        CertificateDer::pem_file_iter(folder.join("certificate.pem"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let server = Arc::new(server.with_no_client_auth().with_single_cert(chain, key)?);
    let mut spent = Duration::ZERO;
    for _ in 0..CONNECTIONS {
        spent += shake_hands(client, &server)?;
    }
    Ok(spent.as_secs_f64() * 1e6 / f64::from(CONNECTIONS))
}

/// Gives the time that the server's half took.
fn shake_hands(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> anyhow::Result<Duration> {
    let mut client = ClientConnection::new(Arc::clone(client), ServerName::try_from(NAME)?)?;
    let mut server = ServerConnection::new(Arc::clone(server))?;
    let mut spent = Duration::ZERO;
    for _ in 0..8 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire)?;
        }
        let (mut from, mut wire) = (wire.as_slice(), Vec::new());
        let began = Instant::now();
        while !from.is_empty() {
            server.read_tls(&mut from)?;
            server.process_new_packets().context("the server's side")?;
        }
        while server.wants_write() {
            server.write_tls(&mut wire)?;
        }
        spent += began.elapsed();
        let mut from = wire.as_slice();
        while !from.is_empty() {
            client.read_tls(&mut from)?;
            client.process_new_packets().context("the client's side")?;
        }
    }
    ensure!(!server.is_handshaking() && !client.is_handshaking(), "no handshake");
    Ok(spent)
}
