//! The way to other boxes on the same network: says by mDNS (RFC 6762) that it is there, dials whom it hears of and whom the installer
//! named, and carries bytes between them and the core. Like the link it sees no database and no session.

use std::collections::BTreeSet;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hinamori_model::BoxId;
use hinamori_net_tls::{Identity, Neighbour, TlsError};
use mdns_sd::{ServiceDaemon, ServiceEvent, ServiceInfo};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::JoinSet;
use tracing::{debug, info, warn};

use crate::config::NeighbourConfig;
use crate::core::{Dialler, Event, Inbox, NeighbourEvent};
use crate::link::{Carried, carry, enrolled, jittered, next_wait, replaced};

/// The service by which boxes find each other (RFC 6763 §7).
const SERVICE: &str = "_hinamori._tcp.local.";
/// Handshakes at once: a stranger on the network costs no more.
const STRANGERS: usize = 8;
/// Boxes that are dialled: more than a shelter has.
const MOST_DIALLED: usize = 32;

/// Meets other boxes for as long as the daemon lives, each time with the newest identity.
pub(crate) async fn run(config: NeighbourConfig, own: BoxId, identity_folder: PathBuf, core: Inbox) {
    loop {
        let (identity, stamp) = enrolled(&identity_folder).await;
        let identity = Arc::new(identity);
        tokio::select! {
            () = meet(&config, own, &identity, &core) => return,
            () = replaced(&identity_folder, stamp) => {}
        }
    }
}

