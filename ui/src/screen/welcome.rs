//! 受け付けました, with the household beside it, or with how many came along with an unknown card.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::{Answer, Command, Member, MemberState};
use hinamori_model::{PersonId, PersonalText};

use super::View;
use super::answer::{self, Field, QUESTION, field_ui, finish_ui, question_ui, split_ui};
use super::answer_tiles::field_tiles_ui;
use super::paged::{self, Pages};
use crate::Action;
use crate::Who;
use crate::clock::CivilTime;
use crate::theme::size;
use crate::widget::{
    Button, ButtonLook, Canvas, Grid, Pictogram, Place, Row, Touchable, Type, dashed_edge, stepper_ui,
};

/// Two columns of tiles; a person or two have the whole width.
const fn columns(members: usize) -> usize {
    if members <= 2 { 1 } else { 2 }
}

/// The same ring, green and word for every accepted person.
pub(crate) fn accepted_field(
    canvas: &Canvas<'_>,
    view: &View<'_>,
    answer: &Answer,
    name: Option<&PersonalText>,
) -> Field {
    Field {
        fill: canvas.palette.accepted,
        symbol: Pictogram::Ring,
        word: canvas.texts.get("answer-accepted"),
        name: Some(answer::spoken_name(canvas, name)),
        say: Some(canvas.texts.get(view.next_step_key())),
        doubt: answer.doubt,
    }
}

/// Touch the members who came too.
pub(crate) fn household_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    name: Option<&PersonalText>,
    members: &[Member],
) -> Option<Action> {
    let field = accepted_field(canvas, view, answer, name);
    let (mut left, mut panel) = split_ui(canvas, rect, field.fill);
    let mut action = field_tiles_ui(canvas, &mut left, view, answer);
    field_ui(canvas, left, view, &field);

    question_ui(canvas, panel.cut_top(QUESTION), "household-question");
    let _gap = panel.cut_top(size::GAP);
    let finish = panel.cut_bottom(size::TARGET);
    let _gap = panel.cut_bottom(size::GAP);

    action = tiles_ui(canvas, panel, view, members).or(action);
    let chosen: Vec<_> = members
        .iter()
        .filter(|member| {
            member.state == MemberState::NotSeen && view.state.draft.members.contains(&member.person)
        })
        .map(|member| member.person)
        .collect();
    let people = u64::try_from(chosen.len()).unwrap_or(u64::MAX).saturating_add(1);
    let word = canvas.texts.with("household-done", [("people", people.into())]);
    let command = Command::ConfirmHousehold { answer: answer.id, members: chosen };
    if let Some(touched) = finish_ui(canvas, finish, view, answer, (&word, command)) {
        action = Some(touched);
    }
    action
}

fn tiles_ui(canvas: &mut Canvas<'_>, panel: Rect, view: &View<'_>, members: &[Member]) -> Option<Action> {
    let open = members.iter().filter(|member| member.state == MemberState::NotSeen).count();
    let everybody = usize::from(open > 1);
    let columns = columns(members.len());
    let rows = paged::rows_that_fit(panel.height(), size::TARGET, size::GAP);
    // The last row keeps 全員 and the turning of pages when not everybody fits.
    let fits = members.len() + everybody <= rows * columns;
    let pages = if fits {
        Pages::all(members.len())
    } else {
        Pages::new(members.len(), rows.saturating_sub(1).max(1) * columns, view.state.turned)
    };
    let used = if fits { (members.len() + everybody).div_ceil(columns).max(1) } else { rows.max(2) };
    let height =
        if used < rows { tile_height(panel.height(), rows) } else { tile_height(panel.height(), used) };
    #[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
    let area = Rect::from_min_size(
        panel.min,
        vec2(panel.width(), height * used as f32 + size::GAP * (used - 1) as f32),
    );
    let grid = Grid { columns, rows: used, gap: size::GAP };
    let mut action = None;
    for (position, member) in pages.slice(members).iter().enumerate() {
        if member_ui(canvas, area.cell(grid, position), view, member) {
            action = Some(Action::ToggleMember(member.person));
        }
    }
    let all = canvas.texts.get("household-everybody");
    let all = Button::new(ButtonLook::Tile, &all).picture(Pictogram::CountPeople).size(size::TILE_TEXT);
    let last = used * columns;
    if everybody == 1 {
        let place = if fits { members.len() } else { last - 2 };
        if all.show(canvas, "everybody", area.cell(grid, place)) {
            action = Some(Action::ChooseAllMembers);
        }
    }
    if !fits && let Some(turned) = pages.turn_ui(canvas, area.cell(grid, last - 1), "household-others") {
        action = Some(turned);
    }
    action
}

#[expect(clippy::cast_precision_loss, reason = "a handful of rows")]
fn tile_height(height: f32, rows: usize) -> f32 {
    ((height - size::GAP * (rows.max(1) - 1) as f32) / rows.max(1) as f32).clamp(size::TARGET, size::TILE)
}

