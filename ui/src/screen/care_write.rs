//! Writing something down of a person: choices as tiles, a time by steps, names by the pad of sounds.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::CareEntry;
use hinamori_model::{
    ArrivalNeed, Circle, ConsentItem, Help, NeedKind, ProxyPurpose, StayForm, UnixMillis, YesNo,
};

use super::care_words::{
    circle_key, degree_words, due_words, help_key, item_key, need_key, purpose_key, stay_key,
};
use super::kana_pad::name_ui;
use super::number_pad::{Words, pad_page_ui};
use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::{View, is_portrait};
use crate::theme::size;
use crate::update::other;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, CareKey, CareStep, NeedDraft, Step, degrees_of};

/// A choice: its word, whether it is on, and what a touch does.
type Choice = (String, bool, CareKey);

/// The page of the step.
pub(crate) fn write_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let texts = canvas.texts;
    let begin = CareKey::Begin;
    match &view.state.care.step {
        CareStep::Reading => None,
        CareStep::Needs => {
            // What is asked at the door is told apart by what is known now.
            let asked = |kind: NeedKind| ArrivalNeed::ALL.iter().any(|need| need.need() == kind);
            let kinds = NeedKind::ALL.iter().filter(|kind| !asked(**kind));
            let choice =
                |kind: &NeedKind| (texts.get(need_key(*kind)), has_need(view, *kind), CareKey::Need(*kind));
            choices_ui(canvas, rect, view, "write-need", kinds.map(choice).collect())
        }
        CareStep::Need(need) => need_ui(canvas, rect, view, need),
        CareStep::Stay => {
            let now = entry_of(view, |entry| match entry {
                CareEntry::Stay(stay) => Some(*stay),
                _ => None,
            });
            let choice = |stay: &StayForm| {
                (texts.get(stay_key(*stay)), now == Some(*stay), CareKey::Write(CareEntry::Stay(*stay)))
            };
            choices_ui(canvas, rect, view, "write-stay", StayForm::ALL.iter().map(choice).collect())
        }
        CareStep::Helps => {
            let choice = |wanted: &Help| {
                let now = entry_of(view, |entry| match entry {
                    CareEntry::Help { help, answer } if help == wanted => Some(*answer),
                    _ => None,
                });
                let entry = CareEntry::Help { help: *wanted, answer: other(now) };
                (texts.get(help_key(*wanted)), now == Some(YesNo::Yes), CareKey::Write(entry))
            };
            choices_ui(canvas, rect, view, "write-help", Help::ALL.iter().map(choice).collect())
        }
        CareStep::Circles => {
            let choice =
                |circle: &Circle| (texts.get(circle_key(*circle)), false, begin(CareStep::Consents(*circle)));
            choices_ui(canvas, rect, view, "consent-whom", Circle::ALL.iter().map(choice).collect())
        }
        CareStep::Consents(circle) => consents_ui(canvas, rect, view, *circle),
        CareStep::Purposes => {
            let choice = |purpose: &ProxyPurpose| {
                (texts.get(purpose_key(*purpose)), false, begin(CareStep::ProxyName(*purpose)))
            };
            choices_ui(canvas, rect, view, "proxy-for", ProxyPurpose::ALL.iter().map(choice).collect())
        }
        CareStep::ProxyName(purpose) => {
            let next = Action::Care(begin(CareStep::ProxyUntil(*purpose)));
            name_ui(canvas, rect, view, "proxy-name", next)
        }
        CareStep::ProxyUntil(purpose) => until_ui(canvas, rect, view, *purpose),
        CareStep::ContactName => {
            name_ui(canvas, rect, view, "contact-name", Action::Care(begin(CareStep::ContactPhone)))
        }
        CareStep::ContactPhone => {
            let words = Words {
                title: "write-contact",
                word: "phone-word",
                say: "contact-phone-say",
                next: "write-down",
            };
            pad_page_ui(canvas, rect, view, words, None)
        }
    }
}

/// The first entry of the person that fits.
fn entry_of<T>(view: &View<'_>, wanted: impl Fn(&CareEntry) -> Option<T>) -> Option<T> {
    view.state.care.person.iter().flat_map(|person| &person.entries).find_map(wanted)
}

fn has_need(view: &View<'_>, wanted: NeedKind) -> bool {
    let known = entry_of(view, |entry| match entry {
        CareEntry::Need { kind, answer, .. } if *kind == wanted => Some(*answer),
        _ => None,
    });
    known == Some(YesNo::Yes)
}

/// To what somebody agrees, for one circle: touched one after the other.
fn consents_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, wanted: Circle) -> Option<Action> {
    let texts = canvas.texts;
    let choice = |about: &ConsentItem| {
        let now = entry_of(view, |entry| match entry {
            CareEntry::Consent { item, circle, answer } if item == about && *circle == wanted => {
                Some(*answer)
            }
            _ => None,
        });
        let entry = CareEntry::Consent { item: *about, circle: wanted, answer: other(now) };
        (texts.get(item_key(*about)), now == Some(YesNo::Yes), CareKey::Write(entry))
    };
    let choices = ConsentItem::ALL.iter().map(choice).collect();
    choices_ui(canvas, rect, view, circle_key(wanted), choices)
}

/// Until when somebody acts in the person's place.
fn until_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, purpose: ProxyPurpose) -> Option<Action> {
    const DAY: u64 = 24 * 60 * 60 * 1_000;
    let texts = canvas.texts;
    let name = &view.state.care.text;
    let choice = |key: &str, days: Option<u64>| {
        let until = days.map(|days| view.now.wall.plus(days * DAY));
        let entry = CareEntry::Proxy { purpose, name: name.clone(), until };
        (texts.get(key), false, CareKey::Write(entry))
    };
    let choices = vec![
        choice("until-day", Some(1)),
        choice("until-week", Some(7)),
        choice("until-month", Some(30)),
        choice("until-open", None),
    ];
    choices_ui(canvas, rect, view, "proxy-until", choices)
}

