//! The log of sealed changes.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use hinamori_model::{BoxId, Hlc, IncidentId, PersonId, UnixMillis};
use hinamori_record::{ActorId, Change, ChangeHash, DocumentScope, Fact, Period, Record};
use hinamori_sync::{Receipt, Seal, SealedBatch, Vectors, VerifiedBatch};
use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::projection::{By, make_projections, project};
use crate::quarantine::put_aside;
use crate::run::{changes, for_each_of, hash_at, held};
use crate::{Store, StoreError, StoredChange, forks};

/// Whether a commit waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Returns after the disk has it: whatever is acknowledged to somebody.
    Durable,
    /// The next durable commit carries it along: what can be had again (seals, copies of other boxes'
    /// changes, confirmations).
    Relaxed,
}

/// What became of received batches.
#[derive(Debug, Default)]
#[must_use]
pub struct Ingested {
    /// Changes that were new.
    pub new: u32,
    /// The highest clock reading in them, after which the box's own clock should go on.
    pub latest: Hlc,
    /// Whom the new records are about.
    pub concerned: Concerned,
    /// Whose changes were taken, or were here already.
    pub taken: BTreeSet<(DocumentScope, ActorId)>,
    /// Batches that were not taken, each with its reason; they stand in the quarantine.
    pub refused: Vec<Refused>,
}

/// Whom records are about: who keeps something about people has to look again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Concerned {
    /// These.
    People(BTreeSet<PersonId>),
    /// Possibly everybody: records were taken back, or moved from one person to another, or a roll-call ended.
    Everybody,
}

impl Default for Concerned {
    fn default() -> Self {
        Self::People(BTreeSet::new())
    }
}

impl Concerned {
    /// Adds whom a fact is about.
    pub fn add(&mut self, fact: &Fact) {
        match (&mut *self, fact) {
            (_, Fact::Undo { .. } | Fact::Link { .. } | Fact::RollCall { .. }) => *self = Self::Everybody,
            (Self::People(people), fact) => people.extend(fact.person()),
            (Self::Everybody, _) => {}
        }
    }

    /// Adds whom something else concerns.
    pub fn merge(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::People(people), Self::People(others)) => people.extend(others),
            (_, Self::Everybody) => *self = Self::Everybody,
            (Self::Everybody, Self::People(_)) => {}
        }
    }
}

/// Why a verified batch was not taken. The party at fault is the box that sealed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Changes between ours and these are missing.
    #[error("the actor's changes up to {held} are held, the batch begins at {begins}")]
    Gap {
        /// Largest sequence held.
        held: u32,
        /// First sequence of the batch.
        begins: u32,
    },
    /// The same place in the sequence with other content: somebody signed two histories.
    #[error("sequence {sequence} of the actor is held with another hash")]
    Fork {
        /// Where.
        sequence: u32,
        /// The hash held.
        held: ChangeHash,
        /// The hash received.
        received: ChangeHash,
    },
}

/// How much is still looked up: what a peer lacks goes to it in portions.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Batches.
    pub batches: usize,
    /// Bytes of changes; the last batch may go over it.
    pub bytes: usize,
}

impl Budget {
    /// Whether nothing more may be looked up.
    pub const fn is_spent(&self) -> bool {
        self.batches == 0 || self.bytes == 0
    }

    fn spend(&mut self, changes: &[Change]) {
        self.batches = self.batches.saturating_sub(1);
        self.bytes = changes.iter().fold(self.bytes, |left, change| left.saturating_sub(change.bytes.len()));
    }
}

/// A run of own changes without a seal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsealed {
    /// The document.
    pub scope: DocumentScope,
    /// The hash of the actor's change before them.
    pub before: Option<ChangeHash>,
    /// The changes, in order.
    pub changes: Vec<Change>,
}

