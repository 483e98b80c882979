//! The change of staff: who leaves, who joins, and in which order they are called from then on. Two officers sign the whole table as it will
//! be; only then it counts. What happens on a later day follows from the days of the table, so that nobody has to be there that morning.

use std::collections::{BTreeMap, BTreeSet};

use hinamori_alert::{KeyClass, KeyList};
use hinamori_model::{PersonalText, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::alerts::desk_door::Asserted;
use crate::alerts::of_base64_url;
use crate::alerts::officers::{MOST_OFFICERS, Officer, Register};
use crate::signed_log::sha256;

/// Ahead of what two officers sign: never an alert's digest, nor a device's.
const DOMAIN: &[u8; 24] = b"hinamori staff/change/v1";
/// How long a change waits for its second signature: officers are on duty in turns.
const WAITS_MILLIS: u64 = 14 * 24 * 3_600_000;
/// An alert takes two; with two alone, one who is ill stops the town.
pub(crate) const ENOUGH: usize = 3;
/// With fewer nobody could send anything, nor mend it here.
const FEWEST: usize = 2;
/// How far ahead days are looked for on which too few can sign.
const LOOKS_AHEAD_MILLIS: u64 = 180 * 24 * 3_600_000;
/// How far ahead an order of deputies is fixed.
const FARTHEST_MILLIS: u64 = 366 * 24 * 3_600_000;
/// Characters of a name or title.
const LONGEST_TEXT: usize = 40;
/// The longest telephone number: + and 15 digits (ITU-T E.164 §6.2.1) with a hyphen here and there.
const LONGEST_TELEPHONE: usize = 20;

/// What is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// From when the order holds; a day that is over means now.
    pub(crate) day: UnixMillis,
    /// Everybody who has not left yet, in the order in which they are to be called.
    pub(crate) officers: Vec<Row>,
}

/// One line of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// Nothing for somebody new.
    pub(crate) id: Option<u32>,
    pub(crate) name: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) from: UnixMillis,
    /// What is over means at once.
    pub(crate) until: UnixMillis,
    #[serde(default)]
    pub(crate) telephone: Option<String>,
}

/// The exact change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StaffChange {
    /// The table before it, and how often it was changed: it follows that one alone.
    #[serde(serialize_with = "crate::hex::serialize", deserialize_with = "crate::hex::deserialize")]
    before: [u8; 32],
    made: UnixMillis,
    pub(crate) day: UnixMillis,
    pub(crate) officers: Vec<Officer>,
}

/// One officer's signature under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    pub(crate) officer: u32,
    pub(crate) at: UnixMillis,
    asserted: Asserted,
}

/// A change that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PendingChange {
    pub(crate) change: StaffChange,
    pub(crate) approvals: Vec<Approval>,
}

/// An order of deputies of a day to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NextOrder {
    pub(crate) day: UnixMillis,
    pub(crate) officers: Vec<u32>,
}

/// Why a table is not taken. In the words of the officer or administrator who made it; lines count from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadChange {
    /// More than a town has.
    #[error("職員は {MOST_OFFICERS}人までです")]
    TooMany,
    /// Empty, too long, or with letters that nobody sees.
    #[error("{0}行目：名前と 役職は 1〜40字で 書いて ください。見えない 文字は 使えません")]
    BadText(usize),
    /// Letters in it.
    #[error("{0}行目：電話番号は 数字と ハイフンで 書いて ください")]
    BadTelephone(usize),
    /// Whoever signs could not tell them apart.
    #[error("{0}行目：同じ 名前と 役職の 人が もう います。役職で 見分けられるように して ください")]
    Alike(usize),
    /// The first day after the last one, or somebody new who is over already.
    #[error("{0}行目：始まりの 日と 終わりの 日を 確かめて ください")]
    BadDays(usize),
    /// Nobody knows yet who will be there.
    #[error("新しい 順番の 日は 1年より 先に できません")]
    TooFarAhead,
    /// Nobody disappears in silence.
    #[error("{0}さんが 表に ありません。外す人には 終わりの 日を 入れて ください")]
    LeftOut(String),
    /// A number that nobody has, that is over or there twice, or another name for it.
    #[error("{0}行目：この 職員は 変えられません。名前が 変わる時は 新しい 職員として 加えて ください")]
    NotThisPerson(usize),
    /// The same table.
    #[error("何も 変わっていません")]
    Nothing,
    /// Nobody could send an alert.
    #[error("{0}に 署名できる 人が 2人より 少なく なります。お知らせを 出せなく なるので、変えられません")]
    TooFew(String),
}

