//! Officers at a kiosk: they make their keys here, and say what the town prepared when the town hall is gone.
//!
//! What is signed is what is shown: a draft is fixed when it is made, its name is the beginning of the digest that the card's owner signs, and
//! the words on the screen are read out of the bytes under that digest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hinamori_alert::{
    DeviceKey, Envelope, Info, Instruction, Instructions, KeyClass, MessageKind, NewKioskKey,
    ONE_OFFICER_MILLIS, OfficerId, OfficerSignature, Report, SealedKioskKey, Sequence, SignedAlert,
    SignedMessage as _, Status, Taken, Thread, ValidAlert,
};
use hinamori_ipc::{
    AlertClass, AlertDesk, AlertDraft, AlertRefusal, AlertThread, AlertWanted, Arrival, ClockState,
    LinkState, OfficerStanding, PreparedChoice, Refusal, SecretDigits, SignInFault, ToKiosk,
};
use hinamori_model::{CardKey, LaneId, PersonalText, StaffId, UnixMillis};
use hinamori_net_tls::ThreeWords;
use hinamori_plan::{District, Plan, Prepared, Wanted, closed_in, compose, prepared_of};
use hinamori_sync::{
    AlertMessage, ApprovalAnswer, CarriedAlert, KeyTest, KioskKeys, OriginatedAlert, WaitingDraft,
};
use tracing::{error, info, warn};
use zeroize::Zeroizing;

use super::Core;
use super::alerts::{bounded, danger_of, expected_of, notice_of};
use super::staff::Purpose;
use crate::alerts::NotTaken;
use crate::checks::Reading;
use crate::holder::{HolderProof, OfficerWork};
use crate::kiosk::KioskId;
use crate::officers::OfficerFiles;

/// How long a draft waits. Its time stands in it: what waited longer would begin with minutes that are gone.
const WAITS_MILLIS: u64 = 10 * 60_000;
/// A cancel by one officer: receivers refuse one that is older than two minutes.
const CANCEL_WAITS_MILLIS: u64 = 100_000;
/// Drafts that wait at this box at a time.
const MOST_OWN_DRAFTS: usize = 4;
/// Messages, districts and threads that a kiosk is told.
const MOST_CHOICES: usize = 64;
const MOST_DISTRICTS: usize = 256;
/// Characters of an instruction that a kiosk is told.
const LONGEST_INSTRUCTION: usize = 400;

/// See the module.
pub(super) struct Officers {
    pub(super) files: OfficerFiles,
    /// Those of this box. They survive no restart.
    own: BTreeMap<String, OwnDraft>,
    /// Those that wait at the town hall.
    waiting: Vec<WaitingDraft>,
    /// Signatures that are on their way to the town hall, with who is to hear what became of them.
    approvals: BTreeMap<String, (LaneId, Option<KioskId>)>,
}

impl Officers {
    pub(super) fn new(data: &Path) -> Self {
        let (own, approvals) = (BTreeMap::new(), BTreeMap::new());
        Self { files: OfficerFiles::new(data), own, waiting: Vec::new(), approvals }
    }

    #[cfg(test)]
    pub(super) fn own_sequence(&self, draft: &str) -> Option<Sequence> {
        self.own.get(draft).map(|draft| draft.envelope.sequence)
    }

    #[cfg(test)]
    pub(super) fn own_bytes(&self, draft: &str) -> Option<(Vec<u8>, Envelope)> {
        self.own.get(draft).map(|draft| (draft.alert.clone(), draft.envelope.clone()))
    }

    #[cfg(test)]
    pub(super) fn approval(&self, draft: &str) -> Option<(LaneId, Option<KioskId>)> {
        self.approvals.get(draft).copied()
    }
}

/// A draft of this box.
struct OwnDraft {
    envelope: Envelope,
    alert: Vec<u8>,
    valid: ValidAlert,
    leaf: Vec<u8>,
    needed: usize,
    made: UnixMillis,
    /// Who signed, as the town's list of staff calls them.
    signed: Vec<String>,
}

impl OwnDraft {
    fn until(&self) -> UnixMillis {
        let alone = self.envelope.message == MessageKind::Cancel
            && self.envelope.class == KeyClass::Live
            && self.needed == 1;
        self.made.plus(if alone { CANCEL_WAITS_MILLIS } else { WAITS_MILLIS })
    }

    fn id(&self) -> String {
        name_of(&self.envelope.digest())
    }

    fn shown(&self, plan: Option<&Plan>) -> AlertDraft {
        let signatures = self.envelope.signatures.len();
        let shown = Shown { id: self.id(), signed: self.signed.clone(), until: self.until(), here: true };
        shown.of(&self.valid, plan, (signatures, self.needed))
    }
}

