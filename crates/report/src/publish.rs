//! The rule for small numbers, as told in the crate's documentation.
//!
//! **What is derivable.** A column's counts add up to the town's, and the kinds of a breakdown (ages, sexes) to the people
//! in the shelter. Such a sum is a *line*. Whoever subtracts the open cells of a line from its sum learns the sum of the
//! withheld ones; a line is *exposed* when that tells too much ([`Hidden::is_exposed`]), and then its smallest open cell
//! is withheld too, until no line is.
//!
//! **More than one line at once.** In a breakdown, lines of rows and columns can be combined. Take rows and columns as
//! points and each withheld cell as a stroke between them: a cell follows from all the others exactly when its stroke is a
//! *bridge*, one without which the picture falls apart. So no bridge may remain. The people of each row are taken as
//! known there even where they are withheld, which only makes the rule stricter.

use crate::sheet::{Cell, ColumnCells};

/// Counts below this one are not published.
const FEWEST: u32 = 5;

/// The withheld cells of one line.
#[derive(Default)]
struct Hidden {
    below_five: u32,
    withheld: u32,
    sum: u32,
}

impl Hidden {
    fn of<'c>(cells: impl IntoIterator<Item = (&'c Cell, u32)>) -> Self {
        let mut hidden = Self::default();
        for (cell, value) in cells {
            match cell {
                Cell::Count(_) => continue,
                Cell::BelowFive => hidden.below_five += 1,
                Cell::Withheld => hidden.withheld += 1,
            }
            hidden.sum = hidden.sum.saturating_add(value);
        }
        hidden
    }

    const fn is_empty(&self) -> bool {
        self.below_five == 0 && self.withheld == 0
    }

    /// Whether their sum tells one of them: it is itself a small number, as that of a single small cell is, or it fits
    /// only when every cell has the least or the most that its mark allows.
    const fn is_exposed(&self) -> bool {
        let is_least = self.sum <= self.withheld * FEWEST;
        let is_most = self.withheld == 0 && self.sum >= self.below_five * (FEWEST - 1);
        !self.is_empty() && (self.sum < FEWEST || is_least || is_most)
    }
}

const fn primary(value: u32) -> Cell {
    if value < FEWEST { Cell::BelowFive } else { Cell::Count(value) }
}

/// The smallest open one of some cells; the first of equals.
fn smallest_open<'c, P>(cells: impl Iterator<Item = (P, &'c Cell)>) -> Option<P> {
    let open = cells.filter_map(|(place, cell)| cell.count().map(|count| (place, count)));
    open.min_by_key(|(_, count)| *count).map(|(place, _)| place)
}

/// Protects a column that stands in no breakdown.
pub(crate) fn protect_line(sites: &[u32], town: u32) -> ColumnCells {
    let mut cells: Vec<Cell> = sites.iter().map(|value| primary(*value)).collect();
    let mut sum = primary(town);
    while sum.count().is_some() && Hidden::of(cells.iter().zip(sites.iter().copied())).is_exposed() {
        match smallest_open(cells.iter().enumerate()).and_then(|place| cells.get_mut(place)) {
            Some(cell) => *cell = Cell::Withheld,
            None => sum = Cell::Withheld,
        }
    }
    (cells, sum)
}

/// Protects the columns of a breakdown of `people`: 8 kinds at most. Where the people of a row are withheld, so is all
/// of the row.
pub(crate) fn protect_breakdown(kinds: &[(Vec<u32>, u32)], people: &ColumnCells) -> Vec<ColumnCells> {
    let mut table = Table::new(kinds, people);
    while table.withhold_exposed() || table.withhold_beside_bridge() {}
    table.into_columns()
}

/// A breakdown by rows: one for each site, the town's last.
struct Table {
    values: Vec<Vec<u32>>,
    cells: Vec<Vec<Cell>>,
    kinds: usize,
}

impl Table {
    fn new(kinds: &[(Vec<u32>, u32)], people: &ColumnCells) -> Self {
        let (of_sites, of_town) = people;
        let row = |place: usize| {
            let value = |(sites, town): &(Vec<u32>, u32)| sites.get(place).copied().unwrap_or(*town);
            kinds.iter().map(value).collect::<Vec<u32>>()
        };
        let values: Vec<Vec<u32>> = (0..=of_sites.len()).map(row).collect();
        let protect = |(people, values): (&Cell, &Vec<u32>)| match people {
            Cell::Count(_) => values.iter().map(|value| primary(*value)).collect(),
            Cell::BelowFive | Cell::Withheld => vec![Cell::Withheld; values.len()],
        };
        let cells = of_sites.iter().chain([of_town]).zip(&values).map(protect).collect();
        Self { values, cells, kinds: kinds.len() }
    }

    /// Withholds one more cell, or a row's sizes, if a line is exposed and that helps. Whether it did.
    fn withhold_exposed(&mut self) -> bool {
        (0..self.cells.len()).any(|row| self.cover_row(row))
            || (0..self.kinds).any(|kind| self.cover_column(kind))
    }

