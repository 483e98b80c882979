//! Figures as lines of JSON, and the same for people.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

/// In which direction a figure gets better.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Better {
    Lower,
    Higher,
    /// A floor or a fact of this machine.
    Neither,
}

#[derive(Debug, Serialize)]
struct Line {
    bench: &'static str,
    measure: &'static str,
    value: f64,
    unit: &'static str,
    better: Better,
}

/// The figures of one bench.
#[derive(Debug)]
pub(crate) struct Report {
    bench: &'static str,
    lines: Vec<Line>,
    /// Peers that are not what is known of them.
    invalid: u32,
}

impl Report {
    pub(crate) const fn new(bench: &'static str) -> Self {
        Self { bench, lines: Vec::new(), invalid: 0 }
    }

    /// Adds one figure.
    pub(crate) fn add(&mut self, measure: &'static str, value: f64, unit: &'static str, better: Better) {
        println!("{:<28} {value:>12.3} {unit}", measure);
        self.lines.push(Line { bench: self.bench, measure, value, unit, better });
    }

    /// Adds what a peer was measured to, as a share of what is known of it for this workload. A peer that is off by more than half is
    /// not what we mean to be compared with, or was disturbed: no ratio to it means anything, and the report says so.
    pub(crate) fn add_peer(&mut self, measure: &'static str, measured: f64, known: f64) {
        let share = measured / known;
        self.add(measure, share, "of what is known", Better::Neither);
        if !(0.5..=1.5).contains(&share) {
            println!("THIS RUN IS INVALID: {measure} is {share:.2}, further than half from 1");
            self.invalid += 1;
        }
    }

    /// Writes one JSON object a line; the first says how many peers make the run invalid.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = String::new();
        let invalid = Line {
            bench: self.bench,
            measure: "invalid_peers",
            value: f64::from(self.invalid),
            unit: "",
            better: Better::Lower,
        };
        for line in std::iter::once(&invalid).chain(&self.lines) {
            writeln!(text, "{}", serde_json::to_string(line)?)?;
        }
        std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_is_off_by_more_than_half_makes_the_run_invalid() {
        let mut report = Report::new("peers");
        for measured in [50.0, 100.0, 150.0] {
            report.add_peer("near", measured, 100.0);
        }
        assert_eq!(report.invalid, 0);
        for (far, measured) in [(1, 49.0), (2, 151.0), (3, f64::NAN)] {
            report.add_peer("far", measured, 100.0);
            assert_eq!(report.invalid, far);
        }
    }
}
