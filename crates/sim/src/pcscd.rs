//! A pcscd of our own with virtual readers, and the namespaces that it needs.
//!
//! The path of pcscd's socket is compiled into client and daemon, so that there is one pcscd for each mount
//! namespace. A card test therefore runs in namespaces of its own, together with everything that talks to
//! pcscd. Two ways in:
//!
//! * a test calls [`in_namespace`] with its own name and its body; the test binary starts itself again inside;
//! * a script or a `cargo` runner puts `tests/in-namespace.sh` before its command.
//!
//! Inside, [`Pcscd::start`] brings up the readers, and [`crate::vpcd::InsertedCard::insert`] lays cards on
//! them at `127.0.0.1:port`. Nothing of the machine matters (no configuration, no running pcscd, no
//! reader), and any number of such tests may run at once.
//!
//! Needs `unshare` and `mount` (util-linux), `ip` (iproute2), `pcscd`, `vsmartcard-vpcd` and, to see the
//! readers, `opensc-tool`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Puts a command into namespaces of its own.
pub const IN_NAMESPACE_SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/in-namespace.sh");
/// Set to `inside` by the script.
const NAMESPACE_VARIABLE: &str = "HINAMORI_NAMESPACE";
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
const DEADLINE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// Runs the body of the test called `test` (its full path, as `cargo test -- --exact` takes it) in
/// namespaces of its own.
///
/// # Panics
/// When the namespaces cannot be made or the body fails there: a missing tool is a failure, not a skip.
#[expect(clippy::panic, clippy::expect_used, reason = "runs in tests only, whose failures are panics")]
pub fn in_namespace(test: &str, body: impl FnOnce()) {
    if std::env::var(NAMESPACE_VARIABLE).is_ok_and(|value| value == "inside") {
        return body();
    }
    let binary = std::env::current_exe().expect("the path of the test binary");
    let inside = Command::new(IN_NAMESPACE_SCRIPT)
        .arg(binary)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .output()
        .expect("in-namespace.sh");
    let output = [inside.stdout, inside.stderr].concat();
    let output = String::from_utf8_lossy(&output);
    // A misspelt name runs no test, which succeeds.
    if !inside.status.success() || !output.contains("1 passed") {
        panic!("{test} in its namespace: {}\n{output}", inside.status);
    }
}

/// Why there is no pcscd.
#[derive(Debug, thiserror::Error)]
pub enum PcscdError {
    /// A program of ours or of the system could not be used.
    #[error("cannot {doing}")]
    Io {
        /// What was attempted.
        doing: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// pcscd runs but does not show a reader or card; a port may be in use.
    #[error("pcscd shows no {what} at port {port} after {} s; it says: {log}", DEADLINE.as_secs())]
    Missing {
        /// A reader or a card.
        what: &'static str,
        /// The port of the reader.
        port: u16,
        /// pcscd's own words.
        log: String,
    },
}

fn failed(doing: &'static str) -> impl FnOnce(io::Error) -> PcscdError {
    move |source| PcscdError::Io { doing, source }
}

/// A running pcscd with virtual readers; ends with the value.
#[derive(Debug)]
pub struct Pcscd {
    process: Child,
    folder: PathBuf,
}

impl Pcscd {
    /// Starts pcscd with a virtual reader at each of `ports`. Each entry also gives a second, unused
    /// reader at the next port, hence ports two apart, at most eight, and below 32768: from there on the
    /// kernel hands them to outgoing connections. `folder` takes the configuration and the log; a folder
    /// of that name is made.
    ///
    /// # Errors
    /// When a program is missing or a reader does not appear.
    pub fn start(folder: &Path, ports: &[u16]) -> Result<Self, PcscdError> {
        let configuration = folder.join("readers");
        std::fs::create_dir_all(&configuration).map_err(failed("make the folder for readers"))?;
        for port in ports {
            // The driver keeps its slots in static variables: entries that load the same file would answer
            // for each other's cards.
            let driver = std::path::absolute(folder.join(format!("vpcd-{port}.so")))
                .map_err(failed("find the folder for drivers"))?;
            std::fs::copy(DRIVER, &driver).map_err(failed("copy the driver"))?;
            std::fs::write(configuration.join(format!("vpcd-{port}")), reader_entry(*port, &driver))
                .map_err(failed("write a reader's entry"))?;
        }
        std::fs::create_dir_all("/run/pcscd").map_err(failed("make /run/pcscd"))?;
        let log = std::fs::File::create(folder.join("pcscd.log")).map_err(failed("make pcscd's log"))?;
        let process = Command::new("pcscd")
            .args(["--foreground", "--config"])
            // pcscd changes its working directory.
            .arg(std::path::absolute(&configuration).map_err(failed("find the folder for readers"))?)
            .stdout(log.try_clone().map_err(failed("share pcscd's log"))?)
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .map_err(failed("start pcscd"))?;
        let started = Self { process, folder: folder.to_path_buf() };
        started.wait_for_readers(ports)?;
        Ok(started)
    }

