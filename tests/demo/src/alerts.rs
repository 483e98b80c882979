//! The part of the script about alerts: two officers, televisions, and the way from a signature to an arrival.

use std::path::Path;

use anyhow::{Context, ensure};
use hinamori_ipc::{
    AlertClass, AlertDraft, AlertKind, AlertWanted, Arrival, BindingStanding, Command as Touch, LaneAlerts,
    OfficerStanding, ToKiosk,
};
use hinamori_model::Role;

use crate::browser::Browser;
use crate::care::{PIN, digits, sign_in};
use crate::child::wait_until;
use crate::daemon::BOX_TELEVISIONS;
use crate::kiosk::Kiosk;
use crate::receiver::Receiver;
use crate::script::CONVERGE_WITHIN;
use crate::summary::Summary;
use crate::town_hall::TownHall;
use crate::trigger::warn;
use crate::world::{GATE, GYM, World};

/// A browser with all of them; pictures go to `pictures`.
fn browser(hall: &TownHall, pictures: &Path) -> anyhow::Result<Browser> {
    let [desk, televisions, stations] = TownHall::alert_pages();
    let [server, data] = hall.administrator();
    let (receiver, at_box) = (Receiver::page(), format!("http://{BOX_TELEVISIONS}"));
    Browser::start(
        "browser.mjs",
        &[
            ("--desk", desk.as_ref()),
            ("--tv", televisions.as_ref()),
            ("--stations", stations.as_ref()),
            ("--receiver", receiver.as_ref()),
            ("--box", at_box.as_ref()),
            ("--server", server.as_ref()),
            ("--data", data.as_ref()),
            ("--pictures", pictures.as_ref()),
        ],
    )
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
    let opened = browser(world.hall(), &world.folder().join("alerts"))?;
    world.open_browser(opened).step("begin")
}

