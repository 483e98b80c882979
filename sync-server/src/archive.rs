//! One thread that owns the databases. Everybody else hands it a job and waits for the answer.

use std::collections::BTreeSet;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hinamori_model::{BoxId, Hlc, IncidentId, SiteId, UnixMillis};
use hinamori_record::{ActorId, ChangeHash, DocumentScope, Period, SiteWord};
use hinamori_store_sqlite::{
    Budget, Concerned, Durability, FileKey, FoundFork, Ingested, KeyTable, Store, StoreError,
};
use hinamori_sync::{Grants, SealedBatch, Trusted, Vectors, VerifiedBatch, verify_evidence};
use tokio::sync::{mpsc, oneshot};

use crate::clock;
use crate::data::DataFolder;
use crate::town::Says;

/// Jobs that may wait: one for every box of a large town. Whoever comes later waits at its own end.
const QUEUE: usize = 256;
/// Bytes: the write-ahead log is moved into the database when it is longer and nobody waits.
const LONG_LOG: u64 = 4 << 20;
/// KiB of pages of the live database in memory: some hundred thousand records.
const PAGES: u32 = 64 << 10;
/// What one look-up for one box brings at most.
const PORTION: Budget = Budget { batches: 256, bytes: 1 << 20 };
/// Looking whether old days may go reads everybody who was there.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// Settings of `records.sqlite` and `drill.sqlite`.
const CONTACTS: &str = "contacts";
const DRILLS: &str = "drills";

/// The thread is gone: it could not be started, or the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the archive is closed")]
pub(crate) struct Closed;

type Job = Box<dyn FnOnce(&mut Stores) + Send>;

/// The way to the archive's thread.
#[derive(Clone)]
pub(crate) struct Archive {
    jobs: mpsc::Sender<Job>,
}

impl Archive {
    /// Starts the thread. It ends when the last [`Archive`] is dropped and every job is done.
    pub(crate) fn start(mut stores: Stores) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(QUEUE);
        let thread = std::thread::Builder::new().name("archive".to_owned()).spawn(move || {
            loop {
                // As long as nobody waits and there is something to tidy.
                let job = match waiting.try_recv() {
                    Ok(job) => Some(job),
                    Err(_) if stores.tidy(LONG_LOG) => continue,
                    Err(_) => waiting.blocking_recv(),
                };
                let Some(job) = job else { break };
                job(&mut stores);
            }
            stores.tidy(0);
        })?;
        Ok((Self { jobs }, thread))
    }

    /// Has `work` done after everything that was asked before.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Stores) -> T + Send + 'static,
    ) -> Result<T, Closed> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |stores| {
            // Whoever asked may be gone; the work is done all the same.
            drop(answer.send(work(stores)));
        });
        self.jobs.send(job).await.map_err(|_thread_gone| Closed)?;
        answered.await.map_err(|_thread_gone| Closed)
    }
}

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhichFile {
    Records,
    Drill,
}

impl WhichFile {
    pub(crate) const ALL: [Self; 2] = [Self::Records, Self::Drill];
}

/// The last change of an actor that is durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Durable {
    pub(crate) scope: DocumentScope,
    pub(crate) actor: ActorId,
    pub(crate) upto: u32,
    pub(crate) hash: ChangeHash,
}

/// The databases: drills apart from everything else.
pub(crate) struct Stores {
    pub(crate) keys: KeyTable,
    live: Store,
    drill: Store,
    /// Every incident that was ever the town's drill: what comes late still goes to the drill's file.
    drills: BTreeSet<IncidentId>,
    /// Whom records concern that came since the last look: in the live file and in the drill's.
    concerned: [Concerned; 2],
    /// When old days were looked at last.
    old_days_at: Option<Instant>,
}

