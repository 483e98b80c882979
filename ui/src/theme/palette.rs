//! The colours of day, sunlight, night and drill.

use egui::Color32;
use hinamori_model::Mode;

use super::colour;

/// The light in the hall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Look {
    /// A lit room.
    #[default]
    Day,
    /// A dark hall of sleeping people: one dim red, no sound; shape and word tell the answers apart.
    Night,
    /// Black on white, no tint.
    Sunlight,
}

impl std::str::FromStr for Look {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "day" => Ok(Self::Day),
            "night" => Ok(Self::Night),
            "sunlight" => Ok(Self::Sunlight),
            other => Err(format!("expected day, night or sunlight, not {other:?}")),
        }
    }
}

/// A filled area and what is drawn on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// The area.
    pub fill: Color32,
    /// Text and symbols on it.
    pub on: Color32,
}

/// Every colour of one screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// The screen.
    pub background: Color32,
    /// Panels and tiles.
    pub surface: Color32,
    /// Text.
    pub ink: Color32,
    /// Quiet text.
    pub ink_soft: Color32,
    /// The edge of something touchable.
    pub edge: Color32,
    /// Decoration; carries nothing.
    pub hairline: Color32,
    /// What belongs together stands on it: a household, the marks of the pad.
    pub band: Color32,
    /// The one primary button.
    pub primary: Fill,
    /// A chosen tile.
    pub chosen: Fill,
    /// A chosen tile's edge and tick.
    pub tick: Fill,
    /// The banner.
    pub bar: Fill,
    /// The tag on the banner.
    pub tag: Fill,
    /// Accepted.
    pub accepted: Fill,
    /// Seen here, left, undone.
    pub here: Fill,
    /// Staff should help.
    pub ask: Fill,
    /// The frame of a drill, `None` outside one.
    pub stripes: Option<[Color32; 2]>,
    /// Words that ask for attention.
    pub notice: Fill,
    /// In order.
    pub light_fine: Fill,
    /// Somebody should look.
    pub light_notice: Fill,
    /// Something does not work.
    pub light_broken: Fill,
    /// The reader of the picture on idle: body, its deeper sides, and the guiding line.
    pub reader: [Color32; 3],
}

pub(super) const WHITE: Color32 = colour(0xFF_FF_FF);
const INK: Color32 = colour(0x15_19_1E);
pub(super) const PLUM: Color32 = colour(0x9C_15_60);

impl Palette {
    /// The colours of `mode` in this light.
    pub const fn of(look: Look, mode: Mode) -> Self {
        let live = match look {
            Look::Day => Self::DAY,
            Look::Night => Self::NIGHT,
            Look::Sunlight => Self::SUNLIGHT,
        };
        match mode {
            Mode::Live => live,
            Mode::DailyLife => live.in_daily_life(),
            Mode::Drill => live.in_a_drill(look),
        }
    }

    /// The edge of the primary button: at night the fill alone would hardly be seen.
    pub fn primary_edge(&self) -> Color32 {
        if self.primary == self.chosen { self.ink } else { self.primary.fill }
    }

    const DAY: Self = Self {
        background: colour(0xF5_F3_EE),
        surface: WHITE,
        ink: INK,
        ink_soft: colour(0x3C_43_4B),
        edge: colour(0x76_7C_85),
        hairline: colour(0xD9_D5_CB),
        band: colour(0xE3_DE_D2),
        primary: Fill { fill: INK, on: WHITE },
        chosen: Fill { fill: colour(0xDF_F0_E4), on: INK },
        tick: Fill { fill: colour(0x00_5C_2E), on: WHITE },
        bar: Fill { fill: INK, on: WHITE },
        tag: Fill { fill: WHITE, on: colour(0x9E_15_10) },
        accepted: Fill { fill: colour(0x00_5C_2E), on: WHITE },
        here: Fill { fill: colour(0x0A_2F_70), on: WHITE },
        ask: Fill { fill: colour(0xFF_C6_1A), on: INK },
        stripes: None,
        notice: Fill { fill: colour(0xFF_C6_1A), on: INK },
        light_fine: Fill { fill: colour(0x00_5C_2E), on: WHITE },
        light_notice: Fill { fill: colour(0xFF_C6_1A), on: INK },
        light_broken: Fill { fill: colour(0xA8_1C_14), on: WHITE },
        reader: [colour(0x2B_32_3A), colour(0x0D_11_15), colour(0x7F_D6_AE)],
    };

    const SUNLIGHT: Self = Self {
        background: WHITE,
        ink: Color32::BLACK,
        ink_soft: Color32::BLACK,
        edge: Color32::BLACK,
        hairline: Color32::BLACK,
        band: WHITE,
        primary: Fill { fill: Color32::BLACK, on: WHITE },
        chosen: Fill { fill: WHITE, on: Color32::BLACK },
        tick: Fill { fill: colour(0x00_4A_24), on: WHITE },
        bar: Fill { fill: Color32::BLACK, on: WHITE },
        accepted: Fill { fill: colour(0x00_4A_24), on: WHITE },
        here: Fill { fill: colour(0x00_1F_57), on: WHITE },
        ask: Fill { fill: colour(0xFF_D2_00), on: Color32::BLACK },
        ..Self::DAY
    };

