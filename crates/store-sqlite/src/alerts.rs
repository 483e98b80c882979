//! Alerts that a town sent, the televisions that ask for them, and what became of each at each household.
//!
//! What households were told is sealed under the file's key: the names by which people want to be called are in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hinamori_alert::{Content, Instruction, Sequence};
use hinamori_model::{HouseholdId, TelevisionAnswer, UnixMillis};
use ring::digest::{SHA256, digest as hash};
use rusqlite::{Connection, OptionalExtension, Row};

use crate::StoreError;
use crate::key_row::{Cover, FileKey};
use crate::schema::Family;
use crate::store::{checkpoint_if_over, open_durable};

pub(crate) const FOREIGN: StoreError = StoreError::ForeignValue { what: "row of alerts" };
const SEQUENCE: &str = "sequence";
/// Bytes of the write-ahead log.
const LONG_LOG: u64 = 4 << 20;
/// Bytes of a household in a row of deliveries: its id, and when.
const DELIVERY: usize = 24;

/// One message that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentMessage {
    /// Its place among the sender's.
    pub sequence: Sequence,
    /// Of its envelope.
    pub digest: [u8; 32],
    /// The exact bytes of the alert.
    pub alert: Vec<u8>,
    /// The envelope with its signatures.
    pub envelope: Vec<u8>,
    /// What the desk shows of it; no person is in it.
    pub about: String,
    /// What each household was told; nothing where that cannot be read any more.
    pub instructions: Vec<Instruction>,
    /// The list of keys by which it was judged, as the town root signed it; nothing where it was kept before that was written down.
    pub judged_by: Option<Arc<[u8]>>,
}

/// One television.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Television {
    /// SHA-256 of the secret by which it is known.
    pub token: [u8; 32],
    /// What it shows until it is bound: eight digits.
    pub code: u32,
    /// Whose it is.
    pub household: Option<HouseholdId>,
    /// The beginning of the day on which it was given to them, if that was at a box. Which box and at what time would say where somebody was.
    pub bound_day: Option<UnixMillis>,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The television is the household's now.
    Now,
    /// No television shows this code, or it is bound already.
    NoSuchCode,
}

/// What became of a message at a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum AnswerKind {
    /// A television fetched it.
    Delivered = 0,
    /// A television has it on its screen.
    Shown = 1,
    /// 避難します
    Going = 2,
    /// 助けが必要
    Help = 3,
    /// Somebody of the household who is not hidden passed a check-point.
    CheckPoint = 4,
    /// Everybody of the household who is not hidden was received somewhere.
    Arrived = 5,
}

impl AnswerKind {
    /// Every kind, in the order in which they happen.
    pub const ALL: [Self; 6] =
        [Self::Delivered, Self::Shown, Self::Going, Self::Help, Self::CheckPoint, Self::Arrived];

    /// Whether boxes say it and not televisions: of these the earliest counts, whenever it is heard of.
    pub const fn is_on_the_way(self) -> bool {
        matches!(self, Self::CheckPoint | Self::Arrived)
    }
}

impl From<TelevisionAnswer> for AnswerKind {
    fn from(answer: TelevisionAnswer) -> Self {
        match answer {
            TelevisionAnswer::Shown => Self::Shown,
            TelevisionAnswer::Going => Self::Going,
            TelevisionAnswer::Help => Self::Help,
        }
    }
}

/// One of them. The first one of its kind counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Of which message.
    pub digest: [u8; 32],
    /// At which household.
    pub household: HouseholdId,
    /// What.
    pub kind: AnswerKind,
    /// When.
    pub at: UnixMillis,
}

/// Who looks after a household that asked for help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Task {
    /// Under which message.
    pub digest: [u8; 32],
    /// Which.
    pub household: HouseholdId,
    /// Who.
    pub officer: u32,
    /// Since when.
    pub at: UnixMillis,
}

/// The file.
pub struct AlertStore {
    pub(crate) connection: Connection,
    pub(crate) cover: Cover,
    /// SQLite's number of what others wrote, when the televisions were read last.
    televisions_of: Option<i64>,
}

