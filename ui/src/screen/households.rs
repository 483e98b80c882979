//! The households of a district that are not complete: what is known of each person.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::{HouseholdStanding, NotArrived, PersonStanding, Standing};

use super::flow::{Piece, Room, rows_of};
use super::paged::rows_that_fit;
use super::welcome::{tick_ui, tile_ground_ui};
use crate::theme::{Severity, size};
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Touchable, Type, light_ui};
use crate::{Action, Question};

/// The place of a group's name before its household.
const LABEL: f32 = 92.0;
/// The least width of a person's tile.
const TILE: f32 = 200.0;
const PAD: f32 = 4.0;
const GAP: f32 = 6.0;
const PIECE_GAP: f32 = 10.0;

/// The incomplete households of a district, whoever needs support first: in the daemon's order.
pub(crate) fn households_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    list: &NotArrived,
    district: &str,
) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE, 12.0));
    let mut header = inner.cut_top(size::TARGET);
    let _gap = inner.cut_top(12.0);
    let sizes: Vec<_> = list.households.iter().map(|household| household.members.len()).collect();
    let room = Room {
        width: inner.width() + PIECE_GAP,
        tile: TILE + GAP,
        piece: LABEL + 2.0 * PAD - GAP + PIECE_GAP,
        columns: 5,
    };
    let pitch = size::TARGET + 2.0 * PAD;
    let mut rows = rows_of(&sizes, room);
    rows.truncate(rows_that_fit(inner.height(), pitch, 8.0));
    let shown = whole_households(&rows, &sizes);
    let next = list.from.saturating_add(u32::try_from(shown.max(1)).unwrap_or(u32::MAX));
    let mut action = None;
    if next < list.total || list.from > 0 {
        let place = header.cut_right((header.width() * 0.38).min(340.0));
        let _gap = header.cut_right(size::GAP);
        let word = canvas.texts.get("page-next");
        let last = next.min(list.total);
        let note = canvas.texts.with(
            "households-of",
            [("from", list.from.saturating_add(1).into()), ("to", last.into()), ("total", list.total.into())],
        );
        let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Next).note(&note);
        if button.show(canvas, "turn", place) {
            let from = if next < list.total { next } else { 0 };
            action = Some(Action::ShowHouseholds(district.to_owned(), from));
        }
    }
    action = head_ui(canvas, header, list, district).or(action);
    for row in rows {
        let mut place = inner.cut_top(pitch.max(size::TARGET + 2.0 * PAD));
        let _gap = inner.cut_top(8.0);
        let width = tile_width(&row, place.width());
        for piece in row.iter().filter(|piece| piece.household < shown.max(1)) {
            let Some(household) = list.households.get(piece.household) else { continue };
            let ground = place.cut_left(piece_width(piece, width));
            let _gap = place.cut_left(PIECE_GAP);
            action = household_ui(canvas, ground, household, piece, width).or(action);
        }
    }
    action
}

fn head_ui(canvas: &mut Canvas<'_>, rect: Rect, list: &NotArrived, district: &str) -> Option<Action> {
    let palette = canvas.palette;
    let mut inner = rect;
    let label = canvas.texts.get("page-back");
    let back = Button::new(ButtonLook::Tile, &label).only(Pictogram::Back);
    let action = back.show(canvas, "back", inner.cut_left(size::TARGET)).then_some(Action::Back);
    let _gap = inner.cut_left(20.0);
    let upper = inner.cut_top(inner.height() * 0.56);
    canvas.text(upper, Align2::LEFT_BOTTOM, Type::bold(size::TITLE, palette.ink), district);
    let say = if list.total == 0 {
        canvas.texts.get("households-none")
    } else {
        canvas.texts.with("households-say", [("count", list.total.into())])
    };
    canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::CAPTION, palette.ink_soft), &say);
    action
}

/// How many households, from the first one, have all their tiles in these rows.
fn whole_households(rows: &[Vec<Piece>], sizes: &[usize]) -> usize {
    let is_whole = |(household, size): &(usize, &usize)| {
        let pieces = rows.iter().flatten().filter(|piece| piece.household == *household);
        pieces.map(Piece::tiles).sum::<usize>() == **size
    };
    sizes.iter().enumerate().take_while(is_whole).count()
}

