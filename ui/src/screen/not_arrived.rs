//! 未到着: districts with what is known of their people, and the households that are not complete.

use egui::{Align2, Color32, Painter, Rect, Stroke, pos2, vec2};
use hinamori_ipc::{Command, DistrictStanding, NotArrived};

use super::households::households_ui;
use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::question::{Asked, asked_ui};
use super::{View, is_portrait};
use crate::theme::{Palette, size};
use crate::widget::{Canvas, Grid, Pictogram, Place, Touchable, Type};
use crate::{Action, Question};

/// The least height of a district's row.
const ROW: f32 = size::TARGET;
/// The bar's height.
const BAR: f32 = 40.0;
/// The parts of a bar, each with a pattern of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Arrived,
    Passed,
    ToldElsewhere,
    NotSeen,
}

const PARTS: [(Part, &str); 4] = [
    (Part::Arrived, "part-arrived"),
    (Part::Passed, "part-passed"),
    (Part::ToldElsewhere, "part-told"),
    (Part::NotSeen, "part-not-seen"),
];

impl Part {
    const fn of(self, district: &DistrictStanding) -> u32 {
        match self {
            Self::Arrived => district.arrived,
            Self::Passed => district.passed,
            Self::ToldElsewhere => district.told_elsewhere,
            Self::NotSeen => district.not_seen,
        }
    }

    /// Full, hatched, dotted, empty.
    fn draw(self, painter: &Painter, rect: Rect, palette: Palette) {
        let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
        let ink = palette.tick.fill;
        painter.rect_filled(rect, 0.0, if self == Self::Arrived { ink } else { palette.surface });
        match self {
            Self::Arrived | Self::NotSeen => {}
            Self::Passed => hatch(&painter, rect, ink),
            Self::ToldElsewhere => dots(&painter, rect, ink),
        }
    }
}

fn hatch(painter: &Painter, rect: Rect, ink: Color32) {
    let mut left = rect.left() - rect.height();
    while left < rect.right() {
        let line = [pos2(left, rect.bottom()), pos2(left + rect.height(), rect.top())];
        painter.line_segment(line, Stroke::new(4.0, ink));
        left += 12.0;
    }
}

fn dots(painter: &Painter, rect: Rect, ink: Color32) {
    const STEP: f32 = 13.0;
    let mut y = rect.top() + STEP / 2.0;
    while y < rect.bottom() {
        let mut x = rect.left() + STEP / 2.0;
        while x < rect.right() {
            painter.circle_filled(pos2(x, y), 3.4, ink);
            x += STEP;
        }
        y += STEP;
    }
}

/// The districts, or the households of the one that was touched.
pub(crate) fn not_arrived_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let people = &view.state.people;
    if let Some(Question::Elsewhere { person, name }) = &people.question {
        let yes = Action::SendAndRefresh(Command::ToldElsewhere { people: vec![*person] });
        let about = canvas.texts.with("name-spoken", [("name", name.expose().into())]);
        let notes = [canvas.texts.get("elsewhere-say")];
        let asked = Asked {
            title: "not-arrived",
            question: "elsewhere-question",
            about: &about,
            notes: &notes,
            yes_note: "elsewhere-yes",
        };
        return asked_ui(canvas, rect, &asked, |_, _| None, yes);
    }
    match (&people.not_arrived, &people.district) {
        (Some(list), Some(district)) if list.of.as_ref() == Some(district) => {
            households_ui(canvas, rect, list, district)
        }
        (Some(list), None) => districts_ui(canvas, rect, view, list),
        _ => loading_ui(canvas, rect),
    }
}

fn loading_ui(canvas: &mut Canvas<'_>, rect: Rect) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let action = header_ui(canvas, inner.cut_top(size::TARGET), "not-arrived").then_some(Action::Back);
    let text = canvas.texts.get("list-loading");
    let look = Type::regular(size::TILE_TEXT, canvas.palette.ink);
    let _gap = inner.cut_top(size::GAP);
    canvas.text(inner, Align2::LEFT_TOP, look, &text);
    action
}

fn districts_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, list: &NotArrived) -> Option<Action> {
    let portrait = is_portrait(rect);
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let legend = inner.cut_top(if portrait { 92.0 } else { 52.0 });
    // Whoever needs support and was not seen comes first; else the order stays, so that no row leaves its finger.
    let (mut first, rest): (Vec<_>, Vec<_>) =
        list.districts.iter().partition(|district| district.support_not_seen > 0);
    first.extend(rest);
    let rows = rows_that_fit(inner.height(), ROW, 8.0);
    let pages = Pages::new(first.len(), rows, view.state.turned);
    let mut action = None;
    if pages.has_more() {
        let place = header.cut_right((header.width() * 0.4).min(340.0));
        action = pages.turn_ui(canvas, place, "page-next");
        let _gap = header.cut_right(size::GAP);
    }
    if header_ui(canvas, header, "not-arrived") {
        action = Some(Action::Back);
    }
    legend_ui(canvas, legend, list, if portrait { 2 } else { 4 });
    if first.is_empty() {
        let text = canvas.texts.get("districts-empty");
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
    }
    let height = ROW.max(size::TILE.min(inner.height()));
    for district in pages.slice(&first) {
        let place = inner.cut_top(height.min(ROW + 8.0).min(size::TILE));
        let _gap = inner.cut_top(8.0);
        if district_ui(canvas, place, district, portrait) {
            action = Some(Action::ShowHouseholds(district.name.clone(), 0));
        }
    }
    action
}

