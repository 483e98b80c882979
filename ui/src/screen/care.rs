//! 看護: who needs care, the most urgent first; why somebody's page is opened; handing the list over.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::{CareItem, CareList};
use hinamori_model::LookupReason;

use super::care_person::person_ui;
use super::care_words::{need_key, urgency_words};
use super::number_pad::Words;
use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::session::reason_key;
use super::sign_in::pin_ui;
use super::{View, is_portrait, when_words};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Touchable, Type, light_ui};
use crate::{Action, CareKey, Page};

/// The list, the reason, or one person's page.
pub(crate) fn care_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let care = &view.state.care;
    match (&care.wanted, care.reason) {
        (Some((_, name)), None) => why_ui(canvas, rect, name.as_ref().map(|name| name.expose())),
        (Some(_), Some(_)) => person_ui(canvas, rect, view),
        (None, _) => list_ui(canvas, rect, view),
    }
}

/// A header with up to two buttons at its end; the place of both is cut off.
fn list_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let mut action = None;
    let width = (header.width() * 0.28).min(320.0);
    let buttons = [
        (Pictogram::Search, "search-title", Page::CareSearch),
        (Pictogram::Move, "hand-over-title", Page::HandOver),
    ];
    for (picture, key, page) in buttons.into_iter().rev() {
        let place = header.cut_right(width);
        let _gap = header.cut_right(size::GAP);
        let word = canvas.texts.get(key);
        let button = Button::new(ButtonLook::Tile, &word).size(size::BODY).picture(picture);
        if button.show(canvas, key, place) {
            action = Some(Action::Open(page));
        }
    }
    action = header_ui(canvas, header, "care-title").then_some(Action::Back).or(action);
    let list = view.state.care.list.as_ref();
    let items = list.map(|list| list.items.as_slice()).unwrap_or_default();
    if items.is_empty() {
        let text = canvas.texts.get(if list.is_some() { "care-nobody" } else { "list-loading" });
        canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::TILE_TEXT, canvas.palette.ink), &text);
        return action;
    }
    let gap = 10.0;
    // The foot is only as tall as a button where there is one.
    let whole = rows_that_fit(inner.height() - 44.0, size::TARGET, gap);
    let turns = items.len() > whole;
    let mut foot = inner.cut_bottom(if turns { size::TARGET } else { 40.0 });
    let _gap = inner.cut_bottom(gap);
    let rows = rows_that_fit(inner.height(), size::TARGET, gap);
    let pages = Pages::new(items.len(), rows, view.state.turned);
    if turns {
        let place = foot.cut_right((foot.width() * 0.4).min(390.0));
        let _gap = foot.cut_right(size::GAP);
        action = pages.turn_ui(canvas, place, "page-next").or(action);
    }
    handed_over_ui(canvas, foot, view, list);
    let grid = Grid { columns: 1, rows, gap };
    for (position, item) in pages.slice(items).iter().enumerate() {
        let place = inner.cell(grid, position);
        let place = Rect::from_min_size(place.min, vec2(place.width(), place.height().min(132.0)));
        if item_ui(canvas, place, view, item) {
            action = Some(Action::Care(CareKey::Choose(item.person, item.name.clone())));
        }
    }
    action
}

fn handed_over_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, list: Option<&CareList>) {
    let Some((name, at)) = list.and_then(|list| list.handed_over.as_ref()) else { return };
    let texts = canvas.texts;
    let name = name.as_ref().map_or_else(|| texts.get("staff-nobody"), |name| name.expose().to_owned());
    let when = when_words(texts, *at, view.now.wall);
    let text = texts.with("handed-over", [("name", name.as_str().into()), ("when", when.as_str().into())]);
    canvas.text(rect, Align2::LEFT_CENTER, Type::regular(size::CAPTION, canvas.palette.ink_soft), &text);
}