impl AlertStore {
    /// Opens or makes the file at `path`. A new one begins an epoch of its own at `now`, so that no number that an earlier file gave out comes
    /// again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path, key: &FileKey, now: UnixMillis) -> Result<Self, StoreError> {
        let connection = open_durable(path, &Family::Alerts)?;
        let store = Self { connection, cover: Cover::new(key)?, televisions_of: None };
        if store.sequence()?.is_none() {
            let minutes = now.get().checked_div(60_000).unwrap_or_default();
            store.put_sequence(Sequence { epoch: u32::try_from(minutes).unwrap_or(u32::MAX), number: 0 })?;
        }
        Ok(store)
    }

    fn sequence(&self) -> Result<Option<Sequence>, StoreError> {
        let found: Option<[u8; 12]> = self
            .connection
            .query_row("SELECT value FROM setting WHERE name = ?1", [SEQUENCE], |row| row.get(0))
            .optional()?;
        let read = |bytes: [u8; 12]| {
            let (epoch, number) = bytes.split_first_chunk::<4>()?;
            let number = u64::from_be_bytes(number.try_into().ok()?);
            Some(Sequence { epoch: u32::from_be_bytes(*epoch), number })
        };
        found.map(|bytes| read(bytes).ok_or(FOREIGN)).transpose()
    }

    fn put_sequence(&self, Sequence { epoch, number }: Sequence) -> Result<(), StoreError> {
        let bytes = [epoch.to_be_bytes().as_slice(), &number.to_be_bytes()].concat();
        self.connection.execute("INSERT OR REPLACE INTO setting VALUES (?1, ?2)", (SEQUENCE, bytes))?;
        Ok(())
    }

    /// The latest place that was given out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn latest(&self) -> Result<Sequence, StoreError> {
        self.sequence()?.ok_or(FOREIGN)
    }

    /// The next place, which nobody gets again: durable before anything is signed with it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn next(&self) -> Result<Sequence, StoreError> {
        let Sequence { epoch, number } = self.latest()?;
        let next = Sequence { epoch, number: number.saturating_add(1) };
        self.put_sequence(next)?;
        Ok(next)
    }

    /// Keeps a message: once this returns, it was sent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add(&self, message: &SentMessage) -> Result<(), StoreError> {
        let SentMessage { sequence, digest, alert, envelope, about, instructions, judged_by } = message;
        let sealed = self.cover.seal_bytes(&self.cover.message(digest), to_bytes(instructions))?;
        let number = i64::try_from(sequence.number).map_err(|_too_many| FOREIGN)?;
        // Before the message: a list of which there is none does no harm.
        judged_by.as_deref().map_or(Ok(()), |list| self.keep_key_list(list))?;
        let judged_by = judged_by.as_deref().map(|list| hash(&SHA256, list));
        let judged_by = judged_by.as_ref().map(AsRef::as_ref);
        self.connection.execute(
            "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            (sequence.epoch, number, digest, alert, envelope, about, sealed, judged_by),
        )?;
        Ok(())
    }

    /// Keeps a list of keys that is in force: it says for ever until when the one before was.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_key_list(&self, list: &[u8]) -> Result<(), StoreError> {
        let digest = hash(&SHA256, list);
        self.connection.execute("INSERT OR IGNORE INTO key_list VALUES (?1, ?2)", (digest.as_ref(), list))?;
        Ok(())
    }

    /// Every list of keys that was kept, by its hash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn key_lists(&self) -> Result<BTreeMap<Vec<u8>, Arc<[u8]>>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT digest, list FROM key_list")?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?.into()));
        Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
    }

    /// Moves a long log into the file; to be called while nobody waits. What fails is tried again the next time.
    pub fn tidy(&self) {
        checkpoint_if_over(&self.connection, LONG_LOG).unwrap_or_default();
    }

    /// Every message, in the order in which they were sent: a number is given out when a draft is made, and a later draft may be signed first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn messages(&self) -> Result<Vec<SentMessage>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT epoch, number, digest, alert, envelope, about, instructions, judged_by FROM message ORDER BY rowid",
        )?;
        let lists = self.key_lists()?;
        let read = |row: &Row<'_>| {
            let number: i64 = row.get(1)?;
            let sequence = Sequence { epoch: row.get(0)?, number: number.unsigned_abs() };
            let (digest, sealed): ([u8; 32], Vec<u8>) = (row.get(2)?, row.get(6)?);
            let judged_by: Option<Vec<u8>> = row.get(7)?;
            let message = SentMessage {
                sequence,
                digest,
                alert: row.get(3)?,
                envelope: row.get(4)?,
                about: row.get(5)?,
                instructions: Vec::new(),
                judged_by: judged_by.and_then(|digest| lists.get(&digest).cloned()),
            };
            Ok((message, sealed))
        };
        let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        let opened = rows.into_iter().map(|(message, sealed)| {
            let bytes = self.cover.open_bytes(&self.cover.message(&message.digest), &sealed)?;
            // In a form of another version: that it was sent, officers have to see all the same.
            Ok(SentMessage { instructions: from_bytes(&bytes).unwrap_or_default(), ..message })
        });
        opened.collect()
    }

    /// A new television; `false` when another one shows the same code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_television(&self, token: &[u8; 32], code: u32, now: UnixMillis) -> Result<bool, StoreError> {
        let added = self.connection.execute(
            "INSERT OR IGNORE INTO television (token, code, made_at) VALUES (?1, ?2, ?3)",
            (token, code, now.get()),
        )?;
        Ok(added > 0)
    }

    /// Forgets televisions that were not bound since `before`: somebody opened the page once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_unbound(&self, before: UnixMillis) -> Result<(), StoreError> {
        self.connection
            .execute("DELETE FROM television WHERE household IS NULL AND made_at < ?1", [before.get()])?;
        Ok(())
    }

    /// Every television.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn televisions(&self) -> Result<Vec<Television>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT token, code, household, bound_day FROM television")?;
        let read = |row: &Row<'_>| {
            let household: Option<[u8; 16]> = row.get(2)?;
            let household = household.map(HouseholdId::from_bytes);
            let bound_day = row.get::<_, Option<u64>>(3)?.map(UnixMillis::new);
            Ok(Television { token: row.get(0)?, code: row.get(1)?, household, bound_day })
        };
        Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
    }

    /// Every television, if another program may have changed one since they were asked for in this way: nothing is read otherwise.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn televisions_if_changed(&mut self) -> Result<Option<Vec<Television>>, StoreError> {
        // Before they are read: what is written in between is read again.
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        if self.televisions_of == Some(version) {
            return Ok(None);
        }
        let televisions = self.televisions()?;
        self.televisions_of = Some(version);
        Ok(Some(televisions))
    }

    /// Gives the television that shows this code to a household. A code is good once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn bind(&self, code: u32, household: HouseholdId) -> Result<Bound, StoreError> {
        let bound = self.connection.execute(
            "UPDATE television SET household = ?1 WHERE code = ?2 AND household IS NULL",
            (household.as_bytes(), code),
        )?;
        Ok(if bound > 0 { Bound::Now } else { Bound::NoSuchCode })
    }

    /// The same, as somebody wants it at a box, who read the code there at `read`: a set that came later shows it by chance. What is the
    /// household's already stays so, however often a box says it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn bind_at_box(
        &self,
        (code, read): (u32, UnixMillis),
        household: HouseholdId,
        day: UnixMillis,
    ) -> Result<Bound, StoreError> {
        let bound = self.connection.execute(
            "UPDATE television SET household = ?1, bound_day = ?2
             WHERE code = ?3 AND household IS NULL AND made_at <= ?4",
            (household.as_bytes(), day.get(), code, i64::try_from(read.get()).unwrap_or(i64::MAX)),
        )?;
        let is_its = || -> Result<bool, StoreError> {
            let mut statement = self
                .connection
                .prepare_cached("SELECT 1 FROM television WHERE code = ?1 AND household = ?2")?;
            Ok(statement.exists((code, household.as_bytes()))?)
        };
        Ok(if bound > 0 || is_its()? { Bound::Now } else { Bound::NoSuchCode })
    }

    /// Takes a television off its household. It shows another code from now on: the one before was good once. `false` where there is no such
    /// household's television, or another one shows that code.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn unbind(&self, token: &[u8; 32], code: u32, now: UnixMillis) -> Result<bool, StoreError> {
        let unbound = self.connection.execute(
            "UPDATE OR IGNORE television
             SET household = NULL, bound_day = NULL, code = ?2, made_at = ?3
             WHERE token = ?1 AND household IS NOT NULL",
            (token, code, now.get()),
        )?;
        Ok(unbound > 0)
    }

    /// Forgets a television that is nobody's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_television(&self, token: &[u8; 32]) -> Result<bool, StoreError> {
        let gone = self
            .connection
            .execute("DELETE FROM television WHERE token = ?1 AND household IS NULL", [token])?;
        Ok(gone > 0)
    }

    /// Keeps answers, all in one commit. What was heard before stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn add_answers(&mut self, answers: &[Answer]) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let is_delivery = |answer: &&Answer| answer.kind == AnswerKind::Delivered;
        add_deliveries(&transaction, answers.iter().filter(is_delivery))?;
        {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO answer VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest, household, kind)
                     DO UPDATE SET at = excluded.at WHERE ?5 AND excluded.at < at",
            )?;
            let single = answers.iter().filter(|answer| !is_delivery(answer));
            for Answer { digest, household, kind, at } in single {
                statement.execute((
                    digest,
                    household.as_bytes(),
                    *kind as u8,
                    at.get(),
                    kind.is_on_the_way(),
                ))?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// Every answer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn answers(&self) -> Result<Vec<Answer>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT digest, household, kind, at FROM answer")?;
        let read = |row: &Row<'_>| {
            let household = HouseholdId::from_bytes(row.get(1)?);
            Ok((row.get(0)?, household, row.get::<_, u8>(2)?, row.get::<_, u64>(3)?))
        };
        let rows: Vec<_> = statement.query_map([], read)?.collect::<Result<_, _>>()?;
        let answer = |(digest, household, kind, at)| {
            let kind = AnswerKind::ALL.into_iter().find(|known| *known as u8 == kind).ok_or(FOREIGN)?;
            Ok(Answer { digest, household, kind, at: UnixMillis::new(at) })
        };
        rows.into_iter().map(answer).chain(self.deliveries()?.into_iter().map(Ok)).collect()
    }

    /// What was delivered to each household, the earliest alone.
    fn deliveries(&self) -> Result<Vec<Answer>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT digest, households FROM delivery ORDER BY number")?;
        let read = |row: &Row<'_>| Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, Vec<u8>>(1)?));
        let mut first: BTreeMap<([u8; 32], HouseholdId), UnixMillis> = BTreeMap::new();
        for row in statement.query_map([], read)? {
            let (digest, households) = row?;
            let (all, rest) = households.as_chunks::<DELIVERY>();
            for one in all {
                let (household, at) = one.split_first_chunk::<16>().ok_or(FOREIGN)?;
                let at = UnixMillis::new(u64::from_be_bytes(at.try_into().map_err(|_never| FOREIGN)?));
                first.entry((digest, HouseholdId::from_bytes(*household))).or_insert(at);
            }
            if !rest.is_empty() {
                return Err(FOREIGN);
            }
        }
        let answer =
            |((digest, household), at)| Answer { digest, household, kind: AnswerKind::Delivered, at };
        Ok(first.into_iter().map(answer).collect())
    }

    /// An officer looks after a household; `false` when another one does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_task(&self, task: &Task) -> Result<bool, StoreError> {
        let Task { digest, household, officer, at } = task;
        let taken = self.connection.execute(
            "INSERT OR IGNORE INTO task VALUES (?1, ?2, ?3, ?4)",
            (digest, household.as_bytes(), officer, at.get()),
        )?;
        Ok(taken > 0)
    }

    /// Every task that somebody took.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tasks(&self) -> Result<Vec<Task>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT digest, household, officer, at FROM task")?;
        let read = |row: &Row<'_>| {
            let household = HouseholdId::from_bytes(row.get(1)?);
            let at = UnixMillis::new(row.get(3)?);
            Ok(Task { digest: row.get(0)?, household, officer: row.get(2)?, at })
        };
        Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
    }
}

