//! What an operator reads of the lists that are held.

use std::io;

use hinamori_crl::{Crl, Index, ListKind, SharedBytes};
use hinamori_model::UnixMillis;
use hinamori_pki::ShownList;

use crate::shelf::{Alarm, Held, Shelf};

const HEADS: [&str; 6] = ["PARTITION", "ENTRIES", "NUMBER", "AGE", "ON DISK", "FROM"];

/// A table of the lists under the name of each issuer, with what was refused and the alarms.
///
/// # Errors
/// The system's.
pub fn status(shelf: &Shelf, now: UnixMillis) -> io::Result<String> {
    let mut lists = Vec::new();
    for id in shelf.ids()? {
        let held = shelf.held_list(id)?;
        let shown = held.index.as_ref().and_then(shown);
        let issuer = shown.as_ref().map_or_else(|| "(unreadable)".to_owned(), |shown| shown.issuer.clone());
        let partition = match shown {
            Some(shown) => shown.partition.unwrap_or_else(|| "(everything)".to_owned()),
            None => id.to_string(),
        };
        lists.push((issuer, row(partition, &held, shelf.bytes_of(id)?, now), held.notes(now)));
    }
    lists.sort();
    let mut widths = HEADS.map(|head| head.chars().count());
    for (_, row, _) in &lists {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    let mut last = None;
    for (issuer, row, notes) in &lists {
        if last != Some(issuer) {
            text.push_str(&format!("{issuer}\n{}", line(&HEADS.map(str::to_owned), &widths)));
            last = Some(issuer);
        }
        text.push_str(&line(row, &widths));
        notes.iter().for_each(|note| text.push_str(&format!("    {note}\n")));
    }
    if lists.is_empty() {
        text.push_str("No list is held: whether a card was revoked is not known.\n");
    }
    if let Some(refused) = shelf.refused() {
        text.push_str(&format!("last refused: {}\n", refused.shown(now)));
    }
    Ok(text)
}

fn shown(index: &Index<SharedBytes>) -> Option<ShownList> {
    let der = index.without_entries().ok()?;
    ShownList::of(&Crl::parse(&der).ok()?).ok()
}

fn line(cells: &[String; 6], widths: &[usize; 6]) -> String {
    let mut line = String::from("  ");
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(&format!("{cell:width$}  "));
    }
    format!("{}\n", line.trim_end())
}

fn row(mut partition: String, held: &Held, bytes: u64, now: UnixMillis) -> [String; 6] {
    let none = || "-".to_owned();
    let (mut entries, mut number, mut age) = (none(), none(), none());
    if let Some(index) = &held.index {
        if let ListKind::Delta { base } = index.kind() {
            partition.push_str(&format!(" (since {})", shown_number(base)));
        }
        entries = index.entries().to_string();
        number = shown_number(index.number().1);
        age = span(now.since(index.this_update()));
    }
    [partition, entries, number, age, size(bytes), held.note.source.clone()]
}

impl Held {
    /// What somebody has to know of the list beside its row.
    fn notes(&self, now: UnixMillis) -> Vec<String> {
        let mut notes = Vec::new();
        if self.index.is_none() {
            notes.push("cannot be read: import it again".to_owned());
        }
        if self.is_behind {
            notes.push("a newer one was held and is lost: import it again".to_owned());
        }
        let next = self.index.as_ref().and_then(Index::next_update).filter(|next| *next < now);
        notes.extend(next.map(|next| format!("the next one was due {} ago", span(now.since(next)))));
        if self.reported.is_some() {
            notes.push("additions were reported and are not confirmed yet".to_owned());
        }
        notes.extend(
            self.note.refused.as_ref().map(|refused| format!("last refused: {}", refused.shown(now))),
        );
        notes.extend(self.note.alarms.iter().map(|alarm| format!("ALARM {}", alarm.shown(now))));
        notes
    }
}

impl Alarm {
    fn shown(&self, now: UnixMillis) -> String {
        format!("{} ago, from {}: {}", span(now.since(self.at)), self.source, self.text)
    }
}

/// A crlNumber: in decimals where they are readable.
fn shown_number(number: &[u8]) -> String {
    let mut word = [0; 8];
    match word.len().checked_sub(number.len()).and_then(|begin| word.get_mut(begin..)) {
        Some(low) => {
            low.copy_from_slice(number);
            u64::from_be_bytes(word).to_string()
        }
        None => format!("0x{}", crate::shelf::hex(number)),
    }
}

/// A length of time in its largest unit, rounded down.
pub fn span(millis: u64) -> String {
    match millis / 60_000 {
        minutes @ 0..60 => format!("{minutes} min"),
        minutes @ 60..2_880 => format!("{} h", minutes / 60),
        minutes => format!("{} d", minutes / 1_440),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_readable() {
        assert_eq!(
            [0, 59 * 60_000, 47 * 3_600_000, 48 * 3_600_000].map(span),
            ["0 min", "59 min", "47 h", "2 d"]
        );
        assert_eq!([9_999, 10_000, 12_345_678].map(size), ["9999 B", "10 kB", "12 MB"]);
        assert_eq!(shown_number(&[1, 0]), "256");
        assert_eq!(shown_number(&[1; 9]), "0x010101010101010101");
    }
}
