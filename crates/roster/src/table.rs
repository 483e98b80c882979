//! A CSV file as rows of known fields: everything that is the same for all lists.

use hinamori_model::holds_my_number;

use crate::decode::text_of;
use crate::field::Field;
use crate::fold::word;
use crate::mapping::Settings;
use crate::problem::{Column, Problem, Problems, Reason, Severity};
use crate::rows::{Fields, Rows};

/// Rows beside the header: the people of a city, and far more than those of a town.
pub(crate) const MOST_ROWS: u32 = 200_000;
pub(crate) const MOST_COLUMNS: usize = 100;
pub(crate) const MOST_FIELD_BYTES: usize = 4096;
/// Headers of columns that no file may have: the number of the person in the law on My Numbers, and the code of the
/// resident register.
const FORBIDDEN: [&str; 4] = ["個人番号", "マイナンバー", "住民票コード", "mynumber"];

/// Whether the lines of a list are searched for My Numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MyNumbers {
    /// A list of the town's people.
    Refuse,
    /// Open data.
    Ignore,
}

/// Which column holds which field.
pub(crate) struct Columns<F: Field> {
    /// At the field's place.
    column_of: Vec<Option<usize>>,
    /// At the column's place.
    field_of: Vec<Option<F>>,
    /// Whether a column may hold 12 digits.
    is_exempt: Vec<bool>,
}

impl<F: Field + Ord> Columns<F> {
    /// # Errors
    /// What refuses the whole file.
    fn of(header: &Fields<'_>, line: u32, settings: &Settings<F>) -> Result<Self, Problem> {
        let refusal = |column, reason| Problem::of_file(line, column, reason);
        if header.count > MOST_COLUMNS {
            return Err(refusal(None, Reason::TooManyColumns));
        }
        if header.is_over_budget || header.iter().any(|text| text.len() > MOST_FIELD_BYTES) {
            return Err(refusal(None, Reason::FieldTooLong));
        }
        let words: Vec<String> = header.iter().map(|text| bare(&word(text)).to_owned()).collect();
        if let Some(place) = words.iter().position(|word| is_forbidden(word)) {
            return Err(refusal(Some(number(place)), Reason::ForbiddenColumn));
        }
        let mut columns = Self {
            column_of: vec![None; F::ALL.len()],
            field_of: vec![None; words.len()],
            is_exempt: words.iter().map(|word| settings.not_my_number.contains(word)).collect(),
        };
        for field in F::ALL {
            let Some(column) = find(*field, &words, settings)
                .map_err(|reason| refusal(Some(Column::Named(field.label())), reason))?
            else {
                continue;
            };
            if let (Some(place), Some(known)) =
                (columns.column_of.get_mut(field.place()), columns.field_of.get_mut(column))
            {
                *place = Some(column);
                *known = Some(*field);
            }
        }
        Ok(columns)
    }

    pub(crate) fn has(&self, field: F) -> bool {
        self.column_of.get(field.place()).is_some_and(Option::is_some)
    }

    fn name(&self, place: usize) -> Column {
        let field = self.field_of.get(place).copied().flatten();
        field.map_or_else(|| number(place), |field| Column::Named(field.label()))
    }
}

/// The column of a field: the one that the mapping names, else the most usual header that is there.
fn find<F: Field + Ord>(field: F, words: &[String], settings: &Settings<F>) -> Result<Option<usize>, Reason> {
    let only = |wanted: &str| {
        let mut found =
            words.iter().enumerate().filter(|(_, word)| word.as_str() == wanted).map(|(place, _)| place);
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(Reason::ColumnTwice),
            (place, _) => Ok(place),
        }
    };
    if let Some(wanted) = settings.columns.get(&field) {
        if wanted.is_empty() {
            return Ok(None);
        }
        return only(wanted)?.ok_or(Reason::ColumnMissing).map(Some);
    }
    for spelling in field.spellings() {
        if let Some(place) = only(bare(&word(spelling)))? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// Without the prefix that national lists give to some headers.
fn bare(word: &str) -> &str {
    word.strip_prefix("災害種別").filter(|rest| !rest.is_empty()).unwrap_or(word)
}

fn is_forbidden(header: &str) -> bool {
    // マイナンバーカードの有無 is no number.
    FORBIDDEN.iter().any(|name| {
        header.match_indices(name).any(|(at, _)| {
            let rest = header.get(at + name.len()..).unwrap_or_default();
            !rest.starts_with("カード") && !rest.starts_with("card")
        })
    })
}

/// A column by its number.
fn number(place: usize) -> Column {
    Column::Number(count(place).saturating_add(1))
}

pub(crate) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A row that has as many fields as the header, none of them too long or forbidden.
pub(crate) struct Row<'a, F: Field> {
    /// The line on which it begins, from 1.
    pub(crate) line: u32,
    pub(crate) columns: &'a Columns<F>,
    fields: &'a Fields<'a>,
}

