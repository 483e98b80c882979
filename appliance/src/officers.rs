//! What officers need at a kiosk, as this box has it on its disk: the town's plan under the root's signature, their sealed keys, keys that were
//! made here and wait for the town hall, which keys were tested here, and the last number that this box gave to an alert.

use std::path::{Path, PathBuf};

use hinamori_alert::{DeviceKey, KeyClass, SealedKioskKey};
use hinamori_model::{CardKey, UnixMillis};
use hinamori_plan::{BadSignedPlan, Plan, SignedPlan};
use hinamori_private_file as private_file;
use hinamori_sync::{AlertMessage, KeyTest, KioskKeys, LONGEST_PLAN, MOST_KEY_TESTS};
use tracing::{error, warn};

const PLAN: &str = "plan";
const KEYS: &str = "officers";
const MADE: &str = "officers-made";
const TESTS: &str = "officers-tests";
const NUMBER: &str = "number";
/// Bytes of the sealed keys of all officers.
const LONGEST_KEYS: u64 = 256 << 10;
/// How long a test counts at the town hall (`PROVED_MILLIS` there).
const TESTED_MILLIS: u64 = 35 * 24 * 3_600_000;
/// Officers whose keys were made here and wait.
const MOST_MADE: usize = 16;

/// See the module.
pub(crate) struct OfficerFiles {
    folder: PathBuf,
    root: Option<[u8; 32]>,
    plan: Option<(SignedPlan, AlertMessage)>,
    keys: Vec<KioskKeys>,
    made: Vec<KioskKeys>,
    tests: Vec<KeyTest>,
}

impl OfficerFiles {
    /// Nothing yet.
    pub(crate) fn new(data: &Path) -> Self {
        let (plan, keys, made, tests) = (None, Vec::new(), Vec::new(), Vec::new());
        Self { folder: data.join("alerts"), root: None, plan, keys, made, tests }
    }

    /// From now on what the disk has of the town with this root counts. Nothing when it is the same town.
    pub(crate) fn follow(&mut self, root: [u8; 32]) {
        if self.root == Some(root) {
            return;
        }
        let folder = std::mem::take(&mut self.folder);
        *self = Self { folder, root: Some(root), ..Self::new(Path::new("")) };
        if let Some(bytes) = self.read(PLAN, u64::try_from(LONGEST_PLAN).unwrap_or(u64::MAX))
            && let Err(problem) = self.believe_plan(bytes)
        {
            warn!(error = &problem as &dyn std::error::Error, "the plan on the disk is not used");
        }
        self.keys = self.read_keys(KEYS);
        self.made = self.read_keys(MADE);
        let tests = self.read(TESTS, LONGEST_KEYS).and_then(|bytes| KeyTest::all_from_bytes(&bytes));
        self.tests = tests.unwrap_or_default();
    }

    fn read(&self, name: &str, longest: u64) -> Option<Vec<u8>> {
        private_file::read(&self.folder, name, longest).unwrap_or_else(|problem| {
            warn!(error = &problem as &dyn std::error::Error, name, "a file of officers cannot be read");
            None
        })
    }

    fn read_keys(&self, name: &str) -> Vec<KioskKeys> {
        let read = self.read(name, LONGEST_KEYS).and_then(|bytes| KioskKeys::all_from_bytes(&bytes));
        read.unwrap_or_default()
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        private_file::private_folder(&self.folder)?;
        private_file::replace(&self.folder, name, bytes)
    }

    /// Without it the next connection brings it again.
    fn keep_if_possible(&self, name: &str, bytes: &[u8]) {
        if let Err(problem) = self.keep(name, bytes) {
            error!(error = &problem as &dyn std::error::Error, name, "what came for officers is not kept");
        }
    }

