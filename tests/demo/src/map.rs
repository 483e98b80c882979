//! The part of the script about the officials' map: a tablet in headquarters while people arrive.

use anyhow::{Context, bail, ensure};
use hinamori_ipc::{AnswerKind, Command, MemberState};
use hinamori_model::PersonId;

use crate::browser::Browser;
use crate::people::{group, groups};
use crate::script;
use crate::summary::Summary;
use crate::town_hall::TownHall;
use crate::world::{GATE, GYM, World};

/// Of packaging/demo-town/town.toml.
const OFFICIAL_NAME: &str = "川口 進";
/// Everything that the tablet was sent, but that name. As a log, so that names are looked for in it as in all others.
pub(crate) const SENT: &str = "tablet.log";
/// The district that comes to the school on foot while the tsunami is on its way.
const ON_FOOT: &str = "汐見";

/// By a link that is good once.
pub(crate) fn signs_in(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let hall = world.hall();
    let (link, pin, map) = (hall.tablet_link()?, hall.tablet_pin()?, TownHall::map_page());
    let (sent, pictures) = (world.folder().join(SENT), world.folder().join("map"));
    let opened = Browser::start(
        "tablet.mjs",
        &[
            ("--map", map.as_ref()),
            ("--pin", pin.as_ref()),
            ("--own", OFFICIAL_NAME.as_ref()),
            ("--sent", sent.as_ref()),
            ("--pictures", pictures.as_ref()),
        ],
    )?;
    let tablet = world.open_tablet(opened);
    tablet.step(&format!("enrol {link}"))?;
    tablet.step("site")
}

pub(crate) fn drill(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.tablet()?.step("drill")
}

pub(crate) fn order(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.tablet()?.step("order")
}

/// What a family does at two boxes, seen from headquarters.
pub(crate) fn family(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let watched = world.tablet().and_then(|tablet| tablet.step("before"));
    script::family(world, summary)?;
    watched?;
    world.tablet()?.step("moved 3")
}

/// Half of a district arrives at the school by its groups' lists; the others stay in the list of who is not safe yet.
pub(crate) fn tsunami(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.staffed_kiosk(GYM)?;
    let mut came = 0;
    for name in groups(&mut kiosk, ON_FOOT)?.into_iter().take(5) {
        let list = group(&mut kiosk, ON_FOOT, &name)?;
        let missing = list.members.iter().filter(|member| member.state == MemberState::NotSeen);
        let present: Vec<PersonId> =
            missing.map(|member| member.person).take(list.members.len() / 2).collect();
        let Some(leader) = present.first().copied() else { continue };
        let answer = kiosk.answer_to(Command::DeclareGroup { leader, present })?;
        let AnswerKind::Done { people } = answer.kind else {
            bail!("after the tick list: {:?}", answer.kind)
        };
        came += people;
    }
    ensure!(came > 20, "only {came} people came");
    // Whoever of them is hidden never arrives on a map.
    world.tablet()?.step(&format!("tsunami {}", came / 2))
}

/// The check-point's box falls silent.
pub(crate) fn box_falls_silent(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.demo_box(GATE).kill()
}

/// What it said last does not pass for how things are.
pub(crate) fn old_is_old(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let seen = world.tablet().and_then(|tablet| tablet.step("stale"));
    world.demo_box(GATE).start()?;
    seen?;
    world.tablet()?.step("fresh")
}

/// Whoever is no longer on the town's list of staff is out at once.
pub(crate) fn taken_off(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    world.tablet()?.step("back")?;
    world.hall().take_official_off()?;
    let tablet = world.tablet()?;
    let ended = tablet.step("out").and_then(|()| tablet.step("end"));
    world.close_tablet();
    ended.context("the tablet of who was taken off")
}
