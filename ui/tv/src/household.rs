//! What the household is told, as far as it holds (docs/tv.md): verified here by the town root of the installation, kept on the disk, and
//! given to the page, which verifies it once more.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hinamori_alert::{
    Alerts, Beat, EVERYBODY, Envelope, Instruction, InstructionPath, KeyClass, KeyList,
    LONGEST_VALIDITY_SECONDS, SequenceVerdict, Sequences, SignedInstruction, SignedMessage as _, Taken,
};
use hinamori_model::{HouseholdId, UnixMillis};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::hex;
use crate::wake::Showing;

/// Messages that are kept: more than a town sends to one household in a bad week.
const MOST_MESSAGES: usize = 128;
/// A beat that a box heard so many milliseconds ago says nothing of the time any more, and how far clocks differ (docs/tv.md §4, §5).
const CUT_OFF: u64 = 90_000;
const TOLERANCE: u64 = 2 * 60_000;
/// Answers on their way: three for each message.
const MOST_WAITING: usize = 3 * MOST_MESSAGES;

/// What `GET /tv/wait` answers (docs/tv.md §6), as far as anybody may have made it up.
#[derive(Deserialize)]
pub(crate) struct Answered {
    pub(crate) revision: String,
    root: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    household: Option<String>,
    #[serde(default)]
    list: Option<String>,
    #[serde(default)]
    beat: Option<String>,
    #[serde(default)]
    people: Option<String>,
    #[serde(default)]
    messages: Vec<Told>,
    #[serde(default)]
    answers: Answers,
    #[serde(default)]
    kept: Answers,
    #[serde(default, rename = "box")]
    passed_on: Option<PassedOn>,
}

/// When somebody got which answer to which message.
type Answers = BTreeMap<String, BTreeMap<String, Value>>;

/// What a box says that passes on what the town hall said; nothing of it is signed.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct PassedOn {
    /// How long ago it heard the heartbeat, in milliseconds; missing where it never did, or does not know.
    ago: Option<u64>,
    /// What was sent later than this cannot be.
    latest: u64,
}

/// A message as it travels: base64.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    envelope: String,
    leaf: String,
    path: String,
}

/// An answer of the household to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AnswerKind {
    /// Goes before everything else.
    Help,
    Going,
    Shown,
}

/// One, on its way or delivered.
pub(crate) type Answer = (String, AnswerKind);

/// What is on the disk.
#[derive(Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) token: Option<String>,
    code: Option<String>,
    household: Option<String>,
    list: Option<String>,
    beat: String,
    people: Option<String>,
    messages: Vec<Told>,
    answers: Answers,
    /// What a box keeps until the town hall is there again.
    #[serde(default)]
    at_box: Answers,
    /// On their way; what they are on their way to is in `answers` when it arrived.
    waiting: Vec<Answer>,
}

impl Kept {
    /// What is worth a write at once.
    pub(crate) fn without_beat(&self) -> Self {
        Self { beat: String::new(), ..self.clone() }
    }
}

/// Who answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// The town's server: it says whose the receiver is.
    Town,
    /// A box that whoever installed the receiver named: it keeps the household's answers for the town.
    Box,
    /// Whoever says on the network to be a box: it passes on, and is believed nothing that officers did not sign.
    Stranger,
}

/// The answer is not this town's.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the answer is another town's: its root is not the one of the installation")]
pub(crate) struct OtherTown;

/// See the module.
pub(crate) struct Household {
    root: [u8; 32],
    pub(crate) kept: Kept,
    list: Option<KeyList>,
    clock: Clock,
    alerts: Alerts<SignedInstruction>,
    sequences: Sequences,
    /// Those that hold, by what was signed.
    told: BTreeMap<[u8; 32], (SignedInstruction, Told)>,
    /// A box answered last, and not the town hall.
    passed_on: Option<PassedOn>,
}

/// What time it is by the sender's heartbeats, which go on with the running time (docs/tv.md §4).
#[derive(Default)]
struct Clock {
    latest: Option<(Beat, [u8; 32])>,
    /// The time at a running time.
    anchor: (u64, u64),
}

