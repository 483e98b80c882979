//! Drawing on a page in millimetres: lines, boxes and text that keeps inside its box. Black on white, with one
//! light grey, so that it is the same from a bad printer.

use krilla::color::luma;
use krilla::geom::{Path, PathBuilder, Point, Rect, Transform};
use krilla::paint::{Fill, LineCap, LineJoin, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::KrillaGlyph;

use crate::area::Area;
use crate::fonts::{Fonts, Weight};
use crate::press::Mode;
use crate::text::Line;

/// Points in a millimetre.
pub(crate) const POINTS: f32 = 72.0 / 25.4;
/// Nothing is printed smaller, in points: old eyes and a torch.
const LEAST_SIZE: f32 = 10.0;
/// How far the base of the letters lies below the middle of a line, as a part of the size.
const BASE: f32 = 0.38;
/// The side of a box to tick by hand, in millimetres.
const TICK: f32 = 4.0;

/// Grey that stays light on every printer: behind the heads of tables.
const LIGHT: u8 = 232;
/// Grey of lines that are only to be seen beside the text.
const PALE: u8 = 176;

/// How thick a line is, in millimetres.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Thickness {
    Hair,
    Normal,
    Thick,
}

impl Thickness {
    const fn points(self) -> f32 {
        POINTS
            * match self {
                Self::Hair => 0.15,
                Self::Normal => 0.3,
                Self::Thick => 0.7,
            }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// In points. It shrinks to [`LEAST_SIZE`] before text is cut.
    size: f32,
    weight: Weight,
    align: Align,
    ink: u8,
}

impl Style {
    pub(crate) const fn regular(size: f32) -> Self {
        Self { size, weight: Weight::Regular, align: Align::Left, ink: 0 }
    }

    pub(crate) const fn bold(size: f32) -> Self {
        Self { weight: Weight::Bold, ..Self::regular(size) }
    }

    pub(crate) const fn centred(self) -> Self {
        Self { align: Align::Centre, ..self }
    }

    pub(crate) const fn right(self) -> Self {
        Self { align: Align::Right, ..self }
    }
}

/// One page while it is drawn.
pub(crate) struct Sheet<'a, 's> {
    surface: &'a mut Surface<'s>,
    fonts: &'a Fonts,
    mode: Mode,
}

impl<'a, 's> Sheet<'a, 's> {
    pub(crate) const fn new(surface: &'a mut Surface<'s>, fonts: &'a Fonts, mode: Mode) -> Self {
        Self { surface, fonts, mode }
    }

    /// One line of text, in the middle of the area's height and never wider than the area.
    pub(crate) fn text(&mut self, area: Area, text: &str, style: Style) {
        let family = self.fonts.family(style.weight);
        let (line, size) = Line::fit(family, text, area.width * POINTS, style.size, LEAST_SIZE);
        let free = area.width - line.width * size / POINTS;
        let left = area.left
            + match style.align {
                Align::Left => 0.0,
                Align::Centre => free / 2.0,
                Align::Right => free,
            };
        let base = area.top + area.height / 2.0 + BASE * size / POINTS;
        self.ink(Some(solid(style.ink)), None);
        self.letters(&line, style.weight, left * POINTS, base * POINTS, size);
    }

    /// A line of white text, for what is filled black.
    pub(crate) fn reversed(&mut self, area: Area, text: &str, style: Style) {
        self.text(area, text, Style { ink: 255, ..style });
    }

    /// A line of text after a small edge.
    pub(crate) fn cell(&mut self, area: Area, text: &str, style: Style) {
        self.text(area.inset_by(1.0, 0.0), text, style);
    }

    /// The head of a column or the name of a field: on grey.
    pub(crate) fn head(&mut self, area: Area, text: &str) {
        self.ink(Some(solid(LIGHT)), None);
        self.draw(&boxes(&[area], POINTS));
        self.frame(area, Thickness::Normal);
        self.cell(area, text, Style::bold(LEAST_SIZE).centred());
    }

    /// The outline of a box.
    pub(crate) fn frame(&mut self, area: Area, thickness: Thickness) {
        self.ink(None, Some(stroke(0, thickness)));
        self.draw(&boxes(&[area], POINTS));
    }

    /// A straight line.
    pub(crate) fn line(&mut self, from: (f32, f32), to: (f32, f32), thickness: Thickness) {
        self.ink(None, Some(stroke(0, thickness)));
        self.draw(&polyline(&[from, to], End::Open));
    }

    /// A line to cut along.
    pub(crate) fn cut_line(&mut self, from: (f32, f32), to: (f32, f32)) {
        let dash = Some(StrokeDash { array: vec![4.0, 3.0], offset: 0.0 });
        self.ink(None, Some(Stroke { dash, ..stroke(96, Thickness::Normal) }));
        self.draw(&polyline(&[from, to], End::Open));
    }

    /// Boxes filled black.
    pub(crate) fn black(&mut self, areas: &[Area]) {
        self.ink(Some(solid(0)), None);
        self.draw(&boxes(areas, POINTS));
    }

