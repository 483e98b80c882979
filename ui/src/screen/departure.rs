//! Leaving was recorded: where to, and who goes along. Doing nothing is safe, the panel ends by itself.

use egui::{Rect, vec2};
use hinamori_ipc::{Answer, AnswerKind, Command, Departure, LeaveAsk, Member};
use hinamori_model::{Destination, Leaving, Mode, PersonId, PersonalText};

use super::answer::{Field, QUESTION, field_ui, question_ui, split_ui, spoken_name, undo_seconds, undo_ui};
use super::done::{full_ui, full_with_ui};
use super::here::way;
use super::paged::Pages;
use super::welcome::{ticked_name_ui, tile_ground_ui};
use super::{View, is_portrait, when_words};
use crate::state::offers_slip;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Touchable, Type};
use crate::{Action, Page};

/// Companions in a row.
const COLUMNS: usize = 3;
/// The width of 取り消す.
const UNDO: f32 = 280.0;
/// Rows of companions; more people turn pages.
const ROWS: usize = 2;

const PICTURES: [(Destination, Pictogram, &str, &str); 6] = [
    (Destination::Home, Pictogram::House, "destination-home", "to-home"),
    (Destination::Relatives, Pictogram::Relatives, "destination-relatives", "to-relatives"),
    (Destination::Shelter, Pictogram::OpenShelter, "destination-shelter", "to-shelter"),
    (Destination::Car, Pictogram::Car, "destination-car", "to-car"),
    (Destination::Hospital, Pictogram::Hospital, "destination-hospital", "to-hospital"),
    (Destination::Undecided, Pictogram::Unknown, "destination-undecided", "to-undecided"),
];

/// Leaving was recorded; more may be said.
pub(crate) fn left_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    (name, departure, ask): (Option<&PersonalText>, &Departure, Option<&LeaveAsk>),
) -> Option<Action> {
    let field = farewell(canvas, view, answer, (name, departure));
    match ask {
        None if offers_slip(&answer.kind) => {
            full_with_ui(canvas, rect, view, (answer, &field), |canvas, above, beside, view, answer| {
                slip_tiles_ui(canvas, above, beside, view, answer)
            })
        }
        None => full_ui(canvas, rect, view, answer, &field),
        Some(ask) => {
            // What is still asked is not said beside it.
            let say = Some(canvas.texts.get(recorded_key(departure.leaving)));
            ask_ui(canvas, rect, view, answer, (&Field { say, ..field }, ask))
        }
    }
}

/// 電話番号, and what is taken along: beside 取り消す, or above it where the screen is tall.
fn slip_tiles_ui(
    canvas: &mut Canvas<'_>,
    above: &mut Rect,
    beside: Rect,
    view: &View<'_>,
    answer: &Answer,
) -> Option<Action> {
    let area = if is_portrait(*above) {
        let area = above.cut_bottom(size::TARGET);
        let _gap = above.cut_bottom(size::GAP);
        area
    } else {
        beside
    };
    let moves =
        matches!(&answer.kind, AnswerKind::Left { departure, .. } if departure.leaving == Leaving::Moved);
    let given = view.state.draft.phone_given;
    let tiles = [
        (Pictogram::Phone, "phone-title", if given { "phone-given" } else { "phone-optional" }, Page::Phone),
        (
            Pictogram::Paper,
            if moves { "slip-transfer-show" } else { "slip-leaving-show" },
            "slip-note",
            Page::Slip,
        ),
    ];
    let grid = Grid { columns: 2, rows: 1, gap: size::GAP };
    let mut action = None;
    for (position, (picture, key, note, page)) in tiles.into_iter().enumerate() {
        let (word, note) = (canvas.texts.get(key), canvas.texts.get(note));
        let button = Button::new(ButtonLook::Tile, &word).picture(picture).note(&note);
        if button.show(canvas, key, area.cell(grid, position)) {
            action = Some(Action::Open(page));
        }
    }
    action
}

