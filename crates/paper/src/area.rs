//! Rectangles on paper, in millimetres from the top left corner of the page.

/// A rectangle on a page, all in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Area {
    pub(crate) const fn new(left: f32, top: f32, width: f32, height: f32) -> Self {
        Self { left, top, width, height }
    }

    pub(crate) const fn right(self) -> f32 {
        self.left + self.width
    }

    pub(crate) const fn bottom(self) -> f32 {
        self.top + self.height
    }

    /// A rectangle inside this one, its place counted from this one's corner.
    pub(crate) const fn part(self, left: f32, top: f32, width: f32, height: f32) -> Self {
        Self::new(self.left + left, self.top + top, width, height)
    }

    /// The whole width, from `top` on.
    pub(crate) const fn band(self, top: f32, height: f32) -> Self {
        self.part(0.0, top, self.width, height)
    }

    /// What is left without an edge on every side.
    pub(crate) const fn inset(self, edge: f32) -> Self {
        self.inset_by(edge, edge)
    }

    /// What is left without one edge at the sides and another above and below.
    pub(crate) const fn inset_by(self, sides: f32, ends: f32) -> Self {
        self.part(sides, ends, self.width - 2.0 * sides, self.height - 2.0 * ends)
    }

    /// What is right of the first `width`.
    pub(crate) const fn after(self, width: f32) -> Self {
        self.part(width, 0.0, self.width - width, self.height)
    }

    /// Side by side from the left, as wide as they are given.
    pub(crate) fn columns<const N: usize>(self, widths: [f32; N]) -> [Self; N] {
        let mut left = 0.0;
        widths.map(|width| {
            let column = self.part(left, 0.0, width, self.height);
            left += width;
            column
        })
    }

    /// Cells of one size, row by row.
    pub(crate) fn grid(self, columns: u16, rows: u16) -> impl Iterator<Item = Self> {
        let (width, height) = (self.width / f32::from(columns), self.height / f32::from(rows));
        let place =
            move |row, column| self.part(width * f32::from(column), height * f32::from(row), width, height);
        (0..rows).flat_map(move |row| (0..columns).map(move |column| place(row, column)))
    }

    /// The greatest square in the middle.
    pub(crate) const fn square(self) -> Self {
        let side = self.width.min(self.height);
        self.part((self.width - side) / 2.0, (self.height - side) / 2.0, side, side)
    }
}
