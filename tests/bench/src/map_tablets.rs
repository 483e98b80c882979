//! Two hundred tablets in one process, and what they hear: from the server, and the same from mosquitto. Both speak TLS with the same key.
//!
//! The bench starts them as a child, as those of [`crate::alert_clients`]. Nothing is counted that was not checked byte by byte.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alert_clients::{mqtt, mqtt_connect, mqtt_packet, mqtt_text};
use crate::desk::field;

/// As the town's certificate names the server.
pub(crate) const NAME: &str = "map.localhost";
pub(crate) const TOPIC: &str = "map";
/// What the tablets say first, where the town's authority is, and the changes of the server as they heard them.
pub(crate) const FIRST: &str = "tablets-first";
pub(crate) const AUTHORITY: &str = "authority.crt";
pub(crate) const CHANGES: &str = "changes";
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What the child says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Said {
    /// Changes that every tablet heard.
    pub(crate) changes: usize,
    /// Their bytes.
    pub(crate) bytes: usize,
}

/// What one tablet heard: changes alone, one behind the other.
#[derive(Default)]
struct Heard {
    bytes: Vec<u8>,
    changes: usize,
    is_attached: bool,
    trouble: Option<String>,
}

type Shared = Arc<(Mutex<Vec<Heard>>, Condvar)>;

fn change(shared: &Shared, number: usize, with: impl FnOnce(&mut Heard)) {
    let mut all = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    all.get_mut(number).map(with).unwrap_or_default();
    shared.1.notify_all();
}

/// Does what its parent says, until it says nothing more: `attach`, `now` (how much all of them have), `hear N`, `check`.
pub(crate) fn run(address: SocketAddr, tablets: usize, folder: &Path) -> anyhow::Result<()> {
    let shared: Shared = Arc::default();
    shared.0.lock().unwrap_or_else(PoisonError::into_inner).resize_with(tablets, Heard::default);
    for line in std::io::stdin().lines() {
        let line = line?;
        let said = match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
            ("attach", _) => attach(address, tablets, folder, &shared)?,
            ("now", _) => now(&shared),
            ("hear", count) => {
                let count = count.parse()?;
                until(&shared, "a change", |heard| heard.changes >= count)?;
                now(&shared)
            }
            ("check", _) => check(&shared, folder)?,
            (other, _) => bail!("no such step: {other}"),
        };
        println!("{}", serde_json::to_string(&said)?);
    }
    Ok(())
}

