//! One connection between a box and its server, without the connection.

use std::collections::BTreeSet;

use hinamori_model::{BoxId, SiteId};
use hinamori_record::{ActorId, DocumentScope};

use crate::frame::Reader;
use crate::message::{Message, PROTOCOL, WireBatch, vectors_of, wire_vectors};
use crate::town::{LONGEST_PACKAGE, SignedPackage};
use crate::{
    Grants, HandOver, HandOverDigest, KeyMark, KeyRows, ListMessage, RosterMessage, SealedBatch, Vectors,
    VerifiedBatch, verify,
};

/// Bytes of a message from a box: a run is at most [`crate::seal::LONGEST_RUN_BYTES`] of changes.
const LONGEST_FROM_BOX: usize = 9 << 20;
/// Bytes of a message from the server: it also sends town packages.
const LONGEST_FROM_SERVER: usize = LONGEST_PACKAGE + 1_024;

/// Which end of a connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A box at its server.
    Box,
    /// The server; the peer's box id comes from its device certificate.
    Server {
        /// The box at the other end.
        peer: BoxId,
    },
}

/// One connection's state. Feed it bytes as they come and its own side's changes; do what its [`Effects`]
/// say. It reads no clock and no disk: the caller looks up batches with [`Session::peer`].
#[derive(Debug)]
pub struct Session {
    side: Side,
    root: [u8; 32],
    town: Option<SignedPackage>,
    grants: Grants,
    own: Vectors,
    frames: Reader,
    /// `None` until the peer's hello.
    peer: Option<Peer>,
    nothing_known: Vectors,
    /// Received, and to be confirmed when durable.
    received: BTreeSet<(DocumentScope, ActorId)>,
}

/// What is known of the other end.
#[derive(Debug)]
struct Peer {
    town: u64,
    vectors: Vectors,
    keys: Option<KeyMark>,
}

impl Peer {
    fn has(&mut self, scope: DocumentScope, actor: ActorId, upto: u32) {
        let known = self.vectors.entry(scope).or_default().entry(actor).or_default();
        *known = upto.max(*known);
    }
}

/// What the caller has to do, in this order.
#[derive(Debug, Default)]
#[must_use]
pub struct Effects {
    /// Store these, then call [`Session::stored`] with the vectors after the commit.
    pub store: Vec<VerifiedBatch>,
    /// Keep these for an operator: reason and bytes. The connection goes on.
    pub quarantine: Vec<(String, Vec<u8>)>,
    /// The server has these durably: take them out of the outbox.
    pub confirmed: Vec<(DocumentScope, ActorId, u32)>,
    /// A complete newer town package whose signature holds: store it. The session already goes by it.
    pub town: Option<SignedPackage>,
    /// About revocation lists, in the order in which it came.
    pub lists: Vec<ListMessage>,
    /// About the parts of the roster, in the order in which it came.
    pub roster: Vec<RosterMessage>,
    /// Rows of the peer's key table: absorb them before the batches, whose records may stand under these keys.
    pub keys: Vec<KeyRows>,
    /// At the server: keep these durably, then answer with [`Session::handed_over`].
    pub hand_overs: Vec<HandOver>,
    /// At a box: the server has these pieces durably.
    pub handed_over: Vec<HandOverDigest>,
    /// The peer said hello, or may read more than before: look for batches it lacks and [`Session::offer`]
    /// them until there are none.
    pub look_up: bool,
    /// Bytes to send.
    pub send: Vec<u8>,
}

/// The peer broke the protocol: close the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerMisbehaved {
    /// A frame that cannot be followed.
    #[error("the peer sent a frame that cannot be followed")]
    Frame,
    /// A message longer than any.
    #[error("the peer sent a message of over {maximum} bytes")]
    TooLong {
        /// The bound.
        maximum: usize,
    },
    /// Frames that carry no message of this version.
    #[error("the peer sent a message that cannot be read")]
    Message,
    /// A message out of its place: nothing before hello, no second hello, the server's messages from a box.
    #[error("the peer sent {what} out of place")]
    OutOfPlace {
        /// Which message.
        what: &'static str,
    },
    /// Another version of the protocol.
    #[error("the peer speaks version {theirs} of the protocol, this program {PROTOCOL}")]
    OtherVersion {
        /// The peer's version.
        theirs: u16,
    },
}

