//! The bench `map`: a town of 100,000 households and 2,000 sites, whose officials look at its map. The town's server, a box at which people are
//! received, a real browser behind a mobile network, and as many tablets as look at once; beside them mosquitto, which tells the same.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use hinamori_demo::child::{Running, wait_until};
use hinamori_demo::daemon::DemoBox;
use hinamori_demo::kiosk::Kiosk;
use hinamori_demo::town_hall::{CardData, RESIDENTS, TownHall};
use hinamori_ipc::{BuildingAnswer, Command as Touch, SiteState};
use hinamori_model::{Mode, PersonId};
use serde_json::Value;

use crate::alert::Helper;
use crate::alert_clients::{mqtt, mqtt_connect, mqtt_text};
use crate::desk::field;
use crate::map_link::Link;
use crate::map_tablets::{AUTHORITY, CHANGES, FIRST, Said, TOPIC, get};
use crate::map_town::{self, HOUSEHOLDS, SITES};
use crate::process::{anonymous_mib, processor_seconds};
use crate::report::{Better, Report};
use crate::statistics::percentile;

const BROWSERS: &str = "127.0.0.1:21208";
const LINK: &str = "127.0.0.1:22420";
const MOSQUITTO: &str = "127.0.0.1:22421";
/// Where whoever publishes connects, without TLS.
const PUBLISHER: &str = "127.0.0.1:22422";
/// Bits a second.
const MOBILE: u64 = 4_000_000;
const OPENINGS: usize = 3;
const ARRIVALS: usize = 40;
/// Of tablets, for what one takes: as many as the server takes connections.
const CROWDS: usize = 9;
/// After the last tablet heard it, for what is written down behind it; the server looks four times a second at the most.
const SETTLES: Duration = Duration::from_millis(900);
const TOWN_COMES: Duration = Duration::from_secs(300);

pub(crate) fn run(folder: &Path, tablets: usize, report: &mut Report) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let programs = std::env::current_exe()?.parent().context("the programs' folder")?.to_owned();
    let hall = TownHall::prepare_with(&programs, &folder, CardData::FirstYear, RESIDENTS, &[])?;
    let mut waiting = map_town::take_in(&hall, &folder)?;
    let people: usize = waiting.iter().map(Vec::len).sum();
    report.add("households", f64::from(u32::try_from(HOUSEHOLDS)?), "", Better::Neither);
    report.add("sites", f64::from(u32::try_from(SITES)?), "", Better::Neither);
    let mut of = DemoBox::prepare_with("bench", &["none".to_owned()], None, &programs, &folder)?;
    let mut kiosk = open_site(&hall, &mut of, u64::try_from(people)?, TOWN_COMES)?;
    kiosk.send(Touch::OpenWithoutStaff)?;
    kiosk.until("a lane without staff that is open", |lane| lane.staff.is_some())?;
    let server = hall.process_id().context("the server runs")?;

    let link = Link::open(LINK.parse()?, BROWSERS.parse()?)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("js/map.mjs");
    let mut browser = Helper::start(Command::new("node").arg(script).args([
        "--map",
        &TownHall::map_page(),
        "--pin",
        &hall.tablet_pin()?,
        "--link",
        LINK,
    ]))?;
    let cookie = browser.ask(&format!("enrol {}", hall.tablet_link()?))?;
    first_picture(&mut browser, &link, report)?;
    browser.ask(&format!("shoot {}", folder.join("large.png").display()))?;
    dragged(&mut browser, report)?;

    std::fs::copy(hall.tablet_authority(), folder.join(AUTHORITY))?;
    let from = revision(&state(&cookie, &folder)?)?;
    let first = request(&format!("map/changes?mode=live&from={from}"), &cookie);
    std::fs::write(folder.join(FIRST), format!("{first}Accept: text/event-stream\r\n\r\n"))?;
    report.add("tablets", f64::from(u32::try_from(tablets)?), "", Better::Neither);
    report.add("tablet_kb", kilobytes_of_each(server, tablets, &folder)?, "kB", Better::Lower);
    let attached = attach(BROWSERS, tablets, &folder)?;
    drawn(&mut browser, &mut kiosk, &mut waiting, report)?;
    drop(browser);
    let ours = processor(&mut kiosk, &mut waiting, (attached, &cookie), (&hall, &folder), report)?;
    let count = f64::from(u32::try_from(tablets)?);
    let theirs = mosquitto(&hall, tablets, &folder)?;
    report.add("mosquitto_cpu_us", theirs / count * 1e6, "us each", Better::Neither);
    let [all, telling] = ours;
    report.add("told_cpu_us", telling / count * 1e6, "us each", Better::Lower);
    report.add("cpu_per_change_ratio_mosquitto", telling / theirs, "x mosquitto", Better::Lower);
    report.add("whole_cpu_ratio_mosquitto", all / theirs, "x mosquitto", Better::Lower);
    Ok(())
}

