//! The way to the town's server: carries bytes between the core and TLS, and nothing else. It sees no
//! database and no session; whatever it carries is framed, sealed and checked by the core.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hinamori_net_tls::{Identity, connect};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_rustls::client::TlsStream;
use tracing::{debug, info};

use crate::core::{Event, Inbox};

/// How often a box that was never enrolled looks whether it is now.
const LOOK_FOR_IDENTITY: Duration = Duration::from_secs(1);
/// Before the first try after a lost connection; doubled up to [`LONGEST_WAIT`].
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const READ_CHUNK: usize = 32 * 1024;
/// A peer that takes no byte for this long is gone; on a thin link a batch takes a minute.
const WRITE_WITHIN: Duration = Duration::from_secs(180);

/// What comes from the link.
#[derive(Debug)]
pub(crate) enum LinkEvent {
    /// The box has an identity of the town with this root.
    Enrolled { town_root: [u8; 32] },
    /// A connection stands; what is sent to `out` goes to the server, in order.
    Up { out: UnboundedSender<Vec<u8>> },
    /// Bytes of the server.
    Received(Vec<u8>),
    /// Everything that was sent so far has left.
    Drained,
    /// The connection is gone.
    Down,
}

/// Keeps a connection up for ever.
pub(crate) async fn run(identity_folder: PathBuf, core: Inbox) {
    let identity = enrolled(&identity_folder).await;
    if !core.send(Event::Link(LinkEvent::Enrolled { town_root: identity.town_root() })) {
        return;
    }
    let mut wait = SHORTEST_WAIT;
    loop {
        match connect(&identity).await {
            Ok(stream) => {
                info!("connected to the town's server");
                let (out, outgoing) = unbounded_channel();
                if !core.send(Event::Link(LinkEvent::Up { out })) {
                    return;
                }
                let heard = carry(stream, outgoing, &core).await;
                if !core.send(Event::Link(LinkEvent::Down)) {
                    return;
                }
                if heard == Heard::Something {
                    wait = SHORTEST_WAIT;
                }
            }
            Err(error) => {
                debug!(error = &error as &dyn std::error::Error, "the town's server is not reachable")
            }
        }
        tokio::time::sleep(jittered(wait)).await;
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
    }
}

/// Waits until `hinamorictl enrol` has stored an identity.
async fn enrolled(folder: &Path) -> Identity {
    let mut told = false;
    loop {
        match Identity::load(folder) {
            Ok(Some(identity)) => return identity,
            Ok(None) => {}
            Err(error) if !told => {
                told = true;
                tracing::error!(error = &error as &dyn std::error::Error, "the identity cannot be used");
            }
            Err(_) => {}
        }
        tokio::time::sleep(LOOK_FOR_IDENTITY).await;
    }
}

/// Between half and the whole of `wait`, so that forty boxes do not come back in one second.
fn jittered(wait: Duration) -> Duration {
    let mut random = [0; 1];
    if getrandom::fill(&mut random).is_err() {
        return wait;
    }
    let [random] = random;
    wait / 2 + (wait / 2).mul_f64(f64::from(random) / 255.0)
}

/// Whether the server said anything on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Something,
    Nothing,
}

async fn carry(stream: TlsStream<TcpStream>, outgoing: UnboundedReceiver<Vec<u8>>, core: &Inbox) -> Heard {
    let (read, write) = tokio::io::split(stream);
    let mut heard = Heard::Nothing;
    tokio::select! {
        () = receive(read, core, &mut heard) => {}
        () = send(write, outgoing, core) => {}
    }
    info!("the connection to the town's server ended");
    heard
}

async fn receive(mut stream: ReadHalf<TlsStream<TcpStream>>, core: &Inbox, heard: &mut Heard) {
    let mut chunk = vec![0; READ_CHUNK];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) => return,
            Ok(read) => {
                *heard = Heard::Something;
                let bytes = chunk.get(..read).unwrap_or_default().to_vec();
                // Waits while the core is busy: then the server has to wait too.
                if !core.send(Event::Link(LinkEvent::Received(bytes))) {
                    return;
                }
            }
            Err(error) => {
                debug!(%error, "the connection failed");
                return;
            }
        }
    }
}

async fn send(
    mut stream: WriteHalf<TlsStream<TcpStream>>,
    mut outgoing: UnboundedReceiver<Vec<u8>>,
    core: &Inbox,
) {
    while let Some(bytes) = outgoing.recv().await {
        let written = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        match tokio::time::timeout(WRITE_WITHIN, written).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                debug!(%error, "the connection failed");
                return;
            }
            Err(_elapsed) => return,
        }
        if outgoing.is_empty() && !core.send(Event::Link(LinkEvent::Drained)) {
            return;
        }
    }
    // The core closed the connection: say so to the server.
    if let Err(error) = stream.shutdown().await {
        debug!(%error, "the connection failed at its end");
    }
}
