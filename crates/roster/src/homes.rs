//! Where households live: a list of numbers and positions, as a town's map department exports it.

use std::collections::BTreeMap;

use crate::field::{Field as _, HomeField};
use crate::mapping::Settings;
use crate::number::HouseholdNumber;
use crate::problem::{Column, Problem, Problems, Reason, Severity};
use crate::sites::{GeoPosition, position_of};
use crate::table::{MyNumbers, read_table};

/// What a list of homes says.
#[derive(Debug)]
pub struct Homes {
    /// In the order of the numbers.
    pub homes: Vec<(HouseholdNumber, GeoPosition)>,
    /// In the order of the lines.
    pub problems: Vec<Problem>,
}

impl Homes {
    /// Reads a list (CSV). Of two lines of one household the first counts.
    ///
    /// # Errors
    /// A problem that refuses the whole file.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let mut problems = Problems::default();
        let mut homes: BTreeMap<HouseholdNumber, (u32, GeoPosition)> = BTreeMap::new();
        let settings = Settings::default();
        let columns = read_table(bytes, &settings, MyNumbers::Refuse, &mut problems, |row, problems| {
            let mut refuse = |field, reason| row.problem(problems, field, Severity::Refused, reason);
            let Some(number) = HouseholdNumber::read(row.text(HomeField::Household)) else {
                return refuse(HomeField::Household, Reason::NumberMalformed);
            };
            match position_of(row.text(HomeField::Latitude), row.text(HomeField::Longitude)) {
                Ok(None) => {}
                Ok(Some(position)) => {
                    let (first_line, _) = *homes.entry(number).or_insert((row.line, position));
                    if first_line != row.line {
                        refuse(HomeField::Household, Reason::NumberTwice { first_line });
                    }
                }
                Err(reason) => refuse(HomeField::Latitude, reason),
            }
        })?;
        for needed in HomeField::ALL {
            if !columns.has(*needed) {
                return Err(Problem::of_file(1, Some(Column::Named(needed.label())), Reason::ColumnMissing));
            }
        }
        let homes = homes.into_iter().map(|(number, (_, position))| (number, position)).collect();
        Ok(Self { homes, problems: problems.finish() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_and_what_is_none_is_told() {
        let list = "世帯番号,緯度,経度\n00012,33.7911,134.64\n00013,,\n,33.7,134.6\n00014,134.6,33.7\n00012,33.0,134.0\n00015,33.8,x\n";
        let Homes { homes, problems } = Homes::read(list.as_bytes()).unwrap();
        let position = GeoPosition { latitude_microdegrees: 33_791_100, longitude_microdegrees: 134_640_000 };
        let [(number, found)] = homes.as_slice() else { panic!("{homes:?}") };
        assert_eq!((number.expose(), *found), ("00012", position));
        let lines: Vec<u32> = problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [4, 5, 6, 7]);
        assert!(Homes::read("世帯番号,緯度\n1,33\n".as_bytes()).is_err());
    }
}