async fn meet(config: &NeighbourConfig, own: BoxId, identity: &Arc<Identity>, core: &Inbox) {
    // Ends with this function: whoever is met under an old identity is let go.
    let mut tasks = JoinSet::new();
    let lines = Arc::new(AtomicU64::new(0));
    let listener = match TcpListener::bind(config.listen).await {
        Ok(listener) => Some(listener),
        Err(error) => {
            // Whom it dials it meets all the same.
            warn!(%error, listen = %config.listen, "other boxes cannot call this one");
            None
        }
    };
    for address in &config.peers {
        tasks.spawn(keep_dialling(
            None,
            own,
            address.clone(),
            Arc::clone(identity),
            core.clone(),
            Arc::clone(&lines),
        ));
    }
    let here = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let mdns = here.filter(|_| config.discover).and_then(|here| Mdns::begin(own, here));
    let mut dialled = BTreeSet::new();
    let handshakes = Arc::new(Semaphore::new(STRANGERS));
    loop {
        tokio::select! {
            accepted = accept(listener.as_ref()) => match accepted {
                Ok((stream, from)) => {
                    let Ok(permit) = Arc::clone(&handshakes).try_acquire_owned() else { continue };
                    let (identity, core, lines) = (Arc::clone(identity), core.clone(), Arc::clone(&lines));
                    tasks.spawn(async move {
                        let met = identity.accept_neighbour(stream).await;
                        drop(permit);
                        match met {
                            Ok(neighbour) => talk(neighbour, own, false, &core, &lines).await,
                            Err(error) => debug!(%from, error = &error as &dyn std::error::Error, "no box of ours"),
                        }
                    });
                }
                Err(error) => {
                    // Out of file descriptors, as a rule: no reason to spin.
                    debug!(%error, "a connection was not taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            found = heard(mdns.as_ref()) => {
                let Some((peer, addresses)) = found else { continue };
                // Of two boxes that hear of each other the one with the smaller id dials.
                if peer <= own || dialled.len() >= MOST_DIALLED {
                    continue;
                }
                let addresses: Vec<String> =
                    addresses.into_iter().filter(|address| dialled.insert((peer, address.clone()))).collect();
                if !addresses.is_empty() {
                    info!(%peer, "another box is on this network");
                    for address in addresses {
                        let (identity, core, lines) = (Arc::clone(identity), core.clone(), Arc::clone(&lines));
                        tasks.spawn(keep_dialling(Some(peer), own, address, identity, core, lines));
                    }
                }
            }
            Some(_ended) = tasks.join_next() => {}
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(tokio::net::TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// What is announced, and what others announce.
struct Mdns {
    _daemon: ServiceDaemon,
    heard: mdns_sd::Receiver<ServiceEvent>,
}

impl Mdns {
    fn begin(own: BoxId, here: SocketAddr) -> Option<Self> {
        let daemon = announce(SERVICE, own, here)?;
        match daemon.browse(SERVICE) {
            Ok(heard) => Some(Self { _daemon: daemon, heard }),
            Err(error) => {
                warn!(%error, "other boxes are not looked for on this network");
                None
            }
        }
    }
}

/// Says by mDNS that a service of this box is here. Nothing of it is secret: an id that is made of a public key, an address and a port.
pub(crate) fn announce(service: &str, own: BoxId, here: SocketAddr) -> Option<ServiceDaemon> {
    let begun = || -> Result<ServiceDaemon, mdns_sd::Error> {
        let daemon = ServiceDaemon::new()?;
        let name = own.to_string();
        // One for each service: two answerers that give one name other addresses would both give it up.
        let label = service.trim_start_matches('_').split('.').next().unwrap_or_default();
        let host = format!("{label}-{}.local.", name.get(..12).unwrap_or_default());
        // All addresses of this machine, or the one at which alone it listens.
        let address = if here.ip().is_unspecified() { String::new() } else { here.ip().to_string() };
        let nothing_more = &[] as &[(&str, &str)];
        let said = ServiceInfo::new(service, &name, &host, address.as_str(), here.port(), nothing_more)?;
        daemon.register(if address.is_empty() { said.enable_addr_auto() } else { said })?;
        Ok(daemon)
    };
    match begun() {
        Ok(daemon) => Some(daemon),
        Err(error) => {
            warn!(%error, service, "nobody on this network is told of a service");
            None
        }
    }
}

/// The next box that says that it is there, with its addresses.
async fn heard(mdns: Option<&Mdns>) -> Option<(BoxId, Vec<String>)> {
    let Some(mdns) = mdns else { return std::future::pending().await };
    let Ok(event) = mdns.heard.recv_async().await else { return std::future::pending().await };
    let ServiceEvent::ServiceResolved(found) = event else { return None };
    let peer: BoxId = found.get_fullname().split('.').next()?.parse().ok()?;
    let mut addresses: Vec<std::net::IpAddr> =
        found.get_addresses().iter().map(|address| address.to_ip_addr()).collect();
    // Addresses that need an interface's name are left out: one of the others is there on every network.
    addresses.retain(|address| !matches!(address, std::net::IpAddr::V6(address) if is_link_local(*address)));
    addresses.sort_unstable();
    let first = addresses.first()?;
    Some((peer, vec![SocketAddr::new(*first, found.get_port()).to_string()]))
}

const fn is_link_local(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local()
}

/// Dials a box again and again.
async fn keep_dialling(
    peer: Option<BoxId>,
    own: BoxId,
    address: String,
    identity: Arc<Identity>,
    core: Inbox,
    lines: Arc<AtomicU64>,
) {
    let mut wait = Duration::ZERO;
    loop {
        let began = tokio::time::Instant::now();
        match identity.dial_neighbour(&address).await {
            Ok(neighbour) if peer.is_none_or(|peer| peer == neighbour.id) => {
                talk(neighbour, own, true, &core, &lines).await;
            }
            Ok(_another_box) => debug!(%address, "another box than was announced"),
            Err(TlsError::Unreachable(error)) => debug!(%address, %error, "a box is not reachable"),
            Err(error) => debug!(%address, error = &error as &dyn std::error::Error, "no box of ours"),
        }
        wait = next_wait(wait, began.elapsed());
        tokio::time::sleep(jittered(wait)).await;
    }
}

/// Carries bytes between the core and a box until one of them ends it.
async fn talk(neighbour: Neighbour, own: BoxId, dialled: bool, core: &Inbox, lines: &AtomicU64) {
    let Neighbour { id: peer, key, stream } = neighbour;
    let line = lines.fetch_add(1, Ordering::Relaxed);
    let (out, outgoing) = unbounded_channel();
    let dialler = if dialled == (own < peer) { Dialler::SmallerId } else { Dialler::LargerId };
    if !core.send(Event::Neighbour(NeighbourEvent::Up { peer, key, line, dialler, out })) {
        return;
    }
    let tell = |carried| {
        core.send(Event::Neighbour(match carried {
            Carried::Received(bytes) => NeighbourEvent::Received { peer, line, bytes },
            Carried::Drained => NeighbourEvent::Drained { peer, line },
        }))
    };
    carry(stream, outgoing, &tell).await;
    if !core.send(Event::Neighbour(NeighbourEvent::Down { peer, line })) {
        debug!("the daemon ends");
    }
}
