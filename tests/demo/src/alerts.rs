//! The part of the script about alerts: two officers, televisions, and the way from a signature to an arrival.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, ensure};

use crate::summary::Summary;
use crate::town_hall::TownHall;
use crate::world::World;

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
        let [server, data] = hall.administrator();
        let mut process = Command::new("node")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("browser.mjs"))
            .args(["--desk", &desk, "--tv", &televisions, "--stations", &stations])
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
        writeln!(self.steps, "{name}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        ensure!(answer.trim() == "ok", "{}", answer.trim());
        Ok(())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Whoever it started ends with it: it is in a namespace of processes of its own.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) fn begin(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.open_browser()?.step("begin")
}

pub(crate) fn order(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("order")
}

pub(crate) fn arrived(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("arrived")
}

pub(crate) fn again(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("again")
}

pub(crate) fn cancel(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("cancel")
}

pub(crate) fn drill(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("drill")
}

pub(crate) fn tsunami(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("tsunami")
}

pub(crate) fn all_clear(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.browser()?.step("allclear")?;
    let ended = world.browser()?.step("end");
    world.close_browser();
    ended
}