impl Stores {
    /// Opens or makes the files in `folder`; `hides` is the key table's key.
    pub(crate) fn open(folder: &DataFolder, hides: &FileKey) -> Result<Self, StoreError> {
        let keys = KeyTable::open(&folder.key_table(), hides)?;
        let [live, drill] = folder.databases();
        let (live, drill) = (Store::open(&live)?, Store::open(&drill)?);
        live.keep_in_memory(PAGES)?;
        let drills = drill.setting(DRILLS)?.unwrap_or_default();
        let drills = drills.chunks_exact(16).filter_map(|id| id.try_into().ok());
        let drills = drills.map(IncidentId::from_bytes).collect();
        let concerned = [const { Concerned::Everybody }; 2];
        Ok(Self { keys, live, drill, drills, concerned, old_days_at: None })
    }

    /// Goes by what the town says of records from now on: which incident is a drill, who is not believed, and who confirms nobody.
    pub(crate) fn follow(&mut self, says: &Says) -> Result<(), StoreError> {
        self.remember_drill(says.drill)?;
        let stores = [&mut self.live, &mut self.drill].into_iter().zip(&mut self.concerned);
        for ((store, concerned), ruled_on) in stores.zip(&says.ruled_on) {
            if store.retain(&says.retentions)? {
                self.old_days_at = None;
            }
            let differs = [
                store.cut_off(&says.cut_offs)?,
                store.rule_on_forks(&says.forks)?,
                store.hear_headquarters(says.headquarters, ruled_on)?,
            ];
            if differs.contains(&true) {
                concerned.merge(Concerned::Everybody);
            }
        }
        Ok(())
    }

    /// The forks of which the databases have proof.
    pub(crate) fn found_forks(&self) -> Result<Vec<FoundFork>, StoreError> {
        let mut all = self.live.found_forks()?;
        all.extend(self.drill.found_forks()?);
        Ok(all)
    }

    /// The incident in which an incident counts by headquarters' word, as far as it was not split.
    pub(crate) fn shown(&self, incident: IncidentId) -> IncidentId {
        self.store_of(incident).rulings().joined_into(incident)
    }

    /// An incident, and those of which something counts in it.
    pub(crate) fn counted_together(&self, incident: IncidentId) -> BTreeSet<IncidentId> {
        self.store_of(incident).rulings().counted_together(incident)
    }

    /// Headquarters' word on a site, and when it was said: in the incident in which what is said there now counts, as its boxes look for it.
    pub(crate) fn word_on(&self, incident: IncidentId, site: SiteId) -> Option<(SiteWord, Hlc)> {
        let rulings = self.store_of(incident).rulings();
        rulings.site(rulings.counts_in(incident, site, UnixMillis::new(u64::MAX)), site)
    }

    /// What headquarters calls an incident.
    pub(crate) fn name_of(&self, incident: IncidentId) -> Option<String> {
        self.store_of(incident).rulings().name(incident).map(str::to_owned)
    }

    /// Remembers for ever that `incident` is a drill.
    pub(crate) fn remember_drill(&mut self, incident: IncidentId) -> Result<(), StoreError> {
        if self.drills.contains(&incident) {
            return Ok(());
        }
        let known: Vec<u8> = self.drills.iter().chain([&incident]).flat_map(|id| *id.as_bytes()).collect();
        self.drill.set_setting(DRILLS, &known)?;
        self.drills.insert(incident);
        Ok(())
    }

    /// What is held durably.
    pub(crate) fn held(&self) -> Vectors {
        let mut held = self.live.vectors().clone();
        held.extend(self.drill.vectors().clone());
        held
    }

