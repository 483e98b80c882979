//! What is written down of a person at an intake, as coded values. Their numbers stand in sealed patches for as long as an
//! incident lasts, and are never used again for something else.

use crate::UnixMillis;
use crate::code::code;

code! {
    /// What somebody answered. A question that nobody asked has no entry: it is neither.
    YesNo {
        /// いいえ
        No = 0,
        /// はい
        Yes = 1,
    }
}
code! {
    /// One thing that must be thought of (要配慮). What "degree" says for each is told here; for the others it has none.
    NeedKind {
        /// 要支援・要介護. Degree: 1 and 2 are 要支援 1 and 2, 3 to 7 are 要介護 1 to 5.
        Frail = 1,
        /// 身体障害. Degree: the grade of the handbook, 1 to 6.
        PhysicalDisability = 2,
        /// 知的障害. Degree: 1 is A, 2 is B of the 療育手帳.
        IntellectualDisability = 3,
        /// 精神障害. Degree: the grade of the handbook, 1 to 3.
        MentalDisability = 4,
        /// 妊娠中. Degree: weeks.
        Pregnant = 5,
        /// 乳児. Due: until when there is milk.
        Infant = 6,
        /// 難病
        IntractableDisease = 7,
        /// 認知症
        Dementia = 8,
        /// 車いす
        Wheelchair = 9,
        /// 酸素. Due: until when the cylinder lasts.
        Oxygen = 10,
        /// 人工呼吸器. Due: until when the battery lasts.
        Ventilator = 11,
        /// 透析. Due: the next one.
        Dialysis = 12,
        /// インスリン. Due: the last dose and its interval.
        Insulin = 13,
        /// こころの ぐあい
        MentalHealth = 14,
        /// 見えない・見えにくい
        Visual = 15,
        /// 聞こえない・聞こえにくい
        Hearing = 16,
        /// 手話
        SignLanguage = 17,
        /// 筆談
        WrittenConversation = 18,
        /// 点字
        Braille = 19,
        /// 読み上げ
        ReadAloud = 20,
        /// やさしい日本語
        EasyJapanese = 21,
        /// 通訳: which language stands in the profile's language.
        Interpreter = 22,
        /// A place to change, wash and sleep that does not ask for a sex.
        GenderNeutralPlace = 23,
        /// 宗教・信条による食事
        ReligiousFood = 24,
        /// 服薬. Due: until when it lasts.
        Medication = 25,
        /// けが, now.
        InjuredNow = 26,
        /// 熱・せき
        FeverOrCough = 27,
        /// 感染症
        Infection = 28,
        /// アレルギー: 卵. The eight that a label must name stand apart from all others.
        AllergyEgg = 30,
        /// 乳
        AllergyMilk = 31,
        /// 小麦
        AllergyWheat = 32,
        /// そば
        AllergyBuckwheat = 33,
        /// 落花生
        AllergyPeanut = 34,
        /// えび
        AllergyShrimp = 35,
        /// かに
        AllergyCrab = 36,
        /// くるみ
        AllergyWalnut = 37,
        /// Another one; the note says which.
        AllergyOther = 38,
        /// The first question at arrival: 酸素・透析・インスリンが 要る.
        AskedLifeSupport = 40,
        /// The second: けが・熱が ある.
        AskedInjuryOrFever = 41,
        /// The third: ひとりでは 難しい.
        AskedNotAlone = 42,
    }
}
code! {
    /// Where the person sleeps.
    StayForm {
        /// In the shelter's building.
        Shelter = 1,
        /// 車中泊; the note says which car and where.
        Car = 2,
        /// テント
        Tent = 3,
        /// 在宅
        Home = 4,
        /// 親せき・知人の家
        Relatives = 5,
    }
}
code! {
    /// 家の 被害, as the person says: no assessment.
    HouseDamage {
        /// 全壊
        Destroyed = 1,
        /// 大規模半壊
        LargeHalf = 2,
        /// 中規模半壊
        MediumHalf = 3,
        /// 半壊
        Half = 4,
        /// 準半壊
        NearlyHalf = 5,
        /// 一部損壊
        Partial = 6,
        /// 床上浸水
        FloodedAboveFloor = 7,
        /// 不明
        Unknown = 8,
        /// なし
        NoDamage = 9,
    }
}
code! {
    /// What the person offers to do (できること).
    Help {
        /// 医師
        Doctor = 1,
        /// 看護師
        Nurse = 2,
        /// 助産師
        Midwife = 3,
        /// 介護
        Care = 4,
        /// 保育
        Childcare = 5,
        /// 通訳; the note says which language.
        Interpreter = 6,
        /// 調理
        Cooking = 7,
        /// 運転・重機の 免許
        Licence = 8,
        /// 発電機などを 貸せる
        Equipment = 9,
        /// The note says what.
        Other = 10,
    }
}
code! {
    /// What a consent is about.
    ConsentItem {
        /// Whether the person is known here.
        Presence = 1,
        /// Where they are.
        Place = 2,
        /// けが・病気
        Condition = 3,
        /// Address and telephone.
        ContactDetails = 4,
        /// Needs.
        Needs = 5,
        /// 郵便物を 届ける
        Mail = 6,
        /// 写真
        Photo = 7,
    }
}
code! {
    /// Whom a consent lets know.
    Circle {
        /// 同居の親族
        LivingTogether = 1,
        /// ほかの親族・職場
        RelativesOrWorkplace = 2,
        /// 知人
        Acquaintances = 3,
        /// Everybody who reads the board (掲示).
        Everybody = 4,
        /// 警察
        Police = 5,
        /// 消防
        FireService = 6,
        /// 福祉
        Welfare = 7,
        /// 郵便局
        PostOffice = 8,
    }
}
code! {
    /// For what somebody acts in the person's place (代理).
    ProxyPurpose {
        /// Everything.
        Everything = 1,
        /// 物資の 受け取り
        Goods = 2,
        /// 受付・登録
        Registration = 3,
        /// 健康の 話
        Health = 4,
        /// り災証明などの 申請
        Applications = 5,
    }
}

