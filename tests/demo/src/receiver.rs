//! A household's receiver with a set behind it, which is off until somebody wakes it.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::thread::Builder;
use std::time::Duration;

use anyhow::{Context, ensure};
use hinamori_sim::television_set::{Manner, Press, RECEIVER, RECORDER, TelevisionSet};

use crate::child::{Running, output_of};
use crate::town_hall::TownHall;

const PAGE: &str = "127.0.0.1:21206";
/// As long as sets take.
const COMES_ON: Duration = Duration::from_secs(3);
const WITHIN: Duration = Duration::from_secs(30);

/// See the module.
pub(crate) struct Receiver {
    set: TelevisionSet,
    _process: Running,
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Receiver({})", self.set.line())
    }
}

impl Receiver {
    /// Installs it as the town hall says, and starts it.
    pub(crate) fn start(hall: &TownHall, programs: &Path, folder: &Path) -> anyhow::Result<Self> {
        let folder = folder.join("receiver");
        std::fs::create_dir_all(&folder)?;
        let (program, data, socket) =
            (programs.join("hinamori-tv"), folder.join("data"), folder.join("set.sock"));
        let code = hall.receiver_code()?;
        output_of(
            "hinamori-tv setup",
            Command::new(&program).arg("setup").arg("--data").arg(&data).arg(code),
        )?;
        let manner = Manner { comes_on: COMES_ON, ..Manner::GOOD };
        let set = TelevisionSet::new(manner, false, RECORDER);
        let (listener, served) = (UnixListener::bind(&socket)?, set.clone());
        Builder::new().name("set".to_owned()).spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                drop(served.serve(stream));
            }
        })?;
        let mut run = Command::new(&program);
        run.arg("run").arg("--data").arg(&data).args(["--page", PAGE]).arg("--cec").arg(&socket);
        let process =
            Running::start_ready("the receiver", &mut run, &folder.join("receiver.log"), "listening")?;
        Ok(Self { set, _process: process })
    }

    /// Where its own screen asks.
    pub(crate) fn page() -> String {
        format!("http://{PAGE}")
    }

    /// Its set in a line.
    pub(crate) fn line(&self) -> String {
        self.set.line()
    }

    /// Nobody woke the set.
    pub(crate) fn sleeps(&self) -> anyhow::Result<()> {
        let (is_on, _) = self.set.shows();
        ensure!(!is_on, "the set was woken: {}", self.line());
        Ok(())
    }

    /// The set comes on and shows the receiver.
    pub(crate) fn wakes(&self) -> anyhow::Result<()> {
        let is_woken = self.set.comes_to(true, RECEIVER, WITHIN);
        ensure!(is_woken, "the set was not woken: {}", self.line());
        Ok(())
    }

    /// Somebody presses OK under how it ended, and the set is off again.
    pub(crate) fn is_given_back(&self) -> anyhow::Result<()> {
        self.wakes().context("until somebody has read how it ended")?;
        // Until the receiver has heard it too.
        std::thread::sleep(Duration::from_secs(1));
        self.set.press(Press::Ok);
        let is_off = self.set.comes_to(false, RECEIVER, WITHIN);
        ensure!(is_off, "the set was not given back: {}", self.line());
        Ok(())
    }
}
