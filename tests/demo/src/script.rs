//! What a scripted demo plays: a morning from the first tap to the town hall, with everything that a bad card
//! and a bad day can do.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use hinamori_ipc::{
    Answer, AnswerKind, BuildingAnswer, Command, HoldReason, MemberState, Party, Refusal, SiteState,
    WatchAsk, WatchMood,
};
use hinamori_model::{CounterKind, Doubt, Leaving, Mode};

use crate::alerts;
use crate::care;
use crate::carriers;
use crate::child::wait_until;
use crate::kiosk::Kiosk;
use crate::map;
use crate::people;
use crate::summary::{OwnTime, Records, Summary};
use crate::world::{GATE, GYM, World};

pub(crate) const CONVERGE_WITHIN: Duration = Duration::from_secs(60);

/// What a card's tap has to be answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// 受け付けました with a name.
    Named,
    /// 受け付けました, お名前はあとで.
    Nameless,
    /// 係の人に お声がけください
    AskStaff,
    /// もう一度
    HoldAgain(HoldReason),
}

/// The mark beside the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Clear,
    Doubt,
}

/// Every kind of card, its answer at the shelter and its mark.
const CARDS: &[(&str, Expected, Mark)] = &[
    ("kiyoko", Expected::Named, Mark::Clear),
    ("hidden", Expected::Named, Mark::Clear),
    ("doctor", Expected::Named, Mark::Clear),
    ("face", Expected::Named, Mark::Clear),
    ("suica", Expected::Named, Mark::Clear),
    ("expired", Expected::Named, Mark::Doubt),
    ("not-yet", Expected::Named, Mark::Doubt),
    ("revoked", Expected::Named, Mark::Doubt),
    ("no-list", Expected::Named, Mark::Doubt),
    ("untrusted", Expected::Named, Mark::Doubt),
    ("test-hierarchy", Expected::Named, Mark::Doubt),
    ("blocked", Expected::Named, Mark::Clear),
    ("unknown", Expected::Nameless, Mark::Doubt),
    ("suica-unknown", Expected::Nameless, Mark::Doubt),
    ("garbage", Expected::Nameless, Mark::Doubt),
    ("truncated", Expected::Nameless, Mark::Doubt),
    ("phone", Expected::AskStaff, Mark::Doubt),
    ("unsupported", Expected::AskStaff, Mark::Doubt),
];

/// Plays everything; each expectation that does not hold becomes a line, and the rest goes on.
pub fn play(world: &mut World) -> Summary {
    let mut summary = Summary::default();
    let mut step = |what: &str, play: fn(&mut World, &mut Summary) -> anyhow::Result<()>| {
        let outcome = play(world, &mut summary);
        summary.expect(what, outcome);
    };
    step("two touches open the live incident at both boxes", open_live);
    step("two officers enrol their devices, and two households have a television", alerts::begin);
    step("an official's tablet gets a passkey by a link that is good once, and sees the map", map::signs_in);
    step(
        "a household's card at a box gives it a television, and the desk takes it back",
        alerts::bound_by_card,
    );
    step("a drill goes out with one officer's key of drills, and wears 訓練", alerts::drill);
    step("the tablet's map of the drill wears 訓練, and the one in earnest knows nothing of it", map::drill);
    step("two officers' alert ends the drill's picture, wakes a set, and answers come back", alerts::order);
    step("the tablet shows the order", map::order);
    step("a family passes the check-point and arrives at the school, and the map says so", map::family);
    step("a household's own television shows who of it arrived", alerts::arrived);
    step("who is missing is listed and told once more, and the report comes as a file", alerts::again);
    step("one officer takes a mistake back, and the set is given back", alerts::cancel);
    step(
        "the agency's warning releases what two officers signed, and no officer takes it back alone",
        alerts::tsunami,
    );
    step(
        "the map counts down to the tsunami and says who is not safe yet, whoever needs support first",
        map::tsunami,
    );
    step("two of the staff make officers' keys with their cards at a box", alerts::keys_at_a_box);
    step(
        "without the town hall the school's box shows the order, and two officers change it there",
        alerts::at_a_box,
    );
    step("two officers say that the danger is over", alerts::all_clear);
    step("the check-point's box falls silent", map::box_falls_silent);
    step("every kind of card gets its answer", every_card);
    step("a card that is revoked now is not called fine at the next tap", revoked_now);
    step("what a silent box said last is old on the map", map::old_is_old);
    step("a list on a stick counts at one box, and the server's older one changes nothing", list_on_a_stick);
    step("a torn card is held again, then accepted", torn_card);
    step("leaving, coming back and taking back", leaving_and_undo);
    step("a count without names", count_only);
    step("the leader's list holds the doubts and nobody hidden", leader_list);
    step("the watch counter asks for consent first", watch);
    step("taps go on without the server and reach it afterwards", server_down);
    step("a daemon killed in the middle loses nothing", killed_daemon);
    step("the kiosk windows are there and drawn", World::take_pictures_step);
    step("a card that nobody knew gets its owner, found by the first letters", people::named_later);
    step("a neighbourhood group is ticked off by its leader", people::group_ticked);
    step("180 people pass two check-points without an uplink", people::district_without_uplink);
    step("two of a family go home and stay ours", people::going_home);
    step("a roll-call finds who is missing and lets nobody leave", people::roll_call);
    step("twenty papers are keyed in after the power came back", people::paper);
    step("what somebody needs is read by a nurse with her PIN alone", care::needs);
    step("slips take people on and bring them back", care::transfer);
    step("boxes and server hold the same", converge);
    step("the town hall counts, exports and shows who looked", care::town_hall);
    step(
        "boxes meet without the town hall, and a stick takes it what they hold",
        carriers::without_the_town_hall,
    );
    step("a town hall that lost its databases has them again from the boxes", carriers::empty_database);
    step("an official who is taken off the town's list is out at once", map::taken_off);
    step("no log, figure, page or tablet names anybody", people::nobody_is_named);
    summary
}

