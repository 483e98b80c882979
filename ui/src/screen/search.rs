//! 名前で さがす: candidates on top, a pad of fifty sounds below. Every touch asks the daemon anew.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{Command, Found, FoundPerson, MemberState};
use hinamori_model::RegisteredKind;

use super::kana_pad::{GAP, MARGIN, entry_ui, has_room, spread_pad_ui, whole_pad_ui};
use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::question::{Asked, asked_ui};
use super::{View, is_portrait};
use crate::clock::CivilTime;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, CareKey, Page, Question, Step};

/// Looks for somebody of the roster: to check them in, or to give a name to a card.
pub(crate) fn search_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    match &view.state.people.question {
        Some(Question::Person(person)) => person_ui(canvas, rect, view, person),
        Some(Question::Kind) => kind_ui(canvas, rect, view),
        _ if has_room(rect) => whole_ui(canvas, rect, view),
        _ => spread_ui(canvas, rect, view),
    }
}

/// Everything at once.
fn whole_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink(MARGIN);
    let mut top = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(GAP);
    let mut action = entry_ui(canvas, &mut top, (&view.state.people.search.text, ""), 236.0);
    let not_listed = top.cut_right(size::TARGET + 20.0);
    let _gap = top.cut_right(GAP);
    action = not_listed_ui(canvas, not_listed, view).or(action);
    action = candidates_ui(canvas, top, view, 2, 1, size::TARGET).or(action);
    whole_pad_ui(canvas, inner).or(action)
}

/// First the row, then its five: where the whole pad has no room.
fn spread_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let portrait = is_portrait(rect);
    // Ten keys in a row leave no more beside them inside the frame of a drill.
    let edge = if portrait { size::EDGE / 2.0 } else { 4.0 };
    let mut inner = rect.shrink2(vec2(edge, MARGIN));
    let mut top = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(size::GAP);
    let width = top.width() - 2.0 * (size::TARGET + MARGIN);
    let search = &view.state.people.search;
    let mut action = entry_ui(canvas, &mut top, (&search.text, ""), width);

    let (touched, place) = spread_pad_ui(canvas, &mut inner, (portrait, search.row));
    action = touched.or(action);
    action = not_listed_ui(canvas, place, view).or(action);

    let columns = if portrait { 2 } else { 3 };
    let rows = rows_that_fit(inner.height(), size::TARGET, size::GAP);
    candidates_ui(canvas, inner, view, columns, rows, size::TILE).or(action)
}

/// Whoever is looked for may be on no roster.
fn not_listed_ui(canvas: &mut Canvas<'_>, place: Rect, view: &View<'_>) -> Option<Action> {
    // Nobody but people of the roster is hidden, and care follows who is known.
    if view.state.page != Page::Search {
        return None;
    }
    let word = canvas.texts.get("not-on-roster");
    let button = Button::new(ButtonLook::Tile, &word).size(size::CAPTION);
    let action = match view.state.people.search.nameless {
        Some(_) => Action::Ask(Question::Kind),
        None => Action::Open(Page::HeadCount),
    };
    button.show(canvas, "not on roster", place).then_some(action)
}

/// The best ones in `columns` and `rows`, and how many others there are.
fn candidates_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    columns: usize,
    rows: usize,
    height: f32,
) -> Option<Action> {
    let search = &view.state.people.search;
    let found = match &search.found {
        Some(found) if !found.people.is_empty() => found,
        found => {
            let key = match (found, search.text.expose().is_empty()) {
                (_, true) => "search-hint",
                (None, false) => "list-loading",
                (Some(_), false) => "search-nobody",
            };
            let text = canvas.texts.get(key);
            let look = Type::regular(size::TILE_TEXT, canvas.palette.ink_soft);
            canvas.text(rect.shrink2(vec2(size::GAP, 0.0)), Align2::CENTER_CENTER, look, &text);
            return None;
        }
    };
    if rows == 1 {
        // Its place is kept when there are no others.
        let mut inner = rect;
        let more = inner.cut_right(size::TARGET);
        let _gap = inner.cut_right(MARGIN);
        let pages = Pages::new(found.people.len(), columns, view.state.turned);
        let action = people_ui(canvas, inner, found, pages, Grid { columns, rows, gap: MARGIN });
        return others_ui(canvas, more, found, pages).or(action);
    }
    let cells = columns * rows;
    let fits = found.people.len() <= cells && found.total as usize <= cells;
    let pages = Pages::new(found.people.len(), if fits { cells } else { cells - 1 }, view.state.turned);
    let grid = Grid { columns, rows, gap: size::GAP };
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let tall = (height + size::GAP) * rows as f32 - size::GAP;
    let area = Rect::from_min_size(rect.min, vec2(rect.width(), rect.height().min(tall)));
    let action = people_ui(canvas, area, found, pages, grid);
    if fits { action } else { others_ui(canvas, area.cell(grid, cells - 1), found, pages).or(action) }
}

