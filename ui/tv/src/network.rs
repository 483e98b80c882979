//! Boxes on the same network, by mDNS (RFC 6762). Whoever says to be one is believed nothing: what they pass on is signed.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use mdns_sd::{ServiceDaemon, ServiceEvent};
use tracing::{info, warn};

use crate::shared::Shared;

/// The service by which boxes say that they tell televisions (RFC 6763 §7).
const SERVICE: &str = "_hinamori-tv._tcp.local.";

/// Hears of boxes for as long as the receiver lives.
pub(crate) fn hear(shared: &Arc<Shared>) {
    let heard = ServiceDaemon::new().and_then(|daemon| daemon.browse(SERVICE).map(|events| (daemon, events)));
    let (_daemon, events) = match heard {
        Ok(heard) => heard,
        Err(problem) => {
            warn!(error = &problem as &dyn std::error::Error, "boxes on this network are not heard of");
            return;
        }
    };
    while let Ok(event) = events.recv() {
        let ServiceEvent::ServiceResolved(found) = event else { continue };
        // A link-local address of IPv6 is good on one interface only, and no part of an address of HTTP.
        let is_usable = |ip: &IpAddr| !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let addresses = found.addresses.iter().map(mdns_sd::ScopedIp::to_ip_addr).filter(is_usable);
        for ip in addresses.collect::<BTreeSet<_>>() {
            let address = SocketAddr::new(ip, found.port).to_string();
            info!(address, "a box is on this network");
            shared.add_box(address);
        }
    }
}