impl Clock {
    fn now(&self, running: u64) -> Option<UnixMillis> {
        let (at, then) = self.anchor;
        (at > 0).then(|| UnixMillis::new(at.saturating_add(running.saturating_sub(then))))
    }

    /// Takes a heartbeat by `key` that was heard so many milliseconds `ago`; one that is not later says nothing. Under one key, beats that
    /// stand still hold it back by a hundredth at most.
    fn take(&mut self, beat: Beat, key: [u8; 32], ago: u64, running: u64) -> bool {
        let is_same_key = self.latest.is_some_and(|(_, known)| known == key);
        if is_same_key && self.latest.is_some_and(|(known, _)| beat.at <= known.at) {
            return false;
        }
        let (at, then) = self.anchor;
        let passed = running.saturating_sub(then);
        let least = if is_same_key { at.saturating_add(passed - passed / 100) } else { 0 };
        self.latest = Some((beat, key));
        self.anchor = (beat.at.get().saturating_add(ago).max(least), running);
        true
    }

    /// It is as late as this at least: as many officers as it takes signed it.
    fn raise(&mut self, at: UnixMillis, running: u64) {
        if self.now(running).is_none_or(|now| now < at) {
            self.anchor = (at.get(), running);
        }
    }
}

impl Household {
    /// With what the disk has, verified again. Messages that counted when they came are not judged again.
    pub(crate) fn new(root: [u8; 32], kept: Kept, running: u64) -> Self {
        let mut own = Self {
            root,
            kept,
            list: None,
            clock: Clock::default(),
            alerts: Alerts::default(),
            sequences: Sequences::default(),
            told: BTreeMap::new(),
            passed_on: None,
        };
        own.list = own.kept.list.as_deref().and_then(|list| KeyList::decode(&bytes(list)?, &own.root).ok());
        own.take_beat(&own.kept.beat.clone(), 0, running);
        let mut holding: Vec<_> = std::mem::take(&mut own.kept.messages)
            .into_iter()
            .filter_map(|told| Some((own.verified(&told)?, told)))
            .collect();
        holding.sort_by_key(|(signed, _)| signed.sequence());
        for (signed, told) in holding {
            if own.notes(&signed) {
                own.bring_back(signed, told, running);
            }
        }
        own.keep_messages();
        own
    }

    fn bring_back(&mut self, signed: SignedInstruction, told: Told, running: u64) {
        let now = self.clock.now(running).unwrap_or_else(|| signed.sent());
        self.alerts.restore(signed.clone(), now);
        self.told.insert(signed.digest(), (signed, told));
    }

    fn notes(&mut self, signed: &SignedInstruction) -> bool {
        match self.sequences.note(signed) {
            SequenceVerdict::New | SequenceVerdict::Known => true,
            SequenceVerdict::Old | SequenceVerdict::Forked => false,
        }
    }

    pub(crate) fn list_version(&self) -> u32 {
        self.list.as_ref().map_or(0, |list| list.version)
    }

    fn own(&self) -> Option<HouseholdId> {
        let id: [u8; 16] = hex::bytes(self.kept.household.as_deref()?)?.try_into().ok()?;
        Some(HouseholdId::from_bytes(id))
    }

    /// Takes an answer.
    ///
    /// # Errors
    /// [`OtherTown`]: nothing of it is taken.
    pub(crate) fn take(&mut self, said: Answered, from: From, running: u64) -> Result<(), OtherTown> {
        if hex::bytes(&said.root).as_deref() != Some(&self.root) {
            return Err(OtherTown);
        }
        if let Some(list) = said.list {
            self.take_list(list);
        }
        if from == From::Town {
            self.kept.code = said.code;
            self.bind(said.household, running);
            if said.people.is_some() {
                self.kept.people = said.people;
            }
        }
        // A call for help counts as delivered where the town says so, and nobody else.
        match from {
            From::Town => {
                self.keep_what_is_told_again(&said.messages, running);
                self.kept.answers.extend(said.answers);
            }
            From::Box => self.kept.at_box.extend(said.kept),
            From::Stranger => {}
        }
        self.passed_on = said.passed_on.filter(|_| from != From::Town);
        let before = self.clock.latest.map(|(beat, _)| beat.at);
        // How old a beat is that a box heard long ago nobody signed.
        let ago = self.passed_on.and_then(|box_| box_.ago).filter(|ago| *ago < CUT_OFF).unwrap_or(0);
        self.take_beat(&said.beat.unwrap_or_default(), ago, running);
        self.take_messages(said.messages, before, running);
        if let Some(now) = self.clock.now(running) {
            self.forget(now);
        }
        self.keep_messages();
        Ok(())
    }