impl Session {
    /// Begins; the second value is the bytes of this side's hello. `town` is the newest package held (the
    /// server sends it to boxes that hold an older one); `root` is the pinned town root key; `own` is what
    /// this side holds durably.
    pub fn new(
        side: Side,
        root: [u8; 32],
        town: Option<SignedPackage>,
        grants: Grants,
        own: &Vectors,
    ) -> (Self, Vec<u8>) {
        Self::with_keys(side, root, town, grants, own, None)
    }

    /// The same for a side with a key table; `keys` is how far it has absorbed the peer's.
    pub fn with_keys(
        side: Side,
        root: [u8; 32],
        town: Option<SignedPackage>,
        grants: Grants,
        own: &Vectors,
        keys: Option<KeyMark>,
    ) -> (Self, Vec<u8>) {
        let session = Self {
            side,
            root,
            town,
            grants,
            own: own.clone(),
            frames: Reader::default(),
            peer: None,
            nothing_known: Vectors::new(),
            received: BTreeSet::new(),
        };
        let shown = own.iter().filter(|(scope, _)| session.peer_may_read(scope.site));
        let (town, vectors) = (session.town_version(), wire_vectors(shown));
        let hello = Message::Hello { protocol: PROTOCOL, town, vectors, keys };
        (session, hello.encode())
    }

    fn town_version(&self) -> u64 {
        self.town.as_ref().map_or(0, SignedPackage::version)
    }

    /// A box shows the server everything; the server shows a box what its grant names.
    fn peer_may_read(&self, site: SiteId) -> bool {
        match self.side {
            Side::Box => true,
            Side::Server { peer } => self.grants.0.get(&peer).is_some_and(|grant| grant.may_read(site)),
        }
    }

    /// Takes bytes as they came from the stream, cut anywhere.
    ///
    /// # Errors
    /// [`PeerMisbehaved`].
    pub fn received(&mut self, bytes: &[u8]) -> Result<Effects, PeerMisbehaved> {
        let longest = match self.side {
            Side::Box => LONGEST_FROM_SERVER,
            Side::Server { .. } => LONGEST_FROM_BOX,
        };
        let mut effects = Effects::default();
        self.frames.feed(bytes);
        while let Some(message) = self.frames.next(longest)? {
            let (read, rest) =
                postcard::take_from_bytes(&message).map_err(|_no_message| PeerMisbehaved::Message)?;
            if !rest.is_empty() {
                return Err(PeerMisbehaved::Message);
            }
            self.message(read, &mut effects)?;
        }
        Ok(effects)
    }

