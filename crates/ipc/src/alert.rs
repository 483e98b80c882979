//! What the town's officers say now, as far as this box could verify it.

use hinamori_model::UnixMillis;
use serde::{Deserialize, Serialize};

/// Alerts that a kiosk is told of; more are counted only.
pub const MOST_SHOWN: usize = 4;

/// Every alert that is to be shown, the most urgent first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneAlerts {
    /// At most [`MOST_SHOWN`]. Live ones or exercises, never both.
    pub shown: Vec<AlertNotice>,
    /// How many more there are.
    pub more: u16,
    /// People pass here on their way up: a check-point while a live order about a tsunami is in force.
    pub passage: Option<Passage>,
}

impl LaneAlerts {
    /// How many there are beside the first one; `None` for none.
    pub fn more_than_one(&self) -> Option<u64> {
        let beside = u64::try_from(self.shown.len().saturating_sub(1)).unwrap_or(u64::MAX);
        Some(beside.saturating_add(self.more.into())).filter(|count| *count > 0)
    }
}

/// Nobody is to stop here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// When the first tsunami is expected; `None` where nobody said it.
    pub expected: Option<UnixMillis>,
    /// From when on staff are to leave too.
    pub staff_leave: Option<UnixMillis>,
}

/// One alert, in the words that the officers signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertNotice {
    /// Whether it is real.
    pub class: AlertClass,
    /// What it is.
    pub kind: AlertKind,
    /// How it is coloured.
    pub danger: Danger,
    /// What it is called: 大津波警報　避難指示.
    pub title: String,
    /// The same in English.
    pub english_title: String,
    /// One line in easy Japanese.
    pub easy: String,
    /// One line in English.
    pub english: String,
    /// For which districts.
    pub districts: Vec<String>,
    /// When it was sent.
    pub sent: UnixMillis,
    /// When the tsunami is expected.
    pub expected: Option<UnixMillis>,
}

/// Whether an alert is real.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertClass {
    /// It is.
    Live,
    /// 訓練
    Exercise,
}

/// What an alert is for those who hear it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// People are to leave.
    Order,
    /// 解除: the danger is over.
    AllClear,
    /// 取消: it was a mistake.
    Cancel,
}

/// Of what an alert warns, as far as its colour goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Danger {
    /// 大津波警報
    MajorTsunami,
    /// 津波警報
    Tsunami,
    /// 津波注意報
    TsunamiAdvisory,
    /// 警戒レベル3
    LevelThree,
    /// 警戒レベル4
    LevelFour,
    /// 警戒レベル5
    LevelFive,
    /// What has no level.
    Other,
}

impl Danger {
    /// Whether people ask when it comes.
    pub const fn is_tsunami(self) -> bool {
        matches!(self, Self::MajorTsunami | Self::Tsunami | Self::TsunamiAdvisory)
    }
}