impl<'a, F: Field + Ord> Row<'a, F> {
    /// A field without white space around it; empty where the file has no such column.
    pub(crate) fn text(&self, field: F) -> &'a str {
        let column = self.columns.column_of.get(field.place()).copied().flatten();
        column.and_then(|column| self.fields.get(column)).unwrap_or_default().trim()
    }

    /// Says what is wrong with a field.
    pub(crate) fn problem(&self, problems: &mut Problems, field: F, severity: Severity, reason: Reason) {
        problems.add(self.line, Some(Column::Named(field.label())), severity, reason);
    }

    /// What is wrong with the row before anybody looks what it says.
    fn check(&self, my_numbers: MyNumbers) -> Result<(), (Option<Column>, Reason)> {
        let (found, expected) = (self.fields.count, self.columns.field_of.len());
        // Spreadsheets write empty fields behind the last column.
        let is_longer =
            found > MOST_COLUMNS || self.fields.iter().skip(expected).any(|text| !text.trim().is_empty());
        if is_longer || found < expected {
            let (found, expected) = (count(found), count(expected));
            let reason = if is_longer {
                Reason::FieldsTooMany { found, expected }
            } else {
                Reason::FieldsMissing { found, expected }
            };
            return Err((None, reason));
        }
        if self.fields.is_over_budget {
            return Err((None, Reason::FieldTooLong));
        }
        for (place, text) in self.fields.iter().enumerate() {
            let refusal = |reason| Err((Some(self.columns.name(place)), reason));
            if text.len() > MOST_FIELD_BYTES {
                return refusal(Reason::FieldTooLong);
            }
            let is_exempt =
                my_numbers == MyNumbers::Ignore || self.columns.is_exempt.get(place) == Some(&true);
            if !is_exempt && holds_my_number(text) {
                return refusal(Reason::MyNumber);
            }
            if text.chars().any(|one| one.is_control() && !matches!(one, '\t' | '\r' | '\n')) {
                return refusal(Reason::ControlCharacter);
            }
        }
        Ok(())
    }
}

/// Reads a file row by row into `take`, and answers which of the fields it has.
///
/// # Errors
/// What refuses the whole file. What was taken before is not to be used then.
pub(crate) fn read_table<F: Field + Ord>(
    bytes: &[u8],
    settings: &Settings<F>,
    my_numbers: MyNumbers,
    problems: &mut Problems,
    mut take: impl FnMut(&Row<'_, F>, &mut Problems),
) -> Result<Columns<F>, Problem> {
    let text = text_of(bytes, settings.encoding)?;
    let mut rows = Rows::of(&text, settings.delimiter);
    let Some((line, header)) = rows.next() else {
        return Err(Problem::of_file(0, None, Reason::Empty));
    };
    let columns = match Columns::of(&header, line, settings) {
        Ok(columns) => columns,
        Err(problem) => return Err(rows.cut_off().unwrap_or(problem)),
    };
    let mut rows_read = 0;
    while let Some((line, fields)) = rows.next() {
        rows_read += 1;
        if rows_read > MOST_ROWS {
            return Err(Problem::of_file(line, None, Reason::TooManyRows));
        }
        // Spreadsheets write rows without content behind the last one.
        if fields.is_blank() {
            continue;
        }
        let row = Row { line, columns: &columns, fields: &fields };
        match row.check(my_numbers) {
            Ok(()) => take(&row, problems),
            Err((column, reason)) => problems.add(line, column, Severity::Refused, reason),
        }
    }
    rows.cut_off().map_or(Ok(columns), Err)
}