    fn take_list(&mut self, list: String) {
        let read = bytes(&list).and_then(|bytes| KeyList::decode(&bytes, &self.root).ok());
        if let Some(read) = read.filter(|read| read.version > self.list_version()) {
            self.list = Some(read);
            self.kept.list = Some(list);
        }
    }

    /// Whose the receiver is by now. What others were told is theirs; a household that was taken off a moment ago keeps what is in force.
    fn bind(&mut self, household: Option<String>, running: u64) {
        if household.is_none() && self.showing(running).is_none() {
            // Nobody's from now on: its code is shown.
            (self.kept.household, self.kept.people) = (None, None);
        }
        if household.is_none() || self.kept.household == household {
            return;
        }
        self.kept.household = household;
        self.kept.people = None;
        let own = self.own();
        self.keep_only(|signed, _| Some(signed.household()) == own, running);
    }

    /// What boxes passed on for everybody is a bound receiver's only where the town tells it too: nobody would say how it ends.
    fn keep_what_is_told_again(&mut self, again: &[Told], running: u64) {
        let is_over = |signed: &SignedInstruction, told: &Told| {
            signed.household() == EVERYBODY && !again.contains(told)
        };
        if self.own().is_some() && self.told.values().any(|(signed, told)| is_over(signed, told)) {
            self.keep_only(|signed, told| !is_over(signed, told), running);
        }
    }

    fn keep_only(&mut self, is_kept: impl Fn(&SignedInstruction, &Told) -> bool, running: u64) {
        self.alerts = Alerts::default();
        for (signed, told) in std::mem::take(&mut self.told).into_values() {
            if is_kept(&signed, &told) {
                self.bring_back(signed, told, running);
            }
        }
    }

    fn take_beat(&mut self, beat: &str, ago: u64, running: u64) {
        let Some(key) = self.list.as_ref().map(|list| list.beat) else { return };
        let read = bytes(beat).and_then(|bytes| Beat::decode(&bytes, &key));
        if read.is_some_and(|read| self.clock.take(read, key, ago, running)) {
            beat.clone_into(&mut self.kept.beat);
        }
    }

    fn verified(&self, told: &Told) -> Option<SignedInstruction> {
        let instruction = Instruction::decode(&bytes(&told.leaf)?)?;
        // Its own household's, or what everybody is told where it is given that (docs/tv.md §3): of an order that was given at a kiosk there
        // is nothing else, and behind a box that does not know it everybody's word is better than none.
        let is_for_us = instruction.household == EVERYBODY || Some(instruction.household) == self.own();
        let envelope = Envelope::decode(&bytes(&told.envelope)?).filter(|_| is_for_us)?;
        let path = InstructionPath::decode(&bytes(&told.path)?)?;
        envelope.verify_told(&instruction, &path, self.list.as_ref()?).ok()
    }

