use proptest::prelude::*;

use super::*;

/// Somebody who knows every rule of addition and every open cell, and solves what they can: which withheld counts follow
/// exactly. Numbers are taken modulo a prime, which tells the same for equations of ones.
struct Solver {
    equations: Vec<Vec<u64>>,
    unknowns: usize,
}

const PRIME: u64 = 2_147_483_647;

fn power(base: u64, exponent: u64) -> u64 {
    (0..31).rev().fold(1, |all, bit| {
        let squared = all * all % PRIME;
        if exponent >> bit & 1 == 1 { squared * base % PRIME } else { squared }
    })
}

impl Solver {
    /// Unknowns that have one possible value.
    fn known(mut self) -> Vec<usize> {
        let mut done = 0;
        for unknown in 0..self.unknowns {
            let Some(pivot) = (done..self.equations.len()).find(|row| self.equations[*row][unknown] != 0)
            else {
                continue;
            };
            self.equations.swap(done, pivot);
            let inverse = power(self.equations[done][unknown], PRIME - 2);
            self.equations[done].iter_mut().for_each(|value| *value = *value * inverse % PRIME);
            let pivot_row = self.equations[done].clone();
            for (_, row) in self.equations.iter_mut().enumerate().filter(|(at, _)| *at != done) {
                let factor = row[unknown];
                for (value, of_pivot) in row.iter_mut().zip(&pivot_row) {
                    *value = (*value + (PRIME - factor) * of_pivot) % PRIME;
                }
            }
            done += 1;
        }
        let single = |row: &Vec<u64>| {
            let mut of = row.iter().enumerate().filter(|(_, value)| **value != 0);
            let first = of.next()?.0;
            of.next().is_none().then_some(first)
        };
        self.equations.iter().filter_map(single).collect()
    }
}

/// People of a row and two breakdowns of them, as the published sheet has them: columns 0, 1–7 and 8–11.
fn published(rows: &[Vec<u32>]) -> (Vec<Vec<u32>>, Vec<Vec<Cell>>) {
    let columns = rows[0].len();
    let column = |at: usize| {
        let sites: Vec<u32> = rows.iter().map(|row| row[at]).collect();
        let town = sites.iter().sum();
        (sites, town)
    };
    let all: Vec<_> = (0..columns).map(column).collect();
    let people = protect_line(&all[0].0, all[0].1);
    let mut cells = vec![people.clone()];
    cells.extend(protect_breakdown(&all[1..8], &people));
    cells.extend(protect_breakdown(&all[8..], &people));
    let values = all.into_iter().map(|(mut sites, town)| {
        sites.push(town);
        sites
    });
    let cells = cells.into_iter().map(|(mut sites, town)| {
        sites.push(town);
        sites
    });
    (values.collect(), cells.collect())
}

/// Rows whose breakdowns add up.
fn town() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let count = || prop_oneof![3 => 0..5_u32, 2 => 5..9_u32, 2 => 5..60_u32];
    let row = (prop::collection::vec(count(), 7), prop::collection::vec(0..1_000_u32, 3)).prop_map(
        |(ages, cuts)| {
            let people: u32 = ages.iter().sum();
            let mut cuts: Vec<u32> = cuts.into_iter().map(|cut| cut % (people + 1)).collect();
            cuts.sort_unstable();
            let sexes = [cuts[0], cuts[1] - cuts[0], cuts[2] - cuts[1], people - cuts[2]];
            [vec![people], ages, sexes.to_vec()].concat()
        },
    );
    prop::collection::vec(row, 1..7)
}