/// Tiles in pages.
fn choices_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    title: &str,
    choices: Vec<Choice>,
) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let columns = if is_portrait(rect) { 2 } else { 4 };
    let rows = rows_that_fit(inner.height(), size::TARGET, size::GAP);
    let pages = Pages::new(choices.len(), rows * columns, view.state.turned);
    let mut action = None;
    if pages.has_more() {
        let place = header.cut_right((header.width() * 0.4).min(340.0));
        let _gap = header.cut_right(size::GAP);
        action = pages.turn_ui(canvas, place, "page-next");
    }
    action = header_ui(canvas, header, title).then_some(Action::Back).or(action);
    let shown = pages.slice(&choices);
    // A few tiles stay tiles.
    let used = if pages.has_more() { rows } else { shown.len().div_ceil(columns).max(1) };
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let tall = (size::TARGET + 40.0 + size::GAP) * used as f32 - size::GAP;
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), inner.height().min(tall)));
    let grid = Grid { columns, rows: used, gap: size::GAP };
    for (position, (word, chosen, key)) in shown.iter().enumerate() {
        let button = Button::new(ButtonLook::Choice { chosen: *chosen }, word).size(size::BODY);
        if button.show(canvas, ("choice", position), area.cell(grid, position)) {
            action = Some(Action::Care(key.clone()));
        }
    }
    action
}

/// One need: by when, how much, or that it is over.
fn need_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, need: &NeedDraft) -> Option<Action> {
    let portrait = is_portrait(rect);
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let key = need_key(need.kind);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), key).then_some(Action::Back);
    let mut finish = inner.cut_bottom(size::TARGET);
    let _gaps = (inner.cut_top(size::GAP), inner.cut_bottom(size::GAP));
    let over = finish.cut_left(finish.width() * 0.39);
    let _gap = finish.cut_left(size::GAP);
    if has_need(view, need.kind) {
        let word = canvas.texts.get("need-over");
        if Button::new(ButtonLook::Tile, &word).picture(Pictogram::Cross).show(canvas, "over", over) {
            action = Some(Action::Care(CareKey::Write(need.entry(YesNo::No))));
        }
    }
    let word = canvas.texts.get("write-down");
    if Button::new(ButtonLook::Primary, &word).size(size::TITLE).show(canvas, "finish", finish) {
        action = Some(Action::Care(CareKey::Write(need.entry(YesNo::Yes))));
    }
    action = due_ui(canvas, &mut inner, need.due_by, (view.now.wall, portrait)).or(action);
    if degrees_of(need.kind).is_some() {
        let _gap = inner.cut_top(size::GAP);
        let place = Rect::from_min_size(inner.min, vec2(inner.width(), size::TARGET));
        action = degree_ui(canvas, place, need).or(action);
    }
    action
}

/// The time, and the steps that put it off.
fn due_ui(
    canvas: &mut Canvas<'_>,
    rect: &mut Rect,
    due: Option<UnixMillis>,
    (now, portrait): (UnixMillis, bool),
) -> Option<Action> {
    let palette = canvas.palette;
    let words = match due {
        Some(due) => due_words(canvas.texts, due, now),
        None => canvas.texts.get("need-no-time"),
    };
    canvas.text(rect.cut_top(84.0), Align2::LEFT_CENTER, Type::bold(size::TITLE, palette.ink), &words);
    let steps = [
        ("step-half-hour", CareKey::Later(30)),
        ("step-hour", CareKey::Later(60)),
        ("step-six-hours", CareKey::Later(6 * 60)),
        ("step-day", CareKey::Later(24 * 60)),
        ("step-no-time", CareKey::NoTime),
    ];
    let columns = if portrait { 3 } else { steps.len() };
    let rows = steps.len().div_ceil(columns);
    #[expect(clippy::cast_precision_loss, reason = "one or two rows")]
    let area = rect.cut_top((size::TARGET + size::GAP) * rows as f32 - size::GAP);
    let grid = Grid { columns, rows, gap: size::GAP };
    let mut action = None;
    for (position, (key, step)) in steps.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        if Button::new(ButtonLook::Tile, &word).show(canvas, key, area.cell(grid, position)) {
            action = Some(Action::Care(step));
        }
    }
    action
}

fn degree_ui(canvas: &mut Canvas<'_>, rect: Rect, need: &NeedDraft) -> Option<Action> {
    let mut inner = rect;
    let more = inner.cut_right(size::TARGET);
    let _gap = inner.cut_right(size::GAP);
    let fewer = inner.cut_right(size::TARGET);
    let _gap = inner.cut_right(size::GAP);
    let words = match need.degree {
        Some(degree) => degree_words(canvas.texts, need.kind, degree),
        None => canvas.texts.get("degree-unknown"),
    };
    canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::TITLE, canvas.palette.ink), &words);
    let mut action = None;
    for (place, step, picture, key) in [
        (fewer, Step::Down, Pictogram::Minus, "degree-less"),
        (more, Step::Up, Pictogram::Plus, "degree-more"),
    ] {
        let label = canvas.texts.get(key);
        if Button::new(ButtonLook::Tile, &label).only(picture).show(canvas, key, place) {
            action = Some(Action::Care(CareKey::Degree(step)));
        }
    }
    action
}