/// One row for each message and not for each household: ten thousand televisions fetch an alert in the same moment.
fn add_deliveries<'a>(
    into: &Connection,
    answers: impl Iterator<Item = &'a Answer>,
) -> Result<(), StoreError> {
    let mut of_each: BTreeMap<[u8; 32], Vec<u8>> = BTreeMap::new();
    for Answer { digest, household, at, kind: _ } in answers {
        let households = of_each.entry(*digest).or_default();
        households.extend_from_slice(household.as_bytes());
        households.extend_from_slice(&at.get().to_be_bytes());
    }
    let mut statement = into.prepare_cached("INSERT INTO delivery (digest, households) VALUES (?1, ?2)")?;
    of_each.into_iter().try_for_each(|row| statement.execute(row).map(drop))?;
    Ok(())
}

/// What is told alike once, and then who is told what: how many texts there are that several have in common (4), each with its length (4); for each
/// household its id (16), the salt (16), which of these texts it is told (4), and behind it the length (4) of its own words and these.
pub(crate) fn to_bytes(instructions: &[Instruction]) -> Vec<u8> {
    // By where it lies in memory: texts are shared, and not compared.
    let mut places: BTreeMap<usize, u32> = BTreeMap::new();
    let (mut alike, mut own) = (Vec::new(), Vec::new());
    for Instruction { household, salt, content } in instructions {
        let next = u32::try_from(places.len()).unwrap_or(u32::MAX);
        let which = *places.entry(content.alike().as_ptr().addr()).or_insert_with(|| {
            put(&mut alike, content.alike());
            next
        });
        own.extend_from_slice(household.as_bytes());
        own.extend_from_slice(salt);
        own.extend_from_slice(&which.to_be_bytes());
        put(&mut own, content.own());
    }
    let count = u32::try_from(places.len()).unwrap_or(u32::MAX);
    [count.to_be_bytes().as_slice(), &alike, &own].concat()
}

