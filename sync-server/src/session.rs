//! One box's connection: bytes to the protocol, batches to the archive, news to the box.

use std::collections::BTreeSet;
use std::sync::Arc;

use hinamori_model::{BoxId, SiteId};
use hinamori_net_tls::PeerBox;
use hinamori_store_sqlite::{Place, StoreError, keys_of_a_box};
use hinamori_sync::town::Site;
use hinamori_sync::{
    AlertMessage, Effects, Grant, HandOver, Held, KeyRows, ListMessage, PeerMisbehaved, Session, Side,
    WaitingDraft,
};
use tokio::io::AsyncReadExt;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_blocking;

use crate::alerts::{FromBox, ToldToBox};
use crate::archive::{Closed, Durable, Stores};
use crate::clock::now;
use crate::hub::{Hub, News};
use crate::ledger;
use crate::lists::BoxLists;
use crate::outgoing::Outgoing;
use crate::roster::BoxRoster;
use crate::town::{NotAdmitted, Town};

/// Bytes read at once.
const READ: usize = 16 << 10;
/// Refused batches in one connection. Honest boxes have none; the rest is asked for again after the next
/// hello, so nothing is lost when an honest one is cut off here.
const REFUSED_AT_MOST: usize = 64;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    /// The box or the network closed it.
    #[error("the box hung up")]
    HungUp,
    /// The network.
    #[error("the connection broke")]
    Broke(#[source] std::io::Error),
    /// The box: it does not take what is sent to it.
    #[error("the box takes nothing")]
    Stalled,
    /// The box opened another one.
    #[error("the box opened a newer connection")]
    Displaced,
    /// The operator, or the box's key.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The box broke the protocol.
    #[error(transparent)]
    Misbehaved(#[from] PeerMisbehaved),
    /// The box sends nothing but what does not hold.
    #[error("the box sent {REFUSED_AT_MOST} batches that do not hold")]
    RefusedTooOften,
    /// This machine's disk.
    #[error("the disk did not take it")]
    Store(#[from] StoreError),
    /// The server ends.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Serves a box until something ends it.
pub(crate) async fn serve(hub: &Arc<Hub>, peer: PeerBox) -> Ended {
    let (id, key) = (peer.id, peer.key);
    let town = match hub.admitting(&peer).await {
        Ok(town) => town,
        Err(refused) => return refused.into(),
    };
    let (line, displaced) = hub.contacts.opened(id);
    // Before what is held is looked up: what is stored in between is heard of.
    let (mut news, mut changes) = (hub.news(), hub.town.changes());
    let (mut other_lists, mut other_keys, mut alerts) =
        (hub.lists.changes(), hub.key_changes(), hub.alerts());
    let mut beats = hub.beats();
    let mut line = match Line::begin(hub, id, line.number(), key.0, town).await {
        Ok(line) => line,
        Err(ended) => return ended,
    };
    let (mut from_box, mut to_box) = tokio::io::split(peer.stream);
    let talk = async {
        let mut buffer = vec![0; READ];
        loop {
            if let Err(ended) = line.fill().await {
                return ended;
            }
            let outcome = tokio::select! {
                read = from_box.read(&mut buffer), if line.outgoing.is_bearable() => match read {
                    Ok(0) => Err(Ended::HungUp),
                    Ok(length) => line.heard(buffer.get(..length).unwrap_or_default()).await,
                    Err(error) => Err(Ended::Broke(error)),
                },
                sent = line.outgoing.leave(&mut to_box), if line.outgoing.is_waiting() => {
                    sent.map_err(|error| error.map_or(Ended::Stalled, Ended::Broke))
                }
                () = line.lists.answered(), if line.lists.is_answering() => Ok(()),
                () = line.roster.answered(), if line.roster.is_answering() => Ok(()),
                news = news.recv() => line.told(news),
                Some(answer) = line.answers.1.recv() => {
                    line.outgoing.push(line.session.offer_of_alerts([&answer]));
                    Ok(())
                }
                changed = other_lists.changed() => changed.map_err(|_ended| Ended::Closed(Closed)),
                changed = other_keys.changed() => changed.map_err(|_ended| Ended::Closed(Closed)).map(|()| {
                    line.keys = Lookup::Due;
                }),
                changed = alerts.changed() => changed.map_err(|_ended| Ended::Closed(Closed)).map(|()| {
                    line.alerts = Lookup::Due;
                }),
                changed = beats.changed() => changed.map_err(|_ended| Ended::Closed(Closed)).map(|()| {
                    line.beat();
                }),
                changed = changes.changed() => match changed {
                    Ok(()) => line.town_changed(Arc::clone(&changes.borrow_and_update())),
                    Err(_ended) => Err(Ended::Closed(Closed)),
                },
            };
            if let Err(ended) = outcome {
                return ended;
            }
        }
    };
    tokio::select! {
        ended = talk => ended,
        _newer = displaced => Ended::Displaced,
    }
}

/// One connection's state.
struct Line<'h> {
    hub: &'h Hub,
    id: BoxId,
    number: u64,
    tls_key: [u8; 32],
    grant: Grant,
    session: Session,
    outgoing: Outgoing,
    lookup: Lookup,
    keys: Lookup,
    alerts: Lookup,
    /// What the box was told of drafts, and what is to be answered to it about one.
    drafts_told: Vec<WaitingDraft>,
    answers: (UnboundedSender<AlertMessage>, UnboundedReceiver<AlertMessage>),
    /// What it was told of televisions.
    told_to_box: ToldToBox,
    /// How far the box was told of the key table; `None` before the first time.
    keys_told: Option<Place>,
    /// Not sent yet; only the newest is.
    town: Option<Arc<Town>>,
    lists: BoxLists,
    roster: BoxRoster,
    refused: usize,
}

/// Whether the archive may have something for the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lookup {
    Due,
    NothingNew,
}

impl<'h> Line<'h> {
    async fn begin(
        hub: &'h Hub,
        id: BoxId,
        number: u64,
        tls_key: [u8; 32],
        town: Arc<Town>,
    ) -> Result<Self, Ended> {
        let grant = town.admits(id, &tls_key)?.clone();
        let of_box = move |stores: &mut Stores| (stores.held(), stores.keys.absorbed_of(&id.to_string()));
        let (held, absorbed) = hub.archive.ask(of_box).await?;
        let root = hub.town.keys.town_root.public();
        let side = Side::Server { peer: id };
        let alerts = hub.alerts().borrow().held();
        let held = Held { vectors: &held, keys: absorbed?, alerts: &alerts, ..Held::NOTHING };
        let (session, hello) = Session::new(side, root, Some(town.signed.clone()), town.grants.clone(), held);
        let outgoing = Outgoing::new(hello, hub.stalled_after);
        Ok(Self {
            hub,
            id,
            number,
            tls_key,
            grant,
            session,
            outgoing,
            lookup: Lookup::NothingNew,
            keys: Lookup::NothingNew,
            alerts: Lookup::NothingNew,
            drafts_told: Vec::new(),
            answers: unbounded_channel(),
            told_to_box: ToldToBox::default(),
            keys_told: None,
            town: None,
            lists: BoxLists::default(),
            roster: BoxRoster::default(),
            refused: 0,
        })
    }

    /// Takes bytes of the box.
    async fn heard(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        self.hub.contacts.heard(self.id, now());
        let Effects {
            mut store,
            quarantine,
            waiting,
            look_up,
            lists,
            roster,
            keys,
            alerts,
            hand_overs,
            condition,
            send,
            ..
        } = self.session.received(bytes)?;
        if let Some(condition) = condition {
            self.hub.contacts.told_of_condition(self.id, condition);
        }
        self.outgoing.push(send);
        for message in alerts {
            if matches!(message, AlertMessage::Strangers(_)) && self.told_to_box.ask() {
                self.alerts = Lookup::Due;
            }
            let said = FromBox { id: self.id, site: self.site(), message, answer: self.answers.0.clone() };
            // Where it waits, so does the box: what nobody took is offered again on the next connection.
            self.hub.of_alerts.send(said).await.map_err(|_ended| Closed)?;
        }
        for rows in keys {
            self.keys_heard(rows).await?;
        }
        for piece in hand_overs {
            self.hand_over(piece).await?;
        }
        // What comes of a closed incident never enters a document again: the box hands it over.
        let town = self.hub.town.current();
        store.retain(|batch| !town.closed.contains(&batch.seal().scope.incident));
        if !store.is_empty() {
            let sites: BTreeSet<SiteId> = store.iter().map(|batch| batch.seal().scope.site).collect();
            let taken = self.hub.archive.ask(move |stores| stores.commit(store, now())).await??;
            self.give_receipts(&taken);
            for site in sites {
                self.hub.announce(News { site, from: self.number });
            }
        }
        if !quarantine.is_empty() {
            for (reason, _) in &quarantine {
                tracing::warn!(id = %self.id, reason, "a batch went to the quarantine");
            }
            self.refused = self.refused.saturating_add(quarantine.len());
            self.hub.archive.ask(move |stores| stores.put_aside(&quarantine, now())).await??;
            if self.refused >= REFUSED_AT_MOST {
                return Err(Ended::RefusedTooOften);
            }
        }
        if !waiting.is_empty() {
            let own = self.id;
            let durable = self.hub.archive.ask(move |stores| stores.durable_of(&waiting, own)).await??;
            self.give_receipts(&durable);
        }
        if look_up {
            self.beat();
            (self.lookup, self.keys, self.alerts) = (Lookup::Due, Lookup::Due, Lookup::Due);
        }
        for message in lists {
            if let ListMessage::Seen { as_of, .. } = message {
                self.hub.contacts.told_of_card_data(self.id, as_of);
            }
            self.lists.heard(message);
        }
        for message in roster {
            self.roster.heard(message);
        }
        Ok(())
    }

    /// Says of what is durable that it is.
    fn give_receipts(&mut self, durable: &[Durable]) {
        for Durable { scope, actor, upto, hash } in durable {
            let receipt = self.hub.town.keys.receipt.sign((*scope, *actor, *upto), *hash, now());
            self.outgoing.push(self.session.receipt(&receipt));
        }
    }

    /// Takes keys that the box made. Nobody erases by a row: persons are erased at the town hall, incidents by the package.
    async fn keys_heard(&mut self, rows: KeyRows) -> Result<(), Ended> {
        let town = self.hub.town.current();
        let known = keys_of_a_box(&rows, &town.incident_keys);
        let (peer, upto) = (self.id.to_string(), rows.upto);
        let absorb = move |stores: &mut Stores| stores.keys.absorb_of(&peer, &known, upto);
        if self.hub.archive.ask(absorb).await??.new > 0 {
            self.hub.look_at_keys().await;
        }
        Ok(())
    }

    /// Keeps a piece of a closed incident, and says so.
    async fn hand_over(&mut self, piece: HandOver) -> Result<(), Ended> {
        if !self.hub.town.current().closed.contains(&piece.incident) {
            tracing::warn!(id = %self.id, incident = %piece.incident, "a box hands over what is not closed");
            return Ok(());
        }
        let (digest, id, folder) = (piece.digest(), self.id, self.hub.town.folder.clone());
        match spawn_blocking(move || ledger::keep(&folder, id, &piece)).await {
            Ok(Ok(())) => self.outgoing.push(self.session.handed_over(digest)),
            Ok(Err(error)) => tracing::error!(%error, %id, "what a box handed over was not kept"),
            Err(_stopped) => {}
        }
        Ok(())
    }

    /// Where the box stands.
    fn site(&self) -> Option<Site> {
        let town = self.hub.town.current();
        town.sites.iter().find(|site| site.id == self.grant.site).cloned()
    }

    /// Says that the town hall is there, and what time it is there.
    fn beat(&mut self) {
        let beat = self.hub.beats().borrow().to_vec();
        if !beat.is_empty() {
            self.outgoing.push(self.session.offer_of_alerts([&AlertMessage::Beat(beat)]));
        }
    }

    fn told(&mut self, news: Result<News, RecvError>) -> Result<(), Ended> {
        match news {
            Ok(News { site, from }) => {
                if from != self.number && self.grant.may_read(site) {
                    self.lookup = Lookup::Due;
                }
            }
            Err(RecvError::Lagged(_)) => self.lookup = Lookup::Due,
            Err(RecvError::Closed) => return Err(Ended::Closed(Closed)),
        }
        Ok(())
    }

    fn town_changed(&mut self, town: Arc<Town>) -> Result<(), Ended> {
        self.grant = town.admits(self.id, &self.tls_key)?.clone();
        self.town = Some(town);
        Ok(())
    }

    /// Tells the box the next rows of the key table.
    async fn tell_keys(&mut self) -> Result<(), Ended> {
        let (told, peer) = (self.keys_told, self.session.peer_keys().flatten());
        let tell = move |stores: &mut Stores| -> Result<_, StoreError> {
            let mut place = told.map_or_else(|| stores.keys.place_after(peer), Ok)?;
            let rows = stores.keys.tell(&mut place, true, |_row| true)?;
            Ok((place, rows))
        };
        let (place, rows) = self.hub.archive.ask(tell).await??;
        self.keys_told = Some(place);
        match rows {
            Some(rows) => self.outgoing.push(self.session.tell_keys(rows)),
            None => self.keys = Lookup::NothingNew,
        }
        Ok(())
    }

    /// Fills up what leaves: alerts before everything, the newest package, then keys, then what the box lacks, a portion at a time; parts of the roster, then
    /// lists, when nothing else waits.
    async fn fill(&mut self) -> Result<(), Ended> {
        self.lists.begin(&self.hub.lists, &self.hub.town.keys.list_feed);
        self.roster.begin(self.hub.town.folder.path());
        if std::mem::replace(&mut self.alerts, Lookup::NothingNew) == Lookup::Due {
            // Also where there is no room: a box that takes its lists slowly hears of a tsunami all the same.
            let alerts = Arc::clone(&self.hub.alerts().borrow());
            self.outgoing.push(alerts.offer(&mut self.session, &mut self.drafts_told));
            if let Some(site) = self.site() {
                let said =
                    alerts.offer_televisions(&mut self.session, (self.id, &site), &mut self.told_to_box);
                self.outgoing.push(said);
            }
        }
        while self.outgoing.has_room() {
            if let Some(town) = self.town.take() {
                self.outgoing.push(self.session.town_changed(town.signed.clone(), town.grants.clone()));
                // It may be allowed to read more.
                self.lookup = Lookup::Due;
            } else if self.keys == Lookup::Due {
                self.tell_keys().await?;
            } else if self.lookup == Lookup::Due {
                let (peer, offerable) = (self.session.peer().clone(), self.session.offerable());
                let find =
                    move |stores: &mut Stores| stores.missing_at(&peer, |scope| offerable.includes(scope));
                let send = self.session.offer(self.hub.archive.ask(find).await??);
                if send.is_empty() {
                    self.lookup = Lookup::NothingNew;
                }
                self.outgoing.push(send);
            } else if self.outgoing.is_waiting() {
                break;
            } else if let Some(message) = self.roster.next() {
                self.outgoing.push(self.session.tell_roster(message));
            } else if let Some(message) = self.lists.next(&self.hub.lists) {
                self.outgoing.push(self.session.tell(message));
            } else {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::time::Duration;

    use hinamori_crl_mmap::Shelf;
    use hinamori_model::{Hlc, IncidentId, ListId, PersonId, RecordId};
    use hinamori_record::{ActorId, Document, DocumentScope, Fact, Period, PresenceEvent, Proof, Record};
    use hinamori_sync::{CarriedAlert, ListWanted, SealKey, SealedBatch, verify};

    use crate::alerts::ForBoxes;
    use crate::archive::Archive;
    use crate::contact::Contacts;
    use crate::data::DataFolder;
    use crate::enrol::name_boxes;
    use crate::import::{BoxTime, TownFiles, import_town};
    use crate::lists::Lists;
    use crate::registry::{Place, RegisteredBox, Standing};
    use crate::town::TownWatch;

    const SITE: SiteId = SiteId::from_bytes([0xa1; 16]);
    const LIVE: IncidentId = IncidentId::from_bytes([0xd1; 16]);
    const TLS_KEY: [u8; 32] = [9; 32];
    const TOWN: &str = r#"
name = "汐見町"
incidents = { daily_life = "d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0d0", live = "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1", drill = "d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2" }
[[site]]
id = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
name = "体育館"
kind = "shelter"
"#;

    /// The shared parts of a server whose town knows these boxes at one site.
    pub(crate) fn hub_of(folder: &std::path::Path, boxes: &[&SealKey]) -> Hub {
        hub_with(folder, boxes, TOWN)
    }

    /// The same with another town.
    pub(crate) fn hub_with(folder: &std::path::Path, boxes: &[&SealKey], text: &str) -> Hub {
        let data = DataFolder::new(&folder.join("server"));
        let keys = data.initialise().unwrap();
        let [town, cards, anchors, intermediates] =
            ["town.toml", "cards.json", "anchors", "intermediates"].map(|name| folder.join(name));
        std::fs::write(&town, text).unwrap();
        std::fs::write(&cards, "[]").unwrap();
        [&anchors, &intermediates].into_iter().for_each(|path| std::fs::create_dir(path).unwrap());
        std::fs::write(anchors.join("a.der"), hinamori_sim::ca::Hierarchy::jpki_auth(1).anchor_der())
            .unwrap();
        let files = TownFiles { town, cards, anchors, intermediates, register: None };
        let mut package = import_town(&data, &keys, &files, BoxTime::Stays, now()).unwrap().package;
        let mut registry = data.registry().unwrap();
        for key in boxes {
            let known = RegisteredBox {
                place: Place { site: SITE, reads: Vec::new() },
                seal_key: key.public(),
                tls_key: TLS_KEY,
                enrolled_at: now(),
                words: serde_json::from_str("[1, 2, 3]").unwrap(),
                standing: Standing::Admitted,
                trusted: None,
            };
            registry.boxes.insert(key.box_id(), known);
        }
        name_boxes(&mut package, &keys, &registry, now());
        let locked = data.lock().unwrap();
        locked.save_package(&keys, &package).unwrap();
        locked.save_registry(&registry).unwrap();
        drop(locked);
        let (archive, _thread) =
            Archive::start(Stores::open(&data, &data.keys().unwrap().key_table).unwrap()).unwrap();
        let lists = Lists::open(Shelf::open(data.path(), 2).unwrap()).unwrap();
        let town = TownWatch::open(data, keys).unwrap();
        let (of_alerts, _nobody) = tokio::sync::mpsc::channel(1);
        Hub::new(archive, town, Contacts::from_saved(&[]), lists, (Duration::from_secs(60), of_alerts))
    }

    fn arrival(key: &SealKey) -> SealedBatch {
        let (at, actor) = (now(), ActorId::new(key.box_id(), 1));
        let scope = DocumentScope { incident: LIVE, site: SITE, period: Period::of(at) };
        let fact = Fact::presence(PersonId::from_bytes([1; 16]), PresenceEvent::Arrived, Proof::DECLARED);
        let clock = Hlc::from_packed(at.get() << 16);
        let record = Record { id: RecordId::new(at, 1), at: clock, clock_unsure: false, lane: None, fact };
        let changes = vec![Document::new(scope, actor).unwrap().append(&[record], at).unwrap()];
        SealedBatch { seal: key.seal(scope, None, &changes).unwrap(), changes }
    }

    impl Line<'_> {
        /// What leaves now, as the box understands it.
        async fn left(&mut self, to: &mut Session) -> Effects {
            let mut bytes = Vec::new();
            self.outgoing.leave(&mut bytes).await.unwrap();
            to.received(&bytes).unwrap()
        }
    }

    #[tokio::test]
    async fn lists_wait_until_every_record_has_left() {
        let folder = tempfile::tempdir().unwrap();
        let [here, other] = [1, 2].map(|number| SealKey::from_bytes(&[number; 32]));
        let hub = hub_of(folder.path(), &[&here, &other]);
        let town = hub.town.current();
        let mut line = Line::begin(&hub, here.box_id(), 1, TLS_KEY, Arc::clone(&town)).await.unwrap();
        let (signed, root) = (Some(town.signed.clone()), hub.town.keys.town_root.public());
        let (mut the_box, hello) = Session::new(Side::Box, root, signed, town.grants.clone(), Held::NOTHING);
        drop(line.left(&mut the_box).await);
        line.heard(&hello).await.unwrap();

        // The answer is ready before the records of the other box are looked up.
        let wanted = ListWanted { id: ListId::from_bytes([7; 16]), content: [7; 32], held: None, offset: 0 };
        line.heard(&the_box.tell(ListMessage::Wanted(wanted))).await.unwrap();
        line.lists.begin(&hub.lists, &hub.town.keys.list_feed);
        line.lists.answered().await;
        let batch = verify(arrival(&other), &town.grants).unwrap();
        hub.archive.ask(move |stores| stores.commit(vec![batch], now())).await.unwrap().unwrap();
        line.told(Ok(News { site: SITE, from: 2 })).unwrap();
        line.fill().await.unwrap();
        let first = line.left(&mut the_box).await;
        assert_eq!((first.store.len(), first.lists.len()), (1, 0), "records first, and nothing behind them");
        line.fill().await.unwrap();
        let second = line.left(&mut the_box).await;
        assert!(second.store.is_empty() && matches!(second.lists[..], [ListMessage::Piece(_)]));
        line.fill().await.unwrap();
        assert!(!line.outgoing.is_waiting());
    }

    #[tokio::test]
    async fn every_box_hears_at_once_what_time_it_is_at_the_town_hall() {
        let folder = tempfile::tempdir().unwrap();
        let here = SealKey::from_bytes(&[1; 32]);
        let hub = hub_of(folder.path(), &[&here]);
        let beat = vec![7; 84];
        hub.beat_for_boxes(beat.clone().into());
        let town = hub.town.current();
        let mut line = Line::begin(&hub, here.box_id(), 1, TLS_KEY, Arc::clone(&town)).await.unwrap();
        let root = hub.town.keys.town_root.public();
        let (mut the_box, hello) =
            Session::new(Side::Box, root, Some(town.signed.clone()), town.grants.clone(), Held::NOTHING);
        drop(line.left(&mut the_box).await);
        line.heard(&hello).await.unwrap();
        assert_eq!(line.left(&mut the_box).await.alerts, [AlertMessage::Beat(beat)], "it has no door");
    }

    #[tokio::test]
    async fn an_alert_leaves_also_where_there_is_no_room_for_anything_else() {
        let folder = tempfile::tempdir().unwrap();
        let here = SealKey::from_bytes(&[1; 32]);
        let hub = hub_of(folder.path(), &[&here]);
        let town = hub.town.current();
        let mut line = Line::begin(&hub, here.box_id(), 1, TLS_KEY, Arc::clone(&town)).await.unwrap();
        let root = hub.town.keys.town_root.public();
        let (mut the_box, hello) =
            Session::new(Side::Box, root, Some(town.signed.clone()), town.grants.clone(), Held::NOTHING);
        let _greeted = line.left(&mut the_box).await;
        line.heard(&hello).await.unwrap();
        line.fill().await.unwrap();
        let _caught_up = line.left(&mut the_box).await;
        // So much of lists that nothing more is looked up.
        while line.outgoing.has_room() {
            line.outgoing.push(line.session.tell(ListMessage::Offers(Vec::new())));
        }
        let alert = CarriedAlert { alert: vec![1; 900], envelope: vec![2; 90] };
        hub.tell_of_alerts(ForBoxes::of_alert(alert.clone()));
        line.alerts = Lookup::Due;
        line.fill().await.unwrap();
        assert_eq!(line.left(&mut the_box).await.alerts, [AlertMessage::Sent(alert)]);
    }
}
