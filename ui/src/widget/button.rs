//! Everything that can be touched and sends something.

use std::hash::Hash;

use egui::{Align2, Color32, Rect, Stroke, StrokeKind, pos2, vec2};

use super::{Canvas, Pictogram, Place, Touchable, Type};
use crate::theme::{Fill, size};

/// Between picture and word.
const SPACE: f32 = 14.0;
/// Left and right of the words.
const MARGIN: f32 = 18.0;
/// A button narrower than this has half of it.
const NARROW: f32 = 160.0;
/// A picture beside a word.
const ICON: f32 = 48.0;
/// The picture of a key.
const KEY_PICTURE: f32 = 60.0;
/// A large picture.
const MAXIMUM_PICTURE: f32 = 150.0;
/// How much darker a tile is under the finger.
const PRESS: f32 = 0.12;

/// The weight of a button on its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ButtonLook {
    /// One of several things that can be done.
    Tile,
    /// One that asks for attention, or has an equal beside it.
    Framed,
    /// What happens next: one a screen.
    Primary,
    /// On or off.
    Choice {
        /// On.
        chosen: bool,
    },
    /// A key beside letters.
    Band,
    /// Somebody who was found.
    Found,
    /// Not now.
    Disabled,
}

/// Where the picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrangement {
    /// Left of the words.
    Beside,
    /// Above them.
    Above,
    /// Instead of them.
    Only,
}

/// A button: picture, word, and one quiet line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Button<'a> {
    look: ButtonLook,
    arrangement: Arrangement,
    picture: Option<Pictogram>,
    word: &'a str,
    note: Option<&'a str>,
    label: Option<&'a str>,
    size: f32,
}

impl<'a> Button<'a> {
    /// A button with a word.
    pub(crate) const fn new(look: ButtonLook, word: &'a str) -> Self {
        Self {
            look,
            arrangement: Arrangement::Beside,
            picture: None,
            word,
            note: None,
            label: None,
            size: size::TILE_TEXT,
        }
    }

    /// With a picture left of the word.
    pub(crate) const fn picture(self, picture: Pictogram) -> Self {
        Self { picture: Some(picture), ..self }
    }

    /// With a picture above the word.
    pub(crate) const fn picture_above(self, picture: Pictogram) -> Self {
        Self { picture: Some(picture), arrangement: Arrangement::Above, ..self }
    }

    /// With a picture alone; the word is its label for those who cannot see it.
    pub(crate) const fn only(self, picture: Pictogram) -> Self {
        Self { picture: Some(picture), arrangement: Arrangement::Only, ..self }
    }

    /// With a quiet line under the word.
    pub(crate) const fn note(self, note: &'a str) -> Self {
        Self { note: Some(note), ..self }
    }

    /// With a label of its own for those who cannot see it, where its word alone would be another's too.
    pub(crate) const fn label(self, label: &'a str) -> Self {
        Self { label: Some(label), ..self }
    }

    /// With a word of another size.
    pub(crate) const fn size(self, size: f32) -> Self {
        Self { size, ..self }
    }

    /// Draws it; `true` when it was touched. Its label for tests and screen readers is its word, unless it
    /// has another.
    pub(crate) fn show(self, canvas: &mut Canvas<'_>, id: impl Hash + std::fmt::Debug, rect: Rect) -> bool {
        let kind = match self.look {
            ButtonLook::Choice { chosen } => Touchable::Choice { chosen },
            ButtonLook::Disabled => Touchable::Disabled,
            _ => Touchable::Button,
        };
        let response = canvas.touch(id, rect, kind, self.label.unwrap_or(self.word));
        let (ground, edge) = self.colours(canvas);
        let fill = if response.is_pointer_button_down_on() {
            ground.fill.lerp_to_gamma(ground.on, PRESS)
        } else {
            ground.fill
        };
        canvas.card(rect, size::RADIUS_TILE, fill, edge);
        let soft = if self.is_quiet() { canvas.palette.ink_soft } else { ground.on };
        match self.arrangement {
            Arrangement::Beside => self.beside(canvas, rect, ground.on, soft),
            Arrangement::Above => self.above(canvas, rect, ground.on, soft),
            Arrangement::Only => {
                if let Some(picture) = self.picture {
                    picture.draw(canvas.ui.painter(), rect.square(KEY_PICTURE), ground.on);
                }
            }
        }
        if self.look == (ButtonLook::Choice { chosen: true }) {
            chosen_mark(canvas, rect);
        }
        response.clicked()
    }

    const fn is_quiet(&self) -> bool {
        !matches!(self.look, ButtonLook::Primary)
    }

    fn colours(&self, canvas: &Canvas<'_>) -> (Fill, Stroke) {
        let palette = canvas.palette;
        let surface = Fill { fill: palette.surface, on: palette.ink };
        match self.look {
            ButtonLook::Tile | ButtonLook::Choice { chosen: false } => {
                (surface, Stroke::new(size::LINE, palette.edge))
            }
            ButtonLook::Band => {
                (Fill { fill: palette.band, on: palette.ink }, Stroke::new(size::LINE, palette.edge))
            }
            ButtonLook::Found => (surface, Stroke::new(size::LINE_CHOSEN, palette.tick.fill)),
            ButtonLook::Framed => (surface, Stroke::new(size::LINE_CHOSEN, palette.ink)),
            ButtonLook::Primary => (palette.primary, Stroke::new(size::LINE_CHOSEN, palette.primary_edge())),
            ButtonLook::Choice { chosen: true } => {
                (palette.chosen, Stroke::new(size::LINE_CHOSEN, palette.tick.fill))
            }
            // The words stay readable: they say why.
            ButtonLook::Disabled => (
                Fill { fill: palette.background, on: palette.ink_soft },
                Stroke::new(size::LINE, palette.hairline),
            ),
        }
    }