fn config(folder: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_file_iter(folder.join(AUTHORITY))? {
        roots.add(authority?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// One answer on a connection of its own; the request asks for the connection to be closed behind it.
pub(crate) fn get(address: SocketAddr, folder: &Path, request: &str) -> anyhow::Result<Value> {
    let connection = ClientConnection::new(config(folder)?, ServerName::try_from(NAME)?)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
    Ok(serde_json::from_str(body)?)
}

fn attach(address: SocketAddr, tablets: usize, folder: &Path, shared: &Shared) -> anyhow::Result<Said> {
    let config = config(folder)?;
    let first = std::fs::read(folder.join(FIRST))?;
    for number in 0..tablets {
        let connection = ClientConnection::new(Arc::clone(&config), ServerName::try_from(NAME)?)?;
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut stream = StreamOwned::new(connection, stream);
        if first.starts_with(b"GET ") {
            stream.write_all(&first)?;
        } else {
            let subscription = [&[0, 1], mqtt_text(TOPIC).as_slice(), &[0]].concat();
            let name = format!("tablet-{number}");
            stream.write_all(&[mqtt_connect(&name), mqtt(0x82, &subscription)].concat())?;
        }
        let (shared, is_http) = (Arc::clone(shared), first.starts_with(b"GET "));
        Builder::new().stack_size(256 << 10).spawn(move || {
            let outcome = listen(stream, is_http, number, &shared);
            change(&shared, number, |heard| heard.trouble = Some(format!("{outcome:?}")));
        })?;
    }
    until(shared, "an attached tablet", |heard| heard.is_attached)?;
    Ok(now(shared))
}

fn listen(
    mut stream: StreamOwned<ClientConnection, TcpStream>,
    is_http: bool,
    number: usize,
    shared: &Shared,
) -> anyhow::Result<()> {
    let (mut buffer, mut raw, mut body, mut events) = ([0; 16 << 10], Vec::new(), Vec::new(), Vec::new());
    let mut is_begun = false;
    loop {
        let length = stream.read(&mut buffer)?;
        ensure!(length > 0, "the other side hung up");
        raw.extend_from_slice(buffer.get(..length).unwrap_or_default());
        if is_http {
            if !is_begun {
                let Some(end) = raw.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
                let head: Vec<u8> = raw.drain(..end.saturating_add(4)).collect();
                let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
                ensure!(head.starts_with("http/1.1 200 "), "{head}");
                ensure!(head.contains("transfer-encoding: chunked"), "no chunks: {head}");
                is_begun = true;
            }
            while let Some(chunk) = take_chunk(&mut raw)? {
                body.extend_from_slice(&chunk);
            }
            while let Some(end) = body.windows(2).position(|part| part == b"\n\n") {
                let event: Vec<u8> = body.drain(..end.saturating_add(2)).collect();
                ensure!(!event.starts_with(b"event: reset"), "the server reset");
                if event.starts_with(b"event: change\n") {
                    events.push(event);
                } else {
                    // The first beat comes at once.
                    ensure!(event.starts_with(b"event: beat\ndata: {\"at\":"), "an unknown event");
                    change(shared, number, |heard| heard.is_attached = true);
                }
            }
        } else {
            while let Some(whole) = mqtt_packet(&raw).filter(|whole| raw.len() >= *whole) {
                let packet: Vec<u8> = raw.drain(..whole).collect();
                match packet.first() {
                    // CONNACK.
                    Some(0x20) => {}
                    // SUBACK.
                    Some(0x90) => change(shared, number, |heard| heard.is_attached = true),
                    Some(0x30) => {
                        let topic = mqtt_text(TOPIC);
                        let at = packet.windows(topic.len()).position(|part| part == topic);
                        let at = at.context("another topic")?.saturating_add(topic.len());
                        events.push(packet.get(at..).unwrap_or_default().to_vec());
                    }
                    other => bail!("an unknown packet: {other:?}"),
                }
            }
        }
        if !events.is_empty() {
            change(shared, number, |heard| {
                for event in events.drain(..) {
                    heard.bytes.extend_from_slice(&event);
                    heard.changes += 1;
                }
            });
        }
    }
}

/// A whole chunk (RFC 9112 §7.1), if it is there.
fn take_chunk(raw: &mut Vec<u8>) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(line) = raw.windows(2).position(|part| part == b"\r\n") else { return Ok(None) };
    let length = std::str::from_utf8(raw.get(..line).unwrap_or_default())?;
    let length = usize::from_str_radix(length.trim(), 16)?;
    ensure!(length > 0, "the stream ended");
    let begin = line.saturating_add(2);
    let end = begin.saturating_add(length);
    if raw.len() < end.saturating_add(2) {
        return Ok(None);
    }
    let chunk = raw.get(begin..end).unwrap_or_default().to_vec();
    drop(raw.drain(..end.saturating_add(2)));
    Ok(Some(chunk))
}

/// Until it is so for every tablet.
fn until(shared: &Shared, what: &str, is_so: impl Fn(&Heard) -> bool) -> anyhow::Result<()> {
    let mut all = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(trouble) = all.iter().find_map(|heard| heard.trouble.as_ref()) {
            bail!("{trouble}");
        }
        if all.iter().all(&is_so) {
            return Ok(());
        }
        let (again, waited) =
            shared.1.wait_timeout(all, LONGEST_WAIT).unwrap_or_else(PoisonError::into_inner);
        ensure!(!waited.timed_out(), "a tablet waits for {what}");
        all = again;
    }
}

fn now(shared: &Shared) -> Said {
    let all = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    let least = all.iter().min_by_key(|heard| heard.changes);
    least.map(|least| Said { changes: least.changes, bytes: least.bytes.len() }).unwrap_or_default()
}

/// All tablets heard the same bytes: of the server changes without a gap, which are left for the other, and of the other those.
fn check(shared: &Shared, folder: &Path) -> anyhow::Result<Said> {
    let all = shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    let first = all.first().context("no tablets")?;
    for (number, heard) in all.iter().enumerate() {
        ensure!(heard.bytes == first.bytes, "tablet {number} heard something else");
    }
    let file = folder.join(CHANGES);
    if std::fs::read(folder.join(FIRST))?.starts_with(b"GET ") {
        let mut last = None;
        for event in std::str::from_utf8(&first.bytes)?.split_terminator("\n\n") {
            let (id, data) = event.split_once("\ndata: ").context("no data")?;
            let id = id.strip_prefix("event: change\nid: ").context("no id")?;
            let data: Value = serde_json::from_str(data)?;
            ensure!(*field(&data, "revision") == id, "a change under another revision");
            let (_, number) = id.split_once('.').context("a revision")?;
            let number = u64::from_str_radix(number, 16)?;
            ensure!(last.is_none_or(|last: u64| last.saturating_add(1) == number), "a change is missing");
            last = Some(number);
        }
        std::fs::write(&file, &first.bytes)?;
    } else {
        ensure!(std::fs::read(&file)? == first.bytes, "mosquitto told something else");
    }
    Ok(Said { changes: first.changes, bytes: first.bytes.len() })
}