impl Store {
    /// Writes one own change with its records and the outbox entry, durably: when this returns `Ok`, the
    /// answer may be given.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written and the caller's document must be read anew. After [`StoreError::NotNext`] the box
    /// writes under another epoch.
    pub fn commit_own(
        &mut self,
        scope: DocumentScope,
        change: &Change,
        records: &[Record],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let held = self.held(scope, change.actor);
        if change.sequence != held.saturating_add(1) {
            return Err(StoreError::NotNext { sequence: change.sequence, held });
        }
        let transaction = self.connection.transaction()?;
        let document = document_row(&transaction, scope)?;
        insert_change(&transaction, document, change, now)?;
        transaction
            .prepare_cached("INSERT INTO outbox (document, actor, sequence) VALUES (?1, ?2, ?3)")?
            .execute((document, change.actor.as_bytes(), change.sequence))?;
        let (forked, headquarters) = (self.forks.is_forked(change.actor), &self.headquarters);
        project(&transaction, (document, scope), records, forked, headquarters)?;
        transaction.commit()?;
        self.held.entry(scope).or_default().insert(change.actor, change.sequence);
        self.loose.insert(scope);
        Ok(())
    }

    /// Writes verified batches of other boxes with their seals and records, in one transaction. A batch
    /// that is already held is no error.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was written.
    pub fn commit_received(
        &mut self,
        batches: &[VerifiedBatch],
        now: UnixMillis,
        durability: Durability,
    ) -> Result<Ingested, StoreError> {
        let (cut_offs, told) = (Arc::clone(&self.cut_offs), Arc::clone(&self.headquarters));
        let (before, mut known) = (Arc::clone(&self.forks), Arc::clone(&self.forks));
        let (ingested, taken, headquarters) = self.with(durability, |transaction| {
            let (mut ingested, mut taken) = (Ingested::default(), Vec::new());
            for batch in batches {
                let document = document_row(transaction, batch.seal().scope)?;
                let by = By { cut_offs: &cut_offs, forks: &before, headquarters: &told };
                match insert_batch(transaction, document, batch, by, now)? {
                    Ok(Inserted { new, latest, concerned }) => {
                        ingested.concerned.merge(concerned);
                        ingested.new = ingested.new.saturating_add(new);
                        ingested.latest = ingested.latest.max(latest);
                        taken.push(batch.seal());
                        ingested.taken.insert((batch.seal().scope, batch.seal().actor));
                    }
                    Err(refused) => {
                        put_aside(transaction, &refused.to_string(), &batch.to_evidence(), now)?;
                        let Seal { scope, actor, .. } = *batch.seal();
                        if forks::note(transaction, (document, scope, actor), &refused, now)? {
                            Arc::make_mut(&mut known).note(actor);
                        }
                        ingested.refused.push(refused);
                    }
                }
            }
            let mut headquarters = Arc::clone(&told);
            if batches.iter().any(|batch| told.writes(batch.seal().scope)) {
                headquarters = Arc::new(told.renewed(transaction, &cut_offs)?);
            }
            let counts_alike = headquarters.counts_alike(&told);
            if !counts_alike || before.differing(&known).next().is_some() {
                let by = By { cut_offs: &cut_offs, forks: &known, headquarters: &headquarters };
                make_projections(transaction, by)?;
                ingested.concerned = Concerned::Everybody;
            }
            Ok((ingested, taken, headquarters))
        })?;
        self.headquarters = headquarters;
        self.forks = known;
        for seal in taken {
            self.loose.insert(seal.scope);
            let held = self.held.entry(seal.scope).or_default().entry(seal.actor).or_default();
            *held = seal.upto.max(*held);
        }
        Ok(ingested)
    }

