//! CSV as offices open it: UTF-8 with a byte order mark, CRLF, quotes by RFC 4180.
//!
//! **Formulas.** A spreadsheet runs a cell that begins with `=`, `+`, `-` or `@`, in full width too, and names of
//! places and notes come from anybody. Such a cell gets an apostrophe in front, which spreadsheets read as "this is text". Control
//! characters, line breaks among them, and marks that turn the order of text become spaces: every record is one line.

/// What makes Excel read UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The longest text of a cell in characters. Excel itself stops at 32,767.
pub(crate) const MOST_CELL_CHARACTERS: usize = 2_000;

/// A CSV file that grows by records.
pub struct CsvFile {
    text: String,
    is_new_record: bool,
}

impl Default for CsvFile {
    fn default() -> Self {
        Self::new()
    }
}

impl CsvFile {
    /// An empty file: nothing but the mark that it is UTF-8.
    pub fn new() -> Self {
        Self { text: BYTE_ORDER_MARK.to_owned(), is_new_record: true }
    }

    /// A cell with text of whatever origin. What is longer than a cell may be ends with 「…」.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.separate();
        let text = tidy(text);
        let apostrophe = if begins_formula(&text) { "'" } else { "" };
        if text.contains([',', '"']) {
            let quoted = text.replace('"', "\"\"");
            self.text.extend(["\"", apostrophe, &quoted, "\""]);
        } else {
            self.text.extend([apostrophe, &text]);
        }
        self
    }

    /// A cell with a number of our own, which may be negative and is no formula.
    pub fn number(&mut self, number: impl std::fmt::Display) -> &mut Self {
        self.separate();
        self.text.push_str(&number.to_string());
        self
    }

    /// Ends the record.
    pub fn end(&mut self) {
        self.text.push_str("\r\n");
        self.is_new_record = true;
    }

    /// A record of texts.
    pub fn record<'t>(&mut self, cells: impl IntoIterator<Item = &'t str>) {
        for cell in cells {
            self.text(cell);
        }
        self.end();
    }

    /// The file.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }

    fn separate(&mut self) {
        if !self.is_new_record {
            self.text.push(',');
        }
        self.is_new_record = false;
    }
}

fn begins_formula(text: &str) -> bool {
    text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

/// A byte order mark, or a mark that turns the order of what follows on the screen.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{feff}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn tidy(text: &str) -> String {
    let visible =
        |character: char| if character.is_control() || is_invisible(character) { ' ' } else { character };
    let mut characters = text.chars();
    let mut tidy: String = characters.by_ref().take(MOST_CELL_CHARACTERS).map(visible).collect();
    if characters.next().is_some() {
        tidy.pop();
        tidy.push('…');
    }
    tidy
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(cells: &[&str]) -> String {
        let mut file = CsvFile::new();
        file.record(cells.iter().copied());
        String::from_utf8(file.into_bytes()).unwrap()
    }

    #[test]
    fn quotes_commas_and_line_breaks_stay_in_their_cell() {
        assert_eq!(
            written(&["阿部校", "a,b", "\"x\"", "", "one\r\ntwo"]),
            "\u{feff}阿部校,\"a,b\",\"\"\"x\"\"\",,one  two\r\n"
        );
    }

    #[test]
    fn no_text_begins_a_formula_and_numbers_stay_numbers() {
        for formula in ["=1+1", "+81", "-2", "@SUM(A1)", "\t=1", " =1", "＝1"] {
            let line = written(&[formula]);
            assert!(line.trim_start_matches('\u{feff}').starts_with('\''), "{line:?}");
        }
        assert_eq!(written(&["=1,2"]), "\u{feff}\"'=1,2\"\r\n");
        let mut file = CsvFile::new();
        file.number(-1.5).end();
        assert_eq!(file.into_bytes(), "\u{feff}-1.5\r\n".as_bytes());
    }

    #[test]
    fn long_text_is_cut() {
        let line = written(&["長".repeat(3_000).as_str()]);
        assert_eq!(line.trim_start_matches('\u{feff}').trim_end().chars().count(), MOST_CELL_CHARACTERS);
        assert!(line.ends_with("…\r\n"));
    }

    proptest! {
        #[test]
        fn another_reader_reads_what_was_written(rows in prop::collection::vec(prop::collection::vec(".{0,20}", 3), 1..8)) {
            let mut file = CsvFile::new();
            rows.iter().for_each(|row| file.record(row.iter().map(String::as_str)));
            let bytes = file.into_bytes();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[3..]);
            let read: Vec<Vec<String>> = reader.deserialize().collect::<Result<_, _>>().unwrap();
            // A record of one empty cell apart, every cell comes back; one that begins a formula with an apostrophe.
            prop_assert_eq!(read.len(), rows.len());
            for (read, row) in read.iter().flatten().zip(rows.iter().flatten()) {
                let tidy = tidy(row);
                let back = if begins_formula(&tidy) { format!("'{tidy}") } else { tidy };
                prop_assert_eq!(read, &back);
            }
        }
    }
}