/// A town that has no list yet.
///
/// # Errors
/// The first expectation that does not hold.
pub fn play_first_year(world: &mut World) -> anyhow::Result<()> {
    let mut summary = Summary::default();
    open_live(world, &mut summary)?;
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    ensure!(kiosk.lane()?.status.card_data == hinamori_ipc::CardData::None, "there are lists");
    // The first card of the tray was reported lost. Of the others nothing is known: a revoked one, and one of
    // another municipality, are no different.
    for (card, doubted) in [("hanako", true), ("isamu", false), ("revoked", false), ("no-list", false)] {
        let seen = is_doubted(world, &mut summary, card, GYM)?;
        ensure!(seen == doubted, "{card}: {}", if seen { "a doubt" } else { "no doubt" });
    }
    ensure!(is_doubted(world, &mut summary, "expired", GYM)?, "what the card itself says is checked");
    let list = world.staffed_kiosk(GYM)?.leader_list()?;
    ensure!(
        list.iter().any(|item| item.doubts.contains(&Doubt::Stopped)),
        "the lost card is not in the list"
    );
    ensure!(world.demo_box(GYM).status()?.lists == 0, "there are lists");
    wait_until("the records at the server", CONVERGE_WITHIN, || {
        Ok(world.counts()?.assurances.get("chip_proven").is_some_and(|count| *count > 0).then_some(()))
    })
}

/// Holds a card to a reader and waits for the answer of its lane.
pub(crate) fn tap(
    world: &mut World,
    summary: &mut Summary,
    card: &str,
    at: &str,
    kiosk: &mut Kiosk,
) -> anyhow::Result<Answer> {
    let last = kiosk.last_answer()?;
    summary.taps += 1;
    world.tray().lay(card, at)?;
    let answer = kiosk.answer_after(last);
    let taken = world.tray().take(at)?;
    let answer = answer.map_err(|error| error.context(format!("{card} at {at}")))?;
    ensure!(taken.secrets_presented == 0, "{card}: a PIN was presented in the check-in line");
    if !matches!(answer.kind, AnswerKind::HoldAgain { .. }) {
        summary.accepted += 1;
    }
    Ok(answer)
}

