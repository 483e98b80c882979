//! What became of alerts at broadcasters' stations: in the file of alerts.

use hinamori_model::UnixMillis;
use rusqlite::Row;

use crate::{AlertStore, StoreError};

/// How far a message is on its way to a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Which station.
    pub station: u32,
    /// Which message.
    pub digest: [u8; 32],
    /// How often it was tried.
    pub tries: u32,
    /// When it was tried last.
    pub tried_at: UnixMillis,
    /// When its receipt came.
    pub received_at: Option<UnixMillis>,
    /// Why the last try failed; empty after a receipt.
    pub problem: String,
}

/// An operator's TAKE, or that they took something off the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnAir {
    /// Which station.
    pub station: u32,
    /// What is on the air; nothing any more.
    pub digest: Option<[u8; 32]>,
    /// Since when.
    pub at: UnixMillis,
}

impl AlertStore {
    /// Notes a try: the latest one of a message at a station stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_push(&self, push: &Push) -> Result<(), StoreError> {
        let Push { station, digest, tries, tried_at, received_at, problem } = push;
        self.connection.execute(
            "INSERT OR REPLACE INTO push VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (station, digest, tries, tried_at.get(), received_at.map(UnixMillis::get), problem),
        )?;
        Ok(())
    }

    /// Every message's latest try at every station.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pushes(&self) -> Result<Vec<Push>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT station, digest, tries, tried_at, received_at, problem FROM push")?;
        let read = |row: &Row<'_>| {
            let received_at: Option<u64> = row.get(4)?;
            Ok(Push {
                station: row.get(0)?,
                digest: row.get(1)?,
                tries: row.get(2)?,
                tried_at: UnixMillis::new(row.get(3)?),
                received_at: received_at.map(UnixMillis::new),
                problem: row.get(5)?,
            })
        };
        Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
    }

    /// Adds what an operator did. Nothing of it is ever changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_air(&self, air: &OnAir) -> Result<(), StoreError> {
        let OnAir { station, digest, at } = air;
        self.connection.execute(
            "INSERT INTO air (station, digest, at) VALUES (?1, ?2, ?3)",
            (station, digest, at.get()),
        )?;
        Ok(())
    }

    /// Everything that operators did, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn air_log(&self) -> Result<Vec<OnAir>, StoreError> {
        self.air("SELECT station, digest, at FROM air ORDER BY number")
    }

    fn air(&self, query: &str) -> Result<Vec<OnAir>, StoreError> {
        let mut statement = self.connection.prepare_cached(query)?;
        let read = |row: &Row<'_>| {
            Ok(OnAir { station: row.get(0)?, digest: row.get(1)?, at: UnixMillis::new(row.get(2)?) })
        };
        Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
    }

    /// What each station's operator did last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn on_air(&self) -> Result<Vec<OnAir>, StoreError> {
        self.air("SELECT station, digest, at FROM air WHERE number IN (SELECT max(number) FROM air GROUP BY station)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FileKey;

    #[test]
    fn the_latest_try_and_the_latest_take_of_each_station_are_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let path = folder.path().join("alerts.sqlite");
            AlertStore::open(&path, &FileKey::new([1; 32]), UnixMillis::new(60_000)).unwrap()
        };
        let store = open();
        let push = |station, tries, received_at| Push {
            station,
            digest: [7; 32],
            tries,
            tried_at: UnixMillis::new(u64::from(tries)),
            received_at,
            problem: "503".to_owned(),
        };
        let received = Some(UnixMillis::new(9));
        for try_of in [push(1, 1, None), push(2, 1, None), push(1, 2, received)] {
            store.note_push(&try_of).unwrap();
        }
        let air = |station, digest, at| OnAir { station, digest, at: UnixMillis::new(at) };
        // A clock that was set back changes nothing about what was done last.
        for act in [air(1, Some([7; 32]), 5), air(2, Some([8; 32]), 6), air(1, None, 3)] {
            store.note_air(&act).unwrap();
        }
        drop(store);
        let store = open();
        assert_eq!(store.pushes().unwrap(), [push(1, 2, received), push(2, 1, None)]);
        let mut on_air = store.on_air().unwrap();
        on_air.sort_by_key(|air| air.station);
        assert_eq!(store.air_log().unwrap().len(), 3);
        assert_eq!(on_air, [air(1, None, 3), air(2, Some([8; 32]), 6)]);
    }
}
