//! Everything that the demo starts, in the order in which a town would.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use hinamori_ipc::Command;
use hinamori_model::Role;
use hinamori_sim::pcscd::{Pcscd, reader_name};
use serde::Deserialize;
use ureq::Agent;

use crate::browser::Browser;
use crate::child::wait_until;
use crate::daemon::DemoBox;
use crate::display::Window;
use crate::kiosk::Kiosk;
use crate::receiver::Receiver;
use crate::town_hall::{CardData, TownHall};
use crate::tray::{Delays, Tray, TrayReader};
use crate::trigger::Trigger;

/// The shelter of the demo town (packaging/demo-town/town.toml names it first).
pub const GYM: &str = "gym";
/// The check-point on the way up.
pub const GATE: &str = "gate";

const READERS: [TrayReader; 2] =
    [TrayReader { name: GYM, port: 21000 }, TrayReader { name: GATE, port: 21010 }];
const TRAY_LISTENS: &str = "127.0.0.1:21100";
const ONLINE_WITHIN: Duration = Duration::from_secs(30);

/// A running town. Parts end in the order of the fields.
#[derive(Debug)]
pub struct World {
    browser: Option<Browser>,
    tablet: Option<Browser>,
    windows: Vec<Window>,
    gym: DemoBox,
    gate: DemoBox,
    receiver: Receiver,
    trigger: Trigger,
    tray: Tray,
    hall: TownHall,
    _pcscd: Pcscd,
    folder: PathBuf,
    agent: Agent,
}

/// `GET /counts.json`
#[derive(Debug, Clone, Deserialize)]
pub struct Counts {
    /// Records in all.
    pub records: u64,
    /// Refused batches.
    pub quarantined: u64,
    /// Records by what their tap proved.
    pub assurances: BTreeMap<String, u64>,
    /// Live, drill, daily life.
    pub incidents: Vec<IncidentCounts>,
}

/// One incident of it.
#[derive(Debug, Clone, Deserialize)]
pub struct IncidentCounts {
    /// Its code.
    pub mode: String,
    /// Its sites.
    pub sites: Vec<SiteCounts>,
    /// Who has not arrived.
    pub districts: Vec<DistrictCounts>,
}

/// One district of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DistrictCounts {
    /// Its name.
    pub name: String,
    /// People of the roster.
    pub people: u32,
    /// Of those, arrived.
    pub arrived: u32,
    /// Seen at a check-point.
    pub passed: u32,
    /// Said to be elsewhere.
    pub told_elsewhere: u32,
    /// Not seen.
    pub not_seen: u32,
    /// Of those, people who need support.
    pub support_not_seen: u32,
}

impl Counts {
    /// A district of the incident with this code.
    ///
    /// # Errors
    /// When there is none.
    pub fn district(&self, mode: &str, name: &str) -> anyhow::Result<DistrictCounts> {
        let incident = self.incidents.iter().find(|incident| incident.mode == mode);
        let districts = incident.map(|incident| incident.districts.as_slice()).unwrap_or_default();
        let found = districts.iter().find(|district| district.name == name).cloned();
        found.with_context(|| format!("the server has no {name} in {mode}"))
    }
}

/// One site of it.
#[derive(Debug, Clone, Deserialize)]
pub struct SiteCounts {
    /// People here with a record.
    pub here: u64,
}

