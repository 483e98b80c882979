//! A box without a card reader: it writes, seals and syncs as a box does.

use std::collections::BTreeMap;
use std::time::Duration;

use hinamori_model::{BoxId, Hlc, IncidentId, PersonId, RecordId, SiteId};
use hinamori_net_tls::{EnrolmentCode, Identity, ThreeWords, TlsError, connect, enrol};
use hinamori_record::{
    ActorId, ChangeHash, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record,
};
use hinamori_sync::town::{Package, SignedPackage};
use hinamori_sync::{
    Effects, Grants, HandOver, HandOverDigest, Held, KeyRows, ListMessage, PartDigest, Receipt,
    RosterMessage, Seal, SealKey, SealedBatch, Session, Side, Vectors, VerifiedBatch,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::hall::{LIVE, TestSite, now};

const WITHIN: Duration = Duration::from_secs(20);

/// One box and what it keeps.
pub(crate) struct TestBox {
    pub(crate) key: SealKey,
    site: TestSite,
    folder: TempDir,
    identity: Option<Identity>,
    /// What it showed when it joined.
    pub(crate) words: Option<ThreeWords>,
    town: Option<SignedPackage>,
    grants: Grants,
    documents: BTreeMap<DocumentScope, Document>,
    /// The last change of each.
    last: BTreeMap<DocumentScope, ChangeHash>,
    receipt_key: [u8; 32],
    /// Its own batches and what it received.
    pub(crate) shelf: Vec<SealedBatch>,
    confirmed: BTreeMap<(DocumentScope, ActorId), u32>,
    written: u64,
}

impl TestBox {
    pub(crate) fn new(number: u8, site: TestSite) -> Self {
        Self {
            key: SealKey::from_bytes(&[number; 32]),
            site,
            folder: tempfile::tempdir().unwrap(),
            identity: None,
            words: None,
            town: None,
            grants: Grants::default(),
            documents: BTreeMap::new(),
            last: BTreeMap::new(),
            receipt_key: [0; 32],
            shelf: Vec::new(),
            confirmed: BTreeMap::new(),
            written: 0,
        }
    }

    pub(crate) fn id(&self) -> BoxId {
        self.key.box_id()
    }

    pub(crate) async fn enrol(&mut self, code: &EnrolmentCode) -> Result<Package, TlsError> {
        let joined = enrol(code, &self.key).await?;
        self.words = Some(joined.words());
        joined.keep(self.folder.path())?;
        self.identity = Identity::load(self.folder.path()).unwrap();
        let (signed, package) = SignedPackage::open(joined.package(), &code.town_root).unwrap();
        self.take(signed, &package);
        Ok(package)
    }

    fn take(&mut self, signed: SignedPackage, package: &Package) {
        self.grants = Grants::from(package);
        self.receipt_key = package.receipt_key;
        self.town = Some(signed);
    }

    /// Writes and seals one arrival.
    pub(crate) fn write(&mut self, incident: IncidentId, person: u8) -> SealedBatch {
        let person = PersonId::from_bytes([person; 16]);
        self.write_fact(incident, Fact::presence(person, PresenceEvent::Arrived, Proof::DECLARED))
    }

    /// Writes and seals whatever happened.
    pub(crate) fn write_fact(&mut self, incident: IncidentId, fact: Fact) -> SealedBatch {
        self.write_at(incident, self.site.id(), |_| fact)
    }

    /// The same, when the record's id is part of it.
    pub(crate) fn write_fact_of(
        &mut self,
        incident: IncidentId,
        fact: impl FnOnce(RecordId) -> Fact,
    ) -> SealedBatch {
        self.write_at(incident, self.site.id(), fact)
    }

    /// Writes and seals something that happened at a site.
    pub(crate) fn write_at(
        &mut self,
        incident: IncidentId,
        site: SiteId,
        fact: impl FnOnce(RecordId) -> Fact,
    ) -> SealedBatch {
        let at = now();
        let scope = DocumentScope { incident, site, period: Period::of(at) };
        let (id, actor) = (self.id(), ActorId::new(self.id(), 1));
        let document = self.documents.entry(scope).or_insert_with(|| Document::new(scope, actor).unwrap());
        self.written += 1;
        let random = u128::from(self.written) << 64 | u128::from(id.as_bytes()[0]);
        let clock = Hlc::from_packed(at.get() << 16 | self.written);
        let record_id = RecordId::new(at, random);
        let fact = fact(record_id);
        let record = Record { id: record_id, at: clock, clock_unsure: false, lane: None, fact };
        let changes = vec![document.append(&[record], at).unwrap()];
        let before = self.last.insert(scope, changes[0].hash);
        let batch = SealedBatch { seal: self.key.seal(scope, before, &changes).unwrap(), changes };
        self.shelf.push(batch.clone());
        batch
    }

    /// What it holds, and of that what it wrote and has no receipt for.
    fn vectors(&self, is_waiting: bool) -> Vectors {
        let mut vectors = Vectors::new();
        let waits = |seal: &Seal| {
            let confirmed = self.confirmed.get(&(seal.scope, seal.actor)).copied().unwrap_or(0);
            seal.actor.belongs_to(self.id()) && confirmed < seal.upto
        };
        for SealedBatch { seal, .. } in self.shelf.iter().filter(|of| !is_waiting || waits(&of.seal)) {
            let held = vectors.entry(seal.scope).or_default().entry(seal.actor).or_default();
            *held = seal.upto.max(*held);
        }
        vectors
    }

    /// The bare connection, for peers that do not speak the protocol.
    pub(crate) async fn dial(&self) -> TlsStream<TcpStream> {
        connect(self.identity.as_ref().unwrap()).await.unwrap()
    }

    pub(crate) async fn connect(&mut self) -> Line<'_> {
        let mut stream = self.dial().await;
        let root = self.identity.as_ref().unwrap().town_root();
        let (vectors, waiting) = (self.vectors(false), self.vectors(true));
        let held = Held { vectors: &vectors, waiting: &waiting, ..Held::NOTHING };
        let (session, hello) = Session::new(Side::Box, root, self.town.clone(), self.grants.clone(), held);
        stream.write_all(&hello).await.unwrap();
        Line {
            of: self,
            stream,
            session,
            lists: Vec::new(),
            roster: Vec::new(),
            keys: Vec::new(),
            handed_over: Vec::new(),
            ended: None,
        }
    }
}

