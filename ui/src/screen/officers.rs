//! お知らせを 出す: what the town prepared, said by two officers at a kiosk. What they sign is what stands on the screen; a drill looks like one
//! from the first page on.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::{
    AlertClass, AlertDesk, AlertDraft, AlertKind, AlertNotice, AlertRefusal, AlertThread, Arrival,
    ClockState, Danger, OfficerStanding, PreparedChoice,
};
use hinamori_model::UnixMillis;

use super::alert::{edge_ui, head_ui, title};
use super::health::duration;
use super::number_pad::Words;
use super::page::header_ui;
use super::paged::Pages;
use super::sign_in::pin_ui;
use super::{View, is_portrait};
use crate::clock::CivilTime;
use crate::theme::{AlertSkin, Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type, light_ui};
use crate::{Action, Language, OfficerStep, OfficerTouch, Page, Saying};

/// The height of the strip that says whether it is real.
const CLASS: f32 = 58.0;
/// Narrower places have one column.
const NARROW: f32 = 900.0;
/// The danger's colour on a tile.
const EDGE: f32 = 18.0;
/// A tsunami is announced in such steps; what lies between is said as the earlier one.
const MINUTES: [u8; 10] = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180];

/// Where whoever is signed in gets to officers' pages from; nothing for whoever has nothing to do there.
pub(crate) fn officer_tile(view: &View<'_>) -> Option<(Pictogram, &'static str, &'static str, Page)> {
    let standing = view.lane.staff.as_ref()?.officer;
    match standing {
        OfficerStanding::Nobody => None,
        OfficerStanding::Officer => Some((Pictogram::Bang, "officer-title", "officer-note", Page::Officers)),
        OfficerStanding::WithoutKeys | OfficerStanding::Waits => {
            Some((Pictogram::Card, "officer-keys-title", "officer-keys-note", Page::OfficerKeys))
        }
    }
}

/// The page.
pub(crate) fn officers_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let officers = &view.state.officers;
    let mut rect = rect;
    if let Some(class) = officers.step.class(officers.desk.as_ref()) {
        class_ui(canvas, rect.cut_top(CLASS), view, class);
    }
    let Some(desk) = &officers.desk else {
        let mut inner = rect.shrink(size::EDGE);
        let action = header_ui(canvas, inner.cut_top(size::TARGET), "officer-title").then_some(Action::Back);
        let text = canvas.texts.get("list-loading");
        canvas.text(inner, Align2::CENTER_CENTER, Type::regular(size::LEAD, canvas.palette.ink), &text);
        return action;
    };
    match &officers.step {
        OfficerStep::Start => start_ui(canvas, rect, view, desk),
        OfficerStep::Message { class, thread } => {
            let thread = desk.threads.iter().find(|known| Some(&known.id) == thread.as_ref());
            messages_ui(canvas, rect, view, (desk, *class, thread))
        }
        OfficerStep::Districts(saying) => districts_ui(canvas, rect, view, (desk, saying)),
        OfficerStep::Places(saying) => places_ui(canvas, rect, view, (desk, saying)),
        OfficerStep::Arrival(saying) => arrival_ui(canvas, rect, view, saying.changes(desk)),
        OfficerStep::Thread(id) => {
            let thread = desk.threads.iter().find(|thread| thread.id == *id);
            thread.and_then(|thread| thread_ui(canvas, rect, view, thread))
        }
        OfficerStep::Draft(draft) => draft_ui(canvas, rect, view, draft),
        OfficerStep::Sign(draft) => {
            let word = if draft.signatures == 0 { "officer-pin-first" } else { "officer-pin-second" };
            let words = Words {
                title: "officer-sign-title",
                word,
                say: "officer-pin-say",
                next: "registration-next",
            };
            pin_ui(canvas, rect, view, words, "officer-card")
        }
        OfficerStep::Test => {
            let words = Words {
                title: "officer-test-title",
                word: "officer-keys-pin",
                say: "officer-test-say",
                next: "registration-next",
            };
            pin_ui(canvas, rect, view, words, "officer-keys-card")
        }
        OfficerStep::Tested => tested_ui(canvas, rect),
    }
}

fn touched(touch: OfficerTouch) -> Action {
    Action::Officer(touch)
}

