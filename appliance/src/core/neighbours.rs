//! Other boxes of the town, without a server: on the same network, or by a stick. They say records, keys of people and the town's package to
//! each other, each as far as the other's grant goes; what comes is checked as if it came from the server, and passed on to it.

use std::collections::BTreeMap;

use hinamori_model::{BoxId, SpkiHash, UnixMillis};
use hinamori_record::DocumentScope;
use hinamori_store_sqlite::{Durability, Place, StoreError, keys_of_a_box};
use hinamori_sync::{Effects, Held, KeyRows, Session, Side, Vectors};
use tokio::sync::mpsc::UnboundedSender;
use tracing::{error, info, warn};

use super::Core;
use super::alerts::Carrier;
use super::uplink::portion_for;

/// What a box may say of alerts that does not hold, on one connection: checking a signature is work.
const REFUSED_AT_MOST: usize = 16;

/// What comes from the network that boxes share.
#[derive(Debug)]
pub(crate) enum NeighbourEvent {
    /// A connection to a box stands whose certificate is of this town, for this TLS key; what is sent to `out` goes to it, in order.
    Up { peer: BoxId, key: SpkiHash, line: u64, dialler: Dialler, out: UnboundedSender<Vec<u8>> },
    /// Bytes of it.
    Received { peer: BoxId, line: u64, bytes: Vec<u8> },
    /// Everything that was sent to it so far has left.
    Drained { peer: BoxId, line: u64 },
    /// The connection is gone.
    Down { peer: BoxId, line: u64 },
}

/// Which of two boxes dialled. Both may, and then the connection of the one with the smaller id is the one that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialler {
    SmallerId,
    LargerId,
}

/// A box to which a connection stands.
struct Neighbour {
    line: u64,
    key: SpkiHash,
    dialler: Dialler,
    session: Session,
    out: UnboundedSender<Vec<u8>>,
    busy: bool,
    look_up: bool,
    keys_told: Option<Place>,
    /// What it said of alerts and does not hold.
    refused: usize,
}

