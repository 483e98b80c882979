//! Programs that a test starts, and ends.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// A busy machine may need this long for anything that is waited for.
const WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// One of our programs, built before the tests.
pub(super) fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("the path of the test");
    // target/debug/deps/window-… stands beside the programs of target/debug.
    let folder = test.parent().and_then(Path::parent).expect("the folder of the programs");
    let program = folder.join(name);
    assert!(program.is_file(), "{} is missing: run `make programs` first", program.display());
    program
}

/// A running program; ends with the value.
#[derive(Debug)]
pub(super) struct Running {
    name: String,
    process: Child,
    log: PathBuf,
}

impl Running {
    /// Starts `command`; what it says on standard error goes to a log in `folder`.
    pub(super) fn start(name: &str, command: &mut Command, folder: &Path) -> Self {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log).expect("a log");
        let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file).spawn();
        let process = process.unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self { name: name.to_owned(), process, log }
    }

    /// The same, and waits until it prints the line `ready`. Its standard output is read no further.
    pub(super) fn start_ready(name: &str, command: &mut Command, folder: &Path, ready: &str) -> Self {
        let mut running = Self::start(name, command, folder);
        let output: ChildStdout = running.process.stdout.take().expect("a pipe was asked for");
        let said = BufReader::new(output).lines().map_while(Result::ok).any(|line| line == ready);
        assert!(said, "{name} ended before it was ready: {}", running.said());
        running
    }

    /// What it said.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it runs.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// SIGKILL.
    pub(super) fn kill(mut self) {
        self.process.kill().unwrap_or_else(|error| panic!("cannot kill {}: {error}", self.name));
        self.process.wait().expect("its end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// What `command` printed.
pub(super) fn output_of(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {} {said}", output.status);
    output.stdout
}

/// Asks `probe` until it gives something.
pub(super) fn wait_for<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    try_wait(probe).unwrap_or_else(|| panic!("waited {} s in vain for {what}", WITHIN.as_secs()))
}

/// Asks `probe` until it gives something or the time is over.
pub(super) fn try_wait<T>(mut probe: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + WITHIN;
    loop {
        let found = probe();
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        std::thread::sleep(POLL);
    }
}
