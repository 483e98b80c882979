//! Cutting a screen into places.

use egui::{Rect, pos2, vec2};

/// Cuts rectangles off a rectangle. Sizes in points.
pub(crate) trait Place: Sized {
    /// Cuts `height` off the top.
    fn cut_top(&mut self, height: f32) -> Rect;
    /// Cuts `height` off the bottom.
    fn cut_bottom(&mut self, height: f32) -> Rect;
    /// Cuts `width` off the left.
    fn cut_left(&mut self, width: f32) -> Rect;
    /// Cuts `width` off the right.
    fn cut_right(&mut self, width: f32) -> Rect;
    /// A cell of a grid with `gap` between the cells.
    fn cell(&self, grid: Grid, index: usize) -> Rect;
    /// A square of this side in the middle.
    fn square(&self, side: f32) -> Rect;
}

/// Rows and columns of equal cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grid {
    /// Cells in a row.
    pub(crate) columns: usize,
    /// Rows.
    pub(crate) rows: usize,
    /// Between cells.
    pub(crate) gap: f32,
}

impl Place for Rect {
    fn cut_top(&mut self, height: f32) -> Rect {
        let cut = Self::from_min_size(self.min, vec2(self.width(), height));
        self.min.y += height;
        cut
    }

    fn cut_bottom(&mut self, height: f32) -> Rect {
        self.max.y -= height;
        Self::from_min_size(pos2(self.min.x, self.max.y), vec2(self.width(), height))
    }

    fn cut_left(&mut self, width: f32) -> Rect {
        let cut = Self::from_min_size(self.min, vec2(width, self.height()));
        self.min.x += width;
        cut
    }

    fn cut_right(&mut self, width: f32) -> Rect {
        self.max.x -= width;
        Self::from_min_size(pos2(self.max.x, self.min.y), vec2(width, self.height()))
    }

    #[expect(clippy::cast_precision_loss, reason = "a screen has few cells")]
    fn cell(&self, grid: Grid, index: usize) -> Rect {
        let (columns, rows) = (grid.columns.max(1), grid.rows.max(1));
        let width = (self.width() - grid.gap * (columns - 1) as f32) / columns as f32;
        let height = (self.height() - grid.gap * (rows - 1) as f32) / rows as f32;
        let (row, column) = (index / columns, index % columns);
        let offset = vec2((width + grid.gap) * column as f32, (height + grid.gap) * row as f32);
        Self::from_min_size(self.min + offset, vec2(width, height))
    }

    fn square(&self, side: f32) -> Rect {
        Self::from_center_size(self.center(), vec2(side, side))
    }
}
