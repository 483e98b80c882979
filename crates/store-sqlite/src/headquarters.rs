//! In which incident a record counts, by headquarters' word.
//!
//! The rulings are read from the log itself and not from projections, which are made by them. So it is the same whether a ruling comes
//! before what it is about or after it.

use std::collections::BTreeSet;
use std::sync::Arc;

use hinamori_model::{Hlc, IncidentId, SiteId};
use hinamori_record::{DocumentScope, Fact, IncidentRulings, Record, decode_change, is_incident_ruling};
use hinamori_sync::{CutOffs, EVERYWHERE};
use rusqlite::Connection;

use crate::log::scope_of;
use crate::projection::{By, make_projections};
use crate::run::for_each_of;
use crate::{Durability, Store, StoreError};

const HEADQUARTERS: &str = "headquarters";

/// Whose word on incidents counts, and what it is now.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Headquarters {
    /// The site of its documents; `None` before a town said it.
    site: Option<SiteId>,
    /// What it may rule on: of one kind, and daily life is never among them.
    may: BTreeSet<IncidentId>,
    rulings: IncidentRulings,
}

impl Headquarters {
    /// What was kept of [`Store::hear_headquarters`], with the rulings that the log has.
    pub(crate) fn read(connection: &Connection, kept: &[u8], cut_offs: &CutOffs) -> Result<Self, StoreError> {
        let mut ids = kept.as_chunks::<16>().0.iter().copied();
        let site = ids.next().map(SiteId::from_bytes);
        let may = ids.map(IncidentId::from_bytes).collect();
        Self { site, may, rulings: IncidentRulings::default() }.renewed(connection, cut_offs)
    }

    fn kept(site: SiteId, may: &BTreeSet<IncidentId>) -> Vec<u8> {
        site.as_bytes().iter().chain(may.iter().flat_map(IncidentId::as_bytes)).copied().collect()
    }

    /// The same with the rulings that the log has now.
    pub(crate) fn renewed(&self, connection: &Connection, cut_offs: &CutOffs) -> Result<Self, StoreError> {
        let Self { site, may, rulings: _ } = self;
        let mut said: Vec<(IncidentId, Record)> = Vec::new();
        let mut statement =
            connection.prepare_cached("SELECT id, incident, site, period FROM document WHERE site = ?1")?;
        let documents = statement.query_map([site.as_ref().map(SiteId::as_bytes)], |row| {
            Ok((row.get(0)?, scope_of(row.get(1)?, row.get(2)?, row.get(3)?)))
        })?;
        for document in documents {
            let (document, scope) = document?;
            for_each_of(connection, document, scope, |change| -> Result<(), StoreError> {
                if cut_offs.believe(scope, change.actor, change.sequence)
                    && let Ok(decoded) = decode_change(&change.bytes)
                {
                    said.extend(decoded.records.into_iter().map(|record| (scope.incident, record)));
                }
                Ok(())
            })?;
        }
        let rulings = IncidentRulings::of(said.iter().map(|(of, record)| (*of, record)), may);
        Ok(Self { site: *site, may: may.clone(), rulings })
    }

    /// Whether every record counts where it counts by `other`'s word: what was made of the log stays.
    pub(crate) fn counts_alike(&self, other: &Self) -> bool {
        self.site == other.site && self.rulings.counts_alike(&other.rulings)
    }

    /// Whether a document is headquarters' own.
    pub(crate) fn writes(&self, scope: DocumentScope) -> bool {
        self.site == Some(scope.site)
    }

    /// Whether a fact counts in documents of a site: what is said everywhere and by headquarters stands at sites of its own, and
    /// nothing else does.
    pub(crate) fn believes(&self, site: SiteId, fact: &Fact) -> bool {
        if is_incident_ruling(fact) {
            return self.site == Some(site);
        }
        self.site != Some(site) && (site == EVERYWHERE) == matches!(fact, Fact::DrillEnded)
    }

    /// The incident in which a record counts.
    pub(crate) fn counts_in(&self, scope: DocumentScope, at: Hlc) -> IncidentId {
        self.rulings.counts_in(scope.incident, scope.site, at.millis())
    }
}

impl Store {
    /// From now on what stands in documents of `site` rules on the incidents in `may`, which are all live ones or all drills. Where it
    /// makes a difference the projections are made anew. Whether it does.
    ///
    /// # Errors
    /// [`StoreError`]; the old word counts then.
    pub fn hear_headquarters(
        &mut self,
        site: SiteId,
        may: &BTreeSet<IncidentId>,
    ) -> Result<bool, StoreError> {
        if self.headquarters.site == Some(site) && self.headquarters.may == *may {
            return Ok(false);
        }
        let (cut_offs, before) = (Arc::clone(&self.cut_offs), Arc::clone(&self.headquarters));
        let (kept, forks) = (Headquarters::kept(site, may), Arc::clone(&self.forks));
        let next = self.with(Durability::Durable, |transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)",
                (HEADQUARTERS, &kept),
            )?;
            let next = Headquarters::read(transaction, &kept, &cut_offs)?;
            // Whose documents say rulings is not told by the rulings alone.
            if !next.counts_alike(&before) {
                let by = By { cut_offs: &cut_offs, forks: &forks, headquarters: &next };
                make_projections(transaction, by)?;
            }
            Ok(next)
        })?;
        let differs = !next.rulings.counts_alike(&before.rulings);
        self.headquarters = Arc::new(next);
        Ok(differs)
    }

    /// Reads what [`Store::hear_headquarters`] kept.
    pub(crate) fn read_headquarters(&mut self) -> Result<(), StoreError> {
        let kept = self.setting(HEADQUARTERS)?.unwrap_or_default();
        self.headquarters = Arc::new(Headquarters::read(&self.connection, &kept, &self.cut_offs)?);
        Ok(())
    }

    /// What headquarters ruled, as far as it is here.
    pub fn rulings(&self) -> &IncidentRulings {
        &self.headquarters.rulings
    }
}