fn open_live(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    for (name, answer) in [(GYM, BuildingAnswer::NothingSeen), (GATE, BuildingAnswer::SomethingOrUnsure)] {
        let mut kiosk = world.demo_box(name).kiosk()?;
        ensure!(kiosk.lane()?.banner.mode == Mode::DailyLife, "a box begins in daily life");
        kiosk.send(Command::OpenIncident { mode: Mode::Live })?;
        kiosk.until("the building check", |lane| lane.site == SiteState::AwaitingBuildingCheck)?;
        kiosk.send(Command::AnswerBuilding { answer, findings: Vec::new() })?;
        kiosk.until("an open site", |lane| {
            lane.site == SiteState::Open(answer) && lane.banner.mode == Mode::Live
        })?;
        let refused = kiosk.refusal_of(Command::OpenIncident { mode: Mode::Drill })?;
        ensure!(refused == Refusal::NotNow, "a drill opened during a live incident: {refused:?}");
    }
    Ok(())
}

pub(crate) fn family(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut gate = world.demo_box(GATE).kiosk()?;
    let passed = tap(world, summary, "hanako", GATE, &mut gate)?;
    ensure!(matches!(passed.kind, AnswerKind::Welcome { .. }), "at the check-point: {:?}", passed.kind);
    let mut gym = world.demo_box(GYM).kiosk()?;
    let arrived = tap(world, summary, "hanako", GYM, &mut gym)?;
    let AnswerKind::Welcome { name: Some(_), party: Party::Household(members) } = &arrived.kind else {
        bail!("at the school: {:?}", arrived.kind)
    };
    ensure!(!arrived.doubt, "a sound card is in doubt");
    let came: Vec<_> = members
        .iter()
        .filter(|member| member.state == MemberState::NotSeen)
        .take(2)
        .map(|member| member.person)
        .collect();
    ensure!(came.len() == 2, "the family has no two members to touch");
    gym.send(Command::ConfirmHousehold { answer: arrived.id, members: came })?;
    let done = gym.answer_after(Some(arrived.id))?;
    ensure!(matches!(done.kind, AnswerKind::Done { people: 3 }), "three came: {:?}", done.kind);
    Ok(())
}