/// Whether it is real, over the whole width of every step.
fn class_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, class: AlertClass) {
    let skin = AlertSkin::of(&plain(class, Danger::Other), view.state.look);
    canvas.fill(rect, skin.ground.fill);
    let mut inner = rect;
    if class == AlertClass::Exercise {
        edge_ui(canvas, inner.cut_bottom(6.0), &skin);
        edge_ui(canvas, inner.cut_left(EDGE), &skin);
        edge_ui(canvas, inner.cut_right(EDGE), &skin);
    }
    let key = match class {
        AlertClass::Live => "officer-live-band",
        AlertClass::Exercise => "officer-exercise-band",
    };
    let word = canvas.texts.get(key);
    canvas.text(inner, Align2::CENTER_CENTER, Type::bold(size::BODY, skin.ground.on), &word);
}

/// What gives a class its colours.
fn plain(class: AlertClass, danger: Danger) -> AlertNotice {
    AlertNotice {
        class,
        kind: AlertKind::Order,
        danger,
        title: String::new(),
        english_title: String::new(),
        easy: String::new(),
        english: String::new(),
        districts: Vec::new(),
        sent: UnixMillis::new(0),
        expected: None,
    }
}

const fn refusal_key(why: AlertRefusal) -> &'static str {
    match why {
        AlertRefusal::Gone => "officer-gone",
        AlertRefusal::Overtaken => "officer-overtaken",
        AlertRefusal::SignedAlready => "officer-signed-already",
        AlertRefusal::NeedsAnother => "officer-needs-another",
        AlertRefusal::NotListed => "officer-not-listed",
        AlertRefusal::NotPrepared => "officer-not-prepared",
        AlertRefusal::NoTownHall => "officer-no-town-hall",
        AlertRefusal::NotKept => "officer-not-kept",
        AlertRefusal::NotKeptThere => "officer-not-kept-there",
        AlertRefusal::ClockUnsure => "officer-test-clock",
    }
}

/// What is wrong with the time that an alert of this box carries.
fn doubt_ui(canvas: &mut Canvas<'_>, rect: &mut Rect, clock: ClockState) {
    let (key, minutes) = match clock {
        ClockState::Sure => return,
        ClockState::Unsure => return notice_line_ui(canvas, rect, "officer-clock-unsure"),
        ClockState::Ahead { minutes } => ("officer-clock-ahead", minutes),
        ClockState::Behind { minutes } => ("officer-clock-behind", minutes),
    };
    let difference = duration(canvas.texts, minutes);
    let text = canvas.texts.with(key, [("difference", difference.as_str().into())]);
    notice_text_ui(canvas, rect, &text);
}

/// A line with a light; cut off `rect` from the top.
fn notice_line_ui(canvas: &mut Canvas<'_>, rect: &mut Rect, key: &str) {
    let text = canvas.texts.get(key);
    notice_text_ui(canvas, rect, &text);
}

fn notice_text_ui(canvas: &mut Canvas<'_>, rect: &mut Rect, text: &str) {
    let look = Type::bold(size::BODY, canvas.palette.ink);
    let height = canvas.height_of(rect.width() - 58.0, look, text).max(44.0);
    let mut line = rect.cut_top(height);
    light_ui(canvas, line.cut_left(44.0).square(38.0), Severity::Notice);
    let _gap = line.cut_left(size::GAP);
    canvas.text(line, Align2::LEFT_CENTER, look, text);
    let _gap = rect.cut_top(8.0);
}

pub(super) fn refusal_ui(canvas: &mut Canvas<'_>, rect: &mut Rect, view: &View<'_>) {
    if let Some(why) = view.state.officers.refusal {
        let is_draft = matches!(view.state.officers.step, OfficerStep::Draft(_) | OfficerStep::Sign(_));
        // Without an alert there is nothing that the siren could say.
        let key =
            if why == AlertRefusal::NotKept && !is_draft { "officer-not-kept-box" } else { refusal_key(why) };
        notice_line_ui(canvas, rect, key);
    }
}

