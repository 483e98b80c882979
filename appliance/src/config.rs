//! `box.toml`: what an installer decides about one box.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hinamori_model::{CounterKind, LaneId};
use hinamori_pki::TestHierarchies;
use serde::Deserialize;

/// Bytes: a box has a handful of lanes.
const LONGEST: usize = 64 << 10;

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of everything that the box keeps; made when it is missing.
    pub data: PathBuf,
    /// Where kiosks connect.
    pub socket: PathBuf,
    /// Whether cards of the national test hierarchies count.
    #[serde(default)]
    pub test_hierarchies: TestCards,
    /// Public keys (DER SubjectPublicKeyInfo) that may certify the signers of cards' attributes. Without one,
    /// attributes are what a card states.
    #[serde(default)]
    pub attribute_issuers: Vec<PathBuf>,
    /// One reader and one screen each.
    #[serde(rename = "lane")]
    pub lanes: Vec<LaneConfig>,
    /// One line a tap, for a bench; none in the field.
    pub tap_log: Option<PathBuf>,
    /// Folder in which the system mounts each stick as a folder of its own; none are looked for without it.
    pub sticks: Option<PathBuf>,
    /// Other boxes on the same network; none are met without it.
    pub neighbours: Option<NeighbourConfig>,
    /// Televisions on the same network; none are told anything without it.
    pub televisions: Option<TelevisionConfig>,
}

/// How televisions are told of alerts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelevisionConfig {
    /// Where they ask, in plain HTTP: an address of the network on which they stand.
    pub listen: SocketAddr,
    /// Whether households' receivers are told where that is (mDNS).
    #[serde(default = "yes")]
    pub announce: bool,
}

/// How other boxes are met.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeighbourConfig {
    /// Where others call this box.
    pub listen: SocketAddr,
    /// Boxes that are called beside those that are found, as HOST:PORT.
    #[serde(default)]
    pub peers: Vec<String>,
    /// Whether others are looked for (mDNS).
    #[serde(default = "yes")]
    pub discover: bool,
}

const fn yes() -> bool {
    true
}

/// Whether cards of the national test hierarchies count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestCards {
    /// Production.
    #[default]
    Refuse,
    /// Rehearsals with test cards.
    Accept,
}

impl From<TestCards> for TestHierarchies {
    fn from(cards: TestCards) -> Self {
        match cards {
            TestCards::Refuse => Self::Refuse,
            TestCards::Accept => Self::Accept,
        }
    }
}

/// One lane.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneConfig {
    /// Its number, from 1.
    pub lane: LaneId,
    /// Part of its reader's PC/SC name, as `hinamorictl reader-test` prints it.
    pub reader: String,
    /// What it does until somebody switches it.
    pub counter: Option<CounterKind>,
}

/// Why the file cannot be used. The installer can mend it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is no configuration.
    #[error("{file}: {reason}")]
    Malformed {
        /// Which.
        file: PathBuf,
        /// Where and why.
        reason: String,
    },
}

impl Config {
    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let malformed = |reason: String| ConfigError::Malformed { file: file.to_owned(), reason };
        let text = std::fs::read_to_string(file)
            .map_err(|source| ConfigError::Unreadable { file: file.to_owned(), source })?;
        if text.len() > LONGEST {
            return Err(malformed(format!("longer than {LONGEST} bytes")));
        }
        let config: Self = toml::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        config.check().map_err(|reason| malformed(reason.to_owned()))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), &'static str> {
        let numbers: BTreeSet<LaneId> = self.lanes.iter().map(|lane| lane.lane).collect();
        if self.lanes.is_empty() {
            return Err("a box needs at least one [[lane]]");
        }
        if numbers.len() != self.lanes.len() {
            return Err("two lanes have the same number");
        }
        if self.lanes.iter().any(|lane| lane.reader.is_empty()) {
            return Err("a lane's reader is empty: it would match every reader");
        }
        let overlaps = |one: &LaneConfig, other: &LaneConfig| {
            one.lane != other.lane && other.reader.contains(&one.reader)
        };
        if self.lanes.iter().any(|one| self.lanes.iter().any(|other| overlaps(one, other))) {
            return Err("one lane's reader is part of another's: a card would belong to both");
        }
        Ok(())
    }

    /// The lane of a reader, by its PC/SC name.
    pub(crate) fn lane_of(&self, reader: &str) -> Option<LaneId> {
        self.lanes.iter().find(|lane| reader.contains(&lane.reader)).map(|lane| lane.lane)
    }

    /// The part of its reader's name by which a lane is known.
    pub(crate) fn reader_of(&self, lane: LaneId) -> Option<&str> {
        self.lanes.iter().find(|known| known.lane == lane).map(|known| known.reader.as_str())
    }

    /// Where `hinamorictl` asks the running daemon.
    pub fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("box.toml");
        std::fs::write(&file, text).unwrap();
        Config::read(&file)
    }

    #[test]
    fn a_small_file_is_enough() {
        let config = read("data = \"d\"\nsocket = \"s\"\n[[lane]]\nlane = 1\nreader = \"PCD 00\"\n").unwrap();
        assert_eq!(config.test_hierarchies, TestCards::Refuse);
        assert_eq!(config.lane_of("Virtual PCD 00 00"), Some(LaneId(1)));
        assert_eq!(config.lane_of("Virtual PCD 01 00"), None);
    }

    #[test]
    fn what_would_mix_lanes_up_is_refused() {
        let lanes = |one: &str, other: &str| {
            read(&format!("data = \"d\"\nsocket = \"s\"\n[[lane]]\n{one}\n[[lane]]\n{other}\n"))
        };
        assert!(lanes("lane = 1\nreader = \"A\"", "lane = 2\nreader = \"B\"").is_ok());
        for (one, other) in [
            ("lane = 1\nreader = \"A\"", "lane = 1\nreader = \"B\""),
            ("lane = 1\nreader = \"A\"", "lane = 2\nreader = \"AB\""),
            ("lane = 1\nreader = \"A\"", "lane = 2\nreader = \"A\""),
            ("lane = 1\nreader = \"\"", "lane = 2\nreader = \"B\""),
            ("lane = 1\nreader = \"A\"", "lane = 2\nreader = \"B\"\nprinter = 1"),
        ] {
            assert!(lanes(one, other).is_err(), "{one} {other}");
        }
        assert!(read("data = \"d\"\nsocket = \"s\"\nlane = []").is_err());
    }
}