/// A shelter whose box knows these people and everybody else of the town; it waits for either so long and no longer.
pub(crate) fn open_site(
    hall: &TownHall,
    of: &mut DemoBox,
    people: u64,
    patience: Duration,
) -> anyhow::Result<Kiosk> {
    let code = hall.enrolment_code("shelter", None)?;
    of.start()?;
    of.control(&["enrol", code.trim()])?;
    wait_until("the town at the box", patience, || {
        let status = of.status()?;
        Ok((status.people > 0 && status.roster_lacking == 0).then_some(()))
    })?;
    let mut kiosk = of.kiosk()?;
    kiosk.send(Touch::OpenIncident { mode: Mode::Live })?;
    kiosk.until("the building check", |lane| lane.site == SiteState::AwaitingBuildingCheck)?;
    kiosk.send(Touch::AnswerBuilding { answer: BuildingAnswer::NothingSeen, findings: Vec::new() })?;
    kiosk.until("an open site", |lane| lane.site == SiteState::Open(BuildingAnswer::NothingSeen))?;
    wait_until("everybody", patience, || Ok((of.status()?.people >= people).then_some(())))?;
    Ok(kiosk)
}

/// Over a mobile network, by a tablet that was never here.
fn first_picture(browser: &mut Helper, link: &Link, report: &mut Report) -> anyhow::Result<()> {
    let (mut figures, mut pictures, mut megabytes) = (Vec::new(), Vec::new(), Vec::new());
    link.set_rate(MOBILE);
    for opening in 0..OPENINGS {
        if opening > 0 {
            browser.ask("close")?;
            std::thread::sleep(SETTLES);
        }
        let before = link.bytes();
        let said = browser.ask("first")?;
        megabytes.push(f64::from(u32::try_from(link.bytes() - before)?) / 1e6);
        let (first, whole) = said.split_once(' ').context("two times")?;
        figures.push(first.parse::<f64>()?);
        pictures.push(whole.parse::<f64>()?);
    }
    link.set_rate(0);
    let median = |of: &[f64]| percentile(of, 50).context("no openings");
    report.add("link_mbit_s", 4.0, "Mbit/s", Better::Neither);
    report.add("first_figures_ms", median(&figures)?, "ms", Better::Lower);
    report.add("first_picture_ms", median(&pictures)?, "ms", Better::Lower);
    report.add("first_picture_mb", median(&megabytes)?, "MB", Better::Lower);
    Ok(())
}

/// Frames a second while the map is dragged, beside the same map with nothing on it.
fn dragged(browser: &mut Helper, report: &mut Report) -> anyhow::Result<()> {
    let opened: f64 = browser.ask("opened")?.parse()?;
    let empty: f64 = browser.ask("empty")?.parse()?;
    let all: f64 = browser.ask("all")?.parse()?;
    report.add("pan_fps_empty", empty, "frames/s", Better::Neither);
    report.add("pan_fps", opened, "frames/s", Better::Higher);
    report.add("pan_fps_all_read", all, "frames/s", Better::Higher);
    report.add("pan_fps_ratio_empty", opened / empty, "x empty", Better::Higher);
    report.add("pan_fps_ratio_empty_all_read", all / empty, "x empty", Better::Higher);
    Ok(())
}

