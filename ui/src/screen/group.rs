//! 班の 名簿: the district, the group, who speaks for it, and a touch for everybody who is here.

use egui::{Align, Align2, Rect, Stroke, pos2, vec2};
use hinamori_ipc::{Command, District, Group, GroupMember, MemberState};
use hinamori_model::PersonId;

use super::flow::{Piece, Room, rows_of, tight_rows_of};
use super::page::header_ui;
use super::paged::{Pages, rows_that_fit};
use super::welcome::{tick_ui, tile_ground_ui};
use super::{View, is_portrait};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Touchable, Type};
use crate::{Action, Page};

/// Around the tiles of a household, between tiles, between households.
const PAD: f32 = 3.0;
const TILE_GAP: f32 = 6.0;
const PIECE_GAP: f32 = 8.0;
const ROW_GAP: f32 = 6.0;
/// A tile is no wider: a row of few looks like the others.
const WIDEST: f32 = 156.0;

/// Districts, then groups, then the tick list.
pub(crate) fn group_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let people = &view.state.people;
    if let Some(group) = &people.group {
        return ticks_ui(canvas, rect, view, group);
    }
    let chosen = |district: &&District| Some(&district.name) == people.district.as_ref();
    let district = people.districts.iter().flatten().find(chosen);
    let total = |district: &District| district.groups.iter().map(|group| group.people).sum::<u32>();
    let (say, tiles) = match (&people.group_name, &people.districts, district) {
        (Some(_), ..) | (_, None, _) => ("list-loading", Vec::new()),
        (_, Some(districts), _) if districts.is_empty() => ("districts-empty", Vec::new()),
        (_, Some(districts), None) => {
            let tile = |district: &District| {
                let action = Action::ChooseDistrict(district.name.clone());
                (district.name.clone(), total(district), action)
            };
            ("district-question", districts.iter().map(tile).collect())
        }
        (_, _, Some(district)) => {
            let nobodys = canvas.texts.get("group-none");
            let tiles = district.groups.iter().map(|group| {
                let name = if group.name.is_empty() { nobodys.clone() } else { group.name.clone() };
                (name, group.people, Action::ChooseGroup(group.name.clone()))
            });
            ("group-question", tiles.collect())
        }
    };
    choice_ui(canvas, rect, view, say, &tiles)
}

/// Large tiles to choose from, with the people behind each.
fn choice_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    say: &str,
    tiles: &[(String, u32, Action)],
) -> Option<Action> {
    let mut inner = rect.shrink(size::EDGE);
    let mut action = header_ui(canvas, inner.cut_top(size::TARGET), "group-title").then_some(Action::Back);
    let text = canvas.texts.get(say);
    let look = Type::regular(34.0, canvas.palette.ink);
    canvas.text(inner.cut_top(70.0), Align2::LEFT_CENTER, look, &text);
    let columns = if is_portrait(rect) { 2 } else { 4 };
    let rows = rows_that_fit(inner.height(), 150.0, size::GAP);
    let cells = columns * rows;
    let fits = tiles.len() <= cells;
    let pages = Pages::new(tiles.len(), if fits { cells } else { cells - 1 }, view.state.turned);
    let grid = Grid { columns, rows, gap: size::GAP };
    for (position, (name, people, touched)) in pages.slice(tiles).iter().enumerate() {
        let note = canvas.texts.with("idle-people", [("people", (*people).into())]);
        let button = Button::new(ButtonLook::Tile, name).note(&note).size(40.0);
        if button.show(canvas, ("choice", name), inner.cell(grid, position)) {
            action = Some(touched.clone());
        }
    }
    if fits { action } else { pages.turn_ui(canvas, inner.cell(grid, cells - 1), "page-next").or(action) }
}

/// Below this width a family name of three letters has no room beside a large tick.
const NARROW: f32 = 138.0;

/// How a row's tiles look.
#[derive(Debug, Clone, Copy)]
struct Tile {
    width: f32,
    is_narrow: bool,
}

/// How the tick list is cut into rows.
struct Plan {
    rows: Vec<Vec<Piece>>,
    /// Whether the last row of the screen is kept for turning pages.
    turns: bool,
    /// The most rows on the screen.
    most: usize,
}