/// Two ways to begin, and what is there already.
fn start_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, desk: &AlertDesk) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let clock = header.cut_right((header.width() * 0.3).min(300.0));
    let mut action = header_ui(canvas, header, "officer-title").then_some(Action::Back);
    clock_ui(canvas, clock, desk);
    let _gap = inner.cut_top(8.0);
    refusal_ui(canvas, &mut inner, view);
    doubt_ui(canvas, &mut inner, view.lane.status.clock);
    if desk.live_officers < 2 {
        notice_line_ui(canvas, &mut inner, "officer-too-few");
    }
    if desk.drafts.is_empty() && desk.threads.is_empty() {
        // Nobody tests a key while something is out.
        action = test_tile_ui(canvas, inner.cut_bottom(size::TARGET), desk).or(action);
        let _gap = inner.cut_bottom(size::GAP);
    }
    let ways = inner.cut_top((inner.height() * 0.46).clamp(size::TILE, 230.0));
    let grid = Grid { columns: 2, rows: 1, gap: size::GAP };
    for (position, (class, key, note, picture)) in [
        (AlertClass::Live, "officer-begin-live", "officer-begin-live-note", Pictogram::Bang),
        (AlertClass::Exercise, "officer-begin-exercise", "officer-begin-exercise-note", Pictogram::Flag),
    ]
    .into_iter()
    .enumerate()
    {
        let (word, note) = (canvas.texts.get(key), canvas.texts.get(note));
        let place = ways.cell(grid, position);
        let button = Button::new(ButtonLook::Framed, &word).picture_above(picture).note(&note);
        if button.size(size::LEAD).show(canvas, key, place) {
            action = Some(touched(OfficerTouch::Begin(class)));
        }
        if class == AlertClass::Exercise {
            skin_edge_ui(canvas, place, view, &plain(class, Danger::Other));
        }
    }
    let _gap = inner.cut_top(size::GAP);
    there_ui(canvas, inner, view, desk).or(action)
}

/// ためし署名, once a month and in quiet times.
fn test_tile_ui(canvas: &mut Canvas<'_>, rect: Rect, desk: &AlertDesk) -> Option<Action> {
    let word = canvas.texts.get("officer-test");
    let note = match desk.tested.map(CivilTime::of) {
        Some(tested) => {
            let date = super::date(tested, canvas.texts);
            canvas.texts.with("officer-test-last", [("date", date.as_str().into())])
        }
        None => canvas.texts.get("officer-test-note"),
    };
    let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Card).note(&note).size(size::BODY);
    button.show(canvas, "test", rect).then_some(touched(OfficerTouch::Test))
}

/// The card opened its keys.
fn tested_ui(canvas: &mut Canvas<'_>, rect: Rect) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let header = inner.cut_top(size::TARGET);
    let action = header_ui(canvas, header, "officer-tested-title").then_some(Action::Back);
    let mut middle = Rect::from_center_size(inner.center(), vec2(inner.width(), inner.height().min(320.0)));
    light_ui(canvas, middle.cut_top(110.0).square(96.0), Severity::Fine);
    let text = canvas.texts.get("officer-tested");
    canvas.text(middle, Align2::CENTER_TOP, Type::bold(size::LEAD, canvas.palette.ink), &text);
    action
}

/// The colours along the left side of a tile, inside its corners.
fn skin_edge_ui(canvas: &Canvas<'_>, tile: Rect, view: &View<'_>, notice: &AlertNotice) {
    let skin = AlertSkin::of(notice, view.state.look);
    let height = tile.height() - 2.0 * size::RADIUS_TILE;
    let place = Rect::from_min_size(tile.min + vec2(4.0, size::RADIUS_TILE), vec2(EDGE, height));
    canvas.fill(place.expand(2.0), skin.ground.fill);
    edge_ui(canvas, place, &skin);
}

/// The time that an alert of now would carry: officers compare it with their watches.
fn clock_ui(canvas: &mut Canvas<'_>, rect: Rect, desk: &AlertDesk) {
    let time = CivilTime::of(desk.now).time();
    let text = canvas.texts.with("officer-clock", [("time", time.as_str().into())]);
    canvas.text(rect, Align2::RIGHT_CENTER, Type::bold(size::BODY, canvas.palette.ink), &text);
}