    fn beside(self, canvas: &Canvas<'_>, rect: Rect, on: Color32, soft: Color32) {
        let margin = if rect.width() < NARROW { MARGIN / 2.0 } else { MARGIN };
        let mut inner = rect.shrink2(vec2(margin, 6.0));
        let word = Type::bold(self.size, on);
        let note = Type::regular(size::CAPTION, soft);
        let word_width = canvas.width_of(word, self.word);
        let note_width = self.note.map_or(0.0, |text| canvas.width_of(note, text));
        // Beside two lines the picture may be as tall as both.
        let tall = if self.note.is_some() { 1.5 } else { 1.15 };
        let icon = if self.picture.is_some() { ICON.max(self.size * tall) } else { 0.0 };
        let space = if self.picture.is_some() { SPACE } else { 0.0 };
        let words = word_width.max(note_width).min(inner.width() - icon - space);
        let spare = (inner.width() - icon - space - words).max(0.0) / 2.0;
        let _margins = (inner.cut_left(spare), inner.cut_right(spare));
        if let Some(picture) = self.picture {
            picture.draw(canvas.ui.painter(), inner.cut_left(icon).square(icon), on);
            let _space = inner.cut_left(space);
        }
        let align = if self.picture.is_some() { Align2::LEFT_CENTER } else { Align2::CENTER_CENTER };
        self.words(canvas, inner, align, word, note);
    }

    fn above(self, canvas: &Canvas<'_>, rect: Rect, on: Color32, soft: Color32) {
        let mut inner = rect.shrink2(vec2(10.0, 10.0));
        let word = Type::bold(self.size, on);
        let note = Type::regular(if self.size > size::LEAD { size::BODY } else { size::CAPTION }, soft);
        let lines = canvas.height_of(inner.width(), word, self.word);
        let quiet = self.note.map_or(0.0, |text| canvas.height_of(inner.width(), note, text));
        let height = inner.height();
        let words = (lines + quiet).min(height * 0.75);
        let gap = if height > size::TILE { 14.0 } else { 6.0 };
        let icon = (height - words - gap).clamp(0.0, (height * 0.5).max(ICON)).min(MAXIMUM_PICTURE);
        let spare = (height - words - gap - icon).max(0.0) / 2.0;
        let _margins = (inner.cut_top(spare), inner.cut_bottom(spare));
        if let Some(picture) = self.picture {
            picture.draw(canvas.ui.painter(), inner.cut_top(icon).square(icon), on);
            let _gap = inner.cut_top(gap);
        }
        self.words(canvas, inner, Align2::CENTER_CENTER, word, note);
    }

    fn words(self, canvas: &Canvas<'_>, mut place: Rect, align: Align2, word: Type, note: Type) {
        let Some(text) = self.note else {
            canvas.paint(place, align, word, self.word);
            return;
        };
        let upper = canvas.height_of(place.width(), word, self.word);
        let lower = canvas.height_of(place.width(), note, text);
        let total = (upper + lower).min(place.height());
        let spare = (place.height() - total) / 2.0;
        let _margins = (place.cut_top(spare), place.cut_bottom(spare));
        let below = place.cut_bottom(lower.min(total - upper.min(total / 2.0)));
        canvas.paint(place, Align2([align.x(), egui::Align::Max]), word, self.word);
        canvas.paint(below, Align2([align.x(), egui::Align::Min]), note, text);
    }
}

/// A tick in the corner: chosen is told by a shape as well as by edge and tint.
fn chosen_mark(canvas: &Canvas<'_>, rect: Rect) {
    const MARK: f32 = 34.0;
    let place = Rect::from_min_size(pos2(rect.right() - MARK - 8.0, rect.top() + 8.0), vec2(MARK, MARK));
    let tick = canvas.palette.tick;
    canvas.ui.painter().circle_filled(place.center(), MARK / 2.0, tick.fill);
    Pictogram::Check.draw(canvas.ui.painter(), place.square(MARK * 0.7), tick.on);
}

/// A dashed edge: shown, not to be touched any more.
pub(crate) fn dashed_edge(canvas: &Canvas<'_>, rect: Rect) {
    let shape = egui::epaint::RectShape::stroke(
        rect.shrink(size::LINE / 2.0),
        size::RADIUS_TILE,
        Stroke::new(size::LINE, canvas.palette.edge),
        StrokeKind::Middle,
    );
    let points = rounded(shape.rect, size::RADIUS_TILE);
    canvas.ui.painter().extend(egui::Shape::dashed_line(&points, shape.stroke, 9.0, 6.0));
}

/// The outline of a rounded rectangle, closed.
pub(crate) fn rounded(rect: Rect, radius: f32) -> Vec<egui::Pos2> {
    const STEPS: u8 = 8;
    let inner = rect.shrink(radius);
    let corners = [
        (inner.right_top(), -90.0_f32),
        (inner.right_bottom(), 0.0),
        (inner.left_bottom(), 90.0),
        (inner.left_top(), 180.0),
    ];
    let mut points = Vec::new();
    for (centre, from) in corners {
        for step in 0..=STEPS {
            let angle = (from + 90.0 * f32::from(step) / f32::from(STEPS)).to_radians();
            points.push(centre + vec2(angle.cos(), angle.sin()) * radius);
        }
    }
    points.extend(points.first().copied());
    points
}
