//! The band of an alert under the bar of every screen. It takes nothing that could be touched, and answers stand under it.

use egui::{Align2, Rect, vec2};
use hinamori_ipc::{AlertClass, AlertKind, AlertNotice, LaneAlerts};
use hinamori_model::UnixMillis;

use super::View;
use crate::clock::CivilTime;
use crate::theme::{AlertSkin, size};
use crate::widget::{Canvas, Pictogram, Place, Type, stripes_ui};
use crate::{Language, Texts};

/// Its height on idle: the title, and the line.
pub(crate) const BAND: f32 = 104.0;
/// Its height elsewhere: one row.
pub(crate) const BAND_SLIM: f32 = 52.0;
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
    let is_tall = rect.height() >= BAND;
    let end = Type::bold(size::CAPTION, skin.ground.on);
    let facts = facts(canvas.texts, view, notice, alerts.more_than_one());
    if is_tall {
        let mut upper = inner.cut_top(inner.height() * 0.52);
        head_ui(canvas, &mut upper, view, notice, 34.0);
        let width = canvas.width_of(end, &facts).min(upper.width());
        let place = upper.cut_right(width + 1.0);
        canvas.text(place.expand2(vec2(1.0, 4.0)), Align2::RIGHT_CENTER, end, &facts);
        canvas.text(inner, Align2::LEFT_CENTER, Type::bold(size::TILE_TEXT, skin.line), line(view, notice));
        return;
    }
    head_ui(canvas, &mut inner, view, notice, size::BODY);
    let short = short_facts(canvas.texts, view, notice);
    let width = canvas.width_of(end, &short);
    if !short.is_empty() && width < inner.width() {
        let place = inner.cut_right(width + 1.0);
        canvas.text(place.expand2(vec2(1.0, 4.0)), Align2::RIGHT_CENTER, end, &short);
    }
    // Where there is no room for it the title says enough.
    let _gap = inner.cut_left(size::GAP);
    let look = Type::bold(size::CAPTION, skin.line);
    if canvas.width_of(look, line(view, notice)) < inner.width() - size::GAP {
        canvas.text(inner.expand2(vec2(0.0, 4.0)), Align2::LEFT_CENTER, look, line(view, notice));
    }
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

fn facts(texts: &Texts, view: &View<'_>, notice: &AlertNotice, more: Option<u64>) -> String {
    let time = CivilTime::of(notice.sent).time();
    let sent = texts.with("alert-sent", [("time", time.as_str().into())]);
    let more = more.map(|count| texts.with("alert-more", [("count", count.into())]));
    let all = [Some(short_facts(texts, view, notice)), Some(sent), more];
    all.into_iter().flatten().filter(|fact| !fact.is_empty()).collect::<Vec<_>>().join(" ・ ")
}