/// At the school's counter: the leader types what the set shows, Hanako holds her card, and one touch gives it to her household.
fn bind_by_card(world: &mut World, code: &str) -> anyhow::Result<()> {
    let code: u32 = code.parse().context("a code")?;
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    sign_in(world, &mut kiosk, "leader", Role::Leader)?;
    kiosk.send(Touch::BindTelevision { code })?;
    world.tray().lay("hanako", GYM)?;
    let whose = kiosk.hear("whose card it was", |reply| match reply {
        ToKiosk::TelevisionOf { code: of, name } => Some((of, name)),
        _ => None,
    });
    let taken = world.tray().take(GYM)?;
    let (of, name) = whose?;
    ensure!(of == code && name.expose() == "浜田 花子", "another set, or somebody else's card");
    ensure!(taken.secrets_presented == 0, "a PIN was presented that nobody said");
    kiosk.ask(Touch::ConfirmTelevision, |reply| match reply {
        ToKiosk::Televisions(given) => {
            let given = given.into_iter().find(|given| given.code == code)?;
            (given.standing == BindingStanding::Bound).then_some(())
        }
        _ => None,
    })?;
    kiosk.send(Touch::SignOut)?;
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

/// The town's staff whose cards open an officer's keys at every box: card, role, and as the town lists them.
const AT_BOXES: [(&str, Role, (&str, &str, &str)); 2] = [
    ("leader", Role::Leader, ("8", "大森 守", "避難所責任者")),
    ("official", Role::Official, ("9", "川口 進", "総務課")),
];

/// Touches something that takes an officer's card at the school's box.
fn with_card<T>(
    world: &World,
    kiosk: &mut Kiosk,
    (card, touch): (&str, Touch),
    wanted: impl Fn(ToKiosk) -> Option<T>,
) -> anyhow::Result<T> {
    let told = kiosk.ask_while(touch, || world.tray().lay(card, GYM), wanted);
    let taken = world.tray().take(GYM)?;
    let told = told?;
    ensure!(taken.secrets_presented == 1, "the PIN was presented {} times", taken.secrets_presented);
    Ok(told)
}

fn draft(reply: ToKiosk) -> Option<AlertDraft> {
    match reply {
        ToKiosk::AlertDraft(draft) => Some(*draft),
        _ => None,
    }
}

/// Two of the staff make keys with their own cards, and the administrator lets them in.
pub(crate) fn keys_at_a_box(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    for (card, role, officer) in AT_BOXES {
        world.hall().add_officer(officer)?;
        sign_in(world, &mut kiosk, card, role)?;
        let touch = Touch::MakeOfficerKeys { pin: digits(PIN) };
        let words = with_card(world, &mut kiosk, (card, touch), |reply| match reply {
            ToKiosk::OfficerKeysMade(words) => Some(words.join("・")),
            _ => None,
        })?;
        wait_until("the keys at the town hall", CONVERGE_WITHIN, || {
            Ok(world.hall().admit_at_box(officer.0, &words).ok())
        })?;
        kiosk.until("an officer at the kiosk", |lane| {
            lane.staff.as_ref().is_some_and(|staff| staff.officer == OfficerStanding::Officer)
        })?;
    }
    Ok(())
}

/// The town hall is gone: two officers say at a kiosk when the tsunami comes, and tell one district more. Gives that time.
fn change_at_a_box(world: &World, mut kiosk: Kiosk) -> anyhow::Result<hinamori_model::UnixMillis> {
    let desk = kiosk.ask(Touch::ShowAlertDesk, |reply| match reply {
        ToKiosk::AlertDesk(desk) => Some(*desk),
        _ => None,
    })?;
    ensure!(desk.live_officers == 2, "{} officers can sign at this box", desk.live_officers);
    let order = desk.threads.iter().find(|thread| thread.notice.kind == AlertKind::Order);
    let order = order.context("the box has no order")?;
    let wanted = AlertWanted::Update {
        thread: order.id.clone(),
        message: order.message.clone().context("the plan does not know the order")?,
        added: Some(vec!["汐見".to_owned()]),
        arrival: Arrival::InMinutes(45),
        closed: Vec::new(),
    };
    let made = kiosk.ask(Touch::DraftAlert { wanted }, draft)?;
    ensure!(made.is_update && made.needed == 2, "no change by two: {made:?}");
    ensure!(made.notice.districts == ["浜町", "汐見"], "for {:?}", made.notice.districts);
    for (signed, (card, ..)) in (1..).zip(AT_BOXES) {
        let touch = Touch::SignAlert { draft: made.id.clone(), pin: digits(PIN) };
        let shown = with_card(world, &mut kiosk, (card, touch), draft)?;
        ensure!(shown.signatures == signed, "{} signatures", shown.signatures);
    }
    let expected = made.notice.expected.context("no time")?;
    kiosk.until("the time on the box's own display", |lane| {
        lane.alerts.iter().any(|alerts| alerts.shown.iter().any(|notice| notice.expected == Some(expected)))
    })?;
    let touch = Touch::TestOfficerKeys { pin: digits(PIN) };
    with_card(world, &mut kiosk, ("official", touch), |reply| {
        matches!(reply, ToKiosk::OfficerKeysTested).then_some(())
    })?;
    Ok(expected)
}

/// The school's box tells the televisions on its network what the town hall's server told it, and what two officers say at its kiosk; it keeps
/// what they answer until the town hall is back. The official's tablet says of when it is until then.
pub(crate) fn at_a_box(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let code = world.browser()?.ask("box")?;
    bind_by_card(world, &code)?;
    world.browser()?.step("boxbound")?;
    world.stop_server()?;
    let tablet = world.tablet().and_then(|tablet| tablet.step("cut"));
    let without = world.browser()?.step("boxalone");
    let changed = without.and_then(|()| {
        let mut kiosk = world.demo_box(GYM).kiosk()?;
        let (card, role, _) = AT_BOXES[0];
        sign_in(world, &mut kiosk, card, role)?;
        let expected = change_at_a_box(world, kiosk)?;
        world.browser()?.step("boxchange")?;
        Ok(expected)
    });
    world.start_server()?;
    let expected = changed?;
    kiosk_shows(world, GATE, "the time in the countdown of the check-point", |alerts| {
        alerts.passage.is_some_and(|passage| passage.expected == Some(expected))
    })?;
    world.browser()?.step("boxback")?;
    tablet?;
    world.tablet()?.step("back")
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