/// What waits for signatures, then what is out.
fn there_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, desk: &AlertDesk) -> Option<Action> {
    let mut rows: Vec<(&AlertNotice, String, OfficerTouch)> = Vec::new();
    for draft in &desk.drafts {
        let note = canvas.texts.with(
            if draft.is_the_town_halls { "officer-waits-there" } else { "officer-waits-here" },
            [("signed", u32::from(draft.signatures).into()), ("needed", u32::from(draft.needed).into())],
        );
        rows.push((&draft.notice, note, OfficerTouch::OpenDraft(draft.id.clone())));
    }
    for thread in desk.threads.iter().filter(|thread| thread.notice.kind == AlertKind::Order) {
        let time = CivilTime::of(thread.notice.sent).time();
        let note = canvas.texts.with("officer-is-out", [("time", time.as_str().into())]);
        rows.push((&thread.notice, note, OfficerTouch::OpenThread(thread.id.clone())));
    }
    let mut inner = rect;
    if rows.is_empty() {
        return None;
    }
    let look = Type::bold(size::BODY, canvas.palette.ink);
    let text = canvas.texts.get("officer-there");
    canvas.text(inner.cut_top(40.0), Align2::LEFT_CENTER, look, &text);
    // What is left of a page on its side is wider than high.
    let is_narrow = rect.width() < NARROW;
    let columns = if is_narrow { 1 } else { 2 };
    let fit = super::paged::rows_that_fit(inner.height(), size::TARGET, size::GAP).max(1);
    let mut action = None;
    let pages = if rows.len() <= fit * columns {
        Pages::all(rows.len())
    } else {
        let (turn, fit) = if is_narrow {
            (inner.cut_bottom(size::TARGET), fit.saturating_sub(1).max(1))
        } else {
            let turn = inner.cut_right(250.0);
            let _gap = inner.cut_right(size::GAP);
            (Rect::from_min_size(turn.min, vec2(turn.width(), size::TARGET)), fit)
        };
        let pages = Pages::new(rows.len(), fit * columns, view.state.turned);
        action = pages.turn_ui(canvas, turn, "page-next");
        pages
    };
    for (position, (notice, note, touch)) in pages.slice(&rows).iter().enumerate() {
        let (row, column) = (position / columns, position % columns);
        #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
        let (row, column, of) = (row as f32, column as f32, columns as f32);
        let width = (inner.width() - size::GAP * (of - 1.0)) / of;
        let offset = vec2((width + size::GAP) * column, (size::TARGET + size::GAP) * row);
        let place = Rect::from_min_size(inner.min + offset, vec2(width, size::TARGET));
        let word = said(canvas, view, notice);
        let button = Button::new(ButtonLook::Tile, &word).note(note).size(size::BODY);
        if button.show(canvas, ("there", position), place) {
            action = Some(touched(touch.clone()));
        }
        skin_edge_ui(canvas, place, view, notice);
    }
    action
}

/// What it is called, and that it is a drill.
fn said(canvas: &Canvas<'_>, view: &View<'_>, notice: &AlertNotice) -> String {
    let title = title(view, notice);
    match notice.class {
        AlertClass::Live => title.to_owned(),
        AlertClass::Exercise => format!("{}　{title}", canvas.texts.get("alert-exercise")),
    }
}

/// The prepared messages.
fn messages_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (desk, class, thread): (&AlertDesk, AlertClass, Option<&AlertThread>),
) -> Option<Action> {
    // What is out becomes nothing about another danger.
    let fits = |known: &&PreparedChoice| thread.is_none_or(|thread| thread.may_become.contains(&known.id));
    let messages: Vec<&PreparedChoice> = desk.messages.iter().filter(fits).collect();
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let columns = if is_portrait(rect) { 1 } else { 2 };
    let _gap = inner.cut_top(size::GAP);
    let tile = 150.0;
    let fit = super::paged::rows_that_fit(inner.height(), tile, size::GAP) * columns;
    let pages = Pages::new(messages.len(), fit, view.state.turned);
    let mut action = None;
    if pages.has_more() {
        action = pages.turn_ui(canvas, header.cut_right(size::TARGET * 1.6), "page-next");
    }
    let key = if thread.is_some() { "officer-which-now" } else { "officer-which" };
    action = header_ui(canvas, header, key).then_some(Action::Back).or(action);
    let rows = fit / columns;
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = rows as f32 * (tile + size::GAP) - size::GAP;
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), height.min(inner.height())));
    let grid = Grid { columns, rows, gap: size::GAP };
    for (position, message) in pages.slice(&messages).iter().enumerate() {
        let place = area.cell(grid, position);
        let PreparedChoice { id, label, danger, title, english, .. } = message;
        let (word, note) = match view.state.language {
            Language::English => (english, label),
            Language::Japanese => (label, title),
        };
        let word = match class {
            AlertClass::Live => word.clone(),
            AlertClass::Exercise => format!("{}　{word}", canvas.texts.get("alert-exercise")),
        };
        let button = Button::new(ButtonLook::Framed, &word).note(note).picture(Pictogram::Bang);
        if button.size(size::LEAD).show(canvas, ("message", position), place) {
            action = Some(touched(OfficerTouch::Choose(id.clone())));
        }
        skin_edge_ui(canvas, place, view, &plain(class, *danger));
    }
    action
}