/// How much a need weighs when no time is set, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Life depends on a device, a substance or a treatment.
    Life,
    /// Ill or injured now, or a danger to others.
    Acute,
    /// Needs care or help every day.
    Care,
    /// Something must be arranged.
    Arrangement,
}

/// How urgent one person is, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Something should have been done by then.
    Overdue(UnixMillis),
    /// Something is due by then, within a day.
    DueSoon(UnixMillis),
    /// Nothing is due soon: the gravest of their needs.
    NotDue(Severity),
}

impl NeedKind {
    /// How much it weighs.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Oxygen | Self::Ventilator | Self::Dialysis | Self::Insulin | Self::AskedLifeSupport => {
                Severity::Life
            }
            Self::InjuredNow | Self::FeverOrCough | Self::Infection | Self::AskedInjuryOrFever => {
                Severity::Acute
            }
            Self::Frail
            | Self::PhysicalDisability
            | Self::IntellectualDisability
            | Self::MentalDisability
            | Self::Pregnant
            | Self::Infant
            | Self::IntractableDisease
            | Self::Dementia
            | Self::MentalHealth
            | Self::Medication
            | Self::AskedNotAlone => Severity::Care,
            Self::Wheelchair
            | Self::Visual
            | Self::Hearing
            | Self::SignLanguage
            | Self::WrittenConversation
            | Self::Braille
            | Self::ReadAloud
            | Self::EasyJapanese
            | Self::Interpreter
            | Self::GenderNeutralPlace
            | Self::ReligiousFood
            | Self::AllergyEgg
            | Self::AllergyMilk
            | Self::AllergyWheat
            | Self::AllergyBuckwheat
            | Self::AllergyPeanut
            | Self::AllergyShrimp
            | Self::AllergyCrab
            | Self::AllergyWalnut
            | Self::AllergyOther => Severity::Arrangement,
        }
    }
}

code! {
    /// The three questions at arrival, asked by pictograms: everything else is asked away from the queue.
    ArrivalNeed {
        /// 酸素・透析・インスリン
        LifeSupport = 0,
        /// けが・熱
        InjuryOrFever = 1,
        /// ひとりでは 難しい
        NotAlone = 2,
    }
}

impl ArrivalNeed {
    /// The need that it is written down as.
    pub const fn need(self) -> NeedKind {
        match self {
            Self::LifeSupport => NeedKind::AskedLifeSupport,
            Self::InjuryOrFever => NeedKind::AskedInjuryOrFever,
            Self::NotAlone => NeedKind::AskedNotAlone,
        }
    }
}

code! {
    /// What is looked at when a site is assessed.
    Aspect {
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
}
code! {
    /// How it is. "Not looked at" is never "good".
    #[derive(Default)]
    Grade {
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
}
