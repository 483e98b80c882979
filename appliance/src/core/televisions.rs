//! What the core knows of televisions on this box's network: it hears of them from the town hall, and tells it what they answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hinamori_alert::{Beat, EVERYBODY, Instruction, InstructionPath};
use hinamori_ipc::ClockState;
use hinamori_model::{TelevisionAnswer, UnixMillis};
use hinamori_store_sqlite::{FileKey, ToldByMessage};
use hinamori_sync::{AlertMessage, CarriedBinding, CarriedInstruction};
use tracing::{error, warn};

use super::Core;
use super::alerts::Carrier;
use crate::clock;
use crate::config::Config;
use crate::televisions::{OpenError, ShownTime, Televisions};

/// What the town hall did not take is said again after so long …
const SAY_AGAIN: Duration = Duration::from_secs(10);
/// … and after twice as long each time, up to this, where it is still the same: what it refuses it goes on refusing.
const SAY_LATE: Duration = Duration::from_secs(600);

/// The televisions, where the installer wants them, and what the town hall was told of them last.
#[derive(Default)]
pub(super) struct Screens {
    pub(super) shown: Option<Arc<Televisions>>,
    said: Option<Said>,
}

impl Screens {
    /// People are received without televisions too.
    pub(super) fn open(config: &Config, key: &FileKey) -> Self {
        let opened = config.televisions.as_ref().map(|_wanted| Televisions::open(&config.data, key));
        let shown = opened.and_then(|opened| {
            let log = |problem: &OpenError| {
                error!(error = problem as &dyn std::error::Error, "televisions are told nothing")
            };
            opened.inspect_err(log).ok()
        });
        Self { shown, said: None }
    }
}

struct Said {
    line: u64,
    messages: Vec<AlertMessage>,
    at: Instant,
    /// It is said again after this.
    wait: Duration,
}

/// How long it takes until the same is said again that was said after waiting `before`; nothing for what is said for the first time.
fn next_wait(messages: &[AlertMessage], before: Option<Duration>) -> Duration {
    let is_help = |message: &AlertMessage| match message {
        AlertMessage::Answers(all) => all.iter().any(|answer| answer.answer == TelevisionAnswer::Help),
        _ => false,
    };
    // Somebody waits for help.
    let longest = if messages.iter().any(is_help) { SAY_AGAIN } else { SAY_LATE };
    before.map_or(SAY_AGAIN, |before| before.saturating_mul(2).min(longest))
}

impl Core {
    /// The televisions, for the door.
    pub(crate) fn televisions(&self) -> Option<Arc<Televisions>> {
        self.screens.shown.clone()
    }

    /// What is known of alerts now is what televisions are told.
    pub(super) fn show_to_televisions(&self, wall: UnixMillis, now: UnixMillis) {
        let Some(televisions) = &self.screens.shown else { return };
        let not_before = self.town.checks.time.not_before(wall);
        let (list, _) = self.alerts.to_pass_on();
        let trusted = (clock::state(wall, not_before) == ClockState::Sure).then_some(now);
        televisions.show(list, self.alerts.signed(), ShownTime { not_before, now, trusted });
        televisions.take_told(self.alerts.told_everybody());
    }

    /// Takes what somebody says of televisions; gives whether it does not hold.
    pub(super) fn hear_of_televisions(&self, from: Carrier, message: AlertMessage) -> bool {
        let Some(televisions) = &self.screens.shown else { return false };
        match message {
            AlertMessage::Told { message, instructions } => {
                let all = instructions.len();
                let told = self.verified(from, &message, instructions);
                let is_refused = told.len() < all;
                televisions.take_told(told);
                return is_refused;
            }
            AlertMessage::Televisions(all) => televisions.take_televisions(all),
            AlertMessage::AnswersTaken(answers) => televisions.answers_taken(answers),
            _ => {}
        }
        false
    }

    /// The town hall says what time it is there, and that it is there.
    pub(super) fn hear_beat(&mut self, bytes: Vec<u8>) {
        // The first one of all comes before the list by which it is judged.
        let Some(list) = self.alerts.list() else { return };
        let Some(Beat { at, .. }) = Beat::decode(&bytes, &list.beat) else {
            return warn!("a heartbeat of the town hall does not hold");
        };
        let heard = Instant::now();
        self.hall_clock.hear(self.uplink.number().unwrap_or_default(), at, heard);
        let now_there = self.hall_clock.now(heard).unwrap_or(at);
        self.officers.files.drop_tests_after(now_there.plus(clock::CLOCKS_DIFFER_MILLIS));
        if let Some(televisions) = &self.screens.shown {
            televisions.take_beat(bytes);
        }
    }