    /// Kills pcscd as a crash would: without a word, and its socket stays behind for whoever starts the next
    /// one.
    ///
    /// # Errors
    /// When it cannot be killed, or what it leaves behind cannot be cleared away.
    pub fn kill(mut self) -> Result<(), PcscdError> {
        self.process.kill().map_err(failed("kill pcscd"))?;
        self.process.wait().map_err(failed("wait for pcscd's end"))?;
        for left_behind in ["/run/pcscd/pcscd.comm", "/run/pcscd/pcscd.pid"] {
            std::fs::remove_file(left_behind).map_err(failed("clear away what pcscd left behind"))?;
        }
        Ok(())
    }

    /// pcscd exits 0 when another one runs and says nothing when a port is taken: only the list of
    /// readers tells.
    fn wait_for_readers(&self, ports: &[u16]) -> Result<(), PcscdError> {
        ports.iter().try_for_each(|port| self.wait_for(*port, |line| line.is_some(), "reader"))
    }

    /// Waits until pcscd has noticed the card on the reader at `port`, which takes up to 0.4 s.
    ///
    /// # Errors
    /// When it does not within the deadline.
    pub fn wait_for_card(&self, port: u16) -> Result<(), PcscdError> {
        self.wait_for(port, |line| line.is_some_and(|line| line.contains("Yes")), "card")
    }

    /// Waits until the line of `opensc-tool -l` about the reader at `port` is as `wanted`.
    fn wait_for(
        &self,
        port: u16,
        wanted: impl Fn(Option<&str>) -> bool,
        what: &'static str,
    ) -> Result<(), PcscdError> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let list = Command::new("opensc-tool").arg("-l").output().map_err(failed("run opensc-tool"))?;
            let list = String::from_utf8_lossy(&list.stdout);
            if wanted(list.lines().find(|line| line.contains(&reader_name(port)))) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                let log = std::fs::read_to_string(self.folder.join("pcscd.log")).unwrap_or_default();
                return Err(PcscdError::Missing { what, port, log });
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        // SIGTERM lets pcscd remove its socket; the process is still ours, so that its number is right.
        let stop = format!("kill -TERM {}", self.process.id());
        if !Command::new("sh").args(["-c", &stop]).status().is_ok_and(|status| status.success()) {
            drop(self.process.kill());
        }
        drop(self.process.wait());
    }
}

/// Where to lay a card on the reader at `port`.
pub fn reader_address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The name under which PC/SC lists the reader at `port`.
pub fn reader_name(port: u16) -> String {
    format!("Virtual PCD {port} 00 00")
}

fn reader_entry(port: u16, driver: &Path) -> String {
    let driver = driver.display();
    format!(
        "FRIENDLYNAME \"Virtual PCD {port}\"\nDEVICENAME /dev/null:{port}\nLIBPATH {driver}\nCHANNELID {port}\n"
    )
}