/// All districts are chosen at first; of a change those before, which stay.
fn districts_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (desk, saying): (&AlertDesk, &Saying),
) -> Option<Action> {
    let (before, choice) = (saying.changes(desk), saying.choice(desk));
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let mut action = None;
    if choice.is_some_and(|choice| choice.places.len() > 1) {
        let places = header.cut_right((header.width() * 0.32).min(300.0));
        let _gap = header.cut_right(size::GAP);
        let word = canvas.texts.get("officer-places");
        let closed = u32::try_from(saying.closed.len()).unwrap_or(u32::MAX);
        let note = canvas.texts.with("officer-places-count", [("count", closed.into())]);
        let button = Button::new(ButtonLook::Tile, &word).size(size::BODY);
        let button = if closed > 0 { button.note(&note) } else { button };
        action = button.show(canvas, "places", places).then_some(touched(OfficerTouch::OpenPlaces));
    }
    let key = if before.is_some() { "officer-where-now" } else { "officer-where" };
    action = header_ui(canvas, header, key).then_some(Action::Back).or(action);
    let _gap = inner.cut_top(8.0);
    refusal_ui(canvas, &mut inner, view);
    let chosen = desk.districts.len().saturating_sub(saying.left_out.len());
    let label = choice.map_or("", |known| match view.state.language {
        Language::English => known.english.as_str(),
        Language::Japanese => known.label.as_str(),
    });
    let key = if saying.left_out.is_empty() { "officer-all-districts" } else { "officer-some-districts" };
    let count = canvas.texts.with(key, [("count", u32::try_from(chosen).unwrap_or(u32::MAX).into())]);
    let next = if choice.is_some_and(|choice| choice.danger.is_tsunami()) {
        "officer-when-next"
    } else {
        "officer-see"
    };
    let foot = inner.cut_bottom(size::TARGET);
    action = ready_ui(canvas, foot, &format!("{label}\n{count}"), (next, chosen > 0)).or(action);
    let _gap = inner.cut_bottom(size::GAP);
    let note = canvas.texts.get("officer-told-before");
    let choices: Vec<Choice<'_>> = desk
        .districts
        .iter()
        .enumerate()
        .map(|(place, name)| Choice {
            name,
            is_chosen: !saying.left_out.contains(&place),
            note: before.filter(|before| before.districts.contains(name)).map(|_| note.as_str()),
            touch: OfficerTouch::ToggleDistrict(place),
        })
        .collect();
    choices_ui(canvas, inner, view, (if is_portrait(rect) { 2 } else { 4 }, &choices)).or(action)
}

/// Places that cannot be used: the districts go to the next ones that were prepared for them.
fn places_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (desk, saying): (&AlertDesk, &Saying),
) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let header = inner.cut_top(size::TARGET);
    let mut action = header_ui(canvas, header, "officer-places-title").then_some(Action::Back);
    let _gap = inner.cut_top(8.0);
    let foot = inner.cut_bottom(size::TARGET);
    let say = canvas.texts.get("officer-places-say");
    action = ready_ui(canvas, foot, &say, ("officer-places-done", true)).or(action);
    let _gap = inner.cut_bottom(size::GAP);
    let places = saying.choice(desk).map(|choice| choice.places.as_slice()).unwrap_or_default();
    let choices: Vec<Choice<'_>> = places
        .iter()
        .map(|name| Choice {
            name,
            is_chosen: !saying.closed.contains(name),
            note: None,
            touch: OfficerTouch::TogglePlace(name.clone()),
        })
        .collect();
    choices_ui(canvas, inner, view, (if is_portrait(rect) { 2 } else { 4 }, &choices)).or(action)
}

