//! What a scripted demo came to.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

/// Written to summary.json; held when nothing failed.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Cards held to readers.
    pub taps: u32,
    /// Taps that were answered with a durable record.
    pub accepted: u32,
    /// Records on the server by what was proved.
    pub assurances: BTreeMap<String, u64>,
    /// Records on each box and the server.
    pub records: Records,
    /// Whether all three hold the same.
    pub converged: bool,
    /// Own time of a tap over both boxes: last byte of the card to durable record.
    pub own_time_ms: OwnTime,
    /// One line for each expectation that did not hold.
    pub failed: Vec<String>,
    /// Expectations that held.
    pub held: u32,
}

/// Counts of records.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Records {
    /// At the gym.
    pub box_a: u64,
    /// At the check-point.
    pub box_b: u64,
    /// At the town hall.
    pub server: u64,
}

/// Milliseconds.
#[derive(Debug, Default, Serialize)]
pub struct OwnTime {
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
}

impl Summary {
    /// Notes one expectation.
    pub fn expect(&mut self, what: &str, outcome: anyhow::Result<()>) {
        match outcome {
            Ok(()) => self.held += 1,
            Err(error) => self.failed.push(format!("{what}: {error:#}")),
        }
    }

    /// Whether every expectation held, and there were some.
    pub fn held(&self) -> bool {
        self.failed.is_empty() && self.held > 0 && self.converged
    }

    /// For people.
    pub fn report(&self) -> String {
        let Records { box_a, box_b, server } = self.records;
        let mut report = format!(
            "{} taps, {} accepted; records: {box_a} on box A, {box_b} on box B, {server} on the server; \
             own time p50 {:.1} ms, p99 {:.1} ms; {} expectations held, {} failed",
            self.taps,
            self.accepted,
            self.own_time_ms.p50,
            self.own_time_ms.p99,
            self.held,
            self.failed.len(),
        );
        for failed in &self.failed {
            report.push_str("\nFAILED  ");
            report.push_str(failed);
        }
        report
    }

    /// Writes it as JSON.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, serde_json::to_vec_pretty(self)?).context("write the summary")
    }
}