    fn message(&mut self, message: Message, effects: &mut Effects) -> Result<(), PeerMisbehaved> {
        if let Message::Hello { protocol, town, vectors, keys } = message {
            return self.hello(protocol, Peer { town, vectors: vectors_of(vectors), keys }, effects);
        }
        let Some(peer) = &mut self.peer else {
            return Err(PeerMisbehaved::OutOfPlace { what: "something before its hello" });
        };
        match (message, self.side) {
            (Message::Batch(batch), _) => self.batch(batch, effects),
            (Message::Durable(documents), Side::Box) => {
                for (scope, actors) in vectors_of(documents) {
                    for (actor, upto) in actors {
                        peer.has(scope, actor, upto);
                        effects.confirmed.push((scope, actor, upto));
                    }
                }
            }
            (Message::Town(bytes), Side::Box) => self.package(&bytes, effects),
            (Message::List(message), _) if !message.is_bounded() => {
                return Err(PeerMisbehaved::OutOfPlace { what: "more of lists than fits into one message" });
            }
            (Message::List(message), side) if message.is_the_servers() == (side == Side::Box) => {
                effects.lists.push(message);
            }
            (Message::List(_), _) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what only the other side says of lists" });
            }
            (Message::Roster(message), _) if !message.is_bounded() => {
                return Err(PeerMisbehaved::OutOfPlace { what: "more of a part than fits into one message" });
            }
            (Message::Roster(message), side) if message.is_the_servers() == (side == Side::Box) => {
                effects.roster.push(message);
            }
            (Message::Roster(_), _) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what only the other side says of parts" });
            }
            (Message::Keys(rows), _) if !rows.is_bounded() => {
                return Err(PeerMisbehaved::OutOfPlace { what: "more keys than fit into one message" });
            }
            (Message::Keys(rows), _) => effects.keys.push(rows),
            (Message::HandOver(piece), Side::Server { .. }) if piece.is_bounded() => {
                effects.hand_overs.push(piece);
            }
            (Message::HandOver(_), _) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what only a box hands over" });
            }
            (Message::HandedOver(digest), Side::Box) => effects.handed_over.push(digest),
            (Message::Durable(_) | Message::Town(_) | Message::HandedOver(_), Side::Server { .. }) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what only a server says" });
            }
            (Message::Hello { .. }, _) => return Err(PeerMisbehaved::Message),
        }
        Ok(())
    }

    fn hello(&mut self, protocol: u16, peer: Peer, effects: &mut Effects) -> Result<(), PeerMisbehaved> {
        if protocol != PROTOCOL {
            return Err(PeerMisbehaved::OtherVersion { theirs: protocol });
        }
        if self.peer.is_some() {
            return Err(PeerMisbehaved::OutOfPlace { what: "a second hello" });
        }
        if self.side == Side::Box {
            // What the server already had when the last connection broke before it could say so.
            for (scope, actors) in &peer.vectors {
                let own = self.own.get(scope).into_iter().flatten();
                let both = own.filter_map(|(actor, held)| Some((actor, held.min(actors.get(actor)?))));
                effects.confirmed.extend(both.map(|(actor, upto)| (*scope, *actor, *upto)));
            }
        }
        self.own.clear();
        self.peer = Some(peer);
        effects.send.extend(self.newer_town());
        effects.look_up = true;
        Ok(())
    }

    /// The server's package, when the box at the other end holds an older one.
    fn newer_town(&mut self) -> Vec<u8> {
        match (self.side, &self.town, &mut self.peer) {
            (Side::Server { .. }, Some(town), Some(peer)) if town.version() > peer.town => {
                peer.town = town.version();
                Message::Town(town.as_bytes().to_vec()).encode()
            }
            _ => Vec::new(),
        }
    }

    fn batch(&mut self, batch: WireBatch, effects: &mut Effects) {
        // The bytes are needed again only when somebody has to look at them.
        let kept = postcard::to_stdvec(&batch).unwrap_or_default();
        let Some(claimed) = batch.claimed() else {
            effects.quarantine.push(("a change that does not decode".to_owned(), kept));
            return;
        };
        match verify(claimed, &self.grants) {
            Ok(verified) => {
                let seal = verified.seal();
                if let Some(peer) = &mut self.peer {
                    peer.has(seal.scope, seal.actor, seal.upto);
                }
                self.received.insert((seal.scope, seal.actor));
                effects.store.push(verified);
            }
            Err(error) => effects.quarantine.push((error.to_string(), kept)),
        }
    }

    fn package(&mut self, bytes: &[u8], effects: &mut Effects) {
        if let Some(peer) = &mut self.peer {
            // It came, whatever becomes of it.
            peer.town = 0;
        }
        match SignedPackage::open(bytes, &self.root) {
            Ok((signed, package)) if signed.version() > self.town_version() => {
                self.grants = Grants::from(&package);
                self.town = Some(signed.clone());
                effects.town = Some(signed);
            }
            Ok(_) => {}
            Err(error) => {
                effects.quarantine.push((error.to_string(), bytes.to_vec()));
            }
        }
    }

    /// What the peer is known to have or was already sent: what `Store::batches_missing_at` asks for. Scopes
    /// that the peer may not read are not filtered here but in [`Session::offer`].
    pub fn peer(&self) -> &Vectors {
        self.peer.as_ref().map_or(&self.nothing_known, |peer| &peer.vectors)
    }

    /// Sends batches to the peer as far as it may read them, and remembers that it has them. Before the
    /// peer's hello nothing is sent.
    pub fn offer(&mut self, batches: Vec<SealedBatch>) -> Vec<u8> {
        let mut send = Vec::new();
        for batch in batches {
            let (scope, actor, upto) = (batch.seal.scope, batch.seal.actor, batch.seal.upto);
            if !self.peer_may_read(scope.site) {
                continue;
            }
            let Some(peer) = &mut self.peer else { break };
            peer.has(scope, actor, upto);
            send.extend(Message::Batch(batch.into()).encode());
        }
        send
    }

    /// The bytes of a message about lists. Before the peer's hello nothing is sent.
    pub fn tell(&self, message: ListMessage) -> Vec<u8> {
        if self.peer.is_some() { Message::List(message).encode() } else { Vec::new() }
    }

    /// The bytes of a message about the parts of the roster. Before the peer's hello nothing is sent.
    pub fn tell_roster(&self, message: RosterMessage) -> Vec<u8> {
        if self.peer.is_some() { Message::Roster(message).encode() } else { Vec::new() }
    }

    /// At a box: whether the server has a newer package that is not here yet. It may close an incident, so nothing is offered
    /// before.
    pub fn awaits_town(&self) -> bool {
        let newest = self.peer.as_ref().map_or(0, |peer| peer.town);
        self.side == Side::Box && newest > self.town_version()
    }

    /// How far the peer has absorbed this side's key table; the outer `None` before its hello.
    pub fn peer_keys(&self) -> Option<Option<KeyMark>> {
        self.peer.as_ref().map(|peer| peer.keys)
    }

    /// The bytes of rows of this side's key table. Before the peer's hello nothing is sent.
    pub fn tell_keys(&self, rows: KeyRows) -> Vec<u8> {
        if self.peer.is_some() { Message::Keys(rows).encode() } else { Vec::new() }
    }

    /// At a box: the bytes that hand a piece of a closed incident over. Before the server's hello nothing is sent.
    pub fn hand_over(&self, piece: HandOver) -> Vec<u8> {
        if self.peer.is_some() { Message::HandOver(piece).encode() } else { Vec::new() }
    }

    /// At the server: the bytes of the receipt for a piece that is durable.
    pub fn handed_over(&self, digest: HandOverDigest) -> Vec<u8> {
        Message::HandedOver(digest).encode()
    }

    /// The batches of [`Effects::store`] are durable; `own` is what this side holds now. A server answers
    /// with what is durable (the receipt's first form).
    pub fn stored(&mut self, own: &Vectors) -> Vec<u8> {
        let received = std::mem::take(&mut self.received);
        if self.side == Side::Box {
            return Vec::new();
        }
        let mut durable = Vectors::new();
        for (scope, actor) in received {
            if let Some(upto) = own.get(&scope).and_then(|actors| actors.get(&actor)) {
                durable.entry(scope).or_default().insert(actor, *upto);
            }
        }
        if durable.is_empty() { Vec::new() } else { Message::Durable(wire_vectors(durable.iter())).encode() }
    }

    /// The town changed. At the server: a box was enrolled or the register was read anew, and the package
    /// goes to the box; look up afterwards, it may be allowed to read more. At a box: another carrier brought
    /// a package.
    pub fn town_changed(&mut self, town: SignedPackage, grants: Grants) -> Vec<u8> {
        self.town = Some(town);
        self.grants = grants;
        self.newer_town()
    }
}