    /// Cancels by one officer come last: whether they count depends on everything else that came with them.
    fn take_messages(&mut self, messages: Vec<Told>, heard: Option<UnixMillis>, running: u64) {
        let is_new = |told: &Told| !self.told.values().any(|(_, known)| known == told);
        let new: Vec<Told> = messages.into_iter().filter(is_new).take(MOST_MESSAGES).collect();
        let mut holding: Vec<_> =
            new.into_iter().filter_map(|told| Some((self.verified(&told)?, told))).collect();
        // Behind a box no heartbeat says what time it is: two officers say that it is as late as they signed, the box only that it may be.
        let latest = self.passed_on.map(|box_| UnixMillis::new(box_.latest.saturating_add(TOLERANCE)));
        for (signed, _) in &holding {
            let says_time = signed.class() == KeyClass::Live && signed.officers() >= 2;
            if says_time && latest.is_some_and(|latest| signed.sent() <= latest) {
                self.clock.raise(signed.sent(), running);
            }
        }
        let Some(now) = self.clock.now(running) else { return };
        holding.sort_by_key(|(signed, _)| {
            (signed.class() == KeyClass::Live && signed.officers() < 2, signed.sequence())
        });
        for (signed, told) in holding {
            let digest = signed.digest();
            if let Some((known, _)) = self.told.get(&digest)
                && known.household() != signed.household()
            {
                if known.household() == EVERYBODY {
                    // What the household is told says more than what everybody is.
                    self.alerts.restore(signed.clone(), now);
                    self.told.insert(digest, (signed, told));
                }
                continue;
            }
            if self.notes(&signed) {
                match self.alerts.take(signed.clone(), now, heard) {
                    Taken::InForce
                    | Taken::Superseded
                    | Taken::Cancelled
                    | Taken::Cancels { .. }
                    | Taken::CancelsUnknown
                    | Taken::Expired => {
                        self.told.insert(digest, (signed, told));
                    }
                    Taken::Duplicate
                    | Taken::OtherContent
                    | Taken::FromTheFuture
                    | Taken::NeedsAnotherOfficer
                    | Taken::Full => {}
                }
            }
        }
    }

    /// Forgets what can matter no more, and answers to it.
    fn forget(&mut self, now: UnixMillis) {
        let longest = LONGEST_VALIDITY_SECONDS.unsigned_abs().saturating_mul(1_000);
        self.told.retain(|_, (signed, _)| signed.sent().plus(longest) > now);
        while self.told.len() > MOST_MESSAGES {
            let rank = |signed: &SignedInstruction| {
                (signed.class() == KeyClass::Live, signed.officers(), signed.sent(), signed.sequence())
            };
            let least = self.told.iter().min_by_key(|(_, (signed, _))| rank(signed));
            let Some(digest) = least.map(|(digest, _)| *digest) else { break };
            self.told.remove(&digest);
        }
        let known: BTreeMap<String, UnixMillis> =
            self.told.iter().map(|(digest, (signed, _))| (hex::text(digest), signed.expires())).collect();
        for answers in [&mut self.kept.answers, &mut self.kept.at_box] {
            answers.retain(|digest, _| known.contains_key(digest));
        }
        self.kept.waiting.retain(|(digest, _)| known.get(digest).is_some_and(|expires| *expires > now));
    }

    fn keep_messages(&mut self) {
        self.kept.messages = self.told.values().map(|(_, told)| told.clone()).collect();
    }

    /// What counts now, and comes first.
    pub(crate) fn showing(&self, running: u64) -> Option<Showing> {
        let now = self.clock.now(running)?;
        let shown = self.alerts.shown(now);
        let thread = shown.first()?;
        Some(Showing {
            digest: thread.latest.digest(),
            class: thread.latest.class(),
            message: thread.latest.message(),
            thread: thread.messages.clone(),
            is_for_everybody: thread.latest.household() == EVERYBODY,
            speech: thread.latest.speech().to_owned(),
        })
    }

    /// The time, where a heartbeat ever said it.
    pub(crate) fn now(&self, running: u64) -> Option<UnixMillis> {
        self.clock.now(running)
    }

    /// What the page gets: as the town's server would say it, with the root of the installation.
    ///
    /// Under everybody's word it is told of no household: so it shows it, and takes no answer to it.
    pub(crate) fn page(&self, revision: &str, list_version: u32, running: u64) -> Value {
        let is_for_everybody = self.showing(running).is_some_and(|showing| showing.is_for_everybody);
        let Kept { code, household, list, beat, people, messages, answers, at_box, .. } = &self.kept;
        let list = list.as_ref().filter(|_| self.list_version() != list_version);
        json!({
            "revision": revision, "root": hex::text(&self.root), "code": code.as_ref().filter(|_| household.is_none()),
            "household": household.as_ref().filter(|_| !is_for_everybody), "list": list, "beat": beat, "people": people, "messages": messages,
            "answers": answers, "kept": at_box, "box": self.passed_on,
        })
    }