fn people_ui(canvas: &mut Canvas<'_>, area: Rect, found: &Found, pages: Pages, grid: Grid) -> Option<Action> {
    let mut action = None;
    let shown = pages.slice(&found.people);
    for (position, person) in shown.iter().enumerate() {
        let namesakes = shown.iter().filter(|other| other.name == person.name && other.kana == person.kana);
        let name = person.name.expose();
        let is_one_of_two = namesakes.count() > 1;
        let label = if is_one_of_two { format!("{name} {}", person.group) } else { name.to_owned() };
        let note = match person.state {
            _ if is_one_of_two => person.group.clone(),
            MemberState::AlreadyIn { at } => already_in(canvas, at),
            MemberState::NotSeen => person.kana.expose().to_owned(),
        };
        let button = Button::new(ButtonLook::Found, name).note(&note).label(&label).size(34.0);
        if button.show(canvas, ("found", person.person), area.cell(grid, position)) {
            action = Some(Action::Ask(Question::Person(person.clone())));
        }
    }
    action
}

fn already_in(canvas: &Canvas<'_>, at: hinamori_model::UnixMillis) -> String {
    canvas.texts.with("member-already-in", [("time", CivilTime::of(at).time().as_str().into())])
}

fn others_ui(canvas: &mut Canvas<'_>, place: Rect, found: &Found, pages: Pages) -> Option<Action> {
    let shown = u32::try_from(pages.slice(&found.people).len()).unwrap_or(u32::MAX);
    let others = found.total.saturating_sub(shown);
    if others == 0 {
        return None;
    }
    let word = canvas.texts.with("search-others", [("people", others.into())]);
    let button = Button::new(ButtonLook::Tile, &word).size(size::BODY);
    button.show(canvas, "others", place).then_some(Action::Turn(Step::Up))
}

/// Large, before anything is sent.
fn person_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, person: &FoundPerson) -> Option<Action> {
    let (title, question, yes_note, yes) = match view.state.people.search.nameless {
        _ if view.state.page == Page::HidingSearch => {
            let action = Action::Send(Command::Hide { person: person.person });
            ("hiding-title", "hide-question", "hide-yes", action)
        }
        _ if view.state.page == Page::CareSearch => {
            let action = Action::Care(CareKey::Choose(person.person, Some(person.name.clone())));
            ("care-title", "care-question", "care-yes", action)
        }
        None => {
            let command = Command::CheckIn { people: vec![person.person] };
            ("search-title", "check-in-question", "check-in-yes", Action::SendAndReturn(command))
        }
        Some(nameless) => {
            let command = Command::GiveName { nameless, person: person.person };
            let action = Action::SendAndOpen(command, Page::LeaderList);
            ("give-name", "give-name-question", "give-name-yes", action)
        }
    };
    let mut notes = vec![person.kana.expose().to_owned(), person.group.clone()];
    if view.state.page == Page::HidingSearch {
        notes = vec![canvas.texts.get("hide-say")];
    } else if let MemberState::AlreadyIn { at } = person.state {
        notes.push(already_in(canvas, at));
    }
    let about = canvas.texts.with("name-spoken", [("name", person.name.expose().into())]);
    asked_ui(
        canvas,
        rect,
        &Asked { title, question, about: &about, notes: &notes, yes_note },
        |_, _| None,
        yes,
    )
}

/// Whose card it is when the roster does not have them: two tiles.
fn kind_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action =
        header_ui(canvas, inner.cut_top(size::TARGET), "not-on-roster-title").then_some(Action::Back);
    let _gap = inner.cut_top(size::GAP);
    let question = canvas.texts.get("register-question");
    let look = Type::bold(38.0, canvas.palette.ink);
    canvas.text(inner.cut_top(60.0), Align2::LEFT_CENTER, look, &question);
    let _gap = inner.cut_top(size::GAP);
    let grid = if is_portrait(rect) {
        Grid { columns: 1, rows: 2, gap: size::GAP }
    } else {
        Grid { columns: 2, rows: 1, gap: size::GAP }
    };
    let kinds = [
        (RegisteredKind::Visitor, Pictogram::Visitor, "register-visitor", "register-visitor-note"),
        (RegisteredKind::ResidentNotListed, Pictogram::House, "register-resident", "register-resident-note"),
    ];
    let area = Rect::from_min_size(inner.min, vec2(inner.width(), inner.height().min(520.0)));
    for (position, (kind, picture, word, note)) in kinds.into_iter().enumerate() {
        let (text, note) = (canvas.texts.get(word), canvas.texts.get(note));
        let button = Button::new(ButtonLook::Framed, &text).picture_above(picture).note(&note);
        if button.size(size::TITLE).show(canvas, word, area.cell(grid, position))
            && let Some(nameless) = view.state.people.search.nameless
        {
            let command = Command::Register { nameless, kind };
            action = Some(Action::SendAndOpen(command, Page::LeaderList));
        }
    }
    action
}
