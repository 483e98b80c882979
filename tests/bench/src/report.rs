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
}

impl Report {
    pub(crate) const fn new(bench: &'static str) -> Self {
        Self { bench, lines: Vec::new() }
    }

    /// Adds one figure.
    pub(crate) fn add(&mut self, measure: &'static str, value: f64, unit: &'static str, better: Better) {
        println!("{:<28} {value:>12.3} {unit}", measure);
        self.lines.push(Line { bench: self.bench, measure, value, unit, better });
    }

    /// Writes one JSON object a line.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = String::new();
        for line in &self.lines {
            writeln!(text, "{}", serde_json::to_string(line)?)?;
        }
        std::fs::write(path, text).with_context(|| format!("write {}", path.display()))
    }
}
