//! A screen of our own and the kiosk's window on it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use egui::Pos2;
use hinamori_kiosk_tests::panel::{Panel, Picture};

use super::programs::{Running, output_of, program, try_wait, wait_for};

/// Between the movements of a finger: egui looks once a frame, unpaced ones merge (50 ms was exact).
const PACE: Duration = Duration::from_millis(50);
/// How much of a window may differ from the library's picture: a clock, a count of seconds, another
/// rasteriser's edges. Two screens differ by five times as much.
const SAME: f32 = 0.01;
/// Points at the top that are not compared: the banner's clock.
const BANNER: usize = 72;
/// Where the search for a free display begins: nobody's own display is met.
const FIRST_DISPLAY: u32 = 200;

/// An X server without a screen to look at.
#[derive(Debug)]
pub(super) struct Display {
    _server: Running,
    name: String,
    folder: PathBuf,
}

impl Display {
    /// Starts one at a number that nobody uses: locks are in /tmp, which all namespaces share.
    pub(super) fn start(folder: &Path) -> Self {
        (FIRST_DISPLAY..FIRST_DISPLAY + 200)
            .filter(|number| !Path::new(&format!("/tmp/.X{number}-lock")).exists())
            .find_map(|number| Self::try_start(number, folder))
            .expect("a free display number")
    }

    fn try_start(number: u32, folder: &Path) -> Option<Self> {
        let name = format!(":{number}");
        let mut command = Command::new("Xvfb");
        command.args([&name, "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]);
        let mut server = Running::start("xvfb", &mut command, folder);
        let works = wait_for("Xvfb", || {
            if !server.is_running() {
                return Some(false);
            }
            let asked = Command::new("xdpyinfo").env("DISPLAY", &name).output().expect("xdpyinfo");
            asked.status.success().then_some(true)
        });
        works.then(|| Self { _server: server, name, folder: folder.to_owned() })
    }

    /// Opens the kiosk of lane 1 behind `socket`. Its window fills the screen.
    pub(super) fn open_kiosk(&self, socket: &Path, sound: &Sound) -> Running {
        let mut command = Command::new(program("hinamori-kiosk"));
        command.env("DISPLAY", &self.name).env_remove("WAYLAND_DISPLAY");
        command.args(["--lane", "1", "--windowed", "1280x800"]).arg("--socket").arg(socket);
        match sound {
            Sound::Off => command.args(["--sound", "off"]),
            Sound::Into { configuration } => {
                command.env("ALSA_CONFIG_PATH", configuration).args(["--sound", "recorded"])
            }
        };
        Running::start("kiosk", &mut command, &self.folder)
    }

    /// What is on the screen.
    pub(super) fn picture(&self) -> Picture {
        let mut import = Command::new("import");
        import.env("DISPLAY", &self.name).args(["-window", "root", "-depth", "8", "rgba:-"]);
        Picture { width: 1_280, rgba: output_of(&mut import) }
    }

    /// Writes what is on the screen into a PNG file.
    pub(super) fn save_picture(&self, file: &Path) {
        let mut import = Command::new("import");
        output_of(import.env("DISPLAY", &self.name).args(["-window", "root"]).arg(file));
    }

    /// Waits until the screen shows what the library draws for `panel`, below the banner.
    pub(super) fn wait_until_it_shows(&self, what: &str, panel: &mut Panel) {
        let expected = below_banner(panel.picture());
        let mut last = 1.0;
        let shown = try_wait(|| {
            last = below_banner(self.picture()).difference(&expected);
            (last < SAME).then_some(())
        });
        if shown.is_none() {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
            panel.save_picture(&kept.join("expected.png"));
            self.save_picture(&kept.join("shown.png"));
            panic!("waited in vain for {what}: {last} of the screen differs; pictures in {}", kept.display());
        }
    }

    /// Types as a scanner does: fast, with the return key at the end.
    pub(super) fn type_text(&self, text: &str) {
        // Nobody manages the windows of this display: the kiosk's gets the keyboard by hand.
        let focus = ["search", "--onlyvisible", "--name", ".", "windowfocus", "--sync"];
        output_of(Command::new("xdotool").env("DISPLAY", &self.name).args(focus));
        let typing = ["type", "--args", "1", "--delay", "8", text, "key", "Return"];
        output_of(Command::new("xdotool").env("DISPLAY", &self.name).args(typing));
    }

    /// Touches a place as a finger would.
    pub(super) fn touch(&self, place: Pos2) {
        let xdotool = |arguments: &[&str]| {
            output_of(Command::new("xdotool").env("DISPLAY", &self.name).args(arguments));
            std::thread::sleep(PACE);
        };
        xdotool(&["mousemove", &place.x.round().to_string(), &place.y.round().to_string()]);
        xdotool(&["mousedown", "1"]);
        xdotool(&["mouseup", "1"]);
    }
}

/// Where the kiosk's sounds go.
#[derive(Debug)]
pub(super) enum Sound {
    Off,
    /// An ALSA configuration with a device `recorded`.
    Into {
        configuration: PathBuf,
    },
}

fn below_banner(picture: Picture) -> Picture {
    let Picture { width, rgba } = picture;
    Picture { width, rgba: rgba.get(BANNER * width * 4..).unwrap_or_default().to_vec() }
}

/// The middle of what has this label on `panel`.
pub(super) fn place_of(panel: &Panel, label: &str) -> Pos2 {
    let found = panel.targets().into_iter().find(|target| target.label == label);
    found.unwrap_or_else(|| panic!("{label:?} is not among {:?}", panel.texts())).rect.center()
}
