//! CSV (RFC 4180) as rows of fields, in a memory that no file can make larger.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::decode::line_breaks;
use crate::problem::{Problem, Reason};
use crate::table::{MOST_COLUMNS, MOST_FIELD_BYTES};

/// The fields of one row.
pub(crate) struct Fields<'a> {
    /// How many the file has, also of a row over the budget.
    pub(crate) count: usize,
    /// The row is too long for anybody to look at it; its fields are not here.
    pub(crate) is_over_budget: bool,
    text: &'a str,
    /// Where each field ends in the text.
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'a str> {
        (0..self.ends.len()).map(|place| self.get(place).unwrap_or_default())
    }

    pub(crate) fn get(&self, place: usize) -> Option<&'a str> {
        let start = match place.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..*self.ends.get(place)?)
    }

    pub(crate) fn is_blank(&self) -> bool {
        !self.is_over_budget && self.text.trim().is_empty()
    }
}

/// The rows of a text and the lines on which they begin.
pub(crate) struct Rows<'a> {
    text: &'a str,
    delimiter: u8,
    reader: Reader,
    /// Up to where the text was read.
    at: usize,
    /// Where the last row begins, and on which line.
    start: usize,
    line: u32,
    /// Fields of the last row.
    count: usize,
    /// The last row: its fields without quotation marks, and their ends.
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl<'a> Rows<'a> {
    pub(crate) fn of(text: &'a str, delimiter: u8) -> Self {
        Self {
            text,
            delimiter,
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            at: 0,
            start: 0,
            line: 1,
            count: 0,
            output: vec![0; MOST_COLUMNS * MOST_FIELD_BYTES],
            // One more shows that there are more.
            ends: vec![0; MOST_COLUMNS + 1],
        }
    }

    /// The next row and its line. Empty lines are passed over.
    pub(crate) fn next(&mut self) -> Option<(u32, Fields<'_>)> {
        let begun = self.at;
        let (mut written, mut ended, mut count, mut is_over_budget) = (0, 0, 0, false);
        loop {
            let (result, read, wrote, ends) = self.reader.read_record(
                self.text.as_bytes().get(self.at..).unwrap_or_default(),
                self.output.get_mut(written..).unwrap_or_default(),
                self.ends.get_mut(ended..).unwrap_or_default(),
            );
            self.at += read;
            written += wrote;
            ended += ends;
            count += ends;
            match result {
                // Without more input the next call says what the end means.
                ReadRecordResult::InputEmpty => {}
                // Read on to the end of the row, over what was written.
                ReadRecordResult::OutputFull => (written, is_over_budget) = (0, true),
                ReadRecordResult::OutputEndsFull => (ended, is_over_budget) = (0, true),
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return None,
            }
        }
        // Empty lines, and the LF of the CR LF before, are in front of the row.
        let ahead = self.text.as_bytes().get(begun..)?;
        let start = begun + ahead.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.line += line_breaks(self.text.as_bytes().get(self.start..start)?);
        (self.start, self.count) = (start, count);
        let (written, ended) = if is_over_budget { (0, 0) } else { (written, ended) };
        let text = str::from_utf8(self.output.get(..written)?).unwrap_or_default();
        Some((self.line, Fields { count, is_over_budget, text, ends: self.ends.get(..ended)? }))
    }

    /// Whether the text ends inside quotation marks. What is written behind it then becomes a part of the last field,
    /// else a new one.
    pub(crate) fn cut_off(mut self) -> Option<Problem> {
        while self.next().is_some() {}
        let last = self.text.get(self.start..)?.trim_end_matches(['\r', '\n']);
        let longer = format!("{last}{}+", char::from(self.delimiter));
        let mut again = Rows::of(&longer, self.delimiter);
        again.next()?;
        (again.count == self.count && self.count > 0)
            .then(|| Problem::of_file(self.line, None, Reason::CutOff))
    }
}