fn every_card(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    let mut wrong = Vec::new();
    for (card, expected, mark) in CARDS {
        match tap(world, summary, card, GYM, &mut kiosk) {
            Ok(answer) => {
                let seen = match &answer.kind {
                    AnswerKind::Welcome { name: Some(_), .. } => Some(Expected::Named),
                    AnswerKind::Welcome { name: None, .. } => Some(Expected::Nameless),
                    AnswerKind::AskStaff => Some(Expected::AskStaff),
                    AnswerKind::HoldAgain { reason } => Some(Expected::HoldAgain(*reason)),
                    _ => None,
                };
                let marked = if answer.doubt { Mark::Doubt } else { Mark::Clear };
                if seen != Some(*expected) || marked != *mark {
                    wrong.push(format!(
                        "{card}: {:?} {marked:?} instead of {expected:?} {mark:?}",
                        answer.kind
                    ));
                }
            }
            Err(error) => wrong.push(format!("{card}: {error:#}")),
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

/// How a box answers a card that nothing is wrong with but, perhaps, a list.
fn is_doubted(world: &mut World, summary: &mut Summary, card: &str, at: &str) -> anyhow::Result<bool> {
    let mut kiosk = world.demo_box(at).kiosk()?;
    // The same card again within some seconds is one tap: somebody else comes first.
    tap(world, summary, "kiyoko", at, &mut kiosk)?;
    let answer = tap(world, summary, card, at, &mut kiosk)?;
    ensure!(
        matches!(answer.kind, AnswerKind::Welcome { .. } | AnswerKind::Here { .. }),
        "{card} is received like everybody: {:?}",
        answer.kind
    );
    Ok(answer.doubt)
}

fn revoked_now(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    ensure!(!is_doubted(world, summary, "misaki", GYM)?, "a sound card is in doubt");
    let known = |status: crate::daemon::Status| status.listed + status.reported;
    let before = known(world.demo_box(GYM).status()?);
    let list = world.hall().later_list(&["misaki"])?;
    world.hall().import_list(&list)?;
    wait_until("one more entry at the box", CONVERGE_WITHIN, || {
        Ok((known(world.demo_box(GYM).status()?) > before).then_some(()))
    })?;
    ensure!(is_doubted(world, summary, "misaki", GYM)?, "a revoked card is called fine");
    wait_until("the authority's own word", CONVERGE_WITHIN, || {
        let status = world.demo_box(GYM).status()?;
        Ok((status.listed == before + 1 && status.reported == 0).then_some(()))
    })?;
    ensure!(is_doubted(world, summary, "misaki", GYM)?, "a revoked card is called fine");
    let list = world.staffed_kiosk(GYM)?.leader_list()?;
    ensure!(
        list.iter().any(|item| item.doubts.contains(&Doubt::Revoked)),
        "the leader is not told of a revoked card"
    );
    Ok(())
}

fn list_on_a_stick(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    ensure!(!is_doubted(world, summary, "isamu", GATE)?, "a sound card is in doubt");
    let list = world.hall().later_list(&["misaki", "isamu"])?;
    let before = world.demo_box(GATE).status()?.listed;
    let stick = list.to_str().context("the list's name")?;
    world.demo_box(GATE).control(&["crl", "import", stick])?;
    wait_until("the list from the stick", CONVERGE_WITHIN, || {
        Ok((world.demo_box(GATE).status()?.listed > before).then_some(()))
    })?;
    ensure!(is_doubted(world, summary, "isamu", GATE)?, "a revoked card is called fine");
    // The server has an older list, and the first one is older still.
    let older = world.hall().later_list(&["misaki"])?;
    let older = older.to_str().context("the list's name")?;
    ensure!(world.demo_box(GATE).control(&["crl", "import", older]).is_err(), "an old list was taken");
    world.stop_server()?;
    world.start_server()?;
    wait_until("the box at its server again", CONVERGE_WITHIN, || {
        Ok(world.demo_box(GATE).status()?.online.then_some(()))
    })?;
    ensure!(is_doubted(world, summary, "isamu", GATE)?, "an older list took a newer one's place");
    Ok(())
}

fn torn_card(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    let last = kiosk.last_answer()?;
    summary.taps += 1;
    world.tray().lay_torn("naoki", GYM, 3)?;
    let torn = kiosk.answer_after(last)?;
    let again = AnswerKind::HoldAgain { reason: HoldReason::TornAway };
    ensure!(torn.kind == again, "a torn card: {:?}", torn.kind);
    drop(world.tray().take(GYM));
    let held = tap(world, summary, "naoki", GYM, &mut kiosk)?;
    ensure!(
        matches!(held.kind, AnswerKind::Welcome { .. } | AnswerKind::Here { .. }),
        "held again: {:?}",
        held.kind
    );
    Ok(())
}

fn leaving_and_undo(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    let here = tap(world, summary, "hanako", GYM, &mut kiosk)?;
    ensure!(matches!(here.kind, AnswerKind::Here { .. }), "seen again: {:?}", here.kind);
    kiosk.send(Command::Leave { answer: here.id, leaving: Leaving::Out })?;
    let left = kiosk.answer_after(Some(here.id))?;
    let is_out = |kind: &AnswerKind| matches!(kind, AnswerKind::Left { departure, .. } if departure.leaving == Leaving::Out);
    ensure!(is_out(&left.kind), "leaving: {:?}", left.kind);
    kiosk.send(Command::Undo { answer: left.id })?;
    let undone = kiosk.answer_after(Some(left.id))?;
    ensure!(undone.kind == AnswerKind::Undone, "taking back: {:?}", undone.kind);
    Ok(())
}

fn count_only(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    let last = kiosk.last_answer()?;
    kiosk.send(Command::CountPeople { answer: None, adults: 2, children: 1, infants: 1 })?;
    let done = kiosk.answer_after(last)?;
    ensure!(matches!(done.kind, AnswerKind::Done { people: 4 }), "four were counted: {:?}", done.kind);
    Ok(())
}

fn leader_list(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.staffed_kiosk(GYM)?;
    let list = kiosk.leader_list()?;
    let doubted = CARDS.iter().filter(|(_, answer, mark)| *mark == Mark::Doubt && *answer == Expected::Named);
    ensure!(list.len() >= doubted.count(), "only {} lines", list.len());
    ensure!(list.iter().all(|item| !item.doubts.is_empty()), "a line without a doubt");
    Ok(())
}

fn watch(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.staffed_kiosk(GYM)?;
    kiosk.send(Command::SwitchCounter(CounterKind::Watch))?;
    kiosk.until("the watch counter", |lane| lane.counter == CounterKind::Watch)?;
    let asked = tap(world, summary, "kiyoko", GYM, &mut kiosk)?;
    ensure!(
        matches!(asked.kind, AnswerKind::Greeting { ask: WatchAsk::Consent, .. }),
        "consent first: {:?}",
        asked.kind
    );
    kiosk.send(Command::WatchConsent { answer: asked.id, agreed: true })?;
    let greeted = kiosk.answer_after(Some(asked.id))?;
    ensure!(
        matches!(greeted.kind, AnswerKind::Greeting { called_name: Some(_), ask: WatchAsk::Mood }),
        "then the greeting: {:?}",
        greeted.kind
    );
    kiosk.send(Command::WatchMood { answer: greeted.id, mood: WatchMood::Fine })?;
    kiosk.answer_after(Some(greeted.id))?;
    kiosk.send(Command::SwitchCounter(CounterKind::Shelter))?;
    kiosk.until("the shelter counter", |lane| lane.counter == CounterKind::Shelter)
}

fn server_down(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let before = world.counts()?.records;
    world.stop_server()?;
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    let answer = tap(world, summary, "isamu", GYM, &mut kiosk)?;
    ensure!(
        matches!(answer.kind, AnswerKind::Welcome { .. } | AnswerKind::Here { .. }),
        "without the server: {:?}",
        answer.kind
    );
    ensure!(world.demo_box(GYM).status()?.unsent > 0, "the record waits to be sent");
    world.start_server()?;
    wait_until("the waiting record at the server", CONVERGE_WITHIN, || {
        Ok((world.counts()?.records > before).then_some(()))
    })
}

fn killed_daemon(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    tap(world, summary, "misaki", GYM, &mut kiosk)?;
    let before = world.demo_box(GYM).status()?.records;
    world.demo_box(GYM).kill()?;
    world.demo_box(GYM).start()?;
    let after = world.demo_box(GYM).status()?.records;
    ensure!(after >= before, "{before} records before, {after} after");
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    ensure!(kiosk.lane()?.banner.mode == Mode::Live, "the incident is still open");
    wait_until("the reader after the restart", CONVERGE_WITHIN, || {
        Ok((kiosk.lane()?.status.reader == hinamori_ipc::ReaderState::Ready).then_some(()))
    })?;
    let again = tap(world, summary, "misaki", GYM, &mut kiosk)?;
    ensure!(matches!(again.kind, AnswerKind::Here { .. }), "known after the restart: {:?}", again.kind);
    Ok(())
}

impl World {
    fn take_pictures_step(world: &mut Self, _summary: &mut Summary) -> anyhow::Result<()> {
        world.take_pictures()
    }
}

fn converge(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let outcome = wait_until("the same records everywhere", CONVERGE_WITHIN, || {
        let (a, b) = (world.demo_box(GYM).status()?, world.demo_box(GATE).status()?);
        let counts = world.counts()?;
        summary.records = Records { box_a: a.records, box_b: b.records, server: counts.records };
        let same = a.records == b.records && b.records == counts.records && a.unsent + b.unsent == 0;
        Ok(same.then_some(()))
    });
    summary.converged = outcome.is_ok();
    outcome?;
    let counts = world.counts()?;
    ensure!(counts.quarantined == 0, "{} batches in quarantine", counts.quarantined);
    summary.assurances = counts.assurances.clone();
    for proved in ["chip_proven", "certificate_read", "token_only", "declared"] {
        ensure!(summary.assurances.get(proved).is_some_and(|count| *count > 0), "no record is {proved}");
    }
    let live = counts.incidents.iter().find(|incident| incident.mode == "live");
    let here: u64 = live.map_or(0, |live| live.sites.iter().map(|site| site.here).sum());
    ensure!(here > 10, "the server counts {here} people in the live incident");
    let times =
        [world.demo_box(GYM).status()?, world.demo_box(GATE).status()?].map(|status| status.own_time_ms);
    let largest =
        |of: fn(&crate::daemon::OwnTimes) -> Option<f64>| times.iter().filter_map(of).fold(0.0, f64::max);
    summary.own_time_ms = OwnTime { p50: largest(|times| times.p50), p99: largest(|times| times.p99) };
    Ok(())
}