const fn recorded_key(leaving: Leaving) -> &'static str {
    match leaving {
        Leaving::Out => "left-out-note",
        Leaving::Overnight => "left-overnight-note",
        Leaving::Moved => "left-moved-note",
        Leaving::Left => "left-left-note",
    }
}

/// The goodbye: who, how many, where to, until when.
fn farewell(
    canvas: &Canvas<'_>,
    view: &View<'_>,
    answer: &Answer,
    (name, departure): (Option<&PersonalText>, &Departure),
) -> Field {
    let texts = canvas.texts;
    let (symbol, _, _) = way(departure.leaving);
    let (word, until) = match departure.leaving {
        Leaving::Out => ("left-out", "left-until-back"),
        Leaving::Overnight => ("left-overnight", "left-until-back"),
        Leaving::Moved => ("left-moved", "left-until-asked"),
        Leaving::Left => ("left-left", "left-until-asked"),
    };
    let mut name = name.map(|name| spoken_name(canvas, Some(name)));
    if departure.people > 1 {
        let people = texts.with("done-people", [("people", departure.people.into())]);
        name = Some(name.map_or_else(|| people.clone(), |name| format!("{name} ・ {people}")));
    }
    let to = PICTURES.iter().find(|(destination, ..)| Some(*destination) == departure.destination);
    let first = to.map_or_else(|| texts.get(recorded_key(departure.leaving)), |(.., key)| texts.get(key));
    let when = when_words(texts, departure.until, view.now.wall);
    let second = texts.with(until, [("when", when.as_str().into())]);
    Field {
        fill: canvas.palette.here,
        symbol,
        word: texts.get(word),
        name,
        say: Some(format!("{first}\n{second}")),
        doubt: answer.doubt,
    }
}

fn ask_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    (field, ask): (&Field, &LeaveAsk),
) -> Option<Action> {
    let (mut left, mut panel) = split_ui(canvas, rect, field.fill);
    let mut action = None;
    // Where it stands in other answers without a panel; its place is kept when it is gone.
    let place = if is_portrait(rect) && view.mode() == Mode::Drill {
        // The word 訓練 takes the height that the button has elsewhere: they stand beside each other.
        let mut column = left.cut_left(UNDO);
        let _gap = left.cut_left(size::GAP);
        column.cut_bottom(size::TARGET)
    } else {
        let row = left.cut_bottom(size::TARGET);
        Rect::from_min_size(row.min, vec2(UNDO, row.height()))
    };
    field_ui(canvas, left, view, field);
    if let Some(seconds) = undo_seconds(view, answer) {
        action = undo_ui(canvas, place, answer, seconds);
    }
    let along: Vec<PersonId> = ask
        .companions
        .iter()
        .map(|member| member.person)
        .filter(|person| view.state.draft.members.contains(person))
        .collect();
    let send = |destination| {
        Action::Send(Command::LeavingTo { answer: answer.id, destination, companions: along.clone() })
    };
    // The frame of a drill takes its room from between the rows.
    let (question, gap) = if panel.height() < 620.0 { (40.0, 8.0) } else { (QUESTION, size::GAP) };
    if !ask.companions.is_empty() {
        question_ui(canvas, panel.cut_top(question), "leave-companions");
        let _gap = panel.cut_top(6.0);
        action = companions_ui(canvas, &mut panel, view, (&ask.companions, gap)).or(action);
    }
    if ask.destination {
        question_ui(canvas, panel.cut_top(question), "leave-destination");
        let _gap = panel.cut_top(6.0);
        let portrait = is_portrait(rect);
        if let Some(destination) = destinations_ui(canvas, panel, (portrait, gap)) {
            action = Some(send(Some(destination)));
        }
        return action;
    }
    let place = panel.cut_bottom(size::TARGET);
    let people = u64::try_from(along.len()).unwrap_or(u64::MAX).saturating_add(1);
    let word = canvas.texts.with("leave-together", [("people", people.into())]);
    if Button::new(ButtonLook::Primary, &word).size(size::TITLE).show(canvas, "finish", place) {
        action = Some(send(None));
    }
    action
}