    /// Stores batches durably; the answer is what a receipt may be given for.
    pub(crate) fn commit(
        &mut self,
        batches: Vec<VerifiedBatch>,
        now: UnixMillis,
    ) -> Result<Vec<Durable>, StoreError> {
        let taken = self.take(batches, now)?.taken;
        let durable = taken.into_iter().map(|(scope, actor)| self.durable(scope, actor, u32::MAX));
        Ok(durable.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Stores batches durably, each in its file.
    fn take(&mut self, batches: Vec<VerifiedBatch>, now: UnixMillis) -> Result<Ingested, StoreError> {
        let mut all = Ingested::default();
        let (drill, live): (Vec<_>, Vec<_>) =
            batches.into_iter().partition(|batch| self.drills.contains(&batch.seal().scope.incident));
        let files = [(&mut self.live, live), (&mut self.drill, drill)];
        for ((store, batches), concerned) in files.into_iter().zip(&mut self.concerned) {
            if !batches.is_empty() {
                let ingested = store.commit_received(&batches, now, Durability::Durable)?;
                for refused in &ingested.refused {
                    tracing::warn!(%refused, "a batch went to the quarantine");
                }
                concerned.merge(ingested.concerned);
                all.taken.extend(ingested.taken);
                all.refused.extend(ingested.refused);
            }
        }
        Ok(all)
    }

    /// Of what a box waits for, what a receipt may be given for. It waits for its own changes only.
    pub(crate) fn durable_of(&self, waiting: &Vectors, own: BoxId) -> Result<Vec<Durable>, StoreError> {
        let mut durable = Vec::new();
        for (scope, actors) in waiting {
            for (actor, upto) in actors.iter().filter(|(actor, _)| actor.belongs_to(own)) {
                durable.extend(self.durable(*scope, *actor, *upto)?);
            }
        }
        Ok(durable)
    }

    fn durable(
        &self,
        scope: DocumentScope,
        actor: ActorId,
        most: u32,
    ) -> Result<Option<Durable>, StoreError> {
        let store = self.store_of(scope.incident);
        let upto = store.held(scope, actor).min(most);
        let hash = store.hash(scope, actor, upto)?;
        Ok(hash.map(|hash| Durable { scope, actor, upto, hash }))
    }

    /// Keeps refused bytes for somebody to look at.
    pub(crate) fn put_aside(
        &mut self,
        refused: &[(String, Vec<u8>)],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        for (reason, bytes) in refused {
            self.live.quarantine(reason, bytes, now)?;
        }
        Ok(())
    }

    /// A portion of the batches that a peer with `peer` lacks, of documents that it may be offered.
    pub(crate) fn missing_at(
        &self,
        peer: &Vectors,
        may_offer: impl Fn(&DocumentScope) -> bool,
    ) -> Result<Vec<SealedBatch>, StoreError> {
        let (mut budget, mut batches) = (PORTION, Vec::new());
        for store in self.all() {
            batches.extend(store.batches_missing_at(peer, &may_offer, &mut budget)?);
        }
        Ok(batches)
    }

    /// The file that an incident's records stand in.
    pub(crate) fn store_of(&self, incident: IncidentId) -> &Store {
        if self.drills.contains(&incident) { &self.drill } else { &self.live }
    }

    /// Destroys everything of a closed incident.
    pub(crate) fn forget(&mut self, incident: IncidentId) -> Result<(), StoreError> {
        // Both: what is put aside lies in one of them, whatever it is of.
        self.live.forget(incident)?;
        self.drill.forget(incident)
    }

    /// Whom records of the file of an incident concern that came since this was asked last.
    pub(crate) fn take_concerned(&mut self, incident: IncidentId) -> Concerned {
        let [live, drill] = &mut self.concerned;
        std::mem::take(if self.drills.contains(&incident) { drill } else { live })
    }

    /// Looks again at what an operator released. Of which sites records came by it.
    pub(crate) fn look_at_released(
        &mut self,
        grants: &Grants,
        now: UnixMillis,
    ) -> Result<BTreeSet<SiteId>, StoreError> {
        let mut sites = BTreeSet::new();
        for which in WhichFile::ALL {
            while let Some((number, bytes)) = self.file(which).next_released()? {
                let refused = match verify_evidence(&bytes, grants) {
                    None => Some("no batch, or only its beginning".to_owned()),
                    Some(Err(problem)) => Some(problem.to_string()),
                    Some(Ok(batch)) => {
                        let site = batch.seal().scope.site;
                        let own = self.take(vec![batch], now)?;
                        if own.refused.is_empty() {
                            sites.insert(site);
                        }
                        own.refused.first().map(ToString::to_string)
                    }
                };
                match refused {
                    Some(reason) => self.file(which).refuse_again(number, &reason)?,
                    None => drop(self.file(which).discard(number)?),
                }
            }
        }
        Ok(sites)
    }

    /// One of the two files, for whoever looks after it.
    pub(crate) const fn file(&mut self, which: WhichFile) -> &mut Store {
        match which {
            WhichFile::Records => &mut self.live,
            WhichFile::Drill => &mut self.drill,
        }
    }

    /// Makes what the databases say of the changes anew; how many records there are.
    pub(crate) fn rebuild(&mut self) -> Result<u64, StoreError> {
        let mut records = 0_u64;
        for store in [&mut self.live, &mut self.drill] {
            store.rebuild()?;
            records = records.saturating_add(store.record_count()?);
        }
        self.concerned = [const { Concerned::Everybody }; 2];
        Ok(records)
    }

    /// What was here of a box at a moment.
    pub(crate) fn received_of(&self, of: BoxId, until: UnixMillis) -> Result<Vec<Trusted>, StoreError> {
        let mut trusted = Vec::new();
        for store in self.all() {
            for (scope, actors) in store.received_of(of, until)? {
                trusted.extend(actors.into_iter().map(|(actor, upto)| Trusted::new(scope, actor, upto)));
            }
        }
        Ok(trusted)
    }

    /// Both files, for figures about everything.
    pub(crate) const fn all(&self) -> [&Store; 2] {
        [&self.live, &self.drill]
    }

    /// What [`Stores::save_contacts`] kept.
    pub(crate) fn contacts(&self) -> Result<Vec<u8>, StoreError> {
        Ok(self.live.setting(CONTACTS)?.unwrap_or_default())
    }

    /// Keeps when boxes were heard last.
    pub(crate) fn save_contacts(&mut self, contacts: &[u8]) -> Result<(), StoreError> {
        self.live.set_setting(CONTACTS, contacts)
    }

    fn drop_old_days(&mut self) {
        for (store, concerned) in [&mut self.live, &mut self.drill].into_iter().zip(&mut self.concerned) {
            match store.drop_old_days() {
                Ok(true) => {
                    tracing::info!("days that the town does not keep any more were dropped");
                    concerned.merge(Concerned::Everybody);
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "days that are not kept any more stay for now"),
            }
        }
    }

    /// Whether something is left to do.
    fn tidy(&mut self, longest_log: u64) -> bool {
        if let Err(error) = self.keys.checkpoint_if_over(longest_log) {
            tracing::warn!(%error, "the key table's log stays long");
        }
        for store in self.all() {
            if let Err(error) = store.checkpoint_if_over(longest_log) {
                tracing::warn!(%error, "the write-ahead log stays long");
            }
        }
        if self.old_days_at.is_none_or(|at| at.elapsed() >= LOOK_AGAIN) {
            self.old_days_at = Some(Instant::now());
            self.drop_old_days();
        }
        // Boxes bring much of yesterday still.
        let closed_before = Period::of(clock::now()).day().saturating_sub(1);
        let mut is_left = false;
        for store in [&mut self.live, &mut self.drill] {
            match store.pack_closed(closed_before) {
                Ok(packed) => is_left |= packed,
                Err(error) => tracing::warn!(%error, "changes of a day that is over cannot be packed"),
            }
        }
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_thread_does_everything_in_order_and_ends_with_its_last_handle() {
        let folder = tempfile::tempdir().unwrap();
        let key = FileKey::new([1; 32]);
        let stores = Stores::open(&DataFolder::new(folder.path()), &key).unwrap();
        let (archive, thread) = Archive::start(stores).unwrap();
        let drill = IncidentId::from_bytes([7; 16]);
        archive.ask(move |stores| stores.remember_drill(drill)).await.unwrap().unwrap();
        let other = archive.clone();
        drop(archive);
        assert!(other.ask(move |stores| stores.drills.contains(&drill)).await.unwrap());
        drop(other);
        thread.join().unwrap();
        let again = Stores::open(&DataFolder::new(folder.path()), &key).unwrap();
        assert!(again.drills.contains(&drill), "remembered for ever");
    }
}
