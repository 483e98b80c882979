//! Idle: the one thing to do, and the few ways around it. Only what works is drawn.

use egui::{Align, Align2, Rect, Stroke, pos2, vec2};
use hinamori_ipc::{Command, DiskState, LinkState, ReaderState};
use hinamori_model::{CounterKind, Direction, Mode};

use super::answer::drill_tag_ui;
use super::health::severity_of;
use super::staff::lines_of;
use super::{View, is_portrait};
use crate::theme::{Severity, size};
use crate::widget::{
    Button, ButtonLook, Canvas, Grid, Pictogram, Place, Touchable, Type, light_ui, reader_ui,
};
use crate::{Action, Language, Page};

/// The row of site and light.
const SITE: f32 = size::TARGET;

/// Waiting for a card.
pub(crate) fn idle_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let mut inner = rect.shrink2(vec2(size::EDGE_IDLE, 0.0));
    let _gap = inner.cut_top(if view.mode() == Mode::Drill { 18.0 } else { size::EDGE });
    let mut action = site_ui(canvas, inner.cut_top(SITE), view);
    let _gap = inner.cut_bottom(size::BODY);
    action = tiles_ui(canvas, &mut inner, view).or(action);
    let _gap = inner.cut_bottom(size::GAP);
    let _gap = inner.cut_top(size::GAP);
    call_ui(canvas, inner, view);
    action
}

/// The site's name, the lane, the count; and the light, which opens the health page.
fn site_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let palette = canvas.palette;
    let lane = view.lane;
    let severity = severity_of(view);
    let (first, second) = light_keys(view, severity);
    let (first, second) = (canvas.texts.get(first), canvas.texts.get(second));
    let bold = Type::bold(size::TILE_TEXT, palette.ink);
    let soft = Type::regular(size::CAPTION, palette.ink_soft);
    let words = canvas.width_of(bold, &first).max(canvas.width_of(soft, &second));
    let mut inner = rect;
    let (side, gap, margin) = if rect.width() < 900.0 { (54.0, 12.0, 16.0) } else { (64.0, 20.0, 26.0) };
    let place = inner.cut_right((words + side + gap + 2.0 * margin + 2.0).min(rect.width() * 0.56));
    let label = format!("{first} {second}");
    let touched = canvas.touch("light", place, Touchable::Button, &label);
    let pressed = touched.is_pointer_button_down_on();
    let fill = if pressed { palette.chosen.fill } else { palette.surface };
    canvas.card(place, size::RADIUS_TILE, fill, Stroke::new(size::LINE, palette.edge));
    let mut light = place.shrink2(vec2(margin, 14.0));
    light_ui(canvas, light.cut_left(side).square(side - 4.0), severity);
    let _gap = light.cut_left(gap);
    let upper = light.cut_top(light.height() * 0.54);
    canvas.paint(upper, Align2::LEFT_BOTTOM, bold, &first);
    canvas.paint(light, Align2::LEFT_TOP, soft, &second);

    let _gap = inner.cut_right(size::GAP);
    let upper = inner.cut_top(inner.height() * 0.58);
    canvas.text(upper, Align2::LEFT_CENTER, Type::bold(size::TITLE, palette.ink), &lane.banner.site);
    let number = u64::from(lane.banner.lane.0);
    let at = match lane.direction {
        Direction::Entrance => canvas.texts.with("idle-lane", [("lane", number.into())]),
        Direction::Exit => canvas.texts.with("idle-lane-exit", [("lane", number.into())]),
    };
    let counted = canvas.texts.get(match (view.mode(), lane.counter) {
        (Mode::Drill, _) => "idle-counted-drill",
        (_, CounterKind::Watch) => "idle-counted-watch",
        (_, CounterKind::Shelter) => "idle-counted",
    });
    let here = canvas.texts.with("idle-people", [("people", lane.here.into())]);
    let quiet = Type::regular(size::BODY, palette.ink_soft);
    let loud = Type::bold(size::BODY, palette.ink);
    // Every count says how many of it somebody saw lately. Where there is no room, the lane gives way.
    let seen = (lane.counter == CounterKind::Shelter && view.mode() != Mode::DailyLife).then(|| {
        let numbers = [("confirmed", lane.confirmed.into()), ("people", lane.here.into())];
        (canvas.texts.with("idle-confirmed", numbers), canvas.texts.with("idle-confirmed-short", numbers))
    });
    let Some((long, short)) = seen else {
        canvas.runs(inner, Align2::LEFT_TOP, &[(quiet, &format!("{at} ・ {counted} ")), (loud, &here)]);
        return touched.clicked().then_some(Action::Open(Page::Health));
    };
    let lines = [
        (format!("{at} ・ {counted} "), format!(" ・ {long}")),
        (format!("{counted} "), format!(" ・ {long}")),
        (format!("{counted} "), format!(" ・ {short}")),
        (String::new(), format!(" ・ {short}")),
    ];
    let width = |(before, after): &(String, String)| {
        canvas.width_of(quiet, before) + canvas.width_of(loud, &here) + canvas.width_of(quiet, after)
    };
    let line = lines.iter().find(|line| width(line) <= inner.width()).or(lines.last());
    if let Some((before, after)) = line {
        canvas.runs(inner, Align2::LEFT_TOP, &[(quiet, before), (loud, &here), (quiet, after)]);
    }
    touched.clicked().then_some(Action::Open(Page::Health))
}