fn plan(sizes: &[usize], width: f32, most: usize) -> Plan {
    let room = |columns| Room {
        width: width + PIECE_GAP,
        tile: size::TARGET + TILE_GAP,
        piece: 2.0 * PAD - TILE_GAP + PIECE_GAP,
        columns,
    };
    // Nicer first; households are cut before pages turn.
    let tries = [
        rows_of(sizes, room(8)),
        rows_of(sizes, room(9)),
        tight_rows_of(sizes, room(8)),
        tight_rows_of(sizes, room(9)),
    ];
    let fits = |rows: &Vec<Vec<Piece>>| {
        let last: usize = rows.last().map_or(0, |row| row.iter().map(Piece::tiles).sum());
        rows.len() < most || (rows.len() == most && last < 8 && spare(rows.last(), width) >= size::TARGET)
    };
    let turned = tries.iter().take(2).min_by_key(|rows| rows.len()).cloned().unwrap_or_default();
    match tries.into_iter().find(fits) {
        Some(rows) => Plan { rows, turns: false, most },
        None => Plan { rows: turned, turns: true, most },
    }
}

/// The width of a row's tiles.
#[expect(clippy::cast_precision_loss, reason = "a handful of tiles")]
fn tile_width(row: &[Piece], width: f32) -> f32 {
    let tiles: usize = row.iter().map(Piece::tiles).sum();
    let (tiles, pieces) = (tiles.max(1) as f32, row.len().max(1) as f32);
    let gaps = TILE_GAP * (tiles - pieces) + PIECE_GAP * (pieces - 1.0) + 2.0 * PAD * pieces;
    ((width - gaps) / tiles).min(WIDEST)
}

#[expect(clippy::cast_precision_loss, reason = "a handful of tiles")]
fn piece_width(piece: &Piece, tile: f32) -> f32 {
    let tiles = piece.tiles() as f32;
    tiles * tile + TILE_GAP * (tiles - 1.0) + 2.0 * PAD
}

/// What is left of a row whose tiles are as narrow as they may be.
fn spare(row: Option<&Vec<Piece>>, width: f32) -> f32 {
    let used =
        row.iter().flat_map(|row| row.iter()).map(|piece| piece_width(piece, size::TARGET) + PIECE_GAP);
    width - used.sum::<f32>()
}

fn ticks_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, group: &Group) -> Option<Action> {
    let portrait = is_portrait(rect);
    let mut inner = rect.shrink2(vec2(size::EDGE, 8.0));
    let mut action = head_ui(canvas, inner.cut_top(size::TARGET), view, group);
    let speaks = view.state.people.leader.is_some();
    let line = inner.cut_top(if portrait { 60.0 } else { 36.0 });
    let say = canvas.texts.get(if speaks { "group-say" } else { "group-leader-question" });
    let look = Type::bold(if speaks { size::BODY } else { size::TILE_TEXT }, canvas.palette.ink);
    canvas.text(line.expand2(vec2(0.0, 3.0)), Align2::LEFT_CENTER, look, &say);
    let _gap = inner.cut_top(4.0);

    let mut households: Vec<Vec<&GroupMember>> = Vec::new();
    for member in &group.members {
        match households.last_mut() {
            Some(last) if last.first().is_some_and(|first| first.household == member.household) => {
                last.push(member);
            }
            _ => households.push(vec![member]),
        }
    }
    let sizes: Vec<_> = households.iter().map(Vec::len).collect();
    let pitch = size::TARGET + 2.0 * PAD;
    let plan = plan(&sizes, inner.width(), rows_that_fit(inner.height(), pitch, ROW_GAP));
    let kept = if plan.turns { plan.most.saturating_sub(1).max(1) } else { plan.most };
    let pages = Pages::new(plan.rows.len(), kept, view.state.turned);
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let most = plan.most as f32;
    let height = ((inner.height() - ROW_GAP * (most - 1.0)) / most).clamp(pitch, size::TILE + 2.0 * PAD);
    let whole = inner.width();
    let width_of =
        |row: &Vec<Piece>| tile_width(row, whole - if plan.turns { 0.0 } else { last_kept(row, &plan) });
    // One size of ticks for all of them.
    let is_narrow = plan.rows.iter().any(|row| width_of(row) < NARROW);
    let mut end = inner.left();
    for row in pages.slice(&plan.rows) {
        let mut place = inner.cut_top(height);
        let _gap = inner.cut_top(ROW_GAP);
        let tile = Tile { width: width_of(row), is_narrow };
        for piece in row {
            let ground = place.cut_left(piece_width(piece, tile.width));
            let _gap = place.cut_left(PIECE_GAP);
            end = ground.right() + PIECE_GAP;
            let members =
                households.get(piece.household).and_then(|members| members.get(piece.from..piece.to));
            action = household_ui(canvas, ground, view, members.unwrap_or_default(), tile).or(action);
        }
    }
    let rest = inner.right() - end;
    let beside = !plan.turns && !plan.rows.is_empty() && (rest >= WIDEST || plan.rows.len() == plan.most);
    let below = if beside {
        // The rest of the last row.
        let top = inner.top() - height - ROW_GAP;
        Rect::from_min_size(pos2(end, top), vec2(rest, height))
    } else {
        inner.cut_top(height)
    };
    foot_ui(canvas, below.shrink2(vec2(0.0, PAD)), view, (group, plan.turns.then_some(pages))).or(action)
}

