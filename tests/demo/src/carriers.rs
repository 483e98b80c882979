//! The part of the script about ways other than the one to the town hall: a network that boxes share, a stick, and a town hall that has
//! lost its database.

use std::path::PathBuf;
use std::process;

use anyhow::{Context, bail, ensure};
use hinamori_ipc::{Command, Exchange, LaneState, StickState};

use crate::child::{output_of, wait_until};
use crate::script::{CONVERGE_WITHIN, tap};
use crate::summary::Summary;
use crate::world::{Counts, GATE, GYM, World};

/// A network of this demo's own, on which boxes can hear each other's announcements.
const NETWORK: [&[&str]; 5] = [
    &["link", "add", "hinamori0", "type", "veth", "peer", "name", "hinamori1"],
    &["addr", "add", "10.55.0.1/24", "dev", "hinamori0"],
    &["link", "set", "hinamori1", "up"],
    &["link", "set", "hinamori0", "up"],
    &["route", "add", "224.0.0.0/4", "dev", "hinamori0"],
];
const GYM_LISTENS: &str = "10.55.0.1:7410";
const GATE_LISTENS: &str = "10.55.0.1:7411";

/// The town hall is gone; two boxes find each other, and a stick of one takes what the other wrote to the town hall.
pub(crate) fn without_the_town_hall(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    for arguments in NETWORK {
        output_of("ip", process::Command::new("ip").args(arguments))?;
    }
    world.stop_server()?;
    world.demo_box(GYM).meet(GYM_LISTENS)?;
    world.demo_box(GATE).meet(GATE_LISTENS)?;
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    wait_until("the reader after the restart", CONVERGE_WITHIN, || {
        Ok((kiosk.lane()?.status.reader == hinamori_ipc::ReaderState::Ready).then_some(()))
    })?;
    let before = world.demo_box(GATE).status()?.records;
    tap(world, summary, "isamu", GYM, &mut kiosk)?;
    wait_until("the gym's records at the gate", CONVERGE_WITHIN, || {
        let (gym, gate) = (world.demo_box(GYM).status()?, world.demo_box(GATE).status()?);
        Ok((gate.records > before && gym.records == gate.records).then_some(()))
    })?;
    let unsent = world.demo_box(GYM).status()?.unsent;
    ensure!(unsent > 0, "nobody but the town hall gives receipts");

    let stick = carried_by_stick(world)?;
    let stick = stick.to_str().context("a path that is no text")?.to_owned();
    let bytes = std::fs::read(&stick)?;
    ensure!(bytes.starts_with(b"hinamori bundle1"), "no bundle");
    let said = world.hall().bundle(&["import", &stick])?;
    ensure!(said.contains(" new changes, 0 refused") && !said.contains(": 0 new"), "{said}");
    let again = world.hall().bundle(&["import", &stick])?;
    ensure!(again.contains(": 0 new changes, 0 refused"), "a second time: {again}");
    world.start_server()?;
    wait_until("receipts", CONVERGE_WITHIN, || {
        let (gym, gate) = (world.demo_box(GYM).status()?, world.demo_box(GATE).status()?);
        Ok((gym.unsent + gate.unsent == 0).then_some(()))
    })
}

/// The gate's leader plugs a stick in and touches the button; gives the file that is on it afterwards.
fn carried_by_stick(world: &mut World) -> anyhow::Result<PathBuf> {
    let stick = world.demo_box(GATE).plug_in("sda1")?;
    let mut kiosk = world.staffed_kiosk(GATE)?;
    let begins = |lane: &LaneState| lane.stick.as_deref().is_some_and(StickState::may_begin);
    kiosk.until("a stick at the gate", begins)?;
    kiosk.send(Command::ExchangeStick)?;
    let report = |lane: &LaneState| match lane.stick.as_ref().map(|stick| &stick.exchange) {
        Some(Exchange::Over(report)) => Some(report.clone()),
        _ => None,
    };
    kiosk.until("the end of the exchange", |lane| report(lane).is_some())?;
    let report = report(kiosk.lane()?).context("no report")?;
    ensure!(report.written.is_ok_and(|records| records > 0) && report.not_taken.is_empty(), "{report:?}");
    let files = std::fs::read_dir(&stick)?.map(|entry| entry.map(|entry| entry.path()));
    match <[PathBuf; 1]>::try_from(files.collect::<Result<Vec<_>, _>>()?) {
        Ok([file]) => Ok(file),
        Err(files) => bail!("{} files on the stick", files.len()),
    }
}

fn here(counts: &Counts) -> Vec<(&str, Vec<u64>)> {
    let sites = |of: &crate::world::IncidentCounts| of.sites.iter().map(|site| site.here).collect();
    counts.incidents.iter().map(|incident| (incident.mode.as_str(), sites(incident))).collect()
}

/// The databases are taken out from under the town hall, and empty ones are there at its next start.
pub(crate) fn empty_database(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let before = world.counts()?;
    world.stop_server()?;
    let data = world.folder().join("server");
    let mut taken = 0;
    for entry in std::fs::read_dir(&data)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().contains(".sqlite")) {
            std::fs::remove_file(path)?;
            taken += 1;
        }
    }
    ensure!(taken >= 3, "{taken} databases");
    world.start_server()?;
    ensure!(world.counts()?.records < before.records, "nothing was lost");
    wait_until("the same counts as before", CONVERGE_WITHIN, || {
        let counts = world.counts()?;
        let same = counts.records == before.records && here(&counts) == here(&before);
        Ok(same.then_some(()))
    })?;
    let after = world.counts()?;
    let districts = |counts: &Counts| {
        counts.incidents.iter().map(|incident| incident.districts.clone()).collect::<Vec<_>>()
    };
    ensure!(districts(&after) == districts(&before), "another list of who has not arrived");
    ensure!(after.assurances == before.assurances && after.quarantined == 0, "other records");
    Ok(())
}
