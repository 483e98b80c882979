//! The part of the script about what people need, what they leave behind, and what the town hall gets out.

use anyhow::{Context, bail, ensure};
use hinamori_ipc::{
    Answer, AnswerKind, CareList, Command, Refusal, SecretDigits, SignedInBy, Slip, SlipKind, ToKiosk,
};
use hinamori_model::{
    ArrivalNeed, Destination, Leaving, LookupReason, NeedKind, PersonalText, Role, Severity, Urgency,
};

use crate::child::wait_until;
use crate::kiosk::Kiosk;
use crate::script::{CONVERGE_WITHIN, tap};
use crate::summary::Summary;
use crate::world::{GATE, GYM, World};

/// Said at the desk, and to be found nowhere afterwards.
pub(crate) const PLANTED_PHONE: &str = "08061729305";
/// The PIN of every card of the tray.
pub(crate) const PIN: &str = "1234";

pub(crate) fn digits(text: &str) -> SecretDigits {
    let mut digits = SecretDigits::default();
    text.chars().for_each(|digit| digits.push(digit));
    digits
}

fn done(reply: ToKiosk) -> Option<()> {
    matches!(reply, ToKiosk::Done).then_some(())
}

fn care_list(kiosk: &mut Kiosk) -> anyhow::Result<CareList> {
    kiosk.ask(Command::ShowCareList, |reply| match reply {
        ToKiosk::CareList(list) => Some(list),
        _ => None,
    })
}

/// Holds a staff card to the lane that waits for it.
pub(crate) fn sign_in(world: &mut World, kiosk: &mut Kiosk, card: &str, role: Role) -> anyhow::Result<()> {
    kiosk.send(Command::SignOut)?;
    kiosk.until("nobody signed in", |lane| lane.staff.is_none())?;
    kiosk.send(Command::SignIn { pin: Some(digits(PIN)) })?;
    world.tray().lay(card, GYM)?;
    let signed_in = kiosk.until("staff signed in with a PIN", |lane| {
        lane.staff.as_ref().is_some_and(|staff| staff.role == role && staff.by == SignedInBy::CardAndPin)
    });
    let taken = world.tray().take(GYM)?;
    signed_in?;
    ensure!(taken.secrets_presented == 1, "the PIN was presented {} times", taken.secrets_presented);
    Ok(())
}

/// Somebody says at arrival what they need; only a nurse with her PIN reads it, and the person sees who did.
pub(crate) fn needs(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    let answer = tap(world, summary, "nurse", GYM, &mut kiosk)?;
    let AnswerKind::Welcome { .. } = answer.kind else { bail!("a first arrival: {:?}", answer.kind) };
    ensure!(answer.asks_needs, "nobody asks what is needed");
    let needs = vec![ArrivalNeed::LifeSupport];
    kiosk.ask(Command::TellNeeds { answer: answer.id, needs }, done)?;
    ensure!(kiosk.refusal_of(Command::ShowCareList)? == Refusal::SignIn, "the list is open to everybody");
    let mut leader = world.staffed_kiosk(GYM)?;
    ensure!(leader.refusal_of(Command::ShowCareList)? == Refusal::SignIn, "a leader reads health data");
    sign_in(world, &mut kiosk, "official", Role::Official)?;
    ensure!(kiosk.refusal_of(Command::ShowCareList)? == Refusal::SignIn, "an official reads health data");
    sign_in(world, &mut kiosk, "nurse", Role::Nurse)?;
    let list = care_list(&mut kiosk)?;
    let asked = list.items.iter().find(|item| item.needs.contains(&NeedKind::AskedLifeSupport));
    let asked = asked.context("what was told at arrival is not on the list")?;
    ensure!(asked.urgency == Urgency::NotDue(Severity::Life), "life support is {:?}", asked.urgency);
    let person = asked.person;
    kiosk.ask(Command::ShowCarePerson { person, reason: LookupReason::Care }, |reply| match reply {
        ToKiosk::CarePerson(of) => Some(of),
        _ => None,
    })?;
    // The next tap of the one whose needs were read says so.
    kiosk.send(Command::SignOut)?;
    tap(world, summary, "kiyoko", GYM, &mut kiosk)?;
    let again = tap(world, summary, "nurse", GYM, &mut kiosk)?;
    ensure!(again.lookups > 0, "nobody says that somebody looked");
    Ok(())
}