/// Why a signature changes nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotApproved {
    /// Somebody dropped it, or it waited too long.
    #[error("この 変更は もう ありません")]
    Gone,
    /// One person, one signature.
    #[error("あなたは もう 署名しています。別の人の署名が 必要です")]
    SignedAlready,
    /// None, or not by this officer's live passkey.
    #[error("署名が 確かめられません")]
    BadSignature,
    /// The table is another one by now.
    #[error("あとから 職員の 表が 変わりました。新しく 作って ください")]
    Overtaken,
    /// It was right when it was made.
    #[error(transparent)]
    Bad(#[from] BadChange),
}

/// What a change does, in the order of the table. It goes into the log, and telephone numbers do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(crate) enum Difference {
    Joins {
        officer: u32,
        name: String,
        title: String,
        from: UnixMillis,
        until: UnixMillis,
    },
    LeavesAtOnce {
        officer: u32,
        name: String,
    },
    Until {
        officer: u32,
        name: String,
        before: UnixMillis,
        until: UnixMillis,
    },
    From {
        officer: u32,
        name: String,
        from: UnixMillis,
    },
    Title {
        officer: u32,
        name: String,
        before: String,
        title: String,
    },
    Telephone {
        officer: u32,
        name: String,
    },
    Order {
        day: UnixMillis,
        officers: Vec<u32>,
        names: Vec<String>,
    },
    /// An order that was signed for a later day holds no more: there is one of a day to come.
    OrderGivenUp {
        day: UnixMillis,
    },
}

/// How many can sign.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) before: usize,
    /// That day, with a device.
    pub(crate) ready: usize,
    /// That day, and still without one.
    pub(crate) without_device: usize,
    /// From when on how many could sign, where they are too few.
    pub(crate) few: Vec<(UnixMillis, usize)>,
}

impl StaffChange {
    /// What is signed.
    pub(crate) fn digest(&self) -> [u8; 32] {
        // Members stand in a fixed order, and every text has its end.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        sha256(&[DOMAIN.as_slice(), &bytes].concat())
    }

    pub(crate) fn id(&self) -> String {
        crate::hex::text(self.digest().get(..8).unwrap_or_default())
    }

    pub(crate) const fn dropped_at(&self) -> UnixMillis {
        self.made.plus(WAITS_MILLIS)
    }

    /// Everybody whom it names, as it will be when it is applied at `now`.
    fn applied(&self, known: &Register, now: UnixMillis) -> Vec<Officer> {
        let row = |row: &Officer| {
            let mut row = row.clone();
            if row.until < self.made {
                // With the second signature, and not before: what they signed meanwhile stays signed.
                row.until = UnixMillis::new(now.get().saturating_sub(1));
            }
            row.gone = row.until < now;
            row.approved = known.officer(row.id).map(|known| known.approved.clone()).unwrap_or_default();
            row
        };
        self.officers.iter().map(row).collect()
    }
}

impl PendingChange {
    pub(crate) fn is_over(&self, now: UnixMillis) -> bool {
        self.change.dropped_at() < now
    }

    pub(crate) fn has_signed(&self, officer: u32) -> bool {
        self.approvals.iter().any(|approval| approval.officer == officer)
    }
}

impl Register {
    /// What a change names as the table before it.
    fn state(&self) -> [u8; 32] {
        let all = (self.changes, &self.officers, &self.next_order);
        sha256(&serde_json::to_vec(&all).unwrap_or_default())
    }

    /// The order in which officers are called at a time.
    fn place(&self, officer: u32, now: UnixMillis) -> usize {
        let next = self.next_order.as_ref().filter(|next| next.day <= now);
        let ids: Vec<u32> = match next {
            Some(next) => next.officers.clone(),
            None => self.officers.iter().map(|officer| officer.id).collect(),
        };
        ids.iter().position(|id| *id == officer).unwrap_or(usize::MAX)
    }

    /// Everybody who has not left, in the order in which they are called.
    pub(crate) fn staff(&self, now: UnixMillis) -> Vec<&Officer> {
        let mut all: Vec<&Officer> = self.officers.iter().filter(|one| !one.is_over(now)).collect();
        all.sort_by_key(|officer| self.place(officer.id, now));
        all
    }