/// What is shown of a draft beside its words.
struct Shown {
    id: String,
    signed: Vec<String>,
    until: UnixMillis,
    here: bool,
}

impl Shown {
    fn of(self, valid: &ValidAlert, plan: Option<&Plan>, (signatures, needed): (usize, usize)) -> AlertDraft {
        let alert = valid.alert();
        let is_order = valid.evacuation().message == MessageKind::Order;
        let (unsure_places, without_place) =
            plan.filter(|_| is_order).map(|plan| doubts_of(plan, valid)).unwrap_or_default();
        let instruction = |info: Option<&Info>| {
            let text = info.and_then(|info| info.instruction.as_deref()).unwrap_or_default();
            text.chars().take(LONGEST_INSTRUCTION).collect::<String>()
        };
        let Self { id, signed, until, here } = self;
        AlertDraft {
            id,
            notice: notice_of(valid),
            instruction: instruction(alert.info_in("ja-simple").or(alert.infos.first())),
            english_instruction: instruction(alert.info_in("en")),
            places: alert.destinations().take(MOST_DISTRICTS).map(|place| bounded(Some(place))).collect(),
            unsure_places,
            without_place,
            is_update: is_order && !alert.references.is_empty(),
            signed,
            signatures: u8::try_from(signatures).unwrap_or(u8::MAX),
            needed: u8::try_from(needed).unwrap_or(u8::MAX),
            until,
            is_the_town_halls: !here,
        }
    }
}

/// Places of an alert of which the plan does not know whether they are safe, and districts that go to none of its places.
fn doubts_of(plan: &Plan, valid: &ValidAlert) -> (Vec<String>, Vec<String>) {
    let (alert, hazard) = (valid.alert(), valid.evacuation().hazard);
    let destinations: BTreeSet<&str> = alert.destinations().collect();
    let (mut unsure, mut without) = (BTreeSet::new(), Vec::new());
    for name in alert.districts().take(MOST_DISTRICTS) {
        let ways = plan.district(name).into_iter().flat_map(|district| district.ways(hazard));
        let mut said = ways.filter(|way| destinations.contains(way.place.plain().as_str())).peekable();
        if said.peek().is_none() {
            without.push(bounded(Some(name)));
        }
        unsure.extend(said.filter(|way| way.safe.is_none()).map(|way| bounded(Some(&way.place.plain()))));
    }
    (unsure.into_iter().collect(), without)
}