const fn light_keys(view: &View<'_>, severity: Severity) -> (&'static str, &'static str) {
    let status = view.lane.status;
    let first = match (status.reader, status.disk, view.lane.banner.mode) {
        (_, DiskState::Full | DiskState::Failing, _) => "light-no-record",
        (ReaderState::Missing | ReaderState::Stuck, _, _) => "light-no-reader",
        (ReaderState::Ready, DiskState::Ok, Mode::Drill) => "light-drill",
        (ReaderState::Ready, DiskState::Ok, _) => "light-ready",
    };
    let second = match (severity, view.lane.banner.mode, status.link) {
        (Severity::Broken | Severity::Notice, _, _) => "light-look",
        (_, Mode::Drill, _) => "light-drill-note",
        (_, _, LinkState::Online) => "light-online",
        (_, _, LinkState::Offline { .. } | LinkState::NotEnrolled) => "light-offline",
    };
    (first, second)
}

/// The call with the picture of the reader. When the card cannot be taken, the call says what can.
fn call_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) {
    let palette = canvas.palette;
    let status = view.lane.status;
    let sound = if view.state.is_silent() { "idle-hint-silent" } else { "idle-hint" };
    let (call, hint) = match (status.disk, status.reader, view.lane.direction) {
        (DiskState::Full | DiskState::Failing, _, _) => ("idle-no-record", "idle-no-record-hint"),
        (_, ReaderState::Missing | ReaderState::Stuck, _) => match view.lane.counter {
            CounterKind::Shelter => ("idle-no-reader", "idle-no-reader-hint"),
            CounterKind::Watch => ("idle-no-reader", "idle-no-reader-watch"),
        },
        (_, _, Direction::Exit) => ("idle-call-exit", sound),
        (_, _, Direction::Entrance) => ("idle-call", sound),
    };
    let works = status.disk == DiskState::Ok && status.reader == ReaderState::Ready;
    let drill = view.mode() == Mode::Drill;
    let mut hint = canvas.texts.get(hint);
    if works && view.lane.banner.is_closed {
        hint = format!("{hint}\n{}", canvas.texts.get("idle-hint-closed"));
    } else if works && !drill {
        let ordinary = view.mode() == Mode::DailyLife && view.lane.counter == CounterKind::Shelter;
        let more = if ordinary { "idle-hint-ordinary" } else { "idle-hint-pin" };
        hint = format!("{hint}\n{}", canvas.texts.get(more));
    }
    let call = canvas.texts.get(call);
    let portrait = is_portrait(rect) || rect.width() < 900.0;
    let align = if portrait { Align::Center } else { Align::Min };

    let (tag, gap) = if drill { (76.0, 12.0) } else { (0.0, 0.0) };
    let (call_height, hint_height) = (lines_of(&call) * 82.0 * 1.3, lines_of(&hint) * 36.0 * 1.4);
    let mut inner = rect;
    let picture = if portrait {
        let words = tag + gap + call_height + hint_height + 20.0;
        inner.cut_top((inner.height() - words).clamp(120.0, 350.0))
    } else {
        inner.cut_right((rect.width() * 0.39).min(470.0))
    };
    let size_of = vec2(picture.width().min(470.0), picture.height().min(366.0));
    let picture = Rect::from_center_size(picture.center(), size_of);
    if works {
        reader_ui(canvas, picture);
    } else {
        let side = picture.width().min(picture.height()) * 0.7;
        Pictogram::Paper.draw(canvas.ui.painter(), picture.square(side), palette.ink);
    }

    let scale = (inner.height() / (tag + gap + call_height + hint_height + 16.0)).min(1.0);
    let used = (tag + gap + call_height + hint_height + 16.0) * scale;
    let _margin = inner.cut_top((inner.height() - used).max(0.0) / 2.0);
    if drill {
        drill_tag_ui(canvas, inner.cut_top(tag * scale), align);
        let _gap = inner.cut_top(gap * scale);
    }
    let place = inner.cut_top(call_height * scale);
    canvas.text(place, Align2([align, Align::Center]), Type::bold(size::CALL, palette.ink), &call);
    let _gap = inner.cut_top(16.0 * scale);
    let place = inner.cut_top(hint_height * scale + 6.0);
    canvas.text(place, Align2([align, Align::Min]), Type::regular(size::LEAD, palette.ink), &hint);
}

/// One way around the card.
struct Way {
    look: ButtonLook,
    picture: Pictogram,
    word: String,
    note: Option<String>,
    action: Action,
    wide: bool,
}

impl Way {
    /// How much wider than the others, so that its note has a line.
    const fn weight(&self) -> f32 {
        match self.picture {
            Pictogram::Bang => 3.2,
            _ => 1.5,
        }
    }
}

