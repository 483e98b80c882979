//! An alert on every screen: a band under the bar of idle, and the bar itself elsewhere. It takes nothing that could be touched, and
//! answers stand under it.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{AlertClass, AlertKind, AlertNotice, LaneAlerts};
use hinamori_model::{Mode, UnixMillis};

use super::View;
use crate::clock::CivilTime;
use crate::theme::{AlertSkin, Fill, size};
use crate::widget::{Banner, Canvas, Pictogram, Place, Type, banner_ui, stripes_ui};
use crate::{Language, Texts};

/// The height of the band on idle: the title, and the line.
pub(crate) const BAND: f32 = 112.0;
/// Narrower screens have smaller titles, and two lines for the line.
const NARROW: f32 = 900.0;
/// The edge in the danger's colour.
const EDGE: f32 = 22.0;
/// The same under the band.
const UNDER: f32 = 6.0;

/// Draws the band.
pub(crate) fn band_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>, alerts: &LaneAlerts) {
    let Some(notice) = alerts.shown.first() else { return };
    let skin = AlertSkin::of(notice, view.state.look);
    canvas.fill(rect, skin.ground.fill);
    let mut inner = rect;
    edge_ui(canvas, inner.cut_bottom(UNDER), &skin);
    edge_ui(canvas, inner.cut_left(EDGE), &skin);
    let mut inner = inner.shrink2(vec2(14.0, 0.0));
    let end = Type::bold(size::CAPTION, skin.ground.on);
    let text = if rect.width() < NARROW { size::BODY } else { 34.0 };
    let mut upper = inner.cut_top(text * 1.5);
    head_ui(canvas, &mut upper, view, notice, text);
    let _gap = upper.cut_left(size::GAP);
    let all = facts(canvas.texts, view, notice, alerts.more_than_one());
    let fits = |facts: &&String| canvas.width_of(end, facts) <= upper.width();
    if let Some(facts) = all.iter().find(fits) {
        canvas.text(upper.expand2(vec2(1.0, 4.0)), Align2::RIGHT_CENTER, end, facts);
    }
    let look = Type::bold(size::TILE_TEXT, skin.line);
    canvas.text(inner.expand2(vec2(0.0, 2.0)), Align2::LEFT_CENTER, look, line(view, notice));
}

/// The bar of every other screen: what the alert is called stands in the place of the incident's name, since those screens have no
/// height to spare.
pub(crate) fn bar_ui(
    canvas: &mut Canvas<'_>,
    rect: Rect,
    view: &View<'_>,
    alerts: &LaneAlerts,
    banner: Banner,
) {
    let Some(notice) = alerts.shown.first() else { return banner_ui(canvas, rect, &banner) };
    let skin = AlertSkin::of(notice, view.state.look);
    let tag = match notice.class {
        AlertClass::Exercise => canvas.texts.get("alert-exercise"),
        // Nothing may say that a warning is practice which is none.
        AlertClass::Live if view.mode() == Mode::Drill => canvas.texts.get("alert-real"),
        AlertClass::Live => banner.tag,
    };
    let quiet = short_facts(canvas.texts, view, notice);
    let (mut staff, mut end) = (banner.staff, banner.end);
    if rect.width() < NARROW {
        end = CivilTime::of(view.now.wall).time();
        // The alert has the room, and who is signed in the fewest words.
        staff.drain(..staff.len().saturating_sub(1));
    }
    let palette = canvas.palette;
    canvas.palette.bar = skin.ground;
    canvas.palette.tag = Fill { fill: skin.ground.on, on: skin.ground.fill };
    let strong = title(view, notice).to_owned();
    banner_ui(canvas, rect, &Banner { tag, strong, quiet, staff, end });
    canvas.palette = palette;
    let mut inner = rect;
    edge_ui(canvas, inner.cut_bottom(4.0), &skin);
    edge_ui(canvas, inner.cut_left(12.0), &skin);
}