/// Somebody moves on with a telephone number and a slip; the slip alone makes them arrive elsewhere.
pub(crate) fn transfer(world: &mut World, summary: &mut Summary) -> anyhow::Result<()> {
    let mut kiosk = world.demo_box(GYM).kiosk()?;
    let here = tap(world, summary, "official", GYM, &mut kiosk)?;
    let here = if matches!(here.kind, AnswerKind::Here { .. }) {
        here
    } else {
        tap(world, summary, "kiyoko", GYM, &mut kiosk)?;
        tap(world, summary, "official", GYM, &mut kiosk)?
    };
    ensure!(matches!(here.kind, AnswerKind::Here { .. }), "seen again: {:?}", here.kind);
    let left = kiosk.answer_to(Command::Leave { answer: here.id, leaving: Leaving::Moved })?;
    let phone = PersonalText::new(PLANTED_PHONE);
    kiosk.ask(Command::LeavePhone { answer: left.id, phone }, done)?;
    let slip: Slip = kiosk.ask(Command::ShowSlip { answer: left.id }, |reply| match reply {
        ToKiosk::Slip(slip) => Some(slip),
        _ => None,
    })?;
    ensure!(slip.kind == SlipKind::Transfer && slip.until > left.at, "no transfer slip");
    let mut gate = world.demo_box(GATE).kiosk()?;
    let arrived: Answer = gate.answer_to(Command::Badge { code: slip.code.clone() })?;
    ensure!(matches!(arrived.kind, AnswerKind::Welcome { .. }), "by the slip: {:?}", arrived.kind);
    let bent = slip.code.expose().replacen('A', "B", 1);
    if bent != slip.code.expose() {
        let refused = gate.answer_to(Command::Badge { code: PersonalText::new(bent) })?;
        ensure!(matches!(refused.kind, AnswerKind::HoldAgain { .. }), "a bent slip: {:?}", refused.kind);
    }
    // Somebody else leaves for good and comes back with what they took along.
    let mut gym = world.demo_box(GYM).kiosk()?;
    let here = tap(world, summary, "misaki", GYM, &mut gym)?;
    let left = gym.answer_to(Command::Leave { answer: here.id, leaving: Leaving::Left })?;
    let (destination, companions) = (Some(Destination::Relatives), Vec::new());
    let gone = gym.answer_to(Command::LeavingTo { answer: left.id, destination, companions })?;
    let slip: Slip = gym.ask(Command::ShowSlip { answer: gone.id }, |reply| match reply {
        ToKiosk::Slip(slip) => Some(slip),
        _ => None,
    })?;
    ensure!(slip.kind == SlipKind::Leaving, "whoever leaves for good is no transfer");
    let back = gym.answer_to(Command::Badge { code: slip.code })?;
    ensure!(matches!(back.kind, AnswerKind::Welcome { .. }), "back by the slip: {:?}", back.kind);
    Ok(())
}

/// Counts, a released report, an inquiry's two sentences, and logs that hold, out of the running server's records.
pub(crate) fn town_hall(world: &mut World, _summary: &mut Summary) -> anyhow::Result<()> {
    let counts = world.folder().join("counts.csv");
    let file = counts.to_str().context("the folder's name")?.to_owned();
    world.hall().command(&["counts", "--csv", &file])?;
    let text = std::fs::read_to_string(&counts)?;
    ensure!(text.lines().count() > 3, "a sheet of {} lines", text.lines().count());
    // What the nurse's list knows reaches the town hall under its keys.
    wait_until("what was told at arrival at the town hall", CONVERGE_WITHIN, || {
        let ledger = world.folder().join("export");
        drop(std::fs::remove_dir_all(&ledger));
        world.hall().command(&["export", ledger.to_str().unwrap_or_default()])?;
        let lines = std::fs::read_to_string(ledger.join("live/records.jsonl"))?;
        Ok(lines.contains("profile").then_some(()))
    })?;
    // Who is in need stands on the nurses' list of the town, the most urgent first.
    let care = world.folder().join("care.csv");
    let file = care.to_str().context("the folder's name")?.to_owned();
    wait_until("the nurse on the town's list", CONVERGE_WITHIN, || {
        world.hall().command(&["care", "--csv", &file])?;
        let text = std::fs::read_to_string(&care)?;
        // With names, for nurses alone: it does not stay.
        std::fs::remove_file(&care)?;
        Ok(text.lines().nth(1).is_some_and(|line| line.contains("酸素・透析・インスリン")).then_some(()))
    })?;
    let verified = world.hall().command(&["audit", "--verify"])?;
    ensure!(!verified.contains("broken"), "the logs do not hold: {verified}");
    let listed = world.hall().command(&["audit"])?;
    ensure!(listed.lines().count() > 3, "nobody looked at anything: {} lines", listed.lines().count());
    Ok(())
}
