//! Lists longer than a screen: they turn in pages, round and round, with one button.

use egui::{Align2, Rect, vec2};

use super::View;
use super::page::{header_ui, parts};
use crate::theme::size;
use crate::widget::{Button, ButtonLook, Canvas, Grid, Pictogram, Place, Type};
use crate::{Action, Step};

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pages {
    size: usize,
    current: usize,
    count: usize,
}

impl Pages {
    /// Everything on one page.
    pub(crate) fn all(length: usize) -> Self {
        Self::new(length, length, 0)
    }

    /// Pages of `size`; `turned` of them were turned, in a circle.
    pub(crate) fn new(length: usize, size: usize, turned: usize) -> Self {
        let size = size.max(1);
        let count = length.div_ceil(size).max(1);
        Self { size, current: turned % count, count }
    }

    /// The items of the current page.
    pub(crate) fn slice<'a, T>(&self, items: &'a [T]) -> &'a [T] {
        items.chunks(self.size).nth(self.current).unwrap_or_default()
    }

    /// Whether there is more than this page.
    pub(crate) const fn has_more(&self) -> bool {
        self.count > 1
    }

    /// The button that turns to the next page, with where one is.
    pub(crate) fn turn_ui(&self, canvas: &mut Canvas<'_>, rect: Rect, key: &str) -> Option<Action> {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let word = canvas.texts.get(key);
        let note = canvas.texts.with(
            "page-of",
            [("page", number(self.current + 1).into()), ("pages", number(self.count).into())],
        );
        let button = Button::new(ButtonLook::Tile, &word).picture(Pictogram::Next).note(&note);
        button.show(canvas, "turn", rect).then_some(Action::Turn(Step::Up))
    }
}

/// A page of the kiosk's own that is a list, asked for when it was opened.
pub(crate) struct ListPage<'a, T> {
    /// Keys of the texts: the title, what is said of a full list (with `count`) and of an empty one.
    pub(crate) title: &'a str,
    pub(crate) say: &'a str,
    pub(crate) empty: &'a str,
    /// `None` until the daemon has answered.
    pub(crate) list: Option<&'a [T]>,
    pub(crate) columns: usize,
    /// The least height of a line.
    pub(crate) row: f32,
    pub(crate) gap: f32,
}

impl<T> ListPage<'_, T> {
    /// Draws the page; `item_ui` draws one line in its place and says what was touched in it.
    pub(crate) fn show(
        &self,
        canvas: &mut Canvas<'_>,
        rect: Rect,
        view: &View<'_>,
        item_ui: impl Fn(&mut Canvas<'_>, Rect, &T) -> Option<Action>,
    ) -> Option<Action> {
        let mut parts = parts(rect, 130.0);
        let mut action = header_ui(canvas, parts.header, self.title).then_some(Action::Back);
        let text = match self.list {
            None => canvas.texts.get("list-loading"),
            Some([]) => canvas.texts.get(self.empty),
            Some(items) => {
                let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
                canvas.texts.with(self.say, [("count", count.into())])
            }
        };
        let rows = rows_that_fit(parts.content.height(), self.row, self.gap);
        let items = self.list.unwrap_or_default();
        let pages = Pages::new(items.len(), rows * self.columns, view.state.turned);
        if pages.has_more() {
            let place = if super::is_portrait(rect) {
                parts.aside.cut_right(parts.aside.width() * 0.4)
            } else {
                parts.aside.cut_bottom(size::TARGET)
            };
            let place = Rect::from_center_size(place.center(), vec2(place.width(), size::TARGET));
            action = pages.turn_ui(canvas, place, "page-next").or(action);
        }
        let look = Type::regular(size::TILE_TEXT, canvas.palette.ink);
        canvas.text(parts.aside, Align2::LEFT_TOP, look, &text);
        let grid = Grid { columns: self.columns, rows, gap: self.gap };
        for (position, item) in pages.slice(items).iter().enumerate() {
            action = item_ui(canvas, parts.content.cell(grid, position), item).or(action);
        }
        action
    }
}

/// How many rows of at least `row` points fit into `height`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, which is what is meant"
)]
pub(crate) fn rows_that_fit(height: f32, row: f32, gap: f32) -> usize {
    (((height + gap + 0.5) / (row + gap)).floor() as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_show_everything_once_and_turn_in_a_circle() {
        let items: Vec<u8> = (0..11).collect();
        let shown: Vec<u8> =
            (0..3).flat_map(|turned| Pages::new(11, 4, turned).slice(&items).to_vec()).collect();
        assert_eq!(shown, items);
        assert_eq!(Pages::new(11, 4, 3).slice(&items), Pages::new(11, 4, 0).slice(&items));
        assert!(Pages::new(11, 4, usize::MAX).has_more() && !Pages::all(11).has_more());
        assert_eq!(Pages::all(0).slice(&[0_u8; 0]), &[0_u8; 0]);
    }
}
