//! The town's trigger on a machine of its own, with a folder into which the Meteorological Agency's messages come.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use hinamori_sim::TsunamiMessage;
use jiff::tz::{TimeZone, offset};
use jiff::{Span, Timestamp};

use crate::child::{Running, output_of};
use crate::town_hall::TownHall;

/// The coast of the demo town (packaging/demo-town/alerts.toml).
const SEGMENT: u16 = 580;

/// See the module.
#[derive(Debug)]
pub(crate) struct Trigger {
    messages: PathBuf,
    _process: Running,
}

impl Trigger {
    /// Makes its key, has the town's policy name it, and starts it.
    pub(crate) fn start(hall: &TownHall, programs: &Path, folder: &Path) -> anyhow::Result<Self> {
        let (own, messages) = (folder.join("trigger"), folder.join("agency"));
        std::fs::create_dir_all(&messages)?;
        let server = programs.join("hinamori-server");
        let mut key = Command::new(&server);
        key.args(["alert", "trigger-key", "--folder"]).arg(&own);
        let key = output_of("hinamori-server alert trigger-key", &mut key)?;
        hall.name_trigger(key.trim())?;
        let mut run = Command::new(&server);
        run.args(["alert", "trigger", "--folder"]).arg(&own).arg("--messages").arg(&messages);
        let [desk, ..] = TownHall::alert_pages();
        run.args(["--server", &desk, "--root", &hall.root()?, "--every", "1"]);
        let process = Running::start("the trigger", &mut run, &folder.join("trigger.log"))?;
        Ok(Self { messages, _process: process })
    }

    /// Into which messages are put.
    pub(crate) fn messages(&self) -> &Path {
        &self.messages
    }
}

/// The agency gives 大津波警報 for the town's coast, twelve minutes before the first wave: a message into the folder of the trigger.
///
/// # Errors
/// When there is no such folder.
pub fn warn(messages: &Path) -> anyhow::Result<()> {
    let japan = TimeZone::fixed(offset(9));
    let text = |at: Timestamp| at.to_zoned(japan.clone()).strftime("%Y-%m-%dT%H:%M:%S+09:00").to_string();
    let now = Timestamp::now();
    let message = TsunamiMessage {
        status: "通常",
        info: "発表",
        event: "20260311052000",
        reported: text(now),
        areas: vec![(SEGMENT, "53", text(now.checked_add(Span::new().minutes(12))?))],
    };
    // Whole from the first moment on.
    let written = messages.join("warning.tmp");
    std::fs::write(&written, message.xml()).with_context(|| format!("write into {}", messages.display()))?;
    Ok(std::fs::rename(&written, messages.join("warning.xml"))?)
}
