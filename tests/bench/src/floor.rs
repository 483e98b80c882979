//! What this machine can do at all: the floors that the figures stand on.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use ring::digest::{SHA256, digest};
use rusqlite::Connection;

/// Bytes of one row: about a change with one record.
const ROW: usize = 512;

/// Milliseconds of bare durable SQLite commits, one row each, with the daemon's settings.
pub(crate) struct BareCommits {
    connection: Connection,
}

impl BareCommits {
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)", [])?;
        Ok(Self { connection })
    }

    /// One commit.
    pub(crate) fn commit(&mut self) -> anyhow::Result<f64> {
        let began = Instant::now();
        let transaction = self.connection.transaction()?;
        transaction.prepare_cached("INSERT INTO bare (bytes) VALUES (?1)")?.execute([[7_u8; ROW]])?;
        transaction.commit()?;
        Ok(millis(began.elapsed()))
    }
}

/// Milliseconds of writing one block and waiting for the disk.
pub(crate) fn write_floor_millis(folder: &Path, samples: usize) -> anyhow::Result<Vec<f64>> {
    let mut file = File::create(folder.join("floor")).context("make a file")?;
    let mut taken = Vec::with_capacity(samples);
    for _ in 0..samples {
        let began = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        taken.push(millis(began.elapsed()));
    }
    Ok(taken)
}

/// Gigabytes of SHA-256 a second on one core.
pub(crate) fn sha256_gigabytes_a_second() -> f64 {
    let block = vec![7_u8; 1 << 20];
    let began = Instant::now();
    let mut hashed = 0.0;
    while began.elapsed() < Duration::from_millis(300) {
        std::hint::black_box(digest(&SHA256, &block));
        hashed += 1_048_576.0;
    }
    hashed / began.elapsed().as_secs_f64() / 1e9
}

/// A duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
