//! What TLS would add to a television that waits: the listener speaks it with a later version, so that its state is measured alone.

use std::sync::Arc;

use anyhow::{Context, ensure};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};

use crate::process::anonymous_mib;

const CONNECTIONS: usize = 1_000;

/// Prints the kilobytes of anonymous memory that one connection of a server keeps after its handshake.
pub(crate) fn run() -> anyhow::Result<()> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let server = Arc::new(server.with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?);
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let client = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let client = Arc::new(client.with_root_certificates(roots).with_no_client_auth());
    // The first ones take what is taken once.
    let mut waiting = Vec::with_capacity(2 * CONNECTIONS);
    let mut before = 0.0;
    for number in 0..2 * CONNECTIONS {
        if number == CONNECTIONS {
            before = anonymous_mib(std::process::id())?;
        }
        waiting.push(shake_hands(&client, &server)?);
    }
    let grown = anonymous_mib(std::process::id())? - before;
    let connections = u32::try_from(CONNECTIONS)?;
    println!("{}", grown * 1_024.0 / f64::from(connections));
    drop(waiting);
    Ok(())
}

fn shake_hands(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> anyhow::Result<ServerConnection> {
    let mut client = ClientConnection::new(Arc::clone(client), ServerName::try_from("localhost")?)?;
    let mut server = ServerConnection::new(Arc::clone(server))?;
    for _ in 0..8 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire)?;
        }
        let mut from = wire.as_slice();
        while !from.is_empty() {
            server.read_tls(&mut from)?;
            server.process_new_packets().context("the server's side")?;
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire)?;
        }
        let mut from = wire.as_slice();
        while !from.is_empty() {
            client.read_tls(&mut from)?;
            client.process_new_packets().context("the client's side")?;
        }
    }
    ensure!(!server.is_handshaking() && !client.is_handshaking(), "no handshake");
    Ok(server)
}