fn ways(canvas: &Canvas<'_>, view: &View<'_>) -> Vec<Way> {
    let texts = canvas.texts;
    let tile = |picture, key, action| Way {
        look: ButtonLook::Tile,
        picture,
        word: texts.get(key),
        note: None,
        action,
        wide: false,
    };
    let records = view.lane.status.disk == DiskState::Ok;
    let mut ways = Vec::new();
    if view.lane.banner.mode == Mode::DailyLife {
        let note = Some(texts.get("open-live-note"));
        let open = tile(Pictogram::OpenShelter, "open-live", Action::Open(Page::OpenLive));
        ways.push(Way { look: ButtonLook::Framed, note, wide: true, ..open });
    }
    match view.lane.counter {
        CounterKind::Watch => {
            ways.push(tile(Pictogram::Waiting, "watch-list", Action::Open(Page::WatchList)));
        }
        // A closed site counts nobody, nor does a box that cannot write.
        CounterKind::Shelter if view.lane.banner.mode != Mode::DailyLife && records => {
            ways.push(tile(Pictogram::Search, "search-title", Action::Open(Page::Search)));
            ways.push(tile(Pictogram::CountPeople, "head-count", Action::Open(Page::HeadCount)));
            ways.push(tile(Pictogram::Group, "group-title", Action::Open(Page::Group)));
        }
        CounterKind::Shelter => {}
    }
    let note =
        (view.lane.later > 0).then(|| texts.with("leader-list-count", [("count", view.lane.later.into())]));
    if view.state.has_leader_page() {
        let leader = tile(Pictogram::Staff, "leader-title", Action::Open(Page::Leader));
        ways.push(Way { note, ..leader });
    } else {
        let list = tile(Pictogram::List, "leader-list", Action::Open(Page::LeaderList));
        ways.push(Way { note, ..list });
        ways.push(tile(Pictogram::Settings, "settings-title", Action::Open(Page::Settings)));
    }
    let other = match view.state.language {
        Language::Japanese => "language-to-english",
        Language::English => "language-to-japanese",
    };
    ways.push(tile(Pictogram::Globe, other, Action::SwitchLanguage));
    if view.lane.banner.mode == Mode::Drill {
        let action = Action::Send(Command::EndDrill { then: Mode::Live });
        let stop = tile(Pictogram::Bang, "drill-to-live", action);
        let note = Some(texts.get("drill-to-live-note"));
        ways.push(Way { look: ButtonLook::Framed, note, wide: true, ..stop });
    }
    ways
}

#[expect(clippy::cast_precision_loss, reason = "a handful of tiles")]
pub(crate) fn tiles_ui(canvas: &mut Canvas<'_>, rect: &mut Rect, view: &View<'_>) -> Option<Action> {
    let ways = ways(canvas, view);
    let places: Vec<Rect> = if rect.width() < 900.0 {
        let (wide, narrow): (Vec<&Way>, Vec<&Way>) = ways.iter().partition(|way| way.wide);
        // A last tile alone in its row takes the whole row.
        let rows = wide.len() + narrow.len().div_ceil(2);
        let height = size::TILE * rows as f32 + size::GAP * (rows.max(1) - 1) as f32;
        let area = rect.cut_bottom(height);
        let grid = Grid { columns: 1, rows, gap: size::GAP };
        let (mut row, mut left, mut places) = (0, narrow.len(), Vec::new());
        let mut half = 0;
        for way in &ways {
            let whole = area.cell(grid, row);
            if way.wide || (half == 0 && left == 1) {
                places.push(whole);
                row += 1;
                left -= usize::from(!way.wide);
                continue;
            }
            places.push(whole.cell(Grid { columns: 2, rows: 1, gap: size::GAP }, half));
            left -= 1;
            half = (half + 1) % 2;
            row += usize::from(half == 0);
        }
        places
    } else {
        let area = rect.cut_bottom(size::TILE);
        let weight = |way: &Way| if way.wide { way.weight() } else { 1.0 };
        let total: f32 = ways.iter().map(weight).sum();
        let unit = (area.width() - size::GAP * (ways.len().max(1) - 1) as f32) / total;
        let mut left = area.left();
        let place = |way| {
            let width = unit * weight(way);
            let place = Rect::from_min_size(pos2(left, area.top()), vec2(width, area.height()));
            left += width + size::GAP;
            place
        };
        ways.iter().map(place).collect()
    };
    let stacked = ways.len() > 4;
    let mut action = None;
    for (way, place) in ways.into_iter().zip(places) {
        let mut button = Button::new(way.look, &way.word).label(&way.word);
        let narrow = stacked && place.width() < 300.0;
        // Picture over word where both do not fit beside each other; then the note has no room either and
        // joins the word.
        button = if narrow {
            button.picture_above(way.picture).size(size::BODY)
        } else {
            button.picture(way.picture)
        };
        let joined;
        match way.note.as_deref() {
            Some(note) if narrow => {
                joined = format!("{} {note}", way.word);
                button = Button::new(way.look, &joined).label(&way.word).picture_above(way.picture);
                button = button.size(size::CAPTION);
            }
            Some(note) => button = button.note(note),
            None => {}
        }
        if button.show(canvas, (way.picture as u8, "way"), place) {
            action = Some(way.action);
        }
    }
    action
}
