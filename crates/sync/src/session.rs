//! One connection between a box and its server, without the connection.

use std::collections::BTreeMap;

use hinamori_model::{BoxId, SiteId};
use hinamori_record::{ActorId, DocumentScope};
use ring::digest::{Context, SHA256};

use crate::frame::Reader;
use crate::message::{ClaimedBatch, Elder, Hello, Listener, Message, PROTOCOL, Speaker};
use crate::town::{LONGEST_PACKAGE, SignedPackage};
use crate::{
    AlertMessage, AlertsHeld, CarriedAlert, Condition, Grant, Grants, HandOver, HandOverDigest, KeyMark,
    KeyRows, ListMessage, Receipt, RosterMessage, SealedBatch, Vectors, VerifiedBatch, verify,
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
    /// A box at another box of its town, without a server: on a network that both are on, or by a stick. Both ends say the same
    /// kinds of things: records, keys of people, and the town's newer package.
    Neighbour {
        /// The box at the other end.
        peer: BoxId,
    },
}

/// What a side holds when a connection begins.
#[derive(Debug, Clone, Copy)]
pub struct Held<'v> {
    /// Of records, durably.
    pub vectors: &'v Vectors,
    /// At a box: its own changes that wait for a receipt, each actor's last one.
    pub waiting: &'v Vectors,
    /// How far it has absorbed the peer's key table; `None` when it never heard of one.
    pub keys: Option<KeyMark>,
    /// Of alerts.
    pub alerts: &'v AlertsHeld,
}

static NOTHING: Vectors = BTreeMap::new();

impl Held<'static> {
    /// Holds nothing and waits for nothing.
    pub const NOTHING: Self =
        Self { vectors: &NOTHING, waiting: &NOTHING, keys: None, alerts: AlertsHeld::NOTHING };
}

/// The documents of which batches may be offered: the peer may read them, and it is known what it has of them.
#[derive(Debug, Clone)]
pub struct Offerable {
    /// `None` before the peer's hello.
    from: Option<u32>,
    /// `None` for a server, which reads everything.
    readable_by: Option<Option<Grant>>,
}

impl Offerable {
    /// Whether a document is one of them.
    pub fn includes(&self, scope: &DocumentScope) -> bool {
        let is_readable = match &self.readable_by {
            None => true,
            Some(grant) => grant.as_ref().is_some_and(|grant| grant.may_read(scope.site)),
        };
        is_readable && self.from.is_some_and(|from| scope.period.day() >= from)
    }
}

/// Documents in which a box waits for receipts that its hello names; it asks for more with its next one.
const MOST_WAITING: usize = 1_024;
/// Writers of a box in one document: it has a new name with every start.
const MOST_WRITERS: usize = 256;
/// Days, beside the newest one, whose documents a hello names one by one.
const NAMED_DAYS: u32 = 1;

/// One connection's state. Feed it bytes as they come and its own side's changes; do what its [`Effects`]
/// say. It reads no clock and no disk: the caller looks up batches with [`Session::peer`].
#[derive(Debug)]
pub struct Session {
    side: Side,
    root: [u8; 32],
    town: Option<SignedPackage>,
    grants: Grants,
    frames: Reader,
    speaker: Speaker,
    listener: Listener,
    /// What this side held of old days when the connection began.
    elder: Vectors,
    /// Which of them its hello told by a digest, until the peer asks what they are.
    digested: Option<Elder>,
    /// `None` until the peer's hello.
    peer: Option<Peer>,
}

/// What is known of the other end.
#[derive(Debug)]
struct Peer {
    town: u64,
    vectors: Vectors,
    /// What it holds of days before this one is not known yet.
    unknown_before: u32,
    keys: Option<KeyMark>,
    /// Also what was sent to it, and what it sent.
    alerts: AlertsHeld,
}

impl Peer {
    fn has(&mut self, scope: DocumentScope, actor: ActorId, upto: u32) {
        let known = self.vectors.entry(scope).or_default().entry(actor).or_default();
        *known = upto.max(*known);
    }

    /// Whoever said it has it.
    fn has_alerts(&mut self, message: &AlertMessage) {
        match message {
            AlertMessage::Keys { version, .. } => self.alerts.list = self.alerts.list.max(*version),
            other => self.alerts.digests.extend(other.digest()),
        }
    }
}