/// The beginning of a digest: enough to tell drafts of one box apart.
fn name_of(digest: &[u8; 32]) -> String {
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn refused(why: AlertRefusal) -> ToKiosk {
    ToKiosk::AlertRefused(why)
}

impl Core {
    /// What somebody said for officers, or of drafts and approvals; gives whether it is new here.
    pub(super) fn take_for_officers(&mut self, message: AlertMessage) -> Result<bool, NotTaken> {
        match message {
            AlertMessage::Plan(bytes) => return Ok(self.officers.files.take_plan(bytes)?),
            AlertMessage::KioskKeys(keys) => return Ok(self.officers.files.take_keys(keys)),
            AlertMessage::Drafts(drafts) => self.officers.waiting = drafts,
            AlertMessage::Approved { draft, answer } => self.approved(&draft, answer),
            _ => return Err(NotTaken::NotTheServer),
        }
        Ok(false)
    }

    /// Tells the server what was originated at boxes, and which keys were made here, as far as it lacks it.
    pub(super) fn tell_server_of_alerts(&mut self) {
        let list = self.alerts.list();
        let is_listed =
            |key: &DeviceKey| list.is_some_and(|list| list.devices().any(|device| device.key == *key));
        self.officers.files.drop_listed(is_listed);
        let Some(line) = &mut self.uplink.line else { return };
        let bytes = line.session.offer_of_alerts(self.alerts.originated());
        line.send(bytes);
        for made in self.officers.files.made() {
            let bytes = line.session.offer_of_alerts([&AlertMessage::KeysMade(made.clone())]);
            line.send(bytes);
        }
        let tests = self.officers.files.tests();
        if !tests.is_empty() {
            let bytes = line.session.offer_of_alerts([&AlertMessage::KeyTests(tests.to_vec())]);
            line.send(bytes);
        }
    }

    /// Which officer a card's keys are, if the root lists them at this time.
    fn officer_of(&self, key: &SealedKioskKey, at: UnixMillis) -> Option<OfficerId> {
        let mut devices = self.alerts.list()?.devices();
        let own = devices.find(|device| device.key == key.public() && device.class == key.class());
        own.filter(|device| device.until >= at).map(|device| device.officer)
    }

    /// The keys of this class that the root lists.
    fn listed_keys(&self, class: KeyClass, at: UnixMillis) -> Vec<(CardKey, SealedKioskKey)> {
        let mut keys = self.officers.files.keys_of(class);
        keys.retain(|(_, key)| self.officer_of(key, at).is_some());
        keys
    }

    /// What whoever is signed in at a lane is to alerts.
    pub(super) fn officer_standing(&self, lane: LaneId, now: UnixMillis) -> OfficerStanding {
        let Some(staff) = self.staff_at(lane).filter(|staff| self.town.staff.grant(*staff).is_some()) else {
            return OfficerStanding::Nobody;
        };
        if self.is_officer(staff, now) {
            return OfficerStanding::Officer;
        }
        if self.officers.files.made().iter().any(|made| made.staff == staff) {
            return OfficerStanding::Waits;
        }
        match self.officers.files.plan() {
            Some(_) => OfficerStanding::WithoutKeys,
            None => OfficerStanding::Nobody,
        }
    }

    fn is_officer(&self, staff: StaffId, now: UnixMillis) -> bool {
        let at = self.late(now);
        let own = self.officers.files.keys().iter().filter(|keys| keys.staff == staff);
        let mut own = own.filter_map(|keys| SealedKioskKey::from_bytes(&keys.exercise));
        self.officers.files.plan().is_some() && own.any(|key| self.officer_of(&key, at).is_some())
    }

    /// # Errors
    /// [`Refusal::SignIn`] unless an officer is signed in by their card.
    fn require_officer(&self, lane: LaneId, now: UnixMillis) -> Result<(), Refusal> {
        match self.officer_standing(lane, now) {
            OfficerStanding::Officer => Ok(()),
            _ => Err(Refusal::SignIn),
        }
    }

    /// Makes keys for whoever is signed in, for their card to seal.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn await_officer_keys(
        &mut self,
        lane: LaneId,
        pin: SecretDigits,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        if self.officer_standing(lane, now) == OfficerStanding::Nobody {
            return Err(Refusal::SignIn);
        }
        let session = self.desks.get(&lane).and_then(|desk| desk.at.session());
        let card = session.and_then(|session| session.card).ok_or(Refusal::SignIn)?;
        let new = |class| -> Option<NewKioskKey> {
            let (mut seed, mut salt) = (Zeroizing::new([0; 32]), [0; 16]);
            getrandom::fill(seed.as_mut_slice()).ok()?;
            getrandom::fill(&mut salt).ok()?;
            Some(NewKioskKey::new(class, seed, salt))
        };
        let keys = [new(KeyClass::Live), new(KeyClass::Exercise)];
        let [Some(live), Some(exercise)] = keys else { return Err(Refusal::NotNow) };
        let work = OfficerWork::Make { card, keys: [live, exercise] };
        self.await_officer(lane, Purpose::MakeOfficerKeys, (pin, work), now)
    }

    /// The card that was to seal them came.
    pub(super) fn officer_keys_made(
        &mut self,
        lane: LaneId,
        reading: &Reading,
        proof: Result<HolderProof, SignInFault>,
    ) -> Result<ToKiosk, SignInFault> {
        let HolderProof::KeysMade(keys) = proof? else { return Err(SignInFault::NotProven) };
        let [live, exercise] = *keys;
        let card = reading.card.ok_or(SignInFault::NotRead)?;
        self.certain(card, reading)?;
        let staff = self.staff_at(lane).ok_or(SignInFault::NotStaff)?;
        let made = KioskKeys { staff, card, live: live.to_bytes(), exercise: exercise.to_bytes() };
        let words = ThreeWords::of_hash(&made.digest()).hiragana().map(str::to_owned);
        if let Err(problem) = self.officers.files.keep_made(made) {
            error!(error = &problem as &dyn std::error::Error, "an officer's keys cannot be kept");
            return Ok(refused(AlertRefusal::NotKept));
        }
        info!(%staff, "an officer's keys were made here");
        self.tell_server_of_alerts();
        Ok(ToKiosk::OfficerKeysMade(words))
    }

    /// An officer's card is to show that it opens its keys.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn await_officer_s_test(
        &mut self,
        lane: LaneId,
        pin: SecretDigits,
        now: UnixMillis,
    ) -> Result<Option<ToKiosk>, Refusal> {
        self.require_officer(lane, now)?;
        if self.clock_state(now) != ClockState::Sure {
            return Ok(Some(refused(AlertRefusal::ClockUnsure)));
        }
        let at = self.alert_time(now).now;
        let keys = [KeyClass::Live, KeyClass::Exercise].map(|class| self.listed_keys(class, at)).concat();
        let work = OfficerWork::Test { at, keys };
        self.await_officer(lane, Purpose::TestOfficerKeys { at }, (pin, work), now).map(|()| None)
    }

    /// The card that was to show it came.
    pub(super) fn officer_keys_tested(
        &mut self,
        reading: &Reading,
        proof: Result<HolderProof, SignInFault>,
        at: UnixMillis,
    ) -> Result<ToKiosk, SignInFault> {
        let HolderProof::Tested(signatures) = proof? else { return Err(SignInFault::NotProven) };
        let card = reading.card.ok_or(SignInFault::NotRead)?;
        self.certain(card, reading)?;
        let test = |signed: OfficerSignature| match signed.key {
            DeviceKey::Kiosk(key) => Some(KeyTest { key, at, signature: signed.signature.to_vec() }),
            DeviceKey::Passkey(_) => None,
        };
        let tests = signatures.into_iter().filter_map(test).collect();
        if let Err(problem) = self.officers.files.keep_tests(tests, at) {
            error!(error = &problem as &dyn std::error::Error, "the test of an officer's keys is not kept");
            return Ok(refused(AlertRefusal::NotKept));
        }
        info!("an officer's keys were tested here");
        self.tell_server_of_alerts();
        Ok(ToKiosk::OfficerKeysTested)
    }

    /// When whoever is signed in tested their keys here last.
    fn tested(&self, staff: Option<StaffId>) -> Option<UnixMillis> {
        let own = self.officers.files.keys().iter().filter(|keys| Some(keys.staff) == staff);
        let own = own.filter_map(|keys| SealedKioskKey::from_bytes(&keys.live));
        let own: Vec<DeviceKey> = own.map(|key| key.public()).collect();
        let tests = self.officers.files.tests().iter();
        tests.filter(|test| own.contains(&DeviceKey::Kiosk(test.key))).map(|test| test.at).max()
    }

    /// What an officer can say here.
    ///
    /// # Errors
    /// [`Refusal::SignIn`].
    pub(super) fn alert_desk(&self, lane: LaneId, now: UnixMillis) -> Result<ToKiosk, Refusal> {
        self.require_officer(lane, now)?;
        let plan = self.officers.files.plan().ok_or(Refusal::NotNow)?;
        let at = self.alert_time(now).now;
        let choice = |prepared: &Prepared| PreparedChoice {
            id: prepared.id.clone(),
            label: bounded(Some(&prepared.label)),
            danger: danger_of(prepared.tsunami, prepared.level()),
            title: prepared.title(),
            english: bounded(Some(&prepared.texts.english.event)),
            places: places_of(plan, prepared),
        };
        let keys = self.listed_keys(KeyClass::Live, at);
        let officers: BTreeSet<_> = keys.iter().filter_map(|(_, key)| self.officer_of(key, at)).collect();
        let threads = self.alerts.alerts().in_force(at);
        let thread = |thread: &Thread<'_>| {
            let valid = thread.latest.alert();
            let hazard = valid.evacuation().hazard;
            let same_danger = plan.messages.iter().filter(|prepared| prepared.hazard == hazard);
            AlertThread {
                id: name_of(&thread.latest.digest()),
                notice: notice_of(valid),
                alone_until: self.alone_until(thread, at),
                message: prepared_of(plan, valid).map(|prepared| prepared.id.clone()),
                may_become: same_danger.take(MOST_CHOICES).map(|prepared| prepared.id.clone()).collect(),
                districts: valid.alert().districts().take(MOST_DISTRICTS).map(str::to_owned).collect(),
                closed: closed_in(plan, thread.latest).into_iter().take(MOST_DISTRICTS).collect(),
            }
        };
        Ok(ToKiosk::AlertDesk(Box::new(AlertDesk {
            messages: plan.messages.iter().take(MOST_CHOICES).map(choice).collect(),
            districts: plan
                .districts
                .iter()
                .take(MOST_DISTRICTS)
                .map(|one| bounded(Some(&one.name)))
                .collect(),
            threads: threads.iter().rev().take(MOST_CHOICES).map(thread).collect(),
            drafts: self.shown_drafts(),
            live_officers: u16::try_from(officers.len()).unwrap_or(u16::MAX),
            now: at,
            is_online: matches!(self.uplink.state(self.town.is_enrolled()), LinkState::Online),
            tested: self.tested(self.staff_at(lane)),
        })))
    }

    fn shown_drafts(&self) -> Vec<AlertDraft> {
        let plan = self.officers.files.plan();
        let own = self.officers.own.values().map(|draft| draft.shown(plan));
        let waiting = self.officers.waiting.iter().filter_map(|waiting| self.shown_of_the_hall(waiting));
        own.chain(waiting).collect()
    }

    /// What waits at the town hall, if it is what its envelope says, and everybody who signed it is an officer.
    fn shown_of_the_hall(&self, waiting: &WaitingDraft) -> Option<AlertDraft> {
        let envelope = Envelope::decode(&waiting.draft.envelope)?;
        let valid = Report::of(&waiting.draft.alert).ok()?.into_valid().ok()?;
        if !envelope.is_around(&waiting.draft.alert, &valid) {
            return None;
        }
        let officers = envelope.officers(self.alerts.list()?).ok()?.len();
        let (id, until) = (name_of(&envelope.digest()), waiting.until);
        let shown = Shown { id, signed: Vec::new(), until, here: false };
        Some(shown.of(&valid, self.officers.files.plan(), (officers, usize::from(waiting.needed))))
    }

    /// Until when one officer may take a thread back, as receivers judge it.
    fn alone_until(&self, thread: &Thread<'_>, at: UnixMillis) -> Option<UnixMillis> {
        if is_exercise(thread.latest) {
            return Some(thread.latest.alert().expires());
        }
        let has_tsunami = thread.latest.is_tsunami_order()
            || self.alerts.alerts().in_force(at).iter().any(|known| known.latest.is_tsunami_order());
        let first = thread.messages.first().map(|first| first.sent.at())?;
        let until = first.plus(ONE_OFFICER_MILLIS);
        (!has_tsunami && until >= at).then_some(until)
    }

    /// Makes an alert ready: its number is durable, its bytes are fixed.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn draft_alert(
        &mut self,
        lane: LaneId,
        wanted: &AlertWanted,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        self.require_officer(lane, now)?;
        self.drop_old_drafts(now);
        let draft = match self.made_draft(wanted, now) {
            Ok(draft) => draft,
            Err(why) => return Ok(refused(why)),
        };
        let shown = draft.shown(self.officers.files.plan());
        while self.officers.own.len() >= MOST_OWN_DRAFTS {
            let oldest = self.officers.own.iter().min_by_key(|(_, draft)| draft.made);
            let Some(oldest) = oldest.map(|(id, _)| id.clone()) else { break };
            self.officers.own.remove(&oldest);
        }
        self.officers.own.insert(draft.id(), draft);
        Ok(ToKiosk::AlertDraft(Box::new(shown)))
    }

    fn made_draft(&self, wanted: &AlertWanted, now: UnixMillis) -> Result<OwnDraft, AlertRefusal> {
        let plan = self.officers.files.plan().ok_or(AlertRefusal::NotPrepared)?;
        let at = self.alert_time(now).now;
        let epoch = Sequence::epoch_of_box(self.own.as_bytes());
        let least = self.alerts.highest_of(epoch);
        let number = self.officers.files.next_number(least, at.get()).map_err(|problem| {
            error!(error = &problem as &dyn std::error::Error, "no number for an alert");
            AlertRefusal::NotKept
        })?;
        let sequence = Sequence { epoch, number };
        let threads = self.alerts.alerts().in_force(at);
        let asked = asked_of(plan, wanted, &threads)?;
        let needed = match (asked.is_exercise, asked.kind, asked.thread) {
            (true, _, _) => 1,
            (false, MessageKind::Cancel, Some(thread)) if self.alone_until(thread, at).is_some() => 1,
            (false, _, _) => 2,
        };
        // CAP knows seconds, and what ends something is later than it.
        let least = asked.thread.map_or(0, |thread| latest_of(thread).get().saturating_add(1_000));
        let sent = UnixMillis::new(at.get().max(least) / 1_000 * 1_000);
        let arrives = arrival_at(&asked, sent);
        let request = Wanted {
            prepared: asked.prepared,
            kind: asked.kind,
            is_exercise: asked.is_exercise,
            districts: asked.districts,
            arrives,
            references: asked.thread.map(|thread| thread.messages.clone()).unwrap_or_default(),
            identifier: format!("{epoch:08x}-{number}"),
            sent,
            until: None,
            closed: asked.closed,
        };
        let salt = || {
            let mut salt = [0; 16];
            getrandom::fill(&mut salt).map(|()| salt)
        };
        let composed = compose(plan, &request, &[], salt).or(Err(AlertRefusal::NotKept))?;
        let composed = composed.map_err(|bad| {
            error!(error = &bad as &dyn std::error::Error, "what the town prepared cannot be said");
            AlertRefusal::NotPrepared
        })?;
        let together = Instructions::of(&composed.instructions).ok_or(AlertRefusal::NotPrepared)?;
        let envelope = Envelope::around(&composed.bytes, sequence, &together);
        let envelope = envelope.map_err(|_bad| AlertRefusal::NotPrepared)?;
        let leaf = composed.instructions.first().map(Instruction::encode).unwrap_or_default();
        Ok(OwnDraft {
            envelope,
            alert: composed.bytes,
            valid: composed.valid,
            leaf,
            needed,
            made: now,
            signed: Vec::new(),
        })
    }

    /// Lets an officer's card sign what they were shown.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn await_officer_s_signature(
        &mut self,
        lane: LaneId,
        draft: &str,
        pin: SecretDigits,
        now: UnixMillis,
    ) -> Result<Option<ToKiosk>, Refusal> {
        self.require_officer(lane, now)?;
        self.drop_old_drafts(now);
        let Some(envelope) = self.envelope_of(draft) else { return Ok(Some(refused(AlertRefusal::Gone))) };
        let digest = envelope.digest();
        let keys = self.listed_keys(envelope.class, envelope.sent);
        let work = OfficerWork::Sign { digest, keys };
        self.await_officer(lane, Purpose::SignAlert { digest }, (pin, work), now).map(|()| None)
    }

    fn envelope_of(&self, draft: &str) -> Option<Envelope> {
        if let Some(own) = self.officers.own.get(draft) {
            return Some(own.envelope.clone());
        }
        self.waiting_draft(draft).map(|(_, envelope)| envelope)
    }

    fn waiting_draft(&self, draft: &str) -> Option<(&WaitingDraft, Envelope)> {
        self.officers.waiting.iter().find_map(|waiting| {
            // What is not shown is not signed either.
            let shown = self.shown_of_the_hall(waiting).filter(|shown| shown.id == draft)?;
            debug_assert!(shown.is_the_town_halls);
            Some((waiting, Envelope::decode(&waiting.draft.envelope)?))
        })
    }

    /// The card that was to sign came.
    pub(super) fn officer_signed(
        &mut self,
        (lane, kiosk): (LaneId, Option<KioskId>),
        digest: [u8; 32],
        (reading, proof): (&Reading, Result<HolderProof, SignInFault>),
        now: UnixMillis,
    ) -> Result<Option<ToKiosk>, SignInFault> {
        let HolderProof::Signed(signature) = proof? else { return Err(SignInFault::NotProven) };
        let card = reading.card.ok_or(SignInFault::NotRead)?;
        self.certain(card, reading)?;
        let name = name_of(&digest);
        if self.officers.own.contains_key(&name) {
            return Ok(Some(self.signed_here(&name, card, *signature, now)));
        }
        Ok(self.send_approval(&name, *signature, (lane, kiosk)))
    }

    /// A signature under a draft of this box; with the last one that it needs it counts, here and wherever it gets to.
    fn signed_here(
        &mut self,
        name: &str,
        card: CardKey,
        signature: OfficerSignature,
        now: UnixMillis,
    ) -> ToKiosk {
        let who = self.town.staff.of_card(card).map(|grant| grant.name.clone());
        let time = self.alert_time(now);
        let Some(list) = self.alerts.list() else { return refused(AlertRefusal::NotListed) };
        let Some(draft) = self.officers.own.get_mut(name) else { return refused(AlertRefusal::Gone) };
        let mut with = draft.envelope.clone();
        with.signatures.push(signature);
        let Ok(officers) = with.officers(list) else { return refused(AlertRefusal::NotListed) };
        if officers.len() != with.signatures.len() {
            return refused(AlertRefusal::SignedAlready);
        }
        if officers.len() >= draft.needed {
            let Ok(signed) = with.verify(&draft.alert, list) else { return refused(AlertRefusal::NotListed) };
            // As every receiver will take it, and this box.
            let mut alerts = self.alerts.alerts().clone();
            let at = time.now_for(&signed);
            match alerts.take(signed, at, time.heard) {
                Taken::InForce | Taken::Cancels { .. } => {}
                Taken::NeedsAnotherOfficer => {
                    draft.needed = 2;
                    return refused(AlertRefusal::NeedsAnother);
                }
                _ => return refused(AlertRefusal::Overtaken),
            }
        }
        let before = std::mem::replace(&mut draft.envelope, with);
        draft.signed.push(who.as_ref().map(PersonalText::expose).unwrap_or_default().to_owned());
        let shown = Box::new(draft.shown(self.officers.files.plan()));
        if !shown.is_sent() {
            return ToKiosk::AlertDraft(shown);
        }
        let Some(mut draft) = self.officers.own.remove(name) else { return refused(AlertRefusal::Gone) };
        if let Err(why) = self.originate(&draft, now) {
            if why == AlertRefusal::NotKept {
                // It waits as before its last signature: whoever gave that can give it again.
                draft.envelope = before;
                draft.signed.pop();
                self.officers.own.insert(name.to_owned(), draft);
            }
            return refused(why);
        }
        ToKiosk::AlertDraft(shown)
    }

    /// It counts from here on, once it is on the disk.
    fn originate(&mut self, draft: &OwnDraft, now: UnixMillis) -> Result<(), AlertRefusal> {
        let OwnDraft { envelope, alert, leaf, .. } = draft;
        let carried = CarriedAlert { alert: alert.clone(), envelope: envelope.encode() };
        let time = self.alert_time(now);
        let kept = self.alerts.originate(OriginatedAlert { carried, leaf: leaf.clone() }, time);
        kept.map_err(|problem| {
            error!(error = &problem as &dyn std::error::Error, "what officers signed here is not sent");
            match problem {
                NotTaken::NotKept(_) => AlertRefusal::NotKept,
                _ => AlertRefusal::Overtaken,
            }
        })?;
        info!(number = envelope.sequence.number, "officers originated an alert here");
        self.show_alerts(now);
        self.tell_neighbours_of_alerts();
        self.tell_server_of_alerts();
        Ok(())
    }

    /// A signature under a draft of the town hall goes there, and is answered.
    fn send_approval(
        &mut self,
        name: &str,
        signature: OfficerSignature,
        to: (LaneId, Option<KioskId>),
    ) -> Option<ToKiosk> {
        let Some((waiting, _)) = self.waiting_draft(name) else { return Some(refused(AlertRefusal::Gone)) };
        let DeviceKey::Kiosk(key) = signature.key else {
            return Some(refused(AlertRefusal::NotListed));
        };
        let draft = waiting.id.clone();
        let Some(line) = &mut self.uplink.line else { return Some(refused(AlertRefusal::NoTownHall)) };
        let signature = signature.signature.to_vec();
        let bytes =
            line.session.offer_of_alerts([&AlertMessage::Approval { draft: draft.clone(), key, signature }]);
        line.send(bytes);
        self.officers.approvals.insert(draft, to);
        None
    }

    fn approved(&mut self, draft: &str, answer: ApprovalAnswer) {
        let Some((lane, kiosk)) = self.officers.approvals.remove(draft) else { return };
        let waiting = self.officers.waiting.iter().find(|waiting| waiting.id == draft);
        let shown = waiting.and_then(|waiting| self.shown_of_the_hall(waiting));
        let message = match (answer, shown) {
            (ApprovalAnswer::Taken | ApprovalAnswer::Sent, Some(mut shown)) => {
                // The list of drafts that says so is on its way.
                shown.signatures = match answer {
                    ApprovalAnswer::Sent => shown.needed,
                    _ => shown.signatures.max(1),
                };
                ToKiosk::AlertDraft(Box::new(shown))
            }
            (ApprovalAnswer::Taken | ApprovalAnswer::Sent, None) => ToKiosk::Done,
            (ApprovalAnswer::Gone, _) => refused(AlertRefusal::Gone),
            (ApprovalAnswer::SignedAlready, _) => refused(AlertRefusal::SignedAlready),
            (ApprovalAnswer::NotSigned, _) => refused(AlertRefusal::NotListed),
            (ApprovalAnswer::NeedsAnother, _) => refused(AlertRefusal::NeedsAnother),
            (ApprovalAnswer::NotKept, _) => refused(AlertRefusal::NotKeptThere),
        };
        self.tell_lane(lane, kiosk, &message);
    }

    /// The line to the town hall is gone: nobody hears any more what became of a signature, and what waits there is not known.
    pub(super) fn officers_without_town_hall(&mut self) {
        self.officers.waiting.clear();
        for (lane, kiosk) in std::mem::take(&mut self.officers.approvals).into_values() {
            self.tell_lane(lane, kiosk, &refused(AlertRefusal::NoTownHall));
        }
    }

    /// Nobody signs this any more.
    ///
    /// # Errors
    /// [`Refusal`].
    pub(super) fn drop_alert(
        &mut self,
        lane: LaneId,
        draft: &str,
        now: UnixMillis,
    ) -> Result<ToKiosk, Refusal> {
        self.require_officer(lane, now)?;
        if self.officers.own.remove(draft).is_none() {
            warn!(draft, "what was to be dropped is gone already");
        }
        self.alert_desk(lane, now)
    }

    pub(super) fn drop_old_drafts(&mut self, now: UnixMillis) {
        self.officers.own.retain(|_, draft| draft.until() > now && draft.made <= now);
    }
}