/// From a touch at the box to the figure on the tablet, which is on the network of the town hall.
fn drawn(
    browser: &mut Helper,
    kiosk: &mut Kiosk,
    waiting: &mut Vec<Vec<PersonId>>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut seen = Vec::with_capacity(ARRIVALS);
    for _ in 0..ARRIVALS {
        let arrived: u64 = browser.ask("arrived")?.parse()?;
        let people = waiting.pop().context("nobody is left")?;
        browser.say(&format!("await {}", arrived + u64::try_from(people.len())?))?;
        // It looks before, so that nothing is missed.
        std::thread::sleep(Duration::from_millis(150));
        let from = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
        kiosk.answer_to(Touch::CheckIn { people })?;
        let at: f64 = browser.heard()?.parse()?;
        seen.push(at - from);
        std::thread::sleep(SETTLES);
    }
    let of_seen = |percent| percentile(&seen, percent).context("no arrivals");
    report.add("change_to_pixel_p50_ms", of_seen(50)?, "ms", Better::Lower);
    report.add("change_to_pixel_p95_ms", of_seen(95)?, "ms", Better::Lower);
    browser.ask("close").map(drop)
}

/// Anonymous memory of the server for each tablet that looks. What it used for something else before is taken first, so that more and more
/// tablets are attached, and the crowd counts that took most.
fn kilobytes_of_each(server: u32, tablets: usize, folder: &Path) -> anyhow::Result<f64> {
    let (mut attached, mut most) = (Vec::new(), 0.0_f64);
    for _ in 0..CROWDS {
        let before = anonymous_mib(server)?;
        attached.push(attach(BROWSERS, tablets, folder)?);
        std::thread::sleep(SETTLES);
        most = most.max(anonymous_mib(server)? - before);
    }
    Ok(most * 1_024.0 / f64::from(u32::try_from(tablets)?))
}

fn attach(address: &str, tablets: usize, folder: &Path) -> anyhow::Result<Helper> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--map-tablets", address, "--tablets", &tablets.to_string()]).arg("--folder").arg(folder);
    let mut attached = Helper::start(&mut command)?;
    said(&mut attached, "attach")?;
    Ok(attached)
}

fn said(tablets: &mut Helper, step: &str) -> anyhow::Result<Said> {
    Ok(serde_json::from_str(&tablets.ask(step)?)?)
}

/// The map as an official's browser asks for it.
fn state(cookie: &str, folder: &Path) -> anyhow::Result<Value> {
    let request = format!("{}Connection: close\r\n\r\n", request("map/state?mode=live", cookie));
    get(BROWSERS.parse()?, folder, &request)
}

/// A request of an official's browser, up to where its headers may go on.
fn request(path: &str, cookie: &str) -> String {
    let host = TownHall::map_page().replace("https://", "");
    format!("GET /api/v1/{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n")
}

fn revision(state: &Value) -> anyhow::Result<String> {
    Ok(field(state, "revision").as_str().context("a revision")?.to_owned())
}

