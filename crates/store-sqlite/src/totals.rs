//! Figures about the whole store, for a status page and not for a tap: they read every row.

use std::collections::BTreeMap;

use hinamori_model::Assurance;

use crate::{Store, StoreError};

/// What a store holds in all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// Changes in the log.
    pub changes: u64,
    /// Records in them, whatever they say.
    pub records: u64,
    /// Records by what their tap proved; records without a person prove nothing.
    pub assurances: BTreeMap<Assurance, u64>,
    /// Entries of the quarantine.
    pub quarantined: u64,
}

impl Store {
    /// Counts everything.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn totals(&self) -> Result<Totals, StoreError> {
        let count = |sql| self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0));
        let mut totals = Totals {
            changes: count(
                "SELECT (SELECT count(*) FROM change) + (SELECT coalesce(sum(upto - first + 1), 0) FROM run)",
            )?,
            records: count("SELECT count(*) FROM record")?,
            quarantined: count("SELECT count(*) FROM quarantine")?,
            assurances: BTreeMap::new(),
        };
        let mut statement = self.connection.prepare_cached(
            "SELECT assurance, count(*) FROM record WHERE assurance IS NOT NULL GROUP BY assurance",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let assurance =
                Assurance::from_code(row.get(0)?).ok_or(StoreError::ForeignValue { what: "assurance" })?;
            totals.assurances.insert(assurance, row.get(1)?);
        }
        Ok(totals)
    }

    /// Bytes in the quarantine.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn quarantined_bytes(&self) -> Result<u64, StoreError> {
        let sum = "SELECT coalesce(sum(length(bytes)), 0) FROM quarantine";
        Ok(self.connection.query_row(sum, [], |row| row.get(0))?)
    }
}