    /// Those that the officers signed with a message that is here; of another box nothing but what everybody is told.
    fn verified(
        &self,
        from: Carrier,
        message: &[u8; 32],
        instructions: Vec<CarriedInstruction>,
    ) -> ToldByMessage {
        let signed = self.alerts.signed().map(|(signed, _)| signed).find(|one| one.digest() == *message);
        let Some(signed) = signed else { return ToldByMessage::new() };
        let holds = |told: CarriedInstruction| {
            let instruction = Instruction::decode(&told.leaf)?;
            let path = InstructionPath::decode(&told.path)?;
            let may_say = matches!(from, Carrier::Server) || instruction.household == EVERYBODY;
            let holds = may_say && signed.has(&instruction, &path);
            holds.then_some(((*message, instruction.household), told))
        };
        instructions.into_iter().filter_map(holds).collect()
    }

    /// When nobody waits: tells the town hall what televisions answered, which it did not name yet, and which were given to households here.
    pub(super) fn tell_of_televisions(&mut self) {
        let Some(number) = self.uplink.number() else { return };
        let before = self.screens.said.as_ref().filter(|said| said.line == number);
        let mut messages = Vec::new();
        let bindings = self.bindings.waiting(Instant::now());
        if !bindings.is_empty() {
            // How long ago it was is said anew each time, and is no news.
            let timeless = bindings.iter().map(|binding| CarriedBinding { ago: 0, ..*binding });
            messages.push(AlertMessage::Bindings(timeless.collect()));
        }
        if let Some(televisions) = &self.screens.shown {
            let (answers, strangers) = (televisions.waiting(), televisions.strangers());
            if !answers.is_empty() {
                messages.push(AlertMessage::Answers(answers));
            }
            // Once on each connection also of none: it says that televisions ask here.
            if before.is_none() || !strangers.is_empty() {
                messages.push(AlertMessage::Strangers(strangers));
            }
        }
        let same = before.filter(|said| said.messages == messages);
        if messages.is_empty() || same.is_some_and(|said| said.at.elapsed() < said.wait) {
            return;
        }
        let wait = next_wait(&messages, same.map(|said| said.wait));
        if let Some(line) = &mut self.uplink.line {
            let is_bindings = |message: &&AlertMessage| matches!(message, AlertMessage::Bindings(_));
            let others = messages.iter().filter(|message| !is_bindings(message));
            let bindings = (!bindings.is_empty()).then_some(AlertMessage::Bindings(bindings));
            let bytes = line.session.offer_of_alerts(bindings.iter().chain(others));
            line.send(bytes);
        }
        self.screens.said = Some(Said { line: number, messages, at: Instant::now(), wait });
    }

    /// What everybody is told goes with the alerts to other boxes.
    pub(super) fn told_for_neighbours(&self) -> Vec<AlertMessage> {
        let told = self.screens.shown.as_ref().map(|shown| shown.of_everybody()).unwrap_or_default();
        let message = |((message, _), told)| AlertMessage::Told { message, instructions: vec![told] };
        told.into_iter().map(message).collect()
    }
}

#[cfg(test)]
mod tests {
    use hinamori_model::HouseholdId;
    use hinamori_sync::CarriedAnswer;

    use super::*;

    #[test]
    fn a_call_for_help_is_said_every_ten_seconds_and_everything_else_less_and_less_often() {
        let answer = |answer| {
            let (message, household) = ([3; 32], HouseholdId::from_bytes([7; 16]));
            AlertMessage::Answers(vec![CarriedAnswer { message, household, answer, at: UnixMillis::new(9) }])
        };
        let shown = answer(TelevisionAnswer::Shown);
        let with_help =
            [AlertMessage::Strangers(vec![[1; 32]]), shown.clone(), answer(TelevisionAnswer::Help)];
        let waits = |messages: &[AlertMessage]| {
            let next = |before: &Option<Duration>| Some(Some(next_wait(messages, *before)));
            let all = std::iter::successors(Some(None), next).skip(1).take(8);
            all.flatten().map(|wait| wait.as_secs()).collect::<Vec<_>>()
        };
        assert_eq!(waits(&with_help), [10; 8]);
        assert_eq!(waits(&[shown]), [10, 20, 40, 80, 160, 320, 600, 600]);
    }
}