/// What was chosen, and the way on.
fn ready_ui(canvas: &mut Canvas<'_>, rect: Rect, text: &str, (key, may): (&str, bool)) -> Option<Action> {
    let mut foot = rect;
    let ready = foot.cut_right((foot.width() * 0.48).max(300.0).min(foot.width()));
    let _gap = foot.cut_right(size::GAP);
    canvas.text(foot, Align2::LEFT_CENTER, Type::bold(size::BODY, canvas.palette.ink), text);
    let word = canvas.texts.get(key);
    let look = if may { ButtonLook::Primary } else { ButtonLook::Disabled };
    let button = Button::new(look, &word).picture(Pictogram::Eye).size(size::LEAD);
    (button.show(canvas, "see", ready) && may).then_some(touched(OfficerTouch::Ready))
}

/// Something that can be chosen or not.
struct Choice<'a> {
    name: &'a str,
    is_chosen: bool,
    note: Option<&'a str>,
    touch: OfficerTouch,
}

fn choices_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (columns, all): (usize, &[Choice<'_>]),
) -> Option<Action> {
    let mut inner = rect;
    let mut action = None;
    let fit = super::paged::rows_that_fit(inner.height(), size::TARGET, size::GAP) * columns;
    let pages = if all.len() <= fit {
        Pages::all(all.len())
    } else {
        let mut turn = inner.cut_right(size::TARGET * 1.2);
        let _gap = inner.cut_right(size::GAP);
        let pages = Pages::new(all.len(), fit, view.state.turned);
        action = pages.turn_ui(canvas, turn.cut_top(size::TARGET), "page-next");
        pages
    };
    let rows = fit / columns;
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let height = rows as f32 * (size::TARGET + size::GAP) - size::GAP;
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), height.min(inner.height())));
    let grid = Grid { columns, rows, gap: size::GAP };
    for (position, choice) in pages.slice(all).iter().enumerate() {
        let button = Button::new(ButtonLook::Choice { chosen: choice.is_chosen }, choice.name);
        let button = match choice.note {
            Some(note) => button.note(note),
            None => button,
        };
        if button.show(canvas, ("choice", choice.name), area.cell(grid, position)) {
            action = Some(touched(choice.touch.clone()));
        }
    }
    action
}

/// When the tsunami comes, in one touch: nobody types a time here.
fn arrival_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    before: Option<&AlertThread>,
) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let header = inner.cut_top(size::TARGET);
    let mut action = header_ui(canvas, header, "officer-when").then_some(Action::Back);
    let _gap = inner.cut_top(8.0);
    refusal_ui(canvas, &mut inner, view);
    let say = canvas.texts.get("officer-when-say");
    let look = Type::bold(size::BODY, canvas.palette.ink);
    let height = canvas.height_of(inner.width(), look, &say);
    canvas.text(inner.cut_top(height), Align2::LEFT_TOP, look, &say);
    let _gap = inner.cut_top(size::GAP);
    let columns = if is_portrait(rect) { 3 } else { 4 };
    let grid = Grid { columns, rows: 12 / columns, gap: size::GAP };
    let minutes = MINUTES.map(|minutes| {
        let word = canvas.texts.with("officer-minutes", [("minutes", u32::from(minutes).into())]);
        (word, Arrival::InMinutes(minutes))
    });
    let known = before.and_then(|before| before.notice.expected).map(|expected| {
        let time = CivilTime::of(expected).time();
        (canvas.texts.with("officer-as-before", [("time", time.as_str().into())]), Arrival::AsBefore)
    });
    let unknown = (canvas.texts.get("officer-arrival-unknown"), Arrival::Unknown);
    for (position, (word, arrival)) in minutes.into_iter().chain(known).chain([unknown]).enumerate() {
        let button = Button::new(ButtonLook::Framed, &word).size(size::LEAD);
        if button.show(canvas, ("arrival", position), inner.cell(grid, position)) {
            action = Some(touched(OfficerTouch::Arrives(arrival)));
        }
    }
    action
}

