//! あとで確認: what a leader looks at when there is time. The line did not wait for it.

use egui::{Align2, Rect, Stroke, vec2};
use hinamori_ipc::LeaderItem;
use hinamori_model::{CounterKind, Doubt};

use super::page::parts;
use super::paged::ListPage;
use super::{View, is_portrait};
use crate::clock::CivilTime;
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Pictogram, Place, Type};
use crate::{Action, Page};

/// What to do about a doubt, in plain words.
const fn doubt_key(doubt: Doubt) -> &'static str {
    match doubt {
        Doubt::UnknownCard => "doubt-unknown-card",
        Doubt::Expired => "doubt-expired",
        Doubt::NotYetValid => "doubt-not-yet-valid",
        Doubt::Revoked => "doubt-stopped",
        Doubt::RevocationUnknown => "doubt-no-card-data",
        Doubt::UntrustedIssuer => "doubt-issuer",
        Doubt::TestHierarchy => "doubt-test-card",
        Doubt::UnreadableCertificate => "doubt-unreadable",
        Doubt::WrongPurpose => "doubt-purpose",
        Doubt::ChipMismatch => "doubt-chip",
        Doubt::TwoReaders => "doubt-two-readers",
        Doubt::PinNeeded => "doubt-pin",
        Doubt::UnsupportedCard => "doubt-unsupported",
        Doubt::ReportedRevoked => "doubt-reported",
        Doubt::Stopped => "doubt-lost",
        Doubt::AsksForRoom => "doubt-room",
    }
}

/// The leader's list, the newest first as the daemon sends it.
pub(crate) fn leader_list_ui(canvas: &mut Canvas<'_>, rect: Rect, view: &View<'_>) -> Option<Action> {
    let list = view.state.leader_list.as_deref();
    let mut rect = rect;
    let mut action = None;
    // At the other counter nothing is recorded before somebody agreed.
    if view.lane.counter == CounterKind::Shelter {
        let place = if is_portrait(rect) {
            rect.cut_bottom(size::TARGET + size::EDGE)
                .translate(vec2(0.0, -size::EDGE))
                .shrink2(vec2(size::EDGE, 0.0))
        } else {
            let mut aside = parts(rect, 0.0).aside;
            // Below it the list turns.
            let _turn = aside.cut_bottom(size::TARGET + size::GAP);
            aside.cut_bottom(size::TARGET)
        };
        let word = canvas.texts.get("registration-title");
        let place = Rect::from_center_size(place.center(), vec2(place.width(), size::TARGET));
        let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Card);
        action = button.show(canvas, "registration", place).then_some(Action::Open(Page::Registration));
    }
    let (title, say, empty) = ("leader-list", "leader-list-say", "leader-list-empty");
    ListPage { title, say, empty, list, columns: 1, row: size::TARGET, gap: 10.0 }
        .show(canvas, rect, view, item_ui)
        .or(action)
}

fn item_ui(canvas: &mut Canvas<'_>, rect: Rect, item: &LeaderItem) -> Option<Action> {
    let palette = canvas.palette;
    let rect = Rect::from_min_size(rect.min, vec2(rect.width(), rect.height().min(130.0)));
    canvas.card(rect, size::RADIUS_TILE, palette.surface, Stroke::new(2.0, palette.hairline));
    let mut inner = rect.shrink2(vec2(20.0, 6.0));
    let mut action = None;
    if let Some(nameless) = item.nameless {
        let place = Rect::from_min_size(rect.right_top() - vec2(180.0, 0.0), vec2(180.0, rect.height()));
        let word = canvas.texts.get("give-name");
        let button = Button::new(ButtonLook::Tile, &word).size(size::BODY);
        if button.show(canvas, ("give name", nameless, item.at.get()), place) {
            action = Some(Action::FindName(nameless));
        }
        let _place = inner.cut_right(180.0);
    }
    Pictogram::Diamond.draw(canvas.ui.painter(), inner.cut_left(40.0).square(36.0), palette.ink);
    let _gap = inner.cut_left(16.0);
    let time = CivilTime::of(item.at).time();
    let look = Type::regular(size::BODY, palette.ink);
    canvas.text(inner.cut_left(84.0), Align2::LEFT_CENTER, look, &time);
    let _gap = inner.cut_left(8.0);
    let upper = inner.cut_top(inner.height() * 0.4);
    let name = match &item.name {
        Some(name) => name.expose().to_owned(),
        None => canvas.texts.get("leader-list-nameless"),
    };
    canvas.text(upper, Align2::LEFT_CENTER, Type::bold(size::TILE_TEXT, palette.ink), &name);
    let separator = canvas.texts.get("leader-list-separator");
    let doubts: Vec<_> = item.doubts.iter().map(|doubt| canvas.texts.get(doubt_key(*doubt))).collect();
    let doubts = doubts.join(&separator);
    canvas.text(inner, Align2::LEFT_CENTER, Type::regular(size::CAPTION, palette.ink_soft), &doubts);
    action
}
