//! What is written down of one person, and what can be added.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::{CareEntry, CarePerson};
use hinamori_model::UnixMillis;

use super::care_words::entry_words;
use super::care_write::write_ui;
use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::{View, is_portrait};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Touchable, Type, light_ui};
use crate::{Action, CareKey, CareStep};

/// What can be added.
const WAYS: [(Pictogram, &str, CareStep); 6] = [
    (Pictogram::Care, "write-need", CareStep::Needs),
    (Pictogram::House, "write-stay", CareStep::Stay),
    (Pictogram::Support, "write-help", CareStep::Helps),
    (Pictogram::Check, "write-consent", CareStep::Circles),
    (Pictogram::Relatives, "write-proxy", CareStep::Purposes),
    (Pictogram::Phone, "write-contact", CareStep::ContactName),
];

/// The page of one person, or of what is being written down.
pub(crate) fn person_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let care = &view.state.care;
    if care.step != CareStep::Reading {
        return write_ui(canvas, rect, view);
    }
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let Some(person) = &care.person else {
        let action = header_ui(canvas, header, "care-title").then_some(Action::Back);
        let text = canvas.texts.get("list-loading");
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
        return action;
    };
    let mut action = ways_ui(canvas, &mut inner, is_portrait(rect));
    let _gap = inner.cut_bottom(size::GAP);
    let columns = if is_portrait(rect) { 1 } else { 2 };
    let rows = rows_that_fit(inner.height(), size::TARGET, 10.0);
    let entries: Vec<&CareEntry> = person.entries.iter().collect();
    let pages = Pages::new(entries.len(), rows * columns, view.state.turned);
    if pages.has_more() {
        let place = header.cut_right((header.width() * 0.34).min(320.0));
        let _gap = header.cut_right(size::GAP);
        action = pages.turn_ui(canvas, place, "page-next").or(action);
    }
    action = who_ui(canvas, header, person).or(action);
    if person.has_more {
        let mut line = inner.cut_top(40.0);
        light_ui(canvas, line.cut_left(40.0).square(36.0), Severity::Notice);
        let _gap = line.cut_left(size::GAP);
        let text = canvas.texts.get("care-has-more");
        canvas.text(line, Align2::LEFT_CENTER, Type::regular(size::BODY, canvas.palette.ink), &text);
    }
    if entries.is_empty() {
        let text = canvas.texts.get("care-nothing");
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
    }
    let rows = rows_that_fit(inner.height(), size::TARGET, 10.0);
    let pages = Pages::new(entries.len(), rows * columns, view.state.turned);
    let grid = Grid { columns, rows, gap: 10.0 };
    for (position, entry) in pages.slice(&entries).iter().enumerate() {
        let place = inner.cell(grid, position);
        let place = Rect::from_min_size(place.min, vec2(place.width(), place.height().min(132.0)));
        action = entry_ui(canvas, place, (position, entry), view.now.wall).or(action);
    }
    action
}

/// The way back, and who it is.
fn who_ui(canvas: &mut Canvas<'_>, rect: Rect, person: &CarePerson) -> Option<Action> {
    let mut inner = rect;
    let back = inner.cut_left(size::TARGET);
    let label = canvas.texts.get("page-back");
    let touched = Button::new(ButtonLook::Tile, &label).only(Pictogram::Back).show(canvas, "back", back);
    let _gap = inner.cut_left(20.0);
    let palette = canvas.palette;
    let name = match &person.name {
        Some(name) => canvas.texts.with("name-spoken", [("name", name.expose().into())]),
        None => canvas.texts.get("leader-list-nameless"),
    };
    let name =
        if person.hidden { canvas.texts.with("care-hidden", [("name", name.as_str().into())]) } else { name };
    let age = person.age.map(|age| canvas.texts.with("care-age", [("years", u32::from(age).into())]));
    let kana = person.kana.as_ref().map(|kana| kana.expose().to_owned());
    let quiet: Vec<String> = [kana, age].into_iter().flatten().collect();
    let upper = inner.cut_top(inner.height() * 0.58);
    canvas.text(upper, Align2::LEFT_CENTER, Type::bold(size::TITLE, palette.ink), &name);
    let look = Type::regular(size::BODY, palette.ink_soft);
    canvas.text(inner, Align2::LEFT_CENTER, look, &quiet.join(" ・ "));
    touched.then_some(Action::Back)
}

fn ways_ui(canvas: &mut Canvas<'_>, rect: &mut Rect, portrait: bool) -> Option<Action> {
    let columns = if portrait { 3 } else { 6 };
    let rows = WAYS.len().div_ceil(columns);
    #[expect(clippy::cast_precision_loss, reason = "one or two rows")]
    let height = (size::TARGET + size::GAP) * rows as f32 - size::GAP;
    let area = rect.cut_bottom(height);
    let grid = Grid { columns, rows, gap: size::GAP };
    let mut action = None;
    for (position, (picture, key, step)) in WAYS.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let button = Button::new(ButtonLook::Tile, &word).picture_above(picture).size(size::BODY);
        if button.show(canvas, key, area.cell(grid, position)) {
            action = Some(Action::Care(CareKey::Begin(step)));
        }
    }
    action
}

/// A need can be touched: its time and its end are changed there.
fn entry_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    (position, entry): (usize, &CareEntry),
    now: UnixMillis,
) -> Option<Action> {
    let palette = canvas.palette;
    let (word, note) = entry_words(canvas.texts, entry, now);
    let mut inner = rect.shrink2(vec2(20.0, 8.0));
    let upper = inner.cut_top(inner.height() * 0.54);
    let (bold, quiet) =
        (Type::bold(size::TILE_TEXT, palette.ink), Type::regular(size::CAPTION, palette.ink_soft));
    let CareEntry::Need { kind, .. } = entry else {
        canvas.card(rect, size::RADIUS_TILE, palette.background, Stroke::new(2.0, palette.hairline));
        canvas.text(upper, Align2::LEFT_CENTER, bold, &word);
        canvas.text(inner, Align2::LEFT_CENTER, quiet, &note);
        return None;
    };
    let label = format!("{word} {note}");
    let response = canvas.touch(("entry", position), rect, Touchable::Button, &label);
    let fill = if response.is_pointer_button_down_on() { palette.chosen.fill } else { palette.surface };
    canvas.card(rect, size::RADIUS_TILE, fill, Stroke::new(size::LINE, palette.edge));
    canvas.paint(upper, Align2::LEFT_CENTER, bold, &word);
    canvas.paint(inner, Align2::LEFT_CENTER, quiet, &note);
    response.clicked().then_some(Action::Care(CareKey::Need(*kind)))
}