/// What the caller has to do, in this order.
#[derive(Debug, Default)]
#[must_use]
pub struct Effects {
    /// Store these. A server then sends a [`Session::receipt`] for what it took.
    pub store: Vec<VerifiedBatch>,
    /// Keep these for an operator: reason and bytes. The connection goes on.
    pub quarantine: Vec<(String, Vec<u8>)>,
    /// At a box: the server says that it has these durably. Whoever wrote them compares ([`Receipt::is_for`]), and then takes them out
    /// of the outbox.
    pub receipts: Vec<Receipt>,
    /// At the server: the box waits for receipts of these, up to some change of an actor in a document.
    pub waiting: Vectors,
    /// A complete newer town package whose signature holds: store it. The session already goes by it.
    pub town: Option<SignedPackage>,
    /// About revocation lists, in the order in which it came.
    pub lists: Vec<ListMessage>,
    /// About the parts of the roster, in the order in which it came.
    pub roster: Vec<RosterMessage>,
    /// Rows of the peer's key table: absorb them before the batches, whose records may stand under these keys.
    pub keys: Vec<KeyRows>,
    /// About alerts, in the order in which it came; nothing of it is verified.
    pub alerts: Vec<AlertMessage>,
    /// At the server: keep these durably, then answer with [`Session::handed_over`].
    pub hand_overs: Vec<HandOver>,
    /// At a box: the server has these pieces durably.
    pub handed_over: Vec<HandOverDigest>,
    /// At the server: how the box is.
    pub condition: Option<Condition>,
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
    /// server sends it to boxes that hold an older one); `root` is the pinned town root key.
    pub fn new(
        side: Side,
        root: [u8; 32],
        town: Option<SignedPackage>,
        grants: Grants,
        held: Held<'_>,
    ) -> (Self, Vec<u8>) {
        let mut session = Self {
            side,
            root,
            town,
            grants,
            frames: Reader::default(),
            speaker: Speaker::default(),
            listener: Listener::default(),
            elder: Vectors::new(),
            digested: None,
            peer: None,
        };
        let shown = || held.vectors.iter().filter(|(scope, _)| session.peer_may_read(scope.site));
        let newest = shown().map(|(scope, _)| scope.period.day()).max().unwrap_or(0);
        let before = newest.saturating_sub(NAMED_DAYS);
        // The peer may call more or fewer of them old: it may hold another newest day.
        let elder: Vectors =
            shown().filter(|(scope, _)| scope.period.day() <= newest).map(|(s, a)| (*s, a.clone())).collect();
        let digested = digest_of(&elder, before);
        let vectors =
            session.speaker.documents(elder.iter().filter(|(scope, _)| scope.period.day() >= before));
        let hello = Hello {
            protocol: PROTOCOL,
            town: session.town_version(),
            vectors,
            elder: digested,
            waiting: session.speaker.documents(bounded(held.waiting).iter()),
            keys: held.keys,
            alerts: held.alerts.clone(),
        };
        (session.elder, session.digested) = (elder, digested);
        (session, Message::Hello(hello).encode())
    }

    /// The same as to a peer that holds nothing and says nothing, for a bundle; with the hello goes a package to whoever may be sent one.
    pub fn to_nobody(
        side: Side,
        root: [u8; 32],
        town: Option<SignedPackage>,
        grants: Grants,
        held: Held<'_>,
    ) -> (Self, Vec<u8>) {
        let (mut session, mut said) = Self::new(side, root, town, grants, held);
        let (vectors, alerts) = (Vectors::new(), AlertsHeld::default());
        session.peer = Some(Peer { town: 0, vectors, unknown_before: 0, keys: None, alerts });
        said.extend(session.newer_town());
        (session, said)
    }

    fn town_version(&self) -> u64 {
        self.town.as_ref().map_or(0, SignedPackage::version)
    }

    /// A box shows the server everything; the server shows a box what its grant names.
    fn peer_may_read(&self, site: SiteId) -> bool {
        match self.side {
            Side::Box => true,
            Side::Server { peer } | Side::Neighbour { peer } => {
                self.grants.0.get(&peer).is_some_and(|grant| grant.may_read(site))
            }
        }
    }

