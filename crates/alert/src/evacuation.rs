//! What a message of the profile JP-evac says, in codes (§5 of docs/jp-evac.md).

use hinamori_model::Hazard;

use crate::word::{Word, words};

words! {
    /// What a message is for those who hear it. Three that are never mixed up.
    MessageKind {
        /// People are to leave, or to save themselves where they are.
        Order,
        /// 解除: the danger is over.
        AllClear,
        /// 取消: it was a mistake.
        Cancel,
    }

    /// What people are told to do (災害対策基本法 56条, 60条).
    Order {
        /// 避難指示: everybody leaves.
        EvacuationOrder,
        /// 高齢者等避難: those who need time leave.
        EvacuateElderly,
        /// 緊急安全確保: it is too late to leave; the safest place at hand.
        SecureNow,
    }

    /// The three kinds of warning of the Meteorological Agency that a tsunami's order follows.
    TsunamiKind {
        /// 大津波警報
        MajorWarning,
        /// 津波警報
        Warning,
        /// 津波注意報
        Advisory,
    }
}

/// A warning level (警戒レベル) that a municipality issues; 1 and 2 are the Meteorological Agency's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WarningLevel {
    /// 高齢者等避難
    Three,
    /// 避難指示
    Four,
    /// 緊急安全確保
    Five,
}

impl WarningLevel {
    /// The level, from 3 to 5.
    pub const fn number(self) -> u8 {
        match self {
            Self::Three => 3,
            Self::Four => 4,
            Self::Five => 5,
        }
    }

    /// The level of an order, where the hazard has levels: floods, landslides and storm surges. Tsunamis, earthquakes and
    /// fires have none, and the levels of volcanoes (噴火警戒レベル) are others: there 4 is what 3 is here.
    pub const fn of(hazard: Hazard, order: Order) -> Option<Self> {
        match hazard {
            Hazard::Flood | Hazard::Landslide | Hazard::StormSurge | Hazard::InlandFlood => {
                Some(match order {
                    Order::EvacuateElderly => Self::Three,
                    Order::EvacuationOrder => Self::Four,
                    Order::SecureNow => Self::Five,
                })
            }
            Hazard::Earthquake | Hazard::Tsunami | Hazard::Fire | Hazard::Volcano => None,
        }
    }
}

impl Word for WarningLevel {
    const ALL: &'static [(Self, &'static str)] = &[(Self::Three, "3"), (Self::Four, "4"), (Self::Five, "5")];
}

impl Word for Hazard {
    const ALL: &'static [(Self, &'static str)] = &[
        (Self::Flood, "Flood"),
        (Self::Landslide, "Landslide"),
        (Self::StormSurge, "StormSurge"),
        (Self::Earthquake, "Earthquake"),
        (Self::Tsunami, "Tsunami"),
        (Self::Fire, "Fire"),
        (Self::InlandFlood, "InlandFlood"),
        (Self::Volcano, "Volcano"),
    ];
}

impl Order {
    /// The words of the law.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::EvacuationOrder => "避難指示",
            Self::EvacuateElderly => "高齢者等避難",
            Self::SecureNow => "緊急安全確保",
        }
    }
}

impl MessageKind {
    /// What stands behind the words of the order in the event.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Order => "",
            Self::AllClear => "解除",
            Self::Cancel => "取消",
        }
    }
}

impl TsunamiKind {
    /// The words of the Meteorological Agency.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::MajorWarning => "大津波警報",
            Self::Warning => "津波警報",
            Self::Advisory => "津波注意報",
        }
    }

    /// Whether `text` names this kind and no other one. The second kind's words are a part of the first kind's.
    pub(crate) fn is_named_alone(self, text: &str) -> bool {
        let without_major = text.replace(Self::MajorWarning.japanese(), "");
        [
            (Self::MajorWarning, without_major.len() < text.len()),
            (Self::Warning, without_major.contains(Self::Warning.japanese())),
            (Self::Advisory, text.contains(Self::Advisory.japanese())),
        ]
        .into_iter()
        .all(|(kind, is_named)| is_named == (kind == self))
    }
}

/// What a message of the profile says, the same in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evacuation {
    /// What the message is.
    pub message: MessageKind,
    /// Of what people are warned.
    pub hazard: Hazard,
    /// What they are told, or what ended or was a mistake.
    pub order: Order,
    /// Where the hazard has levels.
    pub level: Option<WarningLevel>,
    /// Where the hazard is a tsunami.
    pub tsunami: Option<TsunamiKind>,
}