    /// Judges a table.
    ///
    /// # Errors
    /// [`BadChange`].
    pub(crate) fn change_of(&self, wanted: &Wanted, now: UnixMillis) -> Result<StaffChange, BadChange> {
        if wanted.officers.len() > MOST_OFFICERS {
            return Err(BadChange::TooMany);
        }
        if wanted.day > now.plus(FARTHEST_MILLIS) {
            return Err(BadChange::TooFarAhead);
        }
        let mut next = self.officers.iter().map(|officer| officer.id).max().unwrap_or_default();
        let (mut officers, mut ids, mut seen) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (line, row) in (1..).zip(&wanted.officers) {
            let officer = self.row_of(row, line, &mut next, now)?;
            if !ids.insert(officer.id) {
                return Err(BadChange::NotThisPerson(line));
            }
            if !seen.insert((officer.name.clone(), officer.title.clone())) {
                return Err(BadChange::Alike(line));
            }
            officers.push(officer);
        }
        if let Some(left) = self.staff(now).into_iter().find(|known| !ids.contains(&known.id)) {
            return Err(BadChange::LeftOut(left.name.clone()));
        }
        let change = StaffChange { before: self.state(), made: now, day: wanted.day, officers };
        if self.differences(&change, now).is_empty() {
            return Err(BadChange::Nothing);
        }
        self.leaves_enough(&change, now)?;
        Ok(change)
    }

    fn row_of(&self, row: &Row, line: usize, next: &mut u32, now: UnixMillis) -> Result<Officer, BadChange> {
        let Row { id, name, title, from, until, telephone } = row;
        if !is_plain(name) || !is_plain(title) {
            return Err(BadChange::BadText(line));
        }
        let is_number = |text: &str| telephone_of(text).ok_or(BadChange::BadTelephone(line));
        let telephone = telephone.as_deref().filter(|text| !text.is_empty()).map(is_number).transpose()?;
        let known = id.map(|id| {
            let known = self.officer(id).filter(|known| !known.is_over(now) && known.name == *name);
            known.ok_or(BadChange::NotThisPerson(line))
        });
        let known = known.transpose()?;
        let is_new = known.is_none();
        // Whoever is in office began when they began.
        let from = known.filter(|known| known.from <= now).map_or(*from, |known| known.from);
        let id = known.map_or_else(
            || {
                *next = next.saturating_add(1);
                *next
            },
            |known| known.id,
        );
        // At once is a moment that is over for every clock that is right.
        let until = if *until < now { UnixMillis::new(now.get().saturating_sub(1)) } else { *until };
        if (is_new && until < now) || (from > until && until >= now) {
            return Err(BadChange::BadDays(line));
        }
        let (name, title) = (name.clone(), title.clone());
        Ok(Officer { id, name, title, from, until, telephone, gone: false, approved: Vec::new() })
    }

    /// What a change does to the table.
    pub(crate) fn differences(&self, change: &StaffChange, now: UnixMillis) -> Vec<Difference> {
        let mut found = Vec::new();
        for row in &change.officers {
            let Officer { id: officer, name, title, from, until, telephone, .. } = row.clone();
            let Some(known) = self.officer(officer) else {
                found.push(Difference::Joins { officer, name, title, from, until });
                continue;
            };
            if until < change.made {
                found.push(Difference::LeavesAtOnce { officer, name });
                continue;
            }
            if until != known.until {
                found.push(Difference::Until { officer, name: name.clone(), before: known.until, until });
            }
            if from != known.from {
                found.push(Difference::From { officer, name: name.clone(), from });
            }
            if title != known.title {
                let before = known.title.clone();
                found.push(Difference::Title { officer, name: name.clone(), before, title });
            }
            if telephone != known.telephone {
                found.push(Difference::Telephone { officer, name });
            }
        }
        // Whoever joins comes last where nobody says otherwise.
        // As it was when the change was made: days that pass until it is signed make no other change of it.
        let known = self.staff(change.day.max(change.made)).into_iter().map(|officer| officer.id);
        let joins = change.officers.iter().map(|row| row.id).filter(|id| self.officer(*id).is_none());
        let stays = |id: &u32| change.officers.iter().any(|row| row.id == *id && row.until >= change.made);
        let without: Vec<u32> = known.chain(joins).filter(stays).collect();
        let rows = change.officers.iter().filter(|row| row.until >= change.made);
        let wanted: Vec<u32> = rows.clone().map(|row| row.id).filter(|id| without.contains(id)).collect();
        if wanted != without {
            let names = rows.map(|row| row.name.clone()).collect();
            found.push(Difference::Order { day: change.day, officers: wanted, names });
            let given_up = self.next_order.as_ref().map(|next| next.day).filter(|day| *day > now);
            if let Some(day) = given_up.filter(|day| change.day > now && *day != change.day) {
                found.push(Difference::OrderGivenUp { day });
            }
        }
        found
    }