    /// Boxes filled black, counted in units of a small box from its corner.
    pub(crate) fn black_in_units(&mut self, unit: Area, areas: &[Area]) {
        let (left, top) = (unit.left * POINTS, unit.top * POINTS);
        let scale = Transform::from_row(unit.width * POINTS, 0.0, 0.0, unit.height * POINTS, left, top);
        self.surface.push_transform(&scale);
        self.ink(Some(solid(0)), None);
        self.draw(&boxes(areas, 1.0));
        self.surface.pop();
    }

    /// A box filled white, over what is behind it.
    pub(crate) fn white(&mut self, area: Area) {
        self.ink(Some(solid(255)), None);
        self.draw(&boxes(&[area], POINTS));
    }

    /// A box to tick in the middle of the left edge of an area, and its text.
    pub(crate) fn choice(&mut self, area: Area, text: &str) {
        self.frame(area.part(0.0, (area.height - TICK) / 2.0, TICK, TICK), Thickness::Normal);
        self.text(area.after(TICK + 1.0), text, Style::regular(LEAST_SIZE));
    }

    /// 訓練 in a black box, if this is a drill. Gives the area that is left.
    pub(crate) fn drill_label(&mut self, area: Area, width: f32) -> Area {
        match self.mode {
            Mode::Live => area,
            Mode::Drill => {
                let label = area.part(0.0, 0.0, width, area.height);
                self.black(&[label]);
                let size = (width - 2.0) / 2.0 * POINTS;
                self.reversed(label, "訓練", Style::bold(size.min(area.height * POINTS * 0.8)).centred());
                area.after(width + 2.0)
            }
        }
    }

    /// 訓練 across a page or card, if this is a drill: as an outline, which no printer makes so dark that the
    /// text over it could not be read.
    pub(crate) fn drill_mark(&mut self, area: Area) {
        if self.mode == Mode::Live {
            return;
        }
        let line = Line::of(self.fonts.family(Weight::Bold), "訓練");
        let side = area.width.min(area.height);
        let size = side * 0.45 * POINTS;
        let (x, y) = ((area.left + area.width / 2.0) * POINTS, (area.top + area.height / 2.0) * POINTS);
        self.surface.push_transform(&Transform::from_rotate_at(-45.0, x, y));
        self.ink(None, Some(stroke(PALE, Thickness::Normal)));
        self.letters(&line, Weight::Bold, x - line.width * size / 2.0, y + BASE * size, size);
        self.surface.pop();
    }

    /// A drawing of lines: what is open is stroked, what is solid is filled.
    pub(crate) fn shape(&mut self, path: &Option<Path>, is_solid: Solid, thickness: f32) {
        match is_solid {
            Solid::Filled => self.ink(Some(solid(0)), None),
            Solid::Outline => {
                let round = Stroke {
                    line_cap: LineCap::Round,
                    line_join: LineJoin::Round,
                    ..stroke(0, Thickness::Normal)
                };
                self.ink(None, Some(Stroke { width: thickness * POINTS, ..round }));
            }
        }
        self.draw(path);
    }

    fn letters(&mut self, line: &Line, weight: Weight, left: f32, base: f32, size: f32) {
        let mut left = left;
        for (source, letters) in line.runs() {
            let glyphs: Vec<KrillaGlyph> = letters
                .iter()
                .map(|one| {
                    let (found, range) = (one.found, one.range.clone());
                    KrillaGlyph::new(found.glyph, found.advance, 0.0, 0.0, 0.0, range, None)
                })
                .collect();
            let font = self.fonts.family(weight).font(source);
            self.surface.draw_glyphs(Point::from_xy(left, base), &glyphs, font, &line.text, size, false);
            left += letters.iter().map(|one| one.found.advance * size).sum::<f32>();
        }
    }

    fn ink(&mut self, fill: Option<Fill>, stroke: Option<Stroke>) {
        self.surface.set_fill(fill);
        self.surface.set_stroke(stroke);
    }

    fn draw(&mut self, path: &Option<Path>) {
        if let Some(path) = path {
            self.surface.draw_path(path);
        }
    }
}

/// Whether a shape is an outline or filled.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Solid {
    Outline,
    Filled,
}

/// Whether a line comes back to its start.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Open,
    Closed,
}

/// Straight lines through points in millimetres.
pub(crate) fn polyline(points: &[(f32, f32)], end: End) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first.0 * POINTS, first.1 * POINTS);
    for (x, y) in rest {
        path.line_to(x * POINTS, y * POINTS);
    }
    if matches!(end, End::Closed) {
        path.close();
    }
    path.finish()
}

/// Rectangles, each number times a scale.
fn boxes(areas: &[Area], scale: f32) -> Option<Path> {
    let mut path = PathBuilder::new();
    for area in areas {
        let (left, top) = (area.left * scale, area.top * scale);
        path.push_rect(Rect::from_xywh(left, top, area.width * scale, area.height * scale)?);
    }
    path.finish()
}

fn solid(lightness: u8) -> Fill {
    Fill { paint: luma::Color::new(lightness).into(), ..Fill::default() }
}

fn stroke(lightness: u8, thickness: Thickness) -> Stroke {
    Stroke { paint: luma::Color::new(lightness).into(), width: thickness.points(), ..Stroke::default() }
}
