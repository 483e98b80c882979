//! One box of eight lanes that a server knows, with a kiosk window on the first lane.
//!
//! Eight readers, because pcscd looks for a virtual card every 0.4 s only: two thousand taps on one reader
//! would take half an hour.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use hinamori_demo::child::wait_until;
use hinamori_demo::daemon::DemoBox;
use hinamori_demo::display::Window;
use hinamori_demo::town_hall::{CardData, TownHall};
use hinamori_sim::pcscd::{Pcscd, reader_name};
use hinamori_sim::tray::{Day, Tray, TrayFile};
use hinamori_sim::virtual_card::VirtualCard;

/// One reader for each lane.
pub(crate) const READERS: [u16; 8] = [23_000, 23_010, 23_020, 23_030, 23_040, 23_050, 23_060, 23_070];
/// Cards whose tap takes the whole way: certificate, path, chip, directory, household.
const CARDS: [&str; 6] = ["hanako", "isamu", "naoki", "misaki", "kiyoko", "face"];
const ONLINE_WITHIN: Duration = Duration::from_secs(30);

/// Everything that runs; ends with the value.
pub(crate) struct Town {
    // Dropped in this order: the screen, the box, the town hall, the readers.
    pub(crate) window: Window,
    pub(crate) of: DemoBox,
    pub(crate) hall: TownHall,
    _pcscd: Pcscd,
    pub(crate) tap_log: PathBuf,
    pub(crate) frame_log: PathBuf,
    cards: Vec<VirtualCardMaker>,
}

type VirtualCardMaker = Box<dyn Fn() -> VirtualCard>;

impl Town {
    /// Starts it in `folder`, which is made anew.
    pub(crate) fn start(folder: &Path) -> anyhow::Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        let programs = std::env::current_exe()?.parent().context("the programs' folder")?.to_owned();
        let pcscd = Pcscd::start(&folder.join("pcscd"), &READERS)?;
        let hall = TownHall::prepare(&programs, &folder, CardData::Lists)?;
        let (tap_log, frame_log) = (folder.join("taps.jsonl"), folder.join("frames.jsonl"));
        let readers = READERS.map(reader_name);
        let mut of = DemoBox::prepare_with("bench", &readers, Some(&tap_log), &programs, &folder)?;
        let code = hall.enrolment_code("shelter", None)?;
        of.start()?;
        of.control(&["enrol", code.trim()])?;
        let lists = hall.published_lists()?;
        wait_until("the town's people and lists at the box", ONLINE_WITHIN, || {
            let status = of.status()?;
            let has_people = status.people > 0 && status.roster_lacking == 0;
            Ok((has_people && status.lists == lists).then_some(()))
        })?;
        let mut window = Window::open(&of, Some(&frame_log))?;
        window.wait_until_drawn()?;
        let tray = Tray::make(TrayFile::read(&TownHall::tray_file()?)?, Day::today());
        let wanted = tray
            .into_cards()
            .into_iter()
            .filter(|card| CARDS.contains(&card.entry().name.to_string().as_str()));
        let cards: Vec<VirtualCardMaker> =
            wanted.map(|card| Box::new(move || card.fresh()) as VirtualCardMaker).collect();
        anyhow::ensure!(cards.len() == CARDS.len(), "the tray has not all cards");
        Ok(Self { window, of, hall, _pcscd: pcscd, tap_log, frame_log, cards })
    }

    /// The card for the `number`-th tap.
    pub(crate) fn card(&self, number: usize) -> anyhow::Result<VirtualCard> {
        let make = self.cards.get(number % self.cards.len()).context("no cards")?;
        Ok(make())
    }
}