    const NIGHT: Self = {
        let black = colour(0x0A_02_02);
        let surface = colour(0x14_05_04);
        let ink = colour(0xFF_9C_86);
        let chosen = Fill { fill: colour(0x3A_11_0C), on: ink };
        let dark = Fill { fill: black, on: ink };
        Self {
            background: black,
            surface,
            ink,
            ink_soft: colour(0xFF_8A_72),
            edge: colour(0xC9_58_4A),
            hairline: colour(0x5A_1F_18),
            band: colour(0x26_0A_08),
            primary: chosen,
            chosen,
            tick: Fill { fill: ink, on: black },
            bar: Fill { fill: surface, on: ink },
            tag: dark,
            accepted: dark,
            here: dark,
            ask: dark,
            stripes: None,
            // No bright field in a dark hall.
            notice: chosen,
            light_fine: Fill { fill: ink, on: black },
            light_notice: Fill { fill: ink, on: black },
            light_broken: Fill { fill: ink, on: black },
            reader: [chosen.fill, surface, ink],
        }
    };

    /// Ordinary days wear a pale bar and a dark tag.
    const fn in_daily_life(self) -> Self {
        Self {
            bar: Fill { fill: self.background, on: self.ink },
            tag: Fill { fill: self.ink, on: self.background },
            ..self
        }
    }

    /// A drill is plum instead of green and blue, framed with stripes; its answers fill nothing.
    const fn in_a_drill(self, look: Look) -> Self {
        if matches!(look, Look::Night) {
            return Self { stripes: Some([self.ink, self.background]), ..self };
        }
        let background = if matches!(look, Look::Sunlight) { WHITE } else { colour(0xFC_ED_F5) };
        let plum = Fill { fill: PLUM, on: WHITE };
        let paper = Fill { fill: background, on: INK };
        Self {
            background,
            edge: PLUM,
            hairline: PLUM,
            band: if matches!(look, Look::Sunlight) { WHITE } else { colour(0xF5_DC_EA) },
            primary: plum,
            chosen: paper,
            tick: plum,
            bar: plum,
            tag: Fill { fill: WHITE, on: PLUM },
            accepted: paper,
            here: paper,
            ask: paper,
            stripes: Some([PLUM, WHITE]),
            light_fine: plum,
            reader: [colour(0x5E_0D_3A), colour(0x36_07_20), colour(0xFF_C2_E2)],
            ..self
        }
    }
}

/// WCAG 2.2 relative luminance and contrast.
#[cfg(test)]
pub(super) fn contrast(a: Color32, b: Color32) -> f32 {
    let luminance = |colour: Color32| {
        let linear = |channel: u8| {
            let value = f32::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(colour.r()) + 0.7152 * linear(colour.g()) + 0.0722 * linear(colour.b())
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_seven_to_one_and_edges_three_to_one() {
        for look in [Look::Day, Look::Night, Look::Sunlight] {
            for mode in [Mode::DailyLife, Mode::Live, Mode::Drill] {
                let palette = Palette::of(look, mode);
                for ground in [palette.background, palette.surface, palette.chosen.fill, palette.band] {
                    assert!(contrast(palette.ink, ground) >= 7.0, "ink, {look:?} {mode:?}");
                    assert!(contrast(palette.ink_soft, ground) >= 7.0, "soft ink, {look:?} {mode:?}");
                }
                let fills = [
                    palette.primary,
                    palette.chosen,
                    palette.tick,
                    palette.bar,
                    palette.tag,
                    palette.accepted,
                    palette.here,
                    palette.ask,
                    palette.notice,
                    palette.light_fine,
                    palette.light_notice,
                    palette.light_broken,
                ];
                for Fill { fill, on } in fills {
                    assert!(contrast(fill, on) >= 7.0, "{fill:?} {on:?}, {look:?} {mode:?}");
                }
                for ground in [palette.background, palette.surface] {
                    assert!(contrast(palette.edge, ground) >= 3.0, "edge, {look:?} {mode:?}");
                    assert!(contrast(palette.tick.fill, ground) >= 3.0, "tick, {look:?} {mode:?}");
                }
            }
        }
    }

    #[test]
    fn the_three_modes_never_share_a_banner_and_only_a_drill_is_striped() {
        for look in [Look::Day, Look::Night, Look::Sunlight] {
            let palette = |mode| Palette::of(look, mode);
            assert_ne!(palette(Mode::DailyLife).bar, palette(Mode::Live).bar);
            assert_ne!(palette(Mode::DailyLife).tag, palette(Mode::Live).tag);
            assert!(palette(Mode::Drill).stripes.is_some());
            assert!(palette(Mode::Live).stripes.is_none() && palette(Mode::DailyLife).stripes.is_none());
        }
    }
}
