//! The box's key table and the server's: what is new goes both ways, before the records that stand under it.
//!
//! The server is believed about keys and about persons whose profile is erased. An incident is erased by the town's
//! signed package alone: no peer's row does it.

use hinamori_store_sqlite::{KeyRow, StoreError};
use hinamori_sync::{KeyMark, KeyRows};
use tracing::{error, info, warn};

use super::{Core, HoldReason};

/// Under which name the server's table is remembered.
const SERVER: &str = "server";

impl Core {
    /// How far the server's table was absorbed, for the hello.
    pub(super) fn absorbed_of_server(&self) -> Option<KeyMark> {
        self.person_keys.absorbed_of(SERVER).unwrap_or_else(|problem| {
            warn!(error = &problem as &dyn std::error::Error, "all keys are asked for anew");
            None
        })
    }

    /// Takes what the server's table says.
    pub(super) fn keys_heard(&mut self, heard: Vec<KeyRows>) {
        for rows in heard {
            let known: Vec<KeyRow> = rows.rows().filter_map(KeyRow::from_bytes).filter(may_be_told).collect();
            match self.person_keys.absorb_of(SERVER, &known, rows.upto) {
                Ok(absorbed) if absorbed.refused > 0 => {
                    warn!(refused = absorbed.refused, "people have more keys than boxes make");
                }
                Ok(absorbed) => {
                    info!(new = absorbed.new, "keys came");
                    self.note_erased(&known);
                }
                // The next hello asks for them again.
                Err(StoreError::Full) => {
                    self.note_disk(Some(HoldReason::DiskFull));
                    return self.uplink.missed = true;
                }
                Err(problem) => {
                    return error!(error = &problem as &dyn std::error::Error, "keys were not written");
                }
            }
        }
    }

    /// Of people whom the town erases nothing stays that was kept to be shown.
    pub(super) fn note_erased(&mut self, heard: &[KeyRow]) {
        if heard.iter().any(|row| matches!(row, KeyRow::PersonErased { .. })) {
            self.erase_settled_bindings();
        }
    }

    /// Tells the server which keys this box made. Gives whether something is on the way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn tell_keys(&mut self) -> Result<bool, StoreError> {
        let (Some(root), Some(line)) = (self.uplink.root, self.uplink.line.as_mut()) else {
            return Ok(false);
        };
        let Some(peer) = line.session.peer_keys() else { return Ok(false) };
        let mut place = match line.keys_told {
            Some(place) => place,
            None => self.person_keys.place_after(peer)?,
        };
        // Keys of the town that this box made up say nothing to a server, and those of what is closed go in the pieces.
        let (ledger, closing) = (&self.ledger, &self.closing);
        let is_wanted =
            |row: &KeyRow| ledger.is_of(&root, row.incident()) && !closing.is_closed(row.incident());
        let told = self.person_keys.tell(&mut place, false, is_wanted)?;
        line.keys_told = Some(place);
        let Some(rows) = told else { return Ok(false) };
        let bytes = line.session.tell_keys(rows);
        line.send(bytes);
        Ok(true)
    }
}

pub(super) const fn may_be_told(row: &KeyRow) -> bool {
    !matches!(row, KeyRow::IncidentErased { .. })
}
