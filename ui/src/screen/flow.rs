//! Tiles of households in rows: who lives together stands together, as far as a row goes.

/// Tiles of one household in one row: `from..to` of its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Which household, from 0.
    pub(crate) household: usize,
    /// Its first tile here.
    pub(crate) from: usize,
    /// After its last tile here.
    pub(crate) to: usize,
}

impl Piece {
    /// How many tiles.
    pub(crate) const fn tiles(&self) -> usize {
        self.to.saturating_sub(self.from)
    }
}

/// How much a row takes. In the same measure for all three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Room {
    /// A row's width.
    pub(crate) width: f32,
    /// The least width of a tile with its gap.
    pub(crate) tile: f32,
    /// What every piece needs beside its tiles.
    pub(crate) piece: f32,
    /// The most tiles of a row.
    pub(crate) columns: usize,
}

impl Room {
    fn fits(&self, tiles: usize, pieces: usize) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "a handful of tiles")]
        let width = tiles as f32 * self.tile + pieces as f32 * self.piece;
        tiles <= self.columns && width <= self.width
    }

    /// The most tiles of one piece.
    fn whole_row(&self) -> usize {
        (1..=self.columns).rev().find(|tiles| self.fits(*tiles, 1)).unwrap_or(1)
    }
}

/// Puts households of these sizes into rows, in their order. One that does not fit into the rest of a row
/// begins the next one; only one larger than a row is cut.
pub(crate) fn rows_of(sizes: &[usize], room: Room) -> Vec<Vec<Piece>> {
    fill(sizes, room, false)
}

/// The same, with households cut where a row ends: no place is lost.
pub(crate) fn tight_rows_of(sizes: &[usize], room: Room) -> Vec<Vec<Piece>> {
    fill(sizes, room, true)
}

fn fill(sizes: &[usize], room: Room, may_cut: bool) -> Vec<Vec<Piece>> {
    let mut rows: Vec<Vec<Piece>> = Vec::new();
    let mut row: Vec<Piece> = Vec::new();
    let whole = room.whole_row();
    for (household, size) in sizes.iter().copied().enumerate() {
        let mut from = 0;
        while from < size {
            let taken: usize = row.iter().map(Piece::tiles).sum();
            let left = size - from;
            let wanted = left.min(whole);
            let here = (1..=wanted).rev().find(|tiles| room.fits(taken + tiles, row.len() + 1)).unwrap_or(0);
            let fits = here == wanted || (here > 0 && may_cut);
            if fits {
                row.push(Piece { household, from, to: from + here });
                from += here;
            } else if row.is_empty() {
                // A row narrower than a tile still shows one.
                row.push(Piece { household, from, to: from + 1 });
                from += 1;
            } else {
                rows.push(std::mem::take(&mut row));
            }
        }
    }
    if !row.is_empty() {
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { width: 8.0, tile: 1.0, piece: 0.0, columns: 8 };

    fn shape(rows: &[Vec<Piece>]) -> Vec<Vec<(usize, usize, usize)>> {
        let piece = |piece: &Piece| (piece.household, piece.from, piece.to);
        rows.iter().map(|row| row.iter().map(piece).collect()).collect()
    }

    #[test]
    fn households_stay_together_and_nobody_is_lost() {
        let rows = rows_of(&[4, 2, 2, 3, 6, 0, 1], ROOM);
        assert_eq!(
            shape(&rows),
            [vec![(0, 0, 4), (1, 0, 2), (2, 0, 2)], vec![(3, 0, 3)], vec![(4, 0, 6), (6, 0, 1)]]
        );
        let tight = tight_rows_of(&[4, 2, 2, 3, 6, 0, 1], ROOM);
        assert_eq!(shape(&tight)[1], [(3, 0, 3), (4, 0, 5)]);
        for rows in [rows, tight] {
            assert_eq!(rows.iter().flatten().map(Piece::tiles).sum::<usize>(), 18);
        }
    }

    #[test]
    fn a_household_larger_than_a_row_is_cut() {
        let rows = rows_of(&[19], ROOM);
        assert_eq!(shape(&rows), [[(0, 0, 8)], [(0, 8, 16)], [(0, 16, 19)]]);
        let narrow = Room { width: 0.5, ..ROOM };
        assert_eq!(rows_of(&[2], narrow).len(), 2);
    }

    #[test]
    fn what_a_piece_needs_counts() {
        let room = Room { piece: 1.0, ..ROOM };
        assert_eq!(shape(&rows_of(&[3, 3, 7], room)), [vec![(0, 0, 3), (1, 0, 3)], vec![(2, 0, 7)]]);
    }
}
