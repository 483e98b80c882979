//! Kiosk windows: on the display that is there, or under Xvfb with pictures of them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::child::{Running, output_of, wait_until};
use crate::daemon::DemoBox;

/// Where the search for a free display begins: high, so that nobody's own is met.
const FIRST_DISPLAY: u32 = 97;
/// Displays that are tried; other demos on the machine may have some.
const DISPLAYS: u32 = 100;
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// One kiosk window.
#[derive(Debug)]
pub struct Window {
    // Dropped in this order: the kiosk, then its display.
    kiosk: Running,
    virtual_display: Option<VirtualDisplay>,
}

const XVFB_LOG: &str = "xvfb.log";

#[derive(Debug)]
struct VirtualDisplay {
    _server: Running,
    number: u32,
    picture: PathBuf,
}

impl Window {
    /// Opens the kiosk of `of`, under Xvfb where there is no display. It notes in `frame_log` when its answers
    /// were on the screen.
    ///
    /// # Errors
    /// When the display or the kiosk does not come up.
    pub fn open(of: &DemoBox, frame_log: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = of.window();
        if let Some(frame_log) = frame_log {
            command.arg("--frame-log").arg(frame_log);
        }
        let virtual_display = if has_display() {
            None
        } else {
            let display = VirtualDisplay::start(of.folder())?;
            command.env("DISPLAY", format!(":{}", display.number)).env_remove("WAYLAND_DISPLAY");
            // A machine without a display has no sound card that anybody hears.
            command.args(["--sound", "off"]);
            Some(display)
        };
        let kiosk = Running::start("the kiosk", &mut command, &of.folder().join("kiosk.log"))?;
        Ok(Self { kiosk, virtual_display })
    }

    /// Takes a picture of the whole window; `None` on a real display.
    pub fn picture(&self) -> anyhow::Result<Option<&Path>> {
        let Some(display) = &self.virtual_display else { return Ok(None) };
        display.take_picture()?;
        Ok(Some(&display.picture))
    }

    /// Waits until something is drawn: an empty window has one colour.
    pub fn wait_until_drawn(&mut self) -> anyhow::Result<()> {
        let Some(display) = &self.virtual_display else { return Ok(()) };
        let kiosk = &mut self.kiosk;
        wait_until("a drawn kiosk", APPEARS_WITHIN, || {
            if !kiosk.is_running() {
                bail!("the kiosk ended: {}", kiosk.log_tail());
            }
            display.take_picture()?;
            Ok((display.colours()? > 16).then_some(()))
        })
    }

    /// The kiosk's process.
    pub fn process_id(&self) -> u32 {
        self.kiosk.process_id()
    }

    /// Whether the kiosk still runs.
    pub fn is_running(&mut self) -> bool {
        self.kiosk.is_running()
    }
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .into_iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

impl VirtualDisplay {
    /// Starts Xvfb at a number that nobody uses. Its locks are in /tmp, which namespaces share.
    fn start(folder: &Path) -> anyhow::Result<Self> {
        for number in FIRST_DISPLAY..FIRST_DISPLAY + DISPLAYS {
            let locked = Path::new(&format!("/tmp/.X{number}-lock")).exists();
            if !locked && let Some(display) = Self::start_at(number, folder)? {
                return Ok(display);
            }
        }
        bail!("no free display; Xvfb says: {}", std::fs::read_to_string(folder.join(XVFB_LOG))?)
    }

    /// `None` when another server was quicker.
    fn start_at(number: u32, folder: &Path) -> anyhow::Result<Option<Self>> {
        let mut command = Command::new("Xvfb");
        command.arg(format!(":{number}")).args([
            "-screen",
            "0",
            "1280x800x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        let mut server = Running::start("Xvfb", &mut command, &folder.join(XVFB_LOG))?;
        let display = format!(":{number}");
        let works = wait_until("Xvfb", APPEARS_WITHIN, || {
            if !server.is_running() {
                return Ok(Some(false));
            }
            let listed =
                Command::new("xdpyinfo").env("DISPLAY", &display).output().context("run xdpyinfo")?;
            Ok(listed.status.success().then_some(true))
        })?;
        Ok(works.then(|| Self { _server: server, number, picture: folder.join("kiosk.png") }))
    }

    /// Written beside and renamed, so that nobody opens half a picture.
    fn take_picture(&self) -> anyhow::Result<()> {
        let fresh = self.picture.with_extension("new.png");
        let mut import = Command::new("import");
        import.env("DISPLAY", format!(":{}", self.number)).args(["-window", "root"]).arg(&fresh);
        output_of("import", &mut import)?;
        std::fs::rename(&fresh, &self.picture).context("keep the picture")
    }

    fn colours(&self) -> anyhow::Result<u32> {
        let mut identify = Command::new("identify");
        identify.args(["-format", "%k"]).arg(&self.picture);
        Ok(output_of("identify", &mut identify)?.trim().parse()?)
    }
}
