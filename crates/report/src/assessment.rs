//! How a site is equipped and kept: toilets, water, heating, food, infection, space. One look by one person at one time.

use hinamori_model::{Aspect, Grade, PersonalText, UnixMillis};

use crate::csv::CsvFile;
use crate::occasion::Occasion;
use crate::site::Site;
use crate::time;

const fn aspect_label(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Toilets => "トイレ",
        Aspect::Water => "水",
        Aspect::Heating => "暖房・冷房",
        Aspect::Food => "食料",
        Aspect::Infection => "感染症",
        Aspect::Space => "スペース",
    }
}

const fn grade_label(grade: Grade) -> &'static str {
    match grade {
        Grade::NotLookedAt => "未確認",
        Grade::Good => "良い",
        Grade::Short => "不足・注意",
        Grade::Urgent => "至急",
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
        for (aspect, Finding { grade, note }) in Aspect::ALL.iter().copied().zip(findings) {
            file.text(occasion.mark()).text(&occasion.name).text(&site.id.to_string()).text(&site.name);
            file.number(aspect as u8)
                .text(aspect_label(aspect))
                .number(*grade as u8)
                .text(grade_label(*grade));
            file.text(note.expose()).text(by.expose()).text(&time::japan(*at));
            file.end();
        }
    }
    file.into_bytes()
}
