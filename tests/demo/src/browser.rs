//! A real browser that plays its part of the script, one step after another.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};

/// Ends with the value.
#[derive(Debug)]
pub(crate) struct Browser {
    process: Child,
    steps: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts it with the steps of `script`, beside this program's sources.
    pub(crate) fn start(script: &str, options: &[(&str, &OsStr)]) -> anyhow::Result<Self> {
        let mut process = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
            .args(options.iter().flat_map(|(option, value)| [option.as_ref(), *value]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start node")?;
        let steps = process.stdin.take().context("a pipe was asked for")?;
        let answers = BufReader::new(process.stdout.take().context("a pipe was asked for")?);
        Ok(Self { process, steps, answers })
    }

    pub(crate) fn step(&mut self, name: &str) -> anyhow::Result<()> {
        let said = self.ask(name)?;
        ensure!(said.is_empty(), "{said}");
        Ok(())
    }

    /// Does a step that says something.
    pub(crate) fn ask(&mut self, name: &str) -> anyhow::Result<String> {
        writeln!(self.steps, "{name}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let said = answer.trim().strip_prefix("ok").with_context(|| answer.trim().to_owned())?;
        Ok(said.trim().to_owned())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Whoever it started ends with it: it is in a namespace of processes of its own.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
