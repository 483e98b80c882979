//! What a town hall counts and hands out: the history of everybody, who was registered in the field, heads, roll-calls,
//! hidings, and the raw records. They read many rows, and nobody at a lane waits for them.
//!
//! What was taken back by an undo is nowhere in it, except in the raw changes.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_model::{
    BindingAssurance, HouseholdId, IncidentId, PersonId, RegisteredKind, SiteId, UnixMillis,
};
use hinamori_record::{ActorId, DocumentScope, Record};

use crate::projection::{canonical, record_of_row};
use crate::run::for_each;
use crate::{Store, StoreError};

/// What is known of somebody who was registered in the field, or taken off no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredHere {
    /// What kind of person.
    pub kind: RegisteredKind,
    /// With whom they came.
    pub household: Option<HouseholdId>,
}

/// People counted without a name, less those who got a name since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// Where.
    pub site: SiteId,
    /// Adults, children, infants.
    pub people: [u32; 3],
}

/// One roll-call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldRollCall {
    /// Where.
    pub site: SiteId,
    /// When it was said to be over.
    pub at: UnixMillis,
    /// From when being seen counted.
    pub since: UnixMillis,
}

/// One change as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChange {
    /// Of which document.
    pub scope: DocumentScope,
    /// Who wrote it.
    pub actor: ActorId,
    /// Its place in the actor's sequence.
    pub sequence: u32,
    /// When it came.
    pub received_at: UnixMillis,
    /// Automerge's own encoding.
    pub bytes: Vec<u8>,
}

impl Store {
    /// Shows what was said of everybody's presence in an incident, rulings between two sites among it: one person after the other
    /// under the id that counts, each record with its site. The order of people and of records says nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn for_each_history(
        &self,
        incident: IncidentId,
        mut show: impl FnMut(PersonId, &[(SiteId, Record)]),
    ) -> Result<(), StoreError> {
        let linked = self.linked()?;
        // Few have links; everybody else is shown as soon as their rows end.
        let mut of_linked: BTreeMap<PersonId, Vec<(SiteId, Record)>> = BTreeMap::new();
        let (mut person, mut records) = (None, Vec::new());
        let mut finish = |person: Option<PersonId>, records: Vec<(SiteId, Record)>| {
            let Some(person) = person else { return };
            match linked.get(&person) {
                Some(counts) => of_linked.entry(*counts).or_default().extend(records),
                None => show(person, &records),
            }
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT record.*, site FROM record JOIN place ON place.id = record.place
             WHERE incident = ?1 AND kind IN (0, 15) AND undone = 0 ORDER BY person",
        )?;
        let mut rows = statement.query([incident.as_bytes()])?;
        while let Some(row) = rows.next()? {
            let of = Some(PersonId::from_bytes(row.get("person")?));
            if of != person {
                finish(person, std::mem::take(&mut records));
                person = of;
            }
            records.push((SiteId::from_bytes(row.get("site")?), record_of_row(row)?));
        }
        finish(person, records);
        of_linked.iter().for_each(|(person, records)| show(*person, records));
        Ok(())
    }

    /// Every id that has a link or is the end of one, and who it stands for. All others stand for themselves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn linked(&self) -> Result<BTreeMap<PersonId, PersonId>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT DISTINCT person, other FROM record WHERE kind = 5 AND undone = 0")?;
        let mut rows = statement.query([])?;
        let mut ids = BTreeSet::new();
        while let Some(row) = rows.next()? {
            ids.extend([PersonId::from_bytes(row.get(0)?), PersonId::from_bytes(row.get(1)?)]);
        }
        ids.into_iter().map(|id| Ok((id, canonical(&self.connection, id)?))).collect()
    }

    /// What was established in the field about cards that nobody knew: the id that such a card gave, who it stands for, and how
    /// that was established. Of each id the latest link.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn field_links(&self) -> Result<Vec<(PersonId, PersonId, BindingAssurance)>, StoreError> {
        let mut links = Vec::new();
        for (from, to) in self.linked()? {
            if from == to || !from.is_of_unknown_card() {
                continue;
            }
            let binding = self.naming(from)?.unwrap_or(BindingAssurance::Declared);
            links.push((from, to, binding));
        }
        Ok(links)
    }

    /// Every id of which a link says, or said before it was taken back, for whom it stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn linked_from(&self) -> Result<BTreeSet<PersonId>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT DISTINCT person FROM record WHERE kind = 5")?;
        let mut rows = statement.query([])?;
        let mut ids = BTreeSet::new();
        while let Some(row) = rows.next()? {
            ids.insert(PersonId::from_bytes(row.get(0)?));
        }
        Ok(ids)
    }

    /// Everybody who was registered in the field, under the id that counts; of several entries the latest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn registered(&self) -> Result<BTreeMap<PersonId, RegisteredHere>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT person, event, other FROM record WHERE kind = 6 AND undone = 0 ORDER BY at, id",
        )?;
        let mut rows = statement.query([])?;
        let mut registered = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let person = canonical(&self.connection, PersonId::from_bytes(row.get(0)?))?;
            let kind = RegisteredKind::from_code(row.get(1)?);
            let kind = kind.ok_or(StoreError::ForeignValue { what: "kind of person" })?;
            let household = row.get::<_, Option<[u8; 16]>>(2)?.map(HouseholdId::from_bytes);
            registered.insert(person, RegisteredHere { kind, household });
        }
        Ok(registered)
    }

    /// The head counts of an incident that were said up to a moment, a row for each; less the people in them who had got a
    /// record of their own by then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn heads(&self, incident: IncidentId, until: UnixMillis) -> Result<Vec<Heads>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT place.site,
                 max(0, counted.adults - coalesce(sum(named.adults), 0)),
                 max(0, counted.children - coalesce(sum(named.children), 0)),
                 max(0, counted.infants - coalesce(sum(named.infants), 0))
             FROM record AS counted JOIN place ON place.id = counted.place
             LEFT JOIN (record AS named JOIN place AS stands ON stands.id = named.place)
                 ON named.other = counted.id AND named.kind = 7 AND named.undone = 0
                 AND (named.at >> 16) <= ?2 AND stands.site = place.site
             WHERE place.incident = ?1 AND counted.kind = 2 AND counted.undone = 0
                 AND (counted.at >> 16) <= ?2
             GROUP BY counted.id",
        )?;
        let rows = statement.query_map((incident.as_bytes(), until.get()), |row| {
            Ok(Heads {
                site: SiteId::from_bytes(row.get(0)?),
                people: [row.get(1)?, row.get(2)?, row.get(3)?],
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Every roll-call of an incident, the oldest first. One that says more than was over when it was said is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roll_calls(&self, incident: IncidentId) -> Result<Vec<HeldRollCall>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT site, at >> 16, until FROM record JOIN place ON place.id = record.place
             WHERE incident = ?1 AND kind = 8 AND undone = 0 AND until <= (at >> 16) ORDER BY at, record.id",
        )?;
        let rows = statement.query_map([incident.as_bytes()], |row| {
            Ok(HeldRollCall {
                site: SiteId::from_bytes(row.get(0)?),
                at: UnixMillis::new(row.get(1)?),
                since: UnixMillis::new(row.get(2)?),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Shows every change of an incident, or of all of them, document by document, each actor's in its order.
    ///
    /// # Errors
    /// [`StoreError`], or whatever `show` says, which ends it.
    pub fn for_each_change<E: From<StoreError>>(
        &self,
        of: Option<IncidentId>,
        mut show: impl FnMut(StoredChange) -> Result<(), E>,
    ) -> Result<(), E> {
        for_each(&self.connection, of, |_, change| show(change))
    }
}