/// Each pattern with its word and how many there are in all.
fn legend_ui(canvas: &mut Canvas<'_>, rect: Rect, list: &NotArrived, columns: usize) {
    let grid = Grid { columns, rows: PARTS.len().div_ceil(columns), gap: 8.0 };
    let look = Type::regular(size::CAPTION, canvas.palette.ink);
    for (position, (part, key)) in PARTS.into_iter().enumerate() {
        let total: u32 = list.districts.iter().fold(0, |sum, district| sum.saturating_add(part.of(district)));
        let mut place = rect.cell(grid, position);
        let sample = Rect::from_center_size(place.cut_left(48.0).center(), vec2(48.0, 28.0));
        part.draw(canvas.ui.painter(), sample, canvas.palette);
        frame(canvas, sample);
        let _gap = place.cut_left(10.0);
        let text = canvas.texts.with(key, [("people", total.into())]);
        canvas.text(place, Align2::LEFT_CENTER, look, &text);
    }
}

fn frame(canvas: &Canvas<'_>, rect: Rect) {
    let edge = Stroke::new(size::LINE, canvas.palette.edge);
    canvas.ui.painter().rect_stroke(rect, 4.0, edge, egui::StrokeKind::Middle);
}

/// Name, bar, how many are missing, and how many of them need support.
fn district_ui(canvas: &mut Canvas<'_>, rect: Rect, district: &DistrictStanding, portrait: bool) -> bool {
    let palette = canvas.palette;
    let missing = if district.not_seen == 0 {
        canvas.texts.get("district-complete")
    } else {
        canvas.texts.with("district-missing", [("people", district.not_seen.into())])
    };
    let support = (district.support_not_seen > 0)
        .then(|| canvas.texts.with("district-support", [("people", district.support_not_seen.into())]));
    let label = format!("{} {missing} {}", district.name, support.as_deref().unwrap_or_default());
    let response = canvas.touch(("district", &district.name), rect, Touchable::Button, label.trim_end());
    let fill = if response.is_pointer_button_down_on() { palette.chosen.fill } else { palette.surface };
    let edge = if support.is_some() {
        Stroke::new(size::LINE_CHOSEN, palette.ink)
    } else {
        Stroke::new(size::LINE, palette.edge)
    };
    canvas.card(rect, size::RADIUS_TILE, fill, edge);

    let mut inner = rect.shrink2(vec2(20.0, 12.0));
    let numbers = inner.cut_right(if portrait { 190.0 } else { 230.0 });
    let name = inner.cut_left(if portrait { 170.0 } else { 250.0 });
    let _gaps = (inner.cut_left(12.0), inner.cut_right(20.0));
    canvas.paint(name, Align2::LEFT_CENTER, Type::bold(size::LEAD, palette.ink), &district.name);

    let bar = inner.cut_top(BAR + 4.0);
    let bar = Rect::from_center_size(bar.center(), vec2(bar.width(), BAR));
    bar_ui(canvas, bar, district);
    let counted = canvas
        .texts
        .with("district-counted", [("arrived", district.arrived.into()), ("people", district.people.into())]);
    canvas.paint(inner, Align2::LEFT_CENTER, Type::regular(size::CAPTION, palette.ink_soft), &counted);

    let mut numbers = numbers;
    let bold = Type::bold(size::LEAD, palette.ink);
    let Some(support) = support else {
        canvas.paint(numbers, Align2::RIGHT_CENTER, bold, &missing);
        return response.clicked();
    };
    let upper = numbers.cut_top(numbers.height() * 0.54);
    canvas.paint(upper, Align2::RIGHT_CENTER, bold, &missing);
    let look = Type::bold(26.0, palette.ink);
    let width = canvas.width_of(look, &support).min(numbers.width() - 40.0);
    canvas.paint(numbers.cut_right(width), Align2::RIGHT_CENTER, look, &support);
    let _gap = numbers.cut_right(6.0);
    Pictogram::Support.draw(canvas.ui.painter(), numbers.cut_right(36.0).square(36.0), palette.ink);
    response.clicked()
}

#[expect(clippy::cast_precision_loss, reason = "numbers of people")]
fn bar_ui(canvas: &Canvas<'_>, rect: Rect, district: &DistrictStanding) {
    /// Somebody is seen on the bar, however few of many.
    const LEAST: f32 = 12.0;
    let parts = PARTS.map(|(part, _)| (part, part.of(district)));
    let present = parts.iter().filter(|(_, people)| *people > 0).count() as f32;
    let total = parts.iter().map(|(_, people)| f64::from(*people)).sum::<f64>().max(1.0);
    let mut inner = rect;
    for (part, people) in parts {
        if people == 0 {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a part of a bar")]
        let share = (f64::from(people) / total) as f32;
        let width = LEAST + share * (rect.width() - LEAST * present);
        let place = inner.cut_left(width);
        part.draw(canvas.ui.painter(), place, canvas.palette);
        canvas.ui.painter().vline(place.right(), rect.y_range(), Stroke::new(2.0, canvas.palette.edge));
    }
    frame(canvas, rect);
}