/// Sign, name and needs; how urgent at the end.
fn item_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, item: &CareItem) -> bool {
    let palette = canvas.palette;
    let texts = canvas.texts;
    let (severity, urgency) = urgency_words(texts, item.urgency, view.now.wall);
    let name = match &item.name {
        Some(name) => name.expose().to_owned(),
        None => texts.get("leader-list-nameless"),
    };
    let name = if item.hidden { texts.with("care-hidden", [("name", name.as_str().into())]) } else { name };
    let needs: Vec<String> = item.needs.iter().map(|need| texts.get(need_key(*need))).collect();
    let needs = needs.join(&texts.get("leader-list-separator"));
    let label = format!("{name} {needs} {urgency}");
    let response = canvas.touch(("care", item.person), rect, Touchable::Button, &label);
    let fill = if response.is_pointer_button_down_on() { palette.chosen.fill } else { palette.surface };
    let edge = match severity {
        Severity::Broken => Stroke::new(size::LINE_CHOSEN, palette.ink),
        _ => Stroke::new(size::LINE, palette.edge),
    };
    canvas.card(rect, size::RADIUS_TILE, fill, edge);
    let mut inner = rect.shrink2(vec2(18.0, 8.0));
    light_ui(canvas, inner.cut_left(62.0).square(58.0), severity);
    let _gap = inner.cut_left(16.0);
    let mut end = inner.cut_right((inner.width() * 0.4).min(310.0));
    let _gap = inner.cut_right(10.0);
    let seen = when_words(texts, item.seen_at, view.now.wall);
    let seen = texts.with("care-seen", [("when", seen.as_str().into())]);
    let upper = end.cut_top(end.height() * 0.56);
    canvas.paint(upper, Align2::RIGHT_CENTER, Type::bold(size::TILE_TEXT, palette.ink), &urgency);
    let quiet = Type::regular(size::CAPTION, palette.ink_soft);
    canvas.paint(end, Align2::RIGHT_CENTER, quiet, &seen);
    let upper = inner.cut_top(inner.height() * 0.5);
    canvas.paint(upper, Align2::LEFT_CENTER, Type::bold(size::LEAD, palette.ink), &name);
    let look = Type::regular(size::BODY, palette.ink);
    let fits = shortened(canvas, inner.width(), look, &needs);
    canvas.paint(inner, Align2::LEFT_CENTER, look, &fits);
    response.clicked()
}

/// The first needs that have room on a line; that there are more is told. They are the gravest.
fn shortened(canvas: &Canvas<'_>, width: f32, look: Type, needs: &str) -> String {
    let look = Type { size: size::CAPTION, ..look };
    let separator = canvas.texts.get("leader-list-separator");
    let mut shown = needs.to_owned();
    let mut parts: Vec<&str> = needs.split(&separator).collect();
    while canvas.width_of(look, &shown) > width && parts.len() > 1 {
        parts.pop();
        shown = format!("{}{separator}…", parts.join(&separator));
    }
    shown
}

/// Why somebody's page is opened: it is written down, and the person can see it.
fn why_ui(canvas: &mut Canvas<'_>, rect: Rect, name: Option<&str>) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), "why-title").then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    let palette = canvas.palette;
    let spoken = match name {
        Some(name) => canvas.texts.with("name-spoken", [("name", name.into())]),
        None => canvas.texts.get("leader-list-nameless"),
    };
    canvas.text(inner.cut_top(64.0), Align2::LEFT_CENTER, Type::bold(size::NAME, palette.ink), &spoken);
    let say = canvas.texts.get("why-say");
    canvas.text(inner.cut_top(50.0), Align2::LEFT_CENTER, Type::regular(size::BODY, palette.ink_soft), &say);
    let _gap = inner.cut_top(size::GAP);
    let columns = if is_portrait(rect) { 2 } else { 4 };
    let rows = LookupReason::ALL.len().div_ceil(columns);
    let tall = if columns == 2 { 640.0 } else { 340.0 };
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), inner.height().min(tall)));
    let grid = Grid { columns, rows, gap: size::GAP };
    for (position, reason) in LookupReason::ALL.iter().enumerate() {
        let word = canvas.texts.get(reason_key(*reason));
        if Button::new(ButtonLook::Tile, &word).show(
            canvas,
            ("why", reason.code()),
            area.cell(grid, position),
        ) {
            action = Some(Action::Care(CareKey::Why(*reason)));
        }
    }
    action
}

/// 引き継ぎ: the next one's PIN, then their card.
pub(crate) fn hand_over_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let words = Words {
        title: "hand-over-title",
        word: "hand-over-pin",
        say: "hand-over-say",
        next: "registration-next",
    };
    pin_ui(canvas, rect, view, words, "hand-over-card")
}