    /// Runs `work` in one transaction.
    pub(crate) fn with<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if durability == Durability::Relaxed {
            self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        let outcome = (|| {
            let transaction = self.connection.transaction()?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        // Back to FULL whatever happened: a store that stays relaxed would break the second law in silence.
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        outcome
    }

    /// What this store holds, per document and actor.
    pub const fn vectors(&self) -> &Vectors {
        &self.held
    }

    /// Sealed batches of changes in `wanted` documents that a peer with `peer` lacks, each actor's in order,
    /// as far as `budget` goes. What is of today goes before what is history, and of one day the document that lacks least before those
    /// that lack more: an alarm of the watch does not wait behind a morning's arrivals.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn batches_missing_at(
        &self,
        peer: &Vectors,
        wanted: impl Fn(&DocumentScope) -> bool,
        budget: &mut Budget,
    ) -> Result<Vec<SealedBatch>, StoreError> {
        let mut batches = Vec::new();
        let mut documents: Vec<_> = self
            .held
            .iter()
            .filter(|(scope, _)| wanted(scope) && self.is_offered(scope))
            .filter_map(|(scope, actors)| {
                let lacks = |(actor, held): (&ActorId, &u32)| {
                    let sent = peer.get(scope).and_then(|actors| actors.get(actor)).copied().unwrap_or(0);
                    (sent < *held).then_some((*actor, sent, held.saturating_sub(sent)))
                };
                let lacking: Vec<_> = actors.iter().filter_map(lacks).collect();
                let changes = lacking.iter().fold(0_u32, |sum, (.., changes)| sum.saturating_add(*changes));
                (changes > 0).then_some((Reverse(scope.period.day()), changes, *scope, lacking))
            })
            .collect();
        documents.sort_unstable_by_key(|(day, changes, scope, _)| (*day, *changes, *scope));
        for (.., scope, lacking) in documents {
            for (actor, sent, _) in lacking {
                batches.extend(self.batches_after(scope, actor, sent, budget)?);
            }
            if budget.is_spent() {
                break;
            }
        }
        Ok(batches)
    }

    /// Sealed batches of one actor's changes after the sequence `sent`, in order, as far as `budget` goes.
    pub(crate) fn batches_after(
        &self,
        scope: DocumentScope,
        actor: ActorId,
        sent: u32,
        budget: &mut Budget,
    ) -> Result<Vec<SealedBatch>, StoreError> {
        let mut batches = Vec::new();
        if budget.is_spent() {
            return Ok(batches);
        }
        let Some(document) = self.document(scope)? else { return Ok(batches) };
        let mut sent = sent;
        while !budget.is_spent() {
            let next = sent.saturating_add(1);
            let Some(seal) = self.seal_covering(document, scope, actor, next)? else { break };
            sent = seal.upto;
            let changes = changes(&self.connection, document, actor, seal.from, seal.upto)?;
            budget.spend(&changes);
            batches.push(SealedBatch { seal, changes });
        }
        Ok(batches)
    }

    /// In which document somebody goes on who would write in `scope`: in the first one of its day from there on that holds fewer than
    /// `longest` changes. A clock that stands before the days that are kept hides no record: it stands in the first one that is.
    pub fn with_room(&self, mut scope: DocumentScope, longest: u32) -> DocumentScope {
        if let Some(retention) = self.retentions.of(scope.incident).filter(|_| !self.retentions.keep(&scope))
        {
            scope.period = Period(retention.first_day & Period::DAY_MASK);
        }
        let is_full = |scope: &DocumentScope| {
            let held = self.held.get(scope).into_iter().flatten();
            held.fold(0, |sum: u32, (_, upto)| sum.saturating_add(*upto)) >= longest
        };
        while is_full(&scope)
            // After the last number a day goes on in its last document: nobody is turned away.
            && let Some(next) = scope.period.next()
        {
            scope.period = next;
        }
        scope
    }

    /// The largest sequence held of an actor in a document; 0 for none.
    pub fn held(&self, scope: DocumentScope, actor: ActorId) -> u32 {
        self.held.get(&scope).and_then(|actors| actors.get(&actor)).copied().unwrap_or(0)
    }

    /// The runs of changes that `actor`'s box has not sealed yet. None goes over a multiple of `longest`
    /// ([`LONGEST_RUN`](hinamori_record::LONGEST_RUN) at a box).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsealed(&self, actor: ActorId, longest: u32) -> Result<Vec<Unsealed>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT incident, site, period, document.id,
                    coalesce((SELECT max(upto) FROM seal WHERE seal.document = change.document
                              AND seal.actor = change.actor), 0) AS sealed,
                    max(sequence) AS held
             FROM change JOIN document ON document.id = change.document
             WHERE actor = ?1 GROUP BY change.document HAVING held > sealed",
        )?;
        let mut rows = statement.query([actor.as_bytes()])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            let scope = scope_of(row.get(0)?, row.get(1)?, row.get(2)?);
            let (document, sealed, held): (i64, u32, u32) = (row.get(3)?, row.get(4)?, row.get(5)?);
            let mut first = sealed.saturating_add(1);
            while first <= held {
                let before_it = first.saturating_sub(1);
                let multiple = before_it.saturating_sub(before_it % longest.max(1));
                let last = held.min(multiple.saturating_add(longest.max(1)));
                let before = hash_at(&self.connection, document, actor, first.saturating_sub(1))?;
                runs.push(Unsealed {
                    scope,
                    before,
                    changes: changes(&self.connection, document, actor, first, last)?,
                });
                first = last.saturating_add(1);
            }
        }
        Ok(runs)
    }

    /// The actors of this box (all its epochs) that have changes without a seal.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unsealed_actors(&self, owns: impl Fn(ActorId) -> bool) -> Result<Vec<ActorId>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT DISTINCT actor FROM outbox")?;
        let mut rows = statement.query([])?;
        let mut actors = Vec::new();
        while let Some(row) = rows.next()? {
            let actor = ActorId::from_bytes(row.get(0)?);
            if owns(actor) {
                actors.push(actor);
            }
        }
        Ok(actors)
    }

    /// Keeps seals. Relaxed: the same key gives the same seal again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_seals(&mut self, seals: &[Seal]) -> Result<(), StoreError> {
        self.with(Durability::Relaxed, |transaction| {
            for seal in seals {
                let document = document_row(transaction, seal.scope)?;
                insert_seal(transaction, document, seal)?;
            }
            Ok(())
        })?;
        self.loose.extend(seals.iter().map(|seal| seal.scope));
        Ok(())
    }

    /// The server says that it has these changes durably. Where the receipt holds for what stands here under their name, they leave the
    /// outbox (they stay in the log), and the receipt is kept. Whether it does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_receipt(&mut self, receipt: &Receipt, key: &[u8; 32]) -> Result<bool, StoreError> {
        let Receipt { scope, actor, upto, at, signature } = receipt;
        let hash = self.hash(*scope, *actor, *upto)?;
        if !hash.is_some_and(|hash| receipt.is_for(hash, key)) {
            return Ok(false);
        }
        // A peer may name anything: a document that is not here has no change of this hash.
        let Some(document) = self.document(*scope)? else { return Ok(false) };
        self.with(Durability::Relaxed, |transaction| {
            transaction
                .prepare_cached("DELETE FROM outbox WHERE document = ?1 AND actor = ?2 AND sequence <= ?3")?
                .execute((document, actor.as_bytes(), upto))?;
            transaction
                .prepare_cached(
                    "INSERT INTO receipt (document, actor, upto, at, signature) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO UPDATE SET upto = ?3, at = ?4, signature = ?5 WHERE upto <= ?3",
                )?
                .execute((document, actor.as_bytes(), upto, at.get(), signature))?;
            Ok(true)
        })
    }

    /// When the server had the latest changes of these writers durably, by its latest receipt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest_receipt(&self, of: impl Fn(ActorId) -> bool) -> Result<Option<UnixMillis>, StoreError> {
        let mut statement = self.connection.prepare("SELECT actor, at FROM receipt ORDER BY at DESC")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if of(ActorId::from_bytes(row.get(0)?)) {
                return Ok(Some(UnixMillis::new(row.get(1)?)));
            }
        }
        Ok(None)
    }

    /// The hash of a change; `None` when it is not here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hash(
        &self,
        scope: DocumentScope,
        actor: ActorId,
        sequence: u32,
    ) -> Result<Option<ChangeHash>, StoreError> {
        let Some(document) = self.document(scope)? else { return Ok(None) };
        hash_at(&self.connection, document, actor, sequence)
    }

    /// What was here of a box at a moment, by when it came: the last change of each of its writers in each document.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn received_of(&self, of: BoxId, until: UnixMillis) -> Result<Vectors, StoreError> {
        let mut here = Vectors::new();
        let theirs = self.held.iter().filter(|(_, actors)| actors.keys().any(|actor| actor.belongs_to(of)));
        for (scope, _) in theirs {
            let Some(document) = self.document(*scope)? else { continue };
            for_each_of(&self.connection, document, *scope, |change| -> Result<(), StoreError> {
                let StoredChange { scope, actor, sequence, received_at, .. } = change;
                if actor.belongs_to(of) {
                    let upto = here.entry(scope).or_default().entry(actor).or_default();
                    // What follows a change that came later is not of then, whatever its time says.
                    if received_at <= until && *upto == sequence.saturating_sub(1) {
                        *upto = sequence;
                    }
                }
                Ok(())
            })?;
        }
        for actors in here.values_mut() {
            actors.retain(|_, upto| *upto > 0);
        }
        here.retain(|_, actors| !actors.is_empty());
        Ok(here)
    }

    /// Own changes that wait for a receipt: each actor's last one in each document.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn waiting(&self) -> Result<Vectors, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT incident, site, period, actor, max(sequence) FROM outbox
             JOIN document ON document.id = outbox.document GROUP BY outbox.document, actor",
        )?;
        vectors_of(statement.query([])?)
    }

    /// Own changes in `wanted` incidents that the server has not confirmed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unconfirmed(&self, wanted: impl Fn(IncidentId) -> bool) -> Result<u32, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT incident, count(*) FROM outbox
             JOIN document ON document.id = outbox.document GROUP BY incident",
        )?;
        let mut rows = statement.query([])?;
        let mut sum = 0_u32;
        while let Some(row) = rows.next()? {
            if wanted(IncidentId::from_bytes(row.get(0)?)) {
                sum = sum.saturating_add(row.get(1)?);
            }
        }
        Ok(sum)
    }

    /// Reads what [`Store::vectors`] says from the log.
    pub(crate) fn read_held(connection: &Connection) -> Result<Vectors, StoreError> {
        let mut statement = connection.prepare(
            "SELECT incident, site, period, actor, max(upto) FROM (
                 SELECT document, actor, sequence AS upto FROM change
                 UNION ALL SELECT document, actor, upto FROM run) AS held
             JOIN document ON document.id = held.document GROUP BY held.document, actor",
        )?;
        vectors_of(statement.query([])?)
    }

    /// All changes of one document, in an order in which they can be applied.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn document_changes(&self, scope: DocumentScope) -> Result<Vec<Vec<u8>>, StoreError> {
        let Some(document) = self.document(scope)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for_each_of(&self.connection, document, scope, |change| -> Result<(), StoreError> {
            found.push(change.bytes);
            Ok(())
        })?;
        Ok(found)
    }

    pub(crate) fn document(&self, scope: DocumentScope) -> Result<Option<i64>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM document WHERE incident = ?1 AND site = ?2 AND period = ?3")?;
        let key = (scope.incident.as_bytes(), scope.site.as_bytes(), scope.period.0);
        Ok(statement.query_row(key, |row| row.get(0)).optional()?)
    }

    fn seal_covering(
        &self,
        document: i64,
        scope: DocumentScope,
        actor: ActorId,
        sequence: u32,
    ) -> Result<Option<Seal>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT first, upto, before, digest, key, signature FROM seal
             WHERE document = ?1 AND actor = ?2 AND upto >= ?3 AND first <= ?3 ORDER BY upto LIMIT 1",
        )?;
        let key = (document, actor.as_bytes(), sequence);
        Ok(statement
            .query_row(key, |row| {
                Ok(Seal {
                    scope,
                    actor,
                    from: row.get(0)?,
                    upto: row.get(1)?,
                    before: row.get::<_, Option<[u8; 32]>>(2)?.map(ChangeHash),
                    digest: row.get(3)?,
                    key: row.get(4)?,
                    signature: row.get(5)?,
                })
            })
            .optional()?)
    }
}