    fn cover_row(&mut self, row: usize) -> bool {
        let (Some(cells), Some(values)) = (self.cells.get_mut(row), self.values.get(row)) else {
            return false;
        };
        // A row of nothing but "x" tells no more than its sum, which is its people.
        let says_nothing = cells.iter().all(|cell| *cell == Cell::Withheld);
        if says_nothing || !Hidden::of(cells.iter().zip(values.iter().copied())).is_exposed() {
            return false;
        }
        match smallest_open(cells.iter().enumerate()).and_then(|kind| cells.get_mut(kind)) {
            Some(cell) => *cell = Cell::Withheld,
            None => cells.fill(Cell::Withheld),
        }
        true
    }

    fn cover_column(&mut self, kind: usize) -> bool {
        let town = self.cells.len().saturating_sub(1);
        let at = |row: usize| Some(((row, kind), self.cells.get(row)?.get(kind)?));
        let value = |row: usize| self.values.get(row).and_then(|row| row.get(kind)).copied().unwrap_or(0);
        let hidden = Hidden::of((0..town).filter_map(|row| Some((at(row)?.1, value(row)))));
        // Where the town's count is withheld too, only their difference is known.
        let is_sum_open = at(town).is_some_and(|(_, cell)| cell.count().is_some());
        if !is_sum_open || !hidden.is_exposed() {
            return false;
        }
        let open = smallest_open((0..town).filter_map(at)).or_else(|| smallest_open(at(town).into_iter()));
        self.withhold(open)
    }

    /// Withholds one more cell if a withheld one follows from the others: in its row or column, else anywhere. Whether
    /// it did.
    fn withhold_beside_bridge(&mut self) -> bool {
        let Some((row, kind)) = self.bridge() else { return false };
        let cells = || {
            let of_row = |(row, cells): (usize, &Vec<Cell>)| -> Vec<_> {
                cells.iter().copied().enumerate().map(|(kind, cell)| ((row, kind), cell)).collect()
            };
            self.cells.iter().enumerate().flat_map(of_row).collect::<Vec<_>>()
        };
        let all = cells();
        let every = || all.iter().map(|(place, cell)| (*place, cell));
        let beside = every().filter(|(place, _)| place.0 == row || place.1 == kind);
        let open = smallest_open(beside).or_else(|| smallest_open(every()));
        self.withhold(open)
    }

    fn withhold(&mut self, place: Option<(usize, usize)>) -> bool {
        let cell = place.and_then(|(row, kind)| self.cells.get_mut(row)?.get_mut(kind));
        cell.map(|cell| *cell = Cell::Withheld).is_some()
    }

    /// A bridge: a cell whose row and column are not connected in any other way. Kinds are few, so rows are sets of kinds
    /// in a byte, and rows of one set are alike.
    fn bridge(&self) -> Option<(usize, usize)> {
        let set = |row: &Vec<Cell>| {
            let bits = row.iter().zip(0..u8::BITS).filter(|(cell, _)| cell.count().is_none());
            bits.fold(0_u8, |set, (_, kind)| set | 1 << kind)
        };
        let sets: Vec<u8> = self.cells.iter().map(set).collect();
        let mut rows_of = [0_usize; 256];
        for set in &sets {
            rows_of.get_mut(usize::from(*set)).into_iter().for_each(|rows| *rows += 1);
        }
        let mut bridges = [None::<u8>; 256];
        for (set, bridge) in (0..=u8::MAX).zip(&mut bridges) {
            if rows_of.get(usize::from(set)).is_some_and(|rows| *rows > 0) {
                *bridge = bridge_of(set, &rows_of);
            }
        }
        let at = |(row, set): (usize, &u8)| {
            let kind = bridges.get(usize::from(*set)).copied().flatten()?;
            Some((row, usize::from(kind)))
        };
        sets.iter().enumerate().find_map(at)
    }

    fn into_columns(self) -> Vec<ColumnCells> {
        let column = |kind: usize| {
            let mut cells: Vec<Cell> = self.cells.iter().filter_map(|row| row.get(kind).copied()).collect();
            let town = cells.pop().unwrap_or(Cell::Withheld);
            (cells, town)
        };
        (0..self.kinds).map(column).collect()
    }
}

/// The first kind of a row's set that no other row connects with another kind of the set.
fn bridge_of(set: u8, rows_of: &[usize; 256]) -> Option<u8> {
    let others = || {
        let sets = (0..=u8::MAX).zip(rows_of);
        sets.filter(move |(other, rows)| **rows > usize::from(*other == set)).map(|(other, _)| other)
    };
    let bits = (0..8_u8).filter(|kind| set & (1 << kind) != 0);
    let is_bridge = |kind: &u8| {
        let mut reached = 1_u8 << kind;
        loop {
            let next = others().filter(|other| other & reached != 0).fold(reached, |all, other| all | other);
            if next == reached {
                break;
            }
            reached = next;
        }
        reached & set == 1 << kind
    };
    bits.into_iter().find(is_bridge)
}

#[cfg(test)]
mod tests;
