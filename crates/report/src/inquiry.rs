//! Answers to those who ask after somebody (安否情報の照会), by how near they are (災害対策基本法 86条の15; the tiers of its
//! regulation, 8条の3).
//!
//! | who asks | is told |
//! |---|---|
//! | family of the same household | place, condition, how to reach them |
//! | other relatives, the workplace | condition |
//! | acquaintances | that there is information |
//!
//! A person may agree to more, for each circle. That somebody is not known here and that they are hidden are one value
//! and one sentence: [`Known`] is made with a [`NotHidden`] proof, so a hidden person comes as `None`. The time that an
//! answer takes is the caller's to keep alike.
//!
//! A death is told by people. Whoever calls sends such a case to the desk and asks nothing here.

use hinamori_model::{Mode, PersonalText};

use crate::hidden::NotHidden;

/// How near the inquirer is, as staff made sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// 同居の親族
    Family,
    /// 親族・職場の関係者
    RelativeOrWorkplace,
    /// 知人
    Acquaintance,
}

/// How somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// No injury or illness is known.
    Unhurt,
    /// Injured.
    Injured,
    /// Ill.
    Ill,
}

/// What a person agreed that a circle is told beyond its tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Agreed {
    /// Nothing more.
    #[default]
    NothingMore,
    /// The condition.
    Condition,
    /// The condition and the place.
    Place,
    /// All, how to reach them too.
    Contact,
}

/// What a person agreed to. Family need no consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consents {
    /// For relatives and the workplace.
    pub relatives: Agreed,
    /// For acquaintances.
    pub acquaintances: Agreed,
}

/// What is known of somebody. `Debug` hides the personal parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    place: Option<PersonalText>,
    condition: Option<Condition>,
    contact: Option<PersonalText>,
    consents: Consents,
}

impl Known {
    /// What is known of the person of the proof. A part that is not known is `None`.
    pub const fn new(
        _proof: NotHidden,
        place: Option<PersonalText>,
        condition: Option<Condition>,
        contact: Option<PersonalText>,
        consents: Consents,
    ) -> Self {
        Self { place, condition, contact, consents }
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing is known here, or nothing may be said.
    NotHeld,
    /// There is information, and no more is told.
    Held,
    /// What the inquirer may know; a part that is not known or not theirs to know is `None`.
    Told {
        /// How the person is.
        condition: Option<Condition>,
        /// Where.
        place: Option<PersonalText>,
        /// How to reach them.
        contact: Option<PersonalText>,
    },
}

/// What somebody of this tier is told. Whoever is not known and whoever is hidden is `None`.
pub fn answer(tier: Tier, known: Option<&Known>) -> Answer {
    let Some(known) = known else { return Answer::NotHeld };
    let allowed = match tier {
        Tier::Family => Agreed::Contact,
        Tier::RelativeOrWorkplace => match known.consents.relatives {
            Agreed::NothingMore => Agreed::Condition,
            more => more,
        },
        Tier::Acquaintance => known.consents.acquaintances,
    };
    let (condition, place, contact) = match allowed {
        Agreed::NothingMore => (None, None, None),
        Agreed::Condition => (known.condition, None, None),
        Agreed::Place => (known.condition, known.place.clone(), None),
        Agreed::Contact => (known.condition, known.place.clone(), known.contact.clone()),
    };
    if condition.is_none() && place.is_none() && contact.is_none() {
        return Answer::Held;
    }
    Answer::Told { condition, place, contact }
}

impl Answer {
    /// The sentences to read out or print; those of a drill begin with 【訓練】.
    pub fn sentences(&self, mode: Mode) -> PersonalText {
        let mut text = match mode {
            Mode::Drill => "【訓練】".to_owned(),
            Mode::Live | Mode::DailyLife => String::new(),
        };
        match self {
            Self::NotHeld => text.push_str("お尋ねの方についてお伝えできる情報はありません。"),
            Self::Held => text.push_str("お尋ねの方についての情報があります。"),
            Self::Told { condition, place, contact } => {
                text.push_str("お尋ねの方についての情報があります。");
                text.push_str(match condition {
                    Some(Condition::Unhurt) => "けがや病気の情報はありません。",
                    Some(Condition::Injured) => "けがをしています。",
                    Some(Condition::Ill) => "体調をくずしています。",
                    None => "",
                });
                for (before, part) in [("居場所:", place), ("連絡先:", contact)] {
                    part.iter().for_each(|part| text.extend([before, part.expose(), "。"]));
                }
            }
        }
        PersonalText::new(text)
    }
}

#[cfg(test)]
mod tests {
    use hinamori_model::PersonId;

    use super::*;
    use crate::hidden::Secrecy;

    fn known(consents: Consents) -> Option<Known> {
        let proof = NotHidden::check(PersonId::from_bytes([1; 16]), |_| Secrecy::Open)?;
        let text = |text: &str| Some(PersonalText::new(text));
        Some(Known::new(proof, text("阿部校"), Some(Condition::Injured), text("090-0000-0000"), consents))
    }

    fn said(tier: Tier, consents: Consents) -> String {
        answer(tier, known(consents).as_ref()).sentences(Mode::Live).expose().to_owned()
    }

    #[test]
    fn each_tier_is_told_its_own() {
        let plain = Consents::default();
        let family = said(Tier::Family, plain);
        assert_eq!(
            family,
            "お尋ねの方についての情報があります。けがをしています。居場所:阿部校。連絡先:090-0000-0000。"
        );
        assert_eq!(
            said(Tier::RelativeOrWorkplace, plain),
            "お尋ねの方についての情報があります。けがをしています。"
        );
        assert_eq!(said(Tier::Acquaintance, plain), "お尋ねの方についての情報があります。");
    }

    #[test]
    fn consent_widens_its_own_circle_only() {
        let consents = Consents { relatives: Agreed::Place, acquaintances: Agreed::NothingMore };
        assert!(said(Tier::RelativeOrWorkplace, consents).ends_with("居場所:阿部校。"));
        assert_eq!(answer(Tier::Acquaintance, known(consents).as_ref()), Answer::Held);
        let consents = Consents { relatives: Agreed::NothingMore, acquaintances: Agreed::Contact };
        assert!(said(Tier::Acquaintance, consents).contains("090"));
        assert!(!said(Tier::RelativeOrWorkplace, consents).contains("居場所"));
    }

    #[test]
    fn a_hidden_person_is_one_who_is_not_known() {
        let hidden = NotHidden::check(PersonId::from_bytes([1; 16]), |_| Secrecy::Hidden)
            .map(|proof| Known::new(proof, None, None, None, Consents::default()));
        for tier in [Tier::Family, Tier::RelativeOrWorkplace, Tier::Acquaintance] {
            assert_eq!(answer(tier, hidden.as_ref()), answer(tier, None));
            assert_eq!(answer(tier, hidden.as_ref()), Answer::NotHeld);
        }
    }

    #[test]
    fn a_drill_says_so_and_nothing_personal_is_printed() {
        for (tier, known) in [(Tier::Family, known(Consents::default())), (Tier::Acquaintance, None)] {
            let answer = answer(tier, known.as_ref());
            assert!(answer.sentences(Mode::Drill).expose().starts_with("【訓練】"));
            assert!(!answer.sentences(Mode::Live).expose().contains("訓練"));
            let printed = format!("{answer:?} {known:?}");
            assert!(!printed.contains("阿部") && !printed.contains("090"), "{printed}");
        }
    }
}
