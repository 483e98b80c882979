//! A QR code on the screen, to be photographed.

use egui::{Align2, Color32, Rect, pos2, vec2};
use qrcode::{Color, EcLevel, QrCode};

use crate::theme::size;
use crate::widget::{Canvas, Place, Type};

/// Modules of quiet ground around a code.
const QUIET: usize = 4;

/// Draws the code in the largest square of `rect`: dark on light in every light of the hall, as cameras want it.
pub(crate) fn qr_ui(canvas: &mut Canvas<'_>, rect: Rect, text: &str) {
    let square = rect.square(rect.width().min(rect.height()));
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else {
        let sorry = canvas.texts.get("qr-not-possible");
        let look = Type::regular(size::BODY, canvas.palette.ink);
        canvas.text(square, Align2::CENTER_CENTER, look, &sorry);
        return;
    };
    let (light, dark) = shades(canvas.palette.ink, canvas.palette.background);
    canvas.card(square, size::RADIUS_TAG, light, egui::Stroke::NONE);
    let width = code.width();
    #[expect(clippy::cast_precision_loss, reason = "fewer than two hundred modules")]
    let module = square.width() / (width + 2 * QUIET) as f32;
    #[expect(clippy::cast_precision_loss, reason = "the same")]
    let at = |modules: usize| module * (modules + QUIET) as f32;
    let colors = code.to_colors();
    for (row, line) in colors.chunks(width.max(1)).enumerate() {
        // A run of dark modules is one rectangle: nothing shines through between them.
        let mut from = None;
        for (column, color) in line.iter().copied().chain([Color::Light]).enumerate() {
            match (color, from) {
                (Color::Dark, None) => from = Some(column),
                (Color::Light, Some(start)) => {
                    let min = square.min + vec2(at(start), at(row));
                    let max = pos2(square.left() + at(column), min.y + module + 0.3);
                    canvas.ui.painter().rect_filled(Rect::from_min_max(min, max), 0.0, dark);
                    from = None;
                }
                _ => {}
            }
        }
    }
}

/// The lighter and the darker one.
fn shades(one: Color32, other: Color32) -> (Color32, Color32) {
    let brightness =
        |colour: Color32| u32::from(colour.r()) * 3 + u32::from(colour.g()) * 6 + u32::from(colour.b());
    if brightness(one) > brightness(other) { (one, other) } else { (other, one) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_dark_on_light_at_night_too() {
        let (red, black, paper) =
            (Color32::from_rgb(200, 60, 50), Color32::BLACK, Color32::from_rgb(250, 248, 240));
        assert_eq!(shades(red, black), (red, black));
        assert_eq!(shades(black, paper), (paper, black));
    }
}