fn is_exercise(signed: &SignedAlert) -> bool {
    signed.alert().alert().status == Status::Exercise
}

fn latest_of(thread: &Thread<'_>) -> UnixMillis {
    thread.messages.iter().map(|id| id.sent.at()).max().unwrap_or_default()
}

/// What is asked for, in the plan's words.
struct Asked<'a> {
    prepared: &'a Prepared,
    kind: MessageKind,
    is_exercise: bool,
    districts: Vec<&'a District>,
    thread: Option<&'a Thread<'a>>,
    arrival: Arrival,
    closed: BTreeSet<String>,
}

fn asked_of<'a>(
    plan: &'a Plan,
    wanted: &AlertWanted,
    threads: &'a [Thread<'a>],
) -> Result<Asked<'a>, AlertRefusal> {
    let found = |thread: &str| {
        let found = threads.iter().find(|known| name_of(&known.latest.digest()) == thread);
        found.ok_or(AlertRefusal::Gone)
    };
    let ending = |kind, thread: &str| {
        let thread = found(thread)?;
        let prepared = prepared_of(plan, thread.latest.alert()).ok_or(AlertRefusal::NotPrepared)?;
        Ok(Asked {
            prepared,
            kind,
            is_exercise: is_exercise(thread.latest),
            districts: districts_of(plan, thread.latest.alert().alert().districts()),
            thread: Some(thread),
            arrival: Arrival::Unknown,
            closed: BTreeSet::new(),
        })
    };
    match wanted {
        AlertWanted::Order { class, message, districts, arrival, closed } => Ok(Asked {
            prepared: plan.message(message).ok_or(AlertRefusal::NotPrepared)?,
            kind: MessageKind::Order,
            is_exercise: *class == AlertClass::Exercise,
            districts: districts_of(plan, districts.iter().map(String::as_str)),
            thread: None,
            arrival: *arrival,
            closed: closed.iter().cloned().collect(),
        }),
        AlertWanted::Update { thread, message, added, arrival, closed } => {
            let thread = found(thread)?;
            let before = thread.latest.alert();
            let prepared = plan.message(message).ok_or(AlertRefusal::NotPrepared)?;
            let (of, is_order) = (before.evacuation(), before.evacuation().message == MessageKind::Order);
            if !is_order {
                // How something ended is not changed back into an order behind everybody's back.
                return Err(AlertRefusal::Overtaken);
            }
            if of.hazard != prepared.hazard {
                return Err(AlertRefusal::NotPrepared);
            }
            // Whoever is left out would hear an order that is not theirs any more.
            let before = before.alert().districts();
            let districts = match added {
                None => districts_of(plan, std::iter::empty()),
                Some(added) => districts_of(plan, before.chain(added.iter().map(String::as_str))),
            };
            Ok(Asked {
                prepared,
                kind: MessageKind::Order,
                is_exercise: is_exercise(thread.latest),
                districts,
                thread: Some(thread),
                arrival: *arrival,
                closed: closed.iter().cloned().collect(),
            })
        }
        AlertWanted::AllClear { thread } => ending(MessageKind::AllClear, thread),
        AlertWanted::Cancel { thread } => ending(MessageKind::Cancel, thread),
    }
}

