//! How to hold the card: the reader and a card above it, in the view from the corner.

use egui::{Color32, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::Canvas;
use super::button::rounded;

/// The picture's own size.
const PICTURE: Rect = Rect { min: pos2(45.0, 8.0), max: pos2(515.0, 374.0) };
/// The reader's half width and depth, before it is seen from the corner.
const PAD: (f32, f32, f32) = (150.0, 110.0, 34.0);
const CARD: (f32, f32, f32) = (107.0, 67.0, 14.0);
/// The heights of the reader's top and of the card.
const PAD_TOP: f32 = 206.0;
const PAD_BOTTOM: f32 = 236.0;
const CARD_TOP: f32 = 104.0;

/// Draws the reader with the card into `rect`.
pub(crate) fn reader_ui(canvas: &Canvas<'_>, rect: Rect) {
    let scale = (rect.width() / PICTURE.width()).min(rect.height() / PICTURE.height());
    let view = View { origin: rect.center() - PICTURE.center().to_vec2() * scale, scale };
    let palette = canvas.palette;
    let painter = canvas.ui.painter();
    let [body, side, guide] = palette.reader;

    let slab = |height: f32, fill: Color32| {
        let points = view.plate(PAD, height);
        Shape::convex_polygon(points, fill, Stroke::new(scale, fill))
    };
    let mut height = PAD_BOTTOM;
    while height > PAD_TOP {
        painter.add(slab(height, side));
        height -= 3.0;
    }
    painter.add(slab(PAD_TOP, body));
    let inset = |by: f32, radius: f32| (PAD.0 - by, PAD.1 - by, radius);
    painter.add(Shape::closed_line(view.plate(inset(18.0, 24.0), PAD_TOP), Stroke::new(4.5 * scale, guide)));
    painter.add(Shape::convex_polygon(view.plate(inset(43.0, 14.0), PAD_TOP), side, Stroke::NONE));
    for y in [222.0, 246.0] {
        let points = [(294.0, y), (314.0, y + 20.0), (334.0, y)].map(|(x, y)| view.place(pos2(x, y)));
        painter.add(Shape::line(points.to_vec(), Stroke::new(7.0 * scale, guide)));
        for point in points {
            painter.circle_filled(point, 3.5 * scale, guide);
        }
    }
    card(canvas, &view);
}

fn card(canvas: &Canvas<'_>, view: &View) {
    let palette = canvas.palette;
    let painter = canvas.ui.painter();
    let ink = palette.ink;
    let quiet = palette.surface.lerp_to_gamma(ink, 0.45);
    let plain = |rect: Rect, radius: f32, fill: Color32| {
        Shape::convex_polygon(view.flat(rect, radius, CARD_TOP), fill, Stroke::NONE)
    };
    let whole = Rect::from_center_size(Pos2::ZERO, vec2(CARD.0, CARD.1) * 2.0);
    painter.add(plain(whole.translate(vec2(5.0, 5.0)), CARD.2, quiet));
    painter.add(Shape::convex_polygon(
        view.flat(whole, CARD.2, CARD_TOP),
        palette.surface,
        Stroke::new(5.0 * view.scale, ink),
    ));
    let tint = palette.surface.lerp_to_gamma(palette.light_broken.fill, 0.25);
    painter.add(plain(Rect::from_min_size(pos2(-90.0, -50.0), vec2(180.0, 22.0)), 6.0, tint));
    let photo = palette.surface.lerp_to_gamma(ink, 0.16);
    painter.add(plain(Rect::from_min_size(pos2(34.0, -14.0), vec2(54.0, 64.0)), 7.0, photo));
    painter.add(plain(Rect::from_center_size(pos2(61.0, 8.0), vec2(24.0, 24.0)), 11.9, quiet));
    painter.add(plain(Rect::from_min_max(pos2(41.0, 26.0), pos2(81.0, 50.0)), 11.9, quiet));
    for (y, width) in [(-6.0, 96.0), (16.0, 70.0), (38.0, 84.0)] {
        let line = Rect::from_min_size(pos2(-88.0, y - 3.0), vec2(width, 6.0));
        painter.add(plain(line, 2.9, quiet));
    }
}

struct View {
    origin: Pos2,
    scale: f32,
}

impl View {
    fn place(&self, point: Pos2) -> Pos2 {
        self.origin + point.to_vec2() * self.scale
    }

    /// A rounded plate around the middle at a height.
    fn plate(&self, (half_width, half_depth, radius): (f32, f32, f32), height: f32) -> Vec<Pos2> {
        let rect = Rect::from_center_size(Pos2::ZERO, vec2(half_width, half_depth) * 2.0);
        self.flat(rect, radius, height)
    }

    /// A rounded rectangle lying flat, seen from the corner.
    fn flat(&self, rect: Rect, radius: f32, height: f32) -> Vec<Pos2> {
        let mut points = rounded(rect, radius);
        // A polygon closes itself; a doubled point would spoil its edge.
        points.pop();
        let seen = |point: Pos2| {
            self.place(pos2(0.866 * (point.x - point.y) + 280.0, 0.5 * (point.x + point.y) + height))
        };
        points.into_iter().map(seen).collect()
    }
}
