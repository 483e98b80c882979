//! One box: its configuration, its daemon and what it says of itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use hinamori_model::LaneId;
use serde::Deserialize;

use crate::child::{Running, output_of};
use crate::kiosk::Kiosk;
use crate::world::GYM;

/// The only lane of a demo box.
const LANE: LaneId = LaneId(1);

/// Where the school's box tells televisions.
pub(crate) const BOX_TELEVISIONS: &str = "127.0.0.1:21207";

/// A box with one lane.
#[derive(Debug)]
pub struct DemoBox {
    /// Short name, also of its reader on the tray.
    pub name: &'static str,
    programs: PathBuf,
    folder: PathBuf,
    process: Option<Running>,
}

/// `hinamorictl status --json`
#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    /// Connected to the server.
    pub online: bool,
    /// Records of this and other boxes.
    pub records: u64,
    /// Own changes that the server has not confirmed.
    pub unsent: u64,
    /// From the card's last byte to the durable commit.
    pub own_time_ms: OwnTimes,
    /// People in the directory.
    pub people: u64,
    /// Parts of the town's roster that are not on the box yet.
    pub roster_lacking: u64,
    /// Revocation lists in use.
    pub lists: u64,
    /// Certificates that they name.
    pub listed: u64,
    /// Certificates that the server reported and no list names yet.
    pub reported: u64,
}

/// Milliseconds; absent before the first tap.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct OwnTimes {
    /// Median.
    pub p50: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

impl DemoBox {
    /// Writes the configuration of a box whose reader's name contains `reader`.
    pub fn prepare(name: &'static str, reader: &str, programs: &Path, folder: &Path) -> anyhow::Result<Self> {
        Self::prepare_with(name, &[reader.to_owned()], None, programs, folder)
    }

    /// Writes the configuration of a box with a lane for each of `readers`, numbered from 1, and where it
    /// notes its taps.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn prepare_with(
        name: &'static str,
        readers: &[String],
        tap_log: Option<&Path>,
        programs: &Path,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        let this = Self { name, programs: programs.to_owned(), folder, process: None };
        let mut configuration = toml::Table::new();
        configuration.insert("data".into(), path_text(&this.folder.join("data"))?.into());
        configuration.insert("socket".into(), path_text(&this.socket())?.into());
        let sticks = this.sticks();
        std::fs::create_dir_all(&sticks)?;
        configuration.insert("sticks".into(), path_text(&sticks)?.into());
        if let Some(tap_log) = tap_log {
            configuration.insert("tap_log".into(), path_text(tap_log)?.into());
        }
        let lanes = (i64::from(LANE.0)..).zip(readers).map(|(number, reader)| {
            let mut lane = toml::Table::new();
            lane.insert("lane".into(), number.into());
            lane.insert("reader".into(), reader.clone().into());
            lane
        });
        if name == GYM {
            let televisions = toml::Table::from_iter([("listen".to_owned(), BOX_TELEVISIONS.into())]);
            configuration.insert("televisions".into(), televisions.into());
        }
        configuration.insert("lane".into(), lanes.collect::<Vec<_>>().into());
        std::fs::write(this.configuration(), toml::to_string(&configuration)?)?;
        Ok(this)
    }

    fn configuration(&self) -> PathBuf {
        self.folder.join("box.toml")
    }

    /// Where a kiosk connects.
    pub fn socket(&self) -> PathBuf {
        self.folder.join("kiosk.sock")
    }

    fn sticks(&self) -> PathBuf {
        self.folder.join("sticks")
    }

    /// Plugs a stick in: what is on it lies in the folder that this gives.
    pub fn plug_in(&self, stick: &str) -> anyhow::Result<PathBuf> {
        let folder = self.sticks().join(stick);
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// Starts the daemon and waits until it serves kiosks.
    pub fn start(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new(self.programs.join("hinamori-appliance"));
        command.arg("--config").arg(self.configuration());
        let name = format!("the daemon of box {}", self.name);
        self.process =
            Some(Running::start_ready(&name, &mut command, &self.folder.join("daemon.log"), "ready")?);
        Ok(())
    }

    /// SIGKILL.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.take().context("the daemon does not run")?.kill()
    }

    /// From its next start on, which is now, it meets other boxes on this network.
    pub fn meet(&mut self, listen: &str) -> anyhow::Result<()> {
        let mut configuration: toml::Table = toml::from_str(&std::fs::read_to_string(self.configuration())?)?;
        let mut neighbours = toml::Table::new();
        neighbours.insert("listen".into(), listen.into());
        configuration.insert("neighbours".into(), neighbours.into());
        std::fs::write(self.configuration(), toml::to_string(&configuration)?)?;
        self.kill()?;
        self.start()
    }

    /// The daemon's process; `None` while it does not run.
    pub fn process_id(&self) -> Option<u32> {
        self.process.as_ref().map(Running::process_id)
    }

    /// Whether the daemon still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(Running::is_running)
    }

    /// Runs `hinamorictl`.
    pub fn control(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new(self.programs.join("hinamorictl"));
        command.arg("--config").arg(self.configuration()).args(arguments);
        output_of("hinamorictl", &mut command)
    }

    /// What the box says of itself.
    pub fn status(&self) -> anyhow::Result<Status> {
        serde_json::from_str(&self.control(&["status", "--json"])?).context("read the status")
    }

    /// A kiosk without a screen.
    pub fn kiosk(&self) -> anyhow::Result<Kiosk> {
        Kiosk::connect(&self.socket(), LANE)
    }

    /// The command line of its kiosk window.
    pub fn window(&self) -> Command {
        let mut command = Command::new(self.programs.join("hinamori-kiosk"));
        command.arg("--socket").arg(self.socket()).args([
            "--lane",
            &LANE.0.to_string(),
            "--windowed",
            "1280x800",
        ]);
        command
    }

    /// Where its logs and pictures are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

fn path_text(path: &Path) -> anyhow::Result<String> {
    path.to_str().map(str::to_owned).context("a path that is no text")
}
