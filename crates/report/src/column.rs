//! The kinds of count, with their Japanese headers, the keys that programs read, and HXL tags (hxlstandard.org, 1.1).

/// Age bands as towns report them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgeBand {
    /// 0 to 2.
    Infants,
    /// 3 to 5.
    Toddlers,
    /// 6 to 14.
    SchoolChildren,
    /// 15 to 64.
    Adults,
    /// 65 to 74.
    Elderly,
    /// 75 and over.
    OldElderly,
    /// Nobody said.
    Unknown,
}

impl AgeBand {
    /// All of them, youngest first, the unknown last.
    pub const ALL: [Self; 7] = [
        Self::Infants,
        Self::Toddlers,
        Self::SchoolChildren,
        Self::Adults,
        Self::Elderly,
        Self::OldElderly,
        Self::Unknown,
    ];

    /// The band of an age in years.
    pub const fn of(years: u8) -> Self {
        match years {
            0..=2 => Self::Infants,
            3..=5 => Self::Toddlers,
            6..=14 => Self::SchoolChildren,
            15..=64 => Self::Adults,
            65..=74 => Self::Elderly,
            75.. => Self::OldElderly,
        }
    }
}

/// Sex as far as a person said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sex {
    /// 女性
    Female,
    /// 男性
    Male,
    /// その他
    Other,
    /// Left blank.
    Unknown,
}

impl Sex {
    /// All of them, the unknown last.
    pub const ALL: [Self; 4] = [Self::Female, Self::Male, Self::Other, Self::Unknown];
}

/// What somebody needs. The order is fixed: counts come in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// 要介護
    Care,
    /// 障害
    Disability,
    /// 車いす
    Wheelchair,
    /// 妊産婦
    Pregnant,
    /// 乳児
    Baby,
    /// 難病
    IntractableDisease,
    /// 認知症
    Dementia,
    /// 酸素・人工呼吸器
    Breathing,
    /// 人工透析
    Dialysis,
    /// インスリン
    Insulin,
    /// 視覚障害
    Sight,
    /// 聴覚障害
    Hearing,
    /// 外国語
    ForeignLanguage,
    /// 食物アレルギー・食事
    Food,
    /// 服薬
    Medication,
    /// けが
    Injury,
    /// 発熱・せき
    Fever,
}

impl Need {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Care,
        Self::Disability,
        Self::Wheelchair,
        Self::Pregnant,
        Self::Baby,
        Self::IntractableDisease,
        Self::Dementia,
        Self::Breathing,
        Self::Dialysis,
        Self::Insulin,
        Self::Sight,
        Self::Hearing,
        Self::ForeignLanguage,
        Self::Food,
        Self::Medication,
        Self::Injury,
        Self::Fever,
    ];
}

/// Who was counted by head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeadCountKind {
    /// 15 or over.
    Adults,
    /// 3 to 14.
    Children,
    /// Up to 2.
    Infants,
}

impl HeadCountKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Adults, Self::Children, Self::Infants];
}

/// A kind of count: a column of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Everybody in the shelter, named or counted by head.
    InShelter,
    /// 在宅
    AtHome,
    /// 車中泊
    InCars,
    /// Elsewhere.
    Elsewhere,
    /// 所在未確認
    Unaccounted,
    /// Seen on the way.
    Passed,
    /// Seen in the last 12 hours.
    Confirmed,
    /// Households.
    Households,
    /// People of an age.
    Age(AgeBand),
    /// People of a sex.
    Sex(Sex),
    /// People with a need.
    Need(Need),
    /// Visitors who are not on the roster.
    Visitors,
    /// People without a record of their own.
    HeadCount(HeadCountKind),
    /// New in the period.
    Arrived,
    /// Gone in the period.
    Left,
    /// By day.
    ByDay,
    /// By night.
    ByNight,
    /// Meals for one sitting.
    Meals,
}