/// Rows of incident, site, period, actor and sequence.
fn vectors_of(mut rows: rusqlite::Rows<'_>) -> Result<Vectors, StoreError> {
    let mut vectors = Vectors::new();
    while let Some(row) = rows.next()? {
        let scope = scope_of(row.get(0)?, row.get(1)?, row.get(2)?);
        vectors.entry(scope).or_default().insert(ActorId::from_bytes(row.get(3)?), row.get(4)?);
    }
    Ok(vectors)
}

pub(crate) fn scope_of(incident: [u8; 16], site: [u8; 16], period: u32) -> DocumentScope {
    DocumentScope {
        incident: IncidentId::from_bytes(incident),
        site: hinamori_model::SiteId::from_bytes(site),
        period: Period(period),
    }
}

fn document_row(transaction: &Transaction<'_>, scope: DocumentScope) -> Result<i64, StoreError> {
    scope_row(transaction, "document", scope)
}

/// The row of a scope in `document` or in `place`, made if it is the first time.
pub(crate) fn scope_row(
    transaction: &Transaction<'_>,
    table: &str,
    scope: DocumentScope,
) -> Result<i64, StoreError> {
    let key = (scope.incident.as_bytes(), scope.site.as_bytes(), scope.period.0);
    let found = transaction
        .prepare_cached(&format!("SELECT id FROM {table} WHERE incident = ?1 AND site = ?2 AND period = ?3"))?
        .query_row(key, |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    transaction
        .prepare_cached(&format!("INSERT INTO {table} (incident, site, period) VALUES (?1, ?2, ?3)"))?
        .execute(key)?;
    Ok(transaction.last_insert_rowid())
}

fn insert_change(
    transaction: &Transaction<'_>,
    document: i64,
    change: &Change,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let Change { actor, sequence, hash, bytes } = change;
    transaction
        .prepare_cached(
            "INSERT INTO change (document, actor, sequence, hash, bytes, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((document, actor.as_bytes(), sequence, hash.0, bytes, now.get()))?;
    Ok(())
}

fn insert_seal(transaction: &Transaction<'_>, document: i64, seal: &Seal) -> Result<(), StoreError> {
    let Seal { scope: _, actor, from, upto, before, digest, key, signature } = seal;
    transaction
        .prepare_cached("INSERT OR IGNORE INTO seal VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute((
            document,
            actor.as_bytes(),
            upto,
            from,
            digest,
            key,
            signature,
            before.map(|before| before.0),
        ))?;
    Ok(())
}

/// What a batch brought.
#[derive(Default)]
struct Inserted {
    new: u32,
    latest: Hlc,
    concerned: Concerned,
}

fn insert_batch(
    transaction: &Transaction<'_>,
    document: i64,
    batch: &VerifiedBatch,
    by: By<'_>,
    now: UnixMillis,
) -> Result<Result<Inserted, Refused>, StoreError> {
    let seal = batch.seal();
    let held = held(transaction, document, seal.actor)?;
    if seal.from > held.saturating_add(1) {
        return Ok(Err(Refused::Gap { held, begins: seal.from }));
    }
    // Both where they meet and, in a run that follows ours, what it follows.
    let before = seal.before.map(|hash| (seal.from.saturating_sub(1), hash));
    let claimed = batch.changes().iter().map(|change| (change.sequence, change.hash));
    for (sequence, received) in
        before.into_iter().chain(claimed).take_while(|(sequence, _)| *sequence <= held)
    {
        let at_hand = hash_at(transaction, document, seal.actor, sequence)?;
        if let Some(held) = at_hand.filter(|held| *held != received) {
            return Ok(Err(Refused::Fork { sequence, held, received }));
        }
    }
    insert_seal(transaction, document, seal)?;
    let mut inserted = Inserted::default();
    for (change, records) in batch.decoded().filter(|(change, _)| change.sequence > held) {
        insert_change(transaction, document, change, now)?;
        inserted.new = inserted.new.saturating_add(1);
        if !by.cut_offs.believe(seal.scope, seal.actor, change.sequence) {
            continue;
        }
        project(
            transaction,
            (document, seal.scope),
            records,
            by.forks.is_forked(seal.actor),
            by.headquarters,
        )?;
        inserted.latest = records.iter().map(|record| record.at).fold(inserted.latest, Hlc::max);
        records.iter().for_each(|record| inserted.concerned.add(&record.fact));
    }
    Ok(Ok(inserted))
}