    /// What the town prepared.
    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref().map(|(signed, _)| &signed.plan)
    }

    /// Takes a plan that somebody brought; gives whether it is a newer one. That it breaks no rule was judged by whoever signed it, and each
    /// message is judged again when it is made.
    ///
    /// # Errors
    /// [`BadSignedPlan`].
    pub(crate) fn take_plan(&mut self, bytes: Vec<u8>) -> Result<bool, BadSignedPlan> {
        let is_newer = self.believe_plan(bytes)?;
        if is_newer && let Some((_, AlertMessage::Plan(bytes))) = &self.plan {
            self.keep_if_possible(PLAN, bytes);
        }
        Ok(is_newer)
    }

    fn believe_plan(&mut self, bytes: Vec<u8>) -> Result<bool, BadSignedPlan> {
        let root = self.root.as_ref().ok_or(BadSignedPlan::NotSigned)?;
        let known = self.plan.as_ref().map_or(0, |(signed, _)| signed.version);
        // Before its signature is checked: what is old is sent again by whoever has not heard.
        if SignedPlan::claimed(&bytes).is_some_and(|(version, _)| version <= known) {
            return Ok(false);
        }
        let signed = SignedPlan::decode(&bytes, root)?;
        self.plan = Some((signed, AlertMessage::Plan(bytes)));
        Ok(true)
    }

    /// Takes the sealed keys that the server or another box brought. They are a claim: of those that the root does not list nothing is used.
    pub(crate) fn take_keys(&mut self, keys: Vec<KioskKeys>) -> bool {
        if keys == self.keys {
            return false;
        }
        self.keep_if_possible(KEYS, &KioskKeys::all_to_bytes(&keys));
        self.keys = keys;
        true
    }

    /// Keys were made here. Durable before anybody is told: whoever hears three words must find them at the town hall.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn keep_made(&mut self, made: KioskKeys) -> std::io::Result<()> {
        let mut all = self.made.clone();
        all.retain(|known| known.staff != made.staff);
        all.push(made);
        let surplus = all.len().saturating_sub(MOST_MADE);
        all.drain(..surplus);
        self.keep(MADE, &KioskKeys::all_to_bytes(&all))?;
        self.made = all;
        Ok(())
    }

    /// Those that wait for the town hall still.
    pub(crate) fn made(&self) -> &[KioskKeys] {
        &self.made
    }

    /// Those that the root lists by now wait no longer.
    pub(crate) fn drop_listed(&mut self, is_listed: impl Fn(&DeviceKey) -> bool) {
        let waits = |made: &KioskKeys| {
            SealedKioskKey::from_bytes(&made.live).is_some_and(|key| !is_listed(&key.public()))
        };
        let before = self.made.len();
        self.made.retain(waits);
        if self.made.len() != before {
            self.keep_if_possible(MADE, &KioskKeys::all_to_bytes(&self.made));
        }
    }

    /// Keys were tested here. Durable before the officer hears that they work: the town hall counts on it.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn keep_tests(&mut self, new: Vec<KeyTest>, now: UnixMillis) -> std::io::Result<()> {
        let mut all = self.tests.clone();
        let is_again = |known: &KeyTest| new.iter().any(|test| test.key == known.key);
        all.retain(|known| !is_again(known) && now.since(known.at) <= TESTED_MILLIS);
        all.extend(new);
        let surplus = all.len().saturating_sub(MOST_KEY_TESTS);
        all.drain(..surplus);
        self.keep(TESTS, &KeyTest::all_to_bytes(&all))?;
        self.tests = all;
        Ok(())
    }

    /// Tests that say a later time than it can be show nothing, also when that time has come.
    pub(crate) fn drop_tests_after(&mut self, latest: UnixMillis) {
        let before = self.tests.len();
        self.tests.retain(|test| test.at <= latest);
        if self.tests.len() != before {
            self.keep_if_possible(TESTS, &KeyTest::all_to_bytes(&self.tests));
        }
    }

    /// Those of the last month.
    pub(crate) fn tests(&self) -> &[KeyTest] {
        &self.tests
    }

    /// The sealed keys.
    pub(crate) fn keys(&self) -> &[KioskKeys] {
        &self.keys
    }

    /// Each card's sealed key of this class.
    pub(crate) fn keys_of(&self, class: KeyClass) -> Vec<(CardKey, SealedKioskKey)> {
        let read = |keys: &KioskKeys| {
            let bytes = match class {
                KeyClass::Live => &keys.live,
                KeyClass::Exercise => &keys.exercise,
            };
            let key = SealedKioskKey::from_bytes(bytes).filter(|key| key.class() == class)?;
            Some((keys.card, key))
        };
        self.keys.iter().filter_map(read).collect()
    }

    /// What is passed on of all this.
    pub(crate) fn to_pass_on(&self) -> Vec<AlertMessage> {
        let plan = self.plan.as_ref().map(|(_, message)| message.clone());
        let keys = (!self.keys.is_empty()).then(|| AlertMessage::KioskKeys(self.keys.clone()));
        plan.into_iter().chain(keys).collect()
    }

    /// The next number of an alert of this box: later than `least`, than the one before and than `now`, in milliseconds. Durable when it is
    /// given out, so that a power cut leads to no second message under it.
    ///
    /// # Errors
    /// The disk's.
    pub(crate) fn next_number(&self, least: u64, now: u64) -> std::io::Result<u64> {
        let read = private_file::read(&self.folder, NUMBER, 8)?;
        let last = read.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes);
        let next = last.max(least).saturating_add(1).max(now);
        self.keep(NUMBER, &next.to_be_bytes())?;
        Ok(next)
    }
}