impl Neighbour {
    fn send(&mut self, bytes: Vec<u8>) {
        if !bytes.is_empty() {
            // A connection that is gone says so by itself.
            self.busy |= self.out.send(bytes).is_ok();
        }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Neighbours(BTreeMap<BoxId, Neighbour>);

impl Neighbours {
    /// There may be something that they lack.
    pub(super) fn look_up(&mut self) {
        self.0.values_mut().for_each(|neighbour| neighbour.look_up = true);
    }

    pub(super) fn hang_up(&mut self) {
        self.0.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Core {
    pub(super) fn neighbour_event(&mut self, event: NeighbourEvent, now: UnixMillis) {
        match event {
            NeighbourEvent::Up { peer, key, line, dialler, out } => {
                self.neighbour_up(peer, key, line, dialler, out);
            }
            NeighbourEvent::Received { peer, line, bytes } => {
                let Some(neighbour) = self.neighbour(peer, line) else { return };
                match neighbour.session.received(&bytes) {
                    Ok(effects) => self.heard_of_neighbour(peer, effects, now),
                    Err(problem) => {
                        warn!(%peer, error = &problem as &dyn std::error::Error, "a box cannot be followed");
                        self.neighbours.0.remove(&peer);
                    }
                }
            }
            NeighbourEvent::Drained { peer, line } => {
                if let Some(neighbour) = self.neighbour(peer, line) {
                    neighbour.busy = false;
                }
            }
            NeighbourEvent::Down { peer, line } => {
                if self.neighbour(peer, line).is_some() {
                    self.neighbours.0.remove(&peer);
                    info!(%peer, "a neighbour is gone");
                }
            }
        }
    }

    fn neighbour(&mut self, peer: BoxId, line: u64) -> Option<&mut Neighbour> {
        self.neighbours.0.get_mut(&peer).filter(|neighbour| neighbour.line == line)
    }

    /// A newer connection takes the older one's place, unless that is the one that stays.
    fn neighbour_up(
        &mut self,
        peer: BoxId,
        key: SpkiHash,
        line: u64,
        dialler: Dialler,
        out: UnboundedSender<Vec<u8>>,
    ) {
        // Dropping its way out closes the connection.
        if !self.is_neighbour(peer) {
            return warn!(%peer, "a box that the town does not name, or shut out, wants to speak");
        }
        if !self.is_newest_key(peer, key) {
            return warn!(%peer, "a box shows another certificate than the town's package names for it");
        }
        let known = self.neighbours.0.get(&peer).map(|neighbour| neighbour.dialler);
        if (known, dialler) == (Some(Dialler::SmallerId), Dialler::LargerId) {
            return;
        }
        let Some(root) = self.uplink.root else { return };
        let vectors = self.town_vectors(&root);
        let (session, hello) = self.neighbour_session(peer, root, &vectors);
        let mut neighbour = Neighbour {
            line,
            key,
            dialler,
            session,
            out,
            busy: false,
            look_up: false,
            keys_told: None,
            refused: 0,
        };
        neighbour.send(hello);
        info!(%peer, "another box of the town is here");
        self.neighbours.0.insert(peer, neighbour);
    }

    /// Whether the town names a box, and it is neither shut out nor this one.
    pub(super) fn is_neighbour(&self, peer: BoxId) -> bool {
        peer != self.own && self.uplink.grants.0.contains_key(&peer) && !self.town.denied.contains(&peer)
    }

    /// Whether the town gave the box its newest certificate for this TLS key. A stick shows none: it is signed by the seal key.
    fn is_newest_key(&self, peer: BoxId, key: SpkiHash) -> bool {
        self.uplink.grants.0.get(&peer).is_some_and(|grant| grant.tls_key == key.0)
    }

    fn neighbour_session(&self, peer: BoxId, root: [u8; 32], vectors: &Vectors) -> (Session, Vec<u8>) {
        let keys = self.person_keys.absorbed_of(&peer.to_string()).unwrap_or_else(|problem| {
            warn!(error = &problem as &dyn std::error::Error, "all keys are asked for anew");
            None
        });
        let (package, grants) = (self.uplink.package.clone(), self.uplink.grants.clone());
        let alerts = self.alerts_held();
        let held = Held { vectors, keys, alerts: &alerts, ..Held::NOTHING };
        Session::new(Side::Neighbour { peer }, root, package, grants, held)
    }

    fn heard_of_neighbour(&mut self, peer: BoxId, effects: Effects, now: UnixMillis) {
        let Effects { store, quarantine, town, keys, alerts, look_up, send, .. } = effects;
        if let Some(neighbour) = self.neighbours.0.get_mut(&peer) {
            neighbour.look_up |= look_up;
            neighbour.send(send);
        }
        let refused = self.take_alerts(Carrier::Neighbour(peer), alerts, now);
        if let Some(neighbour) = self.neighbours.0.get_mut(&peer) {
            neighbour.refused = neighbour.refused.saturating_add(refused);
            if neighbour.refused >= REFUSED_AT_MOST {
                warn!(%peer, "a box says nothing of alerts that holds, and is not listened to");
                self.neighbours.0.remove(&peer);
                return;
            }
        }
        if look_up {
            self.tell_neighbours_of_alerts();
        }
        // First the town, as from the server.
        if let Some(signed) = town {
            self.take_new_package(&signed, now);
        }
        for (reason, bytes) in quarantine {
            self.put_aside(&reason, &bytes, now);
        }
        // Durably: the server may lack them, and the disk of whoever wrote them may be gone tomorrow.
        let taken = self.keys_of_neighbour(peer, keys);
        if let Err(problem) = taken.and_then(|()| self.take_batches(store, Durability::Durable, now)) {
            error!(error = &problem as &dyn std::error::Error, "what a neighbour said was not written");
            // Connecting anew asks for it again.
            self.neighbours.0.remove(&peer);
        }
    }

    /// Takes keys that another box tells.
    fn keys_of_neighbour(&mut self, peer: BoxId, heard: Vec<KeyRows>) -> Result<(), StoreError> {
        for rows in heard {
            let known = keys_of_a_box(&rows, &self.town.incident_keys);
            let _absorbed = self.person_keys.absorb_of(&peer.to_string(), &known, rows.upto)?;
        }
        Ok(())
    }

    /// Passes on what they lack of alerts: whoever has them needs no key for that.
    pub(super) fn tell_neighbours_of_alerts(&mut self) {
        let told = self.told_for_neighbours();
        let (list, alerts) = self.alerts.to_pass_on();
        let for_officers = self.officers.files.to_pass_on();
        for neighbour in self.neighbours.0.values_mut() {
            let mut bytes = neighbour.session.offer_alerts(list, []);
            let all = alerts.iter().copied().chain(&for_officers).chain(&told);
            bytes.extend(neighbour.session.offer_of_alerts(all));
            neighbour.send(bytes);
        }
    }

    /// The town says something new: who is shut out goes, and the others hear of it.
    pub(super) fn tell_neighbours_of_town(&mut self) {
        let stays = |peer: BoxId, key: SpkiHash| self.is_neighbour(peer) && self.is_newest_key(peer, key);
        let known = self.neighbours.0.iter().map(|(peer, neighbour)| (*peer, neighbour.key));
        let gone: Vec<BoxId> =
            known.filter(|(peer, key)| !stays(*peer, *key)).map(|(peer, _)| peer).collect();
        for peer in gone {
            self.neighbours.0.remove(&peer);
            warn!(%peer, "a neighbour was shut out, or enrolled again since it came");
        }
        let Some(package) = self.uplink.package.clone() else { return };
        for neighbour in self.neighbours.0.values_mut() {
            let bytes = neighbour.session.town_changed(package.clone(), self.uplink.grants.clone());
            neighbour.send(bytes);
            neighbour.look_up = true;
        }
    }

    /// When nobody waits: offers other boxes what they lack, keys first.
    pub(super) fn offer_to_neighbours(&mut self) {
        let peers: Vec<BoxId> = self.neighbours.0.keys().copied().collect();
        for peer in peers {
            if let Err(problem) = self.offer_to(peer) {
                error!(
                    error = &problem as &dyn std::error::Error,
                    "records cannot be offered to a neighbour"
                );
            }
        }
    }

    fn offer_to(&mut self, peer: BoxId) -> Result<(), StoreError> {
        let Some(root) = self.uplink.root else { return Ok(()) };
        let (ledger, closing) = (&self.ledger, &self.closing);
        let Some(neighbour) = self.neighbours.0.get_mut(&peer) else { return Ok(()) };
        if neighbour.busy || !neighbour.look_up || neighbour.session.awaits_town() {
            return Ok(());
        }
        let is_of_town = |incident| ledger.is_of(&root, incident) && !closing.is_closed(incident);
        if let Some(absorbed) = neighbour.session.peer_keys() {
            let mut place = match neighbour.keys_told {
                Some(place) => place,
                None => self.person_keys.place_after(absorbed)?,
            };
            // Whoever made them: the record of a third box needs its key.
            let told = self.person_keys.tell(&mut place, true, |row| is_of_town(row.incident()))?;
            neighbour.keys_told = Some(place);
            if let Some(rows) = told {
                let bytes = neighbour.session.tell_keys(rows);
                neighbour.send(bytes);
                return Ok(());
            }
        }
        let offerable = neighbour.session.offerable();
        let wanted = |scope: &DocumentScope| is_of_town(scope.incident) && offerable.includes(scope);
        let found = portion_for(ledger, neighbour.session.peer(), wanted)?;
        neighbour.look_up = !found.is_empty();
        let bytes = neighbour.session.offer(found);
        neighbour.send(bytes);
        Ok(())
    }
}