    /// Takes bytes as they came from the stream, cut anywhere.
    ///
    /// # Errors
    /// [`PeerMisbehaved`].
    pub fn received(&mut self, bytes: &[u8]) -> Result<Effects, PeerMisbehaved> {
        let longest = match self.side {
            Side::Box | Side::Neighbour { .. } => LONGEST_FROM_SERVER,
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
        const UNNAMED: PeerMisbehaved = PeerMisbehaved::OutOfPlace { what: "something that it never named" };
        if let Message::Hello(hello) = message {
            return self.hello(hello, effects);
        }
        let Some(peer) = &mut self.peer else {
            return Err(PeerMisbehaved::OutOfPlace { what: "something before its hello" });
        };
        match (message, self.side) {
            (Message::Batch(batch), _) => {
                let claimed = self.listener.batch(batch).ok_or(UNNAMED)?;
                self.batch(&claimed, effects);
            }
            (Message::Receipt(receipt), Side::Box) => {
                effects.receipts.push(self.listener.receipt(receipt).ok_or(UNNAMED)?);
            }
            (Message::ElderWanted, _) => {
                let Some(Elder { before, .. }) = self.digested.take() else {
                    return Err(PeerMisbehaved::OutOfPlace {
                        what: "a question for what was not told by a digest",
                    });
                };
                let elder = self.elder.iter().filter(|(scope, _)| scope.period.day() < before);
                effects.send.extend(Message::Elder(self.speaker.documents(elder)).encode());
            }
            (Message::Elder(documents), _) if peer.unknown_before > 0 => {
                let told = self.listener.vectors(documents).ok_or(UNNAMED)?;
                for (scope, actors) in told {
                    actors.into_iter().for_each(|(actor, upto)| peer.has(scope, actor, upto));
                }
                peer.unknown_before = 0;
                effects.look_up = true;
            }
            (Message::Elder(_), _) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "an answer that nobody asked for" });
            }
            (Message::Town(bytes), Side::Box | Side::Neighbour { .. }) => self.package(&bytes, effects),
            (Message::Condition(condition), Side::Server { .. }) => effects.condition = Some(condition),
            (Message::Condition(_), _) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what a box says to the server alone" });
            }
            (Message::List(message), _) if !message.is_bounded() => {
                return Err(PeerMisbehaved::OutOfPlace { what: "more of lists than fits into one message" });
            }
            (Message::List(_) | Message::Roster(_), Side::Neighbour { .. }) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what boxes do not say to each other" });
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
            (Message::Alerts(message), side) if message.is_bounded() && message.may_come_to(side) => {
                peer.has_alerts(&message);
                effects.alerts.push(message);
            }
            (Message::Alerts(_), _) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what nobody says of alerts" });
            }
            (Message::HandOver(piece), Side::Server { .. }) if piece.is_bounded() => {
                effects.hand_overs.push(piece);
            }
            (Message::HandOver(_), _) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what only a box hands over" });
            }
            (Message::HandedOver(digest), Side::Box) => effects.handed_over.push(digest),
            (Message::Receipt(_) | Message::HandedOver(_), Side::Server { .. } | Side::Neighbour { .. })
            | (Message::Town(_), Side::Server { .. }) => {
                return Err(PeerMisbehaved::OutOfPlace { what: "what only a server says" });
            }
            (Message::Hello(_), _) => return Err(PeerMisbehaved::Message),
        }
        Ok(())
    }

    fn hello(&mut self, hello: Hello, effects: &mut Effects) -> Result<(), PeerMisbehaved> {
        const UNNAMED: PeerMisbehaved = PeerMisbehaved::OutOfPlace { what: "something that it never named" };
        let Hello { protocol, town, vectors, elder, waiting, keys, alerts } = hello;
        if protocol != PROTOCOL {
            return Err(PeerMisbehaved::OtherVersion { theirs: protocol });
        }
        if self.peer.is_some() {
            return Err(PeerMisbehaved::OutOfPlace { what: "a second hello" });
        }
        let vectors = self.listener.vectors(vectors).ok_or(UNNAMED)?;
        effects.waiting = self.listener.vectors(waiting).ok_or(UNNAMED)?;
        if effects.waiting.len() > MOST_WAITING
            || effects.waiting.values().any(|writers| writers.len() > MOST_WRITERS)
        {
            return Err(PeerMisbehaved::OutOfPlace { what: "more that waits for a receipt than a box has" });
        }
        if !alerts.is_bounded() {
            return Err(PeerMisbehaved::OutOfPlace { what: "more alerts than a box keeps" });
        }
        let mut peer = Peer { town, vectors, unknown_before: 0, keys, alerts };
        if let Some(theirs) = elder {
            if digest_of(&self.elder, theirs.before) == Some(theirs) {
                let same = self.elder.iter().filter(|(scope, _)| scope.period.day() < theirs.before);
                peer.vectors.extend(same.map(|(scope, actors)| (*scope, actors.clone())));
            } else {
                peer.unknown_before = theirs.before;
                effects.send.extend(Message::ElderWanted.encode());
            }
        }
        self.peer = Some(peer);
        effects.send.extend(self.newer_town());
        effects.look_up = true;
        Ok(())
    }

    /// This side's package, when the box at the other end holds an older one.
    fn newer_town(&mut self) -> Vec<u8> {
        match (self.side, &self.town, &mut self.peer) {
            (Side::Server { .. } | Side::Neighbour { .. }, Some(town), Some(peer))
                if town.version() > peer.town =>
            {
                peer.town = town.version();
                Message::Town(town.as_bytes().to_vec()).encode()
            }
            _ => Vec::new(),
        }
    }

    fn batch(&mut self, claimed: &ClaimedBatch, effects: &mut Effects) {
        match claimed.read(&self.grants).and_then(|batch| verify(batch, &self.grants)) {
            Ok(verified) => {
                let seal = verified.seal();
                if let Some(peer) = &mut self.peer {
                    peer.has(seal.scope, seal.actor, seal.upto);
                }
                effects.store.push(verified);
            }
            Err(error) => effects.quarantine.push((error.to_string(), claimed.to_evidence())),
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

    /// What the peer is known to have or was already sent: what `Store::batches_missing_at` asks for, of documents that
    /// [`Session::offerable`] includes.
    pub fn peer(&self) -> &Vectors {
        self.peer.as_ref().map_or(&NOTHING, |peer| &peer.vectors)
    }

    /// Of which documents batches may be offered now.
    pub fn offerable(&self) -> Offerable {
        let readable_by = match self.side {
            Side::Box => None,
            Side::Server { peer } | Side::Neighbour { peer } => Some(self.grants.0.get(&peer).cloned()),
        };
        // Before its hello nothing is known of it.
        Offerable { from: self.peer.as_ref().map(|peer| peer.unknown_before), readable_by }
    }

    /// Sends batches to the peer as far as it may read them, and remembers that it has them. Before the
    /// peer's hello nothing is sent.
    pub fn offer(&mut self, batches: Vec<SealedBatch>) -> Vec<u8> {
        let (mut send, offerable) = (Vec::new(), self.offerable());
        for batch in batches {
            let (scope, actor, upto) = (batch.seal.scope, batch.seal.actor, batch.seal.upto);
            if !offerable.includes(&scope) {
                continue;
            }
            let Some(peer) = &mut self.peer else { break };
            peer.has(scope, actor, upto);
            send.extend(Message::Batch(self.speaker.batch(batch)).encode());
        }
        send
    }

    /// The bytes of a message about lists. Before the peer's hello nothing is sent.
    pub fn tell(&self, message: ListMessage) -> Vec<u8> {
        if self.peer.is_some() { Message::List(message).encode() } else { Vec::new() }
    }

    /// At a box: the bytes that tell the server how it is. Before the peer's hello nothing is sent.
    pub fn tell_condition(&self, condition: Condition) -> Vec<u8> {
        if self.peer.is_some() { Message::Condition(condition).encode() } else { Vec::new() }
    }

    /// The bytes of a message about the parts of the roster. Before the peer's hello nothing is sent.
    pub fn tell_roster(&self, message: RosterMessage) -> Vec<u8> {
        if self.peer.is_some() { Message::Roster(message).encode() } else { Vec::new() }
    }

    /// At a box: whether the peer has a newer package that is not here yet. It may close an incident, so nothing is offered
    /// before.
    pub fn awaits_town(&self) -> bool {
        let newest = self.peer.as_ref().map_or(0, |peer| peer.town);
        !matches!(self.side, Side::Server { .. }) && newest > self.town_version()
    }

    /// How far the peer has absorbed this side's key table; the outer `None` before its hello.
    pub fn peer_keys(&self) -> Option<Option<KeyMark>> {
        self.peer.as_ref().map(|peer| peer.keys)
    }

    /// The bytes of rows of this side's key table. Before the peer's hello nothing is sent.
    pub fn tell_keys(&self, rows: KeyRows) -> Vec<u8> {
        if self.peer.is_some() { Message::Keys(rows).encode() } else { Vec::new() }
    }

    /// The bytes of what the peer lacks of alerts: a newer list of keys (its version and its bytes), then alerts; remembers that it has
    /// them. Before the peer's hello nothing is sent.
    pub fn offer_alerts<'a>(
        &mut self,
        list: Option<(u32, &[u8])>,
        alerts: impl IntoIterator<Item = &'a CarriedAlert>,
    ) -> Vec<u8> {
        let Some(peer) = &mut self.peer else { return Vec::new() };
        let newer = list.filter(|(version, _)| *version > peer.alerts.list);
        let keys = newer.map(|(version, bytes)| AlertMessage::Keys { version, bytes: bytes.to_vec() });
        let lacking = alerts.into_iter().filter(|sent| !peer.alerts.digests.contains(&sent.digest()));
        let sent: Vec<_> = lacking.map(|sent| AlertMessage::Sent(sent.clone())).collect();
        let mut send = Vec::new();
        for message in keys.into_iter().chain(sent) {
            peer.has_alerts(&message);
            send.extend(Message::Alerts(message).encode());
        }
        send
    }

    /// The same of anything else that is said of alerts, as far as the peer lacks it; what has no digest is said every time. Before the
    /// peer's hello nothing is sent.
    pub fn offer_of_alerts<'a>(&mut self, messages: impl IntoIterator<Item = &'a AlertMessage>) -> Vec<u8> {
        let mut send = Vec::new();
        for message in messages {
            let Some(peer) = &self.peer else { return Vec::new() };
            if message.digest().is_none_or(|digest| !peer.alerts.digests.contains(&digest)) {
                send.extend(self.say_again([message]));
            }
        }
        send
    }

    /// At a box: the bytes of alerts that were said on this connection already. The server says nothing of what it refuses.
    pub fn say_again<'a>(&mut self, messages: impl IntoIterator<Item = &'a AlertMessage>) -> Vec<u8> {
        let Some(peer) = &mut self.peer else { return Vec::new() };
        let mut send = Vec::new();
        for message in messages {
            peer.has_alerts(message);
            send.extend(Message::Alerts(message.clone()).encode());
        }
        send
    }

    /// At a box: the bytes that hand a piece of a closed incident over. Before the server's hello nothing is sent.
    pub fn hand_over(&self, piece: HandOver) -> Vec<u8> {
        if self.peer.is_some() { Message::HandOver(piece).encode() } else { Vec::new() }
    }

    /// At the server: the bytes of the receipt for a piece that is durable.
    pub fn handed_over(&self, digest: HandOverDigest) -> Vec<u8> {
        Message::HandedOver(digest).encode()
    }

    /// At the server: the bytes of a receipt. Before the box's hello nothing is sent.
    pub fn receipt(&mut self, receipt: &Receipt) -> Vec<u8> {
        if self.peer.is_some() { self.speaker.receipt(receipt).encode() } else { Vec::new() }
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

/// What a hello may name of what waits for a receipt.
fn bounded(waiting: &Vectors) -> Vectors {
    let writers = |actors: &BTreeMap<ActorId, u32>| {
        actors.iter().take(MOST_WRITERS).map(|(actor, upto)| (*actor, *upto)).collect()
    };
    waiting.iter().take(MOST_WAITING).map(|(scope, actors)| (*scope, writers(actors))).collect()
}

/// All documents of days before one, by the digest of their vectors; `None` when there are none.
fn digest_of(vectors: &Vectors, before: u32) -> Option<Elder> {
    let mut digest = Context::new(&SHA256);
    let mut documents = vectors.iter().filter(|(scope, _)| scope.period.day() < before).peekable();
    documents.peek()?;
    for (scope, actors) in documents {
        digest.update(&scope.to_bytes());
        digest.update(&u64::try_from(actors.len()).unwrap_or(u64::MAX).to_be_bytes());
        for (actor, upto) in actors {
            digest.update(actor.as_bytes());
            digest.update(&upto.to_be_bytes());
        }
    }
    Some(Elder { before, digest: digest.finish().as_ref().try_into().ok()? })
}