/// Tiles of who may go along, 全員, and the turning of pages; cut off the top of `panel`.
fn companions_ui(
    canvas: &mut Canvas<'_>,
    panel: &mut Rect,
    view: &View<'_>,
    (companions, gap): (&[Member], f32),
) -> Option<Action> {
    let everybody = usize::from(companions.len() > 1);
    let cells = companions.len() + everybody;
    let fits = cells <= COLUMNS * ROWS;
    let pages = if fits {
        Pages::all(companions.len())
    } else {
        Pages::new(companions.len(), COLUMNS * ROWS - 2, view.state.turned)
    };
    let rows = if fits { cells.div_ceil(COLUMNS) } else { ROWS };
    #[expect(clippy::cast_precision_loss, reason = "a row or two")]
    let height = size::TARGET * rows as f32 + gap * rows.saturating_sub(1) as f32;
    let area = panel.cut_top(height);
    let _gap = panel.cut_top(gap);
    let columns = if fits { cells.min(COLUMNS) } else { COLUMNS };
    let grid = Grid { columns, rows, gap };
    let mut action = None;
    for (position, member) in pages.slice(companions).iter().enumerate() {
        let chosen = view.state.draft.members.contains(&member.person);
        let place = area.cell(grid, position);
        let (name, relation) = (member.name.expose(), member.relation.expose());
        if tile_ground_ui(canvas, place, member.person, Touchable::Choice { chosen }, name) {
            action = Some(Action::ToggleMember(member.person));
        }
        ticked_name_ui(canvas, place, chosen, (name, relation));
    }
    if everybody == 1 {
        let place = if fits { companions.len() } else { COLUMNS * ROWS - 2 };
        let word = canvas.texts.get("leave-everybody");
        let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::CountPeople);
        if button.show(canvas, "everybody", area.cell(grid, place)) {
            action = Some(Action::ChooseAllMembers);
        }
    }
    if !fits
        && let Some(turned) = pages.turn_ui(canvas, area.cell(grid, COLUMNS * ROWS - 1), "household-others")
    {
        action = Some(turned);
    }
    action
}

/// Six pictures; one touch is the answer.
fn destinations_ui(canvas: &mut Canvas<'_>, rect: Rect, (portrait, gap): (bool, f32)) -> Option<Destination> {
    let columns = if portrait && rect.height() > 3.0 * (size::TARGET + gap) { 2 } else { 3 };
    let grid = Grid { columns, rows: PICTURES.len().div_ceil(columns), gap };
    let mut touched = None;
    for (position, (destination, picture, key, _)) in PICTURES.into_iter().enumerate() {
        let word = canvas.texts.get(key);
        let place = rect.cell(grid, position);
        let size = word_size(canvas, place, &word);
        let button = Button::new(ButtonLook::Tile, &word).picture_above(picture).size(size);
        if button.show(canvas, key, place) {
            touched = Some(destination);
        }
    }
    touched
}

/// The largest size in which no phrase of a word is broken.
fn word_size(canvas: &Canvas<'_>, place: Rect, word: &str) -> f32 {
    const MARGIN: f32 = 24.0;
    let mut size = if place.height() < 150.0 { 26.0 } else { size::TILE_TEXT };
    let phrases: Vec<&str> = word.split_inclusive([' ', '・']).collect();
    let fits = |size| {
        let look = Type::bold(size, canvas.palette.ink);
        phrases.iter().all(|phrase| canvas.width_of(look, phrase.trim_end()) <= place.width() - MARGIN)
    };
    while size > size::CAPTION && !fits(size) {
        size -= 2.0;
    }
    size
}