/// Seconds of the server's processor time for one change: with everything behind it, and what telling it to all tablets is of that.
fn processor(
    kiosk: &mut Kiosk,
    waiting: &mut Vec<Vec<PersonId>>,
    (mut attached, cookie): (Helper, &str),
    (hall, folder): (&TownHall, &Path),
    report: &mut Report,
) -> anyhow::Result<[f64; 2]> {
    let server = hall.process_id().context("the server runs")?;
    // Each arrival by itself: seconds of processor time of those that were one change.
    let mut told = Vec::new();
    for _ in 0..ARRIVALS {
        let before = said(&mut attached, "now")?;
        let used = processor_seconds(server)?;
        kiosk.answer_to(Touch::CheckIn { people: waiting.pop().context("nobody is left")? })?;
        said(&mut attached, &format!("hear {}", before.changes + 1))?;
        std::thread::sleep(SETTLES);
        let used = processor_seconds(server)? - used;
        if said(&mut attached, "now")?.changes == before.changes + 1 {
            told.push(used);
        }
    }
    let checked = said(&mut attached, "check")?;
    let last = state(cookie, folder)?;
    let changes = std::fs::read_to_string(folder.join(CHANGES))?;
    ensure!(changes.contains(&revision(&last)?), "the last change was not told");
    drop(attached);
    std::thread::sleep(SETTLES);
    let mut alone = Vec::new();
    for _ in 0..ARRIVALS {
        let before = revision(&state(cookie, folder)?)?;
        std::thread::sleep(SETTLES);
        let used = processor_seconds(server)?;
        kiosk.answer_to(Touch::CheckIn { people: waiting.pop().context("nobody is left")? })?;
        std::thread::sleep(SETTLES);
        let used = processor_seconds(server)? - used;
        if revision(&state(cookie, folder)?)? != before {
            alone.push(used);
        }
    }
    let median = |of: &[f64]| percentile(of, 50).context("no change came alone");
    let (with, without) = (median(&told)?, median(&alone)?);
    println!("{} and {} changes came alone: {told:?} {alone:?}", told.len(), alone.len());
    report.add("change_cpu_ms", with * 1e3, "ms", Better::Lower);
    report.add("change_without_tablets_cpu_ms", without * 1e3, "ms", Better::Lower);
    let bytes = f64::from(u32::try_from(checked.bytes)?) / f64::from(u32::try_from(checked.changes)?);
    report.add("change_bytes", bytes, "B", Better::Lower);
    Ok([with, with - without])
}

/// Seconds of processor time for one change to all tablets.
fn mosquitto(hall: &TownHall, tablets: usize, folder: &Path) -> anyhow::Result<f64> {
    let [certificate, key] = hall.tablet_certificate();
    let settings = folder.join("mosquitto.conf");
    let port = |address: &'static str| address.rsplit(':').next().unwrap_or_default();
    std::fs::write(
        &settings,
        format!(
            "user root\nallow_anonymous true\nmax_connections -1\nlog_type error\nlistener {} 127.0.0.1\n\
             listener {} 127.0.0.1\ncertfile {}\nkeyfile {}\n",
            port(PUBLISHER),
            port(MOSQUITTO),
            certificate.display(),
            key.display()
        ),
    )?;
    let mut command = Command::new("/usr/sbin/mosquitto");
    let broker =
        Running::start("mosquitto", command.arg("-c").arg(&settings), &folder.join("mosquitto.log"))?;
    let began = Instant::now();
    while TcpStream::connect(MOSQUITTO).is_err() {
        ensure!(began.elapsed() < Duration::from_secs(10), "mosquitto does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::fs::write(folder.join(FIRST), "MQTT")?;
    let mut attached = attach(MOSQUITTO, tablets, folder)?;
    let mut publisher = TcpStream::connect(PUBLISHER)?;
    publisher.write_all(&mqtt_connect("town"))?;
    publisher.read_exact(&mut [0; 4])?;
    let changes = std::fs::read_to_string(folder.join(CHANGES))?;
    let mut used = Vec::new();
    for (number, change) in changes.split_inclusive("\n\n").enumerate() {
        let before = processor_seconds(broker.process_id())?;
        publisher.write_all(&mqtt(0x30, &[mqtt_text(TOPIC).as_slice(), change.as_bytes()].concat()))?;
        said(&mut attached, &format!("hear {}", number + 1))?;
        used.push(processor_seconds(broker.process_id())? - before);
    }
    said(&mut attached, "check")?;
    percentile(&used, 50).context("no changes")
}
