//! The colours of alerts. The danger's colour is an edge, never the ground of a text: no text on it would keep a contrast of 7:1. An
//! exercise wears none of them.

use egui::Color32;
use hinamori_ipc::{AlertClass, AlertKind, AlertNotice, Danger};

use super::colour;
use super::palette::{Fill, Look, PLUM, WHITE};

/// What one alert wears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertSkin {
    /// Its ground and its words.
    pub ground: Fill,
    /// The one line that people read first, on the ground.
    pub line: Color32,
    /// The edge: of the danger's colour.
    pub edge: Color32,
    /// The other colour of an exercise's stripes; `None` for what is live.
    pub stripe: Option<Color32>,
}

impl AlertSkin {
    /// Of an order that a daemon did not name.
    pub const fn unnamed() -> Self {
        Self { ground: Fill { fill: colour(0), on: WHITE }, line: WHITE, edge: WHITE, stripe: None }
    }

    const fn ended(fill: u32) -> Self {
        Self { ground: Fill { fill: colour(fill), on: WHITE }, ..Self::unnamed() }
    }

    /// What an alert wears in this light.
    pub fn of(notice: &AlertNotice, look: Look) -> Self {
        let is_exercise = matches!(notice.class, AlertClass::Exercise);
        if matches!(look, Look::Night) {
            // One dim red, as everywhere in a dark hall; word, picture and edge say the rest.
            let (black, ink) = (colour(0x0A_02_02), colour(0xFF_9C_86));
            let stripe = if is_exercise { Some(black) } else { None };
            return Self { ground: Fill { fill: black, on: ink }, line: ink, edge: ink, stripe };
        }
        if is_exercise {
            let ground = Fill { fill: WHITE, on: PLUM };
            return Self { ground, line: PLUM, edge: PLUM, stripe: Some(WHITE) };
        }
        match notice.kind {
            AlertKind::Order => {
                let (line, edge) = (colour(0xFF_E6_00), danger_colour(notice.danger));
                Self { line, edge, ..Self::unnamed() }
            }
            AlertKind::AllClear => Self { edge: colour(0x9F_E3_C8), ..Self::ended(0x00_56_3B) },
            AlertKind::Cancel => Self { edge: colour(0x9F_C0_FF), ..Self::ended(0x0A_2F_8F) },
        }
    }
}

/// As the Meteorological Agency and the Cabinet Office colour dangers. Level five is black there, and stands out by a white edge here.
const fn danger_colour(danger: Danger) -> Color32 {
    colour(match danger {
        Danger::MajorTsunami => 0xC8_00_FF,
        Danger::Tsunami | Danger::LevelThree => 0xFF_28_00,
        Danger::TsunamiAdvisory => 0xFA_F5_00,
        Danger::LevelFour => 0xAA_00_AA,
        Danger::LevelFive | Danger::Other => 0xFF_FF_FF,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::palette::contrast;

    fn notice(class: AlertClass, kind: AlertKind, danger: Danger) -> AlertNotice {
        AlertNotice {
            class,
            kind,
            danger,
            title: String::new(),
            english_title: String::new(),
            easy: String::new(),
            english: String::new(),
            districts: Vec::new(),
            sent: hinamori_model::UnixMillis::new(0),
            expected: None,
        }
    }

    #[test]
    fn words_keep_seven_to_one_edges_are_seen_and_an_exercise_wears_no_danger() {
        const DANGERS: [Danger; 7] = [
            Danger::MajorTsunami,
            Danger::Tsunami,
            Danger::TsunamiAdvisory,
            Danger::LevelThree,
            Danger::LevelFour,
            Danger::LevelFive,
            Danger::Other,
        ];
        for look in [Look::Day, Look::Night, Look::Sunlight] {
            for kind in [AlertKind::Order, AlertKind::AllClear, AlertKind::Cancel] {
                for danger in DANGERS {
                    let live = AlertSkin::of(&notice(AlertClass::Live, kind, danger), look);
                    let exercise = AlertSkin::of(&notice(AlertClass::Exercise, kind, danger), look);
                    for skin in [live, exercise] {
                        assert!(contrast(skin.ground.on, skin.ground.fill) >= 7.0, "{skin:?}");
                        assert!(contrast(skin.line, skin.ground.fill) >= 7.0, "{skin:?}");
                        assert!(contrast(skin.edge, skin.ground.fill) >= 3.0, "{skin:?}");
                    }
                    assert!(live.stripe.is_none() && exercise.stripe.is_some());
                    assert!(look == Look::Night || live.edge != exercise.edge);
                    let other = notice(AlertClass::Exercise, AlertKind::Order, Danger::Other);
                    assert_eq!(exercise, AlertSkin::of(&other, look), "no colour of a danger");
                }
            }
        }
    }
}