    /// What the household answers. Whether it is new; `None` for what it was never told.
    pub(crate) fn answer(&mut self, digest: &str, kind: AnswerKind) -> Option<bool> {
        let wanted: [u8; 32] = hex::bytes(digest)?.try_into().ok()?;
        let answer = (hex::text(&wanted), kind);
        let is_known = self.told.contains_key(&wanted) && self.kept.waiting.len() < MOST_WAITING;
        is_known.then(|| {
            let is_new = !self.kept.waiting.contains(&answer) && self.delivered(&answer).is_none();
            if is_new {
                self.kept.waiting.push(answer);
            }
            is_new
        })
    }

    /// When somebody got it.
    pub(crate) fn delivered(&self, (digest, kind): &Answer) -> Option<u64> {
        self.kept.answers.get(digest)?.get(kind.name())?.as_u64()
    }

    /// What is delivered next. `shows_us`: whether the set shows the page, as far as it says.
    pub(crate) fn next_answer(&self, shows_us: Option<bool>) -> Option<Answer> {
        self.waiting(shows_us).min_by_key(|(_, kind)| *kind).cloned()
    }

    /// What boxes may keep for the town meanwhile, the most urgent first: each once.
    pub(crate) fn for_boxes(&self, shows_us: Option<bool>) -> Vec<Answer> {
        let lacking = self.waiting(shows_us).filter(|answer| self.at_box(answer).is_none());
        let mut all: Vec<Answer> = lacking.cloned().collect();
        all.sort_by_key(|(_, kind)| *kind);
        all
    }

    fn waiting(&self, shows_us: Option<bool>) -> impl Iterator<Item = &Answer> {
        let may_go = move |(_, kind): &&Answer| *kind != AnswerKind::Shown || shows_us != Some(false);
        self.kept.waiting.iter().filter(may_go)
    }

    /// A box keeps it until the town hall is there again; it stays on its way from here too.
    pub(crate) fn note_at_box(&mut self, (digest, kind): &Answer, at: u64) {
        self.kept.at_box.entry(digest.clone()).or_default().insert(kind.name().to_owned(), at.into());
    }

    /// When a box got it.
    pub(crate) fn at_box(&self, (digest, kind): &Answer) -> Option<u64> {
        self.kept.at_box.get(digest)?.get(kind.name())?.as_u64()
    }

    /// It arrived.
    pub(crate) fn note_delivered(&mut self, (digest, kind): &Answer, at: u64) {
        self.kept.waiting.retain(|waiting| waiting != &(digest.clone(), *kind));
        self.kept.answers.entry(digest.clone()).or_default().insert(kind.name().to_owned(), at.into());
    }
}