/// What becomes of something that is out.
fn thread_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, thread: &AlertThread) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut action =
        header_ui(canvas, inner.cut_top(size::TARGET), "officer-thread-title").then_some(Action::Back);
    let _gap = inner.cut_top(8.0);
    refusal_ui(canvas, &mut inner, view);
    let band = inner.cut_top(84.0);
    notice_ui(canvas, band, view, &thread.notice);
    let _gap = inner.cut_top(size::GAP);
    let ways = ways_of(canvas, thread);
    let grid = if is_portrait(rect) {
        Grid { columns: 1, rows: ways.len(), gap: size::GAP }
    } else {
        Grid { columns: 2, rows: ways.len().div_ceil(2), gap: size::GAP }
    };
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), inner.height().min(720.0)));
    for (position, (touch, key, note, picture)) in ways.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let button = Button::new(ButtonLook::Framed, &word).picture(picture).note(&note);
        if button.size(size::LEAD).show(canvas, key, area.cell(grid, position)) {
            action = Some(touched(touch));
        }
    }
    action
}

/// What can be done with something that is out: what is needed in a hurry comes first.
fn ways_of(
    canvas: &Canvas<'_>,
    thread: &AlertThread,
) -> Vec<(OfficerTouch, &'static str, String, Pictogram)> {
    let texts = canvas.texts;
    let is_drill = thread.notice.class == AlertClass::Exercise;
    let alone = thread.alone_until.map(|until| CivilTime::of(until).time());
    let cancel = match &alone {
        _ if is_drill => texts.get("officer-cancel-drill"),
        Some(time) => texts.with("officer-cancel-alone", [("time", time.as_str().into())]),
        None => texts.get("officer-two"),
    };
    let clear = texts.get(if is_drill { "officer-clear-drill" } else { "officer-two" });
    let mut ways = Vec::new();
    if thread.notice.danger.is_tsunami() && thread.message.is_some() {
        let note = match thread.notice.expected.map(|at| CivilTime::of(at).time()) {
            Some(time) => texts.with("officer-arrival-known", [("time", time.as_str().into())]),
            None => texts.get("officer-arrival-not-said"),
        };
        ways.push((OfficerTouch::ChangeArrival, "officer-change-arrival", note, Pictogram::Clock));
    }
    if !thread.may_become.is_empty() {
        let note = texts.get("officer-change-note");
        ways.push((OfficerTouch::Change, "officer-change", note, Pictogram::Bang));
    }
    ways.push((OfficerTouch::End(AlertKind::Cancel), "officer-cancel", cancel, Pictogram::Cross));
    ways.push((OfficerTouch::End(AlertKind::AllClear), "officer-clear", clear, Pictogram::Check));
    ways
}

/// A notice's head in its own colours.
fn notice_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, notice: &AlertNotice) {
    let skin = AlertSkin::of(notice, view.state.look);
    canvas.fill(rect, skin.ground.fill);
    let mut inner = rect;
    edge_ui(canvas, inner.cut_bottom(6.0), &skin);
    edge_ui(canvas, inner.cut_left(22.0), &skin);
    let mut inner = inner.shrink2(vec2(14.0, 0.0));
    head_ui(canvas, &mut inner, view, notice, 38.0);
}

/// The words that are signed, who signed them, and what can be touched.
fn draft_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, draft: &AlertDraft) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let key = if draft.is_sent() { "officer-sent-title" } else { "officer-see-title" };
    let mut action = None;
    if !draft.is_the_town_halls && !draft.is_sent() {
        let drop = header.cut_right((header.width() * 0.3).min(280.0));
        let _gap = header.cut_right(size::GAP);
        let word = canvas.texts.get("officer-drop");
        if Button::new(ButtonLook::Tile, &word).picture(Pictogram::Cross).show(canvas, "drop", drop) {
            action = Some(touched(OfficerTouch::Drop));
        }
    }
    action = header_ui(canvas, header, key).then_some(Action::Back).or(action);
    let _gap = inner.cut_top(8.0);
    refusal_ui(canvas, &mut inner, view);
    if !draft.is_the_town_halls {
        doubt_ui(canvas, &mut inner, view.lane.status.clock);
    }
    let foot = inner.cut_bottom(size::TARGET);
    let _gap = inner.cut_bottom(size::GAP);
    action = foot_ui(canvas, foot, draft).or(action);
    words_ui(canvas, inner, view, draft);
    action
}