impl World {
    /// Starts it all in a fresh `folder`.
    pub fn start(folder: &Path, delays: Delays, card_data: CardData) -> anyhow::Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder).context("clear the demo's folder")?;
        }
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let programs = std::env::current_exe()?.parent().context("the programs' folder")?.to_owned();
        let ports: Vec<u16> = READERS.iter().map(|reader| reader.port).collect();
        let pcscd = Pcscd::start(&folder.join("pcscd"), &ports)?;
        let hall = TownHall::prepare(&programs, &folder, card_data)?;
        let tray = Tray::start(
            &programs.join("hinamori-simcard"),
            &TownHall::tray_file()?,
            &READERS,
            TRAY_LISTENS,
            delays,
            &folder,
        )?;
        let receiver = Receiver::start(&hall, &programs, &folder)?;
        let trigger = Trigger::start(&hall, &programs, &folder)?;
        let [gym_reader, gate_reader] = ports.as_slice() else { bail!("two readers") };
        let gym = DemoBox::prepare(GYM, &reader_name(*gym_reader), &programs, &folder)?;
        let gate = DemoBox::prepare(GATE, &reader_name(*gate_reader), &programs, &folder)?;
        let agent = Agent::config_builder().timeout_global(Some(Duration::from_secs(10))).build().into();
        let (browser, tablet, windows) = (None, None, Vec::new());
        let mut world = Self {
            browser,
            tablet,
            windows,
            gym,
            gate,
            receiver,
            trigger,
            tray,
            hall,
            _pcscd: pcscd,
            folder,
            agent,
        };
        world.join_boxes()?;
        if card_data == CardData::Lists {
            world.wait_for_lists()?;
        }
        for of in [&world.gym, &world.gate] {
            world.windows.push(Window::open(of, None)?);
        }
        world.windows.iter_mut().try_for_each(Window::wait_until_drawn)?;
        Ok(world)
    }

    /// Gives each box a code, as the town's two-person IT office would, and starts it.
    fn join_boxes(&mut self) -> anyhow::Result<()> {
        for (of, site, reads) in
            [(&mut self.gym, "shelter", "check_point"), (&mut self.gate, "check_point", "shelter")]
        {
            let code = self.hall.enrolment_code(site, Some(reads))?;
            of.start()?;
            let said = of.control(&["enrol", &code])?;
            let words = said.lines().find_map(|line| line.strip_prefix("words"));
            let words = words.context("the box shows no words")?.trim();
            anyhow::ensure!(
                self.hall.boxes()?.contains(words),
                "the town hall shows other words than {words}"
            );
        }
        for of in [&self.gym, &self.gate] {
            wait_until("a box at its server", ONLINE_WITHIN, || Ok(of.status()?.online.then_some(())))?;
            wait_until("the town's people at a box", ONLINE_WITHIN, || {
                let status = of.status()?;
                Ok((status.people > 0 && status.roster_lacking == 0).then_some(()))
            })?;
        }
        Ok(())
    }

    /// The authorities' lists come from the server, behind everything else.
    fn wait_for_lists(&self) -> anyhow::Result<()> {
        let published = self.hall.published_lists()?;
        for of in [&self.gym, &self.gate] {
            wait_until("the lists at a box", ONLINE_WITHIN, || {
                Ok((of.status()?.lists == published).then_some(()))
            })?;
        }
        Ok(())
    }

    /// A box by its name.
    pub fn demo_box(&mut self, name: &str) -> &mut DemoBox {
        if name == GATE { &mut self.gate } else { &mut self.gym }
    }

    /// A kiosk of a box at which the leader is signed in: their card is held to the reader, and is no arrival.
    ///
    /// # Errors
    /// When the card signs nobody in.
    pub fn staffed_kiosk(&mut self, name: &'static str) -> anyhow::Result<Kiosk> {
        let mut kiosk = self.demo_box(name).kiosk()?;
        // One who is signed in already would not need the card, and the lane would wait for it.
        kiosk.send(Command::SignOut)?;
        kiosk.until("nobody signed in", |lane| lane.staff.is_none())?;
        kiosk.send(Command::SignIn { pin: None })?;
        self.tray.lay("leader", name)?;
        let signed_in = kiosk.until("the leader signed in", |lane| {
            lane.asks_sign_in && lane.staff.as_ref().is_some_and(|staff| staff.role == Role::Leader)
        });
        let taken = self.tray.take(name)?;
        signed_in?;
        anyhow::ensure!(taken.secrets_presented == 0, "a PIN was presented that nobody said");
        Ok(kiosk)
    }

    /// The tray.
    pub const fn tray(&self) -> &Tray {
        &self.tray
    }

    /// The household's receiver.
    pub(crate) const fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Into which folder the Meteorological Agency's messages are put.
    pub fn agency_messages(&self) -> &Path {
        self.trigger.messages()
    }

    /// Where the receiver's own screen asks.
    pub fn receiver_page() -> String {
        Receiver::page()
    }

    /// Where everything is written.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The browser of officers and televisions begins.
    pub(crate) fn open_browser(&mut self, browser: Browser) -> &mut Browser {
        self.browser.insert(browser)
    }

    /// The browser of officers and televisions.
    pub(crate) fn browser(&mut self) -> anyhow::Result<&mut Browser> {
        self.browser.as_mut().context("the browser was not started")
    }

    /// Ends it.
    pub(crate) fn close_browser(&mut self) {
        self.browser = None;
    }

    /// The official's tablet begins.
    pub(crate) fn open_tablet(&mut self, tablet: Browser) -> &mut Browser {
        self.tablet.insert(tablet)
    }

    /// The official's tablet.
    pub(crate) fn tablet(&mut self) -> anyhow::Result<&mut Browser> {
        self.tablet.as_mut().context("the tablet was not started")
    }

    /// Ends it.
    pub(crate) fn close_tablet(&mut self) {
        self.tablet = None;
    }

    /// What the server shows to anybody under this path.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn public_text(&self, path: &str) -> anyhow::Result<String> {
        let mut response = self.agent.get(format!("{}{path}", TownHall::page())).call()?;
        Ok(response.body_mut().read_to_string()?)
    }

    /// Where the counts are to be seen.
    pub fn server_page(&self) -> String {
        TownHall::page()
    }

    /// The town hall.
    pub const fn hall(&self) -> &TownHall {
        &self.hall
    }

    /// The server's counts.
    pub fn counts(&self) -> anyhow::Result<Counts> {
        let mut response = self.agent.get(format!("{}counts.json", TownHall::page())).call()?;
        Ok(response.body_mut().read_json()?)
    }

    /// Ends the server as a reboot of the town hall would.
    pub fn stop_server(&mut self) -> anyhow::Result<()> {
        self.hall.stop()
    }

    /// Starts it again.
    pub fn start_server(&mut self) -> anyhow::Result<()> {
        self.hall.start()
    }

    /// Where the kiosks' pictures are; `None` when they are on a real display.
    pub fn pictures(&self) -> Option<&Path> {
        let drawn = self.windows.iter().all(|window| matches!(window.picture(), Ok(Some(_))));
        drawn.then_some(self.folder.as_path())
    }

    /// Fresh pictures of both windows; an error when one is gone.
    pub fn take_pictures(&mut self) -> anyhow::Result<()> {
        for window in &mut self.windows {
            if !window.is_running() {
                bail!("a kiosk ended by itself");
            }
            window.picture()?;
        }
        Ok(())
    }

    /// Keeps everything up, and renews the pictures, until Ctrl-C. The terminal sends the interrupt to every
    /// process of the group; what is left then ends with this value.
    pub fn until_interrupted(&mut self) -> anyhow::Result<()> {
        let mut set = String::new();
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let now = self.receiver.line();
            if now != set {
                println!("  The receiver's set      {now}");
                set = now;
            }
            if !self.gym.is_running() || !self.gate.is_running() {
                return Ok(());
            }
            self.take_pictures()?;
        }
    }
}