/// What the last row keeps free for the tile of people who are on no roster.
fn last_kept(row: &[Piece], plan: &Plan) -> f32 {
    let is_last = plan.rows.len() == plan.most && plan.rows.last().is_some_and(|last| last == row);
    if is_last { size::TARGET + PIECE_GAP } else { 0.0 }
}

/// Back, the group, who speaks, how many are here, 完了.
fn head_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, group: &Group) -> Option<Action> {
    let palette = canvas.palette;
    let portrait = rect.width() < 900.0;
    let mut inner = rect;
    let label = canvas.texts.get("page-back");
    let back = Button::new(ButtonLook::Tile, &label).only(Pictogram::Back);
    let mut action = back.show(canvas, "back", inner.cut_left(size::TARGET)).then_some(Action::Back);
    let _gap = inner.cut_left(20.0);
    let leader = view.state.people.leader;
    let speaker = group.members.iter().find(|member| Some(member.person) == leader);
    if let Some(speaker) = speaker {
        let present = ticked(view, group);
        let word = canvas.texts.get("group-done");
        let place = inner.cut_right(if portrait { 170.0 } else { 260.0 });
        let look = if present.is_empty() { ButtonLook::Disabled } else { ButtonLook::Primary };
        if Button::new(look, &word).size(size::TITLE).show(canvas, "finish", place) {
            let command = Command::DeclareGroup { leader: speaker.person, present: present.clone() };
            action = Some(Action::SendAndReturn(command));
        }
        let _gap = inner.cut_right(20.0);
        let here = group.members.iter().filter(|member| member.state != MemberState::NotSeen).count();
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let all = canvas.texts.with("group-of", [("people", number(group.members.len()).into())]);
        let count = (here + present.len()).to_string();
        let (loud, quiet) = (
            Type::bold(size::COUNT, palette.ink),
            Type::regular(if portrait { size::BODY } else { 38.0 }, palette.ink),
        );
        let width = canvas.width_of(loud, &count) + canvas.width_of(quiet, &all) + 4.0;
        canvas.runs(inner.cut_right(width), Align2::RIGHT_CENTER, &[(loud, &count), (quiet, &all)]);
        let _gap = inner.cut_right(14.0);
    }
    let title = if group.group.is_empty() {
        group.district.clone()
    } else {
        format!("{} {}", group.district, group.group)
    };
    let Some(speaker) = speaker else {
        canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::TITLE, palette.ink), &title);
        return action;
    };
    let upper = inner.cut_top(inner.height() * 0.56);
    canvas.text(upper, Align2([Align::Min, Align::Max]), Type::bold(size::TITLE, palette.ink), &title);
    let key = if portrait { "name-spoken" } else { "group-speaker" };
    let by = canvas.texts.with(key, [("name", speaker.name.expose().into())]);
    canvas.text(inner, Align2::LEFT_TOP, Type::regular(size::CAPTION, palette.ink_soft), &by);
    action
}

/// Whom a touch says to be here, in the roster's order.
fn ticked(view: &View<'_>, group: &Group) -> Vec<PersonId> {
    let is_ticked = |member: &&GroupMember| {
        member.state == MemberState::NotSeen && view.state.draft.members.contains(&member.person)
    };
    group.members.iter().filter(is_ticked).map(|member| member.person).collect()
}

