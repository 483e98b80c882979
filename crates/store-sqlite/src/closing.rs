//! What is left of an incident that the town has closed: nothing.

use std::sync::Arc;

use hinamori_model::IncidentId;
use hinamori_record::ActorId;
use hinamori_sync::SealedBatch;
use rusqlite::Connection;

use crate::log::scope_of;
use crate::projection::{By, make_projections};
use crate::store::checkpoint;
use crate::{Budget, Durability, Store, StoreError};

/// Set while the file still has to be written anew after something was deleted.
const UNCUT: &str = "uncut";

impl Store {
    /// Whether records of an incident stand here.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holds(&self, incident: IncidentId) -> Result<bool, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM document WHERE incident = ?1)")?;
        Ok(statement.query_row([incident.as_bytes()], |row| row.get(0))?)
    }

    /// This box's own batches of an incident from the first change on that the server has not confirmed. Changes without a
    /// seal are left out: seal them first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unconfirmed_batches(&self, incident: IncidentId) -> Result<Vec<SealedBatch>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT incident, site, period, actor, min(sequence) FROM outbox
             JOIN document ON document.id = outbox.document WHERE incident = ?1 GROUP BY document, actor",
        )?;
        let mut rows = statement.query([incident.as_bytes()])?;
        let mut budget = Budget { batches: usize::MAX, bytes: usize::MAX };
        let mut batches = Vec::new();
        while let Some(row) = rows.next()? {
            let scope = scope_of(row.get(0)?, row.get(1)?, row.get(2)?);
            let first: u32 = row.get(4)?;
            let actor = ActorId::from_bytes(row.get(3)?);
            batches.extend(self.batches_after(scope, actor, first.saturating_sub(1), &mut budget)?);
        }
        Ok(batches)
    }

    /// Whether something of an incident was put aside here: a refused batch names its incident.
    fn has_put_aside(&self, incident: IncidentId) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM quarantine WHERE instr(bytes, ?1) > 0)";
        Ok(self.connection.query_row(sql, [incident.as_bytes()], |row| row.get(0))?)
    }

    /// Destroys everything of an incident: changes, seals, records, what was put aside of it. When this returns `Ok`, no file of
    /// the store holds any of it. What follows from records of other incidents is worked out anew.
    ///
    /// # Errors
    /// [`StoreError`]; calling it again does what is left.
    pub fn forget(&mut self, incident: IncidentId) -> Result<(), StoreError> {
        if self.holds(incident)? || self.has_put_aside(incident)? {
            let (cut_offs, before) = (Arc::clone(&self.cut_offs), Arc::clone(&self.headquarters));
            let forks = Arc::clone(&self.forks);
            let headquarters = self.with(Durability::Durable, |transaction| {
                delete(transaction, incident)?;
                note_uncut(transaction)?;
                // What was said of it may have counted in another one, and the other way round.
                let headquarters = before.renewed(transaction, &cut_offs)?;
                let by = By { cut_offs: &cut_offs, forks: &forks, headquarters: &headquarters };
                make_projections(transaction, by)?;
                Ok(headquarters)
            })?;
            self.headquarters = Arc::new(headquarters);
            self.held = Self::read_held(&self.connection)?;
            self.loose.retain(|scope| scope.incident != incident);
        }
        cut(&self.connection)
    }
}

/// Writes a file anew, if something was deleted from it since that was done last, and cuts its write-ahead log to nothing.
pub(crate) fn cut(connection: &Connection) -> Result<(), StoreError> {
    if connection.prepare_cached("SELECT 1 FROM setting WHERE name = ?1")?.exists([UNCUT])? {
        // SQLite overwrites what is deleted (`secure_delete`), but not what it moved about before: write the file anew.
        connection.execute_batch("VACUUM")?;
        checkpoint(connection)?;
        connection.execute("DELETE FROM setting WHERE name = ?1", [UNCUT])?;
    }
    Ok(())
}

/// Something is deleted: afterwards the file has to be written anew, also after a stop in between.
pub(crate) fn note_uncut(connection: &Connection) -> Result<(), StoreError> {
    connection.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, x'01')", [UNCUT])?;
    Ok(())
}

/// Deletes documents with everything that stands in them.
pub(crate) fn delete_documents(connection: &Connection, documents: &[i64]) -> Result<(), StoreError> {
    for table in ["outbox", "receipt", "seal", "record", "change", "run"] {
        let mut statement = connection.prepare(&format!("DELETE FROM {table} WHERE document = ?1"))?;
        for document in documents {
            statement.execute([document])?;
        }
    }
    let mut statement = connection.prepare("DELETE FROM document WHERE id = ?1")?;
    for document in documents {
        statement.execute([document])?;
    }
    Ok(())
}

fn delete(connection: &Connection, incident: IncidentId) -> Result<(), StoreError> {
    let documents: Vec<i64> = {
        let mut statement = connection.prepare("SELECT id FROM document WHERE incident = ?1")?;
        let rows = statement.query_map([incident.as_bytes()], |row| row.get(0))?;
        rows.collect::<Result<_, _>>()?
    };
    delete_documents(connection, &documents)?;
    for sql in
        ["DELETE FROM presence WHERE incident = ?1", "DELETE FROM quarantine WHERE instr(bytes, ?1) > 0"]
    {
        connection.execute(sql, [incident.as_bytes()])?;
    }
    Ok(())
}