    /// Whether a change says another order than holds on its day.
    fn is_order_touched(&self, change: &StaffChange, now: UnixMillis) -> bool {
        self.differences(change, now).iter().any(|one| matches!(one, Difference::Order { .. }))
    }

    /// Refuses what would leave fewer than two: now, since nobody could mend it, and on any day up to that of the change.
    fn leaves_enough(&self, change: &StaffChange, now: UnixMillis) -> Result<(), BadChange> {
        let rows = change.applied(self, now);
        let day = |at| BadChange::TooFew(japanese_day(at));
        // A change of staff is signed by passkeys alone.
        let with_device = |officer: &&Officer| self.credentials(officer.id, KeyClass::Live).next().is_some();
        if in_office(&rows, now).filter(with_device).count() < FEWEST {
            return Err(day(now));
        }
        let mut moments = moments(&rows, now).into_iter().chain([change.day.max(now)]);
        let few = moments.find(|at| *at <= change.day && in_office(&rows, *at).count() < FEWEST);
        few.map_or(Ok(()), |at| Err(day(at)))
    }

    /// How many could sign, if nothing else changes.
    pub(crate) fn effect(&self, change: &StaffChange, list: Option<&KeyList>, now: UnixMillis) -> Effect {
        let rows = change.applied(self, now);
        // At the desk or at a kiosk.
        let with_device = |officer: &&Officer| self.proved(officer.id, KeyClass::Live).is_some();
        let ready = |at| in_office(&rows, at).filter(with_device).count();
        let day = change.day.max(now);
        let until = now.plus(LOOKS_AHEAD_MILLIS).max(day);
        let few = |at: &UnixMillis| *at <= until && ready(*at) < ENOUGH;
        let few = [now].into_iter().chain(moments(&rows, now)).filter(few).map(|at| (at, ready(at)));
        Effect {
            before: self.able(KeyClass::Live, list, now),
            ready: ready(day),
            without_device: in_office(&rows, day).count().saturating_sub(ready(day)),
            few: few.collect(),
        }
    }

    /// An officer who may sign such things now, by the live passkey that signed exactly this.
    pub(crate) fn signer(
        &self,
        digest: &[u8; 32],
        asserted: &Asserted,
        list: &KeyList,
        now: UnixMillis,
    ) -> Option<&Officer> {
        let (officer, class, key) = self.by_credential(&of_base64_url(&asserted.credential)?)?;
        let is_listed = list
            .devices()
            .any(|device| device.key == key && device.class == KeyClass::Live && device.until >= now);
        let may = class == KeyClass::Live && officer.is_in_office(now) && is_listed;
        let holds =
            || asserted.read(key).is_some_and(|signed| signed.verify(digest, &list.relying_party).is_ok());
        (may && holds()).then_some(officer)
    }

    /// Takes an officer's signature under the change that waits; the second one applies it. Gives back what was applied, and who signed.
    ///
    /// # Errors
    /// [`NotApproved`]; nothing is changed then.
    pub(crate) fn approve(
        &mut self,
        (id, officer): (&str, u32),
        asserted: Asserted,
        list: &KeyList,
        now: UnixMillis,
    ) -> Result<Option<(StaffChange, Vec<u32>)>, NotApproved> {
        let waiting =
            self.pending.as_ref().filter(|pending| pending.change.id() == id && !pending.is_over(now));
        let mut pending = waiting.ok_or(NotApproved::Gone)?.clone();
        if pending.change.before != self.state() {
            return Err(NotApproved::Overtaken);
        }
        if pending.has_signed(officer) {
            return Err(NotApproved::SignedAlready);
        }
        pending.approvals.push(Approval { officer, at: now, asserted });
        // Also the first one anew: over what stands here now, by who may sign now.
        let digest = pending.change.digest();
        let signs = |approval: &Approval| {
            let signer = self.signer(&digest, &approval.asserted, list, now).map(|officer| officer.id);
            signer.filter(|signer| *signer == approval.officer).ok_or(NotApproved::BadSignature)
        };
        let signed = pending.approvals.iter().map(signs).collect::<Result<BTreeSet<_>, _>>()?;
        if signed.len() < 2 {
            self.pending = Some(pending);
            return Ok(None);
        }
        let signed: Vec<u32> = signed.into_iter().collect();
        self.leaves_enough(&pending.change, now)?;
        self.apply(&pending.change, &signed, now);
        Ok(Some((pending.change, signed)))
    }