impl Column {
    /// Every column of headquarters' sheet, in its order.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self::InShelter, Self::AtHome, Self::InCars, Self::Elsewhere, Self::Unaccounted];
        all.extend([Self::Passed, Self::Confirmed, Self::Households]);
        all.extend(AgeBand::ALL.map(Self::Age));
        all.extend(Sex::ALL.map(Self::Sex));
        all.extend(Need::ALL.map(Self::Need));
        all.push(Self::Visitors);
        all.extend(HeadCountKind::ALL.map(Self::HeadCount));
        all.extend([Self::Arrived, Self::Left, Self::ByDay, Self::ByNight, Self::Meals]);
        all
    }

    /// The Japanese header.
    pub const fn header(self) -> &'static str {
        self.words()[0]
    }

    /// The key that programs read. Keys are stored and signed, and never change.
    pub const fn key(self) -> &'static str {
        self.words()[1]
    }

    /// The HXL tag with its attributes.
    pub const fn hxl(self) -> &'static str {
        self.words()[2]
    }

    const fn words(self) -> [&'static str; 3] {
        match self {
            Self::InShelter => ["避難所内", "in_shelter", "#affected+in_shelter"],
            Self::AtHome => ["在宅", "at_home", "#affected+at_home"],
            Self::InCars => ["車中泊", "in_cars", "#affected+in_cars"],
            Self::Elsewhere => ["外出・所外", "elsewhere", "#affected+elsewhere"],
            Self::Unaccounted => ["所在未確認", "unaccounted", "#affected+unaccounted"],
            Self::Passed => ["通過確認", "passed", "#affected+passed"],
            Self::Confirmed => ["12時間以内に確認", "confirmed_within_12_hours", "#affected+confirmed"],
            Self::Households => ["世帯数", "households", "#affected+hh"],
            Self::Age(band) => age_words(band),
            Self::Sex(sex) => sex_words(sex),
            Self::Need(need) => need_words(need),
            Self::Visitors => ["帰省者・来訪者", "visitors", "#affected+visitors"],
            Self::HeadCount(HeadCountKind::Adults) => {
                ["人数のみ_大人", "head_count_adults", "#affected+unnamed+adults"]
            }
            Self::HeadCount(HeadCountKind::Children) => {
                ["人数のみ_子ども", "head_count_children", "#affected+unnamed+children"]
            }
            Self::HeadCount(HeadCountKind::Infants) => {
                ["人数のみ_乳幼児", "head_count_infants", "#affected+unnamed+infants"]
            }
            Self::Arrived => ["期間中の新規", "arrived", "#affected+new"],
            Self::Left => ["期間中の退所", "left", "#affected+left"],
            Self::ByDay => ["昼間", "by_day", "#affected+day"],
            Self::ByNight => ["夜間", "by_night", "#affected+night"],
            Self::Meals => ["必要食数", "meals_needed", "#indicator+meals+num"],
        }
    }
}

const fn age_words(band: AgeBand) -> [&'static str; 3] {
    match band {
        AgeBand::Infants => ["0〜2歳", "age_0_2", "#affected+age_0_2"],
        AgeBand::Toddlers => ["3〜5歳", "age_3_5", "#affected+age_3_5"],
        AgeBand::SchoolChildren => ["6〜14歳", "age_6_14", "#affected+age_6_14"],
        AgeBand::Adults => ["15〜64歳", "age_15_64", "#affected+age_15_64"],
        AgeBand::Elderly => ["65〜74歳", "age_65_74", "#affected+age_65_74"],
        AgeBand::OldElderly => ["75歳以上", "age_75_plus", "#affected+age_75_plus"],
        AgeBand::Unknown => ["年齢不明", "age_unknown", "#affected+age_unknown"],
    }
}

const fn sex_words(sex: Sex) -> [&'static str; 3] {
    match sex {
        Sex::Female => ["女性", "sex_female", "#affected+f"],
        Sex::Male => ["男性", "sex_male", "#affected+m"],
        Sex::Other => ["その他の性別", "sex_other", "#affected+sex_other"],
        Sex::Unknown => ["性別不明", "sex_unknown", "#affected+sex_unknown"],
    }
}

const fn need_words(need: Need) -> [&'static str; 3] {
    match need {
        Need::Care => ["要介護", "need_care", "#affected+need_care"],
        Need::Disability => ["障害", "need_disability", "#affected+disabled"],
        Need::Wheelchair => ["車いす", "need_wheelchair", "#affected+need_wheelchair"],
        Need::Pregnant => ["妊産婦", "need_pregnant", "#affected+pregnant"],
        Need::Baby => ["乳児", "need_baby", "#affected+need_baby"],
        Need::IntractableDisease => {
            ["難病", "need_intractable_disease", "#affected+need_intractable_disease"]
        }
        Need::Dementia => ["認知症", "need_dementia", "#affected+need_dementia"],
        Need::Breathing => ["酸素・人工呼吸器", "need_breathing", "#affected+need_breathing"],
        Need::Dialysis => ["人工透析", "need_dialysis", "#affected+need_dialysis"],
        Need::Insulin => ["インスリン", "need_insulin", "#affected+need_insulin"],
        Need::Sight => ["視覚障害", "need_sight", "#affected+need_sight"],
        Need::Hearing => ["聴覚障害", "need_hearing", "#affected+need_hearing"],
        Need::ForeignLanguage => ["外国語", "need_foreign_language", "#affected+need_foreign_language"],
        Need::Food => ["食物アレルギー・食事", "need_food", "#affected+need_food"],
        Need::Medication => ["服薬", "need_medication", "#affected+need_medication"],
        Need::Injury => ["けが", "need_injury", "#affected+injured"],
        Need::Fever => ["発熱・せき", "need_fever", "#affected+need_fever"],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_columns_have_the_same_words() {
        let all = Column::all();
        for words in [Column::header, Column::key, Column::hxl] {
            assert_eq!(all.iter().map(|column| words(*column)).collect::<BTreeSet<_>>().len(), all.len());
        }
    }

    #[test]
    fn an_age_falls_into_its_band() {
        let ages = [0, 2, 3, 5, 6, 14, 15, 64, 65, 74, 75, 255];
        let bands = ages.map(|age| AgeBand::ALL.iter().position(|band| *band == AgeBand::of(age)).unwrap());
        assert_eq!(bands, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
    }
}
