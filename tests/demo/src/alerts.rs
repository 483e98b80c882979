//! The part of the script about alerts: two officers, televisions, and the way from a signature to an arrival.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};
use hinamori_ipc::{AlertClass, AlertKind, BindingStanding, Command as KioskCommand, LaneAlerts, ToKiosk};
use hinamori_model::Role;

use crate::care::sign_in;
use crate::daemon::BOX_TELEVISIONS;
use crate::receiver::Receiver;
use crate::summary::Summary;
use crate::town_hall::TownHall;
use crate::trigger::warn;
use crate::world::{GATE, GYM, World};

/// A browser with all of them, which does one step after another.
#[derive(Debug)]
pub(crate) struct Browser {
    process: Child,
    steps: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts it; pictures go to `pictures`.
    pub(crate) fn start(hall: &TownHall, pictures: &Path) -> anyhow::Result<Self> {
        let [desk, televisions, stations] = TownHall::alert_pages();
        let at_box = format!("http://{BOX_TELEVISIONS}");
        let [server, data] = hall.administrator();
        let mut process = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("browser.mjs"))
            .args([
                "--desk",
                &desk,
                "--tv",
                &televisions,
                "--stations",
                &stations,
                "--receiver",
                &Receiver::page(),
                "--box",
                &at_box,
            ])
            .arg("--server")
            .arg(server)
            .arg("--data")
            .arg(data)
            .arg("--pictures")
            .arg(pictures)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("start node")?;
        let steps = process.stdin.take().context("a pipe was asked for")?;
        let answers = BufReader::new(process.stdout.take().context("a pipe was asked for")?);
        Ok(Self { process, steps, answers })
    }

    fn step(&mut self, name: &str) -> anyhow::Result<()> {
        let said = self.ask(name)?;
        ensure!(said.is_empty(), "{said}");
        Ok(())
    }

    /// Does a step that says something.
    fn ask(&mut self, name: &str) -> anyhow::Result<String> {
        writeln!(self.steps, "{name}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let said = answer.trim().strip_prefix("ok").with_context(|| answer.trim().to_owned())?;
        Ok(said.trim().to_owned())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Whoever it started ends with it: it is in a namespace of processes of its own.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A box heard it from the server, verified it, and has its kiosk say so.
fn kiosk_shows(
    world: &mut World,
    name: &'static str,
    what: &str,
    wanted: impl Fn(&LaneAlerts) -> bool,
) -> anyhow::Result<()> {
    let none = LaneAlerts::default();
    let mut kiosk = world.demo_box(name).kiosk()?;
    kiosk.until(what, |lane| wanted(lane.alerts.as_deref().unwrap_or(&none)))
}

fn shows(alerts: &LaneAlerts, class: AlertClass, kind: AlertKind) -> bool {
    alerts.shown.iter().any(|notice| (notice.class, notice.kind) == (class, kind))
}

pub(crate) fn begin(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.open_browser()?.step("begin")
}

/// At the school's counter: the leader types what the set shows, Hanako holds her card, and one touch gives it to her household.
fn bind_by_card(world: &mut World, code: &str) -> anyhow::Result<()> {
    let code: u32 = code.parse().context("a code")?;
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    sign_in(world, &mut kiosk, "leader", Role::Leader)?;
    kiosk.send(KioskCommand::BindTelevision { code })?;
    world.tray().lay("hanako", GYM)?;
    let whose = kiosk.hear("whose card it was", |reply| match reply {
        ToKiosk::TelevisionOf { code: of, name } => Some((of, name)),
        _ => None,
    });
    let taken = world.tray().take(GYM)?;
    let (of, name) = whose?;
    ensure!(of == code && name.expose() == "浜田 花子", "another set, or somebody else's card");
    ensure!(taken.secrets_presented == 0, "a PIN was presented that nobody said");
    kiosk.ask(KioskCommand::ConfirmTelevision, |reply| match reply {
        ToKiosk::Televisions(given) => {
            let given = given.into_iter().find(|given| given.code == code)?;
            (given.standing == BindingStanding::Bound).then_some(())
        }
        _ => None,
    })?;
    kiosk.send(KioskCommand::SignOut)?;
    kiosk.until("nobody signed in", |lane| lane.staff.is_none())
}

/// A set that a card gave to a household says whose it is at once, and the desk takes it off again.
pub(crate) fn bound_by_card(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let code = world.browser()?.ask("newset")?;
    bind_by_card(world, &code)?;
    world.browser()?.step("setbound")
}

pub(crate) fn order(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("order")?;
    for name in [GYM, GATE] {
        kiosk_shows(world, name, "the order on the kiosk", |alerts| {
            shows(alerts, AlertClass::Live, AlertKind::Order) && alerts.passage.is_none()
        })?;
    }
    world.receiver().wakes()
}

pub(crate) fn arrived(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("arrived")
}

pub(crate) fn again(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("again")
}

pub(crate) fn cancel(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("cancel")?;
    kiosk_shows(world, GYM, "取消 on the kiosk", |alerts| {
        shows(alerts, AlertClass::Live, AlertKind::Cancel)
    })?;
    world.receiver().is_given_back()
}

pub(crate) fn drill(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("drill")?;
    kiosk_shows(world, GATE, "the drill on the kiosk", |alerts| {
        shows(alerts, AlertClass::Exercise, AlertKind::Order) && alerts.passage.is_none()
    })?;
    // The household does not want to be woken for it.
    world.receiver().sleeps()
}

/// Two officers have signed it on an ordinary day; at night the agency's message is all that it takes.
pub(crate) fn tsunami(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("prepare")?;
    warn(world.agency_messages())?;
    world.browser()?.step("tsunami")?;
    world.receiver().wakes()?;
    kiosk_shows(world, GATE, "止まらず 上へ at the check-point", |alerts| {
        alerts.passage.is_some_and(|passage| passage.expected.is_some())
    })
}

/// The school's box tells the televisions on its network what the town hall's server told it, and keeps what they answer until it is back.
pub(crate) fn at_a_box(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let code = world.browser()?.ask("box")?;
    bind_by_card(world, &code)?;
    world.browser()?.step("boxbound")?;
    world.stop_server()?;
    let without = world.browser()?.step("boxalone");
    world.start_server()?;
    without?;
    world.browser()?.step("boxback")
}

pub(crate) fn all_clear(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("allclear")?;
    kiosk_shows(world, GATE, "解除 at the check-point", |alerts| {
        shows(alerts, AlertClass::Live, AlertKind::AllClear) && alerts.passage.is_none()
    })?;
    world.receiver().is_given_back()?;
    let ended = world.browser()?.step("end");
    world.close_browser();
    ended
}