impl AnswerKind {
    /// As it travels.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::Going => "going",
            Self::Shown => "shown",
        }
    }

    pub(crate) fn of(name: &str) -> Option<Self> {
        [Self::Help, Self::Going, Self::Shown].into_iter().find(|kind| kind.name() == name)
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_town::{MINUTE, NOON, OURS, Said, Town};

    fn household(town: &Town) -> Household {
        Household::new(town.root(), Kept::default(), 0)
    }

    fn shows(household: &Household, running: u64) -> Option<String> {
        household.showing(running).and_then(|showing| showing.thread.last().cloned())
    }

    #[test]
    fn nothing_of_another_town_is_taken() {
        let (town, mut other) = (Town::new(1), Town::new(2));
        let mut own = household(&town);
        let order = other.message(&Said::order(1));
        assert_eq!(own.take(other.says(1, std::slice::from_ref(&order)), From::Town, 0), Err(OtherTown));
        // With this town's root in front of another one's list, messages and heartbeats.
        let mut said = other.json(1, &[order]);
        said["root"] = hex::text(&town.root()).into();
        own.take(serde_json::from_value(said).unwrap(), From::Town, 0).unwrap();
        assert_eq!((own.showing(0), own.now(0), own.list_version()), (None, None, 0));
    }

    #[test]
    fn what_was_told_is_there_after_a_power_cut_and_verified_again() {
        let mut town = Town::new(1);
        let mut own = household(&town);
        let order = town.message(&Said::order(1));
        own.take(town.says(1, &[order]), From::Town, 0).unwrap();
        assert_eq!(shows(&own, 0).as_deref(), Some("1"));
        let disk = serde_json::to_vec(&own.kept).unwrap();

        let kept = || serde_json::from_slice::<Kept>(&disk).unwrap();
        let again = Household::new(town.root(), kept(), 7);
        assert_eq!(shows(&again, 7).as_deref(), Some("1"));
        assert_eq!(
            again.now(7 + MINUTE),
            Some(UnixMillis::new(NOON + 2 * MINUTE)),
            "it goes on from the last beat"
        );
        let page = again.page("1", 0, 7);
        assert_eq!(page["messages"].as_array().unwrap().len(), 1);
        assert_eq!(page["household"], hex::text(OURS.as_bytes()));

        // Whoever changes the file makes nothing of it count.
        let text = String::from_utf8(disk.clone()).unwrap();
        let at = text.find("\"envelope\":\"").unwrap() + 40;
        for bent in [at, at + 60, at + 200] {
            let mut bytes = disk.clone();
            bytes[bent] = if bytes[bent] == b'A' { b'B' } else { b'A' };
            let read = serde_json::from_slice::<Kept>(&bytes).unwrap();
            assert_eq!(Household::new(town.root(), read, 0).showing(0), None);
        }
        assert_eq!(
            Household::new(Town::new(2).root(), kept(), 0).showing(0),
            None,
            "another town's receiver"
        );
    }

    #[test]
    fn one_officer_s_cancel_counts_in_time_and_not_under_a_tsunami_and_not_antedated() {
        for (order, cancel, heard, wanted) in [
            (Said::order(1), 3, 2, None),
            (Said::order(1), 12, 2, Some("1")),
            (Said::tsunami(1), 3, 2, Some("1")),
            (Said::order(1), 3, 9, Some("1")),
        ] {
            let mut town = Town::new(1);
            let mut own = household(&town);
            let mut messages = vec![town.message(&order)];
            own.take(town.says(heard, &messages), From::Town, 0).unwrap();
            messages.push(town.message(&Said::cancel(cancel, &[1]).by_one()));
            own.take(town.says(heard.max(cancel) + 1, &messages), From::Town, 1).unwrap();
            let still =
                own.showing(1).filter(|showing| showing.message == hinamori_alert::MessageKind::Order);
            assert_eq!(still.is_some(), wanted.is_some(), "cancel at {cancel}, heard at {heard}");
        }
    }

    #[test]
    fn another_household_s_instruction_is_none_and_everybody_s_is_for_whoever_is_not_bound() {
        let mut town = Town::new(1);
        let others = town.message(&Said::order(1).for_others());
        let everybody = town.message(&Said::order(2).for_everybody());
        let ours = town.message(&Said::order(3));
        let all = [others, everybody, ours];
        let mut unbound = household(&town);
        unbound.take(town.says_to_nobody(4, &all), From::Town, 0).unwrap();
        assert_eq!(shows(&unbound, 0).as_deref(), Some("2"));
        assert_eq!(unbound.page("1", 0, 0)["code"], "4821 7350");
        // Once it is bound it hears what its household is told, and no longer what everybody is.
        let [others, _, ours] = all;
        unbound.take(town.says(4, &[others, ours]), From::Town, 0).unwrap();
        assert_eq!(shows(&unbound, 0).as_deref(), Some("3"));
        assert_eq!((unbound.page("1", 1, 0)["code"].clone(), unbound.told.len()), (Value::Null, 1));
        assert_eq!(unbound.page("1", 1, 0)["list"], Value::Null, "the page has it");
    }

    #[test]
    fn a_box_is_believed_nothing_but_what_is_signed() {
        let mut town = Town::new(1);
        let mut own = household(&town);
        own.take(town.says(1, &[]), From::Town, 0).unwrap();
        let order = town.message(&Said::order(30));
        let mut said = town.json(1, &[order]);
        said["household"] = hex::text(&[9; 16]).into();
        said["code"] = "1111 1111".into();
        let passed_on = |said: &Value, latest: u64| {
            let mut said = said.clone();
            said["box"] = serde_json::json!({ "ago": null, "latest": NOON + latest * MINUTE });
            serde_json::from_value::<Answered>(said).unwrap()
        };
        own.take(passed_on(&said, 20), From::Box, 0).unwrap();
        assert_eq!(shows(&own, 0), None, "the box itself says that it cannot be so late");
        own.take(passed_on(&said, 30), From::Box, 0).unwrap();
        assert_eq!(shows(&own, 0).as_deref(), Some("30"), "two officers say that it is");
        assert_eq!(own.now(0), Some(UnixMillis::new(NOON + 30 * MINUTE)));
        let page = own.page("1", 0, 0);
        assert_eq!((&page["household"], &page["code"]), (&hex::text(OURS.as_bytes()).into(), &Value::Null));
        assert_eq!(page["box"]["latest"], NOON + 30 * MINUTE);
    }

    #[test]
    fn behind_a_box_that_does_not_know_it_a_bound_receiver_shows_what_everybody_is_told() {
        let mut town = Town::new(1);
        let mut own = household(&town);
        let ours = town.message(&Said::order(1));
        own.take(town.says(2, std::slice::from_ref(&ours)), From::Town, 0).unwrap();
        let everybody = town.message(&Said::tsunami(3).for_everybody());
        own.take(town.says(3, std::slice::from_ref(&everybody)), From::Town, 0).unwrap();
        assert_eq!(shows(&own, 0).as_deref(), Some("3"), "given at a kiosk there is nothing else");
        own.take(town.says(3, std::slice::from_ref(&ours)), From::Town, 0).unwrap();
        assert_eq!(shows(&own, 0).as_deref(), Some("1"), "the town does not tell it this household any more");
        let mut said = town.json(3, &[everybody]);
        said["household"] = Value::Null;
        said["box"] = json!({ "ago": 1_000, "latest": NOON + 3 * MINUTE });
        own.take(serde_json::from_value(said).unwrap(), From::Box, 0).unwrap();
        assert_eq!(shows(&own, 0).as_deref(), Some("3"));
        assert_eq!(own.page("1", 0, 0)["household"], Value::Null, "the page takes no answer to it");
        // The town's word is the household's own again.
        let tsunami = town.message(&Said::tsunami(4));
        own.take(town.says(5, &[ours, tsunami]), From::Town, 0).unwrap();
        assert_eq!(shows(&own, 0).as_deref(), Some("4"));
        assert_eq!(own.page("1", 0, 0)["household"], hex::text(OURS.as_bytes()));
    }

    #[test]
    fn whoever_was_taken_off_their_household_shows_a_code_once_nothing_is_in_force() {
        let mut town = Town::new(1);
        let mut own = household(&town);
        let order = town.message(&Said::order(1));
        own.take(town.says(1, std::slice::from_ref(&order)), From::Town, 0).unwrap();
        let nobodys = |town: &Town, at| {
            let mut said = town.json(at, &[]);
            (said["household"], said["code"]) = (Value::Null, "7350 4821".into());
            serde_json::from_value(said).unwrap()
        };
        own.take(nobodys(&town, 2), From::Town, 0).unwrap();
        assert_eq!(shows(&own, 0).as_deref(), Some("1"), "it is in force all the same");
        assert_eq!(own.page("1", 0, 0)["code"], Value::Null);
        // A box says nothing of whose it is.
        let mut fresh = household(&town);
        fresh.take(town.says(1, &[]), From::Town, 0).unwrap();
        fresh.take(nobodys(&town, 2), From::Box, 0).unwrap();
        assert_eq!(fresh.page("1", 0, 0)["household"], hex::text(OURS.as_bytes()));
        fresh.take(nobodys(&town, 3), From::Town, 0).unwrap();
        let page = fresh.page("1", 0, 0);
        assert_eq!((&page["household"], &page["code"]), (&Value::Null, &"7350 4821".into()));
    }

    #[test]
    fn whoever_says_to_be_a_box_swallows_no_call_for_help() {
        let mut town = Town::new(1);
        let mut own = household(&town);
        let order = town.message(&Said::order(1));
        own.take(town.says(1, std::slice::from_ref(&order)), From::Town, 0).unwrap();
        let digest = hex::text(own.told.keys().next().unwrap());
        let mut said = town.json(2, &[order]);
        said["answers"] = json!({ digest.clone(): { "help": 1 } });
        said["kept"] = said["answers"].clone();
        said["box"] = json!({ "ago": 1_000, "latest": NOON + 3 * MINUTE });
        let help = (digest, AnswerKind::Help);
        for (from, kept) in [(From::Stranger, None), (From::Box, Some(1))] {
            own.take(serde_json::from_value(said.clone()).unwrap(), from, 0).unwrap();
            assert_eq!((own.delivered(&help), own.at_box(&help)), (None, kept), "{from:?}");
        }
    }

    #[test]
    fn an_answer_goes_once_help_first_and_stays_until_somebody_has_it() {
        let mut town = Town::new(1);
        let mut own = household(&town);
        let order = town.message(&Said::order(1));
        own.take(town.says(1, std::slice::from_ref(&order)), From::Town, 0).unwrap();
        let digest = hex::text(&own.showing(0).unwrap().digest);
        assert_eq!(own.answer(&"00".repeat(32), AnswerKind::Help), None, "it was never told of that");
        assert_eq!(own.answer("x", AnswerKind::Help), None);
        for kind in [AnswerKind::Shown, AnswerKind::Going, AnswerKind::Help, AnswerKind::Help] {
            own.answer(&digest, kind).unwrap();
        }
        let mut again = Household::new(town.root(), own.kept.clone(), 0);
        let mut went = Vec::new();
        while let Some(answer) = again.next_answer(None) {
            went.push(answer.1);
            again.note_at_box(&answer, 5);
            assert_eq!(again.next_answer(None), Some(answer.clone()), "a box has it, and the town not yet");
            again.note_delivered(&answer, 9);
            assert_eq!((again.delivered(&answer), again.at_box(&answer)), (Some(9), Some(5)));
        }
        assert_eq!(went, [AnswerKind::Help, AnswerKind::Going, AnswerKind::Shown]);
        // Nobody waits for an answer to what is over.
        again.answer(&digest, AnswerKind::Going).unwrap();
        own.take(town.says(62, &[order]), From::Town, 1).unwrap();
        assert_eq!(own.next_answer(None), None);
    }

    #[test]
    fn the_clock_goes_on_with_the_running_time_and_beats_that_stand_still_hold_it_back_little() {
        let town = Town::new(1);
        let mut own = household(&town);
        own.take(town.says(1, &[]), From::Town, 0).unwrap();
        let minute = |own: &Household, running: u64| (own.now(running).unwrap().get() - NOON) / MINUTE;
        assert_eq!(minute(&own, 10 * MINUTE), 11);
        // The same beat again says nothing; one that is hardly later, hardly anything.
        own.take(town.says(1, &[]), From::Town, 50 * MINUTE).unwrap();
        assert_eq!(minute(&own, 50 * MINUTE), 51);
        own.take(town.says(2, &[]), From::Town, 100 * MINUTE).unwrap();
        assert_eq!(minute(&own, 100 * MINUTE), 100);
        own.take(town.says(500, &[]), From::Town, 100 * MINUTE).unwrap();
        assert_eq!(minute(&own, 100 * MINUTE), 500);
    }
}
