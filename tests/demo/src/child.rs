//! Programs that we started, and nothing else.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long a program may take to say that it is ready, on a slow and busy machine.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end after it was asked to.
const END_WITHIN: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// One running program; ends with the value. Its output is in its log.
#[derive(Debug)]
pub struct Running {
    name: String,
    process: Child,
    log: PathBuf,
}

impl Running {
    /// Starts `command`, whose standard error and output go to `log` (appended).
    pub fn start(name: &str, command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(log).context("open a log")?;
        let process = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        Ok(Self { name: name.to_owned(), process, log: log.to_owned() })
    }

    /// Starts `command` and waits until it prints the line `ready` to its standard output.
    pub fn start_ready(name: &str, command: &mut Command, log: &Path, ready: &str) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(log).context("open a log")?;
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let lines = lines_of(&mut process)?;
        let started = Self { name: name.to_owned(), process, log: log.to_owned() };
        started.wait_for_line(&lines, ready)?;
        Ok(started)
    }

    fn wait_for_line(&self, lines: &Receiver<String>, ready: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.trim() == ready => return Ok(()),
                Ok(_other) => {}
                Err(RecvTimeoutError::Timeout) => bail!("{} did not say {ready:?} in time", self.name),
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("{} ended before it was ready; its log says:\n{}", self.name, self.log_tail())
                }
            }
        }
    }

    /// The last lines of the log, for an error message.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(15).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Its number.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Asks it to end (SIGTERM) and waits; `None` when it had to be killed.
    pub fn end(mut self) -> Option<ExitStatus> {
        self.stop()
    }

    /// SIGKILL, as a power cut would be for the program.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().with_context(|| format!("kill {}", self.name))?;
        self.process.wait()?;
        Ok(())
    }

    fn stop(&mut self) -> Option<ExitStatus> {
        if let Ok(Some(status)) = self.process.try_wait() {
            return Some(status);
        }
        // Still our child, so that its number is right.
        let asked = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let deadline = Instant::now() + END_WITHIN;
        while asked.is_ok() && Instant::now() < deadline {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Some(status);
            }
            std::thread::sleep(POLL);
        }
        drop(self.process.kill());
        drop(self.process.wait());
        None
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The lines of a program's standard output; read to the end so that it never blocks on a full pipe.
fn lines_of(process: &mut Child) -> anyhow::Result<Receiver<String>> {
    let output = process.stdout.take().context("a pipe was asked for")?;
    let (sender, lines) = sync_channel(64);
    Builder::new().name("output".to_owned()).spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody listens after the first line that counts; the pipe is drained all the same.
            drop(sender.try_send(line));
        }
    })?;
    Ok(lines)
}

/// Runs a program to its end and gives what it printed.
pub fn output_of(name: &str, command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Repeats `probe` until it gives something; an error after `within` says what was waited for.
pub fn wait_until<T>(
    what: &str,
    within: Duration,
    mut probe: impl FnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now() + within;
    loop {
        let last = probe();
        if let Ok(Some(value)) = last {
            return Ok(value);
        }
        if Instant::now() >= deadline {
            return match last {
                Err(error) => Err(error.context(format!("waited for {what}"))),
                Ok(_nothing) => bail!("waited {} s in vain for {what}", within.as_secs()),
            };
        }
        std::thread::sleep(POLL);
    }
}