/// Every rule of addition of the sheet, over the withheld cells.
fn equations(cells: &[Vec<Cell>]) -> (Solver, Vec<(usize, usize)>) {
    let unknown = |(column, cells): (usize, &Vec<Cell>)| -> Vec<_> {
        (0..cells.len()).filter(|row| cells[*row].count().is_none()).map(|row| (column, row)).collect()
    };
    let unknowns: Vec<(usize, usize)> = cells.iter().enumerate().flat_map(unknown).collect();
    let rows = cells[0].len();
    let mut lines = Vec::new();
    for column in 0..cells.len() {
        lines.push(((0..rows - 1).map(|row| (column, row)).collect::<Vec<_>>(), (column, rows - 1)));
    }
    for row in 0..rows {
        lines.push(((1..8).map(|column| (column, row)).collect(), (0, row)));
        lines.push(((8..12).map(|column| (column, row)).collect(), (0, row)));
    }
    let equation = |(parts, sum): &(Vec<(usize, usize)>, (usize, usize))| {
        let factor = |cell: &(usize, usize)| {
            if parts.contains(cell) {
                1
            } else if sum == cell {
                PRIME - 1
            } else {
                0
            }
        };
        unknowns.iter().map(factor).collect::<Vec<u64>>()
    };
    (Solver { equations: lines.iter().map(equation).collect(), unknowns: unknowns.len() }, unknowns)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_small_number_is_open_and_none_follows_from_the_open_ones(rows in town()) {
        let (values, cells) = published(&rows);
        for (values, cells) in values.iter().zip(&cells) {
            for (value, cell) in values.iter().zip(cells) {
                match cell {
                    Cell::Count(count) => prop_assert!(count == value && *count >= FEWEST),
                    Cell::BelowFive => prop_assert!(*value < FEWEST),
                    Cell::Withheld => {}
                }
            }
        }
        let (solver, unknowns) = equations(&cells);
        let known: Vec<_> = solver.known().into_iter().map(|at| unknowns[at]).collect();
        // In a town of one site the two rows are one, and nothing of either may be open that the other withholds.
        prop_assert_eq!(known, vec![], "{:?}", cells);
    }

    #[test]
    fn what_a_line_withholds_is_no_small_number_together(sites in prop::collection::vec(0..12_u32, 1..9)) {
        let town = sites.iter().sum();
        let (cells, of_town) = protect_line(&sites, town);
        let withheld: Vec<u32> =
            sites.iter().zip(&cells).filter(|(_, cell)| cell.count().is_none()).map(|(value, _)| *value).collect();
        if of_town.count().is_some() && !withheld.is_empty() {
            prop_assert!(withheld.len() > 1 && withheld.iter().sum::<u32>() >= FEWEST);
        }
    }
}

#[test]
fn a_single_small_site_takes_the_next_smallest_with_it() {
    let (cells, town) = protect_line(&[3, 20, 9, 40], 72);
    assert_eq!(cells, [Cell::BelowFive, Cell::Count(20), Cell::Withheld, Cell::Count(40)]);
    assert_eq!(town, Cell::Count(72));
}

#[test]
fn two_empty_sites_do_not_show_that_they_are_empty() {
    let (cells, _) = protect_line(&[0, 0, 20, 9], 29);
    assert_eq!(cells, [Cell::BelowFive, Cell::BelowFive, Cell::Count(20), Cell::Withheld]);
    let (cells, town) = protect_line(&[4, 4], 8);
    assert_eq!(
        (cells, town),
        (vec![Cell::BelowFive; 2], Cell::Withheld),
        "the most that two small numbers can be"
    );
}

#[test]
fn a_row_of_the_largest_small_numbers_loses_its_sizes() {
    let kinds: Vec<_> = [[4, 10], [4, 11]].map(|sites| (sites.to_vec(), sites.iter().sum())).to_vec();
    let people = (vec![Cell::Count(8), Cell::Count(21)], Cell::Count(29));
    let table = protect_breakdown(&kinds, &people);
    assert!(table.iter().all(|(sites, _)| sites[0] == Cell::Withheld), "{table:?}");
}

#[test]
fn who_withholds_the_people_of_a_site_withholds_their_breakdown() {
    let kinds: Vec<_> = [[1, 10], [2, 60]].map(|sites| (sites.to_vec(), sites.iter().sum())).to_vec();
    let people = protect_line(&[3, 70], 73);
    assert_eq!(people, (vec![Cell::BelowFive, Cell::Withheld], Cell::Count(73)));
    let table = protect_breakdown(&kinds, &people);
    assert!(table.iter().all(|(sites, _)| *sites == [Cell::Withheld; 2]), "{table:?}");
}

#[test]
fn a_large_town_is_published_as_it_is() {
    let kinds: Vec<_> = [[10, 20], [30, 40]].map(|sites| (sites.to_vec(), sites.iter().sum())).to_vec();
    let people = (vec![Cell::Count(40), Cell::Count(60)], Cell::Count(100));
    let table = protect_breakdown(&kinds, &people);
    assert!(table.iter().all(|(sites, town)| sites.iter().chain([town]).all(|cell| cell.count().is_some())));
}

#[test]
fn the_largest_report_is_protected() {
    let kinds: Vec<_> = (0..7_u32)
        .map(|kind| {
            let sites: Vec<u32> = (0..1_000_u32).map(|site| (site * 7 + kind * kind * 3) % 23).collect();
            let town = sites.iter().sum();
            (sites, town)
        })
        .collect();
    let people = protect_line(&vec![70; 1_000], 70_000);
    assert_eq!(protect_breakdown(&kinds, &people).len(), 7);
}
