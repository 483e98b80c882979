//! The small tiles of an answer's field: the three questions of an arrival, 別室で 相談, and who looked at the person. One
//! touch each; none has to be touched.

use egui::{Rect, vec2};
use hinamori_ipc::{Answer, Command};
use hinamori_model::ArrivalNeed;

use super::{View, is_portrait};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Page};

/// Picture and word of a question.
pub(crate) const fn need_words(need: ArrivalNeed) -> (Pictogram, &'static str) {
    match need {
        ArrivalNeed::LifeSupport => (Pictogram::Oxygen, "need-asked-life"),
        ArrivalNeed::InjuryOrFever => (Pictogram::Fever, "need-asked-injury"),
        ArrivalNeed::NotAlone => (Pictogram::NotAlone, "need-asked-not-alone"),
    }
}

/// One tile.
struct Tile {
    look: ButtonLook,
    picture: Pictogram,
    key: &'static str,
    word: String,
    action: Action,
}

fn tiles(canvas: &Canvas<'_>, view: &View<'_>, answer: &Answer) -> Vec<Tile> {
    let needs = &view.state.draft.needs;
    let mut tiles = Vec::new();
    // A daemon that has written the first one down may ask no more: nothing moves under the finger.
    if answer.asks_needs || !needs.is_empty() {
        tiles.extend(ArrivalNeed::ALL.iter().map(|need| {
            let (picture, key) = need_words(*need);
            let look = ButtonLook::Choice { chosen: needs.contains(need) };
            Tile { look, picture, key, word: canvas.texts.get(key), action: Action::ToggleNeed(*need) }
        }));
    }
    let room = Action::Send(Command::AskForRoom { answer: answer.id });
    let word = canvas.texts.get("ask-room");
    tiles.push(Tile {
        look: ButtonLook::Tile,
        picture: Pictogram::Talk,
        key: "ask-room",
        word,
        action: room,
    });
    if answer.lookups > 0 {
        let word = canvas.texts.with("lookups-count", [("count", answer.lookups.into())]);
        let (picture, key) = (Pictogram::Eye, "lookups-count");
        tiles.push(Tile { look: ButtonLook::Tile, picture, key, word, action: Action::Open(Page::Lookups) });
    }
    tiles
}

fn tile_ui(canvas: &mut Canvas<'_>, place: Rect, tile: Tile) -> Option<Action> {
    let button = Button::new(tile.look, &tile.word).size(size::CAPTION);
    let words =
        canvas.height_of(place.width() - 20.0, Type::bold(size::CAPTION, canvas.palette.ink), &tile.word);
    // Beside the words there is room for a larger picture; where three lines fill the tile, the words are enough.
    let button = if place.width() >= 200.0 {
        button.picture(tile.picture)
    } else if words + 56.0 <= place.height() {
        button.picture_above(tile.picture)
    } else {
        button
    };
    button.show(canvas, tile.key, place).then_some(tile.action)
}

/// Cuts the tiles off a field beside a panel.
pub(crate) fn field_tiles_ui(
    canvas: &mut Canvas<'_>,
    field: &mut Rect,
    view: &View<'_>,
    answer: &Answer,
) -> Option<Action> {
    let tiles = tiles(canvas, view, answer);
    let count = tiles.len();
    let mut places = Vec::new();
    if field.width() > field.height() {
        // A column or two right of the words, in portrait.
        let columns = if count > 2 { 2 } else { 1 };
        let rows = count.div_ceil(columns);
        let width = if columns == 2 { 314.0 } else { 232.0 };
        let mut area = field.cut_right(width);
        let _gap = field.cut_right(size::GAP);
        let tall = length_of(rows, 150.0).min(area.height());
        area = Rect::from_center_size(area.center(), vec2(area.width(), tall));
        let grid = Grid { columns, rows, gap: size::GAP };
        places.extend((0..count).map(|position| area.cell(grid, position)));
    } else if count == 5 {
        // Three and two.
        let mut area = field.cut_bottom(length_of(2, size::TARGET));
        let upper = area.cut_top(size::TARGET);
        let _gap = area.cut_top(size::GAP);
        let row = |columns| Grid { columns, rows: 1, gap: size::GAP };
        places.extend((0..3).map(|position| upper.cell(row(3), position)));
        places.extend((0..2).map(|position| area.cell(row(2), position)));
        let _gap = field.cut_bottom(size::GAP);
    } else {
        let rows = count.div_ceil(2);
        let area = field.cut_bottom(length_of(rows, size::TARGET));
        let grid = Grid { columns: 2, rows, gap: size::GAP };
        places.extend((0..count).map(|position| area.cell(grid, position)));
        let _gap = field.cut_bottom(size::GAP);
    }
    let drawn = tiles.into_iter().zip(places).map(|(tile, place)| tile_ui(canvas, place, tile));
    drawn.fold(None, |action, touched| touched.or(action))
}

/// The same under a field that fills the screen: beside 取り消す, or above it where the screen is tall. Cuts off what it
/// takes above.
pub(crate) fn row_tiles_ui(
    canvas: &mut Canvas<'_>,
    above: &mut Rect,
    beside: Rect,
    view: &View<'_>,
    answer: &Answer,
) -> Option<Action> {
    let tiles = tiles(canvas, view, answer);
    let count = tiles.len();
    let (area, grid) = if is_portrait(*above) {
        let rows = count.div_ceil(2);
        let area = above.cut_bottom(length_of(rows, size::TARGET));
        let _gap = above.cut_bottom(size::GAP);
        (area, Grid { columns: 2, rows, gap: size::GAP })
    } else {
        // A tile or two stay small.
        let mut place = beside;
        let most = length_of(count, 232.0);
        (place.cut_right(most.min(beside.width())), Grid { columns: count, rows: 1, gap: size::GAP })
    };
    let drawn = tiles
        .into_iter()
        .enumerate()
        .map(|(position, tile)| tile_ui(canvas, area.cell(grid, position), tile));
    drawn.fold(None, |action, touched| touched.or(action))
}

/// How much so many take in a row, with the gaps between them.
#[expect(clippy::cast_precision_loss, reason = "a handful of tiles")]
fn length_of(tiles: usize, tile: f32) -> f32 {
    tiles as f32 * (tile + size::GAP) - size::GAP
}