#[expect(clippy::cast_precision_loss, reason = "a handful of tiles")]
fn tile_width(row: &[Piece], width: f32) -> f32 {
    let tiles: usize = row.iter().map(Piece::tiles).sum();
    let (tiles, pieces) = (tiles.max(1) as f32, row.len().max(1) as f32);
    let gaps = GAP * (tiles - pieces) + (PIECE_GAP + 2.0 * PAD + LABEL) * pieces - PIECE_GAP;
    ((width - gaps) / tiles).min(TILE + 36.0)
}

#[expect(clippy::cast_precision_loss, reason = "a handful of tiles")]
fn piece_width(piece: &Piece, tile: f32) -> f32 {
    let tiles = piece.tiles() as f32;
    tiles * tile + GAP * (tiles - 1.0) + 2.0 * PAD + LABEL
}

fn household_ui(
    canvas: &mut Canvas<'_>,
    ground: Rect,
    household: &HouseholdStanding,
    piece: &Piece,
    width: f32,
) -> Option<Action> {
    let palette = canvas.palette;
    let edge = if palette.band == palette.background { palette.hairline } else { palette.band };
    canvas.card(ground, size::RADIUS_TILE + PAD, palette.band, Stroke::new(2.0, edge));
    let mut inner = ground.shrink(PAD);
    let label = inner.cut_left(LABEL).shrink2(vec2(6.0, 0.0));
    let look = Type::bold(size::CAPTION, palette.ink);
    canvas.text(label, Align2::CENTER_CENTER, look, &household.group);
    let mut action = None;
    for person in household.members.get(piece.from..piece.to).unwrap_or_default() {
        let place = inner.cut_left(width);
        let _gap = inner.cut_left(GAP);
        if person_ui(canvas, place, person) {
            let (person, name) = (person.person, person.name.clone());
            action = Some(Action::Ask(Question::Elsewhere { person, name }));
        }
    }
    action
}

/// Sign and word of what is known, the name, and the sign of whoever needs support.
fn person_ui(canvas: &mut Canvas<'_>, rect: Rect, person: &PersonStanding) -> bool {
    let palette = canvas.palette;
    let (is_open, word) = match person.standing {
        Standing::NotSeen => (true, "standing-not-seen"),
        Standing::Unaccounted => (true, "standing-unaccounted"),
        Standing::Passed => (true, "standing-passed"),
        Standing::ToldElsewhere => (false, "standing-told"),
        Standing::Arrived => (false, "standing-arrived"),
        Standing::Elsewhere => (false, "standing-elsewhere"),
    };
    let word = canvas.texts.get(word);
    let support = canvas.texts.get("support-needed");
    let name = person.name.expose();
    let label =
        if person.needs_support { format!("{name} {word} {support}") } else { format!("{name} {word}") };
    let touchable = if is_open { Touchable::Button } else { Touchable::Disabled };
    if !is_open {
        canvas.card(rect, size::RADIUS_TILE, palette.background, Stroke::NONE);
    }
    let touched = tile_ground_ui(canvas, rect, person.person, touchable, &label);
    if person.needs_support && is_open {
        canvas.card(rect, size::RADIUS_TILE, palette.surface, Stroke::new(size::LINE_CHOSEN, palette.ink));
    }
    let mut inner = rect.shrink2(vec2(14.0, 12.0));
    let mut upper = inner.cut_top(40.0);
    standing_ui(canvas, upper.cut_left(34.0).square(34.0), person.standing);
    let _gap = upper.cut_left(8.0);
    canvas.paint(upper, Align2::LEFT_CENTER, Type::regular(size::CAPTION, palette.ink), &word);
    if person.needs_support {
        Pictogram::Support.draw(canvas.ui.painter(), inner.cut_left(38.0).square(38.0), palette.ink);
        let _gap = inner.cut_left(4.0);
    }
    canvas.paint(inner, Align2::LEFT_CENTER, Type::bold(size::TILE_TEXT, palette.ink), name);
    touched
}

fn standing_ui(canvas: &Canvas<'_>, place: Rect, standing: Standing) {
    let (painter, palette) = (canvas.ui.painter(), canvas.palette);
    let radius = place.width() / 2.0;
    match standing {
        Standing::NotSeen => {
            painter.circle_stroke(place.center(), radius - 2.0, Stroke::new(4.0, palette.edge));
        }
        Standing::Arrived => tick_ui(canvas, place, true),
        Standing::Unaccounted => light_ui(canvas, place, Severity::Notice),
        Standing::Passed => Pictogram::Passed.draw(painter, place, palette.ink),
        Standing::ToldElsewhere => Pictogram::Talk.draw(painter, place, palette.ink),
        Standing::Elsewhere => Pictogram::House.draw(painter, place, palette.ink),
    }
}