fn household_ui(
    canvas: &mut Canvas<'_>,
    ground: Rect,
    view: &View<'_>,
    members: &[&GroupMember],
    tile: Tile,
) -> Option<Action> {
    let palette = canvas.palette;
    let edge = if palette.band == palette.background { palette.hairline } else { palette.band };
    canvas.card(ground.expand(1.0), size::RADIUS_TILE + PAD, palette.band, Stroke::new(2.0, edge));
    let mut inner = ground.shrink(PAD);
    let mut action = None;
    for member in members {
        let place = inner.cut_left(tile.width);
        let _gap = inner.cut_left(TILE_GAP);
        action = member_ui(canvas, place, view, (member, tile.is_narrow)).or(action);
    }
    action
}

/// Family name small, given name large, the tick at the right top.
fn member_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (member, is_narrow): (&GroupMember, bool),
) -> Option<Action> {
    // A family name of three letters stands beside the tick of the narrowest tile.
    let (margin, tick) = if is_narrow { (8.0, 27.0) } else { (12.0, 40.0) };
    let palette = canvas.palette;
    let is_in = member.state != MemberState::NotSeen;
    let chosen = view.state.draft.members.contains(&member.person);
    let name = member.name.expose();
    let (touchable, action) = match view.state.people.leader {
        // Whoever came before may speak for the others.
        None => (Touchable::Button, Action::ChooseLeader(member.person)),
        Some(_) if is_in => (Touchable::Disabled, Action::ToggleMember(member.person)),
        Some(_) => (Touchable::Choice { chosen }, Action::ToggleMember(member.person)),
    };
    if touchable == Touchable::Disabled {
        canvas.card(rect, size::RADIUS_TILE, palette.background, Stroke::NONE);
    }
    let touched = tile_ground_ui(canvas, rect, member.person, touchable, name);
    let mut inner = rect.shrink2(vec2(margin, 10.0));
    let mut upper = inner.cut_top(40.0);
    if is_in || view.state.people.leader.is_some() {
        tick_ui(canvas, upper.cut_right(tick).square(tick), is_in || chosen);
        let _gap = upper.cut_right(2.0);
    }
    let (family, given) = name.split_once([' ', '\u{3000}']).unwrap_or(("", name));
    let quiet = Type::regular(size::CAPTION, palette.ink_soft);
    if !family.is_empty() {
        canvas.paint(upper, Align2::LEFT_CENTER, quiet, family);
    }
    canvas.paint(inner, Align2::LEFT_CENTER, Type::bold(40.0, palette.ink), given);
    touched.then_some(action)
}

/// Below the tiles: people who are on no roster, and the turning of pages.
fn foot_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    (group, pages): (&Group, Option<Pages>),
) -> Option<Action> {
    let mut inner = rect;
    let mut action = None;
    if let Some(pages) = pages {
        let place = inner.cut_right(inner.width() / 2.0 - size::GAP / 2.0);
        action = pages.turn_ui(canvas, place, "page-next");
        let _gap = inner.cut_right(size::GAP);
    }
    let Some(leader) = view.state.people.leader else { return action };
    let present = ticked(view, group);
    let word = canvas.texts.get("not-on-roster");
    let mut button = Button::new(ButtonLook::Tile, &word);
    let note = canvas.texts.get("not-on-roster-after");
    let is_wide = inner.width() > 380.0;
    button = if is_wide { button.picture(Pictogram::CountPeople) } else { button.size(size::CAPTION) };
    // What was ticked is sent first: the count comes after its answer.
    let touched = if present.is_empty() {
        Action::Open(Page::HeadCount)
    } else {
        if is_wide {
            button = button.note(&note);
        }
        Action::SendThen(Command::DeclareGroup { leader, present }, Page::HeadCount)
    };
    if button.show(canvas, "not on roster", inner) {
        action = Some(touched);
    }
    action
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tick list of the reference panel: 1,232 points wide, four rows.
    const WIDTH: f32 = 1_232.0;

    #[test]
    fn nobody_turns_pages_below_thirty_two_people() {
        for sizes in
            [vec![5; 6], vec![4, 2, 2, 3, 5, 1, 2, 2, 3, 2, 2], vec![1; 31], vec![3; 10], vec![7, 6, 7, 6, 5]]
        {
            let plan = plan(&sizes, WIDTH, 4);
            assert!(!plan.turns, "{sizes:?}");
            for row in &plan.rows {
                let kept = WIDTH - last_kept(row, &plan);
                assert!(tile_width(row, kept) >= size::TARGET, "{sizes:?} {row:?}");
            }
        }
        assert!(plan(&[4; 20], WIDTH, 4).turns);
    }
}