    /// Makes the table what a change says. `approved` are the officers who may invite whoever joins; none for the administrator's.
    pub(crate) fn apply(&mut self, change: &StaffChange, approved: &[u32], now: UnixMillis) {
        let order: Vec<u32> = change.officers.iter().map(|row| row.id).collect();
        let mut rows: BTreeMap<u32, Officer> = BTreeMap::new();
        for mut row in change.applied(self, now) {
            if self.officer(row.id).is_none() {
                row.approved = approved.to_vec();
            }
            if row.gone {
                self.devices.retain(|device| device.admitted || !device.is_of(row.id));
                self.invitations.retain(|invitation| !invitation.is_of(row.id));
            }
            rows.insert(row.id, row);
        }
        let mut known: Vec<u32> = self.officers.iter().map(|officer| officer.id).collect();
        known.sort_by_key(|id| self.place(*id, now));
        let (is_touched, is_later) = (self.is_order_touched(change, now), change.day > now);
        // Until that day everybody keeps their place, and an order that nobody touched is kept with its day.
        let holds_now = is_touched && !is_later;
        let ids = if holds_now { [order.clone(), known].concat() } else { [known, order.clone()].concat() };
        let next_order = if is_touched && is_later {
            Some(NextOrder { day: change.day, officers: order })
        } else {
            self.next_order.take().filter(|next| next.day > now)
        };
        let before = std::mem::take(&mut self.officers);
        let mut all: BTreeMap<u32, Officer> = before.into_iter().map(|one| (one.id, one)).collect();
        all.extend(rows);
        self.officers = ids.into_iter().filter_map(|id| all.remove(&id)).collect();
        self.next_order = next_order;
        self.changes = self.changes.saturating_add(1);
        self.pending = None;
    }
}

fn in_office(rows: &[Officer], at: UnixMillis) -> impl Iterator<Item = &Officer> {
    rows.iter().filter(move |row| row.is_in_office(at))
}

/// When somebody begins or has ended, after now.
fn moments(rows: &[Officer], now: UnixMillis) -> BTreeSet<UnixMillis> {
    rows.iter().flat_map(|row| [row.from, row.until.plus(1)]).filter(|at| *at > now).collect()
}

/// Letters that one sees, and that stay where they are: a name must not hide another, nor turn a line around (UAX #9 §2).
fn is_plain(text: &str) -> bool {
    let is_unseen = |one: char| {
        one.is_control()
            || matches!(one, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    (1..=LONGEST_TEXT).contains(&text.chars().count()) && text.trim() == text && !text.chars().any(is_unseen)
}

/// A telephone number, if it is one: digits, hyphens, and + ahead.
fn telephone_of(text: &str) -> Option<PersonalText> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_one = text.len() <= LONGEST_TELEPHONE
        && digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.chars().all(|one| one.is_ascii_digit() || one == '-');
    is_one.then(|| PersonalText::new(text))
}

/// 2027年4月1日, as Japan counts it.
pub(crate) fn japanese_day(at: UnixMillis) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let at = i64::try_from(at.get()).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    let date = at.map(|at| at.to_zoned(zone).date());
    date.map_or_else(String::new, |date| format!("{}年{}月{}日", date.year(), date.month(), date.day()))
}

impl Difference {
    /// In a sentence for who signs it.
    pub(crate) fn japanese(&self, telephone: Option<&PersonalText>, now: UnixMillis) -> String {
        match self {
            Self::Joins { name, title, from, until, .. } => {
                let from = if from.get() == 0 { "すぐ".to_owned() } else { japanese_day(*from) };
                format!("＋ {name}さん（{title}）が 加わります：{from} から {} まで", japanese_day(*until))
            }
            Self::LeavesAtOnce { name, .. } => format!("！ {name}さんを すぐ 外します"),
            Self::Until { name, before, until, .. } => {
                let (before, day) = (japanese_day(*before), japanese_day(*until));
                format!("{name}さんは {day} まで（いままで：{before} まで）")
            }
            Self::From { name, from, .. } => format!("{name}さんは {} から", japanese_day(*from)),
            Self::Title { name, before, title, .. } => format!("{name}さんの 役職：{before} → {title}"),
            Self::Telephone { name, .. } => {
                let number = telephone.map_or("なし", PersonalText::expose);
                format!("{name}さんの 電話：{number}")
            }
            Self::Order { day, names, .. } => {
                let since =
                    if *day > now { format!("{} から、", japanese_day(*day)) } else { String::new() };
                let names: Vec<String> =
                    (1..).zip(names).map(|(place, name)| format!("{place} {name}")).collect();
                format!("{since}呼ぶ 順：{}", names.join("、"))
            }
            Self::OrderGivenUp { day } => {
                format!("！ 署名 ずみの {} からの 呼ぶ 順は なくなります", japanese_day(*day))
            }
        }
    }
}