/// The danger's colour, or the stripes of an exercise.
pub(crate) fn edge_ui(canvas: &Canvas<'_>, rect: Rect, skin: &AlertSkin) {
    match skin.stripe {
        Some(other) => stripes_ui(canvas, rect, [skin.edge, other]),
        None => canvas.fill(rect, skin.edge),
    }
}

/// Picture, for an exercise the word 訓練, and the title; cut off `rect` from the left.
pub(crate) fn head_ui(
    canvas: &mut Canvas<'_>,
    rect: &mut Rect,
    view: &View<'_>,
    notice: &AlertNotice,
    text: f32,
) {
    let skin = AlertSkin::of(notice, view.state.look);
    let picture = match notice.kind {
        AlertKind::Order => Pictogram::Bang,
        AlertKind::AllClear => Pictogram::Check,
        AlertKind::Cancel => Pictogram::Cross,
    };
    let side = text * 1.1;
    picture.draw(canvas.ui.painter(), rect.cut_left(side), skin.ground.on);
    let _gap = rect.cut_left(12.0);
    if notice.class == AlertClass::Exercise {
        let word = canvas.texts.get("alert-exercise");
        let look = Type::bold(text, skin.ground.fill);
        let width = canvas.width_of(look, &word) + text;
        let place = rect.cut_left(width);
        let tag = Rect::from_center_size(place.center(), vec2(width, (text * 1.4).min(rect.height())));
        canvas.card(tag, size::RADIUS_TAG, skin.edge, egui::Stroke::NONE);
        canvas.text(tag.expand(4.0), Align2::CENTER_CENTER, look, &word);
        let _gap = rect.cut_left(12.0);
    }
    let look = Type::bold(text, skin.ground.on);
    let title = title(view, notice);
    let width = canvas.width_of(look, title).min(rect.width());
    let place = rect.cut_left(width + 1.0);
    canvas.text(place.expand2(vec2(1.0, 4.0)), Align2::LEFT_CENTER, look, title);
}

/// What it is called.
pub(crate) fn title<'v>(view: &View<'_>, notice: &'v AlertNotice) -> &'v str {
    match view.state.language {
        Language::English if !notice.english_title.is_empty() => &notice.english_title,
        Language::English | Language::Japanese => &notice.title,
    }
}

fn line<'v>(view: &View<'_>, notice: &'v AlertNotice) -> &'v str {
    match view.state.language {
        Language::English => &notice.english,
        Language::Japanese => &notice.easy,
    }
}

/// Whole minutes until the tsunami is expected: one that has begun is not counted.
pub(crate) fn minutes_left(expected: UnixMillis, now: UnixMillis) -> u64 {
    expected.since(now) / 60_000
}

/// How long until the tsunami is expected, in words; nothing for what is no order.
fn short_facts(texts: &Texts, view: &View<'_>, notice: &AlertNotice) -> String {
    let Some(expected) = notice.expected else { return String::new() };
    match minutes_left(expected, view.now.wall) {
        0 => texts.get("alert-soon"),
        minutes => texts.with("alert-minutes", [("minutes", minutes.into())]),
    }
}

/// When it comes, when it was said, how many more there are: all of it, and less where that has no room.
fn facts(texts: &Texts, view: &View<'_>, notice: &AlertNotice, more: Option<u64>) -> [String; 3] {
    let time = CivilTime::of(notice.sent).time();
    let short = short_facts(texts, view, notice);
    let sent = texts.with("alert-sent", [("time", time.as_str().into())]);
    let more = more.map_or_else(String::new, |count| texts.with("alert-more", [("count", count.into())]));
    let joined = |facts: &[&String]| {
        let said: Vec<&str> =
            facts.iter().map(|fact| fact.as_str()).filter(|fact| !fact.is_empty()).collect();
        said.join(" ・ ")
    };
    [joined(&[&short, &sent, &more]), joined(&[&short, &more]), short]
}
