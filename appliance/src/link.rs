//! The way to the town's server: carries bytes between the core and TLS, and nothing else. It sees no
//! database and no session; whatever it carries is framed, sealed and checked by the core.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hinamori_net_tls::{Identity, IdentityStamp, connect};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};
use tracing::{debug, info};

use crate::core::{Event, Inbox};

/// How often the box looks whether it was enrolled, also anew.
const LOOK_FOR_IDENTITY: Duration = Duration::from_secs(1);
/// Before the first try after a lost connection; doubled up to [`LONGEST_WAIT`].
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A connection that stood this long was a good one.
const GOOD_CONNECTION: Duration = Duration::from_secs(60);
const READ_CHUNK: usize = 32 * 1024;
/// A peer that takes no byte for this long is gone. A whole message may take far longer on a thin link.
const PROGRESS_WITHIN: Duration = Duration::from_secs(180);

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

/// Keeps a connection up for ever, each time with the newest identity.
pub(crate) async fn run(identity_folder: PathBuf, core: Inbox) {
    loop {
        let (identity, stamp) = enrolled(&identity_folder).await;
        if !core.send(Event::Link(LinkEvent::Enrolled { town_root: identity.town_root() })) {
            return;
        }
        tokio::select! {
            CoreGone = stay_connected(&identity, &core) => return,
            () = replaced(&identity_folder, stamp) => info!("the box has a new identity"),
        }
        // There may have been a connection: it ended with the old identity.
        if !core.send(Event::Link(LinkEvent::Down)) {
            return;
        }
    }
}

/// The daemon ends.
struct CoreGone;

async fn stay_connected(identity: &Identity, core: &Inbox) -> CoreGone {
    let mut wait = Duration::ZERO;
    loop {
        let mut stood = Duration::ZERO;
        match connect(identity).await {
            Ok(stream) => {
                info!("connected to the town's server");
                let since = Instant::now();
                let (out, outgoing) = unbounded_channel();
                if !core.send(Event::Link(LinkEvent::Up { out })) {
                    return CoreGone;
                }
                let tell = |carried| {
                    core.send(Event::Link(match carried {
                        Carried::Received(bytes) => LinkEvent::Received(bytes),
                        Carried::Drained => LinkEvent::Drained,
                    }))
                };
                carry(stream, outgoing, &tell).await;
                info!("the connection to the town's server ended");
                if !core.send(Event::Link(LinkEvent::Down)) {
                    return CoreGone;
                }
                stood = since.elapsed();
            }
            Err(error) => {
                debug!(error = &error as &dyn std::error::Error, "the town's server is not reachable")
            }
        }
        wait = next_wait(wait, stood);
        tokio::time::sleep(jittered(wait)).await;
    }
}

/// Waits until another identity than that of `stamp` is stored. One that is only gone changes nothing.
pub(crate) async fn replaced(folder: &Path, stamp: IdentityStamp) {
    while IdentityStamp::of(folder).is_none_or(|newest| newest == stamp) {
        tokio::time::sleep(LOOK_FOR_IDENTITY).await;
    }
}

/// How long to wait before the next try, after the `last` wait and a connection that `stood` so long. What was
/// said on it does not count: a server that greets every box and hangs up would be called twice a second by
/// each of them.
pub(crate) fn next_wait(last: Duration, stood: Duration) -> Duration {
    if stood >= GOOD_CONNECTION {
        SHORTEST_WAIT
    } else {
        last.saturating_mul(2).clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }
}

/// Waits until `hinamorictl enrol` has stored an identity.
pub(crate) async fn enrolled(folder: &Path) -> (Identity, IdentityStamp) {
    let mut told = None;
    loop {
        // The stamp first: what is stored after it counts as a newer one.
        let stamp = IdentityStamp::of(folder);
        match (Identity::load(folder), stamp) {
            (Ok(Some(identity)), Some(stamp)) => return (identity, stamp),
            (Ok(_), _) => {}
            (Err(error), _) if told != Some(stamp) => {
                told = Some(stamp);
                tracing::error!(error = &error as &dyn std::error::Error, "the identity cannot be used");
            }
            (Err(_), _) => {}
        }
        tokio::time::sleep(LOOK_FOR_IDENTITY).await;
    }
}

/// Between half and the whole of `wait`, so that forty boxes do not come back in one second.
pub(crate) fn jittered(wait: Duration) -> Duration {
    let mut random = [0; 1];
    if getrandom::fill(&mut random).is_err() {
        return wait;
    }
    let [random] = random;
    wait / 2 + (wait / 2).mul_f64(f64::from(random) / 255.0)
}

/// What happens on a connection.
pub(crate) enum Carried {
    /// Bytes of the peer.
    Received(Vec<u8>),
    /// Everything that was sent so far has left.
    Drained,
}

/// Carries bytes until one side ends it. `tell` gives whether the core still listens.
pub(crate) async fn carry(
    stream: impl AsyncRead + AsyncWrite,
    outgoing: UnboundedReceiver<Vec<u8>>,
    tell: &impl Fn(Carried) -> bool,
) {
    let (read, write) = tokio::io::split(stream);
    tokio::select! {
        () = receive(read, tell) => {}
        () = send(write, outgoing, tell) => {}
    }
}

async fn receive(mut stream: impl AsyncRead + Unpin, tell: &impl Fn(Carried) -> bool) {
    let mut chunk = vec![0; READ_CHUNK];
    loop {
        match stream.read(&mut chunk).await {
            Ok(0) => return,
            Ok(read) => {
                let bytes = chunk.get(..read).unwrap_or_default().to_vec();
                // Waits while the core is busy: then the server has to wait too.
                if !tell(Carried::Received(bytes)) {
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
    mut stream: impl AsyncWrite + Unpin,
    mut outgoing: UnboundedReceiver<Vec<u8>>,
    tell: &impl Fn(Carried) -> bool,
) {
    while let Some(bytes) = outgoing.recv().await {
        if let Err(error) = write(&mut stream, &bytes).await {
            debug!(%error, "the connection failed");
            return;
        }
        if outgoing.is_empty() && !tell(Carried::Drained) {
            return;
        }
    }
    // The core closed the connection: say so to the server.
    if let Err(error) = stream.shutdown().await {
        debug!(%error, "the connection failed at its end");
    }
}

/// Writes a whole message, however long it takes, as long as bytes move.
async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let taken = timeout(PROGRESS_WITHIN, stream.write(rest)).await??;
        if taken == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    // What TLS holds back is at most 64 KiB, so that this is a step like any other.
    timeout(PROGRESS_WITHIN, stream.flush()).await?
}

#[cfg(test)]
mod tests;
