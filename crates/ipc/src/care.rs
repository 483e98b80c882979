//! What people need, for the nurse's round, and what is written down of one person.

use hinamori_model::{
    Aspect, Circle, ConsentItem, Grade, Help, HouseDamage, NeedKind, PersonId, PersonalText, ProxyPurpose,
    StayForm, UnixMillis, Urgency, YesNo,
};
use serde::{Deserialize, Serialize};

/// Everybody of this site who needs care, the most urgent first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareList {
    /// Who.
    pub items: Vec<CareItem>,
    /// To whom and when the list was handed over last.
    pub handed_over: Option<(Option<PersonalText>, UnixMillis)>,
}

/// One person of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareItem {
    /// Who.
    pub person: PersonId,
    /// Their name; `None` for a card that nobody knows yet.
    pub name: Option<PersonalText>,
    /// How urgent.
    pub urgency: Urgency,
    /// What they need, the gravest first.
    pub needs: Vec<NeedKind>,
    /// When somebody saw them last.
    pub seen_at: UnixMillis,
    /// 秘匿: their name is said to nobody, and never aloud.
    pub hidden: bool,
}

/// What is written down of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarePerson {
    /// Who.
    pub person: PersonId,
    /// The name; `None` where nobody knows it yet.
    pub name: Option<PersonalText>,
    /// Its reading.
    pub kana: Option<PersonalText>,
    /// Full years.
    pub age: Option<u16>,
    /// Everything else that was written down, by its field.
    pub entries: Vec<CareEntry>,
    /// 秘匿: their name is said to nobody, and never aloud.
    pub hidden: bool,
    /// Something was written by a newer version, or under a key that is not here: there is more than can be shown.
    pub has_more: bool,
}

/// One thing that is written down of a person. A later one of the same field takes the earlier one's place.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CareEntry {
    /// 氏名
    Name(PersonalText),
    /// ふりがな
    Kana(PersonalText),
    /// 住所
    Address(PersonalText),
    /// 電話
    Phone(PersonalText),
    /// The language that they speak, as a BCP 47 tag.
    Language(PersonalText),
    /// Where they sleep.
    Stay(StayForm),
    /// 家の 被害
    HouseDamage(HouseDamage),
    /// A need, or that there is none.
    Need {
        /// Which.
        kind: NeedKind,
        /// Whether.
        answer: YesNo,
        /// What [`NeedKind`] says of it.
        degree: Option<u8>,
        /// By when something has to be done.
        due_by: Option<UnixMillis>,
        /// What else.
        note: Option<PersonalText>,
    },
    /// できること
    Help {
        /// Which.
        help: Help,
        /// Whether.
        answer: YesNo,
    },
    /// 同意
    Consent {
        /// To what.
        item: ConsentItem,
        /// For whom.
        circle: Circle,
        /// Whether.
        answer: YesNo,
    },
    /// 代理
    Proxy {
        /// For what.
        purpose: ProxyPurpose,
        /// Who acts.
        name: PersonalText,
        /// Until when.
        until: Option<UnixMillis>,
    },
    /// Somebody to turn to.
    Contact {
        /// Who.
        name: PersonalText,
        /// 続柄
        relation: Option<PersonalText>,
        /// How.
        reached_by: Option<PersonalText>,
    },
}

impl std::fmt::Debug for CareEntry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("CareEntry(hidden)")
    }
}

/// How the site is equipped, as somebody saw it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// When; `None` when nobody looked in this incident.
    pub at: Option<UnixMillis>,
    /// In the order of [`Aspect::ALL`].
    pub grades: [Grade; Aspect::ALL.len()],
}