/// A member: open, chosen, or already in.
fn member_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, member: &Member) -> bool {
    let is_chosen = view.state.draft.members.contains(&member.person);
    let (touchable, ticked, note) = match member.state {
        MemberState::NotSeen => {
            (Touchable::Choice { chosen: is_chosen }, is_chosen, member.relation.expose().to_owned())
        }
        MemberState::AlreadyIn { at } => {
            let time = CivilTime::of(at).time();
            let note = canvas.texts.with("member-already-in", [("time", time.as_str().into())]);
            (Touchable::Disabled, true, note)
        }
    };
    let label = match member.state {
        MemberState::NotSeen => member.name.expose().to_owned(),
        MemberState::AlreadyIn { .. } => format!("{} {note}", member.name.expose()),
    };
    let clicked = tile_ground_ui(canvas, rect, member.person, touchable, &label);
    ticked_name_ui(canvas, rect, ticked, (member.name.expose(), &note));
    clicked
}

/// The ground of a person's tile: open, chosen, or dashed when nothing is to be done; `true` when touched.
pub(crate) fn tile_ground_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    person: PersonId,
    touchable: Touchable,
    label: &str,
) -> bool {
    let palette = canvas.palette;
    let response = canvas.touch(("member", person), rect, touchable, label);
    match touchable {
        Touchable::Disabled => dashed_edge(canvas, rect),
        Touchable::Choice { chosen: true } => {
            let edge = Stroke::new(size::LINE_CHOSEN, palette.tick.fill);
            canvas.card(rect, size::RADIUS_TILE, palette.chosen.fill, edge);
        }
        Touchable::Choice { chosen: false } | Touchable::Button => {
            let pressed = response.is_pointer_button_down_on();
            let fill = if pressed { palette.chosen.fill } else { palette.surface };
            canvas.card(rect, size::RADIUS_TILE, fill, Stroke::new(size::LINE, palette.edge));
        }
    }
    response.clicked()
}

/// A filled circle with a tick, or an empty one.
pub(crate) fn tick_ui(canvas: &Canvas<'_>, rect: Rect, ticked: bool) {
    let (palette, radius) = (canvas.palette, rect.width() / 2.0);
    if ticked {
        canvas.ui.painter().circle_filled(rect.center(), radius, palette.tick.fill);
        Pictogram::Check.draw(canvas.ui.painter(), rect.shrink(radius * 0.36), palette.tick.on);
    } else {
        canvas.ui.painter().circle_stroke(rect.center(), radius - 2.0, Stroke::new(4.0, palette.edge));
    }
}

/// Tick, name and quiet line of a person's tile.
pub(crate) fn ticked_name_ui(canvas: &Canvas<'_>, rect: Rect, ticked: bool, (name, note): (&str, &str)) {
    const TICK: f32 = 60.0;
    let palette = canvas.palette;
    let is_narrow = rect.width() < 260.0;
    let (margin, tick, gap) = if is_narrow { (14.0, 40.0, 10.0) } else { (20.0, TICK, 18.0) };
    let mut inner = rect.shrink2(vec2(margin, 6.0));
    tick_ui(canvas, inner.cut_left(tick).square(tick), ticked);
    let _gap = inner.cut_left(gap);
    let upper = inner.cut_top(inner.height() * 0.58);
    let look = Type::bold(if is_narrow { size::BODY } else { size::LEAD }, palette.ink);
    canvas.paint(upper, Align2::LEFT_BOTTOM, look, name);
    canvas.paint(inner, Align2::LEFT_TOP, Type::regular(size::CAPTION, palette.ink_soft), note);
}

/// An unknown card is accepted at once; how many came along may be said.
pub(crate) fn count_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    answer: &Answer,
    name: Option<&PersonalText>,
) -> Option<Action> {
    let field = accepted_field(canvas, view, answer, name);
    let (mut left, mut panel) = split_ui(canvas, rect, field.fill);
    let mut action = field_tiles_ui(canvas, &mut left, view, answer);
    field_ui(canvas, left, view, &field);

    question_ui(canvas, panel.cut_top(QUESTION), "count-question");
    let finish = panel.cut_bottom(size::TARGET);
    let _gap = panel.cut_bottom(size::GAP);
    action = steppers_ui(canvas, panel, view).or(action);

    let people = u64::from(view.state.draft.counted()).saturating_add(1);
    let word = canvas.texts.with("household-done", [("people", people.into())]);
    let [adults, children, infants] = view.state.draft.counts;
    let command = Command::CountPeople { answer: Some(answer.id), adults, children, infants };
    if let Some(touched) = finish_ui(canvas, finish, view, answer, (&word, command)) {
        action = Some(touched);
    }
    action
}

/// Three rows: adults, children, infants.
pub(crate) fn steppers_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    const ROW: f32 = 150.0;
    let height = rect.height().min(ROW * 3.0);
    let spare = (rect.height() - height) / 2.0;
    let area = Rect::from_min_size(rect.min + vec2(0.0, spare), vec2(rect.width(), height));
    let mut action = None;
    for (position, who) in Who::ALL.into_iter().enumerate() {
        let (word, note) = match who {
            Who::Adults => ("count-adults", "count-adults-age"),
            Who::Children => ("count-children", "count-children-age"),
            Who::Infants => ("count-infants", "count-infants-age"),
        };
        let (word, note) = (canvas.texts.get(word), canvas.texts.get(note));
        let (count, most) = (view.state.draft.count(who), view.state.most(who));
        let row = Row { who, count, most, word: &word, note: &note };
        let place = area.cell(Grid { columns: 1, rows: 3, gap: 6.0 }, position);
        action = stepper_ui(canvas, place, row).or(action);
    }
    action
}