fn put(into: &mut Vec<u8>, text: &[u8]) {
    into.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    into.extend_from_slice(text);
}

fn take(from: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = from.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Vec<Instruction>> {
    let (count, mut rest) = bytes.split_first_chunk::<4>()?;
    let mut alike: Vec<Arc<[u8]>> = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (text, behind) = take(rest)?;
        alike.push(text.into());
        rest = behind;
    }
    let mut instructions = Vec::new();
    while !rest.is_empty() {
        let (household, behind) = rest.split_first_chunk::<16>()?;
        let (salt, behind) = behind.split_first_chunk::<16>()?;
        let (which, behind) = behind.split_first_chunk::<4>()?;
        let (own, behind) = take(behind)?;
        let alike = Arc::clone(alike.get(usize::try_from(u32::from_be_bytes(*which)).ok()?)?);
        instructions.push(Instruction {
            household: HouseholdId::from_bytes(*household),
            salt: *salt,
            content: Content::new(alike, own.into()),
        });
        rest = behind;
    }
    Some(instructions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(store: &AlertStore) -> SentMessage {
        let instruction = |number: u8| Instruction {
            household: HouseholdId::from_bytes([number; 16]),
            salt: [number; 16],
            content: b"Hanako-san, run".repeat(number.into()).into(),
        };
        SentMessage {
            sequence: store.next().unwrap(),
            digest: [7; 32],
            alert: b"<alert/>".to_vec(),
            envelope: vec![1, 2],
            about: "{}".to_owned(),
            instructions: vec![instruction(0), instruction(3)],
            judged_by: Some(b"the list of that day".as_slice().into()),
        }
    }

    #[test]
    fn what_was_sent_is_there_after_a_restart_and_nobody_s_name_is_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, key) = (folder.path().join("alerts.sqlite"), || FileKey::new([1; 32]));
        let now = UnixMillis::new(1_800_000_000_000);
        let mut store = AlertStore::open(&file, &key(), now).unwrap();
        let sent = message(&store);
        store.add(&sent).unwrap();
        assert!(store.add_television(&[1; 32], 48_217_350, now).unwrap());
        assert!(!store.add_television(&[2; 32], 48_217_350, now).unwrap(), "one code, two televisions");
        let household = HouseholdId::from_bytes([3; 16]);
        assert_eq!(store.bind(11, household).unwrap(), Bound::NoSuchCode);
        assert_eq!(store.bind(48_217_350, household).unwrap(), Bound::Now);
        assert_eq!(store.bind(48_217_350, HouseholdId::from_bytes([4; 16])).unwrap(), Bound::NoSuchCode);
        let answer = |kind, at| Answer { digest: [7; 32], household, kind, at: UnixMillis::new(at) };
        store.add_answers(&[answer(AnswerKind::Shown, 5), answer(AnswerKind::Going, 6)]).unwrap();
        store.add_answers(&[answer(AnswerKind::Shown, 9)]).unwrap();
        store.add_answers(&[answer(AnswerKind::Shown, 4), answer(AnswerKind::CheckPoint, 8)]).unwrap();
        store.add_answers(&[answer(AnswerKind::CheckPoint, 7)]).unwrap();
        store.add_answers(&[answer(AnswerKind::CheckPoint, 9)]).unwrap();
        store.add_answers(&[answer(AnswerKind::Delivered, 3), answer(AnswerKind::Shown, 8)]).unwrap();
        store.add_answers(&[answer(AnswerKind::Delivered, 2)]).unwrap();
        let task = Task { digest: [7; 32], household, officer: 1, at: now };
        assert!(store.take_task(&task).unwrap());
        assert!(!store.take_task(&Task { officer: 2, ..task }).unwrap(), "somebody was faster");
        store.forget_unbound(now.plus(1)).unwrap();
        drop(store);

        let store = AlertStore::open(&file, &key(), now.plus(600_000)).unwrap();
        assert_eq!(store.messages().unwrap(), std::slice::from_ref(&sent));
        assert_eq!(store.televisions().unwrap().len(), 1);
        let known = [
            (AnswerKind::Shown, 5),
            (AnswerKind::Going, 6),
            (AnswerKind::CheckPoint, 7),
            (AnswerKind::Delivered, 3),
        ];
        assert_eq!(store.answers().unwrap(), known.map(|(kind, at)| answer(kind, at)));
        assert_eq!(store.tasks().unwrap(), [task]);
        // An exercise is counted apart, so that it may have a number that something live has too.
        let exercise = SentMessage { digest: [8; 32], judged_by: None, ..sent.clone() };
        store.add(&exercise).unwrap();
        assert_eq!(store.messages().unwrap(), [sent.clone(), exercise.clone()]);
        // Numbers go on, and nobody gets one again.
        assert_eq!((sent.sequence.epoch, sent.sequence.number), (30_000_000, 1));
        assert_eq!(store.next().unwrap(), Sequence { epoch: 30_000_000, number: 2 });
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(6).any(|part| part == b"Hanako"));
        }
        // What nobody reads any more keeps nothing else back.
        let cover = store.cover.message(&sent.digest);
        let sealed = store.cover.seal_bytes(&cover, vec![0; 44]).unwrap();
        store
            .connection
            .execute("UPDATE message SET instructions = ?1 WHERE digest = ?2", (sealed, sent.digest))
            .unwrap();
        let damaged = SentMessage { instructions: Vec::new(), ..sent };
        assert_eq!(store.messages().unwrap(), [damaged, exercise]);
        drop(store);
        let other = AlertStore::open(&file, &FileKey::new([2; 32]), now).unwrap();
        assert!(other.messages().is_err());
    }

    #[test]
    fn a_television_that_was_given_away_at_a_box_says_the_day_and_comes_back_with_another_code() {
        let folder = tempfile::tempdir().unwrap();
        let (file, key) = (folder.path().join("alerts.sqlite"), FileKey::new([1; 32]));
        let now = UnixMillis::new(1_800_000_000_000);
        let store = AlertStore::open(&file, &key, now).unwrap();
        let (code, home) = (48_217_350, HouseholdId::from_bytes([3; 16]));
        store.add_television(&[1; 32], code, now).unwrap();
        store.add_television(&[2; 32], 11_111_111, now).unwrap();
        let at = UnixMillis::new(1_799_938_800_000);
        let before = UnixMillis::new(now.get() - 1);
        assert_eq!(store.bind_at_box((code, before), home, at).unwrap(), Bound::NoSuchCode);
        assert_eq!(store.bind_at_box((code, now), home, at).unwrap(), Bound::Now);
        assert_eq!(store.bind_at_box((code, now), home, at).unwrap(), Bound::Now, "said again");
        let other = HouseholdId::from_bytes([4; 16]);
        assert_eq!(store.bind_at_box((code, now), other, at).unwrap(), Bound::NoSuchCode);
        let known = |store: &AlertStore, token| {
            store.televisions().unwrap().into_iter().find(|one| one.token == token).unwrap()
        };
        assert_eq!(known(&store, [1; 32]).bound_day, Some(at));
        assert!(!store.forget_television(&[1; 32]).unwrap(), "it is somebody's");
        assert!(!store.unbind(&[1; 32], 11_111_111, now).unwrap(), "another one shows this code");
        assert!(!store.unbind(&[2; 32], 22_222_222, now).unwrap(), "nobody's");
        assert!(store.unbind(&[1; 32], 22_222_222, now).unwrap());
        let after = known(&store, [1; 32]);
        assert_eq!((after.code, after.household, after.bound_day), (22_222_222, None, None));
        assert!(store.forget_television(&[2; 32]).unwrap() && store.televisions().unwrap().len() == 1);
    }

    #[test]
    fn what_is_told_alike_stands_there_once_and_comes_back_with_each_one_s_own() {
        let [one, other]: [Arc<[u8]>; 2] = [b"run up".as_slice().into(), b"run".as_slice().into()];
        let instruction = |alike: &Arc<[u8]>, own: &[u8]| Instruction {
            household: HouseholdId::from_bytes([1; 16]),
            salt: [2; 16],
            content: Content::new(Arc::clone(alike), own.into()),
        };
        let all = [
            instruction(&one, b" A"),
            instruction(&other, b""),
            instruction(&one, b" B"),
            Instruction { content: b"stay".into(), ..instruction(&one, b"") },
        ];
        let bytes = to_bytes(&all);
        let read = from_bytes(&bytes).unwrap();
        assert_eq!(read, all);
        assert!(Arc::ptr_eq(read[0].content.alike(), read[2].content.alike()), "and in memory once as well");
        assert_eq!(bytes.len(), 4 + (4 + 6) + (4 + 3) + 4 + 4 * 40 + 2 + 2 + 4);
        let ends: Vec<usize> = (0..bytes.len()).filter(|end| from_bytes(&bytes[..*end]).is_some()).collect();
        assert_eq!(ends, [25, 67, 107, 149], "nothing but whole ones");
        let beyond = [[0; 4].as_slice(), &[0; 40]].concat();
        assert_eq!(from_bytes(&beyond), None, "a text that is not there");
        assert_eq!(from_bytes(&[0xFF; 64]), None, "more texts than bytes");
    }

    #[test]
    fn televisions_are_read_again_only_when_another_program_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let (file, key) = (folder.path().join("alerts.sqlite"), || FileKey::new([1; 32]));
        let now = UnixMillis::new(1_800_000_000_000);
        let mut server = AlertStore::open(&file, &key(), now).unwrap();
        assert_eq!(server.televisions_if_changed().unwrap(), Some(Vec::new()), "the first time");
        server.add_television(&[1; 32], 48_217_350, now).unwrap();
        assert_eq!(server.televisions_if_changed().unwrap(), None, "its own");
        let command = AlertStore::open(&file, &key(), now).unwrap();
        command.bind(48_217_350, HouseholdId::from_bytes([3; 16])).unwrap();
        let changed = server.televisions_if_changed().unwrap().unwrap();
        assert!(changed.iter().all(|television| television.household.is_some()) && changed.len() == 1);
        assert_eq!(server.televisions_if_changed().unwrap(), None);
    }
}