/// When the tsunami comes, by what an officer said of it. Nothing else comes at a time.
fn arrival_at(asked: &Asked<'_>, sent: UnixMillis) -> Option<UnixMillis> {
    if asked.kind != MessageKind::Order || asked.prepared.tsunami.is_none() {
        return None;
    }
    match asked.arrival {
        Arrival::Unknown => None,
        Arrival::AsBefore => asked.thread.and_then(|thread| expected_of(thread.latest.alert())),
        Arrival::InMinutes(minutes) => Some(sent.plus(u64::from(minutes).saturating_mul(60_000))),
    }
}

/// Where a message could send people, each place once.
fn places_of(plan: &Plan, prepared: &Prepared) -> Vec<String> {
    let ways = plan.districts.iter().flat_map(|district| district.ways(prepared.hazard));
    let mut places: Vec<String> = Vec::new();
    for way in ways.filter(|way| way.safe != Some(false)) {
        let place = way.place.plain();
        if places.len() < MOST_DISTRICTS && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// Those of the plan with these names, in its order; all of them for no name, and for names that it does not know any more: nobody may be
/// left out of how something ends.
fn districts_of<'p, 'n>(plan: &'p Plan, names: impl Iterator<Item = &'n str>) -> Vec<&'p District> {
    let names: BTreeSet<&str> = names.collect();
    let is_known = names.iter().all(|name| plan.district(name).is_some());
    let all = names.is_empty() || !is_known;
    plan.districts.iter().filter(|district| all || names.contains(district.name.as_str())).collect()
}
