//! How a site is equipped and kept: toilets, water, heating, food, infection, space. One look by one person at one time.

use hinamori_model::{PersonalText, UnixMillis};

use crate::csv::CsvFile;
use crate::occasion::Occasion;
use crate::site::Site;
use crate::time;

/// What is looked at. The number is stored and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Aspect {
    /// トイレ
    Toilets = 0,
    /// 水
    Water = 1,
    /// 暖房・冷房
    Heating = 2,
    /// 食料
    Food = 3,
    /// 感染症
    Infection = 4,
    /// スペース
    Space = 5,
}

impl Aspect {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Toilets, Self::Water, Self::Heating, Self::Food, Self::Infection, Self::Space];

    const fn label(self) -> &'static str {
        match self {
            Self::Toilets => "トイレ",
            Self::Water => "水",
            Self::Heating => "暖房・冷房",
            Self::Food => "食料",
            Self::Infection => "感染症",
            Self::Space => "スペース",
        }
    }
}

/// How it is. The number is stored and never reused. "Not looked at" is never "good".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum Grade {
    /// Nobody looked.
    #[default]
    NotLookedAt = 0,
    /// Good for now.
    Good = 1,
    /// Short, or bad soon.
    Short = 2,
    /// Cannot go on without help.
    Urgent = 3,
}

impl Grade {
    const fn label(self) -> &'static str {
        match self {
            Self::NotLookedAt => "未確認",
            Self::Good => "良い",
            Self::Short => "不足・注意",
            Self::Urgent => "至急",
        }
    }
}

/// What was found of one aspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub grade: Grade,
    /// What else there is to say. It may name people, so it is not printed.
    pub note: PersonalText,
}

impl Default for Finding {
    fn default() -> Self {
        Self { grade: Grade::NotLookedAt, note: PersonalText::new("") }
    }
}

/// One look at a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// Where.
    pub site: Site,
    /// What was found, in the order of [`Aspect::ALL`].
    pub findings: [Finding; Aspect::ALL.len()],
    /// Who looked.
    pub by: PersonalText,
    /// When.
    pub at: UnixMillis,
}

/// Assessments for headquarters as CSV: a row for each aspect of each, drill or not in every row.
pub fn assessments_csv<'a>(
    occasion: &Occasion,
    assessments: impl IntoIterator<Item = &'a Assessment>,
) -> Vec<u8> {
    let mut file = CsvFile::new();
    file.record([
        "区分",
        "災害事案",
        "拠点ID",
        "名称",
        "項目番号",
        "項目",
        "評価番号",
        "評価",
        "備考",
        "確認者",
        "確認日時",
    ]);
    for Assessment { site, findings, by, at } in assessments {
        for (aspect, Finding { grade, note }) in Aspect::ALL.into_iter().zip(findings) {
            file.text(occasion.mark()).text(&occasion.name).text(&site.id.to_string()).text(&site.name);
            file.number(aspect as u8).text(aspect.label()).number(*grade as u8).text(grade.label());
            file.text(note.expose()).text(by.expose()).text(&time::japan(*at));
            file.end();
        }
    }
    file.into_bytes()
}