/// Everything that is in the bytes that are signed, as far as people read it.
fn words_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, draft: &AlertDraft) {
    let palette = canvas.palette;
    canvas.card(rect, size::RADIUS_TAG, palette.surface, Stroke::new(2.0, palette.hairline));
    let mut inner = rect;
    notice_ui(canvas, inner.cut_top(76.0), view, &draft.notice);
    let mut inner = inner.shrink2(vec2(24.0, 10.0));
    let (headline, instruction) = match view.state.language {
        Language::English => (&draft.notice.english, &draft.english_instruction),
        Language::Japanese => (&draft.notice.easy, &draft.instruction),
    };
    let bold = Type::bold(size::LEAD, palette.ink);
    let height = canvas.height_of(inner.width(), bold, headline).min(inner.height() * 0.4);
    canvas.text(inner.cut_top(height), Align2::LEFT_TOP, bold, headline);
    let _gap = inner.cut_top(8.0);
    let quiet = Type::regular(size::BODY, palette.ink);
    let facts = facts(canvas, draft);
    let below = canvas.height_of(inner.width(), quiet, &facts).min(inner.height() * 0.6);
    let upper = canvas.height_of(inner.width(), quiet, instruction).min(inner.height() - below);
    canvas.text(inner.cut_top(upper), Align2::LEFT_TOP, quiet, instruction);
    let _gap = inner.cut_top((inner.height() - below).clamp(0.0, size::EDGE));
    canvas.text(inner, Align2::LEFT_TOP, quiet, &facts);
}

fn facts(canvas: &Canvas<'_>, draft: &AlertDraft) -> String {
    let texts = canvas.texts;
    let separator = texts.get("leader-list-separator");
    let time = CivilTime::of(draft.notice.sent).time();
    let sent = texts.with("officer-fact-sent", [("time", time.as_str().into())]);
    let mut times = vec![sent];
    if draft.is_update {
        times.insert(0, texts.get("officer-fact-update"));
    }
    let comes = draft.notice.kind == AlertKind::Order && draft.notice.danger.is_tsunami();
    match draft.notice.expected.map(|expected| CivilTime::of(expected).time()) {
        Some(time) => times.push(texts.with("officer-fact-expected", [("time", time.as_str().into())])),
        None if comes => times.push(texts.get("officer-fact-not-expected")),
        None => {}
    }
    let mut lines = vec![times.join(&separator)];
    // What officers have to know of a place or district stands behind its name.
    let listed = [
        ("officer-fact-places", &draft.places, "officer-unsure", &draft.unsure_places),
        ("officer-fact-districts", &draft.notice.districts, "officer-without-place", &draft.without_place),
    ];
    for (key, names, doubt, doubted) in listed.into_iter().filter(|(_, names, ..)| !names.is_empty()) {
        let name = |name: &String| match doubted.contains(name) {
            true => texts.with(doubt, [("name", name.as_str().into())]),
            false => name.clone(),
        };
        let names = names.iter().map(name).collect::<Vec<_>>().join(&separator);
        lines.push(texts.with(key, [("names", names.as_str().into())]));
    }
    lines.join("\n")
}

/// Who signed, and the next signature.
fn foot_ui(canvas: &mut Canvas<'_>, rect: Rect, draft: &AlertDraft) -> Option<Action> {
    let mut inner = rect;
    let palette = canvas.palette;
    if draft.is_sent() {
        let key = if draft.is_the_town_halls { "officer-sent-there" } else { "officer-sent-here" };
        light_ui(canvas, inner.cut_left(64.0).square(56.0), Severity::Fine);
        let _gap = inner.cut_left(size::GAP);
        let text = canvas.texts.get(key);
        canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::BODY, palette.ink), &text);
        return None;
    }
    let sign = inner.cut_right((inner.width() * 0.52).max(330.0).min(inner.width()));
    let _gap = inner.cut_right(size::GAP);
    let key = match (draft.needed, draft.signatures) {
        (0..=1, _) => "officer-sign-alone",
        (_, 0) => "officer-sign-first",
        _ => "officer-sign-second",
    };
    let word = canvas.texts.get(key);
    let button = Button::new(ButtonLook::Primary, &word).picture(Pictogram::Card).size(size::LEAD);
    let action = button.show(canvas, "sign", sign).then_some(touched(OfficerTouch::Sign));
    let count = canvas.texts.with(
        "officer-signed",
        [("signed", u32::from(draft.signatures).into()), ("needed", u32::from(draft.needed).into())],
    );
    let text = match draft.signed.iter().find(|name| !name.is_empty()) {
        Some(name) => format!("{count}\n{name}"),
        None => count,
    };
    canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::BODY, palette.ink), &text);
    action
}
