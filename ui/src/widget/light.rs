//! The light: a shape for each severity, so that colour is never alone.

use egui::{Rect, Shape, Stroke, pos2, vec2};

use super::{Canvas, Pictogram, Place};
use crate::theme::Severity;

/// Draws the light of `severity` into `rect`: a circle with a tick, a triangle with an exclamation mark, a
/// square with a cross. In a drill the circle is a diamond. Where there is nothing to judge, a quiet dash.
pub(crate) fn light_ui(canvas: &Canvas<'_>, rect: Rect, severity: Severity) {
    let square = rect.square(rect.width().min(rect.height()));
    let painter = canvas.ui.painter();
    let palette = canvas.palette;
    let (centre, half) = (square.center(), square.width() / 2.0);
    match severity {
        Severity::Plain => {
            Pictogram::Minus.draw(painter, square.shrink(half * 0.4), palette.ink_soft);
        }
        Severity::Fine => {
            let light = palette.light_fine;
            if palette.stripes.is_some() {
                let points = vec![
                    centre - vec2(0.0, half),
                    centre + vec2(half, 0.0),
                    centre + vec2(0.0, half),
                    centre - vec2(half, 0.0),
                ];
                painter.add(Shape::convex_polygon(points, light.fill, Stroke::NONE));
                Pictogram::Check.draw(painter, square.shrink(half * 0.5), light.on);
            } else {
                painter.circle_filled(centre, half, light.fill);
                Pictogram::Check.draw(painter, square.shrink(half * 0.35), light.on);
            }
        }
        Severity::Notice => {
            let light = palette.light_notice;
            let edge = Stroke::new((half * 0.12).max(2.0), palette.ink);
            let points = vec![
                pos2(centre.x, square.top() + half * 0.1),
                pos2(square.right(), square.bottom() - half * 0.12),
                pos2(square.left(), square.bottom() - half * 0.12),
            ];
            painter.add(Shape::convex_polygon(points, light.fill, edge));
            painter.line_segment(
                [centre + vec2(0.0, half * -0.25), centre + vec2(0.0, half * 0.3)],
                Stroke::new(half * 0.22, light.on),
            );
            painter.circle_filled(centre + vec2(0.0, half * 0.58), half * 0.13, light.on);
        }
        Severity::Broken => {
            let light = palette.light_broken;
            painter.rect_filled(square.shrink(half * 0.08), half * 0.16, light.fill);
            Pictogram::Cross.draw(painter, square.shrink(half * 0.35), light.on);
        }
    }
}