/// A box's connection to its server.
pub(crate) struct Line<'b> {
    pub(crate) of: &'b mut TestBox,
    stream: TlsStream<TcpStream>,
    session: Session,
    /// What the server said of lists.
    pub(crate) lists: Vec<ListMessage>,
    /// What the server said of the roster's parts.
    pub(crate) roster: Vec<RosterMessage>,
    /// Rows of the server's key table.
    pub(crate) keys: Vec<KeyRows>,
    /// Receipts for what was handed over.
    pub(crate) handed_over: Vec<HandOverDigest>,
    /// How the server ended it.
    pub(crate) ended: Option<String>,
}

impl Line<'_> {
    /// Somebody arrives; it leaves with the next [`Line::until`].
    pub(crate) fn arrives(&mut self, person: u8) {
        self.of.write(LIVE, person);
    }

    pub(crate) fn town_version(&self) -> u64 {
        self.of.town.as_ref().map_or(0, SignedPackage::version)
    }

    /// Own batches that the server did not confirm.
    pub(crate) fn unconfirmed(&self) -> usize {
        let id = self.of.id();
        let confirmed = |batch: &&SealedBatch| {
            let upto = self.of.confirmed.get(&(batch.seal.scope, batch.seal.actor));
            batch.seal.actor.belongs_to(id) && upto.copied().unwrap_or(0) < batch.seal.upto
        };
        self.of.shelf.iter().filter(confirmed).count()
    }

    /// Batches of other boxes.
    pub(crate) fn received(&self) -> usize {
        let id = self.of.id();
        self.of.shelf.iter().filter(|batch| !batch.seal.actor.belongs_to(id)).count()
    }

    /// Whether everything of its own in `incident` is confirmed.
    pub(crate) fn is_confirmed(&self, incident: IncidentId) -> bool {
        let actor = ActorId::new(self.of.id(), 1);
        let upto =
            |(scope, _): &(&(DocumentScope, ActorId), &u32)| scope.0.incident == incident && scope.1 == actor;
        let confirmed = self.of.confirmed.iter().find(upto).map_or(0, |(_, upto)| *upto);
        u64::from(confirmed) == self.of.written
    }

    /// Says something of lists; the server's hello has to be here.
    pub(crate) async fn say(&mut self, message: ListMessage) {
        let send = self.session.tell(message);
        assert!(!send.is_empty(), "not greeted yet");
        self.stream.write_all(&send).await.unwrap();
    }

    /// Asks for a piece of a part; the server's hello has to be here.
    pub(crate) async fn ask_for(&mut self, digest: PartDigest, offset: u32) {
        let send = self.session.tell_roster(RosterMessage::Wanted { digest, offset });
        self.stream.write_all(&send).await.unwrap();
    }

    /// Tells rows of a key table; the server's hello has to be here.
    pub(crate) async fn tell_keys(&mut self, rows: KeyRows) {
        let send = self.session.tell_keys(rows);
        self.stream.write_all(&send).await.unwrap();
    }

    /// Hands a piece over; the server's hello has to be here.
    pub(crate) async fn hand_over(&mut self, piece: HandOver) {
        let send = self.session.hand_over(piece);
        self.stream.write_all(&send).await.unwrap();
    }

    /// Whether the server's hello is here.
    pub(crate) fn is_greeted(&self) -> bool {
        !self.session.tell(ListMessage::Seen { epoch: 0, as_of: None }).is_empty()
    }

    /// Sends batches whatever the protocol thinks that the server has.
    pub(crate) async fn force(&mut self, batches: &[SealedBatch]) {
        let root = self.of.identity.as_ref().unwrap().town_root();
        let nothing = Vectors::new();
        let held = Held { vectors: &nothing, waiting: &nothing, ..Held::NOTHING };
        for batch in batches {
            // One that has named nothing yet names everything in full.
            let (mut session, _) =
                Session::new(Side::Box, root, self.of.town.clone(), self.of.grants.clone(), held);
            let (_, hello) = Session::new(Side::Box, root, None, self.of.grants.clone(), held);
            drop(session.received(&hello).unwrap());
            let send = session.offer(vec![batch.clone()]);
            self.stream.write_all(&send).await.unwrap();
        }
    }

    /// Syncs until `held`.
    pub(crate) async fn until(&mut self, what: &str, held: impl Fn(&Self) -> bool) {
        let talk = async {
            let mut buffer = vec![0; 4_096];
            self.offer().await;
            while !held(self) && self.ended.is_none() {
                match self.stream.read(&mut buffer).await {
                    Ok(0) => self.ended = Some("closed".to_owned()),
                    Ok(length) => self.heard(&buffer[..length]).await,
                    Err(error) => self.ended = Some(error.to_string()),
                }
            }
        };
        assert!(tokio::time::timeout(WITHIN, talk).await.is_ok(), "waited for {what}");
        assert!(held(self), "{what}: {:?}", self.ended);
    }

    async fn heard(&mut self, bytes: &[u8]) {
        let Effects {
            store,
            quarantine,
            receipts,
            town,
            look_up,
            lists,
            roster,
            keys,
            handed_over,
            send,
            ..
        } = self.session.received(bytes).unwrap();
        self.keys.extend(keys);
        self.handed_over.extend(handed_over);
        assert!(quarantine.is_empty(), "{quarantine:?}");
        self.lists.extend(lists);
        self.roster.extend(roster);
        self.of.shelf.extend(store.into_iter().map(VerifiedBatch::into_sealed));
        for receipt in receipts {
            let Receipt { scope, actor, upto, .. } = receipt;
            let own =
                self.of.shelf.iter().filter(|batch| (batch.seal.scope, batch.seal.actor) == (scope, actor));
            let mut changes = own.flat_map(|batch| &batch.changes);
            let hash = changes.find(|change| change.sequence == upto).unwrap().hash;
            assert!(receipt.is_for(hash, &self.of.receipt_key), "the server signs what it has");
            let known = self.of.confirmed.entry((scope, actor)).or_default();
            *known = upto.max(*known);
        }
        if let Some(signed) = town {
            let root = self.of.identity.as_ref().unwrap().town_root();
            let (signed, package) = SignedPackage::open(signed.as_bytes(), &root).unwrap();
            self.of.take(signed, &package);
        }
        self.stream.write_all(&send).await.unwrap();
        if look_up {
            self.offer().await;
        }
    }

    async fn offer(&mut self) {
        let peer = self.session.peer();
        let lacks = |batch: &&SealedBatch| {
            let has = peer.get(&batch.seal.scope).and_then(|actors| actors.get(&batch.seal.actor));
            batch.seal.from > has.copied().unwrap_or(0)
        };
        let missing = self.of.shelf.iter().filter(lacks).cloned().collect();
        let send = self.session.offer(missing);
        self.stream.write_all(&send).await.unwrap();
    }
}
