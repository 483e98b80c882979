//! A town for tests: its root, its officers, and what it says to one household.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hinamori_alert::{
    Beat, BeatKey, CapTime, Device, EVERYBODY, Envelope, Instruction, Instructions, KeyClass, KeyList,
    MessageId, MessageType, Notice, OfficerId, OfficerKey, Report, Sequence, Status, write,
};
use hinamori_model::{HouseholdId, UnixMillis};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::hex;
use crate::household::Answered;

const ORDER: &str = include_str!("../../../crates/alert/tests/fixtures/flood.xml");
const TSUNAMI: &str = include_str!("../../../crates/alert/tests/fixtures/tsunami.xml");
const ALL_CLEAR: &str = include_str!("../../../crates/alert/tests/fixtures/all-clear.xml");
const CANCEL: &str = include_str!("../../../crates/alert/tests/fixtures/flood-cancel.xml");
const SENDER: &str = "bousai@town.shiomi.example";
/// 2026-03-11T12:00:00+09:00
pub(crate) const NOON: u64 = 1_773_198_000_000;
pub(crate) const MINUTE: u64 = 60_000;
pub(crate) const OURS: HouseholdId = HouseholdId::from_bytes([5; 16]);

/// What a message says; times are minutes after noon.
#[derive(Clone)]
pub(crate) struct Said {
    text: &'static str,
    at: u64,
    names: Vec<u64>,
    expires: u64,
    is_exercise: bool,
    household: HouseholdId,
    officers: u8,
}

impl Said {
    /// An order to leave, because of a flood.
    pub(crate) fn order(at: u64) -> Self {
        let household = OURS;
        Self {
            text: ORDER,
            at,
            names: Vec::new(),
            expires: at + 60,
            is_exercise: false,
            household,
            officers: 2,
        }
    }

    pub(crate) fn tsunami(at: u64) -> Self {
        Self { text: TSUNAMI, ..Self::order(at) }
    }

    pub(crate) fn update(at: u64, names: &[u64]) -> Self {
        Self { names: names.to_vec(), ..Self::order(at) }
    }

    pub(crate) fn all_clear(at: u64, names: &[u64]) -> Self {
        Self { text: ALL_CLEAR, ..Self::update(at, names) }
    }

    pub(crate) fn cancel(at: u64, names: &[u64]) -> Self {
        Self { text: CANCEL, ..Self::update(at, names) }
    }

    pub(crate) fn by_one(self) -> Self {
        Self { officers: 1, ..self }
    }

    /// For whoever is no household of it.
    pub(crate) fn for_everybody(self) -> Self {
        Self { household: EVERYBODY, ..self }
    }

    pub(crate) fn for_others(self) -> Self {
        Self { household: HouseholdId::from_bytes([77; 16]), ..self }
    }

    pub(crate) fn exercise(self) -> Self {
        Self { is_exercise: true, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut alert = Report::of(self.text.as_bytes()).unwrap().alert().unwrap().clone();
        let time = |at: u64| CapTime::in_japan(UnixMillis::new(NOON + at * MINUTE));
        alert.sender = SENDER.to_owned();
        let named =
            |at: &u64| MessageId { sender: SENDER.to_owned(), identifier: at.to_string(), sent: time(*at) };
        alert.references = self.names.iter().map(named).collect();
        (alert.identifier, alert.sent) = (self.at.to_string(), time(self.at));
        if self.text == ORDER && !self.names.is_empty() {
            alert.message_type = MessageType::Update;
        }
        if self.is_exercise {
            alert.status = Status::Exercise;
            alert.note = Some("訓練".to_owned());
        }
        for info in &mut alert.infos {
            info.expires = Some(time(self.expires));
            info.onset = None;
            info.effective = None;
        }
        write(&alert)
    }
}

/// The town.
pub(crate) struct Town {
    root: Ed25519KeyPair,
    beat: BeatKey,
    number: u64,
}

impl Town {
    pub(crate) fn new(seed: u8) -> Self {
        let root = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        Self { root, beat: BeatKey::from_bytes(&[seed ^ 1; 32]), number: 0 }
    }

    pub(crate) fn root(&self) -> [u8; 32] {
        self.root.public_key().as_ref().try_into().unwrap()
    }

    fn key(officer: u8, class: KeyClass) -> OfficerKey {
        OfficerKey::from_bytes(&[officer + if class == KeyClass::Live { 0 } else { 100 }; 32])
    }

    pub(crate) fn list(&self) -> String {
        let device = |officer: u8, class| Device {
            class,
            officer: OfficerId(officer.into()),
            until: UnixMillis::new(u64::MAX),
            key: Self::key(officer, class).public(),
        };
        let devices = [1, 2]
            .into_iter()
            .flat_map(|officer| [KeyClass::Live, KeyClass::Exercise].map(|class| device(officer, class)));
        let fixed = (self.beat.public(), [0; 32]);
        let list = KeyList::new(1, UnixMillis::new(1), fixed, SENDER, devices).unwrap();
        let signed = list.encode(|domain, body| {
            self.root.sign(&[domain.as_slice(), body].concat()).as_ref().try_into().unwrap()
        });
        STANDARD.encode(signed)
    }

    /// A message as it travels to the household.
    pub(crate) fn message(&mut self, said: &Said) -> Value {
        self.number += 1;
        let bytes = said.bytes();
        let alert = Report::of(&bytes).unwrap().into_valid().unwrap();
        let notice = Notice { speech: "にげて ください".to_owned(), ..Notice::default() };
        let content = notice.content(&alert);
        let own = Instruction { household: said.household, salt: [1; 16], content: content.clone() };
        let others = Instruction { household: HouseholdId::from_bytes([9; 16]), salt: [2; 16], content };
        let tree = Instructions::of([&own, &others]).unwrap();
        let place = Sequence { epoch: 1, number: self.number };
        let mut envelope = Envelope::around(&bytes, place, &tree).unwrap();
        let (digest, class) = (envelope.digest(), envelope.class);
        envelope.signatures =
            (1..=said.officers).map(|officer| Self::key(officer, class).sign(&digest)).collect();
        json!({
            "envelope": STANDARD.encode(envelope.encode()), "leaf": STANDARD.encode(own.encode()),
            "path": STANDARD.encode(tree.path(&own).unwrap().encode()),
        })
    }

    pub(crate) fn beat(&self, minute: u64) -> String {
        let latest = Sequence { epoch: 1, number: self.number };
        STANDARD.encode(self.beat.beat(Beat { at: UnixMillis::new(NOON + minute * MINUTE), latest }))
    }

    /// What `GET /tv/wait` answers at this minute.
    pub(crate) fn json(&self, minute: u64, messages: &[Value]) -> Value {
        json!({
            "revision": "1-1", "root": hex::text(&self.root()), "code": null,
            "household": hex::text(OURS.as_bytes()), "list": self.list(), "beat": self.beat(minute),
            "people": null, "messages": messages, "answers": {},
        })
    }

    pub(crate) fn says(&self, minute: u64, messages: &[Value]) -> Answered {
        serde_json::from_value(self.json(minute, messages)).unwrap()
    }

    /// The same to a receiver that nobody bound.
    pub(crate) fn says_to_nobody(&self, minute: u64, messages: &[Value]) -> Answered {
        let mut said = self.json(minute, messages);
        said["household"] = Value::Null;
        said["code"] = "4821 7350".into();
        serde_json::from_value(said).unwrap()
    }
}
