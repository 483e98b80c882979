//! What a drill wears on every screen. There is no way to turn it off.

use egui::{Color32, Rect, Shape, Stroke, pos2};

use super::{Canvas, Place};
use crate::theme::size;

/// Along the edge of the screen, from one stripe to the next of the same colour: two stripes of the frame's
/// width at 45°.
const PERIOD: f32 = 2.0 * size::DRILL_FRAME * std::f32::consts::SQRT_2;

/// Draws stripes around `screen`; returns what is left inside.
pub(crate) fn drill_frame_ui(canvas: &Canvas<'_>, screen: Rect, [dark, light]: [Color32; 2]) -> Rect {
    let mut inner = screen;
    let bands = [
        inner.cut_top(size::DRILL_FRAME),
        inner.cut_bottom(size::DRILL_FRAME),
        inner.cut_left(size::DRILL_FRAME),
        inner.cut_right(size::DRILL_FRAME),
    ];
    for band in bands {
        canvas.fill(band, light);
        stripe_ui(canvas, band, screen, dark);
    }
    inner
}

/// Fills a band with the stripes of an exercise.
pub(crate) fn stripes_ui(canvas: &Canvas<'_>, band: Rect, [dark, light]: [Color32; 2]) {
    canvas.fill(band, light);
    stripe_ui(canvas, band, band, dark);
}

/// One stripe leans over the whole height of `screen`, so that the bands around it fit each other.
fn stripe_ui(canvas: &Canvas<'_>, band: Rect, screen: Rect, dark: Color32) {
    let painter = canvas.ui.painter().with_clip_rect(band);
    let mut left = screen.left() - screen.height();
    while left < screen.right() {
        let right = left + PERIOD / 2.0;
        let (top, bottom) = (band.top(), band.bottom());
        let lean = |y: f32| y - screen.top();
        let points = vec![
            pos2(left + lean(top), top),
            pos2(right + lean(top), top),
            pos2(right + lean(bottom), bottom),
            pos2(left + lean(bottom), bottom),
        ];
        painter.add(Shape::convex_polygon(points, dark, Stroke::NONE));
        left += PERIOD;
    }
}
