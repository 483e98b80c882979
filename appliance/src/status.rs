//! What a box says of itself: `hinamorictl status --json`.

use std::collections::BTreeMap;

use hinamori_model::{Assurance, Mode, UnixMillis};
use serde::{Deserialize, Serialize};

/// The report; every field stays.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    /// The box's id.
    #[serde(rename = "box")]
    pub box_id: String,
    /// Whether it joined a town.
    pub enrolled: bool,
    /// Where it stands, by id.
    pub site: String,
    /// The open world.
    pub mode: Mode,
    /// Records of this and other boxes.
    pub records: u64,
    /// Own changes that the server has not confirmed.
    pub unsent: u32,
    /// Whether there is a connection to the server.
    pub online: bool,
    /// Sites of boxes of which two histories are known: what they said confirms nobody until the town rules.
    pub forked: Vec<String>,
    /// Records by what their tap proved.
    pub assurances: BTreeMap<Assurance, u64>,
    /// From the card's last byte to the durable commit.
    pub own_time_ms: OwnTime,
    /// Cards read since the daemon started.
    pub taps: u64,
    /// People in the directory: of the catchment in peace, of the town while an incident is open.
    pub people: u64,
    /// Parts of the town's roster that are not on this box yet.
    pub roster_lacking: u64,
    /// The oldest revocation list in use.
    pub card_data_as_of: Option<UnixMillis>,
    /// Revocation lists in use.
    pub lists: u64,
    /// Certificates that they name.
    pub listed: u64,
    /// Certificates that the server reported and no list names yet.
    pub reported: u64,
}

/// Milliseconds; `null` before the first tap.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct OwnTime {
    /// Median.
    pub p50: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}
