//! From a card that is laid down at a shelter's box to 着きました on the television of its household: card, box, TLS, the server's count, the
//! long poll, a real browser.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use hinamori_demo::town_hall::TownHall;
use hinamori_ipc::{BuildingAnswer, Command, SiteState};
use hinamori_model::Mode;
use hinamori_sim::pcscd::reader_address;
use hinamori_sim::presented::{Fault, PresentedCard};
use hinamori_sim::timing::Timing;
use hinamori_sim::vpcd::InsertedCard;
use serde_json::json;

use crate::alert_clients::monotonic_ns;
use crate::alert_screen;
use crate::desk::{Administrator, Officer};
use crate::report::{Better, Report};
use crate::statistics::percentile;
use crate::tap::last_tap_began_ns;
use crate::town::{READERS, Town};

/// The household of the first of the bench's cards (packaging/demo-town).
const HOUSEHOLD: &str = "4cd1690ae5b01575a84e43630e20ce4c";
const ARRIVED: &str = "see 花子さん 着きました";
const NOT_ARRIVED: &str = "see 花子さん !着きました";
/// pcscd looks for a virtual card every 0.4 s.
const CARD_GONE: Duration = Duration::from_millis(900);
/// The server looks at its files twice a second.
const LOOKS: Duration = Duration::from_millis(1_300);

/// So many taps, each of which the set shows; in between the touch is taken back, which it shows too.
pub(crate) fn run(folder: &Path, times: usize, report: &mut Report) -> anyhow::Result<()> {
    let town = Town::start(folder)?;
    let [server, data] = town.hall.administrator();
    let administrator = Administrator { server, data };
    let [desk, televisions, _] = TownHall::alert_pages();
    let desk = desk.replace("http://localhost", "127.0.0.1").parse()?;
    // The demonstration's officers have numbers of their own.
    let mut officers = [Officer::new(&administrator, desk, "11")?, Officer::new(&administrator, desk, "12")?];
    std::thread::sleep(LOOKS);
    for officer in &mut officers {
        officer.sign_in(desk)?;
    }
    let mut browser = alert_screen::browser(&televisions)?;
    let code = browser.ask("open")?;
    administrator.alert("bind", &["--code", &code, "--household", HOUSEHOLD])?;
    browser.ask("see お知らせはありません")?;
    let [first, second] = &officers;
    let order = first.draft(
        &json!({ "class": "live", "kind": "Order", "message": "landslide-4", "districts": ["浜町"] }),
    )?;
    ensure!(!first.sign(&order)? && second.sign(&order)?, "two signatures are what it takes");
    browser.ask("see 警戒レベル4 花子さん")?;
    // Before somebody of the household answered, a set goes on saying that they have to go.
    browser.ask("press Enter")?;
    let mut kiosk = town.of.kiosk()?;
    // What somebody does on an ordinary day is no arrival.
    kiosk.send(Command::OpenIncident { mode: Mode::Live })?;
    kiosk.until("the building check", |lane| lane.site == SiteState::AwaitingBuildingCheck)?;
    kiosk.send(Command::AnswerBuilding { answer: BuildingAnswer::NothingSeen, findings: Vec::new() })?;
    kiosk.until("an open shelter", |lane| lane.site == SiteState::Open(BuildingAnswer::NothingSeen))?;
    let reader = reader_address(*READERS.first().context("a reader")?);
    let mut seen = Vec::with_capacity(times);
    for _ in 0..times {
        let last = kiosk.last_answer()?;
        browser.say(ARRIVED)?;
        let card = PresentedCard::new(town.card(0)?, Fault::None, Timing::NONE);
        let laid = InsertedCard::insert(reader, card)?;
        let at: f64 = browser.heard()?.parse()?;
        let answer = kiosk.answer_after(last)?;
        let since_ns = monotonic_ns().saturating_sub(last_tap_began_ns(&town)?);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
        seen.push(at - (now - Duration::from_nanos(since_ns).as_secs_f64() * 1e3));
        drop(laid.remove());
        browser.say(NOT_ARRIVED)?;
        kiosk.send(Command::Undo { answer: answer.id })?;
        browser.heard()?;
        std::thread::sleep(CARD_GONE);
    }
    report.add("tap_to_tv_p95_ms", percentile(&seen, 95).context("no taps")?, "ms", Better::Lower);
    Ok(())
}
